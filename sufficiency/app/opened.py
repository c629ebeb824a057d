"""A scenario of a file as a programme on the desk; what cards cannot hold is refused in words, never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.app.desk import AreaCard, Card, Programme
from sufficiency.model.errors import ParameterError
from sufficiency.model.scheme_ids import own_scheme_id
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.proposed import proposed_of

if TYPE_CHECKING:
    from sufficiency.model.results import Inputs

__all__ = ["programme_of"]

_NOT_ON_CARDS: Final = {
    "assumptions": "other assumptions",
    "mitigations": "mitigations of demand",
    "closed_edge_ids": "closed roads",
    "new_roads": "new roads",
    "speed_changes": "other speeds",
    "substitutions": "substitutions",
}


def programme_of(inputs: Inputs, scenario_id: str, against: str) -> Programme:
    """Return a scenario as the programme that, laid over the scenario compared with, is the same scenario.

    Parameters
    ----------
    inputs
        The area with the scenario.
    scenario_id
        The scenario.
    against
        The scenario that the page compares with.

    Raises
    ------
    ParameterError
        When it holds what cards cannot: every such thing at once.
    """
    scenario, base = inputs.scenarios[scenario_id], inputs.scenarios[against]
    other = [text for name, text in _NOT_ON_CARDS.items() if getattr(scenario, name) != getattr(base, name)]
    faults = [f"it has {text}" for text in other]
    missing = [one for one in base.scheme_ids if one not in scenario.scheme_ids]
    if missing:
        faults.append(f"it leaves out {', '.join(missing)}, of “{base.title}”")
    prefix = own_scheme_id(scenario_id, "")
    own = [one for one in scenario.scheme_ids if one.startswith(prefix)]
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(own)]
    cohorts = stock.drop_duplicates(["scheme_id", "ncy_from", "ncy_to"]).groupby("scheme_id").size()
    faults += [f"the places of {one} differ by year group" for one in own if cohorts.get(one, 1) > 1]
    proposed = [proposed_of(inputs, one) for one in own]
    faults += [
        f"{one.scheme_id} is of type {one.provision_type.replace('_', ' ')}"
        for one in proposed
        if one.provision_type not in HEADLINE_TYPES
    ]
    if faults:
        message = (
            f"{scenario_id} cannot be laid out as cards: {'; '.join(faults)}. "
            "Run it as it is: `sufficiency run --scenario`"
        )
        raise ParameterError(message)
    there = set(base.scheme_ids)
    area = [AreaCard(one) for one in scenario.scheme_ids if one not in there and not one.startswith(prefix)]
    return Programme(scenario.title[:80], tuple(Card(one) for one in proposed), tuple(area))
