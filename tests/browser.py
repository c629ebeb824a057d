"""A real browser for the tests of the pages: Chromium as it is installed, driven by Playwright, without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from playwright.sync_api import (
        Browser,
        ConsoleMessage,
        Dialog,
        Download,
        ElementHandle,
        Page,
        Playwright,
        Request,
        Route,
    )

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
TIMEOUT_S = 120
SETTLE_S = 10
# what the page did is heard of a moment later
EVENTS_MS = 50
# what a page may use without asking anybody
OWN_ADDRESSES = re.compile(r"(file|data|blob|about):")
# the keys of the WebDriver standard (17.4.2), by the names of the keyboard events
KEYS = {
    "\ue003": "Backspace",
    "\ue004": "Tab",
    "\ue006": "Enter",
    "\ue007": "Enter",
    "\ue00c": "Escape",
    "\ue00d": "Space",
    "\ue010": "End",
    "\ue011": "Home",
    "\ue012": "ArrowLeft",
    "\ue013": "ArrowUp",
    "\ue014": "ArrowRight",
    "\ue015": "ArrowDown",
    "\ue017": "Delete",
}


def chromium() -> str:
    """Return the path of Chromium; skip only where none is installed."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def run_chromium(address: str, folder: Path, *more: str) -> str:
    """Open an address without a network and return what Chromium prints (the page's elements, with ``--dump-dom``)."""
    profile = folder / "profile"
    flags = ["--headless", *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=4000", *more]
    done = subprocess.run([chromium(), *flags, address], capture_output=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2_000:]
    return done.stdout.decode("utf-8")


def requests_of_pages(net_log: Path) -> set[str]:
    """Return the addresses on the network that a page asked for; the browser's own calls have no page behind them."""
    found = set()
    for event in json.loads(net_log.read_text(encoding="utf-8"))["events"]:
        given = event.get("params") or {}
        address = str(given.get("url", ""))
        if re.match(r"(https?|wss?|ftp):", address) and given.get("initiator") not in (None, "not an origin"):
            found.add(address)
    return found


@dataclass
class _Chromium:
    """The one browser of this process: started for the first window, gone with the last.

    Playwright keeps an event loop running in the thread while it is started, so it is not kept for the tests of
    other modules.
    """

    windows: int = 0
    running: list[tuple[Playwright, Browser]] = field(default_factory=list)

    def taken(self) -> Browser:
        if not self.running:
            from playwright.sync_api import sync_playwright

            binary = chromium()
            playwright = sync_playwright().start()
            try:
                self.running.append((playwright, playwright.chromium.launch(executable_path=binary, args=[*FLAGS])))
            except BaseException:  # stopped by hand too: the driver is a process of its own
                playwright.stop()
                raise
        self.windows += 1
        return self.running[0][1]

    def given_back(self) -> None:
        self.windows -= 1
        if self.windows == 0:
            playwright, browser = self.running.pop()
            try:
                browser.close()
            finally:
                playwright.stop()


_CHROMIUM = _Chromium()


class Driver:
    """A browser window under control, in a context of its own that has no network.

    Parameters
    ----------
    folder
        Where downloads go.
    width, height
        Size of the page in CSS pixels.
    context
        More of Playwright's options of a context, such as ``forced_colors="active"``.
    """

    def __init__(self, folder: Path, width: int = 1400, height: int = 900, **context: Any) -> None:
        self.folder = folder
        self.size = (width, height)
        self.asked: list[str] = []
        self.told: list[str] = []
        browser = _CHROMIUM.taken()
        try:
            self.context = browser.new_context(
                offline=True,
                viewport={"width": width, "height": height},
                accept_downloads=True,
                service_workers="block",
                **context,
            )
            self.context.set_default_timeout(SETTLE_S * 1000)
            self.context.on("request", self._requested)
            self.context.on("console", self._logged)
            self.context.on("page", self._opened)
            self.context.on("weberror", lambda error: self.told.append(f"error: {error.error}"))
            self.context.on("dialog", self._asked)
            self.context.route(lambda address: not OWN_ADDRESSES.match(address), self._refused)
            self.address = "about:blank"
            self.page: Page = self.context.new_page()
            self.page.on("websocket", lambda socket: self.asked.append(socket.url))
            self.page.on("download", self._downloaded)
            self.protocol = self.context.new_cdp_session(self.page)
        except BaseException:  # stopped by hand too: the browser is counted by its windows
            _CHROMIUM.given_back()
            raise

    def _requested(self, request: Request) -> None:
        address = request.url
        own = address.split("#")[0] == self.address.split("#")[0]
        if not own and not address.startswith(("data:", "blob:", "about:")):
            self.asked.append(address)

    def _refused(self, route: Route) -> None:
        route.abort("internetdisconnected")

    def _logged(self, message: ConsoleMessage) -> None:
        self.told.append(f"{message.type}: {message.text}")

    def _opened(self, page: Page) -> None:
        if page.opener() is not None:
            self.told.append(f"window: {page.url}")

    def _asked(self, dialog: Dialog) -> None:
        self.told.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _downloaded(self, download: Download) -> None:
        download.save_as(self.folder / download.suggested_filename)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.context.close()
        finally:
            _CHROMIUM.given_back()

    def open(self, address: str) -> None:
        """Open an address; what was asked for and told before is forgotten."""
        self.asked.clear()
        self.told.clear()
        self.address = address
        self.page.goto(address)

    def run(self, script: str, *given: object) -> Any:
        """Run a script body in the page and return what it returns."""
        return self.page.evaluate(f"(given) => (function () {{ {script}\n }}).apply(null, given)", list(given))

    def settled(self, script: str, *, wanted: object) -> Any:
        """Return what a script body returns once it is what is wanted, or what it last returned when time is up."""
        end = time.monotonic() + SETTLE_S
        while (found := self.run(script)) != wanted and time.monotonic() < end:
            self.page.wait_for_timeout(50)
        return found

    def find(self, selector: str) -> ElementHandle:
        found = self.page.query_selector(selector)
        assert found is not None, f"nothing is {selector}"
        return found

    def click(self, selector: str) -> None:
        """Click the first such element; an option is chosen in its list."""
        found = self.find(selector)
        if found.evaluate("(node) => node.tagName") == "OPTION":
            found.evaluate_handle("(node) => node.closest('select')").as_element().select_option(
                value=found.get_attribute("value")
            )
        else:
            found.click()

    def keys(self, selector: str, text: str) -> None:
        """Press keys, one for each character, on the first such element."""
        self.find(selector).focus()
        self.press(*text)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is: characters, keys of the WebDriver standard, or names such as ``Shift+Tab``."""
        for key in keys:
            self.page.keyboard.press(KEYS.get(key, key))

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def resize(self, width: int, height: int) -> None:
        """Give the page another size in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def command(self, name: str, **given: Any) -> Any:
        """Send a command of the browser's own protocol."""
        # Playwright sets the size of the page itself and would not know of another.
        if name == "Emulation.setDeviceMetricsOverride":
            return self.resize(given["width"], given["height"])
        if name == "Emulation.clearDeviceMetricsOverride":
            return self.resize(*self.size)
        return self.protocol.send(name, given)

    def requests(self) -> list[str]:
        """Return what the page asked for since it was opened: anything but itself, ``data:`` and ``blob:``."""
        self.page.wait_for_timeout(EVENTS_MS)
        return list(self.asked)

    def errors(self) -> list[str]:
        """Return what the page told since last asked: console lines, errors, refused scripts, dialogs, windows."""
        self.page.wait_for_timeout(EVENTS_MS)
        told = list(self.told)
        self.told.clear()
        return told
