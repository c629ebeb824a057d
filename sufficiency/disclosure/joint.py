"""What flows, use of places and schemes tell of one another: relations over homes, settings and types at once.

Nobody prints how many pupils of a home district hold a place of one type in a district. But flows are its sums over
types, what is placed by home and type its sums over settings, and the use of places its sums over homes; and the pupils
of a scheme, with those homes that are told, are a part of it. Each of these alone may be safe and all together not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.reader import FLOW, SLICE, TAKEN
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.disclosure.pen import Pen
    from sufficiency.model.results import Released

__all__ = ["ADDITIONS", "JOINT", "LEFT_OUT", "joint_figures", "placed_as_sought", "told_homes", "write_joint"]

# pupils of a home district (area_id) in places of one type in a district: not printed
JOINT: Final = "joint:"
# of these, those in a scheme, and those in other places
HELD: Final = "held:"
OTHERS: Final = "others:"
# actions that add places and take none away
ADDITIONS: Final = ("open", "expand")
_POLICY: Final = "optimal"
_KIND: Final = [*SLICE, "provision_type"]
_SCHEME: Final = ["scenario_id", "year", "scheme_id"]
LEFT_OUT: Final = ("left_out_local_pupils", "left_out_placed_pupils")


def told_homes(homes: str) -> dict[str, int]:
    """Return the counts told in the words of column ``homes`` of `scheme_effects`, by the name of the area."""
    parts = [part.rpartition(" ") for part in homes.split("; ") if part]
    return {name: int(count) for name, _, count in parts}


def placed_as_sought(frame: pd.DataFrame, county_id: str) -> bool:
    """Return whether nothing printed denies that everybody is placed in the type sought.

    Parameters
    ----------
    frame
        Figures: `SLICE`, area_id, phase, need, provision_type, measure, value.
    county_id
        The county's area_id.
    """
    used = frame[frame["measure"] == f"{TAKEN}{county_id}"]
    sought = frame[(frame["measure"] == "placed_local_pupils") & (frame["area_id"] == county_id)]
    sought = sought[(sought["phase"] == ALL) & (sought["need"] == ALL) & (sought["provision_type"] != HEADLINE)]
    both = sought.drop_duplicates(_KIND).merge(used.drop_duplicates(_KIND), on=_KIND, suffixes=("", "_used"))
    known = both[both["value"].notna() & both["value_used"].notna()]
    return bool((known["value"] == known["value_used"]).all()) and not set(used["provision_type"]) - set(HEADLINE_TYPES)


def joint_figures(spots: pd.DataFrame, released: Released) -> pd.DataFrame:
    """Return the figures that nobody prints, but that the relations of this module need, as rows of spots.

    Parameters
    ----------
    spots
        Slices and places of all figures, each once.
    released
        The release, for its schemes.
    """
    used = spots[spots["measure"].str.startswith(TAKEN)]
    flows = spots[spots["measure"].str.startswith(FLOW)]
    flows = flows.assign(to=flows["measure"].str.removeprefix(FLOW))
    kinds = used[["scenario_id", "policy", "year", "provision_type", "measure"]]
    kinds = kinds.assign(to=kinds["measure"].str.removeprefix(TAKEN)).drop(columns="measure")
    cells = flows.drop(columns="provision_type").merge(kinds, on=[*SLICE, "to"])
    parts = [cells.assign(measure=JOINT + cells["to"]).drop(columns="to")]
    schemes = _schemes(released)
    if len(schemes) and len(cells):
        here = cells.merge(schemes, on=["scenario_id", "policy", "year", "to", "provision_type"])
        parts.append(here.assign(measure=HELD + here["scheme_id"])[spots.columns])
        parts.append(here.assign(measure=OTHERS + here["to"])[spots.columns].drop_duplicates())
        unlocated = here.drop_duplicates([*SLICE, "scheme_id"])
        parts.append(unlocated.assign(area_id="", measure=HELD + unlocated["scheme_id"])[spots.columns])
    return pd.concat(parts, ignore_index=True).drop_duplicates()


def _schemes(released: Released) -> pd.DataFrame:
    """Return what is told of each scheme, with its slice, its district (``to``), type, action and row."""
    effects, listed = released.tables.get("scheme_effects"), released.tables.get("schemes")
    if effects is None or listed is None or not len(effects) or not len(listed):
        return pd.DataFrame()
    named = listed[["scheme_id", "district_id", "provision_type", "action"]].rename(columns={"district_id": "to"})
    rows = effects.reset_index(drop=True).assign(row=np.arange(len(effects)), policy=_POLICY)
    return rows.merge(named.drop_duplicates("scheme_id"), on="scheme_id", how="inner", validate="m:1")


def write_joint(pen: Pen, released: Released, county_id: str, hide_up_to: int = 0) -> None:
    """Write the relations.

    Parameters
    ----------
    pen
        Over the figures, those of `joint_figures` among them.
    released
        The release.
    county_id
        The county's area_id.
    hide_up_to
        The rule, by which a reader takes a hidden count for small where all others of its kind are printed; 0 = he does
        not.
    """
    frame = pen.frame
    joint = frame[frame["measure"].str.startswith(JOINT)]
    plain = placed_as_sought(frame, county_id)
    if len(joint) and plain:
        _sums(pen, joint.assign(to=joint["measure"].str.removeprefix(JOINT)))
    schemes = _schemes(released)
    if not len(schemes):
        return
    if len(joint) and plain:
        _homes(pen, schemes, joint, _names(released), released)
    figures = _effects(frame, schemes)
    _without(pen, schemes, figures)
    if plain:
        _too_few_places(pen, schemes, released, county_id, figures["left_out_local_pupils"])
    if hide_up_to:
        _beside_told(pen, schemes, released, figures, hide_up_to)


def _sums(pen: Pen, joint: pd.DataFrame) -> None:
    frame = pen.frame
    flow = frame[frame["measure"].str.startswith(FLOW)]
    flow = flow.assign(to=flow["measure"].str.removeprefix(FLOW))
    pen.sums(flow, joint, [*SLICE, "area_id", "to"])
    home = frame[(frame["measure"] == "placed_local_pupils") & (frame["level"] == "district")]
    home = home[(home["phase"] == ALL) & (home["need"] == ALL)]
    pen.sums(home[home["provision_type"] != HEADLINE], joint, [*_KIND, "area_id"])
    used = frame[frame["measure"].str.startswith(TAKEN)]
    pen.sums(used.assign(to=used["measure"].str.removeprefix(TAKEN)), joint, [*_KIND, "to"])


def _names(released: Released) -> dict[str, str]:
    """Return the code of each district that is a home, by its name."""
    flows = released.tables.get("flows")
    if flows is None:
        return {}
    pairs = flows[["home_area_name", "home_area_id"]].drop_duplicates().astype(str)
    return dict(zip(pairs["home_area_name"], pairs["home_area_id"], strict=True))


def _homes(pen: Pen, schemes: pd.DataFrame, joint: pd.DataFrame, names: Mapping[str, str], released: Released) -> None:
    """Write that what is placed from a district in a type is what the schemes there hold from it, and others do."""
    frame = pen.frame
    held = frame[frame["measure"].str.startswith(HELD)]
    held = held.assign(scheme_id=held["measure"].str.removeprefix(HELD))
    placed = frame[frame["measure"].str.startswith("scheme:placed_pupils:")]
    placed = placed.assign(scheme_id=placed["measure"].str.rpartition(":")[2], policy=_POLICY)
    at = [*SLICE, "scheme_id"]
    pen.sums(placed, held, at)
    inside = held[held["area_id"] != ""].merge(schemes[[*at, "to"]], on=at, validate="m:1")
    others = frame[frame["measure"].str.startswith(OTHERS)]
    others = others.assign(to=others["measure"].str.removeprefix(OTHERS))
    joint = joint.assign(to=joint["measure"].str.removeprefix(JOINT))
    pen.sums(joint, pd.concat([inside, others], ignore_index=True), [*_KIND, "area_id", "to"])
    _other_places(pen, schemes, others, released)
    figure = held.set_index([*at, "area_id"])["figure"]
    unlocated = bool(frame["area_id"].str.startswith("not located in ").any())
    sure: list[tuple[int, int]] = []
    for row in schemes.to_dict("records"):
        key = tuple(row[name] for name in at)
        told = {names.get(name, ""): count for name, count in told_homes(str(row["homes"])).items()}
        if not unlocated:
            told.setdefault("", 0)
        sure += [(int(figure[(*key, area)]), count) for area, count in told.items() if (*key, area) in figure.index]
    if sure:
        number, count = np.array(sure).T
        pen.single(number.astype(np.int64), count.astype(np.float64), count.astype(np.float64))


def _other_places(pen: Pen, schemes: pd.DataFrame, others: pd.DataFrame, released: Released) -> None:
    """Write that pupils in a district and type who are in no scheme are no more than the places in none."""
    capacity = released.tables.get("capacity_district_type")
    if capacity is None or not len(capacity):
        return
    key = ["scenario_id", "year", "to", "provision_type"]
    added = schemes.groupby([*_KIND, "to"], as_index=False)["places"].sum()
    room = capacity.rename(columns={"area_id": "to"})[[*key, "capacity_places"]]
    room = added.merge(room, on=key).dropna(subset=["capacity_places"])
    room = others.merge(room, on=[*_KIND, "to"], validate="m:1")
    row, _ = pd.factorize(pd.MultiIndex.from_frame(room[[*_KIND, "to"]]))
    first = room.assign(line=row).drop_duplicates("line").sort_values("line")
    most = (first["capacity_places"] - first["places"]).to_numpy(np.float64)
    pen.rows(row.astype(np.int64), room["figure"].to_numpy(np.int64), np.ones(len(room)),
             np.full(len(first), -np.inf), most)  # fmt: skip


def _effects(frame: pd.DataFrame, schemes: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Return the number of each scheme's figures, by column; -1 where there is none."""
    figures = {}
    for column in ("placed_pupils", *LEFT_OUT):
        own = frame[frame["measure"].str.startswith(f"scheme:{column}:")]
        figure = own.assign(scheme_id=own["measure"].str.rpartition(":")[2]).set_index(_SCHEME)["figure"]
        figures[column] = figure.reindex(pd.MultiIndex.from_frame(schemes[_SCHEME])).fillna(-1).to_numpy(np.int64)
    return figures


