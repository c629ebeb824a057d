"""The workbook: a contents sheet, then one released table a sheet; no formulas, no merged cells, fixed dates."""

# ruff: noqa: ANN401  # xlsxwriter has no types

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xlsxwriter

from sufficiency.model import units
from sufficiency.model.errors import DataError
from sufficiency.outputs import style
from sufficiency.outputs.export.tables import TABLE_MEANINGS, unit_of
from sufficiency.outputs.export.workbook_words import HEADS, TITLES, word_rows
from sufficiency.outputs.stable import clean_text, fixed_datetime, normalise_zip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Released, RunRecord

__all__ = ["workbook_bytes"]

FIRST_ROW: Final = 4
LONGEST_TEXT: Final = 32_767
MOST_ROWS: Final = 1_048_576 - FIRST_ROW - 1
MOST_READABLE_ROWS: Final = 4_000
_WIDEST: Final = 48
WORDS_SHEET: Final = "words and codes"
_WORDS_TITLE: Final = "What the words and codes of this workbook mean"
_WORDS_NOTE: Final = "The sheets give titles where the CSV files give codes; both are listed here."
_WORDS: Final = {"p90": "90th percentile"}
_UNITS: Final = {
    "pounds sterling": "£",
    "kilograms of carbon dioxide equivalent": "kg CO2e",
    "kilometres": "km",
    "share (0 to 1)": "%",
}


def _title(column: str) -> str:
    """Return a header in plain words with its unit: ``demand_pupils`` -> ``Demand (pupils)``."""
    if column in HEADS:
        return HEADS[column]
    unit = unit_of(column)
    if not unit or unit == column:
        return style.sentence_case(column.replace("_", " "))
    words, case = column, ""
    for suffix in ("low", "central", "high"):
        if words.endswith(f"_{suffix}"):
            words, case = words.removesuffix(f"_{suffix}"), f", {suffix}"
    kept = [_WORDS.get(word, word) for word in words.split("_") if f"_{word}" not in units.SUFFIXES]
    return f"{style.sentence_case(' '.join(kept)) or 'Amount'}{case} ({_UNITS.get(unit, unit)})"


def _titles(columns: list[str]) -> list[str]:
    found = [_title(column) for column in columns]
    return [title if found.count(title) == 1 else column for title, column in zip(found, columns, strict=True)]


def _sheet_name(name: str) -> str:
    return re.sub(r"[:\\/?*\[\]]", "-", name)[:31]


