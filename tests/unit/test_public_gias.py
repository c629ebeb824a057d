"""The readers of the register of schools against invented rows, planted faults, and laws of its ids and years."""

from __future__ import annotations

import csv
import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.vocabulary import SECTORS
from sufficiency.sources.public.gias import (
    COLUMNS,
    open_in,
    read_gias,
    read_gias_links,
    same_school_twice,
    with_predecessors,
)
from sufficiency.sources.public.gias_cells import whole_id
from sufficiency.sources.public.gias_codes import KINDS, TYPES, need_code, type_code_of

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

FULL = [
    "URN", "LA (code)", "LA (name)", "EstablishmentNumber", "EstablishmentName", "TypeOfEstablishment (code)",
    "TypeOfEstablishment (name)", "EstablishmentTypeGroup (name)", "EstablishmentStatus (code)",
    "EstablishmentStatus (name)", "OpenDate", "CloseDate", "PhaseOfEducation (name)", "StatutoryLowAge",
    "StatutoryHighAge", "Boarders (name)", "Gender (name)", "SchoolCapacity", "NumberOfPupils", "TelephoneNum",
    "HeadTitle (name)", "HeadFirstName", "HeadLastName", "SEN1 (name)", "SEN2 (name)", "SEN13 (name)",
    "TypeOfResourcedProvision (name)", "ResourcedProvisionOnRoll", "ResourcedProvisionCapacity", "SenUnitOnRoll",
    "SENUnitCapacity", "DistrictAdministrative (code)", "AdministrativeWard (code)", "Postcode", "Easting",
    "Northing", "LSOA (code)",
]  # fmt: skip
NOWHERE = {
    "URN": "990001", "LA (code)": "931", "LA (name)": "Nowhereshire", "EstablishmentNumber": "7001",
    "EstablishmentName": "Imaginary Grange School", "TypeOfEstablishment (code)": "7",
    "TypeOfEstablishment (name)": "Community special school", "EstablishmentStatus (code)": "1",
    "EstablishmentStatus (name)": "Open", "OpenDate": "01-09-1990", "PhaseOfEducation (name)": "Not applicable",
    "StatutoryLowAge": "3", "StatutoryHighAge": "19", "Boarders (name)": "No boarders", "Gender (name)": "Mixed",
    "SchoolCapacity": "120", "NumberOfPupils": "118", "Postcode": "zz1  1zz", "Easting": "453000",
    "Northing": "205000",
}  # fmt: skip


def written(path: Path, rows: list[dict[str, str]], encoding: str = "cp1252") -> Path:
    columns = list(dict.fromkeys([*(FULL if "URN" in rows[0] else []), *(name for row in rows for name in row)]))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(tmp_path: Path, *changes: dict[str, str], encoding: str = "cp1252", **options):
    rows = [{**NOWHERE, "URN": str(990001 + at), **change} for at, change in enumerate(changes)]
    issues: list[Issue] = []
    reading = read_gias(written(tmp_path / "edubasealldata20990101.csv", rows, encoding), issues, **options)
    assert reading is not None
    assert reading.account.closes
    assert reading.account.rows == len(rows)
    assert reading.account.used == len(reading.table)
    assert list(reading.table["urn"]) == sorted(reading.table["urn"])
    return reading.table, reading.account, issues


def checks(issues: list[Issue]) -> list[tuple[int | None, str, str]]:
    return [(issue.row, issue.check, issue.severity) for issue in issues]


