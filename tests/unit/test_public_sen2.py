"""The SEN2 return: who is counted, where they are, and that nobody can be told from what comes out."""

from __future__ import annotations

import datetime as dt
import io
import logging
import pickle
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sufficiency.model.issues import issues_table
from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import NEEDS, NOT_LOCATED, PLACE_SOUGHT
from sufficiency.sources.public.account import accounts_table
from sufficiency.sources.public.postcodes import locate_postcodes
from sufficiency.sources.public.sen2 import (
    Sen2,
    caseload_of_sen2,
    pattern_of_sen2,
    placements_of_sen2,
    read_sen2,
)
from sufficiency.sources.public.sen2_files import link, read_module
from sufficiency.sources.public.sen2_persons import admit_persons
from tests import sen2_export as invented
from tests.sen2_export import COLUMNS, DATE, POSTCODES, SETTINGS, Export, born, day

if TYPE_CHECKING:
    from pathlib import Path

    from sufficiency.model.issues import Issue

PROVISION = pd.DataFrame(
    [
        ("900001-primary", "900001", "special_school", "primary", 0, 6),
        ("900001-secondary", "900001", "special_school", "secondary", 7, 11),
        ("900001-sixth-form", "900001", "special_school", "sixth_form", 12, 14),
        ("900010-base", "900010", "specialist_base", "all", 0, 6),
        ("900040-unit", "900040", "fe_specialist_unit", "all", 12, 14),
    ],
    columns=["provision_id", "setting_id", "provision_type", "department", "ncy_from", "ncy_to"],
)


def read(folder: Path, **more: Any) -> tuple[Sen2, list[Issue]]:
    issues: list[Issue] = []
    given = {"postcodes": POSTCODES, "settings": SETTINGS, "key": b"for tests"} | more
    found = read_sen2(folder, issues, **given)
    assert found is not None, issues
    assert all(account.closes for account in found.account)
    return found, issues


def one(folder: Path, **person: Any) -> tuple[pd.Series, list[Issue]]:
    """Return the only pupil of an export of one person."""
    export = Export()
    export.person(**person)
    found, issues = read(export.write(folder))
    assert len(found.pupils) == 1, issues
    return found.pupils.iloc[0], issues


def account_of(found: Sen2, module: str) -> Any:
    return next(account for account in found.account if account.file.endswith(f"_{module}.csv"))


def checks(issues: list[Issue]) -> set[str]:
    return {issue.check for issue in issues}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sen2, list[Issue], Export]:
    folder, export = invented.write_large(tmp_path_factory.mktemp("sen2") / "export")
    return (*read(folder, districts=["E07999001"]), export)


def test_every_person_of_300_is_used_or_set_aside_by_reason(large: tuple[Sen2, list[Issue], Export]) -> None:
    found = large[0]
    account = account_of(found, "person")
    assert (account.rows, account.used, len(found.pupils)) == (300, 274, 274)
    assert account.set_aside == {
        "no plan in force": 10,
        "the plan has ceased": 4,
        "the plan has moved to another council": 2,
        "the birth date is missing": 1,
        "the birth date can be read in two ways, day or month first": 1,
        "the birth date cannot be read": 1,
        "the person is born after the census": 1,
        "the person was over 25 before the school year": 1,
        "the same pupil as another row": 2,
        "no parent row": 1,
        "the key of the row is repeated": 1,
        "another number of fields than the header": 1,
    }
    # 30 in the base and two twins live in the second district
    assert account.notes == {"postcode ok": 274, "lives in another council's district": 32}
    assert [a.file.rsplit("_", 1)[1] for a in found.account] == [f"{name}.csv" for name in COLUMNS]


def test_the_groups_needs_and_ages_of_300_are_those_counted_by_hand(large: tuple[Sen2, list[Issue], Export]) -> None:
    found = large[0]
    pupils = found.pupils
    assert found.year == 2024
    assert set(pupils["year"]) == {2024}
    assert pupils["placement"].value_counts().to_dict() == {
        "state_special_school": 111,
        "mainstream_school": 60,
        "resourced_provision_or_unit": 30,
        "independent_special_school": 20,
        "general_further_education": 20,
        "non_maintained_special_school": 10,
        "educated_elsewhere": 7,
        "specialist_post_16": 6,
        "other_training_provider": 5,
        "alternative_provision": 4,
        "early_years_setting": 1,
    }
    assert pupils["need"].value_counts().to_dict() == {
        "ASD": 101, "SLCN": 60, "HI": 30, "MLD": 25, "SEMH": 24, "PMLD": 10, "OTH": 8, "VI": 7, "DS": 5,
        "MSI": 2, "SPLD": 2,
    }  # fmt: skip
    assert pupils["unit"].value_counts().to_dict() == {"": 244, "resourced": 20, "unit": 10}
    assert pupils["attendance"].value_counts().to_dict() == {"day": 268, "residential": 6}
    assert pupils.loc[pupils["need"] == "SPLD", "ncy"].sort_values().tolist() == [0, 1]
    # main and subsidiary registration: the special school, not alternative provision
    both = pupils[(pupils["need"] == "VI") & (pupils["ncy"] == 8)]
    assert both["urn"].tolist() == ["900001"]
    assert pupils["ehcp"].all()
    assert set(pupils["need"]) <= set(NEEDS)
    assert set(pupils["placement"]) <= set(PLACEMENTS)


