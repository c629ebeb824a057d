"""Every linear relation between the counts of a release: what a reader may write down who knows what the tables mean.

Relations are rows ``low <= sum of coefficient x figure <= high``. They hold of the true counts whatever was hidden;
shares, means and balances give ranges, by the rounding in which they are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.amounts import write_amounts
from sufficiency.disclosure.changes import write_changes
from sufficiency.disclosure.joint import joint_figures, placed_as_sought, write_joint
from sufficiency.disclosure.pen import Pen, Relations
from sufficiency.disclosure.places import write_places
from sufficiency.disclosure.reader import BASES, PLACE, PRINT, SLICE, TAKEN, number_figures, prints
from sufficiency.disclosure.tellings import write_tellings
from sufficiency.model.vocabulary import ALL, HEADLINE, NEED_GROUP_OF, NEED_GROUPS, NEEDS, PHASE_NCY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.model.results import Released

_KEY: Final = [*SLICE, *PLACE]
_SPOT: Final = [*SLICE, "area_id", "phase", "need", "provision_type"]
_ROW_SUMS: Final = (
    ("demand_pupils", ("placed_local_pupils", "without_local_place_pupils", "excluded_pupils")),
    ("without_local_place_pupils", ("other_council_pupils", "independent_pupils", "unplaced_pupils")),
    ("placed_local_pupils", ("placed_own_area_pupils", "placed_other_area_pupils")),
    ("demand_pupils", ("day_pupils", "not_daily_pupils", "unplaced_pupils", "excluded_pupils")),
    ("day_pupils", ("over_limit_pupils", "within_limit_pupils")),
    ("day_pupils", ("ridden_over_limit_pupils", "ridden_within_limit_pupils")),
    ("ridden_over_limit_pupils", ("over_limit_pupils", "over_with_pickups_pupils")),
    ("in_need_pupils", BASES),
)
# differences of two printed figures that count pupils themselves: protected as if they were printed
DIFFERENCES: Final = (
    "placed_other_area_pupils",
    "within_limit_pupils",
    "ridden_within_limit_pupils",
    "over_with_pickups_pupils",
)
# year groups whose pupils are printed as phase transfers too
_LAST_BEFORE: Final = {"Y6": "Y6 to Y7", "Y11": "Y11 to Y12"}
NOT_LOCATED: Final = "not located in "
_ALONE: Final = ("placed_own_area_pupils", "placed_other_area_pupils")
_TOTALS: Final = ("unplaced_pupils", "other_council_pupils", "independent_pupils", "day_pupils", "not_daily_pupils")


@dataclass(frozen=True)
class Book:
    """All that a reader notes: the figures (a row each print, ``figure`` its number) and the relations."""

    figures: pd.DataFrame
    relations: Relations


def book_of(
    released: Released,
    areas: pd.DataFrame,
    *,
    guess: bool = True,
    known: pd.DataFrame | None = None,
    hide_up_to: int = 0,
) -> Book:
    """Return what a reader notes of a release.

    Parameters
    ----------
    released
        The release.
    areas
        Table `areas`: area_id, level, parent_id.
    guess
        Whether the reader takes runs that agree in all that is printed for the same.
    known
        Counts that the reader knows besides: `SLICE`, `PLACE` and value.
    hide_up_to
        The rule, by which a reader takes what is hidden among printed figures for small; 0 = he does not know it.

    Returns
    -------
    Book
        Figures that are not printed, but follow from relations, are rows too, with a blank ``table``.
    """
    ground = pd.DataFrame(areas.loc[areas["level"].isin(["county", "district", "cluster"])])
    ground = ground[["area_id", "level", "parent_id"]]
    county_id = str(ground.loc[ground["level"] == "county", "area_id"].iloc[0])
    printed = prints(released, county_id)
    if known is not None:
        printed = pd.concat([printed, known.assign(table="", column="", row=-1, hidden=False)[PRINT]])
    frame = _with_unprinted(printed, ground, county_id, released)
    frame = frame.merge(ground, on="area_id", how="left", validate="m:1")
    frame = _with_not_located(frame)
    frame["figure"] = number_figures(frame, released, guess=guess)
    pen = Pen(frame.drop_duplicates(_KEY).reset_index(drop=True))
    _row_sums(pen, county_id)
    _sums_over(pen)
    _year_groups(pen, county_id)
    write_tellings(pen, released, county_id)
    write_places(pen, released, county_id)
    write_joint(pen, released, county_id, hide_up_to)
    write_amounts(pen, released, county_id)
    write_changes(pen, released, county_id)
    return Book(frame, pen.relations())


def _with_unprinted(printed: pd.DataFrame, known: pd.DataFrame, county_id: str, released: Released) -> pd.DataFrame:
    """Add the figures that nobody prints but that relations need."""
    spots = printed[[*_SPOT, "measure"]].drop_duplicates()
    added = []

    def beside(measure: str, needs: Sequence[str], keep: NDArray[np.bool_] | None = None) -> None:
        at = spots[spots["measure"].isin(needs)] if keep is None else spots[spots["measure"].isin(needs) & keep]
        added.append(at[_SPOT].drop_duplicates().assign(measure=measure))

    total = ((spots["phase"] == ALL) & (spots["need"] == ALL) & (spots["provision_type"] == HEADLINE)).to_numpy(bool)
    district = spots["area_id"].isin(known.loc[known["level"] == "district", "area_id"]).to_numpy(bool)
    day = spots["measure"].eq("day_pupils").any()
    beside("excluded_pupils", ["demand_pupils"])
    beside("placed_other_area_pupils", ["placed_own_area_pupils"], district)
    for measure in _TOTALS:
        if day or measure not in {"day_pupils", "not_daily_pupils"}:
            beside(measure, ["demand_pupils"], total)
    typed = ((spots["phase"] == ALL) & (spots["need"] == ALL) & (spots["provision_type"] != HEADLINE)).to_numpy(bool)
    typed &= (spots["area_id"] == county_id).to_numpy(bool) & spots["measure"].eq("placed_local_pupils").to_numpy(bool)
    beside("other_council_pupils", ["placed_local_pupils"], typed)
    beside("over_with_pickups_pupils", ["ridden_over_limit_pupils"])
    at_county = (spots["area_id"] == county_id).to_numpy(bool) & total
    beside("within_limit_pupils", ["over_limit_pupils"], at_county)
    beside("ridden_within_limit_pupils", ["ridden_over_limit_pupils"], at_county)
    beside("in_need_pupils", ["own_school_pupils"])
    flows = spots[spots["measure"].str.startswith("flow:")]
    arrivals = flows.assign(measure="arrivals:" + flows["measure"].str.removeprefix("flow:"), area_id=county_id)
    added.append(arrivals.drop_duplicates())
    added.append(joint_figures(spots, released))
    more = pd.concat(added, ignore_index=True).drop_duplicates()
    there = pd.MultiIndex.from_frame(more[_KEY]).isin(pd.MultiIndex.from_frame(spots[_KEY]))
    more = more[~there].assign(table="", column="", row=-1, value=np.nan, hidden=True)
    return pd.concat([printed, more], ignore_index=True)


def _with_not_located(frame: pd.DataFrame) -> pd.DataFrame:
    """Add, where printed parts fall short of a printed total, the pupils who are in none of the areas below it."""
    one = frame[~frame["measure"].isin(_ALONE) & ~frame["measure"].str.contains(":")].drop_duplicates(_KEY)
    rest = [name for name in _KEY if name != "area_id"]
    added = []
    for above, below in (("county", "district"), ("district", "cluster")):
        lower = one[one["level"] == below]
        sums = lower.groupby([*rest, "parent_id"])["value"].agg(["sum", "count", "size"]).reset_index()
        both = one[one["level"] == above].merge(
            sums.rename(columns={"parent_id": "area_id"}), on=[*rest, "area_id"], validate="1:1"
        )
        apart = (both["count"] == both["size"]) & both["value"].notna() & (both["value"] != both["sum"])
        # what is short in one year or measure may be short in all of them
        rows = both[both["area_id"].isin(both.loc[apart, "area_id"])]
        added.append(
            rows[[*_KEY]].assign(parent_id=rows["area_id"], level=below, area_id=NOT_LOCATED + rows["area_id"])
        )
    more = pd.concat(added, ignore_index=True).assign(table="", column="", row=-1, value=np.nan, hidden=True)
    return pd.concat([frame, more], ignore_index=True) if len(more) else frame


def _row_sums(pen: Pen, county_id: str) -> None:
    frame = pen.frame
    for whole, parts in _ROW_SUMS:
        there = frame[frame["measure"].isin(parts)]
        complete = there.groupby(_SPOT)["measure"].transform("nunique") == len(parts)
        pen.sums(frame[frame["measure"] == whole], there[complete], _SPOT)
    flow = frame[frame["measure"].str.startswith("flow:")]
    total = frame[(frame["phase"] == ALL) & (frame["need"] == ALL) & (frame["provision_type"] == HEADLINE)]
    pen.sums(total[total["measure"] == "placed_local_pupils"], flow, [*SLICE, "area_id"])
    to = flow.assign(to=flow["measure"].str.removeprefix("flow:"))
    own = to[to["to"] == to["area_id"]]
    pen.sums(total[(total["measure"] == "placed_own_area_pupils") & (total["level"] == "district")], own,
             [*SLICE, "area_id"])  # fmt: skip
    arrivals = frame[frame["measure"].str.startswith("arrivals:")]
    arrivals = arrivals.assign(to=arrivals["measure"].str.removeprefix("arrivals:"))
    pen.sums(arrivals, to, [*SLICE, "to"])
    _use(pen, arrivals, county_id)
    reasons = frame[frame["measure"].str.startswith("reason:")]
    at_county = total[total["area_id"] == county_id]
    pen.sums(at_county[at_county["measure"] == "unplaced_pupils"], reasons, SLICE)
    demand = at_county[at_county["measure"] == "demand_pupils"].drop_duplicates(["year", "figure"])
    streams = frame[frame["measure"] == f"stream:{HEADLINE}"]
    if demand["year"].is_unique:
        pen.sums(demand, streams, ["year"])


def _use(pen: Pen, arrivals: pd.DataFrame, county_id: str) -> None:
    """Write that arrivals are placed in one type or another, and that those of the districts are the county's."""
    frame = pen.frame
    taken = frame[frame["measure"].str.startswith(TAKEN)]
    if not len(taken):
        return
    part, whole = taken[taken["area_id"] != county_id], taken[taken["area_id"] == county_id]
    pen.sums(arrivals, part.assign(to=part["area_id"]), [*SLICE, "to"])
    kind = [*SLICE, "provision_type"]
    pen.sums(whole, part, kind)
    sought = frame[(frame["measure"] == "placed_local_pupils") & (frame["area_id"] == county_id)]
    sought = sought[(sought["phase"] == ALL) & (sought["need"] == ALL) & (sought["provision_type"] != HEADLINE)]
    # without substitutes everybody is placed in the type sought; where a print says otherwise, there are some
    if placed_as_sought(frame, county_id):
        pen.sums(sought, whole, kind)


