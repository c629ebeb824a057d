"""How large the map of a large area is, and how long it takes: 1,000 zones, 50 clusters, 10 districts, 400 settings."""

from __future__ import annotations

import dataclasses
import time
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sufficiency.model.parameters import with_values
from sufficiency.model.results import Inputs, Released
from sufficiency.model.vocabulary import NEED_GROUPS
from sufficiency.outputs.maps.page import write_map
from tests.grid_city import CORNER, streets
from tests.released_fixture import POLICIES, SCENARIOS, YEARS, make_inputs_facts, make_record

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

ACROSS, UP, SIDE_M = 40, 25, 2_000.0
SETTINGS = 400
MOST_BYTES = 15_000_000
KEY = ["scenario_id", "policy", "year"]


def _bent(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bend straight borders, the same everywhere, so that neighbours keep meeting."""
    east, north = points.T
    return np.column_stack([east + 250 * np.sin(north / 310), north + 250 * np.sin(east / 290)])


def _areas() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rows = []
    for column, row in product(range(ACROSS), range(UP)):
        west, south = CORNER + np.array([column, row]) * SIDE_M
        square = shapely.segmentize(shapely.box(west, south, west + SIDE_M, south + SIDE_M), 80.0)
        district, cluster = f"d{column // 4}", f"c{column // 4}-{row // 5}"
        rows.append(
            (f"z{column:02}-{row:02}", f"Zone {column} {row}", district, cluster, shapely.transform(square, _bent))
        )
    names = ["zone_id", "zone_name", "district_id", "cluster_id", "geometry"]
    zones = gpd.GeoDataFrame(rows, columns=names, geometry="geometry", crs="EPSG:27700").assign(people=7_000)
    whole = [("E10000025", "Great county", "county", "", shapely.coverage_union_all(zones.geometry.to_numpy()))]
    for level, parent in (("district", None), ("cluster", "district_id")):
        for area, group in zones.groupby(f"{level}_id"):
            above = "E10000025" if parent is None else group[parent].iloc[0]
            whole.append((area, f"{level} {area}", level, above, shapely.coverage_union_all(group.geometry.to_numpy())))
    columns = ["area_id", "area_name", "level", "parent_id", "geometry"]
    return gpd.GeoDataFrame(whole, columns=columns, geometry="geometry", crs="EPSG:27700"), zones


def _inputs(rng: np.random.Generator, speeds: pd.DataFrame) -> Inputs:
    facts = make_inputs_facts()
    areas, zones = _areas()
    ids = [f"s{number:03}" for number in range(SETTINGS)]
    spots = CORNER + rng.uniform(1_000, [ACROSS * SIDE_M - 1_000, UP * SIDE_M - 1_000], (SETTINGS, 2))
    kinds = np.where(np.arange(SETTINGS) % 3 == 0, "special_school", "specialist_base")
    settings = gpd.GeoDataFrame(
        {"setting_id": ids, "setting_name": [f"School {one}" for one in ids], "sector": "state", "status": "open",
         "source": "made up", "quality": "illustrative", "area_id": "d0"},
        geometry=shapely.points(spots), crs="EPSG:27700",
    )  # fmt: skip
    low = np.where(np.arange(SETTINGS) % 2 == 0, 0, 7)
    provision = facts.provision.iloc[[0] * SETTINGS].assign(
        provision_id=ids, setting_id=ids, provision_type=kinds, ncy_from=low, ncy_to=low + 7, tier="local"
    )
    # Each year opens some more, so that every year has its own reach.
    opens = rng.integers(YEARS[0] - 6, YEARS[-1] + 1, SETTINGS)
    places = pd.DataFrame(
        [(one, year, 60, "assumed") for one, first in zip(ids, opens, strict=True) for year in YEARS if year >= first],
        columns=["provision_id", "year", "planned_places", "basis"],
    )
    roads = streets(100, 800.0, road_class="primary")
    edges = roads.edges.assign(road_number=[f"A{number % 90}" for number in range(len(roads.edges))])
    scenarios = {name: dataclasses.replace(facts.scenarios[name], scheme_ids=()) for name in SCENARIOS}
    changed: dict[str, Any] = {
        "areas": areas, "zones": zones, "settings": settings, "provision": provision.reset_index(drop=True),
        "places": places, "roads": dataclasses.replace(roads, edges=edges), "speeds": speeds,
        "schemes": facts.schemes.iloc[:0], "scenarios": MappingProxyType(scenarios),
        "gazetteer": facts.gazetteer.iloc[:0],
    }  # fmt: skip
    return dataclasses.replace(facts, **changed, parameters=with_values(facts.parameters, {"snap_limit_m": 5_000}))


def _counts(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    demand = rng.integers(20, 900, len(rows))
    placed = (demand * rng.uniform(0.4, 1, len(rows))).astype(int)
    return rows.assign(demand_pupils=demand, placed_local_pupils=placed, without_local_place_pupils=demand - placed)


def _released(rng: np.random.Generator, inputs: Inputs) -> Released:
    keys = pd.DataFrame(list(product(SCENARIOS, POLICIES, YEARS)), columns=KEY)
    areas = pd.DataFrame(inputs.areas[["level", "area_id", "area_name"]])
    upper = areas[areas["level"] != "cluster"]
    zones = pd.DataFrame(inputs.zones[["zone_id", "zone_name", "cluster_id", "district_id"]])
    zones = zones.rename(columns={"zone_id": "area_id", "zone_name": "area_name"})
    area = _counts(rng, keys.merge(areas, how="cross"))
    area = area.assign(
        placed_own_area_pupils=area["placed_local_pupils"] // 2, other_council_pupils=3, independent_pupils=9,
        unplaced_pupils=8, capacity_places=700, location_balance_places=-9,
        without_local_place_share=area["without_local_place_pupils"] / area["demand_pupils"],
    )  # fmt: skip
    flows = pd.DataFrame(
        list(product([f"d{n}" for n in range(10)], repeat=2)), columns=["home_area_id", "setting_area_id"]
    )
    uses = pd.DataFrame({"setting_id": inputs.settings["setting_id"], "provision_type": "special_school"})
    lines = pd.DataFrame(
        list(product(areas.loc[areas["level"] == "cluster", "area_id"], uses["setting_id"][::40])),
        columns=["cluster_id", "setting_id"],
    )
    use = [
        "planned_places",
        "placed_pupils",
        "spare_places",
        "over_capacity_pupils",
        "on_roll_pupils",
        "commissioned_places",
    ]
    tables = {
        "sufficiency_area": area,
        "sufficiency_district_need_group": _counts(
            rng, keys.merge(upper, how="cross").merge(pd.DataFrame({"need": NEED_GROUPS}), how="cross")
        ),
        "sufficiency_district_phase": _counts(
            rng,
            keys.merge(upper, how="cross").merge(
                pd.DataFrame({"phase": ["primary", "secondary", "post_16"]}), how="cross"
            ),
        ),
        "flows": keys.merge(flows, how="cross").assign(pupils=21),
        "internal_zones": _counts(rng, keys.merge(zones, how="cross")).assign(median_min=19.5),
        "internal_settings": keys.merge(uses, how="cross").assign(**dict.fromkeys(use, 60), occupancy_share=0.97),
        "internal_flows": keys.merge(lines, how="cross").assign(pupils=12),
    }
    return Released("internal", tables, {})


@pytest.mark.parametrize("build", ["public", "internal"])
def test_the_map_of_a_large_area(benchmark: BenchmarkFixture, tmp_path: Path, oxfordshire: Inputs, build: str) -> None:
    rng = np.random.default_rng(2028)
    inputs = _inputs(rng, oxfordshire.speeds)
    released = dataclasses.replace(_released(rng, inputs), build=build)
    if build == "public":
        kept = {name: table for name, table in released.tables.items() if not name.startswith("internal_")}
        released = dataclasses.replace(released, tables=kept)
    path = tmp_path / "map.html"
    started = time.perf_counter()
    benchmark.pedantic(write_map, (released, inputs, make_record(), path), rounds=1)
    size = path.stat().st_size
    benchmark.extra_info.update(
        bytes=size, seconds=round(time.perf_counter() - started, 1), size="1,000 zones, 400 settings", build=build
    )
    assert size < MOST_BYTES
