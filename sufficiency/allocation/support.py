"""The match of support bases: pupils without a plan who need targeted-plus support, by school and cluster.

Not a placement: pupils stay on roll at their own school and nobody is transported. A pupil is supported in the base
at their own school while it has room, then in the nearest base with room of the same cluster and phase, and
otherwise stands without a base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sufficiency.allocation.certificate import certify
from sufficiency.allocation.solve import transport
from sufficiency.model.errors import DataError
from sufficiency.model.tables import conform

if TYPE_CHECKING:
    from sufficiency.allocation.residual import Ints

__all__ = ["match_support_bases"]

_KEY = ["cluster_id", "phase", "year"]


def match_support_bases(
    need: pd.DataFrame, bases: pd.DataFrame, distances: pd.DataFrame, *, scenario_id: str
) -> pd.DataFrame:
    """Match pupils to the base at their own school, then to a partner in the cluster, the most first, then the nearest.

    Parameters
    ----------
    need
        setting_id, cluster_id, phase, year, pupils: those who need targeted-plus support, by their own school.
    bases
        setting_id, cluster_id, phase, year, places: pupils that each base supports at a time; the rows of one school,
        phase and year are added up.
    distances
        from_setting_id, to_setting_id, metres: by road, at least for every pair within a cluster that may share;
        a pair that is missing, or -1, is no partner.
    scenario_id
        Scenario that the rows are labelled with.

    Returns
    -------
    DataFrame
        Table `support_match`: for each school, phase and year a row for its own base, one for each partner and one for
        those without, none of them empty. ``extra_km`` is the one-way distance from the own school to the partner.

    Raises
    ------
    DataError
        When a school has two rows for one phase and year, or distances are negative or given twice.
    CertificateError
        When a match fails its proof.
    """
    if need.duplicated(["setting_id", "phase", "year"]).any():
        message = "a school has two rows of support need for one phase and year: add them up"
        raise DataError(message)
    metres = _metres(distances)
    hosted = {key: rows for key, rows in bases.groupby(_KEY)}  # noqa: C416  # dict() of a groupby iterates its keys
    parts = [
        _match_cluster(own, hosted.get(key, bases.iloc[:0]), metres, scenario_id)
        for key, own in need.sort_values([*_KEY, "setting_id"]).groupby(_KEY)
    ]
    filled = [part for part in parts if len(part)]
    if not filled:
        names = [*_KEY, "setting_id", "match", "partner_setting_id", "pupils", "extra_km", "scenario_id"]
        return conform(pd.DataFrame({name: [] for name in names}), "support_match")
    return conform(pd.concat(filled, ignore_index=True), "support_match")


def _metres(distances: pd.DataFrame) -> dict[tuple[str, str], int]:
    if distances.duplicated(["from_setting_id", "to_setting_id"]).any():
        message = "a pair of schools has two distances: keep one"
        raise DataError(message)
    columns = (distances[name].tolist() for name in ("from_setting_id", "to_setting_id", "metres"))
    known = {(str(home), str(partner)): int(value) for home, partner, value in zip(*columns, strict=True)}
    if any(value < -1 for value in known.values()):
        message = "distances between schools must be metres of at least 0, or -1 for no road route"
        raise DataError(message)
    return known


def _match_cluster(
    need: pd.DataFrame, bases: pd.DataFrame, metres: dict[tuple[str, str], int], scenario_id: str
) -> pd.DataFrame:
    first = need.iloc[0]
    shared = {name: first[name] for name in _KEY}
    if bases.empty:
        left = need.loc[need["pupils"] > 0, ["setting_id", "pupils"]]
        return left.assign(match="without", partner_setting_id="", extra_km=np.nan, scenario_id=scenario_id, **shared)
    room = bases.groupby("setting_id")["places"].sum()
    schools = need["setting_id"].tolist()
    pupils = need["pupils"].to_numpy(dtype=np.int64)
    hosts = sorted(room.index)
    places = room.reindex(hosts).to_numpy(dtype=np.int64)
    own = np.zeros((len(schools), len(hosts)), dtype=np.int64)
    for row, school in enumerate(schools):
        if school in hosts:
            column = hosts.index(school)
            own[row, column] = min(pupils[row], places[column])
    left, spare = pupils - own.sum(axis=1), places - own.sum(axis=0)
    cost = np.array([[metres.get((home, host), -1) for host in hosts] for home in schools], dtype=np.int64)
    cost = cost.reshape(len(schools), len(hosts))
    answer = transport(cost, left, spare)
    certify(
        cost, left, spare, answer, label=(scenario_id, "support_base", int(first["year"]), str(first["cluster_id"]))
    )
    rows = [*_rows("own_school", own, hosts), *_rows("partner", answer.flow.toarray(), hosts, cost)]
    rows += [(row, "without", "", int(count), np.nan) for row, count in enumerate(answer.unplaced) if count]
    table = pd.DataFrame(
        {
            "setting_id": [schools[row] for row, *_ in rows],
            "match": [match for _, match, *_ in rows],
            "partner_setting_id": [host for _, _, host, *_ in rows],
            "pupils": np.array([count for *_, count, _ in rows], dtype=np.int64),
            "extra_km": np.array([distance for *_, distance in rows], dtype=np.float64),
        }
    )
    return table.assign(scenario_id=scenario_id, **shared).sort_values(["setting_id", "match"], kind="stable")


def _rows(match: str, flow: Ints, hosts: list[str], cost: Ints | None = None) -> list[tuple[int, str, str, int, float]]:
    return [
        (int(row), match, hosts[column], int(flow[row, column]), 0.0 if cost is None else cost[row, column] / 1_000)
        for row, column in zip(*np.nonzero(flow), strict=True)
    ]
