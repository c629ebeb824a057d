"""What the page may show of an answer: plain figures, with counts of a few hidden unless the view is internal.

A hidden figure is None, and is written as `c`. Hiding here is of single figures, for use inside the council: what is
saved from the page goes through the whole release, with its audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sufficiency import measures
from sufficiency.app.figures import BAND_EDGES_MIN, LEVELS, YearView, changes_of
from sufficiency.disclosure.told import told_counts
from sufficiency.measures.money import high_needs_table
from sufficiency.model.vocabulary import INTERNAL, NEED_GROUP_NAMES, PUBLIC, UNPLACED_REASONS
from sufficiency.planning.programme import capital_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sufficiency.app.engine import Headline

__all__ = ["AreaRow", "Gains", "Purse", "Shown", "area_rows", "hidden", "shown_answer", "shown_headline"]

COLUMNS: Final = (
    "demand_pupils", "capacity_places", "placed_own_area_pupils", "other_council_pupils", "independent_pupils",
    "unplaced_pupils", "without_local_place_pupils", "over_limit_pupils",
)  # fmt: skip
_PLACES: Final = ("capacity_places",)


@dataclass(frozen=True)
class HeadlineShown:
    """The three figures that follow a slider, before and after; None = hidden."""

    without_local_place_pupils: tuple[int | None, int | None]
    unplaced_pupils: tuple[int | None, int | None]
    travel_hours_per_day: tuple[float, float]
    independent_pupils: tuple[int | None, int | None]
    other_council_pupils: tuple[int | None, int | None]


@dataclass(frozen=True)
class AreaRow:
    """An area with its figures before and after; None = hidden, or not given for such an area."""

    area_id: str
    area_name: str
    level: str
    before: dict[str, int | None]
    after: dict[str, int | None]
    better_off_pupils: int | None
    worse_off_pupils: int | None

    def change(self, column: str) -> int | None:
        """Return after less before; None where either is hidden."""
        one, two = self.before[column], self.after[column]
        return None if one is None or two is None else two - one


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
    """An answer as the page shows it."""

    year: int
    build: str
    areas: tuple[AreaRow, ...]
    better: Gains
    worse: Gains
    gain_local_place_pupils: int | None
    bands: tuple[tuple[str, int | None, int | None], ...]
    reasons: tuple[tuple[str, int | None], ...]
    purses: tuple[Purse, ...]
    median_min: tuple[float | None, float | None]
    p90_min: tuple[float | None, float | None]


def hidden(count: float | None, hide_up_to: int) -> int | None:
    """Return a count that may be shown, None where it is 1 to `hide_up_to` or is not known."""
    if count is None or pd.isna(count) or 0 < count <= hide_up_to:
        return None
    return int(count)


def _hide_up_to(view: YearView, build: str) -> int:
    if build not in (PUBLIC, INTERNAL):
        message = f"there is no build {build!r}"
        raise ValueError(message)
    return 0 if build == INTERNAL else view.inputs.parameters.hide_up_to


def shown_headline(headline: Headline, hide_up_to: int) -> HeadlineShown:
    """Return the headline with counts of 1 to `hide_up_to` hidden."""
    before, after = headline.before, headline.after
    one, two = headline.travel_min_per_day

    def pair(first: int, second: int) -> tuple[int | None, int | None]:
        return hidden(first, hide_up_to), hidden(second, hide_up_to)

    return HeadlineShown(
        pair(before.without_local_place_pupils, after.without_local_place_pupils),
        pair(before.unplaced_pupils, after.unplaced_pupils),
        (one / 60, two / 60),
        pair(before.pupils_by_tier["independent"], after.pupils_by_tier["independent"]),
        pair(before.pupils_by_tier["other_council"], after.pupils_by_tier["other_council"]),
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
    county = after.inputs.parameters.county_id
    return Shown(
        year=after.year,
        build=build,
        areas=tuple(area_rows(before, after, changes, build)),
        better=_gains(changes[changes["better"]], after, hide_up_to),
        worse=_gains(changes[changes["worse"]], after, hide_up_to),
        gain_local_place_pupils=hidden(int((changes["band"] == "gains_local_place").sum()), hide_up_to),
        bands=_bands(before, after, hide_up_to),
        reasons=_reasons(after, hide_up_to),
        purses=_purses(before, after, hide_up_to),
        median_min=(_minutes(before, county, "median_min"), _minutes(after, county, "median_min")),
        p90_min=(_minutes(before, county, "p90_min"), _minutes(after, county, "p90_min")),
    )


def area_rows(before: YearView, after: YearView, changes: pd.DataFrame, build: str) -> list[AreaRow]:
    """Return the county, the districts and the clusters; the zones too in the internal view."""
    hide_up_to = _hide_up_to(after, build)
    names = after.inputs.areas.set_index("area_id")["area_name"].astype(str).to_dict()
    places = after.inputs.gazetteer.drop_duplicates("zone_id").set_index("zone_id")["place_name"].astype(str).to_dict()
    moved = {
        (name, level): changes.loc[changes[name], column].value_counts().to_dict() if column in changes else {}
        for name in ("better", "worse")
        for level, column in LEVELS.items()
    }
    shown = set(LEVELS) - (set() if build == INTERNAL else {"zone"})
    rows = []
    for one, two in zip(before.areas.to_dict("records"), after.areas.to_dict("records"), strict=True):
        area_id, level = str(two["area_id"]), str(two["level"])
        if level not in shown:
            continue
        better, worse = (hidden(moved[name, level].get(area_id, 0), hide_up_to) for name in ("better", "worse"))
        name = places.get(area_id, area_id) if level == "zone" else names.get(area_id, area_id)
        cells = (_cells(row, level, hide_up_to) for row in (one, two))
        rows.append(AreaRow(area_id, name, level, *cells, better, worse))
    return rows


def _cells(row: Mapping[Any, Any], level: str, hide_up_to: int) -> dict[str, int | None]:
    """Return the figures of an area; places of a cluster are not given in public, they could be one school's."""
    cells = {name: hidden(row[name], 0 if name in _PLACES else hide_up_to) for name in COLUMNS}
    if hide_up_to and level not in ("county", "district"):
        cells |= dict.fromkeys(_PLACES)
    return cells


