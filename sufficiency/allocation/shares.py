"""A share of whole pupils, so that every running total is right to one pupil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from sufficiency.allocation.residual import Ints

# so that a third of three pupils is one
_SLIP: Final = 1e-9


def running_share(pupils: Ints, share: float) -> Ints:
    """Return a share of each number, rounded down where the running total is.

    Parameters
    ----------
    pupils
        int64 [n], at least 0.
    share
        0 to 1.
    """
    ends = np.floor(np.cumsum(pupils) * share + _SLIP).astype(np.int64)
    parts: Ints = np.diff(ends, prepend=0)
    return parts
