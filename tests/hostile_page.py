"""The what-if page of the embedded area with names that try to be more than text: ``python -m tests.hostile_page``."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING

import sufficiency
from sufficiency.cli.serve import add_options, serve
from tests.hostile_texts import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.model.results import Inputs


def _named(count: int) -> Iterable[str]:
    """Return so many different names, each of which holds a payload."""
    return [f"{text[:200]} {place}" for place, text in zip(range(count), itertools.cycle(PAYLOADS), strict=False)]


def hostile(inputs: Inputs) -> Inputs:
    """Return the inputs with a payload in every name that the page shows."""
    changed = {}
    for table, column in (
        ("settings", "setting_name"), ("gazetteer", "place_name"), ("areas", "area_name"), ("schemes", "scheme_name"),
        ("zones", "zone_name"),
    ):  # fmt: skip
        rows = getattr(inputs, table)
        changed[table] = rows.assign(**{column: _named(len(rows))})
    edges = inputs.roads.edges.copy()
    edges["road_number"] = edges["road_number"].where(edges["road_number"].fillna("") == "", PAYLOADS[0])
    scenarios = {
        name: dataclasses.replace(one, title=f"{PAYLOADS[5]} {name}", description=PAYLOADS[0])
        for name, one in inputs.scenarios.items()
    }
    return dataclasses.replace(
        inputs,
        roads=dataclasses.replace(inputs.roads, edges=edges, attribution=PAYLOADS[8]),
        scenarios=MappingProxyType(scenarios),
        parameters=dataclasses.replace(inputs.parameters, area_name=PAYLOADS[2]),
        **changed,
    )


def main() -> None:
    """Serve it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("area", nargs="?", default=None)
    add_options(parser)
    serve(parser.parse_args(), hostile(sufficiency.load()))


if __name__ == "__main__":
    main()
