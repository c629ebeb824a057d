"""Isochrones: the ground from which a setting is reached within each band of minutes, home to setting.

A regular grid of points covers the area; each joins the roads by the same rule as a home, and its least time to the
setting is exact. Between the points time is taken to run evenly along the lines of the grid. Ground counts as reached
in the squares of the grid of which all four corners have a way to the setting.

Isochrones are drawn for settings, never for homes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import contourpy
import geopandas as gpd
import numpy as np
import shapely

from sufficiency.model.errors import NetworkError
from sufficiency.model.units import MS_PER_MIN
from sufficiency.travel.network import NO_EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sufficiency.travel.road_network import RoadNetwork, Spots, Toward

    Floats = NDArray[np.float64]
    Geometries = NDArray[np.object_]

LIMITS_MIN: Final = (15, 30, 45, 60, 75)
# Times are whole milliseconds, lines stand half a millisecond above them: no line runs through a point of the grid, and
# a point exactly at a limit lies within it.
_HALF_MS: Final = 0.5
# Nearer to a point of the grid than any line can be, further than rounding can lead, in sides of a square.
_ON_GRID: Final = 1e-11
_CORNER_SHARE: Final = 1.5
_MOST_POINTS: Final = 4_000_000
_LONGEST_MIN: Final = 30_000


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of points over an outline.

    Attributes
    ----------
    x, y
        float64[n_columns], float64[n_rows]: eastings and northings, ascending by `spacing_m`.
    wanted
        bool[n_rows, n_columns]: the points that a square on the outline may need; the others are never asked for.
    outline
        The (multi)polygon to which bands are cut.
    """

    x: Floats
    y: Floats
    wanted: NDArray[np.bool_]
    outline: shapely.Geometry
    spacing_m: float


def grid_over(outline: shapely.Geometry, spacing_m: float) -> Grid:
    """Return the grid over an outline; its lines lie at whole multiples of the spacing.

    Raises
    ------
    NetworkError
        When the outline is no ground, or the spacing gives no points or too many.
    """
    if not shapely.is_valid(outline) or shapely.area(outline) <= 0:
        message = "the outline must be a valid polygon or multipolygon with ground in it"
        raise NetworkError(message)
    if not (np.isfinite(spacing_m) and spacing_m > 0):
        message = f"spacing_m is {spacing_m}: give metres above 0"
        raise NetworkError(message)
    west, south, east, north = shapely.bounds(outline)
    columns = np.arange(np.floor(west / spacing_m) - 1, np.ceil(east / spacing_m) + 2)
    rows = np.arange(np.floor(south / spacing_m) - 1, np.ceil(north / spacing_m) + 2)
    if columns.size * rows.size > _MOST_POINTS:
        message = f"spacing_m={spacing_m:g} gives {columns.size * rows.size:,} points: give a wider spacing"
        raise NetworkError(message)
    x, y = columns * spacing_m, rows * spacing_m
    outline = shapely.normalize(outline)
    shapely.prepare(outline)
    wanted = shapely.dwithin(outline, shapely.points(*np.meshgrid(x, y)), _CORNER_SHARE * spacing_m)
    return Grid(x, y, np.asarray(wanted, dtype=bool), outline, float(spacing_m))


@dataclass(frozen=True, eq=False)
class Ground:
    """The ground of an area, its grid joined to the roads once for any number of settings; see `isochrone_ground`."""

    grid: Grid
    network: RoadNetwork
    toward: Toward


def isochrone_ground(network: RoadNetwork, outline: shapely.Geometry, *, spacing_m: float = 400) -> Ground:
    """Prepare the ground of an area for isochrones.

    Parameters
    ----------
    network
        Roads made ready by `prepare`.
    outline
        Polygon or multipolygon, in the metric system of the roads; bands are cut to it.
    spacing_m
        Metres between the points of the grid, above 0: half as much is four times the points.

    Returns
    -------
    Ground
        To be kept: each setting then takes milliseconds.

    Raises
    ------
    NetworkError
        When the outline is no ground, the spacing gives too many points, or no road may be joined.
    """
    grid = grid_over(outline, spacing_m)
    row, column = np.nonzero(grid.wanted)
    return Ground(grid, network, network.toward(network.spots(grid.x[column], grid.y[row])))


def isochrone_bands(
    ground: Ground, x: ArrayLike, y: ArrayLike, *, limits_min: Sequence[float] = LIMITS_MIN
) -> gpd.GeoDataFrame:
    """Return the ground from which a setting is reached within each band of minutes.

    Parameters
    ----------
    ground
        Output of `isochrone_ground`.
    x, y
        Easting and northing of the setting, in the system of the roads; of several settings the nearest counts.
    limits_min
        Upper limits of the bands in minutes, above 0, in any order. A point exactly at a limit lies within it.

    Returns
    -------
    GeoDataFrame
        from_min, limit_min and geometry (a multipolygon, empty where the band has no ground), by ascending limit.
        Bands share their borders and nothing else; together they are the ground reached within the largest limit. What
        no road reaches, or lies further from one than the snap limit, is in no band.

    Raises
    ------
    NetworkError
        When a setting has no road near it, there is none, or a limit is no limit.
    """
    limits_ms = _limits_ms(limits_min)
    spots = _settings(ground, x, y)
    found = ground.toward.milliseconds(spots).astype(np.int64)
    least = np.where(found < 0, np.iinfo(np.int64).max, found).min(axis=1)
    milliseconds = np.full(ground.grid.wanted.shape, -1, dtype=np.int64)
    milliseconds[ground.grid.wanted] = np.where((found >= 0).any(axis=1), least, -1)
    minutes = [limit / MS_PER_MIN for limit in limits_ms]
    columns = {"from_min": [0.0, *minutes[:-1]], "limit_min": minutes}
    geometry = bands(ground.grid, milliseconds, limits_ms)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=ground.network.drives.roads.crs)


