"""`sufficiency papers`: the papers for single audiences, made of one run and put in place whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sufficiency.cli.scenario_files import SCENARIO_HELP
from sufficiency.cli.screen import Steps
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import BUILDS, INTERNAL, PUBLIC

if TYPE_CHECKING:
    import argparse

    from sufficiency.model.results import Inputs

__all__ = ["add_options", "papers"]

_AUDIENCES: Final = ("capital-board", "business-case", "schools-forum", "phase-transfer")
_FOLDERS: Final = {PUBLIC: "reports/papers", INTERNAL: "internal/papers"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--for", dest="audiences", action="append", default=[], choices=_AUDIENCES, metavar="AUDIENCE",
                        help=f"{', '.join(_AUDIENCES)}; may be repeated (default: all)")  # fmt: skip
    parser.add_argument("--scheme", dest="schemes", action="append", default=[], metavar="ID",
                        help="a scheme of the business case; may be repeated (default: all)")  # fmt: skip
    parser.add_argument("--scenario", action="append", default=[], metavar="NAME",
                        help=f"a further option of the business case: {SCENARIO_HELP}; may be repeated")  # fmt: skip
    parser.add_argument("--build", choices=BUILDS, default=PUBLIC,
                        help="public (default); internal: nothing hidden, places by school")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR",
                        help="gets reports/papers/, or internal/papers/ if internal (default: here)")  # fmt: skip


def papers(options: argparse.Namespace, inputs: Inputs) -> None:
    """Run the job, write the papers and print where they are.

    Raises
    ------
    SufficiencyError
        When a scheme or scenario is unknown, or the run lacks what a paper is about.
    """
    from sufficiency.disclosure.register import FOLDER
    from sufficiency.outputs.export.opportunity import check_internal
    from sufficiency.outputs.report.papers import write_papers
    from sufficiency.outputs.style import internal_mark
    from sufficiency.outputs.swap import check_folder, write_whole
    from sufficiency.run import releases_in, run_job, scenario_names, write_release

    scenario_names(inputs, options.scenario)
    _check_schemes(options, inputs)
    if options.build == INTERNAL:
        check_internal(options.out)
    check_folder(options.out)
    steps = Steps()
    register = releases_in(options.out)
    job = run_job(inputs, scenarios=options.scenario, build=options.build, register=register, say=steps)
    steps("Writing the papers")
    folder = _FOLDERS[options.build]

    def write(out: Path) -> None:
        write_papers(
            job.released, inputs, job.record, out / folder, audiences=options.audiences, scheme_ids=options.schemes
        )
        write_release(job, inputs, out)

    manifest = f"{folder}/manifest.json"
    files = write_whole(
        options.out,
        write,
        manifest=manifest,
        run_id=job.record.run_id,
        marking=internal_mark(options.build),
        lasting=(FOLDER,),
    )
    steps.finish()
    note = "" if options.build == PUBLIC else ", internal, not for publication"
    print(f"\nWritten{note}:")
    for name in files:
        if name.startswith(folder) and name != manifest:
            print(f"  {options.out / name}")


def _check_schemes(options: argparse.Namespace, inputs: Inputs) -> None:
    """Refuse schemes before the run that no business case can be made for."""
    if options.schemes and options.audiences and "business-case" not in options.audiences:
        message = "--scheme names a scheme of the business case: add --for business-case, or leave --scheme out"
        raise ParameterError(message)
    known = set(inputs.schemes["scheme_id"])
    wrong = [name for name in options.schemes if name not in known]
    if wrong:
        message = f"there is no scheme {', '.join(wrong)}; there are {', '.join(sorted(known))}"
        raise ParameterError(message)
