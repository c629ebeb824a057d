"""From a folder of invented public files to an area: recognised, accounted for, written whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import sufficiency
from sufficiency.cli import main
from sufficiency.model.errors import DataError
from sufficiency.model.parameters import read_parameters
from sufficiency.prepare import Question, prepare_area
from sufficiency.prepare.ground import starting_clusters
from sufficiency.prepare.plans import school_age_people
from sufficiency.prepare.recognise import area_table, recognise
from sufficiency.prepare.schools import year_groups
from tests import invented_files as invented

if TYPE_CHECKING:
    from pathlib import Path

DATE = dt.date(2026, 11, 26)


def question(**changed) -> Question:
    """Return the question about the invented county."""
    given = {"county_code": invented.COUNTY, "county_name": invented.NAME, "calibration_year": 2024, "first_year": 2025,
             "headline_year": 2027, "last_year": 2028, "clusters": 2, "population_year": 2024}  # fmt: skip
    return Question(**{**given, **changed})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    return invented.write_files(folder, invented.public_files())


@pytest.fixture(scope="module")
def prepared(files: Path, tmp_path_factory: pytest.TempPathFactory):
    area = tmp_path_factory.mktemp("prepared") / "area"
    return prepare_area(files, area, question(), report_date=DATE), area


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_are_known_by_their_columns_not_their_names(files: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(files.rglob("*"))):
        if path.is_file() and path.suffix in {".csv", ".geojson"} and not path.name.startswith("Blade"):
            (tmp_path / f"file-{number}{path.suffix}").write_bytes(path.read_bytes())
    (tmp_path / "shopping.csv").write_text("bread,milk\n1,2\n", encoding="utf-8")
    (tmp_path / "read me.txt").write_text("hello", encoding="utf-8")
    found, unknown = recognise(tmp_path)
    assert {"boundaries", "population", "gias", "ehc_plans", "postcodes"} <= set(found)
    assert [path.name for path in unknown] == ["read me.txt", "shopping.csv"]


def test_two_tables_of_one_file_name_are_told_apart_by_their_columns() -> None:
    schools = ("provision_id", "year", "planned_places", "commissioned_places", "physical_places", "on_roll_pupils",
               "out_of_area_on_roll_pupils", "basis")  # fmt: skip
    towns = ("zone_id", "place_name", "kind", "easting_m", "northing_m", "district_id", "authority_name", "people")
    assert area_table("places", schools) == "places"
    assert area_table("places", towns) == "gazetteer"
    assert area_table("places", ("name", "x", "y")) == ""


def test_the_area_can_be_read_checked_and_assessed_as_any_other(prepared) -> None:
    found, area = prepared
    assert all(account.closes for account in found.accounts)
    parameters = read_parameters(area / "area.toml")
    assert (parameters.area_name, parameters.county_id, parameters.report_date) == ("Nowhereshire", "E10999001", DATE)
    assert parameters.years == (2024, 2025, 2026, 2027, 2028)
    assert parameters.value("forecast_method") == "rates"
    assert parameters.value("placement_mix") == "as_today"
    places = rows(area / "schools" / "places.csv")
    assert {row["year"] for row in places} == {"2024", "2025", "2026", "2027", "2028"}
    stated = {(row["provision_id"], row["planned_places"]) for row in places if row["year"] == "2024"}
    assert {
        ("900001-all", "150"),
        ("900002-all", "130"),
        ("900010-resourced", "40"),
        ("900011-resourced", "50"),
    } <= stated
    assert {row["basis"] for row in places if row["year"] != "2024"} == {"assumed"}
    zones = rows(area / "boundaries" / "places.csv")
    assert len(zones) == invented.WIDE * invented.DEEP
    assert {row["kind"] for row in zones} == {"statistical_area"}


def test_nothing_is_written_while_there_is_a_fault(files: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for path in files.rglob("*"):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    for path in folder.glob("*.geojson"):
        path.unlink()
    area = tmp_path / "area"
    asked = ["--code", invented.COUNTY, "--name", invented.NAME, "--population-year", "2024"]
    assert main(["prepare", str(folder), str(area), *asked]) == 2
    shown = capsys.readouterr().err
    assert "boundaries" in shown
    assert "Traceback" not in shown
    assert not area.exists() or not list(area.iterdir())


def test_a_folder_with_something_in_it_is_left_alone(files: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("1", encoding="utf-8")
    with pytest.raises(DataError, match="is not empty"):
        prepare_area(files, tmp_path, question(), report_date=DATE)
    with pytest.raises(DataError, match="is no folder"):
        prepare_area(tmp_path / "nowhere", tmp_path / "area", question(), report_date=DATE)


def test_a_table_of_the_council_goes_before_what_would_be_made(files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for path in files.rglob("*"):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    controls = "".join(f"{year},headline,{100 + year - 2024},,\n" for year in range(2024, 2029))
    (folder / "controls.csv").write_text(f"year,stream,pupils,low_pupils,high_pupils\n{controls}", encoding="utf-8")
    found = prepare_area(folder, tmp_path / "area", question(), report_date=DATE)
    assert found.tables["controls"]["pupils"].tolist() == [100, 101, 102, 103, 104]
    assert read_parameters(tmp_path / "area" / "area.toml").value("forecast_method") == "controls"


def test_the_same_files_give_the_same_bytes(files: Path, prepared, tmp_path: Path) -> None:
    _, area = prepared
    again = tmp_path / "again"
    prepare_area(files, again, question(), report_date=DATE)
    first = {path.relative_to(area): path.read_bytes() for path in area.rglob("*") if path.is_file()}
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    # pseudonyms of pupils are new in each reading, on purpose
    for name in [name for name in first if name.name == "placements.csv"]:
        first.pop(name), second.pop(name)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize(
    ("age_from", "age_to", "phase", "kind", "expected"),
    [
        (4, 11, "Primary", "mainstream", (0, 6)),
        (5, 11, "Primary", "mainstream", (0, 6)),
        (11, 18, "Secondary", "mainstream", (7, 13)),
        (11, 16, "Secondary", "mainstream", (7, 11)),
        (2, 19, "Not applicable", "special_school", (-2, 14)),
        (7, 18, "Not applicable", "special_school", (3, 13)),
        (np.nan, np.nan, "Primary", "mainstream", (0, 6)),
        (np.nan, np.nan, "Not applicable", "special_school", (0, 14)),
    ],
)
def test_year_groups_of_a_school(age_from, age_to, phase, kind, expected) -> None:
    assert year_groups(age_from, age_to, phase, kind) == expected


def test_starting_clusters_are_compact_and_even() -> None:
    # Eight points in a row, four groups: pairs of neighbours.
    points = np.array([[1000.0 * x, 0.0] for x in range(8)])
    assert starting_clusters(points, 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    # Two towns far apart are never mixed.
    towns = np.array([[0, 0], [0, 10], [5, 5], [90_000, 0], [90_000, 10], [90_005, 5]], float)
    found = starting_clusters(towns, 2)
    assert len(set(found[:3])) == len(set(found[3:])) == 1
    assert starting_clusters(points[:2], 5).tolist() == [0, 1]
    sizes = np.bincount(starting_clusters(np.random.default_rng(1).uniform(0, 1e4, (101, 2)), 5))
    assert sizes.max() - sizes.min() <= 2


def test_people_of_school_age_in_a_year_before_and_after() -> None:
    people = pd.Series({age: 100.0 + age for age in range(26)})
    # Of 2020: ages 4 to 17 themselves. Of 2018: those who are 6 to 19 in 2020. Of 2026: ages -2 to 11, unborn as age 0.
    assert school_age_people(people, 2020, 2020) == sum(100 + age for age in range(4, 18))
    assert school_age_people(people, 2020, 2018) == sum(100 + age for age in range(6, 20))
    assert school_age_people(people, 2020, 2026) == 2 * 100 + sum(100 + age for age in range(12))


def test_a_prepared_area_is_loaded_and_assessed(prepared) -> None:
    _, area = prepared
    inputs = sufficiency.load(area)
    assert inputs.accounts is not None
    assert inputs.accounts["rows"].sum() > 0
    found = sufficiency.assess(inputs, policies=("optimal",))
    assert (found.conservation["in"] == found.conservation[["placed", "unplaced", "excluded"]].sum(axis=1)).all()
    assert all(certificate.optimal for certificate in found.allocation.certificates)


def copied(files: Path, folder: Path, **more: bytes) -> Path:
    """Return a copy of the files with others added or put in their place (``name__ext`` is name.ext)."""
    folder.mkdir()
    for path in files.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for name, raw in more.items():
        (folder / name.replace("__", ".")).write_bytes(raw)
    return folder


def accounts(found) -> dict[str, object]:
    return {account.file: account for account in found.accounts}


def test_the_later_vintage_of_boundaries_is_used_whatever_the_names(files: Path, tmp_path: Path) -> None:
    older = (files / "lsoa.geojson").read_bytes().replace(b"LSOA21", b"LSOA11").replace(b"E01", b"E09")
    folder = copied(files, tmp_path / "files", zz_older__geojson=older)
    found = prepare_area(folder, tmp_path / "area", question(), report_date=DATE)
    assert found.tables["gazetteer"]["zone_id"].str.startswith("E01").all()
    left = accounts(found)["zz_older.geojson"]
    assert (left.used, left.set_aside["another vintage is used"]) == (0, invented.WIDE * invented.DEEP)


def test_zones_of_other_districts_are_set_aside_in_the_account(files: Path, tmp_path: Path) -> None:
    found = prepare_area(files, tmp_path / "area", question(districts=(invented.SOUTH,)), report_date=DATE)
    # The north has one row of four zones, the south two.
    assert accounts(found)["lsoa.geojson"].set_aside == {"outside the districts": 4}
    assert accounts(found)["lsoa.geojson"].used == 8
    districts = found.tables["areas"]
    assert districts.loc[districts["level"] == "district", "area_id"].tolist() == [invented.SOUTH]


def test_a_hidden_yield_is_missing_and_not_none(files: Path, tmp_path: Path) -> None:
    whole = prepare_area(files, tmp_path / "whole", question(), report_date=DATE)
    with (files / "yields.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    names = ("time_period", "SEN_type", "number_of_pupils_with_SEN", "total_number_of_pupils")
    year, sen, count, total = (lines[0].index(name) for name in names)
    newest = max(line[year] for line in lines[1:])
    mine = [line for line in lines[1:] if line[year] == newest and line[sen] == "EHCP"]
    share = sum(int(line[count]) for line in mine) / sum(int(line[total]) for line in mine)
    assert whole.assumptions["new_homes_ehcp_share"][0] == f"{share:.4f}"
    mine[0][count] = "c"
    rest = sum(int(line[count]) for line in mine[1:]) / sum(int(line[total]) for line in mine[1:])
    text = "\n".join(",".join(line) for line in lines) + "\n"
    folder = copied(files, tmp_path / "files", yields__csv=text.encode())
    found = prepare_area(folder, tmp_path / "area", question(), report_date=DATE)
    assert found.assumptions["new_homes_ehcp_share"][0] == f"{rest:.4f}"


def test_years_that_do_not_agree_are_refused(files: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        prepare_area(files, tmp_path / "area", question(calibration_year=2010, first_year=2011, population_year=None),
                     report_date=DATE)  # fmt: skip
    said = " ".join(refused.value.issues["message"])
    assert "the newest plans of the release are of 2024/25; the calibration year is 2010/11" in said
    assert "the population is of mid-2024, after the calibration year 2010/11" in said


def test_a_table_given_twice_is_refused(files: Path, tmp_path: Path) -> None:
    rows = b"need,phase,place_sought,provision_type,order,penalty_min,source\n"
    folder = copied(files, tmp_path / "files", acceptance__csv=rows)
    (folder / "more").mkdir()
    (folder / "more" / "acceptance.csv").write_bytes(rows)
    with pytest.raises(DataError) as refused:
        prepare_area(folder, tmp_path / "area", question(), report_date=DATE)
    assert "there are two files of the table acceptance" in set(refused.value.issues["message"])
