"""What printed changes by mitigations tell of one another: parts of a sum, and cases in order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.disclosure.reader import CHANGE
from sufficiency.disclosure.tellings import figures_at, numbers
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sufficiency.disclosure.pen import Pen
    from sufficiency.model.results import Released

__all__ = ["write_changes"]

_TABLE: Final = "mitigation_deltas"


def write_changes(pen: Pen, released: Released, county_id: str) -> None:
    """Write that what all mitigations change together is about the sum of what each does, and cases lie in order.

    Each change is rounded by itself. Where none is printed that adds pupils, a reader takes none to do so.

    Parameters
    ----------
    pen
        Over the figures.
    released
        The release.
    county_id
        The county's area_id.
    """
    table = released.tables.get(_TABLE)
    if table is None or not len(table):
        return
    table, veil = table.reset_index(drop=True), released.hidden[_TABLE].reset_index(drop=True)
    columns = [name for name in table.columns if name.endswith("_change_pupils")]
    value = {name: numbers(table, name) for name in columns}
    if any((value[name] > 0).any() for name in columns):
        return
    figures = {name: _figures(pen, table, name, county_id) for name in columns}
    for name in columns:
        there = figures[name][figures[name] >= 0]
        pen.single(there, np.full(len(there), -np.inf), np.zeros(len(there)))
        for _, year in table[figures[name] >= 0].groupby("year"):
            at = year.index.to_numpy(np.int64)
            _sum(pen, figures[name][at], value[name][at], (year["mitigation_id"] == ALL).to_numpy(bool),
                 veil.loc[at, name].to_numpy(bool))  # fmt: skip
    for measure in ("headline", "plans"):
        cases = [f"{end}{measure}_change_pupils" for end in ("low_", "", "high_")]
        for less, more in itertools.pairwise(cases):
            if less in figures and more in figures and not bool((value[less] < value[more]).any()):
                pen.no_more(figures[more], figures[less])


def _figures(pen: Pen, table: pd.DataFrame, column: str, county_id: str) -> NDArray[np.int64]:
    out = np.full(len(table), -1, dtype=np.int64)
    for name in table["mitigation_id"].unique():
        here = (table["mitigation_id"] == name).to_numpy(bool)
        rows = table[here].assign(area_id=county_id, scenario_id="")
        out[here] = figures_at(pen, rows, f"{CHANGE}{column}:{name}")
    return out


def _sum(
    pen: Pen, figure: NDArray[np.int64], value: NDArray[np.float64], whole: NDArray[np.bool_], veil: NDArray[np.bool_]
) -> None:
    """Write the sum of a year, unless what is printed denies it."""
    slack = 0.5 * (int((~whole).sum()) + 1)
    apart = float(np.nansum(value[whole]) - np.nansum(value[~whole]))
    denied = not veil[whole].any() and (apart > slack or (not veil.any() and apart < -slack))
    if int(whole.sum()) != 1 or denied:
        return
    pen.rows(np.zeros(len(figure), dtype=np.int64), figure, np.where(whole, 1.0, -1.0), np.array([-slack]),
             np.array([slack]))  # fmt: skip
