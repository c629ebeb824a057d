"""The check of every policy, by code that shares nothing with the rules or the solver.

Nobody is lost or counted twice, and nobody stands where the rules forbid: worked from the finished tables, by
joining them on their ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sufficiency.model.errors import CertificateError

if TYPE_CHECKING:
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
    for name, table in parts.items():
        strangers = ~table["group_id"].isin(demand["group_id"])
        _hold("every group is part of the demand", table.loc[strangers, "group_id"])
        by_group = table.groupby("group_id")["pupils"].sum()
        ledger[name] = ledger["group_id"].map(by_group).fillna(0).astype("int64")
    wrong = ledger["pupils"] != ledger["placed"] + ledger["unplaced"] + ledger["excluded"]
    _hold("pupils = placed + unplaced + excluded", ledger.loc[wrong, "group_id"])
    totals = ledger.groupby("year", as_index=False)[["pupils", "placed", "unplaced", "excluded"]].sum()
    labels = result.interchangeable[["year", "scenario_id", "policy"]]
    return labels.merge(totals, on="year", validate="one_to_one")


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
    for table, column in ((demand, "group_id"), (provision, "provision_id")):
        unknown = ~result.allocation[column].isin(table[column])
        _hold(f"every {column} is known", result.allocation.loc[unknown, "group_id"])
    rows = result.allocation.merge(demand.drop(columns="pupils"), on="group_id", validate="many_to_one")
    rows = rows.merge(
        provision.drop(columns=["source", "quality"], errors="ignore").rename(
            columns={"sex": "takes_sex", "attendance": "offers", "tier": "provision_tier"}
        ),
        on="provision_id", validate="many_to_one",
    )  # fmt: skip
    rows = rows.merge(places[["provision_id", "year", "planned_places"]], on=["provision_id", "year"], how="left")
    admitted = {codes: set(str(codes).replace(" ", "").split(";")) for codes in rows["needs"].unique()}
    admits = [need in admitted[codes] for need, codes in zip(rows["need"], rows["needs"], strict=True)]
    listed = set(zip(acceptance["place_sought"], acceptance["provision_type"], strict=True))
    pairs = zip(rows["place_sought"], rows["provision_type"], rows["substitute"], strict=True)
    rules = {
        "the type sought, or one that is accepted": pd.Series(
            [((sought, kind) in listed) if instead else sought == kind for sought, kind, instead in pairs], dtype=bool
        ),
        "the need is admitted": pd.Series(admits, dtype=bool),
        "the provision is open": rows["planned_places"].notna(),
        "the year group is taken": rows["ncy"].between(rows["ncy_from"], rows["ncy_to"]),
        "the sex is taken": (rows["takes_sex"] == "any") | (rows["takes_sex"] == rows["sex"]),
        "a plan where one is required": rows["ehcp"].astype(bool) | ~rows["ehcp_required"].astype(bool),
        "day or residential": rows["offers"].isin(RESIDENTIAL) == (rows["attendance"] == "residential"),
        "the tier is that of the provision": rows["tier"] == rows["provision_tier"],
        "a road route": (rows["travel_min"] >= 0) | (rows["attendance"] == "residential"),
    }
    seen = _observed(observed, provision)
    for name, holds in rules.items():
        _hold(name, _beyond(rows[~holds.to_numpy(dtype=bool)], seen))
    if with_capacity:
        taken = rows.groupby(["provision_id", "year"], as_index=False)["pupils"].sum()
        use = result.provision_use.merge(taken, on=["provision_id", "year"], how="left")
        use = use[use["year"] != observed_year]
        over = use["pupils"].fillna(0) > use["places"] + use["over_number_pupils"]
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


def _beyond(offenders: pd.DataFrame, seen: pd.DataFrame) -> pd.Series[str]:
    """Return the groups of those rows of which there are more than such pupils observed, then or when younger."""
    if offenders.empty or seen.empty:
        return offenders["group_id"]
    rows = offenders.assign(entry=offenders["year"] - offenders["ncy"])
    rows["together"] = rows.groupby([*_LIKE, "year"])["pupils"].transform("sum")
    found = rows.merge(seen, on=_LIKE, how="left")
    return found.loc[found["together"] > found["seen_pupils"].fillna(0), "group_id"]


def _hold(rule: str, offenders: pd.Series[str]) -> None:
    if len(offenders):
        message = f"the allocation fails its check: {rule} does not hold, first for {offenders.iloc[0]}"
        raise CertificateError(message)
