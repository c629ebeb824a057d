"""A scenario as the text of its file: what `sufficiency.sources.scenarios` reads back as the same scenario."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd
import tomli_w

from sufficiency.model.scheme_ids import own_scheme_id
from sufficiency.model.tables import TABLES
from sufficiency.sources.own_schemes import KEY as OWN_SCHEMES

if TYPE_CHECKING:
    from sufficiency.model.results import Scenario

__all__ = ["scenario_text"]


def scenario_text(
    scenario: Scenario, schemes: pd.DataFrame | None = None, scheme_places: pd.DataFrame | None = None
) -> str:
    """Return the TOML of a scenario, to be kept as ``schemes/scenarios/<scenario_id>.toml``.

    All of its schemes and changes stand in it, whatever scenario it was based on.

    Parameters
    ----------
    scenario
        The scenario.
    schemes, scheme_places
        Tables where its own schemes are written out of: those whose id starts with its name and a dot.
    """
    own = own_scheme_id(scenario.scenario_id, "")
    table: dict[str, Any] = {
        "name": scenario.scenario_id,
        "title": scenario.title,
        "description": scenario.description,
        "illustrative": scenario.illustrative,
        "schemes": [one for one in scenario.scheme_ids if not one.startswith(own)],
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
    if schemes is not None and scheme_places is not None:
        written = _own_schemes(scenario, own, schemes, scheme_places)
        table |= {OWN_SCHEMES: written} if written else {}
    return tomli_w.dumps(table)


def _own_schemes(
    scenario: Scenario, own: str, schemes: pd.DataFrame, scheme_places: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the own schemes as tables of TOML, in the scenario's order; a blank cell is left out."""
    by_id = schemes.set_index("scheme_id", drop=False)
    names = [column.name for column in TABLES["schemes"].columns if column.kind != "geometry"]
    stock_names = [column.name for column in TABLES["scheme_places"].columns if column.name != "scheme_id"]
    tables = []
    for scheme_id in scenario.scheme_ids:
        if not scheme_id.startswith(own):
            continue
        stock = scheme_places[scheme_places["scheme_id"] == scheme_id]
        places = [_filled(row, stock_names) for row in stock.to_dict("records")]
        cells = _filled(by_id.loc[scheme_id].to_dict(), names)
        tables.append({**cells, "scheme_id": scheme_id.removeprefix(own), "places": places})
    return tables


def _filled(row: dict[Any, Any], names: list[str]) -> dict[str, Any]:
    """Return the cells that say something, as TOML's own kinds."""
    cells = {name: row[name] for name in names if name in row and not pd.isna(row[name]) and row[name] != ""}
    return {name: value.item() if hasattr(value, "item") else value for name, value in cells.items()}
