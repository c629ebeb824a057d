"""The assumptions' names as readers see them."""

from __future__ import annotations

from typing import Final

from sufficiency.outputs.words import sentence_case

__all__ = ["assumption_title"]

_TITLES: Final = {
    "demand_definition": "Definition of need",
    "journey_limit_primary_min": "Journey limit, primary",
    "journey_limit_secondary_min": "Journey limit, secondary",
    "journey_limit_post_16_min": "Journey limit, post-16",
    "reach_limit_min": "Longest journey to a place within reach",
    "snap_detour_ratio": "Detour from a place to the road network",
    "snap_kph": "Speed from a place to the road network",
    "snap_limit_m": "Longest distance to the road network",
    "travel_profile": "Time of day of journeys",
    "retention_share": "Share of pupils who keep their place",
    "movement_share": "Share of pupils placed elsewhere who are free to move",
    "preference_decay_per_min": "How much a minute counts when families choose",
    "preference_leakage_share": "Families who ask for an independent place first",
    "net_other_councils_pupils": "Other councils' pupils in local places",
    "school_days_per_year": "School days a year",
    "journeys_per_day": "Journeys a day",
    "transported_share": "Share of pupils transported",
    "transport_gbp_per_pupil": "Transport cost a pupil",
    "transport_gbp_per_pupil_km": "Transport cost a pupil-kilometre",
    "vehicle_occupancy_pupils": "Pupils in a vehicle",
    "vehicle_seats": "Seats for pupils in a vehicle",
    "boarding_s": "Time to board, each pupil",
    "pickup_detour_limit_min": "Longest detour for other pick-ups",
    "walking_limit_age_years": "Age from which the longer walking distance counts",
    "walking_limit_younger_miles": "Statutory walking distance, younger pupils",
    "walking_limit_older_miles": "Statutory walking distance, older pupils",
    "empty_running_share": "Empty running of vehicles",
    "vehicle_kgco2e_per_km": "Vehicle carbon, kg CO2e a km",
    "independent_place_gbp": "Cost of an independent place",
    "special_school_place_gbp": "Cost of a special-school place",
    "specialist_base_place_gbp": "Cost of a specialist-base place",
    "capital_gbp_per_base_place": "Capital a specialist-base place",
    "targeted_plus_share": "Share of pupils who need targeted-plus support",
    "support_partner_limit_km": "Longest distance to a partner's support base",
    "support_week_share": "Share of the week that a pupil is in a support base",
    "support_turns_per_year": "Pupils whom one support place serves in a year",
    "demand_after_headline_year": "Need after the headline year",
    "placement_mix": "Mix of the places sought",
    "specialist_base_share_when_complete": "Share who seek a base when the programme is complete",
    "placement_mix_complete_year": "Year in which the mix of places is complete",
    "redraw_places_spread_share": "Spread of redrawn capacities",
    "redraw_rates_spread_share": "Spread of redrawn rates of need",
}


def assumption_title(name: str) -> str:
    """Return an assumption's name in plain words; an unknown name with its underscores as spaces."""
    return _TITLES.get(name, sentence_case(name.replace("_", " ")))
