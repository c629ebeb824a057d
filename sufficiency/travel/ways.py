"""The way itself, piece by piece of the edges driven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.travel import engine
from sufficiency.travel.network import NO_EDGE
from sufficiency.travel.stops import along_one_edge, arriving_stops, leaving_stops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.travel.drives import Drives
    from sufficiency.travel.snapping import Snaps
    from sufficiency.travel.stops import EdgeWeights

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Way:
    """The pieces of edges driven on one journey, in driving order: each from a share of an edge's length to another."""

    edge: Ints
    share_from: Floats
    share_to: Floats

    def sum_of(self, of_edge: Ints) -> int:
        """Return the sum of a whole number per edge over the pieces."""
        parts = np.rint(of_edge[self.edge] * self.share_to) - np.rint(of_edge[self.edge] * self.share_from)
        return int(np.abs(parts).sum())


def leaving_of(drives: Drives) -> engine.Leaving:
    """Return the arcs by the node that they leave."""
    return engine.Leaving.of(drives.n_nodes, drives.arcs.tail, drives.arcs.head)


def least_from(drives: Drives, leaving: engine.Leaving, origin: Snaps, weights: EdgeWeights) -> Ints:
    """Return int64[n_nodes]: least weights from one snapped position to every node, by a plain search, -1 = no way."""
    starts = leaving_stops(drives, origin, weights)
    arc_weight = weights.whole(drives.arcs.edge)
    return np.asarray(engine.dijkstra(
        leaving.first, leaving.arc, leaving.head, arc_weight, starts.node.astype(np.int64), starts.weight
    ))  # fmt: skip


def best_way(
    drives: Drives, leaving: engine.Leaving, ends: tuple[Snaps, Snaps], weights: EdgeWeights, least: Ints
) -> Way | None:
    """Return the way of the least weight from one snapped position to another, None where there is none.

    Parameters
    ----------
    drives, leaving, weights
        The roads as arcs, those by the node that they leave, and the weights of the edges.
    ends
        The origin and the destination, one position each.
    least
        int64[n_nodes]: least weights from the origin to every node, -1 = no way.
    """
    origin, destination = ends
    stops = arriving_stops(drives, destination, weights)
    there = least[stops.node]
    reached = np.flatnonzero(there >= 0)
    through = there[reached] + stops.weight[reached]
    _, _, along = along_one_edge(drives, origin, destination, weights)
    if along.size and (through.size == 0 or along[0] <= through.min()):
        return Way(origin.edge, origin.share, destination.share)
    if through.size == 0:
        return None
    last = int(stops.node[reached[np.argmin(through)]])
    starts = leaving_stops(drives, origin, weights)
    begins = starts.node[least[starts.node] == starts.weight].astype(np.int64)
    arcs = engine.way(leaving, weights.whole(drives.arcs.edge), least, begins, last)
    if arcs is None:
        return None
    first = int(drives.arcs.tail[arcs[0]]) if arcs.size else last
    arcs = arcs[drives.arcs.edge[arcs] != NO_EDGE]
    ahead = drives.arcs.ahead[arcs]
    out, inward = _first_end(drives, origin, first, weights), _last_end(drives, destination, last, weights)
    return Way(
        np.concatenate([origin.edge[: out.size], drives.arcs.edge[arcs], destination.edge[: inward.size]]),
        np.concatenate([origin.share[: out.size], np.where(ahead, 0.0, 1.0), inward]),
        np.concatenate([out, np.where(ahead, 1.0, 0.0), destination.share[: inward.size]]),
    )


def _first_end(drives: Drives, origin: Snaps, first: int, weights: EdgeWeights) -> Floats:
    """Return the end of its edge that a position leaves by for the first node: share 1 or 0; none at a junction."""
    if origin.share[0] in (0, 1):
        return np.empty(0)
    ahead, back = (drives.leave_by[2 * origin.edge[0] + side] == first for side in (0, 1))
    before, after = _parts(origin, weights)
    # Both ends of a loop lead to the first node: the nearer one is driven to.
    return np.array([1.0 if ahead and (after <= before or not back) else 0.0])


def _last_end(drives: Drives, destination: Snaps, last: int, weights: EdgeWeights) -> Floats:
    """Return the end of its edge by which the last node leads to a position: share 0 or 1; none at a junction."""
    if destination.share[0] in (0, 1):
        return np.empty(0)
    row = 2 * destination.edge[0] + np.arange(3)
    begin, middle, end = drives.arrive_first[row]
    ahead, back = last in drives.arrive_from[begin:middle], last in drives.arrive_from[middle:end]
    before, after = _parts(destination, weights)
    return np.array([0.0 if ahead and (before <= after or not back) else 1.0])


def _parts(snap: Snaps, weights: EdgeWeights) -> tuple[int, int]:
    """Return the weights of an edge before and after a position on it."""
    before = int(weights.until(snap.edge, snap.share)[0])
    return before, int(weights.whole(snap.edge)[0]) - before
