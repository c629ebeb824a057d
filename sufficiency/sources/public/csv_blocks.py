"""The wanted columns of a large CSV file, cut out a block of rows at a time.

Reading a national directory row by row makes fifty texts a row to keep nine. Where a block of rows is plain (every row
of the header's length, quotes only around whole cells, no line break within one) the cells wanted are found by the
positions of the separators. From the first block that is not plain the csv module reads on, and says what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["GatheredColumn", "PlainBlocks", "trim"]

BLOCK_BYTES: Final = 2_000_000
# The csv module's own limit, which it reports.
_LONGEST_CELL: Final = 100_000
_MOST_KEPT: Final = 20_000
_COMMA, _LINE, _QUOTE, _SPACE, _DELETE = b',\n" \x7f'


def trim(cell: str) -> str:
    """Return a cell without the space, hard space and byte-order marks at its ends."""
    return cell.strip().strip("\u00a0\ufeff")


class _Trimmed(dict[str, str]):
    """The cells of a column as read -> trimmed. Codes repeat over millions of rows; one copy of each text is kept."""

    def __missing__(self, cell: str) -> str:
        text = trim(cell)
        text = self.setdefault(text, text)
        self[cell] = text
        return text


class GatheredColumn:
    """The trimmed cells of one column, as they are gathered."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._known: _Trimmed | None = _Trimmed()

    def add(self, cells: Sequence[str], *, trimmed: bool = False) -> None:
        """Add cells; ``trimmed`` says that they have nothing to trim."""
        known = self._known
        if known is None:
            self.texts += cells if trimmed else map(trim, cells)
            return
        self.texts += map(known.__getitem__, cells)
        if len(known) > _MOST_KEPT and 2 * len(known) > len(self.texts):
            # hardly any text repeats: remembering them costs more than it saves
            self._known = None


class PlainBlocks:
    """The plain rows at a place in a file, gathered into columns; `position` and `line` are where to read on.

    Parameters
    ----------
    file
        Open for reading bytes, at the start of a row.
    line
        The number of that row's first line.
    encoding
        One in which ASCII characters are single bytes and no part of any other character.
    width
        Cells of a row.
    """

    def __init__(self, file: BinaryIO, *, line: int, encoding: str, width: int) -> None:
        self.file, self.line, self.width = file, line, width
        self.encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self.position = file.tell()

    def gather(self, columns: Iterable[tuple[int, GatheredColumn]]) -> int:
        """Add the cells of the columns, given with their places in a row, and return how many rows were plain."""
        pairs = list(columns)
        rows = 0
        for block in self._blocks():
            bounds = _cell_bounds(block, self.width)
            if bounds is None:
                break
            starts, ends = bounds
            self._cut(block, starts, ends, pairs)
            rows += len(starts)
            self.line += len(starts)
            self.position += len(block)
        return rows

    def _blocks(self) -> Iterator[bytes]:
        """Yield whole lines, some megabytes at a time; a last line without an end is left."""
        left = b""
        while read := self.file.read(BLOCK_BYTES):
            block = left + read
            end = block.rfind(b"\n") + 1
            if not end and len(block) > BLOCK_BYTES:
                return
            left = block[end:]
            if end:
                yield block[:end]

    def _cut(
        self,
        block: bytes,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        columns: Sequence[tuple[int, GatheredColumn]],
    ) -> None:
        data = np.frombuffer(block, dtype=np.uint8)
        text = block.decode("ascii") if block.isascii() else None
        for place, column in columns:
            first, last = starts[:, place], ends[:, place]
            filled = last > first
            edges = np.concatenate([data[first[filled]], data[last[filled] - 1]])
            trimmed = not bool(((edges <= _SPACE) | (edges >= _DELETE)).any())
            bounds = zip(first.tolist(), last.tolist(), strict=True)
            if text is None:
                cells = [block[start:end].decode(self.encoding) for start, end in bounds]
            else:
                cells = [text[start:end] for start, end in bounds]
            column.add(cells, trimmed=trimmed)


def _cell_bounds(block: bytes, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return where each cell of each row starts and ends, without its quotes; None when a row is not plain."""
    if b"\r" in block.replace(b"\r\n", b""):
        return None
    data = np.frombuffer(block, dtype=np.uint8)
    lines = data == _LINE
    separators = (data == _COMMA) | lines
    quotes = np.flatnonzero(data == _QUOTE)
    if len(quotes):
        if len(quotes) % 2:
            return None
        # from each opening quote to its closing one
        within = np.zeros(len(data), dtype=np.int8)
        within[quotes[::2]] = 1
        within[quotes[1::2]] = -1
        inside = np.add.accumulate(within, dtype=np.int8).view(np.bool_)
        if bool((lines & inside).any()):
            return None
        separators &= ~inside
    ends = np.flatnonzero(separators)
    rows, over = divmod(len(ends), width)
    # every width-th separator ends a line, and no other does
    if over or int(lines.sum()) != rows or not bool(lines[ends[width - 1 :: width]].all()):
        return None
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    last = slice(width - 1, None, width)
    ends[last] -= data[ends[last] - 1] == ord("\r")
    if len(quotes):
        quoted = data[starts] == _QUOTE
        closed = (data[ends - 1] == _QUOTE) & (ends - starts >= 2)
        # quotes within a cell, doubled or stray, are left to the csv module
        if 2 * int(quoted.sum()) != len(quotes) or not bool(closed[quoted].all()):
            return None
        starts += quoted
        ends -= quoted
    lengths = (ends - starts).reshape(rows, width)
    if not rows or not bool(lengths.any(axis=1).all()) or int(lengths.max()) > _LONGEST_CELL:
        return None
    return starts.reshape(rows, width), ends.reshape(rows, width)
