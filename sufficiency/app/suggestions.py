"""Where next? The best towns for the places in mind, and the best schemes within a budget. No framework.

The opportunity surface says where the first place would do most; then all places are put there and the whole county is
answered anew, so that the order is that of the places asked for, not of the first.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sufficiency.app.desk import AreaCard, Card, Programme
from sufficiency.app.proposals import AT_A_SCHOOL, new_scheme
from sufficiency.app.shown import hidden
from sufficiency.model.errors import GeographyError, ParameterError
from sufficiency.model.vocabulary import ALL, INTERNAL, NEED_GROUP_OF, NEED_GROUPS, NEEDS, year_label
from sufficiency.outputs.words import count_text, gbp_words, number_text
from sufficiency.planning import best_by_area, opportunity_surface
from sufficiency.planning.programme_search import Budget, prepare_search, search_programme
from sufficiency.planning.proposed import proposed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sufficiency.app.engine import Engine
    from sufficiency.app.proposals import Town
    from sufficiency.planning.proposed import ProposedScheme

__all__ = ["Found", "Suggestion", "best_schemes", "next_sites"]

MOST_SHOWN: Final = 6
SEARCH_SECONDS: Final = 30.0
_FOUND: Final = "found"


@dataclass(frozen=True)
class Suggestion:
    """A place where the places in mind would do much, and why."""

    name: str
    easting_m: float
    northing_m: float
    words: str


@dataclass(frozen=True)
class Found:
    """A programme that a search within a budget chose: its schemes as cards, and what it does in sentences."""

    programme: Programme
    words: tuple[str, ...]
    schemes: tuple[str, ...]


def _kinds(needs: Sequence[str]) -> list[str]:
    """Return the kinds of pupils of the surface that make up the needs: all, broad areas of need, and single needs."""
    if set(needs) == set(NEEDS):
        return [ALL]
    whole = [group for group in NEED_GROUPS if {one for one in NEEDS if NEED_GROUP_OF[one] == group} <= set(needs)]
    return whole + [one for one in needs if NEED_GROUP_OF[one] not in whole]


def question_of(engine: Engine, town: Town, programme: Programme, chosen: str, year: int) -> object:
    """Return what `next_sites` rests on, wherever its scheme stands; None where it would refuse."""
    try:
        scheme = _moving(engine, town, programme, chosen, year)
    except ParameterError:
        return None
    rest = programme.without_card(scheme.scheme_id)
    places = (scheme.provision_type, scheme.needs, scheme.ncy_from, scheme.ncy_to, scheme.places_in(year))
    return rest.schemes, rest.area_scheme_ids, places, year


def next_sites(
    engine: Engine,
    town: Town,
    programme: Programme,
    chosen: str,
    *,
    year: int,
    build: str,
    say: Callable[[str], None],
) -> tuple[Suggestion, ...]:
    """Return the best towns for the scheme in hand, beside the rest of the programme; best first.

    Parameters
    ----------
    engine
        The county.
    town
        Its places and schools.
    programme
        The programme worked on.
    chosen
        The scheme in hand, by id: its places are put everywhere in turn. Blank = thirty special-school places.
    year
        The year that counts; a scheme that opens later is taken as open.
    build
        ``public`` or ``internal``: counts of a few are told in the second only.
    say
        Is told each place that is tried.

    Raises
    ------
    SufficiencyError
        When the programme cannot be, or no pupil of the year could use such places.
    """
    scheme = _moving(engine, town, programme, chosen, year)
    rest = programme.without_card(scheme.scheme_id)
    say("Looking where pupils are without a place")
    opened = engine.opened(rest, year)
    surface = opportunity_surface(
        opened, provision_type=scheme.provision_type, needs=_kinds(scheme.needs), phases=[ALL], network=engine.network
    )
    best = best_by_area(surface)
    before = engine.headline(rest, year, first=False).after
    hide_up_to = 0 if build == INTERNAL else engine.inputs.parameters.hide_up_to
    trips = int(engine.inputs.parameters.value("journeys_per_day"))
    tried: dict[str, tuple[tuple[int, int, float], Suggestion]] = {}
    for row in best[best["level"] != "county"].to_dict("records"):
        name = town.place_near(float(row["easting_m"]), float(row["northing_m"]))
        say(f"Trying {name}")
        at = dataclasses.replace(scheme, easting_m=float(row["easting_m"]), northing_m=float(row["northing_m"]))
        try:
            after = engine.headline(rest.with_card(Card(at)), year, first=False).after
        except GeographyError:  # a junction of the surface that no school may be joined to
            continue
        local = before.without_local_place_pupils - after.without_local_place_pupils
        placed = before.unplaced_pupils - after.unplaced_pupils
        hours = (after.travel_min - before.travel_min) * trips / 60
        words = _why(scheme.places_in(year), local, hours, hide_up_to)
        order = (-placed, -local, hours)
        if name not in tried or order < tried[name][0]:
            tried[name] = (order, Suggestion(name, at.easting_m, at.northing_m, words))
    ranked = sorted(tried.items(), key=lambda item: (item[1][0], item[0]))
    return tuple(found for _, (_, found) in ranked[:MOST_SHOWN])


def _moving(engine: Engine, town: Town, programme: Programme, chosen: str, year: int) -> ProposedScheme:
    held = [one.scheme for one in programme.cards if one.scheme.scheme_id == chosen]
    if not held:
        bounds = engine.inputs.zones.total_bounds
        middle = (float(bounds[0] + bounds[2]) / 2, float(bounds[1] + bounds[3]) / 2)
        held = [new_scheme(town, programme.free_id(), middle, engine.years)]
    scheme = held[0]
    if scheme.action in AT_A_SCHOOL or scheme.action == "relocate":
        raise ParameterError("sites are suggested for new places: choose “Open new places” first")
    if scheme.places_in(year):
        return scheme
    return dataclasses.replace(scheme, places=((year, scheme.places[-1][1]),))


def _why(places: int, local: int, hours: float, hide_up_to: int) -> str:
    told = hidden(local, hide_up_to) if local > 0 else local
    gain = "a few" if told is None else number_text(told)
    size = round(abs(hours))
    way = "less" if hours < 0 else "more"
    travel = f"{count_text(size, 'hour')} {way} travel" if size else "about as much travel"
    noun = "pupil" if told == 1 else "pupils"
    total = f"{count_text(places, 'place')} would give {gain} more {noun} a local place"
    return f"{total}, with {travel} a day, all pupils together."


def best_schemes(
    engine: Engine,
    budget_gbp: float,
    year: int,
    *,
    say: Callable[[str], None],
    seconds: float = SEARCH_SECONDS,
) -> Found:
    """Return the best programme of the area's candidates within a budget, laid over the scenario compared with.

    Parameters
    ----------
    engine
        The county.
    budget_gbp
        New capital, all there from the first year searched.
    year
        The last year that counts.
    say
        Is told each step.
    seconds
        When the search stops and gives the best known.

    Raises
    ------
    SufficiencyError
        When the budget buys nothing, or the area has no candidates.
    """
    if not 0 < budget_gbp <= 1e9:
        raise ParameterError("the budget is in £ million, above 0 and up to 1,000")
    years = [one for one in engine.years[1:] or engine.years if one <= year] or [year]
    say("Making the candidates ready")
    problem = prepare_search(
        engine.inputs, scenario_id=engine.against, years=years, demand=engine.demand, network=engine.network
    )
    say(f"Choosing among {count_text(len(problem.pool.schemes), 'candidate')}")
    choice = search_programme(problem, Budget({min(years): float(budget_gbp)}), time_limit_s=seconds)
    inputs = choice.as_scenario(engine.inputs, _FOUND)
    base = set(engine.inputs.scenarios[engine.against].scheme_ids)
    ids = [one for one in inputs.scenarios[_FOUND].scheme_ids if one not in base]
    area = set(engine.inputs.schemes["scheme_id"].astype(str))
    own = [proposed_of(inputs, one) for one in ids if one not in area]
    cards = tuple(
        Card(dataclasses.replace(one, scheme_id=f"scheme-{number}")) for number, one in enumerate(own, start=1)
    )
    programme = Programme(
        f"Best within {gbp_words(budget_gbp)}", cards, tuple(AreaCard(one) for one in ids if one in area)
    )
    schemes = tuple(
        f"{row['candidate_name']}: {count_text(row['places'], 'place')} from {year_label(int(row['opening_year']))}, "
        f"{gbp_words(float(row['capital_gbp']))}"
        for row in choice.programme.to_dict("records")
    )
    return Found(programme, tuple(f"{one[:1].upper()}{one[1:]}." for one in choice.words()), schemes)
