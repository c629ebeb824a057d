"""One journey on the map: the way itself, its minutes and its metres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from shapely.ops import substring

from sufficiency.model import geography
from sufficiency.model.errors import GeographyError, NetworkError
from sufficiency.model.results import Route
from sufficiency.model.units import MS_PER_MIN
from sufficiency.travel import engine
from sufficiency.travel.network import NO_EDGE, CutRoads, Roads, cut_roads, index_roads
from sufficiency.travel.snapping import snap
from sufficiency.travel.speeds import edge_times

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables


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
    roads, which `travel_times` adds by assumption, are not part of it.

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
    snaps = snap(indexed, *geography.to_bng(lon, lat, indexed.crs), snap_limit_m)
    if (snaps.edge == NO_EDGE).any():
        message = (
            f"the points are {snaps.snap_m[0]:,.0f} m and {snaps.snap_m[1]:,.0f} m from the nearest road they may "
            f"join, the limit is {snap_limit_m:,.0f} m: check their order (longitude, latitude) and the area"
        )
        raise NetworkError(message)
    cut = cut_roads(indexed, snaps)
    millimetres = cut.weights(indexed.millimetres)
    if speeds is None:
        milliseconds = np.zeros_like(millimetres)
    else:
        milliseconds = cut.weights(edge_times(indexed.edges, speeds, profile).central)
    first, second = (milliseconds, millimetres) if minimise == "minutes" else (millimetres, milliseconds)
    way = _best_way(cut, first, second)
    minutes = float("nan") if speeds is None else float(milliseconds[way].sum()) / MS_PER_MIN
    return Route(
        minutes, float(millimetres[way].sum()) / 1_000, _line(indexed, cut, way, snaps.edge[0], snaps.share[0])
    )


def _degrees(*points: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        lon, lat = np.array(points, dtype=np.float64).reshape(len(points), 2).T
    except (TypeError, ValueError):
        message = f"give each point as (longitude, latitude) in degrees, not {points}"
        raise GeographyError(message) from None
    return lon, lat


def _best_way(cut: CutRoads, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    arcs = engine.arrange(cut.n_nodes, cut.tail, cut.head, first, tie_break=second)
    way = engine.path(arcs, engine.network(arcs), int(cut.leave[0]), int(cut.arrive[1]), second)
    if way is None:
        message = "there is no way by road between the two points: check one-way streets and access-only roads"
        raise NetworkError(message)
    return way


def _line(roads: Roads, cut: CutRoads, way: NDArray[np.int64], edge: np.int64, share: np.float64) -> shapely.LineString:
    """Return the way as one line in longitude and latitude; a way of no length is its point, twice."""
    driven = way[cut.edge[way] != NO_EDGE]
    if driven.size:
        pieces = [
            shapely.get_coordinates(
                substring(roads.geometry[cut.edge[arc]], cut.share_from[arc], cut.share_to[arc], normalized=True)
            )
            for arc in driven
        ]
        coordinates = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    else:
        point = shapely.line_interpolate_point(roads.geometry[edge], share, normalized=True)
        coordinates = np.repeat(shapely.get_coordinates(point), 2, axis=0)
    lon, lat = geography.to_wgs84(coordinates[:, 0], coordinates[:, 1], roads.crs)
    return shapely.LineString(np.column_stack([lon, lat]))
