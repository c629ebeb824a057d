"""The least-cost flow itself: OR-Tools' cost-scaling solver on few arcs, more of them while the prices ask for more.

Nearly every pupil is placed in one of the nearest few places, so most arcs of a county never carry anybody. The first
solve sees the cheapest arcs of each row. Its flow is optimal on all arcs when their residual graph has no cycle that
saves; until then, its prices say which further arcs would lower the cost, and those join.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, section 17.5 (column generation) and theorem 9.3 (reduced costs).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
from ortools.graph.python import min_cost_flow

from sufficiency.allocation import residual
from sufficiency.allocation.residual import Cells, Problem, optimal_distances
from sufficiency.model.errors import CertificateError, DataError

if TYPE_CHECKING:
    from sufficiency.allocation.residual import Bools, Ints

__all__ = ["least_cost_flow"]

CHEAPEST_ARCS = 8
ROUNDS = 6
FEW_ARCS = 60_000  # solved whole, as fast as in rounds


def least_cost_flow(cost: Ints, pupils: Ints, places: Ints, unplaced_price: int) -> tuple[Cells, Ints]:
    """Return an optimal flow, and what one more place at each column would change (`residual.optimal_distances`).

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    pupils, places
        int64 [n] and [m].
    unplaced_price
        What a pupil without a place costs; more than any augmenting path.

    Raises
    ------
    DataError
        When the numbers are too large for the solver.
    CertificateError
        When the solver stops without an optimum.
    """
    problem = Problem(pupils, places, unplaced_price)
    usable: Bools = (cost >= 0) & (pupils > 0)[:, None] & (places > 0)[None, :]
    arcs = _cheapest(cost, usable)
    if arcs is not usable:
        # The solver scales with the price: first one that nearly always is enough, and is seen to be.
        cells = _solve(arcs, cost, problem._replace(unplaced_price=1 + int(cost.max())))
        with contextlib.suppress(CertificateError):
            return cells, optimal_distances(cost, cells, problem)
    for _ in range(ROUNDS):
        cells = _solve(arcs, cost, problem)
        try:
            return cells, optimal_distances(cost, cells, problem)
        except CertificateError:
            if arcs is usable:
                raise
            arcs = arcs | _missing(arcs, usable, cost, cells, problem)
    cells = _solve(usable, cost, problem)
    return cells, optimal_distances(cost, cells, problem)


def _missing(arcs: Bools, usable: Bools, cost: Ints, cells: Cells, problem: Problem) -> Bools:
    """Return the usable arcs that would lower the cost of an optimum over `arcs`, by its prices."""
    known = np.where(arcs, cost, np.int64(-1))
    place_price = np.maximum(0, -optimal_distances(known, cells, problem))
    pupil_price = residual.cheapest(known, place_price, problem.unplaced_price)
    return usable & (cost + place_price[None, :] < pupil_price[:, None])


def _cheapest(cost: Ints, usable: Bools) -> Bools:
    """Return the cheapest arcs of each row, and all that cost as little as the last of them."""
    if cost.shape[1] <= CHEAPEST_ARCS or int(usable.sum()) <= FEW_ARCS:
        return usable
    # the more places there are, the further down its list a pupil may have to go
    first = max(CHEAPEST_ARCS, int(usable.any(axis=0).sum()) // 25)
    own = np.where(usable, cost, residual.INFINITE)
    last = np.partition(own, first - 1, axis=1)[:, first - 1]
    return usable & (own <= last[:, None])


def _solve(arcs: Bools, cost: Ints, problem: Problem) -> Cells:
    pupils, places, unplaced_price = problem
    # Rows and columns without an arc stay out, so that neither pupils whom nothing suits nor provision that is closed
    # ever change who among equals is placed where.
    asking, offered = np.flatnonzero(arcs.any(axis=1)), np.flatnonzero(arcs.any(axis=0))
    group, offer = (indices.astype(np.int64) for indices in np.nonzero(arcs[np.ix_(asking, offered)]))
    rows, columns, wanting = asking[group], offered[offer], pupils[asking]
    n_groups, n_places = len(asking), len(offered)
    total = int(wanting.sum())
    if total == 0:
        empty = np.zeros(0, dtype=np.int64)
        return Cells(empty, empty, empty)
    room = np.minimum(places[offered], total)
    sink = n_groups + n_places
    groups, settings = np.arange(n_groups), np.arange(n_places)
    tails = np.concatenate([group, n_groups + settings, groups])
    heads = np.concatenate([n_groups + offer, np.full(n_places + n_groups, sink)])
    capacity = np.concatenate([np.minimum(wanting[group], room[offer]), room, wanting])
    price = np.concatenate(
        [cost[rows, columns], np.zeros(n_places, dtype=np.int64), np.full(n_groups, unplaced_price, dtype=np.int64)]
    )
    solver = min_cost_flow.SimpleMinCostFlow()
    known = solver.add_arcs_with_capacity_and_unit_cost(tails.astype(np.int32), heads.astype(np.int32), capacity, price)
    supply = np.concatenate([wanting, np.zeros(n_places, dtype=np.int64), [-total]])
    solver.set_nodes_supplies(np.arange(sink + 1, dtype=np.int32), supply)
    status = solver.solve()
    if status in (solver.BAD_COST_RANGE, solver.BAD_CAPACITY_RANGE):
        message = "costs or pupils overflow the 64-bit integers of the solver: use a coarser unit of cost"
        raise DataError(message)
    if status != solver.OPTIMAL:
        message = f"the minimum-cost-flow solver stopped with status {status} on a feasible problem"
        raise CertificateError(message)
    amounts = np.asarray(solver.flows(known[: len(rows)]), dtype=np.int64)
    kept = amounts > 0
    return Cells(rows[kept], columns[kept], amounts[kept])
