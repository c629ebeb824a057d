"""What the readers of an area's boundaries share: the list of faults, near names, and positions that cannot be."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import shapely

from sufficiency.model.geography import BNG, within_system
from sufficiency.model.issues import Issue
from sufficiency.model.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

__all__ = ["FAR_FROM_AREA_M", "GRID_M", "Faults", "Grounds", "position_fault", "suggest"]

GRID_M: Final = 0.01
FAR_FROM_AREA_M: Final = 150_000.0
Grounds = dict[str, "BaseGeometry"]


class Faults:
    """Adds faults of one table to the list of issues."""

    def __init__(self, issues: list[Issue], table: str, file: str = "") -> None:
        self.issues, self.table, self.file = issues, table, file or TABLES[table].file

    def add(self, row: object, key: str, check: str, message: str, fix: str, **more: str) -> None:
        """Append an issue; ``more`` may give column, value and severity (error, when not given)."""
        line = None if row is None else int(str(row))
        column, value, severity = more.get("column", ""), more.get("value", ""), more.get("severity", "error")
        self.issues.append(Issue(self.file, line, self.table, key, column, value, check, severity, message, fix))


def suggest(value: str, known: Iterable[str]) -> str:
    """Return the nearest known id as a question to be put behind a cure; blank where none is near."""
    near = get_close_matches(value, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def position_fault(
    name: str, position: tuple[float, float], county: BaseGeometry, limit_m: float, crs: str
) -> tuple[str, str, str] | None:
    """Return check, message and cure of a position that is out of range or has its axes exchanged."""
    where = f"{name} lies at {position[0]:.0f}, {position[1]:.0f}"
    far = not county.is_empty and county.distance(shapely.Point(position)) > limit_m
    if far and county.distance(shapely.Point(position[::-1])) <= limit_m:
        return "swapped_axes", f"{where}: easting and northing look exchanged", "exchange the two numbers"
    if not within_system(*position, crs):
        system = "British National Grid" if crs == BNG else crs
        message = f"{where}, which is not a {system} position in metres"
        return "outside_range", message, f"give easting and northing in metres ({crs})"
    return None
