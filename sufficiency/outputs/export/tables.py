"""The released tables as tidy CSV files: one fact a row, ``c`` and ``z`` as in government statistics, safe in Excel.

Symbols follow the Government Statistical Service's guidance on symbols in tables (c confidential, z not applicable);
files follow RFC 4180. A text that a spreadsheet would take for a formula is given a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.model import units
from sufficiency.outputs.stable import clean_text, write_text
from sufficiency.outputs.style import NOT_APPLICABLE, SUPPRESSED, internal_mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sufficiency.model.results import Released

__all__ = ["TABLE_MEANINGS", "guard_text", "number_cell", "table_cells", "unit_of", "write_tables"]

TABLE_MEANINGS: Final[dict[str, str]] = {
    "sufficiency_area": "Need, placement and local places by county, district and locality cluster",
    "sufficiency_area_type": "Need and placement by area and type of place sought",
    "sufficiency_district_phase": "Need and placement by county and district, by phase",
    "sufficiency_district_need_group": "Need and placement by county and district, by broad area of need",
    "sufficiency_county_need_phase": "Need and placement of the county by broad area of need and phase",
    "journeys_area": "Daily journeys of pupils placed, by area: direct time, as ridden (estimate), cost and carbon",
    "journeys_district_phase": "Daily journeys of pupils placed, by county and district, by phase: direct, as ridden",
    "journey_ranges": "Journeys of the county at the low and high end of the assumptions",
    "flows": "Where pupils live and where they are placed, district to district",
    "reasons": "Why pupils have no modelled place, county",
    "capacity_district_type": "Local places by district and type",
    "occupancy_district_type": "Use of local places by district and type: places, pupils placed there, empty places",
    "comparison_area": "One scenario against another, measure by measure",
    "schemes": "Capital schemes",
    "scheme_stock": "Places that each scheme has open each September",
    "scheme_effects": "Whom each scheme of the programme would serve, and what would be without it",
    "pressure": "Pupils above places by district of the setting, where capacity is ignored",
    "programme_places": "Local places each September by scenario, and the shortfall that remains",
    "phase_transfers": "Pupils who change phase",
    "money": "Three purses of money, never added",
    "money_change": "What one scenario changes in each purse against another: positive a cost, never added",
    "money_change_years": "The same by financial year, April to March; capital as it is spent",
    "carbon_change": "What one scenario changes of vehicles and carbon against another",
    "capital_buys": "How many base places the capital for bases buys at three costs of a place",
    "economic_view": "Purses added up over years: an economic view and no budget",
    "bridge": "From pupils placed elsewhere today to the shortfall of the headline year",
    "support_match": "Support bases: their own stream, never placements",
    "support_coverage": "Secondary schools with a support base of their own, by county and district",
    "primary_equivalence": "Places of primary support bases beside secondary ones, county",
    "forecast": "Pupils forecast by year and stream, with a range",
    "scap_style_forecast": "County's headline pupils by year group and SCAP phase. SCAP-style: check the current guide",
    "forecast_range": "Range of the forecast over drawn futures, by county, district and cluster",
    "mitigation_deltas": "What each mitigation changes by itself, county",
    "awaiting_area": "Pupils who await a placement now; never added to the model's figures",
    "accounts": "What became of the rows of the files that the area was prepared from",
    "assumptions": "Every assumption with value, range, unit, source, date and effect",
    "conservation": "Every pupil of the demand table accounted for",
    "data_quality": "What the checks of the inputs found",
    "internal_zones": "Need and placement by zone of residence",
    "internal_settings": "Local places of each setting and how they are used",
    "internal_flows": "Where pupils live and where they are placed, cluster to setting",
    "internal_commissioned": "Places by setting this year and next, and pupils placed next year, for commissioning",
}
_FORMULA_STARTS: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")
_DECIMALS: Final = 6


def guard_text(text: str) -> str:
    """Return the text on one line, with a leading apostrophe where a spreadsheet could take it for a formula.

    Parameters
    ----------
    text
        Any text. Numbers are never passed through here, so negative numbers stay as they are.

    Returns
    -------
    str
        Safe text (OWASP, CSV injection).
    """
    if text[:1] in {"\t", "\r", "\n", "\0"}:
        return "'" + clean_text(text).strip()
    clean = clean_text(text)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA_STARTS) else clean


def number_cell(value: float) -> str:
    """Return a number as text: whole numbers without a point, others to at most six decimals, never ``-0``."""
    rounded = round(float(value), _DECIMALS)
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)


def unit_of(column: str) -> str:
    """Return the unit that a column's name states, or an empty text."""
    for suffix in sorted(units.SUFFIXES, key=len, reverse=True):
        if f"{suffix}_" in f"_{column}_":
            return units.SUFFIXES[suffix]
    return ""


