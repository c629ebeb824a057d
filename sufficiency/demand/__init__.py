"""Demand: how many pupils need which kind of place in each year, and where they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.demand.forecast import forecast_counts
from sufficiency.demand.location import locate
from sufficiency.demand.mix import apply_mix
from sufficiency.demand.placed import demand_of_placements, placements_of, with_placements

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.parameters import Parameters

__all__ = ["county_counts", "demand_of_placements", "forecast_demand", "placements_of", "with_placements"]


def county_counts(
    population: pd.DataFrame, rates: pd.DataFrame, controls: pd.DataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Return the county's pupils by year, year group, need, place sought and attendance: forecast, then placement mix.

    Parameters and errors as in `forecast_demand`.
    """
    return apply_mix(forecast_counts(population, rates, controls, parameters), parameters)


def forecast_demand(
    population: pd.DataFrame,
    rates: pd.DataFrame,
    controls: pd.DataFrame,
    parameters: Parameters,
    *,
    clusters: pd.DataFrame | None = None,
    zone_weight: pd.Series | None = None,
) -> pd.DataFrame:
    """Forecast demand by home zone, year, national curriculum year, need and place sought.

    Parameters
    ----------
    population, rates, controls
        The tables of these names; not changed, and the order of their rows does not matter.
    parameters
        Gives the years of the run, the demand definition and the case after the headline year.
    clusters
        Table `clusters`: neighbouring zones then lie together in the order in which pupils are spread, so that clusters
        and districts get their share more exactly; None = order of zone_id.
    zone_weight
        Factor by zone_id on the people of each zone (every zone, 0 or more); None = 1 everywhere. The county's totals
        do not depend on it.

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
    counts = county_counts(population, rates, controls, parameters)
    return locate(counts, population, parameters.calibration_year, clusters=clusters, zone_weight=zone_weight)
