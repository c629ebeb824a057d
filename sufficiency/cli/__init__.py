"""The command line: run, check, init, redraw, calibrate, fetch, warm, docs.

Only in this room is anything printed, or logging set up.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.cli.fetch import add_options as add_fetch_options
from sufficiency.cli.prepare import add_options as add_prepare_options
from sufficiency.cli.scenario_files import SCENARIO_HELP, with_scenario_files
from sufficiency.cli.screen import Steps, print_issues, sentence
from sufficiency.cli.screen_folder import add_options as add_screen_options
from sufficiency.model.errors import (
    DataError,
    GeographyError,
    InfeasibleError,
    NetworkError,
    ParameterError,
    SufficiencyError,
)
from sufficiency.model.vocabulary import BUILDS, PROFILES, PUBLIC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from sufficiency.model.results import Inputs

DONE: Final = 0
DEFECT: Final = 1
BAD_INPUT: Final = 2
NO_ANSWER: Final = 3
ENVIRONMENT: Final = 4
# 128 and the number of SIGPIPE: what a shell reports of a tool whose reader, such as `head`, has gone.
READER_GONE: Final = 141
_OPEN_ELSEWHERE: Final = " Is it open elsewhere, or the disk full?"
# name, module of this room with `add_options` and the function, and what the command does
_OF_AN_AREA: Final = (
    ("forecast", "forecast", "forecast", "the forecast with its range, and what each mitigation changes"),
    ("backtest", "back_test", "backtest", "how the forecast would have done in past years, beside naive methods"),
    (
        "schemes",
        "schemes",
        "schemes",
        "what a programme changes, who gains or loses, and what each scheme adds",
    ),
    (
        "clusters",
        "clusters",
        "clusters",
        "draft or import locality clusters, re-total for successor councils; internal",
    ),
    ("opportunity", "opportunity", "opportunity", "where the next place is worth most, by need and phase; internal"),
    ("papers", "papers", "papers", "papers for the capital board, business cases, Schools Forum, phase transfers"),
    ("reconcile", "reconcile", "reconcile", "hold the published plan to its own figures and to the model; internal"),
    ("serve", "serve", "serve", "the what-if page: move a pin, watch the journeys change; on this computer"),
    ("sites", "sites", "sites", "which sites, how big and when, within a capital budget by year; internal"),
    ("whatif", "what_if", "whatif", "what would change if places opened at a point, a postcode or a school"),
)
_AREA_HELP: Final = "area directory; without it the embedded Oxfordshire (illustrative)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 done, 2 bad input, 3 no answer, 4 environment, 1 a defect; 141 when whoever read the output has gone.
    """
    try:
        try:
            return _command(_parser().parse_args(arguments))
        finally:
            sys.stdout.flush()
    except OSError as error:
        if not _reader_gone(error):
            raise
        _say_no_more()
        return READER_GONE


