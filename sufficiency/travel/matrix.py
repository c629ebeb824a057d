"""The table of journeys: from every home to every setting, in the morning, by the least time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from sufficiency.model.errors import DataError, GeographyError, NetworkError
from sufficiency.model.results import TravelTimes
from sufficiency.travel.road_network import prepare
from sufficiency.travel.snapping import AccessLeg

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import RoadTables
    from sufficiency.travel.road_network import RoadNetwork, Spots


def travel_times(
    roads: RoadTables,
    speeds: pd.DataFrame,
    origins: gpd.GeoDataFrame,
    settings: gpd.GeoDataFrame,
    *,
    profile: str,
    parameters: Parameters,
    direction: Literal["to_setting", "from_setting"] = "to_setting",
) -> TravelTimes:
    """Return the least car times from homes to settings, and the least metres among the least-time ways.

    A journey is the leg from the home to the nearest road position, the roads, and the leg to the setting; two places
    at the very same point near a road are 0 ms apart. Where there is no way by road, or either place lies further than
    `snap_limit_m` from a road, the answer is -1: no straight line stands in for a road, and `check` reports it.

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
    direction
        ``to_setting``: home to setting, in the morning; ``from_setting``: the way home.

    Returns
    -------
    TravelTimes
        Ids in the order given; int32[n_origins, n_settings].

    Raises
    ------
    NetworkError
        When the roads or speeds cannot be driven, `direction` is unknown, a time is 2·10⁹ ms or more, or a least-time
        way is longer than 2,147 km.
    GeographyError
        When places and roads are not in one reference system, or a place has no point.
    DataError
        When an origin or setting is given twice.
    """
    network = prepare(roads, speeds, profile=profile, leg=AccessLeg.of(parameters))
    return journey_times(network, origins, settings, direction=direction)


def journey_times(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    settings: gpd.GeoDataFrame,
    *,
    direction: Literal["to_setting", "from_setting"] = "to_setting",
    bands: bool = True,
) -> TravelTimes:
    """Return what `travel_times` does, on roads that are ready already.

    Parameters
    ----------
    network
        Roads made ready by `prepare`.
    origins, settings, direction
        As for `travel_times`.
    bands
        Whether to work out the low and high bands; without them they are None.
    """
    if direction not in ("to_setting", "from_setting"):
        message = f"direction is {direction!r}: give 'to_setting' or 'from_setting'"
        raise NetworkError(message)
    origin_ids, setting_ids = _ids(origins, "origin_id"), _ids(settings, "setting_id")
    crs = network.drives.roads.crs
    homes = network.spots(*positions_of(origins, crs, "origins").T)
    schools = network.spots(*positions_of(settings, crs, "settings").T)
    network.fold()
    leaving, arriving = (homes, schools) if direction == "to_setting" else (schools, homes)
    found = [*network.journeys(leaving, arriving)]
    if bands:
        found += [network.milliseconds(leaving, arriving, band="low")]
        found += [network.milliseconds(leaving, arriving, band="high")]
    if direction == "from_setting":
        found = [np.ascontiguousarray(one.T) for one in found]
    return TravelTimes(
        origin_ids=origin_ids,
        setting_ids=setting_ids,
        milliseconds=found[0],
        metres=found[1],
        profile=network.profile,
        origin_snap_m=homes.snap_m,
        setting_snap_m=schools.snap_m,
        low_milliseconds=found[2] if bands else None,
        high_milliseconds=found[3] if bands else None,
    )


def with_further(known: TravelTimes, network: RoadNetwork, homes: Spots, further: gpd.GeoDataFrame) -> TravelTimes:
    """Return known journeys of the morning, and those of the same homes to further settings; without bands.

    Parameters
    ----------
    known
        Journeys to other settings.
    network
        The roads that they were worked out on.
    homes
        Where its origins join the roads.
    further
        Table `settings`.

    Raises
    ------
    NetworkError, GeographyError, DataError
        As `journey_times`.
    """
    schools = network.spots(*positions_of(further, network.drives.roads.crs, "settings").T)
    milliseconds, metres = network.journeys(homes, schools)
    return TravelTimes(
        origin_ids=known.origin_ids,
        setting_ids=(*known.setting_ids, *_ids(further, "setting_id")),
        milliseconds=np.concatenate([known.milliseconds, milliseconds], axis=1),
        metres=np.concatenate([known.metres, metres], axis=1),
        profile=known.profile,
        origin_snap_m=known.origin_snap_m,
        setting_snap_m=np.concatenate([known.setting_snap_m, schools.snap_m]),
    )


def _ids(table: gpd.GeoDataFrame, column: str) -> tuple[str, ...]:
    ids = table[column].astype(str)
    if not ids.is_unique:
        message = f"{column} {ids[ids.duplicated()].iloc[0]} is given twice: ids must be unique"
        raise DataError(message)
    return tuple(ids)


def positions_of(table: gpd.GeoDataFrame, crs: str, name: str) -> NDArray[np.float64]:
    """Return float64[n, 2]: easting and northing of each place, proven to be in the roads' system."""
    if len(table) == 0:
        return np.empty((0, 2))
    if table.crs is None or str(table.crs) != crs:
        message = f"{name} are in {table.crs}, roads in {crs}: give both in the area's metric system"
        raise GeographyError(message)
    points = table.geometry
    bad = points.isna() | points.is_empty | (points.geom_type != "Point")
    if bad.any():
        message = f"{name}: {int(bad.sum())} rows have no point, the first {table.loc[bad].iloc[0, 0]}"
        raise GeographyError(message)
    return np.column_stack([points.x.to_numpy(np.float64), points.y.to_numpy(np.float64)])
