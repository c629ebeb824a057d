"""Coverage of support bases: which schools have one, whom the match leaves without, and primary beside secondary.

Support bases are DfE "inclusion bases" that schools run for pupils without a plan. The national outcome (DfE, as
reported by Schools Week, "inclusion base for every school") is that every pupil who needs one reaches one: in time
every secondary school has a base, and primary schools have as many places area-wide as secondary schools. This is a
test of that outcome beside the match of ``allocation/support.py``; nothing of it enters demand, places or journeys of
the headline (decision 0006).

The schools of a phase are those with a row in `support_need` or a base. The published phase of a setting is not used:
it also marks settings that only stand in for the host of a specialist base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCHOOL_KEY: Final = ["setting_id", "phase", "year"]
_AREA_KEY: Final = ["area_id", "phase", "year"]
_MATCHES: Final = {"own_school": "own_school_pupils", "partner": "partner_pupils", "without": "without_base_pupils"}
_MATCHED: Final = list(_MATCHES.values())
# an empty table comes without types, and then neither merges nor adds up
_KINDS: Final = {
    **dict.fromkeys(("scenario_id", "setting_id", "cluster_id", "phase", "match", "partner_setting_id"), "object"),
    **dict.fromkeys(("year", "places", "pupils"), "int64"),
    **dict.fromkeys(("sen_support_pupils", "on_roll_pupils"), "Int64"),
    "extra_km": "float64",
}
_EQUIVALENT: Final = ("primary", "secondary")
_SCHOOL_COLUMNS: Final = [
    "scenario_id", "setting_id", "setting_name", "district_id", "cluster_id", "phase", "year", "own_base", "own_places",
    "sen_support_pupils", "places_per_100_on_sen_support", "on_roll_pupils", "places_per_100_on_roll",
    "needing_pupils", *_MATCHED, "nearest_partner_setting_id", "nearest_partner_name", "mean_extra_km",
    "needed_fte_places",
]  # fmt: skip
_SCHOOL_COUNTS: Final = [
    "schools",
    "schools_with_own_base",
    "schools_supported",
    "schools_with_pupils_without_base",
    "schools_need_not_recorded",
]
_AREA_COLUMNS: Final = [
    "scenario_id", "area_id", "phase", "year", *_SCHOOL_COUNTS, "places", "unhosted_places",
    "supported_per_year_pupils", "sen_support_pupils", "places_per_100_on_sen_support", "on_roll_pupils",
    "places_per_100_on_roll", "needing_pupils", *_MATCHED, "mean_extra_km", "needed_fte_places",
    "every_pupil_reaches_a_base", "every_secondary_has_a_base",
]  # fmt: skip


def coverage_by_school(
    scenario_id: str,
    settings: pd.DataFrame,
    support_bases: pd.DataFrame,
    support_need: pd.DataFrame,
    support_match: pd.DataFrame,
    *,
    roll: pd.DataFrame | None = None,
    support_week_share: float = 1.0,
) -> pd.DataFrame:
    """Return each school's own base, what the match made of its pupils, and its nearest partner.

    Internal: it names schools and holds small numbers.

    Parameters
    ----------
    scenario_id
        Scenario of the rows; rows of the match that belong to another are left out.
    settings
        Table, with the derived district_id and cluster_id; names and areas are taken from it.
    support_bases
        Table, only the bases open in the scenario. A base without a host counts for no school.
    support_need
        Table; a school that it does not hold has a blank ``sen_support_pupils``.
    support_match
        Table, output of `match_support_bases`.
    roll
        setting_id, phase, year, on_roll_pupils, where known; None = not known.
    support_week_share
        Share of the school week that a supported pupil spends in the base, above 0 and at most 1. A place is one
        full-time equivalent, so that pupils who come half the week take up half a place each. The match gives
        every pupil a whole place, whatever the share.

    Returns
    -------
    DataFrame
        A row for each school, phase and year of `support_need`, of the hosted bases and of the match, ordered by them;
        a school of two phases has a row in each. ``needing_pupils`` = own_school_pupils + partner_pupils +
        without_base_pupils. The nearest partner is the nearest that takes pupils of the school, blank = none;
        ``mean_extra_km`` is the one-way distance by road, weighted by pupils, of those at partners (NaN = none).
        ``needed_fte_places`` = needing_pupils × support_week_share, to be held against ``own_places``. The places per
        100 pupils are NaN where the pupils are none or not known.

    Raises
    ------
    DataError
        When the share of the week is not above 0 and at most 1.
    """
    if not 0 < support_week_share <= 1:
        message = f"support_week_share is {support_week_share}, but must be above 0 and at most 1"
        raise DataError(message)
    match = support_match[support_match["scenario_id"] == scenario_id]
    table = _with_roll(_school_rows(_typed(support_bases), _typed(support_need), _typed(match)), roll)
    known = settings.set_index("setting_id")
    names = {
        name: _looked_up(table["setting_id"], known[name]) for name in ("setting_name", "district_id", "cluster_id")
    }
    table = table.assign(
        **names,
        scenario_id=scenario_id,
        own_base=table["own_places"] > 0,
        nearest_partner_name=_looked_up(table["nearest_partner_setting_id"], known["setting_name"]),
        needed_fte_places=table["needing_pupils"] * float(support_week_share),
        places_per_100_on_sen_support=_per_100(table["own_places"], table["sen_support_pupils"]),
        places_per_100_on_roll=_per_100(table["own_places"], table["on_roll_pupils"]),
    )
    return table[_SCHOOL_COLUMNS]


def coverage_by_area(
    scenario_id: str,
    by_school: pd.DataFrame,
    support_bases: pd.DataFrame,
    areas: pd.DataFrame,
    *,
    support_turns_per_year: float = 1.0,
) -> pd.DataFrame:
    """Return the coverage of the county, its districts and clusters by phase and year, and whether the outcome holds.

    Parameters
    ----------
    scenario_id
        Scenario of the rows.
    by_school
        Output of `coverage_by_school`.
    support_bases
        The same as there; those without a host count as places of their cluster (``unhosted_places``).
    areas
        Table: area_id, level, parent_id.
    support_turns_per_year
        How many pupils one place supports after each other in a year, above 0; 1 = each stays the year.

    Returns
    -------
    DataFrame
        A row for every area (county, districts, clusters), phase and year that occurs, zeros included. Clusters add up
        to their district, districts and what lies outside them to the county. ``places`` include the unhosted.
        ``schools`` = supported (none of their pupils without a base) + with pupils without a base + need not recorded.
        ``supported_per_year_pupils`` = places × turns: what the places can hold, not the pupils matched.
        ``mean_extra_km`` as by school. ``on_roll_pupils`` and the places per 100 pupils are blank unless the pupils
        of every school are known, and some there are. ``every_pupil_reaches_a_base``: nobody is without.
        ``every_secondary_has_a_base``: its own, in secondary rows only. Both are blank where there is no school to
        test, the first also where a school's need is not recorded and nobody known is without.

    Raises
    ------
    DataError
        When the turns are not above 0.
    """
    if not support_turns_per_year > 0:
        message = f"support_turns_per_year is {support_turns_per_year}, but must be above 0"
        raise DataError(message)
    counts = [
        *_SCHOOL_COUNTS, "own_places", "sen_support_pupils", "on_roll_pupils", "needing_pupils", *_MATCHED,
        "schools_roll_not_known",
    ]  # fmt: skip
    bases = _typed(support_bases)
    schools, unhosted = _counted(by_school), _unhosted(bases, areas)
    table = _every_row(areas, schools, bases)
    table = table.merge(_area_sums(schools, [*counts, "needed_fte_places", "extra"], areas), "left", _AREA_KEY)
    table = table.merge(_area_sums(unhosted, ["unhosted_places"], areas), "left", _AREA_KEY)
    whole = [*counts, "unhosted_places"]
    table[whole] = table[whole].fillna(0).astype(np.int64)
    table[["needed_fte_places", "extra"]] = table[["needed_fte_places", "extra"]].fillna(0.0)
    table["places"] = table["own_places"] + table["unhosted_places"]
    roll_known = (table["schools"] > 0) & (table["schools_roll_not_known"] == 0)
    table["on_roll_pupils"] = table["on_roll_pupils"].astype("Int64").where(roll_known)
    recorded = table["sen_support_pupils"].where(table["schools_need_not_recorded"] == 0)
    table = table.assign(
        scenario_id=scenario_id,
        supported_per_year_pupils=table["places"] * float(support_turns_per_year),
        places_per_100_on_sen_support=_per_100(table["places"], recorded),
        places_per_100_on_roll=_per_100(table["places"], table["on_roll_pupils"]),
        mean_extra_km=(table["extra"] / table["partner_pupils"]).where(table["partner_pupils"] > 0),
        **_outcomes(table),
    )
    return table[_AREA_COLUMNS]


def primary_equivalence(by_area: pd.DataFrame) -> pd.DataFrame:
    """Return the places of primary beside those of secondary bases, by area and year.

    Parameters
    ----------
    by_area
        Output of `coverage_by_area`; bases without a host are in it.

    Returns
    -------
    DataFrame
        scenario_id, area_id, year, primary_places, secondary_places, primary_to_secondary_ratio (NaN without
        secondary places), short_of_equivalence_places = max(0, secondary - primary), the outcome being 1:1 area-wide.
        The places add up from cluster to county; the shortfalls do not, since one cluster's surplus mends another's.
    """
    key = ["scenario_id", "area_id", "year"]
    phases = {f"{phase}_places": by_area["places"].where(by_area["phase"] == phase, 0) for phase in _EQUIVALENT}
    table = by_area[key].assign(**phases).groupby(key, as_index=False, sort=False)[list(phases)].sum()
    table[list(phases)] = table[list(phases)].astype(np.int64)
    primary, secondary = table["primary_places"], table["secondary_places"]
    return table.assign(
        primary_to_secondary_ratio=(primary / secondary).where(secondary > 0),
        short_of_equivalence_places=(secondary - primary).clip(lower=0),
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: kind for name, kind in _KINDS.items() if name in frame.columns})


def _school_rows(bases: pd.DataFrame, need: pd.DataFrame, match: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each school, phase and year: places, pupils on SEN support, and what became of them."""
    hosted = bases[bases["setting_id"] != ""]
    table = (
        pd.concat([frame[_SCHOOL_KEY] for frame in (need, hosted, match)])
        .drop_duplicates()
        .sort_values(_SCHOOL_KEY, ignore_index=True)
    )
    table = table.merge(need[[*_SCHOOL_KEY, "sen_support_pupils"]], "left", _SCHOOL_KEY, validate="1:1")
    places = hosted.assign(own_places=hosted["places"]).groupby(_SCHOOL_KEY, as_index=False)[["own_places"]].sum()
    table = table.merge(places, "left", _SCHOOL_KEY).merge(_matched_by_school(match), "left", _SCHOOL_KEY)
    counts = ["own_places", *_MATCHED]
    table[counts] = table[counts].fillna(0).astype(np.int64)
    return table.assign(
        needing_pupils=table[_MATCHED].sum(axis=1).astype(np.int64),
        nearest_partner_setting_id=table["nearest_partner_setting_id"].fillna(""),
    )


