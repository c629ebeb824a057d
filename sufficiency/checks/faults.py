"""What every check needs: a fault with its place, and what is known to be at fault already.

A reference to a row that was itself refused is not reported again: mending the first fault mends both.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.issues import Issue
from sufficiency.model.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sufficiency.model.results import Inputs


def issue(
    table: str,
    row: object,
    key: str,
    column: str,
    value: object,
    *,
    check: str,
    message: str,
    fix: str,
    severity: str = "error",
) -> Issue:
    """Return a fault of a row (None = of the table as a whole)."""
    number = int(str(row)) if isinstance(row, int | np.integer) else None
    return Issue(TABLES[table].file, number, table, key, column, str(value), check, severity, message, fix)


def refused(inputs: Inputs, table: str) -> set[str]:
    """Return the keys of a table's rows that were refused."""
    found = inputs.issues
    return set(found.loc[(found["table"] == table) & (found["severity"] == "error"), "key"])


_HEADER_CHECKS: Final = ("column_missing", "header_twice", "separator")


def unreadable(inputs: Inputs, table: str) -> bool:
    """Return whether a table's file was refused as a whole: then nothing can be said about references to it."""
    found = inputs.issues
    whole = found["row"].isna() | found["check"].isin(_HEADER_CHECKS)
    return bool(((found["table"] == table) & (found["severity"] == "error") & whole).any())


def faulty(inputs: Inputs, table: str) -> bool:
    """Return whether any error was found in a table's file."""
    found = inputs.issues
    return bool(((found["table"] == table) & (found["severity"] == "error")).any())


def hint(text: str, known: set[str]) -> str:
    """Return a hint at the id that was probably meant, or nothing."""
    near = difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.75)
    return f"did you mean {near[0]!r}? Otherwise " if near else ""


def unknown(inputs: Inputs, table: str, column: str, target: str, known: set[str]) -> Iterator[Issue]:
    """Yield an issue for each value of a table's column that is no id of the target table."""
    if unreadable(inputs, target) or not (known or faulty(inputs, target)):
        return
    frame: pd.DataFrame = getattr(inputs, table)
    values = frame[column].astype(str)
    fine = known | refused(inputs, target)
    if TABLES[table].column(column).blank:
        fine = fine | {""}
    wrong = ~values.isin(list(fine))
    keys = [frame.loc[wrong, name].astype(str).tolist() for name in TABLES[table].key]
    hints = {text: hint(text, known) for text in set(values[wrong])}
    file = TABLES[target].file or target
    for row, text, *key in zip(frame.index[wrong], values[wrong], *keys, strict=True):
        yield issue(
            table,
            row,
            " ".join(key),
            column,
            text,
            check="unknown_reference",
            message=f"{text!r} is not in {file}",
            fix=f"{hints[text]}add it to {file}, or correct the id",
        )
