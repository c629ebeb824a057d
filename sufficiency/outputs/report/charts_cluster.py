"""The picture of a cluster: its map with roads, places and numbered settings, and its pupils by scenario."""

# ruff: noqa: ANN401  # geometry comes from a package without types

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from sufficiency.model.geography import to_bng
from sufficiency.outputs import style
from sufficiency.outputs.maps.figures import make_frame
from sufficiency.outputs.maps.places import numbered_roads, place_names, surroundings
from sufficiency.outputs.maps.settings import KIND_ORDER, setting_rows
from sufficiency.outputs.report.blocks import Picture
from sufficiency.outputs.report.charts_area import draw_bars, scale_bar
from sufficiency.outputs.report.drawing import Drawing, Place, text_width
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    import geopandas as gpd

    from sufficiency.model.results import Inputs
    from sufficiency.outputs.maps.figures import Frame
    from sufficiency.outputs.report.facts import Facts

__all__ = ["Ground", "cluster_picture", "make_ground"]

Box = tuple[float, float, float, float]
_HEIGHT: Final = 178.0
_MAP: Final[Box] = (0.5, 0.5, 272.0, _HEIGHT - 1)
_MOST_NAMES: Final = 8
_RADIUS: Final = 5.4
_OTHER: Final = "#F5F2EC"
_FAINT: Final = "#B9B3A8"


@dataclass(frozen=True)
class Ground:
    """What the maps of all clusters share: areas, roads and settlements, and the settings by cluster."""

    frame: Frame
    shapes: dict[str, Any]
    roads: gpd.GeoDataFrame
    towns: list[tuple[str, float, float, int]]
    settings: dict[str, list[dict[str, Any]]]


def make_ground(facts: Facts) -> Ground:
    """Return the shared parts of the cluster maps: public facts of settings, roads and settlements only."""
    inputs = facts.inputs
    frame = make_frame(facts.released, inputs)
    areas = inputs.areas[inputs.areas["area_id"].isin(frame.areas)]
    shapes = dict(zip(areas["area_id"], areas.geometry, strict=True))
    around = surroundings(shapes, frame)
    clusters = list(frame.of_level("cluster"))
    towns = _towns(inputs, around)
    return Ground(frame, shapes, numbered_roads(inputs, around), towns, _by_cluster(inputs, frame, shapes, clusters))


def _metres(at: list[list[float]], inputs: Inputs) -> Any:
    """Return [latitude, longitude] pairs in the metric system of the area, as an array of x and y."""
    pairs = np.asarray(at, dtype=float).reshape(-1, 2)
    return np.column_stack(to_bng(pairs[:, 1], pairs[:, 0], inputs.parameters.crs))


def _towns(inputs: Inputs, around: Any) -> list[tuple[str, float, float, int]]:
    found = place_names(inputs, around)
    points = _metres([place["at"] for place in found], inputs)
    return [
        (clean_text(place["text"]), float(x), float(y), int(place["people"]))
        for place, (x, y) in zip(found, points, strict=True)
    ]


