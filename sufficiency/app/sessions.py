"""The desks of those who work at the page: one a browser tab, kept while the page runs, and saved as they change.

A desk is found again by a key that the browser keeps. Nothing that is saved is about a pupil.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import tempfile
import threading
import weakref
from collections import OrderedDict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sufficiency.app.desk import Desk, History, Programme, desk_of, told
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.app.engine import Engine

__all__ = ["MOST_SESSIONS", "Session", "Sessions"]

MOST_SESSIONS: Final = 200
_FORMAT: Final = "sufficiency desk 1"
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
# how much of a long row of states is saved, before the one that is looked at and after it
_STATES_BEFORE: Final = 300
_STATES_AFTER: Final = 100
_MOST_BYTES: Final = 50_000_000
# a slider changes the desk many times a second: it is saved so often at most
_REST_S: Final = 0.3
_RETRY_S: Final = 5.0
_TITLE: Final = "My programme"


class Session:
    """One desk with its history. Every change is saved a moment later; threads may share it.

    Attributes
    ----------
    key
        The key that the browser keeps.
    notice
        What to tell once, blank = nothing.
    windows
        What shows the desk, for as long as it does.
    """

    def __init__(self, key: str, history: History, sessions: Sessions, notice: str = "") -> None:
        self.key = key
        self.notice = notice
        self.windows: weakref.WeakSet[Any] = weakref.WeakSet()
        self._history = history
        self._sessions = sessions
        self._lock = threading.Lock()

    @property
    def history(self) -> History:
        """Every state of the desk, and which one is looked at."""
        return self._history

    @property
    def trouble(self) -> str:
        """Why desks cannot be saved now; blank when they can."""
        return self._sessions.fault

    def change(self, desk: Desk) -> None:
        """Make a new state, which can be undone."""
        self._become(lambda history: history.then(desk))

    def amend(self, desk: Desk) -> None:
        """Put a state in place of the one that is looked at: the next position of the same slider."""
        self._become(lambda history: history.amended(desk))

    def undo(self) -> None:
        """Look at the state before."""
        self._become(History.undone)

    def redo(self) -> None:
        """Look at the state after, which was undone."""
        self._become(History.redone)

    def told_once(self) -> str:
        """Return the notice, and leave it blank."""
        with self._lock:
            notice, self.notice = self.notice, ""
        return notice

    def _become(self, step: Any) -> None:  # noqa: ANN401 - a function from history to history
        with self._lock:
            before, self._history = self._history, step(self._history)
            same = before == self._history
        if not same:
            self._sessions.changed(self)


class Sessions:
    """All desks of a running page. ``fault`` is blank, or says why the last desk could not be saved.

    Parameters
    ----------
    engine
        The area that the desks are about.
    folder
        Where they are saved, a file each; None = they last as long as the page runs.
    most
        So many are held ready; of more, those used longest ago are let go, and read again from their files.
    rest_s
        Seconds from a change until it is saved, with what has changed since.
    """

    def __init__(
        self, engine: Engine, folder: Path | None, *, most: int = MOST_SESSIONS, rest_s: float = _REST_S
    ) -> None:
        self.engine = engine
        self.folder = folder
        self._most = most
        self._rest_s = rest_s
        self._about = _about(engine)
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._wake = threading.Condition()
        self._recent: OrderedDict[str, Session] = OrderedDict()
        # a desk that was let go but is still open in a tab is the same desk when it is asked for
        self._alive: weakref.WeakValueDictionary[str, Session] = weakref.WeakValueDictionary()
        self._unsaved: dict[str, Session] = {}
        self._saver: threading.Thread | None = None
        self._closed = False
        self.fault = ""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def open(self, key: str) -> Session:
        """Return the desk of a key: as it is, as it was saved, or a new one.

        Raises
        ------
        ParameterError
            When the key is none.
        """
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            message = "the key of this tab cannot be read: open the page in a new tab"
            raise ParameterError(message)
        with self._lock:
            session = self._alive.get(key)
            if session is None:
                session = self._restored(key)
                self._alive[key] = session
            self._use(session)
            return session

    def changed(self, session: Session) -> None:
        """Have a desk saved, a moment later and in another thread."""
        with self._lock:
            self._use(session)
        if self.folder is None:
            return
        with self._wake:
            self._unsaved[session.key] = session
            if self._saver is None and not self._closed:
                self._saver = threading.Thread(target=self._save_now_and_then, name="autosave", daemon=True)
                self._saver.start()
            self._wake.notify()

    def flush(self) -> None:
        """Save now what is not saved yet."""
        with self._writing:
            with self._wake:
                unsaved, self._unsaved = self._unsaved, {}
            again = {key: session for key, session in unsaved.items() if not self._save(session)}
            with self._wake:
                self._unsaved = again | self._unsaved

    def close(self) -> None:
        """Save what is not saved yet, and end the thread that saves."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._saver is not None:
            self._saver.join()
        self.flush()

    def _use(self, session: Session) -> None:
        self._recent[session.key] = session
        self._recent.move_to_end(session.key)
        while len(self._recent) > self._most:
            # one that is not saved yet is held by what waits to be saved
            self._recent.popitem(last=False)

    def _save_now_and_then(self) -> None:
        while True:
            with self._wake:
                while not self._unsaved and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                self._wake.wait_for(lambda: self._closed, _RETRY_S if self.fault else self._rest_s)
            self.flush()

    def _path(self, key: str) -> Path:
        """Return the file of a key, under a name that every file system can hold and no key can choose.

        Of another area, or compared with another scenario, it is another desk.
        """
        assert self.folder is not None  # noqa: S101 - asked for before
        what = f"{key}\n{self.engine.inputs.parameters.area_id}\n{self.engine.against}"
        return self.folder / f"desk-{hashlib.sha256(what.encode()).hexdigest()[:32]}.json"

    def _save(self, session: Session) -> bool:
        """Return whether a desk was saved; where it was not, the page says so, and it is tried again."""
        text = self._text(session.history)
        try:
            _write_whole(self._path(session.key), text)
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.fault = f"Your schemes cannot be saved as you go ({why}): save them as a file."
            return False
        self.fault = ""
        return True

    def _text(self, history: History) -> str:
        first = max(history.at - _STATES_BEFORE, 0)
        desks = history.desks[first : history.at + 1 + _STATES_AFTER]
        head = json.dumps({"format": _FORMAT, "about": self._about, "at": history.at - first})
        told_desks = ",\n".join(map(_desk_text, desks))
        return f'{head[:-1]}, "desks": [\n{told_desks}\n]}}\n'

    def _first(self) -> History:
        return History((Desk((Programme(_TITLE),), self.engine.inputs.parameters.headline_year),))

    def _restored(self, key: str) -> Session:
        if self.folder is None or not self._path(key).exists():
            return Session(key, self._first(), self)
        path = self._path(key)
        try:
            history = self._read(path)
        except _OfOtherDataError:
            reason = "were made on other data of the area than these"
        except (ParameterError, OSError, ValueError, TypeError, KeyError, RecursionError):
            reason = "cannot be read"
        else:
            schemes = sum(len(one.cards) for one in history.desk.programmes)
            what = "scheme of last time is" if schemes == 1 else f"{schemes} schemes of last time are"
            return Session(key, history, self, f"Your {what} back." if schemes else "")
        return Session(key, self._first(), self, f"Your schemes of last time {reason}. {_set_aside(path)}")

    def _read(self, path: Path) -> History:
        if path.stat().st_size > _MOST_BYTES:
            message = "the file is too large to be a desk"
            raise ParameterError(message)
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            message = "the file is not a desk"
            raise ParameterError(message)
        if data["about"] != self._about:
            raise _OfOtherDataError
        desks, at = tuple(desk_of(one) for one in data["desks"]), data["at"]
        years = set(self.engine.years)
        if not isinstance(at, int) or not 0 <= at < len(desks) or any(one.year not in years for one in desks):
            message = "the desk is of no year of the forecast"
            raise ParameterError(message)
        return History(desks, at)


class _OfOtherDataError(Exception):
    """A desk that was saved with other inputs."""


@functools.lru_cache(maxsize=2_048)
def _desk_text(desk: Desk) -> str:
    return json.dumps(told(desk), ensure_ascii=False, allow_nan=True)


def _about(engine: Engine) -> str:
    """Return a digest of the data that desks are about: of another area, or of data that changed, it is another."""
    parameters = engine.inputs.parameters
    facts = {
        "area": parameters.area_id,
        "against": engine.against,
        "inputs": dict(engine.inputs.digests),
        "assumptions": {name: asdict(one) for name, one in parameters.assumptions.items()},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def _set_aside(path: Path) -> str:
    """Put a file away under a name that nothing else has, and say where."""
    number = 1
    while (other := path.with_name(f"{path.stem}.set-aside-{number}.json")).exists():
        number += 1
    try:
        path.replace(other)
    except OSError:
        return "Their file could not be put away, and will be replaced by your next change."
    return f"They are kept in {other}, and you begin anew."


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written, and nobody else may read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".desk-", suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - mkstemp gives a name
    except BaseException:  # stopped by hand too: half a file is never left behind
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - mkstemp gives a name
        raise
