"""Pupils as they are placed, whom they pass, and a future that starts from there: a town worked by hand.

Travel (minutes): north to oak 10, elm 20, ash 30, fir 40; south to oak 20, elm 10, ash 30, fir 15; nobody reaches far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation import Conduct, build_eligibility, check_rules, conservation, passing_table
from sufficiency.allocation.observed import as_placed_year
from sufficiency.allocation.policies import Label, allocate_year
from sufficiency.allocation.rolling import stayers_of
from sufficiency.demand import demand_of_placements
from sufficiency.model.errors import CertificateError, DataError, ParameterError
from tests.unit.test_allocation_rules import (
    _altered,
    acceptance,
    group,
    of_year,
    offer,
    placed,
    room,
    run,
    town,
    without,
)

if TYPE_CHECKING:
    from sufficiency.allocation import Eligibility
    from sufficiency.model.results import Allocation

SCHOOL, BASE = "special_school", "specialist_base"


def pupils(count: int, provision_id: str, origin_id: str = "north", **changed: Any) -> list[dict[str, Any]]:
    """Return rows of placements for as many who are alike; `table` numbers them."""
    row = {
        "year": 2025, "origin_id": origin_id, "ncy": 3, "sex": "any", "need": "ASD", "ehcp": True,
        "attendance": "day", "provision_id": provision_id, "place_sought": "",
    }  # fmt: skip
    return [row | changed for _ in range(count)]


def table(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [row for part in parts for row in part]
    return pd.DataFrame(rows).assign(pupil_id=[f"k{number}" for number in range(len(rows))])


def as_placed(
    placements: pd.DataFrame | None,
    offers: list[dict[str, Any]],
    rooms: list[dict[str, Any]],
    groups: list[dict[str, Any]] | None = None,
    accepted: pd.DataFrame | None = None,
    **options: Any,
) -> Allocation:
    """Show the placements as they are; the demand is counted from them where no groups are given."""
    if groups is None:
        assert placements is not None
        groups = demand_of_placements(placements, pd.DataFrame(offers)).to_dict("records")
    return run(groups, offers, rooms, accepted, policy="as_placed", conduct=Conduct(placements=placements), **options)


def by_kind(result: Allocation, groups: list[dict[str, Any]] | pd.DataFrame) -> dict[tuple[str, ...], int]:
    """Return pupils by home, need, place sought, provision and whether it is another type."""
    told = pd.DataFrame(groups).set_index("group_id")[["origin_id", "need", "place_sought"]]
    rows = result.allocation.join(told, on="group_id")
    return {
        tuple(row[:-1]): int(row[-1])
        for row in rows[
            ["origin_id", "need", "place_sought", "provision_id", "substitute", "pupils"]
        ].itertuples(index=False)
    }  # fmt: skip


OFFERS = [
    offer("ash", "ash", needs="HI", tier="independent"),
    offer("elm", "elm", provision_type=BASE, needs="ASD"),
    offer("far", "far"),
    offer("fir", "fir", provision_type="alternative_provision"),
    offer("oak", "oak"),
]
ROOMS = [row for name, count in (("ash", 5), ("elm", 5), ("far", 2), ("oak", 2)) for row in room(name, count)]
TOWN = table(
    pupils(3, "oak"),  # as they seek, one more than there are places for
    pupils(1, "elm", "south", place_sought=SCHOOL),  # in another type than sought
    pupils(1, "", "south", place_sought=SCHOOL),  # of the same kind, and without a provision
    pupils(1, "oak", "not_located"),  # placed, but nobody knows where home is
    pupils(1, "oak", year=2024),  # of another year
    pupils(1, "fir", need="SEMH"),  # in a type that is not matched
    pupils(2, "fir", "south", need="SEMH", place_sought=SCHOOL),  # there for want of a school
    pupils(1, "oak", need="HI"),  # oak does not state HI
    pupils(1, "ash", "south", need="HI", attendance="residential"),  # boards where there are day places only
    pupils(1, "oak", "south", place_sought=BASE, need="SEMH"),  # in a school, and a base is sought
)  # fmt: skip


def test_every_pupil_is_where_the_placements_say() -> None:
    demand = demand_of_placements(TOWN, pd.DataFrame(OFFERS))
    result = as_placed(TOWN, OFFERS, ROOMS, years=(2025,))
    assert by_kind(result, demand) == {
        ("north", "ASD", SCHOOL, "oak", False): 3,
        ("south", "ASD", SCHOOL, "elm", True): 1,
        ("north", "HI", SCHOOL, "oak", False): 1,
        ("south", "HI", SCHOOL, "ash", False): 1,
        ("south", "SEMH", BASE, "oak", True): 1,
    }
    told = demand.set_index("group_id")
    assert {
        (told.loc[name, "origin_id"], told.loc[name, "need"]): answer for name, answer in without(result).items()
    } == {("south", "ASD"): ("not_placed", 1), ("south", "SEMH"): ("not_placed", 2)}
    assert set(result.unplaced["bottleneck"]) == {""}
    excluded = result.excluded.join(told[["origin_id", "need"]], on="group_id")
    assert excluded[["origin_id", "need", "reason", "pupils"]].to_numpy().tolist() == [
        ["", "ASD", "not_located", 1], ["north", "SEMH", "out_of_scope", 1],
    ]  # fmt: skip
    # 12 pupils of the year: 7 placed, 3 not, 2 apart; the one of 2024 is nowhere
    totals = conservation(result, demand[demand["year"] == 2025])
    assert totals[["year", "pupils", "placed", "unplaced", "excluded"]].to_numpy().tolist() == [[2025, 12, 7, 3, 2]]
    use = result.provision_use.set_index("provision_id")
    assert use["placed_pupils"].to_dict() == {"ash": 1, "elm": 1, "far": 0, "oak": 5}
    assert use["over_capacity_pupils"].to_dict() == {"ash": 0, "elm": 0, "far": 0, "oak": 3}
    assert use["over_number_pupils"].sum() == 0
    assert result.certificates == ()
    assert result.notes == ("Present placements, as loaded; places may be over capacity.",)


def test_journeys_are_those_of_day_pupils_from_their_own_home() -> None:
    result = as_placed(TOWN, OFFERS, ROOMS, years=(2025,))
    told = demand_of_placements(TOWN, pd.DataFrame(OFFERS)).set_index("group_id")[["origin_id", "need", "attendance"]]
    rows = result.allocation.join(told, on="group_id")
    day = rows[rows["attendance"] == "day"]
    assert {
        (home, need, where): (minutes, km)
        for home, need, where, minutes, km in day[
            ["origin_id", "need", "provision_id", "travel_min", "travel_km"]
        ].itertuples(index=False)
    } == {
        ("north", "ASD", "oak"): (10.0, 5.0), ("south", "ASD", "elm"): (10.0, 5.0), ("north", "HI", "oak"): (10.0, 5.0),
        ("south", "SEMH", "oak"): (20.0, 10.0),
    }  # fmt: skip
    assert rows.loc[rows["attendance"] == "residential", "travel_min"].isna().tolist() == [True]


def test_years_with_placements_are_shown_and_the_others_left_out() -> None:
    both = table(pupils(1, "oak"), pupils(2, "elm", year=2024))
    for years in ((2024, 2025), (2023, 2024, 2025, 2026)):
        result = as_placed(both, OFFERS, ROOMS + room("elm", 5, 2024), years=years)
        assert result.interchangeable["year"].tolist() == [2024, 2025]
        assert result.allocation[["provision_id", "pupils"]].to_numpy().tolist() == [["elm", 2], ["oak", 1]]


@pytest.mark.parametrize(
    ("placements", "years"),
    [(table(pupils(1, "oak")), (2026, 2027)), (table(pupils(1, "oak")).iloc[:0], (2026, 2027)), (None, (2026, 2027))],
)
def test_years_without_placements_are_refused_in_words(placements: pd.DataFrame | None, years: tuple[int, ...]) -> None:
    message = "no present placements are loaded for 2026/27, 2027/28, which policy as_placed shows"
    with pytest.raises(ParameterError, match=message):
        as_placed(placements, OFFERS, ROOMS, [group("a")], years=years)


@pytest.mark.parametrize(
    "placements",
    [
        table(pupils(2, "oak", need="SEMH"), pupils(1, "oak")),  # no group of that kind
        table(pupils(4, "oak")),  # a group of one
        table(pupils(1, "oak"), pupils(1, "elm", place_sought=SCHOOL)),  # one too many over both types
        table(pupils(1, "oak", sex="F")),  # the demand does not tell sexes apart
    ],
)
def test_placements_that_are_not_in_the_demand_are_refused(placements: pd.DataFrame) -> None:
    # and the message does not say how many they are
    with pytest.raises(DataError, match=r"^the placements of 2025/26 hold pupils who are not in the demand[^0-9]*$"):
        as_placed(placements, OFFERS, ROOMS, [group("a")])


def test_more_demand_than_placements_is_no_fault() -> None:
    result = as_placed(table(pupils(1, "oak")), OFFERS, ROOMS, [group("a", pupils=3), group("b", need="HI", pupils=2)])
    assert placed(result) == {("a", "oak"): 1}
    assert without(result) == {"a": ("not_placed", 2), "b": ("not_placed", 2)}


def test_a_placement_in_provision_that_is_not_open_is_refused() -> None:
    shut = table(pupils(2, "oak"), pupils(1, "elm"))
    message = "^pupils are placed at oak, which has no row of places for 2025/26"
    with pytest.raises(DataError, match=message):
        as_placed(shut, OFFERS, room("elm", 1) + room("oak", 9, 2024))
    # a row that says 0 places is open: somebody is there, over capacity
    result = as_placed(shut, OFFERS, room("elm", 1) + room("oak", 0))
    assert result.provision_use.set_index("provision_id")["over_capacity_pupils"].to_dict() == {"elm": 0, "oak": 2}


def test_a_single_sex_place_and_a_pupil_without_a_plan_are_taken_as_they_are() -> None:
    offers = [offer("oak", "oak", sex="M")]
    seen = table(pupils(1, "oak", sex="F"), pupils(1, "oak", sex="M", ehcp=False), pupils(1, "oak", sex="M", ncy=20))
    result = as_placed(seen, offers, room("oak", 3))
    assert result.allocation["pupils"].tolist() == [1, 1, 1]
    assert result.unplaced.empty


# --- passing ---


def passed(placements: pd.DataFrame, offers: list[dict[str, Any]], rooms: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the table of passing with home and need beside each row, by home, need and provision."""
    groups = demand_of_placements(placements, pd.DataFrame(offers))
    year = of_year(groups.to_dict("records"), offers, rooms)
    found = passing_table(as_placed_year(year, placements))
    told = groups.set_index("group_id")[["origin_id", "need"]]
    return found.join(told, on="group_id").set_index(["origin_id", "need", "provision_id"])


