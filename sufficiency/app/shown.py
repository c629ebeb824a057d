"""What the page may show of an answer: plain figures, with counts of a few hidden unless the view is internal.

A hidden figure is None, and is written as `c`. A change of a few pupils is not told either, since a scheme for a few
kinds of pupils would count them by it: the figure after is then told as about the one before. Hiding here is of single
figures, for use inside the council: what is saved from the page goes through the whole release, with its audit.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency import measures
from sufficiency.app.figures import BAND_EDGES_MIN, LEVELS, YearView, changes_of
from sufficiency.disclosure.told import told_counts
from sufficiency.measures.displacement import NET
from sufficiency.measures.financial_years import BANDS
from sufficiency.measures.transport_money import AVERAGE, MARGINAL
from sufficiency.model.vocabulary import INTERNAL, NEED_GROUP_NAMES, PUBLIC, UNPLACED_REASONS
from sufficiency.planning.scheme_money import CAPITAL, HIGH_NEEDS, TRANSPORT, money_against

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.app.engine import Headline

__all__ = ["NET_GAIN", "AreaRow", "Behind", "Gains", "HeadlineShown", "Purse", "Shown", "area_rows", "differs_by_few",
           "hidden", "shown_answer", "shown_behind", "shown_headline"]  # fmt: skip

COLUMNS: Final = (
    "demand_pupils", "placed_own_area_pupils", "other_council_pupils", "independent_pupils",
    "unplaced_pupils", "without_local_place_pupils", "over_limit_pupils",
)  # fmt: skip
# better off less worse off, among the figures of an area that can be few
NET_GAIN: Final = "better_less_worse_pupils"
_PURSES: Final = (
    # purse, item of the table (blank = all), title, note
    (HIGH_NEEDS, NET, "High needs block, in the year", "Only pupils who would otherwise be elsewhere save anything."),
    (TRANSPORT, AVERAGE, "Home-to-school transport, in the year, on the average basis",
     "Pupils carried × the average cost: not cash by itself. Not to be added to the marginal basis."),
    (TRANSPORT, MARGINAL, "Home-to-school transport, in the year, on the marginal basis",
     "Kilometres carried × the cost of one more. A pupil without a modelled place has no modelled journey."),
    (CAPITAL, "", "Capital, once, over all opening years",
     "As the schemes state it; a cost that is blank counts as nothing."),
)  # fmt: skip


@dataclass(frozen=True)
class HeadlineShown:
    """The three figures that follow a slider, before and after; None = hidden.

    ``few`` names the figures that differ by a few: what is told as after is what was before.
    """

    without_local_place_pupils: tuple[int | None, int | None]
    unplaced_pupils: tuple[int | None, int | None]
    travel_hours_per_day: tuple[float, float]
    independent_pupils: tuple[int | None, int | None]
    other_council_pupils: tuple[int | None, int | None]
    few: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AreaRow:
    """An area with its figures before and after; None = hidden.

    ``few`` names the figures that differ by a few, whose after is told as what was before, and `NET_GAIN` if it is few.
    """

    area_id: str
    area_name: str
    level: str
    before: dict[str, int | None]
    after: dict[str, int | None]
    better_off_pupils: int | None
    worse_off_pupils: int | None
    few: frozenset[str] = frozenset()

    def change(self, column: str) -> int | None:
        """Return after less before; None where either is hidden, or the change is of a few."""
        one, two = self.before[column], self.after[column]
        return None if one is None or two is None or column in self.few else two - one


@dataclass(frozen=True)
class Gains:
    """Who is better off and who is worse off: a total, the large counts by name, and the others together.

    ``total`` None = hidden, and nothing is told by name then.
    """

    total: int | None
    by_district: dict[str, int]
    other_districts: int
    by_need_group: dict[str, int]
    other_need_groups: int


@dataclass(frozen=True)
class Purse:
    """One purse: what changes in it in the year, in pounds, low, central and high. Purses are never added."""

    purse: str
    title: str
    change_gbp: tuple[float, float, float] | None
    note: str


@dataclass(frozen=True)
class Shown:
    """An answer as the page shows it, but for what comes `Behind` it."""

    year: int
    areas: tuple[AreaRow, ...]
    own_district_pupils: tuple[int | None, int | None]
    better: Gains
    worse: Gains
    gain_local_place_pupils: int | None
    bands: tuple[tuple[str, int | None, int | None], ...]
    median_min: tuple[float | None, float | None]
    p90_min: tuple[float | None, float | None]


@dataclass(frozen=True)
class Behind:
    """Why pupils have no modelled place, and what the programme changes in the purses: they take half as long again."""

    reasons: tuple[tuple[str, int | None], ...]
    purses: tuple[Purse, ...]


def hidden(count: float | None, hide_up_to: int) -> int | None:
    """Return a count that may be shown, None where it is 1 to `hide_up_to` or is not known."""
    if count is None or pd.isna(count) or 0 < count <= hide_up_to:
        return None
    return int(count)


def differs_by_few(before: int | None, after: int | None, hide_up_to: int) -> bool:
    """Return whether two figures that may be shown may not be shown beside each other."""
    return before is not None and after is not None and 0 < abs(after - before) <= hide_up_to


def _hide_up_to(view: YearView, build: str) -> int:
    if build not in (PUBLIC, INTERNAL):
        message = f"there is no build {build!r}"
        raise ValueError(message)
    return 0 if build == INTERNAL else view.inputs.parameters.hide_up_to


def shown_headline(headline: Headline, hide_up_to: int) -> HeadlineShown:
    """Return the headline with counts of 1 to `hide_up_to` hidden."""
    before, after = headline.before, headline.after
    one, two = headline.travel_min_per_day

    few = []

    def pair(name: str, first: int, second: int) -> tuple[int | None, int | None]:
        told = hidden(first, hide_up_to), hidden(second, hide_up_to)
        if not differs_by_few(*told, hide_up_to):
            return told
        few.append(name)
        return told[0], told[0]

    independent, other = (
        pair(f"{tier}_pupils", before.pupils_by_tier[tier], after.pupils_by_tier[tier])
        for tier in ("independent", "other_council")
    )
    return HeadlineShown(
        pair("without_local_place_pupils", before.without_local_place_pupils, after.without_local_place_pupils),
        pair("unplaced_pupils", before.unplaced_pupils, after.unplaced_pupils),
        (one / 60, two / 60),
        independent,
        other,
        frozenset(few),
    )


def shown_answer(before: YearView, after: YearView, build: str) -> Shown:
    """Return what the page shows of a year without a programme and with it.

    Parameters
    ----------
    before, after
        Of one year.
    build
        ``public`` or ``internal``.
    """
    hide_up_to = _hide_up_to(after, build)
    changes = changes_of(before, after)
    rows = tuple(area_rows(before, after, changes, build))
    (median, p90), (median_after, p90_after) = _minutes(before), _minutes(after)
    return Shown(
        year=after.year,
        areas=rows,
        own_district_pupils=_own_district(before, after, rows, hide_up_to),
        better=_gains(changes, "better", after, hide_up_to),
        worse=_gains(changes, "worse", after, hide_up_to),
        gain_local_place_pupils=hidden(int((changes["band"] == "gains_local_place").sum()), hide_up_to),
        bands=_bands(before, after, hide_up_to),
        median_min=(median, median_after),
        p90_min=(p90, p90_after),
    )


def shown_behind(before: YearView, after: YearView, build: str) -> Behind:
    """Return what comes behind an answer; parameters as for `shown_answer`."""
    hide_up_to = _hide_up_to(after, build)
    return Behind(_reasons(after, hide_up_to), _purses(before, after, hide_up_to))


def area_rows(before: YearView, after: YearView, changes: pd.DataFrame, build: str) -> list[AreaRow]:
    """Return the county, the districts and the clusters; the zones too in the internal view."""
    hide_up_to = _hide_up_to(after, build)
    names = _names(after)
    places: dict[str, str] = {}
    if build == INTERNAL:
        gazetteer = after.inputs.gazetteer.drop_duplicates("zone_id")
        places = dict(zip(gazetteer["zone_id"], gazetteer["place_name"].astype(str), strict=True))
    shown = [level for level in LEVELS if level != "zone" or build == INTERNAL]
    moved = {
        (name, level): Counter(changes[LEVELS[level]].to_numpy()[changes[name].to_numpy()].tolist())
        for name in ("better", "worse")
        for level in shown
    }
    rows = []
    pair = (
        view.areas.loc[view.areas["level"].isin(shown), ["area_id", "level", *COLUMNS]].to_dict("records")
        for view in (before, after)
    )
    for one, two in zip(*pair, strict=True):
        area_id, level = str(two["area_id"]), str(two["level"])
        better, worse = (hidden(moved[name, level][area_id], hide_up_to) for name in ("better", "worse"))
        name = places.get(area_id, area_id) if level == "zone" else names.get(area_id, area_id)
        first, second = ({column: hidden(row[column], hide_up_to) for column in COLUMNS} for row in (one, two))
        few = {column for column in COLUMNS if differs_by_few(first[column], second[column], hide_up_to)}
        second |= {column: first[column] for column in few}
        few |= {NET_GAIN} if differs_by_few(worse, better, hide_up_to) else set()
        rows.append(AreaRow(area_id, name, level, first, second, better, worse, frozenset(few)))
    return rows


def _own_district(
    before: YearView, after: YearView, rows: Sequence[AreaRow], hide_up_to: int
) -> tuple[int | None, int | None]:
    """Return the pupils placed in their own district; hidden where that would tell what one district hides."""
    name = "placed_own_area_pupils"
    districts = [row for row in rows if row.level == "district"]
    sums = [int(view.areas.loc[view.areas["level"] == "district", name].sum()) for view in (before, after)]
    kept = [all(cells[name] is not None for cells in side) for side in
            ([row.before for row in districts], [row.after for row in districts])]  # fmt: skip
    one, two = (hidden(total, hide_up_to) if keep else None for total, keep in zip(sums, kept, strict=True))
    alone = sum(name in row.few for row in districts) == 1
    return one, None if alone or differs_by_few(one, two, hide_up_to) else two


def _gains(changes: pd.DataFrame, which: str, view: YearView, hide_up_to: int) -> Gains:
    at = np.flatnonzero(changes[which].to_numpy())
    total = hidden(len(at), hide_up_to)
    if total is None or total == 0:
        return Gains(total, {}, 0, {}, 0)
    names = _names(view)
    homes = Counter(names.get(one, "Home not located") for one in changes["district_id"].to_numpy()[at].tolist())
    groups = Counter(NEED_GROUP_NAMES[one] for one in changes["need_group"].to_numpy()[at].tolist())
    return Gains(total, *told_counts(homes, hide_up_to), *told_counts(groups, hide_up_to))


def _names(view: YearView) -> dict[str, str]:
    return dict(zip(view.inputs.areas["area_id"], view.inputs.areas["area_name"].astype(str), strict=True))


def _bands(before: YearView, after: YearView, hide_up_to: int) -> tuple[tuple[str, int | None, int | None], ...]:
    edges = (0, *BAND_EDGES_MIN)
    names = [f"{low} to {high} minutes" for low, high in itertools.pairwise(edges)]
    names = [f"up to {edges[1]} minutes", *names[1:], f"over {edges[-1]} minutes"]
    out = []
    for name, *pair in zip(names, before.bands, after.bands, strict=True):
        one, two = (hidden(count, hide_up_to) for count in pair)
        out.append((name, one, None if differs_by_few(one, two, hide_up_to) else two))
    return tuple(out)


def _reasons(view: YearView, hide_up_to: int) -> tuple[tuple[str, int | None], ...]:
    table = measures.reasons_table(view.scenario_id, view.outcomes).set_index("reason")["pupils"]
    counts = {text: int(table.get(reason, 0)) for reason, text in UNPLACED_REASONS.items()}
    return tuple((text, hidden(count, hide_up_to)) for text, count in counts.items() if count)


def _purses(before: YearView, after: YearView, hide_up_to: int) -> tuple[Purse, ...]:
    """Return the change of the three purses, as a run tells it; hidden where few pupils are behind it."""
    table = money_against(before, after)
    moved = [
        int(two - one)
        for name in ("placed_local_pupils", "independent_pupils", "day_pupils")
        for one, two in zip(_county(before, name), _county(after, name), strict=True)
    ]
    few = any(0 < abs(count) <= hide_up_to for count in moved)
    found = []
    for purse, item, title, note in _PURSES:
        rows = table[(table["purse"] == purse) & ((table["item"] == item) | (item == ""))]
        rows = rows[rows["year"] == after.year] if item else rows
        sums = [float(rows[band].sum()) for band in BANDS]
        hide = few and purse != CAPITAL
        found.append(Purse(purse, title, None if hide else (sums[0], sums[1], sums[2]), note))
    return tuple(found)


def _county(view: YearView, name: str) -> pd.Series:
    return view.areas.loc[view.areas["level"] == "county", name].astype(int)


def _minutes(view: YearView) -> tuple[float | None, float | None]:
    """Return median and 90th percentile of the county's journeys; None where nobody travels."""
    row = view.areas.loc[view.areas["level"] == "county", ["median_min", "p90_min"]].to_numpy(float)[0]
    return (None, None) if np.isnan(row).any() else (float(row[0]), float(row[1]))
