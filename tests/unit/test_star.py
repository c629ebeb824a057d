"""The star schema: every figure is that of the CSV files, every key resolves, nothing hidden becomes a number."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sufficiency.model.errors import SufficiencyError
from sufficiency.model.results import Released
from sufficiency.outputs.export import star
from sufficiency.outputs.export.geopackage import write_geopackage
from sufficiency.outputs.export.tables import write_tables
from tests.released_fixture import COUNTY, DISTRICTS, make_inputs_facts, make_record, make_released

SOME_YEARS = [2024, 2026, 2028, 2030]
SLICE = ["scenario_id", "policy", "year"]
PAIR = ["scenario_id", "against_id", "policy"]
# table -> fact and what its rows are told apart by; codes that a table lacks stand for totals
FACT_OF = {
    "sufficiency_area": ("fact_sufficiency", [*SLICE, "area_id"]),
    "sufficiency_area_type": ("fact_sufficiency", [*SLICE, "area_id", "provision_type"]),
    "sufficiency_district_phase": ("fact_sufficiency", [*SLICE, "area_id", "phase"]),
    "sufficiency_district_need_group": ("fact_sufficiency", [*SLICE, "area_id", "need"]),
    "sufficiency_county_need_phase": ("fact_sufficiency", [*SLICE, "area_id", "need", "phase"]),
    "journeys_area": ("fact_journeys", [*SLICE, "area_id"]),
    "journeys_district_phase": ("fact_journeys", [*SLICE, "area_id", "phase"]),
    "flows": ("fact_flows", [*SLICE, "home_area_id", "setting_area_id"]),
    "reasons": ("fact_reasons", [*SLICE, "reason"]),
    "capacity_district_type": ("fact_capacity", ["scenario_id", "year", "area_id", "provision_type"]),
    "occupancy_district_type": ("fact_occupancy", [*SLICE, "area_id", "provision_type"]),
    "programme_places": ("fact_programme", ["scenario_id", "year"]),
    "phase_transfers": ("fact_transfers", ["year", "area_id", "transfer", "need"]),
    "money": ("fact_money", [*SLICE, "purse", "item"]),
    "money_change_years": ("fact_money_change_years", [*PAIR, "financial_year", "purse", "item"]),
    "support_match": ("fact_support_match", ["scenario_id", "year", "area_id", "phase"]),
    "forecast": ("fact_forecast", ["year", "stream"]),
    "scap_style_forecast": ("fact_scap", ["year", "area_id", "scap_phase", "year_group"]),
    "conservation": ("fact_conservation", SLICE),
    "bridge": ("fact_bridge", ["step", "item"]),
    "scheme_stock": ("fact_scheme_places", ["scheme_id", "year"]),
    "something_new": ("fact_something_new", ["scenario_id", "area_id"]),
}
WIDE = {
    "comparison_area": ("fact_comparison", [*PAIR, "year", "area_id", "measure"], ["before", "after", "change"]),
    "journey_ranges": ("fact_journey_ranges", [*SLICE, "area_id", "measure"], ["low", "high"]),
}
WORDS = {"area_name", "level", "home_area_name", "setting_area_name", "reason_text", "note", "basis", "complete"}
NOT_FACTS = {"schemes", "assumptions", "data_quality", "comparison_area", "journey_ranges"}


def more_tables() -> dict[str, tuple[pd.DataFrame, list[tuple[int, str]]]]:
    """Return tables that the fixture lacks, with the cells that are hidden."""
    ids = {"scenario_id": "programme", "against_id": "committed", "policy": "optimal"}
    ranges = pd.DataFrame({"measure": ["mean_min", "over_limit_pupils"], "low": [20.1, np.nan], "high": [30.0, 41.0]})
    years = pd.DataFrame({"financial_year": [2027, 2028], "purse": "capital", "item": "grant", "note": "as spent"})
    return {
        "journey_ranges": (ranges.assign(scenario_id="programme", policy="optimal", year=2028, area_id=COUNTY[0]),
                           [(1, "low")]),
        "money_change_years": (years.assign(**ids, gbp_low=[1.0, 2.0], gbp_central=[2.0, np.nan], gbp_high=[3.0, 4.0]),
                               [(1, "gbp_central")]),
        "scheme_stock": (pd.DataFrame({"scheme_id": ["didcot-special", "lost"], "year": 2028, "places": [120, 7]}), []),
        "scap_style_forecast": (
            pd.DataFrame({"year": 2028, "basis": "forecast", "level": "county", "area_id": COUNTY[0],
                          "area_name": COUNTY[1], "provision_type": "headline", "scap_phase": "primary",
                          "year_group": ["all", "R", "Y1"], "pupils": [20, 9, 11], "note": "SCAP-style"}),
            [(1, "pupils"), (2, "pupils")],
        ),
        "something_new": (
            pd.DataFrame({"scenario_id": "programme", "area_id": [COUNTY[0], COUNTY[0]], "word": ["=1+1", "b\nc"],
                          "new_pupils": [8, 9]}),
            [(1, "new_pupils")],
        ),
    }  # fmt: skip


def released_with_more() -> Released:
    """Return the fixture's tables, of some years and policies only, and `more_tables`."""
    base = make_released()
    tables, hidden = {}, {}
    for name, frame in base.tables.items():
        kept = pd.Series(data=True, index=frame.index)
        for column, codes in (("year", SOME_YEARS), ("policy", ["optimal", "nearest", ""])):
            kept &= frame[column].isin(codes) if column in frame.columns else True
        tables[name], hidden[name] = (part[kept].reset_index(drop=True) for part in (frame, base.hidden[name]))
    for name, (frame, veiled) in more_tables().items():
        mask = pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
        shown = frame.copy()
        for row, column in veiled:
            mask.loc[row, column] = True
            shown[column] = shown[column].astype("Float64")
            shown.loc[row, column] = pd.NA
        tables[name], hidden[name] = shown, mask
    return Released("public", MappingProxyType(tables), MappingProxyType(hidden))


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Write the CSV files and the star schema of one release."""
    released = released_with_more()
    tables, folder = tmp_path_factory.mktemp("tables"), tmp_path_factory.mktemp("star")
    write_tables(released, tables)
    star.write_star(released, make_inputs_facts(), make_record(), folder)
    write_geopackage(released, make_inputs_facts(), make_record(), folder / "layers.gpkg")
    return tables, folder


@pytest.fixture(scope="module")
def schema(folders) -> dict[str, pd.DataFrame]:
    return {path.stem: pq.read_table(path).to_pandas() for path in sorted(folders[1].glob("*.parquet"))}


CODES = {
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
    "measure_key": ("dim_measure", "column", "measure"),
    "run_key": ("dim_run", "run_id", "run_id"),
}


def decoded(schema: dict[str, pd.DataFrame], fact: str) -> pd.DataFrame:
    """Return a fact with codes in place of keys, as text."""
    out = schema[fact].copy()
    for key, (dimension, code, name) in CODES.items():
        if key in out.columns:
            codes = dict(zip(schema[dimension].iloc[:, 0], schema[dimension][code], strict=True))
            out[name] = out[key].map(codes).astype(str)
    if fact == "fact_forecast":
        out = out.rename(columns={"provision_type": "stream"})
    return out


def cell(values: pd.Series, symbols: pd.Series) -> pd.Series:
    """Return figures as the CSV files write them, or the symbol."""
    return symbols.where(symbols != "", values.round(6).map(lambda x: repr(float(x)) if pd.notna(x) else "missing"))


def csv_figures(path: Path, words: set[str], grain: list[str]) -> pd.DataFrame:
    """Return a CSV file as one row a figure: grain, measure, cell; numbers in one form."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    figures = [name for name in frame.columns if name not in {*words, *grain}]
    long = frame.melt(grain, figures, "column", "cell")
    number = ~long["cell"].isin(["c", "z"])
    long.loc[number, "cell"] = long.loc[number, "cell"].map(lambda x: repr(float(x)))
    return long


