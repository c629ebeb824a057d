"""Special educational needs in England, school level: pupils with a plan or SEN support by primary need, a school each.

The publication was wide (a column a need) and became long (a row a provision and need) with the 2026 format.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import ALL, NEEDS, parse_year
from sufficiency.sources.cells import CellFault
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.gias_cells import Cells, named
from sufficiency.sources.public.gias_codes import need_code, plain_name
from sufficiency.sources.public.gias_ids import la_codes_of, laestabs_of, urns_of
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue

__all__ = ["COLUMNS", "SEN_PROVISIONS", "read_sen_schools"]

KIND: Final = "special educational needs, school level"
EHCP: Final = "ehcp"
SEN_SUPPORT: Final = "sen_support"
SEN_PROVISIONS: Final = (EHCP, SEN_SUPPORT, ALL)
COLUMNS: Final = ("urn", "laestab", "school_name", "year", "sen_provision", "need", "pupils", "designations")
_KEY: Final = ["urn", "year", "sen_provision", "need"]
_WIDE_NEEDS: Final = {
    f"{provision}_{need}": (provision, need) for provision in (EHCP, SEN_SUPPORT) for need in (*NEEDS, ALL)
}
_WIDE: Final = {**_WIDE_NEEDS, "all_all": (ALL, ALL)}
_LONG: Final = ("sen_provision", "sen_primary_need", "pupil_count")
_WANTED: Final[dict[str, str]] = {
    "urn": named("urn", "school urn"),
    "time_period": named("time period"),
    "time_identifier": named("time identifier"),
    "geographic_level": named("geographic level"),
    "la_code": named("old la code", "la code"),
    "establishment_number": named("estab", "establishment number", "school estab"),
    "laestab": named("la estab", "school la estab"),
    "school_name": named("school name", "establishment name"),
    **{name: named(name.replace("_", " ")) for name in _LONG},
    **{
        f"{EHCP}_{need}": named(f"ehc primary need {need.lower()}", f"ehcp primary need {need.lower()}")
        for need in NEEDS
    },
    **{f"{SEN_SUPPORT}_{need}": named(f"sup primary need {need.lower()}") for need in NEEDS},
    f"{EHCP}_{ALL}": named("ehc plan", "ehc plans", "ehcp"),
    f"{SEN_SUPPORT}_{ALL}": named("sen support"),
    "all_all": named("total pupils"),
    **{f"designated_{need}": named(f"prov {need.lower()}", f"provision for {need.lower()}") for need in NEEDS},
}
_TOTALS: Final = frozenset({"total", "all", "all pupils", "all needs", "all primary needs", "all types of need"})
_UNRECORDED: Final = frozenset({"unknown", "missing", "unclassified", "primary need missing", "primary need unknown"})
_YES: Final = frozenset({"1", "1.0", "yes", "y", "true"})
_NO: Final = frozenset({"", "0", "0.0", "no", "n", "false", "z", "x", "c", ":", "..", "-", "not applicable"})
_NOT_KEPT: Final = "not kept"
_UNKNOWN: Final = "unknown"


def read_sen_schools(path: Path, issues: list[Issue], *, register: pd.DataFrame | None = None) -> Reading | None:
    """Read the school-level file, wide or long, CSV or workbook.

    Parameters
    ----------
    path
        The file; it needs at least a column of URNs, the time period, and the counts of one of the two formats.
    issues
        Faults are appended here; nothing is raised for a fault in the file.
    register
        Schools as `sufficiency.sources.public.gias.read_gias` gives them. A URN that was published like ``1e+05`` is
        repaired from LAESTAB by it, if one school alone had the number on the day of the school census (the third
        Thursday of January); without it such rows are refused.

    Returns
    -------
    Reading or None
        One row a urn, year (September), sen_provision {ehcp, sen_support, all} and need (code or ``all``), sorted by
        them, with laestab, school_name, pupils (NaN = hidden by a symbol or not stated) and designations (needs that
        the school is provided for, joined by ``;``; blank where the file does not say). ``all`` and ``all`` together
        are the file's own total. The account counts rows of the file; a row of the wide format becomes many here.
    """
    table = read_text_table(path, _WANTED, issues, kind=KIND, needed=("urn", "time_period"))
    if table is None:
        return None
    cells = Cells(table, _WANTED, KIND, issues, key="urn")
    is_long = all(cells.has(name) for name in _LONG)
    if not is_long and not any(cells.has(name) for name in _WIDE):
        message = "the file has neither the long format's columns of provision, need and count nor the wide format's"
        fix = "use the file of the underlying data at school level"
        cells.say(CellFault("column_missing", "error", message, fix))
        return None
    schools, aside = _schools(cells, register)
    if table.shifted:
        aside = {"another number of fields than the header": table.shifted, **aside}
    counts, refused = (_long if is_long else _wide)(cells, schools)
    aside |= refused
    used = len(counts) if is_long else counts["row"].nunique()
    order = {code: at for at, code in enumerate((*SEN_PROVISIONS, *NEEDS))}
    counts = counts.assign(by_provision=counts["sen_provision"].map(order), by_need=counts["need"].map(order))
    counts = counts.sort_values(["urn", "year", "by_provision", "by_need"], kind="stable", ignore_index=True)
    account = Account(path.name, KIND, table.read, int(used), aside, cells.notes)
    return Reading(counts[list(COLUMNS)], account)


def _schools(cells: Cells, register: pd.DataFrame | None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return what each row says of its school and year, rows that cannot be used left out; index = position."""
    laestab = laestabs_of(cells, la_codes_of(cells))
    years = _years(cells)
    level = np.array([plain_name(str(text)) for text in cells.table.get("geographic_level")], dtype=object)
    of_school = (level == "school") | (level == "schools") | (level == "")
    # rows of other levels have no URN, and are no fault
    schools_only = cells.part(of_school)
    at = np.flatnonzero(of_school)
    days = [_census_day(years[one]) if years[one] else "" for one in at]
    urns, refused = urns_of(schools_only, [laestab[one] for one in at], days, register)
    frame = pd.DataFrame(
        {
            "urn": urns,
            "laestab": [laestab[one] for one in at],
            "school_name": schools_only.text("school_name"),
            "year": [years[one] for one in at],
            "designations": _designations(schools_only),
        },
        index=at,
    )
    aside = {"not a row of a school": int((~of_school).sum())}
    aside |= refused
    without = (frame["urn"] != "") & (frame["year"] == 0)
    aside["academic year not known"] = int(without.sum())
    frame = frame[(frame["urn"] != "") & (frame["year"] != 0)]
    return frame, {reason: rows for reason, rows in aside.items() if rows}


