"""The attacker of public tables finds what is planted in tables worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attack import recovered

if TYPE_CHECKING:
    from pathlib import Path

KEY = "s,optimal,2028,county,K,Kent"
AREA = "scenario_id,policy,year,level,area_id,area_name,demand_pupils,capacity_places,location_balance_places"
NEED = "scenario_id,policy,year,level,area_id,area_name,need,phase,demand_pupils"
TYPE = "scenario_id,policy,year,level,area_id,area_name,provision_type,placed_local_pupils"
MONEY = "scenario_id,policy,year,item,gbp_central"
PRICES = "name,value\nspecial_school_place_gbp,25000\ntransported_share,0.85\ntransport_gbp_per_pupil,8116\n"
SAFE = {
    "sufficiency_area": f"{AREA}\n{KEY},20,25,z\n",
    "sufficiency_county_need_phase": f"{NEED}\n{KEY},ASD,all,c\n{KEY},MLD,all,c\n",
    "sufficiency_area_type": f"{TYPE}\n{KEY},special_school,c\n",
    "assumptions": PRICES,
    "money": f"{MONEY}\ns,optimal,2028,Local special-school places,c\n",
}


@pytest.mark.parametrize(
    ("table", "text", "count"),
    [
        # 20 less 17 is 3
        ("sufficiency_county_need_phase", f"{NEED}\n{KEY},ASD,all,17\n{KEY},MLD,all,c\n", 3),
        # 75,000 pounds at 25,000 pounds a place are 3 pupils
        ("money", f"{MONEY}\ns,optimal,2028,Local special-school places,75000\n", 3),
        # 25 places, 21 more than are sought: 4 pupils
        ("sufficiency_area", f"{AREA}\n{KEY},c,25,21\n", 4),
    ],
)
def test_a_planted_leak_is_found(tmp_path: Path, table: str, text: str, count: int) -> None:
    for name, safe in (SAFE | {table: text}).items():
        (tmp_path / f"{name}.csv").write_text(safe, encoding="utf-8")
    assert (count, count) in {(low, high) for _, _, low, high in recovered(tmp_path)[1]}


def test_nothing_is_found_where_nothing_is_planted(tmp_path: Path) -> None:
    for name, safe in SAFE.items():
        (tmp_path / f"{name}.csv").write_text(safe, encoding="utf-8")
    assert recovered(tmp_path) == (3, [])
