"""Exact shortest paths and reach on the residual graph of a flow, seen from the columns.

In the residual graph a group leads to every column that it may take, and a column leads back to every group that it
holds. Going column to column (through the best group held) leaves a graph of m nodes, small enough for plain
Bellman-Ford in integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from sufficiency.allocation import passes
from sufficiency.model.errors import CertificateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.results import Flow

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LIMIT = 2**60  # totals stay below this, so that two of them and an INFINITE still add up in 64 bits
INFINITE = np.int64(2**61)
_CELLS_AT_ONCE = 4_000_000


class Problem(NamedTuple):
    """Pupils int64 [n], places int64 [m], and the price of a pupil without a place: more than any augmenting path."""

    pupils: Ints
    places: Ints
    unplaced_price: int


class Cells(NamedTuple):
    """The cells of a flow: rows, columns and pupils, int64 [k], each above 0."""

    rows: Ints
    columns: Ints
    amounts: Ints


def sums(index: Ints, amounts: Ints, size: int) -> Ints:
    """Return the exact int64 sums of `amounts` by `index`, length `size`."""
    out = np.zeros(size, dtype=np.int64)
    np.add.at(out, index, amounts)
    return out


def by_column(rows: Ints, columns: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each column that has cells, in order, with the rows of its cells."""
    order = np.argsort(columns, kind="stable")
    held, first = np.unique(columns[order], return_index=True)
    yield from zip(held.tolist(), np.split(rows[order], first)[1:], strict=True)


def path_bound(cost: Ints) -> int:
    """Return a number that no simple augmenting path, nor the travel of any simple residual cycle, can exceed.

    A simple path enters each column at most once, so all but its last column add at most their range of costs, and
    the last one its greatest cost: the sum of the ranges plus the greatest of the least costs bounds them all.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    """
    if cost.size == 0:
        return 0
    greatest = cost.max(axis=0)
    # Without a sign, -1 is the greatest of all numbers.
    least = np.ascontiguousarray(cost, np.int64).view(np.uint64).min(axis=0)[greatest >= 0].astype(np.int64)
    ranges: list[int] = (greatest[greatest >= 0] - least).tolist()
    return sum(ranges) + int(least.max(initial=0))


def column_graph(cost: Ints, rows: Ints, columns: Ints) -> Ints:
    """Return int64 [m, m]: the least change of cost when a pupil held by one column moves to another.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    rows, columns
        The cells with flow.
    """
    graph: Ints = passes.column_graph(_whole(cost), _whole(rows), _whole(columns))
    return graph


def optimal_distances(cost: Ints, cells: Cells, problem: Problem) -> Ints:
    """Return int64 [m]: the change of (cost + unplaced price) were one more place opened at a column.

    The least residual path to the column from a pupil without a place (minus the price), or from a place given up
    (0). INFINITE where no pupil could ever come.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    cells, problem
        The flow, and what it answers.

    Raises
    ------
    CertificateError
        When the flow is not optimal: a cycle, a move to free room, or one into the place of a pupil who then has none
        would save.
    """
    rows, columns, amounts = cells
    pupils, places, unplaced_price = problem
    unplaced = pupils - sums(rows, amounts, len(pupils))
    used = sums(columns, amounts, len(places))
    start = np.where(used > 0, np.int64(0), INFINITE)
    waiting = cost[unplaced > 0]
    if len(waiting) and cost.shape[1]:
        start = np.minimum(start, np.where(waiting >= 0, waiting - unplaced_price, INFINITE).min(axis=0))
    distance: Ints = least_distances(column_graph(cost, rows, columns), start[None, :])[0]
    to_free_room = distance[used < places]
    instead_of_another = distance[columns] + unplaced_price - cost[rows, columns]
    if (to_free_room < 0).any() or (instead_of_another < 0).any():
        message = "the flow is not optimal: a move to free room, or into the place of a pupil who then has none, saves"
        raise CertificateError(message)
    return distance


