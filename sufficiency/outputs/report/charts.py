"""The paper's charts: bars from zero, direct labels, one scale, the finding as alternative text."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.report.blocks import Picture
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sufficiency.outputs.report.facts import Facts
    from sufficiency.outputs.report.sentences import Figure

__all__ = [
    "bridge_chart",
    "districts_chart",
    "forecast_chart",
    "gap_chart",
    "journeys_chart",
    "new_canvas",
    "programme_chart",
    "quiet_axes",
    "save_picture",
]

WIDTH_IN: Final = 6.69
PNG_DPI: Final = 160
_RC: Final[Any] = {
    "svg.hashsalt": "sufficiency",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.edgecolor": style.QUIET_INK,
    "axes.linewidth": 0.6,
    "text.color": style.INK,
    "axes.labelcolor": style.QUIET_INK,
    "xtick.color": style.QUIET_INK,
    "ytick.color": style.INK,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,  # a name is text, never mathematics
    "text.hinting": "no_hinting",  # text as wide in the layout as in either file
}
SCENARIO_MARKS: Final = {
    "do_nothing": (style.DARK_PINK, "o"),
    "committed": (style.ORANGE, "D"),
    "programme": (style.DARK_BLUE, "s"),
}


def mark_of(scenario: str) -> tuple[str, str]:
    """Return colour and shape of a scenario, so that colour is never the only sign."""
    return SCENARIO_MARKS.get(scenario, (style.TURQUOISE, "^"))


def new_canvas(height_in: float, columns: int = 1, **options: Any) -> tuple[Canvas, list[Axes]]:  # noqa: ANN401  # options of matplotlib
    """Return a canvas of the paper's text width, and its axes from left to right."""
    with mpl.rc_context(_RC):
        canvas = Canvas(figsize=(WIDTH_IN, height_in), dpi=PNG_DPI, layout="constrained")
        found = canvas.subplots(1, columns, squeeze=False, **options)
    return canvas, list(found[0])


def save_picture(canvas: Canvas, name: str, caption: str, alt: str, width_share: float = 1.0) -> Picture:
    """Return a canvas as a picture: the same drawing gives the same bytes (no date, ids counted from a fixed salt)."""
    svg = io.BytesIO()
    with mpl.rc_context(_RC):
        FigureCanvasAgg(canvas)  # measures the text of the layout
        layout = canvas.get_layout_engine()
        if layout is not None:
            layout.execute(canvas)
            canvas.set_layout_engine("none")
        paint: Any = FigureCanvasSVG(canvas)
        paint.print_svg(svg, metadata={"Date": None, "Creator": None})
    return Picture(name, svg.getvalue(), b"", alt, caption, width_share)


def quiet_axes(axes: Axes, *, grid: str = "x") -> None:
    """Leave only what carries meaning: no box, faint grid lines behind the marks."""
    for side in ("top", "right", "left" if grid == "x" else "top"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x" if grid == "x" else "y", color=style.RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def _dots(axes: Axes, rows: list[tuple[str, list[tuple[str, Figure]]]], *, percent: bool) -> None:
    factor = 100.0 if percent else 1.0
    for place, (_, values) in enumerate(rows):
        known = [(scenario, value.known * factor) for scenario, value in values if value.is_known]
        if len(known) > 1:
            span = [value for _, value in known]
            axes.plot([min(span), max(span)], [place, place], color=style.RULE, linewidth=2.2, zorder=1)
        for scenario, value in known:
            colour, shape = mark_of(scenario)
            axes.plot([value], [place], shape, color=colour, markersize=6.5, zorder=3)
        if len(known) < len(values):
            axes.text(0.5 * factor / 100, place, "some figures hidden (c)", va="center", color=style.QUIET_INK)
        ends = (min(known, key=lambda k: k[1]), max(known, key=lambda k: k[1])) if known else ()
        for end, (scenario, value) in enumerate(dict.fromkeys(ends)):
            text = f"{value:.0f}%" if percent else f"{value:.0f}"
            outer = end == 0 and len(set(ends)) > 1
            offset, side = ((-7, 0), "right") if outer else ((7, 0), "left")
            if outer and value < 3:
                offset, side = (0, 7), "left"
            axes.annotate(
                text,
                (value, place),
                xytext=offset,
                textcoords="offset points",
                ha=side,
                va="center",
                color=mark_of(scenario)[0],
                weight="bold",
            )
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.9)
    quiet_axes(axes)


def _scenario_key(axes: Axes, scenarios: tuple[str, ...]) -> None:
    handles = [
        mpl.lines.Line2D([], [], linestyle="", marker=mark_of(s)[1], color=mark_of(s)[0], label=style.scenario_title(s))
        for s in scenarios
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 1.12),
        ncols=len(handles),
        frameon=False,
        borderpad=0,
        handletextpad=0.2,
        columnspacing=1.4,
    )


