"""Observed journeys: read by id or position, refused by row, never shown; and the command that fits speeds to them."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from sufficiency import cli
from sufficiency.model.geography import BNG
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.journeys import known_places, read_journeys
from sufficiency.sources.roads import read_speeds

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

PLACES = {"home-1": (450_000.0, 200_000.0), "school-9": (460_000.0, 205_000.0)}
TEMPLATE = embedded_directory() / "template"
TOWNS = {
    "alphaton": (476_000, 328_000), "bravoton": (488_000, 328_000), "charlieton": (500_000, 328_000),
    "deltaton": (512_000, 328_000),
}  # fmt: skip


def read(tmp_path: Path, text: str, crs: str = BNG) -> tuple[pd.DataFrame, list]:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    issues: list = []
    return read_journeys(path, PLACES, crs, issues), issues


def test_ids_positions_and_counts(tmp_path: Path):
    found, issues = read(
        tmp_path,
        "origin_id,destination_id,destination_easting_m,destination_northing_m,minutes,journeys\n"
        "home-1,school-9,,,21.5,\n"
        "school-9,,451000,201000,9,190\n",
    )
    assert issues == []
    assert found.to_dict("list") == {
        "row": [2, 3],
        "from_x_m": [450_000, 460_000],
        "from_y_m": [200_000, 205_000],
        "to_x_m": [460_000, 451_000],
        "to_y_m": [205_000, 201_000],
        "minutes": [21.5, 9],
        "journeys": [1, 190],
    }


def test_columns_that_are_absent_are_blank(tmp_path: Path):
    found, issues = read(
        tmp_path,
        "origin_easting_m,origin_northing_m,destination_easting_m,destination_northing_m,minutes\n"
        "450000,200000,451000,201000,9\n",
    )
    assert issues == []
    assert found["from_x_m"].tolist() == [450_000]
    assert found["journeys"].tolist() == [1]


HEADER = (
    "origin_id,origin_easting_m,origin_northing_m,destination_id,destination_easting_m,destination_northing_m,minutes\n"
)


@pytest.mark.parametrize(
    ("row", "column", "check"),
    [
        ("nobody,,,school-9,,,9", "origin_id", "unknown_id"),
        (",,,school-9,,,9", "origin_id", "no_place"),
        ("home-1,,,,,,9", "destination_id", "no_place"),
        ("home-1,450001,200001,school-9,,,9", "origin_id", "two_places"),
        (",450001,,school-9,,,9", "origin_easting_m", "half_a_place"),
        (",-1.3,51.7,school-9,,,9", "origin_easting_m", "position_outside"),
        ("home-1,,,school-9,,,soon", "minutes", "text_in_number"),
        ("home-1,,,school-9,,,", "minutes", "blank"),
        (",far,200001,school-9,,,9", "origin_easting_m", "text_in_number"),
    ],
)
def test_a_faulty_row_is_named_and_its_place_is_not(tmp_path: Path, row: str, column: str, check: str):
    found, issues = read(tmp_path, HEADER + "home-1,,,school-9,,,9\n" + row + "\n")
    assert found["row"].tolist() == [2]
    assert [(issue.row, issue.column, issue.check, issue.severity) for issue in issues] == [(3, column, check, "error")]
    shown = " ".join(str(issue) for issue in issues)
    for word in ("nobody", "home-1", "school-9", "450001", "200001", "51.7", "far'"):
        assert word not in shown


def test_degrees_are_right_where_the_area_is_elsewhere(tmp_path: Path):
    """Only a British area can say what a British position is; 0 to 1,000 m may be a position in another system."""
    found, issues = read(tmp_path, HEADER + ",530,4600,school-9,,,9\n", crs="EPSG:3763")
    assert issues == []
    assert found["from_x_m"].tolist() == [530]


def test_a_missing_file_is_told(tmp_path: Path):
    issues: list = []
    assert read_journeys(tmp_path / "none.csv", PLACES, BNG, issues).empty
    assert [issue.check for issue in issues] == ["file_missing"]


def test_known_places_are_origins_places_and_settings(oxfordshire):
    places = known_places(oxfordshire)
    for table, column in ((oxfordshire.origins, "origin_id"), (oxfordshire.settings, "setting_id")):
        row = table.iloc[3]
        assert places[row[column]] == (row.geometry.x, row.geometry.y)
    outside = oxfordshire.gazetteer[~oxfordshire.gazetteer["zone_id"].isin(oxfordshire.origins["zone_id"])].iloc[0]
    assert places[outside["zone_id"]] == (outside.geometry.x, outside.geometry.y)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Twelve drives between the template's towns at 45 km/h of the straight line, slower than its roads."""
    lines = ["origin_id,destination_id,minutes"]
    for start, end in permutations(TOWNS, 2):
        km = abs(TOWNS[start][0] - TOWNS[end][0]) / 1_000
        lines.append(f"{start},{end},{km / 45 * 60:.1f}")
    path = tmp_path / "taxi log.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_command_fits_and_writes_only_where_told(log: Path, tmp_path: Path, capsys):
    assert cli.main(["calibrate", str(log), str(TEMPLATE)]) == 0
    shown = capsys.readouterr().out
    assert "Speeds of school_morning fitted to 12 journeys" in shown
    assert "after, on journeys left out" in shown
    assert "Written" not in shown
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taxi log.csv"]
    for name in TOWNS:
        assert name not in shown

    out = tmp_path / "speeds.csv"
    assert cli.main(["calibrate", str(log), str(TEMPLATE), "--profile", "off_peak", "--out", str(out)]) == 0
    assert f"Written: {out}" in capsys.readouterr().out
    first = out.read_bytes()
    assert cli.main(["calibrate", str(log), str(TEMPLATE), "--profile", "off_peak", "--out", str(out)]) == 0
    assert f"Replaced: {out}" in capsys.readouterr().out
    assert out.read_bytes() == first
    assert b"calibrated to 12 observed journeys, 20" in first
    assert not any(name.encode() in first for name in TOWNS)

    issues: list = []
    new, old = read_speeds(tmp_path, issues), read_speeds(TEMPLATE / "roads", [])
    assert issues == []
    assert len(new) == len(old) == 90
    slower = new[new["profile"] == "off_peak"].set_index(["road_class", "urban"])["kph"]
    before = old[old["profile"] == "off_peak"].set_index(["road_class", "urban"])["kph"]
    assert slower["primary", False] < before["primary", False]
    assert slower["ferry", False] == before["ferry", False]
    same = new["profile"] != "off_peak"
    assert new.loc[same, "kph"].tolist() == old.loc[same, "kph"].tolist()


def test_the_command_names_every_faulty_row_and_no_place(log: Path, capsys):
    lines = log.read_text(encoding="utf-8").splitlines()
    lines[3] = "alphaton,nowhere-7,12"
    lines[5] = lines[5].rpartition(",")[0] + ",0"
    lines[6] = lines[6].rpartition(",")[0] + ",1"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert cli.main(["calibrate", str(log), str(TEMPLATE)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for words in ("row 4, column destination_id", "row 6, column minutes", "row 7, column minutes",
                  "9 journeys can be used"):  # fmt: skip
        assert words in shown.err
    assert "Traceback" not in shown.err
    assert not any(name in shown.err for name in [*TOWNS, "nowhere-7", "476000"])


def test_a_column_that_is_not_used_is_mentioned(log: Path, capsys):
    lines = log.read_text(encoding="utf-8").splitlines()
    text = [lines[0] + ",vehicle", *(f"{line},7" for line in lines[1:])]
    log.write_text("\n".join(text) + "\n", encoding="utf-8")
    assert cli.main(["calibrate", str(log), str(TEMPLATE)]) == 0
    assert "the column 'vehicle' is not used" in capsys.readouterr().err
