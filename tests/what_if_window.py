"""The what-if page in a real browser: how it is opened, waited for, and read."""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from tests.browser import FLAGS, chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from playwright.sync_api import Browser, Page

WAIT_MS = 30_000
# nothing but this computer can be asked, whatever the page tries
CUT_OFF = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
AXE = """() => axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
  'wcag22aa', 'best-practice']}, resultTypes: ['violations']}).then((told) => told.violations.flatMap((rule) =>
  rule.nodes.map((one) => `${rule.id}: ${one.html.slice(0, 150)} ${one.failureSummary.slice(0, 200)}`)))"""
TABLE = """(caption) => { const words = (at) => at.textContent.trim().replace(/\\s+/g, ' ');
  const found = [...document.querySelectorAll('table')].find((one) => words(one.caption || one).includes(caption));
  return found ? [...found.tBodies[0].rows].map((row) => [...row.cells].map(words)) : null; }"""
FOCUS = """() => { const at = document.activeElement; return at ? (at.id || at.getAttribute('aria-label')
  || at.textContent.trim().slice(0, 40) || at.tagName) : ''; }"""


@contextmanager
def started() -> Iterator[Browser]:
    """Start Chromium once for several windows."""
    from playwright.sync_api import sync_playwright

    flags = [one for one in FLAGS if not one.startswith("--host-resolver-rules")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*flags, CUT_OFF])
        yield browser
        browser.close()


class Window:
    """A browser window that opens the page by its link; what it asked for, and what went wrong in it, is kept.

    Parameters
    ----------
    browser
        Chromium, from `started`.
    link
        The link that the command prints.
    size
        Width and height in pixels.
    axe
        Whether axe-core is in the page; the page's own policy, which keeps it out, is set aside then.
    """

    def __init__(
        self, browser: Browser, link: str, size: tuple[int, int] = (1440, 900), *, axe: bool = False, **more: Any
    ) -> None:
        self.browser = browser
        self.link = link
        self.size = size
        self.axe_too = axe
        self.more = more
        self.requests: list[str] = []
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        width, height = self.size
        self.context = self.browser.new_context(
            viewport={"width": width, "height": height}, bypass_csp=self.axe_too, **self.more
        )
        if self.axe_too:
            self.context.add_init_script(script=(files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        self.page = self.window()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.context.close()

    def window(self) -> Page:
        """Return another window of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("requestfailed", lambda one: self.wrong.append(f"failed: {one.url} {one.failure}"))
        page.on("pageerror", lambda one: self.wrong.append(f"error: {one}"))
        page.on("dialog", lambda one: (self.wrong.append(f"dialog: {one.message}"), one.dismiss()))
        page.on("console", lambda one: one.type in {"error", "warning"} and self.wrong.append(one.text))
        return page

    def open(self, *, guide: bool = False) -> Self:
        """Open the page and wait until it can be worked with."""
        self.page.goto(self.link)
        self.ready()
        if not guide and self.page.locator("#guide").is_visible():
            self.page.click("#guide-close")
        return self

    def reload(self, address: str = "") -> None:
        """Load the page anew."""
        self.page.goto(address) if address else self.page.reload()
        self.ready()

    def ready(self) -> None:
        """Wait until the map is drawn and the answer is up to date."""
        self.page.wait_for_selector(".map[data-ready]")
        self.settled()

    def settled(self) -> None:
        """Wait until nothing is still to come."""
        self.page.wait_for_function(
            "document.querySelector('#answer').dataset.asked && document.querySelector('#answer-status').textContent "
            "=== 'Up to date.' && !document.querySelector('.map-block[aria-busy=true]')",
            polling=30,
        )

    def asked(self) -> int:
        """Return how many headlines were shown."""
        return int(self.page.get_attribute("#answer", "data-asked") or 0)

    def does(self, act: Callable[[], object]) -> None:
        """Do something that has an answer, and wait for it."""
        before = self.asked()
        act()
        self.page.wait_for_function(f"Number(document.querySelector('#answer').dataset.asked) > {before}", polling=20)
        self.settled()

    def put(self, where: str) -> None:
        """Put a scheme somewhere by typing it."""
        self.page.fill("#place", where)
        self.does(lambda: self.page.click("#place-find"))

    def text(self, selector: str) -> str:
        """Return the text of an element, in one line; blank where there is none."""
        found = self.page.locator(selector)
        return " ".join((found.first.text_content() or "").split()) if found.count() else ""

    def says(self, selector: str, words: str) -> None:
        """Wait until an element is there and says something."""
        said = "([at, words]) => document.querySelector(at)?.textContent.includes(words)"
        self.page.wait_for_function(said, arg=[selector, words])

    def figures(self) -> list[tuple[str, str]]:
        """Return the three figures, before and after."""
        pairs = zip(
            self.page.locator(".figures .before").all(), self.page.locator(".figures .after").all(), strict=True
        )
        return [tuple(re.sub(r"[a-z ]", "", one.text_content() or "") or "c" for one in pair) for pair in pairs]

    def table(self, caption: str) -> dict[str, list[str]]:
        """Return the rows of a table by their heads."""
        rows = self.page.evaluate(TABLE, caption)
        assert rows is not None, f"no table is headed {caption!r}"
        return {head: cells for head, *cells in rows}

    def focus(self) -> str:
        """Return what has the focus."""
        return str(self.page.evaluate(FOCUS))

    def axe(self) -> list[str]:
        """Return what axe-core finds, the page at its top."""
        self.page.evaluate("scrollTo(0, 0)")
        return sorted(set(self.page.evaluate(AXE)))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def elsewhere(self) -> list[str]:
        """Return what was asked of anybody but the server."""
        own = re.match(r"http://[^/]+/", self.link)[0]  # type: ignore[index] # a link has a host
        return [
            one for one in self.requests if not one.startswith((own, own.replace("http", "ws", 1), "data:", "blob:"))
        ]
