"""`sufficiency prepare`: from a folder of public files and the council's own to the folder of an area."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sufficiency.cli.screen import Steps, print_columns, print_issues
from sufficiency.model.errors import ParameterError
from sufficiency.model.issues import issues_table
from sufficiency.model.vocabulary import parse_year

if TYPE_CHECKING:
    import argparse

    from sufficiency.prepare import Found

EARLIEST = 1981
__all__ = ["add_options", "prepare"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("files", type=Path, metavar="FILES", help="folder with the files, under any names")
    parser.add_argument("area", type=Path, metavar="AREA", help="new or empty folder for the area")
    parser.add_argument("--code", required=True, help="ONS code of the county or unitary authority")
    parser.add_argument("--name", required=True, help="its name")
    parser.add_argument("--districts", default="", metavar="CODE,CODE",
                        help="codes of its districts (default: every district of the boundary file)")  # fmt: skip
    parser.add_argument("--year", default="2024", help="academic year of the last SEN2 return (default 2024/25)")
    parser.add_argument("--headline", default="", help="academic year that reports are about (default: four years on)")
    parser.add_argument("--last", default="", help="last academic year (default: the headline year)")
    parser.add_argument("--clusters", type=int, default=4, metavar="N", help="starting clusters a district (default 4)")
    parser.add_argument("--population-year", type=int, metavar="YEAR",
                        help="mid-year of the population, where its file does not say")  # fmt: skip
    parser.add_argument("--report-date", default="", metavar="YYYY-MM-DD", help="date of the reports (default: today)")
    parser.add_argument("--illustrative", action="store_true", help="say on everything that the area is illustrative")
    parser.add_argument("--lenient", action="store_true",
                        help="go on where rows were set aside for a fault; each is counted")  # fmt: skip


def prepare(options: argparse.Namespace) -> None:
    """Prepare an area and print the account of every file.

    Raises
    ------
    ParameterError
        When an option is not usable.
    DataError
        When the files have errors; nothing is written then.
    """
    from sufficiency.prepare import Question, prepare_area

    year, headline, last = _years(options)
    if not options.name.strip() or not options.code.strip():
        message = "--name and --code must not be blank"
        raise ParameterError(message)
    if options.population_year is not None and not EARLIEST <= options.population_year <= year:
        message = f"--population-year must lie in {EARLIEST} to {year}, the calibration year"
        raise ParameterError(message)
    if options.clusters < 1:
        message = "--clusters must be at least 1"
        raise ParameterError(message)
    question = Question(
        county_code=options.code,
        county_name=options.name,
        calibration_year=year,
        first_year=year + 1,
        headline_year=headline,
        last_year=last,
        districts=tuple(code.strip() for code in options.districts.split(",") if code.strip()),
        clusters=options.clusters,
        population_year=options.population_year,
        illustrative=options.illustrative,
    )
    steps = Steps()
    found = prepare_area(
        options.files,
        options.area,
        question,
        report_date=_date(options.report_date),
        lenient=options.lenient,
        say=steps,
    )
    steps.finish()
    print_account(found)
    print(f"\nWritten: {options.area}. Next, in this order:")
    print(f"  read {options.area / 'quality' / 'issues.csv'} and mend what it says")
    print("  edit boundaries/clusters.csv, schools/provision.csv and schools/places.csv: what no public file knows")
    print(f"  sufficiency check {options.area}")
    print(f"  sufficiency run {options.area} --out {options.area}")


def print_account(found: Found) -> None:
    """Print what became of the rows of every file, the notes, and the warnings."""
    lines: list[tuple[str, ...]] = [("file", "what it is", "rows", "used", "set aside")]
    for account in found.accounts:
        aside = "; ".join(f"{count:,} {why}" for why, count in account.set_aside.items()) or "none"
        lines.append((account.file, account.kind, f"{account.rows:,}", f"{account.used:,}", aside))
    print("\nRows read = used + set aside, file by file\n")
    print_columns(lines)
    print()
    for note in found.notes:
        print(f"  {note}")
    if found.issues:
        print()
        print_issues(issues_table(found.issues), sys.stdout)


def _years(options: argparse.Namespace) -> tuple[int, int, int]:
    try:
        year = parse_year(options.year)
        headline = parse_year(options.headline) if options.headline else year + 4
        last = parse_year(options.last) if options.last else headline
    except ValueError:
        message = "an academic year is written 2024 or 2024/25"
        raise ParameterError(message) from None
    if not year < headline <= last:
        message = "--year, --headline and --last must ascend"
        raise ParameterError(message)
    return year, headline, last


def _date(text: str) -> dt.date:
    if not text:
        return dt.datetime.now(tz=dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        message = f"--report-date {text!r} is no date: write it like 2026-11-23"
        raise ParameterError(message) from None
