"""The preparation, step by step: recognise the files, make the tables, write the area whole or not at all."""

from __future__ import annotations

import csv
import re
import shutil
from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.geography import BNG
from sufficiency.model.issues import issues_table
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import STANDARD_SCENARIOS
from sufficiency.prepare.answer import Found
from sufficiency.prepare.ground import prepare_ground, prepare_population
from sufficiency.prepare.plans import prepare_plans
from sufficiency.prepare.recognise import KINDS, area_table, recognise
from sufficiency.prepare.schools import prepare_schools
from sufficiency.sources.cells import ReadingError
from sufficiency.sources.files import read_table
from sufficiency.sources.public.account import Account, accounts_table
from sufficiency.sources.public.text_table import header_of
from sufficiency.sources.rows import read_csv
from sufficiency.sources.template import template_directory
from sufficiency.sources.workbook import WORKBOOK_NAME, write_workbook

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from sufficiency.prepare.answer import Question

__all__ = ["prepare_area"]

# A table that an area must have, if only its header.
_ALWAYS: Final = ("acceptance", "border_flows", "support_bases", "support_need", "schemes", "scheme_places")
QUALITY: Final = "accounts.csv"
FAULTS: Final = "issues.csv"


def prepare_area(
    files: Path,
    area: Path,
    question: Question,
    *,
    report_date: dt.date,
    lenient: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Found:
    """Make the folder of an area from a folder of public files and the council's own.

    Parameters
    ----------
    files
        Folder with the files as published or exported, under any names (`sufficiency.prepare.recognise`). A CSV file
        with the name and columns of an area's table is taken as it is, in place of what would be made.
    area
        New or empty folder for the area.
    question
        The authority, the years, and what the files do not say.
    report_date
        Date of the reports.
    lenient
        Whether to go on where rows were set aside for a fault; otherwise any error stops the preparation, and nothing
        is written.
    say
        Called with each step.

    Returns
    -------
    Found
        The accounts, issues, notes and tables. Of the SEN2 return nothing but pseudonymous rows is kept.

    Raises
    ------
    DataError
        When the folder of the area is not empty, or there are errors; ``issues`` lists every fault.
    """
    if not files.is_dir():
        message = f"{files} is no folder: name the folder that holds the files"
        raise DataError(message)
    if area.exists() and (not area.is_dir() or any(area.iterdir())):
        message = f"{area} is not empty, and nothing in it is overwritten: name a new or empty folder"
        raise DataError(message)
    by_kind, unknown = recognise(files)
    found = Found(by_kind)
    for path in unknown:
        found.say(path.name, "not_recognised", "it is no file of a known kind, and is not used",
                  "nothing, if that is meant; otherwise check its header row", severity="warning")  # fmt: skip
    for kind, paths in by_kind.items():
        found.notes.append(f"{len(paths)} x {KINDS[kind]}: {', '.join(path.name for path in paths[:4])}"
                           + (" ..." if len(paths) > 4 else ""))  # fmt: skip
    _take_tables(found)
    say("Reading boundaries")
    if "areas" not in found.tables:
        prepare_ground(found, question, BNG)
    say("Reading population")
    if "population" not in found.tables:
        prepare_population(found, question)
    say("Reading schools")
    prepare_schools(found, question)
    say("Reading plans")
    prepare_plans(found, question)
    _check(found, files, lenient=lenient)
    say("Writing the area")
    _write(found, question, area, report_date)
    return found


def _take_tables(found: Found) -> None:
    for path in found.files.get("table", []):
        name = area_table(path.stem, header_of(path))
        if name in found.tables:
            found.say(path.name, "table_twice", f"there are two files of the table {name}", "keep one of the two")
            continue
        table = read_table(path, name, found.issues).reset_index(drop=True)
        rows = max(_rows_of(path), len(table))
        aside = {"at fault": rows - len(table)} if rows > len(table) else {}
        found.accounts.append(Account(path.name, f"table {name}", rows, len(table), aside))
        found.tables[name] = table


def _rows_of(path: Path) -> int:
    """Return the rows below the header of a table; 0 where it cannot be read, which its reader reports."""
    try:
        return max(len(read_csv(path)) - 1, 0)
    except ReadingError:
        return 0


def _check(found: Found, files: Path, *, lenient: bool) -> None:
    """Stop where there are errors; what is missing altogether stops in any case."""
    errors = [issue for issue in found.issues if issue.severity == "error"]
    fatal = [issue for issue in errors if issue.check == "file_missing" or issue.row is None]
    if errors and not (lenient and not fatal):
        number = len(errors)
        message = f"{number} fault{'s' if number > 1 else ''} in the files of {files}; nothing was written"
        raise DataError(message, issues_table(found.issues))
    lost = [account.file for account in found.accounts if not account.closes]
    if lost:
        message = f"rows of {', '.join(lost)} are not accounted for"
        raise DataError(message)


def _write(found: Found, question: Question, area: Path, report_date: dt.date) -> None:
    area.mkdir(parents=True, exist_ok=True)
    stage = area / ".writing"
    try:
        _write_all(found, question, stage, report_date)
        for path in sorted(stage.iterdir()):
            path.rename(area / path.name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _write_all(found: Found, question: Question, stage: Path, report_date: dt.date) -> None:
    tables = {name: table for name, table in found.tables.items() if name in TABLES and TABLES[name].file}
    for name in _ALWAYS:
        tables.setdefault(name, pd.DataFrame())
    for name, table in sorted(tables.items()):
        _write_table(table, name, stage / TABLES[name].file)
    if found.zones is not None and "arcs" not in tables:
        (stage / "boundaries").mkdir(parents=True, exist_ok=True)
        text = found.zones.to_json(drop_id=True, to_wgs84=False)
        (stage / "boundaries" / "zones.geojson").write_text(text + "\n", encoding="utf-8", newline="\n")
    (stage / "roads").mkdir(parents=True, exist_ok=True)
    for path in found.files.get("roads", []):
        shutil.copyfile(path, stage / "roads" / path.name)
    scenarios = stage / "schemes" / "scenarios"
    scenarios.mkdir(parents=True, exist_ok=True)
    for name in STANDARD_SCENARIOS:
        (scenarios / f"{name}.toml").write_text(_scenario(name, question), encoding="utf-8", newline="\n")
    (stage / "area.toml").write_text(_parameters(found, question, report_date), encoding="utf-8", newline="\n")
    _write_rows(accounts_table(found.accounts), stage / "quality" / QUALITY)
    _write_rows(issues_table(found.issues), stage / "quality" / FAULTS)
    write_workbook(stage / WORKBOOK_NAME, {})


def _write_table(table: pd.DataFrame, name: str, path: Path) -> None:
    columns = [column.name for column in TABLES[name].columns if column.kind != "geometry"]
    kept = table.reindex(columns=columns)
    for column in TABLES[name].columns:
        if column.kind == "bool" and column.name in kept:
            kept[column.name] = kept[column.name].map({True: "true", False: "false"})
    _write_rows(kept, path)


def _write_rows(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(frame.columns)
        for row in frame.astype(object).where(frame.notna(), "").itertuples(index=False):
            writer.writerow([_plain(value) for value in row])


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _scenario(name: str, question: Question) -> str:
    title = {"do_nothing": "Do nothing", "committed": "Committed", "programme": "Programme"}[name]
    return (
        f'name = "{name}"\ntitle = "{title}"\ndescription = "Add the schemes of your programme to schemes.csv and name '
        f'them here."\nillustrative = {"true" if question.illustrative else "false"}\nschemes = []\n'
    )


def _parameters(found: Found, question: Question, report_date: dt.date) -> str:
    """Return ``area.toml``: the template's explanations and assumptions, with the authority's own head and years."""
    text = (template_directory() / "area.toml").read_text(encoding="utf-8")
    area_id = re.sub(r"[^a-z0-9]+", "-", question.county_name.lower()).strip("-") or "area"
    note = (
        f"Illustrative: {question.county_name}, prepared from public files and stated assumptions; not the council's."
    )
    values = {
        "area_id": f'"{area_id}"',
        "area_name": _quoted(question.county_name),
        "county_id": f'"{question.county_code}"',
        "report_date": report_date.isoformat(),
        "illustrative": "true" if question.illustrative else "false",
        "illustrative_note": _quoted(note),
        "calibration": str(question.calibration_year),
        "first": str(question.first_year),
        "headline": str(question.headline_year),
        "last": str(question.last_year),
    }
    start = re.search(r"(?m)^\[assumptions\.", text)
    head, rest = (text, "") if start is None else (text[: start.start()], text[start.start() :])
    for key, value in values.items():
        line = f"{key} = {value}"
        head = re.sub(rf"(?m)^{key} = .*$", line.replace("\\", r"\\"), head)
    stated = {"placement_mix": ('"as_today"', "no shift of the mix is assumed", question.calibration_year)}
    if "controls" not in found.tables:
        stated["forecast_method"] = ('"rates"', "no totals are given for later years", question.calibration_year)
    stated |= found.assumptions
    for name, (value, source, year) in stated.items():
        rest = _with_assumption(rest, name, value, source, year)
    return head + rest


def _with_assumption(text: str, name: str, value: str, source: str, year: int) -> str:
    """Return the text with another value, source and date of an assumption, its range taken out."""
    found = re.search(rf"(?ms)^\[assumptions\.{name}\]\n(.*?)(?=^\[|\Z)", text)
    if found is None:
        message = f"the template has no assumption {name}"
        raise DataError(message)
    kept = [line for line in found[1].splitlines() if not line.startswith(("low =", "high ="))]
    changed = {"value": value, "source": _quoted(source), "date": f'"{year + 1}-01"'}
    lines = [f"{key} = {changed[key]}" if (key := line.partition(" = ")[0]) in changed else line for line in kept]
    return text[: found.start(1)] + "\n".join(lines) + "\n\n" + text[found.end() :]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
