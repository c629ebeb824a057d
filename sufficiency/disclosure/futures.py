"""The public tables of what may be otherwise: the range of the forecast, mitigations, who awaits a place, the accounts.

A range is hidden where the count that it surrounds is hidden, or small itself; its ends are given to the nearest five,
so that they tell nothing of a few. Clusters get their total only, as everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.shelf import Shelf, hidden_counts, hidden_frame, no_mask
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["put_futures"]

_ENDS: Final = ("p10_pupils", "p50_pupils", "p90_pupils")
_ROUND_TO: Final = 5
# Files whose rows are children, by the beginning of their kind.
_PERSONAL: Final = ("SEN2", "table placements", "table caseload", "table awaiting", "table demand")


def put_futures(shelf: Shelf, tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, hide_up_to: int) -> None:
    """Put those of the tables that the run has, after the gap."""
    if "forecast_range" in tables:
        _put_range(shelf, tables["forecast_range"], hide_up_to)
    if "mitigation_deltas" in tables:
        county_id = str(areas.loc[areas["level"] == "county", "area_id"].iloc[0])
        _put_mitigations(shelf, tables["mitigation_deltas"], county_id, hide_up_to)
    if "awaiting_area" in tables:
        _put_awaiting(shelf, tables["awaiting_area"], areas, hide_up_to)
    if "accounts" in tables:
        rows = tables["accounts"]
        rows = rows[~rows["kind"].str.startswith(_PERSONAL)].reset_index(drop=True)
        shelf.put("accounts", rows, no_mask(rows), list(rows.columns))


def _put_range(shelf: Shelf, ranges: pd.DataFrame, hide_up_to: int) -> None:
    total = (ranges["phase"] == ALL) & (ranges["need"] == ALL)
    county = (ranges["level"] == "county") & ((ranges["phase"] == ALL) | (ranges["need"] == ALL))
    by_phase = (ranges["level"] == "district") & (ranges["need"] == ALL)
    rows = ranges[total | county | by_phase].reset_index(drop=True)
    # of the year that the forecast starts from, every draw is the count itself
    rows = rows[rows["p90_pupils"] > rows["p10_pupils"]].reset_index(drop=True)
    # an end of 6 would be printed as 5
    rounded = (rows[list(_ENDS)] / _ROUND_TO).round() * _ROUND_TO
    ends_small = rounded.le(hide_up_to).any(axis=1) & (hide_up_to > 0)
    small = ends_small | rows["pupils"].between(1, hide_up_to)
    hidden = small | _hidden_demand(shelf, rows)
    mask = no_mask(rows).assign(**dict.fromkeys(_ENDS, hidden))
    ends = {name: (np.round(rows[name] / _ROUND_TO) * _ROUND_TO).astype("Int64") for name in _ENDS}
    rows = shelf.named(rows.assign(**ends))
    columns = ("level", "area_id", "area_name", "year", "phase", "need", "provision_type", *_ENDS)
    shelf.put("forecast_range", rows, mask, (*columns, "above_places_draws_share"))


def _hidden_demand(shelf: Shelf, rows: pd.DataFrame) -> pd.Series:
    """Return whether the demand that a row is the range of is hidden anywhere in the gap."""
    key = ["year", "area_id", "phase", "need", "provision_type"]
    parts = []
    for name, frame in shelf.tables.items():
        if not name.startswith("sufficiency_"):
            continue
        blank = {"phase": ALL, "need": ALL, "provision_type": HEADLINE}
        full = frame.assign(**{column: code for column, code in blank.items() if column not in frame.columns})
        parts.append(full.loc[shelf.hidden[name]["demand_pupils"].to_numpy(bool), key])
    listed = pd.MultiIndex.from_frame(pd.concat(parts, ignore_index=True).drop_duplicates())
    return pd.Series(pd.MultiIndex.from_frame(rows[key]).isin(listed), index=rows.index)


def _put_mitigations(shelf: Shelf, deltas: pd.DataFrame, county_id: str, hide_up_to: int) -> None:
    """Put what mitigations change.

    A change of few pupils is hidden, and so is a case that differs from it by few. What all do together is about the
    sum of the parts: so beside a hidden part another is hidden, or the sum.
    """
    rows = deltas.reset_index(drop=True)
    mask = no_mask(rows)
    for measure in ("headline", "plans"):
        central = rows[f"{measure}_change_pupils"].astype("Float64")
        for end in ("", "low_", "high_"):
            name = f"{end}{measure}_change_pupils"
            size = rows[name].astype("Float64").abs()
            apart = (rows[name].astype("Float64") - central).abs()
            few = (size.between(1, hide_up_to) | apart.between(1, hide_up_to)).fillna(False)
            mask[name] = _beside_parts(rows, size.fillna(0), few.astype(bool))
    counts = [name for name in rows.columns if name.endswith("_pupils")]
    # mitigations are of no scenario
    mask = hidden_counts(
        shelf, "mitigations", (rows.assign(scenario_id=""), mask), key=["scenario_id", "year", "mitigation_id"],
        columns=counts, measure=lambda long: c.CHANGE + long["column"] + ":" + long["mitigation_id"],
        place=(county_id, hide_up_to),
    )  # fmt: skip
    shelf.put("mitigation_deltas", rows, mask, list(rows.columns))


def _beside_parts(rows: pd.DataFrame, size: pd.Series, few: pd.Series) -> pd.Series:
    """Return what is hidden of a column: the few, and in each year the smallest other part, or the sum of all."""
    hidden = few.copy()
    together = rows["mitigation_id"] == ALL
    for _, year in rows.groupby("year"):
        part, whole = year.index[~together[year.index]], year.index[together[year.index]]
        if not hidden[year.index].any():
            continue
        others = size[part][~hidden[part] & (size[part] > 0)].sort_values(kind="stable")
        if hidden[whole].all() and hidden[part].any():
            continue
        if len(others) > 1 or hidden[whole].any():
            hidden[others.index[:1]] = True
        else:
            hidden[whole] = True
    return hidden


def _put_awaiting(shelf: Shelf, awaiting: pd.DataFrame, areas: pd.DataFrame, hide_up_to: int) -> None:
    rows = awaiting.reset_index(drop=True)
    hidden = shelf.hide("awaiting", c.side_cells(rows, ["pupils"], areas), hide_up_to)
    mask = hidden_frame(rows, ["year", "area_id", "phase"], ["pupils"], hidden)
    rows = shelf.named(rows.merge(areas[["area_id", "level"]], on="area_id", how="left", validate="m:1"))
    kept = (rows["level"] != "cluster") | (rows["phase"] == ALL)
    columns = ("year", "level", "area_id", "area_name", "phase", "pupils")
    shelf.put("awaiting_area", rows[kept], mask[kept], columns)
