"""Families who choose: leakage, tiers, substitutes, residential places and notes, in a town worked by hand.

Travel (minutes): north to oak 10, elm 20, ash 30, fir 40; south to oak 20, elm 10, ash 30, fir 15; nobody reaches far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.allocation import Conduct, Preference, check_rules, conservation
from sufficiency.allocation.preference import preference_year
from sufficiency.model.errors import CertificateError, ParameterError
from tests.unit.test_allocation_rules import _altered, acceptance, group, of_year, offer, placed, room, run, without

if TYPE_CHECKING:
    from sufficiency.model.results import Allocation

# so steep that a minute decides, whatever the taste
BY_MINUTES = 1_000.0
INDEPENDENT = {"tier": "independent"}
OTHER_COUNCIL = {"tier": "other_council"}


def choose(
    groups: list[dict[str, Any]],
    offers: list[dict[str, Any]],
    rooms: list[dict[str, Any]],
    accepted: pd.DataFrame | None = None,
    *,
    decay: float = BY_MINUTES,
    leakage: float = 0.0,
    seed: int = 0,
) -> Allocation:
    conduct = Conduct(preference=Preference(decay, leakage, seed))
    return run(groups, offers, rooms, accepted, policy="preference", conduct=conduct)


# --- leakage ---


@pytest.mark.parametrize("share", [0.0, 0.07, 0.3, 0.6, 1.0])
def test_the_stated_share_of_those_who_could_asks_for_an_independent_place_first(share: float) -> None:
    # 4,000 could have a place in fir and b could not; the share that does lies within what chance allows
    groups = [
        *(group(f"a{number:03d}", pupils=10, ncy=number % 12) for number in range(200)),
        group("b", pupils=6, need="SEMH"),
        *(group(f"c{number:03d}", "south", pupils=10, ncy=number % 12) for number in range(200)),
    ]  # fmt: skip
    offers = [offer("oak", "oak"), offer("fir", "fir", needs="ASD", **INDEPENDENT)]
    counts = []
    for seed in range(3):
        result = choose(groups, offers, room("oak", 9_999) + room("fir", 9_999), leakage=share, seed=seed)
        found = result.allocation.groupby("provision_id")["pupils"].sum()
        assert placed(result)[("b", "oak")] == 6
        counts.append(int(found.get("fir", 0)))
        spread = np.sqrt(4_000 * share * (1 - share))
        assert abs(counts[-1] - 4_000 * share) <= 3.5 * spread
    assert share in (0.0, 1.0) or len(set(counts)) > 1


def test_who_could_not_have_an_independent_place_that_year_does_not_count() -> None:
    # No places in fir: nobody could have one, and nobody leaks. Out of reach, of another need, or closed: likewise.
    groups = [group("a", pupils=4)]
    for name, changed in (("fir", {}), ("far", {}), ("fir", {"needs": "HI"})):
        count = 0 if not changed and name == "fir" else 9
        offers = [offer("oak", "oak"), offer("ind", name, **INDEPENDENT, **changed)]
        assert placed(choose(groups, offers, room("oak", 9) + room("ind", count), leakage=1)) == {("a", "oak"): 4}
        assert placed(choose(groups, offers, room("oak", 9), leakage=1)) == {("a", "oak"): 4}


def test_an_independent_school_without_places_draws_nobody() -> None:
    groups = [group("a", pupils=3, need="HI"), group("b", pupils=4)]
    offers = [
        offer("ash", "ash", needs="HI", **INDEPENDENT), offer("fir", "fir", **INDEPENDENT),
        offer("oak", "oak", needs="ASD;HI"),
    ]  # fmt: skip
    result = choose(groups, offers, room("ash", 0) + room("fir", 9) + room("oak", 9), leakage=1)
    assert placed(result) == {("a", "oak"): 3, ("b", "fir"): 4}


def test_who_asks_for_an_independent_place_in_vain_has_the_tiers_in_their_order() -> None:
    # All ask for fir, where south is nearer (15 against 40 minutes). North's two then go to the local place although
    # ash, of another council, is nearer than far elm would be: oak is the local one, at 10, with one place.
    groups = [group("n", "north", pupils=2), group("s", "south")]
    offers = [offer("oak", "oak"), offer("ash", "ash", **OTHER_COUNCIL), offer("fir", "fir", **INDEPENDENT)]
    result = choose(groups, offers, room("oak", 1) + room("ash", 1) + room("fir", 1), leakage=1)
    assert placed(result) == {("s", "fir"): 1, ("n", "oak"): 1, ("n", "ash"): 1}
    # without leakage oak has the nearer pupil from the north; who is left over has ash, and the last one fir
    plain = choose(groups, offers, room("oak", 1) + room("ash", 1) + room("fir", 1))
    assert plain.allocation.groupby("tier")["pupils"].sum().to_dict() == {
        "independent": 1, "local": 1, "other_council": 1,
    }  # fmt: skip
    assert placed(plain)[("n", "oak")] == 1


# --- tiers ---


@pytest.mark.parametrize("decay", [0.0, BY_MINUTES])
@pytest.mark.parametrize("seed", [0, 1])
def test_local_before_other_councils_before_independent_however_far(decay: float, seed: int) -> None:
    # South: fir (independent) is 15 minutes away, oak (another council) 20, ash (local) 30.
    groups = [group("s", "south", pupils=6)]
    offers = [offer("ash", "ash"), offer("oak", "oak", **OTHER_COUNCIL), offer("fir", "fir", **INDEPENDENT)]
    for local, other, independent, nowhere in ((9, 9, 9, 0), (4, 9, 9, 0), (3, 2, 9, 0), (1, 2, 2, 1), (0, 0, 6, 0)):
        rooms = room("ash", local) + room("oak", other) + room("fir", independent)
        result = choose(groups, offers, rooms, decay=decay, seed=seed)
        found = placed(result)
        at = [min(6, local)]
        at.append(min(6 - at[0], other))
        at.append(min(6 - at[0] - at[1], independent))
        assert [found.get(("s", name), 0) for name in ("ash", "oak", "fir")] == at
        assert without(result) == ({"s": ("all_full", nowhere)} if nowhere else {})


# --- who gives way ---


def test_the_nearer_pupil_has_the_place_whoever_asks_first() -> None:
    # Ash is 30 minutes from both; oak is nearer to the north, whose group comes last by id.
    groups = [group("a", "south", pupils=2), group("z", "north", pupils=2)]
    offers = [offer("oak", "oak")]
    result = choose(groups, offers, room("oak", 3))
    assert placed(result) == {("z", "oak"): 2, ("a", "oak"): 1}
    assert without(result) == {"a": ("all_full", 1)}
    assert result.unplaced["bottleneck"].tolist() == ["oak"]


def test_who_is_turned_away_goes_on_to_the_next_choice_and_may_turn_another_away() -> None:
    # By minutes north wants oak (10), then elm (20); south wants elm (10), then fir (15), oak (20). Three from the
    # north for one place at oak, one at elm: two go on to elm, where south is nearer and keeps it; they end at ash.
    groups = [group("n", "north", pupils=3), group("s", "south", pupils=1)]
    offers = [offer("oak", "oak"), offer("elm", "elm"), offer("ash", "ash")]
    result = choose(groups, offers, room("oak", 1) + room("elm", 1) + room("ash", 1))
    assert placed(result) == {("n", "oak"): 1, ("s", "elm"): 1, ("n", "ash"): 1}
    assert without(result) == {"n": ("all_full", 1)}


def test_residential_pupils_have_a_place_by_lot_and_not_by_distance() -> None:
    # 40 from each side for 40 places next door to the north: by distance the north would have them all.
    stays = {"attendance": "residential"}
    groups = [group("n", "north", pupils=40, **stays), group("s", "south", pupils=40, **stays)]
    result = choose(groups, [offer("oak", "oak", attendance="termly")], room("oak", 40))
    found = placed(result)
    # a draw of 40 out of 80 without replacement: 20, standard deviation 2.25
    assert found[("n", "oak")] + found[("s", "oak")] == 40
    assert abs(found[("n", "oak")] - 20) < 3.5 * 2.25
    assert result.allocation["travel_min"].isna().all()
    day = choose(
        [group("n", "north", pupils=40), group("s", "south", pupils=40)], [offer("oak", "oak")], room("oak", 40)
    )
    assert placed(day) == {("n", "oak"): 40}


# --- substitutes ---


def test_substitutes_come_after_every_first_fit() -> None:
    # The base at oak is nearer to the north, who would take it instead of a school; south seeks a base and has it.
    groups = [group("n", "north", pupils=2), group("s", "south", place_sought="specialist_base")]
    offers = [offer("ash", "ash"), offer("base", "oak", provision_type="specialist_base")]
    rooms = room("ash", 1) + room("base", 2)
    listed = acceptance(("all", "all", "special_school", "specialist_base", 0))
    result = choose(groups, offers, rooms, listed)
    assert placed(result) == {("n", "ash"): 1, ("n", "base"): 1, ("s", "base"): 1}
    instead = result.allocation.set_index(["group_id", "provision_id"])["substitute"].to_dict()
    assert instead == {("n", "ash"): False, ("n", "base"): True, ("s", "base"): False}
    plain = choose(groups, offers, rooms)
    assert placed(plain) == {("n", "ash"): 1, ("s", "base"): 1}
    assert without(plain) == {"n": ("all_full", 1)}
    # one base place: the nearer pupils, who would only take it instead, do without
    scarce = choose(groups, offers, room("ash", 1) + room("base", 1), listed)
    assert placed(scarce) == {("n", "ash"): 1, ("s", "base"): 1}


def test_an_independent_place_in_the_type_sought_comes_before_a_local_substitute() -> None:
    offers = [offer("fir", "fir", **INDEPENDENT), offer("base", "oak", provision_type="specialist_base")]
    listed = acceptance(("all", "all", "special_school", "specialist_base", 0))
    result = choose([group("n", "north", pupils=2)], offers, room("fir", 1) + room("base", 9), listed)
    assert placed(result) == {("n", "fir"): 1, ("n", "base"): 1}


# --- parameters, notes, proof ---


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-0.001, 0.0), "preference_decay_per_min is -0.001, but must be a number from 0"),
        ((float("nan"), 0.0), "preference_decay_per_min is nan"),
        ((float("inf"), 0.0), "preference_decay_per_min is inf"),
        ((0.1, -0.01), "preference_leakage_share is -0.01, but must lie between 0 and 1"),
        ((0.1, 1.01), "preference_leakage_share is 1.01"),
        ((0.1, float("nan")), "preference_leakage_share is nan"),
    ],
)
def test_bad_parameters_are_refused(values: tuple[float, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Preference(*values)


def test_the_note_says_the_odds() -> None:
    groups, offers, rooms = [group("a")], [offer("oak", "oak")], room("oak", 1)
    ten = choose(groups, offers, rooms, decay=np.log(2) / 10, leakage=0.05)
    assert len(ten.notes) == 1
    assert "10 minutes more halve the odds of a place" in ten.notes[0]
    assert "5% of those who could have an independent place ask for it first" in ten.notes[0]
    flat = choose(groups, offers, rooms, decay=0.0)
    assert "minutes do not change the odds" in flat.notes[0]
    # by default a quarter of an hour, and nobody leaks
    plain = run(groups, offers, rooms, policy="preference")
    assert "15 minutes more halve the odds" in plain.notes[0]
    assert "0% of those" in plain.notes[0]


def test_it_claims_no_optimum_and_passes_the_checks_that_others_fail() -> None:
    groups = [
        group("a", "north", pupils=9), group("b", "south", pupils=9), group("c", None), group("d", need="HI"),
        group("e", "south", pupils=2, attendance="residential"), group("f", "north", pupils=3, ehcp=False),
        group("g", "north", pupils=4, sex="M", ncy=8),
    ]  # fmt: skip
    offers = [
        offer("ash", "ash", tier="independent"), offer("boys", "elm", sex="M"), offer("elm", "elm", ncy_to=6),
        offer("home", "fir", attendance="52_week"), offer("oak", "oak", ehcp_required=False),
    ]  # fmt: skip
    rooms = room("ash", 3) + room("boys", 2) + room("elm", 4) + room("home", 1) + room("oak", 6)
    result = choose(groups, offers, rooms, decay=0.05, leakage=0.3)
    tables = pd.DataFrame(groups), pd.DataFrame(offers), pd.DataFrame(rooms), acceptance()
    totals = conservation(result, tables[0]).iloc[0]
    # 29 pupils, 16 places; c has no home
    assert totals[["pupils", "placed", "unplaced", "excluded"]].tolist() == [29, 16, 12, 1]
    assert result.certificates == ()
    assert (result.provision_use["price"] == 0).all()
    assert result.provision_use["over_capacity_pupils"].sum() == 0
    check_rules(result, *tables, with_capacity=True)
    full = _altered(result, allocation=result.allocation.assign(pupils=result.allocation["pupils"] + 1))
    with pytest.raises(CertificateError, match="no more pupils than places"):
        check_rules(full, *tables, with_capacity=True)


def test_each_year_is_chosen_anew_from_all_places() -> None:
    groups = [group("a", year=2024, pupils=3), group("b", "south", year=2025, pupils=3)]
    rooms = room("oak", 3, 2024, 2025)
    result = run(groups, [offer("oak", "oak")], rooms, policy="preference", years=(2024, 2025))
    assert placed(result) == {("a", "oak"): 3, ("b", "oak"): 3}


def test_nobody_and_nowhere() -> None:
    nobody = choose([group("a", None)], [offer("oak", "oak")], room("oak", 1))
    assert placed(nobody) == {}
    assert nobody.excluded["reason"].tolist() == ["not_located"]
    year = of_year([group("a", pupils=2)], [offer("oak", "oak")], room("oak", 0))
    nowhere = preference_year(year, Preference(0.1, 1.0))
    assert nowhere.first.sum() == 0
    assert nowhere.unplaced.tolist() == [2]
    assert nowhere.reason == ["all_full"]
