"""Proposals by hand on one straight road, what is refused, and what each scheme of a programme contributes."""

from __future__ import annotations

import dataclasses
import importlib
from itertools import permutations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import sufficiency as sf
from sufficiency.assess import demand_of, network_of
from sufficiency.cli import main
from sufficiency.cli.what_if import resolve
from sufficiency.disclosure.told import told_counts
from sufficiency.model.errors import DataError, GeographyError, ParameterError
from sufficiency.model.results import SpeedChange
from sufficiency.planning import apply_scenario, settled, without_schemes
from sufficiency.planning.contributions import contributions, left_out
from sufficiency.planning.equality import equality_evidence
from sufficiency.planning.gains import pupil_changes
from sufficiency.planning.one_year import outcomes_of_year
from sufficiency.planning.opened_year import open_year
from sufficiency.planning.what_if import Proposal, ready_to_ask, whatif, with_proposal
from tests import tiny_county as tiny
from tests.unit.test_opened_year import assumed, county

YEAR = tiny.YEAR
SCHOOL = Proposal(455_000.0, 205_000.0, "special_school", ("SLD",), 0, 14, 5, 2028)


@pytest.fixture(scope="module")
def ready():
    return ready_to_ask(county(), YEAR)


def test_a_proposal_by_hand(ready):
    """g2, 8 SLD pupils of z2 at kilometre 455, share the 20 places of P1 with g1 (10): all 18 are placed, and the g5
    pupils of ASD, who are 5 and 20 km away, take the two left. Five SLD places at their door: five of them stay in
    z2, save 10 km each, and give their places at P1 to the three of g5 who were at P4, 40 km away, or nowhere.
    """
    answer = whatif(ready, SCHOOL)
    assert dict(answer.before.pupils_by_tier) == {"local": 27, "other_council": 3, "independent": 0}
    assert dict(answer.after.pupils_by_tier) == {"local": 30, "other_council": 0, "independent": 0}
    assert answer.without_local_place_change_pupils == -3
    # one way: g1 0, g2 8 x 10, g5 2 x 20 and 3 x 40, g3 in their own town 0; after: g2 3 x 10, g5 5 x 20
    assert answer.before.travel_min == 8 * 10 + 2 * 20 + 3 * 40
    assert answer.after.travel_min == 3 * 10 + 5 * 20
    assert answer.travel_change_min_per_day == 2 * (130 - 240)
    assert answer.notes == ("A special-school scheme must say why a base will not do.",)


def test_a_proposal_that_closes_what_it_replaces(ready):
    moved = dataclasses.replace(SCHOOL, needs=("ASD", "SLD"), places=20, closing={"P1": 0})
    answer = whatif(ready, moved)
    assert sum(answer.after.pupils_by_tier.values()) == sum(answer.before.pupils_by_tier.values())
    # P1 of 20 moves from z1 to z2: 10 of z1 travel 10 more, 8 of z2 none; 2 of z3 10 less
    assert answer.after.travel_min == 10 * 10 + 2 * 10 + 3 * 40
    with pytest.raises(ParameterError, match="closes"):
        with_proposal(county(), moved)


def test_nothing_changes_before_it_opens_and_after_it_closes(ready):
    for proposal in (
        dataclasses.replace(SCHOOL, year=2029),
        dataclasses.replace(SCHOOL, year=2026, closes_in=2028),
    ):
        answer = whatif(ready, proposal)
        assert answer.after == answer.before


