"""Kernels that mend an optimal flow after the places of one column have changed, path by least path.

Column `pool` (the last) holds the pupils without a place; its places have no end and cost `price` a pupil. The flow
stands as lists: column j holds `amount[j, k]` pupils of row `row_of[j, k]`, k below `filled[j]`. `edge` int64
[m + 1, m + 1] is the least change of cost when a pupil of one column moves to another, and `by` the row of that pupil:
with it, a question about thousands of rows is one about columns. `level` int64 [m + 1] are potentials: 0 where a place
is free, at most 0 elsewhere, and edge + level here - level there is never negative. `cost` is int64 [m, n]. Every
function called from a kernel stands in this module: numba's cache knows no other.
"""
# Kernels: numba types them by what they are called with.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR: Final = 2**61
NOBODY: Final = -1


class Lists(NamedTuple):
    """The flow by column: `row_of` and `amount` int64 [m + 1, width], of which the first `filled` int64 [m + 1]."""

    row_of: NDArray[np.int64]
    amount: NDArray[np.int64]
    filled: NDArray[np.int64]


@numba.njit(cache=True, nogil=True)
def gained(column, row, cost, price, edge, by):
    """Lower the edges that leave a column to what one more row in it allows."""
    pool = edge.shape[0] - 1
    left = price if column == pool else cost[column, row]
    if column != pool and price - left < edge[column, pool]:
        edge[column, pool], by[column, pool] = price - left, row
    for other in range(pool):
        change = cost[other, row] - left
        if cost[other, row] >= 0 and change < edge[column, other] and other != column:
            edge[column, other], by[column, other] = change, row


@numba.njit(cache=True, nogil=True)
def lost(column, row, cost, price, row_of, filled, edge, by):
    """Weigh the edges that left a column by a row that it no longer holds."""
    pool = edge.shape[0] - 1
    for other in range(pool + 1):
        if by[column, other] != row:
            continue
        least, who = FAR, NOBODY
        for k in range(filled[column]):
            still = row_of[column, k]
            left = price if column == pool else cost[column, still]
            there = price if other == pool else cost[other, still]
            if there >= 0 and there - left < least:
                least, who = there - left, still
        edge[column, other], by[column, other] = least, who


@numba.njit(cache=True, nogil=True)
def weigh_all(cost, price, row_of, filled, edge, by):
    """Write every edge."""
    edge[:] = FAR
    by[:] = NOBODY
    for column in range(filled.size):
        for k in range(filled[column]):
            gained(column, row_of[column, k], cost, price, edge, by)


@numba.njit(cache=True, nogil=True)
def weigh_into(column, cost, price, row_of, filled, edge, by):
    """Write the edges that lead to one column."""
    pool = filled.size - 1
    edge[:, column] = FAR
    by[:, column] = NOBODY
    for before in range(filled.size):
        for k in range(filled[before]):
            row = row_of[before, k]
            if cost[column, row] >= 0 and before != column:
                change = cost[column, row] - (price if before == pool else cost[before, row])
                if change < edge[before, column]:
                    edge[before, column], by[before, column] = change, row


@numba.njit(cache=True, nogil=True)
def search(edge, distance):
    """Lower `distance` to the least along edges.

    Returns whether there was an end to it: no cycle has a negative sum.
    """
    size = distance.size
    queue, queued = np.empty(size + 1, np.int64), np.zeros(size, np.uint8)
    begin, end, visits = 0, 0, 0
    # From no place first: whoever waits saves the most, and few columns are then looked at twice.
    for column in range(size - 1, -1, -1):
        if distance[column] < FAR:
            queue[end], queued[column] = column, 1
            end += 1
    while begin != end:
        column = queue[begin]
        begin = (begin + 1) % (size + 1)
        queued[column] = 0
        visits += 1
        if visits > size * (size + 1):
            return False
        for other in range(size):
            there = edge[column, other]
            if there < FAR and distance[column] + there < distance[other]:
                distance[other] = distance[column] + there
                if not queued[other]:
                    queue[end], queued[other] = other, 1
                    end = (end + 1) % (size + 1)
    return True


@numba.njit(cache=True, nogil=True)
def least_waiting(distance, settled):
    """Return the column nearest of those not settled, NOBODY when none can be reached."""
    here, least = NOBODY, FAR
    for column in range(distance.size):
        if not settled[column] and distance[column] < least:
            here, least = column, distance[column]
    return here


