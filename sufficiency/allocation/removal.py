"""What follows, at best, when a pupil leaves where they are: the exact removal value of every group.

A place that opens anywhere is first taken by one pupil, from where they are to it. What then follows at the places that
exist already does not depend on where it opened: it is a shortest path on the residual graph of the proven optimum. So
one number a group, and the journeys, give the value of the first new place at every position of a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.allocation import residual
from sufficiency.allocation.residual import INFINITE, LIMIT
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    from sufficiency.allocation.policies import YearResult
    from sufficiency.allocation.residual import Ints
    from sufficiency.allocation.tiers import TieredFlow

__all__ = ["ONE_MORE_PLACED", "Removal", "removal_values"]

# The gain of a pupil who goes to a new local place: the tier of the place that is then given up, less 1, or this.
ONE_MORE_PLACED: Final = 3


@dataclass(frozen=True, eq=False)
class Removal:
    """By group of a year: what follows at best when one of its pupils moves to a new local place.

    Attributes
    ----------
    gain
        int64 [n]: 3 = one more pupil has a place; 2 = an independent place is given up; 1 = another council's; 0 = a
        local one, or none is filled again; -1 = no pupil of the group can move. The more the better, before any travel.
    change_ms
        int64 [n]: change of the travel of all pupils together, one way, without the journey to the new place.
    """

    gain: Ints
    change_ms: Ints


def solved_of(result: YearResult) -> TieredFlow:
    """Return the optimum of a year.

    Raises
    ------
    ParameterError
        When the policy claims none.
    """
    if result.solved is None:
        message = "only the policies optimal and rolling have a value of one more place: the others claim no optimum"
        raise ParameterError(message)
    return result.solved


def after_leaving(solved: TieredFlow) -> tuple[Ints, Ints]:
    """Return int64 [n], twice: the least change of priced cost when a pupil of each group leaves where they are.

    First: and somebody else moves into the place left, or nobody. Second: and a pupil without a place has one in the
    end; INFINITE where that cannot be. The unplaced price is no part of either.
    """
    cost, flow = solved.priced_cost, solved.flow
    cells = flow.flow.tocoo()
    row, column = cells.row.astype(np.int64), cells.col.astype(np.int64)
    used = residual.sums(column, cells.data, cost.shape[1])
    graph = residual.column_graph(cost, row, column)
    anybody = np.where(used > 0, np.int64(0), INFINITE)
    entry = np.where(cost >= 0, cost, INFINITE)[flow.unplaced > 0].min(axis=0, initial=INFINITE)
    opened, waited = residual.least_distances(graph, np.stack([anybody, entry]))
    out = []
    for distance, unplaced in ((opened, INFINITE), (waited, np.int64(0))):
        least = np.where(flow.unplaced > 0, unplaced, INFINITE)
        reached = distance[column] < LIMIT
        np.minimum.at(least, row[reached], distance[column[reached]] - cost[row[reached], column[reached]])
        out.append(least)
    return out[0], out[1]


def given_up_price(change: Ints, price: Ints) -> Ints:
    """Return the tier price of the place given up, from a change of priced cost.

    The change is some travel, of less than half a step between two tiers, less that price.

    Parameters
    ----------
    change
        int64: changes of priced cost.
    price
        int64 [m]: the tier price of every column, which start at 0.
    """
    step = int(np.diff(np.unique(price)).min(initial=LIMIT))
    given_up: Ints = (step - 2 * change) // (2 * step) * step
    return given_up


def removal_values(result: YearResult) -> Removal:
    """Return the removal value of every group of a year.

    Parameters
    ----------
    result
        A year of `optimal`, or of `rolling` (then given those who stay); first-fit placements.

    Raises
    ------
    ParameterError
        When the policy claims no optimum.

    Notes
    -----
    Whether a pupil without a place has one in the end, then the tier of the place given up, then travel: in that order,
    as the allocation. An augmenting path never empties a column, so at most one place is given up.
    """
    solved = solved_of(result)
    moved, placed = after_leaving(solved)
    more, movable = placed < LIMIT, moved < LIMIT
    change = np.where(movable, moved, 0)
    given_up = given_up_price(change, solved.tier_price)
    tiers = dict(zip(solved.tier_price.tolist(), (result.eligibility.tier - 1).tolist(), strict=True))
    gain = np.array([tiers.get(level, -1) for level in given_up.tolist()], dtype=np.int64)
    gain = np.where(more, ONE_MORE_PLACED, np.where(movable, gain, -1))
    return Removal(gain, np.where(more, placed, np.where(movable, change + given_up, 0)))
