"""Files damaged on purpose, by a seeded chance: what spreadsheets, exports, copying and typing do to them.

A mutator takes the bytes of a good file and a `random.Random`, and returns a `Change`. `MUTATORS` has them by the kind
of file that they apply to.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

__all__ = ["CELLS", "MUTATORS", "Cell", "Change", "as_workbook", "decoded", "mutate", "parsed"]

# What stands where a number or an id should: a spreadsheet's doing, a symbol, a slip, an attack.
CELLS = (
    "", " ", "1,200", "\u00a31,200", "1.2m", "85%", "(3)", "51,5", "05-Nov", "Nov-16", "2026-11-05 00:00:00",
    "01/02/2015", "c", "x", "z", ":", "..", "-", "low", "NA", "None", "null", "nan", "inf", "-inf", "1e400", "-1e400",
    "-5", "-0", "0", "30.5", "1e5", "1.20005E+05", "+7", "7.0", "12.", ".5", "1_000", "0x1F", "\uff11\uff12", "\u0663",
    "\u22125", "\u00a012", "1 200", "1'200", "007", "9" * 400, "A" * 20_000, "=1+1", '=HYPERLINK("x")', '"', 'a "b"', "'",
    "two\nlines", "two\r\nlines", "\r", "a,b", "a;b", "\x00", "\ufffd", "\x92", "\u0177", "true", "#REF!", "#N/A", "Total",
    "E01990001", "900001", "E07999001", "ZX1 1AA", "900001;900002", "E00000000", "999999999999999999",
)  # fmt: skip
SPLICES = (
    b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b"\xe2\x80", b";", b"\t", b"NaN", b"1e999", b"\xc2\xa0", b"-", b"'",
    b"\xef\xbb\xbf", b"\x1a", b"\\", b"0", b"9999999999", b"\xef\xbf\xbd", b'""', b'",', b'"\n',
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A cell that was changed: its row (0 = the first below the header), its column, and its old and new text."""

    row: int
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """A damaged file: its bytes, what was done, the one cell that was changed if that is all, and another name."""

    raw: bytes
    what: str
    cell: Cell | None = None
    suffix: str = ""


Mutator = "Callable[[bytes, random.Random], Change]"


