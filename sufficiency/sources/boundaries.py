"""Districts from shared border arcs (or GeoJSON), zones around places, clusters and county dissolved from them.

A zone is the ground of its district that lies nearest to its place: a Voronoi cell clipped to the district. Borders and
cell edges are noded together once, on a grid of 1 cm, so that zones, clusters, districts and county meet exactly.
"""

from __future__ import annotations

import json
import logging
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.geometry
from scipy.spatial import cKDTree

from sufficiency.model.geography import BNG, to_bng, within_system
from sufficiency.model.tables import TABLES
from sufficiency.sources.files import Issue, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = ["Boundaries", "make_zones", "read_boundaries"]

logger = logging.getLogger(__name__)

GRID_M: Final = 0.01
FAR_FROM_AREA_M: Final = 150_000.0
MOST_DEGREES: Final = 360
GEOJSON_NAMES: Final = ("districts.geojson", "areas.geojson")
Grounds = dict[str, "BaseGeometry"]


class Boundaries(NamedTuple):
    """The geography of an area: areas, zones, clusters and gazetteer, all in its metric system."""

    areas: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    clusters: pd.DataFrame
    gazetteer: gpd.GeoDataFrame


def read_boundaries(directory: Path, issues: list[Issue], *, crs: str = BNG) -> Boundaries:
    """Read an area's boundaries folder and build its areas and zones.

    Parameters
    ----------
    directory
        Folder with areas.csv, places.csv, clusters.csv and arcs.csv; where there is no arcs.csv, districts.geojson or
        areas.geojson (degrees, or metres of `crs`; any property may hold the district's id).
    issues
        Faults are appended here as rows of the table `issues`; a row at fault is left out of what is built.
    crs
        The metric system of the area.

    Returns
    -------
    Boundaries
        areas (area_id, area_name, level, parent_id, source, quality, geometry), zones (zone_id, zone_name, district_id,
        cluster_id, people, geometry), clusters (zone_id, cluster_id), gazetteer (places.csv with points). Frames are
        empty where nothing can be built; nothing is raised for a fault in the data.
    """
    areas = read_table(directory / "areas.csv", "areas", issues)
    gazetteer = read_table(directory / "places.csv", "gazetteer", issues)
    lookup = read_table(directory / "clusters.csv", "clusters", issues)
    district_ids = areas.loc[areas["level"] == "district", "area_id"].tolist()
    geojson = next((directory / name for name in GEOJSON_NAMES if (directory / name).exists()), None)
    if (directory / "arcs.csv").exists() or geojson is None:
        districts = _districts_from_arcs(read_table(directory / "arcs.csv", "arcs", issues), district_ids, issues)
    else:
        districts = _districts_from_geojson(geojson, district_ids, issues, crs)
    inside = _check_places(gazetteer, districts, district_ids, issues, crs)
    clusters = _check_clusters(lookup, areas, gazetteer, issues)
    _check_areas(areas, districts, inside, issues)
    named = inside.rename(columns={"place_name": "zone_name"}).merge(clusters, on="zone_id", how="left")
    zones = make_zones(districts, inside, crs=crs).merge(named.fillna({"cluster_id": ""}), on="zone_id")
    zones = zones[["zone_id", "zone_name", "district_id", "cluster_id", "people", "geometry"]]
    points = gpd.points_from_xy(gazetteer["easting_m"], gazetteer["northing_m"])
    places = gpd.GeoDataFrame(gazetteer, geometry=points, crs=crs)
    logger.debug("%d districts, %d zones", len(districts), len(zones))
    return Boundaries(_dissolve(areas, zones, issues), zones, clusters, places)


