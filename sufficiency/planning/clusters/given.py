"""The council's own clusters: checked, laid over the inputs, and what they change.

Pupils stay where they are. The table `clusters` of the inputs is the order in which the forecast spreads pupils over
zones, so that another one would move some of them between neighbouring zones; it stays as it is, and the new clusters
stand in zones, areas, settings, schemes and support bases, from which every table is made. County and district figures
are then the same to the pupil. Only the match of support bases looks for partners within a cluster, and changes.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.assess import demand_of
from sufficiency.measures import headline_groups
from sufficiency.model.errors import DataError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.planning.clusters.contiguity import contiguity_graph, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.results import Inputs

__all__ = ["changes_table", "lookup_issues", "lookup_of_groups", "with_clusters"]

_FILE: Final = "the lookup of clusters"
_COLUMNS: Final = ["zone_id", "cluster_id", "cluster_name"]


def lookup_of_groups(groups: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Return a lookup of zones from one of groups of zones, such as wards or the clusters of before.

    Parameters
    ----------
    groups
        zone_id, group_id: which group each zone lies in.
    given
        group_id, cluster_id, cluster_name.

    Returns
    -------
    DataFrame
        zone_id, cluster_id, cluster_name.

    Raises
    ------
    DataError
        When a group is unknown, stands twice, or is left out.
    """
    known, named = set(groups["group_id"]), given["group_id"]
    faults = [f"the group {name!r} is not known" for name in sorted(set(named) - known)]
    faults += [f"the group {name!r} has no cluster" for name in sorted(known - set(named))]
    faults += [f"the group {name!r} stands twice" for name in sorted(named[named.duplicated()].unique())]
    if faults:
        raise DataError("; ".join(faults) + ". Give each group of zones one row")
    return groups[["zone_id", "group_id"]].merge(given, on="group_id", validate="m:1")[_COLUMNS]


def lookup_issues(inputs: Inputs, lookup: pd.DataFrame) -> pd.DataFrame:
    """Return every fault of a lookup as table `issues`.

    Parameters
    ----------
    inputs
        Checked inputs.
    lookup
        zone_id, cluster_id, cluster_name. Rows count from 2, as in a file with a header, where the index is not named
        ``row``.

    Returns
    -------
    DataFrame
        Errors: an unknown zone, one that stands twice or is left out, a blank id or name, a cluster with two names or
        two clusters with one, in two districts, or with the id of a county or district. Warning: a cluster in pieces.
    """
    return issues_table(list(_faults(inputs, lookup)))


def _fault(at: tuple[int | None, str, str], check: str, message: str, fix: str, *, severity: str = "error") -> Issue:
    """Return an issue at (row, key, column)."""
    row, key, column = at
    return Issue(_FILE, row, "clusters", key, column, key, check, severity, message, fix)


def _faults(inputs: Inputs, lookup: pd.DataFrame) -> Iterator[Issue]:
    district = inputs.zones.set_index("zone_id")["district_id"]
    numbers = lookup.index if lookup.index.name == "row" else range(2, len(lookup) + 2)
    seen: dict[str, int] = {}
    for number, zone, cluster, name in zip(numbers, *(lookup[column] for column in _COLUMNS), strict=True):
        if zone not in district.index:
            yield _fault((number, zone, "zone_id"), "unknown_zone", f"zone {zone!r} is not a zone of the area",
                         "correct the id, or take the row out")  # fmt: skip
        elif zone in seen:
            yield _fault((number, zone, "zone_id"), "key_twice", f"zone {zone!r} stands in row {seen[zone]} already",
                         "keep one of the two rows")  # fmt: skip
        seen.setdefault(zone, number)
        for column, value in (("cluster_id", cluster), ("cluster_name", name)):
            if not str(value).strip():
                yield _fault((number, zone, column), "blank", f"zone {zone!r} has no {column}", f"give its {column}")
    for zone in sorted(set(district.index).difference(lookup["zone_id"])):
        yield _fault((None, zone, "zone_id"), "zone_without_cluster", f"zone {zone} has no cluster",
                     f"add a row {zone},<cluster_id>,<cluster_name>")  # fmt: skip
    yield from _cluster_faults(inputs, lookup, district)


