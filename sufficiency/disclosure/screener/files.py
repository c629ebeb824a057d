"""One file, whatever it is called: told by its first bytes, and read as what it is."""

from __future__ import annotations

import gzip
import io
import re
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.screener.finding import MOST_NESTED, TooMuchError
from sufficiency.disclosure.screener.office import screen_archive
from sufficiency.disclosure.screener.pages import screen_html
from sufficiency.disclosure.screener.papers import screen_jpeg, screen_pdf, screen_png, screen_raw
from sufficiency.disclosure.screener.spot import Rules, Spot
from sufficiency.disclosure.screener.stores import screen_parquet, screen_sqlite
from sufficiency.disclosure.screener.texts import (
    delimiter_of,
    screen_delimited,
    screen_lines,
    screen_text,
    screen_value,
)

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from sufficiency.disclosure.screener.finding import Budget, Findings

__all__ = ["FileScreen"]

IN_MEMORY: Final = 256 * 2**20
SAMPLE: Final = 64 * 2**10
_ZIP, _EMPTY_ZIP, _PDF = b"PK\x03\x04", b"PK\x05\x06", b"%PDF"
_SQLITE, _PARQUET = b"SQLite format 3\0", b"PAR1"
_PNG, _JPEG, _GZIP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x1f\x8b"
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP: Final = re.compile(r"\s*<(?:\?xml|svg|!DOCTYPE|[a-z][\w:.-]*[\s>/])", re.IGNORECASE)
_CREATOR: Final = re.compile(r"<(?:dc:creator|dc:publisher)>(.*?)</dc:", re.IGNORECASE | re.DOTALL)
_OWN_CREATOR: Final = re.compile(r"sufficiency|matplotlib", re.IGNORECASE)


class FileScreen:
    """Screens files into one list of findings.

    Parameters
    ----------
    findings, rules, budget
        Where to report, what to look for, and how much may be unpacked.
    """

    def __init__(self, findings: Findings, rules: Rules, budget: Budget) -> None:
        self._findings, self._rules, self._budget = findings, rules, budget

    def path(self, path: Path, name: str) -> None:
        """Screen a file of the folder; ``name`` is how it is shown. What cannot be read is reported, never raised."""
        spot = Spot(self._findings, self._rules, self._budget, name)
        try:
            if path.stat().st_size <= IN_MEMORY:
                self._budget.take(path.stat().st_size)
                self.data(spot, path.read_bytes(), 0)
            else:
                self._large(spot, path)
        except TooMuchError:
            spot.add("large")
        except OSError:
            spot.add("unreadable", "the computer does not open it")
        except Exception:  # noqa: BLE001 - whatever a broken file does, it is a finding and no failure
            spot.add("unreadable")

    def data(self, spot: Spot, data: bytes, depth: int) -> None:
        """Screen bytes of any kind, a file of the folder or a part of one."""
        if depth >= MOST_NESTED:
            spot.add("large")
            return
        try:
            self._told(spot, data, depth)
        except TooMuchError:
            raise
        except Exception:  # noqa: BLE001 - whatever a broken file does, it is a finding and no failure
            spot.add("unreadable")
            screen_raw(spot, data)

    def _told(self, spot: Spot, data: bytes, depth: int) -> None:
        if data.startswith((_ZIP, _EMPTY_ZIP)):
            screen_archive(spot, data, self.data, depth)
        elif _PDF in data[:1024]:
            screen_pdf(spot, data, self.data, depth)
        elif data.startswith(_SQLITE):
            screen_sqlite(spot, data)
            # rows that were deleted stay among the bytes until the file is compacted
            screen_raw(spot.within("bytes"), data)
        elif data.startswith(_PARQUET):
            screen_parquet(spot, data)
        elif data.startswith(_PNG):
            screen_png(spot, data)
        elif data.startswith(_JPEG):
            screen_jpeg(spot, data)
        elif data.startswith(_GZIP):
            self.data(spot.within("unpacked"), self._gunzip(data), depth + 1)
        else:
            _text(spot, data)

    def _gunzip(self, data: bytes) -> bytes:
        parts = []
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as source:
            while chunk := source.read(1 << 20):
                self._budget.take(len(chunk))
                parts.append(chunk)
        return b"".join(parts)

    def _large(self, spot: Spot, path: Path) -> None:
        """Screen a file that is too large to be held: a text as a stream, and stores, which are read by row."""
        with path.open("rb") as file:
            head = file.read(SAMPLE)
        if head.startswith(_SQLITE):
            screen_sqlite(spot, path)
        elif head.startswith(_PARQUET):
            screen_parquet(spot, path)
        elif (sample := _decoded(head, cut=True)) is None or sample.lstrip()[:1] in ("{", "[", "<"):
            spot.add("large")
        else:
            self._budget.take(path.stat().st_size)
            with path.open(encoding=_encoding(head), errors="replace", newline="") as lines:
                _lines(spot, lines, sample)


def _text(spot: Spot, data: bytes) -> None:
    text = _decoded(data)
    if text is None:
        spot.add("unreadable", "it is no file of a known kind")
    elif text.lstrip()[:1] in ("{", "[") and screen_value(spot, text):
        return
    elif _MARKUP.match(text):
        if any(not _OWN_CREATOR.search(one) for one in _CREATOR.findall(text)):
            spot.add("author")
        screen_html(spot, text)
    elif json_lines(text[:SAMPLE]):
        for number, line in enumerate(text.splitlines(), start=1):
            if not screen_value(spot, line):
                screen_text(spot, line, line=number)
    else:
        _lines(spot, io.StringIO(text, newline=""), text[:SAMPLE])


def _lines(spot: Spot, lines: TextIO, sample: str) -> None:
    delimiter, above = delimiter_of(sample)
    if delimiter:
        screen_delimited(spot, lines, delimiter, above)
    else:
        screen_lines(spot, lines)


def json_lines(sample: str) -> bool:
    """Return whether a text is one JSON object a line."""
    lines = [line for line in sample.splitlines() if line.strip()]
    return len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines)


def _encoding(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    return "utf-8"


def _decoded(data: bytes, *, cut: bool = False) -> str | None:
    """Return bytes as text, None where they are none: UTF-8, UTF-16 with its mark, or the Windows code page."""
    encoding = _encoding(data)
    if encoding == "utf-16":
        text = data.decode(encoding, "replace")
        return None if text.count("\ufffd") * 20 > len(text) else text
    if len(_CONTROL.findall(data[:SAMPLE].decode("latin-1"))) * 100 > len(data[:SAMPLE]):
        return None
    try:
        return data.decode(encoding, "ignore" if cut else "strict")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