def make_zones(districts: Mapping[str, BaseGeometry], places: pd.DataFrame, *, crs: str = BNG) -> gpd.GeoDataFrame:
    """Divide districts among their places: a zone is the ground nearest to its place within its district.

    Parameters
    ----------
    districts
        District id -> polygon, metres.
    places
        Columns zone_id, district_id, easting_m, northing_m; each lies in its district, no two at one position.
    crs
        The metric system of both.

    Returns
    -------
    GeoDataFrame
        zone_id, geometry (`crs`), by zone_id. The zones of a district tile it, and neighbours, in other districts
        too, have every vertex of their common border in common.
    """
    owned = {key: places[places["district_id"] == key] for key in districts}
    owned = {key: frame for key, frame in owned.items() if len(frame)}
    lines: list[Any] = []
    for key, frame in owned.items():
        lines.append(districts[key].boundary)
        if len(frame) > 1:
            points = shapely.multipoints(frame[["easting_m", "northing_m"]].to_numpy(float))
            edges = shapely.voronoi_polygons(points, extend_to=districts[key], only_edges=True)
            lines.append(shapely.intersection(edges, districts[key]))
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=GRID_M))
    faces = shapely.get_parts(shapely.polygonize(noded))
    inner = shapely.point_on_surface(faces)
    zone_ids = np.full(len(faces), "", dtype=object)
    for key, frame in owned.items():
        mine = np.flatnonzero(shapely.contains(districts[key], inner) & (zone_ids == ""))
        tree = cKDTree(frame[["easting_m", "northing_m"]].to_numpy(float))
        zone_ids[mine] = frame["zone_id"].to_numpy()[tree.query(shapely.get_coordinates(inner[mine]))[1]]
    return _union(gpd.GeoDataFrame({"zone_id": zone_ids}, geometry=faces, crs=crs), "zone_id")


def _union(frame: gpd.GeoDataFrame, by: str) -> gpd.GeoDataFrame:
    kept = frame.loc[frame[by] != "", [by, "geometry"]]
    return kept.dissolve(by=by, method="coverage", sort=True).reset_index()[[by, "geometry"]]


def _dissolve(areas: pd.DataFrame, zones: gpd.GeoDataFrame, issues: list[Issue]) -> gpd.GeoDataFrame:
    """Give every area the union of its zones; a cluster in several pieces is named."""
    grounds: Grounds = {}
    for column in ("cluster_id", "district_id"):
        united = _union(zones, column)
        grounds |= dict(zip(united[column], united.geometry, strict=True))
    if len(zones):
        county = zones.geometry.union_all(method="coverage")
        grounds |= dict.fromkeys(areas.loc[areas["level"] == "county", "area_id"], county)
    for row, area in areas[areas["level"] == "cluster"].iterrows():
        pieces = shapely.get_num_geometries(grounds[area["area_id"]]) if area["area_id"] in grounds else 1
        if pieces > 1:
            message = f"cluster {area['area_name']} is in {pieces} pieces that share no border"
            fix = "in clusters.csv, move the zones that stand apart to a cluster that they touch"
            _Faults(issues, "areas").add(row, area["area_id"], "cluster_in_pieces", message, fix, severity="warning")
    geometry = gpd.GeoSeries([grounds.get(area_id) for area_id in areas["area_id"]], index=areas.index, crs=zones.crs)
    return gpd.GeoDataFrame(areas, geometry=geometry, crs=zones.crs)


class _Faults:
    """Adds faults of one table to the list of issues."""

    def __init__(self, issues: list[Issue], table: str, file: str = "") -> None:
        self.issues, self.table, self.file = issues, table, file or TABLES[table].file

    def add(self, row: object, key: str, check: str, message: str, fix: str, **more: str) -> None:
        """Append an issue; ``more`` may give column, value and severity (error, when not given)."""
        line = None if row is None else int(str(row))
        column, value, severity = more.get("column", ""), more.get("value", ""), more.get("severity", "error")
        self.issues.append(Issue(self.file, line, self.table, key, column, value, check, severity, message, fix))


