"""The department's releases as files: invented rows with sums worked by hand, and faults that must be survived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sufficiency.model.errors import DataError
from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.sources.public.ehc_labels import PLACEMENT_OF_ITEM, age_of_label, placement_of_label
from sufficiency.sources.public.ehc_plans import (
    needs_by_age,
    needs_by_placement,
    placement_by_age,
    plans_by_placement,
    plans_by_year,
    read_ehc_plans,
    residential_totals,
)
from sufficiency.sources.public.pupil_yields import read_pupil_yields
from sufficiency.sources.public.release import read_numbers, read_periods
from sufficiency.sources.public.scap import read_scap_capacity, read_scap_forecasts
from sufficiency.sources.public.scorecard import read_scorecard

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

HEAD = "time_period,time_identifier,geographic_level,new_la_code,old_la_code,la_name,breakdown_topic,breakdown,"
WHO = "202425,Academic year,Local authority,E09999999,999,Nowhereshire,"
OTHER = "202425,Academic year,Local authority,E09999998,998,Elsewhereshire,"
CASELOAD = HEAD + (
    "ehcplans,mainstream_academy,mainstream_academy_resourced_provision,mainstream_total,mainstream_total_pc,"
    "special_academy_free,special_independent,special_total,ap_pru_academy,ap_pru_total,AP_PRU_total_pc,"
    "general_fe_tertiary_colleges,specialist_post_16_institutions,ukrlp_provider,fe_total,neet,"
    "other_placement_settings,ed_elsewhere,nm_early_years,placement_unknown,await_prov_2022"
)
# 30 + 5 = 35; 20 + 4 = 24; 1; 6 + 2 + 1 = 9; 7 + 3 = 10; 2; 1: in all 82.
ALL = "All EHC plans,All EHC plans,82,30,5,35,42.7,20,4,24,1,1,1.2,6,2,1,9,7,3,10,2,1,x"
AGE_5 = "Child or young persons age,age 5,60,25,4,29,48.3,17,3,20,0,0,0,0,0,0,0,6,2,8,2,1,x"
AGE_16 = "Child or young persons age,age 16,22,5,1,6,27.3,3,1,4,1,1,4.5,6,2,1,9,1,1,2,0,0,x"
NEEDS = HEAD + "ehc_plans,number_asd,number_mld,number_need_unknown,asd_pc"


def write(path: Path, *lines: str) -> Path:
    """Write lines as the department does, with its mark at the start."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def checks(issues: list[Issue]) -> list[tuple[str, str, str]]:
    """Return check, severity and column of each issue."""
    return [(issue.check, issue.severity, issue.column) for issue in issues]


def test_a_caseload_that_closes(tmp_path: Path) -> None:
    issues: list[Issue] = []
    path = write(tmp_path / "c.csv", CASELOAD, WHO + ALL, WHO + AGE_5, WHO + AGE_16, OTHER + ALL)
    found = read_ehc_plans(path, issues, la_code="999")
    assert found is not None
    assert issues == []
    assert (found.account.rows, found.account.used, dict(found.account.set_aside)) == (4, 3, {"another authority": 1})
    assert found.account.closes
    table = found.table
    assert len(table) == 3 * 21
    assert set(table["year"]) == {2024}
    assert set(table["period"]) == {"academic"}
    assert set(table.loc[table["unit"] == "percent", "item"]) == {"mainstream_total_pc", "ap_pru_total_pc"}
    missing = table[table["value"].isna()]
    assert set(missing["item"]) == {"await_prov_2022"}
    assert set(missing["missing"]) == {"x: not available"}
    assert (table.loc[table["value"].notna(), "missing"] == "").all()
    again = read_ehc_plans(path, issues, la_code="e09999999")
    assert again is not None
    pd.testing.assert_frame_equal(table, again.table)


def test_placements_of_the_caseload(tmp_path: Path) -> None:
    found = read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL, WHO + AGE_5, WHO + AGE_16), [])
    assert found is not None
    assert plans_by_year(found.table).to_dict("list") == {"year": [2024], "plans": [82.0]}
    pupils = plans_by_placement(found.table).set_index("placement")["pupils"]
    assert pupils[["educated_elsewhere", "not_recorded", "alternative_provision"]].tolist() == [10, 1, 1]
    # The file has no column of other state special schools or units, so these two groups are not whole.
    assert np.isnan(pupils["state_special_school"])
    finer = plans_by_placement(found.table, finer=True).set_index("item")
    assert finer.loc["mainstream_academy_resourced_provision", "placement"] == "resourced_provision_or_unit"
    assert finer.loc["mainstream_academy_resourced_provision", "pupils"] == 5
    aged = placement_by_age(found.table).set_index(["age_from", "placement"])["pupils"]
    assert aged[16, "general_further_education"] == 6
    assert aged[5, "educated_elsewhere"] == 8