def _limits_ms(limits_min: Sequence[float]) -> list[int]:
    try:
        limits = np.asarray(limits_min, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        message = f"limits_min is {limits_min!r}: give minutes"
        raise NetworkError(message) from None
    milliseconds = sorted({round(limit * MS_PER_MIN) for limit in limits if 0 < limit < _LONGEST_MIN})
    if not milliseconds or len(milliseconds) != limits.size or milliseconds[0] == 0:
        message = f"limits_min is {limits.tolist()}: give one or more different minutes, above 0 and below 30,000"
        raise NetworkError(message)
    return milliseconds


def _settings(ground: Ground, x: ArrayLike, y: ArrayLike) -> Spots:
    east, north = (np.asarray(one, dtype=np.float64).ravel() for one in (x, y))
    if east.size != north.size or east.size == 0:
        message = f"x and y hold {east.size} and {north.size} values: give one of each for every setting"
        raise NetworkError(message)
    spots = ground.network.spots(east, north)
    apart = np.flatnonzero(spots.snaps.edge == NO_EDGE)
    if apart.size:
        first = apart[0]
        message = (
            f"the setting at ({east[first]:.0f}, {north[first]:.0f}) lies {spots.snap_m[first] / 1_000:.1f} km "
            f"from the nearest road that it may join, beyond {ground.network.leg.limit_m / 1_000:.1f} km: "
            "check its position, or add the missing roads near it"
        )
        raise NetworkError(message)
    return spots


def bands(grid: Grid, milliseconds: NDArray[np.int64], limits_ms: Sequence[int]) -> Geometries:
    """Return the ground of each band: above the limit before it, up to its own.

    Parameters
    ----------
    grid
        The grid.
    milliseconds
        int64[n_rows, n_columns]: whole milliseconds at each point, -1 = no way.
    limits_ms
        Whole milliseconds, ascending.

    Returns
    -------
    ndarray of object[len(limits_ms)]
        Valid multipolygons, empty where a band has no ground. Two bands share their border line coordinate by
        coordinate, and nothing else.
    """
    reached = (milliseconds >= 0) & grid.wanted
    height = np.ma.array(milliseconds.astype(np.float64), mask=~reached)
    contours = contourpy.contour_generator(
        z=height, name="serial", corner_mask=False, fill_type=contourpy.FillType.OuterOffset
    )
    levels = [-1.0, *(limit + _HALF_MS for limit in limits_ms)]
    return np.array([_band(grid, contours, height.data, lower, upper) for lower, upper in pairwise(levels)], object)


def _band(grid: Grid, contours: Any, height: Floats, lower: float, upper: float) -> Any:  # noqa: ANN401 - contourpy and shapely have no types
    """Return the ground of one band, cut to the outline."""
    parts, rings = contours.filled(lower, upper)
    if not parts:
        return shapely.MultiPolygon()
    sizes = np.concatenate([np.diff(offsets) for offsets in rings])
    polygons = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON,
        _placed(grid, np.concatenate(parts), height, lower, upper),
        (np.r_[0, np.cumsum(sizes)], np.r_[0, np.cumsum([len(offsets) - 1 for offsets in rings])]),
    )
    # squares without a way can meet at a corner, where the border around them touches itself
    touching = ~shapely.is_valid(polygons)
    polygons[touching] = shapely.make_valid(polygons[touching])
    across = ~shapely.covers(grid.outline, polygons)
    polygons[across] = shapely.intersection(polygons[across], grid.outline)
    pieces = shapely.get_parts(polygons)
    ground = pieces[(shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(pieces)]
    return shapely.normalize(shapely.multipolygons(ground))


def _placed(grid: Grid, corners: Floats, height: Floats, lower: float, upper: float) -> Floats:
    """Return eastings and northings of corners that are given in columns and rows of the grid.

    A corner on a line of the grid is reckoned anew from the two points it lies between, always in one direction: both
    bands beside it get the same number, to the last bit.
    """
    whole = np.rint(corners)
    free = np.abs(corners - whole) > _ON_GRID
    first = np.where(free, np.floor(corners), whole).astype(np.int64)
    place = first.astype(np.float64)
    for axis in (0, 1):
        moved = np.flatnonzero(free[:, axis])
        column, row = first[moved].T
        here = height[row, column]
        there = height[row + axis, column + (1 - axis)]
        shares = np.array([(level - here) / (there - here) for level in (lower, upper)])
        off = np.abs(shares - (corners[moved, axis] - place[moved, axis]))
        place[moved, axis] += np.where(off[0] < off[1], shares[0], shares[1])
    return np.asarray(place * grid.spacing_m + np.array([grid.x[0], grid.y[0]]))
