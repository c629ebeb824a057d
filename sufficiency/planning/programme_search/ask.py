"""The doors of the search: one budget, or several, and what the programmes are worth if pupils come otherwise."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sufficiency.model.errors import InfeasibleError, ParameterError
from sufficiency.model.vocabulary import year_label
from sufficiency.planning.programme_search.answer import ProgrammeChoice, choice_of
from sufficiency.planning.programme_search.search import OBJECTIVES, Search
from sufficiency.planning.programme_search.values import Oracle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sufficiency.planning.programme_search.problem import Problem
    from sufficiency.planning.programme_search.search import Chosen

__all__ = ["Budget", "budget_frontier", "search_programme"]


@dataclass(frozen=True)
class Budget:
    """Capital that becomes available, by year; what is not spent is carried forward.

    Parameters
    ----------
    new_gbp
        By year, pounds that are new in it. The key is the September in which an academic year, or the April in which a
        financial year starts: money of either counts for schemes that open in that September or later.
    lead_years
        Years before its opening in which a scheme's whole capital must be there.
    """

    new_gbp: Mapping[int, float]
    lead_years: int = 0

    def limits_gbp(self, years: Sequence[int]) -> dict[int, float]:
        """Return by opening year the capital that schemes opened up to it may take together.

        Raises
        ------
        ParameterError
            When an amount is not a number from 0, or no year is given.
        """
        faults = [
            f"the capital of {year} is {pounds!r}: give pounds from 0"
            for year, pounds in self.new_gbp.items()
            if not (isinstance(pounds, int | float) and math.isfinite(pounds) and pounds >= 0)
        ]
        if not self.new_gbp:
            faults.append("the budget names no year: give the pounds of each")
        if self.lead_years < 0:
            faults.append(f"capital cannot be needed {self.lead_years} years before opening: give a number from 0")
        if faults:
            raise ParameterError("; ".join(faults))
        return {
            year: float(sum(pounds for known, pounds in self.new_gbp.items() if known <= year - self.lead_years))
            for year in years
        }


def search_programme(
    problem: Problem,
    budget: Budget | None,
    *,
    objective: str = "fewest_without",
    least_places: int | None = None,
    most_without_pupils: int | None = None,
    alternatives: int = 0,
    time_limit_s: float | None = None,
    start: Sequence[Chosen] = (),
    oracle: Oracle | None = None,
) -> ProgrammeChoice:
    """Choose sites, sizes and opening years.

    Parameters
    ----------
    problem
        The search made ready by `prepare_search`.
    budget
        Capital by year; None = no limit.
    objective
        ``fewest_without``: least pupils without a local place, summed over the years; then least unplaced; then least
        in independent schools; then least travel; then least capital. ``least_cost``: least capital first, under
        `least_places` or `most_without_pupils`. ``most_within_limit``: first, most pupils who can have a local place
        within the journey limit of their phase. ``fairest``: first, the least share, summed over the years, of pupils
        who cannot have such a place in the district where that share is largest, were places shared as evenly as can
        be.
    least_places, most_without_pupils
        Of the last year: places that the programme must have added; pupils without a local place at most.
    alternatives
        How many further programmes, each the best of another set of sites.
    time_limit_s
        When to stop and give the best known; such an answer is never called optimal. None = not at all.
    start
        Choices known to keep the limits.
    oracle
        Answers of the same problem, where they are known.

    Raises
    ------
    ParameterError
        When the objective is unknown or lacks its limit, or the budget is no budget.
    InfeasibleError
        When nothing keeps the limits; the message names the binding one.
    """
    _hold_question(objective, least_places, most_without_pupils, time_limit_s)
    opening = sorted({one.year for one in problem.pool.options} | {year.year for year in problem.years})
    limits = {} if budget is None else budget.limits_gbp(opening)
    if budget is not None and sum(budget.new_gbp.values()) > 0 and not max(limits.values(), default=0.0):
        first = min(year for year, pounds in budget.new_gbp.items() if pounds) + budget.lead_years
        message = (
            f"the capital pays for nothing before {year_label(first)}, and the last year searched is "
            f"{year_label(max(opening))}: give capital of earlier years"
        )
        raise ParameterError(message)
    deadline = math.inf if time_limit_s is None else time.monotonic() + time_limit_s
    search = Search(
        problem,
        oracle or Oracle(problem),
        limits,
        objective=objective,
        deadline=deadline,
        least_places=least_places,
        most_without=most_without_pupils,
    )
    try:
        found = search.run(start)
    except InfeasibleError as error:
        raise InfeasibleError(_binding(search) or str(error)) from None
    others = tuple(search.others(found, alternatives)) if alternatives else ()
    return choice_of(search, found, lead_years=0 if budget is None else budget.lead_years, others=others)


def _hold_question(
    objective: str, least_places: int | None, most_without_pupils: int | None, time_limit_s: float | None
) -> None:
    if objective not in OBJECTIVES:
        message = f"the objective is {objective!r}: give one of {', '.join(OBJECTIVES)}"
        raise ParameterError(message)
    if objective == "least_cost" and least_places is None and most_without_pupils is None:
        message = "least cost of what? give the least places, or the most pupils without a local place"
        raise ParameterError(message)
    for name, value in (("least places", least_places), ("most pupils without a place", most_without_pupils)):
        if value is not None and value < 0:
            message = f"the {name} are {value}: give a number from 0"
            raise ParameterError(message)
    if time_limit_s is not None and not time_limit_s > 0:
        message = f"the time limit is {time_limit_s} s: give seconds above 0"
        raise ParameterError(message)


def _binding(search: Search) -> str:
    """Return which limit binds: the one without which the rest can be kept."""
    problem = search.problem
    pool = problem.pool
    unbuilt = [name for name in pool.must_open if name not in {one.candidate_id for one in pool.options}]
    if unbuilt:
        return f"candidate {unbuilt[0]} must open, and has no size and no year of the search in which it can"
    freed: list[tuple[str, bool, Search]] = [
        ("the capital", bool(search.limits_gbp), _freed(search, {"limits_gbp": {}})),
        ("the least places of the last year", search.least_places is not None, _freed(search, {"least_places": None})),
        (
            "the most pupils without a local place in the last year",
            search.most_without is not None,
            _freed(search, {"most_without": None}),
        ),
    ]
    for words, limited, other in freed:
        if not limited:
            continue
        try:
            cheapest = other.value(other._first(()), "capital")  # noqa: SLF001 - the same class
        except InfeasibleError:
            continue
        if words == "the capital":
            last, limit = max(search.limits_gbp.items())
            return (
                f"the capital does not reach: what must be built or reached needs some £{cheapest * 1_000:,.0f}, and "
                f"£{limit:,.0f} is there by {year_label(last)}; or it is there too late"
            )
        return f"{words} cannot be kept with these candidates: ask for less, or add candidates"
    return "the candidates that must open cannot all open: look at the groups of which at most one can"


def _freed(search: Search, change: Mapping[str, Any]) -> Search:
    return dataclasses.replace(search, **change, rounds=0, cuts=0)


def budget_frontier(
    problem: Problem,
    budgets: Sequence[Budget],
    *,
    objective: str = "fewest_without",
    time_limit_s: float | None = None,
) -> list[ProgrammeChoice]:
    """Return the best programme of each budget, in the order of their totals.

    Each starts from those of the smaller budgets that it can pay, so that a larger budget is never worse, whether or
    not a search was stopped.

    Parameters
    ----------
    problem
        The search made ready.
    budgets
        The budgets.
    objective
        As `search_programme`, but not least_cost.
    time_limit_s
        Of each search.

    Raises
    ------
    ParameterError
        As `search_programme`, or when the objective is least_cost.
    """
    if objective == "least_cost":
        message = "a frontier of budgets needs an objective other than least cost"
        raise ParameterError(message)
    oracle = Oracle(problem)
    out: list[ProgrammeChoice] = []
    for budget in sorted(budgets, key=lambda one: sum(one.new_gbp.values())):
        opening = sorted({one.year for one in problem.pool.options})
        limits = budget.limits_gbp(opening)
        start = [one.chosen for one in out if _affordable(problem, one.chosen, limits)]
        out.append(
            search_programme(
                problem, budget, objective=objective, time_limit_s=time_limit_s, start=start, oracle=oracle
            )
        )
    return out


def _affordable(problem: Problem, chosen: Chosen, limits_gbp: Mapping[int, float]) -> bool:
    options = [problem.pool.options[at] for at in chosen]
    return all(
        sum(one.capital_gbp for one in options if one.year <= year) <= limit for year, limit in limits_gbp.items()
    )
