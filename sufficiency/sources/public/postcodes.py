"""Postcodes: the directories of ONS and Ordnance Survey, the normal form, and where the postcodes of records lie.

A directory is public and its postcodes may be kept; a pupil's postcode is personal. What comes out of
`locate_postcodes`, and every issue, is free of postcodes.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.geography import within_great_britain
from sufficiency.model.issues import Issue
from sufficiency.sources.cells import GSS_SYMBOLS
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.text_table import MOST_NAMED, TextTable, header_of, read_text_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CLASSES", "locate_postcodes", "normal_postcode", "read_postcodes"]

KIND: Final = "postcode directory"
CLASSES: Final = (
    "ok",
    "terminated",
    "no_position",
    "pseudo",
    "not_geographic",
    "unknown",
    "malformed",
    "blank",
)
_COLUMNS: Final = {
    "postcode": r"pcds|pcd[278]?|postcode|post code|postcode_?unit|pc",
    "ended": r"doterm|date_?of_?termination",
    "easting": r"oseast1m|east1m|eastings?|easting_m|ea",
    "northing": r"osnrth1m|north1m|northings?|northing_m|no",
    "grid": r"osgrdind|gridind",
    "quality": r"pqi?|positional_quality_indicator",
    "latitude": r"lat|latitude",
    "country": r"(os)?ctry(\d\dcd)?|country(_?code)?|cy",
}
# Codes whose names carry the year of their vintage, or none; the newest in the file is taken.
_CODES: Final = {
    "lsoa": r"lsoa_?(\d\d)?(cd|_?code)?",
    "district": r"(?:oslaua|laua|(?:admin_)?district(?:_?code)?|dc|lad_?(\d\d)?(?:cd|_?code)?)",
    "ward": r"(?:osward|(?:admin_)?ward(?:_?code)?|wc|wd_?(\d\d)?(?:cd|_?code)?)",
}
# The columns of Code-Point Open, whose files have no header.
_CODE_POINT: Final = ("pc", "pq", "ea", "no", "cy", "rh", "lh", "cc", "dc", "wc")

_INWARD: Final = r"[0-9][ABD-HJLNP-UW-Z]{2}"
_OUTWARD: Final = (
    r"(?:[A-PR-UWYZ](?:[1-9][0-9]?|[1-9][A-HJ-NPR-Y])"
    r"|[A-PR-UWYZ][A-HK-Y](?:[0-9]|[1-9][0-9]|[1-9][A-HJ-NPR-Y])|XX[1-9][0-9]?|NPT)"
)
_NORMAL: Final = re.compile(rf"{_OUTWARD} {_INWARD}|ZZ99 [0-9][A-Z]{{2}}|GIR 0AA")
_NOT_GEOGRAPHIC: Final = ("BX", "XX", "BF", "GIR")
# Northern Ireland is on the Irish grid; the Crown dependencies are on none that a directory gives.
_OFF_THE_GRID: Final = frozenset({"BT", "JE", "GY", "IM"})
_OFF_COUNTRIES: Final = ("N92000002", "L93000001", "M83000003")
# An array of objects gives every row the one text, not a copy.
_STATUSES: Final = np.array(["live", "terminated"], dtype=object)
_NO_LATITUDE: Final = "99.99"


def normal_postcode(text: object) -> str:
    """Return a postcode as ``"OX1 1AA"``; blank when it is malformed.

    Case, missing and repeated spaces are mended, and so are a letter O typed for a zero and a zero for the letter O
    where only one of the two can stand. Anything else is left malformed: nothing is guessed.

    Parameters
    ----------
    text
        What was typed. Missing values give a blank.
    """
    if not isinstance(text, str):
        return ""
    if _NORMAL.fullmatch(text):
        return text
    plain = "".join(text.upper().split())
    if not 5 <= len(plain) <= 7 or not plain.isascii():
        return ""
    outward, inward = plain[:-3], plain[-3:]
    spaced = f"{outward} {inward}"
    if _NORMAL.fullmatch(spaced):
        return spaced
    if inward[0] == "O":
        inward = f"0{inward[1:]}"
    places = [("O", "0") if letter in "O0" else (letter,) for letter in outward]
    could_be = [f"{''.join(letters)} {inward}" for letters in product(*places)]
    typed = f"{outward} {inward}"
    possible = [typed] if _NORMAL.fullmatch(typed) else [one for one in could_be if _NORMAL.fullmatch(one)]
    return possible[0] if len(possible) == 1 else ""


def read_postcodes(path: Path, issues: list[Issue], *, districts: Sequence[str] = ()) -> Reading | None:
    """Read a postcode directory: ONSPD or NSPL of any vintage, or Code-Point Open with or without a header.

    Where a file has codes of several vintages the newest is taken (``lsoa21`` before ``lsoa11``), and the account's
    notes name it.

    Parameters
    ----------
    path
        CSV file or workbook.
    issues
        Faults are appended here.
    districts
        Codes of the authorities to keep; none = all.

    Returns
    -------
    Reading or None
        Table: postcode (unique), easting_m, northing_m (NaN = the directory gives no position in Great Britain),
        lsoa_code, district_code, ward_code (blank = not given), status {live, terminated}; index ``row``, the row of
        the file. Set aside, by reason: rows of another length, malformed postcodes, other districts, repeated
        postcodes. None, with an issue, when the file is of no use.
    """
    names = header_of(path)
    bare = _is_bare_code_point(names)
    header = _CODE_POINT if bare else names
    newest = {name: _newest(pattern, header) for name, pattern in _CODES.items()}
    wanted = _COLUMNS | {name: re.escape(found) if found else _CODES[name] for name, found in newest.items()}
    if "pcds" in header:
        # of the three spellings of ONS the one that is the normal form already
        wanted["postcode"] = "pcds"
    needed = ["postcode", "easting", "northing", *(["district"] if districts else [])]
    text = read_text_table(path, wanted, issues, kind=KIND, needed=needed, header=_CODE_POINT if bare else ())
    if text is None:
        return None
    aside = {"another number of fields than the header": text.shifted} if text.shifted else {}
    kept = np.arange(len(text))
    if districts:
        within = pd.Series(text.get("district")).isin(set(districts)).to_numpy()
        aside["in another district"] = int((~within).sum())
        kept = kept[within]
    frame = _entries(text, kept, issues)
    malformed = (frame["postcode"] == "").to_numpy()
    _say_malformed(text, frame.index[malformed], issues)
    aside["not a postcode"] = int(malformed.sum())
    file, read = text.file, text.read
    # millions of texts that are no longer needed
    del text
    frame = _without_repeats(frame[~malformed] if malformed.any() else frame, file, aside, issues)
    if frame.empty:
        where = " in the districts asked for" if districts else ""
        fix = "check the codes of the districts (E07000178 and the like), and that it is the right file"
        fault = ("no_rows", "error", f"the directory has no postcode{where}", fix)
        issues.append(Issue(file, None, KIND, "", "", "", *fault))
    notes = {f"codes taken from the column {found}": len(frame) for found in newest.values() if found}
    notes["without a position in Great Britain"] = int(frame["easting_m"].isna().sum())
    aside = {why: rows for why, rows in aside.items() if rows}
    account = Account(file, KIND, read, len(frame), aside, notes)
    return Reading(frame, account)


def _is_bare_code_point(first: Sequence[str]) -> bool:
    return (
        len(first) == len(_CODE_POINT)
        and normal_postcode(first[0]) != ""
        and all(re.fullmatch(r"\d+", cell) for cell in first[1:4])
    )


def _newest(pattern: str, header: Sequence[str]) -> str:
    """Return the name of the column of the newest vintage; one without a year counts as the oldest."""
    found = [(int(match[1] or -1), name) for name in header if (match := re.fullmatch(pattern, name))]
    return max(found, key=lambda one: one[0])[1] if found else ""


def _entries(text: TextTable, kept: NDArray[np.int64], issues: list[Issue]) -> pd.DataFrame:
    """Return the rows kept, typed; a malformed postcode is blank."""
    is_normal = _NORMAL.fullmatch
    postcodes = [one if is_normal(one) else normal_postcode(one) for one in text.get("postcode")[kept]]
    east, north = (_metres(text, name, kept, issues) for name in ("easting", "northing"))
    nowhere = np.isnan(east) | np.isnan(north)
    nowhere |= (text.get("grid")[kept] == "9") | (text.get("quality")[kept] == "90")
    nowhere |= pd.Series(text.get("country")[kept]).isin(_OFF_COUNTRIES).to_numpy()
    nowhere |= np.fromiter((one.startswith(_NO_LATITUDE) for one in text.get("latitude")[kept]), bool, len(kept))
    nowhere |= np.fromiter((one[:2] in _OFF_THE_GRID for one in postcodes), bool, len(kept))
    outside = ~nowhere
    outside[outside] = ~within_great_britain(east[outside], north[outside])
    rows = text.rows[kept]
    for row in rows[outside][:MOST_NAMED]:
        message = "the easting and northing are not a position in Great Britain, in metres"
        fix = "check that the columns are metres of the National Grid, easting first; the postcode has no position"
        fault = ("position_outside", "error", message, fix)
        issues.append(Issue(text.file, int(row), KIND, "", "easting", "", *fault))
    _say_more(text.file, int(outside.sum()), "rows have no position in Great Britain", "position_outside", issues)
    nowhere |= outside
    frame = pd.DataFrame(
        {
            "postcode": np.array(postcodes, dtype=object),
            "easting_m": np.where(nowhere, np.nan, east),
            "northing_m": np.where(nowhere, np.nan, north),
            **{f"{name}_code": text.get(name)[kept] for name in ("lsoa", "district", "ward")},
            "status": _STATUSES[(text.get("ended")[kept] != "").astype(np.int64)],
        }
    )
    frame.index = pd.Index(rows, name="row")
    return frame


def _metres(text: TextTable, name: str, kept: NDArray[np.int64], issues: list[Issue]) -> NDArray[np.float64]:
    """Return a coordinate; blank, 0 and the symbols of missing figures are no position, other text is reported."""
    cells = text.get(name)[kept]
    values = np.fromiter((float(cell) if cell.isdecimal() else np.nan for cell in cells), np.float64, len(cells))
    rest = np.array([at for at in np.flatnonzero(np.isnan(values)) if cells[at]], dtype=np.int64)
    values[rest] = pd.to_numeric(pd.Series(cells[rest], dtype=object), errors="coerce")
    odd = [at for at in rest[np.isnan(values[rest])] if cells[at].lower() not in GSS_SYMBOLS]
    for at in odd[:MOST_NAMED]:
        message = f"the {name} is not a number"
        fault = ("text_in_number", "error", message, "write metres of the National Grid; the postcode has no position")
        issues.append(Issue(text.file, int(text.rows[kept[at]]), KIND, "", name, "text", *fault))
    _say_more(text.file, len(odd), f"rows have no number as {name}", "text_in_number", issues)
    values[values == 0] = np.nan
    return values


def _say_more(file: str, faults: int, what: str, check: str, issues: list[Issue]) -> None:
    if faults > MOST_NAMED:
        message = f"{faults - MOST_NAMED:,} more {what}"
        issues.append(Issue(file, None, KIND, "", "", "", check, "error", message, "mend them alike"))


def _say_malformed(text: TextTable, rows: pd.Index[int], issues: list[Issue]) -> None:
    # The cell is not shown: a list of pupils' postcodes may have been given by mistake.
    for row in rows[:MOST_NAMED]:
        fault = ("not_a_postcode", "error", "the cell is not a postcode", "correct it, such as OX1 1AA")
        issues.append(Issue(text.file, int(row), KIND, "", "postcode", "text", *fault))
    _say_more(text.file, len(rows), "rows have no postcode", "not_a_postcode", issues)


def _without_repeats(frame: pd.DataFrame, file: str, aside: dict[str, int], issues: list[Issue]) -> pd.DataFrame:
    """Return the table with every postcode once: equal rows are merged, contradicting ones all left out."""
    twice = frame["postcode"].duplicated(keep=False)
    if not twice.any():
        return frame
    repeats = frame[twice]
    same = repeats.duplicated(keep="first")
    different = repeats[~same]
    refused = different[different["postcode"].duplicated(keep=False)]
    contradicted = frame["postcode"].isin(set(refused["postcode"]))
    merged = frame.duplicated(keep="first") & ~contradicted
    aside["the same entry again"] = int(merged.sum())
    aside["a postcode with two different entries"] = int(contradicted.sum())
    rows = frame.index[contradicted]
    for row in rows[:MOST_NAMED]:
        message = "the postcode stands in the directory again with another position, code or status"
        fault = ("key_twice", "error", message, "keep the right one of its rows; until then it is unknown")
        issues.append(Issue(file, int(row), KIND, "", "postcode", "", *fault))
    _say_more(file, len(rows), "rows have a postcode that stands twice, with different entries", "key_twice", issues)
    return frame[~contradicted & ~merged]


def locate_postcodes(values: pd.Series[str], postcodes: pd.DataFrame) -> pd.DataFrame:
    """Say where the postcodes of records lie, without saying the postcodes.

    Parameters
    ----------
    values
        Postcodes as they were typed; missing values are blank.
    postcodes
        The table of `read_postcodes`.

    Returns
    -------
    DataFrame
        A row for every value, on the same index: class (`CLASSES`), easting_m, northing_m (NaN without a position),
        lsoa_code, district_code (blank where unknown). A terminated postcode has its last position. ``no_position`` is
        one that the directory knows without a position, or one of Northern Ireland, the Channel Islands or the Isle
        of Man; ``pseudo`` is ZZ99 (no fixed abode and the like); ``not_geographic`` is BX, XX, BF and GIR 0AA. A true
        postcode of a district that was not read is ``unknown``.

    Raises
    ------
    DataError
        When a postcode stands twice in the directory given.
    """
    codes, distinct = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=True)
    typed = ["" if one is None else str(one) for one in distinct] + [""]
    normal = [normal_postcode(one) for one in typed]
    directory = pd.Index(postcodes["postcode"])
    if directory.has_duplicates:
        message = "a postcode stands twice in the directory: read it with read_postcodes, which merges or refuses them"
        raise DataError(message)
    at = directory.get_indexer(pd.Index(normal, dtype=object))
    spare = {"easting_m": np.nan, "northing_m": np.nan, "lsoa_code": "", "district_code": "", "status": ""}
    # one row more than the directory has, for what it does not list: get_indexer says -1
    directory_rows = pd.concat([postcodes[list(spare)], pd.DataFrame([spare])], ignore_index=True)
    found = directory_rows.take(np.where(at < 0, len(postcodes), at))
    placed = (found["easting_m"].notna() & found["northing_m"].notna()).to_numpy()
    classes = _classes(typed, normal, at >= 0, placed, (found["status"] == "terminated").to_numpy())
    located = np.isin(classes.astype(str), ["ok", "terminated"])
    known = located | (classes == "no_position")
    # factorize gives -1 to missing values: the last of the distinct ones, which is blank
    out = pd.DataFrame(
        {
            "class": classes[codes],
            "easting_m": np.where(located, found["easting_m"], np.nan)[codes],
            "northing_m": np.where(located, found["northing_m"], np.nan)[codes],
            "lsoa_code": np.where(known, found["lsoa_code"], "")[codes],
            "district_code": np.where(known, found["district_code"], "")[codes],
        }
    )
    out.index = values.index
    return out


def _classes(
    typed: Sequence[str],
    normal: Sequence[str],
    listed: NDArray[np.bool_],
    placed: NDArray[np.bool_],
    ended: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return the class of each postcode: the first that applies."""
    plain = ["".join(one.upper().split()) for one in typed]
    off = np.array([one[:2] in _OFF_THE_GRID for one in normal], dtype=bool)
    first_that_applies = {
        "blank": np.array([not one for one in plain], dtype=bool),
        "pseudo": np.array([one.startswith("ZZ99") for one in plain], dtype=bool),
        "malformed": np.array([not one for one in normal], dtype=bool),
        "not_geographic": np.array([one.startswith(_NOT_GEOGRAPHIC) for one in normal], dtype=bool),
        "no_position": off | (listed & ~placed),
        "unknown": ~listed,
        "terminated": ended,
    }
    classes = np.select(list(first_that_applies.values()), list(first_that_applies), default="ok")
    return np.asarray(classes, dtype=object)
