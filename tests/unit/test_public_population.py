"""People by area and age in every published layout, lookups between areas, and figures carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.errors import DataError
from sufficiency.sources.public.lookups import carry, read_lookup
from sufficiency.sources.public.population_files import age_band, read_population

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.account import Reading

WIDE = "lsoa11_name,lsoa11_code,total_population,0,1,2,90+\nA,E01999001,10,1,2,3,4\nB,E01999002,9,0,0,4,5\n"


def read(tmp_path: Path, text: str, name: str = "people.csv", **more: int) -> tuple[Reading, list[Issue]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    issues: list[Issue] = []
    reading = read_population(path, issues, **more)
    assert reading is not None, issues
    assert reading.account.closes
    return reading, issues


def rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    plain = table.astype({"year": object}).where(table.notna(), None)
    return list(plain.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("0", ("all", 0, 0)),
        ("89", ("all", 89, 89)),
        ("90", ("all", 90, 120)),
        ("90+", ("all", 90, 120)),
        ("85 and over", ("all", 85, 120)),
        ("F7", ("F", 7, 7)),
        ("M90", ("M", 90, 120)),
        ("F0 to 15", ("F", 0, 15)),
        ("M65 and over", ("M", 65, 120)),
        ("Aged under 1 year", ("all", 0, 0)),
        ("Aged 5 years", ("all", 5, 5)),
        ("Aged 15 years and under", ("all", 0, 15)),
        ("Aged 16 to 24 years", ("all", 16, 24)),
        ("Aged 65 years and over", ("all", 65, 120)),
        ("Age: Aged 4 years and under", ("all", 0, 4)),
        ("16-24", ("all", 16, 24)),
        ("24-16", None),
        ("130", None),
        ("05-Nov", None),
        ("Total", None),
        ("F", None),
    ],
)
def test_the_names_of_ages(name: str, band: tuple[str, int, int] | None) -> None:
    assert age_band(name) == band


def test_a_row_an_area(tmp_path: Path) -> None:
    reading, issues = read(tmp_path, WIDE)
    assert issues == []
    assert rows_of(reading.table) == [
        ("E01999001", None, "all", 0, 0, 1.0),
        ("E01999001", None, "all", 1, 1, 2.0),
        ("E01999001", None, "all", 2, 2, 3.0),
        ("E01999001", None, "all", 90, 120, 4.0),
        ("E01999002", None, "all", 0, 0, 0.0),
        ("E01999002", None, "all", 1, 1, 0.0),
        ("E01999002", None, "all", 2, 2, 4.0),
        ("E01999002", None, "all", 90, 120, 5.0),
    ]
    assert (reading.account.rows, reading.account.used) == (2, 2)


def test_the_year_is_what_the_file_or_the_planner_says(tmp_path: Path) -> None:
    assert set(read(tmp_path, WIDE, year=2021)[0].table["year"]) == {2021}
    assert set(read(tmp_path, WIDE, "people_mid-2020.csv")[0].table["year"]) == {2020}
    reading, issues = read(tmp_path, WIDE, "people_mid2020.csv", year=2021)
    assert set(reading.table["year"]) == {2021}
    assert [(issue.check, issue.severity) for issue in issues] == [("year_differs", "warning")]
    # a pyramid of 2020 plans is not a mid-year
    assert read(tmp_path, WIDE, "amid_2020_plans.csv")[0].table["year"].isna().all()


def test_a_workbook_by_sex_with_title_rows_and_a_sheet_a_year(tmp_path: Path) -> None:
    path = tmp_path / "small_areas.xlsx"
    header = ["LAD 2023 Code", "LAD 2023 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total", "F0", "F90", "M0", "M90"]
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Contents").write_row(0, 0, ["Population", "Code"])
        for year, people in ((2022, [10, 1, 2, 3, 4]), (2023, [14, 2, 3, 4, 5])):
            sheet = book.add_worksheet(f"Mid-{year} LSOA 2021")
            sheet.write(0, 0, "Population estimates for small areas")
            sheet.write(1, 0, "This worksheet contains one table")
            sheet.write_row(3, 0, header)
            sheet.write_row(4, 0, ["E07999001", "Somewhere", "E01999001", "Somewhere 001A", *people])
    issues: list[Issue] = []
    reading = read_population(path, issues, year=2022)
    assert issues == []
    assert reading is not None
    assert rows_of(reading.table) == [
        ("E01999001", 2022, "F", 0, 0, 1.0),
        ("E01999001", 2022, "F", 90, 120, 2.0),
        ("E01999001", 2022, "M", 0, 0, 3.0),
        ("E01999001", 2022, "M", 90, 120, 4.0),
    ]
    latest = read_population(path, issues)
    assert latest is not None
    assert set(latest.table["year"]) == {2023}
    assert latest.table["people"].sum() == 14
    assert [issue.check for issue in issues] == ["one_of_several_years"]
    assert read_population(path, issues, year=2019) is None
    assert issues[-1].check == "year_missing"


def test_a_row_an_authority_sex_and_age_with_a_column_a_year(tmp_path: Path) -> None:
    text = (
        "MYEB1: an invented table\n"
        "ladcode23,laname23,country,sex,age,population_2023,population_2024\n"
        "E07999001,Somewhere,E,M,0,11,12\n"
        "E07999001,Somewhere,E,F,90,21,22\n"
    )
    reading, issues = read(tmp_path, text)
    assert issues == []
    assert rows_of(reading.table) == [
        ("E07999001", 2023, "M", 0, 0, 11.0),
        ("E07999001", 2023, "F", 90, 120, 21.0),
        ("E07999001", 2024, "M", 0, 0, 12.0),
        ("E07999001", 2024, "F", 90, 120, 22.0),
    ]
    assert reading.account.rows == 2
    assert read(tmp_path, text, year=2024)[0].table["people"].sum() == 34
    issues = []
    assert read_population(tmp_path / "people.csv", issues, year=2030) is None
    assert [issue.check for issue in issues] == ["year_missing"]


def test_bands_of_a_census_and_their_total(tmp_path: Path) -> None:
    head = "lsoa21_code,lsoa21_name,age_group,usual_residents\n"
    parts = "E01999001,A,Aged 15 years and under,30.0\nE01999001,A,Aged 16 years and over,70.0\n"
    reading, issues = read(tmp_path, head + parts + "E01999001,A,Total,100\n")
    assert issues == []
    assert rows_of(reading.table) == [
        ("E01999001", None, "all", 0, 15, 30.0),
        ("E01999001", None, "all", 16, 120, 70.0),
    ]
    assert reading.account.set_aside == {"a total of ages": 1}
    _, issues = read(tmp_path, head + parts + "E01999001,A,Total,101\n")
    assert [(issue.check, issue.row) for issue in issues] == [("total_differs", 4)]
    assert "100" in issues[0].message
    assert "101" in issues[0].message


def test_a_row_whose_ages_do_not_add_up_is_said_with_both_figures(tmp_path: Path) -> None:
    reading, issues = read(tmp_path, WIDE.replace("10,1,2,3,4", "11,1,2,3,4"))
    assert [(issue.check, issue.severity, issue.row, issue.key) for issue in issues] == [
        ("total_differs", "error", 2, "E01999001")
    ]
    assert "add up to 10," in issues[0].message
    assert "total is 11" in issues[0].message
    assert reading.table["area_code"].unique().tolist() == ["E01999002"]
    assert reading.account.set_aside == {"the ages do not add up to the total": 1}


@pytest.mark.parametrize(
    ("cell", "check"),
    [("c", "gss_symbol"), ("-", "gss_symbol"), ("", "blank"), ("-1", "out_of_bounds"), ("1e400", "not_finite"),
     ("1 000", "text_in_number"), ("nan", "not_finite"), ("02-Jan", "date_in_number"), ("£3", "number_format")],
)  # fmt: skip
def test_a_figure_that_is_no_number_leaves_its_row_out(tmp_path: Path, cell: str, check: str) -> None:
    reading, issues = read(tmp_path, WIDE.replace("10,1,2,3,4", f"10,1,{cell},3,4"))
    assert [(issue.check, issue.row, issue.column) for issue in issues] == [(check, 2, "1")]
    assert reading.table["area_code"].unique().tolist() == ["E01999002"]


def test_rows_that_repeat_or_are_no_area(tmp_path: Path) -> None:
    more = "B,E01999002,9,0,0,4,5\nA,E01999003,1,1,0,0,0\nA,E01999003,2,2,0,0,0\nAll,,19,1,2,7,9\nC,E01999004,1,1,0,0\n"
    reading, issues = read(tmp_path, WIDE + more)
    assert reading.table["area_code"].unique().tolist() == ["E01999001", "E01999002"]
    assert reading.table["people"].sum() == 19
    assert reading.account.set_aside == {
        "another number of fields than the header": 1,
        "no area code": 1,
        "rows that contradict each other": 2,
        "the same row again": 1,
    }
    assert sorted((issue.check, issue.row) for issue in issues) == [
        ("key_twice", 5),
        ("key_twice", 6),
        ("no_area", 7),
        ("row_shifted", 8),
    ]


def test_ages_counted_twice_and_files_without_ages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for text, check in (
        ("lsoa11_code,total,0,1,0 to 4\nE01999001,1,1,0,1\n", "ages_overlap"),
        ("lsoa11_code,total\nE01999001,1\n", "column_missing"),
        ("name,score\nA,1\n", "column_missing"),
    ):
        path.write_text(text, encoding="utf-8")
        issues: list[Issue] = []
        assert read_population(path, issues) is None
        assert {issue.check for issue in issues} == {check}


def lookup_of(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["code_from", "code_to"]).assign(change="")


def read_pairs(tmp_path: Path, text: str, **more: str) -> tuple[Reading | None, list[Issue]]:
    path = tmp_path / "lookup.csv"
    path.write_text(text, encoding="utf-8")
    issues: list[Issue] = []
    return read_lookup(path, issues, **more), issues


def test_a_lookup_of_two_vintages(tmp_path: Path) -> None:
    for first in ("F_LSOA11CD", "LSOA11CD"):
        text = f"{first},LSOA11NM,LSOA21CD,LSOA21NM,CHGIND,LAD22CD\nE01999001,A,E01999001,A,U,E07999001\n"
        reading, issues = read_pairs(tmp_path, text + "E01999002,B,E01999003,C,S,E07999001\n")
        assert issues == []
        assert reading is not None
        assert reading.table.to_numpy().tolist() == [
            ["E01999001", "E01999001", "U"],
            ["E01999002", "E01999003", "S"],
        ]
    # the newer first: still from the older to the newer
    reading, _ = read_pairs(tmp_path, "LAD23CD,LAD22CD\nE06999001,E07999001\n")
    assert reading is not None
    assert reading.table[["code_from", "code_to"]].to_numpy().tolist() == [["E07999001", "E06999001"]]


def test_a_best_fit_lookup_and_named_columns(tmp_path: Path) -> None:
    text = "LSOA21CD,LSOA21NM,WD25CD,WD25NM,LAD25CD\nE01999001,A,E05999001,W,E07999001\n"
    for more, to in (({}, "E05999001"), ({"code_to": "lad25cd"}, "E07999001")):
        reading, issues = read_pairs(tmp_path, text, **more)
        assert issues == []
        assert reading is not None
        assert reading.table.to_numpy().tolist() == [["E01999001", to, ""]]
    reading, _ = read_pairs(tmp_path, text, code_from="wd25cd", code_to="lad25cd")
    assert reading is not None
    assert reading.table.to_numpy().tolist() == [["E05999001", "E07999001", ""]]
    assert read_pairs(tmp_path, "LSOA21CD,NAME\nE01999001,A\n")[0] is None


def test_faults_of_a_lookup(tmp_path: Path) -> None:
    reading, issues = read_pairs(
        tmp_path,
        "LSOA11CD,LSOA21CD,CHGIND\nE01999001,E01999001,U\nE01999001,E01999001,U\nE01999001,E01999001,S\n"
        "E01999002,,U\nE01999003,E01999003,Q\n",
    )
    assert reading is not None
    assert reading.account.closes
    assert reading.account.set_aside == {
        "without two codes of areas": 1,
        "a kind of change that is not known": 1,
        "the same two codes again": 2,
    }
    assert sorted((issue.check, issue.row) for issue in issues) == [
        ("key_twice", 4),
        ("no_code", 5),
        ("unknown_code", 6),
    ]


def test_carrying_by_hand() -> None:
    lookup = lookup_of([("same", "same"), ("old", "new"), ("m1", "m"), ("m2", "m"), ("s", "s1"), ("s", "s2")])
    table = pd.DataFrame(
        {
            "area_code": ["same", "old", "m1", "m2", "s", "s"],
            "age": [1, 1, 1, 1, 1, 2],
            "people": [1, 2, 3, 4, 10, 20.0],
        }
    )
    before = table.copy()
    equally, account = carry(table, lookup)
    assert table.equals(before)
    assert equally.columns.tolist() == ["area_code", "age", "people"]
    assert rows_by_key(equally) == {
        ("same", 1): 1, ("new", 1): 2, ("m", 1): 7, ("s1", 1): 5, ("s2", 1): 5, ("s1", 2): 10, ("s2", 2): 10,
    }  # fmt: skip
    assert account.to_numpy().tolist() == [
        ["unchanged", 1, 1, 1.0, 1.0],
        ["renamed", 1, 1, 2.0, 2.0],
        ["merged", 2, 1, 7.0, 7.0],
        ["split", 1, 2, 30.0, 30.0],
        ["all", 5, 5, 40.0, 40.0],
    ]
    weighted, _ = carry(table, lookup, weight=pd.Series({"s1": 300.0, "s2": 100.0}))
    assert rows_by_key(weighted)[("s1", 1)] == 7.5
    assert rows_by_key(weighted)[("s2", 2)] == 5.0
    nobody, _ = carry(table, lookup, weight=pd.Series({"s1": 0.0, "s2": 0.0}))
    assert rows_by_key(nobody) == rows_by_key(equally)


def rows_by_key(table: pd.DataFrame) -> dict[tuple[object, ...], float]:
    return {(area, age): people for area, age, people in table.itertuples(index=False, name=None)}


def test_what_cannot_be_carried_is_named() -> None:
    table = pd.DataFrame({"area_code": ["a", "lost"], "people": [1.0, 2.0]})
    lookup = lookup_of([("a", "x"), ("a", "y")])
    with pytest.raises(DataError, match="lost"):
        carry(table, lookup)
    for weight in (pd.Series({"x": 1.0}), pd.Series({"x": 1.0, "y": -1.0}), pd.Series({"x": 1.0, "y": np.nan})):
        with pytest.raises(DataError, match="areas y have no weight"):
            carry(table[:1], lookup, weight=weight)
    with pytest.raises(DataError, match="two weights"):
        carry(table[:1], lookup, weight=pd.Series([1.0, 1.0, 1.0], index=["x", "x", "y"]))
    with pytest.raises(DataError, match="no column"):
        carry(table, lookup, value="pupils")


def test_a_missing_figure_stays_missing() -> None:
    table = pd.DataFrame({"area_code": ["a", "b", "c"], "people": [1.0, np.nan, 3.0]})
    carried, _ = carry(table, lookup_of([("a", "x"), ("b", "x"), ("c", "y")]))
    assert carried.loc[carried["area_code"] == "x", "people"].isna().all()
    assert carried.loc[carried["area_code"] == "y", "people"].tolist() == [3.0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=15),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([2020, 2021, None]), st.floats(0, 1e6)), max_size=20),
    st.lists(st.floats(0, 1e5), min_size=6, max_size=6),
)
def test_every_total_is_kept_whatever_the_areas_do(
    pairs: list[tuple[int, int]], figures: list[tuple[int, int | None, float]], weights: list[float]
) -> None:
    lookup = lookup_of([(f"old{a}", f"new{b}") for a, b in pairs])
    known = set(lookup["code_from"])
    table = pd.DataFrame(
        [(f"old{a}", year, people) for a, year, people in figures if f"old{a}" in known],
        columns=["area_code", "year", "people"],
    ).astype({"year": "Int64", "people": float, "area_code": object})
    weight = pd.Series(weights, index=[f"new{b}" for b in range(6)])
    for chosen in (None, weight):
        carried, account = carry(table, lookup, weight=chosen)
        assert set(carried["area_code"]) <= set(lookup["code_to"])
        for year in (2020, 2021):
            before = table.loc[table["year"] == year, "people"].sum()
            assert carried.loc[carried["year"] == year, "people"].sum() == pytest.approx(before, rel=1e-9, abs=1e-9)
        unsaid = table.loc[table["year"].isna(), "people"].sum()
        assert carried.loc[carried["year"].isna(), "people"].sum() == pytest.approx(unsaid, rel=1e-9, abs=1e-9)
        assert account["after"].to_numpy() == pytest.approx(account["before"].to_numpy(), rel=1e-9, abs=1e-9)
        assert not carried.duplicated(["area_code", "year"]).any()
