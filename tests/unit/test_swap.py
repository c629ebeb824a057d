"""Outputs are swapped in whole or not at all, at whatever moment the run ends; files of others stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from sufficiency.outputs import swap
from tests import killed

OLD_SET = dict.fromkeys([*killed.OLD, killed.MANIFEST], "old")
NEW_SET = dict.fromkeys([*killed.NEW, killed.MANIFEST], "new")
MINE = {"reports/notes.txt": "mine"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed at each operation by forking")
def test_killed_at_any_file_operation_the_set_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed", str(tmp_path)],
        capture_output=True, text=True, timeout=300, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    deaths = [json.loads(line) for line in done.stdout.splitlines()]
    assert deaths.pop()["recovered"] == NEW_SET | MINE
    assert len(deaths) > 40, "there are fewer operations than a swap needs"
    seen = set()
    for death in deaths:
        parts = {content for name, content in death["killed"].items() if name not in MINE}
        assert parts in ({"old"}, {"new"}, set()), death
        assert death["recovered"] in (OLD_SET | MINE, NEW_SET | MINE), death
        assert death["killed"]["reports/notes.txt"] == "mine"
        assert death["left"] == ["maps", "reports"], death
        seen.add((death["killed"] == OLD_SET | MINE, death["recovered"] == NEW_SET | MINE))
    # killed before the moves, between them (finished afterwards), and after them
    assert seen == {(True, False), (True, True), (False, True)}


def _write(out: Path, names: dict[str, str], run_id: str = "one", *, lasting: tuple[str, ...] = ()) -> list[str]:
    def write(folder: Path) -> None:
        for name, content in names.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)

    return swap.write_whole(out, write, manifest="manifest.json", run_id=run_id, lasting=lasting)


def test_files_of_others_stay_and_the_files_of_a_set_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "extra.csv").write_text("mine")
    (tmp_path / "empty").mkdir()
    _write(tmp_path, {"a.txt": "1", "tables/b.csv": "1", "old/c.csv": "1"})
    written = _write(tmp_path, {"a.txt": "2", "tables/b.csv": "2"}, "two")
    assert written == ["a.txt", "manifest.json", "tables/b.csv"]
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "tables" / "b.csv").read_text() == "2"
    assert (tmp_path / "tables" / "extra.csv").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "empty", "manifest.json", "tables"]


def test_a_file_that_was_changed_since_is_not_taken_away(tmp_path: Path) -> None:
    _write(tmp_path, {"a.txt": "1", "b.txt": "1"})
    (tmp_path / "b.txt").write_text("edited")
    _write(tmp_path, {"a.txt": "2"})
    assert (tmp_path / "b.txt").read_text() == "edited"


def test_lasting_files_stay_though_a_later_set_has_others(tmp_path: Path) -> None:
    _write(tmp_path, {"releases/one": "1"}, lasting=("releases",))
    _write(tmp_path, {"releases/two": "2"}, lasting=("releases",))
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["one", "two"]


@pytest.mark.parametrize("name", ["../victim.txt", "/victim.txt", "a/../../victim.txt", "C:\\victim.txt", "..\\victim"])
def test_a_manifest_cannot_reach_out_of_its_folder(tmp_path: Path, name: str) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim.txt"
    victim.write_text("safe")
    _write(out, {"a.txt": "1"})
    digest = swap._digest(victim)
    (out / "manifest.json").write_text(json.dumps({"run_id": "one", "files": {name: digest, str(victim): digest}}))
    _write(out, {"a.txt": "2"})
    assert victim.read_text() == "safe"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": ["a.txt"]}', "\x00"])
def test_a_manifest_that_is_none_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    _write(tmp_path, {"a.txt": "1"})
    assert set(json.loads((tmp_path / "manifest.json").read_text())["files"]) == {"a.txt"}


def test_the_folder_of_a_living_run_is_left_alone_and_its_move_waited_for(tmp_path: Path) -> None:
    work = tmp_path / ".writing-living"
    work.mkdir()
    with FileLock(work / "lock"):
        _write(tmp_path, {"a.txt": "1"})
        assert work.is_dir()
        (work / "journal.json").write_text('{"new": [], "away": []}')
        with pytest.raises(OSError, match="another run"):
            _write(tmp_path, {"a.txt": "2"})
        assert (tmp_path / "a.txt").read_text() == "1"
    _write(tmp_path, {"a.txt": "2"})
    assert not work.exists()


def test_a_move_that_fails_and_cannot_be_undone_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, {"a.txt": "1", "b.txt": "1"})
    moves = 0
    move = Path.replace

    def stuck(path: Path, target: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves >= 4:  # the journal, three files away; then nothing moves any more
            raise PermissionError(13, "open in another program")
        return move(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stuck)
        with pytest.raises(PermissionError):
            _write(tmp_path, {"a.txt": "2", "b.txt": "2"}, "two")
    swap.recover(tmp_path)
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "b.txt").read_text() == "2"
    assert json.loads((tmp_path / "manifest.json").read_text())["run_id"] == "two"
