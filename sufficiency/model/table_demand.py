"""The declarations of the tables that drive the forecast of demand, as plain data: (column, kind, meaning, options)."""

from __future__ import annotations

from typing import Final

from sufficiency.model import vocabulary as v
from sufficiency.model.table_parts import COUNT, COUNT_BLANK, NCY, OPTIONAL, PLACEMENTS, PROVENANCE, Row

SHARE: Final = {"least": 0, "most": 1}
SHARE_BLANK: Final = {**SHARE, "blank": True, "optional": True}
CHANGE: Final = {"least": -0.9, "most": 5}
CHANGE_BLANK: Final = {**CHANGE, **OPTIONAL}
NEED_OR_ALL: Final = {"codes": (v.ALL, *v.NEEDS)}
PHASE_OR_ALL: Final = {"codes": (v.ALL, *v.PHASES)}
SOUGHT_OR_ALL: Final = {"codes": (v.ALL, *v.PLACE_SOUGHT)}

DEMAND_ROWS: Final[list[Row]] = [
    {
        "name": "rates",
        "meaning": "County pattern of plans in the calibration year by national curriculum year, need and placement.",
        "key": "ncy need placement place_sought attendance",
        "file": "demand/rates.csv",
        "columns": [
            ("ncy", "int", "national curriculum year", NCY),
            ("need", "code", "primary need", {"codes": v.NEEDS}),
            ("placement", "code", "where the pupils are now, as the SEN2 return groups it", {"codes": PLACEMENTS}),
            ("place_sought", "code", "type of place sought under demand definition A", {"codes": v.PLACE_SOUGHT}),
            ("attendance", "code", "day or residential", {"codes": v.DEMAND_ATTENDANCE}),
            ("pupils", "int", "residents with a plan in the calibration year", COUNT),
            *PROVENANCE,
        ],
    },
    {
        "name": "controls",
        "meaning": "County totals that the forecast meets exactly, by year and stream.",
        "key": "year stream",
        "file": "demand/controls.csv",
        "columns": [
            ("year", "year", "academic year", {}),
            ("stream", "code", "headline, or a place sought outside it", {"codes": (v.HEADLINE, *v.PLACE_SOUGHT)}),
            ("pupils", "int", "pupils", COUNT),
            ("low_pupils", "int", "low case", COUNT_BLANK),
            ("high_pupils", "int", "high case", COUNT_BLANK),
            *PROVENANCE,
        ],
    },
    {
        "name": "cohort_changes",
        "meaning": "How a cohort changes in size as it grows a year older: moves in and out. No row: no change.",
        "key": "area_id age",
        "file": "demand/cohort_changes.csv",
        "columns": [
            ("area_id", "text", "district, or the county for all of its districts without a row of their own", {}),
            ("age", "int", "age that the cohort grows to", {"least": 1, "most": 120}),
            ("change_share", "float", "change of a cohort in the year in which it comes to this age", CHANGE),
            *PROVENANCE,
        ],
    },
    {
        "name": "developments",
        "meaning": "New homes by the September in which they are first lived in; not those that the population counts.",
        "key": "development_id year",
        "file": "demand/developments.csv",
        "columns": [
            ("development_id", "text", "development", {}),
            ("development_name", "text", "name", {}),
            ("zone_id", "text", "zone in which it is built", {}),
            ("year", "year", "academic year", {}),
            ("dwellings", "int", "homes first lived in during the twelve months before that September", COUNT),
            *PROVENANCE,
        ],
    },
    {
        "name": "rate_trends",
        "meaning": "First yearly change of the rate of plans per resident of an age. The row that says most holds: a "
        "place sought before a phase, a phase before a need.",
        "key": "need phase place_sought",
        "file": "demand/rate_trends.csv",
        "columns": [
            ("need", "code", "need, or all", NEED_OR_ALL),
            ("phase", "code", "phase, or all", PHASE_OR_ALL),
            ("place_sought", "code", "place sought, or all", SOUGHT_OR_ALL),
            ("annual_change_share", "float", "change of the rate in the first year", CHANGE),
            ("low_annual_change_share", "float", "low case", CHANGE_BLANK),
            ("high_annual_change_share", "float", "high case", CHANGE_BLANK),
            *PROVENANCE,
        ],
    },
    {
        "name": "placement_mix",
        "meaning": "Which kind of place is sought, as shares of the pupils with plans of a need and phase. Used where "
        "the assumption placement_mix is table; between the years given the shares lie on a straight line.",
        "key": "need phase place_sought year",
        "file": "demand/placement_mix.csv",
        "columns": [
            ("need", "code", "need, or all", NEED_OR_ALL),
            ("phase", "code", "phase, or all", PHASE_OR_ALL),
            ("place_sought", "code", "place sought", {"codes": v.PLACE_SOUGHT}),
            ("year", "year", "academic year", {}),
            ("sought_share", "float", "share of the need and phase; places without a row share the rest", SHARE),
            ("low_sought_share", "float", "low case", SHARE_BLANK),
            ("high_sought_share", "float", "high case", SHARE_BLANK),
            *PROVENANCE,
        ],
    },
    {
        "name": "mitigations",
        "meaning": "What the council does so that fewer pupils need a specialist place: named changes to rates or mix.",
        "key": "mitigation_id",
        "file": "demand/mitigations.csv",
        "columns": [
            ("mitigation_id", "text", "mitigation", {}),
            ("mitigation_name", "text", "name", {}),
            ("effect", "code", "what it changes", {"codes": v.MITIGATION_EFFECTS}),
            ("need", "code", "need that it reaches, or all", NEED_OR_ALL),
            ("phase", "code", "phase that it reaches, or all", PHASE_OR_ALL),
            ("from_place_sought", "code", "place sought without it, or all", SOUGHT_OR_ALL),
            (
                "to_place_sought",
                "code",
                "place sought with it, where it changes the mix",
                {"codes": v.PLACE_SOUGHT, "blank": True},
            ),
            ("change_share", "float", "share of these pupils whom it reaches once in full effect", SHARE),
            ("low_change_share", "float", "low case", SHARE_BLANK),
            ("high_change_share", "float", "high case", SHARE_BLANK),
            ("start_year", "year", "first academic year with an effect", {}),
            ("full_year", "year", "academic year in which it is in full effect", {}),
            *PROVENANCE,
        ],
    },
    {
        "name": "history",
        "meaning": "Plans in past years, as published: what trends are fitted to and the forecast is tested on.",
        "key": "year stream",
        "file": "demand/history.csv",
        "columns": [
            ("year", "year", "academic year; the January return of 2025 is 2024", {}),
            ("stream", "code", "headline, a place sought outside it, or all", {"codes": v.HISTORY_STREAMS}),
            ("pupils", "int", "residents with a plan", COUNT),
            *PROVENANCE,
        ],
    },
    {
        "name": "demand_totals",
        "meaning": "A forecast that the council has by county or district, and by need or phase, but not by home: it "
        "is spread over zones with every total kept. Totals that overlap must agree.",
        "key": "area_id year phase need place_sought",
        "file": "demand/demand_totals.csv",
        "columns": [
            ("area_id", "text", "the county, or a district", {}),
            ("year", "year", "academic year", {}),
            ("phase", "code", "phase, or all", PHASE_OR_ALL),
            ("need", "code", "need, or all", NEED_OR_ALL),
            ("place_sought", "code", "place sought, or headline", {"codes": (v.HEADLINE, *v.PLACE_SOUGHT)}),
            ("pupils", "int", "pupils", COUNT),
            *PROVENANCE,
        ],
    },
    {
        "name": "caseload",
        "meaning": "Present pupils with plans by home zone, to spread a forecast by. Small numbers: never leaves the "
        "council.",
        "key": "zone_id place_sought",
        "file": "demand/caseload.csv",
        "columns": [
            ("zone_id", "text", "home zone", {}),
            ("place_sought", "code", "place sought, or all", SOUGHT_OR_ALL),
            ("pupils", "int", "residents with a plan", COUNT),
            *PROVENANCE,
        ],
    },
    {
        "name": "awaiting",
        "meaning": "Pupils who await a placement now. Shown on a line of its own, never added to the model's figures.",
        "key": "zone_id year phase need",
        "file": "demand/awaiting.csv",
        "columns": [
            ("zone_id", "text", "home zone; blank = not located", {"blank": True}),
            ("year", "year", "academic year", {}),
            ("phase", "code", "phase", {"codes": v.PHASES}),
            ("need", "code", "primary need, or all", NEED_OR_ALL),
            ("pupils", "int", "pupils", COUNT),
            *PROVENANCE,
        ],
    },
]

