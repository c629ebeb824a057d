"""The pages for every reader: axe-core finds nothing, text and lines stand out, the keyboard is enough, nothing is cut.

What axe-core leaves undecided is measured here: the contrast of text whose background it cannot tell, colours as the
three common kinds of colour vision see them, focus that shows, and pages that fold to 320 pixels.
"""

from __future__ import annotations

import dataclasses
import itertools
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sufficiency.outputs import style
from sufficiency.outputs.maps import data as maps_data
from sufficiency.outputs.maps.opportunity import write_opportunity_map
from sufficiency.outputs.maps.page import write_map
from sufficiency.planning.opportunity_sites import best_by_area, rank_settings
from tests.browser import Driver, chromium
from tests.map_layers import hand_drawn_reach
from tests.released_fixture import make_inputs_facts, make_record, make_released
from tests.unit.test_opened_year import county as county_inputs
from tests.unit.test_opened_year import pupils, room
from tests.unit.test_opportunity import surface_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDTHS = (1400, 820, 390)
FEW = 3
State = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("accessible")


@pytest.fixture(scope="module")
def county(folder: Path) -> str:
    path = folder / "map.html"
    # with the layers of land too
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps_data, "reach_of", hand_drawn_reach)
        write_map(make_released(), make_inputs_facts(), make_record(), path)
    return path.as_uri()


@pytest.fixture(scope="module")
def opportunity(folder: Path) -> str:
    plain = county_inputs().roads
    roads = dataclasses.replace(plain, edges=plain.edges.assign(road_number="A1"))
    two = pupils(("g1", "z1", 3, "ASD", 1), ("g2", "z2", 8, "SLD", 1))
    surface = surface_of(two, room(P1=1, P3=0, P4=0), roads=roads)
    path = folder / "opportunity.html"
    write_opportunity_map(surface, best_by_area(surface), rank_settings(surface), path)
    return path.as_uri()


