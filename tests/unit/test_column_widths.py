"""No word of a table reaches into the next column: by hand, from the font's own figures, and measured by typst."""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib as mpl
import pytest
import typst

from sufficiency.outputs.report.blocks import Column, Table, kept_range
from sufficiency.outputs.report.board import build_paper
from sufficiency.outputs.report.column_widths import column_widths
from tests.released_fixture import make_inputs_facts, make_record, make_released

# the font's digit is 1303, its comma and space 651, its brackets 799, t 803 and o 1253 of 2048 to the em
RANGE = "(34,173 to 188,000)"
RANGE_EM = (2 * 799 + 11 * 1303 + 2 * 651 + 2 * 651 + 803 + 1253) / 2048


def test_a_column_is_as_wide_as_its_range_and_the_others_give_what_they_have_to_spare() -> None:
    # the line is 55.9 em for 10 parts; a column's margins 0.95 em: the range needs 1.968 parts, 0.968 more than stated
    needed = (RANGE_EM + 0.95) / 55.9 * 10
    table = Table(
        "Costs", (Column("", width=3.0), Column("", width=1.0), Column("", width=6.0)), (("x", f"111 {RANGE}", "x"),)
    )
    first, second, third = column_widths(table)
    assert second == pytest.approx(needed, abs=0.01)
    assert first + second + third == pytest.approx(10.0)
    # an x is 1212 of 2048 to the em, so that the others need 0.276 parts each: they have 2.724 and 5.724 to spare
    assert (3.0 - first) / (6.0 - third) == pytest.approx(2.724 / 5.724, abs=0.01)


@pytest.mark.parametrize("row", [("one", "two"), ("many words that are broken over lines " * 4, "half-broken " * 9)])
def test_widths_in_which_every_word_fits_are_those_stated(row: tuple[str, str]) -> None:
    assert column_widths(Table("Words", (Column("A", width=1.0), Column("B", width=2.0)), (row,))) == (1.0, 2.0)


def test_without_room_for_all_the_widths_are_those_stated() -> None:
    table = Table("Words", (Column("A", width=1.0), Column("B", width=3.0)), (("m" * 60, "m" * 60),))
    assert column_widths(table) == (1.0, 3.0)


def test_a_total_is_as_wide_as_its_bold_figures() -> None:
    columns = (Column("A", width=1.0), Column("B", width=20.0))
    rows = (("1" * 30, "x"),)
    plain, bold = (column_widths(Table("Sums", columns, rows, total_rows=totals))[0] for totals in (0, 1))
    # a bold digit is 1425 of 2048 to the em, a plain one 1303
    assert (bold - plain) / 21 * 55.9 == pytest.approx(30 * (1425 - 1303) / 2048, abs=0.1)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("2024-25000000 more", "2024-25000000"),
        ("less -123456789012", "-123456789012"),
        ("two sixteenth-years", "sixteenth-"),
    ],
)
def test_a_hyphen_before_a_digit_ends_no_line(cell: str, kept: str) -> None:
    def narrow(text: str) -> float:
        return column_widths(Table("Ids", (Column("", width=0.1), Column("", width=9.9)), ((text, "x"),)))[0]

    assert narrow(cell) == narrow(kept)
    assert narrow(cell) > narrow(kept[:-1])


MEASURE = """
#set text(font: "DejaVu Sans", size: 8.61pt)
#context for it in json(bytes(sys.inputs.tables)) {
  let inset = if it.widths.len() > 6 { 3pt } else { 4pt }
  for row in it.rows {
    for (width, cell) in it.widths.zip(row) {
      let room = width / it.widths.sum() * 170mm - 2 * inset
      for word in cell {
        assert(measure(word).width <= room + 1pt, message: it.caption + ": " + word)
      }
    }
  }
}
"""


def words(cell: str) -> list[str]:
    """Return what typst keeps on one line: it breaks at spaces, and after a hyphen that no digit follows."""
    return [word for word in re.split(r"[ \n]+|(?<=-)(?![0-9])", kept_range(cell)) if word]


def measured(tables: list[tuple[Table, tuple[float, ...]]]) -> None:
    told = [
        {"caption": table.caption, "widths": widths, "rows": [list(map(words, row)) for row in table.rows]}
        for table, widths in tables
    ]
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    typst.compile(
        MEASURE.encode(), font_paths=[fonts], ignore_system_fonts=True, sys_inputs={"tables": json.dumps(told)}
    )


def test_no_word_of_the_whole_report_reaches_into_the_next_column_as_typst_measures_it() -> None:
    paper = build_paper(make_released(), make_inputs_facts(), make_record())
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    measured([(table, column_widths(table)) for table in tables])
    with pytest.raises(typst.TypstError, match="Assumptions"):
        measured([(table, tuple(column.width for column in table.columns)) for table in tables])