NONSENSE = {
    "-5 places": {"places": -5},
    "it has 3.5 places": {"places": 3.5},
    "no places and closes nothing": {"places": 0},
    "before it opens": {"closes_in": 2028},
    "a stream of its own": {"provision_type": "support_base"},
    "'shed' is unknown": {"provision_type": "shed"},
    "ABC unknown": {"needs": ("ABC", "ASD")},
    "none given": {"needs": ()},
    "year groups 9 to 7": {"ncy_from": 9, "ncy_to": 7},
    "take nobody from Reception": {"ncy_from": -2, "ncy_to": -1},
    "not among the years": {"year": 2050},
    "swapped": {"easting_m": 1_100_000.0, "northing_m": 300_000.0},
    "must be numbers": {"easting_m": float("nan")},
    "metres": {"easting_m": -1.2, "northing_m": 51.0},
    "'P9' that it would close is unknown": {"closing": {"P9": 0}},
    "sex is 'both'": {"sex": "both"},
    "attendance is 'never'": {"attendance": "never"},
}


@pytest.mark.parametrize(("message", "change"), NONSENSE.items(), ids=NONSENSE)
def test_a_proposal_that_cannot_be_is_refused_with_the_reason(ready, message, change):
    with pytest.raises(DataError, match=message):
        whatif(ready, dataclasses.replace(SCHOOL, **change))
    if "closing" not in change:
        with pytest.raises(DataError, match=message):
            with_proposal(county(), dataclasses.replace(SCHOOL, **change))


def test_a_site_in_the_sea_is_refused(ready):
    with pytest.raises(GeographyError, match=r"from any road of the area \(limit 5 km\)"):
        whatif(ready, dataclasses.replace(SCHOOL, northing_m=305_000.0))


def test_every_fault_at_once(ready):
    with pytest.raises(DataError, match=r"-5 places.*ABC unknown.*year groups 9 to 7"):
        whatif(ready, dataclasses.replace(SCHOOL, places=-5, needs=("ABC",), ncy_from=9, ncy_to=7))


def test_one_year_is_that_year_of_an_assessment():
    parameters = assumed(vehicle_seats=(4, None, None), support_partner_limit_km=(15, None, None))
    only = dataclasses.replace(parameters, calibration_year=YEAR, first_year=YEAR, last_year=YEAR)
    inputs = county(parameters=only)
    whole = sf.assess(inputs, policies=["optimal"]).outcomes
    one = outcomes_of_year(inputs, YEAR, "do_nothing")
    kept = whole[whole["year"] == YEAR]
    columns = ["group_id", "outcome", "provision_id", "pupils", "travel_min"]
    left, right = (rows.sort_values(columns, ignore_index=True)[columns] for rows in (one, kept))
    pd.testing.assert_frame_equal(left, right)


def programme():
    """Return the tiny county with four schemes that stand in for one another."""
    row = pd.DataFrame(tiny.schemes()).iloc[[0]]
    rows = []
    for scheme_id, action, setting_id, kind, east, source in (
        ("a", "open", "A", "special_school", 455_000.0, ""),
        ("b", "open", "B", "special_school", 457_000.0, ""),
        ("c", "close", "S2", "specialist_base", 465_000.0, ""),
        ("d", "relocate", "D", "special_school", 465_000.0, "P1"),
        ("e", "open", "E", "support_base", 465_000.0, ""),
    ):
        rows.append(
            row.assign(scheme_id=scheme_id, action=action, setting_id=setting_id, setting_name=setting_id,
                       provision_type=kind, easting_m=east, needs="ASD;SLD", from_provision_id=source)
        )  # fmt: skip
    table = pd.concat(rows, ignore_index=True).drop(columns="geometry")
    points = gpd.points_from_xy(table["easting_m"], table["northing_m"])
    stock = [("a", 2028, 0, 14, 2), ("b", 2028, 0, 14, 2), ("c", 2028, 7, 11, 0), ("d", 2028, 0, 14, 12)]
    places = pd.DataFrame(stock, columns=["scheme_id", "year", "ncy_from", "ncy_to", "places"]).assign(source="made up")
    names = ("a", "b", "c", "d", "e")
    subsets = {"".join(sorted(chosen)): chosen for size in range(6) for chosen in permutations(names, size)}
    scenarios = {f"x{name}": tiny.scenario(f"x{name}", *chosen) for name, chosen in subsets.items()}
    return county(
        schemes=gpd.GeoDataFrame(table, geometry=points, crs="EPSG:27700"),
        scheme_places=places,
        scenarios={"do_nothing": tiny.scenario("do_nothing"), **scenarios},
    )


