"""The papers of a programme: what a run of its scenario file writes, packed into one file.

They go through the whole public release with its audit, and have regard to every release before them: those of the
area's own outputs, and what was saved from the page. What is packed is what the command line writes for the same file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import re
import tempfile
import unicodedata
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from sufficiency.app.engine import scenario_inputs
from sufficiency.disclosure.register import FOLDER, Register
from sufficiency.model.vocabulary import STANDARD_SCENARIOS
from sufficiency.outputs.swap import check_folder, write_whole
from sufficiency.run import releases_in, run_job, write_job, write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sufficiency.app.desk import Programme
    from sufficiency.app.doors import Doors
    from sufficiency.app.engine import Engine
    from sufficiency.model.results import Inputs
    from sufficiency.run import Job

__all__ = ["papers_name", "papers_of", "scenario_id_of"]

_PREFIX: Final = "what-if"
_LONGEST: Final = 40
_MANIFEST: Final = "saved.json"
# the first moment that a zip can name: the papers bear the date of the report inside
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PACKED: Final = ("maps", "reports")
_LOOK_AGAIN_S: Final = 0.5


def scenario_id_of(title: str, taken: Collection[str]) -> str:
    """Return the id of the scenario that a programme is saved as: the same for the same title, and never one taken.

    Parameters
    ----------
    title
        Of the programme.
    taken
        Ids of the area's scenarios.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")
    name = f"{_PREFIX}-{words}" if words else _PREFIX
    known = {*taken, *STANDARD_SCENARIOS}
    others = (name, *(f"{name}-{number}" for number in range(2, len(known) + 3)))
    return next(one for one in others if one not in known)


def papers_name(engine: Engine, programme: Programme) -> str:
    """Return the name of the file of papers."""
    return f"{engine.inputs.parameters.area_id}-{scenario_id_of(programme.title, engine.inputs.scenarios)}.zip"


def papers_of(engine: Engine, programme: Programme, doors: Doors, say: Callable[[str], None]) -> bytes:
    """Return the papers of a programme as a zip: maps, reports, and the scenario's file.

    Parameters
    ----------
    engine
        The area; the scenario that it compares with is what the programme is laid over.
    programme
        The programme.
    doors
        To write and read the scenario's file, and where releases are registered.
    say
        Told each step; what it raises stops the work before the next one, and nothing is registered then.

    Raises
    ------
    SufficiencyError
        When the programme cannot be, or the release would undo an earlier one.
    OSError
        When the register cannot be written.
    """
    say("Laying the programme over the area")
    name = scenario_id_of(programme.title, engine.inputs.scenarios)
    text = doors.scenario_text(scenario_inputs(engine.inputs, programme, engine.against, name), name)
    inputs = doors.read_scenario(engine.inputs, f"{name}.toml", text)
    folder = doors.papers or Path(_meanwhile().name)
    with _turn(folder, say):
        own = releases_in(folder)
        job = run_job(inputs, scenarios=[name], register=_both(doors.published, own), say=say)
        with tempfile.TemporaryDirectory(prefix="sufficiency-papers-") as place:
            out = Path(place)
            write_job(job, inputs, out, say=say)
            say("Packing the papers")
            packed = _zip({f"{name}.toml": text.encode(), **_files(out)})
        say("Registering the release")
        _register(job, inputs, own, folder)
    return packed


@contextlib.contextmanager
def _turn(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other papers are made with the same register, by this page or by another."""
    check_folder(folder)
    lock = FileLock(folder / "papers.lock", thread_local=False)
    while True:
        try:
            lock.acquire(timeout=_LOOK_AGAIN_S)
        except Timeout:
            say("Waiting for papers that are being made already")
        else:
            break
    try:
        yield
    finally:
        lock.release()


@functools.cache
def _meanwhile() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of a page that keeps nothing: its register lasts as long as it runs."""
    return tempfile.TemporaryDirectory(prefix="sufficiency-releases-")


def _both(published: Path | None, own: Register) -> Register:
    """Return the releases of the area's outputs and those of the page, each once."""
    known = Register() if published is None else releases_in(published)
    names = {entry.run_id for entry in known.entries}
    return Register((*known.entries, *(entry for entry in own.entries if entry.run_id not in names)))


def _register(job: Job, inputs: Inputs, own: Register, folder: Path) -> None:
    """Write the release into the register of the page, whole or not at all."""
    mine = dataclasses.replace(job, register=own)
    write_whole(
        folder,
        lambda out: write_release(mine, inputs, out),
        manifest=_MANIFEST,
        run_id=job.record.run_id,
        lasting=(FOLDER,),
    )


def _files(out: Path) -> dict[str, bytes]:
    found = sorted(path for folder in _PACKED for path in (out / folder).rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def _zip(files: dict[str, bytes]) -> bytes:
    """Return files as a zip: the same files, the same bytes, on every system and at every time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content, compresslevel=6)
    return target.getvalue()
