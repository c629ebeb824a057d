"""The pages of schemes: sentences by hand, figures hidden with what would give them away, and nothing of a few told."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from sufficiency.disclosure.schemes import put_schemes
from sufficiency.disclosure.shelf import Shelf
from sufficiency.measures.displacement import high_needs_of_scheme
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Callout, Heading, Paragraph, Table
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.schemes import scheme_pages
from tests.released_fixture import make_inputs_facts as make_inputs
from tests.released_fixture import make_record, make_released

NAN = float("nan")
NAMES = pd.Series({"D1": "Northshire", "D2": "Southshire", "D3": "Eastshire"})


def effects(**columns):
    """Return one row of `scheme_effects`, as it is before release."""
    row = {
        "scenario_id": "programme",
        "year": 2028,
        "scheme_id": "s",
        "places": 40,
        "placed_pupils": 35,
        "day_pupils": 35,
        "other_pupils": 35,
        "mean_min": 16.84,
        "nearest_other_min": 9.46,
        "left_out_local_pupils": 23,
        "left_out_placed_pupils": 23,
        "left_out_travel_min_per_day": 772.3,
    }
    if "placed_pupils" in columns:
        row |= dict.fromkeys(("day_pupils", "other_pupils"), columns["placed_pupils"])
    return pd.DataFrame([row | columns])


def homes(**counts):
    rows = [("programme", 2028, "s", area, count) for area, count in counts.items()]
    return pd.DataFrame(rows, columns=["scenario_id", "year", "scheme_id", "district_id", "pupils"])


def released(frame, homes_frame):
    shelf = Shelf(NAMES)
    put_schemes(shelf, {"scheme_effects": frame, "scheme_homes": homes_frame}, 5)
    return shelf.tables["scheme_effects"].iloc[0], shelf.hidden["scheme_effects"].iloc[0]


def test_large_counts_are_told_and_rounded():
    row, hidden = released(effects(), homes(D1=19, D2=9, D3=7))
    assert not hidden.any()
    assert row["homes"] == "Northshire 19; Southshire 9; Eastshire 7"
    assert (row["homes_rest_pupils"], row["mean_min"], row["nearest_other_min"]) == (0, 16.8, 9.5)
    assert row["left_out_travel_min_per_day"] == 800


@pytest.mark.parametrize(
    ("columns", "gone"),
    [
        (
            {"placed_pupils": 4, "left_out_local_pupils": 0, "left_out_placed_pupils": 0},
            {"placed_pupils", "mean_min", "nearest_other_min", "homes_rest_pupils"},
        ),
        (
            {"left_out_local_pupils": 5, "left_out_placed_pupils": 0},
            {"left_out_local_pupils", "left_out_travel_min_per_day"},
        ),
        # 23 less 20 would be 3 pupils in places elsewhere
        ({"left_out_placed_pupils": 20}, {"left_out_placed_pupils", "left_out_travel_min_per_day"}),
        ({"left_out_placed_pupils": 0}, set()),
        # two who travel daily, and the others board; two who have no other place
        ({"day_pupils": 2, "other_pupils": 2}, {"mean_min", "nearest_other_min"}),
        ({"day_pupils": 33, "other_pupils": 33}, {"mean_min"}),
        ({"other_pupils": 33}, {"nearest_other_min"}),
        ({"day_pupils": 29, "other_pupils": 23}, set()),
    ],
)
def test_a_count_of_a_few_goes_with_what_rests_on_it(columns, gone):
    _, hidden = released(effects(**columns), homes(D1=35))
    assert set(hidden.index[hidden]) == gone


def test_no_home_of_a_few_is_told():
    row, _ = released(effects(), homes(D1=19, D2=13, D3=3))
    assert row["homes"] == "Northshire 19"
    assert row["homes_rest_pupils"] == 16
    row, _ = released(effects(placed_pupils=4), homes(D1=3, D2=1))
    assert row["homes"] == ""


@pytest.fixture(scope="module")
def facts():
    base = make_released()
    schemes = base.tables["schemes"]
    special = schemes[schemes["in_programme"] & (schemes["provision_type"] == "special_school")].iloc[0]["scheme_id"]
    first = effects(scheme_id=special, placed_pupils=40, mean_min=5.2, nearest_other_min=15.4,
                    left_out_local_pupils=38, left_out_placed_pupils=0, left_out_travel_min_per_day=-1620)  # fmt: skip
    last = effects(scheme_id=special, year=2031, placed_pupils=40, mean_min=12.0, nearest_other_min=NAN,
                   left_out_local_pupils=3, left_out_placed_pupils=0, left_out_travel_min_per_day=-3000.0)  # fmt: skip
    rows = pd.concat([first, last], ignore_index=True)
    where = homes(D1=30, D2=10).assign(scheme_id=special)
    shelf = Shelf(NAMES)
    put_schemes(shelf, {"scheme_effects": rows, "scheme_homes": where}, 5)
    stock = pd.DataFrame({"scheme_id": special, "year": [2028, 2029, 2030, 2031], "places": [20, 40, 40, 40]})
    tables = {**base.tables, **shelf.tables, "scheme_stock": stock}
    hidden = {**base.hidden, **shelf.hidden, "scheme_stock": pd.DataFrame(False, stock.index, stock.columns)}
    return Facts(dataclasses.replace(base, tables=tables, hidden=hidden), make_inputs(), make_record()), special


def page_of(facts, special):
    """Return the blocks of one scheme's page."""
    name = facts.released.tables["schemes"].set_index("scheme_id").at[special, "scheme_name"]
    blocks = scheme_pages(facts)
    start = next(at for at, one in enumerate(blocks) if isinstance(one, Heading) and one.text.startswith(name))
    end = next((at for at, one in enumerate(blocks) if at > start and isinstance(one, Heading)), len(blocks))
    return blocks[start:end]


