"""How soon the what-if page answers in Chromium: first load, a click, a slider, ten windows at once, two minutes."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import TimeoutError  # noqa: A004 - the name of the library

from tests.end_to_end.served import Served, served
from tests.what_if_window import Window, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

COUNTIES = {"embedded": ("sufficiency", "serve"), "1,100 zones, 400 settings, 7,000 pupils": ("tests.large_county",)}
CLICKS, USERS, SOAK_S, DRAG_S, PATIENCE = 30, 10, 120, 4, 9
ROUNDS, THINK_S, ALL_ANSWERED_S = 6, 3, 300
REFUSED, REFUSED_MS = "Schemes can be put", 3000
# from the click in the page until the frame in which the new headline, and the new shading, is painted
WATCH = """() => { window.seen = []; window.shaded = []; let t0 = 0, headline = false, shading = false;
  const frame = (list) => requestAnimationFrame(() => list.push(performance.now() - t0));
  document.querySelector('.map').addEventListener('click', () => {
    t0 = performance.now(); headline = shading = true; }, true);
  new MutationObserver(() => { if (headline) frame(window.seen); headline = false; }).observe(
    document.querySelector('#answer'), { attributes: true, attributeFilter: ['data-asked'] });
  const block = document.querySelector('.map-block');
  new MutationObserver(() => { if (!headline && shading && block.getAttribute('aria-busy') === 'false') {
    frame(window.shaded); shading = false; } }).observe(
    block, { attributes: true, attributeFilter: ['aria-busy'] }); }"""


@pytest.fixture(scope="module", params=list(COUNTIES))
def county(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Served]]:
    folder: Path = tmp_path_factory.mktemp("served")
    with served(folder, None, module=COUNTIES[request.param]) as page:
        yield request.param, page


def shares(values: list[float], *wanted: int) -> dict[str, float]:
    ordered = sorted(values)
    return {f"p{share}_ms": round(ordered[min(len(ordered) - 1, int(share / 100 * len(ordered)))]) for share in wanted}


def resident_bytes(page: Served) -> int:
    """Return the memory that the server's process holds; known where there is a /proc."""
    status = Path(f"/proc/{page.process.pid}/status")
    if not status.exists():
        pytest.skip("this system does not tell the memory of a process in /proc")
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def click(window: Window, pick: random.Random) -> None:
    """Put a scheme somewhere and take it away again, once everything that follows is shown."""
    box = window.page.locator(".map").bounding_box()
    assert box is not None
    for _ in range(PATIENCE):
        x = box["x"] + box["width"] * (0.35 + 0.3 * pick.random())
        y = box["y"] + box["height"] * (0.3 + 0.4 * pick.random())
        before = window.asked()
        window.page.mouse.click(x, y)
        try:
            window.page.wait_for_function(
                f"Number(document.querySelector('#answer').dataset.asked) > {before}", polling=20, timeout=REFUSED_MS
            )
        except TimeoutError:
            assert REFUSED in window.text("#fault")
        else:
            window.settled()
            window.does(lambda: window.page.click("#undo"))
            return
    pytest.fail(f"{PATIENCE} places of the map refused a scheme, one after the other")


def test_load_clicks_and_slider(benchmark: BenchmarkFixture, county: tuple[str, Served]) -> None:
    name, page = county
    pick = random.Random(2028)
    with started() as browser, Window(browser, page.link) as one:
        one.open()
        loads = []
        for _ in range(5):
            with Window(browser, page.link) as fresh:
                began = time.perf_counter()
                fresh.page.goto(page.link)
                fresh.page.wait_for_selector(".map[data-ready]")
                loads.append(1000 * (time.perf_counter() - began))
        one.page.evaluate(WATCH)
        benchmark.pedantic(lambda: click(one, pick), rounds=1)
        for _ in range(CLICKS):
            click(one, pick)
        found: dict[str, Any] = {"county": name, "first_load_ms": round(statistics.median(loads))}
        found["headline"] = shares(one.page.evaluate("window.seen")[1:], 50, 90)
        found["shading"] = shares(one.page.evaluate("window.shaded")[1:], 50, 90)
        one.put("450000 206000")
        before, slider = one.asked(), one.page.locator("#places")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        y, end = box["y"] + box["height"] / 2, time.monotonic() + DRAG_S
        one.page.mouse.move(box["x"] + box["width"] * 0.2, y)
        one.page.mouse.down()
        while (left := end - time.monotonic()) > 0:
            one.page.mouse.move(box["x"] + box["width"] * (0.2 + 0.6 * abs(left % 2 - 1)), y)
            one.page.wait_for_timeout(16)
        found["slider_updates_per_s"] = round((one.asked() - before) / DRAG_S, 1)
        one.page.mouse.up()
        one.settled()
        assert one.wrong == []
        benchmark.extra_info.update(found)


def test_ten_windows_at_once(benchmark: BenchmarkFixture, county: tuple[str, Served]) -> None:
    name, page = county
    pick = random.Random(7)
    with started() as browser, Window(browser, page.link) as first:
        windows = [first.open()]
        for _ in range(USERS - 1):
            other = Window(browser, page.link)
            windows.append(other.__enter__().open())
        for one in windows:
            # ten whole answers of a large county, one after the other
            one.page.set_default_timeout(1000 * ALL_ANSWERED_S)
            one.page.evaluate(WATCH)

        def all_act(gap_ms: float) -> None:
            for one in windows:
                box = one.page.locator(".map").bounding_box()
                assert box is not None
                x, y = box["x"] + box["width"] * (0.35 + 0.3 * pick.random()), box["y"] + box["height"] * 0.5
                one.page.mouse.click(x, y)
                first.page.wait_for_timeout(gap_ms)

        def seen() -> list[float]:
            for one in windows:
                one.settled()
            return [value for one in windows for value in one.page.evaluate("window.seen.splice(0)")]

        for _ in range(ROUNDS):  # each acts again before all that it asked for is answered
            all_act(1000 * THINK_S / USERS)
        in_turn = seen()
        benchmark.pedantic(lambda: all_act(0), rounds=1)
        together = seen()
        assert len(in_turn) > USERS
        assert together
        assert [said for one in windows for said in one.wrong] == []
        benchmark.extra_info.update(
            {
                "county": name,
                "users": USERS,
                f"each every {THINK_S} s": shares(in_turn, 50, 95),
                "all in one moment": shares(together, 50, 95),
            }
        )


def test_two_minutes_of_work(benchmark: BenchmarkFixture, county: tuple[str, Served]) -> None:
    name, page = county
    pick = random.Random(11)
    with started() as browser, Window(browser, page.link) as one:
        one.open()
        for _ in range(70):  # the answers that are kept are as many as they will be
            click(one, pick)
        before = resident_bytes(page)
        clicks, end = 0, time.monotonic() + SOAK_S

        def soak() -> None:
            nonlocal clicks
            while time.monotonic() < end:
                click(one, pick)
                clicks += 1

        benchmark.pedantic(soak, rounds=1)
        grown = resident_bytes(page) / before - 1
        assert one.wrong == []
        assert one.text("#fault") == ""
        benchmark.extra_info.update({"county": name, "clicks": clicks, "memory_growth_share": round(grown, 3)})