def _matched_by_school(match: pd.DataFrame) -> pd.DataFrame:
    """Return the pupils of each school by what the match made of them, mean_extra_km and the nearest partner."""
    rows = match[_SCHOOL_KEY].assign(
        extra=match["extra_km"].where(match["match"] == "partner", 0.0) * match["pupils"],
        **{name: match["pupils"].where(match["match"] == kind, 0) for kind, name in _MATCHES.items()},
    )
    sums = rows.groupby(_SCHOOL_KEY, as_index=False)[[*_MATCHED, "extra"]].sum()
    sums["mean_extra_km"] = (sums["extra"] / sums["partner_pupils"]).where(sums["partner_pupils"] > 0)
    partners = match[match["match"] == "partner"].sort_values([*_SCHOOL_KEY, "extra_km", "partner_setting_id"])
    nearest = partners.drop_duplicates(_SCHOOL_KEY)[[*_SCHOOL_KEY, "partner_setting_id"]]
    nearest = nearest.rename(columns={"partner_setting_id": "nearest_partner_setting_id"})
    return sums.drop(columns="extra").merge(nearest, "left", _SCHOOL_KEY)


def _with_roll(table: pd.DataFrame, roll: pd.DataFrame | None) -> pd.DataFrame:
    if roll is None:
        return table.assign(on_roll_pupils=pd.array([pd.NA] * len(table), dtype="Int64"))
    return table.merge(_typed(roll)[[*_SCHOOL_KEY, "on_roll_pupils"]], "left", _SCHOOL_KEY, validate="1:1")


