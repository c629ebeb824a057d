"""The journey ledger: year by year, what a scenario does to the day's travel, and through whom.

Under `rolling` present pupils stay put, so the ledger shows how a scheme fills and when its journeys are saved. Totals
are minutes of all day pupils together, there and back on a school day; in every year

change = of pupils who travel in both + of those who now travel - of those who travelled before and now do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

    from sufficiency.model.parameters import Parameters

__all__ = ["journey_ledger"]

_MIN_PER_HOUR = 60


def journey_ledger(
    changes: pd.DataFrame, parameters: Parameters, *, scenario_id: str, against_id: str, policy: str = "rolling"
) -> pd.DataFrame:
    """Return the ledger of one scenario against another.

    Parameters
    ----------
    changes
        Output of `pupil_changes` of the two scenarios.
    parameters
        For journeys_per_day and school_days_per_year.
    scenario_id, against_id
        The scenarios after and before.
    policy
        The allocation policy.

    Returns
    -------
    DataFrame
        A row a year: scenario_id, against_id, policy, year; before_min_per_day, after_min_per_day,
        change_min_per_day and its three parts both_travel_min_per_day, now_travel_min_per_day, no_longer_min_per_day
        (each signed as it enters the change); pupils_nearer, pupils_further (by a minute or more, travelling in both),
        now_travel_pupils, no_longer_pupils; change_hours_per_year and since_start_hours, its running total.

    Raises
    ------
    ParameterError
        When the comparison has no such policy.
    """
    rows = changes[changes["policy"] == policy]
    if rows.empty:
        known = ", ".join(sorted(changes["policy"].unique()))
        message = f"there is no policy {policy!r} to keep a ledger of; there are {known}"
        raise ParameterError(message)
    a_day, days = (int(parameters.value(name)) for name in ("journeys_per_day", "school_days_per_year"))
    before, after = rows["min_before"], rows["min_after"]
    was, now = before.notna(), after.notna()
    parts = rows[["year"]].assign(
        before_min_per_day=before.fillna(0.0),
        after_min_per_day=after.fillna(0.0),
        both_travel_min_per_day=(after - before).where(was & now, 0.0),
        now_travel_min_per_day=after.where(now & ~was, 0.0),
        no_longer_min_per_day=(-before).where(was & ~now, 0.0),
        pupils_nearer=rows["band"].str.startswith("nearer").astype(np.int64),
        pupils_further=rows["band"].str.startswith("further").astype(np.int64),
        now_travel_pupils=(now & ~was).astype(np.int64),
        no_longer_pupils=(was & ~now).astype(np.int64),
    )
    table = parts.groupby("year", as_index=False).sum()
    minutes = [name for name in table.columns if name.endswith("_min_per_day")]
    table[minutes] = table[minutes] * a_day
    table["change_min_per_day"] = table["after_min_per_day"] - table["before_min_per_day"]
    table["change_hours_per_year"] = table["change_min_per_day"] * days / _MIN_PER_HOUR
    table["since_start_hours"] = table["change_hours_per_year"].cumsum()
    table = table.assign(scenario_id=scenario_id, against_id=against_id, policy=policy)
    columns = [
        "scenario_id", "against_id", "policy", "year", "before_min_per_day", "after_min_per_day", "change_min_per_day",
        "both_travel_min_per_day", "now_travel_min_per_day", "no_longer_min_per_day", "pupils_nearer",
        "pupils_further", "now_travel_pupils", "no_longer_pupils", "change_hours_per_year", "since_start_hours",
    ]  # fmt: skip
    return table[columns]