def _gains(moved: pd.DataFrame, view: YearView, hide_up_to: int) -> Gains:
    total = hidden(len(moved), hide_up_to)
    if total is None or total == 0:
        return Gains(total, {}, 0, {}, 0)
    names = view.inputs.areas.set_index("area_id")["area_name"].astype(str).to_dict()
    homes = moved["district_id"].map(names).fillna("Home not located")
    groups = moved["need_group"].map(NEED_GROUP_NAMES)
    told = [
        told_counts({str(name): int(count) for name, count in one.value_counts().items()}, hide_up_to)
        for one in (homes, groups)
    ]
    return Gains(total, *told[0], *told[1])


def _bands(before: YearView, after: YearView, hide_up_to: int) -> tuple[tuple[str, int | None, int | None], ...]:
    edges = (0, *BAND_EDGES_MIN)
    names = [f"{low} to {high} minutes" for low, high in zip(edges[:-1], edges[1:], strict=True)]
    names = [f"up to {edges[1]} minutes", *names[1:], f"over {edges[-1]} minutes"]
    pairs = zip(names, before.bands, after.bands, strict=True)
    return tuple((name, hidden(one, hide_up_to), hidden(two, hide_up_to)) for name, one, two in pairs)


def _reasons(view: YearView, hide_up_to: int) -> tuple[tuple[str, int | None], ...]:
    table = measures.reasons_table(view.scenario_id, view.outcomes).set_index("reason")["pupils"]
    counts = {text: int(table.get(reason, 0)) for reason, text in UNPLACED_REASONS.items()}
    return tuple((text, hidden(count, hide_up_to)) for text, count in counts.items() if count)


def _purses(before: YearView, after: YearView, hide_up_to: int) -> tuple[Purse, ...]:
    """Return the change of the three purses; one that would tell of a few pupils is hidden."""
    parameters = after.inputs.parameters
    one, two = (high_needs_table(view.scenario_id, view.outcomes, parameters) for view in (before, after))
    bands = ["gbp_low", "gbp_central", "gbp_high"]
    change = (two[bands].to_numpy() - one[bands].to_numpy()).sum(axis=0)
    day = [view.areas.set_index("area_id").loc[parameters.county_id, "day_pupils"] for view in (before, after)]
    more = int(day[1] - day[0])
    moved = abs(_placed(after) - _placed(before))
    share, each = (pd.Series(parameters.range(name), dtype=float) for name in
                   ("transported_share", "transport_gbp_per_pupil"))  # fmt: skip
    transport = tuple(sorted((more * share * each).tolist()))
    capital = capital_of(after.inputs, after.scenario_id), capital_of(before.inputs, before.scenario_id)
    sums = [table[bands].sum().to_numpy(float) if len(table) else [0.0, 0.0, 0.0] for table in capital]
    built = tuple(float(a - b) for a, b in zip(*sums, strict=True))
    return (
        Purse("high_needs_block", "High needs block, a year", _told(change, moved, hide_up_to),
              "Places held in the model; pupils without a modelled place are not priced."),
        Purse("general_fund_transport", "Home-to-school transport, a year", _told(transport, abs(more), hide_up_to),
              "Pupils carried × average cost; cashable only where a vehicle goes."),
        Purse("capital", "Capital, once", (built[0], built[1], built[2]), "As the schemes state it; blank costs count as nothing."),
    )  # fmt: skip


def _placed(view: YearView) -> int:
    rows = view.outcomes[view.outcomes["headline"]]
    return int(rows.loc[rows["provision_id"] != "", "pupils"].sum())


def _told(change: Iterable[float], pupils: int, hide_up_to: int) -> tuple[float, float, float] | None:
    low, central, high = sorted(float(one) for one in change)
    return None if 0 < pupils <= hide_up_to else (low, central, high)


def _minutes(view: YearView, area_id: str, column: str) -> float | None:
    value = float(view.areas.set_index("area_id").loc[area_id, column])
    return None if pd.isna(value) else value
