"""A stranger who lays the files of a public run side by side: is a figure that one hides told by another?

The tables (`reports/tables/*.csv`) are what the others are held against: one another, the workbook, the star schema,
the map's own data, the map layers and the summary; the paper is read by `tests.attack_paper`. It shares no code with
the package.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HIDDEN: Final = "c"
SILENT: Final = ("z", "")
BOTH_WAYS: Final = {"true": "yes", "false": "no"}
# what tells the rows of a table apart; the whole of everything is left out of a key
KEYS: Final = (
    "scenario_id", "against_id", "policy", "year", "financial_year", "area_id", "home_area_id", "setting_area_id",
    "phase", "need", "provision_type", "stream", "reason", "transfer", "scheme_id", "year_group", "scap_phase",
    "purse", "item", "case", "wanted", "mitigation_id", "mitigation_name", "effect", "step", "measure", "name", "check",
)  # fmt: skip
WHOLE: Final = ("", "all", "headline")
GAP: Final = ("sufficiency_area", "sufficiency_area_type", "sufficiency_district_phase",
              "sufficiency_district_need_group", "sufficiency_county_need_phase")  # fmt: skip
CELL: Final = ["table", "column", "key"]
AREA_KEY: Final = ["scenario_id", "policy", "year", "area_id"]
# keys of the star schema: the dimension's own id, and what the tables call it
STAR_NAMES: Final = {
    "scenario_key": ("dim_scenario", "scenario_id", "scenario_id"),
    "against_scenario_key": ("dim_scenario", "scenario_id", "against_id"),
    "policy_key": ("dim_policy", "policy_id", "policy"),
    "year_key": ("dim_year", "year", "year"),
    "area_key": ("dim_area", "area_id", "area_id"),
    "home_area_key": ("dim_area", "area_id", "home_area_id"),
    "setting_area_key": ("dim_area", "area_id", "setting_area_id"),
    "phase_key": ("dim_phase", "phase_id", "phase"),
    "need_key": ("dim_need", "need_id", "need"),
    "provision_type_key": ("dim_provision_type", "provision_type_id", "provision_type"),
    "scheme_key": ("dim_scheme", "scheme_id", "scheme_id"),
    "year_group_key": ("dim_year_group", "year_group", "year_group"),
}


def keys(frame: pd.DataFrame) -> pd.Series:
    """Return what tells each row apart, as one text."""
    out = pd.Series("", index=frame.index, dtype=object)
    for name in (one for one in KEYS if one in frame.columns):
        words = frame[name].astype(str)
        out = out + words.map({word: "" if word in WHOLE else f"{name}={word};" for word in words.unique()})
    return out


def plain(values: pd.Series) -> pd.Series:
    """Return what cells say: a number, `HIDDEN`, another text, or None where they say nothing."""
    numbers = pd.to_numeric(values, errors="coerce")
    out = []
    for said, number in zip(values.tolist(), numbers.tolist(), strict=True):
        if number == number:
            out.append(number)
        elif not isinstance(said, str | bool) or said in SILENT:
            out.append(None)
        else:
            out.append(BOTH_WAYS.get(str(said).lower(), str(said).removeprefix("'")))
    return pd.Series(out, index=values.index, dtype=object)


def long(frame: pd.DataFrame, table: str, columns: Iterable[str]) -> pd.DataFrame:
    """Return the cells of some columns of a frame, a row each, as cells of a table."""
    key = keys(frame)
    parts = [pd.DataFrame({"table": table, "column": one, "key": key, "value": plain(frame[one])}) for one in columns]
    return pd.concat(parts, ignore_index=True)


def tables_in(folder: Path) -> dict[str, pd.DataFrame]:
    """Return every table as it is printed."""
    read = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    return {path.stem: pd.read_csv(path, **read) for path in sorted(folder.glob("*.csv"))}


def printed(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return every cell of every table: the names of a cell, and what it says."""
    parts = [long(frame, name, [one for one in frame if one not in KEYS]) for name, frame in tables.items()]
    compared = tables.get("comparison_area", pd.DataFrame())
    if len(compared):
        # said anew beside every measure
        winners = compared[[*AREA_KEY, "against_id", "better_off_pupils", "worse_off_pupils"]].drop_duplicates()
        parts.append(long(winners, "comparison_area", ["better_off_pupils", "worse_off_pupils"]))
    area = tables["sufficiency_area"]
    parts.append(_share(area, "sufficiency_area", "placed_own_area_pupils", "placed_own_district_share"))
    parts += [
        _share(tables[name], name, "without_local_place_pupils", "without_local_place_share")
        for name in ("sufficiency_district_need_group", "sufficiency_district_phase")
        if name in tables
    ]
    out = pd.concat(parts, ignore_index=True)
    assert not out.duplicated(CELL).any(), "a table has rows that nothing tells apart"
    return out


