"""An instance from an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.core import Instance
from siting.instance.locations import OFF_M
from siting.instance.settings import parse_settings
from siting.readers.osm import words
from siting.readers.osm.buildings import BUILDINGS, FACILITIES, SETTLEMENTS, candidate_rules
from siting.readers.osm.extract import Extract, read_extract
from siting.readers.osm.layers import Layers, sort_out
from siting.readers.osm.network import Network, network
from siting.readers.osm.settlements import ASSUMED
from siting.readers.osm.source import SUFFIXES, open_source
from siting.readers.question import candidate_rows, question


def read_osm(
    path: str | Path,
    *,
    places: str | Sequence[str] = tuple(ASSUMED),
    candidates: str | Sequence[str] = SETTLEMENTS,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
    report: Callable[[str], None] = lambda step: None,
) -> Instance:
    """An instance from an OpenStreetMap extract, e.g. of a country.

    Roads are the ways a car may drive, with the rules of :mod:`siting.readers.osm.rules` and the
    speeds of :mod:`siting.readers.osm.speeds`; every two nodes of a way are a segment whose time is
    its length on the sphere over that speed, in whole ms. The largest strongly connected part is
    kept, and nodes that merely continue a road are merged away, which changes no time. Turn
    restrictions are out of scope, barriers are not looked at, ferries are left out.

    Demand points are settlements (points, or areas without a point). Existing fire stations, police
    stations and hospitals, from points, areas and multipolygons, are facilities at sites of their
    own. Places and sites are joined to the nearest point of the nearest road at ``travel.snap_kmh``;
    those more than 50 km from any road are left out. Whatever is assumed or left out is in the notes
    or warnings of the instance.

    Memory and time grow with the nodes of roads, hardly with the rest of the file: twenty million of
    them take 4.4 GB and about a minute, and some 40 bytes each of temporary space.

    Args:
        path: file whose name ends in .osm.pbf, .osm, .osm.bz2 or .osm.gz, up to 8 GB.
        places: values of ``place`` that are demand points.
        candidates: where the types that have ``new`` may be opened: ``settlements``, and existing
            public buildings by kind, see :data:`siting.readers.osm.buildings.BUILDINGS`.
        name: of the instance; by default that of the file.
        settings: services and types of the planner's own, see :func:`siting.readers.question.question`.
        report: called with a line of text after every step.

    Returns:
        The instance. Road nodes have the ids of OpenStreetMap's, places and sites ``n12``, ``w12`` or
        ``r12`` for the node, way or relation they are.

    Raises:
        InstanceError: pyosmium is not installed, the file is damaged or none that can be read, it
            holds no roads, settlements or candidates, or an option is not known.
    """
    rules = candidate_rules(candidates)
    values = _place_values(places)
    source = open_source(path)
    given = _question(source.path, name, settings)
    parsed, complaints = parse_settings(given)
    if complaints:
        raise InstanceError(complaints)
    asked = {("place", value) for value in values} | {("amenity", value) for value in FACILITIES}
    asked |= {BUILDINGS[rule] for rule in rules if rule != SETTLEMENTS}
    extract = read_extract(source, sorted(asked), report)
    layers = sort_out(extract.things, values, rules, parsed, str(path))
    points = layers.points()
    net = network(extract, points, parsed.snap_kmh, str(path), report)
    if net.snap_m[: len(layers.places)].min() > OFF_M:
        what = f"every settlement is more than {OFF_M // 1000} km from the main part of the roads"
        raise InstanceError(Complaint(str(path), what))
    return _instance(extract, layers, net, points, given)


def _place_values(places: str | Sequence[str]) -> list[str]:
    """Values of ``place``, each once.

    Raises:
        InstanceError: some are not known; names the nearest.
    """
    values = list(dict.fromkeys([places] if isinstance(places, str) else places))
    known = ", ".join(ASSUMED)
    wrong = [
        Complaint("places", f"{one!r} is not known{did_you_mean(str(one), ASSUMED)}; expected: {known}")
        for one in values
        if one not in ASSUMED
    ]
    if wrong or not values:
        raise InstanceError(wrong or [Complaint("places", f"is empty; expected some of {known}")])
    return values


def _question(
    path: Path, name: str | None, settings: str | Path | Mapping[str, Any] | None
) -> dict[str, Any]:
    """The content of instance.toml, but for what the notes say of the file."""
    ending = max((one for one in SUFFIXES if path.name.lower().endswith(one)), key=len)
    name = name or path.name[: -len(ending)] or path.name
    source = {**words.SOURCE, "origin": f"OpenStreetMap extract {path.name}"}
    return question(
        name, f"{name} from OpenStreetMap", sources=[source], notes="", settings=settings, hospitals=True
    )


def _instance(
    extract: Extract, layers: Layers, net: Network, points: pd.DataFrame, given: Mapping[str, Any]
) -> Instance:
    """The instance of everything that is near a road."""
    near = set(points["id"][net.snap_m <= OFF_M])
    places, facilities = layers.places, layers.facility_rows()
    facilities = facilities[facilities["site"].isin(near)]
    notes = f"{words.notes(extract, layers, net)} {given['notes']}".strip()
    others = points[points["id"].isin(near) & ~points["id"].isin(places["place_id"])]
    instance = Instance.from_frames(
        places=places[places["place_id"].isin(near)],
        junctions=others.rename(columns={"id": "junction_id"})[["junction_id", "name", "lat", "lon"]],
        candidates=candidate_rows(given, [id_ for id_ in layers.candidate_sites() if id_ in near]),
        facilities=facilities if len(facilities) else None,
        graph=net.roads,
        settings={**given, "notes": notes},
    )
    return replace(instance, warnings=(*words.warnings(extract, layers, net, points), *instance.warnings))
