"""The measures of the star schema: title, unit, meaning, and over what the figures of each may be summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.model.tables import TABLES
from sufficiency.outputs import style
from sufficiency.outputs.export.tables import TABLE_MEANINGS, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["NOTHING", "additive_over", "measure_rows"]

NOTHING: Final = "nothing"
_ALL_FIGURES: Final = "*"
_LEVEL: Final = "areas of one level"
# Sums that mean something, by fact and column; whatever is not listed is never summed. Years, scenarios and policies
# are never added where places or pupils are counted: the same pupil stands in each.
_ADDITIVE: Final[dict[str, dict[str, str]]] = {
    "fact_sufficiency": {
        **dict.fromkeys(
            (
                "demand_pupils", "placed_local_pupils", "without_local_place_pupils", "other_council_pupils",
                "independent_pupils", "unplaced_pupils", "excluded_pupils",
            ),
            f"{_LEVEL}; phases; needs of level group or of level need; types of place",
        ),
        "capacity_places": _LEVEL,
        "location_balance_places": _LEVEL,
    },
    "fact_capacity": {"capacity_places": f"{_LEVEL}; types of place"},
    "fact_occupancy": {
        **dict.fromkeys(
            ("schools", "capacity_places", "placed_pupils", "empty_places"), f"{_LEVEL}; types of place"
        ),
    },
    "fact_journeys": {
        **dict.fromkeys(
            ("pupils", "not_daily_pupils", "over_limit_pupils", "ridden_over_limit_pupils"),
            f"{_LEVEL}; phases",
        ),
        **dict.fromkeys(
            ("pupil_km_per_year", *(f"{m}_{b}" for m in ("cost_gbp", "kgco2e") for b in ("low", "central", "high"))),
            f"{_LEVEL}, within rounding",
        ),
    },
    "fact_flows": {"pupils": "districts of home; districts of setting"},
    "fact_reasons": {"pupils": "reasons"},
    "fact_winners": {_ALL_FIGURES: _LEVEL},
    "fact_pressure": {_ALL_FIGURES: _LEVEL},
    "fact_scheme_places": {"places": "schemes of one scenario and one type of place"},
    "fact_scheme_effects": {"places": "schemes of one type of place", "placed_pupils": "schemes"},
    "fact_transfers": {"pupils": f"{_LEVEL}; needs of level group; transfers"},
    "fact_scap": {"pupils": "year groups; SCAP phases"},
    "fact_support_match": {
        **dict.fromkeys(("own_school_pupils", "partner_pupils", "without_base_pupils"), f"{_LEVEL}; phases"),
    },
    "fact_support_coverage": {"schools": _LEVEL, "schools_with_own_base": _LEVEL},
    # transport is told on two bases side by side, and a change of the high needs block has its net among its items
    "fact_money": {_ALL_FIGURES: "years; items of purse capital; items of purse high_needs_block"},
    "fact_money_change": {_ALL_FIGURES: "years; items of purse capital"},
    "fact_money_change_years": {_ALL_FIGURES: "financial years; items of purse capital"},
    "fact_awaiting": {"pupils": f"{_LEVEL}; phases"},
}  # fmt: skip
_TITLES: Final = {
    "placed_local_pupils": "Placed in local places",
    "placed_own_area_pupils": "Placed in own area",
    "other_council_pupils": "In other councils' schools",
    "independent_pupils": "In independent or non-maintained schools",
    "unplaced_pupils": "No modelled place",
    "excluded_pupils": "Not allocated, with a reason",
    "reachable_places": "Reachable places (not additive)",
    "pupils": "Pupils",
    "placed_pupils": "Pupils placed in the places there",
    "empty_places": "Places less pupils placed there; below zero, pupils above places",
    "used_share": "Share of the places in use",
    "not_daily_pupils": "Residential pupils, apart from daily journeys",
    "mean_min": "Mean journey, direct",
    "median_min": "Median journey, direct",
    "p90_min": "Journey of the 90th percentile, direct",
    "over_limit_pupils": "Journeys over the guide, direct",
    "ridden_mean_min": "Mean journey as ridden (estimate)",
    "ridden_over_limit_pupils": "Journeys over the guide as ridden (estimate)",
    "better_off_pupils": "Pupils better off",
    "worse_off_pupils": "Pupils worse off",
    "over_capacity_pupils": "Pupils above places",
    "without_base_pupils": "Without a support base",
    "own_school_pupils": "Base at own school",
    "partner_pupils": "Base at a partner school",
    "gbp_low": "Low case",
    "gbp_central": "Central case",
    "gbp_high": "High case",
    "p10_pupils": "Pupils, 10th percentile of the drawn futures",
    "p50_pupils": "Pupils, middle of the drawn futures",
    "p90_pupils": "Pupils, 90th percentile of the drawn futures",
    "above_places_draws_share": "Share of the drawn futures above the places",
    "sum_gbp": "Sum over the years",
    "npv_gbp": "Net present value",
    **{f"kgco2e_{band}": f"Carbon a year, {band}" for band in ("low", "central", "high")},
    **{f"cost_gbp_{band}": f"Transport cost a year, {band}" for band in ("low", "central", "high")},
}
_UNITS: Final = {
    **dict.fromkeys(("in", "placed", "unplaced", "excluded"), "pupils"),
    "above_places_draws_share": "share (0 to 1)",
    "rows": "rows", "schools": "schools", "schools_with_own_base": "schools", "payback_years": "years",
    "pupil_km_per_year": "pupil-kilometres a year",
    **{f"vehicle_km_per_year_{band}": "vehicle-kilometres a year" for band in ("low", "central", "high")},
    **{f"vehicles_{band}": "vehicles" for band in ("low", "central", "high")},
}  # fmt: skip
_MODEL_TABLES: Final = {
    "fact_sufficiency": "sufficiency",
    "fact_capacity": "sufficiency",
    "fact_journeys": "journeys",
    "fact_winners": "comparison",
    "fact_flows": "flows",
    "fact_occupancy": "occupancy_district_type",
    "fact_support_match": "support_match",
    "fact_support_coverage": "support_coverage",
    "fact_primary_equivalence": "primary_equivalence",
}


def additive_over(fact: str, column: str) -> str:
    """Return over what the figures of a measure may be summed, or ``"nothing"``.

    Parameters
    ----------
    fact
        Name of the fact table.
    column
        Column of the released table.
    """
    rules = _ADDITIVE.get(fact, {})
    return rules.get(column, rules.get(_ALL_FIGURES, NOTHING))


def _meaning(fact: str, column: str, tables: Sequence[str]) -> str:
    if column in style.MEASURES and fact in {"fact_sufficiency", "fact_capacity"}:
        return style.MEASURES[column].gloss
    model = TABLES.get(_MODEL_TABLES.get(fact, ""))
    if model is not None and column in model.names:
        return model.column(column).meaning
    return TABLE_MEANINGS.get(tables[0], tables[0])


def _title(column: str) -> str:
    if column in style.MEASURES:
        return style.MEASURES[column].title
    return _TITLES.get(column, style.sentence_case(column.replace("_", " ")))


def measure_rows(columns: Mapping[tuple[str, str], Sequence[str]]) -> pd.DataFrame:
    """Return `dim_measure`.

    Parameters
    ----------
    columns
        For each fact and column, in the order wanted, the released tables that have it.

    Returns
    -------
    DataFrame
        measure_key, measure_id (fact without its prefix, and column), fact, released_tables, column, title, unit,
        meaning and additive_over.
    """
    rows = [
        (
            key,
            f"{fact.removeprefix('fact_')}.{column}",
            fact,
            "; ".join(tables),
            column,
            _title(column),
            _UNITS.get(column) or unit_of(column),
            _meaning(fact, column, tables),
            additive_over(fact, column),
        )
        for key, ((fact, column), tables) in enumerate(columns.items(), start=1)
    ]
    names = ["measure_key", "measure_id", "fact", "released_tables", "column", "title", "unit", "meaning"]
    return pd.DataFrame(rows, columns=[*names, "additive_over"])
