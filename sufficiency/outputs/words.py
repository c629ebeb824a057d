"""Numbers as readers see them, and plain words built from figures."""

from __future__ import annotations

from typing import Final

MINUS: Final = "\u2212"
_HUNDRED: Final = 100
_THOUSAND: Final = 1_000
# From where an amount is told in millions, and the least that still reads as a tenth of one.
_MILLION_FROM: Final = 999_500
_TENTH_OF_MILLION_FROM: Final = 50_000


def number_text(value: float, decimals: int = 0) -> str:
    """Return a number with thousands separators, a true minus sign, and no ``-0``."""
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) != 0 else text


def signed_text(value: float, decimals: int = 0) -> str:
    """Return a change with its sign: ``+12``, ``-3``, ``0``."""
    text = number_text(value, decimals)
    return text if text.startswith(MINUS) or float(text.replace(",", "")) == 0 else f"+{text}"


def share_text(value: float, decimals: int = 0) -> str:
    """Return a share (0 to 1) as a percentage: 0.412 -> ``"41%"``."""
    return f"{number_text(value * 100, decimals)}%"


def range_text(low: float, high: float, decimals: int = 0) -> str:
    """Return ``"a to b"``, or one figure when both read alike."""
    first, last = number_text(low, decimals), number_text(high, decimals)
    return first if first == last else f"{first} to {last}"


def gbp_words(value: float) -> str:
    """Return pounds rounded to what is known: ``£1.2m``, ``£34,200``, ``£850``."""
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if size >= 99_950_000:
        return f"{sign}£{size / 1e6:,.0f}m"
    if size >= _MILLION_FROM:
        return f"{sign}£{size / 1e6:.1f}m"
    if size >= _THOUSAND:
        return f"{sign}£{round(size, -2 if size >= 10_000 else -1):,.0f}"
    return f"{sign}£{size:,.0f}"


def gbp_about(value: float) -> str:
    """Return an estimate in pounds, two figures of it where it is below a million: ``£540,000``, ``£1.2m``, ``£850``.

    For a published price use `gbp_words`, which keeps more of it.
    """
    size = abs(value)
    if not _HUNDRED <= size < _MILLION_FROM:
        return gbp_words(value)
    step = 10 ** (len(f"{size:.0f}") - 2)
    return gbp_words(round(value / step) * step)


def gbp_alike(amounts: tuple[float, ...]) -> list[str]:
    """Return pounds in one unit with one precision, so that they can be compared: ``£0.8m``, ``£2.1m``, ``£4.1m``."""
    sizes = [abs(amount) for amount in amounts]
    if max(sizes) < _MILLION_FROM or min(sizes) < _TENTH_OF_MILLION_FROM:
        return [gbp_about(amount) for amount in amounts]
    decimals = 0 if max(sizes) >= 99_950_000 and min(sizes) >= 9_950_000 else 1
    signs = [MINUS if amount < 0 else "" for amount in amounts]
    return [f"{sign}£{size / 1e6:,.{decimals}f}m" for sign, size in zip(signs, sizes, strict=True)]


def count_text(value: float, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number: ``"1 pupil"``, ``"1,204 pupils"``."""
    noun = singular if round(value) == 1 else plural or f"{singular}s"
    return f"{number_text(value)} {noun}"


def change_words(value: float, singular: str = "pupil", plural: str | None = None) -> str:
    """Return a change in words: ``"12 more pupils"``, ``"1 fewer pupil"``, ``"no change"``."""
    size = abs(round(value))
    if size == 0:
        return "no change"
    noun = singular if size == 1 else plural or f"{singular}s"
    return f"{number_text(size)} {'more' if value > 0 else 'fewer'} {noun}"


_FRACTIONS: Final[tuple[tuple[float, str, str], ...]] = (
    (1 / 20, "one in twenty", ""),
    (1 / 10, "one in ten", ""),
    (1 / 8, "one in eight", ""),
    (1 / 6, "one in six", ""),
    (1 / 5, "one in five", ""),
    (1 / 4, "a quarter", "of "),
    (3 / 10, "three in ten", ""),
    (1 / 3, "a third", "of "),
    (2 / 5, "two in five", ""),
    (1 / 2, "half", "of "),
    (3 / 5, "three in five", ""),
    (2 / 3, "two thirds", "of "),
    (7 / 10, "seven in ten", ""),
    (3 / 4, "three quarters", "of "),
    (4 / 5, "four in five", ""),
    (9 / 10, "nine in ten", ""),
)
_PLAIN_WITHIN: Final = 0.005
_ABOUT_WITHIN: Final = 0.015


def _share_phrase(value: float) -> tuple[str, str]:
    if not 0 <= value <= 1:
        message = f"a share lies in 0 to 1, not {value}"
        raise ValueError(message)
    if value in (0.0, 1.0):
        return ("none", "of ") if value == 0 else ("all", "")
    if value < 1 / 20 - _ABOUT_WITHIN:
        return "fewer than one in twenty", ""
    if value > 9 / 10 + 3 * _ABOUT_WITHIN:
        return "nearly all", ""
    fraction, words, joint = min(_FRACTIONS, key=lambda row: abs(row[0] - value))
    gap = value - fraction
    if abs(gap) <= _PLAIN_WITHIN:
        return words, joint
    if abs(gap) <= _ABOUT_WITHIN:
        return f"about {words}", joint
    return f"{'more than' if gap > 0 else 'nearly'} {words}", joint


def share_words(value: float) -> str:
    """Return a share (0 to 1) in plain words: 0.40 -> ``"two in five"``, 0.34 -> ``"about a third"``.

    Within half a percentage point the fraction stands alone, within one and a half it is "about"; otherwise "nearly"
    or "more than" the nearest fraction.

    Raises
    ------
    ValueError
        When `value` is not in 0 to 1.
    """
    return _share_phrase(value)[0]


def share_of(value: float, noun: str) -> str:
    """Return the share of a group: ``"two in five pupils"``, ``"about a third of pupils"``."""
    words, joint = _share_phrase(value)
    return f"{words} {joint}{noun}"


def sentence_case(text: str) -> str:
    """Return the text with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]
