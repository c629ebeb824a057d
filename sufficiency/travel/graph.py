"""The plain-array door to exact least times: nodes 0..n-1, one-way arcs, whole milliseconds.

No road, table or place is known here; `matrix.py` and `routes.py` build the arrays from road tables.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import NetworkError
from sufficiency.travel import engine

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

LIMIT_MS: Final = 2_000_000_000
UNREACHABLE: Final = -1
_MOST_NODES: Final = 2**31 - 2


@dataclass(frozen=True, eq=False, repr=False)
class RoadGraph:
    """A frozen directed graph that answers exact least-time questions; build it with `RoadGraph.from_arrays`.

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
    _arcs: engine.Arcs = field(init=False)
    _forward: csr_array = field(init=False)
    _backward: csr_array = field(init=False)

    def __post_init__(self) -> None:
        """Check every clause of the contract, freeze the arrays and prepare both directions."""
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
        arcs = engine.arrange(n_nodes, source, target, milliseconds)
        prepared = {
            "n_nodes": n_nodes,
            "source": source,
            "target": target,
            "milliseconds": milliseconds,
            "_arcs": arcs,
            "_forward": engine.network(arcs),
            "_backward": engine.network(engine.reverse(arcs)),
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
            Accepted for the sake of the caller's plan; the answer is the same for any number (1 or more).

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
        return as_milliseconds(engine.many_to_many(self._forward, self._backward, from_nodes, to_nodes))

    def one_to_all(self, node: int) -> NDArray[np.int32]:
        """Return int32[n_nodes]: least milliseconds from `node` to every node, -1 where there is no way."""
        return self._all(self._forward, node)

    def all_to_one(self, node: int) -> NDArray[np.int32]:
        """Return int32[n_nodes]: least milliseconds from every node to `node`, -1 where there is no way."""
        return self._all(self._backward, node)

    def _all(self, network: csr_array, node: int) -> NDArray[np.int32]:
        source = _nodes([_whole(node, "node")], "node", self.n_nodes)
        _, found = next(engine.rows(network, source))
        return as_milliseconds(found[0])

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
        arcs = engine.path(self._arcs, self._forward, start, end)
        if arcs is not None:
            as_milliseconds(self.milliseconds[arcs].sum(keepdims=True).astype(np.float64))
        return arcs

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
        score = np.zeros(sites.size, dtype=np.int64)
        # A few pupils at a time, so that pupils x nodes is never held whole.
        step = max(1, engine.CELLS_AT_ONCE // max(1, sites.size))
        for start in range(0, nodes.size, step):
            part = slice(start, start + step)
            there = self.matrix(nodes[part], sites).astype(np.int64)
            known = bests[part, None]
            score += (weights[part, None] * np.where(there < 0, known, np.minimum(known, there))).sum(axis=0)
        return score


def as_milliseconds(least: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return least sums as int32, -1 for infinity; NetworkError at 2·10⁹ or more."""
    reachable = np.isfinite(least)
    if (least[reachable] >= LIMIT_MS).any():
        message = f"a least time is {LIMIT_MS:,} ms (23 days) or more: check the lengths and speeds of the roads"
        raise NetworkError(message)
    answer = np.full(least.shape, UNREACHABLE, dtype=np.int32)
    answer[reachable] = least[reachable].astype(np.int32)
    return answer


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
