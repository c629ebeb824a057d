"""Other assumptions, other tables, mitigations applied: inputs as they would be, for a question of one's own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sufficiency.model.errors import ParameterError
from sufficiency.model.parameters import with_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from sufficiency.model.results import Inputs

__all__ = ["ADJUSTABLE", "adjusted"]

ADJUSTABLE: Final = (
    "population",
    "rates",
    "controls",
    "cohort_changes",
    "developments",
    "rate_trends",
    "placement_mix",
    "mitigations",
    "demand_totals",
    "caseload",
    "zone_traits",
)


def adjusted(
    inputs: Inputs,
    *,
    assumptions: Mapping[str, Any] | None = None,
    tables: Mapping[str, pd.DataFrame | None] | None = None,
    mitigations: Sequence[str] | None = None,
) -> Inputs:
    """Return the inputs with what drives the forecast changed; the given inputs stay as they are.

    Parameters
    ----------
    inputs
        Checked inputs.
    assumptions
        Assumption -> value; its range is taken out.
    tables
        One of `ADJUSTABLE` -> table, None = without it.
    mitigations
        Ids of the mitigations that are applied; None = as they are.

    Raises
    ------
    ParameterError
        When an assumption, a table or a mitigation is unknown, or a value not possible.
    """
    given = dict(tables or {})
    unknown = sorted(set(given) - set(ADJUSTABLE))
    if unknown:
        message = f"{', '.join(unknown)} cannot be changed here; there are {', '.join(ADJUSTABLE)}"
        raise ParameterError(message)
    applied = inputs.applied_mitigations if mitigations is None else tuple(mitigations)
    table = given.get("mitigations", inputs.mitigations)
    known = set() if table is None else set(table["mitigation_id"])
    if set(applied) - known:
        message = (
            f"there is no mitigation {', '.join(sorted(set(applied) - known))}; there are {', '.join(sorted(known))}"
        )
        raise ParameterError(message)
    changed: dict[str, Any] = {**given, "applied_mitigations": applied}
    return dataclasses.replace(inputs, parameters=with_values(inputs.parameters, assumptions or {}), **changed)