def _cluster_faults(inputs: Inputs, lookup: pd.DataFrame, district: pd.Series) -> Iterator[Issue]:
    upper = set(inputs.areas.loc[inputs.areas["level"].isin(["county", "district"]), "area_id"])
    graph = contiguity_graph(inputs.zones)
    for one, rows in lookup[lookup["cluster_id"] != ""].groupby("cluster_id", sort=True):
        cluster = str(one)
        names, zones = sorted(set(rows["cluster_name"])), sorted(set(rows["zone_id"]) & set(district.index))
        if cluster in upper:
            yield _fault((None, cluster, "cluster_id"), "id_taken", f"{cluster} is the id of the county or a district",
                         "give the cluster its own id")  # fmt: skip
        if len(names) > 1:
            yield _fault((None, cluster, "cluster_name"), "two_names",
                         f"cluster {cluster} has the names {'; '.join(names)}",
                         "give it one name")  # fmt: skip
        if len(inside := sorted(set(district[zones]))) > 1:
            few = district[zones].value_counts().sort_index().idxmin()
            apart = ", ".join(zone for zone in zones if district[zone] == few)
            yield _fault((None, cluster, "cluster_id"), "cluster_elsewhere",
                         f"cluster {cluster} lies in the districts {', '.join(inside)}",
                         f"a cluster lies in one district: give another cluster to {apart}")  # fmt: skip
        elif len(parts := pieces(graph, zones)) > 1:
            apart = "; ".join(", ".join(part) for part in parts[1:])
            yield _fault((None, cluster, "cluster_id"), "cluster_in_pieces",
                         f"cluster {cluster} is in {len(parts)} pieces that share no border",
                         f"give a cluster that they touch to {apart}, if that is not meant",
                         severity="warning")  # fmt: skip
    ids = lookup[lookup["cluster_id"] != ""].groupby("cluster_name")["cluster_id"].nunique()
    for name in ids.index[(ids > 1) & (ids.index != "")]:
        yield _fault((None, str(name), "cluster_name"), "name_twice", f"{ids[name]} clusters have the name {name}",
                     "give each its own name")  # fmt: skip


def with_clusters(inputs: Inputs, lookup: pd.DataFrame, *, source: str = "", quality: str = "") -> Inputs:
    """Return inputs with other clusters; pupils, places and everything of county and districts stay as they are.

    Parameters
    ----------
    inputs
        Checked inputs; not changed.
    lookup
        zone_id, cluster_id, cluster_name: every zone once.
    source, quality
        Of the clusters' rows of `areas`.

    Returns
    -------
    Inputs
        Areas, zones, settings, schemes and support bases of the new clusters; warnings are among the issues. The table
        `clusters` stays: it is the order in which pupils are spread. A support base without a host moves to the
        cluster with most residents of the one that it was in.

    Raises
    ------
    DataError
        When the lookup is at fault; ``issues`` lists how.
    """
    issues = lookup_issues(inputs, lookup)
    if (issues["severity"] == "error").any():
        count = int((issues["severity"] == "error").sum())
        message = f"the lookup of clusters has {count} fault{'s' if count > 1 else ''}"
        raise DataError(message, issues)
    of_zone = lookup.set_index("zone_id")["cluster_id"]
    zones = inputs.zones.assign(cluster_id=inputs.zones["zone_id"].map(of_zone))
    settings, schemes = (_placed(points, zones) for points in (inputs.settings, inputs.schemes))
    bases, moved = _bases(inputs, settings, zones)
    kept = inputs.issues[inputs.issues["check"] != "cluster_in_pieces"]
    told = [part for part in (kept, issues, issues_table(moved)) if len(part)]
    return dataclasses.replace(
        inputs,
        areas=_areas(inputs, lookup, zones, source, quality),
        zones=zones,
        settings=settings,
        schemes=schemes,
        support_bases=bases,
        issues=pd.concat(told, ignore_index=True) if told else inputs.issues,
        digests={**inputs.digests, "boundaries/clusters.csv": _digest(lookup)},
    )


def _digest(lookup: pd.DataFrame) -> str:
    text = lookup[_COLUMNS].sort_values("zone_id").to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()


