"""From the arcs of a graph to ways: the two directions of a road become one, with the course that they share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sufficiency.model import geography
from sufficiency.model.errors import GeographyError, NetworkError
from sufficiency.model.issues import Issue
from sufficiency.sources.roads.arc_rules import MERGED, ArcRule, arc_rule, keeps_tag
from sufficiency.sources.roads.assemble import assemble
from sufficiency.sources.roads.notes import counted
from sufficiency.sources.roads.pieces import MISSING, Ways
from sufficiency.sources.roads.rules import CLOSED, LIMITED, is_firm, stops_car

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sufficiency.model.results import RoadTables
    from sufficiency.sources.roads.graph_parts import GraphParts

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["roads_of"]

DEGREES: Final = frozenset({"EPSG:4326", "OGC:CRS84", "CRS84", "WGS84", "WGS 84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84"})
MOST_ID: Final = 2**62
# A ferry may lead out of where a system is made for; most roads may not.
LEAST_INSIDE_SHARE: Final = 0.9
# Two courses are one where they agree this closely, in degrees or metres.
DECIMALS: Final = {True: 7, False: 2}
# No nesting, which could exhaust a parser, and no words for what is no number.
_LINE: Final = re.compile(r"\s*LINESTRING\s*Z?\s*\([-+.,\s\de]*\)\s*", re.IGNORECASE | re.ASCII)
_PROPERTIES: Final = ("road_class", "road_number", "maxspeed_kph", "built_up", "access_only", "ferry_min")


@dataclass(frozen=True, eq=False)
class _Arcs:
    """The arcs that a car may use, turned to run along their way; the course of an arc is -1 where it is straight."""

    tail: Ints
    head: Ints
    way: Ints
    kind: Ints
    course: Ints
    forward: Bools
    backward: Bools


@dataclass(frozen=True, eq=False)
class _Courses:
    """The corners of courses between their ends, one after another: course i has ``xy[first[i]:first[i + 1]]``."""

    xy: Floats
    first: Ints


def roads_of(parts: GraphParts, name: str, *, crs: str = geography.BNG) -> RoadTables:
    """Return the road tables of a graph; see `from_osmnx`.

    Parameters
    ----------
    parts
        The graph.
    name
        What it is called in messages: the name of its file.
    crs
        The metric system of the area.
    """
    if not parts.directed:
        message = (
            f"{name} is without directions and cannot tell one-way streets: take the graph as osmnx makes it, before "
            "osmnx.convert.to_undirected"
        )
        raise NetworkError(message)
    in_degrees = _in_degrees(parts, name)
    rules = _rules(parts)
    arcs, lines = _usable(parts, rules)
    if not arcs.tail.size:
        message = f"{name} has no road that a car may use: check that it covers the area and holds its roads"
        raise NetworkError(message)
    _refuse_unplaced(parts, arcs, name)
    arcs, courses, unread_lines = _with_courses(arcs, lines, parts, decimals=DECIMALS[in_degrees])
    roads = _one_a_road(arcs)
    x = np.concatenate([np.asarray(parts.x), courses.xy[:, 0]])
    y = np.concatenate([np.asarray(parts.y), courses.xy[:, 1]])
    lon, lat = _lon_lat(x, y, parts, in_degrees=in_degrees)
    node_id, own_names = _node_ids(parts, courses)
    ways = _ways(roads, courses, parts, rules, node_id)
    stops, limits, firm = _barriers(parts, x.size)
    issues = _notes(name, parts, rules, unread_lines)
    found = assemble(node_id, lon, lat, ways, crs=crs, stops=stops, limits=limits, firm=firm, file=name, issues=issues)
    if parts.facts.get("side_streets") == "False":
        found = replace(found, edges=found.edges.assign(side_streets=False))
    return found if own_names else _renamed(found, list(parts.nodes))


def _in_degrees(parts: GraphParts, name: str) -> bool:
    """Return whether positions are degrees; a graph that does not say is believed by its numbers."""
    stated = parts.facts.get("crs", "").strip().upper()
    if stated:
        return stated in DEGREES
    x, y = np.asarray(parts.x), np.asarray(parts.y)
    if x.size and np.nanmax(np.abs(x), initial=0) <= 180 and np.nanmax(np.abs(y), initial=0) <= 90:
        return True
    message = f"{name} does not say which reference system its positions are in: set graph.graph['crs']"
    raise NetworkError(message)


def _rules(parts: GraphParts) -> list[ArcRule]:
    """Return how a car may use each kind of arc."""
    kinds = [dict(kind) for kind in parts.kinds]
    tagged = parts.facts.get("all_oneway") == "True" or any(keeps_tag(kind.get("oneway", "")) for kind in kinds)
    return [arc_rule(kind, tagged=tagged) for kind in kinds]


def _usable(parts: GraphParts, rules: list[ArcRule]) -> tuple[_Arcs, list[str]]:
    """Return the arcs that a car may use, and their courses as text, blank where straight."""
    open_to_cars, against, forward, backward = np.array(
        [(rule.facts.open, rule.against, rule.facts.forward, rule.facts.backward) for rule in rules], dtype=bool
    ).T.reshape(4, -1)
    source, target = np.asarray(parts.source, np.int64), np.asarray(parts.target, np.int64)
    way, kind = np.asarray(parts.way, np.int64), np.asarray(parts.kind, np.int64)
    kept = np.flatnonzero(open_to_cars[kind]) if kind.size else np.empty(0, np.int64)
    source, target, way, kind = source[kept], target[kept], way[kept], kind[kept]
    turned = against[kind]
    tail, head = np.where(turned, target, source), np.where(turned, source, target)
    lines = [parts.lines.get(int(row), "") for row in kept]
    straight = np.full(kept.size, -1, dtype=np.int64)
    return _Arcs(tail, head, way, kind, straight, forward[kind], backward[kind]), lines


def _refuse_unplaced(parts: GraphParts, arcs: _Arcs, name: str) -> None:
    ends = np.unique(np.concatenate([arcs.tail, arcs.head]))
    placed = np.isfinite(np.asarray(parts.x)[ends]) & np.isfinite(np.asarray(parts.y)[ends])
    if not placed.all():
        node = list(parts.nodes)[int(ends[~placed][0])]
        message = (
            f"{name} gives no position for node {node[:40]} ({int((~placed).sum())} such nodes): every node needs x "
            "and y, as osmnx writes them"
        )
        raise NetworkError(message)


def _with_courses(arcs: _Arcs, lines: list[str], parts: GraphParts, *, decimals: int) -> tuple[_Arcs, _Courses, int]:
    """Return the arcs with the number of their course, courses from the lower node to the higher, and how many failed.

    Arcs run as before; a loop's course runs in the direction of its lower corners, so that both its arcs share it.
    """
    x, y = np.asarray(parts.x), np.asarray(parts.y)
    number = np.full(len(lines), -1, dtype=np.int64)
    known: dict[bytes, int] = {}
    corners: list[Floats] = []
    unread = 0
    for arc in (row for row, text in enumerate(lines) if text):
        line = shapely.from_wkt(lines[arc], on_invalid="ignore") if _LINE.fullmatch(lines[arc]) else None
        xy = np.empty((0, 2)) if line is None else shapely.get_coordinates(line)
        if len(xy) < 2 or not np.isfinite(xy).all():
            unread += 1
            continue
        low, high = sorted((int(arcs.tail[arc]), int(arcs.head[arc])))
        if low == high:
            xy = min(xy, xy[::-1], key=lambda one: np.round(one, decimals).tolist())
        elif np.hypot(*(xy[0] - (x[low], y[low]))) > np.hypot(*(xy[-1] - (x[low], y[low]))):
            xy = xy[::-1]
        inner = xy[1:-1]
        if len(inner):
            # adding 0 makes -0.0 and 0.0 the same bytes
            code = (np.round(inner, decimals) + 0.0).tobytes()
            number[arc] = known.setdefault(code, len(known))
            if number[arc] == len(corners):
                corners.append(inner)
    first = np.concatenate([[0], np.cumsum([len(one) for one in corners])]).astype(np.int64)
    xy = np.concatenate(corners) if corners else np.empty((0, 2))
    with_course = _Arcs(arcs.tail, arcs.head, arcs.way, arcs.kind, number, arcs.forward, arcs.backward)
    return with_course, _Courses(xy, first), unread


def _one_a_road(arcs: _Arcs) -> _Arcs:
    """Return one arc for those that are one road, in the direction of the first; the others open their directions."""
    low, high = np.minimum(arcs.tail, arcs.head), np.maximum(arcs.tail, arcs.head)
    order = np.lexsort((arcs.course, arcs.way, high, low))
    keys = np.column_stack([low, high, arcs.way, arcs.course])[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=keys[:1] - 1) != 0, axis=1))
    first = order[starts]
    group = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    same = (arcs.tail[order] == arcs.tail[first][group]) & (arcs.head[order] == arcs.head[first][group])
    forward = np.where(same, arcs.forward[order], arcs.backward[order])
    backward = np.where(same, arcs.backward[order], arcs.forward[order])
    forward, backward = (np.logical_or.reduceat(one, starts) for one in (forward, backward))
    rank = np.argsort(first, kind="stable")
    kept = first[rank]
    return _Arcs(
        arcs.tail[kept],
        arcs.head[kept],
        arcs.way[kept],
        arcs.kind[kept],
        arcs.course[kept],
        forward[rank],
        backward[rank],
    )


def _lon_lat(x: Floats, y: Floats, parts: GraphParts, *, in_degrees: bool) -> tuple[Floats, Floats]:
    if not in_degrees:
        placed = np.isfinite(x) & np.isfinite(y)
        lon, lat = np.full(x.size, np.nan), np.full(y.size, np.nan)
        system = geography.metric_system(parts.facts["crs"])
        if geography.within_system(x[placed], y[placed], system).mean() < LEAST_INSIDE_SHARE:
            message = f"the graph says that its positions are in {system}, and they are not: set graph.graph['crs']"
            raise GeographyError(message)
        lon[placed], lat[placed] = geography.to_wgs84(x[placed], y[placed], system)
        return lon, lat
    if np.nanmax(np.abs(x), initial=0) > 180 or np.nanmax(np.abs(y), initial=0) > 90:
        message = "the graph says that its positions are degrees, and they are not: set graph.graph['crs']"
        raise GeographyError(message)
    return x, y


def _node_ids(parts: GraphParts, courses: _Courses) -> tuple[Ints, bool]:
    """Return numbers of the nodes and of the corners of courses, and whether the nodes' are their own."""
    own = [int(text) for text in parts.nodes if _is_number(text)]
    if len(own) < len(parts.nodes):
        return np.arange(len(parts.nodes) + len(courses.xy)), False
    ids = np.array(own, dtype=np.int64)
    return np.concatenate([ids, max(int(ids.max(initial=0)), 0) + 1 + np.arange(len(courses.xy))]), True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and text == str(int(text[:20])) and int(text) < MOST_ID


