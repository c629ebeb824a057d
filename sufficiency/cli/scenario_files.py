"""Scenarios given on the command line as files, wherever these lie: joined to the area as if they were its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

__all__ = ["SCENARIO_HELP", "with_scenario_files"]

SCENARIO_HELP: Final = "of the area, by name, or of a scenario file, by its path ending in .toml"
_SUFFIX: Final = ".toml"


def with_scenario_files(options: argparse.Namespace, inputs: Inputs) -> tuple[argparse.Namespace, Inputs]:
    """Return the options with scenarios by name, and the inputs with those of files joined.

    Parameters
    ----------
    options
        Options of a command; ``scenario`` is a name or a list of names, or absent.
    inputs
        Checked inputs of the area.

    Raises
    ------
    DataError
        When a file is at fault by itself, or does not fit the area; ``issues`` lists every fault.
    """
    from sufficiency.checks import check
    from sufficiency.model.errors import DataError
    from sufficiency.sources.scenario_file import with_scenario_file

    asked = getattr(options, "scenario", [])
    names = []
    for one in [asked] if isinstance(asked, str) else asked:
        if not one.endswith(_SUFFIX):
            names.append(one)
            continue
        path = Path(one)
        inputs = with_scenario_file(inputs, path)
        found = check(inputs)
        errors = found[found["severity"] == "error"]
        if len(errors):
            message = f"{len(errors)} fault{'s' if len(errors) > 1 else ''} in the scenario file {path.name}"
            raise DataError(message, errors)
        names.append(path.stem)
    if not names:
        return options, inputs
    return argparse.Namespace(**vars(options) | {"scenario": names[0] if isinstance(asked, str) else names}), inputs
