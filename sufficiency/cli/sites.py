"""`sufficiency sites`: which schemes, where, when and how big, do most for children within the capital. Internal."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from sufficiency.cli.screen import Steps, print_columns
from sufficiency.model.errors import ParameterError
from sufficiency.model.vocabulary import year_label

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from sufficiency.model.results import Inputs
    from sufficiency.planning.programme_search import Budget, ProgrammeChoice

__all__ = ["add_options", "sites"]

_OBJECTIVES: Final = ("fewest_without", "least_cost", "most_within_limit", "fairest")
_AMOUNT: Final = re.compile(r"(\d{4})=(\d+(?:\.\d+)?)(m?)", re.IGNORECASE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--budget", action="append", default=[], metavar="YEAR=POUNDS",
                        help="new capital of a year, such as 2027=11.3m; what is not spent is carried forward; may be "
                        "repeated")  # fmt: skip
    parser.add_argument("--lead-years", type=int, default=0, metavar="N",
                        help="years before its opening in which a scheme's capital must be there "
                        "(default 0)")  # fmt: skip
    parser.add_argument("--scenario", default="committed", metavar="NAME",
                        help="the scenario that is built upon (default committed)")  # fmt: skip
    parser.add_argument("--years", metavar="FIRST-LAST", help="such as 2026-2031 (default: all after the first)")
    parser.add_argument("--objective", choices=_OBJECTIVES, default="fewest_without", help="what comes first")
    parser.add_argument("--case", choices=("low", "central", "high"), default="central", help="case of the capital")
    parser.add_argument("--least-places", type=int, metavar="N", help="places to add by the last year, at least")
    parser.add_argument("--most-without", type=int, metavar="N",
                        help="pupils without a local place in the last year, at most")  # fmt: skip
    parser.add_argument("--alternatives", type=int, default=0, metavar="N", help="further sets of sites to show")
    parser.add_argument("--frontier", default="", metavar="SHARES",
                        help="also with these shares of the budget, such as 0.5,0.75,1.25")  # fmt: skip
    parser.add_argument("--draws", type=int, default=0, metavar="N",
                        help="also before N drawn futures of the demand; some seconds each (default 0)")  # fmt: skip
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="SECONDS",
                        help="when each search stops and gives the best known (default 60)")  # fmt: skip


def sites(options: argparse.Namespace, inputs: Inputs) -> None:
    """Search and print the answer.

    Raises
    ------
    ParameterError
        When a number is not usable.
    """
    from sufficiency.planning import programme_search as search

    _hold_options(options)
    budget = _budget(options.budget, options.lead_years)
    shares = _shares(options.frontier)
    if shares and budget is None:
        message = "--frontier takes shares of the budget: give --budget"
        raise ParameterError(message)
    if budget is None and options.objective != "least_cost":
        message = "give the capital by year, such as --budget 2027=11.3m"
        raise ParameterError(message)
    steps = Steps()
    steps("Making the candidates ready")
    problem = search.prepare_search(
        inputs, scenario_id=options.scenario, years=_years(options.years), case=options.case
    )
    steps(f"Choosing among {len(problem.pool.schemes)} candidates")
    choice = search.search_programme(
        problem, budget, objective=options.objective, least_places=options.least_places,
        most_without_pupils=options.most_without, alternatives=options.alternatives, time_limit_s=options.time_limit,
    )  # fmt: skip
    frontier = []
    if budget is not None and shares:
        steps("Choosing with other budgets")
        budgets = [
            search.Budget({year: share * pounds for year, pounds in budget.new_gbp.items()}, budget.lead_years)
            for share in shares
        ]
        frontier = search.budget_frontier(
            problem, budgets, objective=options.objective, time_limit_s=options.time_limit
        )
    regret = None
    if options.draws:
        steps(f"Placing {options.draws} futures jointly")
        named = {f"programme {at + 1}": one.chosen for at, one in enumerate((choice, *choice.alternatives))}
        regret = search.programme_regret(problem, named, search.drawn_demands(problem, draws=options.draws))
    steps.finish()
    mark = " - ILLUSTRATIVE" if inputs.parameters.illustrative else ""
    _print_choice(choice, f"{inputs.parameters.area_name}: schemes within the capital - INTERNAL{mark}")
    for at, one in enumerate(choice.alternatives):
        _print_choice(one, f"Programme {at + 2}: the next best set of sites - INTERNAL{mark}")
    if frontier:
        _print_frontier(frontier, mark)
    if regret is not None:
        _print_regret(regret.to_dict("records"), mark)


def _hold_options(options: argparse.Namespace) -> None:
    """Refuse numbers that cannot be, before any work is done."""
    faults = [
        f"--{name.replace('_', '-')} is {getattr(options, name)}: give a whole number from 0"
        for name in ("lead_years", "alternatives", "draws")
        if getattr(options, name) < 0
    ]
    if not 0 < options.time_limit < math.inf:
        faults.append(f"--time-limit is {options.time_limit}: give seconds above 0")
    if faults:
        raise ParameterError("; ".join(faults))


def _budget(amounts: Sequence[str], lead_years: int) -> Budget | None:
    from sufficiency.planning.programme_search import Budget

    found: dict[int, float] = {}
    for text in amounts:
        read = _AMOUNT.fullmatch(text.replace(",", "").replace("£", "").strip())
        if read is None:
            message = f"--budget {text!r} cannot be read: give a year and pounds, such as 2027=11.3m"
            raise ParameterError(message)
        year = int(read[1])
        found[year] = found.get(year, 0.0) + float(read[2]) * (1_000_000 if read[3] else 1)
    return Budget(found, lead_years) if found else None


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")] if text.strip() else []
    except ValueError:
        shares = [-1.0]
    if any(not 0 <= share < 1_000 for share in shares):
        message = f"--frontier {text!r} cannot be read: give shares of the budget, such as 0.5,0.75,1.25"
        raise ParameterError(message)
    return shares


def _years(text: str | None) -> list[int] | None:
    if text is None:
        return None
    read = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text.strip())
    if read is None:
        message = f"--years {text!r} cannot be read: give the first and the last September, such as 2026-2031"
        raise ParameterError(message)
    first, last = int(read[1]), int(read[2] or read[1])
    if last < first:
        message = f"--years {text!r} runs backwards: give the first September and then the last"
        raise ParameterError(message)
    return list(range(first, last + 1))


def _print_choice(choice: ProgrammeChoice, title: str) -> None:
    print(f"\n{title}\n")
    for sentence in choice.words():
        print(f"  {sentence}")
    if len(choice.programme):
        lines: list[tuple[str, ...]] = [("opens", "scheme", "places", "capital")]
        for row in choice.programme.to_dict("records"):
            pounds = f"£{row['capital_gbp']:,.0f}"
            lines.append((year_label(row["opening_year"]), row["candidate_name"], str(row["places"]), pounds))
        print()
        print_columns(lines)
    lines = [("year", "", "pupils", "places added", "without a local place", "before", "unplaced", "minutes a pupil")]
    for row in choice.by_year.to_dict("records"):
        placed = max(1, row["pupils"] - row["unplaced_pupils"])
        counts = (row[name] for name in ("pupils", "added_places", "without_local_place_pupils",
                                         "before_without_local_place_pupils", "unplaced_pupils"))  # fmt: skip
        mean = f"{row['travel_min'] / placed:.1f}"
        lines.append((year_label(row["year"]), "", *(f"{count:,}" for count in counts), mean))
    print()
    print_columns(lines)
    for note in choice.notes:
        print(f"  {note[:1].upper()}{note[1:]}")


def _print_frontier(found: Sequence[ProgrammeChoice], mark: str) -> None:
    print(f"\nWhat other budgets would do - INTERNAL{mark}\n")
    lines: list[tuple[str, ...]] = [("available", "proof", "schemes", "places", "capital", "without, years added up")]
    for one in found:
        there = one.by_year["capital_available_gbp"].max()
        figures = (len(one.programme), int(one.programme["places"].sum()))
        lines.append((f"£{there:,.0f}", one.status, *(str(figure) for figure in figures), f"£{one.capital_gbp:,.0f}",
                      f"{one.total_without_local_place:,}"))  # fmt: skip
    print_columns(lines)


def _print_regret(rows: Sequence[Mapping[Any, Any]], mark: str) -> None:
    print(f"\nPupils without a local place in drawn futures, years added up - INTERNAL{mark}\n")
    lines: list[tuple[str, ...]] = [("", "draws", "mean", "P10", "P90", "mean regret", "worst regret")]
    for row in rows:
        names = [f"{kind}_without_local_place_pupils" for kind in ("mean", "p10", "p90")]
        names += ["mean_regret_pupils", "worst_regret_pupils"]
        lines.append((str(row["programme"]), str(row["draws"]), *(f"{row[name]:,.0f}" for name in names)))
    print_columns(lines)
    print("  Regret: how many more are without a place than under whichever of these does best in that future.")
