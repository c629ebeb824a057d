"""What a reader knows from earlier releases when today's is laid beside them: the register's cells, as prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.reader import PLACE, SLICE

if TYPE_CHECKING:
    from sufficiency.disclosure.register import Register

# systems whose cells a reader may lay beside today's, with the name of their measure where the register has another
_SYSTEMS: Final = {
    **dict.fromkeys(("gap", "use", "pressure", "support", "winners", "schemes", "mitigations"), ""),
    "transfers": "transfer_pupils",
    "awaiting": "awaiting_pupils",
}
# systems whose values are sizes of what may be less than nothing, and tell no more
_SIZES: Final = ("left_out", "change:")


def known_cells(register: Register) -> pd.DataFrame | None:
    """Return the cells of earlier releases: `SLICE`, `PLACE` and value, which is NaN where hidden; None = no release.

    Each release's scenario has a name of its own, so that the reader decides by what is printed of it whether it is
    one of today's. Where a release was rounded, its printed counts are not exact, and stand as unknown ones.

    Parameters
    ----------
    register
        The releases before today's.
    """
    parts = []
    for entry in register.entries:
        cells = entry.cells[entry.cells["system"].isin(_SYSTEMS)]
        exact = cells["printed"].astype(bool) & (entry.round_counts_to <= 1)
        value = cells["value"].astype("Float64").to_numpy(float, na_value=np.nan)
        exact &= ~cells["measure"].str.contains("|".join(_SIZES)).to_numpy(bool)
        name = cells["system"].map(_SYSTEMS)
        cells = cells.assign(measure=name.where(name != "", cells["measure"]))
        named = cells.assign(scenario_id=f"release {entry.run_id}: " + cells["scenario_id"].astype(str))
        parts.append(named.assign(value=np.where(exact, value, np.nan))[[*SLICE, *PLACE, "value"]])
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else None