@contextmanager
def page_window(folder: Path) -> Iterator[Driver]:
    """Open a window whose pages have axe-core and this project's checks in them."""
    # The page's own policy keeps axe-core out: it is set aside in this window only.
    with Driver(folder, bypass_csp=True) as driver:
        driver.context.add_init_script(script=(files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        driver.context.add_init_script(path=Path(__file__).parents[1] / "page_checks.js")
        yield driver


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Driver]:
    with page_window(folder) as driver:
        yield driver


def violations(driver: Driver, *, contrast: bool = False) -> list[str]:
    """Return what axe-core finds, one line each; its own test of contrast, slow and often undecided, when asked."""
    found: list[str] = driver.run(
        """
        const [tags, contrast] = arguments;
        const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], preload: false,
          rules: { "color-contrast": { enabled: contrast } } };
        return axe.run(document, options).then((told) => told.violations.flatMap((rule) =>
          rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)}: ${node.failureSummary.slice(0, 200)}`)));
        """,
        TAGS,
        contrast,
    )
    return found


def weak(driver: Driver) -> list[str]:
    """Return texts below 4.5:1 (large ones below 3:1) and edges of controls below 3:1."""
    found: list[str] = driver.run("return [...checks.weakTexts(), ...checks.weakEdges()]")
    return found


# --- every state of the pages


def choices(driver: Driver) -> dict[str, list[Any]]:
    """Return what can be chosen on the page, whatever controls it has: lists, radio buttons, boxes, cards, details."""
    found: dict[str, list[Any]] = driver.run(
        """
        const out = {};
        const every = (selector, done) => document.querySelectorAll(selector).forEach(done);
        every("select", (node) => { out[node.id] = [...node.options].map((one) => one.value); });
        every("input[type=radio]", (node) => { (out[node.name] = out[node.name] || []).push(node.id); });
        const box = (node) => { out[node.id.startsWith("kind-") ? "any kind" : node.id] = [true, false]; };
        every("input[type=checkbox]", box);
        every("input[type=range]", (node) => { out[node.id] = [node.min, node.max]; });
        if (document.querySelector("details")) out["any details"] = [false, true];
        if (document.querySelector(".symbol")) out["any card"] = [false, true];
        return out;
        """
    )
    # a legend on the map, one below it beside the panel, and all of it below one another
    return {**found, "width": [1400, 1000, 390]}


def every_pair(options: dict[str, list[Any]], *, few: int = FEW) -> list[State]:
    """Return states in which every choice stands at least once, and every two of controls of few choices together.

    A greedy covering array: what a long list of measures, groups or schemes says changes words and colours only.
    """
    names = list(options)
    long = {place for place, name in enumerate(names) if len(options[name]) > few}
    left = {
        ((a, i), (b, j))
        for a, b in itertools.combinations_with_replacement(range(len(names)), 2)
        if (a == b) == bool({a, b} & long)
        for i in range(len(options[names[a]]))
        for j in range(len(options[names[b]]))
        if a != b or i == j
    }
    out = []
    while left:
        row = dict(min(left))
        for name in range(len(names)):
            if name not in row:
                # the choice that stands with the most that it has not stood with yet
                new = [
                    sum(tuple(sorted([one, kept])) in left for kept in [*row.items(), one])
                    for one in ((name, place) for place in range(len(options[names[name]])))
                ]
                row[name] = new.index(max(new))
        left -= set(itertools.combinations_with_replacement(sorted(row.items()), 2))
        out.append({name: options[name][row[place]] for place, name in enumerate(names)})
    return out


def test_every_two_choices_stand_together_in_few_states() -> None:
    options: dict[str, list[Any]] = {"a": [1, 2, 3], "b": [1, 2], "c": [1, 2, 3], "d": [1, 2]}
    states = every_pair(options)
    for one, other in itertools.combinations(options, 2):
        assert {(row[one], row[other]) for row in states} == set(itertools.product(options[one], options[other]))
    assert len(states) <= 12
    options["long"] = list(range(9))
    more = every_pair(options)
    assert {row["long"] for row in more} == set(range(9))
    assert len(more) <= 14


def bring_about(driver: Driver, state: State) -> None:
    """Make the choices of a state as a reader does: by the events of the controls."""
    driver.resize(state["width"], 900)
    driver.run(
        """
        const [state] = arguments;
        const fire = (node, kind) => node.dispatchEvent(new Event(kind, { bubbles: true }));
        document.querySelectorAll(".leaflet-popup-close-button").forEach((node) => node.click());
        for (const [name, value] of Object.entries(state)) {
          const node = document.getElementById(name);
          if (node && (node.tagName === "SELECT" || node.type === "range")) {
            if (node.value === value) continue;
            node.value = value;
            fire(node, node.type === "range" ? "input" : "change");
          }
          else if (node && node.type === "checkbox") { if (node.checked !== value) node.click(); }
          else if (name === "any kind") {
            document.querySelectorAll("[id^=kind-]").forEach((box) => { if (box.checked !== value) box.click(); });
          }
          else document.querySelectorAll(`[type=radio][id="${value}"]:not(:checked)`).forEach((one) => one.click());
        }
        document.querySelectorAll("details").forEach((node) => { node.open = Boolean(state["any details"]); });
        const mark = document.querySelector(".symbol");
        if (state["any card"] && mark) mark.click();
        """,
        state,
    )


def test_axe_finds_nothing_in_any_state_of_the_map(window: Driver, county: str) -> None:
    window.open(county)
    options = choices(window)
    assert {"measure", "pupils", "scenario", "policy", "level", "view", "year", "flows-shown", "scheme"} <= set(options)
    states = every_pair(options)
    assert len(states) >= max(len(listed) for listed in options.values())
    for state in states:
        bring_about(window, state)
        assert violations(window) == [], state
        assert weak(window) == [], state
        assert window.run("return document.querySelectorAll('.card').length") == int(
            state["any card"] and window.run("return document.querySelectorAll('.symbol').length > 0")
        )
    assert window.run("return checks.texts()") > 100
    assert violations(window, contrast=True) == []


def test_axe_finds_nothing_in_any_state_of_the_opportunity_map(window: Driver, opportunity: str) -> None:
    window.open(opportunity)
    for state in every_pair(choices(window)):
        bring_about(window, state)
        assert violations(window) == [], state
        assert weak(window) == [], state
    assert violations(window, contrast=True) == []


def test_axe_finds_nothing_in_print_in_forced_colours_or_in_the_dark(window: Driver, county: str) -> None:
    window.open(county)
    window.run("window.dispatchEvent(new Event('beforeprint'))")
    window.page.emulate_media(media="print")
    try:
        assert [line for line in violations(window) if not line.startswith("target-size")] == []  # nothing is clicked
        assert weak(window) == []
    finally:
        window.run("window.dispatchEvent(new Event('afterprint'))")
        window.page.emulate_media(media="screen")
    for scheme in ("light", "dark"):
        window.page.emulate_media(forced_colors="active", color_scheme=scheme)
        try:
            assert window.run("return matchMedia('(forced-colors: active)').matches") is True
            # the map and its key keep their colours, on their own ground
            ground = "return [...document.querySelectorAll(arguments[0])].map((node) => getComputedStyle(node).{})"
            assert set(window.run(ground.format("forcedColorAdjust"), ".leaflet-container, .legend svg")) == {"none"}
            assert set(window.run(ground.format("backgroundColor"), ".legend svg")) == {"rgb(255, 255, 255)"}
            assert violations(window) == []
            assert weak(window) == []
        finally:
            window.page.emulate_media(forced_colors="none", color_scheme="light")


def test_planted_faults_are_found(window: Driver, county: str) -> None:
    window.open(county)
    window.run(
        """
        const more = document.createElement("div");
        more.innerHTML = `<img src="data:,"><button></button><p style="color:#999">pale</p>
          <select aria-label="s" style="border:1px solid #DDD"></select>`;
        document.querySelector("main").append(more);
        """
    )
    assert {"image-alt", "button-name"} <= {line.split(":")[0] for line in violations(window)}
    assert len(weak(window)) == 2


# --- by keyboard alone


def walk(driver: Driver, key: str, most: int = 150) -> list[dict[str, Any]]:
    """Press a key until the focus leaves the page or comes round; return where it has been."""
    out: list[dict[str, Any]] = []
    for _ in range(most):
        driver.press(key)
        at = driver.run("return checks.focus()")
        if at["body"] or at in out:
            return out
        out.append(at)
    message = "the focus never leaves the page"
    raise AssertionError(message)


@pytest.mark.parametrize("name", ["county", "opportunity"])
def test_the_focus_goes_through_the_page_in_order_shows_everywhere_and_comes_back(
    name: str, window: Driver, request: pytest.FixtureRequest
) -> None:
    window.open(request.getfixturevalue(name))
    window.run("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    window.run("checks.number()")
    there = walk(window, "Tab")
    assert [at["name"] for at in there if not at["drawn"] or at["contrast"] < 3] == []
    places = [at["at"] for at in there]
    assert places == sorted(places)
    assert set(window.run("return checks.reachable()")) == set(places)
    window.run("checks.focusAt(arguments[0])", places[-1])
    back = [at["at"] for at in walk(window, "Shift+Tab")]
    assert back[: len(places) - 1] == places[-2::-1]


def focus_by_tab(driver: Driver, name: str) -> None:
    for _ in range(120):
        driver.press("Tab")
        if driver.run("return checks.focus().name") == name:
            return
    message = f"{name} cannot be reached"
    raise AssertionError(message)


def test_the_whole_work_of_the_map_can_be_done_by_keyboard(window: Driver, county: str) -> None:
    window.open("about:blank")
    window.open(county)
    shown = """
      const value = (id) => document.getElementById(id).value;
      const checked = (name) => document.querySelector(`[name=${name}]:checked`).value;
      return { measure: value("measure"), level: checked("level"), scenario: value("scenario"), view: checked("view"),
        policy: value("policy"), year: value("year"), flows: document.getElementById("flows-shown").checked };
    """
    before = window.run(shown)
    for name, key in (
        ("measure", "ArrowDown"),
        ("level-district", "ArrowRight"),
        ("scenario", "ArrowDown"),
        ("view-before", "ArrowRight"),
        ("view-after", "ArrowRight"),
        ("policy", "ArrowDown"),
        ("year", "ArrowRight"),
        ("flows-shown", "Space"),
    ):
        focus_by_tab(window, name)
        window.press(key)
    after = window.run(shown)
    assert {name for name in before if before[name] == after[name]} == set()
    assert (after["level"], after["view"], after["flows"]) == ("cluster", "change", True)
    focus_by_tab(window, "pick")
    window.press("Enter")
    assert window.run("return document.querySelectorAll('tr.selected').length") == 1
    assert window.run("return document.activeElement.className") == "pick"
    focus_by_tab(window, "SUMMARY")
    window.press("Enter")
    assert window.run("return document.querySelectorAll('details[open]').length") == 1
    window.run("document.querySelector('.symbol').focus()")
    label = window.run("return document.activeElement.getAttribute('aria-label')")
    window.press("Enter")
    assert window.run("return document.activeElement.className") == "card"
    window.press("Tab")
    assert window.run("return document.activeElement.getAttribute('aria-label')") == "Close card"
    window.press("Escape")
    assert window.run("return document.activeElement.getAttribute('aria-label')") == label
    assert window.run("return document.querySelectorAll('.card').length") == 0


def test_a_tooltip_can_be_sent_away(window: Driver, county: str) -> None:
    # WCAG 2.2, 1.4.13: what hover or focus shows goes with Escape, without moving either.
    window.open(county)
    window.run("document.querySelector('.symbol').focus()")
    count = "return document.querySelectorAll('.leaflet-tooltip').length"
    assert window.run(count) == 1
    window.press("Escape")
    assert window.run(count) == 0


# --- zoom, small windows, motion


@pytest.mark.parametrize("name", ["county", "opportunity"])
def test_the_page_folds_to_320_pixels_and_to_twice_its_size(
    name: str, window: Driver, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(name)
    try:
        # 1280 pixels at 400 % (1.4.10), and a window of 1400 by 900 at 200 % (1.4.4)
        for width, height in ((320, 256), (700, 450)):
            window.resize(width, height)
            window.open("about:blank")
            window.open(address)
            assert window.run("return document.documentElement.scrollWidth") <= width
            outside = window.run(
                """
                const kinds = "h1, p, label, legend, select, input, button:not(.pick), summary, .headline";
                return [...document.querySelectorAll(kinds)]
                  .filter((node) => node.checkVisibility() && !node.closest(".table-frame, .leaflet-container"))
                  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
                  .map((node) => node.id || node.textContent);
                """
            )
            assert outside == []
            # 1.4.12: more room between lines, words and letters cuts nothing off
            window.run(
                """
                const look = document.createElement("style");
                look.textContent = `* { line-height: 1.5 !important; letter-spacing: .12em !important;
                  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`;
                document.head.append(look);
                """
            )
            assert window.run("return document.documentElement.scrollWidth") <= width
    finally:
        window.resize(*window.size)


def test_nothing_moves_for_readers_who_ask_for_stillness(window: Driver, county: str) -> None:
    window.page.emulate_media(reduced_motion="reduce")
    try:
        window.open("about:blank")
        window.open(county)
        window.run("document.querySelector('.leaflet-control-zoom-in').click()")
        assert window.run("return document.getAnimations().length") == 0
        moving = window.run(
            """
            return [...document.querySelectorAll("*")].filter((node) => {
              const look = getComputedStyle(node);
              return look.transitionDuration !== "0s" || look.animationName !== "none";
            }).map((node) => node.className);
            """
        )
        assert moving == []
        # a step of the keyboard is there at once
        at = "return document.querySelector('.leaflet-map-pane').style.transform"
        before = window.run(at)
        window.run("document.querySelector('.leaflet-container').focus()")
        window.press("ArrowRight")
        after = window.run(at)
        assert before != after
        window.page.wait_for_timeout(300)
        assert window.run(at) == after
    finally:
        window.page.emulate_media(reduced_motion="no-preference")


# --- colours for the three common kinds of colour vision

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
COLOUR_VISION = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
RGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = RGB_TO_XYZ @ np.ones(3)


def seen(colour: str, kind: str) -> np.ndarray:
    """Return the linear RGB of a colour as a kind of colour vision sees it."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear if kind == "common" else np.clip(np.array(COLOUR_VISION[kind]) @ linear, 0, 1)


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (CIE 15) of linear RGB."""
    share = RGB_TO_XYZ @ linear / WHITE
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: str, other: str, kind: str) -> float:
    return float(np.linalg.norm(lab(seen(one, kind)) - lab(seen(other, kind))))


def contrast(one: str, other: str, kind: str) -> float:
    low, high = sorted(float(RGB_TO_XYZ[1] @ seen(colour, kind)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_colour_formulas_give_the_published_values() -> None:
    assert lab(seen("#FFFFFF", "common")) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(seen("#FF0000", "common")) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    for matrix in COLOUR_VISION.values():
        # white stays white
        assert np.array(matrix).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize("kind", ["common", *COLOUR_VISION])
def test_classes_and_symbols_stay_apart_for_every_kind_of_colour_vision(kind: str) -> None:
    # about 2.3 can just be told apart side by side; four times that apart on a map
    for name, ramp in style.RAMPS.items():
        for one, other in itertools.combinations(ramp, 2):
            assert difference(one, other, kind) >= 9, (name, one, other)
    for ramp in (style.AMOUNT_COLOURS, style.WARM_AMOUNT_COLOURS):
        light = [lab(seen(colour, kind))[0] for colour in ramp]
        assert light == sorted(light, reverse=True)
    # the two sides of a balance are never taken for each other
    for low, high in zip(style.BALANCE_COLOURS[:3], style.BALANCE_COLOURS[:3:-1], strict=True):
        assert difference(low, high, kind) >= 15, (low, high)
    for ramp in style.RAMPS.values():
        for colour in ramp:
            # flat grey stands for no data, and is not a class
            assert difference(colour, style.NO_DATA, kind) >= 4.6, colour
    for one in style.SYMBOLS.values():
        # each stands on a white casing
        assert difference(one.colour, "#FFFFFF", kind) >= 30, one
        for other in style.SYMBOLS.values():
            alike = one.shape == other.shape and one.colour != other.colour
            assert not alike or difference(one.colour, other.colour, kind) >= 15, (one, other)
    for ink in (style.BORDER, style.INK, style.DARK_GREY):
        assert contrast(ink, "#FFFFFF", kind) >= 3
        assert contrast(ink, style.LAND, kind) >= 3
    for ink in (style.INK, style.QUIET_INK):
        assert contrast(ink, style.OUTSIDE, kind) >= 4.5
