"""The internal map in a real browser: clean in every state, worked by keyboard, marked, and no text in it runs."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from sufficiency.outputs.maps import data as maps_data
from sufficiency.outputs.maps.page import write_map
from tests.browser import Driver, chromium
from tests.end_to_end.test_accessibility import (
    bring_about,
    choices,
    every_pair,
    focus_by_tab,
    page_window,
    violations,
    walk,
    weak,
)
from tests.end_to_end.test_injection import bad_cell, plain
from tests.hostile_texts import PAYLOADS, dealt, hostile_bundle, some_years
from tests.html_page import Page
from tests.map_layers import hand_drawn_reach, make_internal
from tests.released_fixture import make_inputs_facts, make_record, make_released

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sufficiency.model.results import Inputs, Released

pytestmark = pytest.mark.browser

MARK = "Internal: not for publication"
WIDTHS = (1400, 820, 390)
LINES = "return document.querySelectorAll('.leaflet-flows-pane path[fill]:not([fill=none])').length"
ROWS = """
  return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map((row) =>
    [...row.children].map((cell) => cell.textContent));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("internal")


def write(released: Released, inputs: Inputs, path: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps_data, "reach_of", hand_drawn_reach)
        write_map(released, inputs, make_record(), path)
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return write(*make_internal(), folder / "internal.html").as_uri()


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Driver]:
    with page_window(folder) as driver:
        yield driver


@pytest.fixture
def fresh(window: Driver, page: str) -> Driver:
    window.open("about:blank")
    window.open(page)
    assert window.run("return document.body.dataset.ready") == "yes"
    return window


# --- every state


def choose_area(driver: Driver, name: str) -> None:
    """Press the row of an area as a reader does, unless it is chosen already."""
    driver.run(
        """
        const rows = [...document.querySelectorAll("#figures tbody tr")];
        const row = rows.find((one) => one.querySelector("th").textContent === arguments[0]);
        if (row && !row.classList.contains("selected")) row.querySelector(".pick").click();
        """,
        name,
    )


def test_axe_finds_nothing_in_any_state_of_the_internal_map(fresh: Driver) -> None:
    options = choices(fresh)
    assert {"level", "badges-shown", "desire-shown", "measure", "year", "view"} <= set(options)
    assert "level-zone" in options["level"]
    states = every_pair({**options, "area": ["", "Banbury", "Banbury west"]})
    for state in states:
        bring_about(fresh, state)
        choose_area(fresh, state["area"])
        assert violations(fresh) == [], state
        assert weak(fresh) == [], state
    assert fresh.run("return checks.texts()") > 100
    assert violations(fresh, contrast=True) == []
    assert fresh.errors() == []
    assert fresh.requests() == []


def test_axe_finds_nothing_in_print_or_in_forced_colours(fresh: Driver) -> None:
    for level in ("cluster", "zone"):
        fresh.run(f"document.getElementById('level-{level}').click()")
        fresh.run("window.dispatchEvent(new Event('beforeprint'))")
        fresh.page.emulate_media(media="print")
        try:
            assert [line for line in violations(fresh) if not line.startswith("target-size")] == []
            assert weak(fresh) == []
            assert fresh.run("return document.querySelector('.internal-mark').offsetHeight") > 0
            assert fresh.run("return document.querySelector('.watermark').getBoundingClientRect().height") > 0
        finally:
            fresh.run("window.dispatchEvent(new Event('afterprint'))")
            fresh.page.emulate_media(media="screen")
    fresh.page.emulate_media(forced_colors="active")
    try:
        assert violations(fresh) == []
        assert weak(fresh) == []
    finally:
        fresh.page.emulate_media(forced_colors="none")


# --- by keyboard alone


