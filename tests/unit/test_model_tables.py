"""Tables as data, the vocabulary, and the guards of the geography."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency.model import geography, units, vocabulary
from sufficiency.model.errors import DataError, GeographyError
from sufficiency.model.tables import TABLES, conform, render_dictionary


def test_every_key_is_a_column_and_every_name_stands_once():
    for table in TABLES.values():
        assert set(table.key) <= set(table.names), table.name
        assert len(set(table.names)) == len(table.names), table.name
        for column in table.columns:
            assert column.meaning
            assert column.kind != "code" or column.codes, (table.name, column.name)


def test_every_measured_column_states_its_unit():
    plain = {
        "position",
        "order",
        "age",
        "ncy",
        "ncy_from",
        "ncy_to",
        "value",
        "row",
        "before",
        "after",
        "change",
        "low",
        "high",
        "kph",
        "minutes",
        "journeys",
        "dwellings",
        "draws",
        "rows",
        "deprivation_decile",
        "schools",
        "schools_with_own_base",
        "rounded_to",
    }
    for table in TABLES.values():
        for column in table.columns:
            if column.kind in {"int", "float"} and column.name not in plain:
                assert (
                    column.unit
                    or column.name in {"pupils", "places", "people", "price"}
                    or column.name.startswith("kgco2e")
                ), (table.name, column.name)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("cost_gbp_low", "pounds sterling"),
        ("easting_m", "metres"),
        ("travel_min", "minutes"),
        ("junction_s", "seconds"),
        ("kgco2e_low", ""),
    ],
)
def test_units_come_from_the_name(name, unit):
    found = {column.name: column.unit for table in TABLES.values() for column in table.columns}
    assert found[name] == unit


def test_conform_orders_columns_refuses_gaps_and_repeats_and_leaves_its_input():
    frame = pd.DataFrame({"cluster_id": ["b", "a"], "zone_id": ["z1", "z2"], "more": 1}, index=[7, 9])
    out = conform(frame, "clusters")
    assert out.columns.tolist() == ["zone_id", "cluster_id"]
    assert out.index.tolist() == [0, 1]
    assert frame.columns.tolist() == ["cluster_id", "zone_id", "more"]
    with pytest.raises(DataError, match="lacks the columns cluster_id"):
        conform(frame[["zone_id"]], "clusters")
    with pytest.raises(DataError, match="2 rows that share a key, the first zone_id=z1"):
        conform(frame.assign(zone_id="z1"), "clusters")


def test_the_dictionary_names_every_column():
    text = render_dictionary()
    for table in TABLES.values():
        assert f"## {table.name}\n" in text
        for column in table.columns:
            assert f"| {column.name} | {column.kind} |" in text


def test_phases_cover_every_year_group_once():
    found = [vocabulary.phase_of(ncy) for ncy in range(-4, 21)]
    assert found == ["early_years"] * 4 + ["primary"] * 7 + ["secondary"] * 5 + ["post_16"] * 3 + ["post_19"] * 6
    for ncy in (-5, 21):
        with pytest.raises(ValueError, match="outside"):
            vocabulary.phase_of(ncy)


def test_every_need_has_one_group():
    assert set(vocabulary.NEED_GROUP_OF) == set(vocabulary.NEEDS)
    assert vocabulary.need_group_of("DS") == "cognition_and_learning"
    assert len(vocabulary.NEEDS) == 15


@pytest.mark.parametrize(("text", "year"), [("2028", 2028), ("2028/29", 2028), (" 2028-29 ", 2028), ("2099/00", 2099)])
def test_academic_years(text, year):
    assert vocabulary.parse_year(text) == year
    assert vocabulary.parse_year(vocabulary.year_label(year)) == year


@pytest.mark.parametrize("text", ["2028/30", "28/29", "x", "2028/", "1066"])
def test_what_is_no_academic_year(text):
    with pytest.raises(ValueError, match=r"academic year|invalid literal"):
        vocabulary.parse_year(text)


def test_projection_of_a_known_point_and_back():
    """Ordnance Survey's worked example: 52 39 27.2531 N, 1 43 4.5177 E is 651409.903, 313177.270 on the Airy datum."""
    east, north = geography.to_bng([1 + 43 / 60 + 4.5177 / 3600], [52 + 39 / 60 + 27.2531 / 3600])
    lon, lat = geography.to_wgs84(east, north)
    assert lon[0] == pytest.approx(1.717922, abs=1e-5)
    assert lat[0] == pytest.approx(52.657570, abs=1e-5)
    # the example is on the Airy datum; WGS84 lies about 120 m away, and never swaps the axes
    assert np.hypot(east[0] - 651_410, north[0] - 313_177) < 250


def test_guards_of_the_axes():
    with pytest.raises(GeographyError, match="look like metres"):
        geography.to_bng([451_000.0], [206_000.0])
    inside = geography.within_great_britain([451_000, -1.26, 51.7, 206_000, 9e6], [206_000, 51.7, -1.26, 451_000, 0])
    assert inside.tolist() == [True, False, False, True, False]


def test_conversions():
    assert units.minutes_of(90_000) == 1.5
    assert units.miles_of(1.609344) == pytest.approx(1)
