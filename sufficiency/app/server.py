"""The page as a server on this computer: engine, desks, page, and the guard before them, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import secrets
import socket
import sys
import threading
import time
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from fastapi import FastAPI
from nicegui import __version__ as framework_version
from nicegui import app as framework
from nicegui import core, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse

from sufficiency.app.engine import Engine
from sufficiency.app.frames import Framed, faults_of
from sufficiency.app.guard import Guard, allowed_hosts
from sufficiency.app.jobs import Threads
from sufficiency.app.page.page import build
from sufficiency.app.policy import Nonced
from sufficiency.app.sessions import Sessions
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import INTERNAL, PUBLIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fastapi.telemetry import TelemetryConfig
    from starlette.requests import Request
    from starlette.responses import Response

    from sufficiency.app.bounds import Bounds
    from sufficiency.app.doors import Doors
    from sufficiency.model.results import Inputs

__all__ = ["FIRST_PORT", "application", "is_loopback", "listen", "serve"]

FIRST_PORT: Final = 8090
_PORTS_TRIED: Final = 20
_EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::", "*", "0"})  # noqa: S104 - refused here
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# so long may a browser be gone, asleep for instance, and find its page as it was
_RECONNECT_S: Final = 30.0
_GRACE_S: Final = 2
_THREADS: Final = {"page": 8, "answer": 1, "search": 2, "papers": 1}
# threads take turns more often than by default, so that a headline never waits long for a whole answer of another desk
_SWITCH_S: Final = 0.0005
# styles that the framework adds later bear the mark of the page, as those do that are written in it
_MARK_STYLES: Final = """<script>{
  const mark = document.currentScript.nonce;
  addStyle = (text) =>
    document.head.append(Object.assign(document.createElement("style"), { nonce: mark, textContent: text }));
}</script>"""
_LOG: Final = logging.getLogger("sufficiency.app.server")
# nothing is measured for anybody, whatever the environment asks of the framework
_NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
_MESSAGES: Final = "/_nicegui_ws/"
# addresses whose content never changes: the framework's own files by version, the ground by digest
_KEPT: Final = (f"/_nicegui/{framework_version}/static/", "/ground/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this computer alone."""
    return host.strip("[]").lower() in _LOOPBACK


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens; port None = the first free one from `FIRST_PORT` on, 0 = any free one.

    Raises
    ------
    ParameterError
        When the host stands for every address.
    ConnectionError
        When the port is in use or not allowed, or the host is not of this computer.
    """
    name = host.strip("[]")
    if name in _EVERY_ADDRESS:
        message = (
            f"--host {host or '(blank)'} stands for every address of this computer, and the page must know by which "
            "one it is asked: name that one, such as the computer's own name in the network"
        )
        raise ParameterError(message)
    if port is not None and not 0 <= port <= 65_535:
        message = f"--port is {port}: give a number from 1024 to 65535, or leave it out"
        raise ParameterError(message)
    wanted = [*range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED), 0] if port is None else [port]
    for one in wanted:
        try:
            return _bound(name, one)
        except OSError as error:
            if one == wanted[-1] or error.errno != errno.EADDRINUSE:
                raise ConnectionError(_why_not(error, host, one)) from error
    raise AssertionError  # pragma: no cover - the last one is returned or raised


def _bound(name: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.bind(address)
        found.listen(128)
        found.set_inheritable(False)
    except BaseException:  # stopped by hand too: no socket is left open
        found.close()
        raise
    return found


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program: give another one with --port, or leave it out"
    if error.errno == errno.EACCES:
        return f"port {port} is not open to you: give one from 1024 on with --port, or leave it out"
    return f"{host} is no address of this computer ({error.strerror or error}): leave --host out, or name one that is"


def application(
    pages: Callable[[], None], *, token: str, host: str, port: int, internal: bool, bounds: Bounds | None = None
) -> Guard:
    """Return the guarded application. There is one in a process: the framework holds its pages in one place.

    Parameters
    ----------
    pages
        Registers the pages.
    token
        Of this start.
    host, port
        Where it is asked.
    internal
        Whether the page shows what is not for publication: then the browser keeps nothing.
    bounds
        The most that is let through.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan, telemetry=_NO_TELEMETRY)
    getattr(framework, "_telemetry", {}).update(_NO_TELEMETRY)
    ui.add_head_html(_MARK_STYLES, shared=True)
    pages()
    ui.run_with(
        outer,
        title="What if?",
        language="en-GB",
        reconnect_timeout=_RECONNECT_S,
        binding_refresh_interval=None,
        tailwind=False,
        gzip_middleware_factory=None,
        show_welcome_message=False,
    )
    for kind in (404, Exception):
        framework.add_exception_handler(kind, _plain_fault)
        outer.add_exception_handler(kind, _plain_fault)
    _check_messages()
    inner = GZipMiddleware(Nonced(outer), minimum_size=1_000, compresslevel=5)
    return Guard(
        Framed(inner, _MESSAGES),
        token=token,
        hosts=allowed_hosts(host, port),
        name=f"sufficiency-{port}",
        kept=lambda path: not internal and path.startswith(_KEPT),
        bounds=bounds,
    )


