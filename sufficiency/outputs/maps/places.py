"""Geometry and descriptive facts of the map: outlines, borders, roads, place names and settings.

Only what a public map shows: areas down to clusters, numbered roads, settlements, schools. Zones and origins stay out.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping

from sufficiency.model.geography import to_wgs84
from sufficiency.outputs import style
from sufficiency.outputs.maps.figures import id_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs
    from sufficiency.outputs.maps.figures import Frame

DECIMALS: Final = 5
LABEL_DECIMALS: Final = 3
MOST_POSITIONS: Final = 20_000
SIMPLIFY_M: Final = 60.0
LEAST_LABELLED_PEOPLE: Final = 1_500
AROUND_M: Final = 25_000.0
ROAD_CLASSES: Final = ("secondary", "primary", "trunk", "motorway")
ROAD_LABEL_EVERY_M: Final = 14_000.0
_CENTRE: Final = re.compile(r" (?:Town |City )?Centre$")


def degrees(shape: BaseGeometry, crs: str, decimals: int = DECIMALS) -> BaseGeometry:
    """Return a geometry in longitude and latitude, rounded to about a metre (5 decimals)."""

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        longitude, latitude = to_wgs84(points[:, 0], points[:, 1], crs)
        rounded: NDArray[np.float64] = np.round(np.column_stack([longitude, latitude]), decimals).astype(np.float64)
        return rounded

    return shapely.transform(shape, project)


def collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a GeoJSON feature collection."""
    return {"type": "FeatureCollection", "features": features}


def feature(shape: BaseGeometry, crs: str, **properties: object) -> dict[str, Any]:
    """Return a GeoJSON feature whose properties are exactly those named: nothing else can slip in."""
    return {"type": "Feature", "properties": properties, "geometry": mapping(degrees(shape, crs))}


# --- areas and borders -------------------------------------------------------------------------------------------


def outlines(inputs: Inputs, frame: Frame) -> dict[str, BaseGeometry]:
    """Return the polygon of every area, simplified as one coverage where the borders are heavier than a page can carry.

    Neighbours keep meeting exactly: clusters are simplified together, districts and the county are made from them.
    """
    areas = inputs.areas[inputs.areas["area_id"].isin(frame.areas)]
    shapes: dict[str, BaseGeometry] = dict(zip(areas["area_id"], areas.geometry, strict=True))
    clusters, districts, zones = (frame.of_level(level) for level in ("cluster", "district", "zone"))
    ground = dict(zip(inputs.zones["zone_id"].astype(str), inputs.zones.geometry, strict=True)) if zones else {}
    shapes.update({zone: ground[id_of(zone)] for zone in zones})
    if sum(shapely.get_num_coordinates(shape) for shape in shapes.values()) <= MOST_POSITIONS:
        return shapes
    # the finest level that covers the one above it is simplified; those above are made of it
    ladder = [districts]
    for finer in (clusters, zones):
        if {frame.parents[name] for name in finer} != set(ladder[-1]):
            break
        ladder.append(finer)
    parts = ladder.pop()
    simple = shapely.coverage_simplify(np.array([shapes[name] for name in parts], dtype=object), SIMPLIFY_M)
    shapes.update(zip(parts, simple, strict=True))
    for wider in reversed(ladder):
        for area in wider:
            shapes[area] = shapely.union_all([shapes[name] for name in parts if frame.parents[name] == area])
        parts = wider
    for county in frame.of_level("county"):
        shapes[county] = shapely.union_all([shapes[name] for name in districts])
    return shapes


def borders(shapes: dict[str, BaseGeometry], frame: Frame) -> dict[str, BaseGeometry]:
    """Return the lines of the county, the districts inside it, and the clusters inside those, each drawn once."""
    county = shapely.union_all([shapes[name].boundary for name in frame.of_level("county")])
    district = shapely.union_all([shapes[name].boundary for name in frame.of_level("district")])
    cluster = shapely.union_all([shapes[name].boundary for name in frame.of_level("cluster")])
    # 20 m forgives the corners that a cluster adds to the border of its district.
    inner = shapely.line_merge(district.difference(county.buffer(20)))
    innermost = shapely.line_merge(cluster.difference(shapely.union_all([county, district]).buffer(20)))
    out = {"county": county, "district": inner, "cluster": innermost}
    if zones := frame.of_level("zone"):
        zone = shapely.union_all([shapes[name].boundary for name in zones])
        out["zone"] = shapely.line_merge(zone.difference(shapely.union_all([county, district, cluster]).buffer(20)))
    return out


def anchors(shapes: dict[str, BaseGeometry], frame: Frame, crs: str) -> list[list[float]]:
    """Return, for each area, [latitude, longitude] of a point well inside it, for its label and its flows."""
    points = []
    for name in frame.areas:
        point = shapely.get_coordinates(shapely.maximum_inscribed_circle(np.array(shapes[name]), tolerance=200.0))[0]
        longitude, latitude = to_wgs84([point[0]], [point[1]], crs)
        points.append([round(float(latitude[0]), LABEL_DECIMALS), round(float(longitude[0]), LABEL_DECIMALS)])
    return points


# --- water ---------------------------------------------------------------------------------------------------------


def water_features(inputs: Inputs, around: BaseGeometry) -> dict[str, Any] | None:
    """Return rivers and lakes near the area, simplified, or None where the area gives none."""
    if inputs.water is None:
        return None
    near = shapely.intersection(inputs.water.geometry.to_numpy(), around)
    parts = shapely.get_parts(shapely.simplify(near, SIMPLIFY_M))
    kinds, crs, features = shapely.get_type_id(parts), inputs.parameters.crs, []
    for kind, fill in ((3, True), (1, False)):
        found = parts[(kinds == kind) & ~shapely.is_empty(parts)]
        if len(found):
            look = {"color": style.WATER, "weight": 0.5 if fill else 2, "opacity": 1, "fill": fill}
            look |= {"fillColor": style.WATER, "fillOpacity": 1} if fill else {}
            features.append(feature(shapely.union_all(found), crs, style=look))
    return collection(features) if features else None


