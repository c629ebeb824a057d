"""What only one area has: ids of its pupils and homes, and where the homes are. No output may hold any of it.

A home is the point of an origin where the gazetteer names no place of many people: the middle of a town or of a
statistical area gives nobody away, and stands on every map.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.model.geography import to_bng

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sufficiency.model.results import Inputs

__all__ = ["NEAR_M", "Canaries", "canaries_of"]

NEAR_M: Final = 250.0
# a point of a line or border is told from a home by being no nearer to one than this
_ON_LINE_M: Final = 25.0
_PUBLIC_M: Final = 30.0
MANY_PEOPLE: Final = 50
SHORTEST_ID: Final = 5
_GAP: Final = 40
_TOKEN: Final = re.compile(r"[A-Za-z0-9][\w.:/-]*[A-Za-z0-9]", re.ASCII)
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d{1,7}(?:\.\d+)?(?![\w])", re.ASCII)
_IN_LIST: Final = re.compile(r"[\s,;\[\]()]{1,8}")
_DEGREES: Final = ((49.0, 61.5), (-9.0, 2.5))


@dataclass(frozen=True)
class Canaries:
    """Ids and home points of an area; empty where none is given.

    ``homes`` and ``public`` are float64 [n, 2], metres in the area's system; ``public`` are places and settings, whose
    own positions are no secret. ``zones`` are ids of zones, which are finer than any public table.
    """

    ids: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    homes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    public: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    crs: str = "EPSG:27700"
    too_short: int = 0

    def ids_in(self, text: str) -> Iterator[int]:
        """Yield where an id stands in a text as a word of its own."""
        if self.ids:
            for found in _TOKEN.finditer(text):
                if found.group() in self.ids:
                    yield found.start()

    def is_id(self, text: str) -> bool:
        """Return whether a whole cell is an id."""
        return text.strip() in self.ids

    def homes_in(self, text: str) -> Iterator[int]:
        """Yield where a pair of numbers stands that is a position of a home.

        Single pairs within 250 m of a home count. The points of a list, as lines and borders have, count where at least
        half of them are homes: a road runs past homes and shows none.
        """
        if not len(self.homes):
            return
        found = [(one.start(), one.end(), one.group()) for one in _NUMBER.finditer(text)]
        for run in _runs(text, found):
            pairs = run[: len(run) // 2 * 2]
            if len(pairs) >= 6:
                near = self.near([_pair(a, b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)], _ON_LINE_M)
                if near.sum() * 2 >= len(near):
                    yield pairs[0][0]
                continue
            single = list(itertools.pairwise(run))
            near = self.near([_pair(a, b) for a, b in single], NEAR_M)
            yield from (a[0] for (a, _), hit in zip(single, near, strict=True) if hit)

    def near(self, points: Sequence[tuple[float, float]], metres: float) -> NDArray[np.bool_]:
        """Return which points are homes: near one, and no public place.

        Parameters
        ----------
        points
            Latitude and longitude in degrees, or easting and northing in metres, in either order; NaN = none.
        metres
            How near.
        """
        from scipy.spatial import cKDTree  # noqa: PLC0415 - loaded only where it is needed

        hit = np.zeros(len(points), dtype=bool)
        if not len(points) or not len(self.homes):
            return hit
        place = self._metric(np.asarray(points, dtype=np.float64))
        known = np.isfinite(place).all(axis=1)
        if not known.any():
            return hit
        # northings may stand before eastings
        for found in (place[known], place[known][:, ::-1]):
            close = cKDTree(self.homes).query(found, distance_upper_bound=metres)[0] <= metres
            if len(self.public):
                close &= cKDTree(self.public).query(found, distance_upper_bound=_PUBLIC_M)[0] > _PUBLIC_M
            hit[known] |= close
        return hit

    def _metric(self, pairs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions in metres; degrees are told by where they lie in Great Britain, in either order."""
        out = pairs.copy()
        north, east = (((pairs >= low) & (pairs <= high)) for low, high in _DEGREES)
        for latitude, longitude in ((0, 1), (1, 0)):
            rows = north[:, latitude] & east[:, longitude]
            if rows.any():
                x, y = to_bng(pairs[rows, longitude], pairs[rows, latitude], self.crs)
                out[rows, 0], out[rows, 1] = x, y
        return out


def _pair(first: tuple[int, int, str], second: tuple[int, int, str]) -> tuple[float, float]:
    """Return two numbers as a position where they say one to 250 m: three decimals of a degree, or whole metres."""
    numbers = []
    for _, _, word in (first, second):
        whole, _, decimals = word.partition(".")
        degrees = len(whole.lstrip("-")) <= 2
        numbers.append(float(word) if (len(decimals) >= 3 if degrees else len(whole) >= 5) else np.nan)
    return numbers[0], numbers[1]


def _runs(text: str, found: list[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
    """Yield numbers that stand one behind another with only brackets and commas between, or two a few words apart."""
    run: list[tuple[int, int, str]] = []
    for one in found:
        if run and _IN_LIST.fullmatch(text, run[-1][1], one[0]):
            run.append(one)
            continue
        if len(run) == 1 and one[0] - run[-1][1] <= _GAP:
            yield [run[0], one]
        elif len(run) > 1:
            yield run
        run = [one]
    if len(run) > 1:
        yield run


def canaries_of(inputs: Inputs) -> Canaries:
    """Return what no output of an area may hold.

    Parameters
    ----------
    inputs
        The area: `placements`, `origins`, `gazetteer`, `settings` and `zones`.
    """
    places = inputs.gazetteer
    people = places["people"].fillna(0).to_numpy(np.int64) if len(places) else np.zeros(0, dtype=np.int64)
    public = _points(places.geometry) if len(places) else np.zeros((0, 2))
    many = public[people >= MANY_PEOPLE]
    homes = _points(inputs.origins.geometry)
    secret = np.ones(len(homes), dtype=bool)
    if len(many) and len(homes):
        from scipy.spatial import cKDTree  # noqa: PLC0415 - loaded only where it is needed

        secret = cKDTree(many).query(homes)[0] > 1.0
    ids = set(inputs.origins["origin_id"].astype(str)[secret])
    if inputs.placements is not None:
        ids |= set(inputs.placements["pupil_id"].astype(str))
    long = {one for one in ids if len(one) >= SHORTEST_ID}
    return Canaries(
        ids=frozenset(long),
        zones=frozenset(inputs.zones["zone_id"].astype(str)),
        homes=homes[secret],
        public=np.vstack([many, _points(inputs.settings.geometry)]),
        crs=inputs.parameters.crs,
        too_short=len(ids) - len(long),
    )


def _points(geometry: object) -> NDArray[np.float64]:
    middle = geometry.centroid  # type: ignore[attr-defined]  # a GeoSeries
    return np.column_stack([middle.x, middle.y]).astype(np.float64)
