"""The board's tables: sufficiency, journeys, flows, reasons, money."""

from sufficiency.measures.access import (
    Reach,
    access_table,
    exponential_decay,
    gaussian_decay,
    negative_power_decay,
    step_decay,
)
from sufficiency.measures.awaiting import awaiting_table
from sufficiency.measures.bridge import bridge_table
from sufficiency.measures.coverage import coverage_by_area, coverage_by_school, primary_equivalence
from sufficiency.measures.detail import gap_table, school_flows_table
from sufficiency.measures.equity import concentration_table, equity_table
from sufficiency.measures.journeys import day_rows, journey_limits_min, journey_ranges_table, journeys_table
from sufficiency.measures.money import capital_table, dearest_pupil, high_needs_table, transport_table
from sufficiency.measures.occupancy import occupancy_table, use_by_district_type
from sufficiency.measures.outcomes import describe_groups, headline_groups, outcomes
from sufficiency.measures.pressure import pressure_table
from sufficiency.measures.reasons import reasons_table
from sufficiency.measures.sufficiency import (
    capacity_by_area,
    flows_by_type,
    flows_table,
    reachable_places,
    sufficiency_table,
)
from sufficiency.measures.transfers import transfers_table
from sufficiency.measures.waterfall import waterfall_table

__all__ = [
    "Reach",
    "access_table",
    "awaiting_table",
    "bridge_table",
    "capacity_by_area",
    "capital_table",
    "concentration_table",
    "coverage_by_area",
    "coverage_by_school",
    "day_rows",
    "dearest_pupil",
    "describe_groups",
    "equity_table",
    "exponential_decay",
    "flows_by_type",
    "flows_table",
    "gap_table",
    "gaussian_decay",
    "headline_groups",
    "high_needs_table",
    "journey_limits_min",
    "journey_ranges_table",
    "journeys_table",
    "negative_power_decay",
    "occupancy_table",
    "outcomes",
    "pressure_table",
    "primary_equivalence",
    "reachable_places",
    "reasons_table",
    "school_flows_table",
    "step_decay",
    "sufficiency_table",
    "transfers_table",
    "transport_table",
    "use_by_district_type",
    "waterfall_table",
]
