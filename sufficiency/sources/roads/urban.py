"""Built-up or not: by what a sign or the type of limit says, otherwise by how densely streets lie around.

The law of Great Britain ties the 30 mph limit to built-up areas (street lighting), and 50 mph or more to open country;
40 mph stands on both. Roads without a sign follow the streets around them: length of residential and living streets
within a square of 3 x 3 cells. The threshold is the one that best tells signed 20 and 30 mph roads from signed 50 mph
and faster ones on real extracts (tests/real/test_osm_files.py states how well).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sufficiency.sources.roads.maxspeed import KPH_PER_MPH, TYPE_KEYS
from sufficiency.sources.roads.pieces import BUILT_UP, NOT_SAID, OPEN_COUNTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sufficiency.sources.roads.pieces import Ints, Pieces, Vertices

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# 30 mph and 50 km an hour stand in built-up areas, 50 mph and more outside them.
BUILT_UP_MOST_KPH: Final = 50.0
OPEN_LEAST_KPH: Final = 50 * KPH_PER_MPH - 0.5
# A limit this low stands on drives and in car parks, in the country as in towns.
BUILT_UP_LEAST_KPH: Final = 29.0
BUILT_UP_KINDS: Final = ("urban", "restricted", "living_street", "zone", "built_up")
OPEN_KINDS: Final = ("rural", "single", "dual", "motorway", "trunk", "national")
ALWAYS_OPEN: Final = frozenset({"motorway", "motorway_link", "ferry"})
# Limits on these say nothing of what is around.
UNSIGNED: Final = frozenset({"service"})
STREETS: Final = ("residential", "living_street")

CELL_M: Final = 125.0
STREET_KM_PER_KM2: Final = 0.5
# Long pieces are sampled this often, so that they count in every cell that they cross.
SAMPLE_M: Final = 50.0
BUILT_UP_SHARE: Final = 0.5


def said_built_up(tags: Mapping[str, str], kph: float, road_class: str) -> int:
    """Return 1 where a way's tags say that it is in a built-up area, 0 where in open country, -1 where neither.

    Parameters
    ----------
    tags
        The way's tags.
    kph
        Its signed limit, NaN = none.
    road_class
        Its class.
    """
    if road_class in ALWAYS_OPEN or road_class == "living_street":
        return BUILT_UP if road_class == "living_street" else OPEN_COUNTRY
    if road_class in UNSIGNED:
        return NOT_SAID
    kinds = [tags[key].lower() for key in TYPE_KEYS if ":" in tags.get(key, "")]
    if any(word in kind for kind in kinds for word in BUILT_UP_KINDS):
        said = BUILT_UP
    elif any(word in kind for kind in kinds for word in OPEN_KINDS):
        said = OPEN_COUNTRY
    elif BUILT_UP_LEAST_KPH <= kph <= BUILT_UP_MOST_KPH:
        said = BUILT_UP
    else:
        said = OPEN_COUNTRY if kph >= OPEN_LEAST_KPH else NOT_SAID
    return said


def built_up(pieces: Pieces, vertices: Vertices, said: Ints, street: Bools, group: Ints) -> Bools:
    """Return, per piece, whether it is in a built-up area.

    Parameters
    ----------
    pieces
        The pieces.
    vertices
        Their vertices, in metres.
    said
        int64[n_pieces]: what tags say (1, 0, -1); -1 follows the streets around.
    street
        bool[n_pieces]: residential and living streets.
    group
        int64[n_pieces]: pieces of one group are decided together, by the longer part.
    """
    piece, cell_x, cell_y, share_m = _samples(pieces, vertices.x, vertices.y)
    dense = _dense(cell_x, cell_y, np.where(street[piece], share_m, 0.0))
    n_groups = int(group.max(initial=-1)) + 1
    total_m = np.bincount(group[piece], share_m, n_groups)
    dense_m = np.bincount(group[piece], np.where(dense, share_m, 0.0), n_groups)
    around = dense_m >= BUILT_UP_SHARE * total_m
    return np.asarray(np.where(said == NOT_SAID, around[group], said == BUILT_UP), dtype=bool)


def _samples(pieces: Pieces, x: Floats, y: Floats) -> tuple[Ints, Ints, Ints, Floats]:
    """Return samples along the pieces: piece, cell and the metres that each stands for."""
    count = np.maximum(np.ceil(pieces.length_m / SAMPLE_M), 1).astype(np.int64)
    piece = np.repeat(np.arange(count.size), count)
    step = np.arange(piece.size) - np.repeat(np.cumsum(count) - count, count)
    share = (step + 0.5) / count[piece]
    tail, head = pieces.tail[piece], pieces.head[piece]
    cell_x = np.floor((x[tail] + share * (x[head] - x[tail])) / CELL_M).astype(np.int64)
    cell_y = np.floor((y[tail] + share * (y[head] - y[tail])) / CELL_M).astype(np.int64)
    return piece, cell_x, cell_y, pieces.length_m[piece] / count[piece]


def _dense(cell_x: Ints, cell_y: Ints, street_m: Floats) -> Bools:
    """Return, per sample, whether the streets around its cell lie densely."""
    # cells are numbered so that those beside one are 1 and `row` away; a margin keeps rows apart
    low_x, low_y = int(cell_x.min(initial=0)), int(cell_y.min(initial=0))
    row = int(cell_y.max(initial=0)) - low_y + 3
    number = (cell_x - low_x + 1) * row + (cell_y - low_y + 1)
    cells, of_sample = np.unique(number, return_inverse=True)
    streets = np.bincount(of_sample, street_m, cells.size)
    around = np.zeros(cells.size)
    for step_x in (-1, 0, 1):
        for step_y in (-1, 0, 1):
            beside = np.searchsorted(cells, cells + step_x * row + step_y)
            beside = np.minimum(beside, max(cells.size - 1, 0))
            around += np.where(cells[beside] == cells + step_x * row + step_y, streets[beside], 0.0)
    area_km2 = 9 * (CELL_M / 1_000) ** 2
    return np.asarray((around / 1_000 / area_km2 >= STREET_KM_PER_KM2)[of_sample], dtype=bool)
