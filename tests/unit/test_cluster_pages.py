"""A page for each cluster: one layout, public facts only, no needs of pupils, no flows, no total of places."""

from __future__ import annotations

import dataclasses
import re
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from sufficiency.model.results import Released
from sufficiency.outputs.report.blocks import Block, Callout, Cards, Heading, Paragraph, Picture, Table
from sufficiency.outputs.report.charts_cluster import make_ground
from sufficiency.outputs.report.clusters import area_pages, clusters_of, needs_in_short
from sufficiency.outputs.report.districts import LEAST_SHOWN_SHARE, has_home_rows, printed_counts
from sufficiency.outputs.report.drawing import Drawing, Place
from sufficiency.outputs.report.facts import Facts
from sufficiency.outputs.report.sentences import Figure, Told, difference, figure_text
from tests.released_fixture import CLUSTERS, DISTRICTS, make_inputs_facts, make_record, make_released

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts(make_released(), make_inputs_facts(), make_record())


@pytest.fixture(scope="module")
def pages(facts: Facts) -> dict[str, list[Block]]:
    out: dict[str, list[Block]] = {}
    for block in area_pages(facts):
        if isinstance(block, Heading):
            out[block.in_contents] = []
        list(out.values())[-1].append(block)
    return out


def test_every_cluster_has_a_page_after_its_district_in_one_layout(pages: dict[str, list[Block]]) -> None:
    expected = []
    for district, name in sorted(DISTRICTS.items(), key=lambda pair: pair[1]):
        expected += [f"{name}, the district", *sorted(CLUSTERS[district])]
    assert list(pages) == expected
    shapes = {tuple(type(b).__name__ for b in pages[name]) for found in CLUSTERS.values() for name in found}
    assert shapes == {("Heading", "Cards", "Picture", "Table", "Table", "Callout")}


def test_the_years_table_holds_the_released_figures(facts: Facts, pages: dict[str, list[Block]]) -> None:
    area, name = clusters_of(facts, next(iter(DISTRICTS)))[0]
    table = [b for b in pages[name] if isinstance(b, Table)][1]
    frame = facts.released.tables["sufficiency_area"]
    row = next(row for row in table.rows if row[0] == "2028/29")
    for place, scenario in enumerate(("do_nothing", "committed", "programme")):
        one = frame[
            (frame["area_id"] == area) & (frame["year"] == 2028) & (frame["policy"] == "optimal")
            & (frame["scenario_id"] == scenario)
        ].iloc[0]  # fmt: skip
        told = row[2 + 2 * place : 4 + 2 * place]
        for cell, column in zip(told, ("placed_local_pupils", "without_local_place_pupils"), strict=True):
            mask = facts.released.hidden["sufficiency_area"].at[one.name, column]
            assert cell == ("c" if mask else f"{int(one[column]):,}")


def test_no_cluster_page_tells_needs_of_pupils_flows_or_a_total_of_places(pages: dict[str, list[Block]]) -> None:
    for found in CLUSTERS.values():
        for name in found:
            years = [b for b in pages[name] if isinstance(b, Table)][1]
            said = " ".join(cell for row in years.rows for cell in row)
            assert not re.search(r"communication|cognition|sensory|autis", said.lower())
            assert not any("School in" in c.title for b in pages[name] if isinstance(b, Table) for c in b.columns)
            assert not any(b.total_rows for b in pages[name] if isinstance(b, Table))
            gap = next(b.text for b in pages[name] if isinstance(b, Callout))
            assert "location balance" not in gap
            assert "(illustrative)" in gap


def test_hidden_figures_leave_no_number_on_the_page() -> None:
    found = make_released()
    tables, hidden = dict(found.tables), {name: mask.copy() for name, mask in found.hidden.items()}
    for table in ("sufficiency_area", "sufficiency_area_type"):
        shown = tables[table].copy()
        for column in ("placed_local_pupils", "without_local_place_pupils", "without_local_place_share"):
            if column in shown:
                shown[column] = pd.array([pd.NA] * len(shown), dtype="Float64")
                hidden[table][column] = True
        tables[table] = shown
    bare = Facts(
        Released("public", MappingProxyType(tables), MappingProxyType(hidden)), make_inputs_facts(), make_record()
    )
    blocks = area_pages(bare)
    for place, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level == 2:
            cards, picture, years = blocks[place + 1], blocks[place + 2], blocks[place + 4]
            assert isinstance(cards, Cards)
            assert [card.figure for card in cards.cards[1:3]] == ["c", "c"]
            assert isinstance(picture, Picture)
            assert b"split hidden (c)" in picture.svg
            if isinstance(years, Table):
                assert all(cell in {"c", "z"} for row in years.rows for cell in row[2:])
            else:
                assert isinstance(years, Paragraph)
                assert "to protect small numbers" in years.text
                # years as labels, and the need, which is shown
                needs = {
                    figure_text(figure)
                    for figure in (
                        bare.figure(
                            table, "demand_pupils", scenario_id="do_nothing", policy="optimal", year=year,
                            area_id=next(a for d in DISTRICTS for a, n in clusters_of(bare, d) if n == block.short),
                            **({"provision_type": kind} if kind else {}),
                        )
                        for table, kind in (
                            ("sufficiency_area", ""),
                            ("sufficiency_area_type", "special_school"),
                            ("sufficiency_area_type", "specialist_base"),
                        )
                        for year in bare.years
                    )
                }  # fmt: skip
                told = set(re.findall(r"need ([\d,]+)", years.text))
                assert told <= needs
                rest = re.sub(r"\d{4}/\d{2}|\(need [\d,]+\)", "", years.text)
                assert not re.search(r"\d", rest), rest


