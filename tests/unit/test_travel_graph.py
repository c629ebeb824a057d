"""The plain-array door: every clause of its contract, on graphs small enough to work by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sufficiency.model.errors import NetworkError
from sufficiency.travel import RoadGraph

# 0 -> 1 (5), 0 -> 2 (2), 2 -> 1 (2), 1 -> 3 (0), 3 -> 0 (7); node 4 alone.
DIAMOND = RoadGraph.from_arrays(5, [0, 0, 2, 1, 3], [1, 2, 1, 3, 0], [5, 2, 2, 0, 7])
# From 0: 2 is 2 away, 1 is 2+2=4 (less than 5), 3 is 4+0. From 1: 3 at 0, 0 at 7, 2 at 9.
# From 3: 0 at 7, 2 at 9, 1 at 11.
DIAMOND_MS = [
    [0, 4, 2, 4, -1],
    [7, 0, 9, 0, -1],
    [9, 2, 0, 2, -1],
    [7, 11, 9, 0, -1],
    [-1, -1, -1, -1, 0],
]


def test_matrix_worked_by_hand() -> None:
    found = DIAMOND.matrix(range(5), range(5))
    assert found.dtype == np.int32
    assert found.tolist() == DIAMOND_MS


@pytest.mark.parametrize("origins", [[0], [3, 1, 3], [4, 0, 1, 2, 3, 0]])
@pytest.mark.parametrize("destinations", [[2], [1, 1, 0], [4, 3, 2, 1, 0, 0]])
def test_repeats_and_order_from_either_side(origins: list[int], destinations: list[int]) -> None:
    expected = np.array(DIAMOND_MS)[origins][:, destinations]
    assert DIAMOND.matrix(origins, destinations).tolist() == expected.tolist()


def test_empty_lists_keep_their_shape() -> None:
    assert DIAMOND.matrix([], [1, 2]).shape == (0, 2)
    assert DIAMOND.matrix([1, 2, 3], []).shape == (3, 0)
    assert DIAMOND.matrix([], []).dtype == np.int32


def test_one_to_all_and_all_to_one() -> None:
    for node in range(5):
        assert DIAMOND.one_to_all(node).tolist() == DIAMOND_MS[node]
        assert DIAMOND.all_to_one(node).tolist() == [row[node] for row in DIAMOND_MS]
    assert DIAMOND.one_to_all(0).dtype == np.int32
    assert DIAMOND.all_to_one(0).dtype == np.int32


def test_zero_weight_arcs_carry_journeys() -> None:
    """0 -> 1 -> 2 -> 0, all of no length: every node is 0 ms from every other, and the path is still found."""
    ring = RoadGraph.from_arrays(4, [0, 1, 2], [1, 2, 0], [0, 0, 0])
    assert ring.matrix(range(4), range(4)).tolist() == [[0, 0, 0, -1], [0, 0, 0, -1], [0, 0, 0, -1], [-1, -1, -1, 0]]
    path = ring.path(0, 2)
    assert path is not None
    assert path.tolist() == [0, 1]
    assert ring.path(0, 3) is None


def test_a_zero_arc_beats_its_parallel_and_is_not_summed_with_it() -> None:
    graph = RoadGraph.from_arrays(2, [0, 0, 0, 1, 1], [1, 1, 1, 0, 0], [6, 0, 3, 4, 9])
    assert graph.matrix([0, 1], [0, 1]).tolist() == [[0, 0], [4, 0]]
    path = graph.path(0, 1)
    assert path is not None
    assert path.tolist() == [1]


def test_self_loops_are_ignored_but_checked() -> None:
    graph = RoadGraph.from_arrays(2, [0, 0, 1], [0, 1, 1], [5, 3, 0])
    assert graph.matrix([0, 1], [0, 1]).tolist() == [[0, 3], [-1, 0]]
    with pytest.raises(NetworkError, match=r"milliseconds\[0\] is -1"):
        RoadGraph.from_arrays(2, [0], [0], [-1])


def test_path_takes_the_fewest_arcs_then_the_lowest_numbers_from_the_far_end() -> None:
    """0 to 3 costs 4 by 1 (arcs 1, 3), by 2 (arcs 4, 2) and by 1, 4 (arcs 1, 5, 6); the last arc decides: 2 < 3."""
    graph = RoadGraph.from_arrays(5, [3, 0, 2, 1, 0, 1, 4], [0, 1, 3, 3, 2, 4, 3], [9, 2, 2, 2, 2, 1, 1])
    path = graph.path(0, 3)
    assert path is not None
    assert path.tolist() == [4, 2]
    assert path.dtype == np.int64


def test_path_is_empty_on_the_same_node_even_beside_a_zero_loop() -> None:
    graph = RoadGraph.from_arrays(2, [0, 1, 0], [1, 0, 0], [0, 0, 0])
    path = graph.path(0, 0)
    assert path is not None
    assert path.tolist() == []


def test_equal_parallel_arcs_give_the_first() -> None:
    graph = RoadGraph.from_arrays(2, [0, 0, 0], [1, 1, 1], [4, 3, 3])
    path = graph.path(0, 1)
    assert path is not None
    assert path.tolist() == [1]


def test_arrays_are_copied_and_frozen() -> None:
    milliseconds = np.array([5])
    graph = RoadGraph.from_arrays(2, np.array([0]), np.array([1]), milliseconds)
    milliseconds[0] = 1
    assert graph.matrix([0], [1]).item() == 5
    with pytest.raises(ValueError, match="read-only"):
        graph.milliseconds[0] = 1


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_type_is_taken(dtype: Any) -> None:
    arrays = [np.array(values, dtype=dtype) for values in ([0, 1], [1, 2], [3, 4])]
    graph = RoadGraph.from_arrays(dtype(3), *arrays)
    assert graph.matrix(np.array([0], dtype=dtype), np.array([2], dtype=dtype)).tolist() == [[7]]


def test_no_arcs_and_no_nodes() -> None:
    assert RoadGraph.from_arrays(2, [], [], []).matrix([0, 1], [1, 0]).tolist() == [[-1, 0], [0, -1]]
    nothing = RoadGraph.from_arrays(0, [], [], [])
    assert nothing.matrix([], []).shape == (0, 0)
    assert nothing.score_sites([], [], []).tolist() == []
    with pytest.raises(NetworkError, match="node"):
        nothing.one_to_all(0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((2, [0], [2], [1]), r"target\[0\] is 2"),
        ((2, [-1], [1], [1]), r"source\[0\] is -1"),
        ((2, [0], [1], [-1]), r"milliseconds\[0\] is -1"),
        ((2, [0], [1], [2_000_000_000]), r"milliseconds\[0\] is 2000000000"),
        ((2, [0, 1], [1], [1]), "hold 2, 1 and 1"),
        ((2, [0.0], [1], [1]), "source holds float64"),
        ((2, [0], [1], [1.5]), "milliseconds holds float64"),
        ((2, [0], [1], [float("nan")]), "milliseconds holds float64"),
        ((2, [False], [1], [1]), "source holds bool"),
        ((2, ["0"], [1], [1]), "source holds"),
        ((2, [[0]], [[1]], [[1]]), "2 dimensions"),
        ((2, 0, 1, 1), "0 dimensions"),
        ((2, [[0], [0, 1]], [1], [1]), "ragged"),
        ((2, [None], [1], [1]), "source holds object"),
        ((2, np.array([2**63], dtype=np.uint64), [1], [1]), "beyond int64"),
        ((-1, [], [], []), "n_nodes is -1"),
        ((2.0, [], [], []), "n_nodes is 2.0"),
        ((True, [], [], []), "n_nodes is True"),
    ],
)
def test_anything_else_is_refused(arguments: Any, words: str) -> None:
    with pytest.raises(NetworkError, match=words) as refused:
        RoadGraph.from_arrays(*arguments)
    assert isinstance(refused.value, ValueError)


def test_questions_outside_the_graph_are_refused() -> None:
    for ask in (
        lambda: DIAMOND.matrix([5], [0]),
        lambda: DIAMOND.matrix([0], [-1]),
        lambda: DIAMOND.matrix([0.5], [0]),
        lambda: DIAMOND.matrix([0], [0], threads=0),
        lambda: DIAMOND.one_to_all(5),
        lambda: DIAMOND.all_to_one(-1),
        lambda: DIAMOND.path(0, 5),
        lambda: DIAMOND.path(0, 1.0),
    ):
        with pytest.raises(NetworkError):
            ask()


def test_longest_time_that_fits_and_the_first_that_does_not() -> None:
    """1,999,999,998 + 1 = 1,999,999,999 fits; one more is 2·10⁹ and raises, never wraps."""
    most = 1_999_999_998
    fits = RoadGraph.from_arrays(3, [0, 1], [1, 2], [most, 1])
    assert fits.matrix([0], [2]).tolist() == [[1_999_999_999]]
    beyond = RoadGraph.from_arrays(4, [0, 1, 2], [1, 2, 3], [most, 2, 1_999_999_999])
    for ask in (
        lambda: beyond.matrix([0], [2]),
        lambda: beyond.matrix([0], [3]),
        lambda: beyond.one_to_all(0),
        lambda: beyond.all_to_one(3),
        lambda: beyond.path(0, 2),
        lambda: beyond.score_sites([0], [1], [5], [2]),
    ):
        with pytest.raises(NetworkError, match="2,000,000,000"):
            ask()
    assert beyond.matrix([0, 1], [1]).tolist() == [[most], [0]]


def test_score_sites_worked_by_hand() -> None:
    """Pupils at 0 (weight 2, best 3) and 1 (weight 10, best 8).

    Site 0: 2·min(3,0) + 10·min(8,7) = 70. Site 1: 2·min(3,4) + 0 = 6. Site 2: 2·2 + 10·min(8,9) = 84.
    Site 3: 2·min(3,4) + 10·0 = 6. Site 4, out of reach: 2·3 + 10·8 = 86.
    """
    scores = DIAMOND.score_sites([0, 1], [2, 10], [3, 8])
    assert scores.dtype == np.int64
    assert scores.tolist() == [70, 6, 84, 6, 86]
    assert DIAMOND.score_sites([0, 1], [2, 10], [3, 8], [4, 0, 4]).tolist() == [86, 70, 86]
    assert DIAMOND.score_sites([0, 0], [1, 1], [3, 8], [1]).tolist() == [3 + 4]
    assert DIAMOND.score_sites([], [], []).tolist() == [0] * 5
    assert DIAMOND.score_sites([0], [1], [1], []).tolist() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0], [1, 2], [1]), "hold 1, 2 and 1"),
        (([0], [-1], [1]), "weight"),
        (([0], [1], [-1]), "best"),
        (([0], [0.5], [1]), "weight"),
        (([9], [1], [1]), "pupils"),
        (([0], [1], [1], [9]), "candidates"),
        (([0, 0], [2**40, 2**40], [2**23, 2**23]), "beyond int64"),
    ],
)
def test_score_sites_refuses(arguments: Any, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        DIAMOND.score_sites(*arguments)


def test_threads_do_not_change_the_answer() -> None:
    for threads in (None, 1, 2, 8):
        assert DIAMOND.matrix([0, 3], [1, 4], threads=threads).tolist() == [[4, -1], [11, -1]]
