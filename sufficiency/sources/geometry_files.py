"""Reading a file of shapes (GeoJSON, GeoPackage, shapefile) into an area's metric system, and mending polygons.

The kind of a file is judged by its first bytes, not by its name. The reference system that a file states is believed
only where its positions can be positions of that system.
"""

from __future__ import annotations

import contextlib
import mmap
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from sufficiency.model.errors import GeographyError
from sufficiency.model.geography import BNG, WGS84, to_bng, to_wgs84, within_system
from sufficiency.sources.cells import ReadingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]

__all__ = ["MOST_CHANGE", "Mended", "Shapes", "mend", "read_shapes"]

MAX_BYTES: Final = 2_000_000_000
# Boundary files pack to a third or so; a table of blanks to a fiftieth.
MAX_PACKED: Final = 200
SMALL_BYTES: Final = 50_000_000
# Above this share of a polygon's area, what was meant cannot be told from the ring.
MOST_CHANGE: Final = 0.001
WHOLE_FILE: Final = 0.9
KINDS: Final = (".geojson", ".json", ".gpkg", ".shp")
_GEOMETRY: Final = re.compile(rb'"geometry"\s*:')
_KINDS_SAID: Final = "give GeoJSON, GeoPackage, or a shapefile (its folder, its .shp or a zip of it)"
_GPKG: Final = b"SQLite format 3\x00"
_SHP: Final = b"\x00\x00\x27\x0a"
_BROKEN: Final = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    shapely.errors.ShapelyError,
)


@dataclass(frozen=True)
class Shapes:
    """The features of a file: ``frame`` has its properties and a geometry in metres (two dimensions, not mended).

    The index is the number of the feature in the file, from 1. ``faults`` is, for each feature, why it has no usable
    position (blank = it has one); ``said`` lists what was understood of the file that it does not state, as check,
    severity, message and cure.
    """

    frame: gpd.GeoDataFrame
    faults: NDArray[np.object_]
    said: tuple[tuple[str, str, str, str], ...]


class Mended(NamedTuple):
    """Polygons made valid; whether each was not; its area before and after, in square metres."""

    geometry: Geometries
    invalid: NDArray[np.bool_]
    before_m2: NDArray[np.float64]
    after_m2: NDArray[np.float64]

    @property
    def share(self) -> NDArray[np.float64]:
        """The change of area as a share of the larger of the two areas."""
        larger = np.maximum(np.maximum(np.abs(self.before_m2), self.after_m2), 1e-9)
        return np.asarray(np.abs(self.after_m2 - np.abs(self.before_m2)) / larger, dtype=np.float64)


def mend(geometry: Geometries) -> Mended:
    """Make polygons valid, keeping only their polygon parts; what has none becomes an empty polygon.

    Parameters
    ----------
    geometry
        Geometries in metres, none missing.
    """
    before = np.asarray(shapely.area(geometry), dtype=np.float64)
    kinds = shapely.get_type_id(geometry)
    invalid = np.asarray(~shapely.is_valid(geometry), dtype=bool)
    out = geometry.copy()
    for at in np.flatnonzero(invalid | ~np.isin(kinds, (3, 6))):
        out[at] = _polygon_parts(shapely.make_valid(geometry[at]))
    return Mended(out, invalid, before, np.asarray(shapely.area(out), dtype=np.float64))


def _polygon_parts(geometry: Any) -> Any:  # noqa: ANN401  # shapely's own types say no more
    parts = shapely.get_parts(geometry)
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    polygons = parts[shapely.get_type_id(parts) == 3]
    return shapely.union_all(polygons) if len(polygons) else shapely.Polygon()