def _by_cluster(
    inputs: Inputs, frame: Frame, shapes: dict[str, Any], clusters: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the settings of each cluster, by kind and name, each with its position in metres."""
    out: dict[str, list[dict[str, Any]]] = {name: [] for name in clusters}
    if not clusters:
        return out
    rows = setting_rows(inputs, frame)
    points = _metres([row["at"] for row in rows], inputs)
    tree = shapely.STRtree([shapes[name] for name in clusters])
    settings = inputs.settings
    known = (
        dict(zip(settings["setting_id"].astype(str), settings["cluster_id"].fillna("").astype(str), strict=True))
        if "cluster_id" in settings.columns
        else {}
    )
    for row, (x, y) in zip(rows, points, strict=True):
        home = known.get(row["id"], "")
        if home not in out:
            near = tree.query(shapely.Point(x, y), predicate="intersects")
            home = clusters[int(near.min())] if len(near) else ""
        if home in out:
            out[home].append({**row, "x": float(x), "y": float(y)})
    return out


def cluster_picture(facts: Facts, ground: Ground, area_id: str, caption: str, alt: str) -> Picture:
    """Return one cluster: its map on the left; its pupils by scenario, and what the signs mean, on the right."""
    drawing = Drawing(_HEIGHT)
    rows = ground.settings.get(area_id, [])
    _draw_map(drawing, ground, area_id, rows)
    draw_bars(drawing, facts, area_id, (282.0, 0.0, drawing.width - 284, 88.0))
    _draw_key(drawing, rows)
    return Picture(f"cluster-{area_id}", drawing.svg(), b"", alt, caption)


def _draw_map(drawing: Drawing, ground: Ground, area_id: str, rows: list[dict[str, Any]]) -> None:
    own = ground.shapes[area_id]
    place = Place.fit(own.bounds, (_MAP[0] + 12, _MAP[1] + 12, _MAP[2] - 24, _MAP[3] - 24))
    west, south, east, north = place.ground(_MAP)
    window = shapely.box(west, south, east, north)
    drawing.window(*_MAP)
    drawing.rect(*_MAP, fill=style.OUTSIDE)
    for name in ground.frame.of_level("cluster"):
        shape = ground.shapes[name]
        if name != area_id and shape.intersects(window):
            drawing.ground(shape, place, fill=_OTHER, stroke=_FAINT, stroke_width=0.5, stroke_dasharray="3 2")
    drawing.ground(own, place, fill=style.LAND)
    for row in ground.roads.itertuples(index=False):
        part = shapely.clip_by_rect(row.geometry, west, south, east, north)
        if not part.is_empty:
            width = 0.5 * style.ROAD_WIDTHS_PX[row.road_class]
            drawing.ground(part, place, stroke=style.ROAD_COLOURS[row.road_class], stroke_width=width)
    for name in ground.frame.of_level("district"):
        if ground.shapes[name].intersects(window):
            drawing.ground(ground.shapes[name], place, stroke=style.QUIET_INK, stroke_width=0.9)
    drawing.ground(own, place, stroke=style.BORDER, stroke_width=1.7)
    signs = _signs(place, rows)
    scale = (_MAP[0] + 7, _MAP[1] + _MAP[3] - 9)
    _write_towns(drawing, place, ground, own, [*signs, (scale[0] + 20, scale[1] - 15, 22.0)])
    for number, (row, (x, y, _)) in enumerate(zip(rows, signs, strict=True), start=1):
        _draw_sign(drawing, row, x, y, str(number))
    length = next((km for km in (10, 5, 2) if km * 1000 * place.scale < 0.3 * _MAP[2]), 1)
    scale_bar(drawing, place, *scale, length)
    drawing.shut()
    drawing.rect(*_MAP, fill="none", stroke=style.RULE, stroke_width=0.6)


def _signs(place: Place, rows: list[dict[str, Any]]) -> list[tuple[float, float, float]]:
    """Return where each sign stands, and its radius: in its place, or beside the sign that stands there already."""
    step = 2.15 * _RADIUS
    nearby = sorted(
        ((i * step, j * step) for i in range(-4, 5) for j in range(-4, 5)),
        key=lambda off: (off[0] ** 2 + off[1] ** 2, off),
    )
    out: list[tuple[float, float, float]] = []
    for row in rows:
        x, y = place.point(row["x"], row["y"])
        free = ((x + dx, y + dy) for dx, dy in nearby
                if all((x + dx - a) ** 2 + (y + dy - b) ** 2 >= step**2 * 0.98 for a, b, _ in out))  # fmt: skip
        out.append((*next(free, (x, y)), _RADIUS))
    return out


def _write_towns(
    drawing: Drawing, place: Place, ground: Ground, own: Any, taken_signs: list[tuple[float, float, float]]
) -> None:
    """Name the largest settlements, the cluster's own first; none over another, over a sign, or over the edge."""
    left, top, width, height = _MAP
    taken: list[Box] = [(x - r, y - r, x + r, y + r) for x, y, r in taken_signs]
    found = []
    for name, easting, northing, people in ground.towns:
        x, y = place.point(easting, northing)
        if left < x < left + width and top < y < top + height:
            found.append((not own.intersects(shapely.Point(easting, northing)), -people, name, x, y))
    written = 0
    for outside, negative, name, x, y in sorted(found):
        size = 6.0 if outside else 7.2
        wide = text_width(name, size, bold=not outside)
        spots = [
            spot
            for away in ((0.0,) if outside else (0.0, 9.0, 18.0, 27.0))
            for spot in ((x - wide / 2, y - 4 - away), (x - wide / 2, y + size + 3 + away),
                         (x + 5 + away, y + size / 3), (x - wide - 5 - away, y + size / 3))
        ]  # fmt: skip
        for start, base in spots:
            box = (start - 1, base - size, start + wide + 1, base + 2)
            inside = box[0] > left and box[2] < left + width and box[1] > top and box[3] < top + height
            if inside and not any(_meet(box, one) for one in taken):
                break
        else:
            continue
        taken.append(box)
        drawing.symbol("circle", x, y, 1.1 + min(-negative / 25_000, 2.4), fill=style.PLACE_DOT)
        drawing.text(
            start, base, name, size=size, bold=not outside, colour=style.QUIET_INK if outside else style.INK,
            halo=_OTHER if outside else style.LAND,
        )  # fmt: skip
        written += 1
        if written >= _MOST_NAMES:
            return


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _hollow(row: dict[str, Any]) -> bool:
    return bool(row["status"] == "proposed" or row["kind"] == "support_base")


def _draw_sign(drawing: Drawing, row: dict[str, Any], x: float, y: float, number: str) -> None:
    """Draw the sign of a setting: its shape by kind, filled when open, an outline when proposed, a bar when closing."""
    symbol, hollow = style.SYMBOLS[row["kind"]], _hollow(row)
    look = {"fill": "white" if hollow else symbol.colour, "stroke": symbol.colour if hollow else "white"}
    drawing.symbol(symbol.shape, x, y, _RADIUS, **look, stroke_width=1.3 if hollow else 0.7)
    if row["status"] == "closed":
        drawing.line(x - 6, y + 6, x + 6, y - 6, colour=style.INK, width=1.2)
    if number:
        ink = style.INK if hollow or row["kind"] == "post_16" else "white"
        drawing.text(x, y + 2.1, number, size=5.8, bold=True, colour=ink, text_anchor="middle")


def _draw_key(drawing: Drawing, rows: list[dict[str, Any]]) -> None:
    x, y = 290.0, 102.0
    shown: dict[str, dict[str, Any]] = {}
    for kind in KIND_ORDER:
        for row in rows:
            if row["kind"] == kind:
                label = style.SYMBOLS[kind].label
                proposed = _hollow(row) and kind != "support_base"
                shown.setdefault(f"{label}, proposed" if proposed else label, row)
    for label, row in shown.items():
        _draw_sign(drawing, row, x, y - 2.4, "")
        drawing.text(x + 13, y, label)
        y += 12.5
    for label, look in (
        ("Border of the cluster", {"stroke": style.BORDER, "stroke_width": 1.7}),
        ("Other clusters of the county", {"stroke": _FAINT, "stroke_width": 0.8, "stroke_dasharray": "3 2"}),
    ):
        drawing.line(
            x - 6, y - 2.4, x + 7, y - 2.4, colour=str(look["stroke"]), width=float(str(look["stroke_width"])),
            dash=str(look.get("stroke_dasharray", "")),
        )  # fmt: skip
        drawing.text(x + 13, y, label)
        y += 12.5