def _districts_from_arcs(arcs: pd.DataFrame, district_ids: list[str], issues: list[Issue]) -> Grounds:
    """Build the districts' polygons; each face of the arcs belongs to the district that its arcs name on that side."""
    faults = _Faults(issues, "arcs")
    lines: Grounds = {}
    sides: dict[str, tuple[str, str]] = {}
    for arc_id, arc in arcs.sort_values(["arc_id", "position"], kind="stable").groupby("arc_id", sort=True):
        first, name = arc.iloc[0], str(arc_id)
        named = {*arc["left_area_id"], *arc["right_area_id"]} - {""}
        for unknown in sorted(named - set(district_ids)):
            message = f"arc {name} borders {unknown!r}, which areas.csv does not list as a district"
            fix = f"correct the id{_suggest(unknown, district_ids)}, or add the district to areas.csv"
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


def _check_arcs_meet(lines: Grounds, arcs: pd.DataFrame, faults: _Faults) -> None:
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
    face: BaseGeometry, lines: Grounds, sides: dict[str, tuple[str, str]], arcs: pd.DataFrame, faults: _Faults
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


def _districts_from_geojson(path: Path, district_ids: list[str], issues: list[Issue], crs: str) -> Grounds:
    """Read districts of another authority; any property may hold the id, as in the ONS files."""
    faults = _Faults(issues, "areas", f"boundaries/{path.name}")
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


