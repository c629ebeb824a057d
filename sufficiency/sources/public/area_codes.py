"""How published files name areas: the columns of codes by level and vintage, and what the codes look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
import shapely

from sufficiency.model.issues import Issue
from sufficiency.sources.geometry_files import WHOLE_FILE
from sufficiency.sources.public.text_table import normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "GSS", "LEVELS", "PREFIXES", "AreaColumns", "Level", "Said", "find_columns", "level_pattern", "look_exchanged",
    "texts",
]  # fmt: skip

Level = Literal["county", "lad", "ward", "lsoa", "msoa"]
MOST_NAMED: Final = 5
# Finest first: where a file has the codes of several levels, its shapes are those of the finest.
_STEMS: Final[dict[Level, str]] = {
    "lsoa": "lsoa",
    "msoa": "msoa",
    "ward": "wd|ward",
    "lad": "lad|ltla",
    "county": "ctyua|cty|utla|county",
}
LEVELS: Final[tuple[Level, ...]] = tuple(_STEMS)
_PARENTS: Final[dict[Level, Level | None]] = {
    "lsoa": "lad", "msoa": "lad", "ward": "lad", "lad": "county", "county": None
}  # fmt: skip
PREFIXES: Final[dict[Level, tuple[str, ...]]] = {
    "lsoa": ("E01", "W01", "S01", "N20"),
    "msoa": ("E02", "W02", "S02", "N21"),
    "ward": ("E05", "W05", "S13", "N08"),
    "lad": ("E06", "E07", "E08", "E09", "W06", "S12", "N09"),
    "county": ("E06", "E08", "E09", "E10", "E11", "E13", "W06", "S12", "N09"),
}
GSS: Final = re.compile(r"[EWSN]\d{8}")
# The ground of England, generously: a swapped easting and northing may still lie in the National Grid, but in the sea.
_ENGLAND_KM: Final = (
    (70, 0), (70, 35), (165, 35), (200, 175), (300, 200), (310, 350), (290, 415), (285, 560), (330, 600), (360, 665),
    (415, 665), (445, 600), (490, 540), (540, 510), (570, 410), (645, 360), (670, 300), (665, 190), (650, 125),
    (570, 80), (430, 60), (300, 20), (180, 0),
)  # fmt: skip


class AreaColumns(NamedTuple):
    """Which columns of a file hold the level's codes and names and its parents' codes."""

    level: Level
    code: str
    vintage: str
    name: str | None
    parent: str | None
    also: tuple[str, ...]


def level_pattern(level: Level, what: Literal["code", "name"]) -> str:
    """Return the pattern of the normal names of a level's columns; its group is the vintage, where one is stated."""
    ending = {"code": "cd|code", "name": "nm|name"}[what]
    return rf"(?:{_STEMS[level]})_?(?:20)?(\d\d)?_?(?:{ending})(?:_active)?"


def _matching(names: Sequence[str], level: Level, what: Literal["code", "name"]) -> list[tuple[str, str]]:
    """Return (vintage, column) of the level's columns, the newest vintage first."""
    found = [
        (match[1] or "", name) for name in names if (match := re.fullmatch(level_pattern(level, what), normal(name)))
    ]
    return sorted(found, key=lambda one: -int(one[0] or -1))


def find_columns(names: Sequence[str], level: Level | None) -> AreaColumns | None:
    """Return the columns of a level, or without one of the finest level that the names have codes of."""
    for one in (level,) if level else LEVELS:
        codes = _matching(names, one, "code")
        if not codes:
            continue
        vintage, code = codes[0]
        named = dict(_matching(names, one, "name"))
        parent = _PARENTS[one]
        above = _matching(names, parent, "code") if parent else []
        name = named.get(vintage) or next(iter(named.values()), None)
        return AreaColumns(one, code, vintage, name, above[0][1] if above else None, tuple(c for _, c in codes[1:]))
    return None


class Said:
    """The issues of one file; of many alike the first few are named and the rest counted."""

    def __init__(self, file: str, kind: str, issues: list[Issue]) -> None:
        self.file, self.kind, self.issues = file, kind, issues

    def add(self, check: str, severity: str, message: str, fix: str, *, row: int | None = None, key: str = "") -> None:
        """Append an issue."""
        self.issues.append(Issue(self.file, row, self.kind, key, "", "", check, severity, message, fix))

    def each(
        self, frame: pd.DataFrame, which: NDArray[np.bool_], check: str, severity: str, *, message: str, fix: str
    ) -> None:
        """Name the first few rows of a frame (index = row, column area_code) that have a fault, and count the rest."""
        rows = np.flatnonzero(which)
        for at in rows[:MOST_NAMED]:
            code = str(frame["area_code"].iloc[at])[:60]
            text = f"{code or 'a shape without a code'}: {message}"
            self.add(check, severity, text, fix, row=int(frame.index[at]), key=code)
        if len(rows) > MOST_NAMED:
            self.add(check, severity, f"{len(rows) - MOST_NAMED:,} more: {message}", fix)


def texts(frame: pd.DataFrame, column: str | None) -> NDArray[np.object_]:
    """Return a column as trimmed text; blank where it, or there, is nothing."""
    if column is None:
        return np.full(len(frame), "", dtype=object)
    values = frame[column]
    return np.array(["" if blank else str(value).strip() for value, blank in
                     zip(values, values.isna(), strict=True)], dtype=object)  # fmt: skip


def look_exchanged(east: NDArray[np.float64], north: NDArray[np.float64]) -> bool:
    """Return whether positions of England in metres lie in England only when easting and northing are exchanged."""
    england = shapely.Polygon(np.array(_ENGLAND_KM, dtype=float) * 1000)
    as_is = shapely.contains_xy(england, east, north).mean()
    return bool(as_is < 1 - WHOLE_FILE and shapely.contains_xy(england, north, east).mean() >= WHOLE_FILE)