def _without(pen: Pen, schemes: pd.DataFrame, figures: Mapping[str, NDArray[np.int64]]) -> None:
    """Write that no more pupils hold a scheme's places than there are, and no more would lose a local place without it.

    Who would then be in no place at all is one of those.
    """
    placed, local, nowhere = (figures[column] for column in ("placed_pupils", *LEFT_OUT))
    added = schemes["action"].isin(ADDITIONS).to_numpy(bool)
    there = placed >= 0
    pen.single(placed[there], np.zeros(int(there.sum())), schemes["places"].to_numpy(np.float64)[there])
    pen.no_more(local, placed)
    pen.no_more(np.where(added, nowhere, -1), local)
    for one in (local, nowhere):
        sure = one[(one >= 0) & added]
        pen.single(sure, np.zeros(len(sure)), np.full(len(sure), np.inf))


def _too_few_places(
    pen: Pen, schemes: pd.DataFrame, released: Released, county_id: str, local: NDArray[np.int64]
) -> None:
    """Write that without a scheme those lose a local place at least for whom the others of its type are too few."""
    capacity = released.tables.get("capacity_district_type")
    if capacity is None or not len(capacity):
        return
    key = ["scenario_id", "year", "provision_type"]
    kind = pd.MultiIndex.from_frame(schemes[key])
    county = capacity[capacity["area_id"] == county_id].set_index(key)["capacity_places"].astype("Float64")
    rest = county.reindex(kind).to_numpy(float, na_value=np.nan) - schemes["places"].to_numpy(np.float64)
    frame = pen.frame
    sought = frame[(frame["measure"] == "placed_local_pupils") & (frame["area_id"] == county_id)]
    sought = sought[(sought["phase"] == ALL) & (sought["need"] == ALL) & (sought["policy"] == _POLICY)]
    placed = sought.drop_duplicates(key).set_index(key)["figure"].reindex(kind).fillna(-1).to_numpy(np.int64)
    added = schemes["action"].isin(ADDITIONS).to_numpy(bool) & ~np.isnan(rest)
    pen.no_more(np.where(added, placed, -1), local, rest)


def _beside_told(
    pen: Pen, schemes: pd.DataFrame, released: Released, figures: Mapping[str, NDArray[np.int64]], hide_up_to: int
) -> None:
    """Write that a count that is hidden among printed ones is small, for nothing else hides it."""
    veil = released.hidden["scheme_effects"].reset_index(drop=True)
    row = schemes["row"].to_numpy(np.int64)
    kind = schemes.groupby(["scenario_id", "year", "provision_type"]).ngroup().to_numpy(np.int64)
    for column in figures:
        hidden = veil[column].to_numpy(bool)[row]
        some = np.bincount(kind, weights=~hidden)[kind] > 0 if column in LEFT_OUT else np.ones(len(row), dtype=bool)
        small = figures[column][hidden & some & (figures[column] >= 0)]
        pen.single(small, np.full(len(small), -np.inf), np.full(len(small), float(hide_up_to)))
