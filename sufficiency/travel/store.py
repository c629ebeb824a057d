"""Folded networks on disk, so that a county is folded once and not at every run.

A file is named by the digest of everything that it was made from: the arcs, their weights, the form of the file and the
code of the engine. It holds nothing of pupils or places. It is written whole beside its name and moved there, so that
several processes may share one folder; what is read is believed only when its own digest, its shapes and its order are
right, and is made anew otherwise. A folder that cannot be written costs time, never an answer.

The folder: `SUFFICIENCY_CACHE` where it is set (empty or ``off`` = none), else the user's own cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import struct
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import platformdirs

from sufficiency.travel.engine import Arcs, Hierarchy, fold
from sufficiency.travel.engine.sweep import NO_WAY_32, NO_WAY_64

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LOG = logging.getLogger(__name__)
VARIABLE: Final = "SUFFICIENCY_CACHE"
MAGIC: Final = b"sufficiency network 2\n"
SUFFIX: Final = ".network"
# Below this many arcs a network is folded faster than a file is found and proven.
ARCS_WORTH_KEEPING: Final = 20_000
_NAMES: Final = ("place", "up_first", "up_to", "up_weight", "down_first", "down_to", "down_weight")


def cache_folder() -> Path | None:
    """Return the folder for folded networks, None where there shall be none. It need not exist yet."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return None if named.strip().lower() in {"", "off"} else Path(named)
    return Path(platformdirs.user_cache_dir("sufficiency", appauthor=False))


def folded(n_nodes: int, tail: Ints, head: Ints, weight: Ints) -> Hierarchy:
    """Return the folded network of these arcs, from the cache or made anew.

    Raises
    ------
    NetworkError
        As `engine.fold`.
    """
    folder = cache_folder()
    if folder is None or tail.size < ARCS_WORTH_KEEPING:
        return fold(n_nodes, tail, head, weight)
    key = digest_of(n_nodes, tail, head, weight)
    path = folder / f"{key}{SUFFIX}"
    found = read(path, key, n_nodes)
    if found is None:
        found = fold(n_nodes, tail, head, weight)
        write(path, key, found)
    return found


def digest_of(n_nodes: int, tail: Ints, head: Ints, weight: Ints) -> str:
    """Return 40 hex digits of the arcs, their weights and the code that folds them."""
    digest = hashlib.sha256(MAGIC + _code() + struct.pack("<qq", n_nodes, tail.size))
    for array in (tail, head, weight):
        digest.update(np.ascontiguousarray(array, dtype="<i8").data)
    return digest.hexdigest()[:40]


@lru_cache(maxsize=1)
def _code() -> bytes:
    """Return the digest of the engine's source: another version never reads what this one wrote."""
    digest = hashlib.sha256()
    for name in ("contract.py", "hierarchy.py", "order.py", "sweep.py"):
        digest.update(resources.files("sufficiency.travel.engine").joinpath(name).read_bytes())
    return digest.digest()


def write(path: Path, key: str, hierarchy: Hierarchy) -> None:
    """Write a folded network whole or not at all; a failure is only logged."""
    arrays = dict(zip(_NAMES, _arrays(hierarchy), strict=True))
    body = b"".join(
        np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays.values()
    )
    head = {
        "key": key,
        "longest": hierarchy.longest,
        "arrays": {name: [array.dtype.name, array.size] for name, array in arrays.items()},
    }
    text = json.dumps(head, sort_keys=True).encode()
    whole = struct.pack("<q", len(text)) + text + body
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            beside.touch(mode=0o600)
            beside.write_bytes(MAGIC + hashlib.sha256(whole).digest() + whole)
            beside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError as error:
        LOG.warning("the folded network is not kept: %s", error.strerror or error)


def read(path: Path, key: str, n_nodes: int) -> Hierarchy | None:
    """Return a folded network that proves to be the one asked for, else None."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    try:
        return _parsed(data, key, n_nodes)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, struct.error) as error:
        LOG.info("%s is not what it should be and is made anew: %s", path.name, error)
        return None


def _parsed(data: bytes, key: str, n_nodes: int) -> Hierarchy:
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("another kind of file")
    at = len(MAGIC) + hashlib.sha256().digest_size
    whole = memoryview(data)[at:]
    if data[len(MAGIC) : at] != hashlib.sha256(whole).digest():
        raise ValueError("its digest is wrong")
    (length,) = struct.unpack("<q", whole[:8])
    head: dict[str, Any] = json.loads(bytes(whole[8 : 8 + max(0, length)]))
    body = whole[8 + length :]
    if head["key"] != key:
        raise ValueError("another network")
    arrays, begin = {}, 0
    for name in _NAMES:
        kind, size = head["arrays"][name]
        if kind not in {"int32", "int64"}:
            raise ValueError("an array of another type")
        dtype = np.dtype(kind).newbyteorder("<")
        arrays[name] = np.frombuffer(body, dtype, size, begin).astype(kind)
        begin += size * dtype.itemsize
    up = Arcs(arrays["up_first"], arrays["up_to"], arrays["up_weight"])
    down = Arcs(arrays["down_first"], arrays["down_to"], arrays["down_weight"])
    _refuse_disorder(arrays["place"], (up, down), n_nodes)
    found = Hierarchy(arrays["place"], up, down, int(head["longest"]))
    if not 0 <= found.longest < (NO_WAY_32 if found.kind is np.int32 else NO_WAY_64):
        raise ValueError("its bound does not go with its weights")
    return found


def _refuse_disorder(place: NDArray[np.int32], both: tuple[Arcs, Arcs], n_nodes: int) -> None:
    """Raise unless every number lies where compiled code, which checks no bounds, may use it."""
    good = place.size == n_nodes and np.array_equal(np.sort(place), np.arange(n_nodes))
    for arcs in both:
        good = good and arcs.first.dtype == arcs.to.dtype == np.int32 and arcs.first.size == n_nodes + 1
        good = good and arcs.first[0] == 0 and arcs.first[-1] == arcs.to.size == arcs.weight.size
        good = good and bool((np.diff(arcs.first) >= 0).all())
        if not good:
            break
        owner = np.repeat(np.arange(n_nodes), np.diff(arcs.first))
        good = bool(((arcs.to >= 0) & (arcs.to < owner)).all() and (arcs.weight >= 0).all())
    if not good or both[0].weight.dtype != both[1].weight.dtype:
        raise ValueError("its arrays are out of order")


def _arrays(hierarchy: Hierarchy) -> tuple[NDArray[Any], ...]:
    up, down = hierarchy.up, hierarchy.down
    return hierarchy.place, up.first, up.to, up.weight, down.first, down.to, down.weight