def test_passing_by_hand() -> None:
    # oak is full (3 of 3 and one over), elm has room for one, ash for many; fir is independent, and nearest to
    # nobody but the south. The base stands at oak and takes another type.
    offers = [
        offer("ash", "ash", needs="ASD;SEMH;HI"),
        offer("base", "oak", provision_type=BASE),
        offer("elm", "elm", needs="ASD"),
        offer("far", "far"),
        offer("fir", "fir", tier="independent", needs="ASD;HI"),
        offer("oak", "oak"),
    ]
    counts = {"ash": 9, "base": 9, "elm": 2, "far": 9, "fir": 9, "oak": 3}
    rooms = [row for name, count in counts.items() for row in room(name, count)]
    seen = table(
        pupils(2, "oak"),  # at the nearest
        pupils(1, "ash"),  # 30 minutes: oak (10) is nearer and full, elm (20) nearer with room
        pupils(1, "ash", need="SEMH"),  # elm does not admit SEMH, oak is full: passes nobody
        pupils(1, "fir", "south"),  # 15 minutes, independent: passes elm (10)
        pupils(1, "fir", "south", need="HI"),  # of the local ones only ash admits HI, and that is further
        pupils(1, "elm", "south"),  # at the nearest
        pupils(2, "oak", "south", need="HI"),  # oak does not state HI; the one place that does is further
        pupils(1, "far"),  # no road route
        pupils(1, "fir", "south", need="SEMH", attendance="residential"),  # not daily
        pupils(1, "base", "south", need="SEMH", place_sought=SCHOOL),  # 20 minutes, in another type
    )  # fmt: skip
    found = passed(seen, offers, rooms)
    nan = float("nan")
    expected = {
        # pupils, own, nearest, passed, its minutes, against
        ("north", "ASD", "oak"): (2, 10, 10, "", nan, ""),
        ("north", "ASD", "ash"): (1, 30, 10, "elm", 20, ""),
        ("north", "SEMH", "ash"): (1, 30, 10, "", nan, ""),
        ("south", "ASD", "fir"): (1, 15, 10, "elm", 10, ""),
        ("south", "HI", "fir"): (1, 15, 30, "", nan, ""),
        ("south", "ASD", "elm"): (1, 10, 10, "", nan, ""),
        ("south", "HI", "oak"): (2, 20, 30, "", nan, "does not admit HI as a primary need (it admits ASD;SEMH)"),
        ("north", "ASD", "far"): (
            1, nan, 10, "", nan, "is out of reach (no road route, or beyond the limit of the phase)",
        ),
        ("south", "SEMH", "fir"): (
            1, nan, nan, "", nan,
            "does not admit SEMH as a primary need (it admits ASD;HI); offers day places, and residential is sought",
        ),
        ("south", "SEMH", "base"): (1, 20, 20, "", nan, "offers specialist_base, and special_school is sought"),
    }  # fmt: skip
    assert set(found.index) == set(expected)
    for key, (count, own, nearest, name, minutes, against) in expected.items():
        row = found.loc[key]
        told = (row["travel_min"], row["nearest_min"], row["passed_min"])
        assert np.allclose(told, (own, nearest, minutes), equal_nan=True), key
        assert (row["pupils"], row["passed_provision_id"]) == (count, name), key
        assert row["outside_rules"] == against, key


