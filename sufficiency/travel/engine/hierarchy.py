"""A folded network and the questions put to it: many to many, one to many, and the score of sites.

Exact on whole numbers. Weights are held as int32 where no sum of them can reach `NO_WAY_32`, as the longest climb and
descent prove, and as int64 otherwise. The answer is the same for any number of threads: each lane is worked out by
itself, and every result has its own place.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel.engine import sweep
from sufficiency.travel.engine.contract import contract
from sufficiency.travel.engine.order import local_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Places = NDArray[np.int32]
    Weights = NDArray[Any]

# Lanes side by side: long enough rows to be read at the memory's pace, few enough that a county's table stays in a
# shared cache (9 MB for 7,000 homes).
MOST_LANES: Final = 104
VECTOR_LANES: Final = 8
# Below this many (row x lane) cells another thread costs more than it saves.
CELLS_FOR_A_THREAD: Final = 200_000
NO_MORE_THAN_NODES: Final = 2**31 - 16
MOST_ARCS: Final = 2**31 - 16


@dataclass(frozen=True, eq=False)
class Arcs:
    """Arcs from each node to more lasting ones: first int32[n + 1], to int32[m], weight int32[m] or int64[m]."""

    first: Places
    to: Places
    weight: Weights


@dataclass(frozen=True, eq=False)
class Stops:
    """Where searches start or end: item i at the nodes node[first[i]:first[i + 1]], `weight` away from each."""

    first: Places
    node: Places
    weight: Ints

    @classmethod
    def at(cls, nodes: NDArray[np.integer[Any]]) -> Stops:
        """Return one stop at each node itself."""
        n = nodes.size
        return cls(np.arange(n + 1, dtype=np.int32), nodes.astype(np.int32), np.zeros(n, dtype=np.int64))

    @property
    def size(self) -> int:
        """Number of items."""
        return self.first.size - 1


@dataclass(frozen=True, eq=False)
class Ground:
    """The part of a network that leads to (or from) some stops, prepared once; see `Hierarchy.ground`."""

    rows: tuple[Places, Places, Places, Weights]
    ends: tuple[Places, Places, Weights]
    toward_stops: bool

    @property
    def size(self) -> int:
        """Number of stops."""
        return self.ends[0].size - 1


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A folded network; make it with `fold`.

    Attributes
    ----------
    place
        int32[n]: of each node, its place: more lasting nodes come first (see `order`).
    up, down
        By place: arcs to more lasting nodes, and arcs from them.
    longest
        Bound of any sum of weights met in a search from a node.
    """

    place: Places
    up: Arcs
    down: Arcs
    longest: int

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.place.size

    @property
    def kind(self) -> type[np.int32 | np.int64]:
        """Type of the weights and of the answers."""
        return np.int32 if self.up.weight.dtype == np.int32 else np.int64

    @cached_property
    def everywhere(self) -> Ground:
        """The ground that ends at every node, in the order of the nodes."""
        return self._whole(self.down, toward_stops=True)

    @cached_property
    def from_everywhere(self) -> Ground:
        """The ground that starts at every node, in the order of the nodes."""
        return self._whole(self.up, toward_stops=False)

    def _whole(self, arcs: Arcs, *, toward_stops: bool) -> Ground:
        every = np.arange(self.n_nodes + 1, dtype=np.int32)
        ends = (every, self.place, np.zeros(self.n_nodes, dtype=self.kind))
        return Ground((every[:-1], arcs.first, arcs.to, arcs.weight), ends, toward_stops)

    def ground(self, stops: Stops, *, toward_stops: bool) -> Ground:
        """Prepare the part of the network that ways to the stops come down by (or ways from them climb).

        Parameters
        ----------
        stops
            Nodes as the caller numbers them, and weights from them (or to them).
        toward_stops
            True = ways end at the stops; False = ways start there.
        """
        arcs = self.down if toward_stops else self.up
        self._refuse_heavy(stops)
        node, row_first, row_to, row_arc, end_row = sweep.closure(arcs.first, arcs.to, self.place[stops.node])
        ends = (stops.first, end_row, stops.weight.astype(self.kind))
        return Ground((node, row_first, row_to, arcs.weight[row_arc]), ends, toward_stops)

    def least(self, stops: Stops, ground: Ground, *, threads: int | None = None) -> Weights:
        """Return [ground.size, stops.size]: the least weight between each stop and each stop of the ground, -1 = none.

        From `stops` to the ground where that ends ways, from the ground to `stops` where it starts them.
        """
        self._refuse_heavy(stops)
        out = np.empty((ground.size, stops.size), dtype=self.kind)
        if out.size == 0:
            return out
        climbing, lanes = self._climbing(ground), self._lanes(stops)
        if stops.size == 1:
            sweep.one(climbing, lanes[1], lanes[2], ground.rows, ground.ends, out.reshape(-1))
            return out
        cuts, width = batches(stops.size, _threads(threads, ground.rows[0].size * stops.size))

        def work(part: Ints) -> None:
            least = np.empty((ground.rows[0].size, width), dtype=self.kind)
            sweep.many(climbing, lanes, ground.rows, ground.ends, part, least, out)

        _share(work, cuts)
        return out

    def score(
        self, stops: Stops, ground: Ground, weight: Ints, best: Ints, *, threads: int | None = None
    ) -> NDArray[np.int64]:
        """Return int64[stops.size]: Σ weight · min(best, least weight between the stop and each stop of the ground).

        For int32 weights only, and a ground of single nodes; `weight` below 2**31 and `best` below `NO_WAY_32`.
        """
        out = np.empty(stops.size, dtype=np.int64)
        climbing, lanes = self._climbing(ground), self._lanes(stops)
        pupils = (weight.astype(np.int32), best.astype(np.int32))
        cuts, width = batches(stops.size, _threads(threads, ground.rows[0].size * stops.size))

        def work(part: Ints) -> None:
            least = np.empty((ground.rows[0].size, width), dtype=self.kind)
            sweep.score(climbing, lanes, ground.rows, ground.ends[1], pupils, part, least, out)

        _share(work, cuts)
        return out

    def _climbing(self, ground: Ground) -> tuple[Places, Places, Weights]:
        arcs = self.up if ground.toward_stops else self.down
        return arcs.first, arcs.to, arcs.weight

    def _lanes(self, stops: Stops) -> tuple[Places, Places, Weights]:
        return stops.first, self.place[stops.node], stops.weight.astype(self.kind)

    def _refuse_heavy(self, stops: Stops) -> None:
        if stops.weight.size and int(stops.weight.max()) > self.longest:
            message = "a place lies further from its junctions than any road is long: the network cannot tell its way"
            raise NetworkError(message)


