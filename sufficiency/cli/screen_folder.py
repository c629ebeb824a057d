"""`sufficiency screen`: look through a folder before it is sent."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sufficiency.disclosure.screen import Screened
    from sufficiency.model.results import Inputs

__all__ = ["add_options", "screen_folder"]

CLEAN: Final = 0
FOUND: Final = 3
DEFAULT_HIDE: Final = 5
_MOST_HIDE: Final = 1_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder that is to be sent, or one file")
    parser.add_argument("area", type=Path, nargs="?", metavar="AREA_DIR",
                        help="area directory, whose own pupils and homes are looked for as well")  # fmt: skip
    parser.add_argument("--hide-up-to", type=int, metavar="N",
                        help="counts of pupils of 1 to this must not be there "
                        f"(default: as the area says, else {DEFAULT_HIDE})")  # fmt: skip


def screen_folder(options: argparse.Namespace, load: Callable[[Path], Inputs]) -> int:
    """Screen the folder, print what is found, and return 0 where nothing is, else 3.

    Parameters
    ----------
    options
        What was typed.
    load
        Reads and checks an area directory.

    Raises
    ------
    ParameterError
        When an option is wrong or there is no such folder.
    """
    from sufficiency.disclosure import screen

    if not options.folder.exists():
        message = f"there is no folder {options.folder}: give the folder that is to be sent"
        raise ParameterError(message)
    inputs = load(options.area) if options.area is not None else None
    hide = options.hide_up_to
    if hide is None:
        hide = inputs.parameters.hide_up_to if inputs is not None else DEFAULT_HIDE
    if not 0 <= hide <= _MOST_HIDE:
        message = f"--hide-up-to {hide} must be 0 to {_MOST_HIDE:,}"
        raise ParameterError(message)
    found = screen.screen_folder(options.folder, hide_up_to=hide, inputs=inputs)
    print(*report(found, hide), sep="\n", file=sys.stdout)
    return FOUND if found.findings else CLEAN


def report(found: Screened, hide_up_to: int) -> list[str]:
    """Return what was found, line by line: each file, each kind with its place and what to do."""
    read = f"{_many(found.files, 'file')}, {found.read_bytes / 2**20:,.1f} MB unpacked"
    lines = []
    if found.short_ids:
        lines.append(f"{found.short_ids:,} ids of this area are too short to be looked for in texts.")
    if not found.findings:
        what = f" nor a count of pupils of 1 to {hide_up_to}" if hide_up_to else ""
        return [*lines, f"Nothing was found that names a person or a home{what}: {read}."]
    for file, group in groupby(found.findings, key=lambda one: one.file):
        lines += ["", file]
        for one in group:
            times = f" ({one.count:,} times)" if one.count > 1 else ""
            place = f"{one.place}: " if one.place else ""
            lines += [f"  {place}{one.what}{times}", f"      To do: {one.todo}."]
    if found.more:
        lines += ["", f"... and {found.more:,} more."]
    marked = len({one.file for one in found.findings if one.kind == "internal"})
    if marked:
        told = f"{_many(marked, 'file')} of {found.files:,} {'carries' if marked == 1 else 'carry'}"
        lines += ["", f"Internal: {told} the mark of an internal build, which is not for publication."]
    files = len({one.file for one in found.findings})
    lines += ["", f"Do not send this folder yet: {_many(len(found.findings), 'finding')} in {files:,} of {read}."]
    return lines


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
