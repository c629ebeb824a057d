"""What readers see in place of codes: titles of assumptions, words for their values, and the glossary."""

from __future__ import annotations

import re
from typing import Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.words import sentence_case

__all__ = [
    "ASSUMPTION_TITLES",
    "CHECK_TITLES",
    "GLOSSARY",
    "assumption_title",
    "check_words",
    "need_codes",
    "plain_words",
    "value_words",
]

ASSUMPTION_TITLES: Final = {
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
    "special_school_from_independent_share": "Extra special-school pupils, otherwise in independent places",
    "special_school_from_mainstream_share": "Extra special-school pupils, otherwise in mainstream",
    "special_school_from_other_arrangements_share": "Extra special-school pupils, otherwise educated elsewhere",
    "special_school_from_other_council_share": "Extra special-school pupils, otherwise in other councils' schools",
    "specialist_base_from_independent_share": "Extra base pupils, otherwise in independent places",
    "specialist_base_from_mainstream_share": "Extra base pupils, otherwise in mainstream",
    "specialist_base_from_other_arrangements_share": "Extra base pupils, otherwise educated elsewhere",
    "specialist_base_from_other_council_share": "Extra base pupils, otherwise in other councils' schools",
    "mainstream_plus_topup_gbp": "Cost of a mainstream place with a top-up",
    "other_arrangements_gbp": "Cost of education elsewhere than at a school",
    "other_council_place_gbp": "Cost of a place in another council's school",
    "special_school_place_funding_gbp": "Place funding of a special-school place",
    "specialist_base_place_funding_gbp": "Place funding of a specialist-base place",
    "start_up_gbp_per_place": "Start-up cost of a new place",
    "specialist_base_capital_gbp": "Published capital for specialist bases",
    "capital_before_opening_share": "Share of a scheme's capital spent the year before it opens",
    "discount_rate_share": "Discount rate of the economic view",
    "appraisal_years": "Years of the economic view",
    "forecast_method": "How need is forecast",
    "births_annual_change_share": "Change of births",
    "rate_trend_shape": "How the trend of plans goes on",
    "rate_trend_damping_share": "How much of the trend remains each year",
    "rate_ceiling_share": "Highest rate of plans",
    "rate_innovation_share": "How far a year's rate of plans may stray",
    "pupil_yield_early_years_per_dwelling": "Children of a new home, early years",
    "pupil_yield_primary_per_dwelling": "Children of a new home, primary",
    "pupil_yield_secondary_per_dwelling": "Children of a new home, secondary",
    "pupil_yield_post_16_per_dwelling": "Young people of a new home, post-16",
    "new_homes_additional_share": "Share of new homes' children who are new to the county",
    "new_homes_ehcp_share": "Share of new homes' pupils with a plan",
    "new_homes_pace_share": "Share of the stated new homes that are built on time",
    "deprivation_rate_ratio": "Rate of plans in deprived areas over that in others",
    "caseload_weight_share": "Weight of today's pupils in where need arises",
    "short_share": "Share of pupils short of a place that marks an area",
}
_VALUES: Final = {
    "none": "none",
    "off_peak": "off-peak",
    "school_morning": "school morning",
    "school_afternoon": "school afternoon",
    "controls": "met to the county's published totals",
    "rates": "rates of plans by age",
    "constant": "the same change each year",
    "damped": "fading",
    "saturating": "up to a ceiling",
    "extrapolated": "carried on",
    "low": "low",
    "high": "high",
    "as_today": "as today",
    "towards_bases": "moving towards bases",
    "table": "as in the table",
    "True": "yes",
    "False": "no",
}
# the checks that let a run go on, as a reader of the paper meets them
CHECK_TITLES: Final = {
    "base_size": "New base larger or smaller than new bases are",
    "cluster_in_pieces": "Cluster in separate pieces",
    "demand_given_twice": "Need given in two ways",
    "gaps": "Ground that no zone covers",
    "homes_not_used": "New homes of years beyond the forecast",
    "inside_unstated": "Place whose district does not state it",
    "invalid_polygon": "District outline that crosses itself",
    "island": "Roads that lead nowhere else",
    "long_snap": "Place far from any road",
    "map_not_read": "Road map that was not read",
    "no_places": "Provision without places in any year",
    "no_rationale": "Special-school scheme that does not say why a base will not do",
    "placed_outside_the_rules": "Pupils placed where their age or need is not stated to be admitted",
    "placements_and_controls": "Present placements that differ from the published total",
    "placements_of_another_year": "Present placements of another year",
    "point_outside_zone": "Home place outside its own zone",
    "polygons_overlap": "Zones that overlap",
    "roll_above_places": "Provision with more pupils on roll than planned places",
    "scheme_ends": "Scheme whose places end",
    "scheme_without_places": "Scheme without places",
    "two_sources": "The same thing in two files",
    "unknown_column": "Column that is not used",
}
GLOSSARY: Final = (
    ("90th percentile", "Nine pupils in ten travel less, one travels more."),
    ("Best use of places", style.POLICY_GLOSSES["optimal"]),
    ("Broad area of need", "The four areas of the SEND code of practice, and other or not recorded."),
    ("Capital", "Money that buys buildings; it cannot pay for running them."),
    ("Committed", "Schemes that are open or under contract."),
    ("Definitions A and B", "A: all residents who need a specialist place. B: those in local state-funded ones."),
    ("Direct time", "Driving from home place to school in the school morning, without picking up others."),
    ("EHCP, or plan", "Education, health and care plan: a child's legal entitlement to provision."),
    ("FE", "Further education: a college, after Year 11."),
    ("General fund", "The council's own budget, which pays for home to school transport."),
    ("GIAS", "Get Information about Schools, the national register of schools."),
    ("High needs block", "The government grant for pupils with high needs: places, place funding and top-ups."),
    ("HNCPA", "High Needs Provision Capital Allocation, a government grant for specialist places."),
    ("Illustrative", "A figure that tests the tool on assumed inputs; no statement of the council."),
    ("Independent and non-maintained schools", "Schools outside the state system in which the council buys places."),
    ("Location balance", "Places that stand in an area less the pupils who live there. Not unmet need."),
    ("Marginal and average cost", "Marginal: what one journey more or less costs. Average: all costs over all pupils."),
    ("Median", "Half of the pupils travel less, half travel more."),
    ("P10, P50, P90", "Of ten possible futures, one lies below P10, five below P50 and nine below P90."),
    ("Phase transfer", "Moving from Year 6 to Year 7, or from Year 11 to Year 12."),
    ("Place planned, commissioned", "Planned: what the model uses. Commissioned: what the council pays for."),
    ("SCAP", "School capacity survey, the yearly return on places to the Department for Education."),
    ("SEN support", "Help in school for pupils without a plan."),
    ("SEN2", "The yearly return on children with plans to the Department for Education."),
    ("SEND", "Special educational needs and disabilities."),
    ("Special school", "A school only for pupils with a plan."),
    ("Specialist base", "Places in a mainstream school that the council commissions for pupils with a plan."),
    ("Support base", "Run by a school or trust for pupils without a plan, who stay on the roll of their own school."),
    ("Targeted-plus support", "More than a school's usual help, for pupils without a plan."),
    ("Top-up", "What is paid for a pupil above the funding of the place."),
    ("Without a local place", style.WITHOUT_GLOSS),
)  # fmt: skip
_CODE: Final = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def assumption_title(name: str) -> str:
    """Return an assumption's name in plain words; an unknown name with its underscores as spaces."""
    return ASSUMPTION_TITLES.get(name, sentence_case(name.replace("_", " ")))


def check_words(check: str) -> str:
    """Return what a check of the inputs found in plain words; an unknown one with its underscores as spaces."""
    return CHECK_TITLES.get(check, sentence_case(check.replace("_", " ")))


def plain_words(text: str) -> str:
    """Return a text in which names of assumptions are their titles, and other codes words."""
    return _CODE.sub(
        lambda found: (
            f"“{ASSUMPTION_TITLES[found[0]]}”" if found[0] in ASSUMPTION_TITLES else found[0].replace("_", " ")
        ),
        text,
    )


def value_words(text: str) -> str:
    """Return the value of an assumption in words where it is a code; a number or any other text as it is."""
    return _VALUES.get(text, text)


def need_codes() -> tuple[tuple[str, str, str], ...]:
    """Return each code of a primary need, what it means, and its broad area."""
    return tuple((code, name, v.NEED_GROUP_NAMES[v.NEED_GROUP_OF[code]]) for code, name in v.NEED_NAMES.items())
