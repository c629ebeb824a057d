"""Counts rounded to a base, after small ones are hidden: a rule that some councils add to hiding.

It works on the release whose small counts are hidden and which was audited, and uses nothing else but published prices:
what it returns tells a reader no more than that release would have told, only less. Counts of pupils are rounded each
by itself, so that the same count is the same everywhere and a rounded total need not be the sum of rounded parts. What
follows from counts (shares, balances, shortfalls, changes) is worked out anew from rounded ones; amounts that are a
price times one count are that price times the rounded count; changes of amounts are given to the nearest step that no
price makes finer than the base. Where a change would be printed as nought and is not, it is hidden.

`conservation` stays true as printed: its parts are rounded, and pupils in are their printed sum.

Places are not rounded, for they are not persons; nor are minutes, kilometres and what is worked out from kilometres.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.money_rounding import round_money
from sufficiency.model.rounding import nearest, sound_rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sufficiency.model.results import Released

__all__ = ["rounded", "rules_text"]

_PARTS: Final = ("placed", "unplaced", "excluded")
_TOLD: Final = re.compile(r" (\d+)(?=;|$)")
_NEEDED: Final = re.compile(r"^[\d,]+ needed less ([\d,]+) today$")
_BRIDGE_COLUMNS: Final = ("start_pupils", "pupils")


def rules_text(hide_up_to: int, round_counts_to: int) -> str:
    """Return the rule in words, for whoever reads a public output."""
    if not hide_up_to:
        return "Nothing is hidden."
    text = f"Counts of 1 to {hide_up_to} pupils are shown as c, and so is what would give them away"
    if round_counts_to <= 1:
        return f"{text}."
    return (
        f"{text}; other counts of pupils are rounded to the nearest {round_counts_to}, so that a total may differ from "
        "the sum of its parts."
    )


def rounded(
    released: Released,
    *,
    hide_up_to: int,
    round_counts_to: int,
    money: pd.DataFrame | None = None,
    dearest: Mapping[str, float] | None = None,
) -> Released:
    """Return the release with every count of pupils rounded.

    Parameters
    ----------
    released
        A release whose small counts are hidden. Not changed.
    hide_up_to
        Counts of 1 to this are hidden; one that stands in a table without being a figure of the designed set is hidden
        now.
    round_counts_to
        5 or 10; 0 or 1 = the release as it is.
    money
        Table `money` before its release, in the same order: its column ``behind`` names the count that the amounts of
        a row are a multiple of, such as ``headline:day_pupils``. None = there is none.
    dearest
        The dearest published price of a pupil in each purse: changes of amounts are given to the nearest of so many
        pupils' price.

    Raises
    ------
    ValueError
        When a count above `hide_up_to` could be printed as a hidden one.
    """
    if round_counts_to <= 1:
        return released
    if not sound_rule(hide_up_to, round_counts_to):
        message = f"a count above {hide_up_to} could be printed as one of 1 to {hide_up_to}"
        raise ValueError(message)
    tables = {name: frame.copy() for name, frame in released.tables.items()}
    hidden = {name: veil.copy() for name, veil in released.hidden.items()}
    for name, frame in tables.items():
        for column in [str(one) for one in frame.columns]:
            if _is_count(name, column) and pd.api.types.is_numeric_dtype(frame[column]):
                _round_column(frame, hidden[name], column, (hide_up_to, round_counts_to))
    _measured(tables, hidden, hide_up_to, round_counts_to)
    _derived(tables)
    _conserved(tables, hidden, hide_up_to, round_counts_to)
    _bridge(tables, hidden, hide_up_to, round_counts_to)
    if "scheme_effects" in tables and "homes" in tables["scheme_effects"]:
        effects = tables["scheme_effects"]
        effects["homes"] = [_told(str(text), round_counts_to) for text in effects["homes"]]
    round_money(released, tables, hidden, base=round_counts_to, money=money, dearest=dearest or {})
    return dataclasses.replace(released, tables=tables, hidden=hidden)


def _is_count(table: str, column: str) -> bool:
    return (column == "pupils" or column.endswith("_pupils")) and table != "bridge"


def _round_column(
    frame: pd.DataFrame, veil: pd.DataFrame, column: str, rule: tuple[int, int], rows: pd.Series | None = None
) -> None:
    """Round a column, or some of its rows; hide what is small and was not hidden."""
    hide_up_to, base = rule
    kind = frame[column].dtype
    values = frame[column].to_numpy(np.float64, na_value=np.nan)
    chosen = np.ones(len(frame), dtype=bool) if rows is None else rows.to_numpy(bool)
    size = np.abs(values)
    small = chosen & (size >= 1) & (size <= hide_up_to)
    out = np.where(chosen, nearest(values, base), values)
    out[small] = np.nan
    veil[column] = veil[column].to_numpy(bool) | small
    missing = bool(np.isnan(out).any())
    whole = pd.api.types.is_integer_dtype(kind)
    series = pd.Series(out, index=frame.index)
    frame[column] = (
        series.astype("Int64" if missing or str(kind) == "Int64" else kind) if whole else series.astype(kind)
    )


def _measured(tables: dict[str, pd.DataFrame], hidden: dict[str, pd.DataFrame], hide_up_to: int, base: int) -> None:
    """Round the counts in tables that name the measure of each row: the comparison, and the ends of journeys."""
    for name, columns in (("journey_ranges", ("low", "high")), ("comparison_area", ("before", "after"))):
        if name not in tables or "measure" not in tables[name]:
            continue
        frame, veil = tables[name], hidden[name]
        counted = frame["measure"].astype(str).str.endswith("_pupils")
        for column in columns:
            _round_column(frame, veil, column, (hide_up_to, base), counted)


def _derived(tables: dict[str, pd.DataFrame]) -> None:
    """Work out anew what follows from counts."""
    area = tables.get("sufficiency_area")
    if area is not None:
        demand = area["demand_pupils"].astype("Float64")
        if "without_local_place_share" in area:
            share = area["without_local_place_pupils"].astype("Float64") / demand.where(demand > 0)
            area["without_local_place_share"] = share.where(area["without_local_place_share"].notna())
        if "location_balance_places" in area:
            balance = (area["capacity_places"] - area["demand_pupils"]).astype("Int64")
            area["location_balance_places"] = balance.where(area["location_balance_places"].notna())
    used = tables.get("occupancy_district_type")
    if used is not None and len(used):
        places, placed = used["capacity_places"], used["placed_pupils"].astype("Int64")
        used["empty_places"] = (places - placed).where(used["empty_places"].notna())
        share = placed.astype("Float64") / places.where(places > 0)
        used["used_share"] = share.where(used["used_share"].notna())
    programme = tables.get("programme_places")
    if programme is not None and len(programme):
        short = (programme["demand_pupils"] - programme["capacity_places"]).astype("Int64")
        programme["shortfall_places"] = short.where(programme["shortfall_places"].notna())
    compared = tables.get("comparison_area")
    if compared is not None and len(compared):
        if area is not None and "location_balance_places" in area:
            _balances(compared, area)
        change = (compared["after"] - compared["before"]).round(6)
        compared["change"] = change.where(compared["change"].notna())


def _balances(compared: pd.DataFrame, area: pd.DataFrame) -> None:
    balance = compared["measure"] == "location_balance_places"
    key = ["policy", "year", "area_id"]
    known = area.set_index(["scenario_id", *key])["location_balance_places"].astype("Float64")
    for scenario, column in (("against_id", "before"), ("scenario_id", "after")):
        index = pd.MultiIndex.from_frame(compared.loc[balance, [scenario, *key]])
        values = known.reindex(index).to_numpy(np.float64, na_value=np.nan)
        told = compared.loc[balance, column].notna().to_numpy(bool)
        compared.loc[balance, column] = np.where(told, values, np.nan)


def _conserved(tables: dict[str, pd.DataFrame], hidden: dict[str, pd.DataFrame], hide_up_to: int, base: int) -> None:
    """Round the parts of `conservation`; pupils in are the sum of the printed parts, hidden where one is hidden."""
    frame = tables.get("conservation")
    if frame is None or not len(frame):
        return
    veil = hidden["conservation"]
    for column in _PARTS:
        _round_column(frame, veil, column, (hide_up_to, base))
    total = frame[list(_PARTS)].astype("Int64").sum(axis=1, skipna=False)
    frame["in"] = total if total.isna().any() else total.astype(np.int64)
    veil["in"] = veil["in"].to_numpy(bool) | veil[list(_PARTS)].any(axis=1).to_numpy(bool)


def _bridge(tables: dict[str, pd.DataFrame], hidden: dict[str, pd.DataFrame], hide_up_to: int, base: int) -> None:
    """Let the steps of the bridge meet again: its end is the rounded demand less places, the step before what is left.

    The note of the last step tells the demand and is told anew. Where the step that makes them meet becomes small, the
    bridge stands without figures, as it does in the release where a step is small.
    """
    frame = tables.get("bridge")
    if frame is None or not len(frame) or bool(hidden["bridge"]["pupils"].any()):
        return
    exact = frame["pupils"].to_numpy(np.int64)
    steps = nearest(exact, base).astype(np.int64)
    notes = frame["note"].astype(str).tolist()
    found = _NEEDED.match(notes[-1])
    capacity = int(found.group(1).replace(",", "")) if found else 0
    needed = int(nearest(exact[-1] + capacity, base))
    steps[-1] = needed - capacity
    steps[-2] = steps[-1] - steps[:-2].sum()
    starts = np.r_[0, np.cumsum(steps[:-2]), 0].astype(np.int64)
    small = bool(((np.abs(steps) >= 1) & (np.abs(steps) <= hide_up_to)).any())
    if found:
        notes[-1] = f"{needed:,} needed less {capacity:,} today" if not small else "needed less places today"
    frame["note"] = notes
    for column, values in zip(_BRIDGE_COLUMNS, (starts, steps), strict=True):
        frame[column] = pd.array([pd.NA] * len(frame), dtype="Int64") if small else values
        hidden["bridge"][column] = small


def _told(homes: str, base: int) -> str:
    """Return the homes of a scheme's pupils in words, with rounded counts."""
    return _TOLD.sub(lambda found: f" {int(nearest(int(found.group(1)), base))}", homes)
