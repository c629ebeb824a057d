"""What the model gives beside the plan's figures: county totals only, in words, by the code that a claim names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sufficiency import measures
from sufficiency.assess import demand_of
from sufficiency.model.vocabulary import HEADLINE, HEADLINE_TYPES, year_label
from sufficiency.planning.programme import capital_of
from sufficiency.planning.schemes import added_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.model.results import Inputs

__all__ = ["model_figures"]

_BASES = ("specialist_base",)


def model_figures(inputs: Inputs) -> dict[str, str]:
    """Return what the model gives, by code.

    Parameters
    ----------
    inputs
        Checked baseline inputs.

    Returns
    -------
    dict
        capacity_first_year, demand_headline_year, shortfall_headline_year; where the area has the scenarios,
        programme_places, base_places_programme, programme_capital and committed_places; where its claims have the
        capital, places_bought. An illustrative area says so in every sentence.
    """
    parameters = inputs.parameters
    mark = ", illustrative" if parameters.illustrative else ""
    first, headline = parameters.first_year, parameters.headline_year
    capacity = measures.capacity_by_area(inputs.places, inputs.provision, inputs.settings, parameters.county_id)
    here = capacity[(capacity["area_id"] == parameters.county_id) & (capacity["provision_type"] == HEADLINE)]
    places = int(here.loc[here["year"] == first, "capacity_places"].sum())
    demand = demand_of(inputs)
    need = int(demand.loc[measures.headline_groups(demand) & (demand["year"] == headline), "pupils"].sum())
    told = {
        "capacity_first_year": f"{places:,} places in {year_label(first)}{mark}",
        "demand_headline_year": f"{need:,} pupils in {year_label(headline)}{mark}",
        "shortfall_headline_year": f"{need - places:,} more pupils than the places of {year_label(first)}{mark}",
    }
    for code, scenario_id, kinds in (
        ("programme_places", "programme", HEADLINE_TYPES),
        ("base_places_programme", "programme", _BASES),
        ("committed_places", "committed", HEADLINE_TYPES),
    ):
        if scenario_id in inputs.scenarios:
            told[code] = _added(inputs, scenario_id, kinds) + mark
    if "programme" in inputs.scenarios:
        money = capital_of(inputs, "programme")
        bands = [float(money[f"gbp_{case}"].sum()) for case in ("low", "central", "high")]
        told["programme_capital"] = (
            f"all schemes of the programme: £{bands[1]:,.0f} (£{bands[0]:,.0f} to £{bands[2]:,.0f}){mark}"
        )
    bought = _bought(inputs)
    return told | ({"places_bought": bought + mark} if bought else {})


def _added(inputs: Inputs, scenario_id: str, kinds: Sequence[str]) -> str:
    """Return the places that a scenario adds when complete, the year, and those open in the headline year."""
    wanted = inputs.scenarios[scenario_id].scheme_ids
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(wanted)]
    added = added_places(pd.DataFrame(inputs.schemes), stock, kinds)
    if added.empty:
        return "no places"
    most = int(added.iloc[-1])
    complete = int(added.index[added == most].min())
    now = int(added.get(inputs.parameters.headline_year, 0))
    return f"{most:,} when complete in {year_label(complete)}, {now:,} in {year_label(inputs.parameters.headline_year)}"


def _bought(inputs: Inputs) -> str:
    """Return how many base places the capital of the plan buys at each rate of the area."""
    claims = inputs.claims
    known = claims[(claims.get("model_figure", "") == "places_bought") & claims["value"].notna()]
    if known.empty:
        return ""
    capital = float(known["value"].iloc[0])
    rates = inputs.parameters.range("capital_gbp_per_base_place")
    parts = [f"{int(capital // float(rate)):,} at £{float(rate):,.0f} a place" for rate in rates]
    return "the capital buys " + ", ".join(parts)
