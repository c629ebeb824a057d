"""Observed journeys of a calibration: a file of measured minutes between two places each, such as a taxi log.

Such a log starts at homes: faults name a row by its number, and never a place or an id of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model import geography
from sufficiency.model.issues import Issue
from sufficiency.sources.files import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs

__all__ = ["known_places", "read_journeys"]

TABLE: Final = "observed_journeys"
_SIDES: Final = (("origin", "from"), ("destination", "to"))


def known_places(inputs: Inputs) -> dict[str, tuple[float, float]]:
    """Return the position of every id that a journey may name: origins before places before settings."""
    tables = (
        (inputs.settings, "setting_id"),
        (inputs.gazetteer, "zone_id"),
        (inputs.origins, "origin_id"),
    )
    return {
        str(name): (float(point.x), float(point.y))
        for table, column in tables
        for name, point in zip(table[column], table.geometry, strict=True)
    }


def read_journeys(path: Path, places: Mapping[str, tuple[float, float]], crs: str, issues: list[Issue]) -> pd.DataFrame:
    """Read observed journeys.

    Parameters
    ----------
    path
        CSV file with the columns of the table `observed_journeys`.
    places
        Position in metres of each id that may be named.
    crs
        The area's metric system, which positions in the file are in.
    issues
        Every fault is appended: no such file, a side with no place or with two, an unknown id, a position that cannot
        be, and what `read_table` finds. No fault holds a place or an id of a journey.

    Returns
    -------
    DataFrame
        The rows without a fault: row (its number in the file), from_x_m, from_y_m, to_x_m, to_y_m, minutes, journeys.
    """
    if not path.exists():
        # `read_table` would send the reader to the area's workbook, where journeys do not belong
        message, fix = "there is no such file", "check its name and folder"
        issues.append(Issue(str(path), None, TABLE, "", "", "", "file_missing", "error", message, fix))
        return pd.DataFrame(columns=["row", "from_x_m", "from_y_m", "to_x_m", "to_y_m", "minutes", "journeys"])
    table = read_table(path, TABLE, issues)
    faults = _Faults(path.name, table, issues)
    out = pd.DataFrame({"row": table.index.to_numpy(np.int64)})
    for side, end in _SIDES:
        out[f"{end}_x_m"], out[f"{end}_y_m"] = _positions(table, side, places, crs, faults)
    out["minutes"] = table["minutes"].to_numpy(np.float64)
    out["journeys"] = pd.to_numeric(table["journeys"]).astype(np.float64).fillna(1.0).to_numpy()
    return out.loc[~out["row"].isin(faults.rows)].reset_index(drop=True)


class _Faults:
    """Where faults go: by row, without a value."""

    def __init__(self, file: str, table: pd.DataFrame, issues: list[Issue]) -> None:
        self.file, self.numbers, self.issues = file, table.index.to_numpy(np.int64), issues
        self.rows: set[int] = set()

    def add(self, bad: NDArray[np.bool_], column: str, check: str, *words: str) -> None:
        """Append a fault for each row marked; `words` are the message and the cure."""
        message, fix = words
        for row in self.numbers[bad].tolist():
            self.rows.add(row)
            self.issues.append(Issue(self.file, row, TABLE, "", column, "", check, "error", message, fix))


def _positions(
    table: pd.DataFrame, side: str, places: Mapping[str, tuple[float, float]], crs: str, faults: _Faults
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return easting and northing of one side of every journey, NaN where there is a fault."""
    names = table[f"{side}_id"].astype(str).to_numpy(object)
    x, y = (table[f"{side}_{axis}_m"].to_numpy(np.float64).copy() for axis in ("easting", "northing"))
    named, placed = names != "", ~np.isnan(x) & ~np.isnan(y)
    half = np.isnan(x) != np.isnan(y)
    column = f"{side}_id"
    faults.add(half, f"{side}_easting_m", "half_a_place", f"the {side} has an easting or a northing, not both",
               "give both, or an id instead")  # fmt: skip
    faults.add(named & placed, column, "two_places", f"the {side} has both an id and a position",
               "keep one of them")  # fmt: skip
    faults.add(~named & ~placed & ~half, column, "no_place", f"the journey has no {side}",
               f"give {side}_id, or {side}_easting_m and {side}_northing_m")  # fmt: skip
    known = np.array([name in places for name in names], dtype=bool)
    faults.add(named & ~known, column, "unknown_id", f"the {side} is no origin, place or setting of the area",
               "correct the id, or give its easting and northing")  # fmt: skip
    if crs == geography.BNG:
        outside = placed & ~geography.within_great_britain(np.nan_to_num(x), np.nan_to_num(y))
        faults.add(outside, f"{side}_easting_m", "position_outside", f"the {side} is no British National Grid position",
                   "give metres (EPSG:27700), the easting first; degrees do not belong here")  # fmt: skip
    for place in np.flatnonzero(named & known & ~placed):
        x[place], y[place] = places[str(names[place])]
    return x, y
