"""How papers say what they show: marks once, ranges whole, money rounded, the hidden in a sentence; by hand."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from types import MappingProxyType

import pandas as pd
import pytest
from lxml import etree

from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    Bullets,
    Callout,
    Card,
    Cards,
    Column,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Table,
    kept_range,
    table_or_sentence,
    with_mark_once,
    with_marked_caption,
)
from sufficiency.outputs.report.board import build_paper
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.front import front_page
from sufficiency.outputs.report.journeys import journeys_section
from sufficiency.outputs.report.money_change import change_blocks
from sufficiency.outputs.report.need import demand_section
from sufficiency.outputs.report.word_document import docx_bytes
from sufficiency.outputs.terms import check_words
from tests.released_fixture import COUNTY, make_inputs_facts, make_record, make_released

MARK = " (illustrative)"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def facts_with(**tables: pd.DataFrame) -> Facts:
    base = make_released()
    veils = {name: pd.DataFrame(data=False, index=one.index, columns=one.columns) for name, one in tables.items()}
    released = dataclasses.replace(
        base,
        tables=MappingProxyType({**base.tables, **tables}),
        hidden=MappingProxyType({**base.hidden, **veils}),
    )
    return Facts(released, make_inputs_facts(), make_record())


def small(*rows: tuple[str, ...]) -> Table:
    columns = (Column("Area", number=False), *(Column(f"Count {n}") for n in range(len(rows[0]) - 1)))
    return Table("Counts", columns, rows)


# --- money -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pounds", "said"),
    [
        (537_800, "£540,000"),
        (134_900, "£130,000"),
        (-649_700, "−£650,000"),
        (34_173, "£34,000"),
        (1_290, "£1,300"),
        (936, "£940"),
        (85, "£85"),
        (0, "£0"),
        (15_959_000, "£16.0m"),
        (998_000, "£1.0m"),
    ],
)
def test_estimates_in_pounds_have_two_figures(pounds: float, said: str) -> None:
    assert style.gbp_about(pounds) == said


def test_a_range_in_brackets_is_not_broken_and_other_brackets_are() -> None:
    assert kept_range("£57.9m (£50.7m to £69.2m)") == "£57.9m (£50.7m\u00a0to\u00a0£69.2m)"
    assert kept_range("−£87m (−£165m to £325m)") == "−£87m (−£165m\u00a0to\u00a0£325m)"
    assert kept_range("0.97 (0.94 to 0.99)") == "0.97 (0.94\u00a0to\u00a00.99)"
    assert kept_range("a place (back to school)") == "a place (back to school)"
    long = "(a note of 1 thing that goes on and on to another 2 things)"
    assert kept_range(long) == long


# --- marks -------------------------------------------------------------------------------------------------------


def test_a_paragraph_says_a_mark_once_where_it_is_first_due() -> None:
    text = f"One is 1. Two is 2{MARK}. Three is 3{MARK}; four is 4{MARK}."
    assert with_mark_once(Paragraph(text), MARK) == Paragraph(f"One is 1. Two is 2{MARK}. Three is 3; four is 4.")
    assert with_mark_once(Callout("t", text), MARK).text.count(MARK) == 1
    assert [item.count(MARK) for item in with_mark_once(Bullets((text, text)), MARK).items] == [1, 1]
    for kept in (Paragraph(text, "lead"), Heading(text), Table(text, (Column("a"),), ((text,),))):
        assert with_mark_once(kept, MARK) is kept
    assert with_mark_once(Paragraph(text), "") == Paragraph(text)


def test_captions_are_marked_once_and_settings_by_their_rows() -> None:
    assert with_marked_caption(small(("a", "1")), MARK).caption == f"Counts{MARK}"
    for said in (f"Counts{MARK}", "Counts, illustrative"):
        table = dataclasses.replace(small(("a", "1")), caption=said)
        assert with_marked_caption(table, MARK) is table
    by_row = Table("Settings", (Column("Facts are"),), (("checked",),))
    assert with_marked_caption(by_row, MARK) is by_row
    picture = Picture("p", b"", b"", "alt", "A map")
    assert with_marked_caption(picture, MARK).caption == f"A map{MARK}"
    assert with_marked_caption(picture, "") == picture


def test_the_whole_paper_keeps_the_mark_in_captions_and_says_it_once_a_paragraph() -> None:
    paper = build_paper(make_released(), make_inputs_facts(), make_record())
    end = next(n for n, b in enumerate(paper.blocks) if isinstance(b, Heading) and b.text.startswith("Annex A"))
    for block in paper.blocks[:end]:
        match block:
            case Paragraph(kind="body" | "note", text=text) | Callout(text=text) | Picture(alt=text):
                assert text.count(MARK) <= 1, text
        if isinstance(block, Table) and block.columns[-1].title != "Facts are":
            assert "illustrative" in block.caption.lower(), block.caption


# --- what is hidden ----------------------------------------------------------------------------------------------


def test_a_table_with_most_figures_hidden_is_a_sentence_with_those_shown() -> None:
    half = small(("a", "c", "5"), ("b", "7", "c"))
    assert table_or_sentence(half, "elsewhere") is half
    said = table_or_sentence(small(("a", "c", "655", "c"), ("b", "z", "c", "c")), "elsewhere")
    assert isinstance(said, Paragraph)
    assert said.text.startswith("Counts: 4 of 5 figures are hidden to protect small numbers")
    assert "Shown are: a, count 1: 655." in said.text
    many = small(("a", "c", "c", "c", "9", "9"), ("b", "c", "c", "c", "9", "9"), ("d", "c", "c", "c", "9", "c"))
    assert table_or_sentence(many, "They are in a sheet.").text.endswith("They are in a sheet.")
    none = table_or_sentence(small(("a", "c", "c")), "They are in a sheet.")
    assert none.text.endswith("so that no table is given.")


def test_a_hidden_card_does_not_call_its_number_small() -> None:
    """The hidden figure may be large: it can be hidden because it would tell a small one."""
    card = Card("Placed in own district, pupils", "c", "", "", "")
    date = make_inputs_facts().parameters.report_date
    word = docx_bytes(Paper("t", "s", "s", "", "", date, (Cards((card,)),)))
    text = zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml").decode()
    assert "hidden, to protect small numbers" in text
    assert "a small number" not in text


def test_needs_whose_every_figure_is_hidden_are_named_beneath_the_table() -> None:
    base = make_released()
    name = "sufficiency_county_need_phase"
    frame, veil = base.tables[name].copy(), base.hidden[name].copy()
    rows = frame["need"] == "sensory_and_physical"
    assert rows.any()
    for column in ("demand_pupils", "without_local_place_pupils"):
        frame[column] = frame[column].astype("Float64").mask(rows)
        veil.loc[rows, column] = True
    released = dataclasses.replace(
        base,
        tables=MappingProxyType({**base.tables, name: frame}),
        hidden=MappingProxyType({**base.hidden, name: veil}),
    )
    blocks = demand_section(Facts(released, make_inputs_facts(), make_record()))
    table = next(b for b in blocks if isinstance(b, Table) and b.caption.startswith("Need by broad area"))
    assert "Sensory and physical" not in [row[0] for row in table.rows]
    assert "every figure is hidden to protect small numbers: sensory and physical." in " ".join(table.notes)
    assert table.rows[-1][0] == "All needs"


# --- ranges and policies -----------------------------------------------------------------------------------------


def drawn(low: int, high: int) -> pd.DataFrame:
    row = {"level": "county", "area_id": COUNTY[0], "area_name": COUNTY[1], "year": 2028, "phase": "all", "need": "all",
           "provision_type": "headline", "p10_pupils": low, "p50_pupils": 2300, "p90_pupils": high}  # fmt: skip
    return pd.DataFrame([row])


def forecast(low: float | None, high: float | None) -> pd.DataFrame:
    """Return the fixture's forecast with another range of the headline year."""
    frame = make_released().tables["forecast"].copy()
    at = (frame["year"] == 2028) & (frame["stream"] == "headline")
    for column, end in (("low_pupils", low), ("high_pupils", high)):
        frame[column] = frame[column].astype("Float64")
        frame.loc[at, column] = pd.NA if end is None else end
    return frame


