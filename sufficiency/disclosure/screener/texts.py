"""How plain texts, delimited tables and JSON are read."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sufficiency.disclosure.screener.canaries import NEAR_M
from sufficiency.disclosure.screener.identifiers import numbers_in, words_in
from sufficiency.disclosure.screener.tables import is_count, names_person, plain_name, screen_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from sufficiency.disclosure.screener.spot import Rules, Spot

__all__ = ["screen_delimited", "screen_json", "screen_lines", "screen_text", "screen_value"]

_BLANKS: Final = (None, "", "c", "z")
_DELIMITERS: Final = ",\t;|"
_MOST_DEPTH: Final = 60
_MARKED: Final = re.compile(r"\binternal\b", re.IGNORECASE)
# differences of two figures that are shown, and the bounds of a legend's classes, count nobody
_NO_COUNTS: Final = frozenset(
    {"change", "changes", "difference", "differences", "scales", "breaks", "classes", "legend"}
)
_ASSUMED: Final = frozenset({"unit", "source", "effect"})


def screen_text(spot: Spot, text: str, *, line: int = 0, place: str = "") -> None:
    """Report what a text names, at the line, or else at the place; ``line`` is that of its beginning, 0 = none."""
    found = [*numbers_in(text), *words_in(text)]
    found += [("own_id", at) for at in spot.rules.canaries.ids_in(text)]
    found += [("own_home", at) for at in spot.rules.canaries.homes_in(text)]
    for kind, at in found:
        spot.add(kind, f"line {line + text.count(chr(10), 0, at)}" if line else place)


def screen_lines(
    spot: Spot,
    lines: TextIO,
) -> None:
    """Report what a text names, read as a stream, with the line."""
    number = 1
    while block := list(itertools.islice(lines, 2_000)):
        screen_text(spot, "".join(block), line=number)
        number += len(block)


def delimiter_of(sample: str) -> tuple[str, int]:
    """Return what separates the cells of a delimited text and how many rows stand above its header.

    The separator is blank where the text is no table: where fewer than half of its first rows have one number of cells.
    """
    lines = [line for line in sample.splitlines()[:40] if line.strip()]
    lines = lines[:-1] if len(lines) > 2 else lines
    for delimiter in _DELIMITERS if len(lines) > 1 else ():
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        width, often = Counter(width for width in widths if width > 1).most_common(1)[0] if max(widths) > 1 else (0, 0)
        if often > 1 and often * 2 >= len(widths):
            return delimiter, widths.index(width)
    return "", 0


def screen_delimited(spot: Spot, lines: TextIO, delimiter: str, above: int) -> None:
    """Report what a delimited table gives away, read as a stream; ``above`` rows stand above its header."""
    rows = ((at, row) for at, row in enumerate(csv.reader(lines, delimiter=delimiter), start=1) if any(row))
    for number, row in itertools.islice(rows, above):
        screen_text(spot, " ".join(row), line=number)
    _, header = next(rows, (0, []))
    screen_table(spot, header, _marked(spot, header, rows))


def _marked(spot: Spot, header: list[str], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Pass the rows on, and report those whose column `build` or `marking` says internal."""
    columns = [at for at, name in enumerate(header) if plain_name(name) in ("build", "marking", "release")]
    for number, row in rows:
        for at in columns:
            if at < len(row) and _MARKED.search(row[at]) and not any(True for _ in words_in(row[at])):
                spot.within(f"column {header[at]}").add("internal", f"row {number}")
        yield number, row


def screen_json(spot: Spot, data: Any) -> None:  # noqa: ANN401 - any JSON
    """Report what a JSON value gives away: lists of alike objects as tables, keys as columns."""
    _Walk(spot.rules).value(data, spot, 0)


