"""The places that residents can use: planned places less other councils' pupils in them, where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def places_for_residents(
    provision: pd.DataFrame, places: pd.DataFrame, border_flows: pd.DataFrame, *, net: bool
) -> pd.DataFrame:
    """Return the places that residents can use.

    Parameters
    ----------
    provision, places, border_flows
        The tables. A flow in without a provision is spread over the local provision of its type by places.
    net
        Whether other councils' pupils are taken off; if not, the table is returned as it is.

    Returns
    -------
    DataFrame
        Table `places`, planned_places never below 0.
    """
    if not net:
        return places
    local = provision.loc[provision["tier"] == "local", ["provision_id", "provision_type"]]
    rows = places.merge(local, on="provision_id", how="left", validate="m:1")
    taken = np.zeros(len(rows), dtype=np.int64)
    inward = border_flows[(border_flows["direction"] == "in") & border_flows["pupils"].notna()]
    flows = inward.groupby(["provision_id", "provision_type", "year"], as_index=False)[["pupils"]].sum()
    room = rows["planned_places"].to_numpy(np.int64)
    for flow in flows.to_dict("records"):
        column = "provision_id" if flow["provision_id"] else "provision_type"
        at = np.flatnonzero(((rows["year"] == flow["year"]) & (rows[column] == flow[column])).to_numpy())
        taken[at] += _spread(room[at] - taken[at], int(flow["pupils"]))
    left = np.maximum(places["planned_places"].to_numpy(np.int64) - taken, 0)
    return places.assign(planned_places=left)


def _spread(room: NDArray[np.int64], pupils: int) -> NDArray[np.int64]:
    """Share pupils out over room by largest remainders; no more than the room there is."""
    total = int(room.clip(0).sum())
    if total == 0:
        return np.zeros_like(room)
    exact = room.clip(0) * min(pupils, total) / total
    out = np.floor(exact).astype(np.int64)
    for position in np.argsort(out - exact, kind="stable")[: min(pupils, total) - int(out.sum())]:
        out[position] += 1
    return out
