"""Leaks of every kind, planted one by one in a safe release of a made-up county: the audit finds each of them."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sufficiency.disclosure import release
from sufficiency.disclosure.known import known_cells
from sufficiency.disclosure.release_audit import audit_release, truly_small
from sufficiency.model.results import Released
from sufficiency.model.vocabulary import NEED_GROUP_OF
from tests import microdata
from tests import tiny_county as tiny
from tests import two_releases as two

K = 5
AREAS = pd.DataFrame(tiny.areas())
PARENT = AREAS.set_index("area_id")["parent_id"]
SLICE = ["scenario_id", "policy", "year"]
AT = {"scenario_id": "s", "policy": "optimal", "year": 2028}
COUNTY = {"level": "county", "area_id": "C"}


def without_places(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables without their made-up places, which their pupils do not fit."""
    blank = pd.array([pd.NA] * len(tables["sufficiency"]), dtype="Int64")
    return tables | {"sufficiency": tables["sufficiency"].assign(capacity_places=blank, location_balance_places=blank)}


@pytest.fixture(scope="module")
def both() -> tuple[Released, Released]:
    """Return a release, and the same with nothing hidden."""
    tables = without_places(microdata.tables(microdata.draw(np.random.default_rng(6), most=6)))
    return tuple(release(tables, tiny.areas(), hide_up_to=most) for most in (K, 0))


def told(released: Released, raw: Released, name: str, rows: Any, column: str) -> Released:
    """Return the release with figures of one column printed after all."""
    table, veil = released.tables[name].copy(), released.hidden[name].copy()
    table.loc[rows, column] = raw.tables[name].loc[rows, column]
    veil.loc[rows, column] = False
    return dataclasses.replace(
        released, tables={**released.tables, name: table}, hidden={**released.hidden, name: veil}
    )


def found(released: Released, **more: Any) -> set[tuple[str, str]]:
    report = audit_release(released, AREAS, hide_up_to=K, **more).recoverable
    return set(zip(report["table"], report["column"], strict=True))


# --- all parts of a total but one ---------------------------------------------------------------------------------

# table, column, what the parts share besides scenario, policy and year, and what they differ in
FAMILIES = {
    "hierarchy": ("sufficiency_area", "without_local_place_pupils", "parent"),
    "types of an area": ("sufficiency_area_type", "without_local_place_pupils", "area_id"),
    "phases of a district": ("sufficiency_district_phase", "placed_local_pupils", "area_id"),
    "needs of a phase": ("sufficiency_county_need_phase", "placed_local_pupils", "need x phase"),
    "reasons": ("reasons", "pupils", "none"),
    "flows from a home": ("flows", "pupils", "home_area_id"),
}


def family_of(table: pd.DataFrame, kind: str) -> pd.Series:
    """Return what the parts of one total share."""
    if kind == "parent":
        # clusters make up their district; what is above has a total of its own
        return table["area_id"].map(PARENT).where(table["level"] == "cluster", "alone " + table["area_id"])
    if kind == "need x phase":
        group = table["need"].map(NEED_GROUP_OF)
        return (table["phase"] + group.astype(str)).where(group.notna() & (table["phase"] != "all"), "alone")
    return table[kind] if kind in table else pd.Series("all", index=table.index)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_parts_of_a_total_but_one(both: tuple[Released, Released], family: str) -> None:
    released, raw = both
    name, column, kind = FAMILIES[family]
    table, true, veil = released.tables[name], raw.tables[name], released.hidden[name][column]
    shares = [table[one] for one in SLICE] + [family_of(table, kind)]
    members = table.groupby(shares, sort=False).ngroup()
    small = veil & true[column].between(1, K).fillna(False) & ~family_of(table, kind).str.startswith("alone")
    assert small.any(), "nothing to plant"
    row = int(np.flatnonzero(small)[0])
    beside = (members == members[row]) & (table.index != row)
    assert beside.any()
    planted = told(released, raw, name, np.flatnonzero(beside), column)
    # and the total, wherever it stands
    for whole, rows in released.tables.items():
        if column in rows and {"area_id", *SLICE} <= set(rows):
            above = {table.loc[row].get("area_id"), PARENT.get(str(table.loc[row].get("area_id"))), "C"}
            same = (rows[SLICE] == table.loc[row, SLICE]).all(axis=1) & rows["area_id"].isin(above)
            same &= rows.index != row if whole == name else True
            planted = told(planted, raw, whole, np.flatnonzero(same), column)
    area = planted.tables["sufficiency_area"]
    same = (area[SLICE] == table.loc[row, SLICE]).all(axis=1)
    for total in ("placed_local_pupils", "unplaced_pupils", "placed_own_area_pupils"):
        planted = told(planted, raw, "sufficiency_area", np.flatnonzero(same & (area["level"] != "cluster")), total)
    assert any(one == name for one, _ in found(planted))


