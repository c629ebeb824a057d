"""Strangers at the whole run of the embedded county: nothing is found out, and no file tells what another hides."""

from __future__ import annotations

import csv
import dataclasses
import functools
from typing import TYPE_CHECKING

import docx
import pytest

from tests import attack_elsewhere as elsewhere
from tests import attack_paper as paper
from tests.attack import recovered
from tests.attack_joint import recovered_together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from tests.end_to_end.commands import Run

pytestmark = pytest.mark.slow
# the map and its layers give shares to four digits
COARSE = 5.1e-5


@dataclasses.dataclass(frozen=True)
class Printed:
    """The reports of a run, its tables, and every cell of them."""

    out: Path
    tables: dict[str, pd.DataFrame]
    cells: pd.DataFrame


@pytest.fixture(scope="module")
def printed(embedded_run: Run) -> Printed:
    """Read the tables of the embedded county."""
    assert embedded_run.status == 0, embedded_run.errors
    tables = elsewhere.tables_in(embedded_run.out / "reports" / "tables")
    return Printed(embedded_run.out, tables, elsewhere.printed(tables))


@pytest.fixture(scope="module")
def told_by(printed: Printed) -> Callable[[str], pd.DataFrame]:
    """Return what a place tells; each is read once."""
    return functools.cache(functools.partial(read, printed))


def read(printed: Printed, place: str) -> pd.DataFrame:
    """Read one place."""
    reports = printed.out / "reports"
    if place == "tables":
        return elsewhere.among_tables(printed.tables)
    if place == "workbook":
        return elsewhere.in_workbook(reports / "board-report.xlsx", printed.tables)
    if place == "star":
        return elsewhere.in_star(reports / "star")
    if place == "map":
        return elsewhere.in_map(printed.out / "maps" / "oxfordshire-sufficiency.html")
    if place == "layers":
        return elsewhere.in_layers(reports / "oxfordshire-layers.gpkg")
    return elsewhere.in_summary(reports / "summary.json")


@pytest.mark.parametrize(
    ("place", "least", "hidden"),
    [
        ("tables", 100_000, 15_000),
        ("workbook", 100_000, 10_000),
        ("star", 200_000, 20_000),
        ("map", 30_000, 5_000),
        ("layers", 20_000, 2_000),
        ("summary", 3_000, 50),
    ],
)
def test_no_place_tells_what_the_tables_hide_nor_another_number(
    printed: Printed, told_by: Callable[[str], pd.DataFrame], place: str, least: int, hidden: int
) -> None:
    told = told_by(place)
    assert len(told) >= least, "so little read would prove nothing"
    assert (told["value"] == elsewhere.HIDDEN).sum() >= hidden
    assert elsewhere.unplaced(told, printed.cells).empty
    slack = COARSE if place in {"map", "layers"} else 6e-7
    assert elsewhere.disagreements(told, printed.cells, slack=slack).empty


@pytest.mark.parametrize("place", ["workbook", "star", "map", "layers", "summary"])
def test_a_number_told_by_one_place_alone_is_found(
    printed: Printed, told_by: Callable[[str], pd.DataFrame], place: str
) -> None:
    """What a hidden cell is said to be, and what a printed one is said to be else, stand out among all the others."""
    told = told_by(place).copy()
    leaked = (told["value"] == elsewhere.HIDDEN).idxmax()
    other = told["value"].map(lambda value: isinstance(value, float | int) and value > 10).idxmax()
    told.loc[leaked, "value"] = 3.0
    told.loc[other, "value"] += 1
    found = elsewhere.disagreements(told, printed.cells, slack=COARSE)
    assert set(found["value"]) >= {3.0, told.loc[other, "value"]}
    assert len(found.drop_duplicates(elsewhere.CELL)) == 2


def test_the_paper_tells_no_number_of_pupils_that_the_tables_do_not(printed: Printed) -> None:
    word = printed.out / "reports" / "board-report.docx"
    assert sum(len(page.counts()) for page in paper.pages(word)) > 1_000
    assert paper.untold(word, printed.tables) == []
    number, otherwise = paper.otherwise_by_year(word, printed.tables)
    assert number > 500
    assert otherwise == []


def test_a_number_of_pupils_told_by_the_paper_alone_is_found(printed: Printed, tmp_path: Path) -> None:
    """On a cluster's page: a count in a sentence, and a hidden cell of the table by year filled in."""
    document = docx.Document(str(printed.out / "reports" / "board-report.docx"))
    heading = next(
        one for one in document.paragraphs if one.style.name == "Heading 2" and one.text.startswith("Banbury:")
    )
    heading.insert_paragraph_before("", heading.style)
    heading._p.addnext(document.add_paragraph("With the programme it would be 3 pupils.")._p)
    by_year = [
        table for table in document.tables if len(table.columns) == 8 and table.rows[0].cells[1].text == "Need a place"
    ]
    cell = next(one for table in by_year for row in table.rows[1:] for one in row.cells if one.text == "c")
    cell.text = "4"
    document.save(str(tmp_path / "told.docx"))
    found = paper.untold(tmp_path / "told.docx", printed.tables)
    assert [(heading.split(":")[0], count) for heading, _, count in found if count == 3] == [("Banbury", 3)]
    assert len(paper.otherwise_by_year(tmp_path / "told.docx", printed.tables)[1]) == 1


def test_no_hidden_count_is_worked_out_from_the_tables(embedded_run: Run) -> None:
    hidden, found = recovered(embedded_run.out / "reports" / "tables")
    assert hidden > 10_000
    # No cell is pinned. A range from nought tells of no child: these are noughts that protect others, which is known to
    # whoever makes the release alone (`sufficiency.disclosure.release_audit.truly_small`).
    assert [one for one in found if one[2] > 0] == []
    assert len(found) <= 10


def test_nothing_is_worked_out_from_flows_use_of_places_schemes_pressure_and_places_together(embedded_run: Run) -> None:
    hidden, found = recovered_together(embedded_run.out / "reports" / "tables")
    assert hidden > 500
    assert [one for one in found if one[2] > 0] == []
    assert len(found) <= 4


def test_a_count_told_beside_hidden_ones_of_its_type_is_found(embedded_run: Run, tmp_path: Path) -> None:
    """Places and pupils tell who would be without each base at least; beside one that is told, `c` is 5 at most."""
    for path in (embedded_run.out / "reports" / "tables").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "scheme_effects.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {"05": "23", "06": "16", **dict.fromkeys(("07", "08", "09", "10"), "7")}
    chosen = {f"new-base-{name}": count for name, count in told.items()}
    for row in (one for one in rows if one["scheme_id"] in chosen and one["year"] == "2028"):
        assert row["left_out_local_pupils"] == "c"
        row["left_out_local_pupils"] = chosen[row["scheme_id"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = recovered_together(tmp_path)[1]
    assert {key for _, key, low, _ in found if low > 0} == {("without", f"new-base-0{one}") for one in range(1, 5)}
