"""The whole what-if page behind its guard: every route tried, then thousands of spoilt requests and messages.

Run as ``python -m tests.fuzz_page AREA FOLDER REQUESTS MESSAGES SEED``; it prints what it found as JSON. It wants a
process of its own, because the framework holds its pages in one place. Papers are not made in earnest.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import random
import re
import sys
import traceback
import warnings
from collections import Counter
from pathlib import Path

from nicegui import app as framework
from starlette.routing import Mount, Route

import sufficiency
from sufficiency.app.bounds import Bounds
from sufficiency.app.doors import Doors
from sufficiency.app.engine import Engine
from sufficiency.app.page import errands
from sufficiency.app.page.page import build
from sufficiency.app.server import application
from sufficiency.app.sessions import Sessions
from sufficiency.cli.places import place_finder
from sufficiency.cli.serve import read_scenario, scenario_text_of
from tests.asgi import HOST, ORIGIN, request, started, websocket

TOKEN = "the-token-of-this-start"  # noqa: S105 - made up for the tests
SOCKET = "/_nicegui_ws/socket.io/"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "BREW", "")
PIECES = ("..", ".", "", "%2e%2e", "%00", "\0", "\\", "ground", "_nicegui", "3.18.0", "static", "components", "libraries", "esm",
          "resources", "auto", "client", "upload", "papers", "socket.io", "_nicegui_ws", "é", "💥", "a" * 300, "etc", "passwd",
          "dynamic_resources", "nicegui.js", "favicon.ico", "leaflet.css", "{key}", "<script>", "?", "#", ";", "&")  # fmt: skip
VALUES = ("", "0", "-1", "1e309", "null", "[]", "{}", "../../etc/passwd", "<script>alert(1)</script>", "é💥", "a" * 2_000, "%ff%fe",
          "true", "\0", "' OR 1=1", "a-proper-desk-key", "websocket", "polling", "4", "3")  # fmt: skip
NAMES = ("desk", "token", "EIO", "transport", "sid", "t", "j", "client_id", "tab_id", "document_id", "implicit_handshake",
         "next_message_id", "old_tab_id", "a", "")  # fmt: skip
HEADERS = ("accept", "accept-encoding", "accept-language", "range", "if-none-match", "if-modified-since", "content-type", "user-agent",
           "upgrade", "connection", "x-forwarded-prefix", "x-forwarded-host", "x-forwarded-proto", "purpose", "sec-purpose", "expect",
           "nicegui-check", "transfer-encoding", "te", "x-http-method-override", "authorization", "referer")  # fmt: skip
JUNK = ("text/markdown", "bytes=0-", "bytes=99999999-1", "bytes=a-b", "gzip;q=x", "prefetch", "websocket", "Upgrade", "multipart/form-data",
        "multipart/form-data; boundary=x", "application/json", "*", '"x"', "W/", "Fri, 99 Foo 2026", "GPTBot", "//evil.example",
        "\"><script>", "a" * 3_000, "\xff\xfe", "", "0", "100-continue", "chunked")  # fmt: skip


class Found(logging.Handler):
    """Everything that was logged as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.told = Counter()

    def emit(self, record):
        """Count it by what it says."""
        error = record.exc_info[1] if record.exc_info else None
        frames = traceback.extract_tb(error.__traceback__) if error else []
        where = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames))
        self.told[f"{record.name}: {record.getMessage()[:120]} {error!r} {where}"[:500]] += 1