def _suggest(value: str, known: Iterable[str]) -> str:
    near = get_close_matches(value, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def _check_places(
    gazetteer: pd.DataFrame, districts: Grounds, district_ids: list[str], issues: list[Issue], crs: str
) -> pd.DataFrame:
    """Return the places inside that can have a zone; each fault of position or district is named."""
    faults = _Faults(issues, "gazetteer")
    county = shapely.union_all(list(districts.values()))
    taken: dict[tuple[float, float], str] = {}
    good = []
    for row, place in gazetteer.iterrows():
        name, stated = place["place_name"], place["district_id"]
        position = (place["easting_m"], place["northing_m"])
        if fault := _position_fault(name, position, county, FAR_FROM_AREA_M if not stated else 0.0, crs):
            faults.add(row, place["zone_id"], *fault, column="easting_m", value=f"{position[0]:.0f}, {position[1]:.0f}")
        elif stated and stated not in district_ids:
            message = f"{name} names the district {stated!r}, which areas.csv does not list"
            fix = f"correct the id{_suggest(stated, district_ids)}, or leave it blank outside the county"
            faults.add(row, place["zone_id"], "unknown_area", message, fix, column="district_id", value=stated)
        elif position in taken:
            message, fix = f"{name} stands on the position of {taken[position]}", "give each place its own position"
            faults.add(row, place["zone_id"], "same_position", message, fix, column="easting_m")
        elif (actual := _district_at(position, districts)) == stated:
            taken[position] = name
            good.append(row if stated else None)
        elif not stated:
            message = f"{name} names no district but lies in {actual}: it gets no zone"
            fix = f"write {actual} as its district_id, or correct its position"
            faults.add(row, place["zone_id"], "inside_unstated", message, fix, column="district_id", severity="warning")
        elif stated in districts:
            message = f"{name} lies in {actual or 'no district'}, not in its stated district {stated}"
            fix = "correct its position or its district_id"
            faults.add(row, place["zone_id"], "outside_district", message, fix, column="district_id", value=stated)
    return gazetteer.loc[[row for row in good if row is not None]]


def _district_at(position: tuple[float, float], districts: Grounds) -> str:
    return next((key for key, ground in districts.items() if ground.contains(shapely.Point(position))), "")


def _position_fault(
    name: str, position: tuple[float, float], county: BaseGeometry, limit_m: float, crs: str
) -> tuple[str, str, str] | None:
    """Return check, message and cure of a position that is out of range or has its axes exchanged."""
    where = f"{name} lies at {position[0]:.0f}, {position[1]:.0f}"
    far = not county.is_empty and county.distance(shapely.Point(position)) > limit_m
    if far and county.distance(shapely.Point(position[::-1])) <= limit_m:
        return "swapped_axes", f"{where}: easting and northing look exchanged", "exchange the two numbers"
    if not within_system(*position, crs):
        system = "British National Grid" if crs == BNG else crs
        message = f"{where}, which is not a {system} position in metres"
        return "outside_range", message, f"give easting and northing in metres ({crs})"
    return None


def _check_clusters(
    lookup: pd.DataFrame, areas: pd.DataFrame, gazetteer: pd.DataFrame, issues: list[Issue]
) -> pd.DataFrame:
    """Return the lookup's usable rows; unknown zones and clusters, and zones without one, are named."""
    faults = _Faults(issues, "clusters")
    named_already = {issue.key for issue in issues if issue.table == "gazetteer"}
    parent = areas[areas["level"] == "cluster"].set_index("area_id")["parent_id"]
    district = gazetteer[gazetteer["district_id"] != ""].set_index("zone_id")["district_id"]
    good = []
    for row, entry in lookup.iterrows():
        zone_id, cluster_id = entry["zone_id"], entry["cluster_id"]
        if zone_id in named_already and zone_id not in district.index:
            continue
        if zone_id not in district.index:
            message, fix = (
                f"zone {zone_id!r} is not a place of the area",
                f"correct the id{_suggest(zone_id, district.index)}",
            )
            faults.add(row, zone_id, "unknown_zone", message, fix, column="zone_id", value=zone_id)
        elif cluster_id not in parent.index:
            message = f"cluster {cluster_id!r} is not in areas.csv"
            fix = f"correct the id{_suggest(cluster_id, parent.index)}, or add the cluster to areas.csv"
            faults.add(row, zone_id, "unknown_cluster", message, fix, column="cluster_id", value=cluster_id)
        elif parent[cluster_id] != district[zone_id]:
            message = f"zone {zone_id} lies in {district[zone_id]}, its cluster {cluster_id} in {parent[cluster_id]}"
            fix = "choose a cluster of the zone's own district"
            faults.add(row, zone_id, "cluster_elsewhere", message, fix, column="cluster_id", value=cluster_id)
        else:
            good.append(row)
    for zone_id in district.index.difference(pd.Index(lookup["zone_id"])):
        message = f"zone {zone_id} has no cluster"
        faults.add(
            None, zone_id, "zone_without_cluster", message, f"add a row {zone_id},<cluster_id>", column="zone_id"
        )
    return lookup.loc[good, ["zone_id", "cluster_id"]].reset_index(drop=True)


def _check_areas(areas: pd.DataFrame, districts: Grounds, inside: pd.DataFrame, issues: list[Issue]) -> None:
    """Name areas whose parent is of the wrong level, and districts without a closed border or without a place."""
    faults = _Faults(issues, "areas")
    level = areas.set_index("area_id")["level"]
    for row, area in areas.iterrows():
        area_id, wanted = area["area_id"], {"district": "county", "cluster": "district"}.get(area["level"], "")
        if level.get(area["parent_id"], "") != wanted:
            message = f"{area['area_name']} has the parent {area['parent_id']!r}, which is no {wanted or 'area'}"
            fix = f"give the area_id of its {wanted}" if wanted else "leave parent_id blank"
            faults.add(row, area_id, "wrong_parent", message, fix, column="parent_id", value=area["parent_id"])
        if area["level"] == "district" and area_id not in districts:
            message, fix = (
                f"{area['area_name']} has no closed border",
                "give its border in arcs.csv or districts.geojson",
            )
            faults.add(row, area_id, "district_without_border", message, fix)
        elif area["level"] == "district" and area_id not in set(inside["district_id"]):
            message, fix = f"{area['area_name']} has no usable place", "give at least one place of it in places.csv"
            faults.add(row, area_id, "district_without_place", message, fix)
    if (areas["level"] == "county").sum() != 1:
        message = f"areas.csv lists {(areas['level'] == 'county').sum()} areas of level county"
        faults.add(None, "", "one_county", message, "give exactly one row of level county", column="level")
