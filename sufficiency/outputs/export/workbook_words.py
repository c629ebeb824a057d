"""What a reader of the workbook sees in place of codes: heads of columns, titles of codes, and the sheet of words."""

from __future__ import annotations

from typing import Final

from sufficiency.model import vocabulary as v
from sufficiency.outputs import style
from sufficiency.outputs.terms import ASSUMPTION_TITLES, CHECK_TITLES, GLOSSARY, need_codes

__all__ = ["HEADS", "TITLES", "word_rows"]

_CASES: Final = ("low", "central", "high")
HEADS: Final = {
    "scenario_id": "Scenario",
    "against_id": "Compared with",
    "policy": "Use of places",
    "level": "Kind of area",
    "area_id": "Area code",
    "area_name": "Area",
    "district_id": "District code",
    "district_name": "District",
    "cluster_id": "Cluster code",
    "cluster_name": "Cluster",
    "home_area_id": "Home area code",
    "home_area_name": "Home area",
    "setting_area_id": "School area code",
    "setting_area_name": "School area",
    "scheme_id": "Scheme code",
    "scheme_name": "Scheme",
    "mitigation_id": "Mitigation code",
    "mitigation_name": "Mitigation",
    "provision_type": "Type of place",
    "needs": "Primary needs admitted (codes)",
    "ncy_from": "From year group (0 = Reception)",
    "ncy_to": "To year group",
    "scap_phase": "SCAP phase",
    "first_year": "First September",
    "decision_needed_by": "Decision needed by (year and month)",
    "delivery_rag": "Delivery (green, amber, red)",
    "in_committed": "Among committed schemes",
    "in_programme": "In the programme",
    "reason": "Reason code",
    "reason_text": "Reason",
    "homes": "Where its pupils live",
    "in": "Pupils in",
    "placed": "Pupils placed",
    "unplaced": "Pupils with no modelled place",
    "excluded": "Pupils excluded",
    "npv_gbp": "Present value (£)",
    "sum_gbp": "Sum, not discounted (£)",
    "placed_local_pupils": "With a local place (pupils)",
    "other_council_pupils": "In other councils' schools (pupils)",
    "independent_pupils": "In independent places (pupils)",
    "unplaced_pupils": "With no modelled place (pupils)",
    "homes_rest_pupils": "Of its pupils, from elsewhere (pupils)",
    "ridden_mean_min": "Mean, as ridden (minutes)",
    "pupil_km_per_year": "Pupil-kilometres a year (km)",
    **{f"vehicle_km_per_year_{case}": f"Vehicle-kilometres a year, {case} (km)" for case in _CASES},
    **{f"kgco2e_{case}": f"Carbon, {case} (kg CO2e)" for case in _CASES},
    **{f"vehicles_{case}": f"Vehicles, {case}" for case in _CASES},
    "placed_own_area_pupils": "With a local place in their own area (pupils)",
    "over_limit_pupils": "Over 45 or 75 minutes, direct (pupils)",
    "ridden_over_limit_pupils": "Over 45 or 75 minutes, as ridden (pupils)",
    "not_daily_pupils": "Residential (pupils)",
    "over_capacity_pupils": "Above places, capacity ignored (pupils)",
    "left_out_local_pupils": "With a local place only with the scheme (pupils)",
    "left_out_placed_pupils": "With any modelled place only with the scheme (pupils)",
    "left_out_travel_min_per_day": "All travel with it less without it, a day (minutes)",
    "above_places_draws_share": "Draws with more pupils than places (%)",
}
_PURSES: Final = {
    "high_needs_block": "High needs block",
    "general_fund_transport": "Council general fund: home to school transport",
    "capital": "Capital",
}
_ALL: Final = {v.ALL: "All"}
_STREAMS: Final = {
    v.HEADLINE: "Special schools and specialist bases",
    **v.PROVISION_TYPE_NAMES,
    "educated_elsewhere": "Educated otherwise than at school",
}
# column -> code -> its title; of columns that tell rows apart only, and a code that is not listed stands as it is
TITLES: Final[dict[str, dict[str, str]]] = {
    "scenario_id": style.SCENARIO_TITLES,
    "against_id": style.SCENARIO_TITLES,
    "policy": style.POLICY_TITLES,
    "phase": {**_ALL, **v.PHASE_NAMES},
    "scap_phase": v.PHASE_NAMES,
    "need": {**_ALL, **v.NEED_GROUP_NAMES, **v.NEED_NAMES},
    "provision_type": {**_ALL, **_STREAMS},
    "stream": {**_ALL, **_STREAMS},
    "purse": _PURSES,
    "year_group": _ALL,
    "name": ASSUMPTION_TITLES,
    "check": CHECK_TITLES,
}


def word_rows() -> list[tuple[str, str, str]]:
    """Return the rows of the sheet of words: what kind of word or code, the word or code, and what it means."""
    rows = [("Word", word, meaning) for word, meaning in GLOSSARY]
    rows += [
        ("Symbol", style.SUPPRESSED, style.SUPPRESSED_NOTE.partition(" = ")[2]),
        ("Symbol", style.NOT_APPLICABLE, style.NOT_APPLICABLE_NOTE.partition(" = ")[2]),
    ]
    rows += [("Use of places", style.POLICY_TITLES[code], gloss) for code, gloss in style.POLICY_GLOSSES.items()]
    rows += [("Primary need", code, f"{name} ({group})") for code, name, group in need_codes()]
    for kind, titles in (
        ("Scenario, in CSV files", style.SCENARIO_TITLES),
        ("Use of places, in CSV files", style.POLICY_TITLES),
        ("Broad area of need, in CSV files", v.NEED_GROUP_NAMES),
        ("Phase, in CSV files", v.PHASE_NAMES),
        ("Type of place or stream, in CSV files", _STREAMS),
        ("Purse, in CSV files", _PURSES),
        ("Reason, in CSV files", v.UNPLACED_REASONS),
        ("Assumption, in CSV files", ASSUMPTION_TITLES),
    ):
        rows += [(kind, code, title) for code, title in titles.items()]
    return rows
