"""The allocation at the size of a large county and of a region: every pupil a row of their own, nothing to merge.

Peers that take a minute are timed once. Run with ``make bench``.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow
from scipy import sparse
from scipy.optimize import linprog

from sufficiency.allocation import certify, settle, transport
from tests.bench.clock import compare, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]
SEED = 2028
SMALL = "1,200 groups x 60 provisions"
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


def small_county() -> Problem:
    """1,200 groups, 60 provisions, one pair in three eligible, places for four pupils in five."""
    rng = np.random.default_rng(SEED)
    cost = rng.integers(60_000, 5_400_000, (1_200, 60))
    cost[rng.random(cost.shape) < 2 / 3] = -1
    pupils = rng.integers(1, 4, 1_200)
    places = rng.multinomial(int(pupils.sum() * 0.8), np.full(60, 1 / 60))
    return cost.astype(np.int64), pupils.astype(np.int64), places.astype(np.int64)


def report(benchmark: BenchmarkFixture, peer: str, seconds: float, size: str) -> None:
    compare(benchmark, peer, seconds, size=size, threads_ours=1, threads_peer=1)


SIZES = {
    LARGE: (problem, (7_000, 150)),
    SMALL: (small_county, ()),
}


@pytest.fixture(scope="module", params=SIZES)
def county(request: pytest.FixtureRequest) -> tuple[str, Problem]:
    make, size = SIZES[request.param]
    return request.param, make(*size)


def by_networkx(cost: Ints, pupils: Ints, places: Ints) -> tuple[int, int]:
    """Priced cost of the optimum by network simplex, and the price of a pupil without a place."""
    penalty = int(cost.max()) * (2 * len(places) + 2)
    graph = nx.DiGraph()
    for row, count in enumerate(pupils.tolist()):
        graph.add_node(("pupil", row), demand=-count)
        graph.add_edge(("pupil", row), "end", weight=penalty)
    for column, count in enumerate(places.tolist()):
        graph.add_edge(("place", column), "end", capacity=count, weight=0)
    for row, column in zip(*(index.tolist() for index in np.nonzero(cost >= 0)), strict=True):
        graph.add_edge(("pupil", row), ("place", column), weight=int(cost[row, column]))
    graph.add_node("end", demand=int(pupils.sum()))
    return int(nx.network_simplex(graph)[0]), penalty


def by_linprog(cost: Ints, pupils: Ints, places: Ints) -> tuple[float, float]:
    """Priced cost of the optimum by HiGHS, and the price of a pupil without a place."""
    penalty = float(cost.max()) * 10
    rows, columns = np.nonzero(cost >= 0)
    n, cells = len(pupils), len(rows)
    ones = np.ones(cells)
    placed = sparse.csr_array((ones, (rows, np.arange(cells))), shape=(n, cells))
    equal = sparse.hstack([placed, sparse.eye_array(n)], format="csr")
    used = sparse.csr_array((ones, (columns, np.arange(cells))), shape=(len(places), cells + n))
    price = np.concatenate([cost[rows, columns].astype(float), np.full(n, penalty)])
    found = linprog(price, A_ub=used, b_ub=places, A_eq=equal, b_eq=pupils, method="highs")
    return float(found.fun), penalty


@pytest.mark.benchmark(group="allocation")
@pytest.mark.parametrize(
    ("name", "peer"),
    [
        (f"networkx {nx.__version__} network_simplex", by_networkx),
        ("scipy linprog (HiGHS, its own choice of method)", by_linprog),
    ],
    ids=["networkx", "scipy"],
)
def test_transport_against(
    benchmark: BenchmarkFixture, county: tuple[str, Problem], name: str, peer: Callable[..., tuple[float, float]]
) -> None:
    size, question = county
    seconds, (least, penalty) = seconds_of(lambda: peer(*question), rounds=1)
    ours = benchmark(transport, *question)
    assert ours.cost + penalty * int(ours.unplaced.sum()) == pytest.approx(least, rel=1e-9)
    report(benchmark, name, seconds, size)


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


@pytest.mark.benchmark(group="allocation")
def test_against_ortools_on_every_arc(benchmark: BenchmarkFixture) -> None:
    large = problem(7_000, 150)
    seconds, expected = seconds_of(lambda: on_every_arc(*large))
    ours = benchmark(transport, *large)
    assert (int(ours.flow.sum()), ours.cost) == expected
    report(benchmark, "OR-Tools SimpleMinCostFlow on every arc", seconds, LARGE)


@pytest.mark.benchmark(group="allocation, region")
def test_a_region_against_ortools_on_every_arc(benchmark: BenchmarkFixture) -> None:
    region = problem(50_000, 500)
    ours = benchmark.pedantic(transport, region, rounds=1)
    certify(*region, ours, label=("bench", "optimal", 0, "region"))
    seconds, expected = seconds_of(lambda: on_every_arc(*region), rounds=1)
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


@pytest.mark.benchmark(group="allocation what-if")
@pytest.mark.parametrize("change", ["sixty more places", "closed", "a new provision of sixty"])
def test_what_if_against_a_fresh_solve(benchmark: BenchmarkFixture, change: str) -> None:
    """7,000 pupils one by one, 150 provisions: nothing to merge, the worst case for mending."""
    cost, pupils, places = problem(7_000, 150)
    rng = np.random.default_rng(SEED)
    column = np.where(rng.random(7_000) < 0.28, rng.integers(60_000, 1_800_000, 7_000), -1)
    found = settle(cost, pupils, places)
    changed, wide = places.copy(), cost
    if change == "a new provision of sixty":
        changed, wide = np.append(places, 60), np.column_stack([cost, column])
        ours = benchmark.pedantic(found.with_column, (column, 60), rounds=20, warmup_rounds=2)
    else:
        changed[3] = 0 if change == "closed" else places[3] + 60
        ours = benchmark.pedantic(found.with_places, ({3: int(changed[3])},), rounds=20, warmup_rounds=2)
    seconds, fresh = seconds_of(lambda: transport(wide, pupils, changed))
    assert (ours.unplaced_pupils, ours.cost_sum) == (int(fresh.unplaced.sum()), fresh.cost)
    report(benchmark, "transport anew", seconds, f"{LARGE}, {change}")