def test_what_is_placed_in_another_district(both: tuple[Released, Released]) -> None:
    """Placed 8, in the own district 5: 3 elsewhere, whom no table prints."""
    released, raw = both
    true = raw.tables["sufficiency_area"]
    apart = (true["placed_local_pupils"] - true["placed_own_area_pupils"]).between(1, K).fillna(False)
    row = int(np.flatnonzero(apart & (true["level"] == "district"))[0])
    planted = told(released, raw, "sufficiency_area", [row], "placed_local_pupils")
    planted = told(planted, raw, "sufficiency_area", [row], "placed_own_area_pupils")
    assert ("follows from several", "placed_other_area_pupils") in found(planted)


# --- tables of a few rows, worked by hand -------------------------------------------------------------------------


# columns that do not apply in a table of a few rows
BLANK = {
    "journeys_area": ("mean_min", "median_min", "p90_min", "pupil_km_per_year"),
    "sufficiency_area": ("capacity_places", "location_balance_places"),
}


def made(**tables: list[dict[str, Any]]) -> Released:
    """Return a release of these rows; a count that is None is hidden."""
    frames, hidden = {}, {}
    for name, rows in tables.items():
        frame = pd.DataFrame(rows)
        hidden[name] = frame.isna()
        for column in frame:
            if column in {"before", "after", "change"}:
                frame[column] = frame[column].astype(float)
            elif frame[column].isna().any() or column.endswith(("pupils", "_places")):
                frame[column] = pd.array(frame[column], dtype="Int64" if column.endswith("pupils") else "Float64")
        for column in (one for one in BLANK.get(name, ()) if one not in frame):
            frame[column], hidden[name][column] = pd.array([pd.NA] * len(frame), dtype="Float64"), False
        frames[name] = frame
    return Released("public", MappingProxyType(frames), MappingProxyType(hidden))


def area(area_id: str, **counts: Any) -> dict[str, Any]:
    level = "county" if area_id == "C" else "district"
    return {**AT, "level": level, "area_id": area_id, "area_name": area_id, **counts}


def assumed(**values: float) -> list[dict[str, Any]]:
    return [{"name": name, "value": str(value)} for name, value in values.items()]