def _command(options: argparse.Namespace) -> int:
    """Run a command and return its exit status; every error becomes a sentence."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if options.verbose:
        logging.getLogger("sufficiency").setLevel(logging.DEBUG)
    try:
        status: int = options.command(options)
    except DataError as error:
        print(f"\n{sentence(error)}", file=sys.stderr)
        if error.issues is not None:
            print_issues(error.issues, sys.stderr)
        return BAD_INPUT
    except (GeographyError, NetworkError, ParameterError) as error:
        print(f"\n{sentence(error)}", file=sys.stderr)
        return BAD_INPUT
    except InfeasibleError as error:
        print(f"\n{sentence(error)}", file=sys.stderr)
        return NO_ANSWER
    except SufficiencyError as error:
        print(f"\nThis is a defect of sufficiency, not of your data: {error}", file=sys.stderr)
        return DEFECT
    except OSError as error:
        if _reader_gone(error):
            raise
        print(f"\n{_of_the_computer(error)}", file=sys.stderr)
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


def _of_the_computer(error: OSError) -> str:
    """Return in a sentence what the network or the disk refused."""
    if isinstance(error, ConnectionError):
        text = sentence(error)
        return text if text.endswith((".", "?", "!")) else f"{text}."
    where = f" {error.filename}" if error.filename else ""
    hint = "" if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError) else _OPEN_ELSEWHERE
    return f"Cannot read or write{where}: {error.strerror or error}.{hint}"


def _reader_gone(error: OSError) -> bool:
    """Return whether the error is that nobody reads the output any more; Windows calls it an invalid argument."""
    windows = os.name == "nt" and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or windows


def _say_no_more() -> None:
    """Let what is still to be written go nowhere, so that closing the streams raises nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a stream without a file behind it
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _place(error: BaseException) -> str:
    """Return the kind of an error and where it arose, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return f"{type(error).__name__}{line}"


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
                     help=f"a further scenario: {SCENARIO_HELP}; may be repeated")  # fmt: skip
    run.add_argument("--out", type=Path, default=Path(), metavar="DIR",
                     help="where maps/ and reports/ are written (default: here)")  # fmt: skip
    run.add_argument("--build", choices=BUILDS, default=PUBLIC,
                     help="internal: nothing hidden, zones and schools besides; marked, and written to internal/ "
                     "(default: public)")  # fmt: skip
    check = add("check", _check, "read and check everything, list every fault, write nothing")
    check.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    init = add("init", _init, "write a template area: explained parameters, tables, and an Excel workbook")
    init.add_argument("directory", type=Path, metavar="DIR", help="a new or empty folder")
    add_prepare_options(
        add("prepare", _prepare, "make an area out of public files and your own, with the account of every row")
    )
    for name, module, function, text in _OF_AN_AREA:
        room = importlib.import_module(f"sufficiency.cli.{module}")
        one = add(name, functools.partial(_of_an_area, room, function), text)
        one.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
        room.add_options(one)
    redraw = add(
        "redraw",
        _redraw,
        "draw the unpublished figures anew, and count which district has the widest gap",
    )
    redraw.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    redraw.add_argument("--draws", type=int, default=500, metavar="N", help="number of draws (default 500)")
    redraw.add_argument("--with-forecast", action="store_true",
                        help="draw how many pupils there are as well, from the ranges of the forecast")  # fmt: skip
    add_screen_options(
        add("screen", _screen, "look through a folder before it is sent: children, small counts, traces")
    )
    fitted = add("calibrate", _calibrate, "fit the speed table to measured journeys, and say how well it fits")
    fitted.add_argument("journeys", type=Path, metavar="JOURNEYS.csv",
                        help="columns origin_id, destination_id (or origin_easting_m, ...), minutes")  # fmt: skip
    fitted.add_argument("area", nargs="?", type=Path, help=_AREA_HELP)
    fitted.add_argument("--profile", choices=PROFILES, help="time of day of the journeys (default: the area's)")
    fitted.add_argument("--bands", action="store_true", help="take the low and high band from the journeys too")
    fitted.add_argument("--out", type=Path, metavar="FILE", help="write the fitted speed table to this file")
    add_fetch_options(
        add("fetch", _fetch, "get an area's roads, or an authority's public files, once; nothing else uses the network")
    )
    add("warm", _warm, "prepare caches, so that the first run is as fast as the next")
    docs = add("docs", _docs, "write the data dictionary and the assumptions register")
    docs.add_argument("directory", type=Path, metavar="DIR")
    docs.add_argument("--area", type=Path, help=_AREA_HELP)
    return parser


def _load(area: Path | None) -> Inputs:
    from sufficiency import load

    return load(area)


def _run(options: argparse.Namespace) -> int:
    from sufficiency.cli.headlines import print_headlines
    from sufficiency.outputs.swap import check_folder
    from sufficiency.run import output_folder, releases_in, run_job, scenario_names, write_job

    steps = Steps()
    steps("Reading and checking the area")
    options, inputs = with_scenario_files(options, _load(options.area))
    scenario_names(inputs, options.scenario)
    if inputs.docx_template is not None:
        from sufficiency.outputs.report.word_template import open_template

        open_template(inputs.docx_template, inputs.parameters.docx_template)
    out = output_folder(options.out, options.build)
    check_folder(out)
    job = run_job(inputs, scenarios=options.scenario, build=options.build, register=releases_in(out), say=steps)
    written = write_job(job, inputs, options.out, say=steps)
    steps.finish()
    print_headlines(job, inputs)
    print("\nWritten:")
    for path in written:
        print(f"  {path}")
    warnings = int((inputs.issues["severity"] == "warning").sum())
    if warnings:
        print(f"\n{warnings} warning{'s' if warnings > 1 else ''} about the data: `sufficiency check` lists them.")
    return DONE


def _check(options: argparse.Namespace) -> int:
    inputs = _load(options.area)
    print_issues(inputs.issues, sys.stdout)
    name = inputs.parameters.area_name
    print(f"{name}: no errors. {len(inputs.zones)} zones, {len(inputs.settings)} settings, "
          f"{len(inputs.provision)} provision rows, {len(inputs.scenarios)} scenarios.")  # fmt: skip
    return DONE


def _init(options: argparse.Namespace) -> int:
    from sufficiency.model.parameters import read_parameters
    from sufficiency.outputs.report.word_document import write_template_docx
    from sufficiency.sources.template import write_template

    written = write_template(options.directory)
    style = options.directory / "paper-style.docx"
    write_template_docx(style, read_parameters(options.directory / "area.toml").report_date)
    print(f"Wrote {len(written) + 1} files to {options.directory}. Read README.txt there first, then:")
    print(f"  sufficiency check {options.directory}")
    print(f"  sufficiency run {options.directory} --out {options.directory}")
    return DONE


def _prepare(options: argparse.Namespace) -> int:
    from sufficiency.cli.prepare import prepare

    prepare(options)
    return DONE


def _of_an_area(room: ModuleType, function: str, options: argparse.Namespace) -> int:
    getattr(room, function)(*with_scenario_files(options, _load(options.area)))
    return DONE


def _redraw(options: argparse.Namespace) -> int:
    from sufficiency.planning.redraw import redraw

    if options.draws < 1:
        message = "--draws must be at least 1"
        raise ParameterError(message)
    inputs = _load(options.area)
    steps = Steps()
    steps(f"Drawing {options.draws} times")
    report = redraw(inputs, draws=options.draws, futures=options.with_forecast)
    steps.finish()
    for line in report.lines():
        print(line)
    return DONE


def _screen(options: argparse.Namespace) -> int:
    from sufficiency.cli.screen_folder import screen_folder

    return screen_folder(options, _load)


def _calibrate(options: argparse.Namespace) -> int:
    from sufficiency.cli.calibrate import calibrate

    calibrate(options, _load(options.area))
    return DONE


def _fetch(options: argparse.Namespace) -> int:
    from sufficiency.cli.fetch import fetch

    fetch(options)
    return DONE


def _warm(_: argparse.Namespace) -> int:
    steps = Steps()
    steps("Preparing fonts for charts")
    from matplotlib import font_manager

    font_manager.fontManager.findfont("DejaVu Sans")
    steps("Preparing projections")
    from sufficiency.model.geography import to_wgs84

    to_wgs84([450_000.0], [200_000.0])
    steps("Loading the solver")
    from sufficiency.allocation.warm import warm as warm_allocation
    from sufficiency.travel.warm import warm as warm_travel

    warm_allocation(steps)
    warm_travel(steps)
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
