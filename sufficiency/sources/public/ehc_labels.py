"""Names of placements and ages in the EHC plans release, and the groups of the table `rates` that they belong to."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "NEED_OF_ITEM",
    "PLACEMENT_OF_ITEM",
    "PLACEMENT_OF_LABEL",
    "PLACEMENT_TOTAL_ITEMS",
    "TOTAL_LABELS",
    "age_of_label",
    "need_of_item",
    "placement_of_label",
]

_BASE_ITEMS: Final = tuple(
    f"mainstream_{kind}_{part}"
    for kind in ("la_maintained", "academy", "free_school")
    for part in ("resourced_provision", "senunit")
)
_ELSEWHERE_ITEMS: Final = (
    "elective_home_education",
    "other_arrangements_la",
    "other_arrangements_parents",
    "online_provider",
    "w_settings",
    "other_schools",
    "other_placement_settings",
    "neet",
    "neet_ntci",
    "neet_other",
    "neet_other_csa",
)
# Each published column of the caseload that is a placement, finest first, and its group.
PLACEMENT_OF_ITEM: Final[dict[str, str]] = {
    "special_la_maintained": "state_special_school",
    "special_academy_free": "state_special_school",
    "special_independent": "independent_special_school",
    "special_non_maintained": "non_maintained_special_school",
    **dict.fromkeys(_BASE_ITEMS, "resourced_provision_or_unit"),
    "mainstream_la_maintained": "mainstream_school",
    "mainstream_academy": "mainstream_school",
    "mainstream_free_school": "mainstream_school",
    "mainstream_independent": "mainstream_school",
    "nm_early_years": "early_years_setting",
    "ap_pru_academy": "alternative_provision",
    "ap_pru_free_school": "alternative_provision",
    "ap_pru_la_maintained": "alternative_provision",
    "general_fe_tertiary_colleges": "general_further_education",
    "specialist_post_16_institutions": "specialist_post_16",
    "ukrlp_provider": "other_training_provider",
    **dict.fromkeys(_ELSEWHERE_ITEMS, "educated_elsewhere"),
    "placement_unknown": "not_recorded",
}
# Groups whose total is published and complete in years when some of its parts are not.
PLACEMENT_TOTAL_ITEMS: Final = {"alternative_provision": "ap_pru_total", "educated_elsewhere": "ed_elsewhere"}
# Patterns of the names in the files of needs and of residential placements, lower case.
PLACEMENT_OF_LABEL: Final[dict[str, str]] = {
    r"special - (la maintained|academy/free schools?)": "state_special_school",
    r"special - independent": "independent_special_school",
    r"special - non-maintained": "non_maintained_special_school",
    r"mainstream - .* \((resourced provision|sen unit)\)": "resourced_provision_or_unit",
    r"mainstream - (la maintained|academy|free school|independent)": "mainstream_school",
    r"non-maintained early years": "early_years_setting",
    r"ap/pru - (academy|free school|la maintained)": "alternative_provision",
    r"fe - general fe and tertiary colleges": "general_further_education",
    r"fe - specialist post-16 institutions": "specialist_post_16",
    r"fe - ukrlp provider": "other_training_provider",
    r"educated elsewhere - (?!total$).*": "educated_elsewhere",
    r"placement not recorded": "not_recorded",
}
TOTAL_LABELS: Final[dict[str, str]] = {
    f"{group} - total": f"{group} - " for group in ("special", "mainstream", "ap/pru", "fe", "educated elsewhere")
}
NEED_OF_ITEM: Final[dict[str, str]] = {"number_need_unknown": "UNK"}
_AGE: Final = re.compile(r"(?:age )?(\d{1,2})", re.ASCII)
_YOUNGER: Final = re.compile(r"(?:under (\d{1,2})|(?:age )?(\d{1,2}) (?:and|or) (?:under|younger))", re.ASCII)
_OLDER: Final = re.compile(r"(?:age )?(\d{1,2}) (?:and over|or more|or over|and older)", re.ASCII)
YOUNGEST: Final = 0
OLDEST: Final = 25


def placement_of_label(label: str) -> str | None:
    """Return the group of a placement's published name; blank for a total of several, None for a name not known."""
    lower = label.casefold()
    if lower in TOTAL_LABELS:
        return ""
    return next((code for pattern, code in PLACEMENT_OF_LABEL.items() if re.fullmatch(pattern, lower)), None)


def age_of_label(label: str) -> tuple[int, int] | None:
    """Return the first and last age of ``age 10``, ``under 3`` (0-2) or ``age 20 and over`` (20-25), else None."""
    lower = label.casefold().strip()
    if found := _AGE.fullmatch(lower):
        return int(found[1]), int(found[1])
    if found := _YOUNGER.fullmatch(lower):
        return YOUNGEST, int(found[1]) - 1 if found[1] else int(found[2])
    if found := _OLDER.fullmatch(lower):
        return int(found[1]), OLDEST
    return None


def need_of_item(item: str) -> str | None:
    """Return the need code of a column of needs such as ``number_asd``, None of any other column."""
    if item in NEED_OF_ITEM:
        return NEED_OF_ITEM[item]
    return item.removeprefix("number_").upper() if item.startswith("number_") else None
