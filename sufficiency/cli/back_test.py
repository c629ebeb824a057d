"""`sufficiency backtest`: how a forecast made some years ago would have done, beside naive methods."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sufficiency.cli.screen import Steps, print_columns
from sufficiency.model.errors import DataError
from sufficiency.model.vocabulary import year_label

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.parameters import Parameters
    from sufficiency.model.results import Inputs

__all__ = ["add_options", "back_test_area", "backtest"]

YEARS_SCORED: Final = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--fitted-to", type=int, metavar="YEAR",
                        help="last September that the forecast may see, such as 2021 for the count of January 2022 "
                        f"(default: {YEARS_SCORED} years before the last)")  # fmt: skip


def back_test_area(inputs: Inputs, fitted_to: int | None = None) -> tuple[pd.DataFrame, int, list[str]]:
    """Back-test the area's history with its own residents and parameters.

    Returns
    -------
    tuple
        The table of `sufficiency.demand.back_test.back_test`, the last fitted year, and the streams that have no
        number in it and so are not in the table.

    Raises
    ------
    DataError
        When the area has no history, or none that can be scored.
    """
    import pandas as pd

    from sufficiency.demand.back_test import back_test
    from sufficiency.prepare.plans import FEWEST_PLANS, school_age_people

    history, parameters = inputs.history, inputs.parameters
    if history is None or history.empty:
        message = "the area has no demand/history.csv: give the plans of past years, by stream"
        raise DataError(message)
    last = int(history["year"].max()) - YEARS_SCORED if fitted_to is None else fitted_to
    stated = history.loc[history["year"] == last, "stream"]
    lacking = [str(stream) for stream in history["stream"].unique() if stream not in set(stated)]
    rows = history[~history["stream"].isin(lacking)]
    if rows.empty:
        message = f"history.csv has no plans of {year_label(last)}, where the forecast would start"
        raise DataError(message)
    base_year = int(inputs.population["year"].min())
    now = inputs.population[inputs.population["year"] == base_year]
    by_age = now.groupby("age")["people"].sum()
    people = {int(year): school_age_people(by_age, base_year, int(year)) for year in rows["year"].unique()}
    table = back_test(
        rows,
        pd.Series(people),
        fitted_to=last,
        shape=str(parameters.value("rate_trend_shape")),
        damping_share=float(parameters.value("rate_trend_damping_share")),
        innovation_share=float(parameters.value("rate_innovation_share")),
        ceiling_ratio=_ceiling(history, by_age, base_year, last, parameters),
        fewest_plans=FEWEST_PLANS,
    )
    return table, last, lacking


def _ceiling(history: pd.DataFrame, by_age: pd.Series, base_year: int, year: int, parameters: Parameters) -> float:
    """Return the ceiling of the rate of plans over that of a year; no ceiling where none is used."""
    from sufficiency.prepare.plans import school_age_people

    if parameters.value("rate_trend_shape") != "saturating":
        return math.inf
    plans = history.loc[(history["year"] == year) & (history["stream"] == "all"), "pupils"]
    if plans.empty or not plans.iloc[0] > 0:
        message = f"history.csv has no number of all plans of {year_label(year)}, against which the ceiling is set"
        raise DataError(message)
    people_a_plan = school_age_people(by_age, base_year, year, (0, 24)) / float(plans.iloc[0])
    return float(parameters.value("rate_ceiling_share")) * people_a_plan


def backtest(options: argparse.Namespace, inputs: Inputs) -> None:
    """Print the scores and the forecast against what came.

    Raises
    ------
    DataError
        When the area has no history, or none that can be scored.
    """
    from sufficiency.demand.back_test import METHODS, scores

    steps = Steps()
    steps("Forecasting years that have passed")
    table, last, lacking = back_test_area(inputs, options.fitted_to)
    steps.finish()
    print(f"\n{inputs.parameters.area_name}: the forecast that could have been made after {year_label(last)}, scored "
          f"on {year_label(int(table['year'].min()))} to {year_label(int(table['year'].max()))}")  # fmt: skip
    print("Mean absolute error as a share of the plans there were\n")
    lines: list[tuple[str, ...]] = [("stream", "", "forecast", "last value", "straight line", "in the 80 % range")]
    for row in scores(table).to_dict("records"):
        errors = (_percent(row[f"{method}_mean_absolute_error_share"]) for method in METHODS)
        held = f"{row['in_range_share'] * row['years']:.0f} of {row['years']}"
        lines.append((_name(row["stream"]), "", *errors, held))
    print_columns(lines)
    print(f"\nIn all {int(table['in_range'].sum())} of {len(table)} numbers lie in their range: "
          f"{table['in_range'].mean():.0%}, where 80 % should.\n")  # fmt: skip
    lines = [("stream", "year", "actual", "forecast", "low", "high", "last value", "straight line")]
    columns = ("actual", "forecast", "low", "high", "last_value", "linear_trend")
    for row in table.to_dict("records"):
        numbers = (f"{row[f'{column}_pupils']:,.0f}" for column in columns)
        lines.append((_name(row["stream"]), year_label(int(row["year"])), *numbers))
    print_columns(lines)
    for stream in lacking:
        print(f"\nNot scored: {_name(stream)}, which has no number of {year_label(last)}.")
    print('\nForecast: the trend of the rate of plans and the size of the cohorts (forecast_method = "rates").')


def _name(stream: str) -> str:
    return "all plans" if stream == "all" else stream.replace("_", " ")


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"
