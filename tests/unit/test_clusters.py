"""Clusters that are given, and successor authorities, on a county worked out by hand."""

from __future__ import annotations

import argparse
import dataclasses
import io
from pathlib import Path

import pandas as pd
import pytest

from sufficiency.assess import demand_of
from sufficiency.cli.clusters import add_options, clusters, hidden_counts
from sufficiency.measures import (
    capacity_by_area,
    describe_groups,
    journeys_table,
    outcomes,
    reachable_places,
    sufficiency_table,
)
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.results import Assessment
from sufficiency.planning.clusters import contiguity_graph, lookup_issues, lookup_of_groups, successors, with_clusters
from sufficiency.planning.clusters.draft import divide_zones
from sufficiency.planning.clusters.successors import successor_of_cluster
from tests import tiny_county as tiny


def lookup(*rows):
    return pd.DataFrame(rows, columns=["zone_id", "cluster_id", "cluster_name"])


ONE_EACH = lookup(
    ("z1", "west", "West"), ("z2", "west", "West"), ("z3", "east-1", "East 1"), ("z4", "east-2", "East 2")
)


def assessment(inputs) -> Assessment:
    """Return what the successors need of an assessment, from the outcomes that are worked out by hand."""
    groups = describe_groups(tiny.demand(), inputs.zones, tiny.COUNTY)
    rows = outcomes(tiny.allocation(), groups[groups["headline"]], inputs.provision, inputs.settings)
    ids = inputs.areas["area_id"].tolist()
    capacity = capacity_by_area(inputs.places, inputs.provision, inputs.settings, tiny.COUNTY)
    reachable = reachable_places(inputs.places, inputs.provision)
    blank = {field.name: None for field in dataclasses.fields(Assessment)}
    made = {
        "scenario_id": "programme",
        "inputs": inputs,
        "outcomes": rows,
        "sufficiency": sufficiency_table("programme", rows, capacity, reachable, ids),
        "journeys": journeys_table("programme", rows, inputs.parameters, ids),
    }
    return Assessment(**(blank | made))


def test_zones_are_neighbours_where_they_share_a_side_within_a_district():
    assert sorted(contiguity_graph(tiny.zones()).edges) == [("z1", "z2"), ("z3", "z4")]


def test_given_clusters_replace_the_areas_and_leave_county_and_districts_alone():
    before = tiny.inputs()
    after = with_clusters(before, ONE_EACH)
    below = after.areas[after.areas["level"] == "cluster"].set_index("area_id")
    assert below["parent_id"].to_dict() == {"west": "D1", "east-1": "D2", "east-2": "D2"}
    assert below.geometry["west"].area == pytest.approx(20_000 * 10_000)
    assert after.settings.set_index("setting_id")["cluster_id"].to_dict() == {
        "S1": "west", "S2": "east-1", "S3": "", "S4": ""}  # fmt: skip
    assert after.schemes["cluster_id"].tolist() == ["west", "west", "east-1"]
    assert after.support_bases["cluster_id"].tolist() == ["west"]
    assert before.zones["cluster_id"].tolist() == list(tiny.CLUSTERS)
    one, other = assessment(before), assessment(after)
    for name in ("sufficiency", "journeys"):
        upper = [table[table["area_id"].isin(["C", "D1", "D2"])].reset_index(drop=True)
                 for table in (getattr(one, name), getattr(other, name))]  # fmt: skip
        pd.testing.assert_frame_equal(*upper)
    west = other.sufficiency[
        (other.sufficiency["area_id"] == "west") & (other.sufficiency["provision_type"] == "headline")
    ]
    assert west["demand_pupils"].tolist() == [18]  # g1 and g2


