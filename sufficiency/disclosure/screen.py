"""The screener: reads every file of a folder before it is sent, and says what in it must not be.

It is a second pair of eyes and no licence: it knows numbers of persons by their check characters, columns by their
names and this area's own pupils and homes, but not everything that gives a child away.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.screener.canaries import Canaries, canaries_of
from sufficiency.disclosure.screener.files import FileScreen
from sufficiency.disclosure.screener.finding import Budget, Finding, Findings
from sufficiency.disclosure.screener.identifiers import numbers_in
from sufficiency.disclosure.screener.spot import Rules
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.model.results import Inputs

__all__ = ["Finding", "Screened", "screen_folder"]

MOST_UNPACKED: Final = 4 * 2**30
MOST_FILES: Final = 100_000


@dataclass(frozen=True)
class Screened:
    """What a screening found, over how many files and bytes.

    ``more`` counts findings beyond the list's length; ``short_ids`` the ids of the area's pupils that are too short to
    be looked for.
    """

    findings: tuple[Finding, ...]
    files: int
    read_bytes: int
    more: int = 0
    short_ids: int = 0


def screen_folder(
    folder: Path,
    *,
    hide_up_to: int = 5,
    inputs: Inputs | None = None,
    say: Callable[[str], None] = lambda _: None,
    most_unpacked: int = MOST_UNPACKED,
) -> Screened:
    """Screen every file of a folder and of the folders in it.

    Parameters
    ----------
    folder
        The folder, or one file. Links that lead out of it are reported and not followed.
    hide_up_to
        Counts of pupils of 1 to this are reported.
    inputs
        An area, whose own pupils and homes are looked for; None = none.
    say
        Called with the name of each file.
    most_unpacked
        Bytes that may be read in all, archives unpacked; what lies beyond is reported as not read.

    Returns
    -------
    Screened
        Findings by file: the place and the kind of what stands there, never the thing itself.

    Raises
    ------
    ParameterError
        When there is no such folder, or it holds more than 100,000 files.
    """
    if not folder.exists():
        message = f"there is no folder {folder}: give the folder that is to be sent"
        raise ParameterError(message)
    canaries = canaries_of(inputs) if inputs is not None else Canaries()
    last = inputs.parameters.report_date.year if inputs is not None else 9999
    rules = Rules(hide_up_to=hide_up_to, canaries=canaries, last_birth=last)
    findings, budget = Findings(), Budget(most_unpacked)
    screen = FileScreen(findings, rules, budget)
    root = folder.resolve()
    paths = _files(root)
    for at, path in enumerate(paths, start=1):
        name = _shown(path.relative_to(root) if root.is_dir() else Path(path.name), at, rules, findings)
        say(name)
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            findings.add(name, "outside")
            continue
        if not path.is_file():
            findings.add(name, "unreadable")
            continue
        screen.path(path, name)
    return Screened(
        findings.listed(),
        files=len(paths),
        read_bytes=most_unpacked - max(budget.left, 0),
        more=findings.dropped,
        short_ids=canaries.too_short,
    )


def _files(root: Path) -> list[Path]:
    """Return every file, and every link to a folder, which is not entered."""
    if not root.is_dir():
        return [root]
    found: list[Path] = []
    for here, folders, files in os.walk(root, followlinks=False):
        folders.sort()
        found += [Path(here) / name for name in [*files, *(one for one in folders if (Path(here) / one).is_symlink())]]
        if len(found) > MOST_FILES:
            message = f"{root} holds more than {MOST_FILES:,} files: screen its folders one by one"
            raise ParameterError(message)
    return sorted(found)


def _shown(path: Path, at: int, rules: Rules, findings: Findings) -> str:
    """Return the file's name as it may be shown: not where the name itself holds what must not leave."""
    text = path.as_posix()
    kinds = [kind for kind, _ in numbers_in(text)] + ["own_id" for _ in rules.canaries.ids_in(text)]
    if not kinds:
        return "".join(one if one.isprintable() else "?" for one in text)
    name = f"file {at} (its name is withheld)"
    for kind in kinds:
        findings.add(name, kind, "the file's name")
    return name
