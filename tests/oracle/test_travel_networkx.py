"""The graph door against an independent library and a closed form."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.travel import RoadGraph, engine
from sufficiency.travel.stops import SECOND_BITS

Arc = tuple[int, int, int, int]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Arc]]:
    """Up to 9 nodes and 24 arcs (tail, head, ms, mm), with zero weights, self-loops, parallels and ties in plenty."""
    n_nodes = draw(st.integers(1, 9))
    node = st.integers(0, n_nodes - 1)
    weight = st.one_of(st.integers(0, 3), st.integers(0, 100_000))
    return n_nodes, draw(st.lists(st.tuples(node, node, weight, st.integers(0, 4)), max_size=24))


def networkx_least(n_nodes: int, arcs: list[Arc], *, scale: int) -> dict[int, dict[int, int]]:
    """Least ms x scale + mm, with Python's unlimited integers."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(n_nodes))
    graph.add_edges_from((tail, head, {"weight": ms * scale + mm}) for tail, head, ms, mm in arcs)
    return dict(nx.all_pairs_dijkstra_path_length(graph))


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_matrix_is_networkx_dijkstra(graph: tuple[int, list[Arc]], data: st.DataObject) -> None:
    n_nodes, arcs = graph
    nodes = st.lists(st.integers(0, n_nodes - 1), max_size=6)
    origins, destinations = data.draw(nodes), data.draw(nodes)
    least = networkx_least(n_nodes, [(tail, head, ms, 0) for tail, head, ms, _ in arcs], scale=1)
    expected = [[least[o].get(d, -1) for d in destinations] for o in origins]
    columns = [list(column) for column in zip(*arcs, strict=True)] or [[], [], [], []]
    found = RoadGraph.from_arrays(n_nodes, *columns[:3]).matrix(origins, destinations)
    assert found.shape == (len(origins), len(destinations))
    assert found.tolist() == expected


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_second_weight_is_the_least_among_least_first(graph: tuple[int, list[Arc]], data: st.DataObject) -> None:
    """Two weights in one number, folded, searched and driven; by networkx with Python's unlimited integers."""
    n_nodes, arcs = graph
    nodes = st.lists(st.integers(0, n_nodes - 1), min_size=1, max_size=6)
    origins, destinations = data.draw(nodes), data.draw(nodes)
    least = networkx_least(n_nodes, arcs, scale=1_000)
    expected = [[least[o].get(d, -1) for d in destinations] for o in origins]
    tail, head, ms, mm = np.array(arcs, dtype=np.int64).reshape(-1, 4).T
    both = (ms << SECOND_BITS) + mm
    folded = engine.fold(n_nodes, tail, head, both)
    stops = engine.Stops.at(np.array(origins))
    found = folded.least(stops, folded.ground(engine.Stops.at(np.array(destinations)), toward_stops=True)).T
    apart = np.where(found < 0, -1, (found >> SECOND_BITS) * 1_000 + (found & (2**SECOND_BITS - 1)))
    assert apart.tolist() == expected
    leaving = engine.Leaving.of(n_nodes, tail, head)
    for o in range(n_nodes):
        start = np.array([o])
        plain = engine.dijkstra(leaving.first, leaving.arc, head, both, start, np.zeros(1, np.int64))
        assert plain.tolist() == folded.least(engine.Stops.at(start), folded.everywhere)[:, 0].tolist()
        way = engine.way(leaving, both, plain, start, destinations[0])
        assert (way is None) == (destinations[0] not in least[o])
        if way is not None:
            assert int(ms[way].sum()) * 1_000 + int(mm[way].sum()) == least[o][destinations[0]]


def grid_city(width: int, height: int, east_ms: int, north_ms: int) -> RoadGraph:
    """Two-way streets between neighbours; node = x + width x y."""
    arcs = []
    for x in range(width):
        for y in range(height):
            here = x + width * y
            if x + 1 < width:
                arcs += [(here, here + 1, east_ms), (here + 1, here, east_ms)]
            if y + 1 < height:
                arcs += [(here, here + width, north_ms), (here + width, here, north_ms)]
    tail, head, ms = zip(*arcs, strict=True)
    return RoadGraph.from_arrays(width * height, tail, head, ms)


@pytest.mark.parametrize(("width", "height"), [(7, 5), (1, 9), (12, 12)])
def test_grid_city_has_a_closed_form(width: int, height: int) -> None:
    """Blocks of 1,100 ms east and 700 ms north: |dx| x 1,100 + |dy| x 700."""
    nodes = np.arange(width * height)
    x, y = nodes % width, nodes // width
    expected = np.abs(x[:, None] - x) * 1_100 + np.abs(y[:, None] - y) * 700
    assert (grid_city(width, height, 1_100, 700).matrix(nodes, nodes) == expected).all()


def test_one_way_ring_has_a_closed_form() -> None:
    """n nodes round one way, 13 ms a step: ((d - o) mod n) x 13."""
    nodes = np.arange(40)
    ring = RoadGraph.from_arrays(40, nodes, (nodes + 1) % 40, np.full(40, 13))
    assert (ring.matrix(nodes, nodes) == (nodes - nodes[:, None]) % 40 * 13).all()