def fold(n_nodes: int, tail: Ints, head: Ints, weight: Ints) -> Hierarchy:
    """Fold a network of one-way arcs.

    Parameters
    ----------
    n_nodes
        Number of nodes.
    tail, head, weight
        int64[m]: nodes 0..n_nodes-1 and weights ≥ 0, below 2**62. Self-loops are left out.

    Raises
    ------
    NetworkError
        When the network is too large for 32-bit numbers of nodes and arcs, or a sum of weights is too large for int64.
    """
    # A place may stand on an arc that no way needs: a loop, or the heavier of two parallels.
    heaviest = int(weight.max(initial=0))
    tail, head, weight = _least_of_parallels(tail, head, weight)
    if n_nodes > NO_MORE_THAN_NODES or tail.size > MOST_ARCS:
        message = f"a network of {n_nodes:,} nodes and {tail.size:,} arcs is too large for this engine"
        raise NetworkError(message)
    order, *arcs, too_heavy = contract(n_nodes, tail.astype(np.int32), head.astype(np.int32), weight)
    if too_heavy:
        message = "the weights of the roads add up beyond 64 bits: check lengths and speeds"
        raise NetworkError(message)
    place = np.empty(n_nodes, dtype=np.int32)
    place[order] = np.arange(n_nodes - 1, -1, -1, dtype=np.int32)
    up, down = _by_place(place, *arcs[:3]), _by_place(place, *arcs[3:])
    number = local_order(up.first, up.to, down.first, down.to)
    place, up, down = number[place].astype(np.int32), _renumbered(up, number), _renumbered(down, number)
    # A search adds at most a climb, a descent and the parts of an arc at both ends.
    longest = _longest(up) + _longest(down) + 2 * heaviest
    if longest < sweep.NO_WAY_32:
        up, down = (Arcs(one.first, one.to, one.weight.astype(np.int32)) for one in (up, down))
    elif longest >= sweep.NO_WAY_64:
        message = "the weights of the roads add up beyond 64 bits: check lengths and speeds"
        raise NetworkError(message)
    return Hierarchy(place, up, down, longest)


def batches(n_lanes: int, threads: int) -> tuple[list[Ints], int]:
    """Return, for each thread, the cuts between its batches of lanes, and the width of the widest batch.

    As few batches as `MOST_LANES` allows, the same number for every thread, and even.
    """
    threads = max(1, min(threads, n_lanes))
    each = -(-n_lanes // (threads * MOST_LANES))
    cuts = np.linspace(0, n_lanes, threads * each + 1).astype(np.int64)
    widest = int(np.diff(cuts).max(initial=1))
    width = -(-widest // VECTOR_LANES) * VECTOR_LANES
    return [cuts[each * thread : each * (thread + 1) + 1] for thread in range(threads)], width


def _threads(threads: int | None, cells: int) -> int:
    if threads is None:
        available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = min(available, max(1, cells // CELLS_FOR_A_THREAD))
    return threads


def _share(work: Callable[[Ints], None], parts: list[Ints]) -> None:
    if len(parts) == 1:
        work(parts[0])
        return
    with ThreadPoolExecutor(len(parts) - 1) as pool:
        others = [pool.submit(work, part) for part in parts[1:]]
        work(parts[0])
        for other in others:
            other.result()


def _least_of_parallels(tail: Ints, head: Ints, weight: Ints) -> tuple[Ints, Ints, Ints]:
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    kept = tail != head
    kept[1:] &= (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return tail[kept], head[kept], weight[kept]


def _by_place(place: Places, first: Ints, to: Places, weight: Ints) -> Arcs:
    """Return arcs, given in the order of folding, by falling importance."""
    count = np.diff(first)[::-1]
    new_first = np.zeros(place.size + 1, dtype=np.int64)
    np.cumsum(count, out=new_first[1:])
    moved = np.repeat(first[:-1][::-1] - new_first[:-1], count) + np.arange(to.size)
    return Arcs(new_first.astype(np.int32), place[to[moved]], weight[moved])


def _renumbered(arcs: Arcs, number: Ints) -> Arcs:
    """Return arcs by the new numbers of the nodes, those of a node in the order of the nodes that they lead to."""
    tail = number[np.repeat(np.arange(number.size), np.diff(arcs.first))]
    head = number[arcs.to]
    order = np.lexsort((head, tail))
    first = np.zeros(number.size + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail, minlength=number.size), out=first[1:])
    return Arcs(first, head[order].astype(np.int32), arcs.weight[order])


def _longest(arcs: Arcs) -> int:
    """Return the greatest sum of weights along arcs, from any node on."""
    sums = sweep.longest(arcs.first, arcs.to, arcs.weight.astype(np.float64))
    # In float64 a sum of many weights may err by far less than this share.
    return int(float(sums) * (1 + 1e-9)) + 1
