"""Back-test of the forecast: fitted on the first years known, and set against the years after, which it never saw.

For each stream by itself, with f the last fitted year and h years after it,

    forecast(f + h) = pupils(f) · people(f + h) ÷ people(f) · G(h),

G being the product's own trend (`growth`) with the change that `fit_trend` finds in the years up to f. Two methods that
need no model stand beside it: the last value kept, and a straight line by least squares through the same pupils.

The 80 % range is in closed form, from two things taken to be independent: the slope's standard error (from which
`fit_trend` gives the range of the change) and the random walk of the rate. On the logarithm, around the forecast,

    half(h)² = (ln(G_high(h) ÷ G_low(h)) ÷ 2)² + h · (1.2816 · innovation)²,

with G_low and G_high the trend at the two ends of the change. It leaves out what the product's draws
have besides: ranges of damping, ceiling and births, and the Poisson scatter of whole pupils, which matters to a stream
of a few dozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from sufficiency.demand.trend import FEWEST_YEARS, UPPER_END, fit_trend, growth
from sufficiency.model.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METHODS", "back_test", "scores"]

METHODS: Final = ("forecast", "last_value", "linear_trend")


class _Stream(NamedTuple):
    """A stream's fitted and later years, and what the fitted ones say: the change, its scatter, the level carried on.

    ``level`` is the pupils of the last fitted year, changed as the residents change; ``on`` how many years after it.
    """

    name: str
    known: pd.DataFrame
    later: pd.DataFrame
    change: tuple[float, float, float]
    scatter_share: float
    level: NDArray[np.float64]
    on: NDArray[np.int64]

    @classmethod
    def of(cls, name: str, rows: pd.DataFrame, fitted_to: int, fewest_plans: int) -> _Stream:
        """Return the stream, fitted to its years up to `fitted_to`; without a trend where the product takes none."""
        of_stream = rows[rows["stream"] == name]
        known, later = of_stream[of_stream["year"] <= fitted_to], of_stream[of_stream["year"] > fitted_to]
        change, scatter = (0.0, 0.0, 0.0), 0.0
        if len(known) >= FEWEST_YEARS and (known["pupils"] > 0).all():
            fit = fit_trend(known["year"].tolist(), known["pupils"].tolist(), known["people"].tolist())
            scatter = fit.innovation_share
            if known["pupils"].min() >= fewest_plans:
                change = (fit.low_annual_change_share, fit.annual_change_share, fit.high_annual_change_share)
        ratio = later["people"].to_numpy(dtype=float) / float(known["people"].iloc[-1])
        level = float(known["pupils"].iloc[-1]) * ratio
        return cls(name, known, later, change, scatter, level, (later["year"] - fitted_to).to_numpy(dtype=np.int64))


def back_test(
    history: pd.DataFrame,
    people: pd.Series,
    *,
    fitted_to: int,
    shape: str,
    damping_share: float,
    innovation_share: float | None,
    ceiling_ratio: float = np.inf,
    fewest_plans: int = 0,
) -> pd.DataFrame:
    """Forecast every stream from what was known in a year, and set the years after beside it.

    Parameters
    ----------
    history
        stream, year and pupils, as in table `history`.
    people
        Residents whose plans they are, by year: every year of `history`.
    fitted_to
        The last year that the forecast may see.
    shape
        Of the trend, as in `growth`.
    damping_share, ceiling_ratio
        As in `growth`; the ceiling is needed for ``saturating`` only.
    innovation_share
        Standard deviation of a year's change; None = as the fitted years of each stream scatter.
    fewest_plans
        A stream with fewer pupils than this in a fitted year, or with too few of these years, gets no trend.

    Returns
    -------
    DataFrame
        A row a stream (in the order of `history`) and year after `fitted_to`: stream, year, annual_change_share (0 =
        no trend), actual_pupils, forecast_pupils, low_pupils and high_pupils (80 % range), last_value_pupils,
        linear_trend_pupils (never below 0), the error of each of `METHODS` (forecast_error_share and so on: what it
        says over the actual pupils, less 1; NaN where there were none) and in_range.

    Raises
    ------
    DataError
        When a stream has no pupils stated in `fitted_to`, a year comes twice, a number is missing, a year has no
        residents, or there is no year to score.
    ParameterError
        When the shape is unknown, or the ceiling lacks.
    """
    if shape == "saturating" and not np.isfinite(ceiling_ratio):
        message = "a trend that saturates needs a ceiling"
        raise ParameterError(message)
    rows = _checked(history, people, fitted_to)
    streams = [_Stream.of(str(name), rows, fitted_to, fewest_plans) for name in rows["stream"].unique()]
    parts = []
    for one in streams:
        least, central, most = (
            growth(shape, np.array([change]), one.on, damping_share=damping_share, ceiling_ratio=ceiling_ratio)
            for change in one.change
        )
        chance = one.scatter_share if innovation_share is None else innovation_share
        forecast = one.level * central
        half = np.hypot(np.log(most / least) / 2, np.sqrt(one.on) * float(ndtri(UPPER_END)) * chance)
        part = {
            "stream": one.name,
            "year": fitted_to + one.on,
            "annual_change_share": one.change[1],
            "actual_pupils": one.later["pupils"].to_numpy(dtype=float),
            "forecast_pupils": forecast,
            "low_pupils": forecast * np.exp(-half),
            "high_pupils": forecast * np.exp(half),
            "last_value_pupils": float(one.known["pupils"].iloc[-1]),
            "linear_trend_pupils": _straight_line(one.known, one.later),
        }
        parts.append(pd.DataFrame(part))
    return _with_errors(pd.concat(parts, ignore_index=True))


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far each method was out, and how often the range held what came.

    Parameters
    ----------
    table
        From `back_test`; several of them may be put together.

    Returns
    -------
    DataFrame
        A row a stream, in the order of the table: stream, years (scored), the mean absolute error of each of `METHODS`
        as a share of the actual pupils (forecast_mean_absolute_error_share and so on), and in_range_share.
    """
    errors = {f"{method}_mean_absolute_error_share": table[f"{method}_error_share"].abs() for method in METHODS}
    every = table[["stream"]].assign(years=1, **errors, in_range_share=table["in_range"].astype(float))
    told: dict[str, str] = {"years": "sum", **dict.fromkeys(errors, "mean"), "in_range_share": "mean"}
    return every.groupby("stream", sort=False, as_index=False).agg(told)


