"""The tidy CSV files: symbols, quoting, and text that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.results import Released
from sufficiency.outputs.export import tables as export
from tests.released_fixture import make_released

if TYPE_CHECKING:
    from pathlib import Path

PAYLOADS = (
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "  +cmd|' /C calc'!A0", "\u00a0=1", "\uff1d1+1",
    "\uff0b1", "\uff0d1", "\uff20SUM", "%0A=1", "|calc", "=HYPERLINK(\"http://example.org\")", "\x00=1", "\u3000=1",
)  # fmt: skip


def one_table(frame: pd.DataFrame, hidden: pd.DataFrame | None = None) -> Released:
    mask = pd.DataFrame(data=False, index=frame.index, columns=frame.columns) if hidden is None else hidden
    return Released("public", MappingProxyType({"table": frame}), MappingProxyType({"table": mask}))


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_that_looks_like_a_formula_is_guarded(payload: str, tmp_path: Path) -> None:
    export.write_tables(one_table(pd.DataFrame({"name": [payload], "change_pupils": [-3.5]})), tmp_path)
    _, (name, number) = read(tmp_path / "table.csv")
    assert name.startswith("'")
    assert number == "-3.5"


@given(st.text())
def test_no_text_cell_starts_as_a_formula(text: str) -> None:
    guarded = export.guard_text(text)
    assert not guarded.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_plain_text_is_left_alone() -> None:
    assert export.guard_text("St. Nicholas' School, Oxford") == "St. Nicholas' School, Oxford"


def test_hidden_is_c_not_applicable_is_z_and_text_may_be_blank(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "area_name": ["A", None],
            "pupils": pd.array([pd.NA, 12], dtype="Int64"),
            "median_min": [float("nan"), 21.25],
            "complete": [True, False],
        }
    )
    hidden = pd.DataFrame(data=False, index=frame.index, columns=frame.columns)
    hidden.loc[0, "pupils"] = True
    export.write_tables(one_table(frame, hidden), tmp_path)
    assert read(tmp_path / "table.csv") == [
        ["area_name", "pupils", "median_min", "complete"],
        ["A", "c", "z", "true"],
        ["", "12", "21.25", "false"],
    ]


def test_lines_end_as_rfc_4180_says_and_quotes_are_doubled(tmp_path: Path) -> None:
    export.write_tables(one_table(pd.DataFrame({"name": ['a "b", c']})), tmp_path)
    assert (tmp_path / "table.csv").read_bytes() == b'name\r\n"a ""b"", c"\r\n'


@pytest.mark.parametrize(
    ("value", "expected"), [(5.0, "5"), (-0.0, "0"), (0.1 + 0.2, "0.3"), (1234567.25, "1234567.25"), (-3.5, "-3.5")]
)
def test_numbers_are_short_and_without_minus_zero(value: float, expected: str) -> None:
    assert export.number_cell(value) == expected


def test_every_table_is_written_listed_and_whole(tmp_path: Path) -> None:
    released = make_released()
    export.write_tables(released, tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name, frame in released.tables.items():
        rows = read(tmp_path / f"{name}.csv")
        assert rows[0] == list(frame.columns)
        assert len(rows) == len(frame) + 1
        assert f"`{name}.csv`" in readme
        assert export.TABLE_MEANINGS[name] in readme


def test_a_hidden_figure_never_appears_as_a_number(tmp_path: Path) -> None:
    released = make_released()
    export.write_tables(released, tmp_path)
    for name, mask in released.hidden.items():
        cells = read(tmp_path / f"{name}.csv")[1:]
        symbols = sum(
            1 for row, flags in zip(cells, mask.to_numpy(), strict=True) for cell, flag in zip(row, flags, strict=True)
            if flag and cell == "c"
        )  # fmt: skip
        assert symbols == int(mask.to_numpy().sum())


def test_the_list_of_tables_says_what_the_licences_ask_for(tmp_path: Path) -> None:
    export.write_tables(one_table(pd.DataFrame({"pupils": [1]})), tmp_path, ("© Somebody, some licence.",))
    assert "- © Somebody, some licence.\n" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("demand_pupils", "pupils"), ("gbp_low", "pounds sterling"), ("capital_gbp_high", "pounds sterling"),
        ("median_min", "minutes"), ("without_local_place_share", "share (0 to 1)"), ("area_name", ""), ("rows", ""),
        ("pupils", "pupils"), ("kgco2e_low", "kilograms of carbon dioxide equivalent"), ("scheme_name", ""),
    ],
)  # fmt: skip
def test_units_are_read_from_names(column: str, unit: str) -> None:
    assert export.unit_of(column) == unit
