"""The pattern of plans from two-way tables, on towns small enough to work by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sufficiency.demand.release_fit import PLACE_SOUGHT_OF, pattern_differences, pattern_from_release
from sufficiency.model.errors import DataError, InfeasibleError
from sufficiency.model.table_parts import PLACEMENTS
from sufficiency.model.tables import TABLES
from sufficiency.model.vocabulary import PLACE_SOUGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = tuple[int, str, str]
SPECIAL, COLLEGE, MAINSTREAM = "state_special_school", "general_further_education", "mainstream_school"


def tables(cells: Mapping[Cell, int]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the three two-way tables of known pupils by age, need and placement."""
    full = pd.DataFrame([(*key, n) for key, n in cells.items()], columns=["age", "need", "placement", "pupils"])
    full = full.assign(year=2024, age_from=full["age"], age_to=full["age"])
    keys = [["age_from", "age_to", "need"], ["placement", "need"], ["age_from", "age_to", "placement"]]
    one, two, three = (full.groupby(["year", *key])["pupils"].sum().reset_index() for key in keys)
    return one, two, three


def fit(cells: Mapping[Cell, int], residential: pd.DataFrame | None = None, **shares: float) -> pd.DataFrame:
    """Fit the tables of known pupils."""
    return pattern_from_release(*tables(cells), residential, fe_specialist_share=shares)


def residential(ages: Mapping[tuple[int, int], int], placements: Mapping[str, int]) -> pd.DataFrame:
    """Return totals as a release gives them."""
    rows = [(2024, first, last, "", n) for (first, last), n in ages.items()]
    rows += [(2024, pd.NA, pd.NA, code, n) for code, n in placements.items()]
    return pd.DataFrame(rows, columns=["year", "age_from", "age_to", "placement", "pupils"])


def test_every_placement_seeks_something() -> None:
    assert tuple(PLACE_SOUGHT_OF) == PLACEMENTS
    assert set(PLACE_SOUGHT_OF.values()) <= set(PLACE_SOUGHT)


def test_the_most_even_table() -> None:
    # One need, so the table is placement by age itself; ncy = age - 4.
    found = fit({(10, "ASD", SPECIAL): 3, (10, "ASD", MAINSTREAM): 2, (11, "ASD", MAINSTREAM): 4})
    assert list(found.columns) == list(TABLES["rates"].names)
    assert found[["ncy", "placement", "place_sought", "pupils"]].to_numpy().tolist() == [
        [6, SPECIAL, "special_school", 3],
        [6, MAINSTREAM, "mainstream", 2],
        [7, MAINSTREAM, "mainstream", 4],
    ]
    assert set(found["attendance"]) == {"day"}
    assert set(found["source"]) == {"DfE EHC plans January 2025 (SEN2), fitted to its two-way tables"}


def test_headline_pupils_outside_its_years_count_at_the_nearest() -> None:
    found = fit({(3, "ASD", SPECIAL): 2, (4, "ASD", SPECIAL): 5, (20, "ASD", SPECIAL): 1, (3, "ASD", MAINSTREAM): 1})
    assert found[["ncy", "placement", "pupils"]].to_numpy().tolist() == [
        [0, SPECIAL, 7],
        [14, SPECIAL, 1],
        [-1, MAINSTREAM, 1],
    ]


def test_units_by_largest_remainders() -> None:
    # 28, 3 and 9 learners at 12 %: 3.36 + 0.36 + 1.08 = 4.8, so 5; 4 whole, the one left to the older of the equal .36.
    found = fit(
        {(16, "ASD", COLLEGE): 28, (17, "ASD", COLLEGE): 3, (18, "ASD", COLLEGE): 9, (18, "HI", COLLEGE): 2}, ASD=0.12
    )
    units = found[found["place_sought"] == "fe_specialist_unit"].set_index("ncy")["pupils"]
    assert units.to_dict() == {12: 3, 13: 1, 14: 1}
    assert found["pupils"].sum() == 42
    assert set(found.loc[found["need"] == "HI", "quality"]) == {"inferred"}
    assert set(found.loc[found["need"] == "ASD", "quality"]) == {"illustrative"}
    everyone = fit({(16, "PMLD", COLLEGE): 4}, PMLD=1)
    assert everyone["place_sought"].tolist() == ["fe_specialist_unit"]


