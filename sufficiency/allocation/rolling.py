"""The policy `rolling`: pupils already placed are never displaced; only new starters and phase transfers are allocated.

The start is the calibration year: as pupils are placed, where placements are known, and otherwise as `optimal` places
them. From one September to the next a pupil moves up a year group and otherwise stays as they are: a group of next
year continues the group of the same origin, sex, need, plan, place sought and attendance one year group below. Its
pupils keep their place while the provision is open and takes their new year group. Where it no longer does, another
department of the same setting and type that takes them counts as staying (an all-through school); a move to another
setting is a phase transfer. Groups shrink as the forecast says: no more stay than the group still has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sufficiency.allocation.eligibility import PUPIL
from sufficiency.allocation.policies import LOCAL_TIER, Stayers, flow_matrix
from sufficiency.model.errors import ParameterError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.policies import YearResult
    from sufficiency.allocation.residual import Ints

# so that a third of three pupils is one
_SLIP = 1e-9


def stayers_of(before: YearResult, now: Eligibility, retention_share: float, movement_share: float) -> Stayers:
    """Return who keeps a place from one year to the next.

    Parameters
    ----------
    before
        The year before, allocated.
    now
        The year, before allocation; its provisions include those of `before`.
    retention_share
        Share of the pupils in local places who could stay that do, 0 to 1.
    movement_share
        Share of the pupils in other councils' and independent schools who are free to move each year, 0 to 1: they are
        allocated anew, so to a local place where there is one. Both are rounded cumulatively over provisions and
        groups in order of id, so that the county totals are right to one pupil.

    Raises
    ------
    ParameterError
        When a share is not between 0 and 1.
    """
    for name, share in (("retention_share", retention_share), ("movement_share", movement_share)):
        if not 0 <= share <= 1:
            message = f"{name} is {share}, but must lie between 0 and 1"
            raise ParameterError(message)
    parts = [_cells(before, before.first, substitute=False), _cells(before, before.substitute, substitute=True)]
    cells = pd.concat(parts, ignore_index=True)
    cells["ncy"] += 1
    next_groups = now.groups[PUPIL].assign(row=np.arange(len(now.groups)))
    cells = cells.merge(next_groups, on=PUPIL, how="inner", validate="many_to_one")
    cells["column"] = _next_column(cells, before, now)
    cells = cells.loc[cells["column"] >= 0]
    cells = _ordered(cells, ["column", "row", "substitute", "old_row"])
    local = now.tier[cells["column"]] == LOCAL_TIER
    pupils = cells["pupils"].to_numpy(dtype=np.int64)
    staying = _share_of(pupils * local, retention_share) + _share_of(pupils * ~local, 1 - movement_share)
    cells = _within_group(cells.assign(pupils=staying), now)
    return Stayers(_matrix(cells.loc[~cells["substitute"]], now), _matrix(cells.loc[cells["substitute"]], now))


def _share_of(pupils: Ints, share: float) -> Ints:
    """Return a share of each number, rounded down where the running total is."""
    parts: Ints = np.diff(np.floor(np.cumsum(pupils) * share + _SLIP).astype(np.int64), prepend=0)
    return parts


def _cells(before: YearResult, flow: csr_matrix, *, substitute: bool) -> pd.DataFrame:
    cells = flow.tocoo()
    groups: pd.DataFrame = before.eligibility.groups[PUPIL].iloc[cells.row].reset_index(drop=True)
    return groups.assign(
        old_row=cells.row.astype(np.int64),
        old_column=cells.col.astype(np.int64),
        pupils=cells.data.astype(np.int64),
        substitute=substitute,
    )


def _ordered(cells: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    order = np.lexsort([cells[key].to_numpy() for key in reversed(keys)])
    return cells.iloc[order].reset_index(drop=True)


def _next_column(cells: pd.DataFrame, before: YearResult, now: Eligibility) -> Ints:
    """Return the column of `now` that each pupil stays in, -1 = must move."""
    old, new = before.eligibility.provision, now.provision
    same = pd.Index(new["provision_id"]).get_indexer(pd.Index(old["provision_id"]))
    siblings = (
        (old["setting_id"].to_numpy()[:, None] == new["setting_id"].to_numpy()[None, :])
        & (old["provision_type"].to_numpy()[:, None] == new["provision_type"].to_numpy()[None, :])
        & (old["tier"].to_numpy()[:, None] == new["tier"].to_numpy()[None, :])
    )
    rows, columns = cells["row"].to_numpy(dtype=np.int64), same[cells["old_column"]].astype(np.int64)
    layers = now.layers
    age_and_open = layers["age"] & layers["open"]
    admits = age_and_open & layers["need"] & layers["sex"] & layers["plan"] & layers["attendance"]
    stays = (columns >= 0) & age_and_open[rows, columns]
    moves_up = admits[rows] & siblings[cells["old_column"]]
    onward = np.where(moves_up.any(axis=1), moves_up.argmax(axis=1), -1)
    return np.where(stays, columns, onward).astype(np.int64)


def _within_group(cells: pd.DataFrame, now: Eligibility) -> pd.DataFrame:
    """Keep no more stayers than the group still has: first fit, the nearer tier and the shorter journey stay first."""
    rows, columns = cells["row"].to_numpy(dtype=np.int64), cells["column"].to_numpy(dtype=np.int64)
    ranked = cells.assign(tier=now.tier[columns], time=now.milliseconds[rows, columns])
    ranked = _ordered(ranked, ["row", "substitute", "tier", "time", "column", "old_row"])
    total = ranked.groupby("row")["pupils"].cumsum()
    room = now.pupils[ranked["row"]] - (total - ranked["pupils"])
    return ranked.assign(pupils=np.clip(ranked["pupils"], 0, np.maximum(room, 0)))


def _matrix(cells: pd.DataFrame, now: Eligibility) -> csr_matrix:
    row, column, pupils = (cells[name].to_numpy(dtype=np.int64) for name in ("row", "column", "pupils"))
    flow = flow_matrix(row, column, pupils, now)
    flow.eliminate_zeros()
    return flow
