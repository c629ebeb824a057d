"""The check of every policy, by code that shares nothing with the rules or the solver.

Nobody is lost or counted twice, and nobody stands where the rules forbid: worked from the finished tables, by
joining them on their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sufficiency.model.errors import CertificateError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sufficiency.model.results import Allocation

RESIDENTIAL = ("weekly", "termly", "52_week")


def conservation(result: Allocation, demand: pd.DataFrame) -> pd.DataFrame:
    """Prove that every group's pupils = placed + unplaced + excluded, and return the totals by year.

    Parameters
    ----------
    result
        One policy's allocation.
    demand
        Table `demand`, the years that were allocated.

    Returns
    -------
    DataFrame
        scenario_id, policy, year; pupils, placed, unplaced, excluded.

    Raises
    ------
    CertificateError
        Naming the first group for which it does not hold.
    """
    parts = {"placed": result.allocation, "unplaced": result.unplaced, "excluded": result.excluded}
    ledger = demand[["group_id", "year", "pupils"]].copy()
    _hold("every group has one row of demand", _twice(demand, ["group_id"]))
    groups = pd.Index(demand["group_id"])
    for name, table in parts.items():
        at = groups.get_indexer(pd.Index(table["group_id"]))
        _hold("every group is part of the demand", table.loc[at < 0, "group_id"])
        told = np.zeros(len(ledger), dtype=np.int64)
        np.add.at(told, at, table["pupils"].to_numpy(dtype=np.int64))
        ledger[name] = told
    wrong = ledger["pupils"] != ledger["placed"] + ledger["unplaced"] + ledger["excluded"]
    _hold("pupils = placed + unplaced + excluded", ledger.loc[wrong, "group_id"])
    labels = result.interchangeable[["year", "scenario_id", "policy"]]
    year = ledger["year"].to_numpy()
    sums = {
        name: np.array([ledger[name].to_numpy()[year == one].sum() for one in labels["year"]], dtype=np.int64)
        for name in ("pupils", "placed", "unplaced", "excluded")
    }
    return labels.assign(**sums)


def check_rules(
    result: Allocation,
    demand: pd.DataFrame,
    provision: pd.DataFrame,
    places: pd.DataFrame,
    acceptance: pd.DataFrame,
    *,
    observed: pd.DataFrame | None = None,
    observed_year: int | None = None,
    with_capacity: bool,
) -> None:
    """Prove from the finished tables that nobody stands where the rules forbid, and `with_capacity` that none is over.

    Capacity means: no more pupils than places, but for stayers (`over_number_pupils`). A placement that is `observed`
    (table `placements`), or the same pupils' at the same setting later, is a fact and need not obey the rules, nor need
    the provision of `observed_year` hold no more than its places.

    Raises
    ------
    CertificateError
        Naming the rule, and the first group or provision that breaks it.
    """
    placed = result.allocation.reset_index(drop=True)
    pupil = _facts_of(placed, demand, "group_id", ["year", "ncy", "sex", "need", "ehcp", "place_sought", "attendance"])
    offer = _facts_of(
        placed, provision, "provision_id",
        ["provision_type", "needs", "ncy_from", "ncy_to", "sex", "ehcp_required", "attendance", "tier"],
    )  # fmt: skip
    admitted = {codes: set(str(codes).replace(" ", "").split(";")) for codes in set(offer["needs"])}
    listed = set(zip(acceptance["place_sought"], acceptance["provision_type"], strict=True))
    pairs = zip(pupil["place_sought"], offer["provision_type"], placed["substitute"].tolist(), strict=True)
    planned = places[places["planned_places"].notna()]
    opened = set(zip(planned["provision_id"], planned["year"].tolist(), strict=True))
    residential = _same(pupil["attendance"], "residential")
    _hold("every provision has one row of places a year", _twice(places, ["provision_id", "year"]))
    rules: dict[str, ArrayLike] = {
        "the type sought, or one that is accepted": [
            ((sought, kind) in listed) if instead else sought == kind for sought, kind, instead in pairs
        ],
        "the need is admitted": [
            need in admitted[codes] for need, codes in zip(pupil["need"], offer["needs"], strict=True)
        ],
        "the provision is open": [
            one in opened for one in zip(placed["provision_id"], pupil["year"].tolist(), strict=True)
        ],
        "the year group is taken": (pupil["ncy"] >= offer["ncy_from"]) & (pupil["ncy"] <= offer["ncy_to"]),
        "the sex is taken": _same(offer["sex"], "any") | _same(offer["sex"], pupil["sex"]),
        "a plan where one is required": pupil["ehcp"].astype(bool) | ~offer["ehcp_required"].astype(bool),
        "day or residential": np.isin(offer["attendance"], RESIDENTIAL) == residential,
        "the tier is that of the provision": _same(placed["tier"].to_numpy(), offer["tier"]),
        "a road route": (placed["travel_min"] >= 0).to_numpy() | residential,
    }
    seen = _observed(observed, provision)
    for name, holds in rules.items():
        broken = ~np.asarray(holds, dtype=bool)
        if broken.any():
            _hold(name, _beyond(placed[broken], demand, provision, seen))
    if with_capacity:
        for year, use in result.provision_use.groupby("year"):
            if year != observed_year:
                at = pd.Index(use["provision_id"]).get_indexer(pd.Index(placed["provision_id"]))
                here = (at >= 0) & (pupil["year"] == year)
                held = np.bincount(at[here], weights=placed["pupils"].to_numpy()[here], minlength=len(use))
                over = np.rint(held) > (use["places"] + use["over_number_pupils"]).to_numpy()
                _hold("no more pupils than places", use.loc[over, "provision_id"])


_LIKE = ["origin_id", "sex", "need", "ehcp", "attendance", "setting_id", "entry"]


def _observed(observed: pd.DataFrame | None, provision: pd.DataFrame) -> pd.DataFrame:
    """Return how many pupils of a kind, told by the year that they were in year group 0, are observed at a setting."""
    if observed is None:
        return pd.DataFrame({name: [] for name in (*_LIKE, "seen_pupils")})
    rows = observed.merge(provision[["provision_id", "setting_id"]], on="provision_id")
    rows = rows.assign(entry=rows["year"] - rows["ncy"], seen_pupils=1)
    by_year = rows.groupby([*_LIKE, "year"], as_index=False)[["seen_pupils"]].sum()
    return by_year.groupby(_LIKE, as_index=False)[["seen_pupils"]].max()


def _beyond(
    offenders: pd.DataFrame, demand: pd.DataFrame, provision: pd.DataFrame, seen: pd.DataFrame
) -> pd.Series[str]:
    """Return the groups of those rows of which there are more than such pupils observed, then or when younger."""
    if offenders.empty or seen.empty:
        return offenders["group_id"]
    rows = offenders[["group_id", "provision_id", "pupils"]].merge(demand.drop(columns="pupils"), on="group_id")
    rows = rows.merge(provision[["provision_id", "setting_id"]], on="provision_id")
    rows = rows.assign(entry=rows["year"] - rows["ncy"])
    rows["together"] = rows.groupby([*_LIKE, "year"])["pupils"].transform("sum")
    found = rows.merge(seen, on=_LIKE, how="left")
    return found.loc[found["together"] > found["seen_pupils"].fillna(0), "group_id"]


def _twice(table: pd.DataFrame, key: list[str]) -> pd.Series[str]:
    twice: pd.Series[str] = table.loc[table.duplicated(key), key[0]]
    return twice


def _facts_of(placed: pd.DataFrame, table: pd.DataFrame, key: str, columns: list[str]) -> dict[str, NDArray[Any]]:
    """Return columns of a table by its key, a value for each placement.

    Raises
    ------
    CertificateError
        When a key is unknown, or not unique.
    """
    _hold(f"every {key} has one row", _twice(table, [key]))
    at = pd.Index(table[key]).get_indexer(pd.Index(placed[key]))
    _hold(f"every {key} is known", placed.loc[at < 0, "group_id"])
    return {name: table[name].to_numpy()[at] for name in columns}


def _same(one: NDArray[Any], other: NDArray[Any] | str) -> NDArray[np.bool_]:
    """Return whether two values are there and the same."""
    there = ~(pd.isna(one) | pd.isna(other))
    out = np.zeros(len(one), dtype=np.bool_)
    out[there] = one[there] == (other if isinstance(other, str) else other[there])
    return out


def _hold(rule: str, offenders: pd.Series[str]) -> None:
    if len(offenders):
        message = f"the allocation fails its check: {rule} does not hold, first for {offenders.iloc[0]}"
        raise CertificateError(message)
