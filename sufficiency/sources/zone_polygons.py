"""Zones that are given polygons, such as statistical areas: read, checked against the places, and made to meet.

All borders are noded together once, on a grid of 1 cm, so that zones, and the clusters, districts and county that are
dissolved from them, meet exactly, whatever the file's own precision is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely

from sufficiency.model.geography import BNG
from sufficiency.sources.boundary_faults import FAR_FROM_AREA_M, GRID_M, Faults, position_fault, suggest
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.geometry_files import MOST_CHANGE, mend, read_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.issues import Issue
    from sufficiency.sources.boundary_faults import Grounds
    from sufficiency.sources.geometry_files import Shapes

__all__ = ["ZONE_FILES", "check_zone_places", "fit_together", "read_zone_polygons"]

ZONE_FILES: Final = ("zones.geojson", "zones.gpkg")
# Smaller than this, pieces are traces of rounding that say nothing of the data.
LEAST_TOLD_M2: Final = 1.0
# No point that stands for the people of a zone lies so far outside it.
FAR_FROM_ZONE_M: Final = 20_000.0
WHOLE_FILE: Final = 0.9


def read_zone_polygons(path: Path, gazetteer: pd.DataFrame, issues: list[Issue], *, crs: str = BNG) -> Grounds:
    """Read the polygons of an area's zones.

    Parameters
    ----------
    path
        ``zones.geojson`` or ``zones.gpkg``; the property that holds most of the zones' ids is taken as the id.
    gazetteer
        Table `gazetteer`: zone_id, district_id (blank = no zone), easting_m, northing_m.
    issues
        Faults are appended here: a file that cannot be read, a zone without polygon, a polygon without zone, rings that
        were repaired, polygons that overlap by more than 0.1 % of the smaller one, coordinates exchanged or elsewhere.
    crs
        The metric system of the area.

    Returns
    -------
    dict of str to polygon
        Valid polygon by zone_id, in metres, by zone_id; empty where the file is of no use.
    """
    faults = Faults(issues, "gazetteer", f"boundaries/{path.name}")
    inside = gazetteer[gazetteer["district_id"] != ""]
    known = set(inside["zone_id"])
    try:
        shapes = read_shapes(path, crs, bool)
        ids = _ids(shapes, known)
    except ReadingError as error:
        faults.add(None, "", error.check, error.message, error.fix)
        return {}
    for check, severity, message, fix in shapes.said:
        faults.add(None, "", check, message, fix, severity=severity)
    grounds = _grounds(shapes, ids, known, faults)
    if grounds and (fault := _elsewhere(grounds, inside)):
        faults.add(None, "", *fault)
        return {}
    rows = Faults(issues, "gazetteer")
    for row, zone_id in zip(inside.index, inside["zone_id"], strict=True):
        if zone_id not in grounds:
            message = f"zone {zone_id} has no polygon in {path.name}"
            fix = f"add its polygon to {path.name}, or leave its district_id blank if it is no zone"
            rows.add(row, zone_id, "zone_without_polygon", message, fix, column="zone_id", value=zone_id)
    ordered = {zone_id: grounds[zone_id] for zone_id in sorted(grounds)}
    _check_overlaps(ordered, faults)
    return ordered


def _ids(shapes: Shapes, known: set[str]) -> list[str]:
    """Return the id of each shape: the property in which most of the known ids stand."""
    frame = shapes.frame.drop(columns="geometry")
    texts = {str(name): [str(value).strip() for value in frame[name]] for name in frame.columns}
    best = max(texts, key=lambda name: len(known & set(texts[name])), default="")
    if not best or not known & set(texts[best]):
        message = (
            f"no property of the shapes holds a zone_id of places.csv; they have {', '.join(texts)[:120] or 'none'}"
        )
        raise ReadingError("zone_id_missing", message, "give each shape its zone_id as a property")
    return texts[best]


def _grounds(shapes: Shapes, ids: list[str], known: set[str], faults: Faults) -> Grounds:
    """Return the valid polygon of each zone; shapes at fault are named."""
    grounds: Grounds = {}
    polygons = np.isin(shapely.get_type_id(shapes.frame.geometry.to_numpy()), (3, 6, 7))
    good = [at for at in range(len(ids)) if not shapes.faults[at] and polygons[at]]
    mended = mend(shapes.frame.geometry.to_numpy()[good])
    at_of = {at: number for number, at in enumerate(good)}
    for at, zone_id in enumerate(ids):
        shown, number = zone_id[:60], at_of.get(at)
        if zone_id not in known:
            message = f"the polygon {shown!r} has no row in places.csv with a district"
            fix = f"add the row{suggest(shown, known)}, or remove the polygon"
            faults.add(None, shown, "polygon_without_zone", message, fix, value=shown)
        elif number is None or mended.after_m2[number] <= 0:
            why = shapes.faults[at] or ("the shape is not a polygon" if number is None else "it encloses no ground")
            faults.add(
                None, shown, "invalid_polygon", f"the polygon of {shown} cannot be used: {why}", "export it again"
            )
        elif zone_id in grounds:
            message, fix = f"{shown} has more than one shape", "dissolve the parts of a zone into one shape"
            faults.add(None, shown, "polygon_twice", message, fix, value=shown)
        else:
            grounds[zone_id] = mended.geometry[number]
            if mended.invalid[number]:
                change, share = mended.after_m2[number] - abs(mended.before_m2[number]), mended.share[number]
                message = f"the polygon of {shown} was not valid and was repaired; its area changed by {change:,.1f} m2"
                severity = "error" if share > MOST_CHANGE else "warning"
                text = f"{message} ({share:.4%})"
                faults.add(None, shown, "invalid_polygon", text, "check the zone on the map", severity=severity)
    return grounds


def _elsewhere(grounds: Grounds, inside: pd.DataFrame) -> tuple[str, str, str] | None:
    """Return check, message and cure where the polygons as a whole lie far from the points of their zones."""
    mine = inside[inside["zone_id"].isin(list(grounds))]
    shapes = np.array([grounds[zone_id] for zone_id in mine["zone_id"]], dtype=object)
    east, north = (mine[name].to_numpy(dtype=float) for name in ("easting_m", "northing_m"))
    away = shapely.distance(shapes, shapely.points(east, north))
    if (away > FAR_FROM_ZONE_M).mean() < WHOLE_FILE:
        return None
    if (shapely.distance(shapes, shapely.points(north, east)) <= FAR_FROM_ZONE_M).mean() >= WHOLE_FILE:
        message = "the polygons lie where the points of places.csv lie with easting and northing exchanged"
        return "swapped_axes", message, "exchange the axes of the one that is wrong: east comes before north"
    message = f"the polygons lie {np.median(away) / 1000:,.0f} km from the points of their zones in places.csv"
    return "zones_elsewhere", message, "check the reference system of the polygons and of the points"


def _check_overlaps(grounds: Grounds, faults: Faults) -> None:
    names, shapes = list(grounds), np.array(list(grounds.values()), dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    wide = shared > MOST_CHANGE * smaller
    for at in np.flatnonzero(wide):
        pair = names[one[at]], names[other[at]]
        message = f"the polygons of {pair[0]} and {pair[1]} overlap by {shared[at]:,.0f} m2 "
        message += f"({shared[at] / smaller[at]:.1%} of the smaller)"
        faults.add(None, pair[0], "polygons_overlap", message, "correct their common border")
    slight = shared[~wide].sum()
    if slight > LEAST_TOLD_M2:
        message = f"polygons overlap slightly, by {slight:,.0f} m2 in all; the first by zone_id keeps the ground"
        faults.add(None, "", "polygons_overlap", message, "nothing, if so meant", severity="note")


def fit_together(
    grounds: Mapping[str, BaseGeometry], issues: list[Issue], file: str, *, crs: str = BNG
) -> gpd.GeoDataFrame:
    """Node the polygons' borders on a grid of 1 cm, so that neighbours have every vertex of a common border in common.

    Parameters
    ----------
    grounds
        Zone id -> valid polygon, metres.
    issues
        Ground enclosed by zones that is in none (a gap, or an enclave) is reported here as a note.
    file
        What the polygons were read from.
    crs
        The metric system.

    Returns
    -------
    GeoDataFrame
        zone_id, geometry: the faces that the zones consist of, several a zone; to be united by zone_id.
    """
    names, shapes = sorted(grounds), np.array([grounds[name] for name in sorted(grounds)], dtype=object)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(
        shapely.union_all(shapely.boundary(shapes), grid_size=GRID_M))))  # fmt: skip
    owner = np.full(len(faces), "", dtype=object)
    face, zone = shapely.STRtree(shapes).query(shapely.point_on_surface(faces), predicate="intersects")
    # by zone, the last first, so that the first zone by id keeps ground that two claim
    for at in np.argsort(-zone, kind="stable"):
        owner[face[at]] = names[zone[at]]
    gaps = shapely.area(faces[owner == ""])
    gaps = gaps[gaps > LEAST_TOLD_M2]
    if len(gaps):
        message = f"{len(gaps)} pieces of ground between zones are in none, {gaps.sum():,.0f} m2 in all"
        fix = "nothing, if they are enclaves of another authority; else correct the borders"
        Faults(issues, "gazetteer", file).add(None, "", "gaps", message, fix, severity="note")
    return gpd.GeoDataFrame({"zone_id": owner}, geometry=faces, crs=crs)


def check_zone_places(
    gazetteer: pd.DataFrame, grounds: Grounds, district_ids: list[str], issues: list[Issue], crs: str
) -> pd.DataFrame:
    """Return the places whose zone can be used; each fault of position or district is named.

    A point outside its own polygon is a warning: the weighted centre of a zone that bends around another may lie so.
    """
    faults = Faults(issues, "gazetteer")
    county: Any = shapely.union_all(list(grounds.values()))
    shapely.prepare(county)
    good = []
    for row, place in gazetteer.iterrows():
        name, stated, zone_id = place["place_name"], place["district_id"], place["zone_id"]
        position = (place["easting_m"], place["northing_m"])
        point = shapely.Point(position)
        if fault := position_fault(name, position, county, FAR_FROM_ZONE_M if stated else FAR_FROM_AREA_M, crs):
            faults.add(row, zone_id, *fault, column="easting_m", value=f"{position[0]:.0f}, {position[1]:.0f}")
        elif stated and stated not in district_ids:
            message = f"{name} names the district {stated!r}, which areas.csv does not list"
            fix = f"correct the id{suggest(stated, district_ids)}, or leave it blank where there is no zone"
            faults.add(row, zone_id, "unknown_area", message, fix, column="district_id", value=stated)
        elif stated and zone_id in grounds:
            good.append(row)
            if not grounds[zone_id].intersects(point):
                message = f"the point of {name} lies {grounds[zone_id].distance(point):,.1f} m outside its polygon"
                fix = "nothing, if the zone bends around the point; else correct the point or the polygon"
                faults.add(row, zone_id, "point_outside_zone", message, fix, column="easting_m", severity="warning")
        elif not stated and county.contains(point):
            message = f"{name} names no district but lies inside the area: it gets no zone"
            fix = "give it a polygon and a district_id if it is a zone"
            faults.add(row, zone_id, "inside_unstated", message, fix, column="district_id", severity="warning")
    return gazetteer.loc[good]
