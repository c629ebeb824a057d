"""Successor authorities: an assessment re-totalled for the councils that a county's area may be divided among.

A successor takes whole districts, or whole clusters. Nobody is placed anew: the same pupils hold the same places, and
every figure is counted again from the outcomes by the successor of the home and that of the school; percentiles of
journeys are those of the successor's pupils, not averages. Places that residents of one successor hold in another are
the cross-border use that an agreement between them would have to cover.

Internal: a table of few areas beside the county's gives away what is hidden in one of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sufficiency import measures
from sufficiency.measures.outcomes import OUTSIDE, every_answer
from sufficiency.model.errors import CertificateError, DataError
from sufficiency.model.vocabulary import ALL, HEADLINE, HEADLINE_TYPES
from sufficiency.planning.programme import capital_of

if TYPE_CHECKING:
    from sufficiency.model.results import Assessment, Inputs

__all__ = ["Successors", "successor_of_cluster", "successors"]

# measure -> the outcomes that it counts
_GAP_MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "demand_pupils": ("local", "other_council", "independent", "unplaced", "excluded"),
    "without_local_place_pupils": ("other_council", "independent", "unplaced"),
    "placed_local_pupils": ("local",),
    "other_council_pupils": ("other_council",),
    "independent_pupils": ("independent",),
    "unplaced_pupils": ("unplaced",),
    "excluded_pupils": ("excluded",),
    "capacity_places": (),
}
_JOURNEY_MEASURES: Final = ("pupils", "not_daily_pupils", "over_limit_pupils")
_LOCAL_USE: Final = ["own_local_pupils", "other_successor_pupils", "beyond_county_pupils"]


@dataclass(frozen=True)
class Successors:
    """The tables of successor authorities; a successor_id stands where others have an area_id.

    ``sufficiency`` and ``journeys`` are as the tables of that name (placed_own_area_pupils = in the own successor);
    ``capacity``: area_id, year, provision_type, capacity_places; ``capital``: as the purse capital of `money`, with
    area_id (``outside`` = schemes beyond the area); ``flows``: as `flows`, home successor × school successor;
    ``exchange``, by policy, year and area_id: resident pupils in local places by where they are
    (own_local, other_successor, beyond_county), from_other_successors_pupils (others' residents in its places),
    net_import_pupils (= from_other_successors - other_successor; they sum to 0), capacity_places,
    used_by_others_share (of capacity), other_council_pupils, independent_pupils, reliance_share (those two, of the
    demand); ``conservation``: county = successors + elsewhere (pupils without a known
    home, places beyond the area), by policy, year and measure.
    """

    names: pd.Series
    sufficiency: pd.DataFrame
    journeys: pd.DataFrame
    capacity: pd.DataFrame
    capital: pd.DataFrame
    flows: pd.DataFrame
    exchange: pd.DataFrame
    conservation: pd.DataFrame


def successors(assessment: Assessment, lookup: pd.DataFrame, *, ridden: pd.DataFrame | None = None) -> Successors:
    """Re-total an assessment by successor authority.

    Parameters
    ----------
    assessment
        One scenario.
    lookup
        area_id (districts, or clusters, or some of each, which together are the county), successor_id,
        successor_name.
    ridden
        Output of `sufficiency.travel.ridden` for the day pupils; None = the ridden columns of `journeys` are blank.

    Raises
    ------
    DataError
        When the lookup does not give every part of the county one successor; the message lists how.
    CertificateError
        When the totals do not add up to the county's: a defect of this package.
    """
    inputs, name = assessment.inputs, assessment.scenario_id
    home = successor_of_cluster(inputs, lookup)
    titles = lookup.drop_duplicates("successor_id").set_index("successor_id")["successor_name"].sort_index()
    ids = [str(one) for one in titles.index]
    rows = assessment.outcomes
    rows = rows.assign(
        district_id=rows["cluster_id"].map(home).fillna(""),
        setting_district_id=rows["setting_cluster_id"].map(home).fillna(""),
        cluster_id="",
    )
    settings = inputs.settings.assign(district_id=inputs.settings["cluster_id"].map(home).fillna(""), cluster_id="")
    county = inputs.parameters.county_id
    capacity = measures.capacity_by_area(inputs.places, inputs.provision, settings, county)
    reachable = measures.reachable_places(inputs.places, inputs.provision)
    areas = [county, *ids]
    gap = measures.sufficiency_table(name, rows, capacity, reachable, areas)
    journeys = measures.journeys_table(name, rows, inputs.parameters, areas, ridden)
    flows = measures.flows_table(name, rows, ids)
    out = Successors(
        names=titles,
        sufficiency=gap[gap["area_id"].isin(ids)].reset_index(drop=True),
        journeys=journeys[journeys["area_id"].isin(ids)].reset_index(drop=True),
        capacity=capacity[capacity["area_id"].isin(ids)].reset_index(drop=True),
        capital=_capital(inputs, name, home),
        flows=flows,
        exchange=_exchange(rows, gap, capacity, ids),
        conservation=_conservation(assessment, gap, journeys, rows),
    )
    _prove(out, capital_of(inputs, name))
    return out


def successor_of_cluster(inputs: Inputs, lookup: pd.DataFrame) -> pd.Series:
    """Return the successor of every cluster; every fault of the lookup at once."""
    below = inputs.areas.loc[inputs.areas["level"] == "cluster"].set_index("area_id")["parent_id"]
    districts = set(below)
    faults: list[str] = []
    found: dict[str, list[str]] = {str(cluster): [] for cluster in below.index}
    for area, successor, name in lookup[["area_id", "successor_id", "successor_name"]].itertuples(index=False):
        if not str(successor) or not str(name):
            faults.append(f"{area} has no successor, or one without a name")
        if area in districts:
            for cluster in below.index[below == area]:
                found[str(cluster)].append(str(successor))
        elif area in found:
            found[area].append(str(successor))
        else:
            faults.append(f"{area!r} is no district or cluster of the area")
    upper = set(inputs.areas.loc[inputs.areas["level"] != "cluster", "area_id"]) | set(found)
    for one, names in lookup.groupby("successor_id")["successor_name"]:
        successor = str(one)
        if len(set(names)) > 1:
            faults.append(f"the successor {successor} has the names {'; '.join(sorted(set(names)))}")
        if successor in upper or successor == OUTSIDE:
            faults.append(f"the successor {successor} has the id of an area: give it its own")
    faults += [f"cluster {cluster} of district {below[cluster]} has no successor"
               for cluster, given in found.items() if not given]  # fmt: skip
    faults += [f"cluster {cluster} stands twice, by itself or with its district"
               for cluster, given in found.items() if len(given) > 1]  # fmt: skip
    if faults:
        raise DataError("the lookup of successors: " + "; ".join(faults) + ". Give every district, or each of its "
                        "clusters, one row area_id,successor_id,successor_name")  # fmt: skip
    return pd.Series({cluster: given[0] for cluster, given in found.items()})


def _capital(inputs: Inputs, scenario_id: str, home: pd.Series) -> pd.DataFrame:
    area = inputs.schemes["cluster_id"].map(home).fillna(OUTSIDE)
    parts = []
    for successor in sorted(set(area)):
        part = dataclasses.replace(inputs, schemes=inputs.schemes[area == successor])
        parts.append(capital_of(part, scenario_id).assign(area_id=successor))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else capital_of(inputs, scenario_id).assign(area_id="")


def _exchange(rows: pd.DataFrame, gap: pd.DataFrame, capacity: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    key = ["policy", "year", "area_id"]
    local = rows[rows["headline"] & (rows["outcome"] == "local") & (rows["district_id"] != "")]
    home, school, pupils = local["district_id"], local["setting_district_id"], local["pupils"]
    used = local[["policy", "year"]].assign(
        area_id=home,
        own_local_pupils=pupils.where(home == school, 0),
        other_successor_pupils=pupils.where((home != school) & (school != ""), 0),
        beyond_county_pupils=pupils.where(school == "", 0),
    )
    used = used.groupby(key, as_index=False)[_LOCAL_USE].sum()
    others = local[(home != school) & (school != "")]
    came = others.assign(area_id=others["setting_district_id"]).groupby(key, as_index=False)[["pupils"]].sum()
    total = gap[(gap["phase"] == ALL) & (gap["need"] == ALL) & (gap["provision_type"] == HEADLINE)]
    places = capacity.loc[capacity["provision_type"] == HEADLINE, ["year", "area_id", "capacity_places"]]
    table = every_answer(rows, area_id=ids)
    table = table.merge(used, on=key, how="left")
    table = table.merge(came.rename(columns={"pupils": "from_other_successors_pupils"}), on=key, how="left")
    table = table.merge(places, on=["year", "area_id"], how="left")
    more = ["demand_pupils", "other_council_pupils", "independent_pupils"]
    table = table.merge(total[[*key, *more]], on=key, how="left", validate="1:1")
    counts = [*_LOCAL_USE, "from_other_successors_pupils", "capacity_places", *more]
    table[counts] = table[counts].fillna(0).astype(np.int64)
    table["net_import_pupils"] = table["from_other_successors_pupils"] - table["other_successor_pupils"]
    table["used_by_others_share"] = _share(table["from_other_successors_pupils"], table["capacity_places"])
    reliance = table["other_council_pupils"] + table["independent_pupils"]
    table["reliance_share"] = _share(reliance, table["demand_pupils"])
    return table.sort_values(key, ignore_index=True)


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (part / whole.where(whole > 0)).astype(np.float64)


def _conservation(
    assessment: Assessment, gap: pd.DataFrame, journeys: pd.DataFrame, rows: pd.DataFrame
) -> pd.DataFrame:
    """Return the county's own totals beside the sums over successors, and what has no place in any of them."""
    county = assessment.inputs.parameters.county_id
    lost = rows[rows["headline"] & (rows["district_id"] == "")]
    beyond = _places_beyond(assessment.inputs)
    parts = []
    for own, other, names in (
        (_total(assessment.sufficiency), _total(gap), _GAP_MEASURES),
        (_total(assessment.journeys), _total(journeys), _JOURNEY_MEASURES),
    ):
        for name in names:
            whole = own[own["area_id"] == county].set_index(["policy", "year"])[name]
            below = other[other["area_id"] != county].groupby(["policy", "year"])[name].sum()
            part = pd.DataFrame({"county": whole, "successors": below.reindex(whole.index, fill_value=0)}).reset_index()
            if name == "capacity_places":
                part["elsewhere"] = part["year"].map(beyond).fillna(0)
            else:
                kinds = _GAP_MEASURES.get(name, ())
                at = lost[lost["outcome"].isin(kinds)].groupby(["policy", "year"])["pupils"].sum()
                part["elsewhere"] = at.reindex(whole.index, fill_value=0).to_numpy()
            parts.append(part.assign(measure="day_pupils" if name == "pupils" else name))
    table = pd.concat(parts, ignore_index=True)
    counts = ["county", "successors", "elsewhere"]
    return table[["policy", "year", "measure", *counts]].astype(dict.fromkeys(counts, np.int64))


def _places_beyond(inputs: Inputs) -> pd.Series:
    """Return the local headline places of settings beyond the area, by year."""
    outside = inputs.settings.loc[inputs.settings["cluster_id"] == "", "setting_id"]
    local = inputs.provision["tier"].eq("local") & inputs.provision["provision_type"].isin(HEADLINE_TYPES)
    there = inputs.provision.loc[local & inputs.provision["setting_id"].isin(outside), "provision_id"]
    places = inputs.places[inputs.places["provision_id"].isin(there)]
    return places.groupby("year")["planned_places"].sum()


def _total(table: pd.DataFrame) -> pd.DataFrame:
    chosen = (table["phase"] == ALL) & (table["need"] == ALL)
    if "provision_type" in table.columns:
        chosen &= table["provision_type"] == HEADLINE
    return table[chosen]


def _prove(out: Successors, capital: pd.DataFrame) -> None:
    table = out.conservation
    if not table["county"].eq(table["successors"] + table["elsewhere"]).all():
        bad = table[table["county"] != table["successors"] + table["elsewhere"]].iloc[0]
        message = f"{bad['measure']} of {bad['year']}: the successors do not add up to the county"
        raise CertificateError(message)
    if out.exchange.groupby(["policy", "year"])["net_import_pupils"].sum().ne(0).any():
        message = "the pupils that cross a successor's border do not cancel out"
        raise CertificateError(message)
    money: list[Any] = ["gbp_low", "gbp_central", "gbp_high"]
    if not np.allclose(out.capital[money].astype(float).sum(), capital[money].astype(float).sum(), rtol=1e-12):
        message = "the capital of the successors does not add up to the scenario's"
        raise CertificateError(message)
