"""The release register: what every public release printed and hid, so that a later one does not undo an earlier one.

A folder holds one file a release, ``<run_id>.parquet``, and ``order.csv``, the releases in the order in which they were
made. A file is made from the released tables alone: a count that was hidden stands in it as hidden, without a value.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sufficiency.disclosure.cells import KEY
from sufficiency.disclosure.reader import WINNERS, prints
from sufficiency.model.errors import DataError, InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sufficiency.model.results import Released

__all__ = ["CELL_NAME", "FOLDER", "Entry", "Register", "entry_of", "read_register", "require_same_rule", "write_entry"]

FOLDER: Final = "releases"
CELL_NAME: Final = ["system", *KEY, "measure"]
_ORDER: Final = "order.csv"
_ORDER_COLUMNS: Final = ["run_id", "version", "scenarios", "sha256"]
_COLUMNS: Final = [*CELL_NAME, "printed", "value"]
_KIND: Final = {"sufficiency": "release register 2"}
# the rule of the release, kept with its cells
_RULE: Final = ("hide_up_to", "round_counts_to")
_RUN_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_SYSTEM_OF: Final = {
    **dict.fromkeys(
        (
            "sufficiency_area",
            "sufficiency_area_type",
            "sufficiency_district_phase",
            "sufficiency_district_need_group",
            "sufficiency_county_need_phase",
            "journeys_area",
            "journeys_district_phase",
            "flows",
            "reasons",
        ),
        "gap",
    ),
    "occupancy_district_type": "use",
    "comparison_area": "winners",
    "support_match": "support",
    "phase_transfers": "transfers",
    "pressure": "pressure",
    "awaiting_area": "awaiting",
    "forecast": "forecast",
    "scheme_effects": "schemes",
    "mitigation_deltas": "mitigations",
}
# the cells of these tables have one measure, which their system calls so
_ONE_MEASURE: Final = {"transfers": "pupils", "awaiting": "pupils"}
_CURE: Final = (
    "Put the folder back from a copy; or, if none of the papers in it was ever sent to anybody, take the folder away"
)


@dataclass(frozen=True)
class Entry:
    """One release: its run, its cells (`CELL_NAME`, printed, value; a hidden cell has no value), and its rule.

    Where counts were rounded, the values are the rounded ones, as they were printed.
    """

    run_id: str
    version: str
    scenarios: tuple[str, ...]
    cells: pd.DataFrame
    hide_up_to: int = 5
    round_counts_to: int = 0


@dataclass(frozen=True)
class Register:
    """The releases so far, in order."""

    entries: tuple[Entry, ...] = ()

    def before(self, run_id: str) -> Register:
        """Return the releases made before the first one of this run: a run that is repeated sees what it saw then."""
        names = [entry.run_id for entry in self.entries]
        return Register(self.entries[: names.index(run_id)] if run_id in names else self.entries)

    def rows(self, system: str) -> pd.DataFrame:
        """Return the cells of a system in all releases, in order, with columns run_id, and `_RULE`."""
        parts = [
            entry.cells[entry.cells["system"] == system].assign(
                run_id=entry.run_id, hide_up_to=entry.hide_up_to, round_counts_to=entry.round_counts_to
            )
            for entry in self.entries
            if (entry.cells["system"] == system).any()
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["run_id", *_RULE, *_COLUMNS])


def require_same_rule(register: Register, *, hide_up_to: int, round_counts_to: int) -> None:
    """Refuse a rule under which a release would undo an earlier one.

    Hiding more is decided cell by cell when the release is made: what was printed cannot be taken back. Rounding what
    was printed as it is tells nothing new. But hiding less would print what was hidden, and rounding otherwise, or no
    more, would print what was rounded more closely.

    Raises
    ------
    InfeasibleError
        Naming the release and its rule.
    """
    for entry in register.entries:
        less = hide_up_to < entry.hide_up_to
        closer = entry.round_counts_to > 1 and round_counts_to != entry.round_counts_to
        if not less and not closer:
            continue
        was = f"hid counts of 1 to {entry.hide_up_to}" + _rounds(entry.round_counts_to)
        now = f"hide counts of 1 to {hide_up_to}" + _rounds(round_counts_to)
        message = (
            f"release {entry.run_id} {was}; this run would {now}, and the two together would tell what the first one "
            f"kept back. Set hide_up_to = {entry.hide_up_to} or more and round_counts_to = {entry.round_counts_to} in "
            "area.toml, as then; or, if those papers were never sent to anybody, take the folder releases away from "
            "the outputs and run again"
        )
        raise InfeasibleError(message)


def _rounds(base: int) -> str:
    return f" and rounded to the nearest {base}" if base > 1 else ""


def entry_of(
    released: Released,
    areas: pd.DataFrame,
    *,
    run_id: str,
    version: str,
    scenarios: Sequence[str],
    hide_up_to: int = 5,
    round_counts_to: int = 0,
) -> Entry:
    """Return the entry of a public release, read off its tables as anybody could.

    Parameters
    ----------
    released
        The release.
    areas
        Table `areas`.
    run_id, version, scenarios
        Of the run.
    hide_up_to, round_counts_to
        The rule of the release.
    """
    county_id = str(areas.loc[areas["level"] == "county", "area_id"].iloc[0])
    found = prints(released, county_id)
    # the sides of a comparison are printed as gaps and journeys too
    found = found[(found["table"] != "comparison_area") | found["measure"].isin(WINNERS)]
    found = found.assign(system=found["table"].map(_SYSTEM_OF)).dropna(subset=["system"])
    named = found["system"].map(_ONE_MEASURE)
    found = found.assign(measure=named.where(named.notna(), found["measure"]))
    # what stands in two tables is printed if either prints it
    cells = found.sort_values("hidden", kind="stable").drop_duplicates(CELL_NAME)
    cells = cells.sort_values(CELL_NAME, ignore_index=True).assign(printed=lambda frame: ~frame["hidden"].astype(bool))
    # what a scheme or a mitigation changes may be less than nothing: kept by its size
    cells["value"] = cells["value"].where(cells["printed"]).abs().astype("Int64")
    cells["year"] = cells["year"].astype(np.int64)
    return Entry(run_id, version, tuple(scenarios), cells[_COLUMNS], hide_up_to, round_counts_to)


def write_entry(register: Register, folder: Path, entry: Entry) -> list[Path]:
    """Write a release's file and the new order into a folder, which may be another than the register was read from.

    A run that is repeated keeps its place, and what it printed before stays printed.

    Parameters
    ----------
    register
        All releases so far.
    folder
        Where to write; made if needed.
    entry
        The new release.

    Returns
    -------
    list of Path
        The two files.
    """
    entries = list(register.entries)
    names = [one.run_id for one in entries]
    if entry.run_id in names:
        place = names.index(entry.run_id)
        entry = entries[place] = _both(entries[place], entry)
    else:
        entries.append(entry)
    folder.mkdir(parents=True, exist_ok=True)
    file, order = folder / f"{entry.run_id}.parquet", folder / _ORDER
    file.write_bytes(_bytes_of(entry))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_ORDER_COLUMNS)
    for one in entries:
        digest = hashlib.sha256(_bytes_of(one)).hexdigest()
        rows.writerow([one.run_id, one.version, ";".join(one.scenarios), digest])
    order.write_bytes(text.getvalue().encode())
    return [file, order]


def _both(old: Entry, new: Entry) -> Entry:
    cells = pd.concat([new.cells, old.cells], ignore_index=True)
    cells = cells.sort_values("printed", ascending=False, kind="stable").drop_duplicates(CELL_NAME)
    return dataclasses.replace(new, cells=cells.sort_values(CELL_NAME, ignore_index=True))


def _schema() -> pa.Schema:
    kinds = {"year": pa.int32(), "printed": pa.bool_(), "value": pa.int64()}
    return pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in _COLUMNS])


def _bytes_of(entry: Entry) -> bytes:
    schema, cells = _schema(), entry.cells
    columns = []
    for field in schema:
        values = cells[field.name].tolist()
        columns.append(pa.array([None if pd.isna(value) else value for value in values], type=field.type))
    target = io.BytesIO()
    table = pa.Table.from_arrays(columns, schema=schema)
    with pq.ParquetWriter(target, schema, version="2.6", compression="snappy", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(_KIND | {name: str(getattr(entry, name)) for name in _RULE})
    return target.getvalue()


def read_register(folder: Path) -> Register:
    """Read the register; where there is no folder, there was no release.

    Parameters
    ----------
    folder
        The folder ``releases`` of the outputs.

    Raises
    ------
    DataError
        When a file is missing, too many, unreadable or changed since it was written.
    """
    if not folder.exists():
        return Register()
    if not folder.is_dir():
        raise _fault(folder, "is no folder")
    files = {path.stem: path for path in folder.glob("*.parquet")}
    if not (folder / _ORDER).is_file():
        if not files:
            return Register()
        raise _fault(folder / _ORDER, "is missing")
    lines = _read_order(folder / _ORDER)
    unknown = sorted(set(files) - {line[0] for line in lines})
    if unknown:
        raise _fault(files[unknown[0]], f"is not listed in {_ORDER}")
    return Register(tuple(_read_entry(folder / f"{line[0]}.parquet", line) for line in lines))


def _fault(path: Path, what: str) -> DataError:
    return DataError(f"the release register cannot be used: {path} {what}. {_CURE}.")


def _read_order(path: Path) -> list[list[str]]:
    try:
        lines = list(csv.reader(io.StringIO(path.read_bytes().decode()), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _fault(path, "cannot be read") from error
    if not lines or lines[0] != _ORDER_COLUMNS:
        raise _fault(path, f"does not have the columns {', '.join(_ORDER_COLUMNS)}")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(_ORDER_COLUMNS) or not _RUN_ID.fullmatch(line[0]):
            raise _fault(path, f"names no release in line {number}")
    names = [line[0] for line in lines[1:]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _fault(path, f"lists release {twice[0]} twice")
    return lines[1:]


def _read_entry(path: Path, line: list[str]) -> Entry:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _fault(path, "is missing or cannot be read") from error
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _fault(path, "is no Parquet file") from error
    if not table.schema.equals(_schema(), check_metadata=False) or not _is_register(table.schema.metadata):
        raise _fault(path, f"is no file of the register: it must have the columns {', '.join(_COLUMNS)} and no others")
    if hashlib.sha256(content).hexdigest() != line[3]:
        raise _fault(path, f"is not the file that {_ORDER} names: one of them was changed")
    cells = pd.DataFrame({name: table.column(name).to_pylist() for name in _COLUMNS})
    _check_cells(path, cells)
    cells = cells.astype({"year": np.int64, "printed": bool, "value": "Int64"})
    scenarios = tuple(name for name in line[2].split(";") if name)
    return Entry(line[0], line[1], scenarios, cells, **_rule_in(path, table.schema.metadata))


def _rule_in(path: Path, metadata: dict[bytes, bytes]) -> dict[str, int]:
    texts = {name: metadata.get(name.encode(), b"").decode(errors="replace") for name in _RULE}
    if not all(re.fullmatch(r"[0-9]{1,3}", text) for text in texts.values()):
        raise _fault(path, "does not say by which rule its counts were hidden and rounded")
    return {name: int(text) for name, text in texts.items()}


def _is_register(metadata: dict[bytes, bytes] | None) -> bool:
    return metadata is not None and all(metadata.get(key.encode()) == value.encode() for key, value in _KIND.items())


def _check_cells(path: Path, cells: pd.DataFrame) -> None:
    if cells.drop(columns="value").isna().any(axis=None):
        raise _fault(path, "has a cell without a name")
    if cells.duplicated(CELL_NAME).any():
        raise _fault(path, "has a cell twice")
    if not set(cells["system"]) <= set(_SYSTEM_OF.values()):
        raise _fault(path, "has cells of an unknown kind")
    if not cells["value"].notna().eq(cells["printed"].astype(bool)).all():
        raise _fault(path, "has a hidden cell with a value, or a printed one without")
    if (cells["value"].dropna() < 0).any():
        raise _fault(path, "has a count below nought")
