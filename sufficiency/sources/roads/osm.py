"""OpenStreetMap files to road tables: ``.osm.pbf``, ``.osm`` and ``.osm.gz``, whole or clipped, in any order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model import geography
from sufficiency.model.errors import NetworkError
from sufficiency.sources.roads.assemble import assemble
from sufficiency.sources.roads.map_file import checked_file
from sufficiency.sources.roads.notes import counted
from sufficiency.sources.roads.osm_scan import Scan, scan
from sufficiency.sources.roads.pieces import MISSING, Ways
from sufficiency.sources.roads.record import OSM_ATTRIBUTION
from sufficiency.sources.roads.rules import CLOSED, LIMITED
from sufficiency.sources.roads.tables import speeds_of_package
from sufficiency.sources.roads.travellers import CAR, WALKER, Traveller, WayFacts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sufficiency.model.issues import Issue
    from sufficiency.model.results import RoadTables

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["read_osm", "read_osm_walking"]

MOST_TEXTS: Final = 3
_PROPERTIES: Final = WayFacts._fields[1:-1]


def read_osm(path: Path | str, *, crs: str = geography.BNG) -> RoadTables:
    """Read the roads that a car may use from an OpenStreetMap file.

    Parameters
    ----------
    path
        A file ``.osm.pbf``, ``.osm`` or ``.osm.gz``.
    crs
        The area's system in metres; EPSG:27700 in Great Britain. An area elsewhere names its own, such as EPSG:32632.

    Returns
    -------
    RoadTables
        Nodes and edges in `crs`, lengths geodesic; ``speeds``: the default speed table; ``turns``: the turns that may
        not be made; ``issues``: what was left out or taken otherwise than written, counted. Names of edges and
        nodes follow from the map's own ids, whatever the order of the file.

    Raises
    ------
    NetworkError
        When the file is not there, is no OpenStreetMap file, breaks off, swells without end, or has no road for a car.
    GeographyError
        When `crs` is no system in metres or does not fit the roads.
    """
    roads = _read(path, CAR, crs)
    return dataclasses.replace(roads, speeds=speeds_of_package())


def read_osm_walking(path: Path | str, *, crs: str = geography.BNG) -> RoadTables:
    """Read the ways that a child may walk, accompanied, from an OpenStreetMap file.

    Parameters
    ----------
    path, crs
        As for `read_osm`.

    Returns
    -------
    RoadTables
        Every edge may be walked both ways and through. Paths of all kinds have the class ``living_street``; `urban` is
        False throughout; there are no limits, speeds or turns.

    Raises
    ------
    NetworkError, GeographyError
        As `read_osm`.
    """
    return dataclasses.replace(_read(path, WALKER, crs), turns=None)


def _read(path: Path | str, traveller: Traveller, crs: str) -> RoadTables:
    crs = geography.metric_system(crs)
    place, kind = checked_file(path)
    try:
        found = scan(place, kind, traveller)
    except (RuntimeError, ValueError, OSError) as error:
        why = " ".join(str(error).split())[:120]
        message = (
            f"{place.name} cannot be read as an OpenStreetMap file ({why}): fetch it again, or take another extract"
        )
        raise NetworkError(message) from None
    ways, notes = _ways_of(found, place.name)
    stops, limits, firm, at_paths = _barriers_of(found)
    found.counts["barrier_at_path"] = at_paths
    roads = assemble(
        found.node_id,
        found.lon,
        found.lat,
        ways,
        crs=crs,
        restrictions=found.restrictions,
        stops=stops,
        firm=firm,
        limits=limits,
        file=place.name,
        issues=[*notes, *counted(place.name, found.counts)],
    )
    return dataclasses.replace(roads, attribution=OSM_ATTRIBUTION)


def _rows(node_id: Ints, ids: Ints) -> Ints:
    """Return the rows of ids in the sorted node ids, -1 where they are not there."""
    if not node_id.size:
        return np.full(ids.size, MISSING, dtype=np.int64)
    place = np.minimum(np.searchsorted(node_id, ids), node_id.size - 1)
    return np.where(node_id[place] == ids, place, MISSING)


def _ways_of(found: Scan, file: str) -> tuple[Ways, list[Issue]]:
    """Return the ways that are open, the newest version of each, and the notes on them."""
    way_id, version, size, kind = (
        np.array(getattr(found, name), dtype=np.int64) for name in ("way_id", "version", "size", "kind")
    )
    order = np.lexsort((-version, way_id))
    newest = np.zeros(way_id.size, dtype=bool)
    newest[order[np.flatnonzero(np.diff(way_id[order], prepend=np.iinfo(np.int64).min))]] = True
    opened = np.array([facts.open for facts in found.facts], dtype=bool)
    kept = newest & opened[kind] if kind.size else newest
    vertex = _rows(found.node_id, np.array(found.refs, dtype=np.int64)[np.repeat(kept, size)])
    missing = vertex == MISSING
    way_of_ref = np.repeat(np.arange(int(kept.sum())), size[kept])
    clipped = np.unique(way_of_ref[missing])
    properties = pd.DataFrame([facts[1:-1] for facts in found.facts], columns=list(_PROPERTIES))
    properties = properties.iloc[kind[kept]].reset_index(drop=True)
    # the duration of a ferry is that of its whole way
    properties.loc[clipped, "ferry_min"] = np.nan
    ways = Ways(way_id[kept], np.append(0, np.cumsum(size[kept])), vertex, properties)
    counts, details = _noted(found.facts, kind[newest])
    counts["missing_nodes"] = int(missing.sum())
    counts["way_twice"] = int((~newest).sum())
    details["missing_nodes"] = f"{clipped.size:,}"
    return ways, counted(file, counts, details)


def _noted(facts: list[WayFacts], kind: Ints) -> tuple[Counter[str], dict[str, str]]:
    """Return how many ways have each note, and the commonest texts of it."""
    counts: Counter[str] = Counter()
    texts: dict[str, Counter[str]] = {}
    for one, ways in zip(facts, np.bincount(kind, minlength=len(facts)).tolist(), strict=True):
        for check in dict.fromkeys(check for check, _ in one.notes):
            counts[check] += ways
        for check, text in one.notes:
            if text:
                texts.setdefault(check, Counter())[text[:60]] += ways
    details = {
        check: "; ".join(f"{text} × {ways:,}" for text, ways in sorted(found.items(), key=_commonest)[:MOST_TEXTS])
        for check, found in texts.items()
    }
    return counts, details


def _commonest(found: tuple[str, int]) -> tuple[int, str]:
    return -found[1], found[0]


def _barriers_of(found: Scan) -> tuple[Bools, Bools, Bools, int]:
    """Return the nodes whose barrier stops all, lets some pass, or is firm, and how many stand at the start of a path.

    A barrier at which a path starts belongs to the path, though it is drawn on the road, unless it is a firm one.
    """
    at_path = found.path_ends - found.firm_barriers
    kinds = [{node for node, kind in found.barriers.items() if kind == wanted} for wanted in (CLOSED, LIMITED)]
    flags = []
    for ids in (kinds[0] - at_path, kinds[1] - at_path, found.firm_barriers):
        flag = np.zeros(found.node_id.size, dtype=bool)
        rows = _rows(found.node_id, np.array(sorted(ids), dtype=np.int64))
        flag[rows[rows != MISSING]] = True
        flags.append(flag)
    beside = _rows(found.node_id, np.array(sorted((kinds[0] | kinds[1]) & at_path), dtype=np.int64))
    return flags[0], flags[1], flags[2], int((beside != MISSING).sum())