def test_where_no_range_is_stated_the_drawn_one_stands_on_page_one_as_on_the_page_of_need() -> None:
    found = facts_with(forecast=forecast(None, None), forecast_range=drawn(2090, 2530))
    places = int(found.area("capacity_places", COUNTY[0], "programme").known)
    cards = next(b for b in front_page(found) if isinstance(b, Cards))
    ends = f"{style.number_text(2090 - places)} to {style.number_text(2530 - places)}"
    assert cards.cards[1].range == f"Range {ends}, for eight of ten drawn futures."
    text = next(b.text for b in demand_section(found) if isinstance(b, Paragraph))
    assert "(range 2,090 to 2,530 in eight of ten drawn futures)" in text


def test_without_any_range_none_is_stated_and_a_stated_one_comes_first() -> None:
    bare = facts_with(forecast=forecast(None, None))
    assert [one.is_known for one in bare.forecast_ends(2028)[:2]] == [False, False]
    cards = next(b for b in front_page(bare) if isinstance(b, Cards))
    assert cards.cards[1].range == "No range is stated for the forecast of 2028/29."
    both = facts_with(forecast=forecast(2200, 2400), forecast_range=drawn(2090, 2530))
    low, high, is_drawn = both.forecast_ends(2028)
    assert (low.value, high.value, is_drawn) == (2200, 2400, False)


