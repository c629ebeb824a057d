"""The command as a planner runs it, and beside its files what it released, for tests that read tables and not files."""

from __future__ import annotations

import copyreg
import pickle
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sufficiency import cli, run


def frozen(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """Return a mapping that cannot be changed: how a released set's tables come back from a file."""
    return MappingProxyType(content)


def main(kept: Path, *arguments: str) -> int:
    """Run the command, and keep what its job released and recorded in a file."""
    copyreg.pickle(MappingProxyType, lambda mapping: (frozen, (dict(mapping),)))
    run_job = run.run_job

    def keeping(*given: Any, **named: Any) -> run.Job:
        job = run_job(*given, **named)
        kept.write_bytes(pickle.dumps((job.released, job.record)))
        return job

    run.run_job = keeping
    return cli.main(list(arguments))


if __name__ == "__main__":
    from tests import kept_job

    # under its own name, which is what the file says of the function above
    sys.exit(kept_job.main(Path(sys.argv[1]), *sys.argv[2:]))
