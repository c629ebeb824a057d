"""The pictures of the pages by area: a district's clusters shaded, a cluster's settings, and their pupils as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shapely

from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Picture
from sufficiency.outputs.report.charts_map import bar_figures, fill_of, middle, share_breaks
from sufficiency.outputs.report.drawing import Drawing, Place, text_width
from sufficiency.outputs.report.sentences import figure_text
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from sufficiency.outputs.report.facts import Facts
    from sufficiency.outputs.report.sentences import Figure

__all__ = ["district_picture", "draw_bars", "scale_bar"]

Box = tuple[float, float, float, float]
_PARTS: Final = (
    ("with a local place", style.DARK_BLUE, "white"),
    ("without a local place", style.ORANGE, "black"),
)
_HEIGHT: Final = 126.0
_LABELS: Final = 62.0


def draw_bars(drawing: Drawing, facts: Facts, area_id: str, box: Box) -> None:
    """Draw a bar for each scenario: pupils with and without a local place; the need alone where the split is hidden.

    Parameters
    ----------
    drawing
        Gets the marks.
    facts
        Released figures.
    area_id
        A district or cluster.
    box
        x, y, width and height in points.
    """
    x, y, width, height = box
    need = [facts.area("demand_pupils", area_id, scenario) for scenario in facts.standing]
    widest = max((figure.value or 0 for figure in need), default=0) or 1.0
    left, room = x + _LABELS, width - _LABELS
    drawing.text(x, y + 7, f"Pupils who need a specialist place, {facts.year_text}", colour=style.QUIET_INK)
    step = (height - 30) / max(len(facts.standing), 1)
    tall = min(0.72 * step, 19.0)
    rows = bar_figures(facts, area_id)
    for place, (scenario, row) in enumerate(zip(facts.standing, rows, strict=True)):
        top = y + 14 + place * step
        base = top + tall / 2 + 2.5
        drawing.text(left - 5, base, style.scenario_title(scenario), text_anchor="end")
        if all(figure.value is None for figure in row) and need[place].is_known:
            _hidden_bar(drawing, need[place], (left, top, need[place].known / widest * room, tall))
        else:
            _split_bar(drawing, row, (left, top, room / widest, tall))
    drawing.line(left, y + 12, left, y + 10 + step * len(facts.standing), colour=style.QUIET_INK, width=0.6)
    _bar_key(drawing, x + 10, y + height - 8)


def _split_bar(drawing: Drawing, row: list[Figure], at: Box) -> None:
    """Draw the parts of a bar side by side; ``at`` is left, top, points a pupil, height."""
    start, top, scale, tall = at
    beside = []
    for figure, (_, colour, ink) in zip(row, _PARTS, strict=True):
        if figure.value is None:
            beside.append(figure_text(figure))
            continue
        wide, text = figure.value * scale, figure_text(figure)
        drawing.rect(start, top, wide, tall, fill=colour)
        if wide > text_width(text, 7) + 4:
            drawing.text(start + wide / 2, top + tall / 2 + 2.5, text, colour=ink, text_anchor="middle")
        else:
            beside.append(text)
        start += wide
    if beside:
        drawing.text(start + 3, top + tall / 2 + 2.5, ", ".join(beside), halo="white")


def _hidden_bar(drawing: Drawing, need: Figure, at: Box) -> None:
    left, top, wide, tall = at
    drawing.rect(left, top, wide, tall, hatched=True, stroke=style.QUIET_INK, stroke_width=0.5)
    text = f"{figure_text(need)}, split hidden (c)"
    drawing.rect(left + 3, top + tall / 2 - 5, text_width(text, 7) + 4, 10, fill="white")
    drawing.text(left + 5, top + tall / 2 + 2.5, text)


def _bar_key(drawing: Drawing, x: float, y: float) -> None:
    for label, colour, _ in _PARTS:
        drawing.rect(x, y, 7, 7, fill=colour)
        drawing.text(x + 10, y + 6.3, label, size=6.8)
        x += 18 + text_width(label, 6.8)


def scale_bar(drawing: Drawing, place: Place, x: float, y: float, length_km: int) -> None:
    """Draw a scale bar with its left end at x, y and an arrow to the north above it."""
    long = length_km * 1000 * place.scale
    drawing.rect(x, y, long, 2.2, fill=style.INK)
    drawing.text(x, y - 3, f"{length_km} km", size=6.3, halo=style.LAND)
    drawing.line(x + 3, y - 12, x + 3, y - 22, colour=style.INK, width=0.8)
    drawing.symbol("triangle", x + 3, y - 23, 2.2, fill=style.INK)
    drawing.text(x + 3, y - 27.5, "N", size=6.3, bold=True, text_anchor="middle", halo=style.LAND)


def district_picture(facts: Facts, area_id: str, caption: str, alt: str) -> Picture:
    """Return one district: its clusters shaded and numbered, their key, and its pupils by scenario."""
    areas = facts.inputs.areas
    drawing = Drawing(_HEIGHT)
    own = areas.loc[areas["area_id"] == area_id].geometry.iloc[0]
    title = f"Share without a local place by cluster, {style.scenario_title(facts.base).lower()}, {facts.year_text}"
    drawing.text(0, 7, title, colour=style.QUIET_INK)
    box = (0.0, 13.0, 128.0, _HEIGHT - 15)
    place = Place.fit(own.bounds, box)
    window = shapely.box(*place.ground(box))
    drawing.window(*box)
    for geometry in areas.loc[areas["level"] == "district"].geometry:
        if geometry.intersects(window):
            drawing.ground(geometry, place, fill=style.OUTSIDE, stroke=style.RULE, stroke_width=0.6)
    drawing.ground(own, place, fill=style.LAND)
    lines = _clusters(drawing, place, facts, area_id)
    drawing.ground(own, place, stroke=style.BORDER, stroke_width=1.4)
    drawing.shut()
    spread = min(15.0, (_HEIGHT - 30) / max(len(lines), 1))
    top = (_HEIGHT + 13) / 2 - spread * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        drawing.text(134, top + number * spread, line, size=6.8)
    draw_bars(drawing, facts, area_id, (282.0, 20.0, drawing.width - 284, _HEIGHT - 24))
    return Picture(f"district-{area_id}", drawing.svg(), b"", alt, caption)


def _clusters(drawing: Drawing, place: Place, facts: Facts, district: str) -> list[str]:
    """Draw the clusters of a district with a number each, and return their key as lines."""
    areas = facts.inputs.areas
    breaks = share_breaks(facts, "cluster")
    chosen = areas[(areas["level"] == "cluster") & (areas["parent_id"] == district)].sort_values("area_name")
    lines, labels = [], []
    for number, area in enumerate(chosen.itertuples(), start=1):
        share = facts.area("without_local_place_share", str(area.area_id), facts.base)
        fill, hatch = fill_of(share, breaks)
        drawing.ground(area.geometry, place, fill=fill, hatched=bool(hatch), stroke=style.QUIET_INK, stroke_width=0.5)
        centre = middle(area.geometry)
        labels.append((*place.point(centre.x, centre.y), str(number)))
        lines.append(f"{number}  {_short(clean_text(str(area.area_name)))}: {figure_text(share, share=True)}")
    for x, y, text in labels:
        drawing.text(x, y + 2.6, text, size=7.5, bold=True, text_anchor="middle", halo="white")
    return lines


def _short(name: str, most: int = 29) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
