"""What the page says of an answer, beside figures worked out by hand; the best sites beside trying every one."""

from __future__ import annotations

import dataclasses
import functools
import threading
import time

import numpy as np
import pandas as pd
import pytest

import sufficiency
from sufficiency.allocation import least_cost
from sufficiency.app import engine as engine_module
from sufficiency.app import panel, shading
from sufficiency.app.beyond import futures_table, unlock_table
from sufficiency.app.desk import Card, Programme
from sufficiency.app.engine import SCENARIO, Engine, scenario_inputs
from sufficiency.app.ground import ground_of
from sufficiency.app.proposals import Town, new_scheme
from sufficiency.app.shading import LOOKS, Scale
from sufficiency.app.shown import AreaRow, HeadlineShown, Purse, shown_answer
from sufficiency.app.suggestions import best_schemes, next_sites
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import HEADLINE_TYPES, INTERNAL, PUBLIC
from sufficiency.planning import apply_scenario
from sufficiency.planning.one_year import known_year, outcomes_of_year
from sufficiency.travel import journey_times

YEAR = 2028
NOBODY = dict.fromkeys(("demand_pupils", "placed_own_area_pupils", "other_council_pupils",
                        "independent_pupils", "unplaced_pupils", "over_limit_pupils"), 0)  # fmt: skip


def headline(before, after, *, hours=(920.4, 909.2)):
    return HeadlineShown((before, after), (167, 167), hours, (204, 174), (220, 220))


def row(area_id, before, after, need, *, level="district", gains=(0, 0)):
    one, two = (NOBODY | {"without_local_place_pupils": count, "demand_pupils": need} for count in (before, after))
    return AreaRow(area_id, area_id.upper(), level, one, two, *gains)


@pytest.mark.parametrize(
    ("before", "after", "asked", "said"),
    [
        (591, 561, True, "In 2028/29, 30 fewer pupils are without a local place than in “Plan” (illustrative)."),
        (591, 592, True, "In 2028/29, 1 more pupil is without a local place than in “Plan” (illustrative)."),
        (591, 591, True, "In 2028/29, 591 pupils are without a local place, as in “Plan” (illustrative)."),
        (591, 591, False, "In 2028/29, 591 pupils have no local place as things are planned (illustrative). What if…?"),
        (None, 0, True, "In 2028/29, few pupils are without a local place: the change is hidden (illustrative)."),
        (7, None, True, "In 2028/29, few pupils are without a local place: the change is hidden (illustrative)."),
    ],
)
def test_the_finding_is_english(before, after, asked, said):
    assert panel.finding(headline(before, after), YEAR, "Plan", asked=asked, illustrative=True) == said


def test_the_three_figures_say_their_change():
    first, second, third = panel.headline_figures(headline(591, 561))
    assert (first["before"], first["after"], first["change"], first["tone"]) == ("591", "561", "−30 pupils", "fewer")
    assert (second["change"], second["tone"]) == ("no change", "none")
    # 920.4 and 909.2 hours are shown as 920 and 909: their change is that of what is shown
    assert (third["before"], third["after"], third["change"]) == ("920", "909", "−11 hours")
    hidden = panel.headline_figures(headline(None, 3))[0]
    assert (hidden["before"], hidden["change"]) == ("c", "hidden, to protect small numbers")


def test_areas_are_shaded_by_hand_worked_classes():
    rows = [row("a", 30, 10, 100), row("b", None, 10, 100), row("c", 0, 0, 0), row("d", 10, 40, 100, gains=(8, 30))]

    class Land:
        def of_level(self, _level):
            return ("a", "b", "c", "d", "nowhere")

    scales = {
        ("share", "district"): Scale((0.0, 0.1, 0.2, 0.5), ("x", "y", "z"), ("#1", "#2", "#3"), balance=False),
        ("fewer", "district"): Scale((-30.0, -15.0, 0.0, 15.0, 30.0), tuple("vwxyz"), tuple("12345"), balance=True),
        ("more", "district"): Scale((-30.0, -15.0, 0.0, 15.0, 30.0), tuple("vwxyz"), tuple("12345"), balance=True),
    }
    shares = shading.shade(rows, Land(), scales, "after", "district")
    # 10 % belongs to the class above its edge; nobody needs a place in c; the last is no area of the rows
    assert shares["classes"] == "11-2-"
    assert shares["words"] == ["10%", "10%", "no data", "40%", "no data"]
    assert [one["count"] for one in shares["legend"]] == [0, 2, 1, 2]
    before = shading.shade(rows, Land(), scales, "before", "district")
    assert before["classes"] == "2c-1-"
    change = shading.shade(rows, Land(), scales, "change", "district")
    assert change["classes"] == "0c24-"
    assert change["words"][0] == "−20"
    assert shading.shade(rows, Land(), scales, "net", "district")["words"][3] == "−22"
    assert set(LOOKS) == {"after", "before", "change", "net"}


