"""Boundaries of a hand-made area: two squares of 1 km that share one arc, worked on paper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.sources.boundaries import make_zones, read_boundaries

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.boundaries import Boundaries
    from sufficiency.sources.files import Issue

EAST0, NORTH0 = 400_000, 200_000
# West is the square 0..1000, East 1000..2000; the arcs run so that the named district lies on their left.
ARCS = {
    ("shared", "W", "E"): [(1000, 0), (1000, 1000)],
    ("west_rim", "W", ""): [(1000, 1000), (0, 1000), (0, 0), (1000, 0)],
    ("east_rim", "E", ""): [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000)],
}
AREAS = [
    ("C", "County", "county", ""),
    ("W", "West", "district", "C"),
    ("E", "East", "district", "C"),
    ("w-one", "One", "cluster", "W"),
    ("e-two", "Two", "cluster", "E"),
]
PLACES = [
    ("left", "Left", "village", 250, 500, "W"),
    ("right", "Right", "village", 750, 500, "W"),
    ("far", "Far", "town", 1600, 300, "E"),
    ("beyond", "Beyond", "town", 5000, 500, ""),
]
CLUSTERS = [("left", "w-one"), ("right", "w-one"), ("far", "e-two")]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Write the two squares to a folder."""
    arcs = [
        (arc, left, right, position, EAST0 + x, NORTH0 + y)
        for (arc, left, right), points in ARCS.items()
        for position, (x, y) in enumerate(points)
    ]
    places = [(z, n, k, EAST0 + x, NORTH0 + y, d, "Toy", 100) for z, n, k, x, y, d in PLACES]
    _write(tmp_path / "areas.csv", "area_id area_name level parent_id", AREAS)
    _write(tmp_path / "arcs.csv", "arc_id left_area_id right_area_id position easting_m northing_m", arcs)
    names = "zone_id place_name kind easting_m northing_m district_id authority_name people"
    _write(tmp_path / "places.csv", names, places)
    _write(tmp_path / "clusters.csv", "zone_id cluster_id", CLUSTERS)
    return tmp_path


def _write(path: Path, names: str, rows: list[tuple[object, ...]]) -> None:
    pd.DataFrame(rows, columns=names.split()).to_csv(path, index=False)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _read(directory: Path) -> tuple[Boundaries, list[Issue]]:
    issues: list[Issue] = []
    return read_boundaries(directory, issues), issues


def _box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(EAST0 + x0, NORTH0 + y0, EAST0 + x1, NORTH0 + y1)


def test_zones_are_the_halves_and_the_square(toy: Path) -> None:
    found, issues = _read(toy)
    assert issues == []
    zones = found.zones.set_index("zone_id").geometry
    assert zones["left"].equals(_box(0, 0, 500, 1000))
    assert zones["right"].equals(_box(500, 0, 1000, 1000))
    assert zones["far"].equals(_box(1000, 0, 2000, 1000))
    assert set(zones.index) == {"left", "right", "far"}
    assert found.zones.crs.to_epsg() == found.areas.crs.to_epsg() == found.gazetteer.crs.to_epsg() == 27700


def test_areas_are_dissolved_from_zones_and_keep_the_file_order(toy: Path) -> None:
    areas = _read(toy)[0].areas
    assert areas["area_id"].tolist() == ["C", "W", "E", "w-one", "e-two"]
    ground = areas.set_index("area_id").geometry
    assert ground["W"].equals(_box(0, 0, 1000, 1000))
    assert ground["w-one"].equals(_box(0, 0, 1000, 1000))
    assert ground["C"].equals(_box(0, 0, 2000, 1000))
    assert ground["W"].intersection(ground["E"]).area == 0
    assert ground["W"].intersection(ground["E"]).length == 1000


