"""The same inputs give the same bytes, whatever the folder, time zone, language, hash seed or order of files.

The whole embedded area is done twice too, by the command and by a notebook: see `test_notebook`.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

import sufficiency
from sufficiency.outputs import record, summary
from sufficiency.outputs.export.tables import write_tables
from tests.end_to_end.commands import TEMPLATE, Run, differ, run_command

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_the_template_gives_the_same_bytes_anywhere(template_run: Run, tmp_path: Path) -> None:
    area = tmp_path / "another place" / "área"
    shutil.copytree(TEMPLATE, area)
    out = tmp_path / "out"
    again = run_command(
        "run", str(area), "--out", "out", out=out, cwd=tmp_path, PYTHONHASHSEED="4242", LC_ALL="de_DE.UTF-8"
    )
    assert again.status == 0, again.errors
    assert differ(template_run.out, out) == []


def test_a_run_over_its_own_output_changes_nothing_in_another_time_zone(template_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(template_run.out, out)
    where = {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    again = run_command("run", str(TEMPLATE), "--out", str(out), out=out, cwd=tmp_path, **where)
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
    inputs = sufficiency.load(area)
    job = sufficiency.run_job(inputs)
    reports = template_run.out / "reports"
    before = json.loads((reports / "summary.json").read_text(encoding="utf-8"))
    assert job.record.run_id != before["run_id"]
    out = tmp_path / "reports"
    out.mkdir()
    write_tables(job.released, out / "tables")
    summary.write_summary(job.released, job.record, inputs.parameters, out / "summary.json")
    record.write_record(job.record, out / "run.json", job.released.build)
    both = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    differing = {name for name in both if (out / name).read_bytes() != (reports / name).read_bytes()}
    assert {"run.json", "summary.json", "tables/journeys_area.csv"} <= differing
    # what no school day bears on is as it was
    assert {"tables/sufficiency_area.csv", "tables/flows.csv"} <= both - differing
