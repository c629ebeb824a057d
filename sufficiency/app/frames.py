"""What a message of the page must look like before the framework may see it: nothing here is about what it says."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qs

__all__ = ["faults_of"]

_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")
_LEVELS: Final = frozenset({"debug", "info", "warning", "error"})
_LONGEST_LOG: Final = 2_000
_MOST_ARGUMENTS: Final = 20
_LONGEST_ARGUMENT: Final = 1_000_000


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
