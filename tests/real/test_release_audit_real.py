"""The public release of a small unitary, Rutland, is given to an attacker who shares no code with the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency.cli import main
from sufficiency.demand.calibration import fit_margins, round_to_margins
from tests.attack import recovered

pytestmark = [pytest.mark.real, pytest.mark.slow]
EMBEDDED = Path(__file__).resolve().parents[2] / "data"
NEEDS = "SPLD;MLD;SLD;PMLD;SEMH;SLCN;HI;VI;MSI;PD;ASD;DS;OTH;NSA;UNK"
NOTE = "illustrative: invented for the test,illustrative"


def _rates(real_data: Path) -> pd.DataFrame:
    """Return the example's plans by place and need brought to Rutland's children of 4 to 17, in whole pupils."""
    ages = [str(age) for age in range(4, 18)]
    here = pd.read_csv(real_data / "rutland" / "population_lsoa11_mid2020.csv")[ages].to_numpy().sum()
    there = pd.read_csv(real_data / "oxfordshire" / "population" / "oxon_lsoa11_syoa_mid2020.csv")[ages]
    rates = pd.read_csv(EMBEDDED / "demand" / "rates.csv")
    wanted = rates["pupils"].to_numpy(float) * here / there.to_numpy().sum()
    total = {(): np.array(round(wanted.sum()))}
    whole = round_to_margins(fit_margins(wanted, total), total)
    return rates.assign(pupils=whole, source="illustrative", quality="illustrative")[whole > 0]


@pytest.fixture(scope="module")
def tables(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of public tables of a run of Rutland."""
    folder = tmp_path_factory.mktemp("rutland")
    files, area, out = folder / "files", folder / "area", folder / "out"
    shutil.copytree(real_data / "rutland", files)
    shutil.copy(real_data / "roads" / "rutland-latest.osm.pbf", files)
    _rates(real_data).to_csv(files / "rates.csv", index=False)
    asked = ["--code", "E06000017", "--name", "Rutland", "--clusters", "2", "--report-date", "2026-11-26"]
    assert main(["prepare", str(files), str(area), *asked, "--illustrative"]) == 0
    with (area / "schools" / "provision.csv").open("a", encoding="utf-8") as file:
        for name, kind, first, last in (("base", "specialist_base", 0, 11), ("special", "special_school", 0, 14)):
            file.write(f"136530-{name},136530,{kind},all,{first},{last},{NEEDS},,any,true,day,local,{NOTE}\n")
    for name in ("committed", "programme"):
        (area / "schemes" / "scenarios" / f"{name}.toml").unlink()
    with (area / "schools" / "places.csv").open("a", encoding="utf-8") as file:
        for year in range(2024, 2029):
            for provision, places in (("136530-base", 20), ("136530-special", 60), ("134938-all", 20)):
                file.write(f"{provision},{year},{places},,,,,illustrative,{NOTE}\n")
    assert main(["run", str(area), "--out", str(out)]) == 0
    return out / "reports" / "tables"


def test_no_small_count_of_rutland_can_be_recovered(tables: Path) -> None:
    hidden, found = recovered(tables)
    # so small a council hides much: an attack on nothing would prove nothing
    assert hidden > 1_000
    assert found == []
