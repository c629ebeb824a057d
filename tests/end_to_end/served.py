"""The what-if page served by a process of its own: what it said, what it answers, and how it ends."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.end_to_end.commands import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT_S = 120
LINK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost):(\d+)/\?token=([\w-]+)")


class Served:
    """A page that is served, and what its process has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self._new = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            with self._new:
                self.said += line
                self._new.notify_all()

    def until(self, pattern: str) -> re.Match[str]:
        """Wait until it has said something."""
        with self._new:
            assert self._new.wait_for(
                lambda: re.search(pattern, self.said) or self.process.poll() is not None, LIMIT_S
            ), self.said
        found = re.search(pattern, self.said)
        assert found, self.said
        return found

    @property
    def link(self) -> str:
        return LINK.search(self.said)[0]

    @property
    def port(self) -> int:
        return int(LINK.search(self.said)[2])

    @property
    def token(self) -> str:
        return LINK.search(self.said)[3]

    def ask(self, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        line.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        body = answer.read().decode(errors="replace")
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
        line.close()
        return found

    def cookie(self) -> str:
        """Come by the link."""
        status, headers, _ = self.ask(f"/?token={self.token}")
        assert status == 303
        assert headers["location"] == "/"
        return headers["set-cookie"].split(";")[0]

    def page(self) -> tuple[str, str]:
        """Return the cookie and the page."""
        cookie = self.cookie()
        status, _, body = self.ask("/?desk=a-proper-desk-key", cookie=cookie)
        assert status == 200
        return cookie, body

    def end(self) -> tuple[int, float]:
        """Press Ctrl-C, and return the exit status and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(LIMIT_S)
        return status, time.monotonic() - began


@contextmanager
def served(
    folder: Path,
    area: Path | None,
    *options: str,
    module: tuple[str, ...] = ("sufficiency", "serve"),
    port: str = "0",
    **more: str,
) -> Iterator[Served]:
    """Serve an area, None = the embedded one, from a folder where its desks are kept; a blank port = the usual one."""
    named = [] if area is None else [str(area)]
    options = ("--port", port, *options) if port else options
    process = subprocess.Popen(
        [sys.executable, "-m", *module, *named, "--keep", str(folder / "kept"), *options],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1", **more}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    page = Served(process)
    try:
        page.until("Ctrl-C ends it")
        yield page
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(LIMIT_S)
        process.stdout.close()
