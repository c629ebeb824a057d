"""Outputs put in place whole: a reader finds the set before or the set after, whatever stops the run and whenever.

A set is made ready in a folder of its own beside the outputs. Then a journal names every move, and is itself put there
in one move: from that moment the new set will stand. First all old files go away, then all new ones come in, so that
old and new never stand together. A run that was killed between is finished by the next one, or by `recover`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["MANIFEST", "check_folder", "recover", "write_whole"]

MANIFEST: Final = "manifest.json"
_PREFIX: Final = ".writing-"
_JOURNAL: Final = "journal.json"
_LOCK: Final = "lock"
_NEW: Final = "new"
_OLD: Final = "old"
_BUSY: Final = "another run is putting its files in place in this folder now: try again when it has finished"


def check_folder(out: Path) -> None:
    """Make the output folder, finish what a killed run left there, and write in it for a moment.

    So a refusal comes before the work and not after it.

    Raises
    ------
    OSError
        When nothing can be written there.
    """
    out.mkdir(parents=True, exist_ok=True)
    recover(out)
    Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out)).rmdir()


def write_whole(
    out: Path,
    write: Callable[[Path], None],
    *,
    manifest: str,
    run_id: str,
    marking: str = "",
    lasting: Sequence[str] = (),
) -> list[str]:
    """Write a set of outputs and put it in place of the set that stands there.

    Parameters
    ----------
    out
        The folder that holds the outputs; made if needed. Files of others in it stay.
    write
        Called with an empty folder; writes the whole set there, under the names that it shall have in `out`.
    manifest
        Name of the file that lists the set with its digests, such as ``reports/manifest.json``. Files of the set
        before that the new set does not have are taken away, unless they were changed since.
    run_id
        Goes into the manifest.
    marking
        How the set may be used, such as that it is internal: goes into the manifest first. Blank = nothing is said.
    lasting
        Folders in which files of earlier sets stay.

    Returns
    -------
    list of str
        The files of the set, sorted, with ``/`` between folders.

    Raises
    ------
    OSError
        When something cannot be written or moved; the set before stands as it was.
    """
    out.mkdir(parents=True, exist_ok=True)
    recover(out)
    with _work_folder(out) as work:
        new = work / _NEW
        new.mkdir()
        write(new)
        files = _files(new)
        listed = {name: _digest(new / name) for name in files if not _within(name, lasting)}
        marked = {"marking": marking} if marking else {}
        record = json.dumps({**marked, "run_id": run_id, "files": listed}, indent=2) + "\n"
        (new / manifest).parent.mkdir(parents=True, exist_ok=True)
        (new / manifest).write_bytes(record.encode())
        files = sorted([*files, manifest])
        stale = [name for name in _listed(out / manifest, out) if name not in set(files)]
        away = [name for name in (*files, *stale) if (out / name).is_file()]
        _refuse_while_others_move(out, work)
        _write_journal(work, {"new": files, "away": away})
        try:
            _finish(work, out)
        except BaseException:  # stopped by hand too: the earlier outputs come back
            # what cannot be undone now keeps its journal, and is finished by the next run
            _undo(work, out)
            raise
    return files


def recover(out: Path) -> None:
    """Finish the move of a run that was killed in it, and remove what killed runs left behind; others' work stays.

    Parameters
    ----------
    out
        A folder of outputs; nothing happens when it is not there.

    Raises
    ------
    OSError
        When a file cannot be moved, because it is open in another program for instance.
    """
    for work in sorted(out.glob(f"{_PREFIX}*")):
        if not work.is_dir():
            continue
        lock = FileLock(work / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        try:
            if (work / _JOURNAL).is_file():
                _finish(work, out)
        finally:
            lock.release()
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """Give a folder that is locked as long as this process lives, and removed unless a move in it is unfinished."""
    work = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out))
    lock = FileLock(work / _LOCK)
    lock.acquire(timeout=0)
    try:
        yield work
    finally:
        lock.release()
        if not (work / _JOURNAL).exists():
            shutil.rmtree(work, ignore_errors=True)


def _refuse_while_others_move(out: Path, own: Path) -> None:
    if any(journal.parent != own for journal in out.glob(f"{_PREFIX}*/{_JOURNAL}")):
        raise OSError(errno.EBUSY, _BUSY, str(out))


def _write_journal(work: Path, moves: dict[str, list[str]]) -> None:
    partial = work / f"{_JOURNAL}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(moves, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(work / _JOURNAL)


def _finish(work: Path, out: Path) -> None:
    """Do those moves of the journal that are not done yet, and strike it out."""
    moves = json.loads((work / _JOURNAL).read_text(encoding="utf-8"))
    for name in moves["away"]:
        if not (work / _OLD / name).exists() and (out / name).exists():
            _move(out / name, work / _OLD / name)
    for name in moves["new"]:
        if (work / _NEW / name).exists():
            _move(work / _NEW / name, out / name)
    (work / _JOURNAL).unlink()
    for name in moves["away"]:
        _remove_empty((out / name).parent, out)


def _undo(work: Path, out: Path) -> None:
    """Undo the moves of the journal, and strike it out; what fails is left to the next run."""
    journal = work / _JOURNAL
    if not journal.exists():
        return
    moves = json.loads(journal.read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        for name in moves["new"]:
            if not (work / _NEW / name).exists() and (out / name).exists():
                _move(out / name, work / _NEW / name)
        for name in moves["away"]:
            if (work / _OLD / name).exists():
                _move(work / _OLD / name, out / name)
        journal.unlink()
        for name in moves["new"]:
            _remove_empty((out / name).parent, out)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)


def _remove_empty(folder: Path, out: Path) -> None:
    while folder not in (out, folder.parent):
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone already
            return
        folder = folder.parent


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _within(name: str, folders: Sequence[str]) -> bool:
    return any(PurePosixPath(name).is_relative_to(folder) for folder in folders)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(manifest: Path, out: Path) -> list[str]:
    """Return the files that a manifest lists and that nobody has changed since; a manifest that is none lists none."""
    try:
        found: Any = json.loads(manifest.read_text(encoding="utf-8"))
        entries = dict(found["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    own = []
    for name, digest in entries.items():
        parts = PurePosixPath(str(name)).parts
        plain = bool(parts) and not any(part in {"..", "/"} or ":" in part or "\\" in part for part in parts)
        if plain and (out / name).is_file() and not (out / name).is_symlink() and _digest(out / name) == digest:
            own.append(str(name))
    return own
