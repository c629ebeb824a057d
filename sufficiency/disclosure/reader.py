"""What the released tables print, read as a stranger would read them: one long list of counts, printed or hidden.

Nothing here knows how figures were hidden. Rows that must be one and the same figure get one number: demand in every
scenario that has the same pupils, and all results of two runs that agree in everything printed of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sufficiency.model.vocabulary import ALL, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sufficiency.model.results import Released

SLICE: Final = ["scenario_id", "policy", "year"]
PLACE: Final = ["area_id", "phase", "need", "provision_type", "measure"]
PRINT: Final = [*SLICE, *PLACE, "table", "column", "row", "value", "hidden"]
# counts of the pupils there are: the same in every run over the same pupils
OF_THE_PUPILS: Final = ("demand_pupils", "excluded_pupils", "in_need_pupils")
_GAP_TABLES: Final = (
    "sufficiency_area",
    "sufficiency_area_type",
    "sufficiency_district_phase",
    "sufficiency_district_need_group",
    "sufficiency_county_need_phase",
)
_JOURNEY_NAMES: Final = {"pupils": "day_pupils"}
_BLANK: Final = {"scenario_id": "", "policy": "", "phase": ALL, "need": ALL, "provision_type": HEADLINE}
WINNERS: Final = ("better_off_pupils", "worse_off_pupils")
TAKEN: Final = "use:placed:"
FLOW: Final = "flow:"
CHANGE: Final = "change:"
PLACES: Final = "places:"
BASES: Final = ("own_school_pupils", "partner_pupils", "without_base_pupils")


def prints(released: Released, county_id: str) -> pd.DataFrame:
    """Return every count of pupils that the release prints or hides, long.

    Parameters
    ----------
    released
        The release.
    county_id
        The county's area_id.

    Returns
    -------
    DataFrame
        `PRINT`; ``value`` is NaN where hidden, ``row`` the row's number in its table. A figure that does not apply is
        left out.
    """
    parts = [part for part in _parts(released, county_id) if len(part)]
    return pd.concat(parts, ignore_index=True)[PRINT] if parts else pd.DataFrame(columns=PRINT)


def _parts(released: Released, county_id: str) -> Iterable[pd.DataFrame]:
    for name in _GAP_TABLES:
        yield _long(released, name)
    for name in ("journeys_area", "journeys_district_phase"):
        yield _long(released, name, names=_JOURNEY_NAMES)
    for name, code, place in (("flows", "setting_area_id", "home_area_id"), ("reasons", "reason", "")):
        found = _long(released, name, names={}, keep=[code, place] if place else [code])
        if len(found):
            prefix = FLOW if place else "reason:"
            area = found[place] if place else county_id
            yield found.assign(measure=prefix + found[code], area_id=area)
    for name, prefix, column in (
        ("occupancy_district_type", TAKEN, "placed_pupils"),
        ("capacity_district_type", PLACES, "capacity_places"),
    ):
        found = _long(released, name, columns=[column])
        if len(found):
            # a code of its own, for what is placed in an area is not what its residents are placed in
            yield found.assign(measure=prefix + found["area_id"])
    yield from _compared(released)
    yield _long(released, "support_match")
    transfers = _long(released, "phase_transfers", names={"pupils": "transfer_pupils"}, keep=["transfer"])
    yield transfers.assign(scenario_id=transfers.get("transfer"))
    yield _long(released, "pressure")
    yield _long(released, "awaiting_area", names={"pupils": "awaiting_pupils"})
    programme = _long(released, "programme_places", columns=["demand_pupils"])
    if len(programme):
        yield programme.assign(area_id=county_id)
    forecast = _long(released, "forecast", columns=["pupils"], keep=["stream"])
    if len(forecast):
        yield forecast.assign(area_id=county_id, measure="stream:" + forecast["stream"])
    groups = _long(released, "scap_style_forecast", columns=["pupils"], keep=["year_group", "scap_phase"])
    if len(groups):
        total = groups["year_group"] == ALL
        measure = ("year_group:" + groups["year_group"]).where(~total, "scap:" + groups["scap_phase"])
        yield groups.assign(measure=measure)
    for name, prefix, key in (
        ("mitigation_deltas", CHANGE, "mitigation_id"),
        ("scheme_effects", "scheme:", "scheme_id"),
    ):
        found = _long(released, name, keep=[key])
        if len(found):
            yield found.assign(area_id=county_id, measure=prefix + found["measure"] + ":" + found[key])


def _long(
    released: Released,
    name: str,
    *,
    names: dict[str, str] | None = None,
    columns: list[str] | None = None,
    keep: list[str] | None = None,
) -> pd.DataFrame:
    """Return the count columns of a table, long, with the other keys that it has."""
    if name not in released.tables:
        return pd.DataFrame()
    table, veil = released.tables[name], released.hidden[name]
    counts = columns or [column for column in table.columns if column == "pupils" or column.endswith("_pupils")]
    key = pd.DataFrame({column: table.get(column, _BLANK.get(column, "")) for column in [*SLICE, *PLACE[:-1]]})
    key[keep or []] = table[keep or []]
    parts = []
    for column in counts:
        value = table[column].astype("Float64").to_numpy(float, na_value=np.nan)
        hidden = veil[column].to_numpy(bool)
        measure = (names or {}).get(column, column)
        part = key.assign(measure=measure, table=name, column=column, row=np.arange(len(table)), value=value)
        parts.append(part.assign(hidden=hidden)[hidden | ~np.isnan(value)])
    return pd.concat(parts, ignore_index=True)


def _compared(released: Released) -> Iterable[pd.DataFrame]:
    """Yield both sides of the comparison as prints of the scenarios', and who is better and worse off."""
    table = released.tables.get("comparison_area")
    if table is None or not len(table):
        return
    veil = released.hidden["comparison_area"]
    counted = table["measure"].str.endswith("_pupils").to_numpy(bool)
    for column, scenario in (("before", "against_id"), ("after", "scenario_id")):
        value = table[column].to_numpy(float)
        hidden = veil[column].to_numpy(bool)
        out = table[["policy", "year", "area_id", "measure"]].assign(
            scenario_id=table[scenario], phase=ALL, need=ALL, provision_type=HEADLINE, table="comparison_area"
        )
        out = out.assign(column=column, row=np.arange(len(table)), value=value, hidden=hidden)
        yield out[counted & (hidden | ~np.isnan(value))]
    pairs = table["scenario_id"] + "|" + table["against_id"]
    for column in WINNERS:
        value = table[column].astype("Float64").to_numpy(float, na_value=np.nan)
        hidden = veil[column].to_numpy(bool)
        out = table[["policy", "year", "area_id"]].assign(
            scenario_id=pairs, phase=ALL, need=ALL, provision_type=HEADLINE, measure=column, table="comparison_area"
        )
        yield out.assign(column=column, row=np.arange(len(table)), value=value, hidden=hidden)[
            hidden | ~np.isnan(value)
        ]


