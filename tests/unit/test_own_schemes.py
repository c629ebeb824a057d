"""Schemes in a scenario's own file: the same as rows of schemes.csv, with faults that name the file."""

from __future__ import annotations

import argparse
import csv
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import sufficiency
from sufficiency import apply_scenario
from sufficiency.checks import check
from sufficiency.cli import main
from sufficiency.cli.scenario_files import with_scenario_files
from sufficiency.model.errors import DataError
from sufficiency.run import run_id
from sufficiency.sources.area import read_area
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.scenario_text import scenario_text

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
[[own_schemes]]
scheme_id = "base-wantage"
scheme_name = "Base at Wantage"
action = "open"
setting_id = "base-wantage"
setting_name = "Base at Wantage"
easting_m = 440100
northing_m = 187900
provision_type = "specialist_base"
department = "secondary"
ncy_from = 7
ncy_to = 11
needs = ["ASD", "SLCN"]
sex = "any"
ehcp_required = true
attendance = "day"
tier = "local"
capital_gbp_central = 2_500_000.0
funding_status = "unfunded"
source = "made up"
quality = "illustrative"
places = [
  { year = 2027, ncy_from = 7, ncy_to = 11, places = 20 },
  { year = 2028, ncy_from = 7, ncy_to = 11, places = 30 },
]
"""
HEAD = 'name = "idea"\ntitle = "An idea"\nbased_on = "committed"\nschemes = []\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("own") / "area"
    shutil.copytree(embedded_directory(), where)
    return where


def written(folder: Path, text: str, name: str = "idea") -> Path:
    path = folder / "schemes" / "scenarios" / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder):
    found = check(read_area(folder))
    return found[found["severity"] == "error"]


def test_an_own_scheme_is_a_row_of_the_tables_under_the_scenarios_name(folder):
    written(folder, HEAD + BASE)
    inputs = read_area(folder)
    row = inputs.schemes.set_index("scheme_id").loc["idea.base-wantage"]
    assert (row["needs"], row["district_id"], row["capital_gbp_central"]) == ("ASD;SLCN", "E07000180", 2_500_000.0)
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"] == "idea.base-wantage"]
    assert stock[["year", "places"]].to_numpy().tolist() == [[2027, 20], [2028, 30]]
    assert inputs.scenarios["idea"].scheme_ids[-1] == "idea.base-wantage"
    committed = inputs.scenarios["committed"].scheme_ids
    assert inputs.scenarios["idea"].scheme_ids == (*committed, "idea.base-wantage")
    assert faults(folder).empty


def test_it_does_what_the_same_scheme_in_the_csv_does(folder, tmp_path):
    written(folder, HEAD + BASE)
    own = apply_scenario(read_area(folder), "idea")
    other = tmp_path / "area"
    shutil.copytree(folder, other)
    written(other, 'name = "idea"\ntitle = "An idea"\nbased_on = "committed"\nschemes = ["idea.base-wantage"]\n')
    cells = {
        "scheme_id": "idea.base-wantage", "scheme_name": "Base at Wantage", "action": "open",
        "setting_id": "base-wantage",
        "setting_name": "Base at Wantage", "easting_m": "440100", "northing_m": "187900",
        "provision_type": "specialist_base", "department": "secondary", "ncy_from": "7", "ncy_to": "11",
        "needs": "ASD;SLCN", "sex": "any", "ehcp_required": "true", "attendance": "day", "tier": "local",
        "capital_gbp_central": "2500000", "funding_status": "unfunded", "source": "made up", "quality": "illustrative",
    }  # fmt: skip
    schemes = other / "schemes" / "schemes.csv"
    with schemes.open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    with schemes.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, header, restval="").writerow(cells)
    with (other / "schemes" / "scheme_places.csv").open("a", newline="", encoding="utf-8") as file:
        file.write("idea.base-wantage,2027,7,11,20,,\nidea.base-wantage,2028,7,11,30,,\n")
    csv_way = apply_scenario(read_area(other), "idea")
    for table in ("provision", "places"):
        pd.testing.assert_frame_equal(getattr(own, table), getattr(csv_way, table))
    pd.testing.assert_frame_equal(pd.DataFrame(own.settings), pd.DataFrame(csv_way.settings))


def test_written_and_read_back_it_is_the_same(folder):
    path = written(folder, HEAD + BASE)
    first = read_area(folder)
    path.write_text(scenario_text(first.scenarios["idea"], first.schemes, first.scheme_places), encoding="utf-8")
    second = read_area(folder)
    assert second.scenarios["idea"].scheme_ids == first.scenarios["idea"].scheme_ids
    pd.testing.assert_frame_equal(pd.DataFrame(first.schemes), pd.DataFrame(second.schemes))
    pd.testing.assert_frame_equal(first.scheme_places, second.scheme_places)


def test_a_copy_under_another_name_stands_beside_it(folder):
    written(folder, HEAD + BASE)
    copy = written(folder, HEAD.replace("idea", "second") + BASE, "second")
    try:
        inputs = read_area(folder)
        assert {"idea.base-wantage", "second.base-wantage"} <= set(inputs.schemes["scheme_id"])
        assert faults(folder).empty
    finally:
        copy.unlink()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('action = "open"', 'action = "opne"', "is not a code of action"),
        ("easting_m = 440100", 'easting_m = "four"', "is not a number"),
        ('scheme_id = "base-wantage"', 'scheme_id = "../x"', "the id '../x' is none"),
        ("places = 30", "places = -3", "at least 0"),
        ("easting_m = 440100\n", "", "easting_m"),
        ("places = [\n", "placess = [\n", "has no list of places"),
        ("ncy_to = 11\nneeds", "ncy_to = 11\nncy_too = 12\nneeds", "'ncy_too' is not used"),
        ('action = "open"', 'action = "expand"', "unknown setting base-wantage"),
    ],
)
def test_a_fault_names_the_scenarios_file(folder, old, new, says):
    assert old in BASE
    written(folder, HEAD + BASE.replace(old, new))
    found = check(read_area(folder))
    told = found[found["message"].str.contains(says, regex=False) | found["column"].str.contains(says, regex=False)]
    assert len(told), found[["file", "message"]].to_string()
    assert set(told["file"]) == {"schemes/scenarios/idea.toml"}


def test_a_scheme_twice_in_one_file_is_refused(folder):
    written(folder, HEAD + BASE + BASE)
    assert "the scheme 'base-wantage' stands twice" in set(faults(folder)["message"])


def test_a_file_elsewhere_is_read_as_if_it_lay_in_the_area(folder, tmp_path):
    written(folder, HEAD + BASE)
    inside = sufficiency.load(folder)
    outside = tmp_path / "idea.toml"
    outside.write_text(HEAD + BASE, encoding="utf-8")
    options = argparse.Namespace(scenario=["programme", str(outside)])
    options, joined = with_scenario_files(options, sufficiency.load())
    assert options.scenario == ["programme", "idea"]
    assert joined.scenarios["idea"] == inside.scenarios["idea"]
    pd.testing.assert_frame_equal(pd.DataFrame(joined.schemes), pd.DataFrame(inside.schemes))
    pd.testing.assert_frame_equal(joined.scheme_places, inside.scheme_places)
    assert run_id(joined, options.scenario) == run_id(inside, options.scenario)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('action = "open"', 'action = "expand"', "unknown setting base-wantage"),
        (
            "capital_gbp_central = 2_500_000.0",
            "capital_gbp_central = 2_500_000.0\ncapital_gbp_low = 9e6",
            "do not rise",
        ),
        ('based_on = "committed"', 'based_on = "comitted"', "there is no scenario 'comitted'"),
        ("places = 20", 'places = "twenty"', "is not a number"),
    ],
)
def test_a_file_elsewhere_at_fault_is_refused_in_words(tmp_path, old, new, says):
    path = tmp_path / "idea.toml"
    path.write_text((HEAD + BASE).replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        with_scenario_files(argparse.Namespace(scenario=str(path)), sufficiency.load())
    assert caught.value.issues is not None
    assert caught.value.issues["message"].str.contains(says, regex=False).any()
    assert set(caught.value.issues["file"]) == {"schemes/scenarios/idea.toml"}


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path, capsys):
    assert main(["run", "--scenario", str(tmp_path / "none.toml"), "--out", str(tmp_path / "out")]) != 0
    told = capsys.readouterr()
    assert "none.toml" in told.err + told.out
    assert "Traceback" not in told.err + told.out
    assert not (tmp_path / "out").exists()
