"""What the commands put on the screen: progress, faults with their cures, and columns."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_MOST_SHOWN: Final = 200


def sentence(error: Exception) -> str:
    """Return the error's text with a capital, unless it begins with the name of a file."""
    text = str(error)
    return text if "." in text.split(" ", 1)[0] else text[:1].upper() + text[1:]


class Steps:
    """Progress on the screen: each step with its time, on one line when the screen allows."""

    def __init__(self) -> None:
        self._started = self._step = time.perf_counter()
        self._text = ""

    def __call__(self, text: str) -> None:
        """Begin a step, which ends the one before."""
        self._close()
        self._text, self._step = text, time.perf_counter()
        print(f"  {text} ...", end="", flush=True, file=sys.stderr)

    def _close(self) -> None:
        if self._text:
            print(f" {time.perf_counter() - self._step:.1f} s", file=sys.stderr)
        self._text = ""

    def finish(self) -> None:
        """End the last step and say how long all of them took."""
        self._close()
        print(f"  Done in {time.perf_counter() - self._started:.1f} s", file=sys.stderr)


def print_issues(issues: pd.DataFrame, stream: TextIO) -> None:
    """Print every fault: errors first, each with its place and its cure."""
    order = {"error": 0, "warning": 1, "note": 2}
    ranked = issues.assign(rank=issues["severity"].map(order)).sort_values("rank", kind="stable")
    for row in ranked.head(_MOST_SHOWN).to_dict("records"):
        place = row["file"] + (f", row {row['row']}" if row["row"] == row["row"] and row["row"] is not None else "")
        column = f", column {row['column']}" if row["column"] else ""
        value = f", value {row['value']!r}" if row["value"] else ", blank" if row["check"] == "blank" else ""
        print(f"{row['severity'].upper()}  {place}{column}{value}", file=stream)
        print(f"    {row['message']}. To mend: {row['fix']}.", file=stream)
    if len(ranked) > _MOST_SHOWN:
        print(f"... and {len(ranked) - _MOST_SHOWN} more", file=stream)
    if len(ranked):
        counts = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in
                           ((name, int((issues["severity"] == name).sum())) for name in order) if count)  # fmt: skip
        print(f"\n{counts}\n", file=stream)


def print_columns(lines: Sequence[Sequence[str]]) -> None:
    """Print lines of cells in columns below the first, their head; all but the first two to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        left = [line[column].ljust(widths[column]) for column in (0, 1)]
        right = [line[column].rjust(widths[column]) for column in range(2, len(line))]
        print("  " + "  ".join([*left, *right]).rstrip())
        if number == 0:
            print("  " + "-" * (sum(widths) + 2 * (len(widths) - 1)))


def cell(value: object, form: str = "{:,.0f}") -> str:
    """Return a number as text; c where disclosure control hides it."""
    return "c" if str(value) in {"<NA>", "nan", "None"} else form.format(float(str(value)))
