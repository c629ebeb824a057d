"""How fast, against named peers on the same work in the same run; a ratio, never a time to pass.

Each benchmark times a peer beside us (least of a few rounds), proves that both give the same answer, and reports
``times_as_fast`` = peer ÷ ours and the threads of both. Run with ``make bench``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from sufficiency.travel import RoadGraph
from tests.bench.clock import compare, seconds_of

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

Ints = NDArray[np.int64]
SEED = 2028


@pytest.fixture(scope="module")
def roads() -> tuple[int, Ints, Ints, Ints]:
    """A grid of 70 by 70 junctions, two-way links of 5 to 60 seconds."""
    rng = np.random.default_rng(SEED)
    node = np.arange(4_900).reshape(70, 70)
    one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    tail, head = np.concatenate([one, other]), np.concatenate([other, one])
    return 4_900, tail, head, rng.integers(5_000, 60_000, tail.size)


@pytest.mark.benchmark(group="travel")
def test_matrix_against_networkx_dijkstra(benchmark: BenchmarkFixture, roads: tuple[int, Ints, Ints, Ints]) -> None:
    n_nodes, tail, head, milliseconds = roads
    rng = np.random.default_rng(SEED)
    origins, settings = rng.choice(n_nodes, 280, replace=False), rng.choice(n_nodes, 40, replace=False)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(head.tolist(), tail.tolist(), milliseconds.tolist(), strict=True))

    def peer() -> list[list[int]]:
        found = [nx.single_source_dijkstra_path_length(graph, int(setting)) for setting in settings]
        return [[times[int(origin)] for times in found] for origin in origins]

    seconds, expected = seconds_of(peer)
    road_graph = RoadGraph.from_arrays(n_nodes, tail, head, milliseconds)
    ours = benchmark(road_graph.matrix, origins, settings, threads=1)
    assert ours.tolist() == expected
    compare(
        benchmark,
        f"networkx {nx.__version__} Dijkstra from each setting",
        seconds,
        size="280 homes x 40 settings, 4,900 junctions",
        threads_ours=1,
        threads_peer=1,
    )
