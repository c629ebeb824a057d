"""Amounts of money and vehicles beside rounded counts: none gives the count behind it back.

An amount that is one price times one count is printed as that price times the rounded count. One that mixes prices, or
is a change, is given to the nearest step of its purse: the dearest price of a pupil times the base, so that a step is
never less than the base in pupils. Where that would print nought for an amount that is not, it is hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.model.rounding import nearest
from sufficiency.model.vocabulary import HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.model.results import Released

__all__ = ["round_money"]

_BANDS: Final = ("gbp_low", "gbp_central", "gbp_high")
_VEHICLES: Final = ("vehicles_low", "vehicles_central", "vehicles_high")
_VIEW: Final = ("sum_gbp", "npv_gbp")
# of kilometres, which are no counts; of nothing that is counted
_UNCOUNTED: Final = {"", "pupil_km"}
# pupils in two types of place, each with its own price
_MIXED: Final = {"headline:other_council_pupils"}
_CAPITAL: Final = "capital"


def round_money(
    exact: Released,
    tables: dict[str, pd.DataFrame],
    hidden: dict[str, pd.DataFrame],
    *,
    base: int,
    money: pd.DataFrame | None,
    dearest: Mapping[str, float],
) -> None:
    """Round the money in `tables`, which are rounded otherwise; `hidden` gets what would be printed as nought.

    Parameters
    ----------
    exact
        The release before counts were rounded.
    tables, hidden
        The tables of the new release and their masks; changed in place.
    base
        5 or 10.
    money
        Table `money` before its release, in the order of the released one.
    dearest
        The dearest published price of a pupil in each purse.
    """
    if len(tables.get("money", ())):
        if money is None or len(money) != len(tables["money"]):
            message = "the money of a release cannot be rounded without the table that it was made of"
            raise ValueError(message)
        _amounts(exact, (tables["money"], hidden["money"]), money.reset_index(drop=True), base, dearest)
    for name in ("money_change", "money_change_years"):
        if len(tables.get(name, ())):
            counted = (tables[name]["purse"] != _CAPITAL).to_numpy(bool)
            steps = _steps(tables[name]["purse"], dearest, base)
            for column in _BANDS:
                _to_steps(tables[name], hidden[name], column, steps, counted)
    if len(tables.get("economic_view", ())):
        frame = tables["economic_view"]
        steps = np.full(len(frame), base * max(dearest.values()))
        for column in _VIEW:
            _to_steps(frame, hidden["economic_view"], column, steps, np.ones(len(frame), dtype=bool))
    if len(tables.get("carbon_change", ())):
        frame = tables["carbon_change"]
        for column in _VEHICLES:
            _to_steps(
                frame, hidden["carbon_change"], column, np.full(len(frame), base), np.ones(len(frame), dtype=bool)
            )


def _steps(purse: pd.Series, dearest: Mapping[str, float], base: int) -> NDArray[np.float64]:
    unknown = sorted(set(purse) - {*dearest, _CAPITAL})
    if unknown:
        message = f"no price of a pupil is known for {', '.join(unknown)}"
        raise ValueError(message)
    return np.array([base * dearest.get(str(one), 1.0) for one in purse], dtype=np.float64)


def _to_steps(
    frame: pd.DataFrame, veil: pd.DataFrame, column: str, steps: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> None:
    """Give a column to the nearest step in the chosen rows; hide what is not nought and would be printed so."""
    kind = frame[column].dtype
    values = frame[column].to_numpy(np.float64, na_value=np.nan)
    coarse = np.sign(values) * np.floor(np.abs(values) / steps + 0.5) * steps
    out = np.where(chosen, coarse + 0.0, values)  # no nought below nought
    lost = chosen & (out == 0) & (values != 0)
    out[lost] = np.nan
    veil[column] = veil[column].to_numpy(bool) | lost
    whole = pd.api.types.is_integer_dtype(kind)
    frame[column] = pd.Series(out, index=frame.index).astype("Int64" if whole and np.isnan(out).any() else kind)


def _amounts(
    exact: Released,
    printed: tuple[pd.DataFrame, pd.DataFrame],
    money: pd.DataFrame,
    base: int,
    dearest: Mapping[str, float],
) -> None:
    """Print the amounts of a price and one count as those of the rounded count."""
    frame, veil = printed
    behind = money["behind"].fillna("").astype(str)
    mixed = behind.isin(_MIXED).to_numpy(bool)
    steps = _steps(frame["purse"], dearest, base)
    for column in _BANDS:
        _to_steps(frame, veil, column, steps, mixed)
    single = ~mixed & ~behind.isin(_UNCOUNTED).to_numpy(bool)
    count = _counts(exact, frame, behind)
    shown = single & ~veil[list(_BANDS)].any(axis=1).to_numpy(bool)
    if np.isnan(count[shown]).any():
        message = "an amount of money stands for a count that is not printed"
        raise ValueError(message)
    ratio = np.where(shown & (count > 0), nearest(count, base) / np.where(count > 0, count, 1), 1.0)
    for column in _BANDS:
        scaled = np.round(money[column].to_numpy(np.float64) * ratio, -2)
        frame[column] = np.where(shown, scaled, frame[column].to_numpy(np.float64, na_value=np.nan))


def _counts(exact: Released, frame: pd.DataFrame, behind: pd.Series) -> NDArray[np.float64]:
    """Return the county's printed count behind each row, NaN where there is none."""
    parts = []
    for name in ("sufficiency_area", "sufficiency_area_type", "journeys_area"):
        table = exact.tables[name]
        table = table[table["level"] == "county"].reset_index(drop=True)
        columns = [str(one) for one in table.columns if one == "pupils" or str(one).endswith("_pupils")]
        kind = table["provision_type"] if "provision_type" in table else pd.Series(HEADLINE, index=table.index)
        floats = table[c.SLICE].join(table[columns].astype("Float64")).assign(kind=kind.astype(str))
        long = floats.melt([*c.SLICE, "kind"], columns, "measure", "count")
        long["behind"] = long["kind"] + ":" + long["measure"].replace({"pupils": "day_pupils"})
        parts.append(long[[*c.SLICE, "behind", "count"]])
    known = pd.concat(parts, ignore_index=True).drop_duplicates([*c.SLICE, "behind"])
    named = frame[c.SLICE].assign(behind=behind)
    joined = named.merge(known, on=[*c.SLICE, "behind"], how="left", validate="m:1")
    return np.asarray(joined["count"].to_numpy(np.float64, na_value=np.nan))
