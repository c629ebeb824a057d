"""The map's further layers in a real browser: they answer the controls, agree with the table, and ask nobody."""

from __future__ import annotations

import base64
import csv
import dataclasses
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sufficiency.outputs.maps import data as maps_data
from sufficiency.outputs.maps.page import write_map
from tests.browser import Driver, chromium
from tests.hostile_map import PAYLOADS, hostile_inputs, hostile_released
from tests.map_layers import hand_drawn_reach, make_internal, with_tiles
from tests.released_fixture import make_inputs_facts, make_record, make_released

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sufficiency.model.results import Inputs, Released

pytestmark = pytest.mark.browser

BODY = """
  const cells = (row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent);
  return Object.fromEntries([...document.querySelectorAll("#figures tbody tr")].map((row) =>
    [row.querySelector("th").textContent, cells(row)]));
"""
HEADS = "return [...document.querySelectorAll('#figures-head th')].map((cell) => cell.textContent)"
LEGEND = "return [...document.querySelectorAll('#legend-classes li')].map((row) => row.textContent)"
OVERLAPS = """
  const boxes = [...document.querySelectorAll(".label:not([hidden])")].map((node) => node.getBoundingClientRect());
  let found = 0;
  boxes.forEach((a, place) => boxes.slice(place + 1).forEach((b) => {
    if (a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top) found += 1;
  }));
  return [found, boxes.length];
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("layers")


def write(released: Released, inputs: Inputs, path: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps_data, "reach_of", hand_drawn_reach)
        write_map(released, inputs, make_record(), path)
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    return write(make_released(), make_inputs_facts(), folder / "map.html")


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Driver]:
    with Driver(folder) as driver:
        yield driver


@pytest.fixture
def fresh(window: Driver, page: Path) -> Driver:
    window.open("about:blank")
    window.open(page.as_uri())
    assert window.run("return document.body.dataset.ready") == "yes"
    return window


# --- which pupils


def test_a_group_of_pupils_moves_map_table_legend_and_headline_together(fresh: Driver) -> None:
    fresh.click("#pupils option[value='phase:secondary']")
    table, mask = (of["sufficiency_district_phase"] for of in (make_released().tables, make_released().hidden))
    for year, label in ((2028, "2028/29"), (2029, "2029/30")):
        chosen = (
            (table["scenario_id"] == "do_nothing")
            & (table["policy"] == "optimal")
            & (table["year"] == year)
            & (table["phase"] == "secondary")
        )
        shown: dict[str, list[str]] = fresh.run(BODY)
        assert len(shown) == 6
        for row, covered in zip(table[chosen].to_dict("records"), mask[chosen].to_dict("records"), strict=True):
            for place, column in enumerate(("demand_pupils", "placed_local_pupils", "without_local_place_pupils")):
                assert shown[row["area_name"]][place] == ("c" if covered[column] else f"{row[column]:,}")
        assert f"{label}" in fresh.text("#figures-caption")
        assert "secondary pupils who need a specialist place" in fresh.text("#finding")
        assert "pupils: Secondary (Year 7 to Year 11)" in fresh.text("#subtitle")
        counts = fresh.run(
            "return [...document.querySelectorAll('#legend-classes .count')].map((n) => Number(n.textContent))"
        )
        assert sum(counts) == 5
        fresh.keys("#year", "\ue014")
    assert fresh.run("return document.getElementById('level-cluster').disabled") is True
    assert "figures are given for districts only" in fresh.text("#pupils-note")


def test_a_measure_that_a_group_lacks_is_of_all_pupils_again(fresh: Driver) -> None:
    fresh.click("#pupils option[value='need:semh']")
    fresh.click("#measure option[value=location_balance_places]")
    assert fresh.run("return document.getElementById('pupils').value") == "all"
    fresh.click("#pupils option[value='need:semh']")
    assert fresh.run("return document.getElementById('measure').value") == "without_local_place_share"


def test_the_download_of_a_group_is_its_table(fresh: Driver, folder: Path) -> None:
    fresh.click("#pupils option[value='need:semh']")
    shown: dict[str, list[str]] = fresh.run(BODY)
    with fresh.page.expect_download() as waiting:
        fresh.click("#download")
    assert waiting.value.suggested_filename == "sufficiency-need-semh-do_nothing-optimal-2028-29.csv"
    waiting.value.save_as(folder / "group.csv")
    rows = list(csv.DictReader((folder / "group.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["area_name"] for row in rows] == list(shown)
    assert {row["pupils"] for row in rows} == {"need:semh"}
    for row in rows:
        assert [row["demand_pupils"], row["without_local_place_pupils"]] == [
            shown[row["area_name"]][0],
            shown[row["area_name"]][2],
        ]


# --- who gains


def test_who_gains_is_shown_of_a_change_and_in_its_table(fresh: Driver) -> None:
    fresh.click("#measure option[value=better_off_pupils]")
    assert fresh.run("return document.getElementById('view-change').checked") is True
    assert "pupils are better off with the capital programme than with committed schemes only" in fresh.text("#finding")
    heads = fresh.run(HEADS)
    assert heads[-2:] == ["Better off", "Worse off"]
    table = make_released().tables["comparison_area"]
    row = table[
        (table["scenario_id"] == "programme")
        & (table["against_id"] == "committed")
        & (table["policy"] == "optimal")
        & (table["year"] == 2028)
        & (table["area_id"] == "E07000181")
        & (table["measure"] == "without_local_place_pupils")
    ].iloc[0]
    assert fresh.run(BODY)["West Oxfordshire"][-2:] == [str(row["better_off_pupils"]), str(row["worse_off_pupils"])]
    labels = fresh.run("return [...document.querySelectorAll('.label.area')].map((node) => node.textContent)")
    assert f"West\nOxfordshire\n{row['better_off_pupils']}" in labels or (
        f"West Oxfordshire\n{row['better_off_pupils']}" in labels
    )
    fresh.click("#view-before")
    assert fresh.run("return document.getElementById('measure').value") == "without_local_place_share"


# --- reach


def test_reach_is_drawn_in_bands_with_the_far_ground_hatched(fresh: Driver) -> None:
    fills = "return [...document.querySelectorAll('.leaflet-reach-pane path')].map((path) => path.getAttribute('fill'))"
    assert fresh.run(fills) == []
    fresh.click("#measure option[value=reach_special_school]")
    assert sorted(fresh.run(fills)) == sorted(["#FFF3C4", "#FED98E", "#FE9929", "url(#hatch-far)"])
    assert fresh.run("return document.getElementById('pupils').value") == "phase:secondary"
    assert fresh.run(LEGEND)[-1] == "beyond 45 minutes, or no way by road30%"
    assert fresh.run(BODY)["Oxfordshire"] == ["10%", "20%", "40%", "30%"]
    assert fresh.text("#subtitle").startswith(
        "Minutes to the nearest open special school, minutes one way, direct by car, in the school morning"
    )
    assert "policy:" not in fresh.text("#subtitle")
    for control in ("view-change", "policy"):
        assert fresh.run(f"return document.getElementById('{control}').disabled") is True
    fresh.click("#view-after")
    assert sorted(fresh.run(fills)) == ["#FED98E", "#FFF3C4"]
    assert fresh.run(LEGEND)[-1] == "nowhere beyond 45 minutes0%"
    assert "all of Oxfordshire lies within 45 minutes by car" in fresh.text("#finding")
    overlapping, labels = fresh.run(OVERLAPS)
    assert overlapping == 0
    assert labels >= 10


def test_the_year_moves_reach_and_no_open_setting_leaves_all_the_land_beyond(fresh: Driver) -> None:
    fresh.click("#measure option[value=reach_specialist_base]")
    fresh.click("#pupils option[value='phase:post_16']")
    fresh.click("#scenario option[value=do_nothing]")
    fills = """
      const paths = [...document.querySelectorAll(".leaflet-reach-pane path")];
      return [...new Set(paths.map((path) => path.getAttribute("fill")))];
    """
    assert fresh.run(fills) == ["url(#hatch-far)"]
    assert fresh.text("#finding").startswith("In 2028/29, if nothing more opens, no specialist base for post-16 pupils")
    fresh.click("#scenario option[value=programme]")
    assert fresh.run(BODY)["Oxfordshire"] == ["60%", "40%", "0%", "0%"]
    fresh.keys("#year", "\ue012")
    assert fresh.run(BODY)["Oxfordshire"] == ["10%", "20%", "40%", "30%"]


def test_settings_that_do_not_count_stand_back(fresh: Driver) -> None:
    fresh.click("#measure option[value=reach_special_school]")
    faint = fresh.run(
        "return [...document.querySelectorAll('.symbol.faint')].map((node) => node.getAttribute('aria-label'))"
    )
    full = fresh.run(
        "return [...document.querySelectorAll('.symbol:not(.faint)')].map((node) => node.getAttribute('aria-label'))"
    )
    assert [name.split(",")[0] for name in full] == ["Northfield School"]
    assert len(faint) >= 6


# --- unserved areas


def test_unserved_land_moves_with_pupils_scenario_and_year(fresh: Driver) -> None:
    fresh.click("#measure option[value=unserved_land_share]")
    # seven tenths: 40 % from 30 to 45 minutes, 30 % beyond
    assert fresh.text("#finding").startswith(
        "In 2028/29, if nothing more opens, 70% of the land of Oxfordshire has no special school or specialist base "
        "within 30 minutes by car for some age or broad area of need, most of all in "
    )
    assert fresh.run(BODY)["Oxfordshire"] == ["70%", "10%", "20%", "40%", "30%"]
    assert fresh.run("return [...document.querySelectorAll('.headline strong')].map((node) => node.textContent)") == [
        "70%", "10%", "30%",
    ]  # fmt: skip
    assert fresh.text(".headline:first-child em").split("\n") == ["Committed: 70%", "Programme: 10%"]
    assert "policy" not in fresh.text("#subtitle")
    assert fresh.run("return ['policy', 'view-change'].map((id) => document.getElementById(id).disabled)") == [True] * 2
    fresh.click("#view-after")
    rows = fresh.run(BODY)
    assert rows["Oxfordshire"] == ["10%", "60%", "30%", "10%", "0%"]
    assert rows["West Oxfordshire"] == ["0%", "70%", "30%", "0%", "0%"]
    small = make_released().tables["sufficiency_area"]
    assert len(rows) == small["area_id"].nunique()
    assert len([name for name, cells in rows.items() if cells == ["z"] * 5]) == 1
    fresh.click("#pupils option[value='need:semh']")
    assert fresh.run(BODY)["West Oxfordshire"] == ["100%", "0%", "0%", "20%", "80%"]
    assert "for some age of pupils with social, emotional and mental health needs" in fresh.text("#finding")
    assert "pupils: Social, emotional and mental health" in fresh.text("#subtitle")
    fresh.click("#level-cluster")
    assert fresh.run("return document.getElementById('measure').value") == "unserved_land_share"
    counts = fresh.run(
        "return [...document.querySelectorAll('#legend-classes .count')].map((n) => Number(n.textContent))"
    )
    assert sum(counts) == 17
    other = "return document.querySelector(\"#pupils option[value='need:other_or_not_recorded']\").disabled"
    assert fresh.run(other) is True
    # no setting is near enough for anybody: all of them stand back
    assert fresh.run("return document.querySelectorAll('.symbol:not(.faint)').length") == 0
    fresh.click("#measure option[value=location_balance_places]")
    assert fresh.run("return document.getElementById('pupils').value") == "all"
    assert fresh.run(other) is False


def test_the_download_of_unserved_land_is_its_table(fresh: Driver, folder: Path) -> None:
    fresh.click("#measure option[value=unserved_land_share]")
    fresh.click("#pupils option[value='phase:primary']")
    shown: dict[str, list[str]] = fresh.run(BODY)
    with fresh.page.expect_download() as waiting:
        fresh.click("#download")
    assert waiting.value.suggested_filename == ("sufficiency-unserved-land-share-phase-primary-do_nothing-2028-29.csv")
    waiting.value.save_as(folder / "unserved.csv")
    rows = list(csv.DictReader((folder / "unserved.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["area_name"] for row in rows] == list(shown)
    assert {(row["pupils"], row["policy"]) for row in rows} == {("phase:primary", "")}
    assert {round(float(row["unserved_land_share"]), 4) for row in rows} == {0.7}
    assert {row["land_30_to_45_min_share"] for row in rows} == {"0.4"}


# --- schemes


def card_of(released: Released, folder: Path, window: Driver, scheme: str) -> str:
    path = write(released, make_inputs_facts(), folder / "card.html")
    window.open("about:blank")
    window.open(f"{path.as_uri()}#scheme={scheme}")
    window.run("document.getElementById('schemes-details').open = true")
    return window.text("#scheme-card")


def test_a_scheme_without_headline_places_says_nothing_of_them(folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["schemes"].copy()
    table["places_when_complete"] = table["places_when_complete"].astype("Int64")
    table["first_year"] = table["first_year"].astype("Int64")
    table.loc[0, ["places_when_complete", "first_year"]] = pd.NA
    table.loc[1, "places_when_complete"] = 1
    changed = {**released.tables, "schemes": table}
    card = card_of(dataclasses.replace(released, tables=changed), folder, window, table["scheme_id"][0])
    assert "Places when complete" not in card
    options = window.run("return [...document.getElementById('scheme').options].map((option) => option.textContent)")
    assert table["scheme_name"][0] in options
    assert any(text.startswith(f"{table['scheme_name'][1]} · 1 place · 20") for text in options)
    assert not [text for text in options if " z " in text or text.endswith("· ")]


def test_a_scheme_is_told_before_and_after(folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["sufficiency_area"]
    county = table[
        (table["level"] == "county") & (table["scenario_id"] == "programme") & (table["policy"] == "optimal")
    ]
    lacking = county.set_index("year")["without_local_place_pupils"]
    effects = pd.DataFrame(
        {
            "scenario_id": "programme", "year": [2028, 2029], "scheme_id": "didcot-special", "places": [88, 120],
            "placed_pupils": [88, 91], "mean_min": [5.1, 6.4], "nearest_other_min": [15.2, 15.2],
            "left_out_local_pupils": [41, 40], "left_out_placed_pupils": [7, 6],
            "left_out_travel_min_per_day": [-1_600.0, 90.0],
            "homes": ["South Oxfordshire 74", ""], "homes_rest_pupils": [14, 91],
        }
    )  # fmt: skip
    mask = pd.DataFrame(data=False, index=effects.index, columns=effects.columns)
    mask.loc[1, "left_out_placed_pupils"] = True
    built = dataclasses.replace(
        released,
        tables={**released.tables, "scheme_effects": effects},
        hidden={**released.hidden, "scheme_effects": mask},
    )
    card = card_of(built, folder, window, "didcot-special")
    rows = dict(
        window.run("""
      return [...document.querySelectorAll("#scheme-card .effects tbody tr")].map((row) =>
        [row.children[0].textContent, [...row.children].slice(1).map((cell) => cell.textContent)]);
    """)
    )
    assert rows["Places open"] == ["88", "120"]
    assert rows["Pupils who would hold one"] == ["88", "91"]
    assert rows["Their journey, minutes one way"] == ["5", "6"]
    assert rows["Without a local place in the county, with the scheme"] == [
        f"{lacking[year]:,}" for year in (2028, 2029)
    ]
    assert rows["Without a local place in the county, without it"] == [
        f"{lacking[2028] + 41:,}",
        f"{lacking[2029] + 40:,}",
    ]
    assert rows["Pupils who have a local place only with it"] == ["41", "40"]
    assert rows["Of these, with no modelled place without it"] == ["7", "c"]
    # 1,600 minutes are nearly 27 hours, 90 are one and a half
    assert rows["Travel of all pupils with it less without it, hours a day"] == ["−27", "+2"]
    assert "Homes of those pupils, 2028/29: South Oxfordshire 74; elsewhere 14." in card
    assert "Homes of those pupils, 2029/30: elsewhere 91." in card


def test_a_scheme_is_chosen_by_keyboard_ringed_and_told(fresh: Driver) -> None:
    fresh.run("document.getElementById('schemes-details').open = true; document.getElementById('scheme').focus()")
    fresh.press("ArrowDown", "ArrowDown")
    chosen = fresh.run("return document.getElementById('scheme').value")
    scheme = make_released().tables["schemes"].set_index("scheme_id").loc[chosen]
    card = fresh.text("#scheme-card")
    assert fresh.text("#scheme-card h3") == scheme["scheme_name"]
    facts = fresh.run(
        """
        const names = [...document.querySelectorAll("#scheme-card dt")];
        return Object.fromEntries(names.map((name) => [name.textContent, name.nextSibling.textContent]));
        """
    )
    assert facts["Places when complete"] == str(scheme["places_when_complete"])
    assert facts["Funding"] == scheme["funding_status"]
    assert "Illustrative" in card
    assert "The scenario shown, Do nothing, does not hold this scheme." in card
    names = fresh.run("return [...document.querySelectorAll('.site')].map((node) => node.getAttribute('aria-label'))")
    assert names == [f"Site of the scheme: {scheme['scheme_name']}"]
    fresh.click("#schemes-change")
    assert fresh.run("return document.getElementById('measure').value") == "better_off_pupils"
    fresh.run("document.getElementById('scheme').focus()")
    fresh.press("Home")
    assert fresh.run("return document.querySelectorAll('.site').length") == 0


# --- search


def search_for(driver: Driver, words: str) -> list[str]:
    driver.run("document.getElementById('search').value = ''; document.getElementById('search').focus()")
    driver.press(*words)
    found: list[str] = driver.run(
        "return [...document.querySelectorAll('#search-list li')].map((node) => node.textContent)"
    )
    return found


def test_search_goes_to_an_area_by_keyboard_alone(fresh: Driver) -> None:
    assert search_for(fresh, "oxford")[:2] == ["OxfordDistrict", "OxfordshireCounty"]
    expanded = "return document.getElementById('search').getAttribute('aria-expanded')"
    assert fresh.run(expanded) == "true"
    fresh.press("ArrowDown")
    active = fresh.run("return document.getElementById('search').getAttribute('aria-activedescendant')")
    assert fresh.text(f"#{active}") == "OxfordDistrict"
    fresh.press("Enter")
    assert fresh.run(expanded) == "false"
    assert fresh.text("#search-status") == "Oxford, district, is shown and selected"
    assert fresh.text("tr.selected th") == "Oxford"
    search_for(fresh, "faring")
    fresh.press("Enter")
    assert fresh.run("return document.getElementById('level-cluster').checked") is True
    assert fresh.text("tr.selected th") == "Faringdon"


def test_search_opens_the_card_of_a_setting_and_the_facts_of_a_scheme(fresh: Driver) -> None:
    assert search_for(fresh, "northf") == ["Northfield SchoolSpecial school"]
    fresh.press("Enter")
    assert fresh.text(".leaflet-popup .card h2") == "Northfield School"
    assert search_for(fresh, "base 2")[-1].endswith("Scheme")
    fresh.press("ArrowUp", "Enter")
    assert fresh.text("#scheme-card h3") == "Base 2, Abingdon (illustrative)"


def test_search_says_so_when_nothing_has_the_name(fresh: Driver) -> None:
    assert search_for(fresh, "atlantis") == []
    assert fresh.text("#search-status") == "Nothing is called atlantis"
    assert fresh.run("return document.getElementById('search-none').hidden") is False
    fresh.press("Escape")
    assert fresh.run("return document.getElementById('search').value") == ""
    assert fresh.run("return document.getElementById('search-none').hidden") is True


# --- pictures from a server


def test_pictures_are_asked_for_only_when_ticked_and_of_the_one_host(window: Driver, folder: Path) -> None:
    path = write(make_released(), with_tiles(make_inputs_facts()), folder / "tiles.html")
    window.open(path.as_uri())
    assert window.run("return document.getElementById('pictures-shown').checked") is False
    assert window.text("label[for=pictures-shown]") == "Online base map (asks tiles.example.org for pictures)"
    assert window.requests() == []
    window.click("#pictures-shown")
    window.settled("return document.querySelectorAll('.leaflet-tile').length > 0", wanted=True)
    asked = window.requests()
    assert asked
    assert all(address.startswith("https://tiles.example.org/") for address in asked)
    assert "© <b>Example</b> maps" in window.text(".leaflet-control-attribution")
    window.run("const image = new Image(); image.src = 'https://elsewhere.invalid/x.png'")
    assert any("elsewhere.invalid" in told and "Content Security Policy" in told for told in window.errors())


def test_a_map_without_pictures_has_no_box_for_them_and_asks_nobody(fresh: Driver) -> None:
    assert fresh.run("return document.getElementById('pictures-shown')") is None
    for measure in ("reach_special_school", "better_off_pupils", "without_local_place_share"):
        fresh.click(f"#measure option[value={measure}]")
    assert fresh.requests() == []
    assert fresh.errors() == []


# --- the internal build


def test_the_internal_map_is_marked_and_shows_zones_uses_and_chosen_flows(window: Driver, folder: Path) -> None:
    released, inputs = make_internal()
    window.open(write(released, inputs, folder / "internal.html").as_uri())
    assert window.text(".internal-mark") == "Internal: not for publication"
    assert "INTERNAL: NOT FOR PUBLICATION" in window.text(".watermark text")
    window.click("#level-zone")
    assert window.run("return document.querySelectorAll('.leaflet-areas-pane path').length") == 34
    assert window.run("return document.querySelectorAll('#figures tr.zone').length") == 34
    assert window.run(BODY)["Banbury west"][0] == "10"
    window.click("#badges-shown")
    badges = "return [...document.querySelectorAll('.label.badge:not([hidden])')].map((node) => node.textContent)"
    assert sorted(window.run(badges)) == ["105%", "95%"]
    assert window.run(OVERLAPS)[0] == 0
    lines = "return document.querySelectorAll('.leaflet-flows-pane path[fill]:not([fill=none])').length"
    window.click("#desire-shown")
    assert window.run(lines) == 0
    assert window.text("#desire-note") == "Choose a cluster or a setting"
    window.click("#level-cluster")
    window.run("document.querySelector('tr.cluster .pick').click()")
    assert window.text("tr.selected th") == "Banbury"
    assert window.text("#desire-note") == "Banbury: 2 flows drawn"
    assert window.run(lines) == 2


def test_the_card_of_a_setting_says_how_full_it_is_in_the_internal_map_alone(
    window: Driver, page: Path, folder: Path
) -> None:
    for path, words in ((folder / "internal.html", True), (page, False)):
        window.open(path.as_uri())
        search_for(window, "northf")
        window.press("Enter")
        card = window.text(".leaflet-popup .card")
        for fact in (
            "Planned places100",
            "Commissioned80",
            "Pupils placed95 (modelled, 2028/29)",
            "Spare places5",
            "Occupancy97%",
        ):
            assert (fact in card) is words


def test_the_internal_mark_is_printed(window: Driver, folder: Path) -> None:
    window.open((folder / "internal.html").as_uri())
    window.command("Emulation.setEmulatedMedia", media="print")
    try:
        assert window.run("return document.querySelector('.internal-mark').offsetHeight") > 0
        assert window.run("return document.querySelector('.watermark').getBoundingClientRect().height") > 0
    finally:
        window.command("Emulation.setEmulatedMedia", media="")


# --- widths, and text that stays text


@pytest.mark.parametrize("width", [1400, 1024, 820, 390])
def test_no_layer_is_cut_off_at_any_width(fresh: Driver, width: int) -> None:
    fresh.resize(width, 900)
    try:
        for choice in (
            "#pupils option[value='need:communication_and_interaction']",
            "#measure option[value=worse_off_pupils]",
            "#measure option[value=reach_specialist_base]",
        ):
            fresh.click(choice)
            assert fresh.run("return document.documentElement.scrollWidth") == width
            room, wide = fresh.run(
                "return [document.getElementById('table').clientWidth, document.getElementById('figures').offsetWidth]"
            )
            assert wide <= room
    finally:
        fresh.resize(*fresh.size)


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_a_long_choice_is_read_whole_in_its_box(fresh: Driver, width: int) -> None:
    fresh.resize(width, 900)
    cut = """
      const pen = document.createElement("canvas").getContext("2d");
      return [...document.querySelectorAll("#controls select")].filter((list) => {
        const look = getComputedStyle(list);
        pen.font = look.font;
        const words = list.selectedOptions[0].textContent;
        const room = list.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
        return pen.measureText(words).width > room;
      }).map((list) => list.id);
    """
    try:
        for choice in ("#pupils option[value='need:semh']", "#measure option[value=location_balance_places]"):
            fresh.click(choice)
            assert fresh.run(cut) == []
        assert fresh.run("return document.documentElement.scrollWidth") == width
    finally:
        fresh.resize(*fresh.size)


def test_every_layer_prints_on_one_page_to_its_last_line(fresh: Driver) -> None:
    for choice in ("#measure option[value=worse_off_pupils]", "#measure option[value=reach_special_school]"):
        fresh.click(choice)
        printed = fresh.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        assert len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed))) == 1
        fresh.run("window.dispatchEvent(new Event('beforeprint'))")
        bottom, last = fresh.run(
            """
            const foot = document.querySelector(".foot").getBoundingClientRect();
            return [document.querySelector(".panel").getBoundingClientRect().bottom, foot.bottom];
            """
        )
        fresh.run("window.dispatchEvent(new Event('afterprint'))")
        assert last <= bottom + 1


def hostile_schemes() -> tuple[Released, Inputs]:
    released, inputs = hostile_released(), hostile_inputs()
    table = released.tables["schemes"].copy()
    for column in ("scheme_name", "cluster_name", "funding_line", "funding_status", "rationale", "delivery_rag"):
        table[column] = [f"{PAYLOADS[place % len(PAYLOADS)]} {place}" for place in range(len(table))]
    effects = pd.DataFrame(
        {"scenario_id": "programme", "year": 2028, "scheme_id": table["scheme_id"], "places": 40, "placed_pupils": 30,
         "mean_min": 5.0, "nearest_other_min": 9.0, "homes": PAYLOADS[0], "homes_rest_pupils": 0}
    )  # fmt: skip
    changed = {"schemes": table, "scheme_effects": effects}
    return dataclasses.replace(released, tables=MappingProxyType({**released.tables, **changed})), inputs


def test_no_text_of_the_layers_runs(window: Driver, folder: Path) -> None:
    path = write(*hostile_schemes(), folder / "hostile-layers.html")
    window.open(path.as_uri())
    title = window.run("return document.title")
    for words in ("img", "script", "document"):
        assert search_for(window, words)
        window.press("ArrowUp", "Enter")
    window.run("document.getElementById('schemes-details').open = true")
    for scheme in window.run("return [...document.getElementById('scheme').options].map((option) => option.value)"):
        shown: dict[str, Any] = window.run(
            """
            const list = document.getElementById("scheme");
            list.value = arguments[0];
            list.dispatchEvent(new Event("change"));
            const made = document.querySelectorAll("#scheme-card img, #scheme-card script").length;
            return { title: document.title, images: made };
            """,
            scheme,
        )
        assert shown["images"] == 0
        assert "broken" not in shown["title"] or shown["title"] == title
    assert window.run("return document.querySelectorAll('#search-list img, .label img, .card img').length") == 0
    assert window.errors() == []
