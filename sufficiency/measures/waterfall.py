"""The gap as a waterfall: from all headline pupils, step by step, to those for whom there is no modelled place.

demand - placed locally = without a local place = other councils' schools + independent schools + no modelled place, the
last by its reason. Every step adds up, in every area, policy and year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import every_answer
from sufficiency.measures.sufficiency import LEVEL_COLUMNS
from sufficiency.model.vocabulary import NOT_PLACED, UNPLACED_REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["waterfall_table"]

DEMAND: Final = "demand"
STEPS: Final = (DEMAND, "local", "other_council", "independent", *UNPLACED_REASONS, NOT_PLACED, "excluded")


def waterfall_table(scenario_id: str, rows: pd.DataFrame, area_ids: Sequence[str]) -> pd.DataFrame:
    """Return the steps of the gap by area of residence. Internal: small areas hold small numbers.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    area_ids
        Areas: county, districts, clusters.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, area_id, step (1 ...), item (demand; local, other_council, independent; a reason of
        having no modelled place; excluded), pupils, left_pupils: those not yet accounted for after the step, 0 after
        the last.
    """
    headline = rows[rows["headline"]]
    item = headline["outcome"].where(headline["outcome"] != "unplaced", headline["reason"])
    key = ["policy", "year", "area_id", "item"]
    parts = []
    for level in LEVEL_COLUMNS.values():
        here = headline.assign(area_id=headline[level], item=item)
        here = here[here["area_id"] != ""]
        parts += [here, here.assign(item=DEMAND)]
    counts = pd.concat(parts, ignore_index=True).groupby(key, as_index=False)[["pupils"]].sum()
    table = every_answer(rows, area_id=area_ids, item=STEPS).merge(counts, on=key, how="left")
    table["pupils"] = table["pupils"].fillna(0).astype(np.int64)
    table["step"] = table.groupby(["policy", "year", "area_id"]).cumcount() + 1
    change = table["pupils"].where(table["item"] == DEMAND, -table["pupils"])
    table["left_pupils"] = change.groupby([table[name] for name in key[:-1]]).cumsum()
    columns = ["scenario_id", "policy", "year", "area_id", "step", "item", "pupils", "left_pupils"]
    return table.assign(scenario_id=scenario_id)[columns]
