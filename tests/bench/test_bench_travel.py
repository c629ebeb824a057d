"""The road engine on the roads of Greater Porto (the size of an English county), against named peers in the same run.

300 settings x 7,000 pupils on the junction graph of `porto_portugal.osm.pbf`, times of an off-peak hour. Each peer gets
the same arcs and must give the same times. Run with ``make bench``; needs the real public data.
"""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import numba
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sufficiency.sources.roads import read_osm
from sufficiency.travel import RoadGraph, engine
from sufficiency.travel.engine.hierarchy import batches
from sufficiency.travel.network import index_roads
from sufficiency.travel.speeds import edge_times
from tests.bench.clock import compare, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    Ints = NDArray[np.int64]
    Graph = tuple[int, Ints, Ints, Ints]

pytestmark = pytest.mark.real
SEED = 2028
SETTINGS, PUPILS = 300, 7_000
CRS = "EPSG:3763"
MB = 2**20


@pytest.fixture(scope="module")
def porto(real_data: Path) -> Graph:
    """The arcs of Porto between its junctions, in milliseconds, with their positions' order mixed as OSM has it."""
    roads = read_osm(real_data / "roads" / "porto_portugal.osm.pbf", crs=CRS)
    indexed = index_roads(roads)
    assert roads.speeds is not None
    times = edge_times(indexed.edges, roads.speeds, "off_peak").central
    ahead, back = np.flatnonzero(indexed.forward), np.flatnonzero(indexed.backward)
    tail = np.concatenate([indexed.start[ahead], indexed.end[back]])
    head = np.concatenate([indexed.end[ahead], indexed.start[back]])
    return indexed.n_nodes, tail, head, times[np.concatenate([ahead, back])]


def several(graph: Graph, copies: int) -> Graph:
    """Copies of a graph side by side, each joined to the next by twenty two-way links."""
    n_nodes, tail, head, ms = graph
    moved = [(tail + n_nodes * copy, head + n_nodes * copy, ms) for copy in range(copies)]
    rng = np.random.default_rng(SEED)
    for copy in range(copies - 1):
        here, there = rng.integers(0, n_nodes, (2, 20))
        here, there = here + n_nodes * copy, there + n_nodes * (copy + 1)
        link = np.full(20, 60_000)
        moved += [(here, there, link), (there, here, link)]
    joined = [np.concatenate(column) for column in zip(*moved, strict=True)]
    return n_nodes * copies, joined[0], joined[1], joined[2]


