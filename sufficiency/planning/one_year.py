"""One year of one scenario placed jointly: what became of every headline pupil, without the rest of an assessment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sufficiency import allocation, measures
from sufficiency.assess import demand_of, network_of, residents_places, rules_of
from sufficiency.planning.scenarios import same_demand, same_roads
from sufficiency.travel import journey_times
from sufficiency.travel.matrix import positions_of, with_further

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs, TravelTimes
    from sufficiency.travel import RoadNetwork, Spots

__all__ = ["KnownYear", "known_year", "outcomes_of_year"]


@dataclass(frozen=True, eq=False, repr=False)
class KnownYear:
    """A year of a scenario, as far as other scenarios of the same pupils and roads have the same of it.

    ``groups`` are those that are placed or of the headline, ``described`` the latter by `measures.describe_groups`;
    ``homes`` say where the origins join the roads.
    """

    inputs: Inputs
    network: RoadNetwork
    groups: pd.DataFrame
    described: pd.DataFrame
    homes: Spots
    travel: TravelTimes
    eligibility: allocation.Eligibility

    def shared_with(self, inputs: Inputs) -> bool:
        """Return whether a scenario differs from this one in its settings, provision and places alone."""
        same = ("acceptance", "origins", "zones")
        return (
            same_demand(self.inputs, inputs)
            and same_roads(self.inputs, inputs)
            and all(getattr(inputs, name) is getattr(self.inputs, name) for name in same)
        )

    def journeys_to(self, settings: gpd.GeoDataFrame) -> TravelTimes | None:
        """Return the journeys to settings, and to those known; None where one that is known stands elsewhere."""
        at = pd.Index(self.travel.setting_ids).get_indexer(pd.Index(settings["setting_id"].astype(str)))
        there = settings.iloc[np.flatnonzero(at >= 0)]
        before = self.inputs.settings.iloc[at[at >= 0]]
        if not np.array_equal(_positions(self.network, there), _positions(self.network, before)):
            return None
        return with_further(self.travel, self.network, self.homes, settings.iloc[np.flatnonzero(at < 0)])


def known_year(inputs: Inputs, year: int, *, demand: pd.DataFrame, network: RoadNetwork) -> KnownYear:
    """Work out of a year what scenarios of the same pupils and roads share.

    Parameters
    ----------
    inputs
        Checked inputs of a scenario.
    year
        The year.
    demand, network
        As for `assess`.
    """
    groups = _groups_of_year(demand, year)
    travel = journey_times(network, inputs.origins, inputs.settings, bands=False)
    return KnownYear(
        inputs=inputs,
        network=network,
        groups=groups,
        described=_described(inputs, groups),
        homes=network.spots(*_positions(network, inputs.origins).T),
        travel=travel,
        eligibility=allocation.build_eligibility(
            groups, inputs.provision, residents_places(inputs), inputs.acceptance, travel, year=year,
            rules=rules_of(inputs),
        ),
    )  # fmt: skip


def outcomes_of_year(
    inputs: Inputs,
    year: int,
    scenario_id: str,
    *,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
    known: KnownYear | None = None,
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
    known
        What is known of the year; used where the scenario shares it. The rows are the same.
    guess
        As `allocation.HeadStart.placements`.
    """
    travel = known.journeys_to(inputs.settings) if known is not None and known.shared_with(inputs) else None
    if known is not None and travel is not None:
        groups, told, eligibility = known.groups, known.described, known.eligibility
    else:
        groups = _groups_of_year(demand_of(inputs) if demand is None else demand, year)
        told, eligibility = _described(inputs, groups), None
        roads = network_of(inputs) if network is None else network
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
        head_start=allocation.HeadStart(eligibility, guess),
    )
    return measures.outcomes(allocated, told, inputs.provision, inputs.settings)


def _positions(network: RoadNetwork, places: gpd.GeoDataFrame) -> NDArray[np.float64]:
    return positions_of(places, network.drives.roads.crs, "places")


def _groups_of_year(demand: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the groups of one year that are placed or of the headline; all others have no outcome that is told."""
    groups = demand[demand["year"] == year]
    return groups[measures.headline_groups(groups) | (allocation.exclusion_reasons(groups) == "")]


def _described(inputs: Inputs, groups: pd.DataFrame) -> pd.DataFrame:
    described = measures.describe_groups(groups, inputs.zones, inputs.parameters.county_id)
    return described[described["headline"]]
