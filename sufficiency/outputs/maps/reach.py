"""Reach: the land within 15, 30 and 45 minutes by road of the nearest open special school or specialist base.

Geography alone: the shares are of land. No pupil and no resident is counted, so nothing here can tell of one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from sufficiency.model.vocabulary import PHASE_NCY
from sufficiency.outputs import style
from sufficiency.outputs.maps.groups import phase_words
from sufficiency.outputs.maps.places import degrees
from sufficiency.outputs.maps.unserved import Reckoner, SettingTimes, Unserved, admitting, points_inside
from sufficiency.outputs.maps.words import clause_of, end_of, when_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from sufficiency.model.results import Inputs
    from sufficiency.outputs.maps.figures import Frame
    from sufficiency.travel import RoadNetwork
    from sufficiency.travel.isochrones import Ground

    Shapes = NDArray[np.object_]

LIMITS_MIN: Final = (15, 30, 45)
LABELS: Final = ("up to 15 minutes", "15 to 30 minutes", "30 to 45 minutes", "beyond 45 minutes, or no way by road")
# The phases of the headline: Reception to Year 14.
PHASES: Final = ("primary", "secondary", "post_16")
KINDS: Final = {"special_school": "special school", "specialist_base": "specialist base"}
SCALE: Final = 10_000
DECIMALS: Final = 4
_PROFILES: Final = {
    "off_peak": "outside the rush hours",
    "school_morning": "in the school morning",
    "school_afternoon": "in the school afternoon",
}
LEAST_SPACING_M: Final = 400.0
MOST_POINTS: Final = 20_000
SIMPLIFY_M: Final = 120.0
# Lines are noded on whole metres; what is smaller than a hectare is a sliver between two lines, not ground.
_GRID_M: Final = 1.0
_SLIVER_M2: Final = 10_000.0
_SHARE_DECIMALS: Final = 4
_NO_SET: Final = -1


@dataclass(frozen=True)
class Land:
    """The bands of one set of settings: their shapes, and the share of each area's land in each band."""

    setting_ids: tuple[str, ...]
    shapes: Shapes
    shares: list[list[float]]


@dataclass(frozen=True, eq=False)
class Reach:
    """The bands by set of open settings, and which set is open: by kind, scenario, phase, one number a year."""

    lands: list[Land]
    sets: dict[str, dict[str, dict[str, list[int]]]]
    phases: tuple[str, ...]
    apart: tuple[str, ...] = field(default=())
    unserved: Unserved | None = None


def open_settings(applied: Inputs) -> dict[tuple[str, str, int], tuple[str, ...]]:
    """Return the settings with local places by type, phase and year: open in that year to some age of the phase."""
    provision, places = applied.provision, applied.places
    local = provision[(provision["tier"] == "local") & provision["provision_type"].isin(KINDS)]
    opened = places.loc[places["planned_places"].fillna(0) > 0, ["provision_id", "year"]]
    columns = ["provision_id", "setting_id", "provision_type", "ncy_from", "ncy_to"]
    rows = opened.merge(local[columns], on="provision_id")
    found: dict[tuple[str, str, int], set[str]] = {}
    for setting, kind, first, last, year in zip(
        rows["setting_id"], rows["provision_type"], rows["ncy_from"], rows["ncy_to"], rows["year"], strict=True
    ):
        for phase in PHASES:
            if first <= PHASE_NCY[phase][1] and last >= PHASE_NCY[phase][0]:
                found.setdefault((str(kind), phase, int(year)), set()).add(str(setting))
    return {key: tuple(sorted(ids)) for key, ids in found.items()}


def reach_of(inputs: Inputs, frame: Frame, shapes: dict[str, BaseGeometry]) -> Reach | None:
    """Return the bands of every scenario, year, kind and phase; each set of open settings is reckoned once.

    Parameters
    ----------
    inputs
        The baseline; each scenario is laid over it.
    frame
        Scenarios, years and areas.
    shapes
        The outline of every area, as the map draws it.

    Returns
    -------
    Reach or None
        None where the roads have no speeds or no scenario of the frame is known: then no time can be told.
    """
    known = [name for name in frame.scenarios if name in inputs.scenarios]
    if inputs.speeds.empty or not known or len(known) != len(frame.scenarios):
        return None
    # shapely works outside Python's lock: the land of one set is cut while the minutes of the next are reckoned
    with ThreadPoolExecutor(max_workers=1) as pool:
        return _reach(inputs, frame, shapes, pool)


