"""Siting beside spopt (PuLP and CBC) and a plain model in HiGHS: the same question, the same answer, one thread each.

Run with ``make bench``. The slow peers are timed once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from numpy.typing import NDArray

from sufficiency.planning.sites import choose_sites
from tests.bench.clock import compare, seconds_of
from tests.oracle.test_choose_sites import median

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

Ints = NDArray[np.int64]
COUNTY = "60 settings and 40 sites x 3 sizes, 600 groups of 7,000 pupils, budget, five more sites at most"
GAP = 1e-6
PEERS = "a peer of the benchmarks: make bench installs it"


def county(seed: int) -> dict[str, Any]:
    """A county: 150 zones x 2 needs x 2 phases, a quarter of the pairs suitable, 300 places short until sites open."""
    rng = np.random.default_rng(seed)
    zones, existing, sites = rng.random((150, 2)) * 60, rng.random((60, 2)) * 60, rng.random((40, 2)) * 60
    columns = np.vstack([existing, np.repeat(sites, 3, axis=0)])
    zone, need, phase = np.repeat(np.arange(150), 4), np.tile([0, 0, 1, 1], 150), np.tile([0, 1, 0, 1], 150)
    pupils = rng.multinomial(7_000, rng.dirichlet(np.full(600, 2.0)))
    km = np.hypot(*(zones[zone][:, None, :] - columns[None, :, :]).transpose(2, 0, 1))
    needs, phases = rng.random((100, 2)) < 0.53, rng.random((100, 2)) < 0.53
    needs[np.arange(100), rng.integers(0, 2, 100)] = True
    phases[np.arange(100), rng.integers(0, 2, 100)] = True
    site = np.concatenate([np.arange(60), np.repeat(np.arange(60, 100), 3)])
    suits = needs[site][:, need].T & phases[site][:, phase].T & (km < 28)
    sizes = np.tile([60, 120, 200], 40)
    capital = np.round(sizes * rng.uniform(0.08, 0.14, 120)).astype(np.int64)
    return {
        "cost": np.where(suits, (km * 90_000).astype(np.int64), -1),
        "pupils": pupils.astype(np.int64),
        "capacity": np.concatenate([rng.multinomial(6_700, rng.dirichlet(np.full(60, 5.0))), sizes]).astype(np.int64),
        "opening_cost": np.zeros(180, np.int64),
        "p": 65,
        "capital": np.concatenate([np.zeros(60, np.int64), capital]),
        "budget": 60,
        "must_open": range(60),
        "at_most_one": [(60 + 3 * at, 61 + 3 * at, 62 + 3 * at) for at in range(40)],
    }


def by_highs(cost: Ints, pupils: Ints, **question: Any) -> float:
    """Solve the textbook model with strong links for every pair."""
    rows, columns = np.nonzero(cost >= 0)
    capacity, m = question.get("capacity"), cost.shape[1]
    highs = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", GAP)):
        highs.setOptionValue(name, value)
    must = set(question.get("must_open", ()))
    opened = [highs.addVariable(float(j in must), 1.0, type=highspy.HighsVarType.kInteger) for j in range(m)]
    scale = float(cost.max())
    shares = [
        highs.addVariable(0.0, 1.0, float(cost[i, j]) * float(pupils[i]) / scale)
        for i, j in zip(rows, columns, strict=True)
    ]
    for i in range(len(cost)):
        highs.addConstr(highs.qsum([shares[at] for at in np.flatnonzero(rows == i)]) == 1)
    for at, j in enumerate(columns):
        highs.addConstr(shares[at] <= opened[j])
    if capacity is not None:
        for j in range(m):
            load = [float(pupils[rows[at]]) * shares[at] for at in np.flatnonzero(columns == j)]
            if load:
                highs.addConstr(highs.qsum(load) <= float(capacity[j]) * opened[j])
    if question.get("budget") is not None:
        spent = [float(money) * opened[j] for j, money in enumerate(question["capital"]) if money]
        highs.addConstr(highs.qsum(spent) <= float(question["budget"]))
    for group in question.get("at_most_one", ()):
        highs.addConstr(highs.qsum([opened[j] for j in group]) <= 1)
    highs.addConstr(highs.qsum(opened) <= float(question["p"]))
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value) * scale


def by_spopt(cost: Ints, p: int) -> float:
    """Solve the p-median as spopt's documentation shows it."""
    pulp = pytest.importorskip("pulp", reason=PEERS)
    locate = pytest.importorskip("spopt.locate", reason=PEERS)
    model = locate.PMedian.from_cost_matrix(cost.astype(float), np.ones(len(cost)), p_facilities=p)
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=0.0))
    return float(pulp.value(model.problem.objective))


@pytest.mark.real
@pytest.mark.benchmark(group="siting, p-median")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # what the peer warns of
@pytest.mark.parametrize("name", ["pmed1", "pmed3", "pmed5"])
@pytest.mark.parametrize("peer", ["spopt", "highspy"])
def test_median_against(benchmark: BenchmarkFixture, real_data: Path, name: str, peer: str) -> None:
    cost, p = median(real_data, name)
    nothing = np.zeros(len(cost), np.int64)
    work = (lambda: by_spopt(cost, p)) if peer == "spopt" else (lambda: by_highs(cost, nothing + 1, p=p))
    seconds, expected = seconds_of(work, rounds=1)
    ours = benchmark.pedantic(choose_sites, (cost, nothing + 1, None, nothing), {"p": p}, rounds=2)
    assert ours.status == "optimal"
    assert ours.objective == pytest.approx(expected, rel=1e-6)
    words = {"spopt": "spopt PMedian (PuLP, CBC)", "highspy": "a plain model in highspy"}
    compare(benchmark, words[peer], seconds, size=f"{name}, {len(cost)} nodes, p = {p}", threads_ours=1, threads_peer=1)


@pytest.mark.benchmark(group="siting, county")
@pytest.mark.parametrize("seed", [3, 5])
def test_county_against_highspy(benchmark: BenchmarkFixture, seed: int) -> None:
    question = county(seed)
    ours = benchmark.pedantic(choose_sites, (), question, rounds=1)
    assert ours.status == "optimal"
    assert ours.gap <= GAP
    seconds, expected = seconds_of(lambda: by_highs(**question), rounds=1)
    assert ours.objective == pytest.approx(expected, rel=2 * GAP)
    compare(benchmark, "a plain model in highspy", seconds, size=COUNTY, threads_ours=1, threads_peer=1)


@pytest.mark.real
@pytest.mark.benchmark(group="siting, p-median alone")
def test_the_hardest_of_the_first_ten_medians(benchmark: BenchmarkFixture, real_data: Path) -> None:
    cost, p = median(real_data, "pmed6")
    nothing = np.zeros(len(cost), np.int64)
    ours = benchmark.pedantic(choose_sites, (cost, nothing + 1, None, nothing), {"p": p}, rounds=1)
    assert (ours.status, ours.objective) == ("optimal", 7824)
