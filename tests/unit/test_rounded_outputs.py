"""Outputs of a rounded release: no count of pupils stands in any of them as it was."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import zipfile
from functools import cache

import openpyxl
import pandas as pd
import pytest

from sufficiency.disclosure.rounding import rounded, rules_text
from sufficiency.outputs.export import geopackage, star
from sufficiency.outputs.export import tables as export
from sufficiency.outputs.maps.page import write_map
from sufficiency.outputs.report import board
from sufficiency.outputs.summary import build_summary
from tests.released_fixture import make_inputs_facts, make_record, make_released

RULE = {"hide_up_to": 7, "round_counts_to": 5}
DEAREST = {"high_needs_block": 75_000.0, "general_fund_transport": 10_000.0, "transport": 10_000.0}


@cache
def made():
    """Return the fixture's release, the same by the rule, and inputs of that rule."""
    exact = _whole(make_released())
    money = exact.tables["money"].assign(behind="")
    purses = dict.fromkeys(money["purse"], 75_000.0) | DEAREST
    found = rounded(exact, **RULE, money=money, dearest=purses)
    inputs = make_inputs_facts()
    parameters = dataclasses.replace(inputs.parameters, **RULE)
    rules = rules_text(*RULE.values())
    return exact, dataclasses.replace(found, rules=rules), dataclasses.replace(inputs, parameters=parameters)


def _whole(released):
    """Return the fixture with what the star schema and the layers want besides."""
    tables, hidden = dict(released.tables), dict(released.hidden)
    stock = pd.DataFrame({"scheme_id": ["didcot-special"] * 2, "year": [2027, 2028], "places": [60, 120]})
    tables["scheme_stock"], hidden["scheme_stock"] = stock, stock.isna()
    return dataclasses.replace(released, tables=tables, hidden=hidden)


def is_count(column: str) -> bool:
    return column == "pupils" or column.endswith("_pupils")