def test_every_fault_of_a_lookup_is_told_at_once():
    bad = lookup(("z1", "C", "County"), ("z1", "x", "X"), ("z9", "x", "Y"), ("z3", "x", "X"), ("z2", "", "X"))
    found = lookup_issues(tiny.inputs(), bad)
    assert set(found["check"]) == {"id_taken", "key_twice", "unknown_zone", "two_names", "cluster_elsewhere", "blank",
                                   "zone_without_cluster"}  # fmt: skip
    with pytest.raises(DataError, match="faults") as raised:
        with_clusters(tiny.inputs(), bad)
    assert len(raised.value.issues) >= 7


def test_a_cluster_in_pieces_is_a_warning():
    apart = tiny.zones().assign(district_id="D1")
    inputs = tiny.inputs(zones=apart)
    found = lookup_issues(inputs, lookup(("z1", "a", "A"), ("z2", "b", "B"), ("z3", "a", "A"), ("z4", "b", "B")))
    assert found["check"].tolist() == ["cluster_in_pieces"] * 2
    assert set(found["severity"]) == {"warning"}


def test_groups_of_zones_make_a_lookup_and_none_is_left_out():
    groups = pd.DataFrame({"zone_id": ["z1", "z2"], "group_id": ["w1", "w2"]})
    given = pd.DataFrame({"group_id": ["w1", "w2"], "cluster_id": ["a", "a"], "cluster_name": ["A", "A"]})
    assert lookup_of_groups(groups, given)["cluster_id"].tolist() == ["a", "a"]
    with pytest.raises(DataError, match="'w2' has no cluster"):
        lookup_of_groups(groups, given.head(1))


@pytest.mark.parametrize(
    ("number", "together", "text"),
    [
        (3, (), "too few for 3"),
        (2, [["z1", "z2"]], "too few for 2"),
        (0, (), "at least 1"),
        (1, [["z1", "Zone 3"]], "does not cross a district"),
        (1, [["z1", "nowhere"]], "no such zone"),
    ],
)
def test_what_cannot_be_drafted_is_refused_with_a_reason(number, together, text):
    names = ["z1", "z2", "z3", "z4"]
    times = pd.DataFrame(60_000, index=names, columns=names)
    with pytest.raises(ParameterError, match=text):
        divide_zones(tiny.zones(), pd.Series(5, index=names), times, number, together)


def test_successors_are_counted_again_and_add_up_to_the_county():
    names = pd.DataFrame({"area_id": ["D1", "d2-a", "d2-b"], "successor_id": ["w", "w", "e"],
                          "successor_name": ["West", "West", "East"]})  # fmt: skip
    tables = successors(assessment(tiny.inputs()), names)
    use = tables.exchange[tables.exchange["year"] == tiny.YEAR].set_index("area_id")
    # g1 10 + g2 6 in P1 and g3 7 in P2, both in West; East has only g4, residential in an independent school
    columns = ["demand_pupils", "own_local_pupils", "other_council_pupils", "independent_pupils"]
    assert use.loc["w", columns].tolist() == [30, 23, 3, 0]
    assert use.loc["e", columns].tolist() == [4, 0, 0, 4]
    assert use["capacity_places"].to_dict() == {"w": 30, "e": 0}
    kept = tables.conservation.set_index("measure")
    assert kept.loc["demand_pupils", ["county", "successors", "elsewhere"]].tolist() == [35, 34, 1]  # g6 has no home
    trips = tables.journeys[(tables.journeys["phase"] == "all") & (tables.journeys["need"] == "all")].set_index(
        "area_id"
    )
    # West: 10 at 12, 7 at 20, 3 at 45, 6 at 50 minutes; half of 26 is 13, nine tenths 24
    assert trips.loc["w", ["median_min", "p90_min"]].tolist() == [20.0, 50.0]
    # both schemes of the programme stand in D1: £2m each
    assert tables.capital.groupby("area_id")["gbp_central"].sum().to_dict() == {"w": 4e6}


