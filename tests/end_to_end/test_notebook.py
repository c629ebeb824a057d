"""Each notebook runs from top to bottom, stands in the project without outputs, and shows no more than it may."""

from __future__ import annotations

import ast
import json
import sys
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

import sufficiency
import sufficiency.measures
import sufficiency.planning
import sufficiency.travel
from sufficiency.model.results import TravelTimes
from sufficiency.planning import programme_search
from tests.end_to_end.commands import CHECKOUT, Run, differ

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))
# Plots at least, and what must be among the words printed.
PRINTED = {
    "01_sufficiency_today.ipynb": (7, ["every one closes: True", "679 short (illustrative)"]),
    "03_who_goes_where.ipynb": (5, ["every row closes: True", "places shared out: 1,633 (illustrative)"]),
    "04_demand.ipynb": (4, ["in eight of ten futures (illustrative)", "every district's total is kept: True"]),
    "05_what_a_scheme_changes.ipynb": (5, ["the parts add up to the change: True", "over every order: True"]),
    "06_the_next_site.ipynb": (
        4,
        ["in West Oxfordshire (illustrative)", "optimal: £25.3m", "the search's own figure is the same: True"],
    ),
    "02_journeys.ipynb": (5, ["minutes a child (illustrative)", "shorter than direct in any of 5 districts: True"]),
}
# The one that does the whole job of the embedded area. What it found is written too, in another folder, time zone and
# language, with another seed, and after a page of other charts: the same bytes as the command writes.
WHOLE_JOB = "01_sufficiency_today.ipynb"
WRITE_IT = 'import pathlib\nwritten = sf.write_job(job, inputs, pathlib.Path("somewhere else"))'
pytestmark = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
# Tables with a row a group of pupils; everything shown comes from the released ones.
PUPIL_TABLES = {"outcomes", "placements", "demand_of", "unplaced", "excluded", "place_sought", "origins"}


def _read(notebook: Path) -> Any:
    return nbformat.read(notebook, as_version=4)


def _code(notebook: Path) -> ast.Module:
    return ast.parse("\n".join(cell.source for cell in _read(notebook).cells if cell.cell_type == "code"))


def test_it_stands_without_outputs(notebook: Path) -> None:
    found = _read(notebook)
    nbformat.validate(found)
    assert found.metadata.kernelspec.name == "python3"
    for cell in found.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_it_uses_public_names_only(notebook: Path) -> None:
    nodes = list(ast.walk(_code(notebook)))
    imports = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    imported = {alias.name for alias in imports}
    rooms = {
        "sufficiency.measures": sufficiency.measures,
        "sufficiency.planning": sufficiency.planning,
        "sufficiency.planning.programme_search": programme_search,
    }
    assert imported <= {"matplotlib.pyplot", "numpy", "pandas", "shapely", "sufficiency", "sufficiency.travel", *rooms}
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    used = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "sf"}
    assert used <= set(sufficiency.__all__)
    used = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "travel"}
    assert used <= {*sufficiency.travel.__all__, *dir(TravelTimes), *TravelTimes.__dataclass_fields__}
    for alias, room in ((one.asname, rooms[one.name]) for one in imports if one.name in rooms):
        used = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == alias}
        assert used <= set(room.__all__)
    assert not {node.attr for node in attributes} & PUPIL_TABLES
    assert "illustrative" in "".join(cell.source for cell in _read(notebook).cells).lower()


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    kernel = tmp_path / "kernels" / "this-interpreter"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "this", "language": "python"}))
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = _read(notebook)
    whole = notebook.name == WHOLE_JOB
    if whole:
        found.cells.append(nbformat.v4.new_code_cell(WRITE_IT))
        for name, value in {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "1"}.items():
            monkeypatch.setenv(name, value)
    client = NotebookClient(
        found, timeout=600, kernel_name="this-interpreter", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in found.cells if cell.cell_type == "code" for output in cell.outputs]
    plots, words = PRINTED[notebook.name]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= plots
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert [text for text in words if text not in printed] == []
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"], printed
    if whole:
        written: Run = request.getfixturevalue("embedded_run")
        assert written.status == 0, written.errors
        assert differ(written.out, tmp_path / "somewhere else") == []
