"""The engine against scipy on graphs of every shape: grids, random, dense, stars, rings, one-way, islands."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sufficiency.travel import RoadGraph

Ints = NDArray[np.int64]
Graph = tuple[int, Ints, Ints, Ints]


def scipy_least(graph: Graph, sources: Ints) -> Ints:
    """Least ms from each source to every node, -1 = no way; of parallel arcs the least, self-loops apart."""
    n_nodes, tail, head, ms = graph
    order = np.lexsort((ms, head, tail))
    tail, head, ms = tail[order], head[order], ms[order]
    kept = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])) & (tail != head)
    first = np.zeros(n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail[kept], minlength=n_nodes), out=first[1:])
    # Entries are given, not summed: a weight of 0 stays an arc.
    matrix = csr_array((ms[kept].astype(float), head[kept].astype(np.int32), first), shape=(n_nodes, n_nodes))
    found = dijkstra(matrix, indices=sources)
    return np.where(np.isfinite(found), found, -1).astype(np.int64)


def grid(width: int, height: int, rng: np.random.Generator, *, one_way_share: float) -> Graph:
    node = np.arange(width * height).reshape(height, width)
    one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    back = rng.random(one.size) >= one_way_share
    tail, head = np.concatenate([one, other[back]]), np.concatenate([other, one[back]])
    return width * height, tail, head, rng.integers(0, 60_000, tail.size)


def some_graphs() -> dict[str, Graph]:
    rng = np.random.default_rng(7)
    nodes = np.arange(400)
    dense = np.array([(a, b) for a in range(60) for b in range(60)]).T
    return {
        "grid": grid(40, 30, rng, one_way_share=0.1),
        "grid of one-way streets": grid(25, 25, rng, one_way_share=0.7),
        "grid of equal weights": (900, *grid(30, 30, rng, one_way_share=0)[1:3], np.full(2 * 2 * 29 * 30, 5)),
        "random": (500, rng.integers(0, 500, 2_500), rng.integers(0, 500, 2_500), rng.integers(0, 9, 2_500)),
        "sparse, in islands": (800, rng.integers(0, 800, 700), rng.integers(0, 800, 700), rng.integers(0, 99, 700)),
        "dense": (60, *dense, rng.integers(0, 1_000, dense.shape[1])),
        "star": (401, np.append(nodes, np.full(400, 400)), np.append(np.full(400, 400), nodes), np.arange(800)),
        "ring": (400, nodes, (nodes + 1) % 400, np.full(400, 3)),
        "no weights at all": (400, rng.integers(0, 400, 900), rng.integers(0, 400, 900), np.zeros(900, np.int64)),
        "heavy": (300, rng.integers(0, 300, 900), rng.integers(0, 300, 900), rng.integers(0, 190_000_000, 900)),
        "parallels and loops": (6, *rng.integers(0, 6, (2, 200)), rng.integers(0, 50, 200)),
    }


GRAPHS = some_graphs()


@pytest.mark.parametrize("name", GRAPHS)
def test_every_pair_of_every_graph_is_scipy(name: str) -> None:
    graph = GRAPHS[name]
    nodes = np.arange(graph[0])
    expected = scipy_least(graph, nodes)
    road = RoadGraph.from_arrays(*graph)
    assert (road.matrix(nodes, nodes) == expected).all()
    few, rng = nodes[::7], np.random.default_rng(1)
    many = rng.choice(nodes, 900)
    assert (road.matrix(many, few) == expected[many][:, few]).all()
    assert (road.matrix(few, many) == expected[few][:, many]).all()
    assert (road.one_to_all(int(many[0])) == expected[many[0]]).all()
    assert (road.all_to_one(int(many[0])) == expected[:, many[0]]).all()


@pytest.mark.parametrize("name", GRAPHS)
def test_paths_and_scores_are_their_definition(name: str) -> None:
    graph = GRAPHS[name]
    n_nodes, tail, head, ms = graph
    rng = np.random.default_rng(2)
    road = RoadGraph.from_arrays(*graph)
    pupils, sites = rng.integers(0, n_nodes, 50), rng.integers(0, n_nodes, 70)
    there = scipy_least(graph, pupils)
    for o, d in zip(pupils[:20].tolist(), sites[:20].tolist(), strict=True):
        path, least = road.path(o, d), there[pupils.tolist().index(o), d]
        assert (path is None) == (least < 0)
        if path is not None:
            assert ms[path].sum() == least
            assert (tail[path[1:]] == head[path[:-1]]).all()
    weight, best = rng.integers(0, 5, 50), rng.integers(0, 3_000, 50)
    known = np.where(there < 0, best[:, None], np.minimum(there, best[:, None]))
    expected = (weight[:, None] * known).sum(axis=0)
    assert (road.score_sites(pupils, weight, best) == expected).all()
    assert (road.score_sites(pupils, weight, best, sites) == expected[sites]).all()
