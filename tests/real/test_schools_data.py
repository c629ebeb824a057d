"""The embedded schools against the GIAS extract, and the calibration of needs and places against SEN2, January 2025."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from sufficiency.model.vocabulary import NEED_GROUP_OF
from sufficiency.sources.boundaries import read_boundaries
from sufficiency.sources.schools import read_schools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sufficiency.sources.files import Issue
    from sufficiency.sources.schools import Schools

DATA = Path(__file__).parents[2] / "data"
SPECIAL_TYPES = [
    "Academy special converter",
    "Academy special sponsor led",
    "Community special school",
    "Free schools special",
]
# Residents in state special schools (academy and maintained) by primary need, SEN2 January 2025, table by placement.
SPECIAL_NEEDS = {
    "ASD": 529, "HI": 5, "MLD": 177, "OTH": 6, "PD": 65, "PMLD": 40, "SEMH": 187,
    "SLCN": 214, "SLD": 162, "SPLD": 32, "VI": 2, "UNK": 46,
}  # fmt: skip
SPECIAL_AGES = [29, 48, 71, 85, 106, 88, 101, 159, 166, 153, 133, 153, 55, 74, 39]  # ages 4 to 18; 5 are younger
BASE_NEEDS = {"ASD": 67, "SLCN": 22, "SEMH": 9, "MLD": 8, "HI": 8, "UNK": 8, "PD": 7, "SPLD": 2, "SLD": 1}
BASE_AGES = [1, 1, 0, 6, 10, 4, 8, 17, 18, 24, 22, 17, 3, 1, 0]
OTHER_COUNCILS_PUPILS = 40


@pytest.fixture(scope="module")
def gias(real_data: Path) -> pd.DataFrame:
    frame = pd.read_csv(real_data / "oxfordshire/schools/gias_open_20250524.csv")
    return frame.set_index(frame["urn"].astype(int).astype(str))


@pytest.fixture(scope="module")
def schools() -> Schools:
    issues: list[Issue] = []
    areas = read_boundaries(DATA / "boundaries", issues).areas
    found = read_schools(DATA / "schools", areas, issues)
    assert issues == []
    return found


def test_every_urn_has_the_name_and_position_of_gias(schools: Schools, gias: pd.DataFrame) -> None:
    urns = schools.settings[schools.settings["setting_id"].str.fullmatch(r"\d{6}")].set_index("setting_id")
    assert set(urns.index) <= set(gias.index)
    listed = gias.loc[urns.index]
    assert (urns["setting_name"] == listed["establishment_name"]).all()
    assert np.hypot(urns["easting_m"] - listed["easting"], urns["northing_m"] - listed["northing"]).max() <= 1
    assert urns["easting_m"].min() > 0


def test_lists_are_complete(schools: Schools, gias: pd.DataFrame) -> None:
    listed = set(schools.settings["setting_id"])
    kinds = gias["establishment_type"]
    assert set(gias.index[kinds.isin(SPECIAL_TYPES)]) <= listed
    assert kinds.isin(SPECIAL_TYPES).sum() == 14  # 13 and the hospital school
    for kind, number in {
        "Other independent special school": 8,
        "Non-maintained special school": 2,
        "Further education": 4,
    }.items():
        assert (kinds == kind).sum() == number
        assert set(gias.index[kinds == kind]) <= listed
    phases = gias["education_phase"].isin(["Secondary", "All-through"])
    embedded = schools.settings["school_phase"].isin(["secondary", "all-through"]) & schools.settings[
        "setting_id"
    ].str.fullmatch(r"\d{6}")
    assert set(schools.settings.loc[embedded, "setting_id"]) == set(gias.index[phases])
    assert phases.sum() == 42


def test_rolls_are_those_of_gias(schools: Schools, gias: pd.DataFrame) -> None:
    rows = schools.places.merge(schools.provision[["provision_id", "setting_id", "tier", "provision_type"]])
    rows = rows[(rows["tier"] == "local") & (rows["provision_type"] == "special_school") & (rows["year"] == 2024)]
    rolls = rows.groupby("setting_id")["on_roll_pupils"].sum().astype(int)
    assert rolls.sum() == 1285
    assert (rolls == gias.loc[rolls.index, "number_of_pupils"]).all()


def test_districts_derived_by_position(schools: Schools, real_data: Path) -> None:
    published = gpd.read_file(real_data / "oxfordshire/boundaries/lad_2025.geojson").to_crs(27700)
    code = next(name for name in published.columns if name.upper().startswith("LAD") and name.upper().endswith("CD"))
    joined = gpd.sjoin(schools.settings, published[[code, "geometry"]], predicate="within", how="left")
    urns = joined["setting_id"].str.fullmatch(r"\d{6}")
    assert (joined.loc[urns, "area_id"] == joined.loc[urns, code]).mean() >= 0.97
    outside = joined["setting_name"].str.contains("beyond the county|Other councils")
    assert outside.sum() == 13
    assert (joined.loc[outside, "area_id"] == "").all()


def _whole(values: Sequence[float], total: int) -> np.ndarray:
    scaled = np.array(values, dtype=float) / np.sum(values) * total
    whole = np.floor(scaled).astype(int)
    for index in np.argsort(whole - scaled, kind="stable")[: total - whole.sum()]:
        whole[index] += 1
    return whole


def _pupils(needs: dict[str, int], ages: list[int], total: int) -> dict[tuple[str, int], int]:
    """Pupils by need and year: the county's two margins, taken as independent."""
    joint = np.outer(list(needs.values()), ages)
    whole = _whole(joint.ravel(), total).reshape(joint.shape)
    return {(need, ncy): int(whole[i, ncy]) for i, need in enumerate(needs) for ncy in range(len(ages))}


