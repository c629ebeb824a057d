"""The passes over an OpenStreetMap file, in C++ with filters, so that Python sees only what it needs.

First what is rare (barriers, turn restrictions, ways with unusual tags), then the ways, then the nodes on them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sufficiency.sources.roads.rules import is_firm
from sufficiency.sources.roads.turns import RESTRICTION_KEYS, Restriction, read_restriction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.sources.roads.travellers import Traveller, WayFacts

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

WAY_KEYS: Final = ("highway", "route")
DEGREES: Final = 1e-7


@dataclass
class Scan:
    """A map as it is read: ways with their references and kinds, barriers and restrictions, and what is noted.

    Way ``i`` has ``size[i]`` of the references in turn, and the facts ``facts[kind[i]]``. Nodes are those that are
    referred to and there, in order of their ids, with longitude and latitude.
    """

    way_id: array[int] = field(default_factory=lambda: array("q"))
    version: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("q"))
    kind: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    facts: list[WayFacts] = field(default_factory=list)
    whole_ways: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)
    barriers: dict[int, str] = field(default_factory=dict)
    firm_barriers: set[int] = field(default_factory=set)
    path_ends: set[int] = field(default_factory=set)
    restrictions: list[Restriction] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    node_id: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    lon: Floats = field(default_factory=lambda: np.zeros(0))
    lat: Floats = field(default_factory=lambda: np.zeros(0))


def scan(path: Path, kind: str, traveller: Traveller) -> Scan:
    """Return what a file holds for a traveller.

    Parameters
    ----------
    path, kind
        The file, as `map_file.checked_file` gives it.
    traveller
        Who travels.

    Raises
    ------
    RuntimeError, ValueError, OSError
        When the file breaks off or is not what it seems.
    """
    import osmium

    source = osmium.io.File(str(path), kind)
    found = Scan()
    try:
        _read_rare(source, traveller, found)
        _read_ways(source, traveller, found)
        found.node_id, found.lon, found.lat = _read_nodes(source, np.array(found.refs, dtype=np.int64))
    except osmium.InvalidLocationError as error:
        raise ValueError(str(error)) from None
    return found


def _objects(source: Any, entities: Any, *filters: Any) -> Iterable[Any]:  # noqa: ANN401  # osmium has no types here
    """Return the objects of a file that pass the filters, which hold on to them as long as they are read."""
    import osmium

    processor = osmium.FileProcessor(source, entities)
    for one in filters:
        processor = processor.with_filter(one)
    return processor


def _read_rare(source: Any, traveller: Traveller, found: Scan) -> None:  # noqa: ANN401  # as above
    """Gather barriers, turn restrictions, and the tags of ways that have an unusual one."""
    from osmium import filter as osm_filter
    from osmium import osm

    restrictions = (*RESTRICTION_KEYS, *(f"{key}:conditional" for key in RESTRICTION_KEYS))
    wanted = (
        (osm.NODE, ("barrier",)),
        (osm.WAY, WAY_KEYS),
        (osm.WAY, traveller.rare),
        (osm.RELATION, restrictions),
    )
    filters = [osm_filter.KeyFilter(*keys) for _, keys in wanted]
    for one_filter, (entity, _) in zip(filters, wanted, strict=True):
        one_filter.enable_for(entity)
    for one in _objects(source, osm.NODE | osm.WAY | osm.RELATION, *filters):
        if one.is_node():
            tags = dict(one.tags)
            found.barriers[one.id] = traveller.barrier(tags)
            if is_firm(tags):
                found.firm_barriers.add(one.id)
        elif one.is_way():
            found.whole_ways[one.id, one.version] = dict(one.tags)
        elif traveller.turns:
            members = [(member.type, member.ref, member.role) for member in one.members]
            restrictions_of = read_restriction(dict(one.tags), members)
            if isinstance(restrictions_of, str):
                found.counts[f"turn_{restrictions_of}"] += bool(restrictions_of)
            else:
                found.restrictions += restrictions_of


def _read_ways(source: Any, traveller: Traveller, found: Scan) -> None:  # noqa: ANN401  # as above
    """Gather the ways that the traveller may use; ways of the same tags are judged once."""
    from osmium import filter as osm_filter
    from osmium import osm

    keys = (*traveller.common, *traveller.rare)
    kinds: dict[tuple[str | None, ...], int] = {}
    for way in _objects(source, osm.WAY, osm_filter.KeyFilter(*WAY_KEYS)):
        tags = found.whole_ways.get((way.id, way.version))
        if tags is None:
            get = way.tags.get
            values = tuple([get(key) for key in traveller.common])
        else:
            values = tuple([tags.get(key) for key in keys])
        kind = kinds.get(values)
        if kind is None:
            kind = kinds[values] = len(kinds)
            stated = zip(keys, values, strict=False)
            found.facts.append(traveller.way({key: text for key, text in stated if text is not None}))
        found.way_id.append(way.id)
        found.version.append(way.version)
        found.kind.append(kind)
        nodes = way.nodes
        size = len(nodes)
        if found.facts[kind].open:
            found.refs.extend([node.ref for node in nodes])
        else:
            if size and found.barriers:
                found.path_ends.update((nodes[0].ref, nodes[size - 1].ref))
            size = 0
        found.size.append(size)


def _read_nodes(source: Any, refs: Ints) -> tuple[Ints, Floats, Floats]:  # noqa: ANN401  # as above
    """Return the nodes that are referred to and there, in order of their ids, with longitude and latitude."""
    wanted = np.unique(refs)
    # ids below zero (maps that were drawn and never uploaded) are beyond osmium's index
    below = bool(wanted.size) and bool(wanted[0] < 0)
    found = _each_node(source) if below else _indexed_nodes(source, wanted)
    node_id, x, y = array("q"), array("q"), array("q")
    for number, location in found:
        if location.valid():
            node_id.append(number)
            x.append(location.x)
            y.append(location.y)
    ids, first = np.unique(np.array(node_id, dtype=np.int64), return_index=True)
    kept = np.isin(ids, wanted)
    lon, lat = (np.asarray(np.array(axis)[first[kept]] * DEGREES, dtype=np.float64) for axis in (x, y))
    return ids[kept], lon, lat


def _each_node(source: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401  # as above
    from osmium import osm

    for node in _objects(source, osm.NODE):
        yield node.id, node.location


def _indexed_nodes(source: Any, wanted: Ints) -> Iterator[tuple[int, Any]]:  # noqa: ANN401  # as above
    """Yield id and location of the wanted nodes that are there, from an index that osmium fills."""
    import osmium

    index = osmium.index.create_map("flex_mem")
    handler = osmium.NodeLocationsForWays(index)
    handler.ignore_errors()
    # the first way makes the index sort what came in another order
    for entities in (osmium.osm.NODE, osmium.osm.WAY):
        with osmium.io.Reader(source, entities) as reader:
            osmium.apply(reader, handler)
    get = index.get
    for number in wanted.tolist():
        try:
            yield number, get(number)
        except KeyError:
            continue
