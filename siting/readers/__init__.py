"""Readers: the files a planner has into a validated instance; one line per kind of source here.

Readers of heavy libraries are imported when they are used. Files that several readers share:
:mod:`~siting.readers.question` (the question of an import), :mod:`~siting.readers.extras` (libraries
that are not installed by default), and the package :mod:`~siting.readers.vector` (layers of points,
lines and outlines in any reference system).
"""

from __future__ import annotations

from siting.readers.folder import bundled, read, titles

READERS: dict[str, str] = {
    "folder": "siting.readers.folder.read",
    "osm": "siting.readers.osm.read_osm",
    "graphml": "siting.readers.graphml.read_graphml",
    "geo": "siting.readers.geo.read_geo",
    "od": "siting.readers.od.read_od",
    "geonames": "siting.readers.geonames.read_geonames",
    "orlib": "siting.readers.orlib.read_orlib",
    "tsplib": "siting.readers.tsplib.read_tsplib",
}
"""The function that reads each kind of source, by the name that ``siting import`` gives it."""

__all__ = ["READERS", "bundled", "read", "titles"]
