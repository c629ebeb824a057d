"""The least-cost flow itself: OR-Tools' cost-scaling solver on few arcs, more of them while the prices ask for more.

Nearly every pupil is placed in one of the nearest few places, so most arcs of a county never carry anybody. The first
solve sees the cheapest arcs of each row. Its flow is optimal on all arcs when their residual graph has no cycle that
saves; until then, its prices say which further arcs would lower the cost, and those join.

Optima may tie, and which of them is found would hang on the arcs that were seen. The smallest optimal prices are the
same for all of them, and so are the arcs that cost just what these prices allow: the answer is the flow that the solver
finds on those arcs. It hangs on the question alone, so that a flow that is seen to be optimal leads to it as well.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, section 17.5 (column generation) and theorem 9.3 (reduced costs).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

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


class _Costs(NamedTuple):
    """What the solver is to weigh: of arcs int64 [n, m], of filled places [m], and of pupils without one [n]."""

    arcs: Ints
    places: Ints
    unplaced: Ints


def least_cost_flow(
    cost: Ints, pupils: Ints, places: Ints, unplaced_price: int, guess: Cells | None = None
) -> tuple[Cells, Ints, Ints]:
    """Return an optimal flow, and the smallest optimal prices: of pupils int64 [n] and of places int64 [m].

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    pupils, places
        int64 [n] and [m].
    unplaced_price
        What a pupil without a place costs; more than any augmenting path.
    guess
        A flow that may be optimal, or optimal for some of the pupils, who share no places with the others. Where it
        is, a large problem is answered sooner; the answer is the same.

    Raises
    ------
    DataError
        When the numbers are too large for the solver.
    CertificateError
        When the solver stops without an optimum.
    """
    problem = Problem(pupils, places, unplaced_price)
    usable: Bools = (cost >= 0) & (pupils > 0)[:, None] & (places > 0)[None, :]
    if cost.shape[1] <= CHEAPEST_ARCS or np.count_nonzero(usable) <= FEW_ARCS:
        cells = _solve(usable, cost, problem)
        return cells, *_prices(optimal_distances(cost, cells, problem), cost, problem)
    distance = None if guess is None else _distances_if_optimal(guess, cost, problem)
    if distance is None:
        distance = _distances_in_rounds(_cheapest(cost, usable), usable, cost, problem)
    pupil_price, place_price = _prices(distance, cost, problem)
    tight = usable & residual.at_price(cost, place_price, pupil_price)
    cells = _solve_at_prices(tight, pupil_price, place_price, problem)
    return cells, pupil_price, place_price


def _prices(distance: Ints, cost: Ints, problem: Problem) -> tuple[Ints, Ints]:
    place_price = np.maximum(0, -distance)
    return residual.cheapest(cost, place_price, problem.unplaced_price), place_price


def _distances_if_optimal(guess: Cells, cost: Ints, problem: Problem) -> Ints | None:
    """Return the distances of a flow (`residual.optimal_distances`), None where it is none or is not optimal.

    A guess may speak of some pupils alone: the others are first placed in the room that it leaves.
    """
    rows, columns, amounts = guess
    left = problem.pupils - residual.sums(rows, amounts, len(problem.pupils))
    room = problem.places - residual.sums(columns, amounts, len(problem.places))
    fits = (amounts > 0).all() and (cost[rows, columns] >= 0).all() and (left >= 0).all() and (room >= 0).all()
    if not fits:
        return None
    others, waiting = np.zeros(cost.shape, dtype=np.bool_), np.flatnonzero(left)
    others[waiting] = (cost[waiting] >= 0) & (room > 0)[None, :]
    more = _solve(others, cost, Problem(left, room, problem.unplaced_price))
    whole = Cells(*(np.concatenate(both) for both in zip(guess, more, strict=True)))
    try:
        return optimal_distances(cost, whole, problem)
    except CertificateError:
        return None


def _distances_in_rounds(arcs: Bools, usable: Bools, cost: Ints, problem: Problem) -> Ints:
    """Return the distances of an optimum that is found on few arcs, more of them while the prices ask for more."""
    # The solver scales with the price: first one that nearly always is enough, and is seen to be.
    cells = _solve(arcs, cost, problem._replace(unplaced_price=1 + int(cost.max())))
    with contextlib.suppress(CertificateError):
        return optimal_distances(cost, cells, problem)
    for _ in range(ROUNDS):
        cells = _solve(arcs, cost, problem)
        with contextlib.suppress(CertificateError):
            return optimal_distances(cost, cells, problem)
        arcs = arcs | _missing(arcs, usable, cost, cells, problem)
    return optimal_distances(cost, _solve(usable, cost, problem), problem)


def _missing(arcs: Bools, usable: Bools, cost: Ints, cells: Cells, problem: Problem) -> Bools:
    """Return the usable arcs that would lower the cost of an optimum over `arcs`, by its prices."""
    known = np.where(arcs, cost, np.int64(-1))
    pupil_price, place_price = _prices(optimal_distances(known, cells, problem), known, problem)
    return usable & (cost + place_price[None, :] < pupil_price[:, None])


def _cheapest(cost: Ints, usable: Bools) -> Bools:
    """Return the cheapest arcs of each row, and all that cost as little as the last of them."""
    # the more places there are, the further down its list a pupil may have to go
    first = max(CHEAPEST_ARCS, int(usable.any(axis=0).sum()) // 25)
    own = np.where(usable, cost, residual.INFINITE)
    last = np.partition(own, first - 1, axis=1)[:, first - 1]
    return usable & (own <= last[:, None])


def _solve(arcs: Bools, cost: Ints, problem: Problem) -> Cells:
    nothing = np.zeros(len(problem.places), dtype=np.int64)
    unplaced = np.full(len(problem.pupils), problem.unplaced_price, dtype=np.int64)
    return _solve_for(arcs, _Costs(cost, nothing, unplaced), problem)


def _solve_at_prices(arcs: Bools, pupil_price: Ints, place_price: Ints, problem: Problem) -> Cells:
    """Return the optimal flow that hangs on the prices alone, given the arcs that cost just what these allow.

    A flow is optimal where it keeps to such arcs, fills every place that has a price, and leaves nobody without a place
    whose price is less than that of being without: so this is all that is asked of the solver.
    """
    filled = np.where(place_price > 0, np.int64(-1), np.int64(0))
    left = np.where(pupil_price < problem.unplaced_price, np.int64(1), np.int64(0))
    return _solve_for(arcs, _Costs(np.broadcast_to(np.int64(0), arcs.shape), filled, left), problem)


def _among(positions: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the positions that occur, in order, and the place of each position among them."""
    occurs = np.zeros(size, dtype=np.bool_)
    occurs[positions] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[positions]


def _solve_for(arcs: Bools, costs: _Costs, problem: Problem) -> Cells:
    pupils, places, _ = problem
    # Rows and columns without an arc stay out, so that neither pupils whom nothing suits nor provision that is closed
    # ever change who among equals is placed where.
    rows, columns = np.divmod(np.flatnonzero(arcs), max(1, arcs.shape[1]))
    asking, group = _among(rows, len(pupils))
    offered, offer = _among(columns, len(places))
    wanting = pupils[asking]
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
    price = np.concatenate([costs.arcs[rows, columns], costs.places[offered], costs.unplaced[asking]])
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
