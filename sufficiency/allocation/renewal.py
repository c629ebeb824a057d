"""A year that is known already, with other provision: the columns that are as they were are taken over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pandas as pd

from sufficiency.allocation.eligibility import Eligibility, Offers, meeting, offers_of, tier_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.allocation.eligibility import Rules
    from sufficiency.model.results import TravelTimes

__all__ = ["HeadStart", "renewed"]

# what a column of an eligibility rests on, beside the places and whether it is open
_OFFER: Final = ["setting_id", "provision_type", "needs", "ncy_from", "ncy_to", "sex", "ehcp_required", "attendance",
                 "tier"]  # fmt: skip
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, eq=False, repr=False)
class HeadStart:
    """What is known of a year before it is allocated, so that it is answered sooner; the answer is the same.

    Parameters
    ----------
    eligibility
        The year with other provision and places, and the same demand, acceptance, journeys and rules. That they are the
        same is not looked into.
    placements
        Columns group_id, provision_id, pupils: first-fit placements that may be those of `optimal`
        (`SettledYear.placements`). They help where they are as good, and a year is large.
    """

    eligibility: Eligibility | None = None
    placements: pd.DataFrame | None = None


def renewed(
    known: Eligibility,
    provision: pd.DataFrame,
    places: pd.DataFrame,
    acceptance: pd.DataFrame,
    travel: TravelTimes,
    *,
    rules: Rules,
) -> Eligibility:
    """Return what `build_eligibility` does for the groups of a known year.

    Parameters
    ----------
    known
        See `HeadStart`.
    provision, places, acceptance, travel, rules
        As for `build_eligibility`.

    Raises
    ------
    DataError
        As `build_eligibility`.
    """
    offers = offers_of(provision, places, known.year)
    source = _as_it_was(known, offers)
    fresh = np.flatnonzero(source < 0)
    new = meeting(
        known.groups,
        Offers(
            known.year, offers.provision.iloc[fresh].reset_index(drop=True), offers.places[fresh], offers.is_open[fresh]
        ),
        acceptance,
        travel,
        rules,
    )
    shape = len(known.groups), len(source)

    def joined(old: NDArray[_T], further: NDArray[_T]) -> NDArray[_T]:
        out = np.empty(shape, dtype=old.dtype)
        for at, whence in _runs(source):
            out[:, at] = old[:, whence]
        out[:, fresh] = further
        return out

    substitutes = bool(known.accepts.any() or new.accepts.any())
    layers = {name: joined(layer, new.layers[name]) for name, layer in known.layers.items() if name != "open"}
    layers["open"] = np.broadcast_to(offers.is_open, shape)
    return Eligibility(
        year=known.year,
        groups=known.groups,
        provision=offers.provision,
        pupils=known.pupils,
        places=offers.places,
        is_open=offers.is_open,
        tier=tier_numbers(offers.provision),
        layers={name: layers[name] for name in known.layers},
        accepts=joined(known.accepts, new.accepts) if substitutes else np.broadcast_to(np.False_, shape),
        milliseconds=joined(known.milliseconds, new.milliseconds),
        metres=joined(known.metres, new.metres),
        first_cost=joined(known.first_cost, new.first_cost),
        substitute_cost=joined(known.substitute_cost, new.substitute_cost)
        if substitutes
        else np.broadcast_to(np.int64(-1), shape),
    )


def _as_it_was(known: Eligibility, offers: Offers) -> NDArray[np.intp]:
    """Return intp [m]: the column of the known year that is the same provision, open or not as it is; -1 = none."""
    columns, before = offers.provision, known.provision
    source: NDArray[np.intp] = pd.Index(before["provision_id"]).get_indexer(pd.Index(columns["provision_id"]))
    there = np.flatnonzero(source >= 0)
    same = offers.is_open[there] == known.is_open[source[there]]
    for name in _OFFER:
        same &= columns[name].to_numpy()[there] == before[name].to_numpy()[source[there]]
    source[there[~same]] = -1
    return source


def _runs(source: NDArray[np.intp]) -> list[tuple[slice, slice]]:
    """Return where neighbours are taken from neighbours: columns here, and those that they come from."""
    ends = np.flatnonzero((np.diff(source) != 1) | (source[:-1] < 0)) + 1
    parts = np.split(np.arange(len(source)), ends)
    return [
        (slice(part[0], part[-1] + 1), slice(source[part[0]], source[part[-1]] + 1))
        for part in parts
        if len(part) and source[part[0]] >= 0
    ]
