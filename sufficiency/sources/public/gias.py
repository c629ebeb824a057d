"""The register of schools, Get Information about Schools (GIAS): the full file of a day, and analysts' cuts of it.

Names and telephone numbers of head teachers, which the full file holds, are not among the columns read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.sources.cells import CellFault
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.gias_cells import LAESTAB_DIGITS, URN_DIGITS, Cells, named, whole_id
from sufficiency.sources.public.gias_codes import (
    STATUS_NAMES,
    STATUSES,
    TYPES,
    WELSH_TYPE,
    need_code,
    plain_name,
    type_code_of,
)
from sufficiency.sources.public.gias_ids import la_codes_of, laestabs_of, urns_of
from sufficiency.sources.public.gias_links import open_in, read_gias_links, same_school_twice, with_predecessors
from sufficiency.sources.public.gias_positions import positions
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue

__all__ = ["COLUMNS", "open_in", "read_gias", "read_gias_links", "same_school_twice", "with_predecessors"]

KIND: Final = "register of schools (GIAS)"
_SENS: Final = tuple(f"sen{number}" for number in range(1, 14))
_WANTED: Final[dict[str, str]] = {
    "urn": named("urn", "school urn", "establishment urn", "unique reference number"),
    "school_name": named("establishment name", "school name", "name"),
    "la_code": named("la code", "local authority code", "la number"),
    "la_name": named("la name", "local authority name", "local authority"),
    "establishment_number": named("establishment number", "estab number", "estab"),
    "laestab": named("la estab", "school la estab", "la estab number", "la establishment number", "dfe number"),
    "type_code": named("type of establishment code", "establishment type code", "type code"),
    "type_name": named(
        "type of establishment name", "establishment type name", "type of establishment", "establishment type"
    ),
    "status_code": named("establishment status code", "status code"),
    "status_name": named("establishment status name", "establishment status", "status name", "status"),
    "phase_name": named("phase of education name", "phase of education", "education phase", "phase name", "phase"),
    "age_from": named("statutory low age", "low age", "age from"),
    "age_to": named("statutory high age", "high age", "age to"),
    "age_range": named("age range", "statutory age range"),
    "capacity_places": named("school capacity", "capacity", "capacity places"),
    "pupils": named("number of pupils", "pupils", "number on roll"),
    **{sen: named(f"sen {sen[3:]} name", f"sen {sen[3:]}", f"sen {sen[3:]} code") for sen in _SENS},
    "resourced_provision": named("type of resourced provision name", "type of resourced provision"),
    "resourced_places": named("resourced provision capacity"),
    "resourced_pupils": named("resourced provision on roll"),
    "unit_places": named("sen unit capacity"),
    "unit_pupils": named("sen unit on roll"),
    "boarders": named("boarders name", "boarders"),
    "sex_name": named("gender name", "gender", "sex name", "sex", "sex of school"),
    "sex_code": named("gender code", "sex code"),
    "easting": named("easting", "easting m"),
    "northing": named("northing", "northing m"),
    "longitude": named("longitude", "long", "lon"),
    "latitude": named("latitude", "lat"),
    "district_code": named("district administrative code", "district code"),
    "ward_code": named("administrative ward code", "ward code"),
    "lsoa_code": rf"{named('lsoa code')}|lsoa(20)?\d\d[ _]?(cd|code)?",
    "postcode": named("postcode", "post code", "school postcode"),
    "open_date": named("open date", "date opened"),
    "close_date": named("close date", "date closed"),
    "predecessors": named("predecessor urns", "predecessor urn", "predecessors"),
}
_COUNTS: Final = {
    "capacity_places": "places of the school",
    "pupils": "pupils on roll",
    "resourced_places": "places of the resourced provision",
    "resourced_pupils": "pupils of the resourced provision",
    "unit_places": "places of the SEN unit",
    "unit_pupils": "pupils of the SEN unit",
}
_SEXES: Final = {"1": "boys", "2": "girls", "3": "mixed", "boys": "boys", "girls": "girls", "mixed": "mixed"}
_NONE_WORDS: Final = ("not applicable", "none recorded")
_OLDEST: Final = 99

COLUMNS: Final = (
    *("urn", "school_name", "la_code", "la_name", "laestab", "type_code", "type_name", "kind", "sector", "status"),
    *("phase_name", "age_from", "age_to", "capacity_places", "pupils", "sen_needs", "resourced_provision"),
    *("resourced_places", "resourced_pupils", "unit_places", "unit_pupils", "boarders", "sex", "easting_m"),
    *("northing_m", "district_code", "ward_code", "lsoa_code", "postcode", "open_date", "close_date"),
    "predecessor_urns",
)


def read_gias(
    path: Path, issues: list[Issue], *, la_codes: Sequence[str] = (), register: pd.DataFrame | None = None
) -> Reading | None:
    """Read the register of schools: ``edubasealldataYYYYMMDD.csv``, or a cut of it with at least URN and name.

    Parameters
    ----------
    path
        A CSV file or workbook.
    issues
        Faults are appended here; nothing is raised for a fault in the file. A cell at fault is read as not stated.
    la_codes
        Three-digit codes of the local authorities wanted; none = every one in the file.
    register
        Schools of another GIAS file as this function gives them, by whose LAESTAB numbers a URN written like
        ``1e+05`` is repaired. Without it such rows are refused: nothing else in a file gives the digits back.

    Returns
    -------
    Reading or None
        One row a URN, sorted by it, with the columns `COLUMNS`: ``kind`` and ``sector`` of `gias_codes`, ``status``
        {open, open_but_closing, closed, proposed; blank when unknown}, whole numbers as float64 (NaN = not stated),
        ages as Int64, positions in EPSG:27700, dates as ISO text, ``sen_needs`` and ``predecessor_urns`` joined by
        ``;``. None, with an issue, when the file is of no use.
    """
    table = read_text_table(path, _WANTED, issues, kind=KIND, needed=("urn", "school_name"))
    if table is None:
        return None
    aside = {"another number of fields than the header": table.shifted} if table.shifted else {}
    cells, others = _of_authorities(Cells(table, _WANTED, KIND, issues, key="urn"), la_codes)
    if others:
        aside["another local authority, or none stated"] = others
    la_code = la_codes_of(cells)
    laestab = laestabs_of(cells, la_code)
    urns, refused = urns_of(cells, laestab, [""] * len(la_code), register)
    frame = _frame(cells, urns, la_code, laestab)
    frame = frame[frame["urn"] != ""]
    frame, repeated = _once(cells, frame)
    aside |= refused | repeated
    frame = frame.sort_values("urn", kind="stable", ignore_index=True)
    if table.encoding == "cp1252":
        cells.note("read as Windows text (cp1252)", len(frame))
    return Reading(frame, Account(path.name, KIND, table.read, len(frame), aside, cells.notes))


def _of_authorities(cells: Cells, la_codes: Sequence[str]) -> tuple[Cells, int]:
    """Return the rows of the authorities wanted, and how many others there are."""
    if not la_codes:
        return cells, 0
    if cells.has("la_code"):
        found = [whole_id(str(text), 3)[0] or str(text) for text in cells.table.get("la_code")]
    else:
        numbers = (re.sub(r"[\s/-]", "", str(text)) for text in cells.table.get("laestab"))
        found = [whole_id(text, LAESTAB_DIGITS)[0][:3] for text in numbers]
    mask = np.array([code in set(la_codes) for code in found], dtype=bool)
    if not mask.any():
        fault = CellFault(
            "no_such_authority",
            "error",
            f"the file has no school of the local authority {', '.join(la_codes)}",
            "check the three-digit code, and that the file is of the whole country or of this authority",
        )
        cells.say(fault, "la_code")
    return cells.part(mask), int((~mask).sum())


def _frame(cells: Cells, urns: NDArray[np.object_], la_code: list[str], laestab: list[str]) -> pd.DataFrame:
    """Return every row understood, those without a URN included; the index is the position in the file's table."""
    type_code, type_name = _types(cells)
    kinds = [TYPES.get(code) for code in type_code]
    status = _statuses(cells)
    in_england = np.array([code != WELSH_TYPE for code in type_code], dtype=bool)
    points = positions(cells, la_code, in_england=in_england)
    ages = _ages(cells)
    opened, closed = cells.dates("open_date"), cells.dates("close_date")
    undated = sum(one == "closed" and not day for one, day in zip(status, closed, strict=True))
    if undated:
        message = f"{undated:,} closed schools have no closing date, so no year is known in which they were open"
        cells.say(CellFault("closed_undated", "warning", message, "add the closing date to count them in past years"))
    columns = {
        "urn": urns,
        "school_name": cells.text("school_name"),
        "la_code": la_code,
        "la_name": cells.text("la_name"),
        "laestab": laestab,
        "type_code": type_code,
        "type_name": type_name,
        "kind": [one.kind if one else "other" for one in kinds],
        "sector": [one.sector if one else "" for one in kinds],
        "status": status,
        "phase_name": cells.text("phase_name", without=_NONE_WORDS),
        "age_from": pd.Series(ages[0]).astype("Int64"),
        "age_to": pd.Series(ages[1]).astype("Int64"),
        **{name: cells.numbers(name, meaning) for name, meaning in _COUNTS.items()},
        "sen_needs": _needs(cells),
        "resourced_provision": cells.text("resourced_provision", without=_NONE_WORDS),
        "boarders": cells.text("boarders", without=_NONE_WORDS),
        "sex": _sexes(cells),
        "easting_m": points[:, 0],
        "northing_m": points[:, 1],
        "district_code": cells.area_codes("district_code"),
        "ward_code": cells.area_codes("ward_code"),
        "lsoa_code": cells.area_codes("lsoa_code"),
        "postcode": cells.postcodes("postcode"),
        "open_date": opened,
        "close_date": closed,
        "predecessor_urns": cells.understand("predecessors", _urn_list, ""),
    }
    return pd.DataFrame(columns)[list(COLUMNS)]


