"""How web pages and other markup are read: texts, tables, what is fetched, and the data within scripts."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.screener.identifiers import numbers_in, words_in
from sufficiency.disclosure.screener.tables import screen_table
from sufficiency.disclosure.screener.texts import screen_json, screen_text, screen_value

if TYPE_CHECKING:
    from sufficiency.disclosure.screener.spot import Spot

__all__ = ["screen_html"]

_MOST_SCRIPTS: Final = 50_000
_REMOTE: Final = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_SCRIPT_FETCH: Final = re.compile(
    r"(?:\bfetch|\bimportScripts|\bimport|new\s+(?:WebSocket|EventSource|Worker)|\.open\(\s*[\"'`]\w+[\"'`]\s*,"
    r"|\bsendBeacon|L\.tileLayer)\s*\(?\s*[\"'`](?:https?|wss?):|\.src\s*=\s*[\"'`]https?:",
    re.IGNORECASE,
)
_STYLE_FETCH: Final = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])\s*(?:https?:)?//", re.IGNORECASE)
_FETCHING: Final = {
    "script": ("src",), "img": ("src", "srcset"), "iframe": ("src",), "embed": ("src",), "object": ("data",),
    "source": ("src", "srcset"), "video": ("src", "poster"), "audio": ("src",), "track": ("src",), "input": ("src",),
    "form": ("action",), "image": ("href", "xlink:href"), "use": ("href", "xlink:href"), "base": ("href",),
}  # fmt: skip
_FETCHING_LINKS: Final = (
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "manifest",
    "import",
    "modulepreload",
)
_DATA: Final = re.compile(r"[=(,]\s*(?=[\[{])")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fetching: list[tuple[str, int]] = []
        self.scripts: list[tuple[int, str, str]] = []
        self.texts: list[tuple[int, str]] = []
        self.tables: list[tuple[int, list[list[str]]]] = []
        self.authors: list[int] = []
        self._inside = ""
        self._kind = ""
        self._open: list[list[list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        found = {name: value or "" for name, value in attrs}
        for name in _FETCHING.get(tag, ()):
            if _REMOTE.match(found.get(name, "")):
                self.fetching.append((f"{tag} {name}", line))
        kinds = found.get("rel", "").lower().split()
        if tag == "link" and any(one in _FETCHING_LINKS for one in kinds) and _REMOTE.match(found.get("href", "")):
            self.fetching.append(("link href", line))
        if (
            tag == "meta"
            and found.get("name", "").lower() == "author"
            and found.get("content", "") not in ("", "sufficiency")
        ):
            self.authors.append(line)
        for name, value in found.items():
            if name == "style" and _STYLE_FETCH.search(value):
                self.fetching.append(("style", line))
            elif len(value) > 3 and name != "d":
                self.texts.append((line, value))
        if tag in ("script", "style"):
            self._inside, self._kind = tag, found.get("type", "")
        elif tag == "table":
            self._open.append([])
            self.tables.append((line, self._open[-1]))
        elif tag == "tr" and self._open:
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._open[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        line = self.getpos()[0]
        if self._inside == "style":
            if _STYLE_FETCH.search(data):
                self.fetching.append(("style", line))
        elif self._inside == "script":
            self.scripts.append((line, self._kind, data))
        elif data.strip():
            in_cell = bool(self._open and self._open[-1] and self._open[-1][-1])
            # a column of sums may hold such a number by chance: the table tells
            if not (in_cell and re.fullmatch(r"\s*\d{10}\s*", data)):
                self.texts.append((line, data))
            if in_cell:
                self._open[-1][-1][-1] += data

    def handle_comment(self, data: str) -> None:
        self.texts.append((self.getpos()[0], data))


def screen_html(
    spot: Spot,
    text: str,
) -> None:
    """Report what a page gives away and fetches: its texts, tables, and the data within its scripts."""
    page = _Page()
    page.feed(text)
    page.close()
    for what, line in page.fetching:
        spot.within(what).add("fetch", f"line {line}")
    for line in page.authors:
        spot.add("author", f"line {line}")
    for line, words in page.texts:
        screen_text(spot, words, line=line)
    for line, table in page.tables:
        rows = [[cell.strip() for cell in row] for row in table if row]
        if len(rows) > 1:
            at = enumerate(rows[1:], start=2)
            screen_table(spot.within(f"table at line {line}"), rows[0], at)
    for line, kind, script in page.scripts:
        inner = spot.within(f"script at line {line}")
        if "json" in kind and screen_value(inner, script):
            continue
        for found in _SCRIPT_FETCH.finditer(script):
            inner.add("fetch", f"line {line + script.count(chr(10), 0, found.start())}")
        _words(inner, script, line=line)
        _data_in_script(inner, script)


def _words(spot: Spot, text: str, *, line: int) -> None:
    """Report numbers, paths, marks and ids of a program's text; its coordinates are screened with its data."""
    found = [*numbers_in(text), *words_in(text), *(("own_id", at) for at in spot.rules.canaries.ids_in(text))]
    for kind, at in found:
        spot.add(kind, f"line {line + text.count(chr(10), 0, at)}")


def _data_in_script(
    spot: Spot,
    script: str,
) -> None:
    """Screen what a script holds as JSON, as maps of other makers do."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MOST_SCRIPTS):
        begin = _DATA.search(script, at)
        if begin is None:
            return
        try:
            data, at = decoder.raw_decode(script, begin.end())
        except (ValueError, RecursionError):
            at = begin.end()
            continue
        if data:
            screen_json(spot, data)
    spot.add("large")