def districts_chart(facts: Facts, caption: str, alt: str) -> Picture:
    """Return a dot plot: share of each district's pupils without a local place, by scenario."""
    ranked = facts.ranked(facts.base)
    rows = [
        (name, [(s, facts.area("without_local_place_share", area, s)) for s in facts.standing])
        for area, name, _ in ranked
    ]
    canvas, (axes,) = new_canvas(0.75 + 0.34 * len(rows))
    with mpl.rc_context(_RC):
        _dots(axes, rows, percent=True)
        top = max((v.known * 100 for _, values in rows for _, v in values if v.is_known), default=50.0)
        axes.set_xlim(0, top * 1.15 + 2)
        axes.set_xlabel(f"% of resident pupils who need a specialist place, {facts.year_text}, best use of places")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
        _scenario_key(axes, facts.standing)
    return save_picture(canvas, "districts", caption, alt)


def forecast_chart(facts: Facts, caption: str, alt: str) -> Picture:
    """Return lines: pupils forecast with their range, and local places by scenario; the forecast's start is marked."""
    canvas, (axes,) = new_canvas(2.75)
    rows = facts.rows("forecast", stream="headline").sort_values("year")
    years = [int(year) for year in rows["year"]]
    look = {
        name: [facts.at("forecast", i, name).known for i in rows.index]
        for name in ("pupils", "low_pupils", "high_pupils")
    }
    with mpl.rc_context(_RC):
        axes.fill_between(
            years, look["low_pupils"], look["high_pupils"], color=style.DARK_GREY, alpha=0.18, linewidth=0
        )
        axes.plot(years, look["pupils"], color=style.DARK_GREY, linewidth=2)
        ends = [(look["pupils"][-1], "Pupils who need a\nspecialist place", style.DARK_GREY)]
        for scenario in facts.standing:
            places = [facts.area("capacity_places", facts.county[0], scenario, year=year).known for year in years]
            colour, shape = mark_of(scenario)
            axes.plot(years, places, color=colour, linewidth=1.5, marker=shape, markersize=3.5)
            ends.append((places[-1], f"Places: {style.scenario_title(scenario).lower()}", colour))
        low, high = axes.get_ylim()
        _end_labels(axes, years[-1], ends, (high - low) / 11)
        axes.axvline(facts.parameters.calibration_year + 0.5, color=style.QUIET_INK, linewidth=0.7, linestyle=":")
        axes.text(
            facts.parameters.calibration_year + 0.6,
            high,
            "forecast starts",
            va="center",
            color=style.QUIET_INK,
            backgroundcolor="white",
            fontsize=7,
        )
        axes.set_xticks(years, [year_label(year) for year in years])
        axes.set_xlim(years[0] - 0.2, years[-1] + 1.9)
        axes.yaxis.set_major_formatter(lambda value, _: style.number_text(value))
        axes.set_ylabel("pupils, places (axis does not start at 0)")
        quiet_axes(axes, grid="y")
        axes.spines["left"].set_visible(False)
    return save_picture(canvas, "forecast", caption, alt)


def _end_labels(axes: Axes, last: int, ends: list[tuple[float, str, str]], gap: float) -> None:
    floor = float("-inf")
    for value, text, colour in sorted((end for end in ends if end[0] == end[0]), key=lambda end: end[0]):
        height = max(value, floor + gap * (1 + text.count("\n")))
        axes.text(last + 0.12, height, f"{text} {style.number_text(value)}", va="center", color=colour, weight="bold")
        floor = height


def bridge_chart(facts: Facts, caption: str, alt: str) -> Picture | None:
    """Return a waterfall from pupils placed elsewhere today to the shortfall; None where the steps do not add up."""
    frame = facts.released.tables["bridge"]
    steps = [(str(frame.at[i, "item"]), facts.at("bridge", i, "pupils")) for i in frame.index]
    return _waterfall_chart("bridge", steps, caption, alt, unit="pupils; the last bar is places short")


def gap_chart(steps: list[tuple[str, Figure]], caption: str, alt: str) -> Picture | None:
    """Return a waterfall of the reasons for being without a local place; None where a step is hidden."""
    return _waterfall_chart("gap", steps, caption, alt, unit="pupils; the last bar is all without a local place")


