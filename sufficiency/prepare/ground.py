"""The ground of an area from public files: zones, districts, starting clusters, points, residents by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sufficiency.model.vocabulary import year_label
from sufficiency.sources.public.boundary_files import read_boundary_file, read_centroids
from sufficiency.sources.public.lookups import carry, read_lookup
from sufficiency.sources.public.population_files import read_population

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sufficiency.prepare.answer import Found, Question

__all__ = ["prepare_ground", "prepare_population", "starting_clusters"]

OLDEST: Final = 30
_ZONE_LEVELS: Final = ("lsoa", "msoa", "ward")
_SOURCE: Final = "ONS boundaries; Open Government Licence v3"


def prepare_ground(found: Found, question: Question, crs: str) -> None:
    """Make areas, gazetteer, clusters and zone polygons, from the finest boundaries of the authority's districts."""
    shapes, named = _shapes(found, crs)
    level = next((level for level in _ZONE_LEVELS if level in shapes), "")
    zones = shapes.get(level)
    for other in set(named) - {level, "lad"}:
        found.leave(named[other], len(shapes[other]), "areas of another level than the zones and districts")
    districts = _districts(shapes.get("lad"), zones, question)
    if zones is None or districts is None:
        lacking = "LSOA (or MSOA or ward)" if zones is None else "district"
        found.say("boundaries", "file_missing", f"there is no usable file of {lacking} boundaries",
                  "put the file of the ONS there, or let `sufficiency fetch` get it")  # fmt: skip
        return
    zones = zones.assign(district_id=_district_of(zones, districts))
    outside = zones["district_id"] == ""
    if outside.any():
        found.leave(named[level], int(outside.sum()), "outside the districts")
    zones = zones[~outside].sort_values("area_code", ignore_index=True)
    peopled = districts["area_code"].isin(set(zones["district_id"]))
    if "lad" in named:
        found.leave(named["lad"], int((~peopled).sum()), "districts without a zone")
    districts = districts[peopled]
    if zones.empty:
        found.say("boundaries", "file_missing", "no zone lies in the districts that are asked for",
                  "check the codes of --districts, and that the two boundary files are of one place")  # fmt: skip
        return
    points = _points(found, zones, crs)
    zones = zones.assign(easting_m=points[:, 0], northing_m=points[:, 1])
    ids = {code: _district_id(code, question) for code in districts["area_code"]}
    zones["district_id"] = zones["district_id"].map(ids)
    names = dict(zip(districts["area_code"].map(ids), districts["area_name"], strict=True))
    zones["cluster_id"] = _clusters(zones, question.clusters)
    found.zones = gpd.GeoDataFrame(zones[["area_code", "geometry"]].rename(columns={"area_code": "zone_id"}), crs=crs)
    found.tables["gazetteer"] = pd.DataFrame(
        {
            "zone_id": zones["area_code"],
            "place_name": zones["area_name"].where(zones["area_name"] != "", zones["area_code"]),
            "kind": "statistical_area",
            "easting_m": zones["easting_m"].round(0),
            "northing_m": zones["northing_m"].round(0),
            "district_id": zones["district_id"],
            "authority_name": question.county_name,
            "source": _SOURCE,
            "quality": "published",
        }
    )
    found.tables["clusters"] = pd.DataFrame(
        {
            "zone_id": zones["area_code"],
            "cluster_id": zones["cluster_id"],
            "source": "starting clusters: edit this file",
            "quality": "illustrative",
        }
    )
    found.tables["areas"] = _areas(zones, names, question)


def _shapes(found: Found, crs: str) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, str]]:
    """Return the boundaries by level, of the latest vintage of each, and the files that they come from."""
    shapes: dict[str, gpd.GeoDataFrame] = {}
    named: dict[str, str] = {}
    for path in found.files.get("boundaries", []):
        reading = read_boundary_file(path, found.issues, crs=crs)
        table = found.keep(reading)
        if reading is None or table is None or table.empty:
            continue
        level, file = str(table["level"].iloc[0]), reading.account.file
        if level in shapes:
            if _vintage(table) <= _vintage(shapes[level]):
                found.leave(file, len(table), "another vintage is used")
                continue
            found.leave(named[level], len(shapes[level]), "another vintage is used")
        shapes[level], named[level] = gpd.GeoDataFrame(table), file
    return shapes, named


def _vintage(table: pd.DataFrame) -> int:
    """Return the latest vintage that the areas state, 0 when none does."""
    return max((int(text) for text in table["vintage"].astype(str) if text.isdigit()), default=0)


