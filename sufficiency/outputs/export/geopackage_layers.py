"""The layers of the GeoPackage as frames: areas with released figures, settings and roads as the public map shows them.

A figure that is blank is hidden where the column ``hidden`` beside it lists its name, and does not apply elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model.geography import to_bng
from sufficiency.model.vocabulary import year_label
from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps import places as maps_places
from sufficiency.outputs.maps.settings import setting_rows
from sufficiency.outputs.stable import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs, Released
    from sufficiency.outputs.maps.figures import Cell, Figures, Frame

__all__ = ["HEADLINES", "View", "attribute_tables", "layer_frames", "make_view"]

HEADLINES: Final = (
    "demand_pupils",
    "placed_local_pupils",
    "without_local_place_pupils",
    "without_local_place_share",
    "placed_own_district_share",
    "capacity_places",
    "location_balance_places",
    "median_min",
)
_FIGURES: Final = (
    "demand_pupils",
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "without_local_place_pupils",
    "without_local_place_share",
    "placed_own_district_share",
    "capacity_places",
    "location_balance_places",
    "median_min",
)
LAYER_OF: Final = {"county": "county", "district": "districts", "cluster": "clusters"}
_ABOVE: Final[dict[str, tuple[str, ...]]] = {"county": (), "district": ("county",), "cluster": ("district",)}
_SEPARATOR: Final = "; "


@dataclass(frozen=True)
class View:
    """What the layers show: areas and their outlines, figures, policy and year of the headline, and a name a scenario.

    ``shapes`` are the outlines by area, in the area's metric system; ``prefixes`` begin the names of columns.
    """

    frame: Frame
    shapes: Mapping[str, BaseGeometry]
    figures: Figures
    policy: str
    year: int
    prefixes: Mapping[str, str]


def make_view(released: Released, inputs: Inputs) -> View:
    """Return the view of the headline year and the best use of places, where the release has them."""
    frame = maps_figures.make_frame(released, inputs)
    headline = inputs.parameters.headline_year
    return View(
        frame=frame,
        shapes=maps_places.outlines(inputs, frame),
        figures=maps_figures.collect(released, frame),
        policy="optimal" if "optimal" in frame.policies else frame.policies[0],
        year=headline if headline in frame.years else frame.years[-1],
        prefixes=_prefixes(frame.scenarios),
    )


def _prefixes(scenarios: Sequence[str]) -> dict[str, str]:
    """Return a name for columns for each scenario: letters, digits and underscores, no two alike."""
    out: dict[str, str] = {}
    for name in scenarios:
        plain = re.sub(r"[^0-9a-z_]+", "_", name.lower()).strip("_")[:40] or "scenario"
        taken, number = set(out.values()), 2
        prefix = plain
        while prefix in taken:
            prefix, number = f"{plain}_{number}", number + 1
        out[name] = prefix
    return out


def _numbers(cells: Iterable[Cell]) -> pd.Series:
    """Return numbers, blank where hidden or not applicable; whole ones as integers."""
    found = [one if isinstance(one, int | float) else None for one in cells]
    whole = all(one is None or float(one).is_integer() for one in found)
    return pd.Series(found, dtype="Int64" if whole else "Float64").astype("Int64" if whole else "float64")


def _hidden(entries: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> list[str]:
    """Return, per entry, the names of its hidden figures."""
    return [_SEPARATOR.join(name for name in columns if one.get(name) == style.SUPPRESSED) for one in entries]


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with every text on one line that any format can hold."""
    words: dict[str, Any] = {
        name: [None if pd.isna(one) else clean_text(str(one)) for one in frame[name]]
        for name in frame.columns
        if frame[name].dtype == object and name != "geometry"
    }
    return frame.assign(**words)


