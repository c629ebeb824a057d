"""Tiers of placement: the most pupils in tier 1, then in tiers 1 and 2, and so on, then the least travel.

Each tier adds a whole number of steps to the cost of its columns. A residual cycle passes "no place" at most once,
so it moves one pupil between two tiers; a step greater than the travel of any cycle therefore never lets travel
outweigh a tier, and the maxima are attainable together because an augmenting path never empties a column. The step is
more than twice that travel, so that a change of priced cost tells its tiers and its travel apart.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import residual
from sufficiency.allocation.certificate import certify, certify_cut, dot, hold, priced_as_asked
from sufficiency.allocation.solve import as_problem, transport
from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sufficiency.allocation.residual import Bools, Ints
    from sufficiency.model.results import Certificate, Flow


@dataclass(frozen=True)
class TieredFlow:
    """An optimal flow by tiers.

    ``flow`` is the flow of `transport` on cost + tier price, its prices in that unit; ``cost`` the travel alone;
    ``priced_cost`` int64 [n, m] and ``tier_price`` int64 [m] what was solved; ``cuts`` one bool [n] a tier, which
    proves the most that tiers up to it can take.
    """

    flow: Flow
    cost: int
    priced_cost: Ints
    tier_price: Ints
    cuts: tuple[Bools, ...]


def tier_step(cost: Ints, n_tiers: int, headroom: int = 0) -> int:
    """Return the step between the prices of two tiers: more than twice the travel of any residual cycle.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    n_tiers
        Number of tiers.
    headroom
        Travel that columns to come may add to a cycle.

    Raises
    ------
    DataError
        When the prices would not fit.
    """
    step = 1 + 2 * (residual.path_bound(cost) + headroom)
    if step * n_tiers >= residual.LIMIT:
        message = "costs overflow 64-bit integers once tiers are priced: use a coarser unit of cost"
        raise DataError(message)
    return step


def tier_prices(cost: Ints, tier: Ints) -> Ints:
    """Return int64 [m]: the price of each column's tier, in steps of more than twice any residual cycle's travel.

    Parameters
    ----------
    cost
        int64 [n, m], -1 = not eligible.
    tier
        int64 [m]; the order of the values matters, not their size.
    """
    _, rank = np.unique(tier, return_inverse=True)
    step = tier_step(cost, int(rank.max(initial=0)) + 1)
    return rank.ravel().astype(np.int64) * np.int64(step)


def solve_tiers(
    cost: ArrayLike,
    pupils: ArrayLike,
    places: ArrayLike,
    tier: ArrayLike,
    *,
    guess: residual.Cells | None = None,
) -> TieredFlow:
    """Place the most pupils in the first tier, then in the first two, and so on; then at the least total cost.

    Parameters
    ----------
    cost, pupils, places
        As for `transport`.
    tier
        Integers [m], the tier of each column, the first to be filled being the least.
    guess
        As for `transport`.

    Raises
    ------
    DataError
        As `transport`, or when `tier` is not one integer a column.
    """
    cost_array, pupils_array, places_array = as_problem(cost, pupils, places)
    tier_array = np.asarray(tier, dtype=np.int64)
    if tier_array.shape != places_array.shape:
        message = f"tier has shape {tier_array.shape}, places {places_array.shape}"
        raise DataError(message)
    price = tier_prices(cost_array, tier_array)
    priced = residual.priced(cost_array, price)
    flow = transport(priced, pupils_array, places_array, guess=guess)
    cells = flow.flow.tocoo()
    travel = int((cost_array[cells.row, cells.col] * cells.data).sum())
    cuts, allowed = [], cost_array >= 0
    for last in np.unique(tier_array):
        prefix = tier_array <= last
        inside = prefix[cells.col]
        eligible = allowed & prefix[None, :]
        left = pupils_array - residual.sums(cells.row, cells.data * inside, len(pupils_array))
        cuts.append(residual.reached_rows(eligible, cells.row[inside], cells.col[inside], left > 0))
    return TieredFlow(flow, travel, priced, price, tuple(cuts))


def certify_tiers(
    result: TieredFlow, cost: Ints, pupils: Ints, places: Ints, tier: Ints, *, label: tuple[str, str, int, str]
) -> Certificate:
    """Prove a tiered flow: that the question was priced as asked, its duality and cut, and one cut a tier prefix.

    Parameters
    ----------
    result
        The answer of `solve_tiers`.
    cost, pupils, places, tier
        The question.
    label
        Scenario, policy, year and the name of the solve.

    Raises
    ------
    CertificateError
        Naming the identity that does not hold.
    """
    cells = result.flow.flow.tocoo()
    travel = dot(cost[cells.row, cells.col], cells.data)
    steps = {int(rank): set(result.tier_price[tier == rank].tolist()) for rank in np.unique(tier)}
    rising = [min(prices) for prices in steps.values()]
    least_step = min((after - before for before, after in itertools.pairwise(rising)), default=0)
    for identity, holds in {
        "one price a tier": all(len(prices) == 1 for prices in steps.values()),
        "priced as asked": priced_as_asked(result.priced_cost, cost, result.tier_price),
        "a step that no travel outweighs": least_step > _travel_of_a_cycle(cost) or len(rising) < 2,
        "travel": travel == result.cost,
    }.items():
        hold(identity, holds)
    proof = certify(result.priced_cost, pupils, places, result.flow, label=label)
    allowed = result.priced_cost >= 0
    for last, cut in zip(np.unique(tier), result.cuts, strict=True):
        certify_cut(allowed & (tier <= last)[None, :], pupils, places, result.flow, cut)
    return proof


def _travel_of_a_cycle(cost: Ints) -> int:
    """Return a bound of the travel that a residual cycle can save: in each column once, the range of its costs.

    Apart from `tier_step`, which it is to prove.
    """
    if cost.size == 0:
        return 0
    most = cost.max(axis=0)
    taken = most >= 0
    greatest: list[int] = most[taken].tolist()
    # what is not eligible is the greatest of numbers without a sign
    least: list[int] = np.ascontiguousarray(cost).view(np.uint64).min(axis=0)[taken].tolist()
    return sum(greatest) - sum(least) + max(least, default=0)
