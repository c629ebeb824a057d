"""Kernels that mend an optimal flow after the places of one column have changed, path by least path.

Column `pool` (the last) holds the pupils without a place; its places have no end and cost `price` a pupil. `held`
int64 [m + 1, n] are the pupils of each row in each column. `edge` int64 [m + 1, m + 1] is the least change of cost when
a pupil of one column moves to another, and `by` the row of that pupil: with it, a question about thousands of rows is
one about columns. Every function called from a kernel stands in this module: numba's cache knows no other.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Final

import numba
import numpy as np

FAR: Final = 2**61
NOBODY: Final = -1


@numba.njit(cache=True, nogil=True)
def gained(column, row, cost, price, edge, by):
    """Lower the edges that leave a column to what one more row in it allows."""
    pool = edge.shape[0] - 1
    left = price if column == pool else cost[row, column]
    if column != pool and price - left < edge[column, pool]:
        edge[column, pool], by[column, pool] = price - left, row
    for other in range(pool):
        change = cost[row, other] - left
        if cost[row, other] >= 0 and change < edge[column, other] and other != column:
            edge[column, other], by[column, other] = change, row


@numba.njit(cache=True, nogil=True)
def weigh_all(cost, price, held, edge, by):
    """Write every edge."""
    edge[:] = FAR
    by[:] = NOBODY
    for column in range(held.shape[0]):
        of_column = held[column]
        for row in range(of_column.size):
            if of_column[row]:
                gained(column, row, cost, price, edge, by)


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
def weigh_into(column, cost, price, held, edge, by):
    """Write the edges that lead to one column."""
    pool = held.shape[0] - 1
    edge[:, column] = FAR
    by[:, column] = NOBODY
    for before in range(held.shape[0]):
        of_column = held[before]
        for row in range(of_column.size):
            if of_column[row] and cost[row, column] >= 0 and before != column:
                change = cost[row, column] - (price if before == pool else cost[row, before])
                if change < edge[before, column]:
                    edge[before, column], by[before, column] = change, row


@numba.njit(cache=True, nogil=True)
def lost(column, row, cost, price, held, edge, by):
    """Weigh the edges that left a column by a row that it no longer holds."""
    pool = held.shape[0] - 1
    gone = np.flatnonzero(by[column] == row)
    edge[column, gone] = FAR
    by[column, gone] = NOBODY
    of_column = held[column]
    for still in range(of_column.size):
        if of_column[still]:
            left = price if column == pool else cost[still, column]
            for other in gone:
                there = price if other == pool else cost[still, other]
                if there >= 0 and there - left < edge[column, other]:
                    edge[column, other], by[column, other] = there - left, still


@numba.njit(cache=True, nogil=True)
def nearest(edge, level, distance, before, ends):
    """Lower `distance` along edges, weighed by change + level here - level there (all at least 0), up to the first end.

    Dijkstra's search over few nodes. `ends` uint8 [m + 1], of which one can be reached; returns the one reached first.
    `level` is changed so that the edges along its path weigh 0, and no edge less than 0.
    """
    size = distance.size
    waiting = distance.copy()
    here = waiting.argmin()
    while not ends[here]:
        upto = distance[here] + level[here]
        waiting[here] = FAR
        onward = edge[here]
        # Plain selections, so that the loop becomes vector instructions; who was passed is never reached sooner.
        for other in range(size):
            there = upto + onward[other] - level[other]
            sooner = there < distance[other]
            distance[other] = there if sooner else distance[other]
            waiting[other] = there if sooner else waiting[other]
            before[other] = here if sooner else before[other]
        here = waiting.argmin()
    for column in range(size):
        level[column] += min(distance[column], distance[here])
    return here


@numba.njit(cache=True, nogil=True)
def move(last, most, before, cost, price, held, edge, by):
    """Move pupils along the path that ends at `last`, at most so many; return how many."""
    column = last
    while before[column] != NOBODY:
        most = min(most, held[before[column], by[before[column], column]])
        column = before[column]
    rows = np.empty(before.size, np.int64)
    column = last
    while before[column] != NOBODY:
        row = by[before[column], column]
        rows[column] = row
        held[before[column], row] -= most
        held[column, row] += most
        column = before[column]
    column = last
    while before[column] != NOBODY:
        if held[before[column], rows[column]] == 0:
            lost(before[column], rows[column], cost, price, held, edge, by)
        gained(column, rows[column], cost, price, edge, by)
        column = before[column]
    return most


@numba.njit(cache=True, nogil=True)
def grow(column, more, cost, price, held, edge, by, level):
    """Fill `more` new places of a column as long as that gains; return the change of cost.

    `level` int64 [m + 1]: the least change of cost were one more place opened at each column; 0 where one is free.
    """
    size = held.shape[0]
    ends = np.zeros(size, np.uint8)
    ends[column] = 1
    change = 0
    while more > 0:
        distance, before = -level, np.full(size, NOBODY, np.int64)
        nearest(edge, level, distance, before, ends)
        if level[column] >= 0:
            break
        moved = move(column, more, before, cost, price, held, edge, by)
        change += level[column] * moved
        more -= moved
    return change


@numba.njit(cache=True, nogil=True)
def shrink(column, fewer, free, cost, price, held, edge, by, level):
    """Move `fewer` pupils out of a column, each along the least path to a free place or to none.

    `free` int64 [m + 1] are the places left in each column, without end in the pool; returns the change of cost.
    """
    size = held.shape[0]
    change = 0
    while fewer > 0:
        distance, before = np.full(size, FAR, np.int64), np.full(size, NOBODY, np.int64)
        distance[column] = 0
        ends = (free > 0).astype(np.uint8)
        ends[column] = 0
        last = nearest(edge, level, distance, before, ends)
        level -= level[last]
        moved = move(last, min(fewer, free[last]), before, cost, price, held, edge, by)
        change -= level[column] * moved
        fewer -= moved
        free[last] -= moved
    return change
