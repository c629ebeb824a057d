"""The paper's maps: districts shaded by residents without a local place; a locator and chart for each district."""


# Geometry comes from a package without types.
# ruff: noqa: ANN401

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import shapely
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from sufficiency.outputs import style
from sufficiency.outputs.report.charts import _RC, new_canvas, quiet_axes, save_picture
from sufficiency.outputs.report.sentences import Figure, figure_text
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sufficiency.outputs.report.blocks import Picture
    from sufficiency.outputs.report.facts import Facts

__all__ = ["bar_figures", "district_picture", "map_picture", "share_breaks", "share_class"]

_PARTS: Final = (
    ("placed_local_pupils", "local place", style.DARK_BLUE, "white"),
    ("without_local_place_pupils", "without a local place", style.ORANGE, "black"),
)


def share_breaks(facts: Facts, level: str) -> tuple[float, ...]:
    """Return the classes of the share, fixed over years and scenarios, as on the interactive map."""
    frame = facts.released.tables["sufficiency_area"]
    kept = frame.loc[(frame["policy"] == facts.policy) & (frame["level"] == level)]
    values = kept["without_local_place_share"].astype(float).dropna().tolist()
    return style.amount_breaks(values, least_step=0.05)


def _patches(geometry: Any) -> list[Outline]:
    polygons = getattr(geometry, "geoms", [geometry])
    out = []
    for polygon in polygons:
        if polygon.geom_type != "Polygon":
            continue
        vertices: list[Any] = []
        codes: list[int] = []
        for ring in (polygon.exterior, *polygon.interiors):
            points = list(ring.coords)
            vertices += [(x, y) for x, y, *_ in points]
            codes += [int(Outline.MOVETO), *([int(Outline.LINETO)] * (len(points) - 2)), int(Outline.CLOSEPOLY)]
        out.append(Outline(vertices, codes))
    return out


def _draw(
    axes: Axes, geometry: Any, *, face: str = "none", edge: str = style.BORDER, width: float = 0.8, **kw: Any
) -> None:
    for outline in _patches(geometry):
        axes.add_patch(PathPatch(outline, facecolor=face, edgecolor=edge, linewidth=width, **kw))


def share_class(value: float, breaks: tuple[float, ...]) -> int:
    """Return the class of a share as it is printed: 39.6 % reads 40 % and falls in the class that holds 40 %."""
    return style.class_of(round(value * 100) / 100, breaks)


def _fill(figure: Figure, breaks: tuple[float, ...]) -> tuple[str, str]:
    if figure.value is None:
        return ("white", "////") if figure.hidden else (style.NO_DATA, "")
    return style.AMOUNT_COLOURS[share_class(figure.value, breaks)], ""


def _middle(geometry: Any) -> Any:
    """Return the centre of the largest circle that fits in an area: where a label has the most room."""
    centre = shapely.get_point(shapely.maximum_inscribed_circle(geometry, tolerance=200.0), 0)
    return centre if not shapely.is_empty(centre) else geometry.representative_point()


_HALO: Final = (withStroke(linewidth=1.6, foreground="white"),)


def _shade(axes: Axes, facts: Facts, scenario: str, breaks: tuple[float, ...]) -> None:
    areas = facts.inputs.areas
    for area in areas[areas["level"] == "district"].itertuples():
        share = facts.area("without_local_place_share", str(area.area_id), scenario)
        face, hatch = _fill(share, breaks)
        _draw(axes, area.geometry, face=face, edge=style.QUIET_INK, width=0.6, hatch=hatch)
        point = _middle(area.geometry)
        text = f"{_two_lines(clean_text(str(area.area_name)))}\n{figure_text(share, share=True)}"
        axes.text(
            point.x,
            point.y,
            text,
            ha="center",
            va="center",
            fontsize=6.5,
            weight="bold",
            color=style.INK,
            path_effects=_HALO,
            linespacing=1.05,
        )


def _two_lines(name: str) -> str:
    words = name.split()
    if len(name) <= 12 or len(words) < 2:
        return name
    return min(
        ("\n".join((" ".join(words[:n]), " ".join(words[n:]))) for n in range(1, len(words))),
        key=lambda text: max(len(line) for line in text.split("\n")),
    )


