"""The zones of an area, and the clusters, districts and county dissolved from them.

Zones are the polygons of ``zones.geojson`` or ``zones.gpkg``; where there is neither, a zone is the ground of its
district that lies nearest to its place: a Voronoi cell clipped to the district. Borders and cell edges are noded
together once, on a grid of 1 cm, so that zones, clusters, districts and county meet exactly.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from sufficiency.model.geography import BNG
from sufficiency.sources.boundary_faults import FAR_FROM_AREA_M, GRID_M, Faults, position_fault, suggest
from sufficiency.sources.district_borders import districts_from_arcs, districts_from_geojson
from sufficiency.sources.files import read_table
from sufficiency.sources.zone_polygons import ZONE_FILES, check_zone_places, fit_together, read_zone_polygons

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.issues import Issue
    from sufficiency.sources.boundary_faults import Grounds

__all__ = ["Boundaries", "make_zones", "read_boundaries"]

logger = logging.getLogger(__name__)

GEOJSON_NAMES: Final = ("districts.geojson", "areas.geojson")


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
        Folder with areas.csv, places.csv, clusters.csv and one of: zones.geojson or zones.gpkg (a polygon a zone; a
        property holds the zone_id); arcs.csv; districts.geojson or areas.geojson (any property may hold the district's
        id). Shapes are in degrees, or metres of `crs`.
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
    polygons = _zone_file(directory, issues)
    if polygons is None:
        districts = _districts(directory, district_ids, issues, crs)
        inside = _check_places(gazetteer, districts, district_ids, issues, crs)
        shapes = make_zones(districts, inside, crs=crs)
    else:
        grounds = read_zone_polygons(polygons, gazetteer, issues, crs=crs)
        inside = check_zone_places(gazetteer, grounds, district_ids, issues, crs)
        grounds = {zone_id: grounds[zone_id] for zone_id in inside["zone_id"]}
        shapes = _union(fit_together(grounds, issues, f"boundaries/{polygons.name}", crs=crs), "zone_id")
        districts = dict.fromkeys(inside["district_id"], shapely.Polygon())
    clusters = _check_clusters(lookup, areas, gazetteer, issues)
    _check_areas(
        areas, districts, inside, issues, file="arcs.csv or districts.geojson" if polygons is None else polygons.name
    )
    named = inside.rename(columns={"place_name": "zone_name"}).merge(clusters, on="zone_id", how="left")
    zones = shapes.merge(named.fillna({"cluster_id": ""}), on="zone_id")
    zones = zones[["zone_id", "zone_name", "district_id", "cluster_id", "people", "geometry"]]
    points = gpd.points_from_xy(gazetteer["easting_m"], gazetteer["northing_m"])
    places = gpd.GeoDataFrame(gazetteer, geometry=points, crs=crs)
    logger.debug("%d districts, %d zones", len(districts), len(zones))
    return Boundaries(_dissolve(areas, zones, issues), zones, clusters, places)


def _zone_file(directory: Path, issues: list[Issue]) -> Path | None:
    """Return the file of the zones' polygons, if there is one; two of them are told."""
    found = [directory / name for name in ZONE_FILES if (directory / name).exists()]
    if len(found) > 1:
        message = f"{found[1].name} is not used, because there is {found[0].name}"
        faults = Faults(issues, "gazetteer", f"boundaries/{found[1].name}")
        faults.add(None, "", "two_sources", message, "keep one of the two", severity="warning")
    return found[0] if found else None


def _districts(directory: Path, district_ids: list[str], issues: list[Issue], crs: str) -> Grounds:
    geojson = next((directory / name for name in GEOJSON_NAMES if (directory / name).exists()), None)
    if (directory / "arcs.csv").exists() or geojson is None:
        return districts_from_arcs(read_table(directory / "arcs.csv", "arcs", issues), district_ids, issues)
    return districts_from_geojson(geojson, district_ids, issues, crs)


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
            Faults(issues, "areas").add(row, area["area_id"], "cluster_in_pieces", message, fix, severity="warning")
    geometry = gpd.GeoSeries([grounds.get(area_id) for area_id in areas["area_id"]], index=areas.index, crs=zones.crs)
    return gpd.GeoDataFrame(areas, geometry=geometry, crs=zones.crs)


def _check_places(
    gazetteer: pd.DataFrame, districts: Grounds, district_ids: list[str], issues: list[Issue], crs: str
) -> pd.DataFrame:
    """Return the places inside that can have a zone; each fault of position or district is named."""
    faults = Faults(issues, "gazetteer")
    county = shapely.union_all(list(districts.values()))
    taken: dict[tuple[float, float], str] = {}
    good = []
    for row, place in gazetteer.iterrows():
        name, stated = place["place_name"], place["district_id"]
        position = (place["easting_m"], place["northing_m"])
        if fault := position_fault(name, position, county, FAR_FROM_AREA_M if not stated else 0.0, crs):
            faults.add(row, place["zone_id"], *fault, column="easting_m", value=f"{position[0]:.0f}, {position[1]:.0f}")
        elif stated and stated not in district_ids:
            message = f"{name} names the district {stated!r}, which areas.csv does not list"
            fix = f"correct the id{suggest(stated, district_ids)}, or leave it blank outside the county"
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


def _check_clusters(
    lookup: pd.DataFrame, areas: pd.DataFrame, gazetteer: pd.DataFrame, issues: list[Issue]
) -> pd.DataFrame:
    """Return the lookup's usable rows; unknown zones and clusters, and zones without one, are named."""
    faults = Faults(issues, "clusters")
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
                f"correct the id{suggest(zone_id, district.index)}",
            )
            faults.add(row, zone_id, "unknown_zone", message, fix, column="zone_id", value=zone_id)
        elif cluster_id not in parent.index:
            message = f"cluster {cluster_id!r} is not in areas.csv"
            fix = f"correct the id{suggest(cluster_id, parent.index)}, or add the cluster to areas.csv"
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


def _check_areas(
    areas: pd.DataFrame, districts: Grounds, inside: pd.DataFrame, issues: list[Issue], *, file: str
) -> None:
    """Name areas whose parent is of the wrong level, and districts without a closed border or without a place."""
    faults = Faults(issues, "areas")
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
                f"give its border in {file}",
            )
            faults.add(row, area_id, "district_without_border", message, fix)
        elif area["level"] == "district" and area_id not in set(inside["district_id"]):
            message, fix = f"{area['area_name']} has no usable place", "give at least one place of it in places.csv"
            faults.add(row, area_id, "district_without_place", message, fix)
    if (areas["level"] == "county").sum() != 1:
        message = f"areas.csv lists {(areas['level'] == 'county').sum()} areas of level county"
        faults.add(None, "", "one_county", message, "give exactly one row of level county", column="level")
