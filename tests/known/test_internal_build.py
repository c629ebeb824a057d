"""The internal build of Exampleshire: finer tables worked by hand and by plain sums over the model's own rows.

The figures by hand follow from the placement of 2025 that `test_toy_town` reckons on paper.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from sufficiency.assess import assess
from sufficiency.disclosure import release
from sufficiency.disclosure.internal import release_internal
from sufficiency.job_tables import job_tables
from sufficiency.model.errors import SufficiencyError
from sufficiency.planning import apply_scenario
from sufficiency.planning.finer import finer_tables
from sufficiency.sources.area import read_area
from sufficiency.sources.template import template_directory

if TYPE_CHECKING:
    from sufficiency.model.results import Assessment, Inputs, Released

Tables = dict[str, pd.DataFrame]
ANSWER = ["scenario_id", "policy", "year"]


@pytest.fixture(scope="module")
def town() -> Inputs:
    return read_area(template_directory())


@pytest.fixture(scope="module")
def assessments(town: Inputs) -> dict[str, Assessment]:
    return {
        name: assess(apply_scenario(town, name), name, policies=("optimal", "nearest"))
        for name in ("do_nothing", "programme")
    }


@pytest.fixture(scope="module")
def finer(town: Inputs, assessments: dict[str, Assessment]) -> Tables:
    return finer_tables(town, assessments)


@pytest.fixture(scope="module")
def tables(town: Inputs, assessments: dict[str, Assessment]) -> Tables:
    return job_tables(town, assessments)


@pytest.fixture(scope="module")
def internal(town: Inputs, tables: Tables, finer: Tables) -> Released:
    return release_internal(tables, town.areas, finer)


def one(frame: pd.DataFrame, **where: object) -> pd.Series:
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


NOW = {"scenario_id": "do_nothing", "policy": "optimal", "year": 2025}


@pytest.mark.parametrize(
    ("zone", "demand", "local", "without", "median"),
    [
        # A: 6 and 2 at alpha, in town.  B: 3 at alpha, 12 minutes.
        ("alphaton", 80, 80, 0, 0.0),
        ("bravoton", 30, 30, 0, 12.0),
        # F: 4 in the base in town; 4 of primary age and the 2 with VI have no place.
        ("foxtrotton", 100, 40, 60, 0.0),
        # E: 3 at alpha, 12 minutes; the residential pupil is at Mill, and does not travel daily.
        ("echoton", 40, 30, 10, 12.0),
        ("", 10, 0, 0, None),
    ],
)
def test_zones_by_hand(finer: Tables, zone: str, demand: int, local: int, without: int, median: float | None) -> None:
    row = one(finer["internal_zones"], area_id=zone, **NOW)
    counts = (row["demand_pupils"], row["placed_local_pupils"], row["without_local_place_pupils"])
    assert counts == (demand, local, without)
    assert row["median_min"] == median if median is not None else pd.isna(row["median_min"])
    assert row["area_name"] == (zone.capitalize() or "Homes that are not located")


@pytest.mark.parametrize(
    ("setting", "planned", "placed", "spare"),
    [
        # alpha: 11 primary places full, 3 of the 6 secondary ones taken
        ("alpha-special", 170, 140, 30),
        ("hotel-special", 70, 70, 0),
        ("foxtrot-academy", 60, 60, 0),
        ("charlie-primary", 30, 30, 0),
    ],
)
def test_settings_by_hand(finer: Tables, setting: str, planned: int, placed: int, spare: int) -> None:
    row = one(finer["internal_settings"], setting_id=setting, **NOW)
    assert (row["planned_places"], row["placed_pupils"], row["spare_places"]) == (planned, placed, spare)
    assert row["over_capacity_pupils"] == 0


def test_pupils_of_other_streams_take_places_and_are_no_headline_pupils(
    town: Inputs, assessments: dict[str, Assessment]
) -> None:
    """Were the 3 of E at alpha of another stream, 11 headline pupils were there, and still 3 places were spare."""
    found = assessments["do_nothing"]
    rows = found.outcomes.assign(headline=found.outcomes["headline"] & (found.outcomes["origin_id"] != "echoton"))
    table = finer_tables(town, {"do_nothing": dataclasses.replace(found, outcomes=rows)})["internal_settings"]
    row = one(table, setting_id="alpha-special", **NOW)
    assert (row["placed_pupils"], row["spare_places"]) == (110, 30)


def test_flows_by_hand(finer: Tables) -> None:
    flows = finer["internal_flows"]
    for name, value in NOW.items():
        flows = flows[flows[name] == value]
    found = {(row["cluster_id"], row["setting_id"]): row["pupils"] for row in flows.to_dict("records")}
    assert found == {
        ("west-north", "alpha-special"): 110,
        ("west-south", "alpha-special"): 30,
        ("east-south", "hotel-special"): 50,
        ("east-north", "hotel-special"): 20,
        ("west-south", "foxtrot-academy"): 40,
        ("east-south", "foxtrot-academy"): 20,
        ("east-north", "charlie-primary"): 30,
    }


def test_places_for_commissioning_are_of_the_year_of_the_report_and_the_next(town: Inputs, finer: Tables) -> None:
    """The report is of January 2026, in 2025/26; in 2026 the 3 of B move up, so that alpha is full.

    The programme opens Delta with 2 places in 2026.
    """
    table = finer["internal_commissioned"]
    assert set(table["this_year"]) == {2025}
    assert set(table["next_year"]) == {2026}
    alpha = one(table, scenario_id="do_nothing", policy="optimal", setting_id="alpha-special")
    assert (alpha["this_year_planned_places"], alpha["next_year_placed_pupils"]) == (170, 170)
    delta = one(table, scenario_id="programme", policy="optimal", setting_id="delta-primary")
    assert (delta["this_year_planned_places"], delta["next_year_planned_places"]) == (0, 20)
    assert "delta-primary" not in set(table.loc[table["scenario_id"] == "do_nothing", "setting_id"])
    assert table["this_year_commissioned_places"].isna().all()


def test_commissioned_places_roll_and_occupancy_stand_where_every_department_has_them(
    town: Inputs, assessments: dict[str, Assessment]
) -> None:
    """alpha has two departments: 100 + 50 commissioned, 99 + 54 on roll = 153 of 170; hotel has one with a roll."""
    places = town.places.copy()
    now = places["year"] == 2025
    for provision, commissioned, roll in (("alpha-primary", 100, 99), ("alpha-secondary", 50, 54)):
        rows = now & (places["provision_id"] == provision)
        assert rows.sum() == 1
        places.loc[rows, ["commissioned_places", "on_roll_pupils"]] = [commissioned, roll]
    changed = dataclasses.replace(
        assessments["do_nothing"], inputs=dataclasses.replace(assessments["do_nothing"].inputs, places=places)
    )
    table = finer_tables(town, {"do_nothing": changed})["internal_settings"]
    row = one(table, setting_id="alpha-special", **NOW)
    assert (row["commissioned_places"], row["on_roll_pupils"]) == (150, 153)
    assert row["occupancy_share"] == pytest.approx(153 / 170)
    places.loc[now & (places["provision_id"] == "alpha-secondary"), "commissioned_places"] = pd.NA
    table = finer_tables(town, {"do_nothing": changed})["internal_settings"]
    assert pd.isna(one(table, setting_id="alpha-special", **NOW)["commissioned_places"])
    assert pd.isna(one(table, setting_id="hotel-special", **NOW)["occupancy_share"])


def _plain_counts(assessments: dict[str, Assessment]) -> dict[str, Counter[tuple[object, ...]]]:
    """Count pupils by zone, by setting and by cluster and setting, one row of the model at a time."""
    counts: dict[str, Counter[tuple[object, ...]]] = {"demand": Counter(), "zone": Counter(), "setting": Counter()}
    counts["flow"] = Counter()
    for name, assessment in assessments.items():
        groups = {
            row["group_id"]: row
            for row in assessment.demand.to_dict("records")
            if row["place_sought"] in ("special_school", "specialist_base") and 0 <= row["ncy"] <= 14
        }
        provision = assessment.inputs.provision.set_index("provision_id")
        cluster = dict(assessment.inputs.clusters[["zone_id", "cluster_id"]].itertuples(index=False, name=None))
        for policy in assessment.allocation.allocation["policy"].unique():
            for group in groups.values():
                counts["demand"][name, policy, group["year"], group["origin_id"]] += group["pupils"]
        for row in assessment.allocation.allocation.to_dict("records"):
            if row["group_id"] not in groups or row["tier"] != "local":
                continue
            group, school = groups[row["group_id"]], provision.loc[row["provision_id"], "setting_id"]
            answer = (name, row["policy"], group["year"])
            counts["zone"][(*answer, group["origin_id"])] += row["pupils"]
            counts["setting"][(*answer, school)] += row["pupils"]
            counts["flow"][(*answer, cluster.get(group["origin_id"], ""), school)] += row["pupils"]
    return counts


def test_every_finer_figure_is_the_plain_sum_of_the_rows_behind_it(
    finer: Tables, assessments: dict[str, Assessment]
) -> None:
    counts = _plain_counts(assessments)
    for name, key, column, wanted in (
        ("internal_zones", ["area_id"], "demand_pupils", "demand"),
        ("internal_zones", ["area_id"], "placed_local_pupils", "zone"),
        ("internal_settings", ["setting_id"], "placed_pupils", "setting"),
        ("internal_flows", ["cluster_id", "setting_id"], "pupils", "flow"),
    ):
        sums = finer[name].groupby([*ANSWER, *key])[column].sum()
        assert {place: int(count) for place, count in sums.items() if count} == dict(counts[wanted]), (name, column)


def test_zones_add_up_to_clusters_and_the_county_and_settings_and_flows_to_the_placed(
    finer: Tables, internal: Released
) -> None:
    area = internal.tables["sufficiency_area"]
    zones = finer["internal_zones"]
    for column in ("demand_pupils", "placed_local_pupils", "without_local_place_pupils"):
        county = area[area["level"] == "county"].set_index(ANSWER)[column].astype(int)
        pd.testing.assert_series_equal(
            zones.groupby(ANSWER)[column].sum(), county.sort_index(), check_dtype=False, check_index_type=False
        )
        clusters = area[area["level"] == "cluster"].set_index([*ANSWER, "area_id"])[column].astype(int).sort_index()
        located = zones[zones["cluster_id"] != ""].groupby([*ANSWER, "cluster_id"])[column].sum()
        assert located.to_dict() == clusters.to_dict()
    local = area[area["level"] == "county"].set_index(ANSWER)["placed_local_pupils"].astype(int).sort_index()
    assert finer["internal_settings"].groupby(ANSWER)["placed_pupils"].sum().to_dict() == local.to_dict()
    assert finer["internal_flows"].groupby(ANSWER)["pupils"].sum().to_dict() == local.to_dict()


def test_the_designed_tables_are_the_public_ones_with_nothing_hidden(
    town: Inputs, tables: Tables, internal: Released, finer: Tables
) -> None:
    public = release(tables, town.areas, hide_up_to=5)
    assert internal.build == "internal"
    assert list(internal.tables) == [*public.tables, *finer]
    assert not any(name.startswith("internal_") for name in public.tables)
    assert any(mask.to_numpy(bool).any() for mask in public.hidden.values())
    assert not any(mask.to_numpy(bool).any() for mask in internal.hidden.values())
    for name, shown in public.tables.items():
        whole, veil = internal.tables[name], public.hidden[name]
        assert list(whole.columns) == list(shown.columns)
        assert internal.hidden[name].shape == whole.shape
        if len(whole) == len(shown):
            known = shown.notna() & ~veil
            same = (whole.astype(object) == shown.astype(object)) | ~known
            assert same.to_numpy(bool).all(), name
    source = tables["sufficiency"]
    flat = (source["phase"] == "all") & (source["need"] == "all") & (source["provision_type"] == "headline")
    key = [*ANSWER, "area_id"]
    assert (
        internal.tables["sufficiency_area"].set_index(key)["demand_pupils"].to_dict()
        == source[flat].set_index(key)["demand_pupils"].to_dict()
    )


def test_a_finer_table_is_never_taken_for_a_public_one(town: Inputs, tables: Tables, finer: Tables) -> None:
    with pytest.raises(SufficiencyError, match="begins with internal_"):
        release_internal(tables, town.areas, {"sufficiency_area": finer["internal_zones"]})