def test_totals_are_internal_and_say_which_are_small(large: tuple[Sen2, list[Issue], Export]) -> None:
    totals = large[0].totals
    assert totals["pupils"].sum() == 274
    assert set(totals["release"]) == {"internal"}
    of_ten = totals[(totals["need"] == "PMLD") & (totals["age_years"] == 16)]
    assert of_ten[["placement", "pupils", "small"]].to_numpy().tolist() == [
        ["non_maintained_special_school", 10, False]
    ]
    assert totals.loc[totals["need"] == "MSI", "small"].tolist() == [True]


def test_pseudonyms_follow_the_key_and_nothing_in_the_file(tmp_path: Path) -> None:
    folder, _ = invented.write_large(tmp_path / "export")
    first, again = read(folder)[0].pupils, read(folder)[0].pupils
    pd.testing.assert_frame_equal(first, again)
    other = read(folder, key=b"another")[0].pupils
    assert first["pupil_id"].tolist() == [f"pupil-{number:06d}" for number in range(1, 275)]
    assert first.drop(columns="pupil_id").to_numpy().tolist() != other.drop(columns="pupil_id").to_numpy().tolist()
    plain = list(first.columns.drop("pupil_id"))
    pd.testing.assert_frame_equal(
        first[plain].sort_values(plain, ignore_index=True), other[plain].sort_values(plain, ignore_index=True)
    )
    # without a key, one is made for each call
    a, b = (read(folder, key=None)[0].pupils for _ in range(2))
    assert a["need"].tolist() != b["need"].tolist()


@pytest.mark.parametrize(
    ("birth", "ncy"),
    [
        ("2019-08-31", 1),
        ("2019-09-01", 0),
        ("2020-02-29", 0),
        ("2016-02-29", 4),
        ("2000-09-01", 19),
        ("1999-09-01", 20),
        ("2024-08-31", -4),
    ],
)
def test_the_year_group_turns_between_31_august_and_1_september(tmp_path: Path, birth: str, ncy: int) -> None:
    assert one(tmp_path, born=birth)[0]["ncy"] == ncy


@pytest.mark.parametrize(
    ("written", "ncy"),
    [
        ("2015-Mar-17 00:00:00", 5),
        ("2015-03-17", 5),
        ("2015-03-17T00:00:00", 5),
        ("17/03/2015", 5),
        ("17-Mar-2015", 5),
        ("05/05/2015", 5),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(tmp_path: Path, written: str, ncy: int) -> None:
    assert one(tmp_path, personbirthdate=written)[0]["ncy"] == ncy


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ("01/02/2015", "birth_ambiguous"),
        ("3/4/2015", "birth_ambiguous"),
        ("02/28/2015", "birth_ambiguous"),
        ("2015-Feb-29", "birth_unreadable"),
        ("42080", "birth_unreadable"),
        ("17/03/15", "birth_unreadable"),
        ("2015-Xyz-17", "birth_unreadable"),
        ("", "birth_missing"),
        ("2025-Jan-17 00:00:00", "birth_after_census"),
        ("1999-Aug-31 00:00:00", "birth_too_old"),
        ("2024-Sep-01 00:00:00", "birth_too_young"),
    ],
)
def test_a_birth_date_that_cannot_stand_sets_the_person_aside(tmp_path: Path, written: str, check: str) -> None:
    export = Export()
    row = export.person(personbirthdate=written)
    export.person()
    export.person()
    found, issues = read(export.write(tmp_path))
    assert len(found.pupils) == 2
    fault = next(issue for issue in issues if issue.check == check)
    assert (fault.row, fault.column, fault.value, fault.key) == (row, "personbirthdate", "", "")
    assert fault.fix


def test_a_year_group_is_not_asked_of_a_person_without_a_plan(tmp_path: Path) -> None:
    export = Export()
    export.person()
    export.person("01/02/2015", plan=False)
    found, issues = read(export.write(tmp_path))
    assert account_of(found, "person").set_aside == {"no plan in force": 1}
    assert "birth_ambiguous" not in checks(issues)


