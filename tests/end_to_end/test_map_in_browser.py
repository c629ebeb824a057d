"""The map file in a real browser with no network: it draws, it answers, it asks nobody, and no text in it runs."""

from __future__ import annotations

import base64
import csv
import dataclasses
import re
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sufficiency.outputs.maps.page import write_map
from tests.browser import SETTLE_S, Driver, chromium, requests_of_pages, run_chromium
from tests.hostile_map import PAYLOADS, hostile_inputs, hostile_released
from tests.released_fixture import make_inputs_facts, make_record, make_released

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

ENTER, ESCAPE, RIGHT, TAB = "\ue007", "\ue00c", "\ue014", "\ue004"
AREAS = 1 + 5 + 17


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    path = folder / "map.html"
    write_map(make_released(), make_inputs_facts(), make_record(), path)
    return path


@pytest.fixture(scope="module")
def hostile(folder: Path) -> Path:
    path = folder / "hostile.html"
    write_map(hostile_released(), hostile_inputs(), make_record(), path)
    return path


@pytest.fixture(scope="module")
def window(folder: Path) -> Iterator[Driver]:
    with Driver(folder) as driver:
        yield driver


@pytest.fixture
def fresh(window: Driver, page: Path) -> Iterator[Driver]:
    window.open("about:blank")
    window.open(page.as_uri())
    assert window.run("return document.body.dataset.ready") == "yes"
    yield window
    assert window.requests() == []


def test_the_map_draws_without_a_network_and_asks_for_nothing(page: Path, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    drawn = run_chromium(page.as_uri(), tmp_path, f"--log-net-log={log}", "--dump-dom", "--window-size=1400,900")
    assert requests_of_pages(log) == set()
    assert 'data-ready="yes"' in drawn
    assert drawn.count("<tr ") >= AREAS
    assert "leaflet-areas-pane" in drawn


def test_the_request_log_would_tell(tmp_path: Path) -> None:
    asking = tmp_path / "asking.html"
    asking.write_text(
        '<!DOCTYPE html><title>x</title><img src="https://example.invalid/x.png" alt="">', encoding="utf-8"
    )
    log = tmp_path / "net.json"
    run_chromium(asking.as_uri(), tmp_path, f"--log-net-log={log}", "--dump-dom")
    assert requests_of_pages(log) == {"https://example.invalid/x.png"}


def test_what_a_page_asks_for_is_refused_and_told(window: Driver, tmp_path: Path) -> None:
    asking = tmp_path / "asking.html"
    asking.write_text(
        """<!DOCTYPE html><title>x</title><img src="https://example.invalid/x.png" alt=""><img src="other.png" alt="">
        <img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" alt="">
        <script>alert(1); new WebSocket("wss://example.invalid/y"); fetch("http://127.0.0.1/z").catch(() => {});
        window.open("about:blank"); throw new Error("told")</script>""",
        encoding="utf-8",
    )
    wanted = {
        "https://example.invalid/x.png",
        (tmp_path / "other.png").as_uri(),
        "wss://example.invalid/y",
        "http://127.0.0.1/z",
    }
    window.open(asking.as_uri())
    end = time.monotonic() + SETTLE_S
    while (asked := set(window.requests())) != wanted and time.monotonic() < end:
        pass
    assert asked == wanted
    told = window.errors()
    assert {"dialog: 1", "window: about:blank", "error: told"} <= {line.split("\n")[0] for line in told}
    for page in window.context.pages[1:]:
        page.close()


def test_it_can_be_pictured_at_desk_and_phone_width(fresh: Driver, tmp_path: Path) -> None:
    for width, height in ((1400, 900), (390, 844)):
        fresh.resize(width, height)
        assert len(fresh.page.screenshot(path=tmp_path / f"{width}.png")) > 30_000
    fresh.resize(*fresh.size)


def test_at_phone_width_nothing_is_cut_off_and_the_panel_goes_below(fresh: Driver) -> None:
    fresh.command("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    try:
        assert fresh.run("return document.documentElement.scrollWidth") == 390
        tops = fresh.run(
            """
            return [".controls", ".folium-map", "#legend", ".panel"].map((name) =>
              Math.round(document.querySelector(name).getBoundingClientRect().top));
            """
        )
        assert tops == sorted(set(tops))
        wide = fresh.run(
            """
            return [...document.querySelectorAll("h1, #subtitle, .controls label, select, .headline, .panel p")]
              .filter((node) => node.getBoundingClientRect().right > 391).map((node) => node.id || node.className);
            """
        )
        assert wide == []
    finally:
        fresh.command("Emulation.clearDeviceMetricsOverride")


def test_it_prints_on_one_landscape_page(fresh: Driver) -> None:
    printed = fresh.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    pages = re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed))
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", base64.b64decode(printed))
    assert len(pages) == 1
    assert box is not None
    assert (round(float(box.group(1))), round(float(box.group(2)))) == (842, 595)