def test_a_row_of_the_full_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    table, account, issues = read(
        tmp_path,
        {
            "EstablishmentName": "Ysgol Fân’s £ School",
            "SEN1 (name)": "Not Applicable",
            "SEN2 (name)": "ASD - Autistic Spectrum Disorder",
            "SEN13 (name)": "SpLD - Specific Learning Difficulty",
            "TypeOfResourcedProvision (name)": "Resourced provision and SEN unit",
            "ResourcedProvisionOnRoll": "9",
            "ResourcedProvisionCapacity": "12",
            "SenUnitOnRoll": "0",
            "SENUnitCapacity": "8",
            "DistrictAdministrative (code)": "E07000178",
            "AdministrativeWard (code)": "999",
            "LSOA (code)": "E01028547",
            "CloseDate": "31/08/2031",
        },
    )
    assert tuple(table.columns) == COLUMNS
    expected = {
        "urn": "990001", "school_name": "Ysgol Fân’s £ School", "la_code": "931", "la_name": "Nowhereshire",
        "laestab": "9317001", "type_code": "7", "type_name": "Community special school", "kind": "special_school",
        "sector": "state", "status": "open", "phase_name": "", "age_from": 3, "age_to": 19, "capacity_places": 120.0,
        "pupils": 118.0, "sen_needs": "ASD;SPLD", "resourced_provision": "Resourced provision and SEN unit",
        "resourced_places": 12.0, "resourced_pupils": 9.0, "unit_places": 8.0, "unit_pupils": 0.0,
        "boarders": "No boarders", "sex": "mixed", "easting_m": 453000.0, "northing_m": 205000.0,
        "district_code": "E07000178", "ward_code": "", "lsoa_code": "E01028547", "postcode": "ZZ1 1ZZ",
        "open_date": "1990-09-01", "close_date": "2031-08-31", "predecessor_urns": "",
    }  # fmt: skip
    assert table.iloc[0].to_dict() == expected
    assert str(table["age_from"].dtype) == "Int64"
    assert account.notes["read as Windows text (cp1252)"] == 1
    assert checks(issues) == [(None, "no_area", "note")]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_gives_the_same_table(tmp_path: Path, encoding: str) -> None:
    table, _, issues = read(tmp_path, {"EstablishmentName": "Café £ School"}, encoding=encoding)
    assert list(table["school_name"]) == ["Café £ School"]
    assert issues == []


def test_head_teachers_and_telephones_are_never_read(tmp_path: Path) -> None:
    head = {
        "HeadTitle (name)": "Dr",
        "HeadFirstName": "Quentinella",
        "HeadLastName": "Zzyzx",
        "TelephoneNum": "0199988",
    }
    table, account, issues = read(tmp_path, {**head, "SchoolCapacity": "1,200", "NumberOfPupils": "inf"})
    everything = table.to_csv() + repr(account) + repr(issues)
    assert not [word for word in ("Quentinella", "Zzyzx", "0199988") if word in everything]


def test_a_cut_in_snake_case_has_floats_for_ids_and_no_status(tmp_path: Path) -> None:
    cut = {
        "urn": "990002.0", "la_code": "931", "establishment_number": "7002.0", "establishment_name": "Made Up School",
        "establishment_type": "Free schools - special", "number_of_pupils": "61.0", "easting": "0.0",
        "northing": "0.0", "lsoa_code": "999999999", "longitude": "-7.55", "latitude": "49.76",
    }  # fmt: skip
    issues: list[Issue] = []
    reading = read_gias(written(tmp_path / "cut.csv", [cut], "utf-8"), issues)
    assert reading is not None
    row = reading.table.iloc[0]
    assert (row["urn"], row["laestab"], row["type_code"]) == ("990002", "9317002", "36")
    assert (row["kind"], row["status"], row["pupils"]) == ("special_school", "open", 61.0)
    assert row[["easting_m", "northing_m", "capacity_places"]].isna().all()
    assert reading.account.notes["urn written as a decimal number, repaired"] == 1
    assert reading.account.notes["no column of status: taken as open"] == 1
    assert reading.account.notes["without a position: 0,0 stands for not stated"] == 1
    assert checks(issues) == [(None, "no_status", "note"), (None, "no_area", "note")]


