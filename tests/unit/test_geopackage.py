"""The GeoPackage, read back: released figures, public settings, borders that meet, styles that QGIS can read."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from sufficiency.model.results import Released
from sufficiency.outputs import style
from sufficiency.outputs.breaks import class_of
from sufficiency.outputs.export.geopackage import write_geopackage
from tests.released_fixture import (
    DISTRICTS,
    SCENARIOS,
    make_inputs_facts,
    make_record,
    make_released,
)

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = {
    "county": "MultiPolygon", "districts": "MultiPolygon", "clusters": "MultiPolygon", "roads": "MultiLineString",
    "flows": "LineString", "settings": "Point", "schemes": "Point", "figures": None, "about": None,
    "layer_styles": None,
}  # fmt: skip
SOME_YEARS, SOME_POLICIES = [2024, 2028, 2031], ["optimal", "nearest"]
HOSTILE = "Robert'); DROP TABLE districts;-- <script>\"&amp;\n\u202e{{1}}"


def read(path: Path, layer: str) -> pd.DataFrame:
    return pyogrio.read_dataframe(path, layer=layer)


@functools.cache
def released_with_stock() -> Released:
    """Return the fixture's tables that layers are made of, of some years and policies, with the places of a scheme."""
    base, tables, hidden = make_released(), {}, {}
    for name in ("sufficiency_area", "journeys_area", "flows", "schemes"):
        frame = base.tables[name]
        kept = pd.Series(data=True, index=frame.index)
        if "policy" in frame.columns:
            kept = frame["year"].isin(SOME_YEARS) & frame["policy"].isin(SOME_POLICIES)
        tables[name], hidden[name] = (part[kept].reset_index(drop=True) for part in (frame, base.hidden[name]))
    stock = pd.DataFrame({"scheme_id": ["didcot-special"] * 2, "year": [2027, 2028], "places": [60, 120]})
    mask = pd.DataFrame(data=False, index=stock.index, columns=stock.columns)
    tables["scheme_stock"], hidden["scheme_stock"] = stock, mask
    return Released("public", tables, hidden)


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """Write the layers, and see that nothing handed in is changed and GDAL gets its own clock back."""
    path = tmp_path_factory.mktemp("layers") / "layers.gpkg"
    inputs, released = make_inputs_facts(), released_with_stock()
    before, areas = {name: frame.copy() for name, frame in released.tables.items()}, inputs.areas.copy()
    write_geopackage(released, inputs, make_record(), path)
    for name, frame in released.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    pd.testing.assert_frame_equal(pd.DataFrame(inputs.areas), pd.DataFrame(areas))
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    assert "OGR_CURRENT_DATE" not in os.environ
    return path


def styles(path: Path) -> pd.DataFrame:
    with closing(sqlite3.connect(path)) as connection:
        return pd.read_sql_query("SELECT * FROM layer_styles ORDER BY id", connection)


def test_layers_are_those_listed_in_the_national_grid(package):
    assert dict(pyogrio.list_layers(package).tolist()) == LAYERS
    for name, kind in LAYERS.items():
        frame = read(package, name)
        assert len(frame), name
        if kind:
            assert frame.crs.to_epsg() == 27700
            assert set(frame.geom_type.dropna()) == {kind}
    assert [path.name for path in package.parent.iterdir()] == ["layers.gpkg"]
    clusters = read(package, "clusters").set_index("area_id")
    assert clusters.loc["oxford-oxford-north", ["district_id", "district_name"]].tolist() == ["E07000178", "Oxford"]
    with closing(sqlite3.connect(package)) as connection:
        # "GPKG", version 1.2
        checks = [connection.execute(f"PRAGMA {name}").fetchone()[0]
                  for name in ("integrity_check", "application_id", "user_version")]  # fmt: skip
    assert checks == ["ok", 0x47504B47, 10200]