def _clusters(axes: Axes, facts: Facts, district: str, breaks: tuple[float, ...]) -> str:
    """Draw the clusters of a district with a number each, and return their key as lines."""
    areas = facts.inputs.areas
    chosen = areas[(areas["level"] == "cluster") & (areas["parent_id"] == district)].sort_values("area_name")
    lines = []
    for number, area in enumerate(chosen.itertuples(), start=1):
        share = facts.area("without_local_place_share", str(area.area_id), facts.base)
        face, hatch = _fill(share, breaks)
        _draw(axes, area.geometry, face=face, edge=style.QUIET_INK, width=0.6, hatch=hatch)
        point = area.geometry.representative_point()
        axes.text(
            point.x,
            point.y,
            str(number),
            ha="center",
            va="center",
            fontsize=7,
            weight="bold",
            color=style.INK,
            path_effects=_HALO,
        )
        lines.append(f"{number}  {clean_text(str(area.area_name))}: {figure_text(share, share=True)}")
    return "\n".join(lines)


def _frame(axes: Axes, bounds: tuple[float, float, float, float]) -> None:
    left, low, right, high = bounds
    margin = 0.03 * max(right - left, high - low)
    axes.set_xlim(left - margin, right + margin)
    axes.set_ylim(low - margin, high + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _scale_bar(axes: Axes, bounds: tuple[float, float, float, float], length_km: int = 10) -> None:
    left, low, _, high = bounds
    height = (high - low) * 0.012
    axes.add_patch(Rectangle((left, low), length_km * 1000, height, facecolor=style.INK, edgecolor="none"))
    axes.text(left, low + 2 * height, f"{length_km} km", fontsize=6.5, va="bottom")
    axes.annotate("N", (left, low + 16 * height), ha="center", fontsize=7, weight="bold")
    axes.annotate(
        "", (left, low + 16 * height), xytext=(left, low + 8 * height), arrowprops={"arrowstyle": "->", "lw": 0.8}
    )


def _legend(canvas: Any, facts: Facts, breaks: tuple[float, ...]) -> None:
    labels = style.class_labels(breaks, share=True)
    shown = tuple(dict.fromkeys((facts.base, facts.main)))
    shares = [[facts.area("without_local_place_share", area, s) for area, _ in facts.districts] for s in shown]
    counts = [[share_class(f.value, breaks) for f in row if f.value is not None] for row in shares]
    hidden = any(figure.hidden for row in shares for figure in row)
    colours = [_fill(Figure((low + high) / 2), breaks)[0] for low, high in itertools.pairwise(breaks)]
    handles = [
        Rectangle(
            (0, 0),
            1,
            1,
            facecolor=colour,
            edgecolor=style.QUIET_INK,
            linewidth=0.4,
            label=f"{label} ({', '.join(str(found.count(i)) for found in counts)})",
        )
        for i, (colour, label) in enumerate(zip(colours, labels, strict=True))
    ]
    if hidden:
        handles.append(
            Rectangle((0, 0), 1, 1, facecolor="white", hatch="////", edgecolor=style.QUIET_INK, label="hidden (c)")
        )
    titles = " and ".join(style.scenario_title(s).lower() for s in shown)
    title = f"% without a local place (in brackets: districts in the class, {titles})"
    legend = canvas.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
        frameon=False,
        fontsize=6.5,
        title=title,
        title_fontsize=6.5,
        columnspacing=1.0,
        handletextpad=0.4,
        handlelength=1.2,
    )
    legend.get_title().set_color(style.QUIET_INK)


