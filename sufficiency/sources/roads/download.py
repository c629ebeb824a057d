"""Roads of OpenStreetMap, fetched for an area once and kept: the only place of the package that asks the network.

osmnx asks an Overpass server; every answer is looked at before osmnx may use it, because osmnx takes a partial answer
for a whole one and waits without end for a busy server. The roads are written whole or not at all, beside a record of
what they are, whose digest is compared whenever they are read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import numpy as np
import shapely

from sufficiency.model.errors import GeographyError, NetworkError, ParameterError
from sufficiency.model.geography import BNG, to_wgs84
from sufficiency.sources.roads.answers import Answers, BusyError
from sufficiency.sources.roads.graph_parts import NODE_TAGS, WAY_TAGS
from sufficiency.sources.roads.record import OSM_ATTRIBUTION, check_record, digest_of, record_path
from sufficiency.sources.roads.rules import DRIVEN, OPENED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import networkx as nx
    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

__all__ = ["FETCHED", "SERVER", "Fetched", "check_request", "fetch_roads"]

FETCHED: Final = "osm.graphml"
SERVER: Final = "https://overpass-api.de/api"
BUFFER_M: Final = 15_000.0
MOST_BUFFER_M: Final = 100_000.0
# The outline is sent with the question; this much coarser, and wider, it stays a short one.
OUTLINE_M: Final = 100.0
TIMEOUT_S: Final = 180
ATTEMPTS: Final = 6
WAIT_S: Final = 30.0
_MOST_WAIT_S: Final = 300.0
# What `car_rule` may open to a car, private roads and ferries among them, which osmnx's own "drive_service" leaves out.
FILTERS: Final = (
    f'["highway"~"^({"|".join(DRIVEN)})$"]["area"!="yes"]',
    f'["highway"~"^({"|".join(OPENED)})$"][~"^motor(car|_vehicle)$"~"^[^n]"]["area"!="yes"]',
    '["route"="ferry"]["motor_vehicle"!="no"]',
)


@dataclass(frozen=True)
class Fetched:
    """A file of roads in the area's folder, its record, and whether it was fetched just now."""

    path: Path
    record: Mapping[str, Any]
    downloaded: bool


def fetch_roads(
    outline: BaseGeometry,
    directory: Path,
    *,
    crs: str = BNG,
    buffer_m: float = BUFFER_M,
    date: str = "",
    server: str = SERVER,
    again: bool = False,
    say: Callable[[str], None] | None = None,
    wait_s: float = WAIT_S,
) -> Fetched:
    """Fetch the roads of an area and of a border around it from an Overpass server, unless they are there.

    Parameters
    ----------
    outline
        Polygon of the area, metres of `crs`.
    directory
        The area's folder of roads; made where it does not exist.
    crs
        The metric system of the area.
    buffer_m
        Width of the border in metres: without it, ways around and schools beyond the boundary would be missing.
    date
        Day of the fetching, for the record; blank = the date that the server states for its data.
    server
        Address of the server, without ``/interpreter``.
    again
        Whether to fetch roads that are there already.
    say
        Called with a few words when something takes long.
    wait_s
        How long a busy server is left alone before it is asked again, seconds; six times, ever longer.

    Returns
    -------
    Fetched
        ``osm.graphml`` of the folder, with its record ``osm.graphml.json``.

    Raises
    ------
    ConnectionError
        When the server cannot be reached, stays busy, or does not give the whole of the roads; nothing is written.
    NetworkError
        When there is no road in the area; or roads are there that are not what was fetched, or another border's.
    ParameterError
        When the border, the day or the address of the server is none.
    GeographyError
        When the outline is no ground.
    """
    host = check_request(buffer_m, date, server)
    path = directory / FETCHED
    if path.exists() and not again:
        return Fetched(path, _kept(path, buffer_m), downloaded=False)
    ground = _ground(outline, buffer_m, crs)
    answers = Answers()
    graph = _download(ground, server, answers, say or (lambda _: None), wait_s)
    as_of = min(answers.as_of, default="")
    graph.graph |= {"created_date": date or as_of, "all_oneway": True}
    _strip(graph)
    record = {
        "attribution": OSM_ATTRIBUTION,
        "source": f"OpenStreetMap, through {host}",
        "date": date or as_of[:10],
        "data_as_of": as_of,
        "bbox_degrees": [round(edge, 5) for edge in ground.bounds],
        "buffer_m": buffer_m,
        "crs_of_area": crs,
        "osmnx": metadata.version("osmnx"),
        "nodes": len(graph),
        "edges": graph.number_of_edges(),
    }
    return Fetched(path, _write(graph, record, path), downloaded=True)


def check_request(buffer_m: float, date: str, server: str) -> str:
    """Return the name of the server, once border, day and address are what `fetch_roads` takes.

    Raises
    ------
    ParameterError
        When the border, the day or the address of the server is none.
    """
    if not 0 <= buffer_m <= MOST_BUFFER_M:
        message = f"the border must be 0 to {MOST_BUFFER_M / 1000:g} km wide, not {buffer_m / 1000:g}"
        raise ParameterError(message)
    _refuse_odd_day(date)
    return _host(server)


def _refuse_odd_day(date: str) -> None:
    try:
        dt.date.fromisoformat(date or "2000-01-01")
    except ValueError:
        message = f"the day of the fetching must be one such as 2026-11-23, not {date!r}"
        raise ParameterError(message) from None


def _host(server: str) -> str:
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname, parts.port  # a port that is none is told only when it is asked for
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        message = f"the server must be an address such as {SERVER}, not {server!r}"
        raise ParameterError(message)
    return host


