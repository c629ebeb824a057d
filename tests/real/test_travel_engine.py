"""The engine on real maps: equal to plain Dijkstra on every one, and what turns and islands do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sufficiency.model.results import RoadTables
from sufficiency.sources.roads import read_osm
from sufficiency.travel import AccessLeg, RoadGraph, prepare
from sufficiency.travel.network import index_roads
from sufficiency.travel.speeds import edge_times

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.real
MAPS = {
    "roads/rutland-latest.osm.pbf": "EPSG:27700",
    "roads/newport-2023-06-13.osm.pbf": "EPSG:27700",
    "roads/porto_portugal.osm.pbf": "EPSG:3763",
    "oracles/graphhopper/monaco.osm.gz": "EPSG:32632",
}
LEG = AccessLeg(1.3, 30.0, 5_000.0)


@pytest.fixture(scope="module", params=MAPS, ids=[name.split("/")[-1] for name in MAPS])
def roads(request: pytest.FixtureRequest, real_data: Path) -> RoadTables:
    """One of the maps."""
    return read_osm(real_data / request.param, crs=MAPS[request.param])


def test_whole_maps_equal_scipy(roads: RoadTables) -> None:
    """From thirty junctions to all others, both ways round, to the millisecond."""
    indexed = index_roads(roads)
    assert roads.speeds is not None
    ms = edge_times(indexed.edges, roads.speeds, "school_morning").central
    ahead, back = np.flatnonzero(indexed.forward), np.flatnonzero(indexed.backward)
    tail = np.concatenate([indexed.start[ahead], indexed.end[back]])
    head = np.concatenate([indexed.end[ahead], indexed.start[back]])
    ms = ms[np.concatenate([ahead, back])]
    nodes = np.random.default_rng(5).choice(indexed.n_nodes, 30, replace=False)
    everywhere = np.arange(indexed.n_nodes)
    road = RoadGraph.from_arrays(indexed.n_nodes, tail, head, ms)
    assert (road.matrix(nodes, everywhere) == scipy_least(indexed.n_nodes, tail, head, ms, nodes)).all()
    assert (scipy_least(indexed.n_nodes, head, tail, ms, nodes) == road.matrix(everywhere, nodes).T).all()


def scipy_least(n_nodes: int, tail, head, ms, sources) -> NDArray[np.int64]:
    order = np.lexsort((ms, head, tail))
    first = np.append(True, (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0))
    order = order[first]
    starts = np.append(0, np.cumsum(np.bincount(tail[order], minlength=n_nodes)))
    matrix = csr_array((ms[order].astype(float), head[order], starts), shape=(n_nodes, n_nodes))
    found = dijkstra(matrix, indices=sources)
    return np.where(np.isfinite(found), found, -1).astype(np.int64)


def test_everything_that_is_joined_is_reached(roads: RoadTables) -> None:
    """Random places over the map: each joined one reaches and is reached by every other; nothing joins an island.

    And the journeys keep the bounds that geometry sets: no faster than the straight line at 112 km/h, no shorter.
    """
    network = prepare(roads, profile="off_peak", leg=LEG)
    rng = np.random.default_rng(6)
    west, south, east, north = roads.edges.total_bounds
    spots = network.spots(rng.uniform(west, east, 80), rng.uniform(south, north, 80))
    milliseconds, metres = network.journeys(spots, spots)
    joined = spots.snap_m <= LEG.limit_m
    assert joined.sum() > 40
    assert ((milliseconds >= 0) == np.logical_and.outer(joined, joined)).all()
    away = np.hypot(spots.x[:, None] - spots.x, spots.y[:, None] - spots.y)
    reached = milliseconds >= 0
    # A grid's scale differs from the ground's by at most about 1 in 1,000.
    assert (metres[reached] >= 0.998 * away[reached] - 2).all()
    assert (milliseconds[reached] >= 0.998 * away[reached] * 3_600 / 112.7 - 2_000).all()


def test_turns_cost_little_and_never_help(roads: RoadTables) -> None:
    """What leaving the turn restrictions out would cost: the share of journeys that they lengthen, and by how much."""
    assert roads.turns is not None
    if roads.turns.empty:
        pytest.skip("this map has no turn restrictions")
    free = RoadTables(roads.nodes, roads.edges, roads.speeds)
    rng = np.random.default_rng(7)
    west, south, east, north = roads.edges.total_bounds
    x, y = rng.uniform(west, east, 150), rng.uniform(south, north, 150)
    times = []
    for tables in (free, roads):
        network = prepare(tables, profile="off_peak", leg=LEG)
        spots = network.spots(x, y)
        times.append(network.milliseconds(spots, spots).astype(float))
    both = (times[0] > 0) & (times[1] > 0)
    assert (times[1][both] >= times[0][both]).all()
    longer = times[1][both] / times[0][both]
    assert (longer > 1).mean() < 0.5
    assert longer.mean() < 1.02
