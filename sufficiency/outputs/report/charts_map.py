"""The paper's maps: districts shaded by residents without a local place; a locator and chart for each district."""

# ruff: noqa: ANN401  # geometry comes from a package without types

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import shapely
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from sufficiency.outputs import style
from sufficiency.outputs.report.charts import _RC, new_canvas, save_picture
from sufficiency.outputs.report.sentences import Figure, figure_text
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sufficiency.outputs.report.blocks import Picture
    from sufficiency.outputs.report.facts import Facts

__all__ = ["bar_figures", "fill_of", "map_picture", "middle", "share_breaks", "share_class"]

BAR_COUNTS: Final = ("placed_local_pupils", "without_local_place_pupils")


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


def fill_of(figure: Figure, breaks: tuple[float, ...]) -> tuple[str, str]:
    """Return the colour and the hatch of a share: its class, hatched where hidden, grey where it does not apply."""
    if figure.value is None:
        return ("white", "////") if figure.hidden else (style.NO_DATA, "")
    return style.AMOUNT_COLOURS[share_class(figure.value, breaks)], ""


def middle(geometry: Any) -> Any:
    """Return the centre of the largest circle that fits in an area: where a label has the most room."""
    centre = shapely.get_point(shapely.maximum_inscribed_circle(geometry, tolerance=200.0), 0)
    return centre if not shapely.is_empty(centre) else geometry.representative_point()


_HALO: Final = (withStroke(linewidth=1.6, foreground="white"),)


def _shade(axes: Axes, facts: Facts, scenario: str, breaks: tuple[float, ...]) -> None:
    areas = facts.inputs.areas
    for area in areas[areas["level"] == "district"].itertuples():
        share = facts.area("without_local_place_share", str(area.area_id), scenario)
        face, hatch = fill_of(share, breaks)
        _draw(axes, area.geometry, face=face, edge=style.QUIET_INK, width=0.6, hatch=hatch)
        point = middle(area.geometry)
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
    colours = [fill_of(Figure((low + high) / 2), breaks)[0] for low, high in itertools.pairwise(breaks)]
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


def bar_figures(facts: Facts, area_id: str) -> list[list[Figure]]:
    """Return the counts of the bars, a list for each scenario: with a local place, and without one."""
    return [[facts.area(column, area_id, s) for column in BAR_COUNTS] for s in facts.standing]
