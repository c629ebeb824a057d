"""What every benchmark does: time a peer beside us in the same run, and record the ratio."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture


def seconds_of(work: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """Least of a few rounds, and the last answer."""
    least, answer = float("inf"), None
    for _ in range(rounds):
        start = time.perf_counter()
        answer = work()
        least = min(least, time.perf_counter() - start)
    return least, answer


def compare(benchmark: BenchmarkFixture, peer: str, seconds: float, **words: object) -> None:
    """Record how often the peer's time holds ours."""
    stats = benchmark.stats
    assert stats is not None
    ours = stats.stats.min
    benchmark.extra_info.update(
        {"peer": peer, "peer_seconds": round(seconds, 4), "times_as_fast": float(f"{seconds / ours:.3g}")} | words
    )
