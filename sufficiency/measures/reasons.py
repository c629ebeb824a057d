"""Why headline pupils have no modelled place: the county's count by reason."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import every_answer
from sufficiency.model.vocabulary import NOT_PLACED, NOT_PLACED_TEXT, UNPLACED_REASONS

TEXTS: Final = {**UNPLACED_REASONS, NOT_PLACED: NOT_PLACED_TEXT}


def reasons_table(scenario_id: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return headline pupils without a modelled place by reason; every reason, zeros included.

    Present placements, which `rolling` starts from, know another: not placed. It stands where there is such a pupil.

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
    as_placed = counts.loc[counts["reason"] == NOT_PLACED, key]
    every = pd.concat([every_answer(rows, reason=list(UNPLACED_REASONS)), as_placed], ignore_index=True)
    full = every.sort_values(["policy", "year"], kind="stable", ignore_index=True).merge(counts, on=key, how="left")
    full["pupils"] = full["pupils"].fillna(0).astype(np.int64)
    return full.assign(scenario_id=scenario_id, reason_text=full["reason"].map(TEXTS))
