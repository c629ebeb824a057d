"""The fairest sites: the longest journeys as short as they can be.

The worst k journeys of any flow sum to the least, over all thresholds t, of ``k t + sum(max(cost - t, 0) * flow)``. For
a given t that is an ordinary question of siting, and its answer falls as t rises; so two thresholds bound all that lie
between them, and only a few need an answer.

References
----------
Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk", *Journal of Risk* 2. Ogryczak and Tamir
(2003), "Minimizing the sum of the k largest functions in linear time", *Information Processing Letters* 85.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sufficiency.model.errors import DataError
from sufficiency.planning.sites.choose import choose_sites

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_matrix

    from sufficiency.planning.sites.choice import SiteChoice

__all__ = ["FairChoice", "fairest_sites", "with_waiting"]


@dataclass(frozen=True)
class FairChoice:
    """The choice with the shortest worst journeys.

    Attributes
    ----------
    status
        ``optimal``: proven. ``stopped``: some question ran out of time.
    worst_pupils
        How many pupils count as worst off.
    worst_sum, worst_mean
        Sum and mean of their costs, an unplaced pupil at `unplaced_cost`.
    travel
        Sum of cost x flow of the placed.
    open, flow, unplaced
        As in `SiteChoice`.
    """

    status: Literal["optimal", "stopped"]
    worst_pupils: int
    worst_sum: int
    worst_mean: float
    travel: int
    open: NDArray[np.bool_]
    flow: csr_matrix
    unplaced: NDArray[np.int64]


def with_waiting(
    cost: NDArray[np.int64], capacity: ArrayLike | None, pupils: int, price: int, limits: dict[str, Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, dict[str, Any]]:
    """Return cost, capacity and limits with a last column, open in every choice, for those without a place."""
    wide = np.column_stack([cost, np.full(len(cost), price, np.int64)])
    room = None if capacity is None else np.append(np.asarray(capacity), pupils)
    more = dict(limits)
    more["must_open"] = [*more.get("must_open", ()), cost.shape[1]]
    if more.get("p") is not None:
        more["p"] += 1
    if more.get("capital") is not None:
        more["capital"] = np.append(more["capital"], 0)
    return wide, room, more


def fairest_sites(
    cost: ArrayLike,
    pupils: ArrayLike,
    capacity: ArrayLike | None,
    *,
    share: float = 0.1,
    unplaced_cost: int | None = None,
    **limits: Any,  # noqa: ANN401 (the limits of choose_sites, by name)
) -> FairChoice:
    """Choose the sites that make the longest journeys shortest, then travel least.

    Minimises the sum of the greatest costs of ``ceil(share * pupils)`` pupils (their conditional value at risk, times
    that number); then, at the threshold found, all travel. Opening costs do not count: state p or a budget.

    Parameters
    ----------
    cost
        int64 [n, m], at least 0, or -1. Whole minutes keep it fast: each distinct cost is a possible threshold.
    pupils, capacity
        As for `choose_sites`.
    share
        The share of pupils who count as worst off, above 0 and at most 1.
    unplaced_cost
        What a pupil without a place counts, more than the greatest cost; None = everybody must be placed.
    limits
        The limits of `choose_sites`, by name; `time_limit_s` is for each question that is asked on the way.

    Raises
    ------
    DataError, InfeasibleError
        As `choose_sites`; also a share or an unplaced_cost out of range.
    """
    whole, counted = np.asarray(cost), np.asarray(pupils)
    _check(whole, counted, share, unplaced_cost, limits)
    total, columns = int(counted.sum()), whole.shape[1]
    options, room = dict(limits), capacity
    if unplaced_cost is not None:
        whole, room, options = with_waiting(whole, capacity, total, unplaced_cost, options)
    worst = math.ceil(share * total - 1e-9)
    thresholds = np.unique(np.append(whole[whole >= 0], 0))
    asked = _Thresholds(whole, counted, room, options, thresholds)
    best = _least(asked, worst)
    choice = asked.choices[best]
    flow = choice.flow[:, :columns]
    opened = choice.open[:columns]
    cells = flow.tocoo()
    worst_sum = worst * int(thresholds[best]) + asked.excess(best)
    return FairChoice(
        "optimal" if all(answer.status == "optimal" for answer in asked.choices.values()) else "stopped",
        worst,
        worst_sum,
        worst_sum / worst if worst else 0.0,
        int((whole[cells.row, cells.col] * cells.data).sum()),
        opened,
        flow,
        counted - np.asarray(flow.sum(axis=1)).ravel().astype(np.int64),
    )


def _check(
    cost: NDArray[Any], pupils: NDArray[Any], share: float, unplaced_cost: int | None, limits: dict[str, Any]
) -> None:
    faults = []
    if cost.ndim != 2 or cost.dtype.kind not in "iu" or pupils.dtype.kind not in "iu":
        faults.append("cost must be int64 [n, m] and pupils int64 [n]: whole minutes, say")
    elif unplaced_cost is not None and unplaced_cost <= int(cost.max(initial=0)):
        faults.append(f"unplaced_cost must exceed the greatest cost, {int(cost.max(initial=0))}")
    if not 0 < share <= 1:
        faults.append(f"share must be above 0 and at most 1, not {share!r}")
    if "allow_unplaced" in limits or "alternatives" in limits:
        faults.append("allow_unplaced and alternatives do not apply: state unplaced_cost instead")
    if faults:
        raise DataError("fairest_sites cannot read its question: " + "; ".join(faults))


class _Thresholds:
    """The answers for the thresholds asked so far: least excess above the threshold, then least travel."""

    def __init__(
        self,
        cost: NDArray[np.int64],
        pupils: NDArray[np.int64],
        capacity: ArrayLike | None,
        limits: dict[str, Any],
        values: NDArray[np.int64],
    ) -> None:
        self.cost, self.pupils, self.capacity, self.limits, self.values = cost, pupils, capacity, limits, values
        self.choices: dict[int, SiteChoice] = {}
        # more than all travel, so that no saving of travel outweighs a unit of excess
        self.weight = 1 + int(pupils.sum()) * int(cost.max(initial=0))

    def excess(self, at: int) -> int:
        """Return the least sum of what pupils travel beyond this threshold."""
        if at not in self.choices:
            beyond = np.maximum(self.cost - self.values[at], 0)
            weighed = np.where(self.cost < 0, -1, beyond * self.weight + self.cost)
            nothing = np.zeros(self.cost.shape[1], np.int64)
            self.choices[at] = choose_sites(weighed, self.pupils, self.capacity, nothing, **self.limits)
        return int(self.choices[at].objective) // self.weight


def _least(asked: _Thresholds, worst: int) -> int:
    """Return the threshold at which the worst sum is least."""
    values = asked.values

    def reached(at: int) -> int:
        return worst * int(values[at]) + asked.excess(at)

    last = len(values) - 1
    best = min((reached(at), at) for at in (0, last))
    # between two thresholds the excess is at least that of the higher one
    waiting = [(worst * int(values[min(1, last)]) + asked.excess(last), 0, last)]
    while waiting:
        floor, low, high = heapq.heappop(waiting)
        if high - low < 2 or floor >= best[0]:
            continue
        middle = (low + high) // 2
        best = min(best, (reached(middle), middle))
        for one, other in ((low, middle), (middle, high)):
            if other - one >= 2:
                heapq.heappush(waiting, (worst * int(values[one + 1]) + asked.excess(other), one, other))
    return best[1]
