"""Boundary files of published areas as they come: squares of 1 km with made-up codes, and every kind of damage."""

from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.geometry
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.model.geography import to_wgs84
from sufficiency.sources.public.account import Account
from sufficiency.sources.public.boundary_files import read_boundary_file, read_centroids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.account import Reading

EAST0, NORTH0 = 450_000, 200_000
CODES = ["E01999901", "E01999902", "E01999903"]
BNG_MEMBER = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}


def _square(number: int, size: float = 1000) -> list[list[float]]:
    east = EAST0 + 1000 * number
    return [[east, NORTH0], [east + size, NORTH0], [east + size, NORTH0 + size], [east, NORTH0 + size], [east, NORTH0]]


def _degrees(ring: Sequence[Sequence[float]]) -> list[list[float]]:
    east, north = np.array(ring).T
    return np.column_stack(to_wgs84(east, north)).tolist()


def _polygon(ring: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def _write(path: Path, rows: Sequence[tuple[dict[str, Any], Any]], **members: Any) -> Path:
    features = [{"type": "Feature", "properties": told, "geometry": shape} for told, shape in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}), encoding="utf-8")
    return path


def _lsoas(path: Path, shapes: Sequence[Any] | None = None, codes: Sequence[Any] = CODES, **members: Any) -> Path:
    shapes = [_polygon(_degrees(_square(number))) for number in range(3)] if shapes is None else shapes
    told = [{"FID": n, "LSOA21CD": code, "LSOA21NM": f"Made-up 00{n}A"} for n, code in enumerate(codes)]
    return _write(path, list(zip(told, shapes, strict=True)), **members)


def _metres(number: int = 0) -> dict[str, Any]:
    return _polygon(_square(number))


def _read(path: Path, **options: Any) -> tuple[Reading | None, list[Issue]]:
    issues: list[Issue] = []
    return read_boundary_file(path, issues, **options), issues


def _used(path: Path, **options: Any) -> tuple[gpd.GeoDataFrame, Account, list[Issue]]:
    reading, issues = _read(path, **options)
    assert reading is not None, issues
    assert reading.account.closes
    return gpd.GeoDataFrame(reading.table), reading.account, issues


def test_a_file_in_degrees(tmp_path: Path) -> None:
    table, account, issues = _used(_lsoas(tmp_path / "a.geojson"))
    assert issues == []
    assert account == Account("a.geojson", "boundary file", 3, 3)
    names = ["area_code", "area_name", "level", "vintage", "parent_code", "geometry", "repaired"]
    assert list(table.columns) == names
    assert table["area_code"].tolist() == CODES
    assert table["area_name"].tolist()[1] == "Made-up 001A"
    assert set(zip(table["level"], table["vintage"], table["parent_code"], table["repaired"], strict=True)) == {
        ("lsoa", "21", "", False)
    }
    assert table.total_bounds == pytest.approx([EAST0, NORTH0, EAST0 + 3000, NORTH0 + 1000], abs=0.01)
    assert table.area.to_numpy() == pytest.approx([1e6] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("names", "level", "found"),
    [
        (["LAD25CD", "LAD25NM"], None, ("lad", "25", "LAD25CD", "LAD25NM", "")),
        (["WD99CD", "WD99NM", "LAD99CD"], None, ("ward", "99", "WD99CD", "WD99NM", "LAD99CD")),
        (["LAD99CD", "wd99cd"], None, ("ward", "99", "wd99cd", "", "LAD99CD")),
        (["lsoa21_code", "lsoa21_name"], None, ("lsoa", "21", "lsoa21_code", "lsoa21_name", "")),
        (["lsoa_code"], None, ("lsoa", "", "lsoa_code", "", "")),
        (["MSOA21CD", "MSOA21NM"], None, ("msoa", "21", "MSOA21CD", "MSOA21NM", "")),
        (["CTYUA24CD", "CTYUA24NM"], None, ("county", "24", "CTYUA24CD", "CTYUA24NM", "")),
        (["CTY24CD"], None, ("county", "24", "CTY24CD", "", "")),
        (["UTLACD"], None, ("county", "", "UTLACD", "", "")),
        (["LSOA21CD", "LADCD_ACTIVE", "UTLACD"], None, ("lsoa", "21", "LSOA21CD", "", "LADCD_ACTIVE")),
        (["WD99CD", "LAD99CD", "LAD99NM"], "lad", ("lad", "99", "LAD99CD", "LAD99NM", "")),
        (["LAD25CD", "CTY25CD"], None, ("lad", "25", "LAD25CD", "", "CTY25CD")),
    ],
)
def test_columns_are_found_by_pattern(
    tmp_path: Path, names: list[str], level: Any, found: tuple[str, str, str, str, str]
) -> None:
    path = _write(tmp_path / "a.geojson", [({name: f"={name}" for name in names}, _metres())], crs=BNG_MEMBER)
    table, _, _ = _used(path, level=level)
    row = table.iloc[0]
    told = [f"={name}" if name else "" for name in found[2:]]
    assert [row[name] for name in ("level", "vintage", "area_code", "area_name", "parent_code")] == [*found[:2], *told]


