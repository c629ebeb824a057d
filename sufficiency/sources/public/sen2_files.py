"""The files of a SEN2 export: found, read as text, and each row led back to its parent.

No cell of these files is ever shown: an issue has the number of the row and the name of the column, never a value.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.issues import Issue
from sufficiency.sources.public.text_table import read_text_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.sources.public.text_table import TextTable

__all__ = ["KIND", "MODULES", "Faults", "Linked", "find_export", "link", "read_module"]

KIND: Final = "SEN2 return"
_MOST_NAMED: Final = 5
_FILE: Final = re.compile(r"blade-export_(\d{2})-(\d{2})-(\d{4})_([a-z0-9]+)\.csv", re.IGNORECASE)
_EXPORT_AGAIN: Final = "export all nine files of the return together, and read them as they come"


@dataclass(frozen=True)
class Module:
    """One file of the export: its key, the module above it, the columns read, and whether it can be done without."""

    key: str
    above: str
    columns: tuple[str, ...] = ()
    needed_columns: tuple[str, ...] = ()
    needed: bool = True
    without: str = ""


_PLACE: Final = ("urn", "ukprn", "sensetting", "placementrank", "senunitindicator", "resourcedprovisionindicator")
MODULES: Final[dict[str, Module]] = {
    "sen2": Module("sen2tableid", "", ("year", "referencedate", "lea"), ("sen2tableid",)),
    "person": Module(
        "persontableid",
        "sen2",
        ("personbirthdate", "sex", "gendercurrent", "postcode", "upn", "uniquelearnernumber"),
        ("persontableid", "sen2tableid", "personbirthdate"),
    ),
    "requests": Module("requeststableid", "person", (), ("requeststableid", "persontableid")),
    "assessment": Module(
        "assessmenttableid",
        "requests",
        (),
        ("assessmenttableid", "requeststableid"),
        needed=False,
        without="plans that have ceased cannot be told from those in force",
    ),
    "namedplan": Module(
        "namedplantableid",
        "assessment",
        ("ceasedate", "ceasereason"),
        ("namedplantableid", "assessmenttableid"),
        needed=False,
        without="plans that have ceased cannot be told from those in force",
    ),
    "plandetail": Module(
        "plandetailtableid",
        "namedplan",
        (),
        ("plandetailtableid", "namedplantableid"),
        needed=False,
        without="nothing else is lost: the setting that a plan names is not where the pupil is",
    ),
    "activeplans": Module("activeplanstableid", "requests", ("res",), ("activeplanstableid", "requeststableid")),
    "placementdetail": Module(
        "placementdetailtableid",
        "activeplans",
        (*_PLACE, "entrydate", "leavingdate", "res"),
        ("activeplanstableid", "placementrank"),
    ),
    "senneed": Module("senneedtableid", "activeplans", ("sentype", "sentyperank"), ("activeplanstableid", "sentype")),
}
# a row of these has no child, so that it can do without a key of its own
_LEAVES: Final = ("plandetail", "placementdetail", "senneed")


class Faults:
    """Where the issues of one file go: each fault with its first few rows, the rest counted."""

    def __init__(self, issues: list[Issue], file: str) -> None:
        self.issues, self.file = issues, file

    def say(
        self,
        check: str,
        severity: str,
        message: str,
        fix: str,
        *,
        rows: Sequence[int] | NDArray[np.int64] | None = None,
        column: str = "",
    ) -> None:
        """Append an issue for the file, or one for each of the first few rows; none when there is no row."""
        if rows is None:
            self.issues.append(Issue(self.file, None, KIND, "", column, "", check, severity, message, fix))
            return
        for row in rows[:_MOST_NAMED]:
            self.issues.append(Issue(self.file, int(row), KIND, "", column, "", check, severity, message, fix))
        if len(rows) > _MOST_NAMED:
            more = f"{len(rows) - _MOST_NAMED} more rows: {message}"
            self.issues.append(Issue(self.file, None, KIND, "", column, "", check, severity, more, fix))


@dataclass(frozen=True)
class Linked:
    """Rows of a file, each with the position of its parent's row (-1 = none) and why it is set aside (blank = not)."""

    file: str
    columns: Mapping[str, NDArray[np.object_]]
    rows: NDArray[np.int64]
    read: int
    shifted: int
    keys: NDArray[np.object_]
    parent: NDArray[np.int64]
    reason: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, name: str) -> NDArray[np.object_]:
        """Return a column; blank cells where the file has no such column."""
        found = self.columns.get(name)
        return np.full(len(self.rows), "", dtype=object) if found is None else found


