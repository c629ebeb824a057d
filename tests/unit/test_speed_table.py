"""The sourced speed table and the template's: complete, fixed where it was fixed, and the afternoon half-way."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sufficiency.model.vocabulary import PROFILES, ROAD_CLASSES
from sufficiency.sources.roads import read_speeds

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parents[2] / "data"
TABLES = {"embedded": DATA / "roads", "template": DATA / "template" / "roads"}
# Written down before the first comparison with measured times (decision 0014): kph and junction_s, rural then urban.
FIXED = {
    "off_peak": {
        "motorway": (103, 0, 95, 0), "trunk": (96, 3, 68, 12), "primary": (68, 4, 38, 8), "secondary": (61, 4, 35, 8),
        "tertiary": (53, 5, 32, 7), "unclassified": (44, 5, 28, 7), "residential": (34, 5, 24, 6),
        "motorway_link": (65, 8, 50, 12), "trunk_link": (60, 8, 45, 12), "primary_link": (50, 8, 36, 10),
    },
    "school_morning": {
        "motorway": (92, 0, 80, 0), "trunk": (76, 6, 45, 25), "primary": (55, 8, 26, 15), "secondary": (51, 7, 25, 13),
        "tertiary": (46, 7, 24, 11), "unclassified": (40, 6, 22, 9), "residential": (30, 6, 20, 8),
        "motorway_link": (50, 15, 40, 25), "trunk_link": (46, 15, 36, 25), "primary_link": (40, 12, 28, 18),
    },
}  # fmt: skip
SPREAD = {"off_peak": (0.90, 1.15), "school_morning": (0.85, 1.35), "school_afternoon": (0.875, 1.25)}


@pytest.fixture(scope="module", params=sorted(TABLES))
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    issues: list = []
    found = read_speeds(TABLES[request.param], issues)
    assert issues == []
    return found.set_index(["road_class", "urban", "profile"])


@pytest.fixture(scope="module")
def embedded() -> pd.DataFrame:
    return read_speeds(DATA / "roads", []).set_index(["road_class", "urban", "profile"])


def test_it_is_complete(table: pd.DataFrame) -> None:
    assert set(table.index) == set(product(ROAD_CLASSES, (False, True), PROFILES))
    assert table.index.is_unique


def test_what_was_fixed_before_the_comparison_stands(embedded: pd.DataFrame) -> None:
    for profile, classes in FIXED.items():
        for road_class, values in classes.items():
            found = [
                value
                for urban in (False, True)
                for value in embedded.loc[(road_class, urban, profile), ["kph", "junction_s"]]
            ]
            assert tuple(found) == values, (profile, road_class)
    for profile, (low, high) in SPREAD.items():
        rows = embedded.xs(profile, level="profile")
        assert set(rows["low_share"]) == {low}
        assert set(rows["high_share"]) == {high}


def test_the_afternoon_is_half_way_in_time(table: pd.DataFrame) -> None:
    """Of two speeds a and b, half-way in minutes a kilometre is 2 / (1/a + 1/b); the table gives a tenth."""
    free, busy, home = (table.xs(profile, level="profile") for profile in PROFILES)
    assert PROFILES == ("off_peak", "school_morning", "school_afternoon")
    for key in home.index:
        kph = 2 / (1 / free.loc[key, "kph"] + 1 / busy.loc[key, "kph"])
        assert home.loc[key, "kph"] == pytest.approx(kph, abs=0.0501), key
        for column in ("junction_s", "low_share", "high_share"):
            assert home.loc[key, column] == pytest.approx(
                (free.loc[key, column] + busy.loc[key, column]) / 2, abs=0.051
            )


def test_a_busier_time_is_never_faster_and_a_town_never_faster_than_the_country(table: pd.DataFrame) -> None:
    for road_class in ROAD_CLASSES:
        for urban in (False, True):
            free, home, busy = (
                table.loc[(road_class, urban, profile)]
                for profile in ("off_peak", "school_afternoon", "school_morning")
            )
            assert free["kph"] >= home["kph"] >= busy["kph"], road_class
            assert free["junction_s"] <= home["junction_s"] <= busy["junction_s"], road_class
        for profile in PROFILES:
            assert table.loc[(road_class, True, profile), "kph"] <= table.loc[(road_class, False, profile), "kph"]


def test_a_slip_road_is_never_faster_than_its_road_in_the_country(embedded: pd.DataFrame) -> None:
    for road_class in ("motorway", "trunk", "primary", "secondary", "tertiary"):
        for profile in PROFILES:
            link, road = (embedded.loc[(name, False, profile), "kph"] for name in (f"{road_class}_link", road_class))
            assert link < road


def test_every_row_says_what_it_rests_on(embedded: pd.DataFrame) -> None:
    """A figure rests on a named statistic, or is called assumed; the delays and bands are assumed throughout."""
    assert embedded["source"].str.contains("DfT|assumed").all()
    assert embedded["source"].str.contains("band shares").all()
    assert set(embedded["quality"]) == {"inferred"}


def test_the_rows_stand_in_the_order_of_the_vocabulary() -> None:
    with (DATA / "roads" / "speeds.csv").open(encoding="utf-8", newline="") as lines:
        keys = [(row["profile"], row["road_class"], row["urban"]) for row in csv.DictReader(lines)]
    assert keys == list(product(PROFILES, ROAD_CLASSES, ("false", "true")))
