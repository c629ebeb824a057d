"""One year of one scenario, opened up for an analyst: what a place is worth, what would unlock one, and why not there.

Everything here is internal: it speaks of groups of a few pupils and of named schools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency import allocation, measures
from sufficiency.allocation.policies import Label, YearResult, allocate_year
from sufficiency.assess import areas_in_order, demand_of, network_of, residents_places, rules_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import ALL, HEADLINE_TYPES, NEED_NAMES, PHASE_NAMES, year_label
from sufficiency.travel import journey_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sufficiency.allocation import Eligibility, SettledYear
    from sufficiency.measures.access import Decay
    from sufficiency.model.results import Inputs, TravelTimes
    from sufficiency.travel import RoadNetwork

__all__ = ["OpenedYear", "access", "growth", "open_year", "place_values", "settled", "unlocks", "why_not"]

_LOCAL: Final = "local"
_FROM: Final = {
    "local": "a local school",
    "other_council": "another council's school",
    "independent": "an independent school",
}


@dataclass(frozen=True)
class OpenedYear:
    """A year of a scenario, headline stream: what may go where (``eligibility``), and the proven optimum (``result``).

    Other streams have places and types of their own and are neither added nor netted.
    """

    inputs: Inputs
    scenario_id: str
    demand: pd.DataFrame
    travel: TravelTimes
    eligibility: Eligibility
    result: YearResult


def open_year(
    inputs: Inputs,
    year: int,
    *,
    scenario_id: str = "do_nothing",
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> OpenedYear:
    """Open one year of a scenario.

    Parameters
    ----------
    inputs
        Checked inputs of the scenario.
    year
        The academic year, one of those of the area.
    scenario_id
        Name of the scenario.
    demand
        Table `demand`, where it is known already; None = forecast it.
    network
        The roads made ready by `assess.network_of`; None = make them ready.

    Raises
    ------
    ParameterError
        When the area does not forecast that year.
    """
    if year not in inputs.parameters.years:
        first, last = year_label(min(inputs.parameters.years)), year_label(max(inputs.parameters.years))
        message = f"{year_label(year)} is not among the years of the area, {first} to {last}"
        raise ParameterError(message)
    groups = demand_of(inputs) if demand is None else demand
    roads = network_of(inputs) if network is None else network
    travel = journey_times(roads, inputs.origins, inputs.settings, bands=False)
    places, rules = residents_places(inputs), rules_of(inputs)
    every = allocation.build_eligibility(
        groups, inputs.provision, places, inputs.acceptance, travel, year=year, rules=rules
    )
    headline = measures.headline_groups(every.groups).to_numpy(dtype=np.bool_)
    offered = every.provision["provision_type"].isin(HEADLINE_TYPES).to_numpy(dtype=np.bool_)
    eligibility = allocation.part_of(every, headline, offered)
    result = allocate_year(eligibility, Label(scenario_id, "optimal"))
    return OpenedYear(inputs, scenario_id, groups, travel, eligibility, result)


def place_values(opened: OpenedYear) -> pd.DataFrame:
    """Return what one more place of each provision would change, for all and for each kind of pupil, in words.

    Of first-fit placements: a pupil of whom it says that one more has a place may have had a substitute.

    Returns
    -------
    DataFrame
        As `allocation.place_values`, with setting_id, setting_name, provision_type, department and tier of the
        provision, travel_change_min_per_day (all pupils together, there and back), and ``words``: a sentence. Most
        useful first.
    """
    table = _named(allocation.place_values(opened.result), opened.inputs)
    a_day = int(opened.inputs.parameters.value("journeys_per_day"))
    table = table.assign(travel_change_min_per_day=table["travel_change_min"] * a_day)
    table["words"] = [_in_words(row) for row in table.to_dict("records")]
    order = ["more_placed_pupils", "more_local_pupils", "travel_change_min", "provision_id", "need", "phase"]
    return table.sort_values(order, ascending=[False, False, True, True, True, True], ignore_index=True)


def _in_words(row: Mapping[Any, Any]) -> str:
    phase = "" if row["phase"] == ALL else f"{PHASE_NAMES[row['phase']].lower()} "
    need = "" if row["need"] == ALL else f" ({NEED_NAMES[row['need']].lower()})"
    department = "" if row["department"] == ALL else f", {row['department'].replace('_', ' ')}"
    where = f"one more {phase}place{need} at {row['setting_name']}{department}"
    minutes = round(float(row["travel_change_min_per_day"]))
    change = f"{abs(minutes)} pupil-minutes of travel a day"
    travel = f"adds {change}" if minutes > 0 else f"saves {change}" if minutes < 0 else "changes no minute of travel"
    if row["more_placed_pupils"]:
        return f"{where}: one more pupil has a place, which {travel}"
    if row["from_tier"]:
        return f"{where}: one pupil comes from {_FROM[row['from_tier']]}, which {travel}"
    return f"{where}: nobody more has a place, and it {travel}"


def growth(opened: OpenedYear, provision_id: str, more_places: Iterable[int]) -> pd.DataFrame:
    """Return what each number of further places of one provision would change: the value of every place, in its order.

    Of first-fit placements, as `allocation.settle_year`.

    Parameters
    ----------
    opened
        The year.
    provision_id
        A provision open that year.
    more_places
        Further places, such as 5, 10 and 20; below 0 takes places away.

    Returns
    -------
    DataFrame
        more_places, places, without_place_pupils, without_local_place_pupils, travel_min (all pupils, one way), and the
        three changes of them against the year as it is.

    Raises
    ------
    DataError
        When the provision is unknown, or not open that year, or would have fewer than no places.
    """
    before = settled(opened)
    names = opened.eligibility.provision["provision_id"].tolist()
    today = int(opened.eligibility.places[names.index(provision_id)]) if provision_id in names else 0
    start = before.figures()
    rows = []
    for more in more_places:
        now = before.with_places({provision_id: today + more}).figures()
        rows.append(
            (
                more,
                today + more,
                now.unplaced_pupils,
                now.without_local_place_pupils,
                now.travel_min,
                now.unplaced_pupils - start.unplaced_pupils,
                now.without_local_place_pupils - start.without_local_place_pupils,
                now.travel_min - start.travel_min,
            )
        )
    told = ["without_place_pupils", "without_local_place_pupils", "travel_min"]
    return pd.DataFrame(rows, columns=["more_places", "places", *told, *(f"change_of_{name}" for name in told)])


def settled(opened: OpenedYear) -> SettledYear:
    """Return the year ready for what-if questions in milliseconds; see `allocation.settle_year`."""
    return allocation.settle_year(opened.eligibility)


def unlocks(opened: OpenedYear) -> pd.DataFrame:
    """Return, for every group without a place, the cheapest change that could place one of its pupils.

    Returns
    -------
    DataFrame
        As `allocation.unlocks`, with need, ncy, origin_id and setting_name beside.
    """
    table = _named(allocation.unlocks(opened.result), opened.inputs)
    facts = opened.eligibility.groups[["group_id", "origin_id", "ncy", "need", "place_sought"]]
    return table.merge(facts, on="group_id", how="left", validate="many_to_one")


def why_not(opened: OpenedYear, group_id: str, provision_id: str) -> str:
    """Return every rule that keeps a group from a provision, in words; empty when nothing but room does."""
    return allocation.why_not(opened.eligibility, group_id, provision_id)


def access(opened: OpenedYear, decay: Decay) -> pd.DataFrame:
    """Return the measures of access of headline day pupils to local places.

    Parameters
    ----------
    opened
        The year.
    decay
        How the worth of a place falls with minutes; see `measures.access`.

    Returns
    -------
    DataFrame
        As `measures.access_table`: county and districts by phase and in all, clusters in all.
    """
    year, parameters = opened.eligibility, opened.inputs.parameters
    described = measures.describe_groups(year.groups, opened.inputs.zones, parameters.county_id)
    rows = (described["attendance"] == "day").to_numpy(dtype=np.bool_)
    columns = (year.provision["tier"] == _LOCAL).to_numpy(dtype=np.bool_)
    cells = np.ix_(rows, columns)
    minutes = np.where(year.milliseconds[cells] >= 0, year.milliseconds[cells] / 60_000, np.nan)
    reach = measures.Reach(
        year=year.year,
        groups=described[rows].reset_index(drop=True),
        provision=year.provision[columns].reset_index(drop=True),
        minutes=minutes,
        suitable=year.first_cost[cells] >= 0,
        places=year.places[columns],
    )
    return measures.access_table(reach, areas_in_order(opened.inputs), decay, measures.journey_limits_min(parameters))


def _named(table: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    names = inputs.provision[["provision_id", "setting_id", "provision_type", "department", "tier"]].merge(
        inputs.settings[["setting_id", "setting_name"]], on="setting_id", how="left", validate="many_to_one"
    )
    return table.merge(names, on="provision_id", how="left", validate="many_to_one")
