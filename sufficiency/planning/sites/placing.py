"""Everybody placed in the columns that open: the whole-number problem that bound, search and model share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["FAR", "Placing", "Pool", "merged", "spent", "within_limits"]

FAR = 2**61


@dataclass(frozen=True)
class Placing:
    """Least opening cost and travel that place every pupil; every column may open, and `must` opens.

    Attributes
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    pupils, capacity, opening
        int64 [n] >= 1, [m], [m].
    must
        bool [m].
    p, capital, budget, groups
        The limits: columns in all, money, and columns of which at most one may open.
    crowded
        Whether any column can be full; otherwise everybody goes to the nearest.
    """

    cost: Ints
    pupils: Ints
    capacity: Ints
    opening: Ints
    must: Bools
    p: int | None
    capital: Ints | None
    budget: int | None
    groups: tuple[tuple[int, ...], ...]
    crowded: bool

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        return len(self.must)


def merged(cost: Ints, pupils: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows of cost, and their pupils; rows without pupils are left out."""
    asking = pupils > 0
    if not asking.any():
        return np.zeros((0, cost.shape[1]), np.int64), np.zeros(0, np.int64)
    rows, which = np.unique(cost[asking], axis=0, return_inverse=True)
    total = np.zeros(len(rows), np.int64)
    np.add.at(total, which.ravel(), pupils[asking])
    return rows, total


def spent(problem: Placing, opened: Bools) -> int:
    """Return the capital of the open columns."""
    return 0 if problem.capital is None else int(problem.capital[opened].sum())


def within_limits(problem: Placing, opened: Bools) -> bool:
    """Whether the open columns keep p, the budget and the groups, and include those that must open."""
    if not opened[problem.must].all() or (problem.p is not None and int(opened.sum()) > problem.p):
        return False
    if problem.budget is not None and spent(problem, opened) > problem.budget:
        return False
    return all(int(opened[list(group)].sum()) <= 1 for group in problem.groups)


@dataclass
class Pool:
    """The choices valued so far, each without the columns that nobody needs.

    ``found`` maps the open columns of a choice to its whole cost; ``intervals`` are pairs (least, most): of the sets
    of columns between them, only the least is a choice of its own.
    """

    problem: Placing
    found: dict[tuple[int, ...], int] = field(default_factory=dict)
    intervals: list[tuple[Bools, Bools]] = field(default_factory=list)
    _travel: dict[bytes, tuple[int, int, Ints, Ints]] = field(default_factory=dict)

    def travel(self, opened: Bools) -> int | None:
        """Return the least travel with these columns open, or None where they cannot place everybody."""
        waiting, travel, _, _ = self._valued(opened)
        return None if waiting else travel

    def rank(self, opened: Bools) -> tuple[int, int]:
        """Return how many pupils these columns cannot place, and opening cost and travel of the others."""
        waiting, travel, _, _ = self._valued(opened)
        return waiting, travel + int(self.problem.opening[opened].sum())

    def value(self, opened: Bools) -> int | None:
        """Return opening cost and travel, or None."""
        travel = self.travel(opened)
        return None if travel is None else travel + int(self.problem.opening[opened].sum())

    def prices(self, opened: Bools) -> Ints:
        """Return what one more pupil of each row would cost with these columns open."""
        return self._valued(opened)[2]

    def add(self, opened: Bools) -> tuple[int, ...] | None:
        """Keep a choice without the columns that it does not need; None where it places not everybody."""
        travel = self.travel(opened)
        if travel is None or not within_limits(self.problem, opened):
            return None
        needed = self._needed(opened, travel)
        key = tuple(np.flatnonzero(needed).tolist())
        if key not in self.found:
            self.found[key] = travel + int(self.problem.opening[needed].sum())
            self.intervals.append((needed, needed | self._useless(needed)))
        return key

    def ranked(self) -> list[tuple[int, tuple[int, ...]]]:
        """Return the choices, the least cost first; ties by ascending column."""
        return sorted((cost, key) for key, cost in self.found.items())

    def _needed(self, opened: Bools, travel: int) -> Bools:
        used = self._valued(opened)[3] > 0
        needed = opened & (used | self.problem.must)
        for column in np.flatnonzero(needed & ~self.problem.must)[::-1]:
            fewer = needed.copy()
            fewer[column] = False
            if self.travel(fewer) == travel:
                needed = fewer
        return needed

    def _useless(self, opened: Bools) -> Bools:
        """Return the columns that could not save anything beside these, alone or together: the prices say so."""
        prices = self.prices(opened)[:, None]
        saving = (self.problem.cost >= 0) & (self.problem.cost < prices)
        return np.asarray(saving.sum(axis=0) == 0)

    def _valued(self, opened: Bools) -> tuple[int, int, Ints, Ints]:
        key = opened.tobytes()
        if key not in self._travel:
            self._travel[key] = self._crowded(opened) if self.problem.crowded else self._nearest(opened)
        return self._travel[key]

    def _nearest(self, opened: Bools) -> tuple[int, int, Ints, Ints]:
        problem, columns = self.problem, np.flatnonzero(opened)
        used = np.zeros(problem.n_columns, np.int64)
        if not len(columns):
            return int(problem.pupils.sum()), 0, np.full(len(problem.pupils), FAR), used
        cost = problem.cost[:, columns]
        cost = np.where(cost < 0, FAR, cost)
        at = cost.argmin(axis=1)
        least = cost[np.arange(len(cost)), at]
        placed = least < FAR
        np.add.at(used, columns[at[placed]], problem.pupils[placed])
        waiting = int(problem.pupils[~placed].sum())
        return waiting, int((least * problem.pupils)[placed].sum()), least, used

    def _crowded(self, opened: Bools) -> tuple[int, int, Ints, Ints]:
        problem, columns = self.problem, np.flatnonzero(opened)
        answer = transport(problem.cost[:, columns], problem.pupils, problem.capacity[columns])
        used = np.zeros(problem.n_columns, np.int64)
        used[columns] = np.asarray(answer.flow.sum(axis=0)).ravel()
        return int(answer.unplaced.sum()), answer.cost, answer.pupil_price, used
