"""The planner's workbook: what is written, what a spreadsheet does to it, and how it is read back."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from sufficiency.model.errors import DataError
from sufficiency.model.tables import TABLES
from sufficiency.sources.files import has_table, read_table
from sufficiency.sources.template import template_directory, write_template
from sufficiency.sources.workbook import WORKBOOK_NAME, input_tables, read_sheet, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.files import Issue

SETTINGS = ["setting_id", "setting_name", "sector", "status", "easting_m", "northing_m"]


@pytest.fixture
def area(tmp_path: Path) -> Path:
    directory = tmp_path / "area"
    write_template(directory)
    return directory


def with_sheet(folder: Path, table: str, rows: list[list[object]]) -> Path:
    """Write a workbook with one sheet, the cells of Python's own types, and return the path of the table's CSV file."""
    book = xlsxwriter.Workbook(str(folder / WORKBOOK_NAME), {"strings_to_formulas": False})
    sheet = book.add_worksheet(table)
    date = book.add_format({"num_format": "dd-mmm"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write_datetime(number, column, value, date)
            elif isinstance(value, str) and value.startswith("#"):
                sheet.write_formula(number, column, "=NA()", None, value)
            elif value is not None:
                sheet.write(number, column, value)
    book.close()
    return folder / TABLES[table].file


def read(path: Path, table: str) -> tuple[pd.DataFrame, list[Issue]]:
    issues: list[Issue] = []
    return read_table(path, table, issues), issues


def test_every_table_comes_back_as_its_file_gives_it(area: Path) -> None:
    """With every CSV file deleted the workbook alone gives the same tables, types and row numbers."""
    tables = [table for table in input_tables() if (area / table.file).is_file()]
    assert len(tables) > 15
    for table in tables:
        expected, issues = read(area / table.file, table.name)
        assert not issues
        (area / table.file).unlink()
        found, issues = read(area / table.file, table.name)
        assert not issues
        pd.testing.assert_frame_equal(found, expected)


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    issues: list[Issue] = []
    path = template_directory() / "schools" / "provision.csv"
    tables = {"provision": read_table(path, "provision", issues)}
    one, other = tmp_path / "one.xlsx", tmp_path / "other.xlsx"
    write_workbook(one, tables)
    write_workbook(other, tables)
    assert one.read_bytes() == other.read_bytes()


def test_what_a_planner_sees(area: Path) -> None:
    """Another library's view: a sheet a table, header frozen, text formats, drop-downs, every column explained."""
    book = openpyxl.load_workbook(area / WORKBOOK_NAME)
    names = [table.name for table in input_tables()]
    assert book.sheetnames == ["Explained", "Codes", *names]
    provision = book["provision"]
    header = [cell.value for cell in provision[1]]
    assert header == [column.name for column in TABLES["provision"].columns]
    assert provision.freeze_panes == "A2"
    first = dict(zip(header, provision[2], strict=True))
    assert (first["provision_id"].value, first["ncy_to"].value) == ("alpha-primary", "6")
    assert first["ncy_to"].number_format == "@"
    assert first["provision_id"].number_format == "@"
    ruled = {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in provision.data_validations.dataValidation
    }
    letter = first["provision_type"].column_letter
    assert ruled[letter].type == "list"
    sheet, cells = ruled[letter].formula1.split("!")
    listed = [row[0].value for row in book[sheet][cells.replace("$", "")]]
    assert listed == list(TABLES["provision"].column("provision_type").codes)
    assert isinstance(book["settings"]["E2"].value, int | float)
    explained = {(row[0], row[2]) for row in book["Explained"].iter_rows(values_only=True)}
    wanted = {(t.name, c.name) for t in input_tables() for c in t.columns if c.kind != "geometry"}
    assert wanted <= explained


