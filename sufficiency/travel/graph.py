"""The plain-array door to exact least times: nodes 0..n-1, one-way arcs, whole milliseconds.

No road, table or place is known here; `matrix.py` and `routes.py` build the arrays from road tables.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel import engine
from sufficiency.travel.engine.sweep import NO_WAY_32

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LIMIT_MS: Final = 2_000_000_000
CELLS_AT_ONCE: Final = 4_000_000
UNREACHABLE: Final = -1
_MOST_NODES: Final = 2**31 - 2


@dataclass(frozen=True, eq=False, repr=False)
class RoadGraph:
    """A frozen directed graph that answers exact least-time questions; build it with `RoadGraph.from_arrays`.

    Building folds the graph once (about a second for a county of 60,000 junctions); every question after that is quick.

    Attributes
    ----------
    n_nodes
        Number of nodes; nodes are 0..n_nodes-1.
    source, target, milliseconds
        int64, read-only: the arcs as given; arc numbers in `path` are positions in these arrays.
    """

    n_nodes: int
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    milliseconds: NDArray[np.int64]
    _hierarchy: engine.Hierarchy = field(init=False)
    _last_ground: dict[tuple[bool, bytes], engine.Ground] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check every clause of the contract, freeze the arrays and fold the graph."""
        n_nodes = _whole(self.n_nodes, "n_nodes")
        if not 0 <= n_nodes <= _MOST_NODES:
            message = f"n_nodes is {n_nodes}: give 0 to {_MOST_NODES}"
            raise NetworkError(message)
        source = _nodes(self.source, "source", n_nodes)
        target = _nodes(self.target, "target", n_nodes)
        milliseconds = _integers(self.milliseconds, "milliseconds")
        if not source.size == target.size == milliseconds.size:
            message = (
                f"source, target and milliseconds hold {source.size}, {target.size} and {milliseconds.size} values: "
                "give one of each for every arc"
            )
            raise NetworkError(message)
        _refuse_outside(milliseconds, "milliseconds", 0, LIMIT_MS)
        prepared = {
            "n_nodes": n_nodes,
            "source": source,
            "target": target,
            "milliseconds": milliseconds,
            "_hierarchy": engine.fold(n_nodes, source, target, milliseconds),
        }
        for name, value in prepared.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_arrays(cls, n_nodes: int, source: ArrayLike, target: ArrayLike, milliseconds: ArrayLike) -> RoadGraph:
        """Build a graph from one-way arcs.

        Parameters
        ----------
        n_nodes
            Number of nodes, ≥ 0.
        source, target
            Whole numbers of one length, 0..n_nodes-1: arc k runs from source[k] to target[k].
        milliseconds
            Whole numbers, 0 ≤ ms < 2·10⁹.

        Returns
        -------
        RoadGraph
            Self-loops are ignored; of parallel arcs the least counts (of equals the first). The arrays are copied.

        Raises
        ------
        NetworkError
            For anything else (also a ValueError).
        """
        return cls(n_nodes, source, target, milliseconds)  # type: ignore[arg-type]  # checked and cast in __post_init__

    def __repr__(self) -> str:
        """Return the size of the graph, not its arrays."""
        return f"RoadGraph({self.n_nodes} nodes, {self.source.size} arcs)"

    def matrix(self, origins: ArrayLike, destinations: ArrayLike, *, threads: int | None = None) -> NDArray[np.int32]:
        """Return the least milliseconds from each origin to each destination.

        Parameters
        ----------
        origins, destinations
            Nodes; repeats and empty lists are allowed.
        threads
            Threads to share the work between, 1 or more; None = as many as the machine and the work allow. The answer
            is the same for any number.

        Returns
        -------
        ndarray of int32[len(origins), len(destinations)]
            0 on the same node, -1 where there is no way.

        Raises
        ------
        NetworkError
            For a node outside the graph, or a least time of 2·10⁹ ms or more.
        """
        if threads is not None and _whole(threads, "threads") < 1:
            message = f"threads is {threads}: give 1 or more, or None"
            raise NetworkError(message)
        from_nodes = _nodes(origins, "origins", self.n_nodes)
        to_nodes = _nodes(destinations, "destinations", self.n_nodes)
        # One lane for each of the fewer nodes; the ground is that of the others.
        if to_nodes.size <= from_nodes.size:
            return self._least(to_nodes, from_nodes, toward_stops=False, threads=threads)
        return np.ascontiguousarray(self._least(from_nodes, to_nodes, toward_stops=True, threads=threads).T)

    def one_to_all(self, node: int) -> NDArray[np.int32]:
        """Return int32[n_nodes]: least milliseconds from `node` to every node, -1 where there is no way."""
        return self._all(node, self._hierarchy.everywhere)

    def all_to_one(self, node: int) -> NDArray[np.int32]:
        """Return int32[n_nodes]: least milliseconds from every node to `node`, -1 where there is no way."""
        return self._all(node, self._hierarchy.from_everywhere)

    def _all(self, node: int, ground: engine.Ground) -> NDArray[np.int32]:
        stop = engine.Stops.at(_nodes([_whole(node, "node")], "node", self.n_nodes))
        return as_milliseconds(self._hierarchy.least(stop, ground)[:, 0])

    def _least(
        self, lanes: NDArray[np.int64], rows: NDArray[np.int64], *, toward_stops: bool, threads: int | None
    ) -> NDArray[np.int32]:
        """Return int32[len(rows), len(lanes)]: lanes are searched once each, however often they are named."""
        different, index = np.unique(lanes, return_inverse=True)
        repeats = different.size < lanes.size
        stops = engine.Stops.at(different if repeats else lanes)
        ground = self._ground(rows, toward_stops=toward_stops)
        least = as_milliseconds(self._hierarchy.least(stops, ground, threads=threads))
        return np.ascontiguousarray(least[:, index]) if repeats else least

    def _ground(self, rows: NDArray[np.int64], *, toward_stops: bool) -> engine.Ground:
        """Return the ground of these nodes; the last is kept, so that site after site is tried for the same homes."""
        key = (toward_stops, rows.tobytes())
        ground = self._last_ground.get(key)
        if ground is None:
            ground = self._hierarchy.ground(engine.Stops.at(rows), toward_stops=toward_stops)
            self._last_ground.clear()
            self._last_ground[key] = ground
        return ground

    @cached_property
    def _leaving(self) -> engine.Leaving:
        return engine.Leaving.of(self.n_nodes, self.source, self.target)

    def path(self, origin: int, destination: int) -> NDArray[np.int64] | None:
        """Return the arc numbers of a least-time path, in driving order; empty on the same node, None where no way.

        Among equal times: the fewest arcs, then the lowest arc numbers counted from the destination backwards.

        Raises
        ------
        NetworkError
            For a node outside the graph, or a least time of 2·10⁹ ms or more.
        """
        start, end = _nodes(
            [_whole(origin, "origin"), _whole(destination, "destination")], "origin and destination", self.n_nodes
        ).tolist()
        least = self._hierarchy.least(engine.Stops.at(np.array([start])), self._hierarchy.everywhere)[:, 0]
        as_milliseconds(least[[end]])
        return engine.way(self._leaving, self.milliseconds, least, np.array([start]), end)

    def score_sites(
        self, pupils: ArrayLike, weight: ArrayLike, best: ArrayLike, candidates: ArrayLike | None = None
    ) -> NDArray[np.int64]:
        """Return, for each candidate site, Σ weight[i] · min(best[i], least ms from pupils[i] to the candidate).

        Parameters
        ----------
        pupils
            The node of each pupil (or group of pupils).
        weight
            Whole numbers ≥ 0, one for each pupil.
        best
            Milliseconds to the best place each pupil has already, whole numbers ≥ 0; counts where a candidate cannot
            be reached.
        candidates
            Nodes; None is every node.

        Returns
        -------
        ndarray of int64[len(candidates)]
            Pupil-milliseconds.

        Raises
        ------
        NetworkError
            For values outside these bounds, a least time of 2·10⁹ ms or more, or a sum beyond int64.
        """
        nodes = _nodes(pupils, "pupils", self.n_nodes)
        weights, bests = _integers(weight, "weight"), _integers(best, "best")
        if not nodes.size == weights.size == bests.size:
            message = (
                f"pupils, weight and best hold {nodes.size}, {weights.size} and {bests.size} values: "
                "give one of each for every pupil"
            )
            raise NetworkError(message)
        _refuse_outside(weights, "weight", 0, 2**63)
        _refuse_outside(bests, "best", 0, 2**63)
        if sum(w * b for w, b in zip(weights.tolist(), bests.tolist(), strict=True)) >= 2**63:
            message = "the sum of weight x best is beyond int64: give smaller weights or bests"
            raise NetworkError(message)
        sites = np.arange(self.n_nodes) if candidates is None else _nodes(candidates, "candidates", self.n_nodes)
        ground = self._ground(nodes, toward_stops=False)
        small = self._hierarchy.kind is np.int32 and bests.max(initial=0) < NO_WAY_32 and weights.max(initial=0) < 2**31
        if small:
            return self._hierarchy.score(engine.Stops.at(sites), ground, weights, bests)
        return self._score_in_full(sites, ground, weights, bests)

    def _score_in_full(
        self, sites: NDArray[np.int64], ground: engine.Ground, weights: NDArray[np.int64], bests: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Score with 64-bit numbers, a few sites at a time, so that pupils x sites is never held whole."""
        score = np.zeros(sites.size, dtype=np.int64)
        step = max(1, CELLS_AT_ONCE // max(1, ground.size))
        for start in range(0, sites.size, step):
            part = slice(start, start + step)
            there = as_milliseconds(self._hierarchy.least(engine.Stops.at(sites[part]), ground)).astype(np.int64)
            known = bests[:, None]
            score[part] = (weights[:, None] * np.where(there < 0, known, np.minimum(known, there))).sum(axis=0)
        return score


def as_milliseconds(least: NDArray[Any]) -> NDArray[np.int32]:
    """Return least sums (-1 = no way) as int32; NetworkError at 2·10⁹ or more."""
    if least.dtype == np.int32:
        return least
    if least.size and int(least.max()) >= LIMIT_MS:
        message = f"a least time is {LIMIT_MS:,} ms (23 days) or more: check the lengths and speeds of the roads"
        raise NetworkError(message)
    return least.astype(np.int32)


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool | np.bool_):
        message = f"{name} is {value}: give a whole number"
        raise NetworkError(message)
    try:
        return operator.index(value)  # type: ignore[arg-type]  # anything without an index is refused just below
    except TypeError:
        message = f"{name} is {value!r}: give a whole number"
        raise NetworkError(message) from None


def _integers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return a read-only int64 copy of a one-dimensional whole-number array."""
    try:
        array = np.asarray(values)
    except ValueError:
        message = f"{name} is ragged: give a flat list of whole numbers"
        raise NetworkError(message) from None
    if np.ma.is_masked(values):
        message = f"{name} holds masked values: fill them in, or leave them out"
        raise NetworkError(message)
    if array.ndim != 1:
        message = f"{name} has {array.ndim} dimensions: give a flat list of whole numbers"
        raise NetworkError(message)
    if array.size and array.dtype.kind not in "iu":
        message = f"{name} holds {array.dtype} values: give whole numbers (round first, by a rule you state)"
        raise NetworkError(message)
    if array.dtype.kind == "u" and array.size and int(array.max()) >= 2**63:
        message = f"{name} holds {int(array.max())}: beyond int64"
        raise NetworkError(message)
    copy = np.array(array, dtype=np.int64, copy=True)
    copy.flags.writeable = False
    return copy


def _refuse_outside(values: NDArray[np.int64], name: str, low: int, high: int) -> None:
    bad = np.flatnonzero((values < low) | (values > high - 1))
    if bad.size:
        message = f"{name}[{bad[0]}] is {values[bad[0]]}: give {low} to {high - 1} ({bad.size} such values)"
        raise NetworkError(message)


def _nodes(values: ArrayLike, name: str, n_nodes: int) -> NDArray[np.int64]:
    nodes = _integers(values, name)
    _refuse_outside(nodes, name, 0, n_nodes)
    return nodes
