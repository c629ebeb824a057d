"""The only projection code: British National Grid (EPSG:27700) to and from longitude and latitude (EPSG:4326).

`always_xy` is set once here, so x is easting or longitude and y is northing or latitude everywhere. Without the
OSTN15 grid the transformation is PROJ's Helmert approximation, within about 5 m; the network is never asked for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # public by its documentation

from sufficiency.model.errors import GeographyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BNG: Final = "EPSG:27700"
WGS84: Final = "EPSG:4326"
EASTING_RANGE_M: Final = (0.0, 700_000.0)
NORTHING_RANGE_M: Final = (0.0, 1_300_000.0)


@lru_cache(maxsize=8)
def metric_system(crs: str) -> str:
    """Return the name of a projected system in metres as this package writes it, such as ``"EPSG:27700"``.

    Parameters
    ----------
    crs
        A name that PROJ knows.

    Raises
    ------
    GeographyError
        When there is no such system, or its unit is not the metre.
    """
    try:
        found = CRS.from_user_input(crs)
    except CRSError:
        message = f"there is no reference system {crs!r}: name one in metres, such as EPSG:27700 (Great Britain)"
        raise GeographyError(message) from None
    if not found.is_projected or {axis.unit_name for axis in found.axis_info[:2]} != {"metre"}:
        message = f"{crs} is not a system in metres: name one that is, such as EPSG:27700 (Great Britain)"
        raise GeographyError(message)
    return str(found.to_string())


@lru_cache(maxsize=8)
def _area_of_use(crs: str) -> tuple[float, float, float, float] | None:
    area = CRS.from_user_input(crs).area_of_use
    return None if area is None else (area.west, area.south, area.east, area.north)


@lru_cache(maxsize=8)
def _transformer(source: str, target: str) -> Transformer:
    set_network_enabled(active=False)
    return Transformer.from_crs(source, target, always_xy=True)


def _transform(x: ArrayLike, y: ArrayLike, source: str, target: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    out_x, out_y = _transformer(source, target).transform(np.asarray(x, float), np.asarray(y, float))
    out_x, out_y = np.asarray(out_x, float), np.asarray(out_y, float)
    if not (np.isfinite(out_x).all() and np.isfinite(out_y).all()):
        message = (
            f"some positions cannot be projected from {source} to {target}: check their reference system and order"
        )
        raise GeographyError(message)
    return out_x, out_y


def to_wgs84(
    easting_m: ArrayLike, northing_m: ArrayLike, crs: str = BNG
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude in degrees of positions in the area's metric system.

    Parameters
    ----------
    easting_m, northing_m
        Positions in metres, one shape.
    crs
        The metric system; EPSG:27700 in Great Britain.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude, degrees, EPSG:4326.

    Raises
    ------
    GeographyError
        When a position cannot be projected.
    """
    return _transform(easting_m, northing_m, crs, WGS84)


def to_bng(
    longitude: ArrayLike, latitude: ArrayLike, crs: str = BNG
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return easting and northing in metres of longitude and latitude in degrees.

    Raises
    ------
    GeographyError
        When a position is outside -180..180, -90..90 or cannot be projected.
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    if lon.size and (np.abs(lon).max() > 180 or np.abs(lat).max() > 90):
        message = "longitude must lie in -180..180 and latitude in -90..90: these look like metres, not degrees"
        raise GeographyError(message)
    return _transform(lon, lat, WGS84, crs)


def within_great_britain(easting_m: ArrayLike, northing_m: ArrayLike) -> NDArray[np.bool_]:
    """Return, for each position, whether it can be a British National Grid position in metres.

    Longitude and latitude in degrees fall within 200 m of the grid's false origin, in the sea, and are refused.
    """
    east, north = np.asarray(easting_m, float), np.asarray(northing_m, float)
    inside = (east > EASTING_RANGE_M[0]) & (east < EASTING_RANGE_M[1])
    inside &= (north > NORTHING_RANGE_M[0]) & (north < NORTHING_RANGE_M[1])
    return np.asarray(inside & ((east > 1_000) | (north > 1_000)), dtype=bool)


def within_system(easting_m: ArrayLike, northing_m: ArrayLike, crs: str = BNG) -> NDArray[np.bool_]:
    """Return, for each position, whether it can be one of a metric system: in Great Britain, `within_great_britain`.

    Elsewhere a position must fall, as longitude and latitude, within a degree of where the system is meant to be used,
    and must not be within longitudes and latitudes itself.

    Parameters
    ----------
    easting_m, northing_m
        Positions in metres, one shape.
    crs
        The metric system.
    """
    if crs == BNG:
        return within_great_britain(easting_m, northing_m)
    east, north = np.atleast_1d(np.asarray(easting_m, float)), np.atleast_1d(np.asarray(northing_m, float))
    inside = np.isfinite(east) & np.isfinite(north) & ((np.abs(east) > 180) | (np.abs(north) > 90))
    lon, lat = _transformer(crs, WGS84).transform(np.where(inside, east, 0.0), np.where(inside, north, 0.0))
    inside &= np.isfinite(lon) & np.isfinite(lat)
    bounds = _area_of_use(crs)
    if bounds is not None:
        west, south, east_end, north_end = bounds
        inside &= (lon >= west - 1) & (lon <= east_end + 1) & (lat >= south - 1) & (lat <= north_end + 1)
    return np.asarray(inside, dtype=bool)


def geodesic_length_m(longitude: ArrayLike, latitude: ArrayLike) -> float:
    """Return the geodesic length in metres (WGS84 ellipsoid) of a line of longitudes and latitudes."""
    return float(Geod(ellps="WGS84").line_length(np.asarray(longitude, float), np.asarray(latitude, float)))


def geodesic_lengths_m(
    from_longitude: ArrayLike, from_latitude: ArrayLike, to_longitude: ArrayLike, to_latitude: ArrayLike
) -> NDArray[np.float64]:
    """Return the geodesic lengths in metres (WGS84 ellipsoid) between pairs of positions in degrees, one shape."""
    lon, lat, to_lon, to_lat = (
        np.array(end, dtype=np.float64) for end in (from_longitude, from_latitude, to_longitude, to_latitude)
    )
    return np.asarray(Geod(ellps="WGS84").inv(lon, lat, to_lon, to_lat)[2], dtype=np.float64)
