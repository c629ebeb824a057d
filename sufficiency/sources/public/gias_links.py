"""The same school under two URNs: links between establishments, pairs found without links, and years counted once.

When a school becomes an academy, or schools amalgamate, the register closes one URN and opens another. Both stand in
the file, and both have a capacity.
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from sufficiency.sources.public.account import Account, Reading
from sufficiency.sources.public.gias_cells import Cells, named
from sufficiency.sources.public.gias_codes import SPECIAL_KINDS, plain_name
from sufficiency.sources.public.gias_ids import urns_of
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sufficiency.model.issues import Issue

__all__ = ["open_in", "read_gias_links", "same_school_twice", "with_predecessors"]

KIND: Final = "links between schools (GIAS)"
LINK_COLUMNS: Final = ("urn", "link_urn", "link_name", "link_type", "link_date")
PAIR_COLUMNS: Final = (
    *("predecessor_urn", "successor_urn", "predecessor_name", "successor_name", "close_date", "open_date"),
    "found_by",
)
BY_LINK: Final = "link"
BY_PLACE: Final = "place, name and dates"
# how near two positions are that are one site, and how far closing and opening may lie apart
SAME_SITE_M: Final = 100.0
MOST_DAYS_BETWEEN: Final = 62
LEAST_LIKENESS: Final = 0.6
_WANTED: Final[dict[str, str]] = {
    "urn": named("urn"),
    "link_urn": named("link urn", "linked urn"),
    "link_name": named("link name"),
    "link_type": named("link type"),
    "link_date": named("link established date", "link date"),
}
# words that a school loses or gains when it changes its status, and that say nothing of which school it is
_COMMON: Final = frozenset(
    (
        *("the", "a", "of", "and", "for", "school", "schools", "academy", "academies", "college", "primary"),
        *("secondary", "special", "community", "foundation", "free", "trust", "church", "england", "ce", "cofe", "c"),
        *("e", "rc", "roman", "catholic", "voluntary", "aided", "controlled", "va", "vc", "high", "centre"),
    )
)


def read_gias_links(path: Path, issues: list[Issue]) -> Reading | None:
    """Read ``links_edubasealldata*.csv``: which establishment followed which.

    Parameters
    ----------
    path
        A CSV file with URN, LinkURN and LinkType.
    issues
        Faults are appended here.

    Returns
    -------
    Reading or None
        Columns urn, link_urn, link_name, link_type, link_date (ISO text): the school ``link_urn`` is the ``link_type``
        (such as Predecessor) of the school ``urn``. None, with an issue, when the file is of no use.
    """
    table = read_text_table(path, _WANTED, issues, kind=KIND, needed=("urn", "link_urn", "link_type"))
    if table is None:
        return None
    aside = {"another number of fields than the header": table.shifted} if table.shifted else {}
    cells = Cells(table, _WANTED, KIND, issues, key="urn")
    blank = [""] * len(table)
    urns, refused = urns_of(cells, blank, blank, None)
    linked, _ = urns_of(cells, blank, blank, None, name="link_urn")
    frame = pd.DataFrame(
        {
            "urn": urns,
            "link_urn": linked,
            "link_name": cells.text("link_name"),
            "link_type": cells.text("link_type"),
            "link_date": cells.dates("link_date"),
        }
    )
    without = int(((frame["urn"] != "") & (frame["link_urn"] == "")).sum())
    if without:
        refused["linked URN missing or not a URN"] = without
    frame = frame[(frame["urn"] != "") & (frame["link_urn"] != "")]
    same = frame.duplicated()
    if same.any():
        refused["the same link again"] = int(same.sum())
    frame = frame[~same].sort_values(list(LINK_COLUMNS), kind="stable", ignore_index=True)
    return Reading(frame, Account(path.name, KIND, table.read, len(frame), aside | refused, cells.notes))


def with_predecessors(table: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the schools with ``predecessor_urns`` as the links have them, added to those that the file had.

    Parameters
    ----------
    table, links
        As `read_gias` and `read_gias_links` give them.
    """
    before: dict[str, list[str]] = {
        urn: text.split(";") for urn, text in _pairs(table["urn"], table["predecessor_urns"])
    }
    for old, new in _link_pairs(links):
        if new in before:
            before[new].append(old)
    joined = [";".join(sorted({urn for urn in before[urn_] if urn})) for urn_ in table["urn"]]
    return table.assign(predecessor_urns=joined)


