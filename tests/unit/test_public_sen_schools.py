"""The reader of school-level special educational needs, wide and long, against invented rows counted by hand."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.vocabulary import ALL, NEEDS
from sufficiency.sources.public.sen_schools import COLUMNS, SEN_PROVISIONS, read_sen_schools

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

WIDE = {
    "time_period": "202425", "time_identifier": "Academic year", "geographic_level": "School", "old_la_code": "931",
    "URN": "990001", "estab": "7001", "school_name": "Imaginary Grange School", "laestab": "9317001",
    "Total pupils": "118", "SEN support": "0", "EHC plan": "118", "EHC_Primary_need_asd": "70",
    "EHC_Primary_need_spld": "c", "SUP_Primary_need_nsa": "0", "Prov_SPLD": "0", "prov_asd": "1", "Prov_SLD": "1",
}  # fmt: skip
LONG = {
    "time_period": "202425", "time_identifier": "Academic year", "geographic_level": "School", "old_la_code": "931",
    "school_urn": "990001", "estab": "7001", "school_name": "Imaginary Grange School", "school_laestab": "9317001",
    "provision_for_asd": "Yes", "provision_for_oth": "No", "sen_provision": "EHC plan", "sen_primary_need": "Total",
    "pupil_count": "118",
}  # fmt: skip
DATES = ["urn", "laestab", "status", "open_date", "close_date"]


def read(tmp_path: Path, base: dict[str, str], *changes: dict[str, str], register: pd.DataFrame | None = None):
    rows = [{**base, **change} for change in changes]
    path = tmp_path / "sen_school.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(base))
        writer.writeheader()
        writer.writerows(rows)
    issues: list[Issue] = []
    reading = read_sen_schools(path, issues, register=register)
    assert reading is not None
    assert tuple(reading.table.columns) == COLUMNS
    assert reading.account.closes
    assert reading.account.rows == len(rows)
    assert set(reading.table["sen_provision"]) <= set(SEN_PROVISIONS)
    assert set(reading.table["need"]) <= {*NEEDS, ALL}
    return reading.table, reading.account, issues


def figures(table: pd.DataFrame) -> list[list[object]]:
    return table[["urn", "year", "sen_provision", "need", "pupils"]].to_numpy().tolist()


def test_a_wide_row_becomes_a_row_a_provision_and_need(tmp_path: Path) -> None:
    table, account, issues = read(tmp_path, WIDE, {})
    assert table[["sen_provision", "need", "pupils"]].fillna(-1).to_numpy().tolist() == [
        ["ehcp", "all", 118.0], ["ehcp", "SPLD", -1.0], ["ehcp", "ASD", 70.0], ["sen_support", "all", 0.0],
        ["sen_support", "NSA", 0.0], ["all", "all", 118.0],
    ]  # fmt: skip
    assert set(table["designations"]) == {"SLD;ASD"}
    assert set(table["year"]) == {2024}
    assert account.used == 1
    assert [(issue.check, issue.severity) for issue in issues] == [("gss_symbol", "note")]


def test_rows_of_commas_only_are_no_rows(tmp_path: Path) -> None:
    table, _, issues = read(tmp_path, {**WIDE, "EHC_Primary_need_spld": "1"}, {})
    path = tmp_path / "sen_school.csv"
    path.write_text(path.read_text("utf-8") + ("," * (len(WIDE) - 1) + "\n") * 50, encoding="utf-8")
    again = read_sen_schools(path, issues)
    assert again is not None
    assert (again.account.rows, again.account.used) == (1, 1)
    pd.testing.assert_frame_equal(again.table, table)
    assert issues == []


def test_the_long_format_keeps_plans_support_and_the_total(tmp_path: Path) -> None:
    sen, need, pupils = "sen_provision", "sen_primary_need", "pupil_count"
    table, account, issues = read(
        tmp_path,
        LONG,
        {},
        {need: "Autistic spectrum disorder", pupils: "70"},
        {need: "SpLD", pupils: "c"},
        {need: "Missing", pupils: "1"},
        {sen: "SEN support", pupils: "0"},
        {sen: "Total", pupils: "118"},
        {sen: "SEN support and EHC plan", pupils: "118"},
        {sen: "No SEN", need: "Not applicable", pupils: "0"},
        {sen: "Wizardry"},
        {need: "Wizardry"},
        {need: "Not applicable"},
    )
    assert table[["sen_provision", "need", "pupils"]].fillna(-1).to_numpy().tolist() == [
        ["ehcp", "all", 118.0], ["ehcp", "SPLD", -1.0], ["ehcp", "ASD", 70.0], ["ehcp", "UNK", 1.0],
        ["sen_support", "all", 0.0], ["all", "all", 118.0],
    ]  # fmt: skip
    assert set(table["designations"]) == {"ASD"}
    assert account.used == 6
    assert account.set_aside == {
        "another SEN provision, not kept": 2, "another SEN provision, not known here": 1,
        "another kind of need, not kept": 1, "another kind of need, not known here": 1,
    }  # fmt: skip
    assert [(i.row, i.column, i.check) for i in issues if i.severity != "note"] == [
        (10, "sen_provision", "unknown_code"), (11, "sen_primary_need", "unknown_code"),
    ]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(counts=st.lists(st.integers(0, 400), min_size=3, max_size=3))
def test_wide_and_long_say_the_same(tmp_path_factory: pytest.TempPathFactory, counts: list[int]) -> None:
    folder = tmp_path_factory.mktemp("both")
    plan, autism, support = map(str, counts)
    short = {name: WIDE[name] for name in WIDE if "need" not in name.lower() and name != "Total pupils"}
    wide, _, _ = read(folder, {**short, "EHC_Primary_need_asd": ""},
                      {"EHC plan": plan, "SEN support": support, "EHC_Primary_need_asd": autism})  # fmt: skip
    long, _, _ = read(
        folder,
        LONG,
        {"sen_provision": "SEN support", "pupil_count": support},
        {"pupil_count": plan},
        {"sen_primary_need": "ASD", "pupil_count": autism},
    )
    assert figures(wide) == figures(long)
    assert wide["pupils"].tolist() == [float(plan), float(autism), float(support)]


def test_a_urn_in_scientific_notation_needs_a_register(tmp_path: Path) -> None:
    _, account, issues = read(tmp_path, LONG, {"school_urn": "9.9e+05"}, {})
    assert account.set_aside == {"URN in scientific notation with digits lost": 1}
    assert [(issue.row, issue.check) for issue in issues] == [(2, "id_digits_lost")]
    register = pd.DataFrame(
        [
            ("990001", "9317001", "closed", "1990-09-01", "2024-12-31"),
            ("990002", "9317001", "open", "2025-01-01", ""),
            ("990003", "9317003", "open", "", ""),
            ("990004", "9317004", "open", "", ""),
            ("990005", "9317004", "open", "", ""),
        ],
        columns=DATES,
    )
    lost = {"school_urn": "9.9e+05"}
    table, account, _ = read(
        tmp_path,
        LONG,
        lost,  # the census of January 2025 was taken at the successor
        {**lost, "time_period": "202324"},  # that of January 2024 at the predecessor
        {**lost, "school_laestab": "9317003", "estab": "7003"},
        {**lost, "school_laestab": "9317004", "estab": "7004"},  # two schools
        {**lost, "school_laestab": "9317005", "estab": "7005"},  # none
        {**lost, "school_urn": "1e+05", "school_laestab": "9317003", "estab": "7003", "sen_provision": "Total"},
        register=register,
    )
    # 990003 rounds to 1e+06, so a file that says 1e+05 means another school
    assert table[["urn", "year"]].to_numpy().tolist() == [["990001", 2023], ["990002", 2024], ["990003", 2024]]
    assert account.notes["URN in scientific notation, repaired from LAESTAB"] == 3
    assert account.set_aside == {"URN in scientific notation with digits lost": 3}


@pytest.mark.parametrize(
    ("period", "identifier", "year"),
    [
        ("202223", "Academic year", 2022),
        ("202425.0", "Academic year", 2024),
        ("2022/23", "", 2022),
        ("2024", "Academic year", 2024),
        ("2024", "January", None),
        ("202224", "Academic year", None),
        ("", "Academic year", None),
        ("last year", "", None),
    ],
)
def test_years_are_academic_or_refused(tmp_path: Path, period: str, identifier: str, year: int | None) -> None:
    table, account, issues = read(tmp_path, LONG, {"time_period": period, "time_identifier": identifier})
    assert list(table["year"]) == ([] if year is None else [year])
    assert account.set_aside == ({"academic year not known": 1} if year is None else {})
    assert [issue.check for issue in issues] == (["not_a_year"] if year is None else [])


def test_rows_of_the_country_and_of_authorities_are_no_schools_and_no_faults(tmp_path: Path) -> None:
    table, account, issues = read(
        tmp_path, LONG, {}, {"geographic_level": "National", "school_urn": ""}, {"geographic_level": "Local authority"}
    )
    assert len(table) == 1
    assert account.set_aside == {"not a row of a school": 2}
    assert issues == []


def test_rows_that_repeat_are_merged_and_rows_that_differ_are_refused(tmp_path: Path) -> None:
    other = {"school_urn": "990002"}
    table, account, issues = read(tmp_path, LONG, {}, {}, other, {**other, "pupil_count": "117"}, {**other})
    assert figures(table) == [["990001", 2024, "ehcp", "all", 118.0]]
    assert account.set_aside == {"the same row again": 1, "rows that differ": 3}
    assert sorted((i.row, i.check) for i in issues if i.severity == "error") == [(4, "rows_differ"), (5, "rows_differ")]
    wide, account, _ = read(tmp_path, {**WIDE, "EHC_Primary_need_spld": "1"}, {}, {}, {"URN": "990002"})
    assert account.used == 2
    assert account.set_aside == {"the same row again": 1}
    assert len(wide) == 12


@pytest.mark.parametrize("cell", ["1,200", "-1", "2.5", "lots", "05-Nov"])
def test_a_count_at_fault_is_not_stated(tmp_path: Path, cell: str) -> None:
    table, account, issues = read(tmp_path, LONG, {"pupil_count": cell})
    assert np.isnan(table["pupils"].to_numpy()).tolist() == [True]
    assert [(i.row, i.column, i.value, i.severity) for i in issues] == [(2, "pupil_count", cell, "error")]
    assert account.notes["cells at fault, read as not stated: 'pupil_count'"] == 1


def test_files_of_no_use_are_said(tmp_path: Path) -> None:
    (tmp_path / "la.csv").write_text("time_period,urn,la_name\n202425,990001,Nowhereshire\n")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for name in ("la.csv", "other.csv", "absent.csv"):
        issues: list[Issue] = []
        assert read_sen_schools(tmp_path / name, issues) is None
        assert issues
        assert {issue.severity for issue in issues} == {"error"}