def wrong(text: str) -> bool:
    """Return whether a cell is a number that the rule does not print: no multiple of 5, or 1 to 7."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return False
    return float(text) % 5 != 0 or 0 < abs(float(text)) <= 7


def canaries() -> set[int]:
    """Return exact counts over 1,000 that are no multiple of 5 and no number of places."""
    exact, _, _ = made()
    found, places = set(), set()
    for name, table in exact.tables.items():
        for column in table.columns:
            if not pd.api.types.is_numeric_dtype(table[column]):
                continue
            values = {int(one) for one in table[column].dropna() if one == int(one)}
            if is_count(column) and name != "bridge":
                found |= {one for one in values if one > 1_000 and one % 5}
            if column.endswith("_places"):
                places |= values
            if column == "year":
                places |= values
    texts = [table[one] for table in exact.tables.values() for one in table.columns if table[one].dtype == object]
    words = " ".join(str(one) for column in texts for one in column.unique())
    return found - places - numbers_in(words)


def test_there_is_something_to_be_found():
    assert len(canaries()) > 5
    exact, _, _ = made()
    assert any(wrong(str(one)) for one in exact.tables["sufficiency_area"]["demand_pupils"].dropna())


def test_no_exact_count_is_in_the_tables(tmp_path):
    _, released, _ = made()
    export.write_tables(released, tmp_path)
    seen = 0
    for path in sorted(tmp_path.glob("*.csv")):
        if path.stem == "bridge":
            continue
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
            named = str(row.get("measure", "")).endswith("_pupils")
            for column, text in row.items():
                if is_count(column) or (named and column in {"before", "after", "change", "low", "high"}):
                    # a change of rounded counts is a multiple too, and may be 5
                    assert not wrong(text) or (column == "change" and float(text) % 5 == 0), (path.name, column)
                    seen += text not in {"c", "z", ""}
    assert seen > 1_000
    assert RULE_TEXT in (tmp_path / "README.md").read_text(encoding="utf-8")


RULE_TEXT = (
    "Counts of 1 to 7 pupils are shown as c, and so is what would give them away; other counts of pupils are rounded"
)


def test_no_exact_count_is_in_the_paper_and_the_workbook(tmp_path):
    _, released, inputs = made()
    board.write_report(released, inputs, make_record(), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "board-report.xlsx", read_only=True)
    told = 0
    for sheet in book:
        if sheet.title == "bridge":
            continue
        head = None
        for row in sheet.iter_rows(values_only=True):
            texts = ["" if one is None else str(one) for one in row]
            told += any(RULE_TEXT in one for one in texts)
            if head is None:
                head = texts if sum(bool(one) for one in texts) > 3 else None
                continue
            for title, text in zip(head, texts, strict=False):
                assert "(pupils)" not in title or not wrong(text), (sheet.title, title)
    # neither the bridge nor the words and codes hold a count that is rounded
    assert told >= len(book.sheetnames) - 2
    book.close()
    known = canaries()
    for name in ("board-report.xlsx", "board-report.docx"):
        with zipfile.ZipFile(tmp_path / name) as parts:
            for part in parts.namelist():
                if part.endswith(".xml"):
                    text = re.sub(r"<[^>]*>", " ", parts.read(part).decode())
                    assert not numbers_in(text) & known, (name, part)
    with zipfile.ZipFile(tmp_path / "board-report.docx") as parts:
        assert "counts of 1 to 7 pupils are shown as c" in re.sub(
            r"<[^>]*>", "", parts.read("word/document.xml").decode()
        )


def numbers_in(text: str) -> set[int]:
    return {int(one.replace(",", "")) for one in re.findall(r"(?<![\w.,#-])\d{1,3}(?:,?\d{3})(?![\w.,])", text)}


def test_no_exact_count_is_in_the_map(tmp_path):
    _, released, inputs = made()
    write_map(released, inputs, make_record(), tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "rounded to the nearest 5" in text
    (data,) = re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[:1]
    assert not numbers_in(data) & canaries()


def test_no_exact_count_is_in_the_star_schema_or_the_layers(tmp_path):
    _, released, inputs = made()
    star.write_star(released, inputs, make_record(), tmp_path / "star")
    for path in sorted((tmp_path / "star").glob("*.parquet")):
        table = pd.read_parquet(path)
        for column in table.columns:
            if is_count(column) and pd.api.types.is_numeric_dtype(table[column]):
                assert not any(wrong(str(one)) for one in table[column].dropna()), (path.name, column)
    run = pd.read_parquet(tmp_path / "star" / "dim_run.parquet").iloc[0]
    assert (run["hide_up_to"], run["round_counts_to"]) == (7, 5)
    assert run["rules"].startswith(RULE_TEXT)
    geopackage.write_geopackage(released, inputs, make_record(), tmp_path / "layers.gpkg")
    assert RULE_TEXT in (tmp_path / "layers.gpkg").read_bytes().decode("utf-8", errors="ignore")


def test_the_summary_adds_up_as_printed():
    _, released, inputs = made()
    found = json.loads(json.dumps(build_summary(released, make_record(), inputs.parameters)))
    assert found["rules"].startswith(RULE_TEXT)
    assert found["conservation"]
    for row in found["conservation"]:
        parts = [row[name] for name in ("placed", "unplaced", "excluded")]
        assert row["in"] == (None if None in parts else sum(parts))
        assert all(one is None or one % 5 == 0 for one in parts)
    for row in found["results"]:
        for name in ("demand_pupils", "without_local_place_pupils", "over_limit_pupils"):
            assert row[name] is None or not wrong(str(row[name]))
        if None not in (row["location_balance_places"], row["capacity_places"], row["demand_pupils"]):
            assert row["location_balance_places"] == row["capacity_places"] - row["demand_pupils"]
    headline = found["demand_pupils"][str(inputs.parameters.headline_year)]
    assert found["shortfall_places"] == headline - found["capacity_places"]


def test_a_default_release_says_its_rule_and_rounds_nothing():
    exact, _, _ = made()
    assert rounded(exact, hide_up_to=5, round_counts_to=0) is exact
    with pytest.raises(ValueError, match="could be printed"):
        rounded(exact, hide_up_to=5, round_counts_to=5)