@pytest.mark.parametrize(
    ("provision_type", "needs", "ages", "total"),
    [
        ("special_school", SPECIAL_NEEDS, SPECIAL_AGES, 1285 - OTHER_COUNCILS_PUPILS),
        ("specialist_base", BASE_NEEDS, BASE_AGES, 132),
    ],
)
def test_calibration(schools: Schools, provision_type: str, needs: dict[str, int], ages: list[int], total: int) -> None:
    assert sum(needs.values()) == {"special_school": 1465, "specialist_base": 132}[provision_type]
    assert sum(ages) == {"special_school": 1460, "specialist_base": 132}[provision_type]
    demand = _pupils(needs, ages, total)
    rows = schools.provision.merge(schools.places[schools.places["year"] == 2024], on="provision_id")
    rows = rows[(rows["provision_type"] == provision_type) & (rows["tier"] == "local")]
    graph = nx.DiGraph()
    for row in rows.itertuples():
        # Other councils' pupils hold their share of the places of special schools.
        held = OTHER_COUNCILS_PUPILS if provision_type == "special_school" else 0
        usable = int(row.planned_places * (1 - held / rows["planned_places"].sum()))
        graph.add_edge(row.provision_id, "sink", capacity=usable)
    for (need, ncy), pupils in demand.items():
        graph.add_edge("source", (need, ncy), capacity=pupils)
        for row in rows.itertuples():
            if need in row.needs.split(";") and row.ncy_from <= ncy <= row.ncy_to:
                graph.add_edge((need, ncy), row.provision_id, capacity=pupils)
    placed, flow = nx.maximum_flow(graph, "source", "sink")
    assert placed >= 0.97 * total
    groups: dict[str, int] = {}
    for (need, _), pupils in flow["source"].items():
        groups[NEED_GROUP_OF[need]] = groups.get(NEED_GROUP_OF[need], 0) + pupils
    wanted = {NEED_GROUP_OF[need] for need in needs}
    assert {group for group, pupils in groups.items() if pupils > 0} == wanted
    for need in needs:
        sought = sum(pupils for (other, _), pupils in demand.items() if other == need)
        found = sum(pupils for (other, _), pupils in flow["source"].items() if other == need)
        assert found >= 0.9 * sought or sought - found <= 1, need
