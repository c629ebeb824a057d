"""The tables of an area that a SEN2 return gives: present placements, the pattern of plans, and the caseload by home.

What a pupil seeks follows from where they are, under demand definition A: every resident in a special school or base,
wherever it is, seeks a local one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import HEADLINE_NCY, HEADLINE_TYPES, NEEDS, NOT_LOCATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sufficiency.sources.public.sen2 import Sen2

__all__ = ["caseload_of_sen2", "pattern_of_sen2", "placements_of_sen2"]

_SOUGHT: Final[dict[str, str]] = {
    "state_special_school": "special_school",
    "independent_special_school": "special_school",
    "non_maintained_special_school": "special_school",
    "resourced_provision_or_unit": "specialist_base",
    "mainstream_school": "mainstream",
    "early_years_setting": "mainstream",
    "alternative_provision": "alternative_provision",
    "general_further_education": "fe_mainstream",
    "specialist_post_16": "specialist_post_16",
    "other_training_provider": "fe_mainstream",
    "educated_elsewhere": "educated_elsewhere",
    "not_recorded": "educated_elsewhere",
}
_FE: Final = "general_further_education"
_NEVER_GUESSED: Final = ("specialist_base", "support_base", "early_years_base", "fe_specialist_unit")


def placements_of_sen2(
    sen2: Sen2,
    provision: pd.DataFrame,
    *,
    zones: Iterable[str],
    fe_unit_shares: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the area's table `placements`.

    A pupil is at the provision whose setting_id is their URN and whose type is what they seek, in the department of
    their year group; where none takes the year group, in the one whose year groups are nearest. A pupil whose setting
    is of no known kind is at the one type that the setting has, base and unit apart. Everyone else has no provision.

    Parameters
    ----------
    sen2
        The return.
    provision
        provision_id, setting_id, provision_type, department, ncy_from, ncy_to.
    zones
        Ids of the area's zones: a home is in a zone when its small area is one, else `NOT_LOCATED`.
    fe_unit_shares
        As in `pattern_of_sen2`.
    """
    pupils = sen2.pupils
    sought = _sought(pupils, fe_unit_shares)
    by_setting = {str(urn): rows for urn, rows in provision.sort_values("provision_id").groupby("setting_id")}
    keys = [
        (urn, "" if placement == "not_recorded" else seeks, int(ncy))
        for urn, placement, seeks, ncy in zip(pupils["urn"], pupils["placement"], sought, pupils["ncy"], strict=True)
    ]
    place_of = {key: _provision(by_setting.get(key[0]) if key[0] else None, *key[1:]) for key in set(keys)}
    found = [place_of[key] for key in keys]
    provision_id = pd.Series([item[0] for item in found], index=pupils.index, dtype=object)
    offered = pd.Series([item[1] for item in found], index=pupils.index, dtype=object)
    home = pupils["lsoa_code"].where(pupils["lsoa_code"].isin(set(zones)), NOT_LOCATED)
    kept = ["pupil_id", "year", "ncy", "sex", "need", "ehcp", "attendance"]
    out = pupils[kept].assign(
        origin_id=home, provision_id=provision_id, place_sought=sought.where(offered == "", offered)
    )
    order = ["pupil_id", "year", "origin_id", "ncy", "sex", "need", "ehcp", "attendance", "provision_id"]
    return out[[*order, "place_sought"]]


def _provision(rows: pd.DataFrame | None, sought: str, ncy: int) -> tuple[str, str]:
    """Return provision_id and type of a pupil's department, blank where the setting has none that fits."""
    if rows is None:
        return "", ""
    if sought:
        rows = rows[rows["provision_type"] == sought]
    else:
        rows = rows[~rows["provision_type"].isin(_NEVER_GUESSED)]
        if len(set(rows["provision_type"])) != 1:
            return "", ""
    if rows.empty:
        return "", ""
    away = np.maximum(rows["ncy_from"].to_numpy() - ncy, 0) + np.maximum(ncy - rows["ncy_to"].to_numpy(), 0)
    nearest = int(np.argmin(away))
    return str(rows["provision_id"].iloc[nearest]), str(rows["provision_type"].iloc[nearest])


def pattern_of_sen2(sen2: Sen2, *, fe_unit_shares: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return the area's table `rates`: pupils by year group, need, placement, place sought and attendance. Internal.

    Pupils in special schools and bases younger than Reception or older than Year 14 are counted in the nearest year
    group of the scope, as the published totals count them.

    Parameters
    ----------
    sen2
        The return.
    fe_unit_shares
        Share of general FE learners who seek a specialist unit, by need: an assumption, since no return says it. None
        = only those with the flag of a unit.
    """
    counted = _counted(sen2, ["ncy", "need", "placement", "place_sought", "attendance"], fe_unit_shares)
    source = f"SEN2 person-level return, January {sen2.year + 1}, counted"
    shared = "as counted; a stated share of general FE by need is taken to seek a unit"
    split = (counted["placement"] == _FE) & (fe_unit_shares is not None)
    out = counted.assign(source=np.where(split, shared, source), quality=np.where(split, "illustrative", "verified"))
    rank = {need: at for at, need in enumerate(NEEDS)}
    order = ["placement", "place_sought", "attendance", "need", "ncy"]
    return out.sort_values(order, key=lambda c: c.map(rank) if c.name == "need" else c, ignore_index=True)


def caseload_of_sen2(sen2: Sen2, *, fe_unit_shares: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return pupils by lsoa_code (`NOT_LOCATED` where there is none), ncy, need and place_sought. Internal.

    Year groups are those of `pattern_of_sen2`, so that the two agree.
    """
    return _counted(sen2, ["lsoa_code", "ncy", "need", "place_sought"], fe_unit_shares)


def _counted(sen2: Sen2, by: list[str], fe_unit_shares: Mapping[str, float] | None) -> pd.DataFrame:
    pupils = sen2.pupils
    sought = _sought(pupils, fe_unit_shares)
    ncy = pupils["ncy"].where(~sought.isin(HEADLINE_TYPES), pupils["ncy"].clip(*HEADLINE_NCY))
    home = pupils["lsoa_code"].replace({"": NOT_LOCATED})
    rows = pupils.assign(place_sought=sought, ncy=ncy, lsoa_code=home)
    counts = rows.groupby(by, as_index=False, sort=True).size().rename(columns={"size": "pupils"})
    return counts.astype({"pupils": "int64", "ncy": "int64"})


def _sought(pupils: pd.DataFrame, fe_unit_shares: Mapping[str, float] | None) -> pd.Series[str]:
    """Return what each pupil seeks. Shares of FE are spread evenly over ages, in an order that ids do not touch."""
    sought = pupils["placement"].map(_SOUGHT).astype(object)
    in_fe = pupils["placement"] == _FE
    sought = sought.where(~(in_fe & (pupils["unit"] != "")), "fe_specialist_unit")
    for need, share in sorted((fe_unit_shares or {}).items()):
        here = pupils[in_fe & (pupils["need"] == need)].sort_values(["ncy", "attendance", "lsoa_code", "pupil_id"])
        reached = [math.floor(share * number + 0.5) for number in range(len(here) + 1)]
        in_unit = np.diff(reached).astype(bool)
        sought.loc[here.index[in_unit]] = "fe_specialist_unit"
    return sought
