"""A county as large as the largest: the embedded one with zones in quarters, three pupils and four schools for each.

Everything in it is made up. ``python -m tests.large_county`` serves its what-if page.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import sufficiency
from sufficiency.assess import demand_of
from sufficiency.cli.serve import add_options, serve

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

QUARTERS, PUPILS_EACH, SCHOOLS_EACH = 4, 3, 4
AWAY_M = 2_500.0


def large_county(inputs: Inputs) -> Inputs:
    """Return some 1,100 zones, 400 settings and 7,000 pupils, who are given and not forecast."""
    zones = _zones(inputs)
    parts = zones.groupby("of")["zone_id"].apply(list).to_dict()
    points = zones.set_index("zone_id").geometry.representative_point()
    origins = gpd.GeoDataFrame(
        {"origin_id": points.index, "zone_id": points.index, "source": "made up"}, geometry=points.to_numpy(),
        crs=zones.crs,
    )  # fmt: skip
    clusters = zones[["zone_id", "cluster_id"]]
    gazetteer = inputs.gazetteer.assign(zone_id=[parts.get(one, [one])[0] for one in inputs.gazetteer["zone_id"]])
    people = inputs.population.merge(zones[["of", "zone_id"]].rename(columns={"zone_id": "part"}), left_on="zone_id",
                                     right_on="of")  # fmt: skip
    population = people.assign(zone_id=people["part"], people=people["people"] // QUARTERS)[inputs.population.columns]
    return dataclasses.replace(
        inputs,
        zones=zones.drop(columns="of"),
        clusters=pd.DataFrame(clusters),
        gazetteer=gazetteer,
        population=population,
        origins=origins,
        demand=_demand(inputs, parts),
        **_schools(inputs),
    )


def _zones(inputs: Inputs) -> gpd.GeoDataFrame:
    rows = []
    for row in inputs.zones.to_dict("records"):
        west, south, east, north = row["geometry"].bounds
        middle = row["geometry"].representative_point()
        edges = ([west - 1, middle.x, east + 1], [south - 1, middle.y, north + 1])
        for number in range(QUARTERS):
            column, line = number % 2, number // 2
            box = shapely.box(edges[0][column], edges[1][line], edges[0][column + 1], edges[1][line + 1])
            part = shapely.intersection(row["geometry"], box)
            if part.area > 0:
                rows.append(row | {"zone_id": f"{row['zone_id']}~{number}", "geometry": part, "of": row["zone_id"]})
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=inputs.zones.crs)


def _demand(inputs: Inputs, parts: dict[str, list[str]]) -> pd.DataFrame:
    table = demand_of(inputs)
    copies = []
    for number in range(PUPILS_EACH):
        homes = [parts[one][number % len(parts[one])] if one in parts else one for one in table["origin_id"]]
        ids = [f"{one}~{number}" for one in table["group_id"]]
        copies.append(table.assign(group_id=ids, origin_id=homes))
    return pd.concat(copies, ignore_index=True).sort_values(["year", "group_id"], ignore_index=True)


def _schools(inputs: Inputs) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(2028)
    settings, provision, places = inputs.settings, inputs.provision, inputs.places
    tables: dict[str, list[pd.DataFrame]] = {"settings": [], "provision": [], "places": []}
    for number in range(SCHOOLS_EACH):
        end = f"~{number}" if number else ""
        moved = rng.uniform(-AWAY_M, AWAY_M, (len(settings), 2)) if number else np.zeros((len(settings), 2))
        east, north = settings["easting_m"] + moved[:, 0], settings["northing_m"] + moved[:, 1]
        tables["settings"].append(
            settings.assign(setting_id=settings["setting_id"] + end, easting_m=east, northing_m=north).set_geometry(
                gpd.points_from_xy(east, north), crs=settings.crs
            )
        )
        tables["provision"].append(
            provision.assign(provision_id=provision["provision_id"] + end, setting_id=provision["setting_id"] + end)
        )
        planned = places["planned_places"] * PUPILS_EACH // SCHOOLS_EACH
        tables["places"].append(places.assign(provision_id=places["provision_id"] + end, planned_places=planned))
    return {name: pd.concat(copies, ignore_index=True) for name, copies in tables.items()}


def main() -> None:
    """Serve it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("area", nargs="?", default=None)
    add_options(parser)
    serve(parser.parse_args(), large_county(sufficiency.load()))


if __name__ == "__main__":
    main()
