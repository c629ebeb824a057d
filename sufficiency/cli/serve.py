"""`sufficiency serve`: the what-if page, on this computer, until Ctrl-C."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from sufficiency.cli.screen import Steps
from sufficiency.model.errors import DataError, ParameterError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sufficiency.app.doors import Doors
    from sufficiency.model.results import Inputs

__all__ = ["add_options", "serve"]

_NOTHING: Final = "none"
# they tell of every tab that was left open over a restart
_TALKATIVE: Final = ("engineio.server", "socketio.server")
_LONGEST_TEXT: Final = 1_000_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--against", default="", metavar="SCENARIO",
                        help="the scenario that programmes are laid over and compared with "
                        "(default: committed, else do_nothing)")  # fmt: skip
    parser.add_argument("--internal", action="store_true",
                        help="show counts of a few pupils, and zones; marked, and not for publication")  # fmt: skip
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--port", type=int, metavar="N", help="port (default: the first free one from 8090 on)")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="address to listen at; any other than this computer's own lets others in who have the "
                        "link (default: 127.0.0.1, nobody else)")  # fmt: skip
    parser.add_argument("--keep", metavar="FOLDER",
                        help="where schemes are saved as they change, and the releases of papers are registered; "
                        "`none`: nowhere (default: your folder for data of programs)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR",
                        help="where the area's maps/ and reports/ are: papers undo none of the releases that are "
                        "registered there (default: here)")  # fmt: skip
    parser.add_argument("--postcodes", type=Path, metavar="FILE",
                        help="directory of postcodes (ONSPD, NSPL, Code-Point Open; default: the area's "
                        "boundaries/postcodes.csv, where there is one)")  # fmt: skip


def serve(options: argparse.Namespace, inputs: Inputs) -> None:
    """Serve the page until Ctrl-C.

    Raises
    ------
    SufficiencyError
        When the scenario is unknown or a folder cannot be used.
    OSError
        When the port is in use, or nothing can be written to the folder.
    """
    # the framework would keep its own notes there, on another computer
    os.environ.pop("NICEGUI_REDIS_URL", None)
    from sufficiency.app.server import is_loopback
    from sufficiency.app.server import serve as serve_page

    _hide_traces()
    folder = _folder(options.keep, inputs)
    doors = _doors(options, inputs, folder)
    if not is_loopback(options.host):
        print(
            f"WARNING: the page will listen at {options.host}, not at this computer alone. Whoever on that network has "
            "the link can see and change everything on it, and what is sent is not encrypted. Stop with Ctrl-C unless "
            "that is what you want.",
            file=sys.stderr,
        )
    if options.internal:
        print("INTERNAL: counts of a few pupils are shown. Not for publication.", file=sys.stderr)
    steps = Steps()

    def ready(link: str) -> None:
        steps.finish()
        print(f"\nThe what-if page of {inputs.parameters.area_name} is open at\n\n  {link}\n")
        kept = "Nothing is kept when it ends." if folder is None else f"Schemes are kept in {folder}."
        print(f"{kept}\nThe link is for you alone. Ctrl-C ends it.", flush=True)

    with _alone(folder):
        finished = serve_page(
            inputs,
            doors,
            against=options.against,
            host=options.host,
            port=options.port,
            folder=folder,
            open_browser=options.open,
            internal=options.internal,
            say=steps,
            ready=ready,
        )
    print("\nThe page has ended.", flush=True)
    if not finished:
        # a solve that is under way in a thread cannot be stopped, and nobody waits for it any more
        sys.stderr.flush()
        os._exit(0)


def _folder(keep: str | None, inputs: Inputs) -> Path | None:
    """Return where this area's desks are kept; None = nowhere."""
    if keep == _NOTHING:
        return None
    if keep:
        return Path(keep)
    import platformdirs

    return Path(platformdirs.user_data_dir("sufficiency", appauthor=False)) / "what-if" / inputs.parameters.area_id


@contextlib.contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Have a folder of desks to oneself: two pages would write over each other's.

    Raises
    ------
    ParameterError
        When another page has it.
    """
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "page.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        message = (
            f"another page has the schemes in {folder}: work in that one, end it with Ctrl-C, or give this one a "
            "folder of its own with --keep"
        )
        raise ParameterError(message) from error
    try:
        yield
    finally:
        lock.release()


def _doors(options: argparse.Namespace, inputs: Inputs, folder: Path | None) -> Doors:
    from sufficiency.app.doors import Doors
    from sufficiency.cli.places import place_finder
    from sufficiency.cli.what_if import POSTCODES
    from sufficiency.run import releases_in

    postcodes: Path | None = options.postcodes
    own = None if options.area is None else options.area / POSTCODES
    if postcodes is None and own is not None and own.is_file():
        postcodes = own
    if postcodes is not None and not postcodes.is_file():
        message = f"there is no file {postcodes}: give --postcodes a directory of postcodes, or leave it out"
        raise ParameterError(message)
    # read now, so that a register that cannot be used is told before the work and not after it
    releases_in(options.out)
    return Doors(
        read_scenario=read_scenario,
        scenario_text=scenario_text_of,
        find_place=place_finder(inputs, postcodes),
        papers=None if folder is None else folder / "papers",
        published=options.out,
    )


def read_scenario(inputs: Inputs, name: str, text: str) -> Inputs:
    """Return the inputs with the scenario of a file's text, checked as the command line does.

    Raises
    ------
    ParameterError
        When the file's name cannot be that of a scenario, or the text is too long.
    DataError
        When the scenario is at fault; ``issues`` lists every fault.
    """
    from sufficiency.checks import check
    from sufficiency.model.scheme_ids import NAME
    from sufficiency.sources.scenario_file import with_scenario_file

    stem = name.removesuffix(".toml")
    if not name.endswith(".toml") or not NAME.fullmatch(stem):
        message = (
            "the file of a scenario is named after it, a to z, 0 to 9, _ and -, 60 at most, with the ending .toml: "
            "bases-wantage.toml for instance"
        )
        raise ParameterError(message)
    if len(text) > _LONGEST_TEXT:
        message = f"{name} is too long to be a scenario"
        raise ParameterError(message)
    with tempfile.TemporaryDirectory(prefix="sufficiency-scenario-") as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8"))
        read = with_scenario_file(inputs, path)
    found = check(read)
    errors = found[found["severity"] == "error"]
    if len(errors):
        message = f"{len(errors)} fault{'s' if len(errors) > 1 else ''} in the scenario file {name}"
        raise DataError(message, errors)
    return read


def scenario_text_of(inputs: Inputs, scenario_id: str) -> str:
    """Return the text of a scenario's file, with its own schemes."""
    from sufficiency.sources.scenario_text import scenario_text

    return scenario_text(inputs.scenarios[scenario_id], inputs.schemes, inputs.scheme_places)


class _WithoutTraces(logging.Filter):
    """Says of an error its kind and place only: its text and its trace may hold personal data."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the kind and place in place of the rest."""
        error = record.exc_info[1] if record.exc_info else record.msg if isinstance(record.msg, BaseException) else None
        if error is not None:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
            record.msg = f"{type(error).__name__}{where}; run with -v to see it whole"
            record.args = None
            record.exc_info = None
            record.exc_text = None
            record.stack_info = None
        return True


def _hide_traces() -> None:
    if logging.getLogger("sufficiency").isEnabledFor(logging.DEBUG):
        return
    for handler in logging.getLogger().handlers:
        handler.addFilter(_WithoutTraces())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
