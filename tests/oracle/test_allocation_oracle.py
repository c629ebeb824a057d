"""`transport` against two independent solvers, and tiers against solving them one after the other."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_matrix, vstack

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.solve import transport
from sufficiency.allocation.tiers import solve_tiers

Ints = NDArray[np.int64]
Problem = tuple[Ints, Ints, Ints]


def random_problem(seed: int) -> Problem:
    generator = np.random.default_rng(seed)
    n_groups, n_places = generator.integers(1, 25), generator.integers(1, 9)
    cost = generator.integers(0, 100, (n_groups, n_places))
    cost[generator.random(cost.shape) < generator.choice([0.2, 0.6])] = -1
    pupils = generator.integers(0, 6, n_groups)
    places = generator.integers(0, 2 + 2 * int(pupils.sum()) // n_places, n_places)
    return cost, pupils, places


def by_linprog(problem: Problem, most: int | None = None) -> tuple[int, float]:
    """Most placed by one linear program, then least cost by another with that many placed (HiGHS)."""
    cost, pupils, places = problem
    rows, columns = np.nonzero(cost >= 0)
    if len(rows) == 0:
        return 0, 0.0
    ones, arcs = np.ones(len(rows)), np.arange(len(rows))
    limits = vstack(
        [
            coo_matrix((ones, (rows, arcs)), (len(pupils), len(rows))),
            coo_matrix((ones, (columns, arcs)), (len(places), len(rows))),
        ]
    )
    room = np.concatenate([pupils, places])
    if most is None:
        most = round(-linprog(-ones, A_ub=limits, b_ub=room, method="highs").fun)
    least = linprog(cost[rows, columns], A_ub=limits, b_ub=room, A_eq=ones[None, :], b_eq=[most], method="highs")
    return most, float(least.fun)


def by_networkx(problem: Problem) -> tuple[int, int]:
    """Most placed, then least cost, by networkx (network simplex)."""
    cost, pupils, places = problem
    graph = nx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    for row, count in enumerate(pupils):
        graph.add_edge("source", ("group", row), capacity=int(count), weight=0)
    for column, count in enumerate(places):
        graph.add_edge(("place", column), "sink", capacity=int(count), weight=0)
    for row, column in zip(*np.nonzero(cost >= 0), strict=True):
        graph.add_edge(
            ("group", int(row)), ("place", int(column)), capacity=int(pupils[row]), weight=int(cost[row, column])
        )
    flow = nx.max_flow_min_cost(graph, "source", "sink")
    return sum(flow["source"].values()), nx.cost_of_flow(graph, flow)


@pytest.mark.parametrize("seed", range(60))
def test_equals_two_independent_solvers(seed: int) -> None:
    problem = random_problem(seed)
    answer = transport(*problem)
    certify(*problem, answer, label=("", "optimal", 2024, "transport"))
    mine = (int(answer.flow.sum()), answer.cost)
    most, least = by_linprog(problem)
    assert mine == (most, round(least))
    assert abs(least - round(least)) < 1e-6
    assert mine == by_networkx(problem)


BATCH = 100
BATCHES = 10


def varied_problem(seed: int) -> Problem:
    """Flat and tall, tied and not, scarce and ample, with rows and columns that nobody may use."""
    generator = np.random.default_rng([2025, seed])
    n_groups, n_places = int(generator.integers(1, 31)), int(generator.integers(1, 13))
    cost = generator.integers(0, generator.choice([2, 4, 60, 5_400_000]), (n_groups, n_places))
    cost[generator.random(cost.shape) < generator.choice([0.0, 0.2, 0.6])] = -1
    pupils = generator.integers(0, 5, n_groups)
    share = generator.choice([0.5, 1.0, 1.6])
    places = generator.multinomial(int(share * pupils.sum()), np.full(n_places, 1 / n_places))
    return cost, pupils, places.astype(np.int64)


def by_assignment(problem: Problem) -> tuple[int, int]:
    """Most placed, then least cost, one by one: each pupil a row, each place a column (shortest augmenting paths).

    As many columns more stand for no place, at a price above the cost of all journeys together.
    """
    cost, pupils, places = problem
    seats = np.repeat(np.arange(len(places)), np.minimum(places, pupils.sum()))
    owners = np.repeat(np.arange(len(pupils)), pupils)
    none = 1 + len(owners) * int(cost.max(initial=0))
    seated = cost[owners][:, seats].astype(float)
    seated[seated < 0] = np.inf
    row, column = linear_sum_assignment(np.hstack([seated, np.full((len(owners), len(owners)), float(none))]))
    held = column < len(seats)
    return int(held.sum()), int(cost[owners[row[held]], seats[column[held]]].sum())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_thousand_problems_equal_assignment_and_networkx(batch: int) -> None:
    short = dear = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        problem = varied_problem(seed)
        answer = transport(*problem)
        proof = certify(*problem, answer, label=("", "optimal", 2024, f"problem {seed}"))
        mine = (int(answer.flow.sum()), answer.cost)
        assert (proof.placed, proof.pupils) == (mine[0], problem[1].sum())
        assert mine == by_assignment(problem), seed
        assert mine == by_networkx(problem), seed
        nearest = np.where(problem[0] < 0, np.iinfo(np.int64).max, problem[0]).min(axis=1)
        short += 0 < proof.placed < proof.pupils
        dear += answer.cost > int((nearest * np.asarray(answer.flow.sum(axis=1)).ravel()).sum())
    # The problems are worth solving: in many somebody goes without, and in many not everyone has the nearest place.
    assert short > BATCH // 4
    assert dear > BATCH // 4


@pytest.mark.parametrize("seed", range(40))
def test_tiers_equal_one_linear_program_after_another(seed: int) -> None:
    cost, pupils, places = random_problem(1000 + seed)
    tier = np.random.default_rng(seed).integers(1, 4, len(places))
    answer = solve_tiers(cost, pupils, places, tier)
    rows, columns = np.nonzero(cost >= 0)
    if len(rows) == 0:
        assert answer.cost == 0
        return
    ones, arcs = np.ones(len(rows)), np.arange(len(rows))
    limits = vstack(
        [
            coo_matrix((ones, (rows, arcs)), (len(pupils), len(rows))),
            coo_matrix((ones, (columns, arcs)), (len(places), len(rows))),
        ]
    )
    room = np.concatenate([pupils, places])
    held: list[NDArray[np.float64]] = []
    counts: list[float] = []
    for last in np.unique(tier):
        within = (tier[columns] <= last).astype(float)
        equal = {"A_eq": np.array(held), "b_eq": counts} if held else {}
        counts = [*counts, float(round(-linprog(-within, A_ub=limits, b_ub=room, method="highs", **equal).fun))]
        held = [*held, within]
    least = linprog(cost[rows, columns], A_ub=limits, b_ub=room, A_eq=np.array(held), b_eq=counts, method="highs")
    flow = answer.flow.flow.toarray()
    assert [int(flow[:, tier <= last].sum()) for last in np.unique(tier)] == [int(count) for count in counts]
    assert answer.cost == round(least.fun)
