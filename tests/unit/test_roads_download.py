"""Fetching roads: whole or not at all, once, and with one sentence for whatever a server may do.

The server is one of this machine (tests/fake_overpass.py).
"""

from __future__ import annotations

import hashlib
import json
import socket
from typing import TYPE_CHECKING

import osmnx
import pytest
import shapely

from sufficiency import cli
from sufficiency.model.errors import GeographyError, NetworkError, ParameterError
from sufficiency.sources.roads import read_graphml, read_roads
from sufficiency.sources.roads.download import FILTERS, fetch_roads
from sufficiency.sources.template import write_template
from tests.fake_overpass import AS_OF, answer, elements, overpass, well

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.files import Issue

CENTRE = (450_000.0, 200_000.0)
OUTLINE = shapely.box(449_000, 199_000, 451_000, 201_000)
ROADS = elements(CENTRE)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the server of this machine itself, whatever proxy the machine is told to use."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def fetch(folder: Path, server: str, **more: object):
    return fetch_roads(OUTLINE, folder, buffer_m=1_000, server=server, wait_s=0, **more)  # type: ignore[arg-type]  # a server in place of the real one, and anything


def test_roads_are_fetched_whole_with_their_record(tmp_path: Path) -> None:
    with overpass(well(ROADS)) as server:
        fetched = fetch(tmp_path / "roads", server.address, date="2026-11-23")
    assert fetched.downloaded
    assert sorted(path.name for path in (tmp_path / "roads").iterdir()) == ["osm.graphml", "osm.graphml.json"]
    record = json.loads((tmp_path / "roads/osm.graphml.json").read_text("utf-8"))
    assert record == fetched.record
    assert record["sha256"] == hashlib.sha256(fetched.path.read_bytes()).hexdigest()
    assert record["bytes"] == fetched.path.stat().st_size
    assert (record["date"], record["data_as_of"], record["buffer_m"]) == ("2026-11-23", AS_OF, 1_000)
    assert (record["nodes"], record["edges"], record["osmnx"]) == (5, 4, osmnx.__version__)
    assert record["source"] == "OpenStreetMap, through 127.0.0.1"
    assert "© OpenStreetMap contributors" in record["attribution"]
    assert "ODbL" in record["attribution"]
    # a square of 4 km and 100 m more each way, near 51.7 north and 1.28 west
    west, south, east, north = record["bbox_degrees"]
    assert west == pytest.approx(-1.3065, abs=0.003)
    assert (east - west) * 69.2 == pytest.approx(4.2, abs=0.1)
    assert (north - south) * 111.2 == pytest.approx(4.2, abs=0.1)


def test_what_was_fetched_reads_as_the_roads_that_they_are(tmp_path: Path) -> None:
    """500 m a piece; the A40 runs against its drawing only; two stretches of one street are one edge each side of 2."""
    with overpass(well(ROADS)) as server:
        path = fetch(tmp_path, server.address).path
    roads = read_graphml(path)
    edges = roads.edges.set_index("edge_id")
    assert sorted(edges.index) == ["10-0", "10-1", "11-0", "12-0"]
    assert edges["road_class"].to_dict() == {
        "10-0": "residential",
        "10-1": "residential",
        "11-0": "primary",
        "12-0": "service",
    }
    assert edges.loc["10-0", "length_m"] == pytest.approx(500, rel=1e-3)
    assert edges.loc["10-0", "maxspeed_kph"] == pytest.approx(30 * 1.609344)
    assert (edges.loc["11-0", "forward"], edges.loc["11-0", "backward"]) == (False, True)
    assert (edges.loc["11-0", "from_node_id"], edges.loc["11-0", "to_node_id"]) == ("3", "4")
    assert edges.loc["11-0", "road_number"] == "A40"
    assert edges["access_only"].to_dict() == {"10-0": False, "10-1": False, "11-0": False, "12-0": True}


def test_the_question_is_the_ground_with_its_border_and_says_who_asks(tmp_path: Path) -> None:
    with overpass(well(ROADS)) as server:
        fetch(tmp_path, server.address)
    assert len(server.questions) == len(FILTERS)
    assert all(one.startswith("[out:json][timeout:180]") for one in server.questions)
    assert {agent.split("/")[0] for agent in server.agents} == {"sufficiency"}