def test_residential_totals_are_met() -> None:
    cells = {(age, need, SPECIAL): 4 for age in (10, 19, 20, 21) for need in ("ASD", "SEMH")}
    found = fit(cells, residential({(10, 10): 3, (19, 19): 0, (20, 25): 6}, {SPECIAL: 9}))
    stays = found[found["attendance"] == "residential"]
    # 3 at age 10 over two equal needs: 1 each, the odd one to the later letter. 6 of the 16 of 20 and over: 3 a need,
    # at the youngest age; in a special school that is Year 14.
    assert stays.set_index(["ncy", "need"])["pupils"].to_dict() == {
        (6, "ASD"): 1,
        (6, "SEMH"): 2,
        (14, "ASD"): 3,
        (14, "SEMH"): 3,
    }
    assert found["pupils"].sum() == 32


def test_residential_pupils_never_exceed_those_there() -> None:
    # In proportion alone, the 6 of age 12 would put more than the one pupil into the rarer placement.
    nm, ind = "non_maintained_special_school", "independent_special_school"
    cells = {(12, "ASD", nm): 1, (12, "ASD", ind): 6, (13, "ASD", nm): 9, (13, "ASD", ind): 4}
    found = fit(cells, residential({(12, 12): 6, (13, 13): 9}, {nm: 9, ind: 6}))
    both = found.groupby(["ncy", "placement"])["pupils"].sum()
    assert both.to_dict() == {(8, nm): 1, (8, ind): 6, (9, nm): 9, (9, ind): 4}
    stays = found[found["attendance"] == "residential"]
    assert stays.groupby("ncy")["pupils"].sum().to_dict() == {8: 6, 9: 9}
    assert stays.groupby("placement")["pupils"].sum().to_dict() == {nm: 9, ind: 6}


def test_what_cannot_be_fitted_says_why() -> None:
    cells = {(10, "ASD", SPECIAL): 3, (11, "MLD", SPECIAL): 2}
    one, two, three = tables(cells)
    shares: dict[str, float] = {}
    missing = one.assign(pupils=one["pupils"].astype(float).where(one["need"] != "MLD"))
    with pytest.raises(DataError, match="1 published cells of need by age are missing"):
        pattern_from_release(missing, two, three, fe_specialist_share=shares)
    with pytest.raises(DataError, match="disagree on need: MLD \\(2 and 3\\)"):
        pattern_from_release(one, two.assign(pupils=two["pupils"].replace(2, 3)), three, fe_specialist_share=shares)
    with pytest.raises(DataError, match="disagree on placement"):
        pattern_from_release(one, two, three.assign(placement="not_recorded"), fe_specialist_share=shares)
    with pytest.raises(DataError, match="different years: 2023, 2024"):
        pattern_from_release(one, two, three.assign(year=2023), fe_specialist_share=shares)
    with pytest.raises(DataError, match="twice"):
        pattern_from_release(pd.concat([one, one]), two, three, fe_specialist_share=shares)
    with pytest.raises(DataError, match="share from 0 to 1"):
        pattern_from_release(one, two, three, fe_specialist_share={"ASD": 1.2})
    with pytest.raises(DataError, match="residential totals are missing"):
        fit(cells, residential({(10, 10): 1}, {SPECIAL: 1}).assign(pupils=[1.0, np.nan]))
    with pytest.raises(DataError, match="an age that has no pupils"):
        fit(cells, residential({(17, 17): 1}, {SPECIAL: 1}))
    with pytest.raises(DataError, match="more residential pupils"):
        fit(cells, residential({(10, 10): 4, (11, 11): 0}, {SPECIAL: 4}))


def test_differences_are_told_by_cell() -> None:
    one = fit({(10, "ASD", SPECIAL): 3, (11, "ASD", SPECIAL): 2})
    two = fit({(10, "ASD", SPECIAL): 3, (11, "ASD", SPECIAL): 1, (12, "ASD", SPECIAL): 4})
    assert pattern_differences(one, one).empty
    found = pattern_differences(one, two)[["ncy", "pupils", "other_pupils"]]
    assert found.to_numpy().tolist() == [[7, 2, 1], [8, 0, 4]]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=27, max_size=27))
def test_every_two_way_table_is_met(counts: list[int]) -> None:
    # Ages within the scope and no college, so that no pupil is moved or split.
    keys = [
        (age, n, p) for age in (8, 9, 10) for n in ("ASD", "MLD", "UNK") for p in (SPECIAL, MAINSTREAM, "not_recorded")
    ]
    cells = dict(zip(keys, counts, strict=True))
    assume(sum(counts) > 0)
    one, two, three = tables(cells)
    try:
        found = fit(cells)
    except InfeasibleError:
        assume(False)
    found = found.assign(year=2024, age_from=found["ncy"] + 4, age_to=found["ncy"] + 4)
    for published in (one, two, three):
        key = [name for name in published.columns if name != "pupils"]
        expected = published[published["pupils"] > 0].set_index(key)["pupils"]
        assert found.groupby(key)["pupils"].sum().to_dict() == expected.to_dict()
