"""An Overpass server for tests, on this machine only: it answers well, or badly in the ways that real ones do."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from sufficiency.model.geography import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AS_OF = "2026-10-31T12:00:00Z"
Reply = tuple[int, dict[str, str], bytes]


def elements(centre: tuple[float, float], spacing_m: float = 500.0, crs: str = "EPSG:27700") -> list[dict[str, Any]]:
    """Return a small map around a centre (metres): five nodes in a row, three ways for cars and a gate.

    Nodes 1 to 5 stand from west to east. Way 10, residential at 30 mph, leads over 1, 2 and 3; way 11, the A40, from 3
    to 4 and may only be driven from 4 to 3; way 12, a private drive with a gate for some at node 5, from 2 to 5.
    """
    nodes = []
    for number, (east, north) in enumerate([(-2, 0), (-1, 0), (0, 0), (1, 0), (-1, 1)], start=1):
        lon, lat = to_wgs84([centre[0] + east * spacing_m], [centre[1] + north * spacing_m], crs)
        nodes.append({"type": "node", "id": number, "lat": float(lat[0]), "lon": float(lon[0])})
    ways = [
        (10, [1, 2, 3], {"highway": "residential", "maxspeed": "30 mph", "name": "High Street"}),
        (11, [3, 4], {"highway": "primary", "ref": "A40", "oneway": "-1"}),
        (12, [2, 5], {"highway": "service", "access": "private"}),
    ]
    return [*nodes, *({"type": "way", "id": way, "nodes": refs, "tags": tags} for way, refs, tags in ways)]


def answer(found: list[dict[str, Any]], **more: object) -> bytes:
    """Return an answer with these elements."""
    return json.dumps({"version": 0.6, "osm3s": {"timestamp_osm_base": AS_OF}, "elements": found, **more}).encode()


def well(found: list[dict[str, Any]]) -> Callable[[str, int], Reply]:
    """Return a server that knows these elements as roads, and no ferries or opened paths."""

    def reply(question: str, _: int) -> Reply:
        return 200, {"Content-Type": "application/json"}, answer(found if "residential" in question else [])

    return reply


class Overpass(ThreadingHTTPServer):
    """Answers each question by ``reply(question, number)``; ``questions`` are those asked so far."""

    daemon_threads = True

    def __init__(self, reply: Callable[[str, int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.questions: list[str] = []
        self.agents: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api"


class _Handler(BaseHTTPRequestHandler):
    server: Overpass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.questions.append(parse_qs(body)["data"][0])
        self.server.agents.append(self.headers["User-Agent"])
        status, headers, content = self.server.reply(self.server.questions[-1], len(self.server.questions))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def overpass(reply: Callable[[str, int], Reply]) -> Iterator[Overpass]:
    """Run a server while the block runs."""
    server = Overpass(reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
