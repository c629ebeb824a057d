"""From the areas of one year, or of one kind, to those of another: the lookups of ONS, and figures carried over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.issues import Issue
from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.text_table import MOST_NAMED, read_text_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["carry", "read_lookup"]

KIND: Final = "lookup of areas"
_CODE: Final = (
    r"(?:f_)?(oa|lsoa|msoa|wd|ward|lad|ltla|utla|cty|ctyua|ced|par|pcon|rgn|icb) ?_?(?:20)?(\d\d) ?_?(?:cd|code)"
)
_CHANGE: Final = r"chgind|change(?:_?indicator)?|chng_?ind"
# ONS: unchanged, split, merged, and neither (the areas do not fit into each other).
_CHANGES: Final = ("U", "S", "M", "X")
_MOST_IN_MESSAGE: Final = 5


def read_lookup(path: Path, issues: list[Issue], *, code_from: str = "", code_to: str = "") -> Reading | None:
    """Read a lookup between areas: of two vintages (LSOA 2011 to 2021), or the best fit of one kind to another.

    Parameters
    ----------
    path
        CSV file or workbook.
    issues
        Faults are appended here.
    code_from, code_to
        Regular expressions for the columns, in lower case (``lsoa21cd``, ``wd25cd``). Without them: the two vintages
        of the first kind of area that the file has two of, the older first; else the file's first two columns of codes.

    Returns
    -------
    Reading or None
        Table: code_from, code_to (the pair is unique), change {U, S, M, X, blank where the file does not say}; index
        ``row``. None, with an issue, when the file is of no use.
    """
    needed = {"code_from": code_from or _CODE, "code_to": code_to or _CODE}
    text = read_text_table(path, needed | {"change": _CHANGE}, issues, kind=KIND, needed=list(needed), also=_CODE)
    if text is None:
        return None
    names = _code_columns(text.header)
    own = {name: next(one for one in text.header if re.fullmatch(pattern, one)) for name, pattern in needed.items()}
    by_name = dict(text.columns) | {own[name]: text.columns[name] for name in needed}
    pair = (own["code_from"], own["code_to"]) if code_from and code_to else _pair(names, own, code_from, code_to)
    if pair is None or pair[0] == pair[1]:
        message = "the file does not have two columns of codes, such as LSOA11CD and LSOA21CD"
        fault = ("column_missing", "error", message, "check that it is the right file, or name its columns")
        issues.append(Issue(text.file, None, KIND, "", "", "", *fault))
        return None
    frame = pd.DataFrame({"code_from": by_name[pair[0]], "code_to": by_name[pair[1]], "change": text.get("change")})
    frame["change"] = [code.upper() for code in frame["change"]]
    frame.index = pd.Index(text.rows, name="row")
    aside = {"another number of fields than the header": text.shifted} if text.shifted else {}
    frame = _good_rows(frame, text.file, aside, issues)
    notes = {f"{pair[0]} to {pair[1]}": len(frame)}
    account = Account(text.file, KIND, text.read, len(frame), {why: n for why, n in aside.items() if n}, notes)
    return Reading(frame, account)


def _code_columns(header: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return kind of area, year and name of the columns of codes, in the file's order."""
    return [(match[1], int(match[2]), name) for name in header if (match := re.fullmatch(_CODE, name))]


def _pair(
    names: Sequence[tuple[str, int, str]], own: dict[str, str], code_from: str, code_to: str
) -> tuple[str, str] | None:
    """Return the columns to read where they are not both named."""
    if code_from or code_to:
        named = own["code_from"] if code_from else own["code_to"]
        other = next((name for _, _, name in names if name != named), "")
        return (named, other) if code_from else (other, named)
    for kind, _, _ in names:
        same = sorted((year, name) for one, year, name in names if one == kind)
        if len(same) > 1 and same[0][0] != same[1][0]:
            return same[0][1], same[1][1]
    return (names[0][2], names[1][2]) if len(names) > 1 else None


def _good_rows(frame: pd.DataFrame, file: str, aside: dict[str, int], issues: list[Issue]) -> pd.DataFrame:
    """Return the rows with two codes, each pair once; the others are reported."""
    is_code = frame[["code_from", "code_to"]].apply(lambda column: column.str.fullmatch(r"[A-Z0-9]{4,9}"))
    good = is_code.all(axis=1)
    _say(frame.index[~good], file, "no_code", "the row does not have two codes of areas", issues)
    aside["without two codes of areas"] = int((~good).sum())
    frame = frame[good]
    known = frame["change"].isin([*_CHANGES, ""])
    _say(frame.index[~known], file, "unknown_code", "the kind of change is none of U, S, M and X", issues)
    aside["a kind of change that is not known"] = int((~known).sum())
    frame = frame[known]
    again = frame.duplicated(["code_from", "code_to"], keep="first")
    differs = again & ~frame.duplicated(keep="first")
    _say(frame.index[differs], file, "key_twice", "the same two codes stand there with another kind of change", issues)
    aside["the same two codes again"] = int(again.sum())
    return frame[~again]


def _say(rows: pd.Index[int], file: str, check: str, message: str, issues: list[Issue]) -> None:
    fault = (check, "error", message, "correct the row")
    issues += [Issue(file, int(row), KIND, "", "", "", *fault) for row in rows[:MOST_NAMED]]
    if len(rows) > MOST_NAMED:
        more = f"{len(rows) - MOST_NAMED:,} more rows alike: {message}"
        issues.append(Issue(file, None, KIND, "", "", "", check, "error", more, "mend them alike"))


