"""The command line: exit statuses and what a planner reads, without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import pytest

from sufficiency import cli
from sufficiency.model.errors import DataError, InfeasibleError, NetworkError, ParameterError, SufficiencyError
from sufficiency.model.issues import Issue, issues_table
from sufficiency.sources.embedded import embedded_directory
from sufficiency.sources.template import template_directory, write_template

ISSUE = Issue(
    "schools/places.csv", 7, "places", "P1", "planned_places", "many", "number", "error", "no number", "write one"
)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (DataError("2 faults", issues_table([ISSUE])), 2, "places.csv, row 7, column planned_places, value 'many'"),
        (ParameterError("there is no scenario x"), 2, "There is no scenario x"),
        (NetworkError("no road"), 2, "No road"),
        (InfeasibleError("the budget"), 3, "The budget"),
        (SufficiencyError("the proof failed"), 1, "defect of sufficiency"),
        (PermissionError(13, "Permission denied", "out.csv"), 4, "out.csv"),
        (ConnectionError("the server stayed busy"), 4, "The server stayed busy.\n"),
        (ConnectionError("is it on the network?"), 4, "Is it on the network?\n"),
        (KeyboardInterrupt(), 4, "nothing was changed"),
    ],
)
def test_every_error_has_its_status_and_a_sentence(monkeypatch, capsys, error, status, words):
    def fail(_):
        raise error

    monkeypatch.setattr(cli, "_check", fail)
    assert cli.main(["check"]) == status
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_missing_area_is_told_in_one_sentence(tmp_path, capsys):
    assert cli.main(["check", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert "area.toml" in shown
    assert "sufficiency init" in shown


def test_unknown_commands_and_no_command_are_usage_errors(capsys):
    for arguments in ([], ["paint"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        assert caught.value.code == 2
        assert "usage: sufficiency" in capsys.readouterr().err


def test_help_names_every_command_and_the_way_in(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for name in ("run", "check", "init", "redraw", "calibrate", "fetch", "warm", "docs"):
        assert f"\n    {name} " in text
        assert name in cli.__doc__
    assert "Start with" in text


def test_draws_must_be_at_least_one(capsys):
    assert cli.main(["redraw", "--draws", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_it_runs_as_a_module():
    found = subprocess.run([sys.executable, "-m", "sufficiency", "--help"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("usage: sufficiency")


# --- whoever reads has gone


@pytest.mark.parametrize(
    ("arguments", "held_back"),
    [(["check"], False), (["check"], True), (["--help"], True), (["check", "no-such-area"], True)],
)
def test_a_reader_that_has_gone_ends_it_quietly(arguments, held_back, tmp_path):
    """As other tools: 128 and the number of SIGPIPE, and not a word, whichever stream nobody reads.

    Held back, the text goes out at the very end; else line by line.
    """
    reading, writing = os.pipe()
    os.close(reading)
    told = tmp_path / "told.txt"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= {} if held_back else {"PYTHONUNBUFFERED": "1"}
    with told.open("wb") as other:
        to_stderr = "no-such-area" in arguments
        found = subprocess.run(
            [sys.executable, "-m", "sufficiency", *arguments], check=False, env=environment,
            stdout=other if to_stderr else writing, stderr=writing if to_stderr else other,
        )  # fmt: skip
    os.close(writing)
    assert found.returncode == 141
    assert told.read_bytes() == b""


def test_windows_calls_a_reader_that_has_gone_an_invalid_argument(monkeypatch):
    gone, of_a_file = OSError(22, "Invalid argument"), OSError(22, "Invalid argument", "a:b.csv")
    assert not cli._reader_gone(gone)
    monkeypatch.setattr(cli, "os", SimpleNamespace(name="nt"))
    assert cli._reader_gone(gone)
    assert not cli._reader_gone(of_a_file)


# --- fetch: what cannot be asked for is refused before anything is said or asked


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--server", "http://[::1"], "The server must be an address such as https://"),
        (["--server", "http://localhost:99999/api"], "The server must be an address such as https://"),
        (["--server", "ftp://localhost/api"], "The server must be an address such as https://"),
        (["--buffer-km", "nan"], "The border must be 0 to 100 km wide, not nan"),
        (["--buffer-km", "-1"], "The border must be 0 to 100 km wide, not -1"),
        (["--date", "23.11.2026"], "The day of the fetching must be one such as 2026-11-23"),
    ],
)
def test_fetch_refuses_what_cannot_be_asked_for(options, words, capsys):
    assert cli.main(["fetch", str(template_directory()), *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"\n{words}")


# --- calibrate: where the speed table may be written


@pytest.fixture
def area(tmp_path: Path) -> Path:
    write_template(tmp_path / "area")
    return tmp_path / "area"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Twelve drives of 20 minutes between four towns of the template, the only copy."""
    towns = ("alphaton", "bravoton", "deltaton", "echoton")
    rows = "".join(f"{start},{end},20\n" for start, end in permutations(towns, 2))
    path = tmp_path / "taxi log.csv"
    path.write_text(f"origin_id,destination_id,minutes\n{rows}", "utf-8")
    return path


def calibrate(log: Path, area: Path, out: Path) -> int:
    return cli.main(["calibrate", str(log), str(area), "--out", str(out)])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("way", ["itself", "symbolic link", "hard link", "roundabout"])
