"""The papers that are saved from the page are, byte for byte, what the command line writes for the same scenario."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest

import sufficiency
from sufficiency.app.desk import Card, Programme
from sufficiency.app.doors import Doors
from sufficiency.app.engine import Engine
from sufficiency.app.paper import papers_name, papers_of
from sufficiency.cli.places import place_finder
from sufficiency.cli.serve import read_scenario, scenario_text_of
from sufficiency.disclosure.register import FOLDER, read_register
from sufficiency.planning.proposed import ProposedScheme
from tests.end_to_end.commands import TEMPLATE, run_command, tree

pytestmark = pytest.mark.slow


def test_papers_are_those_of_the_command_line(tmp_path):
    inputs = sufficiency.load(TEMPLATE)
    engine = Engine(inputs)
    place = inputs.gazetteer.iloc[0]
    year = inputs.parameters.headline_year
    scheme = ProposedScheme(
        "scheme-1", "Base <b>one</b>", "open", "scheme-1", float(place["easting_m"]), float(place["northing_m"]),
        "specialist_base", ("ASD", "SLCN"), 7, 11, ((year, 30),), capital_gbp=(1e6, 2e6, 3e6),
    )  # fmt: skip
    off = Card(dataclasses.replace(scheme, scheme_id="off"), on=False)
    programme = Programme("Bases & <i>more</i>", (Card(scheme), off))
    doors = Doors(read_scenario, scenario_text_of, place_finder(inputs, None), tmp_path / "kept", None)
    said = []
    packed = papers_of(engine, programme, doors, said.append)
    assert papers_name(engine, programme) == f"{inputs.parameters.area_id}-what-if-bases-i-more-i.zip"
    with zipfile.ZipFile(io.BytesIO(packed)) as papers:
        files = {name: papers.read(name) for name in papers.namelist()}
    scenario = tmp_path / "what-if-bases-i-more-i.toml"
    scenario.write_bytes(files.pop(scenario.name))
    assert b"scheme-1" in scenario.read_bytes()
    assert b'"off"' not in scenario.read_bytes()

    out = tmp_path / "out"
    done = run_command("run", str(TEMPLATE), "--scenario", str(scenario), "--out", str(out), out=out, cwd=tmp_path,
                       PYTHONHASHSEED="0")  # fmt: skip
    assert done.status == 0, done.errors
    written = {name: content for name, content in tree(out).items() if not name.startswith(f"{FOLDER}/")}
    own = {name for name in written if name.endswith("manifest.json")}
    assert own <= set(files)
    assert sorted(files) == sorted(written)
    assert [name for name in written if files[name] != written[name]] == []
    # registered apart from the area's outputs, and only once it is packed
    (mine,) = read_register(tmp_path / "kept" / FOLDER).entries
    (theirs,) = read_register(out / FOLDER).entries
    assert mine.run_id == theirs.run_id
    assert said[-1] == "Registering the release"
