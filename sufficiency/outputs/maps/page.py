"""The self-contained interactive map: one HTML file that opens with no network and asks nobody for anything.

Folium builds the map (panes, shaded areas, borders, roads); the page around it is ours. No text from the data goes
through folium, whose elements are rendered twice and would run it: features carry an index, and every name and figure
travels in one JSON block that the page's script writes as text.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import folium
from branca.element import Figure, MacroElement
from folium.map import CustomPane
from folium.template import Template

from sufficiency.outputs import style
from sufficiency.outputs.maps import assets as maps_assets
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.maps import tiles as maps_tiles
from sufficiency.outputs.maps.data import Ground, make_ground, page_data, scenario_rows
from sufficiency.outputs.maps.internal import check_build, is_internal, left_out_notes
from sufficiency.outputs.maps.words import CAPACITY_NOTE

if TYPE_CHECKING:
    from pathlib import Path

    from branca.element import Element

    from sufficiency.model.results import Inputs, Released, RunRecord
    from sufficiency.outputs.maps.figures import Frame

MEASURE_GROUPS: Final = (
    ("Pupils and places", "figure"),
    ("Who gains: change only", "gain"),
    ("Reach by road", "reach"),
    ("Unserved areas", "unserved"),
)
PUPIL_GROUPS: Final = (("Broad area of need", "need"), ("Phase", "phase"))
LEVEL_TITLES: Final = {"district": "Districts", "cluster": "Clusters", "zone": "Zones"}

logger = logging.getLogger(__name__)

# Panes from the ground up: shaded areas, roads, dots, borders, flows, names, settings.
PANES: Final = (
    ("tiles", 300, False),
    ("reach", 340, False),
    ("areas", 350, True),
    ("water", 370, False),
    ("roads", 380, False),
    ("dots", 390, False),
    ("borders", 400, False),
    ("flows", 430, True),
    ("labels", 440, False),
    ("settings", 600, True),
)


_DASHES: Final = {"cluster": "4 3", "zone": "1 3"}


class OfflineMap(folium.Map):
    """Folium's map without the addresses of scripts and style sheets that it would fetch."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - declared so by folium
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - as above


