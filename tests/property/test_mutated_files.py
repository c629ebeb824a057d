"""Damaged files of every kind: a seeded few of the many that ``python -m tests.fuzz --rounds 10000`` tries.

After them what no reader may mind, what each must notice, and every fault that was found in this way, by name.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sufficiency.model.errors import DataError
from sufficiency.prepare import prepare_area
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.boundary_files import read_boundary_file, read_centroids
from sufficiency.sources.public.gias import read_gias
from sufficiency.sources.public.population_files import read_population
from sufficiency.sources.public.pupil_yields import read_pupil_yields
from tests import invented_files as invented
from tests import mutations
from tests.fuzz import QUESTION, Fuzzer, judge, run, shares, small_export
from tests.mutations import Cell, Change, as_workbook, parsed, unparsed
from tests.sen2_export import DATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sufficiency.model.issues import Issue

SEED = 5
KINDS = tuple(shares(100))
TABLES = (
    *("gias", "gias_links", "sen_schools_long", "sen_schools_wide", "postcodes", "population", "population_long"),
    *("lookup", "centroids", "ehc_caseload", "ehc_needs", "scap_forecasts", "scap_capacity", "yields", "scorecard"),
)
REPORT_DATE = dt.date(2026, 11, 23)


@pytest.fixture(scope="module")
def fuzzer() -> Fuzzer:
    return Fuzzer()


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_ends_in_a_traceback_or_a_lost_row(fuzzer: Fuzzer, kind: str) -> None:
    rounds = {kind: 3 if kind in {"prepare", "area", "sen2"} else 9}
    figures = run(rounds, SEED, fuzzer=fuzzer)
    assert figures.faults == []


def test_the_damage_is_of_every_sort(fuzzer: Fuzzer) -> None:
    figures = run({"gias": 25}, SEED, fuzzer=fuzzer)
    said = {key.split()[1] for key in figures.taken}
    assert {"read", "part", "refused"} <= said, "some files are still read whole, some in part, some not at all"


# --- the laws can be broken --------------------------------------------------------------------------------------


def _of_good(fuzzer: Fuzzer, name: str, change: Change, table: pd.DataFrame, account: Account, path: Path) -> list[str]:
    """Return what the laws say of a reader that gives this table and account."""
    from dataclasses import replace

    target = replace(fuzzer.targets[name], read=lambda _path, _issues: Reading(table, account))
    return judge(target, fuzzer.bases[name], change, path).faults


def test_a_reader_that_breaks_a_law_is_found_out(fuzzer: Fuzzer, tmp_path: Path) -> None:
    table, account = fuzzer.bases["gias"]
    good = fuzzer.targets["gias"].good
    same = Change(good, "nothing")
    assert _of_good(fuzzer, "gias", same, table, account, tmp_path) == []
    short = Account("gias.csv", account.kind, 6, 6)
    assert "6 rows read, 7 to 7 in the file" in _of_good(fuzzer, "gias", same, table.iloc[:6], short, tmp_path)
    open_account = Account("gias.csv", account.kind, 7, 6)
    assert any("does not close" in one for one in _of_good(fuzzer, "gias", same, table, open_account, tmp_path))
    wrong = table.assign(capacity_places=table["capacity_places"].replace(420.0, 1.0))
    cell = Change(good, "a cell", Cell(2, "SchoolCapacity", "420", "1,200"))
    assert any("capacity_places" in one for one in _of_good(fuzzer, "gias", cell, wrong, account, tmp_path))
    other = table.assign(urn=table["urn"].replace("900012", "900013"))
    cell = Change(good, "a cell", Cell(6, "URN", "900012", "900O12"))
    assert any("900013" in one for one in _of_good(fuzzer, "gias", cell, other, account, tmp_path))
    lost = Account("gias.csv", account.kind, 7, 7)
    cell = Change(good, "a cell", Cell(0, "SchoolCapacity", "150", "151"))
    assert any("lost" in one for one in _of_good(fuzzer, "gias", cell, table.iloc[:5], lost, tmp_path))


# --- what no reader may mind -------------------------------------------------------------------------------------


def _quoted(raw: bytes) -> bytes:
    return mutations.quoted(raw, random.Random(1)).raw


def _columns_shuffled(raw: bytes) -> bytes:
    return mutations.shuffle_columns(raw, random.Random(4)).raw


def _titled(raw: bytes) -> bytes:
    return b"Table 9: invented\n\n" + raw


def _header_in_capitals(raw: bytes) -> bytes:
    head, rest = raw.split(b"\n", 1)
    return head.upper() + b"\n" + rest


HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "byte-order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "lines of Windows": lambda raw: raw.replace(b"\n", b"\r\n"),
    "lines of an old Mac": lambda raw: raw.replace(b"\n", b"\r"),
    "quotation marks": _quoted,
    "columns in another order": _columns_shuffled,
    "title lines": _titled,
    "header in capitals": _header_in_capitals,
    "blank lines": lambda raw: raw.replace(b"\n", b"\n\n"),
    "spaces around": lambda raw: unparsed([[f" {cell}\u00a0" for cell in row] for row in parsed(raw) or []]),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_same_table_however_it_was_saved(fuzzer: Fuzzer, name: str, tmp_path: Path) -> None:
    target, base = fuzzer.targets[name], fuzzer.bases[name]
    for how, change in HARMLESS.items():
        path = tmp_path / target.name
        path.write_bytes(change(target.good))
        issues: list[Issue] = []
        found = target.read(path, issues)
        assert found is not None, (how, issues)
        keys = [*target.key, *target.also]
        one, other = (table.sort_values(keys, ignore_index=True) for table in (found.table, base.table))
        pd.testing.assert_frame_equal(one, other, obj=f"{name}, {how}")
        assert (found.account.rows, found.account.used) == (base.account.rows, base.account.used), how
        assert not [one for one in issues if one.severity == "error"], (how, issues)


@pytest.mark.parametrize("name", ["gias", "sen_schools_long", "population", "lookup", "postcodes"])
def test_a_workbook_says_the_same_as_the_file(fuzzer: Fuzzer, name: str, tmp_path: Path) -> None:
    target, base = fuzzer.targets[name], fuzzer.bases[name]
    path = tmp_path / f"{target.name.removesuffix('.csv')}.xlsx"
    path.write_bytes(as_workbook(target.good))
    found = target.read(path, [])
    assert found is not None
    one, other = (table.reset_index(drop=True) for table in (found.table, base.table))
    pd.testing.assert_frame_equal(one, other)


# --- what each must notice ---------------------------------------------------------------------------------------

ODD_NUMBERS = ("1,200", "05-Nov", "1e400", "-5", "nan", "=1+1", "\u00a31,200", "1_000")
PLACES = {"gias": "SchoolCapacity", "sen_schools_long": "pupil_count", "population": "7", "population_long": "people",
          "centroids": "x", "postcodes": "oseast1m", "ehc_caseload": "ehcplans", "scap_forecasts":
          "pupil_forecast_and_202425_actuals", "scap_capacity": "total_capacity", "yields": "number_of_pupils_with_SEN",
          "scorecard": "PriNOR"}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_number_is_missing_and_reported_by_row(fuzzer: Fuzzer, name: str, tmp_path: Path) -> None:
    """Never 1, never 1200, never 0: the third record's figure is missing, or the record is set aside; with an error."""
    target = fuzzer.targets[name]
    rows = parsed(target.good)
    assert rows is not None
    place = rows[0].index(PLACES[name])
    for text in ODD_NUMBERS:
        changed = [list(row) for row in rows]
        changed[3][place] = text
        cell = Cell(2, PLACES[name], rows[3][place], text)
        change = Change(unparsed(changed), text, cell)
        out = judge(target, fuzzer.bases[name], change, tmp_path)
        assert out.faults == [], text
        issues: list[Issue] = []
        found = target.read(tmp_path / target.name, issues)
        assert [one.severity for one in issues if one.row == 4][:1] == ["error"], (text, issues)
        assert found is None or sum(found.account.set_aside.values()) <= 1, text


