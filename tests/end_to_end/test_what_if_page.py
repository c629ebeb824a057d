"""The what-if page as a planner uses it, in Chromium without a network: figures, undo, files, programmes, everybody."""

from __future__ import annotations

import re
import tomllib

import pytest

from sufficiency.model.vocabulary import NEEDS
from sufficiency.planning import apply_scenario
from sufficiency.planning.one_year import outcomes_of_year
from sufficiency.planning.what_if import Proposal, ready_to_ask, whatif
from tests.end_to_end.served import served
from tests.what_if_window import Window, started

pytestmark = [pytest.mark.browser, pytest.mark.slow]
YEAR = 2028
WANTAGE = (440_600.0, 188_300.0)
TYPED = "440600, 188300"


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), None) as page:
        yield page.link


@pytest.fixture(scope="module")
def browser():
    with started() as one:
        yield one


@pytest.fixture
def window(browser, link):
    with Window(browser, link) as one:
        yield one.open()


@pytest.fixture(scope="module")
def asked(oxfordshire):
    """The answers of `whatif`, which the command line prints: without a local place, with none at all, hours."""
    applied = apply_scenario(oxfordshire, "committed")
    ready = ready_to_ask(applied, YEAR, scenario_id="committed")

    def ask(places, year=2027, at=WANTAGE):
        told = whatif(ready, Proposal(*at, "special_school", NEEDS, 0, 14, places, year))
        hours = told.journeys_per_day / 60
        return [
            (told.before.without_local_place_pupils, told.after.without_local_place_pupils),
            (told.before.unplaced_pupils, told.after.unplaced_pupils),
            (round(told.before.travel_min * hours), round(told.after.travel_min * hours)),
        ]

    return ask


def as_shown(pairs):
    return [tuple(f"{one:,}" for one in pair) for pair in pairs]


def test_the_page_opens_whole_and_asks_nobody_else(browser, link):
    with Window(browser, link) as one:
        one.open(guide=True)
        assert one.page.locator("#guide").is_visible()
        assert "Illustrative" in one.text(".top-bar")
        assert re.fullmatch(r"In 2028/29, [\d,]+ pupils have no local place as things are planned \(illustrative\)\. "
                            r"What if…\?", one.text("#finding"))  # fmt: skip
        for step in range(2, 6):
            one.page.click("#guide-next")
            assert f"Step {step} of 5" in one.text("#guide-title")
        one.page.click("#guide-next")
        assert one.focus() == "guide-open"
        one.reload()
        assert not one.page.locator("#guide").is_visible()
        assert one.wrong == []
        assert one.elsewhere() == []
        assert len(one.requests) > 10


def test_figures_on_the_screen_are_those_of_the_command(window, asked):
    assert [before == after for before, after in window.figures()] == [True] * 3
    window.put(TYPED)
    assert window.figures() == as_shown(asked(30))
    window.page.fill("#places-number", "64")
    window.does(lambda: window.page.press("#places-number", "Tab"))
    assert window.figures() == as_shown(asked(64))
    assert window.page.input_value("#places") == "64"
    county = window.table("by area, 2028/29")["Oxfordshire"]
    (before, after), *_ = asked(64)
    assert county[1:3] == [f"{before:,}", f"{after:,}"]
    window.does(lambda: window.page.select_option("#year-from", "2030"))
    assert window.figures() == as_shown(asked(64, 2030))
    assert window.wrong == []


def test_a_click_on_the_map_puts_thirty_places_there(window, asked):
    box = window.page.locator(".map").bounding_box()
    window.does(lambda: window.page.mouse.click(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.6))
    east, north = map(float, re.search(r"easting (\d+), northing (\d+)", window.text("#place-told")).groups())
    assert 420_000 < east < 480_000
    assert 170_000 < north < 250_000
    # what is told is rounded to the metre, and a metre moves no minute of the sum
    assert window.figures() == as_shown(asked(30, at=(east, north)))
    assert window.page.locator(".pin").count() == 1


def test_what_is_undone_is_as_it_was_and_can_be_done_again(window):
    start, shown = window.figures(), window.page.get_attribute(".map", "data-classes")
    areas = window.table("by area")
    window.put(TYPED)
    for field, value in (("#action", "close"), ("#action", "convert"), ("#action", "relocate"), ("#action", "expand")):
        window.does(lambda field=field, value=value: window.page.select_option(field, value))
        assert window.text("#fault") == ""
    last = window.figures()
    for _ in range(5):
        window.does(lambda: window.page.keyboard.press("Control+z"))
    assert window.figures() == start
    assert window.page.get_attribute(".map", "data-classes") == shown
    assert window.table("by area") == areas
    assert window.page.get_attribute("#undo", "aria-disabled") == "true"
    for _ in range(5):
        window.does(lambda: window.page.click("#redo"))
    assert window.figures() == last


