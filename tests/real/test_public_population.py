"""Real postcodes, people by age and lookups, against counts made without the readers."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from sufficiency.sources.public.lookups import carry, read_lookup
from sufficiency.sources.public.population_files import read_population
from sufficiency.sources.public.postcodes import locate_postcodes, read_postcodes

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

pytestmark = pytest.mark.real

COUNTIES = {
    "oxfordshire": (
        "oxfordshire/population/oxon_lsoa11_syoa_mid2020.csv",
        "oxfordshire/boundaries/oxon_lsoa11_lsoa21_lookup.csv",
    ),
    "rutland": ("rutland/population_lsoa11_mid2020.csv", "rutland/lsoa11_lsoa21_lookup.csv"),
}


def plain_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def people(path: Path) -> pd.DataFrame:
    issues: list[Issue] = []
    reading = read_population(path, issues, year=2020)
    assert issues == []
    assert reading is not None
    assert reading.account.closes
    assert reading.account.used == reading.account.rows == len(plain_rows(path))
    return reading.table


@pytest.mark.parametrize(("county", "ages_0_to_18"), [("oxfordshire", 155_714), ("rutland", 8_313)])
def test_every_age_of_the_county(real_data: Path, county: str, ages_0_to_18: int) -> None:
    path = real_data / COUNTIES[county][0]
    table = people(path)
    assert table.loc[table["age_to"] <= 18, "people"].sum() == ages_0_to_18
    expected: dict[int, int] = defaultdict(int)
    for row in plain_rows(path):
        for name, cell in row.items():
            if name.rstrip("+").isdigit():
                expected[int(name.rstrip("+"))] += int(cell)
    assert table.groupby("age_from")["people"].sum().to_dict() == expected
    assert table.loc[table["age_from"] == 90, "age_to"].unique().tolist() == [120]
    assert table["people"].sum() == sum(int(row["total_population"]) for row in plain_rows(path))


@pytest.mark.parametrize(("county", "old", "new"), [("oxfordshire", 407, 428), ("rutland", 23, 26)])
def test_people_carried_to_the_areas_of_2021(real_data: Path, county: str, old: int, new: int) -> None:
    figures, pairs = (real_data / one for one in COUNTIES[county])
    table = people(figures)
    issues: list[Issue] = []
    lookup = read_lookup(pairs, issues)
    assert issues == []
    assert lookup is not None
    plain = plain_rows(pairs)
    assert lookup.table[["code_from", "code_to", "change"]].to_numpy().tolist() == [
        [row["F_LSOA11CD"], row["LSOA21CD"], row["CHGIND"]] for row in plain
    ]
    carried, account = carry(table, lookup.table)
    assert table["area_code"].nunique() == old == len({row["F_LSOA11CD"] for row in plain})
    assert carried["area_code"].nunique() == new == len({row["LSOA21CD"] for row in plain})
    assert not carried.duplicated(["area_code", "age_from"]).any()
    before = table.groupby("age_from")["people"].sum()
    after = carried.groupby("age_from")["people"].sum()
    assert after.to_dict() == pytest.approx(before.to_dict(), abs=1e-9 * before.max())
    total = account.set_index("change").loc["all"]
    assert total["before"] == sum(int(row["total_population"]) for row in plain_rows(figures))
    assert total["after"] == pytest.approx(total["before"], rel=1e-9)


def test_a_split_shared_by_the_residents_of_the_census(real_data: Path) -> None:
    figures, pairs = (real_data / one for one in COUNTIES["oxfordshire"])
    bands_path = real_data / "oxfordshire/population/oxon_lsoa21_census2021_agebands.csv"
    issues: list[Issue] = []
    census = read_population(bands_path, issues, year=2021)
    lookup = read_lookup(pairs, issues)
    assert issues == []
    assert census is not None
    assert lookup is not None
    residents = census.table.groupby("area_code")["people"].sum()
    assert residents.sum() == sum(float(row["usual_residents"]) for row in plain_rows(bands_path))
    assert len(residents) == 428
    carried, _ = carry(people(figures), lookup.table, weight=residents)
    whole = next(row for row in plain_rows(figures) if row["lsoa11_code"] == "E01028424")
    became = [row["LSOA21CD"] for row in plain_rows(pairs) if row["F_LSOA11CD"] == "E01028424"]
    assert len(became) > 1
    for code in became:
        part = carried[(carried["area_code"] == code) & (carried["age_from"] == 7)]
        expected = int(whole["7"]) * residents[code] / sum(residents[one] for one in became)
        assert part["people"].tolist() == pytest.approx([expected])


def test_the_postcodes_of_the_county(real_data: Path) -> None:
    path = real_data / "oxfordshire/postcodes/codepoint_open_202511.csv"
    issues: list[Issue] = []
    reading = read_postcodes(path, issues)
    assert issues == []
    assert reading is not None
    assert reading.account.used == reading.account.rows == 22_294
    plain = plain_rows(path)
    table = reading.table
    assert table["postcode"].tolist() == [row["postcode"] for row in plain]
    assert table["easting_m"].sum() == sum(int(row["easting"]) for row in plain)
    assert table["northing_m"].sum() == sum(int(row["northing"]) for row in plain)
    oxford = [row["postcode"] for row in plain if row["district"] == "E07000178"]
    only = read_postcodes(path, issues, districts=["E07000178"])
    assert only is not None
    assert only.account.closes
    assert only.table["postcode"].tolist() == oxford
    assert (only.table["ward_code"].str.len() == 9).all()
    # typed as people type them, every one is found where the file has it
    typed = pd.Series([row["postcode"].replace(" ", "").lower() for row in plain])
    located = locate_postcodes(typed, table)
    assert set(located["class"]) == {"ok"}
    assert located["easting_m"].tolist() == [float(row["easting"]) for row in plain]
    assert located["district_code"].tolist() == [row["district"] for row in plain]
