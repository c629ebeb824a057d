"""Academic years to financial years (April to March), to the penny; a financial year is named by its April."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

BANDS: Final = ("gbp_low", "gbp_central", "gbp_high")
_FIRST_TWELFTHS: Final = 7  # September to March


def financial_years(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of academic years by financial year: 7/12 in the first, 5/12 in the next.

    Parameters
    ----------
    table
        year (the September that an academic year starts), any of gbp_low, gbp_central, gbp_high, and further columns,
        which tell rows apart. Flows over a year only: capital is spread by `capital_by_financial_year`.

    Returns
    -------
    DataFrame
        The other columns, financial_year (the April that it starts) and the pounds, whole pence. Each column adds up
        to the pence of the table given.
    """
    return _split(table, _FIRST_TWELFTHS / 12, first=0)


def capital_by_financial_year(capital: pd.DataFrame, before_opening_share: float) -> pd.DataFrame:
    """Return capital, given by the September of opening, by the financial year in which it is spent.

    Parameters
    ----------
    capital
        year (of opening), gbp_low, gbp_central, gbp_high and further columns.
    before_opening_share
        Part spent in the financial year before that of the opening; the rest is spent in the year of the opening.
    """
    return _split(capital, before_opening_share, first=-1)


def _to_pence(pounds: pd.DataFrame) -> pd.DataFrame:
    """Return pounds as whole pence, int64."""
    return (pounds * 100).round().astype(np.int64)


def _split(table: pd.DataFrame, share: float, first: int) -> pd.DataFrame:
    bands = [band for band in BANDS if band in table.columns]
    others = [column for column in table.columns if column not in {"year", *bands}]
    pence = _to_pence(table[bands])
    earlier = (pence * share).round().astype(np.int64)
    parts = [
        table[others].assign(financial_year=table["year"] + first + step, **{band: part[band] for band in bands})
        for step, part in enumerate((earlier, pence - earlier))
    ]
    key = [*others, "financial_year"]
    both = pd.concat(parts, ignore_index=True)
    out = both.groupby(key, as_index=False, sort=True, dropna=False)[bands].sum()
    return out.assign(**{band: out[band] / 100 for band in bands}).astype({"financial_year": "int64"})
