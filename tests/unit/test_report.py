"""The board report: one content for docx and pdf, honest words, accessible files, hidden figures hidden."""

from __future__ import annotations

import dataclasses
import io
import itertools
import re
import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn

from sufficiency.model.results import Released
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import (
    Blank,
    Bullets,
    Callout,
    Cards,
    Column,
    Contents,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Table,
    kept_with_next,
)  # fmt: skip
from sufficiency.outputs.report.board import build_paper, write_report
from sufficiency.outputs.report.charts_map import bar_figures, share_breaks, share_class
from sufficiency.outputs.report.council import shown_share
from sufficiency.outputs.report.districts import has_home_rows, printed_counts
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.pdf_document import pdf_bytes
from sufficiency.outputs.report.word_document import docx_bytes
from sufficiency.outputs.terms import assumption_title
from tests.released_fixture import DISTRICTS, make_inputs_facts, make_record, make_released

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.model.results import RunRecord


@pytest.fixture(scope="module")
def paper() -> Paper:
    return build_paper(make_released(), make_inputs_facts(), make_record())


@pytest.fixture(scope="module")
def document(paper: Paper) -> Any:
    return docx.Document(io.BytesIO(docx_bytes(paper)))


def texts(paper: Paper) -> list[str]:
    """Every sentence, cell and caption of a paper."""
    out = [paper.title, paper.subtitle]
    for block in paper.blocks:
        match block:
            case Heading() | Paragraph():
                out.append(block.text)
            case Bullets():
                out += block.items
            case Callout():
                out += [block.title, block.text]
            case Cards():
                out += [text for card in block.cards for text in dataclasses.astuple(card)]
            case Picture():
                out += [block.caption, block.alt]
            case Table():
                out += [block.caption, *block.notes, *(c.title for c in block.columns)]
                out += [cell for row in block.rows for cell in row]
            case Blank():
                out += [block.title, block.prompt]
            case Contents():
                out.append(block.title)
    return out


def changed(keep: Callable[[str, pd.DataFrame], pd.DataFrame], released: Released | None = None) -> Released:
    found = released or make_released()
    tables = {name: keep(name, frame) for name, frame in found.tables.items()}
    hidden = {name: found.hidden[name].loc[tables[name].index] for name in tables}
    return Released(found.build, MappingProxyType(tables), MappingProxyType(hidden))


# --- what it says ------------------------------------------------------------------------------------------------


def test_rides_stand_beside_the_direct_times_with_how_they_are_estimated(paper: Paper) -> None:
    """The fixture's rides are 1.4 times its direct means, and twice as many over the limit: 24 -> 33, 74 -> 148."""
    said = next(text for text in texts(paper) if text.startswith("As ridden"))
    assert (
        "would be 33 minutes where the direct one is 24, with 148 pupils over 45 or 75 minutes (illustrative)" in said
    )
    assert "This is an estimate, not a plan of routes: a vehicle of 4 seats" in said
    assert "every pupil takes 2 minutes to board" in said
    assert "at most 20 minutes longer" in said
    table = next(b for b in paper.blocks if isinstance(b, Table) and b.caption.startswith("Journeys by district"))
    heads = [column.title for column in table.columns]
    assert heads.index("Mean as ridden, minutes") == heads.index("Mean, direct, minutes") + 1
    assert all("direct" in head or "ridden" in head for head in heads if "minutes" in head)
    assert table.rows[-1][heads.index("Over 45 or 75 minutes as ridden, pupils")] == "148"


def test_without_rides_nothing_is_said_of_them() -> None:
    def blank(_: str, frame: pd.DataFrame) -> pd.DataFrame:
        rides = [column for column in frame.columns if str(column).startswith("ridden")]
        return frame.assign(**dict.fromkeys(rides, pd.NA))

    found = changed(blank)
    for frame in found.hidden.values():
        frame.loc[:, [column for column in frame.columns if str(column).startswith("ridden")]] = False
    bare = build_paper(found, make_inputs_facts(), make_record())
    assert not any("s ridden" in text for text in texts(bare) if "are an estimate by a stated rule" not in text)


def test_the_title_is_the_finding_with_its_year_and_illustrative_in_the_same_sentence(paper: Paper) -> None:
    # 728 of 2,312 = 31.5 %; with the programme 340 of 2,312 = 14.7 %
    assert paper.title.startswith("Without new places, about three in ten pupils who need a specialist place")
    assert "2028/29" in paper.title
    assert paper.title.endswith("(illustrative)")