class Fuzz:
    """One run over one page."""

    def __init__(self, guarded, seed):
        self.guarded = guarded
        self.random = random.Random(seed)
        self.statuses = Counter()
        self.faults = []
        self.cookie = ""

    async def begin(self):
        """Come by the link."""
        answer = await request(self.guarded, query=f"token={TOKEN}", headers={"host": HOST})
        self.cookie = answer.header("set-cookie").split(";")[0]

    def known(self, **more):
        """Return the headers of the browser that came by the link."""
        return {"host": HOST, "origin": ORIGIN, "cookie": self.cookie} | more

    async def ask(self, what, *asked, **more):
        """Ask, and keep what must not be."""
        try:
            answer = await request(self.guarded, *asked, **more)
        except Exception as error:  # noqa: BLE001 - any is a fault
            self.faults.append(f"{what}: {asked!r:.200} {error!r}")
            return None
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.faults.append(f"{what}: {answer.status} {asked!r:.300}")
        if b"Traceback" in answer.body or b"NiceGUI ready" in answer.body:
            self.faults.append(f"{what}: a trace in {asked!r:.300}")
        if answer.header("x-frame-options") != "DENY" or "default-src 'none'" not in answer.header(
            "content-security-policy"
        ):
            self.faults.append(f"{what}: without its headers {asked!r:.300}")
        return answer

    async def every_route(self):
        """Try every route that the framework knows: without the token, from elsewhere, and from another page."""
        paths = {"/", SOCKET, "/nowhere"}
        for route in framework.routes:
            if isinstance(route, Mount):
                paths |= {route.path, f"{route.path}/", f"{route.path}/nicegui.js", f"{route.path}/socket.io/"}
            elif isinstance(route, Route):
                paths.add(re.sub(r"\{[^}]*\}", "x", route.path))
        wrong = {
            "no token": {"host": HOST, "origin": ORIGIN},
            "another token": {"host": HOST, "origin": ORIGIN, "cookie": "sufficiency-8090=x"},
            "another host": self.known(host="evil.example:8090", origin="http://evil.example:8090"),
            "another origin": self.known(origin="http://evil.example"),
            "another site": self.known(**{"sec-fetch-site": "cross-site"}),
        }
        tried = 0
        for path in sorted(paths):
            for name, headers in wrong.items():
                for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                    answer = await self.ask("route", method, path, b"EIO=4&transport=polling", headers=headers)
                    tried += 1
                    if answer is None or answer.status != 403:
                        self.faults.append(f"{method} {path} with {name}: {answer and answer.status}")
                async with websocket(self.guarded, path, b"EIO=4&transport=websocket", headers) as talk:
                    await talk.until(lambda one: one.status or one.accepted)
                tried += 1
                if talk.accepted or talk.status != 403:
                    self.faults.append(f"websocket {path} with {name}: {talk.status}")
            headers = self.known(origin=None)
            async with websocket(self.guarded, path, b"EIO=4&transport=websocket", headers) as talk:
                await talk.until(lambda one: one.status or one.accepted)
            tried += 1
            if talk.accepted or talk.status != 403:
                self.faults.append(f"websocket {path} without an origin: {talk.status}")
        return len(paths), tried

    def _path(self):
        pick = self.random
        if pick.random() < 0.2:
            return pick.choice(("/", SOCKET, "/papers/x", "/leaflet.css", "/_nicegui/3.18.0/static/nicegui.js"))
        return "/" + "/".join(pick.choice(PIECES) for _ in range(pick.randint(0, 6)))

    def _query(self):
        pick = self.random
        if pick.random() < 0.3:
            return bytes(pick.randrange(256) for _ in range(pick.randint(0, 40)))
        pairs = (f"{pick.choice(NAMES)}={pick.choice(VALUES)}" for _ in range(pick.randint(0, 7)))
        return "&".join(pairs).encode()

    async def one_request(self):
        """Ask something spoilt."""
        pick = self.random
        headers = list(self.known().items())
        headers += [(pick.choice(HEADERS), pick.choice(JUNK)) for _ in range(pick.randint(0, 4))]
        if pick.random() < 0.2:
            pick.shuffle(headers)
            headers = headers[: pick.randint(0, len(headers))]
        body = [bytes(pick.randrange(256) for _ in range(pick.randint(0, 200))) for _ in range(pick.randint(1, 3))]
        if pick.random() < 0.2:
            body = [
                pick.choice(
                    (b"40", b'42["event",{}]', b"4" * 500, b"b" + b"A" * 99, b"\x1e" * 40, b"2probe", b"6", b"1")
                )
            ]
        await self.ask("request", pick.choice(METHODS) if pick.random() < 0.5 else "GET", self._path(), self._query(),
                       headers=headers, body=body)  # fmt: skip

    def _junk(self, depth=0):
        pick = self.random
        kinds = [None, True, -1, 0, 10**30, 1.5, float("nan"), "", "x" * 50, "é\0", [], {}]
        if depth < 3 and pick.random() < 0.4:
            return [self._junk(depth + 1) for _ in range(pick.randint(0, 4))]
        if depth < 3 and pick.random() < 0.3:
            keys = ("id", "lat", "lng", "value", "name", "scheme", "__proto__", "places", "year")
            return {pick.choice(keys): self._junk(depth + 1) for _ in range(pick.randint(0, 4))}
        return pick.choice(kinds)

    def _frame(self, client, listeners):
        """Return a message: one like the page's own with other contents, one of another shape, or no message at all."""
        pick = self.random
        kind = pick.random()
        if kind < 0.25:
            element, listener = pick.choice(listeners)
            args = [json.dumps(self._junk()) for _ in range(pick.randint(0, 2))]
            body = {"id": element, "client_id": client, "listener_id": listener, "args": args}
            if pick.random() < 0.2:
                body[pick.choice(list(body))] = self._junk()
            return "42" + json.dumps(["event", body])
        if kind < 0.55:
            name = pick.choice(
                ("event", "handshake", "javascript_response", "ack", "log", "connect", "disconnect", "message", "*", "")
            )
            body = {"client_id": client, "id": self._junk(), "level": self._junk(), "message": self._junk(),
                    "next_message_id": self._junk(), "request_id": self._junk(), "listener_id": self._junk(), "args": self._junk(),
                    "tab_id": self._junk(), "document_id": self._junk()}  # fmt: skip
            sent = pick.choice(
                ([name, body], [name], [name, self._junk()], [name, body, body], [self._junk(), body], self._junk())
            )
            return pick.choice(("42", "42", "42", "42/other,", "4299", "43", "44", "45", "451-")) + json.dumps(sent)
        if kind < 0.85:
            return pick.choice(("", "4", "40", "40/x,", "41/x,", "42", "42[", "42{}", "42[[[", "45-", "4" * 99, "2", "3", "5", "6", "7", "x", "b",
                                "bAAAA", "é", "\0", "2probe", "3probe", "42[\"event\"", "421[\"ack\",{}]", "4" + "[" * 5_000,
                                "42" + "[" * 5_000 + "]" * 5_000))  # fmt: skip
        return bytes(pick.randrange(256) for _ in range(pick.randint(0, 60)))

    async def talk(self, messages):
        """Open the page, connect, and send it spoilt messages."""
        pick = self.random
        page = await self.ask("page", "GET", "/", b"desk=a-proper-desk-key", headers=self.known())
        client = re.search(r'client_id["\']:\s*["\']([0-9a-f-]+)', page.text)[1]
        elements = json.loads(html.unescape(re.search(r"String\.raw`(.*?)`", page.text, re.DOTALL)[1]))
        listeners = [
            (int(number), event["listener_id"]) for number, one in elements.items() for event in one.get("events", [])
        ]
        tab = f"tab-{pick.randrange(10**9)}"
        query = (f"client_id={client}&next_message_id=0&implicit_handshake=true&document_id=d-{tab}&tab_id={tab}&old_tab_id="
                 "&EIO=4&transport=websocket")  # fmt: skip
        headers = self.known(upgrade="websocket", connection="Upgrade")
        async with websocket(self.guarded, SOCKET, query, headers) as talk:
            await talk.until(lambda one: one.heard or one.code or one.status)
            talk.say("40")
            await talk.until(lambda one: len(one.heard) > 1 or one.code)
            sent = 0
            while sent < messages and not talk.code:
                talk.say(self._frame(client, listeners))
                sent += 1
                await asyncio.sleep(0)
                if sent % 20 == 0:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.05)
        if talk.code == 1011:
            self.faults.append("the application behind a websocket failed")
        return sent, len(listeners)

    async def talk_all(self, messages):
        """Send so many messages, over as many connections as that takes."""
        sent, heard = 0, 0
        while sent < messages:
            more, heard = await self.talk(min(messages - sent, 400))
            sent += max(more, 1)
        return sent, heard


