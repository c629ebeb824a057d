"""Observed journeys for a calibration: what cannot be, and which of them are left out together.

Taxi logs start at homes. Nothing here, and no message, holds a position or an id of a journey: a row is named by its
number in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.errors import DataError
from sufficiency.model.issues import Issue

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

LEAST_JOURNEYS: Final = 10
MOST_MINUTES: Final = 600
MOST_STRAIGHT_KPH: Final = 130
# About 25 vehicles there and back on each of a year's 190 school days: more is a slip of the keyboard, and would
# outweigh every other row.
MOST_COUNT: Final = 10_000
TABLE: Final = "observed_journeys"
COLUMNS: Final = ("row", "from_x_m", "from_y_m", "to_x_m", "to_y_m", "minutes", "journeys")


@dataclass(frozen=True, eq=False)
class Places:
    """Journeys as arrays, one row each: from and to in metres (float64[n]), minutes, and how many were so."""

    from_x: Floats
    from_y: Floats
    to_x: Floats
    to_y: Floats
    minutes: Floats
    weight: Floats

    def folds(self, n_folds: int) -> Ints:
        """Return int64[n]: the part that each journey belongs to when parts are left out in turn.

        Journeys that share a place stay together, on the side (starts or ends) with more places, so that nothing of a
        place left out is known: the places in order of their position, every `n_folds`-th in one part. All 0 where
        there is one place only.
        """
        numbers = [
            np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)[1].reshape(-1)
            for x, y in ((self.from_x, self.from_y), (self.to_x, self.to_y))
        ]
        number = max(numbers, key=lambda side: int(side.max()))
        return np.asarray(number % n_folds, dtype=np.int64)


def places_of(observed: pd.DataFrame) -> Places:
    """Return the journeys as arrays."""
    return Places(*(observed[name].to_numpy(np.float64) for name in COLUMNS[1:]))


def faults_of_rows(observed: pd.DataFrame, file: str) -> list[Issue]:
    """Return every fault that a journey shows by itself, and whether there are too few.

    Raises
    ------
    DataError
        When a column is missing.
    """
    missing = [name for name in COLUMNS if name not in observed.columns]
    if missing:
        message = f"the observed journeys lack the columns {', '.join(missing)}"
        raise DataError(message)
    places = places_of(observed)
    numbers = [places.from_x, places.from_y, places.to_x, places.to_y, places.minutes, places.weight]
    whole = np.isfinite(np.column_stack(numbers)).all(axis=1)
    possible = whole & (places.minutes > 0) & (places.minutes <= MOST_MINUTES)
    counted = ~whole | ((places.weight >= 1) & (places.weight <= MOST_COUNT))
    straight_m = np.hypot(places.to_x - places.from_x, places.to_y - places.from_y)
    moved = ~whole | (straight_m > 0)
    slow = ~possible | (straight_m * 60 <= MOST_STRAIGHT_KPH * 1_000 * places.minutes)
    clauses = (
        (whole, "minutes", "not_a_number", "a place, the minutes or the count is not a number", "complete the row"),
        (possible | ~whole, "minutes", "minutes_impossible", f"the minutes are not above 0 and at most {MOST_MINUTES}",
         "correct the minutes of the journey"),
        (counted, "journeys", "count_impossible", f"the count of journeys is not 1 to {MOST_COUNT:,}",
         "correct it; where it is true, divide the count of every row alike"),
        (moved, "", "same_place", "the journey ends where it starts", "correct one of its places, or remove the row"),
        (slow, "minutes", "too_fast", f"the straight line alone would be driven at over {MOST_STRAIGHT_KPH} km/h",
         "correct the minutes or the places of the row"),
    )  # fmt: skip
    row = observed["row"].to_numpy()
    found = [
        _fault(file, int(row[place]), column, check, message, fix)
        for good, column, check, message, fix in clauses
        for place in np.flatnonzero(~good)
    ]
    usable = int((whole & possible & counted & moved & slow).sum())
    return found + _too_few(usable, file)


def faults_on_roads(
    observed: pd.DataFrame, snap_m: tuple[Floats, Floats], reachable: Bools, limit_m: float, file: str
) -> list[Issue]:
    """Return every journey with a place too far from the roads, or no way by road, and whether too few are left."""
    row = observed["row"].to_numpy()
    found = []
    near = np.ones(row.size, dtype=bool)
    for side, distance_m in zip(("starts", "ends"), snap_m, strict=True):
        far = distance_m > limit_m
        near &= ~far
        found += [
            _fault(file, int(row[place]), "", "far_from_roads",
                   f"the journey {side} {distance_m[place] / 1_000:.0f} km from the nearest road, "
                   f"the limit is {limit_m / 1_000:g} km",
                   "correct the place, or remove the row if it lies outside the area")
            for place in np.flatnonzero(far)
        ]  # fmt: skip
    found += [
        _fault(file, int(row[place]), "", "no_way", "there is no way by road between its places",
               "correct a place, or remove the row")
        for place in np.flatnonzero(near & ~reachable)
    ]  # fmt: skip
    return found + _too_few(int((near & reachable).sum()), file)


def _too_few(usable: int, file: str) -> list[Issue]:
    if usable >= LEAST_JOURNEYS:
        return []
    message = f"{usable} journeys can be used, and a calibration needs at least {LEAST_JOURNEYS}"
    return [_fault(file, None, "", "too_few_journeys", message, "add journeys, or correct the rows named here")]


def _fault(file: str, row: int | None, column: str, check: str, *words: str) -> Issue:
    """Return a fault; `words` are the message and the cure."""
    message, fix = words
    return Issue(file, row, TABLE, "", column, "", check, "error", message, fix)