def read_shapes(path: Path, crs: str, wanted: Callable[[Sequence[str]], bool]) -> Shapes:
    """Read the features of a file of shapes.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, .shp, a folder with one .shp, or a zip of one of these.
    crs
        The metric system that the shapes are wanted in.
    wanted
        Says of the names of a layer's columns whether it is the layer wanted; where a GeoPackage has several layers,
        the first wanted one is read.

    Raises
    ------
    ReadingError
        When the file as a whole cannot be used: check, message and cure.
    """
    if path.is_dir():
        path = _shapefile_of(path)
    if not path.exists():
        raise ReadingError("file_missing", f"the file {path.name} is missing", "put it in place")
    try:
        source, kind = _source(path)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            layer = _layer(source, wanted) if kind == ".gpkg" else None
            options = {} if layer is None else {"layer": layer}
            frame = gpd.read_file(source, on_invalid="ignore", **options)
    except UnboundLocalError:
        # what the reader comes to grief with where a stated system has no name
        message = "the reference system that the file states cannot be read"
        raise ReadingError("system_unreadable", message, "export it again, or delete the .prj beside it") from None
    except _BROKEN as error:
        if isinstance(error, ReadingError):
            raise
        if "not recognized" in str(error):
            raise ReadingError("not_boundaries", "the file is not a kind that is read", _KINDS_SAID) from None
        message = f"the file is broken or cut off, and cannot be read ({type(error).__name__})"
        raise ReadingError("file_unreadable", message, "download it or export it again") from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ReadingError("not_boundaries", "the file holds no shapes", "check that it is the right file")
    frame = frame.set_axis(np.arange(1, len(frame) + 1), axis=0)
    geometry, faults, said = _in_metres(frame, kind, path, crs)
    remarks = sorted({str(one.message).split(". To ")[0][:160] for one in caught})
    if kind == ".geojson" and isinstance(source, Path) and (lost := _features_of(source) - len(frame)) > 0:
        message = f"{lost:,} of the features in the file are not read, for they do not say that they are features"
        said.append(
            ("features_not_read", "error", message, 'give each its "type": "Feature", or export the file again')
        )
    said += [("reader_says", "note", f"the reader of the file says: {text}", "look at the shapes") for text in remarks]
    plain = frame.drop(columns=frame.geometry.name)
    return Shapes(gpd.GeoDataFrame(plain, geometry=geometry, crs=crs), faults, tuple(said))


def _features_of(path: Path) -> int:
    """Return how many features a GeoJSON file has, by the geometry that each of them has, null or not."""
    with path.open("rb") as binary, mmap.mmap(binary.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        return sum(1 for _ in _GEOMETRY.finditer(raw))


def _shapefile_of(folder: Path) -> Path:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".shp")
    if len(found) == 1:
        return found[0]
    what = ", ".join(path.name for path in found[:5]) or "no .shp"
    raise ReadingError("not_boundaries", f"the folder {folder.name} holds {what}", "name the one file that is wanted")


def _source(path: Path) -> tuple[Path | str, str]:
    """Return what the reader is given and the kind of file, judged by content; damage that it would miss is refused."""
    if path.stat().st_size > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES / 1e9:g} gigabytes"
        raise ReadingError("file_unreadable", message, "check that it is the right file, or cut it to the area")
    with path.open("rb") as binary:
        start = binary.read(4096)
    if not start:
        raise ReadingError("file_empty", "the file is empty", "download it or export it again")
    if start.startswith(b"PK"):
        return _packed(path)
    kind = _kind(start)
    if kind == ".shp":
        beside = {one.suffix.lower() for one in path.parent.iterdir() if one.stem == path.stem}
        _check_shapefile(start, path.stat().st_size, beside)
    return path, kind


def _kind(start: bytes) -> str:
    if start.startswith(_GPKG):
        return ".gpkg"
    if start.startswith(_SHP):
        return ".shp"
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return ".geojson"
    raise ReadingError("not_boundaries", "the file is not a kind of boundary file that is read", _KINDS_SAID)


