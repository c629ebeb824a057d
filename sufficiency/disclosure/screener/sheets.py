"""How the sheets of a workbook are read: as tables below their heads, with what is hidden in them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from sufficiency.disclosure.screener.tables import screen_table
from sufficiency.disclosure.screener.texts import screen_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.disclosure.screener.spot import Spot

__all__ = ["Workbook", "parsed", "plain_text"]

_ENTITY: Final = b"<!ENTITY"


def parsed(content: bytes) -> ET.Element:
    """Return the XML of a member; one with entities of its own is refused, for they can unfold without end."""
    if _ENTITY in content:
        message = "XML with entities of its own"
        raise ValueError(message)
    return ET.fromstring(content)  # noqa: S314 - entities are refused above


def plain_text(content: bytes) -> str:
    """Return the texts and attributes of XML, whatever it is."""
    return re.sub(r"<[^>]*>", " ", content.decode("utf-8", "replace"))


class Workbook:
    """The sheets of a workbook; the members come in any order."""

    def __init__(self, spot: Spot) -> None:
        self._spot = spot
        self._strings: list[str] = []
        self._names: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self._sheets: dict[str, bytes] = {}
        self._heads: list[tuple[str, int]] = []
        self._tables: dict[str, int] = {}
        self._used: set[int] = set()

    def take(self, name: str, content: bytes) -> None:
        """Take a member."""
        if name == "xl/sharedStrings.xml":
            items = parsed(content)
            self._strings = ["".join(one.text or "" for one in item.iter() if one.tag.endswith("}t")) for item in items]
        elif name == "xl/workbook.xml":
            self._workbook(parsed(content))
        elif name == "xl/_rels/workbook.xml.rels":
            for one in parsed(content):
                self._targets[one.get("Id", "")] = one.get("Target", "").lstrip("/").removeprefix("xl/")
        elif re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            self._sheets[name.removeprefix("xl/")] = content
        elif re.fullmatch(r"xl/tables/[^/]+\.xml", name):
            found = re.match(r"[A-Z]+(\d+)", parsed(content).get("ref", ""))
            if found:
                self._tables[name.rsplit("/", 1)[-1]] = int(found.group(1))
        elif re.fullmatch(r"xl/worksheets/_rels/[^/]+\.rels", name):
            sheet = "worksheets/" + name.rsplit("/", 1)[-1].removesuffix(".rels")
            for one in parsed(content):
                if one.get("Type", "").endswith("/table"):
                    self._heads.append((sheet, 0))
                    self._targets[f"table of {sheet}"] = one.get("Target", "").rsplit("/", 1)[-1]
        elif name.endswith(".xml"):
            self._text(plain_text(content), name)

    def _text(self, text: str, where: str) -> None:
        screen_text(self._spot.within(where), text)

    def _workbook(self, root: ET.Element) -> None:
        for one in root.iter():
            tag = one.tag.rsplit("}", 1)[-1]
            if tag == "sheet":
                rid = next((value for key, value in one.attrib.items() if key.endswith("}id")), "")
                name = one.get("name", "")
                self._names[rid] = name
                self._text(name, "names of the sheets")
                if one.get("state", "visible") != "visible":
                    self._spot.within(f"sheet {len(self._names)}").add("hidden")
            elif tag == "definedName" and one.text:
                self._text(one.text, "names of ranges")
                if re.search(r"\[\d+\]|https?://|\\\\", one.text):
                    self._spot.within("names of ranges").add("link")

    def screen(self) -> None:
        """Screen every sheet, once all members are there."""
        by_target = {target: name for rid, target in self._targets.items() if (name := self._names.get(rid))}
        for at, (target, content) in enumerate(self._sheets.items(), start=1):
            name = by_target.get(target, "")
            show = self._spot.rules.may_show(name)
            spot = self._spot.within(f"sheet {name if show else at}")
            self._sheet(spot, content, self._tables.get(self._targets.get(f"table of {target}", ""), 0))
        for at, text in enumerate(self._strings):
            if at not in self._used:
                self._text(text, "texts that stand in no cell")

    def _sheet(self, spot: Spot, content: bytes, head: int) -> None:
        if _ENTITY in content:
            spot.add("unreadable")
            return
        formulas = len(re.findall(rb"<f[ >/]", content))
        if formulas:
            spot.add("formula", count=formulas)
        hidden = len(re.findall(rb"<(?:row|col)\b[^>]*\bhidden=\"(?:1|true)\"", content))
        if hidden:
            spot.add("hidden", "rows or columns", hidden)
        rows = self._rows(content)
        columns: dict[int, str] = {}
        for number, cells in rows:
            texts = [text for text, is_text in cells.values() if is_text and text]
            if number == head or (not head and len(texts) >= 2 and len(texts) == len(cells)):
                columns = {at: text for at, (text, _) in cells.items()}
                break
            for text, _ in cells.values():
                screen_text(spot, text)
        if columns:
            order = sorted(columns)
            body = ((number, [cells.get(at, ("", False))[0] for at in order]) for number, cells in rows)
            screen_table(spot, [columns[at] for at in order], body)

    def _rows(self, content: bytes) -> Iterator[tuple[int, dict[int, tuple[str, bool]]]]:
        number = 0
        for _, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 - entities are refused by the caller
            if not element.tag.endswith("}row"):
                continue
            number = int(element.get("r", number + 1))
            cells: dict[int, tuple[str, bool]] = {}
            for place, cell in enumerate(element):
                kind = cell.get("t", "n")
                value = "".join(one.text or "" for one in cell.iter() if one.tag.endswith(("}v", "}t")))
                if kind == "s" and value.isdigit() and int(value) < len(self._strings):
                    self._used.add(int(value))
                    value = self._strings[int(value)]
                cells[_column(cell.get("r", ""), place)] = (value, kind in ("s", "str", "inlineStr"))
            yield number, cells
            element.clear()


def _column(reference: str, place: int) -> int:
    letters = re.match(r"[A-Z]+", reference)
    if letters is None:
        return place
    at = 0
    for letter in letters.group():
        at = at * 26 + ord(letter) - 64
    return at - 1