# --- roads -------------------------------------------------------------------------------------------------------


def _road_class(name: str) -> str:
    return str(name).removesuffix("_link")


def numbered_roads(inputs: Inputs, around: BaseGeometry) -> gpd.GeoDataFrame:
    """Return the numbered roads near the area, one row a class and number, lines merged."""
    edges = inputs.roads.edges
    kept = edges[edges["road_number"].fillna("").ne("") & edges["road_class"].map(_road_class).isin(ROAD_CLASSES)]
    kept = kept.assign(road_class=kept["road_class"].map(_road_class))
    rows = []
    for (road_class, number), group in kept.groupby(["road_class", "road_number"], sort=True):
        line = shapely.line_merge(shapely.union_all(group.geometry.to_numpy()).intersection(around))
        if not line.is_empty:
            rows.append((str(road_class), str(number), line))
    return gpd.GeoDataFrame(rows, columns=["road_class", "road_number", "geometry"], geometry="geometry")


def road_features(roads: gpd.GeoDataFrame, crs: str) -> dict[str, Any]:
    """Return the roads as one feature a class, minor classes first so that major ones lie on top."""
    features = []
    for name in ROAD_CLASSES:
        lines = roads.loc[roads["road_class"] == name, "geometry"]
        if lines.empty:
            continue
        look = {"color": style.ROAD_COLOURS[name], "weight": style.ROAD_WIDTHS_PX[name], "opacity": 1}
        features.append(feature(shapely.union_all(lines.to_numpy()), crs, style=look))
    return collection(features)


def road_labels(roads: gpd.GeoDataFrame, crs: str) -> list[dict[str, Any]]:
    """Return where each road's number may stand: along its longest stretches, majors first."""
    out = []
    for row in roads.itertuples(index=False):
        for line in shapely.get_parts(row.geometry):
            count = max(1, int(line.length // ROAD_LABEL_EVERY_M))
            for place in range(count):
                spot = line.interpolate((place + 0.5) / count, normalized=True)
                longitude, latitude = to_wgs84([spot.x], [spot.y], crs)
                at = [round(float(latitude[0]), LABEL_DECIMALS), round(float(longitude[0]), LABEL_DECIMALS)]
                rank = ROAD_CLASSES[::-1].index(row.road_class)
                out.append({"text": row.road_number, "at": at, "rank": rank, "length": round(line.length / count)})
    out.sort(key=lambda label: (label["rank"], -label["length"], label["text"], label["at"]))
    return [{key: label[key] for key in ("text", "at", "rank")} for label in out]


# --- place names -------------------------------------------------------------------------------------------------


def town_of(place_name: str) -> str:
    """Return the town whose centre a place is called; any other name as it is."""
    return _CENTRE.sub("", place_name)


def place_names(inputs: Inputs, around: BaseGeometry) -> list[dict[str, Any]]:
    """Return the settlements to name: towns as wholes (their parts added up), then large villages, largest first."""
    gazetteer = inputs.gazetteer
    people = pd.to_numeric(gazetteer["people"], errors="coerce").fillna(0)
    centre = gazetteer["place_name"].map(lambda name: _CENTRE.search(str(name)) is not None)
    rows = []
    for place in gazetteer[centre].itertuples(index=False):
        stem = re.sub(r"-(town-|city-)?centre$", "", str(place.zone_id))
        parts = gazetteer["zone_id"].str.startswith(f"{stem}-") | gazetteer["zone_id"].eq(stem)
        rows.append((town_of(str(place.place_name)), place.geometry, int(people[parts].sum()), place.district_id))
    whole = gazetteer["kind"].isin(["town", "village", "hamlet"]) & ~centre
    rows += list(
        zip(
            gazetteer.loc[whole, "place_name"],
            gazetteer.loc[whole].geometry,
            people[whole].astype(int),
            gazetteer.loc[whole, "district_id"],
            strict=True,
        )
    )
    crs = inputs.parameters.crs
    out = []
    for name, point, residents, district in rows:
        if residents < LEAST_LABELLED_PEOPLE or not around.covers(point):
            continue
        longitude, latitude = to_wgs84([point.x], [point.y], crs)
        out.append(
            {
                "text": str(name),
                "at": [round(float(latitude[0]), LABEL_DECIMALS), round(float(longitude[0]), LABEL_DECIMALS)],
                # Two figures are enough for a dot and a rank.
                "people": int(round(residents, 1 - len(str(residents)) + 1)),
                "outside": bool(pd.isna(district) or district == ""),
            }
        )
    return sorted(out, key=lambda place: (place["outside"], -place["people"], place["text"]))


def surroundings(shapes: dict[str, BaseGeometry], frame: Frame) -> BaseGeometry:
    """Return the rectangle around the area that roads and names are drawn in."""
    west, south, east, north = shapely.total_bounds([shapes[name] for name in frame.of_level("district")])
    rectangle: BaseGeometry = shapely.box(west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M)
    return rectangle


def fit_bounds(shapes: dict[str, BaseGeometry], frame: Frame, crs: str) -> list[list[float]]:
    """Return [[south, west], [north, east]] of the area in degrees."""
    whole = degrees(shapely.union_all([shapes[name] for name in frame.of_level("district")]), crs)
    west, south, east, north = whole.bounds
    if not all(math.isfinite(edge) for edge in whole.bounds):
        message = "the areas have no outline"
        raise ValueError(message)
    return [[south, west], [north, east]]
