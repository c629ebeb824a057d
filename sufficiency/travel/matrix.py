"""The table of journeys: from every home to every setting, in the morning, by the least time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import DataError, GeographyError
from sufficiency.model.results import TravelTimes
from sufficiency.travel import engine
from sufficiency.travel.graph import UNREACHABLE, RoadGraph, as_milliseconds
from sufficiency.travel.network import NO_EDGE, CutRoads, Roads, cut_roads, index_roads
from sufficiency.travel.snapping import AccessLeg, Snaps, snap
from sufficiency.travel.speeds import edge_times

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import RoadTables

MM_PER_M: Final = 1_000


def travel_times(
    roads: RoadTables,
    speeds: pd.DataFrame,
    origins: gpd.GeoDataFrame,
    settings: gpd.GeoDataFrame,
    *,
    profile: str,
    parameters: Parameters,
) -> TravelTimes:
    """Return the least car times from homes to settings, and the least metres among the least-time ways.

    A journey is the leg from the home to the nearest road position, the roads, and the leg to the setting; two places
    at the very same point are 0 ms apart. Where there is no way by road, or either place lies further than
    `snap_limit_m` from a road, the answer is -1: no straight line stands in for a road, and `long_snaps` reports it.

    Parameters
    ----------
    roads
        Road nodes and edges, in a metric system.
    speeds
        Table `speeds`.
    origins
        Table `origins`: origin_id and a point, in the system of the roads.
    settings
        Table `settings`: setting_id and a point, in the system of the roads.
    profile
        Profile of the speed table, such as ``school_morning``.
    parameters
        For the assumptions snap_detour_ratio, snap_kph and snap_limit_m.

    Returns
    -------
    TravelTimes
        Ids in the order given; int32[n_origins, n_settings].

    Raises
    ------
    NetworkError
        When the roads or speeds cannot be driven, or a time is 2·10⁹ ms or more.
    GeographyError
        When places and roads are not in one reference system, or a place has no point.
    DataError
        When an origin or setting is given twice.
    """
    indexed = index_roads(roads)
    times = edge_times(indexed.edges, speeds, profile)
    origin_ids, setting_ids = _ids(origins, "origin_id"), _ids(settings, "setting_id")
    origin_xy, setting_xy = _positions(origins, indexed, "origins"), _positions(settings, indexed, "settings")
    leg = AccessLeg.of(parameters)
    x, y = np.concatenate([origin_xy, setting_xy]).T
    snaps = snap(indexed, x, y, leg.limit_m)
    cut = cut_roads(indexed, snaps)
    journeys = _Journeys(cut, snaps, leg, origin_xy, setting_xy)
    return TravelTimes(
        origin_ids=origin_ids,
        setting_ids=setting_ids,
        milliseconds=journeys.milliseconds(times.central),
        metres=journeys.metres(times.central, indexed.millimetres),
        profile=profile,
        origin_snap_m=snaps.snap_m[: len(origin_ids)],
        setting_snap_m=snaps.snap_m[len(origin_ids) :],
        low_milliseconds=journeys.milliseconds(times.low),
        high_milliseconds=journeys.milliseconds(times.high),
    )


class _Journeys:
    """The roads cut at every place, and what is added at both ends of each journey."""

    def __init__(
        self,
        cut: CutRoads,
        snaps: Snaps,
        leg: AccessLeg,
        origin_xy: NDArray[np.float64],
        setting_xy: NDArray[np.float64],
    ) -> None:
        n_origins = len(origin_xy)
        self.cut = cut
        self.origins = np.flatnonzero(cut.leave[:n_origins] != NO_EDGE)
        self.settings = np.flatnonzero(cut.arrive[n_origins:] != NO_EDGE)
        self.leave = cut.leave[:n_origins][self.origins]
        self.arrive = cut.arrive[n_origins:][self.settings]
        self.same_place = (origin_xy[:, None, :] == setting_xy[None, :, :]).all(axis=2)
        leg_ms, leg_mm = leg.milliseconds(snaps.snap_m), leg.millimetres(snaps.snap_m)
        self.leg_ms = np.add.outer(leg_ms[:n_origins], leg_ms[n_origins:])
        self.leg_mm = np.add.outer(leg_mm[:n_origins], leg_mm[n_origins:])

    def milliseconds(self, edge_ms: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return int32[n_origins, n_settings]: least milliseconds for these times of the edges."""
        cut = self.cut
        graph = RoadGraph.from_arrays(cut.n_nodes, cut.tail, cut.head, cut.weights(edge_ms))
        on_roads = graph.matrix(self.leave, self.arrive).astype(np.float64)
        on_roads[on_roads < 0] = np.inf
        return as_milliseconds(self._whole_way(on_roads, self.leg_ms))

    def metres(self, edge_ms: NDArray[np.int64], edge_mm: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return int32[n_origins, n_settings]: least metres among the least-time ways, rounded once."""
        cut, edge_mm = self.cut, self.cut.weights(edge_mm)
        arcs = engine.arrange(cut.n_nodes, cut.tail, cut.head, cut.weights(edge_ms), tie_break=edge_mm)
        on_roads = engine.least_second(arcs, edge_mm, self.leave, self.arrive)
        millimetres = self._whole_way(on_roads, self.leg_mm)
        reachable = np.isfinite(millimetres)
        metres = np.full(millimetres.shape, UNREACHABLE, dtype=np.int32)
        metres[reachable] = np.floor_divide(millimetres[reachable] + MM_PER_M / 2, MM_PER_M).astype(np.int32)
        return metres

    def _whole_way(self, on_roads: NDArray[np.float64], legs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the roads plus both legs, infinity where not joined or no way; 0 at the very same point."""
        whole = np.full(self.same_place.shape, np.inf)
        whole[np.ix_(self.origins, self.settings)] = on_roads
        whole += legs
        whole[self.same_place] = 0
        return whole


def _ids(table: gpd.GeoDataFrame, column: str) -> tuple[str, ...]:
    ids = table[column].astype(str)
    if not ids.is_unique:
        message = f"{column} {ids[ids.duplicated()].iloc[0]} is given twice: ids must be unique"
        raise DataError(message)
    return tuple(ids)


def _positions(table: gpd.GeoDataFrame, roads: Roads, name: str) -> NDArray[np.float64]:
    """Return float64[n, 2]: easting and northing of each place, proven to be in the roads' system."""
    if len(table) == 0:
        return np.empty((0, 2))
    if table.crs is None or str(table.crs) != roads.crs:
        message = f"{name} are in {table.crs}, roads in {roads.crs}: give both in the area's metric system"
        raise GeographyError(message)
    points = table.geometry
    bad = points.isna() | points.is_empty | (points.geom_type != "Point")
    if bad.any():
        message = f"{name}: {int(bad.sum())} rows have no point, the first {table.loc[bad].iloc[0, 0]}"
        raise GeographyError(message)
    return np.column_stack([points.x.to_numpy(np.float64), points.y.to_numpy(np.float64)])
