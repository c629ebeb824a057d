"""Rounding of counts to a base, and which bases go with which rule of hiding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BASES", "nearest", "rule_faults", "sound_rule"]

# what counts may be rounded to; 0 and 1 = not at all
BASES: Final = (0, 1, 5, 10)


def nearest(values: ArrayLike, base: int) -> NDArray[np.float64]:
    """Return numbers rounded to the nearest multiple of `base`, halves away from nought; NaN stays NaN.

    Parameters
    ----------
    values
        Numbers of any sign.
    base
        0 or 1 = as they are.
    """
    found = np.asarray(values, dtype=np.float64)
    if base <= 1:
        return found
    # nought has no sign of its own here: -0.0 would be printed as such
    return np.asarray(np.sign(found) * np.floor(np.abs(found) / base + 0.5) * base + 0.0)


def sound_rule(hide_up_to: int, round_counts_to: int) -> bool:
    """Return whether no count above `hide_up_to` is rounded to one that is hidden, so that each reads as what it is."""
    return round_counts_to <= 1 or float(nearest(hide_up_to + 1, round_counts_to)) > hide_up_to


def rule_faults(hide_up_to: int, round_counts_to: int) -> list[str]:
    """Return what is wrong with a rule of ``[disclosure]``, as sentences for ``area.toml``; none when it is sound."""
    if not 0 <= hide_up_to <= 100:
        return ["[disclosure] hide_up_to must lie in 0 to 100"]
    if round_counts_to not in BASES:
        return ["[disclosure] round_counts_to must be 0 (counts as they are), 5 or 10"]
    if sound_rule(hide_up_to, round_counts_to):
        return []
    printed = int(nearest(hide_up_to + 1, round_counts_to))
    least = next(one for one in range(hide_up_to, hide_up_to + round_counts_to) if sound_rule(one, round_counts_to))
    message = (
        f"[disclosure] rounded to the nearest {round_counts_to}, {hide_up_to + 1} pupils would be printed as "
        f"{printed}, which reads as none or as a hidden count: hide counts of 1 to {least} (hide_up_to = {least}), or "
        "do not round (round_counts_to = 0)"
    )
    return [message]
