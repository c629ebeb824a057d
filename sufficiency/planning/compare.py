"""One scenario against another: every measure before and after, and who is better or worse off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.results import Comparison
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import ALL, HEADLINE
from sufficiency.planning.gains import pupil_changes, winners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.model.results import Assessment

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
_WINNERS: Final = ["better_off_pupils", "worse_off_pupils"]


def compare(
    assessments: Mapping[str, Assessment],
    outcomes: Mapping[str, pd.DataFrame],
    against_id: str,
    *,
    detail: bool = False,
) -> Comparison:
    """Return every scenario against one of them.

    Parameters
    ----------
    assessments
        By scenario id.
    outcomes
        Output of `sufficiency.measures.outcomes.outcomes`, by scenario id.
    against_id
        The scenario compared with.
    detail
        Whether every phase and need is compared too, and not only the totals of each area. Internal: finer than what
        is released.

    Returns
    -------
    Comparison
        Table `comparison`, a row a measure. Where a scenario changes the pupils themselves, nobody is better or worse
        off than before: those counts are blank.

    Raises
    ------
    DataError
        When the scenarios do not have the same policies, or the same demand and yet different pupils.
    """
    before = _measures(assessments[against_id], detail=detail)
    parts = []
    for scenario_id, assessment in assessments.items():
        if scenario_id == against_id:
            continue
        both = before.merge(
            _measures(assessment, detail=detail), on=[*_KEY, "measure"], how="outer", suffixes=("_before", "_after")
        )
        both = both.rename(columns={"value_before": "before", "value_after": "after"})
        if _same_pupils(assessments[against_id], assessment):
            changes = pupil_changes(outcomes[against_id], outcomes[scenario_id])
            both = both.merge(winners(changes, detail=detail), on=_KEY, how="left")
            both[_WINNERS] = both[_WINNERS].fillna(0)
        else:
            _same_policies(outcomes[against_id], outcomes[scenario_id])
            both[_WINNERS] = pd.NA
        both = both.astype(dict.fromkeys(_WINNERS, "Int64"))
        parts.append(both.assign(scenario_id=scenario_id, against_id=against_id, change=both["after"] - both["before"]))
    if not parts:
        columns = [*_KEY, "measure", "before", "after", "change", *_WINNERS]
        parts = [pd.DataFrame(columns=["scenario_id", "against_id", *columns])]
    return Comparison(against_id, conform(pd.concat(parts, ignore_index=True), "comparison"))


def _same_pupils(before: Assessment, after: Assessment) -> bool:
    """Return whether two scenarios have one forecast: the very table, or another with the same groups and pupils."""
    one, two = (getattr(assessment, "demand", None) for assessment in (before, after))
    if one is None or two is None or one is two:
        return True
    columns = ["group_id", "pupils"]
    left, right = (frame[columns].sort_values("group_id", ignore_index=True) for frame in (one, two))
    return bool(left.equals(right))


def _same_policies(before: pd.DataFrame, after: pd.DataFrame) -> None:
    if set(before["policy"]) != set(after["policy"]):
        message = "scenarios of different pupils or policies cannot be compared"
        raise DataError(message)


def _measures(assessment: Assessment, *, detail: bool) -> pd.DataFrame:
    """Return the measures, long: one value a measure, as float (NaN = does not apply)."""
    gap = assessment.sufficiency
    frames = [gap[gap["provision_type"] == HEADLINE], assessment.journeys]
    if not detail:
        frames = [frame[(frame["phase"] == ALL) & (frame["need"] == ALL)] for frame in frames]
    long = [
        frame[[*_KEY, *columns]].astype(dict.fromkeys(columns, "float64")).melt(_KEY, var_name="measure")
        for frame, columns in zip(frames, (_GAP, _JOURNEY), strict=True)
    ]
    return pd.concat(long, ignore_index=True)
