"""The field's codes: needs, phases, provision types, tiers, reasons, policies and academic years.

Need codes are those of the SEN2 return (2025 guide) with NSA from the school census and UNK for a need
not recorded; need groups are the broad areas of the SEND Code of Practice (2015), with OTH, NSA and UNK apart.
"""

from __future__ import annotations

from typing import Final

ALL: Final = "all"
HEADLINE: Final = "headline"

NEED_NAMES: Final[dict[str, str]] = {
    "SPLD": "Specific learning difficulty",
    "MLD": "Moderate learning difficulty",
    "SLD": "Severe learning difficulty",
    "PMLD": "Profound and multiple learning difficulty",
    "SEMH": "Social, emotional and mental health",
    "SLCN": "Speech, language and communication",
    "HI": "Hearing impairment",
    "VI": "Vision impairment",
    "MSI": "Multi-sensory impairment",
    "PD": "Physical disability",
    "ASD": "Autistic spectrum disorder",
    "DS": "Down syndrome",
    "OTH": "Other difficulty",
    "NSA": "No specialist assessment",
    "UNK": "Not recorded",
}
NEEDS: Final = tuple(NEED_NAMES)

NEED_GROUP_NAMES: Final[dict[str, str]] = {
    "communication_and_interaction": "Communication and interaction",
    "cognition_and_learning": "Cognition and learning",
    "semh": "Social, emotional and mental health",
    "sensory_and_physical": "Sensory and physical",
    "other_or_not_recorded": "Other or not recorded",
}
NEED_GROUPS: Final = tuple(NEED_GROUP_NAMES)
_GROUP_MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "communication_and_interaction": ("ASD", "SLCN"),
    "cognition_and_learning": ("SPLD", "MLD", "SLD", "PMLD", "DS"),
    "semh": ("SEMH",),
    "sensory_and_physical": ("HI", "VI", "MSI", "PD"),
    "other_or_not_recorded": ("OTH", "NSA", "UNK"),
}
NEED_GROUP_OF: Final[dict[str, str]] = {need: group for group, members in _GROUP_MEMBERS.items() for need in members}

PHASE_NAMES: Final[dict[str, str]] = {
    "early_years": "Early years",
    "primary": "Primary",
    "secondary": "Secondary",
    "post_16": "Post-16",
    "post_19": "19 to 25",
}
PHASES: Final = tuple(PHASE_NAMES)
PHASE_NCY: Final[dict[str, tuple[int, int]]] = {
    "early_years": (-4, -1),
    "primary": (0, 6),
    "secondary": (7, 11),
    "post_16": (12, 14),
    "post_19": (15, 20),
}
NCY_MIN: Final = -4
NCY_MAX: Final = 20

PROVISION_TYPE_NAMES: Final[dict[str, str]] = {
    "special_school": "Special school",
    "specialist_base": "Specialist base",
    "support_base": "Support base",
    "early_years_base": "Early-years base",
    "fe_specialist_unit": "FE specialist unit",
    "fe_mainstream": "FE mainstream course",
    "specialist_post_16": "Specialist post-16 institution",
    "alternative_provision": "Alternative provision",
    "mainstream": "Mainstream school",
}
PROVISION_TYPES: Final = tuple(PROVISION_TYPE_NAMES)
HEADLINE_TYPES: Final = ("special_school", "specialist_base")
HEADLINE_NCY: Final = (0, 14)
MATCHED_TYPES: Final = ("special_school", "specialist_base", "fe_specialist_unit")
PLACE_SOUGHT: Final = (*PROVISION_TYPES, "educated_elsewhere")
# supply: places, so a scheme; none: money or organisation, no pupil needs another place for it
MITIGATION_EFFECTS: Final = ("rate", "mix", "supply", "none")
# a return does not tell a college's mainstream course from its specialist unit
FURTHER_EDUCATION: Final = "further_education"
HISTORY_STREAMS: Final = (ALL, HEADLINE, FURTHER_EDUCATION, *PLACE_SOUGHT)

