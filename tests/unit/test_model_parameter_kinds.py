"""An assumption of the wrong kind, or beyond its bounds, is refused by name before anything is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sufficiency.model.errors import ParameterError
from sufficiency.model.parameters import read_parameters
from sufficiency.sources.embedded import embedded_directory

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (embedded_directory() / "area.toml").read_text(encoding="utf-8")


def _with(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    path = tmp_path / "area.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[assumptions.snap_kph]\nvalue = 30", '[assumptions.snap_kph]\nvalue = "a lot"', "snap_kph.*must be a number"),
        ("[assumptions.snap_kph]\nvalue = 30", "[assumptions.snap_kph]\nvalue = -1", "snap_kph.*must lie in 1 to 130"),
        ("[assumptions.snap_kph]\nvalue = 30", "[assumptions.snap_kph]\nvalue = inf", "snap_kph.*must be a number"),
        ("[assumptions.snap_kph]\nvalue = 30", "[assumptions.snap_kph]\nvalue = true", "snap_kph.*must be a number"),
        ('value = "A"\nunit = "definition"', 'value = "a lot"\nunit = "definition"', "must be one of A, B"),
        ('value = false\nunit = "yes or no"', 'value = "a lot"\nunit = "yes or no"', "must be true or false"),
        ("value = 190\n", "value = 190.5\n", "school_days_per_year.*must be a whole number"),
        ('value = "none"\n', "value = -1\n", "reach_limit_min.*must lie in 0 to 600, or none"),
        ('value = "none"\n', 'value = "never"\n', "reach_limit_min.*must be a number, or none"),
        ("low = 0.94", "low = 9", "retention_share"),
        ('area_id = "oxfordshire"', 'area_id = "../../x"', "lower-case letters, digits and hyphens"),
    ],
)
def test_a_wrong_kind_is_refused_by_name(tmp_path, old, new, says):
    with pytest.raises(ParameterError, match=says):
        read_parameters(_with(tmp_path, old, new))


def test_none_and_a_number_are_both_reach_limits(tmp_path):
    assert read_parameters(_with(tmp_path, 'value = "none"\n', "value = 60\n")).value("reach_limit_min") == 60
    assert read_parameters(_with(tmp_path, 'value = "none"\n', 'value = "none"\n')).value("reach_limit_min") == "none"
