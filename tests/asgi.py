"""A client that speaks ASGI to an application in the same process: requests, WebSockets, start and end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1:8090"
ORIGIN = f"http://{HOST}"
LIMIT_S = 20


def header_rows(headers) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them; a list of pairs may hold one name twice."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [
        (name.lower().encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in pairs
        if value is not None
    ]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header, blank when there is none; two of one name are a fault."""
        found = [value.decode("latin-1") for key, value in self.headers if key.lower() == name.lower().encode()]
        assert len(found) < 2, f"{name} stands twice"
        return found[0] if found else ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


async def request(app, method="GET", path="/", query=b"", headers=(), body=(b"",), *, after=None) -> Answer:
    """Ask once; ``body`` is sent in parts, and ``after`` is awaited when they are used up."""
    parts = list(body)
    sent: list[dict] = []

    async def receive():
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts) or after is not None}
        if after is not None:
            await after()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    query = query.encode() if isinstance(query, str) else query
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode("utf-8", "surrogatepass"), "query_string": query, "root_path": "",
        "headers": header_rows(headers), "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8090),
    }  # fmt: skip
    await asyncio.wait_for(app(scope, receive, send), LIMIT_S)
    starts = [one for one in sent if one["type"] == "http.response.start"]
    assert len(starts) == 1, f"{len(starts)} answers to {method} {path!r}"
    assert sent[0] is starts[0]
    assert not sent[-1].get("more_body"), "the answer has no end"
    body = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Answer(starts[0]["status"], starts[0]["headers"], body)


@dataclass
class Talk:
    """A WebSocket: what was sent to it, and how it began and ended."""

    accepted: bool = False
    status: int = 0
    code: int = 0
    reason: str = ""
    headers: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    body: bytes = b""
    outbox: asyncio.Queue = field(default_factory=asyncio.Queue)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, message) -> None:
        """Send text or bytes."""
        key = "text" if isinstance(message, str) else "bytes"
        self.outbox.put_nowait({"type": "websocket.receive", key: message})

    def leave(self) -> None:
        """Go away."""
        self.outbox.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def until(self, what) -> None:
        """Wait until something was heard."""

        async def waiting():
            while not what(self):
                self.news.clear()
                await self.news.wait()

        await asyncio.wait_for(waiting(), LIMIT_S)


@asynccontextmanager
async def websocket(app, path="/ws", query=b"", headers=(), *, answers=True):
    """Open a WebSocket; ``answers`` = the server can answer a refusal in words."""
    talk = Talk()
    talk.outbox.put_nowait({"type": "websocket.connect"})

    async def send(message):
        kind = message["type"]
        if kind == "websocket.accept":
            talk.accepted, talk.headers = True, message.get("headers", [])
        elif kind == "websocket.send":
            talk.heard.append(message.get("text") or message.get("bytes"))
        elif kind == "websocket.close":
            talk.code, talk.reason = message.get("code", 1000), message.get("reason") or ""
        elif kind == "websocket.http.response.start":
            talk.status, talk.headers = message["status"], message["headers"]
        elif kind == "websocket.http.response.body":
            talk.body += message["body"]
        talk.news.set()

    query = query.encode() if isinstance(query, str) else query
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws", "path": path,
        "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": header_rows(headers),
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8090), "subprotocols": [],
        "extensions": {"websocket.http.response": {}} if answers else {},
    }  # fmt: skip
    running = asyncio.create_task(app(scope, talk.outbox.get, send))
    try:
        await asyncio.sleep(0)
        yield talk
    finally:
        talk.leave()
        await asyncio.wait_for(running, LIMIT_S)


@asynccontextmanager
async def started(app):
    """Start an application, and end it."""
    inbox, told = asyncio.Queue(), asyncio.Queue()
    inbox.put_nowait({"type": "lifespan.startup"})
    running = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, told.put))
    message = await asyncio.wait_for(told.get(), LIMIT_S)
    assert message["type"] == "lifespan.startup.complete", message
    try:
        yield
    finally:
        inbox.put_nowait({"type": "lifespan.shutdown"})
        message = await asyncio.wait_for(told.get(), LIMIT_S)
        assert message["type"] == "lifespan.shutdown.complete", message
        await running
