"""Laws of the coverage of support bases over drawn counties, matched by the real match."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.allocation.support import match_support_bases
from sufficiency.measures.coverage import coverage_by_area, coverage_by_school, primary_equivalence

CLUSTERS = {"d1-a": "D1", "d1-b": "D1", "d2-a": "D2", "d3-a": "D3"}
AREAS = pd.DataFrame(
    [("C", "county", ""), *((name, "district", "C") for name in ("D1", "D2", "D3")),
     *((name, "cluster", parent) for name, parent in CLUSTERS.items())],
    columns=["area_id", "level", "parent_id"],
)  # fmt: skip
SCHOOLS = {f"S{number}": cluster for number, cluster in enumerate([*CLUSTERS] * 2)}
SETTINGS = pd.DataFrame(
    [(school, f"School {school}", CLUSTERS[cluster], cluster) for school, cluster in SCHOOLS.items()],
    columns=["setting_id", "setting_name", "district_id", "cluster_id"],
)
PHASES, YEARS = ("primary", "secondary"), (2027, 2028)
COUNTS = [
    "schools", "schools_with_own_base", "schools_supported", "schools_with_pupils_without_base",
    "schools_need_not_recorded", "places", "unhosted_places", "sen_support_pupils", "needing_pupils",
    "own_school_pupils", "partner_pupils", "without_base_pupils",
]  # fmt: skip
KEY = ["setting_id", "phase", "year"]
_WHERE = st.tuples(st.sampled_from([*SCHOOLS]), st.sampled_from(PHASES), st.sampled_from(YEARS))
_NEED = st.dictionaries(_WHERE, st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=16)
_HOSTED = st.lists(st.tuples(_WHERE, st.integers(0, 12)), max_size=10)
_UNHOSTED = st.lists(
    st.tuples(st.sampled_from([*CLUSTERS]), st.sampled_from(PHASES), st.sampled_from(YEARS), st.integers(0, 12)),
    max_size=6,
)
_METRES = st.lists(st.integers(-1, 15_000), min_size=64, max_size=64)


@st.composite
def counties(draw):
    needs, hosts, others, metres = draw(_NEED), draw(_HOSTED), draw(_UNHOSTED), draw(_METRES)
    need = pd.DataFrame(
        [(*where, pupils, pupils + more) for where, (pupils, more) in needs.items()],
        columns=[*KEY, "pupils", "sen_support_pupils"],
    ).astype({"year": "int64", "pupils": "int64", "sen_support_pupils": "int64"})
    need["cluster_id"] = need["setting_id"].map(SCHOOLS).astype(object)
    rows = [(school, SCHOOLS[school], phase, year, places) for (school, phase, year), places in hosts]
    rows += [("", *other) for other in others]
    bases = pd.DataFrame(rows, columns=["setting_id", "cluster_id", "phase", "year", "places"])
    bases = bases.astype({"year": "int64", "places": "int64"})
    pairs = [(home, partner) for home in SCHOOLS for partner in SCHOOLS]
    distances = pd.DataFrame(pairs, columns=["from_setting_id", "to_setting_id"]).assign(metres=metres)
    hosted = bases[bases["setting_id"] != ""]
    return need, bases, match_support_bases(need, hosted, distances, scenario_id="x")


def covered(county):
    need, bases, match = county
    by_school = coverage_by_school("x", SETTINGS, bases, need, match)
    return by_school, coverage_by_area("x", by_school, bases, AREAS)


def by_area(table, ids):
    part = table[table["area_id"].isin(ids)]
    return part.set_index(["area_id", "phase", "year"])


@settings(max_examples=25, deadline=None)
@given(counties())
def test_schools_make_the_clusters_clusters_the_districts_and_districts_the_county(county):
    by_school, table = covered(county)
    clusters, districts, whole = (by_area(table, ids) for ids in (CLUSTERS, ("D1", "D2", "D3"), ("C",)))
    up = clusters[COUNTS].groupby([clusters.index.get_level_values(0).map(CLUSTERS), "phase", "year"]).sum()
    assert (up.sort_index().to_numpy() == districts[COUNTS].sort_index().to_numpy()).all()
    up = districts[COUNTS].groupby(["phase", "year"]).sum()
    assert (up.to_numpy() == whole[COUNTS].to_numpy()).all()
    for (area_id, phase, year), row in clusters.iterrows():
        own = by_school[
            (by_school["cluster_id"] == area_id) & (by_school["phase"] == phase) & (by_school["year"] == year)
        ]
        assert len(own) == row["schools"]
        assert own["own_base"].sum() == row["schools_with_own_base"]
        assert own["own_places"].sum() + row["unhosted_places"] == row["places"]
        for name in ("needing_pupils", "own_school_pupils", "partner_pupils", "without_base_pupils"):
            assert own[name].sum() == row[name]


@settings(max_examples=25, deadline=None)
@given(counties())
def test_every_pupil_in_need_is_at_own_school_at_a_partner_or_without(county):
    need, _, _ = county
    by_school, table = covered(county)
    for rows in (by_school, table):
        parts = rows["own_school_pupils"] + rows["partner_pupils"] + rows["without_base_pupils"]
        assert (parts == rows["needing_pupils"]).all()
    wanted = need.set_index(KEY)["pupils"]
    got = by_school.set_index(KEY)["needing_pupils"]
    assert got.reindex(wanted.index).equals(wanted.rename("needing_pupils"))
    assert got.sum() == wanted.sum() == table.loc[table["area_id"] == "C", "needing_pupils"].sum()


@settings(max_examples=25, deadline=None)
@given(counties())
def test_nothing_of_the_bases_or_the_need_is_lost(county):
    need, bases, match = county
    _, table = covered(county)
    whole = table[table["area_id"] == "C"]
    assert whole["places"].sum() == bases["places"].sum()
    assert whole["unhosted_places"].sum() == bases.loc[bases["setting_id"] == "", "places"].sum()
    assert whole["sen_support_pupils"].sum() == need["sen_support_pupils"].sum()
    travelled = (match["extra_km"] * match["pupils"]).sum()
    assert (whole["mean_extra_km"] * whole["partner_pupils"]).sum() == pytest.approx(travelled)


@settings(max_examples=25, deadline=None)
@given(counties())
def test_schools_are_supported_short_or_not_recorded_and_the_flags_say_the_same(county):
    _, table = covered(county)
    kinds = ["schools_supported", "schools_with_pupils_without_base", "schools_need_not_recorded"]
    assert (table[kinds].sum(axis=1) == table["schools"]).all()
    reached = table["every_pupil_reaches_a_base"]
    assert ((table["without_base_pupils"] > 0) == (reached == False).fillna(False)).all()  # noqa: E712  # blank apart
    assert ((table["schools"] > 0) & (table["schools_supported"] == table["schools"])).equals(
        (reached == True).fillna(False).astype(bool)  # noqa: E712  # blank apart
    )
    secondary = table[(table["phase"] == "secondary") & (table["schools"] > 0)]
    own = secondary["schools_with_own_base"] == secondary["schools"]
    assert own.equals(secondary["every_secondary_has_a_base"].astype(bool).rename(None))


@settings(max_examples=25, deadline=None)
@given(counties())
def test_equivalence_adds_up_and_is_never_below_zero(county):
    _, bases, _ = county
    _, table = covered(county)
    equal = primary_equivalence(table)
    short, primary, secondary = (
        equal[name] for name in ("short_of_equivalence_places", "primary_places", "secondary_places")
    )
    assert (short >= 0).all()
    assert ((short > 0) == (secondary > primary)).all()
    assert (primary + short >= secondary).all()
    whole = equal[equal["area_id"] == "C"]
    for phase in PHASES:
        assert whole[f"{phase}_places"].sum() == bases.loc[bases["phase"] == phase, "places"].sum()


@settings(max_examples=15, deadline=None)
@given(counties(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_given_does_not_matter(county, random):
    first = covered(county)
    second = covered(tuple(table.sample(frac=1, random_state=random.randrange(2**31)) for table in county))
    for one, other in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(one, other)