@pytest.mark.parametrize("name", ["gias", "centroids"])
def test_exchanged_columns_of_positions_are_noticed(fuzzer: Fuzzer, name: str, tmp_path: Path) -> None:
    target, base = fuzzer.targets[name], fuzzer.bases[name]
    one, other = {"gias": (b"Easting,Northing", b"Northing,Easting"), "centroids": (b",x,y", b",y,x")}[name]
    assert one in target.good
    path = tmp_path / target.name
    path.write_bytes(target.good.replace(one, other))
    issues: list[Issue] = []
    found = target.read(path, issues)
    assert any(issue.severity == "error" for issue in issues)
    if found is not None:
        places = found.table[["easting_m", "northing_m"]].to_numpy(float)
        known = base.table[["easting_m", "northing_m"]].to_numpy(float)
        assert (np.isnan(places) | (places == known)).all()


# --- faults that were found so -----------------------------------------------------------------------------------


def _read(
    read: Callable[[Path, list[Issue]], Reading | None], path: Path, raw: bytes
) -> tuple[Reading | None, list[Issue]]:
    path.write_bytes(raw)
    issues: list[Issue] = []
    return read(path, issues), issues


def test_found_a_table_with_another_separator_was_refused_without_a_word(tmp_path: Path) -> None:
    raw = invented.public_files()["centroids.csv"].replace(b",", b";")
    found, issues = _read(read_centroids, tmp_path / "centroids.csv", raw)
    assert found is None
    assert [(one.check, one.severity) for one in issues] == [("column_missing", "error")]


