"""Speed limits as people write them; expected figures are worked from 1 mile = 1.609344 km, 1 knot = 1.852 km/h."""

from __future__ import annotations

import math

import pytest

from sufficiency.sources.roads.maxspeed import is_unread, parse_maxspeed, way_limit

MPH_20, MPH_30, MPH_40, MPH_60, MPH_70 = 32.18688, 48.28032, 64.37376, 96.56064, 112.65408

READ = [
    ("30", 30),
    ("30.0", 30),
    (" 30 ", 30),
    ("48.3", 48.3),
    ("30 mph", MPH_30),
    ("30mph", MPH_30),
    ("30 MPH", MPH_30),
    ("30 Mph.", MPH_30),
    ("30 mph?", MPH_30),
    ("30 m.p.h.", MPH_30),
    ("30 mi/h", MPH_30),
    ("30 miles/h", MPH_30),
    ("30 miles per hour", MPH_30),
    ("30\u00a0mph", MPH_30),
    ("30\u2009mph", MPH_30),
    ("３０", 30),
    ("50 km/h", 50),
    ("50km/h", 50),
    ("50 kmh", 50),
    ("50 kph", 50),
    ("20;30", 20),
    ("30|50", 30),
    ("50; 40", 40),
    ("30-50", 30),
    ("30 mph - 50 mph", MPH_30),
    ("20;30 mph", MPH_20),
    ("20 mph;30 mph", MPH_20),
    ("60 mph / 96 km/h", 96),
    ("['30 mph', '40 mph']", MPH_30),
    ('["50", "30"]', 30),
    ("30 mph;none", MPH_30),
    ("0;30", 30),
    ("999;50", 50),
    ("30 mph (variable)", MPH_30),
    ("20 mph @ (Mo-Fr 08:00-09:00)", MPH_20),
    ("walk", 6),
    ("DE:walk", 6),
    ("national", MPH_60),
    ("nsl_dual", MPH_70),
    ("GB:national", MPH_60),
    ("GB:nsl_single", MPH_60),
    ("GB_nsl:single", MPH_60),
    ("UK:nsl_dual", MPH_70),
    ("GB:motorway", MPH_70),
    ("GB:urban", MPH_30),
    ("GB-WLS:urban", MPH_20),
    ("GB-WLS:nsl_single", MPH_60),
    ("30,5", 30.5),
    ("50,30", 30),
    ("30,5 mph", 30.5 * 1.609344),
    ("gb:nsl_restricted", MPH_30),
    ("GB:rural", MPH_60),
    ("GB:zone:20", MPH_20),
    ("GB:zone20", MPH_20),
    ("GB:20", MPH_20),
    ("gb-eng:urban", MPH_30),
    ("DE:zone:30", 30),
    ("DE:zone30", 30),
    ("DE:30", 30),
    ("RO:urban", 50),
    ("RO:rural", 90),
    ("PT:motorway", 120),
    ("FR:urban", 50),
    ("5 knots", 9.26),
    ("10 kn", 18.52),
    ("5", 5),
    ("130", 130),
    ("80 mph", 128.74752),
    ("0", 0),
    ("0 mph", 0),
    ("0;0", 0),
]
NOT_SIGNED = ["none", "signals", "variable", "sign", "unknown", "default", "none;signals", "", "   "]
UNREAD = [
    "fixme",
    "-30",
    "999",
    "131",
    "4.9",
    "3 mph",
    "1e3",
    "mph",
    "DE:rather fast",
    "XX:rural",
    "fast;slow",
    "12345",
]


@pytest.mark.parametrize(("text", "kph"), READ)
def test_limits_that_can_be_read(text: str, kph: float) -> None:
    assert parse_maxspeed(text) == pytest.approx(kph, rel=1e-9)
    assert not is_unread(text)


@pytest.mark.parametrize("text", NOT_SIGNED)
def test_values_without_a_number_are_not_signed_and_not_unread(text: str) -> None:
    assert math.isnan(parse_maxspeed(text))
    assert not is_unread(text)


@pytest.mark.parametrize("text", UNREAD)
def test_nonsense_is_not_signed_and_counted(text: str) -> None:
    assert math.isnan(parse_maxspeed(text))
    assert is_unread(text)


def test_values_that_are_no_text() -> None:
    assert parse_maxspeed(50) == 50
    assert parse_maxspeed(["50", "20 mph"]) == pytest.approx(MPH_20)
    assert parse_maxspeed(["30", 20]) == 20
    for nothing in (None, math.nan, []):
        assert math.isnan(parse_maxspeed(nothing))
        assert not is_unread(nothing)


def test_national_is_seventy_on_a_motorway() -> None:
    assert parse_maxspeed("national", road_class="motorway") == pytest.approx(MPH_70)
    assert parse_maxspeed("GB:national", road_class="primary") == pytest.approx(MPH_60)


@pytest.mark.parametrize(
    ("tags", "directions", "kph"),
    [
        ({"maxspeed": "40 mph"}, (True, True), MPH_40),
        ({"maxspeed:forward": "30 mph", "maxspeed:backward": "40 mph"}, (True, True), MPH_30),
        ({"maxspeed:forward": "30 mph", "maxspeed:backward": "40 mph"}, (False, True), MPH_40),
        ({"maxspeed:forward": "30 mph", "maxspeed": "40 mph"}, (True, True), MPH_30),
        ({"maxspeed:forward": "30 mph", "maxspeed": "40 mph"}, (False, True), MPH_40),
        ({"maxspeed:motorcar": "30 mph", "maxspeed": "40 mph"}, (True, True), MPH_30),
        ({"maxspeed:type": "GB:nsl_single"}, (True, True), MPH_60),
        ({"source:maxspeed": "GB:nsl_dual"}, (True, False), MPH_70),
        ({"maxspeed": "40 mph", "maxspeed:type": "GB:nsl_single"}, (True, True), MPH_40),
        ({"zone:maxspeed": "GB:20"}, (True, True), MPH_20),
        ({"maxspeed": "signals", "maxspeed:type": "GB:motorway"}, (True, False), MPH_70),
        ({"source:maxspeed": "survey"}, (True, True), math.nan),
        ({"source:maxspeed": "survey;guess: all roads have one"}, (True, True), math.nan),
        ({"highway": "primary"}, (True, True), math.nan),
    ],
)
def test_the_limit_of_a_way(tags: dict[str, str], directions: tuple[bool, bool], kph: float) -> None:
    limit = way_limit(tags, forward=directions[0], backward=directions[1])
    assert limit.kph == pytest.approx(kph, nan_ok=True)
    assert not limit.closed


def test_a_limit_of_zero_closes_a_way_only_where_it_holds_for_all_directions() -> None:
    assert way_limit({"maxspeed": "0"}).closed
    assert way_limit({"maxspeed:forward": "0"}, backward=False).closed
    half = way_limit({"maxspeed:forward": "0", "maxspeed:backward": "30"})
    assert (half.closed, half.kph) == (False, 30)


def test_the_unread_text_is_kept() -> None:
    assert way_limit({"maxspeed": "quick"}).unread == "quick"
    assert way_limit({"maxspeed": "30"}).unread == ""
