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
_LONGEST_CODE: Final = 12
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
            runs = _runs(data, first, last)
            if runs is not None:
                first, last = first[runs], last[runs]
            bounds = zip(first.tolist(), last.tolist(), strict=True)
            if text is None:
                cells = [block[start:end].decode(self.encoding) for start, end in bounds]
            else:
                cells = [text[start:end] for start, end in bounds]
            if runs is not None:
                times = np.diff(runs, append=len(starts)).tolist()
                cells = [cell for cell, several in zip(cells, times, strict=True) for _ in range(several)]
            column.add(cells, trimmed=trimmed)


def _runs(data: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return where the runs of equal cells begin, as codes in a sorted file do; None where looking does not pay."""
    length = int(last[0] - first[0])
    if not 0 < length <= _LONGEST_CODE or not bool((last - first == length).all()):
        return None
    cells = data[first[:, np.newaxis] + np.arange(length)]
    begins = np.flatnonzero((cells[1:] != cells[:-1]).any(axis=1)) + 1
    return np.append(0, begins) if 2 * len(begins) < len(first) else None


def _cell_bounds(block: bytes, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return where each cell of each row starts and ends, without its quotes; None when a row is not plain."""
    if b"\r" in block and b"\r" in block.replace(b"\r\n", b""):
        return None
    data = np.frombuffer(block, dtype=np.uint8)
    lines = data == _LINE
    quotes = np.flatnonzero(data == _QUOTE)
    ends = np.flatnonzero((data == _COMMA) | lines)
    if len(quotes) % 2:
        return None
    if len(quotes):
        ends = _outside_quotes(ends, quotes)
    rows, over = divmod(len(ends), width)
    # every width-th separator ends a line, and no other does
    if over or np.count_nonzero(lines) != rows or not bool(lines[ends[width - 1 :: width]].all()):
        return None
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    last = slice(width - 1, None, width)
    ends[last] -= data[ends[last] - 1] == ord("\r")
    quoted = data[starts] == _QUOTE
    closed = quoted & (data[ends - 1] == _QUOTE) & (ends - starts >= 2)
    starts += quoted
    ends -= quoted
    lengths = (ends - starts).reshape(rows, width)
    # quotes within a cell, doubled or stray, rows of blank cells and endless cells are left to the csv module
    plain = 2 * np.count_nonzero(closed) == len(quotes)
    if not plain or not bool(lengths.any(axis=1).all()) or int(lengths.max(initial=0)) > _LONGEST_CELL:
        return None
    return starts.reshape(rows, width), ends.reshape(rows, width)


def _outside_quotes(separators: NDArray[np.int64], quotes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the separators that do not stand between an opening quote and its closing one."""
    before = np.searchsorted(separators, quotes)
    if bool((before[::2] == before[1::2]).all()):
        return separators
    # from each opening quote on, one more; from its closing one on, one less
    depth = np.zeros(len(separators) + 1, dtype=np.int64)
    np.add.at(depth, before[::2], 1)
    np.add.at(depth, before[1::2], -1)
    outside: NDArray[np.bool_] = np.cumsum(depth[:-1]) == 0
    return separators[outside]