def test_every_scheme_of_the_programme_has_its_page(facts):
    found, _ = facts
    frame = found.released.tables["schemes"]
    kinds = ["special_school", "specialist_base"]
    wanted = frame[frame["in_programme"] & frame["provision_type"].isin(kinds) & (frame["action"] != "close")]
    headings = [one.text for one in scheme_pages(found) if isinstance(one, Heading) and one.level == 2]
    assert len(headings) == len(wanted)
    for name in wanted["scheme_name"]:
        assert any(text.startswith(f"{name}: ") and "illustrative" in text for text in headings)


def test_the_story_of_a_scheme_by_hand(facts):
    blocks = page_of(*facts)
    text = next(one.text for one in blocks if isinstance(one, Paragraph))
    assert text == (
        "In 2028/29 40 pupils would hold its 40 places: 30 from Northshire and 10 from Southshire (illustrative). "
        "Their journey would take 5 minutes one way on average; the nearest other suitable local place, with or "
        "without room, is 15 minutes away (illustrative). Without it, in 2028/29, 38 more pupils would be without a "
        "local place, all of them in independent or other councils' schools, and the pupils' journeys together 27 "
        "hours a day longer (illustrative). Without it, in 2031/32, a number of more pupils that is not shown (c) "
        "would be without a local place, all of them in independent or other councils' schools (illustrative)."
    )


def test_every_sentence_with_a_number_says_illustrative(facts):
    for one in page_of(*facts):
        if isinstance(one, Paragraph):
            for sentence in one.text.removesuffix(".").split(". "):
                if any(letter.isdigit() for letter in sentence):
                    assert "illustrative" in sentence


def test_a_hidden_figure_stays_hidden_on_the_page(facts):
    tables = [one for one in page_of(*facts) if isinstance(one, Table)]
    served = next(one for one in tables if one.caption.startswith("Whom it would serve"))
    only = next(row for row in served.rows if row[0].startswith("Pupils who have a local place only"))
    assert only[1:] == ("38", "c")
    stock = next(one for one in tables if one.caption == "Places open each September")
    assert stock.rows[0][-4:] == ("20", "40", "40", "40")
    assert any(isinstance(one, Callout) and one.title == "Why a base will not do" for one in page_of(*facts))


def money_of(facts, special):
    """Return the table of money and decisions on one scheme's page, by line."""
    tables = [one for one in page_of(facts, special) if isinstance(one, Table)]
    return dict(next(one for one in tables if one.caption.startswith("Money and decisions")).rows)


def test_money_is_hidden_with_the_pupils_behind_it(facts):
    found = money_of(*facts)  # three pupils, in the last year
    assert found["High needs block, a year, from 2031/32"] == "c"
    assert found["Capital a pupil with a local place only with it"] == "c"
    assert "Capital a pupil-hour saved a year" not in found


def test_money_that_follows_by_hand(facts):
    """10 extra pupils and 12 places: 10 × Σ share × (25,000 less 64,000, 12,000, 30,000, 26,000), and empty places.

    0.35 × 0.9 × -39,000 + 0.45 × 13,000 + 0.10 × -5,000 + 0.10 × -1,000 = -7,035 a pupil; 9.65 places are taken, and
    2.35 × 10,000 = 23,500.
    """
    found, special = facts
    frame = found.released.tables["scheme_effects"].copy()
    # 10 pupils: 30 h a day less × 190 days
    values = {
        "places": 12,
        "left_out_local_pupils": 10,
        "left_out_placed_pupils": 0,
        "left_out_travel_min_per_day": -1800,
    }
    for name, value in values.items():
        frame[name] = value
    mask = found.released.hidden["scheme_effects"].copy()
    mask.loc[:, :] = False
    tables = {**found.released.tables, "scheme_effects": frame}
    hidden = {**found.released.hidden, "scheme_effects": mask}
    told = Facts(dataclasses.replace(found.released, tables=tables, hidden=hidden), make_inputs(), make_record())
    schemes = tables["schemes"].set_index("scheme_id")
    capital = float(schemes.at[special, "capital_gbp_central"])
    lines = money_of(told, special)
    assert high_needs_of_scheme("special_school", 10, 12, told.parameters)[1] == -70_350 + 23_500
    assert lines["High needs block, a year, from 2031/32"].startswith("\u2212£47,000 (")
    assert lines["Capital a pupil with a local place only with it"].split(" ")[0] == style.gbp_words(capital / 10)
    # £14.42m for 5,700 hours is £2,530 an hour, told to two figures
    assert capital / 5_700 == pytest.approx(2_530, abs=5)
    assert lines["Capital a pupil-hour saved a year"].split(" ")[0] == "£2,500"


def test_without_the_tables_there_are_no_pages(facts):
    found, _ = facts
    tables = {name: frame for name, frame in found.released.tables.items() if name != "scheme_effects"}
    assert scheme_pages(Facts(dataclasses.replace(found.released, tables=tables), make_inputs(), make_record())) == []
