"""A synthetic county for the tests of the outputs: made-up figures that add up, five districts, seventeen clusters.

Nothing here comes from the model: the figures are spread by hand-set shares from one table of cells, and every released
table is a sum over those cells, so that totals agree between tables.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point, Polygon, box

from sufficiency.model import vocabulary as v
from sufficiency.model.parameters import Parameters, read_parameters
from sufficiency.model.results import Certificate, Inputs, Released, RoadTables, RunRecord, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

COUNTY = ("E10000025", "Oxfordshire")
DISTRICTS = {
    "E07000177": "Cherwell",
    "E07000178": "Oxford",
    "E07000179": "South Oxfordshire",
    "E07000180": "Vale of White Horse",
    "E07000181": "West Oxfordshire",
}
CLUSTERS = {
    "E07000177": ("Banbury", "Bicester", "Kidlington", "North Cherwell"),
    "E07000178": ("Oxford North", "Oxford South", "Oxford East"),
    "E07000179": ("Didcot", "Henley", "Thame", "Wallingford"),
    "E07000180": ("Abingdon", "Faringdon", "Wantage"),
    "E07000181": ("Carterton", "Chipping Norton", "Witney"),
}
YEARS = tuple(range(2024, 2032))
SCENARIOS = ("do_nothing", "committed", "programme")
POLICIES = v.RUN_POLICIES
PHASES = ("primary", "secondary", "post_16")
DEMAND = dict(zip(YEARS, (2031, 2085, 2160, 2236, 2312, 2345, 2370, 2390), strict=True))
ADDED = {
    "do_nothing": (0,) * 8,
    "committed": (0, 0, 40, 88, 88, 88, 88, 88),
    "programme": (0, 0, 72, 200, 400, 600, 780, 896),
}
DISTRICT_SHARE = dict(zip(DISTRICTS, (0.25, 0.19, 0.2, 0.19, 0.17), strict=True))
CAPACITY_SHARE = dict(zip(DISTRICTS, (0.24, 0.36, 0.17, 0.15, 0.08), strict=True))
LOCAL_TILT = dict(zip(DISTRICTS, (1.02, 1.2, 0.98, 0.9, 0.82), strict=True))
TYPE_SHARE = {"special_school": 0.86, "specialist_base": 0.14}
PHASE_SHARE = {"primary": 0.36, "secondary": 0.46, "post_16": 0.18}
NEED_SHARE = dict(zip(v.NEED_GROUPS, (0.5, 0.22, 0.2, 0.05, 0.03), strict=True))
KEY = ["scenario_id", "policy", "year"]
AREA_KEY = [*KEY, "level", "area_id", "area_name"]


def cluster_id(district: str, name: str) -> str:
    """Return the id of a cluster, such as ``cherwell-banbury``."""
    return f"{DISTRICTS[district]}-{name}".lower().replace(" ", "-")


def _spread(total: int, weight: NDArray[np.float64], most: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Whole numbers in proportion to the weights that add up to the total, none above its most."""
    share = weight / weight.sum() * total
    out = np.floor(share).astype(np.int64)
    if most is not None:
        out = np.minimum(out, most)
    order = np.argsort(-(share - out), kind="stable")
    while (left := total - int(out.sum())) > 0:
        open_cells = order if most is None else order[out[order] < most[order]]
        if not open_cells.size:
            break
        out[open_cells[:left]] += 1
    return out


@lru_cache(maxsize=1)
def _cells() -> pd.DataFrame:
    base = pd.DataFrame(
        [
            (
                district,
                cluster_id(district, name),
                kind,
                phase,
                need,
                DISTRICT_SHARE[district]
                * (1 + 0.15 * place)
                * TYPE_SHARE[kind]
                * PHASE_SHARE[phase]
                * NEED_SHARE[need],
            )
            for district, names in CLUSTERS.items()
            for place, name in enumerate(names)
            for kind in TYPE_SHARE
            for phase in PHASES
            for need in v.NEED_GROUPS
        ],
        columns=["district", "cluster", "provision_type", "phase", "need", "weight"],
    )
    by_district = base.groupby("district")["weight"].transform("sum")
    base["weight"] = base["weight"] / by_district * base["district"].map(DISTRICT_SHARE)
    tilt = base["district"].map(LOCAL_TILT).to_numpy()
    rows = []
    for year in YEARS:
        demand = _spread(DEMAND[year], base["weight"].to_numpy())
        for scenario in SCENARIOS:
            capacity = 1633 + ADDED[scenario][year - YEARS[0]]
            for policy in POLICIES:
                local = {"optimal": 0.97, "nearest": 5.0, "rolling": 0.93}[policy] * capacity
                placed = _spread(min(int(local), int(DEMAND[year])), demand * tilt, demand)
                left = demand - placed
                other = _spread(min(70, int(left.sum())), left + 1e-9, left)
                left = left - other
                independent = _spread(min(240, int(left.sum())), left + 1e-9, left)
                frame = base.assign(
                    scenario_id=scenario,
                    policy=policy,
                    year=year,
                    demand_pupils=demand,
                    placed_local_pupils=placed,
                    placed_own_area_pupils=(placed * 6) // 10,
                    other_council_pupils=other,
                    independent_pupils=independent,
                    unplaced_pupils=left - independent,
                    excluded_pupils=0,
                )
                rows.append(frame)
    out = pd.concat(rows, ignore_index=True)
    out["without_local_place_pupils"] = out["other_council_pupils"] + out["independent_pupils"] + out["unplaced_pupils"]
    return out


