"""The method statement: from checked inputs to the board's tables, in the order in which they are worked out.

1. Demand: pupils by home zone, year group, need and place sought, in every year (or the council's own forecast).
2. Travel: least car times by road from every home zone to every setting, on a school morning; and between homes.
3. Allocation: by each policy, who goes where, proven; who is left without, and why.
4. Measures: the gap, the journeys (direct, and as ridden with other pick-ups), the flows, the money, and the support
   bases as their own stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency import allocation, measures
from sufficiency.demand import Drivers, forecast_demand, placements_of, with_placements
from sufficiency.model.results import Allocation, Assessment
from sufficiency.model.vocabulary import NOT_LOCATED, PHASES, RUN_POLICIES
from sufficiency.travel import AccessLeg, VehicleRule, journey_times, prepare, ridden

MS_PER_MIN: Final = 60_000

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.results import Inputs, TravelTimes
    from sufficiency.travel import RoadNetwork


def assess(
    inputs: Inputs,
    scenario_id: str = "do_nothing",
    *,
    policies: Sequence[str] = RUN_POLICIES,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> Assessment:
    """Assess one scenario.

    Parameters
    ----------
    inputs
        Checked inputs of the scenario.
    scenario_id
        Name that its rows are labelled with.
    policies
        Allocation policies.
    demand
        Table `demand`, where it is known already; None = forecast it.
    network
        The roads of these inputs made ready by `network_of`, where they are already; None = make them ready.

    Returns
    -------
    Assessment
        The board's tables and the tables behind them. In every policy and year
        pupils in = placed + unplaced + excluded (table `conservation`).

    Raises
    ------
    SufficiencyError
        When the inputs do not fit together, or a result fails its proof.
    """
    groups = demand_of(inputs) if demand is None else demand
    roads = network_of(inputs) if network is None else network
    travel = journey_times(roads, inputs.origins, inputs.settings)
    allocated = _allocate(inputs, groups, travel, scenario_id, policies)
    return _measure(inputs, groups, roads, travel, allocated=allocated, scenario_id=scenario_id)


def network_of(inputs: Inputs) -> RoadNetwork:
    """Return the roads made ready for journeys at the time of day that the area states."""
    parameters = inputs.parameters
    profile = str(parameters.value("travel_profile"))
    return prepare(inputs.roads, inputs.speeds, profile=profile, leg=AccessLeg.of(parameters))


def demand_of(inputs: Inputs) -> pd.DataFrame:
    """Return table `demand`: the council's own where it is given, else the forecast.

    Where present placements are loaded, the demand of the calibration year for places that are allocated is counted
    from them; placements of other years are not used.
    """
    if inputs.demand is not None:
        demand = inputs.demand.assign(origin_id=inputs.demand["origin_id"].replace({NOT_LOCATED: ""}))
    else:
        demand = forecast_demand(
            inputs.population,
            inputs.rates,
            inputs.controls,
            inputs.parameters,
            clusters=inputs.clusters,
            drivers=Drivers.of(inputs),
        )
    if inputs.placements is None:
        return demand
    return with_placements(demand, inputs.placements, inputs.provision, [inputs.parameters.calibration_year])


def _allocate(
    inputs: Inputs, groups: pd.DataFrame, travel: TravelTimes, scenario_id: str, policies: Sequence[str]
) -> Allocation:
    parameters, places = inputs.parameters, residents_places(inputs)
    parts = [
        allocation.allocate(
            groups,
            inputs.provision,
            places,
            inputs.acceptance,
            travel,
            policy=policy,
            years=parameters.years,
            scenario_id=scenario_id,
            rules=rules_of(inputs),
            calibration_year=parameters.calibration_year,
            conduct=_conduct(inputs, groups),
        )
        for policy in policies
    ]
    tables = ("allocation", "unplaced", "excluded", "provision_use", "interchangeable")
    stacked = {name: pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in tables}
    return Allocation(
        **stacked,
        certificates=tuple(certificate for part in parts for certificate in part.certificates),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def residents_places(inputs: Inputs) -> pd.DataFrame:
    """Return table `places` as residents can use it: less other councils' pupils, where the area says so."""
    net = bool(inputs.parameters.value("net_other_councils_pupils"))
    return allocation.places_for_residents(inputs.provision, inputs.places, inputs.border_flows, net=net)


