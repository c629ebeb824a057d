"""What became of the rows of a file: read = used + set aside, by reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Account", "Reading", "accounts_table"]


@dataclass(frozen=True)
class Account:
    """The rows of one file: ``rows`` read below the header = ``used`` + the sum of ``set_aside`` (reason -> rows).

    ``notes`` says what else was done to what is used, such as repairs and encodings (what -> rows).
    """

    file: str
    kind: str
    rows: int
    used: int
    set_aside: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def closes(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows == self.used + sum(self.set_aside.values())


class Reading(NamedTuple):
    """A table as read from a file, and the account of the file's rows."""

    table: pd.DataFrame
    account: Account


def accounts_table(accounts: Sequence[Account]) -> pd.DataFrame:
    """Return file, kind, what (read, used, set aside: reason, note: what) and rows, a line each."""
    lines = []
    for account in accounts:
        lines.append((account.file, account.kind, "read", account.rows))
        lines.append((account.file, account.kind, "used", account.used))
        lines += [(account.file, account.kind, f"set aside: {why}", n) for why, n in account.set_aside.items()]
        lines += [(account.file, account.kind, f"note: {what}", n) for what, n in account.notes.items()]
    return pd.DataFrame(lines, columns=["file", "kind", "what", "rows"])
