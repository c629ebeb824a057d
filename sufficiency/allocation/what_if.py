"""What one change of places would do, in milliseconds: an optimal flow is mended and not solved again.

Adding, growing, shrinking or closing a provision changes one column. The optimum of the changed problem is reached from
the old one by least augmenting paths on the residual graph between columns, exactly. Where optima tie, the one reached
may differ from that of a fresh solve in who goes where; so only figures are given that every optimum shares.

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

    from sufficiency.allocation.residual import Ints
    from sufficiency.model.results import Flow

__all__ = ["Settled", "settle"]


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
    _order: Ints
    _cost: Ints
    _held: Ints
    _edge: Ints
    _by: Ints
    _level: Ints

    @property
    def unplaced_pupils(self) -> int:
        """Pupils without a place."""
        return int(self._held[-1].sum())

    @property
    def used(self) -> Ints:
        """Places used in each column."""
        return np.asarray(self._held[:-1].sum(axis=1), dtype=np.int64)

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
            if not isinstance(column, whole) or not 0 <= column < self.places.size:
                message = f"column {column} is unknown: there are columns 0 to {self.places.size - 1}"
                raise DataError(message)
            if not isinstance(places, whole) or isinstance(places, bool) or not 0 <= places < residual.LIMIT:
                message = f"column {column} would have {places} places: give a whole number from 0"
                raise DataError(message)
        copies = {name: getattr(self, name).copy() for name in ("places", "_held", "_edge", "_by", "_level")}
        mended = dataclasses.replace(self, **copies)
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
        column = as_problem(given.reshape(-1, 1), self._pupils, [0])[0][self._order]
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
        held, wide = np.insert(self._held, new, 0, axis=0), np.column_stack([self._cost, column])
        repair.weigh_into(new, wide, price, held, edge, by)
        opened = dataclasses.replace(
            self, places=np.append(self.places, 0), unplaced_price=price, _cost=wide, _held=held, _edge=edge, _by=by,
            _level=_distances(edge),
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
        arrays = (self._cost, self.unplaced_price, self._held, self._edge, self._by, self._level)
        used, before = self.used, self.unplaced_pupils
        free = np.append(self.places - used, np.iinfo(np.int64).max)
        more = places - int(self.places[column])
        change = 0
        if more > 0:
            change = repair.grow(column, more, *arrays)
        elif places < used[column]:
            change = repair.shrink(column, int(used[column]) - places, free, *arrays)
        self.places[column] = places
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
        As `transport`, or when `flow` is not of this problem's shape.
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
    held = np.vstack([found.flow.T.toarray(), found.unplaced[None, :]]).astype(np.int64)
    # Rows that share a column stand together, as they are looked at together.
    order = np.argsort((held > 0).argmax(axis=0), kind="stable")
    held, arranged = np.ascontiguousarray(held[:, order]), cost_array[order]
    edge, by = (np.empty((held.shape[0], held.shape[0]), np.int64) for _ in range(2))
    repair.weigh_all(arranged, found.unplaced_price, held, edge, by)
    return Settled(
        places=places_array,
        unplaced_price=int(found.unplaced_price),
        cost_sum=int(found.cost),
        _pupils=pupils_array,
        _order=order,
        _cost=arranged,
        _held=held,
        _edge=edge,
        _by=by,
        _level=_distances(edge),
    )


def _distances(edge: Ints) -> Ints:
    """Return int64 [m + 1]: the least change of cost were one more place opened at each column."""
    level = np.zeros(edge.shape[0], np.int64)
    _search(edge, level)
    return level


def _search(edge: Ints, distance: Ints) -> None:
    """Lower the distances in place to the least along edges."""
    if not repair.search(edge, distance):
        message = "the flow is not optimal: its residual graph has a negative cycle"
        raise CertificateError(message)