@pytest.mark.parametrize("table", sorted(FACT_OF))
def test_every_figure_is_that_of_the_csv_file(folders, schema, table):
    fact, grain = FACT_OF[table]
    words = WORDS | {"word", "provision_type"} - set(grain)
    wanted = csv_figures(folders[0] / f"{table}.csv", words, grain + (["word"] if table == "something_new" else []))
    found = decoded(schema, fact)
    found["cell"] = cell(found["value"], found["symbol"])
    for code, total in (("phase", "all"), ("need", "all"), ("provision_type", "headline")):
        if code in found.columns and code not in grain and fact != "fact_scap":
            found = found[found[code] == total]
    found = found.rename(columns={"measure": "column"}).astype(dict.fromkeys(grain, str))
    keys = [*grain, "column"]
    if table == "something_new":
        found["word"] = found["word"].str.replace("=1+1", "'=1+1")
        keys.append("word")
    joined = wanted.merge(found[[*keys, "cell"]], on=keys, how="left", validate="1:1", suffixes=("", "_found"))
    assert len(wanted)
    assert joined["cell_found"].tolist() == wanted["cell"].tolist()


@pytest.mark.parametrize("table", sorted(WIDE))
def test_figures_side_by_side_are_those_of_the_csv_file(folders, schema, table):
    fact, grain, columns = WIDE[table]
    found = decoded(schema, fact)
    for column in columns:
        wanted = csv_figures(folders[0] / f"{table}.csv", WORDS | {"better_off_pupils", "worse_off_pupils"}, grain)
        wanted = wanted[wanted["column"] == column]
        found["cell"] = cell(found[column], found[f"{column}_symbol"])
        joined = wanted.merge(found[[*grain, "cell"]], on=grain, how="left", validate="1:1", suffixes=("", "_found"))
        assert joined["cell_found"].tolist() == wanted["cell"].tolist()
    assert len(found) == len(wanted)


