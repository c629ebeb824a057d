"""What the command line hands to the page, and what of a fault its terminal says."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pytest

import sufficiency
from sufficiency.app.desk import Card, Programme
from sufficiency.app.engine import scenario_inputs
from sufficiency.cli import serve
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.planning.proposed import ProposedScheme
from tests.end_to_end.commands import TEMPLATE

TEXT = 'name = "{}"\ntitle = "Bases"\nschemes = []\n'


@pytest.fixture(scope="module")
def inputs():
    return sufficiency.load(TEMPLATE)


@pytest.mark.parametrize("name", [
    "", ".toml", "bases", "bases.TOML", "Bases.toml", "../bases.toml", "/etc/passwd", "a/b.toml", "a\\b.toml",
    "-a.toml", "a" * 61 + ".toml", "bases.toml\n", "bases\0.toml", "ä.toml", "a b.toml", "bases.toml.exe", "..toml",
])  # fmt: skip
def test_a_file_whose_name_is_no_scenarios_is_refused_and_nothing_is_written(inputs, name, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ParameterError, match="is named after it"):
        serve.read_scenario(inputs, name, TEXT.format("bases"))
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_is_read_and_leaves_nothing_behind(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read = serve.read_scenario(inputs, "bases.toml", TEXT.format("bases"))
    assert read.scenarios["bases"].title == "Bases"
    assert "bases" not in inputs.scenarios
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "kind"), [
    ("", DataError), ("not toml", DataError), (TEXT.format("other"), DataError), ("x" * 1_000_001, ParameterError),
    (TEXT.format("bases").replace("[]", '["no-such-scheme"]'), DataError), ("\0", DataError),
    (TEXT.format("bases") + 'based_on = "nothing_such"\n', DataError), ("a = [" * 5_000, DataError),
])  # fmt: skip
def test_a_scenario_at_fault_is_refused_in_words(inputs, text, kind):
    with pytest.raises(kind) as refused:
        serve.read_scenario(inputs, "bases.toml", text)
    assert "bases.toml" in str(refused.value)
    if kind is DataError:
        assert len(refused.value.issues)


@pytest.mark.parametrize("action", ["open", "expand", "convert", "relocate", "close"])
def test_a_programme_comes_back_from_its_file_as_it_was(inputs, action):
    """Whatever a card may be: what the page saves, the page and the command line read."""
    place, year = inputs.gazetteer.iloc[0], inputs.parameters.headline_year
    state = inputs.settings[inputs.settings["sector"] == "state"]["setting_id"]
    offered = inputs.provision["provision_type"].isin(["special_school", "specialist_base"])
    here = inputs.provision[offered & inputs.provision["setting_id"].isin(state)].iloc[0]
    setting = inputs.settings[inputs.settings["setting_id"] == here["setting_id"]].iloc[0]
    new = action in ("open", "relocate")
    old = str(here["provision_id"]) if action in ("convert", "relocate", "close") else ""
    kind = str(here["provision_type"]) if action != "open" else "specialist_base"
    at = place if new else setting
    scheme = ProposedScheme(
        "scheme-1", "Base “one” <b>", action, "scheme-1" if new else str(here["setting_id"]), float(at["easting_m"]),
        float(at["northing_m"]), kind, ("ASD", "SLCN"), int(here["ncy_from"]), int(here["ncy_to"]),
        ((year, 0 if action == "close" else 40),), from_provision_id=old,
    )  # fmt: skip
    told = scenario_inputs(inputs, Programme("Bases", (Card(scheme),)), "committed", "what-if-bases")
    text = serve.scenario_text_of(told, "what-if-bases")
    read = serve.read_scenario(inputs, "what-if-bases.toml", text)
    assert read.scenarios["what-if-bases"].scheme_ids == told.scenarios["what-if-bases"].scheme_ids
    for table in ("schemes", "scheme_places"):
        one, two = (
            getattr(each, table)
            .query("scheme_id == 'what-if-bases.scheme-1'")
            .drop(columns="geometry", errors="ignore")
            for each in (told, read)
        )
        assert len(one) == len(two) > 0
        assert one[two.columns].astype(str).to_dict("list") == two.astype(str).to_dict("list")
    assert serve.scenario_text_of(read, "what-if-bases") == text


def logged(raised, **more):
    record = logging.LogRecord(
        "x", logging.ERROR, "x.py", 1, more.get("msg", "Ada: %s"), more.get("args", ("Lovelace",)), None
    )
    if raised:
        try:
            raise ValueError("Ada Lovelace, 12 High Street")  # noqa: TRY301 - its trace is what is looked at
        except ValueError as error:
            record.exc_info = (type(error), error, error.__traceback__)
            if more.get("itself"):
                record.msg, record.args, record.exc_info = error, None, None
    assert serve._WithoutTraces().filter(record)
    return logging.Formatter("%(message)s").format(record)


def test_the_terminal_names_the_kind_and_the_place_of_a_fault_and_nothing_of_its_content():
    for text in (logged(raised=True), logged(raised=True, itself=True)):
        assert "Ada" not in text
        assert "Traceback" not in text
        assert text.startswith("ValueError at test_serve_doors.py:")
    assert logged(raised=False) == "Ada: Lovelace"


def test_where_desks_are_kept(inputs, monkeypatch):
    assert serve._folder("none", inputs) is None
    assert serve._folder("some/where", inputs) == Path("some/where")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name, **_: f"/data/{name}")
    assert serve._folder(None, inputs) == Path("/data/sufficiency/what-if/exampleshire")


def test_papers_have_regard_to_the_folder_of_outputs_and_are_registered_beside_the_desks(inputs, tmp_path):
    options = argparse.Namespace(area=TEMPLATE, postcodes=None, out=tmp_path / "out")
    doors = serve._doors(options, inputs, tmp_path / "kept")
    assert (doors.published, doors.papers) == (tmp_path / "out", tmp_path / "kept" / "papers")
    assert serve._doors(options, inputs, None).papers is None
    assert not list(tmp_path.iterdir())
    (tmp_path / "out" / "releases").mkdir(parents=True)
    (tmp_path / "out" / "releases" / "order.csv").write_text("spoilt")
    with pytest.raises(DataError, match="the release register cannot be used"):
        serve._doors(options, inputs, None)
