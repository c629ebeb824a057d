"""Rounded class breaks, fixed over the years, scenarios and areas of a document so that maps compare by eye."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sufficiency.outputs.words import MINUS, number_text, share_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The classes divide the middle of the values; the first and last take in the few beyond, and say so.
_MIDDLE: Final = (0.08, 0.92)
_SLACK: Final = 1e-9


def _steps(least: float) -> Iterator[float]:
    exponent = math.floor(math.log10(least))
    while True:
        yield 10.0**exponent
        yield 2 * 10.0**exponent
        if exponent >= 1 or exponent == -1:  # 25, 250 ... and 25 %: never 2.5 pupils or 2.5 %
            yield 2.5 * 10.0**exponent
        yield 5 * 10.0**exponent
        exponent += 1


def _finite(values: Iterable[float | None]) -> list[float]:
    return sorted(float(value) for value in values if value is not None and math.isfinite(value))


def _quantile(ascending: list[float], share: float) -> float:
    place = share * (len(ascending) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])


def amount_breaks(values: Iterable[float | None], classes: int = 5, least_step: float = 1.0) -> tuple[float, ...]:
    """Return rounded edges of at most `classes` classes that hold every value, to be shared by all maps of a document.

    The inner edges are evenly spaced; the first and the last class may be wider.

    Parameters
    ----------
    values
        Every value that any year, scenario and area of the document shows; missing ones are left out.
    classes
        The most classes wanted.
    least_step
        The smallest width of a class: 1 for counts, 0.05 for shares.

    Returns
    -------
    tuple of float
        Ascending edges, one more than there are classes; ``(0, least_step)`` when there is no value.
    """
    found = _finite(values)
    if not found:
        return (0.0, least_step)
    low, high = (_quantile(found, share) for share in _MIDDLE)
    step, first, last = least_step, 0, 1
    for step in _steps(least_step):
        first, last = math.floor(low / step + _SLACK), math.ceil(high / step - _SLACK)
        if step >= least_step - _SLACK and last - first <= classes:
            break
    while last - first < classes and first * step > found[0] + _SLACK:
        first -= 1
    while last - first < classes and (last * step < found[-1] - _SLACK or last == first):
        last += 1
    bottom = min(first, math.floor(found[0] / step + _SLACK))
    top = max(last, math.ceil(found[-1] / step - _SLACK))
    return tuple(round(edge * step, 10) for edge in (bottom, *range(first + 1, last), top))


def balance_breaks(values: Iterable[float | None], side: int = 3, least_step: float = 1.0) -> tuple[float, ...]:
    """Return rounded edges, symmetric about 0, for `side` classes below it, exactly 0, and `side` classes above it.

    Parameters
    ----------
    values
        Every change or balance that the document shows.
    side
        Classes on each side of zero.
    least_step
        The smallest width of a class.

    Returns
    -------
    tuple of float
        2 x side + 1 ascending edges with 0 in the middle; the outermost classes may be wider.
    """
    sizes = sorted(abs(value) for value in _finite(values))
    most = sizes[-1] if sizes else 0.0
    usual = _quantile(sizes, _MIDDLE[1]) if sizes else 0.0
    step = least_step
    for step in _steps(least_step):
        if step >= least_step - _SLACK and step * side >= usual - _SLACK:
            break
    outer = max(side, math.ceil(most / step - _SLACK))
    above = [round(edge * step, 10) for edge in (*range(1, side), outer)]
    return (*(-edge for edge in reversed(above)), 0.0, *above)


def class_of(value: float, breaks: tuple[float, ...], *, balance: bool = False) -> int:
    """Return the class (from 0) that a value falls in.

    An amount on an edge belongs to the class above it (the last edge to the class below). With `balance`, exactly 0 is
    a class of its own in the middle, and an edge belongs to the class nearer zero.
    """
    if balance:
        side = len(breaks) // 2
        if value == 0:
            return side
        distance = 1 + sum(1 for edge in breaks[side + 1 : -1] if abs(value) > edge + _SLACK)
        return side + distance if value > 0 else side - distance
    return sum(1 for edge in breaks[1:-1] if value >= edge - _SLACK)


def class_labels(breaks: tuple[float, ...], *, share: bool = False, balance: bool = False) -> tuple[str, ...]:
    """Return the legend's label of each class: ``"20 to 29"`` for counts, ``"20% to under 30%"`` for shares."""
    if balance:
        return _balance_labels(breaks, share=share)
    pairs = list(pairwise(breaks))
    step = min(high - low for low, high in pairs)
    labels = []
    for place, (low, high) in enumerate(pairs):
        wide = high - low > step + _SLACK and len(pairs) > 1
        last = place == len(pairs) - 1
        if wide and last:
            labels.append(f"{share_text(low) if share else number_text(low)} or more")
        elif wide:
            labels.append(f"under {share_text(high) if share else number_text(high)}")
        elif share:
            labels.append(f"{share_text(low)} to {'' if last else 'under '}{share_text(high)}")
        else:
            top = high if last else high - 1
            labels.append(number_text(low) if top <= low else f"{number_text(low)} to {number_text(top)}")
    return tuple(labels)


def _balance_labels(breaks: tuple[float, ...], *, share: bool) -> tuple[str, ...]:
    outward = list(pairwise(breaks[len(breaks) // 2 :]))
    step = min(high - low for low, high in outward)

    def label(low: float, high: float, sign: str) -> str:
        near = f"{low * 100:g}" if share else number_text(low + 1)
        far = f"{high * 100:g}" if share else number_text(high)
        unit = " points" if share else ""
        if high - low > step + _SLACK:
            return f"beyond {sign}{near}{unit}" if share else f"{sign}{near} and beyond"
        if share and low == 0:
            return f"up to {sign}{far}{unit}"
        if near == far:
            return f"{sign}{far}{unit}"
        return f"{sign}{far} to {sign}{near}{unit}" if sign == MINUS else f"{sign}{near} to {sign}{far}{unit}"

    below = [label(low, high, MINUS) for low, high in reversed(outward)]
    return (*below, "0", *(label(low, high, "+") for low, high in outward))
