"""The keys of the star schema as written: every one resolves, is unique where it must be, and is never blank.

Read from the Parquet files as Power BI reads them, and told by nothing of the code that writes them: a dimension's key
is its first column, and a fact's keys end in ``_key``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sufficiency.disclosure.release import release
from sufficiency.outputs.export.star import write_star
from tests import microdata
from tests import tiny_county as tiny
from tests.released_fixture import make_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.commands import Run

# a key that is not named as its dimension
ROLES = {
    "against_scenario_key": "dim_scenario",
    "home_area_key": "dim_area",
    "setting_area_key": "dim_area",
}


def faults(folder: Path) -> tuple[list[str], dict[str, int]]:
    """Return what is wrong with the keys of a star schema, and the rows of each of its tables."""
    tables = {path.stem: pq.read_table(path).to_pandas() for path in sorted(folder.glob("*.parquet"))}
    keys = {}
    out = []
    for name, frame in tables.items():
        if not name.startswith("dim_"):
            continue
        key = frame.columns[0]
        keys[name] = set(frame[key].dropna())
        out += [f"{name}: {key} is not called after it"] if f"dim_{key.removesuffix('_key')}" != name else []
        out += [f"{name}: a blank key"] if frame[key].isna().any() else []
        out += [f"{name}: a key twice"] if frame[key].duplicated().any() else []
        code = frame.columns[1]
        out += [f"{name}: a code twice"] if name != "dim_measure" and frame[code].duplicated().any() else []
    for name, frame in tables.items():
        if not name.startswith("fact_"):
            continue
        own = [column for column in frame.columns if column.endswith("_key")]
        out += [f"{name}: no {one}" for one in ("measure_key", "run_key") if one not in own]
        for column in own:
            dimension = ROLES.get(column, f"dim_{column.removesuffix('_key')}")
            lost = ~frame[column].isin(keys.get(dimension, set()))
            out += [f"{name}: {column} is blank"] if frame[column].isna().any() else []
            out += [f"{name}: {int(lost.sum())} rows of {column} are not in {dimension}"] if lost.any() else []
            out += [] if pd.api.types.is_integer_dtype(frame[column]) else [f"{name}: {column} is no whole number"]
        figures = {"value", "low", "high", "before", "after", "change"}
        grain = [column for column in frame.columns if column not in figures and "symbol" not in column]
        out += [f"{name}: a row twice"] if frame.duplicated(grain).any() else []
    return out, {name: len(frame) for name, frame in tables.items()}


@pytest.mark.parametrize("seed", range(12))
def test_every_key_of_a_random_small_county_resolves(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    scenarios = ("do_nothing", "programme", "another")[: 1 + seed % 3]
    county = microdata.draw(random, scenarios, most=int(random.integers(2, 40)))
    released = release(microdata.tables(county), tiny.areas(), hide_up_to=int(random.choice([0, 5, 10])))
    write_star(released, tiny.inputs(), make_record(), tmp_path)
    wrong, rows = faults(tmp_path)
    assert wrong == []
    assert rows["fact_sufficiency"] > 0


def test_every_key_of_the_embedded_county_resolves(embedded_run: Run) -> None:
    assert embedded_run.status == 0, embedded_run.errors
    wrong, rows = faults(embedded_run.out / "reports" / "star")
    assert wrong == []
    assert rows["fact_sufficiency"] > 10_000
    assert sum(name.startswith("fact_") for name in rows) >= 25


def test_broken_keys_are_found(tmp_path: Path) -> None:
    county = microdata.draw(np.random.default_rng(1))
    write_star(release(microdata.tables(county), tiny.areas(), hide_up_to=5), tiny.inputs(), make_record(), tmp_path)
    assert faults(tmp_path)[0] == []
    area, fact = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("dim_area", "fact_sufficiency"))
    area.iloc[1:].to_parquet(tmp_path / "dim_area.parquet")
    assert any("of area_key are not in dim_area" in one for one in faults(tmp_path)[0])
    pd.concat([area, area.tail(1)]).to_parquet(tmp_path / "dim_area.parquet")
    assert faults(tmp_path)[0] == ["dim_area: a key twice", "dim_area: a code twice"]
    area.to_parquet(tmp_path / "dim_area.parquet")
    pd.concat([fact, fact.tail(1)]).to_parquet(tmp_path / "fact_sufficiency.parquet")
    assert faults(tmp_path)[0] == ["fact_sufficiency: a row twice"]
    fact.assign(year_key=fact["year_key"].where(fact.index > 0)).to_parquet(tmp_path / "fact_sufficiency.parquet")
    assert "fact_sufficiency: year_key is blank" in faults(tmp_path)[0]
