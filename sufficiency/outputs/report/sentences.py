"""Sentences built from released figures that read as English: plural, direction, magnitude, and figures not shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from sufficiency.outputs import style

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "HIDDEN",
    "Cell",
    "Figure",
    "Told",
    "as_figure",
    "change_sentence",
    "count_words",
    "difference",
    "figure_text",
    "gbp_range_words",
    "list_words",
    "minutes_words",
    "number_words",
    "range_words",
    "rank_words",
    "scaled",
    "share_figure",
    "share_phrase",
    "share_sentence",
    "signed_figure",
    "summed",
    "verb",
    "whole",
]

_SMALL_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Cell(NamedTuple):
    """One cell of a released table: the table, the label of the row and the column."""

    table: str
    row: Any
    column: str


@dataclass(frozen=True)
class Figure:
    """A released number: its value, or None with ``hidden`` True (suppressed) or False (does not apply).

    ``cells`` are the cells of released tables that it was read from or worked out of.
    """

    value: float | None
    hidden: bool = False
    cells: tuple[Cell, ...] = field(default=(), compare=False, repr=False)

    @property
    def known(self) -> float:
        """The value as a float; NaN where it is hidden or does not apply."""
        return math.nan if self.value is None else float(self.value)

    @property
    def is_known(self) -> bool:
        """Whether the number may be shown and exists."""
        return self.value is not None


HIDDEN: Final = Figure(None, hidden=True)


class Told(str):
    """A figure as it is printed, with the cells of released tables that it comes from."""

    __slots__ = ("cells",)
    cells: tuple[Cell, ...]

    def __new__(cls, text: str, *figures: Figure) -> Self:
        """Return the text with the cells of the figures in it."""
        told = super().__new__(cls, text)
        told.cells = _cells(*figures)
        return told


def _cells(*figures: Figure) -> tuple[Cell, ...]:
    return tuple(dict.fromkeys(cell for figure in figures for cell in figure.cells))


def difference(after: Figure, before: Figure) -> Figure:
    """Return after less before; hidden when either is hidden."""
    cells = _cells(after, before)
    if after.hidden or before.hidden:
        return Figure(None, hidden=True, cells=cells)
    if after.value is None or before.value is None:
        return Figure(None, cells=cells)
    return Figure(after.value - before.value, cells=cells)


def summed(figures: Sequence[Figure]) -> Figure:
    """Return the sum of figures; hidden when any is hidden, not applicable when any does not apply."""
    cells = _cells(*figures)
    if any(figure.hidden for figure in figures):
        return Figure(None, hidden=True, cells=cells)
    if not all(figure.is_known for figure in figures):
        return Figure(None, cells=cells)
    return Figure(float(sum(figure.known for figure in figures)), cells=cells)


def scaled(figure: Figure, factor: float) -> Figure:
    """Return a figure in another unit: times a factor."""
    return figure if figure.value is None else Figure(figure.value * factor, cells=figure.cells)


def whole(figure: Figure) -> Figure:
    """Return the figure as it is printed without decimals, so that a change agrees with the figures beside it."""
    return Figure(float(round(figure.value)), cells=figure.cells) if figure.value is not None else figure


def share_figure(part: Figure, whole: Figure) -> Figure:
    """Return part divided by whole; hidden when either is hidden, not applicable when the whole is 0."""
    cells = _cells(part, whole)
    if part.hidden or whole.hidden:
        return Figure(None, hidden=True, cells=cells)
    if part.value is None or not whole.value:
        return Figure(None, cells=cells)
    return Figure(part.value / whole.value, cells=cells)


def figure_text(figure: Figure, decimals: int = 0, *, share: bool = False) -> str:
    """Return a figure for a table: thousands separated, ``c`` where hidden, ``z`` where it does not apply."""
    if figure.hidden:
        return Told(style.SUPPRESSED, figure)
    if figure.value is None:
        return Told(style.NOT_APPLICABLE, figure)
    text = style.share_text(figure.value, decimals) if share else style.number_text(figure.value, decimals)
    return Told(text, figure)


def signed_figure(figure: Figure, decimals: int = 0) -> str:
    """Return a change for a table with its sign, ``c`` where hidden, ``z`` where it does not apply."""
    if figure.value is None:
        return figure_text(figure)
    return Told(style.signed_text(figure.value, decimals), figure)


def verb(figure: Figure, singular: str, plural: str) -> str:
    """Return the verb that agrees with a count: one pupil *is*, two pupils *are*."""
    return singular if figure.is_known and round(figure.known) == 1 else plural


def count_words(figure: Figure, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``"no pupils"``, ``"1 pupil"``, ``"1,204 pupils"``, or that it is not shown."""
    many = plural or f"{singular}s"
    if figure.hidden:
        return f"a number of {many} that is not shown (c)"
    if figure.value is None:
        return f"no figure for {many}"
    if round(figure.value) == 0:
        return f"no {many}"
    return style.count_text(figure.value, singular, many)


