"""The guard in front of the page: nothing passes without this start's token, nor from or to another address.

Plain ASGI around everything: requests, files, polling and WebSockets alike. It knows no framework, trusts none, and
lets none of its errors out.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from sufficiency.app.bounds import Bounds, Bucket
from sufficiency.app.policy import NONCE, secured
from sufficiency.app.reported import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sufficiency.app.policy import App, Message, Receive, Scope, Send

__all__ = ["Guard", "allowed_hosts"]

_TOKEN: Final = "token"  # noqa: S105 - the name of the parameter
_SAFE: Final = ("GET", "HEAD")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_FORWARDED: Final = (b"x-forwarded-", b"forwarded")
_OPEN_AGAIN: Final = (
    "Open it by the link that `sufficiency serve` printed in its terminal when it started (it ends in ?token=...): "
    "copy it into the address bar of the browser. Each start has a link of its own."
)
_WORDS: Final = {
    400: "The browser asked something that cannot be understood.",
    403: f"This page is open only to a browser that came by its link.\n{_OPEN_AGAIN}",
    404: "There is nothing at this address. The page is at /.",
    405: "This cannot be asked of this address.",
    408: "The request did not arrive whole in time.",
    413: "That is too large: a file of a scenario is much smaller.",
    414: "The address is too long.",
    429: "Too much was asked at once. Wait a moment, and load the page again.",
    431: "The browser sent too many headers. Delete the cookies of this address, and open the link again.",
    500: "Something went wrong that is not your doing. Load the page again: your schemes are kept. The terminal of "
    "`sufficiency serve` says where it went wrong.",
}
# the reason of a close may be 123 bytes long
_TOO_LARGE: Final = (1009, "That message is too large.")
_TOO_MANY: Final = (1008, "Too many messages at once: load the page again.")
_WENT_WRONG: Final = (1011, "Something went wrong that is not your doing: load the page again.")


def allowed_hosts(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses by which a page may be asked: the host given, and on the loopback all its names."""
    shown = f"[{host}]" if ":" in host else host
    names = dict.fromkeys([*([] if shown not in _LOOPBACK else _LOOPBACK), shown])
    bare = tuple(names) if port == 80 else ()
    return (*(f"{name}:{port}".lower() for name in names), *(name.lower() for name in bare))