def test_every_area_has_a_row_with_the_released_figures(fresh: Driver) -> None:
    table = make_released().tables["sufficiency_area"]
    mask = make_released().hidden["sufficiency_area"]
    chosen = (table["scenario_id"] == "do_nothing") & (table["policy"] == "optimal") & (table["year"] == 2028)
    shown: dict[str, list[str]] = fresh.run(
        """
        const cells = (row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent);
        const rows = [...document.querySelectorAll("#figures tbody tr")];
        return Object.fromEntries(rows.map((row) => [row.querySelector("th").textContent, cells(row)]));
        """
    )
    assert len(shown) == AREAS == int(chosen.sum())
    for row, hidden in zip(table[chosen].to_dict("records"), mask[chosen].to_dict("records"), strict=True):
        cells = shown[row["area_name"]]
        for place, column in enumerate(("demand_pupils", "capacity_places", "without_local_place_pupils")):
            withheld = column == "capacity_places" and row["level"] == "cluster"
            assert cells[place] == ("z" if withheld else "c" if hidden[column] else f"{row[column]:,}")


def test_legend_counts_add_up_to_the_areas(fresh: Driver) -> None:
    counts = "return [...document.querySelectorAll('#legend-classes .count')].map((node) => Number(node.textContent))"
    assert sum(fresh.run(counts)) == 5
    fresh.click("#level-cluster")
    assert sum(fresh.run(counts)) == 17