def test_geojson_serves_where_there_are_no_arcs(toy: Path) -> None:
    (toy / "arcs.csv").unlink()
    shapes = {"W": _box(0, 0, 1000, 1000), "E": _box(1000, 0, 2000, 1000), "other": _box(9, 9, 10, 10)}
    features = [
        {"type": "Feature", "properties": {"LAD25CD": key}, "geometry": shapely.geometry.mapping(ground)}
        for key, ground in shapes.items()
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (toy / "districts.geojson").write_text(text, encoding="utf-8")
    found, issues = _read(toy)
    assert issues == []
    assert found.zones.set_index("zone_id").area.to_dict() == {"left": 500_000, "right": 500_000, "far": 1_000_000}


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "row", "says"),
    [
        ("places.csv", "400250,200500", "200500,400250", "swapped_axes", 2, "exchange"),
        ("places.csv", "400250,200500", "-1.2,51.7", "outside_range", 2, "metres"),
        ("places.csv", "400250,200500", "401250,200500", "outside_district", 2, "Left lies in E"),
        ("places.csv", "400250,200500", "400750,200500", "same_position", 3, "position of Left"),
        ("places.csv", "right,Right", "left,Right", "key_twice", 3, "stands in row 2"),
        ("places.csv", "401600,200300,E", "401600,200300,EE", "unknown_area", 4, "'EE'"),
        ("places.csv", "405000,200500", "401500,200500", "inside_unstated", 5, "write E"),
        ("places.csv", "400250", "four", "text_in_number", 2, "'four'"),
        ("clusters.csv", "left,w-one", "lefft,w-one", "unknown_zone", 2, "did you mean left?"),
        ("clusters.csv", "left,w-one", "left,w-on", "unknown_cluster", 2, "did you mean w-one?"),
        ("clusters.csv", "left,w-one", "left,e-two", "cluster_elsewhere", 2, "lies in W"),
        ("clusters.csv", "left,w-one\n", "", "zone_without_cluster", None, "left has no cluster"),
        ("areas.csv", "cluster,W", "cluster,C", "wrong_parent", 5, "no district"),
        ("areas.csv", "C,County,county,\n", "", "one_county", None, "0 areas of level county"),
        ("arcs.csv", "shared,W,E,1,401000,201000", "shared,W,E,1,401000,200900", "arc_open", 2, "401000, 200900"),
        ("arcs.csv", "shared,W,E,1", "shared,W,E,2", "arc_positions", 2, "0, 1, 2"),
        ("arcs.csv", "shared,W,E,1", "shared,W,X,1", "unknown_area", 2, "'X'"),
        ("arcs.csv", "west_rim,W,,1,400000,201000", "west_rim,W,,1,402000,200900", "arcs_cross", None, "cross"),
        ("arcs.csv", "west_rim,W,,1,400000,201000", "west_rim,W,,1,400500,199000", "arc_crosses_itself", 4, "itself"),
    ],
)
def test_each_fault_is_named_with_row_and_cure(
    toy: Path, file: str, old: str, new: str, check: str, row: int | None, says: str
) -> None:
    _edit(toy / file, old, new)
    issues = [issue for issue in _read(toy)[1] if issue.check == check]
    assert issues, f"no issue {check}"
    assert issues[0].file == f"boundaries/{file}"
    assert row is None or issues[0].row == row
    assert says in f"{issues[0].message}; {issues[0].fix}"


def test_exchanged_sides_of_an_arc_are_named(toy: Path) -> None:
    text = (toy / "arcs.csv").read_text(encoding="utf-8").replace("east_rim,E,,", "east_rim,,E,")
    (toy / "arcs.csv").write_text(text, encoding="utf-8")
    named = [issue for issue in _read(toy)[1] if issue.check == "arc_side"]
    assert named
    assert "exchange left_area_id and right_area_id" in named[0].fix


