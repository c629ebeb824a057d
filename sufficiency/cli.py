"""The command line: run, check, init, redraw, warm. Only here is anything printed, or logging set up."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from sufficiency.model.errors import DataError, InfeasibleError, NetworkError, ParameterError, SufficiencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from sufficiency.model.results import Inputs
    from sufficiency.run import Job

DONE: Final = 0
DEFECT: Final = 1
BAD_INPUT: Final = 2
NO_ANSWER: Final = 3
ENVIRONMENT: Final = 4
_OPEN_ELSEWHERE: Final = " Is it open elsewhere, or the disk full?"
_AREA_HELP: Final = "area directory; without it the embedded Oxfordshire (illustrative)"
_MOST_SHOWN: Final = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status (0 done, 2 bad input, 3 no answer, 4 environment, 1 a defect)."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if options.verbose:
        logging.getLogger("sufficiency").setLevel(logging.DEBUG)
    try:
        status: int = options.command(options)
    except DataError as error:
        print(f"\n{_sentence(error)}", file=sys.stderr)
        if error.issues is not None:
            _print_issues(error.issues, sys.stderr)
        return BAD_INPUT
    except (ParameterError, NetworkError) as error:
        print(f"\n{_sentence(error)}", file=sys.stderr)
        return BAD_INPUT
    except InfeasibleError as error:
        print(f"\n{_sentence(error)}", file=sys.stderr)
        return NO_ANSWER
    except SufficiencyError as error:
        print(f"\nThis is a defect of sufficiency, not of your data: {error}", file=sys.stderr)
        return DEFECT
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        hint = "" if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError) else _OPEN_ELSEWHERE
        print(f"\nCannot read or write{where}: {error.strerror or error}.{hint}", file=sys.stderr)
        return ENVIRONMENT
    except Exception as error:  # the last door: a message with values could hold personal data
        if options.verbose:
            raise
        print(f"\nThis is a defect of sufficiency, not of your data ({_place(error)}). Run with -v to see it whole; "
              "the trace may hold data, so read it before you pass it on.", file=sys.stderr)  # fmt: skip
        return DEFECT
    except KeyboardInterrupt:
        print("\nStopped; nothing was changed.", file=sys.stderr)
        return ENVIRONMENT
    return status


def _place(error: BaseException) -> str:
    """Return the kind of an error and where it arose, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return f"{type(error).__name__}{line}"


def _sentence(error: Exception) -> str:
    """Return the error's text with a capital, unless it begins with the name of a file."""
    text = str(error)
    return text if "." in text.split(" ", 1)[0] else text[:1].upper() + text[1:]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sufficiency",
        description="Place planning for SEND provision: who needs a place, who is without a local one, how long the "
        "journeys are, and what capital schemes would change.",
        epilog="Start with `sufficiency run` for the embedded Oxfordshire (illustrative),\n"
        "then `sufficiency init my-area`.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say what happens inside")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")
        one.set_defaults(command=command)
        return one

    run = add("run", _run, "do the whole job: map, board report, workbook and tables")
    run.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    run.add_argument("--scenario", action="append", default=[], metavar="NAME",
                     help="a further scenario of the area, by name; may be repeated")  # fmt: skip
    run.add_argument("--out", type=Path, default=Path(), metavar="DIR",
                     help="where maps/ and reports/ are written (default: here)")  # fmt: skip
    check = add("check", _check, "read and check everything, list every fault, write nothing")
    check.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    init = add("init", _init, "write a template area: explained parameters, tables, and an Excel workbook")
    init.add_argument("directory", type=Path, metavar="DIR", help="a new or empty folder")
    redraw = add(
        "redraw",
        _redraw,
        "draw the unpublished figures anew, and count which district has the widest gap",
    )
    redraw.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    redraw.add_argument("--draws", type=int, default=500, metavar="N", help="number of draws (default 500)")
    add("warm", _warm, "prepare caches, so that the first run is as fast as the next")
    docs = add("docs", _docs, "write the data dictionary and the assumptions register")
    docs.add_argument("directory", type=Path, metavar="DIR")
    docs.add_argument("--area", type=Path, help=_AREA_HELP)
    return parser


