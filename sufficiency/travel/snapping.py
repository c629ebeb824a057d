"""Where a home or school joins the roads: the nearest position along an edge, not the nearest junction.

Only edges that a child can be met on are joined (no motorway, trunk road, slip road or ferry) and only in the network
that leads both in and out; of equally near edges the one with the first edge id. A point further than the limit is not
joined: it keeps its distance, for the report, and no journey is made up for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from sufficiency.model.errors import NetworkError
from sufficiency.model.vocabulary import NO_SNAP_CLASSES
from sufficiency.travel.junctions import followed_class
from sufficiency.travel.network import NO_EDGE, joined_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.travel.network import Roads

# Nearer than this to an edge's end is the end itself; edges within this of the nearest are equally near.
SAME_PLACE_M: Final = 0.001


@dataclass(frozen=True, eq=False)
class Snaps:
    """Where each point joins the roads.

    Attributes
    ----------
    edge
        int64[n]: position of the edge, -1 when the point lies beyond the limit.
    share
        float64[n]: share of the edge's length from its start; exactly 0 or 1 at its ends.
    snap_m
        float64[n]: straight distance to that edge, and to the nearest one when it lies beyond the limit.
    """

    edge: NDArray[np.int64]
    share: NDArray[np.float64]
    snap_m: NDArray[np.float64]

    def part(self, number: int) -> Snaps:
        """Return one of the points, as snaps of length one."""
        one = slice(number, number + 1)
        return Snaps(self.edge[one], self.share[one], self.snap_m[one])


@dataclass(frozen=True)
class AccessLeg:
    """The leg between a point and the road it joins: straight distance x `detour_ratio`, driven at `kph`."""

    detour_ratio: float
    kph: float
    limit_m: float

    @classmethod
    def of(cls, parameters: Parameters) -> AccessLeg:
        """Return the leg that an area's assumptions describe."""
        return cls(
            float(parameters.value("snap_detour_ratio")),
            float(parameters.value("snap_kph")),
            float(parameters.value("snap_limit_m")),
        )

    def __post_init__(self) -> None:
        """Refuse a leg that cannot be driven."""
        for name, value, least in (
            ("snap_detour_ratio", self.detour_ratio, 1.0),
            ("snap_kph", self.kph, 0.1),
            ("snap_limit_m", self.limit_m, 0.0),
        ):
            if not (np.isfinite(value) and value >= least):
                message = f"{name} is {value}: give a number of {least:g} or more"
                raise NetworkError(message)

    def millimetres(self, snap_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the length of the leg in whole millimetres."""
        return np.rint(snap_m * self.detour_ratio * 1_000).astype(np.int64)

    def milliseconds(self, snap_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the time of the leg in whole milliseconds."""
        return np.rint(snap_m * self.detour_ratio * 3_600 / self.kph).astype(np.int64)


def may_be_joined(roads: Roads, connected: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Return bool[n_edges]: whether a journey may start or end on the edge, among those connected (`joined_edges`)."""
    # People live on trunk roads that are no dual carriageways.
    classes = followed_class(roads.edges).to_numpy(str)
    local = ~(np.isin(classes, NO_SNAP_CLASSES) | np.char.endswith(classes, "_link"))
    return np.asarray(local & (joined_edges(roads) if connected is None else connected))


@dataclass(frozen=True, eq=False)
class Snapper:
    """The edges that may be joined, in a search tree; make it with `Snapper.of`."""

    edges: NDArray[np.int64]
    lines: NDArray[np.object_]
    tree: shapely.STRtree

    @classmethod
    def of(cls, roads: Roads, connected: NDArray[np.bool_] | None = None) -> Snapper:
        """Prepare the edges of these roads that a journey may start or end on.

        Parameters
        ----------
        roads
            The roads.
        connected
            bool[n_edges]: edges that are connected; None = `joined_edges`, those that lead both in and out.

        Raises
        ------
        NetworkError
            When there is none.
        """
        usable = np.flatnonzero(may_be_joined(roads, connected))
        if usable.size == 0:
            message = (
                "no road may start or end a journey: every edge is a motorway, trunk road, slip road or ferry, "
                "or lies outside the largest network that leads both in and out"
            )
            raise NetworkError(message)
        lines = roads.geometry[usable]
        return cls(usable, lines, shapely.STRtree(lines))

    def snap(self, x: NDArray[np.float64], y: NDArray[np.float64], limit_m: float) -> Snaps:
        """Return where each point joins the roads.

        Parameters
        ----------
        x, y
            float64[n]: positions in the metric system of the roads.
        limit_m
            Points further than this from every edge that may be joined are not joined.

        Raises
        ------
        NetworkError
            When a position is not a number.
        """
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            bad = int(np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))[0])
            message = f"point {bad} has no position: give its easting and northing"
            raise NetworkError(message)
        points = np.asarray(shapely.points(x, y), dtype=object)
        line_number = self._nearest(points)
        line = self.lines[line_number]
        snap_m = shapely.distance(points, line)
        length_m = shapely.length(line)
        along_m = shapely.line_locate_point(line, points)
        share = np.divide(along_m, length_m, out=np.zeros_like(along_m), where=length_m > 0)
        share[along_m < SAME_PLACE_M] = 0.0
        share[(length_m - along_m < SAME_PLACE_M) & (share > 0)] = 1.0
        edge = np.where(snap_m > limit_m, NO_EDGE, self.edges[line_number])
        return Snaps(edge.astype(np.int64), share, snap_m)

    def _nearest(self, points: NDArray[np.object_]) -> NDArray[np.int64]:
        """Return, for each point, the number of the first line among the nearest: edges stand in order of their ids."""
        nearest_m = shapely.distance(points, self.lines[self.tree.nearest(points)])
        point, line = self.tree.query(points, predicate="dwithin", distance=nearest_m + SAME_PLACE_M)
        chosen = np.full(points.size, self.lines.size, dtype=np.int64)
        np.minimum.at(chosen, point, line)
        return chosen