def _reach(inputs: Inputs, frame: Frame, shapes: dict[str, BaseGeometry], pool: ThreadPoolExecutor) -> Reach:
    from sufficiency import planning  # noqa: PLC0415 - the engine of times is loaded where a map with reach is drawn
    from sufficiency.assess import network_of  # noqa: PLC0415 - as above

    outline = shapely.union_all([shapes[name] for name in frame.of_level("district")])
    base = _Roads.of(network_of(inputs), outline)
    found: dict[tuple[int, tuple[str, ...]], int] = {}
    lands: list[Future[Land]] = []
    sets: dict[str, dict[str, dict[str, list[int]]]] = {kind: {} for kind in KINDS}
    apart: set[str] = set()
    # a grid over one outline has the same points whatever the roads
    unserved = Reckoner(frame, points_inside(*base.positions_xy(), frame, shapes))
    for number, name in enumerate(frame.scenarios):
        applied = planning.apply_scenario(inputs, name)
        roads = base if planning.same_roads(inputs, applied) else _Roads.of(network_of(applied), outline)
        opened = open_settings(applied)
        points = dict(zip(applied.settings["setting_id"].astype(str), applied.settings.geometry, strict=True))
        admitted = admitting(applied, frame.years)
        times = roads.times({one: points[one] for some in admitted.values() for one in some})
        unserved.add(name, 0 if roads is base else number + 1, admitted, times)
        for kind in KINDS:
            sets[kind][name] = {phase: [] for phase in PHASES}
            for phase in PHASES:
                for year in frame.years:
                    ids = opened.get((kind, phase, year), ())
                    near = roads.joined({one: points[one] for one in ids})
                    apart |= set(ids) - set(near)
                    key = (0 if roads is base else number + 1, tuple(near))
                    if near and key not in found:
                        found[key] = len(lands)
                        lands.append(pool.submit(_land, tuple(near), roads.bands(near), frame, shapes, outline))
                    sets[kind][name][phase].append(found.get(key, _NO_SET))
    phases = tuple(
        phase
        for phase in PHASES
        if any(place != _NO_SET for kind in KINDS for name in frame.scenarios for place in sets[kind][name][phase])
    )
    names = dict(zip(inputs.settings["setting_id"].astype(str), inputs.settings["setting_name"], strict=True))
    told = tuple(str(names.get(one, one)) for one in sorted(apart))
    return Reach([one.result() for one in lands], sets, phases, told, unserved.done())