def test_the_log_is_never_replaced(log, area, way, tmp_path, capsys):
    out = tmp_path / "other.csv"
    if way == "itself":
        out = log
    elif way == "symbolic link":
        out.symlink_to(log)
    elif way == "hard link":
        out.hardlink_to(log)
    else:
        out = tmp_path / "area" / ".." / log.name
    before = everything(tmp_path)
    assert calibrate(log, area, out) == 2
    assert everything(tmp_path) == before
    shown = capsys.readouterr()
    assert "is the file of the journeys, which would be lost: name another file" in shown.err
    assert "Driving" not in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    "name",
    ["area.toml", "area-workbook.xlsx", "roads/edges.csv", "schools/places.csv", "schemes/scenarios/programme.toml"],
)
@pytest.mark.parametrize("linked", [False, True])
def test_no_file_of_the_area_is_replaced(log, area, name, linked, tmp_path, capsys):
    out = area / name
    if linked:
        out = tmp_path / "linked"
        out.symlink_to(area / name)
    before = everything(tmp_path)
    assert calibrate(log, area, out) == 2
    assert everything(tmp_path) == before
    assert f"is {name} of the area, which is read from it and would be lost" in capsys.readouterr().err


def test_the_table_of_the_package_is_not_replaced(log, area, tmp_path, capsys):
    out = tmp_path / "speeds.csv"
    out.symlink_to(embedded_directory() / "roads/speeds.csv")
    assert calibrate(log, area, out) == 2
    assert cli.main(["calibrate", str(log), "--out", str(out)]) == 2
    assert out.is_symlink()
    assert capsys.readouterr().err.count("is the speed table of this package, which other areas use") == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"notes of the meeting\n", b"\x00\x01\x02", b"road_class,urban,profile,kph\nprimary,false,off_peak,60\n"],
)
def test_a_file_that_is_no_speed_table_is_not_replaced(log, area, content, tmp_path, capsys):
    out = tmp_path / "notes.csv"
    out.write_bytes(content)
    assert calibrate(log, area, out) == 2
    assert out.read_bytes() == content
    shown = capsys.readouterr().err
    assert "is no speed table, so it is not replaced: name another file" in shown
    assert "Driving" not in shown


def test_the_area_s_own_speed_table_is_replaced_and_then_used(log, area, capsys):
    out = area / "roads/speeds.csv"
    before = everything(area)
    assert calibrate(log, area, out) == 0
    assert f"Replaced: {out}" in capsys.readouterr().out
    changed = {name for name, content in everything(area).items() if before.get(name) != content}
    assert changed == {str(out)}
    assert cli.main(["check", str(area)]) == 0


def test_a_folder_is_no_file_and_is_refused_before_the_work(log, area, tmp_path, capsys):
    assert calibrate(log, area, tmp_path) == 2
    assert calibrate(log, area, log / "speeds.csv") == 2
    shown = capsys.readouterr().err
    assert f"--out {tmp_path} is a folder: name a file in it, such as {tmp_path / 'speeds.csv'}" in shown
    assert f"{log} is a file, not a folder" in shown
    assert "Driving" not in shown
    assert not list(tmp_path.rglob("*.partial"))


def test_a_device_is_left_alone(log, area, capsys):
    assert calibrate(log, area, Path(os.devnull)) == 2
    assert "is a device, not a file: name another file" in capsys.readouterr().err


def test_a_folder_that_is_missing_is_made_and_said(log, area, tmp_path, capsys):
    out = tmp_path / "new" / "er" / "speeds.csv"
    assert calibrate(log, area, out) == 0
    assert f"Written: {out} (folder {out.parent} made)" in capsys.readouterr().out
    assert sorted(path.name for path in out.parent.iterdir()) == ["speeds.csv"]


def test_journeys_that_are_not_there_are_told_with_their_own_cure(tmp_path, capsys):
    assert cli.main(["calibrate", str(tmp_path / "nosuch.csv"), str(template_directory())]) == 2
    shown = capsys.readouterr().err
    assert "there is no such file. To mend: check its name and folder." in shown
    assert "1 error\n" in shown
    for words in ("workbook", "init", "can be used"):
        assert words not in shown


def test_a_missing_column_is_the_only_fault_told(log, capsys):
    log.write_text(log.read_text("utf-8").replace("minutes", "mins"), "utf-8")
    assert cli.main(["calibrate", str(log), str(template_directory())]) == 2
    shown = capsys.readouterr().err
    assert "the column minutes is missing" in shown
    assert "can be used" not in shown


@pytest.mark.parametrize("fault", ["{start},{end},0", "{start},nowhere,20"])
def test_the_count_of_what_is_left_comes_after_the_rows_that_are_not(log, fault, capsys):
    """Three of twelve rows are at fault, as the fit finds it (0 minutes) or as the reading does (an unknown id)."""
    text = log.read_text("utf-8").splitlines()
    for row in (1, 2, 3):
        start, end, _ = text[row].split(",")
        text[row] = fault.format(start=start, end=end)
    log.write_text("\n".join(text) + "\n", "utf-8")
    assert cli.main(["calibrate", str(log), str(template_directory())]) == 2
    shown = capsys.readouterr().err
    assert 0 < shown.index("row 4, column") < shown.index("9 journeys can be used")
