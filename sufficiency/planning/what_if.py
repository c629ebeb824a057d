"""What if places opened here? One proposal, one year, answered by mending the proven optimum of that year.

`ready_to_ask` opens a year once: roads, homes, and the optimum. `whatif` then needs one column of journeys to the new
site and a mend of the optimum, and gives what every optimum shares: pupils by tier, pupils without a place, and the
day's travel. Who gains and who loses comes from a full allocation with the proposal written as a scheme: see
`with_proposal` and `apply_scenario`. First-fit placements: where the area accepts substitutes, those come after.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency import allocation, measures
from sufficiency.assess import demand_of, network_of
from sufficiency.checks.schemes import BASE_PLACES
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.geography import within_system
from sufficiency.model.vocabulary import (
    HEADLINE_NCY,
    HEADLINE_TYPES,
    NCY_MAX,
    NCY_MIN,
    NEEDS,
    PROVISION_ATTENDANCE,
    PROVISION_TYPE_NAMES,
    SEXES,
    year_label,
)
from sufficiency.planning.opened_year import open_year
from sufficiency.planning.proposed import ProposedScheme, with_programme
from sufficiency.planning.quick import openings, sites_on_roads
from sufficiency.travel.matrix import positions_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sufficiency.allocation import SettledYear, YearFigures
    from sufficiency.model.results import Inputs
    from sufficiency.planning.opened_year import OpenedYear
    from sufficiency.travel import RoadNetwork, Toward

__all__ = ["Answer", "Proposal", "ReadyYear", "as_proposed", "ready_to_ask", "whatif", "with_proposal"]

NAME: Final = "what_if"
_NO_SCENARIO: Final = "_proposal"  # as none can be called
MOST_PLACES: Final = 1_000


@dataclass(frozen=True)
class Proposal:
    """A provision that might open: at a point in metres, for some needs and year groups, with some places.

    ``closing`` gives provision that would be left with other places instead, by provision_id: 0 closes it, so that a
    relocation is a proposal that closes what it replaces. ``closes_in`` is the first year without it; None = it stays.
    """

    easting_m: float
    northing_m: float
    provision_type: str
    needs: tuple[str, ...]
    ncy_from: int
    ncy_to: int
    places: int
    year: int
    name: str = "The proposal"
    sex: str = "any"
    ehcp_required: bool = True
    attendance: str = "day"
    closes_in: int | None = None
    closing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ReadyYear:
    """A year of a scenario with its optimum, and the roads from every home, ready for proposals."""

    opened: OpenedYear
    settled: SettledYear
    before: YearFigures
    network: RoadNetwork
    toward: Toward
    demand: pd.DataFrame


@dataclass(frozen=True)
class Answer:
    """What a proposal changes in one year: figures before and after, and what should be known beside them.

    Travel is of all day pupils together, there and back. Where more pupils are placed locally, more of them travel, so
    a rise of travel is not by itself a loss.
    """

    proposal: Proposal
    year: int
    before: YearFigures
    after: YearFigures
    journeys_per_day: int
    snap_m: float
    notes: tuple[str, ...]

    @property
    def without_local_place_change_pupils(self) -> int:
        """Change of the pupils without a local place; below 0 fewer are without."""
        return self.after.without_local_place_pupils - self.before.without_local_place_pupils

    @property
    def unplaced_change_pupils(self) -> int:
        """Change of the pupils without any modelled place."""
        return self.after.unplaced_pupils - self.before.unplaced_pupils

    @property
    def travel_change_min_per_day(self) -> float:
        """Change of the day's travel of all pupils together."""
        return (self.after.travel_min - self.before.travel_min) * self.journeys_per_day