def _share(frame: pd.DataFrame, table: str, part: str, name: str) -> pd.DataFrame:
    """Return the cells of a share that no table has: told where both counts are, and none of nobody."""
    counts = [pd.to_numeric(frame[one], errors="coerce") for one in (part, "demand_pupils")]
    hidden = (frame[part] == HIDDEN) | (frame["demand_pupils"] == HIDDEN)
    share = (counts[0] / counts[1].where(counts[1] > 0)).astype(object)
    return long(frame.assign(**{name: share.where(~hidden, HIDDEN)}), table, [name])


def among_tables(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what tables say of cells of others: totals, flows within a district, sides of the comparison."""
    out = []
    gap = [long(tables[name], name, [one for one in tables[name] if one.endswith("_pupils")]).assign(place=name)
           for name in GAP if name in tables]  # fmt: skip
    if gap:
        every = pd.concat(gap, ignore_index=True)
        out.append(every.assign(table=every.groupby(["column", "key"])["table"].transform("first")))
    flows = tables.get("flows", pd.DataFrame())
    if len(flows):
        own = flows[flows["home_area_id"] == flows["setting_area_id"]]
        own = own.rename(columns={"home_area_id": "area_id", "pupils": "placed_own_area_pupils"})
        own = own.drop(columns="setting_area_id")
        out.append(long(own, "sufficiency_area", ["placed_own_area_pupils"]).assign(place="flows"))
    compared = tables.get("comparison_area", pd.DataFrame())
    for side, scenario in (("before", "against_id"), ("after", "scenario_id")):
        for measure, rows in compared.groupby("measure") if len(compared) else ():
            at = rows.assign(scenario_id=rows[scenario]).drop(columns=["against_id", "measure"])
            home = "sufficiency_area" if measure in tables["sufficiency_area"] else "journeys_area"
            told = long(at, home, [side]).assign(column=measure, place=f"comparison, {side}")
            out.append(told)
    return pd.concat(out, ignore_index=True)


def in_workbook(path: Path, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what each sheet says; its columns stand in the order of the table's."""
    out = []
    book = openpyxl.load_workbook(path, read_only=True)
    # the first sheet lists the others, the last one is of words
    for sheet in book.worksheets[1:-1]:
        lines = list(sheet.iter_rows(values_only=True))
        (name,) = [one for one in tables if one[:31] == sheet.title]
        frame, said = tables[name], str(lines[2][0])
        if "County and districts only." in said:
            frame = frame[frame["level"].isin(["county", "district"])]
        if "Best use of places only." in said:
            frame = frame[frame["policy"].isin(["optimal", ""])]
        shown = [line[: frame.shape[1]] for line in lines[5:] if any(value is not None for value in line)]
        assert len(shown) == len(frame), (sheet.title, len(shown), len(frame))
        values = pd.DataFrame(shown, columns=frame.columns, index=frame.index, dtype=object)
        ids = {column: frame[column] for column in frame if column in KEYS}
        rest = [column for column in frame if column not in KEYS]
        out.append(long(values.assign(**ids), name, rest).assign(place=f"workbook, {sheet.title}"))
    book.close()
    return pd.concat(out, ignore_index=True)


def in_star(folder: Path) -> pd.DataFrame:
    """Return what each fact says of a cell of the tables that it is taken from."""
    dims = {path.stem: pd.read_parquet(path) for path in folder.glob("dim_*.parquet")}
    measures = dims["dim_measure"].set_index("measure_key")
    out = []
    for path in sorted(folder.glob("fact_*.parquet")):
        fact = pd.read_parquet(path)
        for column in (name for name in STAR_NAMES if name in fact.columns):
            dim, name, key = STAR_NAMES[column]
            fact[key] = fact[column].map(dims[dim].set_index(f"{dim.removeprefix('dim_')}_key")[name])
        if path.stem == "fact_forecast":
            fact = fact.rename(columns={"provision_type": "stream"})
        column, taken = (
            fact["measure_key"].map(measures["column"]),
            fact["measure_key"].map(measures["released_tables"]),
        )
        sides = [one for one in fact if f"{one}_symbol" in fact]
        if sides:
            fact["measure"] = column
        home = {"fact_comparison": "comparison_area", "fact_journey_ranges": "journey_ranges"}.get(path.stem)
        for side in sides or ["value"]:
            symbol = fact["symbol" if side == "value" else f"{side}_symbol"]
            value = plain(fact[side]).where(symbol != HIDDEN, HIDDEN)
            told = pd.DataFrame({"column": column if side == "value" else side, "key": keys(fact), "value": value})
            told["table"] = taken.str.split("; ") if home is None else home
            out.append(told.assign(told=[f"{path.stem} {side} {row}" for row in range(len(fact))]).explode("table"))
    every = pd.concat(out, ignore_index=True)
    return every.assign(place=every["told"].str.split().str[0])


def in_map(path: Path) -> pd.DataFrame:
    """Return what the data inside the map's page say: figures, groups of pupils, flows, and who is better off."""
    text = re.search(r'id="sufficiency-data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert text is not None
    data = json.loads(text[1])
    areas, years = [one["id"] for one in data["areas"]], [one["year"] for one in data["years"]]
    rows: list[dict[str, Any]] = []

    def note(figures: dict[str, Any], ids: list[str], table: str, place: str, **more: str) -> None:
        for scenario, by_policy in figures.items():
            for policy, by_column in by_policy.items():
                for column, by_area in by_column.items():
                    for area, values in zip(ids, by_area, strict=True):
                        rows.extend(
                            {"scenario_id": scenario, "policy": policy, "year": year, "area_id": area, "table": table,
                             "column": column, "value": value, "place": place, **more}
                            for year, value in zip(years, values or [], strict=False)
                        )  # fmt: skip

    note(data["figures"], areas, "sufficiency_area", "map, figures")
    for group, told in data["groups"]["of"].items():
        kind, code = group.split(":")
        table = {"need": "sufficiency_district_need_group", "phase": "sufficiency_district_phase"}[kind]
        ids = [areas[number] for number in data["groups"]["areas"]]
        note(told["figures"], ids, table, "map, groups", **{kind: code})
    note(data["gains"]["figures"], areas, "comparison_area", "map, gains", against_id=data["baseline"])
    for scenario, by_policy in data["flows"].items():
        for policy, by_year in by_policy.items():
            for year, lines in by_year.items():
                rows.extend(
                    {"scenario_id": scenario, "policy": policy, "year": year, "home_area_id": areas[home],
                     "setting_area_id": areas[to], "table": "flows", "column": "pupils", "value": value,
                     "place": "map, flows"}
                    for home, to, value in lines
                )  # fmt: skip
    found = pd.DataFrame(rows)
    ids = [one for one in KEYS if one in found]
    found[ids] = found[ids].fillna("").astype(str)
    found.loc[found["column"] == "median_min", "table"] = "journeys_area"
    return found.assign(key=keys(found), value=plain(found["value"]))


def in_layers(path: Path) -> pd.DataFrame:
    """Return what the layer of figures says; `hidden` names the columns that are hidden in a row."""
    with sqlite3.connect(path) as base:
        frame = pd.read_sql_query("SELECT * FROM figures", base)
    columns = [one for one in frame if one.endswith(("_pupils", "_places", "_share"))]
    veiled = frame["hidden"].fillna("").str.split(r"[;,]\s*", regex=True)
    for column in columns:
        frame[column] = frame[column].astype(object).where([column not in names for names in veiled], HIDDEN)
    out = long(frame, "sufficiency_area", columns)
    minutes = frame.assign(median_min=frame["median_min"].astype(object).where(
        ["median_min" not in names for names in veiled], HIDDEN))  # fmt: skip
    told = [out, long(minutes, "journeys_area", ["median_min"])]
    return pd.concat(told, ignore_index=True).assign(place="map layers")


def in_summary(path: Path) -> pd.DataFrame:
    """Return what the summary says: null is hidden where it is listed so."""
    told = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.DataFrame(told["results"], dtype=object).rename(columns={"scenario": "scenario_id"})
    names = ["scenario", "policy", "year", "level", "area_id", "field"]
    listed = {tuple(str(entry[name]) for name in names) for entry in told["suppressed"]}
    out = []
    for column in list(frame)[6:]:
        at = frame[["scenario_id", *names[1:5]]].astype(str).assign(field=column)
        veiled = [key in listed for key in at.itertuples(index=False, name=None)]
        home = "journeys_area" if column in {"median_min", "p90_min", "over_limit_pupils"} else "sufficiency_area"
        shown = frame[column].where([not one for one in veiled], HIDDEN)
        out.append(long(frame.assign(**{column: shown}), home, [column]))
    return pd.concat(out, ignore_index=True).assign(place="summary")


def disagreements(told: pd.DataFrame, cells: pd.DataFrame, *, slack: float = 6e-7) -> pd.DataFrame:
    """Return what a place says otherwise than the table that has the cell.

    A place may say nothing of a cell. It may not say `HIDDEN` of a number, nor a number of what is hidden, nor another
    number than the table, but for how many digits they give: `slack`, as a share of the number where it is great.
    """
    both = told.merge(cells.rename(columns={"value": "own"}), on=CELL, how="inner", validate="m:1")
    number, own = (pd.to_numeric(both[name], errors="coerce") for name in ("value", "own"))
    near = (number - own).abs() <= slack * own.abs().clip(lower=1)
    silent = both["value"].isna()
    return both[~near & ~silent & (both["value"].astype(str) != both["own"].astype(str))]


def unplaced(told: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return what a place says of cells that no table has."""
    both = told.merge(cells[CELL], on=CELL, how="left", indicator=True)
    if "told" in both:
        # what stands in one of several tables
        both["_merge"] = (both["_merge"] == "both").groupby(both["told"]).transform("any").map({True: "both"})
    return both[(both["_merge"] != "both") & both["value"].notna()]
