"""What printed places, shares, means, changes and side tables tell of the counts behind them, as relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.disclosure.joint import told_homes
from sufficiency.disclosure.reader import BASES, SLICE, TAKEN, WINNERS
from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.disclosure.pen import Pen
    from sufficiency.model.results import Released

_SPOT: Final = [*SLICE, "area_id", "phase", "need", "provision_type"]
_TENTH: Final = 0.05 + 1e-9
_HALF: Final = 0.5 + 1e-9


def write_tellings(pen: Pen, released: Released, county_id: str) -> None:
    """Write all relations but the sums.

    Parameters
    ----------
    pen
        Over the figures.
    released
        The release.
    county_id
        The county's area_id.
    """
    _places(pen, released, county_id)
    _use(pen, released)
    _shares(pen, released)
    _means(pen, released)
    _changes(pen, released)
    _bases(pen, released)
    _streams(pen, released, county_id)
    _schemes(pen, released, county_id)


def figures_at(pen: Pen, table: pd.DataFrame, measure: str) -> NDArray[np.int64]:
    """Return the number of a measure's figure in each row of a table; -1 where there is none."""
    frame = pen.frame[pen.frame["measure"] == measure]
    blank = {"policy": "", "phase": ALL, "need": ALL, "provision_type": HEADLINE}
    key = pd.DataFrame({name: table.get(name, blank.get(name, "")) for name in _SPOT})
    where = pd.MultiIndex.from_frame(frame[_SPOT]).get_indexer(pd.MultiIndex.from_frame(key))
    figure = frame["figure"].to_numpy(np.int64)
    return np.where(where >= 0, figure[where], -1) if len(figure) else np.full(len(table), -1)


def numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return the printed numbers of a column, NaN where there is none."""
    return np.asarray(table[column].astype("Float64").to_numpy(float, na_value=np.nan))


def _places(pen: Pen, released: Released, county_id: str) -> None:
    """Write what places tell: the balance is places less demand; arrivals fit, or are counted as over capacity."""
    area = released.tables.get("sufficiency_area")
    if area is None or not len(area):
        return
    demand, places, balance = (
        figures_at(pen, area, "demand_pupils"), numbers(area, "capacity_places"),
        numbers(area, "location_balance_places"),
    )  # fmt: skip
    told = (demand >= 0) & ~np.isnan(places) & ~np.isnan(balance)
    pen.single(demand[told], (places - balance)[told], (places - balance)[told])
    programme = released.tables.get("programme_places")
    if programme is not None and len(programme):
        _programme(pen, programme, county_id)
    districts = area[(area["level"] == "district") & area["capacity_places"].notna()]
    to = districts.assign(area_id=county_id)
    arrivals = np.full(len(districts), -1)
    for name in districts["area_id"].unique():
        here = (districts["area_id"] == name).to_numpy(bool)
        arrivals[here] = figures_at(pen, to[here], f"arrivals:{name}")
    over = figures_at(pen, districts, "over_capacity_pupils")
    places = numbers(districts, "capacity_places")
    fits = (arrivals >= 0) & (districts["policy"] == "optimal").to_numpy(bool)
    pen.single(arrivals[fits], np.zeros(int(fits.sum())), places[fits])
    near = (arrivals >= 0) & (over >= 0) & (districts["policy"] == "nearest").to_numpy(bool)
    count = int(near.sum())
    pen.rows(_twice(count), np.r_[arrivals[near], over[near]], np.r_[np.ones(count), -np.ones(count)],
             np.full(count, -np.inf), places[near])  # fmt: skip


def _use(pen: Pen, released: Released) -> None:
    """Write that what is placed by district and type is no more than the places there and the pupils above them.

    Empty places and the share in use tell it, where they are printed.
    """
    table = released.tables.get("occupancy_district_type")
    if table is None or not len(table):
        return
    table = table[table["capacity_places"].notna()]
    placed = np.full(len(table), -1)
    for area in table["area_id"].unique():
        here = (table["area_id"] == area).to_numpy(bool)
        placed[here] = figures_at(pen, table[here], f"{TAKEN}{area}")
    places = numbers(table, "capacity_places")
    for known in (places - numbers(table, "empty_places"), places * numbers(table, "used_share")):
        there = (placed >= 0) & ~np.isnan(known)
        pen.single(placed[there], known[there] - _TENTH, known[there] + _TENTH)
    district = (table["level"] == "district").to_numpy(bool)
    table, placed, places = table[district], placed[district], places[district]
    total = table.assign(provision_type=HEADLINE)
    over = figures_at(pen, total, "over_capacity_pupils")
    told = (placed >= 0) & (over >= 0)
    count = int(told.sum())
    pen.rows(_twice(count), np.r_[placed[told], over[told]], np.r_[np.ones(count), -np.ones(count)],
             np.full(count, -np.inf), places[told])  # fmt: skip
    _above(pen, released)
    best = (placed >= 0) & ~told & (table["policy"] == "optimal").to_numpy(bool)
    pen.single(placed[best], np.zeros(int(best.sum())), places[best])


def _above(pen: Pen, released: Released) -> None:
    """Write that what is placed above the places, of one type and of all together, is counted as pressure there."""
    table = released.tables["occupancy_district_type"]
    table = table[table["capacity_places"].notna() & (table["area_id"] != "outside")].reset_index(drop=True)
    placed = np.full(len(table), -1)
    for area in table["area_id"].unique():
        here = (table["area_id"] == area).to_numpy(bool)
        placed[here] = figures_at(pen, table[here], f"{TAKEN}{area}")
    over = figures_at(pen, table.assign(provision_type=HEADLINE), "over_capacity_pupils")
    known = table.assign(placed=placed, over=over)[(placed >= 0) & (over >= 0)]
    if not len(known):
        return
    for keys in (["area_id", "provision_type"], ["area_id"]):
        row, _ = pd.factorize(pd.MultiIndex.from_frame(known[[*SLICE, *keys]]))
        first = known.assign(row=row).drop_duplicates("row").sort_values("row")
        most = np.bincount(row, weights=numbers(known, "capacity_places"), minlength=len(first)).astype(np.float64)
        figure = np.r_[known["placed"], first["over"]].astype(np.int64)
        pen.rows(np.r_[row, np.arange(len(first))].astype(np.int64), figure,
                 np.r_[np.ones(len(known)), -np.ones(len(first))], np.full(len(first), -np.inf), most)  # fmt: skip


def _programme(pen: Pen, programme: pd.DataFrame, county_id: str) -> None:
    """Write the shortfall: demand less places, of the county (whatever the policy)."""
    wide = pen.frame[(pen.frame["measure"] == "demand_pupils") & (pen.frame["area_id"] == county_id)]
    wide = wide[(wide["phase"] == ALL) & (wide["need"] == ALL) & (wide["provision_type"] == HEADLINE)]
    rows = programme.dropna(subset=["capacity_places", "shortfall_places"])
    told = wide.merge(rows[["scenario_id", "year", "capacity_places", "shortfall_places"]], on=["scenario_id", "year"])
    value = (told["capacity_places"] + told["shortfall_places"]).to_numpy(np.float64)
    pen.single(told["figure"].to_numpy(np.int64), value, value)


def _shares(pen: Pen, released: Released) -> None:
    """Write the printed share of pupils without a place: (share - e) x demand <= without <= (share + e) x demand."""
    area = released.tables.get("sufficiency_area")
    if area is None or "without_local_place_share" not in area.columns:
        return
    share = numbers(area, "without_local_place_share")
    demand, without = (figures_at(pen, area, name) for name in ("demand_pupils", "without_local_place_pupils"))
    told = ~np.isnan(share) & (demand >= 0) & (without >= 0)
    count, slack = int(told.sum()), 1e-9
    for edge, low, high in ((share[told] - slack, 0.0, np.inf), (share[told] + slack, -np.inf, 0.0)):
        pen.rows(_twice(count), np.r_[without[told], demand[told]], np.r_[np.ones(count), -edge],
                 np.full(count, low), np.full(count, high))  # fmt: skip


def _means(pen: Pen, released: Released) -> None:
    """Write what means tell: that of an area is the mean of those below it, each by its day pupils.

    With e the half of what the minutes of a level are rounded to, a tenth or a whole one,
    sum((mean_c - e_c) n_c) <= (mean + e) sum(n_c), and the other way round.
    """
    table = released.tables.get("journeys_area")
    if table is None or not len(table):
        return
    frame = pen.frame[(pen.frame["measure"] == "day_pupils") & (pen.frame["phase"] == ALL)]
    levels = frame.drop_duplicates("area_id")[["area_id", "parent_id"]]
    for column in ("mean_min", "ridden_mean_min"):
        if column not in table.columns:
            continue
        rows = table[[*SLICE, "level", "area_id", column]].assign(veiled=released.hidden["journeys_area"][column])
        # a mean that does not apply is that of nobody
        rows = rows[rows["veiled"] | rows[column].notna()].merge(levels, on="area_id", validate="m:1")
        rows = rows.assign(figure=figures_at(pen, rows, "day_pupils"))
        rows = rows[rows["figure"] >= 0]
        above = rows[[*SLICE, "area_id", "level", column]].set_axis([*SLICE, "parent_id", "above", "mean"], axis=1)
        joined = rows.merge(above, on=[*SLICE, "parent_id"], validate="m:1")
        # one mean that is hidden leaves the others free
        whole = ~joined.groupby([*SLICE, "parent_id"])["veiled"].transform("any")
        joined = joined[whole.astype(bool) & joined["mean"].notna()]
        row = np.asarray(joined.groupby([*SLICE, "parent_id"], sort=False).ngroup(), dtype=np.int64)
        count = int(row.max(initial=-1)) + 1
        apart = (joined[column] - joined["mean"]).to_numpy(float)
        figure = np.asarray(joined["figure"], dtype=np.int64)
        halves = _rounding(table, column)
        slack = (joined["level"].map(halves) + joined["above"].map(halves)).to_numpy(np.float64)
        pen.rows(row, figure, apart - slack, np.full(count, -np.inf), np.zeros(count))
        pen.rows(row, figure, apart + slack, np.zeros(count), np.full(count, np.inf))


def _rounding(table: pd.DataFrame, column: str) -> dict[str, float]:
    """Return by how much minutes of each level may have been rounded: half of what all of them are multiples of."""
    levels = table.groupby("level")[column]
    return {str(level): _HALF if bool((values.dropna() % 1 == 0).all()) else _TENTH for level, values in levels}


def _changes(pen: Pen, released: Released) -> None:
    """Write the printed changes between scenarios, and that nobody is both better and worse off."""
    table = released.tables.get("comparison_area")
    if table is None or not len(table):
        return
    rows = table[table["change"].notna() & table["measure"].str.endswith("_pupils")]
    for measure, part in rows.groupby("measure"):
        before = figures_at(pen, part.drop(columns="measure").assign(scenario_id=part["against_id"]), str(measure))
        after = figures_at(pen, part.drop(columns="measure"), str(measure))
        change = part["change"].to_numpy(float)
        told = (before >= 0) & (after >= 0) & (before != after)
        count = int(told.sum())
        pen.rows(_twice(count), np.r_[after[told], before[told]],
                 np.r_[np.ones(count), -np.ones(count)], change[told], change[told])  # fmt: skip
    pairs = pen.frame[pen.frame["measure"].isin(WINNERS)]
    ends = pairs["scenario_id"].str.split("|").str[0]
    demand = figures_at(pen, pairs.assign(scenario_id=ends), "demand_pupils")
    at = pairs.assign(demand=demand)[demand >= 0]
    row = at.groupby(_SPOT, sort=False).ngroup().to_numpy(np.int64)
    firsts = at.drop_duplicates(_SPOT)
    count = len(firsts)
    pen.rows(np.r_[row, np.arange(count)], np.r_[at["figure"], firsts["demand"]].astype(np.int64),
             np.r_[np.ones(len(at)), -np.ones(count)], np.full(count, -np.inf), np.zeros(count))  # fmt: skip


def _bases(pen: Pen, released: Released) -> None:
    """Write that pupils at support bases are no more than their places."""
    places = released.tables.get("primary_equivalence")
    if places is None or "support_match" not in released.tables:
        return
    for phase in ("primary", "secondary"):
        rows = places.assign(phase=phase)
        own, partner = (figures_at(pen, rows, name) for name in BASES[:2])
        most = numbers(places, f"{phase}_places")
        told = (own >= 0) & (partner >= 0) & ~np.isnan(most)
        count = int(told.sum())
        pen.rows(_twice(count), np.r_[own[told], partner[told]], np.ones(2 * count), np.zeros(count), most[told])


def _streams(pen: Pen, released: Released, county_id: str) -> None:
    """Write what the sums over all streams tell: who has no place or is excluded, and how many there are."""
    everyone, streams = released.tables.get("conservation"), pen.frame[pen.frame["measure"].str.startswith("stream:")]
    if everyone is None or not len(everyone):
        return
    rows = everyone.assign(area_id=county_id)
    for column, measure in (("unplaced", "unplaced_pupils"), ("excluded", "excluded_pupils")):
        figure = figures_at(pen, rows, measure)
        told = figure >= 0
        pen.single(figure[told], np.zeros(int(told.sum())), numbers(rows, column)[told])
    sums = everyone.drop_duplicates(["year", "in"])
    if sums["year"].is_unique and len(streams):
        row, years = pd.factorize(streams["year"])
        value = sums.set_index("year")["in"].reindex(years).to_numpy(np.float64)
        pen.rows(row.astype(np.int64), streams["figure"].to_numpy(np.int64), np.ones(len(streams)), value, value)


def _schemes(pen: Pen, released: Released, county_id: str) -> None:
    """Write that the homes told of a scheme and the rest are its pupils."""
    effects = released.tables.get("scheme_effects")
    if effects is None or "homes" not in effects.columns:
        return
    for scheme, part in effects.groupby("scheme_id"):
        rows = part.assign(area_id=county_id)
        placed, rest = (
            figures_at(pen, rows, f"scheme:{name}:{scheme}") for name in ("placed_pupils", "homes_rest_pupils")
        )
        told = np.array([float(sum(told_homes(str(homes)).values())) for homes in part["homes"]])
        there = (placed >= 0) & (rest >= 0)
        # where the homes are not told at all, neither is what is left of them
        there &= (told > 0) | ~released.hidden["scheme_effects"].loc[part.index, "homes_rest_pupils"].to_numpy(bool)
        count = int(there.sum())
        pen.rows(_twice(count), np.r_[placed[there], rest[there]], np.r_[np.ones(count), -np.ones(count)],
                 told[there], told[there])  # fmt: skip


def _twice(count: int) -> NDArray[np.int64]:
    return np.tile(np.arange(count, dtype=np.int64), 2)