@pytest.mark.parametrize(("layer", "level"), [("county", "county"), ("districts", "district"), ("clusters", "cluster")])
def test_figures_of_areas_are_the_released_ones_of_the_headline_year(package, layer, level):
    areas = read(package, layer).set_index("area_id")
    assert set(areas["year_label"]) == {"2028/29"}
    assert set(areas["note"]) == {"illustrative"}
    released = released_with_stock()
    table, mask = released.tables["sufficiency_area"], released.hidden["sufficiency_area"]
    here = (table["level"] == level) & (table["year"] == 2028) & (table["policy"] == "optimal")
    for scenario in SCENARIOS:
        rows = table[here & (table["scenario_id"] == scenario)].set_index("area_id").loc[areas.index]
        for column in ("demand_pupils", "without_local_place_pupils", "placed_local_pupils"):
            assert areas[f"{scenario}_{column}"].tolist() == rows[column].tolist()
        assert np.allclose(areas[f"{scenario}_without_local_place_share"],
                           rows["without_local_place_pupils"] / rows["demand_pupils"], atol=5e-5)  # fmt: skip
        # places are told by district, never by cluster
        assert areas[f"{scenario}_capacity_places"].isna().all() == (level == "cluster")
        assert (areas[f"{scenario}_hidden"].fillna("") == "").all()
    assert not mask.loc[here, "demand_pupils"].any()


def test_the_table_of_figures_has_every_scenario_policy_year_and_area(package):
    found = read(package, "figures")
    released = released_with_stock()
    table, mask = released.tables["sufficiency_area"], released.hidden["sufficiency_area"]
    assert len(found) == len(table) == len(SCENARIOS) * len(SOME_POLICIES) * len(SOME_YEARS) * 23
    key = ["scenario_id", "policy", "year", "area_id"]
    both = found.merge(table, on=key, suffixes=("", "_released"), validate="1:1").merge(
        table[key].join(mask["unplaced_pupils"].rename("veiled")), on=key
    )
    assert len(both) == len(table)
    shown = both["unplaced_pupils"].notna()
    assert (both.loc[shown, "unplaced_pupils"] == both.loc[shown, "unplaced_pupils_released"]).all()
    # hidden is blank and listed, and nothing else is listed
    listed = both["hidden"].fillna("").str.split("; ").map(lambda names: "unplaced_pupils" in names)
    assert listed.any()
    assert listed.tolist() == both["veiled"].tolist()
    assert (listed == ~shown).all()


def test_neighbours_meet_exactly(package):
    whole = read(package, "county").geometry.iloc[0]
    given = make_inputs_facts().areas.set_index("area_id").geometry
    for layer in ("districts", "clusters"):
        shapes = read(package, layer).set_index("area_id").geometry
        for area, shape in shapes.items():
            # as given, to the last digit: neighbours that met still do
            assert np.array_equal(shapely.get_coordinates(shape), shapely.get_coordinates(given[area])), area
        together = shapely.union_all(shapes.to_numpy())
        assert together.area == pytest.approx(shapes.area.sum(), abs=1e-3)
        assert together.symmetric_difference(whole).area < 1e-3


def test_places_of_a_setting_only_where_published(package):
    """In the fixture Northfield School alone has published places, 100."""
    settings = read(package, "settings").set_index("setting_id")
    assert settings["published_places"].dropna().to_dict() == {"100001": 100.0}
    assert settings.loc["100001"].geometry.distance(shapely.Point(446000, 240000)) < 2
    assert settings.loc["didcot-special", "status"] == "proposed"
    numbers = [name for name in settings.columns if pd.api.types.is_numeric_dtype(settings[name])
               and not pd.api.types.is_bool_dtype(settings[name])]  # fmt: skip
    assert numbers == ["published_places"]


def test_schemes_stand_at_their_points_with_places_by_year(package):
    schemes = read(package, "schemes").set_index("scheme_id")
    didcot = schemes.loc["didcot-special"]
    assert (didcot["open_2027_places"], didcot["open_2028_places"]) == (60, 120)
    assert (didcot.geometry.x, didcot.geometry.y) == (450000, 200000)
    assert schemes["open_2028_places"].notna().sum() == 1