def test_tables_hide_what_is_hidden():
    rows = [row("c", 90, 80, 300, level="county"), row("d", 50, None, 200), row("k", 7, 9, 40, level="cluster")]
    table = panel.area_table(
        rows, [("county", "c"), ("district", "d"), ("cluster", "k"), ("district", "gone")], "Plan", YEAR
    )
    assert [one["cells"][:6] for one in table["rows"]] == [
        ["C", "300", "90", "80", "−10", "27%"], ["D", "200", "50", "c", "c", "c"], ["K", "40", "7", "9", "+2", "22%"],
    ]  # fmt: skip
    assert "hidden" in table["note"]
    both = panel.side_by_side([headline(591, 561), headline(591, None)], ["One", "Two"], YEAR, 5)
    assert both["rows"][0]["cells"] == ["Without a local place", "591", "561", "c", "c"]
    assert both["rows"][-1]["cells"][1:] == ["920", "909", "909", "0"]
    money = panel.purse_table([Purse("p", "P", (-2e6, -1e6, 5e5), "n"), Purse("q", "Q", None, ""),
                               Purse("r", "R", (0.0, 0.0, 0.0), "")])  # fmt: skip
    assert [one["cells"][1] for one in money["rows"]] == ["−£2.0m to +£0.5m", "c", "£0"]


@functools.cache
def engine():
    return Engine(sufficiency.load())


@functools.cache
def town():
    return Town(engine().inputs, engine().applied)


def programme_at(at, places=30):
    return Programme("Mine", (Card(new_scheme(town(), "scheme-1", at, engine().years, places=places)),))


@pytest.mark.slow
def test_suggested_sites_are_in_the_order_of_what_they_do():
    ready, mine = engine(), programme_at((439_700.0, 187_900.0))
    found = next_sites(ready, town(), mine, "scheme-1", year=YEAR, build=PUBLIC, say=print)
    assert 3 <= len(found) <= 6
    assert len({one.name for one in found}) == len(found)

    def does(at):
        after = ready.headline(programme_at(at), YEAR).after
        return after.unplaced_pupils, after.without_local_place_pupils, after.travel_min

    worth = [does((one.easting_m, one.northing_m)) for one in found]
    assert worth == sorted(worth)
    # no town of the gazetteer that holds many people does better than the best by more than its roads explain
    towns = engine().inputs.gazetteer
    towns = towns[(towns["kind"] != "hamlet") & towns["district_id"].fillna("").ne("")]
    tried = [does((float(one.x), float(one.y))) for one in towns.geometry[::12]]
    assert worth[0][:2] <= min(tried)[:2]
    closed = dataclasses.replace(mine.cards[0].scheme, action="close")
    with pytest.raises(ParameterError, match="new places"):
        next_sites(ready, town(), Programme("x", (Card(closed),)), "scheme-1", year=YEAR, build=PUBLIC, say=print)


@pytest.mark.slow
def test_a_budget_is_kept_and_what_it_buys_is_what_the_page_then_shows():
    ready = engine()
    said = []
    found = best_schemes(ready, 12e6, YEAR, say=said.append, seconds=20.0)
    assert said
    assert found.schemes
    ids = set(found.programme.area_scheme_ids)
    rows = ready.inputs.schemes[ready.inputs.schemes["scheme_id"].isin(ids)]
    own = sum(one.scheme.capital_gbp[1] for one in found.programme.cards if one.scheme.capital_gbp)
    assert float(rows["capital_gbp_central"].sum()) + own <= 12e6 + 1
    after = ready.headline(found.programme, YEAR)
    assert after.after.without_local_place_pupils < after.before.without_local_place_pupils
    for bad in (0.0, -1.0, float("nan"), float("inf"), 2e9):
        with pytest.raises(ParameterError):
            best_schemes(ready, bad, YEAR, say=said.append)


