"""The released tables as a star schema in Parquet, for Power BI: facts of figures, dimensions of what they are of.

A file is Apache Parquet (format 2.6), compressed with Snappy, and holds no clock, path or machine. A hidden figure is
blank with the symbol ``c``, one that does not apply is blank with ``z``; neither is ever 0.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sufficiency.outputs import style
from sufficiency.outputs.export.star_dimensions import dimensions, members
from sufficiency.outputs.export.star_facts import (
    KEYS,
    REFERENCES,
    Fact,
    fact_frame,
    fact_list,
    figure_columns,
    text_of,
)
from sufficiency.outputs.export.star_measures import measure_rows
from sufficiency.outputs.stable import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sufficiency.model.results import Inputs, Released, RunRecord

__all__ = ["star_tables", "write_star"]

_ROLES: Final = {key.name: key.dimension for key in KEYS.values()} | {
    "measure_key": "dim_measure",
    "run_key": "dim_run",
}
# a fact that names measures of another one
_MEASURES_OF: Final = {
    "fact_comparison": ("fact_sufficiency", "fact_journeys"),
    "fact_journey_ranges": ("fact_journeys",),
}


def _measure_columns(facts: list[Fact], released: Released) -> dict[tuple[str, str], list[str]]:
    """Return, for each fact and figure column in order, the released tables that have it."""
    out: dict[tuple[str, str], list[str]] = {}
    for fact in facts:
        for name in fact.tables:
            for column in figure_columns(fact, released.tables[name]):
                out.setdefault((fact.name, column), []).append(name)
    for fact in facts:
        for name in fact.tables if fact.wide else ():
            for column in sorted(released.tables[name]["measure"].unique()):
                homes = _MEASURES_OF.get(fact.name, ())
                if not any((home, column) in out for home in homes):
                    out.setdefault((fact.name, str(column)), []).append(name)
    return out


def _measure_keys(measures: pd.DataFrame, facts: list[Fact]) -> dict[tuple[str, str], int]:
    own = {
        (str(fact), str(column)): int(key)
        for fact, column, key in zip(measures["fact"], measures["column"], measures["measure_key"], strict=True)
    }
    keys = dict(own)
    for fact in facts:
        for home in reversed(_MEASURES_OF.get(fact.name, ())):
            keys |= {(fact.name, column): key for (name, column), key in own.items() if name == home}
    return keys


def star_tables(released: Released, inputs: Inputs, record: RunRecord) -> dict[str, pd.DataFrame]:
    """Return the star schema as frames: dimensions, facts and tables of words, by name.

    Parameters
    ----------
    released
        The released tables; only these give figures.
    inputs
        Names and hierarchy of the areas down to clusters, titles of scenarios, and the parameters.
    record
        The record of the run.

    Returns
    -------
    dict of DataFrame
        ``dim_*``, ``fact_*`` and ``ref_*``; a fact's keys are those of the dimensions' first columns.
    """
    facts = fact_list(released)
    tables = dimensions(released, inputs, record)
    tables["dim_measure"] = measure_rows(_measure_columns(facts, released))
    keys, codes = _measure_keys(tables["dim_measure"], facts), members(tables)
    for fact in facts:
        tables[fact.name] = fact_frame(fact, released, codes, keys)
    for name in REFERENCES:
        if name in released.tables:
            frame, hidden = released.tables[name], released.hidden[name]
            words = {str(column): text_of(frame[column], hidden[column]) for column in frame.columns}
            tables[f"ref_{name}"] = pd.DataFrame(words)
    return tables


def _column(values: pd.Series) -> pa.Array:
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return pa.array(values.tolist(), type=pa.bool_())
    if pd.api.types.is_integer_dtype(kind):
        return pa.array([None if pd.isna(one) else int(one) for one in values.tolist()], type=pa.int32())
    if pd.api.types.is_float_dtype(kind):
        return pa.array(values.astype("float64").to_numpy(), type=pa.float64(), from_pandas=True)
    return pa.array([None if pd.isna(one) else str(one) for one in values.tolist()], type=pa.string())


def _parquet(frame: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    columns = {str(name): _column(frame[name]) for name in frame.columns}
    table = pa.table(columns)
    target = io.BytesIO()
    with pq.ParquetWriter(target, table.schema, version="2.6", compression="snappy", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(dict(about))
    return target.getvalue()


def _readme(tables: Mapping[str, pd.DataFrame], released: Released, inputs: Inputs, record: RunRecord) -> str:
    mark = style.internal_mark(released.build)
    lines = [
        "# Star schema",
        "",
        *((f"**{mark}.**", "") if mark else ()),
        f"Run {record.run_id}, build {released.build}{', illustrative' if inputs.parameters.illustrative else ''}.",
        f"A blank value with symbol `{style.SUPPRESSED}` is hidden, with `{style.NOT_APPLICABLE}` does not apply.",
        *((released.rules,) if released.rules else ()),
        "Do not add up rows where one is hidden: the total has a row of its own.",
        "`dim_measure[additive_over]` says what may be added at all.",
        "",
        "| File | Rows | One row is | Keys (each to the dimension of its name, or as said) |",
        "|---|---:|---|---|",
    ]
    grains = {
        fact.name: " × ".join((*fact.grain, *(() if fact.wide else ("measure",)))) for fact in fact_list(released)
    }
    for name, frame in sorted(tables.items()):
        keys = [str(column) for column in frame.columns if column in _ROLES] if name.startswith("fact_") else []
        said = [key if _ROLES[key] == f"dim_{key.removesuffix('_key')}" else f"{key} → {_ROLES[key]}" for key in keys]
        lines.append(f"| `{name}.parquet` | {len(frame)} | {grains.get(name, '')} | {', '.join(said)} |")
    lines += ["", *(f"- {source}" for source in style.sources(inputs.roads.attribution))]
    return "\n".join(lines) + "\n"


def write_star(released: Released, inputs: Inputs, record: RunRecord, folder: Path) -> None:
    """Write the star schema: one Parquet file a table, and ``README.md`` that lists them with their keys.

    Parameters
    ----------
    released, inputs, record
        As for `star_tables`.
    folder
        The folder to write into; made if needed.
    """
    about = {
        "run_id": record.run_id,
        "build": released.build,
        "illustrative": "true" if inputs.parameters.illustrative else "false",
        "marking": style.internal_mark(released.build),
    }
    tables = star_tables(released, inputs, record)
    for name, frame in tables.items():
        write_bytes(folder / f"{name}.parquet", _parquet(frame, about))
    write_text(folder / "README.md", _readme(tables, released, inputs, record))
