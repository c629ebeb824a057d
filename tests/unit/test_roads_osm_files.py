"""Files that are broken, hostile, or no maps: each is refused in one clear sentence, and none is left hanging."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from sufficiency.model.errors import NetworkError
from sufficiency.sources.roads import read_osm
from tests.osm_xml import node, way, write

if TYPE_CHECKING:
    from pathlib import Path

ROAD = (node(1, 0, 0), node(2, 10, 0), way(10, [1, 2], highway="primary"))
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + ']><osm version="0.6"><node id="1" lat="52" lon="-1"><tag k="name" v="&i;"/></node></osm>'
)
OUTSIDE_ENTITY = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    '<osm version="0.6"><node id="1" lat="52" lon="-1"><tag k="name" v="x"/></node>&a;</osm>'
)


def pbf_of(folder: Path) -> bytes:
    """Return a sound .osm.pbf of one road."""
    import osmium

    source = write(folder / "source.osm", *ROAD)
    target = folder / "source.osm.pbf"
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for one in osmium.FileProcessor(str(source)):
            writer.add(one)
    return target.read_bytes()


def test_the_three_kinds_of_file_give_the_same_roads(tmp_path: Path) -> None:
    """The kind is read from the first bytes: a wrong ending does no harm."""
    plain = write(tmp_path / "map.osm", *ROAD)
    (tmp_path / "map.osm.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "map.osm.pbf").write_bytes(pbf_of(tmp_path))
    (tmp_path / "misnamed.osm").write_bytes(pbf_of(tmp_path))
    wanted = read_osm(plain).edges
    assert wanted["edge_id"].tolist() == ["10-0"]
    for name in ("map.osm.gz", "map.osm.pbf", "misnamed.osm"):
        assert read_osm(str(tmp_path / name)).edges.equals(wanted)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.osm.pbf", b"", "empty.osm.pbf is empty"),
        ("words.osm", b"roads of the county", "is no OpenStreetMap file"),
        ("table.csv", b"id,lat,lon\n1,52,-1\n", "is no OpenStreetMap file"),
        ("map.osm.bz2", b"BZh91AY", "unpack it first"),
        ("map.zip", b"PK\x03\x04", "unpack it first"),
        ("page.osm", b"<!DOCTYPE html><html><body>Not found</body></html>", "cannot be read as an OpenStreetMap file"),
        ("cut.osm", b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="52"', "unclosed token"),
        ("laughs.osm", LAUGHS.encode(), "XML entities are not supported"),
        ("outside.osm", OUTSIDE_ENTITY.encode(), "XML entities are not supported"),
        ("place.osm", b'<osm version="0.6"><node id="1" lat="north" lon="1"/></osm>', "wrong format for coordinate"),
        ("letters.osm", b'<osm version="0.6"><way id="1"><tag k="highway" v="\xff"/></way></osm>', "not well-formed"),
        ("number.osm", b'<osm version="0.6"><node id="many" lat="1" lon="1"/></osm>', "cannot be read"),
        ("none.osm", b'<osm version="0.6"></osm>', "has no road to travel on: check that it covers the area"),
    ],
)
def test_files_that_are_no_maps(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NetworkError, match=words) as refusal:
        read_osm(tmp_path / name)
    assert name in str(refusal.value)


@pytest.mark.parametrize(
    "parts",
    [
        (node(1, 0, 0), node(2, 10, 0)),
        (node(1, 0, 0), node(2, 10, 0), way(10, [1, 2], highway="footway")),
        (way(10, [1, 2], highway="primary"),),
        (node(1, 0, 0), way(10, [1], highway="primary"), way(11, [], highway="primary")),
        (node(1, 0, 0), node(2, 10, 0), way(10, [1, 2], highway="primary", maxspeed="0")),
        (node(1, 0, 0), node(2, 0, 0), way(10, [1, 2], highway="primary")),
    ],
)
def test_maps_without_a_road_for_a_car(tmp_path: Path, parts: tuple[str, ...]) -> None:
    """No way, a path only, ways without nodes, a closed road, a road of no length."""
    with pytest.raises(NetworkError, match=r"map\.osm has no road to travel on") as refusal:
        read_osm(write(tmp_path / "map.osm", *parts))
    assert ("; ways closed by a speed limit of zero: 1" in str(refusal.value)) is ('v="0"' in parts[-1])


def test_a_truncated_pbf_is_refused_wherever_it_breaks_off(tmp_path: Path) -> None:
    whole = pbf_of(tmp_path)
    path = tmp_path / "cut.osm.pbf"
    for size in range(1, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(NetworkError, match=r"cut\.osm\.pbf"):
            read_osm(path)


def test_a_damaged_pbf_is_refused_or_read_but_never_crashes(tmp_path: Path) -> None:
    """Every byte is damaged in turn; a process of its own shows that nothing in it falls over."""
    whole = pbf_of(tmp_path)
    (tmp_path / "whole.osm.pbf").write_bytes(whole)
    program = (
        "import sys, pathlib\n"
        "from sufficiency.model.errors import SufficiencyError\n"
        "from sufficiency.sources.roads import read_osm\n"
        "whole = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "path = pathlib.Path(sys.argv[1]).with_name('damaged.osm.pbf')\n"
        "for place in range(len(whole)):\n"
        "    path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1:])\n"
        "    try:\n"
        "        read_osm(path)\n"
        "    except SufficiencyError:\n"
        "        pass\n"
        "print('survived')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "whole.osm.pbf")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stdout.strip()) == (0, "survived"), run.stderr[-2_000:]


def test_a_file_that_swells_without_end_is_refused(tmp_path: Path) -> None:
    """70 MB of spaces in an attribute, in 70 kB."""
    path = tmp_path / "bomb.osm.gz"
    path.write_bytes(gzip.compress(b'<osm version="0.6" generator="' + b" " * 70_000_000 + b'"></osm>'))
    with pytest.raises(NetworkError, match="unpacks to more than 100 times its size"):
        read_osm(path)


@pytest.mark.parametrize("keep", [0.3, 0.99])
def test_a_truncated_gz_is_refused(tmp_path: Path, keep: float) -> None:
    packed = gzip.compress(write(tmp_path / "map.osm", *ROAD).read_bytes())
    (tmp_path / "cut.osm.gz").write_bytes(packed[: int(keep * len(packed))])
    with pytest.raises(NetworkError, match=r"cut\.osm\.gz breaks off or is damaged"):
        read_osm(tmp_path / "cut.osm.gz")


def test_a_gz_that_is_damaged_within_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(write(tmp_path / "map.osm", *ROAD).read_bytes()))
    packed[30] ^= 0xFF
    (tmp_path / "bad.osm.gz").write_bytes(packed)
    with pytest.raises(zlib.error):
        zlib.decompress(bytes(packed), wbits=31)
    with pytest.raises(NetworkError, match=r"bad\.osm\.gz"):
        read_osm(tmp_path / "bad.osm.gz")


@pytest.mark.parametrize(
    "address",
    [
        "https://download.example.org/county-latest.osm.pbf",
        "http://example.org/a.osm",
        "file:///etc/hosts",
        "/vsicurl/https://example.org/a.osm",
        "/vsizip/map.zip",
        "-",
    ],
)
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(NetworkError, match="is an address, and this reads files only"):
        read_osm(address)


def test_folders_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="is a folder"):
        read_osm(tmp_path)
    with pytest.raises(NetworkError, match="is not there: give an OpenStreetMap file"):
        read_osm(tmp_path / "nowhere.osm.pbf")
    with pytest.raises(NetworkError, match=r"cannot be read|is not there"):
        read_osm("a\0b.osm")


def test_reading_is_not_loaded_before_it_is_used() -> None:
    program = (
        "import sys, sufficiency.sources.area, sufficiency.sources.roads\n"
        "print([name for name in ('osmium', 'osmnx', 'networkx', 'numba') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
