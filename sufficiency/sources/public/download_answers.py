"""Questions to a public service over the network, and its answers, looked at before they are used.

A service that is busy is asked again, with bounded patience; an error wrapped into a good answer, a sign-in page of a
proxy, half an answer and no network at all each end in one sentence. All are a `ConnectionError`: something outside
failed, nothing is wrong with the planner's data.
"""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

__all__ = ["Answer", "Service", "short"]

T = TypeVar("T")

BUSY: Final = (429, 502, 503, 504)
MISSING: Final = 404
ATTEMPTS: Final = 6
WAIT_S: Final = 15.0
CONNECT_S: Final = 20.0
READ_S: Final = 180.0
MOST_ANSWER_S: Final = 1_800.0
MOST_BYTES: Final = 400_000_000
_MOST_WAIT_S: Final = 300.0
# Over all questions to one service: a service that is busy half of the time ends the fetch, too.
_MOST_WAITED_S: Final = 1_800.0
_MOST_HOPS: Final = 3
_MOST_SHOWN: Final = 200
_PIECE: Final = 1 << 20
_LATER: Final = "try again later"
_BY_HAND: Final = "the files can be put in place by hand (docs/fetch.md says how)"
# Looked through in order: the first kind that the failure is of gives the sentence.
_FAILURES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (requests.exceptions.Timeout, "{0} did not answer in time: try again later"),
    (
        requests.exceptions.ProxyError,
        f"the proxy of this computer refused the connection to {{0}}: ask for access to it, or {_BY_HAND}",
    ),
    (
        requests.exceptions.SSLError,
        "the certificate of {0} is not trusted here: a proxy may need its own certificate named in REQUESTS_CA_BUNDLE",
    ),
    (requests.exceptions.ChunkedEncodingError, "the connection to {0} broke off within an answer: try again"),
    (requests.exceptions.ContentDecodingError, "the answer of {0} cannot be unpacked: try again"),
    (
        requests.exceptions.RequestException,
        f"{{0}} cannot be reached: is this computer on the network, and the address right? Else {_BY_HAND}",
    ),
)


class _BusyError(ConnectionError):
    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Answer:
    """A whole answer: its bytes, and the day that the service says it is (blank when it does not)."""

    body: bytes
    day: str


