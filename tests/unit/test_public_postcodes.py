"""Postcodes: the normal form, the directories of every vintage, and where the postcodes of records lie."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.model.errors import DataError
from sufficiency.sources.public.postcodes import locate_postcodes, normal_postcode, read_postcodes

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.account import Reading

OLD = (
    "pcd,pcd2,pcds,dointr,doterm,usertype,oseast1m,osnrth1m,osgrdind,oslaua,osward,lsoa11,msoa11,lat,long,oa21,lsoa21\n"
    '"OX1 1AA","OX1  1AA","OX1 1AA",198001,,0,451001,206001,1,E07999001,E05999001,E01999011,E02999001,51.7,-1.2,,'
    "E01999021\n"
    '"OX101AB","OX10 1AB","OX10 1AB",198001,199906,0,461002,190002,1,E07999002,E05999002,E01999012,E02999001,51.6,-1.1'
    ",,E01999022\n"
    '"OX1 1AD","OX1  1AD","OX1 1AD",198001,,0,,,9,E07999001,E05999001,,,99.999999,0.000000,,\n'
    '"BT1 1AA","BT1  1AA","BT1 1AA",198001,,0,334000,374000,1,N09999001,N08999001,95ZZ01S1,,54.6,-5.9,,N21999001\n'
    '"JE2 3AB","JE2  3AB","JE2 3AB",198001,,0,,,9,L99999999,L99999999,L99999999,,99.999999,0,,L99999999\n'
    '"GIR0AA","GIR  0AA","GIR 0AA",198001,,0,,,9,E99999999,E99999999,,,99.999999,0,,\n'
)
NEW = (
    "pcd7,pcd8,pcds,dointr,doterm,usrtypind,east1m,north1m,gridind,oa21cd,cty{y}cd,ced25cd,lad{y}cd,wd{y}cd,nhser24cd,"
    "ctry{y}cd,lsoa21cd,msoa21cd,lat,long,imd20ind\n"
    "OX1 1AA,OX1  1AA,OX1 1AA,198001,,0,451001,206001,1,E00999001,E10999001,,E07999001,E05999001,,E92000001,E01999021,"
    "E02999001,51.7,-1.2,1\n"
    "OX1 1AE,OX1  1AE,OX1 1AE,198001,202401,0,0,0,9,,,,E07999001,E05999001,,E92000001,,,99.999999,0,1\n"
)
CODE_POINT = (
    '"OX1 1AA",10,451001,206001,"E92000001","E19000002","E18000009","E10999001","E07999001","E05999001"\n'
    '"OX1 1AD",90,0,0,"E92000001","E19000002","E18000009","E10999001","E07999001","E05999001"\n'
)


def read(tmp_path: Path, text: str, **more: object) -> tuple[Reading, list[Issue]]:
    path = tmp_path / "directory.csv"
    path.write_text(text, encoding="utf-8")
    issues: list[Issue] = []
    reading = read_postcodes(path, issues, **more)
    assert reading is not None
    assert reading.account.closes
    return reading, issues


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("OX1 1AA", "OX1 1AA"),
        ("ox11aa", "OX1 1AA"),
        ("  OX10   1AA ", "OX10 1AA"),
        ("OX1\u00a01AA", "OX1 1AA"),
        ("0X1 1AA", "OX1 1AA"),  # zero for the first letter
        ("OX1O 1AA", "OX10 1AA"),  # the letter for the zero of a number
        ("OX1 OAA", "OX1 0AA"),
        ("S01 1AA", "SO1 1AA"),  # no district is numbered 01
        ("SO1 1AA", "SO1 1AA"),
        ("N10 1AA", "N10 1AA"),
        ("N1O 1AA", "N10 1AA"),
        ("BS0 1AA", "BS0 1AA"),
        ("M1 1AA", "M1 1AA"),
        ("sw1a1aa", "SW1A 1AA"),
        ("W1R 1AA", "W1R 1AA"),
        ("gir 0aa", "GIR 0AA"),
        ("zz993vz", "ZZ99 3VZ"),
        ("BX1 1LT", "BX1 1LT"),
        ("XX10 1AA", "XX10 1AA"),
        ("OX1", ""),
        ("OX1 1A0", ""),  # neither O nor 0 can be the last letter
        ("OX1 1AC", ""),  # C is in no postcode's last part
        ("QX1 1AA", ""),
        ("not known", ""),
        ("OX1 1AA, Oxford", ""),
        ("", ""),
        (None, ""),
        (float("nan"), ""),
        ("ＯＸ１ １ＡＡ", ""),
    ],
)
def test_the_normal_form(typed: object, normal: str) -> None:
    assert normal_postcode(typed) == normal


@given(st.text(alphabet=string.ascii_letters + string.digits + " -", max_size=9))
def test_the_normal_form_is_stable_and_changes_nothing_but_space_case_and_the_o(text: str) -> None:
    normal = normal_postcode(text)
    assert normal_postcode(normal) == normal
    assert normal_postcode(text.lower()) == normal == normal_postcode(text.replace(" ", ""))
    if normal:
        assert normal.replace(" ", "").replace("0", "O") == text.replace(" ", "").upper().replace("0", "O")


def test_an_old_directory(tmp_path: Path) -> None:
    reading, issues = read(tmp_path, OLD)
    assert issues == []
    table = reading.table.set_index("postcode")
    assert list(table.index) == ["OX1 1AA", "OX10 1AB", "OX1 1AD", "BT1 1AA", "JE2 3AB", "GIR 0AA"]
    assert table.loc["OX1 1AA"].to_dict() == {
        "easting_m": 451001.0,
        "northing_m": 206001.0,
        "lsoa_code": "E01999021",
        "district_code": "E07999001",
        "ward_code": "E05999001",
        "status": "live",
    }
    assert table["status"].tolist() == ["live", "terminated", "live", "live", "live", "live"]
    # no grid reference, the Irish grid, the Channel Islands, no place at all
    assert table["easting_m"].isna().tolist() == [False, False, True, True, True, True]
    assert table["easting_m"].isna().equals(table["northing_m"].isna())
    assert reading.account.notes["codes taken from the column lsoa21"] == 6


@pytest.mark.parametrize(
    ("cells", "placed"),
    [
        ("OX1 1AA,451001,206001,1,10,51.7,E92000001", True),
        ("OX1 1AA,,,1,10,51.7,E92000001", False),
        ("OX1 1AA,0,0,1,10,51.7,E92000001", False),
        ("OX1 1AA,0,206001,1,10,51.7,E92000001", False),
        ("OX1 1AA,451001,,1,10,51.7,E92000001", False),
        ("OX1 1AA,451001,206001,9,10,51.7,E92000001", False),
        ("OX1 1AA,451001,206001,1,90,51.7,E92000001", False),
        ("OX1 1AA,451001,206001,1,10,99.999999,E92000001", False),
        ("OX1 1AA,451001,206001,1,10,51.7,N92000002", False),
        ("OX1 1AA,451001,206001,1,10,51.7,L93000001", False),
        ("OX1 1AA,451001,206001,1,10,51.7,M83000003", False),
        ("IM1 1AA,451001,206001,1,10,51.7,", False),
    ],
)
def test_every_sign_of_no_position_by_itself(tmp_path: Path, cells: str, placed: bool) -> None:
    reading, issues = read(tmp_path, f"pcds,oseast1m,osnrth1m,osgrdind,pqi,lat,ctry\n{cells}\n")
    assert issues == []
    assert len(reading.table) == 1
    assert reading.table[["easting_m", "northing_m"]].notna().to_numpy().tolist() == [[placed, placed]]


@pytest.mark.parametrize("vintage", ["25", "26"])
def test_a_new_directory_of_any_year(tmp_path: Path, vintage: str) -> None:
    reading, issues = read(tmp_path, NEW.replace("{y}", vintage))
    assert issues == []
    assert reading.table["lsoa_code"].tolist() == ["E01999021", ""]
    assert reading.table["district_code"].tolist() == ["E07999001"] * 2
    assert reading.table["ward_code"].tolist() == ["E05999001"] * 2
    assert reading.table["status"].tolist() == ["live", "terminated"]
    assert reading.table["easting_m"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n",
        (
            "Postcode,Positional_quality_indicator,Eastings,Northings,Country_code,NHS_regional_HA_code,NHS_HA_code,"
            "Admin_county_code,Admin_district_code,Admin_ward_code\n"
        ),
        "postcode,pqi,easting,northing,country,nhs_rha,nhs_ha,county,district,ward\n",
    ],
)
def test_code_point_open_with_and_without_a_header(tmp_path: Path, header: str) -> None:
    reading, issues = read(tmp_path, header + CODE_POINT)
    assert issues == []
    assert reading.table.index.tolist() == ([2, 3] if header else [1, 2])
    assert reading.table["postcode"].tolist() == ["OX1 1AA", "OX1 1AD"]
    assert reading.table["northing_m"].tolist()[0] == 206001.0
    assert np.isnan(reading.table["northing_m"].tolist()[1])
    assert reading.table["district_code"].tolist() == ["E07999001"] * 2
    assert reading.table["ward_code"].tolist() == ["E05999001"] * 2
    assert reading.table["lsoa_code"].tolist() == ["", ""]


def test_only_the_districts_asked_for(tmp_path: Path) -> None:
    reading, issues = read(tmp_path, OLD, districts=["E07999002"])
    assert issues == []
    assert reading.table["postcode"].tolist() == ["OX10 1AB"]
    assert reading.account.set_aside == {"in another district": 5}
    _, issues = read(tmp_path, OLD, districts=["E07999009"])
    assert [issue.check for issue in issues] == ["no_rows"]
    path = tmp_path / "without.csv"
    path.write_text("pcds,oseast1m,osnrth1m\nOX1 1AA,451001,206001\n", encoding="utf-8")
    issues = []
    assert read_postcodes(path, issues, districts=["E07999001"]) is None
    assert [issue.check for issue in issues] == ["column_missing"]


def test_faults_of_a_directory(tmp_path: Path) -> None:
    reading, issues = read(
        tmp_path,
        "pcds,doterm,oseast1m,osnrth1m\n"
        "OX1 1AA,,451001,206001\n"
        "OX1 1AA,,451001,206001\n"  # again
        "OX1 1AB,,451001,206001\n"
        "OX1 1AB,,451001,206009\n"  # contradicts
        "nowhere,,451001,206001\n"
        "OX1 1AD,,51.75,-1.25\n"  # degrees
        "OX1 1AE,,east,206001\n"
        "OX1 1AF,,inf,206001\n"
        "OX1 1AG,,:,206001\n"  # a symbol
        "OX1 1AH,,451001,206001,\n",  # a comma too many
    )
    assert reading.table["postcode"].tolist() == ["OX1 1AA", "OX1 1AD", "OX1 1AE", "OX1 1AF", "OX1 1AG"]
    assert reading.table["easting_m"].notna().sum() == 1
    assert reading.account.rows == 10
    assert reading.account.set_aside == {
        "another number of fields than the header": 1,
        "not a postcode": 1,
        "the same entry again": 1,
        "a postcode with two different entries": 2,
    }
    assert sorted((issue.check, issue.row) for issue in issues) == [
        ("key_twice", 4),
        ("key_twice", 5),
        ("not_a_postcode", 6),
        ("position_outside", 7),
        ("position_outside", 9),
        ("row_shifted", 11),
        ("text_in_number", 8),
    ]
    shown = " ".join(f"{issue.key} {issue.value} {issue.message}" for issue in issues)
    assert "OX1" not in shown
    assert "nowhere" not in shown


def test_a_file_that_is_no_directory_is_said(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,score\nA,1\n", encoding="utf-8")
    for one in (path, tmp_path / "absent.csv", tmp_path):
        issues: list[Issue] = []
        assert read_postcodes(one, issues) is None
        assert issues
        assert all(issue.severity == "error" for issue in issues)


def test_every_class_of_postcode_and_no_postcode_in_the_answer(tmp_path: Path) -> None:
    directory = read(tmp_path, OLD)[0].table
    typed = {
        "a": ("ox1 1aa", "ok"),
        "b": ("OX101AB", "terminated"),
        "c": ("OX1 1AD", "no_position"),
        "d": ("BT1 1AA", "no_position"),
        "e": ("GY1 1AA", "no_position"),
        "f": ("ZZ99 3VZ", "pseudo"),
        "g": ("GIR 0AA", "not_geographic"),
        "h": ("BX1 1LT", "not_geographic"),
        "i": ("XX10 1AA", "not_geographic"),
        "j": ("OX9 9ZZ", "unknown"),
        "k": ("OX1 1CC", "malformed"),
        "l": ("  ", "blank"),
        "m": (None, "blank"),
        "n": (np.nan, "blank"),
        "o": (12345, "malformed"),
    }
    values = pd.Series([text for text, _ in typed.values()], index=list(typed), dtype=object)
    before = values.copy()
    located = locate_postcodes(values, directory)
    assert values.equals(before)
    assert located.columns.tolist() == ["class", "easting_m", "northing_m", "lsoa_code", "district_code"]
    assert located["class"].to_dict() == {key: name for key, (_, name) in typed.items()}
    assert located.loc["a"].tolist() == ["ok", 451001.0, 206001.0, "E01999021", "E07999001"]
    assert located.loc["b"].tolist() == ["terminated", 461002.0, 190002.0, "E01999022", "E07999002"]
    assert located.loc["c":, ["easting_m", "northing_m"]].isna().all(axis=None)
    assert located.loc["c", "district_code"] == "E07999001"
    assert (located.loc["f":, ["lsoa_code", "district_code"]] == "").all(axis=None)
    shown = located.to_csv().upper()
    assert not any(str(text).strip().upper() in shown for text, _ in list(typed.values())[:11])


def test_nobody_is_dropped_and_any_index_is_kept(tmp_path: Path) -> None:
    directory = read(tmp_path, OLD)[0].table
    values = pd.Series(["OX1 1AA", "OX1 1AA", "", "nobody"], index=[7, 7, 3, 1])
    located = locate_postcodes(values, directory)
    assert located.index.tolist() == [7, 7, 3, 1]
    assert located["class"].tolist() == ["ok", "ok", "blank", "malformed"]
    assert locate_postcodes(values.iloc[:0], directory).empty
    assert locate_postcodes(values, directory.iloc[:0])["class"].tolist() == [
        "unknown",
        "unknown",
        "blank",
        "malformed",
    ]
    with pytest.raises(DataError, match="twice"):
        locate_postcodes(values, pd.concat([directory, directory]))
