"""Residents by zone, year and single year of age: each cohort carried on from year to year (cohort survival).

    people(z, y + 1, a + 1) = people(z, y, a) · (1 + c(district of z, a + 1)),
    people(z, y + 1, youngest age) = people(z, y, youngest age) · (1 + change of births),

with c from the table `cohort_changes` (0 where it has no row: nobody moves, hardly any child dies). What the table
`population` gives for a later year and age is used as given, so that a projection of births or of everybody may be put
in. Ages older than those given count as the oldest; ages that only a later year gives are left out, but for those that
the cohorts have grown to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["People", "people_of_years"]


class People(NamedTuple):
    """Residents, float64 [zones, years, ages]; zones sorted, ages consecutive from ``first_age``.

    ``births_years`` [years, ages] is how many times the change of births stands in a number: 0 for those born already.
    """

    zone_ids: tuple[str, ...]
    years: tuple[int, ...]
    first_age: int
    counts: NDArray[np.float64]
    births_years: NDArray[np.int64]

    def column(self, age: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the position of each age; beyond the ages there, the nearest."""
        return np.asarray(np.clip(age - self.first_age, 0, self.counts.shape[2] - 1), dtype=np.int64)

    def row(self, year: int) -> int:
        """Return the position of a year."""
        return self.years.index(year)

    @property
    def county(self) -> NDArray[np.float64]:
        """Residents of the county, [years, ages]."""
        return np.asarray(self.counts.sum(axis=0), dtype=np.float64)


def people_of_years(
    population: pd.DataFrame,
    years: Sequence[int],
    *,
    births_annual_change_share: float = 0.0,
    changes: pd.DataFrame | None = None,
    districts: Mapping[str, str] | None = None,
    county_id: str = "",
) -> People:
    """Return the residents of every year.

    Parameters
    ----------
    population
        Table `population`: at least the first of the years or an earlier one.
    years
        Years wanted, ascending.
    births_annual_change_share
        Change of the youngest age from each year to the next.
    changes
        Table `cohort_changes`; None = cohorts stay as they are.
    districts
        District of each zone, for `changes`.
    county_id
        The area whose rows hold for districts without a row of their own.

    Raises
    ------
    DataError
        When the population has no year to start from.
    """
    given = population[["zone_id", "year", "age", "people"]]
    before = given.loc[given["year"] <= years[0], "year"]
    if before.empty:
        message = f"population.csv has no row of the calibration year {years[0]}, or of a year before it"
        raise DataError(message)
    start, last = int(before.max()), int(years[-1])
    given = given[(given["year"] >= start) & (given["year"] <= last)]
    zones = sorted(given["zone_id"].unique())
    now = given[given["year"] == start]
    first_age, oldest = int(now["age"].min()), int(now["age"].max())
    steps = last - start
    width = oldest - first_age + 1 + steps
    counts = np.zeros((len(zones), steps + 1, width))
    births = np.zeros((steps + 1, width), dtype=np.int64)
    at = {zone: position for position, zone in enumerate(zones)}
    ratio = _ratios(changes, zones, districts or {}, county_id, first_age=first_age, width=width)
    _put(counts[:, 0], now, at, first_age)
    counts[:, 0, oldest - first_age + 1 :] = counts[:, 0, [oldest - first_age]]
    for step in range(1, steps + 1):
        counts[:, step, 1:] = counts[:, step - 1, :-1] * ratio[:, 1:]
        counts[:, step, 0] = counts[:, step - 1, 0] * (1 + births_annual_change_share)
        births[step, 1:], births[step, 0] = births[step - 1, :-1], births[step - 1, 0] + 1
        stated = given[given["year"] == start + step]
        _put(counts[:, step], stated, at, first_age)
        births[step, _columns(stated, first_age, width)] = 0
    wanted = [year - start for year in years]
    return People(tuple(zones), tuple(int(y) for y in years), first_age, counts[:, wanted], births[wanted])


def _columns(rows: pd.DataFrame, first_age: int, width: int) -> NDArray[np.int64]:
    """Return the positions of the ages given, without those outside."""
    column = np.unique(rows["age"].to_numpy(dtype=np.int64)) - first_age
    return np.asarray(column[(column >= 0) & (column < width)], dtype=np.int64)


def _put(into: NDArray[np.float64], rows: pd.DataFrame, at: Mapping[str, int], first_age: int) -> None:
    """Write the people given into [zones, ages]; ages outside are left out."""
    column = rows["age"].to_numpy(dtype=np.int64) - first_age
    fits = (column >= 0) & (column < into.shape[1])
    into[rows["zone_id"].map(at).to_numpy()[fits], column[fits]] = rows["people"].to_numpy(dtype=float)[fits]


def _ratios(
    changes: pd.DataFrame | None,
    zones: Sequence[str],
    districts: Mapping[str, str],
    county_id: str,
    *,
    first_age: int,
    width: int,
) -> NDArray[np.float64]:
    """Return how each cohort changes as it comes to an age, [zones, ages]."""
    out = np.ones((len(zones), width))
    if changes is None:
        return out
    by_area = {str(area): rows for area, rows in changes.groupby("area_id")}
    for position, zone in enumerate(zones):
        for area in (county_id, districts.get(zone, "")):
            rows = by_area.get(area)
            if rows is None:
                continue
            column = rows["age"].to_numpy(dtype=np.int64) - first_age
            fits = (column >= 0) & (column < width)
            out[position, column[fits]] = 1 + rows["change_share"].to_numpy(dtype=float)[fits]
    return out
