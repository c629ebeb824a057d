"""Damaged files of every kind: a seeded few of the many that ``python -m tests.fuzz --rounds 10000`` tries."""

from __future__ import annotations

import pytest

from tests.fuzz import Fuzzer, run, shares

SEED = 5
KINDS = tuple(shares(100))


@pytest.fixture(scope="module")
def fuzzer() -> Fuzzer:
    return Fuzzer()


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_ends_in_a_traceback_or_a_lost_row(fuzzer: Fuzzer, kind: str) -> None:
    rounds = {kind: 3 if kind in {"prepare", "area", "sen2"} else 9}
    figures = run(rounds, SEED, fuzzer=fuzzer)
    assert figures.faults == []


def test_the_damage_is_of_every_sort(fuzzer: Fuzzer) -> None:
    figures = run({"gias": 25}, SEED, fuzzer=fuzzer)
    said = {key.split()[1] for key in figures.taken}
    assert {"read", "part", "refused"} <= said, "some files are still read whole, some in part, some not at all"
