"""How the rate of plans per resident changes from year to year, and what past years say of it.

With g the first yearly change, h years after the calibration year and K the ceiling of the rate over today's rate:

    none        G(h) = 1
    constant    G(h) = (1 + g)^h
    damped      G(h) = (1 + g)^(1 + d + d² + ... + d^(h-1))            (Gardner and McKenzie 1985)
    saturating  G(h) = K / (1 + (K - 1) · exp(-k·h)),  k = ln(1 + g) · K / (K - 1)     (logistic growth)

The logistic curve leaves today's rate as steeply as constant change does, then slows: its first year falls short of g,
the more so the nearer the ceiling, which it never passes. A rate that falls has no ceiling: it changes as ``constant``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.special import stdtrit

from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.vocabulary import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Fitted", "fit_trend", "growth", "trend_of_cells", "trend_rows"]

SHAPES: Final = ("none", "constant", "damped", "saturating")
FEWEST_YEARS: Final = 3
# Of Student's t: leaves 80 % between the two ends.
UPPER_END: Final = 0.9


def growth(
    shape: str,
    annual_change_share: NDArray[np.float64],
    years_on: NDArray[np.int64],
    *,
    damping_share: float = 1.0,
    ceiling_ratio: NDArray[np.float64] | float = np.inf,
) -> NDArray[np.float64]:
    """Return the factor on today's rate.

    Parameters
    ----------
    shape
        One of `SHAPES`.
    annual_change_share
        g: change in the first year (``saturating``: at its start), any shape that broadcasts with `years_on`; above -1.
    years_on
        Years since the calibration year, 0 or more.
    damping_share
        d, from 0 (all change in the first year) to 1 (constant change).
    ceiling_ratio
        K, above 1: the highest rate that can be reached, over today's.

    Raises
    ------
    ParameterError
        When the shape is unknown, or the ceiling is not above today's rate.
    """
    change, h = np.broadcast_arrays(np.asarray(annual_change_share, float), np.asarray(years_on, float))
    if shape not in SHAPES:
        message = f"rate_trend_shape must be one of {', '.join(SHAPES)}, not {shape!r}"
        raise ParameterError(message)
    if shape == "none":
        return np.ones(change.shape)
    log = np.log1p(change)
    if shape == "constant" or (shape == "damped" and damping_share == 1):
        return np.asarray(np.exp(log * h), dtype=np.float64)
    if shape == "damped":
        return np.asarray(np.exp(log * (1 - damping_share**h) / (1 - damping_share)), dtype=np.float64)
    ceiling = np.broadcast_to(np.asarray(ceiling_ratio, float), change.shape)
    if (ceiling <= 1).any():
        message = "rate_ceiling_share is not above the rate of plans in the calibration year, so nothing could grow"
        raise ParameterError(message)
    steepness = np.maximum(log, 0) * ceiling / (ceiling - 1)
    curve = ceiling / (1 + (ceiling - 1) * np.exp(-steepness * h))
    return np.asarray(np.where(log < 0, np.exp(log * h), curve), dtype=np.float64)


def trend_rows(cells: pd.DataFrame, trends: pd.DataFrame | None) -> NDArray[np.int64]:
    """Return for each cell the position of the row of `rate_trends` that holds for it, -1 = none.

    Parameters
    ----------
    cells
        Columns need, phase, place_sought.
    trends
        Table `rate_trends`. Of the rows that fit, one with a place sought goes before one with a phase, and that before
        one with a need.
    """
    out = np.full(len(cells), -1, dtype=np.int64)
    if trends is None:
        return out
    names = ("place_sought", "phase", "need")
    said = [(sum((row[name] != ALL) << (2 - i) for i, name in enumerate(names)), at) for at, row in
            enumerate(trends[list(names)].to_dict("records"))]  # fmt: skip
    for _, at in sorted(said):
        fits = np.ones(len(cells), dtype=bool)
        for name in names:
            code = trends[name].iloc[at]
            if code != ALL:
                fits &= (cells[name] == code).to_numpy()
        out[fits] = at
    return out


def trend_of_cells(
    cells: pd.DataFrame, trends: pd.DataFrame | None, column: str = "annual_change_share"
) -> NDArray[np.float64]:
    """Return the first yearly change of each cell, 0 where no row of `rate_trends` holds."""
    if trends is None or trends.empty:
        return np.zeros(len(cells))
    rows = trend_rows(cells, trends)
    values = trends[column].astype(float).fillna(trends["annual_change_share"].astype(float)).to_numpy()
    return np.where(rows >= 0, values[rows], 0.0)


class Fitted(NamedTuple):
    """A straight line through the logarithm of a rate: the yearly change, its 80 % range, and the scatter around it.

    ``innovation_share`` is the standard deviation of the yearly changes around their mean.
    """

    annual_change_share: float
    low_annual_change_share: float
    high_annual_change_share: float
    innovation_share: float


def fit_trend(years: Sequence[int], pupils: Sequence[float], people: Sequence[float]) -> Fitted:
    """Fit a constant yearly change to a series of plans per resident (least squares on the logarithm).

    Parameters
    ----------
    years, pupils, people
        The series, three years or more in any order: plans and residents, above 0.

    Raises
    ------
    DataError
        When there are too few years, a year comes twice, or a number is not above 0.
    """
    order = np.argsort(np.asarray(years))
    x, plans, residents = (np.asarray(values, dtype=float)[order] for values in (years, pupils, people))
    if len(np.unique(x)) < max(len(x), FEWEST_YEARS) or not ((plans > 0) & (residents > 0)).all():
        message = f"a trend needs {FEWEST_YEARS} years or more, each once, with plans and residents in each"
        raise DataError(message)
    y = np.log(plans / residents)
    steps = np.diff(y) / np.diff(x)
    x = x - x.mean()
    slope = float((x * y).sum() / (x**2).sum())
    rest = y - y.mean() - slope * x
    freedom = len(x) - 2
    error = float(np.sqrt((rest**2).sum() / freedom / (x**2).sum()))
    half = float(stdtrit(freedom, UPPER_END)) * error
    return Fitted(
        float(np.expm1(slope)),
        float(np.expm1(slope - half)),
        float(np.expm1(slope + half)),
        float(np.std(steps, ddof=1)),
    )
