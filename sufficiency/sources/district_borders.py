"""The districts of an area from shared border arcs, or from GeoJSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely
import shapely.geometry

from sufficiency.model.geography import to_bng
from sufficiency.sources.boundary_faults import GRID_M, Faults, suggest

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.issues import Issue
    from sufficiency.sources.boundary_faults import Grounds

__all__ = ["districts_from_arcs", "districts_from_geojson"]

MOST_DEGREES: Final = 360


def districts_from_arcs(arcs: pd.DataFrame, district_ids: list[str], issues: list[Issue]) -> Grounds:
    """Build the districts' polygons; each face of the arcs belongs to the district that its arcs name on that side."""
    faults = Faults(issues, "arcs")
    lines: Grounds = {}
    sides: dict[str, tuple[str, str]] = {}
    for arc_id, arc in arcs.sort_values(["arc_id", "position"], kind="stable").groupby("arc_id", sort=True):
        first, name = arc.iloc[0], str(arc_id)
        named = {*arc["left_area_id"], *arc["right_area_id"]} - {""}
        for unknown in sorted(named - set(district_ids)):
            message = f"arc {name} borders {unknown!r}, which areas.csv does not list as a district"
            fix = f"correct the id{suggest(unknown, district_ids)}, or add the district to areas.csv"
            faults.add(arc.index[0], name, "unknown_area", message, fix, column="left_area_id", value=unknown)
        if len({*zip(arc["left_area_id"], arc["right_area_id"], strict=True)}) > 1 or not named:
            message = f"arc {name} does not name the same two sides in all its rows, or names none"
            faults.add(arc.index[0], name, "arc_sides", message, "give every row of the arc the same two districts")
        if arc["position"].tolist() != list(range(len(arc))) or len(arc) < 2:
            message = f"the positions of arc {name} do not run 0, 1, 2 ... without a gap"
            faults.add(arc.index[0], name, "arc_positions", message, "number the arc's rows from 0", column="position")
            continue
        line = shapely.LineString(arc[["easting_m", "northing_m"]].to_numpy(float))
        if not line.is_simple:
            message, fix = f"arc {name} crosses or retraces itself", "correct the positions, or their order"
            faults.add(arc.index[0], name, "arc_crosses_itself", message, fix, column="position")
            continue
        lines[name] = line
        sides[name] = (first["left_area_id"], first["right_area_id"])
    _check_arcs_meet(lines, arcs, faults)
    grounds: dict[str, list[BaseGeometry]] = {}
    for face in shapely.get_parts(shapely.polygonize(list(lines.values()))):
        owner = _owner(face, lines, sides, arcs, faults)
        if owner in district_ids:
            grounds.setdefault(owner, []).append(face)
    return {key: shapely.union_all(grounds[key]) for key in district_ids if key in grounds}


def _row_of(arc_id: str, arcs: pd.DataFrame) -> object:
    return arcs.index[arcs["arc_id"] == arc_id][0]


def _check_arcs_meet(lines: Grounds, arcs: pd.DataFrame, faults: Faults) -> None:
    """Name each arc with an end that no other arc reaches, and each pair that cross."""
    ends = [(name, tuple(shapely.get_coordinates(line)[end])) for name, line in lines.items() for end in (0, -1)]
    met = pd.Series([point for _, point in ends], dtype=object).value_counts()
    for name, point in ends:
        if met[point] < 2:
            message = f"arc {name} does not close: no other arc reaches its end at {point[0]:.0f}, {point[1]:.0f}"
            fix = "give the arcs that meet there exactly the same position"
            faults.add(_row_of(name, arcs), name, "arc_open", message, fix, column="easting_m")
    names = list(lines)
    drawn = np.array(list(lines.values()), dtype=object)
    for one, other in zip(*shapely.STRtree(drawn).query(drawn, predicate="crosses"), strict=True):
        if one < other:
            message = f"arcs {names[one]} and {names[other]} cross"
            fix = "arcs may meet only at their ends: correct the positions"
            faults.add(_row_of(names[one], arcs), names[one], "arcs_cross", message, fix)


def _owner(
    face: BaseGeometry, lines: Grounds, sides: dict[str, tuple[str, str]], arcs: pd.DataFrame, faults: Faults
) -> str:
    """Return the district that most arcs around a face name on its side; an arc that names another is at fault."""
    votes: dict[str, str] = {}
    for name, line in lines.items():
        (x0, y0), (x1, y1) = shapely.get_coordinates(line)[:2]
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        step = np.array([y0 - y1, x1 - x0]) / max(np.hypot(x1 - x0, y1 - y0), GRID_M) * GRID_M
        for side, sign in enumerate((1, -1)):
            if shapely.contains(face, shapely.points(middle + sign * step)):
                votes[name] = sides[name][side]
    counts = pd.Series(list(votes.values()), dtype=object).value_counts()
    owner = str(counts.index[0]) if len(counts) else ""
    for name, voted in votes.items():
        if voted != owner:
            message = f"arc {name} names {voted or 'outside'} where the other arcs name {owner or 'outside'}"
            fix = "exchange left_area_id and right_area_id of the arc, or correct the id"
            faults.add(_row_of(name, arcs), name, "arc_side", message, fix, column="left_area_id", value=voted)
    return owner


def districts_from_geojson(path: Path, district_ids: list[str], issues: list[Issue], crs: str) -> Grounds:
    """Read districts of another authority; any property may hold the id, as in the ONS files."""
    faults = Faults(issues, "areas", f"boundaries/{path.name}")
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        shapes = [
            (feature.get("properties") or {}, shapely.geometry.shape(feature["geometry"])) for feature in features
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        message = f"the file is not a readable GeoJSON feature collection ({type(error).__name__})"
        faults.add(None, "", "geojson_unreadable", message, "export the districts as GeoJSON again")
        return {}
    grounds: Grounds = {}
    for properties, ground in shapes:
        area_id = next((str(value) for value in properties.values() if str(value) in district_ids), "")
        if not area_id:
            continue
        if not ground.is_valid:
            message = f"the polygon of {area_id} is not valid ({shapely.is_valid_reason(ground)}); it was mended"
            faults.add(None, area_id, "invalid_polygon", message, "check the district on the map", severity="warning")
        grounds[area_id] = shapely.make_valid(_metric(ground, crs))
    return grounds


def _metric(ground: BaseGeometry, crs: str) -> BaseGeometry:
    if np.abs(shapely.get_coordinates(ground)).max(initial=0) > MOST_DEGREES:
        return ground
    return shapely.transform(ground, lambda degrees: np.column_stack(to_bng(degrees[:, 0], degrees[:, 1], crs)))
