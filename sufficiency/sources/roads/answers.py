"""Answers of an Overpass server, looked at before they are used.

A server that is busy, a sign-in page of a proxy, half an answer, and an answer that says of itself that it is partial
each end in one sentence. All are a `ConnectionError`: something outside failed, nothing is wrong with the area.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

__all__ = ["Answers", "BusyError"]

BUSY: Final = (429, 502, 503, 504)
_LATER: Final = "try again later, or with a smaller --buffer-km"
_MOST_SHOWN: Final = 200


class BusyError(ConnectionError):
    """The server asks to be left alone for a while; ``wait_s`` is how long, NaN when it does not say."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Answers:
    """Looks at each answer as it comes in; remembers how many, and as of when their data are."""

    def __init__(self) -> None:
        self.count = 0
        self.as_of: set[str] = set()

    def look(self, response: requests.Response, *_: object, **__: object) -> None:
        """Raise unless the answer is a whole one.

        Parameters
        ----------
        response
            An answer, its body not yet read; what follows is what `requests` gives its hooks.

        Raises
        ------
        BusyError
            When the server is busy.
        ConnectionError
            When the answer cannot be used.
        """
        try:
            self._look(response)
        except BaseException:  # stopped by hand too: an answer left open holds its connection
            response.close()
            raise

    def _look(self, response: requests.Response) -> None:
        server = urlsplit(response.url).hostname or "the server"
        if response.is_redirect:
            place = _short(response.headers.get("Location", ""))
            message = f"{server} sends questions on to {place}: give that address with --server if you trust it"
            raise ConnectionError(message)
        if response.status_code in BUSY:
            message = f"{server} is busy (status {response.status_code}): {_LATER}"
            raise BusyError(message, _seconds(response.headers.get("Retry-After", "")))
        if not response.ok:
            message = f"{server} refused the question (status {response.status_code}): check the address of the server"
            raise ConnectionError(message)
        answer = self._read(response, server)
        remark = str(answer.get("remark", "")).strip()
        if remark:
            message = f"{server} gave only a part of the roads ({_short(remark)}): {_LATER}"
            raise ConnectionError(message)
        if not _is_sound(answer.get("elements")):
            message = f"{server} answered with something other than roads: check the address of the server"
            raise ConnectionError(message)
        self.count += 1
        state = answer.get("osm3s")
        if isinstance(state, dict) and isinstance(state.get("timestamp_osm_base"), str):
            self.as_of.add(_short(state["timestamp_osm_base"]))

    def _read(self, response: requests.Response, server: str) -> dict[str, Any]:
        body = response.content.lstrip()
        if body.startswith(b"<"):
            message = (
                f"{server} answered with a web page instead of roads: a proxy or a sign-in page may stand in between"
            )
            raise ConnectionError(message)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            message = f"the answer of {server} breaks off or is no data: {_LATER}"
            raise ConnectionError(message) from None
        if not isinstance(answer, dict):
            message = f"{server} answered with something other than roads: check the address of the server"
            raise ConnectionError(message)
        return answer


def _seconds(text: str) -> float:
    return float(text) if text.strip().isdigit() else float("nan")


def _short(text: str) -> str:
    clean = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return clean if len(clean) <= _MOST_SHOWN else f"{clean[:_MOST_SHOWN]}..."


def _is_sound(elements: object) -> bool:
    """Return whether these are nodes with a position and ways with nodes, all of which are there."""
    if not isinstance(elements, list):
        return False
    known: set[object] = set()
    named: set[object] = set()
    for element in elements:
        if not isinstance(element, dict) or not isinstance(element.get("id"), int):
            return False
        kind, nodes = element.get("type"), element.get("nodes")
        if kind == "node":
            if not all(isinstance(element.get(axis), int | float) for axis in ("lat", "lon")):
                return False
            known.add(element["id"])
        elif kind == "way":
            if not isinstance(nodes, list) or not all(isinstance(node, int) for node in nodes):
                return False
            named.update(nodes)
    return named <= known
