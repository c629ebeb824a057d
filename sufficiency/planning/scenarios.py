"""A scenario makes new inputs: the baseline with schemes, and changes of demand, roads, speeds and rules, laid over it.

The result goes through the same front door as any other inputs. Tables that a scenario does not touch are the very
same objects, so an empty scenario gives the baseline itself.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString

from sufficiency.checks.schemes import faults_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.parameters import with_values
from sufficiency.model.vocabulary import ALL
from sufficiency.planning.schemes import lay_schemes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.model.results import Inputs, RoadTables, Scenario

__all__ = ["BASELINE", "apply_scenario", "edited", "same_demand", "same_roads", "with_scenario", "without_schemes"]

BASELINE: Final = "do_nothing"


def apply_scenario(inputs: Inputs, scenario_id: str) -> Inputs:
    """Return the inputs of a scenario.

    Parameters
    ----------
    inputs
        The baseline.
    scenario_id
        Name of a scenario of the inputs.

    Returns
    -------
    Inputs
        New inputs; the baseline is not changed. What the scenario leaves alone are the very same tables.

    Raises
    ------
    ParameterError
        When there is no such scenario, or it gives an assumption a value that is not possible.
    DataError
        When its schemes are unknown, contradict one another or take places that are not there, or it names a road or a
        mitigation that is not there. All faults at once.
    """
    if scenario_id not in inputs.scenarios:
        message = f"there is no scenario {scenario_id!r}; there are {', '.join(sorted(inputs.scenarios))}"
        raise ParameterError(message)
    return _applied(inputs, inputs.scenarios[scenario_id])


def without_schemes(inputs: Inputs, scenario_id: str) -> Inputs:
    """Return the inputs of a scenario as they are before any of its schemes: its other changes alone.

    Raises
    ------
    ParameterError, DataError
        As `apply_scenario`.
    """
    if scenario_id not in inputs.scenarios:
        message = f"there is no scenario {scenario_id!r}; there are {', '.join(sorted(inputs.scenarios))}"
        raise ParameterError(message)
    return _applied(inputs, dataclasses.replace(inputs.scenarios[scenario_id], scheme_ids=()))


def _applied(inputs: Inputs, scenario: Scenario) -> Inputs:
    faults = faults_of(inputs, scenario)
    if faults:
        raise DataError("; ".join(faults))
    changes: dict[str, Any] = {}
    if scenario.scheme_ids:
        changes |= lay_schemes(inputs, scenario.scheme_ids)._asdict()
    if scenario.assumptions:
        changes["parameters"] = with_values(inputs.parameters, scenario.assumptions)
    if scenario.mitigations:
        changes["applied_mitigations"] = tuple(dict.fromkeys([*inputs.applied_mitigations, *scenario.mitigations]))
    if scenario.closed_edge_ids or scenario.new_roads:
        changes["roads"] = _roads(inputs.roads, scenario)
    if scenario.speed_changes:
        changes["speeds"] = _speeds(inputs.speeds, scenario)
    if scenario.substitutions:
        changes["acceptance"] = _acceptance(inputs.acceptance, scenario)
    return dataclasses.replace(inputs, **changes) if changes else inputs


def same_demand(inputs: Inputs, applied: Inputs) -> bool:
    """Return whether a scenario has the pupils of its baseline: nothing that the forecast rests on is changed."""
    return applied.applied_mitigations == inputs.applied_mitigations and (applied.parameters is inputs.parameters)


def same_roads(inputs: Inputs, applied: Inputs) -> bool:
    """Return whether a scenario has the roads and speeds of its baseline, at the same time of day."""
    return applied.roads is inputs.roads and applied.speeds is inputs.speeds and applied.parameters is inputs.parameters


def edited(
    scenario: Scenario,
    scenario_id: str,
    *,
    title: str = "",
    add: Iterable[str] = (),
    leave_out: Iterable[str] = (),
) -> Scenario:
    """Return a scenario with further schemes, or without some; adding and then leaving out gives the same schemes.

    Parameters
    ----------
    scenario
        Not changed.
    scenario_id, title
        Name and title of the new one.
    add, leave_out
        Ids of schemes.

    Raises
    ------
    ParameterError
        When a scheme that is left out is not one of the scenario's.
    """
    gone = tuple(leave_out)
    together = tuple(dict.fromkeys([*scenario.scheme_ids, *add]))
    missing = [one for one in gone if one not in together]
    if missing:
        message = f"the scenario {scenario.scenario_id} has no scheme {missing[0]!r} to leave out"
        raise ParameterError(message)
    return dataclasses.replace(
        scenario,
        scenario_id=scenario_id,
        title=title or scenario.title,
        scheme_ids=tuple(one for one in together if one not in gone),
        stated_places=None,
        based_on="",
    )


def with_scenario(inputs: Inputs, scenario: Scenario) -> Inputs:
    """Return the inputs with one more scenario, or another of the same name."""
    return dataclasses.replace(inputs, scenarios={**inputs.scenarios, scenario.scenario_id: scenario})


def _roads(roads: RoadTables, scenario: Scenario) -> RoadTables:
    """Return the roads without those closed and with those new: straight lines, driven both ways."""
    edges = roads.edges[~roads.edges["edge_id"].isin(scenario.closed_edge_ids)]
    points = roads.nodes.set_index("node_id").geometry
    rows, lines = [], []
    for number, road in enumerate(scenario.new_roads, start=1):
        line = LineString([points[road.from_node_id], points[road.to_node_id]])
        lines.append(line)
        rows.append(
            {
                "edge_id": f"{scenario.scenario_id}:new-{number}",
                "from_node_id": road.from_node_id,
                "to_node_id": road.to_node_id,
                "forward": True,
                "backward": True,
                "road_class": road.road_class,
                "road_number": "",
                "maxspeed_kph": float("nan"),
                "urban": False,
                "access_only": False,
                "side_streets": False,
                "length_m": float(line.length if road.length_m is None else road.length_m),
            }
        )
    if rows:
        frame = pd.DataFrame(rows)
        new = gpd.GeoDataFrame(frame[[name for name in frame if name in edges.columns]], geometry=lines, crs=edges.crs)
        edges = gpd.GeoDataFrame(pd.concat([edges, new], ignore_index=True), crs=edges.crs)
    turns = roads.turns
    if turns is not None:
        kept = set(edges["edge_id"])
        turns = turns[turns["from_edge_id"].isin(kept) & turns["to_edge_id"].isin(kept)]
    return dataclasses.replace(roads, edges=edges.reset_index(drop=True), turns=turns)


def _speeds(speeds: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    share = pd.Series(1.0, index=speeds.index)
    for change in scenario.speed_changes:
        share = share.mask(
            (speeds["road_class"] == change.road_class) | (change.road_class == ALL), share * change.kph_share
        )
    return speeds.assign(kph=speeds["kph"] * share)


def _acceptance(acceptance: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    rows = pd.DataFrame([dataclasses.asdict(one) for one in scenario.substitutions])
    rows = rows[[name for name in acceptance.columns if name in rows.columns]]
    both = rows if acceptance.empty else pd.concat([acceptance, rows], ignore_index=True)
    return both.drop_duplicates(["need", "phase", "place_sought", "provision_type"], keep="last", ignore_index=True)
