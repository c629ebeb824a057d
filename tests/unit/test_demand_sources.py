"""Reading an area's folder of demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sufficiency.sources.demand import read_demand
from sufficiency.sources.population import read_population

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.sources.files import Issue

RATES = "ncy,need,placement,place_sought,attendance,pupils\n6,ASD,state_special_school,special_school,day,4\n"
CONTROLS = "year,stream,pupils,low_pupils,high_pupils\n2024,headline,4,,\n2025/26,headline,5,4,6\n"
DEMAND = (
    "group_id,origin_id,year,ncy,sex,need,ehcp,place_sought,attendance,pupils\n"
    "a,east,2024,6,any,ASD,true,special_school,day,4\n"
)


def test_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES, encoding="utf-8")
    (tmp_path / "controls.csv").write_text(CONTROLS, encoding="utf-8")
    (tmp_path / "population.csv").write_text("zone_id,year,age,people\n007,2024,10,1.5\n", encoding="utf-8")
    issues: list[Issue] = []
    found = read_demand(tmp_path, issues)
    people = read_population(tmp_path, issues)
    assert issues == []
    assert found.rates["pupils"].tolist() == [4]
    assert found.controls["year"].tolist() == [2024, 2025]
    assert found.demand is None
    assert found.placements is None
    assert people["zone_id"].tolist() == ["007"]


def test_faults_are_named(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(RATES.replace("ASD", "ADS"), encoding="utf-8")
    issues: list[Issue] = []
    found = read_demand(tmp_path, issues)
    assert {(issue.file, issue.check) for issue in issues} == {
        ("demand/rates.csv", "unknown_code"),
        ("demand/controls.csv", "file_missing"),
    }
    assert found.rates.empty


def test_own_demand_needs_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "demand.csv").write_text(DEMAND, encoding="utf-8")
    issues: list[Issue] = []
    found = read_demand(tmp_path, issues)
    assert issues == []
    assert found.demand is not None
    assert found.demand["pupils"].tolist() == [4]
    assert found.rates.empty