def test_a_drag_of_the_slider_is_answered_on_the_way_and_undone_at_once(window):
    window.put(TYPED)
    before, slider = window.asked(), window.page.locator("#places")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    window.page.mouse.move(box["x"] + box["width"] * 0.22, y)
    window.page.mouse.down()
    for step in range(24):
        window.page.mouse.move(box["x"] + box["width"] * (0.22 + 0.02 * step), y)
        window.page.wait_for_timeout(40)
    window.page.mouse.up()
    window.settled()
    assert window.asked() - before > 4
    assert int(window.page.input_value("#places")) > 60
    assert window.page.input_value("#places") == window.page.input_value("#places-number")
    window.does(lambda: window.page.click("#undo"))
    assert window.page.input_value("#places") == "30"


def test_the_desk_is_there_after_a_reload_and_after_a_restart(browser, tmp_path):
    with served(tmp_path, None) as page, Window(browser, page.link) as one:
        one.open().put("Wantage")
        one.page.fill("#places-number", "47")
        one.does(lambda: one.page.press("#places-number", "Tab"))
        figures, name = one.figures(), one.text(".card strong")
        one.reload()
        assert one.figures() == figures
        assert one.text(".card strong") == name
        kept = one.context.cookies()
        page.end()
        with served(tmp_path, None) as again:
            one.context.clear_cookies()
            one.context.add_cookies([kept_one for kept_one in kept if kept_one["name"] == "what_if_desk"])
            one.link = again.link
            one.reload(again.link)
            assert one.figures() == figures
            assert one.page.input_value("#places-number") == "47"
            one.does(lambda: one.page.click("#undo"))
            assert one.page.input_value("#places-number") == "30"


def test_a_programme_is_saved_as_the_scenario_that_the_command_reads(window, tmp_path, oxfordshire):
    from sufficiency.sources.scenario_file import with_scenario_file

    window.put(TYPED)
    window.page.fill("#programme-name", "Wantage and more")
    window.does(lambda: window.page.press("#programme-name", "Tab"))
    window.page.click("#area-schemes summary")
    window.does(window.page.locator("#area-schemes input").first.check)
    figures = window.figures()
    with window.page.expect_download() as waiting:
        window.page.click("#save")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    told = tomllib.loads(saved.read_text("utf-8"))
    assert told["title"] == "Wantage and more"
    assert [one["places"][0]["places"] for one in told["own_schemes"]] == [30]
    laid = apply_scenario(with_scenario_file(oxfordshire, saved), saved.stem)
    rows = outcomes_of_year(laid, YEAR, saved.stem)
    without = rows[rows["outcome"].isin(["other_council", "independent", "unplaced"])]
    assert int(without["pupils"].sum()) == int(figures[0][1].replace(",", ""))
    for _ in range(3):
        window.does(lambda: window.page.click("#undo"))
    with window.page.expect_file_chooser() as chooser:
        window.page.click("#open-file")
    window.does(lambda: chooser.value.set_files(saved))
    assert window.figures() == figures
    assert window.page.input_value("#programme-name") == "Wantage and more"
    assert "Opened" in window.text("#notice")


def test_two_programmes_side_by_side(window):
    window.put(TYPED)
    first = window.figures()
    window.does(lambda: window.page.click("#compare"))
    window.page.wait_for_function("document.querySelectorAll('.map[data-ready]').length === 2")
    window.page.locator(".cards .card .plain").first.click()
    window.page.fill("#places-number", "90")
    window.does(lambda: window.page.press("#places-number", "Tab"))
    second = window.figures()
    assert second[0][1] != first[0][1]
    table = window.table("Two programmes")
    assert table["Without a local place"][:3] == [first[0][0], first[0][1], second[0][1]]
    shown = [one.get_attribute("data-classes") for one in window.page.locator(".map").all()]
    assert len(shown) == 2
    marks = window.page.locator(".pin text").all_text_contents()
    assert marks == ["30", "90"]
    # the maps move together
    window.page.locator(".leaflet-control-zoom-in").first.click()
    window.page.wait_for_timeout(600)
    scales = window.page.locator(".leaflet-control-scale-line:first-child").all_text_contents()
    assert len(set(scales)) == 1
    window.does(lambda: window.page.click("#work-0"))
    assert window.figures() == first
    window.does(lambda: window.page.click("#compare"))
    assert window.page.locator(".map").count() == 1
    assert window.figures() == first


