"""The released tables of what a scenario changes in each purse, and what follows from them.

An amount is hidden with every published count that it is a multiple of, of either scenario. What is worked out from
amounts (financial years, the economic view) is worked out from the released ones, and hidden with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sufficiency.disclosure import cells as c
from sufficiency.disclosure.shelf import Shelf, no_mask
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["hidden_behind", "mixed_behind", "put_money_change"]

_BANDS: Final = ["gbp_low", "gbp_central", "gbp_high"]
_CARBON: Final = ("vehicle_km_per_year", "vehicles", "kgco2e")


def hidden_behind(county: pd.DataFrame, travelled_county: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of the county that are hidden: scenario_id, policy, year, behind."""
    flags = county.loc[county["hidden"] & (county["phase"] == ALL) & (county["need"] == ALL)]
    flags = flags.assign(behind=flags["provision_type"] + ":" + flags["measure"])
    sums = travelled_county[travelled_county["hidden"]].assign(behind="pupil_km")
    return pd.concat([flags[[*c.SLICE, "behind"]], sums[[*c.SLICE, "behind"]]]).drop_duplicates()


def mixed_behind(sufficiency: pd.DataFrame, county_id: str, hide_up_to: int) -> pd.DataFrame:
    """Return the counts of the county whose amount mixes prices, of which one is that of a few pupils.

    Places in other councils' schools are priced by the type sought: the amount, beside the count, tells how many there
    are of each type.

    Returns
    -------
    DataFrame
        `KEY`, measure and hidden, to be taken for hidden cells of the county.
    """
    rows = sufficiency[(sufficiency["area_id"] == county_id) & (sufficiency["provision_type"] != HEADLINE)]
    rows = rows[(rows["phase"] == ALL) & (rows["need"] == ALL)]
    rows = rows[rows["other_council_pupils"].between(1, hide_up_to)]
    return rows.assign(provision_type=HEADLINE, measure="other_council_pupils", hidden=True)[
        [*c.KEY, "measure", "hidden"]
    ].drop_duplicates()


def _veiled(rows: pd.DataFrame, hidden: pd.DataFrame) -> pd.Series:
    """Return whether any count behind a row is hidden, in the scenario or in the one that it is set against."""
    if hidden.empty or rows.empty:
        return pd.Series(data=False, index=rows.index)
    known = pd.MultiIndex.from_frame(hidden)
    named = rows.assign(behind=rows["behind"].str.split(";")).explode("behind")
    veil = pd.Series(data=False, index=named.index)
    for scenario in ("scenario_id", "against_id"):
        veil |= pd.MultiIndex.from_frame(named[[scenario, "policy", "year", "behind"]]).isin(known)
    return veil.groupby(level=0).any()


def put_money_change(
    shelf: Shelf, tables: Mapping[str, pd.DataFrame], county: pd.DataFrame, travelled_county: pd.DataFrame
) -> None:
    """Put `money_change` to the nearest hundred pounds, and `carbon_change` to the nearest hundred.

    Vehicles are told as they are: they follow from the pupils carried, which are published.
    """
    hidden = hidden_behind(county, travelled_county)
    rows = tables["money_change"].reset_index(drop=True)
    rows[_BANDS] = rows[_BANDS].round(-2)
    veil = _veiled(rows, hidden)
    mask = no_mask(rows).assign(**dict.fromkeys(_BANDS, veil))
    shelf.put("money_change", rows, mask, [column for column in rows.columns if column != "behind"])
    _put_years(shelf, tables, hidden)
    _put_view(shelf, tables, rows[veil])
    if "carbon_change" not in tables:
        return
    rows = tables["carbon_change"].reset_index(drop=True)
    amounts = [f"{name}_{band}" for name in _CARBON for band in ("low", "central", "high")]
    rounded = [name for name in amounts if not name.startswith("vehicles")]
    rows[rounded] = rows[rounded].round(-2)
    veil = _veiled(rows.assign(behind="headline:day_pupils;pupil_km"), hidden)
    mask = no_mask(rows).assign(**dict.fromkeys(amounts, veil))
    shelf.put("carbon_change", rows, mask, list(rows.columns))


def _put_years(shelf: Shelf, tables: Mapping[str, pd.DataFrame], hidden: pd.DataFrame) -> None:
    """Put `money_change_years`; a financial year is hidden with either of the academic years in it."""
    if "money_change_years" not in tables:
        return
    rows = tables["money_change_years"].reset_index(drop=True)
    rows[_BANDS] = rows[_BANDS].round(-2)
    veil = pd.Series(data=False, index=rows.index)
    for earlier in (0, 1):
        veil |= _veiled(rows.assign(year=rows["financial_year"] - earlier), hidden)
    mask = no_mask(rows).assign(**dict.fromkeys(_BANDS, veil))
    columns = ["scenario_id", "against_id", "policy", "financial_year", "purse", "item", *_BANDS, "note"]
    shelf.put("money_change_years", rows, mask, columns)


def _put_view(shelf: Shelf, tables: Mapping[str, pd.DataFrame], veiled: pd.DataFrame) -> None:
    """Put `economic_view`: hidden whole where an amount that it adds up is hidden."""
    if "economic_view" not in tables:
        return
    rows = tables["economic_view"].reset_index(drop=True)
    key = ["scenario_id", "against_id", "policy"]
    amounts = ["sum_gbp", "npv_gbp"]
    rows[amounts] = rows[amounts].round(-2)
    veil = pd.MultiIndex.from_frame(rows[key]).isin(pd.MultiIndex.from_frame(veiled[key]))
    mask = no_mask(rows).assign(**dict.fromkeys([*amounts, "payback_years"], veil))
    shelf.put("economic_view", rows, mask, list(rows.columns))