def _ways(roads: _Arcs, courses: _Courses, parts: GraphParts, rules: list[ArcRule], node_id: Ints) -> Ways:
    """Return the ways: the roads of one way and one set of properties are one, cut between roads."""
    table = pd.DataFrame([[getattr(rule.facts, name) for name in _PROPERTIES] for rule in rules], columns=_PROPERTIES)
    alike, _ = pd.factorize(pd.MultiIndex.from_frame(table.fillna({"maxspeed_kph": -1.0, "ferry_min": -1.0})))
    keys = np.column_stack([roads.way, alike[roads.kind], roads.forward, roads.backward])
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    number = number.reshape(-1)
    order = _along(number, node_id[roads.tail], node_id[roads.head])
    vertex, begin = _vertices(roads, courses, len(parts.nodes), order, number[order])
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    properties = table.iloc[roads.kind[first]].reset_index(drop=True)
    properties = properties.assign(forward=roads.forward[first], backward=roads.backward[first])
    return Ways(_way_ids(roads.way[first], parts), np.append(begin[starts], vertex.size), vertex, properties)


def _vertices(roads: _Arcs, courses: _Courses, n_nodes: int, order: Ints, way: Ints) -> tuple[Ints, Ints]:
    """Return the vertices of the roads in order, and where each road begins; a gap between two is a missing vertex."""
    tail, head, course = roads.tail[order], roads.head[order], roads.course[order]
    bends = np.where(course >= 0, np.diff(courses.first, append=courses.first[-1:])[course], 0)
    same_way = np.diff(way, prepend=-1) == 0
    joined = same_way & (tail == np.concatenate([[MISSING], head[:-1]]))
    # a road begins with its first node, after a gap where it does not go on from the one before
    lead = np.where(joined, 0, 1 + same_way)
    begin = np.concatenate([[0], np.cumsum(lead + bends + 1)])
    vertex = np.full(int(begin[-1]), MISSING, dtype=np.int64)
    apart = np.flatnonzero(~joined)
    vertex[(begin[:-1] + lead - 1)[apart]] = tail[apart]
    vertex[begin[1:] - 1] = head
    for place in np.flatnonzero(bends):
        inner = np.arange(courses.first[course[place]], courses.first[course[place] + 1]) + n_nodes
        start = begin[place] + lead[place]
        vertex[start : start + bends[place]] = inner if tail[place] <= head[place] else inner[::-1]
    return vertex, begin


