"""Siting: which places to open, proven best, from plain arrays."""

from __future__ import annotations

from sufficiency.planning.sites.choice import SiteAlternative, SiteChoice
from sufficiency.planning.sites.choose import choose_sites
from sufficiency.planning.sites.fair import FairChoice, fairest_sites
from sufficiency.planning.sites.frontier import Regret, budget_frontier, regret
from sufficiency.planning.sites.goals import choose_sites_for

__all__ = [
    "FairChoice",
    "Regret",
    "SiteAlternative",
    "SiteChoice",
    "budget_frontier",
    "choose_sites",
    "choose_sites_for",
    "fairest_sites",
    "regret",
]
