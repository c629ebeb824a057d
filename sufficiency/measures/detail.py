"""Tables as fine as the model: the gap by any cut, and home by school. Internal: they hold groups of a few pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import OUTSIDE
from sufficiency.measures.sufficiency import OUTCOME_COLUMNS
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["gap_table", "school_flows_table"]

# What the gap may be cut by -> the column of `outcomes`; a zone is where its origin is.
CUTS: Final = {
    "county": "county_id",
    "district": "district_id",
    "cluster": "cluster_id",
    "zone": "origin_id",
    "phase": "phase",
    "ncy": "ncy",
    "need": "need",
    "need_group": "need_group",
    "provision_type": "place_sought",
    "sex": "sex",
    "attendance": "attendance",
}


def gap_table(scenario_id: str, rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return headline demand and what became of it, for every combination of some cuts that has pupils.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    by
        Names of cuts, such as ``["zone", "need", "phase"]``: county, district, cluster, zone, phase, ncy, need,
        need_group, provision_type (sought), sex, attendance. A pupil without a home has a blank area.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, the cuts, demand_pupils = placed_local_pupils + other_council_pupils +
        independent_pupils + unplaced_pupils + excluded_pupils, substitute_pupils (of those placed),
        without_local_place_pupils (= other_council + independent + unplaced). Pupils add up to the county's in every
        cut; places do not belong to such cells, so that no capacity stands here.

    Raises
    ------
    ParameterError
        When a cut is unknown or stands twice.
    """
    unknown = [name for name in by if name not in CUTS]
    if unknown or len(set(by)) < len(by):
        what = f"{unknown[0]!r} is no cut of the gap" if unknown else "a cut stands twice"
        message = f"{what}: give some of {', '.join(CUTS)}, each once"
        raise ParameterError(message)
    headline = rows[rows["headline"]]
    keys = {"policy": headline["policy"], "year": headline["year"], **{name: headline[CUTS[name]] for name in by}}
    pupils = headline["pupils"]
    counts = {column: pupils.where(headline["outcome"] == outcome, 0) for outcome, column in OUTCOME_COLUMNS.items()}
    substitutes = pupils.where(headline["substitute"].astype(bool), 0)
    wide = pd.DataFrame({**keys, "demand_pupils": pupils, **counts, "substitute_pupils": substitutes})
    table = wide.groupby(list(keys), as_index=False, sort=True).sum()
    table["without_local_place_pupils"] = (
        table["other_council_pupils"] + table["independent_pupils"] + table["unplaced_pupils"]
    )
    table.insert(0, "scenario_id", scenario_id)
    return table


def school_flows_table(scenario_id: str, rows: pd.DataFrame, provision: pd.DataFrame, *, home: str) -> pd.DataFrame:
    """Return headline pupils placed by area of home and school.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    provision
        Table `provision`.
    home
        ``district``, ``cluster`` or ``zone``.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, home_area_id, setting_id, tier, setting_district_id (``outside`` beyond the county),
        pupils, mean_min (of the day pupils; blank where there are none).

    Raises
    ------
    ParameterError
        When `home` is none of these.
    """
    if home not in ("district", "cluster", "zone"):
        message = f"{home!r} is no area of homes: give district, cluster or zone"
        raise ParameterError(message)
    placed = rows[rows["headline"] & (rows["provision_id"] != "")]
    schools = provision.set_index("provision_id")["setting_id"]
    daily = placed["pupils"].where(placed["travel_min"].notna(), 0)
    table = placed[["policy", "year"]].assign(
        home_area_id=placed[CUTS[home]],
        setting_id=placed["provision_id"].map(schools),
        tier=placed["outcome"],
        setting_district_id=placed["setting_district_id"].replace("", OUTSIDE),
        pupils=placed["pupils"],
        daily=daily,
        minutes=daily * placed["travel_min"].fillna(0.0),
    )
    key = ["policy", "year", "home_area_id", "setting_id", "tier", "setting_district_id"]
    table = table.groupby(key, as_index=False)[["pupils", "daily", "minutes"]].sum()
    table["mean_min"] = (table["minutes"] / table["daily"].where(table["daily"] > 0)).astype(np.float64)
    table.insert(0, "scenario_id", scenario_id)
    return table.drop(columns=["daily", "minutes"])
