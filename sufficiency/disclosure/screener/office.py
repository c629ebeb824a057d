"""How Word documents, workbooks and other zip archives are read: every member, and what office files hide."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.screener.sheets import Workbook, parsed, plain_text
from sufficiency.disclosure.screener.tables import screen_table
from sufficiency.disclosure.screener.texts import screen_text

if TYPE_CHECKING:
    from sufficiency.disclosure.screener.finding import Budget
    from sufficiency.disclosure.screener.spot import Screen, Spot

__all__ = ["screen_archive"]

_CHUNK: Final = 1 << 20
_OWN: Final = ("", "sufficiency")
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORDS: Final = tuple(f"{_WORD}{name}" for name in ("t", "delText", "instrText"))
_GAPS: Final = tuple(f"{_WORD}{name}" for name in ("tab", "br", "cr"))
_COMMENTS: Final = re.compile(
    r"(?:word|xl)/(?:comments|threadedComments|persons)[^/]*(?:/[^/]*)?\.xml|word/people\.xml"
)
_TRACKED: Final = re.compile(rb"<w:(?:ins|del|moveFrom|moveTo|rPrChange|pPrChange)[ >]")
_VANISH: Final = re.compile(rb"<w:vanish\s*/>")
_EXTERNAL: Final = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>")
# members that tell by their names what they are
_TELLING: Final = (
    ("macro", re.compile(r"(?:.*/)?(?:vbaProject[^/]*\.bin|vbaData\.xml|macrosheets/.*|activeX/.*)", re.IGNORECASE)),
    ("thumbnail", re.compile(r"docProps/thumbnail.*", re.IGNORECASE)),
    ("comment", re.compile(r"(?:word|xl)/(?:comments|threadedComments|persons|people)[^/]*(?:/[^/]*)?\.xml")),
    ("author", re.compile(r".*/printerSettings/.*")),
    ("link", re.compile(r"xl/externalLinks/[^/]+\.xml|xl/connections\.xml")),
    ("copy", re.compile(r".*/pivotCache/pivotCacheRecords[^/]*\.xml")),
)
_SKIPPED: Final = re.compile(
    r"(?:.*/)?(?:styles|stylesWithEffects|theme\d*|fontTable|webSettings|numbering|\[Content_Types\])\.xml|.*\.(?:odttf|ttf|otf|woff2?)"
)


def screen_archive(spot: Spot, data: bytes, screen: Screen, depth: int) -> None:
    """Report what an archive holds, member by member; an office file also as what it is.

    Parameters
    ----------
    spot
        The file, or the part of one that the archive is.
    data
        The archive.
    screen
        Screens a member of any kind: its spot, bytes and depth.
    depth
        How deep this archive lies in others.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    office = "[Content_Types].xml" in names
    sheets = Workbook(spot) if any(name.startswith("xl/") for name in names) else None
    for at, info in enumerate(archive.infolist(), start=1):
        if info.is_dir():
            continue
        member = spot.within(info.filename if spot.rules.may_show(info.filename) else f"member {at}", "/")
        if info.flag_bits & 1:
            member.add("unreadable", "it has a password")
            continue
        content = _unpacked(archive, info, spot.budget)
        if not office:
            screen_text(member, info.filename)
            screen(member, content, depth + 1)
            continue
        _office_member(member, info.filename, content, screen, depth)
        if sheets is not None:
            sheets.take(info.filename, content)
        elif info.filename.startswith("word/") and info.filename.endswith(".xml"):
            _word_part(member, info.filename, content)
    if sheets is not None:
        sheets.screen()


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """Return a member's bytes, counted as they come: what an archive says of its sizes need not be true."""
    parts = []
    with archive.open(info) as source:
        while chunk := source.read(_CHUNK):
            budget.take(len(chunk))
            parts.append(chunk)
    return b"".join(parts)


def _office_member(spot: Spot, name: str, content: bytes, screen: Screen, depth: int) -> None:
    kind = next((kind for kind, pattern in _TELLING if pattern.fullmatch(name)), "")
    if kind:
        spot.add(kind)
    if name.endswith(".rels"):
        _relations(spot, content)
    elif name.startswith("docProps/") and name.endswith(".xml"):
        _properties(spot, content)
    elif name.endswith((".xml", ".vml")):
        if not name.startswith(("word/", "xl/")):
            screen_text(spot, plain_text(content))
    elif not kind and not _SKIPPED.fullmatch(name):
        screen(spot, content, depth + 1)


def _relations(spot: Spot, content: bytes) -> None:
    """Report what an office file takes from outside when it is opened; a link for a reader to follow is none."""
    for found in _EXTERNAL.findall(content):
        if b"/hyperlink" not in found and b"externalLinkPath" not in found:
            spot.add("link")
    screen_text(spot, content.decode("utf-8", "replace"))


def _properties(spot: Spot, content: bytes) -> None:
    for element in parsed(content).iter():
        name, text = element.tag.rsplit("}", 1)[-1], (element.text or "").strip()
        if name in ("creator", "lastModifiedBy", "Company", "Manager") and text not in _OWN:
            spot.within(name).add("author")
        if text:
            screen_text(spot, text)


def _word_part(spot: Spot, name: str, content: bytes) -> None:
    if _SKIPPED.fullmatch(name):
        return
    for kind, pattern in (("comment", _TRACKED), ("hidden", _VANISH)):
        count = len(pattern.findall(content))
        if count:
            spot.add(kind, count=count)
    root = parsed(content)
    in_tables = {id(paragraph) for table in root.iter(f"{_WORD}tbl") for paragraph in table.iter(f"{_WORD}p")}
    for number, paragraph in enumerate(root.iter(f"{_WORD}p"), start=1):
        if id(paragraph) in in_tables:
            continue
        words = "".join(
            (one.text or "") if one.tag in _WORDS else " " if one.tag in _GAPS else "" for one in paragraph.iter()
        )
        if words:
            screen_text(spot, words, place=f"paragraph {number}")
    for number, table in enumerate(root.iter(f"{_WORD}tbl"), start=1):
        rows = [
            ["".join(text.text or "" for text in cell.iter(f"{_WORD}t")).strip() for cell in row.iter(f"{_WORD}tc")]
            for row in table.iter(f"{_WORD}tr")
        ]
        if rows:
            screen_table(spot.within(f"table {number}"), rows[0], enumerate(rows[1:], start=2))
