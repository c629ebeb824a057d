"""Laws that exact least times obey on every graph, whatever its arcs."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.travel import RoadGraph
from sufficiency.travel import graph as graph_module
from sufficiency.travel.engine import hierarchy

FAST = settings(max_examples=80, deadline=None)
Arcs = list[tuple[int, int, int]]
FAR = 10**12


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Arcs]:
    """Up to 8 nodes, up to 20 arcs; few different weights, so that ties and zeros are common."""
    n_nodes = draw(st.integers(1, 8))
    node = st.integers(0, n_nodes - 1)
    weight = st.one_of(st.integers(0, 3), st.integers(0, 1_000_000))
    return n_nodes, draw(st.lists(st.tuples(node, node, weight), max_size=20))


def build(n_nodes: int, arcs: Arcs) -> RoadGraph:
    """A graph from a list of arcs."""
    tail, head, ms = np.array(arcs, dtype=np.int64).reshape(-1, 3).T
    return RoadGraph.from_arrays(n_nodes, tail, head, ms)


def all_pairs(n_nodes: int, arcs: Arcs) -> np.ndarray:
    """Least ms between all nodes, unreachable as a very large number."""
    found = build(n_nodes, arcs).matrix(range(n_nodes), range(n_nodes)).astype(np.int64)
    return np.where(found < 0, FAR, found)


@FAST
@given(graphs())
def test_no_time_to_stay_and_the_triangle_inequality(graph: tuple[int, Arcs]) -> None:
    times = all_pairs(*graph)
    assert (np.diag(times) == 0).all()
    assert (times[:, None, :] <= times[:, :, None] + times[None, :, :]).all()


@FAST
@given(graphs())
def test_every_way_of_asking_agrees(graph: tuple[int, Arcs]) -> None:
    n_nodes, arcs = graph
    road = build(n_nodes, arcs)
    nodes = range(n_nodes)
    whole = road.matrix(nodes, nodes)
    for o in nodes:
        assert road.one_to_all(o).tolist() == whole[o].tolist()
        assert road.all_to_one(o).tolist() == whole[:, o].tolist()
        assert road.matrix([o], nodes).tolist() == [whole[o].tolist()]
        assert road.matrix(nodes, [o])[:, 0].tolist() == whole[:, o].tolist()
        for d in nodes:
            assert road.matrix([o], [d]).item() == whole[o, d]


@FAST
@given(graphs())
def test_a_path_is_a_way_its_parts_are_least_and_its_sum_is_the_time(graph: tuple[int, Arcs]) -> None:
    n_nodes, arcs = graph
    road = build(n_nodes, arcs)
    whole = road.matrix(range(n_nodes), range(n_nodes))
    for o in range(n_nodes):
        for d in range(n_nodes):
            path = road.path(o, d)
            assert (path is None) == (whole[o, d] < 0)
            if path is None:
                continue
            at, spent = o, 0
            for arc in path.tolist():
                tail, head, ms = arcs[arc]
                assert tail == at
                at, spent = head, spent + ms
                assert spent == whole[o, at]
                assert whole[o, at] + whole[at, d] == whole[o, d]
            assert (at, spent) == (d, whole[o, d])


@FAST
@given(graphs(), st.randoms(use_true_random=False))
def test_names_of_nodes_and_order_of_arcs_do_not_matter(graph: tuple[int, Arcs], random: object) -> None:
    n_nodes, arcs = graph
    new = list(range(n_nodes))
    random.shuffle(new)
    renamed = [(new[tail], new[head], ms) for tail, head, ms in arcs]
    random.shuffle(renamed)
    assert (all_pairs(n_nodes, renamed)[np.ix_(new, new)] == all_pairs(n_nodes, arcs)).all()


@FAST
@given(graphs(), st.data())
def test_a_new_or_quicker_arc_never_hurts_and_a_lost_one_never_helps(
    graph: tuple[int, Arcs], data: st.DataObject
) -> None:
    n_nodes, arcs = graph
    node = st.integers(0, n_nodes - 1)
    new = data.draw(st.tuples(node, node, st.integers(0, 50)))
    before, after = all_pairs(n_nodes, arcs), all_pairs(n_nodes, [*arcs, new])
    assert (after <= before).all()
    tail, head, ms = new
    # Exactly: the old way, or the old way to the new arc, the arc, and the old way on.
    assert (after == np.minimum(before, before[:, [tail]] + ms + before[[head], :])).all()


@FAST
@given(graphs(), st.data())
def test_a_wider_map_or_a_wider_mode_takes_no_longer(graph: tuple[int, Arcs], data: st.DataObject) -> None:
    """A border of more nodes and arcs about the map; and a mode that may use every road, none of them more slowly."""
    n_nodes, arcs = graph
    more = data.draw(st.integers(0, 4))
    node = st.integers(0, n_nodes + more - 1)
    border = data.draw(st.lists(st.tuples(node, node, st.integers(0, 1_000)), max_size=12))
    wider = all_pairs(n_nodes + more, arcs + border)[:n_nodes, :n_nodes]
    assert (wider <= all_pairs(n_nodes, arcs)).all()
    allowed = [
        (tail, head, ms + data.draw(st.integers(0, 1_000))) for tail, head, ms in arcs if data.draw(st.booleans())
    ]
    assert (all_pairs(n_nodes, arcs) <= all_pairs(n_nodes, allowed)).all()


@FAST
@given(graphs(), st.integers(0, 7))
def test_times_scale(graph: tuple[int, Arcs], factor: int) -> None:
    n_nodes, arcs = graph
    before = all_pairs(n_nodes, arcs)
    after = all_pairs(n_nodes, [(tail, head, ms * factor) for tail, head, ms in arcs])
    assert (after == np.where(before == FAR, FAR, before * factor)).all()


@FAST
@given(graphs())
def test_turned_arcs_transpose_and_two_way_roads_are_symmetric(graph: tuple[int, Arcs]) -> None:
    n_nodes, arcs = graph
    turned = [(head, tail, ms) for tail, head, ms in arcs]
    assert (all_pairs(n_nodes, turned) == all_pairs(n_nodes, arcs).T).all()
    both = all_pairs(n_nodes, arcs + turned)
    assert (both == both.T).all()


@FAST
@given(graphs(), st.data())
def test_a_node_put_into_an_arc_changes_nothing(graph: tuple[int, Arcs], data: st.DataObject) -> None:
    n_nodes, arcs = graph
    if not arcs:
        return
    cut = data.draw(st.integers(0, len(arcs) - 1))
    tail, head, ms = arcs[cut]
    first = data.draw(st.integers(0, ms))
    pieces = [*arcs[:cut], (tail, n_nodes, first), (n_nodes, head, ms - first), *arcs[cut + 1 :]]
    assert (all_pairs(n_nodes + 1, pieces)[:n_nodes, :n_nodes] == all_pairs(n_nodes, arcs)).all()


@FAST
@given(graphs(), graphs())
def test_two_islands_keep_to_themselves(one: tuple[int, Arcs], other: tuple[int, Arcs]) -> None:
    n_one, n_other = one[0], other[0]
    moved = [(tail + n_one, head + n_one, ms) for tail, head, ms in other[1]]
    both = all_pairs(n_one + n_other, one[1] + moved)
    assert (both[:n_one, :n_one] == all_pairs(*one)).all()
    assert (both[n_one:, n_one:] == all_pairs(*other)).all()
    assert (both[:n_one, n_one:] == FAR).all()
    assert (both[n_one:, :n_one] == FAR).all()


@FAST
@given(graphs(), st.data())
def test_site_scores_are_their_definition(graph: tuple[int, Arcs], data: st.DataObject) -> None:
    n_nodes, arcs = graph
    pupil = st.tuples(st.integers(0, n_nodes - 1), st.integers(0, 9), st.integers(0, 2_000_000))
    pupils = data.draw(st.lists(pupil, max_size=7))
    candidates = data.draw(st.none() | st.lists(st.integers(0, n_nodes - 1), max_size=5))
    times = all_pairs(n_nodes, arcs)
    expected = [
        sum(weight * min(best, int(times[node, site])) for node, weight, best in pupils)
        for site in (range(n_nodes) if candidates is None else candidates)
    ]
    nodes, weights, bests = np.array(pupils, dtype=np.int64).reshape(-1, 3).T
    assert build(n_nodes, arcs).score_sites(nodes, weights, bests, candidates).tolist() == expected


@pytest.mark.parametrize("cells", [1, 7, 50])
def test_size_of_a_piece_does_not_matter(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A two-way street of 9 nodes; weights beyond 32 bits are summed in pieces of 1, 1 and 5 sites."""
    road = build(9, [(k, k + 1, 10) for k in range(8)] + [(k + 1, k, 10) for k in range(8)])
    monkeypatch.setattr(graph_module, "CELLS_AT_ONCE", cells)
    nodes = np.arange(9)
    # Σ |k - site| x 10 over sites 0 and 8 from all nine: 360; from the middle 2 x (1+2+3+4) x 10 = 200.
    for weight in (1, 2**40):
        scores = road.score_sites(nodes, np.full(9, weight), np.full(9, 10_000))
        assert scores[[0, 4, 8]].tolist() == [360 * weight, 200 * weight, 360 * weight]


