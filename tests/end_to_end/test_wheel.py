"""The wheel, installed outside the checkout, finds its data and templates and does the job."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.commands import CHECKOUT, Run, tree

if TYPE_CHECKING:
    from pathlib import Path


def _python(*arguments: str, cwd: Path, path: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    environment = {**kept, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "PIP_NO_INDEX": "1", **more}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    done = _python("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty folder."""
    target = tmp_path_factory.mktemp("installed")
    done = _python("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel), cwd=target)
    assert done.returncode == 0, done.stderr
    return target


def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"sufficiency", next(top for top in tops if top.endswith(".dist-info"))}
    parts = {part for name in names for part in name.split("/")}
    assert not [part for part in parts if part in {"tests", "__pycache__"} or part.startswith("test_")]
    assert not [name for name in names if name.endswith(".ipynb")]
    data = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "data").rglob("*") if path.is_file()}
    assert {f"sufficiency/{name}" for name in data} <= names
    package = {path for path in (CHECKOUT / "sufficiency").rglob("*") if path.is_file()}
    assert {path.relative_to(CHECKOUT).as_posix() for path in package if "__pycache__" not in path.parts} <= names
    assert any(name.startswith("sufficiency/outputs/templates/") for name in names)


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import sufficiency; from sufficiency.sources import embedded; print(sufficiency.__file__); "
    code += "print(embedded.embedded_directory())"
    done = _python("-c", code, cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    where, data = done.stdout.splitlines()
    assert where.startswith(str(installed))
    assert data == str(installed / "sufficiency" / "data")


def test_the_installed_package_checks_its_embedded_area(installed: Path, tmp_path: Path) -> None:
    done = _python("-m", "sufficiency", "check", cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    assert "Oxfordshire: no errors" in done.stdout


def test_the_installed_package_writes_what_the_checkout_writes(
    installed: Path, template_run: Run, tmp_path: Path
) -> None:
    # interpreted, for compiling every kernel anew takes minutes; the figures are whole numbers, and the same
    template = installed / "sufficiency" / "data" / "template"
    done = _python(
        "-m",
        "sufficiency",
        "run",
        str(template),
        "--out",
        str(tmp_path),
        cwd=tmp_path,
        path=installed,
        NUMBA_DISABLE_JIT="1",
    )
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path) == tree(template_run.out)
