"""The audit of a release, as a stranger would do it: what each hidden count may be, by all that is printed.

It works from the released tables alone, and shares no code with the suppression but the solver. A hidden count whose
range [low, high], in whole pupils, is narrower than `hide_up_to` and holds a count of 1 to `hide_up_to` is
*recoverable*: the reader knows a small count too well, or takes it for one. A hidden count that can only be nought, or
only more than `hide_up_to`, is harmless however narrow its range, for printing it would have told no more of a few.
Counts that are not printed but follow from two that are (placed in another area, over the limit only as ridden ...)
are recoverable where they can only be 1 to `hide_up_to`, or are pinned as closely. A printed count of 1 to
`hide_up_to` is recoverable too.

What is placed in one school is recoverable like a small count, whatever it is: where a district has one school of a
type, its hidden figure must be as uncertain, and may be printed only where all else that is printed tells it. Hidden
places by district and type must be as uncertain too.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.bounds import FAR, ContradictionError, propagate, ranges
from sufficiency.disclosure.joint import JOINT
from sufficiency.disclosure.reader import CHANGE, PLACES, SLICE
from sufficiency.disclosure.relations import DIFFERENCES, NOT_LOCATED, book_of
from sufficiency.model.errors import InfeasibleError
from sufficiency.model.vocabulary import HEADLINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.disclosure.relations import Book
    from sufficiency.model.results import Released

_COLUMNS: Final = ["table", "column", "row", "key", "low", "high"]
_USE: Final = "occupancy_district_type"
_PLACES: Final = "capacity_district_type"
_BESIDE_USE: Final = ("sufficiency_area", "sufficiency_area_type", "flows", "pressure")
# columns of pupils that are no counts of present pupils, each with the reason why a small one may stand
_NO_COUNTS: Final = {
    ("bridge", "start_pupils"): "where a bar of the bridge starts: a sum of steps, hidden with any small step",
    ("accounts", "rows"): "rows of a file of the public's, not of children",
}


@dataclass(frozen=True)
class AuditReport:
    """What a reader could find out.

    ``cells`` has a row for each hidden count, ``recoverable`` those that are too well known (and printed small counts):
    table, column, row (-1 = a figure that follows from several), key, low, high. Ranges are exact where they are
    narrower than `hide_up_to`; others are at least as wide as told. True values are not in it.
    """

    hide_up_to: int
    cells: pd.DataFrame
    recoverable: pd.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Hidden and recoverable cells."""
        return {"hidden": len(self.cells), "recoverable": len(self.recoverable)}


def audit_release(
    released: Released, areas: pd.DataFrame, *, hide_up_to: int, known: pd.DataFrame | None = None
) -> AuditReport:
    """Return what a reader could find out from a release.

    Parameters
    ----------
    released
        The release.
    areas
        Table `areas`: area_id, level, parent_id.
    hide_up_to
        Counts of 1 to this must stay unknown.
    known
        Counts that the reader knows besides, from earlier releases: `sufficiency.disclosure.known.known_cells`.

    Raises
    ------
    SufficiencyError
        When printed figures contradict one another.
    """
    book, low, high = _first_reading(released, areas, known, hide_up_to)
    figures = book.figures
    value = _known_values(figures)
    unknown = np.isnan(value)
    hidden = (figures["table"] != "").to_numpy(bool) & figures["hidden"].to_numpy(bool)
    follows = figures["measure"].isin(DIFFERENCES) | figures["measure"].str.startswith(JOINT)
    follows |= (figures["measure"] == "other_council_pupils") & (figures["provision_type"] != HEADLINE)
    follows |= figures["area_id"].str.startswith(NOT_LOCATED)
    wanted = np.zeros(value.size, dtype=bool)
    wanted[figures.loc[hidden | follows, "figure"]] = True
    least, greatest = ranges(book.relations, low, high, wanted & unknown, max(hide_up_to, 1))
    cells = figures[hidden]
    told = _told(cells, least, greatest)
    number = cells["figure"].to_numpy(np.int64)
    fewer = np.zeros(value.size, dtype=bool)
    fewer[figures.loc[_signed(figures), "figure"]] = True
    small = (least <= hide_up_to) & (greatest >= 1) | fewer & (least <= -1) & (greatest >= -hide_up_to)
    places = np.zeros(value.size, dtype=bool)
    places[figures.loc[figures["measure"].str.startswith(PLACES), "figure"]] = True
    narrow = (greatest - least < hide_up_to) & (small | places)
    small_only = (least >= 1) & (greatest <= hide_up_to)
    beside = figures[follows & small_only[figures["figure"]]]
    parts = [told[narrow[number]], _told(beside, least, greatest), _printed_small(released, hide_up_to)]
    parts.append(_singles(released, areas, figures, least=least, greatest=greatest, width=hide_up_to))
    parts = [part for part in parts if len(part)]
    recoverable = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)
    return AuditReport(hide_up_to, told.reset_index(drop=True), recoverable.drop_duplicates(ignore_index=True))