async def run(guarded, requests, messages, seed):
    """Return what was found."""
    fuzz = Fuzz(guarded, seed)
    late = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: late.append(str(found)[:300]))
    async with started(guarded):
        await fuzz.begin()
        paths, tried = await fuzz.every_route()
        for _ in range(requests):
            await fuzz.one_request()
        sent, listeners = await fuzz.talk_all(messages)
        # it answers still
        page = await fuzz.ask("at the end", "GET", "/", b"desk=a-proper-desk-key", headers=fuzz.known())
    return {
        "routes": paths, "tried": tried, "requests": requests, "messages": sent, "listeners": listeners,
        "statuses": dict(sorted(fuzz.statuses.items())), "faults": fuzz.faults[:20], "late": late[:20],
        "last": page and page.status,
    }  # fmt: skip


def main(area, folder, requests, messages, seed):
    """Build the page of an area, and run."""
    logged = Found()
    logging.getLogger().addHandler(logged)
    logging.getLogger("nicegui").addHandler(logged)
    warned = []
    warnings.simplefilter("always", RuntimeWarning)
    warnings.showwarning = lambda message, *_, **__: warned.append(str(message))
    errands.papers_of = lambda *_: b"PK"
    inputs = sufficiency.load(area)
    engine = Engine(inputs)
    sessions = Sessions(engine, Path(folder))
    doors = Doors(read_scenario, scenario_text_of, place_finder(inputs, None), Path(folder) / "papers")
    open_wide = Bounds(requests_per_s=1e9, requests_at_once=10**9, messages_per_s=1e9, messages_at_once=10**9)
    guarded = application(lambda: build(engine, sessions, doors), token=TOKEN, host="127.0.0.1", port=8090, internal=False,
                          bounds=open_wide)  # fmt: skip
    found = asyncio.run(run(guarded, int(requests), int(messages), int(seed)))
    sessions.close()
    print(
        json.dumps(found | {"logged": dict(logged.told), "warned": [one for one in warned if "never awaited" in one]})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
