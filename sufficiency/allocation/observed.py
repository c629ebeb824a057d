"""Present placements: the policy `as_placed`, and where pupils pass a suitable place with room.

Observed placements are facts and need not obey the model's rules. They are taken as they are; what the rules make of
them stands beside each (`outside_rules`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.allocation.eligibility import PUPIL, why_not
from sufficiency.allocation.policies import LOCAL_TIER, YearResult, column_sums, flow_matrix, unproven_year
from sufficiency.model.errors import DataError
from sufficiency.model.placements import sought_by
from sufficiency.model.vocabulary import MATCHED_TYPES, NOT_LOCATED, NOT_PLACED, year_label

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.residual import Ints

__all__ = ["as_placed_year", "passing_table"]

_PASSING: Final = [
    "group_id", "provision_id", "pupils", "travel_min", "nearest_min", "passed_provision_id", "passed_min",
    "outside_rules",
]  # fmt: skip


def as_placed_year(eligibility: Eligibility, placements: pd.DataFrame) -> YearResult:
    """Return the year as it is: every pupil where the placements say.

    Parameters
    ----------
    eligibility
        The year. Its demand counts the pupils of the placements (`demand.demand_of_placements`).
    placements
        Table `placements`. A pupil seeks the type of their provision, or `place_sought` where it is given.

    Returns
    -------
    YearResult
        Pupils without a provision have no place, with the reason ``not_placed``. Provision may be over capacity.

    Raises
    ------
    DataError
        When the demand does not hold every pupil placed.
    """
    first, substitute = _flows(eligibility, placements)
    result = unproven_year(eligibility, first, substitute)
    if (result.unplaced < 0).any():
        raise DataError(_not_in_demand(eligibility))
    n_groups = len(eligibility.groups)
    return dataclasses.replace(result, reason=[NOT_PLACED] * n_groups, bottleneck=[""] * n_groups)


def _flows(eligibility: Eligibility, placements: pd.DataFrame) -> tuple[csr_matrix, csr_matrix]:
    """Return the pupils placed in the type that they seek, and in another, csr int64 [n, m]."""
    known = eligibility.provision.set_index("provision_id")["provision_type"]
    here = placements[placements["year"] == eligibility.year]
    here = here[here["provision_id"].isin(known.index) & ~here["origin_id"].isin(["", NOT_LOCATED])]
    here = here.assign(place_sought=sought_by(here, eligibility.provision))
    here = here[here["place_sought"].isin(MATCHED_TYPES)]
    groups = eligibility.groups[PUPIL].assign(row=np.arange(len(eligibility.groups)))
    found = here.merge(groups, on=PUPIL, how="left", validate="many_to_one")
    if found["row"].isna().any():
        raise DataError(_not_in_demand(eligibility))
    column = pd.Index(eligibility.provision["provision_id"]).get_indexer(pd.Index(found["provision_id"]))
    closed = found.loc[~eligibility.is_open[column], "provision_id"]
    if len(closed):
        message = (
            f"pupils are placed at {closed.iloc[0]}, which has no row of places for {year_label(eligibility.year)}: "
            "add it to schools/places.csv"
        )
        raise DataError(message)
    instead = (found["place_sought"] != found["provision_id"].map(known)).to_numpy(dtype=np.bool_)
    row, ones = found["row"].to_numpy(dtype=np.int64), np.ones(len(found), dtype=np.int64)
    first, substitute = (
        flow_matrix(row[which], column[which], ones[which], eligibility) for which in (~instead, instead)
    )
    return first, substitute


def _not_in_demand(eligibility: Eligibility) -> str:
    return (
        f"the placements of {year_label(eligibility.year)} hold pupils who are not in the demand of that year: "
        "count it from the placements (demand.demand_of_placements)"
    )


def passing_table(result: YearResult, roll: Ints | None = None) -> pd.DataFrame:
    """Return, for each group in each provision, whether a nearer suitable local place has room. Internal.

    Each by itself: two pupils may pass the same free place.

    Parameters
    ----------
    result
        A year of any policy; ``as_placed`` for present placements.
    roll
        int64 [m], pupils who hold a place of each provision, those without a known home among them; None = those of
        the result alone.

    Returns
    -------
    DataFrame
        group_id, provision_id, pupils, travel_min (blank for residential pupils), nearest_min: to the nearest suitable
        local place whatever its room, passed_provision_id and passed_min: the nearest with room of those nearer than
        their own (blank where there is none), outside_rules: what the rules have against the placement, in words.
    """
    year = result.eligibility
    flow = (result.first + result.substitute).tocoo()
    order = np.lexsort((flow.col, flow.row))
    row, column, pupils = flow.row[order], flow.col[order], flow.data[order].astype(np.int64)
    room = year.places - (column_sums(flow) if roll is None else roll)
    suitable = (year.first_cost >= 0) & (year.tier == LOCAL_TIER)[None, :]
    minutes = np.where(suitable, year.milliseconds / 60_000, np.inf)[row]
    day = (year.groups["attendance"] == "day").to_numpy()[row]
    own_ms = year.milliseconds[row, column]
    own = np.where(day & (own_ms >= 0), own_ms / 60_000, np.nan)
    nearer = np.where((room > 0)[None, :] & (minutes < own[:, None]), minutes, np.inf)
    best = nearer.argmin(axis=1) if len(row) else np.zeros(0, dtype=np.int64)
    passed = np.isfinite(nearer.min(axis=1, initial=np.inf))
    names = year.provision["provision_id"].to_numpy(dtype=object)
    groups = year.groups["group_id"].to_numpy(dtype=object)
    eligible = (year.first_cost >= 0) | (year.substitute_cost >= 0)
    against = [
        "" if eligible[cell] else why_not(year, str(groups[cell[0]]), str(names[cell[1]]))
        for cell in zip(row.tolist(), column.tolist(), strict=True)
    ]
    nearest = minutes.min(axis=1, initial=np.inf)
    return pd.DataFrame(
        {
            "group_id": groups[row],
            "provision_id": names[column],
            "pupils": pupils,
            "travel_min": own,
            "nearest_min": np.where(day & np.isfinite(nearest), nearest, np.nan),
            "passed_provision_id": np.where(passed, names[best], "") if len(row) else [],
            "passed_min": np.where(passed, nearer.min(axis=1, initial=np.inf), np.nan),
            "outside_rules": against,
        }
    )[_PASSING]