@pytest.mark.parametrize(
    ("cells", "need", "check"),
    [
        ([("asd", "1")], "ASD", "need_lower_case"),
        ([("ASD;SEMH", "1")], "UNK", "need_several"),
        ([("SEMH", "2"), ("ASD", "1")], "ASD", ""),
        ([("BESD", "1")], "UNK", "need_retired"),
        ([("Q17", "1")], "UNK", "need_unknown"),
        ([("", "1")], "UNK", "need_blank"),
        ([], "UNK", "need_missing"),
        ([("ASD", "2")], "UNK", "need_missing"),
        ([("PMLD", "")], "PMLD", ""),
        ([("ASD", "1"), ("SLD", "1")], "ASD", "need_twice"),
        ([("DS", "1.0")], "DS", ""),
    ],
)
def test_the_primary_need(tmp_path: Path, cells: list[tuple[str, str]], need: str, check: str) -> None:
    found, issues = one(tmp_path, needs=[{"sentype": code, "sentyperank": rank} for code, rank in cells])
    assert found["need"] == need
    about_needs = {name for name in checks(issues) if name.startswith("need")} - {"needs_not_told"}
    assert about_needs == ({check} if check else set())
    assert ("needs_not_told" in checks(issues)) == (check in {"need_several", "need_retired", "need_unknown"})


@pytest.mark.parametrize(
    ("cells", "placement", "unit"),
    [
        ({"urn": "900001"}, "state_special_school", ""),
        ({"urn": "900001.0"}, "state_special_school", ""),
        ({"urn": "900011"}, "mainstream_school", ""),
        ({"urn": "900012"}, "mainstream_school", ""),
        ({"urn": "900070"}, "educated_elsewhere", ""),
        ({"urn": "900080"}, "not_recorded", ""),
        ({"urn": "999999"}, "not_recorded", ""),
        ({"urn": "999999", "senunitindicator": "1"}, "resourced_provision_or_unit", "unit"),
        ({"urn": "900010", "senunitindicator": "TRUE"}, "resourced_provision_or_unit", "unit"),
        ({"urn": "900010", "resourcedprovisionindicator": "true"}, "resourced_provision_or_unit", "resourced"),
        ({"urn": "900001", "senunitindicator": "true"}, "state_special_school", "unit"),
        ({"urn": "900010", "sensetting": "EHE"}, "mainstream_school", ""),
        ({"sensetting": "ehe"}, "educated_elsewhere", ""),
        ({"sensetting": "EYP"}, "early_years_setting", ""),
        ({"sensetting": "XYZ"}, "not_recorded", ""),
        ({"ukprn": "10099999"}, "other_training_provider", ""),
    ],
)
def test_where_a_pupil_is(tmp_path: Path, cells: dict[str, str], placement: str, unit: str) -> None:
    found, _ = one(tmp_path, **cells)
    assert (found["placement"], found["unit"]) == (placement, unit)


def test_settings_that_are_not_known_are_reported_by_count(tmp_path: Path) -> None:
    export = Export()
    for urn in ("999998", "999999", "900001"):
        export.person(urn=urn)
    found, issues = read(export.write(tmp_path))
    fault = next(issue for issue in issues if issue.check == "urn_unknown")
    assert fault.row is None
    assert fault.message.startswith("2 pupils")
    assert account_of(found, "placementdetail").notes == {"URN not known": 2}
    without, _ = read(tmp_path, settings=None)
    assert account_of(without, "placementdetail").notes == {"URN not known": 3}


def place(rank: str, entry: str = "2022-09-01", leaving: str = "", urn: str = "900001") -> dict[str, str]:
    return {"placementrank": rank, "entrydate": day(entry), "leavingdate": day(leaving), "urn": urn}


@pytest.mark.parametrize(
    ("places", "urn", "check", "note"),
    [
        ([place("2", urn="900060"), place("1")], "900001", "", ""),
        ([place("1", leaving="2024-07-31", urn="900010"), place("1")], "900001", "", ""),
        ([place("1", leaving="2025-07-31")], "900001", "", ""),
        ([place("1"), place("1", "2025-04-01", urn="900010")], "900001", "", ""),
        (
            [place("1", "2020-09-01", urn="900010"), place("1", "2023-09-01")],
            "900001",
            "several_placements",
            "several current placements of one rank: the latest is taken",
        ),
        ([place("1"), place("1", urn="900010")], "900001", "several_placements", ""),
        ([place("2")], "900001", "no_first_placement", "no current placement of rank 1: the next rank is taken"),
        ([place("1", leaving="2024-07-31")], "", "no_placement", "no current placement"),
        ([], "", "no_placement", "no current placement"),
        ([place("1", leaving="03/04/2024")], "", "date_unreadable", ""),
    ],
)
def test_the_current_placement(tmp_path: Path, places: list[dict[str, str]], urn: str, check: str, note: str) -> None:
    export = Export()
    export.person(places=places)
    found, issues = read(export.write(tmp_path))
    assert found.pupils["urn"].tolist() == [urn]
    assert found.pupils["placement"].tolist() == ["state_special_school" if urn else "not_recorded"]
    about = checks(issues) & {"several_placements", "no_first_placement", "no_placement", "date_unreadable"}
    assert check in about if check else not about
    account = account_of(found, "placementdetail")
    assert account.rows == len(places)
    if note:
        assert account.notes[note] == 1


