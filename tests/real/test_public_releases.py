"""The department's releases for Oxfordshire, against counts made with the csv module and published totals by hand."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from sufficiency.demand.release_fit import pattern_differences, pattern_from_release
from sufficiency.model.tables import TABLES
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
from sufficiency.sources.public.scorecard import read_scorecard

if TYPE_CHECKING:
    from sufficiency.model.issues import Issue
    from sufficiency.sources.public.account import Reading

pytestmark = pytest.mark.real

RATES = Path(__file__).parents[2] / "data" / "demand" / "rates.csv"
IDENTITY_COLUMNS = 12
# Lines of each file less its header (wc -l); the kind that the reader must find.
FILES = {
    "caseload": (161, "caseload"),
    "ceased_plans": (153, "ceased plans"),
    "newplans": (125, "new plans"),
    "requests": (88, "requests"),
    "residential_settings": (149, "residential settings"),
    "sen_needs_all_plans": (90, "needs"),
}
# January of the year after, by published group: mainstream in all, of which bases, state special, independent,
# non-maintained, further education in all, educated elsewhere.
BY_YEAR = {
    2018: (3554, 1346, 126, 1157, 186, 30, 656, 157),
    2019: (4017, 1568, 132, 1188, 234, 30, 704, 277),
    2020: (4627, 1920, 145, 1276, 253, 40, 846, 243),
    2021: (5025, 2218, 142, 1315, 265, 43, 896, 116),
    2022: (5427, 2457, 99, 1252, 253, 42, 729, 381),
    2023: (6420, 3231, 158, 1400, 297, 45, 794, 539),
    2024: (7307, 3779, 132, 1465, 389, 45, 973, 561),
}
SPECIALIST_SHARE = {"PMLD": 1, "SLD": 0.6, "MLD": 0.15, "PD": 0.15, "ASD": 0.12, "SLCN": 0.1, "SEMH": 0.05}


def read(folder: Path, name: str) -> tuple[Reading, list[Issue]]:
    """Read one file of the release."""
    issues: list[Issue] = []
    found = read_ehc_plans(folder / "oxfordshire" / "send" / f"ehcp2025_{name}.csv", issues, la_code="931")
    assert found is not None
    return found, issues


@pytest.fixture(scope="module")
def readings(real_data: Path) -> dict[str, tuple[Reading, list[Issue]]]:
    """Read every file of the release once."""
    return {name: read(real_data, name) for name in FILES}


@pytest.mark.parametrize("name", list(FILES))
def test_rows_and_symbols(readings: dict[str, tuple[Reading, list[Issue]]], real_data: Path, name: str) -> None:
    reading, issues = readings[name]
    rows, kind = FILES[name]
    with (real_data / "oxfordshire" / "send" / f"ehcp2025_{name}.csv").open(encoding="utf-8-sig", newline="") as text:
        lines = list(csv.reader(text))[1:]
    cells = [cell for line in lines for cell in line[IDENTITY_COLUMNS:]]
    symbols = Counter(cell for cell in cells if not cell.replace(".", "").isdigit())
    assert (reading.account.rows, reading.account.used) == (rows, rows) == (len(lines), len(lines))
    assert reading.account.closes
    assert reading.account.kind == f"EHC plans, {kind}"
    assert len(reading.table) == len(cells)
    found = Counter(text.split(":")[0] for text in reading.table["missing"] if text)
    assert found == symbols
    assert reading.table["value"].sum() == pytest.approx(sum(float(c) for c in cells if c not in symbols))
    # Every sum that can be checked closes.
    assert {issue.severity for issue in issues} <= {"note"}
    assert {issue.check for issue in issues} <= {"total_unchecked"}


def test_plans_by_year(readings: dict[str, tuple[Reading, list[Issue]]]) -> None:
    found = plans_by_year(readings["caseload"][0].table)
    assert dict(zip(found["year"], found["plans"], strict=True)) == {year: row[0] for year, row in BY_YEAR.items()}
    new = plans_by_year(readings["newplans"][0].table)
    assert dict(zip(new["year"], new["plans"], strict=True)) == {
        2019: 619,
        2020: 828,
        2021: 694,
        2022: 634,
        2023: 1161,
        2024: 1159,
    }


def test_plans_by_placement(readings: dict[str, tuple[Reading, list[Issue]]]) -> None:
    found = plans_by_placement(readings["caseload"][0].table)
    wide = found.pivot_table(index="year", columns="placement", values="pupils", aggfunc="sum")
    fe = ["general_further_education", "specialist_post_16", "other_training_provider"]
    for year, (plans, mainstream, bases, state, independent, non_maintained, colleges, elsewhere) in BY_YEAR.items():
        row = wide.loc[year]
        assert row.sum() == plans
        assert row["mainstream_school"] + row["resourced_provision_or_unit"] == mainstream
        assert row["resourced_provision_or_unit"] == bases
        assert row["state_special_school"] == state
        assert row["independent_special_school"] == independent
        assert row["non_maintained_special_school"] == non_maintained
        assert row[fe].sum() == colleges
        assert row["educated_elsewhere"] == elsewhere
    finer = plans_by_placement(readings["caseload"][0].table, finer=True)
    assert finer.loc[finer["year"] == 2024, "pupils"].sum() == 7307


def test_the_pattern_of_the_embedded_area_comes_out_of_the_release(
    readings: dict[str, tuple[Reading, list[Issue]]],
) -> None:
    needs, caseload = readings["sen_needs_all_plans"][0].table, readings["caseload"][0].table
    tables = needs_by_age(needs), needs_by_placement(needs), placement_by_age(caseload)
    # 13 needs by 23 ages, 12 placements by 13 needs, 23 ages by 12 placements.
    assert [len(table) for table in tables] == [299, 156, 276]
    assert [int(table["pupils"].sum()) for table in tables] == [7307] * 3
    found = pattern_from_release(
        *tables,
        residential_totals(readings["residential_settings"][0].table),
        fe_specialist_share=SPECIALIST_SHARE,
    )
    embedded = pd.read_csv(RATES, keep_default_na=False)
    assert pattern_differences(found, embedded).to_dict("records") == []
    assert list(found.columns) == list(TABLES["rates"].names) == list(embedded.columns)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), embedded, check_dtype=False)


def test_pupil_yields(real_data: Path) -> None:
    issues: list[Issue] = []
    path = real_data / "oxfordshire" / "send" / "pupil_yields_ehcp_by_district.csv"
    found = read_pupil_yields(path, issues)
    assert found is not None
    assert (found.account.rows, found.account.used) == (70, 70)
    assert issues == []
    table = found.table
    with path.open(encoding="utf-8-sig", newline="") as text:
        lines = list(csv.DictReader(text))
    assert table["pupils_with_sen"].sum() == sum(int(line["SEN_Type_Count"]) for line in lines)
    last = table[(table["year"] == 2021) & (table["sen_type"] == "ehcp")]
    # 189 + 32 + 167 + 208 + 117 of 5,074 + 645 + 4,195 + 4,670 + 2,807.
    assert last["pupils_with_sen"].sum() == 713
    assert last["pupils_in_new_housing"].sum() == 17_391


def test_scorecard(real_data: Path) -> None:
    issues: list[Issue] = []
    found = read_scorecard(real_data / "oxfordshire" / "send" / "scorecard_oxfordshire.csv", issues, la_code="931")
    assert found is not None
    assert (found.account.rows, found.account.used) == (3, 3)
    assert issues == []
    table = found.table.set_index(["year", "measure", "phase", "project_type"]).sort_index()["value"]
    assert table[2024, "pupils_on_roll", "primary", ""] == 51_752
    assert table[2023, "places_needed", "secondary", ""] == 350
    # England's permanent expansions at the authority's prices: 3,049,756,671 pounds for 128,436 primary places.
    assert table[2024, "cost_per_place", "primary", "permanent_expansion"] == pytest.approx(3_049_756_671 / 128_436)
    # A forecast of three years before of 51,890 against 52,584.
    assert table[2023, "forecast_error_three_years_ahead", "primary", ""] == pytest.approx(
        51_890 / 52_584 - 1, abs=1e-5
    )
    assert len(found.account.notes) > 190
