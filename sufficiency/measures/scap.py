"""A specialist forecast in the shape of the school capacity survey (SCAP): headline pupils by its phases, year by year.

The survey asks for resident pupils who need a specialist place, Reception to Year 6 for five academic years and Year 7
to Year 14, post-16 among them, for seven. The guide changes every year: check the current one before a return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import headline_groups
from sufficiency.model.vocabulary import ALL, HEADLINE, year_label

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters

__all__ = ["SCAP_NCY", "SCAP_NOTE", "SCAP_YEARS", "scap_table", "year_group_of"]

SCAP_NCY: Final = {"primary": (0, 6), "secondary": (7, 14)}
SCAP_YEARS: Final = {"primary": 5, "secondary": 7}
SCAP_NOTE: Final = "SCAP-style: check the current guide"


def year_group_of(ncy: int) -> str:
    """Return the code of a national curriculum year: 0 -> ``"R"``, 7 -> ``"Y7"``."""
    return "R" if ncy == 0 else f"Y{ncy}"


def scap_table(demand: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the county's headline pupils by SCAP phase, year group and year.

    Parameters
    ----------
    demand
        Table `demand`: year, ncy, place_sought, pupils.
    parameters
        The parameters: county and calibration year, after which the forecast begins.

    Returns
    -------
    DataFrame
        year, basis (calibration or forecast), area_id, provision_type (headline), scap_phase, year_group (a year group,
        or all for the phase's total), pupils and note; every combination of the years that the demand has and the
        survey asks for, zeros included. The note of a phase names the years asked for that the forecast does not reach.
    """
    county = demand[headline_groups(demand)]
    counts = county.groupby(["year", "ncy"])["pupils"].sum()
    found = sorted({int(year) for year in demand["year"]})
    base = parameters.calibration_year
    rows: list[tuple[int, str, str, str, int, str]] = []
    for phase, (first, last) in SCAP_NCY.items():
        asked = range(base + 1, base + 1 + SCAP_YEARS[phase])
        note = _note(phase, [year for year in asked if year not in found])
        for year in (year for year in (base, *asked) if year in found):
            basis = "calibration" if year == base else "forecast"
            pupils = [int(counts.get((year, ncy), 0)) for ncy in range(first, last + 1)]
            groups = [year_group_of(ncy) for ncy in range(first, last + 1)]
            rows += [
                (year, basis, phase, group, count, note)
                for group, count in zip((ALL, *groups), (sum(pupils), *pupils), strict=True)
            ]
    out = pd.DataFrame(rows, columns=["year", "basis", "scap_phase", "year_group", "pupils", "note"])
    out = out.astype({"year": np.int64, "pupils": np.int64})
    out.insert(2, "area_id", parameters.county_id)
    out.insert(3, "provision_type", HEADLINE)
    return out


def _note(phase: str, missing: list[int]) -> str:
    if not missing:
        return SCAP_NOTE
    years = ", ".join(year_label(year) for year in missing)
    return f"{SCAP_NOTE}. Of the {SCAP_YEARS[phase]} years asked for, the forecast does not reach {years}"