@pytest.mark.slow
def test_what_is_missing_is_counted_over_those_without_a_place():
    ready, mine = engine(), programme_at((439_700.0, 187_900.0))
    open_table = unlock_table(ready, mine, YEAR, INTERNAL)
    total = sum(int(one["cells"][1].replace(",", "")) for one in open_table["rows"])
    assert total == ready.headline(mine, YEAR).after.unplaced_pupils
    told = unlock_table(ready, mine, YEAR, PUBLIC)
    counts = [one["cells"][1] for one in told["rows"]]
    assert all(count == "c" or int(count.replace(",", "")) > 5 for count in counts)
    schools = set(ready.inputs.settings["setting_name"])
    assert not any(name in one["cells"][0] for one in told["rows"] for name in schools)


@pytest.mark.slow
def test_drawn_futures_are_the_same_each_time_and_a_programme_never_adds_to_the_gap():
    ready, mine, said = engine(), programme_at((439_700.0, 187_900.0)), []
    one = futures_table(ready, mine, YEAR, INTERNAL, say=said.append, draws=3)
    assert one == futures_table(ready, mine, YEAR, INTERNAL, say=said.append, draws=3)
    assert len(said) == 6
    change = one["rows"][1]["cells"][3]
    assert change.startswith("−")


@pytest.mark.slow
def test_the_ground_holds_geography_and_no_pupils():
    import gzip
    import json

    ready = engine()
    land = ground_of(ready.inputs, ready.against, ready.years, PUBLIC)
    data = json.loads(gzip.decompress(land.packed))
    assert set(data["levels"]) == {"district", "cluster"}
    assert len(data["levels"]["district"]["names"]) == 5
    text = json.dumps({key: value for key, value in data.items() if key != "settings"})
    assert "pupil" not in text
    assert "on_roll" not in json.dumps(data["settings"])
    assert ground_of(ready.inputs, ready.against, ready.years, PUBLIC).digest == land.digest
    inner = ground_of(ready.inputs, ready.against, ready.years, INTERNAL)
    assert inner.levels == ("district", "cluster", "zone")
    assert len(inner.of_level("zone")) == len(ready.inputs.zones)
    shown = shown_answer(ready.before(YEAR), ready.before(YEAR), PUBLIC)
    assert {one.level for one in shown.areas} == {"county", "district", "cluster"}


def schemes():
    """An opening, an expansion and a closure, as a planner would put them."""
    opens = new_scheme(town(), "scheme-1", (439_700.0, 187_900.0), engine().years, places=30)
    there = engine().applied.provision
    closed = there[(there["provision_type"] == "specialist_base") & (there["tier"] == "local")].iloc[0]
    shuts = dataclasses.replace(
        opens, scheme_id="scheme-2", action="close", setting_id=closed["setting_id"],
        provision_type="specialist_base", places=((YEAR, 0),),
    )  # fmt: skip
    return Programme("One", (Card(opens),)), Programme("Two", (Card(opens), Card(shuts)))


def with_other_streams(inputs):
    """Places for pupils of no headline, who share none with those of one."""
    units = inputs.provision.loc[~inputs.provision["provision_type"].isin(HEADLINE_TYPES), "provision_id"]
    assert len(units) > 1
    rows = inputs.places.iloc[[0] * len(units)].assign(provision_id=units.to_numpy(), year=YEAR, planned_places=20)
    return dataclasses.replace(inputs, places=pd.concat([inputs.places, rows], ignore_index=True))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "streams"), [(0, False), (1, False), (0, True)])
def test_the_headlines_placements_lead_to_the_answer_of_a_run(number, streams, monkeypatch):
    # as in a large county: taken in rounds, unless a guess is seen to be optimal
    monkeypatch.setattr(least_cost, "FEW_ARCS", 0)
    inputs = sufficiency.load()
    mine, ready = schemes()[number], Engine(with_other_streams(inputs) if streams else inputs)
    ready.before(YEAR)
    inputs = apply_scenario(scenario_inputs(ready.inputs, mine, ready.against), SCENARIO)
    run = outcomes_of_year(inputs, YEAR, SCENARIO)
    ready.headline(mine, YEAR)
    searched = []
    monkeypatch.setattr(least_cost, "_distances_in_rounds", lambda *given: searched.append(given))
    found = ready.answer(mine, YEAR).outcomes
    assert searched == []
    pd.testing.assert_frame_equal(found, run)


