"""A graph of osmnx as text, gathered one node and one arc at a time, whatever it comes from."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Final

from sufficiency.sources.roads.rules import CAR_KEYS
from sufficiency.sources.roads.travellers import CAR

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ARC_VALUES", "FACTS", "NODE_TAGS", "NODE_VALUES", "WAY_TAGS", "GraphParts", "parts_of_list"]

# What the rules for cars, limits and built-up areas look at: the tags that osmnx is asked to keep.
WAY_TAGS: Final = (*CAR.common, *CAR.rare)
NODE_TAGS: Final = ("barrier", "bollard", "locked", *CAR_KEYS)
# `urban` and `access_only` are what `to_osmnx` writes; they count before what tags would say.
_ARC_TAGS: Final = frozenset({*WAY_TAGS, "reversed", "urban", "access_only"})
ARC_VALUES: Final = frozenset({*_ARC_TAGS, "osmid", "geometry"})
NODE_VALUES: Final = frozenset({*NODE_TAGS, "x", "y"})
# `side_streets` is what `to_osmnx` writes.
FACTS: Final = frozenset({"crs", "all_oneway", "side_streets"})
_ABSENT: Final = frozenset({"", "nan", "NaN", "None", "<NA>"})
_ITEM: Final = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"\[\]{}()][^,'"\[\]{}()]*))\s*(?:,|$)"""
)
_NAN: Final = float("nan")
_POSITION: Final = ("x", "y")


def parts_of_list(text: str) -> tuple[str, ...]:
    """Return the values of a list that was written as text, such as ``"['20 mph', '30 mph']"``; one value as it is.

    Nothing is evaluated: what is no plain list of texts and numbers is taken as one value.
    """
    if text[:1] + text[-1:] not in {"[]", "{}", "()"}:
        return (text,)
    inner, at, found = text[1:-1].strip(), 0, []
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if item is None:
            return (text,)
        quoted = item[1] if item[1] is not None else item[2]
        found.append(item[3].strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = item.end()
    return tuple(found)


class GraphParts:
    """Nodes and arcs of a graph, in the order in which they came.

    Nodes are numbered as they are first named; ``x`` and ``y`` are their positions (NaN = none given), ``node_tags``
    the tags of those that have any. Arc ``i`` leads from node ``source[i]`` to ``target[i]``, is a piece of way
    ``way[i]`` (a number of ``ways``) and has the tags ``kinds[kind[i]]``; ``lines`` holds, as WKT, the course of the
    arcs that have one. ``facts`` are the graph's own values.
    """

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.directed = True
        self.nodes: dict[str, int] = {}
        self.x = array("d")
        self.y = array("d")
        self.node_tags: dict[int, dict[str, str]] = {}
        self.source = array("q")
        self.target = array("q")
        self.way = array("q")
        self.kind = array("q")
        self.ways: dict[tuple[str, ...], int] = {}
        self.kinds: dict[tuple[tuple[str, str], ...], int] = {}
        self.lines: dict[int, str] = {}
        self._way_of: dict[str, int] = {}

    def add_node(self, node_id: str, values: Mapping[str, str]) -> None:
        """Add a node with `NODE_VALUES` as text."""
        number = self._number(node_id)
        self.x[number], self.y[number] = _float(values.get("x", "")), _float(values.get("y", ""))
        if len(values) > len(_POSITION):
            tags = {key: text for key, text in values.items() if key in NODE_TAGS and text not in _ABSENT}
            self.node_tags |= {number: tags} if tags else {}

    def add_arc(self, source: str, target: str, values: Mapping[str, str]) -> None:
        """Add an arc with `ARC_VALUES` as text."""
        tags = tuple((key, text) for key, text in values.items() if key in _ARC_TAGS and text not in _ABSENT)
        osmid = values.get("osmid", "")
        way = self._way_of.get(osmid)
        if way is None:
            ids = tuple(sorted(parts_of_list(osmid)))
            way = self._way_of[osmid] = self.ways.setdefault(ids, len(self.ways))
        if values.get("geometry", "") not in _ABSENT:
            self.lines[len(self.source)] = values["geometry"]
        self.source.append(self._number(source))
        self.target.append(self._number(target))
        self.way.append(way)
        self.kind.append(self.kinds.setdefault(tags, len(self.kinds)))

    def _number(self, node_id: str) -> int:
        number = self.nodes.setdefault(node_id, len(self.nodes))
        if number == len(self.x):
            self.x.append(_NAN)
            self.y.append(_NAN)
        return number


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _NAN