def test_urns_that_are_none_are_set_aside_by_reason(tmp_path: Path) -> None:
    urns = ["1e+05", "9.90002E+05", "", "99000", "990005.5", "9.9e+05", "0990007", "990008"]
    table, account, issues = read(tmp_path, *({"URN": urn} for urn in urns))
    assert list(table["urn"]) == ["990002", "990008"]
    assert account.set_aside == {
        "URN in scientific notation with digits lost": 2, "URN missing": 1, "not a URN": 3,
    }  # fmt: skip
    assert account.notes["urn written as a decimal number, repaired"] == 1
    assert sorted(checks(issues), key=str) == [
        (2, "id_digits_lost", "error"), (4, "blank", "error"), (5, "not_a_urn", "error"), (6, "not_a_urn", "error"),
        (7, "id_digits_lost", "error"), (8, "not_a_urn", "error"),
    ]  # fmt: skip


def test_a_urn_that_lost_digits_comes_back_from_another_register_by_laestab(tmp_path: Path) -> None:
    known, _, _ = read(tmp_path, {}, {"EstablishmentNumber": "7002"}, {"EstablishmentNumber": "7002"})
    table, account, issues = read(
        tmp_path,
        {"URN": "1e+06", "EstablishmentNumber": "7001"},
        {"URN": "1E+05", "EstablishmentNumber": "7001"},
        {"URN": "9.9e+05", "EstablishmentNumber": "7001"},
        {"URN": "9.9e+05", "EstablishmentNumber": "7002"},
        {"URN": "9.9e+05", "EstablishmentNumber": "7003"},
        register=known,
    )
    # 1e+06 has a digit too many, 1E+05 is not what 990001 rounds to, 7002 is two schools, 7003 is none
    assert list(table["urn"]) == ["990001"]
    assert account.notes["URN in scientific notation, repaired from LAESTAB"] == 1
    assert account.set_aside == {"URN in scientific notation with digits lost": 3, "not a URN": 1}
    assert [row for row, check, _ in checks(issues) if check == "id_digits_lost"] == [3, 5, 6]


def test_establishment_numbers_that_lost_digits_need_the_column_laestab(tmp_path: Path) -> None:
    numbers = {"EstablishmentNumber": "7e+03"}
    table, account, issues = read(
        tmp_path, {**numbers, "LAESTAB": "931/7001"}, {**numbers, "LAESTAB": ""}, {"LAESTAB": "9317999"}
    )
    assert list(table["laestab"]) == ["9317001", "", "9317999"]
    assert account.notes["establishment number in scientific notation, repaired from LAESTAB"] == 1
    assert checks(issues) == [(3, "id_digits_lost", "error"), (4, "laestab_differs", "warning")]


@given(st.integers(100_000, 999_999), st.integers(0, 7))
def test_an_id_is_never_another_id(number: int, places: int) -> None:
    """Whatever way a spreadsheet writes a URN, it comes back as itself or not at all."""
    assert whole_id(f"{number}.{'0' * places}" if places else str(number), 6)[0] == str(number)
    text = f"{number:.{places}e}"
    found, how = whole_id(text, 6)
    assert how in {"scientific", "not_an_id"}
    assert found in ({str(number)} if places >= 5 else {""})


@pytest.mark.parametrize(
    ("column", "cell", "check"),
    [
        ("SchoolCapacity", "1,200", "number_format"),
        ("SchoolCapacity", "-5", "out_of_bounds"),
        ("SchoolCapacity", "30.5", "not_whole"),
        ("NumberOfPupils", "inf", "not_finite"),
        ("NumberOfPupils", "1e400", "not_finite"),
        ("NumberOfPupils", "many", "text_in_number"),
        ("StatutoryLowAge", "05-Nov", "date_in_number"),
        ("StatutoryHighAge", "2026-11-05", "date_in_number"),
        ("StatutoryHighAge", "250", "out_of_bounds"),
        ("OpenDate", "31-02-2020", "not_a_date"),
        ("OpenDate", "01/09/20", "not_a_date"),
        ("CloseDate", "45000", "not_a_date"),
        ("AgeRange", "05-Nov", "date_in_text"),
        ("AgeRange", "2026-11-05", "date_in_text"),
        ("AgeRange", "all ages", "not_an_age_range"),
    ],
)
def test_a_cell_at_fault_is_not_stated_and_said_with_its_cure(
    tmp_path: Path, column: str, cell: str, check: str
) -> None:
    table, account, issues = read(tmp_path, {}, {column: cell})
    assert [(i.row, i.key, i.column, i.value, i.check, i.severity) for i in issues] == [
        (3, "990002", column.lower(), cell, check, "error")
    ]
    assert issues[0].fix
    assert len(table) == 2
    assert sum(rows for what, rows in account.notes.items() if what.startswith("cells at fault")) == 1
    name = {"SchoolCapacity": "capacity_places", "NumberOfPupils": "pupils", "StatutoryLowAge": "age_from",
            "StatutoryHighAge": "age_to"}.get(column)  # fmt: skip
    assert name is None or pd.isna(table[name].iloc[1])