def _formats(book: Any) -> dict[str, Any]:
    plain = {"font_name": "Arial", "font_size": 10, "valign": "top"}
    right = {**plain, "align": "right"}
    return {
        "title": book.add_format({**plain, "bold": True, "font_size": 14, "font_color": style.DARK_BLUE}),
        "note": book.add_format({**plain, "font_color": style.QUIET_INK}),
        "text": book.add_format(plain),
        "head": book.add_format({**plain, "bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}),
        "whole": book.add_format({**right, "num_format": "#,##0"}),
        "year": book.add_format({**right, "num_format": "0"}),
        "decimal": book.add_format({**right, "num_format": "#,##0.0"}),
        "share": book.add_format({**right, "num_format": "0.0%"}),
        "pounds": book.add_format({**right, "num_format": "£#,##0"}),
        "symbol": book.add_format({**right, "font_color": style.QUIET_INK}),
        "link": book.add_format({**plain, "font_color": style.DARK_BLUE, "underline": 1}),
    }


def _number_format(column: str, series: pd.Series[Any]) -> str:
    if column.endswith("_share"):
        return "share"
    if "gbp" in column:
        return "pounds"
    if column in {"year", "first_year"}:
        return "year"
    return "whole" if pd.api.types.is_integer_dtype(series) or column.endswith(("_pupils", "_places")) else "decimal"


def _text(value: Any) -> str:
    text = clean_text(str(value))
    if len(text) > LONGEST_TEXT:
        message = (
            f"a text of {len(text):,} characters does not fit an Excel cell ({LONGEST_TEXT:,}): shorten it in the input"
        )
        raise DataError(message)
    return text


def _said(column: str, value: Any) -> str:
    """Return a text as a reader sees it: the title of a code that has one, any other text as it is."""
    if column == "measure":
        return _title(str(value))
    text = TITLES.get(column, {}).get(str(value)) or _text(value)
    return "" if text == "nan" else text


def _cells(sheet: Any, frame: pd.DataFrame, hidden: pd.DataFrame, formats: dict[str, Any]) -> list[int]:
    widths = []
    for place, name in enumerate(frame.columns):
        series = frame[name]
        boolean = pd.api.types.is_bool_dtype(series)
        numeric = pd.api.types.is_numeric_dtype(series) and not boolean
        kind = formats[_number_format(str(name), series)] if numeric else formats["text"]
        blank = (style.NOT_APPLICABLE, formats["symbol"]) if numeric else ("", formats["text"])
        # a column says few things many times: each is made fit for a cell once
        texts: dict[Any, str] = {}
        columns = (series.astype(object).tolist(), series.isna().tolist(), hidden[name].astype(bool).tolist())
        for row, (value, missing, mask) in enumerate(zip(*columns, strict=True), start=FIRST_ROW + 1):
            if mask:
                sheet.write_string(row, place, style.SUPPRESSED, formats["symbol"])
            elif missing:
                sheet.write_string(row, place, *blank)
            elif numeric:
                sheet.write_number(row, place, float(value), kind)
            else:
                if value not in texts:
                    texts[value] = ("yes" if value else "no") if boolean else _said(str(name), value)
                sheet.write_string(row, place, texts[value], kind)
        longest = max((len(text) for text in texts.values()), default=0)
        widths.append(min(max(longest, 12) + 2, _WIDEST))
    return widths


def _readable(frame: pd.DataFrame, hidden: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return a very long table without its clusters, then with best use of places only, and what was left out."""
    said = ""
    for column, kept, words in (
        ("level", ("county", "district"), "County and districts only."),
        ("policy", ("optimal", ""), "Best use of places only."),
    ):
        if len(frame) > MOST_READABLE_ROWS and column in frame.columns:
            frame = frame[frame[column].isin(kept)]
            said = f"{said} {words}".strip()
    return frame, hidden.loc[frame.index], said


def _add_sheet(book: Any, name: str, released: Released, formats: dict[str, Any], marking: str) -> None:
    frame, hidden, narrowed = _readable(released.tables[name], released.hidden[name])
    if len(frame) > MOST_ROWS:
        message = f"table {name} has {len(frame):,} rows, more than an Excel sheet holds: use tables/{name}.csv"
        raise DataError(message)
    sheet = book.add_worksheet(_sheet_name(name))
    columns = [str(column) for column in frame.columns]
    titles = _titles(columns)
    sheet.write_string(0, 0, TABLE_MEANINGS.get(name, name.replace("_", " ")), formats["title"])
    sheet.write_string(
        1,
        0,
        f"{style.suppressed_note(released.rules)} {style.NOT_APPLICABLE_NOTE} Year = the September that starts it.",
        formats["note"],
    )
    more = f" {narrowed} The whole table is tables/{name}.csv." if narrowed else ""
    sheet.write_string(2, 0, f"{marking}{more}", formats["note"])
    widths = _cells(sheet, frame, hidden, formats)
    for place, (width, title) in enumerate(zip(widths, titles, strict=True)):
        sheet.set_column(place, place, max(width, min(len(title) // 2 + 4, 24)))
    _as_table(sheet, f"table_{name}", FIRST_ROW + max(len(frame), 1), titles, formats)


def _as_table(sheet: Any, name: str, last: int, titles: Sequence[str], formats: dict[str, Any]) -> None:
    """Make what is written a real table with filters, its head in sight, set to be printed."""
    if titles:
        sheet.add_table(
            FIRST_ROW,
            0,
            last,
            len(titles) - 1,
            {
                "name": name,
                "style": "Table Style Light 1",
                "banded_rows": False,
                "columns": [{"header": title, "header_format": formats["head"]} for title in titles],
            },
        )
        sheet.print_area(0, 0, last, len(titles) - 1)
    sheet.set_row(FIRST_ROW, 44)
    sheet.freeze_panes(FIRST_ROW + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW)
    sheet.set_footer("&L&A&RPage &P of &N")


def _add_words(book: Any, formats: dict[str, Any], marking: str) -> None:
    """Add the sheet that says what words and codes mean."""
    sheet = book.add_worksheet(WORDS_SHEET)
    sheet.write_string(0, 0, _WORDS_TITLE, formats["title"])
    sheet.write_string(1, 0, _WORDS_NOTE, formats["note"])
    sheet.write_string(2, 0, marking, formats["note"])
    rows, heads = word_rows(), ("Kind", "Word or code", "What it means")
    for number, row in enumerate(rows, start=FIRST_ROW + 1):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text, formats["text"])
    for place, width in enumerate((36, 40, 110)):
        sheet.set_column(place, place, width)
    _as_table(sheet, "words", FIRST_ROW + len(rows), heads, formats)


def _contents(book: Any, released: Released, formats: dict[str, Any], lines: list[str]) -> None:
    sheet = book.add_worksheet("contents")
    sheet.write_string(0, 0, lines[0], formats["title"])
    for place, line in enumerate(lines[1:], start=1):
        sheet.write_string(place, 0, line, formats["note"])
    top = len(lines) + 1
    for place, title in enumerate(("Sheet", "What it holds", "Rows")):
        sheet.write_string(top, place, title, formats["head"])
    for row, name in enumerate(released.tables, start=top + 1):
        sheet.write_url(row, 0, f"internal:'{_sheet_name(name)}'!A1", formats["link"], name)
        sheet.write_string(row, 1, TABLE_MEANINGS.get(name, name.replace("_", " ")), formats["text"])
        shown = _readable(released.tables[name], released.hidden[name])[0]
        sheet.write_number(row, 2, len(shown), formats["whole"])
    last = top + 1 + len(released.tables)
    sheet.write_url(last, 0, f"internal:'{WORDS_SHEET}'!A1", formats["link"], WORDS_SHEET)
    sheet.write_string(last, 1, _WORDS_TITLE, formats["text"])
    sheet.write_number(last, 2, len(word_rows()), formats["whole"])
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 80)
    sheet.set_column(2, 2, 10)
    sheet.freeze_panes(top + 1, 0)
    sheet.print_area(0, 0, last, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def workbook_bytes(released: Released, parameters: Parameters, record: RunRecord, sources: Sequence[str] = ()) -> bytes:
    """Return the released tables as an Excel workbook.

    Parameters
    ----------
    released
        The released tables.
    parameters
        For the area's name, the date of the report and whether it is illustrative.
    record
        For the id of the run.
    sources
        What the licences of the sources ask to be said, for the contents sheet.

    Returns
    -------
    bytes
        One real table a sheet behind a contents sheet, and last the words and codes. Text is always text, never a
        formula or a link.

    Raises
    ------
    DataError
        When a text or a table does not fit Excel; nothing is cut in silence.
    """
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    subject = f"{parameters.area_name} SEND sufficiency: tables behind the board report"
    book.set_properties({"title": subject, "author": "sufficiency", "created": fixed_datetime(parameters.report_date)})
    formats = _formats(book)
    marking = f"Run {record.run_id}, report date {parameters.report_date.isoformat()}, {released.build} build."
    if parameters.illustrative:
        marking = f"ILLUSTRATIVE. {marking}"
    mark = style.internal_mark(released.build)
    if mark:
        marking = f"{mark.upper()}. {marking}"
    _contents(
        book,
        released,
        formats,
        [
            clean_text(subject),
            marking,
            parameters.illustrative_note if parameters.illustrative else "",
            f"{style.suppressed_note(released.rules)} {style.NOT_APPLICABLE_NOTE}",
            style.CARE_NOTE,
            *sources,
        ],
    )
    for name in released.tables:
        _add_sheet(book, name, released, formats, marking)
    _add_words(book, formats, marking)
    for sheet in book.worksheets() if mark else []:
        sheet.set_header(f"&C&B{mark}")
    book.close()
    return normalise_zip(target.getvalue(), parameters.report_date)
