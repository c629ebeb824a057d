"""Plain tables of road nodes, edges and turns, and the speed table.

Every edge is drawn as the straight line between its nodes; its `length_m` is the length along the road, as stated.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import shapely

from sufficiency.model import geography
from sufficiency.model.results import RoadTables
from sufficiency.model.tables import TABLES
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.files import Issue, has_table, read_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

# Positions are whole metres and the grid's scale is true within 1 in 1,000: a straight road may seem this much short.
ROUNDING_M: Final = 2.0
SCALE_SHARE: Final = 0.001
MOST_TIMES_STRAIGHT: Final = 5.0
CURES: Final = {
    "position_outside": "give metres of the area's system (crs in area.toml), the easting first; degrees do not belong "
    "here",
    "unknown_node": "correct the id, or add the node (a node with a fault of its own counts as missing)",
    "self_loop": "correct one of its nodes, or cut a loop road in two at a node on its way",
    "length_below_straight": "correct the length (metres along the road) or the positions of the two nodes",
    "length_beyond_straight": "correct the length, or cut the road in pieces at nodes on its way",
    "edge_closed": "set forward or backward to true, or remove the row",
    "unknown_edge": "correct the id, or add the edge (an edge with a fault of its own counts as missing)",
    "edges_apart": "correct the node, or the edges: both must start or end at it",
}


def read_tables(directory: Path, issues: list[Issue], *, crs: str = geography.BNG) -> RoadTables:
    """Read the road network of an area from ``nodes.csv`` and ``edges.csv``, and ``turns.csv`` where there is one.

    Parameters
    ----------
    directory
        The area's folder of roads.
    issues
        Every fault is appended: a position that is none of `crs`, an edge with an unknown node, with both ends at one
        node, shorter than the straight line between its nodes or more than five times as long, a turn between edges
        that do not meet, and what `read_table` finds (unknown road class, an id given twice, text in a number ...).
    crs
        The metric system that easting and northing are in.

    Returns
    -------
    RoadTables
        The rows without a fault. Nodes: the table's columns, lon, lat (degrees) and a point; edges: the table's
        columns and a line; both in `crs`. Turns: the table, None where there is none.
    """
    nodes = _read_nodes(directory, issues, crs)
    edges = _read(directory, "road_edges", issues)
    edges = _with_known_nodes(edges, nodes, issues)
    from_xy, to_xy = (
        shapely.get_coordinates(nodes.geometry.loc[edges[column]].to_numpy()).reshape(-1, 2)
        for column in ("from_node_id", "to_node_id")
    )
    lines = shapely.linestrings(np.stack([from_xy, to_xy], axis=1))
    roads = gpd.GeoDataFrame(edges, geometry=lines, crs=crs)
    roads = _with_credible_length(roads, np.hypot(*(to_xy - from_xy).T), issues)
    turns = _read_turns(directory, roads, issues)
    return RoadTables(nodes.reset_index(drop=True), roads.reset_index(drop=True), turns=turns)


def no_roads(crs: str = geography.BNG) -> RoadTables:
    """Return road tables without rows, as a folder gives them in which nothing can be read."""
    return read_tables(Path("no-roads"), [], crs=crs)


def speed_table(directory: Path, issues: list[Issue]) -> pd.DataFrame:
    """Return the table `speeds` of a folder of roads; every fault is appended."""
    return _read(directory, "speeds", issues).reset_index(drop=True)


def speeds_of_package() -> pd.DataFrame:
    """Return the table `speeds` that the package carries: its own tests watch over it."""
    return speed_table(embedded_directory() / "roads", [])


def _read(directory: Path, table: str, issues: list[Issue]) -> pd.DataFrame:
    return read_table(directory / PurePosixPath(TABLES[table].file).name, table, issues)


def _read_nodes(directory: Path, issues: list[Issue], crs: str) -> gpd.GeoDataFrame:
    """Return the nodes by node_id, with lon, lat and a point."""
    nodes = _read(directory, "road_nodes", issues)
    inside = geography.within_system(nodes["easting_m"], nodes["northing_m"], crs)
    system = "British National Grid" if crs == geography.BNG else crs
    for _, node in nodes.loc[~inside].iterrows():
        message = f"easting {node['easting_m']:g}, northing {node['northing_m']:g} is no {system} position"
        issues.append(_issue("road_nodes", node, "easting_m", "position_outside", message))
    nodes = nodes.loc[inside]
    lon, lat = geography.to_wgs84(nodes["easting_m"], nodes["northing_m"], crs)
    points = gpd.points_from_xy(nodes["easting_m"], nodes["northing_m"])
    placed = gpd.GeoDataFrame(nodes.assign(lon=lon, lat=lat), geometry=points, crs=crs)
    return placed.set_index("node_id", drop=False, verify_integrity=True).rename_axis(index=None)


def _with_known_nodes(edges: pd.DataFrame, nodes: pd.DataFrame, issues: list[Issue]) -> pd.DataFrame:
    """Return the edges between two different, known nodes."""
    good = np.ones(len(edges), dtype=bool)
    for column in ("from_node_id", "to_node_id"):
        known = edges[column].isin(nodes.index).to_numpy()
        good &= known
        for _, edge in edges.loc[~known].iterrows():
            message = f"{column} {edge[column]!r} is not a node of {TABLES['road_nodes'].file}"
            issues.append(_issue("road_edges", edge, column, "unknown_node", message))
    loop = (edges["from_node_id"] == edges["to_node_id"]).to_numpy()
    for _, edge in edges.loc[loop].iterrows():
        message = f"the edge starts and ends at node {edge['to_node_id']!r}"
        issues.append(_issue("road_edges", edge, "to_node_id", "self_loop", message))
    return edges.loc[good & ~loop]


def _with_credible_length(
    edges: gpd.GeoDataFrame, straight_m: NDArray[np.float64], issues: list[Issue]
) -> gpd.GeoDataFrame:
    """Return the edges at least as long as the straight line and at most five times as long; report closed ones."""
    length_m = edges["length_m"].to_numpy(np.float64)
    short = length_m < straight_m * (1 - SCALE_SHARE) - ROUNDING_M
    long = length_m > MOST_TIMES_STRAIGHT * (straight_m + ROUNDING_M)
    closed = ~(edges["forward"] | edges["backward"]).to_numpy(bool)
    for bad, column, check, words in (
        (short, "length_m", "length_below_straight", "the road is shorter than the straight line between its nodes"),
        (long, "length_m", "length_beyond_straight", "the road is over five times the straight line between its nodes"),
        (closed, "forward", "edge_closed", "the road between its nodes may be driven neither way"),
    ):
        for place in np.flatnonzero(bad):
            message = f"{words} ({straight_m[place]:.0f} m)"
            issues.append(_issue("road_edges", edges.iloc[place], column, check, message))
    return edges.loc[~(short | long)]


def _read_turns(directory: Path, edges: gpd.GeoDataFrame, issues: list[Issue]) -> pd.DataFrame | None:
    """Return the turns between known edges that meet at their node; None where the area gives none."""
    if not has_table(directory / PurePosixPath(TABLES["road_turns"].file).name, "road_turns"):
        return None
    turns = _read(directory, "road_turns", issues)
    ends = dict(zip(edges["edge_id"], zip(edges["from_node_id"], edges["to_node_id"], strict=True), strict=True))
    good = []
    for row, turn in turns.iterrows():
        named = [column for column in ("from_edge_id", "to_edge_id") if turn[column] not in ends]
        apart = [] if named else [c for c in ("from_edge_id", "to_edge_id") if turn["via_node_id"] not in ends[turn[c]]]
        for column in named:
            message = f"{column} {turn[column]!r} is not an edge of {TABLES['road_edges'].file}"
            issues.append(_issue("road_turns", turn, column, "unknown_edge", message))
        for column in apart:
            message = f"edge {turn[column]!r} neither starts nor ends at node {turn['via_node_id']!r}"
            issues.append(_issue("road_turns", turn, "via_node_id", "edges_apart", message))
        if not (named or apart):
            good.append(row)
    return turns.loc[good].reset_index(drop=True)


def _issue(table: str, found: pd.Series, column: str, check: str, message: str) -> Issue:
    """Return the fault of a row; the name of the row is its number in the file."""
    key, row = " ".join(str(found[name]) for name in TABLES[table].key), int(str(found.name))
    severity = "warning" if check == "edge_closed" else "error"
    return Issue(
        TABLES[table].file, row, table, key, column, str(found[column]), check, severity, message, CURES[check]
    )
