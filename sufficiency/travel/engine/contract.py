"""The order in which a road network is folded up, and the arcs that stand for what was folded.

Contraction (Geisberger, Sanders, Schultes, Delling 2008): nodes are taken away one by one, the least important first;
wherever the way through a node was a least way between two of its neighbours, a shortcut of the same weight takes its
place. What is left of the network keeps every least weight exactly, so each node needs only its arcs to nodes that
outlast it. A search for another way (the witness) that gives up early costs an arc too many, never a wrong weight.

Compiled by numba. Every function called from a kernel stands in this module: a kernel's cache on disk is renewed when
its own file changes, not when another's does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE: Final = -1
# Arcs looked at by a witness search before it gives up: when a node's importance is judged, and when it is taken away.
JUDGING_ARCS: Final = 60
FOLDING_ARCS: Final = 300
# Where a sum of two weights would no longer fit, the network cannot be folded.
MOST_WEIGHT: Final = 2**62 - 1


class _Net(NamedTuple):
    """The arcs as chained lists: of every node those that leave it and those that enter it."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.int64]
    hops: NDArray[np.int32]
    next_out: NDArray[np.int32]
    next_in: NDArray[np.int32]
    first_out: NDArray[np.int32]
    first_in: NDArray[np.int32]
    gone: NDArray[np.bool_]


class _Desk(NamedTuple):
    """What a search writes on; `seen` and `wanted` hold the number of the search that wrote there last."""

    least: NDArray[np.int64]
    seen: NDArray[np.int64]
    wanted: NDArray[np.int64]
    heap_weight: NDArray[np.int64]
    heap_node: NDArray[np.int32]
    number: NDArray[np.int64]