def quarter(graph: Graph) -> Graph:
    """The quarter of the nodes nearest to one of them, with the arcs between."""
    n_nodes, tail, head, ms = graph
    road = RoadGraph.from_arrays(*graph)
    times = np.where(road.one_to_all(0) < 0, np.iinfo(np.int32).max, road.one_to_all(0))
    kept = np.zeros(n_nodes, dtype=bool)
    kept[np.argsort(times, kind="stable")[: n_nodes // 4]] = True
    number = np.cumsum(kept) - 1
    arcs = kept[tail] & kept[head]
    return int(kept.sum()), number[tail[arcs]], number[head[arcs]], ms[arcs]


def places(graph: Graph) -> tuple[Ints, Ints]:
    """Pupils and settings at random junctions."""
    rng = np.random.default_rng(SEED)
    return rng.integers(0, graph[0], PUPILS), rng.choice(graph[0], SETTINGS, replace=False)


def by_scipy(graph: Graph, pupils: Ints, settings: Ints) -> Callable[[], Ints]:
    """Dijkstra from each setting over the arcs turned round, in one thread."""
    n_nodes, tail, head, ms = graph
    order = np.lexsort((ms, tail, head))
    first = np.append(True, (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)) & (tail != head)[order]
    tail, head, ms = tail[order][first], head[order][first], ms[order][first]
    starts = np.append(0, np.cumsum(np.bincount(head, minlength=n_nodes)))
    turned = csr_array((ms.astype(float), tail, starts), shape=(n_nodes, n_nodes))

    def work() -> Ints:
        found = dijkstra(turned, indices=settings)[:, pupils].T
        return np.where(np.isfinite(found), found, -1).astype(np.int64)

    return work


@pytest.mark.benchmark(group="porto matrix")
@pytest.mark.parametrize("threads", [1, 2])
def test_matrix_against_scipy_dijkstra(benchmark: BenchmarkFixture, porto: Graph, threads: int) -> None:
    pupils, settings = places(porto)
    seconds, expected = seconds_of(by_scipy(porto, pupils, settings), rounds=2)
    road = RoadGraph.from_arrays(*porto)
    ours = benchmark.pedantic(road.matrix, (pupils, settings), {"threads": threads}, rounds=30, warmup_rounds=3)
    assert (ours == expected).all()
    size = f"{PUPILS:,} pupils x {SETTINGS} settings, {porto[0]:,} junctions, {porto[1].size:,} arcs"
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", seconds, size=size, threads_ours=threads, threads_peer=1)
    benchmark.extra_info["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024


@pytest.mark.filterwarnings("ignore")  # whatever the peer warns of
@pytest.mark.benchmark(group="porto matrix")
def test_matrix_against_pandana(benchmark: BenchmarkFixture, porto: Graph) -> None:
    """Pandana takes pairs: every pupil with every setting. It rounds, so its times are only near ours."""
    pandana = pytest.importorskip("pandana", reason="a peer of the benchmarks: make bench installs it")
    n_nodes, tail, head, ms = porto
    pupils, settings = places(porto)
    nowhere = pd.Series(np.zeros(n_nodes), index=np.arange(n_nodes))
    weights = pd.DataFrame({"s": ms / 1_000})
    network = pandana.Network(nowhere, nowhere, pd.Series(tail), pd.Series(head), weights, twoway=False)
    start = np.repeat(pupils, SETTINGS)
    end = np.tile(settings, PUPILS)
    seconds, found = seconds_of(lambda: np.array(network.shortest_path_lengths(start, end)), rounds=1)
    road = RoadGraph.from_arrays(*porto)
    ours = benchmark.pedantic(road.matrix, (pupils, settings), {"threads": 2}, rounds=30, warmup_rounds=3)
    reached = (ours >= 0).ravel()
    assert np.abs(found[reached] * 1_000 - ours.ravel()[reached]).max() < 2_000
    size = f"{PUPILS:,} x {SETTINGS} pairs, {n_nodes:,} junctions"
    compare(benchmark, f"pandana {pandana.__version__}", seconds, size=size, threads_ours=2, threads_peer=2)


@pytest.mark.benchmark(group="porto one site")
def test_one_new_site_against_scipy_dijkstra(benchmark: BenchmarkFixture, porto: Graph) -> None:
    """The homes are prepared once; then a site is asked for."""
    pupils, settings = places(porto)
    seconds, expected = seconds_of(by_scipy(porto, pupils, settings[:1]), rounds=20)
    n_nodes, tail, head, ms = porto
    folded = engine.fold(n_nodes, tail, head, ms)
    ground = folded.ground(engine.Stops.at(pupils), toward_stops=False)
    site = engine.Stops.at(settings[:1])
    ours = benchmark.pedantic(folded.least, (site, ground), rounds=200, warmup_rounds=5)
    assert (ours == expected).all()
    size = f"{PUPILS:,} pupils to one site, homes prepared"
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", seconds, size=size, threads_ours=1, threads_peer=1)


@pytest.mark.benchmark(group="porto one site")
def test_one_new_site_by_the_plain_door(benchmark: BenchmarkFixture, porto: Graph) -> None:
    pupils, settings = places(porto)
    seconds, expected = seconds_of(by_scipy(porto, pupils, settings[:1]), rounds=20)
    road = RoadGraph.from_arrays(*porto)
    others = iter([np.roll(pupils, shift) for shift in range(300)])

    def first_question() -> tuple[tuple[Ints, Ints], dict[str, int]]:
        return (next(others), settings[:1]), {}

    # The homes differ each time: nothing of the question before can serve this one.
    benchmark.pedantic(road.matrix, setup=first_question, rounds=100, warmup_rounds=5)
    assert (road.matrix(pupils, settings[:1]) == expected).all()
    size = f"{PUPILS:,} pupils to one site, nothing prepared"
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", seconds, size=size, threads_ours=1, threads_peer=1)


@pytest.mark.benchmark(group="porto every site")
def test_every_node_scored_as_a_site(benchmark: BenchmarkFixture, porto: Graph) -> None:
    """Against scipy on 60 of the sites, its time taken in proportion."""
    pupils, _ = places(porto)
    rng = np.random.default_rng(SEED)
    weight, best = rng.integers(1, 4, PUPILS), rng.integers(0, 1_800_000, PUPILS)
    sites = rng.choice(porto[0], 60, replace=False)
    seconds, there = seconds_of(by_scipy(porto, pupils, sites), rounds=2)
    known = np.where(there < 0, best[:, None], np.minimum(there, best[:, None]))
    road = RoadGraph.from_arrays(*porto)
    ours = benchmark.pedantic(road.score_sites, (pupils, weight, best), rounds=3, warmup_rounds=1)
    assert (ours[sites] == (weight[:, None] * known).sum(axis=0)).all()
    size = f"{porto[0]:,} sites x {PUPILS:,} pupils (peer: 60 sites, in proportion)"
    whole = seconds * porto[0] / sites.size
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", whole, size=size, threads_ours=2, threads_peer=1)


@pytest.mark.benchmark(group="porto preparation")
def test_preparation_against_one_scipy_matrix(benchmark: BenchmarkFixture, porto: Graph) -> None:
    """Folding the graph once, beside what one matrix costs without it."""
    pupils, settings = places(porto)
    seconds, _ = seconds_of(by_scipy(porto, pupils, settings), rounds=1)
    benchmark.pedantic(RoadGraph.from_arrays, porto, rounds=5, warmup_rounds=1)
    size = f"folding {porto[0]:,} junctions (peer: one matrix)"
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", seconds, size=size, threads_ours=1, threads_peer=1)


@pytest.mark.benchmark(group="porto reading")
def test_reading_the_map_against_osmium_alone(benchmark: BenchmarkFixture, real_data: Path) -> None:
    """Beside a bare pass of pyosmium over the file's ways with their positions, which reads and keeps nothing."""
    import osmium

    path = real_data / "roads" / "porto_portugal.osm.pbf"

    def bare() -> int:
        return sum(1 for one in osmium.FileProcessor(str(path)).with_locations() if one.is_way())

    seconds, _ = seconds_of(bare)
    benchmark.pedantic(read_osm, (path,), {"crs": CRS}, rounds=3, warmup_rounds=1)
    compare(
        benchmark, "pyosmium, bare pass", seconds, size="the map to a routable graph", threads_ours=1, threads_peer=1
    )


@pytest.mark.benchmark(group="porto at other sizes")
@pytest.mark.parametrize("share", [0.25, 1, 4])
def test_matrix_at_other_sizes(benchmark: BenchmarkFixture, porto: Graph, share: float) -> None:
    graph = quarter(porto) if share < 1 else several(porto, int(share))
    pupils, settings = places(graph)
    seconds, expected = seconds_of(by_scipy(graph, pupils, settings), rounds=1)
    folding, road = seconds_of(lambda: RoadGraph.from_arrays(*graph), rounds=1)
    ours = benchmark.pedantic(road.matrix, (pupils, settings), {"threads": 1}, rounds=20, warmup_rounds=2)
    assert (ours == expected).all()
    size = f"{share:g} x Porto: {graph[0]:,} junctions, folded in {folding:.2f} s"
    compare(benchmark, "scipy.sparse.csgraph.dijkstra", seconds, size=size, threads_ours=1, threads_peer=1)


@numba.njit(nogil=True, error_model="numpy")
def _only_gather(row_first: NDArray[np.int32], row_to: NDArray[np.int32], least: NDArray[np.int32]) -> None:
    """Read and write what a descent must, a number a cache line, and work nothing out."""
    step = 16
    for row in range(row_first.size - 1):
        for lane in range(0, least.shape[1], step):
            total = np.int32(0)
            for arc in range(row_first[row], row_first[row + 1]):
                total += least[row_to[arc], lane]
            least[row, lane] = total


@pytest.mark.benchmark(group="porto matrix")
def test_matrix_beside_the_memory_bound(benchmark: BenchmarkFixture, porto: Graph) -> None:
    """The least that a descent can take here: touching every cache line of the rows that its arcs join, and the answer.

    The ratio is the bound over our time: the share of the way to it.
    """
    n_nodes, tail, head, ms = porto
    pupils, settings = places(porto)
    folded = engine.fold(n_nodes, tail, head, ms)
    ground = folded.ground(engine.Stops.at(pupils), toward_stops=False)
    cuts, lanes = batches(SETTINGS, threads=1)
    descents = cuts[0].size - 1
    table = np.zeros((ground.rows[0].size, lanes), dtype=np.int32)
    _only_gather(ground.rows[1], ground.rows[2], table)
    touch, _ = seconds_of(lambda: _only_gather(ground.rows[1], ground.rows[2], table), rounds=20)
    source = np.zeros((PUPILS, SETTINGS), dtype=np.int32)
    target = np.empty_like(source)
    copy, _ = seconds_of(lambda: np.copyto(target, source), rounds=20)
    stops = engine.Stops.at(settings)
    benchmark.pedantic(folded.least, (stops, ground), {"threads": 1}, rounds=30, warmup_rounds=3)
    size = f"{descents} descents over {table.shape[0]:,} rows x {lanes} lanes ({table.nbytes // MB} MB), and answer"
    compare(benchmark, "touching the memory only", descents * touch + copy, size=size, threads_ours=1, threads_peer=1)
