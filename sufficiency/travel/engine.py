"""Exact least times over a network of one-way arcs: the search behind `RoadGraph`.

Dijkstra (1959) as `scipy.sparse.csgraph.dijkstra` runs it, in float64. Every weight is a whole number, so every sum
below 2**53 is exact; the times that callers may see are below 2·10⁹. Zero weights are kept as explicit entries of the
sparse matrix, which `csgraph` reads as arcs of weight zero (a dense matrix would lose them).

Ties are settled by rule, not by the order in which a search happens to reach the nodes: a path has the fewest arcs
among the least-time paths, then the lowest arc numbers from its far end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, eq=False)
class Arcs:
    """One-way arcs, sorted by (tail, head, weight, tie-break); `number` leads back to the caller's order."""

    n_nodes: int
    tail: Ints
    head: Ints
    weight: Ints
    number: Ints


def arrange(n_nodes: int, tail: Ints, head: Ints, weight: Ints, tie_break: Ints | None = None) -> Arcs:
    """Return the arcs without self-loops, sorted so that the first of each (tail, head) is the least.

    Parallel arcs stay: of two with one weight the lower `tie_break` comes first, then the lower number.
    """
    kept = np.flatnonzero(tail != head)
    keys = (kept, *(() if tie_break is None else (tie_break[kept],)), weight[kept], head[kept], tail[kept])
    number = kept[np.lexsort(keys)]
    return Arcs(n_nodes, tail[number], head[number], weight[number], number)


def reverse(arcs: Arcs) -> Arcs:
    """Return the same arcs, each driven the other way; parallel arcs stay in their order."""
    order = np.lexsort((arcs.tail, arcs.head))
    return Arcs(arcs.n_nodes, arcs.head[order], arcs.tail[order], arcs.weight[order], arcs.number[order])


def _first_of_each_pair(tail: Ints, head: Ints) -> NDArray[np.bool_]:
    first = np.ones(tail.size, dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return first


def compressed(n_nodes: int, tail: Ints, head: Ints, weight: Ints) -> csr_array:
    """Return sorted arcs as a sparse matrix, the first of each (tail, head) only, explicit zeros kept."""
    first = _first_of_each_pair(tail, head)
    starts = np.zeros(n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail[first], minlength=n_nodes), out=starts[1:])
    entries = (weight[first].astype(np.float64), head[first].astype(np.int32), starts)
    return csr_array(entries, shape=(n_nodes, n_nodes))


def network(arcs: Arcs) -> csr_array:
    """Return the arcs as the sparse matrix that `rows` searches."""
    return compressed(arcs.n_nodes, arcs.tail, arcs.head, arcs.weight)


