"""Demand: how many pupils need which kind of place in each year, and where they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.demand.cohorts import people_of_years
from sufficiency.demand.drivers import Drivers
from sufficiency.demand.forecast import NO_DRIVERS, forecast_counts
from sufficiency.demand.location import locate
from sufficiency.demand.mix import apply_mix
from sufficiency.demand.placed import demand_of_placements, placements_of, with_placements
from sufficiency.demand.totals import counts_of_totals

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.parameters import Parameters

__all__ = [
    "Drivers",
    "counts_to_locate",
    "county_counts",
    "demand_of_placements",
    "forecast_demand",
    "placements_of",
    "with_placements",
]


def county_counts(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    controls: pd.DataFrame,
    parameters: Parameters,
    drivers: Drivers = NO_DRIVERS,
) -> pd.DataFrame:
    """Return the county's pupils by year, year group, need, place sought, attendance and homes: forecast, then mix.

    Parameters and errors as in `forecast_demand`.
    """
    return apply_mix(forecast_counts(population, rates, controls, parameters, drivers), parameters)


def forecast_demand(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    controls: pd.DataFrame,
    parameters: Parameters,
    *,
    clusters: pd.DataFrame | None = None,
    zone_weight: pd.Series | None = None,
    drivers: Drivers = NO_DRIVERS,
) -> pd.DataFrame:
    """Forecast demand by home zone, year, national curriculum year, need and place sought.

    Parameters
    ----------
    population, rates, controls
        The tables of these names; not changed, and the order of their rows does not matter.
    parameters
        Gives the years of the run, the method, the demand definition and the case after the headline year.
    clusters
        Table `clusters`: neighbouring zones then lie together in the order in which pupils are spread, so that clusters
        and districts get their share more exactly; None = order of zone_id.
    zone_weight
        Factor by zone_id on the people of each zone (every zone, 0 or more); None = 1 everywhere. The county's totals
        do not depend on it.
    drivers
        The optional tables of the area, and the mitigations that are applied.

    Returns
    -------
    DataFrame
        Table `demand`: every year of the run; sex ``any``; all with a plan; one row for each zone and kind of pupil.

    Raises
    ------
    DataError
        When the tables do not agree with one another; see `forecast_counts` and `locate`.
    ParameterError
        When a parameter has a value that is not offered.
    """
    counts = counts_to_locate(population, rates, controls, parameters, drivers)
    return locate(
        counts,
        population,
        parameters.calibration_year,
        clusters=clusters,
        zone_weight=zone_weight,
        drivers=drivers,
        parameters=parameters,
    )


def counts_to_locate(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    controls: pd.DataFrame,
    parameters: Parameters,
    drivers: Drivers = NO_DRIVERS,
) -> pd.DataFrame:
    """Return the county counts, with the totals that the council gives by area in place of the forecast's.

    Parameters and errors as in `forecast_demand`; see `counts_of_totals`.
    """
    counts = county_counts(population, rates, controls, parameters, drivers)
    if drivers.demand_totals is not None and len(drivers.demand_totals):
        people = people_of_years(
            population,
            parameters.years,
            changes=drivers.cohort_changes,
            districts=drivers.districts,
            county_id=drivers.county_id,
        )
        counts = counts_of_totals(counts, drivers.demand_totals, people, drivers)
    return counts