def _check_shapefile(start: bytes, size: int, beside: set[str]) -> None:
    for suffix, what in ((".shx", "index"), (".dbf", "table")):
        if suffix not in beside:
            message = f"the shapefile's {what} ({suffix}) does not lie beside it"
            raise ReadingError("file_missing", message, "copy all files of the shapefile: .shp, .shx, .dbf, .prj")
    stated = int.from_bytes(start[24:28], "big") * 2
    if stated != size:
        message = f"the .shp is cut off: it says that it has {stated:,} bytes, and has {size:,}"
        raise ReadingError("file_unreadable", message, "download it or export it again")


def _packed(path: Path) -> tuple[str, str]:
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX" not in one.filename]
        size = sum(one.file_size for one in members)
        if size > MAX_BYTES or (size > SMALL_BYTES and size > MAX_PACKED * path.stat().st_size):
            message = f"the zip unpacks to {size / 1e6:,.0f} megabytes, more than a boundary file would"
            raise ReadingError("file_unreadable", message, "unpack it yourself and look at what it holds")
        found = [one for one in members if one.filename.lower().endswith(KINDS)]
        if len(found) != 1:
            what = ", ".join(one.filename[-60:] for one in found[:5]) or "no .shp, .geojson or .gpkg"
            raise ReadingError("not_boundaries", f"the zip holds {what}", "pack the one file that is wanted")
        inner = found[0]
        with archive.open(inner) as member:
            start = member.read(4096)
        kind = _kind(start)
        if kind == ".shp":
            stem = inner.filename[: -len(".shp")]
            beside = {one.filename[len(stem) :].lower() for one in members if one.filename.startswith(stem)}
            _check_shapefile(start, inner.file_size, beside)
        bad = archive.testzip()
        if bad is not None:
            raise ReadingError("file_unreadable", "the zip is damaged", "download it again")
    return f"/vsizip/{{{path.resolve()}}}/{inner.filename}", kind


def _layer(source: Path | str, wanted: Callable[[Sequence[str]], bool]) -> str | None:
    names = [str(name) for name in gpd.list_layers(source)["name"]]
    for name in names if len(names) > 1 else []:
        if wanted([str(column) for column in gpd.read_file(source, layer=name, rows=0).columns]):
            return name
    return names[0] if names else None


# --- reference systems -------------------------------------------------------------------------------------------


def _in_metres(
    frame: gpd.GeoDataFrame, kind: str, path: Path, crs: str
) -> tuple[Geometries, NDArray[np.object_], list[tuple[str, str, str, str]]]:
    """Return the geometries in `crs`, the fault of each, and what was understood of their system."""
    geometry = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
    faults = np.full(len(geometry), "", dtype=object)
    empty = np.asarray(shapely.is_missing(geometry) | shapely.is_empty(geometry), dtype=bool)
    faults[empty] = "no geometry"
    bounds = shapely.bounds(geometry)
    finite = np.asarray(np.isfinite(bounds).all(axis=1), dtype=bool)
    # NaN hides in the middle of a ring, where the bounds do not show it
    points, of = shapely.get_coordinates(geometry, return_index=True)
    finite[np.unique(of[~np.isfinite(points).all(axis=1)])] = False
    faults[~empty & ~finite] = "a position is not a number"
    geometry[~empty & ~finite] = None
    good = faults == ""
    if not good.any():
        return geometry, faults, []
    largest = np.abs(bounds)
    in_degrees = (largest[:, [0, 2]].max(axis=1) <= 180) & (largest[:, [1, 3]].max(axis=1) <= 90)
    degrees = bool(in_degrees[good].mean() >= 0.5)
    system, said = _system(frame, kind, path, crs, degrees=degrees)
    other = good & (in_degrees != degrees)
    faults[other] = "in another reference system than the other shapes"
    geometry[other] = None
    good &= ~other
    moved = geometry.copy()
    moved[good] = _project(geometry[good], system, crs)
    fits = _fits(moved[good], crs)
    if fits.mean() < 1 - WHOLE_FILE:
        _refuse(geometry[good], system, crs)
    faults[np.flatnonzero(good)[~fits]] = "outside the reference system"
    moved[np.flatnonzero(good)[~fits]] = None
    return moved, faults, said


