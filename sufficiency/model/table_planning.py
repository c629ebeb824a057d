"""The declarations of tables that planning reads: candidates for new places."""

from __future__ import annotations

from typing import Any, Final

from sufficiency.model import vocabulary as v
from sufficiency.model.table_parts import COUNT, NCY, OPTIONAL, PROVENANCE, Row

_OPTIONAL_CODE: Final[dict[str, Any]] = {"optional": True, "blank": True}
_MONEY: Final[dict[str, Any]] = {"least": 0, "blank": True, "optional": True}

CANDIDATES: Final[Row] = {
    "name": "candidates",
    "meaning": "Sites where places could be built: what a search for the best programme chooses from. Optional; "
    "without it the area's own schemes are the candidates.",
    "key": "candidate_id",
    "file": "schemes/candidates.csv",
    "columns": [
        ("candidate_id", "text", "candidate; no scheme may have the same id", {}),
        ("candidate_name", "text", "name", {}),
        ("setting_id", "text", "present setting that it extends; blank for a new site", OPTIONAL),
        ("easting_m", "float", "easting of a new site, in the area's metric system", {"blank": True}),
        ("northing_m", "float", "northing of a new site, in the area's metric system", {"blank": True}),
        ("provision_type", "code", "kind of provision", {"codes": v.HEADLINE_TYPES}),
        ("ncy_from", "int", "first national curriculum year taken (Reception = 0)", NCY),
        ("ncy_to", "int", "last national curriculum year taken", NCY),
        ("needs", "codes", "primary needs to be admitted, separated by ;", {"codes": v.NEEDS}),
        ("sex", "code", "pupils taken; blank = any", {"codes": v.SEXES, **_OPTIONAL_CODE}),
        ("ehcp_required", "bool", "whether a plan is required; without the column = yes", {"optional": True}),
        ("attendance", "code", "blank = day", {"codes": v.PROVISION_ATTENDANCE, **_OPTIONAL_CODE}),
        ("least_places", "int", "fewest places that it can have", COUNT),
        ("most_places", "int", "most places that it can have", COUNT),
        ("step_places", "int", "places between one size and the next", {"least": 1, "blank": True, "optional": True}),
        ("fixed_gbp", "float", "capital whatever the size", COUNT),
        ("capital_gbp_per_place", "float", "capital a place; blank for a base = the area's assumption", _MONEY),
        ("capital_gbp_per_place_low", "float", "low case", _MONEY),
        ("capital_gbp_per_place_high", "float", "high case", _MONEY),
        ("earliest_year", "year", "first academic year in which it can open", {}),
        ("latest_year", "year", "last academic year in which it can open", {}),
        ("must_open", "bool", "whether it must be in the programme", {"optional": True}),
        ("must_close", "bool", "whether it is ruled out", {"optional": True}),
        ("at_most_one_of", "text", "group of candidates of which at most one can open", OPTIONAL),
        ("phasing", "text", "shares of the places open in the first years, such as 0.5;0.75;1", OPTIONAL),
        *PROVENANCE,
    ],
}

PLANNING_ROWS: Final[list[Row]] = [CANDIDATES]