def test_pupils_who_cross_a_border_are_exported_and_imported():
    names = pd.DataFrame({"area_id": ["d1-a", "d1-b", "D2"], "successor_id": ["a", "b", "b"],
                          "successor_name": ["A", "B", "B"]})  # fmt: skip
    tables = successors(assessment(tiny.inputs()), names)
    use = tables.exchange[tables.exchange["year"] == tiny.YEAR].set_index("area_id")
    # g2 (6 pupils) live in B and go to P1 in A, which has 20 places
    assert use["net_import_pupils"].to_dict() == {"a": 6, "b": -6}
    assert use["used_by_others_share"].to_dict() == {"a": pytest.approx(0.3), "b": 0.0}
    flows = tables.flows.set_index(["home_area_id", "setting_area_id"])["pupils"]
    assert flows["b", "a"] == 6


def test_a_lookup_of_successors_covers_the_county_once():
    names = pd.DataFrame({"area_id": ["D1", "d1-a", "D9"], "successor_id": ["w", "w", "w"], "successor_name": "West"})
    with pytest.raises(DataError, match=r"'D9' is no district.*d2-a of district D2 has no.*d1-a stands twice"):
        successors(assessment(tiny.inputs()), names)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([10, 20, 0], ["10", "20", "0"]),
        ([3, 20, 10], ["c", "20", "c"]),  # the total less 20 and 10 would tell 3
        ([1, 1, 10], ["c", "c", "c"]),  # the total less 10 would tell that both are 1
        ([3, 0], ["c", "c"]),
    ],
)
def test_small_counts_are_not_given_away_by_their_total(counts, shown):
    assert hidden_counts(counts, 5) == shown


def run(inputs, *arguments):
    parser = argparse.ArgumentParser()
    add_options(parser)
    clusters(parser.parse_args(arguments), inputs)


def test_the_command_shows_what_given_clusters_change(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sufficiency.planning.clusters.given.demand_of", lambda _: tiny.demand())
    path = tmp_path / "clusters.csv"
    path.write_text("zone_id,cluster_id,cluster_name\nz1,w,West\nz2,w,West\nz3,e,East\nz4,e,East\n")
    run(tiny.inputs(), "--import", str(path))
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("West", "Internal", "ILLUSTRATIVE"))
    east = [line.split() for line in shown.splitlines() if line.strip().startswith("East")]
    assert [line[-2:] for line in east] == [["c", "16"], ["c", "16"]]  # 12 and 4 of 16
    path.write_text("zone_id,cluster\nz1,w\n")
    with pytest.raises(DataError, match="cluster_id"):
        run(tiny.inputs(), "--import", str(path))
    with pytest.raises(ParameterError, match="--draft"):
        run(tiny.inputs(), "--import", str(path), "--out", "x.csv")


def test_new_clusters_move_no_pupil_of_the_embedded_area(oxfordshire):
    whole = oxfordshire.zones[["zone_id", "district_id"]].rename(columns={"district_id": "group_id"})
    ids = sorted(set(whole["group_id"]))
    given = pd.DataFrame({"group_id": ids, "cluster_id": [f"x-{one}" for one in reversed(ids)], "cluster_name": ids})
    after = with_clusters(oxfordshire, lookup_of_groups(whole, given))
    assert (after.areas["level"] == "cluster").sum() == 5
    pd.testing.assert_frame_equal(demand_of(after), demand_of(oxfordshire))
    for name in ("settings", "schemes"):
        new, old = getattr(after, name), getattr(oxfordshire, name)
        assert new["district_id"].tolist() == old["district_id"].tolist()
        assert new.loc[new["district_id"] != "", "cluster_id"].ne("").all()
    assert after.digests != oxfordshire.digests


def test_the_examples_of_successors_in_the_documentation_cover_the_embedded_area(oxfordshire):
    page = (Path(__file__).resolve().parents[2] / "docs" / "clusters.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in page.split("```csv\n")[1:]]
    examples = [pd.read_csv(io.StringIO(block), dtype=str) for block in blocks if block.startswith("area_id,")]
    assert len(examples) == 3
    for one in examples:
        assert successor_of_cluster(oxfordshire, one).notna().sum() == 20
