"""Who goes where: the most pupils placed, then the least travel, exactly and in integers.

A transport problem between groups of pupils (rows) and places (columns). Groups with the same row of costs are
merged and sorted before solving, so that the answer does not hang on the order of the rows; the flow itself comes
from `least_cost`, the prices from exact shortest paths on its residual graph. A pupil without a place pays
`unplaced_price`, one more than any augmenting path can cost: never a tuned penalty.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, chapters 9 and 10.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_matrix

from sufficiency.allocation import residual
from sufficiency.allocation.least_cost import least_cost_flow
from sufficiency.model.errors import DataError
from sufficiency.model.results import Flow

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sufficiency.allocation.residual import Ints

__all__ = ["as_problem", "place_gains", "transport"]


def transport(cost: ArrayLike, pupils: ArrayLike, places: ArrayLike, *, guess: residual.Cells | None = None) -> Flow:
    """Place the most pupils, then at the least total cost.

    Minimises ``sum(cost * flow)`` over the flows that leave the fewest pupils without a place.

    Parameters
    ----------
    cost
        int64 [n, m], at least 0, or -1 where the pupils of a row may not take the places of a column.
    pupils
        int64 [n], pupils of each group, at least 0.
    places
        int64 [m], places of each column, at least 0. ``n`` or ``m`` may be 0; other integer types are cast.
    guess
        A flow that may be optimal, for all pupils or for those who share no places with the others; its rows and
        columns are positions in `cost`. Where it is, a large problem is answered sooner; the answer is the same with
        any guess and with none.

    Returns
    -------
    Flow
        ``flow`` csr int64 [n, m]; ``unplaced`` int64 [n]; ``cost``; prices in the unit of ``cost``:
        ``pupil_price`` int64 [n] and ``place_price`` int64 [m] >= 0, the exact saving of one more place (the smallest
        optimal price); ``unplaced_price``; ``cut`` bool [n], the groups that prove that nobody else could be placed.
        The same arrays give identical arrays.

    Raises
    ------
    DataError
        Floats, negatives other than -1 in `cost`, wrong shapes, or numbers too large for 64-bit integers.
    """
    cost_array, pupils_array, places_array = as_problem(cost, pupils, places)
    n_groups, n_places = cost_array.shape
    unplaced_price = _unplaced_price(cost_array, pupils_array)
    first, merged = _merge_rows(cost_array)
    merged_cost = cost_array[first]
    merged_pupils = np.zeros(len(first), dtype=np.int64)
    np.add.at(merged_pupils, merged, pupils_array)

    if guess is not None:
        guess = guess._replace(rows=merged[guess.rows].astype(np.int64))
    cells, pupil_price, place_price = least_cost_flow(merged_cost, merged_pupils, places_array, unplaced_price, guess)
    rows, columns, amounts = cells
    merged_unplaced = merged_pupils - residual.sums(rows, amounts, len(first))
    cut = residual.reached_rows(merged_cost >= 0, rows, columns, merged_unplaced > 0)

    group, column, pupils_moved = _split(
        rows, columns, amounts, merged_unplaced, merged=merged, pupils=pupils_array, n_places=n_places
    )
    inside = column < n_places
    flow = coo_matrix(
        (pupils_moved[inside], (group[inside], column[inside])), shape=(n_groups, n_places), dtype=np.int64
    ).tocsr()
    flow.sort_indices()
    unplaced = residual.sums(group[~inside], pupils_moved[~inside], n_groups)
    total = int((merged_cost[rows, columns] * amounts).sum())
    return Flow(flow, unplaced, total, pupil_price[merged], place_price, unplaced_price, cut[merged])


def place_gains(cost: ArrayLike, pupils: ArrayLike, places: ArrayLike, flow: Flow) -> tuple[Ints, Ints]:
    """Return what one more place at each column would change, each column by itself.

    Parameters
    ----------
    cost, pupils, places
        The problem, as for `transport`.
    flow
        Its optimal flow.

    Returns
    -------
    placed
        int64 [m], more pupils placed: 0 or 1.
    cost
        int64 [m], change of total cost, new minus old: positive where one more pupil travels.

    Raises
    ------
    DataError
        As `transport`, or when `flow` is not of this problem's shape.
    CertificateError
        When `flow` is not optimal.
    """
    cost_array, pupils_array, places_array = as_problem(cost, pupils, places)
    if flow.flow.shape != cost_array.shape or flow.unplaced.shape != pupils_array.shape:
        message = f"the flow has shape {flow.flow.shape}, the problem {cost_array.shape}: pass the flow of this problem"
        raise DataError(message)
    coo = flow.flow.tocoo()
    filled = coo.data > 0
    cells = residual.Cells(coo.row[filled], coo.col[filled], coo.data[filled])
    problem = residual.Problem(pupils_array, places_array, flow.unplaced_price)
    distance = residual.optimal_distances(cost_array, cells, problem)
    waiting = residual.reached_columns(cost_array >= 0, cells.rows, cells.columns, flow.unplaced > 0)
    placed = waiting.astype(np.int64)
    change = np.where(waiting, distance + flow.unplaced_price, np.minimum(distance, 0))
    return placed, change.astype(np.int64)


def as_problem(cost: ArrayLike, pupils: ArrayLike, places: ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Return the three arrays as int64, checked.

    Raises
    ------
    DataError
        See `transport`.
    """
    pupils_array = _integers("pupils", pupils, 1, least=0)
    places_array = _integers("places", places, 1, least=0)
    expected = (len(pupils_array), len(places_array))
    # a list without rows cannot say how many columns it has
    empty = 0 in expected and isinstance(cost, list | tuple) and np.size(cost) == 0
    cost_array = np.zeros(expected, np.int64) if empty else _integers("cost", cost, 2, least=-1)
    if cost_array.shape != expected:
        message = f"cost has shape {cost_array.shape}, but pupils and places call for {expected}"
        raise DataError(message)
    return cost_array, pupils_array, places_array