COUNTS = [
    "demand_pupils",
    "placed_local_pupils",
    "placed_own_area_pupils",
    "other_council_pupils",
    "independent_pupils",
    "unplaced_pupils",
    "excluded_pupils",
    "without_local_place_pupils",
]


def area_names() -> dict[str, str]:
    """Return the name of every area."""
    clusters = {cluster_id(d, name): name for d, names in CLUSTERS.items() for name in names}
    return {COUNTY[0]: COUNTY[1], **DISTRICTS, **clusters}


def _areas_of(cells: pd.DataFrame, levels: tuple[str, ...], by: list[str], values: list[str]) -> pd.DataFrame:
    parts = []
    for level in levels:
        column = {"county": COUNTY[0], "district": cells["district"], "cluster": cells["cluster"]}[level]
        parts.append(cells.assign(level=level, area_id=column))
    frame = pd.concat(parts, ignore_index=True)
    frame["area_name"] = frame["area_id"].map(area_names())
    out = frame.groupby([*AREA_KEY, *by], as_index=False, sort=True)[values].sum()
    rank = out["level"].map({"county": 0, "district": 1, "cluster": 2})
    return out.assign(rank=rank).sort_values([*KEY, "rank", "area_id", *by], ignore_index=True).drop(columns="rank")


def _capacity() -> pd.DataFrame:
    rows = []
    for scenario in SCENARIOS:
        for place, year in enumerate(YEARS):
            added = ADDED[scenario][place]
            for kind, total in (("special_school", 1426 + added // 2), ("specialist_base", 207 + added - added // 2)):
                spread = _spread(total, np.array(list(CAPACITY_SHARE.values())))
                rows += [
                    (scenario, year, area, name, kind, int(places))
                    for (area, name), places in zip(DISTRICTS.items(), spread, strict=True)
                ]
    names = ["scenario_id", "year", "area_id", "area_name", "provision_type", "capacity_places"]
    return pd.DataFrame(rows, columns=names)


def _use() -> pd.DataFrame:
    """Return every place taken by the best use of places but two of each district's bases, in two schools each."""
    capacity = _capacity()
    total = capacity.groupby(["scenario_id", "year", "provision_type"], as_index=False)["capacity_places"].sum()
    rows = pd.concat([total.assign(area_id=COUNTY[0], area_name=COUNTY[1]), capacity], ignore_index=True)
    county = rows["area_id"] == COUNTY[0]
    empty = (rows["provision_type"] == "specialist_base") * county.map({True: 2 * len(DISTRICTS), False: 2})
    return rows.assign(
        policy="optimal",
        level=county.map({True: "county", False: "district"}),
        schools=county.map({True: 2 * len(DISTRICTS), False: 2}),
        placed_pupils=rows["capacity_places"] - empty,
        empty_places=empty,
        used_share=1 - empty / rows["capacity_places"],
    )[[*KEY, "level", "area_id", "area_name", "provision_type", "schools", "capacity_places", "placed_pupils",
       "empty_places", "used_share"]]  # fmt: skip


def _sufficiency(cells: pd.DataFrame) -> pd.DataFrame:
    out = _areas_of(cells, ("county", "district", "cluster"), [], COUNTS)
    capacity = _capacity()
    of_district = capacity.groupby(["scenario_id", "year", "area_id"])["capacity_places"].sum()
    of_county = capacity.groupby(["scenario_id", "year"])["capacity_places"].sum()
    places = []
    for row in out[["scenario_id", "year", "level", "area_id"]].itertuples(index=False):
        if row.level == "county":
            places.append(int(of_county[(row.scenario_id, row.year)]))
        elif row.level == "district":
            places.append(int(of_district[(row.scenario_id, row.year, row.area_id)]))
        else:
            district = next(d for d, names in CLUSTERS.items() if row.area_id in {cluster_id(d, n) for n in names})
            places.append(int(of_district[(row.scenario_id, row.year, district)]) // len(CLUSTERS[district]))
    out["without_local_place_share"] = out["without_local_place_pupils"] / out["demand_pupils"]
    out["capacity_places"] = places
    out["location_balance_places"] = out["capacity_places"] - out["demand_pupils"]
    return out


def _measures(frame: pd.DataFrame, minutes: pd.Series[float]) -> pd.DataFrame:
    pupils = frame["placed_local_pupils"] + frame["other_council_pupils"] + frame["independent_pupils"]
    out = frame.drop(columns=COUNTS)
    out["not_daily_pupils"] = pupils // 50
    out.insert(out.columns.get_loc("not_daily_pupils"), "pupils", pupils - out["not_daily_pupils"])
    better = frame["scenario_id"].map({"do_nothing": 0.0, "committed": 0.6, "programme": 2.4})
    later = (frame["year"] - 2024) / 7
    out["median_min"] = (minutes - better * later).round(1)
    out["mean_min"] = (out["median_min"] * 1.1).round(1)
    out["p90_min"] = (out["median_min"] * 1.9).round(1)
    out["over_limit_pupils"] = (out["pupils"] * 0.04 * (out["median_min"] / 23) ** 3).round().astype(int)
    out["ridden_mean_min"] = (out["mean_min"] * 1.4).round(1)
    out["ridden_over_limit_pupils"] = out["over_limit_pupils"] * 2
    return out


def _journeys(cells: pd.DataFrame) -> pd.DataFrame:
    frame = _areas_of(cells, ("county", "district", "cluster"), [], COUNTS)
    minutes = frame["area_id"].map(
        {**dict.fromkeys(frame["area_id"], 23.0), **dict(zip(DISTRICTS, (22.0, 13.0, 24.0, 23.0, 27.0), strict=True))}
    )
    out = _measures(frame, minutes)
    out["pupil_km_per_year"] = (out["pupils"] * out["median_min"] * 0.8 * 380).round()
    for name, factor in (("cost_gbp", (5200, 6900, 8500)), ("kgco2e", (310, 480, 800))):
        for case, each in zip(("low", "central", "high"), factor, strict=True):
            out[f"{name}_{case}"] = (out["pupils"] * each).astype(float)
    return out


def _flows(cells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    placed = cells.groupby([*KEY, "district"])[
        ["placed_local_pupils", "other_council_pupils", "independent_pupils"]
    ].sum()
    capacity = np.array(list(CAPACITY_SHARE.values()))
    for (scenario, policy, year, home), row in placed.iterrows():
        weight = capacity * np.where(np.array(list(DISTRICTS)) == home, 6.0, 1.0)
        for (target, name), pupils in zip(DISTRICTS.items(), _spread(int(row.iloc[0]), weight), strict=True):
            rows.append((scenario, policy, year, home, DISTRICTS[home], target, name, int(pupils)))
        rows.append(
            (scenario, policy, year, home, DISTRICTS[home], "outside", "Outside the county", int(row.iloc[1:].sum()))
        )
    return pd.DataFrame(
        rows, columns=[*KEY, "home_area_id", "home_area_name", "setting_area_id", "setting_area_name", "pupils"]
    )


def _comparison(sufficiency: pd.DataFrame, journeys: pd.DataFrame) -> pd.DataFrame:
    both = sufficiency.merge(journeys[[*AREA_KEY, "median_min", "over_limit_pupils"]], on=AREA_KEY)
    measures = [
        "without_local_place_pupils",
        "placed_local_pupils",
        "capacity_places",
        "median_min",
        "over_limit_pupils",
    ]
    long = both.melt(AREA_KEY, measures, "measure", "value")
    key = ["policy", "year", "level", "area_id", "area_name", "measure"]
    parts = []
    for against in ("do_nothing", "committed"):
        before = long[long["scenario_id"] == against].drop(columns="scenario_id").rename(columns={"value": "before"})
        after = long[long["scenario_id"] != against].rename(columns={"value": "after"})
        joined = after.merge(before, on=key)
        parts.append(joined.assign(against_id=against, change=joined["after"] - joined["before"]))
    out = pd.concat(parts, ignore_index=True)
    counted = out["measure"].eq("without_local_place_pupils")
    out["better_off_pupils"] = (-out["change"]).clip(lower=0).where(counted)
    out["worse_off_pupils"] = out["change"].clip(lower=0).where(counted)
    names = ["scenario_id", "against_id", *key, "before", "after", "change", "better_off_pupils", "worse_off_pupils"]
    return out[names].sort_values([*names[:6], "measure"], ignore_index=True)


_SCHEMES = (
    ("didcot-special", "New special school, Didcot", "open", "E07000179", "Didcot", "special_school", 2027, 120, 0, 1),
    (
        "faringdon-special",
        "New special school, Faringdon",
        "open",
        "E07000180",
        "Faringdon",
        "special_school",
        2028,
        130,
        0,
        1,
    ),
    (
        "west-expansion",
        "Special school expansion, Witney",
        "expand",
        "E07000181",
        "Witney",
        "special_school",
        2027,
        179,
        0,
        1,
    ),
    (
        "funded-bases",
        "Resource bases already funded",
        "open",
        "E07000177",
        "Banbury",
        "specialist_base",
        2026,
        88,
        1,
        1,
    ),
    ("base-1", "Base 1, Witney (illustrative)", "open", "E07000181", "Witney", "specialist_base", 2027, 40, 0, 1),
    ("base-2", "Base 2, Abingdon (illustrative)", "open", "E07000180", "Abingdon", "specialist_base", 2028, 40, 0, 1),
    (
        "bases-later",
        "Further bases, hosts not chosen (illustrative)",
        "open",
        "E07000178",
        "Oxford East",
        "specialist_base",
        2029,
        299,
        0,
        1,
    ),
    ("base-9", "Base 9, Thame (illustrative)", "open", "E07000179", "Thame", "specialist_base", 2029, 24, 0, 0),
)


def _schemes() -> pd.DataFrame:
    rows = []
    for scheme, name, action, district, cluster, kind, first, places, committed, programme in _SCHEMES:
        rate = (34173, 111000, 188000) if kind == "specialist_base" else (90000, 120000, 188000)
        rows.append(
            {
                "scheme_id": scheme,
                "scheme_name": name,
                "action": action,
                "district_id": district,
                "district_name": DISTRICTS[district],
                "cluster_id": cluster_id(district, cluster),
                "cluster_name": cluster,
                "provision_type": kind,
                "first_year": first,
                "places_when_complete": places,
                "capital_gbp_low": float(rate[0] * places),
                "capital_gbp_central": float(rate[1] * places),
                "capital_gbp_high": float(rate[2] * places),
                "funding_line": "high needs provision capital",
                "funding_status": "secured" if committed else "assumed",
                "delivery_rag": "green" if committed else "amber",
                "rationale": "Too few places for complex needs in reach; a base cannot offer the therapy space."
                if kind == "special_school"
                else "",
                "quality": "illustrative",
                "in_programme": bool(programme),
                "in_committed": bool(committed),
            }
        )
    return pd.DataFrame(rows)


def _programme_places() -> pd.DataFrame:
    rows = []
    for scenario in SCENARIOS:
        for year, added in zip(YEARS, ADDED[scenario], strict=True):
            special, last = added // 2, 1633 + ADDED[scenario][-1]
            shortfall = DEMAND[year] - 1633 - added
            complete = 1633 + added == last
            rows.append((scenario, year, special, added - special, 1633 + added, DEMAND[year], shortfall, complete))
    names = [
        "scenario_id", "year", "special_school_added_places", "specialist_base_added_places", "capacity_places",
        "demand_pupils", "shortfall_places", "complete",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _phase_transfers() -> pd.DataFrame:
    rows = []
    for year in YEARS[1:]:
        for transfer, share in (("Y6 to Y7", 0.075), ("Y11 to Y12", 0.09)):
            total = round(DEMAND[year] * share)
            needs = _spread(total, np.array(list(NEED_SHARE.values())))
            rows += [
                (year, "county", *COUNTY, transfer, need, int(n)) for need, n in zip(v.NEED_GROUPS, needs, strict=True)
            ]
            rows.append((year, "county", *COUNTY, transfer, "all", total))
            pupils = _spread(total, np.array(list(DISTRICT_SHARE.values())))
            rows += [
                (year, "district", a, n, transfer, "all", int(p))
                for (a, n), p in zip(DISTRICTS.items(), pupils, strict=True)
            ]
    return pd.DataFrame(rows, columns=["year", "level", "area_id", "area_name", "transfer", "need", "pupils"])


def _money() -> pd.DataFrame:
    rows = []
    items = (
        ("high_needs_block", "Local specialist places", 36e6, 42e6, 50e6, "places times a cost a place"),
        (
            "high_needs_block",
            "Independent and non-maintained places",
            14e6,
            15.4e6,
            18e6,
            "present placements rarely move",
        ),
        (
            "high_needs_block",
            "Placements displaced from independent schools",
            -9e6,
            -4.4e6,
            -1.2e6,
            "only displacement saves",
        ),
        (
            "general_fund_transport",
            "Home to school transport",
            9.8e6,
            13e6,
            17e6,
            "an average, cashable only where a vehicle goes",
        ),
    )
    rows = [
        (scenario, "optimal", year, purse, item, *_scaled(bands, place, year, item), note)
        for place, scenario in enumerate(SCENARIOS)
        for year in YEARS
        for purse, item, *bands, note in items
    ]
    note = "capital of the schemes that open in the year"
    for scenario, share in (("committed", 0.2), ("programme", 1.0)):
        for year in (2027, 2029):
            bands = [share * gbp for gbp in (22.5e6, 46e6, 76e6)]
            rows.append((scenario, "", year, "capital", "high needs provision capital (assumed)", *bands, note))
    return pd.DataFrame(rows, columns=[*KEY, "purse", "item", "gbp_low", "gbp_central", "gbp_high", "note"])


def _scaled(bands: list[float], place: int, year: int, item: str) -> list[float]:
    factor = place / 2 if "displaced" in item else 1 + 0.04 * place + 0.01 * (year - 2024)
    return [gbp * factor for gbp in bands]


# step, what it is, the running total before it, what it adds
_BRIDGE = (
    (1, "In independent and non-maintained special schools today", 0, 434, "January 2025 SEN2"),
    (2, "In other councils' state schools today", 434, 208, "at least 180: 1,465 residents less 1,285 on local rolls"),
    (3, "Growth to 2028/29", 642, 281, "2,312 less 2,031"),
    (4, "Less local places not filled by residents", 923, -244, "36 and the pupils above; not known apart"),
    (5, "Shortfall of places in 2028/29", 0, 679, "2,312 less 1,633"),
)


def _support_match() -> pd.DataFrame:
    rows = []
    weight = np.array([DISTRICT_SHARE[d] for d in DISTRICTS])
    for place, scenario in enumerate(SCENARIOS):
        for year in YEARS[1:]:
            for phase, total in (("primary", 760), ("secondary", 940)):
                own = _spread(int(total * min(0.2 * place * (year - 2025) / 2, 0.7)), weight)
                partner, need = _spread(int(total * 0.12 * place), weight), _spread(total, weight)
                rows += [
                    (scenario, year, "district", a, n, phase, int(o), int(p), int(t - o - p), 6.2)
                    for (a, n), o, p, t in zip(DISTRICTS.items(), own, partner, need, strict=True)
                ]
                rows.append(
                    (
                        scenario,
                        year,
                        "county",
                        *COUNTY,
                        phase,
                        int(own.sum()),
                        int(partner.sum()),
                        int(total - own.sum() - partner.sum()),
                        6.2,
                    )
                )
    names = [
        "scenario_id",
        "year",
        "level",
        "area_id",
        "area_name",
        "phase",
        "own_school_pupils",
        "partner_pupils",
        "without_base_pupils",
        "mean_extra_km",
    ]
    return pd.DataFrame(rows, columns=names)


def _forecast() -> pd.DataFrame:
    rows: list[tuple[int, str, int, int | None, int | None, str]] = []
    for place, year in enumerate(YEARS):
        spread = 0 if place == 0 else 18 * place
        rows.append(
            (
                year,
                "headline",
                DEMAND[year],
                DEMAND[year] - spread,
                DEMAND[year] + spread,
                "published" if place in {0, 4} else "forecast" if place < 4 else "extrapolated",
            )
        )
        rows.append((year, "fe_specialist_unit", 120 + 4 * place, None, None, "forecast"))
    return pd.DataFrame(rows, columns=["year", "stream", "pupils", "low_pupils", "high_pupils", "basis"])


def _reasons(cells: pd.DataFrame) -> pd.DataFrame:
    total = cells.groupby(KEY)["unplaced_pupils"].sum()
    weight = np.array([0.02, 0.05, 0.08, 0.02, 0.0, 0.83])
    rows = [
        (*key, reason, text, int(pupils))
        for key, unplaced in total.items()
        for (reason, text), pupils in zip(v.UNPLACED_REASONS.items(), _spread(int(unplaced), weight), strict=True)
        if pupils
    ]
    return pd.DataFrame(rows, columns=[*KEY, "reason", "reason_text", "pupils"])


def _assumptions(parameters: Parameters) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "name": a.name,
                "value": str(a.value),
                "low": None if a.low is None else str(a.low),
                "high": None if a.high is None else str(a.high),
                "unit": a.unit,
                "source": a.source,
                "date": a.date,
                "effect": a.effect,
            }
            for a in parameters.assumptions.values()
        ]
    )


def _conservation(cells: pd.DataFrame) -> pd.DataFrame:
    total = cells.groupby(KEY, as_index=False)[["demand_pupils", "unplaced_pupils"]].sum()
    out = total[KEY].copy()
    out["in"] = total["demand_pupils"] + 5000
    out["placed"] = total["demand_pupils"] - total["unplaced_pupils"] + 100
    out["unplaced"] = total["unplaced_pupils"]
    out["excluded"] = 4900
    return out


def _nullable(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame.copy()
    for column in out.columns:
        if pd.api.types.is_bool_dtype(out[column]):
            continue
        if column.endswith(("_pupils", "_places")) or column in {
            "pupils",
            "rows",
            "in",
            "placed",
            "unplaced",
            "excluded",
        }:
            out[column] = out[column].astype("Int64")
    return out


_HIDDEN_TABLES = {
    "sufficiency_area": ("other_council_pupils", "independent_pupils", "unplaced_pupils"),
    "sufficiency_area_type": ("demand_pupils", "placed_local_pupils", "without_local_place_pupils"),
    "sufficiency_district_phase": ("without_local_place_pupils",),
    "sufficiency_district_need_group": ("demand_pupils", "placed_local_pupils", "without_local_place_pupils"),
    "sufficiency_county_need_phase": ("demand_pupils", "placed_local_pupils", "without_local_place_pupils"),
    "journeys_area": ("not_daily_pupils", "over_limit_pupils", "ridden_over_limit_pupils"),
    "journeys_district_phase": ("over_limit_pupils", "ridden_over_limit_pupils"),
    "flows": ("pupils",),
    "reasons": ("pupils",),
    "phase_transfers": ("pupils",),
    "support_match": ("own_school_pupils", "partner_pupils", "without_base_pupils"),
}


@lru_cache(maxsize=1)
def _tables() -> dict[str, pd.DataFrame]:
    cells = _cells()
    short = ["demand_pupils", "placed_local_pupils", "without_local_place_pupils"]
    sufficiency, journeys = _sufficiency(cells), _journeys(cells)
    by_phase = _areas_of(cells, ("county", "district"), ["phase"], COUNTS)
    need_phase = _areas_of(cells, ("county",), ["need", "phase"], short)
    tables: dict[str, pd.DataFrame] = {
        "sufficiency_area": sufficiency,
        "sufficiency_area_type": _areas_of(cells, ("county", "district", "cluster"), ["provision_type"], short),
        "sufficiency_district_phase": by_phase[[*AREA_KEY, "phase", *short]],
        "sufficiency_district_need_group": _areas_of(cells, ("county", "district"), ["need"], short),
        "sufficiency_county_need_phase": need_phase.assign(reachable_places=(need_phase["demand_pupils"] * 2) // 3),
        "journeys_area": journeys,
        "journeys_district_phase": _measures(
            by_phase, by_phase["phase"].map({"primary": 18.0, "secondary": 24.0, "post_16": 27.0})
        ),
        "flows": _flows(cells),
        "reasons": _reasons(cells),
        "capacity_district_type": _capacity(),
        "occupancy_district_type": _use(),
        "comparison_area": _comparison(sufficiency, journeys),
        "schemes": _schemes(),
        "programme_places": _programme_places(),
        "phase_transfers": _phase_transfers(),
        "money": _money(),
        "bridge": pd.DataFrame(_BRIDGE, columns=["step", "item", "start_pupils", "pupils", "note"]),
        "support_match": _support_match(),
        "forecast": _forecast(),
        "assumptions": _assumptions(make_parameters()),
        "conservation": _conservation(cells),
        "data_quality": pd.DataFrame(
            [
                (
                    "host not verified",
                    "warning",
                    16,
                    "16 bases stand at a settlement because their host school is not published",
                ),
                ("roll above places", "warning", 2, "2 schools have more pupils on roll than places"),
                ("capacity not published", "note", 13, "13 special schools have an assumed number of places"),
            ],
            columns=["check", "severity", "rows", "message"],
        ),
    }
    return {name: _nullable(frame) for name, frame in tables.items()}


def make_released(build: str = "public") -> Released:
    """Return released tables of the synthetic county, counts of 1 to 5 hidden where the fixture says so."""
    tables, hidden = {}, {}
    for name, frame in _tables().items():
        shown = frame.copy()
        mask = pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
        for column in _HIDDEN_TABLES.get(name, ()):
            small = frame[column].between(1, 5).fillna(value=False).astype(bool)
            mask[column] = small
            shown.loc[small, column] = pd.NA
        tables[name], hidden[name] = shown, mask
    rules = "Counts of 1 to 5 pupils are shown as c, and so is what would give them away." if build == "public" else ""
    return Released(build, MappingProxyType(tables), MappingProxyType(hidden), rules=rules)


@lru_cache(maxsize=1)
def make_parameters() -> Parameters:
    """Return the parameters of the embedded area."""
    return read_parameters(Path(__file__).resolve().parents[1] / "data" / "area.toml")


@dataclass(frozen=True)
class _Shape:
    outline: Polygon
    cut: Callable[[Polygon, int], list[Any]]


def _slices(outline: Polygon, parts: int, *, upright: bool) -> list[Any]:
    left, low, right, high = outline.bounds
    first, last = (left, right) if upright else (low, high)
    edges = np.linspace(first, last, parts + 1)
    bands = [
        box(a, low - 1, b, high + 1) if upright else box(left - 1, a, right + 1, b)
        for a, b in itertools.pairwise(edges)
    ]
    return [outline.intersection(band) for band in bands]


def _outlines() -> dict[str, Polygon]:
    oxford = Polygon([(448000, 203000), (455000, 201000), (458000, 206000), (453000, 211000), (449000, 209000)])
    centre = (453000, 206000)
    west = Polygon([centre, (453000, 222000), (438000, 239000), (424000, 228000), (420000, 203000), (432000, 200000)])
    vale = Polygon([centre, (432000, 200000), (420000, 203000), (421000, 185000), (440000, 181000), (453000, 186000)])
    south = Polygon([centre, (453000, 186000), (461000, 175000), (478000, 181000), (474000, 204000), (462000, 212000)])
    north = Polygon([centre, (462000, 212000), (466000, 222000), (452000, 247000), (438000, 239000), (453000, 222000)])
    rest = {"E07000177": north, "E07000179": south, "E07000180": vale, "E07000181": west}
    return {
        "E07000177": rest["E07000177"].difference(oxford),
        "E07000178": oxford,
        **{k: s.difference(oxford) for k, s in rest.items() if k != "E07000177"},
    }


def _geography() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    districts = _outlines()
    county = gpd.GeoSeries(list(districts.values())).union_all()
    rows: list[tuple[str, str, str, str, Any]] = [(*COUNTY, "county", "", county)]
    rows += [(k, DISTRICTS[k], "district", COUNTY[0], shape) for k, shape in districts.items()]
    zones, lookup = [], []
    for district, names in CLUSTERS.items():
        shapes = _slices(districts[district], len(names), upright=district in {"E07000179", "E07000178"})
        for name, shape in zip(names, shapes, strict=True):
            cluster = cluster_id(district, name)
            rows.append((cluster, name, "cluster", district, shape))
            zone = name.lower().replace(" ", "-")
            zones.append((zone, name, district, cluster, 30_000, shape))
            lookup.append((zone, cluster))
    areas = gpd.GeoDataFrame(rows, columns=["area_id", "area_name", "level", "parent_id", "geometry"], crs="EPSG:27700")
    areas["source"], areas["quality"] = "made up for tests", "illustrative"
    zone_frame = gpd.GeoDataFrame(
        zones, columns=["zone_id", "zone_name", "district_id", "cluster_id", "people", "geometry"], crs="EPSG:27700"
    )
    return areas, zone_frame, pd.DataFrame(lookup, columns=["zone_id", "cluster_id"])


def _settings() -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    listed = (
        ("100001", "Northfield School", "open", 446000, 240000, "special_school", "state"),
        ("100002", "Iffley Academy (made up)", "open", 453500, 204500, "special_school", "state"),
        ("100003", "Southbank School", "open", 462000, 190000, "special_school", "state"),
        ("base-1-witney", "Base 1, Witney (illustrative)", "open", 435500, 209800, "specialist_base", "state"),
        ("base-2-abingdon", "Base 2, Abingdon (illustrative)", "proposed", 449800, 197000, "specialist_base", "state"),
        ("didcot-special", "New special school, Didcot", "proposed", 452500, 190000, "special_school", "state"),
        ("old-hall", "Old Hall (closing)", "closed", 437000, 222000, "special_school", "state"),
        ("100009", "Riverside Independent", "open", 470000, 185000, "special_school", "independent"),
        ("100010", "City College specialist unit", "open", 451000, 205500, "fe_specialist_unit", "further_education"),
        ("support-1", "Support base, Bicester", "open", 458000, 222500, "support_base", "state"),
    )
    settings = gpd.GeoDataFrame(
        [
            (i, n, sector, status, "made up for tests", "illustrative", Point(x, y))
            for i, n, status, x, y, _, sector in listed
        ],
        columns=["setting_id", "setting_name", "sector", "status", "source", "quality", "geometry"],
        crs="EPSG:27700",
    )
    areas = _geography()[0]
    districts = areas[areas["level"] == "district"]
    settings["area_id"] = [
        next((d.area_id for d in districts.itertuples() if d.geometry.covers(point)), "outside")
        for point in settings.geometry
    ]
    provision = pd.DataFrame(
        [
            {
                "provision_id": f"{i}:all",
                "setting_id": i,
                "provision_type": kind,
                "department": "all",
                "ncy_from": 0,
                "ncy_to": 14,
                "needs": "ASD;SEMH;SLD",
                "designation": "Autism",
                "sex": "any",
                "ehcp_required": True,
                "attendance": "day",
                "tier": "independent" if sector == "independent" else "local",
                "source": "made up for tests",
                "quality": "illustrative",
            }
            for i, _, _, _, _, kind, sector in listed
        ]
    )
    places = pd.DataFrame(
        [
            {
                "provision_id": p,
                "year": year,
                "planned_places": 100,
                "commissioned_places": pd.NA,
                "physical_places": pd.NA,
                "on_roll_pupils": pd.NA,
                "out_of_area_on_roll_pupils": pd.NA,
                "basis": "published" if p == "100001:all" else "assumed",
                "source": "made up for tests",
                "quality": "illustrative",
            }
            for p in provision["provision_id"]
            for year in YEARS
        ]
    )
    return settings, provision, places


def _roads(zones: gpd.GeoDataFrame) -> RoadTables:
    points = [zone.representative_point() for zone in zones.geometry]
    nodes = gpd.GeoDataFrame(
        {"node_id": list(zones["zone_id"]), "node_name": list(zones["zone_name"])}, geometry=points, crs="EPSG:27700"
    )
    rows = []
    for place in range(len(points) - 1):
        a, b = points[place], points[place + 1]
        rows.append(
            (
                f"e{place}",
                nodes.node_id[place],
                nodes.node_id[place + 1],
                True,
                True,
                ("motorway", "primary", "secondary")[place % 3],
                ("M40", "A34", "B4000")[place % 3],
                float("nan"),
                False,
                False,
                a.distance(b),
                LineString([a, b]),
            )
        )
    edges = gpd.GeoDataFrame(
        rows,
        columns=[
            "edge_id",
            "from_node_id",
            "to_node_id",
            "forward",
            "backward",
            "road_class",
            "road_number",
            "maxspeed_kph",
            "urban",
            "access_only",
            "length_m",
            "geometry",
        ],
        crs="EPSG:27700",
    )
    return RoadTables(nodes, edges)


def make_inputs_facts() -> Inputs:
    """Return the descriptive inputs that outputs read: areas, zones, names, settings, roads; the rest is empty."""
    areas, zones, clusters = _geography()
    settings, provision, places = _settings()
    points = [zone.representative_point() for zone in zones.geometry]
    gazetteer = gpd.GeoDataFrame(
        {
            "zone_id": zones["zone_id"],
            "place_name": zones["zone_name"],
            "kind": "town",
            "district_id": zones["district_id"],
            "authority_name": "Oxfordshire",
            "people": zones["people"],
            "source": "made up for tests",
            "quality": "illustrative",
        },
        geometry=points,
        crs="EPSG:27700",
    )
    origins = gpd.GeoDataFrame(
        {"origin_id": zones["zone_id"], "zone_id": zones["zone_id"], "source": ""}, geometry=points, crs="EPSG:27700"
    )
    schemes = gpd.GeoDataFrame(
        _schemes(), geometry=[Point(450000 + 1000 * i, 200000) for i in range(len(_SCHEMES))], crs="EPSG:27700"
    )
    empty = pd.DataFrame()
    ids = {"do_nothing": (), "committed": ("funded-bases",), "programme": tuple(s[0] for s in _SCHEMES if s[-1])}
    titles = {"do_nothing": "Do nothing", "committed": "Committed schemes only", "programme": "The capital programme"}
    scenarios = {key: Scenario(key, titles[key], "", found, None, illustrative=True) for key, found in ids.items()}
    return Inputs(
        parameters=make_parameters(),
        areas=areas,
        zones=zones,
        clusters=clusters,
        gazetteer=gazetteer,
        population=empty,
        rates=empty,
        controls=empty,
        demand=None,
        origins=origins,
        settings=settings,
        provision=provision,
        places=places,
        acceptance=empty,
        border_flows=empty,
        support_bases=empty,
        support_need=empty,
        roads=_roads(zones),
        speeds=empty,
        schemes=schemes,
        scheme_places=empty,
        scenarios=MappingProxyType(scenarios),
        claims=empty,
        issues=empty,
        digests=MappingProxyType({"schools/settings.csv": "0" * 64}),
    )


def make_record() -> RunRecord:
    """Return the record of a run, with one certificate that proves an optimum and one that proves capacity only."""
    certificates = (
        Certificate(
            "do_nothing", "optimal", 2028, "first fit", 2312, 1584, 728, 123_456_789, 123_456_789, optimal=True
        ),
        Certificate("do_nothing", "rolling", 2028, "first fit", 2312, 1518, 794, None, None, optimal=False),
    )
    return RunRecord(
        "0123456789ab",
        "0.1.0",
        MappingProxyType({"schools/settings.csv": "0" * 64}),
        MappingProxyType({"area_id": "oxfordshire"}),
        MappingProxyType({"error": 0, "warning": 18, "note": 13}),
        certificates,
    )