@pytest.mark.parametrize(
    ("old", "new", "column", "stated", "summed"),
    [
        (",35,42.7", ",36,42.7", "mainstream_total", "36", "35"),
        (",20,4,24,", ",20,4,25,", "special_total", "25", "24"),
        (",1,9,7", ",1,8,7", "fe_total", "8", "9"),
        (",7,3,10,", ",7,3,11,", "ed_elsewhere", "11", "10"),
        (",82,", ",83,", "ehcplans", "83", "82"),
    ],
)
def test_a_total_that_does_not_close(tmp_path: Path, old: str, new: str, column: str, stated: str, summed: str) -> None:
    issues: list[Issue] = []
    assert old in ALL
    found = read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL.replace(old, new)), issues)
    assert found is not None
    assert found.account.used == 1
    first = next(issue for issue in issues if issue.column == column)
    assert (first.check, first.severity, first.row) == ("total_open", "warning", 2)
    assert f"stated as {stated}" in first.message
    assert f"sum to {summed}" in first.message


def test_parts_that_are_not_given_are_said_once(tmp_path: Path) -> None:
    issues: list[Issue] = []
    gone = [row.replace(",2,1,9,", ",2,x,9,") for row in (ALL, AGE_16)]
    read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, *(WHO + row for row in (*gone, AGE_5))), issues)
    assert checks(issues) == [("total_unchecked", "note", "fe_total")]
    assert "2 rows (2024)" in issues[0].message
    # Known parts beyond the total cannot close, whatever the missing one is.
    issues.clear()
    read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL.replace(",6,2,1,9,", ",6,5,x,9,")), issues)
    assert ("total_open", "warning", "fe_total") in checks(issues)


def test_other_settings_beside_elsewhere_in_older_years(tmp_path: Path) -> None:
    issues: list[Issue] = []
    # Elsewhere is 7, without the 3 other settings, and all plans still sum to 82.
    path = write(tmp_path / "c.csv", CASELOAD, WHO + ALL.replace(",7,3,10,", ",7,3,7,"))
    found = read_ehc_plans(path, issues)
    assert found is not None
    assert issues == []
    pupils = plans_by_placement(found.table).set_index("placement")["pupils"]
    assert pupils[["educated_elsewhere", "other_placement_setting"]].tolist() == [7, 3]


def test_ages_that_do_not_sum_to_all_plans(tmp_path: Path) -> None:
    issues: list[Issue] = []
    read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL, WHO + AGE_5), issues)
    assert checks(issues) == [("breakdown_open", "warning", "ehcplans")]
    assert "is 82" in issues[0].message
    assert "it is 60" in issues[0].message


def test_needs_by_age_and_placement(tmp_path: Path) -> None:
    issues: list[Issue] = []
    rows = [
        "All EHC plans,All EHC plans,9,5,3,1,55.6",
        "Child or young persons age,under 3,1,1,0,0,100",
        "Child or young persons age,age 3,8,4,3,1,50",
        "Type of placement,Special - LA maintained,3,2,1,0,66.7",
        "Type of placement,Special - Academy/free schools,2,1,1,0,50",
        "Type of placement,Special - total,5,3,2,0,60",
        "Type of placement,Placement not recorded,4,2,1,1,50",
    ]
    found = read_ehc_plans(write(tmp_path / "n.csv", NEEDS, *(WHO + row for row in rows)), issues)
    assert found is not None
    assert issues == []
    placed = needs_by_placement(found.table).set_index(["placement", "need"])["pupils"]
    assert placed["state_special_school"].to_dict() == {"ASD": 3, "MLD": 2, "UNK": 0}
    assert placed.sum() == 9
    aged = needs_by_age(found.table)
    assert aged.loc[aged["age_to"] == 2, "pupils"].sum() == 1
    assert set(zip(aged["age_from"], aged["age_to"], strict=True)) == {(0, 2), (3, 3)}
    rows[0] = "All EHC plans,All EHC plans,9,5,3,2,55.6"
    rows[5] = "Type of placement,Special - total,5,3,3,0,60"
    rows[6] = "Type of placement,On the moon,4,2,1,1,50"
    read_ehc_plans(write(tmp_path / "n.csv", NEEDS, *(WHO + row for row in rows)), issues)
    assert {(i.check, i.column) for i in issues} >= {
        ("total_open", "ehc_plans"),
        ("total_open", "number_mld"),
        ("placement_unknown", "breakdown"),
    }


