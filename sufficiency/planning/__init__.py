"""Schemes and scenarios: what the capital programme would change, and one year opened up."""

from sufficiency.planning.adjust import adjusted
from sufficiency.planning.compare import compare
from sufficiency.planning.contributions import contributions, left_out
from sufficiency.planning.detail import changes_between, concentration, equity, gap_by, school_flows
from sufficiency.planning.equality import equality_evidence
from sufficiency.planning.futures import draw_futures, mitigation_deltas, range_table, short_areas
from sufficiency.planning.gains import gains_table, pupil_changes
from sufficiency.planning.ledger import journey_ledger
from sufficiency.planning.observed import Observed, observed_against_modelled
from sufficiency.planning.opened_year import (
    OpenedYear,
    access,
    growth,
    open_year,
    place_values,
    settled,
    unlocks,
    why_not,
)
from sufficiency.planning.opportunity import Surface, opportunity_surface
from sufficiency.planning.opportunity_sites import best_by_area, next_places, rank_settings
from sufficiency.planning.programme import (
    capacity_district_type,
    capital_of,
    flows_by_type,
    occupancy_district_type,
    programme_places_table,
    scheme_stock,
    schemes_table,
    support_by_area,
)
from sufficiency.planning.scenarios import (
    apply_scenario,
    edited,
    same_demand,
    same_roads,
    with_scenario,
    without_schemes,
)
from sufficiency.planning.scheme_effects import scheme_effects
from sufficiency.planning.scheme_money import (
    bases_capital_buys,
    carbon_against,
    economics_against,
    money_against,
    money_by_financial_year,
    scheme_economics,
)
from sufficiency.planning.sites import (
    SiteChoice,
    budget_frontier,
    choose_sites,
    choose_sites_for,
    fairest_sites,
    regret,
)
from sufficiency.planning.what_if import Answer, Proposal, as_proposed, ready_to_ask, whatif, with_proposal

__all__ = [
    "Answer",
    "Observed",
    "OpenedYear",
    "Proposal",
    "SiteChoice",
    "Surface",
    "access",
    "adjusted",
    "apply_scenario",
    "as_proposed",
    "bases_capital_buys",
    "best_by_area",
    "budget_frontier",
    "capacity_district_type",
    "capital_of",
    "carbon_against",
    "changes_between",
    "choose_sites",
    "choose_sites_for",
    "compare",
    "concentration",
    "contributions",
    "draw_futures",
    "economics_against",
    "edited",
    "equality_evidence",
    "equity",
    "fairest_sites",
    "flows_by_type",
    "gains_table",
    "gap_by",
    "growth",
    "journey_ledger",
    "left_out",
    "mitigation_deltas",
    "money_against",
    "money_by_financial_year",
    "next_places",
    "observed_against_modelled",
    "occupancy_district_type",
    "open_year",
    "opportunity_surface",
    "place_values",
    "programme_places_table",
    "pupil_changes",
    "range_table",
    "rank_settings",
    "ready_to_ask",
    "regret",
    "same_demand",
    "same_roads",
    "scheme_economics",
    "scheme_effects",
    "scheme_stock",
    "schemes_table",
    "school_flows",
    "settled",
    "short_areas",
    "support_by_area",
    "unlocks",
    "whatif",
    "why_not",
    "with_proposal",
    "with_scenario",
    "without_schemes",
]
