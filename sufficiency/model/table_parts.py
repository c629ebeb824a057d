"""Columns that several tables share, and the bounds of common kinds of number."""

from __future__ import annotations

from typing import Any, Final

from sufficiency.model import vocabulary as v

Row = dict[str, Any]
SCENARIO: Final[list[Any]] = [
    ("scenario_id", "text", "scenario", {}),
    ("policy", "code", "allocation policy", {"codes": v.POLICIES}),
]
PROVENANCE: Final[list[Any]] = [
    ("source", "text", "where the row's facts come from", {"blank": True, "optional": True}),
    ("quality", "code", "how far they are checked", {"codes": v.QUALITIES, "optional": True, "blank": True}),
]
POINT: Final[list[Any]] = [
    ("easting_m", "float", "easting, in the area's metric system (EPSG:27700 in Great Britain)", {}),
    ("northing_m", "float", "northing, in the area's metric system (EPSG:27700 in Great Britain)", {}),
]
PLACEMENTS: Final = (
    "state_special_school",
    "independent_special_school",
    "non_maintained_special_school",
    "resourced_provision_or_unit",
    "mainstream_school",
    "early_years_setting",
    "alternative_provision",
    "general_further_education",
    "specialist_post_16",
    "other_training_provider",
    "educated_elsewhere",
    "not_recorded",
)
NCY: Final = {"least": v.NCY_MIN, "most": v.NCY_MAX}
OPTIONAL: Final = {"blank": True, "optional": True}
COUNT: Final = {"least": 0}
COUNT_BLANK: Final = {"least": 0, "blank": True}
PROVISION: Final[list[Any]] = [
    ("provision_type", "code", "kind of provision", {"codes": v.PROVISION_TYPES}),
    ("department", "text", "part of the setting: all, primary, secondary, sixth_form ...", {}),
    ("ncy_from", "int", "first national curriculum year taken (Reception = 0)", NCY),
    ("ncy_to", "int", "last national curriculum year taken", NCY),
    ("needs", "codes", "primary needs actually admitted, separated by ;", {"codes": v.NEEDS}),
    ("designation", "text", "designation as published; descriptive only", {"blank": True}),
    ("sex", "code", "pupils taken", {"codes": v.SEXES}),
    ("ehcp_required", "bool", "whether a plan is required", {}),
    ("attendance", "code", "day or residential pattern", {"codes": v.PROVISION_ATTENDANCE}),
    ("tier", "code", "whose places they are", {"codes": v.TIERS}),
]
OBSERVED_JOURNEYS: Final[Row] = {
    "name": "observed_journeys",
    "meaning": "Measured journeys by car, such as a taxi log, that the speed table is fitted to. Each side is an id or "
    "an easting and northing. Personal: no place of a row is ever shown or written.",
    "key": "",
    "columns": [
        *(
            (f"{side}_{name}", kind, f"{side}: {meaning}", {**OPTIONAL, "personal": True})
            for side in ("origin", "destination")
            for name, kind, meaning in (
                ("id", "text", "id of an origin, place or setting"),
                ("easting_m", "float", "easting in the metric system of the area"),
                ("northing_m", "float", "northing in the metric system of the area"),
            )
        ),
        ("minutes", "float", "minutes of the drive, direct, without stops on the way", {}),
        ("journeys", "int", "journeys that the row stands for; blank = 1", {**COUNT_BLANK, "optional": True}),
    ],
}
ZONE_TRAITS: Final[Row] = {
    "name": "zone_traits",
    "meaning": "What kind of place a zone is, for tables of equity. Optional, and zones may be missing.",
    "key": "zone_id",
    "file": "boundaries/zone_traits.csv",
    "columns": [
        ("zone_id", "text", "zone", {}),
        (
            "deprivation_decile",
            "int",
            "decile of the national index of multiple deprivation, 1 = most deprived",
            {"least": 1, "most": 10, "blank": True},
        ),
        ("rurality", "code", "kind of settlement", {"codes": v.RURALITIES, "blank": True}),
        *PROVENANCE,
    ],
}