def map_picture(facts: Facts, caption: str, alt: str) -> Picture:
    """Return maps of the districts, before and after, shaded by the share of residents without a local place."""
    shown = tuple(dict.fromkeys((facts.base, facts.main)))
    areas = facts.inputs.areas
    districts = areas[areas["level"] == "district"]
    bounds = tuple(float(value) for value in districts.total_bounds)
    breaks = share_breaks(facts, "district")
    canvas, panels = new_canvas(3.4, columns=len(shown))
    with mpl.rc_context(_RC):
        for axes, scenario in zip(panels, shown, strict=True):
            _shade(axes, facts, scenario, breaks)
            for area in areas[areas["level"] == "county"].itertuples():
                _draw(axes, area.geometry, width=1.5)
            _frame(axes, bounds)  # type: ignore[arg-type]  # four bounds
            axes.set_title(
                f"{style.scenario_title(scenario)}, {facts.year_text}", fontsize=8, weight="bold", loc="left"
            )
        _scale_bar(panels[0], bounds)  # type: ignore[arg-type]  # four bounds
        _legend(canvas, facts, breaks)
    return save_picture(canvas, "map", caption, alt)


def district_picture(facts: Facts, area_id: str, caption: str, alt: str) -> Picture:
    """Return one district: its clusters shaded on the left; where its pupils are placed, by scenario, on the right."""
    areas = facts.inputs.areas
    breaks = share_breaks(facts, "cluster")
    canvas, (left, key, right) = new_canvas(1.95, columns=3, width_ratios=(0.8, 0.62, 1.7))
    with mpl.rc_context(_RC):
        for area in areas[areas["level"] == "district"].itertuples():
            _draw(left, area.geometry, face=style.OUTSIDE, edge=style.RULE, width=0.6)
        own = areas[areas["area_id"] == area_id]
        for area in own.itertuples():
            _draw(left, area.geometry, face=style.AMOUNT_COLOURS[1], width=0.1)
        lines = _clusters(left, facts, area_id, breaks)
        for area in own.itertuples():
            _draw(left, area.geometry, width=1.4)
        _frame(left, tuple(float(value) for value in own.total_bounds))  # type: ignore[arg-type]  # four bounds
        left.set_title(
            f"Share without a local place by cluster,\n{style.scenario_title(facts.base).lower()}, {facts.year_text}",
            fontsize=7,
            loc="left",
            color=style.QUIET_INK,
        )
        key.set_axis_off()
        key.text(0, 0.5, lines, va="center", fontsize=7, linespacing=1.7, transform=key.transAxes)
        _placed_bars(right, facts, area_id)
    return save_picture(canvas, f"district-{area_id}", caption, alt)


def bar_figures(facts: Facts, area_id: str) -> list[list[Figure]]:
    """Return the counts of the bars, a list for each scenario: with a local place, and without one."""
    return [[facts.area(column, area_id, s) for column, *_ in _PARTS] for s in facts.standing]


def _placed_bars(axes: Axes, facts: Facts, area_id: str) -> None:
    rows = bar_figures(facts, area_id)
    widest = max((sum(figure.value or 0 for figure in row) for row in rows), default=0)
    for place, row in enumerate(rows):
        start, beside = 0.0, []
        for figure, (_, _, colour, ink) in zip(row, _PARTS, strict=True):
            if figure.value is None:
                beside.append(f"+ {figure_text(figure)}")
                continue
            axes.barh(place, figure.value, left=start, color=colour, height=0.55, edgecolor="white", linewidth=0.8)
            text, middle = figure_text(figure), start + figure.value / 2
            if figure.value > 0.06 * widest:
                axes.text(middle, place, text, ha="center", va="center", color=ink, fontsize=7)
            else:
                beside.append(text)
            start += figure.value
        if beside:
            axes.text(start, place, f" {', '.join(beside)}", va="center", fontsize=7, color=style.INK)
    axes.set_yticks(range(len(facts.standing)), [style.scenario_title(s) for s in facts.standing])
    axes.invert_yaxis()
    axes.set_title(f"Pupils who need a place, {facts.year_text}", fontsize=7, loc="left", color=style.QUIET_INK)
    handles = [Rectangle((0, 0), 1, 1, facecolor=colour, label=label) for _, label, colour, _ in _PARTS]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, -0.08),
        ncols=2,
        frameon=False,
        fontsize=6.5,
        handlelength=1.0,
    )
    axes.margins(x=0.1)
    quiet_axes(axes)
