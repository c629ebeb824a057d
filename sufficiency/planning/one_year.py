"""One year of one scenario placed jointly: what became of every headline pupil, without the rest of an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency import allocation, measures
from sufficiency.assess import demand_of, network_of, residents_places, rules_of
from sufficiency.travel import journey_times

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import Inputs
    from sufficiency.travel import RoadNetwork

__all__ = ["groups_of_year", "headline_groups_of", "outcomes_of_year"]


def outcomes_of_year(
    inputs: Inputs,
    year: int,
    scenario_id: str,
    *,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
    described: pd.DataFrame | None = None,
    guess: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return `outcomes` of policy `optimal` in one year; the same rows that `assess` has for it.

    Parameters
    ----------
    inputs
        Checked inputs of the scenario.
    year, scenario_id
        The year, and the name that rows are labelled with.
    demand, network
        As for `assess`.
    described
        `headline_groups_of` the year, where they are known already and the demand is the same.
    guess
        As for `allocation.allocate`.
    """
    groups = demand_of(inputs) if demand is None else demand
    roads = network_of(inputs) if network is None else network
    groups = groups_of_year(groups, year)
    travel = journey_times(roads, inputs.origins, inputs.settings, bands=False)
    allocated = allocation.allocate(
        groups,
        inputs.provision,
        residents_places(inputs),
        inputs.acceptance,
        travel,
        policy="optimal",
        years=[year],
        scenario_id=scenario_id,
        rules=rules_of(inputs),
        guess=guess,
    )
    told = headline_groups_of(inputs, groups, year) if described is None else described
    return measures.outcomes(allocated, told, inputs.provision, inputs.settings)


def groups_of_year(demand: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the groups of one year that are placed or of the headline; all others have no outcome that is told.

    Parameters
    ----------
    demand
        Table `demand`.
    year
        The year.
    """
    groups = demand[demand["year"] == year]
    return groups[measures.headline_groups(groups) | (allocation.exclusion_reasons(groups) == "")]


def headline_groups_of(inputs: Inputs, demand: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the headline groups of one year of the demand, described by `measures.describe_groups`.

    Parameters
    ----------
    inputs
        Checked inputs: zones say the areas of residence.
    demand
        Table `demand`, with the year among its rows.
    year
        The year.
    """
    groups = demand[demand["year"] == year]
    described = measures.describe_groups(groups, inputs.zones, inputs.parameters.county_id)
    return described[described["headline"]]