def test_two_vintages_of_one_level_are_told(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.geojson", [({"LSOA11CD": "E01999911", "LSOA21CD": "E01999921"}, _metres())])
    table, _, issues = _used(path)
    assert table["area_code"].tolist() == ["E01999921"]
    assert "several_vintages" in {one.check for one in issues}


def _frame() -> gpd.GeoDataFrame:
    shapes = [shapely.Polygon(_square(number)) for number in range(3)]
    return gpd.GeoDataFrame({"LSOA21CD": CODES, "LSOA21NM": "Made-up"}, geometry=shapes, crs=27700)


@pytest.mark.parametrize("kind", ["gpkg", "two layers", "shp", "folder", "zip", "zip in a folder", "mercator", "etrs"])
def test_each_kind_of_file_gives_the_same_areas(tmp_path: Path, kind: str) -> None:
    frame, path = _frame(), tmp_path / "areas.gpkg"
    if kind == "two layers":
        frame.rename(columns={"LSOA21CD": "a", "LSOA21NM": "b"}).to_file(path, layer="first")
        frame.to_file(path, layer="second")
    elif kind in {"gpkg", "mercator", "etrs"}:
        frame.to_crs({"gpkg": 27700, "mercator": 3857, "etrs": 4258}[kind]).to_file(path)
    else:
        folder = tmp_path / "areas"
        folder.mkdir()
        frame.to_file(folder / "areas.shp")
        path = folder if kind == "folder" else folder / "areas.shp"
        if kind.startswith("zip"):
            path = tmp_path / "areas.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for one in folder.iterdir():
                    archive.write(one, f"inner {one.name}" if kind == "zip" else f"deep/er/{one.name}")
    table, account, issues = _used(path)
    assert issues == []
    assert (account.rows, account.used) == (3, 3)
    assert table["area_code"].tolist() == CODES
    for number, shape in enumerate(table.geometry):
        assert shape.symmetric_difference(shapely.Polygon(_square(number))).area < 100


def test_a_geojson_in_metres_without_a_system_is_national_grid_and_that_is_said(tmp_path: Path) -> None:
    table, _, issues = _used(_lsoas(tmp_path / "a.geojson", [_metres(n) for n in range(3)]))
    assert [(one.check, one.severity) for one in issues] == [("no_system", "note")]
    assert "British National Grid" in issues[0].message
    assert table.area.tolist() == [1e6] * 3


def test_a_shapefile_without_prj_is_judged_by_its_numbers(tmp_path: Path) -> None:
    for name, frame in (("m", _frame()), ("d", _frame().to_crs(4326))):
        frame.to_file(tmp_path / f"{name}.shp")
        (tmp_path / f"{name}.prj").unlink()
        table, _, issues = _used(tmp_path / f"{name}.shp")
        assert [(one.check, one.severity) for one in issues] == [("no_system", "note")]
        assert table.area.to_numpy() == pytest.approx([1e6] * 3, rel=1e-4)


# 1,000 m by 1,000 m, with a line out to the east and back, which is no ground
SPIKE = [*_square(0)[:2], [EAST0 + 1000, NORTH0 + 500], [EAST0 + 1300, NORTH0 + 500], [EAST0 + 1000, NORTH0 + 500],
         *_square(0)[2:]]  # fmt: skip
BOW_TIE = [_square(0)[at] for at in (0, 2, 1, 3, 0)]


def test_a_ring_that_is_not_valid_is_repaired_and_its_change_of_area_reported(tmp_path: Path) -> None:
    shapes = [_polygon(SPIKE), _metres(1), _metres(2)]
    table, account, issues = _used(_lsoas(tmp_path / "a.geojson", shapes, crs=BNG_MEMBER))
    assert account.notes == {"ring repaired": 1}
    assert table["repaired"].tolist() == [True, False, False]
    assert [(one.check, one.severity, one.row, one.key) for one in issues] == [("ring_repaired", "note", 1, CODES[0])]
    assert "0.0 m2 (0.0000%)" in issues[0].message
    assert table.geometry.iloc[0].equals(shapely.Polygon(_square(0)))


def test_a_repair_that_changes_the_area_is_an_error_and_sets_the_area_aside(tmp_path: Path) -> None:
    # the lobes of the bow tie cancel out as drawn; mended they are two triangles of 250,000 m2
    shapes = [_polygon(BOW_TIE), _metres(1), _metres(2)]
    table, account, issues = _used(_lsoas(tmp_path / "a.geojson", shapes, crs=BNG_MEMBER))
    assert table["area_code"].tolist() == CODES[1:]
    assert account.set_aside == {"repair changes the area": 1}
    assert [(one.check, one.severity) for one in issues] == [("ring_repaired", "error")]
    assert "500,000.0 m2 (100.0000%)" in issues[0].message


POINT = {"type": "Point", "coordinates": _square(0)[0]}
LINE = {"type": "LineString", "coordinates": _square(0)[:2]}
COLLAPSED = _polygon([[EAST0, NORTH0], [EAST0 + 10, NORTH0], [EAST0 + 5, NORTH0], [EAST0, NORTH0]])
SEA = _polygon([[900_000, 200_000], [901_000, 200_000], [901_000, 201_000], [900_000, 200_000]])
IN_DEGREES = _polygon(_degrees(_square(0)))
NOT_A_NUMBER = _polygon([[EAST0, NORTH0], [EAST0 + 10, float("nan")], [EAST0 + 5, NORTH0 + 9], [EAST0, NORTH0]])


@pytest.mark.parametrize(
    ("shape", "reason", "check"),
    [
        (None, "no geometry", "no_geometry"),
        ({"type": "Polygon", "coordinates": []}, "no geometry", "no_geometry"),
        (POINT, "not a polygon", "not_a_polygon"),
        (LINE, "not a polygon", "not_a_polygon"),
        (COLLAPSED, "no ground", "no_geometry"),
        (SEA, "outside the reference system", "outside_range"),
        (IN_DEGREES, "in another reference system than the other shapes", "outside_range"),
        (NOT_A_NUMBER, "a position is not a number", "outside_range"),
    ],
)
def test_a_shape_that_cannot_be_used_is_set_aside_with_its_reason(
    tmp_path: Path, shape: Any, reason: str, check: str
) -> None:
    others = [(f"E0199999{number}", _metres(number)) for number in range(1, 10)]
    rows = [({"LSOA21CD": code}, one) for code, one in [*others, ("E01999990", shape)]]
    table, account, issues = _used(_write(tmp_path / "a.geojson", rows, crs=BNG_MEMBER))
    assert (len(table), account.rows, account.set_aside) == (9, 10, {reason: 1})
    errors = [(one.check, one.row, one.key) for one in issues if one.severity == "error"]
    assert errors == [(check, 10, "E01999990")]


def test_collections_keep_their_polygons_and_heights_are_left_out(tmp_path: Path) -> None:
    mixed = {"type": "GeometryCollection", "geometries": [_metres(0), LINE, POINT]}
    high = _polygon([[*point, 55.0] for point in _square(1)])
    table, _, _ = _used(_lsoas(tmp_path / "a.geojson", [mixed, high, _metres(2)], crs=BNG_MEMBER))
    assert table.area.tolist() == [1e6] * 3
    assert not table.geometry.has_z.any()
    assert set(table.geom_type) == {"Polygon"}


def test_codes_that_are_blank_repeated_or_of_another_level_are_named(tmp_path: Path) -> None:
    codes = ["E01999901", "E01999901", None, "E02999901"]
    path = _lsoas(tmp_path / "a.geojson", [_metres(n) for n in range(4)], codes, crs=BNG_MEMBER)
    table, account, issues = _used(path)
    assert table["area_code"].tolist() == ["E01999901", "E02999901"]
    assert table.geometry.iloc[0].bounds[0] == EAST0
    assert account.set_aside == {"code repeated": 1, "no code": 1}
    assert sorted((one.check, one.severity, one.row) for one in issues) == [
        ("code_of_another_level", "warning", 4),
        ("code_twice", "error", 2),
        ("no_code", "error", 3),
    ]


def test_many_faults_alike_are_counted_not_listed(tmp_path: Path) -> None:
    rows = [({"LSOA21CD": f"E019999{n:02d}"}, _metres(n) if n < 40 else None) for n in range(60)]
    _, account, issues = _used(_write(tmp_path / "a.geojson", rows, crs=BNG_MEMBER))
    assert account.set_aside == {"no geometry": 20}
    assert len(issues) == 6
    assert issues[-1].message.startswith("15 more")


def _swap(shape: dict[str, Any]) -> dict[str, Any]:
    return _polygon([point[::-1] for point in shape["coordinates"][0]])


@pytest.mark.parametrize("unit", ["degrees", "metres"])
def test_exchanged_axes_are_refused(tmp_path: Path, unit: str) -> None:
    shapes = [_swap(_metres(n) if unit == "metres" else _polygon(_degrees(_square(n)))) for n in range(3)]
    reading, issues = _read(_lsoas(tmp_path / "a.geojson", shapes))
    assert reading is None
    assert issues[-1].check == "swapped_axes"
    assert "exchanged" in issues[-1].message


def test_a_system_that_the_positions_contradict_is_refused(tmp_path: Path) -> None:
    reading, issues = _read(_lsoas(tmp_path / "a.geojson", crs=BNG_MEMBER))
    assert reading is None
    assert [one.check for one in issues] == ["system_contradicts"]
    _frame().set_crs(4326, allow_override=True).to_file(tmp_path / "m.shp")
    assert [one.check for one in _read(tmp_path / "m.shp")[1]] == ["system_contradicts"]


def test_positions_of_no_known_system_are_refused(tmp_path: Path) -> None:
    shapes = [_polygon([[x - 600_000, y + 6_500_000] for x, y in _square(n)]) for n in range(3)]
    reading, issues = _read(_lsoas(tmp_path / "a.geojson", shapes))
    assert reading is None
    assert [one.check for one in issues] == ["outside_range"]


def _damage(tmp_path: Path, how: str) -> Path:
    path = tmp_path / "a.geojson"
    if how in {"cut geojson", "no codes", "points only"}:
        _lsoas(path)
        text = path.read_text(encoding="utf-8")
        if how == "no codes":
            text = text.replace("LSOA21CD", "code of the area")
        elif how == "points only":
            _lsoas(path, [POINT] * 3)
            text = path.read_text(encoding="utf-8")
        path.write_text(text[: len(text) // 2] if how == "cut geojson" else text, encoding="utf-8")
        return path
    if how in {"empty", "prose", "json", "pdf", "csv"}:
        content = {"empty": b"", "prose": b"hello", "json": b'{"a": 1}', "pdf": b"%PDF-1.7\n\x00",
                   "csv": b"a,b\n1,2\n"}  # fmt: skip
        path.write_bytes(content[how])
        return path
    if how in {"absent", "empty folder"}:
        return tmp_path / "not there.shp" if how == "absent" else tmp_path
    path = tmp_path / ("a.gpkg" if how == "cut gpkg" else "a.shp")
    _frame().to_file(path)
    if how == "odd prj":
        named = path.with_suffix(".prj")
        # a name that is no text, and a parameter that is none
        named.write_bytes(
            named.read_bytes().replace(b"British", b"\xf8ritish").replace(b"Scale_Factor", b"Scale_Facto")
        )
    elif how in {"no shx", "no dbf"}:
        path.with_suffix(f".{how[-3:]}").unlink()
    elif how in {"cut shp", "cut gpkg", "cut dbf"}:
        one = path.with_suffix(".dbf") if how == "cut dbf" else path
        one.write_bytes(one.read_bytes()[: one.stat().st_size // 2])
    else:
        packed = tmp_path / "a.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in sorted(tmp_path.glob("a.*")):
                if one != packed and (how != "zip without dbf" or one.suffix != ".dbf"):
                    archive.write(one, one.name)
            if how == "bomb":
                archive.writestr("a.qix", b" " * 60_000_000)
            if how == "two in a zip":
                archive.write(tmp_path / "a.shp", "b.shp")
        if how == "cut zip":
            packed.write_bytes(packed.read_bytes()[:-40])
        path = packed
    return path


@pytest.mark.parametrize(
    ("how", "check"),
    [
        ("cut geojson", "file_unreadable"), ("no codes", "column_missing"), ("points only", "not_boundaries"),
        ("empty", "file_empty"), ("prose", "not_boundaries"), ("json", "not_boundaries"), ("pdf", "not_boundaries"),
        ("csv", "not_boundaries"), ("absent", "file_missing"), ("empty folder", "not_boundaries"),
        ("no shx", "file_missing"), ("no dbf", "file_missing"), ("cut shp", "file_unreadable"),
        ("cut gpkg", "file_unreadable"), ("cut dbf", "file_unreadable"), ("zip without dbf", "file_missing"),
        ("odd prj", "system_unreadable"), ("bomb", "file_unreadable"), ("two in a zip", "not_boundaries"),
        ("cut zip", "file_unreadable"),
    ],
)  # fmt: skip
def test_a_file_of_no_use_is_an_issue_with_a_cure_and_never_a_traceback(tmp_path: Path, how: str, check: str) -> None:
    reading, issues = _read(_damage(tmp_path, how))
    assert reading is None
    assert [one.check for one in issues if one.severity == "error"] == [check]
    assert all(one.message and one.fix for one in issues)


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_one_wrong_byte_or_a_cut_gives_an_account_that_closes_or_an_issue(
    tmp_path_factory: pytest.TempPathFactory, at: float, byte: int, *, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = _lsoas(folder / "a.geojson")
    content = bytearray(path.read_bytes())
    place = int(at * (len(content) - 1))
    content[place] = byte
    path.write_bytes(bytes(content[:place]) if cut else bytes(content))
    reading, issues = _read(path)
    shutil.rmtree(folder)
    assert reading is not None or any(one.severity == "error" for one in issues)
    if reading is not None:
        assert reading.account.closes
        assert bool(gpd.GeoDataFrame(reading.table).geometry.is_valid.all())


@settings(max_examples=30, deadline=None)
@given(order=st.permutations([0, 1, 2]))
def test_the_order_of_shapes_in_the_file_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    path = tmp_path_factory.mktemp("order") / "a.geojson"
    table, _, _ = _used(_lsoas(path, [_metres(n) for n in order], [CODES[n] for n in order], crs=BNG_MEMBER))
    assert table["area_code"].tolist() == CODES
    assert [shape.bounds[0] for shape in table.geometry] == [EAST0, EAST0 + 1000, EAST0 + 2000]


# --- centroids ---------------------------------------------------------------------------------------------------


def _centroids(path: Path, text: str) -> tuple[Reading | None, list[Issue]]:
    path.write_text(text, encoding="utf-8")
    issues: list[Issue] = []
    return read_centroids(path, issues), issues


def test_centroids_of_a_csv_file(tmp_path: Path) -> None:
    text = "FID,LSOA21CD,GlobalID,x,y\n1,E01999902,?,450500.5,200500\n2,E01999901,?,451500,200400.25\n"
    reading, issues = _centroids(tmp_path / "c.csv", text)
    assert reading is not None
    assert issues == []
    assert reading.account == Account("c.csv", "centroids", 2, 2)
    assert reading.table.to_dict("list") == {
        "area_code": ["E01999901", "E01999902"], "easting_m": [451500.0, 450500.5], "northing_m": [200400.25, 200500.0]
    }  # fmt: skip


def test_centroids_in_degrees_and_as_points_come_to_the_same_place(tmp_path: Path) -> None:
    lon, lat = to_wgs84([450_500, 451_500], [200_500, 200_400])
    rows = "".join(f"E0199990{n + 1},{lon[n]:.9f},{lat[n]:.9f}\n" for n in range(2))
    points = [({"LSOA21CD": f"E0199990{n + 1}"}, {"type": "Point", "coordinates": [lon[n], lat[n]]}) for n in range(2)]
    for reading in (
        _centroids(tmp_path / "c.csv", "lsoa21cd,long,lat\n" + rows)[0],
        _centroids(tmp_path / "xy.csv", "lsoa_code,X,Y\n" + rows)[0],
        read_centroids(_write(tmp_path / "p.geojson", points), []),
    ):
        assert reading is not None
        assert reading.account.used == 2
        assert reading.table["easting_m"].to_numpy() == pytest.approx([450_500, 451_500], abs=0.01)
        assert reading.table["northing_m"].to_numpy() == pytest.approx([200_500, 200_400], abs=0.01)


def test_each_row_of_centroids_is_used_or_set_aside(tmp_path: Path) -> None:
    good = "".join(f"E019999{n:02d},{450_000 + n},200000\n" for n in range(20))
    bad = "E01999990,c,200000\n,450000,200000\nE01999900,450000,200000\nE01999991,0,0\nE01999992,450000,200000,9\n"
    reading, issues = _centroids(tmp_path / "c.csv", "LSOA21CD,x,y\n" + good + bad)
    assert reading is not None
    assert reading.account.closes
    assert (reading.account.rows, reading.account.used) == (25, 20)
    assert reading.account.set_aside == {
        "position not a number": 1, "no code": 1, "code repeated": 1, "outside the reference system": 1,
        "shifted row": 1,
    }  # fmt: skip
    assert {one.row for one in issues} == {22, 23, 24, 25, 26}
    assert all(one.severity == "error" for one in issues)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", "file_empty"),
        ("LSOA21CD,name\nE01999901,Made-up\n", "column_missing"),
        ("x,y\n450000,200000\n", "column_missing"),
        ("LSOA21CD,x,y\nE01999901,200000,450000\n", "swapped_axes"),
        ("LSOA21CD,x,y\nE01999901,51.7,-1.2\n", "swapped_axes"),
    ],
)
def test_centroids_of_no_use_are_an_issue(tmp_path: Path, text: str, check: str) -> None:
    reading, issues = _centroids(tmp_path / "c.csv", text)
    assert reading is None
    assert [one.check for one in issues] == [check]


def test_polygons_are_no_centroids(tmp_path: Path) -> None:
    issues: list[Issue] = []
    assert read_centroids(_lsoas(tmp_path / "a.geojson"), issues) is None
    assert [one.check for one in issues] == ["not_centroids"]
