"""Faults of the tables that drive the forecast: each found, with its row and cure, and nothing where all is well."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from sufficiency.checks import demand as checks
from sufficiency.planning import adjusted


def with_rows(inputs, table: str, change):
    """Return the inputs with a table changed by a function of a copy."""
    frame = getattr(inputs, table).copy()
    return dataclasses.replace(inputs, **{table: change(frame)})


def found(check, inputs) -> list[tuple[str, str]]:
    return [(one.check, one.column) for one in check(inputs)]


def first(column: str, value):
    def change(frame):
        frame.loc[frame.index[0], column] = value
        return frame

    return change


ALL = (checks.driver_references, checks.ranges_ascend, checks.mitigations, checks.developments_in_time,
       checks.demand_given_twice, checks.awaiting_known, checks.forecast_holds)  # fmt: skip


def test_the_embedded_area_has_none(oxfordshire):
    assert [one for check in ALL for one in check(oxfordshire)] == []


@pytest.mark.parametrize(
    ("check", "table", "column", "value", "expected"),
    [
        (checks.driver_references, "developments", "zone_id", "nowhere", "unknown_reference"),
        (checks.ranges_ascend, "rate_trends", "low_annual_change_share", 0.9, "range_order"),
        (checks.ranges_ascend, "mitigations", "high_change_share", -0.1, "range_order"),
        (checks.mitigations, "mitigations", "full_year", 2020, "mitigation_years"),
        (checks.mitigations, "mitigations", "change_share", 0.1, "mitigation_share"),
        (checks.mitigations, "mitigations", "to_place_sought", "mainstream", "mitigation_target"),
        (checks.developments_in_time, "developments", "year", 2024, "homes_not_used"),
        (checks.developments_in_time, "developments", "year", 2040, "homes_not_used"),
    ],
)
def test_a_fault_is_found_in_its_row(oxfordshire, check, table, column, value, expected):
    inputs = with_rows(oxfordshire, table, first(column, value))
    issues = list(check(inputs))
    assert {one.check for one in issues} == {expected}
    assert {one.row for one in issues} == {2}, "the first row below the header"
    assert all(one.fix and one.message for one in issues)


def test_a_mix_without_a_place_to_go_to_is_named(oxfordshire):
    change = first("effect", "mix")
    assert ("mitigation_target", "to_place_sought") in found(
        checks.mitigations, with_rows(oxfordshire, "mitigations", change)
    )


def test_totals_beside_demand_by_home_are_told(oxfordshire):
    totals = pd.DataFrame({"area_id": ["E10000025"], "year": [2028], "phase": ["all"], "need": ["all"],
                           "place_sought": ["headline"], "pupils": [5]})  # fmt: skip
    own = pd.DataFrame({"group_id": ["g"]})
    both = dataclasses.replace(oxfordshire, demand=own, demand_totals=totals)
    assert found(checks.demand_given_twice, both) == [("demand_given_twice", "")]
    assert found(checks.demand_given_twice, dataclasses.replace(oxfordshire, demand_totals=totals)) == []


def test_pupils_who_await_are_not_counted_twice(oxfordshire):
    zone = oxfordshire.zones["zone_id"].iloc[0]
    rows = pd.DataFrame(
        [(zone, 2025, "primary", "all", 3), (zone, 2025, "primary", "ASD", 2), (zone, 2025, "secondary", "all", 1)],
        columns=["zone_id", "year", "phase", "need", "pupils"], index=[2, 3, 4],
    )  # fmt: skip
    inputs = dataclasses.replace(oxfordshire, awaiting=rows)
    assert [(one.check, one.row) for one in checks.awaiting_known(inputs)] == [("counted_twice", 2)]
    lost = dataclasses.replace(oxfordshire, awaiting=rows.assign(zone_id="nowhere"))
    assert {one.check for one in checks.driver_references(lost)} == {"unknown_reference"}


def test_tables_that_disagree_are_told_before_the_run(oxfordshire):
    inputs = with_rows(oxfordshire, "controls", first("pupils", 2_030))
    issues = list(checks.forecast_holds(inputs))
    assert len(issues) == 1
    assert "must agree" in issues[0].message
    mixed = adjusted(oxfordshire, assumptions={"placement_mix": "table"})
    assert "has no demand/placement_mix.csv" in next(iter(checks.forecast_holds(mixed))).message


def test_totals_that_do_not_close_are_found_by_the_check(oxfordshire):
    districts = sorted(set(oxfordshire.zones["district_id"]))
    rows = [("E10000025", 600)] + [(district, 100) for district in districts]
    totals = pd.DataFrame(rows, columns=["area_id", "pupils"]).assign(
        year=2028, phase="all", need="all", place_sought="headline")  # fmt: skip
    issues = list(checks.forecast_holds(dataclasses.replace(oxfordshire, demand_totals=totals)))
    assert [one.table for one in issues] == ["demand_totals"]
    one_only = dataclasses.replace(oxfordshire, demand_totals=totals.iloc[1:2])
    assert "area_id" in next(iter(checks.forecast_holds(one_only))).message


def test_faults_of_the_mix_are_named_in_its_file(oxfordshire):
    mix = pd.DataFrame({"need": "ASD", "phase": "primary", "place_sought": ["special_school", "specialist_base"],
                        "year": 2028, "sought_share": 0.9})  # fmt: skip
    inputs = adjusted(oxfordshire, assumptions={"placement_mix": "table"}, tables={"placement_mix": mix})
    assert [one.table for one in checks.forecast_holds(inputs)] == ["placement_mix"]
