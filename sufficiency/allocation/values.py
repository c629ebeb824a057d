"""What one more place is worth: by provision, and for one kind of pupil, exactly; and what would unlock a place.

Values come from the residual graph of the proven optimum (the smallest optimal prices), not from the prices that a
solver happens to return. One more place of provision j that only pupils of a kind may use changes the optimum by the
least over its groups i of

    cost(i, j) + the least change that follows when a pupil of i leaves where they are now

An augmenting path never empties a column, so the tier of the one place that is gained or given up is known exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.allocation import residual
from sufficiency.allocation.eligibility import MS_PER_MIN, why_not
from sufficiency.allocation.policies import LOCAL_TIER
from sufficiency.allocation.removal import after_leaving, given_up_price, solved_of
from sufficiency.allocation.residual import INFINITE
from sufficiency.model.vocabulary import ALL, PHASES, TIERS, phase_of

if TYPE_CHECKING:
    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.policies import YearResult
    from sufficiency.allocation.residual import Bools, Ints
    from sufficiency.allocation.tiers import TieredFlow

__all__ = ["place_values", "unlocks"]

_VALUES: Final = [
    "provision_id", "need", "phase", "more_placed_pupils", "more_local_pupils", "from_tier", "travel_change_min",
]  # fmt: skip
_UNLOCKS: Final = ["group_id", "pupils", "reason", "unlock", "provision_id", "travel_change_min", "words"]


def place_values(result: YearResult) -> pd.DataFrame:
    """Return what one more place of each open provision would change, for all and for each kind of pupil. Internal.

    Parameters
    ----------
    result
        A year of `optimal`, or of `rolling` (then given those who stay).

    Returns
    -------
    DataFrame
        provision_id, need and phase (all = any pupil whom the provision takes; otherwise a place that only such pupils
        may use; kinds whom it cannot take are left out); more_placed_pupils 0 or 1: whether one more pupil has a
        modelled place; more_local_pupils 0 or 1: whether one more has a local one; from_tier: the other tier that one
        pupil fewer is then in (blank where there is none); travel_change_min: change of the minutes of all pupils
        together, one way, positive where one more pupil travels.

    Raises
    ------
    ParameterError
        When the policy claims no optimum.
    """
    year, solved = result.eligibility, solved_of(result)
    left, waited = after_leaving(solved)
    cost = solved.priced_cost
    needs, phases = year.groups["need"].to_numpy(dtype=object), _phases(year)
    kinds = [(ALL, ALL, np.ones(len(needs), dtype=np.bool_))]
    kinds += [(need, ALL, needs == need) for need in sorted(set(needs))]
    kinds += [(ALL, phase, phases == phase) for phase in PHASES]
    kinds += [(need, phase, (needs == need) & (phases == phase)) for need in sorted(set(needs)) for phase in PHASES]
    parts = []
    for need, phase, who in kinds:
        takes = (cost[who] >= 0).any(axis=0) & year.is_open
        if takes.any():
            told = _told(solved, year, _least(cost, left, who), _least(cost, waited, who))
            parts.append(told.assign(need=need, phase=phase)[takes])
    empty = pd.DataFrame({name: [] for name in _VALUES})
    return pd.concat(parts, ignore_index=True)[_VALUES] if parts else empty


def unlocks(result: YearResult) -> pd.DataFrame:
    """Return, for every group without a place, the cheapest change that could give one of its pupils one. Internal.

    Where suitable places are full, it is one more place at the local provision where it costs the least travel: their
    own, or one that takes a pupil from it. One more pupil then has a place, and it can be one of these (another
    optimum may have one of another group). Otherwise it is the rule, or the fewest rules, that keeps them from the
    nearest local provision.

    Parameters
    ----------
    result
        A year of `optimal` or `rolling`.

    Returns
    -------
    DataFrame
        group_id, pupils, reason; unlock (``one_more_place``, ``change_of_rules`` or ``none``), provision_id,
        travel_change_min (of all pupils together, one way; blank for a change of rules), words.

    Raises
    ------
    ParameterError
        When the policy claims no optimum.
    """
    year, solved = result.eligibility, solved_of(result)
    waiting = np.flatnonzero(result.unplaced)
    local = year.tier == LOCAL_TIER
    flow = solved.flow.flow.tocoo()
    graph = residual.column_graph(solved.priced_cost, flow.row.astype(np.int64), flow.col.astype(np.int64))
    own = solved.priced_cost[waiting]
    distance = residual.least_distances(graph, np.where(own >= 0, own, INFINITE))
    distance = np.where(local[None, :], distance, INFINITE)
    names = year.provision["provision_id"].to_numpy(dtype=object)
    rows = []
    for group, reach in zip(waiting.tolist(), distance, strict=True):
        column = int(reach.argmin()) if reach.size else 0
        if reach.size and reach[column] < INFINITE:
            minutes = (int(reach[column]) - int(solved.tier_price[column])) / MS_PER_MIN
            rows.append((group, "one_more_place", names[column], minutes, f"one more place at {names[column]}"))
        else:
            rows.append((group, *_change_of_rules(year, group, local)))
    table = pd.DataFrame(rows, columns=["group", "unlock", "provision_id", "travel_change_min", "words"])
    at = table["group"].to_numpy(dtype=np.int64)
    return table.assign(
        group_id=year.groups["group_id"].to_numpy(dtype=object)[at],
        pupils=result.unplaced[at],
        reason=np.array(result.reason, dtype=object)[at],
    )[_UNLOCKS]


def _phases(year: Eligibility) -> np.ndarray:
    return np.array([phase_of(int(ncy)) for ncy in year.groups["ncy"]], dtype=object)


def _least(cost: Ints, after: Ints, who: Bools) -> Ints:
    """Return int64 [m]: the least over the groups of cost + what follows, INFINITE where there is none."""
    chosen = who & (after < residual.LIMIT)
    total = np.where(cost[chosen] >= 0, cost[chosen] + after[chosen, None], INFINITE)
    least: Ints = total.min(axis=0, initial=INFINITE)
    return least


def _told(solved: TieredFlow, year: Eligibility, moved: Ints, placed: Ints) -> pd.DataFrame:
    """Return the change of priced cost of one more place at each column as placed, tiers and travel."""
    more = placed < residual.LIMIT
    gains = ~more & (moved < 0)
    price = solved.tier_price
    given_up = np.where(gains, given_up_price(moved - price, price), price)
    travel = np.where(more, placed - price, np.where(gains, moved - price + given_up, 0))
    tiers = dict(zip(price.tolist(), (TIERS[tier - 1] for tier in year.tier.tolist()), strict=True))
    left = np.array([tiers[level] for level in given_up.tolist()], dtype=object)
    own = np.array([tiers[level] for level in price.tolist()], dtype=object)
    changes_tier = gains & (left != own)
    return pd.DataFrame(
        {
            "provision_id": year.provision["provision_id"].to_numpy(dtype=object),
            "more_placed_pupils": more.astype(np.int64),
            "more_local_pupils": ((year.tier == LOCAL_TIER) & (more | changes_tier)).astype(np.int64),
            "from_tier": np.where(changes_tier, left, ""),
            "travel_change_min": travel / MS_PER_MIN,
        }
    )


def _change_of_rules(year: Eligibility, group: int, local: Bools) -> tuple[str, str, float, str]:
    """Return the fewest rules that keep a group from a local provision, the nearest of those with as few."""
    failed = np.sum([~layer[group] for layer in year.layers.values()], axis=0)
    time = np.where(year.milliseconds[group] >= 0, year.milliseconds[group], np.iinfo(np.int32).max)
    candidates = np.flatnonzero(local)
    if not len(candidates):
        return "none", "", np.nan, "there is no local provision"
    best = int(candidates[np.lexsort((time[candidates], failed[candidates]))[0]])
    group_id = str(year.groups["group_id"].iloc[group])
    provision_id = str(year.provision["provision_id"].iloc[best])
    return "change_of_rules", provision_id, np.nan, f"{provision_id} {why_not(year, group_id, provision_id)}"
