"""Tidy tables out of the EHC plans release: plans by year and placement, and the two-way tables of the newest year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError
from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.model.vocabulary import NEEDS
from sufficiency.sources.public.ehc_labels import (
    PLACEMENT_OF_ITEM,
    PLACEMENT_TOTAL_ITEMS,
    age_of_label,
    need_of_item,
    placement_of_label,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EXTRA_PLACEMENTS",
    "needs_by_age",
    "needs_by_placement",
    "placement_by_age",
    "plans_by_placement",
    "plans_by_year",
    "residential_totals",
]

# Placements of earlier years that are in no group of the table `rates`, and the columns that they are published in.
EXTRA_PLACEMENTS: Final[dict[str, str]] = {
    "other_placement_setting": "other_placement_settings",
    "awaiting_provision": "await_prov_2022",
    "permanently_excluded": "perm_ex_2022",
}
_MAIN: Final = ("ehcplans", "ehc_plans", "new_ehc_plans")
_AGE_TOPIC: Final = "child or young persons age"
_PLACEMENT_TOPIC: Final = "type of placement"


def plans_by_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return year and plans (float, NaN = missing) of one authority.

    Parameters
    ----------
    table
        As `read_ehc_plans` returns it, of the caseload, needs or new plans.

    Raises
    ------
    DataError
        When the table holds several authorities, or no count of plans.
    """
    whole = _whole_rows(table)
    item = next((name for name in _MAIN if (whole["item"] == name).any()), None)
    if item is None:
        message = "the table has no count of all plans: give the caseload, the needs or the new plans of the release"
        raise DataError(message)
    found = whole[whole["item"] == item].sort_values("year")
    return pd.DataFrame({"year": found["year"].to_numpy(), "plans": found["value"].to_numpy()})


def plans_by_placement(table: pd.DataFrame, *, finer: bool = False) -> pd.DataFrame:
    """Return year, placement and pupils of one authority's caseload or new plans.

    Parameters
    ----------
    table
        As `read_ehc_plans` returns it.
    finer
        Add the column ``item`` and return each published column of the placement instead of its sum.

    Returns
    -------
    DataFrame
        placement is a code of `PLACEMENTS`, or of `EXTRA_PLACEMENTS` in years that had them, so that a year's pupils
        sum to its plans where all are given; pupils NaN = missing.
    """
    wide = _wide(_whole_rows(table), ["year"])
    if finer:
        items = {**PLACEMENT_OF_ITEM, **{item: code for code, item in EXTRA_PLACEMENTS.items()}}
        items["other_placement_settings"] = "educated_elsewhere"
        found = _long(wide.reindex(columns=list(items)), "item")
        found.insert(1, "placement", found["item"].map(items))
        return found[["year", "placement", "item", "pupils"]]
    groups = _groups(wide)
    extra = wide.reindex(columns=list(EXTRA_PLACEMENTS.values())).set_axis(list(EXTRA_PLACEMENTS), axis=1)
    extra["other_placement_setting"] = _beside(wide)
    long = _long(pd.concat([groups, extra.where(extra > 0)], axis=1), "placement")
    return long[long["placement"].isin(PLACEMENTS) | long["pupils"].notna()].reset_index(drop=True)


def needs_by_age(table: pd.DataFrame) -> pd.DataFrame:
    """Return year, age_from, age_to (ages on 31 August before the census), need and pupils of the newest year."""
    rows = _topic(table, _AGE_TOPIC)
    return _by_need(rows, _ages(rows), ["age_from", "age_to"])


def needs_by_placement(table: pd.DataFrame) -> pd.DataFrame:
    """Return year, placement (a code of `PLACEMENTS`), need and pupils of the newest year.

    Raises
    ------
    DataError
        When a placement's name is not known: no plan is left out.
    """
    rows = _topic(table, _PLACEMENT_TOPIC)
    return _by_need(rows, _placements(rows), ["placement"])


def placement_by_age(table: pd.DataFrame) -> pd.DataFrame:
    """Return year, age_from, age_to, placement and pupils of the newest year of the caseload."""
    rows = _topic(table, _AGE_TOPIC)
    ages = _ages(rows)
    return _long(_groups(_wide(rows.assign(**ages), ["year", "age_from", "age_to"])), "placement")


