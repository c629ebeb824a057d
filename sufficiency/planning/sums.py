"""Sums over claims: plus, minus, times, over, brackets, numbers, and claims by their id in square brackets.

`[N6-places] * [N6-rate]` is a sum. It is read by a small parser, exactly, in fractions; nothing else is understood, so
a file can hold no program.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["claims_in", "in_numbers", "value_of"]

LONGEST: Final = 400
DEEPEST: Final = 30
_TOKEN: Final = re.compile(r"\s*(?:\[([^\[\]]{1,60})\]|([0-9]{1,15}(?:\.[0-9]{1,9})?)|([-+*/()]))")


def claims_in(text: str) -> tuple[str, ...]:
    """Return the ids of the claims that a sum names, in order, each once.

    Raises
    ------
    DataError
        When the text is no sum.
    """
    return tuple(dict.fromkeys(token[1] for token in _tokens(text) if token[0] == "claim"))


def value_of(text: str, values: Mapping[str, float]) -> Fraction:
    """Return the value of a sum, exactly.

    Parameters
    ----------
    text
        The sum.
    values
        Figure of each claim, by id.

    Raises
    ------
    DataError
        When the text is no sum, names a claim without a figure, or divides by zero.
    """
    reading = _Reading(text, values)
    total = reading.chain(0)
    reading.hold_ended()
    return total


class _Reading:
    """A sum being read: product before chain, brackets first; each step takes what it uses up."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.text, self.values = text, values
        self.tokens = [*_tokens(text), ("end", "")]
        self.at = 0

    def chain(self, depth: int) -> Fraction:
        """Return products joined by plus and minus."""
        total = self.product(depth)
        while self.tokens[self.at][1] in {"+", "-"}:
            sign = self._take()[1]
            other = self.product(depth)
            total = total + other if sign == "+" else total - other
        return total

    def product(self, depth: int) -> Fraction:
        """Return terms joined by times and over."""
        total = self.term(depth)
        while self.tokens[self.at][1] in {"*", "/"}:
            sign = self._take()[1]
            other = self.term(depth)
            if sign == "/" and other == 0:
                raise self._fault("it divides by zero")
            total = total * other if sign == "*" else total / other
        return total

    def term(self, depth: int) -> Fraction:
        """Return a number, a claim's figure, a bracket, or less one of these."""
        if depth > DEEPEST:
            raise self._fault("its brackets are too deep")
        kind, word = self._take()
        if kind == "number":
            return Fraction(word)
        if kind == "claim":
            if word not in self.values:
                why = f"there is no figure for the claim {word!r}"
                raise self._fault(why)
            return Fraction(str(self.values[word]))
        if word == "-":
            return -self.term(depth + 1)
        if word != "(":
            raise self._fault("a number, a claim in square brackets or a bracket is missing")
        inside = self.chain(depth + 1)
        if self._take()[1] != ")":
            raise self._fault("a bracket is not closed")
        return inside

    def hold_ended(self) -> None:
        """Refuse what is left over."""
        kind, word = self.tokens[self.at]
        if kind != "end":
            why = f"{word!r} is not expected there"
            raise self._fault(why)

    def _take(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _fault(self, why: str) -> DataError:
        return DataError(_wrong(self.text, why))


def in_numbers(text: str, values: Mapping[str, float], form: Callable[[float], str]) -> str:
    """Return a sum with the figures in place of the claims: ``467 × 34,173``."""
    words = {"*": "×", "/": "÷", "-": "−"}
    parts: list[str] = []
    for kind, word in _tokens(text):
        shown = (
            form(values[word]) if kind == "claim" else form(float(word)) if kind == "number" else words.get(word, word)
        )
        glued = bool(parts) and (parts[-1].endswith("(") or shown == ")")
        parts.append(shown if glued or not parts else f" {shown}")
    return "".join(parts)


def _tokens(text: str) -> list[tuple[str, str]]:
    if not text.strip() or len(text) > LONGEST:
        raise DataError(_wrong(text, f"give 1 to {LONGEST} characters"))
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise DataError(_wrong(text, f"{text[at:].strip()[:12]!r} is not understood"))
        claim, number, sign = match.groups()
        found.append(("claim", claim.strip()) if claim else ("number", number) if number else ("sign", sign))
        at = match.end()
    return found


def _wrong(text: str, why: str) -> str:
    return f"the sum {text[:60]!r} cannot be worked out: {why}"
