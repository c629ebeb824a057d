"""The what-if page in Chromium over other data: names that try to run, and the internal view."""

from __future__ import annotations

import pytest
import tomli_w

from tests.end_to_end.served import served
from tests.hostile_texts import PAYLOADS
from tests.what_if_window import Window, started

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TYPED = "440600, 188300"
# what a scheme's name can be in a file: one line, of letters that can be seen, and no longer than the form's
NAMES = [one for one in dict.fromkeys(PAYLOADS) if one.isprintable() and one.strip() == one and len(one) <= 120][:50]


@pytest.fixture(scope="module")
def browser():
    with started() as one:
        yield one


def scenario_of(names):
    """A scenario file with a small base for each name."""
    own = [
        {"scheme_id": f"scheme-{place + 1}", "scheme_name": name, "action": "open", "setting_id": f"new-{place}",
         "setting_name": name, "easting_m": 440_600.0 + 40 * place, "northing_m": 200_300.0,
         "provision_type": "specialist_base", "department": "all", "ncy_from": 0, "ncy_to": 6, "needs": "ASD",
         "sex": "any",
         "ehcp_required": True, "attendance": "day", "tier": "local", "source": "proposed", "quality": "illustrative",
         "rationale": name, "funding_status": "unfunded",
         "places": [{"year": year, "ncy_from": 0, "ncy_to": 6, "places": 6} for year in range(2028, 2032)]}
        for place, name in enumerate(names)
    ]  # fmt: skip
    return tomli_w.dumps(
        {"name": "hostile", "title": NAMES[0], "description": "", "illustrative": True, "based_on": "committed",
         "schemes": [], "own_schemes": own}
    )  # fmt: skip


def nothing_ran(window):
    ran = window.page.evaluate(
        "[window.__ran, document.title.includes('broken'), location.host, document.forms.length]"
    )
    assert ran[0] is None
    assert ran[1] is False
    assert window.elsewhere() == []
    assert not [one for one in window.wrong if "dialog" in one or "error" in one.lower()], window.wrong
    bad = window.page.evaluate(
        "document.querySelectorAll('iframe, object, embed, base, svg animate, video, math, plaintext, [onerror], '"
        " + '[onload], [onfocus], a[href^=javascript]').length"
    )
    assert bad == 0


def test_names_that_try_to_run_are_shown_as_text(browser, tmp_path):
    assert len(NAMES) >= 40
    with served(tmp_path, None, module=("tests.hostile_page",)) as page, Window(browser, page.link) as one:
        one.open()
        nothing_ran(one)
        file = {"name": "hostile.toml", "mimeType": "text/plain", "buffer": scenario_of(NAMES).encode()}
        one.does(lambda: one.page.set_input_files("#open", file))
        assert one.text("#fault") == ""
        shown = [" ".join(text.split()) for text in one.page.locator(".card strong").all_text_contents()]
        assert shown == [" ".join(name.split()) for name in NAMES]
        labels = [pin.get_attribute("aria-label") for pin in one.page.locator(".pin").all()]
        assert all(label.startswith(name) for label, name in zip(labels, NAMES, strict=True))
        nothing_ran(one)
        # tooltips of areas and of schools, choices, suggestions, the table, and both programmes
        box = one.page.locator(".map").bounding_box()
        for step in range(6):
            one.page.mouse.move(box["x"] + box["width"] * (0.3 + 0.07 * step), box["y"] + box["height"] * 0.5)
        for symbol in one.page.locator(".symbol").all()[:12]:
            symbol.dispatch_event("mouseover")
        one.page.locator(".cards .card .plain").first.click()
        one.page.click("#area-schemes summary")
        one.page.click("#area-table summary")
        one.page.select_option("#level", "cluster")
        one.page.click("#unlocks")
        one.page.wait_for_selector(".more table")
        one.does(lambda: one.page.click("#compare"))
        nothing_ran(one)
        one.does(lambda: one.page.click("#compare"))
        for name in NAMES[:6]:
            one.page.fill("#programme-name", name)
            one.does(lambda: one.page.press("#programme-name", "Tab"))
            assert one.page.input_value("#programme-name") == name[:80]
        one.page.fill("#place", NAMES[5])
        one.page.click("#place-find")
        one.page.wait_for_selector("#fault")
        assert NAMES[5][:20] in one.text("#fault")
        nothing_ran(one)


def test_the_internal_view_has_zones_and_says_what_it_is(browser, tmp_path):
    with served(tmp_path, None, "--internal") as page, Window(browser, page.link, axe=True) as one:
        one.open().put(TYPED)
        assert "Internal: not for publication" in one.text(".top-bar")
        assert "Internal: not for publication" in one.text(".map-watermark")
        assert one.page.locator("#level option").all_text_contents() == ["Districts", "Clusters", "Zones"]
        one.page.select_option("#level", "zone")
        one.page.wait_for_function("document.querySelector('.map').dataset.classes.length > 200")
        cells = {cell for row in one.table("by area").values() for cell in row}
        assert "c" not in cells
        assert cells & {"1", "2", "3", "4", "5"}
        assert one.axe() == []
