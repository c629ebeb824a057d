"""What went wrong in the page, for the terminal: kind and place, without its text, which could hold personal data."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

__all__ = ["report"]

_LOG: Final = logging.getLogger("sufficiency.app")


def report(error: BaseException) -> None:
    """Say in the terminal what went wrong and where; the whole of it only to those who asked for every detail."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    _LOG.error("the page failed: %s%s", type(error).__name__, where)
    _LOG.debug("the whole trace", exc_info=error)
