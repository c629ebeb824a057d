"""The released tables of schemes: what each does, with the counts of a few pupils hidden and what would give them away.

A mean goes with the count of the pupils behind it. Where pupils come from is told in words: the districts of more than
a few, and the rest together (`told_counts`), as long as that tells nothing of the flows (`scheme_homes`).

Who would be without a scheme is bounded by places: at least as many as the other places of its type are too few for.
So `c` among printed counts, which only the small ones would be, may be known exactly. Where a count of a year and type
is small, or places say that at least one to `hide_up_to` are without, none of that year and type is printed: then `c`
does not say that a count is small. Where places say nearly all of it, the columns are blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.joint import ADDITIONS, LEFT_OUT
from sufficiency.disclosure.scheme_homes import withheld_homes
from sufficiency.disclosure.shelf import Shelf, hidden_counts, no_mask
from sufficiency.disclosure.told import told_counts
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["put_schemes"]

_KEY: Final = ["scenario_id", "year", "scheme_id"]
_MEANS: Final = ("mean_min", "nearest_other_min")
_TRAVEL: Final = "left_out_travel_min_per_day"
_REST: Final = "homes_rest_pupils"
_POLICY: Final = "optimal"


def put_schemes(
    shelf: Shelf,
    tables: Mapping[str, pd.DataFrame],
    hide_up_to: int,
    *,
    county_id: str = "",
    used: pd.DataFrame | None = None,
) -> None:
    """Put `scheme_effects` with the homes of the pupils in words.

    The journey without a scheme is given to the nearest hundred minutes a day, and hidden where either count that it
    rests on is hidden.

    Parameters
    ----------
    shelf, tables, hide_up_to
        As for `release`.
    county_id
        The county's area_id.
    used
        The cells of the use of places, hidden (`put_occupancy`); None = that table is not put.
    """
    rows = tables["scheme_effects"].sort_values(_KEY, ignore_index=True)
    listed = tables.get("schemes", pd.DataFrame({"scheme_id": [], "provision_type": [], "action": []}))
    kinds = listed.drop_duplicates("scheme_id").set_index("scheme_id")
    rows = rows.assign(**{name: rows["scheme_id"].map(kinds[name]).fillna("") for name in ("provision_type", "action")})
    told = [_homes(tables["scheme_homes"], row, shelf.names, hide_up_to) for row in rows[_KEY].to_dict("records")]
    rows = rows.assign(homes=pd.Series([counts for counts, _ in told], dtype=object))
    rows[_REST] = [rest for _, rest in told]
    mask = no_mask(rows)
    mask["placed_pupils"] = rows["placed_pupils"].between(1, hide_up_to)
    least = _least_without(rows, tables, county_id)
    mask[list(LEFT_OUT)] = _left_out(rows, least, hide_up_to)
    blank = _told_by_places(rows, least, hide_up_to)
    mask.loc[blank, list(LEFT_OUT)] = False
    mask[_REST] = mask["placed_pupils"]
    if used is not None and hide_up_to:
        withheld = withheld_homes(rows, {**tables, **shelf.tables}, used, shelf.names, hide_up_to)
        mask[_REST] |= withheld
    rows = rows.assign(**{name: rows[name].astype("Int64").mask(blank) for name in LEFT_OUT})
    mask = hidden_counts(
        shelf, "schemes", (rows, mask), key=_KEY, columns=["placed_pupils", *LEFT_OUT, _REST],
        measure=lambda long: "scheme:" + long["column"] + ":" + long["scheme_id"], place=(county_id, hide_up_to),
    )  # fmt: skip
    # a mean goes with a few behind it, and with a few beside it whom the others would give away
    behind = {"mean_min": ("day_pupils", "placed_pupils"), "nearest_other_min": ("other_pupils", "day_pupils")}
    for name, (count, whole) in behind.items():
        few = rows[count].between(1, hide_up_to) | (rows[whole] - rows[count]).between(1, hide_up_to)
        mask[name] = mask["placed_pupils"] | few
    mask[_TRAVEL] = mask[list(LEFT_OUT)].any(axis=1)
    # those of small schemes are told as they were, for each is more than a few; the rest is hidden with the total
    words = rows["homes"].map(lambda counts: "; ".join(f"{name} {count}" for name, count in counts.items()))
    rows = rows.assign(
        homes=words.where(~mask[_REST], ""),
        **{name: rows[name].round(1) for name in _MEANS},
        **{_TRAVEL: rows[_TRAVEL].round(-2).mask(blank)},
    )
    inner = {"day_pupils", "other_pupils", "provision_type", "action"}
    shelf.put("scheme_effects", rows, mask, [name for name in rows.columns if name not in inner])


def _least_without(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], county_id: str) -> NDArray[np.int64]:
    """Return how many at least lose a local place without each scheme: those whom the other places are too few for."""
    nobody = np.zeros(len(rows), dtype=np.int64)
    gap, capacity = tables.get("sufficiency"), tables.get("capacity_district_type")
    if gap is None or capacity is None:
        return nobody
    key = ["scenario_id", "year", "provision_type"]
    gap = gap[(gap["policy"] == _POLICY) & (gap["area_id"] == county_id) & (gap["provision_type"] != HEADLINE)]
    gap = gap[(gap["phase"] == ALL) & (gap["need"] == ALL)]
    capacity = capacity[capacity["area_id"] == county_id]
    at = pd.MultiIndex.from_frame(rows[key])
    placed = gap.set_index(key)["placed_local_pupils"].reindex(at).to_numpy(float)
    places = capacity.set_index(key)["capacity_places"].reindex(at).to_numpy(float)
    least = placed - (places - rows["places"].to_numpy(float))
    added = rows["action"].isin(ADDITIONS).to_numpy(bool) & ~np.isnan(least)
    return np.where(added, np.maximum(np.nan_to_num(least), 0), nobody).astype(np.int64)


def _told_by_places(rows: pd.DataFrame, least: NDArray[np.int64], hide_up_to: int) -> pd.Series:
    """Return the rows of a year and type where places and pupils alone tell a small count: nothing is said of these."""
    known = (least >= 1) & (least <= hide_up_to) & (rows["placed_pupils"].to_numpy(np.int64) - least < hide_up_to)
    kind = [rows[name] for name in ("scenario_id", "year", "provision_type")]
    return pd.Series(known, index=rows.index).groupby(kind).transform("any").astype(bool)


def _left_out(rows: pd.DataFrame, least: NDArray[np.int64], hide_up_to: int) -> pd.DataFrame:
    """Return which of the two counts of those without a scheme are hidden: all of a year and type, or none of them."""
    local, nowhere = (rows[name] for name in LEFT_OUT)
    few = pd.DataFrame({name: rows[name].abs().between(1, hide_up_to) for name in LEFT_OUT})
    few[LEFT_OUT[0]] |= (least >= 1) & (least <= hide_up_to)
    kind = [rows[name] for name in ("scenario_id", "year", "provision_type")]
    out = few.groupby(kind).transform("any")
    # how many gain a local place, of whom some would else have none: the rest would else be in a place elsewhere
    apart = (local - nowhere).abs().between(1, hide_up_to) & ~out[LEFT_OUT[0]]
    out[LEFT_OUT[1]] |= apart.groupby(kind).transform("any")
    return out.astype(bool)


def _homes(
    homes: pd.DataFrame, row: Mapping[Any, Any], names: pd.Series, hide_up_to: int
) -> tuple[dict[str, int], int]:
    keep = pd.Series(data=True, index=homes.index)
    for name in _KEY:
        keep &= homes[name] == row[name]
    mine = homes[keep]
    counts: dict[str, int] = {}
    for area_id, count in zip(mine["district_id"], mine["pupils"], strict=True):
        name = str(names.get(str(area_id), "homes that are not located"))
        counts[name] = counts.get(name, 0) + int(count)
    return told_counts(counts, hide_up_to)
