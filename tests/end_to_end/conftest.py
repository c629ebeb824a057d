"""Runs of the command, once a session, for every test that reads what a run writes."""

from __future__ import annotations

import pytest

from tests.end_to_end.commands import TEMPLATE, Run, run_command


@pytest.fixture(scope="session")
def embedded_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the embedded area."""
    out = tmp_path_factory.mktemp("embedded")
    return run_command("run", "--out", str(out), out=out, cwd=out, PYTHONHASHSEED="0", TZ="UTC")


@pytest.fixture(scope="session")
def template_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the small template area."""
    out = tmp_path_factory.mktemp("template")
    return run_command("run", str(TEMPLATE), "--out", str(out), out=out, cwd=out, PYTHONHASHSEED="0", TZ="UTC")
