"""The opportunity map in a real browser: every junction of the map stands in its table, and keys alone are enough.

One straight road with a junction at every kilometre from 440 to 505. The pupil who waits lives at kilometre 455, so the
first new place costs as many minutes as its junction lies away from there (a kilometre a minute).
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import geopandas as gpd
import pypdf
import pytest
from shapely.geometry import LineString, Point

from sufficiency.model.results import RoadTables
from sufficiency.outputs import style
from sufficiency.outputs.maps.opportunity import write_opportunity_map
from sufficiency.planning.opportunity_sites import best_by_area, rank_settings
from tests import tiny_county as tiny
from tests.browser import Driver, chromium
from tests.end_to_end.test_accessibility import bring_about, choices, every_pair, page_window, violations, walk, weak
from tests.unit.test_opened_year import assumed, room
from tests.unit.test_opportunity import TWO, surface_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sufficiency.planning.opportunity import Surface

pytestmark = pytest.mark.browser

KM = range(440, 506)
WAITS_AT = 455
PAGE = 20
MOST_PAGES = 9
ROWS = """
  const rows = [...document.querySelectorAll(`#${arguments[0]} tr`)];
  return rows.map((row) => [...row.children].map((cell) => cell.textContent));
"""
PLACED = "one more pupil has a place"


def by_the_kilometre() -> RoadTables:
    plain = tiny.road().edges.to_dict("records")[0]
    spots = {km: Point(km * 1_000, 205_000) for km in KM}
    names = [f"Kilometre {km}" for km in KM]
    nodes = gpd.GeoDataFrame(
        {"node_id": [f"n{km}" for km in KM], "node_name": names}, geometry=list(spots.values()), crs="EPSG:27700"
    )
    edges = [
        plain
        | {"edge_id": f"e{km}", "from_node_id": f"n{km}", "to_node_id": f"n{km + 1}", "length_m": 1_000.0}
        | {"road_number": "A1", "maxspeed_kph": float("nan"), "geometry": LineString([spots[km], spots[km + 1]])}
        for km in KM[:-1]
    ]
    return RoadTables(nodes, gpd.GeoDataFrame(edges, crs="EPSG:27700"))


@pytest.fixture(scope="module")
def surface() -> Surface:
    return surface_of(TWO, room(P1=1, P3=0, P4=0), roads=by_the_kilometre())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("opportunity")


@pytest.fixture(scope="module")
def page(surface: Surface, folder: Path) -> str:
    path = folder / "opportunity.html"
    write_opportunity_map(surface, best_by_area(surface), rank_settings(surface), path)
    return path.as_uri()


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Driver]:
    with page_window(folder) as driver:
        yield driver


@pytest.fixture
def fresh(window: Driver, page: str) -> Iterator[Driver]:
    window.open("about:blank")
    window.open(page)
    yield window
    assert window.errors() == []
    assert window.requests() == []


def rows(driver: Driver, name: str = "junctions-body") -> list[list[str]]:
    found: list[list[str]] = driver.run(ROWS, name)
    return found


def every_row(driver: Driver) -> list[list[str]]:
    """Return the rows of all pages, turned by keyboard."""
    out = rows(driver)
    driver.run("document.getElementById('on').focus()")
    for _ in range(MOST_PAGES):
        if driver.run("return document.getElementById('on').disabled"):
            return out
        driver.press("Enter")
        out += rows(driver)
    message = "the table never comes to its end"
    raise AssertionError(message)


def wanted() -> list[list[str]]:
    """Return every junction with its minutes, by hand: the nearest to kilometre 455 first, then by name."""
    order = sorted(KM, key=lambda km: (abs(km - WAITS_AT), km))
    return [
        [f"Kilometre {km}", PLACED, f"+{abs(km - WAITS_AT)}.0" if km != WAITS_AT else "0.0"] for km in order
    ]  # fmt: skip


# --- the table is the map's equal


def test_every_junction_stands_in_the_table_the_best_first(fresh: Driver) -> None:
    assert rows(fresh) == wanted()[:PAGE]
    assert fresh.text("#shown") == "1 to 20 of 66"
    assert every_row(fresh) == wanted()
    assert fresh.text("#shown") == "61 to 66 of 66"


def test_the_table_holds_what_the_file_of_the_surface_holds(fresh: Driver, surface: Surface) -> None:
    table = surface.nodes
    for need, phase in surface.kinds[:6]:
        fresh.click(f"#need option[value='{need}']")
        fresh.click(f"#phase option[value='{phase}']")
        part = table[(table["need"] == need) & (table["phase"] == phase)]
        minutes = part["travel_change_min"].round(1) + 0.0
        names = part["node_id"].str.replace("n", "Kilometre ")
        told = {row[0]: float(row[2].replace("\u2212", "-")) for row in every_row(fresh)}
        assert told == dict(zip(names, minutes, strict=True))
        placed = {row[0] for row in every_row_again(fresh) if row[1] == PLACED}
        assert placed == set(names[part["more_placed_pupils"] == 1])


def every_row_again(driver: Driver) -> list[list[str]]:
    for _ in range(MOST_PAGES):
        if not driver.run("return document.getElementById('back').disabled"):
            driver.click("#back")
    return every_row(driver)


def test_what_a_place_does_comes_before_the_travel(window: Driver, folder: Path) -> None:
    """Within 20 minutes of kilometre 455 one more has a place, for more travel; elsewhere nothing changes at all."""
    limited = surface_of(
        TWO, room(P1=1, P3=0, P4=0), roads=by_the_kilometre(), parameters=assumed(reach_limit_min=(20, None, None))
    )
    path = folder / "limited.html"
    write_opportunity_map(limited, best_by_area(limited), rank_settings(limited), path)
    window.open(path.as_uri())
    near = [row for row in wanted() if abs(int(row[0][-3:]) - WAITS_AT) <= 20]
    rest = [[f"Kilometre {km}", "changes nothing", "0.0"] for km in KM if abs(km - WAITS_AT) > 20]
    assert every_row(window) == near + rest


def test_a_kind_without_pupils_has_an_empty_table(fresh: Driver) -> None:
    fresh.click("#need option[value='ASD']")
    fresh.click("#phase option[value='secondary']")
    assert fresh.text("#finding") == "No pupil of the year is of that need and phase"
    assert rows(fresh) == []
    assert fresh.text("#shown") == "No junction"


# --- keys alone


def test_a_junction_is_found_by_name_chosen_and_ringed_by_keyboard(fresh: Driver) -> None:
    fresh.keys("#find", "metre 50")
    assert [row[0] for row in rows(fresh)] == [f"Kilometre {km}" for km in range(500, 506)]
    assert fresh.text("#shown") == "1 to 6 of 6"
    fresh.press("Tab", "Tab", "Tab", "Enter")
    assert fresh.text("#chosen") == "Kilometre 501: one more pupil has a place (+46.0 min), illustrative."
    at = fresh.run("return [document.activeElement.textContent, document.activeElement.getAttribute('aria-pressed')]")
    assert at == ["Kilometre 501", "true"]
    assert fresh.run("return [...document.querySelectorAll('tr.selected')].map((row) => row.cells[0].textContent)") == [
        "Kilometre 501"
    ]
    fresh.press("Tab", "Enter")
    assert fresh.text("#chosen").startswith("Kilometre 502:")
    fresh.keys("#find", "zzz")
    assert rows(fresh) == []
    assert fresh.text("#shown") == "No junction of this name"


def test_the_best_junction_of_an_area_is_chosen_from_its_row_and_the_table_turns_to_it(fresh: Driver) -> None:
    names = [row[1] for row in rows(fresh, "areas-body")]
    last = len(names) - 1
    fresh.run(f"document.querySelectorAll('#areas-body .pick')[{last}].focus()")
    fresh.press("Enter")
    assert fresh.text("#chosen").startswith(f"{names[last]}: ")
    assert names[last] in [row[0] for row in rows(fresh)]
    assert fresh.run("return document.activeElement.closest('tbody').id") == "areas-body"


def test_a_click_on_the_map_turns_the_table_to_the_junction(fresh: Driver) -> None:
    """Kilometre 505 is the last of the ranking, on the fourth page."""
    box = fresh.find("#map").bounding_box()
    assert box is not None
    # the junction furthest east on the road: found by walking in from the right at the road's height
    for step in range(0, int(box["width"]), 3):
        fresh.page.mouse.click(box["x"] + box["width"] - step - 1, box["y"] + box["height"] / 2)
        if fresh.run("return document.querySelectorAll('#junctions-body tr.selected').length"):
            break
    chosen = fresh.text("#chosen").split(":")[0]
    assert chosen in [row[0] for row in rows(fresh)]
    assert fresh.run("return document.querySelector('#junctions-body tr.selected').cells[0].textContent") == chosen


def test_the_focus_stays_on_the_page_while_it_is_turned(fresh: Driver) -> None:
    fresh.run("document.getElementById('on').focus()")
    fresh.press("Enter", "Enter", "Enter")
    assert fresh.run("return document.getElementById('on').disabled") is True
    assert fresh.run("return document.activeElement.id") == "back"
    fresh.press("Enter", "Enter", "Enter")
    assert fresh.run("return document.activeElement.id") == "on"
    assert rows(fresh) == wanted()[:PAGE]


# --- every state


def test_axe_finds_nothing_with_a_junction_chosen_or_searched_for(fresh: Driver) -> None:
    for state in every_pair({**choices(fresh), "find": ["", "metre 50", "zzz"], "choose": [False, True]}):
        bring_about(fresh, state)
        fresh.run(
            """
            const [words, chosen] = arguments;
            const box = document.getElementById("find");
            box.value = words;
            box.dispatchEvent(new Event("input"));
            const first = document.querySelector("#junctions-body .pick");
            if (chosen && first) first.click();
            """,
            state["find"],
            state["choose"],
        )
        assert violations(fresh) == [], state
        assert weak(fresh) == [], state
        assert fresh.run("return document.documentElement.scrollWidth") <= state["width"]
    assert violations(fresh, contrast=True) == []
    fresh.resize(*fresh.size)


def test_the_focus_shows_on_every_junction_of_a_page(fresh: Driver) -> None:
    fresh.run("checks.number()")
    there = walk(fresh, "Tab")
    assert [at["name"] for at in there if not at["drawn"] or at["contrast"] < 3] == []
    assert set(fresh.run("return checks.reachable()")) == {at["at"] for at in there}
    assert sum(at["name"] == "pick" for at in there) == PAGE + len(rows(fresh, "areas-body"))


def test_the_mark_shows_over_the_map_and_in_print(fresh: Driver) -> None:
    for width in (1400, 820, 390):
        fresh.resize(width, 900)
        assert fresh.text(".internal") == style.INTERNAL_MARK
        mark, chart = (fresh.find(name).bounding_box() for name in (".watermark", "#map"))
        assert mark is not None
        assert chart is not None
        assert mark["width"] > 100
        assert mark["y"] < chart["y"] + chart["height"]
    fresh.resize(*fresh.size)
    fresh.page.emulate_media(media="print")
    try:
        for name in (".internal", ".watermark"):
            assert fresh.find(name).is_visible()
    finally:
        fresh.page.emulate_media(media="screen")


def test_the_map_and_its_best_junctions_print_on_one_page(fresh: Driver) -> None:
    fresh.run("document.querySelector('#junctions-body .pick').click()")
    printed = base64.b64decode(fresh.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
    pages = pypdf.PdfReader(io.BytesIO(printed)).pages
    assert len(pages) == 1
    said = " ".join(pages[0].extract_text().split())
    assert style.INTERNAL_MARK in said
    assert "Best junction of each area" in said
    assert "Kilometre 455: one more pupil has a place (0.0 min)" in said
    fresh.run("window.dispatchEvent(new Event('beforeprint'))")
    ends = fresh.run(
        "return ['.foot', '.panel'].map((name) => document.querySelector(name).getBoundingClientRect().bottom)"
    )
    fresh.run("window.dispatchEvent(new Event('afterprint'))")
    assert ends[0] <= ends[1] + 1
