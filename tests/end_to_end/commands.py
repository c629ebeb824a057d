"""The command in a process of its own, and what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATE = CHECKOUT / "data" / "template"


@dataclass(frozen=True)
class Run:
    """A finished command: its exit status, what it said, and where it wrote."""

    status: int
    said: str
    errors: str
    out: Path


def run_command(
    *arguments: str, out: Path, cwd: Path, module: tuple[str, ...] = ("sufficiency",), **environment: str
) -> Run:
    """Run ``python -m sufficiency`` in a process of its own, with no more of the environment than it needs.

    ``module`` is another module with its own arguments before the command's.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", *module, *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr, out)


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by its path within it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def differ(first: Path, second: Path) -> list[str]:
    """Return the paths of files that two folders do not have in common, byte for byte."""
    one, other = tree(first), tree(second)
    return sorted(
        {*one.keys() ^ other.keys(), *(name for name in one.keys() & other.keys() if one[name] != other[name])}
    )