def _integers(name: str, values: ArrayLike, dimensions: int, *, least: int) -> NDArray[np.int64]:
    try:
        array: NDArray[Any] = np.asarray(values)
    except (ValueError, OverflowError) as error:
        message = f"{name} is not a regular array of integers: {error}"
        raise DataError(message) from error
    if array.size == 0 and not isinstance(values, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        message = f"{name} must hold 64-bit integers, not {array.dtype}: round first, so that the rounding is stated"
        raise DataError(message)
    if array.ndim != dimensions:
        message = f"{name} must have {dimensions} dimension(s), not {array.ndim}"
        raise DataError(message)
    if array.size and array.dtype.kind == "u" and int(array.max()) > np.iinfo(np.int64).max:
        message = f"{name} holds a value too large for a 64-bit integer"
        raise DataError(message)
    if array.size and int(array.min()) < least:
        allowed = "at least 0, or -1 for not eligible" if least < 0 else "at least 0"
        message = f"{name} must be {allowed}; the least value is {int(array.min())}"
        raise DataError(message)
    return array.astype(np.int64, copy=False)


def _unplaced_price(cost: Ints, pupils: Ints) -> int:
    # Every total that is formed later is at most this price times the pupils (and one more for a place to add).
    price = 1 + residual.path_bound(cost)
    total_pupils = sum(pupils.tolist())
    if price * (total_pupils + 2) >= residual.LIMIT:
        message = (
            f"costs up to {int(cost.max()) if cost.size else 0} for {total_pupils} pupils overflow 64-bit integers: "
            "use a coarser unit of cost"
        )
        raise DataError(message)
    return price


def _merge_rows(cost: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    n_groups, n_places = cost.shape
    if n_groups == 0 or n_places == 0:
        return np.arange(min(n_groups, 1)), np.zeros(n_groups, dtype=np.intp)
    packed = [row.tobytes() for row in cost]
    order = sorted(range(n_groups), key=packed.__getitem__)
    differs = [True, *(packed[one] != packed[two] for one, two in itertools.pairwise(order))]
    in_order = np.array(order, dtype=np.intp)
    merged = np.empty(n_groups, dtype=np.intp)
    merged[in_order] = np.cumsum(differs) - 1
    return in_order[differs], merged


def _split(
    rows: Ints,
    columns: Ints,
    amounts: Ints,
    unplaced: Ints,
    *,
    merged: NDArray[np.intp],
    pupils: Ints,
    n_places: int,
) -> tuple[Ints, Ints, Ints]:
    """Share the cells of merged rows among their groups: groups and columns both in ascending order.

    Lays the cells (the unplaced as a last column) and the groups side by side on one line of pupils and cuts it
    wherever either ends.
    """
    waiting = np.flatnonzero(unplaced)
    cell_row = np.concatenate([rows, waiting])
    cell_column = np.concatenate([columns, np.full(len(waiting), n_places)])
    cell_pupils = np.concatenate([amounts, unplaced[waiting]])
    cells = np.lexsort((cell_column, cell_row))
    groups = np.flatnonzero(pupils)
    groups = groups[np.argsort(merged[groups], kind="stable")]
    cell_end = np.cumsum(cell_pupils[cells])
    group_end = np.cumsum(pupils[groups])
    ends = np.union1d(cell_end, group_end)
    size = np.diff(ends, prepend=0)
    return (
        groups[np.searchsorted(group_end, ends)].astype(np.int64),
        cell_column[cells[np.searchsorted(cell_end, ends)]],
        size,
    )