def _along(way: Ints, tail: Ints, head: Ints) -> Ints:
    """Return the order of pieces along their ways, whatever order they came in.

    A piece follows the one whose head is its tail, where only these two meet there; what does not follow any, and a
    ring, begins at the node of lowest id.
    """
    n = way.size
    by_tail = np.lexsort((tail, way))
    start_keys = np.column_stack([way, tail])[by_tail]
    alone = np.any(np.diff(start_keys, axis=0, prepend=start_keys[:1] - 1) != 0, axis=1)
    alone &= np.append(alone[1:], True)
    ends = pd.MultiIndex.from_arrays([way, head])
    once = ~ends.duplicated(keep=False)
    row = pd.MultiIndex.from_arrays([way[by_tail][alone], tail[by_tail][alone]]).get_indexer(ends)
    followed = np.flatnonzero(once & (row >= 0))
    before = np.arange(n)
    before[by_tail[alone][row[followed]]] = followed
    ring_start = _ring_starts(before, tail)
    before[ring_start] = ring_start
    # pointer doubling: after k rounds `start` lies 2^k pieces back, or at the first one
    start, steps = before, (before != np.arange(n)).astype(np.int64)
    while not np.array_equal(further := start[start], start):
        steps = steps + steps[start]
        start = further
    return np.asarray(np.lexsort((steps, head[start], tail[start], way)), dtype=np.int64)


