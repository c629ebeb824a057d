"""Who goes where: the hard rules, the exact solver, its proof, and the reason for every missing place."""

from __future__ import annotations

from sufficiency.allocation.allocate import Conduct, allocate
from sufficiency.allocation.certificate import certify
from sufficiency.allocation.conservation import check_rules, conservation
from sufficiency.allocation.eligibility import (
    Eligibility,
    Rules,
    build_eligibility,
    exclusion_reasons,
    part_of,
    why_not,
)
from sufficiency.allocation.observed import passing_table
from sufficiency.allocation.preference import Preference
from sufficiency.allocation.renewal import HeadStart
from sufficiency.allocation.solve import place_gains, transport
from sufficiency.allocation.supply import places_for_residents
from sufficiency.allocation.support import match_support_bases
from sufficiency.allocation.tiers import TieredFlow, solve_tiers
from sufficiency.allocation.values import place_values, unlocks
from sufficiency.allocation.what_if import Settled, settle
from sufficiency.allocation.year_what_if import SettledYear, YearFigures, settle_year

__all__ = [
    "Conduct",
    "Eligibility",
    "HeadStart",
    "Preference",
    "Rules",
    "Settled",
    "SettledYear",
    "TieredFlow",
    "YearFigures",
    "allocate",
    "build_eligibility",
    "certify",
    "check_rules",
    "conservation",
    "exclusion_reasons",
    "match_support_bases",
    "part_of",
    "passing_table",
    "place_gains",
    "place_values",
    "places_for_residents",
    "settle",
    "settle_year",
    "solve_tiers",
    "transport",
    "unlocks",
    "why_not",
]