def test_residential_codes_of_the_placement_and_before_version_1_2_of_the_plan(tmp_path: Path) -> None:
    for code, attendance in (("A", "residential"), ("b", "residential"), ("", "day"), ("N", "day"), ("?", "day")):
        assert (
            one(tmp_path / (code or "none").replace("?", "odd"), urn="900001", res=code)[0]["attendance"] == attendance
        )
    export = Export()
    export.person(sex="M")
    export.rows["activeplans"][0]["res"] = "B"
    found, issues = read(export.write(tmp_path / "old", old=True))
    assert found.pupils[["attendance", "sex"]].to_numpy().tolist() == [["residential", "M"]]
    assert not issues


def test_who_is_one_pupil_and_who_is_not(tmp_path: Path) -> None:
    export = Export()
    export.person(upn="Z999900000001", uniquelearnernumber="8877799991")
    export.person(upn="Z999900000001", uniquelearnernumber="")  # 1 and 2: one pupil number
    export.person(upn="", uniquelearnernumber="8877799991")  # and 3: no pupil number, the same learner number
    export.person(born(6), upn="Z999900000002")
    export.person(born(7), upn="Z999900000002")  # 4 and 5: another birth date, both stay
    export.person("2016-05-23")
    export.person("2016-05-23")  # twins
    export.person(upn="Z99990000003A", uniquelearnernumber="")
    export.person(upn="Z99990000003A", uniquelearnernumber="")  # a temporary number is no proof
    export.person(upn="12345", uniquelearnernumber="12345")
    export.person(upn="12345", uniquelearnernumber="12345")  # nor is a malformed one
    found, issues = read(export.write(tmp_path))
    assert len(found.pupils) == 9
    assert account_of(found, "person").set_aside == {"the same pupil as another row": 2}
    assert [issue.row for issue in issues if issue.check == "pupil_twice"] == [3, 4]
    assert [issue.row for issue in issues if issue.check == "upn_of_two"] == [6]
    assert {"upn_temporary", "upn_malformed", "upn_missing"} <= checks(issues)


def test_a_birth_date_that_cannot_be_read_is_no_other_birth_date(tmp_path: Path) -> None:
    export = Export()
    export.person(upn="Z999900000001")
    export.person("about 2015", upn="Z999900000001")
    found, issues = read(export.write(tmp_path))
    assert len(found.pupils) == 1
    assert checks(issues) == {"birth_unreadable"}


def test_a_plan_that_ceased_after_the_census_or_goes_on_beside_it_is_in_force(tmp_path: Path) -> None:
    export = Export()
    export.person(ceased="2025-01-17", reason="2")
    export.person(ceased="2025-01-16", reason="2")
    export.person(ceased="2024-07-31", reason="2")
    export.row("namedplan", namedplantableid="NP-new", assessmenttableid="A3", startdate=day("2024-08-01"))
    export.person(reason="2")  # a reason without a date
    found, issues = read(export.write(tmp_path))
    assert len(found.pupils) == 3
    assert account_of(found, "person").set_aside == {"the plan has ceased": 1}
    assert [issue.row for issue in issues if issue.check == "cease_undated"] == [6]


def test_of_several_plans_the_one_with_a_current_placement_counts(tmp_path: Path) -> None:
    export = Export()
    export.person(places=[], need="SLD")
    export.row("requests", requeststableid="R-second", persontableid="P1")
    export.row("activeplans", activeplanstableid="AP-second", requeststableid="R-second")
    export.row(
        "placementdetail", placementdetailtableid="D", activeplanstableid="AP-second", **place("1", urn="900020")
    )
    export.row("senneed", senneedtableid="Q", activeplanstableid="AP-second", sentype="SEMH", sentyperank="1")
    found, issues = read(export.write(tmp_path))
    assert found.pupils[["urn", "need"]].to_numpy().tolist() == [["900020", "SEMH"]]
    assert [issue.row for issue in issues if issue.check == "several_plans"] == [2]
    assert account_of(found, "activeplans").set_aside == {"not the plan that is counted": 1}


@pytest.mark.parametrize(
    "module", ["person", "requests", "assessment", "namedplan", "activeplans", "placementdetail", "senneed"]
)
def test_a_row_without_its_parent_is_reported_and_set_aside(tmp_path: Path, module: str) -> None:
    export = Export()
    export.person()
    parents = dict(zip(list(COLUMNS)[1:], ("sen2", "person", "requests", "assessment", "namedplan", "requests", "activeplans", "activeplans"), strict=True))  # fmt: skip  # noqa: E501 - a row of the table
    key = f"{parents[module]}tableid"
    export.row(module, **{f"{module}tableid": "lost", key: "nowhere", "sentype": "ASD", "placementrank": "1"})
    found, issues = read(export.write(tmp_path))
    fault = next(issue for issue in issues if issue.check == "orphan_row")
    assert (fault.file, fault.row, fault.column) == (f"Blade-Export_{DATE}_{module}.csv", 3, key)
    assert account_of(found, module).set_aside == {"no parent row": 1}
    assert len(found.pupils) == 1


