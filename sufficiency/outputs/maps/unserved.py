"""Unserved areas: land from which some pupils have no open setting for their age and need within 30 minutes by road.

Geography and published facts alone: where settings stand, when each is open, and the ages and needs it admits. The
shares are of land; no pupil, resident or number of places is counted, so nothing here can tell of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from sufficiency.model.units import MS_PER_MIN
from sufficiency.model.vocabulary import ALL, HEADLINE_TYPES, NEED_GROUP_NAMES, NEED_GROUP_OF, PHASE_NCY
from sufficiency.outputs import style
from sufficiency.outputs.maps import figures as maps_figures
from sufficiency.outputs.maps.groups import phase_words
from sufficiency.outputs.maps.words import clause_of, end_of, when_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs
    from sufficiency.outputs.maps.figures import Frame

    Times = NDArray[np.int64]

MEASURE: Final = "unserved_land_share"
LIMITS_MIN: Final = (15, 30, 45)
LIMIT_MIN: Final = 30
PHASES: Final = ("primary", "secondary", "post_16")
# Needs that are other or not recorded are admitted as the recorded ones are: they ask for no setting of their own.
NEEDS: Final = tuple(code for code in NEED_GROUP_NAMES if code != "other_or_not_recorded")
CHOICES: Final = (ALL, *(f"need:{code}" for code in NEEDS), *(f"phase:{code}" for code in PHASES))
_FAR: Final = np.iinfo(np.int64).max
_DECIMALS: Final = 4

# The settings open to one phase and one broad area of need.
Ids = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Unserved:
    """Shares of land by state: ``sets[scenario][choice]`` holds one place in `lands` a year.

    A land is the settings that count, and for each area the share of its land in each band of minutes; None for an area
    too small to hold a point of the grid.
    """

    lands: list[tuple[Ids, list[list[float] | None]]]
    sets: dict[str, dict[str, list[int]]]


def points_inside(
    x: NDArray[np.float64], y: NDArray[np.float64], frame: Frame, shapes: dict[str, BaseGeometry]
) -> dict[str, NDArray[np.int64]]:
    """Return the numbers of the points that lie in each outline, of the county, districts and clusters."""
    tree = shapely.STRtree(np.asarray(shapely.points(x, y)))
    areas = [area for area in frame.areas if frame.levels[area] != "zone"]
    return {area: np.sort(tree.query(shapes[area], predicate="intersects")) for area in areas}


def admitting(applied: Inputs, years: Iterable[int]) -> dict[tuple[int, str, str], Ids]:
    """Return the local settings open in a year to some age of a phase that admit some need of a broad area.

    Keyed by year, phase and broad area of need; empty where there is none.
    """
    provision, places = applied.provision, applied.places
    local = provision[(provision["tier"] == "local") & provision["provision_type"].isin(HEADLINE_TYPES)]
    opened = places.loc[places["planned_places"].fillna(0) > 0, ["provision_id", "year"]]
    rows = opened.merge(local[["provision_id", "setting_id", "ncy_from", "ncy_to", "needs"]], on="provision_id")
    found: dict[tuple[int, str, str], set[str]] = {
        (year, phase, need): set() for year in years for phase in PHASES for need in NEEDS
    }
    for year, setting, first, last, needs in zip(
        rows["year"], rows["setting_id"], rows["ncy_from"], rows["ncy_to"], rows["needs"], strict=True
    ):
        groups = {NEED_GROUP_OF[code] for code in str(needs).split(";") if code in NEED_GROUP_OF}
        for phase in PHASES:
            if first <= PHASE_NCY[phase][1] and last >= PHASE_NCY[phase][0]:
                for need in groups & set(NEEDS):
                    if (int(year), phase, need) in found:
                        found[int(year), phase, need].add(str(setting))
    return {key: tuple(sorted(ids)) for key, ids in found.items()}


def of_choice(choice: str) -> list[tuple[str, str]]:
    """Return the phases and needs that a choice of pupils covers."""
    kind, _, code = choice.partition(":")
    phases, needs = (code,) if kind == "phase" else PHASES, (code,) if kind == "need" else NEEDS
    return [(phase, need) for phase in phases for need in needs]


@dataclass(frozen=True, eq=False)
class SettingTimes:
    """Times over one grid: ``milliseconds`` int64[n_points, n_settings] to the settings `ids`, -1 = no way."""

    ids: Ids
    milliseconds: Times


class Reckoner:
    """Gathers the land of every scenario, year and choice of pupils; each set of settings is reckoned once."""

    def __init__(self, frame: Frame, inside: dict[str, NDArray[np.int64]]) -> None:
        self._frame, self._inside = frame, inside
        self._places: dict[tuple[int, tuple[Ids, ...]], int] = {}
        self._lands: list[tuple[Ids, list[list[float] | None]]] = []
        self._sets: dict[str, dict[str, list[int]]] = {}
        self._nearest: dict[tuple[int, Ids], Times] = {}

    def add(self, scenario: str, roads: int, opened: dict[tuple[int, str, str], Ids], times: SettingTimes) -> None:
        """Add one scenario.

        Parameters
        ----------
        scenario
            Its id.
        roads
            A number that is the same for the same roads.
        opened
            Output of `admitting`.
        times
            The minutes to its settings. One that no road reaches is not among them and serves nobody.
        """
        column = {one: number for number, one in enumerate(times.ids)}
        reached = np.where(times.milliseconds < 0, _FAR, times.milliseconds)

        def nearest(some: Ids) -> Times:
            if (roads, some) not in self._nearest:
                columns = [column[one] for one in some]
                found = reached[:, columns].min(axis=1) if some else np.full(len(reached), _FAR)
                self._nearest[roads, some] = found
            return self._nearest[roads, some]

        self._sets[scenario] = {choice: [] for choice in CHOICES}
        for choice in CHOICES:
            for year in self._frame.years:
                each = sorted({opened[year, phase, need] for phase, need in of_choice(choice)})
                near = tuple(dict.fromkeys(tuple(one for one in some if one in column) for some in each))
                key = (roads, near)
                if key not in self._places:
                    self._places[key] = len(self._lands)
                    longest = np.max([nearest(some) for some in near], axis=0)
                    used = tuple(sorted({one for some in near for one in some}))
                    self._lands.append((used, self._shares(longest)))
                self._sets[scenario][choice].append(self._places[key])

    def _shares(self, longest: Times) -> list[list[float] | None]:
        bands = np.searchsorted(np.array(LIMITS_MIN) * MS_PER_MIN, longest, side="left")
        out: list[list[float] | None] = []
        for area in self._frame.areas:
            inside = self._inside.get(area, np.empty(0, dtype=np.int64))
            counts = np.bincount(bands[inside], minlength=len(LIMITS_MIN) + 1)
            out.append(np.round(counts / inside.size, _DECIMALS).tolist() if inside.size else None)
        return out

    def done(self) -> Unserved:
        """Return what was gathered."""
        return Unserved(self._lands, self._sets)


def beyond(shares: list[float] | None) -> float | None:
    """Return the share of the land beyond the limit, from its shares by band."""
    return None if shares is None else round(sum(shares[LIMITS_MIN.index(LIMIT_MIN) + 1 :]), _DECIMALS)


# --- as the page reads it ----------------------------------------------------------------------------------------


def _choice_title(choice: str) -> str:
    kind, _, code = choice.partition(":")
    if kind == "need":
        return NEED_GROUP_NAMES[code]
    return phase_words(code) if kind == "phase" else "All"


def _whom(choice: str) -> tuple[str, str]:
    """Return for whom some land has no setting, and for whom all of it has one."""
    kind, _, code = choice.partition(":")
    if kind == "need":
        name = NEED_GROUP_NAMES[code]
        needs = f"{name[:1].lower()}{name[1:]} needs"
        return f"for some age of pupils with {needs}", f"for every age of pupils with {needs}"
    if kind == "phase":
        pupils = f"{phase_words(code).split(' (')[0].lower()} pupils"
        return f"for {pupils} of some broad area of need", f"for {pupils} of every broad area of need"
    return "for some age or broad area of need", "for every age and broad area of need"


def _land_words(share: float) -> str:
    return "less than 1%" if 0 < share < 0.005 else style.share_text(share)


def _finding(frame: Frame, shares: list[list[float] | None], choice: str, when: str, tail: str) -> str:
    far = {area: beyond(one) for area, one in zip(frame.areas, shares, strict=True)}
    county = next(iter(frame.of_level("county")), "")
    whole, named = far.get(county), frame.names.get(county, "the area")
    some, every = _whom(choice)
    near = f"special school or specialist base within {LIMIT_MIN} minutes by car"
    if whole is None:
        return f"{when} the area is too small to tell which land has a {near}{tail}"
    if whole == 0:
        return f"{when} all of the land of {named} has a {near} {every}{tail}"
    smaller = {area: value for area in frame.of_level("cluster") or frame.of_level("district") if (value := far[area])}
    most = max(sorted(smaller), key=lambda area: smaller[area], default="")
    where = f", most of all in {frame.names[most]} ({_land_words(smaller[most])})" if most else ""
    return f"{when} {_land_words(whole)} of the land of {named} has no {near} {some}{where}{tail}"


def unserved_measures(unserved: Unserved | None) -> list[dict[str, str]]:
    """Return the measure of unserved areas, as the page's control lists it; none where no time can be told."""
    if unserved is None:
        return []
    gloss = (
        f"Land from which pupils of some age and broad area of need (of those chosen) have no open special school or "
        f"specialist base that admits them within {LIMIT_MIN} minutes by car, direct, one way. Whether there is room "
        "is another question. Land, not people: empty country counts as much as a town."
    )
    return [
        {
            "id": MEASURE,
            "kind": "unserved",
            "title": f"No setting within {LIMIT_MIN} minutes",
            "unit": "% of the land",
            "caption": f"Land with no suitable open setting within {LIMIT_MIN} minutes by car",
            "gloss": gloss,
        }
    ]