def ready_to_ask(
    inputs: Inputs,
    year: int,
    *,
    scenario_id: str = "do_nothing",
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> ReadyYear:
    """Open a year for proposals.

    Parameters
    ----------
    inputs
        Checked inputs of the scenario that proposals are compared with.
    year
        The academic year.
    scenario_id
        Name of that scenario.
    demand, network
        As for `open_year`.

    Raises
    ------
    ParameterError
        When the area does not forecast that year.
    """
    groups = demand_of(inputs) if demand is None else demand
    roads = network_of(inputs) if network is None else network
    opened = open_year(inputs, year, scenario_id=scenario_id, demand=groups, network=roads)
    settled = allocation.settle_year(opened.eligibility)
    homes = roads.spots(*positions_of(inputs.origins, roads.drives.roads.crs, "origins").T)
    kept = groups[(groups["year"] == year) & measures.headline_groups(groups)]
    return ReadyYear(opened, settled, settled.figures(), roads, roads.toward(homes), kept.reset_index(drop=True))


def whatif(ready: ReadyYear, proposal: Proposal) -> Answer:
    """Return what a proposal changes.

    Parameters
    ----------
    ready
        The year, from `ready_to_ask`; not changed.
    proposal
        The proposal. A year before it opens, or from the year in which it closes, it changes nothing.

    Raises
    ------
    DataError
        When the proposal cannot be: every fault at once.
    GeographyError
        When its site is not on the area's ground.
    """
    inputs, year = ready.opened.inputs, ready.opened.eligibility.year
    _hold_possible(inputs, proposal, set(ready.settled.provision_ids))
    settled = ready.settled
    site = sites_on_roads(ready, [(proposal.easting_m, proposal.northing_m)])
    if proposal.year <= year and (proposal.closes_in is None or year < proposal.closes_in):
        extra = openings(ready, [as_proposed(proposal)], _NO_SCENARIO)
        if extra is not None:
            settled = settled.with_provision(extra)
        if proposal.closing:
            settled = settled.with_places(proposal.closing)
    return Answer(
        proposal=proposal,
        year=year,
        before=ready.before,
        after=settled.figures(),
        journeys_per_day=int(inputs.parameters.value("journeys_per_day")),
        snap_m=float(site.snap_m[0]),
        notes=tuple(_notes(inputs, proposal)),
    )


def as_proposed(proposal: Proposal) -> ProposedScheme:
    """Return a proposal as a scheme that opens, with all places from its first year.

    What it closes is not part of it: write a scheme ``close`` or ``relocate`` for that.
    """
    ends = () if proposal.closes_in is None else ((proposal.closes_in, 0),)
    return ProposedScheme(
        scheme_id=NAME,
        name=proposal.name,
        action="open",
        setting_id=NAME,
        easting_m=float(proposal.easting_m),
        northing_m=float(proposal.northing_m),
        provision_type=proposal.provision_type,
        needs=proposal.needs,
        ncy_from=proposal.ncy_from,
        ncy_to=proposal.ncy_to,
        places=((proposal.year, int(proposal.places)), *ends),
        sex=proposal.sex,
        ehcp_required=proposal.ehcp_required,
        attendance=proposal.attendance,
    )


def with_proposal(inputs: Inputs, proposal: Proposal, *, based_on: str = "do_nothing") -> Inputs:
    """Return the baseline with a scenario ``what_if``: one of its scenarios and the proposal's places besides.

    Raises
    ------
    ParameterError
        When there is no such scenario, or the proposal closes other provision, which a scheme must say.
    DataError
        When the proposal cannot be: every fault at once.
    """
    if proposal.closing:
        message = "what the proposal closes is not written here: add a scheme that closes it or relocates it"
        raise ParameterError(message)
    _hold_possible(inputs, proposal)
    return with_programme(inputs, [as_proposed(proposal)], NAME, title=proposal.name, based_on=based_on)


def _hold_possible(inputs: Inputs, proposal: Proposal, known: set[str] | None = None) -> None:
    """Raise every fault of a proposal; `known` is the provision that it could close, None = that of the inputs."""
    parameters = inputs.parameters
    faults = list(_faults(proposal))
    if proposal.year not in parameters.years:
        first, last = year_label(min(parameters.years)), year_label(max(parameters.years))
        faults.append(f"{year_label(proposal.year)} is not among the years of the area, {first} to {last}")
    if proposal.closes_in is not None and proposal.closes_in <= proposal.year:
        faults.append(
            f"it would close in {year_label(proposal.closes_in)}, before it opens in {year_label(proposal.year)}"
        )
    there = set(inputs.provision["provision_id"]) if known is None else known
    faults += [f"the provision {one!r} that it would close is unknown" for one in proposal.closing if one not in there]
    east, north = proposal.easting_m, proposal.northing_m
    if not (np.isfinite(east) and np.isfinite(north)):
        faults.append("its easting and northing must be numbers, in metres")
    elif not bool(within_system([east], [north], parameters.crs)[0]):
        turned = bool(within_system([north], [east], parameters.crs)[0])
        hint = ": are easting and northing swapped?" if turned else f": give metres ({parameters.crs}), not degrees"
        faults.append(f"its position {east:g}, {north:g} is outside {parameters.crs}{hint}")
    if faults:
        message = "the proposal cannot be: " + "; ".join(faults)
        raise DataError(message)


def _faults(proposal: Proposal) -> list[str]:
    faults = []
    if proposal.provision_type not in HEADLINE_TYPES:
        known = PROVISION_TYPE_NAMES.get(proposal.provision_type, "")
        why = (
            f"{known} is a stream of its own, matched by school" if known else f"{proposal.provision_type!r} is unknown"
        )
        faults.append(f"{why}: propose a {' or a '.join(HEADLINE_TYPES)}")
    whole = isinstance(proposal.places, int | np.integer) and not isinstance(proposal.places, bool)
    if not whole or not 0 <= proposal.places <= MOST_PLACES:
        faults.append(f"it has {proposal.places!r} places: give a whole number from 1 to {MOST_PLACES:,}")
    elif proposal.places == 0 and not proposal.closing:
        faults.append("it has no places and closes nothing")
    unknown = [need for need in proposal.needs if need not in NEEDS]
    if unknown or not proposal.needs:
        told = f"{', '.join(unknown)} unknown" if unknown else "none given"
        faults.append(f"needs: {told}; give some of {', '.join(NEEDS)}")
    if not NCY_MIN <= proposal.ncy_from <= proposal.ncy_to <= NCY_MAX:
        faults.append(f"year groups {proposal.ncy_from} to {proposal.ncy_to}: give first and last, such as 7 and 11")
    elif proposal.ncy_to < HEADLINE_NCY[0] or proposal.ncy_from > HEADLINE_NCY[1]:
        faults.append(f"year groups {proposal.ncy_from} to {proposal.ncy_to} take nobody from Reception to Year 14")
    if proposal.sex not in SEXES:
        faults.append(f"sex is {proposal.sex!r}: give one of {', '.join(SEXES)}")
    if proposal.attendance not in PROVISION_ATTENDANCE:
        faults.append(f"attendance is {proposal.attendance!r}: give one of {', '.join(PROVISION_ATTENDANCE)}")
    return faults


def _notes(inputs: Inputs, proposal: Proposal) -> list[str]:
    notes = []
    base, places = proposal.provision_type == "specialist_base", proposal.places
    if base and places and not BASE_PLACES[0] <= places <= BASE_PLACES[1]:
        notes.append(f"New specialist bases hold {BASE_PLACES[0]} to {BASE_PLACES[1]} places; this one has {places}.")
    if proposal.provision_type == "special_school":
        notes.append("A special-school scheme must say why a base will not do.")
    if len(inputs.acceptance):
        notes.append("Pupils whom the area lets take another type of place are not counted here.")
    return notes
