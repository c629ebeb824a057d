"""One journey on the map: the way itself, its minutes and its metres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import shapely
from shapely.ops import substring

from sufficiency.model import geography
from sufficiency.model.errors import GeographyError, NetworkError
from sufficiency.model.results import Route
from sufficiency.model.units import MS_PER_MIN
from sufficiency.travel.drives import drives_of
from sufficiency.travel.network import NO_EDGE, edges_toward_main, index_roads
from sufficiency.travel.snapping import Snapper, Snaps
from sufficiency.travel.speeds import edge_times
from sufficiency.travel.stops import SECOND_BITS, EdgeWeights
from sufficiency.travel.ways import best_way, least_from, leaving_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables
    from sufficiency.travel.drives import Drives
    from sufficiency.travel.network import Roads
    from sufficiency.travel.ways import Way

MM_PER_M: Final = 1_000


def route(
    roads: RoadTables,
    from_lonlat: tuple[float, float],
    to_lonlat: tuple[float, float],
    *,
    minimise: Literal["minutes", "metres"] = "minutes",
    speeds: pd.DataFrame | None = None,
    profile: str = "school_morning",
    snap_limit_m: float = 5_000.0,
) -> Route:
    """Return the best way along the roads between two points.

    The way runs from the road position nearest to the first point to the one nearest to the second; the legs off the
    roads, which `travel_times` adds by assumption, are not part of it. A journey one way may start on a street that can
    only be left, and end on one that can only be entered.

    Parameters
    ----------
    roads
        Road nodes and edges.
    from_lonlat, to_lonlat
        Longitude and latitude in degrees.
    minimise
        ``minutes``: the least time, then the least metres; ``metres``: the least metres, then the least time.
    speeds
        Table `speeds`; default those that came with the roads. Needed for ``minutes``; without it, minutes are NaN.
    profile
        Profile of the speed table.
    snap_limit_m
        A point further than this from every road it may join is refused.

    Returns
    -------
    Route
        Minutes, metres, and the line in longitude and latitude.

    Raises
    ------
    NetworkError
        When a point is too far from the roads, there is no way, `minimise` is unknown, or speeds are needed.
    GeographyError
        When a position is not longitude and latitude.
    """
    if minimise not in ("minutes", "metres"):
        message = f"minimise is {minimise!r}: give 'minutes' or 'metres'"
        raise NetworkError(message)
    speeds = roads.speeds if speeds is None else speeds
    if speeds is None and minimise == "minutes":
        message = "the least minutes need a speed table: give speeds=, or minimise='metres'"
        raise NetworkError(message)
    indexed = index_roads(roads)
    lon, lat = _degrees(from_lonlat, to_lonlat)
    snaps = _snapped(indexed, *geography.to_bng(lon, lat, indexed.crs), snap_limit_m)
    if (snaps.edge == NO_EDGE).any():
        message = (
            f"the points are {snaps.snap_m[0]:,.0f} m and {snaps.snap_m[1]:,.0f} m from the nearest road they may "
            f"join, the limit is {snap_limit_m:,.0f} m: check their order (longitude, latitude) and the area"
        )
        raise NetworkError(message)
    millimetres = indexed.millimetres
    milliseconds = np.zeros_like(millimetres) if speeds is None else edge_times(indexed.edges, speeds, profile).central
    first, second = (milliseconds, millimetres) if minimise == "minutes" else (millimetres, milliseconds)
    way = _way_between(drives_of(indexed), snaps, first, second)
    minutes = float("nan") if speeds is None else way.sum_of(milliseconds) / MS_PER_MIN
    return Route(minutes, way.sum_of(millimetres) / MM_PER_M, _line(indexed, way, snaps))


def _snapped(roads: Roads, x: NDArray[np.float64], y: NDArray[np.float64], limit_m: float) -> Snaps:
    """Return where the journey joins the roads at its start and leaves them at its end."""
    ends = [
        Snapper.of(roads, edges_toward_main(roads, leaving=leaving)).snap(x[end], y[end], limit_m)
        for leaving, end in ((True, slice(0, 1)), (False, slice(1, 2)))
    ]
    return Snaps(*(np.concatenate([getattr(one, name) for one in ends]) for name in ("edge", "share", "snap_m")))


def _way_between(drives: Drives, snaps: Snaps, first: NDArray[np.int64], second: NDArray[np.int64]) -> Way:
    """Return the best way from the first position to the second: the least `first`, then the least `second`."""
    weights = EdgeWeights(first, second)
    leaving = leaving_of(drives)
    ends = snaps.part(0), snaps.part(1)
    way = best_way(drives, leaving, ends, weights, least_from(drives, leaving, ends[0], weights))
    if way is None:
        message = "there is no way by road between the two points: check one-way streets and access-only roads"
        raise NetworkError(message)
    if max(way.sum_of(first), way.sum_of(second)) >= 2**SECOND_BITS:
        message = "the way is longer than 2,147 km or 24 days: check the lengths and speeds of the roads"
        raise NetworkError(message)
    return way


def _degrees(*points: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        lon, lat = np.array(points, dtype=np.float64).reshape(len(points), 2).T
    except (TypeError, ValueError):
        message = f"give each point as (longitude, latitude) in degrees, not {points}"
        raise GeographyError(message) from None
    return lon, lat


def _line(roads: Roads, way: Way, snaps: Snaps) -> shapely.LineString:
    """Return the way as one line in longitude and latitude; a way of no length is its point, twice."""
    pieces = [
        shapely.get_coordinates(substring(roads.geometry[edge], share_from, share_to, normalized=True))
        for edge, share_from, share_to in zip(way.edge, way.share_from, way.share_to, strict=True)
        if share_from != share_to
    ]
    if pieces:
        coordinates = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    else:
        point = shapely.line_interpolate_point(roads.geometry[snaps.edge[0]], snaps.share[0], normalized=True)
        coordinates = np.repeat(shapely.get_coordinates(point), 2, axis=0)
    lon, lat = geography.to_wgs84(coordinates[:, 0], coordinates[:, 1], roads.crs)
    return shapely.LineString(np.column_stack([lon, lat]))