def test_a_cluster_in_two_pieces_is_named(toy: Path) -> None:
    _edit(toy / "places.csv", "left,Left", "mid,Mid,village,400500,200500,W,Toy,100\nleft,Left")
    _edit(toy / "areas.csv", "e-two,Two,cluster,E", "e-two,Two,cluster,E\nw-three,Three,cluster,W")
    _edit(toy / "clusters.csv", "left,w-one", "left,w-one\nmid,w-three")
    issues = _read(toy)[1]
    assert [(issue.check, issue.severity, issue.key) for issue in issues] == [("cluster_in_pieces", "warning", "w-one")]


@pytest.mark.parametrize("file", ["areas.csv", "arcs.csv", "places.csv", "clusters.csv"])
@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "zone_id,cluster_id\n", "\x00\x01"])
def test_a_missing_or_broken_file_is_an_issue_and_never_a_traceback(toy: Path, file: str, content: str | None) -> None:
    if content is None:
        (toy / file).unlink()
    else:
        (toy / file).write_text(content, encoding="utf-8")
    issues = _read(toy)[1]
    assert any(issue.severity == "error" and issue.file == f"boundaries/{file}" for issue in issues) or (
        file == "clusters.csv" and {issue.check for issue in issues} == {"zone_without_cluster"}
    )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"features": [{"geometry": {"type": "Point"}}]}', '{"features": 3}']
)
def test_a_broken_geojson_is_an_issue(toy: Path, content: str) -> None:
    (toy / "arcs.csv").unlink()
    (toy / "districts.geojson").write_text(content, encoding="utf-8")
    assert "geojson_unreadable" in {issue.check for issue in _read(toy)[1]}


def test_the_inputs_are_not_changed() -> None:
    places = pd.DataFrame({"zone_id": ["a", "b"], "district_id": ["W", "W"], "easting_m": [1, 9], "northing_m": [5, 5]})
    before = places.copy()
    make_zones({"W": shapely.box(0, 0, 10, 10)}, places)
    pd.testing.assert_frame_equal(places, before)


SPOTS = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), min_size=1, max_size=12, unique=True)


@settings(max_examples=40, deadline=None)
@given(west=SPOTS, east=SPOTS)
def test_zones_tile_their_district_and_every_point_lies_in_the_zone_of_its_nearest_place(
    west: list[tuple[int, int]], east: list[tuple[int, int]]
) -> None:
    districts = {"W": shapely.box(0, 0, 10_000, 10_000), "E": shapely.box(10_000, 0, 20_000, 10_000)}
    rows = [("W", x * 100, y * 100) for x, y in west] + [("E", 10_000 + x * 100, y * 100) for x, y in east]
    places = pd.DataFrame(rows, columns=["district_id", "easting_m", "northing_m"])
    places["zone_id"] = [f"z{number:02d}" for number in range(len(places))]
    zones = make_zones(districts, places).set_index("zone_id").geometry
    assert set(zones.index) == set(places["zone_id"])
    assert bool(zones.is_valid.all())
    for key, ground in districts.items():
        mine = zones[places.loc[places["district_id"] == key, "zone_id"]]
        assert mine.area.sum() == pytest.approx(ground.area, rel=1e-9)
    assert shapely.coverage_is_valid(zones.to_numpy())
    for x, y in np.random.default_rng(7).uniform([0, 0], [20_000, 10_000], size=(12, 2)):
        rivals = places[places["district_id"] == ("W" if x < 10_000 else "E")]
        distance = np.hypot(rivals["easting_m"] - x, rivals["northing_m"] - y).to_numpy()
        if len(distance) > 1 and np.diff(np.partition(distance, 1)[:2])[0] < 1:
            continue
        assert zones[rivals["zone_id"].iloc[int(distance.argmin())]].covers(shapely.Point(x, y))


def test_zones_touch_in_the_order_of_the_line(toy: Path) -> None:
    zones = _read(toy)[0].zones.set_index("zone_id").geometry
    graph = nx.Graph(
        (one, other)
        for one in zones.index
        for other in zones.index
        if one < other and zones[one].intersection(zones[other]).length > 0
    )
    assert {frozenset(edge) for edge in graph.edges} == {frozenset({"left", "right"}), frozenset({"right", "far"})}
