"""A few counts told in a sentence: the large ones by name, the rest together, and nobody by subtraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["told_counts"]


def told_counts(counts: Mapping[str, int], hide_up_to: int) -> tuple[dict[str, int], int]:
    """Return the counts that may be told beside their total, the largest first, and what is left of the total.

    A count of 1 to `hide_up_to` is not told. Nor is one whose telling would leave a rest of 1 to `hide_up_to` that a
    reader could subtract, a rest that is that of one name, or one so large or so small for its names that each of them
    is known; then the smallest of those told joins the rest.

    Parameters
    ----------
    counts
        By name, 0 or more; zeros are left out.
    hide_up_to
        Counts of 1 to this are hidden.

    Returns
    -------
    tuple of dict and int
        Told counts by name, and the rest.
    """
    ordered = sorted(((count, name) for name, count in counts.items() if count), key=lambda one: (-one[0], one[1]))
    told = [(name, count) for count, name in ordered if count > hide_up_to]
    others = [count for count, _ in ordered if count <= hide_up_to]
    while told and others and _gives_away(others, hide_up_to):
        others.append(told.pop()[1])
    return dict(told), sum(others)


def _gives_away(others: list[int], hide_up_to: int) -> bool:
    total = sum(others)
    all_few = max(others) <= hide_up_to
    return total <= hide_up_to or len(others) == 1 or (all_few and total in {len(others), hide_up_to * len(others)})