def find_export(directory: Path, issues: list[Issue]) -> dict[str, Path] | None:
    """Return the files of the newest dated export by module; None, with an issue, when there is none."""
    faults = Faults(issues, directory.name)
    if not directory.is_dir():
        faults.say("file_missing", "error", "the folder of the SEN2 export is not there", "name the folder")
        return None
    sets: dict[dt.date, dict[str, Path]] = {}
    strays = 0
    for path in sorted(directory.iterdir()):
        found = _FILE.fullmatch(path.name)
        module = "" if found is None else found.group(4).lower()
        try:
            date = None if found is None else dt.date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            date = None
        if date is None or module not in MODULES:
            strays += path.name.lower().startswith("blade-export")
        else:
            sets.setdefault(date, {}).setdefault(module, path)
    if strays:
        message = f"{strays} files begin with Blade-Export but are not named as one of the nine, and are not read"
        faults.say("file_name", "warning", message, "name them Blade-Export_DD-MM-YYYY_person.csv and so on")
    if not sets:
        message = "the folder holds no file named Blade-Export_DD-MM-YYYY_person.csv or alike"
        faults.say("file_missing", "error", message, "put the nine files of the export there, as COLLECT names them")
        return None
    newest = max(sets)
    if len(sets) > 1:
        message = f"the folder holds exports of {len(sets)} dates: the newest, of {newest:%d-%m-%Y}, is read"
        faults.say("several_exports", "note", message, "nothing, if that is meant; else remove the newer files")
    if not _complete(sets[newest], newest, faults):
        return None
    return sets[newest]


def _complete(paths: Mapping[str, Path], date: dt.date, faults: Faults) -> bool:
    """Report each file that the set lacks; return whether it can be read without them."""
    good = True
    for name, module in MODULES.items():
        if name in paths:
            continue
        file = f"Blade-Export_{date:%d-%m-%Y}_{name}.csv"
        lacking = f": {module.without}" if module.without else ""
        severity = "error" if module.needed else "note" if name == "plandetail" else "warning"
        Faults(faults.issues, file).say("file_missing", severity, f"the file {file} is missing{lacking}", _EXPORT_AGAIN)
        good &= not module.needed
    return good


def read_module(path: Path, name: str, issues: list[Issue]) -> TextTable | None:
    """Read the columns of one file; its issues are stripped of everything that came from a cell."""
    module = MODULES[name]
    above = (MODULES[module.above].key,) if module.above else ()
    wanted = dict.fromkeys((module.key, *above, *module.columns))
    found: list[Issue] = []
    table = read_text_table(path, {column: column for column in wanted}, found, kind=KIND, needed=module.needed_columns)
    for issue in found:
        # the hint of the nearest name quotes a cell, and in a file without header that cell may be a name
        message = issue.message.split("; the nearest is")[0]
        column = issue.column if issue.column in wanted else ""
        issues.append(replace(issue, key="", value="", column=column, message=message))
    return table


def link(name: str, table: TextTable, above: Linked | None, issues: list[Issue]) -> Linked:
    """Lead the rows of a file to their parents' rows, and set aside those with no parent, no key or a repeated key."""
    module = MODULES[name]
    faults = Faults(issues, table.file)
    keys = table.get(module.key)
    reason = np.full(len(table), "", dtype=object)
    if name not in _LEAVES:
        reason[keys == ""] = "the key of the row is blank"
    seen: set[str] = set()
    for at, key in enumerate(keys):
        if key and key in seen:
            reason[at] = "the key of the row is repeated"
        seen.add(key)
    parent = np.full(len(table), -1, dtype=np.int64)
    if module.above and above is not None:
        first: dict[str, int] = {}
        for at, key in enumerate(above.keys):
            first.setdefault(key, at)
        first.pop("", None)
        parent[:] = [first.get(key, -1) for key in table.get(MODULES[module.above].key)]
        reason[(reason == "") & (parent < 0)] = "no parent row"
        lost = np.array([at >= 0 and above.reason[at] != "" for at in parent], dtype=bool)
        reason[(reason == "") & lost] = "the parent row is set aside"
    elif module.above:
        reason[reason == ""] = "the file of the parent rows is missing"
    for why, check, column in (
        ("the key of the row is blank", "key_blank", module.key),
        ("the key of the row is repeated", "key_twice", module.key),
        ("no parent row", "orphan_row", MODULES[module.above].key if module.above else ""),
    ):
        message = why if why != "no parent row" else f"no row of the file {module.above} has the key that the row names"
        faults.say(check, "error", message, _EXPORT_AGAIN, rows=table.rows[reason == why], column=column)
    return Linked(table.file, table.columns, table.rows, table.read, table.shifted, keys, parent, reason)
