"""Searches without preparation, for one question at a time, and the way itself.

Dijkstra (1959) with a binary heap, on int64 weights; and the way back along arcs that lie on a least way, which is the
same whichever engine found the least weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NONE: Final = -1


@dataclass(frozen=True, eq=False)
class Leaving:
    """The arcs by the node that they leave: `arc[first[v]:first[v + 1]]` are the numbers of those that leave v."""

    first: Ints
    arc: Ints
    tail: Ints
    head: Ints

    @classmethod
    def of(cls, n_nodes: int, tail: Ints, head: Ints) -> Leaving:
        """Return arcs in the order of their numbers at each node."""
        arc = np.argsort(tail, kind="stable")
        first = np.zeros(n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(tail, minlength=n_nodes), out=first[1:])
        return cls(first, arc, tail, head)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _push(weights, nodes, size, weight, node):  # type: ignore[no-untyped-def]  # a kernel
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if weights[parent] <= weight:
            break
        weights[place], nodes[place] = weights[parent], nodes[parent]
        place = parent
    weights[place], nodes[place] = weight, node
    return size + 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _pop(weights, nodes, size):  # type: ignore[no-untyped-def]  # a kernel
    size -= 1
    weight, node, place = weights[size], nodes[size], 0
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and weights[child + 1] < weights[child]:
            child += 1
        if weight <= weights[child]:
            break
        weights[place], nodes[place] = weights[child], nodes[child]
        place = child
    weights[place], nodes[place] = weight, node
    return size


@numba.njit(cache=True, nogil=True, error_model="numpy")
def dijkstra(first, arc_of, head, weight, start, start_weight):  # type: ignore[no-untyped-def]  # a kernel
    """Return int64[n]: the least weights from some nodes, each with a weight of its own to begin with; -1 = no way."""
    n_nodes = first.size - 1
    least, done = np.full(n_nodes, NONE, np.int64), np.zeros(n_nodes, np.bool_)
    weights, nodes = np.empty(head.size + start.size + 1, np.int64), np.empty(head.size + start.size + 1, np.int64)
    size = 0
    for seed in range(start.size):
        node = start[seed]
        if least[node] == NONE or start_weight[seed] < least[node]:
            least[node] = start_weight[seed]
            size = _push(weights, nodes, size, start_weight[seed], node)
    while size > 0:
        node = nodes[0]
        size = _pop(weights, nodes, size)
        if done[node]:
            continue
        done[node] = True
        for place in range(first[node], first[node + 1]):
            arc = arc_of[place]
            reached = least[node] + weight[arc]
            if least[head[arc]] == NONE or reached < least[head[arc]]:
                least[head[arc]] = reached
                size = _push(weights, nodes, size, reached, head[arc])
    return least


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _steps(first, arc_of, head, weight, least, starts):  # type: ignore[no-untyped-def]  # a kernel
    """Return int64[n]: the fewest arcs of a least way from the starts to each node, -1 = none."""
    n_nodes = first.size - 1
    steps, queue = np.full(n_nodes, NONE, np.int64), np.empty(n_nodes, np.int64)
    begin, end = 0, 0
    for start in starts:
        if steps[start] == NONE:
            steps[start] = 0
            queue[end] = start
            end += 1
    while begin < end:
        node = queue[begin]
        begin += 1
        for place in range(first[node], first[node + 1]):
            arc = arc_of[place]
            if steps[head[arc]] == NONE and least[node] + weight[arc] == least[head[arc]]:
                steps[head[arc]] = steps[node] + 1
                queue[end] = head[arc]
                end += 1
    return steps


def way(leaving: Leaving, weight: Ints, least: NDArray[Any], starts: Ints, destination: int) -> Ints | None:
    """Return the arc numbers of a least way in driving order, None where there is none.

    Among least ways: the fewest arcs, then the lowest arc numbers counted from the destination backwards. Every step
    back lowers the number of arcs left, so cycles of weight 0 cannot hold it.

    Parameters
    ----------
    leaving
        The arcs.
    weight
        int64 by arc.
    least
        Least weights to every node, -1 = no way; the nodes of `starts` that a least way begins at have their own.
    starts
        Nodes at which a way may begin with its least weight.
    destination
        Where it ends.
    """
    if least[destination] < 0:
        return None
    steps = _steps(leaving.first, leaving.arc, leaving.head, weight, least.astype(np.int64), starts)
    tail_least = least[leaving.tail].astype(np.int64)
    tight = (tail_least >= 0) & (tail_least + weight == least[leaving.head])
    tight &= (steps[leaving.tail] >= 0) & (steps[leaving.tail] + 1 == steps[leaving.head])
    candidates = np.flatnonzero(tight)
    into = candidates[np.lexsort((candidates, leaving.head[candidates]))]
    arriving = leaving.head[into]
    back: list[int] = []
    node = destination
    while steps[node] > 0:
        arc = int(into[np.searchsorted(arriving, node)])
        back.append(arc)
        node = int(leaving.tail[arc])
    return np.array(back[::-1], dtype=np.int64)
