"""Why a pupil has no place: the first reason that applies, and for a full place, which ones stand in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficiency.allocation import residual

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.residual import Bools

__all__ = ["bottlenecks", "reasons"]

NAMED_PROVISIONS = 6


def reasons(eligibility: Eligibility, *, among: Bools | None = None) -> list[str]:
    """Return for every group the reason that would apply to a pupil of it left without a place.

    The first of these that is true of the type of place sought: nothing admits the need; nothing that does is open;
    nothing open takes the age; nothing takes the pupil (sex, plan, attendance, border); nothing is within reach;
    all that remain are full.

    Parameters
    ----------
    eligibility
        The year.
    among
        bool [m], the provisions that the policy considers; by default all.
    """
    layers = eligibility.layers
    pupil = layers["sex"] & layers["plan"] & layers["attendance"] & layers["border"]
    steps = (
        ("no_such_provision", layers["type"] & layers["need"]),
        ("none_open_yet", layers["open"]),
        ("none_for_this_age", layers["age"]),
        ("not_for_this_pupil", pupil),
        ("out_of_reach", layers["reach"]),
    )
    found = np.full(len(eligibility.groups), "all_full", dtype=object)
    considered = np.ones(len(eligibility.provision), dtype=np.bool_) if among is None else among
    remaining = np.repeat(considered[None, :], len(eligibility.groups), axis=0)
    undecided = np.ones(len(eligibility.groups), dtype=np.bool_)
    for name, layer in steps:
        remaining &= layer
        stopped = undecided & ~remaining.any(axis=1)
        found[stopped] = name
        undecided &= ~stopped
    return [str(value) for value in found]


def bottlenecks(eligibility: Eligibility, flow: csr_matrix, wanted: Bools, *, among: Bools | None = None) -> list[str]:
    """Return for every group in `wanted` the full provisions that would have to grow, an empty string for the others.

    These are its suitable provisions and those that could take somebody from them: the columns of the least cut that
    the group alone makes. One more place at any of them would place one more pupil.

    Parameters
    ----------
    eligibility
        The year.
    flow
        csr int64 [n, m], the first-fit flow.
    wanted
        bool [n].
    among
        bool [m], the provisions that the policy considers; by default all.
    """
    eligible = eligibility.first_cost >= 0
    if among is not None:
        eligible = eligible & among[None, :]
    cells = flow.tocoo()
    reach = residual.closure(eligible, cells.row.astype(np.int64), cells.col.astype(np.int64))
    names = eligibility.provision["provision_id"].to_numpy(dtype=object)
    texts = [""] * len(wanted)
    known: dict[bytes, str] = {}
    for group in np.flatnonzero(wanted):
        own = eligible[group]
        key = own.tobytes()
        if key not in known:
            further = reach[own].any(axis=0) & ~own
            known[key] = _listed([*names[own], *names[further]])
        texts[group] = known[key]
    return texts


def _listed(names: list[str]) -> str:
    shown = "; ".join(names[:NAMED_PROVISIONS])
    return shown if len(names) <= NAMED_PROVISIONS else f"{shown}; and {len(names) - NAMED_PROVISIONS} more"
