"""The main door: a year range of demand and provision in, the tables of the allocation out, proven."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.allocation.conservation import check_rules, conservation
from sufficiency.allocation.eligibility import Rules, build_eligibility, exclusion_reasons
from sufficiency.allocation.observed import as_placed_year
from sufficiency.allocation.policies import Label, YearResult, allocate_year, column_sums, nearest_year, placed_table
from sufficiency.allocation.preference import Preference, preference_year
from sufficiency.allocation.renewal import HeadStart, renewed
from sufficiency.allocation.rolling import stayers_of
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.results import Allocation
from sufficiency.model.tables import conform
from sufficiency.model.vocabulary import POLICIES, year_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sufficiency.allocation.eligibility import Eligibility
    from sufficiency.model.results import TravelTimes

__all__ = ["Conduct", "allocate"]

BY_DISTANCE: Final = Preference(decay_per_min=math.log(2) / 15, leakage_share=0.0)


@dataclass(frozen=True)
class Conduct:
    """What the policies take for granted about pupils, beside the hard rules.

    Parameters
    ----------
    retention_share
        ``rolling``: share of the pupils in local places who could stay that do.
    movement_share
        ``rolling``: share of the pupils in other councils' and independent schools who are free to move each year;
        None = 1 - retention_share.
    preference
        ``preference``: how families choose; None = by distance alone, ln 2 a quarter of an hour, without leakage.
    placements
        Table `placements`: ``as_placed`` shows it and ``rolling`` starts from it, where it has the year; the demand of
        that year is counted from it (`demand.with_placements`). None = no placements are known.
    """

    retention_share: float = 1.0
    movement_share: float | None = None
    preference: Preference | None = None
    placements: pd.DataFrame | None = None

    def placed_in(self, year: int | None) -> bool:
        """Whether the placements of a year are known."""
        return self.placements is not None and bool((self.placements["year"] == year).any())


def allocate(
    demand: pd.DataFrame,
    provision: pd.DataFrame,
    places: pd.DataFrame,
    acceptance: pd.DataFrame,
    travel: TravelTimes,
    *,
    policy: str,
    years: Iterable[int],
    scenario_id: str,
    rules: Rules | None = None,
    calibration_year: int | None = None,
    conduct: Conduct | None = None,
    head_start: HeadStart | None = None,
) -> Allocation:
    """Allocate every pupil of the years by one policy, and prove the answer.

    Parameters
    ----------
    demand, provision, places, acceptance
        The tables. `places` holds the places for residents (other councils' pupils already taken off).
    travel
        Least times from every origin to every setting.
    policy
        ``optimal``: jointly, the most pupils by tier and then the least travel. ``nearest``: the nearest suitable local
        place whatever its room. ``rolling``: those placed stay; new starters and phase transfers are allocated.
        ``as_placed``: present placements, in the years that have them. ``preference``: families choose, the nearer the
        likelier, while there is room.
    years
        Academic years to answer for.
    scenario_id
        Scenario that the rows are labelled with.
    rules
        Reach limits and border policy; default no limit and all tiers.
    calibration_year
        For `rolling`, the year that is the start, as placed or `optimal`; it need not be in `years`.
    conduct
        What the policies take for granted about pupils; default `Conduct()`.
    head_start
        What is known already of one year, for `optimal`; the answer is the same.

    Returns
    -------
    Allocation
        Tables `allocation`, `unplaced`, `excluded`, `provision_use`; ``interchangeable`` (scenario_id, policy, year,
        interchangeable_pupils); certificates; notes that every output must carry.

    Raises
    ------
    DataError
        When the demand of a year is missing, or the tables do not fit together.
    ParameterError
        When the policy is unknown, or `rolling` lacks its calibration year.
    CertificateError
        When an answer fails its proof.
    """
    if policy not in POLICIES:
        message = f"{policy!r} is not a policy; use one of {', '.join(POLICIES)}"
        raise ParameterError(message)
    conduct = conduct or Conduct()
    wanted = sorted(set(years))
    if not wanted:
        message = "no year is asked for: name at least one academic year"
        raise ParameterError(message)
    if policy == "as_placed":
        wanted = _placed_years(wanted, conduct)
    first = wanted if policy != "rolling" else _rolling_years(wanted, calibration_year)
    missing = sorted(set(first) - set(demand["year"]))
    if missing:
        message = f"there is no demand for {', '.join(map(year_label, missing))}, which policy {policy} needs"
        raise DataError(message)
    label = Label(scenario_id, policy)
    known = None if head_start is None else head_start.eligibility
    prepared = (
        build_eligibility(demand, provision, places, acceptance, travel, year=year, rules=rules)
        if known is None or known.year != year
        else renewed(known, provision, places, acceptance, travel, rules=rules or Rules())
        for year in first
    )
    guess = None if head_start is None else head_start.placements
    results = [result for result in _run(prepared, label, conduct, guess) if result.eligibility.year in wanted]
    of_years = demand.loc[demand["year"].isin(wanted)]
    answer = _bundle(results, of_years, label, _notes(policy, calibration_year, conduct))
    conservation(answer, of_years)
    check_rules(
        answer, of_years, provision, places, acceptance,
        observed=conduct.placements if policy in ("as_placed", "rolling") else None,
        observed_year=_observed_year(policy, calibration_year, conduct),
        with_capacity=policy not in ("nearest", "as_placed"),
    )  # fmt: skip
    return answer


def _placed_years(wanted: list[int], conduct: Conduct) -> list[int]:
    known = [year for year in wanted if conduct.placed_in(year)]
    if not known:
        message = (
            f"no present placements are loaded for {', '.join(map(year_label, wanted))}, which policy as_placed shows: "
            "put them in demand/placements.csv"
        )
        raise ParameterError(message)
    return known


def _rolling_years(wanted: list[int], calibration_year: int | None) -> list[int]:
    if calibration_year is None:
        message = "policy rolling starts from the calibration year: state calibration_year"
        raise ParameterError(message)
    if wanted[0] < calibration_year:
        start, asked = year_label(calibration_year), year_label(wanted[0])
        message = f"policy rolling starts in {start} and cannot answer for {asked}"
        raise ParameterError(message)
    return list(range(calibration_year, wanted[-1] + 1))


def _run(
    prepared: Iterator[Eligibility], label: Label, conduct: Conduct, guess: pd.DataFrame | None
) -> Iterator[YearResult]:
    before: YearResult | None = None
    for eligibility in prepared:
        if label.policy == "nearest":
            yield nearest_year(eligibility)
        elif label.policy == "preference":
            yield preference_year(eligibility, conduct.preference or BY_DISTANCE)
        elif label.policy == "as_placed":
            yield as_placed_year(eligibility, _placements(conduct))
        elif label.policy == "rolling":
            before = _next_year(before, eligibility, label, conduct)
            yield before
        else:
            yield allocate_year(eligibility, label, guess=guess)


def _next_year(before: YearResult | None, now: Eligibility, label: Label, conduct: Conduct) -> YearResult:
    if before is None:
        if conduct.placed_in(now.year):
            return as_placed_year(now, _placements(conduct))
        return allocate_year(now, label)
    moving = 1 - conduct.retention_share if conduct.movement_share is None else conduct.movement_share
    return allocate_year(now, label, stayers_of(before, now, conduct.retention_share, moving))


def _observed_year(policy: str, calibration_year: int | None, conduct: Conduct) -> int | None:
    """Return the year in which `rolling` stands as pupils are placed."""
    return calibration_year if policy == "rolling" and conduct.placed_in(calibration_year) else None


def _placements(conduct: Conduct) -> pd.DataFrame:
    if conduct.placements is None:
        message = "no present placements are loaded: put them in demand/placements.csv"
        raise ParameterError(message)
    return conduct.placements


def _notes(policy: str, calibration_year: int | None, conduct: Conduct) -> tuple[str, ...]:
    if policy == "nearest":
        return ("Nearest suitable local place, ignoring capacity: local pressure, not a forecast of preference.",)
    if policy == "as_placed":
        return ("Present placements, as loaded; places may be over capacity.",)
    if policy == "preference":
        return (_preference_note(conduct.preference or BY_DISTANCE),)
    if policy == "rolling" and calibration_year is not None:
        start = year_label(calibration_year)
        share = f"{conduct.retention_share:.0%} of those who could stay do"
        if conduct.placed_in(calibration_year):
            return (f"Rolling starts from the placements of {start}, and {share}.",)
        basis = f"No present placements are loaded: rolling starts from the optimal allocation of {start}"
        return (f"{basis}, and {share}.",)
    return ("Optimal allocation: the theoretical best, not a forecast.",)


def _preference_note(chosen: Preference) -> str:
    decay = chosen.decay_per_min
    odds = f"{math.log(2) / decay:.2g} minutes more halve the odds" if decay else "minutes do not change the odds"
    return (
        f"Families choose among suitable places with room: {odds} of a place, and {chosen.leakage_share:.0%} of those "
        "who could have an independent place ask for it first. One draw of tastes, not a forecast."
    )


def _bundle(results: list[YearResult], demand: pd.DataFrame, label: Label, notes: tuple[str, ...]) -> Allocation:
    allocation = [
        placed_table(result.eligibility, flow).assign(substitute=instead)
        for result in results
        for flow, instead in ((result.first, False), (result.substitute, True))
    ]
    why = exclusion_reasons(demand)
    excluded = demand.loc[why != ""].assign(reason=why[why != ""])
    if len(excluded):
        excluded = excluded.sort_values(["year", "group_id"])
    shared = [result.interchangeable for result in results]
    interchangeable = pd.DataFrame(
        {
            "scenario_id": label.scenario_id,
            "policy": label.policy,
            "year": np.array([result.eligibility.year for result in results], dtype=np.int64),
            "interchangeable_pupils": np.array(shared, dtype=np.int64),
        }
    )
    return Allocation(
        allocation=_table(allocation, "allocation", label),
        unplaced=_table([_unplaced(result) for result in results], "unplaced", label),
        excluded=_table([excluded], "excluded", label),
        provision_use=_table([_use(result) for result in results], "provision_use", label),
        interchangeable=interchangeable,
        certificates=tuple(proof for result in results for proof in result.certificates),
        notes=notes,
    )


def _table(parts: list[pd.DataFrame], name: str, label: Label) -> pd.DataFrame:
    filled = [part for part in parts if len(part)] or parts[:1]
    whole = pd.concat(filled, ignore_index=True)
    return conform(whole.assign(scenario_id=label.scenario_id, policy=label.policy), name)


def _unplaced(result: YearResult) -> pd.DataFrame:
    waiting = np.flatnonzero(result.unplaced)
    return pd.DataFrame(
        {
            "group_id": result.eligibility.groups["group_id"].to_numpy()[waiting],
            "reason": np.array(result.reason, dtype=object)[waiting],
            "pupils": result.unplaced[waiting],
            "bottleneck": np.array(result.bottleneck, dtype=object)[waiting],
        }
    )


def _use(result: YearResult) -> pd.DataFrame:
    year = result.eligibility
    placed = column_sums(result.first + result.substitute)
    over_number = np.maximum(result.stayers - year.places, 0)
    return pd.DataFrame(
        {
            "provision_id": year.provision["provision_id"],
            "year": year.year,
            "places": year.places,
            "placed_pupils": placed,
            "over_capacity_pupils": np.maximum(placed - year.places, 0) - over_number,
            "over_number_pupils": over_number,
            "price": result.price,
        }
    ).loc[year.is_open]