def _ring_starts(before: Ints, tail: Ints) -> Ints:
    """Return, of each ring of pieces that follow one another, the one that begins at the lowest node."""
    n = before.size
    joined = csr_array((np.ones(n, np.int8), (np.arange(n), before)), shape=(n, n))
    count, group = connected_components(joined, directed=False)
    is_ring = np.ones(count, dtype=bool)
    is_ring[group[before == np.arange(n)]] = False
    order = np.lexsort((tail, group))
    lowest = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    return np.asarray(lowest[is_ring[group[lowest]]], dtype=np.int64)


def _way_ids(way: Ints, parts: GraphParts) -> Ints:
    """Return a number for each row: the way's own where it has one and no row before it took it."""
    names = list(parts.ways)
    own = np.array([int(name[0]) if len(name) == 1 and _is_number(name[0]) else -1 for name in names], dtype=np.int64)
    ids = own[way]
    again = np.ones(ids.size, dtype=bool)
    again[np.unique(ids, return_index=True)[1]] = False
    new = again | (ids < 0)
    ids[new] = max(int(ids.max(initial=0)), 0) + 1 + np.arange(int(new.sum()))
    return ids


def _barriers(parts: GraphParts, size: int) -> tuple[Bools, Bools, Bools]:
    stops, limits, firm = (np.zeros(size, dtype=bool) for _ in range(3))
    for node, tags in parts.node_tags.items():
        found = stops_car(tags)
        stops[node], limits[node], firm[node] = found == CLOSED, found == LIMITED, is_firm(tags)
    return stops, limits, firm


def _notes(name: str, parts: GraphParts, rules: list[ArcRule], unread_lines: int) -> list[Issue]:
    """Return what was read otherwise than written, ways counted once."""
    kinds: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    for kind, rule in enumerate(rules):
        for check, text in rule.facts.notes:
            kinds.setdefault(check, []).append(kind)
            texts.setdefault(check, text[:60])
    kind_of_arc, way_of_arc = np.asarray(parts.kind, np.int64), np.asarray(parts.way, np.int64)
    counts = {check: np.unique(way_of_arc[np.isin(kind_of_arc, found)]).size for check, found in sorted(kinds.items())}
    merged = counts.pop(MERGED, 0)
    issues = counted(name, counts, {check: f"such as {text}" for check, text in texts.items() if text})
    if merged:
        message = (
            f"{merged:,} roads with different tags were merged when the graph was simplified: the slowest class and "
            "limit count, and what is closed in part is closed"
        )
        issues.append(_note(name, MERGED, merged, message, "give the graph before osmnx.simplify_graph"))
    if unread_lines:
        message = f"{unread_lines:,} courses of roads cannot be read: drawn straight"
        issues.append(_note(name, "course_unread", unread_lines, message, "save the graph again with osmnx"))
    return issues


def _note(file: str, check: str, count: int, message: str, fix: str) -> Issue:
    return Issue(file, None, "road_edges", "", "", str(count), check, "note", message, fix)


def _renamed(roads: RoadTables, names: list[str]) -> RoadTables:
    """Return the roads with nodes under their names of the graph, where these are not numbers."""

    def name(number: str) -> str:
        row, colon, end = number.partition(":")
        return (names[int(row)] if int(row) < len(names) else f"corner {row}") + colon + end

    nodes = roads.nodes.assign(node_id=[name(one) for one in roads.nodes["node_id"]])
    ends = {key: [name(one) for one in roads.edges[key]] for key in ("from_node_id", "to_node_id")}
    return replace(roads, nodes=nodes, edges=roads.edges.assign(**ends))
