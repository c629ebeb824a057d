"""Which parts of a network hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


def largest_component(n_nodes: int, tail: Ints, head: Ints) -> Bools:
    """Return bool[n_nodes]: the largest strongly connected component, of equals the one with the lowest node."""
    if n_nodes == 0:
        return np.zeros(0, dtype=bool)
    ones = csr_array((np.ones(tail.size), (tail, head)), shape=(n_nodes, n_nodes))
    _, label = connected_components(ones, directed=True, connection="strong")
    size = np.bincount(label)
    return np.asarray(label == label[np.flatnonzero(size[label] == size.max())[0]])


def islands_of(n_nodes: int, tail: Ints, head: Ints) -> Ints:
    """Return int64[n_nodes]: the number of the part that each node lies in, whichever way the arcs run."""
    ones = csr_array((np.ones(tail.size), (tail, head)), shape=(n_nodes, n_nodes))
    _, label = connected_components(ones, directed=False)
    return np.asarray(label, dtype=np.int64)


def reached(start: Bools, tail: Ints, head: Ints) -> Bools:
    """Return bool[n_nodes]: the nodes that arcs lead to from any node of `start`, those of `start` included."""
    n_nodes = start.size
    entries = np.flatnonzero(start)
    # One extra node that leads to every start, so that one search covers them all.
    tails = np.concatenate([tail, np.full(entries.size, n_nodes)])
    heads = np.concatenate([head, entries])
    ones = csr_array((np.ones(tails.size), (tails, heads)), shape=(n_nodes + 1, n_nodes + 1))
    found = breadth_first_order(ones, n_nodes, directed=True, return_predecessors=False)
    out = np.zeros(n_nodes + 1, dtype=bool)
    out[found] = True
    return out[:n_nodes]
