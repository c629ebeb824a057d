"""Runs of the command, once for all workers of a test run, for every test that reads what a run writes."""

from __future__ import annotations

import json
import os

import pytest
from filelock import FileLock

from tests.end_to_end.commands import TEMPLATE, Run, run_command


def _once(factory: pytest.TempPathFactory, name: str, *arguments: str) -> Run:
    """Run the command unless another worker has: the first does the work, and the others wait for it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"run-{name}"
    out, said = folder / "out", folder / "said.json"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not said.exists():
            out.mkdir()
            made = run_command("run", *arguments, "--out", str(out), out=out, cwd=out, PYTHONHASHSEED="0", TZ="UTC")
            said.write_text(json.dumps([made.status, made.said, made.errors]), encoding="utf-8")
        status, printed, errors = json.loads(said.read_text(encoding="utf-8"))
    return Run(status, printed, errors, out)


@pytest.fixture(scope="session")
def embedded_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the embedded area. Read what it wrote, and change nothing there."""
    return _once(tmp_path_factory, "embedded")


@pytest.fixture(scope="session")
def template_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the small template area. Read what it wrote, and change nothing there."""
    return _once(tmp_path_factory, "template", str(TEMPLATE))