def test_a_place_as_far_as_their_own_is_not_passed_and_of_two_the_first_by_id_is() -> None:
    # Three departments at oak (10 minutes): whoever is in one does not pass the others. From ash all are passed.
    offers = [offer("a", "oak", needs="HI"), offer("b", "oak"), offer("c", "oak"), offer("d", "ash")]
    rooms = [row for name in "abcd" for row in room(name, 5)]
    found = passed(table(pupils(1, "c"), pupils(1, "d", need="SEMH")), offers, rooms)
    assert found.loc[("north", "ASD", "c"), "passed_provision_id"] == ""
    assert found.loc[("north", "SEMH", "d"), ["passed_provision_id", "passed_min"]].tolist() == ["b", 10.0]
    # the last place of b gone, it is c
    full = passed(table(pupils(5, "b"), pupils(1, "d", need="SEMH")), offers, rooms)
    assert full.loc[("north", "SEMH", "d"), "passed_provision_id"] == "c"


def test_each_pupil_passes_by_himself_and_closed_provision_is_not_passed() -> None:
    offers = [offer("ash", "ash"), offer("elm", "elm"), offer("oak", "oak")]
    found = passed(table(pupils(4, "ash")), offers, room("ash", 4) + room("elm", 1))
    # elm has one place for four; oak, 10 minutes away, has no row of places that year
    assert found.loc[("north", "ASD", "ash")].drop("group_id").tolist() == [4, 30.0, 20.0, "elm", 20.0, ""]


