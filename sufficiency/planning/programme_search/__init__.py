"""The programme search: which schemes, where, when and how big, do most for children within the capital."""

from sufficiency.planning.programme_search.answer import ProgrammeChoice, SchemeRows
from sufficiency.planning.programme_search.ask import Budget, budget_frontier, search_programme
from sufficiency.planning.programme_search.problem import Problem, prepare_search
from sufficiency.planning.programme_search.regret import drawn_demands, programme_regret
from sufficiency.planning.programme_search.search import OBJECTIVES

__all__ = [
    "OBJECTIVES",
    "Budget",
    "Problem",
    "ProgrammeChoice",
    "SchemeRows",
    "budget_frontier",
    "drawn_demands",
    "prepare_search",
    "programme_regret",
    "search_programme",
]
