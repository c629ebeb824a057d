"""Benchmarks are taken on request only: ``make bench``, or ``pytest tests/bench --benchmark-only``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out of the suite."""
    if collection_path.suffix == ".py" and not config.getoption("benchmark_only", default=False):
        return True
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say each ratio in a line, with the peer, the work and the threads of both."""
    session = getattr(config, "_benchmarksession", None)
    for benchmark in () if session is None else session.benchmarks:
        found = benchmark.extra_info
        if "times_as_fast" in found:
            terminalreporter.write_line(
                f"{benchmark.name}: {found['times_as_fast']:g} times as fast as {found['peer']} on {found['size']} "
                f"(threads: ours {found['threads_ours']}, peer {found['threads_peer']})"
            )