def test_a_residential_pupil_passes_nobody_although_there_is_a_nearer_boarding_place() -> None:
    offers = [offer("ash", "ash", attendance="termly"), offer("oak", "oak", attendance="weekly")]
    found = passed(table(pupils(1, "ash", attendance="residential")), offers, room("ash", 2) + room("oak", 2))
    row = found.loc[("north", "ASD", "ash")]
    assert row[["travel_min", "nearest_min", "passed_min"]].isna().all()
    assert row[["passed_provision_id", "outside_rules"]].tolist() == ["", ""]


def test_passing_of_the_optimum_where_one_gives_way_and_of_nobody() -> None:
    # The optimum passes places only for others' sake, so that none of its pupils passes one with room.
    groups = [group("n", "north", pupils=3), group("s", "south", pupils=3), group("r", attendance="residential")]
    offers = [offer("ash", "ash"), offer("elm", "elm"), offer("oak", "oak")]
    year = of_year(groups, offers, room("ash", 9) + room("elm", 2) + room("oak", 2))
    found = passing_table(allocate_year(year, Label("x", "optimal")))
    assert found["pupils"].sum() == 6
    assert (found["travel_min"] > found["nearest_min"]).any()
    assert (found["passed_provision_id"] == "").all()
    empty = passing_table(as_placed_year(year, table(pupils(1, "oak")).iloc[:0]))
    assert empty.empty
    assert list(empty.columns) == list(found.columns)


