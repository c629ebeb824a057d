"""The match of support bases, worked by hand on one cluster of four schools.

Distances from the own school (metres): A-B 1,000, A-C 3,000, B-C 2,000, D is an island (no road route).
"""

from __future__ import annotations

import pandas as pd
import pytest

from sufficiency.allocation.support import match_support_bases
from sufficiency.model.errors import DataError

PAIRS = [("A", "B", 1000), ("A", "C", 3000), ("B", "C", 2000), ("A", "D", -1)]


def distances() -> pd.DataFrame:
    both = PAIRS + [(end, start, metres) for start, end, metres in PAIRS]
    return pd.DataFrame(both, columns=["from_setting_id", "to_setting_id", "metres"])


def need(*rows: tuple[str, int], cluster: str = "north", phase: str = "primary", year: int = 2028) -> pd.DataFrame:
    return pd.DataFrame(
        [(school, cluster, phase, year, pupils) for school, pupils in rows],
        columns=["setting_id", "cluster_id", "phase", "year", "pupils"],
    )


def bases(*rows: tuple[str, int], cluster: str = "north", phase: str = "primary", year: int = 2028) -> pd.DataFrame:
    return need(*rows, cluster=cluster, phase=phase, year=year).rename(columns={"pupils": "places"})


def answer(needs: pd.DataFrame, rooms: pd.DataFrame) -> list[tuple[str, str, str, int, float | None]]:
    table = match_support_bases(needs, rooms, distances(), scenario_id="toy")
    assert table["pupils"].sum() == needs["pupils"].sum()
    columns = (table[name] for name in ("setting_id", "match", "partner_setting_id", "pupils", "extra_km"))
    return [
        (str(school), str(match), str(partner), int(pupils), None if pd.isna(km) else float(km))
        for school, match, partner, pupils, km in zip(*columns, strict=True)
    ]


def test_own_school_then_the_nearest_partner_with_room_then_without() -> None:
    # A: 5 pupils, 2 places at home; B has 1 place over, C 1: the sixth of A and D's pupil stand without.
    got = answer(need(("A", 5), ("B", 1), ("D", 1)), bases(("A", 2), ("B", 2), ("C", 1)))
    assert got == [
        ("A", "own_school", "A", 2, 0.0),
        ("A", "partner", "B", 1, 1.0),
        ("A", "partner", "C", 1, 3.0),
        ("A", "without", "", 1, None),
        ("B", "own_school", "B", 1, 0.0),
        ("D", "without", "", 1, None),
    ]


def test_the_least_extra_distance_in_all() -> None:
    # A and B both look for a place; C has one, and D none. B is nearer to C.
    assert answer(need(("A", 1), ("B", 1)), bases(("C", 1))) == [
        ("A", "without", "", 1, None),
        ("B", "partner", "C", 1, 2.0),
    ]


def test_own_pupils_come_first_even_when_a_partner_is_near() -> None:
    got = answer(need(("A", 3), ("B", 2)), bases(("B", 2)))
    assert got == [("A", "without", "", 3, None), ("B", "own_school", "B", 2, 0.0)]


@pytest.mark.parametrize("other", [{"cluster": "south"}, {"phase": "secondary"}, {"year": 2029}])
def test_clusters_phases_and_years_never_share(other: dict[str, object]) -> None:
    assert answer(need(("A", 1)), bases(("B", 5), **other)) == [("A", "without", "", 1, None)]


def test_two_bases_of_one_school_are_added_up() -> None:
    assert answer(need(("A", 5)), bases(("A", 2), ("A", 3))) == [("A", "own_school", "A", 5, 0.0)]


def test_nobody_in_need_gives_an_empty_table() -> None:
    assert answer(need(), bases(("A", 2))) == []
    assert answer(need(("A", 0)), bases(("A", 2))) == []


def test_bad_tables_are_refused() -> None:
    with pytest.raises(DataError, match="two rows"):
        answer(need(("A", 1), ("A", 2)), bases())
    twice = pd.concat([distances(), distances()])
    with pytest.raises(DataError, match="two distances"):
        match_support_bases(need(("A", 1)), bases(("B", 1)), twice, scenario_id="toy")
    with pytest.raises(DataError, match="at least 0"):
        match_support_bases(need(("A", 1)), bases(("B", 1)), distances().assign(metres=-5), scenario_id="toy")
