"""Graphs of osmnx (networkx.MultiDiGraph) to road tables and back.

A graph of osmnx has an arc per direction, osmnx's own reading of one-way streets and, once simplified, lists where
roads with different tags were merged. Here the two directions become one road again, tags are read by the same rules as
those of OpenStreetMap's own files, and of several values the one that restricts more counts. Lengths are measured
anew; speeds and times that osmnx added are not used.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from sufficiency.model import geography
from sufficiency.sources.roads.graph_parts import ARC_VALUES, FACTS, NODE_VALUES, GraphParts
from sufficiency.sources.roads.graph_ways import roads_of
from sufficiency.sources.roads.maxspeed import KPH_PER_MPH

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables

__all__ = ["from_osmnx", "to_osmnx"]

NAME: Final = "the graph"
WHOLE: Final = 1e-9


def from_osmnx(graph: nx.MultiDiGraph, *, crs: str = geography.BNG) -> RoadTables:
    """Return the road tables of a graph of osmnx.

    Parameters
    ----------
    graph
        As osmnx makes it: nodes with x and y, arcs with osmid, highway, oneway and what else was asked for; simplified
        or not, in degrees or projected. It is not changed.
    crs
        The metric system of the area.

    Returns
    -------
    RoadTables
        Edges are named after the OpenStreetMap way and the place on it, as `read_osm` names them, where the graph is
        not simplified. ``issues`` says what was left out or taken otherwise than written. No turns: a graph of osmnx
        holds none.

    Raises
    ------
    NetworkError
        When the graph is not directed, a node has no position, or there is no road that a car may use.
    GeographyError
        When its positions cannot be projected.
    """
    parts = GraphParts()
    parts.directed = bool(graph.is_directed())
    parts.facts = {key: str(value) for key, value in graph.graph.items() if key in FACTS}
    for node, values in graph.nodes(data=True):
        parts.add_node(str(node), {key: str(value) for key, value in values.items() if key in NODE_VALUES})
    for source, target, values in graph.edges(data=True):
        text = {key: str(value) for key, value in values.items() if key in ARC_VALUES}
        parts.add_arc(str(source), str(target), text)
    return roads_of(parts, NAME, crs=crs)


def to_osmnx(roads: RoadTables) -> nx.MultiDiGraph:
    """Return roads as osmnx knows them, for its tools and networkx: an arc per direction in which a car may drive.

    Parameters
    ----------
    roads
        Road nodes and edges.

    Returns
    -------
    networkx.MultiDiGraph
        In degrees (EPSG:4326); the graph says ``side_streets``. Nodes: whole numbers, the node's own where all are; x,
        y, node_id. Arcs: osmid (the row of the edge), edge_id, highway, oneway, reversed, length (metres, geodesic),
        geometry, ref and maxspeed where there are any, urban, access_only. Edges open in neither direction, and turns,
        are not in it.
    """
    import networkx as nx

    nodes, edges = roads.nodes, roads.edges
    ids = nodes["node_id"].astype(str)
    own = all(text.isdecimal() and str(int(text)) == text for text in ids)
    number = {text: int(text) if own else row for row, text in enumerate(ids)}
    graph = nx.MultiDiGraph(crs=geography.WGS84, simplified=True, created_with="sufficiency")
    graph.graph["side_streets"] = "side_streets" in edges and bool(edges["side_streets"].eq(other=True).any())
    for text, lon, lat in zip(ids, nodes["lon"], nodes["lat"], strict=True):
        graph.add_node(number[text], x=float(lon), y=float(lat), node_id=text)
    for row, (edge, line) in enumerate(zip(edges.to_dict("records"), _in_degrees(roads), strict=True)):
        values = _arc_values(row, edge)
        ends = (number[edge["from_node_id"]], number[edge["to_node_id"]])
        if edge["forward"]:
            graph.add_edge(*ends, **values, reversed=False, geometry=line)
        if edge["backward"]:
            graph.add_edge(*ends[::-1], **values, reversed=True, geometry=shapely.reverse(line))
    return graph


def _in_degrees(roads: RoadTables) -> NDArray[np.object_]:
    lines = roads.edges.geometry.to_numpy()
    crs = geography.BNG if roads.edges.crs is None else str(roads.edges.crs)
    turned = shapely.transform(lines, lambda xy: np.column_stack(geography.to_wgs84(xy[:, 0], xy[:, 1], crs)))
    return np.asarray(turned, dtype=object)


def _arc_values(row: int, edge: dict[Any, Any]) -> dict[str, Any]:
    """Return the values that both arcs of an edge share."""
    values: dict[str, Any] = {
        "osmid": row,
        "edge_id": str(edge["edge_id"]),
        "highway": edge["road_class"],
        "oneway": bool(edge["forward"]) != bool(edge["backward"]),
        "length": float(edge["length_m"]),
        "urban": bool(edge["urban"]),
        "access_only": bool(edge["access_only"]),
    }
    if edge["road_class"] == "ferry":
        values["route"] = values.pop("highway")
        if not math.isnan(edge["maxspeed_kph"]):
            values["duration"] = f"{edge['length_m'] / 1_000 / edge['maxspeed_kph'] * 60:.9f}"
    if edge["road_number"]:
        values["ref"] = edge["road_number"]
    if not math.isnan(edge["maxspeed_kph"]) and edge["road_class"] != "ferry":
        values["maxspeed"] = _limit_text(edge["maxspeed_kph"])
    return values


def _limit_text(kph: float) -> str:
    """Return a limit as the map would have it: whole miles an hour where it is such."""
    mph = kph / KPH_PER_MPH
    return f"{round(mph)} mph" if abs(mph - round(mph)) < WHOLE else f"{kph:.3f}"