def _kept(path: Path, buffer_m: float) -> dict[str, Any]:
    """Return the record of roads that are there, when they are what this call would fetch."""
    record = check_record(path)
    if record is None:
        message = (
            f"{path.name} is there without its record {record_path(path).name}, so it was not fetched: remove or "
            "rename it, or fetch with --again to replace it"
        )
        raise NetworkError(message)
    if record.get("buffer_m") != buffer_m:
        had = record.get("buffer_m")
        had_km = f"{had / 1000:g} km" if isinstance(had, int | float) else "another width"
        message = (
            f"{path.name} was fetched with a border of {had_km}, not {buffer_m / 1000:g} km: "
            "fetch with --again to replace it"
        )
        raise NetworkError(message)
    return record


def _ground(outline: BaseGeometry, buffer_m: float, crs: str) -> Polygon | MultiPolygon:
    """Return the ground to ask for, in degrees: the outline and its border, never smaller, with fewer corners."""
    if outline.is_empty or outline.area <= 0:
        message = "the area has no ground: its boundaries must be readable before roads can be fetched"
        raise GeographyError(message)
    wide: BaseGeometry = shapely.simplify(shapely.buffer(outline, buffer_m + OUTLINE_M), OUTLINE_M)
    # ways lead through a gap in the area too
    wide = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(wide)])
    return cast("Polygon | MultiPolygon", shapely.transform(wide, lambda xy: _lonlat(xy, crs)))


def _lonlat(xy: NDArray[np.float64], crs: str) -> NDArray[np.float64]:
    return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], crs))


def _download(
    ground: Polygon | MultiPolygon, server: str, answers: Answers, say: Callable[[str], None], wait_s: float
) -> nx.MultiDiGraph:
    """Return osmnx's graph; a busy server is waited for, and asked only for what it has not answered yet."""
    with tempfile.TemporaryDirectory() as cache, _settings(server, Path(cache), answers):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _ask(ground)
            except BusyError as error:
                if attempt == ATTEMPTS:
                    raise
                asked_s = error.wait_s if error.wait_s == error.wait_s else wait_s * attempt
                pause_s = min(asked_s, _MOST_WAIT_S) if wait_s > 0 else 0.0
                say(f"The server is busy: waiting {pause_s:.0f} s")
                time.sleep(pause_s)
    message = "the server stayed busy"
    raise ConnectionError(message)


def _ask(ground: Polygon | MultiPolygon) -> nx.MultiDiGraph:
    import osmnx
    import requests

    try:
        return osmnx.graph_from_polygon(ground, simplify=False, retain_all=True, custom_filter=list(FILTERS))
    except requests.exceptions.Timeout:
        message = (
            f"the server did not answer within {TIMEOUT_S} seconds: try again later, or with a smaller --buffer-km"
        )
        raise ConnectionError(message) from None
    except requests.exceptions.ProxyError:
        message = "the proxy of this computer refused the connection: ask for access to the server, or name another"
        raise ConnectionError(message) from None
    except requests.exceptions.SSLError:
        message = (
            "the certificate of the server is not trusted here: a proxy that looks into connections may need its own "
            "certificate named in REQUESTS_CA_BUNDLE"
        )
        raise ConnectionError(message) from None
    except requests.exceptions.ChunkedEncodingError:
        message = "the connection broke off within an answer: try again"
        raise ConnectionError(message) from None
    except requests.exceptions.RequestException:
        message = "the server cannot be reached: is this computer on the network, and the address of the server right?"
        raise ConnectionError(message) from None
    except ValueError as error:
        if "nodes" in str(error) or "elements" in str(error):  # osmnx says so when every answer was empty
            message = "the server knows no road in the area: check the area's positions and reference system"
            raise NetworkError(message) from None
        raise


@contextlib.contextmanager
def _settings(server: str, cache: Path, answers: Answers) -> Iterator[None]:
    """Set osmnx for this download and set it back: its settings, and the look-up of names that it takes over."""
    from osmnx import settings

    ours: dict[str, object] = {
        "overpass_url": server,
        "overpass_rate_limit": False,
        "doh_url_template": None,
        "requests_timeout": TIMEOUT_S,
        "requests_kwargs": {"hooks": {"response": answers.look}, "allow_redirects": False},
        "use_cache": True,
        "cache_folder": cache,
        "http_user_agent": f"sufficiency/{metadata.version('sufficiency')} (SEND place planning)",
        "useful_tags_way": list(WAY_TAGS),
        "useful_tags_node": list(NODE_TAGS),
        # the tag itself, and one arc a road: half the graph, and nothing of the tag lost
        "all_oneway": True,
        "log_console": False,
        "log_file": False,
    }
    before = {name: getattr(settings, name) for name in ours}
    look_up = socket.getaddrinfo
    try:
        for name, value in ours.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = look_up


def _strip(graph: nx.MultiDiGraph) -> None:
    """Take away what osmnx adds to the map and no reader here looks at: a quarter of the file."""
    for _, values in graph.nodes(data=True):
        values.pop("street_count", None)
    for _, _, values in graph.edges(data=True):
        for name in ("length", "reversed"):
            values.pop(name, None)


def _write(graph: nx.MultiDiGraph, record: dict[str, Any], path: Path) -> dict[str, Any]:
    """Write the graph and its record whole, the graph last: until it is there, nothing was fetched."""
    import osmnx

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as stage:
        roads, note = Path(stage) / path.name, Path(stage) / record_path(path).name
        osmnx.save_graphml(graph, roads)
        record |= {"bytes": roads.stat().st_size, "sha256": digest_of(roads)}
        note.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        for written in (roads, note):
            with written.open("rb") as file:
                os.fsync(file.fileno())
        note.replace(record_path(path))
        roads.replace(path)
    return record
