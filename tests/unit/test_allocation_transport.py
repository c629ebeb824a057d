"""Cases of `transport` and the certificate worked by hand, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from sufficiency.allocation.certificate import certify, certify_cut
from sufficiency.allocation.residual import LIMIT, path_bound
from sufficiency.allocation.solve import place_gains, transport
from sufficiency.allocation.tiers import certify_tiers, solve_tiers, tier_prices
from sufficiency.allocation.what_if import settle
from sufficiency.model.errors import CertificateError, DataError, SufficiencyError

if TYPE_CHECKING:
    from sufficiency.model.results import Flow

LABEL = ("scenario", "optimal", 2028, "first_fit")

# Three groups (2, 3, 1 pupils) and two columns (2 and 2 places): two pupils must go without.
# Group 0 may use both (5, 1), group 1 only column 0 (2), group 2 only column 1 (4).
COST = np.array([[5, 1], [2, -1], [-1, 4]], dtype=np.int64)
PUPILS = np.array([2, 3, 1], dtype=np.int64)
PLACES = np.array([2, 2], dtype=np.int64)


def test_a_case_worked_by_hand() -> None:
    # Four places, all reachable: two unplaced. Column 0 takes two of group 1 (2 each), column 1 two of group 0 (1).
    answer = transport(COST, PUPILS, PLACES)
    assert answer.flow.toarray().tolist() == [[0, 2], [2, 0], [0, 0]]
    assert answer.unplaced.tolist() == [0, 1, 1]
    assert answer.cost == 6
    # Everyone competes: group 2 could push group 0 to column 0, which group 1 fills. One more place at column 0
    # places one of group 1 (+2); at column 1 one of group 2 (+4).
    placed, change = place_gains(COST, PUPILS, PLACES, answer)
    assert (placed.tolist(), change.tolist()) == ([1, 1], [2, 4])
    assert answer.cut.tolist() == [True, True, True]


def test_one_more_place_that_places_nobody_may_still_save_travel() -> None:
    # Both places of the near column are used; a third lets one pupil come 7 closer. The far column gains nothing.
    cost, pupils, places = np.array([[3, 10]]), np.array([3]), np.array([2, 5])
    answer = transport(cost, pupils, places)
    placed, change = place_gains(cost, pupils, places, answer)
    assert (placed.tolist(), change.tolist()) == ([0, 0], [-7, 0])
    assert answer.place_price.tolist() == [7, 0]
    assert answer.cut.tolist() == [False]


def test_more_places_may_raise_total_travel_by_placing_more() -> None:
    cost, pupils = np.array([[1], [9]]), np.array([1, 1])
    assert transport(cost, pupils, np.array([1])).cost == 1
    assert transport(cost, pupils, np.array([2])).cost == 10


def test_most_placed_comes_before_any_saving() -> None:
    # The cheap pair (0, 0) would leave group 1 without a place; placing both costs a million more.
    cost = np.array([[0, 1_000_000], [0, -1]])
    answer = transport(cost, np.array([1, 1]), np.array([1, 1]))
    assert answer.flow.toarray().tolist() == [[0, 1], [1, 0]]
    assert answer.unplaced_price > 1_000_000


def test_a_chain_dearer_than_any_single_journey_still_places_everyone() -> None:
    # Group 1 must leave column 0 for column 1 (+10) so that group 0 can have it (+10): 20, twice the dearest pair.
    answer = transport(np.array([[10, -1], [0, 10]]), np.array([1, 1]), np.array([1, 1]))
    assert (answer.flow.toarray().tolist(), answer.cost) == ([[1, 0], [0, 1]], 20)
    assert answer.unplaced_price > 20


def test_the_bound_is_the_ranges_and_the_greatest_least_cost() -> None:
    # Column 0: 2 to 5; column 1: 1 to 4; column 2 takes nobody. Ranges 3 + 3, greatest least cost 2.
    assert path_bound(np.array([[5, 1, -1], [2, 4, -1]], dtype=np.int64)) == 8
    assert path_bound(np.zeros((0, 3), dtype=np.int64)) == 0


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_other_integer_types_are_cast(dtype: type[np.integer[Any]]) -> None:
    answer = transport(np.array([[3]], dtype=dtype), np.array([2], dtype=dtype), np.array([1], dtype=dtype))
    assert (answer.cost, answer.unplaced.tolist()) == (3, [1])


def test_plain_lists_are_taken() -> None:
    assert transport([[3, -1]], [1], [1, 1]).cost == 3
    assert transport(np.zeros((0, 2), dtype=np.int64), [], [1, 1]).cost == 0


HUGE = 2**62


@pytest.mark.parametrize(
    ("cost", "pupils", "places", "message"),
    [
        ([[1.0]], [1], [1], "64-bit integers, not float64"),
        ([[1]], [1.5], [1], "pupils must hold"),
        ([[1]], [1], [float("nan")], "places must hold"),
        ([[True]], [1], [1], "not bool"),
        ([["1"]], [1], [1], "cost must hold"),
        ([[-2]], [1], [1], "at least 0, or -1"),
        ([[1]], [-1], [1], "pupils must be at least 0"),
        ([[1]], [1], [-1], "places must be at least 0"),
        ([[1, 2]], [1], [1], "shape"),
        ([1], [1], [1], "dimension"),
        ([[1]], [[1]], [1], "dimension"),
        ([[1], [1, 2]], [1, 1], [1], "regular"),
        (np.array([[2**63]], dtype=np.uint64), [1], [1], "too large"),
        ([[2**70]], [1], [1], "64-bit"),
        ([[HUGE]], [1], [1], "overflow"),
        ([[1]], [HUGE], [1], "overflow"),
        ([[1], [1]], [HUGE, HUGE], [1], "overflow"),
        (np.zeros((0, 1)), [1], [1], "not float64"),
    ],
)
def test_bad_problems_are_refused(cost: Any, pupils: Any, places: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        transport(cost, pupils, places)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, SufficiencyError)


def test_enormous_places_are_no_trouble() -> None:
    answer = transport([[4]], [3], [2**62])
    assert (answer.cost, answer.place_price.tolist()) == (12, [0])
    assert certify(np.array([[4]]), np.array([3]), np.array([2**62]), answer, label=LABEL).placed == 3


def test_place_gains_refuses_the_flow_of_another_problem() -> None:
    with pytest.raises(DataError, match="the flow of this problem"):
        place_gains([[1, 1]], [1], [1, 1], transport([[1]], [1], [1]))


def test_tiers_refuse_overflow_and_wrong_shapes() -> None:
    cost = np.array([[LIMIT // 8, 0, 0]], dtype=np.int64)
    assert tier_prices(cost, np.array([1, 1, 1])).tolist() == [0, 0, 0]
    with pytest.raises(DataError, match="overflow"):
        tier_prices(cost * 4, np.array([1, 2, 3]))
    with pytest.raises(DataError, match="tier has shape"):
        solve_tiers(cost, [1], [1, 1, 1], [1, 2])


def _mutants() -> list[tuple[str, dict[str, Any]]]:
    answer = transport(COST, PUPILS, PLACES)
    bump = np.array([1, 0, 0])

    def with_flow(rows: list[list[int]], **more: Any) -> dict[str, Any]:
        return {"flow": csr_matrix(np.array(rows, dtype=np.int64)), **more}

    return [
        ("shapes", {"place_price": np.zeros(3, dtype=np.int64)}),
        ("no negative flow", {"unplaced": answer.unplaced - bump}),
        ("conservation", {"unplaced": answer.unplaced + bump}),
        ("conservation", with_flow([[0, 2], [2, 0], [0, 1]])),
        ("capacity", with_flow([[0, 2], [3, 0], [0, 0]], unplaced=np.array([0, 0, 1]), cost=8)),
        ("eligibility", with_flow([[0, 2], [1, 0], [1, 0]], unplaced=np.array([0, 2, 0]))),
        ("cost", {"cost": answer.cost + 1}),
        ("prices at least 0", {"place_price": answer.place_price - 10**6}),
        ("pupil price at most the unplaced price", {"pupil_price": answer.pupil_price + 10**6}),
        ("pupil price at most cost plus place price", {"place_price": answer.place_price * 0}),
        ("slackness of flow", {"place_price": answer.place_price + np.array([1, 0])}),
        ("slackness of flow", {"pupil_price": answer.pupil_price - bump}),
        ("slackness of the unplaced", {"unplaced_price": answer.unplaced_price + 1}),
        ("cut", {"cut": ~answer.cut}),
        ("cut", {"cut": np.array([False, True, False])}),
    ]


@pytest.mark.parametrize(("identity", "change"), _mutants())
def test_a_corrupted_answer_is_refused_by_name(identity: str, change: dict[str, Any]) -> None:
    wrong: Flow = replace(transport(COST, PUPILS, PLACES), **change)
    with pytest.raises(CertificateError, match=f"{identity} does not hold"):
        certify(COST, PUPILS, PLACES, wrong, label=LABEL)


def test_a_feasible_but_dearer_flow_is_refused() -> None:
    # One pupil of group 0 sits in column 0 at 5 and pushes a pupil of group 1 out: as many placed, dearer.
    wrong = replace(
        transport(COST, PUPILS, PLACES),
        flow=csr_matrix(np.array([[1, 1], [1, 0], [0, 1]], dtype=np.int64)),
        unplaced=np.array([0, 2, 0]),
        cost=5 + 1 + 2 + 4,
    )
    with pytest.raises(CertificateError, match="slackness"):
        certify(COST, PUPILS, PLACES, wrong, label=LABEL)


def test_one_place_fewer_than_the_answer_uses_is_refused() -> None:
    with pytest.raises(CertificateError, match="capacity"):
        certify(COST, PUPILS, PLACES - np.array([1, 0]), transport(COST, PUPILS, PLACES), label=LABEL)


def test_room_to_spare_must_have_no_price() -> None:
    cost, pupils, places = np.array([[3, 10]]), np.array([3]), np.array([2, 5])
    answer = transport(cost, pupils, places)
    wrong = replace(answer, place_price=answer.place_price + 1, pupil_price=answer.pupil_price + 1)
    with pytest.raises(CertificateError, match="slackness of places"):
        certify(cost, pupils, places, wrong, label=LABEL)


def test_a_certificate_carries_both_sides_of_the_proof() -> None:
    proof = certify(COST, PUPILS, PLACES, transport(COST, PUPILS, PLACES), label=LABEL)
    assert (proof.scenario_id, proof.policy, proof.year, proof.solve) == LABEL
    assert (proof.pupils, proof.placed, proof.unplaced, proof.optimal) == (6, 4, 2, True)
    assert proof.primal == proof.dual


def test_a_wrong_tier_cut_is_refused() -> None:
    # Tier 1 is column 1: it can take two pupils; the cut must prove it.
    tier = np.array([2, 1])
    result = solve_tiers(COST, PUPILS, PLACES, tier)
    assert certify_tiers(result, COST, PUPILS, PLACES, tier, label=LABEL).placed == 4
    assert (
        certify_cut(
            np.array([[False, True], [False, False], [False, True]]), PUPILS, PLACES, result.flow, result.cuts[0]
        )
        == 4
    )
    with pytest.raises(CertificateError, match="cut"):
        certify_tiers(replace(result, cuts=(~result.cuts[0], result.cuts[1])), COST, PUPILS, PLACES, tier, label=LABEL)


@pytest.mark.parametrize(
    ("identity", "change"),
    [
        ("travel", lambda found: {"cost": found.cost + 1}),
        (
            "priced as asked",
            lambda found: {"priced_cost": np.where(COST == 5, found.priced_cost - 1, found.priced_cost)},
        ),
        ("one price a tier", lambda found: {"tier_price": found.tier_price + np.array([1, 0])}),
        (
            "a step that no travel outweighs",
            lambda found: {
                "tier_price": found.tier_price // found.tier_price.max(),
                "priced_cost": np.where(COST >= 0, COST + found.tier_price // found.tier_price.max(), -1),
            },
        ),
    ],
)
def test_a_question_priced_otherwise_than_asked_is_refused(identity: str, change: Any) -> None:
    tier = np.array([2, 1])
    if identity == "one price a tier":
        tier = np.array([1, 1])
    result = solve_tiers(COST, PUPILS, PLACES, tier)
    with pytest.raises(CertificateError, match=identity):
        certify_tiers(replace(result, **change(result)), COST, PUPILS, PLACES, tier, label=LABEL)


@pytest.mark.parametrize(
    ("cost", "pupils", "places", "of", "error"),
    [
        ([[9, 1]], [1], [1, 1], ([[9, 1]], [1], [1, 0]), CertificateError),  # dearer, with a cheaper place free
        ([[1]], [1], [1], ([[1]], [1], [0]), CertificateError),  # left out, with room
        ([[1]], [2], [1], ([[1]], [2], [2]), DataError),  # more than the places
        ([[1]], [1], [1], ([[1]], [2], [2]), DataError),  # other pupils
        ([[-1, 1]], [1], [1, 1], ([[1, -1]], [1], [1, 1]), DataError),  # where they may not be
    ],
)
def test_a_what_if_starts_from_the_optimum_of_its_own_problem(
    cost: Any, pupils: Any, places: Any, of: tuple[Any, Any, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match="flow is not"):
        settle(cost, pupils, places, transport(*of))
    assert (
        settle(cost, pupils, places, transport(cost, pupils, places)).unplaced_pupils
        == settle(cost, pupils, places).unplaced_pupils
    )