class Service:
    """One public service, asked politely.

    Parameters
    ----------
    kind
        Which service: boundaries, schools or postcodes; what ``--server`` calls it.
    address
        Where it is.
    say
        Called with a few words when the service is waited for.
    wait_s
        How long a busy service is left alone before it is asked again, seconds; ever longer.

    Raises
    ------
    ParameterError
        When the address is none.
    """

    def __init__(self, kind: str, address: str, say: Callable[[str], None], wait_s: float = WAIT_S) -> None:
        self.kind, self.address = kind, address.rstrip("/")
        self.host = _host(kind, address)
        self.day = ""
        self._say, self._wait_s, self._waited_s = say, wait_s, 0.0
        self._session = requests.Session()
        agent = f"sufficiency/{metadata.version('sufficiency')} (SEND place planning)"
        self._session.headers["User-Agent"] = agent

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def ask(self, path: str = "", form: Mapping[str, str] | None = None, *, query: str = "f=json") -> Any:  # noqa: ANN401 - any JSON
        """Return a JSON answer: of a look-up, or of a form that is sent.

        Raises
        ------
        ConnectionError
            When there is no answer, or none that can be used.
        """
        address = self.address + path + (f"?{query}" if query and form is None else "")
        return self._patiently(lambda: self._json(address, form))

    def file(self, address: str, *, follow: bool = False, missing: bool = False) -> Answer | None:
        """Return a file; None where there is none and `missing` allows for that.

        Parameters
        ----------
        address
            Where it is.
        follow
            Whether the service may send the question on elsewhere: only for a file whose digest is known.
        missing
            Whether a file that is not there is an answer.

        Raises
        ------
        ConnectionError
            When there is no answer, or none that can be used.
        """
        return self._patiently(lambda: self._bytes(address, follow=follow, missing=missing))

    def today(self) -> str:
        """Return the day that the service says it is; blank when it does not say."""
        if not self.day:
            self._patiently(self._head)
        return self.day

    def fault(self, text: str) -> ConnectionError:
        """Return an error whose sentence begins with the service's host."""
        return ConnectionError(f"{self.host} {text}")

    def refuse(self, text: str) -> NoReturn:
        """Raise a `ConnectionError` whose sentence begins with the service's host."""
        raise self.fault(text) from None

    def _patiently(self, ask: Callable[[], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return ask()
            except _BusyError as error:
                asked_s = error.wait_s if error.wait_s == error.wait_s else self._wait_s * attempt
                pause_s = min(max(asked_s, 0.0), _MOST_WAIT_S)
                if attempt == ATTEMPTS or self._waited_s + pause_s > _MOST_WAITED_S:
                    raise
                self._waited_s += pause_s
                pause_s = pause_s if self._wait_s > 0 else 0.0
                self._say(f"{self.host} is busy: waiting {pause_s:.0f} s")
                time.sleep(pause_s)
            except requests.exceptions.RequestException as error:
                text = next(text for kind, text in _FAILURES if isinstance(error, kind))
                raise ConnectionError(text.format(self.host)) from None
        raise AssertionError

    def _head(self) -> None:
        with self._session.head(self.address, timeout=(CONNECT_S, READ_S), allow_redirects=False) as response:
            self._note_day(response)
            self._refuse_busy(response)

    def _json(self, address: str, form: Mapping[str, str] | None) -> object:
        with self._session.request(
            "GET" if form is None else "POST",
            address,
            data=None if form is None else dict(form),
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as response:
            self._refuse(response)
            body = self._read(response)
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            self.refuse(f"gave an answer that breaks off or is no data: {_LATER}")
        error = found.get("error") if isinstance(found, dict) else None
        if error is not None:  # sent with status 200, as if all were well
            self._refuse_wrapped(error)
        return found

    def _refuse_wrapped(self, error: object) -> None:
        parts = error if isinstance(error, dict) else {"message": str(error)}
        details = parts.get("details")
        told = [str(parts.get("message") or ""), *(map(str, details) if isinstance(details, list) else ())]
        text = short("; ".join(one for one in dict.fromkeys(told) if one) or "no reason given")
        if parts.get("code") in BUSY:
            message = f"{self.host} is busy ({text}): {_LATER}"
            raise _BusyError(message, float("nan"))
        self.refuse(f"refused the question (error {short(str(parts.get('code', '')))}: {text})")

    def _bytes(self, address: str, *, follow: bool, missing: bool) -> Answer | None:
        for _ in range(_MOST_HOPS + 1):
            with self._session.get(
                address, timeout=(CONNECT_S, READ_S), allow_redirects=False, stream=True
            ) as response:
                if response.is_redirect and follow:
                    address = self._onward(address, response.headers["Location"])
                    continue
                if response.status_code == MISSING and missing:
                    return None
                self._refuse(response)
                return Answer(self._read(response), self.day)
        text = "sends the question on and on: check its address"
        raise self.fault(text)

    def _onward(self, address: str, location: str) -> str:
        target = urljoin(address, location)
        if urlsplit(target).scheme != "https" and urlsplit(address).scheme == "https":
            self.refuse("sends the question on to an address without encryption")
        return target

    def _refuse(self, response: requests.Response) -> None:
        self._note_day(response)
        if response.is_redirect:
            place = short(response.headers.get("Location", ""))
            text = f"sends questions on to {place}: give that address with --server {self.kind}=URL if you trust it"
            self.refuse(text)
        self._refuse_busy(response)
        if not response.ok:
            text = f"refused the question (status {response.status_code}): check its address (--server {self.kind}=URL)"
            self.refuse(text)

    def _refuse_busy(self, response: requests.Response) -> None:
        if response.status_code in BUSY:
            message = f"{self.host} is busy (status {response.status_code}): {_LATER}"
            raise _BusyError(message, _wait_asked_s(response.headers))

    def _note_day(self, response: requests.Response) -> None:
        told = _moment(response.headers.get("Date", ""))
        if told is not None:
            self.day = told.date().isoformat()

    def _read(self, response: requests.Response) -> bytes:
        pieces, size, started = [], 0, time.monotonic()
        for piece in response.iter_content(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES or time.monotonic() - started > MOST_ANSWER_S:
                self.refuse("gives an answer without end: check its address")
        body = b"".join(pieces)
        if body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            text = "answered with a web page instead of data: a proxy or a sign-in page may stand in between"
            self.refuse(text)
        return body


def _host(kind: str, address: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # a port that is none is told only when it is asked for
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        message = f"the server of {kind} must be an address that begins with https://, not {address!r}"
        raise ParameterError(message)
    return host


def _moment(text: str) -> dt.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None


def _wait_asked_s(headers: Mapping[str, str]) -> float:
    """Return how long the service asks to be left alone; NaN when it does not say. Its own clock is the one used."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    until, now = _moment(text), _moment(headers.get("Date", ""))
    if until is None or now is None or (until.tzinfo is None) != (now.tzinfo is None):
        return float("nan")
    return (until - now).total_seconds()


def short(text: str) -> str:
    """Return a text that a service gave as one short line that can be printed."""
    clean = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return clean if len(clean) <= _MOST_SHOWN else f"{clean[:_MOST_SHOWN]}..."
