"""Kills a process at each of its file operations in turn, and says what then stood: one line of JSON a kill.

Run as a script with an empty folder. Operations are those that Python reports to an audit hook (PEP 578).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from sufficiency.outputs.swap import recover, write_whole

WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir", "fcntl.flock"}
KILLED = 9
MANIFEST = "reports/manifest.json"
OLD = ("maps/m.html", "reports/paper.docx", "reports/tables/gone.csv", "reports/tables/kept.csv")
NEW = ("maps/m.html", "reports/paper.docx", "reports/star/fresh.parquet", "reports/tables/kept.csv")


def write_set(out: Path, names: tuple[str, ...], content: str) -> None:
    def write(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)

    write_whole(out, write, manifest=MANIFEST, run_id=content)


def standing(out: Path) -> dict[str, str]:
    """Return what a reader finds: every file but those of work folders, with its content (of the manifest: its run)."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not name.startswith(".writing-"):
            text = path.read_text()
            found[name] = json.loads(text)["run_id"] if name == MANIFEST else text
    return found


def die_at(operation: int) -> None:
    """Make this process end at once, without any cleaning up, before its nth file operation."""
    count = 0

    def hook(event: str, _: object) -> None:
        nonlocal count
        if event in WATCHED:
            count += 1
            if count == operation:
                os._exit(KILLED)

    sys.addaudithook(hook)


def main() -> None:
    root = Path(sys.argv[1])
    operation = 0
    while True:
        operation += 1
        out = root / str(operation)
        out.mkdir()
        write_set(out, OLD, "old")
        (out / "reports" / "notes.txt").write_text("mine")
        child = os.fork()
        if child == 0:
            die_at(operation)
            write_set(out, NEW, "new")
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        before = standing(out)
        recover(out)
        after = standing(out)
        left = sorted(path.name for path in out.iterdir())
        print(json.dumps({"ended": ended, "killed": before, "recovered": after, "left": left}))
        shutil.rmtree(out)
        if ended == 0:
            return
        if ended != KILLED:
            sys.exit(ended)


if __name__ == "__main__":
    main()