@FAST
@given(graphs(), st.integers(1, 9), st.data())
def test_lanes_batches_and_threads_do_not_change_a_bit(
    graph: tuple[int, Arcs], threads: int, data: st.DataObject
) -> None:
    n_nodes, arcs = graph
    nodes = st.lists(st.integers(0, n_nodes - 1), max_size=12)
    origins, destinations = data.draw(nodes), data.draw(nodes)
    road = build(n_nodes, arcs)
    with mock.patch.object(hierarchy, "MOST_LANES", data.draw(st.integers(1, 5))):
        found = road.matrix(origins, destinations, threads=threads)
    assert found.tobytes() == road.matrix(origins, destinations, threads=1).tobytes()


@FAST
@given(graphs(), st.data())
def test_weights_beyond_32_bits_give_the_same_ways(graph: tuple[int, Arcs], data: st.DataObject) -> None:
    """One arc of 1.9·10⁹ ms beside the others makes the engine hold 64 bits; nothing else may change."""
    n_nodes, arcs = graph
    before = all_pairs(n_nodes, arcs)
    wide = build(n_nodes + 2, [*arcs, (n_nodes, n_nodes + 1, 1_900_000_000)])
    assert wide._hierarchy.kind is np.int64
    after = wide.matrix(range(n_nodes), range(n_nodes)).astype(np.int64)
    assert (np.where(after < 0, FAR, after) == before).all()
    pupil = st.tuples(st.integers(0, n_nodes - 1), st.integers(0, 9), st.integers(0, 2_000_000))
    pupils = np.array(data.draw(st.lists(pupil, max_size=5)), dtype=np.int64).reshape(-1, 3).T
    assert (wide.score_sites(*pupils)[:n_nodes] == build(n_nodes, arcs).score_sites(*pupils)).all()
