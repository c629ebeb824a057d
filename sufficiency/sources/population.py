"""Residents by zone and single year of age: the front door of the population."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.sources.files import Issue, read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read_population(directory: Path, issues: list[Issue]) -> pd.DataFrame:
    """Read ``population.csv`` of an area's folder of demand.

    Parameters
    ----------
    directory
        The area's folder of demand.
    issues
        Every fault is appended.

    Returns
    -------
    DataFrame
        Table `population`, the rows without a fault.
    """
    return read_table(directory / "population.csv", "population", issues)