def _geo(frame: pd.DataFrame, shapes: Iterable[Any], crs: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(_texts(frame), geometry=list(shapes), crs=crs)


def _areas(view: View, level: str, inputs: Inputs) -> gpd.GeoDataFrame:
    frame = view.frame
    ids = list(frame.of_level(level))
    columns: dict[str, Any] = {
        "area_id": ids,
        "area_name": [frame.names[one] for one in ids],
        **{f"{above}_id": [frame.parents[one] for one in ids] for above in _ABOVE[level]},
        **{f"{above}_name": [frame.names.get(frame.parents[one], "") for one in ids] for above in _ABOVE[level]},
        "year": view.year,
        "year_label": year_label(view.year),
        "policy": style.POLICY_TITLES[view.policy],
        "note": style.ILLUSTRATIVE if inputs.parameters.illustrative else "",
    }
    for scenario, prefix in view.prefixes.items():
        entries = [view.figures.get((scenario, view.policy, view.year, one), {}) for one in ids]
        for name in HEADLINES:
            columns[f"{prefix}_{name}"] = _numbers(entry.get(name) for entry in entries)
        columns[f"{prefix}_hidden"] = _hidden(entries, HEADLINES)
    shapes = [shapely.multipolygons(shapely.get_parts(view.shapes[one])) for one in ids]
    return _geo(pd.DataFrame(columns), shapes, inputs.parameters.crs)


def _settings(view: View, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the settings that the public map shows, with places only where every number is published."""
    rows = setting_rows(inputs, view.frame)
    crs = inputs.parameters.crs
    place = view.frame.years.index(view.year)
    columns: dict[str, Any] = {
        "setting_id": [row["id"] for row in rows],
        "setting_name": [row["name"] for row in rows],
        "kind": [row["kind"] for row in rows],
        "kind_label": [style.SYMBOLS[row["kind"]].label for row in rows],
        "status": [row["status"] for row in rows],
        **{name: [row[name] for row in rows] for name in ("type", "ages", "needs", "source", "quality", "offer")},
        "illustrative": [bool(row["illustrative"]) for row in rows],
        "published_places": _numbers(row["places"] for row in rows),
    }
    for scenario, prefix in view.prefixes.items():
        columns[f"{prefix}_open"] = [
            row["open"][scenario][place] == "1" and scenario in row.get("listed", view.frame.scenarios) for row in rows
        ]
    east, north = to_bng([row["at"][1] for row in rows], [row["at"][0] for row in rows], crs)
    return _geo(
        pd.DataFrame(columns),
        [shapely.Point(x, y) for x, y in zip(np.round(east, 1), np.round(north, 1), strict=True)],
        crs,
    )


def _schemes(released: Released, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the released schemes with the places open each September, where they stand to the metre."""
    table = released.tables.get("schemes", pd.DataFrame({"scheme_id": pd.Series([], dtype=object)}))
    hidden = released.hidden.get("schemes", pd.DataFrame(index=table.index))
    rows = table.reset_index(drop=True)
    veil = hidden.reset_index(drop=True)
    rows["hidden"] = [
        _SEPARATOR.join(str(name) for name in veil.columns if bool(veil.at[at, name])) for at in rows.index
    ]
    if "scheme_stock" in released.tables:
        stock = released.tables["scheme_stock"]
        for year in sorted({int(year) for year in stock["year"]}):
            open_places = stock[stock["year"] == year].set_index("scheme_id")["places"]
            rows[f"open_{year}_places"] = rows["scheme_id"].map(open_places).astype("Int64")
    points = {}
    if "scheme_id" in inputs.schemes.columns:
        points = dict(zip(inputs.schemes["scheme_id"].astype(str), inputs.schemes.geometry, strict=True))
    rows = rows.sort_values("scheme_id", ignore_index=True)
    shapes = [shapely.set_precision(points[one], 1.0) if one in points else None for one in rows["scheme_id"]]
    return _geo(rows, shapes, inputs.parameters.crs)


def _flows(view: View, released: Released, inputs: Inputs) -> gpd.GeoDataFrame:
    """Return straight lines from home district to school district, in the headline year."""
    frame = view.frame
    pairs: dict[tuple[str, str], dict[str, Cell]] = {}
    spots = {one: shapely.point_on_surface(view.shapes[one]) for one in frame.of_level("district")}
    cells = maps_figures.cells(released, "flows") if "flows" in released.tables else []
    for row in cells:
        home, target = str(row["home_area_id"]), str(row["setting_area_id"])
        if (
            row["policy"] == view.policy
            and row["year"] == view.year
            and home != target
            and {home, target} <= set(spots)
        ):
            pairs.setdefault((home, target), {})[str(row["scenario_id"])] = row["pupils"]
    keys = sorted(pairs)
    columns: dict[str, Any] = {
        "home_area_id": [home for home, _ in keys],
        "home_area_name": [frame.names[home] for home, _ in keys],
        "setting_area_id": [target for _, target in keys],
        "setting_area_name": [frame.names[target] for _, target in keys],
        "year": view.year,
        "year_label": year_label(view.year),
        "policy": style.POLICY_TITLES[view.policy],
        "note": style.ILLUSTRATIVE if inputs.parameters.illustrative else "",
    }
    for scenario, prefix in view.prefixes.items():
        cells_of = [pairs[key].get(scenario) for key in keys]
        columns[f"{prefix}_pupils"] = _numbers(cells_of)
        columns[f"{prefix}_hidden"] = ["pupils" if one == style.SUPPRESSED else "" for one in cells_of]
    lines = [shapely.linestrings([[spots[a].x, spots[a].y], [spots[b].x, spots[b].y]]) for a, b in keys]
    return _geo(pd.DataFrame(columns, index=range(len(keys))), lines, inputs.parameters.crs)


def _roads(view: View, inputs: Inputs) -> gpd.GeoDataFrame:
    roads = maps_places.numbered_roads(inputs, maps_places.surroundings(dict(view.shapes), view.frame))
    lines = [shapely.multilinestrings(shapely.get_parts(shape)) for shape in roads.geometry]
    return _geo(pd.DataFrame(roads[["road_class", "road_number"]]), lines, inputs.parameters.crs)


def layer_frames(view: View, released: Released, inputs: Inputs) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers by name, the ones that lie above others last.

    Parameters
    ----------
    view
        Output of `make_view`.
    released
        The released tables: the only source of figures.
    inputs
        Settings, schemes and the parameters.

    Returns
    -------
    dict of GeoDataFrame
        county, districts, clusters, roads, flows, settings and schemes; those without a row are left out.
    """
    layers = {LAYER_OF[level]: _areas(view, level, inputs) for level in LAYER_OF}
    layers["roads"] = _roads(view, inputs)
    layers["flows"] = _flows(view, released, inputs)
    layers["settings"] = _settings(view, inputs)
    layers["schemes"] = _schemes(released, inputs)
    return {name: frame for name, frame in layers.items() if len(frame)}


def attribute_tables(view: View, inputs: Inputs, about: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """Return the tables without a shape: ``figures``, one row a scenario, policy, year and area, and ``about``."""
    frame = view.frame
    keys = [
        (scenario, policy, year, area)
        for scenario in frame.scenarios
        for policy in frame.policies
        for year in frame.years
        for area in frame.areas
        if (scenario, policy, year, area) in view.figures
    ]
    entries = [view.figures[key] for key in keys]
    columns: dict[str, Any] = {
        "scenario_id": [key[0] for key in keys],
        "policy": [key[1] for key in keys],
        "year": [key[2] for key in keys],
        "year_label": [year_label(key[2]) for key in keys],
        "level": [frame.levels[key[3]] for key in keys],
        "area_id": [key[3] for key in keys],
        "area_name": [frame.names[key[3]] for key in keys],
        "note": style.ILLUSTRATIVE if inputs.parameters.illustrative else "",
        **{name: _numbers(entry.get(name) for entry in entries) for name in _FIGURES},
        "hidden": _hidden(entries, _FIGURES),
    }
    said = pd.DataFrame({"name": list(about), "text": list(about.values())})
    return {"figures": _texts(pd.DataFrame(columns)), "about": _texts(said)}