class _RefusedError(Exception):
    """A request that the guard does not let through: the status, and more words than its status has."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.words = words or _WORDS[status]


class Guard:
    """Lets through who has the token of this start, asks the right address, and asks for no more than is sensible.

    Parameters
    ----------
    app
        What is guarded.
    token
        Of this start: the link has it, and a cookie of its own stands for it afterwards.
    hosts
        Addresses (host and port) by which the page may be asked.
    name
        Of the cookie.
    kept
        Whether what is at a path may be kept by the browser; in the internal view nothing may.
    bounds
        The most that is let through.
    clock
        Seconds, never back.
    """

    def __init__(
        self,
        app: App,
        *,
        token: str,
        hosts: Iterable[str],
        name: str,
        kept: Callable[[str], bool] = lambda _: False,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.bounds = bounds or Bounds()
        self._token = token.encode()
        self._hosts = frozenset(hosts)
        self._name = name
        # another secret than the token's, which the terminal and the browser's history have seen
        self._cookie = secrets.token_urlsafe(32).encode()
        self._kept = kept
        self._clock = clock
        self._requests = 0
        self._connections = 0
        self._rate = Bucket(self.bounds.requests_per_s, self.bounds.requests_at_once, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(scope, send, self._kept)
        try:
            host = self._check_sizes_and_place(scope)
            self._check_origin(scope, host, must=scope["method"] not in _SAFE)
            if self._came_by_link(scope):
                await answer.redirect(self._set_cookie())
                return
            self._check_cookie(scope)
            self._check_room(self._requests, self.bounds.requests)
        except _RefusedError as refused:
            await answer.say(refused.status, refused.words)
            return
        self._requests += 1
        try:
            body = await self._body(scope, receive)
            await self.app(self._passed_on(scope, answer.nonce), _replayed(body, receive), answer)
        except _RefusedError as refused:
            await answer.say(refused.status, refused.words)
        except Exception as error:  # noqa: BLE001 - the last door: nothing of it may reach the browser
            report(error)
            if not answer.begun:
                await answer.say(500)
        finally:
            self._requests -= 1

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            host = self._check_sizes_and_place(scope)
            self._check_origin(scope, host, must=True)
            self._check_cookie(scope)
            self._check_room(self._connections, self.bounds.connections)
        except _RefusedError as refused:
            await _refuse_socket(scope, receive, send, refused)
            return
        socket = _Socket(self.bounds, receive, send, self._clock)
        self._connections += 1
        try:
            await self.app(self._passed_on(scope, ""), socket.receive, socket.send)
        except Exception as error:  # noqa: BLE001 - the last door: nothing of it may reach the browser
            report(error)
            await socket.close(*_WENT_WRONG)
        finally:
            self._connections -= 1

    def _check_room(self, now: int, most: int) -> None:
        if now >= most or not self._rate.take():
            raise _RefusedError(429)

    def _check_sizes_and_place(self, scope: Scope) -> str:
        """Return the host that was asked."""
        if not scope["query_string"].isascii():
            raise _RefusedError(400)
        if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > self.bounds.url_bytes:
            raise _RefusedError(414)
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > self.bounds.header_bytes:
            raise _RefusedError(431)
        found = _values(scope, b"host")
        host = found[0].decode("latin-1").lower() if len(found) == 1 else ""
        if host not in self._hosts:
            raise _RefusedError(403, f"This page is not asked by that address.\n{_OPEN_AGAIN}")
        return host

    def _check_origin(self, scope: Scope, host: str, *, must: bool) -> None:
        origins = _values(scope, b"origin")
        own = f"http://{host}".encode()
        sites = _values(scope, b"sec-fetch-site")
        elsewhere = any(one.strip() not in (b"same-origin", b"none") for one in sites)
        if elsewhere or len(origins) > 1 or any(one.lower() != own for one in origins) or (must and not origins):
            raise _RefusedError(403, f"This was asked by another page than this one.\n{_OPEN_AGAIN}")

    def _came_by_link(self, scope: Scope) -> bool:
        if scope["method"] not in _SAFE or scope["path"] != "/" or not scope["query_string"]:
            return False
        asked = parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=None)
        given = [value for name, value in asked if name == _TOKEN]
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), self._token)

    def _set_cookie(self) -> bytes:
        return f"{self._name}={self._cookie.decode()}; Path=/; HttpOnly; SameSite=Strict".encode()

    def _check_cookie(self, scope: Scope) -> None:
        given = [value for name, value in _cookies(scope) if name == self._name.encode()]
        if not any(hmac.compare_digest(value, self._cookie) for value in given):
            raise _RefusedError(403)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Return the body whole, so that what is too large, or never comes, does not reach the application."""
        told = _values(scope, b"content-length")
        if told and (not told[0].isdigit() or int(told[0]) > self.bounds.body_bytes):
            raise _RefusedError(413 if told[0].isdigit() else 400)
        try:
            return await asyncio.wait_for(self._read(receive), self.bounds.body_s)
        except TimeoutError as error:
            raise _RefusedError(408) from error

    async def _read(self, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(400)
            part = message.get("body", b"")
            size += len(part)
            if size > self.bounds.body_bytes:
                raise _RefusedError(413)
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _passed_on(self, scope: Scope, nonce: str) -> Scope:
        """Return the scope that the application sees: without the guard's cookie, nor words of a proxy that is none."""
        headers = [one for one in scope["headers"] if not one[0].lower().startswith((*_FORWARDED, b"cookie"))]
        others = b"; ".join(name + b"=" + value for name, value in _cookies(scope) if name != self._name.encode())
        return {**scope, "headers": [*headers, *([(b"cookie", others)] if others else [])], NONCE: nonce}


class _Answer:
    """Sends an answer on, with the safe headers; one that is a refusal or a fault is put in plain words."""

    def __init__(self, scope: Scope, send: Send, kept: Callable[[str], bool]) -> None:
        self.nonce = secrets.token_urlsafe(18)
        self.begun = False
        self._scope = scope
        self._send = send
        self._kept = kept
        self._host = (_values(scope, b"host") or [b""])[0].decode("latin-1")
        self._muted = False

    async def __call__(self, message: Message) -> None:
        """Send a message of the application on."""
        if self._muted:
            return
        if message["type"] == "http.response.start":
            if message["status"] >= 400:
                self._muted = True
                await self.say(message["status"])
                return
            self.begun = True
            keep = message["status"] in (200, 304) and self._kept(self._scope["path"])
            message = {**message, "headers": self._secured(message.get("headers", []), keep=keep)}
        await self._send(message)

    async def say(self, status: int, words: str = "") -> None:
        """Answer in plain words."""
        text = words or _WORDS.get(status) or f"{HTTPStatus(status).phrase if status in set(HTTPStatus) else status}."
        body = f"{text}\n".encode()
        more = [(b"retry-after", b"2")] if status == 429 else []
        if status in (408, 413):
            # what is still coming is not read
            more.append((b"connection", b"close"))
        await self._whole(status, [(b"content-type", b"text/plain; charset=utf-8"), *more], body)

    async def redirect(self, cookie: bytes) -> None:
        """Send the browser to the clean address, with the cookie."""
        await self._whole(303, [(b"location", b"/"), (b"set-cookie", cookie)], b"")

    async def _whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.begun = True
        sized = [*headers, (b"content-length", str(len(body)).encode())]
        told = self._secured(sized, keep=False)
        await self._send({"type": "http.response.start", "status": status, "headers": told})
        shown = b"" if self._scope["method"] == "HEAD" else body
        await self._send({"type": "http.response.body", "body": shown})

    def _secured(self, headers: Iterable[tuple[bytes, bytes]], *, keep: bool) -> list[tuple[bytes, bytes]]:
        return secured(headers, host=_plain_host(self._host), nonce=self.nonce, keep=keep)


class _Socket:
    """A WebSocket whose messages are counted; when they are too many or too large it is closed, in words."""

    def __init__(self, bounds: Bounds, receive: Receive, send: Send, clock: Callable[[], float]) -> None:
        self._bounds = bounds
        self._receive = receive
        self._send = send
        self._rate = Bucket(bounds.messages_per_s, bounds.messages_at_once, clock)
        self._closed = False

    async def receive(self) -> Message:
        """Return the next message, or that the browser has gone."""
        if self._closed:
            return {"type": "websocket.disconnect", "code": 1006}
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._closed = True
        if message["type"] != "websocket.receive":
            return message
        size = len(message.get("bytes") or b"") or len((message.get("text") or "").encode("utf-8", "surrogatepass"))
        fault = _TOO_LARGE if size > self._bounds.message_bytes else _TOO_MANY if not self._rate.take() else None
        if fault is None:
            return message
        await self.close(*fault)
        return {"type": "websocket.disconnect", "code": fault[0]}

    async def send(self, message: Message) -> None:
        """Send a message on, unless the connection is closed."""
        if self._closed:
            return
        if message["type"] == "websocket.close":
            self._closed = True
        if message["type"] == "websocket.accept":
            message = {**message, "headers": [(b"x-content-type-options", b"nosniff")]}
        await self._send(message)

    async def close(self, code: int, reason: str) -> None:
        """Close it, saying why."""
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code, "reason": reason})


async def _refuse_socket(scope: Scope, receive: Receive, send: Send, refused: _RefusedError) -> None:
    """Refuse a WebSocket before it is opened: by an answer in words where the server can give one."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": refused.words.split("\n")[0][:120]})
        return
    body = f"{refused.words}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    told = secured(headers, host="", nonce=secrets.token_urlsafe(18), keep=False)
    await send({"type": "websocket.http.response.start", "status": refused.status, "headers": told})
    await send({"type": "websocket.http.response.body", "body": body})


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a door that gives the body once, and then what comes after it."""
    first = True

    async def replaying() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replaying


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key.lower() == name]


def _cookies(scope: Scope) -> list[tuple[bytes, bytes]]:
    parts = (part.strip().partition(b"=") for value in _values(scope, b"cookie") for part in value.split(b";"))
    return [(name, value) for name, _, value in parts if name]


def _plain_host(host: str) -> str:
    """Return a host as it may stand in a policy; blank when it is none."""
    return host if all(letter.isalnum() or letter in ".-:[]" for letter in host) and host.isascii() else ""
