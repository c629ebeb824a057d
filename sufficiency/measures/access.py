"""Access of one year's demand groups to suitable places: how near, how many, and shared among how many.

Every measure starts from the pairs of a group and a provision that pass the hard rules (`Reach.suitable`) and have a
road route. Which groups and whose places take part is the caller's choice: one stream of day pupils and local places,
since streams are never added to one another, nor tiers to capacity.

In the formulas i = group, j = provision, P = pupils, S = places, t = minutes, w = decay of t (0 for a pair that is not
suitable). ``docs/access.md`` says when to use which. A parameter out of its range raises `ParameterError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sufficiency.measures.sufficiency import cut_rows
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Floats = NDArray[np.float64]
Decay = Callable[[Floats], Floats]

# the limit for primary pupils of the Department for Education's guidance on travel to school, the shorter of the two
DEFAULT_LIMIT_MIN: Final = 45.0
# below this a place counts for nothing, so that no quotient of two tiny weights can overflow
_LEAST_WEIGHT: Final = 1e-12
_CUTS: Final[tuple[tuple[str, str | None, str | None, str | None], ...]] = (
    ("county", None, None, None),
    ("county", "phase", None, None),
    ("district", None, None, None),
    ("district", "phase", None, None),
    ("cluster", None, None, None),
)
# measure -> whether its value is a sum over groups; otherwise it is a mean weighted by pupils
MEASURES: Final = {
    "nearest_min": False,
    "second_nearest_min": False,
    "within_limit_places": False,
    "two_step_places_per_pupil": False,
    "three_step_places_per_pupil": False,
    "spatial_availability_places": True,
    "without_suitable_place_pupils": True,
}


@dataclass(frozen=True)
class Reach:
    """One year's groups (rows) and provisions (columns), and which of them may meet.

    Parameters
    ----------
    year
        The academic year.
    groups
        One row a group: pupils, and for `access_table` phase, district_id and cluster_id (blank = not known).
    provision
        One row a provision, with provision_id.
    minutes
        Journey, float64 [n, m], NaN = no road route.
    suitable
        Whether the hard rules allow the pair, capacity apart, bool [n, m].
    places
        Places, int64 [m].

    Raises
    ------
    DataError
        When shapes differ, or a count or journey is negative or blank.
    """

    year: int
    groups: pd.DataFrame
    provision: pd.DataFrame
    minutes: Floats
    suitable: NDArray[np.bool_]
    places: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (len(self.groups), len(self.provision))
        if self.minutes.shape != shape or self.suitable.shape != shape or self.places.shape != shape[1:]:
            message = f"minutes and suitable must have the shape {shape}, and places the shape {shape[1:]}"
            raise DataError(message)
        if self.groups["pupils"].isna().any() or (self.groups["pupils"] < 0).any() or (self.places < 0).any():
            raise DataError("pupils and places must be whole numbers from 0 on: fill in or correct them")
        if (self.minutes < 0).any():
            raise DataError("minutes must not be negative: write NaN where there is no road route")

    @property
    def pupils(self) -> Floats:
        """Pupils of each group, float64 [n]."""
        return self.groups["pupils"].to_numpy(dtype=np.float64)

    @property
    def suitable_min(self) -> Floats:
        """Journey to the suitable provisions with a place, float64 [n, m], NaN = not one of them."""
        return np.where(self.suitable & (self.places > 0), self.minutes, np.nan)


def step_decay(*zones: tuple[float, float]) -> Decay:
    """Return a decay in steps: the weight of the first zone that holds the journey, 0 beyond the last.

    One zone ``(t, 1)`` is the catchment of t minutes of Luo and Wang (2003); several are the travel-time zones of Luo
    and Qi (2009), such as ``(10, 1), (20, 0.68), (30, 0.22)``.

    Parameters
    ----------
    zones
        (limit in minutes, the limit included; weight from 0 to 1), limits rising.
    """
    limits = np.array([limit for limit, _ in zones], dtype=np.float64)
    weights = np.array([weight for _, weight in zones] + [0.0], dtype=np.float64)
    if not zones or (np.diff(limits) <= 0).any() or limits[0] < 0 or not ((weights >= 0) & (weights <= 1)).all():
        raise ParameterError("zones need rising limits in minutes and weights from 0 to 1, such as (10, 1), (20, 0.68)")
    return lambda minutes: weights[np.searchsorted(limits, minutes, side="left")]


def gaussian_decay(scale_min: float, limit_min: float = np.inf) -> Decay:
    """Return the decay exp(−t² / (2 · scale²)), 0 beyond the limit.

    The form of PySAL's ``access.weights.gaussian``; the weight function of Wan, Zou and Sternberg (2012).

    Parameters
    ----------
    scale_min
        Minutes at which a place counts exp(−1/2) = 0.61.
    limit_min
        The catchment, itself included.
    """
    _above_zero(scale_min=scale_min)
    return _within(lambda minutes: np.exp(-0.5 * (minutes / scale_min) ** 2), limit_min)


def exponential_decay(scale_min: float, limit_min: float = np.inf) -> Decay:
    """Return the decay exp(−t / scale), 0 beyond the limit.

    The impedance of entropy-maximising gravity models (Wilson 1971).

    Parameters
    ----------
    scale_min
        Minutes at which a place counts exp(−1) = 0.37.
    limit_min
        The catchment, itself included.
    """
    _above_zero(scale_min=scale_min)
    return _within(lambda minutes: np.exp(-minutes / scale_min), limit_min)


def negative_power_decay(power: float, least_min: float, limit_min: float = np.inf) -> Decay:
    """Return the decay (max(t, least) / least)^−power, 0 beyond the limit.

    The gravity form of Hansen (1959), kept from growing without end near 0 by a least journey, below which all places
    count 1.

    Parameters
    ----------
    power
        The exponent, above 0.
    least_min
        The least journey, above 0.
    limit_min
        The catchment, itself included.
    """
    _above_zero(power=power, least_min=least_min)
    return _within(lambda minutes: (np.maximum(minutes, least_min) / least_min) ** -power, limit_min)


DECAYS: Final[Mapping[str, Callable[..., Decay]]] = {
    "step": step_decay,
    "gaussian": gaussian_decay,
    "exponential": exponential_decay,
    "negative_power": negative_power_decay,
}


def nth_nearest_min(reach: Reach, nth: int = 1) -> Floats:
    """Return each group's minutes to its n-th nearest suitable provision with at least one place.

    Parameters
    ----------
    reach
        The year.
    nth
        1 = the nearest.

    Returns
    -------
    ndarray
        float64 [n], NaN where there are fewer; non-decreasing in ``nth``.
    """
    if nth < 1:
        raise ParameterError("nth counts from 1, the nearest")
    ordered = np.sort(reach.suitable_min, axis=1)
    return ordered[:, nth - 1] if nth <= ordered.shape[1] else np.full(len(ordered), np.nan)


def within_limit_places(reach: Reach, limit_min: float | Floats) -> Floats:
    """Return the suitable places within a limit of each group: Σ_j S_j over t_ij ≤ limit, cumulative opportunities.

    Nothing is shared out: a place counts for every group that it suits, so the sum over groups means nothing
    (Ingram 1971; Geurs and van Wee 2004).

    Parameters
    ----------
    reach
        The year.
    limit_min
        One limit, or one a group [n]; a journey of exactly the limit lies within it.

    Returns
    -------
    ndarray
        float64 [n].
    """
    limits = np.broadcast_to(np.asarray(limit_min, dtype=np.float64), len(reach.groups))
    within = reach.suitable_min <= limits[:, None]
    return within.astype(np.float64) @ reach.places.astype(np.float64)


def two_step_places_per_pupil(reach: Reach, decay: Decay) -> Floats:
    """Return the two-step floating catchment area: A_i = Σ_j w_ij · S_j / (Σ_k P_k · w_kj).

    With a step of one zone, Luo and Wang (2003); with any other decay the enhanced form (Luo and Qi 2009). The sum of
    P_i · A_i is the places that a group with pupils can reach; more places lower nobody's access.

    Parameters
    ----------
    reach
        The year.
    decay
        One of `DECAYS`.

    Returns
    -------
    ndarray
        Places per pupil, float64 [n], 0 where nothing suitable is within reach.
    """
    return _floating_catchment("two_stage_fca", reach, decay)


def three_step_places_per_pupil(reach: Reach, decay: Decay) -> Floats:
    """Return the three-step floating catchment area: A_i = Σ_j G_ij · w_ij · S_j / (Σ_k P_k · G_kj · w_kj).

    G_ij = w_ij / Σ_l w_il shares the demand of a group out among the provisions that it can reach, l being those with
    a place (Wan, Zou and Sternberg 2012). Adds up as the two-step form does. Places added to a provision that has some
    lower nobody's access; a new provision can, since it draws demand.

    Parameters
    ----------
    reach
        The year.
    decay
        One of `DECAYS`.

    Returns
    -------
    ndarray
        Places per pupil, float64 [n], 0 where nothing suitable is within reach.
    """
    return _floating_catchment("three_stage_fca", reach, decay)


def spatial_availability_places(reach: Reach, decay: Decay, population_exponent: float = 1.0) -> Floats:
    """Return the places available to each group at each provision: V_ij = S_j · F^p_ij · F^c_ij / Σ_i F^p_ij · F^c_ij.

    F^p_ij = P_i^a / Σ_i P_i^a and F^c_ij = w_ij / Σ_i w_ij (Soukhov, Páez, Higgins and Mohamed 2023, PLOS ONE 18(1)
    e0278468). The sum of V is the places that a group with pupils can reach. With a = 1, V_i / P_i is the two-step
    measure and does not depend on how alike pupils are split into groups; with another a it does.

    Parameters
    ----------
    reach
        The year.
    decay
        One of `DECAYS`.
    population_exponent
        a, above 0.

    Returns
    -------
    ndarray
        float64 [n, m]; sum over columns for a group's places.
    """
    _above_zero(population_exponent=population_exponent)
    # the sums within F^p and F^c are those of the column in every term, so they cancel
    claims = reach.pupils[:, None] ** population_exponent * _weights(reach, decay)
    total = claims.sum(axis=0)
    available: Floats = reach.places * np.divide(claims, total, out=np.zeros_like(claims), where=total > 0)
    return available


def access_table(
    reach: Reach, area_ids: Sequence[str], decay: Decay, limits_min: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return the measures by area of residence: county and districts by phase and in all, clusters in all only.

    Parameters
    ----------
    reach
        The year.
    area_ids
        Every area, the county first: each appears in all, also with no pupil.
    decay
        One of `DECAYS`, for the measures with a decay.
    limits_min
        By phase, the longest journey of a place within the limit; 45 minutes for a phase that is missing.

    Returns
    -------
    DataFrame
        area_id, year, phase, need (all), measure, value, pupils; sorted. Value = mean weighted by pupils; a sum for
        spatial_availability_places (a = 1) and without_suitable_place_pupils (nothing suitable within the limit).
        Pupils = those whom the value speaks of: nearest_min leaves out pupils without any suitable place. A mean over
        nobody is blank.
    """
    limits = np.array(
        [(limits_min or {}).get(phase, DEFAULT_LIMIT_MIN) for phase in reach.groups["phase"]], dtype=np.float64
    )
    key = ["area_id", "phase", "need", "measure"]
    homes = reach.groups[["phase", "district_id", "cluster_id"]].assign(county_id=area_ids[0])
    amounts = pd.concat([homes.assign(**columns) for columns in _amounts(reach, decay, limits)], ignore_index=True)
    sums = [cut.groupby(key, as_index=False)[["pupils", "amount"]].sum() for _, cut in cut_rows(amounts, _CUTS)]
    every = pd.MultiIndex.from_product([list(area_ids), [ALL], [ALL], list(MEASURES)], names=key).to_frame(index=False)
    table = pd.concat(sums, ignore_index=True).merge(every, on=key, how="outer").fillna({"pupils": 0, "amount": 0.0})
    mean = (table["amount"] / table["pupils"]).where(table["pupils"] > 0)
    table["value"] = table["amount"].where(table["measure"].map(MEASURES), mean)
    table = table.assign(year=reach.year).astype({"pupils": np.int64}).sort_values(key, ignore_index=True)
    return table[["area_id", "year", "phase", "need", "measure", "value", "pupils"]]