def rules_of(inputs: Inputs) -> allocation.Rules:
    """Return the adjustable part of the hard rules, as the area states it."""
    limit = inputs.parameters.value("reach_limit_min")
    return allocation.Rules(reach_limit_min={} if limit == "none" else dict.fromkeys(PHASES, float(limit)))


def _conduct(inputs: Inputs, groups: pd.DataFrame) -> allocation.Conduct:
    parameters = inputs.parameters
    placements = inputs.placements
    return allocation.Conduct(
        retention_share=float(parameters.value("retention_share")),
        movement_share=float(parameters.value("movement_share")),
        preference=allocation.Preference(
            decay_per_min=float(parameters.value("preference_decay_per_min")),
            leakage_share=float(parameters.value("preference_leakage_share")),
        ),
        placements=None if placements is None else placements_of(groups, placements, [parameters.calibration_year]),
    )


def _measure(
    inputs: Inputs,
    demand: pd.DataFrame,
    roads: RoadNetwork,
    travel: TravelTimes,
    *,
    allocated: Allocation,
    scenario_id: str,
) -> Assessment:
    parameters, county_id = inputs.parameters, inputs.parameters.county_id
    area_ids = areas_in_order(inputs)
    districts = [area_id for area_id in area_ids if area_id in set(inputs.zones["district_id"])]
    groups = measures.describe_groups(demand, inputs.zones, county_id)
    rows = measures.outcomes(allocated, groups[groups["headline"]], inputs.provision, inputs.settings)
    capacity = measures.capacity_by_area(inputs.places, inputs.provision, inputs.settings, county_id)
    reachable = measures.reachable_places(inputs.places, inputs.provision)
    between = _between_homes(inputs, rows, roads)
    rides = _rides(inputs, measures.day_rows(rows), travel, between, VehicleRule.of(parameters))
    journeys = measures.journeys_table(scenario_id, rows, parameters, area_ids, rides)
    money = [measures.high_needs_table(scenario_id, rows, parameters), measures.transport_table(journeys, parameters)]
    return Assessment(
        scenario_id=scenario_id,
        inputs=inputs,
        demand=demand,
        travel=travel,
        allocation=allocated,
        outcomes=rows,
        sufficiency=measures.sufficiency_table(scenario_id, rows, capacity, reachable, area_ids),
        journeys=journeys,
        journey_ranges=_ranges(inputs, rows, travel, between, scenario_id),
        flows=measures.flows_table(scenario_id, rows, districts),
        reasons=measures.reasons_table(scenario_id, rows),
        pressure=measures.pressure_table(
            allocated.provision_use, inputs.provision, inputs.settings, [county_id, *districts]
        ),
        transfers=measures.transfers_table(groups, county_id, districts),
        **_support(inputs, roads, scenario_id),
        waterfall=measures.waterfall_table(scenario_id, rows, area_ids),
        money=pd.concat(money, ignore_index=True),
        conservation=conservation_table(scenario_id, allocated, demand),
        notes=allocated.notes,
    )


def _between_homes(inputs: Inputs, rows: pd.DataFrame, roads: RoadNetwork) -> TravelTimes:
    """Return the times from home to home of the day pupils placed."""
    homes = inputs.origins[inputs.origins["origin_id"].isin(measures.day_rows(rows)["origin_id"])]
    return journey_times(roads, homes, homes.rename(columns={"origin_id": "setting_id"}), bands=False)


def _rides(
    inputs: Inputs, day: pd.DataFrame, travel: TravelTimes, between: TravelTimes, rule: VehicleRule
) -> pd.DataFrame:
    """Return how long the day pupils ride, with other pick-ups on the way."""
    settings = inputs.provision.set_index("provision_id")["setting_id"]
    return ridden(day.assign(setting_id=day["provision_id"].map(settings)), travel, between, rule)


def _ranges(
    inputs: Inputs, rows: pd.DataFrame, travel: TravelTimes, between: TravelTimes, scenario_id: str
) -> pd.DataFrame:
    """Return the county's journeys in the headline year, jointly placed, at the ends of what is assumed."""
    parameters, day = inputs.parameters, measures.day_rows(rows)
    day = day[(day["policy"] == "optimal") & (day["year"] == parameters.headline_year)].reset_index(drop=True)
    low, _, high = VehicleRule.range_of(parameters)
    rides = (_rides(inputs, day, travel, between, low), _rides(inputs, day, travel, between, high))
    minutes = None
    if travel.low_milliseconds is not None and travel.high_milliseconds is not None:
        settings = day["provision_id"].map(inputs.provision.set_index("provision_id")["setting_id"])
        cell = (
            pd.Index(travel.origin_ids).get_indexer(pd.Index(day["origin_id"])),
            pd.Index(travel.setting_ids).get_indexer(pd.Index(settings)),
        )
        slow, fast = travel.high_milliseconds[cell], travel.low_milliseconds[cell]
        minutes = pd.Series(fast / MS_PER_MIN), pd.Series(slow / MS_PER_MIN)
    return measures.journey_ranges_table(scenario_id, day, parameters, minutes=minutes, rides=rides)