def _looked_up(keys: pd.Series[str], values: pd.Series[str]) -> pd.Series[str]:
    return keys.map(values).fillna("").astype(object)


def _per_100(places: pd.Series[int], pupils: pd.Series[int]) -> pd.Series[float]:
    """Return places per 100 pupils, NaN where the pupils are none or not known."""
    known = pd.Series(pupils.to_numpy(dtype=np.float64, na_value=np.nan), index=pupils.index)
    return 100 * places / known.where(known > 0)


def _counted(by_school: pd.DataFrame) -> pd.DataFrame:
    """Return the schools with a column of ones and zeros for each count of schools, and blanks as zeros beside them."""
    short, unrecorded = by_school["without_base_pupils"] > 0, by_school["sen_support_pupils"].isna()
    return by_school.assign(
        schools=1,
        schools_with_own_base=by_school["own_base"].astype(np.int64),
        schools_supported=(~short & ~unrecorded).astype(np.int64),
        schools_with_pupils_without_base=short.astype(np.int64),
        schools_need_not_recorded=(~short & unrecorded).astype(np.int64),
        schools_roll_not_known=by_school["on_roll_pupils"].isna().astype(np.int64),
        sen_support_pupils=by_school["sen_support_pupils"].fillna(0).astype(np.int64),
        on_roll_pupils=by_school["on_roll_pupils"].fillna(0).astype(np.int64),
        extra=by_school["mean_extra_km"].fillna(0.0) * by_school["partner_pupils"],
    )


