"""Cutting a large file in blocks gives what reading it row by row gives, whatever stands in it."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.sources.public import csv_blocks, text_table
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.text_table import TextTable

WANTED = {"first": "first", "third": "third"}
HEADER = "title above\nfirst,second,third\n"
CELLS = [
    "",
    "a",
    "E01999001",
    " b ",
    "\u00a0c",
    "é",
    '"q"',
    '"x,y"',
    '""',
    '"say ""so"""',
    '"two\nlines"',
    'st"ray',
    "\ufeff",
]


def both_ways(content: bytes, *, block_bytes: int) -> list[tuple[TextTable | None, list[Issue]]]:
    found = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(content)
        for large in (10**9, 0):
            issues: list[Issue] = []
            with (
                patch.object(text_table, "LARGE_BYTES", large),
                patch.object(csv_blocks, "BLOCK_BYTES", block_bytes),
                patch.object(csv_blocks, "_MOST_KEPT", 2),
            ):
                found.append((read_text_table(path, WANTED, issues, kind="test", needed=["first"]), issues))
    return found


def assert_same(content: bytes, *, block_bytes: int = 64) -> TextTable | None:
    (slow, slow_issues), (fast, fast_issues) = both_ways(content, block_bytes=block_bytes)
    assert fast_issues == slow_issues
    assert (fast is None) == (slow is None)
    if slow is not None and fast is not None:
        assert fast.rows.tolist() == slow.rows.tolist()
        assert {name: texts.tolist() for name, texts in fast.columns.items()} == {
            name: texts.tolist() for name, texts in slow.columns.items()
        }
        assert (fast.read, fast.shifted, fast.header, fast.encoding) == (
            slow.read,
            slow.shifted,
            slow.header,
            slow.encoding,
        )
    return fast


ROW = st.one_of(
    # mostly plain rows, so that blocks are cut before an odd one comes
    st.lists(st.sampled_from(["a", "E01999001", "E01999002", '"q"', '"x,y"', " b ", "é"]), min_size=3, max_size=3),
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=4),
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(ROW, max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.sampled_from([20, 64, 1000]),
)
def test_blocks_give_what_rows_give(
    rows: list[list[str]], line_end: str, ends: bool, encoding: str, block_bytes: int
) -> None:
    text = (HEADER + "\n".join(",".join(cells) for cells in rows)).replace("\n", line_end) + line_end * ends
    assert_same(text.encode(encoding, errors="replace"), block_bytes=block_bytes)


def test_plain_rows_are_cut_in_blocks_and_the_rest_read_on() -> None:
    plain = "".join(f'"OX{row} 1AA",{row},E019990{row // 7:02}\n' for row in range(1, 200))
    table = assert_same((HEADER + plain + "a,b,c,d\nlast,1,2\n").encode(), block_bytes=500)
    assert table is not None
    assert len(table) == 200
    assert table.shifted == 1
    assert table.get("first")[-2:].tolist() == ["OX199 1AA", "last"]
    assert table.rows[-1] == 203
    assert table.get("third")[:199].tolist() == [f"E019990{row // 7:02}" for row in range(1, 200)]


def test_cells_that_hardly_repeat_are_trimmed_too() -> None:
    table = assert_same((HEADER + "".join(f" OX{row} ,{row},x\n" for row in range(100))).encode(), block_bytes=200)
    assert table is not None
    assert table.get("first").tolist() == [f"OX{row}" for row in range(100)]


def test_blocks_end_where_a_row_is_not_plain() -> None:
    column = csv_blocks.GatheredColumn()
    plain = b"a,1,x\nb,2,x\nc,3,x\n"
    with patch.object(csv_blocks, "BLOCK_BYTES", 6):
        blocks = csv_blocks.PlainBlocks(io.BytesIO(plain + b"d,4\ne,5,x\n"), line=7, encoding="utf-8", width=3)
        assert blocks.gather([(0, column)]) == 3
    assert column.texts == ["a", "b", "c"]
    assert (blocks.line, blocks.position) == (10, len(plain))


@pytest.mark.parametrize(
    ("block", "cells"),
    [
        (b"a,b,c\n", [["a", "b", "c"]]),
        (b"a,b,c\r\nd,,f\r\n", [["a", "b", "c"], ["d", "", "f"]]),
        (b'"a,b",c,""\n1,2,3\n', [["a,b", "c", ""], ["1", "2", "3"]]),
        (b'a,b\n"c",d,e,f\n', None),  # six cells in two rows, but not three each
        (b"a,b,c,d\n", None),
        (b",,\n", None),
        (b"\n", None),
        (b'"a\nb",c,d\n', None),
        (b'a"b",c,d\n', None),
        (b'"a""b",c,d\n', None),
        (b'"a"b,c,d\n', None),
        (b'a,b,"c\n', None),
        (b'",b,"\n', None),
        (b"a,b,c\rd\n", None),
        (b"a,b," + b"c" * 200_000 + b"\n", None),
    ],
)
def test_where_the_cells_of_plain_rows_are(block: bytes, cells: list[list[str]] | None) -> None:
    bounds = csv_blocks._cell_bounds(block, 3)
    if cells is None:
        assert bounds is None
        return
    assert bounds is not None
    starts, ends = bounds
    found = [block[start:end].decode() for start, end in zip(starts.ravel(), ends.ravel(), strict=True)]
    assert np.array(found).reshape(-1, 3).tolist() == cells
