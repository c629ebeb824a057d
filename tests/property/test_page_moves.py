"""Whatever a browser sends, a move of the desk is made or refused in words; what is made can be answered and undone."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sufficiency
from sufficiency.app import moves
from sufficiency.app.desk import Desk, History, Programme, desk_of, told
from sufficiency.app.engine import SCENARIO, scenario_inputs
from sufficiency.app.form import FIELDS, changed, form_of
from sufficiency.app.moves import Hand
from sufficiency.app.opened import programme_of
from sufficiency.app.proposals import ACTIONS, AT_A_SCHOOL, Town
from sufficiency.app.views import area_cards_of, cards_of, pins_of
from sufficiency.cli.serve import read_scenario, scenario_text_of
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import NEEDS
from sufficiency.planning import apply_scenario

YEARS = tuple(range(2025, 2032))
ACTS = ("put", "school", *ACTIONS, "copy", "off", "on", "remove", "beside", "other")
WANTAGE = (439_700.0, 187_900.0)


@functools.cache
def county():
    inputs = sufficiency.load()
    return inputs, apply_scenario(inputs, "committed")


@functools.cache
def town():
    return Town(*county())


def empty():
    return Hand(Desk((Programme("Mine"),), 2028))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats() | st.text(max_size=40)
    | st.sampled_from([*ACTIONS, *NEEDS, "special_school", "specialist_base", "all", "semh", "", "2027", 2027, 60]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
EDITS = st.lists(st.tuples(st.sampled_from(sorted(FIELDS)) | st.text(max_size=6), ANYTHING), max_size=12)


@settings(max_examples=120)
@given(EDITS)
def test_any_value_in_any_field_is_taken_or_refused_in_words(edits):
    hand, refused = moves.put(empty(), town(), YEARS, WANTAGE), []
    for field, value in edits:
        try:
            hand = moves.edited(hand, town(), hand.chosen, field, value)
        except ParameterError as error:
            refused.append(str(error))
            continue
        scheme = hand.scheme
        assert scheme.name
        assert scheme.needs
        assert set(scheme.needs) <= set(NEEDS)
        assert 0 <= scheme.ncy_from <= scheme.ncy_to <= 14
        assert [year for year, _ in scheme.places] == sorted({year for year, _ in scheme.places})
        assert all(5 <= count <= 120 for _, count in scheme.places) or scheme.action == "close"
        shown = form_of(town(), scheme, YEARS)["scheme"]
        assert shown["id"] == scheme.scheme_id
        # what is on the desk survives the file that it is kept in
        assert desk_of(told(hand.desk)) == hand.desk
    assert all(refused)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(ACTS), max_size=14), st.randoms(use_true_random=False))
def test_every_move_is_undone_to_what_was(acts, pick):
    history = History((empty().desk,))
    hand, seen = empty(), [empty().desk]
    schools = sorted(town().schools)
    for act in acts:
        ids = [one.scheme.scheme_id for one in hand.desk.programme.cards]
        if act == "put":
            at = (430_000.0 + pick.randrange(30_000), 190_000.0 + pick.randrange(40_000))
            hand = moves.put(Hand(hand.desk), town(), YEARS, at)
        elif act == "school":
            hand = moves.put_at_school(hand, town(), YEARS, pick.choice(schools))
        elif act in ACTIONS and hand.scheme is not None:
            hand = moves.edited(hand, town(), hand.chosen, "action", act)
            assert hand.scheme.action == act
        elif act == "copy" and ids:
            hand = moves.duplicated(hand, pick.choice(ids))
            assert len({one.scheme.scheme_id for one in hand.desk.programme.cards}) == len(ids) + 1
        elif act in ("off", "on") and ids:
            hand = moves.switched(hand, pick.choice(ids), on=act == "on")
        elif act == "remove" and ids:
            hand = moves.removed(hand, pick.choice(ids))
        elif act == "beside":
            hand = moves.compared(hand)
        elif act == "other":
            hand = moves.worked_on(hand, len(hand.desk.programmes) - 1)
        history = history.then(hand.desk)
        if history.desk != seen[-1]:
            seen.append(history.desk)
        scheme = hand.scheme
        if scheme is not None and scheme.action not in AT_A_SCHOOL and scheme.setting_id not in town().schools:
            others = [one.scheme.setting_id for one in hand.desk.programme.cards if one.scheme is not scheme]
            assert scheme.setting_id not in others
    for desk in reversed(seen):
        assert history.desk == desk
        history = history.undone()
    assert history.desk == empty().desk


@pytest.mark.parametrize("action", [*ACTIONS])
def test_every_kind_of_scheme_survives_its_file(action):
    inputs, _ = county()
    hand = moves.put(empty(), town(), YEARS, WANTAGE)
    hand = moves.edited(hand, town(), hand.chosen, "action", action)
    if action != "close":
        hand = moves.edited(hand, town(), hand.chosen, "secondYear", 2030)
        hand = moves.edited(hand, town(), hand.chosen, "secondPlaces", 44)
        hand = moves.edited(hand, town(), hand.chosen, "cost", ["1", "2.5", "4"])
    area = area_cards_of(inputs, "committed", hand.desk.programme)
    hand = moves.switched(hand, area[0]["id"], on=True)
    programme = hand.desk.programme
    text = scenario_text_of(scenario_inputs(inputs, programme, "committed", "mine"), "mine")
    again = programme_of(read_scenario(inputs, "mine.toml", text), "mine", "committed")
    assert [one.scheme for one in again.cards] == [one.scheme for one in programme.cards]
    assert again.area_scheme_ids == programme.area_scheme_ids
    assert again.title == programme.title


def test_what_cards_cannot_hold_is_refused_whole():
    inputs, _ = county()
    text = """