def test_found_a_shape_that_does_not_say_it_is_one_was_lost(tmp_path: Path) -> None:
    shapes = json.loads(invented.public_files()["districts.geojson"])
    del shapes["features"][1]["type"]
    found, issues = _read(read_boundary_file, tmp_path / "lad.geojson", json.dumps(shapes).encode())
    assert found is None or len(found.table) == 1
    assert ("features_not_read", "error") in [(one.check, one.severity) for one in issues]


def test_found_rows_above_a_second_header_were_taken_for_titles(tmp_path: Path) -> None:
    """The header's first column has another name; further down the header stands again as it should be."""
    rows = parsed(invented.yields())
    assert rows is not None
    raw = unparsed([["period", *rows[0][1:]], *rows[1:5], rows[0], *rows[5:]])
    found, issues = _read(read_pupil_yields, tmp_path / "yields.csv", raw)
    assert found is not None
    assert len(found.table) == 4
    assert [(one.check, one.severity, one.row) for one in issues] == [("rows_above_header", "error", None)]


def test_found_a_blank_sex_among_stated_ones_was_both(tmp_path: Path) -> None:
    raw = invented.population_long().replace(b"Aged 6 years,Female", b"Aged 6 years,", 1)
    found, issues = _read(read_population, tmp_path / "people.csv", raw)
    assert found is not None
    assert set(found.table["sex"]) == {"F", "M"}
    assert (found.account.rows, found.account.used) == (28, 27)
    assert [(one.check, one.row) for one in issues] == [("unknown_code", 4)]


def _prepared(folder: Path, files: dict[str, bytes], *, lenient: bool = False) -> Path:
    source = invented.write_files(folder / "files", files)
    prepare_area(source, folder / "area", QUESTION, report_date=REPORT_DATE, lenient=lenient)
    return folder / "area"


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_found_people_of_both_sexes_and_of_each_were_added_up(tmp_path: Path) -> None:
    """A file with all, F and M: the residents are those of all, 20 + 3 x age mod 11 for the first zone."""
    files = invented.public_files()
    ages = range(91)
    rows = []
    for number, zone in enumerate(invented.zones()):
        for age in ages:
            people = invented.people(number, age)
            rows += [(zone[0], age, "All", people), (zone[0], age, "Female", people - 9), (zone[0], age, "Male", 9)]
    files["mid-2024-population.csv"] = invented.as_csv(["LSOA21CD", "age", "sex", "people"], rows)
    area = _prepared(tmp_path, files)
    found = {row["age"]: float(row["people"]) for row in _table(area / "demand" / "population.csv")
             if row["zone_id"] == "E01990001"}  # fmt: skip
    assert found == {str(age): 20 + 3 * age % 11 for age in range(31)}


def test_found_the_places_of_later_years_raised_a_warning(tmp_path: Path) -> None:
    """Pupils on roll are known of the calibration year alone; warnings are errors here."""
    places = _table(_prepared(tmp_path, invented.public_files()) / "schools" / "places.csv")
    assert {row["year"] for row in places if row["on_roll_pupils"]} == {"2024"}
    assert {row["year"] for row in places} == {"2024", "2025", "2026", "2027", "2028"}


def test_found_a_return_that_cannot_be_used_was_passed_over_when_lenient(tmp_path: Path) -> None:
    export = small_export(12)
    export.write(tmp_path / "files")
    path = tmp_path / "files" / f"Blade-Export_{DATE}_requests.csv"
    path.write_bytes(path.read_bytes().replace(b",", b";"))
    with pytest.raises(DataError) as raised:
        _prepared(tmp_path, invented.public_files(), lenient=True)
    assert raised.value.issues is not None
    assert "the SEN2 export cannot be used" in raised.value.issues["message"].str.cat()
    assert not (tmp_path / "area").exists()


def test_found_a_table_with_old_line_ends_had_no_account_of_its_faults(tmp_path: Path) -> None:
    """Nine rows of new homes, one with a number of dwellings that is none: read 9, used 8, at fault 1."""
    files = invented.public_files()
    files["developments.csv"] = invented.developments().replace(b",52,", b",many,", 1).replace(b"\n", b"\r")
    source = invented.write_files(tmp_path / "files", files)
    found = prepare_area(source, tmp_path / "area", QUESTION, report_date=REPORT_DATE, lenient=True)
    account = next(one for one in found.accounts if one.file == "developments.csv")
    assert (account.rows, account.used, dict(account.set_aside)) == (9, 8, {"at fault": 1})


def test_a_register_with_a_capacity_of_thousands_states_none(tmp_path: Path) -> None:
    raw = invented.public_files()["edubasealldata.csv"].replace(b",1100,", b',"1,100",')
    found, issues = _read(read_gias, tmp_path / "gias.csv", raw)
    assert found is not None
    assert found.table.set_index("urn").loc["900011", ["capacity_places"]].isna().all()
    assert [one.check for one in issues] == ["number_format"]