def shown_state(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = driver.run(
        """
        const text = (id) => document.getElementById(id).textContent;
        const shapes = [...document.querySelectorAll(".leaflet-areas-pane path")];
        return { finding: text("finding"), title: document.title, year: text("year-label"),
          table: text("figures-caption"), scenario: document.getElementById("scenario").value,
          fills: shapes.map((path) => path.getAttribute("fill")) };
        """
    )
    return found


def test_the_year_moves_everything_at_once_from_the_keyboard(fresh: Driver) -> None:
    before = shown_state(fresh)
    fresh.keys("#year", RIGHT)
    after = shown_state(fresh)
    assert (before["year"], after["year"]) == ("2028/29", "2029/30")
    assert after["finding"].startswith("In 2029/30,")
    assert after["title"] == after["finding"]
    assert "2029/30" in after["table"]


def test_before_after_and_change_are_one_toggle(fresh: Driver) -> None:
    opened = shown_state(fresh)
    assert opened["scenario"] == "do_nothing"
    fresh.click("#view-before")
    before = shown_state(fresh)
    fresh.click("#view-after")
    after = shown_state(fresh)
    fresh.click("#view-change")
    change = shown_state(fresh)
    assert (before["scenario"], after["scenario"], change["scenario"]) == ("committed", "programme", "programme")
    assert before["fills"] != after["fills"]
    assert "fewer pupils are without" in change["finding"]
    assert "Programme less Committed" in change["table"]
    fresh.click("#view-before")
    assert shown_state(fresh) == before
    fresh.click("#view-nothing")
    assert shown_state(fresh) == opened


def test_the_title_follows_the_measure(fresh: Driver) -> None:
    for measure, words in (
        ("without_local_place_pupils", "Oxfordshire pupils who need a specialist place have no local"),
        ("placed_own_district_share", "in their own district"),
        ("location_balance_places", "local places than resident pupils who need one"),
    ):
        fresh.click(f"#measure option[value={measure}]")
        shown = shown_state(fresh)
        assert words in shown["finding"]
        assert shown["finding"].endswith("— illustrative")
        assert shown["title"] == shown["finding"]


def test_the_policy_that_ignores_capacity_says_so(fresh: Driver) -> None:
    first = ".headline dt"
    assert fresh.text(first) == "Pupils without a local place"
    assert fresh.run("return document.getElementById('policy-note').offsetHeight") == 0
    fresh.click("#policy option[value=nearest]")
    assert fresh.text(first) == "No suitable local place at all"
    assert fresh.run("return document.getElementById('policy-note').offsetHeight") > 0
    assert fresh.text("#policy-note") == "Ignores capacity: shows where pressure lies, not who has a place."
    assert fresh.text("#finding").startswith("If every pupil went to the nearest suitable place, whatever its room: in")
    assert "(ignores capacity)" in fresh.text("#subtitle")
    assert "No suitable local place" in fresh.text("#figures-head")


def test_a_share_stands_in_the_class_of_the_percent_that_is_printed(page: Path, folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["sufficiency_area"].copy()
    districts = table.index[table["level"] == "district"]
    table["without_local_place_share"] = table["without_local_place_share"].astype(float)
    # 39.6 % is printed as 40 %, 39.4 % as 39 %; the outer values give classes of ten points.
    shares = dict(zip(sorted(set(table.loc[districts, "area_id"])), (0.394, 0.396, 0.1, 0.59, 0.304), strict=True))
    table.loc[districts, "without_local_place_share"] = table.loc[districts, "area_id"].map(shares)
    path = folder / "edges.html"
    changed = dataclasses.replace(released, tables={**released.tables, "sufficiency_area": table}, hidden={})
    write_map(changed, make_inputs_facts(), make_record(), path)
    window.open(path.as_uri())
    rows = window.run(
        """
        const rows = [...document.querySelectorAll("#legend-classes li")];
        return rows.map((row) => [...row.querySelectorAll("span")].map((part) => part.textContent));
        """
    )
    counts = {label: int(count) for label, count in rows}
    assert counts["30% to under 40%"] == 2
    assert counts["40% to under 50%"] == 1


def test_a_journey_changes_by_the_minutes_shown(page: Path, folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["journeys_area"].copy()
    table["median_min"] = table["median_min"].astype(float)
    path = folder / "minutes.html"
    # Whole minutes are compared: 20 and 20, 20 and 19, 20 and 22.
    for before, after, words in (
        (20.4, 19.6, "Programme: no change"),
        (19.6, 19.4, "Programme: 1 minute shorter"),
        (20.0, 21.6, "Programme: 2 minutes longer"),
    ):
        table.loc[table["scenario_id"] == "committed", "median_min"] = before
        table.loc[table["scenario_id"] == "programme", "median_min"] = after
        changed = dataclasses.replace(released, tables={**released.tables, "journeys_area": table}, hidden={})
        write_map(changed, make_inputs_facts(), make_record(), path)
        window.open("about:blank")
        window.open(path.as_uri())
        window.click("#view-before")
        assert window.text(".headline:last-child em") == words
    window.click("#view-after")
    assert window.text(".headline:last-child em") == "2 minutes longer than Committed"


def test_doing_nothing_is_neither_before_nor_after(fresh: Driver) -> None:
    fresh.click("#view-after")
    fresh.click("#scenario option[value=do_nothing]")
    assert fresh.run("return document.getElementById('view-nothing').checked") is True
    sides = [fresh.text(f"#view-{side}-words") for side in ("nothing", "before", "after")]
    assert sides == ["Do nothing", "Before: Committed", "After: Programme"]
    fresh.click("#view-change")
    assert "Programme less Committed" in fresh.text("#figures-caption")
    # asked for by name, what the committed schemes change is shown too
    fresh.click("#scenario option[value=do_nothing]")
    assert "Do nothing less Committed" in fresh.text("#figures-caption")
    assert fresh.text("#view-after-words") == "After: Programme"


def test_where_nothing_opens_the_headlines_tell_all_three_scenarios(fresh: Driver) -> None:
    table = make_released().tables["sufficiency_area"]
    county = table[(table["area_id"] == "E10000025") & (table["policy"] == "optimal") & (table["year"] == 2028)]
    told = county.set_index("scenario_id")["without_local_place_pupils"]
    assert fresh.text(".headline:first-child strong") == f"{told['do_nothing']:,}"
    assert fresh.text(".headline:first-child em").split("\n") == [
        f"Committed: {told['committed']:,}",
        f"Programme: {told['programme']:,}",
    ]


def test_of_the_county_no_share_is_placed_in_its_own_district(fresh: Driver) -> None:
    heads = fresh.run("return [...document.querySelectorAll('#figures-head th')].map((cell) => cell.textContent)")
    place = heads.index("In own district, of need") - 1
    rows = fresh.run("""
      const rows = [...document.querySelectorAll("#figures tr.county, #figures tr.district")];
      return rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
    """)
    assert rows[0][place] == "z"
    assert all(row[place] != "z" for row in rows[1:])
    assert "shares are of the pupils who need a place" in fresh.text("#figures-caption")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 800), (1024, 768), (900, 800), (390, 844)])
