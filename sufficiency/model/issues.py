"""Faults in the inputs, collected and reported all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sufficiency.model.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Issue:
    """One fault in an input file; a row of the table `issues`."""

    file: str
    row: int | None
    table: str
    key: str
    column: str
    value: str
    check: str
    severity: str
    message: str
    fix: str


def issues_table(issues: Sequence[Issue]) -> pd.DataFrame:
    """Return the table `issues`, without repeats, in order of file, row and column."""
    columns = list(TABLES["issues"].names)
    unique = list(dict.fromkeys(issues))
    frame = pd.DataFrame([[getattr(issue, name) for name in columns] for issue in unique], columns=columns)
    frame["row"] = frame["row"].astype("Int64")
    return frame.sort_values(["file", "row", "column", "check"], kind="stable", na_position="first", ignore_index=True)
