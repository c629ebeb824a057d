"""Inputs whose names try to run in the map page: every one must come out as the plain text that it is."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from tests.released_fixture import make_inputs_facts, make_released

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, Released

PAYLOADS = (
    "<img src=x onerror=\"document.title='broken'\">",
    "</script><script>document.title='broken'</script>",
    "${document.title='broken'}",
    "{{7*7}}",
    "{% raw %}{{ this }}",
    "javascript:document.title='broken'",
    "<!--<script>",
    "' onmouseover='document.title=1' \" & <b>bold</b>",
    "=1+1",
)


def hostile_inputs() -> Inputs:
    """Return the synthetic inputs with a payload in every name, source and description that a map shows."""
    inputs = make_inputs_facts()
    settings = inputs.settings.copy()
    settings["setting_name"] = [f"{PAYLOADS[place % len(PAYLOADS)]} {place}" for place in range(len(settings))]
    settings["source"] = PAYLOADS[1]
    gazetteer = inputs.gazetteer.copy()
    gazetteer["place_name"] = [f"{PAYLOADS[place % len(PAYLOADS)]} {place}" for place in range(len(gazetteer))]
    areas = inputs.areas.copy()
    areas["area_name"] = [f"{PAYLOADS[place % len(PAYLOADS)]} {place}" for place in range(len(areas))]
    edges = inputs.roads.edges.copy()
    edges["road_number"] = PAYLOADS[0]
    scenarios = {
        name: dataclasses.replace(scenario, title=PAYLOADS[1], description=PAYLOADS[0])
        for name, scenario in inputs.scenarios.items()
    }
    scenarios["hostile"] = dataclasses.replace(scenarios["programme"], scenario_id="hostile")
    parameters = dataclasses.replace(inputs.parameters, area_name=PAYLOADS[1], illustrative_note=PAYLOADS[0])
    return dataclasses.replace(
        inputs,
        settings=settings,
        gazetteer=gazetteer,
        areas=areas,
        roads=dataclasses.replace(inputs.roads, edges=edges),
        scenarios=MappingProxyType(scenarios),
        parameters=parameters,
    )


def hostile_released() -> Released:
    """Return the synthetic released tables with one more scenario, whose title is a payload."""
    released = make_released()
    table = released.tables["sufficiency_area"]
    more = table["scenario_id"] == "programme"
    tables, hidden = dict(released.tables), dict(released.hidden)
    tables["sufficiency_area"] = pd.concat([table, table[more].assign(scenario_id="hostile")], ignore_index=True)
    mask = released.hidden["sufficiency_area"]
    hidden["sufficiency_area"] = pd.concat([mask, mask[more]], ignore_index=True)
    return dataclasses.replace(released, tables=MappingProxyType(tables), hidden=MappingProxyType(hidden))
