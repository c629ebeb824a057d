"""The public table in the shape of a return: the specialist forecast by year group, beside what is printed already.

The year groups of a phase add up to the county's demand of that phase, which the gap prints, and two of them are
printed as phase transfers. Where either is hidden there, no year group of the phase is told in that year: then this
table says nothing that the others do not. Elsewhere the year groups are cells of one sum whose total a reader knows.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.shelf import Shelf, no_mask
from sufficiency.disclosure.suppress import Equations, hide
from sufficiency.model.errors import InfeasibleError, SufficiencyError
from sufficiency.model.vocabulary import ALL, PHASE_NCY

__all__ = ["put_scap"]

_PHASES: Final = ("primary", "secondary", "post_16")
_TRANSFERS: Final = {"Y6": "Y6 to Y7", "Y11": "Y11 to Y12"}
_COLUMNS: Final = ("year", "basis", "level", "area_id", "area_name", "provision_type", "scap_phase", "year_group")


def put_scap(shelf: Shelf, forecast: pd.DataFrame, hide_up_to: int) -> None:
    """Put `scap_style_forecast`, after the gap and the phase transfers.

    Parameters
    ----------
    shelf
        The shelf, with `sufficiency_district_phase` and `phase_transfers` on it.
    forecast
        Output of `measures.scap.scap_table`: one county, year groups and the total of each SCAP phase.
    hide_up_to
        Counts of 1 to this are hidden.

    Raises
    ------
    SufficiencyError
        When year groups do not add up to the demand that the gap prints.
    """
    rows = forecast.reset_index(drop=True)
    phases = rows["year_group"].map(_phase_by_group())
    demand, veiled = _printed_demand(shelf, rows)
    transfers = _printed_transfers(shelf, rows)
    hidden = np.zeros(len(rows), dtype=bool)
    for year, phase in itertools.product(sorted({int(year) for year in rows["year"]}), _PHASES):
        block = rows[(rows["year"] == year) & (phases == phase)]
        if block.empty:  # the survey asks for fewer years of this phase
            continue
        _check_sum(block, demand.get((year, phase)), year, phase)
        told = [transfers.get((year, group)) for group in block["year_group"]]
        shown = np.array([flag is False for flag in told], dtype=bool)
        whole = (year, phase) in veiled or any(told)
        found = _hidden_groups(block["pupils"].to_numpy(np.int64), shown, hide_up_to)
        hidden[block.index.to_numpy()] = found | whole
    totals = rows["year_group"] == ALL
    beneath = {"primary": ("primary",), "secondary": ("secondary", "post_16")}
    for at, year, phase in zip(rows.index[totals], rows["year"][totals], rows["scap_phase"][totals], strict=True):
        hidden[at] = any((int(year), part) in veiled for part in beneath[str(phase)])
    mask = no_mask(rows.assign(level="county", area_name="")).assign(pupils=hidden)
    shelf.put("scap_style_forecast", shelf.named(rows.assign(level="county")), mask, (*_COLUMNS, "pupils", "note"))


def _phase_by_group() -> dict[str, str]:
    out: dict[str, str] = {}
    for phase in _PHASES:
        first, last = PHASE_NCY[phase]
        out |= {"R" if ncy == 0 else f"Y{ncy}": phase for ncy in range(first, last + 1)}
    return out


def _printed_demand(shelf: Shelf, rows: pd.DataFrame) -> tuple[dict[tuple[int, str], int], set[tuple[int, str]]]:
    """Return the county's printed demand by year and phase in the first scenario, and where any scenario hides it."""
    table, mask = shelf.tables["sufficiency_district_phase"], shelf.hidden["sufficiency_district_phase"]
    county = table["area_id"].isin(rows["area_id"].unique())
    flags = mask.loc[county, "demand_pupils"].to_numpy(bool)
    table = table[county]
    keys = [(int(year), str(phase)) for year, phase in zip(table["year"], table["phase"], strict=True)]
    veiled = {key for key, flag in zip(keys, flags, strict=True) if flag}
    first = (table["scenario_id"] == table["scenario_id"].iloc[0]) if len(table) else pd.Series(dtype=bool)
    known = {
        key: int(value)
        for key, value, here in zip(keys, table["demand_pupils"], first, strict=True)
        if here and key not in veiled
    }
    return known, veiled


def _printed_transfers(shelf: Shelf, rows: pd.DataFrame) -> dict[tuple[int, str], bool]:
    """Return, by year and year group, whether the count that phase transfers print of it is hidden."""
    table, mask = shelf.tables["phase_transfers"], shelf.hidden["phase_transfers"]
    here = table["area_id"].isin(rows["area_id"].unique()) & (table["need"] == ALL)
    out: dict[tuple[int, str], bool] = {}
    for group, transfer in _TRANSFERS.items():
        chosen = here & (table["transfer"] == transfer)
        flags = mask.loc[chosen, "pupils"].to_numpy(bool)
        out |= {(int(year), group): bool(flag) for year, flag in zip(table.loc[chosen, "year"], flags, strict=True)}
    return out


def _check_sum(block: pd.DataFrame, printed: int | None, year: int, phase: str) -> None:
    found = int(block["pupils"].sum())
    if printed is not None and found != printed:
        message = f"the year groups of {phase} in {year} add up to {found} pupils, but {printed} are printed"
        raise SufficiencyError(message)


def _hidden_groups(counts: np.ndarray, told: np.ndarray, hide_up_to: int) -> np.ndarray:
    """Return which year groups of a phase are hidden, its total and those told elsewhere being known."""
    size = counts.size
    equations = Equations(
        np.zeros(size + 1, dtype=np.int64), np.arange(size + 1, dtype=np.int64), np.arange(size + 1) == size
    )
    values = np.r_[counts, counts.sum()].astype(np.int64)
    try:
        _, hidden = hide(
            values,
            equations,
            hide_up_to,
            spared=np.r_[told, True],
            rank=np.zeros(size + 1, dtype=np.int64),
            # the total is decided elsewhere: here it is known and never counted as small
            counted=np.arange(size + 1) < size,
        )
    except InfeasibleError:
        # what is told elsewhere leaves too few: this table adds nothing
        return np.ones(size, dtype=bool)
    return np.asarray(hidden[:size], dtype=bool)