def test_page_one_has_three_figures_one_chart_the_meaning_and_a_note_recommendation(paper: Paper) -> None:
    first = paper.blocks[: next(i for i, b in enumerate(paper.blocks) if isinstance(b, Heading))]
    cards = [b for b in first if isinstance(b, Cards)]
    assert [card.figure for card in cards[0].cards] == ["340", "279", "22"]
    assert all(card.change and card.meaning for card in cards[0].cards)
    assert [card.range.startswith("Range") for card in cards[0].cards[:2]] == [True, True]
    assert cards[0].cards[0].change == "303 fewer pupils than with committed schemes only."
    assert sum(isinstance(b, Picture) for b in first) == 1
    said = " ".join(b.text for b in first if isinstance(b, Callout))
    assert "are not without education" in said
    assert "recommended to note" in said


def test_readers_never_meet_the_internal_word(paper: Paper) -> None:
    assert not any("unplaced" in text.lower() for text in texts(paper))
    assert any("without a local state-funded specialist place (modelled)" in text for text in texts(paper))


def test_complete_places_never_stand_beside_the_headline_need_without_their_year(paper: Paper) -> None:
    for text in texts(paper):
        for sentence in re.split(r"(?<=[.;])\s", text):
            if "2,529" in sentence:
                assert "2031/32" in sentence or "2312" not in sentence.replace(",", "")


def test_location_balance_always_carries_its_caption(paper: Paper) -> None:
    for text in texts(paper):
        if "location balance (" in text.lower():
            assert "not unmet need" in text


def test_council_headings_are_blanks_and_only_blanks(paper: Paper) -> None:
    blanks = [b.title for b in paper.blocks if isinstance(b, Blank)]
    for word in ("Corporate", "Financial", "Legal", "Staff", "Equality", "Sustainability", "Risk", "Consultation"):
        assert any(title.startswith(word) for title in blanks)
    assert len(blanks) == 8


def test_the_purses_are_three_tables_without_a_total(paper: Paper) -> None:
    found = [b for b in paper.blocks if isinstance(b, Table) and b.columns[0].title == "Item"]
    assert len(found) == 3
    assert all(table.total_rows == 0 for table in found)
    assert any(isinstance(b, Callout) and b.title == "Never added" for b in paper.blocks)


def test_the_bridge_states_its_definition_and_that_it_is_not_published(paper: Paper) -> None:
    said = " ".join(texts(paper))
    assert "definition A" in said
    assert "has not published which definition it means" in said


def test_district_pages_have_one_layout(paper: Paper) -> None:
    starts = [
        i for i, b in enumerate(paper.blocks)
        if isinstance(b, Heading) and b.text.split(":")[0] in set(DISTRICTS.values())
    ]  # fmt: skip
    assert len(starts) == 5
    facts = Facts(make_released(), make_inputs_facts(), make_record())
    # need, where local places are, the flow from home where it fits, and the use of the district's places
    tables = ["Table"] * (4 if has_home_rows(facts) else 3)
    layout = ["Heading", "Cards", "Picture", *tables, "Callout"]
    shapes = [[type(b).__name__ for b in paper.blocks[i : i + len(layout)]] for i in starts]
    assert shapes == [layout] * 5
    for place in starts:
        cards = paper.blocks[place + 1]
        assert isinstance(cards, Cards)
        assert len(cards.cards) == 4


def test_where_residents_of_west_oxfordshire_stand_is_said_in_figures(paper: Paper) -> None:
    gaps = [b.text for b in paper.blocks if isinstance(b, Callout) and b.title == "Gap statement"]
    gap = next(text for text in gaps if "living in West Oxfordshire" in text)
    # 167 of 393 without a local place; 131 + 32 = 163 places less 393 pupils = -230 with the programme
    assert "167 of 393 pupils (42%) living in West Oxfordshire" in gap
    assert "the highest of the five districts by share" in gap
    assert "−230 (location balance, not unmet need)" in gap


def test_marks_follow_the_parameters() -> None:
    inputs = make_inputs_facts()
    plain = dataclasses.replace(inputs, parameters=dataclasses.replace(inputs.parameters, illustrative=False))
    found = build_paper(make_released("internal"), plain, make_record())
    assert found.marking == "INTERNAL"
    assert "(illustrative)" not in found.title
    assert not any(b.text.endswith("(illustrative)") for b in found.blocks if isinstance(b, Heading))


