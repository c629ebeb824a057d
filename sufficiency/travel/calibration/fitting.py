"""Factors for groups of roads from observed minutes: robust, bounded, drawn towards 1, on plain arrays.

Journey i is modelled as fixed_i + sum over groups g of factor_g x part_ig. With r_i = modelled_i / observed_i - 1, the
factors minimise

    sum_i weight_i s^2 rho((r_i / s)^2) / sigma^2  +  sum_g ((factor_g - 1) / 0.25)^2,   0.5 <= factor_g <= 2,

rho(z) = 2 (sqrt(1 + z) - 1), s = 1.5 sigma: squares for small errors, straight lines for large ones, so that a few odd
journeys pull little. sigma is the scatter of the journeys, 1.4826 x the weighted median of |r_i - median of r|. The
second term says, before any journey is seen, that a factor lies within 0.75 to 1.25 two times in three; the better the
journeys agree with each other, the less it weighs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import lsq_linear

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEAST_FACTOR: Final = 0.5
MOST_FACTOR: Final = 2.0
PRIOR_SPREAD: Final = 0.25
ROBUST_SPREADS: Final = 1.5
NORMAL_MEDIAN: Final = 1.4826
LEAST_SPREAD: Final = 1e-9
MOST_STEPS: Final = 200
SAME_FACTOR: Final = 1e-9
WITHIN_SHARE: Final = 0.2


@dataclass(frozen=True)
class Errors:
    """How far modelled minutes lie from observed ones, as shares of the observed (0.12 = 12 %).

    ``bias_share`` is the mean of modelled / observed - 1 (below 0: the model is too fast); ``within_share`` the share
    of journeys no further than 20 % off.
    """

    journeys: int
    mean_absolute_share: float
    median_absolute_share: float
    bias_share: float
    within_share: float


def fit(
    parts_min: Floats, observed_min: Floats, *, fixed_min: Floats | None = None, weight: Floats | None = None
) -> Floats:
    """Return the factor of each group of roads that brings modelled minutes nearest to the observed ones.

    Parameters
    ----------
    parts_min
        float64[n_journeys, n_groups]: minutes that each journey spends in each group at factor 1; at least 0.
    observed_min
        float64[n_journeys]: above 0.
    fixed_min
        float64[n_journeys]: minutes that no factor changes; default none.
    weight
        float64[n_journeys]: above 0; default 1.

    Returns
    -------
    ndarray of float64[n_groups]
        Within 0.5 to 2; 1 for a group that no journey drives. The order of the journeys does not matter.

    Raises
    ------
    DataError
        When the arrays do not fit together, or hold a number out of bounds.
    """
    fixed_min = np.zeros_like(observed_min) if fixed_min is None else fixed_min
    weight = np.ones_like(observed_min) if weight is None else weight
    _check(parts_min, observed_min, fixed_min, weight)
    order = np.lexsort((weight, fixed_min, observed_min, *parts_min.T))
    parts_min, observed_min, fixed_min, weight = (
        array[order] for array in (parts_min, observed_min, fixed_min, weight)
    )
    rows, target = parts_min / observed_min[:, None], 1 - fixed_min / observed_min
    n_groups = rows.shape[1]
    factors = np.ones(n_groups)
    for _ in range(MOST_STEPS):
        error = rows @ factors - target
        middle = weighted_quantile(error, weight, 0.5)
        spread = max(NORMAL_MEDIAN * weighted_quantile(np.abs(error - middle), weight, 0.5), LEAST_SPREAD)
        # One step of iteratively reweighted least squares, in units of the spread.
        pull = np.sqrt(weight / np.sqrt(1 + (error / (ROBUST_SPREADS * spread)) ** 2))
        prior = spread / PRIOR_SPREAD
        found = lsq_linear(
            np.vstack([rows * pull[:, None], np.eye(n_groups) * prior]),
            np.concatenate([target * pull, np.full(n_groups, prior)]),
            bounds=(LEAST_FACTOR, MOST_FACTOR),
            method="bvls",
            tol=1e-14,
        ).x
        moved = np.abs(found - factors).max()
        factors = np.clip(found, LEAST_FACTOR, MOST_FACTOR)
        if moved < SAME_FACTOR:
            break
    return np.asarray(factors, dtype=np.float64)


def errors_of(modelled_min: Floats, observed_min: Floats, weight: Floats) -> Errors:
    """Return how far the modelled minutes lie from the observed ones; `weight` journeys stand behind each."""
    error = modelled_min / observed_min - 1
    total = weight.sum()
    return Errors(
        journeys=round(float(total)),
        mean_absolute_share=float((np.abs(error) * weight).sum() / total),
        median_absolute_share=weighted_quantile(np.abs(error), weight, 0.5),
        bias_share=float((error * weight).sum() / total),
        within_share=float(weight[np.abs(error) <= WITHIN_SHARE].sum() / total),
    )


def weighted_quantile(values: Floats, weight: Floats, share: float) -> float:
    """Return the least value at or below which at least this share of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    place = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(values[order][min(place, values.size - 1)])


def merge_groups(parts_min: Floats, partner: Ints, *, least_journeys: int, least_share: float) -> Ints:
    """Return int64[n_groups]: for each group, the group that its factor is fitted with.

    A group is carried by the journeys that spend at least `least_share` of their minutes in it. As long as a group is
    carried by fewer than `least_journeys`, or there is more than one group for every `least_journeys` journeys, the
    group carried by the fewest joins its partner; the one without a partner is joined by the best carried of those
    that would join it.

    Parameters
    ----------
    parts_min
        float64[n_journeys, n_groups].
    partner
        int64[n_groups]: the group that each joins; -1 for the one that joins none. A tree.
    least_journeys, least_share
        The rule's two numbers.
    """
    n_journeys, n_groups = parts_min.shape
    whole = np.maximum(parts_min.sum(axis=1), LEAST_SPREAD)
    head = np.arange(n_groups)
    while True:
        heads = [int(one) for one in np.unique(head)]
        carried = {one: int((parts_min[:, head == one].sum(axis=1) >= least_share * whole).sum()) for one in heads}
        enough = min(carried.values()) >= least_journeys and len(heads) <= n_journeys // least_journeys
        if len(heads) == 1 or enough:
            return head
        joining = min(heads, key=lambda one: (carried[one], one))
        if partner[joining] < 0:
            others = [one for one in heads if partner[one] >= 0 and head[partner[one]] == joining]
            joining = max(others, key=lambda one: (carried[one], one))
        head = np.where(head == joining, head[partner[joining]], head)


def _check(parts_min: Floats, observed_min: Floats, fixed_min: Floats, weight: Floats) -> None:
    n_journeys = observed_min.size
    if (
        parts_min.ndim != 2
        or parts_min.shape[0] != n_journeys
        or parts_min.shape[1] == 0
        or fixed_min.shape != observed_min.shape
        or weight.shape != observed_min.shape
        or n_journeys == 0
    ):
        message = "give one row of minutes by group, one observed time and one weight for every journey, at least one"
        raise DataError(message)
    whole = all(np.isfinite(array).all() for array in (parts_min, observed_min, fixed_min, weight))
    if not whole or (parts_min < 0).any() or (fixed_min < 0).any() or (observed_min <= 0).any() or (weight <= 0).any():
        message = "modelled minutes must be 0 or more, observed minutes and weights above 0"
        raise DataError(message)
