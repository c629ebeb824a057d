"""The compiled kernels of what-if questions used once: from then on they stand compiled on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.allocation.what_if import settle

if TYPE_CHECKING:
    from collections.abc import Callable


def warm(say: Callable[[str], None] = lambda _: None) -> None:
    """Compile what mends an optimum; a second process then compiles nothing.

    Parameters
    ----------
    say
        Called with each step, in plain words.
    """
    say("Compiling what-if questions")
    found = settle([[1, 2], [2, 1], [1, 1]], [1, 1, 2], [1, 2])
    found.with_places({0: 3}).with_places({1: 0}).with_column([1, 2, 3], 1).gains()