def carry(
    table: pd.DataFrame,
    lookup: pd.DataFrame,
    *,
    by: str = "area_code",
    value: str = "people",
    weight: pd.Series[float] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Carry figures from the areas of one year, or kind, to those of another; every total is kept.

    One-to-one and merged areas add up. The figure of an area that is split is shared among its new areas, by `weight`
    or equally: an assumption, and the account says how much was shared. A missing figure makes the figures that it
    enters missing.

    Parameters
    ----------
    table
        Figures; every column but `by` and `value` is part of the key (year, sex, ages).
    lookup
        The table of `read_lookup`.
    by, value
        The columns of areas and of figures.
    weight
        Weight by code_to, such as the residents of a census; needed for every area that shares. Where the weights of
        all the areas of a split are 0 it is shared equally.

    Returns
    -------
    tuple of DataFrame
        The table in the new areas, with the columns and their order of `table`, sorted by key in order of first
        appearance; and the account: change {unchanged, renamed, merged, split, all}, codes_from, codes_to, before,
        after (sums of `value`; before = after to within 1e-9 of it).

    Raises
    ------
    DataError
        When a code of the table is not in the lookup, a weight is missing or below 0, or a column is missing.
    """
    _check_columns(table, lookup, by, value)
    pairs = lookup[["code_from", "code_to"]].drop_duplicates()
    codes = set(table[by])
    _refuse(codes - set(pairs["code_from"]), "of the table are not in the lookup", "use the lookup of their year")
    pairs = pairs[pairs["code_from"].isin(codes)]
    pairs = pairs.assign(share=_shares(pairs, weight))
    pairs["kind"] = _kinds(pairs, lookup)
    figures = table.assign(_order=np.arange(len(table)))
    joined = figures.merge(pairs, left_on=by, right_on="code_from", how="left", sort=False, validate="many_to_many")
    joined = joined.sort_values("_order", kind="stable")
    joined["_carried"] = joined[value].to_numpy(dtype=np.float64) * joined["share"].to_numpy()
    keys = ["code_to", *(name for name in table.columns if name not in {by, value})]
    # without min_count a missing figure would be added as 0
    grouped = joined.groupby(keys, sort=False, dropna=False, observed=True)["_carried"]
    sums = grouped.sum().where(grouped.count() == grouped.size()).rename(value).reset_index()
    carried = sums.rename(columns={"code_to": by})[list(table.columns)]
    return carried, _totals(table, joined, by, value)


def _check_columns(table: pd.DataFrame, lookup: pd.DataFrame, by: str, value: str) -> None:
    missing = [name for name in (by, value) if name not in table.columns]
    missing += [name for name in ("code_from", "code_to") if name not in lookup.columns]
    if missing:
        message = f"there is no column {', '.join(missing)}: name the columns of areas and figures"
        raise DataError(message)


def _refuse(codes: set[str], what: str, fix: str) -> None:
    if codes:
        named = sorted(str(code) for code in codes)
        more = f" and {len(named) - _MOST_IN_MESSAGE:,} more" if len(named) > _MOST_IN_MESSAGE else ""
        message = f"the areas {', '.join(named[:_MOST_IN_MESSAGE])}{more} {what}: {fix}"
        raise DataError(message)


def _shares(pairs: pd.DataFrame, weight: pd.Series[float] | None) -> NDArray[np.float64]:
    """Return the share of each old area's figure that each of its new areas takes; they sum to 1."""
    parts = pairs.groupby("code_from")["code_to"].transform("size").to_numpy()
    shares = 1.0 / parts
    if weight is None:
        return np.asarray(shares, dtype=np.float64)
    if weight.index.has_duplicates:
        raise DataError("an area has two weights: give each once")
    weights = weight.reindex(pairs["code_to"]).to_numpy(dtype=np.float64)
    split = parts > 1
    bad = split & ~(np.isfinite(weights) & (weights >= 0))
    _refuse(set(pairs["code_to"][bad]), "have no weight of 0 or more", "give one for every area that shares a figure")
    weights = np.where(split, weights, 1.0)
    sums = pd.Series(weights).groupby(pairs["code_from"].to_numpy()).transform("sum").to_numpy()
    return np.where(sums > 0, weights / np.where(sums > 0, sums, 1.0), shares)


def _kinds(pairs: pd.DataFrame, lookup: pd.DataFrame) -> NDArray[np.object_]:
    """Return what becomes of each old area, by the pairs themselves and not by what the file calls it."""
    several_to = pairs.groupby("code_from")["code_to"].transform("size") > 1
    froms = lookup[["code_from", "code_to"]].drop_duplicates()["code_to"].value_counts()
    several_from = pairs["code_to"].map(froms) > 1
    same = pairs["code_from"] == pairs["code_to"]
    kinds = np.select([several_to, several_from, same], ["split", "merged", "unchanged"], default="renamed")
    return np.asarray(kinds, dtype=object)


def _totals(table: pd.DataFrame, joined: pd.DataFrame, by: str, value: str) -> pd.DataFrame:
    kind_of = joined.drop_duplicates("code_from").set_index("code_from")["kind"]
    kinds = table[by].map(kind_of)
    lines = []
    for kind in ("unchanged", "renamed", "merged", "split", "all"):
        before = table if kind == "all" else table[kinds == kind]
        after = joined if kind == "all" else joined[joined["kind"] == kind]
        sums = float(before[value].sum()), float(after["_carried"].sum())
        lines.append((kind, before[by].nunique(), after["code_to"].nunique(), *sums))
    return pd.DataFrame(lines, columns=["change", "codes_from", "codes_to", "before", "after"])