def unserved_data(
    unserved: Unserved | None, frame: Frame, titles: dict[str, str], *, illustrative: bool
) -> dict[str, Any] | None:
    """Return the shares, legends and sentences as the page reads them, or None where there are none."""
    if unserved is None:
        return None
    tail = end_of(illustrative=illustrative)
    findings = {
        scenario: {
            choice: [
                _finding(
                    frame,
                    unserved.lands[place][1],
                    choice,
                    when_of(year, clause_of(scenario, titles[scenario]), nearest=False),
                    tail,
                )
                for year, place in zip(frame.years, places, strict=True)
            ]
            for choice, places in choices.items()
        }
        for scenario, choices in unserved.sets.items()
    }
    levels = [frame.levels[area] for area in frame.areas]
    scales = {
        level: maps_figures.scale(
            (
                value
                for _, shares in unserved.lands
                for one, of in zip(shares, levels, strict=True)
                if of == level and (value := beyond(one)) is not None
            ),
            share=True,
            balance=False,
        )
        for level in ("district", "cluster")
    }
    return {
        "limit": LIMIT_MIN,
        "far": LIMITS_MIN.index(LIMIT_MIN) + 1,
        "choices": [{"id": choice, "title": _choice_title(choice)} for choice in CHOICES],
        "sets": unserved.sets,
        "lands": [{"settings": list(ids), "shares": shares} for ids, shares in unserved.lands],
        "scales": scales,
        "findings": findings,
    }
