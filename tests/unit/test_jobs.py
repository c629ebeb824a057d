"""One job in flight, and of those that wait only the latest."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sufficiency.app.jobs import SUPERSEDED, Cancelled, Cancelling, Latest

LIMIT_S = 10


def run(what):
    return asyncio.run(asyncio.wait_for(what, LIMIT_S))


class Held:
    """A function that ends when it is told to, and keeps who called it, and how many at once."""

    def __init__(self):
        self.freed = threading.Event()
        self.called = []
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, name):
        with self.lock:
            self.called.append(name)
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.freed.wait(LIMIT_S)
        with self.lock:
            self.now -= 1
        return name


async def begun(held, count):
    while len(held.called) < count:
        await asyncio.sleep(0.001)


def test_what_a_function_returns_comes_back():
    async def what():
        latest = Latest()
        assert not latest.busy
        assert await latest.run(lambda one, *, two: one - two, 7, two=4) == 3
        assert await latest.run(lambda: None) is None
        assert not latest.busy

    run(what())


def test_only_the_first_and_the_latest_run():
    async def what():
        held, latest = Held(), Latest()
        asked = [asyncio.create_task(latest.run(held, number)) for number in range(20)]
        await begun(held, 1)
        assert latest.busy
        # all that were replaced know it already, while the first still runs
        assert [await one for one in asked[1:-1]] == [SUPERSEDED] * 18
        held.freed.set()
        assert [await asked[0], await asked[-1]] == [0, 19]
        assert held.called == [0, 19]

    run(what())


def test_never_two_at_once_however_they_come():
    async def what():
        held, latest = Held(), Latest()
        held.freed.set()
        found = []

        async def one(number):
            await asyncio.sleep(number % 7 / 1_000)
            found.append(await latest.run(held, number))

        await asyncio.gather(*(one(number) for number in range(300)))
        assert held.most == 1
        assert len(found) == 300
        assert [one for one in found if one is not SUPERSEDED] == sorted(
            (one for one in found if one is not SUPERSEDED), key=held.called.index
        )
        assert len(held.called) == sum(one is not SUPERSEDED for one in found)

    run(what())


def test_two_sessions_do_not_wait_for_each_other():
    async def what():
        held = Held()
        asked = [asyncio.create_task(Latest().run(held, number)) for number in range(3)]
        await begun(held, 3)
        held.freed.set()
        assert [await one for one in asked] == [0, 1, 2]

    run(what())


@pytest.mark.parametrize("kind", [ValueError, KeyError, Cancelled, MemoryError])
def test_what_a_function_raises_comes_back_and_the_next_one_runs(kind):
    def fails():
        raise kind("so it is")

    async def what():
        latest = Latest()
        with pytest.raises(kind):
            await latest.run(fails)
        assert not latest.busy
        first, second = await asyncio.gather(latest.run(fails), latest.run(lambda: 5), return_exceptions=True)
        assert isinstance(first, kind)
        assert second == 5

    run(what())


def test_an_ended_iteration_is_no_endless_wait():
    async def what():
        with pytest.raises(RuntimeError, match="none of its own"):
            await Latest().run(next, iter(()))

    run(what())


def test_who_gives_up_waiting_leaves_the_place_taken_until_the_job_ends():
    async def what():
        held, latest = Held(), Latest()
        first = asyncio.create_task(latest.run(held, "first"))
        await begun(held, 1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        # its thread still runs
        second = asyncio.create_task(latest.run(held, "second"))
        await asyncio.sleep(0.02)
        assert held.called == ["first"]
        held.freed.set()
        assert await second == "second"
        assert held.most == 1

    run(what())


def test_a_job_whose_caller_has_gone_is_not_begun():
    async def what():
        held, latest = Held(), Latest()
        first = asyncio.create_task(latest.run(held, "first"))
        second = asyncio.create_task(latest.run(held, "second"))
        await begun(held, 1)
        second.cancel()
        await asyncio.sleep(0)
        held.freed.set()
        assert await first == "first"
        await asyncio.sleep(0.02)
        assert held.called == ["first"]
        assert await latest.run(held, "third") == "third"

    run(what())


def test_what_waits_can_be_made_void():
    async def what():
        held, latest = Held(), Latest()
        first = asyncio.create_task(latest.run(held, "first"))
        second = asyncio.create_task(latest.run(held, "second"))
        await begun(held, 1)
        latest.cancel()
        assert await second is SUPERSEDED
        held.freed.set()
        assert await first == "first"
        latest.cancel()
        assert held.called == ["first"]

    run(what())


def test_an_error_that_nobody_waits_for_is_quiet(recwarn):
    """And it does not stop those after it."""
    told = []

    async def what():
        asyncio.get_running_loop().set_exception_handler(lambda _, found: told.append(found))
        freed = threading.Event()

        def fails():
            freed.wait(LIMIT_S)
            raise ValueError

        latest = Latest()
        first = asyncio.create_task(latest.run(fails))
        await asyncio.sleep(0.01)
        first.cancel()
        freed.set()
        assert await latest.run(lambda: 1) in (1, SUPERSEDED)
        while latest.busy:
            await asyncio.sleep(0.001)

    run(what())
    assert told == []


def test_threads_of_ones_own_can_be_used_and_ended():
    async def what():
        with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
            latest = Latest(pool)
            assert (await latest.run(lambda: threading.current_thread().name)).startswith("mine")
        with pytest.raises(RuntimeError):
            await latest.run(lambda: 1)
        assert not latest.busy

    run(what())


def test_a_long_job_stops_before_its_next_step():
    said = []
    saying = Cancelling(said.append)
    saying("one")
    saying.cancel()
    with pytest.raises(Cancelled):
        saying("two")
    assert said == ["one"]
