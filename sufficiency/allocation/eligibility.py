"""Which pupils may go where: the hard rules, kept apart so that every refusal has a reason.

A pair of a demand group and a provision passes five layers in turn: the type of place sought and the need; open in
the year; the age; the pupil (sex, plan, attendance, border); the reach. A pair that passes all may be used at the
cost of its journey. Another type than the one sought passes only where the table `acceptance` lists it, in a second
solve. A residential pupil travels daily at cost 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.scheme_ids import without_scenario
from sufficiency.model.vocabulary import ALL, MATCHED_TYPES, TIERS, phase_of, year_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.allocation.residual import Bools, Ints
    from sufficiency.model.results import TravelTimes

__all__ = ["Eligibility", "Rules", "build_eligibility", "exclusion_reasons", "part_of", "why_not"]

MS_PER_MIN = 60_000
# what tells pupils apart, within a year
PUPIL = ["origin_id", "ncy", "sex", "need", "ehcp", "place_sought", "attendance"]


@dataclass(frozen=True)
class Rules:
    """The adjustable part of the hard rules.

    Parameters
    ----------
    reach_limit_min
        By phase, the longest journey of a day pupil in minutes; a phase that is missing has no limit, and then only a
        place without a road route is out of reach.
    tiers
        Border policy: the tiers whose places residents may take.
    """

    reach_limit_min: Mapping[str, float] = field(default_factory=dict)
    tiers: tuple[str, ...] = TIERS


@dataclass(frozen=True)
class Eligibility:
    """One year's groups (rows, by group_id) and provisions (columns, by provision_id) and what may meet.

    The name of a scenario is no part of the order, so that of equal answers a scenario has the same by any name.

    ``layers`` are bool [n, m], by name, in the order in which reasons are given; ``first_cost`` and
    ``substitute_cost`` int64 [n, m] in milliseconds, -1 = not eligible; ``milliseconds`` and ``metres`` int32 [n, m],
    -1 = no road route; ``pupils`` int64 [n], ``places`` int64 [m] (0 where closed), ``tier`` int64 [m] from 1.
    """

    year: int
    groups: pd.DataFrame
    provision: pd.DataFrame
    pupils: Ints
    places: Ints
    is_open: Bools
    tier: Ints
    layers: Mapping[str, Bools]
    accepts: Bools
    milliseconds: NDArray[np.int32]
    metres: NDArray[np.int32]
    first_cost: Ints
    substitute_cost: Ints


class Offers(NamedTuple):
    """The provision of a year that takes part, in order, with its places (0 where closed) and whether it is open."""

    year: int
    provision: pd.DataFrame
    places: Ints
    is_open: Bools


def offers_of(provision: pd.DataFrame, places: pd.DataFrame, year: int) -> Offers:
    """Return the provision of the matched types in the order of columns.

    Raises
    ------
    DataError
        When open provision has no planned places.
    """
    matched = provision.loc[provision["provision_type"].isin(MATCHED_TYPES)]
    columns = matched.iloc[_in_order(matched)].reset_index(drop=True)
    is_open, planned = _open_places(columns, places, year)
    return Offers(year, columns, planned, is_open)


def tier_numbers(columns: pd.DataFrame) -> Ints:
    """Return int64 [m]: the tier of each provision, from 1."""
    return np.array([TIERS.index(tier) + 1 for tier in columns["tier"]], dtype=np.int64)


def exclusion_reasons(demand: pd.DataFrame) -> pd.Series[str]:
    """Return why each row of `demand` is not allocated, or an empty string; the first that applies.

    Educated elsewhere (as `place_sought` says), then out of scope (a type that this model does not match), then not
    located (no home origin).
    """
    sought = demand["place_sought"]
    origin = demand["origin_id"]
    reason = np.full(len(demand), "", dtype=object)
    reason[(origin.isna() | (origin == "")).to_numpy()] = "not_located"
    reason[~sought.isin(MATCHED_TYPES).to_numpy()] = "out_of_scope"
    reason[(sought == "educated_elsewhere").to_numpy()] = "educated_elsewhere"
    return pd.Series(reason, index=demand.index, dtype=object)


def build_eligibility(
    demand: pd.DataFrame,
    provision: pd.DataFrame,
    places: pd.DataFrame,
    acceptance: pd.DataFrame,
    travel: TravelTimes,
    *,
    year: int,
    rules: Rules | None = None,
) -> Eligibility:
    """Apply the hard rules to one year.

    Parameters
    ----------
    demand
        Table `demand`; rows of other years and rows with an exclusion reason are left out.
    provision, places, acceptance
        The tables; provision of types outside the matched ones is left out.
    travel
        Least times from every origin to every setting.
    year
        The academic year.
    rules
        The adjustable rules; default `Rules()`.

    Raises
    ------
    DataError
        When an origin or setting has no travel times, or open provision has no planned places.
    """
    of_year = demand.loc[demand["year"] == year]
    groups = of_year.loc[exclusion_reasons(of_year) == ""].sort_values("group_id").reset_index(drop=True)
    return meeting(groups, offers_of(provision, places, year), acceptance, travel, rules or Rules())


def meeting(
    groups: pd.DataFrame, offers: Offers, acceptance: pd.DataFrame, travel: TravelTimes, rules: Rules
) -> Eligibility:
    """Return which groups and offers may meet; `build_eligibility` of those that take part already.

    Raises
    ------
    DataError
        When an origin or setting has no travel times.
    """
    columns, is_open = offers.provision, offers.is_open
    rows = _positions(travel.origin_ids, groups["origin_id"], "origin")
    settings = _positions(travel.setting_ids, columns["setting_id"], "setting")
    milliseconds = travel.milliseconds[np.ix_(rows, settings)]
    metres = travel.metres[np.ix_(rows, settings)]
    residential = (groups["attendance"] == "residential").to_numpy()

    wanted = _equal(groups["place_sought"], columns["provision_type"])
    need = _admits(groups["need"], columns["needs"])
    age = _within(groups["ncy"], columns["ncy_from"], columns["ncy_to"])
    pupil_rules = _pupil_rules(groups, columns, rules)
    pupil = np.logical_and.reduce(list(pupil_rules.values()))
    reach = _within_reach(milliseconds, groups["ncy"], residential, rules)
    layers: dict[str, Bools] = {
        "type": wanted,
        "need": need,
        "open": np.broadcast_to(is_open, wanted.shape),
        "age": age,
        **pupil_rules,
        "reach": reach,
    }
    fits = need & is_open[None, :] & age & pupil & reach
    accepts, penalty_min = _accepted(groups, columns, acceptance)
    substitute_cost = _travel_cost(fits & accepts & ~wanted, milliseconds, residential)
    if accepts.any():
        substitute_cost += np.where(substitute_cost >= 0, MS_PER_MIN * penalty_min, 0)
    return Eligibility(
        year=offers.year,
        groups=groups,
        provision=columns,
        pupils=groups["pupils"].to_numpy(dtype=np.int64),
        places=offers.places,
        is_open=is_open,
        tier=tier_numbers(columns),
        layers=layers,
        accepts=accepts,
        milliseconds=milliseconds,
        metres=metres,
        first_cost=_travel_cost(fits & wanted, milliseconds, residential),
        substitute_cost=substitute_cost,
    )


_WHY_NOT = {
    "type": "offers {provision_type}, and {place_sought} is sought",
    "need": "does not admit {need} as a primary need (it admits {needs})",
    "open": "is not open in {year}",
    "age": "takes year groups {ncy_from} to {ncy_to}, and the pupil is in year group {ncy}",
    "sex": "takes {provision_sex} pupils only",
    "plan": "requires an education, health and care plan",
    "attendance": "offers {provision_attendance} places, and {attendance} is sought",
    "border": "is {tier}, which the border policy closes to residents",
    "reach": "is out of reach (no road route, or beyond the limit of the phase)",
}


def why_not(eligibility: Eligibility, group_id: str, provision_id: str) -> str:
    """Return every rule that keeps a group from a provision, in words; an empty string when nothing does.

    Parameters
    ----------
    eligibility
        The year, from `build_eligibility`.
    group_id, provision_id
        The pair.

    Raises
    ------
    DataError
        When either is not part of the year.
    """
    row = np.flatnonzero((eligibility.groups["group_id"] == group_id).to_numpy())
    column = np.flatnonzero((eligibility.provision["provision_id"] == provision_id).to_numpy())
    if not len(row) or not len(column):
        missing = f"group {group_id}" if not len(row) else f"provision {provision_id}"
        message = f"{missing} takes no part in the allocation of {year_label(eligibility.year)}"
        raise DataError(message)
    cell = int(row[0]), int(column[0])
    group, provision = eligibility.groups.iloc[cell[0]], eligibility.provision.iloc[cell[1]]
    facts: dict[str, Any] = {
        **{str(key): value for key, value in provision.items()},
        **{str(key): value for key, value in group.items()},
        "provision_sex": provision["sex"],
        "provision_attendance": provision["attendance"],
        "year": year_label(eligibility.year),
    }
    failed = [name for name, layer in eligibility.layers.items() if not layer[cell]]
    if "type" in failed and eligibility.accepts[cell]:
        failed.remove("type")
    return "; ".join(_WHY_NOT[name].format(**facts) for name in failed)


def part_of(eligibility: Eligibility, rows: Bools, columns: Bools) -> Eligibility:
    """Return some groups and some provisions of a year.

    Parameters
    ----------
    eligibility
        The year.
    rows, columns
        bool [n] and [m].
    """
    cells = np.ix_(rows, columns)
    return Eligibility(
        year=eligibility.year,
        groups=eligibility.groups[rows].reset_index(drop=True),
        provision=eligibility.provision[columns].reset_index(drop=True),
        pupils=eligibility.pupils[rows],
        places=eligibility.places[columns],
        is_open=eligibility.is_open[columns],
        tier=eligibility.tier[columns],
        layers={name: layer[cells] for name, layer in eligibility.layers.items()},
        accepts=eligibility.accepts[cells],
        milliseconds=eligibility.milliseconds[cells],
        metres=eligibility.metres[cells],
        first_cost=eligibility.first_cost[cells],
        substitute_cost=eligibility.substitute_cost[cells],
    )


def _positions(known: tuple[str, ...], wanted: pd.Series[str], what: str) -> NDArray[np.intp]:
    found = pd.Index(known).get_indexer(pd.Index(wanted))
    if (found < 0).any():
        strangers = sorted({str(value) for value in wanted[found < 0]})
        message = f"{len(strangers)} {what}(s) have no travel times, the first {strangers[0]}: add them to the {what}s"
        raise DataError(message)
    return found


def _in_order(provision: pd.DataFrame) -> list[int]:
    named = list(zip(provision["provision_id"].astype(str), provision["setting_id"].astype(str), strict=True))
    return sorted(range(len(named)), key=lambda row: (without_scenario(named[row][0]), named[row][1], named[row][0]))


def _open_places(columns: pd.DataFrame, places: pd.DataFrame, year: int) -> tuple[Bools, Ints]:
    of_year = places.loc[places["year"] == year]
    at = pd.Index(of_year["provision_id"]).get_indexer(pd.Index(columns["provision_id"]))
    planned = of_year["planned_places"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    is_open, counts = at >= 0, np.append(planned, 0.0)[at]
    blank = np.isnan(counts)
    if blank.any():
        first = columns.loc[blank, "provision_id"].iloc[0]
        message = f"provision {first} has a row of places for {year_label(year)} without planned_places: fill it in"
        raise DataError(message)
    return is_open, counts.astype(np.int64)


def _equal(rows: pd.Series[str], columns: pd.Series[str]) -> Bools:
    # By number, as texts are slow to compare; what is missing (-1) equals nothing.
    number, known = pd.factorize(rows.to_numpy(dtype=object))
    column = pd.Index(known).get_indexer(pd.Index(columns.to_numpy(dtype=object)))
    same: Bools = (number[:, None] == column[None, :]) & (number >= 0)[:, None]
    return same


def _admits(need: pd.Series[str], admitted: pd.Series[str]) -> Bools:
    position, codes = pd.factorize(need.to_numpy(dtype=object), use_na_sentinel=False)
    sets = [{code.strip() for code in str(needs).split(";")} for needs in admitted]
    table = np.array([[str(code) in taken for taken in sets] for code in codes], dtype=np.bool_)
    by_group: Bools = table.reshape(len(codes), len(sets))[position]
    return by_group


def _within(ncy: pd.Series[int], first: pd.Series[int], last: pd.Series[int]) -> Bools:
    value = ncy.to_numpy(dtype=np.int64)[:, None]
    return (value >= first.to_numpy(dtype=np.int64)[None, :]) & (value <= last.to_numpy(dtype=np.int64)[None, :])


def _pupil_rules(groups: pd.DataFrame, columns: pd.DataFrame, rules: Rules) -> dict[str, Bools]:
    # A group whose sex is not given cannot be promised a single-sex place.
    shape = (len(groups), len(columns))
    any_sex = (columns["sex"] == "any").to_numpy(dtype=np.bool_)
    day_place = (columns["attendance"] == "day").to_numpy(dtype=np.bool_)
    day_pupil = (groups["attendance"] == "day").to_numpy(dtype=np.bool_)
    needs_plan = columns["ehcp_required"].to_numpy(dtype=np.bool_)
    allowed = columns["tier"].isin(rules.tiers).to_numpy(dtype=np.bool_)
    return {
        "sex": any_sex[None, :] | _equal(groups["sex"], columns["sex"]),
        "plan": ~needs_plan[None, :] | groups["ehcp"].to_numpy(dtype=np.bool_)[:, None],
        "attendance": day_place[None, :] == day_pupil[:, None],
        "border": np.broadcast_to(allowed[None, :], shape),
    }


def _within_reach(milliseconds: NDArray[np.int32], ncy: pd.Series[int], residential: Bools, rules: Rules) -> Bools:
    limits = {year: rules.reach_limit_min.get(phase_of(int(year)), np.inf) for year in ncy.unique()}
    limit_ms = np.where(residential, np.inf, ncy.map(limits).to_numpy(dtype=np.float64) * MS_PER_MIN)
    return (milliseconds >= 0) & (milliseconds <= limit_ms[:, None])


def _travel_cost(usable: Bools, milliseconds: NDArray[np.int32], residential: Bools) -> Ints:
    cost = np.full(usable.shape, -1, dtype=np.int64)
    np.copyto(cost, milliseconds, where=usable)
    np.copyto(cost, 0, where=usable & residential[:, None])
    return cost


def _accepted(groups: pd.DataFrame, columns: pd.DataFrame, acceptance: pd.DataFrame) -> tuple[Bools, Ints]:
    accepts = np.zeros((len(groups), len(columns)), dtype=np.bool_)
    penalty_min = np.zeros(accepts.shape, dtype=np.int64)
    if acceptance.empty:
        return accepts, penalty_min
    phase = groups["ncy"].map(phase_of)
    # The more particular row wins: a named need over all needs, then a named phase over all phases.
    general = acceptance.assign(any_need=acceptance["need"] == ALL, any_phase=acceptance["phase"] == ALL)
    for row in general.sort_values(["any_need", "any_phase"], ascending=False, kind="stable").to_dict("records"):
        who = (groups["place_sought"] == row["place_sought"]).to_numpy()
        who = who & (row["any_need"] | (groups["need"] == row["need"]).to_numpy())
        who = who & (row["any_phase"] | (phase == row["phase"]).to_numpy())
        cell = np.ix_(who, (columns["provision_type"] == row["provision_type"]).to_numpy())
        accepts[cell] = True
        penalty_min[cell] = int(row["penalty_min"])
    return accepts, penalty_min