def test_the_legend_is_whole_and_leaves_the_map_to_the_area(fresh: Driver, width: int, height: int) -> None:
    fresh.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    try:
        fresh.run("return new Promise((done) => setTimeout(done, 300))")
        cut, legend, land, room = fresh.run("""
          const legend = document.getElementById("legend"), map = document.querySelector(".folium-map");
          const box = (node) => {
            const found = node.getBoundingClientRect();
            return [found.left, found.top, found.right, found.bottom];
          };
          const shapes = [...document.querySelectorAll(".leaflet-areas-pane path")].map(box);
          const land = [0, 1].map((at) => Math.min(...shapes.map((one) => one[at])))
            .concat([2, 3].map((at) => Math.max(...shapes.map((one) => one[at]))));
          return [legend.scrollHeight - legend.clientHeight, box(legend), land, box(map)];
        """)
        assert cut <= 0
        beside = width > 1120
        # beside the area on a wide map, below the map on any other
        assert land[0] >= legend[2] if beside else legend[1] >= room[3] - 1
        search = fresh.run("return document.querySelector('.overlay.search').getBoundingClientRect().bottom")
        assert beside or land[1] >= search
        assert (land[3] - land[1]) / (room[3] - room[1]) > 0.6 or (land[2] - land[0]) / (room[2] - room[0]) > 0.6
    finally:
        fresh.command("Emulation.clearDeviceMetricsOverride")


def test_a_column_of_the_flows_that_holds_nothing_is_left_out(page: Path, folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["flows"]
    inside = table["setting_area_id"] != "outside"
    districts = sorted(set(table["setting_area_name"][inside]))
    nobody = table["setting_area_name"] != districts[0]
    path = folder / "flows.html"
    for kept, heads in (
        (inside | ~inside, [*districts, "Outside"]),
        (inside, districts),
        (inside & nobody, districts[1:]),
    ):
        tables = {**released.tables, "flows": table[kept]}
        mask = {**released.hidden, "flows": released.hidden["flows"][kept]}
        write_map(dataclasses.replace(released, tables=tables, hidden=mask), make_inputs_facts(), make_record(), path)
        window.open("about:blank")
        window.open(path.as_uri())
        found = window.run("return [...document.querySelectorAll('#flows-head th')].map((cell) => cell.textContent)")
        assert found == ["Home district", *heads]
        cells = window.run("return [...document.querySelectorAll('#flows-body tr')].map((row) => row.children.length)")
        assert cells == [len(found)] * 5


def test_the_table_fits_its_panel_on_a_small_screen(fresh: Driver) -> None:
    fresh.command("Emulation.setDeviceMetricsOverride", width=1024, height=768, deviceScaleFactor=1, mobile=False)
    try:
        # The width that a desktop's scroll bar takes from the panel.
        fresh.run("const panel = document.querySelector('.panel'); panel.style.borderRight = '15px solid white'")
        for choice in ("#view-before", "#policy option[value=nearest]", "#view-change"):
            fresh.click(choice)
            room, wide = fresh.run(
                "return [document.getElementById('table').clientWidth, document.getElementById('figures').offsetWidth]"
            )
            assert wide <= room
    finally:
        fresh.command("Emulation.clearDeviceMetricsOverride")


def test_district_names_stay_on_the_map_and_keep_their_words_apart(fresh: Driver) -> None:
    for width in (390, 1024):
        fresh.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 400
        )
        try:
            # The page moves its labels a moment after the window has its new size.
            outside = fresh.settled(
                """
                const frame = document.querySelector(".folium-map").getBoundingClientRect();
                const names = [...document.querySelectorAll(".label.area")];
                const out = names.filter((node) => node.hidden || node.getBoundingClientRect().left < frame.left
                  || node.getBoundingClientRect().right > frame.right);
                return out.map((node) => node.textContent);
                """,
                wanted=[],
            )
            assert outside == []
            texts = fresh.run("return [...document.querySelectorAll('.label.area')].map((node) => node.textContent)")
            assert any(text.startswith("Vale of\nWhite Horse\n") for text in texts)
        finally:
            fresh.command("Emulation.clearDeviceMetricsOverride")


