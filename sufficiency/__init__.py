"""Geospatial sufficiency and place planning of SEND provision in an English local authority.

The public names are loaded when they are first used: importing the package opens no file and no socket.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.allocation import place_gains, transport
    from sufficiency.assess import assess
    from sufficiency.checks import check
    from sufficiency.disclosure import release
    from sufficiency.model.errors import DataError, SufficiencyError
    from sufficiency.model.results import Assessment, Inputs
    from sufficiency.outputs.maps.page import write_map
    from sufficiency.outputs.report.board import write_report
    from sufficiency.planning.compare import compare
    from sufficiency.planning.opened_year import open_year
    from sufficiency.planning.redraw import redraw
    from sufficiency.planning.scenarios import apply_scenario
    from sufficiency.planning.what_if import Proposal, ready_to_ask, whatif
    from sufficiency.run import run_job, write_job
    from sufficiency.travel import RoadGraph, route, travel_times

_HOMES: Final[dict[str, str]] = {
    "Assessment": "sufficiency.model.results",
    "DataError": "sufficiency.model.errors",
    "Inputs": "sufficiency.model.results",
    "RoadGraph": "sufficiency.travel",
    "Proposal": "sufficiency.planning",
    "SufficiencyError": "sufficiency.model.errors",
    "apply_scenario": "sufficiency.planning",
    "assess": "sufficiency.assess",
    "check": "sufficiency.checks",
    "compare": "sufficiency.planning",
    "open_year": "sufficiency.planning",
    "place_gains": "sufficiency.allocation",
    "ready_to_ask": "sufficiency.planning",
    "redraw": "sufficiency.planning.redraw",
    "release": "sufficiency.disclosure",
    "route": "sufficiency.travel",
    "run_job": "sufficiency.run",
    "transport": "sufficiency.allocation",
    "travel_times": "sufficiency.travel",
    "whatif": "sufficiency.planning",
    "write_job": "sufficiency.run",
    "write_map": "sufficiency.outputs.maps.page",
    "write_report": "sufficiency.outputs.report.board",
}

__all__ = [
    "Assessment",
    "DataError",
    "Inputs",
    "Proposal",
    "RoadGraph",
    "SufficiencyError",
    "apply_scenario",
    "assess",
    "check",
    "compare",
    "load",
    "open_year",
    "place_gains",
    "ready_to_ask",
    "redraw",
    "release",
    "route",
    "run_job",
    "transport",
    "travel_times",
    "whatif",
    "write_job",
    "write_map",
    "write_report",
]


def load(directory: Path | str | None = None) -> Inputs:
    """Read and check an area directory.

    Parameters
    ----------
    directory
        The area; None = the embedded Oxfordshire (illustrative).

    Returns
    -------
    Inputs
        Checked inputs; ``issues`` holds the warnings and notes.

    Raises
    ------
    DataError
        When there is any error; ``issues`` of the exception lists every fault, with file, row, column, value and cure.
    ParameterError
        When ``area.toml`` is missing or wrong.
    """
    import dataclasses
    from pathlib import Path as _Path

    from sufficiency.checks import check as run_checks
    from sufficiency.model.errors import DataError as _DataError
    from sufficiency.sources.area import read_area
    from sufficiency.sources.embedded import embedded_directory

    where = embedded_directory() if directory is None else _Path(directory)
    inputs = read_area(where)
    issues = run_checks(inputs)
    errors = int((issues["severity"] == "error").sum())
    if errors:
        message = f"{errors} fault{'s' if errors > 1 else ''} in the data of {where}"
        raise _DataError(message, issues)
    return dataclasses.replace(inputs, issues=issues)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps ``sufficiency.assess`` the function, although importing the module of that name would put itself there."""

    @property
    def assess(self) -> Any:
        """The door of `sufficiency.assess`."""
        return importlib.import_module("sufficiency.assess").assess

    @assess.setter
    def assess(self, module: object) -> None:
        """Leave the name to the function."""


sys.modules[__name__].__class__ = _Package