def test_sites_are_suggested_and_do_what_they_say(window):
    window.put("Banbury")
    window.page.click("#suggest-sites")
    window.page.wait_for_selector("#site-0")
    said = re.search(
        r"(\d+) more pupils? a local place, with (\d+) hours? (less|more) travel", window.text(".sites li p")
    )
    window.does(lambda: window.page.click("#site-0"))
    (before, after), _, (hours, then) = [tuple(int(one.replace(",", "")) for one in pair) for pair in window.figures()]
    assert before - after == int(said[1])
    # the sentence rounds the change, the figures round each side of it
    assert abs((then - hours) * (1 if said[3] == "more" else -1) - int(said[2])) <= 1


def test_what_cannot_be_is_said_and_nothing_is_changed(window):
    window.put(TYPED)
    figures = window.figures()
    for where, words in (("100000, 900000", "road"), ("Nowhere at all", "Nowhere"), ("OX12 9AA", "postcode")):
        window.page.fill("#place", where)
        window.page.click("#place-find")
        window.page.wait_for_selector("#fault")
        assert words.lower() in window.text("#fault").lower()
        assert window.figures() == figures
        other = "2029" if window.page.input_value("#second") == "0" else "0"
        window.does(lambda other=other: window.page.select_option("#second", other))
        assert window.text("#fault") == ""
    window.page.fill("#places-number", "4000")
    window.page.press("#places-number", "Tab")
    window.page.wait_for_selector("#fault")
    assert "from 5 to 120" in window.text("#fault")
    assert window.page.input_value("#places-number") == "30"
    bad = {"name": "bad.toml", "mimeType": "text/plain", "buffer": b"name = 'other'\nschemes = ['no-such']"}
    window.page.set_input_files("#open", bad)
    window.says("#fault", "bad.toml")
    assert window.page.locator(".card").count() == 1
    assert [one for one in window.wrong if "Traceback" in one] == []


def test_no_small_number_is_on_the_public_page(window):
    window.put(TYPED)
    window.page.click("#area-table summary")
    window.page.click("#unlocks")
    window.page.wait_for_selector("table:has(caption:has-text('cheapest change'))")
    window.settled()
    told = window.table("by area") | window.table("Placements") | window.table("Pupils by minutes one way")
    told |= window.table("The cheapest change") | window.table("Why pupils have no modelled place")
    cells = [cell for row in told.values() for cell in row]
    assert "c" in cells
    counts = {abs(int(cell.replace(",", ""))) for cell in cells if re.fullmatch(r"[\d,]+", cell)}
    assert counts
    assert not counts & set(range(1, 6))
    gains = window.text(".gains")
    assert not [one for one in re.findall(r"\b\d+\b", gains) if 0 < int(one) <= 5]
    assert window.page.locator("#level option").all_text_contents() == ["Districts", "Clusters"]


def test_drawn_futures_lie_around_the_answer(window):
    window.put(TYPED)
    window.page.click("#futures")
    window.page.wait_for_selector("table:has(caption:has-text('drawn futures'))")
    row = window.table("drawn futures")["Without a local place"]
    middle, low, high = map(int, re.fullmatch(r"(\d+) \((\d+) to (\d+)\)", row[0]).groups())
    assert low <= middle <= high
    now = int(window.figures()[0][0].replace(",", ""))
    assert low * 0.7 < now < high * 1.3


def test_a_year_moves_everything(window):
    window.put(TYPED)
    shown, areas = window.page.get_attribute(".map", "data-classes"), window.table("by area, 2028/29")
    window.page.focus("#year")
    window.does(lambda: window.page.keyboard.press("ArrowRight"))
    assert window.text("#year-told") == "2029/30"
    assert window.text("#finding").startswith("In 2029/30")
    later = window.table("by area, 2029/30")
    assert later["Oxfordshire"] != areas["Oxfordshire"]
    window.does(lambda: window.page.keyboard.press("ArrowLeft"))
    assert window.page.get_attribute(".map", "data-classes") == shown


def test_papers_can_be_stopped(window):
    window.put(TYPED)
    window.page.click("#papers")
    window.page.wait_for_selector("#papers-stop")
    window.says("#notice", "Making the papers")
    window.page.click("#papers-stop")
    window.says("#notice", "nothing was written")
    assert window.page.locator("#papers").is_visible()


