"""Totals that a council gives by area, need, phase and place: all met exactly, or refused with what is wrong.

The small county's headline has 44 special-school pupils with ASD, 12 with MLD and 4 with SLD, and 20 in bases with ASD;
half of everybody lives in each district.
"""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from sufficiency.demand import counts_to_locate, county_counts, forecast_demand
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import phase_of
from tests.small_demand import DISTRICTS, clusters, controls, drivers, parameters, population, rates, shuffled, table

CONTROLS = controls((2024, 80, 120), (2025, 80, 120), (2026, 80, 120))
HEADLINE = ("special_school", "specialist_base")
Total = tuple[str, int, str, str, str, int]


def located(*totals: Total) -> pd.DataFrame:
    """Return demand with these totals, with the district and phase of each row."""
    found = forecast_demand(
        population(), rates(), CONTROLS, parameters(), clusters=clusters(),
        drivers=drivers(demand_totals=table("demand_totals", *totals)),
    )  # fmt: skip
    return found.assign(district_id=found["origin_id"].map(DISTRICTS), phase=found["ncy"].map(phase_of))


def summed(demand: pd.DataFrame, total: Total) -> int:
    """Return the pupils of the demand that a total speaks of."""
    area, year, phase, need, place, _ = total
    places = HEADLINE if place == "headline" else (place,)
    mine = demand[(demand["year"] == year) & demand["place_sought"].isin(places)]
    for name, code, every in (("district_id", area, "small"), ("phase", phase, "all"), ("need", need, "all")):
        mine = mine if code == every else mine[mine[name] == code]
    return int(mine["pupils"].sum())


def by_need(year: int, numbers: dict[str, tuple[int, int, int]]) -> list[Total]:
    """Return totals by district and need: ASD, MLD, SLD."""
    return [
        (district, year, "all", need, "headline", pupils)
        for district, three in numbers.items()
        for need, pupils in zip(("ASD", "MLD", "SLD"), three, strict=True)
    ]


NEEDS_2025 = by_need(2025, {"north": (50, 9, 3), "south": (25, 8, 4)})
PHASES_2025: list[Total] = [
    ("small", 2025, "primary", "all", "headline", 51),
    ("small", 2025, "secondary", "all", "headline", 41),
    ("small", 2025, "post_16", "all", "headline", 7),
]
# the same sum, another pupil with MLD in place of one with ASD
OTHER_NEEDS: list[Total] = [
    ("small", 2025, "all", "ASD", "headline", 74),
    ("small", 2025, "all", "MLD", "headline", 18),
    ("small", 2025, "all", "SLD", "headline", 7),
]
PLACES_2025: list[Total] = [
    ("small", 2025, "all", "all", "special_school", 70),
    ("small", 2025, "all", "all", "specialist_base", 29),
]


@pytest.mark.parametrize(
    "totals",
    [
        [("small", 2025, "all", "all", "headline", 93)],
        [("north", 2025, "all", "all", "headline", 61), ("south", 2025, "all", "all", "headline", 40)],
        NEEDS_2025,
        [*NEEDS_2025, *PHASES_2025],
        [*NEEDS_2025, *PHASES_2025, *PLACES_2025, ("small", 2025, "all", "all", "headline", 99)],
        [*NEEDS_2025, *by_need(2026, {"north": (1, 0, 0), "south": (0, 0, 0)})],
        [("north", 2025, "all", "all", "mainstream", 17), ("south", 2025, "all", "all", "mainstream", 0)],
    ],
    ids=["county", "district", "district and need", "overlapping", "four kinds", "two years", "mainstream"],
)
def test_every_total_is_met_exactly(totals: list[Total]) -> None:
    found = located(*totals)
    assert [summed(found, total) for total in totals] == [total[-1] for total in totals]


def test_what_has_no_total_is_as_forecast() -> None:
    plain = county_counts(population(), rates(), CONTROLS, parameters(), drivers())
    tables = drivers(demand_totals=table("demand_totals", *NEEDS_2025))
    found = counts_to_locate(population(), rates(), CONTROLS, parameters(), tables)
    untouched = found[found["district_id"] == ""].drop(columns="district_id").reset_index(drop=True)
    other = plain[(plain["year"] != 2025) | (plain["place_sought"] == "mainstream")].reset_index(drop=True)
    pd.testing.assert_frame_equal(untouched[other.columns.to_list()], other)