def decoded(raw: bytes) -> str | None:
    """Return the text of a file, by its mark, else as UTF-8, else as Windows text; None when it is none of them."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings = ["utf-16"]
    elif b"\x00" in raw:
        return None
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def parsed(raw: bytes) -> list[list[str]] | None:
    """Return the rows of a CSV file as the csv module reads them; None when it is no text or breaks off."""
    text = decoded(raw)
    if text is None:
        return None
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        return list(csv.reader(lines, strict=True))
    except csv.Error:
        return None


def unparsed(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as the bytes of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


# --- bytes -------------------------------------------------------------------------------------------------------


def _at(raw: bytes, rng: random.Random) -> int:
    return rng.randrange(len(raw) + 1)


def flip(raw: bytes, rng: random.Random) -> Change:
    at = _at(raw, rng)
    return Change(raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :], "a byte flipped")


def flip_many(raw: bytes, rng: random.Random) -> Change:
    out = bytearray(raw)
    for _ in range(rng.randrange(2, 30)):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return Change(bytes(out), "bytes flipped")


def splice(raw: bytes, rng: random.Random) -> Change:
    at = _at(raw, rng)
    return Change(raw[:at] + rng.choice(SPLICES) + raw[at:], "bytes put in")


def cut(raw: bytes, rng: random.Random) -> Change:
    at = _at(raw, rng)
    return Change(raw[:at] + raw[at + rng.randrange(1, 80) :], "bytes cut out")


def truncate(raw: bytes, rng: random.Random) -> Change:
    return Change(raw[: _at(raw, rng)], "broken off")


def repeat_block(raw: bytes, rng: random.Random) -> Change:
    one, other = sorted((_at(raw, rng), _at(raw, rng)))
    return Change(raw[:other] + raw[one:other] + raw[other:], "a block twice")


def with_mark(raw: bytes, _rng: random.Random) -> Change:
    return Change(b"\xef\xbb\xbf" + raw, "byte-order mark")


def as_utf16(raw: bytes, rng: random.Random) -> Change:
    text = raw.decode("utf-8", "replace")
    return Change(text.encode("utf-16") if rng.random() < 0.7 else text.encode("utf-16-le"), "UTF-16")


def as_windows(raw: bytes, rng: random.Random) -> Change:
    text = raw.decode("utf-8", "replace")
    at = _at(raw, rng)
    return Change((text[:at] + "\u2019\u00a3\u0153" + text[at:]).encode("cp1252", "replace"), "Windows text")


def line_ends(raw: bytes, rng: random.Random) -> Change:
    ending = rng.choice((b"\r", b"\r\n", b"\n\n", b"\r\n\r\n"))
    return Change(raw.replace(b"\r\n", b"\n").replace(b"\n", ending), "other line ends")


def emptied(raw: bytes, rng: random.Random) -> Change:
    return Change(
        rng.choice((b"", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b" ", raw.split(b"\n", 1)[0], b"\x00" * 40)), "emptied"
    )


BYTES = (flip, flip, flip_many, splice, splice, cut, truncate, repeat_block, with_mark, as_utf16, as_windows, line_ends,
         emptied)  # fmt: skip

# --- cells, rows and columns of a CSV file -----------------------------------------------------------------------


def _rows(raw: bytes) -> list[list[str]]:
    rows = parsed(raw)
    return rows or [[""]]


def one_cell(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    if len(rows) < 2:
        return Change(raw, "nothing")
    at = rng.randrange(1, len(rows))
    if not rows[at]:
        return Change(raw, "nothing")
    place = rng.randrange(len(rows[at]))
    old = rows[at][place]
    new = rng.choice(CELLS)
    if rng.random() < 0.3 and old:
        new = rng.choice((old + ".0", " " + old, old + "\u00a0", old[:-1], old + "0", old.lower(), "0" + old, f"{old},0",
                          old[::-1], f"'{old}", f'="{old}"', old.replace("0", "O"), f"{old} {old}", f"-{old}"))  # fmt: skip
    rows[at][place] = new
    column = rows[0][place] if place < len(rows[0]) else ""
    return Change(unparsed(rows), f"cell {new[:20]!r}", Cell(at - 1, column, old, new))


def one_cell_raw(raw: bytes, rng: random.Random) -> Change:
    """Put a text into a cell as it is, without the quotation marks that a writer would add."""
    lines = raw.split(b"\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(b",")
    cells[rng.randrange(len(cells))] = rng.choice(CELLS).encode("utf-8", "surrogatepass")
    lines[at] = b",".join(cells)
    return Change(b"\n".join(lines), "a cell without its quotation marks")


def swap_cells(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    row = rng.choice(rows)
    rng.shuffle(row)
    return Change(unparsed(rows), "cells of a row shuffled")


def shift_column(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    place = rng.randrange(max(len(rows[0]), 1))
    new = rng.choice(CELLS)
    for row in rows[1:]:
        if place < len(row):
            row[place] = new
    return Change(unparsed(rows), f"a column of {new[:20]!r}")


def delete_rows(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    for _ in range(rng.randrange(1, 4)):
        if len(rows) > 1:
            rows.pop(rng.randrange(rng.choice((0, 1)), len(rows)))
    return Change(unparsed(rows), "rows deleted")


def repeat_row(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    rows.insert(rng.randrange(1, len(rows) + 1), list(rng.choice(rows)))
    return Change(unparsed(rows), "a row twice")


def repeat_row_changed(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    row = list(rng.choice(rows))
    if row:
        row[rng.randrange(len(row))] = rng.choice((*CELLS, "13", "Other"))
    rows.insert(rng.randrange(1, len(rows) + 1), row)
    return Change(unparsed(rows), "a row twice, the second changed")


def shuffle_rows(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    below = rows[1:]
    rng.shuffle(below)
    return Change(unparsed([rows[0], *below]), "rows in another order")


def ragged(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    for _ in range(rng.choice((1, 1, 3, len(rows)))):
        row = rng.choice(rows)
        if rng.random() < 0.5 or not row:
            row.append(rng.choice(("", "", "x", " ")))
        else:
            row.pop()
    return Change(unparsed(rows), "fields too many or too few")


def titles(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    width = len(rows[0])
    lines = [["Table 1: invented"], [], [""] * width, ["Source: nobody", *[""] * (width - 1)]]
    return Change(unparsed([*(rng.choice(lines) for _ in range(rng.randrange(1, 6))), *rows]), "title lines")


def notes_below(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    width = len(rows[0])
    lines = [["c = confidential"], [], [""] * width, [" "] * width, ["Note", *[""] * (width - 1)]]
    return Change(unparsed([*rows, *(rng.choice(lines) for _ in range(rng.randrange(1, 4)))]), "notes below")


def totals_row(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    total = []
    for column in zip(*rows[1:], strict=False):
        numbers = [float(cell) for cell in column if re.fullmatch(r"-?\d{1,9}(\.\d+)?", cell)]
        total.append(f"{sum(numbers):g}" if len(numbers) == len(column) else "")
    if total:
        total[0] = rng.choice(("Total", "", "England", total[0]))
    rows.insert(rng.choice((1, len(rows))), total)
    return Change(unparsed(rows), "a row of totals")


def header_again(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    rows.insert(rng.randrange(1, len(rows) + 1), list(rows[0]))
    return Change(unparsed(rows), "the header again")


def blank_lines(raw: bytes, rng: random.Random) -> Change:
    lines = raw.split(b"\n")
    for _ in range(rng.randrange(1, 5)):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice((b"", b" ", b",,,", b"\t")))
    return Change(b"\n".join(lines), "blank lines")


def drop_column(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    place = rng.randrange(max(len(rows[0]), 1))
    return Change(unparsed([row[:place] + row[place + 1 :] for row in rows]), "a column dropped")


def rename_columns(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    ways: tuple[Callable[[str], str], ...] = (
        str.upper, str.lower, lambda t: f" {t} ", lambda t: t.replace("_", " "), lambda t: f"\ufeff{t}",
        lambda t: f"{t}\u00a0", lambda t: f'"{t}"', lambda t: t.replace(" ", "_"), str.title,
    )  # fmt: skip
    way = rng.choice(ways)
    rows[0] = [way(name) if rng.random() < 0.7 else name for name in rows[0]]
    return Change(unparsed(rows), "header in other letters")


def rename_one(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    if rows[0]:
        rows[0][rng.randrange(len(rows[0]))] = rng.choice(
            ("", "x", "Unnamed: 3", "col", *CELLS[:20], "a" * 5000, "\u0177")
        )
    return Change(unparsed(rows), "a column renamed")


def repeat_column(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    place = rng.randrange(max(len(rows[0]), 1))
    to = rng.randrange(len(rows[0]) + 1)
    return Change(unparsed([row[:to] + row[place : place + 1] + row[to:] for row in rows]), "a column twice")


def swap_names(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    if len(rows[0]) > 1:
        one, other = rng.sample(range(len(rows[0])), 2)
        rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    return Change(unparsed(rows), "two names of columns exchanged")


def shuffle_columns(raw: bytes, rng: random.Random) -> Change:
    rows = _rows(raw)
    order = list(range(len(rows[0])))
    rng.shuffle(order)
    return Change(unparsed([[row[i] for i in order if i < len(row)] for row in rows]), "columns in another order")


def other_separator(raw: bytes, rng: random.Random) -> Change:
    return Change(raw.replace(b",", rng.choice((b";", b"\t", b"|", b", "))), "another separator")


def quoted(raw: bytes, _rng: random.Random) -> Change:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(_rows(raw))
    return Change(out.getvalue().encode("utf-8", "surrogatepass"), "every cell in quotation marks")


TABLE = (one_cell, one_cell, one_cell, one_cell, one_cell, one_cell_raw, swap_cells, shift_column, delete_rows, repeat_row,
         repeat_row_changed, shuffle_rows, ragged, titles, notes_below, totals_row, header_again, blank_lines, drop_column,
         rename_columns, rename_one, repeat_column, swap_names, shuffle_columns, other_separator, quoted)  # fmt: skip

# --- shapes ------------------------------------------------------------------------------------------------------


def _change_feature(raw: bytes, rng: random.Random, change: Callable[[dict[str, Any]], None], what: str) -> Change:
    try:
        found = json.loads(raw)
        change(rng.choice(found["features"]))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Change(raw, "nothing")
    return Change(json.dumps(found).encode(), what)


def ring_cut(raw: bytes, rng: random.Random) -> Change:
    def change(feature: dict[str, Any]) -> None:
        ring = feature["geometry"]["coordinates"][0]
        del ring[rng.randrange(len(ring)) :]

    return _change_feature(raw, rng, change, "a ring cut")


def ring_crossed(raw: bytes, rng: random.Random) -> Change:
    def change(feature: dict[str, Any]) -> None:
        ring = feature["geometry"]["coordinates"][0]
        ring[1], ring[2] = ring[2], ring[1]

    return _change_feature(raw, rng, change, "a ring that crosses itself")


def ring_odd(raw: bytes, rng: random.Random) -> Change:
    odd = (
        None,
        "x",
        [],
        [1],
        [float("nan"), 1],
        [1e308, 1e308],
        [0, 0],
        ["4", "5"],
        [-1.2, 51.7],
        [450000, 200000, 7],
        {},
    )

    def change(feature: dict[str, Any]) -> None:
        ring = feature["geometry"]["coordinates"][0]
        ring[rng.randrange(len(ring))] = rng.choice(odd)

    return _change_feature(raw, rng, change, "a position that is none")


def axes_swapped(raw: bytes, rng: random.Random) -> Change:
    every = rng.random() < 0.5
    try:
        found = json.loads(raw)
        for feature in found["features"] if every else [rng.choice(found["features"])]:
            rings = feature["geometry"]["coordinates"]
            feature["geometry"]["coordinates"] = [[[y, x] for x, y in ring] for ring in rings]
    except (ValueError, KeyError, IndexError, TypeError):
        return Change(raw, "nothing")
    return Change(json.dumps(found).encode(), "axes exchanged")


def system_changed(raw: bytes, rng: random.Random) -> Change:
    try:
        found = json.loads(raw)
        names = ("EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:3857", "EPSG:99999", "x", "", "EPSG:27700")
        options: list[Any] = [{"type": "name", "properties": {"name": rng.choice(names)}}, None, 5, {}, "EPSG:27700"]
        if rng.random() < 0.3:
            found.pop("crs", None)
        else:
            found["crs"] = rng.choice(options)
    except (ValueError, AttributeError, TypeError):
        return Change(raw, "nothing")
    return Change(json.dumps(found).encode(), "another reference system, or none")


def geometry_odd(raw: bytes, rng: random.Random) -> Change:
    odd: tuple[Any, ...] = (
        None, {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": []}, {"type": "Point", "coordinates": [450000, 200000]},
        {"type": "Nothing", "coordinates": []}, {"type": "GeometryCollection", "geometries": []}, "x", 3,
        {"type": "LineString", "coordinates": [[450000, 200000], [450001, 200001]]},
        {"type": "MultiPolygon", "coordinates": [[[[450000, 200000]]]]}, {"type": "Polygon", "coordinates": [[]]},
    )  # fmt: skip

    def change(feature: dict[str, Any]) -> None:
        feature["geometry"] = rng.choice(odd)

    return _change_feature(raw, rng, change, "another geometry, or none")


def property_odd(raw: bytes, rng: random.Random) -> Change:
    def change(feature: dict[str, Any]) -> None:
        names = list(feature["properties"])
        name = rng.choice(names)
        feature["properties"][name] = rng.choice((None, 5, 1e400, [], {}, True, *CELLS))
        if rng.random() < 0.3:
            del feature["properties"][name]

    return _change_feature(raw, rng, change, "another property, or none")


def features_changed(raw: bytes, rng: random.Random) -> Change:
    try:
        found = json.loads(raw)
        features = found["features"]
        what = rng.choice(("repeat", "delete", "null", "type", "list", "none", "shuffle"))
        if what == "repeat":
            features.append(rng.choice(features))
        elif what == "delete":
            features.remove(rng.choice(features))
        elif what == "null":
            features[rng.randrange(len(features))] = None
        elif what == "type":
            found["type"] = rng.choice(("Feature", "x", None, 4, "Topology"))
        elif what == "list":
            found = rng.choice((features, {"features": 5}, {"type": "FeatureCollection"}, 4, "x"))
        elif what == "none":
            found["features"] = []
        else:
            rng.shuffle(features)
    except (ValueError, KeyError, IndexError, TypeError):
        return Change(raw, "nothing")
    return Change(json.dumps(found).encode(), f"features: {what}")


SHAPES = (ring_cut, ring_crossed, ring_odd, ring_odd, axes_swapped, system_changed, geometry_odd, property_odd,
          features_changed)  # fmt: skip

# --- workbooks ---------------------------------------------------------------------------------------------------


BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, OSError, RuntimeError, ValueError)


def as_workbook(raw: bytes, sheet: str = "Sheet1") -> bytes:
    """Return the rows of a CSV file as a workbook, what looks like a number as one."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        for at, row in enumerate(_rows(raw)):
            for place, cell in enumerate(row):
                if re.fullmatch(r"-?(0|[1-9]\d{0,9})(\.\d+)?", cell):
                    page.write_number(at, place, float(cell))
                else:
                    page.write_string(at, place, cell)
    return out.getvalue()


