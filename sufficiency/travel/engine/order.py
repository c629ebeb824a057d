"""The numbers of the nodes of a folded network: more lasting before less lasting, and neighbours near each other.

Any order in which every arc leads to a smaller number serves the sweeps. This one walks down the tree in which each
node hangs under the next of its neighbours to go, so that rows used together lie together in memory.
"""
# Kernels: numba types them by what they are called with.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Final

import numba
import numpy as np

NONE: Final = -1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def local_order(up_first, up_to, down_first, down_from):
    """Return int64[n]: the new number of each node.

    Parameters
    ----------
    up_first, up_to, down_first, down_from
        Arcs of each node to (and from) nodes that outlast it, the nodes numbered by falling importance.
    """
    n_nodes = up_first.size - 1
    walk = _down_the_tree(up_first, up_to, down_first, down_from)
    number, stack = np.full(n_nodes, NONE, np.int64), np.empty(n_nodes + 1, np.int64)
    looked = np.zeros(n_nodes, np.int64)
    count = 0
    for node in walk:
        # Before a node, whatever of its more lasting neighbours has no number yet.
        size = 1
        stack[0] = node
        while size > 0:
            here = stack[size - 1]
            n_up, n_down = up_first[here + 1] - up_first[here], down_first[here + 1] - down_first[here]
            above = NONE
            while looked[here] < n_up + n_down and above == NONE:
                arc = looked[here]
                head = up_to[up_first[here] + arc] if arc < n_up else down_from[down_first[here] + arc - n_up]
                looked[here] += 1
                if number[head] == NONE:
                    above = head
            if above != NONE:
                stack[size] = above
                size += 1
                continue
            size -= 1
            if number[here] == NONE:
                number[here] = count
                count += 1
    return number


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _down_the_tree(up_first, up_to, down_first, down_from):
    """Return the nodes, parents before children, each under the least lasting of its more lasting neighbours."""
    n_nodes = up_first.size - 1
    parent = np.full(n_nodes, NONE, np.int64)
    first_child, next_child = np.full(n_nodes, NONE, np.int64), np.full(n_nodes, NONE, np.int64)
    walk, stack = np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64)
    for node in range(n_nodes - 1, -1, -1):
        for arc in range(up_first[node], up_first[node + 1]):
            parent[node] = max(parent[node], up_to[arc])
        for arc in range(down_first[node], down_first[node + 1]):
            parent[node] = max(parent[node], down_from[arc])
        if parent[node] != NONE:
            next_child[node] = first_child[parent[node]]
            first_child[parent[node]] = node
    count = 0
    for root in range(n_nodes):
        if parent[root] != NONE:
            continue
        size = 1
        stack[0] = root
        while size > 0:
            size -= 1
            node = stack[size]
            walk[count] = node
            count += 1
            child = first_child[node]
            while child != NONE:
                stack[size] = child
                size += 1
                child = next_child[child]
    return walk