def test_a_second_call_asks_nobody(tmp_path: Path) -> None:
    with overpass(well(ROADS)) as server:
        first = fetch(tmp_path, server.address)
        before = first.path.read_bytes()
        second = fetch(tmp_path, server.address)
        assert len(server.questions) == len(FILTERS)
    third = fetch(tmp_path, server.address)  # nobody is there any more
    assert [one.downloaded for one in (first, second, third)] == [True, False, False]
    assert second.record == third.record == first.record
    assert first.path.read_bytes() == before


def test_the_same_answer_gives_the_same_bytes(tmp_path: Path) -> None:
    with overpass(well(ROADS)) as server:
        one = fetch(tmp_path, server.address)
        other = fetch(tmp_path, server.address, again=True)
    assert other.downloaded
    assert other.record == one.record


@pytest.mark.parametrize("damage", ["byte", "cut", "record", "no_record", "border"])
def test_roads_that_are_not_what_was_fetched_are_refused_with_the_cure(tmp_path: Path, damage: str) -> None:
    with overpass(well(ROADS)) as server:
        path = fetch(tmp_path, server.address).path
        record, raw = tmp_path / "osm.graphml.json", path.read_bytes()
        buffer_m = 2_000 if damage == "border" else 1_000
        if damage == "byte":
            path.write_bytes(raw.replace(b"residential", b"residentiaL", 1))
        elif damage == "cut":
            path.write_bytes(raw[: len(raw) // 2])
        elif damage == "record":
            record.write_text('{"sha256": ', "utf-8")
        elif damage == "no_record":
            record.unlink()
        with pytest.raises(NetworkError, match="--again"):
            fetch_roads(OUTLINE, tmp_path, buffer_m=buffer_m, server=server.address)
        assert len(server.questions) == len(FILTERS)
        mended = fetch_roads(OUTLINE, tmp_path, buffer_m=buffer_m, server=server.address, again=True)
    assert mended.record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("damage", ["byte", "record"])
def test_reading_an_area_refuses_them_too(tmp_path: Path, damage: str) -> None:
    with overpass(well(ROADS)) as server:
        path = fetch(tmp_path, server.address).path
    issues: list[Issue] = []
    assert len(read_roads(tmp_path, issues).edges) == 4
    assert [one for one in issues if one.severity == "error"] == []
    if damage == "byte":
        path.write_bytes(path.read_bytes().replace(b"residential", b"residentiaL", 1))
    else:
        (tmp_path / "osm.graphml.json").write_text("[]", "utf-8")
    issues.clear()
    assert read_roads(tmp_path, issues).edges.empty
    assert [(one.file, one.check, one.severity) for one in issues] == [
        ("roads/osm.graphml", "roads_unreadable", "error")
    ]
    assert "sufficiency fetch --again" in issues[0].message


CUT = answer(ROADS)[:-40]
WITHOUT_A_NODE = [one for one in ROADS if one["id"] != 2]
BAD = {
    "busy": ((429, {}, b""), "127.0.0.1 is busy"),
    "overloaded": ((504, {"Retry-After": "7"}, b"<html>"), "is busy"),
    "unknown": ((404, {}, b"{}"), "status 404"),
    "forbidden": ((403, {}, b""), "status 403"),
    "moved": ((302, {"Location": "http://elsewhere.example/"}, b""), "sends questions on to http://elsewhere.example/"),
    "page": ((200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><p>Please sign in"), "a web page instead of roads"),
    "page_as_json": ((200, {"Content-Type": "application/json"}, b"\n<html>"), "a web page instead of roads"),
    "remark": ((200, {}, answer(ROADS, remark="runtime error: Query timed out")), "only a part of the roads"),
    "truncated": ((200, {}, CUT), "breaks off"),
    "no_length": ((200, {"Content-Length": ""}, CUT), "breaks off"),
    "closed_early": ((200, {"Content-Length": "100000"}, CUT), "broke off within an answer"),
    "nothing": ((200, {}, b""), "breaks off"),
    "list": ((200, {}, b"[1]"), "something other than roads"),
    "no_elements": ((200, {}, b"{}"), "something other than roads"),
    "odd_elements": ((200, {}, answer([{"type": "node", "id": 1}])), "something other than roads"),
    "node_missing": ((200, {}, answer(WITHOUT_A_NODE)), "something other than roads"),
    "deep": ((200, {}, b"[" * 200_000), "breaks off"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_one_sentence_and_leaves_no_file(tmp_path: Path, name: str) -> None:
    reply, words = BAD[name]
    with overpass(lambda *_: reply) as server, pytest.raises(ConnectionError, match=words) as caught:
        fetch(tmp_path / "roads", server.address)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    assert not (tmp_path / "roads").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["remark", "page", "closed_early"])
def test_a_failure_leaves_the_roads_of_before(tmp_path: Path, name: str) -> None:
    with overpass(well(ROADS)) as server:
        fetch(tmp_path, server.address)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with overpass(lambda *_: BAD[name][0]) as server, pytest.raises(ConnectionError):
        fetch(tmp_path, server.address, again=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_busy_server_is_waited_for_and_asked_only_what_is_missing(tmp_path: Path) -> None:
    said: list[str] = []
    good = well(ROADS)
    with overpass(lambda question, number: (429, {}, b"") if number in {2, 3} else good(question, number)) as server:
        assert fetch(tmp_path, server.address, say=said.append).downloaded
    assert len(server.questions) == len(FILTERS) + 2
    assert said == ["The server is busy: waiting 0 s"] * 2


def test_a_busy_server_is_asked_six_times_and_no_more(tmp_path: Path) -> None:
    with overpass(lambda *_: (429, {}, b"")) as server, pytest.raises(ConnectionError, match="busy"):
        fetch(tmp_path, server.address)
    assert len(server.questions) == 6


def test_no_server_at_all(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
        with pytest.raises(ConnectionError, match="cannot be reached"):
            fetch(tmp_path, address)
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(ConnectionError, match="proxy of this computer"):
        fetch(tmp_path, "http://overpass.invalid/api")


def test_no_road_in_the_area(tmp_path: Path) -> None:
    with overpass(well([])) as server, pytest.raises(NetworkError, match="no road in the area"):
        fetch(tmp_path / "roads", server.address)
    with overpass(well(elements((600_000.0, 300_000.0)))) as server, pytest.raises(NetworkError, match="no road in"):
        fetch(tmp_path / "roads", server.address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("had", [True, False])
def test_an_interrupted_write_leaves_no_file_and_the_one_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, had: bool
) -> None:
    with overpass(well(ROADS)) as server:
        if had:
            fetch(tmp_path, server.address)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

        def half(_: object, path: Path) -> None:
            path.write_text("<graphml")
            raise error

        monkeypatch.setattr(osmnx, "save_graphml", half)
        with pytest.raises(type(error)):
            fetch(tmp_path, server.address, again=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_osmnx_is_left_as_it_was(tmp_path: Path) -> None:
    def state() -> dict[str, object]:
        return {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")}

    before, look_up = state(), socket.getaddrinfo
    with overpass(well(ROADS)) as server:
        fetch(tmp_path / "one", server.address)
    with overpass(lambda *_: BAD["page"][0]) as server, pytest.raises(ConnectionError):
        fetch(tmp_path / "two", server.address)
    assert state() == before
    assert socket.getaddrinfo is look_up


def test_an_area_elsewhere_is_asked_for_where_it_is(tmp_path: Path) -> None:
    """Porto's cathedral stands at 41.1428 N, 8.6111 W; in EPSG:3763 at about 39,930 m west and 163,980 m north."""
    outline = shapely.box(-41_000, 163_000, -39_000, 165_000)
    with overpass(well(elements((-40_000.0, 164_000.0), crs="EPSG:3763"))) as server:
        fetched = fetch_roads(outline, tmp_path, crs="EPSG:3763", buffer_m=1_000, server=server.address)
    west, south, east, north = fetched.record["bbox_degrees"]
    assert west < -8.6111 < east
    assert south < 41.1428 < north
    assert read_graphml(fetched.path, crs="EPSG:3763").edges.crs == "EPSG:3763"


def test_a_hole_in_the_area_is_asked_for_too(tmp_path: Path) -> None:
    ring = shapely.box(400_000, 150_000, 460_000, 210_000).difference(shapely.box(410_000, 160_000, 450_000, 200_000))
    with overpass(well(elements((430_000.0, 180_000.0)))) as server:
        assert fetch_roads(ring, tmp_path, buffer_m=0, server=server.address).record["nodes"] == 5


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"buffer_m": -1}, ParameterError, "border must be 0 to 100 km"),
        ({"buffer_m": float("nan")}, ParameterError, "border must be"),
        ({"buffer_m": 200_000}, ParameterError, "border must be"),
        ({"server": "file:///etc/passwd"}, ParameterError, "an address such as https://"),
        ({"server": "overpass.example"}, ParameterError, "an address such as https://"),
        ({"outline": shapely.Polygon()}, GeographyError, "no ground"),
        ({"outline": shapely.Point(450_000, 200_000)}, GeographyError, "no ground"),
    ],
)
def test_a_question_that_cannot_be_asked(tmp_path: Path, more: dict, error: type, words: str) -> None:
    asked = {"outline": OUTLINE, "server": "http://127.0.0.1:9/api", **more}
    with pytest.raises(error, match=words):
        fetch_roads(asked.pop("outline"), tmp_path, **asked)


def test_a_password_in_the_address_is_not_recorded(tmp_path: Path) -> None:
    with overpass(well(ROADS)) as server:
        fetch(tmp_path, server.address.replace("//", "//user:secret@"))
    assert "secret" not in (tmp_path / "osm.graphml.json").read_text("utf-8")
    assert "secret" not in (tmp_path / "osm.graphml").read_text("utf-8")


@pytest.fixture
def area(tmp_path: Path) -> Path:
    write_template(tmp_path / "area")
    return tmp_path / "area"


def test_the_command_says_what_it_fetched_and_what_to_move(area: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sufficiency.sources.area import read_outline

    _, ground = read_outline(area)
    centre = (ground.centroid.x, ground.centroid.y)
    with overpass(well(elements(centre))) as server:
        asked = ["fetch", str(area), "--buffer-km", "2", "--date", "2026-11-23", "--server", server.address]
        assert cli.main(asked) == 0
        shown = capsys.readouterr().out
        assert str(area / "roads" / "osm.graphml") in shown
        assert "4 pieces of road" in shown
        assert "2026-11-23" in shown
        assert "© OpenStreetMap contributors" in shown
        assert "Move nodes.csv, edges.csv out of" in shown
        assert cli.main(asked) == 0
        assert "There already" in capsys.readouterr().out
        assert len(server.questions) == len(FILTERS)
    assert cli.main(["check", str(area)]) == 2
    assert "roads more than once: osm.graphml, nodes.csv, edges.csv" in capsys.readouterr().err


def test_the_command_fails_in_a_sentence(area: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with overpass(lambda *_: BAD["page"][0]) as server:
        assert cli.main(["fetch", str(area), "--server", server.address]) == 4
    shown = capsys.readouterr().err
    assert "127.0.0.1 answered with a web page instead of roads" in shown
    assert "Traceback" not in shown
    assert cli.main(["fetch", str(area), "--date", "yesterday"]) == 2
    assert "The day of the fetching must be one such as 2026-11-23" in capsys.readouterr().err
    assert cli.main(["fetch", str(tmp_path / "none")]) == 2
    assert "area.toml" in capsys.readouterr().err
    (area / "boundaries/arcs.csv").write_text("nonsense\n", "utf-8")
    assert cli.main(["fetch", str(area)]) == 2
    assert "boundaries" in capsys.readouterr().err


def test_reading_and_checking_an_area_asks_nobody(area: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sufficiency

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(sufficiency.load(area).roads.edges)