def test_drawn_names_are_text_and_the_same_names_give_the_same_bytes(facts: Facts) -> None:
    inputs = make_inputs_facts()
    areas = inputs.areas.copy()
    areas.loc[areas["level"] == "cluster", "area_name"] = '</text><script>alert("x")</script>{{ 7*7 }}'
    hostile = dataclasses.replace(facts, inputs=dataclasses.replace(inputs, areas=areas))
    first, again = ([b for b in area_pages(hostile) if isinstance(b, Picture)] for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert one.svg == other.svg
        root = ET.fromstring(one.svg)  # noqa: S314 - our own drawing
        assert {element.tag for element in root.iter()} <= {
            f"{SVG}{tag}" for tag in ("svg", "defs", "pattern", "rect", "path", "line", "text", "circle", "polygon",
                                      "clipPath", "g")
        }  # fmt: skip


def test_each_setting_stands_once_and_only_published_places_are_told(facts: Facts) -> None:
    ground = make_ground(facts)
    ids = [(row["id"], row["kind"]) for rows in ground.settings.values() for row in rows]
    assert len(ids) == len(set(ids))
    basis = dict(zip(facts.inputs.places["provision_id"], facts.inputs.places["basis"], strict=False)) if len(
        facts.inputs.places
    ) else {}  # fmt: skip
    owner = dict(zip(facts.inputs.provision["provision_id"], facts.inputs.provision["setting_id"], strict=True))
    published = {owner[name] for name, word in basis.items() if word == "published" and name in owner}
    for rows in ground.settings.values():
        assert all(row["places"] is None or row["id"] in published for row in rows)


def test_home_rows_stand_only_where_four_in_five_counts_stay_shown(facts: Facts) -> None:
    mask = {name: frame.copy() for name, frame in facts.released.hidden.items()}
    mask["sufficiency_district_need_group"][["demand_pupils", "without_local_place_pupils"]] = True
    mask["flows"]["pupils"] = True
    hidden = Facts(dataclasses.replace(facts.released, hidden=MappingProxyType(mask)), facts.inputs, facts.record)
    assert not has_home_rows(hidden)
    counts = [one for area, _ in facts.districts for one in printed_counts(facts, area)]
    share = sum(one.is_known for one in counts) / sum(one.is_known or one.hidden for one in counts)
    assert not has_home_rows(facts) or share >= LEAST_SHOWN_SHARE


def test_needs_are_told_by_their_codes() -> None:
    assert needs_in_short("Autistic spectrum disorder; Severe learning difficulty") == "SLD, ASD"
    assert needs_in_short("most needs") == "Most needs"


def test_ground_fits_its_box_with_the_north_up() -> None:
    place = Place.fit((0.0, 0.0, 1000.0, 500.0), (10.0, 10.0, 100.0, 100.0))
    assert place.point(0, 500) == (10.0, 35.0)  # a tenth of a point a metre, centred in height
    assert place.point(1000, 0) == (110.0, 85.0)
    assert b"&lt;b&gt;" in _drawn("<b>")


def _drawn(text: str) -> bytes:
    drawing = Drawing(20)
    drawing.text(0, 10, text)
    return drawing.svg()


def test_a_printed_figure_knows_the_cells_that_it_comes_from(facts: Facts, pages: dict[str, list[Block]]) -> None:
    county = facts.county[0]
    need, places = (facts.area(name, county, "programme") for name in ("demand_pupils", "capacity_places"))
    told: Any = figure_text(difference(need, places))
    assert [cell.column for cell in told.cells] == ["demand_pupils", "capacity_places"]
    values = [float(facts.released.tables[c.table].at[c.row, c.column]) for c in told.cells]
    assert float(told.replace(",", "").replace("\u2212", "-")) == values[0] - values[1]
    assert Figure(1.0) == Figure(1.0, cells=told.cells)
    for blocks in pages.values():
        for block in blocks:
            if isinstance(block, Table):
                numbers = [place for place, column in enumerate(block.columns) if column.number]
                cells = [row[place] for row in block.rows for place in numbers]
                assert all(isinstance(cell, Told) and (cell.cells or cell == "z") for cell in cells), block.caption
            if isinstance(block, Cards):
                assert all(isinstance(card.figure, Told) and card.figure.cells for card in block.cards)