def _year_groups(pen: Pen, county_id: str) -> None:
    """Write that year groups make up a phase's demand, and the last of a phase those who transfer after it."""
    frame = pen.frame
    groups = frame[frame["measure"].str.startswith("year_group:")]
    groups = groups.assign(group=groups["measure"].str.removeprefix("year_group:"))
    whole = frame[(frame["measure"] == "demand_pupils") & (frame["area_id"] == county_id) & (frame["need"] == ALL)]
    whole = whole[whole["provision_type"] == HEADLINE].drop_duplicates(["year", "phase", "figure"])
    for phase, (first, last) in PHASE_NCY.items():
        named = ["R" if ncy == 0 else f"Y{ncy}" for ncy in range(first, last + 1)]
        parts = groups[groups["group"].isin(named)]
        complete = parts.groupby("year")["group"].transform("nunique") == len(named)
        demand = whole[whole["phase"] == phase]
        if demand["year"].is_unique:
            pen.sums(demand, parts[complete], ["year"])
    moves = frame[(frame["measure"] == "transfer_pupils") & (frame["area_id"] == county_id) & (frame["need"] == ALL)]
    for group, transfer in _LAST_BEFORE.items():
        pen.sums(moves[moves["scenario_id"] == transfer], groups[groups["group"] == group], ["year"])


def _sums_over(pen: Pen) -> None:
    """Write the sums over areas, phases, needs and types."""
    frame = pen.frame
    additive = frame[~frame["measure"].isin(_ALONE) & ~frame["measure"].str.contains(":")]
    rest = [name for name in _KEY if name != "area_id"]
    for above, below in (("county", "district"), ("district", "cluster")):
        pen.sums(additive[additive["level"] == above], additive[additive["level"] == below],
                 [*rest, "area_id"], [*rest, "parent_id"])  # fmt: skip

    def but(column: str) -> list[str]:
        return [name for name in _KEY if name != column]

    phase, need, kind = additive["phase"], additive["need"], additive["provision_type"]
    pen.sums(additive[phase == ALL], additive[phase != ALL], but("phase"))
    groups, codes = additive[need.isin(NEED_GROUPS)], additive[need.isin(NEEDS)]
    for parts in (groups, codes):
        pen.sums(additive[need == ALL], parts, but("need"))
    pen.sums(groups, codes.assign(need=codes["need"].map(NEED_GROUP_OF)), _KEY)
    pen.sums(additive[kind == HEADLINE], additive[kind != HEADLINE], but("provision_type"))