@pytest.mark.parametrize("module", list(COLUMNS))
def test_a_missing_file_is_named_and_only_some_can_be_done_without(tmp_path: Path, module: str) -> None:
    export = Export()
    export.person()
    export.write(tmp_path)
    file = f"Blade-Export_{DATE}_{module}.csv"
    (tmp_path / file).unlink()
    issues: list[Issue] = []
    found = read_sen2(tmp_path, issues, postcodes=POSTCODES, settings=SETTINGS)
    fault = next(issue for issue in issues if issue.check == "file_missing")
    assert fault.file == file
    assert fault.fix
    optional = {"assessment": "warning", "namedplan": "warning", "plandetail": "note"}
    assert fault.severity == optional.get(module, "error")
    assert (found is not None) == (module in optional)


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / f"Blade-Export_{DATE}_sen2.csv").write_text("sen2tableid\n", encoding="utf-8")
    issues: list[Issue] = []
    assert read_sen2(tmp_path, issues) is None
    assert len([issue for issue in issues if issue.check == "file_missing"]) == 8
    for folder in (tmp_path / "nowhere", tmp_path / f"Blade-Export_{DATE}_sen2.csv"):
        issues.clear()
        assert read_sen2(folder, issues) is None
        assert checks(issues) == {"file_missing"}


def test_the_newest_export_is_read_and_said(tmp_path: Path) -> None:
    old, new = Export(), Export()
    old.person()
    new.person()
    new.person()
    old.write(tmp_path, date="28-12-2024")
    new.write(tmp_path, date="03-02-2025")
    (tmp_path / "Blade-Export_03-02-2025_person (1).csv").write_text("x", encoding="utf-8")
    (tmp_path / "Blade-Export_99-99-2026_person.csv").write_text("x", encoding="utf-8")
    found, issues = read(tmp_path)
    assert len(found.pupils) == 2
    assert "03-02-2025" in next(issue.message for issue in issues if issue.check == "several_exports")
    assert next(issue.message for issue in issues if issue.check == "file_name").startswith("2 files")


def test_the_academic_year_is_that_of_the_census(tmp_path: Path) -> None:
    export = Export()
    export.person()
    export.row("sen2", sen2tableid="S2", year="2024", referencedate=day("2024-01-18"), lea="999")
    export.person(sen2tableid="S2")
    export.person(sen2tableid="S2")
    export.write(tmp_path)
    latest, issues = read(tmp_path)
    assert (latest.year, len(latest.pupils)) == (2024, 1)
    assert account_of(latest, "person").set_aside == {"of another collection": 2}
    assert "several_collections" in checks(issues)
    before, _ = read(tmp_path, year=2023)
    assert (before.year, before.pupils["ncy"].tolist()) == (2023, [4, 4])
    none: list[Issue] = []
    assert read_sen2(tmp_path, none, year=2019, postcodes=POSTCODES) is None
    assert "no_collection" in checks(none)


def test_a_census_date_that_cannot_be_read_leaves_the_stated_year(tmp_path: Path) -> None:
    export = Export()
    export.person()
    export.rows["sen2"][0]["referencedate"] = "01/02/2025"
    found, issues = read(export.write(tmp_path))
    assert found.year == 2024
    assert "census_date" in checks(issues)
    export.rows["sen2"][0]["year"] = "?"
    nothing: list[Issue] = []
    assert read_sen2(export.write(tmp_path), nothing) is None
    assert {"census_date", "no_collection"} <= checks(nothing)


def test_the_returns_of_two_councils_are_refused(tmp_path: Path) -> None:
    export = Export()
    export.person()
    export.row("sen2", sen2tableid="S2", year="2025", referencedate=day("2025-01-16"), lea="998")
    issues: list[Issue] = []
    assert read_sen2(export.write(tmp_path), issues) is None
    assert "several_councils" in checks(issues)


def test_homes_are_located_or_counted_by_what_is_wrong(tmp_path: Path) -> None:
    export = Export()
    homes = ("ZX1 1AA", "zx11ab", "ZX3 3AA", "ZZ99 3VZ", "ZX9 9ZZ", "not known", "")
    for home in homes:
        export.person(postcode=home)
    found, issues = read(export.write(tmp_path))
    assert found.pupils["located"].value_counts().to_dict() == {
        "ok": 2, "terminated": 1, "pseudo": 1, "unknown": 1, "malformed": 1, "blank": 1,
    }  # fmt: skip
    assert found.pupils.loc[found.pupils["located"] == "terminated", "lsoa_code"].tolist() == ["E01990001"]
    assert (found.pupils["lsoa_code"] == "").sum() == 4
    assert {"postcode_terminated", "postcode_pseudo", "postcode_unknown", "postcode_malformed", "postcode_blank"} <= checks(issues)  # fmt: skip  # noqa: E501 - a row of the table
    without, said = read(tmp_path, postcodes=None)
    assert set(without.pupils["located"]) == {"unknown", "blank"}
    assert "no_postcodes" in checks(said)