def least_distances(graph: Ints, start: Ints) -> Ints:
    """Return int64 [k, m]: the least of a start and the changes from column to column, for each of k starts.

    Parameters
    ----------
    graph
        int64 [m, m], output of `column_graph`.
    start
        int64 [k, m], INFINITE = no start.

    Raises
    ------
    CertificateError
        When the residual graph has a negative cycle: the flow was not optimal.
    """
    n_places = len(graph)
    together = max(1, _CELLS_AT_ONCE // max(1, n_places * n_places))
    parts = [_relaxed(graph, start[first : first + together]) for first in range(0, len(start), together)]
    return np.concatenate(parts) if parts else start


def _relaxed(graph: Ints, start: Ints) -> Ints:
    distance = start
    for _ in range(len(graph) + 1):
        known = np.flatnonzero((distance < LIMIT).any(axis=0))
        if len(known) == 0:
            return distance
        through = (distance[:, known, None] + graph[None, known]).min(axis=1)
        shorter = np.minimum(distance, np.where(through < LIMIT, through, INFINITE))
        if np.array_equal(shorter, distance):
            return distance
        distance = shorter
    message = "the flow is not optimal: its residual graph has a negative cycle"
    raise CertificateError(message)


def _whole(values: Ints) -> Ints:
    """Return values as the kernels are compiled for: int64, one after another."""
    return np.ascontiguousarray(values, dtype=np.int64)


def priced(cost: Ints, price: Ints) -> Ints:
    """Return int64 [n, m]: cost plus the price of the column, -1 where not eligible.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    price
        int64 [m], at least 0.
    """
    out: Ints = passes.priced(_whole(cost), _whole(price))
    return out


def at_price(cost: Ints, place_price: Ints, pupil_price: Ints) -> Bools:
    """Return bool [n, m]: the eligible cells whose cost plus place price is just the pupil price of the row."""
    out: Bools = passes.at_price(_whole(cost), _whole(place_price), _whole(pupil_price))
    return out


def cheapest(cost: Ints, place_price: Ints, unplaced_price: int) -> Ints:
    """Return int64 [n]: the least of cost plus place price over the eligible columns, at most the unplaced price."""
    least: Ints = passes.cheapest(_whole(cost), _whole(place_price), unplaced_price)
    return least


def reached_columns(eligible: Bools, rows: Ints, columns: Ints, start: Bools) -> Bools:
    """Return bool [m]: columns reached on the residual graph from the rows in `start`."""
    reached = np.zeros(eligible.shape[1], dtype=np.bool_)
    seen = start.copy()
    frontier = start
    while frontier.any():
        reached |= eligible[frontier].any(axis=0)
        now = seen.copy()
        now[rows[reached[columns]]] = True
        frontier = now & ~seen
        seen = now
    return reached


def reached_rows(eligible: Bools, rows: Ints, columns: Ints, start: Bools) -> Bools:
    """Return bool [n]: `start` and the rows reached from it on the residual graph."""
    out = start.copy()
    out[rows[reached_columns(eligible, rows, columns, start)[columns]]] = True
    return out


def closure(eligible: Bools, rows: Ints, columns: Ints) -> Bools:
    """Return bool [m, m]: columns that can be reached from each column on the residual graph, itself included."""
    n_places = eligible.shape[1]
    reach = np.eye(n_places, dtype=np.bool_)
    for column, own_rows in by_column(rows, columns):
        reach[column] |= eligible[own_rows].any(axis=0)
    # Warshall, with the row of a column in bits: a product of matrices would leave a thread spinning
    bits = np.packbits(reach, axis=1)
    for middle in range(n_places):
        leads_there = (bits[:, middle // 8] >> np.uint8(7 - middle % 8)) & 1 == 1
        bits[leads_there] |= bits[middle]
    return np.unpackbits(bits, axis=1, count=n_places).astype(np.bool_)


def interchangeable_pupils(cost: Ints, places: Ints, flow: Flow) -> int:
    """Return the placed pupils who could swap, in a chain that changes neither travel nor how many are placed.

    Pupils on flow cells that lie on a zero-cost residual cycle longer than a cell and its own reverse. Only arcs of
    zero reduced cost lie on one. Column m stands for both "no place" and room to spare.

    Parameters
    ----------
    cost, places, flow
        The problem as given to `transport`, and its flow.
    """
    n_groups, n_places = cost.shape
    cells = flow.flow.tocoo()
    used = np.asarray(flow.flow.sum(axis=0), dtype=np.int64).ravel()
    tight = np.zeros((n_groups, n_places + 1), dtype=np.bool_)
    tight[:, :n_places] = at_price(cost, flow.place_price, flow.pupil_price)
    tight[:, n_places] = flow.pupil_price == flow.unplaced_price
    waiting = np.flatnonzero(flow.unplaced)
    rows = np.concatenate([cells.row, waiting]).astype(np.int64)
    columns = np.concatenate([cells.col, np.full(len(waiting), n_places)]).astype(np.int64)

    room = np.zeros((n_places + 1, n_places + 1), dtype=np.bool_)
    room[:n_places, n_places] = used < places
    room[n_places, :n_places] = (used > 0) & (flow.place_price == 0)
    moves = room.copy()
    for column, own_rows in by_column(rows, columns):
        moves[column] |= tight[own_rows].any(axis=0)
    _, component = connected_components(csr_matrix(moves), directed=True, connection="strong")

    # A group in one column only: any other tight column from which its own can be reached again will do.
    same = component[None, :] == component[cells.col][:, None]
    choices = tight[cells.row] & same
    choices[np.arange(len(cells.row)), cells.col] = False
    free = choices.any(axis=1)
    held = sums(rows, np.ones(len(rows), dtype=np.int64), n_groups)
    for cell in np.flatnonzero(free & (held[cells.row] > 1)):
        row, column = int(cells.row[cell]), int(cells.col[cell])
        entering = np.array(moves[:, column], dtype=np.bool_)
        for other in columns[rows == row]:
            # A move from a column that the group also holds must not rest on this group alone.
            rest = rows[(columns == other) & (rows != row)]
            entering[other] = bool(tight[rest, column].any() or room[other, column])
        free[cell] = _returns(moves, tight[row], entering, column)
    return int(cells.data[free].sum())


def _returns(moves: Bools, start: Bools, entering: Bools, column: int) -> bool:
    """Whether a walk from the columns in `start`, never through `column`, comes to one in `entering`."""
    frontier = start.copy()
    frontier[column] = False
    seen = frontier.copy()
    while frontier.any():
        if (frontier & entering).any():
            return True
        following = np.array(moves[frontier].any(axis=0), dtype=np.bool_)
        following[column] = False
        frontier = following & ~seen
        seen |= frontier
    return False
