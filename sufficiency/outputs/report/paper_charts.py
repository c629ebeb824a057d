"""The pictures of the papers for single audiences: lines by year, ranges around a true zero, and bars by September."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Picture
from sufficiency.outputs.report.charts import mark_of
from sufficiency.outputs.report.drawing import WIDTH_PT, Drawing, text_width
from sufficiency.outputs.report.sentences import figure_text, gbp_range_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.outputs.report.sentences import Figure

__all__ = ["bar_panels", "range_rows", "scenario_lines"]

_SHAPES: Final = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle"}
_LEFT: Final = 34.0
_RIGHT: Final = 128.0
_LINES_HEIGHT: Final = 170.0
_BARS_HEIGHT: Final = 132.0
_ROW: Final = 15.0
_TICKS: Final = (1, 2, 2.5, 5, 10)


def _step(top: float) -> float:
    """Return a round step that cuts 0 to top in at most five."""
    size = 1.0
    while size * 50 < top:
        size *= 10
    return max(next(size * tick for tick in _TICKS if size * tick * 5 >= top), 1.0)


def scenario_lines(
    name: str, lines: Sequence[tuple[str, Sequence[Figure]]], years: Sequence[int], caption: str, alt: str
) -> Picture:
    """Return a line for each scenario by year; a figure that is hidden leaves a gap.

    Parameters
    ----------
    name
        Name of the picture within its paper.
    lines
        Scenario and its figures in the order of `years`.
    years
        Years, ascending.
    caption, alt
        The finding, for sighted readers and for others.
    """
    drawing = Drawing(_LINES_HEIGHT)
    low, high = _LINES_HEIGHT - 18, 12.0
    most = max((one.known for _, row in lines for one in row if one.is_known), default=1.0)
    step = _step(max(most, 1.0))
    cuts = int(-(-max(most, 1.0) // step))
    scale = (low - high) / (cuts * step)
    across = [
        _LEFT + 14 + place * (WIDTH_PT - _LEFT - _RIGHT - 28) / max(len(years) - 1, 1) for place in range(len(years))
    ]
    for cut in range(cuts + 1):
        at = low - cut * step * scale
        colour = style.QUIET_INK if cut == 0 else style.RULE
        drawing.line(_LEFT, at, WIDTH_PT - _RIGHT, at, colour=colour, width=0.6)
        drawing.text(_LEFT - 4, at + 2.5, style.number_text(cut * step), colour=style.QUIET_INK, text_anchor="end")
    for at, year in zip(across, years, strict=True):
        drawing.text(at, low + 12, year_label(year), text_anchor="middle")
    ends = []
    for scenario, row in lines:
        colour, shape = mark_of(scenario)
        points = [(x, low - one.known * scale) if one.is_known else None for x, one in zip(across, row, strict=True)]
        for before, after in itertools.pairwise(points):
            if before and after:
                drawing.line(*before, *after, colour=colour, width=1.6)
        for point in points:
            if point:
                drawing.symbol(_SHAPES.get(shape, "circle"), *point, 2.6, fill=colour)
        last = next((p for p in reversed(list(zip(points, row, strict=True))) if p[0]), None)
        if last and last[0]:
            ends.append((last[0][1], f"{style.scenario_title(scenario)}: {figure_text(last[1])}", (colour, shape)))
    floor = float("inf")
    for at, text, (colour, shape) in sorted(ends, reverse=True):
        floor = min(at, floor - 10)
        drawing.symbol(_SHAPES.get(shape, "circle"), WIDTH_PT - _RIGHT + 9, floor, 2.6, fill=colour)
        drawing.text(WIDTH_PT - _RIGHT + 16, floor + 2.5, text, bold=True)
    return Picture(name, drawing.svg(), b"", alt, caption)


def range_rows(name: str, rows: Sequence[tuple[str, Sequence[Figure]]], caption: str, alt: str) -> Picture:
    """Return a bar from low to high with a dot at the central amount for each line, around a true zero; pounds."""
    known = [one.known for _, row in rows for one in row if one.is_known]
    drawing = Drawing(26 + _ROW * len(rows))
    label = max((text_width(text, 7.0) for text, _ in rows), default=80.0) + 8
    told = [gbp_range_words(*row) for _, row in rows]
    beside = max((text_width(text, 7.0) for text in told), default=60.0) + 10
    left, right = label, WIDTH_PT - beside
    least, most = min([0.0, *known]), max([1.0, *known])
    scale = (right - left) / (most - least)

    def at(amount: float) -> float:
        return left + (amount - least) * scale

    bottom = 16 + _ROW * len(rows)
    drawing.line(at(0), 12, at(0), bottom, colour=style.QUIET_INK, width=0.8)
    drawing.text(at(0) - 4, 8, "← saving", colour=style.QUIET_INK, text_anchor="end")
    drawing.text(at(0) + 4, 8, "cost →", colour=style.QUIET_INK)
    for place, ((text, row), words) in enumerate(zip(rows, told, strict=True)):
        middle = 14 + _ROW * (place + 0.5)
        bold = place == len(rows) - 1
        drawing.text(left - 6, middle + 2.5, text, text_anchor="end", bold=bold)
        if all(one.is_known for one in row):
            low, central, high = row
            first, last = sorted((at(low.known), at(high.known)))
            colour = style.DARK_PINK if central.known > 0 else style.DARK_BLUE
            drawing.rect(first, middle - 3, max(last - first, 1), 6, fill=colour, opacity=0.3)
            drawing.symbol("diamond" if bold else "circle", at(central.known), middle, 3.2, fill=colour)
        drawing.text(right + 8, middle + 2.5, words, bold=bold)
    return Picture(name, drawing.svg(), b"", alt, caption)


def bar_panels(
    name: str, panels: Sequence[tuple[str, Sequence[tuple[str, Figure]]]], caption: str, alt: str
) -> Picture:
    """Return panels of bars side by side on one scale: a title, then label and figure of each bar."""
    drawing = Drawing(_BARS_HEIGHT)
    most = max((one.known for _, bars in panels for _, one in bars if one.is_known), default=1.0) or 1.0
    low, high = _BARS_HEIGHT - 16, 30.0
    width = WIDTH_PT / max(len(panels), 1)
    for place, (title, bars) in enumerate(panels):
        start = place * width
        colour = (style.DARK_BLUE, style.TURQUOISE, style.DARK_PINK, style.DARK_GREY)[place % 4]
        drawing.text(start + 2, 9, title, size=7.5, bold=True)
        step = (width - 16) / max(len(bars), 1)
        for order, (text, figure) in enumerate(bars):
            x = start + 4 + order * step
            tall = figure.known / most * (low - high) if figure.is_known else 0.0
            if figure.is_known:
                drawing.rect(x, low - tall, step * 0.66, tall, fill=colour)
            drawing.text(x + step * 0.33, low - tall - 4, figure_text(figure), text_anchor="middle", bold=True)
            drawing.text(x + step * 0.33, low + 11, text, text_anchor="middle")
        drawing.line(start + 2, low, start + width - 14, low, colour=style.QUIET_INK, width=0.7)
    return Picture(name, drawing.svg(), b"", alt, caption)
