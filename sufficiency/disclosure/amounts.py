"""What printed percentiles and amounts of money tell of the counts behind them, as relations.

A percentile on one side of the limit of a journey says how many can be on the other. An amount that is a published
price times a count says the count, as closely as its rounding allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.tellings import figures_at, numbers
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from sufficiency.disclosure.pen import Pen
    from sufficiency.model.results import Released

# half of what minutes are rounded to, at most: those of clusters are whole
_HALF_MIN: Final = 0.5 + 1e-9
# half of what pounds are rounded to
_HALF_GBP: Final = 50.0 + 1e-6
_PERCENTILES: Final = (("median_min", 0.5), ("p90_min", 0.9))
_LIMIT_OF: Final = {
    "early_years": "journey_limit_primary_min",
    "primary": "journey_limit_primary_min",
    "secondary": "journey_limit_secondary_min",
    "post_16": "journey_limit_post_16_min",
    "post_19": "journey_limit_post_16_min",
}
# items of the money that are published prices times counts of the county: of each the prices, the measure and the type
_PRICED: Final = {
    "Local special-school places": ((("special_school_place_gbp",), "placed_local_pupils", "special_school"),),
    "Local specialist-base places": ((("specialist_base_place_gbp",), "placed_local_pupils", "specialist_base"),),
    "Places in other councils' schools": (
        (("special_school_place_gbp",), "other_council_pupils", "special_school"),
        (("specialist_base_place_gbp",), "other_council_pupils", "specialist_base"),
    ),
    "Independent and non-maintained places": ((("independent_place_gbp",), "independent_pupils", HEADLINE),),
    "Average basis": ((("transported_share", "transport_gbp_per_pupil"), "day_pupils", HEADLINE),),
}


def write_amounts(pen: Pen, released: Released, county_id: str) -> None:
    """Write what percentiles and money tell.

    Parameters
    ----------
    pen
        Over the figures.
    released
        The release.
    county_id
        The county's area_id.
    """
    said = _said(released)
    for name in ("journeys_area", "journeys_district_phase"):
        _percentiles(pen, released.tables.get(name), said)
    _prices(pen, released.tables.get("money"), said, county_id)


def _said(released: Released) -> dict[str, float]:
    """Return the published assumptions that are numbers."""
    table = released.tables.get("assumptions")
    if table is None or not len(table):
        return {}
    value = pd.to_numeric(table["value"], errors="coerce")
    return dict(zip(table.loc[value.notna(), "name"].astype(str), value.dropna().astype(float), strict=True))


def _percentiles(pen: Pen, table: pd.DataFrame | None, said: dict[str, float]) -> None:
    """Write how many are over the limit by where the median and the 90th percentile lie.

    The p-th percentile is attained: at least p of all travel no longer. Where it is under the least limit of the
    phases, all these are within it, and over <= (1 - p) x pupils. Where it is over the greatest limit, more than
    (1 - p) x pupils, and whoever attains it, are over: over >= (1 - p) x pupils.
    """
    limits = {phase: said[name] for phase, name in _LIMIT_OF.items() if name in said}
    if table is None or not len(table) or len(limits) < len(_LIMIT_OF):
        return
    phase = table["phase"] if "phase" in table.columns else pd.Series(ALL, index=table.index)
    least = phase.map(limits).fillna(min(limits.values())).to_numpy(float)
    greatest = phase.map(limits).fillna(max(limits.values())).to_numpy(float)
    over, pupils = (figures_at(pen, table, name) for name in ("over_limit_pupils", "day_pupils"))
    for column, share in (one for one in _PERCENTILES if one[0] in table.columns):
        minutes = numbers(table, column)
        there = (over >= 0) & (pupils >= 0) & ~np.isnan(minutes)
        for told, low, high in (
            (there & (minutes + _HALF_MIN <= least), -np.inf, 0.0),
            (there & (minutes - _HALF_MIN > greatest), 0.0, np.inf),
        ):
            count = int(told.sum())
            row = np.tile(np.arange(count, dtype=np.int64), 2)
            coefficient = np.r_[np.ones(count), np.full(count, share - 1.0)]
            pen.rows(row, np.r_[over[told], pupils[told]], coefficient, np.full(count, low), np.full(count, high))


def _prices(pen: Pen, table: pd.DataFrame | None, said: dict[str, float], county_id: str) -> None:
    """Write that an amount, to the nearest hundred pounds, is its prices times counts of the county.

    Where two prices are in one amount, it tells both counts, whose sum is printed.
    """
    if table is None or not len(table):
        return
    for item, terms in _PRICED.items():
        prices = [float(np.prod([said.get(name, 0.0) for name in names])) for names, _, _ in terms]
        rows = table[(table["item"] == item) & table["gbp_central"].notna()]
        if not len(rows) or min(prices) <= 0:
            continue
        figures = [figures_at(pen, rows.assign(area_id=county_id, provision_type=kind), one) for _, one, kind in terms]
        told = np.all([figure >= 0 for figure in figures], axis=0)
        count, amount = int(told.sum()), numbers(rows, "gbp_central")[told]
        # in pupils at the first price, so that coefficients stay near one
        first = prices[0]
        row = np.tile(np.arange(count, dtype=np.int64), len(terms))
        pen.rows(row, np.concatenate([figure[told] for figure in figures]),
                 np.repeat([price / first for price in prices], count), (amount - _HALF_GBP) / first,
                 (amount + _HALF_GBP) / first)  # fmt: skip
