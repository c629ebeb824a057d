"""What each scheme of a programme contributes in one year: left out alone, and its Shapley share.

The worth of some schemes is that of the joint optimum with them, of first-fit placements: pupils placed locally, pupils
placed at all, and the day's travel. Left out alone: the worth of all less the worth of all but one, which do not add
up, because schemes stand in for one another. The Shapley share is a scheme's mean worth over every order in which the
schemes might be added, and these do add up to the programme.

References
----------
Shapley (1953), A value for n-person games. Castro, Gómez and Tejada (2009), Polynomial calculation of the Shapley value
based on sampling, for the sampled shares and their standard error.
"""

from __future__ import annotations

import dataclasses
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from sufficiency import allocation
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import HEADLINE_TYPES
from sufficiency.planning.opened_year import open_year
from sufficiency.planning.schemes import MOVES, lay_schemes, scheme_departments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sufficiency.allocation import SettledYear
    from sufficiency.model.results import Inputs
    from sufficiency.travel import RoadNetwork

    Floats = NDArray[np.float64]

__all__ = ["EXACT_UP_TO", "contributions", "left_out"]

EXACT_UP_TO: Final = 10
SEED: Final = 20_260_616
_WORTH: Final = ("local_pupils", "placed_pupils", "travel_min_per_day")


class _Schemes(NamedTuple):
    """What each scheme does to the places of a year: places added by provision, and provision that it closes."""

    ids: tuple[str, ...]
    base: dict[str, int]
    adds: dict[str, dict[str, int]]
    closes: dict[str, frozenset[str]]


def left_out(
    inputs: Inputs,
    year: int,
    scheme_ids: Sequence[str],
    *,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
) -> pd.DataFrame:
    """Return what a programme has less what it would have without each scheme.

    Parameters
    ----------
    inputs
        Checked inputs of the baseline that the programme is laid over.
    year
        The academic year.
    scheme_ids
        The schemes; those of other streams than special schools and specialist bases contribute nothing here and are
        left out.
    demand, network
        As for `open_year`.

    Returns
    -------
    DataFrame
        scheme_id, year, left_out_local_pupils, left_out_placed_pupils, left_out_travel_min_per_day (all day pupils
        together, there and back; below 0 the scheme saves). Internal.

    Raises
    ------
    ParameterError
        When a scheme is unknown.
    """
    return _left_out(_ready(inputs, year, scheme_ids, demand, network))


def contributions(
    inputs: Inputs,
    year: int,
    scheme_ids: Sequence[str],
    *,
    demand: pd.DataFrame | None = None,
    network: RoadNetwork | None = None,
    orders: int = 100,
) -> pd.DataFrame:
    """Return what each scheme contributes to a programme in a year.

    Parameters
    ----------
    inputs, year, scheme_ids, demand, network
        As for `left_out`.
    orders
        Orders drawn, with a fixed seed, where there are more than `EXACT_UP_TO` schemes; each is used forwards and
        backwards.

    Returns
    -------
    DataFrame
        As `left_out`, with share_local_pupils, share_placed_pupils, share_travel_min_per_day: Shapley shares, which add
        up to the programme's whole; error_local_pupils: the standard error of the first share, 0 where ``exact``.
        Internal.

    Raises
    ------
    ParameterError
        When a scheme is unknown, or fewer than one order is drawn.
    """
    if orders < 1:
        message = "draw at least one order of schemes"
        raise ParameterError(message)
    ready = _ready(inputs, year, scheme_ids, demand, network)
    ids = ready.schemes.ids
    exact = len(ids) <= EXACT_UP_TO
    if exact:
        values = {
            frozenset(chosen): ready.worth(chosen) for size in range(len(ids) + 1) for chosen in combinations(ids, size)
        }
        shares, errors = _exact(ids, values), np.zeros(len(ids))
    else:
        drawn = _drawn(ready, orders)
        shares = drawn.mean(axis=0)
        errors = drawn[:, :, 0].std(axis=0, ddof=1) / np.sqrt(orders) if orders > 1 else np.full(len(ids), np.nan)
    table = _left_out(ready)
    for at, name in enumerate(_WORTH):
        table[f"share_{name}"] = shares[:, at]
    return table.assign(error_local_pupils=errors, exact=exact)


class _Ready(NamedTuple):
    """A year with every provision of the baseline and of the schemes open, and what each scheme does to it."""

    year: int
    schemes: _Schemes
    settled: SettledYear
    journeys_per_day: int

    def worth(self, chosen: Iterable[str]) -> Floats:
        """Return the worth of some schemes together."""
        return self.worth_of(self.settled.with_places(_places_with(self.schemes, set(chosen))))

    def worth_of(self, settled: SettledYear) -> Floats:
        """Return float64[3]: pupils placed locally, pupils placed, and the day's travel."""
        found = settled.figures()
        placed = sum(found.pupils_by_tier.values())
        return np.array([found.pupils_by_tier["local"], placed, found.travel_min * self.journeys_per_day])


def _ready(
    inputs: Inputs, year: int, scheme_ids: Sequence[str], demand: pd.DataFrame | None, network: RoadNetwork | None
) -> _Ready:
    known = set(inputs.schemes["scheme_id"])
    unknown = [one for one in scheme_ids if one not in known]
    if unknown:
        message = f"there is no scheme {unknown[0]!r}"
        raise ParameterError(message)
    rows = inputs.schemes[inputs.schemes["scheme_id"].isin(scheme_ids)]
    wanted = tuple(sorted(rows.loc[rows["provision_type"].isin(HEADLINE_TYPES), "scheme_id"].astype(str)))
    schemes = _what_they_do(inputs, wanted, year)
    settled = _ground(inputs, schemes, year, demand, network)
    return _Ready(year, schemes, settled, int(inputs.parameters.value("journeys_per_day")))


