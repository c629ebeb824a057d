"""One scenario against another: every measure before and after, and who is better or worse off.

A pupil is better off with a place of a better tier (local before another council's before independent before none),
or with one of the same tier at least `MINUTES` nearer; worse off the other way round. Pupils of one group are alike, so
they are compared in order of their outcome: the best with the best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.measures.sufficiency import LEVEL_COLUMNS
from sufficiency.model.errors import DataError
from sufficiency.model.results import Comparison
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.model.results import Assessment

MINUTES: Final = 1.0
_RANK: Final = {"local": 0, "other_council": 1, "independent": 2, "unplaced": 3, "excluded": 4}
_GAP: Final = (
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "without_local_place_pupils",
    "capacity_places",
    "location_balance_places",
)
_JOURNEY: Final = (
    "mean_min",
    "median_min",
    "p90_min",
    "over_limit_pupils",
    "ridden_mean_min",
    "ridden_over_limit_pupils",
    "pupil_km_per_year",
    "cost_gbp_central",
    "kgco2e_central",
)
_KEY: Final = ["policy", "area_id", "year", "phase", "need"]


def compare(assessments: Mapping[str, Assessment], outcomes: Mapping[str, pd.DataFrame], against_id: str) -> Comparison:
    """Return every scenario against one of them.

    Parameters
    ----------
    assessments
        By scenario id.
    outcomes
        Output of `sufficiency.measures.outcomes.outcomes`, by scenario id.
    against_id
        The scenario compared with.

    Returns
    -------
    Comparison
        Table `comparison` of the area totals, a row a measure.

    Raises
    ------
    DataError
        When the scenarios do not have the same pupils and policies.
    """
    before = _measures(assessments[against_id])
    units = _units(outcomes[against_id])
    parts = []
    for scenario_id, assessment in assessments.items():
        if scenario_id == against_id:
            continue
        both = before.merge(_measures(assessment), on=[*_KEY, "measure"], how="outer", suffixes=("_before", "_after"))
        both = both.rename(columns={"value_before": "before", "value_after": "after"})
        both = both.merge(_winners(units, _units(outcomes[scenario_id])), on=["policy", "area_id", "year"], how="left")
        both[["better_off_pupils", "worse_off_pupils"]] = (
            both[["better_off_pupils", "worse_off_pupils"]].fillna(0).astype(np.int64)
        )
        parts.append(both.assign(scenario_id=scenario_id, against_id=against_id, change=both["after"] - both["before"]))
    if not parts:
        columns = [*_KEY, "measure", "before", "after", "change", "better_off_pupils", "worse_off_pupils"]
        parts = [pd.DataFrame(columns=["scenario_id", "against_id", *columns])]
    table = conform(pd.concat(parts, ignore_index=True), "comparison")
    return Comparison(against_id, table)


def _measures(assessment: Assessment) -> pd.DataFrame:
    """Return the area totals, long: one value a measure, as float (NaN = does not apply)."""
    gap, trips = assessment.sufficiency, assessment.journeys
    gap = gap[(gap["phase"] == ALL) & (gap["need"] == ALL) & (gap["provision_type"] == HEADLINE)]
    trips = trips[(trips["phase"] == ALL) & (trips["need"] == ALL)]
    long = [
        frame[[*_KEY, *columns]].astype(dict.fromkeys(columns, "float64")).melt(_KEY, var_name="measure")
        for frame, columns in ((gap, _GAP), (trips, _JOURNEY))
    ]
    return pd.concat(long, ignore_index=True)


class _Units(NamedTuple):
    """One entry a headline pupil, in order of policy and group, the best outcome first within a group."""

    policy: NDArray[np.object_]
    group: NDArray[np.object_]
    rank: NDArray[np.int64]
    minutes: NDArray[np.float64]
    row: pd.DataFrame
    """Year and areas of residence of each entry's group."""


def _units(rows: pd.DataFrame) -> _Units:
    headline = rows[rows["headline"]]
    minutes = headline["travel_min"].where(headline["attendance"] == "day").fillna(0.0).to_numpy(np.float64)
    rank = headline["outcome"].map(_RANK).to_numpy(np.int64)
    policy, _ = pd.factorize(headline["policy"], sort=True)
    group, _ = pd.factorize(headline["group_id"], sort=True)
    order = np.lexsort((minutes, rank, group, policy))
    each = np.repeat(order, headline["pupils"].to_numpy(np.int64)[order])
    return _Units(
        headline["policy"].to_numpy(object)[each],
        headline["group_id"].to_numpy(object)[each],
        np.asarray(rank[each], dtype=np.int64),
        minutes[each],
        headline[["policy", "year", *LEVEL_COLUMNS.values()]].iloc[each],
    )


def _winners(before: _Units, after: _Units) -> pd.DataFrame:
    """Return better_off_pupils and worse_off_pupils by policy, area and year."""
    same_pupils = len(before.group) == len(after.group)
    if not same_pupils or bool((before.group != after.group).any() or (before.policy != after.policy).any()):
        message = "scenarios of different pupils or policies cannot be compared"
        raise DataError(message)
    same = before.rank == after.rank
    nearer = before.minutes - after.minutes
    both = before.row.assign(
        better_off_pupils=((after.rank < before.rank) | (same & (nearer >= MINUTES))).astype(np.int64),
        worse_off_pupils=((after.rank > before.rank) | (same & (nearer <= -MINUTES))).astype(np.int64),
    )
    columns = ["better_off_pupils", "worse_off_pupils"]
    lowest = both.groupby(["policy", "year", *LEVEL_COLUMNS.values()], as_index=False)[columns].sum()
    parts = []
    for column in LEVEL_COLUMNS.values():
        located = lowest[lowest[column] != ""].rename(columns={column: "area_id"})
        parts.append(located.groupby(["policy", "area_id", "year"], as_index=False)[columns].sum())
    return pd.concat(parts, ignore_index=True)
