"""The command line: exit statuses and what a planner reads, without a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sufficiency import cli
from sufficiency.model.errors import DataError, InfeasibleError, NetworkError, ParameterError, SufficiencyError
from sufficiency.model.issues import Issue, issues_table

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
    for name in ("run", "check", "init", "redraw", "warm", "Start with"):
        assert name in text


def test_draws_must_be_at_least_one(capsys):
    assert cli.main(["redraw", "--draws", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_it_runs_as_a_module():
    found = subprocess.run([sys.executable, "-m", "sufficiency", "--help"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("usage: sufficiency")