def member_changed(raw: bytes, rng: random.Random) -> Change:
    """Damage one file inside a workbook, which stays an archive that can be opened."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(out, "w") as damaged:
            names = archive.namelist()
            chosen = rng.choice(names)
            for name in names:
                content = archive.read(name)
                if name == chosen:
                    if rng.random() < 0.2:
                        continue
                    content = rng.choice((flip, splice, cut, truncate, repeat_block, emptied))(content, rng).raw
                damaged.writestr(name, content)
    except BROKEN_ARCHIVE:
        return Change(raw, "nothing")
    return Change(out.getvalue(), "a file inside the workbook damaged")


def renamed_csv(raw: bytes, _rng: random.Random) -> Change:
    return Change(raw, "a CSV file named .xlsx", suffix=".xlsx")


def renamed_workbook(raw: bytes, rng: random.Random) -> Change:
    return Change(raw, "a workbook named otherwise", suffix=rng.choice((".csv", ".geojson", ".txt")))


def sheet_renamed(raw: bytes, rng: random.Random) -> Change:
    out = io.BytesIO()
    new = rng.choice(("", "Notes", "places", "x" * 40, "Mid-2020 LSOA", "\u0177")).encode()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(out, "w") as damaged:
            for name in archive.namelist():
                content = archive.read(name)
                if name == "xl/workbook.xml":
                    content = re.sub(rb'<sheet name="[^"]*"', b'<sheet name="' + new + b'"', content, count=1)
                damaged.writestr(name, content)
    except BROKEN_ARCHIVE:
        return Change(raw, "nothing")
    return Change(out.getvalue(), "a sheet renamed")


WORKBOOK = (flip_many, truncate, cut, splice, member_changed, member_changed, sheet_renamed, renamed_workbook, emptied)

MUTATORS: dict[str, tuple[Callable[[bytes, random.Random], Change], ...]] = {
    "csv": (*TABLE, *TABLE, *BYTES, renamed_csv),
    "geojson": (*SHAPES, *BYTES),
    "xlsx": WORKBOOK,
    "binary": (flip, flip_many, truncate, cut, splice, emptied),
    "toml": (*BYTES, one_cell_raw),
}


def mutate(raw: bytes, kind: str, rng: random.Random, *, most: int = 3) -> Change:
    """Damage a file once, twice or thrice."""
    times = rng.choice((1, 1, 1, *range(1, most + 1)))
    done = [rng.choice(MUTATORS[kind])(raw, rng)]
    for _ in range(times - 1):
        if done[-1].suffix:
            break
        done.append(rng.choice(MUTATORS[kind])(done[-1].raw, rng))
    only = done[0].cell if len(done) == 1 else None
    return Change(done[-1].raw, "; ".join(one.what for one in done), only, done[-1].suffix)
