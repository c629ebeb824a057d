"""Forecast and homes of demand, on a county small enough to work by hand."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand import forecast_demand
from sufficiency.demand.forecast import apportion, forecast_counts
from sufficiency.demand.location import locate
from sufficiency.model.assumptions import Assumption
from sufficiency.model.errors import DataError, ParameterError
from sufficiency.model.parameters import Parameters
from sufficiency.model.tables import TABLES

GOLDEN = 0.6180339887498949


def parameters(definition: str = "A", case: str = "extrapolated") -> Parameters:
    """Return parameters of a run of 2024 (calibration) to 2026, headline 2025."""
    names = {
        "demand_definition": definition,
        "demand_after_headline_year": case,
        "placement_mix": "as_today",
        "forecast_method": "controls",
        "births_annual_change_share": 0.0,
        "deprivation_rate_ratio": 1.0,
        "caseload_weight_share": 0.0,
    }
    assumptions = {name: Assumption(name, value, None, None, "", "", "", "") for name, value in names.items()}
    return Parameters(
        area_id="town",
        area_name="Town",
        county_id="town",
        crs="EPSG:27700",
        report_date=dt.date(2026, 1, 1),
        illustrative=True,
        illustrative_note="",
        calibration_year=2024,
        first_year=2025,
        headline_year=2025,
        last_year=2026,
        hide_up_to=5,
        assumptions=MappingProxyType(assumptions),
    )


def population() -> pd.DataFrame:
    """Return two zones and an empty one; ages 9 to 11: 100, 100 and 50 people in the county."""
    rows = [("east", 9, 75), ("east", 10, 25), ("east", 11, 25), ("west", 9, 25), ("west", 10, 75), ("west", 11, 25)]
    rows += [("moor", age, 0) for age in (9, 10, 11)]
    return pd.DataFrame([(zone, 2024, age, float(n)) for zone, age, n in rows], columns=TABLES["population"].names[:4])


def rates() -> pd.DataFrame:
    """Return 4 pupils of age 10 (NCY 6) and 6 of age 11 (NCY 7) in special schools, and 10 in mainstream."""
    rows = [
        (6, "ASD", "state_special_school", "special_school", "day", 4),
        (7, "ASD", "state_special_school", "special_school", "day", 4),
        (7, "ASD", "independent_special_school", "special_school", "day", 2),
        (7, "MLD", "mainstream_school", "mainstream", "day", 10),
    ]
    return pd.DataFrame(rows, columns=TABLES["rates"].names[:6])


def controls(headline: tuple[int, int, int] = (10, 14, 12), mainstream: int = 10) -> pd.DataFrame:
    """Return controls of 2024 to 2026, with a low and a high case for 2025 and 2026."""
    rows = [(2024, "headline", headline[0], None, None), (2025, "headline", headline[1], 1, 99)]
    rows += [(2026, "headline", headline[2], 5, 20)]
    rows += [(year, "mainstream", mainstream, None, None) for year in (2024, 2025, 2026)]
    frame = pd.DataFrame(rows, columns=TABLES["controls"].names[:5])
    return frame.astype({"low_pupils": "Int64", "high_pupils": "Int64"})


def cells(counts: pd.DataFrame, year: int) -> dict[tuple[str, int], int]:
    """Return pupils by place sought and NCY of a year."""
    of_year = counts[counts["year"] == year]
    return {(r.place_sought, r.ncy): r.pupils for r in of_year.itertuples()}


def test_the_calibration_year_is_the_pattern() -> None:
    counts = forecast_counts(population(), rates(), controls(), parameters())
    assert cells(counts, 2024) == {("special_school", 6): 4, ("special_school", 7): 6, ("mainstream", 7): 10}


def test_cohorts_carry_through_to_the_control() -> None:
    # 2025: the 100 aged 9 are now 10, as many as before (4 x 100/100 = 4); the 100 aged 10 are now 11, twice as many
    # as before (6 x 100/50 = 12). 4 + 12 = 16 is brought to 14: 3.5 and 10.5; equal remainders, so the earlier gains.
    # 2026: both cohorts were 9 or younger (100 each): 4 and 12 brought to 12: 3 and 9.
    counts = forecast_counts(population(), rates(), controls(), parameters())
    assert cells(counts, 2025) == {("special_school", 6): 4, ("special_school", 7): 10, ("mainstream", 7): 10}
    assert cells(counts, 2026) == {("special_school", 6): 3, ("special_school", 7): 9, ("mainstream", 7): 10}


@pytest.mark.parametrize(("case", "pupils"), [("low", 5), ("extrapolated", 12), ("high", 20)])
def test_the_case_is_taken_after_the_headline_year_only(case: str, pupils: int) -> None:
    counts = forecast_counts(population(), rates(), controls(), parameters(case=case))
    special = counts[counts["place_sought"] == "special_school"].groupby("year")["pupils"].sum()
    assert special.to_dict() == {2024: 10, 2025: 14, 2026: pupils}


def test_definition_b_leaves_out_those_in_independent_schools() -> None:
    rows = controls((8, 14, 12))
    more = pd.DataFrame({"year": [2024, 2025, 2026], "stream": "educated_elsewhere", "pupils": [2, 3, 3]})
    counts = forecast_counts(population(), rates(), pd.concat([rows, more]), parameters(definition="B"))
    first = cells(counts, 2024)
    assert first == {
        ("special_school", 6): 4,
        ("special_school", 7): 4,
        ("mainstream", 7): 10,
        ("educated_elsewhere", 7): 2,
    }


def test_a_definition_that_disagrees_with_the_controls_is_refused() -> None:
    with pytest.raises(DataError, match=r"holds 8 pupils of the stream headline .* says 10"):
        forecast_counts(
            population(),
            rates(),
            pd.concat(
                [controls(), pd.DataFrame({"year": [2024, 2025, 2026], "stream": "educated_elsewhere", "pupils": 2})]
            ),
            parameters(definition="B"),
        )


@pytest.mark.parametrize(("definition", "case"), [("C", "extrapolated"), ("A", "central")])
def test_unknown_choices_are_refused(definition: str, case: str) -> None:
    with pytest.raises(ParameterError):
        forecast_counts(population(), rates(), controls(), parameters(definition, case))


def test_missing_controls_are_named() -> None:
    short = controls().query("not (year == 2026 and stream == 'mainstream')")
    with pytest.raises(DataError, match="2026 mainstream"):
        forecast_counts(population(), rates(), short, parameters())


def test_controls_without_a_pattern_are_refused() -> None:
    more = pd.concat([controls(), pd.DataFrame({"year": [2025], "stream": ["fe_mainstream"], "pupils": [3]})])
    with pytest.raises(DataError, match="fe_mainstream"):
        forecast_counts(population(), rates(), more, parameters())


def test_an_age_without_people_is_refused() -> None:
    empty = population().assign(people=lambda d: d["people"].where(d["age"] != 11, 0.0))
    with pytest.raises(DataError, match="nobody of age 11"):
        forecast_counts(empty, rates(), controls(), parameters())


def test_special_school_pupils_outside_reception_to_year_14_are_their_own_stream() -> None:
    young = pd.DataFrame([(-1, "SLD", "state_special_school", "special_school", "day", 3)], columns=rates().columns)
    people = pd.concat(
        [population(), pd.DataFrame({"zone_id": "east", "year": 2024, "age": [3, 4, 5, 6, 7, 8], "people": 10.0})]
    )
    asked = pd.DataFrame({"year": [2024, 2025, 2026], "stream": "special_school", "pupils": [3, 5, 5]})
    counts = forecast_counts(people, pd.concat([rates(), young]), pd.concat([controls(), asked]), parameters())
    of_2025 = counts[(counts["year"] == 2025) & (counts["place_sought"] == "special_school")]
    assert of_2025[of_2025["ncy"] < 0]["pupils"].sum() == 5
    assert of_2025[of_2025["ncy"] >= 0]["pupils"].sum() == 14


def test_apportion_by_hand() -> None:
    # Shares of 10 by 1:2:4 are 1.43, 2.86 and 5.71: the two largest remainders (0.86, 0.71) gain.
    assert apportion(np.array([1.0, 2.0, 4.0]), 10).tolist() == [1, 3, 6]
    assert apportion(np.array([1.0, 1.0]), 3).tolist() == [2, 1]
    assert apportion(np.array([0.0, 0.0]), 0).tolist() == [0, 0]
    with pytest.raises(DataError):
        apportion(np.array([0.0]), 1)
    with pytest.raises(DataError):
        apportion(np.array([-1.0, 2.0]), 1)


def test_homes_by_hand() -> None:
    # Cohort 2024 - 6 = 2018, need ASD (code 10), special_school (code 0), day (code 0): the offset is
    # frac(2018 sqrt 2 + 10 sqrt 3) = frac(0.882969 + 0.320508) = 0.203477; then steps of 0.618034:
    # 0.2035, 0.8215, 0.4395, 0.0576. Aged 10: east 25, moor 0, west 75, so east runs to 0.25: east, west, west, east.
    # 2018 x 1.41421356237 = 2853.882969; 10 x 1.73205080757 = 17.320508.
    counts = pd.DataFrame(
        {"year": 2024, "ncy": 6, "need": "ASD", "place_sought": "special_school", "attendance": "day", "pupils": [4]}
    )
    for n, expected in (
        (1, {"east": 1}),
        (2, {"east": 1, "west": 1}),
        (3, {"east": 1, "west": 2}),
        (4, {"east": 2, "west": 2}),
    ):
        found = locate(counts.assign(pupils=n), population(), 2024)
        assert dict(zip(found["origin_id"], found["pupils"], strict=True)) == expected


def test_order_of_zones_follows_the_clusters() -> None:
    counts = pd.DataFrame(
        {"year": 2024, "ncy": 6, "need": "ASD", "place_sought": "special_school", "attendance": "day", "pupils": [1]}
    )
    # West first: it runs to 0.75, and the first point, 0.2035, falls in it.
    clusters = pd.DataFrame({"zone_id": ["east", "moor", "west"], "cluster_id": ["z", "z", "a"]})
    assert locate(counts, population(), 2024, clusters=clusters)["origin_id"].tolist() == ["west"]
    with pytest.raises(DataError, match="east"):
        locate(counts, population(), 2024, clusters=clusters.iloc[1:])


def test_a_zone_of_weight_nothing_has_no_pupil() -> None:
    weight = pd.Series({"east": 1.0, "west": 0.0, "moor": 1.0})
    found = forecast_demand(population(), rates(), controls(), parameters(), zone_weight=weight)
    assert set(found["origin_id"]) == {"east"}
    for bad in (weight.drop("east"), weight.mask(weight == 0, -1.0)):
        with pytest.raises(DataError, match="zone_weight"):
            forecast_demand(population(), rates(), controls(), parameters(), zone_weight=bad)
    with pytest.raises(DataError, match="no home"):
        forecast_demand(population(), rates(), controls(), parameters(), zone_weight=weight * 0)


def test_the_table_is_demand() -> None:
    found = forecast_demand(population(), rates(), controls(), parameters())
    assert tuple(found.columns) == TABLES["demand"].names
    assert found["group_id"].is_unique
    assert found["group_id"].is_monotonic_increasing
    assert set(found["sex"]) == {"any"}
    assert found["ehcp"].dtype == bool
    assert found["ehcp"].all()
    assert found["pupils"].min() >= 1
    assert found["group_id"].iloc[0] == "2024.age10.ASD.special_school.day.east"
    assert not found.duplicated(["origin_id", "year", "ncy", "need", "place_sought", "attendance"]).any()
    assert "moor" not in set(found["origin_id"])


def test_inputs_are_left_alone_and_the_order_of_rows_does_not_matter() -> None:
    given = [population(), rates(), controls()]
    before = [frame.copy(deep=True) for frame in given]
    first = forecast_demand(*given, parameters())
    for frame, copy in zip(given, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
    backwards = [frame.iloc[::-1] for frame in given]
    pd.testing.assert_frame_equal(forecast_demand(*backwards, parameters()), first)