def test_hidden_figures_are_missing_and_never_nought(tmp_path: Path) -> None:
    table, account, issues = read(
        tmp_path, {"NumberOfPupils": "c"}, {"NumberOfPupils": "z"}, {"NumberOfPupils": ""}, {"NumberOfPupils": "0"}
    )
    assert np.isnan(table["pupils"].to_numpy()[:3]).all()
    assert table["pupils"].iloc[3] == 0
    assert account.notes["cells of 'numberofpupils': gss symbol"] == 2
    assert [issue.severity for issue in issues] == ["note"]


def test_a_range_of_ages_stands_in_for_both_ages(tmp_path: Path) -> None:
    ages = {"StatutoryLowAge": "", "StatutoryHighAge": ""}
    table, _, issues = read(tmp_path, {**ages, "AgeRange": "5-11"}, {**ages, "AgeRange": "16 to 4"})
    assert table[["age_from", "age_to"]].to_numpy().tolist() == [[5, 11], [16, 4]]
    assert checks(issues) == [(3, "ages_crossed", "warning")]


def test_dates_of_a_column_written_month_first_are_refused_where_they_could_be_either(tmp_path: Path) -> None:
    days = ["09/01/2024", "08/31/2024", "31/08/2024", "2024-09-01"]
    table, _, issues = read(tmp_path, *({"OpenDate": day} for day in days))
    assert list(table["open_date"]) == ["", "", "2024-08-31", "2024-09-01"]
    assert sorted(checks(issues)) == [(2, "date_ambiguous", "error"), (3, "not_a_date", "error")]


def test_positions_that_cannot_be_are_refused_and_told_apart(tmp_path: Path) -> None:
    points = [
        ("453000", "205000"), ("205000", "453000"), ("-1.25", "51.7"), ("51.7", "-1.25"), ("-139150", "6748000"),
        ("", ""), ("0", "0"), ("453000", ""), ("623000", "308000"), ("90000", "10700"),
    ]  # fmt: skip
    table, account, issues = read(tmp_path, *({"Easting": x, "Northing": y} for x, y in points))
    good = [0, 8, 9]
    assert np.flatnonzero(table["easting_m"].notna()).tolist() == good
    assert np.flatnonzero(table["northing_m"].notna()).tolist() == good
    assert sorted(checks(issues)) == [
        (3, "position_swapped", "error"), (4, "degrees_in_metres", "error"), (5, "degrees_in_metres", "error"),
        (6, "outside_grid", "error"), (9, "position_half", "error"),
    ]  # fmt: skip
    assert account.notes["without a position: blank"] == 1
    assert account.notes["without a position: 0,0 stands for not stated"] == 1


def test_the_edges_of_england_are_in_england(tmp_path: Path) -> None:
    """Scilly, Hartland, Dover, Lowestoft, Newcastle on Clun, Walney, Spurn, Drigg, Bowness, Berwick; in km."""
    places = [(90, 10), (223, 124), (632, 141), (655, 293), (324, 282), (317, 468), (540, 411), (306, 499), (322, 562),
              (400, 653)]  # fmt: skip
    apart = ({"Easting": f"{x}000", "Northing": f"{y}000", "LA (code)": str(801 + x)[:3]} for x, y in places)
    table, _, issues = read(tmp_path, *apart)
    assert issues == []
    assert table["easting_m"].tolist() == [1000.0 * x for x, _ in places]