def worth(inputs, chosen, demand, network):
    name = f"x{''.join(sorted(chosen))}"
    opened = open_year(apply_scenario(inputs, name), YEAR, demand=demand, network=network)
    found = settled(opened).figures()
    return np.array([found.pupils_by_tier["local"], sum(found.pupils_by_tier.values()), found.travel_min * 2])


def test_contributions_are_those_of_fresh_runs_over_every_order():
    """Left out alone against a run without the scheme; shares against the mean over all 24 orders, each run afresh."""
    inputs = programme()
    demand, network = demand_of(inputs), network_of(inputs)
    table = contributions(inputs, YEAR, ["e", "d", "c", "b", "a"], demand=demand, network=network)
    names = ["a", "b", "c", "d"]
    assert table["scheme_id"].tolist() == names
    assert table["exact"].all()
    values = {
        frozenset(chosen): worth(inputs, chosen, demand, network)
        for size in range(5)
        for chosen in (tuple(sorted(one)) for one in {frozenset(p) for p in permutations(names, size)})
    }
    whole = values[frozenset(names)]
    for row in table.to_dict("records"):
        left = whole - values[frozenset(names) - {row["scheme_id"]}]
        found = [row[f"left_out_{name}"] for name in ("local_pupils", "placed_pupils", "travel_min_per_day")]
        assert found == pytest.approx(left.tolist())
    mean = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        chosen: set[str] = set()
        for one in order:
            before = values[frozenset(chosen)]
            chosen.add(one)
            mean[one] = mean[one] + (values[frozenset(chosen)] - before) / 24
    for row in table.to_dict("records"):
        found = [row[f"share_{name}"] for name in ("local_pupils", "placed_pupils", "travel_min_per_day")]
        assert found == pytest.approx(mean[row["scheme_id"]].tolist())
    assert table["share_local_pupils"].sum() == pytest.approx((whole - values[frozenset()])[0])


@pytest.mark.parametrize(
    "change", [{"speed_changes": (SpeedChange("all", 0.5),)}, {"assumptions": {"reach_limit_min": 12}}]
)
def test_left_out_figures_are_those_of_the_scenario_with_its_own_roads_and_rules(change):
    """Against a run of the scenario without the scheme; with the roads and rules of the baseline they would differ."""
    base = programme()
    names = ("a", "b")
    scenarios = {
        "x": dataclasses.replace(tiny.scenario("x", *names), **change),
        **{
            f"without-{one}": dataclasses.replace(tiny.scenario("y", *(n for n in names if n != one)), **change)
            for one in names
        },
    }
    inputs = dataclasses.replace(base, scenarios={**base.scenarios, **scenarios})
    demand = demand_of(inputs)

    def worth_of(name):
        found = settled(open_year(apply_scenario(inputs, name), YEAR, demand=demand)).figures()
        return [found.pupils_by_tier["local"], sum(found.pupils_by_tier.values()), found.travel_min * 2]

    table = left_out(without_schemes(inputs, "x"), YEAR, names, demand=demand).set_index("scheme_id")
    plain = left_out(inputs, YEAR, names, demand=demand).set_index("scheme_id")
    for one in names:
        wanted = np.subtract(worth_of("x"), worth_of(f"without-{one}"))
        assert table.loc[one].drop("year").to_numpy(float) == pytest.approx(wanted)
    assert not table.equals(plain)