def test_columns_that_have_moved_are_recognised(tmp_path: Path) -> None:
    export = Export()
    for _ in range(3):
        export.person()
    for row in export.rows["person"]:
        row["surname"], row["forename"], row["personbirthdate"], row["sex"] = "", row["surname"], row["forename"], row["personbirthdate"]  # fmt: skip  # noqa: E501 - a row of the table
    found, issues = read(export.write(tmp_path))
    assert found.pupils.empty
    assert {"columns_shifted", "no_pupil"} <= checks(issues)
    assert pattern_of_sen2(found).empty
    assert caseload_of_sen2(found).empty
    assert placements_of_sen2(found, PROVISION, zones=["E01990001"]).empty


def test_present_placements_are_matched_to_departments(large: tuple[Sen2, list[Issue], Export]) -> None:
    found = placements_of_sen2(large[0], PROVISION, zones=["E01990001", "E01990002"])
    assert list(found.columns) == list(TABLES["placements"].names)
    assert found["provision_id"].value_counts().to_dict() == {
        # 163 = 60 mainstream, 20 + 10 INMSS, 20 FE, 8 without school, 5, 6 and 4 others, 30 in the base: less the base
        "": 133,
        # Years 2 to 6 of ten, 2 twins, 5 without a permanent number, 2 at the cut
        "900001-primary": 59,
        # Years 7 to 11 of ten, the pupil in two rows and the one with two registrations
        "900001-secondary": 52,
        "900010-base": 30,
    }
    assert found["origin_id"].value_counts().to_dict() == {"E01990001": 182, "E01990002": 60, NOT_LOCATED: 32}
    base = found[found["provision_id"] == "900010-base"]
    assert set(base["place_sought"]) == {"specialist_base"}
    assert set(found["place_sought"]) <= set(PLACE_SOUGHT)
    assert not found.duplicated(["pupil_id", "year"]).any()


def test_a_pupil_outside_all_departments_is_in_the_nearest(tmp_path: Path) -> None:
    export = Export()
    export.person(born(15))
    export.person(born(-1))
    export.person(born(3), urn="999999")
    provision = pd.concat(
        [PROVISION, pd.DataFrame([("far", "999999", "special_school", "all", 0, 14)], columns=PROVISION.columns)]
    )
    found = placements_of_sen2(read(export.write(tmp_path))[0], provision, zones=[]).set_index("ncy")
    assert found["provision_id"].to_dict() == {15: "900001-sixth-form", -1: "900001-primary", 3: "far"}
    # the kind of 999999 is not known, but all that it offers is a special school
    assert set(found["place_sought"]) == {"special_school"}
    assert set(found["origin_id"]) == {NOT_LOCATED}


def test_departments_are_chosen_by_year_group_and_not_by_name(tmp_path: Path) -> None:
    export = Export()
    export.person(born(3))
    provision = pd.DataFrame(
        [("a", "900001", "special_school", "late", 7, 11), ("b", "900001", "special_school", "early", 4, 6)],
        columns=PROVISION.columns,
    )
    found = placements_of_sen2(read(export.write(tmp_path))[0], provision, zones=["E01990001"])
    assert found["provision_id"].tolist() == ["b"]


def test_the_pattern_of_plans_seeks_what_the_definition_says(large: tuple[Sen2, list[Issue], Export]) -> None:
    rates = pattern_of_sen2(large[0])
    assert list(rates.columns) == list(TABLES["rates"].names)
    assert not rates.duplicated(["ncy", "need", "placement", "place_sought", "attendance"]).any()
    assert rates.groupby("place_sought")["pupils"].sum().to_dict() == {
        "special_school": 141,
        "mainstream": 61,
        "specialist_base": 30,
        "fe_mainstream": 25,
        "educated_elsewhere": 7,
        "specialist_post_16": 6,
        "alternative_provision": 4,
    }
    stays = rates[rates["attendance"] == "residential"]
    assert stays[["ncy", "need", "placement", "pupils"]].to_numpy().tolist() == [
        [9, "SEMH", "independent_special_school", 6]
    ]
    assert set(rates["quality"]) == {"verified"}
    assert rates["source"].iloc[0] == "SEN2 person-level return, January 2025, counted"
    shared = pattern_of_sen2(large[0], fe_unit_shares={"MLD": 0.15})
    in_units = shared[shared["place_sought"] == "fe_specialist_unit"]
    assert in_units[["ncy", "need", "pupils", "quality"]].to_numpy().tolist() == [[13, "MLD", 3, "illustrative"]]
    assert shared["pupils"].sum() == 274