def test_the_table_can_be_reached_before_the_settings(fresh: Driver) -> None:
    order = fresh.run(
        """
        const nodes = [...document.querySelectorAll(".skip, #year, .symbol")];
        return nodes.map((node) => node.id || node.classList[0] === "skip" && "skip" || "symbol");
        """
    )
    assert order[:3] == ["skip", "year", "skip"]
    assert order.count("symbol") >= 8
    fresh.run("document.querySelectorAll('.skip')[1].focus()")
    fresh.press(ENTER)
    assert fresh.run("return document.activeElement.id") == "table"
    fresh.press(TAB)
    assert fresh.run("return document.activeElement.className") == "pick"


def test_a_hidden_figure_is_hatched_and_named(page: Path, folder: Path, window: Driver) -> None:
    released = make_released()
    mask = {name: frame.copy() for name, frame in released.hidden.items()}
    mask["sufficiency_area"]["without_local_place_share"] = (
        released.tables["sufficiency_area"]["area_id"] == "E07000178"
    )
    path = folder / "hatched.html"
    write_map(dataclasses.replace(released, hidden=mask), make_inputs_facts(), make_record(), path)
    window.open(path.as_uri())
    assert shown_state(window)["fills"].count("url(#hatch)") == 1
    assert "c: hidden, to protect small numbers1" in window.text("#legend-classes")


def test_a_setting_opens_its_card_from_the_keyboard_and_gives_the_focus_back(fresh: Driver) -> None:
    name = fresh.run(
        "const mark = document.querySelector('.symbol'); mark.focus(); return mark.getAttribute('aria-label')"
    )
    assert name.split(", ")[-1] in {"open", "closing or closed"} or "proposed" in name
    fresh.press(ENTER)
    assert fresh.text(".card h2") == name.rsplit(", ", 2)[0]
    assert fresh.run("return document.activeElement.className") == "card"
    fresh.press(ESCAPE)
    assert fresh.run("return document.activeElement.getAttribute('aria-label')") == name


def test_choosing_an_area_in_the_table_marks_it_on_the_map(fresh: Driver) -> None:
    fresh.click("tr.district .pick")
    assert (
        fresh.run("return document.querySelectorAll('.leaflet-areas-pane path[stroke]:not([stroke=none])').length") == 1
    )
    assert fresh.run("return document.activeElement.getAttribute('aria-pressed')") == "true"
    fresh.click("tr.cluster .pick")
    assert fresh.run("return document.getElementById('level-cluster').checked") is True


def test_a_measure_that_clusters_lack_is_shown_by_district(page: Path, folder: Path, window: Driver) -> None:
    released = make_released()
    table = released.tables["sufficiency_area"].copy()
    table.loc[table["level"] == "cluster", "placed_own_area_pupils"] = pd.NA
    path = folder / "districts-only.html"
    changed = dataclasses.replace(released, tables={**released.tables, "sufficiency_area": table})
    write_map(changed, make_inputs_facts(), make_record(), path)
    window.open(path.as_uri())
    window.click("#level-cluster")
    window.click("#measure option[value=placed_own_district_share]")
    assert window.run("return document.getElementById('level-district').checked") is True
    assert window.run("return document.getElementById('level-cluster').disabled") is True
    assert len(shown_state(window)["fills"]) == 5
    window.click("#measure option[value=without_local_place_share]")
    assert window.run("return document.getElementById('level-cluster').disabled") is False


def test_flows_are_drawn_when_asked(fresh: Driver) -> None:
    count = "return document.querySelectorAll('.leaflet-flows-pane path').length"
    assert fresh.run(count) == 0
    fresh.click("#flows-shown")
    assert 1 <= fresh.run(count) <= 20


def test_the_page_is_keyboard_operable_from_its_start(fresh: Driver) -> None:
    reached = []
    for _ in range(9):
        fresh.press(TAB)
        reached.append(fresh.run("return document.activeElement.id || document.activeElement.getAttribute('class')"))
    assert reached[0] == "skip"
    controls = ("measure", "scenario", "policy", "year")
    assert tuple(name for name in reached if name in controls) == controls


