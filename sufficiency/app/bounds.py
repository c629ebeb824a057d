"""How much may come in: sizes, numbers and rates, generous to a hand on a slider and small to a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bounds", "Bucket"]


@dataclass(frozen=True)
class Bounds:
    """The most that the guard lets through.

    Parameters
    ----------
    body_bytes, message_bytes
        Of one request, and of one message of a WebSocket.
    body_s
        Seconds until a request must be there whole.
    url_bytes, header_bytes
        Of the address with its query, and of all headers together.
    connections
        WebSockets open at once.
    requests
        Requests being answered at once.
    requests_per_s, messages_per_s
        Of all browsers together, and of one WebSocket, in the long run.
    requests_at_once, messages_at_once
        How many more may come in a burst.
    """

    body_bytes: int = 1_000_000
    body_s: float = 30.0
    message_bytes: int = 1_000_000
    url_bytes: int = 8_192
    header_bytes: int = 32_768
    connections: int = 64
    requests: int = 512
    requests_per_s: float = 200.0
    requests_at_once: int = 3_000
    messages_per_s: float = 100.0
    messages_at_once: int = 500


class Bucket:
    """Lets ``at_once`` through in a burst and ``per_s`` a second in the long run.

    Parameters
    ----------
    per_s, at_once
        The rate and the burst.
    clock
        Seconds, from any beginning, never back.
    """

    def __init__(self, per_s: float, at_once: float, clock: Callable[[], float]) -> None:
        self._per_s = per_s
        self._most = at_once
        self._clock = clock
        self._left = at_once
        self._then = clock()

    def take(self) -> bool:
        """Return whether one more may pass."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._then) * self._per_s)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
