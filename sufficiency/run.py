"""The main job: every scenario assessed and compared, released through disclosure control, written out whole.

Everything is written to a place beside the outputs and put there at the end: see `sufficiency.outputs.swap`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency import measures, planning
from sufficiency.assess import assess, demand_of, network_of
from sufficiency.disclosure.internal import release_internal
from sufficiency.disclosure.register import FOLDER, Register, entry_of, read_register, write_entry
from sufficiency.disclosure.safe import safe_release
from sufficiency.measures.scap import scap_table
from sufficiency.model.errors import ParameterError
from sufficiency.model.results import RunRecord
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import INTERNAL, PUBLIC, STANDARD_SCENARIOS
from sufficiency.planning.finer import finer_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sufficiency.model.results import Assessment, Inputs, Released

AGAINST: Final = ("do_nothing", "committed")
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
        tables |= _each_scheme(inputs, assessments[MAIN])
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


def _each_scheme(inputs: Inputs, assessment: Assessment) -> dict[str, pd.DataFrame]:
    """Return what each scheme does in the headline year and in the last one."""
    parameters = inputs.parameters
    years = sorted({parameters.headline_year, parameters.last_year})
    found = planning.scheme_effects(inputs, assessment, years)
    return {"scheme_effects": found.effects, "scheme_homes": found.homes}


def job_tables(inputs: Inputs, assessments: dict[str, Assessment]) -> dict[str, pd.DataFrame]:
    """Return the tables of a run, before release, by the names that `release` knows."""

    def stacked(name: str) -> pd.DataFrame:
        frames: list[pd.DataFrame] = [getattr(one, name) for one in assessments.values()]
        return pd.concat(frames, ignore_index=True)

    first = next(iter(assessments.values()))
    outcomes = {name: one.outcomes for name, one in assessments.items()}
    against = [name for name in AGAINST if name in assessments]
    comparisons = [planning.compare(assessments, outcomes, name).comparison for name in against]
    headline = first.demand[measures.headline_groups(first.demand)]
    capital = [planning.capital_of(inputs, name) for name in assessments]
    money = [one.money for one in assessments.values()] + [part for part in capital if len(part)]
    return {
        "sufficiency": stacked("sufficiency"),
        "journeys": stacked("journeys"),
        "journey_ranges": stacked("journey_ranges"),
        "flows": stacked("flows"),
        "reasons": stacked("reasons"),
        "pressure": stacked("pressure"),
        "conservation": stacked("conservation"),
        "comparison": pd.concat(comparisons, ignore_index=True),
        "support_match": planning.support_by_area(stacked("support_match"), inputs),
        "support_coverage": _secondary_coverage(stacked("support_by_area")),
        "primary_equivalence": conform(measures.primary_equivalence(stacked("support_by_area")), "primary_equivalence"),
        "phase_transfers": first.transfers,
        "scap_style_forecast": scap_table(first.demand, inputs.parameters),
        "schemes": planning.schemes_table(inputs),
        "scheme_stock": planning.scheme_stock(inputs),
        "programme_places": planning.programme_places_table(assessments),
        "capacity_district_type": planning.capacity_district_type(assessments),
        "money": pd.concat(money, ignore_index=True),
        **_money_changes(inputs, assessments),
        "bridge": measures.bridge_table(inputs, headline),
        "forecast": _forecast(inputs, first.demand),
        "assumptions": pd.DataFrame([asdict(one) for one in inputs.parameters.assumptions.values()]).astype(str),
        "data_quality": _data_quality(inputs.issues),
        **_futures(inputs),
    }


def _money_changes(inputs: Inputs, assessments: dict[str, Assessment]) -> dict[str, pd.DataFrame]:
    """Return what each scenario changes in each purse against those of `AGAINST`, and what follows from it."""
    pairs = [
        (assessments[before], after)
        for before in AGAINST
        if before in assessments
        for after in assessments.values()
        if after.scenario_id != before
    ]
    tables = {"capital_buys": planning.bases_capital_buys(inputs)}
    if not pairs:
        return tables
    parameters = inputs.parameters
    changes = [planning.money_against(before, after) for before, after in pairs]
    change = pd.concat(changes, ignore_index=True)
    views = [planning.economics_against(one, parameters) for one in changes]
    carbon = [planning.carbon_against(before, after) for before, after in pairs]
    return tables | {
        "money_change": change,
        "money_change_years": planning.money_by_financial_year(change, parameters),
        "economic_view": pd.concat(views, ignore_index=True),
        "carbon_change": pd.concat(carbon, ignore_index=True),
    }


def _futures(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Return the range of the forecast, the mitigations, who awaits a place, and the accounts of files, where known."""
    tables = {"forecast_range": planning.range_table(planning.draw_futures(inputs), inputs)}
    optional = {
        "mitigation_deltas": planning.mitigation_deltas(inputs),
        "awaiting_area": measures.awaiting_table(inputs),
        "accounts": inputs.accounts,
    }
    return tables | {name: table for name, table in optional.items() if table is not None and len(table)}


def _secondary_coverage(by_area: pd.DataFrame) -> pd.DataFrame:
    return conform(by_area[by_area["phase"] == "secondary"], "support_coverage")


def _forecast(inputs: Inputs, demand: pd.DataFrame) -> pd.DataFrame:
    """Return demand by year and stream with the range of the controls, where they give one."""
    stream = demand["place_sought"].where(~measures.headline_groups(demand), "headline")
    counts = demand.assign(stream=stream).groupby(["year", "stream"], as_index=False)[["pupils"]].sum()
    ranges = inputs.controls[["year", "stream", "low_pupils", "high_pupils", "source"]].rename(
        columns={"source": "basis"}
    )
    out: pd.DataFrame = counts.merge(ranges, on=["year", "stream"], how="left").fillna({"basis": ""})
    return out


def _data_quality(issues: pd.DataFrame) -> pd.DataFrame:
    """Return the faults that do not stop a run, counted by check; no value of a row is shown."""
    if issues.empty:
        return pd.DataFrame(columns=["check", "severity", "rows", "message"])
    grouped = issues.groupby(["check", "severity"], as_index=False).agg(
        rows=("message", "size"), message=("fix", "first")
    )
    return grouped.sort_values(["severity", "check"], ignore_index=True)


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
    from sufficiency.outputs.swap import recover, write_whole

    out = output_folder(out, job.released.build)
    recover(out)
    check_register(job, out)
    name = f"maps/{inputs.parameters.area_id}-sufficiency.html"

    def write(folder: Path) -> None:
        _write_outputs(job, inputs, folder, name, say)
        write_release(job, inputs, folder)

    files = write_whole(out, write, manifest="reports/manifest.json", run_id=job.record.run_id, lasting=(FOLDER,))
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