def test_no_text_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    hostile = ["=1+1", "+1", "-1", "@x", "http://example.org", "\tx", "'x", "007"]
    frame = pd.DataFrame({"setting_id": [f"s{n}" for n in range(len(hostile))], "setting_name": hostile})
    write_workbook(tmp_path / WORKBOOK_NAME, {"settings": frame})
    sheet = openpyxl.load_workbook(tmp_path / WORKBOOK_NAME)["settings"]
    assert [sheet.cell(row, 2).value for row in range(2, 2 + len(hostile))] == hostile
    assert {sheet.cell(row, 2).data_type for row in range(2, 2 + len(hostile))} == {"s"}
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_a_text_too_long_for_a_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="32,767"):
        write_workbook(tmp_path / "x.xlsx", {"settings": pd.DataFrame({"setting_name": ["x" * 32_768]})})


def test_what_a_spreadsheet_makes_of_ids_and_yes_and_no(tmp_path: Path) -> None:
    """A number without decimals is that id; text keeps its zeros; blank rows are passed over, rows keep theirs."""
    rows: list[list[object]] = [
        SETTINGS,
        [123456, "One", "state", "open", 476000, 328000.5],
        [],
        ["007", " Two\u00a0", "state", "open", "476000", 328000],
    ]
    frame, issues = read(with_sheet(tmp_path, "settings", rows), "settings")
    assert not issues
    assert frame["setting_id"].tolist() == ["123456", "007"]
    assert frame["setting_name"].tolist() == ["One", "Two"]
    assert frame["northing_m"].tolist() == [328000.5, 328000.0]
    assert frame.index.tolist() == [2, 4]
    provision = [column.name for column in TABLES["provision"].columns][:12]
    row: list[object] = ["p", "s", "special_school", "all", 0, 6, "ASD", None, "any", True, "day", "local"]
    frame, issues = read(with_sheet(tmp_path, "provision", [list(provision), row]), "provision")
    assert not issues
    assert frame["ehcp_required"].tolist() == [True]


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        (4, dt.datetime(2026, 11, 5), "date_in_number"),
        (0, dt.datetime(2026, 11, 5), "date_in_text"),
        (2, dt.datetime(2026, 11, 5), "date_in_text"),
        (4, "#N/A", "error_cell"),
        (4, "#DIV/0!", "error_cell"),
        (6, "#REF!", "error_cell"),
        (4, True, "text_in_number"),
        (4, "east", "text_in_number"),
        (0, None, "blank"),
    ],
)
def test_dates_and_errors_where_they_do_not_belong(tmp_path: Path, column: int, value: object, check: str) -> None:
    row: list[object] = ["s1", "One", "state", "open", 476000, 328000, "special"]
    row[column] = value
    good: list[object] = ["s2", "Two", "state", "open", 476000, 328000, None]
    frame, issues = read(with_sheet(tmp_path, "settings", [[*SETTINGS, "school_phase"], row, good]), "settings")
    assert frame["setting_id"].tolist() == ["s2"]
    assert [(issue.check, issue.row, issue.severity) for issue in issues] == [(check, 2, "error")]
    assert issues[0].file == "area-workbook.xlsx, sheet settings"
    assert issues[0].column == [*SETTINGS, "school_phase"][column]
    if check == "error_cell":
        assert issues[0].value == value


def test_a_date_is_fine_where_a_date_may_stand(area: Path) -> None:
    book = openpyxl.load_workbook(area / WORKBOOK_NAME)
    sheet = book["schemes"]
    at = [cell.value for cell in sheet[1]].index("decision_needed_by") + 1
    sheet.cell(2, at).value = dt.datetime(2027, 3, 31)
    book.save(area / WORKBOOK_NAME)
    (area / "schemes/schemes.csv").unlink()
    frame, issues = read(area / "schemes/schemes.csv", "schemes")
    assert not issues
    assert frame["decision_needed_by"].tolist() == ["2027-03-31", "2026-03-31"]