class _Steps:
    """Progress on the screen: each step with its time, on one line when the screen allows."""

    def __init__(self) -> None:
        self._started = self._step = time.perf_counter()
        self._text = ""

    def __call__(self, text: str) -> None:
        self._close()
        self._text, self._step = text, time.perf_counter()
        print(f"  {text} ...", end="", flush=True, file=sys.stderr)

    def _close(self) -> None:
        if self._text:
            print(f" {time.perf_counter() - self._step:.1f} s", file=sys.stderr)
        self._text = ""

    def finish(self) -> None:
        self._close()
        print(f"  Done in {time.perf_counter() - self._started:.1f} s", file=sys.stderr)


def _load(area: Path | None) -> Inputs:
    from sufficiency import load

    return load(area)


def _run(options: argparse.Namespace) -> int:
    from sufficiency.run import check_folder, run_job, scenario_names, write_job

    steps = _Steps()
    steps("Reading and checking the area")
    inputs = _load(options.area)
    scenario_names(inputs, options.scenario)
    check_folder(options.out)
    job = run_job(inputs, scenarios=options.scenario, say=steps)
    written = write_job(job, inputs, options.out, say=steps)
    steps.finish()
    _print_headlines(job, inputs)
    print("\nWritten:")
    for path in written:
        print(f"  {path}")
    warnings = int((inputs.issues["severity"] == "warning").sum())
    if warnings:
        print(f"\n{warnings} warning{'s' if warnings > 1 else ''} about the data: `sufficiency check` lists them.")
    return DONE


def _print_headlines(job: Job, inputs: Inputs) -> None:
    from sufficiency.model.vocabulary import year_label

    parameters = inputs.parameters
    table = job.released.tables["sufficiency_area"]
    trips = job.released.tables["journeys_area"][["scenario_id", "policy", "year", "area_id", "median_min"]]
    rows = table.merge(trips, on=["scenario_id", "policy", "year", "area_id"])
    rows = rows[
        (rows["year"] == parameters.headline_year) & (rows["policy"] == "optimal") & (rows["level"] != "cluster")
    ]
    mark = " - ILLUSTRATIVE" if parameters.illustrative else ""
    print(f"\n{parameters.area_name}, {year_label(parameters.headline_year)}{mark}")
    print("Pupils who need a special-school or specialist-base place, best joint placement\n")
    head = ("", "scenario", "need", "local places", "without a local place", "share", "median min")
    lines = [head]
    order = {name: place for place, name in enumerate(job.assessments)}
    rows = rows.assign(place=rows["scenario_id"].map(order))
    for row in rows.sort_values(["level", "area_name", "place"], kind="stable").to_dict("records"):
        share = row["without_local_place_share"]
        lines.append(
            (row["area_name"], row["scenario_id"], _cell(row["demand_pupils"]), _cell(row["capacity_places"]),
             _cell(row["without_local_place_pupils"]), _cell(share, "{:.0%}"), _cell(row["median_min"], "{:.0f}"))
        )  # fmt: skip
    _print_columns(lines)
    conserved = job.released.tables["conservation"]
    now = conserved[(conserved["year"] == parameters.headline_year) & (conserved["policy"] == "optimal")]
    print("\nPupils in = placed + no modelled place + excluded, over every stream of the year's demand:")
    for row in now.to_dict("records"):
        print(f"  {row['scenario_id']}: {row['in']:,} = {row['placed']:,} + {row['unplaced']:,} + {row['excluded']:,}")
    print("\nThe next run replaces these files: write into a copy of the board report.")
    print(f"Run {job.record.run_id}. c = hidden, 1 to {parameters.hide_up_to} pupils or what would give them away.")


