"""What every answer tells the browser that it may do, and how the framework's own scripts are told from others.

The policy of content is the strictest that NiceGUI bears; docs/what-if-page.md says what each exception is for.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["NONCE", "Nonced", "content_policy", "secured"]

NONCE: Final = "sufficiency.nonce"
# the one style that the framework's page has in an attribute
_HIDDEN: Final = f"'sha256-{base64.b64encode(hashlib.sha256(b'display: none').digest()).decode()}'"
_TAG: Final = re.compile(rb"<(script|style)(?=[\s>])")
_HTML: Final = b"text/html"
_NO_STORE: Final = b"no-store"
_KEEP: Final = b"private, max-age=31536000, immutable"
_FEATURES: Final = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_FIXED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"origin-agent-cluster", b"?1"),
    (b"permissions-policy", ", ".join(f"{one}=()" for one in _FEATURES).encode()),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"x-dns-prefetch-control", b"off"),
)
# what an application may have said of these itself gives way; leave to read from elsewhere is never given
_OURS: Final = frozenset(
    {name for name, _ in _FIXED}
    | {b"cache-control", b"content-security-policy", b"expires", b"pragma", b"server", b"x-powered-by"}
)
_LEAVE: Final = b"access-control-"


def content_policy(host: str, nonce: str) -> bytes:
    """Return the content security policy of an answer.

    Parameters
    ----------
    host
        Host and port that were asked.
    nonce
        The mark of the scripts that were written by the server for this answer.
    """
    rules = {
        "default-src": "'none'",
        # eval: NiceGUI runs what the server sends, and Vue compiles the templates of NiceGUI's elements
        "script-src": f"'self' 'nonce-{nonce}' 'unsafe-eval'",
        "script-src-attr": "'none'",
        "style-src": f"'self' 'nonce-{nonce}' 'unsafe-hashes' {_HIDDEN}",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": f"'self' ws://{host}" if host else "'self'",
        "manifest-src": "'none'",
        "worker-src": "'none'",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items()).encode()


def secured(headers: Iterable[tuple[bytes, bytes]], *, host: str, nonce: str, keep: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that keep it safe; ``keep`` = the browser may keep it."""
    plain = [
        (name, value) for name, value in headers if name.lower() not in _OURS and not name.lower().startswith(_LEAVE)
    ]
    kept = (b"cache-control", _KEEP if keep else _NO_STORE)
    return [*plain, kept, (b"content-security-policy", content_policy(host, nonce)), *_FIXED]


class Nonced:
    """Marks the scripts and styles that the server wrote into a page with the answer's nonce.

    A script that gets into the page in any other way has no mark, and the browser does not run it. What comes from
    data stands in the page as escaped text, so that none of it can look like a tag here.

    Parameters
    ----------
    app
        The application whose pages are marked; the guard around it puts the nonce into the scope.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of ASGI."""
        nonce = scope.get(NONCE)
        if scope["type"] != "http" or not nonce:
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif message["type"] == "http.response.body" and start:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    body = _TAG.sub(rb'<\1 nonce="' + nonce.encode() + rb'"', b"".join(parts))
                    sized = [one for one in start["headers"] if one[0].lower() != b"content-length"]
                    sized.append((b"content-length", str(len(body)).encode()))
                    await send({**start, "headers": sized})
                    await send({"type": "http.response.body", "body": body})
            else:
                await send(message)

        await self.app(scope, receive, sending)


def _is_html(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(_HTML) for name, value in start.get("headers", []))
