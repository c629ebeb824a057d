"""The papers for single audiences: figures by hand or straight from released cells, blanks blank, hidden hidden."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import re

import pandas as pd
import pytest

from sufficiency.cli import papers as command
from sufficiency.measures.displacement import NET
from sufficiency.model.errors import ParameterError
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Blank, Bullets, Callout, Cards, Paragraph, Picture, Table
from sufficiency.outputs.report.papers import AUDIENCES, build_papers, write_paper
from sufficiency.outputs.report.phase_transfer_paper import DEADLINES
from sufficiency.outputs.report.sentences import Told
from sufficiency.run import Job
from tests.released_fixture import make_inputs_facts, make_record, make_released

RATINGS = {"didcot-special": "amber", "west-expansion": "red", "funded-bases": "green"}
NEEDED_BY = {"didcot-special": "2026-12", "west-expansion": "2026-11", "base-1": "2027-11", "bases-later": "2028-07"}
LINES = {"didcot-special": "Council capital", "west-expansion": "Council capital", "funded-bases": "Existing capital"}
STOCK = {
    "funded-bases": {2026: 72, 2027: 88, 2028: 88},
    "didcot-special": {2027: 42, 2028: 88, 2029: 120},
    "west-expansion": {2027: 100, 2028: 179},
    "faringdon-special": {2028: 60, 2029: 130},
    "base-1": {2027: 24, 2028: 40},
    "base-2": {2028: 40},
    "bases-later": {2029: 299},
}
YEARS = range(2024, 2032)
EFFECTS = {  # places, placed, mean, nearest other, left out: local, placed, minutes a day
    ("didcot-special", 2028): (88, 80, 12.4, 20.6, 40, 12, -1800.0),
    ("base-1", 2028): (40, 40, 9.0, 14.0, None, None, None),
    ("didcot-special", 2031): (120, 118, 13.0, 21.0, 15, 0, -3120.0),
}
MONEY = (
    ("Special-school pupils, otherwise in mainstream with a top-up", 1.5e6, 2.0e6, 2.5e6),
    ("Specialist-base start-up", 0.0, 0.0, 0.0),
    (NET, -3.0e6, -1.0e6, 2.0e6),
)


def _schemes(frame: pd.DataFrame) -> pd.DataFrame:
    ids = frame["scheme_id"]
    secured = ids.isin(["funded-bases", "didcot-special"])
    return frame.assign(
        funding_line=ids.map(LINES).fillna("Grant, second part"),
        funding_status=secured.map({True: "secured", False: "assumed"}),
        delivery_rag=ids.map(RATINGS).fillna("amber"),
        decision_needed_by=ids.map(NEEDED_BY).fillna(""),
        ncy_from=[0 if kind == "special_school" else 7 for kind in frame["provision_type"]],
        ncy_to=[13 if kind == "special_school" else 11 for kind in frame["provision_type"]],
        needs="ASD;SEMH",
    )


def _stock() -> pd.DataFrame:
    rows = []
    for scheme, places in STOCK.items():
        now = 0
        for year in YEARS:
            now = places.get(year, now)
            if now:
                rows.append((scheme, year, now))
    return pd.DataFrame(rows, columns=["scheme_id", "year", "places"])


def _effects() -> pd.DataFrame:
    names = ["places", "placed_pupils", "mean_min", "nearest_other_min", "left_out_local_pupils",
             "left_out_placed_pupils", "left_out_travel_min_per_day"]  # fmt: skip
    rows = [("programme", year, scheme, *row, "", 0) for (scheme, year), row in EFFECTS.items()]
    columns = ["scenario_id", "year", "scheme_id", *names, "homes", "homes_rest_pupils"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: "Int64" for name in columns if name.endswith("_pupils")})


def _money() -> pd.DataFrame:
    rows = [("programme", "committed", "optimal", year, "high_needs_block", *row, "")
            for year in (2027, 2028) for row in MONEY]  # fmt: skip
    bands = ["gbp_low", "gbp_central", "gbp_high"]
    return pd.DataFrame(rows, columns=["scenario_id", "against_id", "policy", "year", "purse", "item", *bands, "note"])


def _commissioned() -> pd.DataFrame:
    rows = [("s1", "Invented School", "E07000178", "special_school", 110, 120, 118),
            ("s2", "Another Invented School", "E07000177", "specialist_base", None, 20, 3)]  # fmt: skip
    names = ["setting_id", "setting_name", "district_id", "provision_type", "commissioned_places", "planned_places",
             "placed_pupils"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).astype({"commissioned_places": "Int64"})


def released_of(build="public"):
    base = make_released(build)
    more = {
        "schemes": _schemes(base.tables["schemes"]),
        "scheme_stock": _stock(),
        "scheme_effects": _effects(),
        "money_change": _money(),
        "internal_commissioned": _commissioned(),
    }
    hidden = {name: pd.DataFrame(data=False, index=t.index, columns=t.columns) for name, t in more.items()}
    one = more["scheme_effects"].index[1]
    hidden["scheme_effects"].loc[one, [c for c in more["scheme_effects"].columns if c.startswith("left_out")]] = True
    area, mask = base.tables["sufficiency_area"].copy(), base.hidden["sufficiency_area"].copy()
    for column in ("demand_pupils", "without_local_place_pupils", "unplaced_pupils"):
        mask[column] = mask[column] | area[column].between(1, 5).fillna(value=False).astype(bool)
        area.loc[mask[column], column] = pd.NA
    tables = {**base.tables, **more, "sufficiency_area": area}
    return dataclasses.replace(base, tables=tables, hidden={**base.hidden, **hidden, "sufficiency_area": mask})


@pytest.fixture(scope="module")
def released():
    return released_of()


@pytest.fixture(scope="module")
def inputs():
    found = make_inputs_facts()
    return dataclasses.replace(
        found, parameters=dataclasses.replace(found.parameters, report_date=dt.date(2026, 11, 23))
    )


@pytest.fixture(scope="module")
def papers(released, inputs):
    """Return every paper by its stem."""
    return {stem: paper for name in AUDIENCES for stem, paper in build_papers(released, inputs, make_record(), name)}


def table(paper, start):
    return next(one for one in paper.blocks if isinstance(one, Table) and one.caption.startswith(start))


def by_name(found):
    return {row[0]: row[1:] for row in found.rows}


def test_the_tracker_adds_up_by_funding_line_and_leaves_blanks_blank(papers):
    paper = papers["capital-board"]
    council = table(paper, "Council capital: partly secured, partly assumed")
    rows = by_name(council)
    # 120 + 179 places at 120,000 (90,000 to 188,000)
    assert rows["Specialist places"] == ("£35.9m (£26.9m to £56.2m)", "", "", "299", "")
    assert rows["New special school, Didcot"] == (
        "£14.4m (£10.8m to £22.6m)",
        "",
        "",
        "120 from 2027",
        "▲ at some risk",
    )
    assert rows["Special school expansion, Witney"][4] == "■ at serious risk"
    existing = by_name(table(paper, "Existing capital: secured"))
    assert existing["Specialist places"] == ("£9.8m (£3.0m to £16.5m)", "", "", "88", "")
    grant = by_name(table(paper, "Grant, second part: assumed"))
    assert grant["Specialist places"][3] == str(130 + 40 + 40 + 299)
    places = [title for one in council.columns for title in [one.title]]
    for found in (one for one in paper.blocks if isinstance(one, Table) and places == [c.title for c in one.columns]):
        assert {row[2] + row[3] for row in found.rows} == {""}
    assert "58" not in {row[3] for row in council.rows}


def test_secured_money_alone_by_hand(papers, released):
    paper = papers["capital-board"]
    assert paper.title == (
        "Secured money pays for 208 of the programme's 896 special-school and specialist-base places; 3 schemes need a "
        "decision within a year (illustrative)"
    )
    row = by_name(table(paper, "With secured money only"))["2028/29"]
    area = released.tables["sufficiency_area"]
    one = area[(area["scenario_id"] == "programme") & (area["policy"] == "optimal") & (area["year"] == 2028)]
    places = int(one.loc[one["level"] == "county", "capacity_places"].iloc[0])
    need = int(one.loc[one["level"] == "county", "demand_pupils"].iloc[0])
    assumed = 179 + 60 + 40 + 40
    alone = places - assumed
    numbers = [style.number_text(n) for n in (need, places, need - places, alone, need - alone)]
    assert list(row) == numbers


def test_a_year_late_by_hand(papers):
    found = by_name(table(papers["capital-board"], "Places missing each September"))
    heads = [one.title for one in table(papers["capital-board"], "Places missing each September").columns][1:]
    assert heads == ["2026/27", "2027/28", "2028/29", "2029/30"]
    assert found["New special school, Didcot"] == ("0", "42", "46", "32")
    assert found["Every scheme on assumed money"] == ("0", "124", "195", "369")
    assert found["Every scheme"] == ("72", "182", "241", "401")


def test_decisions_stand_in_order_of_date(papers):
    rows = table(papers["capital-board"], "What must be decided").rows
    assert [row[:2] for row in rows] == [
        ("November 2026: now", "Special school expansion, Witney"),
        ("December 2026", "New special school, Didcot"),
        ("November 2027", "Base 1, Witney"),
        ("July 2028", "Further bases, hosts not chosen"),
    ]


def test_travel_keeps_hidden_hidden(papers):
    rows = by_name(table(papers["capital-board"], "Journeys with each scheme"))
    assert rows["New special school, Didcot"] == ("12", "21", "−30", "13", "21", "−52")
    assert rows["Base 1, Witney"][:3] == ("9", "14", "c")
    assert rows["Base 2, Abingdon"] == ("z",) * 6


def test_the_option_without_the_scheme_by_hand(papers, released):
    paper = papers["business-case-didcot-special"]
    rows = by_name(table(paper, "Options, county, 2028/29"))
    area = released.tables["sufficiency_area"]
    one = area[(area["scenario_id"] == "programme") & (area["policy"] == "optimal") & (area["year"] == 2028)]
    county = one[one["level"] == "county"].iloc[0]
    short = int(county["demand_pupils"] - county["capacity_places"])
    assert rows["The programme without this scheme"] == (
        style.number_text(int(county["capacity_places"]) - 88),
        style.number_text(short + 88),
        style.number_text(int(county["without_local_place_pupils"]) + 40),
        style.number_text(int(county["unplaced_pupils"]) + 12),
        "z",
    )
    assert paper.title == (
        "New special school, Didcot: 120 places; without it 40 more pupils would have no local place in 2028/29 "
        "(illustrative)"
    )
    money = by_name(table(paper, "Capital beside the benchmark rates"))
    assert money["Central"] == ("£14.4m", "£120,000", "£111,000")
    risks = next(one for one in paper.blocks if isinstance(one, Bullets)).items
    assert risks[0] == (
        "Delivery: a year late, the scheme would leave out 42 places in 2027/28, 46 places in 2028/29 and 32 places in "
        "2029/30 (illustrative)."
    )
    hidden = by_name(table(papers["business-case-base-1"], "Options, county"))["The programme without this scheme"]
    assert hidden[2:4] == ("c", "c")


def test_a_business_case_is_made_for_the_schemes_asked_for(released, inputs):
    made = build_papers(released, inputs, make_record(), "business-case", scheme_ids=("base-1",))
    assert [stem for stem, _ in made] == ["business-case-base-1"]
    with pytest.raises(ParameterError, match=r"no business case for base-9.*base-1"):
        build_papers(released, inputs, make_record(), "business-case", scheme_ids=("base-9",))


def test_the_forum_reads_places_by_district_from_released_cells(papers, released):
    rows = by_name(table(papers["schools-forum"], "Planned places by district and type"))
    frame = released.tables["capacity_district_type"]
    frame = frame[(frame["scenario_id"] == "programme") & frame["year"].isin([2026, 2027])]
    for name, part in frame.groupby("area_name"):
        cells = part.set_index(["provision_type", "year"])["capacity_places"]
        wanted = []
        for kind in ("special_school", "specialist_base"):
            now, then = int(cells[kind, 2026]), int(cells[kind, 2027])
            wanted += [str(now), str(then), f"+{then - now}" if then > now else "0"]
        assert list(rows[name]) == wanted
    # 1,833 places in 2027 and 1,705 in 2026 by the county that was made up
    assert papers["schools-forum"].title == (
        "Oxfordshire would have 1,833 special-school and base places to commission in 2027/28, 128 more than in "
        "2026/27 (illustrative)"
    )


def test_the_high_needs_block_keeps_signs_and_ends_with_the_net(papers):
    rows = table(
        papers["schools-forum"], "What the programme changes against committed schemes, 2027/28, £ million"
    ).rows
    assert rows == (
        ("Special-school pupils, otherwise in mainstream with a top-up", "1.50", "2.00", "2.50"),
        (NET, "−3.00", "−1.00", "2.00"),
    )


def test_schools_are_named_in_an_internal_build_only(papers, inputs):
    text = repr(papers["schools-forum"].blocks)
    assert "Invented" not in text
    ((stem, paper),) = build_papers(released_of("internal"), inputs, make_record(), "schools-forum")
    assert stem == "internal-schools-forum"
    assert "INTERNAL" in paper.marking
    assert "not for publication" in paper.footer
    rows = by_name(table(paper, "Places by school"))
    assert rows["Invented School"] == ("Oxford", "Special school", "110", "120", "118")
    assert rows["Another Invented School"] == ("Cherwell", "Specialist base", "", "20", "3")


def test_transfers_are_those_of_the_year_before_with_the_dates_of_law(papers, released):
    paper = papers["phase-transfer"]
    frame = released.tables["phase_transfers"]
    one = frame[(frame["year"] == 2026) & (frame["transfer"] == "Y6 to Y7")].set_index(["area_name", "need"])["pupils"]
    rows = table(paper, "Moves and their deadlines").rows
    assert rows[0] == ("Year 6 to Year 7", "September 2027", "15 February 2027", "162", "", "", "")
    assert rows[1][2] == "31 March 2027"
    needs = by_name(table(paper, "Pupils who move, by broad area"))
    assert needs["Communication and interaction"][0] == str(one["Oxfordshire", "communication_and_interaction"]) == "81"
    assert needs["Other or not recorded"][0] == "c"
    districts = by_name(table(paper, "Pupils who move, by district"))
    assert {name: row[0] for name, row in districts.items()} == {
        name: str(int(count)) for (name, need), count in one.items() if need == "all"
    }
    assert all(one.source and re.fullmatch(r"\d{4}-\d{2}", one.date) for one in DEADLINES.values())


def test_places_that_open_for_the_receiving_year_by_hand(papers):
    rows = {row[:2]: row[2:] for row in table(papers["phase-transfer"], "Pupils who move, and places").rows}
    # 16 + 42 + 100 + 24 take Year 7; the bases stop at Year 11
    assert rows["Year 7", "September 2027"] == ("162", "182", "58")
    assert rows["Year 12", "September 2027"] == ("194", "142", "42")


def test_every_paper_stands_alone_and_says_what_it_is(papers):
    for paper in papers.values():
        assert paper.title.endswith("(illustrative)")
        assert paper.marking == "ILLUSTRATIVE"
        assert "Run 0123456789ab" in paper.footer
        lead, cards = paper.blocks[:2]
        assert isinstance(lead, Paragraph)
        assert isinstance(cards, Cards)
        assert 1 <= len(cards.cards) <= 3
        texts = {one.text for one in paper.blocks if isinstance(one, Callout)}
        assert {style.CARE_NOTE, "To note this paper."} <= texts
        assert all(one.alt and one.alt.rstrip(".") for one in paper.blocks if isinstance(one, Picture))
        assert any(isinstance(one, Blank) for one in paper.blocks)
        for one in paper.blocks:
            if isinstance(one, Paragraph) and one.kind == "lead":
                for sentence in one.text.removesuffix(".").split(". "):
                    assert "illustrative" in sentence or not re.search(r"\d", sentence), sentence


def test_no_hidden_figure_and_no_count_of_a_few_is_printed(papers, released):
    seen = 0
    for paper in papers.values():
        for block in (one for one in paper.blocks if isinstance(one, Table)):
            for cell in (cell for row in block.rows for cell in row if isinstance(cell, Told)):
                hidden = [bool(released.hidden[c.table].at[c.row, c.column]) for c in cell.cells]
                assert (cell == "c") == any(hidden), (block.caption, cell)
                if all(c.column.endswith("pupils") for c in cell.cells) and len(cell.cells) == 1:
                    assert cell not in {"1", "2", "3", "4", "5"}
                    seen += 1
    assert seen > 100


def test_the_text_reads_as_english(papers):
    for paper in papers.values():
        texts = [paper.title]
        for one in paper.blocks:
            if isinstance(one, Paragraph | Callout):
                texts.append(one.text)
            elif isinstance(one, Bullets):
                texts += one.items
            elif isinstance(one, Cards):
                texts += [text for card in one.cards for text in vars(card).values()]
        for text in texts:
            assert not re.search(r"  | ,|\bnan\b|None|\b1 (pupils|places|schemes|decisions)\b|\(\)|\.\.", text), text


def test_the_same_paper_gives_the_same_bytes(papers, tmp_path):
    paper = papers["phase-transfer"]
    first, again = (write_paper(paper, tmp_path / name, "phase-transfer") for name in ("a", "b"))
    assert [path.name for path in first] == ["phase-transfer.docx", "phase-transfer.pdf"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def _options(folder, **more):
    given = {"audiences": ["phase-transfer"], "schemes": [], "scenario": [], "build": "public", "out": folder}
    return argparse.Namespace(**given | more)


def test_the_command_puts_papers_in_place_whole(released, inputs, tmp_path, monkeypatch, capsys):
    job = Job({}, released, make_record())
    monkeypatch.setattr("sufficiency.run.run_job", lambda *_, **__: job)
    command.papers(_options(tmp_path), inputs)
    folder = tmp_path / "reports" / "papers"
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "phase-transfer.docx", "phase-transfer.pdf",
    ]  # fmt: skip
    assert "phase-transfer.pdf" in capsys.readouterr().out
    before = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fails(*_, **__):
        raise ParameterError

    monkeypatch.setattr("sufficiency.outputs.report.papers.write_papers", fails)
    with pytest.raises(ParameterError):
        command.papers(_options(tmp_path), inputs)
    assert {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["releases", "reports"]


def test_the_command_refuses_before_the_run(inputs, tmp_path):
    with pytest.raises(ParameterError, match=r"there is no scheme nowhere; there are base-1"):
        command.papers(_options(tmp_path, audiences=[], schemes=["nowhere"]), inputs)
    with pytest.raises(ParameterError, match="add --for business-case"):
        command.papers(_options(tmp_path, schemes=["base-1"]), inputs)
    with pytest.raises(ParameterError, match="lies in a folder named reports"):
        command.papers(_options(tmp_path / "reports", build="internal"), inputs)
