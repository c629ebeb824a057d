"""Programmes before other pupils: how each does in drawn futures, and what choosing it could cost. Internal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.planning.drawn_years import SEED, drawn_years
from sufficiency.planning.programme_search.values import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sufficiency.planning.programme_search.problem import Problem
    from sufficiency.planning.programme_search.search import Chosen

__all__ = ["NOTHING", "drawn_demands", "programme_regret"]

NOTHING: Final = "nothing more"


def drawn_demands(problem: Problem, *, draws: int, seed: int = SEED) -> Iterator[pd.DataFrame]:
    """Yield tables `demand` drawn from the ranges of the area's assumptions, headline pupils of the search's years.

    Parameters
    ----------
    problem
        The search.
    draws, seed
        Number of draws, and the seed of their generator.

    Raises
    ------
    ParameterError
        When there is no draw.
    DataError
        When the area gives its own demand by home.
    """
    yield from drawn_years(problem.laid, [year.year for year in problem.years], draws=draws, seed=seed)


def programme_regret(
    problem: Problem, programmes: Mapping[str, Chosen], demands: Iterator[pd.DataFrame] | Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Return how programmes do in each of some futures, placed jointly and exactly. Recommends none.

    Parameters
    ----------
    problem
        The search.
    programmes
        By name, the options taken (`ProgrammeChoice.chosen`); building nothing more is added.
    demands
        Tables `demand`, such as `drawn_demands`.

    Returns
    -------
    DataFrame
        programme, draws; mean, p10 and p90 of without_local_place_pupils and of travel_min, years added up;
        mean_regret_pupils and worst_regret_pupils: how many more are without a local place than under whichever of
        these programmes does best in that future.
    """
    choices = {**programmes, NOTHING: ()}
    without: list[list[int]] = []
    travel: list[list[float]] = []
    for demand in demands:
        other = problem.with_demand(demand)
        oracle = Oracle(other)
        found = [
            [
                oracle.figures(at, year.places + year.added[list(chosen)].sum(axis=0))
                for at, year in enumerate(other.years)
            ]
            for chosen in choices.values()
        ]
        without.append([sum(one.without_local_place_pupils for one in years) for years in found])
        travel.append([sum(one.travel_ms for one in years) / 60_000 for years in found])
    pupils, minutes = np.array(without, dtype=float), np.array(travel)
    regret = pupils - pupils.min(axis=1, keepdims=True)
    table = pd.DataFrame({"programme": list(choices), "draws": len(pupils)})
    for name, values in (("without_local_place_pupils", pupils), ("travel_min", minutes)):
        table[f"mean_{name}"] = values.mean(axis=0)
        table[f"p10_{name}"], table[f"p90_{name}"] = np.quantile(values, [0.1, 0.9], axis=0)
    return table.assign(mean_regret_pupils=regret.mean(axis=0), worst_regret_pupils=regret.max(axis=0))