def _once(cells: Cells, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return one row a URN: rows that say the same merged, rows that differ refused."""
    same = frame.duplicated().to_numpy()
    frame_once = frame[~same]
    differ = frame_once["urn"].duplicated(keep=False).to_numpy()
    merged = frame.index[same].to_numpy(dtype=np.intp)
    fault = CellFault("urn_twice", "note", "the row says the same as another of its URN", "nothing; it counts once")
    cells.report("urn", merged, fault)
    message = "several rows have this URN and differ, so none of them is used"
    fix = "keep the row that is right; give each site of a school with two sites an id of its own elsewhere"
    refused = frame_once.index[differ].to_numpy(dtype=np.intp)
    cells.report("urn", refused, CellFault("urn_differs", "error", message, fix))
    copies = int(frame.loc[same, "urn"].isin(frame_once.loc[differ, "urn"]).sum())
    reasons = {
        "the same row of a URN again": int(same.sum()) - copies,
        "rows of one URN that differ": int(differ.sum()) + copies,
    }
    return frame_once[~differ], {reason: rows for reason, rows in reasons.items() if rows}


def _code_text(text: str) -> str:
    """Return a code of the register as its lists have it: without ``.0`` and zeros in front."""
    plain = text.removesuffix(".0")
    return plain.lstrip("0") or plain


def _types(cells: Cells) -> tuple[list[str], list[str]]:
    """Return the code and the name of each school's type, the one from the other where the file has only one."""
    codes = [_code_text(str(text)) for text in cells.table.get("type_code")]
    names = cells.text("type_name")
    if not (cells.has("type_code") or cells.has("type_name")):
        message = "the file has no column of the type of establishment, so every kind is 'other'"
        cells.say(CellFault("column_missing", "warning", message, "add TypeOfEstablishment (code) or (name)"))
    by_name = {name: type_code_of(name) for name in dict.fromkeys(names)}
    column = "type_code" if cells.has("type_code") else "type_name"
    told = [by_name[name] for name in names]
    differ = [at for at, code in enumerate(codes) if code in TYPES and told[at] not in {"", code}]
    fault = CellFault("type_differs", "warning", "code and name of the type differ; the code is used", "correct one")
    cells.report(column, np.array(differ, dtype=np.intp), fault)
    found = [code or by_name[name] for code, name in zip(codes, names, strict=True)]
    cells.note("type code taken from the type's name", codes.count("") - found.count(""))
    unknown = [at for at, code in enumerate(found) if code not in TYPES and (codes[at] or names[at])]
    fix = "check the type; until it is known the school is of kind 'other'"
    for name in dict.fromkeys(names[at] or codes[at] for at in unknown):
        at = np.array([at for at in unknown if (names[at] or codes[at]) == name], dtype=np.intp)
        message = f"{name[:60]!r} is not a type of establishment that is known here ({len(at):,} rows)"
        cells.report(column, at[:1], CellFault("unknown_type", "warning", message, fix))
    return found, [name or (TYPES[code].name if code in TYPES else "") for code, name in zip(found, names, strict=True)]


def _statuses(cells: Cells) -> list[str]:
    if not (cells.has("status_code") or cells.has("status_name")):
        cells.note("no column of status: taken as open", len(cells.table))
        message = "the file has no column of status; every school is taken as open"
        cells.say(CellFault("no_status", "note", message, "nothing, if the file is a list of open schools"))
        return ["open"] * len(cells.table)
    codes = [STATUSES.get(_code_text(str(text)), "") for text in cells.table.get("status_code")]
    names = [STATUS_NAMES.get(plain_name(str(text)), "") for text in cells.table.get("status_name")]
    column = "status_code" if cells.has("status_code") else "status_name"
    pairs = list(zip(codes, names, strict=True))
    differ = np.array([at for at, (code, name) in enumerate(pairs) if code and name and code != name], dtype=np.intp)
    fault = CellFault(
        "status_differs", "warning", "code and name of the status differ; the code is used", "correct one"
    )
    cells.report(column, differ, fault)
    found = [code or name for code, name in pairs]
    unknown = np.array([at for at, status in enumerate(found) if not status], dtype=np.intp)
    fix = "use the register's words: Open, Closed, Open but proposed to close, Proposed to open"
    cells.report(column, unknown, CellFault("unknown_status", "error", "the status is not known", fix))
    return found


def _ages(cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lowest and highest age, from their two columns or from one of ranges such as ``5-11``."""
    low = cells.numbers("age_from", "lowest age of pupils", most=_OLDEST)
    high = cells.numbers("age_to", "highest age of pupils", most=_OLDEST)
    if cells.has("age_range"):
        pairs = cells.understand("age_range", _age_range, (np.nan, np.nan))
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        low, high = np.where(np.isnan(low), both[:, 0], low), np.where(np.isnan(high), both[:, 1], high)
    fault = CellFault("ages_crossed", "warning", "the lowest age is above the highest", "check both ages")
    cells.report("age_from" if cells.has("age_from") else "age_range", np.flatnonzero(low > high), fault)
    return low, high


def _age_range(text: str) -> tuple[tuple[float, float], CellFault | None]:
    match = re.fullmatch(r"(\d{1,2})\s*(?:-|–|to)\s*(\d{1,2})", text)
    if not text or match is not None:
        return ((float(match[1]), float(match[2])) if match else (np.nan, np.nan)), None
    message = f"{text[:60]!r} is not a range of ages"
    if re.search(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d[-/]\d+[-/]\d", text, re.IGNORECASE):
        message += ": a spreadsheet turned it into a date"
        fix = "set the column to text and type the range again, for example 5-11"
        return (np.nan, np.nan), CellFault("date_in_text", "error", message, fix)
    return (np.nan, np.nan), CellFault("not_an_age_range", "error", message, "write it like 5-11")


def _needs(cells: Cells) -> list[str]:
    """Return the needs of SEN1 to SEN13 joined by semicolons, in the file's order, each once."""
    found: list[list[str]] = [[] for _ in range(len(cells.table))]
    for sen in _SENS:
        for at, need in enumerate(cells.understand(sen, _need, "")):
            if need and need not in found[at]:
                found[at].append(need)
    return [";".join(needs) for needs in found]


def _need(text: str) -> tuple[str, CellFault | None]:
    code = need_code(text)
    if code is not None:
        return code, None
    fix = "use a code of the SEN2 return; BESD ended in 2014 and is not the same as SEMH"
    return "", CellFault("unknown_need", "warning", f"{text[:60]!r} is not a need that is known here", fix)


def _sexes(cells: Cells) -> list[str]:
    names = [_SEXES.get(str(text).casefold(), "") for text in cells.table.get("sex_name")]
    codes = [_SEXES.get(_code_text(str(text)), "") for text in cells.table.get("sex_code")]
    return [name or code for name, code in zip(names, codes, strict=True)]


def _urn_list(text: str) -> tuple[str, CellFault | None]:
    ids = [whole_id(part, URN_DIGITS)[0] for part in re.split(r"[;,\s]+", text) if part]
    if all(ids):
        return ";".join(dict.fromkeys(ids)), None
    message = f"{text[:60]!r} is not a list of URNs"
    return "", CellFault("not_a_urn", "error", message, "write URNs of six digits, separated by semicolons")
