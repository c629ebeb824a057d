"""A made-up county of counts by home, phase, need, type and outcome, and what a reader could work out of a release.

The reader here shares nothing with the code under test: his unknowns are the numbers of pupils behind the tables, and
every printed figure is an equation over them. He knows that demand is the same in every scenario. With linear
programming he finds the least and the greatest value of any hidden figure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from sufficiency import measures
from sufficiency.model.vocabulary import NEED_GROUP_OF
from tests import tiny_county as tiny

CLUSTERS = {"d1-a": "D1", "d1-b": "D1", "d2-a": "D2", "d2-b": "D2"}
PHASES = {"primary": 3, "secondary": 8}
NEEDS = ("ASD", "SLCN", "SEMH")
TYPES = ("special_school", "specialist_base")
# outcome, district of the setting, reason, whether the journey is over the limit directly, and as ridden
OUTCOMES = (
    ("local", "D1", "", False, False),
    ("local", "D1", "", True, True),
    ("local", "D2", "", False, False),
    ("other_council", "", "", False, False),
    ("independent", "", "", False, False),
    ("unplaced", "", "all_full", False, False),
    ("unplaced", "", "none_open_yet", False, False),
    ("local", "D1", "", False, True),
)
YEAR = 2028
AGAINST = "do_nothing"


@dataclass(frozen=True)
class County:
    """Pupils by scenario, cluster, phase, need, type and outcome: int64[s, 4, 2, 3, 2, 8]."""

    scenarios: tuple[str, ...]
    pupils: np.ndarray


def draw(random: np.random.Generator, scenarios=("do_nothing", "programme"), most: int = 14) -> County:
    """Return a county in which many counts are small, and which has the same demand in every scenario."""
    shape = (len(CLUSTERS), len(PHASES), len(NEEDS), len(TYPES))
    demand = random.integers(0, most, shape) * random.integers(0, 2, shape)
    one = []
    for _ in scenarios:
        weights = random.dirichlet([0.6] * len(OUTCOMES), shape)
        one.append(random.multinomial(demand, weights))
    return County(tuple(scenarios), np.stack(one).astype(np.int64))


def keys(county: County):
    """Yield the index of every count with its codes."""
    names = (county.scenarios, list(CLUSTERS), list(PHASES), NEEDS, TYPES, OUTCOMES)
    for index in itertools.product(*(range(len(part)) for part in names)):
        yield index, tuple(part[i] for part, i in zip(names, index, strict=True))


def tables(county: County) -> dict[str, pd.DataFrame]:
    """Return the tables of a run over the county, made by the measures themselves."""
    rows = []
    for index, (scenario, cluster, phase, need, kind, outcome) in keys(county):
        count = int(county.pupils[index])
        tier, district, reason, over, ridden_over = outcome
        if count:
            rows.append(
                {
                    "scenario_id": scenario,
                    "policy": "optimal",
                    "year": YEAR,
                    "group_id": f"{cluster} {phase} {need} {kind}",
                    "outcome": tier,
                    "provision_id": "" if tier == "unplaced" else f"P-{tier}-{district}-{over}-{ridden_over}",
                    "substitute": False,
                    "travel_min": np.nan if tier == "unplaced" else 90.0 if over else 20.0,
                    "travel_km": np.nan if tier == "unplaced" else 10.0,
                    "ridden_min": np.nan if tier == "unplaced" else 95.0 if ridden_over else 25.0,
                    "reason": reason,
                    "pupils": count,
                    "setting_district_id": district,
                    "setting_cluster_id": "",
                    "attendance": "day",
                    "phase": phase,
                    "need": need,
                    "need_group": NEED_GROUP_OF[need],
                    "place_sought": kind,
                    "headline": True,
                    "county_id": "C",
                    "district_id": CLUSTERS[cluster],
                    "cluster_id": cluster,
                }
            )
    frame = pd.DataFrame(rows)
    capacity = pd.DataFrame({"area_id": ["C"], "year": [YEAR], "provision_type": ["headline"], "capacity_places": [50]})
    reachable = pd.DataFrame({"year": [YEAR], "phase": ["all"], "need": ["all"], "reachable_places": [50]})
    by_scenario = {name: frame[frame["scenario_id"] == name].drop(columns="scenario_id") for name in county.scenarios}
    out = {
        "sufficiency": [
            measures.sufficiency_table(name, part, capacity, reachable, tiny.AREA_IDS)
            for name, part in by_scenario.items()
        ],
        "journeys": [
            measures.journeys_table(
                name, part.drop(columns="ridden_min"), tiny.parameters(), tiny.AREA_IDS, measures.day_rows(part)
            )
            for name, part in by_scenario.items()
        ],
        "flows": [measures.flows_table(name, part, tiny.DISTRICTS) for name, part in by_scenario.items()],
        "reasons": [measures.reasons_table(name, part) for name, part in by_scenario.items()],
    }
    stacked = {name: pd.concat(parts, ignore_index=True) for name, parts in out.items()}
    return stacked | no_side_tables(county)


def no_side_tables(county: County) -> dict[str, pd.DataFrame]:
    """Return a comparison without winners, and one empty support match and transfer a district."""
    comparison = pd.DataFrame(
        [
            (scenario, AGAINST, "optimal", area_id, YEAR, "all", "all", measure, np.nan, np.nan, np.nan, 0, 0)
            for scenario in county.scenarios
            if scenario != AGAINST
            for area_id in tiny.AREA_IDS
            for measure in ("placed_local_pupils", "unplaced_pupils", "over_limit_pupils", "mean_min")
        ],
        columns=[
            *("scenario_id", "against_id", "policy", "area_id", "year", "phase", "need", "measure"),
            *("before", "after", "change", "better_off_pupils", "worse_off_pupils"),
        ],
    )
    support = pd.DataFrame({"scenario_id": [AGAINST], "year": [YEAR], "area_id": ["C"], "phase": ["secondary"]})
    support = support.assign(own_school_pupils=10, partner_pupils=9, without_base_pupils=0, mean_extra_km=2.0)
    transfers = pd.DataFrame({"year": [YEAR], "area_id": ["C"], "transfer": ["Y6 to Y7"], "need": ["all"]})
    return {
        "comparison": comparison,
        "support_match": support,
        "phase_transfers": transfers.assign(pupils=20),
    }


_TESTS = {
    "demand_pupils": lambda _outcome, _home: True,
    "placed_local_pupils": lambda outcome, _home: outcome[0] == "local",
    "placed_own_area_pupils": lambda outcome, home: outcome[0] == "local" and home in {outcome[1], "C"},
    "other_council_pupils": lambda outcome, _home: outcome[0] == "other_council",
    "independent_pupils": lambda outcome, _home: outcome[0] == "independent",
    "unplaced_pupils": lambda outcome, _home: outcome[0] == "unplaced",
    "excluded_pupils": lambda _outcome, _home: False,
    "without_local_place_pupils": lambda outcome, _home: outcome[0] != "local",
    "pupils": lambda outcome, _home: outcome[0] != "unplaced",
    "not_daily_pupils": lambda _outcome, _home: False,
    "over_limit_pupils": lambda outcome, _home: outcome[3],
    "ridden_over_limit_pupils": lambda outcome, _home: outcome[4],
}
# not printed, but the difference of two that are
DIFFERENCES = {
    "within the limit": ("pupils", "over_limit_pupils"),
    "within the limit as ridden": ("pupils", "ridden_over_limit_pupils"),
    "over it only as ridden": ("ridden_over_limit_pupils", "over_limit_pupils"),
}


def _wanted(name: str, row: dict, column: str, codes: tuple) -> bool:
    """Return whether a count of the county is part of a printed figure."""
    scenario, cluster, phase, need, kind, outcome = codes
    if scenario != row["scenario_id"]:
        return False
    if name == "flows":
        return (
            row["home_area_id"] == CLUSTERS[cluster] and outcome[0] == "local" and outcome[1] == row["setting_area_id"]
        )
    if name == "reasons":
        return outcome[2] == row["reason"]
    area = row["area_id"]
    return (
        area in {"C", cluster, CLUSTERS[cluster]}
        and row.get("phase", "all") in {"all", phase}
        and row.get("need", "all") in {"all", need, NEED_GROUP_OF[need]}
        and row.get("provision_type", kind) == kind
        and _TESTS[column](outcome, area)
    )


COUNT_TABLES = (
    "sufficiency_area",
    "sufficiency_area_type",
    "sufficiency_district_phase",
    "sufficiency_district_need_group",
    "sufficiency_county_need_phase",
    "journeys_area",
    "journeys_district_phase",
    "flows",
    "reasons",
)


@dataclass(frozen=True)
class Figures:
    """Every figure of the count tables: coefficients over the county's counts, value, and whether it is hidden.

    The differences that nobody prints stand at the end, as hidden (`printed` is False).
    """

    coefficients: csr_matrix
    hidden: np.ndarray
    shown_value: np.ndarray
    true_value: np.ndarray
    printed: np.ndarray


def figures(county: County, released) -> Figures:
    """Return the figures of a release, as the reader sees them."""
    codes = [code for _, code in keys(county)]
    truth = county.pupils.ravel()
    rows, hidden, shown, differences = [], [], [], []
    for name in COUNT_TABLES:
        frame, veil = released.tables[name], released.hidden[name]
        columns = [column for column in frame.columns if column in _TESTS]
        for position, row in enumerate(frame.to_dict("records")):
            for column in columns:
                is_hidden = bool(veil[column].iloc[position])
                if pd.isna(row[column]) and not is_hidden:
                    continue
                rows.append([_wanted(name, row, column, code) for code in codes])
                hidden.append(is_hidden)
                shown.append(np.nan if is_hidden else float(row[column]))
            for pair in DIFFERENCES.values():
                if all(column in columns and not (pd.isna(row[column]) and not veil[column].iloc[position])
                       for column in pair):  # fmt: skip
                    more, less = (np.array([_wanted(name, row, column, code) for code in codes]) for column in pair)
                    differences.append(more.astype(float) - less)
    printed = np.arange(len(rows) + len(differences)) < len(rows)
    matrix = csr_matrix(np.array([*rows, *differences], dtype=float))
    hidden += [True] * len(differences)
    shown += [np.nan] * len(differences)
    return Figures(matrix, np.array(hidden), np.array(shown), np.asarray(matrix @ truth), printed)


def bounds_of(county: County, seen: Figures, wanted: np.ndarray) -> np.ndarray:
    """Return the least and greatest value of each wanted figure that fit all that is printed, float64[n, 2]."""
    shape = county.pupils.shape
    groups = int(np.prod(shape[1:-1]))
    same = []
    for scenario in range(1, shape[0]):
        block = np.zeros((groups, *shape))
        for number, index in enumerate(np.ndindex(*shape[1:-1])):
            block[(number, 0, *index)] = 1.0
            block[(number, scenario, *index)] = -1.0
        same.append(csr_matrix(block.reshape(groups, -1)))
    printed = np.unique(
        np.column_stack([seen.coefficients[~seen.hidden].toarray(), seen.shown_value[~seen.hidden]]), axis=0
    )
    left = vstack([csr_matrix(printed[:, :-1]), *same]).tocsr()
    right = np.concatenate([printed[:, -1], np.zeros(left.shape[0] - len(printed))])
    out = np.zeros((len(wanted), 2))
    for number, figure in enumerate(wanted):
        goal = np.asarray(seen.coefficients[figure].todense()).ravel()
        for side, sign in ((0, 1.0), (1, -1.0)):
            found = linprog(sign * goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
            out[number, side] = {0: sign * found.fun if found.fun is not None else np.nan, 3: sign * -np.inf}.get(
                found.status, np.nan
            )
    return out
