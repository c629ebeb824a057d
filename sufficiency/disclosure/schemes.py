"""The released tables of schemes: what each does, with the counts of a few pupils hidden and what would give them away.

A mean goes with the count of the pupils behind it. Where pupils come from is told in words: the districts of more than
a few, and the rest together (`told_counts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency.disclosure.shelf import Shelf, no_mask
from sufficiency.disclosure.told import told_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["put_schemes"]

_KEY: Final = ["scenario_id", "year", "scheme_id"]
_COUNTS: Final = ("placed_pupils", "left_out_local_pupils", "left_out_placed_pupils")
_MEANS: Final = ("mean_min", "nearest_other_min")
_TRAVEL: Final = "left_out_travel_min_per_day"


def put_schemes(shelf: Shelf, tables: Mapping[str, pd.DataFrame], hide_up_to: int) -> None:
    """Put `scheme_effects` with the homes of the pupils in words.

    The journey without a scheme is given to the nearest hundred minutes a day, and hidden where either count that it
    rests on is hidden.
    """
    rows = tables["scheme_effects"].sort_values(_KEY, ignore_index=True)
    homes = tables["scheme_homes"]
    mask = no_mask(rows.assign(homes="", homes_rest_pupils=0))
    for name in _COUNTS:
        mask[name] = rows[name].abs().between(1, hide_up_to)
    # how many gain a local place, of whom some would else have none: the rest would else be in a place elsewhere
    apart = (rows["left_out_local_pupils"] - rows["left_out_placed_pupils"]).abs().between(1, hide_up_to)
    mask["left_out_placed_pupils"] |= apart & ~mask["left_out_local_pupils"]
    # a mean goes with a few behind it, and with a few beside it whom the others would give away
    behind = {"mean_min": ("day_pupils", "placed_pupils"), "nearest_other_min": ("other_pupils", "day_pupils")}
    for name, (count, whole) in behind.items():
        few = rows[count].between(1, hide_up_to) | (rows[whole] - rows[count]).between(1, hide_up_to)
        mask[name] = mask["placed_pupils"] | few
    mask[_TRAVEL] = mask["left_out_local_pupils"] | mask["left_out_placed_pupils"]
    told = [_homes(homes, row, shelf.names, hide_up_to) for row in rows[_KEY].to_dict("records")]
    rows = rows.assign(
        homes=[words for words, _ in told],
        homes_rest_pupils=[rest for _, rest in told],
        **{name: rows[name].round(1) for name in _MEANS},
        **{_TRAVEL: rows[_TRAVEL].round(-2)},
    )
    mask["homes_rest_pupils"] = mask["placed_pupils"]
    columns = [name for name in rows.columns if name not in {"day_pupils", "other_pupils"}]
    shelf.put("scheme_effects", rows, mask, columns)


def _homes(homes: pd.DataFrame, row: Mapping[Any, Any], names: pd.Series, hide_up_to: int) -> tuple[str, int]:
    keep = pd.Series(data=True, index=homes.index)
    for name in _KEY:
        keep &= homes[name] == row[name]
    mine = homes[keep]
    counts: dict[str, int] = {}
    for area_id, count in zip(mine["district_id"], mine["pupils"], strict=True):
        name = str(names.get(str(area_id), "homes that are not located"))
        counts[name] = counts.get(name, 0) + int(count)
    told, rest = told_counts(counts, hide_up_to)
    return "; ".join(f"{name} {count}" for name, count in told.items()), rest