def _waterfall_chart(
    name: str, steps: list[tuple[str, Figure]], caption: str, alt: str, *, unit: str
) -> Picture | None:
    """Draw steps that add up to the last: what adds and what takes away in two colours, the sum in a third."""
    if len(steps) < 3 or not all(value.is_known for _, value in steps):
        return None
    values = [value.known for _, value in steps]
    if round(sum(values[:-1])) != round(values[-1]):
        return None
    canvas, (axes,) = new_canvas(0.5 + 0.38 * len(steps))
    with mpl.rc_context(_RC):
        level = 0.0
        for place, value in enumerate(values):
            last = place == len(values) - 1
            start = 0.0 if last else level
            colour = style.DARK_PINK if last else style.DARK_BLUE if value >= 0 else style.TURQUOISE
            axes.barh(place, value, left=start, color=colour, height=0.62)
            text = style.number_text(value) if last or place == 0 else style.signed_text(value)
            axes.annotate(
                text,
                (max(start, start + value), place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
                color=colour,
            )
            level = start + value
            if place < len(values) - 2:
                axes.plot([level, level], [place + 0.31, place + 0.69], color=style.QUIET_INK, linewidth=0.7)
        axes.set_yticks(range(len(steps)), [_wrap(clean_text(item), 40) for item, _ in steps])
        axes.invert_yaxis()
        axes.set_xlim(0, max(sum(v for v in values[:-1] if v > 0), values[-1]) * 1.1)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_formatter(lambda value, _: style.number_text(value))
        quiet_axes(axes)
    return save_picture(canvas, name, caption, alt)


def _wrap(text: str, width: int) -> str:
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def programme_chart(facts: Facts, caption: str, alt: str) -> Picture:
    """Return stacked bars of places open each September: today's, and those added by type; need as a line."""
    rows = facts.rows("programme_places", scenario_id=facts.main).sort_values("year")
    years = [int(year) for year in rows["year"]]
    names = ("special_school_added_places", "specialist_base_added_places", "capacity_places", "demand_pupils")
    found = [[facts.at("programme_places", i, name) for i in rows.index] for name in names]
    special, base, capacity = ([figure.value or 0.0 for figure in column] for column in found[:3])
    today = [max(c - s - b, 0.0) for c, s, b in zip(capacity, special, base, strict=True)]
    demand = [figure.known for figure in found[3]]
    top = max([*capacity, *(d for d in demand if math.isfinite(d)), 1.0])
    canvas, (axes,) = new_canvas(2.7)
    with mpl.rc_context(_RC):
        start, ends = [0.0] * len(years), []
        for values, colour, ink, label in (
            (today, style.DARK_BLUE, "white", "Places without\nnew schemes"),
            (special, style.TURQUOISE, "black", "Special school\nplaces added"),
            (base, style.ORANGE, "black", "Specialist base\nplaces added"),
        ):
            axes.bar(years, values, bottom=start, color=colour, width=0.62)
            for year, value, low in zip(years, values, start, strict=True):
                if value > 0.05 * top:
                    axes.text(year, low + value / 2, style.number_text(value), ha="center", va="center", color=ink)
            if values[-1] > 0:
                ends.append((start[-1] + values[-1] / 2, label))
            start = [low + value for low, value in zip(start, values, strict=True)]
        axes.plot(years, demand, color=style.DARK_PINK, linewidth=1.8, marker="o", markersize=4)
        ends.append((max(start[-1] + top / 24, found[3][-1].value or 0.0), "Pupils who\nneed a place"))
        floor = 0.0
        for height, text in ends:
            floor = max(height, floor + top / 9)
            colour = style.DARK_PINK if text.startswith("Pupils") else style.INK
            axes.text(years[-1] + 0.45, floor, text, va="center", color=colour, weight="bold")
        axes.set_xticks(years, [year_label(year) for year in years])
        axes.set_xlim(years[0] - 0.6, years[-1] + 1.6)
        axes.set_ylim(0, top * 1.15)
        axes.yaxis.set_major_formatter(lambda value, _: style.number_text(value))
        axes.set_ylabel("places, pupils")
        quiet_axes(axes, grid="y")
        axes.spines["left"].set_visible(False)
    return save_picture(canvas, "programme", caption, alt)


def journeys_chart(facts: Facts, caption: str, alt: str) -> Picture:
    """Return two dot plots on one scale: median and 90th percentile of direct time by district and scenario."""
    shown = (facts.base, facts.main) if facts.base != facts.main else (facts.base,)
    canvas, both = new_canvas(0.8 + 0.3 * len(facts.districts), columns=2, sharex=True, sharey=True)
    with mpl.rc_context(_RC):
        for axes, column, title in zip(both, ("median_min", "p90_min"), ("Median", "90th percentile"), strict=True):
            rows = [(name, [(s, facts.journey(column, area, s)) for s in shown]) for area, name in facts.districts]
            _dots(axes, rows, percent=False)
            axes.set_xlim(left=0)
            axes.set_xlabel(f"{title}, minutes one way, direct time")
        _scenario_key(both[0], shown)
        top = max((facts.journey("p90_min", a, s).known for a, _ in facts.districts for s in shown), default=60.0)
        if math.isfinite(top):
            both[0].set_xlim(0, top * 1.2)
    return save_picture(canvas, "journeys", caption, alt)
