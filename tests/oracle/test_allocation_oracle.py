"""`transport` against two independent solvers, and tiers against solving them one after the other."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog
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
