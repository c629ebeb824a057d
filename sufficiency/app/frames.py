"""What a message of the page must look like before the framework may see it; nothing here is about what it says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from sufficiency.app.policy import App, Message, Receive, Scope, Send

__all__ = ["Framed", "faults_of", "is_packet", "packets_of"]

# Engine.IO: the page closes, pings, pongs and changes the way it is sent; its text is Socket.IO, and it sends no bytes
_PACKET: Final = re.compile(r"1|2(probe)?|3(probe)?|5|40(\{\})?|41")
_EVENT: Final = re.compile(r"42[0-9]{0,9}(?=\[)")
_BETWEEN: Final = "\x1e"
_MOST_PACKETS: Final = 16
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")
_LEVELS: Final = ("debug", "info", "warning", "error")
_LONGEST_LOG: Final = 2_000
_MOST_ARGUMENTS: Final = 20
_LONGEST_ARGUMENT: Final = 1_000_000


def is_packet(text: str) -> bool:
    """Return whether a text is a packet as a page sends it."""
    if _PACKET.fullmatch(text):
        return True
    event = _EVENT.match(text)
    if not event:
        return False
    try:
        told = json.loads(text[event.end() :])
    except (ValueError, RecursionError):
        return False
    return bool(told) and isinstance(told[0], str) and told[0] in _CHECKS


def packets_of(body: bytes) -> bool:
    """Return whether the body of a request that polls is made of packets as a page sends them."""
    try:
        packets = body.decode("utf-8").split(_BETWEEN)
    except UnicodeDecodeError:
        return False
    return len(packets) <= _MOST_PACKETS and all(map(is_packet, packets))


def faults_of(name: str, data: tuple[Any, ...]) -> str:
    """Return why a message may not pass, blank when it may.

    Parameters
    ----------
    name
        Of the message.
    data
        What came with it.
    """
    if name == "connect":
        return _connect(data)
    if len(data) != 1 or not isinstance(data[0], dict):
        return f"{name} does not hold one table"
    message = data[0]
    if not _is_id(message.get("client_id")):
        return f"{name} is of no page"
    return _CHECKS[name](message)


def _connect(data: tuple[Any, ...]) -> str:
    """Return the fault of a new connection, which may hold the handshake in its address."""
    query = data[0].get("QUERY_STRING", "") if data and isinstance(data[0], dict) else None
    if not isinstance(query, str):
        return "connect has no address"
    asked = {key: values[0] for key, values in parse_qs(query).items()}
    return _handshake(asked) if asked.get("implicit_handshake") == "true" else ""


def _handshake(message: dict[str, Any]) -> str:
    ids = [message.get(name) for name in ("client_id", "tab_id", "document_id")]
    number = message.get("next_message_id")
    old = message.get("old_tab_id")
    if not all(map(_is_id, ids)) or not (old in (None, "") or _is_id(old)):
        return "handshake names no page"
    if not (number is None or _is_whole(number)):
        return "handshake counts no messages"
    return ""


def _event(message: dict[str, Any]) -> str:
    arguments = message.get("args", [])
    if not _is_whole(message.get("id")) or isinstance(message["id"], str):
        return "event is of no element"
    if not isinstance(message.get("listener_id"), str) or len(message["listener_id"]) > 64:
        return "event is of no listener"
    if not isinstance(arguments, list) or len(arguments) > _MOST_ARGUMENTS:
        return "event has no list of arguments"
    texts = all(one is None or (isinstance(one, str) and len(one) <= _LONGEST_ARGUMENT) for one in arguments)
    return "" if texts else "event has an argument that is no text"


def _javascript_response(message: dict[str, Any]) -> str:
    return "" if _is_id(message.get("request_id")) else "javascript_response answers nothing"


def _ack(message: dict[str, Any]) -> str:
    number = message.get("next_message_id")
    return "" if _is_whole(number) and not isinstance(number, str) else "ack counts no messages"


def _log(message: dict[str, Any]) -> str:
    text = message.get("message")
    if message.get("level") not in _LEVELS or not isinstance(text, str) or len(text) > _LONGEST_LOG:
        return "log is none"
    return "" if text.isprintable() else "log holds signs that are not printed"


_CHECKS: Final = {
    "handshake": _handshake,
    "event": _event,
    "javascript_response": _javascript_response,
    "ack": _ack,
    "log": _log,
}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return _WHOLE.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12


class Framed:
    """Lets through only what is a message: others are dropped from a WebSocket, and a request that has one is refused.

    Parameters
    ----------
    app
        What is asked.
    path
        Beginning of the addresses at which messages come in.
    """

    def __init__(self, app: App, path: str) -> None:
        self.app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of ASGI; a request's body comes whole, as the guard gives it."""
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith(self._path):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.app(scope, _packets_only(receive), send)
        elif scope["method"] not in ("GET", "POST"):
            await _refuse(send, 405)
        elif scope["method"] == "POST":
            first = await receive()
            if packets_of(first.get("body", b"")):
                await self.app(scope, _again(first, receive), send)
            else:
                await _refuse(send, 400)
        else:
            await self.app(scope, receive, send)


def _packets_only(receive: Receive) -> Receive:
    async def receiving() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            text = message.get("text")
            if text is not None and is_packet(text):
                return message

    return receiving


def _again(first: Message, receive: Receive) -> Receive:
    kept = [first]

    async def receiving() -> Message:
        return kept.pop() if kept else await receive()

    return receiving


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