def _plain_fault(_: Request, error: Exception) -> Response:
    """Answer a fault; the guard puts it into words."""
    status = getattr(error, "status_code", 500)
    if status >= 500:
        _LOG.error("a request failed", exc_info=error)
    return PlainTextResponse("", status)


def _check_messages() -> None:
    """Let only such messages through to the framework as its own pages send; others are dropped."""
    handlers = core.sio.handlers["/"]
    for name in ("connect", "handshake", "event", "javascript_response", "ack", "log"):
        handlers[name] = _checked(name, handlers[name])
    core.sio.eio.handlers["message"] = _dropping(core.sio.eio.handlers["message"])


def _checked(name: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    async def checked(sid: str, *data: Any) -> Any:  # noqa: ANN401 - what a browser sends
        fault = faults_of(name, data)
        if fault:
            _LOG.debug("a message was dropped: %s", fault)
            return False
        result = handler(sid, *data)
        return await result if hasattr(result, "__await__") else result

    return _dropping(checked)


def _dropping(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that drops what the framework cannot read; faults of the page itself do not come so far out."""

    async def dropping(*data: Any) -> Any:  # noqa: ANN401 - what a browser sends
        try:
            return await handler(*data)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            _LOG.debug("a message was dropped: %s", type(error).__name__)
            return False

    return dropping


def serve(
    inputs: Inputs,
    doors: Doors,
    *,
    against: str,
    host: str,
    port: int | None,
    folder: Path | None,
    open_browser: bool,
    internal: bool,
    say: Callable[[str], None] = lambda _: None,
    ready: Callable[[str], None] = lambda _: None,
) -> bool:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    inputs
        Checked inputs.
    doors
        What the page may ask for from outside.
    against
        The scenario compared with; blank = committed, else do_nothing.
    host, port
        Where to listen; port None = a free one near `FIRST_PORT`, 0 = any.
    folder
        Where desks are saved; None = nowhere.
    open_browser
        Whether to open the page in the browser.
    internal
        Whether to show counts of a few, and zones.
    say
        Told each step of the preparation.
    ready
        Told the link when the page can be opened.

    Returns
    -------
    bool
        Whether all work has ended; False when a thread still solves what nobody waits for.

    Raises
    ------
    SufficiencyError
        When the scenario is unknown, or the host cannot be listened at.
    ConnectionError
        When the port is in use.
    """
    with contextlib.closing(listen(host, port)) as listening:
        sys.setswitchinterval(_SWITCH_S)
        engine, sessions = _prepared(inputs, against, folder, say)
        pools = [_Pool(max_workers=count, thread_name_prefix=name) for name, count in _THREADS.items()]
        threads = Threads(*pools[1:])
        token = secrets.token_urlsafe(32)
        taken = int(listening.getsockname()[1])
        mode = INTERNAL if internal else PUBLIC
        guarded = application(
            lambda: build(engine, sessions, doors, build=mode, threads=threads),
            token=token,
            host=host,
            port=taken,
            internal=internal,
        )
        shown = f"[{host}]" if ":" in host.strip("[]") and not host.startswith("[") else host
        link = f"http://{shown}:{taken}/?token={token}"
        framework.on_startup(lambda: asyncio.get_running_loop().set_default_executor(pools[0]))
        server = server_of(guarded)
        try:
            # from the moment that the link is told, Ctrl-C is how the page ends
            with contextlib.suppress(KeyboardInterrupt):
                ready(link)
                if open_browser:
                    threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
                server.run(sockets=[listening])
        finally:
            sessions.close()
            for one in pools[1:]:
                one.shutdown()
        last = time.monotonic() + _GRACE_S
        return all(one.ended(last) for one in pools)


class _Pool(ThreadPoolExecutor):
    """The threads of the page; when it ends it does not wait for what is still solved in one."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as the base class has it
        """Take no more work, and let go of what has not begun."""
        super().shutdown(wait=False, cancel_futures=True)

    def ended(self, last: float) -> bool:
        """Return whether every thread has ended, at a moment of the monotonic clock."""
        for thread in self._threads:
            thread.join(max(last - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)


def _prepared(inputs: Inputs, against: str, folder: Path | None, say: Callable[[str], None]) -> tuple[Engine, Sessions]:
    """Return the engine with its first answers known, so that the first page need not wait for them."""
    say("Forecasting demand and making the roads ready")
    engine = Engine(inputs, against)
    year = inputs.parameters.headline_year
    say("Placing the pupils of the headline year")
    engine.ready(year)
    engine.before(year)
    # what is made by now lasts as long as the page: looking through it for what could be let go would hold up answers
    gc.collect()
    gc.freeze()
    return engine, Sessions(engine, folder)


def server_of(guarded: Guard) -> uvicorn.Server:
    """Return the server of the guarded application: it writes no log of requests, since links hold the token."""
    bounds = guarded.bounds
    config = uvicorn.Config(
        guarded,
        http="h11",
        h11_max_incomplete_event_size=bounds.header_bytes + bounds.url_bytes,
        ws="wsproto",
        ws_max_size=bounds.message_bytes,
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """A server that ends as it should even when it is told to while it begins."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit and self.started:
            # the base class would leave without ending what the application began, and wait for it for ever
            await self.shutdown(sockets)
