"""Exampleshire, the template area, worked by hand: every figure below was reckoned on paper from the picture.

Pupils and places come in tens, so that nothing is small enough to be hidden. THE COUNTS BELOW ARE TENS, here and in
every docstring; `tens` turns the figures of the model into them.

Eight towns on a grid of 12 km, named by their first letters, and Outerton beyond the border:

      West Example   |   East Example
    A --12-- B --18-- C --12-- D        minutes by road; every link is 12 km but H-O, 36 km.
    |        |        |        |        60 km an hour, so that a kilometre takes a minute, except B-C:
    12       12       12       12       a limit of 40 km an hour makes 12 km take 18 minutes.
    |        |        |        |
    E --12-- F --12-- G --12-- H ---36--- O        clusters: AB west-north, EF west-south, CD east-north, GH east-south

Schools: Alpha special at A, Hotel special at H, a base at F (secondary) and at C (primary), a college unit at G, Mill
independent 1 km north of D, off the road, and Outerton special, another council's, at O.
Places: alpha-primary 11, alpha-secondary 6, hotel-primary 7, foxtrot-base 6, charlie-base 3 (33 local);
outerton-primary 1 (other council); mill-day 1, mill-boys 2, mill-residential 1 (independent).
The college unit (3) is a stream of its own.

Headline pupils of 2025/26, with the need, where they live and what they seek:

    special school, primary    ASD: A 6, A 2 (new in Reception), B 3 (Year 6), F 4, D 2;  SLD: G 5;  SEMH: C 3;  VI: F 2
    special school, secondary  ASD: E 3;  SEMH: H 1 girl, D 2 boys, E 1 residential
    special school, Year 12    SLD: G 2
    base                       secondary ASD F 4, SLCN H 3;  primary SLCN D 4
    not located                ASD 1
    = 17 + 5 + 3 + 2 + 3 + 1 + 2 + 1 + 2 + 7 + 4 + 1 = 48.  Besides: 2 for the college, 5 mainstream, 1 at home.

In 2024/25 the 2 of A who are new in 2025 are not there (46). From 2026 the 3 of B are in Year 7.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from sufficiency.assess import assess
from sufficiency.checks import check
from sufficiency.model.tables import TABLES
from sufficiency.planning import apply_scenario, compare
from sufficiency.sources.area import read_area
from sufficiency.sources.template import template_directory

if TYPE_CHECKING:
    from sufficiency.model.results import Assessment, Inputs

COUNTY, WEST, EAST = "exampleshire", "exampleshire-west", "exampleshire-east"


@pytest.fixture(scope="module")
def town() -> Inputs:
    return read_area(template_directory())


@pytest.fixture(scope="module")
def baseline(town: Inputs) -> Assessment:
    return assess(town, "do_nothing")


@pytest.fixture(scope="module")
def programme(town: Inputs) -> Assessment:
    return assess(apply_scenario(town, "programme"), "programme")


def tens(count: object) -> int:
    """Return a count of pupils or places in tens; it must be whole."""
    whole, rest = divmod(int(str(count)), 10)
    assert rest == 0, count
    return whole


def placed(assessment: Assessment, policy: str, year: int) -> dict[tuple[str, str], int]:
    """Return pupils by (group without its year, provision)."""
    table = assessment.allocation.allocation
    rows = table[(table["policy"] == policy) & table["group_id"].str.endswith(f"-{year}")]
    return {
        (row.group_id.removesuffix(f"-{year}"), row.provision_id): tens(row.pupils)
        for row in rows.itertuples()
    }  # fmt: skip


def without(assessment: Assessment, policy: str, year: int, table: str = "unplaced") -> dict[str, tuple[str, int]]:
    """Return (reason, pupils) by group without its year."""
    frame = getattr(assessment.allocation, table)
    rows = frame[(frame["policy"] == policy) & frame["group_id"].str.endswith(f"-{year}")]
    return {row.group_id.removesuffix(f"-{year}"): (row.reason, tens(row.pupils)) for row in rows.itertuples()}


def in_tens(row: pd.Series) -> pd.Series:
    """Return the counts of a row in tens, whole; its other figures as they are."""
    counts = [name for name in row.index if str(name).endswith(("_pupils", "_places")) or name == "pupils"]
    known = [name for name in counts if not pd.isna(row[name])]
    return pd.Series({name: tens(row[name]) if name in known else row[name] for name in row.index})


def total(assessment: Assessment, area_id: str, policy: str, year: int) -> pd.Series:
    table = assessment.sufficiency
    here = (table["area_id"] == area_id) & (table["policy"] == policy) & (table["year"] == year)
    whole = (table[["phase", "need"]] == "all").all(axis=1) & (table["provision_type"] == "headline")
    return in_tens(table[here & whole].iloc[0])


def journeys(assessment: Assessment, area_id: str, policy: str, year: int, phase: str = "all") -> pd.Series:
    table = assessment.journeys
    here = (table["area_id"] == area_id) & (table["policy"] == policy) & (table["year"] == year)
    return in_tens(table[here & (table["phase"] == phase) & (table["need"] == "all")].iloc[0])


def test_it_passes_every_check_without_a_word(town: Inputs) -> None:
    assert check(town).empty
    assert len(town.zones) == 8
    assert sorted(town.scenarios) == ["committed", "do_nothing", "programme"]


def test_zones_clusters_and_districts_are_the_squares_of_the_grid(town: Inputs) -> None:
    """Each zone is the square of 12 km around its town: 144 km2; a cluster is two of them, a district four."""
    assert (town.zones.area / 1e6).round(6).tolist() == [144.0] * 8
    areas = town.areas.set_index("area_id").geometry.area / 1e6
    assert areas.round(6).to_dict() == {
        COUNTY: 1152.0, WEST: 576.0, EAST: 576.0,
        "west-north": 288.0, "west-south": 288.0, "east-north": 288.0, "east-south": 288.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("home", "setting", "minutes", "km"),
    [
        ("alphaton", "alpha-special", 0.0, 0.0),
        ("bravoton", "alpha-special", 12.0, 12.0),
        ("foxtrotton", "alpha-special", 24.0, 24.0),
        # A-B-C: 12 + 18 = 30 minutes for 24 km; by E, F and G it would be 48.
        ("alphaton", "charlie-primary", 30.0, 24.0),
        # D-C-B-A: 12 + 18 + 12 = 42 for 36 km; by the southern road 60.
        ("deltaton", "alpha-special", 42.0, 36.0),
        # B-F-G-H 36; by C and D it would be 18 + 12 + 12 = 42.
        ("bravoton", "hotel-special", 36.0, 36.0),
        ("golfton", "hotel-special", 12.0, 12.0),
        ("hotelton", "foxtrot-academy", 24.0, 24.0),
        # D-H 12, H-O 36.
        ("deltaton", "outerton-special", 48.0, 48.0),
        # Mill stands 1 km off the road at D: 1 km x 1.3 = 1.3 km at 30 km an hour = 2.6 minutes.
        ("deltaton", "mill-independent", 2.6, 1.3),
        # E-F-G-H-D 48 or E-A-B-C-D 54; then 2.6.
        ("echoton", "mill-independent", 50.6, 49.3),
    ],
)
def test_minutes_and_kilometres_by_road(
    baseline: Assessment, home: str, setting: str, minutes: float, km: float
) -> None:
    travel = baseline.travel
    cell = travel.origin_ids.index(home), travel.setting_ids.index(setting)
    assert travel.minutes[cell] == minutes
    assert travel.km[cell] == km


def test_the_best_joint_placement_of_2025(baseline: Assessment) -> None:
    """Tier by tier.

    ASD primary: 17 seek, alpha-primary has 11 (local), Outerton 1 (other council), Mill 1 (independent): 13 placed.
    A 8 (0 min) and B 3 (12) fill alpha-primary at 36 pupil-minutes. D 2 take Mill (2.6) and Outerton (48); the 4 of F
    stay without. Any pupil of F in place of one of B costs 12 more, in Mill 38.6 - 2.6 = 36 more, in Outerton 12 more.
    Hotel-primary (7): the 5 of G (12 min) and 2 of C (24); leaving out one of G for the third of C would cost 12 more.
    foxtrot-base (6): the 4 of F (0) and 2 of H (24). charlie-base (3): 3 of the 4 of D (12).
    alpha-secondary: E 3 (12). mill-boys: the 2 boys of D. mill-residential: 1.
    """
    assert placed(baseline, "optimal", 2025) == {
        ("asd-alphaton", "alpha-primary"): 6,
        ("asd-alphaton-new", "alpha-primary"): 2,
        ("asd-bravoton", "alpha-primary"): 3,
        ("asd-deltaton", "mill-day"): 1,
        ("asd-deltaton", "outerton-primary"): 1,
        ("asd-echoton", "alpha-secondary"): 3,
        ("sld-golfton", "hotel-primary"): 5,
        ("semh-charlieton", "hotel-primary"): 2,
        ("asd-base-foxtrotton", "foxtrot-base"): 4,
        ("slcn-base-hotelton", "foxtrot-base"): 2,
        ("slcn-base-deltaton", "charlie-base"): 3,
        ("semh-boys-deltaton", "mill-boys"): 2,
        ("semh-residential-echoton", "mill-residential"): 1,
        ("sld-college-hotelton", "golf-unit"): 2,
    }


def test_why_the_others_are_without_a_place_in_2025(baseline: Assessment) -> None:
    """The first reason that applies.

    VI: no special school admits it. SLD in Year 12: Hotel stops at Year 6. The girl: Mill takes boys by day, and the
    others as residents. F 4, C 1, H 1 and D 1: what would suit them is full.
    """
    assert without(baseline, "optimal", 2025) == {
        "asd-foxtrotton": ("all_full", 4),
        "semh-charlieton": ("all_full", 1),
        "slcn-base-hotelton": ("all_full", 1),
        "slcn-base-deltaton": ("all_full", 1),
        "semh-girl-hotelton": ("not_for_this_pupil", 1),
        "sld-sixth-golfton": ("none_for_this_age", 2),
        "vi-foxtrotton": ("no_such_provision", 2),
    }
    assert without(baseline, "optimal", 2025, "excluded") == {
        "asd-mainstream-alphaton": ("out_of_scope", 5),
        "asd-not-located": ("not_located", 1),
        "semh-home-bravoton": ("educated_elsewhere", 1),
    }


def test_the_full_school_is_named(baseline: Assessment) -> None:
    """Charlie base alone stands in D's way; for F's ASD pupils the three places that admit them are all full."""
    table = baseline.allocation.unplaced
    named = table[table["policy"] == "optimal"].set_index("group_id")["bottleneck"]
    assert named["slcn-base-deltaton-2025"] == "charlie-base"
    assert named["semh-charlieton-2025"] == "hotel-primary"
    assert named["asd-foxtrotton-2025"] == "alpha-primary; mill-day; outerton-primary"
    assert named["vi-foxtrotton-2025"] == ""


def test_the_counts_of_the_county_and_districts_in_2025(baseline: Assessment) -> None:
    """West: A 8 + B 3 + E 3 + F 4 + F base 4 + E residential 1 + F VI 2 = 25; East: 22; 1 not located; 48.

    Local places west: 11 + 6 + 6 = 23, east: 7 + 3 = 10. West is without: F 4 + VI 2 + independent 1 = 7. East: other
    council 1 + independent 3 + C 1 + H 1 + D 1 + girl 1 + Year 12 2 = 10.
    """
    columns = ["demand_pupils", "placed_local_pupils", "placed_own_area_pupils", "other_council_pupils",
               "independent_pupils", "unplaced_pupils", "excluded_pupils", "without_local_place_pupils",
               "capacity_places", "location_balance_places"]  # fmt: skip
    # Of the local placements 2 cross the district border: H's SLCN pupils to the base at F.
    assert total(baseline, COUNTY, "optimal", 2025)[columns].tolist() == [48, 30, 30, 1, 4, 12, 1, 17, 33, -15]
    assert total(baseline, WEST, "optimal", 2025)[columns].tolist() == [25, 18, 18, 0, 1, 6, 0, 7, 23, -2]
    assert total(baseline, EAST, "optimal", 2025)[columns].tolist() == [22, 12, 10, 1, 3, 6, 0, 10, 10, -12]


def test_flows_between_the_districts_in_2025(baseline: Assessment) -> None:
    flows = baseline.flows
    now = flows[(flows["policy"] == "optimal") & (flows["year"] == 2025)]
    assert now.set_index(["home_area_id", "setting_area_id"])["pupils"].map(tens).to_dict() == {
        (WEST, WEST): 18, (WEST, EAST): 0, (EAST, WEST): 2, (EAST, EAST): 10,
    }  # fmt: skip


def test_journeys_of_the_county_in_2025(baseline: Assessment) -> None:
    """34 day pupils and 1 resident apart.

    0 min: A 8, F base 4 = 12.  2.6: Mill 1 + 2 = 3.  12: B 3, G 5, D base 3, E 3 = 14.  24: C 2, H 2 = 4.  48: D 1.
    Median, the 17th: 12. 90th percentile, the 31st (12 + 3 + 14 = 29, + 4 = 33): 24.
    Mean (3 x 2.6 + 14 x 12 + 4 x 24 + 48) / 34 = 319.8 / 34. Over 45 minutes, primary: 1.
    Kilometres one way: 3 x 1.3 + 168 + 96 + 48 = 315.9; a year 315.9 x 2 x 190 = 120,042.
    """
    row = journeys(baseline, COUNTY, "optimal", 2025)
    assert (row["pupils"], row["not_daily_pupils"], row["over_limit_pupils"]) == (34, 1, 1)
    assert (row["median_min"], row["p90_min"]) == (12.0, 24.0)
    assert row["mean_min"] == pytest.approx(319.8 / 34)
    assert row["pupil_km_per_year"] == pytest.approx(10 * 120_042)
    primary = journeys(baseline, COUNTY, "optimal", 2025, "primary")
    secondary = journeys(baseline, COUNTY, "optimal", 2025, "secondary")
    # Secondary: F 4, H 2, E 3, D 2 boys = 11, none over 75 minutes.
    assert (primary["pupils"], primary["over_limit_pupils"]) == (23, 1)
    assert (secondary["pupils"], secondary["over_limit_pupils"]) == (11, 0)


def test_rides_of_the_county_in_2025(baseline: Assessment) -> None:
    """The same 340, here counted one by one: 4 seats, 2 minutes to board, at most 20 more for the first to board.

    Alpha: from B 7 vehicles of 4 ride 12 + 3 x 2 = 18; the last 2 call at A on the way for 2 more, 12 + 2 + 4 = 18,
    while those of A wait for one another, 2. From E the same: to B and back would add 24. The other 76 of A go by
    fours, 6. So 60 x 18 + 4 x 2 + 76 x 6 = 1,544. Foxtrot: H 20 x 30, F 40 x 6 = 840. Mill: 28 x 8.6 + 2 x 4.6 = 250.
    Outerton: 8 x 54 + 2 x 50 = 532. Hotel: C 20 x 30, G 48 x 18 + 2 x 14 = 1,492. Charlie: 28 x 18 + 2 x 14 = 532.
    Together 5,190. Over 45 minutes as ridden: the ten of Outerton, as directly.
    """
    row = journeys(baseline, COUNTY, "optimal", 2025)
    assert row["ridden_mean_min"] == pytest.approx(5_190 / 340)
    assert row["ridden_over_limit_pupils"] == 1
    assert journeys(baseline, COUNTY, "optimal", 2025, "primary")["ridden_over_limit_pupils"] == 1
    # D to Alpha by 42 minutes, which is within the limit: with three others on board it is not
    assert journeys(baseline, COUNTY, "nearest", 2025)["ridden_over_limit_pupils"] == 2


def test_the_nearest_local_place_whatever_its_room(baseline: Assessment) -> None:
    """ASD primary 17 all go to Alpha (6 above its 11), D by 42 minutes; C 3 to Hotel (8 in 7); bases 7 in 6, 4 in 3.

    Only local places count: for secondary SEMH there is none of that age, and the pupils of Mill have none.
    39 placed, 8 without (3 SEMH by day, 1 resident, 2 VI, 2 in Year 12), 1 not located.
    """
    where = placed(baseline, "nearest", 2025)
    assert sum(n for (_, provision), n in where.items() if provision == "alpha-primary") == 17
    assert where["asd-deltaton", "alpha-primary"] == 2
    assert without(baseline, "nearest", 2025) == {
        "semh-boys-deltaton": ("none_for_this_age", 2),
        "semh-girl-hotelton": ("none_for_this_age", 1),
        "semh-residential-echoton": ("none_for_this_age", 1),
        "sld-sixth-golfton": ("none_for_this_age", 2),
        "vi-foxtrotton": ("no_such_provision", 2),
    }
    use = baseline.allocation.provision_use
    use = use[(use["policy"] == "nearest") & (use["year"] == 2025)].set_index("provision_id")
    assert use["over_capacity_pupils"][use["over_capacity_pupils"] > 0].map(tens).to_dict() == {
        "alpha-primary": 6, "hotel-primary": 1, "foxtrot-base": 1, "charlie-base": 1,
    }  # fmt: skip
    county = total(baseline, COUNTY, "nearest", 2025)
    assert (county["placed_local_pupils"], county["unplaced_pupils"], county["excluded_pupils"]) == (39, 8, 1)
    assert journeys(baseline, COUNTY, "nearest", 2025)["over_limit_pupils"] == 0


def test_rolling_displaces_nobody(baseline: Assessment) -> None:
    """2024/25 starts with A 6, B 3, F 2 in Alpha (11). In 2025 they stay, so that the 2 new pupils of A, next door,
    find it full, and 2 of F wait on: as many without as in the best placement, but others, and longer journeys:
    F 2 x 24 minutes in place of A 2 x 0, so that the mean is (319.8 + 48) / 34.
    """
    before, now = placed(baseline, "rolling", 2024), placed(baseline, "rolling", 2025)
    assert (before["asd-foxtrotton", "alpha-primary"], now["asd-foxtrotton", "alpha-primary"]) == (2, 2)
    assert without(baseline, "rolling", 2025)["asd-alphaton-new"] == ("all_full", 2)
    assert without(baseline, "rolling", 2025)["asd-foxtrotton"] == ("all_full", 2)
    rolling, optimal = (total(baseline, COUNTY, policy, 2025) for policy in ("rolling", "optimal"))
    assert rolling["without_local_place_pupils"] == optimal["without_local_place_pupils"] == 17
    # Without a local place: A 2 (north), F 2 + VI 2 + independent 1 (south); in the best placement all 7 are southern.
    assert total(baseline, "west-north", "rolling", 2025)["without_local_place_pupils"] == 2
    assert total(baseline, "west-north", "optimal", 2025)["without_local_place_pupils"] == 0
    assert total(baseline, "west-south", "rolling", 2025)["without_local_place_pupils"] == 5
    assert total(baseline, "west-south", "optimal", 2025)["without_local_place_pupils"] == 7
    assert journeys(baseline, COUNTY, "rolling", 2025)["mean_min"] == pytest.approx((319.8 + 48) / 34)


def test_rolling_moves_up_within_a_school_and_fills_what_it_leaves(baseline: Assessment) -> None:
    """In 2026 B's 3 are in Year 7 and go on in Alpha's secondary department. Alpha-primary then has 11 - 6 - 2 = 3
    places for the waiting A 2 (0 min) and F 2 (24): A 2 and F 1. The pupil at Outerton stays there.
    """
    now = placed(baseline, "rolling", 2026)
    assert now["asd-bravoton", "alpha-secondary"] == 3
    assert now["asd-alphaton-new", "alpha-primary"] == 2
    assert now["asd-foxtrotton", "alpha-primary"] == 3
    assert now["asd-deltaton", "outerton-primary"] == 1
    assert without(baseline, "rolling", 2026)["asd-foxtrotton"] == ("all_full", 1)


def test_what_the_programme_changes_in_2028(baseline: Assessment, programme: Assessment) -> None:
    """The base at Delta (2) and Foxtrot special (4 primary, 2 secondary; ASD, SEMH, VI) open: 33 + 8 = 41 places.

    Foxtrot primary: VI 2 (nowhere else), C's third SEMH pupil (24 min), and 1 of F's ASD pupils (0). Secondary: 2 of
    the 3 SEMH pupils: the girl, who has no other, and 1 boy - a local place first, though Mill is nearer. Delta base:
    2 of D's SLCN pupils (0 min). ASD primary 14: Alpha 11 (A 8, F 3), Foxtrot 1, D 2 at Outerton and Mill as before.
    """
    now = placed(programme, "optimal", 2028)
    assert {key: n for key, n in now.items() if key[1].startswith(("foxtrot-special", "delta"))} == {
        ("vi-foxtrotton", "foxtrot-special:0-6"): 2,
        ("semh-charlieton", "foxtrot-special:0-6"): 1,
        ("asd-foxtrotton", "foxtrot-special:0-6"): 1,
        ("semh-girl-hotelton", "foxtrot-special:7-11"): 1,
        ("semh-boys-deltaton", "foxtrot-special:7-11"): 1,
        ("slcn-base-deltaton", "delta-base:0-6"): 2,
    }
    assert without(programme, "optimal", 2028) == {
        "slcn-base-hotelton": ("all_full", 1),
        "sld-sixth-golfton": ("none_for_this_age", 2),
    }
    columns = ["demand_pupils", "placed_local_pupils", "other_council_pupils", "independent_pupils", "unplaced_pupils",
               "without_local_place_pupils", "capacity_places"]  # fmt: skip
    assert total(baseline, COUNTY, "optimal", 2028)[columns].tolist() == [48, 33, 1, 4, 9, 14, 33]
    assert total(programme, COUNTY, "optimal", 2028)[columns].tolist() == [48, 40, 1, 3, 3, 7, 41]
    # Rolling leaves both boys where they are: 39 local, 4 independent.
    assert total(programme, COUNTY, "rolling", 2028)[columns].tolist() == [48, 39, 1, 4, 3, 8, 41]


def test_a_school_that_is_not_open_yet(programme: Assessment) -> None:
    """Foxtrot special opens in 2027: in 2026 its VI pupils are told so, and before the programme they have none."""
    assert without(programme, "optimal", 2026)["vi-foxtrotton"] == ("none_open_yet", 2)
    assert "vi-foxtrotton" not in without(programme, "optimal", 2027)


def test_who_is_better_off_in_2028(baseline: Assessment, programme: Assessment) -> None:
    """The best with the best, in each group.

    F ASD: 24, 24, 24, none -> 0, 24, 24, 24: 2. C SEMH: one of none -> local: 1. D SLCN: 12, 12, 12, none ->
    0, 0, 12, 12: 3. VI 2. The girl 1. A boy: independent -> local 1, though 36 minutes away. Together 10, nobody worse.
    """
    both = {"do_nothing": baseline, "programme": programme}
    table = compare(both, {name: one.outcomes for name, one in both.items()}, "do_nothing").comparison
    row = table[(table["area_id"] == COUNTY) & (table["policy"] == "optimal") & (table["year"] == 2028)]
    row = row.set_index("measure").loc["without_local_place_pupils"]
    assert (row["before"], row["after"], row["change"]) == (140, 70, -70)
    assert (tens(row["better_off_pupils"]), row["worse_off_pupils"]) == (10, 0)


def test_a_pupil_is_never_placed_in_another_type_unless_it_is_listed(town: Inputs, baseline: Assessment) -> None:
    """Alpha-secondary admits SLCN and has 3 places free in 2025, but H's third pupil seeks a base and stays without.

    With the substitution listed, the pupil goes there: H-G-F-E-A = 48 minutes, counted as a substitute.
    """
    assert without(baseline, "optimal", 2025)["slcn-base-hotelton"] == ("all_full", 1)
    row = ("SLCN", "secondary", "specialist_base", "special_school", 1, 10, "agreed for the test")
    listed = pd.DataFrame([row], columns=list(TABLES["acceptance"].names))
    answer = assess(dataclasses.replace(town, acceptance=listed), "do_nothing", policies=["optimal"])
    table = answer.allocation.allocation.set_index(["group_id", "provision_id"])
    found = table.loc[("slcn-base-hotelton-2025", "alpha-secondary")]
    assert (tens(found["pupils"]), found["substitute"], found["travel_min"]) == (1, True, 48.0)
    assert table["substitute"].groupby("group_id").any().loc[lambda x: x].index.tolist() == [
        "slcn-base-hotelton-2024", "slcn-base-hotelton-2025",
    ]  # fmt: skip


def test_beyond_the_reach_limit(town: Inputs) -> None:
    """With a limit of 40 minutes D reaches Mill (2.6), which takes one, and neither Outerton (48) nor Alpha (42)."""
    parameters = town.parameters
    limit = dataclasses.replace(parameters.assumptions["reach_limit_min"], value=40)
    near = dataclasses.replace(parameters, assumptions={**parameters.assumptions, "reach_limit_min": limit})
    answer = assess(dataclasses.replace(town, parameters=near), "do_nothing", policies=["optimal"])
    county = total(answer, COUNTY, "optimal", 2025)
    assert (county["other_council_pupils"], county["unplaced_pupils"]) == (0, 13)
    assert journeys(answer, COUNTY, "optimal", 2025)["over_limit_pupils"] == 0


def test_every_pupil_is_counted_once(baseline: Assessment, programme: Assessment) -> None:
    """Over all streams of 2025: 48 + 2 college + 5 mainstream + 1 at home = 56.

    Optimal: placed 30 + 1 + 4 + 2 = 37, unplaced 12, excluded 1 + 5 + 1 = 7. Nearest: 39 + 2 = 41, 8, 7.
    """
    table = baseline.conservation.set_index(["policy", "year"])[["in", "placed", "unplaced", "excluded"]]
    table = table.map(tens)
    assert table.loc[("optimal", 2025)].tolist() == [56, 37, 12, 7]
    assert table.loc[("nearest", 2025)].tolist() == [56, 41, 8, 7]
    assert table.loc[("rolling", 2025)].tolist() == [56, 37, 12, 7]
    assert table.loc[("optimal", 2024)].tolist() == [54, 37, 10, 7]
    for one in (baseline, programme):
        sums = one.conservation[["placed", "unplaced", "excluded"]].sum(axis=1)
        assert (one.conservation["in"] == sums).all()


def test_support_bases_are_their_own_stream(baseline: Assessment) -> None:
    """12 % of 50 tens at Foxtrot is 6, of 100 at Echo 12. The base at Foxtrot has 10 places: its own 6, then 4 of Echo,
    12 km away; 8 of Echo are without a base.
    """
    match = baseline.support_match
    now = match[match["year"] == 2025].set_index(["setting_id", "match"])
    assert now["pupils"].map(tens).to_dict() == {
        ("foxtrot-academy", "own_school"): 6, ("echo-academy", "partner"): 4, ("echo-academy", "without"): 8,
    }  # fmt: skip
    assert now.loc[("echo-academy", "partner"), "extra_km"] == 12.0


def test_phase_transfers_of_2025(baseline: Assessment) -> None:
    """Year 6 in 2025: B 3 and the pupil who is not located. Year 11: the resident of E, in Year 10 the year before."""
    table = baseline.transfers
    now = (
        table[(table["year"] == 2025) & (table["need"] == "all")].set_index(["area_id", "transfer"])["pupils"].map(tens)
    )
    assert now[COUNTY, "Y6 to Y7"] == 4
    assert now[WEST, "Y6 to Y7"] == 3
    assert now[EAST, "Y6 to Y7"] == 0
    assert (now[COUNTY, "Y11 to Y12"], now[WEST, "Y11 to Y12"], now[EAST, "Y11 to Y12"]) == (1, 1, 0)


def test_the_whole_job_and_what_it_releases(town: Inputs) -> None:
    """Nothing is as small as 5, so that every figure of the county stands as reckoned above."""
    from sufficiency.run import run_job

    job = run_job(town)
    assert list(job.assessments) == ["do_nothing", "committed", "programme"]
    table, hidden = job.released.tables["sufficiency_area"], job.released.hidden["sufficiency_area"]
    here = (table["area_id"] == COUNTY) & (table["policy"] == "optimal") & (table["year"] == 2025)
    at = table.index[here & (table["scenario_id"] == "do_nothing")].item()
    shown = ["demand_pupils", "placed_local_pupils", "other_council_pupils", "independent_pupils", "unplaced_pupils",
             "excluded_pupils", "without_local_place_pupils", "capacity_places", "location_balance_places"]  # fmt: skip
    assert not hidden.loc[at].any()
    assert table.loc[at, shown].map(tens).tolist() == [48, 30, 1, 4, 12, 1, 17, 33, -15]


def test_without_its_own_demand_the_forecast_meets_the_controls(town: Inputs) -> None:
    """The other way to state demand: population, pattern and totals give 46 headline pupils in 2024, 48 later."""
    from sufficiency.assess import demand_of
    from sufficiency.measures import headline_groups

    made = demand_of(dataclasses.replace(town, demand=None))
    headline = made[headline_groups(made)].groupby("year")["pupils"].sum().map(tens)
    assert headline.to_dict() == {2024: 46, 2025: 48, 2026: 48, 2027: 48, 2028: 48}