def test_rows_are_as_many_as_figures(folders, schema):
    """Nothing is lost and nothing is told twice, but the county's need groups that two tables share."""
    for fact in sorted({fact for fact, _ in FACT_OF.values()}):
        count, seen = 0, []
        for table, (of, grain) in FACT_OF.items():
            if of != fact:
                continue
            words = WORDS | {"word", "provision_type"} - set(grain)
            long = csv_figures(folders[0] / f"{table}.csv", words, grain)
            count += len(long)
            seen.append(long)
        if fact == "fact_sufficiency":
            # the five groups of the county stand in sufficiency_district_need_group; the fixture's other table has
            # them by phase only
            assert not (pd.concat(seen)["phase"] == "all").any()
        assert len(schema[fact]) == count, fact


def test_a_table_is_a_fact_a_dimension_or_words(schema):
    assert set(released_with_more().tables) == set(FACT_OF) | NOT_FACTS
    assert {"ref_assumptions", "ref_data_quality", "dim_scheme", "fact_winners"} <= set(schema)


def test_every_key_resolves_and_every_grain_is_unique(schema):
    for name, frame in schema.items():
        if name.startswith("dim_"):
            assert frame.iloc[:, 0].is_unique, name
            assert frame.iloc[:, 0].tolist() == list(range(1, len(frame) + 1)), name
        if not name.startswith("fact_"):
            continue
        keys = [column for column in frame.columns if column.endswith("_key")]
        assert {"measure_key", "run_key"} <= set(keys)
        for key in keys:
            dimension, _, _ = CODES[key]
            assert set(frame[key]) <= set(schema[dimension].iloc[:, 0]), (name, key)
            assert frame[key].dtype == np.int32
        words = [column for column in frame.columns if frame[column].dtype == object and "symbol" not in column]
        numbers = [column for column in frame.columns if column in {"financial_year", "step", "source_row"}]
        assert not frame.duplicated([*keys, *words, *numbers]).any(), name


def test_a_hidden_figure_is_blank_with_its_symbol_and_never_a_number(schema):
    hidden = 0
    for name, frame in schema.items():
        pairs = [(column.removesuffix("_symbol"), column) for column in frame.columns if column.endswith("_symbol")]
        pairs += [("value", "symbol")] if "symbol" in frame.columns else []
        for value, symbol in pairs:
            assert set(frame[symbol]) <= {"", "c", "z"}, name
            assert (frame[value].isna() == (frame[symbol] != "")).all(), name
            hidden += int((frame[symbol] == "c").sum())
    # the fixture's masks, those of the tables added here, and none of the comparison's
    assert hidden == sum(int(mask.to_numpy().sum()) for mask in released_with_more().hidden.values())


def test_winners_are_told_once_an_area(folders, schema):
    """The CSV file repeats them beside each of five measures, or leaves them out there: a sum would be five times."""
    found = decoded(schema, "fact_winners")
    wanted = pd.read_csv(folders[0] / "comparison_area.csv", dtype=str, keep_default_na=False)
    wanted = wanted[wanted["better_off_pupils"] != "z"]
    better = found[found["measure"] == "better_off_pupils"]
    assert len(better) == len(wanted) == len(wanted.drop_duplicates([*PAIR, "year", "area_id"]))
    assert better["value"].sum() == wanted["better_off_pupils"].astype(float).sum() > 0


