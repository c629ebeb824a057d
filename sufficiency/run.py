"""The main job: every scenario assessed and compared, released through disclosure control, written out whole.

Everything is written to a place beside the outputs and put there at the end: see `sufficiency.outputs.swap`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency import measures, planning
from sufficiency.assess import assess, demand_of, network_of
from sufficiency.disclosure.internal import release_internal
from sufficiency.disclosure.register import FOLDER, Register, entry_of, read_register, write_entry
from sufficiency.disclosure.safe import safe_release
from sufficiency.job_tables import each_scheme, job_tables
from sufficiency.model.errors import ParameterError
from sufficiency.model.results import RunRecord
from sufficiency.model.vocabulary import INTERNAL, PUBLIC, STANDARD_SCENARIOS
from sufficiency.planning.finer import finer_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sufficiency.model.results import Assessment, Inputs, Released

MAIN: Final = "programme"
NO_RELEASES: Final = Register(())


@dataclass(frozen=True)
class Job:
    """What a run gives: the assessments, the released tables, the record, and the releases that it had regard to."""

    assessments: dict[str, Assessment]
    released: Released
    record: RunRecord
    register: Register = NO_RELEASES


def version() -> str:
    """Return the version of the installed package."""
    return importlib.metadata.version("sufficiency")


def run_id(inputs: Inputs, scenarios: Sequence[str]) -> str:
    """Return the first 12 hex digits of the digest of inputs, parameters, scenarios and version."""
    text = json.dumps(
        {
            "inputs": dict(inputs.digests),
            "parameters": _plain(inputs),
            "scenarios": list(scenarios),
            "version": version(),
        },
        sort_keys=True,
        default=str,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(inputs: Inputs) -> dict[str, Any]:
    parameters = inputs.parameters
    fields = {name: getattr(parameters, name) for name in parameters.__dataclass_fields__ if name != "assumptions"}
    fields["assumptions"] = {name: asdict(assumption) for name, assumption in parameters.assumptions.items()}
    return fields


def scenario_names(inputs: Inputs, asked: Sequence[str]) -> list[str]:
    """Return the scenarios of a run: the three standard ones that the area has, then those asked for besides.

    Raises
    ------
    ParameterError
        When a scenario is unknown.
    """
    unknown = [name for name in asked if name not in inputs.scenarios]
    if unknown:
        known = ", ".join(sorted(inputs.scenarios))
        message = f"there is no scenario {', '.join(unknown)}; there are {known}"
        raise ParameterError(message)
    return list(dict.fromkeys([*(name for name in STANDARD_SCENARIOS if name in inputs.scenarios), *asked]))


def output_folder(out: Path, build: str) -> Path:
    """Return where a build is written: an internal one below ``internal``, where nothing is shared from.

    Raises
    ------
    ParameterError
        When the folder of an internal build is one that is shared from.
    """
    if build != INTERNAL:
        return out
    from sufficiency.outputs.export.opportunity import check_internal

    check_internal(out / INTERNAL)
    return out / INTERNAL


def releases_in(out: Path) -> Register:
    """Return the public releases that are registered in a folder of outputs.

    Raises
    ------
    DataError
        When the register cannot be read, or was altered.
    """
    return read_register(out / FOLDER)


def run_job(
    inputs: Inputs,
    *,
    scenarios: Sequence[str] = (),
    build: str = PUBLIC,
    register: Register = NO_RELEASES,
    say: Callable[[str], None] = lambda _: None,
) -> Job:
    """Assess, compare and release.

    Parameters
    ----------
    inputs
        Checked inputs.
    scenarios
        Scenarios besides do_nothing, committed and programme.
    build
        ``public``, or ``internal``: nothing hidden, and zones and settings besides.
    register
        Earlier public releases, which this one must not undo: `releases_in` the folder that it will be written to.
    say
        Called with each step, in plain words.
    """
    names = scenario_names(inputs, scenarios)
    identity = run_id(inputs, names)
    say("Forecasting demand")
    demand = demand_of(inputs)
    say("Making the roads ready")
    network = network_of(inputs)
    assessments = {}
    for name in names:
        say(f"Assessing {inputs.scenarios[name].title}")
        applied = planning.apply_scenario(inputs, name)
        assessments[name] = assess(
            applied,
            name,
            demand=demand if planning.same_demand(inputs, applied) else None,
            network=network if planning.same_roads(inputs, applied) else None,
        )
    say("Comparing scenarios")
    tables = job_tables(inputs, assessments)
    if MAIN in assessments:
        say("Taking each scheme out in turn")
        tables |= each_scheme(inputs, assessments[MAIN])
    if build == INTERNAL:
        say("Adding zones and settings")
        released = release_internal(tables, inputs.areas, finer_tables(inputs, assessments))
    else:
        say("Hiding small figures, and trying to find them out")
        released, _ = safe_release(
            tables,
            inputs.areas,
            hide_up_to=inputs.parameters.hide_up_to,
            earlier=register.before(identity),
            round_counts_to=inputs.parameters.round_counts_to,
            dearest=measures.dearest_pupil(inputs.parameters),
        )
    certificates = tuple(one for assessment in assessments.values() for one in assessment.allocation.certificates)
    record = RunRecord(
        run_id=identity,
        version=version(),
        digests=inputs.digests,
        parameters=_plain(inputs),
        checks={str(name): int(count) for name, count in inputs.issues["severity"].value_counts().sort_index().items()},
        certificates=certificates,
    )
    return Job(assessments, released, record, register)


def write_job(job: Job, inputs: Inputs, out: Path, *, say: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Write maps and reports of a job, put in place whole.

    Parameters
    ----------
    job
        Output of `run_job`.
    inputs
        The baseline inputs.
    out
        Folder that gets ``maps/`` and ``reports/``; an internal build puts them into its folder ``internal``.
    say
        Called with each step.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        When something cannot be written; what was there before is left as it was.
    ParameterError
        When an internal build would go into a folder that is shared from, or the folder has releases that the job had
        no regard to.
    """
    from sufficiency.outputs.style import internal_mark
    from sufficiency.outputs.swap import recover, write_whole

    out = output_folder(out, job.released.build)
    recover(out)
    check_register(job, out)
    name = f"maps/{inputs.parameters.area_id}-sufficiency.html"

    def write(folder: Path) -> None:
        _write_outputs(job, inputs, folder, name, say)
        write_release(job, inputs, folder)

    files = write_whole(
        out,
        write,
        manifest="reports/manifest.json",
        run_id=job.record.run_id,
        marking=internal_mark(job.released.build),
        lasting=(FOLDER,),
    )
    folders = dict.fromkeys(f"reports/{parts[1]}" for parts in (one.split("/") for one in files) if len(parts) > 2)
    return [
        out / name,
        *(out / one for one in files if one.startswith("reports/") and one.count("/") == 1),
        *(out / one for one in folders),
    ]