def test_residential_totals(tmp_path: Path) -> None:
    rows = [
        "All residential placements,All residential placements,3,2,5",
        "Child or young persons age,age 19,2,1,3",
        "Child or young persons age,age 20 and over,1,1,2",
        "Type of placement,Special - independent,3,1,4",
        "Type of placement,Special - total,3,1,4",
        "Type of placement,FE - UKRLP provider,0,1,1",
    ]
    issues: list[Issue] = []
    path = write(tmp_path / "r.csv", HEAD + "Res_3851,Res_52,Res_tot", *(WHO + row for row in rows))
    found = read_ehc_plans(path, issues)
    assert found is not None
    assert issues == []
    totals = residential_totals(found.table)
    assert totals["pupils"].sum() == 10
    placed = totals[totals["placement"] != ""].set_index("placement")["pupils"]
    assert placed.to_dict() == {"independent_special_school": 4, "other_training_provider": 1}
    assert totals.loc[totals["placement"] == "", "age_to"].tolist() == [19, 25]


def test_faults_of_rows_and_cells(tmp_path: Path) -> None:
    issues: list[Issue] = []
    national = WHO.replace("Local authority", "National").replace("E09999999,999,Nowhereshire", ",,")
    lines = [
        WHO + "All EHC plans,All EHC plans,1,1,0,0,100",
        WHO + "All EHC plans,All EHC plans,1,1,0,0,100",
        national + "All EHC plans,All EHC plans,5,5,0,0,100",
        WHO.replace("202425", "202426") + "All EHC plans,All EHC plans,1,1,0,0,100",
        WHO.replace("999,Nowhereshire", "999,Nowhereshire,") + "All EHC plans,All EHC plans,1,1,0,0,100",
        WHO + 'Sex,Female,"1,200",1,0,0,100',
        WHO + "Sex,Male,-1,low,c,,100%",
    ]
    found = read_ehc_plans(write(tmp_path / "n.csv", NEEDS, *lines), issues)
    assert found is not None
    assert found.account.closes
    assert (found.account.rows, found.account.used) == (7, 3)
    assert dict(found.account.set_aside) == {
        "another number of fields than the header": 1,
        "another geographic level": 1,
        "period not understood": 1,
        "the same row again": 1,
    }
    assert {(i.check, i.row) for i in issues if i.severity == "error"} == {
        ("row_shifted", 6),
        ("not_a_period", 5),
        ("row_twice", 3),
        ("not_a_number", 7),
        ("not_a_number", 8),
    }
    male = found.table[found.table["breakdown"] == "Male"].set_index("item")
    assert male["value"].isna().all()
    assert male["missing"].to_dict() == {
        "ehc_plans": "unreadable: not a number of 0 or more",
        "number_asd": "low: rounds to 0 but is not 0",
        "number_mld": "c: confidential, held back",
        "number_need_unknown": "blank: nothing in the cell",
        "asd_pc": "unreadable: not a number of 0 or more",
    }


def test_files_of_no_use(tmp_path: Path) -> None:
    issues: list[Issue] = []
    assert read_ehc_plans(tmp_path / "none.csv", issues) is None
    assert read_ehc_plans(write(tmp_path / "a.csv", "time_period,la_name", "202425,Nowhereshire"), issues) is None
    assert read_ehc_plans(write(tmp_path / "b.csv", HEAD + "something", WHO + "a,a,1"), issues) is None
    assert [i.check for i in issues] == ["file_missing", "column_missing", "column_missing", "not_this_release"]
    issues.clear()
    found = read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL), issues, la_code="123")
    assert found is not None
    assert found.table.empty
    assert found.account.closes
    assert [i.check for i in issues] == ["authority_missing"]


def test_helpers_want_one_authority(tmp_path: Path) -> None:
    found = read_ehc_plans(write(tmp_path / "c.csv", CASELOAD, WHO + ALL, OTHER + ALL), [])
    assert found is not None
    with pytest.raises(DataError, match="2 authorities"):
        plans_by_year(found.table)
    with pytest.raises(DataError, match="no rows of the breakdown"):
        needs_by_age(found.table[found.table["la_name"] == "Nowhereshire"])


def test_labels() -> None:
    assert set(PLACEMENT_OF_ITEM.values()) == set(PLACEMENTS)
    assert [age_of_label(x) for x in ("age 10", "under 3", "age 2 and under", "age 20 and over", "unknown")] == [
        (10, 10),
        (0, 2),
        (0, 2),
        (20, 25),
        None,
    ]
    assert placement_of_label("Special - academy/free school") == "state_special_school"
    assert placement_of_label("Mainstream - free school (SEN unit)") == "resourced_provision_or_unit"
    assert placement_of_label("Educated elsewhere - total") == ""
    assert placement_of_label("Educated elsewhere - NEET") == "educated_elsewhere"
    assert placement_of_label("Special - on the moon") is None


