"""The readers of schools' files against real cuts and header samples, counted again with the csv module alone."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sufficiency.sources.public.gias import open_in, read_gias, same_school_twice
from sufficiency.sources.public.sen_schools import read_sen_schools

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

pytestmark = pytest.mark.real

OXFORDSHIRE = "oxfordshire/schools/gias_open_20250524.csv"
RUTLAND = "rutland/gias_open_20250524.csv"
REGISTER_SAMPLE = "oxfordshire/schools/SYNTHETIC_gias_header_sample.csv"
SEN_SAMPLE = "oxfordshire/schools/SYNTHETIC_sen_school_level_header_sample.csv"
STATE_SPECIAL = {
    "Community special school", "Foundation special school", "Academy special converter", "Academy special sponsor led",
    "Free schools special",
}  # fmt: skip


def counted(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if any(row.values())]


@pytest.mark.parametrize(("name", "la", "schools", "unplaced"), [(OXFORDSHIRE, "931", 372, 2), (RUTLAND, "857", 27, 0)])
def test_every_school_of_the_cuts_is_read(real_data: Path, name: str, la: str, schools: int, unplaced: int) -> None:
    issues: list[Issue] = []
    reading = read_gias(real_data / name, issues, la_codes=(la,))
    assert reading is not None
    table, account = reading
    rows = counted(real_data / name)
    assert (account.rows, account.used, account.set_aside) == (schools, schools, {})
    assert set(table["urn"]) == {row["urn"].removesuffix(".0") for row in rows}
    assert set(table["status"]) == {"open"}
    assert table["easting_m"].isna().sum() == table["northing_m"].isna().sum() == unplaced
    assert table["easting_m"].sum() == sum(float(row["easting"]) for row in rows)
    assert table["northing_m"].sum() == sum(float(row["northing"]) for row in rows)
    assert table["pupils"].sum() == sum(float(row["number_of_pupils"] or 0) for row in rows)
    assert table["pupils"].isna().sum() == sum(not row["number_of_pupils"] for row in rows)
    by_name = Counter(row["establishment_type"] for row in rows)
    kinds = Counter(table["kind"])
    assert kinds["special_school"] == sum(by_name[kind] for kind in STATE_SPECIAL)
    assert kinds["independent_special"] == by_name["Other independent special school"]
    assert kinds["non_maintained_special"] == by_name["Non-maintained special school"]
    assert kinds["nursery"] == by_name["Local authority nursery school"]
    assert {issue.severity for issue in issues} == {"note"}
    assert len(open_in(table, 2024)) == schools
    assert same_school_twice(table).empty


@pytest.mark.parametrize(
    ("name", "without"),
    [
        (OXFORDSHIRE, ()),
        (OXFORDSHIRE, ("longitude", "latitude")),
        # the other way round Rutland lies in the Lake District: only the file's own degrees tell
        (RUTLAND, ()),
    ],
)
def test_positions_written_the_wrong_way_round_are_refused_one_and_all(
    real_data: Path, tmp_path: Path, name: str, without: tuple[str, ...]
) -> None:
    rows = counted(real_data / name)
    names = [column for column in rows[0] if column not in without]
    for swapped in (range(len(rows)), range(20, 21)):
        path = tmp_path / "swapped.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, extrasaction="ignore")
            writer.writeheader()
            for at, row in enumerate(rows):
                turn = {"easting": row["northing"], "northing": row["easting"]} if at in swapped else {}
                writer.writerow({**row, **turn})
        issues: list[Issue] = []
        reading = read_gias(path, issues)
        assert reading is not None
        placed = [row["easting"] != "0.0" for row in rows]
        lost = sum(placed[at] for at in swapped)
        assert reading.table["easting_m"].notna().sum() == sum(placed) - lost
        assert "position_swapped" in {issue.check for issue in issues}


def test_the_register_s_sample_loads(real_data: Path) -> None:
    issues: list[Issue] = []
    reading = read_gias(real_data / REGISTER_SAMPLE, issues)
    assert reading is not None
    rows = counted(real_data / REGISTER_SAMPLE)
    table = reading.table
    assert (reading.account.rows, reading.account.used) == (len(rows), len(rows)) == (60, 60)
    assert table["capacity_places"].sum() == sum(int(row["SchoolCapacity"]) for row in rows)
    assert table["pupils"].sum() == sum(int(row["NumberOfPupils"]) for row in rows)
    assert (table["status"] == "closed").sum() == sum(row["EstablishmentStatus (code)"] == "2" for row in rows) == 10
    assert table["open_date"].str[:4].tolist() == [row["OpenDate"][-4:] for row in rows]
    assert not table.astype(str).apply(lambda column: column.str.contains("Doe").any()).any()
    # the sample's code of status contradicts its name in ten rows, and closes schools without a date
    assert {issue.check for issue in issues} == {"status_differs", "closed_undated"}


def test_the_sample_of_special_educational_needs_loads(real_data: Path) -> None:
    issues: list[Issue] = []
    reading = read_sen_schools(real_data / SEN_SAMPLE, issues)
    assert reading is not None
    rows = counted(real_data / SEN_SAMPLE)
    assert (reading.account.rows, reading.account.used) == (len(rows), len(rows)) == (60, 60)
    assert issues == []
    table = reading.table
    counts = [name for name in rows[0] if "Primary_need" in name or name in {"Total pupils", "SEN support", "EHC plan"}]
    assert len(table) == len(rows) * len(counts)
    assert set(table["year"]) == {2022}
    sums = table.groupby(["sen_provision", "need"])["pupils"].sum()
    for name in counts:
        key = {"Total pupils": ("all", "all"), "SEN support": ("sen_support", "all"), "EHC plan": ("ehcp", "all")}.get(
            name, ("ehcp" if name.startswith("EHC") else "sen_support", name.rsplit("_", 1)[-1].upper())
        )
        assert sums[key] == sum(int(row[name]) for row in rows), name
