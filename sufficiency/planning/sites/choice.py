"""A choice of sites, as it is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

__all__ = ["SiteAlternative", "SiteChoice"]


@dataclass(frozen=True)
class SiteAlternative:
    """One choice among several.

    Attributes
    ----------
    objective
        Opening cost of the open columns and cost of the flow: int where every cost was given as one.
    open
        bool [m].
    flow
        csr int64 [n, m], pupils of each row at each column.
    unplaced
        int64 [n], pupils without a place.
    """

    objective: float
    open: NDArray[np.bool_]
    flow: csr_matrix
    unplaced: NDArray[np.int64]


@dataclass(frozen=True)
class SiteChoice:
    """The best choice of sites, what proves it, and the next best.

    Attributes
    ----------
    status
        ``optimal``: proven, the gap at most 1e-6 (and the least unplaced proven). ``stopped``: the best known when
        the time was over.
    objective
        As in `SiteAlternative`.
    bound
        No choice that leaves as few unplaced costs less.
    gap
        (objective - bound) / max(1, abs(objective)).
    open, flow, unplaced
        As in `SiteAlternative`.
    alternatives
        The best distinct choices, cheapest first; the first is the answer.
    """

    status: Literal["optimal", "stopped"]
    objective: float
    bound: float
    gap: float
    open: NDArray[np.bool_]
    flow: csr_matrix
    unplaced: NDArray[np.int64]
    alternatives: tuple[SiteAlternative, ...]
