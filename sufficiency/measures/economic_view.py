"""The economic view over years, and what a sum of capital buys: neither is part of a purse.

net present value = Σ over years t = 0, 1, ... of flow ÷ (1 + r)^t, with the first year not discounted (HM Treasury, the
Green Book). A positive value is a cost. With r = 0 it is the sum of the flows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sufficiency.model.parameters import Parameters

ECONOMIC_SENTENCE: Final = (
    "An economic view adds purses up over years and is not a budget: a saving in one purse pays no cost in another."
)
_PENNY: Final = 0.005


def net_present_value(flows: Sequence[float], rate: float) -> float:
    """Return the value today of a flow a year, the first of them today.

    Parameters
    ----------
    flows
        Pounds by year; positive = cost.
    rate
        How much less a pound of next year counts, a share a year, at least 0.

    Raises
    ------
    DataError
        When the rate is below 0 or a flow is blank.
    """
    values = np.asarray(flows, dtype=np.float64)
    if not rate >= 0 or np.isnan(values).any():
        message = "a value today needs a discount rate of at least 0 and an amount in every year"
        raise DataError(message)
    return math.fsum(values / (1.0 + rate) ** np.arange(len(values)))


def payback_years(flows: Sequence[float]) -> int | None:
    """Return the year, from 0, by which savings have met every cost before it, for good; None where they never do.

    Not discounted. 0 where nothing is ever owed.
    """
    owed = np.flatnonzero(np.cumsum(np.asarray(flows, dtype=np.float64)) > _PENNY)
    if not len(owed):
        return 0
    return None if owed[-1] == len(flows) - 1 else int(owed[-1]) + 1


def capital_buys(parameters: Parameters, wanted: Mapping[str, int]) -> pd.DataFrame:
    """Return how many base places the capital for bases buys at the low, central and high cost of a place.

    Parameters
    ----------
    parameters
        ``specialist_base_capital_gbp`` and ``capital_gbp_per_base_place``.
    wanted
        Numbers of places to hold it against, by what they are.

    Returns
    -------
    DataFrame
        A row a case and number: case (low, central, high), gbp_per_place, capital_gbp, places_bought (whole places),
        wanted, wanted_places, short_places, needed_gbp = wanted_places × gbp_per_place, short_gbp, and
        gbp_per_wanted_place = capital ÷ wanted_places (NaN for 0). What is not short is 0.
    """
    capital = float(parameters.value("specialist_base_capital_gbp"))
    rows = []
    for case, rate in zip(("low", "central", "high"), parameters.range("capital_gbp_per_base_place"), strict=True):
        # a place that costs nothing is not bought; the least bit below a whole place is rounding
        bought = math.floor(capital / rate + 1e-9) if rate > 0 else 0
        for name, places in wanted.items():
            needed = places * float(rate)
            rows.append(
                {
                    "case": case,
                    "gbp_per_place": float(rate),
                    "capital_gbp": capital,
                    "places_bought": bought,
                    "wanted": name,
                    "wanted_places": int(places),
                    "short_places": max(0, int(places) - bought) if rate > 0 else 0,
                    "needed_gbp": needed,
                    "short_gbp": max(0.0, needed - capital),
                    "gbp_per_wanted_place": capital / places if places else math.nan,
                }
            )
    return pd.DataFrame(rows)
