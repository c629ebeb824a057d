"""Positions of schools: what is not stated, and what cannot be a position in England, told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.geography import to_wgs84, within_great_britain
from sufficiency.sources.cells import CellFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.sources.public.gias_cells import Cells

__all__ = ["positions"]

# (northing from, northing to, least easting, most easting) in km; a wide coat round England, sea and border included
_ENGLAND_KM: Final = (
    (0, 155, 75, 650),
    (155, 395, 315, 660),
    (395, 485, 310, 560),
    (485, 570, 290, 530),
    (570, 665, 325, 450),
)
_FAR_M: Final = 50_000.0
_FEWEST: Final = 5
# about 5 km; the projection itself is within 5 m
_DEGREES_APART: Final = 0.05

_DEGREES: Final = CellFault(
    "degrees_in_metres",
    "error",
    "the position is in degrees where metres of the National Grid belong",
    "put easting and northing (EPSG:27700) in the columns",
)
_OUTSIDE: Final = CellFault(
    "outside_grid",
    "error",
    "the position is not one of the British National Grid",
    "give easting and northing in metres (EPSG:27700), not of another reference system",
)
_SWAPPED: Final = CellFault(
    "position_swapped",
    "error",
    "easting and northing look swapped",
    "put the easting in the column of eastings and the northing in that of northings",
)
_HALF: Final = CellFault(
    "position_half", "error", "one of easting and northing is missing", "give both, or leave both blank"
)


def positions(cells: Cells, la_codes: Sequence[str], *, in_england: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return easting and northing in metres, one row a school; NaN where not stated or refused (reported).

    Parameters
    ----------
    cells
        The file; columns ``easting`` and ``northing``, and ``longitude`` and ``latitude`` where it has them.
    la_codes
        Local authority of each row; a position far from the others of its authority that would be among them the other
        way round is swapped.
    in_england
        Whether each school must lie in England.
    """
    east = cells.numbers("easting", "easting in metres", least=None, kind="float")
    north = cells.numbers("northing", "northing in metres", least=None, kind="float")
    found = np.column_stack([east, north])
    origin = (east == 0) & (north == 0)
    blank = np.isnan(east) & np.isnan(north)
    cells.note("without a position: blank", int(blank.sum()))
    cells.note("without a position: 0,0 stands for not stated", int(origin.sum()))
    half = np.isnan(east) != np.isnan(north)
    stated = ~(origin | blank | half)
    x, y = np.where(stated, east, 300_000.0), np.where(stated, north, 300_000.0)
    degrees = stated & (np.abs(x) <= 180) & (np.abs(y) <= 180)
    outside = stated & ~degrees & ~within_great_britain(x, y)
    good = stated & ~degrees & ~outside
    swapped = good & in_england & ~_in_england(x, y) & _in_england(y, x)
    swapped |= good & _against_degrees(cells, x, y, good)
    swapped |= good & ~swapped & _against_neighbours(x, y, np.array(la_codes, dtype=object), good & ~swapped)
    for refused, fault in ((half, _HALF), (degrees, _DEGREES), (outside, _OUTSIDE), (swapped, _SWAPPED)):
        at = np.flatnonzero(refused)
        cells.note(f"position refused: {fault.message}", len(at))
        cells.report("easting", at, fault)
    found[~(good & ~swapped)] = np.nan
    return found


def _in_england(easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside = np.zeros(len(easting_m), dtype=bool)
    for low, high, west, east in _ENGLAND_KM:
        band = (northing_m >= low * 1_000) & (northing_m < high * 1_000)
        inside |= band & (easting_m >= west * 1_000) & (easting_m <= east * 1_000)
    return inside


def _against_degrees(
    cells: Cells, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64], good: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which positions agree with the file's own longitude and latitude only the other way round."""
    swapped = np.zeros(len(easting_m), dtype=bool)
    if not (cells.has("longitude") and cells.has("latitude")):
        return swapped
    lon = cells.numbers("longitude", "longitude in degrees", least=-180, most=180, kind="float")
    lat = cells.numbers("latitude", "latitude in degrees", least=-90, most=90, kind="float")
    at = np.flatnonzero(good & np.isfinite(lon) & np.isfinite(lat))
    apart = []
    for x, y in ((easting_m[at], northing_m[at]), (northing_m[at], easting_m[at])):
        at_lon, at_lat = to_wgs84(x, y)
        apart.append(np.maximum(np.abs(at_lon - lon[at]), np.abs(at_lat - lat[at])))
    swapped[at] = (apart[0] > _DEGREES_APART) & (apart[1] <= _DEGREES_APART)
    return swapped


def _against_neighbours(
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
    la_codes: NDArray[np.object_],
    good: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return which positions lie far from the middle of their authority and near it the other way round."""
    swapped = np.zeros(len(easting_m), dtype=bool)
    for code in dict.fromkeys(la_codes[good]):
        at = np.flatnonzero(good & (la_codes == code))
        if not code or len(at) < _FEWEST:
            continue
        x, y = np.median(easting_m[at]), np.median(northing_m[at])
        as_is = np.hypot(easting_m[at] - x, northing_m[at] - y)
        other = np.hypot(northing_m[at] - x, easting_m[at] - y)
        swapped[at] = (as_is > _FAR_M) & (other < as_is / 2)
    return swapped
