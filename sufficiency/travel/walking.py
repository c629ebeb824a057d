"""The way to school on foot, and the statutory walking distances.

The least distance along ways that a child, accompanied as necessary, may walk, as the map draws them. Two things it is
not. It is no proof that the way can be walked in reasonable safety: that is judged by people, on the way and at the
time. And it is no test of eligibility for pupils with special needs: those who cannot reasonably be expected to walk
because of special needs, disability or mobility are eligible at any distance.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError, NetworkError
from sufficiency.model.units import metres_of
from sufficiency.travel.matrix import positions_of
from sufficiency.travel.road_network import prepare
from sufficiency.travel.snapping import AccessLeg

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import RoadTables

WITHIN: Final = 0
BEYOND: Final = 1
NOT_SAID: Final = -1
SNAP_LIMIT_M: Final = 500.0
# At this speed a millimetre takes a millisecond: the least time is the least length, whole and exact.
_KPH: Final = 3.6
_MM_PER_M: Final = 1_000
_CLASS: Final = "unclassified"
_PROFILE: Final = "walking"
# Reception to Year 11; a pupil of year group n is n + 4 years old on 1 September.
_NCY: Final = (0, 11)
_AGE_IN_RECEPTION: Final = 4


@dataclass(frozen=True)
class WalkingLimits:
    """The statutory walking distances.

    Attributes
    ----------
    younger_m, older_m
        Metres up to which a child below, and from, `older_from_years` is within walking distance.
    older_from_years
        Age from which `older_m` counts.
    """

    younger_m: float
    older_m: float
    older_from_years: int

    @classmethod
    def of(cls, parameters: Parameters) -> WalkingLimits:
        """Return the limits that an area's assumptions state, in miles."""
        return cls(
            metres_of(float(parameters.value("walking_limit_younger_miles"))),
            metres_of(float(parameters.value("walking_limit_older_miles"))),
            int(parameters.value("walking_limit_age_years")),
        )


def walking_metres(
    walk: RoadTables,
    origins: gpd.GeoDataFrame,
    settings: gpd.GeoDataFrame,
    *,
    detour_ratio: float = 1.0,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> NDArray[np.float64]:
    """Return the least walking distance from homes to settings.

    Parameters
    ----------
    walk
        Walkable ways, such as `read_osm_walking` gives; their class, limits and turns do not count, ferries are left
        out, and `forward`, `backward` and `access_only` do count.
    origins, settings
        Points of homes and settings, in the system of the ways.
    detour_ratio
        Metres walked a straight metre between a place and the way that it joins, 1 or more.
    snap_limit_m
        A place further than this from every way is not joined.

    Returns
    -------
    ndarray of float64[n_origins, n_settings]
        Metres, exact to the millimetre: the leg to the nearest way, the ways, and the leg to the setting. NaN where
        either place is not joined or no way leads there: no straight line stands in for one.

    Raises
    ------
    NetworkError
        When there is no way to walk on, or a length is none.
    GeographyError
        When places and ways are not in one reference system, or a place has no point.
    """
    ways = walk.edges[walk.edges["road_class"] != "ferry"]
    if ways.empty:
        message = "there is no way to walk on: read the walkable ways of a map that covers the area"
        raise NetworkError(message)
    plain = ways.assign(road_class=_CLASS, urban=False, maxspeed_kph=np.nan)
    pace = {"road_class": _CLASS, "urban": False, "profile": _PROFILE, "kph": _KPH, "junction_s": 0.0}
    network = prepare(
        dataclasses.replace(walk, edges=plain, turns=None),
        pd.DataFrame([pace | {"low_share": 1.0, "high_share": 1.0, "source": ""}]),
        profile=_PROFILE,
        leg=AccessLeg(detour_ratio, _KPH, snap_limit_m),
    )
    crs = network.drives.roads.crs
    homes = network.spots(*positions_of(origins, crs, "origins").T)
    schools = network.spots(*positions_of(settings, crs, "settings").T)
    millimetres = network.milliseconds(homes, schools)
    return np.where(millimetres < 0, np.nan, millimetres / _MM_PER_M)


def beyond_walking_distance(metres: ArrayLike, ncy: ArrayLike, limits: WalkingLimits) -> NDArray[np.int8]:
    """Return whether each walk is longer than the statutory walking distance.

    Parameters
    ----------
    metres
        float64[n, m]: walking distance of each pupil to each setting, NaN where no way was found.
    ncy
        int[n]: national curriculum year of each pupil.
    limits
        The distances.

    Returns
    -------
    ndarray of int8[n, m]
        `BEYOND` (1) strictly above the limit, `WITHIN` (0) up to it. `NOT_SAID` (-1) where no way on foot was found,
        or the year group is below Reception or above Year 11, where the rule does not apply. Age is that on
        1 September, by year group: Reception to Year 3 are below 8. Reception counts with them, although a child of
        four is not yet of compulsory school age.

    Raises
    ------
    DataError
        When there is not one year group a row, or it is no whole number.

    Notes
    -----
    Education Act 1996, section 444(5). Not modelled: the extended rights of families on low incomes. A pupil within the
    distance may still be eligible: because the way is unsafe, or because of special needs, disability or mobility.
    """
    walks = np.asarray(metres, dtype=np.float64)
    year_group = np.asarray(ncy)
    if walks.ndim != 2 or year_group.shape != walks.shape[:1] or not np.issubdtype(year_group.dtype, np.integer):
        message = f"give one whole year group for each of the {len(np.atleast_1d(walks))} rows of distances"
        raise DataError(message)
    older = year_group + _AGE_IN_RECEPTION >= limits.older_from_years
    limit_m = np.where(older, limits.older_m, limits.younger_m)
    answer = np.where(walks > limit_m[:, None], BEYOND, WITHIN)
    applies = (year_group >= _NCY[0]) & (year_group <= _NCY[1])
    return np.where(np.isnan(walks) | ~applies[:, None], NOT_SAID, answer).astype(np.int8)
