"""Where pupils live: deprivation and the present caseload decide between zones, and never change how many they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand import forecast_demand
from sufficiency.demand.cohorts import people_of_years
from sufficiency.demand.location import area_weights, locate
from tests.small_demand import DISTRICTS, clusters, controls, drivers, parameters, population, rates, shuffled, table

CONTROLS = controls((2024, 80, 120), (2025, 80, 120), (2026, 80, 120))
NONE = float("nan")
TRAITS = pd.DataFrame({"zone_id": list(DISTRICTS), "deprivation_decile": pd.array([1, 10, pd.NA, 4], dtype="Int64")})
# 6 of 12 in the first zone, none in the third
CASELOAD = table("caseload", ("n1", "special_school", 6), ("n2", "special_school", 4), ("s2", "special_school", 2))


def weights(**given: object) -> dict[str, pd.Series]:
    """Return the weights of the zones, 2,100 children in each."""
    values = {key: value for key, value in given.items() if key.endswith(("ratio", "share"))}
    tables = {key: value for key, value in given.items() if key not in values}
    people = people_of_years(population(), (2024,))
    return area_weights(people, 2024, drivers(**tables), parameters(**values))


def many(place: str, pupils: int = 4000) -> pd.DataFrame:
    """Return counts of one large group."""
    return pd.DataFrame(
        {"year": 2024, "ncy": 6, "need": "ASD", "place_sought": place, "attendance": "day"}, index=[0]
    ).assign(pupils=pupils)


def spread(place: str, **given: object) -> list[int]:
    """Return where a large group lives, by zone."""
    values = {key: value for key, value in given.items() if key.endswith(("ratio", "share"))}
    tables = {key: value for key, value in given.items() if key not in values}
    found = locate(many(place), population(), 2024, drivers=drivers(**tables), parameters=parameters(**values))
    return found.set_index("origin_id")["pupils"].reindex(list(DISTRICTS), fill_value=0).tolist()


def test_deprivation_by_hand() -> None:
    # R ^ ((10 - decile) / 9); without a decile the middle of the scale, 5.5
    found = weights(zone_traits=TRAITS, deprivation_rate_ratio=2.0)["all"]
    assert found.tolist() == pytest.approx([2, 1, 2**0.5, 2 ** (6 / 9)])


def test_caseload_by_hand() -> None:
    # relative to a quarter of 12, which is 3: 2, 4/3, 0 and 2/3; a half of each, and a half of 1
    found = weights(caseload=CASELOAD, caseload_weight_share=0.5)
    assert found["special_school"].tolist() == pytest.approx([1.5, 0.5 + 2 / 3, 0.5, 0.5 + 1 / 3])
    assert found["all"].tolist() == [1] * 4
    whole = weights(caseload=CASELOAD, caseload_weight_share=1.0)["special_school"]
    assert whole.tolist() == pytest.approx([2, 4 / 3, 0, 2 / 3])


def test_a_caseload_of_every_place_holds_where_a_place_has_none_of_its_own() -> None:
    both = pd.concat([CASELOAD, table("caseload", ("s1", "all", 5))])
    assert spread("mainstream", caseload=both, caseload_weight_share=1.0) == [0, 0, 4000, 0]
    assert spread("special_school", caseload=both, caseload_weight_share=1.0)[2] == 0


def test_pupils_spread_as_the_weights_do() -> None:
    # 4,000 by 2 : 1 : 1.414 : 1.587; the sequence leaves a few pupils either way
    found = spread("mainstream", zone_traits=TRAITS, deprivation_rate_ratio=2.0)
    exact = np.array([2, 1, 2**0.5, 2 ** (6 / 9)])
    np.testing.assert_allclose(found, exact / exact.sum() * 4000, atol=12)
    found = spread("special_school", caseload=CASELOAD, caseload_weight_share=1.0)
    np.testing.assert_allclose(found, [2000, 4000 / 3, 0, 2000 / 3], atol=12)


@pytest.mark.parametrize(
    "given",
    [
        {"zone_traits": TRAITS, "deprivation_rate_ratio": 1.0},
        {"caseload": CASELOAD, "caseload_weight_share": 0.0},
        {"caseload": CASELOAD.assign(pupils=0), "caseload_weight_share": 1.0},
        {"caseload": CASELOAD.iloc[:0], "caseload_weight_share": 1.0},
        {"deprivation_rate_ratio": 2.0, "caseload_weight_share": 1.0},
        {"zone_traits": TRAITS.assign(deprivation_decile=7), "deprivation_rate_ratio": 3.0},
    ],
    ids=["ratio 1", "share 0", "nobody", "no row", "no tables", "the same everywhere"],
)
def test_what_says_nothing_changes_nothing(given: dict[str, object]) -> None:
    for place in ("special_school", "mainstream"):
        assert spread(place, **given) == spread(place)


def test_the_county_keeps_every_total_and_the_order_of_rows_does_not_matter() -> None:
    key = ["year", "ncy", "need", "place_sought", "attendance"]
    plain = forecast_demand(population(), rates(), CONTROLS, parameters(), clusters=clusters(), drivers=drivers())
    given = parameters(deprivation_rate_ratio=3.0, caseload_weight_share=0.7)
    found = [
        forecast_demand(
            shuffled(population(), seed), rates(), CONTROLS, given, clusters=shuffled(clusters(), seed),
            drivers=drivers(zone_traits=shuffled(TRAITS, seed), caseload=shuffled(CASELOAD, seed)),
        )
        for seed in (1, 2)
    ]  # fmt: skip
    pd.testing.assert_frame_equal(*found)
    pd.testing.assert_series_equal(found[0].groupby(key)["pupils"].sum(), plain.groupby(key)["pupils"].sum())
    assert found[0]["origin_id"].value_counts().to_dict() != plain["origin_id"].value_counts().to_dict()


def test_a_zone_weight_comes_on_top() -> None:
    extra = pd.Series({"n1": 0.5, "n2": 1.0, "s1": 1.0, "s2": 0.0})
    found = locate(
        many("special_school"), population(), 2024, zone_weight=extra,
        drivers=drivers(caseload=CASELOAD), parameters=parameters(caseload_weight_share=1.0),
    )  # fmt: skip
    # 2 x 0.5 to 4/3 x 1
    by_zone = found.set_index("origin_id")["pupils"]
    assert set(by_zone.index) == {"n1", "n2"}
    assert by_zone["n1"] == pytest.approx(4000 * 3 / 7, abs=8)