# --- a future that starts from placements ---

START = {"years": (2025,), "calibration_year": 2024, "policy": "rolling"}


def observed_town() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], pd.DataFrame]:
    """In 2024 a pupil with HI is at oak, which does not admit HI; in 2025 a second one starts."""
    seen = table(pupils(1, "oak", year=2024, need="HI"), pupils(2, "elm", year=2024))
    groups = [
        group("a0", year=2024, need="HI"), group("b0", year=2024, pupils=2),
        group("a1", ncy=4, need="HI"), group("b1", ncy=4, pupils=2), group("new", ncy=0, need="HI"),
        group("south", "south", ncy=4, need="HI"),
    ]  # fmt: skip
    offers = [offer("elm", "elm"), offer("oak", "oak")]
    return groups, offers, room("elm", 4, 2024, 2025) + room("oak", 4, 2024, 2025), seen


def test_rolling_from_placements_keeps_a_pupil_whose_need_is_not_admitted() -> None:
    groups, offers, rooms, seen = observed_town()
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **START)
    # elm is further than oak (20 against 10 minutes), and the two stay there all the same
    assert placed(result) == {("a1", "oak"): 1, ("b1", "elm"): 2}
    assert without(result) == {"new": ("no_such_provision", 1), "south": ("no_such_provision", 1)}
    assert result.notes == ("Rolling starts from the placements of 2024/25, and 100% of those who could stay do.",)
    # without placements the start is the optimum, which knows no place for HI and puts the others in oak
    modelled = run(groups, offers, rooms, **START)
    assert placed(modelled) == {("b1", "oak"): 2}
    assert "No present placements are loaded" in modelled.notes[0]


def test_rolling_shows_the_calibration_year_as_placed() -> None:
    groups, offers, rooms, seen = observed_town()
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **(START | {"years": (2024, 2025)}))
    assert {key: n for key, n in placed(result).items() if key[0] in ("a0", "b0")} == {
        ("a0", "oak"): 1, ("b0", "elm"): 2,
    }  # fmt: skip
    # the year that is not observed is proven, the other claims nothing
    assert {proof.year for proof in result.certificates} == {2025}


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({"group_id": "a1", "provision_id": "oak"}, True),  # as it is
        ({"group_id": "south", "provision_id": "oak"}, False),  # of another home
        ({"group_id": "new", "provision_id": "oak"}, False),  # of another age
        ({"group_id": "a1", "provision_id": "elm"}, False),  # at another school
    ],
)
def test_the_check_forgives_what_is_observed_and_nothing_else(change: dict[str, str], accepted: bool) -> None:
    groups, offers, rooms, seen = observed_town()
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **START)
    tables = pd.DataFrame(groups).query("year == 2025"), pd.DataFrame(offers), pd.DataFrame(rooms), acceptance()
    rows = result.allocation.copy()
    rows.loc[rows["group_id"] == "a1", list(change)] = list(change.values())
    altered = _altered(result, allocation=rows)
    if accepted:
        check_rules(altered, *tables, observed=seen, with_capacity=True)
    else:
        with pytest.raises(CertificateError, match=f"need is admitted does not hold, first for {change['group_id']}"):
            check_rules(altered, *tables, observed=seen, with_capacity=True)
    # and nothing is forgiven where nothing is observed
    for nothing in (None, seen.iloc[:0]):
        with pytest.raises(CertificateError, match="need is admitted"):
            check_rules(altered, *tables, observed=nothing, with_capacity=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, ""),
        ({"needs": "ASD"}, "need is admitted"),
        ({"ncy_from": 5}, "year group is taken"),
        ({"sex": "F"}, "sex is taken"),
        ({"attendance": "termly"}, "day or residential"),
        ({"provision_type": BASE}, "type sought"),
        ({"tier": "independent"}, "tier is that of the provision"),
    ],
)
def test_a_modelled_placement_obeys_every_rule_while_an_observed_one_need_not(
    wrong: dict[str, Any], message: str
) -> None:
    # One after the other in oak, as it might be: the pupil observed there, then one from the south who is not.
    groups, offers, rooms, seen = observed_town()
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **START)
    row = result.allocation.query("group_id == 'a1'")
    supply = pd.DataFrame([item | {"needs": "ASD;HI"} | wrong for item in offers])
    for who, observed in (("a1", True), ("south", False)):
        altered = _altered(result, allocation=row.assign(group_id=who))
        options = {"observed": seen, "with_capacity": True}
        tables = pd.DataFrame(groups).query("year == 2025"), supply, pd.DataFrame(rooms), acceptance()
        if observed or not message:
            check_rules(altered, *tables, **options)
        else:
            with pytest.raises(CertificateError, match=f"{message}.*south"):
                check_rules(altered, *tables, **options)