def _years(cells: Cells) -> list[int]:
    """Return the September of each row's academic year; 0 where it is not known (reported)."""
    periods, identifiers = cells.table.get("time_period"), cells.table.get("time_identifier")
    pairs = list(zip(periods, identifiers, strict=True))
    known = {pair: _year(str(pair[0]), str(pair[1])) for pair in dict.fromkeys(pairs)}
    found = [known[pair] for pair in pairs]
    fix = "write the academic year as 202425 or 2024/25"
    fault = CellFault("not_a_year", "error", "the time period is not an academic year", fix)
    cells.report("time_period", np.array([at for at, year in enumerate(found) if not year], dtype=np.intp), fault)
    return found


def _year(period: str, identifier: str) -> int:
    text = period.removesuffix(".0")
    if re.fullmatch(r"\d{6}", text):
        text = f"{text[:4]}/{text[4:]}"
    elif re.fullmatch(r"\d{4}", text) and plain_name(identifier) != "academic year":
        # 2025 alone may be the January of the census or the September of the year
        return 0
    try:
        return parse_year(text)
    except ValueError:
        return 0


def _census_day(year: int) -> str:
    """Return the day of the January school census of an academic year: the third Thursday."""
    first = dt.date(year + 1, 1, 1)
    return (first + dt.timedelta(days=(3 - first.weekday()) % 7 + 14)).isoformat()


def _designations(cells: Cells) -> list[str]:
    """Return the needs that each school is provided for, in the order of the vocabulary."""
    found: list[list[str]] = [[] for _ in range(len(cells.table))]
    for need in NEEDS:
        for at, named_one in enumerate(cells.understand(f"designated_{need}", _yes, False)):
            if named_one:
                found[at].append(need)
    return [";".join(needs) for needs in found]


def _yes(text: str) -> tuple[bool, CellFault | None]:
    plain = text.casefold()
    if plain in _YES or plain in _NO:
        return plain in _YES, None
    return False, CellFault("not_yes_or_no", "warning", f"{text[:60]!r} is neither yes nor no", "write 1 or 0")


