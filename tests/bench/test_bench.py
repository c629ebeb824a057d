"""How fast, against named peers on the same work in the same run; a ratio, never a time to pass.

Each benchmark times a peer beside us (least of a few rounds), proves that both give the same answer, and reports
``times_as_fast`` = peer ÷ ours and the threads of both. Run with ``make bench``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from sufficiency.allocation import settle, transport
from sufficiency.travel import RoadGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

Ints = NDArray[np.int64]
PEER_ROUNDS = 3
SEED = 2028


def _least_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    least, answer = float("inf"), None
    for _ in range(PEER_ROUNDS):
        start = time.perf_counter()
        answer = work()
        least = min(least, time.perf_counter() - start)
    return least, answer


def _report(benchmark: BenchmarkFixture, peer: str, seconds: float, size: str) -> None:
    stats = benchmark.stats
    assert stats is not None
    benchmark.extra_info.update(
        {
            "peer": peer,
            "size": size,
            "threads_ours": 1,
            "threads_peer": 1,
            "peer_seconds": round(seconds, 4),
            "times_as_fast": round(seconds / stats.stats.min, 2),
        }
    )


@pytest.fixture(scope="module")
def county() -> tuple[Ints, Ints, Ints]:
    """A county's year: 1,200 groups, 60 provisions, one pair in three eligible, places for four pupils in five."""
    rng = np.random.default_rng(SEED)
    cost = rng.integers(60_000, 5_400_000, (1_200, 60))
    cost[rng.random(cost.shape) < 2 / 3] = -1
    pupils = rng.integers(1, 4, 1_200)
    places = rng.multinomial(int(pupils.sum() * 0.8), np.full(60, 1 / 60))
    return cost.astype(np.int64), pupils.astype(np.int64), places.astype(np.int64)


@pytest.fixture(scope="module")
def roads() -> tuple[int, Ints, Ints, Ints]:
    """A grid of 70 by 70 junctions, two-way links of 5 to 60 seconds."""
    rng = np.random.default_rng(SEED)
    node = np.arange(4_900).reshape(70, 70)
    one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    tail, head = np.concatenate([one, other]), np.concatenate([other, one])
    return 4_900, tail, head, rng.integers(5_000, 60_000, tail.size)


@pytest.mark.benchmark(group="allocation")
def test_transport_against_networkx_network_simplex(
    benchmark: BenchmarkFixture, county: tuple[Ints, Ints, Ints]
) -> None:
    cost, pupils, places = county
    penalty = int(cost.max()) * (2 * len(places) + 2)

    def peer() -> int:
        graph = nx.DiGraph()
        for row, count in enumerate(pupils.tolist()):
            graph.add_node(("pupil", row), demand=-count)
            graph.add_edge(("pupil", row), "end", weight=penalty)
        for column, count in enumerate(places.tolist()):
            graph.add_edge(("place", column), "end", capacity=count, weight=0)
        for row, column in zip(*(index.tolist() for index in np.nonzero(cost >= 0)), strict=True):
            graph.add_edge(("pupil", row), ("place", column), weight=int(cost[row, column]))
        graph.add_node("end", demand=int(pupils.sum()))
        return int(nx.network_simplex(graph)[0])

    seconds, least = _least_seconds(peer)
    ours = benchmark(transport, cost, pupils, places)
    assert ours.cost + penalty * int(ours.unplaced.sum()) == least
    _report(benchmark, f"networkx {nx.__version__} network_simplex", seconds, "1,200 groups x 60 provisions")


@pytest.mark.benchmark(group="allocation")
def test_transport_against_scipy_linprog(benchmark: BenchmarkFixture, county: tuple[Ints, Ints, Ints]) -> None:
    cost, pupils, places = county
    penalty = float(cost.max()) * 10
    rows, columns = np.nonzero(cost >= 0)
    n, cells = len(pupils), len(rows)

    def peer() -> float:
        ones = np.ones(cells)
        placed = sparse.csr_array((ones, (rows, np.arange(cells))), shape=(n, cells))
        equal = sparse.hstack([placed, sparse.eye_array(n)], format="csr")
        used = sparse.csr_array((ones, (columns, np.arange(cells))), shape=(len(places), cells + n))
        price = np.concatenate([cost[rows, columns].astype(float), np.full(n, penalty)])
        return float(linprog(price, A_ub=used, b_ub=places, A_eq=equal, b_eq=pupils, method="highs-ds").fun)

    seconds, least = _least_seconds(peer)
    ours = benchmark(transport, cost, pupils, places)
    assert ours.cost + penalty * ours.unplaced.sum() == pytest.approx(least, rel=1e-9)
    _report(benchmark, "scipy linprog (HiGHS dual simplex)", seconds, "1,200 groups x 60 provisions")


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

    seconds, expected = _least_seconds(peer)
    road_graph = RoadGraph.from_arrays(n_nodes, tail, head, milliseconds)
    ours = benchmark(road_graph.matrix, origins, settings, threads=1)
    assert ours.tolist() == expected
    _report(
        benchmark,
        f"networkx {nx.__version__} Dijkstra from each setting",
        seconds,
        "280 homes x 40 settings, 4,900 junctions",
    )


@pytest.mark.benchmark(group="allocation what-if")
@pytest.mark.parametrize("change", ["sixty more places", "closed", "a new provision of sixty"])
def test_what_if_against_a_fresh_solve(benchmark: BenchmarkFixture, change: str) -> None:
    """7,000 pupils one by one, 150 provisions: nothing to merge, the worst case for mending."""
    rng = np.random.default_rng(SEED)
    homes, schools = rng.random((7_000, 2)), rng.random((150, 2))
    away = np.hypot(*(homes[:, None] - schools[None]).transpose(2, 0, 1))
    cost = np.where(rng.random((7_000, 150)) < 0.28, (away * 3_600_000).astype(np.int64), -1)
    pupils = np.ones(7_000, dtype=np.int64)
    places = rng.multinomial(6_790, np.full(150, 1 / 150)).astype(np.int64)
    column = np.where(rng.random(7_000) < 0.28, rng.integers(60_000, 1_800_000, 7_000), -1)
    found = settle(cost, pupils, places)
    changed, wide = places.copy(), cost
    if change == "a new provision of sixty":
        changed, wide = np.append(places, 60), np.column_stack([cost, column])
        ours = benchmark.pedantic(found.with_column, (column, 60), rounds=20, warmup_rounds=2)
    else:
        changed[3] = 0 if change == "closed" else places[3] + 60
        ours = benchmark.pedantic(found.with_places, ({3: int(changed[3])},), rounds=20, warmup_rounds=2)
    seconds, fresh = _least_seconds(lambda: transport(wide, pupils, changed))
    assert (ours.unplaced_pupils, ours.cost_sum) == (int(fresh.unplaced.sum()), fresh.cost)
    _report(benchmark, "transport anew", seconds, f"7,000 pupils x 150 provisions, {change}")
