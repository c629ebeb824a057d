"""Least weights over a folded network, many searches side by side.

A least way climbs from its start to ever more lasting nodes and then comes down to its end. So one pass over the nodes
in rising number, with a row of numbers for each node (one lane for each start), answers for all starts at once:
restricted PHAST (Delling, Goldberg, Werneck 2011). The climb is done in the same manner, over the union of the climbs
of the lanes. Nodes are numbered by `order`: every arc leads to a smaller number.

Compiled by numba for int32 and for int64 weights. The inner loops over lanes are plain and their length is not known
when compiled: LLVM then makes vector instructions of them (a constant length is unrolled first, and stays scalar).
Every function called from a kernel stands in this module: see `contract`.
"""
# Kernels: numba types them by what they are called with.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Final

import numba
import numpy as np

NONE: Final = -1
# "No way": any weight of a network that it may be used for still fits the type when added to it.
NO_WAY_32: Final = 2**30 - 1
NO_WAY_64: Final = 2**62 - 1
BLOCK: Final = 8


@numba.njit(cache=True, nogil=True, error_model="numpy")
def closure(first, to, starts):
    """Return the nodes that arcs lead to from `starts`, those included, in rising number, and their own arcs.

    Parameters
    ----------
    first, to
        int32[n + 1], int32[m]: arcs from each node to more lasting ones.
    starts
        int32: nodes.

    Returns
    -------
    tuple
        node int32[c]; row_first int32[c + 1], row_to int32 (rows), row_arc int32 (positions in `to`) of their arcs;
        start_row int32 (the row of each start).
    """
    n_nodes = first.size - 1
    inside = np.zeros((n_nodes // BLOCK + 1) * BLOCK, np.uint8)
    blocks = inside.view(np.uint64)
    for start in starts:
        inside[start] = 1
    n_inside, n_arcs = 0, 0
    for block in range(blocks.size - 1, -1, -1):
        if blocks[block] != 0:
            for node in range(BLOCK * block + BLOCK - 1, BLOCK * block - 1, -1):
                if inside[node]:
                    n_inside += 1
                    n_arcs += first[node + 1] - first[node]
                    for arc in range(first[node], first[node + 1]):
                        inside[to[arc]] = 1
    node_of, row_of = np.empty(n_inside, np.int32), np.empty(n_nodes, np.int32)
    row_first, row_to, row_arc = (
        np.zeros(n_inside + 1, np.int32),
        np.empty(n_arcs, np.int32),
        np.empty(n_arcs, np.int32),
    )
    row, size = 0, 0
    for block in range(blocks.size):
        if blocks[block] != 0:
            for node in range(BLOCK * block, BLOCK * block + BLOCK):
                if inside[node]:
                    node_of[row] = node
                    row_of[node] = row
                    row += 1
                    for arc in range(first[node], first[node + 1]):
                        row_to[size] = row_of[to[arc]]
                        row_arc[size] = arc
                        size += 1
                    row_first[row] = size
    start_row = np.empty(starts.size, np.int32)
    for start in range(starts.size):
        start_row[start] = row_of[starts[start]]
    return node_of, row_first, row_to, row_arc, start_row


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _climb(climbing, lanes, begin, end, desk, table):
    """Write the least weights of every node that the lanes begin..end climb to; return (table, number of nodes).

    `desk.order[:count]` are the nodes in falling number, `desk.row` leads from a node to its row of the table.
    """
    first, to, weight = climbing
    lane_first, seed_node, seed_weight = lanes
    inside, row_of, order = desk
    no_way = table.dtype.type(NO_WAY_32) if table.itemsize == 4 else table.dtype.type(NO_WAY_64)
    blocks = inside.view(np.uint64)
    lowest = 0
    for seed in range(lane_first[begin], lane_first[end]):
        inside[seed_node[seed]] = 1
        lowest = max(lowest, seed_node[seed])
    count = 0
    for block in range(lowest // BLOCK, -1, -1):
        if blocks[block] != 0:
            for node in range(BLOCK * block + BLOCK - 1, BLOCK * block - 1, -1):
                if inside[node]:
                    inside[node] = 0
                    order[count] = node
                    row_of[node] = count
                    count += 1
                    for arc in range(first[node], first[node + 1]):
                        inside[to[arc]] = 1
    n_lanes = table.shape[1]
    if count > table.shape[0]:
        table = np.empty((2 * count, n_lanes), table.dtype)
    for row in range(count):
        for lane in range(n_lanes):
            table[row, lane] = no_way
    for lane in range(begin, end):
        for seed in range(lane_first[lane], lane_first[lane + 1]):
            row = row_of[seed_node[seed]]
            table[row, lane - begin] = min(table[row, lane - begin], seed_weight[seed])
    for row in range(count):
        here = table[row]
        for arc in range(first[order[row]], first[order[row] + 1]):
            there, more = table[np.uint32(row_of[to[arc]])], weight[arc]
            for lane in range(n_lanes):
                there[lane] = min(there[lane], table.dtype.type(here[lane] + more))
    return table, count


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _descend(ground, desk, climbed, least):
    """Write the least weights of every row of the ground, from those of the climb."""
    node_of, row_first, row_to, row_weight = ground
    no_way = least.dtype.type(NO_WAY_32) if least.itemsize == 4 else least.dtype.type(NO_WAY_64)
    row_of = desk[1]
    n_lanes = least.shape[1]
    for row in range(node_of.size):
        here = least[row]
        top = row_of[node_of[row]]
        if top == NONE:
            for lane in range(n_lanes):
                here[lane] = no_way
        else:
            from_top = climbed[np.uint32(top)]
            for lane in range(n_lanes):
                here[lane] = from_top[lane]
        for arc in range(row_first[row], row_first[row + 1]):
            there, more = least[np.uint32(row_to[arc])], row_weight[arc]
            for lane in range(n_lanes):
                here[lane] = min(here[lane], least.dtype.type(there[lane] + more))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _gather(ends, least, begin, n_lanes, out):
    """Write out[end, begin:begin + n_lanes]: the least over the rows of each end, -1 where there is no way."""
    end_first, end_row, end_weight = ends
    no_way = least.dtype.type(NO_WAY_32) if least.itemsize == 4 else least.dtype.type(NO_WAY_64)
    so_far = np.empty(n_lanes, least.dtype)
    for end in range(end_first.size - 1):
        result = out[end, begin : begin + n_lanes]
        entry, after = end_first[end], end_first[end + 1]
        if after - entry == 1:
            # The most frequent case, in one pass: the rows of `out` lie far apart, and each pass waits for them.
            there, more = least[np.uint32(end_row[entry])], end_weight[entry]
            for lane in range(n_lanes):
                found = least.dtype.type(there[lane] + more)
                result[lane] = found if found < no_way else least.dtype.type(NONE)
            continue
        so_far[:] = no_way
        while entry < after:
            there, more = least[np.uint32(end_row[entry])], end_weight[entry]
            for lane in range(n_lanes):
                so_far[lane] = min(so_far[lane], least.dtype.type(there[lane] + more))
            entry += 1
        for lane in range(n_lanes):
            result[lane] = so_far[lane] if so_far[lane] < no_way else least.dtype.type(NONE)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _desk(n_nodes):
    size = (n_nodes // BLOCK + 1) * BLOCK
    return np.zeros(size, np.uint8), np.full(size, NONE, np.int32), np.empty(size, np.int32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def many(climbing, lanes, ground, ends, cuts, least, out):
    """Write out[end, lane] for the lanes of some batches.

    Parameters
    ----------
    climbing
        first, to, weight: arcs from each node to more lasting ones, by which the lanes climb.
    lanes
        first int32[n_lanes + 1], node int32, weight: the seeds of each lane (a node and the weight until there).
    ground
        node int32[c], row_first, row_to, row_weight: rows in rising number, by which the lanes descend.
    ends
        first int32[n_ends + 1], row int32, weight: the rows of the ground from which each end is reached.
    cuts
        int64[n_batches + 1]: lanes cuts[b] to cuts[b + 1] are one batch.
    least
        [c, width], of the weights' type: to write on; at least as wide as the widest batch.
    out
        [n_ends, n_lanes], of the weights' type; -1 = no way.
    """
    desk = _desk(climbing[0].size - 1)
    row_of, order = desk[1], desk[2]
    table = np.empty((1_024, least.shape[1]), out.dtype)
    for batch in range(cuts.size - 1):
        table, count = _climb(climbing, lanes, cuts[batch], cuts[batch + 1], desk, table)
        _descend(ground, desk, table, least)
        for row in range(count):
            row_of[order[row]] = NONE
        _gather(ends, least, cuts[batch], cuts[batch + 1] - cuts[batch], out)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def score(climbing, lanes, ground, ends, pupils, cuts, least, out):
    """Write out[lane] = Σ weight[end] · min(best[end], least weight from the lane to the end), for some batches.

    As `many`, with one row to an end and int32 weights; `pupils` = (weight int32[n_ends], best int32[n_ends], below
    `NO_WAY_32`); `out` int64[n_lanes].
    """
    desk = _desk(climbing[0].size - 1)
    row_of, order = desk[1], desk[2]
    weight, best = pupils
    width = least.shape[1]
    table, total = np.empty((1_024, width), np.int32), np.empty(width, np.int64)
    for batch in range(cuts.size - 1):
        table, count = _climb(climbing, lanes, cuts[batch], cuts[batch + 1], desk, table)
        _descend(ground, desk, table, least)
        for row in range(count):
            row_of[order[row]] = NONE
        total[:] = 0
        for end in range(weight.size):
            there, times, known = least[np.uint32(ends[end])], weight[end], best[end]
            for lane in range(width):
                total[lane] += np.int64(times) * np.int64(min(there[lane], known))
        for lane in range(cuts[batch], cuts[batch + 1]):
            out[lane] = total[lane - cuts[batch]]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def one(climbing, seed_node, seed_weight, ground, ends, out):
    """Write out[end] for a single lane with these seeds; otherwise as `many`."""
    first, to, weight = climbing
    node_of, row_first, row_to, row_weight = ground
    end_first, end_row, end_weight = ends
    no_way = out.dtype.type(NO_WAY_32) if out.itemsize == 4 else out.dtype.type(NO_WAY_64)
    n_nodes = first.size - 1
    reached = np.full((n_nodes // BLOCK + 1) * BLOCK, no_way, out.dtype)
    inside = np.zeros(reached.size, np.uint8)
    blocks = inside.view(np.uint64)
    for seed in range(seed_node.size):
        reached[seed_node[seed]] = min(reached[seed_node[seed]], seed_weight[seed])
        inside[seed_node[seed]] = 1
    for block in range(blocks.size - 1, -1, -1):
        if blocks[block] != 0:
            for node in range(BLOCK * block + BLOCK - 1, BLOCK * block - 1, -1):
                if inside[node]:
                    for arc in range(first[node], first[node + 1]):
                        head = to[arc]
                        inside[head] = 1
                        reached[head] = min(reached[head], out.dtype.type(reached[node] + weight[arc]))
    least = np.empty(node_of.size, out.dtype)
    for row in range(node_of.size):
        here = reached[np.uint32(node_of[row])]
        for arc in range(row_first[row], row_first[row + 1]):
            here = min(here, out.dtype.type(least[np.uint32(row_to[arc])] + row_weight[arc]))
        least[row] = here
    for end in range(end_first.size - 1):
        found = no_way
        for entry in range(end_first[end], end_first[end + 1]):
            found = min(found, out.dtype.type(least[np.uint32(end_row[entry])] + end_weight[entry]))
        out[end] = found if found < no_way else NONE


@numba.njit(cache=True, nogil=True, error_model="numpy")
def longest(first, to, weight):
    """Return the greatest sum of float64 weights along arcs to more lasting nodes, over all nodes."""
    sums = np.zeros(first.size - 1, np.float64)
    most = 0.0
    for node in range(sums.size):
        for arc in range(first[node], first[node + 1]):
            sums[node] = max(sums[node], weight[arc] + sums[to[arc]])
        most = max(most, sums[node])
    return most