def number_figures(prints_: pd.DataFrame, released: Released, *, guess: bool) -> NDArray[np.int64]:
    """Return, per print, the number of the figure that it prints.

    Parameters
    ----------
    prints_
        Rows with `SLICE`, `PLACE` and ``value``, those that are not printed among them.
    released
        The release, for the means that tell whether two runs are the same.
    guess
        Whether runs that agree in everything printed are taken for the same run.
    """
    slices, found = pd.MultiIndex.from_frame(prints_[SLICE]).factorize(sort=True)
    names = pd.Index(found)
    places = prints_.groupby(PLACE, sort=True).ngroup().to_numpy(np.int64)
    years = np.array([name[2] for name in names])
    pairs = np.array(["|" in str(name[0]) for name in names])
    shown = np.full((len(names), int(places.max(initial=0)) + 1), np.nan)
    known = prints_["value"].notna().to_numpy(bool)
    shown[slices[known], places[known]] = prints_["value"].to_numpy(float)[known]
    pupils = prints_["measure"].isin(OF_THE_PUPILS).to_numpy(bool)
    of_pupils = np.unique(places[pupils])
    same_pupils = _same_rows(shown[:, of_pupils], years)
    world = np.arange(len(names))
    if guess:
        besides = np.hstack([shown, _marks(released, names)])
        world = _same_rows(np.where(np.isinf(besides), np.nan, besides), years, least=12)
        # of two pairs of runs, each the same as the other's, the winners are the same
        order = {name: number for number, name in enumerate(names)}
        told: dict[tuple[int, int], int] = {}
        for number in np.flatnonzero(pairs).tolist():
            scenario, against = str(names[number][0]).split("|")
            ends = [order.get((one, *names[number][1:]), -1) for one in (scenario, against)]
            pair = (int(world[ends[0]]), int(world[ends[1]]))
            world[number] = told.setdefault(pair, number) if min(ends) >= 0 else number
    owner = np.where(pupils, len(names) + same_pupils[slices], world[slices])
    return np.asarray(pd.factorize(owner * shown.shape[1] + places, sort=True)[0], dtype=np.int64)


def _same_rows(values: NDArray[np.float64], years: NDArray[np.int64], least: int = 1) -> NDArray[np.int64]:
    """Return, per row, the first row of its year that it agrees with in all that both show (at least `least`)."""
    out = np.arange(len(values))
    for year in np.unique(years):
        found: list[tuple[int, NDArray[np.float64]]] = []
        for number in np.flatnonzero(years == year).tolist():
            for first, merged in found:
                both = ~np.isnan(values[number]) & ~np.isnan(merged)
                if both.sum() >= least and bool((values[number][both] == merged[both]).all()):
                    out[number] = first
                    np.copyto(merged, values[number], where=np.isnan(merged))
                    break
            else:
                found.append((number, values[number].copy()))
    return out


def _marks(released: Released, names: pd.Index) -> NDArray[np.float64]:
    """Return, per slice, the minutes, sums and places printed of it: two runs that differ differ in some of them."""
    parts = []
    for table_name, columns in (
        ("journeys_area", ("mean_min", "median_min", "p90_min", "pupil_km_per_year")),
        ("sufficiency_area", ("capacity_places",)),
    ):
        table = released.tables.get(table_name)
        if table is None:
            continue
        areas = {area: number for number, area in enumerate(sorted(table["area_id"].unique()))}
        place = table["area_id"].map(areas).to_numpy(np.int64)
        row = names.get_indexer(pd.MultiIndex.from_frame(table[SLICE]))
        for column in columns:
            part = np.full((len(names), len(areas)), np.nan)
            value = table[column].astype("Float64").to_numpy(float, na_value=np.nan)
            part[row[row >= 0], place[row >= 0]] = value[row >= 0]
            parts.append(part)
    return np.hstack(parts) if parts else np.zeros((len(names), 0))
