"""Reading CSV files as planners, spreadsheets and accidents leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sufficiency.model.tables import TABLES
from sufficiency.sources.files import has_table, read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sufficiency.sources.files import Issue

PLACES = (
    "provision_id,year,planned_places,commissioned_places,physical_places,on_roll_pupils,"
    "out_of_area_on_roll_pupils,basis"
)
SETTINGS = "setting_id,setting_name,sector,status,easting_m,northing_m"
PROVISION = (
    "provision_id,setting_id,provision_type,department,ncy_from,ncy_to,needs,designation,sex,"
    "ehcp_required,attendance,tier"
)
PROVISION_ROW = "p,s,special_school,all,0,6,ASD;SLD,,any,true,day,local"


def read(folder: Path, table: str, text: str | bytes) -> tuple[pd.DataFrame, list[Issue]]:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    issues: list[Issue] = []
    return read_table(path, table, issues), issues


def one_fault(issues: list[Issue]) -> Issue:
    assert len(issues) == 1, issues
    return issues[0]


def test_a_good_row_is_typed_and_numbered_as_in_the_file(tmp_path: Path) -> None:
    frame, issues = read(tmp_path, "places", f"{PLACES}\nalpha,2028/29,12,,x,3,,plan\n")
    assert frame.index.tolist() == [2]
    assert (frame["year"].item(), frame["planned_places"].item(), frame["on_roll_pupils"].item()) == (2028, 12, 3)
    assert frame[["commissioned_places", "physical_places", "out_of_area_on_roll_pupils"]].isna().all(axis=None)
    found = one_fault(issues)
    assert (found.check, found.severity, found.row, found.column, found.value) == (
        "gss_symbol",
        "note",
        2,
        "physical_places",
        "x",
    )


@pytest.mark.parametrize(
    ("cell", "check"),
    [
        ("twelve", "text_in_number"),
        ("1,200", "number_format"),
        ("£1200", "number_format"),
        ("£1.2m", "number_format"),
        ("85%", "text_in_number"),
        ("(3)", "text_in_number"),
        ("51,5", "text_in_number"),
        ("1_000", "text_in_number"),
        ("١٢", "text_in_number"),
        ("0x10", "text_in_number"),
        ("12 places", "text_in_number"),
        ("05-Nov", "date_in_number"),
        ("Nov-16", "date_in_number"),
        ("SEPT-1", "date_in_number"),
        ("2026-11-05 00:00:00", "date_in_number"),
        ("5/11/2026", "date_in_number"),
        ("-1", "out_of_bounds"),
        ("1e30", "out_of_bounds"),
        ("1e400", "not_finite"),
        ("inf", "not_finite"),
        ("NaN", "not_finite"),
        ("30.5", "not_whole"),
        ("", "blank"),
        ("c", "gss_symbol"),
        ("z", "gss_symbol"),
        ("low", "gss_symbol"),
        ("..", "gss_symbol"),
        ("None", "text_in_number"),
        ("NA", "text_in_number"),
    ],
)
def test_a_number_of_places_that_is_none_is_refused(tmp_path: Path, cell: str, check: str) -> None:
    frame, issues = read(tmp_path, "places", f'{PLACES}\ngood,2028,7,,,,,plan\nalpha,2028,"{cell}",,,,,plan\n')
    assert frame["provision_id"].tolist() == ["good"]
    found = one_fault(issues)
    assert (found.check, found.severity, found.row, found.column) == (check, "error", 3, "planned_places")
    assert (found.key, found.value) == ("alpha 2028", cell)
    assert found.fix


@pytest.mark.parametrize(
    ("cell", "value"), [("7", 7), ("7.0", 7), ("+7", 7), (" 7 ", 7), ("7e0", 7), ("0", 0), ("\u00a07", 7)]
)
def test_numbers_that_are_fine(tmp_path: Path, cell: str, value: int) -> None:
    frame, issues = read(tmp_path, "places", f"{PLACES}\nalpha,2028,{cell},,,,,plan\n")
    assert frame["planned_places"].tolist() == [value]
    assert not issues


@pytest.mark.parametrize(
    ("cell", "ok"),
    [
        ("2028", True),
        ("2028/29", True),
        ("2028-29", True),
        ("2028/30", False),
        ("28/29", False),
        ("1028", False),
        ("next", False),
        ("2028.0", False),
    ],
)
def test_academic_years(tmp_path: Path, cell: str, ok: bool) -> None:
    frame, issues = read(tmp_path, "places", f"{PLACES}\nalpha,{cell},7,,,,,plan\n")
    assert frame["year"].tolist() == ([2028] if ok else [])
    assert [issue.check for issue in issues] == ([] if ok else ["not_a_year"])


@pytest.mark.parametrize(
    ("needs", "check", "hint"),
    [
        ("ASD;SMEH", "unknown_code", "write SEMH"),
        ("asd", "unknown_code", "write ASD"),
        ("ASD;ASD", "repeated_code", "once"),
        (";", "blank", "state it"),
        ("ASD,SLD", "unknown_code", ""),
        ("5 Nov", "unknown_code", ""),
    ],
)
def test_codes_of_need(tmp_path: Path, needs: str, check: str, hint: str) -> None:
    row = PROVISION_ROW.replace("ASD;SLD", f'"{needs}"')
    frame, issues = read(tmp_path, "provision", f"{PROVISION}\n{row}\n")
    assert frame.empty
    found = one_fault(issues)
    assert (found.check, found.column, found.value) == (check, "needs", needs)
    assert hint in found.fix


def test_a_department_that_a_spreadsheet_made_a_date(tmp_path: Path) -> None:
    frame, issues = read(tmp_path, "provision", f"{PROVISION}\n{PROVISION_ROW.replace('all', '05-Nov', 1)}\n")
    assert frame.empty
    assert one_fault(issues).check == "date_in_text"


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("TRUE", True), ("Yes", True), ("0", False), ("n", False), ("ja", None)]
)
def test_yes_and_no(tmp_path: Path, cell: str, value: bool | None) -> None:
    frame, issues = read(tmp_path, "provision", f"{PROVISION}\n{PROVISION_ROW.replace('true', cell)}\n")
    assert frame["ehcp_required"].tolist() == ([] if value is None else [value])
    assert [issue.check for issue in issues] == (["not_yes_or_no"] if value is None else [])


def test_ids_stay_text(tmp_path: Path) -> None:
    ids = ["007", "1E5", "0012345", "NA", "None", "null", "nan", "123456"]
    rows = "".join(f"{one},Name,state,open,476000,328000\n" for one in ids)
    frame, issues = read(tmp_path, "settings", f"{SETTINGS}\n{rows}")
    assert frame["setting_id"].tolist() == ids
    assert not issues


def test_a_row_with_a_trailing_comma_is_refused_not_shifted(tmp_path: Path) -> None:
    text = (
        f"{SETTINGS}\ns1,One,state,open,476000,328000,\ns2,Two,state,open,476000\n"
        "s3,Three,state,open,476000,328000\ns4\n"
    )
    frame, issues = read(tmp_path, "settings", text)
    assert frame["setting_id"].tolist() == ["s3"]
    assert [(issue.row, issue.check, issue.key) for issue in issues] == [
        (2, "row_shifted", "s1"),
        (3, "row_shifted", "s2"),
        (5, "row_shifted", "s4"),
    ]
    assert [issue.message for issue in issues] == [
        "the row has 7 fields, the header 6",
        "the row has 5 fields, the header 6",
        "the row has 1 field, the header 6",
    ]
    assert [issue.fix.split()[0] for issue in issues] == ["remove", "add", "add"]


NAME = "Ysgol Tŷ Éxample £5 – “Q”"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", NAME),
        ("utf-8-sig", NAME),
        ("utf-16", NAME),
        ("cp1252", NAME.replace("ŷ", "y")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_gives_the_same(tmp_path: Path, encoding: str, name: str, end: str) -> None:
    text = f"{SETTINGS}\ns1,{name},state,open,476000,328000\n\n,,,,,\ns2,B,state,open,476000,328000\n"
    frame, issues = read(tmp_path, "settings", text.replace("\n", end).encode(encoding))
    assert frame["setting_name"].tolist() == [name, "B"]
    assert frame.index.tolist() == [2, 5]
    assert not issues


def test_accents_typed_in_two_ways_are_one_name(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "settings", f"{SETTINGS}\ns1,Cafe\u0301,state,open,476000,328000\n")
    assert frame["setting_name"].tolist() == ["Caf\u00e9"]


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        (b"", "file_empty"),
        (b"\n , \n", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (f"{SETTINGS}\ns1,A\x00B,state,open,476000,328000\n".encode(), "file_unreadable"),
        (f"{SETTINGS}\n".encode() + b"s1,x,state,open,1,2\n" * 400 + b"\x00", "file_unreadable"),
        (b"\xff\xfea", "file_unreadable"),
        (b"setting_id\x81\x8d\n", "file_unreadable"),
        (b"PK\x03\x04\x00\x00", "file_unreadable"),
        (f'{SETTINGS}\ns1,"A,state,open,476000,328000\ns2,B,state,open,1,2\n'.encode(), "csv_broken"),
        (f"{SETTINGS}\ns1,{'A' * 200_000},state,open,476000,328000\n".encode(), "csv_broken"),
        (f"{SETTINGS},setting_name\ns1,A,state,open,476000,328000,B\n".encode(), "header_twice"),
    ],
)
def test_a_file_that_cannot_be_understood_is_one_fault(tmp_path: Path, raw: bytes, check: str) -> None:
    frame, issues = read(tmp_path, "settings", raw)
    assert frame.empty
    assert list(frame.columns) == [c.name for c in TABLES["settings"].columns if c.kind != "geometry"]
    found = one_fault(issues)
    assert (found.check, found.severity) == (check, "error")
    assert len(found.message) < 300


def test_an_unclosed_quote_names_the_row_where_it_opens(tmp_path: Path) -> None:
    rows = "".join(f"s{n},Name,state,open,476000,328000\n" for n in range(10))
    _, issues = read(tmp_path, "settings", f'{SETTINGS}\n{rows}t,"Open,state,open,1,2\n{rows}')
    assert one_fault(issues).row == 12


def test_a_quote_that_swallows_rows_is_refused(tmp_path: Path) -> None:
    """Both quotes are well placed for the reader, and rows 2 to 4 would pass as one."""
    end = "state,open,476000,328000"
    text = f'{SETTINGS}\ns1,"One,{end}\ns2,Two,{end}\ns3,Three",{end}\n'
    frame, issues = read(tmp_path, "settings", text)
    assert frame.empty
    found = one_fault(issues)
    assert (found.check, found.row, found.column) == ("line_break", 2, "setting_name")
    assert "3 lines" in found.message


def test_characters_that_cannot_be_printed_are_refused(tmp_path: Path) -> None:
    text = f"{SETTINGS}\ns1,A\u0092s,state,open,476000,328000\ns2,A\ufffds,state,open,476000,328000\n"
    frame, issues = read(tmp_path, "settings", text)
    assert frame.empty
    assert [issue.check for issue in issues] == ["unreadable_text"] * 2


def test_a_missing_file_and_a_folder_in_its_place(tmp_path: Path) -> None:
    issues: list[Issue] = []
    assert read_table(tmp_path / "none.csv", "settings", issues).empty
    (tmp_path / "folder.csv").mkdir()
    assert read_table(tmp_path / "folder.csv", "settings", issues).empty
    assert [issue.check for issue in issues] == ["file_missing", "file_unreadable"]
    assert not has_table(tmp_path / "none.csv", "settings")


def test_headers_with_spaces_and_capitals_and_columns_not_known(tmp_path: Path) -> None:
    text = "Setting ID, Setting_Name ,sector,status,easting_m,northing_m,nothing_m\ns1,One,state,open,476000,328000,9\n"
    frame, issues = read(tmp_path, "settings", text)
    assert frame["setting_id"].tolist() == ["s1"]
    found = one_fault(issues)
    assert (found.check, found.severity, found.row, found.fix) == (
        "unknown_column",
        "warning",
        1,
        "did you mean northing_m?",
    )


def test_every_missing_column_is_named(tmp_path: Path) -> None:
    frame, issues = read(tmp_path, "settings", "setting_id,setting_name,sector,status\ns1,One,state,open\n")
    assert frame.empty
    assert [(issue.check, issue.column) for issue in issues] == [
        ("column_missing", "easting_m"),
        ("column_missing", "northing_m"),
    ]


def test_the_second_row_of_a_key_is_refused(tmp_path: Path) -> None:
    end = "state,open,476000,328000"
    text = f"{SETTINGS}\ns1,One,{end}\ns2,Two,{end}\ns1,Again,{end}\n"
    frame, issues = read(tmp_path, "settings", text)
    assert frame["setting_name"].tolist() == ["One", "Two"]
    found = one_fault(issues)
    assert (found.check, found.row, found.value) == ("key_twice", 4, "s1")
    assert "row 2" in found.message


def test_every_fault_of_a_row_is_named(tmp_path: Path) -> None:
    _, issues = read(tmp_path, "settings", f"{SETTINGS}\n,One,stat,opened,east,\n")
    assert [(issue.column, issue.check) for issue in issues] == [
        ("setting_id", "blank"),
        ("sector", "unknown_code"),
        ("status", "unknown_code"),
        ("easting_m", "text_in_number"),
        ("northing_m", "blank"),
    ]


def test_a_personal_cell_is_never_repeated(tmp_path: Path) -> None:
    header = "pupil_id,year,origin_id,ncy,sex,need,ehcp,attendance,provision_id"
    text = f"{header}\nCANARY7,2024,alphaton,77,CANARY,CANARY,CANARY,day,p\n"
    frame, issues = read(tmp_path, "placements", text)
    assert frame.empty
    assert len(issues) == 4
    assert "CANARY" not in repr(issues)
    assert "77" not in repr(issues)


def test_a_long_cell_is_shortened_in_the_report(tmp_path: Path) -> None:
    _, issues = read(tmp_path, "places", f"{PLACES}\nalpha,2028,{'9x' * 5_000},,,,,plan\n")
    assert len(one_fault(issues).value) == 60
    assert len(one_fault(issues).message) < 120
