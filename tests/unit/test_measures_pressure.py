"""Pupils above places, by hand."""

from __future__ import annotations

import pandas as pd

from sufficiency.measures import pressure_table


def test_pressure_is_told_by_the_district_of_the_setting_and_for_local_headline_provision_only():
    """Two schools in north (over by 3 and 4), one in south (over by 0), one outside any district (over by 2).

    north 3 + 4 = 7, south 0, county 7 + 0 + 2 = 9; the independent school's 50 and the college's 60 count nowhere.
    """
    provision = pd.DataFrame(
        {
            "provision_id": ["a", "b", "c", "d", "independent", "college"],
            "setting_id": ["A", "B", "C", "D", "I", "F"],
            "provision_type": ["special_school"] * 3 + ["specialist_base", "special_school", "fe_specialist_unit"],
            "tier": ["local"] * 4 + ["independent", "local"],
        }
    )
    settings = pd.DataFrame(
        {"setting_id": list("ABCDIF"), "district_id": ["north", "north", "south", "", "north", "north"]}
    )
    use = pd.DataFrame(
        {
            "scenario_id": "do_nothing",
            "policy": "nearest",
            "year": 2028,
            "provision_id": provision["provision_id"],
            "over_capacity_pupils": [3, 4, 0, 2, 50, 60],
            "over_number_pupils": [0, 1, 0, 0, 50, 60],
        }
    )
    table = pressure_table(use, provision, settings, ["county", "north", "south"]).set_index("area_id")
    assert table["over_capacity_pupils"].to_dict() == {"county": 9, "north": 7, "south": 0}
    assert table["over_number_pupils"].to_dict() == {"county": 1, "north": 1, "south": 0}
