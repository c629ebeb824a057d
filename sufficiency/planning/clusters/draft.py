"""A draft of locality clusters: contiguous, inside one district, alike in pupils and short in travel.

Each district is divided by itself (`sufficiency.planning.clusters.division` says what a division is worth): first the
fewest pupils outside a band around the mean, then the least pupil-minutes by road to the centre zone of the cluster.
The draft is the least of all divisions where `optimal` is true, and otherwise states a bound that none can beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import numpy as np
import pandas as pd

from sufficiency.assess import demand_of, network_of
from sufficiency.measures import headline_groups
from sufficiency.model.errors import DataError, InfeasibleError, ParameterError
from sufficiency.planning.clusters.contiguity import contiguity_graph
from sufficiency.planning.clusters.division import Question, band_of, centre_of, divide, worth_of
from sufficiency.planning.clusters.proof import MS_PER_MIN, prove
from sufficiency.travel import journey_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from sufficiency.model.results import Inputs
    from sufficiency.planning.clusters.division import Parts

__all__ = ["Draft", "divide_zones", "draft_clusters"]

DEFAULT_TOLERANCE_SHARE: Final = 0.10


@dataclass(frozen=True)
class Draft:
    """A draft of clusters.

    ``lookup``: zone_id, cluster_id, cluster_name. ``clusters``, a row each: district_id, cluster_id, cluster_name,
    centre_zone_id, zones, pupils, mean_min and farthest_min (by road from the zones to the centre; the mean weighted by
    pupils, a zone without any as one). ``districts``, a row each: district_id, clusters, pupils, least_pupils and
    most_pupils (the band), outside_pupils, bound_outside_pupils, pupil_min, bound_pupil_min, start_pupil_min, gap_share
    (of pupil_min; blank where outside_pupils is not proven), optimal. ``year`` is that of the pupils.
    """

    year: int
    lookup: pd.DataFrame
    clusters: pd.DataFrame
    districts: pd.DataFrame


@dataclass(frozen=True)
class _Ground:
    """What every district's question is taken from."""

    graph: nx.Graph
    pupils: pd.Series
    milliseconds: pd.DataFrame
    tolerance_share: float


def draft_clusters(
    inputs: Inputs,
    *,
    per_district: int | Mapping[str, int] = 4,
    keep_together: Sequence[Sequence[str]] = (),
    tolerance_share: float = DEFAULT_TOLERANCE_SHARE,
    year: int | None = None,
    demand: pd.DataFrame | None = None,
) -> Draft:
    """Draft clusters for every district.

    Parameters
    ----------
    inputs
        Checked inputs.
    per_district
        Clusters of each district; a number for all, or one by district_id for each.
    keep_together
        Groups of zones, by zone_id or name, that each stay in one cluster. Groups with a zone in common are one.
    tolerance_share
        Half the band around the mean pupils of a district's clusters, as a share of it.
    year
        Year of the headline pupils; None = the headline year.
    demand
        Table `demand`, where it is known already.

    Raises
    ------
    ParameterError
        When a number, a district, the year or a group is not possible; the message says which and why.
    InfeasibleError
        When no such clusters exist.
    """
    if not 0 <= tolerance_share < 1:
        message = f"the band around the mean must be 0 or more and below 1 of it, not {tolerance_share:g}"
        raise ParameterError(message)
    groups = demand_of(inputs) if demand is None else demand
    chosen = inputs.parameters.headline_year if year is None else year
    of_year = groups[headline_groups(groups) & (groups["year"] == chosen)]
    if of_year.empty:
        message = f"the demand has no pupil in {chosen}: choose one of {inputs.parameters.years}"
        raise ParameterError(message)
    origins = inputs.origins.sort_values("zone_id", ignore_index=True)
    by_origin = of_year.groupby("origin_id")["pupils"].sum()
    counts = by_origin.reindex(origins["origin_id"], fill_value=0).to_numpy(np.int64)
    pupils = pd.Series(counts, index=origins["zone_id"].tolist())
    milliseconds = _times_between(inputs, origins)
    lookup, clusters, districts = divide_zones(
        inputs.zones, pupils, milliseconds, per_district, keep_together, tolerance_share=tolerance_share,
        names=inputs.areas.set_index("area_id")["area_name"],
    )  # fmt: skip
    return Draft(chosen, lookup, clusters, districts)