def test_the_scope_of_the_headline_takes_the_few_outside_it(tmp_path: Path) -> None:
    export = Export()
    export.person(born(-2))
    export.person(born(16))
    export.person(born(-2), urn="900010")
    found, _ = read(export.write(tmp_path))
    rates = pattern_of_sen2(found)
    assert sorted(zip(rates["ncy"], rates["place_sought"], strict=True)) == [
        (-2, "mainstream"), (0, "special_school"), (14, "special_school"),
    ]  # fmt: skip


def test_the_caseload_agrees_with_the_pattern(large: tuple[Sen2, list[Issue], Export]) -> None:
    shares = {"MLD": 0.15}
    caseload, rates = (make(large[0], fe_unit_shares=shares) for make in (caseload_of_sen2, pattern_of_sen2))
    assert list(caseload.columns) == ["lsoa_code", "ncy", "need", "place_sought", "pupils"]
    by = ["ncy", "need", "place_sought"]
    pd.testing.assert_series_equal(caseload.groupby(by)["pupils"].sum(), rates.groupby(by)["pupils"].sum())
    assert caseload.groupby("lsoa_code")["pupils"].sum().to_dict() == {
        "E01990001": 182, "E01990002": 60, "E01990003": 32,
    }  # fmt: skip


def everything(found: Sen2 | None, issues: list[Issue], logged: str, *, shown: bool = False) -> str:
    """Return all that a reading leaves behind, as one text; ``shown`` adds the tables as a screen shows them."""
    parts = [logged, repr(issues), issues_table(issues).to_csv(), repr(found)]
    if found is not None:
        tables = [
            found.pupils,
            found.totals,
            accounts_table(found.account),
            placements_of_sen2(found, PROVISION, zones=["E01990001"]),
            pattern_of_sen2(found),
            caseload_of_sen2(found),
        ]
        for table in tables:
            parts += [table.to_csv(), repr(table.attrs)]
            parts += [table.to_string(), table.to_json()] if shown else []
        parts += [pickle.dumps(item).decode("latin-1") for item in (found, issues)]
    return "\n".join(parts)


def assert_silent(text: str, export: Export) -> None:
    said = text.casefold()
    told = [canary for canary in export.canaries() if canary.casefold() in said]
    assert not told, told


