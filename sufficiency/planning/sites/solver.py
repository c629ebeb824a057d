"""The solver without the banner that it writes as it starts; imported only when a model is solved."""

from __future__ import annotations

import highspy

__all__ = ["QuietHighs"]


class QuietHighs(highspy.Highs):
    """HiGHS that says nothing."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the solver has no types

    def enableCallbacks(self) -> None:  # noqa: N802 (the solver's name)
        """Make the callbacks ready, once the output is off."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # the solver has no types