def residential_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Return year, age_from, age_to, placement and pupils of the newest year of the residential settings.

    A line is the total of an age (placement blank) or of a placement (ages missing): the two are published apart.
    """
    of_age, of_placement = (
        rows[rows["item"] == "res_tot"] for rows in (_topic(table, _AGE_TOPIC), _topic(table, _PLACEMENT_TOPIC))
    )
    ages = of_age.assign(**_ages(of_age), placement="").rename(columns={"value": "pupils"})
    placed = of_placement.assign(**_placements(of_placement)).query("placement != ''")
    sums = placed.groupby(["year", "placement"])["value"].agg(lambda v: v.sum(skipna=False)).rename("pupils")
    out = pd.concat([ages, sums.reset_index()], ignore_index=True)
    out[["age_from", "age_to"]] = out[["age_from", "age_to"]].astype("Int64")
    return out[["year", "age_from", "age_to", "placement", "pupils"]]


def _wide(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return a row a key and a column an item; a repeated key is refused, a missing value stays missing."""
    wide = rows.set_index([*keys, "item"])["value"]
    if wide.index.has_duplicates:
        message = "the table gives the same figure twice: read one file at a time"
        raise DataError(message)
    return pd.DataFrame(wide.unstack("item"))  # noqa: PD010 - a pivot table would sum missing values to 0


def _long(wide: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return keys, the column's name and pupils, the rows and columns in their order."""
    at = pd.RangeIndex(len(wide), name="_at")
    keys = list(wide.index.names)
    found = wide.reset_index().set_index(at, append=False).reset_index().melt(["_at", *keys], None, name, "pupils")
    return found.sort_values("_at", kind="stable").drop(columns="_at").reset_index(drop=True)


def _one_authority(table: pd.DataFrame) -> None:
    codes = sorted(set(table["la_code"]))
    if len(codes) > 1:
        message = f"the table holds {len(codes)} authorities: read the file with the code of one"
        raise DataError(message)


def _whole_rows(table: pd.DataFrame) -> pd.DataFrame:
    _one_authority(table)
    return table[table["topic"].str.casefold() == table["breakdown"].str.casefold()]


def _topic(table: pd.DataFrame, topic: str) -> pd.DataFrame:
    _one_authority(table)
    rows = table[table["topic"].str.casefold() == topic]
    if rows.empty:
        message = f"the table has no rows of the breakdown {topic!r}"
        raise DataError(message)
    return pd.DataFrame(rows[rows["year"] == rows["year"].max()])


def _ages(rows: pd.DataFrame) -> dict[str, list[int]]:
    found = {label: age_of_label(label) for label in rows["breakdown"].unique()}
    strange = sorted(label for label, age in found.items() if age is None)
    if strange:
        message = f"{', '.join(repr(label[:40]) for label in strange)}: no age that this reader knows"
        raise DataError(message)
    ages = [found[label] or (0, 0) for label in rows["breakdown"]]
    return {"age_from": [first for first, _ in ages], "age_to": [last for _, last in ages]}


def _placements(rows: pd.DataFrame) -> dict[str, list[str]]:
    found = {label: placement_of_label(label) for label in rows["breakdown"].unique()}
    strange = sorted(label for label, code in found.items() if code is None)
    if strange:
        message = f"{', '.join(repr(label[:60]) for label in strange)}: no placement that this reader knows"
        raise DataError(message)
    return {"placement": [found[label] or "" for label in rows["breakdown"]]}


def _by_need(rows: pd.DataFrame, keys: dict[str, list[int]] | dict[str, list[str]], names: list[str]) -> pd.DataFrame:
    needs = rows["item"].map(need_of_item)
    strange = sorted(set(needs.dropna()) - set(NEEDS))
    if strange:
        message = f"{', '.join(strange)}: no need that the table `rates` knows"
        raise DataError(message)
    found = rows.assign(**keys, need=needs).dropna(subset=["need"])
    if "placement" in keys:
        found = found[found["placement"] != ""]
    sums = found.groupby(["year", *names, "need"])["value"].agg(lambda v: v.sum(skipna=False))
    return pd.DataFrame(sums.rename("pupils").reset_index())


def _sum(wide: pd.DataFrame, items: Sequence[str]) -> pd.Series:
    return wide.reindex(columns=list(items)).sum(axis=1, skipna=False)


def _beside(wide: pd.DataFrame) -> pd.Series:
    """Return the other placement settings that are not inside "educated elsewhere", as the row's own sums show."""
    inside = [i for i, code in PLACEMENT_OF_ITEM.items() if code == "educated_elsewhere"]
    without = wide.reindex(columns=[i for i in inside if i != "other_placement_settings"]).sum(axis=1)
    columns = wide.reindex(columns=["ed_elsewhere", "other_placement_settings"])
    return columns["other_placement_settings"].where(columns["ed_elsewhere"] == without)


def _groups(wide: pd.DataFrame) -> pd.DataFrame:
    """Return a column a placement: the published total where there is one, else the sum of its columns."""
    out = {}
    for code in PLACEMENTS:
        items = [item for item, group in PLACEMENT_OF_ITEM.items() if group == code]
        summed = _sum(wide, items)
        total = PLACEMENT_TOTAL_ITEMS.get(code)
        stated = pd.Series(np.nan, index=wide.index) if total not in wide else wide[total]
        out[code] = stated.where(stated.notna(), summed)
    return pd.DataFrame(out)