def _cell(value: Any, *, hidden: bool, numeric: bool) -> str:  # noqa: ANN401 - any value of a table
    if hidden:
        return SUPPRESSED
    if isinstance(value, bool):
        return "true" if value else "false"
    if pd.isna(value):
        return NOT_APPLICABLE if numeric else ""
    return number_cell(value) if numeric else guard_text(str(value))


def table_cells(frame: pd.DataFrame, hidden: pd.DataFrame) -> list[list[str]]:
    """Return a released table as text, header first: ``c`` where hidden, ``z`` where a figure does not apply.

    Parameters
    ----------
    frame, hidden
        The table and its mask, of one shape.

    Returns
    -------
    list of list of str
        The header row and one row a row of the table.
    """
    columns = []
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        values, masks = frame[name].astype(object).tolist(), hidden[name].astype(bool).tolist()
        columns.append([_cell(v, hidden=m, numeric=numeric) for v, m in zip(values, masks, strict=True)])
    body = [list(row) for row in zip(*columns, strict=True)] if columns else []
    return [[str(name) for name in frame.columns], *body]


def _csv_text(rows: list[list[str]]) -> str:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    return target.getvalue()


def _readme(released: Released, sources: Sequence[str]) -> str:
    mark = internal_mark(released.build)
    lines = [
        "# Released tables",
        "",
        *((f"**{mark}.** The first column of every file says so.", "") if mark else ()),
        f"Build: {released.build}. One fact a row; UTF-8, comma, header row, RFC 4180.",
        "",
        f"- `{SUPPRESSED}` = hidden so that small numbers of pupils cannot be recognised",
        *((f"- {released.rules}",) if released.rules else ()),
        f"- `{NOT_APPLICABLE}` = does not apply",
        "- `year` is the September that an academic year starts: 2028 is 2028/29",
        (
            "- *without a local place* = in another council's school, in an independent school, or with no "
            "modelled place;"
            " these pupils are not without education"
        ),
        "- a text that begins like a formula has a leading apostrophe",
        "",
        "| File | What it holds | Rows | Columns (unit) |",
        "|---|---|---:|---|",
    ]
    for name in sorted(released.tables):
        frame = released.tables[name]
        columns = ", ".join(f"{c} ({unit_of(str(c))})" if unit_of(str(c)) else str(c) for c in frame.columns)
        lines.append(f"| `{name}.csv` | {TABLE_MEANINGS.get(name, name)} | {len(frame)} | {columns} |")
    lines += ["", *(f"- {source}" for source in sources)] if sources else []
    return "\n".join(lines) + "\n"


def write_tables(released: Released, folder: Path, sources: Sequence[str] = ()) -> None:
    """Write every released table as ``<name>.csv``, and ``README.md`` that lists them.

    Parameters
    ----------
    released
        The released tables.
    folder
        The folder to write into; made if needed.
    sources
        What the licences of the sources ask to be said, for the list.
    """
    mark = internal_mark(released.build)
    for name in sorted(released.tables):
        rows = table_cells(released.tables[name], released.hidden[name])
        if mark:
            # a table without rows has its mark in the only line that there is
            head = "marking" if len(rows) > 1 else f"marking: {mark}"
            rows = [[head, *rows[0]], *([mark, *row] for row in rows[1:])]
        write_text(folder / f"{name}.csv", _csv_text(rows))
    write_text(folder / "README.md", _readme(released, sources))