def rows(matrix: csr_array, sources: Ints) -> Iterator[tuple[slice, Floats]]:
    """Yield (slice of `sources`, float64[len(slice), n_nodes]): least sums from each source, infinity where none.

    Cut into pieces of at most about 32 MB, so that memory does not grow with the number of sources.
    """
    step = max(1, CELLS_AT_ONCE // max(1, matrix.shape[0]))
    for start in range(0, sources.size, step):
        part = slice(start, min(start + step, sources.size))
        yield part, dijkstra(matrix, directed=True, indices=sources[part])


def many_to_many(forward: csr_array, backward: csr_array, origins: Ints, destinations: Ints) -> Floats:
    """Return float64[len(origins), len(destinations)]: least sums, infinity where there is no way.

    Searches from whichever side has fewer different nodes; repeats are searched once.
    """
    from_nodes, from_index = np.unique(origins, return_inverse=True)
    to_nodes, to_index = np.unique(destinations, return_inverse=True)
    least = np.full((from_nodes.size, to_nodes.size), np.inf)
    if from_nodes.size <= to_nodes.size:
        for part, found in rows(forward, from_nodes):
            least[part] = found[:, to_nodes]
    else:
        for part, found in rows(backward, to_nodes):
            least[:, part] = found[:, from_nodes].T
    return np.asarray(least[from_index][:, to_index])


def tight(arcs: Arcs, least: Floats) -> NDArray[np.bool_]:
    """Return, for each arc, whether it lies on a least-sum path from the node that `least` was searched from."""
    tail_least = least[arcs.tail]
    return np.asarray(np.isfinite(tail_least) & (tail_least + arcs.weight == least[arcs.head]))


def least_second(arcs: Arcs, second: Ints, origins: Ints, destinations: Ints) -> Floats:
    """Return the least `second` (by the caller's arc number) among the least-weight paths; infinity where no path.

    Exact without any combined weight: the arcs that lie on least-weight paths from a node form a network of their own
    (zero-weight cycles included), and a second search over it with the second weights is again a plain shortest path.

    Parameters
    ----------
    arcs
        From `arrange(..., tie_break=second)`, so that of equal parallel arcs the least `second` comes first.
    second
        int64 by the caller's arc number, ≥ 0.
    origins, destinations
        Nodes; the search runs from the side with fewer different ones.
    """
    from_nodes, from_index = np.unique(origins, return_inverse=True)
    to_nodes, to_index = np.unique(destinations, return_inverse=True)
    turned = to_nodes.size < from_nodes.size
    if turned:
        arcs, from_nodes, to_nodes = reverse(arcs), to_nodes, from_nodes
    first_weights, second_weights = network(arcs), second[arcs.number]
    answer = np.full((from_nodes.size, to_nodes.size), np.inf)
    for part, found in rows(first_weights, from_nodes):
        for row, least in enumerate(found, start=part.start):
            on_path = tight(arcs, least)
            there = compressed(arcs.n_nodes, arcs.tail[on_path], arcs.head[on_path], second_weights[on_path])
            answer[row] = dijkstra(there, directed=True, indices=int(from_nodes[row]))[to_nodes]
    if turned:
        answer = answer.T
    return np.asarray(answer[from_index][:, to_index])


def path(arcs: Arcs, matrix: csr_array, origin: int, destination: int, second: Ints | None = None) -> Ints | None:
    """Return the caller's arc numbers of a least-weight path in driving order, or None when there is no way.

    Among least-weight paths: the least `second` where given, then the fewest arcs, then the lowest numbers from the
    far end. Every step back lowers the number of arcs left, so zero-weight cycles cannot hold it.
    """
    least = dijkstra(matrix, directed=True, indices=origin)
    if not np.isfinite(least[destination]):
        return None
    on_path = tight(arcs, least)
    if second is not None:
        arcs = Arcs(
            arcs.n_nodes, arcs.tail[on_path], arcs.head[on_path], second[arcs.number[on_path]], arcs.number[on_path]
        )
        on_path = tight(arcs, dijkstra(network(arcs), directed=True, indices=origin))
    tail, head, number = arcs.tail[on_path], arcs.head[on_path], arcs.number[on_path]
    hops = dijkstra(compressed(arcs.n_nodes, tail, head, np.ones_like(tail)), directed=True, indices=origin)
    into = np.lexsort((number, head))
    starts = np.searchsorted(head[into], np.arange(arcs.n_nodes + 1))
    steps: list[int] = []
    node = destination
    while node != origin:
        candidates = into[starts[node] : starts[node + 1]]
        step = candidates[np.flatnonzero(hops[tail[candidates]] == hops[node] - 1)[0]]
        steps.append(int(number[step]))
        node = int(tail[step])
    return np.array(steps[::-1], dtype=np.int64)


def largest_component(n_nodes: int, tail: Ints, head: Ints) -> NDArray[np.bool_]:
    """Return bool[n_nodes]: the largest strongly connected component, of equals the one with the lowest node."""
    if n_nodes == 0:
        return np.zeros(0, dtype=bool)
    ones = csr_array((np.ones(tail.size), (tail, head)), shape=(n_nodes, n_nodes))
    _, label = connected_components(ones, directed=True, connection="strong")
    size = np.bincount(label)
    return np.asarray(label == label[np.flatnonzero(size[label] == size.max())[0]])


def reached(start: NDArray[np.bool_], tail: Ints, head: Ints) -> NDArray[np.bool_]:
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