def _checked(history: pd.DataFrame, people: pd.Series, fitted_to: int) -> pd.DataFrame:
    """Return the history with residents, by stream and year, once nothing in it is missing."""
    rows = history[["stream", "year", "pupils"]].reset_index(drop=True)
    rows = rows.assign(people=rows["year"].map(people).astype(float), pupils=rows["pupils"].astype(float))
    whole = rows["pupils"].notna() & (rows["pupils"] >= 0) & (rows["people"] > 0)
    told = rows[~whole]
    if len(told):
        one = told.iloc[0]
        message = f"the history of {one['stream']} in {one['year']} has no usable number of pupils or of residents"
        raise DataError(message)
    if rows.duplicated(["stream", "year"]).any():
        one = rows[rows.duplicated(["stream", "year"])].iloc[0]
        message = f"the history of {one['stream']} gives {one['year']} twice"
        raise DataError(message)
    stated = set(rows.loc[rows["year"] == fitted_to, "stream"])
    lacking = [str(stream) for stream in rows["stream"].unique() if stream not in stated]
    if lacking:
        message = f"the history of {', '.join(lacking)} has no pupils of {fitted_to}, where the forecast would start"
        raise DataError(message)
    if not (rows["year"] > fitted_to).any():
        message = f"the history has no year after {fitted_to}, so that nothing could be scored"
        raise DataError(message)
    order = pd.Categorical(rows["stream"], categories=rows["stream"].unique()).codes
    return rows.assign(at=order).sort_values(["at", "year"], ignore_index=True).drop(columns="at")


def _straight_line(known: pd.DataFrame, later: pd.DataFrame) -> NDArray[np.float64]:
    """Return what a straight line through the pupils goes on to; one year alone goes on as it is."""
    year, pupils = known["year"].to_numpy(dtype=float), known["pupils"].to_numpy(dtype=float)
    on = later["year"].to_numpy(dtype=float) - year.mean()
    spread = float(((year - year.mean()) ** 2).sum())
    slope = float(((year - year.mean()) * pupils).sum()) / spread if spread > 0 else 0.0
    return np.asarray(np.maximum(pupils.mean() + slope * on, 0.0), dtype=np.float64)


def _with_errors(table: pd.DataFrame) -> pd.DataFrame:
    actual = table["actual_pupils"].where(table["actual_pupils"] > 0)
    errors = {f"{method}_error_share": table[f"{method}_pupils"] / actual - 1 for method in METHODS}
    held = table["actual_pupils"].between(table["low_pupils"], table["high_pupils"])
    return table.assign(**errors, in_range=held)
