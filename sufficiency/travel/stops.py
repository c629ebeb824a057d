"""Where searches start and end for places that stand anywhere along an edge.

The network is not cut for places. A search starts from the junctions that can be driven to first, each with the part of
the edge until there, and ends likewise; two places on one edge are compared by themselves. So a network is folded once,
whatever the places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.travel.engine import Stops
from sufficiency.travel.network import NO_EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.travel.drives import Drives
    from sufficiency.travel.snapping import Snaps

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# Two whole weights in one int64, the first above the second: the second is below 2**31 in every sum that is reported.
SECOND_BITS: Final = 31


@dataclass(frozen=True, eq=False)
class EdgeWeights:
    """Whole weights of the edges, and of any part of one: the parts of an edge add up exactly.

    `first` and `second` are int64[n_edges]; `second`, where given, breaks ties of `first`: both are held in one number.
    """

    first: Ints
    second: Ints | None = None

    def whole(self, edge: Ints) -> Ints:
        """Return int64: the weight of each edge, 0 where there is none (-1)."""
        return np.asarray(np.append(_together(self.first, self.second), 0)[edge])

    def until(self, edge: Ints, share: Floats) -> Ints:
        """Return int64: the weight of each edge from its start to a share of its length."""
        first = np.rint(self.first[edge] * share).astype(np.int64)
        return _together(first, None if self.second is None else np.rint(self.second[edge] * share).astype(np.int64))


def _together(first: Ints, second: Ints | None) -> Ints:
    return first if second is None else (first << SECOND_BITS) + second


def leaving_stops(drives: Drives, snaps: Snaps, weights: EdgeWeights) -> Stops:
    """Return where journeys from snapped positions start, and the weight until there; nowhere when not joined."""
    item, edge, share = _within(snaps)
    whole, until = weights.whole(edge), weights.until(edge, share)
    parts = []
    for back, weight in ((0, whole - until), (1, until)):
        node = drives.leave_by[2 * edge + back]
        allowed = node != NO_EDGE
        parts.append((item[allowed], node[allowed], weight[allowed]))
    item, junction = _at_junctions(drives, snaps)
    parts.append((item, drives.leave_at[junction], np.zeros(item.size, dtype=np.int64)))
    return _stops(snaps.edge.size, parts)


def arriving_stops(drives: Drives, snaps: Snaps, weights: EdgeWeights) -> Stops:
    """Return where journeys to snapped positions end, and the weight from there; nowhere when not joined."""
    item, edge, share = _within(snaps)
    whole, until = weights.whole(edge), weights.until(edge, share)
    parts = []
    for back, weight in ((0, until), (1, whole - until)):
        row = 2 * edge + back
        which, door = ranges(drives.arrive_first[row], drives.arrive_first[row + 1])
        parts.append((item[which], drives.arrive_from[door], weight[which]))
    item, junction = _at_junctions(drives, snaps)
    which, copy = ranges(drives.copies_first[junction], drives.copies_first[junction + 1])
    parts.append((item[which], drives.arrive_at[copy], np.zeros(which.size, dtype=np.int64)))
    return _stops(snaps.edge.size, parts)


def along_one_edge(
    drives: Drives, origins: Snaps, destinations: Snaps, weights: EdgeWeights
) -> tuple[Ints, Ints, Ints]:
    """Return (origin, destination, weight) of every pair that one edge leads straight along."""
    roads = drives.roads
    order = np.argsort(destinations.edge, kind="stable")
    edge = destinations.edge[order]
    joined = np.flatnonzero(origins.edge != NO_EDGE)
    first = np.searchsorted(edge, origins.edge[joined], side="left")
    last = np.searchsorted(edge, origins.edge[joined], side="right")
    item, found = ranges(first, last)
    origin, destination = joined[item], order[found]
    on, share_from, share_to = origins.edge[origin], origins.share[origin], destinations.share[destination]
    allowed = np.where(share_to > share_from, roads.forward[on], roads.backward[on]) | (share_to == share_from)
    origin, destination, on = origin[allowed], destination[allowed], on[allowed]
    weight = weights.until(on, share_to[allowed]) - weights.until(on, share_from[allowed])
    return origin, destination, np.abs(weight)


def _within(snaps: Snaps) -> tuple[Ints, Ints, Floats]:
    """Return the positions between the ends of their edge, with edge and share."""
    within = np.flatnonzero((snaps.edge != NO_EDGE) & (snaps.share > 0) & (snaps.share < 1))
    return within, snaps.edge[within], snaps.share[within]


def _at_junctions(drives: Drives, snaps: Snaps) -> tuple[Ints, Ints]:
    """Return the positions at an end of their edge, and the junction there."""
    roads = drives.roads
    item = np.flatnonzero((snaps.edge != NO_EDGE) & ((snaps.share == 0) | (snaps.share == 1)))
    edge = snaps.edge[item]
    return item, np.where(snaps.share[item] == 0, roads.start[edge], roads.end[edge])


def ranges(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Return (item, place) for every place of the ranges first[item]..last[item]."""
    count = last - first
    item = np.repeat(np.arange(count.size), count)
    before = np.cumsum(count) - count
    return item, np.arange(item.size) - before[item] + first[item]


def _stops(n: int, parts: Sequence[tuple[Ints, Ints, Ints]]) -> Stops:
    item, node, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((weight, node, item))
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(item, minlength=n), out=first[1:])
    return Stops(first, node[order].astype(np.int32), weight[order])