def truly_small(report: AuditReport, unhidden: Released) -> AuditReport:
    """Return the report with those recoverable cells only whose true count is 1 to `hide_up_to`.

    A reader cannot tell a hidden zero, which protects others, from a small count: a range of 0 to 4 around a zero tells
    nothing of any child. Who makes the release can tell, and refuses it for the small ones alone.

    Parameters
    ----------
    report
        What a reader could find out.
    unhidden
        The same release with nothing hidden (`hide_up_to` = 0).
    """
    kept = []
    found = report.recoverable
    for at in range(len(found)):
        row, column = int(found["row"].iloc[at]), str(found["column"].iloc[at])
        table = unhidden.tables.get(str(found["table"].iloc[at]))
        true = table[column].iloc[row] if table is not None and row >= 0 else 1
        if found["table"].iloc[at] == _PLACES:
            true = 1
        if found["table"].iloc[at] == _USE and table is not None and _single(table).iloc[row]:
            true = 1
        kept.append(bool(pd.notna(true) and 1 <= abs(float(true)) <= report.hide_up_to))
    return dataclasses.replace(report, recoverable=found[kept].reset_index(drop=True))


def _single(table: pd.DataFrame) -> pd.Series:
    """Return whether one school alone is behind each row of `occupancy_district_type`."""
    return (table["schools"] == 1) & (table["level"] == "district")


def _singles(
    released: Released,
    areas: pd.DataFrame,
    figures: pd.DataFrame,
    *,
    least: NDArray[np.float64],
    greatest: NDArray[np.float64],
    width: int,
) -> pd.DataFrame:
    """Return the figures of one school that a reader knows too well, and would not without their table."""
    table = released.tables.get(_USE)
    none = pd.DataFrame(columns=_COLUMNS)
    if table is None or not len(table) or not width:
        return none
    own = figures[figures["table"] == _USE]
    own = own[_single(table).to_numpy(bool)[own["row"].to_numpy(np.int64)]]
    close = (greatest - least < width)[own["figure"].to_numpy(np.int64)] | own["value"].notna().to_numpy(bool)
    own = own[close]
    if not len(own):
        return none
    rows = _wide_without(released, areas, table.iloc[own["row"].to_numpy(np.int64)], width)
    value = own["value"].to_numpy(float)
    number = own["figure"].to_numpy(np.int64)
    low, high = np.where(np.isnan(value), least[number], value), np.where(np.isnan(value), greatest[number], value)
    told = _told(own.assign(figure=np.arange(len(own))), low, high)
    return pd.DataFrame(told[own["row"].isin(rows).to_numpy(bool)])


def _wide_without(released: Released, areas: pd.DataFrame, rows: pd.DataFrame, width: int) -> NDArray[np.int64]:
    """Return the numbers of those rows of the table that would be uncertain if it were hidden, beside what it tells."""
    wanted = pd.MultiIndex.from_frame(rows[SLICE])
    tables, hidden = {}, {}
    for name in (_USE, *_BESIDE_USE):
        if name not in released.tables:
            continue
        frame = released.tables[name]
        kept = pd.MultiIndex.from_frame(frame[SLICE]).isin(wanted)
        if "level" in frame.columns:
            kept &= (frame["level"] != "cluster").to_numpy(bool)
        tables[name], hidden[name] = frame[kept], released.hidden[name][kept]
    places = np.flatnonzero(pd.MultiIndex.from_frame(released.tables[_USE][SLICE]).isin(wanted))
    bare = tables[_USE]
    blank = pd.array([pd.NA] * len(bare), dtype="Float64")
    tables[_USE] = bare.assign(**dict.fromkeys(("placed_pupils", "empty_places", "used_share"), blank))
    hidden[_USE] = hidden[_USE].assign(placed_pupils=True)
    book, low, high = _read(dataclasses.replace(released, tables=tables, hidden=hidden), areas, None, guess=False)
    own = book.figures[book.figures["table"] == _USE]
    asked = np.zeros(low.size, dtype=bool)
    asked[own["figure"]] = True
    least, greatest = ranges(book.relations, low, high, asked, width)
    wide = (greatest - least >= width)[own["figure"].to_numpy(np.int64)]
    return np.asarray(places[own.loc[wide, "row"].to_numpy(np.int64)], dtype=np.int64)