def test_a_district_is_shared_as_the_forecast_is() -> None:
    # twice the forecast in the north and half of it in the south: every cell keeps its proportion, 80 x 0.5 x 2 = 80
    found = located(("north", 2025, "all", "all", "headline", 80), ("south", 2025, "all", "all", "headline", 20))
    cells = found[(found["year"] == 2025) & (found["place_sought"] == "special_school")]
    by_district = cells.groupby(["district_id", "need"])["pupils"].sum()
    assert by_district["north"].to_dict() == {"ASD": 44, "MLD": 12, "SLD": 4}
    assert by_district["south"].to_dict() == {"ASD": 11, "MLD": 3, "SLD": 1}


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ([*NEEDS_2025, *PHASES_2025[:2], (*PHASES_2025[2][:-1], 8)], r"sum to 100 .* to 99|sum to 99 .* to 100"),
        (
            [*NEEDS_2025, *OTHER_NEEDS],
            r"headline, 2025\): the totals disagree, those by area_id and need sum to 17 for MLD .* by need to 18",
        ),
        (NEEDS_2025[:-1], r"none for south, SLD: give one for each, 0 for none"),
        ([*NEEDS_2025, ("east", 2025, "all", "ASD", "headline", 1)], r"asks for 1 pupils of east, ASD: there can"),
        ([("small", 2025, "all", "all", "fe_mainstream", 3)], r"asks for pupils of fe_mainstream in 2025"),
        ([("small", 2031, "all", "all", "headline", 80)], r"totals of 2031, and the run is from 2024 to 2026"),
        (
            [("small", 2025, phase, need, "headline", 1) for phase, need in itertools.product(
                ("primary", "secondary", "post_16"), ("ASD", "MLD", "SLD"))],
            r"asks for 1 pupils of primary, SLD: the forecast has none to go by",
        ),
    ],
    ids=["grand total", "overlap", "left out", "unknown district", "unknown stream", "another year", "none to go by"],
)  # fmt: skip
def test_totals_that_cannot_be_met_are_refused(totals: list[Total], message: str) -> None:
    with pytest.raises(DataError, match=message):
        located(*totals)


def test_totals_that_only_whole_numbers_cannot_meet_are_refused_in_plain_words() -> None:
    # SLD is in post-16 and seeks special schools only: more of it than special schools have there
    totals: list[Total] = [
        ("small", 2025, "all", need, "headline", n) for need, n in (("ASD", 5), ("MLD", 5), ("SLD", 9))
    ]
    totals += [
        ("small", 2025, phase, "all", "headline", n) for phase, n in (("primary", 9), ("secondary", 5), ("post_16", 5))
    ]
    with pytest.raises(DataError, match=r"no whole numbers of pupils meet all the totals"):
        located(*totals)


def test_only_what_has_pupils_needs_a_total() -> None:
    # by phase and need: nobody has SLD in primary or MLD in secondary, so no row is asked for
    totals: list[Total] = [
        ("small", 2025, "primary", "ASD", "headline", 30),
        ("small", 2025, "primary", "MLD", "headline", 10),
        ("small", 2025, "secondary", "ASD", "headline", 41),
        ("small", 2025, "post_16", "SLD", "headline", 2),
    ]
    found = located(*totals)
    assert [summed(found, total) for total in totals] == [30, 10, 41, 2]
    with pytest.raises(DataError, match=r"none for primary, MLD: give one for each"):
        located(*totals[:1], *totals[2:])


def test_the_order_of_totals_does_not_matter_and_they_are_not_changed() -> None:
    given = table("demand_totals", *NEEDS_2025, *PHASES_2025)
    before = given.copy()
    found = [
        counts_to_locate(population(), rates(), CONTROLS, parameters(), drivers(demand_totals=rows))
        for rows in (given, shuffled(given, 5))
    ]
    pd.testing.assert_frame_equal(*found)
    pd.testing.assert_frame_equal(given, before)