def same_school_twice(table: pd.DataFrame, links: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the pairs of establishments that are one school before and after a change of its URN.

    A pair is found by a link (Predecessor or Successor, amalgamated and split ones included; a school that merged into
    one which went on is another school, and no pair), by ``predecessor_urns``, or where all of these hold: one postcode
    or positions within 100 m; a likeness of names; kinds that fit; and one closing within 62 days of the other's
    opening.

    Parameters
    ----------
    table
        Schools as `read_gias` gives them.
    links
        Links as `read_gias_links` gives them, if there are any.

    Returns
    -------
    DataFrame
        predecessor_urn, successor_urn, predecessor_name, successor_name, close_date (of the predecessor), open_date (of
        the successor) and found_by {"link", "place, name and dates"}; sorted by successor and predecessor.
    """
    facts = zip(table["school_name"], table["close_date"], table["open_date"], strict=True)
    schools = dict(zip(table["urn"], facts, strict=True))
    found = dict.fromkeys(_by_place(table), BY_PLACE)
    told = {(old, new) for new, text in _pairs(table["urn"], table["predecessor_urns"]) for old in text.split(";")}
    told |= set() if links is None else set(_link_pairs(links))
    found |= {(old, new): BY_LINK for old, new in told if old in schools and new in schools and old != new}
    rows = [
        (old, new, schools[old][0], schools[new][0], schools[old][1], schools[new][2], how)
        for (old, new), how in sorted(found.items(), key=lambda one: (one[0][1], one[0][0]))
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def open_in(table: pd.DataFrame, year: int, links: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the establishments open on a day of an academic year, a school under two URNs once.

    A school that closes on 31 August and its successor that opens on 1 September are each in one year. Where both are
    open in a year because the change fell within it, the one that was open on 1 September stays (places are counted
    that day); where both were, the successor. A school without an opening date has always been open; one without a
    closing date still is, unless its status is closed, when no year is known; a proposed one needs an opening date.

    Parameters
    ----------
    table
        Schools as `read_gias` gives them.
    year
        September in which the academic year starts.
    links
        Links as `read_gias_links` gives them, if there are any.
    """
    first, last = f"{year}-09-01", f"{year + 1}-08-31"
    opened, closed = table["open_date"], table["close_date"]
    undated = (closed == "") & (table["status"] == "closed") | (opened == "") & (table["status"] == "proposed")
    during = ~undated & (opened <= last) & ((closed == "") | (closed >= first))
    first_day = dict(zip(table["urn"], (during & (opened <= first)).tolist(), strict=True))
    present = set(table.loc[during, "urn"])
    pairs = same_school_twice(table[during], links)
    dropped = set()
    for old, new in zip(pairs["predecessor_urn"], pairs["successor_urn"], strict=True):
        if old in present and new in present:
            dropped.add(old if first_day[new] else new)
    return table[during & ~table["urn"].isin(dropped)].reset_index(drop=True)


def _pairs(left: pd.Series, right: pd.Series) -> Iterator[tuple[str, str]]:
    return zip(left.astype(str), right.astype(str), strict=True)


def _link_pairs(links: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield (predecessor, successor) of the links that say that one school took the other's place."""
    for urn, other, kind in zip(links["urn"], links["link_urn"], links["link_type"], strict=True):
        words = plain_name(str(kind))
        if "merged" in words:
            continue
        if words.startswith("predecessor"):
            yield str(other), str(urn)
        elif words.startswith("successor"):
            yield str(urn), str(other)


def _near(table: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Yield the pairs of positions in the table of schools at one postcode or within the distance of one site."""
    by_postcode: dict[str, list[int]] = {}
    for at, postcode in enumerate(table["postcode"].tolist()):
        if postcode:
            by_postcode.setdefault(postcode, []).append(at)
    for group in by_postcode.values():
        yield from itertools.permutations(group, 2)
    points = table[["easting_m", "northing_m"]].to_numpy(dtype=np.float64)
    placed = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(placed) > 1:
        for a, b in placed[cKDTree(points[placed]).query_pairs(SAME_SITE_M, output_type="ndarray")].tolist():
            yield from ((a, b), (b, a))


def _by_place(table: pd.DataFrame) -> set[tuple[str, str]]:
    """Return (predecessor, successor) of those at one place, alike in name, of which one closes as the other opens."""
    dated = table[(table["open_date"] != "") | (table["close_date"] != "")]
    urns, names, kinds = dated["urn"].tolist(), dated["school_name"].tolist(), dated["kind"].tolist()
    # 0 = no date
    opened, closed = (
        [dt.date.fromisoformat(day).toordinal() if day else 0 for day in dated[name]]
        for name in ("open_date", "close_date")
    )
    found = set()
    for old, new in _near(dated):
        # first what is quickest to rule out: many schools may stand at one place
        if not closed[old] or abs(opened[new] - closed[old]) > MOST_DAYS_BETWEEN or opened[old] >= opened[new]:
            continue
        if _kinds_fit(kinds[old], kinds[new]) and likeness(names[old], names[new]) >= LEAST_LIKENESS:
            found.add((urns[old], urns[new]))
    return found


def _kinds_fit(old: str, new: str) -> bool:
    return old == new or "other" in {old, new} or {old, new} <= SPECIAL_KINDS


def likeness(left: str, right: str) -> float:
    """Return how alike two schools' names are, 0 to 1, by the words that say which school it is.

    The share of the shorter name's words that the longer has, or the likeness of the letters if that is greater.
    """
    words = [
        [word for word in plain_name(name.replace("'", "")).split() if word not in _COMMON] for name in (left, right)
    ]
    if not all(words):
        return float(plain_name(left) == plain_name(right))
    shared = len(set(words[0]) & set(words[1])) / min(len(set(words[0])), len(set(words[1])))
    letters = difflib.SequenceMatcher(None, " ".join(words[0]), " ".join(words[1])).ratio()
    return max(shared, letters)
