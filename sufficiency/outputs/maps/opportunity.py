"""The internal map of where the first new place would do most: one file, opens with no network, marked on its face.

No text from the data is run: names and figures travel in one JSON block that the page's script writes as text.
"""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from sufficiency.model.geography import to_wgs84
from sufficiency.model.units import MS_PER_MIN
from sufficiency.model.vocabulary import ALL, NEED_GROUP_NAMES, NEED_NAMES, PHASE_NAMES, year_label
from sufficiency.outputs import style
from sufficiency.outputs.maps import assets as maps_assets
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.stable import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs
    from sufficiency.planning.opportunity import Surface

__all__ = ["WATERMARK", "junction_names", "kind_words", "outcome_words", "render_opportunity_map", "short_words",
           "write_opportunity_map"]  # fmt: skip

WATERMARK: Final = style.INTERNAL_MARK
MOST_SETTINGS: Final = 12
PLACE_WORDS: Final = {"special_school": "special-school place", "specialist_base": "specialist-base place"}
_PLACED: Final = "one more pupil has a place"
# Which place is given up, best first: the number is that of the gain (`planning.opportunity`).
_LOCAL: Final = {
    2: "one more pupil has a local place, out of an independent school",
    1: "one more pupil has a local place, out of another council’s school",
}
_SAVES: Final = "nobody more has a place; travel falls"
_NOTHING: Final = "changes nothing"
_APART: Final = "no road that a place could join is near enough"


def kind_words(need: str, phase: str) -> str:
    """Return who may use a place, in words."""
    names = {ALL: "any need", **NEED_GROUP_NAMES, **NEED_NAMES}
    age = "any age" if phase == ALL else PHASE_NAMES[phase].lower()
    return f"{names[need].lower()}, {age}" if need in (ALL, *NEED_GROUP_NAMES) else f"{names[need]}, {age}"


def outcome_words(placed: int, local: int, from_tier: str, minutes: float) -> str:
    """Return what the first place does, in words."""
    if placed:
        return _PLACED
    if local:
        return _LOCAL[1 if from_tier == "other_council" else 2]
    return _SAVES if minutes < 0 else _NOTHING


def short_words(row: dict[Any, Any]) -> str:
    """Return what the first place does, in the words of a table."""
    if row["more_placed_pupils"]:
        return "one more placed"
    if row["more_local_pupils"]:
        return f"one more local, from {str(row['from_tier']).replace('_', ' ')}"
    return "less travel" if row["travel_change_min"] < 0 else "nothing"


def render_opportunity_map(surface: Surface, areas: pd.DataFrame, settings: pd.DataFrame) -> str:
    """Return the page as text; see `write_opportunity_map`."""
    inputs = surface.opened.inputs
    parameters = inputs.parameters
    data = _page_data(surface, areas, settings)
    first = data["kinds"][0]
    needs = dict.fromkeys(need for need, _ in surface.kinds)
    phases = dict.fromkeys(phase for _, phase in surface.kinds)
    names = {ALL: "Any need", **NEED_GROUP_NAMES, **NEED_NAMES}
    values = {
        "watermark": WATERMARK,
        "finding": first["finding"],
        "subtitle": first["subtitle"],
        "illustrative": parameters.illustrative,
        "illustrative_note": parameters.illustrative_note if parameters.illustrative else "",
        "area_name": parameters.area_name,
        "needs": [{"id": need, "name": names[need]} for need in needs],
        "phases": [{"id": phase, "name": {ALL: "Any age", **PHASE_NAMES}[phase]} for phase in phases],
        "care_note": style.CARE_NOTE,
        "sources": style.sources(inputs.roads.attribution),
        "version": importlib.metadata.version("sufficiency"),
        "report_date": f"{parameters.report_date.day} {parameters.report_date:%B %Y}",
    }
    scripts = [maps_assets.leaflet_script(), maps_assets.template_text("opportunity.js")]
    styles = [maps_assets.leaflet_style(), maps_assets.template_text("map.css"),
              maps_assets.template_text("opportunity.css")]  # fmt: skip
    return maps_assets.render_page(
        values, data, scripts, styles, '<div id="map"></div>', template_name="opportunity.html.j2"
    )


def write_opportunity_map(surface: Surface, areas: pd.DataFrame, settings: pd.DataFrame, path: Path) -> None:
    """Write the self-contained internal map: a layer by kind of pupil, a legend, and the best of areas and settings.

    Parameters
    ----------
    surface
        The values at every road node.
    areas, settings
        Outputs of `best_by_area` and `rank_settings` for it.
    path
        The HTML file to write; its folder is made. The same inputs give the same bytes.

    Raises
    ------
    DataError
        When Leaflet's installed files are missing or are not the reviewed ones.
    """
    write_text(path, render_opportunity_map(surface, areas, settings))