def areas_in_order(inputs: Inputs) -> list[str]:
    """Return the county, then the districts, then the clusters."""
    levels = [
        inputs.areas.loc[inputs.areas["level"] == level, "area_id"] for level in ("county", "district", "cluster")
    ]
    return [str(area_id) for part in levels for area_id in sorted(part)]


def conservation_table(scenario_id: str, allocated: Allocation, demand: pd.DataFrame) -> pd.DataFrame:
    """Return in, placed, unplaced and excluded by policy and year, over every row of the demand."""
    years = demand.set_index("group_id")["year"]
    came = demand.groupby("year")["pupils"].sum()
    parts = {
        name: frame.groupby(["policy", frame["group_id"].map(years).rename("year")])["pupils"].sum()
        for name, frame in (
            ("placed", allocated.allocation),
            ("unplaced", allocated.unplaced),
            ("excluded", allocated.excluded),
        )
    }
    table = pd.DataFrame(parts).fillna(0).astype(np.int64).reset_index()
    table.insert(2, "in", table["year"].map(came).astype(np.int64))
    return table.assign(scenario_id=scenario_id)[
        ["scenario_id", "policy", "year", "in", "placed", "unplaced", "excluded"]
    ]


def _support(inputs: Inputs, roads: RoadNetwork, scenario_id: str) -> dict[str, pd.DataFrame]:
    """Return the match of support bases (their own stream) and their coverage, by school and by area."""
    bases = inputs.support_bases
    of_scenario = bases[bases["scenario_id"].isin(["", scenario_id])]
    match = _support_match(inputs, roads, scenario_id)
    week, turns = (float(inputs.parameters.value(f"support_{name}")) for name in ("week_share", "turns_per_year"))
    schools = measures.coverage_by_school(
        scenario_id, inputs.settings, of_scenario, inputs.support_need, match, support_week_share=week
    )
    areas = measures.coverage_by_area(scenario_id, schools, of_scenario, inputs.areas, support_turns_per_year=turns)
    return {"support_match": match, "support_by_school": schools, "support_by_area": areas}


def _support_match(inputs: Inputs, roads: RoadNetwork, scenario_id: str) -> pd.DataFrame:
    """Match support bases: a share of pupils on SEN support, by school and cluster."""
    share = float(inputs.parameters.value("targeted_plus_share"))
    clusters = inputs.settings.set_index("setting_id")["cluster_id"]
    need = inputs.support_need.assign(
        cluster_id=inputs.support_need["setting_id"].map(clusters),
        pupils=np.floor(inputs.support_need["sen_support_pupils"] * share + 0.5).astype(np.int64),
    )
    bases = inputs.support_bases
    hosted = bases[(bases["setting_id"] != "") & bases["scenario_id"].isin(["", scenario_id])]
    distances = _distances_between_schools(inputs, need, roads)
    return allocation.match_support_bases(need, hosted, distances, scenario_id=scenario_id)


def _distances_between_schools(inputs: Inputs, need: pd.DataFrame, roads: RoadNetwork) -> pd.DataFrame:
    """Return road metres between the schools of one cluster, beyond the partner limit left out."""
    wanted = inputs.settings[inputs.settings["setting_id"].isin(need["setting_id"])]
    origins = wanted.rename(columns={"setting_id": "origin_id"})
    between = journey_times(roads, origins, wanted, bands=False)
    metres = pd.DataFrame(between.metres, index=list(between.origin_ids), columns=list(between.setting_ids))
    long = (
        metres.rename_axis("from_setting_id")
        .reset_index()
        .melt("from_setting_id", var_name="to_setting_id", value_name="metres")
    )
    limit_m = 1_000 * float(inputs.parameters.value("support_partner_limit_km"))
    return long[(long["metres"] >= 0) & (long["metres"] <= limit_m)]
