"""A scenario as the text of its file: what `sufficiency.sources.scenarios` reads back as the same scenario."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import tomli_w

if TYPE_CHECKING:
    from sufficiency.model.results import Scenario

__all__ = ["scenario_text"]


def scenario_text(scenario: Scenario) -> str:
    """Return the TOML of a scenario, to be kept as ``schemes/scenarios/<scenario_id>.toml``.

    All of its schemes and changes stand in it, whatever scenario it was based on.

    Parameters
    ----------
    scenario
        The scenario.
    """
    table: dict[str, Any] = {
        "name": scenario.scenario_id,
        "title": scenario.title,
        "description": scenario.description,
        "illustrative": scenario.illustrative,
        "schemes": list(scenario.scheme_ids),
    }
    if scenario.stated_places is not None:
        table["stated_places"] = scenario.stated_places
    if scenario.complete_in:
        table["complete_in"] = scenario.complete_in
    if scenario.assumptions:
        table["assumptions"] = dict(scenario.assumptions)
    if scenario.mitigations:
        table["demand"] = {"mitigations": list(scenario.mitigations)}
    roads: dict[str, Any] = {}
    if scenario.closed_edge_ids:
        roads["closed_edges"] = list(scenario.closed_edge_ids)
    if scenario.new_roads:
        roads["new"] = [
            {key.replace("_node_id", "_node"): value for key, value in asdict(road).items() if value is not None}
            for road in scenario.new_roads
        ]
    if roads:
        table["roads"] = roads
    if scenario.speed_changes:
        table["speeds"] = [asdict(change) for change in scenario.speed_changes]
    if scenario.substitutions:
        table["policy"] = {"substitutions": [asdict(one) for one in scenario.substitutions]}
    return tomli_w.dumps(table)