def test_one_swapped_position_among_neighbours_is_found_even_where_it_falls_in_england(tmp_path: Path) -> None:
    """Nottingham the other way round lies on the coast of Lancashire, but not near Nottingham's other schools."""
    around = [{"Easting": str(457000 + 500 * at), "Northing": str(340000 + 400 * at)} for at in range(9)]
    table, _, issues = read(tmp_path, *around, {"Easting": "341000", "Northing": "456000"})
    assert checks(issues) == [(11, "position_swapped", "error")]
    assert table["easting_m"].notna().tolist() == [True] * 9 + [False]


def test_positions_against_the_longitudes_and_latitudes_of_the_same_file(tmp_path: Path) -> None:
    """The position of Caister water tower (Ordnance Survey's worked example) the right and the wrong way round."""
    degrees = {"longitude": "1.716074", "latitude": "52.658008"}
    right, wrong = ("651410", "313177"), ("313177", "651410")
    table, _, issues = read(tmp_path, *({"Easting": x, "Northing": y, **degrees} for x, y in (right, wrong)))
    assert table["easting_m"].notna().tolist() == [True, False]
    assert checks(issues) == [(3, "position_swapped", "error")]


def test_rows_of_one_urn_are_merged_when_they_agree_and_refused_when_not(tmp_path: Path) -> None:
    table, account, issues = read(
        tmp_path,
        {"URN": "990010"}, {"URN": "990010"}, {"URN": "990020"}, {"URN": "990020", "Postcode": "ZZ1 2ZZ"},
        {"URN": "990020"}, {"URN": "990030"},
    )  # fmt: skip
    assert list(table["urn"]) == ["990010", "990030"]
    assert account.set_aside == {"the same row of a URN again": 1, "rows of one URN that differ": 3}
    assert (3, "urn_twice", "note") in checks(issues)
    assert [row for row, check, _ in checks(issues) if check == "urn_differs"] == [4, 5]


def test_only_the_authorities_asked_for_are_read_and_judged(tmp_path: Path) -> None:
    other = {"LA (code)": "857", "SchoolCapacity": "1,200"}
    table, account, issues = read(tmp_path, {}, other, {"LA (code)": "931.0"}, la_codes=("931",))
    assert list(table["urn"]) == ["990001", "990003"]
    assert account.set_aside == {"another local authority, or none stated": 1}
    assert issues == []
    table, account, issues = read(tmp_path, {}, la_codes=("999",))
    assert table.empty
    assert [issue.check for issue in issues] == ["no_such_authority"]


def test_shifted_rows_and_files_of_no_use_are_said_and_never_raise(tmp_path: Path) -> None:
    path = written(tmp_path / "shifted.csv", [NOWHERE, {**NOWHERE, "URN": "990002"}])
    path.write_text(path.read_text("cp1252").rstrip("\n") + ",\n", encoding="cp1252")
    issues: list[Issue] = []
    reading = read_gias(path, issues)
    assert reading is not None
    assert reading.account.closes
    assert (reading.account.rows, reading.account.used) == (2, 1)
    assert checks(issues) == [(3, "row_shifted", "error")]
    for name, text in (("empty.csv", ""), ("other.csv", "a,b\n1,2\n"), ("nameless.csv", "URN\n990001\n")):
        (tmp_path / name).write_text(text)
    for name in ("empty.csv", "other.csv", "nameless.csv", "absent.csv"):
        issues = []
        assert read_gias(tmp_path / name, issues) is None
        assert issues
        assert {issue.severity for issue in issues} == {"error"}


