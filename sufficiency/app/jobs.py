"""One job in flight: while it runs only the latest that was asked for waits, and what it replaced is void."""

from __future__ import annotations

import asyncio
import enum
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

__all__ = ["SUPERSEDED", "Cancelled", "Cancelling", "Latest", "Superseded", "Threads"]

P = ParamSpec("P")
T = TypeVar("T")


class Superseded(enum.Enum):
    """The kind of `SUPERSEDED`."""

    SUPERSEDED = "superseded"


SUPERSEDED: Final = Superseded.SUPERSEDED


@dataclass(frozen=True)
class Threads:
    """Threads for each kind of work, so that what takes long never keeps a headline waiting; None = the event loop's.

    Parameters
    ----------
    answers
        Every pupil placed anew.
    searches
        Sites, budgets, unlocks and drawn futures.
    papers
        One programme's papers after another's.
    """

    answers: Executor | None = None
    searches: Executor | None = None
    papers: Executor | None = None


class Cancelled(Exception):  # noqa: N818 - it is no error: somebody asked for it
    """A long job was stopped between two of its steps, because somebody asked for it."""


class Cancelling:
    """Lets a long job be stopped: hand it over as the function that is told each step.

    Parameters
    ----------
    say
        Told each step, unless the job is to stop.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._stopped = threading.Event()

    def cancel(self) -> None:
        """Stop the job before its next step."""
        self._stopped.set()

    def __call__(self, text: str) -> None:
        """Tell a step.

        Raises
        ------
        Cancelled
            When the job is to stop.
        """
        if self._stopped.is_set():
            raise Cancelled
        self._say(text)


@dataclass(frozen=True)
class _Job(Generic[T]):
    call: Callable[[], T]
    outcome: asyncio.Future[T | Literal[Superseded.SUPERSEDED]]


class Latest:
    """Runs functions in threads, one at a time; for one session, and from its event loop only.

    Parameters
    ----------
    pool
        The threads; None = those of the event loop.
    """

    def __init__(self, pool: Executor | None = None) -> None:
        self._pool = pool
        self._busy = False
        self._waiting: _Job[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._busy

    async def run(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Literal[Superseded.SUPERSEDED]:
        """Run a function when the one that runs has ended, unless a newer one is asked for before that.

        Returns
        -------
        object
            What the function returns, or `SUPERSEDED` when it never began.

        Raises
        ------
        Exception
            What the function raises.
        """
        job = _Job(lambda: function(*args, **kwargs), asyncio.get_running_loop().create_future())
        if self._busy:
            self.cancel()
            self._waiting = job
        else:
            self._start(job)
        return await job.outcome

    def cancel(self) -> None:
        """Make the job that waits void; one that runs is not stopped, and its caller has the result."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.outcome.done():
            waiting.outcome.set_result(SUPERSEDED)

    def _start(self, job: _Job[Any]) -> None:
        self._busy = True
        try:
            running = asyncio.get_running_loop().run_in_executor(self._pool, _plain, job.call)
        except RuntimeError:  # the threads were ended
            self._busy = False
            raise
        running.add_done_callback(lambda done: self._ended(done, job))

    def _ended(self, done: asyncio.Future[Any], job: _Job[Any]) -> None:
        self._busy = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.outcome.done():
            self._start(waiting)
        # asked for in any case: an error that nobody asked for is reported by the event loop
        error = None if done.cancelled() else done.exception()
        if job.outcome.done():
            return
        if done.cancelled():
            job.outcome.cancel()
        elif error is not None:
            job.outcome.set_exception(error)
        else:
            job.outcome.set_result(done.result())


def _plain(call: Callable[[], T]) -> T:
    """Call, and let no StopIteration out: a future cannot hold one, and whoever awaits it would wait for ever."""
    try:
        return call()
    except StopIteration as error:
        message = "the job ended an iteration that was none of its own"
        raise RuntimeError(message) from error
