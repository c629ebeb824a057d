"""An area whose zones are given polygons: three rectangles of 1 km by half or one, worked on paper."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.geography import to_wgs84
from sufficiency.sources.boundaries import read_boundaries
from sufficiency.sources.zone_polygons import fit_together

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.boundaries import Boundaries
    from sufficiency.sources.files import Issue

EAST0, NORTH0 = 400_000, 200_000
AREAS = [
    ("C", "Made-up county", "county", ""),
    ("W", "West", "district", "C"),
    ("E", "East", "district", "C"),
    ("w-one", "One", "cluster", "W"),
    ("e-two", "Two", "cluster", "E"),
]
PLACES = [
    ("E01999901", "Made-up 001A", "statistical_area", 250, 500, "W"),
    ("E01999902", "Made-up 001B", "statistical_area", 750, 500, "W"),
    ("E01999903", "Made-up 002A", "statistical_area", 1600, 300, "E"),
    ("beyond", "Beyond", "town", 5000, 500, ""),
]
CLUSTERS = [("E01999901", "w-one"), ("E01999902", "w-one"), ("E01999903", "e-two")]
ONE, TWO, THREE = (
    [(0, 0), (500, 0), (500, 1000), (0, 1000)],
    [(500, 0), (1000, 0), (1000, 1000), (500, 1000)],
    [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000)],
)
RINGS = {"E01999901": ONE, "E01999902": TWO, "E01999903": THREE}


def _ring(points: list[tuple[float, float]]) -> list[list[float]]:
    return [[EAST0 + x, NORTH0 + y] for x, y in [*points, points[0]]]


def _features(rings: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": "Feature",
            "properties": {"FID": number, "LSOA21CD": zone_id, "LAD25CD": "W"},
            "geometry": None if ring is None else {"type": "Polygon", "coordinates": [_ring(ring)]},
        }
        for number, (zone_id, ring) in enumerate(rings.items())
    ]


def _put(directory: Path, features: list[dict[str, Any]]) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (directory / "zones.geojson").write_text(text, encoding="utf-8")


def _table(path: Path, names: str, rows: list[tuple[object, ...]]) -> None:
    pd.DataFrame(rows, columns=names.split()).to_csv(path, index=False)


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    """Write the three rectangles to a folder."""
    _table(tmp_path / "areas.csv", "area_id area_name level parent_id", AREAS)
    names = "zone_id place_name kind easting_m northing_m district_id authority_name people"
    rows = [(z, n, k, EAST0 + x, NORTH0 + y, d, "Made-up", 100) for z, n, k, x, y, d in PLACES]
    _table(tmp_path / "places.csv", names, rows)
    _table(tmp_path / "clusters.csv", "zone_id cluster_id", CLUSTERS)
    _put(tmp_path, _features(RINGS))
    return tmp_path


def _read(directory: Path) -> tuple[Boundaries, list[Issue]]:
    issues: list[Issue] = []
    return read_boundaries(directory, issues), issues


def _faults(issues: list[Issue]) -> list[tuple[str, str, str]]:
    # that metres without a stated system were taken as British National Grid is said each time
    return [(one.check, one.severity, one.key) for one in issues if one.check != "no_system"]


def _box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(EAST0 + x0, NORTH0 + y0, EAST0 + x1, NORTH0 + y1)


def test_zones_are_the_polygons_and_areas_their_unions(made_up: Path) -> None:
    found, issues = _read(made_up)
    assert [(one.check, one.severity) for one in issues] == [("no_system", "note")]
    zones = found.zones.set_index("zone_id")
    assert zones.geometry["E01999901"].equals(_box(0, 0, 500, 1000))
    assert zones.geometry["E01999903"].equals(_box(1000, 0, 2000, 1000))
    assert zones["zone_name"].to_dict()["E01999902"] == "Made-up 001B"
    assert zones["cluster_id"].tolist() == ["w-one", "w-one", "e-two"]
    areas = found.areas.set_index("area_id").geometry
    assert areas["W"].equals(_box(0, 0, 1000, 1000))
    assert areas["e-two"].equals(_box(1000, 0, 2000, 1000))
    assert areas["C"].equals(_box(0, 0, 2000, 1000))
    # the border has a vertex where the zones of the west meet, and both sides have it
    assert shapely.coverage_is_valid(found.zones.geometry.to_numpy())
    assert found.gazetteer.set_index("zone_id").geometry["E01999901"].equals(shapely.Point(400_250, 200_500))


def test_polygons_go_before_arcs_and_a_geopackage_serves_as_well(made_up: Path) -> None:
    (made_up / "arcs.csv").write_text("not,arcs\n1,2\n", encoding="utf-8")
    (made_up / "zones.geojson").unlink()
    shapes = [shapely.Polygon(_ring(ring)) for ring in RINGS.values()]
    frame = gpd.GeoDataFrame({"zone": list(RINGS)}, geometry=shapes, crs=27700)
    frame.to_file(made_up / "zones.gpkg", layer="zones")
    found, issues = _read(made_up)
    assert issues == []
    assert found.zones.area.tolist() == [500_000, 500_000, 1_000_000]
    _put(made_up, _features(RINGS))
    assert _faults(_read(made_up)[1]) == [("two_sources", "warning", "")]


def test_degrees_come_to_the_same_ground(made_up: Path) -> None:
    features = _features(RINGS)
    for feature in features:
        ring = np.array(feature["geometry"]["coordinates"][0])
        feature["geometry"]["coordinates"] = [np.column_stack(to_wgs84(ring[:, 0], ring[:, 1])).tolist()]
    _put(made_up, features)
    found, issues = _read(made_up)
    assert issues == []
    assert found.zones.area.to_numpy() == pytest.approx([500_000, 500_000, 1_000_000], abs=20)
    assert shapely.coverage_is_valid(found.zones.geometry.to_numpy())


BOW_TIE = [(1000, 0), (2000, 1000), (2000, 0), (1000, 1000)]
# goes out along a line to the east and back: no ground, and not valid
SPIKE = [(1000, 0), (2000, 0), (2000, 500), (2400, 500), (2000, 500), (2000, 1000), (1000, 1000)]


@pytest.mark.parametrize(
    ("changed", "expected", "says"),
    [
        (
            {"E01999902": None},
            [("invalid_polygon", "error", "E01999902"), ("zone_without_polygon", "error", "E01999902")],
            "no geometry",
        ),
        (
            {"E01999904": [(0, 0), (0, -9), (9, -9)]},
            [("polygon_without_zone", "error", "E01999904")],
            "did you mean E0199990",
        ),
        # its two lobes cancel out: 0 m2 as drawn, two triangles of 250,000 m2 once mended, that meet at one point
        (
            {"E01999903": BOW_TIE},
            [
                ("invalid_polygon", "error", "E01999903"),
                ("point_outside_zone", "warning", "E01999903"),
                ("cluster_in_pieces", "warning", "e-two"),
            ],
            "changed by 500,000.0 m2 (100.0000%)",
        ),
        ({"E01999903": SPIKE}, [("invalid_polygon", "warning", "E01999903")], "changed by 0.0 m2"),
        # 2 m of 500: 0.4 % of the smaller, 2,000 m2
        (
            {"E01999901": [(0, 0), (502, 0), (502, 1000), (0, 1000)]},
            [("polygons_overlap", "error", "E01999901")],
            "overlap by 2,000 m2 (0.4% of the smaller)",
        ),
        # 0.4 m of 500: 0.08 %
        ({"E01999901": [(0, 0), (500.4, 0), (500.4, 1000), (0, 1000)]}, [("polygons_overlap", "note", "")], "400 m2"),
        # a lens of 10 m by 100 m between the two western zones
        (
            {"E01999901": [(0, 0), (500, 0), (500, 400), (490, 450), (500, 500), (500, 1000), (0, 1000)]},
            [("gaps", "note", "")],
            "1 pieces of ground between zones are in none, 500 m2",
        ),
    ],
)  # fmt: skip
def test_each_fault_of_a_polygon_is_named(
    made_up: Path, changed: dict[str, Any], expected: list[tuple[str, str, str]], says: str
) -> None:
    _put(made_up, _features(RINGS | changed))
    found, issues = _read(made_up)
    assert _faults(issues) == expected
    assert any(says in f"{one.message} {one.fix}" for one in issues)
    assert shapely.coverage_is_valid(found.zones.geometry.to_numpy())


@pytest.mark.parametrize(
    ("old", "new", "expected", "says"),
    [
        ("400250,200500", "400510,200500", [("point_outside_zone", "warning", "E01999901")], "10.0 m outside"),
        ("400250,200500", "200500,400250", [("swapped_axes", "error", "E01999901")], "exchange"),
        ("400250,200500", "-1.2,51.7", [("outside_range", "error", "E01999901")], "metres"),
        ("400250,200500,W", "400250,200500,X", [("unknown_area", "error", "E01999901")], "'X'"),
        ("405000,200500", "401500,200500", [("inside_unstated", "warning", "beyond")], "no zone"),
        ("statistical_area,400250", "statistical,400250", [("unknown_code", "error", "E01999901")], "statistical_area"),
    ],
)
def test_each_fault_of_a_point_is_named(
    made_up: Path, old: str, new: str, expected: list[tuple[str, str, str]], says: str
) -> None:
    path = made_up / "places.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    issues = _read(made_up)[1]
    assert set(expected) <= set(_faults(issues))
    assert any(says in f"{one.message} {one.fix}" for one in issues)


def test_ground_claimed_twice_goes_to_the_first_zone_by_id(made_up: Path) -> None:
    wider = [(0, 0), (500.4, 0), (500.4, 1000), (0, 1000)]
    _put(made_up, _features(RINGS | {"E01999901": wider}))
    assert _read(made_up)[0].zones.area.tolist() == pytest.approx([500_400, 499_600, 1_000_000])


def test_a_district_without_zones_is_named(made_up: Path) -> None:
    path = made_up / "places.csv"
    text = path.read_text(encoding="utf-8").replace("401600,200300,E,", "401600,200300,W,")
    path.write_text(text, encoding="utf-8")
    assert ("district_without_border", "error", "E") in _faults(_read(made_up)[1])


def _turn(ring: list[list[float]]) -> list[list[float]]:
    return [[north, east] for east, north in ring]


def _shift(ring: list[list[float]]) -> list[list[float]]:
    return [[east + 90_000, north] for east, north in ring]


@pytest.mark.parametrize(("change", "check"), [(_turn, "swapped_axes"), (_shift, "zones_elsewhere")])
def test_polygons_elsewhere_are_refused_with_the_cure(made_up: Path, change: Any, check: str) -> None:
    features = _features(RINGS)
    for feature in features:
        feature["geometry"]["coordinates"] = [change(feature["geometry"]["coordinates"][0])]
    _put(made_up, features)
    found, issues = _read(made_up)
    assert check in {one.check for one in issues if one.severity == "error"}
    assert found.zones.empty


def test_degrees_in_a_file_that_says_metres_are_refused(made_up: Path) -> None:
    features = _features(RINGS)
    for feature in features:
        ring = np.array(feature["geometry"]["coordinates"][0])
        feature["geometry"]["coordinates"] = [np.column_stack(to_wgs84(ring[:, 0], ring[:, 1])).tolist()]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
    (made_up / "zones.geojson").write_text(text, encoding="utf-8")
    issues = _read(made_up)[1]
    assert "says that its positions are metres" in next(i.message for i in issues if i.check == "system_contradicts")


@pytest.mark.parametrize("content", ["", "{", "[]", "hello", '{"type": "FeatureCollection", "features": []}', "\x00"])
def test_a_broken_file_of_zones_is_an_issue(made_up: Path, content: str) -> None:
    (made_up / "zones.geojson").write_text(content, encoding="utf-8")
    found, issues = _read(made_up)
    assert any(one.severity == "error" and one.file == "boundaries/zones.geojson" for one in issues)
    assert found.zones.empty


def test_ids_that_stand_in_no_property_are_an_issue(made_up: Path) -> None:
    features = _features(RINGS)
    for feature in features:
        feature["properties"] = {"name": "?"}
    _put(made_up, features)
    assert "zone_id_missing" in {one.check for one in _read(made_up)[1]}


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True),
    noise=st.integers(0, 2**31),
)
def test_strips_with_noise_below_the_grid_tile_their_rectangle_exactly(cuts: list[int], noise: int) -> None:
    """Borders written differently by a millimetre become one; no ground is lost or claimed twice."""
    edges = [0, *sorted(cuts), 100]
    random = np.random.default_rng(noise)
    grounds = {}
    for number, (left, right) in enumerate(pairwise(edges)):
        ring = np.array(_box(left * 10, 0, right * 10, 500).exterior.coords)[:-1]
        grounds[f"z{number}"] = shapely.Polygon(ring + random.uniform(-0.001, 0.001, ring.shape))
    issues: list[Issue] = []
    faces = fit_together(grounds, issues, "boundaries/zones.geojson")
    assert issues == []
    zones = faces[faces["zone_id"] != ""].dissolve("zone_id", method="coverage")
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())
    assert shapely.coverage_union_all(zones.geometry.to_numpy()).equals(_box(0, 0, 1000, 500))
    assert zones.area.tolist() == [(b - a) * 10 * 500 for a, b in pairwise(edges)]
