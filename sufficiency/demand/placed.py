"""Demand counted from present placements: the calibration year as it is, and not as a forecast spreads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.placements import sought_by
from sufficiency.model.vocabulary import MATCHED_TYPES, NOT_LOCATED

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["demand_of_placements", "placements_of", "with_placements"]

_KEY: Final = ["year", "origin_id", "ncy", "sex", "need", "ehcp", "place_sought", "attendance"]


def demand_of_placements(placements: pd.DataFrame, provision: pd.DataFrame) -> pd.DataFrame:
    """Return table `demand` of the years of the placements, a group for all who are alike.

    Parameters
    ----------
    placements
        Table `placements`. A pupil seeks the type of their provision, or `place_sought` where it is given, as it must
        be for a pupil without a provision.
    provision
        Table `provision`.

    Raises
    ------
    DataError
        When a pupil has neither a known provision nor a place sought.
    """
    sought = sought_by(placements, provision)
    if (sought == "").any():
        message = "a pupil of the placements has neither a known provision_id nor a place_sought: give one of them"
        raise DataError(message)
    home = placements["origin_id"].fillna("").replace({NOT_LOCATED: ""})
    rows = placements.assign(place_sought=sought, origin_id=home)
    counts = rows.groupby(_KEY, as_index=False, sort=True).size().rename(columns={"size": "pupils"})
    counts.insert(0, "group_id", [f"placed-{number:05d}" for number in range(len(counts))])
    return counts.astype({"pupils": "int64"})


def with_placements(
    demand: pd.DataFrame, placements: pd.DataFrame, provision: pd.DataFrame, years: Iterable[int]
) -> pd.DataFrame:
    """Return the demand, in the matched types of the years of the placements counted from these.

    Parameters
    ----------
    demand
        Table `demand`: forecast, or the council's own.
    placements, provision
        The tables; the sex of pupils is only kept where the demand tells it apart, so that groups meet.
    years
        Years of the demand; placements of other years are left out.
    """
    counted = demand_of_placements(placements_of(demand, placements, years), provision)
    counted = counted[counted["place_sought"].isin(MATCHED_TYPES)]
    replaced = demand["year"].isin(counted["year"].unique()) & demand["place_sought"].isin(MATCHED_TYPES)
    columns = list(demand.columns)
    return pd.concat([demand[~replaced], counted[columns]], ignore_index=True)


def placements_of(demand: pd.DataFrame, placements: pd.DataFrame, years: Iterable[int]) -> pd.DataFrame:
    """Return the placements of some years, as the demand tells pupils apart."""
    here = placements[placements["year"].isin(list(years))]
    return here if (demand["sex"] != "any").any() else here.assign(sex="any")
