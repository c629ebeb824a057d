"""Where a home or school joins the roads: the nearest position along an edge, not the nearest junction.

Only edges that a child can be met on are joined (no motorway, trunk road, slip road or ferry) and only in the network
that leads both in and out; of equally near edges the one with the first edge id. A point further than the limit is not
joined: it keeps its distance, for the report, and no journey is made up for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from sufficiency.model.errors import NetworkError
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import NO_SNAP_CLASSES
from sufficiency.travel.network import NO_EDGE, joined_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import TravelTimes
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


def may_be_joined(roads: Roads) -> NDArray[np.bool_]:
    """Return bool[n_edges]: whether a journey may start or end on the edge."""
    classes = roads.edges["road_class"].to_numpy(str)
    local = ~(np.isin(classes, NO_SNAP_CLASSES) | np.char.endswith(classes, "_link"))
    return np.asarray(local & joined_edges(roads))


def snap(roads: Roads, x: NDArray[np.float64], y: NDArray[np.float64], limit_m: float) -> Snaps:
    """Return where each point joins the roads.

    Parameters
    ----------
    roads
        The roads as arrays.
    x, y
        float64[n]: positions in the metric system of the roads.
    limit_m
        Points further than this from every edge that may be joined are not joined.

    Raises
    ------
    NetworkError
        When no edge may be joined, or a position is not a number.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        bad = int(np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))[0])
        message = f"point {bad} has no position: give its easting and northing"
        raise NetworkError(message)
    usable = np.flatnonzero(may_be_joined(roads))
    if usable.size == 0:
        message = (
            "no road may start or end a journey: every edge is a motorway, trunk road, slip road or ferry, "
            "or lies outside the largest network that leads both in and out"
        )
        raise NetworkError(message)
    lines, points = roads.geometry[usable], np.asarray(shapely.points(x, y), dtype=object)
    # Edges are numbered in the order of their ids: the first of equally near ones is the one with the first id.
    line_number = _nearest(lines, points)
    line = lines[line_number]
    snap_m = shapely.distance(points, line)
    length_m = shapely.length(line)
    along_m = shapely.line_locate_point(line, points)
    share = np.divide(along_m, length_m, out=np.zeros_like(along_m), where=length_m > 0)
    share[along_m < SAME_PLACE_M] = 0.0
    share[(length_m - along_m < SAME_PLACE_M) & (share > 0)] = 1.0
    edge = np.where(snap_m > limit_m, NO_EDGE, usable[line_number])
    return Snaps(edge.astype(np.int64), share, snap_m)


def _nearest(lines: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return, for each point, the number of the first line among the nearest."""
    tree = shapely.STRtree(lines)
    nearest_m = shapely.distance(points, lines[tree.nearest(points)])
    point, line = tree.query(points, predicate="dwithin", distance=nearest_m + SAME_PLACE_M)
    chosen = np.full(points.size, lines.size, dtype=np.int64)
    np.minimum.at(chosen, point, line)
    return chosen


def long_snaps(travel: TravelTimes, limit_m: float) -> pd.DataFrame:
    """Return table `issues`: a warning for every home or setting that lies further than `limit_m` from the roads.

    Parameters
    ----------
    travel
        The journeys.
    limit_m
        The assumption snap_limit_m, as used for `travel`.

    Returns
    -------
    DataFrame
        Origins first, each in the order of `travel`.
    """
    sides = (
        ("origins", TABLES["gazetteer"].file, "origin_id", travel.origin_ids, travel.origin_snap_m),
        ("settings", TABLES["settings"].file, "setting_id", travel.setting_ids, travel.setting_snap_m),
    )
    found = [
        {
            "file": file,
            "table": table,
            "key": ids[place],
            "column": key,
            "value": ids[place],
            "check": "long_snap",
            "severity": "warning",
            "message": f"the nearest road that it may join is {snap_m[place] / 1_000:.1f} km away, beyond "
            f"{limit_m / 1_000:.1f} km: it has no journeys",
            "fix": "check the position, or add the missing roads near it",
        }
        for table, file, key, ids, snap_m in sides
        for place in np.flatnonzero(snap_m > limit_m)
    ]
    return pd.DataFrame(found, columns=list(TABLES["issues"].names)).astype({"row": "Int64"})