def _districts(
    lad: gpd.GeoDataFrame | None, zones: gpd.GeoDataFrame | None, question: Question
) -> gpd.GeoDataFrame | None:
    """Return the districts; without a file of them the ground of all zones is one, where no more are asked for."""
    if lad is None:
        if zones is None or len(question.districts) > 1:
            return None
        code = question.districts[0] if question.districts else question.county_code
        return gpd.GeoDataFrame(
            {"area_code": [code], "area_name": [question.county_name]},
            geometry=[zones.geometry.union_all()],
            crs=zones.crs,
        )
    wanted = lad[lad["area_code"].isin(question.districts)] if question.districts else lad
    return wanted.sort_values("area_code", ignore_index=True) if len(wanted) else None


def _district_id(code: str, question: Question) -> str:
    """Return the id of a district; a unitary authority is its own only district, under an id of its own."""
    return f"{code}-district" if code == question.county_code else code


def _district_of(zones: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the district of each zone: as its file says, else the one that holds a point inside it."""
    known = set(districts["area_code"])
    said = zones["parent_code"].astype(str)
    if said.isin(known).any():
        return np.asarray(said.where(said.isin(known), ""), dtype=object)
    inner = shapely.point_on_surface(zones.geometry.to_numpy())
    out = np.full(len(zones), "", dtype=object)
    for code, ground in zip(districts["area_code"], districts.geometry, strict=True):
        out[shapely.contains(ground, inner) & (out == "")] = code
    return out


def _points(found: Found, zones: gpd.GeoDataFrame, crs: str) -> NDArray[np.float64]:
    """Return where the journeys of each zone start: its population-weighted centroid, else a point inside it."""
    out = shapely.get_coordinates(shapely.point_on_surface(zones.geometry.to_numpy()))
    at = {code: position for position, code in enumerate(zones["area_code"])}
    met: set[str] = set()
    for path in found.files.get("centroids", []):
        table = found.keep(read_centroids(path, found.issues, crs=crs))
        if table is None:
            continue
        rows = table[table["area_code"].isin(list(at))]
        out[rows["area_code"].map(at).to_numpy()] = rows[["easting_m", "northing_m"]].to_numpy(float)
        met |= set(rows["area_code"])
    if len(met) < len(at):
        found.notes.append(f"{len(at) - len(met)} zones have no population-weighted centroid: a point inside is used")
    return out


def _clusters(zones: gpd.GeoDataFrame, wanted: int) -> list[str]:
    out = np.full(len(zones), "", dtype=object)
    points = zones[["easting_m", "northing_m"]].to_numpy(float)
    for district, at in zones.groupby("district_id").indices.items():
        out[at] = [f"{district}-{number + 1}" for number in starting_clusters(points[at], wanted)]
    return [str(cluster) for cluster in out]


def starting_clusters(points: NDArray[np.float64], wanted: int) -> NDArray[np.int64]:
    """Return the number, from 0, of each point's cluster: compact groups of nearly equal size, by repeated halving.

    Parameters
    ----------
    points
        Eastings and northings, [points, 2].
    wanted
        Clusters; fewer where there are fewer points.

    Returns
    -------
    ndarray
        Each cut is across the longer side. A start for the council to edit: roads, rivers and school communities are
        not in it.
    """
    out = np.zeros(len(points), dtype=np.int64)

    def cut(rows: NDArray[np.int64], first: int, parts: int) -> None:
        if parts <= 1 or len(rows) <= 1:
            out[rows] = first
            return
        side = int(np.argmax(np.ptp(points[rows], axis=0)))
        order = rows[np.lexsort((points[rows, 1 - side], points[rows, side]))]
        left = parts // 2
        half = round(len(rows) * left / parts)
        cut(order[:half], first, left)
        cut(order[half:], first + left, parts - left)

    cut(np.arange(len(points)), 0, min(wanted, len(points)))
    return out


def _areas(zones: gpd.GeoDataFrame, names: dict[str, str], question: Question) -> pd.DataFrame:
    rows = [(question.county_code, question.county_name, "county", "", _SOURCE, "published")]
    rows += [(code, name, "district", question.county_code, _SOURCE, "published") for code, name in names.items()]
    clusters = zones[["cluster_id", "district_id"]].drop_duplicates().sort_values("cluster_id")
    rows += [
        (cluster, f"{names[district]} {cluster.rpartition('-')[2]}", "cluster", district,
         "starting cluster: name it and edit clusters.csv", "illustrative")
        for cluster, district in clusters.itertuples(index=False)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["area_id", "area_name", "level", "parent_id", "source", "quality"])


def prepare_population(found: Found, question: Question) -> None:
    """Make the table `population` and the people of the gazetteer, on the zones, from single years of age."""
    readings = [
        read_population(path, found.issues, year=question.population_year) for path in found.files.get("population", [])
    ]
    kept = [(reading.account, found.keep(reading)) for reading in readings if reading is not None]
    usable = [table for _, table in kept if table is not None and len(table)]
    single = [table for table in usable if (table["age_from"] == table["age_to"]).sum() > OLDEST]
    single.sort(key=lambda table: -1 if table["year"].isna().all() else int(table["year"].max()))
    for account, table in kept:
        if table is not None and any(table is one for one in single[:-1]):
            found.leave(account.file, account.used, "the population of another year is used")
    if not single or "gazetteer" not in found.tables:
        found.say("population", "file_missing", "there is no usable population by zone and single year of age",
                  "put the ONS small-area estimates (LSOA by single year of age) there")  # fmt: skip
        return
    zones = found.tables["gazetteer"]["zone_id"]
    people = _on_zones(found, single[-1], zones, [table for table in usable if table is not single[-1]])
    if people is None:
        return
    years = people["year"].dropna().unique()
    if len(years) != 1:
        found.say("population", "year_missing", "the population file does not say of which mid-year it is",
                  "state it with --population-year")  # fmt: skip
        return
    year = int(years[0])
    if year > question.calibration_year:
        found.say("population", "year_differs", f"the population is of mid-{year}, after the calibration year "
                  f"{year_label(question.calibration_year)}", "use the estimates of that year or an earlier one: "
                  "cohorts are carried forward, never back")  # fmt: skip
        return
    total = people.groupby("area_code")["people"].sum()
    found.tables["gazetteer"]["people"] = zones.map(total).round(0).astype("Int64")
    young = people[(people["age_from"] == people["age_to"]) & (people["age_to"] <= OLDEST)]
    young = young.groupby(["area_code", "age_from"], as_index=False)[["people"]].sum()
    found.tables["population"] = pd.DataFrame(
        {
            "zone_id": young["area_code"],
            "year": year,
            "age": young["age_from"],
            "people": young["people"].round(6),
            "source": f"ONS mid-{year} population estimates by single year of age; Open Government Licence v3",
            "quality": "published",
        }
    ).sort_values(["zone_id", "age"], ignore_index=True)
    children = float(young.loc[young["age_from"] <= 18, "people"].sum())
    found.notes.append(f"population of mid-{year}: {children:,.0f} residents of 0 to 18")


def _on_zones(
    found: Found, people: pd.DataFrame, zones: Sequence[str] | pd.Series, others: Sequence[pd.DataFrame]
) -> pd.DataFrame | None:
    """Return the people of both sexes on the zones, carried by a lookup where they are on older areas."""
    known = set(zones)
    both = _of_both_sexes(people)
    if set(both["area_code"]) & known == known:
        return both[both["area_code"].isin(known)]
    for path in found.files.get("lookup", []):
        lookup = found.keep(read_lookup(path, found.issues))
        if lookup is None or not set(lookup["code_to"]) & known:
            continue
        ours = lookup[lookup["code_to"].isin(known)]
        mine = both[both["area_code"].isin(set(ours["code_from"]))]
        if mine.empty:
            continue
        weight = next((_weights(table, known) for table in others if known <= set(table["area_code"])), None)
        carried, account = carry(mine, ours, weight=weight)
        row = account[account["change"] == "all"].iloc[0]
        found.notes.append(
            f"population carried from {row['codes_from']} older areas to {row['codes_to']} zones: "
            f"{row['before']:,.0f} people before, {row['after']:,.0f} after"
        )
        return carried
    lacking = len(known - set(both["area_code"]))
    found.say("population", "zone_without_population", f"{lacking} zones are not in the population file",
              "mend the rows set aside, use a population on the areas of the boundaries, or add the lookup "
                  "between the two")  # fmt: skip
    return None


def _of_both_sexes(people: pd.DataFrame) -> pd.DataFrame:
    """Return people by area, year and ages: of both sexes where the file states them, else women and men added."""
    key = ["area_code", "year", "age_from", "age_to"]
    stated = people["sex"] == "all"
    has_all = stated.groupby([people[name] for name in key], dropna=False).transform("any")
    return people[stated | ~has_all].groupby(key, as_index=False, dropna=False)[["people"]].sum()


def _weights(table: pd.DataFrame, known: set[str]) -> pd.Series:
    return _of_both_sexes(table[table["area_code"].isin(known)]).groupby("area_code")["people"].sum()
