"""The compiled kernels of the allocation used once: from then on they stand compiled on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import residual
from sufficiency.allocation.tiers import certify_tiers, solve_tiers
from sufficiency.allocation.what_if import settle

if TYPE_CHECKING:
    from collections.abc import Callable


def warm(say: Callable[[str], None] = lambda _: None) -> None:
    """Compile what finds, proves and mends an optimum; a second process then compiles nothing.

    Parameters
    ----------
    say
        Called with each step, in plain words.
    """
    say("Compiling the allocation")
    cost, pupils, places, tier = (
        np.array(one, dtype=np.int64) for one in ([[1, 2], [2, 1], [1, 1]], [1, 1, 2], [1, 2], [1, 2])
    )
    solved = solve_tiers(cost, pupils, places, tier)
    certify_tiers(solved, cost, pupils, places, tier, label=("", "optimal", 2024, "first_fit"))
    residual.interchangeable_pupils(solved.priced_cost, places, solved.flow)
    say("Compiling what-if questions")
    found = settle([[1, 2], [2, 1], [1, 1]], [1, 1, 2], [1, 2])
    found.with_places({0: 3}).with_places({1: 0}).with_column([1, 2, 3], 1).gains()
