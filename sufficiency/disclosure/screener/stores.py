"""How GeoPackages and other SQLite files, and Parquet files, are read: as tables, row by row."""

from __future__ import annotations

import io
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sufficiency.disclosure.screener.tables import screen_table
from sufficiency.disclosure.screener.texts import screen_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sufficiency.disclosure.screener.finding import Budget
    from sufficiency.disclosure.screener.spot import Spot

__all__ = ["screen_parquet", "screen_sqlite"]

_ENVELOPES: Final = (0, 32, 48, 48, 64)
_POINTS: Final = (1, 4, 1001, 2001, 3001)
_OF_THE_FORMAT: Final = ("sqlite_", "gpkg_", "rtree_", "idx_", "layer_styles")


def screen_sqlite(spot: Spot, source: Path | bytes) -> None:
    """Report what every table gives away; the file is opened to be read only.

    Raises
    ------
    sqlite3.Error
        When it is broken.
    """
    with closing(_opened(source)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        base.text_factory = lambda raw: raw.decode("utf-8", "replace")
        found = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for at, (name, sql) in enumerate(found, start=1):
            if str(sql or "").upper().startswith("CREATE VIRTUAL"):
                continue
            show = spot.rules.may_show(str(name))
            inner = spot.within(f"table {name if show else at}")
            screen_text(inner, str(name))
            quoted = str(name).replace('"', '""')
            cursor = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - the name is the file's own, quoted
            columns = [one[0] for one in cursor.description]
            if str(name).startswith(_OF_THE_FORMAT):
                for row in cursor:
                    screen_text(inner, " ".join(str(one) for one in row if isinstance(one, str)))
                continue
            screen_table(inner, columns, _rows(cursor, spot.budget))


def _opened(source: Path | bytes) -> sqlite3.Connection:
    if isinstance(source, bytes):
        base = sqlite3.connect(":memory:")
        base.deserialize(source)
        return base
    return sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _rows(cursor: sqlite3.Cursor, budget: Budget) -> Iterator[tuple[int, list[Any]]]:
    for number, row in enumerate(cursor, start=1):
        values = [_value(one) for one in row]
        budget.take(sum(len(one) for one in values if isinstance(one, str)))
        yield number, values


def _value(value: Any) -> Any:  # noqa: ANN401 - any value of a cell
    """Return a cell; a point as words, and other bytes as text where they are one."""
    if not isinstance(value, bytes):
        return value
    return _point(value) or value.decode("utf-8", "ignore")[:10_000]


def _point(blob: bytes) -> str:
    """Return a GeoPackage or plain binary point as ``POINT (x y)``, a blank where the bytes are none."""
    start = 8 + _ENVELOPES[min((blob[3] >> 1) & 7, 4)] if blob[:2] == b"GP" and len(blob) > 8 else 0
    body = blob[start:]
    if len(body) < 21 or body[0] not in (0, 1):
        return ""
    order = "<" if body[0] else ">"
    (kind,) = struct.unpack(f"{order}I", body[1:5])
    if kind & 0xFFFF not in _POINTS:
        return ""
    inner = 14 if kind & 0xFFFF == _POINTS[1] else 5
    if len(body) < inner + 16:
        return ""
    x, y = struct.unpack(f"{order}dd", body[inner : inner + 16])
    return f"POINT ({x:.6f} {y:.6f})"


def screen_parquet(spot: Spot, source: Path | bytes) -> None:
    """Report what a Parquet file gives away.

    Raises
    ------
    Exception
        When it is broken.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - loaded only where it is needed

    table = pq.ParquetFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    for key, value in (table.schema_arrow.metadata or {}).items():
        words = f"{key.decode('utf-8', 'replace')} {value.decode('utf-8', 'replace')}"
        screen_text(spot.within("properties"), words)

    def rows() -> Iterator[tuple[int, list[Any]]]:
        number = 0
        for batch in table.iter_batches(10_000):
            spot.budget.take(batch.nbytes)
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, [_value(one) for one in row]

    screen_table(spot, table.schema_arrow.names, rows())