def _cell(value: object, form: str = "{:,.0f}") -> str:
    return "c" if str(value) in {"<NA>", "nan", "None"} else form.format(float(str(value)))


def _print_columns(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        left = [line[column].ljust(widths[column]) for column in (0, 1)]
        right = [line[column].rjust(widths[column]) for column in range(2, len(line))]
        print("  " + "  ".join([*left, *right]).rstrip())
        if number == 0:
            print("  " + "-" * (sum(widths) + 2 * (len(widths) - 1)))


def _check(options: argparse.Namespace) -> int:
    inputs = _load(options.area)
    _print_issues(inputs.issues, sys.stdout)
    name = inputs.parameters.area_name
    print(f"{name}: no errors. {len(inputs.zones)} zones, {len(inputs.settings)} settings, "
          f"{len(inputs.provision)} provision rows, {len(inputs.scenarios)} scenarios.")  # fmt: skip
    return DONE


def _print_issues(issues: pd.DataFrame, stream: TextIO) -> None:
    """Print every fault: errors first, each with its place and its cure."""
    order = {"error": 0, "warning": 1, "note": 2}
    ranked = issues.assign(rank=issues["severity"].map(order)).sort_values("rank", kind="stable")
    for row in ranked.head(_MOST_SHOWN).to_dict("records"):
        place = row["file"] + (f", row {row['row']}" if row["row"] == row["row"] and row["row"] is not None else "")
        column = f", column {row['column']}" if row["column"] else ""
        value = f", value {row['value']!r}" if row["value"] else ", blank" if row["check"] == "blank" else ""
        print(f"{row['severity'].upper()}  {place}{column}{value}", file=stream)
        print(f"    {row['message']}. To mend: {row['fix']}.", file=stream)
    if len(ranked) > _MOST_SHOWN:
        print(f"... and {len(ranked) - _MOST_SHOWN} more", file=stream)
    if len(ranked):
        counts = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in
                           ((name, int((issues["severity"] == name).sum())) for name in order) if count)  # fmt: skip
        print(f"\n{counts}\n", file=stream)


def _init(options: argparse.Namespace) -> int:
    from sufficiency.sources.template import write_template

    written = write_template(options.directory)
    print(f"Wrote {len(written)} files to {options.directory}. Read README.txt there first, then:")
    print(f"  sufficiency check {options.directory}")
    print(f"  sufficiency run {options.directory} --out {options.directory}")
    return DONE


def _redraw(options: argparse.Namespace) -> int:
    from sufficiency.planning.redraw import redraw

    if options.draws < 1:
        message = "--draws must be at least 1"
        raise ParameterError(message)
    inputs = _load(options.area)
    steps = _Steps()
    steps(f"Drawing {options.draws} times")
    report = redraw(inputs, draws=options.draws)
    steps.finish()
    for line in report.lines():
        print(line)
    return DONE


def _warm(_: argparse.Namespace) -> int:
    steps = _Steps()
    steps("Preparing fonts for charts")
    from matplotlib import font_manager

    font_manager.fontManager.findfont("DejaVu Sans")
    steps("Preparing projections")
    from sufficiency.model.geography import to_wgs84

    to_wgs84([450_000.0], [200_000.0])
    steps("Loading the solver")
    from sufficiency.allocation import transport

    transport([[1]], [1], [1])
    steps.finish()
    return DONE


def _docs(options: argparse.Namespace) -> int:
    from sufficiency.model.tables import render_dictionary
    from sufficiency.outputs.register import render_assumptions

    inputs = _load(options.area)
    pages = {
        "data-dictionary.md": render_dictionary(),
        "assumptions.md": render_assumptions(inputs.parameters),
    }
    for name, text in pages.items():
        (options.directory / name).write_text(text, encoding="utf-8", newline="\n")
        print(options.directory / name)
    return DONE
