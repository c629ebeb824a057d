"""What a whole programme changes in one year, by mending the proven optimum of the scenario that it is laid over.

It gives what every optimum shares, and at once; tables by area, and who gains, come from a solve afresh (`one_year`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.assess import residents_places, rules_of
from sufficiency.model.errors import DataError, GeographyError
from sufficiency.model.results import TravelTimes
from sufficiency.model.scheme_ids import own_scheme_id, scheme_provision_id
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.opened_year import open_year

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sufficiency.allocation import Eligibility, SettledYear
    from sufficiency.model.results import Inputs
    from sufficiency.planning.proposed import ProposedScheme
    from sufficiency.planning.what_if import ReadyYear
    from sufficiency.travel.road_network import Spots

__all__ = ["openings", "settled_with", "settled_with_openings", "sites_on_roads"]


def settled_with(ready: ReadyYear, after: Inputs) -> SettledYear:
    """Return the optimum of a year with the provision and places of other inputs.

    Parameters
    ----------
    ready
        The year of the scenario that it is laid over, from `ready_to_ask`; not changed.
    after
        The same pupils and roads with other settings, provision and places: what `apply_scenario` makes of a programme.

    Raises
    ------
    GeographyError
        When a new setting is too far from any road.
    """
    before = ready.opened.eligibility
    year, ids = before.year, before.provision["provision_id"].astype(str)
    places = residents_places(after)
    places = places[places["year"] == year]
    there = dict(zip(places["provision_id"], places["planned_places"].astype(int), strict=True))
    were = dict(zip(ids, before.places.tolist(), strict=True))
    changes = {name: there.get(name, 0) for name, had in were.items() if there.get(name, 0) != had}
    offered = after.provision["provision_type"].isin(HEADLINE_TYPES) & ~after.provision["provision_id"].isin(ids)
    new = after.provision[offered & after.provision["provision_id"].isin(places["provision_id"])]
    settings = after.settings[after.settings["setting_id"].isin(new["setting_id"])]
    sites = {
        str(name): (float(east), float(north))
        for name, east, north in zip(settings["setting_id"], settings["easting_m"], settings["northing_m"], strict=True)
    }
    try:
        settled = ready.settled.with_places(changes) if changes else ready.settled
        return settled.with_provision(_columns(ready, new, places, sites)) if len(new) else settled
    except DataError:
        return _from_the_beginning(ready, after)


def settled_with_openings(ready: ReadyYear, schemes: Sequence[ProposedScheme], scenario_id: str) -> SettledYear | None:
    """Return the optimum of a year with schemes that only open or expand; None where it has no room for the journeys.

    Whether the schemes can be is not looked into: `apply_scenario` does.

    Parameters
    ----------
    ready
        The year; not changed.
    schemes
        Schemes with action open or expand.
    scenario_id
        The scenario that they are schemes of: their provision is named as its tables name it.

    Raises
    ------
    GeographyError
        When a site is too far from any road.
    """
    extra = openings(ready, schemes, scenario_id)
    if extra is None:
        return ready.settled
    try:
        return ready.settled.with_provision(extra)
    except DataError:
        return None


def openings(ready: ReadyYear, schemes: Sequence[ProposedScheme], scenario_id: str) -> Eligibility | None:
    """Return who may go to what schemes have open in a year, as new columns of it; None when nothing is open.

    Parameters
    ----------
    ready
        The year.
    schemes
        Schemes with action open or expand; each is a provision.
    scenario_id
        As for `settled_with_openings`.

    Raises
    ------
    GeographyError
        When a site is too far from any road.
    """
    year = ready.opened.eligibility.year
    there = [one for one in schemes if one.places_in(year) > 0 and one.provision_type in HEADLINE_TYPES]
    if not there:
        return None
    same = ("setting_id", "provision_type", "ncy_from", "ncy_to", "sex", "ehcp_required", "attendance")
    provision = pd.DataFrame({name: [getattr(one, name) for one in there] for name in same}).assign(
        provision_id=[
            scheme_provision_id(own_scheme_id(scenario_id, one.scheme_id), one.ncy_from, one.ncy_to) for one in there
        ],
        needs=[";".join(one.needs) for one in there],
        department="all",
        tier="local",
    )
    places = pd.DataFrame(
        {
            "provision_id": provision["provision_id"],
            "year": year,
            "planned_places": [one.places_in(year) for one in there],
        }
    )
    return _columns(ready, provision, places, {one.setting_id: (one.easting_m, one.northing_m) for one in there})


def sites_on_roads(ready: ReadyYear, positions: Sequence[tuple[float, float]]) -> Spots:
    """Return where sites, by easting and northing, join the roads.

    Raises
    ------
    GeographyError
        When one is too far from any road.
    """
    limit_m = float(ready.opened.inputs.parameters.value("snap_limit_m"))
    eastings, northings = np.array(positions, dtype=float).T
    spots = ready.network.spots(eastings, northings)
    for (east, north), snap_m in zip(positions, spots.snap_m.tolist(), strict=True):
        if not snap_m <= limit_m:
            message = (
                f"the site at {east:.0f}, {north:.0f} is "
                f"{f'{snap_m / 1_000:.1f} km' if np.isfinite(snap_m) else 'too far'} from any road of the area "
                f"(limit {limit_m / 1_000:g} km): choose a site on its ground"
            )
            raise GeographyError(message)
    return spots


def _from_the_beginning(ready: ReadyYear, after: Inputs) -> SettledYear:
    """Settle the year anew: for provision that was shut all that year, or journeys longer than there is room for."""
    year = ready.opened.eligibility.year
    opened = open_year(after, year, demand=ready.opened.demand, network=ready.network)
    return allocation.settle_year(opened.eligibility)


def _columns(
    ready: ReadyYear, new: pd.DataFrame, places: pd.DataFrame, sites: Mapping[str, tuple[float, float]]
) -> Eligibility:
    """Return the eligibility of the year's groups for new provision alone; `sites` are by setting_id."""
    inputs = ready.opened.inputs
    spots = sites_on_roads(ready, list(sites.values()))
    milliseconds = ready.toward.milliseconds(spots)
    travel = TravelTimes(
        origin_ids=tuple(inputs.origins["origin_id"].astype(str)),
        setting_ids=tuple(sites),
        milliseconds=milliseconds,
        metres=np.full(milliseconds.shape, -1, dtype=np.int32),
        profile=ready.network.profile,
        origin_snap_m=np.zeros(len(milliseconds)),
        setting_snap_m=spots.snap_m,
    )
    year = ready.opened.eligibility.year
    return allocation.build_eligibility(
        ready.demand, new, places, inputs.acceptance.iloc[:0], travel, year=year, rules=rules_of(inputs)
    )
