"""The bridge from today's places to the shortfall of the headline year, as PLANNING's definition A reads the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sufficiency.model.vocabulary import HEADLINE_TYPES, year_label

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs


def bridge_table(inputs: Inputs, demand: pd.DataFrame) -> pd.DataFrame:
    """Return the steps from pupils placed elsewhere to the shortfall.

    shortfall = placed elsewhere (independent and non-maintained + other councils' schools) + growth - local places not
    filled by residents; the last is what makes the steps meet, and is stated as such.

    Returns
    -------
    DataFrame
        step, item, pupils (signed: what it adds), start_pupils, note. ``start_pupils`` is the running total before
    """
    parameters = inputs.parameters
    start, end = parameters.calibration_year, parameters.headline_year
    total = demand.groupby("year")["pupils"].sum()
    local = inputs.provision[inputs.provision["tier"] == "local"]
    local = local[local["provision_type"].isin(HEADLINE_TYPES)]
    places = inputs.places[
        inputs.places["provision_id"].isin(local["provision_id"]) & (inputs.places["year"] == parameters.first_year)
    ]
    capacity = int(places["planned_places"].sum())
    tiers = inputs.provision.set_index("provision_id")["tier"]
    held = inputs.places[inputs.places["year"] == start].assign(tier=lambda frame: frame["provision_id"].map(tiers))
    independent = int(held.loc[held["tier"] == "independent", "planned_places"].sum())
    elsewhere = int(held.loc[held["tier"] == "other_council", "planned_places"].sum())
    growth = int(total[end] - total[start])
    shortfall = int(total[end]) - capacity
    unfilled = independent + elsewhere + growth - shortfall
    filling = "what makes the steps meet: other councils' pupils, vacancies and under-recorded bases"
    steps = [
        (
            f"In independent and non-maintained schools, {year_label(start)}",
            independent,
            "published total of residents' placements",
        ),
        (
            f"In other councils' state schools, {year_label(start)}",
            elsewhere,
            "illustrative: at least 180 by the published totals",
        ),
        (
            f"Growth in demand to {year_label(end)}",
            growth,
            "the plan's forecast less the calibration year's demand",
        ),
        ("Less local places not filled by residents", -unfilled, filling),
    ]
    rows, running = [], 0
    for item, pupils, note in steps:
        rows.append((item, pupils, running, note))
        running += pupils
    rows.append(
        (
            f"Shortfall of local places, {year_label(end)}",
            shortfall,
            0,
            f"{int(total[end]):,} needed less {capacity:,} today",
        )
    )
    table = pd.DataFrame(rows, columns=["item", "pupils", "start_pupils", "note"])
    return table.assign(step=range(1, len(table) + 1))[["step", "item", "start_pupils", "pupils", "note"]]
