"""Numbers that name one person, known by their check characters, and other words that must not leave.

Unique pupil number: government data standards catalogue, Unique Pupil Number 2.0. Unique learner number: Learning
Records Service. NHS number: NHS data dictionary, modulus 11. National Insurance number: HMRC's list of prefixes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UUID", "is_nhs", "is_ni", "is_postcode", "is_uln", "is_upn", "numbers_in", "ten_digits", "words_in"]

_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-HJ-NP-RT-Z]\d{11}[\dA-HJ-NP-RT-Z](?![A-Za-z0-9])", re.IGNORECASE | re.ASCII
)
_TEN: Final = re.compile(r"(?<![\w.,£$+-])(?:\d{10}|\d{3}[ -]\d{3}[ -]\d{4})(?![\w]|[.,-]\d)", re.ASCII)
_NI: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D](?![A-Za-z0-9])",
    re.ASCII,
)
_NOT_NI: Final = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_PATH: Final = re.compile(
    r"(?<![\w/.])/(?:home|Users)/[\w.-]+/|(?<![A-Za-z])[A-Za-z]:\\(?:\\)?(?:Users|Documents and Settings)\\|file:///\w"
    r"|(?<![\\\w])\\\\[\w.-]{2,}\\[\w$.-]+\\",
    re.ASCII,
)
_MARK: Final = re.compile(r"internal:\s+not\s+for\s+publication|\binternal build\b", re.IGNORECASE)
_HINTS: Final = ("/home/", "/Users/", ":\\", "file:///", "\\\\", "nternal", "NTERNAL")
_POSTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE | re.ASCII)
UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
# one look that most texts fail, before the exact ones
_ANY: Final = re.compile(r"\d{11}|\d{10}|\d{3}[ -]\d{3}[ -]\d{4}|\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]", re.ASCII)


def is_upn(text: str) -> bool:
    """Return whether a text is a unique pupil number, permanent or temporary, with the right check letter.

    The letter is that of Σ position × digit modulo 23, positions 2 to 13; a temporary number ends in a letter, which
    counts as its place among the 23.
    """
    code = text.strip().upper()
    if not re.fullmatch(rf"[{_LETTERS}]\d{{11}}[\d{_LETTERS}]", code, re.ASCII):
        return False
    values = [int(one) if one.isdigit() else _LETTERS.index(one) for one in code[1:]]
    return _LETTERS[sum(place * value for place, value in enumerate(values, start=2)) % 23] == code[0]


def _weighted(digits: str) -> int:
    return sum((10 - place) * int(digit) for place, digit in enumerate(digits[:9]))


def is_uln(text: str) -> bool:
    """Return whether ten digits are a unique learner number: the last is 10 less Σ weight × digit modulo 11."""
    if not re.fullmatch(r"\d{10}", text, re.ASCII) or not int(text):
        return False
    return 10 - _weighted(text) % 11 == int(text[9])


def is_nhs(text: str) -> bool:
    """Return whether ten digits, also as 3, 3 and 4, are an NHS number: the last is 11 less the sum modulo 11."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"\d{10}", digits, re.ASCII) or not int(digits):
        return False
    return (11 - _weighted(digits) % 11) % 11 == int(digits[9])


def is_ni(text: str) -> bool:
    """Return whether a text is a National Insurance number by its form and prefix."""
    return bool(_NI.fullmatch(text)) and text[:2] not in _NOT_NI


def is_postcode(text: str) -> bool:
    """Return whether a text is a full unit postcode."""
    return bool(_POSTCODE.fullmatch(text.strip()))


def ten_digits(text: str) -> str:
    """Return which number ten digits are, nhs or uln, or a blank."""
    return "nhs" if is_nhs(text) else "uln" if is_uln(text) else ""


def numbers_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield the kind and position of every number of a person in a text."""
    if not _ANY.search(text):
        return
    for found in _UPN.finditer(text):
        if is_upn(found.group()):
            yield "upn", found.start()
    for found in _TEN.finditer(text):
        kind = ten_digits(found.group())
        if kind:
            yield kind, found.start()
    for found in _NI.finditer(text):
        if is_ni(found.group()):
            yield "ni", found.start()


def words_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield the kind and position of paths on a computer and of the mark of an internal build."""
    if not any(hint in text for hint in _HINTS):
        return
    for kind, pattern in (("path", _PATH), ("internal", _MARK)):
        for found in pattern.finditer(text):
            yield kind, found.start()
