"""The policies that place: `optimal`, `nearest` and `rolling`, one year at a time.

Each answers with a `YearResult` over the same rows and columns as its `Eligibility`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix

from sufficiency.allocation import residual
from sufficiency.allocation.eligibility import MS_PER_MIN
from sufficiency.allocation.reasons import bottlenecks, reasons
from sufficiency.allocation.tiers import TieredFlow, certify_tiers, solve_tiers
from sufficiency.model.vocabulary import TIERS

if TYPE_CHECKING:
    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.allocation.residual import Bools, Ints
    from sufficiency.model.results import Certificate

LOCAL_TIER = 1


@dataclass(frozen=True)
class YearResult:
    """One year of one policy.

    ``first`` and ``substitute`` csr int64 [n, m], pupils in the type sought and in another (stayers included);
    ``stayers`` int64 [m], of these, pupils who kept their place; ``unplaced`` int64 [n] with ``reason`` and
    ``bottleneck``; ``price`` int64 [m], the exact saving of one more place in the unit of the first-fit solve.
    ``solved`` is that solve, of the pupils and places that the stayers left; None where a policy claims no optimum.
    """

    eligibility: Eligibility
    first: csr_matrix
    substitute: csr_matrix
    stayers: Ints
    unplaced: Ints
    reason: list[str]
    bottleneck: list[str]
    price: Ints
    interchangeable: int
    certificates: tuple[Certificate, ...]
    solved: TieredFlow | None


@dataclass(frozen=True)
class Label:
    """What certificates are labelled with."""

    scenario_id: str
    policy: str


@dataclass(frozen=True)
class Stayers:
    """Pupils who keep a place: csr int64 [n, m] in the type sought, and in another."""

    first: csr_matrix
    substitute: csr_matrix


def nobody_stays(eligibility: Eligibility) -> Stayers:
    """Return no stayers, in the year's shape."""
    empty = csr_matrix((len(eligibility.groups), len(eligibility.provision)), dtype=np.int64)
    return Stayers(empty, empty)


def allocate_year(
    eligibility: Eligibility, label: Label, stayers: Stayers | None = None, guess: pd.DataFrame | None = None
) -> YearResult:
    """Allocate a year jointly: first fit for all, then substitutes on the pupils and places left; each proven optimal.

    Parameters
    ----------
    eligibility
        The year.
    label
        Scenario and policy, for the certificates.
    stayers
        Pupils who keep their places whatever the room (policy `rolling`); by default none. Nobody else joins a
        provision until it is under number.
    guess
        As `HeadStart.placements`.

    Raises
    ------
    CertificateError
        When a solve fails its proof.
    """
    held = stayers or nobody_stays(eligibility)
    kept = held.first + held.substitute
    staying = column_sums(kept)
    pupils = eligibility.pupils - row_sums(kept)
    places = np.maximum(eligibility.places - staying, 0)
    result = solve_tiers(
        eligibility.first_cost,
        pupils,
        places,
        eligibility.tier,
        guess=None if guess is None else _cells(guess, eligibility),
    )
    named = (label.scenario_id, label.policy, eligibility.year)
    certificates = [
        certify_tiers(result, eligibility.first_cost, pupils, places, eligibility.tier, label=(*named, "first_fit"))
    ]
    first, unplaced = result.flow.flow, result.flow.unplaced
    interchangeable = residual.interchangeable_pupils(result.priced_cost, places, result.flow)
    substitute = held.substitute
    if (eligibility.substitute_cost[unplaced > 0] >= 0).any():
        left = places - column_sums(first)
        second = solve_tiers(eligibility.substitute_cost, unplaced, left, eligibility.tier)
        proof = certify_tiers(
            second, eligibility.substitute_cost, unplaced, left, eligibility.tier, label=(*named, "substitutes")
        )
        certificates.append(proof)
        interchangeable += residual.interchangeable_pupils(second.priced_cost, left, second.flow)
        substitute = (substitute + second.flow.flow).tocsr()
        unplaced = second.flow.unplaced
    why = reasons(eligibility)
    full = (unplaced > 0) & np.array([reason == "all_full" for reason in why], dtype=np.bool_)
    return YearResult(
        eligibility=eligibility,
        first=(held.first + first).tocsr(),
        substitute=substitute,
        stayers=staying,
        unplaced=unplaced,
        reason=why,
        bottleneck=bottlenecks(eligibility, first, full),
        price=result.flow.place_price,
        interchangeable=interchangeable,
        certificates=tuple(certificates),
        solved=result,
    )