def _unhosted(support_bases: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Return the places of bases without a host, with the district of their cluster."""
    rows = support_bases.loc[support_bases["setting_id"] == "", ["cluster_id", "phase", "year", "places"]]
    rows = rows.rename(columns={"places": "unhosted_places"})
    return rows.assign(district_id=_looked_up(rows["cluster_id"], areas.set_index("area_id")["parent_id"]))


def _outcomes(table: pd.DataFrame) -> dict[str, pd.Series[bool]]:
    """Return the two parts of the national outcome by row; blank where nothing shows whether they hold."""
    no_school = table["schools"] == 0
    nobody_without = table["without_base_pupils"] == 0
    need_unknown = nobody_without & (table["schools_need_not_recorded"] > 0)
    all_have_one = table["schools_with_own_base"] == table["schools"]
    return {
        "every_pupil_reaches_a_base": nobody_without.astype("boolean").mask(no_school | need_unknown),
        "every_secondary_has_a_base": all_have_one.astype("boolean").mask(no_school | (table["phase"] != "secondary")),
    }


def _area_ids(areas: pd.DataFrame, level: str) -> list[str]:
    return sorted(str(area_id) for area_id in areas.loc[areas["level"] == level, "area_id"])


def _area_sums(rows: pd.DataFrame, columns: Sequence[str], areas: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of the columns by area, phase and year; every row is in the county, wherever it lies."""
    county = [rows.assign(area_id=area_id) for area_id in _area_ids(areas, "county")]
    parts = [*county, rows.assign(area_id=rows["district_id"]), rows.assign(area_id=rows["cluster_id"])]
    kept = [*_AREA_KEY, *columns]
    return pd.concat([part[kept] for part in parts]).groupby(_AREA_KEY, as_index=False)[list(columns)].sum()


def _every_row(areas: pd.DataFrame, schools: pd.DataFrame, support_bases: pd.DataFrame) -> pd.DataFrame:
    """Return area_id, phase and year: every area with every phase and year that occurs."""
    area_ids = [area_id for level in ("county", "district", "cluster") for area_id in _area_ids(areas, level)]
    phases = sorted({*schools["phase"], *support_bases["phase"]})
    years = sorted({*schools["year"], *support_bases["year"]})
    rows = [(area_id, phase, year) for area_id in area_ids for phase in phases for year in years]
    return _typed(pd.DataFrame(rows, columns=_AREA_KEY))
