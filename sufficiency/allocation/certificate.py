"""The proof of an optimal flow, by code that shares nothing with the solver.

Duality in integers: a feasible flow and feasible prices of the same value prove each other optimal, and a cut proves
that nobody else could have been placed. Totals are Python integers, so nothing wraps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from sufficiency.model.errors import CertificateError
from sufficiency.model.results import Certificate

if TYPE_CHECKING:
    from sufficiency.model.results import Flow

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_IN_64_BITS = 2**63


def certify(cost: Ints, pupils: Ints, places: Ints, flow: Flow, *, label: tuple[str, str, int, str]) -> Certificate:
    """Prove that `flow` places the most pupils at the least cost, or raise.

    Parameters
    ----------
    cost, pupils, places
        int64 [n, m], [n] and [m]: the problem as given to `transport`.
    flow
        What `transport` returned.
    label
        Scenario, policy, year and the name of the solve.

    Raises
    ------
    CertificateError
        Naming the first identity that does not hold.
    """
    row, column, amount = _cells(flow)
    pupil_price, place_price, unplaced_price = flow.pupil_price, flow.place_price, int(flow.unplaced_price)
    hold("shapes", flow.flow.shape == cost.shape == (len(pupil_price), len(place_price)))
    hold("no negative flow", (amount >= 0).all() and (flow.unplaced >= 0).all())
    placed, used = _sums(row, amount, len(pupils)), _sums(column, amount, len(places))
    hold("conservation", (placed + flow.unplaced == pupils).all())
    hold("capacity", (used <= places).all())
    hold("eligibility", (cost[row, column] >= 0).all())
    hold("cost", int(flow.cost) == dot(cost[row, column], amount))
    hold("prices at least 0", (place_price >= 0).all() and (pupil_price >= 0).all())
    hold("pupil price at most the unplaced price", (pupil_price <= unplaced_price).all())
    hold("pupil price at most cost plus place price", _none_saves(*map(_whole, (cost, pupil_price, place_price))))
    hold("slackness of flow", (pupil_price[row] - place_price[column] == cost[row, column]).all())
    hold("slackness of the unplaced", (pupil_price[flow.unplaced > 0] == unplaced_price).all())
    hold("slackness of places", (place_price[used < places] == 0).all())
    unplaced = certify_cut(cost >= 0, pupils, places, flow, flow.cut)
    primal = int(flow.cost) + unplaced_price * unplaced
    dual = dot(pupils, pupil_price) - dot(places, place_price)
    hold("primal equals dual", primal == dual)
    total = sum(pupils.tolist())
    return Certificate(*label, total, total - unplaced, unplaced, primal, dual, optimal=True)


def certify_cut(eligible: Bools, pupils: Ints, places: Ints, flow: Flow, cut: Bools) -> int:
    """Prove that no flow on the `eligible` cells places more pupils than this one; return how many it leaves.

    The groups in the cut have, together, that many pupils more than all places that any of them may take.
    """
    row, column, amount = _cells(flow)
    left: int = sum(pupils.tolist()) - sum(amount[eligible[row, column]].tolist())
    reachable = eligible[cut].any(axis=0)
    hold("cut", left == sum(pupils[cut].tolist()) - sum(places[reachable].tolist()))
    return left


@numba.njit(cache=True, nogil=True)
def _none_saves(cost: Ints, pupil_price: Ints, place_price: Ints) -> bool:
    """Return whether in every eligible cell the pupil price less the place price is at most the cost."""
    for row in range(cost.shape[0]):
        price, holds = pupil_price[row], True
        for column in range(cost.shape[1]):
            own = cost[row, column]
            holds &= (own < 0) | (price - place_price[column] <= own)
        if not holds:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _is_priced(priced_cost: Ints, cost: Ints, price: Ints) -> bool:
    """Return whether each cell is its cost plus the price of the column, and -1 where not eligible."""
    for row in range(cost.shape[0]):
        same = True
        for column in range(cost.shape[1]):
            own = cost[row, column]
            same &= priced_cost[row, column] == (own + price[column] if own >= 0 else -1)
        if not same:
            return False
    return True


def priced_as_asked(priced_cost: Ints, cost: Ints, price: Ints) -> bool:
    """Return whether each cell of the first table is that of the second plus its column's price, -1 where that is."""
    return priced_cost.shape == cost.shape and bool(_is_priced(*map(_whole, (priced_cost, cost, price))))


def _whole(values: Ints) -> Ints:
    """Return values as the kernels are compiled for: int64, one after another."""
    return np.ascontiguousarray(values, dtype=np.int64)


def _cells(flow: Flow) -> tuple[Ints, Ints, Ints]:
    cells = flow.flow.tocoo()
    return cells.row.astype(np.int64), cells.col.astype(np.int64), cells.data


def _sums(index: Ints, amount: Ints, size: int) -> Ints:
    totals = np.zeros(size, dtype=np.int64)
    np.add.at(totals, index, amount)
    return totals


def dot(left: Ints, right: Ints) -> int:
    """Return the exact sum of products; in 64 bits where no sum of them could wrap."""
    if int(np.abs(left).max(initial=0)) * sum(np.abs(right).tolist()) < _IN_64_BITS:
        return int(left @ right)
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True))


def hold(identity: str, holds: object) -> None:
    """Raise when an identity does not hold."""
    if not holds:
        message = f"the allocation fails its proof: {identity} does not hold; this is a fault of the program"
        raise CertificateError(message)