def test_no_label_covers_another(fresh: Driver) -> None:
    boxes = fresh.run(
        """
        return [...document.querySelectorAll(".label:not([hidden])")].map((node) => node.getBoundingClientRect())
          .map((box) => [box.left, box.top, box.right, box.bottom]);
        """
    )
    assert len(boxes) >= 10
    for place, a in enumerate(boxes):
        for b in boxes[place + 1 :]:
            assert a[0] >= b[2] or a[2] <= b[0] or a[1] >= b[3] or a[3] <= b[1]


def test_the_area_is_fitted_into_the_map(fresh: Driver) -> None:
    frame, area = fresh.run(
        """
        const box = (node) => ["left", "top", "right", "bottom"].map((side) => node.getBoundingClientRect()[side]);
        const shapes = [...document.querySelectorAll(".leaflet-areas-pane path")].map(box);
        const whole = [0, 1].map((side) => Math.min(...shapes.map((at) => at[side])))
          .concat([2, 3].map((side) => Math.max(...shapes.map((at) => at[side]))));
        return [box(document.querySelector(".folium-map")), whole];
        """
    )
    assert frame[0] <= area[0]
    assert frame[1] <= area[1]
    assert area[2] <= frame[2]
    assert area[3] <= frame[3]
    assert area[3] - area[1] > 0.8 * (frame[3] - frame[1])


def downloaded(driver: Driver) -> str:
    text: str = driver.run(
        """
        const kept = {};
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { kept.blob = blob; return "#"; };
        document.getElementById("download").click();
        URL.createObjectURL = make;
        return kept.blob.text();
        """
    )
    return text


def test_the_table_downloads_as_tidy_text(fresh: Driver) -> None:
    fresh.click("#view-change")
    text = downloaded(fresh)
    lines = text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith(
        "run_id,illustrative,scenario,compared_with,policy,year,level,area_id,area_name,change_in_"
    )
    assert len(lines) == 1 + AREAS
    assert lines[1].startswith("0123456789ab,true,programme,committed,optimal,2028/29,county,E10000025,Oxfordshire,0,")


def test_no_console_message_and_no_refused_script(fresh: Driver) -> None:
    fresh.click("#view-change")
    assert fresh.errors() == []


def test_hostile_names_are_shown_as_they_are_and_never_run(hostile: Path, window: Driver) -> None:
    window.open(hostile.as_uri())
    assert window.run("return document.body.dataset.ready") == "yes"
    assert window.run("return document.title === document.getElementById('finding').textContent") is True
    assert window.run("return document.querySelectorAll('script:not([type])').length") == 3
    assert window.run("return document.querySelectorAll('img').length") == 0
    rows = window.run("return [...document.querySelectorAll('#figures tbody th')].map((cell) => cell.textContent)")
    assert {row.rsplit(" ", 1)[0] for row in rows} == set(PAYLOADS)
    window.click("#scenario option[value=hostile]")
    assert PAYLOADS[1] in window.text("#finding")
    cells = [row[8] for row in csv.reader(downloaded(window).lstrip("\ufeff").splitlines())]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert any(cell.startswith("'=1+1 ") for cell in cells)
    names = window.run(
        "return [...document.querySelectorAll('.symbol')].map((mark) => mark.getAttribute('aria-label'))"
    )
    assert len(names) >= 8
    for place in range(len(names)):
        window.run("document.querySelectorAll('.symbol')[arguments[0]].focus()", place)
        window.press(ENTER)
        assert names[place].startswith(window.text(".card h2"))
        assert PAYLOADS[1] in window.text(".card")
        window.press(ESCAPE)
    window.run(
        """
        document.querySelectorAll(".leaflet-areas-pane path").forEach((path) => {
          const at = path.getBoundingClientRect();
          path.dispatchEvent(new MouseEvent("mouseover", { bubbles: true, clientX: at.left + 5, clientY: at.top + 5 }));
        });
        """
    )
    assert window.run("return document.title === document.getElementById('finding').textContent") is True
    assert window.run("return document.querySelectorAll('script:not([type])').length") == 3
    assert window.run("return document.querySelectorAll('img, b').length") == 0
    assert window.errors() == []
    assert window.requests() == []
