"""The internal build: the tables of the public release with nothing hidden, and finer ones beside them.

It is for the council's own planners and marked so wherever it is written. Nothing that is made of it is public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sufficiency.disclosure.release import release
from sufficiency.disclosure.shelf import no_mask
from sufficiency.model.errors import SufficiencyError
from sufficiency.model.results import Released
from sufficiency.model.vocabulary import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["release_internal"]

PREFIX: Final = "internal_"


def release_internal(
    tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame, finer: Mapping[str, pd.DataFrame]
) -> Released:
    """Return the internal build of a run.

    Parameters
    ----------
    tables, areas
        As for `release`.
    finer
        The tables that only the council sees, by names that begin with ``internal_``: `planning.finer_tables`.

    Returns
    -------
    Released
        build ``internal``: the designed tables with the same names and columns as the public ones, then the finer
        ones. Every mask is False.

    Raises
    ------
    SufficiencyError
        When a finer table has the name of a public one, or a figure is hidden all the same.
    """
    wrong = sorted(name for name in finer if not name.startswith(PREFIX))
    if wrong:
        message = f"the name of an internal table begins with {PREFIX}: {', '.join(wrong)}"
        raise SufficiencyError(message)
    shaped = release(tables, areas, hide_up_to=0, build=INTERNAL)
    hidden = sorted(name for name, mask in shaped.hidden.items() if bool(mask.to_numpy(bool).any()))
    if hidden:
        message = f"an internal build hides nothing, but figures are hidden in {', '.join(hidden)}"
        raise SufficiencyError(message)
    return Released(
        build=INTERNAL,
        tables={**shaped.tables, **finer},
        hidden={**shaped.hidden, **{name: no_mask(frame) for name, frame in finer.items()}},
        geography=shaped.geography,
    )