def test_drawn_shares_add_up_and_lie_near_the_exact_ones(monkeypatch):
    inputs = programme()
    demand, network = demand_of(inputs), network_of(inputs)
    exact = contributions(inputs, YEAR, ["a", "b", "c", "d"], demand=demand, network=network)
    monkeypatch.setattr(importlib.import_module("sufficiency.planning.contributions"), "EXACT_UP_TO", 2)
    drawn = contributions(inputs, YEAR, ["a", "b", "c", "d"], demand=demand, network=network, orders=60)
    again = contributions(inputs, YEAR, ["d", "c", "b", "a"], demand=demand, network=network, orders=60)
    pd.testing.assert_frame_equal(drawn, again)
    assert not drawn["exact"].any()
    for name in ("local_pupils", "placed_pupils", "travel_min_per_day"):
        assert drawn[f"share_{name}"].sum() == pytest.approx(exact[f"share_{name}"].sum())
    apart = (drawn["share_local_pupils"] - exact["share_local_pupils"]).abs()
    assert (apart <= 4 * drawn["error_local_pupils"] + 1e-9).all()
    with pytest.raises(ParameterError, match="at least one order"):
        contributions(inputs, YEAR, ["a"], demand=demand, network=network, orders=0)
    with pytest.raises(ParameterError, match="no scheme 'ghost'"):
        contributions(inputs, YEAR, ["ghost"], demand=demand, network=network)


def test_equality_evidence_adds_up_in_every_characteristic():
    inputs = county()
    before = outcomes_of_year(inputs, YEAR, "do_nothing")
    after = outcomes_of_year(apply_scenario(with_proposal(inputs, SCHOOL), "what_if"), YEAR, "what_if")
    changes = pupil_changes(before, after)
    traits = pd.DataFrame({"zone_id": ["z1", "z2"], "deprivation_decile": [1, 4], "rurality": ["town", ""]})
    groups = tiny.demand().set_index("group_id")
    table = equality_evidence(
        changes, traits, groups["origin_id"], groups["sex"], names={"scenario_id": "x", "against_id": "y"}
    )
    for _, part in table.groupby("characteristic"):
        assert part["pupils"].sum() == len(changes)
    rows = table.set_index(["characteristic", "group"])
    fifth = "place: deprivation fifth (1 = most deprived)"
    assert rows.loc[(fifth, "1"), "pupils"] == 10
    assert rows.loc[(fifth, "2"), "pupils"] == 8
    sld = rows.loc[("disability: primary need", "SLD")]
    assert (sld["pupils"], sld["better_off_pupils"], sld["worse_off_pupils"]) == (8, 5, 0)
    assert (sld["mean_before_min"], sld["mean_after_min"]) == (10.0, 30 / 8)
    assert rows.loc[("sex", "not known"), "pupils"] == len(changes)


@pytest.mark.parametrize(
    ("counts", "told", "rest"),
    [
        ({"a": 20, "b": 7, "c": 0}, {"a": 20, "b": 7}, 0),
        ({"a": 20, "b": 7, "c": 3}, {"a": 20}, 10),  # alone, 3 could be subtracted
        ({"a": 20, "b": 7, "c": 3, "d": 4}, {"a": 20, "b": 7}, 7),
        ({"a": 20, "b": 7, "c": 2, "d": 3}, {"a": 20}, 12),  # together 5
        ({"a": 20, "c": 3}, {}, 23),
        ({"c": 3}, {}, 3),
        ({"a": 20, "b": 9, "c": 5, "d": 5}, {"a": 20}, 19),  # 10 of two who are at most 5 each
        ({"a": 20, "b": 9, **dict.fromkeys("cdefgh", 1)}, {"a": 20}, 15),  # 6 of six who are at least 1 each
        ({}, {}, 0),
    ],
)
def test_counts_told_leave_nobody_to_subtract(counts, told, rest):
    assert told_counts(counts, 5) == (told, rest)