LIMITS = {f"journey_limit_{phase}_min": 75 for phase in ("secondary", "post_16")} | {"journey_limit_primary_min": 45}
LEAKS: dict[str, tuple[Released, Released, tuple[str, str]]] = {
    # kind: safe, leaking, what is found
    "money by its price": (
        # 3 places at 25,000 pounds; not told in the other
        made(
            sufficiency_area_type=[{**AT, **COUNTY, "provision_type": "special_school", "placed_local_pupils": None}],
            assumptions=assumed(special_school_place_gbp=25_000),
            money=[{**AT, "purse": "high_needs_block", "item": "Local special-school places", "gbp_central": None}],
        ),
        made(
            sufficiency_area_type=[{**AT, **COUNTY, "provision_type": "special_school", "placed_local_pupils": None}],
            assumptions=assumed(special_school_place_gbp=25_000),
            money=[{**AT, "purse": "high_needs_block", "item": "Local special-school places", "gbp_central": 75_000.0}],
        ),
        ("sufficiency_area_type", "placed_local_pupils"),
    ),
    "a percentile under the limit": (
        # nine in ten of 40 travel no longer than 80 minutes: who is over 45 or 75 may be many
        made(
            journeys_area=[area("C", pupils=40, p90_min=80.0, over_limit_pupils=None)],
            assumptions=assumed(**LIMITS),
        ),
        # nine in ten of 40 travel no longer than 30 minutes: no more than 4 are over 45 or 75
        made(
            journeys_area=[area("C", pupils=40, p90_min=30.0, over_limit_pupils=None)],
            assumptions=assumed(**LIMITS),
        ),
        ("journeys_area", "over_limit_pupils"),
    ),
    "a percentile over the limit": (
        # half of 7 travel no longer than 60 minutes, which may be over the limit or not
        made(
            journeys_area=[area("C", pupils=7, median_min=60.0, over_limit_pupils=None)],
            assumptions=assumed(**LIMITS),
        ),
        # half of 7 travel 90 minutes and more: 4 to 7 are over 75
        made(
            journeys_area=[area("C", pupils=7, median_min=90.0, over_limit_pupils=None)],
            assumptions=assumed(**LIMITS),
        ),
        ("journeys_area", "over_limit_pupils"),
    ),
    "means by their counts": (
        # districts of 10.0 and 50.0 minutes, a county of 12.0 by 40 pupils: 38 and 2
        made(
            journeys_area=[
                area("C", pupils=40, mean_min=12.0),
                area("D1", pupils=None, mean_min=None),
                area("D2", pupils=None, mean_min=50.0),
            ],
        ),
        made(
            journeys_area=[
                area("C", pupils=40, mean_min=12.0),
                area("D1", pupils=None, mean_min=10.0),
                area("D2", pupils=None, mean_min=50.0),
            ],
        ),
        ("journeys_area", "pupils"),
    ),
    "transfers by year groups": (
        # the pupils of Year 6 are those who go up to Year 7
        made(
            phase_transfers=[
                {"year": 2028, **COUNTY, "transfer": "Y6 to Y7", "need": "all", "pupils": None},
            ],
            scap_style_forecast=[{"year": 2028, **COUNTY, "year_group": "Y6", "scap_phase": "primary", "pupils": None}],
        ),
        made(
            phase_transfers=[
                {"year": 2028, **COUNTY, "transfer": "Y6 to Y7", "need": "all", "pupils": None},
            ],
            scap_style_forecast=[{"year": 2028, **COUNTY, "year_group": "Y6", "scap_phase": "primary", "pupils": 3}],
        ),
        ("phase_transfers", "pupils"),
    ),
    "places less the shortfall": (
        made(
            sufficiency_area=[area("C", demand_pupils=None)],
            programme_places=[{"scenario_id": "s", "year": 2028, "demand_pupils": None, "capacity_places": 40,
                               "shortfall_places": None}],
        ),
        made(
            sufficiency_area=[area("C", demand_pupils=None)],
            programme_places=[{"scenario_id": "s", "year": 2028, "demand_pupils": None, "capacity_places": 40,
                               "shortfall_places": -37}],
        ),
        ("sufficiency_area", "demand_pupils"),
    ),
    "the homes of a scheme": (
        # 20 placed, of whom 17 are said to live in one district: 3 elsewhere
        made(scheme_effects=[{"scenario_id": "s", "year": 2028, "scheme_id": "x", "placed_pupils": None,
                              "homes": "East 17", "homes_rest_pupils": None}]),
        made(scheme_effects=[{"scenario_id": "s", "year": 2028, "scheme_id": "x", "placed_pupils": 20,
                              "homes": "East 17", "homes_rest_pupils": None}]),
        ("scheme_effects", "homes_rest_pupils"),
    ),
    "the winners among few": (
        # no more are better and worse off than there are pupils
        made(
            sufficiency_area=[area("C", demand_pupils=50)],
            comparison_area=[area("C", against_id="t", measure="unplaced_pupils", before=None, after=None, change=None,
                                  better_off_pupils=None, worse_off_pupils=20)],
        ),
        made(
            sufficiency_area=[area("C", demand_pupils=23)],
            comparison_area=[area("C", against_id="t", measure="unplaced_pupils", before=None, after=None, change=None,
                                  better_off_pupils=None, worse_off_pupils=20)],
        ),
        ("comparison_area", "better_off_pupils"),
    ),
    "a step of the bridge": (
        made(sufficiency_area=[area("C", demand_pupils=50)],
             bridge=[{"step": 1, "item": "new homes", "start_pupils": 100, "pupils": None}]),
        made(sufficiency_area=[area("C", demand_pupils=50)],
             bridge=[{"step": 1, "item": "new homes", "start_pupils": 100, "pupils": 3}]),
        ("bridge", "pupils"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_worked_by_hand(kind: str) -> None:
    safe, leaking, cell = LEAKS[kind]
    assert cell not in found(safe)
    assert cell in found(leaking)


# --- earlier releases ---------------------------------------------------------------------------------------------


def test_two_releases_laid_side_by_side() -> None:
    """Each is safe alone; with what the first printed the second tells small counts, unless it had regard to it."""
    county = two.draw(44)

    def run(scenarios: tuple[str, ...], most: int, register: Any = None) -> Released:
        chosen = [county.scenarios.index(name) for name in scenarios]
        part = microdata.County(scenarios, county.pupils[chosen])
        return release(without_places(microdata.tables(part)), tiny.areas(), hide_up_to=most, earlier=register)

    first, second = ("do_nothing", "extra"), ("do_nothing", "programme")
    register = two.register(two.entry(run(first, K), "a1", first))
    known, truth = known_cells(register), run(second, 0)

    def recovered(released: Released, known: pd.DataFrame | None) -> int:
        return len(truly_small(audit_release(released, AREAS, hide_up_to=K, known=known), truth).recoverable)

    careless = run(second, K)
    assert recovered(careless, None) == 0
    assert recovered(careless, known) > 0
    assert recovered(run(second, K, register), known) == 0


def test_an_earlier_release_of_other_pupils_tells_nothing_and_stops_nothing(both: tuple[Released, Released]) -> None:
    """Its figures contradict today's wherever both print one: it is read as of other pupils."""
    released, raw = both
    entry = two.entry(released, "a1", ("do_nothing",))
    other = entry.cells.assign(value=entry.cells["value"] + 7)
    known = known_cells(two.register(dataclasses.replace(entry, cells=other)))
    plain = truly_small(audit_release(released, AREAS, hide_up_to=K), raw)
    beside = truly_small(audit_release(released, AREAS, hide_up_to=K, known=known), raw)
    assert len(plain.cells) == len(beside.cells)
    assert len(plain.recoverable) == len(beside.recoverable)