def test_the_focus_goes_through_the_internal_page_in_order_and_shows_everywhere(fresh: Driver) -> None:
    fresh.run("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    fresh.run("checks.number()")
    there = walk(fresh, "Tab")
    assert [at["name"] for at in there if not at["drawn"] or at["contrast"] < 3] == []
    places = [at["at"] for at in there]
    assert places == sorted(places)
    assert set(fresh.run("return checks.reachable()")) == set(places)
    assert {"badges-shown", "desire-shown"} <= {at["name"] for at in there}


def test_zones_uses_and_flows_are_shown_by_keyboard(fresh: Driver) -> None:
    focus_by_tab(fresh, "level-district")
    fresh.press("ArrowRight", "ArrowRight")
    assert fresh.run("return document.getElementById('level-zone').checked") is True
    fresh.press("ArrowLeft")
    for name in ("badges-shown", "desire-shown"):
        focus_by_tab(fresh, name)
        fresh.press("Space")
        assert fresh.run(f"return document.getElementById('{name}').checked") is True
    assert fresh.text("#desire-note") == "Choose a cluster or a setting"
    fresh.run("[...document.querySelectorAll('tr.cluster .pick')].find((one) => one.textContent === 'Banbury').focus()")
    fresh.press("Enter")
    assert fresh.run(LINES) == 2
    # a setting: its card is opened by keyboard, and the flows to it are drawn until the card is closed
    fresh.press("Enter")
    assert fresh.run(LINES) == 0
    fresh.run("document.querySelector('.symbol[aria-label^=\"Northfield School\"]').focus()")
    fresh.press("Enter")
    assert fresh.run(LINES) == 2
    assert fresh.text("#desire-note") == "Northfield School: 2 flows drawn"
    fresh.press("Escape")
    assert fresh.run(LINES) == 2
    focus_by_tab(fresh, "desire-shown")
    fresh.press("Space")
    assert fresh.run(LINES) == 0


def test_the_flows_that_are_drawn_stand_in_a_table(fresh: Driver) -> None:
    """The map's lines cannot be reached by keyboard: the same figures stand in a table, largest first."""
    assert fresh.run("return document.getElementById('desire-details').hidden") is True
    fresh.run("document.getElementById('desire-shown').click(); document.getElementById('level-cluster').click()")
    assert fresh.run("return document.getElementById('desire-details').hidden") is False
    assert fresh.run(ROWS, "desire") == []
    choose_area(fresh, "Banbury")
    assert fresh.run(ROWS, "desire") == [["Banbury", "Northfield School", "33"], ["Banbury", "Southbank School", "1"]]
    assert (
        fresh.text("#desire-caption")
        == "Pupils placed, cluster to setting: Banbury, 2028/29, Do nothing, Best use of places"
    )
    assert len(fresh.run(ROWS, "desire")) == fresh.run(LINES)


def test_how_full_each_setting_is_stands_in_a_table_with_the_fullest_first(fresh: Driver) -> None:
    # of the invented uses: 84 of 80 and 95 of 100
    assert fresh.run(ROWS, "uses") == [
        ["Southbank School", "80", "84", "\u22124", "105%"],
        ["Northfield School", "100", "95", "5", "95%"],
    ]


# --- marked wherever it goes


@pytest.mark.parametrize("width", WIDTHS)
def test_the_mark_shows_at_every_width_and_over_the_map(width: int, fresh: Driver) -> None:
    fresh.resize(width, 900)
    try:
        assert fresh.text(".internal-mark") == MARK
        top = fresh.run("return document.querySelector('.internal-mark').getBoundingClientRect().top")
        assert 0 <= top < 60
        over, under = fresh.run(
            """
            const box = (one) => document.querySelector(one).getBoundingClientRect();
            const [mark, map] = [box(".watermark"), box(".folium-map")];
            return [[mark.left, mark.top, mark.right, mark.bottom], [map.left, map.top, map.right, map.bottom]];
            """
        )
        assert over[0] <= under[0]
        assert over[1] <= under[1]
        assert over[2] >= under[2]
        assert over[3] >= under[3]
        assert fresh.run("return document.documentElement.scrollWidth") == width
        assert fresh.run("return document.title").startswith(MARK)
    finally:
        fresh.resize(*fresh.size)


def test_the_watermark_changes_what_is_seen_and_lets_the_pointer_through(fresh: Driver) -> None:
    fresh.run("document.getElementById('level-cluster').click()")
    shot = fresh.find(".map-frame").screenshot()
    fresh.run("document.querySelector('.watermark').style.visibility = 'hidden'")
    assert shot != fresh.find(".map-frame").screenshot()
    assert fresh.run("return getComputedStyle(document.querySelector('.watermark')).pointerEvents") == "none"


def test_what_is_downloaded_says_so_in_every_row_and_in_its_name(fresh: Driver, folder: Path) -> None:
    fresh.run("document.getElementById('level-zone').click()")
    with fresh.page.expect_download() as waiting:
        fresh.click("#download")
    name = waiting.value.suggested_filename
    assert name.startswith("internal-sufficiency-")
    waiting.value.save_as(folder / "zones.csv")
    rows = list(csv.DictReader((folder / "zones.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["marking"] for row in rows} == {MARK}
    assert {row["level"] for row in rows} >= {"zone"}


@pytest.mark.parametrize("level", ["district", "cluster", "zone"])
def test_the_internal_map_prints_on_one_page_with_its_mark(level: str, fresh: Driver) -> None:
    fresh.run(f"document.getElementById('level-{level}').click(); document.getElementById('badges-shown').click()")
    printed = fresh.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    data = base64.b64decode(printed)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    import pypdf

    text = pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
    assert MARK.upper() in text.upper()
    fresh.run("window.dispatchEvent(new Event('beforeprint'))")
    bottom, last = fresh.run(
        """
        const foot = document.querySelector(".foot").getBoundingClientRect();
        return [document.querySelector(".panel").getBoundingClientRect().bottom, foot.bottom];
        """
    )
    fresh.run("window.dispatchEvent(new Event('afterprint'))")
    assert last <= bottom + 1


# --- text stays text


def hostile_internal(first: int) -> tuple[Released, Inputs]:
    """Return the hostile county with zones, uses of settings and flows, a payload in each of their texts."""
    released, inputs = hostile_bundle(first)
    plainly, with_zones = make_internal()
    zones = with_zones.zones.copy()
    zones["zone_name"] = [dealt(row, len(zones), first) for row in range(len(zones))]
    names = dict(zip(zones["zone_id"], zones["zone_name"], strict=True))
    tables, hidden = dict(released.tables), dict(released.hidden)
    for name, mask in plainly.hidden.items():
        if name.startswith("internal_"):
            frame = plainly.tables[name].copy()
            if name == "internal_zones":
                frame["area_name"] = frame["area_id"].map(names)
            for column in {"setting_name", "cluster_name"} & set(frame.columns):
                frame[column] = [dealt(row % 40, 40, first) for row in range(len(frame))]
            tables[name], hidden[name] = frame, mask
    changed = dataclasses.replace(
        released, build="internal", tables=MappingProxyType(tables), hidden=MappingProxyType(hidden)
    )
    return changed, dataclasses.replace(inputs, zones=zones)


def visited(driver: Driver, bundle: tuple[Released, Inputs], typed: tuple[str, ...]) -> dict[str, Any]:
    path = driver.folder / "hostile.html"
    write_map(*bundle, make_record(), path)
    assert Page(path.read_text(encoding="utf-8")).faults == []
    driver.open("about:blank")
    driver.open(f"{path.as_uri()}#level=zone")
    assert driver.run("return document.body.dataset.ready") == "yes"
    found: dict[str, Any] = driver.run("return checks.visit(arguments[0])", list(typed))
    return found


def plain_internal() -> tuple[Released, Inputs]:
    released, inputs = make_internal()
    assert make_released().tables.keys() < released.tables.keys()
    assert len(inputs.zones) == 2 * len(make_inputs_facts().zones)
    return some_years(released), inputs


@pytest.mark.parametrize("first", [0, 40])
def test_no_text_runs_in_the_internal_map(first: int, window: Driver) -> None:
    usual = visited(window, plain_internal(), ("Oxford", "Didcot"))
    assert window.errors() == []
    released, inputs = hostile_internal(first)
    found = visited(window, (released, inputs), PAYLOADS[first : first + 40 : 4])
    assert found["ran"] == 0
    assert window.errors() == []
    assert window.requests() == []
    assert set(found["tags"]) - set(usual["tags"]) == set()
    assert set(found["attributes"]) - set(usual["attributes"]) == set()
    said = "\n".join(plain(text) for text in found["texts"])
    for frame, name in ((inputs.zones, "zone_name"), (inputs.settings, "setting_name"), (inputs.areas, "area_name")):
        assert [one for one in frame[name] if plain(one) not in said] == [], name
    for _, text in found["files"]:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        assert [cell for row in rows[1:] for cell in row if bad_cell(cell)] == []