def test_flows_are_the_released_ones_between_districts(package):
    flows = read(package, "flows")
    assert len(flows) == 20
    table = released_with_stock().tables["flows"]
    here = table[(table["policy"] == "optimal") & (table["year"] == 2028) & (table["scenario_id"] == "programme")]
    wanted = here.set_index(["home_area_id", "setting_area_id"])["pupils"]
    found = flows.set_index(["home_area_id", "setting_area_id"])
    for key, row in found.iterrows():
        value = wanted[key]
        if pd.isna(value):
            assert np.isnan(row["programme_pupils"])
            assert row["programme_hidden"] == "pupils"
        else:
            assert row["programme_pupils"] == value
    areas = read(package, "districts").set_index("area_id").geometry
    for row in flows.itertuples():
        first, last = shapely.get_point(row.geometry, [0, -1])
        assert areas[row.home_area_id].covers(first)
        assert areas[row.setting_area_id].covers(last)


def test_about_says_what_a_reader_must_know(package):
    about = read(package, "about").set_index("name")["text"]
    assert about["run_id"] == make_record().run_id
    assert "llustrative" in about["illustrative"]
    assert "not without education" in about["care"]
    assert any("Open Government Licence" in text for text in about)
    with closing(sqlite3.connect(package)) as connection:
        rows = connection.execute("SELECT table_name, description, last_change FROM gpkg_contents").fetchall()
    assert {row[2] for row in rows} == {"2026-11-23T12:00:00.000Z"}
    assert all("illustrative" in row[1] for row in rows if row[0] != "layer_styles")


# --- styles --------------------------------------------------------------------------------------------------------


def rules_of(text: str) -> list[dict[str, str]]:
    root = ET.fromstring(text)  # noqa: S314 - made by the code under test
    return [rule.attrib for rule in root.findall("./renderer-v2/rules/rule")]


def test_every_layer_has_one_default_style_that_is_well_formed(package):
    found = styles(package)
    shapes = {name for name, kind in LAYERS.items() if kind}
    assert found.groupby("f_table_name")["useAsDefault"].sum().to_dict() == dict.fromkeys(shapes, 1)
    assert set(found["f_geometry_column"]) == {"geom"}
    # QGIS looks for an empty text, not for a missing one
    assert set(found["f_table_schema"]) == {""}
    assert not found.duplicated(["f_table_name", "styleName"]).any()
    kinds = {"MultiPolygon": ("fill", "2"), "Point": ("marker", "0"), "LineString": ("line", "1"),
             "MultiLineString": ("line", "1")}  # fmt: skip
    columns = read_columns(package)
    for row in found.itertuples():
        assert row.styleQML.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>")
        root = ET.fromstring(row.styleQML)  # noqa: S314 - made by the code under test
        kind, number = kinds[LAYERS[row.f_table_name]]
        assert root.tag == "qgis"
        assert root.findtext("layerGeometryType") == number
        rules, symbols = root.findall("./renderer-v2/rules/rule"), root.findall("./renderer-v2/symbols/symbol")
        assert [rule.get("symbol") for rule in rules] == [symbol.get("name") for symbol in symbols]
        assert {symbol.get("type") for symbol in symbols} == {kind}
        assert len({rule.get("key") for rule in rules}) == len(rules)
        assert all(symbol.findall("./layer/Option/Option") for symbol in symbols)
        used = {name for rule in rules for name in re.findall(r'"([^"]+)"', rule.get("filter", ""))}
        assert used <= columns[row.f_table_name]


def read_columns(path: Path) -> dict[str, set[str]]:
    return {name: set(pyogrio.read_info(path, layer=name)["fields"]) for name, kind in LAYERS.items() if kind}


def evaluated(where: str, value: float) -> bool:
    """Evaluate a filter of one column in Python."""
    text = re.sub(r'"[^"]+"', repr(value), where)
    text = re.sub(r"(?<![<>=])=(?!=)", "==", text).replace(" AND ", " and ")
    return bool(eval(text, {"__builtins__": {}}))  # noqa: S307 - a filter of numbers, made by the code under test


