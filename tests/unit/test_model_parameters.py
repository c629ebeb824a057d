"""Parameters: unknown, missing and impossible entries are refused all at once, with what was probably meant."""

from __future__ import annotations

import dataclasses
import tomllib

import pytest

from sufficiency.model.assumptions import ASSUMPTION_NAMES
from sufficiency.model.errors import ParameterError
from sufficiency.model.parameters import read_parameters
from sufficiency.sources.embedded import embedded_directory


@pytest.fixture(scope="module")
def text() -> str:
    return (embedded_directory() / "area.toml").read_text(encoding="utf-8")


def read(tmp_path, text):
    path = tmp_path / "area.toml"
    path.write_text(text, encoding="utf-8")
    return read_parameters(path)


def test_the_embedded_area_reads_and_every_assumption_says_where_it_comes_from(tmp_path, text):
    found = read(tmp_path, text)
    assert set(found.assumptions) == set(ASSUMPTION_NAMES)
    for one in found.assumptions.values():
        assert one.unit
        assert len(one.source) > 5
        assert one.date[:2] == "20"
        assert len(one.effect) > 5
    assert found.years == (2024, *range(2025, 2032))
    raw = tomllib.loads(text)["assumptions"]["transported_share"]
    assert found.range("transported_share") == (raw["low"], raw["value"], raw["high"])
    assert found.range("school_days_per_year") == (190, 190, 190)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hide_up_to = 5", "hide_up_too = 5", r"unknown key 'hide_up_too'; did you mean 'hide_up_to'"),
        ("hide_up_to = 5", "hide_up_to = 500", "must lie in 0 to 100"),
        ("hide_up_to = 5", "hide_up_to = true", "must be a whole number"),
        ("headline = 2028", "headline = 2023", "must ascend"),
        ("report_date = 2026-11-23", 'report_date = "2026-11-23"', "must be a date"),
        ("illustrative = true", 'illustrative = "yes"', "must be true or false"),
        ("[assumptions.retention_share]", "[assumptions.retension_share]", r"did you mean 'retention_share'"),
        ("low = 0.94", "low = 0.99", "not in ascending order"),
        ("[assumptions.snap_kph]\nvalue = 30", "[assumptions.snap_kph]", r"\[assumptions.snap_kph\] lacks 'value'"),
        ("[years]", "[years", "cannot be read"),
    ],
)
def test_each_fault_is_named(tmp_path, text, old, new, message):
    assert old in text
    with pytest.raises(ParameterError, match=message):
        read(tmp_path, text.replace(old, new))


def test_all_faults_are_reported_at_once(tmp_path, text):
    wrong = text.replace("hide_up_to = 5", "hide_up_too = 5").replace("low = 0.94", "low = 0.99")
    with pytest.raises(ParameterError) as caught:
        read(tmp_path, wrong)
    assert "hide_up_too" in str(caught.value)
    assert "ascending" in str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ParameterError, match="sufficiency init"):
        read_parameters(tmp_path / "area.toml")


def test_parameters_are_frozen_and_unknown_names_are_refused(tmp_path, text):
    found = read(tmp_path, text)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.hide_up_to = 0
    with pytest.raises(TypeError):
        found.assumptions["x"] = None
    with pytest.raises(ParameterError, match="did you mean 'retention_share'"):
        found.value("retention_shares")