def check_register(job: Job, out: Path) -> None:
    """Refuse a public job that had no regard to a release that is registered where it is to be written.

    Raises
    ------
    ParameterError
        Naming the releases.
    """
    if job.released.build != PUBLIC:
        return
    known = {entry.run_id for entry in job.register.entries}
    missed = [one.run_id for one in releases_in(out).before(job.record.run_id).entries if one.run_id not in known]
    if missed:
        message = (
            f"{out / FOLDER} has releases that this job had no regard to ({', '.join(missed)}), so that the two could "
            "give small numbers away together: run it again with register=releases_in(folder)"
        )
        raise ParameterError(message)


def write_release(job: Job, inputs: Inputs, folder: Path) -> None:
    """Write the register with this release in it; an internal build is none.

    Parameters
    ----------
    job
        Output of `run_job`.
    inputs
        The baseline inputs, for their areas.
    folder
        Folder that gets ``releases/``.
    """
    if job.released.build != PUBLIC:
        return
    entry = entry_of(
        job.released,
        inputs.areas,
        run_id=job.record.run_id,
        version=job.record.version,
        scenarios=list(job.assessments),
        hide_up_to=inputs.parameters.hide_up_to,
        round_counts_to=inputs.parameters.round_counts_to,
    )
    write_entry(job.register, folder / FOLDER, entry)


def _write_outputs(job: Job, inputs: Inputs, folder: Path, name: str, say: Callable[[str], None]) -> None:
    from sufficiency.outputs import record, style, summary
    from sufficiency.outputs.export import geopackage, star
    from sufficiency.outputs.export import tables as export
    from sufficiency.outputs.maps import page as maps
    from sufficiency.outputs.report import board as report

    reports = folder / "reports"
    (reports / "tables").mkdir(parents=True)
    (folder / name).parent.mkdir(parents=True)
    say("Drawing the map")
    maps.write_map(job.released, inputs, job.record, folder / name)
    say("Writing the board report and the workbook")
    report.write_report(job.released, inputs, job.record, reports, template=inputs.docx_template)
    say("Writing the tables")
    export.write_tables(job.released, reports / "tables", style.sources(inputs.roads.attribution))
    say("Writing the star schema and the map layers")
    star.write_star(job.released, inputs, job.record, reports / "star")
    layers = reports / f"{inputs.parameters.area_id}-layers.gpkg"
    geopackage.write_geopackage(job.released, inputs, job.record, layers)
    summary.write_summary(job.released, job.record, inputs.parameters, reports / "summary.json")
    record.write_record(job.record, reports / "run.json", job.released.build)
