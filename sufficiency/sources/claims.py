"""The figures of the council's published plan, each with the plan's line: ``plan/claims.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.sources.files import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sufficiency.model.issues import Issue

__all__ = ["read_claims"]


def read_claims(directory: Path, issues: list[Issue]) -> pd.DataFrame:
    """Read ``claims.csv`` of the folder ``plan``.

    Parameters
    ----------
    directory
        The folder.
    issues
        Faults are appended here; nothing is raised for a fault in the data.

    Returns
    -------
    DataFrame
        Table `claims`, one figure a row; the index ``row`` is the row in the file.
    """
    return read_table(directory / "claims.csv", "claims", issues)
