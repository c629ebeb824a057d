"""What drives a forecast besides the present pattern of plans: the optional tables of an area, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["Drivers"]


@dataclass(frozen=True)
class Drivers:
    """The tables of these names, None where the area has none, and what they are used with.

    ``districts`` gives the district of each zone; ``county_id`` the area that stands for all of them; ``applied`` the
    mitigations whose effect is in the forecast, by id.
    """

    cohort_changes: pd.DataFrame | None = None
    developments: pd.DataFrame | None = None
    rate_trends: pd.DataFrame | None = None
    placement_mix: pd.DataFrame | None = None
    mitigations: pd.DataFrame | None = None
    demand_totals: pd.DataFrame | None = None
    caseload: pd.DataFrame | None = None
    zone_traits: pd.DataFrame | None = None
    districts: Mapping[str, str] = field(default_factory=dict)
    county_id: str = ""
    applied: tuple[str, ...] = ()

    @classmethod
    def of(cls, inputs: Inputs) -> Drivers:
        """Return what drives the forecast of an area, as its inputs give it."""
        zones = inputs.zones
        return cls(
            cohort_changes=inputs.cohort_changes,
            developments=inputs.developments,
            rate_trends=inputs.rate_trends,
            placement_mix=inputs.placement_mix,
            mitigations=inputs.mitigations,
            demand_totals=inputs.demand_totals,
            caseload=inputs.caseload,
            zone_traits=inputs.zone_traits,
            districts=dict(zip(zones["zone_id"], zones["district_id"], strict=True)),
            county_id=inputs.parameters.county_id,
            applied=inputs.applied_mitigations,
        )
