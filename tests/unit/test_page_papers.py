"""What is saved from the page: its name, its bytes, and what it has regard to."""

from __future__ import annotations

import io
import re
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from sufficiency.app import paper
from sufficiency.app.desk import Programme
from sufficiency.app.doors import Doors
from sufficiency.app.jobs import Cancelled, Cancelling
from sufficiency.disclosure.register import CELL_NAME, FOLDER, Entry, Register, read_register, write_entry
from sufficiency.model.vocabulary import STANDARD_SCENARIOS
from sufficiency.sources.own_schemes import NAME


@pytest.mark.parametrize(("title", "name"), [
    ("My programme", "what-if-my-programme"), ("  Bases: Wantage & Grove!  ", "what-if-bases-wantage-grove"),
    ("Écoles spéciales", "what-if-ecoles-speciales"), ("", "what-if"), ("…", "what-if"), ("日本", "what-if"),
    ("../../etc/passwd", "what-if-etc-passwd"), ("a" * 200, "what-if-" + "a" * 40),
    ("a" * 39 + " b", "what-if-" + "a" * 39), ("committed", "what-if-committed"), ("CON", "what-if-con"),
])  # fmt: skip
def test_a_programme_is_saved_under_a_plain_name(title, name):
    assert paper.scenario_id_of(title, ["committed"]) == name
    assert NAME.fullmatch(name)


def test_no_scenario_of_the_area_gives_way():
    taken = ["what-if-bases", "what-if-bases-2", "committed"]
    assert paper.scenario_id_of("Bases", taken) == "what-if-bases-3"
    for title in STANDARD_SCENARIOS:
        assert paper.scenario_id_of(title, []) not in STANDARD_SCENARIOS


def test_a_zip_has_no_clock_and_no_order():
    files = {"b.txt": b"two", "a/a.txt": b"one" * 1_000}
    one = paper._zip(files)
    time.sleep(0.01)
    two = paper._zip(dict(reversed(files.items())))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as packed:
        assert packed.namelist() == ["a/a.txt", "b.txt"]
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.read("a/a.txt") == b"one" * 1_000
        assert packed.testzip() is None


def entry(run_id):
    row = dict.fromkeys(CELL_NAME, "x") | {"system": "gap", "year": 2028, "printed": True, "value": 7}
    return Entry(run_id, "0", ("s",), pd.DataFrame([row]).astype({"value": "Int64"}))


@pytest.fixture
def made(monkeypatch):
    """Papers without the run: what it would have had regard to is kept."""
    seen = []

    def run_job(inputs, *, scenarios, register, say):
        say("Assessing")
        (name,) = scenarios
        seen.append([one.run_id for one in register.entries])
        return SimpleJob(name, register)

    def write_job(job, inputs, out, *, say):
        say("Drawing")
        for name in ("maps/map.html", "reports/tables/a.csv", "releases/order.csv", "else.txt"):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(job.name)

    def write_release(job, inputs, folder):
        write_entry(job.register, folder / FOLDER, entry(job.record.run_id))

    monkeypatch.setattr(paper, "run_job", run_job)
    monkeypatch.setattr(paper, "write_job", write_job)
    monkeypatch.setattr(paper, "write_release", write_release)

    def scenario_inputs(_, programme, against, name):
        return against, programme.title, name

    monkeypatch.setattr(paper, "scenario_inputs", scenario_inputs)
    return seen


@dataclass(frozen=True)
class SimpleJob:
    name: str
    register: Register

    @property
    def record(self):
        return SimpleNamespace(run_id=f"run-{self.name}")


def asked(title, folder, *, say=lambda _: None, published=None, names=("committed",)):
    engine = SimpleNamespace(inputs=SimpleNamespace(scenarios=dict.fromkeys(names)), against="committed")
    doors = Doors(lambda _, name, text: (name, text), lambda given, _: str(given), str, folder, published)
    return paper.papers_of(engine, Programme(title), doors, say)


def test_the_papers_hold_the_maps_the_reports_and_the_scenario_and_no_register(made, tmp_path):
    with zipfile.ZipFile(io.BytesIO(asked("Bases", tmp_path))) as packed:
        assert packed.namelist() == ["maps/map.html", "reports/tables/a.csv", "what-if-bases.toml"]
        assert packed.read("what-if-bases.toml") == b"('committed', 'Bases', 'what-if-bases')"


def test_each_has_regard_to_those_before(made, tmp_path):
    for title in ("One", "Two", "Three", "One"):
        asked(title, tmp_path)
    assert made == [[], ["run-what-if-one"], ["run-what-if-one", "run-what-if-two"],
                    ["run-what-if-one", "run-what-if-two", "run-what-if-three"]]  # fmt: skip
    register = read_register(tmp_path / FOLDER)
    assert [one.run_id for one in register.entries] == ["run-what-if-one", "run-what-if-two", "run-what-if-three"]
    # what the area has published comes first, and is not copied
    published = tmp_path / "out"
    write_entry(Register(), published / FOLDER, entry("of-the-area"))
    asked("Four", tmp_path, published=published)
    assert made[-1][0] == "of-the-area"
    assert len(made[-1]) == 4
    assert len(read_register(tmp_path / FOLDER).entries) == 4
    assert len(read_register(published / FOLDER).entries) == 1


def test_where_nothing_is_kept_there_is_regard_as_long_as_the_page_runs(made, tmp_path):
    for title in ("One of nothing kept", "Two of nothing kept"):
        asked(title, None)
    assert "run-what-if-one-of-nothing-kept" in made[-1]


@pytest.mark.parametrize("step", ["Assessing", "Drawing", "Packing the papers", "Registering the release"])
def test_what_is_stopped_registers_nothing(made, tmp_path, step):
    told = []

    def say(text):
        told.append(text)
        if text == step:
            raise Cancelled

    with pytest.raises(Cancelled):
        asked("Bases", tmp_path, say=say)
    assert told[-1] == step
    assert read_register(tmp_path / FOLDER).entries == ()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    asked("Bases", tmp_path)
    assert len(read_register(tmp_path / FOLDER).entries) == 1


def test_two_at_once_take_turns_and_one_that_waits_can_be_stopped(made, tmp_path):
    freed, inside = threading.Event(), threading.Event()

    def slow(text):
        if text == "Drawing":
            inside.set()
            assert freed.wait(20)

    first = threading.Thread(target=asked, args=("One", tmp_path), kwargs={"say": slow})
    first.start()
    assert inside.wait(20)
    waiting, stopped = threading.Event(), []
    saying = Cancelling(lambda text: waiting.set() if text.startswith("Waiting") else None)

    def second():
        try:
            asked("Two", tmp_path, say=saying)
        except Cancelled:
            stopped.append(True)

    other = threading.Thread(target=second)
    other.start()
    assert waiting.wait(20)
    saying.cancel()
    other.join(20)
    assert stopped == [True]
    freed.set()
    first.join(20)
    asked("Three", tmp_path)
    assert made == [[], ["run-what-if-one"]]


def test_the_name_of_the_file_is_that_of_area_and_programme():
    engine = SimpleNamespace(inputs=SimpleNamespace(parameters=SimpleNamespace(area_id="oxon"), scenarios={}))
    name = paper.papers_name(engine, Programme('Bases; rm -rf "/"\r\nX: y'))
    assert name == "oxon-what-if-bases-rm-rf-x-y.zip"
    assert re.fullmatch(r"[a-z0-9-]+\.zip", name)
    assert Path(name).name == name
