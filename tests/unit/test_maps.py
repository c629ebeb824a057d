"""The map file as bytes: it carries what it should, nothing else, and nothing in it can run but our own script."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.errors import DataError
from sufficiency.outputs.maps import assets as maps_assets
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps.page import render_map, write_map
from tests.hostile_map import PAYLOADS, hostile_inputs, hostile_released
from tests.html_page import Page
from tests.released_fixture import make_inputs_facts, make_record, make_released

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, Released


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="sufficiency-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    out: dict[str, Any] = json.loads(found.group(1))
    return out


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return make_inputs_facts()


@pytest.fixture(scope="module")
def released() -> Released:
    return make_released()


@pytest.fixture(scope="module")
def text(released: Released, inputs: Inputs) -> str:
    return render_map(released, inputs, make_record())


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def hostile() -> str:
    return render_map(hostile_released(), hostile_inputs(), make_record())


# --- one file that asks nobody for anything


def test_nothing_in_the_page_points_outside_it(text: str, page: Page) -> None:
    for tag, found in page.elements:
        assert tag not in {"iframe", "object", "embed", "base"}
        for name in ("src", "href", "action", "srcset", "poster", "data", "formaction", "xlink:href"):
            if name in found:
                assert found[name].startswith("#") or found[name] == "data:,", (tag, found)
        assert not any(name.startswith("on") for name in found), "an inline handler"
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)
    assert not re.search(r"@import|url\(\s*[\"']?(?!data:|#)", "".join(page.styles))
    assert "sourceMappingURL" not in text


def test_the_file_is_well_under_four_megabytes(released: Released, inputs: Inputs, tmp_path: Path) -> None:
    path = tmp_path / "maps" / "area.html"
    write_map(released, inputs, make_record(), path)
    assert 200_000 < path.stat().st_size < 4_000_000


def test_the_same_inputs_give_the_same_bytes(released: Released, inputs: Inputs, text: str, tmp_path: Path) -> None:
    path = tmp_path / "again.html"
    write_map(released, inputs, make_record(), path)
    assert path.read_bytes() == text.encode("utf-8")


def test_another_process_with_another_hash_seed_gives_the_same_bytes(text: str) -> None:
    code = (
        "import hashlib\n"
        "from tests.released_fixture import make_inputs_facts as i, make_record as r, make_released as d\n"
        "from sufficiency.outputs.maps.page import render_map\n"
        "print(hashlib.sha256(render_map(d(), i(), r()).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(["."])}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, check=True)
    assert done.stdout.decode().strip() == hashlib.sha256(text.encode("utf-8")).hexdigest()


def test_the_security_policy_names_every_script_and_style_and_nothing_else(page: Page) -> None:
    policy = next(found["content"] for tag, found in page.elements if tag == "meta" and "http-equiv" in found)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy

    def digest(content: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    run = [content for found, content in page.scripts if found.get("type") != "application/json"]
    assert rules["script-src"].split() == [digest(content) for content in run]
    assert rules["style-src"].split() == [digest(content) for content in page.styles]
    assert not any("style" in found for _, found in page.elements), "a style attribute, which the policy forbids"


def test_no_carriage_return_can_change_a_digest(text: str) -> None:
    assert "\r" not in text


# --- a page that browsers and readers understand


def test_the_page_is_well_formed_and_in_british_english(text: str, page: Page) -> None:
    assert text.startswith("<!DOCTYPE html>")
    assert page.faults == []
    assert page.open == []
    assert next(found for tag, found in page.elements if tag == "html")["lang"] == "en-GB"
    assert len(page.ids()) == len(set(page.ids()))
    assert "user-scalable" not in text


def test_every_control_has_a_label_and_every_reference_a_target(page: Page) -> None:
    ids = set(page.ids())
    labelled = {found["for"] for tag, found in page.elements if tag == "label" and "for" in found}
    for tag, found in page.elements:
        for name in ("for", "aria-labelledby"):
            if name in found:
                assert found[name] in ids
        if tag == "select" or (tag == "input" and found.get("type") == "range"):
            assert found["id"] in labelled


def test_the_script_finds_every_element_that_it_asks_for(page: Page) -> None:
    asked = set(re.findall(r'byId\("([a-z-]+)"\)', maps_assets.page_script()))
    made = {"flows-shown"}
    assert asked - made <= set(page.ids())
    assert len(asked) > 20


def test_the_headline_is_the_finding_and_says_illustrative(text: str) -> None:
    title = re.search(r"<title>(.*?)</title>", text)
    heading = re.search(r'<h1 id="finding">(.*?)</h1>', text)
    assert title is not None
    assert heading is not None
    assert title.group(1) == heading.group(1)
    # the paper's first sentence and chart start from where nothing more opens, and so does the map
    assert title.group(1).startswith("In 2028/29, if nothing more opens, ")
    assert title.group(1).endswith("have no local state-funded place — illustrative")


def test_sources_run_and_date_stand_on_the_page(text: str) -> None:
    for words in ("Office for National Statistics", "Contains OS data", "Get Information about Schools",
                  "0123456789ab", "23 November 2026", "location balance, not unmet need"):  # fmt: skip
        assert words in text or words.capitalize() in text


# --- only released figures, and all of them


def test_every_shown_figure_is_the_released_one(text: str, released: Released) -> None:
    data = data_of(text)
    area_ids, years = [area["id"] for area in data["areas"]], [entry["year"] for entry in data["years"]]
    table, hidden = released.tables["sufficiency_area"], released.hidden["sufficiency_area"]
    columns = ["demand_pupils", "capacity_places", "without_local_place_pupils", "location_balance_places"]
    compared = suppressed = district_only = 0
    for row, mask in zip(table.to_dict("records"), hidden.to_dict("records"), strict=True):
        found = data["figures"][row["scenario_id"]][row["policy"]]
        for column in columns:
            value = found[column][area_ids.index(row["area_id"])][years.index(row["year"])]
            if row["level"] == "cluster" and column in {"capacity_places", "location_balance_places"}:
                district_only += 1
                assert value is None
            elif mask[column]:
                suppressed += 1
                assert value == "c"
            else:
                compared += 1
                assert value == row[column]
    assert compared == len(table) * len(columns) - suppressed - district_only
    assert district_only == 2 * (table["level"] == "cluster").sum()
    assert len(area_ids) == 23


def with_table(released: Released, name: str, table: pd.DataFrame, hidden: pd.DataFrame) -> Released:
    return dataclasses.replace(
        released,
        tables=MappingProxyType({**released.tables, name: table}),
        hidden=MappingProxyType({**released.hidden, name: hidden}),
    )


def test_a_hidden_figure_stays_hidden_even_where_its_number_was_left_behind(released: Released, inputs: Inputs) -> None:
    table = released.tables["sufficiency_area"].copy()
    hidden = released.hidden["sufficiency_area"].copy()
    first = table.index[(table["level"] == "cluster") & (table["year"] == 2028)][0]
    for column, canary in (("demand_pupils", 987_001), ("without_local_place_pupils", 987_002)):
        table.loc[first, column] = canary
        hidden.loc[first, column] = True
    table["without_local_place_share"] = table["without_local_place_share"].astype(float)
    table.loc[first, "without_local_place_share"] = 0.98765
    hidden.loc[first, "without_local_place_share"] = True
    found = render_map(with_table(released, "sufficiency_area", table, hidden), inputs, make_record())
    assert "98700" not in found
    assert "0.98765" not in found
    data = data_of(found)
    row = table.loc[first]
    place = [area["id"] for area in data["areas"]].index(row["area_id"])
    year = [entry["year"] for entry in data["years"]].index(2028)
    columns = data["figures"][row["scenario_id"]][row["policy"]]
    for column in (
        "demand_pupils",
        "without_local_place_pupils",
        "without_local_place_share",
        "placed_own_district_share",
    ):
        assert columns[column][place][year] == "c"


def test_a_hidden_change_hides_the_change_of_the_share_too(released: Released, inputs: Inputs) -> None:
    table, hidden = released.tables["comparison_area"], released.hidden["comparison_area"].copy()
    chosen = (
        (table["measure"] == "without_local_place_pupils")
        & (table["scenario_id"] == "programme")
        & (table["against_id"] == "committed")
        & (table["policy"] == "optimal")
        & (table["year"] == 2028)
        & (table["area_id"] == "E07000181")
    )
    assert chosen.sum() == 1
    hidden.loc[chosen, "change"] = True
    data = data_of(render_map(with_table(released, "comparison_area", table, hidden), inputs, make_record()))
    place = [area["id"] for area in data["areas"]].index("E07000181")
    year = [entry["year"] for entry in data["years"]].index(2028)
    for column in ("without_local_place_pupils", "without_local_place_share"):
        assert data["changes"]["programme"]["optimal"][column][place][year] == "c"


def test_change_is_after_less_before(text: str) -> None:
    data = data_of(text)
    for column in ("without_local_place_pupils", "capacity_places"):
        before = data["figures"]["committed"]["optimal"][column]
        after = data["figures"]["programme"]["optimal"][column]
        change = data["changes"]["programme"]["optimal"][column]
        for area, years in enumerate(change):
            for year, value in enumerate(years):
                given = column not in maps_figures.DISTRICT_ONLY or data["areas"][area]["level"] != "cluster"
                if not given:
                    assert value is None
                elif value != "c":
                    assert value == after[area][year] - before[area][year]


def test_nothing_below_a_cluster_and_no_unpublished_capacity_is_in_the_file(released: Released, inputs: Inputs) -> None:
    table = released.tables["sufficiency_area"]
    zone = table[table["level"] == "cluster"].head(1).assign(level="zone", area_id="zone-canary", demand_pupils=654_321)
    more = pd.concat([table, zone], ignore_index=True)
    mask = pd.concat(
        [released.hidden["sufficiency_area"], released.hidden["sufficiency_area"].head(1)], ignore_index=True
    )
    places = inputs.places.copy()
    places["planned_places"] = [86_420 if basis == "published" else 97_531 for basis in places["basis"]]
    places["on_roll_pupils"] = 75_319
    zones = inputs.zones.assign(zone_name="zone-name-canary")
    origins = inputs.origins.assign(origin_id="origin-canary", zone_id="origin-zone-canary")
    changed = dataclasses.replace(inputs, places=places, zones=zones, origins=origins)
    found = render_map(with_table(released, "sufficiency_area", more, mask), changed, make_record())
    for canary in (
        "zone-canary",
        "654321",
        "97531",
        "75319",
        "zone-name-canary",
        "origin-canary",
        "origin-zone-canary",
    ):
        assert canary not in found
    assert "86420" in found, "a published capacity is shown"


def test_geometry_is_that_of_areas_only_and_rounded(text: str, inputs: Inputs) -> None:
    shapes = re.findall(r"geo_json_\d+_add\((\{.*?\})\);", text)
    counted = sorted(len(json.loads(shape)["features"]) for shape in shapes)
    levels = inputs.areas["level"].value_counts()
    assert counted == sorted(
        [levels["district"], levels["cluster"], 1, 1, 1, len(set(inputs.roads.edges["road_class"]))]
    )
    for shape in shapes:
        for entry in json.loads(shape)["features"]:
            assert set(entry["properties"]) <= {"i", "style"}
    assert not re.search(r"\d\.\d{6,}", "".join(shapes))


def test_inputs_and_tables_are_left_as_they_were(released: Released, inputs: Inputs) -> None:
    tables = {name: table.copy() for name, table in released.tables.items()}
    settings, areas = inputs.settings.copy(), inputs.areas.copy()
    render_map(released, inputs, make_record())
    for name, table in tables.items():
        pd.testing.assert_frame_equal(released.tables[name], table)
    pd.testing.assert_frame_equal(pd.DataFrame(inputs.settings), pd.DataFrame(settings))
    pd.testing.assert_frame_equal(pd.DataFrame(inputs.areas), pd.DataFrame(areas))


def test_legends_hold_every_figure_of_every_year_and_scenario(text: str) -> None:
    data = data_of(text)
    for column, policies in data["scales"].items():
        for policy, levels in policies.items():
            for level, kinds in levels.items():
                for kind, source in (("figure", data["figures"]), ("change", data["changes"])):
                    scale = kinds[kind]
                    assert len(scale["labels"]) == len(scale["colours"])
                    for columns in (found[policy][column] for found in source.values()):
                        for place, area in enumerate(data["areas"]):
                            if area["level"] == level:
                                numbers = [value for value in columns[place] if isinstance(value, int | float)]
                                assert all(
                                    scale["breaks"][0] - 1e-9 <= value <= scale["breaks"][-1] + 1e-9
                                    for value in numbers
                                )


# --- text that tries to run


def test_hostile_names_travel_as_data_and_never_as_markup(hostile: str, text: str) -> None:
    page, plain = Page(hostile), Page(text)
    assert page.faults == []
    assert len(page.scripts) == len(plain.scripts)
    assert "<img" not in hostile
    assert "<script>document" not in hostile
    data = data_of(hostile)
    assert {setting["name"].rsplit(" ", 1)[0] for setting in data["settings"]} == set(PAYLOADS)
    assert data["areas"][0]["name"] == f"{PAYLOADS[0]} 0"
    assert next(entry["title"] for entry in data["scenarios"] if entry["id"] == "hostile") == PAYLOADS[1]


def test_folium_is_given_no_text_from_the_data(hostile: str, text: str) -> None:
    def written_by_folium(source: str) -> str:
        return Page(source).scripts[-1][1]

    for payload in PAYLOADS:
        assert payload not in written_by_folium(hostile)
    assert "Witney" in text
    assert "Witney" not in written_by_folium(text)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_in_a_script_reads_back_and_cannot_end_it(value: object) -> None:
    out = maps_assets.json_for_script(value)
    assert json.loads(out) == value
    assert not set("<>&\u2028\u2029") & set(out)


def test_a_number_that_json_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        maps_assets.json_for_script({"value": float("nan")})


def test_leaflet_files_that_were_not_reviewed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(maps_assets.DIGESTS, "leaflet.js", "0" * 64)
    with pytest.raises(DataError, match="digest"):
        maps_assets.leaflet_script()
