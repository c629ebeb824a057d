"""What every test may use: the embedded area, whole runs once for all workers, and the real public data if present."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from filelock import FileLock
from hypothesis import settings

from tests.end_to_end.commands import TEMPLATE, Run, run_command

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs, Released, RunRecord

mpl.use("Agg")
# the same examples on every machine and day, however slow: a test that fails can be run again
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

REAL_DATA = Path(os.environ.get("SUFFICIENCY_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real public data; skip only where there is none at all."""
    if not REAL_DATA.exists():
        pytest.skip("the real public data are not beside the project")
    if not (REAL_DATA / "README.md").is_file():
        pytest.fail(f"{REAL_DATA} is there but not readable as the real public data")
    return REAL_DATA


@pytest.fixture(scope="session")
def oxfordshire() -> Inputs:
    """Return the embedded area, read and checked."""
    import sufficiency

    return sufficiency.load()


def _once(factory: pytest.TempPathFactory, name: str, *arguments: str) -> Run:
    """Run the command unless another worker has: the first does the work, and the others wait for it.

    What the job released is kept beside its outputs, in ``kept``.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"run-{name}"
    out, said = folder / "out", folder / "said.json"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not said.exists():
            out.mkdir()
            made = run_command(
                "run",
                *arguments,
                "--out",
                str(out),
                out=out,
                cwd=out,
                module=("tests.kept_job", str(folder / "kept")),
                PYTHONHASHSEED="0",
                TZ="UTC",
            )
            said.write_text(json.dumps([made.status, made.said, made.errors]), encoding="utf-8")
        status, printed, errors = json.loads(said.read_text(encoding="utf-8"))
    return Run(status, printed, errors, out)


@pytest.fixture(scope="session")
def embedded_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the embedded area. Read what it wrote, and change nothing there."""
    return _once(tmp_path_factory, "embedded")


@pytest.fixture(scope="session")
def embedded_release(embedded_run: Run) -> tuple[Released, RunRecord]:
    """Return what the main job on the embedded area released and recorded."""
    assert embedded_run.status == 0, embedded_run.errors
    kept: tuple[Released, RunRecord] = pickle.loads((embedded_run.out.parent / "kept").read_bytes())  # noqa: S301 - own
    return kept


@pytest.fixture(scope="session")
def template_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the main job on the small template area. Read what it wrote, and change nothing there."""
    return _once(tmp_path_factory, "template", str(TEMPLATE))


# Files that take half a minute and more, in the order in which the workers are given them: the first two make the
# whole runs that others read, and the short files fill up the end.
LONGEST_FIRST = (
    "end_to_end/test_what_if_page",
    "end_to_end/test_run",
    "end_to_end/test_determinism",
    "end_to_end/test_canaries",
    "end_to_end/test_notebook",
    "end_to_end/test_attack",
    "real/test_two_councils",
    "property/test_disclosure",
    "unit/test_report",
    "unit/test_stable",
    "unit/test_release_audit",
    "unit/test_planted_leaks",
    "end_to_end/test_bad_inputs",
    "end_to_end/test_wheel",
    "end_to_end/test_injection",
    "end_to_end/test_accessibility",
    "end_to_end/test_map_in_browser",
    "end_to_end/test_map_layers_in_browser",
    "end_to_end/test_internal_map_in_browser",
    "property/test_allocation_policies",
    "unit/test_what_if",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, which leaves no worker alone with one at the end."""
    tests = Path(__file__).parent
    place = {tests / f"{name}.py": number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
