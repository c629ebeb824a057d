"""How wide the columns of a paper's table are set: as stated, but never narrower than what a cell cannot break."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Final

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from sufficiency.outputs.report.blocks import kept_range
from sufficiency.outputs.report.raster import font_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.outputs.report.blocks import Table

__all__ = ["column_widths"]

# in ems of a table's text: the line across the page, the margins of a column, and the size of the heading row;
# tables of many columns have the smaller of each
_LINE_EM: Final = 55.9
_MANY_COLUMNS: Final = 7
_MARGINS_EM: Final = 0.95
_MARGINS_OF_MANY_EM: Final = 0.72
_HEADING_EM: Final = 0.94
_HEADING_OF_MANY_EM: Final = 0.88


def column_widths(table: Table) -> tuple[float, ...]:
    """Return the relative widths of the columns, in which no word and no kept range reaches into the next column.

    Parameters
    ----------
    table
        Its columns state widths; its cells and headings have words.

    Returns
    -------
    tuple of float
        One width for each column, in the unit and with the sum of those stated: these themselves where every word
        fits. Else a column that is too narrow has just what it needs, and the others give of what they have to spare
        in proportion. Where all have too little to spare, those stated.
    """
    stated = [column.width for column in table.columns]
    many = len(stated) >= _MANY_COLUMNS
    margins = _MARGINS_OF_MANY_EM if many else _MARGINS_EM
    needs = [(_widest_em(table, place, many=many) + margins) / _LINE_EM * sum(stated) for place in range(len(stated))]
    missing = sum(max(need - width, 0.0) for need, width in zip(needs, stated, strict=True))
    spare = sum(max(width - need, 0.0) for need, width in zip(needs, stated, strict=True))
    if not missing or missing > spare:
        return tuple(stated)
    kept = 1 - missing / spare
    return tuple(
        need + (width - need) * kept if width > need else need for need, width in zip(needs, stated, strict=True)
    )


def _widest_em(table: Table, place: int, *, many: bool) -> float:
    """Return the width of what of a column is widest and not broken over lines."""
    heading = _HEADING_OF_MANY_EM if many else _HEADING_EM
    cells = [_width_em(piece, bold=True) * heading for piece in _pieces(table.columns[place].title)]
    totals = len(table.rows) - table.total_rows
    for number, row in enumerate(table.rows):
        cells.extend(_width_em(piece, bold=number >= totals) for piece in _pieces(row[place]))
    return max(cells, default=0.0)


def _pieces(text: str) -> Iterator[str]:
    # a line may end after a hyphen, but for one before a digit
    return (found[0] for found in re.finditer(r"(?:[^ \n-]|-(?=\d))+-?|-", kept_range(text)))


@cache
def _width_em(text: str, *, bold: bool) -> float:
    font = FontProperties(fname=str(font_folder() / f"DejaVuSans{'-Bold' * bold}.ttf"), size=1)
    with warnings.catch_warnings():
        # a character that the family has not is as wide as the box that stands for it
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])