def require_safe(report: AuditReport) -> None:
    """Refuse a release from which a small count can be recovered.

    Raises
    ------
    InfeasibleError
        Naming tables and columns, and no figure.
    """
    if not len(report.recoverable):
        return
    kinds = report.recoverable.groupby(["table", "column"]).size().rename("cells").reset_index().to_dict("records")
    named = "; ".join(f"{kind['table']}, column {kind['column']}: {kind['cells']}" for kind in kinds)
    message = (
        f"the release would give counts of 1 to {report.hide_up_to} pupils away ({named}). Nothing was written. Take "
        "larger clusters or districts in your area, or fewer scenarios in one run"
    )
    raise InfeasibleError(message)


def _known_values(figures: pd.DataFrame) -> NDArray[np.float64]:
    """Return the printed value of each figure, NaN where every print of it is hidden."""
    grouped = figures.groupby("figure")["value"]
    if bool((grouped.max() > grouped.min()).any()):
        message = "two tables print different figures for the same count"
        raise ContradictionError(message)
    size = int(figures["figure"].max()) + 1 if len(figures) else 0
    return np.asarray(grouped.first().reindex(range(size)).to_numpy(float))


def _first_reading(
    released: Released, areas: pd.DataFrame, known: pd.DataFrame | None, hide_up_to: int
) -> tuple[Book, NDArray[np.float64], NDArray[np.float64]]:
    """Return the closest reading that the figures allow.

    Runs that look the same need not be; and pupils of an earlier release that cannot be today's tell nothing of them.
    """
    readings = [(one, guess) for one in ([known, None] if known is not None else [None]) for guess in (True, False)]
    for one, guess in readings[:-1]:
        try:
            return _read(released, areas, one, guess=guess, hide_up_to=hide_up_to)
        except ContradictionError:
            continue
    one, guess = readings[-1]
    return _read(released, areas, one, guess=guess, hide_up_to=hide_up_to)


def _read(
    released: Released, areas: pd.DataFrame, known: pd.DataFrame | None, *, guess: bool, hide_up_to: int = 0
) -> tuple[Book, NDArray[np.float64], NDArray[np.float64]]:
    book = book_of(released, areas, guess=guess, known=known, hide_up_to=hide_up_to)
    value = _known_values(book.figures)
    unknown = np.isnan(value)
    low, high = np.where(unknown, 0.0, value), np.where(unknown, FAR, value)
    # what a scheme or a mitigation changes may be less than nothing
    signed = book.figures.loc[_signed(book.figures), "figure"].unique()
    low[signed] = np.where(unknown[signed], -FAR, value[signed])
    propagate(book.relations, low, high)
    return book, low, high


def _signed(figures: pd.DataFrame) -> pd.Series:
    """Return whether each figure is a change, which may be less than nothing."""
    return figures["measure"].str.contains("left_out") | figures["measure"].str.startswith(CHANGE)


def _told(cells: pd.DataFrame, least: NDArray[np.float64], greatest: NDArray[np.float64]) -> pd.DataFrame:
    key = cells["scenario_id"].astype(str)
    for name in (*SLICE[1:], "area_id", "phase", "need", "provision_type"):
        key = key + "|" + cells[name].astype(str)
    number = cells["figure"].to_numpy(np.int64)
    table = cells["table"].where(cells["table"] != "", "follows from several")
    column = cells["column"].where(cells["column"] != "", cells["measure"])
    told = {"table": table, "column": column, "row": cells["row"], "key": key}
    told |= {"low": least[number], "high": greatest[number]}
    return pd.DataFrame(told).astype({"row": np.int64, "low": np.int64, "high": np.int64})


def _printed_small(released: Released, hide_up_to: int) -> pd.DataFrame:
    """Return the printed counts of 1 to `hide_up_to` in every column of pupils of every table."""
    found = []
    for name, table in released.tables.items():
        for column in table.columns:
            if not (column == "pupils" or column.endswith("_pupils")) or (name, column) in _NO_COUNTS:
                continue
            size = pd.to_numeric(table[column]).astype("Float64").abs()
            rows = np.flatnonzero(size.between(1, hide_up_to).fillna(False).to_numpy(bool))
            found += [(name, column, row, f"row {row + 1}", 1, hide_up_to) for row in rows.tolist()]
    compared = released.tables.get("comparison_area")
    if compared is not None and len(compared):
        counted = compared["measure"].str.endswith("_pupils")
        for column in ("before", "after"):
            rows = np.flatnonzero((counted & compared[column].between(1, hide_up_to)).to_numpy(bool))
            found += [("comparison_area", column, row, f"row {row + 1}", 1, hide_up_to) for row in rows.tolist()]
    return pd.DataFrame(found, columns=_COLUMNS)