@pytest.mark.parametrize(
    ("style_name", "balance"),
    [("Share without a local place: Committed", False), ("Pupils without a local place: Programme", False),
     ("Location balance: Do nothing", True)],
)  # fmt: skip
def test_classes_take_the_values_that_the_map_puts_into_them(package, style_name, balance):
    found = styles(package)
    text = found[(found["f_table_name"] == "districts") & (found["styleName"] == style_name)]["styleQML"].iloc[0]
    rules = rules_of(text)
    assert rules[-1]["filter"] == "ELSE"
    assert "array_contains" in rules[-2]["filter"]
    assert rules[-2]["label"].startswith("c:")
    classes = rules[:-2]
    figures = read(package, "figures")
    column = {"Share": "without_local_place_share", "Pupils": "without_local_place_pupils",
              "Location": "location_balance_places"}[style_name.split()[0]]  # fmt: skip
    shown = figures[(figures["policy"] == "optimal") & (figures["level"] == "district")][column].dropna()
    breaks = style.balance_breaks(shown) if balance else style.amount_breaks(
        shown, least_step=0.05 if column.endswith("_share") else 1.0)  # fmt: skip
    assert [rule["label"] for rule in classes] == list(
        style.class_labels(breaks, share=column.endswith("_share"), balance=balance)
    )
    probes = sorted({*shown, *breaks, 0.0, *(edge + 0.5 for edge in breaks), min(breaks) - 9, max(breaks) + 9})
    for value in probes:
        taken = [number for number, rule in enumerate(classes) if evaluated(rule["filter"], float(value))]
        assert taken == [class_of(value, breaks, balance=balance)], value
    first = ET.fromstring(text).find("./renderer-v2/symbols/symbol/layer/Option/Option[@name='color']").get("value")  # noqa: S314 - our own file
    ramp = style.BALANCE_COLOURS if balance else style.AMOUNT_COLOURS
    assert first == ",".join(str(int(ramp[0][at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def test_hidden_areas_are_hatched(package):
    found = styles(package)
    text = found[(found["f_table_name"] == "clusters") & (found["useAsDefault"] == 1)]["styleQML"].iloc[0]
    symbols = ET.fromstring(text).findall("./renderer-v2/symbols/symbol")  # noqa: S314 - our own file
    fills = [[one.get("value") for one in symbol.findall("./layer/Option/Option[@name='style']")] for symbol in symbols]
    assert fills[-2] == ["solid", "b_diagonal"]
    assert all(one == ["solid"] for one in fills[:-2])


# --- hostile text, bytes -------------------------------------------------------------------------------------------


def test_names_are_text_wherever_they_stand(tmp_path):
    inputs = make_inputs_facts()
    areas = inputs.areas.copy()
    areas.loc[areas["area_id"] == "E07000178", "area_name"] = HOSTILE
    settings = inputs.settings.copy()
    settings["setting_name"] = HOSTILE
    wild = "a\"b'); DROP <x>"
    released = released_with_stock()
    tables = {name: frame.replace({"scenario_id": {"programme": wild}}) for name, frame in released.tables.items()}
    scenarios = dict(inputs.scenarios)
    scenarios[wild] = dataclasses.replace(scenarios.pop("programme"), scenario_id=wild, title=HOSTILE)
    path = tmp_path / "layers.gpkg"
    write_geopackage(Released("internal", tables, released.hidden),
                     dataclasses.replace(inputs, areas=areas, settings=settings, scenarios=scenarios),
                     make_record(), path)  # fmt: skip
    plain = "Robert'); DROP TABLE districts;-- <script>\"&amp; {{1}}"
    districts = read(path, "districts")
    assert set(districts["area_name"]) == {plain, *(name for key, name in DISTRICTS.items() if key != "E07000178")}
    assert plain in set(read(path, "settings")["setting_name"])
    assert any(column.startswith("a_b_drop_x_") for column in districts.columns)
    assert wild in set(read(path, "figures")["scenario_id"])
    columns = read_columns(path)
    for row in styles(path).itertuples():
        for rule in rules_of(row.styleQML):
            assert set(re.findall(r'"([^"]+)"', rule.get("filter", ""))) <= columns[row.f_table_name]
    about = read(path, "about").set_index("name")["text"]
    assert about["marking"] == style.internal_mark("internal")


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path, monkeypatch):
    def full(*_arguments, **_named) -> None:
        raise pyogrio.errors.DataSourceError("no space left")

    path = tmp_path / "layers.gpkg"
    path.write_bytes(b"old")
    monkeypatch.setattr(pyogrio, "write_dataframe", full)
    with pytest.raises(OSError, match=r"layers\.gpkg cannot be written: no space left"):
        write_geopackage(released_with_stock(), make_inputs_facts(), make_record(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