def test_kinds_and_sectors_of_types_by_code_else_by_name(tmp_path: Path) -> None:
    code, name = "TypeOfEstablishment (code)", "TypeOfEstablishment (name)"
    rows = [
        ("8", "", "non_maintained_special", "non_maintained"), ("10", "", "independent_special", "independent"),
        ("28", "", "mainstream", "state"), ("", "Pupil Referral Unit", "alternative_provision", "state"),
        ("", "free schools - 16-19", "mainstream", "state"), ("32.0", "", "specialist_post_16", "independent"),
        ("", "Further education", "further_education", "further_education"), ("15", "", "nursery", "state"),
        ("", "Academy special converter", "special_school", "state"), ("11", "", "independent", "independent"),
        ("49", "", "online", "independent"), ("29", "", "other", ""), ("", "Wizarding school", "other", ""),
        ("7", "Community school", "special_school", "state"),
    ]  # fmt: skip
    table, _, issues = read(tmp_path, *({code: c, name: n} for c, n, _, _ in rows))
    assert list(zip(table["kind"], table["sector"], strict=True)) == [(kind, sector) for *_, kind, sector in rows]
    assert checks(issues) == [(15, "type_differs", "warning"), (14, "unknown_type", "warning")]
    assert {one.kind for one in TYPES.values()} == set(KINDS)
    assert {one.sector for one in TYPES.values()} - {""} == set(SECTORS)
    assert all(type_code_of(one.name) == key for key, one in TYPES.items())


def test_statuses_by_code_or_name(tmp_path: Path) -> None:
    code, name = "EstablishmentStatus (code)", "EstablishmentStatus (name)"
    rows = [("1", ""), ("3", ""), ("", "Open, but proposed to close"), ("4", "Proposed to open"), ("2.0", "Closed"),
            ("2", "Open"), ("", "Dissolved")]  # fmt: skip
    table, _, issues = read(tmp_path, *({code: c, name: n, "CloseDate": "31-08-2020"} for c, n in rows))
    assert list(table["status"]) == [
        "open", "open_but_closing", "open_but_closing", "proposed", "closed", "closed", "",
    ]  # fmt: skip
    assert checks(issues) == [(7, "status_differs", "warning"), (8, "unknown_status", "error")]


def test_needs_in_the_words_of_files(tmp_path: Path) -> None:
    said = {
        "ASD - Autistic Spectrum Disorder": "ASD", "SpLD - Specific Learning Difficulty": "SPLD", "slcn": "SLCN",
        "SEMH - Social, Emotional and Mental Health": "SEMH", "OTH - Other Difficulty/Disability": "OTH",
        "Multi-sensory impairment": "MSI", "Visual impairment": "VI", "Not Applicable": "", "": "",
        "BESD - Behaviour, Emotional and Social Difficulty": None, "dyscalculia": None,
    }  # fmt: skip
    assert {text: need_code(text) for text in said} == said
    table, account, issues = read(tmp_path, {"SEN1 (name)": "BESD", "SEN2 (name)": "asd", "SEN13 (name)": "ASD"})
    assert list(table["sen_needs"]) == ["ASD"]
    assert [(i.row, i.column, i.value, i.check) for i in issues] == [(2, "sen1 (name)", "BESD", "unknown_need")]
    assert account.notes["cells at fault, read as not stated: 'sen1 (name)'"] == 1


def test_many_faults_of_one_kind_are_counted_not_listed(tmp_path: Path) -> None:
    _, account, issues = read(tmp_path, *({"SchoolCapacity": "lots"} for _ in range(40)))
    assert len(issues) == 6
    assert issues[-1].message.startswith("35 more cells")
    assert account.notes["cells at fault, read as not stated: 'schoolcapacity'"] == 40


LINKS = "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n"


def test_links_are_read_and_odd_ones_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "links_edubasealldata20990101.csv"
    path.write_text(
        LINKS + "990002,990001.0,Old School,Predecessor,01-09-2025\n"
        "990001,990002,New School,Successor,\n"
        "990001,990002,New School,Successor,\n"
        "990001,,Nobody,Successor,\n"
        "none,990001,Nobody,Successor,\n"
    )
    issues: list[Issue] = []
    reading = read_gias_links(path, issues)
    assert reading is not None
    assert reading.table.to_numpy().tolist() == [
        ["990001", "990002", "New School", "Successor", ""],
        ["990002", "990001", "Old School", "Predecessor", "2025-09-01"],
    ]
    assert reading.account.closes
    assert (reading.account.rows, reading.account.used) == (5, 2)
    assert {issue.row for issue in issues} == {5, 6}
    assert read_gias_links(tmp_path / "none.csv", issues) is None


