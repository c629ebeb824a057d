"""The use of places by district and type: by hand, and what a reader could work out of its release."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from sufficiency import measures
from sufficiency.disclosure import release
from sufficiency.disclosure.register import Register, entry_of
from sufficiency.disclosure.release_audit import audit_release, truly_small
from sufficiency.disclosure.rounding import rounded
from sufficiency.disclosure.safe import safe_release
from sufficiency.model.errors import InfeasibleError
from tests import microdata
from tests import tiny_county as tiny

K = 5
NAME = "occupancy_district_type"
SLICE = ["scenario_id", "policy", "year"]
SCHOOL, BASE = microdata.TYPES


def test_the_use_of_places_by_hand():
    """North: school a (30 places, 20 + 5 pupils), base b (10, 4). South: school c (20, 12). Outside: school d (6, 3).

    The independent school, and the pupils of another stream (7), count nowhere. County: 30 + 20 + 6 = 56 places in
    schools, 20 + 5 + 12 + 3 = 40 pupils.
    """
    provision = pd.DataFrame(
        {
            "provision_id": ["a", "b", "c", "d", "i"],
            "setting_id": ["A", "B", "C", "D", "I"],
            "provision_type": [SCHOOL, BASE, SCHOOL, SCHOOL, SCHOOL],
            "tier": ["local"] * 4 + ["independent"],
        }
    )
    settings = pd.DataFrame({"setting_id": list("ABCDI"), "district_id": ["north", "north", "south", "", "north"]})
    places = pd.DataFrame({"provision_id": list("abcdi"), "year": 2028, "planned_places": [30, 10, 20, 6, 50]})
    rows = pd.DataFrame(
        [
            ("a", "local", 20, True, "south"), ("a", "local", 5, True, "north"), ("a", "local", 7, False, "north"),
            ("b", "local", 4, True, "north"), ("c", "local", 12, True, "south"), ("d", "local", 3, True, "south"),
            ("i", "independent", 9, True, "north"), ("", "unplaced", 8, True, "north"),
        ],
        columns=["provision_id", "outcome", "pupils", "headline", "district_id"],
    ).assign(policy="optimal", year=2028)  # fmt: skip
    found = measures.use_by_district_type(rows, places, provision, settings, ["county", "north", "south"])
    told = {
        (area, kind): (schools, capacity, placed, empty)
        for area, kind, schools, capacity, placed, empty in found[
            ["area_id", "provision_type", "schools", "capacity_places", "placed_pupils", "empty_places"]
        ].itertuples(index=False)
    }
    assert told == {
        ("county", SCHOOL): (3, 56, 40, 16), ("county", BASE): (1, 10, 4, 6),
        ("north", SCHOOL): (1, 30, 25, 5), ("north", BASE): (1, 10, 4, 6),
        ("south", SCHOOL): (1, 20, 12, 8), ("south", BASE): (0, 0, 0, 0),
        ("outside", SCHOOL): (1, 6, 3, 3), ("outside", BASE): (0, 0, 0, 0),
    }  # fmt: skip
    share = found.set_index(["area_id", "provision_type"])["used_share"]
    assert share["north", SCHOOL] == pytest.approx(25 / 30)
    assert pd.isna(share["south", BASE])


def county(seed, most=14):
    return microdata.draw(np.random.default_rng(seed), most=most)


def used(made, *, schools=2, spare=9):
    """Return the table by counting the pupils of a made-up county one by one, each type placed in the type sought."""
    counts = {}
    for index, (scenario, _, _, _, kind, outcome) in microdata.keys(made):
        if outcome[0] == "local":
            for area in (outcome[1], "C"):
                counts[scenario, area, kind] = counts.get((scenario, area, kind), 0) + int(made.pupils[index])
    rows = []
    for scenario in made.scenarios:
        for area in ("C", *tiny.DISTRICTS):
            for kind in microdata.TYPES:
                placed = counts.get((scenario, area, kind), 0)
                held = [area] if area != "C" else tiny.DISTRICTS
                used_in = [one for one in held if counts.get((scenario, one, kind), 0)]
                places, number = placed + spare * len(used_in), schools * len(used_in)
                rows.append((scenario, area, kind, number, places, placed, places - placed, placed / max(places, 1)))
    names = ["scenario_id", "area_id", "provision_type", "schools", "capacity_places", "placed_pupils"]
    table = pd.DataFrame(rows, columns=[*names, "empty_places", "used_share"]).assign(policy="optimal", year=2028)
    return table.astype({"capacity_places": "Int64", "empty_places": "Int64", "used_share": "Float64"})


def tables(made, **how):
    out = microdata.tables(made)
    blank = pd.array([pd.NA] * len(out["sufficiency"]), dtype="Int64")
    none = out["sufficiency"].assign(capacity_places=blank, location_balance_places=blank)
    return out | {"sufficiency": none, NAME: used(made, **how)}


def reader_ranges(released, scenario):
    """Return what a reader knows of each district and type: printed cells, sums by type and arrivals, 0 to places."""
    table = released.tables[NAME]
    table = table[(table["scenario_id"] == scenario) & (table["level"] == "district")].reset_index(drop=True)
    equations, right = [], []
    for place, value in enumerate(table["placed_pupils"]):
        if pd.notna(value):
            equations.append(np.eye(len(table))[place])
            right.append(float(value))
    flows = released.tables["flows"]
    for area in tiny.DISTRICTS:
        into = flows.loc[(flows["scenario_id"] == scenario) & (flows["setting_area_id"] == area), "pupils"]
        if into.notna().all():
            equations.append((table["area_id"] == area).to_numpy(float))
            right.append(float(into.sum()))
    for name in (NAME, "sufficiency_area_type"):
        whole = released.tables[name]
        whole = whole[(whole["scenario_id"] == scenario) & (whole["area_id"] == "C")]
        column = "placed_pupils" if name == NAME else "placed_local_pupils"
        for kind, value in zip(whole["provision_type"], whole[column], strict=True):
            if pd.notna(value):
                equations.append((table["provision_type"] == kind).to_numpy(float))
                right.append(float(value))
    bounds = [(0, float(places)) for places in table["capacity_places"]]
    out = {}
    for place in range(len(table)):
        ends = [
            linprog(
                sign * np.eye(len(table))[place],
                A_eq=np.array(equations).reshape(-1, len(table)),
                b_eq=right,
                bounds=bounds,
            )
            for sign in (1, -1)
        ]
        assert all(end.status == 0 for end in ends)
        key = (table["area_id"][place], table["provision_type"][place])
        out[key] = (float(np.ceil(ends[0].fun - 1e-6)), float(np.floor(-ends[1].fun + 1e-6)))
    return out, table


@pytest.mark.parametrize("seed", [3, 4, 6, 10])
@pytest.mark.parametrize("schools", [1, 2])
def test_no_small_count_and_no_single_school_can_be_worked_out(seed, schools):
    made = county(seed)
    try:
        released, report = safe_release(tables(made, schools=schools), pd.DataFrame(tiny.areas()), hide_up_to=K)
    except InfeasibleError:
        pytest.skip("so small a county has no safe release with or without the table")
    assert report.counts["recoverable"] == 0
    if NAME not in released.tables:
        return
    true = used(made, schools=schools).set_index(["scenario_id", "area_id", "provision_type"])["placed_pupils"]
    for scenario in made.scenarios:
        found, table = reader_ranges(released, scenario)
        for (area, kind), (low, high) in found.items():
            value = true[scenario, area, kind]
            assert low <= value <= high
            if 1 <= value <= K:
                assert high - low >= K, (scenario, area, kind)
        assert not table["placed_pupils"].between(1, K).fillna(False).any()
        hidden = table["placed_pupils"].isna()
        assert (table["empty_places"].isna() == hidden).all()
        assert (table.loc[hidden, "used_share"]).isna().all()


def big(**how):
    """Return the tables of a county large enough for its use of places to be told."""
    return tables(county(3, most=60), **how)


def test_two_schools_are_told_and_one_is_not():
    told = release(big(schools=2), tiny.areas(), hide_up_to=K)
    assert told.tables[NAME]["placed_pupils"].notna().all()
    single = release(big(schools=1), tiny.areas(), hide_up_to=K)
    districts = single.tables[NAME]["level"] == "district"
    assert single.hidden[NAME].loc[districts, "placed_pupils"].all()
    assert single.tables[NAME].loc[~districts, "placed_pupils"].notna().all()
    assert single.tables[NAME]["capacity_places"].notna().all()


def test_a_single_school_is_told_where_every_place_of_the_county_is_taken():
    """No room anywhere: the county's total by type is the sum of public places, so that each is known to be full."""
    full = release(big(schools=1, spare=0), tiny.areas(), hide_up_to=K)
    assert full.tables[NAME]["placed_pupils"].notna().all()
    assert audit_release(full, pd.DataFrame(tiny.areas()), hide_up_to=K).counts["recoverable"] == 0


