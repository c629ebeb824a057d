"""The same inputs give the same bytes: zip members in order with a fixed time, fixed dates, clean text, whole files.

Office files are zip archives that carry the clock in every member and in ``docProps/core.xml``; both are written anew
here (Office Open XML, ECMA-376 part 2; ZIP application note 6.3.10, section 4.4.6).
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["clean_text", "fixed_datetime", "normalise_zip", "write_bytes", "write_text"]

ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
# Characters that XML 1.0 refuses, and the bidirectional controls that can make a name read as another.
_ILLEGAL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_FIRST_MEMBERS: Final = ("[Content_Types].xml", "mimetype")


def clean_text(text: str) -> str:
    """Return the text without characters that XML refuses and without line breaks or direction controls.

    Parameters
    ----------
    text
        Any text, such as a name from a planner's file.

    Returns
    -------
    str
        One line of text that every output format can hold.
    """
    return _ILLEGAL.sub("", re.sub(r"[\t\r\n\u2028\u2029]+", " ", text))


def fixed_datetime(date: dt.date) -> dt.datetime:
    """Return noon of a date, without a time zone, the time that reports carry instead of the clock's."""
    return dt.datetime(date.year, date.month, date.day, 12)  # noqa: DTZ001 - office files hold naive times


def normalise_zip(data: bytes, dates: dt.date | None = None) -> bytes:
    """Return a zip archive with its members sorted, at one fixed time, compressed alike.

    Parameters
    ----------
    data
        A zip archive (docx, xlsx, or any other).
    dates
        When given, the dates in ``docProps/core.xml`` are set to noon of this day.

    Returns
    -------
    bytes
        The archive anew; member names, contents and order depend on the contents only.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as archive:
        names = sorted(set(source.namelist()), key=lambda name: (name not in _FIRST_MEMBERS, name))
        for name in names:
            content = source.read(name)
            if dates is not None and name == "docProps/core.xml":
                content = _fixed_core(content, dates)
            member = zipfile.ZipInfo(name, ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o600 << 16
            archive.writestr(member, content, compresslevel=6)
    return target.getvalue()


def _fixed_core(content: bytes, date: dt.date) -> bytes:
    stamp = fixed_datetime(date).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    for tag in (b"created", b"modified"):
        content = re.sub(rb"(<dcterms:" + tag + rb"[^>]*>)[^<]*(</dcterms:)", rb"\g<1>" + stamp + rb"\g<2>", content)
    return content


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole: a reader sees the file before or the file after, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, as UTF-8 with the line ends that the text has."""
    write_bytes(path, text.encode("utf-8"))
