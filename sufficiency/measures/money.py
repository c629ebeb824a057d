"""Money in its three purses, never added: high needs block, home-to-school transport, capital.

High needs block: the cost of the places that headline pupils hold, by tier. Transport: the average cost of the share of
day pupils who are carried, and the distance-related part of it. Capital: the schemes of the scenario, by funding line.
Each as low, central and high; academic years, not financial ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.measures.outcomes import every_answer
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from sufficiency.model.parameters import Parameters

_BANDS: Final = ("gbp_low", "gbp_central", "gbp_high")
_COLUMNS: Final = ["scenario_id", "policy", "year", "purse", "item", *_BANDS, "note", "behind"]
_SPECIAL: Final = "special_school_place_gbp"
_BASE: Final = "specialist_base_place_gbp"
_INDEPENDENT: Final = "independent_place_gbp"
# item, tier, rate by type sought, and the published count that the cost is a multiple of (as provision_type:measure)
_PLACES: Final = (
    ("Local special-school places", "local", {"special_school": _SPECIAL}, "special_school:placed_local_pupils"),
    ("Local specialist-base places", "local", {"specialist_base": _BASE}, "specialist_base:placed_local_pupils"),
    (
        "Places in other councils' schools",
        "other_council",
        {"special_school": _SPECIAL, "specialist_base": _BASE},
        "headline:other_council_pupils",
    ),
    (
        "Independent and non-maintained places",
        "independent",
        {"special_school": _INDEPENDENT, "specialist_base": _INDEPENDENT},
        "headline:independent_pupils",
    ),
)


def _rates(parameters: Parameters, name: str) -> pd.Series:
    return pd.Series(parameters.range(name), index=list(_BANDS), dtype=float)


def dearest_pupil(parameters: Parameters) -> dict[str, float]:
    """Return the dearest price of a pupil for a year in each purse, at the high end of what is assumed."""
    places = (
        _SPECIAL,
        _BASE,
        _INDEPENDENT,
        "other_council_place_gbp",
        "other_arrangements_gbp",
        "mainstream_plus_topup_gbp",
    )
    prices = [float(one) for name in places for one in parameters.range(name)]
    return {
        "high_needs_block": max(prices),
        "general_fund_transport": max(float(one) for one in parameters.range("transport_gbp_per_pupil")),
    }


def high_needs_table(scenario_id: str, rows: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the high needs block's cost of headline placements, by policy, year and item.

    A place is priced by the type sought. Pupils without a modelled place are not priced: what they would cost is not
    known.

    Parameters
    ----------
    scenario_id
        The scenario.
    rows
        Output of `outcomes`.
    parameters
        Cost of a place by type.

    Returns
    -------
    DataFrame
        scenario_id, policy, year, purse, item, gbp_low, gbp_central, gbp_high, note, behind (the published count that
        the cost is a multiple of); every item in every policy and year, zeros included.
    """
    placed = rows[rows["headline"] & (rows["provision_id"] != "")]
    key = ["policy", "year"]
    index = pd.MultiIndex.from_frame(every_answer(rows))
    parts = []
    for item, tier, rates, behind in _PLACES:
        costs = pd.DataFrame(0.0, index=index, columns=list(_BANDS))
        for sought, rate in rates.items():
            chosen = placed[(placed["outcome"] == tier) & (placed["place_sought"] == sought)]
            pupils = chosen.groupby(key)["pupils"].sum().reindex(index, fill_value=0)
            for band, value in _rates(parameters, rate).items():
                costs[band] += pupils * value
        parts.append(costs.reset_index().assign(item=item, behind=behind))
    table = pd.concat(parts, ignore_index=True)
    note = "Places held in the model; pupils without a modelled place are not priced."
    return table.assign(scenario_id=scenario_id, purse="high_needs_block", note=note)[_COLUMNS]


def transport_table(journeys: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return the general fund's transport cost of headline day pupils, average basis and distance-related part."""
    county = journeys[
        (journeys["area_id"] == parameters.county_id) & (journeys["phase"] == ALL) & (journeys["need"] == ALL)
    ]
    carried = _rates(parameters, "transported_share")
    average = _rates(parameters, "transport_gbp_per_pupil") * carried
    base = county[["scenario_id", "policy", "year"]]
    by_pupil = base.assign(
        **{band: county["pupils"] * average[band] for band in _BANDS},
        item="Average basis",
        behind="headline:day_pupils",
        note="Pupils carried × average cost; a change is cashable only where a vehicle goes.",
    )
    by_distance = base.assign(
        **{band: county[f"cost_{band}"] for band in _BANDS},
        item="Of which related to distance",
        behind="pupil_km",
        note="Pupil-kilometres carried × marginal cost; part of the average basis, not to be added to it.",
    )
    table = pd.concat([by_pupil, by_distance], ignore_index=True)
    return table.assign(purse="general_fund_transport")[_COLUMNS]


def capital_table(scenario_id: str, schemes: pd.DataFrame, first_years: pd.Series) -> pd.DataFrame:
    """Return the capital of a scenario's schemes by funding line and first year of opening.

    Parameters
    ----------
    scenario_id
        The scenario.
    schemes
        Its rows of table `schemes`.
    first_years
        First year with places open, by scheme_id; a scheme that is not listed never opens, and costs nothing here.

    Returns
    -------
    DataFrame
        The columns of `high_needs_table`; policy is blank.
    """
    rows = pd.DataFrame(schemes.drop(columns="geometry", errors="ignore"))
    rows = rows.join(first_years.rename("year"), on="scheme_id").dropna(subset="year")
    if rows.empty:
        return pd.DataFrame(columns=_COLUMNS)
    bands = {f"capital_{band}": band for band in _BANDS}
    status = " (" + rows["funding_status"] + ")"
    said = [mark in line for line, mark in zip(rows["funding_line"], status, strict=True)]
    items = rows["funding_line"] + status.where(~np.array(said, dtype=bool), "")
    rows = rows.assign(year=rows["year"].astype("int64"), item=items)
    table = rows.groupby(["year", "item"], as_index=False)[list(bands)].sum().rename(columns=bands)
    note = "Capital of the schemes that open in the year; ranges of cost, illustrative where the scheme is."
    return table.assign(scenario_id=scenario_id, policy="", purse="capital", note=note, behind="")[_COLUMNS]