def nearest_year(eligibility: Eligibility) -> YearResult:
    """Send every pupil to the nearest suitable local place, whatever its room: where local pressure lies.

    Only local provision with places that year counts; residential pupils too go to the nearest; ties go to the first
    provision_id. A pupil with no suitable local place stays without one, for the first reason among local provision.

    Parameters
    ----------
    eligibility
        The year.
    """
    local = eligibility.tier == LOCAL_TIER
    shape = eligibility.first_cost.shape
    usable = (eligibility.first_cost >= 0) & (local & (eligibility.places > 0))[None, :]
    time = np.where(usable, eligibility.milliseconds.astype(np.int64), residual.INFINITE)
    placed = np.flatnonzero(usable.any(axis=1))
    choice = time[placed].argmin(axis=1) if len(placed) else placed
    flow = flow_matrix(placed, choice, eligibility.pupils[placed], eligibility)
    return unproven_year(eligibility, flow, csr_matrix(shape, dtype=np.int64), among=local)


def unproven_year(
    eligibility: Eligibility, first: csr_matrix, substitute: csr_matrix, *, among: Bools | None = None
) -> YearResult:
    """Return a year whose flow claims no optimum: with reasons and bottlenecks, without prices or certificates.

    Parameters
    ----------
    eligibility
        The year.
    first, substitute
        csr int64 [n, m], pupils in the type sought and in another.
    among
        bool [m], the provisions that the policy considers; by default all.
    """
    unplaced = eligibility.pupils - row_sums(first + substitute)
    why = reasons(eligibility, among=among)
    shut = (unplaced > 0) & np.array([reason == "all_full" for reason in why], dtype=np.bool_)
    n_places = first.shape[1]
    # Nobody gives way here for the sake of another: each group stands before its own places alone.
    nobody_moves = csr_matrix(first.shape, dtype=np.int64)
    return YearResult(
        eligibility=eligibility,
        first=first,
        substitute=substitute,
        stayers=np.zeros(n_places, dtype=np.int64),
        unplaced=unplaced,
        reason=why,
        bottleneck=bottlenecks(eligibility, nobody_moves, shut, among=among),
        price=np.zeros(n_places, dtype=np.int64),
        interchangeable=0,
        certificates=(),
        solved=None,
    )


def _cells(guess: pd.DataFrame, eligibility: Eligibility) -> residual.Cells | None:
    """Return a guess as cells; None where it speaks of other groups or provisions."""
    rows = pd.Index(eligibility.groups["group_id"]).get_indexer(pd.Index(guess["group_id"]))
    columns = pd.Index(eligibility.provision["provision_id"]).get_indexer(pd.Index(guess["provision_id"]))
    if (rows < 0).any() or (columns < 0).any():
        return None
    return residual.Cells(rows.astype(np.int64), columns.astype(np.int64), guess["pupils"].to_numpy(dtype=np.int64))


def flow_matrix(rows: Ints, columns: Ints, pupils: Ints, eligibility: Eligibility) -> csr_matrix:
    """Return cells of groups and provisions as csr int64 [n, m]; those of one place are added up."""
    shape = (len(eligibility.groups), len(eligibility.provision))
    return coo_matrix((pupils, (rows, columns)), shape=shape, dtype=np.int64).tocsr()


def row_sums(flow: csr_matrix) -> Ints:
    """Return the pupils of each group, int64 [n]."""
    return np.asarray(flow.sum(axis=1), dtype=np.int64).ravel()


def column_sums(flow: csr_matrix) -> Ints:
    """Return the pupils in each provision, int64 [m]."""
    return np.asarray(flow.sum(axis=0), dtype=np.int64).ravel()


def placed_table(eligibility: Eligibility, flow: csr_matrix) -> pd.DataFrame:
    """Return the cells of a flow as a table.

    Returns
    -------
    DataFrame
        group_id, provision_id, pupils, tier, travel_min, travel_km (blank for residential pupils, and where a placement
        that is observed has no road route), in order of group and provision.
    """
    cells = flow.tocoo()
    order = np.lexsort((cells.col, cells.row))
    rows, columns = cells.row[order], cells.col[order]
    daily = (eligibility.groups["attendance"] == "day").to_numpy()[rows]
    travels = daily & (eligibility.milliseconds[rows, columns] >= 0)
    return pd.DataFrame(
        {
            "group_id": eligibility.groups["group_id"].to_numpy()[rows],
            "provision_id": eligibility.provision["provision_id"].to_numpy()[columns],
            "pupils": cells.data[order].astype(np.int64),
            "tier": np.array(TIERS, dtype=object)[eligibility.tier[columns] - 1],
            "travel_min": np.where(travels, eligibility.milliseconds[rows, columns] / MS_PER_MIN, np.nan),
            "travel_km": np.where(travels, eligibility.metres[rows, columns] / 1_000, np.nan),
        }
    )
