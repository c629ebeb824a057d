"""What a row of table `placements` says, read in one way by all who use it."""

from __future__ import annotations

import pandas as pd

__all__ = ["sought_by"]


def sought_by(placements: pd.DataFrame, provision: pd.DataFrame) -> pd.Series[str]:
    """Return the type of place that each pupil seeks: `place_sought` where it is given, else the type they are in.

    Parameters
    ----------
    placements, provision
        The tables.

    Returns
    -------
    Series
        A provision type, blank where the row has neither a known provision nor a place sought.
    """
    offered = placements["provision_id"].map(provision.set_index("provision_id")["provision_type"]).fillna("")
    stated = placements.get("place_sought", pd.Series("", index=placements.index)).fillna("").astype(str)
    return stated.where(stated != "", offered)
