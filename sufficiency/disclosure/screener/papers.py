"""How PDF documents and pictures are read: texts of pages, attachments, streams, and what is said of the author."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import zlib
from typing import TYPE_CHECKING, Any, Final

from sufficiency.disclosure.screener.identifiers import numbers_in, words_in
from sufficiency.disclosure.screener.texts import screen_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.disclosure.screener.spot import Screen, Spot

__all__ = ["screen_jpeg", "screen_pdf", "screen_png", "screen_raw"]

_OWN_AUTHORS: Final = ("", "sufficiency")
# the typesetter of this package; another program's name tells that the file was made elsewhere
_OWN_PRODUCERS: Final = re.compile(r"|sufficiency|typst [\d.]+|krilla.*|matplotlib.*", re.IGNORECASE)
_PNG_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_MOST_CHUNK: Final = 1 << 24
_PRIVATE: Final = ("author", "artist", "creator", "copyright", "comment", "source")


def screen_raw(
    spot: Spot,
    data: bytes,
) -> None:
    """Report numbers of persons, own ids, paths and marks among bytes of any kind."""
    text = data.decode("latin-1")
    found = [kind for kind, _ in numbers_in(text) if kind in ("upn", "ni")]
    found += [kind for kind, _ in words_in(text)]
    found += ["own_id" for _ in spot.rules.canaries.ids_in(text)]
    for kind in found:
        spot.add(kind)


def screen_pdf(spot: Spot, data: bytes, screen: Screen, depth: int) -> None:
    """Report what a PDF names on its pages, in its properties, attachments and streams.

    Raises
    ------
    Exception
        When it is broken; the caller reports that it cannot be read.
    """
    with _quiet():
        _screen_paper(spot, data, screen, depth)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the reader of PDFs from telling of broken ones: what it tells is a part of them."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _screen_paper(spot: Spot, data: bytes, screen: Screen, depth: int) -> None:
    import pypdf  # noqa: PLC0415 - loaded only where it is needed

    paper = pypdf.PdfReader(io.BytesIO(data))
    if paper.is_encrypted and not paper.decrypt(""):
        spot.add("unreadable", "it has a password")
        return
    for name, value in (paper.metadata or {}).items():
        text = str(value)
        if (name == "/Author" and text not in _OWN_AUTHORS) or (
            name in ("/Producer", "/Creator") and not _OWN_PRODUCERS.fullmatch(text)
        ):
            spot.within(name.strip("/").lower()).add("author")
        screen_text(spot.within("properties"), text)
    for number, page in enumerate(paper.pages, start=1):
        text = page.extract_text() or ""
        spot.budget.take(len(text))
        screen_text(spot.within(f"page {number}"), text)
        if "/Annots" in page:
            _notes(spot.within(f"page {number}"), page)
    for at, (_, contents) in enumerate(paper.attachments.items(), start=1):
        for content in contents if isinstance(contents, list) else [contents]:
            spot.within(f"attachment {at}").add("copy")
            screen(spot.within(f"attachment {at}"), bytes(content), depth + 1)
    _streams(spot.within("streams"), paper)


def _notes(spot: Spot, page: Any) -> None:  # noqa: ANN401 - untyped
    for one in page["/Annots"]:
        note = one.get_object()
        if note.get("/Subtype") in ("/Text", "/FreeText", "/Popup", "/Highlight", "/StrikeOut") and note.get(
            "/Contents"
        ):
            spot.add("comment")
        screen_text(spot, str(note.get("/Contents", "")))
        action = note.get("/A")
        if action is not None and action.get_object().get("/S") in ("/JavaScript", "/Launch"):
            spot.add("macro")


def _streams(spot: Spot, paper: Any) -> None:  # noqa: ANN401 - untyped
    """Report what stands in the streams: parts of pages that no text shows, and packets of properties."""
    for number in range(1, len(paper.xref_objStm) + sum(len(one) for one in paper.xref.values()) + 1):
        content = _unpacked(paper, number)
        spot.budget.take(len(content))
        screen_raw(spot, content)
    root = paper.trailer["/Root"].get_object()
    names = root.get("/Names", {})
    if "/JavaScript" in (names.get_object() if hasattr(names, "get_object") else names):
        spot.add("macro")


def _unpacked(paper: Any, number: int) -> bytes:  # noqa: ANN401 - untyped
    """Return the bytes of a stream; none where the object is no stream, or one that is a picture or broken."""
    try:
        found = paper.get_object(number)
        text = hasattr(found, "get_data") and found.get("/Subtype") != "/Image"
        return bytes(found.get_data()) if text else b""
    except Exception:  # noqa: BLE001 - the pages were read before: what is left over in a broken file is not shown
        return b""


def screen_png(
    spot: Spot,
    data: bytes,
) -> None:
    """Report what a PNG says beside its picture."""
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        at += 12 + size
        if kind == b"eXIf":
            spot.add("author", "properties of a photograph")
        if kind not in _PNG_TEXTS or size > _MOST_CHUNK:
            continue
        name, _, rest = body.partition(b"\0")
        if kind == b"zTXt":
            rest = zlib.decompressobj().decompress(rest[1:], _MOST_CHUNK)
        text = rest.decode("utf-8", "replace").strip("\0 ")
        if name.decode("latin-1").lower() in _PRIVATE and text not in _OWN_AUTHORS:
            spot.add("author")
        screen_text(spot, text)


def screen_jpeg(
    spot: Spot,
    data: bytes,
) -> None:
    """Report what a JPEG says beside its picture: where and with what it was taken, and comments."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + size]
        if data[at + 1] == 0xE1 and body.startswith((b"Exif\0", b"http://ns.adobe.com")):
            spot.add("author", "properties of a photograph")
        if data[at + 1] == 0xFE:
            screen_text(spot, body.decode("utf-8", "replace"))
        at += 2 + max(size, 2)
