"""Published boundaries of statistical and administrative areas, and population-weighted centroids, of any vintage.

The column of codes is found by its pattern (LSOA21CD, wd25cd, lsoa_code ...), since its name changes every year and
analysts' cuts rename it. Every feature of a file is used or set aside for a stated reason.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model.errors import GeographyError
from sufficiency.model.geography import BNG, to_bng, within_system
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.geometry_files import MOST_CHANGE, mend, read_shapes
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.area_codes import (
    GSS,
    LEVELS,
    PREFIXES,
    AreaColumns,
    Level,
    Said,
    find_columns,
    level_pattern,
    look_exchanged,
    texts,
)
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.sources.geometry_files import Mended, Shapes
    from sufficiency.sources.public.text_table import TextTable

__all__ = ["read_boundary_file", "read_centroids"]

BOUNDARIES: Final = "boundary file"
CENTROIDS: Final = "centroids"
_POINT, _POLYGON, _MULTIPOINT, _MULTIPOLYGON, _COLLECTION = 0, 3, 4, 6, 7


def read_boundary_file(
    path: Path, issues: list[Issue], *, crs: str = BNG, level: Level | None = None
) -> Reading | None:
    """Read the boundaries of published areas: districts, counties, wards, LSOAs or MSOAs of any vintage.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage or shapefile (its folder, its .shp, or a zip of it).
    issues
        Faults are appended here; ``row`` is the number of the shape in the file, from 1. Nothing is raised for a fault
        in the file.
    crs
        The metric system that polygons are returned in.
    level
        Level of the shapes; without it the finest that the file has codes of.

    Returns
    -------
    Reading or None
        The table, a GeoDataFrame by area_code: area_code, area_name, level, vintage (two digits, blank when not
        stated), parent_code (the district of an LSOA, MSOA or ward, the county of a district; blank when the file has
        none), geometry (valid polygons in `crs`), repaired (whether the ring was mended). An area that a repair changes
        by more than 0.1 % is set aside. None, with an issue, when the file is of no use.
    """
    said = Said(path.name, BOUNDARIES, issues)
    try:
        shapes = read_shapes(path, crs, lambda names: find_columns(names, level) is not None)
        columns = _needed_columns(shapes, level)
    except ReadingError as error:
        said.add(error.check, "error", error.message, error.fix)
        return None
    for check, severity, message, fix in shapes.said:
        said.add(check, severity, message, fix)
    if columns.also:
        message = f"the file has the codes of several vintages; {columns.code} is used, not {', '.join(columns.also)}"
        said.add("several_vintages", "warning", message, "keep the column that the shapes belong to")
    frame = shapes.frame
    table = gpd.GeoDataFrame(
        {
            "area_code": texts(frame, columns.code),
            "area_name": texts(frame, columns.name),
            "level": columns.level,
            "vintage": columns.vintage,
            "parent_code": texts(frame, columns.parent),
        },
        geometry=frame.geometry.to_numpy(),
        index=frame.index,
        crs=crs,
    )
    why = _set_aside(table, shapes.faults, columns, said)
    good = why == ""
    if crs == BNG and _exchanged(table[good]):
        message = "easting and northing look exchanged: the areas of England lie in the sea"
        said.add("swapped_axes", "error", message, "export the file again with x (east) before y (north)")
        return None
    mended = mend(table.geometry.to_numpy()[good])
    _check_mended(table[good], mended, why, good, said)
    table.loc[good, "geometry"] = gpd.GeoSeries(mended.geometry, index=table.index[good], crs=crs)
    table["repaired"] = False
    table.loc[good, "repaired"] = mended.invalid
    kept = table[why == ""].sort_values("area_code", ignore_index=True)
    reasons = Counter(text for text in why if text)
    notes = {"ring repaired": int(kept["repaired"].sum())} if kept["repaired"].any() else {}
    return Reading(kept, Account(path.name, BOUNDARIES, len(table), len(kept), dict(reasons), notes))


def _needed_columns(shapes: Shapes, level: Level | None) -> AreaColumns:
    names = [str(name) for name in shapes.frame.columns if name != "geometry"]
    found = find_columns(names, level)
    if found is None:
        like = f"{level.upper()}21CD" if level in {"lsoa", "msoa"} else "LAD25CD, WD25CD, LSOA21CD"
        message = f"the file has no column of area codes, such as {like}; it has {', '.join(names[:12]) or 'none'}"
        raise ReadingError("column_missing", message[:300], "check that it is the right file, or name the column so")
    kinds = shapely.get_type_id(shapes.frame.geometry.to_numpy())
    if len(kinds) and not np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _COLLECTION)).any() and (kinds >= 0).any():
        raise ReadingError("not_boundaries", "the shapes of the file are not polygons", "give the boundaries")
    return found


def _set_aside(
    table: gpd.GeoDataFrame, faults: NDArray[np.object_], columns: AreaColumns, said: Said
) -> NDArray[np.object_]:
    """Return why each shape is not used (blank = it is); each is reported."""
    why = faults.copy()
    for fault in sorted(set(faults) - {""}):
        message = {"no geometry": "the shape has no geometry, or an empty one"}.get(fault, fault)
        check = "no_geometry" if fault == "no geometry" else "outside_range"
        said.each(table, why == fault, check, "error", message=message, fix="export it again, with its polygon")
    flat = (why == "") & ~np.isin(
        shapely.get_type_id(table.geometry.to_numpy()), (_POLYGON, _MULTIPOLYGON, _COLLECTION)
    )
    why[flat] = "not a polygon"
    said.each(table, flat, "not_a_polygon", "error", message="the shape is a point or a line", fix="give its polygon")
    code = table["area_code"].to_numpy()
    blank = (why == "") & (code == "")
    why[blank] = "no code"
    said.each(table, blank, "no_code", "error", message=f"{columns.code} is blank", fix="give the code, or remove it")
    again = (why == "") & table["area_code"].where(why == "").duplicated().to_numpy() & (code != "")
    why[again] = "code repeated"
    fix = "keep one shape a code: dissolve the parts of an area into one shape"
    said.each(table, again, "code_twice", "error", message="the code stands on an earlier shape already", fix=fix)
    prefixes = PREFIXES[columns.level]
    odd = np.array([not GSS.fullmatch(text) or text[:3] not in prefixes for text in code], dtype=bool) & (why == "")
    message = f"is not a code of the level {columns.level}, which begin with {', '.join(prefixes)}"
    said.each(
        table,
        odd,
        "code_of_another_level",
        "warning",
        message=message,
        fix="check that it is the right file and column",
    )
    return why


def _exchanged(table: gpd.GeoDataFrame) -> bool:
    """Return whether areas of England lie in England only when x and y are exchanged."""
    english = table[table["area_code"].str.match(r"E\d{8}$")]
    if english.empty:
        return False
    limits = english.bounds.to_numpy()
    middle = np.column_stack([limits[:, [0, 2]].mean(axis=1), limits[:, [1, 3]].mean(axis=1)])
    return look_exchanged(middle[:, 0], middle[:, 1])


def _check_mended(
    table: gpd.GeoDataFrame, mended: Mended, why: NDArray[np.object_], good: NDArray[np.bool_], said: Said
) -> None:
    """Report every repair with the change of area; a large one, or nothing left, sets the area aside (in `why`)."""
    empty = mended.after_m2 <= 0
    wide = ~empty & mended.invalid & (mended.share > MOST_CHANGE)
    places = np.flatnonzero(good)
    why[places[empty]] = "no ground"
    why[places[wide]] = "repair changes the area"
    said.each(table, empty, "no_geometry", "error", message="the polygon encloses no ground", fix="export it again")
    for at in np.flatnonzero(mended.invalid & ~empty):
        code = str(table["area_code"].iloc[at])
        change = mended.after_m2[at] - abs(mended.before_m2[at])
        message = f"{code}: the ring was not valid and was repaired; its area changed by {change:,.1f} m2 "
        message += f"({mended.share[at]:.4%})"
        severity, fix = ("error", "mend the polygon in a map program") if wide[at] else ("note", "nothing, if so meant")
        said.add("ring_repaired", severity, message, fix, row=int(table.index[at]), key=code)


# --- centroids ---------------------------------------------------------------------------------------------------

_PAIRS: Final = (("east", "north"), ("x", "y"), ("longitude", "latitude"))
_POSITIONS: Final = {
    "east": r"(bng_?e|east(ing)?s?(_?m)?|east1m|oseast1m)",
    "north": r"(bng_?n|north(ing)?s?(_?m)?|north1m|osnrth1m)",
    "x": r"x(_?coord(inate)?)?",
    "y": r"y(_?coord(inate)?)?",
    "longitude": r"(long?|longitude)",
    "latitude": r"(lat|latitude)",
}


def read_centroids(path: Path, issues: list[Issue], *, crs: str = BNG) -> Reading | None:
    """Read population-weighted centroids: a point for each area.

    Parameters
    ----------
    path
        CSV with a column of area codes and x,y (or easting and northing, or longitude and latitude), or points as
        GeoJSON, GeoPackage or shapefile.
    issues
        Faults are appended here; ``row`` is the line of a CSV file, or the number of the point from 1.
    crs
        The metric system that positions are returned in; positions of a CSV file that are not degrees are taken as its.

    Returns
    -------
    Reading or None
        The table by area_code: area_code, easting_m, northing_m. None, with an issue, when the file is of no use.
    """
    said = Said(path.name, CENTROIDS, issues)
    try:
        found = _points_of_text(path, issues) if path.suffix.lower() in {".csv", ".txt"} else _points(path, crs, said)
        if found is None:
            return None
        points, why, shifted = found
        _check_points(points, why, crs, said)
    except ReadingError as error:
        said.add(error.check, "error", error.message, error.fix)
        return None
    kept = points[why == ""].sort_values("area_code", ignore_index=True)
    reasons = Counter(text for text in why if text)
    reasons.update({"shifted row": shifted} if shifted else {})
    return Reading(kept, Account(path.name, CENTROIDS, len(points) + shifted, len(kept), dict(reasons)))


def _points_of_text(path: Path, issues: list[Issue]) -> tuple[pd.DataFrame, NDArray[np.object_], int] | None:
    wanted = {f"{level} code": level_pattern(level, "code") for level in LEVELS} | _POSITIONS
    text = read_text_table(path, wanted, issues, kind=CENTROIDS)
    if text is None:
        return None
    level = next((one for one in LEVELS if f"{one} code" in text.columns), None)
    pair = next((one for one in _PAIRS if one[0] in text.columns and one[1] in text.columns), None)
    if level is None or pair is None:
        what = "area codes, such as LSOA21CD" if level is None else "positions, such as x and y"
        raise ReadingError("column_missing", f"the file has no column of {what}", "check that it is the right file")
    east, north = _numbers(text, pair[0]), _numbers(text, pair[1])
    code = text.get(f"{level} code")
    points = pd.DataFrame({"area_code": code, "easting_m": east, "northing_m": north}, index=text.rows)
    why = np.where(np.isfinite(east) & np.isfinite(north), "", "position not a number").astype(object)
    return points, why, text.shifted


def _numbers(text: TextTable, name: str) -> NDArray[np.float64]:
    return pd.to_numeric(pd.Series(text.get(name)), errors="coerce").to_numpy(dtype=np.float64)


def _points(path: Path, crs: str, said: Said) -> tuple[pd.DataFrame, NDArray[np.object_], int]:
    shapes = read_shapes(path, crs, lambda names: find_columns(names, None) is not None)
    columns = find_columns([str(name) for name in shapes.frame.columns], None)
    if columns is None:
        raise ReadingError("column_missing", "the file has no column of area codes", "check that it is the right file")
    for check, severity, message, fix in shapes.said:
        said.add(check, severity, message, fix)
    geometry = shapes.frame.geometry.to_numpy()
    kinds = shapely.get_type_id(geometry)
    single = (kinds == _POINT) | ((kinds == _MULTIPOINT) & (shapely.get_num_geometries(geometry) == 1))
    if len(kinds) and not single.any():
        raise ReadingError("not_centroids", "the shapes of the file are not points", "give the centroids")
    why = shapes.faults.copy()
    why[(why == "") & ~single] = "not a point"
    bounds = shapely.bounds(geometry)
    points = pd.DataFrame({"area_code": texts(shapes.frame, columns.code), "easting_m": bounds[:, 0],
                           "northing_m": bounds[:, 1]}, index=shapes.frame.index)  # fmt: skip
    return points, why, 0


def _check_points(points: pd.DataFrame, why: NDArray[np.object_], crs: str, said: Said) -> None:
    """Bring degrees to metres (in `points`) and set aside, in `why`, points that cannot be; each is reported.

    Raises
    ------
    ReadingError
        When the positions of the file as a whole are exchanged or of another system.
    """
    for fault in sorted(set(why) - {""}):
        said.each(points, why == fault, "no_position", "error", message=fault, fix="give the position of the point")
    code = points["area_code"]
    for fault, check, which in (("no code", "no_code", code == ""), ("code repeated", "code_twice", code.duplicated())):
        hit = which.to_numpy() & (why == "")
        why[hit] = fault
        said.each(points, hit, check, "error", message=f"{fault} in the file", fix="keep one row a code")
    good = why == ""
    x, y = (points[name].to_numpy(dtype=np.float64)[good] for name in ("easting_m", "northing_m"))
    if len(x) and np.median((np.abs(x) <= 180) & (np.abs(y) <= 180)):
        latitude_first = crs == BNG and np.median(x) > 45 > np.median(y)
        if latitude_first:
            message = "longitude and latitude look exchanged"
            raise ReadingError("swapped_axes", message, "give longitude as x and latitude as y")
        try:
            x, y = to_bng(x, y, crs)
        except GeographyError:
            message = "the positions are neither degrees nor metres throughout"
            raise ReadingError("outside_range", message, f"give all of them in metres of {crs}") from None
    english = code[good].str.match(r"E\d{8}$").to_numpy(dtype=bool)
    if crs == BNG and english.any() and look_exchanged(x[english], y[english]):
        message = "easting and northing look exchanged: the areas of England lie in the sea"
        raise ReadingError("swapped_axes", message, "give easting as x and northing as y")
    points.loc[good, "easting_m"], points.loc[good, "northing_m"] = x, y
    outside = np.zeros(len(points), dtype=bool)
    outside[np.flatnonzero(good)[~within_system(x, y, crs)]] = True
    why[outside] = "outside the reference system"
    said.each(
        points, outside, "outside_range", "error", message=f"is not a position of {crs} in metres", fix="correct it"
    )