def test_a_run_of_one_scenario_still_makes_a_paper() -> None:
    def keep(_: str, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["scenario_id"] == "do_nothing"] if "scenario_id" in frame.columns else frame

    found = build_paper(changed(keep), make_inputs_facts(), make_record())
    assert not any("than with" in card.change for b in found.blocks if isinstance(b, Cards) for card in b.cards)
    assert pdf_bytes(found)
    assert docx_bytes(found)


def test_a_paper_whose_every_count_is_hidden_shows_no_number_of_pupils() -> None:
    found = make_released()
    tables, hidden = {}, {}
    for name, frame in found.tables.items():
        shown, mask = frame.copy(), found.hidden[name].copy()
        for column in frame.columns:
            if column.endswith(("_pupils", "_places", "_share", "_min")) or column == "pupils":
                shown[column] = pd.NA
                shown[column] = shown[column].astype("Float64")
                mask[column] = True
        tables[name], hidden[name] = shown, mask
    released = Released("public", MappingProxyType(tables), MappingProxyType(hidden))
    paper = build_paper(released, make_inputs_facts(), make_record())
    said = " ".join(texts(paper))
    assert "not shown" in said
    assert not re.search(r"\b(728|643|340|1,669|0 pupils|no pupils)\b", said)
    assert pdf_bytes(paper)


# --- how it is set -----------------------------------------------------------------------------------------------


def test_every_picture_says_its_finding_and_every_table_fits_a_page(paper: Paper) -> None:
    for block in paper.blocks:
        if isinstance(block, Picture):
            assert len(block.alt) > 60
            assert re.search(r"\d", block.alt)
        if isinstance(block, Table):
            assert len(block.columns) <= 8
            if any(cell == "c" for row in block.rows for cell in row):
                assert any("c = hidden" in note for note in block.notes), block.caption


def test_a_table_too_wide_or_ragged_is_refused() -> None:
    with pytest.raises(ValueError, match="9 columns"):
        Table("wide", tuple(Column(str(i)) for i in range(9)), ())
    with pytest.raises(ValueError, match="does not fit"):
        Table("ragged", (Column("a"), Column("b")), (("1",),))