CORRUPTIONS = {
    "no header": lambda data: data.split(b"\r\n", 1)[1],
    "header twice": lambda data: (
        data.split(b"\r\n", 1)[0].replace(b"NativeId", b"surname") + b"\r\n" + data.split(b"\r\n", 1)[1]
    ),
    "cells moved right": lambda data: data.replace(b"\r\n", b"\r\n,", 3).replace(b",\r\n", b"\r\n"),
    "cells moved left": lambda data: b"\r\n".join(
        line if at == 0 else line.split(b",", 1)[-1] + b"," for at, line in enumerate(data.split(b"\r\n"))
    ),
    "extra field": lambda data: data.replace(b"\r\n", b",Zzcanary-extra\r\n").replace(b",Zzcanary-extra", b"", 1),
    "unclosed quote": lambda data: data[: len(data) // 2] + b'"' + data[len(data) // 2 :],
    "cut off": lambda data: data[: len(data) * 2 // 3],
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "columns turned": lambda data: b"\r\n".join(b",".join(line.split(b",")[::-1]) for line in data.split(b"\r\n")),
    "header turned": lambda data: (
        b",".join(data.split(b"\r\n", 1)[0].split(b",")[::-1]) + b"\r\n" + data.split(b"\r\n", 1)[1]
    ),
    "empty": lambda data: data[:0],
}


@pytest.fixture(scope="module")
def small() -> Export:
    """Return an export with the special cases and a few of the plain ones."""
    whole = invented.large()
    kept = Export()
    for module in COLUMNS:
        kept.rows[module] = list(whole.rows[module])[-24:]
    kept.rows["sen2"] = whole.rows["sen2"]
    kept.private = whole.private
    return kept


# what could bring a cell out of a file without private columns: that it is taken for a name of a column, or for a code
ELSEWHERE = ("no header", "cells moved left", "unclosed quote", "columns turned", "utf-16")


@pytest.mark.parametrize(
    ("module", "corruption"),
    [(name, how) for name in COLUMNS for how in CORRUPTIONS if name == "person" or how in ELSEWHERE],
)
def test_no_corruption_of_any_file_lets_a_person_out(
    tmp_path: Path, small: Export, caplog: pytest.LogCaptureFixture, module: str, corruption: str
) -> None:
    small.write(tmp_path)
    path = tmp_path / f"Blade-Export_{DATE}_{module}.csv"
    path.write_bytes(CORRUPTIONS[corruption](path.read_bytes()))
    issues: list[Issue] = []
    with caplog.at_level(logging.DEBUG):
        found = read_sen2(tmp_path, issues, postcodes=POSTCODES, settings=SETTINGS)
    assert_silent(everything(found, issues, caplog.text), small)
    assert found is None or all(account.closes for account in found.account)
    assert found is not None or any(issue.severity == "error" for issue in issues)
    assert all(issue.fix and issue.message for issue in issues)


@pytest.mark.parametrize("module", [name for name in COLUMNS if name != "person"])
def test_the_persons_under_the_name_of_another_file_do_not_come_out(tmp_path: Path, small: Export, module: str) -> None:
    small.write(tmp_path)
    rows = small.text("person").split("\r\n", 1)[1]
    width = len(COLUMNS[module].split())
    mended = "\r\n".join(",".join((row.split(",") + [""] * width)[:width]) for row in rows.splitlines())
    path = tmp_path / f"Blade-Export_{DATE}_{module}.csv"
    path.write_text(COLUMNS[module].replace(" ", ",") + "\n" + mended + "\n", encoding="utf-8")
    issues: list[Issue] = []
    found = read_sen2(tmp_path, issues, postcodes=POSTCODES, settings=SETTINGS)
    assert_silent(everything(found, issues, ""), small)


def test_the_large_export_leaves_no_trace_of_a_person(large: tuple[Sen2, list[Issue], Export]) -> None:
    found, issues, export = large
    text = everything(found, issues, "", shown=True)
    assert_silent(text, export)
    assert "for tests" not in text


def test_a_cell_that_stands_for_a_header_is_not_offered_as_the_nearest_name(tmp_path: Path, small: Export) -> None:
    small.write(tmp_path)
    path = tmp_path / f"Blade-Export_{DATE}_person.csv"
    header, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(header.replace("personbirthdate", "personbirthdateZzcanary") + "\n" + rest, encoding="utf-8")
    issues: list[Issue] = []
    assert read_sen2(tmp_path, issues) is None
    assert "column_missing" in checks(issues)
    assert_silent(everything(None, issues, ""), small)


def test_nothing_private_passes_the_door(tmp_path: Path, small: Export) -> None:
    small.write(tmp_path)
    issues: list[Issue] = []
    table = read_module(tmp_path / f"Blade-Export_{DATE}_sen2.csv", "sen2", issues)
    assert table is not None
    admitted = admit_persons(
        tmp_path / f"Blade-Export_{DATE}_person.csv",
        link("sen2", table, None, issues),
        issues,
        year=2024,
        census=dt.date(2025, 1, 16).toordinal(),
        postcodes=POSTCODES,
        locate=locate_postcodes,
        key=b"for tests",
    )
    assert admitted is not None
    assert len(admitted.linked) == 24
    assert_silent(repr(admitted) + pickle.dumps(admitted).decode("latin-1"), small)


def test_the_scan_finds_what_it_looks_for(small: Export) -> None:
    stream = io.StringIO()
    pd.DataFrame(small.rows["person"][:1]).to_csv(stream)
    told = [canary for canary in small.canaries() if canary in stream.getvalue()]
    assert len(told) > 5


def test_a_lookup_that_fails_does_not_quote_a_postcode(tmp_path: Path, small: Export) -> None:
    def broken(values: pd.Series, postcodes: pd.DataFrame) -> pd.DataFrame:
        message = f"cannot look up {list(values)}"
        raise KeyError(message)

    small.write(tmp_path)
    issues: list[Issue] = []
    found = read_sen2(tmp_path, issues, postcodes=POSTCODES, settings=SETTINGS, locate=broken)
    assert found is not None
    assert "no_postcodes" in checks(issues)
    assert (found.pupils["lsoa_code"] == "").all()
    assert_silent(everything(found, issues, ""), small)


def test_inputs_are_left_as_they_were(tmp_path: Path) -> None:
    export = Export()
    export.person()
    before = POSTCODES.copy(), SETTINGS.copy(), PROVISION.copy()
    found, _ = read(export.write(tmp_path))
    pupils = found.pupils.copy()
    for table in (placements_of_sen2(found, PROVISION, zones=[]), pattern_of_sen2(found), caseload_of_sen2(found)):
        table.iloc[:, :] = table.iloc[::-1]
    pd.testing.assert_frame_equal(found.pupils, pupils)
    for one_before, now in zip(before, (POSTCODES, SETTINGS, PROVISION), strict=True):
        pd.testing.assert_frame_equal(one_before, now)


def test_a_table_of_settings_without_its_columns_is_said(tmp_path: Path) -> None:
    export = Export()
    export.person()
    _, issues = read(export.write(tmp_path), settings=pd.DataFrame({"urn": ["900001"]}))
    fault = next(issue for issue in issues if issue.check == "column_missing")
    assert "kind nor sector" in fault.message