def test_periods() -> None:
    texts = ["202425", "2024/25", "2024", "202424", "2024", "199900", "202425"]
    names = ["Academic year", "", "Calendar year", "Academic year", "Week 3", "", "Calendar year"]
    years, kinds = read_periods(np.array(texts, dtype=object), np.array(names, dtype=object))
    assert years.tolist() == [2024, 2024, 2024, -1, -1, 1999, -1]
    assert kinds.tolist() == ["academic", "academic", "calendar", "", "", "academic", ""]


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 10**6).map(str), st.text(max_size=6)), max_size=20))
def test_a_cell_is_a_number_or_says_why_not(texts: list[str]) -> None:
    found = read_numbers(np.array(texts, dtype=object))
    for text, value, missing, wrong in zip(texts, *found, strict=True):
        assert (missing == "") == (not np.isnan(value))
        assert not wrong or missing.startswith("unreadable")
        if text.isascii() and text.isdigit():
            assert value == int(text)
        if not any(character.isdigit() for character in text):
            assert np.isnan(value)


CELL = st.sampled_from(["1", "0", "x", "c", "", "-3", "1,5", "202425", "2024", "Sex", "National", "Local authority"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=11, max_size=14), max_size=6))
def test_every_row_is_accounted_for(tmp_path: Path, rows: list[list[str]]) -> None:
    lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
    for read in (read_ehc_plans, read_scap_forecasts):
        header = (
            NEEDS
            if read is read_ehc_plans
            else NEEDS.replace("breakdown_topic", "education_phase").replace("ehc_plans", "pupil_forecast")
        )
        found = read(write(tmp_path / "x.csv", header, *lines), [])
        assert found is not None
        assert found.account.closes
        assert found.account.rows == sum(any(row) for row in rows)


SCAP = "time_period,time_identifier,geographic_level,region_code,old_la_code,new_la_code,la_name,education_phase,"
PLACE = "Academic year,Local authority,E12000099,999,E09999999,Nowhereshire,"


@pytest.mark.parametrize("name", ["pupil_forecast_and_202425_actuals", "pupil_forecast_and_actuals_202425"])
def test_scap_forecasts(tmp_path: Path, name: str) -> None:
    issues: list[Issue] = []
    lines = [f"202425,{PLACE}Primary,100", f"202526,{PLACE}Primary,110", f"202425,{PLACE}Secondary,z"]
    lines += [f"202526,{PLACE}Total,300", f"202526,{PLACE}Nursery,7", f"202526,{PLACE}Primary,111"]
    found = read_scap_forecasts(write(tmp_path / "s.csv", SCAP + name, *lines), issues, la_code="999")
    assert found is not None
    table = found.table
    assert table["pupils"].fillna(-1).tolist() == [100, 110, -1, 300]
    assert table["kind"].tolist() == ["actual", "forecast", "actual", "forecast"]
    assert table["education_phase"].tolist() == ["primary", "primary", "secondary", "all"]
    assert table["missing"].tolist() == ["", "", "z: not applicable", ""]
    assert dict(found.account.set_aside) == {"a phase that is not known": 1, "the same row again": 1}
    assert found.account.closes
    assert checks(issues) == [
        ("phase_unknown", "warning", "education_phase"),
        ("row_twice", "error", "education_phase"),
    ]


def test_scap_forecasts_do_not_guess(tmp_path: Path) -> None:
    issues: list[Issue] = []
    found = read_scap_forecasts(write(tmp_path / "s.csv", SCAP + "forecast", f"202526,{PLACE}Primary,5"), issues)
    assert found is not None
    assert found.table["kind"].tolist() == [""]
    two = write(tmp_path / "t.csv", SCAP + "forecast_1,forecast_2", f"202526,{PLACE}Primary,5,6")
    assert read_scap_forecasts(two, issues) is None
    assert [i.check for i in issues] == ["actual_year", "value_column"]


