"""Children of homes not yet built: dwellings in a zone times the yield of a dwelling, new to the area in part.

    people(z, y, a) = dwellings lived in by September y · yield(phase of a) ÷ ages of the phase · additional share

The yield of a home is held over the years of a run, as is usual in school place planning. ``additional share`` is
how many of these children the population does not count already, for some move within the area. They have plans at
`new_homes_ehcp_share` where the county's children of Reception to Year 11 have them at the rate of the calibration
year; by need, age and place sought in the same proportions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sufficiency.model.vocabulary import PHASE_NCY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.model.parameters import Parameters

__all__ = ["YIELDS", "NewHomes", "new_homes", "school_age_rate", "yield_of_age"]

AGE_AT_RECEPTION: Final = 4
YIELDS: Final = ("early_years", "primary", "secondary", "post_16")
SCHOOL_AGES: Final = (4, 15)


class NewHomes(NamedTuple):
    """Dwellings lived in since the calibration year, float64 [zones, years]; zones sorted."""

    zone_ids: tuple[str, ...]
    dwellings: NDArray[np.float64]


def new_homes(developments: pd.DataFrame | None, years: Sequence[int], calibration_year: int) -> NewHomes:
    """Return the dwellings lived in by each September, those of the calibration year and before left out.

    Parameters
    ----------
    developments
        Table `developments`; None = no new homes.
    years
        Years of the run.
    calibration_year
        Homes up to this year are in the population already.
    """
    if developments is None or developments.empty:
        return NewHomes((), np.zeros((0, len(years))))
    later = developments[developments["year"] > calibration_year]
    zones = sorted(later["zone_id"].unique())
    zone = np.searchsorted(np.array(zones, dtype=object), later["zone_id"].to_numpy(dtype=object))
    built = later["year"].to_numpy()[:, None] <= np.asarray(years)[None, :]
    out = np.zeros((len(zones), len(years)))
    np.add.at(out, zone, built * later["dwellings"].to_numpy(dtype=float)[:, None])
    return NewHomes(tuple(zones), out)


def yield_of_age(parameters: Parameters, ages: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return children of each age a dwelling; 0 for the ages of no phase with a yield."""
    out = np.zeros(len(ages))
    for phase in YIELDS:
        first, last = (ncy + AGE_AT_RECEPTION for ncy in PHASE_NCY[phase])
        of_phase = (ages >= first) & (ages <= last)
        out[of_phase] = float(parameters.value(f"pupil_yield_{phase}_per_dwelling")) / (last - first + 1)
    return out


def school_age_rate(cells: pd.DataFrame, people_by_age: pd.Series) -> float:
    """Return the share of residents of the ages of Reception to Year 11 who have a plan; 0 where nobody lives.

    Parameters
    ----------
    cells
        ncy and pupils of the calibration year.
    people_by_age
        Residents of the calibration year by age.
    """
    first, last = SCHOOL_AGES
    ages = cells["ncy"] + AGE_AT_RECEPTION
    plans = float(cells.loc[ages.between(first, last), "pupils"].sum())
    people = float(people_by_age[(people_by_age.index >= first) & (people_by_age.index <= last)].sum())
    return plans / people if people > 0 else 0.0