def test_the_policy_of_content_is_kept_by_the_page_itself(browser, link):
    with Window(browser, link) as one:
        one.open().put(TYPED)
        one.page.click("#suggest-sites")
        one.page.wait_for_selector("#site-0")
        assert one.wrong == []
        refused = one.page.evaluate(
            """async () => { const out = [];
            try { await fetch('https://ran.invalid/'); } catch (error) { out.push('fetch'); }
            const made = document.createElement('script'); made.textContent = 'window.__ran = 1';
            document.body.append(made); if (!window.__ran) out.push('script');
            const frame = document.createElement('iframe'); frame.src = 'https://ran.invalid/';
            document.body.append(frame); return out; }"""
        )
        assert refused == ["fetch", "script"]
        assert any("Content Security Policy" in said or "violates" in said for said in one.wrong)


def test_two_windows_of_one_desk_hold_the_same(browser, link):
    with Window(browser, link) as one:
        one.open().put(TYPED)
        figures, first = one.figures(), one.page
        one.page = one.window()
        one.page.goto(first.url)
        one.ready()
        assert one.figures() == figures
        one.page.fill("#places-number", "55")
        one.does(lambda: one.page.press("#places-number", "Tab"))
        later = one.figures()
        one.page = first
        one.does(lambda: one.page.select_option("#year-from", "2028"))
        # the first window works on what the second has made of the desk
        assert one.page.input_value("#places-number") == "55"
        assert one.figures() == later
        # and a new desk is another one
        one.page.goto(re.sub(r"\?.*", "?desk=new", first.url))
        one.ready()
        assert one.page.locator(".card").count() == 0


STATES = (
    ("the first view", lambda _: None),
    ("a scheme", lambda w: w.put(TYPED)),
    ("needs and a second step", lambda w: (w.page.click("details.needs summary"),
                                           w.does(lambda: w.page.select_option("#second", "2029")))),
    ("suggestions", lambda w: (w.page.click("#suggest-sites"), w.page.wait_for_selector("#site-0"))),
    ("clusters and change", lambda w: (w.page.select_option("#look", "change"),
                                       w.page.select_option("#level", "cluster"),
                                       w.page.click("#area-table summary"))),
    ("what is missing", lambda w: (w.page.click("#unlocks"), w.page.wait_for_selector(".more table"))),
    ("a relocation", lambda w: w.does(lambda: w.page.select_option("#action", "relocate"))),
    ("a closure", lambda w: w.does(lambda: w.page.select_option("#action", "close"))),
    ("the area's schemes", lambda w: w.page.click("#area-schemes summary")),
    ("two programmes", lambda w: (w.does(lambda: w.page.click("#compare")),
                                  w.page.wait_for_selector(".map[data-ready] >> nth=1"))),
    ("a fault", lambda w: (w.page.fill("#place", "1, 1"), w.page.click("#place-find"),
                           w.page.wait_for_selector("#fault"))),
)  # fmt: skip


@pytest.mark.parametrize("size", [(1440, 900), (820, 1180), (320, 800)])
def test_every_state_is_for_everybody(browser, link, size):
    with Window(browser, link, size, axe=True) as one:
        one.open(guide=True)
        found = {"guide": one.axe()}
        one.page.click("#guide-close")
        for name, act in STATES:
            act(one)
            found[name] = [*one.axe(), *([f"{one.overflow()} px too wide"] if one.overflow() > 0 else [])]
        assert {name: what for name, what in found.items() if what} == {}


def test_at_twice_the_size_nothing_is_cut(browser, link):
    with Window(browser, link, (640, 512), device_scale_factor=2) as one:
        one.open().put(TYPED)
        assert one.overflow() <= 0
        for selector in ("#undo", "#place", "#places", "#year"):
            one.page.locator(selector).scroll_into_view_if_needed()
            assert one.page.locator(selector).is_visible()


def tab_to(window, wanted, most=80):
    """Press Tab until an element has the focus."""
    for _ in range(most):
        window.page.keyboard.press("Tab")
        if window.focus() == wanted:
            return
    pytest.fail(f"{wanted} is not reached by Tab; the focus is at {window.focus()}")