def _times_between(inputs: Inputs, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the least milliseconds by road from zone (index) to zone (columns)."""
    homes = origins.assign(setting_id=origins["origin_id"])
    travel = journey_times(network_of(inputs), origins, homes, bands=False)
    zone = origins.set_index("origin_id")["zone_id"]
    table = pd.DataFrame(travel.milliseconds, index=list(travel.origin_ids), columns=list(travel.setting_ids))
    return table.rename(index=zone, columns=zone).astype(np.int64)


def divide_zones(
    zones: gpd.GeoDataFrame,
    pupils: pd.Series,
    milliseconds: pd.DataFrame,
    per_district: int | Mapping[str, int],
    keep_together: Sequence[Sequence[str]] = (),
    *,
    tolerance_share: float = DEFAULT_TOLERANCE_SHARE,
    names: Mapping[str, str] | pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Divide the zones of every district; the tables of `Draft` from pupils and times that are known.

    Parameters
    ----------
    zones
        zone_id, zone_name, district_id and polygons in metres.
    pupils
        Whole pupils by zone_id.
    milliseconds
        Times from zone (index) to zone (columns); all are reached.
    per_district, keep_together, tolerance_share
        As in `draft_clusters`.
    names
        Names of districts, by district_id.
    """
    ordered = zones.sort_values("zone_id").reset_index(drop=True)
    groups = _groups(ordered, keep_together)
    numbers = _numbers(ordered, per_district)
    ground = _Ground(contiguity_graph(ordered), pupils, milliseconds, tolerance_share)
    lookups, clusters, districts = [], [], []
    for district_id, rows in ordered.groupby("district_id", sort=True):
        title = str(district_id) if names is None else str(names[str(district_id)])
        units = _units(rows["zone_id"].tolist(), groups)
        question = _question(ground, rows["zone_id"].tolist(), units, numbers[str(district_id)], title)
        start = divide(question)
        proof = prove(question, start)
        if proof.parts is None:
            raise InfeasibleError(_no_division(title, question))
        one = _clusters(question, proof.parts, rows, str(district_id))
        clusters.append(one.drop(columns="members"))
        lookups += [(zone, row["cluster_id"], row["cluster_name"])
                    for row in one.to_dict("records") for zone in row["members"]]  # fmt: skip
        outside, cost = worth_of(question, proof.parts)
        start_min = np.nan if start is None else worth_of(question, start)[1] / MS_PER_MIN
        minutes = cost / MS_PER_MIN
        gap = (minutes - proof.bound_pupil_min) / minutes if minutes > 0 else 0.0
        districts.append(
            (district_id, question.parts, int(question.pupils.sum()), question.least_pupils, question.most_pupils,
             outside, proof.bound_pupils, minutes, proof.bound_pupil_min, start_min, gap, proof.optimal)
        )  # fmt: skip
    columns = ["district_id", "clusters", "pupils", "least_pupils", "most_pupils", "outside_pupils",
               "bound_outside_pupils", "pupil_min", "bound_pupil_min", "start_pupil_min", "gap_share",
               "optimal"]  # fmt: skip
    lookup = pd.DataFrame(lookups, columns=["zone_id", "cluster_id", "cluster_name"])
    return (
        lookup.sort_values("zone_id", ignore_index=True),
        pd.concat(clusters, ignore_index=True),
        pd.DataFrame(districts, columns=columns),
    )


def _groups(zones: pd.DataFrame, keep_together: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the groups by zone_id, those with a zone in common as one; every fault at once."""
    ids, named = set(zones["zone_id"]), zones.groupby("zone_name")["zone_id"].agg(list)
    district = zones.set_index("zone_id")["district_id"]
    together, faults = nx.Graph(), []
    for number, group in enumerate(keep_together, start=1):
        found = [[name] if name in ids else named.get(name, []) for name in group]
        for name, one in zip(group, found, strict=True):
            if len(one) != 1:
                many = "several zones have that name: give the zone_id" if one else "there is no such zone"
                faults.append(f"group {number} names {name!r}, but {many}")
        nx.add_path(together, [one[0] for one in found if len(one) == 1])
    out = [sorted(part) for part in nx.connected_components(together)]
    faults += [
        f"{', '.join(part)} are to stay together but lie in the districts {', '.join(sorted(lie_in))}, and a cluster "
        "does not cross a district's border: keep them together within each district"
        for part in out
        if len(lie_in := set(district[part])) > 1
    ]
    if faults:
        raise ParameterError("; ".join(faults))
    return sorted(out)


def _numbers(zones: pd.DataFrame, per_district: int | Mapping[str, int]) -> dict[str, int]:
    known = sorted(zones["district_id"].unique())
    numbers = dict.fromkeys(known, per_district) if isinstance(per_district, int) else dict(per_district)
    if strange := sorted(set(numbers).symmetric_difference(known)):
        message = f"give a number of clusters for each of {', '.join(known)}; wrong or missing: {', '.join(strange)}"
        raise ParameterError(message)
    if few := [name for name, number in numbers.items() if number < 1]:
        message = f"{few[0]} needs at least 1 cluster, not {numbers[few[0]]}"
        raise ParameterError(message)
    return numbers


def _units(zone_ids: Sequence[str], groups: Sequence[Sequence[str]]) -> tuple[tuple[int, ...], ...]:
    at = {zone: position for position, zone in enumerate(zone_ids)}
    kept = [tuple(sorted(at[zone] for zone in group)) for group in groups if group[0] in at]
    taken = {position for group in kept for position in group}
    return tuple(sorted([*kept, *((position,) for position in range(len(zone_ids)) if position not in taken)]))


def _question(
    ground: _Ground, zone_ids: list[str], units: tuple[tuple[int, ...], ...], parts: int, title: str
) -> Question:
    at = {zone: position for position, zone in enumerate(zone_ids)}
    local = nx.Graph()
    local.add_nodes_from(range(len(zone_ids)))
    local.add_edges_from(sorted(tuple(sorted((at[a], at[b]))) for a, b in ground.graph.subgraph(zone_ids).edges))
    counts = ground.pupils.reindex(zone_ids).to_numpy(np.int64)
    times = ground.milliseconds.reindex(index=zone_ids, columns=zone_ids).to_numpy(np.int64)
    if (times < 0).any():
        cut = zone_ids[int((times < 0).sum(axis=1).argmax())]
        message = f"{title}: no road leads from zone {cut} to every other zone; mend roads/edges.csv there"
        raise DataError(message)
    if len(units) < parts:
        message = (
            f"{title} has {len(zone_ids)} zones, of which {len(units)} can part from one another: too few for {parts} "
            "clusters; ask for fewer, or keep fewer zones together"
        )
        raise ParameterError(message)
    band = band_of(int(counts.sum()), parts, ground.tolerance_share)
    return Question(counts, times, local, units, parts, *band)


def _no_division(title: str, question: Question) -> str:
    grounds = nx.number_connected_components(question.graph)
    why = "what is to stay together cannot be reached without cutting another cluster in two"
    if grounds > question.parts:
        why = f"its zones lie in {grounds} pieces that share no border"
    return f"{title} cannot be divided into {question.parts} contiguous clusters: {why}; ask for another number"


def _clusters(question: Question, parts: Parts, rows: pd.DataFrame, district_id: str) -> pd.DataFrame:
    """Return the clusters of a district in order of their centres' ids, named after these."""
    zone_ids, zone_names = rows["zone_id"].tolist(), rows["zone_name"].tolist()
    out: list[dict[str, Any]] = []
    for centre, part in sorted((centre_of(question, part), part) for part in parts):
        at = sorted(part)
        ms, weight = question.milliseconds[at, centre], np.maximum(question.pupils[at], 1)
        out.append(
            {
                "district_id": district_id,
                "cluster_id": f"{district_id}-{zone_ids[centre]}",
                "cluster_name": f"Around {zone_names[centre]} (draft)",
                "centre_zone_id": zone_ids[centre],
                "zones": len(at),
                "pupils": int(question.pupils[at].sum()),
                "mean_min": float((ms * weight).sum() / weight.sum() / MS_PER_MIN),
                "farthest_min": float(ms.max() / MS_PER_MIN),
                "members": [zone_ids[position] for position in at],
            }
        )
    return pd.DataFrame(out)
