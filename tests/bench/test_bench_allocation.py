"""The allocation at the size of a large county and of a region: every pupil a row of their own, nothing to merge.

Peers that take a minute are timed once. Run with ``make bench``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow
from scipy import sparse
from scipy.optimize import linprog

from sufficiency.allocation import certify, transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]
SEED = 2028
LARGE = "7,000 pupils x 150 provisions"
PEAK_OF_A_REGION = """
import resource
from sufficiency.allocation import transport
from tests.bench.test_bench_allocation import problem
transport(*problem(50_000, 500))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
REGION = "50,000 pupils x 500 provisions, 7.1 million pairs"


def problem(n_pupils: int, n_places: int) -> Problem:
    """Homes and schools at random, 28.5 % of the pairs suitable, places for 97 of 100 pupils, costs in milliseconds."""
    rng = np.random.default_rng(SEED)
    homes, schools = rng.random((n_pupils, 2)), rng.random((n_places, 2))
    cost = np.empty((n_pupils, n_places), dtype=np.int64)
    for column, (x, y) in enumerate(schools):
        cost[:, column] = np.hypot(homes[:, 0] - x, homes[:, 1] - y) * 3_600_000
        cost[rng.random(n_pupils) >= 0.285, column] = -1
    places = rng.multinomial(int(n_pupils * 0.97), np.full(n_places, 1 / n_places)).astype(np.int64)
    return cost, np.ones(n_pupils, dtype=np.int64), places


def once(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def report(benchmark: BenchmarkFixture, peer: str, seconds: float, size: str) -> None:
    stats = benchmark.stats
    assert stats is not None
    benchmark.extra_info.update(
        peer=peer, size=size, threads_ours=1, threads_peer=1, peer_seconds=round(seconds, 3),
        times_as_fast=round(seconds / stats.stats.min, 1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def large() -> Problem:
    return problem(7_000, 150)


@pytest.mark.benchmark(group="allocation, large county")
def test_against_networkx_network_simplex(benchmark: BenchmarkFixture, large: Problem) -> None:
    cost, pupils, places = large
    penalty = int(cost.max()) * (2 * len(places) + 2)

    def peer() -> int:
        graph = nx.DiGraph()
        for row in range(len(pupils)):
            graph.add_node(("pupil", row), demand=-1)
            graph.add_edge(("pupil", row), "end", weight=penalty)
        for column, count in enumerate(places.tolist()):
            graph.add_edge(("place", column), "end", capacity=count, weight=0)
        for row, column in zip(*(index.tolist() for index in np.nonzero(cost >= 0)), strict=True):
            graph.add_edge(("pupil", row), ("place", column), weight=int(cost[row, column]))
        graph.add_node("end", demand=len(pupils))
        return int(nx.network_simplex(graph)[0])

    seconds, least = once(peer)
    ours = benchmark(transport, *large)
    assert ours.cost + penalty * int(ours.unplaced.sum()) == least
    report(benchmark, f"networkx {nx.__version__} network_simplex", seconds, LARGE)


@pytest.mark.benchmark(group="allocation, large county")
def test_against_scipy_linprog(benchmark: BenchmarkFixture, large: Problem) -> None:
    cost, pupils, places = large
    penalty = float(cost.max()) * 10
    rows, columns = np.nonzero(cost >= 0)
    n, cells = len(pupils), len(rows)

    def peer() -> float:
        ones = np.ones(cells)
        placed = sparse.csr_array((ones, (rows, np.arange(cells))), shape=(n, cells))
        equal = sparse.hstack([placed, sparse.eye_array(n)], format="csr")
        used = sparse.csr_array((ones, (columns, np.arange(cells))), shape=(len(places), cells + n))
        price = np.concatenate([cost[rows, columns].astype(float), np.full(n, penalty)])
        return float(linprog(price, A_ub=used, b_ub=places, A_eq=equal, b_eq=pupils, method="highs").fun)

    seconds, least = once(peer)
    ours = benchmark(transport, *large)
    assert ours.cost + penalty * ours.unplaced.sum() == pytest.approx(least, rel=1e-9)
    report(benchmark, "scipy linprog (HiGHS, its own choice of method)", seconds, LARGE)


def on_every_arc(cost: Ints, pupils: Ints, places: Ints) -> tuple[int, int]:
    """Placed pupils and cost by OR-Tools' solver on every arc, as its documentation shows it."""
    n, m = cost.shape
    rows, columns = np.nonzero(cost >= 0)
    penalty = int(cost.max()) * (2 * m + 2)
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([rows, n + np.arange(m), np.arange(n)]).astype(np.int32),
        np.concatenate([n + columns, np.full(m + n, n + m)]).astype(np.int32),
        np.concatenate([np.ones(len(rows), np.int64), places, pupils]),
        np.concatenate([cost[rows, columns], np.zeros(m, np.int64), np.full(n, penalty)]),
    )
    supply = np.concatenate([pupils, np.zeros(m, np.int64), [-pupils.sum()]])
    solver.set_nodes_supplies(np.arange(n + m + 1, dtype=np.int32), supply)
    assert solver.solve() == solver.OPTIMAL
    flow = solver.flows(arcs[: len(rows)])
    return int(flow.sum()), int((flow * cost[rows, columns]).sum())


@pytest.mark.benchmark(group="allocation, large county")
def test_against_ortools_on_every_arc(benchmark: BenchmarkFixture, large: Problem) -> None:
    seconds, expected = min((once(lambda: on_every_arc(*large)) for _ in range(3)), key=lambda found: found[0])
    ours = benchmark(transport, *large)
    assert (int(ours.flow.sum()), ours.cost) == expected
    report(benchmark, "OR-Tools SimpleMinCostFlow on every arc", seconds, LARGE)


@pytest.mark.benchmark(group="allocation, region")
def test_a_region_against_ortools_on_every_arc(benchmark: BenchmarkFixture) -> None:
    region = problem(50_000, 500)
    ours = benchmark.pedantic(transport, region, rounds=1)
    certify(*region, ours, label=("bench", "optimal", 0, "region"))
    seconds, expected = once(lambda: on_every_arc(*region))
    assert (int(ours.flow.sum()), ours.cost) == expected
    peak = subprocess.run(
        [
            sys.executable, "-c",
            PEAK_OF_A_REGION,
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    benchmark.extra_info["peak_megabytes"] = int(peak.stdout)
    report(benchmark, "OR-Tools SimpleMinCostFlow on every arc", seconds, f"{REGION}; peak {int(peak.stdout):,} MB")
