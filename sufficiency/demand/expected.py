"""How many pupils are to be expected in each cell and year, before they are made whole.

A cell is a national curriculum year, need, place sought and attendance; its pupils in the calibration year are the
pattern. In year y it holds

    pupils · people(y, age) ÷ people(calibration year, age) · G(y)                               in present homes,
    pupils · children of new homes(y, age) ÷ people(calibration year, age) · G(y) · plan ratio   in new homes,

with G the trend of the rate of plans (`sufficiency.demand.trend`) and the plan ratio that of new homes to the county
(`sufficiency.demand.new_homes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.demand.cohorts import People, people_of_years
from sufficiency.demand.new_homes import AGE_AT_RECEPTION, NewHomes, new_homes, school_age_rate, yield_of_age
from sufficiency.demand.trend import growth, trend_of_cells
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import phase_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.demand.drivers import Drivers
    from sufficiency.model.parameters import Parameters

__all__ = ["HOMES", "Grounds", "ceiling_ratio", "expected_pupils", "grounds_of"]

HOMES: Final = ("present", "new")


class Grounds(NamedTuple):
    """What a forecast of an area stands on: residents, new homes, and how often children there have a plan."""

    people: People
    homes: NewHomes
    rate: float
    calibration_year: int

    def county_people(self, year: int, ages: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the county's residents of each age in a year."""
        return np.asarray(self.people.county[self.people.row(year)][self.people.column(ages)], dtype=np.float64)


def grounds_of(population: pd.DataFrame, cells: pd.DataFrame, parameters: Parameters, drivers: Drivers) -> Grounds:
    """Return the grounds of the forecast.

    Raises
    ------
    DataError
        When the population has no year to start from.
    """
    years = parameters.years
    births = float(parameters.value("births_annual_change_share"))
    people = people_of_years(
        population,
        years,
        births_annual_change_share=births,
        changes=drivers.cohort_changes,
        districts=drivers.districts,
        county_id=drivers.county_id,
    )
    county = people.county[people.row(parameters.calibration_year)]
    by_age = pd.Series(county, index=people.first_age + np.arange(len(county)))
    homes = new_homes(drivers.developments, years, parameters.calibration_year)
    return Grounds(people, homes, school_age_rate(cells, by_age), parameters.calibration_year)


def ceiling_ratio(cells: pd.DataFrame, grounds: Grounds, parameters: Parameters) -> float:
    """Return the highest rate of plans that the area states over that of the calibration year, ages 0 to 24."""
    ages = np.arange(25, dtype=np.int64)
    people = float(grounds.county_people(grounds.calibration_year, ages).sum())
    rate = float(cells["pupils"].sum()) / people if people > 0 else 0.0
    return float(parameters.value("rate_ceiling_share")) / rate if rate > 0 else np.inf


def expected_pupils(
    cells: pd.DataFrame, grounds: Grounds, parameters: Parameters, drivers: Drivers
) -> NDArray[np.float64]:
    """Return the pupils to be expected, float64 [years, cells, homes], homes as in `HOMES`.

    Parameters
    ----------
    cells
        ncy, need, place_sought, pupils of the calibration year; a cell may hold none.
    grounds
        From `grounds_of`.
    parameters, drivers
        The trend, the yields and the tables.

    Raises
    ------
    DataError
        When nobody of the age of a cell lives in the area in the calibration year.
    """
    ncy, pupils = cells["ncy"].to_numpy(dtype=np.int64), cells["pupils"].to_numpy(dtype=float)
    ages = ncy + AGE_AT_RECEPTION
    now = grounds.county_people(grounds.calibration_year, ages)
    if (now <= 0).any():
        age = ages[now <= 0][0]
        message = f"population.csv has nobody of age {age}, yet rates.csv has pupils"
        raise DataError(message)
    kinds = cells[["need", "place_sought"]].assign(phase=cells["ncy"].map(phase_of))
    change = trend_of_cells(kinds, drivers.rate_trends)
    shape = str(parameters.value("rate_trend_shape")) if drivers.rate_trends is not None else "none"
    ceiling = ceiling_ratio(cells, grounds, parameters) if shape == "saturating" else np.inf
    of_homes = _children_a_plan(grounds, parameters, ages)
    out = np.zeros((len(parameters.years), len(cells), len(HOMES)))
    for at, year in enumerate(parameters.years):
        on = np.full(len(cells), year - grounds.calibration_year, dtype=np.int64)
        damping = float(parameters.value("rate_trend_damping_share")) if shape == "damped" else 1.0
        factor = growth(shape, change, on, damping_share=damping, ceiling_ratio=ceiling)
        out[at, :, 0] = pupils * grounds.county_people(year, ages) / now * factor
        out[at, :, 1] = pupils * of_homes[at] / now * factor
    return out


def _children_a_plan(grounds: Grounds, parameters: Parameters, ages: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return children of new homes, weighted by how much more often they have a plan than others, [years, ages]."""
    if not grounds.homes.zone_ids or grounds.rate == 0:
        return np.zeros((len(parameters.years), len(ages)))
    ratio = float(parameters.value("new_homes_ehcp_share")) / grounds.rate
    lived_in = float(parameters.value("new_homes_additional_share")) * float(parameters.value("new_homes_pace_share"))
    each = yield_of_age(parameters, ages) * lived_in * ratio
    return np.asarray(grounds.homes.dwellings.sum(axis=0)[:, None] * each[None, :], dtype=np.float64)