def test_known_journeys_with_those_to_a_new_school_are_all_journeys_worked_out_anew():
    known = known_year(engine().applied, YEAR, demand=engine().demand, network=engine().network)
    inputs = apply_scenario(scenario_inputs(engine().inputs, schemes()[0], engine().against), SCENARIO)
    assert known.shared_with(inputs)
    found = known.journeys_to(inputs.settings)
    anew = journey_times(engine().network, inputs.origins, inputs.settings, bands=False)
    assert found.origin_ids == anew.origin_ids
    assert sorted(found.setting_ids) == sorted(anew.setting_ids)
    assert len(found.setting_ids) == len(engine().applied.settings) + 1
    at = [found.setting_ids.index(one) for one in anew.setting_ids]
    for name in ("milliseconds", "metres", "setting_snap_m"):
        np.testing.assert_array_equal(getattr(found, name)[..., at], getattr(anew, name), strict=True)
    np.testing.assert_array_equal(found.origin_snap_m, anew.origin_snap_m, strict=True)
    # fewer settings are asked for: those that are known and are not looked at do no harm
    assert known.journeys_to(inputs.settings.iloc[:3]).setting_ids == known.travel.setting_ids


def test_a_known_year_is_not_used_where_a_school_stands_elsewhere_or_other_things_change():
    known = known_year(engine().applied, YEAR, demand=engine().demand, network=engine().network)
    moved = engine().applied.settings.copy()
    moved.geometry = moved.geometry.where(moved.index != 3, moved.geometry.translate(2_000.0, 0.0))
    assert known.journeys_to(moved) is None
    for name in ("acceptance", "origins", "zones", "speeds"):
        other = dataclasses.replace(engine().applied, **{name: getattr(engine().applied, name).copy()})
        assert not known.shared_with(other)
    elsewhere = dataclasses.replace(engine().applied, settings=moved)
    rows = outcomes_of_year(elsewhere, YEAR, "x", demand=engine().demand, network=engine().network, known=known)
    anew = outcomes_of_year(elsewhere, YEAR, "x", demand=engine().demand, network=engine().network)
    pd.testing.assert_frame_equal(rows, anew)


def test_nothing_hangs_on_the_name_of_a_scenario():
    # of equal answers the same, so that what the page shows is what its file gives under any name
    found = []
    for name in (SCENARIO, "a-plan", "zz", "0"):
        inputs = apply_scenario(scenario_inputs(engine().inputs, schemes()[0], engine().against, name), name)
        rows = outcomes_of_year(inputs, YEAR, name, demand=engine().demand, network=engine().network)
        found.append(rows.assign(provision_id=rows["provision_id"].str.replace(f"{name}.", "", regex=False)))
    for rows in found[1:]:
        pd.testing.assert_frame_equal(rows, found[0])


def test_an_answer_lets_headlines_pass_first_but_does_not_wait_for_ever(monkeypatch):
    ready, mine = engine(), programme_at((450_000.0, 206_000.0), places=17)
    ready.before(YEAR)
    ready.ready(YEAR)
    begun, go_on, told = threading.Event(), threading.Event(), []

    def slow(*_):
        begun.set()
        go_on.wait(60)
        return engine_module._Quick(ready.ready(YEAR).before, None)

    monkeypatch.setattr(ready, "_quick", slow)
    monkeypatch.setattr(engine_module, "_PATIENCE_S", 60)
    headline = threading.Thread(target=ready.headline, args=(mine, YEAR))
    headline.start()
    assert begun.wait(60)
    answer = threading.Thread(target=lambda: told.append(ready.answer(mine, YEAR)))
    answer.start()
    answer.join(1.0)
    assert told == []
    go_on.set()
    for thread in (headline, answer):
        thread.join(60)
    assert len(told) == 1
    # nor does one of a search, which nobody waits for; and one that hangs does not for long
    for places, first, patience_s in ((18, False, 60), (19, True, 0.01)):
        begun.clear()
        go_on.clear()
        monkeypatch.setattr(engine_module, "_PATIENCE_S", patience_s)
        other = programme_at((450_000.0, 206_000.0), places=places)
        headline = threading.Thread(target=ready.headline, args=(other, YEAR), kwargs={"first": first})
        headline.start()
        assert begun.wait(60)
        began = time.monotonic()
        assert ready.answer(other, YEAR).year == YEAR
        assert time.monotonic() - began < 30
        go_on.set()
        headline.join(60)
