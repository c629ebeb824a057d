"""Every table of the model as data: its columns, their kind, unit, bounds and meaning, and its key.

The readers, the checks, the planner's workbook and ``docs/data-dictionary.md`` are all made from these
declarations, so that a column is described once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from sufficiency.model import units
from sufficiency.model.errors import DataError
from sufficiency.model.table_list import TABLE_ROWS

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "int", "float", "bool", "code", "codes", "year", "date", "geometry"]


@dataclass(frozen=True)
class Column:
    """One column: its kind, whether it may be blank, the codes or bounds allowed, and what it means."""

    name: str
    kind: Kind
    meaning: str
    blank: bool = False
    codes: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    optional: bool = False
    personal: bool = False

    @property
    def unit(self) -> str:
        """The unit that the column's name states, or an empty string."""
        for suffix in sorted(units.SUFFIXES, key=len, reverse=True):
            if suffix in self.name and (self.name.endswith(suffix) or f"{suffix}_" in self.name):
                return units.SUFFIXES[suffix]
        return ""


@dataclass(frozen=True)
class Table:
    """One table: its key (unique together), columns in order, and the file that carries it, if any."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    file: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(column for column in self.columns if column.name == name)


def _table(row: dict[str, object]) -> Table:
    columns = tuple(
        Column(str(name), kind, meaning, **options)
        for name, kind, meaning, options in row["columns"]  # type: ignore[attr-defined]  # declared as plain data
    )
    key = tuple(str(row["key"]).split()) if row["key"] else ()
    return Table(str(row["name"]), str(row["meaning"]), key, columns, str(row.get("file", "")))


TABLES: Final[dict[str, Table]] = {str(row["name"]): _table(row) for row in TABLE_ROWS}


def conform(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with exactly the table's columns, in order, its key proven unique.

    Parameters
    ----------
    frame
        A frame with at least the table's columns.
    name
        Name of the table in `TABLES`.

    Returns
    -------
    DataFrame
        A new frame; the input is not changed.

    Raises
    ------
    DataError
        When a column is missing, or two rows have one key.
    """
    table = TABLES[name]
    missing = [column.name for column in table.columns if column.name not in frame.columns and not column.optional]
    if missing:
        message = f"table {name} lacks the columns {', '.join(missing)}"
        raise DataError(message)
    kept = [column for column in table.names if column in frame.columns]
    out = frame.loc[:, kept].reset_index(drop=True)
    key = [column for column in table.key if column in out.columns]
    if key:
        twice = out.duplicated(key, keep=False)
        if twice.any():
            first = ", ".join(f"{column}={out.loc[twice, column].iloc[0]}" for column in key)
            message = f"table {name} has {int(twice.sum())} rows that share a key, the first {first}"
            raise DataError(message)
    return out


def _limits(column: Column) -> str:
    parts = []
    if column.codes:
        parts.append(", ".join(f"`{code}`" for code in column.codes))
    if column.least is not None or column.most is not None:
        low = "" if column.least is None else f"{column.least:g}"
        high = "" if column.most is None else f"{column.most:g}"
        parts.append(f"{low} to {high}" if high else f"at least {low}")
    if column.blank:
        parts.append("may be blank")
    if column.personal:
        parts.append("personal")
    return "; ".join(parts)


def render_dictionary() -> str:
    """Return the data dictionary (Markdown): every table, its key, and every column with unit, limits and meaning."""
    lines = [
        "# Data dictionary",
        "",
        "Made from the declarations in `sufficiency/model`; `make docs` writes it anew, and a test compares the two.",
        "",
    ]
    for table in TABLES.values():
        lines += [f"## {table.name}", "", table.meaning, ""]
        if table.file:
            lines += [f"File: `{table.file}`", ""]
        lines += [f"Key: {', '.join(table.key) if table.key else '(none)'}", ""]
        lines += ["| Column | Kind | Unit | Limits | Meaning |", "|---|---|---|---|---|"]
        lines += [
            f"| {column.name} | {column.kind} | {column.unit} | {_limits(column)} | {column.meaning} |"
            for column in table.columns
        ]
        lines.append("")
    return "\n".join(lines)