def links_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(urn, other, "", kind, "") for urn, other, kind in rows],
                        columns=["urn", "link_urn", "link_name", "link_type", "link_date"])  # fmt: skip


OLD = {"URN": "990001", "CloseDate": "31-08-2025", "EstablishmentStatus (code)": "2", "EstablishmentStatus (name)": ""}
NEW = {"URN": "990002", "OpenDate": "01-09-2025", "EstablishmentName": "Imaginary Grange Academy",
       "TypeOfEstablishment (code)": "44", "TypeOfEstablishment (name)": ""}  # fmt: skip


def test_an_academised_school_has_its_places_once_in_every_year(tmp_path: Path) -> None:
    table, _, _ = read(tmp_path, OLD, NEW)
    assert same_school_twice(table).to_numpy().tolist() == [
        ["990001", "990002", "Imaginary Grange School", "Imaginary Grange Academy", "2025-08-31", "2025-09-01",
         "place, name and dates"]
    ]  # fmt: skip
    for year, urn in ((1989, None), (1990, "990001"), (2024, "990001"), (2025, "990002"), (2040, "990002")):
        assert list(open_in(table, year)["urn"]) == ([urn] if urn else [])


@pytest.mark.parametrize(
    ("change", "pair"),
    [
        ({}, True),
        ({"Postcode": "ZZ9 9ZZ"}, True),  # the same position
        ({"Postcode": "ZZ9 9ZZ", "Easting": "453099"}, True),  # 99 m away
        ({"Easting": "463000"}, True),  # the same postcode
        ({"Postcode": "ZZ9 9ZZ", "Easting": "453101"}, False),  # 101 m away
        ({"EstablishmentName": "Somewhere Else Academy"}, False),
        ({"OpenDate": "01-09-2026"}, False),
        ({"TypeOfEstablishment (code)": "34"}, False),  # a mainstream school is not the special school's successor
        ({"OpenDate": ""}, False),
    ],
)
def test_pairs_need_place_name_kind_and_dates(tmp_path: Path, change: dict[str, str], pair: bool) -> None:
    table, _, _ = read(tmp_path, OLD, {**NEW, **change})
    assert len(same_school_twice(table)) == pair


def test_links_find_what_names_do_not_and_mergers_into_a_school_that_goes_on_are_no_pair(tmp_path: Path) -> None:
    table, _, _ = read(tmp_path, OLD, {**NEW, "EstablishmentName": "Phoenix Rising", "Postcode": "ZZ5 5ZZ"})
    assert len(open_in(table, 2025)) == 1
    for links in (links_of(("990002", "990001", "Predecessor")), links_of(("990001", "990002", "Successor")),
                  links_of(("990001", "990002", "Successor - amalgamated"))):  # fmt: skip
        pairs = same_school_twice(table, links)
        assert pairs[["predecessor_urn", "successor_urn", "found_by"]].to_numpy().tolist() == [
            ["990001", "990002", "link"]
        ]
        assert list(with_predecessors(table, links)["predecessor_urns"]) == ["", "990001"]
    both_open, _, _ = read(tmp_path, {}, {**NEW, "EstablishmentName": "Phoenix Rising"})
    link = links_of(("990002", "990001", "Predecessor"))
    assert [list(open_in(both_open, year, link)["urn"]) for year in (2024, 2025)] == [["990001"], ["990002"]]
    merged = links_of(("990002", "990001", "Predecessor - merged"), ("990002", "999999", "Predecessor"))
    assert same_school_twice(table, merged[:1]).empty
    assert same_school_twice(table, merged).empty


