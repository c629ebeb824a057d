"""The embedded schools, schemes and claims against figures written by hand; their readers against planted faults."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from sufficiency.sources.claims import read_claims
from sufficiency.sources.scenarios import read_scenarios
from sufficiency.sources.schemes import read_schemes
from sufficiency.sources.schools import read_schools, with_areas

if TYPE_CHECKING:
    from collections.abc import Callable

    from sufficiency.model.results import Scenario
    from sufficiency.sources.files import Issue
    from sufficiency.sources.schemes import Schemes
    from sufficiency.sources.schools import Schools

DATA = Path(__file__).parents[2] / "data"
NO_AREAS = gpd.GeoDataFrame({"area_id": [], "level": []}, geometry=[], crs="EPSG:27700")
YEARS = list(range(2024, 2032))
HEADLINE = ["special_school", "specialist_base"]
# Places open each September of the default programme, added up by hand from the schemes' phasing.
PROGRAMME_STOCK = {2025: 0, 2026: 72, 2027: 174, 2028: 452, 2029: 753, 2030: 896, 2031: 896}
SCENARIO_PLACES = {
    "do_nothing": 0,
    "committed": 88,
    "programme": 896,
    "bases_to_408": 630,
    "bases_plus_408": 837,
    "secured_only": 281,
}
SCENARIO_BASE_PLACES = {"committed": 88, "programme": 467, "bases_to_408": 201, "bases_plus_408": 408}
PUBLISHED_PLACES = {"123332": 120, "123333": 107, "139079": 118, "147728": 108, "149826": 100}


@pytest.fixture(scope="module")
def schools() -> Schools:
    issues: list[Issue] = []
    found = read_schools(DATA / "schools", NO_AREAS, issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def schemes() -> Schemes:
    issues: list[Issue] = []
    found = read_schemes(DATA / "schemes", NO_AREAS, issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def scenarios(schemes: Schemes) -> dict[str, Scenario]:
    issues: list[Issue] = []
    found = read_scenarios(DATA / "schemes" / "scenarios", schemes.schemes["scheme_id"], issues)
    assert issues == []
    return found


@pytest.fixture(scope="module")
def offered(schools: Schools) -> pd.DataFrame:
    """Places with the provision and the setting they belong to."""
    rows = schools.places.merge(schools.provision.drop(columns=["source", "quality"]), on="provision_id")
    return rows.merge(schools.settings[["setting_id", "setting_name", "sector", "status"]], on="setting_id")


@pytest.fixture(scope="module")
def planned(schemes: Schemes) -> pd.DataFrame:
    """Scheme places with their scheme."""
    return schemes.scheme_places.merge(schemes.schemes[["scheme_id", "provision_type", "setting_name"]], on="scheme_id")


# ---- capacity


@pytest.mark.parametrize("year", range(2025, 2032))
def test_capacity_is_the_plans(offered: pd.DataFrame, year: int) -> None:
    local = offered[(offered["tier"] == "local") & (offered["year"] == year)]
    by_type = local.groupby("provision_type")["planned_places"].sum()
    assert by_type.to_dict() == {"special_school": 1426, "specialist_base": 207}
    assert by_type.sum() == 1633


def test_calibration_year_has_the_places_open_then(offered: pd.DataFrame) -> None:
    local = offered[(offered["tier"] == "local") & (offered["year"] == 2024)]
    assert local.groupby("provision_type")["planned_places"].sum().to_dict() == {
        "special_school": 1383,  # 1,426 less the 43 of Bloxham Grove's 100 not yet open
        "specialist_base": 207,
    }


def test_every_place_row_stands_in_every_year(schools: Schools) -> None:
    assert (schools.places.groupby("provision_id")["year"].apply(sorted).apply(list).map(lambda x: x == YEARS)).all()


def test_thirteen_special_schools_with_the_published_places(offered: pd.DataFrame) -> None:
    rows = offered[
        (offered["year"] == 2025) & (offered["tier"] == "local") & (offered["provision_type"] == "special_school")
    ]
    by_school = rows.groupby("setting_id")["planned_places"].sum()
    assert len(by_school) == 13
    assert {urn: int(by_school[urn]) for urn in PUBLISHED_PLACES} == PUBLISHED_PLACES
    assert set(rows.loc[rows["basis"] == "published", "setting_id"]) == set(PUBLISHED_PLACES)
    assert set(rows.loc[~rows["setting_id"].isin(PUBLISHED_PLACES), "basis"]) == {"illustrative"}


def test_sixteen_bases(offered: pd.DataFrame) -> None:
    rows = offered[(offered["year"] == 2025) & (offered["provision_type"] == "specialist_base")]
    assert len(rows) == rows["setting_id"].nunique() == 16
    named = rows[~rows["setting_name"].str.match(r"Base \d+, .+ \(illustrative\)$")]
    assert set(named["setting_name"]) == {"The Cherwell School", "Longford Park Primary School"}


def test_places_beyond_the_local_tier(offered: pd.DataFrame) -> None:
    rows = offered[offered["year"] == 2024].groupby("tier")
    assert rows["commissioned_places"].sum()["independent"] == 434 == 389 + 45
    assert rows["planned_places"].sum()["independent"] == 434
    assert rows["planned_places"].sum()["other_council"] == 220
    residential = offered[(offered["year"] == 2024) & (offered["attendance"] != "day")]
    assert residential["planned_places"].sum() == 42


def test_border_flows_close_the_bridge(schools: Schools) -> None:
    flows = schools.border_flows.groupby(["direction", "year"])["pupils"].sum()
    for year in YEARS:
        assert flows["out", year] == 1465 - (1285 - flows["in", year])
        assert flows["out", year] >= 180
    assert schools.places["on_roll_pupils"].sum() == 1285


def test_woodeaton_and_the_hospital_school_hold_no_capacity(schools: Schools) -> None:
    woodeaton = schools.settings.set_index("setting_id").loc["woodeaton-manor"]
    assert woodeaton["quality"] == "status_unverified"
    assert "woodeaton-manor" not in set(schools.provision["setting_id"])
    hospital = schools.provision[schools.provision["setting_id"] == "123337"]
    assert set(hospital["provision_type"]) == {"alternative_provision"}
    assert not set(hospital["provision_id"]) & set(schools.places["provision_id"])


# ---- settings


def test_state_secondaries_are_42(schools: Schools) -> None:
    rows = schools.settings[
        schools.settings["school_phase"].isin(["secondary", "all-through"])
        & schools.settings["setting_id"].str.fullmatch(r"\d{6}")
    ]
    assert len(rows) == 42
    assert set(rows["sector"]) == {"state"}


def test_an_urn_is_verified_and_a_local_id_is_not(schools: Schools) -> None:
    urn = schools.settings["setting_id"].str.fullmatch(r"\d{6}")
    assert set(schools.settings.loc[urn, "quality"]) == {"verified"}
    assert not (schools.settings.loc[~urn, "quality"] == "verified").any()
    assert schools.settings.loc[urn, "source"].str.startswith("GIAS extract May 2025").all()


def test_names_without_an_urn_say_illustrative_or_planned(schools: Schools, schemes: Schemes) -> None:
    local = schools.settings[~schools.settings["setting_id"].str.fullmatch(r"\d{6}")]
    allowed = r".*\((illustrative|planned)\)$|^Woodeaton Manor School$"
    assert local["setting_name"].str.match(allowed).all()
    rows = schemes.schemes[~schemes.schemes["setting_id"].str.fullmatch(r"\d{6}")]
    assert rows["setting_name"].str.match(allowed).all()


def test_base_names_use_a_cluster_name(schools: Schools, schemes: Schemes) -> None:
    with (DATA / "boundaries" / "areas.csv").open(encoding="utf-8") as file:
        clusters = {row["area_name"] for row in csv.DictReader(file) if row["level"] == "cluster"}
    names = [*schools.settings["setting_name"], *schemes.schemes["setting_name"]]
    bases = [re.fullmatch(r"(?:Base|New base) \d+, (.+) \(illustrative\)", name) for name in names]
    found = [match.group(1) for match in bases if match]
    assert len(found) == 14 + 14
    assert set(found) <= clusters


def test_illustrative_bases_stand_at_a_place_of_the_gazetteer(schools: Schools, schemes: Schemes) -> None:
    places = pd.read_csv(DATA / "boundaries" / "places.csv")
    points = set(zip(places["easting_m"], places["northing_m"], strict=True))
    columns = ["setting_name", "easting_m", "northing_m"]
    for frame in (schools.settings[columns], schemes.schemes[columns]):
        rows = frame[frame["setting_name"].str.contains("ase ") & frame["setting_name"].str.contains("illustrative")]
        assert all(point in points for point in zip(rows["easting_m"], rows["northing_m"], strict=True))


def test_points_are_whole_metres(schools: Schools, schemes: Schemes) -> None:
    for frame in (schools.settings, schemes.schemes):
        for column in ("easting_m", "northing_m"):
            assert (frame[column] == frame[column].round()).all()


# ---- ages and needs


def test_departments_do_not_overlap_and_cover_a_school(schools: Schools) -> None:
    rows = schools.provision[
        (schools.provision["provision_type"] == "special_school") & (schools.provision["tier"] == "local")
    ]
    limits = {"primary": (-2, 6), "secondary": (7, 11), "sixth_form": (12, 14)}
    for row in rows.itertuples():
        first, last = limits[row.department]
        assert first <= row.ncy_from <= row.ncy_to <= last
    for _, school in rows.sort_values("ncy_from").groupby("setting_id"):
        assert (school["ncy_from"].to_numpy()[1:] == school["ncy_to"].to_numpy()[:-1] + 1).all()


def test_a_plan_is_required_for_a_special_place(schools: Schools, schemes: Schemes) -> None:
    for frame in (schools.provision, schemes.schemes):
        assert frame.loc[frame["provision_type"].isin(HEADLINE), "ehcp_required"].all()


@pytest.mark.parametrize("ncy", range(15))
def test_each_recorded_need_is_admitted_in_each_year(schools: Schools, ncy: int) -> None:
    rows = schools.provision[
        (schools.provision["provision_type"] == "special_school")
        & (schools.provision["tier"] == "local")
        & (schools.provision["ncy_from"] <= ncy)
        & (schools.provision["ncy_to"] >= ncy)
    ]
    admitted = {need for needs in rows["needs"] for need in needs.split(";")}
    wanted = {"ASD", "SLCN", "SPLD", "MLD", "SLD", "PMLD", "DS", "HI", "VI", "MSI", "PD", "OTH", "NSA", "UNK"}
    assert admitted >= wanted | ({"SEMH"} if ncy <= 13 else set())


def test_every_special_place_admits_the_unrecorded(schools: Schools) -> None:
    rows = schools.provision[schools.provision["provision_type"].isin(HEADLINE)]
    assert rows["needs"].str.split(";").map(lambda needs: "UNK" in needs).all()


# ---- schemes


def test_the_programme_by_september(planned: pd.DataFrame, scenarios: dict[str, Scenario]) -> None:
    rows = planned[planned["provision_type"].isin(HEADLINE)]
    rows = rows[rows["scheme_id"].isin(scenarios["programme"].scheme_ids)]
    by_year = rows.groupby("year")["places"].sum()
    assert {year: int(by_year.get(year, 0)) for year in PROGRAMME_STOCK} == PROGRAMME_STOCK


def test_the_parts_of_the_programme(planned: pd.DataFrame) -> None:
    last = planned[planned["year"] == 2031]
    by_type = last.groupby("provision_type")["places"].sum().to_dict()
    assert by_type == {"specialist_base": 467, "special_school": 429, "fe_specialist_unit": 126}
    assert last.loc[last["scheme_id"] == "didcot-special", "places"].sum() == 120
    funded = last[last["scheme_id"].isin(["new-base-01", "new-base-02", "new-base-03", "new-base-04"])]
    assert funded["places"].sum() == 88


def test_new_bases_hold_16_to_40_places(planned: pd.DataFrame) -> None:
    bases = planned[(planned["provision_type"] == "specialist_base")]
    sizes = bases[bases["year"] == 2031].groupby("scheme_id")["places"].sum()
    assert len(sizes) == 14
    assert sizes.between(16, 40).all()


def test_places_of_a_scheme_never_fall(planned: pd.DataFrame) -> None:
    stock = planned.pivot_table(index="scheme_id", columns="year", values="places", aggfunc="sum", fill_value=0)
    assert (stock.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


@pytest.mark.parametrize("name", sorted(SCENARIO_PLACES))
def test_each_scenario_states_its_total(planned: pd.DataFrame, scenarios: dict[str, Scenario], name: str) -> None:
    scenario = scenarios[name]
    rows = planned[(planned["year"] == 2031) & planned["scheme_id"].isin(scenario.scheme_ids)]
    headline = rows[rows["provision_type"].isin(HEADLINE)]
    assert scenario.stated_places == SCENARIO_PLACES[name] == headline["places"].sum()
    assert scenario.illustrative
    if name in SCENARIO_BASE_PLACES:
        bases = headline[headline["provision_type"] == "specialist_base"]
        assert bases["places"].sum() == SCENARIO_BASE_PLACES[name]


def test_scenarios_complete_when_they_say(planned: pd.DataFrame) -> None:
    for path in sorted((DATA / "schemes" / "scenarios").glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = planned[planned["scheme_id"].isin(raw["schemes"]) & planned["provision_type"].isin(HEADLINE)]
        stock = rows.groupby("year")["places"].sum()
        if len(stock):
            complete = int(stock[stock == stock.max()].index.min())
            assert raw["complete_in"] == f"{complete}/{(complete + 1) % 100}"


def test_secured_and_committed_use_secured_money_only(schemes: Schemes, scenarios: dict[str, Scenario]) -> None:
    status = schemes.schemes.set_index("scheme_id")["funding_status"]
    for name in ("committed", "secured_only"):
        assert set(status[list(scenarios[name].scheme_ids)]) == {"secured"}
    headline = schemes.schemes[schemes.schemes["provision_type"].isin(HEADLINE)]
    secured = set(headline.loc[headline["funding_status"] == "secured", "scheme_id"])
    assert secured <= set(scenarios["secured_only"].scheme_ids)


def test_every_special_school_scheme_says_why_not_a_base(schemes: Schemes) -> None:
    rows = schemes.schemes[schemes.schemes["provision_type"] == "special_school"]
    assert (rows["rationale"].str.len() > 40).all()


def test_the_low_case_is_the_plans_rate(schemes: Schemes, planned: pd.DataFrame) -> None:
    places = planned[planned["year"] == 2031].groupby("scheme_id")["places"].sum()
    rows = schemes.schemes.set_index("scheme_id")
    bases = rows[rows["provision_type"] == "specialist_base"]
    assert (bases["capital_gbp_low"] == 34173 * places[bases.index]).all()
    assert bases["capital_gbp_low"].sum() == 15_958_791
    assert rows.loc[rows["provision_type"] == "fe_specialist_unit", "capital_gbp_low"].sum() == 4_305_798
    assert rows.at["didcot-special", "capital_gbp_central"] == 14_400_000
    assert rows.loc[rows["provision_type"] == "early_years_base", "capital_gbp_central"].sum() == 1_000_000
    assert rows.loc[rows["provision_type"] == "support_base", "capital_gbp_central"].sum() == 3_570_000


# ---- support bases and claims


def test_support_bases(schools: Schools) -> None:
    last = schools.support_bases[schools.support_bases["year"] == 2031]
    by_phase = last.groupby("phase")
    assert by_phase.size().to_dict() == {"secondary": 42, "early_years": 100}
    assert by_phase["places"].sum().to_dict() == {"secondary": 1720, "early_years": 600}
    assert last.loc[last["phase"] == "secondary", "setting_id"].is_unique
    opened = schools.support_bases.groupby("base_id")["year"].min()
    assert Counter(opened[opened.index.str.startswith("support-")]) == {2027: 14, 2028: 14, 2029: 14}
    assert set(schools.support_need["setting_id"]) == set(last.loc[last["phase"] == "secondary", "setting_id"])
    with (DATA / "boundaries" / "areas.csv").open(encoding="utf-8") as file:
        clusters = {row["area_id"] for row in csv.DictReader(file) if row["level"] == "cluster"}
    assert set(schools.support_bases["cluster_id"]) <= clusters


def test_claims(schemes: Schemes) -> None:
    issues: list[Issue] = []
    claims = read_claims(DATA / "plan", issues).set_index("claim_id")
    assert issues == []
    assert claims.loc[["N1", "N2", "N3"], "value"].tolist() == [1633, 2312, 896]
    assert claims["value"]["N6-places"] * claims["value"]["N6-rate"] == 15_958_791
    assert claims["value"]["N4-bases"] * claims["value"]["N4-clusters"] * claims["value"]["N4-rate"] == 1_000_000
    assert {re.match(r"N\d+", one).group() for one in claims.index} == {f"N{k}" for k in range(1, 18)}
    assert (claims["plan_line"] != "").all()
    assert len(schemes.schemes) > 0


# ---- the readers


def _area(folder: Path) -> Path:
    for name in ("schools", "schemes", "plan"):
        target = folder / name
        target.mkdir()
        for path in (DATA / name).glob("*.csv"):
            (target / path.name).write_bytes(path.read_bytes())
    return folder


def _edit(path: Path, row: int, change: Callable[[dict[str, str]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows[row - 2])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


SQUARE = gpd.GeoDataFrame(
    {"area_id": ["W", "E"], "level": ["district", "district"]},
    geometry=[shapely.box(410_000, 170_000, 450_000, 250_000), shapely.box(450_000, 170_000, 480_000, 250_000)],
    crs="EPSG:27700",
)


def test_a_setting_gets_the_district_that_covers_it() -> None:
    points = gpd.GeoDataFrame(
        {"setting_id": ["a", "b", "c", "d"]},
        geometry=gpd.points_from_xy([420_000, 460_000, 500_000, 450_000], [200_000] * 4),
        crs="EPSG:27700",
    )
    found = with_areas(points, SQUARE)
    assert found["area_id"].tolist() == ["W", "E", "", "W"]
    assert "area_id" not in points.columns


def test_a_cell_at_fault_is_named_and_its_row_left_out(tmp_path: Path) -> None:
    area = _area(tmp_path)
    _edit(area / "schools" / "provision.csv", 4, lambda row: row.update(needs="ASD;SEHM"))
    issues: list[Issue] = []
    found = read_schools(area / "schools", SQUARE, issues)
    assert [(i.file, i.row, i.column, i.check) for i in issues] == [
        ("schools/provision.csv", 4, "needs", "unknown_code")
    ]
    assert "SEMH" in issues[0].fix
    assert 4 not in found.provision.index


def test_falling_money_is_named(tmp_path: Path) -> None:
    area = _area(tmp_path)
    _edit(area / "schemes" / "schemes.csv", 3, lambda row: row.update(capital_gbp_low="99999999"))
    _edit(area / "schemes" / "schemes.csv", 4, lambda row: row.update(capital_gbp_central=""))
    issues: list[Issue] = []
    read_schemes(area / "schemes", NO_AREAS, issues)
    assert [(i.row, i.check, i.value) for i in issues] == [(3, "cases_out_of_order", "1e+08")]


def test_a_scheme_refused_itself_is_not_reported_again(tmp_path: Path) -> None:
    area = _area(tmp_path)
    _edit(area / "schemes" / "schemes.csv", 2, lambda row: row.update(action="opne"))
    issues: list[Issue] = []
    schemes = read_schemes(area / "schemes", NO_AREAS, issues).schemes
    read_scenarios(DATA / "schemes" / "scenarios", schemes["scheme_id"], issues)
    assert [(i.file, i.row) for i in issues] == [("schemes/schemes.csv", 2)]


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ('name = "x"\ntitle = "X"\nschemes = ["a", "bb"]\n', "unknown_id"),
        ('name = "x"\ntitle = "X"\nschemes = ["a", "a"]\n', "scheme_twice"),
        ('name = "y"\ntitle = "X"\nschemes = []\n', "name_of_file"),
        ('name = "x"\nschemes = []\n', "name_missing"),
        ('name = "x"\ntitle = "X"\nscheme = []\nschemes = []\n', "unknown_name"),
        ('name = "x"\ntitle = "X"\nschemes = "a"\n', "wrong_kind"),
        ('name = "x"\ntitle = "X"\nschemes = []\nstated_places = -1\n', "wrong_kind"),
        ("name = x\n", "toml_broken"),
    ],
)
def test_a_scenario_at_fault_is_left_out(tmp_path: Path, text: str, check: str) -> None:
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    (tmp_path / "do_nothing.toml").write_text(
        'name = "do_nothing"\ntitle = "Do nothing"\nschemes = []\n', encoding="utf-8"
    )
    issues: list[Issue] = []
    found = read_scenarios(tmp_path, ["a", "b"], issues)
    assert list(found) == ["do_nothing"]
    assert {issue.check for issue in issues} == {check}


def test_the_baseline_scenario_must_exist(tmp_path: Path) -> None:
    issues: list[Issue] = []
    assert read_scenarios(tmp_path, [], issues) == {}
    assert [issue.check for issue in issues] == ["scenario_missing"]