def _system(
    frame: gpd.GeoDataFrame, kind: str, path: Path, crs: str, *, degrees: bool
) -> tuple[str, list[tuple[str, str, str, str]]]:
    """Return the name of the system that the positions are in, and what was assumed."""
    found = frame.crs
    # the reader takes every GeoJSON file without a stated system as degrees
    unstated = found is None or (kind == ".geojson" and found.is_geographic and not _states_system(path))
    if unstated:
        fix = "state the reference system in the file"
        told = "the file states no reference system; its positions are"
        if degrees:
            text = f"{told} degrees and were read as longitude and latitude (WGS84)"
            return WGS84, [] if kind == ".geojson" else [("no_system", "note", text, fix)]
        named = f"{crs} (British National Grid)" if crs == BNG else crs
        return crs, [("no_system", "note", f"{told} metres and were read as {named}", fix)]
    if found.is_geographic != degrees:
        stated, held = ("degrees", "metres") if found.is_geographic else ("metres", "degrees")
        message = f"the file says that its positions are {stated} ({found.name}), but they are {held}"
        fix = f"state the system that they are in ({crs if held == 'metres' else WGS84}), and export the file again"
        raise ReadingError("system_contradicts", message, fix)
    code = found.to_epsg(min_confidence=25)
    if found.is_geographic and (code in {None, 4326, 4258}):
        return WGS84, []
    name = f"EPSG:{code}" if code is not None else str(found.to_wkt())
    return name, []


def _states_system(path: Path) -> bool:
    """Return whether a GeoJSON file has a member "crs"; one in a zip is believed to."""
    with path.open("rb") as binary:
        start = binary.read(65_536)
        if start.startswith(b"PK"):
            return True
        binary.seek(max(0, path.stat().st_size - 65_536))
        return b'"crs"' in start or b'"crs"' in binary.read()


def _project(geometry: Geometries, system: str, crs: str) -> Geometries:
    """Return the geometries in `crs`; one that cannot be projected is None."""
    if system == crs:
        return geometry

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = points[:, 0], points[:, 1]
        if system != WGS84:
            x, y = to_wgs84(x, y, system)
        return np.column_stack(to_bng(x, y, crs))

    try:
        return np.asarray(shapely.transform(geometry, move), dtype=object)
    except GeographyError:
        out = np.full(len(geometry), None, dtype=object)
        for at, one in enumerate(geometry):
            with contextlib.suppress(GeographyError):
                out[at] = shapely.transform(one, move)
        return out


def _fits(geometry: Geometries, crs: str) -> NDArray[np.bool_]:
    bounds = shapely.bounds(geometry)
    known = np.asarray(np.isfinite(bounds).all(axis=1), dtype=bool)
    corners = np.where(known[:, None], bounds, 0.0)
    low = within_system(corners[:, 0], corners[:, 1], crs)
    return np.asarray(known & low & within_system(corners[:, 2], corners[:, 3], crs), dtype=bool)


def _refuse(geometry: Geometries, system: str, crs: str) -> None:
    turned = shapely.transform(geometry, lambda points: points[:, ::-1])
    limits = shapely.total_bounds(geometry)
    where = f"its positions run from {limits[0]:g}, {limits[1]:g} to {limits[2]:g}, {limits[3]:g}"
    if _fits(_project(np.asarray(turned, dtype=object), system, crs), crs).mean() >= WHOLE_FILE:
        names = "longitude and latitude" if system == WGS84 else "easting and northing"
        message = f"{names} look exchanged: {where}"
        raise ReadingError("swapped_axes", message, "export the file again with x (east) before y (north)")
    message = f"{where}, which are not positions of {crs} in metres, nor degrees of its country"
    raise ReadingError("outside_range", message, "state the reference system in the file, or export it as EPSG:4326")
