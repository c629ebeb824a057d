"""Every route of the real page refuses who may not ask, and ten thousand spoilt requests and messages do no harm."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.end_to_end.commands import CHECKOUT, TEMPLATE

REQUESTS, MESSAGES, SEED = 6_000, 4_000, 20_260_901
LIMIT_S = 900
# the framework's own words about requests that it refuses
REFUSALS = re.compile(
    r"engineio\.server: (The client is using an unsupported version|Invalid (session|transport|websocket|JSONP))"
)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what the fuzzing of the page found."""
    folder = tmp_path_factory.mktemp("desks")
    asked = [str(TEMPLATE), str(folder), str(REQUESTS), str(MESSAGES), str(SEED)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz_page", *asked],
        cwd=CHECKOUT, capture_output=True, encoding="utf-8", timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) | {"errors": done.stderr}


def test_every_route_refuses_who_has_not_all_that_it_takes(found):
    assert found["routes"] >= 10
    assert found["tried"] == found["routes"] * 36
    assert found["statuses"]["403"] >= found["routes"] * 30


def test_ten_thousand_spoilt_requests_and_messages_do_no_harm(found):
    assert found["requests"] + found["messages"] >= 10_000
    assert found["listeners"] > 10
    assert found["faults"] == []
    assert found["late"] == []
    assert [one for one in found["logged"] if not REFUSALS.match(one)] == []
    assert not any(int(status) >= 500 for status in found["statuses"])
    assert "Traceback" not in found["errors"]
    assert found["last"] == 200


def test_every_coroutine_was_awaited(found):
    assert found["warned"] == []
