"""What a planner is told about an import: notes that stay with the instance, and warnings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from siting.instance.locations import FAR_M, OFF_M
from siting.readers.osm.buildings import FACILITIES, SAME_M
from siting.readers.osm.extract import Extract
from siting.readers.osm.layers import Layers
from siting.readers.osm.network import Floats, Network
from siting.readers.osm.settlements import ASSUMED
from siting.readers.osm.speeds import SHARE_OF_LIMIT

SOURCE = {
    "what": "roads, settlements, facilities and public buildings",
    "licence": "ODbL 1.0, (c) OpenStreetMap contributors",
}
"""Source of an instance, but for its origin."""

_FEW = 5


def few(names: Sequence[str]) -> str:
    """The first few of some names."""
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def notes(extract: Extract, layers: Layers, net: Network) -> str:
    """A few sentences for instance.toml."""
    filled = sum(one.population is None for one in layers.towns)
    kinds = {**layers.facilities, **layers.buildings}
    merged = sum(site.others for sites in kinds.values() for site in sites)
    table = ", ".join(f"{value} {people:,}" for value, people in ASSUMED.items())
    said = (
        f"{extract.ways:,} drivable ways; {extract.closed:,} more are closed to cars. Kept is the largest "
        f"strongly connected part, {net.nodes:,} nodes and {net.edges:,} edges as mapped; {net.left_nodes:,} "
        f"nodes and {net.left_km:,.0f} km of road are outside of it. Junctions that merely continue a road "
        f"are merged; times stay the same to the millisecond. Cars keep up {SHARE_OF_LIMIT:.0%} of a legal "
        "limit, or a speed assumed for the class of road; one-way rules and access are kept, turn "
        "restrictions, barriers, ferries, surface and traffic are not looked at. Places, facilities and "
        "sites are joined to the nearest point of the nearest road."
    )
    if filled:
        said += (
            f" People of {filled:,} places are assumed for their kind, since the map gives none ({table})."
        )
    if merged:
        said += f" Facilities and buildings mapped more than once count once ({merged:,} fewer)."
    return said


def warnings(extract: Extract, layers: Layers, net: Network, points: pd.DataFrame) -> list[str]:
    """What a planner should look at, a line each."""
    found = [*_assumed_people(layers), *_merged(layers)]
    for amenity, sites in layers.typeless.items():
        found.append(
            f"facilities: {len(sites):,} with amenity={amenity} are left out, since the settings have no "
            f"type {FACILITIES[amenity]}: {few([site.name for site in sites])}"
        )
    absent = [kind for kind, sites in layers.buildings.items() if not sites]
    if absent:
        found.append(f"candidates: the map has no {', '.join(absent)}")
    return [*found, *_roads(extract, net), *_snaps(points["name"].tolist(), net.snap_m)]


def _assumed_people(layers: Layers) -> list[str]:
    """Places whose number of people is assumed."""
    found, names = layers.towns, layers.places["name"]
    empty = [name for name, one in zip(names, found, strict=True) if one.population is None]
    if not empty:
        return []
    return [
        f"places: people of {len(empty):,} of {len(found):,} are assumed by their kind, since the map gives "
        f"none: {few(empty)}"
    ]


def _merged(layers: Layers) -> list[str]:
    """Facilities and buildings that are on the map more than once."""
    found = []
    for kind, sites in {**layers.facilities, **layers.buildings}.items():
        more = sum(site.others for site in sites)
        if more:
            twice = [site.name for site in sites if site.others]
            found.append(
                f"{kind}: {len(sites) + more:,} on the map are {len(sites):,}, since those inside or within "
                f"{SAME_M:.0f} m of another are parts of it: {few(twice)}"
            )
    return found


def _roads(extract: Extract, net: Network) -> list[str]:
    """Pieces of the map that are missing or left out."""
    found = []
    if net.left_nodes:
        found.append(
            f"roads: {net.left_nodes:,} nodes and {net.left_km:,.1f} km outside the largest strongly "
            "connected part are left out"
        )
    if extract.segments.cut:
        found.append(
            f"roads: {extract.segments.cut:,} segments are left out, since the file does not hold the nodes "
            "at both ends (it was cut at its border)"
        )
    if extract.lost:
        lost = [one.tags.get("name", one.id) for one in extract.lost]
        found.append(f"areas: the outline of {len(lost):,} is not in the file, left out: {few(lost)}")
    return found


def _snaps(names: Sequence[str], snap_m: Floats) -> list[str]:
    """Points far from any road, and those too far to be joined to one."""
    found = []
    order = np.argsort(-snap_m, kind="stable")
    far = [row for row in order.tolist() if FAR_M < snap_m[row] <= OFF_M]
    off = [row for row in order.tolist() if snap_m[row] > OFF_M]
    for rows, what in (
        (far, f"more than {FAR_M // 1000} km from the nearest road, joined to it in a straight line"),
        (off, f"more than {OFF_M // 1000} km from the main part of the roads, left out"),
    ):
        if rows:
            listed = few([f"{names[row]} {snap_m[row] / 1000:,.1f} km" for row in rows])
            found.append(f"places and sites: {len(rows):,} are {what}: {listed}")
    return found