def _wide(cells: Cells, schools: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a row a school, provision and need, of one row a school and year."""
    numbers = {name: cells.numbers(name, "pupils")[schools.index.to_numpy()] for name in _WIDE if cells.has(name)}
    frame = schools.assign(**numbers, row=schools.index)
    frame, refused = _once(cells, frame, ["urn", "year"])
    parts = [
        frame[["row", *schools.columns]].assign(
            sen_provision=_WIDE[name][0], need=_WIDE[name][1], pupils=frame[name].to_numpy()
        )
        for name in numbers
    ]
    return pd.concat(parts, ignore_index=True), refused


def _long(cells: Cells, schools: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows whose provision and need are known, each once."""
    at = schools.index.to_numpy(dtype=np.intp)
    provisions = _known(cells, "sen_provision", at)
    needs = _known(cells, "sen_primary_need", at)
    pupils = cells.numbers("pupil_count", "pupils")[at]
    frame = schools.assign(sen_provision=provisions, need=needs, pupils=pupils, row=at)
    refused: dict[str, int] = {}
    for name, why in (("sen_provision", "another SEN provision"), ("need", "another kind of need")):
        for code, reason in ((_NOT_KEPT, f"{why}, not kept"), (_UNKNOWN, f"{why}, not known here")):
            bad = frame[name] == code
            if bad.any():
                refused[reason] = int(bad.sum())
            frame = frame[~bad]
    frame, repeated = _once(cells, frame, _KEY)
    return frame, refused | repeated


def _known(cells: Cells, name: str, at: NDArray[np.intp]) -> list[str]:
    """Return the code of each cell of a column of the long format; texts not known here are reported once each."""
    texts = [str(text) for text in cells.table.get(name)[at]]
    read = _provision if name == "sen_provision" else _need
    known = {text: read(text) for text in dict.fromkeys(texts)}
    for text in (text for text, code in known.items() if code == _UNKNOWN):
        rows = np.array([one for one, other in zip(at, texts, strict=True) if other == text], dtype=np.intp)
        message = f"{text[:60]!r} is not known here ({len(rows):,} rows)"
        fix = "use a total, EHC plan or SEN support" if read is _provision else "use a code of the SEN2 return"
        cells.report(name, rows[:1], CellFault("unknown_code", "warning", message, fix))
    return [known[text] for text in texts]


def _provision(text: str) -> str:
    """Return the code of a SEN provision; sums of both and pupils without SEN are not kept."""
    plain = plain_name(text)
    plan = re.search(r"\b(ehc|ehcp|statements?|education health and care)\b", plain) is not None
    support = "sen support" in plain
    if plain in _TOTALS:
        return ALL
    if (plan and support) or plain.startswith(("no ", "non ")) or plain in {"all sen", "any sen", "sen"}:
        return _NOT_KEPT
    return EHCP if plan else SEN_SUPPORT if support else _UNKNOWN


def _need(text: str) -> str:
    plain = plain_name(text)
    if plain in _TOTALS:
        return ALL
    if plain in _UNRECORDED:
        return "UNK"
    code = need_code(text)
    return _UNKNOWN if code is None else code or _NOT_KEPT


def _once(cells: Cells, frame: pd.DataFrame, key: list[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return one row a key: rows that say the same merged, rows that differ refused (reported)."""
    same = frame.drop(columns="row").duplicated()
    once = frame[~same]
    differ = once.duplicated(key, keep=False)
    doubted = pd.MultiIndex.from_frame(once.loc[differ, key])
    copies = int(pd.MultiIndex.from_frame(frame.loc[same, key]).isin(doubted).sum())
    fault = CellFault("row_twice", "note", "the row says the same as another", "nothing; it counts once")
    cells.report("urn", frame.loc[same, "row"].to_numpy(dtype=np.intp), fault)
    message = f"several rows have this {', '.join(key)} and differ, so none of them is used"
    fault = CellFault("rows_differ", "error", message, "keep the row that is right")
    cells.report("urn", once.loc[differ, "row"].to_numpy(dtype=np.intp), fault)
    reasons = {"the same row again": int(same.sum()) - copies, "rows that differ": int(differ.sum()) + copies}
    return once[~differ], {reason: rows for reason, rows in reasons.items() if rows}
