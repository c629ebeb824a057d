"""A cost that no choice can be below, in whole numbers, and the columns that it rules in or out.

Lagrangian relaxation: every pupil of row i is offered a price for a place. Each column takes, within its capacity, the
pupils whose price exceeds their cost, and what it then gains or loses decides whether it opens. For any prices the
outcome is a lower bound; a subgradient search looks for high ones. The bounds that are used are worked out again in
64-bit integers, so that no rounding can rule out a choice that ties.

References
----------
Beasley (1993), "Lagrangean heuristics for location problems", *European Journal of Operational Research* 65.
Fisher (1981), "The Lagrangian relaxation method for solving integer programming problems", *Management Science* 27.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sufficiency.planning.sites.placing import Bools, Ints, Placing

    Floats = NDArray[np.float64]

__all__ = ["Bound", "Relaxation", "climb"]

PATIENCE = 15
SHORTEST_STEP = 0.01
NEVER = 2**61
HIGHEST_PRICE = 2.0**58


@dataclass(frozen=True)
class Bound:
    """A bound with its prices.

    Attributes
    ----------
    least
        No choice costs less.
    price
        int64 [n], the price of a place of each row.
    if_open, if_closed
        int64 [m]: no choice that opens (leaves closed) the column costs less.
    """

    least: int
    price: Ints
    if_open: Ints
    if_closed: Ints


class Relaxation:
    """The columns by themselves, for given prices."""

    def __init__(self, problem: Placing) -> None:
        self.problem = problem
        cells = problem.cost.T >= 0
        most = max(1, int(cells.sum(axis=1).max(initial=0)))
        # each column's eligible rows, packed to the left
        order = np.argsort(~cells, axis=1, kind="stable")[:, :most]
        self.inside = np.take_along_axis(cells, order, axis=1)
        self.row = order
        self.cost = np.take_along_axis(problem.cost.T, order, axis=1)
        self.pupils = np.where(self.inside, problem.pupils[order] if len(problem.pupils) else 0, 0)
        self.cell_of = _cells(problem)
        self.quota = None if problem.p is None else problem.p - int(problem.must.sum())

    def worth(self, price: Ints | Floats) -> tuple[Ints | Floats, Ints]:
        """Return what each column loses (below 0: gains) on the pupils it takes, and how many it takes of each row."""
        margin = np.where(self.inside, self.cost - price[self.row], 0)
        np.minimum(margin, 0, out=margin)
        if not self.problem.crowded:
            taken = np.where(margin < 0, self.pupils, 0)
            return (margin * taken).sum(axis=1), taken
        order = np.argsort(margin, axis=1, kind="stable")
        wanting = np.take_along_axis(np.where(margin < 0, self.pupils, 0), order, axis=1)
        before = np.cumsum(wanting, axis=1) - wanting
        filled = np.clip(self.problem.capacity[:, None] - before, 0, wanting)
        taken = np.zeros_like(filled)
        np.put_along_axis(taken, order, filled, axis=1)
        return (margin * taken).sum(axis=1), taken

    def chosen(self, loss: Ints | Floats) -> tuple[Bools, Bools]:
        """Return the columns of least loss that may open together, and the best optional column of each cell."""
        must = self.problem.must
        best = np.zeros(len(loss), dtype=np.bool_)
        order = np.lexsort((np.arange(len(loss)), loss))
        order = order[~must[order]]
        _, first = np.unique(self.cell_of[order], return_index=True)
        ranked = order[np.sort(first)]
        best[ranked] = True
        take = ranked[loss[ranked] < 0][: self.quota]
        opened = must.copy()
        opened[take] = True
        return opened, best

    def bound(self, price: Ints, money_price: float = 0.0) -> Bound:
        """Return the bound that these prices prove, in whole numbers."""
        problem = self.problem
        worth, _ = self.worth(price)
        loss = (worth + problem.opening).astype(np.int64)
        fixed = int((price * problem.pupils).sum())
        if problem.capital is not None and problem.budget is not None:
            # rounded to the safe side
            loss = loss + np.floor(money_price * problem.capital).astype(np.int64)
            fixed -= math.ceil(money_price * problem.budget)
        opened, best = self.chosen(loss)
        least = fixed + int(loss[opened].sum())
        return Bound(least, price, *self._conditional(loss, opened, best, least))

    def _conditional(self, loss: Ints, opened: Bools, best: Bools, least: int) -> tuple[Ints, Ints]:
        must = self.problem.must
        optional = opened & ~must
        full = self.quota is not None and int(optional.sum()) >= self.quota
        worst = int(loss[optional].max()) if full and optional.any() else 0
        taken = {int(self.cell_of[column]): int(loss[column]) for column in np.flatnonzero(optional)}
        if_open = np.full(len(loss), least, np.int64)
        if_closed = np.full(len(loss), least, np.int64)
        waiting = loss[best & ~opened]
        spare = min(int(waiting.min()), 0) if waiting.size and full else 0
        for column in range(len(loss)):
            if must[column]:
                if_closed[column] = NEVER
            elif optional[column]:
                own = loss[(self.cell_of == self.cell_of[column]) & ~opened & ~must]
                instead = min(int(own.min()), spare, 0) if own.size else spare
                if_closed[column] = least - int(loss[column]) + instead
            elif full and self.quota == 0:
                if_open[column] = NEVER
            else:
                leaves = taken.get(int(self.cell_of[column]), worst)
                if_open[column] = least + int(loss[column]) - leaves
        return if_open, if_closed


def _cells(problem: Placing) -> Ints:
    """Put each column into one cell, the first of its groups: at most one of a cell opens. Alone where in no group."""
    cell = np.arange(problem.n_columns, dtype=np.int64)
    free = np.ones(problem.n_columns, dtype=np.bool_)
    for group in problem.groups:
        inside = [column for column in group if free[column]]
        if inside:
            cell[inside] = inside[0]
            free[inside] = False
    return cell


def climb(
    relaxation: Relaxation,
    start: Floats,
    upper: Callable[[], int | None],
    *,
    rounds: int,
    look: Callable[[Bools], None],
) -> Bound:
    """Search for prices with a high bound.

    Parameters
    ----------
    relaxation
        The columns.
    start
        float [n], first prices.
    upper
        The least cost known so far, or None.
    rounds
        Steps of the search.
    look
        Called with the columns that open whenever the bound rises: they may be a good choice.
    """
    problem = relaxation.problem
    price, money = start.astype(np.float64), 0.0
    bounded = problem.capital is not None and problem.budget is not None
    capital = problem.capital.astype(np.float64) if bounded and problem.capital is not None else None
    unit = float(problem.pupils.sum()) / max(1.0, float(problem.budget or 0))
    best = (-np.inf, price, money)
    # no choice costs more: a bound above it proves that there is none, and prices need not climb further
    dearest = float(problem.pupils @ problem.cost.max(axis=1, initial=0)) + float(np.abs(problem.opening).sum())
    step, stale = 1.0, 0
    for _ in range(rounds):
        worth, taken = relaxation.worth(price)
        loss = worth + problem.opening
        if capital is not None:
            loss = loss + money * capital * unit
        opened, _ = relaxation.chosen(loss)
        value = float(price @ problem.pupils) + float(loss[opened].sum())
        if capital is not None:
            value -= money * float(problem.budget or 0) * unit
        if value > best[0]:
            best, stale = (value, price.copy(), money), 0
            look(opened)
        else:
            stale += 1
        if stale >= PATIENCE:
            step, stale, price, money = step / 2, 0, best[1].copy(), best[2]
            if step < SHORTEST_STEP:
                break
            continue
        slope = problem.pupils - np.bincount(
            relaxation.row[opened].ravel(), taken[opened].ravel(), minlength=len(price)
        )
        over = 0.0 if capital is None else (float(capital[opened].sum()) - float(problem.budget or 0)) * unit
        if money == 0.0 and over < 0:
            over = 0.0
        norm = float(slope @ slope) + over * over
        if value > dearest:
            break
        known = upper()
        gap = (known - value) if known is not None else max(abs(value) * 0.05, 1.0)
        if norm == 0.0 or gap <= 0:
            break
        length = step * gap / norm
        price = np.maximum(price + length * slope, 0.0)
        money = max(0.0, money + length * over)
    # any prices prove a bound, so those too large to be weighed in whole numbers are lowered
    most = HIGHEST_PRICE / max(1.0, float(problem.pupils.sum()))
    return relaxation.bound(np.rint(np.minimum(best[1], most)).astype(np.int64), best[2] * unit)
