"""Chains of pieces: merged through every vertex where two pieces meet and nothing changes.

Halves are numbered as in `Pieces`: half ``h ^ 1`` is half ``h`` driven the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.sources.roads.pieces import Pieces

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Links:
    """Vertices that are driven through: `one` and `other` are the two halves that leave each of them."""

    vertex: Ints
    one: Ints
    other: Ints


@dataclass(frozen=True, eq=False)
class Chains:
    """Chains of halves, ``half[first[i]:first[i + 1]]`` in the order that they are driven.

    Each piece is in one chain. A chain runs in the direction of its lowest piece, and chains are in order of it.
    """

    half: Ints
    first: Ints


def link(pieces: Pieces, kind: Ints, keep: Bools) -> Links:
    """Return the vertices at which two pieces are merged.

    Parameters
    ----------
    pieces
        The pieces.
    kind
        int64[n_pieces]: pieces merge only where it is equal.
    keep
        bool[n_vertices]: vertices at which nothing merges.
    """
    n = pieces.tail.size
    ends = np.concatenate([pieces.tail, pieces.head])
    leaving = np.concatenate([2 * np.arange(n), 2 * np.arange(n) + 1])
    order = np.argsort(ends, kind="stable")
    degree = np.bincount(ends, minlength=keep.size)
    begin = np.cumsum(degree) - degree
    vertex = np.flatnonzero((degree == 2) & ~keep)
    one, other = leaving[order[begin[vertex]]], leaving[order[begin[vertex] + 1]]
    same = kind[one >> 1] == kind[other >> 1]
    # what may be driven in by one piece may be driven out by the other, both ways
    same &= pieces.drives[one ^ 1] == pieces.drives[other]
    same &= pieces.drives[other ^ 1] == pieces.drives[one]
    return Links(vertex[same], one[same], other[same])


def groups(links: Links, n_pieces: int) -> Ints:
    """Return, per piece, the number of the chain it belongs to."""
    joined = csr_array(
        (np.ones(links.one.size, np.int8), (links.one >> 1, links.other >> 1)), shape=(n_pieces, n_pieces)
    )
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)


def merge(links: Links, n_pieces: int, node_id: Ints) -> Chains:
    """Return the chains; a ring without a junction starts at its vertex of lowest id, a loop is cut in two.

    Parameters
    ----------
    links
        Vertices at which pieces are merged.
    n_pieces
        Number of pieces.
    node_id
        int64[n_vertices].
    """
    links = _open_rings(links, groups(links, n_pieces), node_id)
    before = np.arange(2 * n_pieces)
    before[links.other] = links.one ^ 1
    before[links.one] = links.other ^ 1
    # pointer doubling: after k rounds `start` lies 2^k halves back, or at the chain's first half
    start, steps = before, (before != np.arange(before.size)).astype(np.int64)
    while True:
        further = start[start]
        if np.array_equal(further, start):
            break
        steps = steps + steps[start]
        start = further
    lowest = np.full(before.size, n_pieces, dtype=np.int64)
    np.minimum.at(lowest, start, np.arange(before.size) >> 1)
    driven = start[2 * np.minimum(lowest, n_pieces - 1)] == np.arange(before.size)
    half = np.flatnonzero(driven[start])
    half = half[np.lexsort((steps[half], lowest[start[half]]))]
    first = np.flatnonzero(np.diff(start[half], prepend=-1))
    return Chains(half, np.append(first, half.size))


def cut_loops(chains: Chains, pieces: Pieces) -> Chains:
    """Return the chains with every loop, whose two ends are one vertex, cut in two at its middle vertex."""
    ends = np.stack([pieces.tail, pieces.head], axis=1).ravel()
    begin, last = chains.half[chains.first[:-1]], chains.half[chains.first[1:] - 1]
    loop = np.flatnonzero(ends[begin] == ends[last ^ 1])
    middle = (chains.first[loop] + chains.first[loop + 1]) // 2
    return _in_direction(chains.half, np.sort(np.concatenate([chains.first, middle])))


def _in_direction(half: Ints, first: Ints) -> Chains:
    """Return the chains, each turned to run in the direction of its lowest piece, in order of that piece."""
    count = np.diff(first)
    chain = np.repeat(np.arange(count.size), count)
    lowest = np.minimum.reduceat(half >> 1, first[:-1]) if count.size else np.zeros(0, np.int64)
    is_lowest = (half >> 1) == lowest[chain]
    backward = np.zeros(count.size, dtype=bool)
    backward[chain[is_lowest]] = (half[is_lowest] & 1) == 1
    place = np.arange(half.size) - first[chain]
    place = np.where(backward[chain], count[chain] - 1 - place, place)
    order = np.lexsort((place, lowest[chain]))
    turned = np.where(backward[chain], half ^ 1, half)[order]
    starts = np.flatnonzero(np.diff(lowest[chain][order], prepend=-1))
    return Chains(turned, np.append(starts, half.size))


def _open_rings(links: Links, group: Ints, node_id: Ints) -> Links:
    """Return the links without, for each ring, the one at the vertex of lowest id."""
    of_link = group[links.one >> 1]
    n_groups = int(group.max(initial=-1)) + 1
    ring = np.bincount(of_link, minlength=n_groups) == np.bincount(group, minlength=n_groups)
    on_ring = np.flatnonzero(ring[of_link])
    on_ring = on_ring[np.lexsort((node_id[links.vertex[on_ring]], of_link[on_ring]))]
    opened = on_ring[np.flatnonzero(np.diff(of_link[on_ring], prepend=-1))]
    kept = np.ones(of_link.size, dtype=bool)
    kept[opened] = False
    return Links(links.vertex[kept], links.one[kept], links.other[kept])