def test_places_are_counted_whatever_is_observed() -> None:
    groups, offers, rooms, seen = observed_town()
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **START)
    many = _altered(result, allocation=result.allocation.assign(pupils=9))
    with pytest.raises(CertificateError, match="does not hold"):
        check_rules(
            many, pd.DataFrame(groups), pd.DataFrame(offers), pd.DataFrame(rooms), acceptance(), observed=seen,
            with_capacity=True,
        )  # fmt: skip


def test_over_capacity_and_another_type_are_carried_on_and_nobody_joins() -> None:
    # Three in two places at oak, and one in the base at elm who seeks a school: all stay, and the new starter, whom
    # the base may not take, has no place while oak is over number.
    seen = table(pupils(3, "oak", year=2024), pupils(1, "elm", "south", year=2024, place_sought=SCHOOL))
    groups = [
        group("a0", year=2024, pupils=3), group("b0", "south", year=2024),
        group("a1", ncy=4, pupils=3), group("b1", "south", ncy=4), group("new", ncy=0),
    ]  # fmt: skip
    offers = [offer("elm", "elm", provision_type=BASE), offer("oak", "oak")]
    rooms = room("elm", 5, 2024, 2025) + room("oak", 2, 2024, 2025)
    result = run(groups, offers, rooms, conduct=Conduct(placements=seen), **START)
    assert placed(result) == {("a1", "oak"): 3, ("b1", "elm"): 1}
    assert result.allocation.set_index("group_id")["substitute"].to_dict() == {"a1": False, "b1": True}
    assert without(result) == {"new": ("all_full", 1)}
    use = result.provision_use.set_index("provision_id")
    assert use.loc["oak", ["placed_pupils", "over_number_pupils", "over_capacity_pupils"]].tolist() == [3, 1, 0]


# --- who is free to move ---


def outside(sizes: dict[str, int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], pd.DataFrame]:
    """Pupils of a year group each at ash (another council's), fir (independent) and elm (local); oak has room for all.

    Oak is the nearest of all, so that whoever is free to move goes there.
    """
    seen, groups = [], []
    for number, (name, count) in enumerate(sizes.items()):
        seen.append(pupils(count, name, year=2024, ncy=number))
        groups.append(group(f"{name}0", year=2024, ncy=number, pupils=count))
        groups.append(group(f"{name}1", ncy=number + 1, pupils=count))
    offers = [
        offer("ash", "ash", tier="other_council"), offer("elm", "elm"), offer("fir", "fir", tier="independent"),
        offer("oak", "oak"),
    ]  # fmt: skip
    return groups, offers, table(*seen)


@pytest.mark.parametrize(
    ("movement", "kept"),
    [
        (0.0, {"ash": 7, "fir": 6}),
        # stay: 0.7 x 7 = 4.9 and 0.7 x 13 = 9.1, rounded down as they run: 4 and 9 - 4
        (0.3, {"ash": 4, "fir": 5}),
        # 3.5 and 6.5: 3 and 3
        (0.5, {"ash": 3, "fir": 3}),
        # 0.7 and 1.3: none and one
        (0.9, {"ash": 0, "fir": 1}),
        (1.0, {"ash": 0, "fir": 0}),
    ],
)
def test_movement_releases_the_share_of_those_outside_and_no_local_pupil(movement: float, kept: dict[str, int]) -> None:
    groups, offers, seen = outside({"ash": 7, "elm": 5, "fir": 6})
    rooms = [row for name in ("ash", "elm", "fir", "oak") for row in room(name, 99, 2024, 2025)]
    result = run(groups, offers, rooms, conduct=Conduct(movement_share=movement, placements=seen), **START)
    expected = {("elm1", "elm"): 5}
    for name, all_of_them in (("ash", 7), ("fir", 6)):
        expected[(f"{name}1", name)] = kept[name]
        expected[(f"{name}1", "oak")] = all_of_them - kept[name]
    assert placed(result) == {key: count for key, count in expected.items() if count}


