"""From ways to road tables: cut at junctions and barriers, merged where nothing changes, measured and checked.

An edge is named after its lowest piece, ``<way>-<place on the way>``, and runs in the direction of that way; a node
after its map node. Further ends at a barrier that stops cars are the node's name with ``:2``, ``:3`` ... Names
therefore depend on the map alone, never on the order of a file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model import geography
from sufficiency.model.errors import GeographyError, NetworkError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.model.results import RoadTables
from sufficiency.sources.roads.chains import Chains, cut_loops, groups, link, merge
from sufficiency.sources.roads.connected import Connection, connection
from sufficiency.sources.roads.edges import edge_ends, edge_table, node_table
from sufficiency.sources.roads.notes import counted
from sufficiency.sources.roads.pieces import Pieces, Vertices, Ways, cut_at_barriers, cut_in_pieces, take
from sufficiency.sources.roads.turns import Restriction, banned_turns
from sufficiency.sources.roads.urban import STREETS, built_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

# Lengths in a system that fits the area are true within 1 in 1,000; in one that does not they are out by far more.
MOST_SCALE_ERROR: Final = 0.01
# Great Britain with its islands and waters, degrees.
BRITAIN_LON: Final = (-9.5, 2.5)
BRITAIN_LAT: Final = (49.0, 61.5)
MOST_FERRY_KPH: Final = 130.0


def assemble(
    node_id: Ints,
    lon: Floats,
    lat: Floats,
    ways: Ways,
    *,
    crs: str = geography.BNG,
    restrictions: Sequence[Restriction] = (),
    stops: Bools | None = None,
    limits: Bools | None = None,
    firm: Bools | None = None,
    file: str = "",
    issues: Sequence[Issue] = (),
) -> RoadTables:
    """Return the road tables of ways.

    Parameters
    ----------
    node_id
        int64[n]: unique ids of the vertices.
    lon, lat
        float64[n]: their positions in degrees.
    ways
        Ways over rows of these arrays, with their properties.
    crs
        The area's metric system.
    restrictions
        Turn restrictions, by node and way id.
    stops, limits
        bool[n]: a barrier at the vertex stops every car, or lets only some pass (None = nowhere).
    firm
        bool[n]: a barrier at the vertex that stops every car also where three or more pieces of road meet (None =
        nowhere). Another barrier there is taken as misplaced, and left.
    file
        Name of the file, for the notes.
    issues
        Notes so far.

    Returns
    -------
    RoadTables
        Nodes and edges in `crs`; ``turns``; ``issues``: the notes so far and those of this step. ``speeds`` is None.

    Raises
    ------
    GeographyError
        When `crs` is no system in metres, or does not fit the positions.
    NetworkError
        When no road is left.
    """
    crs = geography.metric_system(crs)
    pieces, stands_for = cut_in_pieces(ways, node_id, lon, lat)
    pieces, ferries_outside = _in_britain(pieces, ways, lon, lat) if crs == geography.BNG else (pieces, 0)
    if not pieces.tail.size:
        found = "".join(f"; {issue.message}" for issue in issues)
        message = (
            f"{file or 'the map'} has no road to travel on{found}: check that it covers the area and holds its roads"
        )
        raise NetworkError(message)
    vertices = _placed(node_id, lon, lat, pieces, crs)
    cuts = cut_at_barriers(pieces, node_id.size, *(_moved(flags, stands_for) for flags in (stops, limits, firm)))
    vertices = vertices.with_more_ends(cuts.end_of)
    connected = connection(cuts.pieces, vertices.node_id.size)
    pieces = replace(cuts.pieces, access_only=cuts.pieces.access_only | connected.pocket)
    ways, ferries_too_fast = _with_ferry_speeds(ways, pieces)
    via = _vertex_of([restriction.via for restriction in restrictions], node_id, stands_for)
    keep = vertices.end > 0
    keep[[*via.values(), *cuts.end_of]] = True
    chains, urban = _chains(pieces, vertices, ways, keep)
    edges = edge_table(chains, pieces, vertices, ways, urban=urban, crs=crs)
    turns, turns_left_out = banned_turns(restrictions, via, edge_ends(chains, pieces, ways.way_id))
    counts = {
        "ferry_outside": ferries_outside,
        "ferry_speed": ferries_too_fast,
        "barrier_stops": cuts.stopped,
        "barrier_limits": cuts.limited,
        "barrier_at_junction": cuts.at_junction,
        "pocket": int(np.ceil(pieces.length_m[connected.pocket].sum() / 1_000)),
        "island": connected.n_islands,
        **{f"turn_{why}": count for why, count in sorted(turns_left_out.items())},
    }
    notes = counted(file, counts, {"island": _island_words(connected, pieces, chains)})
    return RoadTables(
        node_table(chains, pieces, vertices, crs),
        edges,
        turns=_named(turns, edges["edge_id"].to_numpy(), vertices),
        issues=issues_table([*issues, *notes]),
    )


def _in_britain(pieces: Pieces, ways: Ways, lon: Floats, lat: Floats) -> tuple[Pieces, int]:
    """Return the pieces without ferries that leave Great Britain, and their number; refuse roads outside it."""
    inside = (lon > BRITAIN_LON[0]) & (lon < BRITAIN_LON[1]) & (lat > BRITAIN_LAT[0]) & (lat < BRITAIN_LAT[1])
    leaves = ~(inside[pieces.tail] & inside[pieces.head])
    ferry = (ways.properties["road_class"] == "ferry").to_numpy(bool)
    abroad = leaves & ~ferry[pieces.way]
    if abroad.any():
        vertex = int(pieces.tail[np.flatnonzero(abroad)[0]])
        message = (
            f"{int(abroad.sum()):,} of {abroad.size:,} pieces of road lie outside Great Britain, one at longitude "
            f"{lon[vertex]:.4f}, latitude {lat[vertex]:.4f}: name the metric system of the area, such as "
            "crs='EPSG:32632'"
        )
        raise GeographyError(message)
    left_out = np.zeros(ferry.size, dtype=bool)
    left_out[pieces.way[leaves]] = True
    return take(pieces, ~left_out[pieces.way]), int(left_out.sum())


def _placed(node_id: Ints, lon: Floats, lat: Floats, pieces: Pieces, crs: str) -> Vertices:
    """Return the vertices with their metres in a system that fits them."""
    used = np.unique(np.concatenate([pieces.tail, pieces.head]))
    x, y = np.full(node_id.size, np.nan), np.full(node_id.size, np.nan)
    x[used], y[used] = geography.to_bng(lon[used], lat[used], crs)
    drawn_m = np.hypot(x[pieces.head] - x[pieces.tail], y[pieces.head] - y[pieces.tail]).sum()
    scale = float(drawn_m / pieces.length_m.sum())
    if abs(scale - 1) > MOST_SCALE_ERROR:
        message = (
            f"a road of 1,000 m is {1_000 * scale:,.0f} m long in {crs}: name a metric system that is made for the "
            "area, such as its UTM zone (EPSG:27700 in Great Britain)"
        )
        raise GeographyError(message)
    return Vertices(node_id, np.zeros(node_id.size, dtype=np.int64), lon, lat, x, y)


def _moved(flag: Bools | None, stands_for: Ints) -> Bools:
    """Return the flags of vertices, moved to the vertices that stand for them."""
    moved = np.zeros(stands_for.size, dtype=bool)
    if flag is not None:
        moved[stands_for[flag]] = True
    return moved


def _vertex_of(ids: Sequence[int], node_id: Ints, stands_for: Ints) -> dict[int, int]:
    """Return the vertices of node ids, where they are there."""
    order = np.argsort(node_id, kind="stable")
    wanted = np.unique(np.array(ids, dtype=np.int64))
    place = np.minimum(np.searchsorted(node_id[order], wanted), max(node_id.size - 1, 0))
    found = order[place]
    return {int(one): int(stands_for[row]) for one, row in zip(wanted, found, strict=True) if node_id[row] == one}


def _with_ferry_speeds(ways: Ways, pieces: Pieces) -> tuple[Ways, int]:
    """Return the ways with the speed of each ferry that states its duration, and how many state an impossible one."""
    minutes = ways.properties["ferry_min"].to_numpy(np.float64)
    length_m = np.bincount(pieces.way, pieces.length_m, minlength=minutes.size)
    kph = length_m / 1_000 / (minutes / 60)
    stated = (ways.properties["road_class"] == "ferry").to_numpy(bool) & (kph > 0)
    good = stated & (kph <= MOST_FERRY_KPH)
    signed = ways.properties["maxspeed_kph"].to_numpy(np.float64)
    properties = ways.properties.assign(maxspeed_kph=np.where(good, kph, signed))
    return replace(ways, properties=properties), int((stated & ~good).sum())


def _chains(pieces: Pieces, vertices: Vertices, ways: Ways, keep: Bools) -> tuple[Chains, Bools]:
    """Return the merged chains, and whether each piece is in a built-up area."""
    properties = ways.properties
    limit = properties["maxspeed_kph"].fillna(-1.0).to_numpy(np.float64)
    said = properties["built_up"].to_numpy(np.int64)
    road_class, names = pd.factorize(properties["road_class"], sort=True)
    _, kind = np.unique(np.column_stack([road_class, limit]), axis=0, return_inverse=True)
    kind = 2 * kind.reshape(-1)[pieces.way] + pieces.access_only
    n = pieces.tail.size
    # without a sign a whole link is decided at once: a road does not change at every hamlet
    group = groups(link(pieces, 3 * kind + said[pieces.way], keep), n)
    street = np.isin(names, STREETS)[road_class][pieces.way]
    urban = built_up(pieces, vertices, said[pieces.way], street, group)
    chains = merge(link(pieces, 2 * kind + urban, keep), n, vertices.node_id)
    return cut_loops(chains, pieces), urban


def _named(turns: pd.DataFrame, edge_id: NDArray[np.object_], vertices: Vertices) -> pd.DataFrame:
    """Return the table `road_turns` of turns by row."""
    columns = {
        "from_edge_id": edge_id[turns["from_edge"].to_numpy()],
        "via_node_id": vertices.names(turns["via"].to_numpy()).astype(object),
        "to_edge_id": edge_id[turns["to_edge"].to_numpy()],
    }
    return pd.DataFrame(columns).sort_values(list(columns), ignore_index=True)


def _island_words(connected: Connection, pieces: Pieces, chains: Chains) -> str:
    edges = int(connected.island[chains.half[chains.first[:-1]] >> 1].sum())
    km = pieces.length_m[connected.island].sum() / 1_000
    return f"edges: {edges:,}; km: {km:,.1f} of {pieces.length_m.sum() / 1_000:,.0f}"
