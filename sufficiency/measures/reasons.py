"""Why headline pupils have no modelled place: the county's count by reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import UNPLACED_REASONS


def reasons_table(scenario_id: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return headline pupils without a modelled place by reason; every reason, zeros included.

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
    index = pd.MultiIndex.from_product(
        [sorted(rows["policy"].unique()), sorted(rows["year"].unique()), list(UNPLACED_REASONS)], names=key
    )
    full = index.to_frame(index=False).merge(counts, on=key, how="left")
    full["pupils"] = full["pupils"].fillna(0).astype(np.int64)
    return full.assign(scenario_id=scenario_id, reason_text=full["reason"].map(UNPLACED_REASONS))
