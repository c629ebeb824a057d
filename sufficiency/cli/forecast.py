"""`sufficiency forecast`: the forecast with its range, what mitigations change, and how likely areas are short."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sufficiency.cli.screen import Steps, print_columns
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import ALL, HEADLINE, STANDARD_SCENARIOS, year_label

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["add_options", "forecast"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="futures to draw (default 1000)")
    parser.add_argument("--short", type=int, default=0, metavar="N",
                        help="also place N of them jointly in every scenario and year, to say how likely each area is "
                        "to be short of places; some seconds each (default 0)")  # fmt: skip


def forecast(options: argparse.Namespace, inputs: Inputs) -> None:
    """Print the forecast with its range.

    Raises
    ------
    ParameterError
        When a number of draws is not usable.
    """
    from sufficiency.planning.futures import draw_futures, mitigation_deltas, range_table

    if options.draws < 1 or options.short < 0:
        message = "--draws must be at least 1, and --short at least 0"
        raise ParameterError(message)
    steps = Steps()
    steps(f"Drawing {options.draws} futures")
    table = range_table(draw_futures(inputs, draws=options.draws), inputs)
    steps("Working out mitigations")
    deltas = mitigation_deltas(inputs)
    short = _short(inputs, options.short, steps) if options.short else None
    steps.finish()
    parameters = inputs.parameters
    mark = " - ILLUSTRATIVE" if parameters.illustrative else ""
    print(f"\n{parameters.area_name}: pupils who need a special-school or specialist-base place{mark}")
    print("Central forecast; P10 and P90: one draw in ten is lower, one is higher\n")
    total = table[(table["phase"] == ALL) & (table["need"] == ALL) & (table["provision_type"] == HEADLINE)]
    names = inputs.areas.set_index("area_id")["area_name"]
    lines: list[tuple[str, ...]] = [("", "year", "central", "P10", "P50", "P90", "above local places")]
    county = total[(total["level"] == "county") & (total["year"] > parameters.calibration_year)]
    lines += [_line(names, row) for row in county.to_dict("records")]
    headline = total[(total["level"] == "district") & (total["year"] == parameters.headline_year)]
    lines += [_line(names, row) for row in headline.to_dict("records")]
    print_columns(lines)
    changed = parameters.value("placement_mix") == "table" or inputs.applied_mitigations
    totals = inputs.demand_totals is not None and len(inputs.demand_totals) > 0
    if inputs.demand is None and parameters.value("forecast_method") == "controls":
        print("\nThe forecast is scaled to the totals of controls.csv, and the range is laid over it.")
        if changed or totals:
            print("The mix, mitigations or demand_totals.csv change it after that.")
    _print_mitigations(deltas, parameters.headline_year, mark)
    if short is not None:
        print(f"\nOf {options.short} draws, each placed jointly:")
        _print_short(short, names, float(parameters.value("short_share")), mark)


def _line(names: pd.Series, row: dict[Any, Any]) -> tuple[str, ...]:
    above = float(row["above_places_draws_share"])
    share = "" if math.isnan(above) else f"{above:.0%}"
    figures = (f"{float(row[name]):,.0f}" for name in ("pupils", "p10_pupils", "p50_pupils", "p90_pupils"))
    return (str(names[row["area_id"]]), year_label(int(row["year"])), *figures, share)


def _short(inputs: Inputs, draws: int, steps: Steps) -> pd.DataFrame:
    from sufficiency.planning import apply_scenario
    from sufficiency.planning.futures import short_areas

    names = [name for name in STANDARD_SCENARIOS if name in inputs.scenarios]
    steps(f"Placing {draws} futures jointly in {len(names)} scenarios")
    return short_areas({name: apply_scenario(inputs, name) for name in names}, draws=draws)


def _print_mitigations(deltas: pd.DataFrame, year: int, mark: str) -> None:
    rows = deltas[(deltas["year"] == year) & deltas["headline_change_pupils"].notna()]
    if rows.empty:
        return
    print(f"\nWhat mitigations change in {year_label(year)}, each by itself against none{mark}\n")
    lines = [("", "pupils who need a place", "weak to strong", "all plans", "weak to strong")]
    for row in rows.to_dict("records"):
        cells = []
        for measure in ("headline", "plans"):
            ends = (row[f"{end}_{measure}_change_pupils"] for end in ("low", "high"))
            cells += [f"{row[f'{measure}_change_pupils']:+d}", " to ".join(f"{end:+d}" for end in ends)]
        lines.append((row["mitigation_name"], *cells))
    print_columns(lines)
    print("  A zero may be a move between places that are in neither column, such as alternative provision.")


def _print_short(short: pd.DataFrame, names: pd.Series, share: float, mark: str) -> None:
    years = sorted(short["year"].unique())
    print(f"\nHow likely it is that more than {share:.0%} of those who need a place have no local one{mark}\n")
    lines: list[tuple[str, ...]] = [("", "scenario", *(year_label(int(year)) for year in years))]
    for (area_id, scenario_id), rows in short.groupby(["area_id", "scenario_id"], sort=True):
        by_year = rows.set_index("year")["short_draws_share"]
        lines.append((str(names[str(area_id)]), str(scenario_id), *(f"{by_year[year]:.0%}" for year in years)))
    print_columns(lines)