def test_headings_never_skip_a_level(paper: Paper) -> None:
    levels = [1] + [b.level for b in paper.blocks if isinstance(b, Heading)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_docx_has_real_headings_language_alt_texts_and_repeated_headers(paper: Paper, document: Any) -> None:
    styles = [p.style.name for p in document.paragraphs]
    for name, level in (("Heading 1", 1), ("Heading 2", 2)):
        expected = sum(isinstance(b, Heading) and b.level == level for b in paper.blocks)
        expected += sum(isinstance(b, Blank) for b in paper.blocks) if level == 2 else 0
        assert styles.count(name) == expected
    pictures = [b for b in paper.blocks if isinstance(b, Picture)]
    described = [element.get("descr") for element in document.element.iter(qn("wp:docPr"))]
    assert described == [picture.alt for picture in pictures]
    languages = {element.get(qn("w:val")) for element in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    headed = [t for t in document.tables if t.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None]
    assert len(headed) == sum(isinstance(b, Table) for b in paper.blocks)
    rows = [row for table in document.tables for row in table.rows]
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in rows)


def test_docx_running_lines_and_dates(document: Any) -> None:
    section = document.sections[0]
    assert "ILLUSTRATIVE" in section.header.paragraphs[0].text
    footer = section.footer.paragraphs[0]
    assert "Run 0123456789ab" in footer.text
    assert "23 November 2026" in footer.text
    codes = [element.text for element in footer._p.iter(qn("w:instrText"))]
    assert codes == ["PAGE", "NUMPAGES"]
    assert document.core_properties.created.isoformat().startswith("2026-11-23T12:00")
    assert document.core_properties.modified.isoformat().startswith("2026-11-23T12:00")


def test_pdf_is_tagged_dated_and_says_its_language(paper: Paper) -> None:
    data = pdf_bytes(paper)
    assert data.startswith(b"%PDF-")
    assert b"pdfuaid" in data
    assert b"/Lang(en-GB)" in data
    assert b"CreationDate(D:20261123" in data
    pages = re.search(rb"/Type/Pages/Count (\d+)", data)
    assert pages is not None
    # a page each for five districts and their 17 clusters, besides the sections and the glossary
    assert 15 + 17 <= int(pages.group(1)) <= 26 + 18


PAYLOADS = (
    '<img src="file:///etc/passwd"/>',
    '#read("/etc/hostname")',
    "$x$ *bold* _it_ [a](b)",
    "=cmd()",
    "A\x07\x00B\u202e",
)


def test_names_are_text_and_never_markup() -> None:
    inputs = make_inputs_facts()
    areas = inputs.areas.copy()
    for area, name in zip(DISTRICTS, PAYLOADS, strict=True):
        areas.loc[areas["area_id"] == area, "area_name"] = name
    found = build_paper(make_released(), dataclasses.replace(inputs, areas=areas), make_record())
    data = docx_bytes(found)
    headings = [p.text for p in docx.Document(io.BytesIO(data)).paragraphs if p.style.name == "Heading 1"]
    for name in PAYLOADS:
        visible = name.replace("\x07", "").replace("\x00", "").replace("\u202e", "")
        assert any(heading.startswith(f"{visible}:") for heading in headings)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            assert not member.endswith(".rels") or b'TargetMode="External"' not in archive.read(member)
    assert pdf_bytes(found).startswith(b"%PDF-")


def test_paper_and_map_shade_by_the_same_rule() -> None:
    facts = Facts(make_released(), make_inputs_facts(), make_record())
    breaks = share_breaks(facts, "district")
    # the fixture's districts run from 0 % to under 50 % over all years and scenarios
    assert breaks == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert len(breaks) - 1 <= len(style.AMOUNT_COLOURS)


def test_write_report_writes_three_files(tmp_path: Any, paper: Paper) -> None:
    write_report(make_released(), make_inputs_facts(), make_record(), tmp_path / "reports")
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert names == ["board-report.docx", "board-report.pdf", "board-report.xlsx"]
    assert (tmp_path / "reports" / "board-report.docx").read_bytes() == docx_bytes(paper)


# --- what a reader could take wrongly --------------------------------------------------------------------------------


def test_at_least_four_in_five_counts_of_the_district_pages_of_the_embedded_area_are_shown(
    oxfordshire: Any, embedded_release: tuple[Released, RunRecord]
) -> None:
    released, record = embedded_release
    facts = Facts(released, oxfordshire, record)
    share = shown_share(facts)
    assert share.value is not None
    assert share.value >= 0.80
    # counted again from the page as it is printed: the cells of its tables and its cards, but for the minutes
    blocks = build_paper(released, oxfordshire, record).blocks
    cells: list[str] = []
    for place, block in enumerate(blocks):
        if isinstance(block, Heading) and block.text.split(":")[0] in set(DISTRICTS.values()):
            end = next(i for i in range(place + 1, len(blocks)) if isinstance(blocks[i], Heading))
            page = blocks[place:end]
            cells += [c for b in page if isinstance(b, Table) for row in b.rows for c in row[1:]]
            cells += [card.figure for b in page if isinstance(b, Cards) for card in b.cards[:3]]
    assert len(cells) > 150
    assert sum(cell != "c" for cell in cells) / len(cells) >= 0.80


def test_every_hidden_count_of_a_district_page_lowers_the_share_shown() -> None:
    released, inputs, record = make_released(), make_inputs_facts(), make_record()
    facts = Facts(released, inputs, record)
    area = next(iter(DISTRICTS))
    before = printed_counts(facts, area)
    bars = [figure for row in bar_figures(facts, area) for figure in row]
    # 3 scenarios: 6 bars; 3 x 3 cells of flows; 5 figures on the cards; 3 cells a row of need groups, phases and total
    groups = len(facts.rows("sufficiency_district_need_group", area_id=area, year=facts.year, policy="optimal"))
    phases = len(facts.rows("sufficiency_district_phase", area_id=area, year=facts.year, policy="optimal"))
    assert len(bars) == 6
    homes = 5 if has_home_rows(facts) else 0
    # places, pupils placed and empty places of two types of place, in two scenarios
    use = 2 * 3 * 2
    assert len(before) == 5 + 6 + 9 + 3 * (groups // 3 + phases // 3 + 1) + homes + use
    mask = {name: frame.copy() for name, frame in released.hidden.items()}
    mask["sufficiency_area"]["placed_local_pupils"] = True
    hidden = Facts(dataclasses.replace(released, hidden=MappingProxyType(mask)), inputs, record)
    # the card, three bars, three totals, and three differences
    added = sum(f.hidden for f in printed_counts(hidden, area)) - sum(f.hidden for f in before)
    assert added == 10
    assert (shown_share(hidden).value or 0) < (shown_share(facts).value or 0)


def test_a_share_falls_in_the_class_of_the_percent_that_is_printed() -> None:
    breaks = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert share_class(0.396, breaks) == 4  # printed as 40 %
    assert share_class(0.394, breaks) == 3  # printed as 39 %
    assert share_class(0.5, breaks) == 4


def test_places_above_need_stand_beside_those_still_without_one_and_the_places_empty(paper: Paper) -> None:
    facts = Facts(make_released(), make_inputs_facts(), make_record())
    county = facts.county[0]
    rows = make_released().tables["programme_places"]
    year = int(rows.loc[(rows["scenario_id"] == "programme") & rows["complete"], "year"].min())
    without = facts.area("without_local_place_pupils", county, "programme", year=year).known
    placed = facts.area("placed_local_pupils", county, "programme", year=year).known
    text = next(b.text for b in paper.blocks if isinstance(b, Paragraph) and "complete in" in b.text)
    empty = 2529 - placed
    if without > 0 and empty > 0:
        assert f"{without:,.0f} pupils would still be without a local place and {empty:,.0f} places would" in text
        assert "differ in type of place, age and district (illustrative)" in text
    else:
        assert "stand empty" not in text


def policy_table(found: Paper) -> Table:
    return next(b for b in found.blocks if isinstance(b, Table) and b.columns[0].title == "How places are used")


def test_the_table_of_policies_says_why_keeping_places_can_place_more(paper: Paper) -> None:
    assert any("stay even above the number of places" in note for note in policy_table(paper).notes)
    assert len(policy_table(paper).rows) == 2  # the fixture has no table of pressure


def test_the_table_of_policies_shows_pupils_above_places_where_the_run_has_them() -> None:
    base = make_released()
    facts = Facts(base, make_inputs_facts(), make_record())
    rows = [
        (scenario, policy, facts.year, "county", *facts.county, 737 if policy == "nearest" else 0)
        for scenario in facts.standing
        for policy in ("optimal", "nearest")
    ]
    names = ["scenario_id", "policy", "year", "level", "area_id", "area_name", "over_capacity_pupils"]
    frame = pd.DataFrame(rows, columns=names)
    mask = pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
    released = Released(
        base.build,
        MappingProxyType({**base.tables, "pressure": frame}),
        MappingProxyType({**base.hidden, "pressure": mask}),
    )
    table = policy_table(build_paper(released, make_inputs_facts(), make_record()))
    said = {row[0]: row[1:] for row in table.rows}
    assert said["Nearest suitable place: pupils above the number of places"] == ("737", "737", "737")


def test_symbols_are_explained_where_they_stand_and_nowhere_else(paper: Paper) -> None:
    for block in paper.blocks:
        if isinstance(block, Table):
            cells = {cell for row in block.rows for cell in row}
            for symbol in ("c", "z"):
                explained = any(f"{symbol} = " in note for note in block.notes)
                assert explained == (symbol in cells), (block.caption, symbol)


def test_better_and_worse_off_are_defined_under_their_table(paper: Paper) -> None:
    table = next(b for b in paper.blocks if isinstance(b, Table) and b.caption.startswith("Who gains"))
    assert any("better kind of place" in note and "one minute nearer" in note for note in table.notes)


def test_assumptions_have_names_in_plain_words() -> None:
    assert assumption_title("vehicle_kgco2e_per_km") == "Vehicle carbon, kg CO2e a km"
    assert assumption_title("some_new_rate") == "Some new rate"


def test_words_between_a_heading_and_its_exhibit_stay_with_it() -> None:
    table = Table("t", (Column("a"),), (("1",),))
    blocks = (Heading("h"), Paragraph("p"), table, Paragraph("q"), table, Heading("i"), Bullets(("b",)), table)
    assert kept_with_next(blocks) == [True, True, False, False, False, True, False, False]