def _areas(
    inputs: Inputs, lookup: pd.DataFrame, zones: gpd.GeoDataFrame, source: str, quality: str
) -> gpd.GeoDataFrame:
    names = lookup.drop_duplicates("cluster_id").set_index("cluster_id")["cluster_name"]
    ids, rows, grounds = sorted(names.index), [], []
    for cluster in ids:
        own = zones[zones["cluster_id"] == cluster]
        rows.append((cluster, names[cluster], "cluster", own["district_id"].iloc[0], source, quality))
        grounds.append(shapely.union_all(own.geometry.to_numpy()))
    frame = pd.DataFrame(rows, columns=["area_id", "area_name", "level", "parent_id", "source", "quality"])
    upper = inputs.areas[inputs.areas["level"] != "cluster"]
    frame = frame[[name for name in frame if name in upper.columns]]
    below = gpd.GeoDataFrame(frame, geometry=grounds, crs=zones.crs)
    return gpd.GeoDataFrame(pd.concat([upper, below], ignore_index=True), crs=inputs.areas.crs)


def _placed(points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return points with the new cluster of the zone that they lie in; those outside the area stay blank."""
    cluster = np.full(len(points), "", dtype=object)
    if len(points):
        found = shapely.STRtree(zones.geometry.to_numpy()).query(points.geometry.to_numpy(), predicate="intersects")
        inside = (points["district_id"] != "").to_numpy()
        order = np.lexsort((found[1], found[0]))[::-1]
        for point, zone in found[:, order].T:
            if inside[point] and zones["district_id"].iloc[zone] == points["district_id"].iloc[point]:
                cluster[point] = zones["cluster_id"].iloc[zone]
    changed: dict[str, Any] = {name: cluster for name in ("area_id", "cluster_id") if name in points.columns}
    return points.assign(**changed)


def _bases(inputs: Inputs, settings: pd.DataFrame, zones: pd.DataFrame) -> tuple[pd.DataFrame, list[Issue]]:
    """Return the support bases in the new clusters, and a note on those that have no host and moved."""
    bases = inputs.support_bases
    if "cluster_id" not in bases.columns:
        return bases, []
    of_setting = settings.set_index("setting_id")["cluster_id"]
    people = pd.DataFrame(
        {"before": inputs.zones["cluster_id"], "after": zones["cluster_id"], "people": zones["people"].astype(float)}
    )
    shares = people.groupby(["before", "after"], as_index=False)[["people"]].sum()
    most = shares.sort_values(["people", "after"], ascending=[False, True]).drop_duplicates("before")
    heirs = most.set_index("before")["after"]
    hosted = bases["setting_id"] != ""
    after = bases["setting_id"].map(of_setting).where(hosted, bases["cluster_id"].map(heirs)).fillna("")
    moved = bases.assign(after=after).loc[~hosted & (after != bases["cluster_id"])].drop_duplicates("base_id")
    if moved.empty:
        return bases.assign(cluster_id=after), []
    was = ", ".join(sorted(set(moved["cluster_id"])))
    told = _fault((None, "", "cluster_id"), "bases_moved",
                  f"{len(moved)} support bases without a host were in clusters that are no more ({was}): "
                  "each is counted in the new cluster with most residents of its old one",
                  "in schools/support_bases.csv, give their hosts or clusters", severity="warning")  # fmt: skip
    return bases.assign(cluster_id=after), [told]


def changes_table(before: Inputs, after: Inputs, demand: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what the new clusters are made of: headline pupils of the headline year and zones.

    Returns
    -------
    DataFrame
        district_id, cluster_id, cluster_name, before_cluster_id, before_cluster_name, zones, pupils; a row for every
        new cluster and each cluster of before that it has zones of. Internal: it may count a few pupils.
    """
    groups = demand_of(before) if demand is None else demand
    chosen = headline_groups(groups) & (groups["year"] == before.parameters.headline_year)
    pupils = groups[chosen].groupby("origin_id")["pupils"].sum()
    old = before.zones.set_index("zone_id")["cluster_id"]
    zones = pd.DataFrame(after.zones[["zone_id", "district_id", "cluster_id"]])
    zones = zones.assign(
        before_cluster_id=zones["zone_id"].map(old),
        pupils=zones["zone_id"].map(pupils).fillna(0).astype(np.int64),
        zones=1,
    )
    key = ["district_id", "cluster_id", "before_cluster_id"]
    table = zones.groupby(key, as_index=False)[["zones", "pupils"]].sum()
    for column, inputs in (("cluster", after), ("before_cluster", before)):
        names = inputs.areas.set_index("area_id")["area_name"]
        table[f"{column}_name"] = table[f"{column}_id"].map(names)
    return table[["district_id", "cluster_id", "cluster_name", "before_cluster_id", "before_cluster_name", "zones",
                  "pupils"]]  # fmt: skip
