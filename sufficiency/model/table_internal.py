"""The declarations of the tables that only an internal build has, as plain data: (column, kind, meaning, options)."""

from __future__ import annotations

from typing import Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.table_parts import COUNT, COUNT_BLANK, SCENARIO, Row

_SETTING: Final[list[Any]] = [
    ("setting_id", "text", "setting with local places", {}),
    ("setting_name", "text", "name", {}),
]
_KIND: Final[list[Any]] = [
    ("district_id", "text", "district of the setting; blank beyond the county", {"blank": True}),
    ("provision_type", "code", "type of place", {"codes": v.HEADLINE_TYPES}),
]

INTERNAL_ROWS: Final[list[Row]] = [
    {
        "name": "internal_zones",
        "meaning": "Headline demand and what became of it by zone of residence. Internal: never published.",
        "key": "scenario_id policy year area_id",
        "columns": [
            *SCENARIO,
            ("year", "year", "academic year", {}),
            ("area_id", "text", "zone of residence; blank = homes that are not located", {"blank": True}),
            ("area_name", "text", "name of the zone", {}),
            ("cluster_id", "text", "cluster that it lies in", {"blank": True}),
            ("district_id", "text", "district that it lies in", {"blank": True}),
            ("demand_pupils", "int", "pupils who need a special school or specialist base place", COUNT),
            ("placed_local_pupils", "int", "placed in local state-funded places", COUNT),
            ("without_local_place_pupils", "int", "in other councils', independent or no modelled places", COUNT),
            ("median_min", "float", "median of the day pupils placed, direct time one way", {"blank": True}),
        ],
    },
    {
        "name": "internal_settings",
        "meaning": "Local headline places of each setting and how they are used. Internal: never published.",
        "key": "scenario_id policy year setting_id provision_type",
        "columns": [
            *SCENARIO,
            ("year", "year", "academic year", {}),
            *_SETTING,
            *_KIND,
            ("planned_places", "int", "places that the model uses, other councils' pupils among them", COUNT),
            ("placed_pupils", "int", "headline pupils placed", COUNT),
            ("spare_places", "int", "places for residents that the model leaves empty", COUNT),
            ("occupancy_share", "float", "on roll ÷ planned places; blank in years without a roll", {"blank": True}),
            ("over_capacity_pupils", "int", "above places, where the policy ignores capacity", COUNT),
            ("on_roll_pupils", "int", "on roll; blank in years without a roll", COUNT_BLANK),
            ("commissioned_places", "int", "commissioned places; blank where not known of every part", COUNT_BLANK),
        ],
    },
    {
        "name": "internal_flows",
        "meaning": "Headline pupils in local places, by cluster of residence and setting. Internal: never published.",
        "key": "scenario_id policy year cluster_id setting_id",
        "columns": [
            *SCENARIO,
            ("year", "year", "academic year", {}),
            ("cluster_id", "text", "cluster of residence; blank = homes that are not located", {"blank": True}),
            ("cluster_name", "text", "name of the cluster", {}),
            *_SETTING,
            ("pupils", "int", "pupils", {"least": 1}),
        ],
    },
    {
        "name": "internal_commissioned",
        "meaning": "Places by setting this year and next, for commissioning: this year is that of the report date. "
        "Internal: never published.",
        "key": "scenario_id policy setting_id provision_type",
        "columns": [
            *SCENARIO,
            *_SETTING,
            *_KIND,
            ("this_year", "year", "academic year of the report date", {}),
            ("next_year", "year", "the academic year after it", {}),
            ("this_year_planned_places", "int", "places that the model uses this year; 0 = not open", COUNT),
            ("this_year_commissioned_places", "int", "commissioned this year; blank where not known", COUNT_BLANK),
            ("next_year_planned_places", "int", "places that the model uses next year; 0 = closed", COUNT),
            ("next_year_placed_pupils", "int", "headline pupils placed next year", COUNT),
        ],
    },
]
