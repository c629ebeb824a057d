"""The policy `preference`: families choose among suitable places, the nearer the likelier, while there is room.

A family of group i ranks the places that the rules allow by

    U = -decay_per_min x minutes + e,   e independent, standard Gumbel

so that, were there room everywhere, place j would be chosen with probability exp(-decay x minutes_j) / sum over k of
exp(-decay x minutes_k): the multinomial logit of McFadden (1974). Local places come before those of other councils and
these before independent ones; with the chance `leakage_share` a family ranks independent places first. Where more
choose a place than it has room, the nearer pupils have it, and the others go to their next choice: the deferred
acceptance of Gale and Shapley (1962). Its outcome does not hang on who asks first, and is stable: nobody does without
a place that would suit them better and is free, or is held by somebody who lives further from it.

The draws e are a digest of group, pupil, provision and seed, not a stream of random numbers: the same family has the
same tastes in every scenario and order of rows, so that scenarios are compared like with like.

References
----------
McFadden, D. (1974), Conditional logit analysis of qualitative choice behavior, in *Frontiers in Econometrics*.
Gale, D. and Shapley, L. S. (1962), College admissions and the stability of marriage, *American Mathematical Monthly*
69, 9-15.
"""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sufficiency.allocation.eligibility import MS_PER_MIN
from sufficiency.allocation.policies import LOCAL_TIER, YearResult, column_sums, flow_matrix, unproven_year
from sufficiency.model.errors import ParameterError
from sufficiency.model.scheme_ids import without_scenario
from sufficiency.model.vocabulary import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.residual import Ints

__all__ = ["Preference", "preference_year"]

INDEPENDENT_TIER: Final = TIERS.index("independent") + 1
NOWHERE: Final = -1

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Preference:
    """How families choose.

    Parameters
    ----------
    decay_per_min
        Loss of utility per minute of the journey, at least 0: ln 2 / decay is the minutes that halve the odds.
    leakage_share
        Chance, 0 to 1, that a family who could have an independent place asks for one before any other.
    seed
        Another seed draws other tastes.
    """

    decay_per_min: float
    leakage_share: float
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse shares and decays that mean nothing."""
        if not (np.isfinite(self.decay_per_min) and self.decay_per_min >= 0):
            message = f"preference_decay_per_min is {self.decay_per_min}, but must be a number from 0"
            raise ParameterError(message)
        if not 0 <= self.leakage_share <= 1:
            message = f"preference_leakage_share is {self.leakage_share}, but must lie between 0 and 1"
            raise ParameterError(message)


def preference_year(eligibility: Eligibility, preference: Preference) -> YearResult:
    """Let the families of a year choose: first among places of the type sought, then among substitutes that are left.

    Parameters
    ----------
    eligibility
        The year.
    preference
        How they choose.
    """
    group = np.repeat(np.arange(len(eligibility.pupils)), eligibility.pupils)
    columns = _digests(eligibility.provision["provision_id"].astype(str).map(without_scenario), preference.seed)
    who = _digests(eligibility.groups["group_id"], preference.seed)[group]
    pupil = who + _mix(np.arange(len(group), dtype=np.uint64) - np.searchsorted(group, group).astype(np.uint64))
    tastes = _gumbel(pupil, columns)
    rank = _tier_ranks(eligibility, group, pupil, preference.leakage_share)
    chosen = np.full(len(group), NOWHERE)
    matrices = []
    places = eligibility.places
    for cost in (eligibility.first_cost, eligibility.substitute_cost):
        asking = np.flatnonzero(chosen == NOWHERE)
        utility = tastes[asking] - preference.decay_per_min * cost[group[asking]] / MS_PER_MIN
        lists = _rankings(cost[group[asking]] >= 0, rank[asking], utility)
        found = _deferred_acceptance(lists, cost[group[asking]], pupil[asking], places)
        chosen[asking] = found
        inside = found != NOWHERE
        ones = np.ones(int(inside.sum()), dtype=np.int64)
        matrices.append(flow_matrix(group[asking][inside], found[inside], ones, eligibility))
        places = places - column_sums(matrices[-1])
    return unproven_year(eligibility, matrices[0], matrices[1])


def _tier_ranks(eligibility: Eligibility, group: NDArray[np.intp], pupil: Hashes, leakage_share: float) -> Ints:
    """Return int64 [pupils, m]: the order of tiers for each pupil; those who leak ask for independent places first."""
    tier = eligibility.tier
    offered = (eligibility.first_cost >= 0) & ((tier == INDEPENDENT_TIER) & (eligibility.places > 0))[None, :]
    may_leak = offered.any(axis=1)[group]
    leaks = may_leak & (_uniform(_mix(pupil)) < leakage_share)
    independent_first = np.where(tier == INDEPENDENT_TIER, LOCAL_TIER - 1, tier)
    return np.where(leaks[:, None], independent_first[None, :], tier[None, :])


def _rankings(allowed: NDArray[np.bool_], rank: Ints, utility: Floats) -> list[list[int]]:
    """Return the columns that each pupil may take, the most wanted first."""
    order = np.lexsort((-utility, rank, ~allowed), axis=1)
    return [row[:count].tolist() for row, count in zip(order, allowed.sum(axis=1).tolist(), strict=True)]


def _deferred_acceptance(lists: list[list[int]], cost: Ints, pupil: Hashes, places: Ints) -> Ints:
    """Return the column of each pupil, or NOWHERE: every pupil asks in turn, every column keeps the nearest."""
    held: list[list[tuple[int, int, int]]] = [[] for _ in places]
    room = places.tolist()
    asked = [0] * len(lists)
    waiting = list(range(len(lists)))
    ties = pupil.tolist()
    while waiting:
        who = waiting.pop()
        if asked[who] == len(lists[who]):
            continue
        column = lists[who][asked[who]]
        asked[who] += 1
        # The heap's first is whoever would give way: the furthest, then the greatest digest.
        entry = (-int(cost[who, column]), -ties[who], who)
        if len(held[column]) < room[column]:
            heapq.heappush(held[column], entry)
        elif room[column]:
            waiting.append(heapq.heappushpop(held[column], entry)[2])
        else:
            waiting.append(who)
    found = np.full(len(lists), NOWHERE, dtype=np.int64)
    for column, entries in enumerate(held):
        found[[who for *_, who in entries]] = column
    return found


def _digests(ids: Iterable[str], seed: int) -> Hashes:
    words = (hashlib.blake2b(f"{seed}|{one}".encode(), digest_size=8).digest() for one in ids)
    return np.frombuffer(b"".join(words), dtype="<u8").astype(np.uint64)


def _mix(value: Hashes) -> Hashes:
    """Return the finaliser of SplitMix64: every bit of the input moves half of the output's."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _gumbel(pupil: Hashes, column: Hashes) -> Floats:
    """Return a standard Gumbel draw for each pair, made of both digests."""
    bits = _mix(pupil[:, None] ^ _mix(column)[None, :])
    return -np.log(-np.log(_uniform(bits)))


def _uniform(bits: Hashes) -> Floats:
    """Return numbers between 0 and 1, both left out, made of the upper 53 bits."""
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
