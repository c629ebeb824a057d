"""Mitigations and the table of the mix, on a county small enough to work by hand.

60 of the small county seek a special school (32 in primary: 20 ASD and 12 MLD; 24 ASD in secondary; 4 SLD in post-16),
20 a base and 120 a mainstream school. With as many people of every age, every year is as the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sufficiency.demand.changes import mitigations_of, ramp, remaining
from sufficiency.demand.forecast import forecast_counts, forecast_expected
from sufficiency.model.errors import DataError, ParameterError
from tests.small_demand import controls, drivers, parameters, population, rates, shuffled, table

if TYPE_CHECKING:
    from sufficiency.demand.drivers import Drivers

NONE = float("nan")
CONTROLS = controls((2024, 80, 120), (2025, 80, 120), (2026, 80, 120), (2027, 80, 120), (2028, 80, 120))


def mitigation(name: str, effect: str, share: float, **more: object) -> tuple[object, ...]:
    """Return a row of mitigations: 2025 to 2026, special schools, to mainstream, unless said otherwise."""
    said = {"need": "all", "phase": "all", "place": "special_school", "to": "mainstream", "start": 2025, "full": 2026}
    said |= more
    to = said["to"] if effect == "mix" else ""
    return (name, name.title(), effect, said["need"], said["phase"], said["place"], to, share, NONE, NONE,
            said["start"], said["full"])  # fmt: skip


def mitigated(*rows: tuple[object, ...], applied: tuple[str, ...] | None = None) -> Drivers:
    """Return drivers with these mitigations, all of them applied unless said otherwise."""
    names = tuple(str(row[0]) for row in rows)
    return drivers(mitigations=table("mitigations", *rows), applied=names if applied is None else applied)


def expected(tables: Drivers, **values: object) -> pd.DataFrame:
    """Return pupils to be expected by year and place sought."""
    given = parameters(last_year=2028, **values)
    cells, pupils = forecast_expected(population(), rates(), CONTROLS, given, tables)
    by_place = pd.DataFrame(pupils.sum(axis=2), index=list(given.years), columns=cells["place_sought"])
    return by_place.T.groupby(level=0).sum().T


def mix(*rows: tuple[str, str, str, int, float]) -> Drivers:
    """Return drivers with a table of the mix."""
    return drivers(placement_mix=table("placement_mix", *rows))


def test_the_ramp_by_hand() -> None:
    assert ramp([2024, 2025, 2026, 2027, 2028], 2025, 2027).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])
    assert ramp([2024, 2025, 2026], 2025, 2025).tolist() == [0, 1, 1]


def test_what_was_reached_by_the_calibration_year_is_in_the_pattern() -> None:
    # 2023 to 2026 reaches 0.25, 0.5, 0.75, 1 of 0.4. In 2024 0.2 are gone, so of those left 0.7/0.8 and 0.6/0.8 stay.
    row = {"start_year": 2023, "full_year": 2026}
    found = remaining(np.array([0.4, 0.0]), row, [2023, 2024, 2025, 2026, 2027], 2024)
    np.testing.assert_allclose(found, [[1, 1], [1, 1], [0.875, 1], [0.75, 1], [0.75, 1]])
    assert remaining(np.array([1.0]), {"start_year": 2020, "full_year": 2021}, [2024, 2025], 2024).tolist() == [
        [1],
        [1],
    ]


def test_a_rate_lets_pupils_need_no_plan() -> None:
    found = expected(mitigated(mitigation("a", "rate", 0.5, phase="primary")))
    # a quarter, then half, of the 32 in primary
    assert found["special_school"].tolist() == pytest.approx([60, 52, 44, 44, 44])
    assert found["specialist_base"].tolist() == [20] * 5
    assert found["mainstream"].tolist() == [120] * 5


def test_a_mix_moves_pupils_and_keeps_them() -> None:
    found = expected(mitigated(mitigation("a", "mix", 0.5, need="ASD")))
    # of the 44 with ASD a quarter, then half
    assert found["special_school"].tolist() == pytest.approx([60, 49, 38, 38, 38])
    assert found["mainstream"].tolist() == pytest.approx([120, 131, 142, 142, 142])
    assert found.sum(axis=1).tolist() == pytest.approx([200] * 5)


def test_a_mix_from_everywhere_leaves_those_who_seek_it_already() -> None:
    found = expected(mitigated(mitigation("a", "mix", 1.0, place="all", to="specialist_base", need="ASD", full=2025)))
    assert found.loc[2025].to_dict() == pytest.approx({"mainstream": 40, "special_school": 16, "specialist_base": 144})


def test_two_that_reach_the_same_pupils_come_one_after_the_other() -> None:
    rows = [mitigation("a", "rate", 0.5, full=2025), mitigation("b", "mix", 0.5, full=2025)]
    # 60 -> 30 stay with a plan, of whom 15 move
    for order in (rows, rows[::-1]):
        found = expected(mitigated(*order))
        assert found.loc[2025, ["special_school", "mainstream"]].tolist() == pytest.approx([15, 135])


@pytest.mark.parametrize("effect", ["rate", "mix"])
@pytest.mark.parametrize("method", ["rates", "controls"])
def test_a_share_of_nothing_changes_nothing(effect: str, method: str) -> None:
    given = parameters(last_year=2028, forecast_method=method)
    plain = forecast_counts(population(), rates(), CONTROLS, given, drivers())
    tables = mitigated(mitigation("a", effect, 0.0, place="all"))
    pd.testing.assert_frame_equal(forecast_counts(population(), rates(), CONTROLS, given, tables), plain)


@pytest.mark.parametrize("effect", ["supply", "none"])
def test_places_and_money_change_no_pupils(effect: str) -> None:
    assert expected(mitigated(mitigation("a", effect, 1.0))).equals(expected(drivers()))


def test_only_those_applied_count() -> None:
    rows = (mitigation("a", "rate", 0.5), mitigation("b", "mix", 0.5))
    assert expected(mitigated(*rows, applied=())).equals(expected(drivers()))
    assert expected(mitigated(*rows, applied=("b",))).equals(expected(mitigated(rows[1])))
    with pytest.raises(DataError, match=r"mitigations.csv has no row for c"):
        mitigations_of(mitigated(*rows, applied=("c",)))
    with pytest.raises(DataError, match=r"no row for c"):
        mitigations_of(drivers(applied=("c",)))


def test_mitigations_that_make_no_sense_are_refused() -> None:
    with pytest.raises(DataError, match=r"a is in full effect before it starts"):
        mitigations_of(mitigated(mitigation("a", "rate", 0.5, start=2027, full=2026)))
    for to in ("", NONE):
        with pytest.raises(DataError, match=r"a changes the mix: say to which place"):
            mitigations_of(mitigated(mitigation("a", "mix", 0.5, to=to)))


def test_the_calibration_year_is_the_pattern_whatever_has_started() -> None:
    tables = mitigated(mitigation("a", "rate", 0.5, start=2020, full=2030), mitigation("b", "mix", 0.9, start=2024))
    assert expected(tables).loc[2024].to_dict() == {"mainstream": 120, "special_school": 60, "specialist_base": 20}


def test_shares_of_the_mix_lie_on_straight_lines() -> None:
    # ASD in secondary: 24 special, 12 base, 30 mainstream of 66. The base rises from 12/66 to 0.5 in 2026 and stays:
    # (12/66 + 0.5)/2 x 66 = 22.5, then 33. The others share the rest 24 : 30.
    found = expected(mix(("ASD", "secondary", "specialist_base", 2026, 0.5)), placement_mix="table")
    assert (found["specialist_base"] - 8).tolist() == pytest.approx([12, 22.5, 33, 33, 33])
    assert (found["special_school"] - 36).tolist() == pytest.approx(
        [24, 43.5 * 24 / 54, 33 * 24 / 54] + [33 * 24 / 54] * 2
    )
    assert found.sum(axis=1).tolist() == pytest.approx([200] * 5)


def test_the_row_that_says_most_holds() -> None:
    # primary: ASD has 78, MLD 52; secondary 66 ASD; post-16 4 SLD
    tables = mix(
        ("all", "all", "special_school", 2025, 0.0),
        ("ASD", "all", "special_school", 2025, 0.5),
        ("all", "primary", "special_school", 2025, 0.25),
        ("MLD", "primary", "special_school", 2025, 1.0),
        ("all", "all", "mainstream", 2025, 1.0),
    )
    # ASD primary 78/4 (its phase before its need), MLD primary all 52, ASD secondary 66/2, SLD post-16 none of 4
    found = expected(tables, placement_mix="table")
    assert found.loc[2025, "special_school"] == pytest.approx(78 / 4 + 52 + 33 + 0)


def test_todays_shares_are_todays_mix() -> None:
    today = mix(
        ("ASD", "primary", "special_school", 2025, 20 / 78),
        ("ASD", "primary", "specialist_base", 2027, 8 / 78),
        ("all", "secondary", "mainstream", 2026, 30 / 66),
    )
    both = [expected(tables, placement_mix=case) for tables, case in ((today, "table"), (drivers(), "as_today"))]
    pd.testing.assert_frame_equal(*both, check_names=False)


def test_a_place_that_nobody_sought_is_filled_as_all_are() -> None:
    # 3 of 4 SLD are at home, 1 boards; half of them come to seek alternative provision: 1.5 and 0.5
    more = table("rates", (12, "SLD", "mainstream_school", "mainstream", "day", 12))
    given = parameters(placement_mix="table")
    tables = mix(("SLD", "post_16", "alternative_provision", 2025, 0.5))
    cells, pupils = forecast_expected(population(), pd.concat([rates(), more]), CONTROLS, given, tables)
    mine = (cells["place_sought"] == "alternative_provision") & (cells["need"] == "SLD")
    found = dict(zip(cells.loc[mine, "attendance"], pupils[1, mine.to_numpy(), 0], strict=True))
    assert found == pytest.approx({"day": 6, "residential": 2})


@pytest.mark.parametrize(("schools", "total"), [(0.7, "1.100"), (0.5, "0.900")])
def test_shares_that_do_not_sum_to_one_are_refused(schools: float, total: str) -> None:
    # MLD seeks only special and mainstream schools, so 0.9 would lose five pupils
    tables = mix(("MLD", "all", "special_school", 2025, schools), ("MLD", "all", "mainstream", 2025, 0.4))
    with pytest.raises(DataError, match=rf"the shares of MLD, primary sum to {total} in 2025"):
        expected(tables, placement_mix="table")


def test_the_mix_needs_its_table() -> None:
    with pytest.raises(ParameterError, match=r"no demand/placement_mix.csv"):
        expected(drivers(), placement_mix="table")


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [mitigation("b", "mix", 0.3), mitigation("a", "rate", 0.2), mitigation("c", "mix", 0.5, place="mainstream",
            to="specialist_base")]  # fmt: skip
    shares = table("placement_mix", ("ASD", "all", "special_school", 2025, 0.4), ("ASD", "all", "special_school", 2027,
                   0.1), ("all", "primary", "mainstream", 2026, 0.3))  # fmt: skip
    found = [
        forecast_counts(
            shuffled(population(), seed),
            shuffled(rates(), seed),
            shuffled(CONTROLS, seed),
            parameters(last_year=2028, placement_mix="table", forecast_method="controls"),
            drivers(
                mitigations=shuffled(table("mitigations", *rows), seed),
                placement_mix=shuffled(shares, seed),
                applied=("a", "b", "c") if seed else ("c", "a", "b"),
            ),
        )
        for seed in (0, 1, 2)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])