# --- what may be summed --------------------------------------------------------------------------------------------


def test_what_is_called_additive_adds_up(schema):
    """Districts to the county, and phases, types and groups to the total, wherever none of the parts is hidden."""
    rows = decoded(schema, "fact_sufficiency").merge(schema["dim_measure"][["measure_key", "additive_over"]])
    rows = rows.merge(schema["dim_area"][["area_key", "level"]]).merge(
        schema["dim_need"][["need_key", "level"]].rename(columns={"level": "need_level"})
    )
    total = {"phase": "all", "need": "all", "provision_type": "headline"}
    key = [*SLICE, "area_id", "measure"]
    checked = set()
    for over, column in (("phases", "phase"), ("types of place", "provision_type"), ("needs", "need")):
        some = rows[rows["additive_over"].str.contains(over)]
        other = [name for name in total if name != column]
        some = some[(some[other] == [total[name] for name in other]).all(axis=1)]
        parts = some[some[column] != total[column]].groupby(key)["value"].agg(lambda x: x.sum(skipna=False))
        whole = some[some[column] == total[column]].set_index(key)["value"]
        both = pd.concat([parts, whole], axis=1, keys=["parts", "whole"]).dropna()
        assert len(both)
        assert (both["parts"] == both["whole"]).all(), over
        checked.add(over)
    assert checked == {"phases", "types of place", "needs"}
    some = rows[rows["additive_over"].str.contains("areas") & (rows[list(total)] == list(total.values())).all(axis=1)]
    for measure, part in some.groupby("measure"):
        by = part.groupby([*SLICE, "level"])["value"].agg(lambda x: x.sum(skipna=False)).reset_index()
        sides = [by[by["level"] == level].set_index(SLICE)["value"] for level in ("county", "district")]
        shown = pd.concat(sides, axis=1, keys=["county", "district"]).dropna()
        assert len(shown), measure
        assert (shown["county"] == shown["district"]).all(), measure


def test_minutes_shares_and_reachable_places_are_never_summed(schema):
    rules = schema["dim_measure"].set_index("measure_id")["additive_over"]
    for measure in ("sufficiency.reachable_places", "sufficiency.without_local_place_share", "journeys.median_min",
                    "journeys.mean_min", "journeys.p90_min", "sufficiency.placed_own_area_pupils",
                    "forecast.pupils", "programme.capacity_places", "support_match.mean_extra_km"):  # fmt: skip
        assert rules[measure] == "nothing"
    # places by area and type, never by need or phase
    assert rules["sufficiency.capacity_places"] == "areas of one level"
    assert rules["capacity.capacity_places"] == "areas of one level; types of place"
    assert not rules.str.contains("scenario(?!s? and)|polic", regex=True).drop("scheme_places.places").any()


# --- dimensions ----------------------------------------------------------------------------------------------------


def test_areas_carry_their_hierarchy(schema):
    areas = schema["dim_area"].set_index("area_id")
    witney = areas.loc["west-oxfordshire-witney"]
    assert (witney["county_id"], witney["district_name"], witney["cluster_name"]) == (
        COUNTY[0], "West Oxfordshire", "Witney")  # fmt: skip
    assert areas.loc["E07000178", ["county_name", "district_id", "cluster_id"]].tolist() == [
        COUNTY[1], "E07000178", ""]  # fmt: skip
    assert areas.loc["outside", "level"] == "outside"
    order = areas[areas["level"] == "district"].sort_values("sort_order").index.tolist()
    assert order == sorted(DISTRICTS, key=DISTRICTS.get)


def test_years_scenarios_and_the_run_say_what_they_are(schema):
    years = schema["dim_year"].set_index("year")
    assert years.loc[2028, "label"] == "2028/29"
    assert years["is_forecast"].tolist() == [False, True, True, True]
    assert years.index[years["is_headline_year"]].tolist() == [2028]
    scenarios = schema["dim_scenario"]
    assert scenarios.loc[scenarios["is_baseline"], "scenario_id"].tolist() == ["committed"]
    run = schema["dim_run"].iloc[0]
    assert (run["run_id"], run["build"], bool(run["illustrative"])) == (make_record().run_id, "public", True)
    assert "1 to 5" in run["rules"]
    lost = schema["dim_scheme"].set_index("scheme_id").loc["lost"]
    assert pd.isna(lost["capital_gbp_low"])


