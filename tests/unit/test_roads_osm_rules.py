"""Which ways a car, and a walker, may use: expectations follow the map's own documentation of each tag."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pytest

from sufficiency.sources.roads.rules import car_rule, duration_min, stops_car
from sufficiency.sources.roads.travellers import CAR, WALKER
from sufficiency.sources.roads.walking import stops_walker, walking_class

BOTH, WITH, AGAINST = (True, True), (True, False), (False, True)


def tags(text: str) -> dict[str, str]:
    """Return the tags written as ``key=value key=value``; ``highway=`` may be left out of the first."""
    first, *rest = text.split()
    pairs = [first if "=" in first else f"highway={first}", *rest]
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.mark.parametrize(
    ("text", "road_class", "directions", "access_only"),
    [
        ("primary", "primary", BOTH, False),
        ("Primary", "primary", BOTH, False),
        ("unclassified;tertiary", "unclassified", BOTH, False),
        ("road", "unclassified", BOTH, False),
        ("tertiary_link", "tertiary_link", BOTH, False),
        ("living_street", "living_street", BOTH, False),
        ("motorway", "motorway", WITH, False),
        ("motorway_link", "motorway_link", WITH, False),
        ("motorway oneway=no", "motorway", BOTH, False),
        ("motorway oneway=-1", "motorway", AGAINST, False),
        ("trunk", "trunk", BOTH, False),
        ("trunk toll=yes", "trunk", BOTH, False),
        # service roads, and ways that a tag opens, carry no through traffic
        ("service", "service", BOTH, True),
        ("service service=driveway", "service", BOTH, True),
        ("service motor_vehicle=yes", "service", BOTH, True),
        ("track motor_vehicle=yes", "service", BOTH, True),
        ("track motorcar=private", "service", BOTH, True),
        ("path motor_vehicle=designated", "service", BOTH, True),
        ("pedestrian motor_vehicle=destination", "living_street", BOTH, True),
        ("pedestrian motor_vehicle=yes", "living_street", BOTH, False),
        # the narrower tag decides
        ("residential access=no motor_vehicle=yes", "residential", BOTH, False),
        ("residential access=no motorcar=yes motor_vehicle=no", "residential", BOTH, False),
        ("residential access=no vehicle=yes", "residential", BOTH, False),
        ("residential vehicle=no motor_vehicle=yes", "residential", BOTH, False),
        ("residential access=no motor_vehicle=destination", "residential", BOTH, True),
        ("residential access=yes", "residential", BOTH, False),
        ("residential access=permissive", "residential", BOTH, False),
        ("residential access=designated", "residential", BOTH, False),
        ("residential access=unknown", "residential", BOTH, False),
        ("residential access=private", "residential", BOTH, True),
        ("residential access=destination", "residential", BOTH, True),
        ("residential access=customers", "residential", BOTH, True),
        ("residential access=permit", "residential", BOTH, True),
        ("residential access=delivery", "residential", BOTH, True),
        ("residential motor_vehicle=delivery;destination", "residential", BOTH, True),
        ("residential access=private;yes", "residential", BOTH, False),
        ("residential access=whoever", "residential", BOTH, True),
        ("residential access=private motor_vehicle=yes", "residential", BOTH, False),
        # one way
        ("residential oneway=yes", "residential", WITH, False),
        ("residential oneway=true", "residential", WITH, False),
        ("residential oneway=1", "residential", WITH, False),
        ("residential oneway=-1", "residential", AGAINST, False),
        ("residential oneway=reverse", "residential", AGAINST, False),
        ("residential oneway=no", "residential", BOTH, False),
        ("residential oneway=alternating", "residential", BOTH, False),
        ("residential oneway=perhaps", "residential", BOTH, False),
        ("residential oneway=yes oneway:bicycle=no", "residential", WITH, False),
        ("residential oneway=yes oneway:motor_vehicle=no", "residential", BOTH, False),
        ("residential motor_vehicle:backward=no", "residential", WITH, False),
        ("residential vehicle:forward=no", "residential", AGAINST, False),
        ("residential motor_vehicle:backward=destination", "residential", BOTH, False),
        ("primary junction=roundabout", "primary", WITH, False),
        ("primary junction=circular", "primary", WITH, False),
        ("primary junction=roundabout oneway=-1", "primary", AGAINST, False),
        ("primary junction=roundabout oneway=no", "primary", BOTH, False),
        ("primary junction=approach", "primary", BOTH, False),
        # a rule for some hours only does not count
        ("residential motor_vehicle:conditional=no@(Mo-Fr)", "residential", BOTH, False),
    ],
)
def test_ways_that_a_car_may_use(text: str, road_class: str, directions: tuple[bool, bool], access_only: bool) -> None:
    rule = car_rule(tags(text))
    assert rule is not None
    assert (rule.road_class, (rule.forward, rule.backward), rule.access_only) == (road_class, directions, access_only)


@pytest.mark.parametrize(
    "text",
    [
        "construction motor_vehicle=yes construction=primary",
        *("footway", "path", "track", "pedestrian", "cycleway", "bridleway", "steps", "construction", "proposed"),
        *("busway", "bus_guideway", "raceway", "corridor", "platform", "elevator", "services", "no"),
        "track access=yes",
        "track access=destination",
        "track motor_vehicle=no",
        "track motor_vehicle=agricultural",
        "steps motor_vehicle=yes",
        "residential access=no",
        "residential motor_vehicle=no",
        "residential access=yes motor_vehicle=no",
        "residential vehicle=no",
        "residential vehicle=yes motor_vehicle=no",
        "residential access=agricultural",
        "residential access=forestry",
        "residential motor_vehicle=agricultural;forestry",
        "residential access=military",
        "residential access=emergency",
        "residential access=no bus=yes",
        "residential access=no psv=yes",
        "residential motor_vehicle=bus",
        "residential oneway=reversible",
        "residential oneway=yes motor_vehicle:forward=no",
        "service service=emergency_access",
        "residential ice_road=yes",
        "residential smoothness=impassable",
        "service area=yes",
        "route=shuttle_train",
        "route=bus",
        "railway=rail",
        "route=ferry motor_vehicle=no",
        "route=ferry access=no",
        "route=ferry foot=yes",
        "route=ferry foot=yes bicycle=yes motorcar=no",
        "route=ferry area=yes",
    ],
)
def test_ways_that_no_car_may_use(text: str) -> None:
    assert car_rule(tags(text)) is None


@pytest.mark.parametrize(
    ("text", "directions", "access_only", "minutes"),
    [
        ("route=ferry", BOTH, False, math.nan),
        ("route=ferry foot=no", BOTH, False, math.nan),
        ("route=ferry foot=yes motor_vehicle=yes duration=01:05", BOTH, False, 65),
        ("route=ferry foot=yes motorcar=yes oneway=yes", WITH, False, math.nan),
        ("route=ferry motor_vehicle=private", BOTH, True, math.nan),
        ("route=ferry access=customers", BOTH, False, math.nan),
        ("route=ferry foot=yes vehicle=yes", BOTH, False, math.nan),
        ("route=ferry foot=yes access=yes", BOTH, False, math.nan),
        ("route=ferry duration=soon", BOTH, False, math.nan),
    ],
)
def test_ferries(text: str, directions: tuple[bool, bool], access_only: bool, minutes: float) -> None:
    rule = car_rule(tags(text))
    assert rule is not None
    assert (rule.road_class, (rule.forward, rule.backward), rule.access_only) == ("ferry", directions, access_only)
    assert rule.ferry_min == pytest.approx(minutes, nan_ok=True)
    assert rule.notes == (("ferry_duration",) if "soon" in text else ())


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:20", 20),
        ("1:05", 65),
        ("01:05:30", 65.5),
        ("48:00", 2880),
        ("20", 20),
        ("20 min", 20),
        ("7.5", 7.5),
        ("PT1H5M", 65),
        ("pt35m", 35),
        ("P1DT2H", 1560),
        ("PT90S", 1.5),
        *((text, math.nan) for text in ("", "P", "PT", "soon", "-5", "0", "00:00", "25:99", "9" * 30, "200:00")),
    ],
)
def test_durations(text: str, minutes: float) -> None:
    assert duration_min(text) == pytest.approx(minutes, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *((f"barrier={kind}", "open") for kind in ("gate", "lift_gate", "cattle_grid", "toll_booth", "entrance", "no")),
        *((f"barrier={kind}", "closed") for kind in ("bollard", "block", "stile", "kissing_gate", "cycle_barrier")),
        ("barrier=gate locked=yes", "closed"),
        ("barrier=gate access=private", "limited"),
        ("barrier=gate access=private locked=yes", "limited"),
        ("barrier=gate access=no", "closed"),
        ("barrier=gate access=no motor_vehicle=yes", "open"),
        ("barrier=gate access=yes", "open"),
        ("barrier=bollard motor_vehicle=yes", "open"),
        ("barrier=bollard bollard=rising", "open"),
        ("barrier=bollard bollard=removable", "closed"),
        ("barrier=bollard motorcar=private", "limited"),
        ("barrier=stile access=yes", "closed"),
        ("barrier=bollard access=private", "closed"),
        ("barrier=whatever", "open"),
    ],
)
def test_barriers_to_a_car(text: str, answer: str) -> None:
    assert stops_car(tags(text)) == answer


def test_the_first_road_number_counts_and_odd_one_way_tags_are_noted() -> None:
    rule = car_rule({"highway": "primary", "ref": "A606;A1", "oneway": "perhaps"})
    assert rule is not None
    assert (rule.road_number, rule.notes) == ("A606", ("oneway_unread",))


@pytest.mark.parametrize(
    ("text", "road_class"),
    [
        *(
            (kind, "living_street")
            for kind in ("footway", "path", "steps", "pedestrian", "bridleway", "cycleway", "track")
        ),
        *((kind, kind) for kind in ("primary", "residential", "service", "tertiary_link", "living_street")),
        ("pedestrian area=yes", "living_street"),
        ("road", "unclassified"),
        ("trunk", ""),
        ("trunk sidewalk=left", "trunk"),
        ("trunk sidewalk:right=yes", "trunk"),
        ("trunk sidewalk=no", ""),
        ("trunk foot=yes", "trunk"),
        ("trunk access=yes", ""),
        ("motorway foot=yes", ""),
        ("motorway_link", ""),
        ("footway foot=no", ""),
        ("footway access=no", ""),
        ("footway access=no foot=yes", "living_street"),
        ("footway access=private", ""),
        ("service access=private", ""),
        ("service access=customers", "service"),
        ("residential access=destination", "residential"),
        ("residential motor_vehicle=no", "residential"),
        ("cycleway foot=use_sidepath", ""),
        ("construction", ""),
        ("route=ferry", ""),
    ],
)
def test_ways_that_a_child_may_walk(text: str, road_class: str) -> None:
    assert walking_class(tags(text)) == road_class


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("barrier=gate", False),
        ("barrier=stile", False),
        ("barrier=fence", True),
        ("barrier=gate locked=yes", True),
        ("barrier=gate foot=yes locked=yes", False),
        ("barrier=gate access=private", True),
        ("barrier=gate access=private foot=yes", False),
    ],
)
def test_barriers_to_a_walker(text: str, answer: bool) -> None:
    assert stops_walker(tags(text)) is answer


class Asked(Mapping[str, str]):
    """Tags that keep a list of the keys they were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_, self.asked = values, set[str]()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


@pytest.mark.parametrize("traveller", [CAR, WALKER])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "primary",
            "track",
            "footway",
            "trunk",
            "construction motor_vehicle=yes",
            "route=ferry duration=5",
            "motorway",
        ),
        *("residential oneway=reversible", "service service=alley", "primary maxspeed=signals", "trunk foot=yes"),
    ],
)
def test_the_reader_fetches_every_tag_that_the_rules_ask_for(traveller: object, text: str) -> None:
    """The reader takes only some tags from the file: one that is asked for and not fetched would never be seen."""
    asked = Asked(tags(text))
    traveller.way(asked)
    assert asked.asked <= {*traveller.common, *traveller.rare}