@settings(max_examples=30, deadline=None)
@given(
    closing=st.dates(dt.date(2025, 8, 20), dt.date(2026, 9, 10)),
    gap=st.integers(-5, 40),
    before=st.integers(2020, 2024),
)
def test_a_school_that_changes_its_urn_on_any_day_counts_once(closing: dt.date, gap: int, before: int) -> None:
    """In every year in which either is open, one is in: the one open on 1 September if only one of them was."""
    opening = closing + dt.timedelta(days=gap + 1)
    base = dict.fromkeys(COLUMNS, "") | {"kind": "special_school", "easting_m": 1.0, "northing_m": 1.0}
    base |= {"school_name": "Imaginary Grange", "status": "open"}
    table = pd.DataFrame(
        [
            {**base, "urn": "990001", "open_date": "1990-09-01", "close_date": closing.isoformat()},
            {**base, "urn": "990002", "open_date": opening.isoformat()},
        ]
    )
    assert list(open_in(table, before)["urn"]) == ["990001"]
    for year in range(2024, 2027):
        first, last = dt.date(year, 9, 1), dt.date(year + 1, 8, 31)
        old_there, new_there = closing >= first, opening <= last
        expected = [urn for urn, there in (("990001", old_there), ("990002", new_there)) if there]
        if len(expected) == 2:
            expected = ["990002"] if opening <= first else ["990001"]
        assert list(open_in(table, year)["urn"]) == expected
    links = links_of(("990002", "990001", "Predecessor"))
    pd.testing.assert_frame_equal(open_in(table, 2025, links), open_in(table, 2025))


def test_three_become_one_within_a_year(tmp_path: Path) -> None:
    """Infants and juniors close on 31 December, their primary opens on 1 January: two in the year, then one."""
    closing = {"CloseDate": "31-12-2025", "EstablishmentStatus (code)": "2", "EstablishmentStatus (name)": ""}
    table, _, _ = read(tmp_path, closing, closing, {"OpenDate": "01-01-2026"})
    links = links_of(
        ("990003", "990001", "Predecessor - amalgamated"), ("990003", "990002", "Predecessor - amalgamated")
    )
    assert list(open_in(table, 2025, links)["urn"]) == ["990001", "990002"]
    assert list(open_in(table, 2026, links)["urn"]) == ["990003"]


def test_years_of_proposed_and_undated_schools(tmp_path: Path) -> None:
    status = "EstablishmentStatus (code)"
    names = {"EstablishmentStatus (name)": ""}
    table, _, issues = read(
        tmp_path,
        {status: "4", **names, "OpenDate": "01-09-2028"},
        {status: "4", **names, "OpenDate": ""},
        {status: "2", **names},
        {status: "1", **names, "OpenDate": ""},
    )
    assert list(open_in(table, 2027)["urn"]) == ["990004"]
    assert list(open_in(table, 2028)["urn"]) == ["990001", "990004"]
    assert [issue.check for issue in issues] == ["closed_undated"]


@pytest.mark.parametrize(
    ("opened", "closed", "years"),
    [
        ("2025-08-31", "", [2024, 2025, 2026]),
        ("2025-09-01", "", [2025, 2026]),
        ("", "2025-08-31", [2023, 2024]),
        ("", "2025-09-01", [2023, 2024, 2025]),
        ("2025-08-31", "2025-09-01", [2024, 2025]),
    ],
)
def test_a_year_runs_from_its_first_day_to_its_last(tmp_path: Path, opened: str, closed: str, years: list[int]) -> None:
    table, _, _ = read(tmp_path, {"OpenDate": opened, "CloseDate": closed})
    assert [year for year in range(2023, 2027) if len(open_in(table, year))] == years


def test_the_tables_given_are_not_changed(tmp_path: Path) -> None:
    table, _, _ = read(tmp_path, OLD, NEW)
    links = links_of(("990002", "990001", "Predecessor"))
    before, links_before = table.copy(), links.copy()
    open_in(table, 2025, links)
    with_predecessors(table, links)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(links, links_before)