SIGNED: Final = {"blank": True}
FUTURE_ROWS: Final[list[Row]] = [
    {
        "name": "forecast_range",
        "meaning": "Headline demand over many drawn futures: by area and year, in all, by need and by phase.",
        "key": "level area_id year phase need provision_type",
        "columns": [
            ("level", "code", "level of the area", {"codes": v.LEVELS}),
            ("area_id", "text", "area of residence", {}),
            ("year", "year", "academic year", {}),
            ("phase", "code", "phase, or all", PHASE_OR_ALL),
            ("need", "code", "need, or all", NEED_OR_ALL),
            ("provision_type", "code", "headline, or a type", {"codes": (v.HEADLINE, *v.HEADLINE_TYPES)}),
            ("pupils", "int", "central forecast", COUNT),
            ("p10_pupils", "float", "one draw in ten is lower", COUNT_BLANK),
            ("p50_pupils", "float", "half of the draws are lower", COUNT_BLANK),
            ("p90_pupils", "float", "nine draws in ten are lower", COUNT_BLANK),
            (
                "above_places_draws_share",
                "float",
                "share of the draws above the local places of the year; county in all only",
                SHARE_BLANK,
            ),
        ],
    },
    {
        "name": "mitigation_deltas",
        "meaning": "What each mitigation changes by itself against none, and all together; low and high: its share.",
        "key": "mitigation_id year",
        "columns": [
            ("mitigation_id", "text", "mitigation, or all", {}),
            ("mitigation_name", "text", "name", {}),
            ("effect", "text", "what it changes", {"blank": True}),
            ("year", "year", "academic year", {}),
            ("headline_change_pupils", "int", "change of the pupils who need a special school or base", SIGNED),
            ("low_headline_change_pupils", "int", "in the low case", SIGNED),
            ("high_headline_change_pupils", "int", "in the high case", SIGNED),
            ("plans_change_pupils", "int", "change of all pupils with a plan", SIGNED),
            ("low_plans_change_pupils", "int", "in the low case", SIGNED),
            ("high_plans_change_pupils", "int", "in the high case", SIGNED),
        ],
    },
    {
        "name": "short_areas",
        "meaning": "How likely an area is to be short of local places, over joint placements of drawn demand.",
        "key": "scenario_id year area_id",
        "columns": [
            ("scenario_id", "text", "scenario", {}),
            ("year", "year", "academic year", {}),
            ("area_id", "text", "area of residence", {}),
            ("draws", "int", "draws", {"least": 1, "most": 1_000_000}),
            ("short_draws_share", "float", "share of the draws in which the area is short (short_share)", SHARE),
            ("p10_without_local_place_pupils", "float", "one draw in ten is lower", COUNT),
            ("p50_without_local_place_pupils", "float", "half of the draws are lower", COUNT),
            ("p90_without_local_place_pupils", "float", "nine draws in ten are lower", COUNT),
        ],
    },
    {
        "name": "awaiting_area",
        "meaning": "Pupils who await a placement now, by area of residence. Never added to the model's figures.",
        "key": "area_id year phase",
        "columns": [
            ("area_id", "text", "area of residence", {}),
            ("year", "year", "academic year", {}),
            ("phase", "code", "phase, or all", PHASE_OR_ALL),
            ("pupils", "int", "pupils", COUNT),
        ],
    },
    {
        "name": "accounts",
        "meaning": "What became of the rows of the files that an area was prepared from: read = used + set aside.",
        "key": "file kind what",
        "columns": [
            ("file", "text", "file", {}),
            ("kind", "text", "what it is", {}),
            ("what", "text", "read, used, set aside: why, or note: what", {}),
            ("rows", "int", "rows", COUNT),
        ],
    },
]