def test_a_cell_beyond_the_header_is_refused(tmp_path: Path) -> None:
    row: list[object] = ["s1", "One", "state", "open", 476000, 328000, None, "note to self"]
    frame, issues = read(with_sheet(tmp_path, "settings", [list(SETTINGS), row]), "settings")
    assert frame.empty
    assert [(issue.check, issue.row, issue.key) for issue in issues] == [("row_shifted", 2, "s1")]


def test_the_file_wins_and_a_difference_is_said(area: Path) -> None:
    path = area / "schools" / "places.csv"
    frame, issues = read(path, "places")
    assert not issues
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("alpha-primary,2024,110,110", "alpha-primary,2024,100,100"), encoding="utf-8")
    changed, issues = read(path, "places")
    assert (frame["planned_places"].iloc[0], changed["planned_places"].iloc[0]) == (110, 100)
    assert [(issue.check, issue.severity) for issue in issues] == [("two_sources", "warning")]
    assert "the CSV file is used" in issues[0].message


def test_no_file_and_no_sheet(tmp_path: Path) -> None:
    with_sheet(tmp_path, "settings", [list(SETTINGS)])
    path = tmp_path / TABLES["places"].file
    frame, issues = read(path, "places")
    assert frame.empty
    assert [issue.check for issue in issues] == ["file_missing"]
    assert not has_table(path, "places")
    # A sheet with its header only is an optional table that is not given.
    assert not has_table(tmp_path / TABLES["settings"].file, "settings")


def test_an_optional_table_may_be_in_the_workbook_only(area: Path) -> None:
    assert has_table(area / "demand/demand.csv", "demand")
    (area / "demand/demand.csv").unlink()
    assert has_table(area / "demand/demand.csv", "demand")
    assert not has_table(area / "demand/placements.csv", "placements")


@pytest.mark.parametrize("raw", [b"", b"not a workbook", b"PK\x03\x04junk"])
def test_a_broken_workbook_is_one_fault(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / WORKBOOK_NAME).write_bytes(raw)
    frame, issues = read(tmp_path / TABLES["settings"].file, "settings")
    assert frame.empty
    assert [(issue.check, issue.severity) for issue in issues] == [("file_unreadable", "error")]
    assert "save it as an Excel workbook" in issues[0].fix


def test_any_damage_to_a_workbook_is_a_fault_never_a_defect(area: Path) -> None:
    """Bytes changed at random all over the archive, 200 times: rows or faults, no other exception."""
    rng = random.Random(7)
    raw = (area / WORKBOOK_NAME).read_bytes()
    path = area / TABLES["settings"].file
    path.unlink()
    refused = 0
    for _ in range(200):
        damaged = bytearray(raw)
        for _ in range(rng.randrange(1, 40)):
            damaged[rng.randrange(len(raw))] = rng.randrange(256)
        (area / WORKBOOK_NAME).write_bytes(bytes(damaged))
        frame, issues = read(path, "settings")
        assert len(frame) or issues
        refused += any(issue.check == "file_unreadable" for issue in issues)
    assert refused > 50


def test_a_workbook_that_unpacks_to_a_flood_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sufficiency.sources import sheets

    write_workbook(tmp_path / WORKBOOK_NAME, {})
    with zipfile.ZipFile(tmp_path / WORKBOOK_NAME) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    monkeypatch.setattr(sheets, "MAX_UNPACKED_BYTES", unpacked - 1)
    _, issues = read(tmp_path / TABLES["settings"].file, "settings")
    assert [issue.check for issue in issues] == ["file_unreadable"]


def test_a_sheet_saved_by_another_program_reads_the_same(area: Path) -> None:
    """openpyxl writes its own XML: other attribute orders, inline formats, no shared calculation."""
    expected = read_sheet(area / WORKBOOK_NAME, "settings")
    openpyxl.load_workbook(area / WORKBOOK_NAME).save(area / WORKBOOK_NAME)
    assert read_sheet(area / WORKBOOK_NAME, "settings") == expected
    shutil.rmtree(area)
