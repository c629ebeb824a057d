"""Named checks over the inputs: each finds all its faults, with file, row, column, value and cure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.checks import demand, placements, roads, schemes, tables
from sufficiency.model.issues import Issue, issues_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sufficiency.model.results import Inputs

_SCHEMES: Final = ("schemes", "scheme_places")
CHECKS: Final[tuple[Callable[[Inputs], Iterator[Issue]], ...]] = (
    tables.empty_tables,
    tables.references,
    tables.county_named,
    tables.located_pupils,
    tables.positions,
    tables.schools_twice,
    tables.year_groups,
    tables.capacity,
    tables.controls,
    tables.zones_peopled,
    tables.scenarios,
    schemes.scheme_rows,
    schemes.scenarios_hold,
    demand.driver_references,
    demand.ranges_ascend,
    demand.mitigations,
    demand.developments_in_time,
    demand.demand_given_twice,
    demand.awaiting_known,
    demand.forecast_holds,
    placements.placed_somewhere,
    placements.placed_within_the_rules,
    placements.placed_in_the_calibration_year,
    roads.road_speeds,
    roads.roads_in_pieces,
    roads.places_on_roads,
)


def check(inputs: Inputs) -> pd.DataFrame:
    """Run every check and return all faults, those found while reading among them.

    Parameters
    ----------
    inputs
        What was read, with the faults of reading in ``inputs.issues``.

    Returns
    -------
    DataFrame
        Table `issues`.
    """
    found = [_in_its_file(inputs, issue) for one in CHECKS for issue in one(inputs)]
    both = [part for part in (inputs.issues, issues_table(found)) if len(part)]
    if not both:
        return issues_table([])
    columns = ["file", "row", "column", "check"]
    stacked = pd.concat(both, ignore_index=True)
    return stacked.sort_values(columns, kind="stable", na_position="first", ignore_index=True)


def _in_its_file(inputs: Inputs, found: Issue) -> Issue:
    """Return a fault of a scenario's own scheme as one of the scenario's file."""
    scenario_id, dot, _ = found.key.partition(".")
    if found.table in _SCHEMES and dot and scenario_id in inputs.scenarios:
        return replace(found, file=f"schemes/scenarios/{scenario_id}.toml")
    return found