def printed(released, raw, rows, *columns):
    table, veil = released.tables[NAME].copy(), released.hidden[NAME].copy()
    for column in columns:
        table.loc[rows, column] = raw.tables[NAME].loc[rows, column]
        veil.loc[rows, column] = False
    return dataclasses.replace(
        released, tables={**released.tables, NAME: table}, hidden={**released.hidden, NAME: veil}
    )


@pytest.mark.parametrize("column", ["placed_pupils", "empty_places", "used_share"])
def test_the_audit_finds_one_printed_cell_of_one_school(column):
    made = big(schools=1)
    released, raw = (release(made, tiny.areas(), hide_up_to=k) for k in (K, 0))
    areas = pd.DataFrame(tiny.areas())
    assert not (audit_release(released, areas, hide_up_to=K).recoverable["table"] == NAME).any()
    row = int(np.flatnonzero(released.hidden[NAME]["placed_pupils"])[0])
    found = audit_release(printed(released, raw, [row], column), areas, hide_up_to=K)
    assert (found.recoverable["table"] == NAME).any()
    assert (truly_small(found, raw).recoverable["table"] == NAME).any()


def test_a_table_that_gives_something_away_is_left_out():
    """D2 has no bases, so that its arrivals are those in its schools; the county's total then tells the 3 of D1's."""
    made = county(3, most=60)
    pupils = made.pupils.copy()
    in_d1, in_d2 = (0, 1, 7), 2
    pupils[..., 0, in_d2] += pupils[..., 0, in_d1].sum(axis=-1)
    pupils[..., 0, in_d1] = 0
    for scenario in pupils:
        most = np.unravel_index(scenario[..., 0, in_d2].argmax(), scenario.shape[:3])
        scenario[(*most, 0, in_d2)] -= 3
        scenario[(*most, 0, 0)] = 3
    pupils[..., 1, 0] += pupils[..., 1, in_d2]
    pupils[..., 1, in_d2] = 0
    assert (pupils >= 0).all()
    moved = dataclasses.replace(made, pupils=pupils)
    told = used(moved).set_index(["scenario_id", "area_id", "provision_type"])["placed_pupils"]
    assert told["programme", "D1", SCHOOL] == 3
    assert told["programme", "D2", BASE] == 0
    with pytest.raises(InfeasibleError):
        release(tables(moved), tiny.areas(), hide_up_to=K)
    released, report = safe_release(tables(moved), pd.DataFrame(tiny.areas()), hide_up_to=K)
    assert NAME not in released.tables
    assert report.counts["recoverable"] == 0


def test_rounded_counts_leave_nothing_exact_beside_them():
    released = rounded(release(big(), tiny.areas(), hide_up_to=7), hide_up_to=7, round_counts_to=5)
    table = released.tables[NAME]
    shown = table[table["placed_pupils"].notna()]
    assert len(shown)
    assert (shown["placed_pupils"] % 5 == 0).all()
    assert (shown["empty_places"] == shown["capacity_places"] - shown["placed_pupils"]).all()
    share = shown["placed_pupils"].astype(float) / shown["capacity_places"].astype(float)
    assert np.allclose(shown["used_share"].astype(float), share)


def test_what_an_earlier_release_hid_stays_hidden():
    areas = tiny.areas()
    first = release(big(schools=1), areas, hide_up_to=K)
    entry = entry_of(first, pd.DataFrame(areas), run_id="a" * 12, version="1", scenarios=["do_nothing"], hide_up_to=K)
    again = release(big(schools=2), areas, hide_up_to=K, earlier=Register((entry,)))
    assert (again.hidden[NAME]["placed_pupils"] >= first.hidden[NAME]["placed_pupils"]).all()
