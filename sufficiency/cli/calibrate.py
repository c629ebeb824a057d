"""The command `calibrate`: measured journeys in, what was fitted on the screen, and the speed table in a file.

A council's only copy of a taxi log, or of any file of its area, must not be lost to a slip of `--out`: nothing but a
speed table is ever replaced, and that is settled before the work.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from sufficiency.cli.screen import Steps, print_issues
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.model.tables import TABLES
from sufficiency.outputs.stable import write_text
from sufficiency.outputs.swap import check_folder
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.journeys import known_places, read_journeys
from sufficiency.sources.rows import read_csv
from sufficiency.travel.calibration import calibrate as fit_speeds
from sufficiency.travel.calibration.observed import faults_of_rows
from sufficiency.travel.calibration.words import lines, speeds_text
from sufficiency.travel.snapping import AccessLeg

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["calibrate"]

SPEEDS: Final = TABLES["speeds"].file


def calibrate(options: argparse.Namespace, inputs: Inputs) -> None:
    """Fit the speed table of an area, say how well it fits, and write it where the options say.

    Parameters
    ----------
    options
        journeys (Path), area (Path or None), profile (None = the area's), bands (bool) and out (Path or None).
    inputs
        The area, checked.

    Raises
    ------
    ParameterError
        When `out` is no place for a speed table; nothing was fitted or written then.
    DataError
        When a journey is at fault; ``issues`` names every one by its row.
    """
    folder_made = options.out is not None and _ready(options.out, options.journeys, options.area, inputs)
    parameters = inputs.parameters
    journeys = _journeys(options.journeys, inputs)
    steps = Steps()
    steps("Driving and fitting")
    found = fit_speeds(
        journeys, inputs.roads, inputs.speeds, profile=options.profile or parameters.value("travel_profile"),
        leg=AccessLeg.of(parameters), new_bands=options.bands, note=f", {parameters.report_date.isoformat()}",
        file=options.journeys.name,
    )  # fmt: skip
    steps.finish()
    print("\n" + "\n".join(lines(found)))
    if options.out is None:
        return
    replaced = options.out.exists()
    write_text(options.out, speeds_text(found.speeds))
    made = f" (folder {options.out.parent} made)" if folder_made else ""
    print(f"\n{'Replaced' if replaced else 'Written'}: {options.out}{made}")
    print(f"The area uses it once it lies in its folder, as {SPEEDS}.")


def _journeys(path: Path, inputs: Inputs) -> pd.DataFrame:
    """Return the observed journeys, all without a fault; what is only odd is shown."""
    issues: list[Issue] = []
    journeys = read_journeys(path, known_places(inputs), inputs.parameters.crs, issues)
    if any(issue.severity == "error" for issue in issues):
        if len(journeys):
            issues += faults_of_rows(journeys, path.name)
        # the count of what is left comes after the rows that are not
        found = issues_table(issues).sort_values("row", kind="stable", ignore_index=True)
        raise DataError("The journeys cannot be used as they are", found)
    print_issues(issues_table(issues), sys.stderr)
    return journeys


def _ready(out: Path, journeys: Path, area: Path | None, inputs: Inputs) -> bool:
    """Refuse every place where a speed table would destroy something; return whether its folder had to be made."""
    if out.exists():
        _refuse_to_replace(out, journeys, area, inputs)
    folder = out.parent
    if folder.exists() and not folder.is_dir():
        message = f"--out {out}: {folder} is a file, not a folder: name another place for the speed table"
        raise ParameterError(message)
    missing = not folder.exists()
    check_folder(folder)
    return missing


def _refuse_to_replace(out: Path, journeys: Path, area: Path | None, inputs: Inputs) -> None:
    name_another = "name another file for the speed table"
    if out.is_dir():
        message = f"--out {out} is a folder: name a file in it, such as {out / 'speeds.csv'}"
        raise ParameterError(message)
    if not out.is_file():
        message = f"--out {out} is a device, not a file: {name_another}"
        raise ParameterError(message)
    if journeys.exists() and out.samefile(journeys):
        message = f"--out {out} is the file of the journeys, which would be lost: {name_another}"
        raise ParameterError(message)
    package = embedded_directory()
    if out.samefile(package / SPEEDS):
        message = f"--out {out} is the speed table of this package, which other areas use: {name_another}"
        raise ParameterError(message)
    directory = package if area is None else area
    for name in inputs.digests:
        used = directory / name
        if name != SPEEDS and used.exists() and out.samefile(used):
            message = f"--out {out} is {name} of the area, which is read from it and would be lost: {name_another}"
            raise ParameterError(message)
    if not _holds_speeds(out):
        message = (
            f"--out {out} is there already and is no speed table, so it is not replaced: {name_another}, or remove "
            "this one yourself"
        )
        raise ParameterError(message)


def _holds_speeds(path: Path) -> bool:
    """Return whether a file begins as a speed table does: with its columns."""
    wanted = {column.name for column in TABLES["speeds"].columns if not column.optional}
    try:
        rows = read_csv(path)
    except ValueError:
        return False
    return bool(rows) and wanted <= {name.lower().replace(" ", "_") for name in rows[0][1]}
