"""A GraphML file into a networkx graph: streaming, without entities, and with lines in complaints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from siting.errors import did_you_mean
from siting.instance.raw import LISTED, Report

if TYPE_CHECKING:
    import networkx as nx

MOST_BYTES = 2_000_000_000
"""Largest GraphML file read; a graph takes some six times its file in memory."""

LINE = "line of the file"
"""Attribute of nodes and edges: where they begin."""

_TYPES = ("node", "edge", "graph")


class _RefusedError(Exception):
    """The file is not such a graph."""


def parse_graphml(path: Path, keep: frozenset[str], report: Report) -> nx.MultiGraph[str] | None:
    """Read a GraphML file.

    Document types are refused as such, so that no entity is ever expanded.

    Args:
        path: the file.
        keep: names of attributes to keep; others are passed over.
        report: receives complaints, with the line.

    Returns:
        A MultiDiGraph, of an undirected file a MultiGraph; all attributes as text as they stand, and
        in ``LINE`` the line of each node and edge. None after a complaint.
    """
    where = str(path)
    try:
        if path.is_dir():
            report.add(where, "is a folder; a GraphML file is expected")
            return None
        size = path.stat().st_size
        if size > MOST_BYTES:
            report.add(
                where, f"{size:,} bytes are more than the {MOST_BYTES:,} that are read; cut out a part"
            )
            return None
        before = len(report.complaints)
        reader = _Reader(where, keep, report)
        with path.open("rb") as file:
            reader.read(file)
    except FileNotFoundError:
        beside = [one.name for one in path.parent.glob("*")] if path.parent.is_dir() else []
        report.add(where, f"there is no such file{did_you_mean(path.name, beside)}")
        return None
    except (OSError, ValueError) as error:
        report.add(where, f"cannot be read: {error}")
        return None
    return reader.graph if len(report.complaints) == before else None


class _Reader:
    """Handlers of one parse."""

    def __init__(self, where: str, keep: frozenset[str], report: Report) -> None:
        import networkx as nx

        self.graph: nx.MultiGraph[str] = nx.MultiDiGraph()
        self._where, self._keep, self._report = where, keep, report
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._keys: dict[str, str] = {}
        self._defaults: dict[str, dict[str, str]] = {one: {} for one in _TYPES}
        self._scope: dict[str, str] = {}  # the key whose default is being read, its attribute and element
        self._owners: list[tuple[str, dict[str, Any]]] = []
        self._text: list[str] = []
        self._ends = "", ""
        self._graphs, self._depth = 0, 0

    def read(self, file: Any) -> None:
        """Parse the file; complaints are in the report."""
        try:
            self._parser.ParseFile(file)
            if not self._graphs:
                raise _RefusedError("holds no <graph>")
            self._check_ends()
        except expat.ExpatError as error:
            cause = expat.errors.messages.get(error.code, str(error))
            what = f"not valid XML: {cause}; the file is cut off or damaged"
            self._report.add(self._where, what, error.lineno)
        except LookupError as error:
            if not str(error).startswith("unknown encoding"):
                raise
            self._report.add(self._where, f"not valid XML: {error}; save it as UTF-8", 1)
        except _RefusedError as refused:
            self._report.add(self._where, str(refused), self._parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise _RefusedError(
            "has a document type (<!DOCTYPE ...>), which may hide entities; GraphML needs none"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        self._depth += 1
        if self._depth == 1 and name != "graphml":
            raise _RefusedError(f"is an XML file of <{name}>, not of <graphml>")
        if name == "data":
            if self._keys.get(attributes.get("key", "")) in self._keep and self._owners:
                self._scope = {"name": self._keys[attributes.get("key", "")]}
                self._collect()
        elif name == "default":
            self._collect()
        elif name == "key":
            self._key(attributes)
        elif name == "graph":
            self._graph(attributes)
        elif name in ("node", "edge") and (self._depth, len(self._owners)) != (3, 1):
            raise _RefusedError(f"has a <{name}> outside of <graph>, or not directly in it")
        elif name == "node":
            self._node(attributes)
        elif name == "edge":
            self._edge(attributes)
        elif name in ("hyperedge", "port"):
            raise _RefusedError(f"has a <{name}>, which no road graph has")

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        self._depth -= 1
        if name in ("data", "default") and self._parser.CharacterDataHandler is not None:
            self._parser.CharacterDataHandler = None
            value = "".join(self._text).strip()
            if "name" in self._scope:
                self._owners[-1][1][self._scope["name"]] = value
            elif self._scope.get("attribute") in self._keep:
                for kind in _TYPES if self._scope["for"] == "all" else (self._scope["for"],):
                    self._defaults.setdefault(kind, {})[self._scope["attribute"]] = value
        elif name in _TYPES:
            kind, found = self._owners.pop()
            for attribute, value in self._defaults[kind].items():
                found.setdefault(attribute, value)
            if kind == "edge":
                self.graph.add_edge(*self._ends, **found)

    def _collect(self) -> None:
        """Keep the text that follows."""
        self._text = []
        self._parser.CharacterDataHandler = self._text.append

    def _key(self, attributes: dict[str, str]) -> None:
        name = attributes.get("attr.name", attributes.get("id", ""))
        self._keys[attributes.get("id", "")] = name
        self._scope = {"attribute": name, "for": attributes.get("for", "all")}

    def _graph(self, attributes: dict[str, str]) -> None:
        self._graphs += 1
        if self._graphs > 1:
            raise _RefusedError("has a second <graph>; one road graph is expected")
        if attributes.get("edgedefault") == "undirected":
            import networkx as nx

            self.graph = nx.MultiGraph()
        self._owners.append(("graph", self.graph.graph))

    def _node(self, attributes: dict[str, str]) -> None:
        id_ = attributes.get("id", "").strip()
        if not id_ or LINE in self.graph.nodes.get(id_, {}):
            raise _RefusedError(f"the node {id_!r} is there already" if id_ else "a <node> has no id")
        self.graph.add_node(id_)
        found = self.graph.nodes[id_]
        found[LINE] = self._parser.CurrentLineNumber
        self._owners.append(("node", found))

    def _edge(self, attributes: dict[str, str]) -> None:
        tail, head = attributes.get("source", "").strip(), attributes.get("target", "").strip()
        if not tail or not head:
            raise _RefusedError("an <edge> has no source or no target")
        directed = "true" if self.graph.is_directed() else "false"
        if attributes.get("directed", directed) != directed:
            raise _RefusedError("has directed and undirected edges; write both ways of the latter")
        self._ends = tail, head
        self._owners.append(("edge", {LINE: self._parser.CurrentLineNumber}))

    def _check_ends(self) -> None:
        """Complain about edges whose ends are no nodes of the file; networkx makes nodes of them."""
        unknown = {node for node, found in self.graph.nodes(data=True) if LINE not in found}
        edges: Iterable[tuple[Any, Any, int]] = self.graph.edges(data=LINE)
        lost = [(end, line) for tail, head, line in edges for end in (tail, head) if end in unknown]
        for end, line in lost[:LISTED]:
            self._report.add(self._where, f"the edge leads to {end!r}, which is no node of the file", line)
        if len(lost) > LISTED:
            self._report.add(self._where, f"... and {len(lost) - LISTED:,} more like these")
