"""The same inputs give the same bytes, whatever the folder, time zone, language, hash seed or order of files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.commands import TEMPLATE, Run, differ, run_command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("seed", "zone", "language"), [("1", "Pacific/Auckland", "C"), ("4242", "UTC", "de_DE.UTF-8")])
def test_the_template_gives_the_same_bytes_anywhere(
    template_run: Run, tmp_path: Path, seed: str, zone: str, language: str
) -> None:
    area = tmp_path / "another place" / "área"
    shutil.copytree(TEMPLATE, area)
    out = tmp_path / "out"
    again = run_command(
        "run", str(area), "--out", "out", out=out, cwd=tmp_path, PYTHONHASHSEED=seed, TZ=zone, LC_ALL=language
    )
    assert again.status == 0, again.errors
    assert differ(template_run.out, out) == []


def test_a_run_over_its_own_output_changes_nothing(template_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(template_run.out, out)
    again = run_command("run", str(TEMPLATE), "--out", str(out), out=out, cwd=tmp_path)
    assert again.status == 0, again.errors
    assert differ(template_run.out, out) == []


def test_one_changed_figure_changes_the_run_id_and_the_tables(template_run: Run, tmp_path: Path) -> None:
    area = tmp_path / "area"
    shutil.copytree(TEMPLATE, area)
    parameters = area / "area.toml"
    text = parameters.read_text(encoding="utf-8")
    changed = text.replace(
        "[assumptions.school_days_per_year]\nvalue = 190", "[assumptions.school_days_per_year]\nvalue = 191"
    )
    assert changed != text, "the template states 190 school days"
    parameters.write_text(changed, encoding="utf-8")
    out = tmp_path / "out"
    again = run_command("run", str(area), "--out", str(out), out=out, cwd=tmp_path)
    assert again.status == 0, again.errors
    assert {"reports/run.json", "reports/summary.json", "reports/tables/journeys_area.csv"} <= {
        *differ(template_run.out, out)
    }