def test_names_are_data_on_one_line(schema):
    assert sorted(schema["fact_something_new"]["word"].unique()) == ["=1+1", "b c"]


def test_a_figure_of_two_tables_is_told_once_and_refused_where_they_differ():
    released = released_with_more()
    group = released.tables["sufficiency_district_need_group"]
    county = group[group["level"] == "county"].assign(phase="all", reachable_places=1)
    more = pd.concat([released.tables["sufficiency_county_need_phase"], county], ignore_index=True)
    shown, masked = dict(released.tables), dict(released.hidden)
    name = "sufficiency_county_need_phase"
    extra = group.index[group["level"] == "county"]
    mask = released.hidden["sufficiency_district_need_group"].loc[extra].assign(phase=False, reachable_places=False)
    shown[name], masked[name] = more, pd.concat([released.hidden[name], mask], ignore_index=True)
    once = star.star_tables(Released("public", shown, masked), make_inputs_facts(), make_record())
    plain = star.star_tables(released, make_inputs_facts(), make_record())
    # told alike by both, they are told once: only the reachable places are new
    assert len(once["fact_sufficiency"]) == len(plain["fact_sufficiency"]) + len(extra)
    more = more.copy()
    more.loc[more["phase"] == "all", "demand_pupils"] += 1
    tables = dict(released.tables) | {"sufficiency_county_need_phase": more}
    masks = dict(released.hidden) | {
        "sufficiency_county_need_phase": pd.DataFrame(data=False, index=more.index, columns=more.columns)
    }
    with pytest.raises(SufficiencyError, match="told twice and differently"):
        star.star_tables(Released("public", tables, masks), make_inputs_facts(), make_record())


def test_a_table_without_a_column_of_its_grain_is_refused_by_name():
    released, name = released_with_more(), "sufficiency_county_need_phase"
    tables, masks = dict(released.tables), dict(released.hidden)
    tables[name], masks[name] = (part.drop(columns="area_id") for part in (tables[name], masks[name]))
    with pytest.raises(SufficiencyError, match=f"{name} has no column area_id, by which the star schema tells"):
        star.star_tables(Released("public", tables, masks), make_inputs_facts(), make_record())


# --- bytes ---------------------------------------------------------------------------------------------------------

_SCRIPT = """
import sys
from pathlib import Path
from sufficiency.outputs.export.geopackage import write_geopackage
from sufficiency.outputs.export.star import write_star
from tests.released_fixture import make_inputs_facts, make_record
from tests.unit.test_star import released_with_more
of = (released_with_more(), make_inputs_facts(), make_record())
write_star(*of, Path(sys.argv[1]))
write_geopackage(*of, Path(sys.argv[1]) / "layers.gpkg")
"""


def test_another_process_writes_the_same_bytes(folders, tmp_path):
    """Of the star schema and of the GeoPackage, with another hash seed and time zone."""
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path)], check=True, cwd=root,
                   env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root), "TZ": "Asia/Tokyo"})  # fmt: skip
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (folders[1], tmp_path))
    assert first == second
    assert len(first) > 25


def test_a_file_carries_the_run_and_nothing_of_the_machine(folders):
    path = folders[1] / "fact_sufficiency.parquet"
    held = pq.ParquetFile(path).metadata.metadata
    assert held == {b"run_id": make_record().run_id.encode(), b"build": b"public", b"illustrative": b"true",
                    b"marking": b""}  # fmt: skip
    data = path.read_bytes()
    for word in (b"pandas", str(Path.home()).encode()):
        assert word not in data


def test_the_page_tells_the_grain_of_every_fact(folders):
    page = (Path(__file__).resolve().parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
    rows = [row for row in (folders[1] / "README.md").read_text(encoding="utf-8").splitlines() if "`fact_" in row]
    assert len(rows) > 15
    for row in rows:
        name, grain = re.match(r"\| `(\w+)\.parquet` \| \d+ \| ([^|]+) \|", row).groups()
        if name != "fact_something_new":
            assert re.search(rf"\| `{name}` \| [^|]+ \| {re.escape(grain)} \|", page), name