@dataclass(frozen=True, eq=False)
class _Roads:
    """Roads ready for isochrones over one outline."""

    network: RoadNetwork
    ground: Ground
    positions: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, network: RoadNetwork, outline: BaseGeometry) -> _Roads:
        from sufficiency.travel import isochrone_ground  # noqa: PLC0415 - as in `reach_of`

        spacing = max(LEAST_SPACING_M, float(np.ceil(np.sqrt(shapely.area(outline) / MOST_POINTS) / 50) * 50))
        return cls(network, isochrone_ground(network, outline, spacing_m=spacing))

    def joined(self, points: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that some road may be joined from."""
        from sufficiency.travel.network import NO_EDGE  # noqa: PLC0415 - as in `reach_of`

        new = [one for one in points if one not in self.positions]
        if new:
            xy = np.array([[points[one].x, points[one].y] for one in new])
            edges = self.network.spots(xy[:, 0], xy[:, 1]).snaps.edge
            self.positions.update(zip(new, (edges != NO_EDGE).tolist(), strict=True))
        return {one: point for one, point in points.items() if self.positions[one]}

    def positions_xy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return eastings and northings of the points of the ground, in the order of `times`."""
        row, column = np.nonzero(self.ground.grid.wanted)
        return self.ground.grid.x[column], self.ground.grid.y[row]

    def times(self, points: dict[str, Any]) -> SettingTimes:
        """Return the times from the points of the ground to the settings that some road may be joined from."""
        near = self.joined(dict(sorted(points.items())))
        if not near:
            return SettingTimes((), np.empty((int(self.ground.grid.wanted.sum()), 0), dtype=np.int64))
        xy = np.array([[point.x, point.y] for point in near.values()])
        spots = self.network.spots(xy[:, 0], xy[:, 1])
        return SettingTimes(tuple(near), self.ground.toward.milliseconds(spots).astype(np.int64))

    def bands(self, points: dict[str, Any]) -> Shapes:
        from sufficiency.travel import isochrone_bands  # noqa: PLC0415 - as in `reach_of`

        xy = np.array([[point.x, point.y] for point in points.values()])
        found = isochrone_bands(self.ground, xy[:, 0], xy[:, 1], limits_min=LIMITS_MIN)
        return np.asarray(found.geometry.to_numpy(), dtype=object)


def _land(
    ids: tuple[str, ...], bands: Shapes, frame: Frame, shapes: dict[str, BaseGeometry], outline: BaseGeometry
) -> Land:
    parts = tiled(bands, outline)
    simple = shapely.coverage_simplify(parts, SIMPLIFY_M, simplify_boundary=False)
    areas = np.array([shapes[name] for name in frame.areas], dtype=object)
    within = shapely.area(shapely.intersection(simple[:, None], areas[None, :])).T
    shares = within / within.sum(axis=1, keepdims=True)
    return Land(ids, simple, np.round(shares, _SHARE_DECIMALS).tolist())


def tiled(bands: Shapes, outline: BaseGeometry) -> Shapes:
    """Return the bands, and the rest of the outline last, as a coverage: neighbours meet in the very same points."""
    lines = shapely.union_all([shapely.boundary(one) for one in (*bands, outline)], grid_size=_GRID_M)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    spots = shapely.point_on_surface(faces)
    inside = shapely.contains(outline, spots)
    faces, spots = faces[inside], spots[inside]
    band = np.full(len(faces), len(bands))
    for number, shape in enumerate(bands):
        shapely.prepare(shape)
        band[(band == len(bands)) & shapely.contains(shape, spots)] = number
    for place in np.flatnonzero(shapely.area(faces) < _SLIVER_M2):
        shared = shapely.length(shapely.intersection(faces[place].boundary, shapely.boundary(faces)))
        shared[shapely.area(faces) < _SLIVER_M2] = 0
        if shared.max() > 0:
            band[place] = band[int(shared.argmax())]
    found = [shapely.coverage_union_all(faces[band == place]) for place in range(len(bands) + 1)]
    return np.array([shapely.MultiPolygon() if one.is_empty else one for one in found], dtype=object)


# --- as the page reads it ----------------------------------------------------------------------------------------


def packed(shape: BaseGeometry, crs: str) -> list[list[list[int]]]:
    """Return polygons as rings of whole ten-thousandths of a degree: a first point, then the step to each next one.

    A ring is ``[longitude, latitude, step east, step north, ...]`` and is closed by its first point.
    """
    out = []
    for polygon in shapely.get_parts(degrees(shape, crs, DECIMALS)):
        rings = []
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.round(shapely.get_coordinates(ring)[:-1] * SCALE).astype(np.int64)
            steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
            moved = np.r_[True, (steps[1:] != 0).any(axis=1)]
            if moved.sum() > 2:
                rings.append(steps[moved].ravel().tolist())
            elif ring is polygon.exterior:
                break
        if rings:
            out.append(rings)
    return out


def _finding(reach: Reach, frame: Frame, kind: str, state: tuple[str, str, int], clause: str, *, tail: str) -> str:
    scenario, phase, year = state
    when = when_of(frame.years[year], clause, nearest=False)
    pupils = f"{phase_words(phase).split(' (')[0].lower()} pupils"
    place = reach.sets[kind][scenario][phase][year]
    if place == _NO_SET:
        return f"{when} no {KINDS[kind]} for {pupils} is open{tail}"
    shares = reach.lands[place].shares[0]
    area = frame.names[frame.areas[0]]
    beyond = shapely.area(reach.lands[place].shapes[-1]) > 0
    if not beyond:
        return (
            f"{when} all of {area} lies within 45 minutes by car of an open {KINDS[kind]} for {pupils}, and "
            f"{_land_words(shares[0])} of its land within 15{tail}"
        )
    return (
        f"{when} {_land_words(shares[-1])} of the land of {area} lies beyond 45 minutes by car of any open "
        f"{KINDS[kind]} for {pupils}{tail}"
    )


def _land_words(share: float) -> str:
    return "less than 1%" if 0 < share < 0.005 else style.share_text(share)


def reach_measures(reach: Reach | None) -> list[dict[str, str]]:
    """Return the measures of reach, as the page's control lists them; none where no time can be told."""
    if reach is None:
        return []
    gloss = (
        "Direct car time, one way, from any point of the land to the nearest setting open in that year, whether or not "
        "it has room or admits a need. Land, not people: empty country counts as much as a town."
    )
    return [
        {
            "id": f"reach_{kind}",
            "kind": "reach",
            "title": f"Minutes to a {name}",
            "unit": "minutes one way, direct by car",
            "caption": f"Minutes to the nearest open {name}",
            "gloss": gloss,
        }
        for kind, name in KINDS.items()
    ]


def reach_data(
    reach: Reach | None, inputs: Inputs, frame: Frame, titles: dict[str, str], *, illustrative: bool
) -> dict[str, Any] | None:
    """Return the bands and sentences of reach as the page reads them, or None where there are none."""
    if reach is None:
        return None
    crs, tail = inputs.parameters.crs, end_of(illustrative=illustrative)
    profile = _PROFILES[str(inputs.parameters.value("travel_profile"))]
    findings: dict[str, Any] = {}
    for kind in KINDS:
        findings[f"reach_{kind}"] = {
            scenario: {
                phase: [
                    _finding(
                        reach,
                        frame,
                        kind,
                        (scenario, phase, year),
                        clause_of(scenario, titles[scenario]),
                        tail=tail,
                    )
                    for year in range(len(frame.years))
                ]
                for phase in reach.phases
            }
            for scenario in frame.scenarios
        }
    return {
        "scale": SCALE,
        "labels": list(LABELS),
        "colours": list(style.REACH_COLOURS),
        "profile": profile,
        "phases": [{"id": f"phase:{phase}", "title": phase_words(phase)} for phase in reach.phases],
        "sets": {
            f"reach_{kind}": {
                name: {f"phase:{phase}": reach.sets[kind][name][phase] for phase in reach.phases}
                for name in frame.scenarios
            }
            for kind in KINDS
        },
        "lands": [
            {
                "settings": land.setting_ids,
                "bands": [packed(shape, crs) for shape in land.shapes],
                "shares": land.shares,
            }
            for land in reach.lands
        ],
        "findings": {
            kind: {name: {f"phase:{phase}": lines for phase, lines in of.items()} for name, of in scenarios.items()}
            for kind, scenarios in findings.items()
        },
        "apart": list(reach.apart),
    }