def _above_zero(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            message = f"{name} must be above 0, not {value}"
            raise ParameterError(message)


def _within(decay: Decay, limit_min: float) -> Decay:
    return lambda minutes: np.where(minutes <= limit_min, decay(minutes), 0.0)


def _weights(reach: Reach, decay: Decay) -> Floats:
    """Return w, float64 [n, m], 0 where the pair is not suitable, has no route or the provision has no place."""
    minutes = reach.suitable_min
    met = np.isfinite(minutes)
    weights = np.where(met, decay(np.where(met, minutes, 0.0)), 0.0)
    return np.where(weights < _LEAST_WEIGHT, 0.0, weights)


def _floating_catchment(kind: str, reach: Reach, decay: Decay) -> Floats:
    """Return a measure of PySAL's `access.fca` on the pairs that count, by position of the group."""
    from access import fca  # noqa: PLC0415 - only these measures wait for it

    weights = _weights(reach, decay)
    # PySAL would divide by 0 at a provision that only groups without pupils can reach
    weights = weights * (reach.pupils @ weights > 0)
    row, column = np.nonzero(weights)
    if not len(row):
        return np.zeros(len(reach.groups))
    # PySAL applies its weight function value by value; with weights for costs and a ufunc that returns what it is
    # given, it works on the whole column at once
    pairs = pd.DataFrame({"origin": row, "dest": column, "cost": weights[row, column]})
    demand = pd.DataFrame({"demand": reach.pupils}, index=pd.RangeIndex(len(reach.groups), name="geoid"))
    supply = pd.DataFrame({"supply": reach.places}, index=pd.RangeIndex(len(reach.places), name="geoid"))
    found: pd.Series[Any] = getattr(fca, kind)(demand, supply, pairs, max_cost=None, weight_fn=np.positive)
    # PySAL leaves out groups that reach nothing
    return np.asarray(found.reindex(demand.index, fill_value=0.0), dtype=np.float64)


def _amounts(reach: Reach, decay: Decay, limits: Floats) -> Iterator[dict[str, Any]]:
    """Yield for each of `MEASURES` what is summed over the groups: the pupils it speaks of, and their amount."""
    nearest = nth_nearest_min(reach)
    means = {
        "nearest_min": nearest,
        "second_nearest_min": nth_nearest_min(reach, 2),
        "within_limit_places": within_limit_places(reach, limits),
        "two_step_places_per_pupil": two_step_places_per_pupil(reach, decay),
        "three_step_places_per_pupil": three_step_places_per_pupil(reach, decay),
    }
    for measure, value in means.items():
        known = ~np.isnan(value)
        counted = np.where(known, reach.pupils, 0.0)
        yield {"measure": measure, "pupils": counted, "amount": np.where(known, value, 0.0) * counted}
    sums = {
        "spatial_availability_places": spatial_availability_places(reach, decay).sum(axis=1),
        "without_suitable_place_pupils": np.where(nearest <= limits, 0.0, reach.pupils),
    }
    for measure, value in sums.items():
        yield {"measure": measure, "pupils": reach.pupils, "amount": value}
