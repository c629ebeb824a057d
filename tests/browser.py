"""A real browser for the tests of the map page: Chromium without a network, and a WebDriver client in a few lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
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
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def chromium() -> str:
    """Return the path of Chromium; skip only where none is installed."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def run_chromium(address: str, folder: Path, *more: str) -> str:
    """Open an address without a network and return what Chromium prints (the page's elements, with ``--dump-dom``)."""
    profile = folder / "profile"
    flags = [*FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=4000", *more]
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


class Driver:
    """A browser window under control: the parts of the WebDriver standard that the tests need."""

    def __init__(self, folder: Path, width: int = 1400, height: int = 900) -> None:
        driver = shutil.which("chromedriver")
        binary = chromium()
        if driver is None:
            pytest.skip("no chromedriver is installed")
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        port = None
        for line in self.process.stdout:
            if started := re.search(rb"started successfully on port (\d+)", line):
                port = int(started.group(1))
                break
        assert port is not None, "chromedriver did not start"
        self.root = f"http://127.0.0.1:{port}/session"
        options = {
            "binary": binary,
            "args": [*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={folder / 'driven'}"],
            "prefs": {"download.default_directory": str(folder)},
        }
        wanted = {
            "capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        }
        self.root = f"{self.root}/{self._send('POST', '', wanted)['sessionId']}"

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.root}{path}", data=content, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._send("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(timeout=TIMEOUT_S)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def open(self, address: str) -> None:
        self._send("POST", "/url", {"url": address})

    def run(self, script: str, *given: object) -> Any:
        """Run a script body in the page and return what it returns."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(given)})

    def settled(self, script: str, *, wanted: object) -> Any:
        """Return what a script body returns once it is what is wanted, or what it last returned when time is up."""
        end = time.monotonic() + SETTLE_S
        while (found := self.run(script)) != wanted and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def find(self, selector: str) -> str:
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def click(self, selector: str) -> None:
        self._send("POST", f"/element/{self.find(selector)}/click", {})

    def keys(self, selector: str, text: str) -> None:
        self._send("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def command(self, name: str, **given: object) -> Any:
        """Send a command of the browser's own protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": name, "params": given})

    def errors(self) -> list[str]:
        """Return what the page wrote to the console: errors, refused scripts, failed loads."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]