@numba.njit(cache=True, nogil=True)
def path_into(column, edge, level, path):
    """Find the least path into a column from any other, write it from its begin on and return its length.

    Dijkstra's search backwards, over as few columns as lie nearer than the path is long; raises their levels.
    """
    size = level.size
    distance, onward = np.full(size, FAR, np.int64), np.full(size, NOBODY, np.int64)
    settled = np.zeros(size, np.uint8)
    distance[column] = 0
    begin, least = column, -level[column]
    while True:
        here = least_waiting(distance, settled)
        if here == NOBODY or distance[here] >= least:
            break
        settled[here] = 1
        for before in range(size):
            if edge[before, here] < FAR and not settled[before]:
                there = distance[here] + edge[before, here] + level[before] - level[here]
                if there < distance[before]:
                    distance[before], onward[before] = there, here
                    # Whoever moves out of a column may leave its place empty, which costs nothing.
                    if there - level[before] < least:
                        begin, least = before, there - level[before]
    for other in range(size):
        if distance[other] < least:
            level[other] += least - distance[other]
    length = 0
    while begin != NOBODY:
        path[length] = begin
        length += 1
        begin = onward[begin]
    return length


@numba.njit(cache=True, nogil=True)
def path_out(column, edge, level, free, path):
    """Find the least path out of a column to a free place, write it from its begin on and return its length.

    Dijkstra's search forwards, up to the first column with a free place; lowers the levels of those before it.
    """
    size = level.size
    distance, before = np.full(size, FAR, np.int64), np.full(size, NOBODY, np.int64)
    settled = np.zeros(size, np.uint8)
    distance[column] = 0
    here = column
    while here == column or free[here] == 0:
        settled[here] = 1
        for other in range(size):
            if edge[here, other] < FAR and not settled[other]:
                there = distance[here] + edge[here, other] + level[here] - level[other]
                if there < distance[other]:
                    distance[other], before[other] = there, here
        here = least_waiting(distance, settled)
    for other in range(size):
        if distance[other] < distance[here]:
            level[other] -= distance[here] - distance[other]
    length, step = 0, here
    while step != NOBODY:
        length += 1
        step = before[step]
    step = here
    for place in range(length - 1, -1, -1):
        path[place] = step
        step = before[step]
    return length


@numba.njit(cache=True, nogil=True)
def place_of(column, row, row_of, filled):
    """Return where in the list of a column a row stands, its end when it does not."""
    k = 0
    while k < filled[column] and row_of[column, k] != row:
        k += 1
    return k


@numba.njit(cache=True, nogil=True)
def move(path, most, cost, price, row_of, amount, filled, edge, by):
    """Move pupils along a path, at most so many; return how many."""
    steps = path.size - 1
    rows = np.empty(steps, np.int64)
    for step in range(steps):
        rows[step] = by[path[step], path[step + 1]]
        most = min(most, amount[path[step], place_of(path[step], rows[step], row_of, filled)])
    for step in range(steps):
        here, there, row = path[step], path[step + 1], rows[step]
        k = place_of(there, row, row_of, filled)
        if k == filled[there]:
            row_of[there, k], amount[there, k] = row, 0
            filled[there] += 1
        amount[there, k] += most
        amount[here, place_of(here, row, row_of, filled)] -= most
    for step in range(steps):
        here, there, row = path[step], path[step + 1], rows[step]
        k = place_of(here, row, row_of, filled)
        if k < filled[here] and amount[here, k] == 0:
            filled[here] -= 1
            row_of[here, k], amount[here, k] = row_of[here, filled[here]], amount[here, filled[here]]
            lost(here, row, cost, price, row_of, filled, edge, by)
        gained(there, row, cost, price, edge, by)
    return most


@numba.njit(cache=True, nogil=True)
def grow(column, more, used, cost, price, row_of, amount, filled, edge, by, level):
    """Fill up to `more` new places of a column as long as that gains; return the change of priced cost."""
    path = np.empty(level.size, np.int64)
    change = 0
    while more > 0:
        length = path_into(column, edge, level, path)
        if level[column] >= 0:
            break
        moved = move(path[:length], more, cost, price, row_of, amount, filled, edge, by)
        used[path[0]] -= moved
        used[column] += moved
        change += level[column] * moved
        more -= moved
    return change


@numba.njit(cache=True, nogil=True)
def shrink(column, fewer, places, used, cost, price, row_of, amount, filled, edge, by, level):
    """Move `fewer` pupils out of a column, each along the least path to a free place or to none.

    `places` and `used` are int64 [m + 1], without end in the pool; returns the change of priced cost.
    """
    path = np.empty(level.size, np.int64)
    free = places - used
    change = 0
    while fewer > 0:
        length = path_out(column, edge, level, free, path)
        last = path[length - 1]
        moved = move(path[:length], min(fewer, free[last]), cost, price, row_of, amount, filled, edge, by)
        used[column] -= moved
        used[last] += moved
        free[last] -= moved
        change -= level[column] * moved
        fewer -= moved
    return change
