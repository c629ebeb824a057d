"""Every compiled kernel used once, in every type that it is used in: from then on it stands compiled on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model import geography
from sufficiency.model.results import RoadTables
from sufficiency.travel.graph import RoadGraph
from sufficiency.travel.rides import VehicleRule, board
from sufficiency.travel.road_network import prepare
from sufficiency.travel.routes import route
from sufficiency.travel.snapping import AccessLeg
from sufficiency.travel.totals import Starts, least_totals

if TYPE_CHECKING:
    from collections.abc import Callable

# A weight that makes the engine hold 64 bits.
HEAVY_MS: Final = 1_900_000_000
SIDE: Final = 5
STEP_M: Final = 1_000.0
CORNER_M: Final = (450_000.0, 200_000.0)


def warm(say: Callable[[str], None] = lambda _: None) -> None:
    """Compile the road engine; a second process then compiles nothing.

    Parameters
    ----------
    say
        Called with each step, in plain words.
    """
    say("Compiling the road engine (up to a minute the first time)")
    node = np.arange(SIDE)
    for weight in (1_000, HEAVY_MS):
        graph = RoadGraph.from_arrays(SIDE, node[:-1], node[1:], np.full(SIDE - 1, weight))
        near = node[:1] if weight == HEAVY_MS else node
        for origins, destinations in ((near, near), (near[:1], near), (near, near[:1])):
            graph.matrix(origins, destinations, threads=1)
    graph = RoadGraph.from_arrays(SIDE, node[:-1], node[1:], np.full(SIDE - 1, 1_000))
    graph.path(0, SIDE - 1)
    graph.all_to_one(0)
    graph.score_sites(node, node, node)
    say("Compiling journeys by road")
    roads, speeds = _square()
    network = prepare(roads, speeds, profile="off_peak", leg=AccessLeg(1.3, 30, 5_000))
    x = np.asarray(CORNER_M[0] + STEP_M * node + 10, dtype=np.float64)
    y = np.full_like(x, CORNER_M[1])
    network.fold()
    spots = network.spots(x, y)
    one = network.spots(x[:1], y[:1])
    for homes, schools in ((spots, spots), (one, spots), (spots, one)):
        network.journeys(homes, schools)
        network.toward(homes).milliseconds(schools)
    network.ways(spots, spots)
    for lanes in (node[:1], node):
        least_totals(network, spots, spots, Starts(lanes.size, lanes, lanes, lanes))
    rule = VehicleRule(seats=2, boarding_ms=1, detour_limit_ms=HEAVY_MS)
    times = network.milliseconds(spots, spots)
    board(node[[0, -1]], node[:-1], node[1:], times[:-1, -1].astype(np.int64), between_ms=times, rule=rule)
    lon, lat = geography.to_wgs84(x, y)
    route(roads, (lon[0], lat[0]), (lon[3], lat[3]), speeds=speeds, profile="off_peak")


def _square() -> tuple[RoadTables, pd.DataFrame]:
    """Return a lattice of two-way streets, SIDE nodes by two, and its speeds."""
    column, row = (part.ravel() for part in np.indices((SIDE, 2)))
    xy = np.column_stack([CORNER_M[0] + STEP_M * column, CORNER_M[1] + STEP_M * row])
    number = np.arange(2 * SIDE)
    start = np.concatenate([number[:-2], number[::2]])
    end = np.concatenate([number[2:], number[1::2]])
    names = np.array([f"n{node}" for node in number])
    lon, lat = geography.to_wgs84(*xy.T)
    nodes = gpd.GeoDataFrame({"node_id": names, "lon": lon, "lat": lat}, geometry=shapely.points(xy), crs=geography.BNG)
    edges = pd.DataFrame(
        {
            "edge_id": [f"e{edge}" for edge in range(start.size)],
            "from_node_id": names[start],
            "to_node_id": names[end],
            "forward": True,
            "backward": True,
            "road_class": "residential",
            "road_number": "",
            "maxspeed_kph": np.nan,
            "urban": False,
            "access_only": False,
            "length_m": STEP_M,
        }
    )
    lines = shapely.linestrings(np.stack([xy[start], xy[end]], axis=1))
    speeds = pd.DataFrame(
        {"road_class": ["residential"], "urban": [False], "profile": ["off_peak"], "kph": [30.0], "junction_s": [0.0],
         "low_share": [0.9], "high_share": [1.1], "source": [""]}
    )  # fmt: skip
    return RoadTables(nodes, gpd.GeoDataFrame(edges, geometry=lines, crs=geography.BNG)), speeds