def _left_out(ready: _Ready) -> pd.DataFrame:
    ids = ready.schemes.ids
    whole = ready.worth(ids)
    apart = [whole - ready.worth(other for other in ids if other != one) for one in ids]
    table = pd.DataFrame({"scheme_id": list(ids), "year": ready.year})
    for at, name in enumerate(_WORTH):
        column = np.array([one[at] for one in apart])
        table[f"left_out_{name}"] = column.astype(np.int64) if name.endswith("pupils") else column
    return table


def _what_they_do(inputs: Inputs, scheme_ids: Sequence[str], year: int) -> _Schemes:
    schemes = inputs.schemes[inputs.schemes["scheme_id"].isin(scheme_ids)]
    stock = inputs.scheme_places[inputs.scheme_places["scheme_id"].isin(scheme_ids)]
    rows = scheme_departments(pd.DataFrame(schemes), stock)
    rows = rows[rows["year"] == year]
    there = inputs.places[inputs.places["year"] == year].set_index("provision_id")["planned_places"]
    adds: dict[str, dict[str, int]] = {one: {} for one in scheme_ids}
    closes: dict[str, frozenset[str]] = dict.fromkeys(scheme_ids, frozenset())
    every = lay_schemes(inputs, scheme_ids).provision
    for row in rows.to_dict("records"):
        mine = adds[str(row["scheme_id"])]
        if row["action"] == "close":
            named = str(row["from_provision_id"] or "")
            same = (every["setting_id"] == row["setting_id"]) & (every["provision_type"] == row["provision_type"])
            shut = {named} if named else set(every.loc[same, "provision_id"].astype(str))
            closes[str(row["scheme_id"])] |= shut
            continue
        mine[str(row["provision_id"])] = mine.get(str(row["provision_id"]), 0) + int(row["places"])
        if row["action"] in MOVES:
            source = str(row["from_provision_id"])
            mine[source] = mine.get(source, 0) - int(row["given_up_places"])
    return _Schemes(tuple(scheme_ids), {str(name): int(count) for name, count in there.items()}, adds, closes)


def _places_with(schemes: _Schemes, chosen: set[str]) -> dict[str, int]:
    """Return the places of every provision that some scheme touches, with the chosen schemes alone."""
    touched = {name for one in schemes.ids for name in schemes.adds[one]}
    touched |= {name for one in schemes.ids for name in schemes.closes[one]}
    shut = {name for one in chosen for name in schemes.closes[one]}
    places = {}
    for name in sorted(touched):
        added = sum(schemes.adds[one].get(name, 0) for one in sorted(chosen))
        places[name] = 0 if name in shut else schemes.base.get(name, 0) + added
    return {name: count for name, count in places.items() if name in schemes.base or _adds(schemes, name)}


def _adds(schemes: _Schemes, name: str) -> bool:
    return any(schemes.adds[one].get(name, 0) > 0 for one in schemes.ids)


def _ground(
    inputs: Inputs, schemes: _Schemes, year: int, demand: pd.DataFrame | None, network: RoadNetwork | None
) -> SettledYear:
    """Return the year with every provision of the baseline and of the schemes open, ready to be changed."""
    laid = lay_schemes(inputs, schemes.ids)
    rows = laid.places[laid.places["year"] == year]
    gone = inputs.places[(inputs.places["year"] == year) & ~inputs.places["provision_id"].isin(rows["provision_id"])]
    opening = [name for one in schemes.ids for name, count in schemes.adds[one].items() if count > 0]
    missing = [name for name in opening if name not in set(rows["provision_id"]) | set(gone["provision_id"])]
    empty = pd.DataFrame({"provision_id": missing, "year": year, "planned_places": 0})
    places = pd.concat([part for part in (rows, gone, empty) if len(part)], ignore_index=True)
    everything = dataclasses.replace(inputs, settings=laid.settings, provision=laid.provision, places=places)
    opened = open_year(everything, year, demand=demand, network=network)
    return allocation.settle_year(opened.eligibility)


def _exact(ids: Sequence[str], values: Mapping[frozenset[str], Floats]) -> Floats:
    """Return float64[n, 3]: Σ over sets S without i of |S|! (n - |S| - 1)! / n! · (v(S + i) - v(S))."""
    n = len(ids)
    out = np.zeros((n, len(_WORTH)))
    for at, one in enumerate(ids):
        others = [other for other in ids if other != one]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for chosen in combinations(others, size):
                out[at] += weight * (values[frozenset((*chosen, one))] - values[frozenset(chosen)])
    return out


def _drawn(ready: _Ready, orders: int) -> Floats:
    """Return float64[orders, n, 3]: what each scheme adds, meant over an order and the same order backwards."""
    schemes = ready.schemes
    rng = np.random.default_rng(SEED)
    start = ready.settled.with_places(_places_with(schemes, set()))
    first = ready.worth_of(start)
    out = np.zeros((orders, len(schemes.ids), len(_WORTH)))
    for draw in range(orders):
        order = rng.permutation(len(schemes.ids)).tolist()
        for direction in (order, order[::-1]):
            settled, before, chosen = start, first, set[str]()
            for at in direction:
                one = schemes.ids[at]
                chosen.add(one)
                now = _places_with(schemes, chosen)
                touched = {*schemes.adds[one], *schemes.closes[one]} & set(now)
                settled = settled.with_places({name: now[name] for name in sorted(touched)})
                after = ready.worth_of(settled)
                out[draw, at] += (after - before) / 2
                before = after
    return out
