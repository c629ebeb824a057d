"""What the page's maps are drawn on: areas, borders, roads, places and settings, by the functions of the map file.

A browser fetches it once. Figures come later, one character an area.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import INTERNAL
from sufficiency.outputs import style
from sufficiency.outputs.maps import places
from sufficiency.outputs.maps.figures import Frame, id_of, zone_key
from sufficiency.outputs.maps.settings import KIND_ORDER, setting_rows

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs

__all__ = ["Ground", "frame_of", "ground_of"]

SHADED: Final = ("district", "cluster", "zone")
_POLICY: Final = "optimal"
# Drawn from the start; the others are there to be switched on.
_KINDS_AT_FIRST: Final = ("special_school", "specialist_base", "independent")
_NO_NAME_OF_KIND: Final = ("support_base",)


@dataclass(frozen=True, eq=False, repr=False)
class Ground:
    """The ground as it is sent: ``packed`` is gzipped JSON, ``digest`` names it, ``frame`` has the areas in order."""

    frame: Frame
    packed: bytes
    digest: str
    bounds: tuple[tuple[float, float], tuple[float, float]]

    def of_level(self, level: str) -> tuple[str, ...]:
        """Return the ids of the areas of one level, in the order of the map."""
        return tuple(id_of(area) for area in self.frame.of_level(level))

    @property
    def places(self) -> list[tuple[str, str]]:
        """Level and id of every area, in the order of the map."""
        return [(self.frame.levels[area], id_of(area)) for area in self.frame.areas]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that are shaded: districts and clusters; zones too in the internal view."""
        return self.frame.shaded


def frame_of(inputs: Inputs, scenario_id: str, years: tuple[int, ...], build: str) -> Frame:
    """Return the areas of the map in its order: the county, each district, its clusters, and zones when internal."""
    areas = inputs.areas[inputs.areas["level"].isin(("county", "district", "cluster"))]
    names = {str(one): str(name) for one, name in zip(areas["area_id"], areas["area_name"], strict=True)}
    levels = {str(one): str(level) for one, level in zip(areas["area_id"], areas["level"], strict=True)}
    parents = {str(one): str(of) for one, of in zip(areas["area_id"], areas["parent_id"].fillna(""), strict=True)}
    inside: dict[str, list[str]] = {}
    for one in sorted(names, key=lambda area: (names[area], area)):
        inside.setdefault(parents[one] if levels[one] != "county" else "", []).append(one)
    if build == INTERNAL:
        wider = frozenset(levels)
        zones = inputs.zones.sort_values(["zone_name", "zone_id"], kind="stable")
        for zone, name, cluster in zip(zones["zone_id"], zones["zone_name"], zones["cluster_id"], strict=True):
            if str(cluster) in levels:
                key = zone_key(str(zone), wider)
                names[key], levels[key], parents[key] = str(name), "zone", str(cluster)
                inside.setdefault(str(cluster), []).append(key)
    order: list[str] = [one for one in inside.get("", []) if levels[one] == "county"]
    for district in (one for one in sorted(names, key=lambda area: (names[area], area)) if levels[one] == "district"):
        order.append(district)
        for cluster in inside.get(district, []):
            order += [cluster, *inside.get(cluster, [])]
    return Frame((scenario_id,), (_POLICY,), years, tuple(order), names, levels, parents, scenario_id)


def ground_of(inputs: Inputs, scenario_id: str, years: tuple[int, ...], build: str) -> Ground:
    """Return the ground of an area.

    Parameters
    ----------
    inputs
        The baseline; nothing of pupils is read.
    scenario_id
        The scenario compared with: its schemes are drawn as settings.
    years
        The years that the page can show.
    build
        ``public`` or ``internal``: the second has zones too.
    """
    frame = frame_of(inputs, scenario_id, years, build)
    crs = inputs.parameters.crs
    shapes = places.outlines(inputs, frame)
    around = places.surroundings(shapes, frame)
    roads = places.numbered_roads(inputs, around)
    bounds = places.fit_bounds(shapes, frame, crs)
    data = {
        "bounds": bounds,
        "levels": {level: _areas(frame, shapes, level, crs) for level in frame.shaded},
        "anchors": dict(zip(frame.areas, places.anchors(shapes, frame, crs), strict=True)),
        "borders": _borders(shapes, frame, crs),
        "roads": places.road_features(roads, crs),
        "roadLabels": places.road_labels(roads, crs),
        "water": places.water_features(inputs, around),
        "places": places.place_names(inputs, around),
        "settings": _settings(inputs, frame),
        "kinds": [
            {"id": kind, "label": style.SYMBOLS[kind].label, "on": kind in _KINDS_AT_FIRST}
            for kind in KIND_ORDER
            if kind in style.SYMBOLS and kind not in _NO_NAME_OF_KIND
        ],
        "symbols": {kind: {"shape": one.shape, "colour": one.colour} for kind, one in style.SYMBOLS.items()},
        "years": list(years),
        "colours": {"noData": style.NO_DATA, "dot": style.PLACE_DOT, "ink": style.INK, "pin": style.DARK_PINK},
    }
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    packed = gzip.compress(plain, compresslevel=9, mtime=0)
    (south, west), (north, east) = bounds
    return Ground(frame, packed, hashlib.sha256(plain).hexdigest()[:16], ((south, west), (north, east)))


def _areas(frame: Frame, shapes: dict[str, BaseGeometry], level: str, crs: str) -> dict[str, Any]:
    """Return the areas of a level with their names; the number of each is its place among the characters sent."""
    return {
        "names": [frame.names[area] for area in frame.of_level(level)],
        "ids": list(frame.of_level(level)),
        "shapes": places.collection(
            [places.feature(shapes[area], crs, i=number) for number, area in enumerate(frame.of_level(level))]
        ),
    }


def _borders(shapes: dict[str, BaseGeometry], frame: Frame, crs: str) -> dict[str, Any]:
    lines = places.borders(shapes, frame)
    look = {level: {"color": style.BORDER, "weight": style.BORDER_WIDTHS_PX[level]} for level in lines}
    return {
        level: places.collection([] if line.is_empty else [places.feature(line, crs, style=look[level])])
        for level, line in lines.items()
    }


def _settings(inputs: Inputs, frame: Frame) -> list[dict[str, Any]]:
    """Return the settings that stand in the scenario compared with: one character a year, 1 = open."""
    rows = []
    for row in setting_rows(inputs, frame):
        if row["kind"] in _NO_NAME_OF_KIND or frame.baseline not in row.get("listed", (frame.baseline,)):
            continue
        facts = {key: row[key] for key in ("id", "name", "kind", "at", "type", "ages", "needs", "status")}
        rows.append(facts | {"open": row["open"][frame.baseline]})
    return rows