name = "other"
title = "Other"
description = ""
illustrative = true
schemes = []
[assumptions]
snap_detour_ratio = 1.5
"""
    with pytest.raises(ParameterError) as caught:
        programme_of(read_scenario(inputs, "other.toml", text), "other", "committed")
    assert "other assumptions" in str(caught.value)
    assert "leaves out" in str(caught.value)
    assert "sufficiency run --scenario" in str(caught.value)


def test_a_copy_of_the_areas_scheme_takes_its_place():
    inputs, _ = county()
    hand = empty()
    ready = next(one for one in area_cards_of(inputs, "committed", hand.desk.programme) if one["copies"])
    hand = moves.switched(hand, ready["id"], on=True)
    hand = moves.copied_from_area(hand, inputs, ready["id"])
    assert hand.desk.programme.area_scheme_ids == ()
    assert hand.scheme.name == ready["name"]
    assert [one["id"] for one in cards_of(hand.desk.programme, hand.chosen)] == [hand.chosen]
    pin = pins_of(hand.desk.programme, hand.chosen, 2031, inputs.parameters.crs)[0]
    assert pin["mark"] == str(hand.scheme.places_in(2031))
    assert 51 < pin["at"][0] < 53


def test_a_conversion_takes_over_no_more_places_than_there_are():
    inputs, applied = county()
    hand = moves.put(empty(), town(), YEARS, WANTAGE)
    hand = moves.edited(hand, town(), hand.chosen, "action", "convert")
    hand = moves.edited(hand, town(), hand.chosen, "places", 120)
    scheme = hand.scheme
    held = applied.places[applied.places["provision_id"] == scheme.from_provision_id]
    held = held[held["year"] >= scheme.places[0][0]].groupby("year")["planned_places"].sum().min()
    assert scheme.given_up_places == min(held, 120)
    after = apply_scenario(scenario_inputs(inputs, hand.desk.programme, "committed"), SCENARIO)
    left = after.places[(after.places["provision_id"] == scheme.from_provision_id) & (after.places["year"] == 2028)]
    assert int(left["planned_places"].sum()) == 0 or held > 120


def test_fields_go_together():
    hand = moves.put(empty(), town(), YEARS, WANTAGE)
    scheme = changed(town(), hand.scheme, "from", 12)
    assert (scheme.ncy_from, scheme.ncy_to) == (12, 14)
    scheme = changed(town(), scheme, "to", 6)
    assert (scheme.ncy_from, scheme.ncy_to) == (6, 6)
    scheme = changed(town(), scheme, "secondYear", "2029")
    assert scheme.places == ((2027, 30), (2029, 30))
    scheme = changed(town(), scheme, "secondPlaces", 55)
    assert scheme.places == ((2027, 30), (2029, 55))
    scheme = changed(town(), scheme, "year", 2030)
    assert scheme.places == ((2030, 30),)
    assert changed(town(), scheme, "needSet", "semh").needs == ("SEMH",)
    assert changed(town(), scheme, "cost", ["", "3", ""]).capital_gbp == (3e6, 3e6, 3e6)
    for bad in (["5", "3", "4"], ["x", "", ""], ["-1", "2", "3"], ["nan", "2", "3"], [1, 2]):
        with pytest.raises(ParameterError):
            changed(town(), scheme, "cost", bad)
    named = changed(town(), scheme, "name", "  A \t name  ")
    assert named.name == "A name"
    # a name of one's own stays when the scheme moves; one that was made goes with it
    assert town().moved(named, 457_000.0, 223_000.0).name == "A name"
    assert "Bicester" in town().moved(hand.scheme, 458_400.0, 222_500.0).name
