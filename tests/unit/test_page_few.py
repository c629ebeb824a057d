"""Changes of a few pupils: never told, in the headline, the tables, the map and between two programmes."""

import dataclasses
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.app import moves, panel, shading
from sufficiency.app.desk import Card, Desk, Programme
from sufficiency.app.engine import Headline
from sufficiency.app.form import changed, millions, plain_text
from sufficiency.app.shading import Scale
from sufficiency.app.shown import NET_GAIN, AreaRow, differs_by_few, shown_headline
from sufficiency.model.errors import ParameterError
from sufficiency.planning.proposed import ProposedScheme

YEAR = 2028


def figures(without, unplaced=167, independent=200, other=220, minutes=600.0):
    tiers = {"independent": independent, "other_council": other}
    return SimpleNamespace(without_local_place_pupils=without, unplaced_pupils=unplaced, pupils_by_tier=tiers,
                           travel_min=minutes)  # fmt: skip


def told(before, after, hide_up_to=5):
    return shown_headline(Headline(YEAR, before, after, 2), hide_up_to)


def scheme(action="open", year=2027, **more):
    return ProposedScheme("scheme-1", "Mine", action, "new-scheme-1", 440_000.0, 188_000.0, "special_school", ("ASD",),
                          0, 14, ((year, 0 if action == "close" else 30),), **more)  # fmt: skip


@pytest.mark.parametrize(
    ("after", "cells", "change"),
    [
        (589, ("591", "about 591"), "a change of a few, not shown"),
        (596, ("591", "about 591"), "a change of a few, not shown"),
        (591, ("591", "591"), "no change"),
        (585, ("591", "585"), "−6 pupils"),
        (3, ("591", "c"), "hidden, to protect small numbers"),
    ],
)
def test_the_headline_tells_no_change_of_a_few(after, cells, change):
    shown = told(figures(591), figures(after))
    first = panel.headline_figures(shown)[0]
    assert ((first["before"], first["after"]), first["change"]) == (cells, change)
    said = panel.finding(shown, YEAR, "Plan", asked=True, illustrative=False)
    assert (str(after) in said) == (after == 591)
    assert ("a few more or fewer" in said) == (0 < abs(after - 591) <= 5)


def test_the_internal_view_tells_every_change():
    shown = told(figures(591), figures(589), hide_up_to=0)
    assert panel.headline_figures(shown)[0]["change"] == "−2 pupils"


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10))
def test_whatever_the_figures_no_pair_tells_a_few(before, after, hide_up_to):
    shown = told(figures(before), figures(after), hide_up_to)
    one, two = shown.without_local_place_pupils
    assert all(value is None or value == 0 or value > hide_up_to for value in (one, two))
    if one is not None and two is not None and "without_local_place_pupils" not in shown.few:
        assert two == after
        assert not 0 < abs(two - one) <= hide_up_to
    elif one is not None and two is not None:
        assert two == one == before


def test_two_programmes_that_differ_by_a_few_are_not_told_apart():
    rows = panel.side_by_side([told(figures(591), figures(560)), told(figures(591), figures(557))], ["A", "B"], YEAR, 5)
    assert rows["rows"][0]["cells"][1:] == ["591", "560", "about 560", "a few"]
    far = panel.side_by_side([told(figures(591), figures(560)), told(figures(591), figures(550))], ["A", "B"], YEAR, 5)
    assert far["rows"][0]["cells"][1:] == ["591", "560", "550", "−10"]
    assert differs_by_few(560, 557, 5)
    assert not differs_by_few(560, None, 5)


def test_areas_with_a_change_of_a_few_keep_their_class_and_are_marked():
    columns = {"without_local_place_pupils": 30, "demand_pupils": 100, "unplaced_pupils": 9}
    near = AreaRow(
        "a", "A", "district", columns, dict(columns), 8, 6, frozenset({"without_local_place_pupils", NET_GAIN})
    )

    class Land:
        def of_level(self, _):
            return ("a",)

    scales = {(kind, "district"): Scale((-50.0, 0.0, 0.2, 50.0), ("x", "y", "z"), ("#1", "#2", "#3"), balance=False)
              for kind in ("share", "fewer", "more")}  # fmt: skip
    shades = {
        look: shading.shade([near], Land(), scales, look, "district") for look in ("after", "before", "change", "net")
    }
    assert (shades["after"]["classes"], shades["after"]["words"]) == (shades["before"]["classes"], ["about 30%"])
    assert (shades["change"]["classes"], shades["change"]["words"]) == ("f", ["a few"])
    assert shades["net"]["classes"] == "f"
    row = panel.area_table([near], [("district", "a")], "Plan", YEAR)
    assert row["rows"][0]["cells"][2:6] == ["30", "about 30", "a few", "about 30%"]
    assert "a few pupils is not shown" in row["note"]


@pytest.mark.parametrize(
    ("text", "pounds"),
    [("12.5", 12.5e6), ("£1,250", 1.25e9), ("0.75", 750_000.0), (".5", 500_000.0), ("£ 3 m", 3e6), ("7.", 7e6)],
)
def test_amounts_are_read_as_they_are_written(text, pounds):
    assert millions(text, "the cost") == pytest.approx(pounds)


@pytest.mark.parametrize("text", ["12,5", "1,0", "1,00.5", "", "twelve", "1e3", "nan", "-4", "1 000", "٣"])
def test_an_amount_that_could_be_ten_times_as_much_is_refused(text):
    with pytest.raises(ParameterError, match="in £ million, with a point before its decimals"):
        millions(text, "the cost")


def test_names_keep_what_can_be_seen():
    assert plain_text("  A \t school\n ") == "A school"
    assert plain_text("A\u202eB\x00") == "AB"
    assert plain_text("👩\u200d🏫 base") == "👩\u200d🏫 base"
    assert plain_text(7) == ""


def test_a_closure_is_not_copied_and_all_schemes_can_be_taken_away():
    hand = moves.Hand(Desk((Programme("Mine", (Card(scheme("close")),)),), YEAR), "scheme-1")
    with pytest.raises(ParameterError, match="cannot close twice"):
        moves.duplicated(hand, "scheme-1")
    emptied = moves.emptied(hand)
    assert (emptied.desk.programme.cards, emptied.desk.programme.title, emptied.scheme) == ((), "Mine", None)


def test_what_comes_later_is_said():
    later = Programme("Mine", (Card(scheme(year=2031)), Card(dataclasses.replace(scheme(), scheme_id="b"), on=False)))
    assert [later.begins_after(year) for year in (2028, 2031, 2032)] == [2031, 0, 0]
    assert Programme("Empty").begins_after(2028) == 0
    said = panel.finding(told(figures(591), figures(591)), YEAR, "Plan", asked=True, illustrative=False, begins=2031)
    assert said == "In 2028/29, nothing of the programme is there yet: it begins in 2031/32."


def test_the_form_takes_the_reason_for_a_special_school():
    after = changed(SimpleNamespace(balanced=lambda one: one), scheme(), "rationale", " No base\nreaches it. ")
    assert after.rationale == "No base reaches it."