class _Walk:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.small = {sign * one for one in range(1, rules.hide_up_to + 1) for sign in (1, -1)}
        self.counting = True

    def value(self, data: Any, spot: Spot, depth: int) -> None:  # noqa: ANN401 - any JSON
        if depth > _MOST_DEPTH:
            spot.add("large")
        elif isinstance(data, str):
            screen_text(spot, data)
        elif isinstance(data, dict):
            self._object(data, spot, depth)
        elif isinstance(data, list):
            self._list(data, spot, depth)

    def _object(self, data: dict[str, Any], spot: Spot, depth: int) -> None:
        if str(data.get("build", "")).lower() == "internal" or _MARKED.search(str(data.get("marking", ""))):
            spot.add("internal")
        self._split(data, spot)
        if isinstance(data.get("features"), list):
            self._features(data["features"], spot)
        point = [data.get(name) for name in ("lat", "latitude", "lng", "lon", "longitude")]
        here = [one for one in point if isinstance(one, int | float)]
        if len(here) == 2 and self.rules.canaries.near([(float(here[0]), float(here[1]))], NEAR_M).any():
            spot.add("own_home")
        for key, value in data.items():
            inner = self._below(spot, str(key))
            if not self.rules.may_show(str(key)):
                screen_text(spot.within("a key"), str(key))
            if self.counting and is_count(key):
                self._counts(value, inner)
            if names_person(key) and not isinstance(value, dict | list) and value not in _BLANKS:
                inner.add("person")
            if not (key == "features" and isinstance(value, list)):
                was, self.counting = self.counting, self.counting and key.lower() not in _NO_COUNTS
                self.value(value, inner, depth + 1)
                self.counting = was

    def _below(self, spot: Spot, key: str) -> Spot:
        # a key with numbers or blanks in it is a value that may be an id or a name
        plain = re.fullmatch(r"[A-Za-z][A-Za-z_]{0,40}\d?", key) and self.rules.may_show(key)
        return spot.within(key if plain else "*", ".")

    def _counts(self, value: Any, spot: Spot) -> None:  # noqa: ANN401 - any JSON
        """Report small counts under a key that counts; an assumption with its unit and source is no count."""
        if isinstance(value, dict):
            if not _ASSUMED & set(value):
                for one in value.values():
                    self._counts(one, spot)
        elif isinstance(value, list):
            for one in value:
                self._counts(one, spot)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value in self.small:
            spot.add("small")

    def _list(self, data: list[Any], spot: Spot, depth: int) -> None:
        if data and all(isinstance(one, dict) for one in data):
            self._table(data, spot)
            for one in data:
                # scalars were looked at as cells of a table
                kept = {key: value for key, value in one.items() if isinstance(value, dict | list)}
                if kept:
                    self._object(kept, spot, depth + 1)
        elif data and _numbers(data):
            text = json.dumps(data) if len(data) < 100_000 else ""
            for _ in self.rules.canaries.homes_in(text):
                spot.add("own_home")
        else:
            for one in data:
                self.value(one, spot, depth + 1)

    def _table(self, data: list[dict[str, Any]], spot: Spot) -> None:
        columns = list(
            dict.fromkeys(key for one in data for key, value in one.items() if not isinstance(value, dict | list))
        )
        rows = ((at, [one.get(key) for key in columns]) for at, one in enumerate(data, start=1))
        screen_table(spot, columns, rows)
        marked = [at for at, one in enumerate(data, start=1) if str(one.get("build", "")).lower() == "internal"]
        if marked:
            spot.add("internal", f"row {marked[0]}", len(marked))

    def _split(self, data: dict[str, Any], spot: Spot) -> None:
        """Screen names of columns and rows of values that stand apart as the table that they are."""
        columns: list[Any] = next(
            (data[name] for name in ("columns", "fields", "header") if isinstance(data.get(name), list)), []
        )
        if not columns or not all(isinstance(name, str) for name in columns):
            return
        for name in ("rows", "data", "values"):
            rows = data.get(name)
            if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
                screen_table(spot.within(name, "."), columns, enumerate(rows, start=1))

    def _features(self, features: list[Any], spot: Spot) -> None:
        """Screen the features of GeoJSON as a table, a point being a position of the row."""
        rows = []
        for feature in features:
            if not isinstance(feature, dict):
                continue
            shape = feature.get("geometry") if isinstance(feature.get("geometry"), dict) else {}
            found = dict(feature["properties"]) if isinstance(feature.get("properties"), dict) else {}
            point = shape.get("type") in ("Point", "MultiPoint") if shape else False
            inside = shape.get("coordinates") if shape else None
            if point and isinstance(inside, list) and len(inside) >= 2 and _numbers(inside[:2]):
                found |= {"longitude": inside[0], "latitude": inside[1]}
            elif inside is not None:
                self.value(inside, spot.within("geometry", "."), 1)
            rows.append(found)
        if rows:
            self._list(rows, spot.within("features", "."), 1)


def _numbers(data: list[Any]) -> bool:
    """Return whether a list, however nested, begins with numbers."""
    first: Any = data
    while isinstance(first, list) and first:
        first = first[0]
    return isinstance(first, int | float) and not isinstance(first, bool)


def screen_value(
    spot: Spot,
    text: str,
) -> bool:
    """Screen a text as JSON; return whether it is such."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    screen_json(spot, data)
    return True