class _Shortcuts(NamedTuple):
    """The shortcuts of one node, grouped by the node that they leave."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.int64]
    hops: NDArray[np.int32]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _push(weights: NDArray[np.int64], nodes: NDArray[np.int32], size: int, weight: int, node: int) -> int:
    """Put (weight, node) into the heap, ordered by weight, then node; return its new size."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if weights[parent] < weight or (weights[parent] == weight and nodes[parent] <= node):
            break
        weights[place] = weights[parent]
        nodes[place] = nodes[parent]
        place = parent
    weights[place] = weight
    nodes[place] = node
    return size + 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _pop(weights: NDArray[np.int64], nodes: NDArray[np.int32], size: int) -> int:
    """Take the first entry away (read it before); return the new size."""
    size -= 1
    weight, node = weights[size], nodes[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            weights[other] < weights[child] or (weights[other] == weights[child] and nodes[other] < nodes[child])
        ):
            child = other
        if weight < weights[child] or (weight == weights[child] and node <= nodes[child]):
            break
        weights[place] = weights[child]
        nodes[place] = nodes[child]
        place = child
    weights[place] = weight
    nodes[place] = node
    return size


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _unlink_gone(net: _Net, node: int) -> tuple[int, int, int]:
    """Drop arcs to and from nodes taken away; return how many enter and leave, and how many roads they stand for."""
    leaving, entering, hops = 0, 0, 0
    before, arc = NONE, net.first_out[node]
    while arc != NONE:
        after = net.next_out[arc]
        if net.gone[net.head[arc]]:
            if before == NONE:
                net.first_out[node] = after
            else:
                net.next_out[before] = after
        else:
            before = arc
            leaving += 1
            hops += net.hops[arc]
        arc = after
    before, arc = NONE, net.first_in[node]
    while arc != NONE:
        after = net.next_in[arc]
        if net.gone[net.tail[arc]]:
            if before == NONE:
                net.first_in[node] = after
            else:
                net.next_in[before] = after
        else:
            before = arc
            entering += 1
            hops += net.hops[arc]
        arc = after
    return entering, leaving, hops


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _witness(net: _Net, desk: _Desk, start: int, without: int, wanted: int, farthest: int, most_arcs: int) -> None:
    """Search from `start` without one node, until all `wanted` nodes, the farthest weight or the limit is reached."""
    desk.number[0] += 1
    search = desk.number[0]
    desk.least[start] = 0
    desk.seen[start] = search
    size = _push(desk.heap_weight, desk.heap_node, 0, 0, start)
    looked = 0
    while size > 0:
        weight, node = desk.heap_weight[0], desk.heap_node[0]
        size = _pop(desk.heap_weight, desk.heap_node, size)
        if weight > desk.least[node]:
            continue
        if weight > farthest:
            return
        if desk.wanted[node] == desk.number[1]:
            wanted -= 1
            if wanted == 0:
                return
        before, arc = NONE, net.first_out[node]
        while arc != NONE:
            after = net.next_out[arc]
            head = net.head[arc]
            if net.gone[head]:
                if before == NONE:
                    net.first_out[node] = after
                else:
                    net.next_out[before] = after
            else:
                before = arc
                looked += 1
                reached = weight + net.weight[arc]
                better = desk.seen[head] != search or reached < desk.least[head]
                if head != without and reached <= farthest and better and size < desk.heap_node.size:
                    desk.least[head] = reached
                    desk.seen[head] = search
                    size = _push(desk.heap_weight, desk.heap_node, size, reached, head)
            arc = after
        if looked > most_arcs:
            return


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _shortcuts_of(net: _Net, desk: _Desk, found: _Shortcuts, node: int, most_arcs: int) -> tuple[int, int]:
    """Write the shortcuts that must replace a node; return how many, and how many roads they stand for."""
    n_found, hops = 0, 0
    enter = net.first_in[node]
    while enter != NONE:
        start = net.tail[enter]
        desk.number[1] += 1
        wanted, farthest = 0, -1
        leave = net.first_out[node]
        while leave != NONE:
            head = net.head[leave]
            if head != start:
                if desk.wanted[head] != desk.number[1]:
                    desk.wanted[head] = desk.number[1]
                    wanted += 1
                farthest = max(farthest, net.weight[enter] + net.weight[leave])
            leave = net.next_out[leave]
        if wanted > 0:
            _witness(net, desk, start, node, wanted, farthest, most_arcs)
            leave = net.first_out[node]
            while leave != NONE:
                head = net.head[leave]
                through = net.weight[enter] + net.weight[leave]
                if head != start and (desk.seen[head] != desk.number[0] or desk.least[head] > through):
                    found.tail[n_found] = start
                    found.head[n_found] = head
                    found.weight[n_found] = through
                    found.hops[n_found] = net.hops[enter] + net.hops[leave]
                    hops += found.hops[n_found]
                    n_found += 1
                leave = net.next_out[leave]
        enter = net.next_in[enter]
    return n_found, hops


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _longer(array: np.ndarray, size: int) -> np.ndarray:
    """Return a copy with room for `size` entries at least, twice as long as before."""
    longer = np.empty(max(size, 2 * array.size), array.dtype)
    longer[: array.size] = array
    return longer


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _chain(n_nodes: int, tail: np.ndarray, head: np.ndarray, weight: np.ndarray) -> tuple[_Net, int]:
    """Return the arcs, without self-loops, as chained lists with room for shortcuts, and their number."""
    room = 3 * tail.size + 64
    net = _Net(
        np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int32),
        np.empty(room, np.int32), np.empty(room, np.int32), np.full(n_nodes, NONE, np.int32),
        np.full(n_nodes, NONE, np.int32), np.zeros(n_nodes, np.bool_),
    )  # fmt: skip
    n_arcs = 0
    for arc in range(tail.size):
        if tail[arc] != head[arc]:
            net.tail[n_arcs], net.head[n_arcs] = tail[arc], head[arc]
            net.weight[n_arcs], net.hops[n_arcs] = weight[arc], 1
            _link(net, n_arcs)
            n_arcs += 1
    return net, n_arcs


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _link(net: _Net, arc: int) -> None:
    net.next_out[arc] = net.first_out[net.tail[arc]]
    net.first_out[net.tail[arc]] = arc
    net.next_in[arc] = net.first_in[net.head[arc]]
    net.first_in[net.head[arc]] = arc


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _with_room(net: _Net, size: int) -> _Net:
    return _Net(
        _longer(net.tail, size), _longer(net.head, size), _longer(net.weight, size), _longer(net.hops, size),
        _longer(net.next_out, size), _longer(net.next_in, size), net.first_out, net.first_in, net.gone,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _insert(net: _Net, found: _Shortcuts, n_found: int, n_arcs: int, arc_to: np.ndarray) -> int:
    """Add the shortcuts, or lighten the arc that runs there already; return the new number of arcs."""
    start = NONE
    for shortcut in range(n_found):
        tail, head, weight = found.tail[shortcut], found.head[shortcut], found.weight[shortcut]
        if tail != start:
            if start != NONE:
                _forget(net, start, arc_to)
            start = tail
            arc = net.first_out[start]
            while arc != NONE:
                there = arc_to[net.head[arc]]
                if there == NONE or net.weight[arc] < net.weight[there]:
                    arc_to[net.head[arc]] = arc
                arc = net.next_out[arc]
        there = arc_to[head]
        if there != NONE:
            if weight < net.weight[there]:
                net.weight[there], net.hops[there] = weight, found.hops[shortcut]
        else:
            net.tail[n_arcs], net.head[n_arcs] = tail, head
            net.weight[n_arcs], net.hops[n_arcs] = weight, found.hops[shortcut]
            _link(net, n_arcs)
            arc_to[head] = n_arcs
            n_arcs += 1
    if start != NONE:
        _forget(net, start, arc_to)
    return n_arcs


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _forget(net: _Net, start: int, arc_to: np.ndarray) -> None:
    arc = net.first_out[start]
    while arc != NONE:
        arc_to[net.head[arc]] = NONE
        arc = net.next_out[arc]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _judge(
    net: _Net, desk: _Desk, found: _Shortcuts, node: int, level: int, most_arcs: int
) -> tuple[_Shortcuts, int, int, int, int]:
    """Find what taking a node away would cost; return the shortcuts, their number, the arcs in and out, and its turn.

    Its turn comes later the deeper it lies and the more arcs and roads it adds for each that it removes.
    """
    entering, leaving, hops = _unlink_gone(net, node)
    size = entering * leaving
    if size > found.tail.size:
        found = _Shortcuts(
            _longer(found.tail, size), _longer(found.head, size),
            _longer(found.weight, size), _longer(found.hops, size),
        )  # fmt: skip
    n_found, added = _shortcuts_of(net, desk, found, node, most_arcs)
    arcs = entering + leaving
    turn = 1_000 * level + (1_000 * n_found + arcs) // (arcs + 1) + (1_000 * added + hops) // (hops + 1)
    return found, n_found, entering, leaving, turn


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _emit(net: _Net, node: int, outward: bool, to: np.ndarray, weight: np.ndarray, size: int) -> None:  # noqa: FBT001  # a kernel
    """Write the arcs between a node and those that outlast it, from place `size` on."""
    arc = net.first_out[node] if outward else net.first_in[node]
    while arc != NONE:
        to[size] = net.head[arc] if outward else net.tail[arc]
        weight[size] = net.weight[arc]
        size += 1
        arc = net.next_out[arc] if outward else net.next_in[arc]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def contract(n_nodes, tail, head, weight):  # type: ignore[no-untyped-def]  # a kernel
    """Fold up a network of one-way arcs.

    Parameters
    ----------
    n_nodes
        Number of nodes.
    tail, head
        int32[m]: nodes of each arc; self-loops are left out, of parallel arcs the least counts.
    weight
        int64[m] ≥ 0.

    Returns
    -------
    tuple
        order int32[n_nodes] (nodes in the order in which they were taken away), up_first int64[n_nodes + 1], up_to
        int32, up_weight int64 (by place in `order`: arcs to nodes that outlast it), down_first, down_from,
        down_weight (the same for arcs from them); and whether it failed because a sum of weights left int64.
    """
    net, n_arcs = _chain(n_nodes, tail, head, weight)
    desk = _Desk(
        np.zeros(n_nodes, np.int64), np.zeros(n_nodes, np.int64), np.zeros(n_nodes, np.int64),
        np.empty(n_nodes + 4_096, np.int64), np.empty(n_nodes + 4_096, np.int32), np.zeros(2, np.int64),
    )  # fmt: skip
    found = _Shortcuts(np.empty(64, np.int32), np.empty(64, np.int32), np.empty(64, np.int64), np.empty(64, np.int32))
    level, arc_to = np.zeros(n_nodes, np.int64), np.full(n_nodes, NONE, np.int32)
    queue_key, queue_node, queued = np.empty(n_nodes + 1, np.int64), np.empty(n_nodes + 1, np.int32), 0
    order = np.empty(n_nodes, np.int32)
    up_first, down_first = np.zeros(n_nodes + 1, np.int64), np.zeros(n_nodes + 1, np.int64)
    up_to, up_weight = np.empty(2 * tail.size + 64, np.int32), np.empty(2 * tail.size + 64, np.int64)
    down_from, down_weight = np.empty(2 * tail.size + 64, np.int32), np.empty(2 * tail.size + 64, np.int64)
    for node in range(n_nodes):
        found, _, _, _, key = _judge(net, desk, found, node, level[node], JUDGING_ARCS)
        queued = _push(queue_key, queue_node, queued, key, node)
    n_gone = 0
    while queued > 0:
        node = queue_node[0]
        queued = _pop(queue_key, queue_node, queued)
        found, n_found, entering, leaving, key = _judge(net, desk, found, node, level[node], FOLDING_ARCS)
        if queued > 0 and key > queue_key[0]:
            queued = _push(queue_key, queue_node, queued, key, node)
            continue
        for shortcut in range(n_found):
            if found.weight[shortcut] > MOST_WEIGHT:
                return order, up_first, up_to, up_weight, down_first, down_from, down_weight, True
        if n_arcs + n_found > net.tail.size:
            net = _with_room(net, n_arcs + n_found)
        up_size, down_size = up_first[n_gone] + leaving, down_first[n_gone] + entering
        if up_size > up_to.size:
            up_to, up_weight = _longer(up_to, up_size), _longer(up_weight, up_size)
        if down_size > down_from.size:
            down_from, down_weight = _longer(down_from, down_size), _longer(down_weight, down_size)
        _emit(net, node, True, up_to, up_weight, up_first[n_gone])
        _emit(net, node, False, down_from, down_weight, down_first[n_gone])
        order[n_gone] = node
        net.gone[node] = True
        for place in range(up_first[n_gone], up_size):
            level[up_to[place]] = max(level[up_to[place]], level[node] + 1)
        for place in range(down_first[n_gone], down_size):
            level[down_from[place]] = max(level[down_from[place]], level[node] + 1)
        n_arcs = _insert(net, found, n_found, n_arcs, arc_to)
        n_gone += 1
        up_first[n_gone], down_first[n_gone] = up_size, down_size
    n_up, n_down = up_first[n_nodes], down_first[n_nodes]
    return order, up_first, up_to[:n_up], up_weight[:n_up], down_first, down_from[:n_down], down_weight[:n_down], False