def _page_data(surface: Surface, areas: pd.DataFrame, settings: pd.DataFrame) -> dict[str, Any]:
    inputs, points = surface.opened.inputs, surface.points
    crs = inputs.parameters.crs
    longitude, latitude = to_wgs84(points["easting_m"].to_numpy(), points["northing_m"].to_numpy(), crs)
    joined = points["joined"].to_numpy(dtype=np.bool_)
    classes, numbers = _classes(surface, joined)
    minutes = np.round(surface.values.change_ms / MS_PER_MIN, 1)
    names = junction_names(surface)
    places = {str(node): place for place, node in enumerate(points["node_id"])}
    mark = ", illustrative" if inputs.parameters.illustrative else ""
    by_areas = dict(iter(areas.groupby(["need", "phase"], sort=False)))
    by_settings = dict(iter(settings.groupby(["need", "phase"], sort=False)))
    kinds = []
    for column, kind in enumerate(surface.kinds):
        best = by_areas[kind] if kind in by_areas else areas.iloc[:0]
        kinds.append(
            {
                "id": " ".join(kind),
                "classes": numbers[:, column].tolist(),
                "minutes": [
                    float(value) if known else None for value, known in zip(minutes[:, column], joined, strict=True)
                ],
                "finding": _finding(surface, kind, best, names),
                "subtitle": _subtitle(surface, kind),
                "areas": _area_rows(best, places),
                "settings": _setting_rows(by_settings[kind] if kind in by_settings else settings.iloc[:0]),
            }
        )
    return {
        "nodes": np.round(np.column_stack([latitude, longitude]), maps_places.DECIMALS).tolist(),
        "names": [names[node] for node in points["node_id"]],
        "classes": classes,
        "kinds": kinds,
        "none": "No pupil of the year is of that need and phase",
        "mark": mark,
        "colours": {"land": style.LAND, "eye": style.INK},
        "chosenLines": [{"color": colour, "weight": width} for colour, width in style.CHOSEN_LINES],
        **_ground(inputs),
    }


def _classes(surface: Surface, joined: NDArray[np.bool_]) -> tuple[list[dict[str, str]], NDArray[np.int64]]:
    """Return the legend's classes, the same for every layer, and int64 [n_nodes, n_kinds]: the class of each value."""
    gain, change = surface.values.gain, surface.values.change_ms / MS_PER_MIN
    within = joined[:, None]
    masks = {"disc": within & (gain == 3), "ring": within & (gain == 2), "eye": within & (gain == 1)}
    told = {
        "disc": (_PLACED, style.AMOUNT_COLOURS),
        "ring": (_LOCAL[2], style.WARM_AMOUNT_COLOURS),
        "eye": (_LOCAL[1], style.WARM_AMOUNT_COLOURS),
    }
    classes: list[dict[str, str]] = []
    numbers = np.full(gain.shape, -1, dtype=np.int64)
    for shape, mask in masks.items():
        if not mask.any():
            continue
        words, ramp = told[shape]
        # rounded minutes: a class's edge is a whole one
        whole = np.rint(change)
        edges = style.amount_breaks(whole[mask].tolist())
        inner = np.array(edges[1:-1])
        numbers[mask] = len(classes) + np.searchsorted(inner, whole[mask], side="right")
        labels = style.class_labels(edges)
        # the least travel is the best, and the darkest
        colours = ramp[::-1][: len(labels)]
        classes += [
            {"shape": shape, "colour": colour, "label": f"{label} min", "words": words}
            for label, colour in zip(labels, colours, strict=True)
        ]
    rest = ((within & (gain == 0) & (change < 0), style.LIGHT_PURPLE, _SAVES),
            (within & (gain == 0) & (change >= 0), style.NO_DATA, _NOTHING),
            (np.broadcast_to(~within, gain.shape), style.PLACE_DOT, _APART))  # fmt: skip
    for mask, colour, words in rest:
        if mask.any():
            numbers[mask] = len(classes)
            classes.append({"shape": "dot", "colour": colour, "label": "", "words": words})
    return classes, numbers


def junction_names(surface: Surface) -> dict[str, str]:
    """Return a name for each junction; of several with one name, all but the first are numbered.

    A junction without a name of its own is told by the nearest place: its id says nothing to a reader.
    """
    inputs = surface.opened.inputs
    nodes = inputs.roads.nodes
    ids = nodes["node_id"].astype(str)
    own = nodes["node_name"].fillna("").astype(str).str.strip() if "node_name" in nodes else pd.Series("", ids.index)
    told = own.where(own != "", _near_places(inputs, nodes, ids))
    out: dict[str, str] = {}
    alike: Counter[str] = Counter()
    for node, name in zip(ids, told, strict=True):
        alike[name] += 1
        out[node] = name if alike[name] == 1 else f"{name} ({alike[name]})"
    return out