def test_carbon_says_its_use_of_places_in_both_places() -> None:
    pair = {"scenario_id": "programme", "against_id": "committed", "policy": "rolling", "year": 2028}
    net = {"purse": "high_needs_block", "item": "Net change", "gbp_low": 1e6, "gbp_central": 2e6, "gbp_high": 3e6}
    money = pd.DataFrame([{**pair, **net}])
    carbon = pd.DataFrame([{
        **pair, **{f"kgco2e_{c}": n for c, n in (("low", 5e3), ("central", 14e3), ("high", 38e3))},
        **{f"vehicles_{c}": n for c, n in (("low", 30), ("central", 40), ("high", 50))},
    }])  # fmt: skip
    found = facts_with(money_change=money, carbon_change=carbon)
    said = next(b.text for b in change_blocks(found) if isinstance(b, Paragraph) and "Carbon" in b.text)
    assert "Under “pupils keep their places”, with the programme it would be 14 tonnes more a year than with" in said
    table = next(b for b in journeys_section(found) if isinstance(b, Table) and "carbon" in b.caption)
    assert table.caption.endswith("best use of places")
    assert "the change of carbon beside the money is for “pupils keep their places”" in " ".join(table.notes)
    alone = next(b for b in journeys_section(facts_with()) if isinstance(b, Table) and "carbon" in b.caption)
    assert "pupils keep" not in " ".join(alone.notes)


# --- what was checked, and Word's boxes --------------------------------------------------------------------------


def test_checks_are_told_in_words() -> None:
    assert check_words("roll_above_places") == "Provision with more pupils on roll than planned places"
    assert check_words("a_check_to_come") == "A check to come"


def test_text_of_cards_and_boxes_stands_off_their_edges_in_word() -> None:
    word = docx_bytes(build_paper(make_released(), make_inputs_facts(), make_record()))
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml"))
    boxes = 0
    for cell in root.iter(f"{WORD}tcPr"):
        tags = [re.sub(r"^\{.*\}", "", str(child.tag)) for child in cell]
        borders = cell.find(f"{WORD}tcBorders")
        framed = "shd" in tags or (borders is not None and borders.find(f"{WORD}left") is not None)
        if not framed:
            continue
        boxes += 1
        margins = cell.find(f"{WORD}tcMar")
        assert margins is not None, tags
        assert all(int(edge.get(f"{WORD}w")) >= 100 for edge in margins)
        # the order that Word's own schema asks for
        order = [tag for tag in tags if tag in {"tcW", "tcBorders", "shd", "tcMar"}]
        assert order == sorted(order, key=["tcW", "tcBorders", "shd", "tcMar"].index)
    assert boxes > 20
