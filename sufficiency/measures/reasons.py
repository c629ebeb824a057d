"""Why headline pupils have no modelled place: the county's count by reason."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import every_answer
from sufficiency.model.vocabulary import NOT_PLACED, NOT_PLACED_TEXT, UNPLACED_REASONS

AS_PLACED: Final = "as_placed"
TEXTS: Final = {**UNPLACED_REASONS, NOT_PLACED: NOT_PLACED_TEXT}


def reasons_table(scenario_id: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return headline pupils without a modelled place by reason; every reason, zeros included.

    Present placements, which `rolling` starts from, know one reason: not placed.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, reason, reason_text, pupils.
    """
    key = ["policy", "year", "reason"]
    without = rows[rows["headline"] & (rows["outcome"] == "unplaced")]
    counts = without.groupby(key, as_index=False)["pupils"].sum()
    answers, observed = every_answer(rows), counts.loc[counts["reason"] == NOT_PLACED, ["policy", "year"]]
    as_placed = pd.concat([answers[answers["policy"] == AS_PLACED], observed]).drop_duplicates()
    modelled = answers.merge(as_placed, how="left", indicator=True).query("_merge == 'left_only'")[["policy", "year"]]
    parts = [one.merge(pd.DataFrame({"reason": codes}), how="cross") for one, codes in (
        (modelled, list(UNPLACED_REASONS)), (as_placed, [NOT_PLACED]),
    )]  # fmt: skip
    full = pd.concat(parts, ignore_index=True).merge(counts, on=key, how="left")
    full["pupils"] = full["pupils"].fillna(0).astype(np.int64)
    return full.assign(scenario_id=scenario_id, reason_text=full["reason"].map(TEXTS))
