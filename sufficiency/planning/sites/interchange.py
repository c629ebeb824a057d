"""A good choice where nobody is turned away: add the site that saves most, then swap while a swap saves.

References
----------
Teitz and Bart (1968), "Heuristic methods for estimating the generalized vertex median of a weighted graph",
*Operations Research* 16. Whitaker (1983), "A fast algorithm for the greedy interchange", *INFOR* 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficiency.planning.sites.placing import spent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.planning.sites.placing import Bools, Placing

    Floats = NDArray[np.float64]

__all__ = ["Room", "greedy", "interchange"]

PASSES = 50
SAVES = 1e-6


class Room:
    """What p, the budget and the groups leave."""

    def __init__(self, problem: Placing) -> None:
        self.problem = problem
        m = problem.n_columns
        self.capital = np.zeros(m, np.int64) if problem.capital is None else problem.capital
        self.clash = np.zeros((m, m), dtype=np.bool_)
        for group in problem.groups:
            self.clash[np.ix_(group, group)] = True
        np.fill_diagonal(self.clash, False)

    def to_add(self, opened: Bools) -> Bools:
        """Which columns may open beside these."""
        free = ~opened & ~self.clash[opened].any(axis=0)
        if self.problem.p is not None and int(opened.sum()) >= self.problem.p:
            free[:] = False
        if self.problem.budget is not None:
            free &= self.capital <= self.problem.budget - spent(self.problem, opened)
        return free

    def to_swap(self, opened: Bools, column: int) -> Bools:
        """Return which open columns may make way for this one."""
        out = opened & ~self.problem.must
        clashing = self.clash[column] & opened
        if clashing.any():
            out = out & clashing if int(clashing.sum()) == 1 else np.zeros_like(out)
        if self.problem.budget is not None:
            left = self.problem.budget - spent(self.problem, opened)
            out = out & (self.capital[column] - self.capital <= left)
        return out


def _costs(problem: Placing) -> Floats:
    # no saving of travel outweighs a pupil who cannot be placed
    dearest = float(problem.cost.max(initial=0)) * float(problem.pupils.sum()) + float(problem.opening.sum()) + 1.0
    return np.where(problem.cost < 0, dearest, problem.cost).astype(np.float64)


def greedy(problem: Placing) -> Bools:
    """Open what saves most, one column after another, as long as one saves."""
    cost, room, opened = _costs(problem), Room(problem), problem.must.copy()
    beyond = cost.max(initial=0.0) + 1.0
    least = cost[:, opened].min(axis=1) if opened.any() else np.full(len(cost), beyond)
    while True:
        free = room.to_add(opened)
        saving = problem.pupils @ np.maximum(least[:, None] - cost, 0.0) - problem.opening
        saving[~free] = -np.inf
        if not saving.size or saving.max() <= SAVES:
            return opened
        column = int(saving.argmax())
        opened[column] = True
        least = np.minimum(least, cost[:, column])


def interchange(problem: Placing, opened: Bools) -> Bools:
    """Swap, add or drop one column at a time while that saves."""
    cost, room, opened = _costs(problem), Room(problem), opened.copy()
    if not opened.any() or not len(cost):
        return opened
    opening = problem.opening.astype(np.float64)
    for _ in range(PASSES):
        changed = _drop(cost, problem, opened, opening)
        for column in range(problem.n_columns):
            if not opened[column]:
                changed |= _swap(cost, room, opened, opening, column)
        if not changed:
            break
    return opened


def _two_nearest(cost: Floats, opened: Bools) -> tuple[NDArray[np.intp], Floats, Floats]:
    columns = np.flatnonzero(opened)
    part = cost[:, columns]
    first = part.argmin(axis=1)
    least = part[np.arange(len(part)), first]
    if len(columns) == 1:
        return columns[first], least, np.full(len(part), float(cost.max()) + 1.0)
    part[np.arange(len(part)), first] = np.inf
    return columns[first], least, part.min(axis=1)


def _drop(cost: Floats, problem: Placing, opened: Bools, opening: Floats) -> bool:
    changed = False
    while int(opened.sum()) > 1:
        nearest, least, second = _two_nearest(cost, opened)
        rise = np.bincount(nearest, problem.pupils * (second - least), minlength=len(opened)) - opening
        rise[~opened | problem.must] = np.inf
        if rise.min() >= -SAVES:
            break
        opened[int(rise.argmin())] = False
        changed = True
    return changed


def _swap(cost: Floats, room: Room, opened: Bools, opening: Floats, column: int) -> bool:
    pupils, own = room.problem.pupils, cost[:, column]
    nearest, least, second = _two_nearest(cost, opened)
    now = np.minimum(least, own)
    change = opening[column] - float(pupils @ (least - now))
    rise = np.bincount(nearest, pupils * (np.minimum(second, own) - now), minlength=len(opened)) - opening
    rise[~room.to_swap(opened, column)] = np.inf
    alone = change if room.to_add(opened)[column] else np.inf
    swapped = change + float(rise.min())
    if min(alone, swapped) >= -SAVES:
        return False
    if swapped < alone:
        opened[int(rise.argmin())] = False
    opened[column] = True
    return True
