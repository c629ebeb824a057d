"""Everything that a file holds, packed or not: archives, streams of a PDF and its text, data in base64, gzip."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["found_in", "unpacked"]

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{60,}={0,2}")
_STREAM = re.compile(rb"stream\r?\n")
_GLYPHS = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def unpacked(raw: bytes, depth: int = 4) -> Iterator[bytes]:
    """Yield the bytes, and those of everything packed inside them, so many levels deep."""
    yield raw
    if not depth:
        return
    inner: list[bytes] = []
    # a few random bytes of a picture may begin like an archive, and be none
    if raw[:4] == b"PK\x03\x04" and zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            inner += [name.encode() for name in archive.namelist()]
            inner += [archive.read(name) for name in archive.namelist()]
    elif raw[:2] == b"\x1f\x8b":
        inner.append(_inflated(raw, 31))
    elif raw[:2] in {b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"}:
        inner.append(_inflated(raw, 15))
    elif raw[:5] == b"%PDF-":
        streams = [_inflated(raw[match.end() :], 15) for match in _STREAM.finditer(raw)]
        inner += [*streams, *_texts(streams)]
    elif raw[:8] == b"\x89PNG\r\n\x1a\n":
        inner += [
            _inflated(match.string[match.end() :], 15) for match in re.finditer(rb"IDAT|[iz]TXt[^\x00]*\x00.", raw)
        ]
    for match in _BASE64.finditer(raw):
        text = match[0]
        for start in range(4):
            part = text[start : start + (len(text) - start) // 4 * 4]
            try:
                inner.append(base64.b64decode(part))
            except binascii.Error:
                continue
            if start == 0 and inner[-1][:4] in {b"\x89PNG", b"wOF2", b"PK\x03\x04"}:
                break
    for one in inner:
        if one:
            yield from unpacked(one, depth - 1)


def _inflated(raw: bytes, bits: int) -> bytes:
    try:
        return zlib.decompressobj(bits).decompress(raw)
    except zlib.error:
        return b""


def _texts(streams: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text that the pages of a PDF show, read by each of its fonts."""
    maps = [
        {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in _GLYPHS.findall(one)}
        for one in streams
        if b"beginbfchar" in one
    ]
    for page in streams:
        if b" Tf" not in page:
            continue
        shown = [_glyphs(line) for line in re.split(rb"\]\s*TJ|\bTj", page)]
        for font in maps:
            yield "\n".join("".join(font.get(glyph, "\ufffd") for glyph in line) for line in shown).encode()


def _glyphs(line: bytes) -> list[int]:
    """Return the two-byte glyphs of the strings of a line."""
    raw = b"".join(_ESCAPE.sub(_unescaped, match[1]) for match in _STRING.finditer(line))
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]


def _unescaped(match: re.Match[bytes]) -> bytes:
    text = match[1]
    return bytes([int(text, 8) & 255]) if text[:1] in b"01234567" else _ESCAPED.get(text, text)


def found_in(raw: bytes, words: Iterable[str]) -> set[str]:
    """Return the words that stand in the bytes or in anything packed in them: in UTF-8, UTF-16 or hexadecimal."""
    words = set(words)
    found: set[str] = set()
    for part in unpacked(raw):
        lower = part.lower()
        for word in words - found:
            folded = word.casefold()
            forms = [folded.encode("utf-8"), folded.encode("utf-16-le"), folded.encode("utf-16-be")]
            forms += [form.hex().encode() for form in forms]
            if any(form in lower for form in forms):
                found.add(word)
    return found
