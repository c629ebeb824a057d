"""The tables of one year of one scenario, jointly placed: the same rows as a whole assessment has for that year.

For questions that are asked again and again while somebody waits: nothing of other years or policies is worked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sufficiency import measures
from sufficiency.assess import areas_in_order, demand_of, network_of
from sufficiency.planning.one_year import outcomes_of_year

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.results import Inputs
    from sufficiency.travel import RoadNetwork

__all__ = ["YearAnswer", "answer_year", "year_journeys", "year_sufficiency"]


@dataclass(frozen=True, eq=False, repr=False)
class YearAnswer:
    """One year of one scenario under policy ``optimal``. Internal: outcomes are of groups of a few pupils."""

    scenario_id: str
    year: int
    inputs: Inputs
    outcomes: pd.DataFrame


def answer_year(
    inputs: Inputs,
    year: int,
    scenario_id: str,
    *,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> YearAnswer:
    """Place every headline pupil of one year.

    Parameters
    ----------
    inputs
        Checked inputs of the scenario.
    year, scenario_id
        The year, and the name that rows are labelled with.
    demand, network
        As for `assess`.
    """
    groups = demand_of(inputs) if demand is None else demand
    roads = network_of(inputs) if network is None else network
    return YearAnswer(
        scenario_id, year, inputs, outcomes_of_year(inputs, year, scenario_id, demand=groups, network=roads)
    )


def year_sufficiency(answer: YearAnswer) -> pd.DataFrame:
    """Return table `sufficiency` of the year."""
    inputs = answer.inputs
    places = inputs.places[inputs.places["year"] == answer.year]
    capacity = measures.capacity_by_area(places, inputs.provision, inputs.settings, inputs.parameters.county_id)
    reachable = measures.reachable_places(places, inputs.provision)
    areas = areas_in_order(inputs)
    return measures.sufficiency_table(answer.scenario_id, answer.outcomes, capacity, reachable, areas)


def year_journeys(answer: YearAnswer) -> pd.DataFrame:
    """Return table `journeys` of the year; its ridden columns are blank."""
    inputs = answer.inputs
    return measures.journeys_table(answer.scenario_id, answer.outcomes, inputs.parameters, areas_in_order(inputs))