def _near_places(inputs: Inputs, nodes: pd.DataFrame, ids: pd.Series) -> pd.Series:
    """Return ``"junction near <place>"`` for each junction, by the nearest place that has a name."""
    places = inputs.gazetteer[inputs.gazetteer["place_name"].fillna("").astype(str) != ""]
    if places.empty:
        return "junction " + ids
    nearest = shapely.STRtree(places.geometry.to_numpy()).nearest(nodes["geometry"].to_numpy())
    names = places["place_name"].astype(str).map(maps_places.town_of).to_numpy()[nearest]
    return pd.Series("junction near " + names.astype(object), ids.index)


def _finding(surface: Surface, kind: tuple[str, str], best: pd.DataFrame, names: dict[str, str]) -> str:
    mark = " (illustrative)" if surface.opened.inputs.parameters.illustrative else ""
    county = best[best["level"] == "county"]
    what, year = PLACE_WORDS[surface.provision_type], year_label(surface.opened.eligibility.year)
    if county.empty:
        return f"No road junction lies in the area{mark}"
    row = county.to_dict("records")[0]
    outcome = _outcome(row)
    if outcome == _NOTHING:
        return f"In {year} one more {what} for {kind_words(*kind)} would change nothing anywhere{mark}"
    minutes = round(float(row["travel_change_min"]))
    travel = f"{style.number_text(abs(minutes))} minutes {'more' if minutes > 0 else 'less'}" if minutes else "no more"
    return (
        f"In {year} the first new {what} for {kind_words(*kind)} would do most at {names[row['node_id']]}: "
        f"{outcome}, with {travel} travel one way{mark}"
    )


def _subtitle(surface: Surface, kind: tuple[str, str]) -> str:
    opened = surface.opened
    known = opened.inputs.scenarios.get(opened.scenario_id)
    title = style.SCENARIO_TITLES.get(opened.scenario_id, known.title if known is not None else opened.scenario_id)
    return (
        f"Value of the first place of a new provision, {PLACE_WORDS[surface.provision_type]}, {surface.attendance}, "
        f"for {kind_words(*kind)} · scenario: {title} · policy: {style.POLICY_TITLES['optimal']} · "
        f"{year_label(opened.eligibility.year)}"
    )


def _outcome(row: dict[Any, Any]) -> str:
    placed, local = int(row["more_placed_pupils"]), int(row["more_local_pupils"])
    return outcome_words(placed, local, str(row["from_tier"]), float(row["travel_change_min"]))


def _area_rows(best: pd.DataFrame, places: dict[str, int]) -> list[list[str | int]]:
    """Return name, place of the best junction among the nodes, what a place there does, and minutes."""
    return [
        [row["area_name"], places[row["node_id"]], short_words(row), _minutes(row)] for row in best.to_dict("records")
    ]


def _setting_rows(settings: pd.DataFrame) -> list[list[str]]:
    rows = settings[settings["joined"].astype(bool)].head(MOST_SETTINGS).to_dict("records")
    return [
        [row["setting_name"], short_words(row), _minutes(row),
         "" if pd.isna(row["spare_places"]) else style.number_text(int(row["spare_places"]))]
        for row in rows
    ]  # fmt: skip


def _minutes(row: dict[Any, Any]) -> str:
    return style.signed_text(round(float(row["travel_change_min"])))


def _ground(inputs: Inputs) -> dict[str, Any]:
    """Return the county's land, the borders of county and districts, the numbered roads, and what the map opens on."""
    crs, areas = inputs.parameters.crs, inputs.areas
    lines, land = [], []
    for level in ("district", "county"):
        shapes = areas.loc[areas["level"] == level, "geometry"].to_numpy()
        look = {"color": style.BORDER, "weight": style.BORDER_WIDTHS_PX[level], "fill": False, "opacity": 1}
        lines.append(maps_places.feature(shapely.union_all(shapely.boundary(shapes)), crs, style=look))
        if level == "county":
            land.append(maps_places.feature(shapely.union_all(shapes), crs))
    around = shapely.box(*areas.total_bounds)
    west, south, east, north = maps_places.degrees(around, crs).bounds
    roads = maps_places.numbered_roads(inputs, around.buffer(maps_places.AROUND_M))
    return {
        "land": maps_places.collection(land),
        "borders": maps_places.collection(lines),
        "roads": maps_places.road_features(roads, crs),
        "bounds": [[south, west], [north, east]],
    }
