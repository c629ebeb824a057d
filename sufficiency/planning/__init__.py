"""Schemes and scenarios: what the capital programme would change."""

from sufficiency.planning.compare import compare
from sufficiency.planning.programme import (
    capacity_district_type,
    capital_of,
    programme_places_table,
    schemes_table,
    support_by_area,
)
from sufficiency.planning.scenarios import apply_scenario

__all__ = [
    "apply_scenario",
    "capacity_district_type",
    "capital_of",
    "compare",
    "programme_places_table",
    "schemes_table",
    "support_by_area",
]
