"""The capital of a scheme is told in three cases, and these rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.model.issues import Issue

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["capital_cases_rise"]


def capital_cases_rise(schemes: pd.DataFrame, file: str, issues: list[Issue]) -> None:
    """Name the schemes whose low, central and high capital do not rise; a blank case passes.

    Parameters
    ----------
    schemes
        Rows of table `schemes`; the index is the row in the file.
    file
        The file that they stand in.
    issues
        Faults are appended here.
    """
    low, central, high = (schemes[f"capital_gbp_{case}"] for case in ("low", "central", "high"))
    for row, scheme in schemes.loc[(low > central) | (central > high) | (low > high)].iterrows():
        issues.append(
            Issue(
                file=file,
                row=int(str(row)),
                table="schemes",
                key=str(scheme["scheme_id"]),
                column="capital_gbp_low",
                value=f"{scheme['capital_gbp_low']:g}",
                check="cases_out_of_order",
                severity="error",
                message="the low, central and high capital do not rise",
                fix="put the three cases in order",
            )
        )
