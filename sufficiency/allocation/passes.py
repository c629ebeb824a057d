"""Kernels that look at every cell of a table of costs once: compiled, because a county has millions of cells.

`cost` is int64 [n, m], -1 = not eligible; prices are int64 [m] by column and int64 [n] by row. Every function called
from a kernel stands in this module: numba's cache knows no other.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FAR: Final = 2**61


@numba.njit(cache=True, nogil=True)
def priced(cost: Ints, price: Ints) -> Ints:
    """Return int64 [n, m]: cost plus the price of the column, -1 where not eligible."""
    out = np.empty(cost.shape, np.int64)
    for row in range(cost.shape[0]):
        for column in range(cost.shape[1]):
            own = cost[row, column]
            out[row, column] = own + price[column] if own >= 0 else -1
    return out


@numba.njit(cache=True, nogil=True)
def at_price(cost: Ints, place_price: Ints, pupil_price: Ints) -> Bools:
    """Return bool [n, m]: the eligible cells whose cost plus place price is just the pupil price of the row."""
    out = np.empty(cost.shape, np.bool_)
    for row in range(cost.shape[0]):
        wanted = pupil_price[row]
        for column in range(cost.shape[1]):
            own = cost[row, column]
            out[row, column] = (own >= 0) & (own + place_price[column] == wanted)
    return out


@numba.njit(cache=True, nogil=True)
def cheapest(cost: Ints, place_price: Ints, unplaced_price: int) -> Ints:
    """Return int64 [n]: the least of cost plus place price over the eligible columns, at most the unplaced price."""
    out = np.empty(cost.shape[0], np.int64)
    for row in range(cost.shape[0]):
        least = unplaced_price
        for column in range(cost.shape[1]):
            own = cost[row, column]
            least = min(least, own + place_price[column] if own >= 0 else FAR)
        out[row] = least
    return out


@numba.njit(cache=True, nogil=True)
def column_graph(cost: Ints, rows: Ints, columns: Ints) -> Ints:
    """Return int64 [m, m]: the least change of cost when a pupil of one column's cells moves to another; FAR = none."""
    graph = np.full((cost.shape[1], cost.shape[1]), FAR)
    for cell in range(len(rows)):
        row, held = rows[cell], columns[cell]
        left = cost[row, held]
        for column in range(cost.shape[1]):
            own = cost[row, column]
            graph[held, column] = min(graph[held, column], own - left if own >= 0 else FAR)
    return graph