def list_words(items: Sequence[str]) -> str:
    """Return items as a list in a sentence: ``"a"``, ``"a and b"``, ``"a, b and c"``; empty for none."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def share_sentence(part: Figure, whole: Figure, noun: str) -> str:
    """Return part and whole in words: ``"340 of 2,312 pupils (15%)"``."""
    if part.hidden or whole.hidden or part.value is None or not whole.value:
        return f"{count_words(part, 'pupil')} of {count_words(whole, noun.removesuffix('s'), noun)}"
    share = style.share_text(part.value / whole.value)
    return f"{style.number_text(part.value)} of {style.number_text(whole.value)} {noun} ({share})"


def share_phrase(share: Figure, noun: str) -> str:
    """Return a share of a group in plain words: ``"two in five pupils"``; a hidden one says so."""
    if share.value is None or not 0 <= share.value <= 1:
        return f"a share of {noun} that is not shown"
    return style.share_of(share.value, noun)


def change_sentence(change: Figure, singular: str, reference: str, plural: str | None = None) -> str:
    """Return a change in words: ``"303 fewer pupils than with committed schemes"``, ``"the same as with ..."``.

    Parameters
    ----------
    change
        After less before.
    singular, plural
        The noun counted.
    reference
        What it is compared with, such as ``"with committed schemes only"``.

    Returns
    -------
    str
        A phrase without a full stop.
    """
    if change.hidden:
        return f"a change from {reference} that is not shown (c)"
    if change.value is None:
        return "nothing to compare with"
    if round(change.value) == 0:
        return f"the same as {reference}"
    return f"{style.change_words(change.value, singular, plural or f'{singular}s')} than {reference}"


def minutes_words(change: Figure, reference: str) -> str:
    """Return a change of minutes in words, whole minutes: ``"2 minutes shorter than ..."``."""
    if not change.is_known:
        return f"a change from {reference} that is not shown"
    size = abs(round(change.known))
    if size == 0:
        return f"the same, within a minute, as {reference}"
    unit = "minute" if size == 1 else "minutes"
    return f"{size} {unit} {'longer' if change.known > 0 else 'shorter'} than {reference}"


def range_words(low: Figure, high: Figure, decimals: int = 0) -> str:
    """Return ``"a to b"`` in ascending order, or that the range is not shown."""
    if not (low.is_known and high.is_known):
        return "not shown" if low.hidden or high.hidden else "no range stated"
    least, most = sorted((low.known, high.known))
    return Told(style.range_text(least, most, decimals), low, high)


def range_in_brackets(low: Figure, high: Figure) -> str:
    """Return ``" (range a to b)"``, or nothing where it is not told."""
    return f" (range {range_words(low, high)})" if low.is_known and high.is_known else ""


def gbp_range_words(low: Figure, central: Figure, high: Figure) -> str:
    """Return pounds with their range: ``"£92m (£45m to £152m)"``; a saving is a negative amount."""
    if not central.is_known:
        return figure_text(central)
    if not (low.is_known and high.is_known):
        return Told(style.gbp_about(central.known), central)
    least, most = sorted((low.known, high.known))
    first, middle, last = style.gbp_alike((least, central.known, most))
    return Told(middle if first == last else f"{middle} ({first} to {last})", low, central, high)


def number_words(number: int) -> str:
    """Return a small whole number in words: ``"three"``; ten and more in figures."""
    return _SMALL_NUMBERS[number] if 0 <= number < len(_SMALL_NUMBERS) else str(number)


def rank_words(rank: int, total: int) -> str:
    """Return a place in a ranking from the top: ``"the highest of the five districts"``, ``"second of the five"``."""
    ordinals = ("the highest", "the second highest", "the third highest", "the fourth highest", "the fifth highest")
    many = number_words(total)
    if rank == total and total > 1:
        return f"the lowest of the {many} districts"
    place = ordinals[rank - 1] if rank <= len(ordinals) else f"number {rank}"
    return f"{place} of the {many} districts"


def as_figure(
    value: Any,  # noqa: ANN401 - any value of a table
    *,
    hidden: bool = False,
    cells: tuple[Cell, ...] = (),
) -> Figure:
    """Return a value of a released table as a figure; missing values have no number."""
    if hidden:
        return Figure(None, hidden=True, cells=cells)
    if value is None or str(value) in {"nan", "<NA>"}:
        return Figure(None, cells=cells)
    return Figure(float(value), cells=cells)