class StartPage(MacroElement):
    """Hands the map and its layers to the page's script."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        sufficiency.start({{ this.map_name }}, {
        {%- for level, name in this.layers %} {{ level }}: {{ name }},{% endfor %} });
        {% endmacro %}
        """
    )

    def __init__(self, map_name: str, layers: list[tuple[str, str]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium has no types
        self.map_name = map_name
        self.layers = layers


def _count_ids(root: Element) -> None:
    """Give every element an id in the order of the tree: folium's own are random and would change every run."""
    number, queue = 0, [root]
    while queue:
        node = queue.pop(0)
        vars(node)["_id"] = str(number)
        number += 1
        queue.extend(vars(node)["_children"].values())


def _base_map(bounds: list[list[float]]) -> OfflineMap:
    centre = [round((bounds[0][axis] + bounds[1][axis]) / 2, maps_places.LABEL_DECIMALS) for axis in (0, 1)]
    chart = OfflineMap(
        location=centre,
        tiles=None,
        zoom_start=9,
        max_zoom=15,
        zoom_snap=0.1,
        zoom_delta=1,
        wheel_px_per_zoom_level=120,
        fade_animation=False,
        control_scale=False,
    )
    for name, height, pointer in PANES:
        chart.add_child(CustomPane(name, z_index=height, pointer_events=pointer))
    return chart


def _layers(ground: Ground, crs: str) -> dict[str, folium.GeoJson]:
    frame, shapes = ground.frame, ground.shapes
    place = {area: number for number, area in enumerate(frame.areas)}
    look = {"stroke": False, "fillColor": style.NO_DATA, "fillOpacity": 1}
    out = {
        level: folium.GeoJson(
            maps_places.collection(
                [maps_places.feature(shapes[area], crs, i=place[area], style=look) for area in frame.of_level(level)]
            ),
            pane="areas",
            smooth_factor=0,
            show=level == "district",
        )
        for level in reversed(frame.shaded)
    }
    if ground.water is not None:
        out["water"] = folium.GeoJson(ground.water, pane="water", interactive=False)
    out["roads"] = folium.GeoJson(maps_places.road_features(ground.roads, crs), pane="roads", interactive=False)
    for level, line in reversed(maps_places.borders(shapes, frame).items()):
        drawn = {"color": style.BORDER, "weight": style.BORDER_WIDTHS_PX[level], "fill": False, "opacity": 1}
        if level in _DASHES:
            drawn["dashArray"] = _DASHES[level]
        features = [] if line.is_empty else [maps_places.feature(line, crs, style=drawn)]
        out[f"{level}Borders"] = folium.GeoJson(
            maps_places.collection(features),
            pane="borders",
            smooth_factor=0,
            interactive=False,
            show=level not in _DASHES,
        )
    return out


def _map_parts(ground: Ground, crs: str) -> tuple[str, str]:
    """Return the map's element and the script that folium writes for it."""
    chart = _base_map(ground.bounds)
    layers = _layers(ground, crs)
    for layer in layers.values():
        chart.add_child(layer)
    figure = chart.get_root()
    if not isinstance(figure, Figure):
        message = "folium put its map outside a figure"
        raise TypeError(message)
    _count_ids(figure)
    names = [*ground.frame.shaded, *(f"{level}Borders" for level in ground.frame.shaded if level in _DASHES)]
    handed = [(name, layers[name].get_name()) for name in names]
    start = StartPage(chart.get_name(), handed)
    chart.add_child(start)
    chart.render()  # type: ignore[no-untyped-call]  # folium has no types
    return figure.html.render(), figure.script.render()


def _texts(data: dict[str, Any], released: Released, inputs: Inputs, record: RunRecord, frame: Frame) -> dict[str, Any]:
    """Plain texts for the page's template, which escapes them; the page's script says the same in other states."""
    start, parameters = data["start"], inputs.parameters
    measure = style.MEASURES[start["measure"]]
    policy = next(entry for entry in data["policies"] if entry["id"] == start["policy"])
    titles = {entry["id"]: entry["title"] for entry in data["scenarios"]}
    year = data["years"][start["year"]]["label"]
    return {
        "finding": data["findings"]["figure"][start["measure"]][start["scenario"]][start["policy"]][start["year"]],
        "subtitle": f"{measure.caption}, {measure.unit} · scenario: {titles[start['scenario']]} · "
        f"policy: {policy['title']} · {year}",
        "illustrative": parameters.illustrative,
        "illustrative_note": parameters.illustrative_note if parameters.illustrative else "",
        "area_name": parameters.area_name,
        "measures": [
            (title, chosen)
            for title, kind in MEASURE_GROUPS
            if (chosen := [one for one in data["measures"] if one["kind"] == kind])
        ],
        "groups": [
            (title, chosen)
            for title, kind in PUPIL_GROUPS
            if (chosen := [one for one in data["groups"]["list"] if one["kind"] == kind])
        ],
        "levels": [(level, LEVEL_TITLES[level]) for level in data["levels"]],
        "left_out_notes": left_out_notes(released, frame),
        "internal_mark": style.internal_mark(released.build),
        "picture_host": maps_tiles.tile_host(parameters),
        "policies": data["policies"],
        "year_label": year,
        "year_place": start["year"],
        "last_year_place": len(data["years"]) - 1,
        "table_note": f"{style.suppressed_note(released.rules)} {style.NOT_APPLICABLE_NOTE} {style.DISTRICT_ONLY_NOTE}",
        "capacity_note": CAPACITY_NOTE,
        "care_note": style.CARE_NOTE,
        "sources": style.sources(inputs.roads.attribution),
        "run_id": record.run_id,
        "version": record.version,
        "build": released.build,
        "report_date": f"{parameters.report_date.day} {parameters.report_date:%B %Y}",
    }


def render_map(released: Released, inputs: Inputs, record: RunRecord) -> str:
    """Return the map page as text; see `write_map`."""
    check_build(released)
    ground = make_ground(released, inputs)
    data = page_data(released, inputs, record, ground)
    map_html, map_script = _map_parts(ground, inputs.parameters.crs)
    values = _texts(data, released, inputs, record, ground.frame) | {"scenarios": scenario_rows(inputs, ground.frame)}
    internal, host = is_internal(released), maps_tiles.tile_host(inputs.parameters)
    more = [*(["map_internal.js"] if internal else []), *([maps_tiles.SCRIPT] if host else [])]
    scripts = [maps_assets.leaflet_script(), maps_assets.page_script(*more), map_script]
    styles = [maps_assets.leaflet_style(), maps_assets.template_text("map.css")]
    if internal:
        styles.append(maps_assets.template_text("map_internal.css"))
    return maps_assets.render_page(values, data, scripts, styles, map_html.strip(), picture_host=host)


def write_map(released: Released, inputs: Inputs, record: RunRecord, path: Path) -> None:
    """Write the self-contained interactive map.

    Parameters
    ----------
    released
        Tables that passed disclosure control; the only source of figures.
    inputs
        Geography, place names, settings and roads; nothing below a cluster is passed on.
    record
        The run's id and version.
    path
        The HTML file to write; its folder is made. The same inputs give the same bytes.

    Raises
    ------
    DataError
        When Leaflet's installed files are missing or are not the reviewed ones, or a public build holds a table of the
        internal one.
    """
    text = render_map(released, inputs, record)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    logger.info("map written: %d kB", len(text) // 1000)