def test_a_place_is_metres_a_setting_or_a_postcode(tmp_path):
    inputs = tiny.inputs()
    assert resolve("445000, 205000", inputs, None, None) == (445_000.0, 205_000.0, "445000, 205000")
    assert resolve("S2", inputs, None, None) == (465_000.0, 205_000.0, "Second School")
    with pytest.raises(ParameterError, match="neither EASTING,NORTHING"):
        resolve("somewhere", inputs, None, None)
    with pytest.raises(ParameterError, match=r"no directory of postcodes is loaded.*--postcodes FILE"):
        resolve("aa9a 9aa", inputs, tmp_path, None)
    path = tmp_path / "boundaries" / "postcodes.csv"
    path.parent.mkdir()
    path.write_text("postcode,easting,northing\nAA9A 9AA,450000,205500\n", encoding="utf-8")
    assert resolve("aa9a9aa", inputs, tmp_path, None) == (450_000.0, 205_500.0, "AA9A 9AA")
    with pytest.raises(ParameterError, match=r"AA9A 9AB is not in postcodes\.csv"):
        resolve("AA9A 9AB", inputs, tmp_path, None)


def test_the_command_answers_and_refuses(capsys):
    words = ["whatif", "--at", "435600,209800", "--type", "specialist_base", "--needs", "ASD,SLCN"]
    assert main([*words, "--phase", "secondary", "--places", "30", "--year", "2031"]) == 0
    out = capsys.readouterr().out
    assert "ILLUSTRATIVE" in out
    assert "2031/32" in out
    assert "better off" in out
    assert main([*words, "--places", "-5", "--year", "2031"]) == 2
    assert "it has -5 places" in capsys.readouterr().err
    assert main(["whatif", "--at", "650000,209800", *words[3:], "--places", "20", "--year", "2031"]) == 2
    assert "from any road of the area" in capsys.readouterr().err


def test_the_programme_in_one_command(tmp_path, capsys):
    area = tmp_path / "area"
    assert main(["init", str(area)]) == 0
    assert main(["schemes", str(area), "--orders", "2", "--out", str(tmp_path / "tables")]) == 0
    out = capsys.readouterr().out
    assert "Exampleshire: programme against committed - ILLUSTRATIVE" in out
    assert "Internal: holds counts of a few pupils. Not for publication." in out
    comparison = pd.read_csv(tmp_path / "tables" / "internal-comparison.csv")
    keys = ["policy", "area_id", "year", "phase", "need", "measure"]
    assert not comparison.duplicated(keys).any()
    known = comparison.dropna(subset=["before", "after"])
    assert known["change"].to_numpy() == pytest.approx((known["after"] - known["before"]).to_numpy())
    assert set(comparison["phase"]) > {"all", "secondary"}
    gains = pd.read_csv(tmp_path / "tables" / "internal-gains.csv")
    county = gains[(gains["phase"] == "all") & (gains["need"] == "all")]
    won = comparison[(comparison["phase"] == "all") & (comparison["need"] == "all")]
    won = won.drop_duplicates(["policy", "area_id", "year"])
    better = county[county["band"].str.startswith(("gains", "better", "nearer"))]
    sums = better.groupby(["policy", "area_id", "year"])["pupils"].sum()
    found = won.set_index(["policy", "area_id", "year"])["better_off_pupils"].reindex(sums.index)
    assert (sums == found).all()
    assert main(["schemes", str(area), "--scenario", "committed"]) == 2
    assert "compared with another" in capsys.readouterr().err
    assert main(["schemes", str(area), "--scenario", "ghost"]) == 2
    assert "no scenario 'ghost'" in capsys.readouterr().err


def test_a_proposal_may_come_on_top_of_the_scenario_of_another():
    laid = apply_scenario(with_proposal(county(), SCHOOL), "what_if")
    answer = whatif(ready_to_ask(laid, YEAR, scenario_id="what_if"), SCHOOL)
    # the first five go to one of the two schools at their door, the other three of the eight to the second
    assert answer.after.travel_min == answer.before.travel_min - 3 * 10