TIERS: Final = ("local", "other_council", "independent")
SECTORS: Final = ("state", "independent", "non_maintained", "further_education")
SETTING_STATUSES: Final = ("open", "proposed", "closed")
SEXES: Final = ("F", "M", "any")
PROVISION_ATTENDANCE: Final = ("day", "weekly", "termly", "52_week")
DEMAND_ATTENDANCE: Final = ("day", "residential")
BASES: Final = ("published", "plan", "assumed", "illustrative")
QUALITIES: Final = ("verified", "published", "inferred", "illustrative", "status_unverified")
RURALITIES: Final = ("urban", "town", "rural")
LEVELS: Final = ("county", "district", "cluster", "zone")
ACTIONS: Final = ("open", "expand", "convert", "close", "relocate")
FUNDING_STATUSES: Final = ("secured", "assumed", "unfunded")
PUBLIC: Final = "public"
INTERNAL: Final = "internal"
BUILDS: Final = (PUBLIC, INTERNAL)
STANDARD_SCENARIOS: Final = ("do_nothing", "committed", "programme")
POLICIES: Final = ("optimal", "nearest", "rolling", "as_placed", "preference")
# those that every run answers with; the others are asked for
RUN_POLICIES: Final = ("optimal", "nearest", "rolling")
PROFILES: Final = ("off_peak", "school_morning", "school_afternoon")
RANGED_JOURNEYS: Final = (
    "mean_min",
    "median_min",
    "p90_min",
    "over_limit_pupils",
    "ridden_mean_min",
    "ridden_over_limit_pupils",
)
SEVERITIES: Final = ("error", "warning", "note")
# from the most important on
ROAD_CLASSES: Final = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "ferry",
)
NO_SNAP_CLASSES: Final = ("motorway", "motorway_link", "trunk", "trunk_link", "primary_link", "secondary_link", "ferry")

UNPLACED_REASONS: Final[dict[str, str]] = {
    "no_such_provision": "no provision of the type sought admits the need",
    "none_open_yet": "suitable provision is planned but not open in the year",
    "none_for_this_age": "suitable provision does not take the age",
    "not_for_this_pupil": "suitable provision does not take the sex, plan or attendance, or is closed to residents",
    "out_of_reach": "suitable provision is beyond the reach limit or has no road route",
    "all_full": "suitable provision within reach is full",
}
NOT_PLACED: Final = "not_placed"
NOT_PLACED_TEXT: Final = "has no placement in the data (policy as_placed)"
# what the column origin_id says of a pupil whose home is not known
NOT_LOCATED: Final = "not_located"
EXCLUDED_REASONS: Final[dict[str, str]] = {
    "out_of_scope": "seeks a place that this model does not allocate",
    "not_located": "has no home zone",
    "educated_elsewhere": "educated otherwise than at school, or no education setting",
}


def phase_of(ncy: int) -> str:
    """Return the phase of a national curriculum year (Reception = 0).

    Parameters
    ----------
    ncy
        National curriculum year, -4 (two years before nursery) to 20.

    Returns
    -------
    str
        One of `PHASES`.

    Raises
    ------
    ValueError
        When `ncy` lies outside -4 to 20.
    """
    for phase, (first, last) in PHASE_NCY.items():
        if first <= ncy <= last:
            return phase
    message = f"national curriculum year {ncy} lies outside {NCY_MIN} to {NCY_MAX}"
    raise ValueError(message)


def need_group_of(need: str) -> str:
    """Return the broad area of need (one of `NEED_GROUPS`) of a need code."""
    return NEED_GROUP_OF[need]


def year_label(year: int) -> str:
    """Return the label of an academic year: 2028 -> ``"2028/29"``."""
    return f"{year}/{(year + 1) % 100:02d}"


def parse_year(text: str) -> int:
    """Return the academic year of ``"2028"``, ``"2028/29"`` or ``"2028-29"``.

    Raises
    ------
    ValueError
        When the text is none of these, or its two halves are not consecutive.
    """
    clean = text.strip().replace("-", "/")
    first, slash, second = clean.partition("/")
    year = int(first)
    if not 1990 <= year <= 2100 or (slash and second not in {f"{(year + 1) % 100:02d}", str(year + 1)}):
        message = f"{text!r} is not an academic year such as 2028 or 2028/29"
        raise ValueError(message)
    return year
