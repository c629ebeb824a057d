"""The pattern of plans, the county totals and, where the council has them, its own demand and placements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.model.tables import TABLES
from sufficiency.sources.files import Issue, has_table, read_table

if TYPE_CHECKING:
    from pathlib import Path

OPTIONAL: Final = (
    "cohort_changes",
    "developments",
    "rate_trends",
    "placement_mix",
    "mitigations",
    "history",
    "demand_totals",
    "caseload",
    "awaiting",
)


@dataclass(frozen=True)
class DemandTables:
    """Tables `rates` and `controls`, and those that an area may have: None where it has no such file."""

    rates: pd.DataFrame
    controls: pd.DataFrame
    demand: pd.DataFrame | None
    placements: pd.DataFrame | None
    optional: dict[str, Any]


def read_demand(directory: Path, issues: list[Issue], *, controls: bool = True) -> DemandTables:
    """Read the tables of an area's folder of demand, without the population.

    Parameters
    ----------
    directory
        The area's folder of demand.
    issues
        Every fault is appended. ``rates.csv`` and ``controls.csv`` may be missing where ``demand.csv``, the council's
        own forecast, is given: the forecast made from them is then not used.
    controls
        Whether the forecast must meet ``controls.csv``; otherwise it may be missing.

    Returns
    -------
    DemandTables
        The rows without a fault.
    """
    demand = _if_there(directory, "demand", issues)
    needed = {"rates": demand is None, "controls": demand is None and controls}
    made = [
        read_table(directory / f"{name}.csv", name, issues) if wanted else _if_there(directory, name, issues)
        for name, wanted in needed.items()
    ]
    rates, totals = (
        table if table is not None else pd.DataFrame(columns=list(TABLES[name].names))
        for table, name in zip(made, ("rates", "controls"), strict=True)
    )
    optional = {name: _if_there(directory, name, issues) for name in OPTIONAL}
    return DemandTables(rates, totals, demand, _if_there(directory, "placements", issues), optional)


def _if_there(directory: Path, name: str, issues: list[Issue]) -> pd.DataFrame | None:
    path = directory / f"{name}.csv"
    return read_table(path, name, issues) if has_table(path, name) else None