def test_retention_and_movement_are_apart_and_by_default_one_share() -> None:
    groups, offers, seen = outside({"ash": 8, "elm": 4, "fir": 8})
    rooms = [row for name in ("ash", "elm", "fir", "oak") for row in room(name, 99, 2024, 2025)]

    def outcome(**shares: float) -> dict[tuple[str, str], int]:
        found = placed(run(groups, offers, rooms, conduct=Conduct(placements=seen, **shares), **START))
        return {key: count for key, count in found.items() if key[1] != "oak"}

    assert outcome(retention_share=0.5, movement_share=0.0) == {
        ("ash1", "ash"): 8, ("elm1", "elm"): 2, ("fir1", "fir"): 8,
    }  # fmt: skip
    assert outcome(retention_share=1.0, movement_share=0.25) == {
        ("ash1", "ash"): 6, ("elm1", "elm"): 4, ("fir1", "fir"): 6,
    }  # fmt: skip
    assert outcome(retention_share=0.75) == {("ash1", "ash"): 6, ("elm1", "elm"): 3, ("fir1", "fir"): 6}


def test_who_is_free_to_move_and_finds_no_local_place_goes_back_where_there_is_room() -> None:
    groups, offers, seen = outside({"ash": 4})
    rooms = room("ash", 4, 2024, 2025) + room("oak", 1, 2025)
    result = run(groups, offers, rooms, conduct=Conduct(movement_share=1.0, placements=seen), **START)
    assert placed(result) == {("ash1", "oak"): 1, ("ash1", "ash"): 3}


@pytest.mark.parametrize("seed", range(8))
def test_shares_of_many_groups_are_right_to_one_pupil(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, tiers = rng.integers(1, 9, 12), rng.choice(["local", "other_council", "independent"], 12)
    offers = [offer(f"p{number:02d}", "oak", tier=str(tier)) for number, tier in enumerate(tiers)]
    seen = table(*(pupils(int(n), f"p{number:02d}", year=2024, ncy=number) for number, n in enumerate(sizes)))
    groups = [group(f"g{number:02d}", year=2024, ncy=number, pupils=int(n)) for number, n in enumerate(sizes)]
    older = [group(f"h{number:02d}", ncy=number + 1, pupils=int(n)) for number, n in enumerate(sizes)]
    rooms = [row for item in offers for row in room(item["provision_id"], 9, 2024, 2025)]
    before = _year(groups, offers, rooms, 2024)
    now = _year(older, offers, rooms, 2025)
    retention, movement = (int(n) / 10 for n in rng.integers(0, 11, 2))
    stay = stayers_of(as_placed_year(before, seen), now, retention, movement)
    assert stay.substitute.nnz == 0
    kept = np.asarray(stay.first.todense()).sum(axis=0)
    local = tiers == "local"
    for which, share in ((local, round(10 * retention)), (~local, 10 - round(10 * movement))):
        running = np.cumsum(sizes[which]) * share // 10
        assert kept[which].tolist() == np.diff(running, prepend=0).tolist()


def _year(
    groups: list[dict[str, Any]], offers: list[dict[str, Any]], rooms: list[dict[str, Any]], year: int
) -> Eligibility:
    frames = pd.DataFrame(groups), pd.DataFrame(offers), pd.DataFrame(rooms)
    return build_eligibility(*frames, acceptance(), town(), year=year)


@pytest.mark.parametrize("movement", [-0.1, 1.1, float("nan")])
def test_bad_movement_shares_are_refused(movement: float) -> None:
    groups, offers, seen = outside({"ash": 1})
    rooms = room("ash", 1, 2024, 2025)
    with pytest.raises(ParameterError, match=r"movement_share is .* must lie between 0 and 1"):
        run(groups, offers, rooms, conduct=Conduct(movement_share=movement, placements=seen), **START)
