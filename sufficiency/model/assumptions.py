"""Every assumption that an area must state, what its value may be, and what is wrong with one that is not that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.vocabulary import HEADLINE_TYPES, PROFILES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Number:
    """A number within bounds, or one of a few words."""

    least: float
    most: float
    whole: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of a few codes."""

    codes: tuple[str, ...]


# where the extra pupils of a local place would otherwise be; the cheapest of them is the one that takes up the rest
COUNTERFACTUALS: Final = ("independent", "mainstream", "other_arrangements", "other_council")
_SHARES: Final = tuple(f"{kind}_from_{one}_share" for kind in HEADLINE_TYPES for one in COUNTERFACTUALS)
ALLOWED: Final[dict[str, Number | Choice | type[bool]]] = {
    "demand_definition": Choice(("A", "B")),
    "journey_limit_primary_min": Number(0, 600),
    "journey_limit_secondary_min": Number(0, 600),
    "journey_limit_post_16_min": Number(0, 600),
    "reach_limit_min": Number(0, 600, words=("none",)),
    "snap_detour_ratio": Number(1, 5),
    "snap_kph": Number(1, 130),
    "snap_limit_m": Number(0, 100_000),
    "travel_profile": Choice(PROFILES),
    "retention_share": Number(0, 1),
    "movement_share": Number(0, 1),
    "preference_decay_per_min": Number(0, 10),
    "preference_leakage_share": Number(0, 1),
    "net_other_councils_pupils": bool,
    "school_days_per_year": Number(1, 366, whole=True),
    "journeys_per_day": Number(1, 4, whole=True),
    "transported_share": Number(0, 1),
    "transport_gbp_per_pupil": Number(0, 10_000_000),
    "transport_gbp_per_pupil_km": Number(0, 1_000),
    "vehicle_occupancy_pupils": Number(0.1, 100),
    "vehicle_seats": Number(1, 100, whole=True),
    "boarding_s": Number(0, 3_600),
    "pickup_detour_limit_min": Number(0, 600),
    "walking_limit_age_years": Number(0, 30, whole=True),
    "walking_limit_younger_miles": Number(0, 100),
    "walking_limit_older_miles": Number(0, 100),
    "empty_running_share": Number(0, 10),
    "vehicle_kgco2e_per_km": Number(0, 10),
    "independent_place_gbp": Number(0, 10_000_000),
    "special_school_place_gbp": Number(0, 10_000_000),
    "specialist_base_place_gbp": Number(0, 10_000_000),
    "capital_gbp_per_base_place": Number(0, 10_000_000),
    **dict.fromkeys(_SHARES, Number(0, 1)),
    "mainstream_plus_topup_gbp": Number(0, 10_000_000),
    "other_arrangements_gbp": Number(0, 10_000_000),
    "other_council_place_gbp": Number(0, 10_000_000),
    "special_school_place_funding_gbp": Number(0, 10_000_000),
    "specialist_base_place_funding_gbp": Number(0, 10_000_000),
    "start_up_gbp_per_place": Number(0, 10_000_000),
    "specialist_base_capital_gbp": Number(0, 10_000_000_000),
    "capital_before_opening_share": Number(0, 1),
    "discount_rate_share": Number(0, 1),
    "appraisal_years": Number(1, 100, whole=True),
    "targeted_plus_share": Number(0, 1),
    "support_partner_limit_km": Number(0, 500),
    "support_week_share": Number(0.01, 1),
    "support_turns_per_year": Number(0.1, 50),
    "forecast_method": Choice(("controls", "rates")),
    "births_annual_change_share": Number(-0.5, 0.5),
    "rate_trend_shape": Choice(("none", "constant", "damped", "saturating")),
    "rate_trend_damping_share": Number(0, 1),
    "rate_ceiling_share": Number(0, 1),
    "rate_innovation_share": Number(0, 1),
    "pupil_yield_early_years_per_dwelling": Number(0, 5),
    "pupil_yield_primary_per_dwelling": Number(0, 5),
    "pupil_yield_secondary_per_dwelling": Number(0, 5),
    "pupil_yield_post_16_per_dwelling": Number(0, 5),
    "new_homes_additional_share": Number(0, 1),
    "new_homes_ehcp_share": Number(0, 1),
    "new_homes_pace_share": Number(0, 2),
    "deprivation_rate_ratio": Number(0.1, 10),
    "caseload_weight_share": Number(0, 1),
    "short_share": Number(0, 1),
    "demand_after_headline_year": Choice(("extrapolated", "low", "high")),
    "placement_mix": Choice(("as_today", "towards_bases", "table")),
    "specialist_base_share_when_complete": Number(0, 1),
    "placement_mix_complete_year": Number(1990, 2100, whole=True),
    "redraw_places_spread_share": Number(0, 1),
    "redraw_rates_spread_share": Number(0, 1),
}
ASSUMPTION_NAMES: Final[tuple[str, ...]] = tuple(ALLOWED)
_SHARE_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Assumption:
    """One assumption: its value and, where it is uncertain, its range; its unit, source, date and effect."""

    name: str
    value: Any
    low: Any
    high: Any
    unit: str
    source: str
    date: str
    effect: str


def value_fault(name: str, value: Any) -> str:
    """Return what is wrong with a value of an assumption, or an empty string."""
    allowed = ALLOWED[name]
    if allowed is bool:
        return "" if isinstance(value, bool) else "must be true or false"
    if isinstance(allowed, Choice):
        return "" if value in allowed.codes else f"must be one of {', '.join(allowed.codes)}"
    if isinstance(value, str) and value in allowed.words:
        return ""
    words = f", or {' or '.join(allowed.words)}" if allowed.words else ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"must be a number{words}"
    if allowed.whole and value != int(value):
        return f"must be a whole number{words}"
    if not allowed.least <= value <= allowed.most:
        return f"must lie in {allowed.least:g} to {allowed.most:g}{words}"
    return ""


def share_faults(assumptions: Mapping[str, Assumption]) -> list[str]:
    """Return the sets of shares of where pupils would otherwise be that do not add up to 1, centrally or at an end.

    Mainstream takes up the rest, so its high value stands beside the low values of the other three.
    """
    faults = []
    for kind in HEADLINE_TYPES:
        names = {one: f"{kind}_from_{one}_share" for one in COUNTERFACTUALS}
        if not all(name in assumptions for name in names.values()):
            continue
        for case, rest in (("value", "value"), ("low", "high"), ("high", "low")):
            ends = {one: (assumptions[name], rest if one == "mainstream" else case) for one, name in names.items()}
            total = sum(
                found.value if getattr(found, end) is None else getattr(found, end) for found, end in ends.values()
            )
            if abs(total - 1) > _SHARE_TOLERANCE:
                of = f"the {rest} of mainstream and the {case} of the other three" if case != rest else "the values"
                faults.append(
                    f"the four shares {kind}_from_..._share must add up to 1, and {of} add up to {total:g}: "
                    "change them together"
                )
    return faults
