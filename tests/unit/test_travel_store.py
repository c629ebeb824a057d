"""Folded networks on disk: found again, shared, and never believed when anything about them is wrong."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sufficiency.travel import engine, store
from sufficiency.travel.engine.sweep import NO_WAY_32

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Net = tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def grid(side: int, seed: int = 3) -> Net:
    """A grid of two-way streets."""
    rng = np.random.default_rng(seed)
    node = np.arange(side * side).reshape(side, side)
    one = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    other = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    tail, head = np.concatenate([one, other]), np.concatenate([other, one])
    return side * side, tail, head, rng.integers(1, 60_000, tail.size)


SMALL = grid(12)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, in which every network is worth keeping."""
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(store, "ARCS_WORTH_KEEPING", 1)
    return tmp_path / "cache"


def answers(hierarchy: engine.Hierarchy) -> list[list[int]]:
    stops = engine.Stops.at(np.arange(hierarchy.n_nodes))
    return hierarchy.least(stops, hierarchy.everywhere).tolist()


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_a_network_is_folded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.folded(*SMALL)
    assert only_file(folder).stat().st_mode & 0o077 == 0 or os.name == "nt"

    def refuse(*_: object) -> None:
        pytest.fail("folded again")

    monkeypatch.setattr(store, "fold", refuse)
    second = store.folded(*SMALL)
    assert answers(second) == answers(first)
    assert second.longest == first.longest
    assert second.kind is first.kind


def test_any_change_of_the_network_is_another_file(folder: Path) -> None:
    n_nodes, tail, head, weight = SMALL
    store.folded(*SMALL)
    for changed in (
        (n_nodes + 1, tail, head, weight),
        (n_nodes, tail, head, weight + (np.arange(weight.size) == 5)),
        (n_nodes, tail[::-1], head[::-1], weight[::-1]),
    ):
        store.folded(*changed)
    assert len(list(folder.iterdir())) == 4


def test_another_engine_is_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.folded(*SMALL)
    monkeypatch.setattr(store, "_code", lambda: b"another version")
    store.folded(*SMALL)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_made_anew(seed: int, folder: Path) -> None:
    """One bit turned, or the end cut off, anywhere."""
    expected = answers(store.folded(*SMALL))
    path = only_file(folder)
    whole = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    damaged = bytearray(whole)
    if seed % 2:
        damaged[int(rng.integers(0, len(whole)))] ^= 1 << int(rng.integers(0, 8))
    else:
        damaged = damaged[: int(rng.integers(0, len(whole)))]
    path.write_bytes(damaged)
    assert store.read(path, path.stem, SMALL[0]) is None
    assert answers(store.folded(*SMALL)) == expected
    assert path.read_bytes() == whole


def test_any_bit_of_the_header_turned_is_a_file_made_anew(folder: Path) -> None:
    """The header says which types and how long the arrays are, and the bound that the types rest on."""
    store.folded(*SMALL)
    path = only_file(folder)
    whole = path.read_bytes()
    header = whole.index(b"}", whole.index(b'"longest"')) + 1
    for bit in range(8 * header):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert store.read(path, path.stem, SMALL[0]) is None


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 200_000,
        b'{"key": "KEY", "longest": Infinity}',
        b'{"key": "KEY", "arrays": {"place": ["int32", 1e300]}}',
        b"3",
    ],
)
def test_a_header_that_is_none_is_a_file_made_anew(header: bytes, folder: Path) -> None:
    store.folded(*SMALL)
    path = only_file(folder)
    text = header.replace(b"KEY", path.stem.encode())
    whole = struct.pack("<q", len(text)) + text
    path.write_bytes(store.MAGIC + hashlib.sha256(whole).digest() + whole)
    assert store.read(path, path.stem, SMALL[0]) is None


def test_a_bound_that_the_types_cannot_rest_on_is_refused(folder: Path) -> None:
    good = store.folded(*SMALL)
    path = only_file(folder)
    for longest in (-1, NO_WAY_32, 2**40):
        store.write(path, path.stem, engine.Hierarchy(good.place, good.up, good.down, longest))
        assert store.read(path, path.stem, SMALL[0]) is None


def test_a_file_that_keeps_its_digest_but_not_its_order_is_refused(folder: Path) -> None:
    """What compiled code would read outside its arrays, written with a digest that fits."""
    good = store.folded(*SMALL)
    path = only_file(folder)

    def with_changes(**changes: object) -> engine.Hierarchy:
        parts = {"place": good.place, "up": good.up, "down": good.down, "longest": good.longest} | changes
        return engine.Hierarchy(**parts)

    far = good.up.to.copy()
    far[0] = 10**6
    longer = good.up.first.copy()
    longer[-1] += 1
    twice = good.place.copy()
    twice[0] = twice[1]
    for bad in (
        with_changes(up=engine.Arcs(good.up.first, far, good.up.weight)),
        with_changes(up=engine.Arcs(longer, good.up.to, good.up.weight)),
        with_changes(up=engine.Arcs(good.up.first, good.up.to, good.up.weight - 10**6)),
        with_changes(down=engine.Arcs(good.down.first, good.down.to[::-1].copy(), good.down.weight)),
        with_changes(down=engine.Arcs(good.down.first, good.down.to, good.down.weight.astype(np.int64))),
        with_changes(place=twice),
        with_changes(place=good.place[:-1]),
    ):
        store.write(path, path.stem, bad)
        assert store.read(path, path.stem, SMALL[0]) is None
    store.write(path, path.stem, good)
    assert store.read(path, path.stem, SMALL[0]) is not None


def test_a_foreign_file_is_refused(folder: Path) -> None:
    store.folded(*SMALL)
    path = only_file(folder)
    other = grid(12, seed=4)
    key = store.digest_of(*other)
    renamed = path.rename(path.with_name(f"{key}{store.SUFFIX}"))
    assert store.read(renamed, key, other[0]) is None
    for content in (b"", b"\x00" * 5_000, b"PK\x03\x04", store.MAGIC, store.MAGIC + b"\xff" * 64):
        renamed.write_bytes(content)
        assert answers(store.folded(*other)) == answers(engine.fold(*other))


@pytest.mark.parametrize("value", ["", "off", " OFF "])
def test_no_folder_no_file(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(store.VARIABLE, value)
    monkeypatch.setattr(store, "ARCS_WORTH_KEEPING", 1)
    assert answers(store.folded(*SMALL)) == answers(engine.fold(*SMALL))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(store, "ARCS_WORTH_KEEPING", 1)
    assert answers(store.folded(*SMALL)) == answers(engine.fold(*SMALL))


def test_a_small_network_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))
    store.folded(*SMALL)
    assert not (tmp_path / "cache").exists()


def fold_often(folder: str) -> list[str]:
    """Fold and read in turn, by one of many processes; the digest of each answer."""
    os.environ[store.VARIABLE] = folder
    store.ARCS_WORTH_KEEPING = 1  # type: ignore[misc]  # a constant, so that the small graph is kept
    found = []
    for _ in range(25):
        found.append(str(np.array(answers(store.folded(*SMALL))).sum()))
        for path in store.cache_folder().glob(f"*{store.SUFFIX}"):  # type: ignore[union-attr]  # a folder was named
            path.unlink(missing_ok=True)
    return found


def test_eight_processes_share_a_folder(tmp_path: Path) -> None:
    """Each writes, reads and takes away the same file again and again: no error, one answer, nothing left beside."""
    expected = str(np.array(answers(engine.fold(*SMALL))).sum())
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        found = pool.map(fold_often, [str(tmp_path / "cache")] * 8)
    assert found == [[expected] * 25] * 8
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")] == []
