"""The options compared, by hand: from cells of the released tables alone, and nothing told that is hidden."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pandas as pd
import pytest

from sufficiency.model.vocabulary import NEED_NAMES
from sufficiency.outputs.report.blocks import Heading, Paragraph, Table
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.options import options_section
from sufficiency.outputs.terms import GLOSSARY, assumption_title, need_codes, plain_words, value_words
from tests.released_fixture import COUNTY, DISTRICTS, make_inputs_facts, make_record, make_released

WHERE = {"policy": "optimal", "year": 2028, "area_id": COUNTY[0]}


def cell(table, column, **where):
    frame = make_released().tables[table]
    for name, value in {**WHERE, **where}.items():
        if name in frame.columns:
            frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame[column].iloc[0]


@pytest.fixture(scope="module")
def facts():
    return Facts(make_released(), make_inputs_facts(), make_record())


def tables(facts):
    return {block.caption: block for block in options_section(facts) if isinstance(block, Table)}


def gives(facts):
    found = next(table for caption, table in tables(facts).items() if caption.startswith("What each option gives"))
    return {row[0]: row[1:] for row in found.rows}, found


def test_it_is_one_section_with_what_each_option_gives_and_costs_and_who_gains(facts):
    blocks = options_section(facts)
    assert isinstance(blocks[0], Heading)
    assert blocks[0].level == 1
    captions = list(tables(facts))
    for start in ("What each option gives", "What each option costs", "Who gains"):
        assert sum(one.startswith(start) for one in captions) == 1, start


def test_every_option_has_a_column_with_its_own_cells(facts):
    rows, table = gives(facts)
    assert [column.title for column in table.columns][1:4] == ["Do nothing", "Committed", "Programme"]
    for place, scenario in enumerate(("do_nothing", "committed", "programme")):
        places = int(cell("sufficiency_area", "capacity_places", scenario_id=scenario))
        need = int(cell("sufficiency_area", "demand_pupils", scenario_id=scenario))
        without = int(cell("sufficiency_area", "without_local_place_pupils", scenario_id=scenario))
        assert rows["Local places"][place] == f"{places:,}"
        short = need - places
        assert rows["Places short"][place].replace("\u2212", "-") == f"{short:,}"
        assert rows["Pupils without a local place"][place] == f"{without:,}"
        assert rows["Without a local place, share of all who need a place"][place] == f"{100 * without / need:.0f}%"
        own = [
            cell("sufficiency_area", "placed_own_area_pupils", scenario_id=scenario, area_id=area) for area in DISTRICTS
        ]
        assert rows["Pupils with a local place in their own district"][place] == f"{int(sum(own)):,}"
        share = rows["In their own district, share of all who need a place"][place]
        assert share == f"{100 * sum(own) / need:.0f}%"


def test_differences_are_those_of_the_cells_beside_them(facts):
    rows, table = gives(facts)
    assert [column.title for column in table.columns][4:] == ["Programme less committed", "Programme less do nothing"]

    def number(text):
        return int(text.replace(",", "").replace("\u2212", "-").replace("+", ""))

    for name in ("Local places", "Places short", "Pupils without a local place", "Median journey, minutes"):
        nothing, committed, programme, first, second = map(number, rows[name])
        assert (first, second) == (programme - committed, programme - nothing)


def test_purses_stand_apart_and_are_summed_within_one_only(facts):
    found = next(table for caption, table in tables(facts).items() if caption.startswith("What each option costs"))
    assert [row[0] for row in found.rows] == [
        "High needs block, a year", "Home to school transport, a year", "Capital, until complete",
    ]  # fmt: skip
    assert found.total_rows == 0
    assert "never added" in " ".join(found.notes)
    money = make_released().tables["money"]
    one = money[
        (money["scenario_id"] == "programme") & (money["purse"] == "high_needs_block") & (money["year"] == 2028)
    ]
    one = one[one["policy"].isin(["optimal", ""])]
    central = float(one["gbp_central"].sum())
    assert f"{central / 1e6:,.0f}" in found.rows[0][3] or f"{central / 1e6:,.1f}" in found.rows[0][3]


def test_the_lead_names_the_option_that_leaves_fewest_without(facts):
    lead = next(block.text for block in options_section(facts) if isinstance(block, Paragraph))
    without = {
        s: int(cell("sufficiency_area", "without_local_place_pupils", scenario_id=s))
        for s in ("do_nothing", "committed", "programme")
    }
    assert min(without, key=without.get) == "programme"
    assert "“Programme” leaves the fewest pupils without a local place" in lead
    assert all(f"{count:,} pupils" in lead for count in without.values())
    for sentence in lead.split(". "):
        if any(letter.isdigit() for letter in sentence):
            assert "illustrative" in sentence, sentence


def hidden(released, table, column, keep):
    frame, veil = released.tables[table].copy(), released.hidden[table].copy()
    rows = keep(frame)
    frame[column] = frame[column].mask(rows)
    veil.loc[rows, column] = True
    return dataclasses.replace(
        released,
        tables=MappingProxyType({**released.tables, table: frame}),
        hidden=MappingProxyType({**released.hidden, table: veil}),
    )


def test_what_is_hidden_is_told_neither_in_the_table_nor_in_words():
    name = "without_local_place_pupils"
    released = make_released()
    for column in (name, "without_local_place_share"):
        released = hidden(
            released,
            "sufficiency_area",
            column,
            lambda t: (t["area_id"] == COUNTY[0]) & (t["scenario_id"] == "programme"),
        )
    facts = Facts(released, make_inputs_facts(), make_record())
    rows, _ = gives(facts)
    assert rows["Pupils without a local place"][2:] == ("c", "c", "c")
    assert rows["Without a local place, share of all who need a place"][2:] == ("c", "c", "c")
    lead = next(block.text for block in options_section(facts) if isinstance(block, Paragraph))
    assert "fewest" not in lead
    assert "not shown (c)" in lead


def test_a_hidden_part_hides_the_sum_of_its_purse():
    released = hidden(
        make_released(), "money", "gbp_central",
        lambda t: (t["purse"] == "high_needs_block") & (t["scenario_id"] == "committed") & (t["year"] == 2028),
    )  # fmt: skip
    found = tables(Facts(released, make_inputs_facts(), make_record()))
    costs = next(table for caption, table in found.items() if caption.startswith("What each option costs"))
    assert costs.rows[0][2] == "c"
    assert costs.rows[0][1] != "c"


def test_a_measure_shown_for_fewer_than_two_options_has_no_row():
    """Shown for one of three it compares nothing; for two it does."""
    name, scenarios = "without_local_place_pupils", ("committed", "programme")
    label = "Pupils without a local place"

    def rows_with(hide):
        released = hidden(
            make_released(),
            "sufficiency_area",
            name,
            lambda t: (t["area_id"] == COUNTY[0]) & t["scenario_id"].isin(hide),
        )
        return gives(Facts(released, make_inputs_facts(), make_record()))[0]

    assert label in rows_with(scenarios[:1])
    assert label not in rows_with(scenarios)


def test_with_many_options_every_table_holds_those_that_are_compared():
    """Seven options: the three that differences are between stand in each table, each other option in one."""
    released = make_released()
    more = ("bases_first", "secured_only", "late", "small")
    tables, veils = {}, {}
    for name, frame in released.tables.items():
        veil = released.hidden[name]
        if "scenario_id" in frame.columns:
            base = frame[frame["scenario_id"] == "programme"]
            parts = [frame, *(base.assign(scenario_id=one) for one in more)]
            veil = pd.concat([veil, *[veil.loc[base.index]] * len(more)], ignore_index=True)
            tables[name], veils[name] = pd.concat(parts, ignore_index=True), veil
        else:
            tables[name], veils[name] = frame, veil
    many = dataclasses.replace(released, tables=MappingProxyType(tables), hidden=MappingProxyType(veils))
    found = [
        table
        for caption, table in tables_of(Facts(many, make_inputs_facts(), make_record()))
        if caption.startswith("What each option gives")
    ]
    assert len(found) == 2
    seen = []
    for table in found:
        heads = [column.title for column in table.columns]
        assert heads[1:4] == ["Do nothing", "Committed", "Programme"]
        assert heads[-2:] == ["Programme less committed", "Programme less do nothing"]
        seen += heads[4:-2]
        row = next(row for row in table.rows if row[0] == "Local places")
        places = [int(cell.replace(",", "")) for cell in row[1:4]]
        assert int(row[-2].replace(",", "").replace("+", "")) == places[2] - places[1]
    assert seen == ["Bases first", "Secured only", "Late", "Small"]


def tables_of(facts):
    return [(block.caption, block) for block in options_section(facts) if isinstance(block, Table)]


def test_one_scenario_alone_is_no_comparison():
    released = make_released()
    only = {
        name: frame[frame["scenario_id"] == "do_nothing"] if "scenario_id" in frame.columns else frame
        for name, frame in released.tables.items()
    }
    veils = {name: released.hidden[name].loc[only[name].index] for name in only}
    alone = dataclasses.replace(released, tables=MappingProxyType(only), hidden=MappingProxyType(veils))
    assert options_section(Facts(alone, make_inputs_facts(), make_record())) == []


# --- words -------------------------------------------------------------------------------------------------------


def test_every_assumption_of_the_embedded_area_has_a_title_in_plain_words(facts):
    for name in facts.parameters.assumptions:
        title = assumption_title(name)
        assert "_" not in title
        assert title.lower() != name.replace("_", " "), name


def test_codes_become_words():
    assert plain_words("see vehicle_occupancy_pupils and zone_traits") == "see “Pupils in a vehicle” and zone traits"
    assert plain_words("Y6 to Y7, 2028/29, a_1") == "Y6 to Y7, 2028/29, a 1"
    assert value_words("towards_bases") == "moving towards bases"
    assert value_words("0.97") == "0.97"


def test_every_need_code_is_glossed_with_its_broad_area():
    assert [code for code, _, _ in need_codes()] == list(NEED_NAMES)
    assert ("SLCN", "Speech, language and communication", "Communication and interaction") in need_codes()
    words = [word for word, _ in GLOSSARY]
    assert words == sorted(words, key=str.lower)
    assert all(meaning.endswith(".") for _, meaning in GLOSSARY)
