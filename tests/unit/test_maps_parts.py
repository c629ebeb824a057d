"""The parts of the map page one by one: its sentences, its settings and its geometry, worked by hand."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from shapely.geometry import box

from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.maps import settings as maps_settings
from sufficiency.outputs.maps import words as maps_words
from sufficiency.outputs.maps.figures import Frame
from tests.released_fixture import make_inputs_facts, make_released

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs, Released


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return make_inputs_facts()


@pytest.fixture(scope="module")
def released() -> Released:
    return make_released()


# --- sentences

FRAME = Frame(
    scenarios=("committed", "programme"),
    policies=("optimal", "nearest"),
    years=(2028,),
    areas=("county", "east", "west"),
    names={"county": "Shire", "east": "East Shire", "west": "West Shire"},
    levels={"county": "county", "east": "district", "west": "district"},
    parents={"county": "", "east": "county", "west": "county"},
    baseline="committed",
)


def shares(county: object, east: object, west: object) -> dict[Any, Any]:
    found = {"county": county, "east": east, "west": west}
    return {("committed", "optimal", 2028, area): {"without_local_place_share": value} for area, value in found.items()}


@pytest.mark.parametrize(
    ("county", "east", "west", "words"),
    [
        (0.3, 0.25, 0.4, "two in five West Shire pupils who need a specialist place have no local state-funded place"),
        (
            0.3,
            0.34,
            "c",
            "about a third of East Shire pupils who need a specialist place have no local state-funded place",
        ),
        (0.3, "c", "c", "three in ten Shire pupils who need a specialist place have no local state-funded place"),
        ("c", "c", "c", "the figures are too small to show"),
        (0, 0, 0, "every pupil who needs a specialist place has a local state-funded one in the model"),
    ],
)
def test_the_finding_says_the_largest_shown_share(county: object, east: object, west: object, words: str) -> None:
    found = maps_words.finding(
        shares(county, east, west),
        FRAME,
        ("committed", "optimal", 2028),
        "with committed schemes only",
        illustrative=True,
    )
    assert found == f"In 2028/29, with committed schemes only, {words} — illustrative"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (-303, "303 fewer pupils are without a local state-funded place after than before"),
        (1, "1 more pupil is without a local state-funded place after than before"),
        (0, "as many pupils are without a local state-funded place after as before"),
        ("c", "the change between the two scenarios is too small to show"),
    ],
)
def test_the_change_is_said_with_its_direction(change: object, words: str) -> None:
    changes: dict[Any, Any] = {("programme", "optimal", 2028, "county"): {"without_local_place_pupils": change}}
    found = maps_words.change_finding(
        changes, FRAME, ("programme", "optimal", 2028), ("after", "before"), illustrative=False
    )
    assert found == f"In 2028/29, {words}"


def found_finding(measure: str, policy: str, figures: dict[str, dict[str, object]]) -> str:
    shown: dict[Any, Any] = {("committed", policy, 2028, area): entry for area, entry in figures.items()}
    key = ("committed", policy, 2028)
    return maps_words.finding(shown, FRAME, key, "if nothing more opens", illustrative=True, measure=measure)


SHIRE: dict[str, dict[str, object]] = {
    "county": {"without_local_place_pupils": 30, "demand_pupils": 1200, "placed_own_district_share": 0.9},
    "east": {"without_local_place_share": 0.1, "placed_own_district_share": 0.75, "location_balance_places": 12},
    "west": {"without_local_place_share": 0.2, "placed_own_district_share": 0.4, "location_balance_places": -7},
}
NEED = "pupils who need a specialist place"


@pytest.mark.parametrize(
    ("measure", "optimal", "nearest"),
    [
        ("without_local_place_share", f"one in five West Shire {NEED} have no local state-funded place",
         f"one in five West Shire {NEED} would have no suitable local place at all"),
        ("without_local_place_pupils", f"30 of the 1,200 Shire {NEED} have no local state-funded place",
         f"30 of the 1,200 Shire {NEED} would have no suitable local place at all"),
        ("placed_own_district_share", f"two in five West Shire {NEED} have a local one in their own district",
         f"two in five West Shire {NEED} would have one in their own district"),
        ("location_balance_places", "West Shire has 7 fewer local places than resident pupils who need one",
         "West Shire would still have 7 fewer local places than resident pupils who need one"),
    ],
)  # fmt: skip
def test_the_finding_is_about_the_measure_and_names_the_policy_without_capacity(
    measure: str, optimal: str, nearest: str
) -> None:
    when = "2028/29, if nothing more opens,"
    assert found_finding(measure, "optimal", SHIRE) == f"In {when} {optimal} — illustrative"
    supposed = "If every pupil went to the nearest suitable place, whatever its room"
    assert found_finding(measure, "nearest", SHIRE) == f"{supposed}: in {when} {nearest} — illustrative"


@pytest.mark.parametrize("measure", maps_words.MEASURES)
def test_a_finding_of_hidden_figures_says_that_they_are_too_small(measure: str) -> None:
    hidden: dict[str, dict[str, object]] = {
        area: dict.fromkeys((*maps_words.MEASURES, "demand_pupils"), "c") for area in FRAME.areas
    }
    assert found_finding(measure, "optimal", hidden).endswith("the figures are too small to show — illustrative")


def test_zero_in_the_shown_districts_claims_nothing_for_the_hidden_ones() -> None:
    partly: dict[str, dict[str, object]] = {
        "county": {"without_local_place_share": 0.01},
        "east": {"without_local_place_share": 0},
        "west": {"without_local_place_share": "c"},
    }
    assert "fewer than one in twenty Shire pupils" in found_finding("without_local_place_share", "optimal", partly)


def test_no_pupil_without_a_place_is_said_of_the_county_only() -> None:
    none: dict[str, dict[str, object]] = {"county": {"without_local_place_pupils": 0, "demand_pupils": 50}}
    every = "every pupil who needs a specialist place has a local state-funded one in the model — illustrative"
    assert found_finding("without_local_place_pupils", "optimal", none).endswith(every)
    part: dict[str, dict[str, object]] = {"east": {"without_local_place_pupils": 0}}
    assert "too small to show" in found_finding("without_local_place_pupils", "optimal", part)
    one: dict[str, dict[str, object]] = {"county": {"without_local_place_pupils": 1}}
    assert "1 Shire pupil who needs a specialist place has no" in found_finding(
        "without_local_place_pupils", "optimal", one
    )


@pytest.mark.parametrize(
    ("measure", "east", "west", "words"),
    [
        ("placed_own_district_share", 0.02, -0.056,
         (f"among West Shire {NEED}, the share placed in their own district "
         "is 6 percentage points lower after than before")),
        ("location_balance_places", 1, "c", "the location balance of East Shire is 1 place higher after than before"),
        ("location_balance_places", 0, 0, "no district shown has another location balance after than before"),
        ("placed_own_district_share", "c", "c", "the change between the two scenarios is too small to show"),
    ],
)  # fmt: skip
def test_the_change_is_about_the_measure(measure: str, east: object, west: object, words: str) -> None:
    key = ("programme", "optimal", 2028)
    changes: dict[Any, Any] = {(*key, "east"): {measure: east}, (*key, "west"): {measure: west}}
    found = maps_words.change_finding(changes, FRAME, key, ("after", "before"), illustrative=False, measure=measure)
    assert found == f"In 2028/29, {words}"


# --- settings


def test_a_setting_opens_and_closes_with_scenario_and_year(inputs: Inputs, released: Released) -> None:
    frame = maps_figures.make_frame(released, inputs)
    proposed = inputs.schemes[inputs.schemes["scheme_id"] == "didcot-special"].assign(
        setting_id="didcot-special", setting_name="New special school, Didcot", needs="ASD", tier="local",
        ncy_from=0, ncy_to=14, source="made up")  # fmt: skip
    new = inputs.schemes[inputs.schemes["scheme_id"] == "base-1"].assign(
        setting_id="new-base", setting_name="New base", needs="ASD;SLCN", tier="local", ncy_from=7, ncy_to=11, source=""
    )
    opened = pd.DataFrame(
        [("didcot-special", year, 60) for year in range(2027, 2032)]
        + [("base-1", year, 20) for year in (2029, 2030, 2031)],
        columns=["scheme_id", "year", "places"],
    )
    changed = dataclasses.replace(inputs, schemes=pd.concat([proposed, new]), scheme_places=opened)
    rows = {row["id"]: row for row in maps_settings.setting_rows(changed, frame)}
    assert rows["didcot-special"]["open"] == {
        "do_nothing": "00000000",
        "committed": "00000000",
        "programme": "00011111",
    }
    assert rows["new-base"]["open"]["programme"] == "00000111"
    assert rows["new-base"]["listed"] == ["programme"]
    assert rows["new-base"]["ages"] == "Year 7 to Year 11 (ages 11 to 16)"
    assert rows["old-hall"]["open"]["programme"] == "00000000"
    assert rows["100001"]["open"]["do_nothing"] == "11111111"


def test_size_is_known_only_where_every_department_is_published(inputs: Inputs, released: Released) -> None:
    rows = {row["id"]: row for row in maps_settings.setting_rows(inputs, maps_figures.make_frame(released, inputs))}
    assert rows["100001"]["places"] == 100
    assert all(row["places"] is None for name, row in rows.items() if name != "100001")
    assert rows["100009"]["kind"] == "independent"
    assert rows["100010"]["kind"] == "post_16"
    assert rows["base-1-witney"]["kind"] == "specialist_base"


# --- geometry


def test_heavy_borders_are_simplified_and_neighbours_still_meet(
    inputs: Inputs, released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps_places, "MOST_POSITIONS", 10)
    frame = maps_figures.make_frame(released, inputs)
    shapes = maps_places.outlines(inputs, frame)
    for parts in (frame.of_level("district"), frame.of_level("cluster")):
        whole = sum(shapes[name].area for name in parts)
        assert whole == pytest.approx(shapes["E10000025"].area, rel=1e-9)


def test_a_border_is_drawn_once_at_its_highest_level() -> None:
    whole, left, right = box(0, 0, 4_000, 2_000), box(0, 0, 2_000, 2_000), box(2_000, 0, 4_000, 2_000)
    shapes: dict[str, BaseGeometry] = {
        "county": whole,
        "east": right,
        "west": left,
        "a": box(0, 0, 2_000, 1_000),
        "b": box(0, 1_000, 2_000, 2_000),
    }
    frame = dataclasses.replace(
        FRAME,
        areas=tuple(shapes),
        levels={"county": "county", "east": "district", "west": "district", "a": "cluster", "b": "cluster"},
    )
    lines = maps_places.borders(shapes, frame)
    assert lines["county"].length == pytest.approx(12_000)
    assert lines["district"].length == pytest.approx(2_000, abs=50)
    assert lines["cluster"].length == pytest.approx(2_000, abs=50)


def test_parts_of_a_town_become_one_name(inputs: Inputs) -> None:
    gazetteer = inputs.gazetteer.head(4).copy()
    gazetteer["zone_id"] = ["bigton-town-centre", "bigton-north", "hamlet", "far-away"]
    gazetteer["place_name"] = ["Bigton Town Centre", "Bigton North", "Tiny Hamlet", "Far Away"]
    gazetteer["kind"] = ["town_part", "town_part", "village", "town"]
    gazetteer["people"] = [4_000, 3_250, 300, 90_000]
    gazetteer["district_id"] = ["d", "d", "d", ""]
    found = maps_places.place_names(dataclasses.replace(inputs, gazetteer=gazetteer), box(0, 0, 700_000, 700_000))
    assert [(place["text"], place["people"], place["outside"]) for place in found] == [
        ("Bigton", 7_200, False),
        ("Far Away", 90_000, True),
    ]
