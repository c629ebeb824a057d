"""Graphs of osmnx as GraphML files: read in one pass, with nothing in the file trusted.

The file is XML from anywhere. A document type definition is refused where it begins, before any entity of it could be
expanded; values are taken as text, and lists in them are taken apart here, never evaluated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from sufficiency.model.errors import NetworkError
from sufficiency.model.geography import BNG
from sufficiency.sources.roads.graph_parts import ARC_VALUES, FACTS, NODE_VALUES, GraphParts
from sufficiency.sources.roads.graph_ways import roads_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sufficiency.model.results import RoadTables

__all__ = ["read_graphml"]

MAX_BYTES: Final = 8_000_000_000
MAX_VALUE: Final = 5_000_000
CHUNK_BYTES: Final = 1 << 20
NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_SAVE_AGAIN: Final = "save the graph again with osmnx.save_graphml, or fetch it again"
_CUT_OFF: Final = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_KEPT: Final = {"graph": FACTS, "node": NODE_VALUES, "edge": ARC_VALUES}


def read_graphml(path: Path | str, *, crs: str = BNG) -> RoadTables:
    """Read roads from a GraphML file that osmnx saved.

    Parameters
    ----------
    path
        A file of ``osmnx.save_graphml``: simplified or not, in degrees or projected.
    crs
        The metric system of the area.

    Returns
    -------
    RoadTables
        As `from_osmnx` gives them.

    Raises
    ------
    NetworkError
        When the file is not there, is no GraphML, breaks off, holds a document type definition, names a node without
        a position, or has no road that a car may use.
    GeographyError
        When its positions cannot be projected.
    """
    path = Path(path)
    reading = _Reading(path.name)
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"{path.name} is larger than {MAX_BYTES / 1e9:g} gigabytes: take a smaller area"
            raise NetworkError(message)
        with path.open("rb") as file:
            reading.parse(iter(lambda: file.read(CHUNK_BYTES), b""))
    except OSError as error:
        message = f"{path.name} cannot be read ({error.strerror or error}): check that it is a readable file"
        raise NetworkError(message) from None
    return roads_of(reading.graph, path.name, crs=crs)


class _Reading:
    """One file being read: the declared names of values, the element at hand, and the graph so far.

    Millions of elements pass through `_start` and `_end`; what they look up is kept as plain as it can be.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.graph = GraphParts()
        self.declared: dict[tuple[str, str], str] = {}
        self.names: dict[str, dict[str, str]] = {owner: {} for owner in _KEPT}
        self.defaults: dict[str, dict[str, str]] = {owner: {} for owner in _KEPT}
        self.local: dict[str, str] = {}
        self.graphs = 0
        self.owner = ""
        self.ends: tuple[str, str] = ("", "")
        self.values: dict[str, str] = {}
        self.declaring: tuple[str, str] | None = None
        self.wanted = ""
        self.text: list[str] = []
        self.size = 0

    def parse(self, chunks: Iterator[bytes]) -> None:
        """Feed the file through the parser; every fault of the XML becomes one sentence."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            for chunk in chunks:
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            cut = error.code in _CUT_OFF
            what = "breaks off" if cut else "is not sound XML"
            message = f"{self.name} {what} in line {error.lineno} ({expat.ErrorString(error.code)}): {_SAVE_AGAIN}"
            raise NetworkError(message) from None
        except NetworkError:
            raise
        except (LookupError, ValueError, RecursionError):  # an encoding that is not known
            message = f"{self.name} is written in an encoding that cannot be read: {_SAVE_AGAIN}"
            raise NetworkError(message) from None

    def _refuse_doctype(self, *_: object) -> None:
        message = (
            f"{self.name} holds a document type definition (DOCTYPE), which could make a small file swell without end "
            f"and is never needed here: {_SAVE_AGAIN}"
        )
        raise NetworkError(message)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = self.local.get(tag) or self._local(tag)
        if local == "data":
            self.wanted = self._name(attributes.get("key", ""))
            self.text, self.size = [], 0
        elif local == "node":
            self.owner, self.ends, self.values = "node", (attributes.get("id", ""), ""), {}
        elif local == "edge":
            ends = (attributes.get("source", ""), attributes.get("target", ""))
            self.owner, self.ends, self.values = "edge", ends, {}
        elif local == "key":
            self.declaring = (attributes.get("for", "all"), attributes.get("id", ""))
            self.declared[self.declaring] = attributes.get("attr.name", "")
        elif local == "default":
            self.wanted = "" if self.declaring is None else self.declared[self.declaring]
            self.text, self.size = [], 0
        elif local == "graph":
            self._start_graph(attributes)

    def _local(self, tag: str) -> str:
        """Return the name of an element without its namespace; the first one says whether this is GraphML."""
        space, _, local = tag.rpartition(" ")
        if not self.local and (local != "graphml" or space not in {NAMESPACE, ""}):
            message = f"{self.name} is no GraphML file (it begins with {local[:40]!r}): {_SAVE_AGAIN}"
            raise NetworkError(message)
        self.local[tag] = local
        return local

    def _start_graph(self, attributes: dict[str, str]) -> None:
        self.graphs += 1
        if self.graphs > 1:
            message = f"{self.name} holds more than one graph: {_SAVE_AGAIN}"
            raise NetworkError(message)
        if attributes.get("edgedefault", "directed") != "directed":
            message = (
                f"{self.name} holds a graph without directions, which cannot tell one-way streets: save the graph as "
                "osmnx makes it, before osmnx.convert.to_undirected"
            )
            raise NetworkError(message)
        self.owner = "graph"

    def _name(self, key: str) -> str:
        """Return the name of a value of this kind of element, or of all, blank where it is not wanted."""
        if self.owner not in self.names:
            return ""
        name = self.names[self.owner].get(key)
        if name is None:
            declared = self.declared.get((self.owner, key)) or self.declared.get(("all", key), "")
            name = self.names[self.owner][key] = declared if declared in _KEPT[self.owner] else ""
        return name

    def _characters(self, text: str) -> None:
        if not self.wanted:
            return
        self.size += len(text)
        if self.size > MAX_VALUE:
            message = f"{self.name} holds a value of more than {MAX_VALUE / 1e6:g} million characters: {_SAVE_AGAIN}"
            raise NetworkError(message)
        self.text.append(text)

    def _end(self, tag: str) -> None:
        local = self.local[tag]
        if local == "data":
            if self.wanted:
                kept = self.graph.facts if self.owner == "graph" else self.values
                kept[self.wanted] = "".join(self.text).strip()
                self.wanted = ""
        elif local == "node":
            self.graph.add_node(self.ends[0], self.defaults["node"] | self.values)
            self.owner = "graph"
        elif local == "edge":
            self.graph.add_arc(*self.ends, self.defaults["edge"] | self.values)
            self.owner = "graph"
        elif local == "key":
            self.declaring = None
        elif local == "default" and self.wanted and self.declaring is not None:
            owner = self.declaring[0]
            for one in _KEPT if owner == "all" else (owner,):
                self.defaults.setdefault(one, {})[self.wanted] = "".join(self.text).strip()
            self.wanted = ""
