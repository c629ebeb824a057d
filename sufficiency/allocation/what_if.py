"""What one change of places would do, in milliseconds: an optimal flow is mended and not solved again.

Adding, growing, shrinking or closing a provision changes one column. The optimum of the changed problem is reached from
the old one by least augmenting paths on the residual graph between columns, exactly. Where optima tie, the one reached
may differ from that of a fresh solve in who goes where; so only figures are given that every optimum shares, and the
placements of the one reached only as a guess for a fresh solve.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, sections 9.7 and 9.11.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import repair, residual
from sufficiency.allocation.solve import as_problem, transport
from sufficiency.model.errors import CertificateError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from sufficiency.allocation.residual import Bools, Ints
    from sufficiency.model.results import Flow

__all__ = ["Settled", "settle"]

_NOT_OPTIMAL = "the flow is not optimal: {}"


@dataclass(frozen=True, eq=False, repr=False)
class Settled:
    """A transport problem with its optimum, ready for what-if questions; make it with `settle`.

    Every change gives a new one and leaves this as it is. `cost_sum` and `unplaced_pupils` are those of every optimum;
    `used` int64 [m] is that of one: only its sums over columns that no pupil can gain by changing between (such as
    tiers, where costs hold tier prices) are those of all.
    """

    places: Ints
    unplaced_price: int
    cost_sum: int
    _pupils: Ints
    _cost: Ints
    _used: Ints
    _lists: repair.Lists
    _edge: Ints
    _by: Ints
    _level: Ints

    @property
    def unplaced_pupils(self) -> int:
        """Pupils without a place."""
        return int(self._used[-1])

    @property
    def used(self) -> Ints:
        """Places used in each column."""
        return self._used[:-1].copy()

    @property
    def cells(self) -> residual.Cells:
        """The placements of one optimum, by column."""
        row_of, amount, filled = self._lists
        columns = np.repeat(np.arange(self.places.size), filled[:-1])
        held = np.arange(row_of.shape[1])[None, :] < filled[:-1, None]
        return residual.Cells(row_of[:-1][held], columns, amount[:-1][held])

    def with_places(self, changes: Mapping[int, int]) -> Settled:
        """Return the problem with other places in some columns: 0 closes one, more than 0 opens one that had none.

        Parameters
        ----------
        changes
            By column, its places, 0 or more.

        Raises
        ------
        DataError
            When a column is unknown, or its places are no whole number from 0.
        """
        whole = (int, np.integer)
        for column, places in changes.items():
            if not isinstance(column, whole) or isinstance(column, bool) or not 0 <= column < self.places.size:
                message = f"column {column} is unknown: there are columns 0 to {self.places.size - 1}"
                raise DataError(message)
            if not isinstance(places, whole) or isinstance(places, bool) or not 0 <= places < residual.LIMIT:
                message = f"column {column} would have {places} places: give a whole number from 0"
                raise DataError(message)
        most = sum(abs(int(places) - int(self.places[column])) for column, places in changes.items())
        copies = {name: getattr(self, name).copy() for name in ("places", "_used", "_edge", "_by", "_level")}
        mended = dataclasses.replace(self, **copies, _lists=_roomier(self._lists, most, self._pupils.size))
        cost_sum = self.cost_sum
        for column in sorted(changes):
            cost_sum += mended._set_places(column, int(changes[column]))  # noqa: SLF001 - not shared with anybody yet
        return dataclasses.replace(mended, cost_sum=cost_sum)

    def with_column(self, cost: ArrayLike, places: int) -> Settled:
        """Return the problem with one more column, the last: a new provision.

        Parameters
        ----------
        cost
            int64 [n]: its cost for each row, at least 0, or -1 = not eligible.
        places
            Its places.

        Raises
        ------
        DataError
            As `transport`.
        """
        given = np.asarray(cost) if np.size(cost) else np.zeros(0, dtype=np.int64)
        column = as_problem(given.reshape(-1, 1), self._pupils, [0])[0]
        new = self.places.size
        # With one more column a path can be dearer by the range of its costs, and end in the greatest of them.
        dearer = 2 * int(column.max(initial=0))
        price = self.unplaced_price + dearer
        if price * (int(self._pupils.sum()) + 2) >= residual.LIMIT:
            message = f"costs up to {dearer // 2} overflow 64-bit integers: use a coarser unit of cost"
            raise DataError(message)
        edge = np.insert(np.insert(self._edge, new, repair.FAR, axis=0), new, repair.FAR, axis=1)
        edge[-1, :new] -= np.where(edge[-1, :new] < repair.FAR, dearer, 0)
        edge[:new, -1] += np.where(edge[:new, -1] < repair.FAR, dearer, 0)
        by = np.insert(np.insert(self._by, new, repair.NOBODY, axis=0), new, repair.NOBODY, axis=1)
        lists = repair.Lists(*(np.insert(part, new, 0, axis=0) for part in self._lists))
        wide = np.concatenate([self._cost, column.reshape(1, -1)])
        repair.weigh_into(new, wide, price, lists.row_of, lists.filled, edge, by)
        opened = dataclasses.replace(
            self, places=np.append(self.places, 0), unplaced_price=price, _cost=wide,
            _used=np.insert(self._used, new, 0), _lists=lists, _edge=edge, _by=by, _level=_distances(edge),
        )  # fmt: skip
        return opened.with_places({new: places})

    def gains(self) -> tuple[Ints, Ints]:
        """Return (placed, cost) int64 [m] of one more place at each column, as `place_gains`."""
        waiting = np.full(self.places.size + 1, repair.FAR, np.int64)
        if self.unplaced_pupils:
            waiting[-1] = 0
            _search(self._edge, waiting)
        placed = waiting[:-1] < repair.FAR
        change = np.where(placed, waiting[:-1] + self.unplaced_price, _distances(self._edge)[:-1])
        return placed.astype(np.int64), change.astype(np.int64)

    def _set_places(self, column: int, places: int) -> int:
        """Change the places of a column in place; return the change of cost."""
        arrays = (self._used, self._cost, self.unplaced_price, *self._lists, self._edge, self._by, self._level)
        before = self.unplaced_pupils
        more, over = places - int(self.places[column]), int(self._used[column]) - places
        self.places[column] = places
        change = 0
        if more > 0:
            change = repair.grow(column, more, *arrays)
        elif over > 0:
            change = repair.shrink(column, over, np.append(self.places, np.iinfo(np.int64).max), *arrays)
        return int(change) - self.unplaced_price * (self.unplaced_pupils - before)


def settle(cost: ArrayLike, pupils: ArrayLike, places: ArrayLike, flow: Flow | None = None) -> Settled:
    """Return a problem with its optimum, ready for what-if questions.

    Parameters
    ----------
    cost, pupils, places
        The problem, as for `transport`.
    flow
        Its optimal flow, where it is known; otherwise it is solved.

    Raises
    ------
    DataError
        As `transport`, or when `flow` is not one of this problem.
    CertificateError
        When `flow` is not optimal.
    """
    cost_array, pupils_array, places_array = as_problem(cost, pupils, places)
    found = transport(cost_array, pupils_array, places_array) if flow is None else flow
    if found.flow.shape != cost_array.shape or found.unplaced.shape != pupils_array.shape:
        message = (
            f"the flow has shape {found.flow.shape}, the problem {cost_array.shape}: pass the flow of this problem"
        )
        raise DataError(message)
    by_column = np.array(cost_array.T, order="C")
    lists = _lists_of(found)
    used = np.append(residual.sums(found.flow.indices, found.flow.data, places_array.size), found.unplaced.sum())
    _hold_feasible(found, cost_array, pupils_array, used[:-1] <= places_array)
    edge, by = (np.empty((used.size, used.size), np.int64) for _ in range(2))
    repair.weigh_all(by_column, found.unplaced_price, lists.row_of, lists.filled, edge, by)
    level = _distances(edge)
    if (level[:-1][used[:-1] < places_array] < 0).any():
        raise CertificateError(_NOT_OPTIMAL.format("a move to a free place saves"))
    return Settled(
        places=places_array.copy(),
        unplaced_price=int(found.unplaced_price),
        cost_sum=int(found.cost),
        _pupils=pupils_array.copy(),
        _cost=by_column,
        _used=used,
        _lists=lists,
        _edge=edge,
        _by=by,
        _level=level,
    )


def _hold_feasible(flow: Flow, cost: Ints, pupils: Ints, within: Bools) -> None:
    cells = flow.flow.tocoo()
    placed = residual.sums(cells.row, cells.data, len(pupils))
    priced = flow.unplaced_price > residual.path_bound(cost)
    if not (
        (placed + flow.unplaced == pupils).all() and within.all() and (cost[cells.row, cells.col] >= 0).all() and priced
    ):
        message = "the flow is not one of this problem: other pupils, places or costs; pass the flow of this problem"
        raise DataError(message)


def _lists_of(flow: Flow) -> repair.Lists:
    """Return the flow column by column, the pupils without a place last."""
    cells = flow.flow.tocoo()
    waiting = np.flatnonzero(flow.unplaced)
    filled = np.flatnonzero(cells.data)
    pool = flow.flow.shape[1]
    row = np.concatenate([cells.row[filled], waiting]).astype(np.int64)
    column = np.concatenate([cells.col[filled], np.full(waiting.size, pool)]).astype(np.int64)
    pupils = np.concatenate([cells.data[filled], flow.unplaced[waiting]])
    order = np.lexsort((row, column))
    count = np.bincount(column, minlength=pool + 1).astype(np.int64)
    at = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    row_of, amount = (np.zeros((pool + 1, int(count.max(initial=0)) + 1), np.int64) for _ in range(2))
    row_of[column[order], at], amount[column[order], at] = row[order], pupils[order]
    return repair.Lists(row_of, amount, count)


def _roomier(lists: repair.Lists, most: int, n_rows: int) -> repair.Lists:
    """Return a copy with room for what `most` moved pupils can add to a list: a row each, no row twice."""
    width = min(int(lists.filled.max()) + most, n_rows) + 1
    held = min(width, lists.row_of.shape[1])
    row_of, amount = (np.zeros((lists.filled.size, width), np.int64) for _ in range(2))
    row_of[:, :held], amount[:, :held] = lists.row_of[:, :held], lists.amount[:, :held]
    return repair.Lists(row_of, amount, lists.filled.copy())


def _distances(edge: Ints) -> Ints:
    """Return int64 [m + 1]: the least change of cost were one more place opened at each column."""
    level = np.zeros(edge.shape[0], np.int64)
    _search(edge, level)
    return level


def _search(edge: Ints, distance: Ints) -> None:
    """Lower the distances in place to the least along edges."""
    if not repair.search(edge, distance):
        raise CertificateError(_NOT_OPTIMAL.format("its residual graph has a negative cycle"))