def test_a_whole_session_by_keyboard_alone(browser, link):
    with Window(browser, link) as one:
        one.open(guide=True)
        keys = one.page.keyboard
        tab_to(one, "guide-close")
        keys.press("Enter")
        start = one.figures()
        tab_to(one, "place")
        keys.type(TYPED)
        one.does(lambda: keys.press("Enter"))
        assert one.figures() != start
        put = one.figures()
        tab_to(one, "places")
        one.does(lambda: keys.press("End"))
        assert one.page.input_value("#places-number") == "120"
        assert one.figures() != put
        tab_to(one, "year-from")
        one.does(lambda: keys.press("ArrowDown"))
        tab_to(one, "suggest-sites")
        keys.press("Enter")
        one.page.wait_for_selector("#site-0")
        tab_to(one, "site-0")
        one.does(lambda: keys.press("Enter"))
        moved = one.text("#place-told")
        # the pin itself
        one.page.evaluate("scrollTo(0, 0)")
        one.page.focus("#level")
        pin = one.page.locator(".pin").first.get_attribute("aria-label")
        tab_to(one, pin)
        for _ in range(2):
            one.does(lambda: keys.press("ArrowUp"))
        assert one.text("#place-told") != moved
        one.page.focus("#level")
        one.does(lambda: keys.press("Control+z"))
        assert one.text("#place-told") == moved
        ring = one.page.evaluate("getComputedStyle(document.querySelector('#level')).outlineStyle")
        assert ring == "solid"
        # a new scheme in the middle of the map
        tab_to(one, "fresh")
        keys.press("Enter")
        one.says("#form-title", "The scheme")
        one.page.focus("#level")
        tab_to(one, one.page.get_attribute(".map", "aria-label"))
        one.does(lambda: keys.press("Enter"))
        assert one.page.locator(".card").count() == 2
        assert one.wrong == []


def test_two_windows_over_one_desk_show_the_same(browser, link, window):
    with Window(browser, link) as other:
        other.open()
        window.reload(other.page.url)
        window.put(TYPED)
        other.page.wait_for_selector(".pin")
        other.settled()
        assert other.figures() == window.figures()
        other.does(lambda: other.page.keyboard.press("Control+z"))
        window.page.wait_for_selector(".pin", state="detached")
        window.settled()
        assert window.figures() == other.figures()
        assert window.text("#fault") == ""
        assert window.wrong == other.wrong == []


def test_each_drag_of_a_pin_is_a_step_and_undo_works_from_a_tick(window):
    window.put(TYPED)
    places = []
    for across, down in ((60, -40), (50, 30)):
        box = window.page.locator(".pin").bounding_box()
        at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        before = window.asked()
        window.page.mouse.move(*at)
        window.page.mouse.down()
        window.page.mouse.move(at[0] + across, at[1] + down, steps=6)
        window.page.mouse.up()
        window.page.wait_for_function(f"Number(document.querySelector('#answer').dataset.asked) > {before}")
        window.settled()
        places.append(window.text("#place-told"))
    assert places[0] != places[1]
    window.does(lambda: window.page.keyboard.press("Control+z"))
    assert window.text("#place-told") == places[0]
    window.does(lambda: window.page.click("[id^=on-]"))
    assert window.focus().startswith("on-")
    window.does(lambda: window.page.keyboard.press("Control+z"))
    assert window.page.is_checked("[id^=on-]")


def test_years_turned_over_fast_end_where_the_hand_ends_and_later_schemes_are_said_to_be_later(window):
    window.put(TYPED)
    window.does(lambda: window.page.select_option("#year-from", "2031"))
    assert "it begins in 2031/32" in window.text("#finding")
    assert "to-come" in window.page.locator(".pin").get_attribute("class")
    window.page.focus("#year")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        window.page.keyboard.press(key)
    window.says("#finding", "In 2030/31")
    window.settled()
    assert window.text("#year-told") == "2030/31"


def test_long_work_is_stopped_and_what_is_old_is_marked(window):
    window.put(TYPED)
    window.page.click("#suggest-sites")
    window.page.click("#sites-stop")
    window.says("#sites-note", "Stopped.")
    window.page.click("#suggest-sites")
    window.page.wait_for_selector("#site-0")
    note = window.text("#sites-note")
    assert note.startswith("Best first, for 2028/29")
    window.does(lambda: window.page.select_option("#type", "specialist_base"))
    window.says("#sites-note", "Of an earlier answer")
    window.does(lambda: window.page.click("#undo"))
    window.says("#sites-note", note)
    window.does(lambda: window.page.select_option("#action", "close"))
    window.page.click("#site-0")
    window.page.wait_for_selector("#fault")
    assert "for new places" in window.text("#fault")
    assert window.page.input_value("#action") == "close"


def test_a_change_of_a_few_pupils_is_not_told(window):
    window.put(TYPED)
    window.page.click("details.needs summary")
    for need in NEEDS:
        if need not in ("HI", "VI"):
            window.does(lambda need=need: window.page.uncheck(f"#need-{need}"))
    window.page.fill("#places-number", "5")
    window.does(lambda: window.page.press("#places-number", "Tab"))
    assert "a change of a few, not shown" in window.text(".figures")
    shown = window.table("by area, 2028/29")
    assert all(row[3] in ("a few", "c", "0") or abs(int(row[3].replace("−", "-"))) > 5 for row in shown.values())