def test_scap_capacity(tmp_path: Path) -> None:
    header = SCAP.replace("education_phase", "school_main_phase") + (
        "count_schools,primary_capacity,secondary_capacity,primary_pupils_on_roll,secondary_pupils_on_roll,"
        "pupils_on_roll,number of places"
    )
    issues: list[Issue] = []
    lines = [f"202425,{PLACE}Total,3,40,60,38,66,110,105", f"202425,{PLACE}Special primary,1,40,x,38,0,38,39"]
    found = read_scap_capacity(write(tmp_path / "s.csv", header, *lines), issues)
    assert found is not None
    table = found.table.set_index(["main_phase", "phase"])
    assert table.loc[("all", "primary"), ["places", "pupils"]].tolist() == [40, 38]
    assert table.loc[("all", "all"), ["places", "pupils"]].tolist() == [105, 110]
    assert table.loc[("special primary", "secondary"), "places_missing"] == "x: not available"
    assert found.account.notes == {"column not read: count_schools": 2}
    assert issues == []
    read_scap_capacity(write(tmp_path / "s.csv", header, lines[0].replace("110,105", "110,99")), issues)
    assert checks(issues) == [("total_open", "warning", "number of places")]


def test_pupil_yields_in_both_layouts(tmp_path: Path) -> None:
    short = "AcademicYear,LTLA22NM,SENprovision_Name,geographic_level,SEN_Type_Count,TotalPupils,Percentage"
    long = (
        "time_period,time_identifier,geographic_level,la_name,lad_code,lad_name,SEN_type,number_of_pupils_with_SEN,"
        "total_number_of_pupils,percentage_of_pupils_with_SEN"
    )
    one = write(
        tmp_path / "a.csv", short, "202122,Midtown,EHCP,District,3,200,1", "202122,Midtown,SEN support,,25,200,13"
    )
    where = "202122,Academic year,Local authority district,Nowhereshire,E07999999,Midtown"
    two = write(
        tmp_path / "b.csv",
        long,
        f"{where},EHCP,3,200,1.5",
        f"{where},SEN support,25,200,12.5",
        "202122,Academic year,National,,,,EHCP,4,100,4",
    )
    issues: list[Issue] = []
    first, second = read_pupil_yields(one, issues), read_pupil_yields(two, issues)
    assert first is not None
    assert second is not None
    # 3 / 200 = 1.5 % may have been rounded to 1 or 2; 12.5 % to 12 or 13.
    assert issues == []
    assert first.table["share"].tolist() == second.table["share"].tolist() == [0.015, 0.125]
    assert first.table["district_code"].tolist() == ["", ""]
    assert second.table["district_code"].tolist() == ["E07999999"] * 2
    assert set(second.table["year"]) == {2021}
    assert dict(second.account.set_aside) == {"another geographic level": 1}
    faulty = ["202122,Midtown,EHCP,District,3,200,4", "202122,Midtown,SEN support,District,c,200,12"]
    faulty += ["202122,Hightown,EHCP,District,300,200,150", "202122,Hightown,All,District,3,200,2"]
    found = read_pupil_yields(write(tmp_path / "c.csv", short, *faulty), issues)
    assert found is not None
    assert found.table["share"].isna().tolist() == [False, True, True]
    assert checks(issues) == [
        ("sen_type_unknown", "warning", "sen_type"),
        ("more_than_all", "error", "pupils_with_sen"),
        ("percentage_apart", "warning", "percentage"),
    ]
    assert "published as 4; its counts give 1.50" in issues[2].message


def test_scorecard_reads_what_is_certain(tmp_path: Path) -> None:
    header = "Year,LANumber,new_la_code,LA_name,PriNOR,For_1_P,Quan_P_RP,CPP_P_NS,Cost_P_NS,Places_P_NS,KS2Mat_AA_N"
    rows = ["2024/25,999,E09999999,Nowhereshire,1000,-0.02,80,20000,2000000,100,5"]
    rows += ["2023/24,999,E09999999,Nowhereshire,990,z,,30000,2000000,100,5"]
    issues: list[Issue] = []
    found = read_scorecard(write(tmp_path / "s.csv", header, *rows), issues)
    assert found is not None
    table = found.table.set_index(["year", "measure"])
    assert table.loc[(2024, "pupils_on_roll"), "value"] == 1000
    assert table.loc[(2024, "forecast_error_one_year_ahead"), "value"] == -0.02
    assert table.loc[(2024, "places_needed"), "value"] == 80
    assert table.loc[(2024, "cost_per_place"), ["value", "project_type", "unit"]].tolist() == [
        20000,
        "new_school",
        "gbp",
    ]
    assert table.loc[(2023, "forecast_error_one_year_ahead"), "missing"] == "z: not applicable"
    assert found.account.notes == {"column not read: ks2mat_aa_n": 2}
    # 2,000,000 / 100 = 20,000, not the 30,000 stated.
    assert [(i.check, i.row, i.value) for i in issues] == [("cost_apart", 3, "30000.00")]
