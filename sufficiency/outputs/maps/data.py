"""All that the map page's script reads, in one bundle: see `page_data`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps import internal as maps_internal
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.maps.figures import OWN_SHARE, Cell, Frame
from sufficiency.outputs.maps.gains import gain_data, measures_of
from sufficiency.outputs.maps.groups import group_data
from sufficiency.outputs.maps.reach import Reach, reach_data, reach_measures, reach_of
from sufficiency.outputs.maps.schemes import scheme_rows
from sufficiency.outputs.maps.settings import setting_rows
from sufficiency.outputs.maps.tiles import tile_layer
from sufficiency.outputs.maps.unserved import unserved_data, unserved_measures
from sufficiency.outputs.maps.words import IGNORES_CAPACITY, all_findings

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs, Released, RunRecord

START_MEASURE: Final = "without_local_place_share"
FIRST_CHOICE: Final = "programme"
# Where nothing more opens: what the paper's first sentence and first chart start from, and so does the map.
NOTHING_NEW: Final = "do_nothing"


@dataclass(frozen=True)
class Ground:
    """What the map is drawn on: the areas and their outlines, the rectangle around them, roads, reach and water."""

    frame: Frame
    shapes: dict[str, BaseGeometry]
    around: BaseGeometry
    roads: gpd.GeoDataFrame
    bounds: list[list[float]]
    reach: Reach | None
    water: dict[str, Any] | None


def make_ground(released: Released, inputs: Inputs) -> Ground:
    """Return the areas that the released tables and the geography share, with outlines and roads."""
    frame = maps_internal.with_zones(maps_figures.make_frame(released, inputs), released, inputs)
    shapes = maps_places.outlines(inputs, frame)
    around = maps_places.surroundings(shapes, frame)
    roads = maps_places.numbered_roads(inputs, around)
    bounds = maps_places.fit_bounds(shapes, frame, inputs.parameters.crs)
    return Ground(
        frame,
        shapes,
        around,
        roads,
        bounds,
        reach_of(inputs, frame, shapes),
        maps_places.water_features(inputs, around),
    )


def _demand_range(released: Released) -> dict[str, list[Cell]]:
    if "forecast" not in released.tables:
        return {}
    out: dict[str, list[Cell]] = {}
    for row in maps_figures.cells(released, "forecast"):
        low, high = row.get("low_pupils"), row.get("high_pupils")
        known = isinstance(low, int | float) and isinstance(high, int | float)
        if row["stream"] == "headline" and known and low != high:
            out[str(row["year"])] = [low, high]
    return out


def scenario_rows(inputs: Inputs, frame: Frame) -> list[dict[str, str]]:
    """Return id, title and description of each scenario; the three known ones keep their plain titles."""
    out = []
    for name in frame.scenarios:
        known = inputs.scenarios.get(name)
        title = known.title if known is not None and name not in style.SCENARIO_TITLES else style.scenario_title(name)
        out.append({"id": name, "title": title, "description": known.description if known is not None else ""})
    return out


def _start(frame: Frame, inputs: Inputs) -> dict[str, Any]:
    others = [name for name in frame.scenarios if name not in (frame.baseline, NOTHING_NEW)]
    after = FIRST_CHOICE if FIRST_CHOICE in others else next(iter(others[-1:] or frame.scenarios[:1]))
    years = list(frame.years)
    headline = inputs.parameters.headline_year
    return {
        "scenario": NOTHING_NEW if NOTHING_NEW in frame.scenarios else frame.baseline,
        "after": after,
        "view": "figure",
        "policy": frame.policies[0],
        "year": years.index(headline) if headline in years else len(years) - 1,
        "measure": START_MEASURE,
        "level": "district",
        "pupils": "all",
    }


def _nothing_new(frame: Frame) -> str:
    """Return the scenario that stands before the two compared; empty where it is one of the two, or not there."""
    apart = len(set(frame.scenarios) - {NOTHING_NEW, frame.baseline}) > 0 and frame.baseline != NOTHING_NEW
    return NOTHING_NEW if apart and NOTHING_NEW in frame.scenarios else ""


def _measures() -> list[dict[str, str]]:
    out = []
    for column in maps_figures.MAP_MEASURES:
        measure = style.MEASURES[column]
        title = f"{measure.title} (not unmet need)" if column == "location_balance_places" else measure.title
        out.append(
            {
                "id": column,
                "kind": "figure",
                "title": title,
                "unit": measure.unit,
                "caption": measure.caption,
                "gloss": measure.gloss,
            }
        )
    return out


def page_data(released: Released, inputs: Inputs, record: RunRecord, ground: Ground) -> dict[str, Any]:
    """Return all that the page's script reads: released figures, and facts that a public map shows.

    Parameters
    ----------
    released
        Tables that passed disclosure control; the only source of figures.
    inputs
        Place names, settings and the parameters of the area.
    record
        The run's id and version.
    ground
        Areas, outlines and roads, as `make_ground` returns them.

    Returns
    -------
    dict
        Plain lists, texts and numbers, ready for JSON. A hidden figure is ``"c"``, one that does not apply ``None``.
    """
    frame, crs = ground.frame, inputs.parameters.crs
    scenarios = scenario_rows(inputs, frame)
    titles = {scenario["id"]: scenario["title"] for scenario in scenarios}
    illustrative = inputs.parameters.illustrative
    settings = setting_rows(inputs, frame)
    unserved = None if ground.reach is None else ground.reach.unserved
    points = maps_places.anchors(ground.shapes, frame, crs)
    return {
        "runId": record.run_id,
        "illustrative": illustrative,
        "start": _start(frame, inputs),
        "baseline": frame.baseline,
        "nothing": _nothing_new(frame),
        "ownShare": OWN_SHARE,
        "years": maps_figures.years_of(frame),
        "publishedYear": year_label(inputs.parameters.first_year),
        "scenarios": [{"id": scenario["id"], "title": scenario["title"]} for scenario in scenarios],
        "policies": [
            {
                "id": name,
                "title": style.POLICY_TITLES[name],
                "gloss": style.POLICY_GLOSSES[name],
                "ignoresCapacity": name == IGNORES_CAPACITY,
            }
            for name in frame.policies
        ],
        "measures": [*_measures(), *measures_of(released), *reach_measures(ground.reach), *unserved_measures(unserved)],
        "levels": list(frame.shaded),
        "areas": [
            {"id": area, "name": frame.names[area], "level": frame.levels[area], "at": at}
            for area, at in zip(frame.areas, points, strict=True)
        ],
        "bounds": ground.bounds,
        **_figures(released, frame, titles, illustrative=illustrative),
        "groups": group_data(released, frame, titles, illustrative=illustrative),
        "gains": gain_data(released, frame, titles, illustrative=illustrative),
        "reach": reach_data(ground.reach, inputs, frame, titles, illustrative=illustrative),
        "unserved": unserved_data(unserved, frame, titles, illustrative=illustrative),
        "schemes": scheme_rows(released, inputs, frame),
        "settings": settings,
        "mostPlaces": max((row["places"] for row in settings if row["places"]), default=1),
        "symbols": {
            kind: {"shape": symbol.shape, "colour": symbol.colour, "label": symbol.label}
            for kind, symbol in style.SYMBOLS.items()
        },
        "places": maps_places.place_names(inputs, ground.around),
        "roadLabels": maps_places.road_labels(ground.roads, crs),
        **_optional(released, inputs, frame),
        "colours": {"ink": style.INK, "noData": style.NO_DATA, "dot": style.PLACE_DOT, "flow": style.DARK_GREY},
        "chosenLines": [{"color": colour, "weight": width} for colour, width in style.CHOSEN_LINES],
    }


def _optional(released: Released, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return what only some maps have; a public map without online pictures has none of it."""
    found = {
        # what the licence of such roads asks for on the map itself
        "openStreetMap": True if "OpenStreetMap" in inputs.roads.attribution else None,
        "tiles": tile_layer(inputs.parameters),
        "internal": maps_internal.internal_data(released, frame),
    }
    return {name: value for name, value in found.items() if value is not None}


def _figures(released: Released, frame: Frame, titles: dict[str, str], *, illustrative: bool) -> dict[str, Any]:
    """Return the part of the page's data that is figures, with the sentences made of them."""
    figures = maps_figures.collect(released, frame) | maps_internal.zone_figures(released, frame)
    changes = maps_figures.collect_changes(released, figures, frame)
    flows = maps_figures.flow_rows(released, frame)
    return {
        "figures": maps_figures.figure_arrays(figures, frame),
        "changes": maps_figures.change_arrays(changes, frame),
        "scales": maps_figures.scales(figures, changes, frame),
        "findings": all_findings(figures, changes, frame, titles, illustrative=illustrative),
        "demandRange": _demand_range(released),
        "flows": flows,
        "mostFlow": maps_figures.most_flow(flows),
    }
