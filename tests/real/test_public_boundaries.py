"""Published boundaries of Oxfordshire and Rutland, against counts of the files' own text and published areas."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import shapely.geometry

from sufficiency.sources.boundaries import read_boundaries
from sufficiency.sources.public.boundary_files import read_boundary_file, read_centroids

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.files import Issue

pytestmark = pytest.mark.real

# km2, and how many LSOAs of 2021 and wards of 2025 each district has, as published
DISTRICTS = {
    "E07000177": ("Cherwell", 590, 102, 16),
    "E07000178": ("Oxford", 46, 84, 24),
    "E07000179": ("South Oxfordshire", 675, 93, 21),
    "E07000180": ("Vale of White Horse", 576, 81, 24),
    "E07000181": ("West Oxfordshire", 714, 68, 27),
}
FILES = {
    "lad_2025": ("lad", "25", 5),
    "county_2025": ("county", "", 1),
    "lsoa_2021": ("lsoa", "21", 428),
    "ward_2025": ("ward", "25", 112),
    "lsoa_2011_with_invalid_polygons": ("lsoa", "11", 407),
}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    """Return the folder of boundaries."""
    return real_data / "oxfordshire" / "boundaries"


@pytest.mark.parametrize("name", list(FILES))
def test_every_shape_is_used_and_reported_as_the_file_has_it(folder: Path, name: str) -> None:
    level, vintage, count = FILES[name]
    path = folder / f"{name}.geojson"
    shapes = [
        shapely.geometry.shape(one["geometry"]) for one in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]
    invalid = sum(not shape.is_valid for shape in shapes)
    issues: list[Issue] = []
    reading = read_boundary_file(path, issues)
    assert reading is not None
    table, account = reading
    assert (account.rows, account.used, len(table)) == (count, count, len(shapes))
    assert account.closes
    assert set(table["level"]) == {level}
    assert set(table["vintage"]) == {vintage}
    assert table["area_code"].is_unique
    assert table["area_code"].is_monotonic_increasing
    assert bool(table.geometry.is_valid.all())
    assert table.crs.to_epsg() == 27700
    assert int(table["repaired"].sum()) == invalid == (1 if "invalid" in name else 0)
    assert [(one.check, one.severity) for one in issues] == [("ring_repaired", "note")] * invalid
    # the whole county each time, 2,601 km2 as its districts are published
    assert table.area.sum() / 1e6 == pytest.approx(2601, rel=0.01)


def test_districts_have_their_published_area_and_name(folder: Path) -> None:
    reading = read_boundary_file(folder / "lad_2025.geojson", [])
    assert reading is not None
    table = reading.table.set_index("area_code")
    assert table["area_name"].to_dict() == {code: row[0] for code, row in DISTRICTS.items()}
    for code, (_, km2, _, _) in DISTRICTS.items():
        # published to the whole km2, which is 1 % of the smallest
        assert table.area[code] / 1e6 == pytest.approx(km2, rel=0.01)


@pytest.mark.parametrize(("name", "at"), [("lsoa_2021", 2), ("ward_2025", 3)])
def test_small_areas_add_up_to_their_districts(folder: Path, name: str, at: int) -> None:
    reading = read_boundary_file(folder / f"{name}.geojson", [])
    assert reading is not None
    by_district = reading.table.groupby("parent_code")
    assert by_district.size().to_dict() == {code: row[at] for code, row in DISTRICTS.items()}
    for code, shapes in by_district:
        assert shapes.area.sum() / 1e6 == pytest.approx(DISTRICTS[code][1], rel=0.01)


def test_rutland_under_the_column_names_of_an_analyst(real_data: Path) -> None:
    issues: list[Issue] = []
    reading = read_boundary_file(real_data / "rutland" / "lsoa_2021.geojson", issues)
    assert reading is not None
    assert issues == []
    lookup = pd.read_csv(real_data / "rutland" / "lsoa11_lsoa21_lookup.csv")
    assert set(reading.table["area_code"]) == set(lookup["LSOA21CD"])
    assert set(reading.table["vintage"]) == {"21"}
    # 382 km2 of land, and Rutland Water of 12.5 km2
    assert reading.table.area.sum() / 1e6 == pytest.approx(382 + 12.5, rel=0.01)


def test_centroids_are_the_file_s_and_lie_in_their_areas(folder: Path) -> None:
    path = folder / "lsoa_2021_population_weighted_centroids.csv"
    issues: list[Issue] = []
    reading = read_centroids(path, issues)
    assert reading is not None
    assert issues == []
    with path.open(encoding="utf-8", newline="") as text:
        rows = {row["LSOA21CD"]: (float(row["x"]), float(row["y"])) for row in csv.DictReader(text)}
    assert (reading.account.rows, reading.account.used) == (428, 428)
    found = reading.table.set_index("area_code")
    assert dict(zip(found.index, zip(found["easting_m"], found["northing_m"], strict=True), strict=True)) == rows
    areas = read_boundary_file(folder / "lsoa_2021.geojson", [])
    assert areas is not None
    shapes = areas.table.set_index("area_code").geometry.reindex(found.index)
    away = shapes.distance(gpd.GeoSeries(_points(found), index=found.index, crs=27700))
    assert (away > 0).sum() <= 10
    assert away.max() < 30


def _points(found: pd.DataFrame) -> list[shapely.Point]:
    return [shapely.Point(x, y) for x, y in zip(found["easting_m"], found["northing_m"], strict=True)]


def test_an_area_of_real_lsoas_meets_exactly(folder: Path, tmp_path: Path) -> None:
    centroids = pd.read_csv(folder / "lsoa_2021_population_weighted_centroids.csv").set_index("LSOA21CD")
    text = (folder / "lsoa_2021.geojson").read_text(encoding="utf-8")
    (tmp_path / "zones.geojson").write_text(text, encoding="utf-8")
    properties = [one["properties"] for one in json.loads(text)["features"]]
    places = pd.DataFrame({
        "zone_id": [one["LSOA21CD"] for one in properties],
        "place_name": [one["LSOA21NM"] for one in properties],
        "kind": "statistical_area",
        "easting_m": [centroids["x"][one["LSOA21CD"]] for one in properties],
        "northing_m": [centroids["y"][one["LSOA21CD"]] for one in properties],
        "district_id": [one["LADCD_ACTIVE"] for one in properties],
        "authority_name": "", "people": "",
    })  # fmt: skip
    places.to_csv(tmp_path / "places.csv", index=False)
    clusters = places[["zone_id"]].assign(cluster_id="c-" + places["district_id"])
    clusters.to_csv(tmp_path / "clusters.csv", index=False)
    areas = [("E10000025", "Oxfordshire", "county", "")]
    areas += [(code, row[0], "district", "E10000025") for code, row in DISTRICTS.items()]
    areas += [(f"c-{code}", row[0], "cluster", code) for code, row in DISTRICTS.items()]
    pd.DataFrame(areas, columns=["area_id", "area_name", "level", "parent_id"]).to_csv(
        tmp_path / "areas.csv", index=False
    )
    issues: list[Issue] = []
    found = read_boundaries(tmp_path, issues)
    # some weighted centres lie a few metres outside the generalised polygons
    assert {(one.check, one.severity) for one in issues} == {("point_outside_zone", "warning")}
    assert len(found.zones) == 428
    assert shapely.coverage_is_valid(found.zones.geometry.to_numpy())
    ground = found.areas.set_index("area_id").geometry
    assert set(ground.geom_type) == {"Polygon"}
    for code, (_, km2, _, _) in DISTRICTS.items():
        assert ground[code].area / 1e6 == pytest.approx(km2, rel=0.01)
    assert found.zones.area.sum() == pytest.approx(ground["E10000025"].area, rel=1e-12)
