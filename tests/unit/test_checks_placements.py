"""Checks of present placements: each fault alone, and nothing about a child in any of them."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sufficiency.checks import check
from sufficiency.checks.placements import (
    placed_in_the_calibration_year,
    placed_somewhere,
    placed_within_the_rules,
)
from sufficiency.model.issues import Issue, issues_table
from tests import tiny_county as tiny

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

# P1: special school, local, ASD and SLD, all ages; P2: base, ASD, years 7 to 11; places in 2024, 2025 and 2028
PLAIN = {
    "pupil_id": "pseudonym-5ecret", "year": 2024, "origin_id": "z1", "ncy": 3, "sex": "F", "need": "ASD", "ehcp": True,
    "attendance": "day", "provision_id": "P1", "place_sought": "",
}  # fmt: skip


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([PLAIN | {"pupil_id": f"pseudonym-{number}-5ecret"} | row for number, row in enumerate(rows)])


def county(*rows: dict[str, Any], **changes: Any) -> Inputs:
    """The tiny county with placements of two years, and no total of any year that a list must come near to."""
    demand = tiny.demand().replace({"origin_id": {"": "not_located"}})
    bare = {"controls": tiny.inputs().controls.iloc[:0], "demand": demand} | changes
    return tiny.inputs(placements=table(*rows), **bare)


def faults(inputs: Inputs) -> list[tuple[str, str, str, str, str]]:
    found = check(inputs)
    found = found[found["check"] != "placements_of_another_year"]
    columns = ["table", "column", "check", "severity", "value"]
    return [tuple(row) for row in found[columns].astype(str).to_numpy().tolist()]


def outside(column: str) -> tuple[str, str, str, str, str]:
    return ("provision", column, "placed_outside_the_rules", "warning", "")


def at_fault(name: str, value: str = "text") -> tuple[str, str, str, str, str]:
    return ("placements", "provision_id", name, "error", value)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"provision_id": "", "place_sought": "special_school"},
        {"provision_id": "P2", "ncy": 7},
        {"provision_id": "P2", "ncy": 11, "place_sought": "special_school"},
        {"need": "SLD", "ncy": 14, "year": 2028},
        {"origin_id": "not_located"},
        {"need": "SLD", "sex": "M", "attendance": "residential", "ehcp": False},
    ],
)
def test_a_pupil_as_it_should_be_is_no_fault(row: dict[str, Any]) -> None:
    assert faults(county(row)) == []


def test_needs_are_read_with_blanks_around_them() -> None:
    supply = tiny.provision()
    supply.loc[0, "needs"] = " SLD ; ASD "
    assert faults(county({}, {"need": "SLD"}, provision=supply)) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"provision_id": "P9"}, at_fault("unknown_reference")),
        ({"provision_id": "P9", "place_sought": "special_school"}, at_fault("unknown_reference")),
        ({"provision_id": ""}, at_fault("pupil_without_place_sought", "")),
        ({"year": 2026}, at_fault("placed_where_closed")),
        ({"year": 2026, "place_sought": "specialist_base"}, at_fault("placed_where_closed")),
        ({"need": "SEMH"}, outside("needs")),
        ({"provision_id": "P2"}, outside("ncy_from")),
        ({"provision_id": "P2", "ncy": 12}, outside("ncy_from")),
        ({"provision_id": "P2", "ncy": 6}, outside("ncy_from")),
        ({"need": "SD"}, outside("needs")),
    ],
)
def test_each_fault_alone(row: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert faults(county(row)) == [expected]
    # beside pupils as they should be it is still the one
    assert faults(county({}, row, {"need": "SLD"})) == [expected]


def test_a_fault_says_in_which_row_it_is_and_how_to_mend_it() -> None:
    found = check(county({}, {"provision_id": "P9"}, {}, {"provision_id": ""}, {"year": 2027}))
    found = found[found["row"].notna()]
    assert found[["row", "check"]].to_numpy().tolist() == [
        [1, "unknown_reference"], [3, "pupil_without_place_sought"], [4, "placed_where_closed"],
    ]  # fmt: skip
    assert set(found["file"]) == {"demand/placements.csv"}
    assert found["fix"].str.len().min() > 20
    assert set(found["key"]) == {""}


def test_every_row_at_fault_is_named_and_a_provision_only_once() -> None:
    rows = [{"provision_id": "P9"}] * 3 + [{"need": "SEMH"}] * 4 + [{"need": "HI", "ncy": 16}]
    found = check(county(*rows))
    assert found[found["check"] == "unknown_reference"]["row"].tolist() == [0, 1, 2]
    warned = found[found["severity"] == "warning"]
    assert warned[["key", "column"]].to_numpy().tolist() == [["P1", "ncy_from"], ["P1", "needs"]]
    assert warned["row"].isna().all()


def test_the_warning_names_every_provision_apart() -> None:
    found = check(county({"need": "SLD", "provision_id": "P2", "ncy": 8}, {"need": "ASD", "provision_id": "P3"}))
    assert found[["key", "column", "severity"]].to_numpy().tolist() == [
        ["P2", "needs", "warning"], ["P3", "needs", "warning"],
    ]  # fmt: skip


def test_nothing_about_a_child_is_in_any_issue() -> None:
    # Values that occur nowhere else; 17 pupils with one fault, 13 with another, and so on.
    odd = {"origin_id": "hinterland-31", "ncy": 19, "need": "MSI", "sex": "M", "attendance": "residential"}
    rows = (
        [odd | {"provision_id": "P9"}] * 17
        + [odd | {"provision_id": "", "place_sought": ""}] * 13
        + [odd | {"year": 2027}] * 11
        + [odd | {"provision_id": "P2"}] * 23
    )
    found = check(county(*rows))
    assert {
        "unknown_reference",
        "pupil_without_place_sought",
        "placed_where_closed",
        "placed_outside_the_rules",
    } <= set(found["check"])
    words = found.drop(columns=["row"]).astype(str)
    text = "\n".join(words.to_numpy().ravel().tolist())
    for secret in ("pseudonym", "5ecret", "hinterland", "MSI", "residential", "P9"):
        assert secret not in text, secret
    # nor how many, nor how old: the only figures are those of the names of provisions and of the calibration year
    assert set(re.findall(r"\d+", text)) <= {"1", "2", "2024", "25"}
    assert len(found[found["check"] == "unknown_reference"]) == 17


def test_a_warning_does_not_tell_one_pupil_from_many() -> None:
    one, many = check(county({"need": "SEMH"})), check(county(*[{"need": "SEMH"}] * 40))
    pd.testing.assert_frame_equal(one, many)
    other = check(county({"need": "HI", "sex": "M", "origin_id": "z2"}))
    pd.testing.assert_frame_equal(one, other)


def test_a_provision_that_is_not_matched_needs_no_places() -> None:
    supply = tiny.provision()
    supply.loc[3, ["provision_type", "tier"]] = ["mainstream", "local"]
    area = county({"provision_id": "P4", "year": 2027}, provision=supply)
    assert [found.check for found in placed_somewhere(area)] == []


def test_a_row_that_was_refused_already_is_not_reported_again() -> None:
    # the row of P9 in provision.csv had a fault of its own, and is left out
    refused = Issue("schools/provision.csv", 4, "provision", "P9", "ncy_to", "x", "number", "error", "no number", "fix")
    area = dataclasses.replace(county({"provision_id": "P9"}), issues=issues_table([refused]))
    assert check(area)["check"].tolist() == ["number"]


@pytest.mark.parametrize("name", ["provision", "places"])
def test_a_file_that_is_missing_is_one_fault(name: str) -> None:
    missing = Issue(f"schools/{name}.csv", None, name, "", "", "", "file_missing", "error", "it is missing", "add it")
    empty = getattr(tiny.inputs(), name).iloc[:0]
    area = dataclasses.replace(county({}, {"provision_id": "P2", "ncy": 8}), **{name: empty})
    found = check(dataclasses.replace(area, issues=issues_table([missing])))
    assert "placements" not in set(found["table"])
    assert "placed_outside_the_rules" not in set(found["check"])


def test_without_placements_or_their_columns_there_is_nothing_to_say() -> None:
    for area in (tiny.inputs(), tiny.inputs(placements=table({}).drop(columns=["provision_id"]))):
        assert list(placed_somewhere(area)) == []
        assert list(placed_within_the_rules(area)) == []
    short = tiny.inputs(placements=table({"need": "SEMH"}).drop(columns=["ncy"]))
    assert list(placed_within_the_rules(short)) == []
    plain = tiny.inputs(placements=table({"provision_id": ""}).drop(columns=["place_sought"]))
    assert [found.check for found in placed_somewhere(plain)] == ["pupil_without_place_sought"]
    empty = tiny.inputs(placements=table({}).iloc[:0])
    assert list(placed_within_the_rules(empty)) == []
    assert list(placed_somewhere(empty)) == []


def total(pupils: int) -> pd.DataFrame:
    controls = tiny.inputs().controls.iloc[:0]
    row = {"year": 2024, "stream": "headline", "pupils": pupils}
    return pd.concat([controls, pd.DataFrame([row])], ignore_index=True)


@pytest.mark.parametrize(
    ("said", "rows", "share"),
    [
        (100, 100, None),
        (102, 100, None),
        (103, 100, "3% fewer"),
        (50, 100, "100% more"),
    ],
)
def test_a_list_far_from_the_published_total_is_said_to_be(said: int, rows: int, share: str | None) -> None:
    inputs = county(*[{} for _ in range(rows)], controls=total(said), demand=None)
    found = [one for one in placed_in_the_calibration_year(inputs) if one.check == "placements_and_controls"]
    assert [one.severity for one in found] == (["warning"] if share else [])
    assert all(share in one.message for one in found if share)


def test_rows_of_another_year_are_said_not_to_be_used() -> None:
    found = list(placed_in_the_calibration_year(county({}, {"year": 2028})))
    assert [(one.check, one.severity) for one in found] == [("placements_of_another_year", "warning")]
    assert "2024/25" in found[0].message
    assert list(placed_in_the_calibration_year(county({}, {}))) == []
