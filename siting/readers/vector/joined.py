"""Places, facilities, candidates and a way to travel, joined into an instance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Settings
from siting.instance.core import Instance
from siting.instance.raw import Report, from_frame
from siting.instance.settings import parse_settings
from siting.readers.question import CITY, KINDS, candidate_rows, kinds_of, question
from siting.readers.vector.columns import there_are
from siting.readers.vector.ground import Ground
from siting.readers.vector.points import Layer
from siting.roads.graph import Roads
from siting.roads.snap import EARTH_M, metres, unit

APART_M = 1_000_000
"""Layers whose nearest points are farther apart than this are not of one region."""

_CANDIDATE, _REQUIRED, _COMPETITOR, _CHOSEN = "0", "1", "2", "3"
"""FacilityType of ESRI's location-allocation layers."""


@dataclass(frozen=True)
class Travel:
    """A way to travel: exactly one of ``roads``, ``table`` and ``od``.

    Attributes:
        said: what it is.
        roads: a graph.
        nameless: its node ids mean nothing to anybody.
        table: rows of roads.csv between the places.
        od: rows of od.csv.
        file: what was read, empty for nothing.
        warnings: what to look at.
    """

    said: str
    roads: Roads | None = None
    nameless: bool = False
    table: pd.DataFrame | None = None
    od: pd.DataFrame | None = None
    file: str = ""
    warnings: tuple[str, ...] = ()


def places_of(layer: Layer, report: Report) -> pd.DataFrame | None:
    """places.csv of a layer, with what it does not say filled in; None after a complaint."""
    frame, raw = layer.frame.copy(), layer.raw
    if "population" not in frame:
        if not any(one.column == "population" for one in report.complaints):
            what = f"no column says how many people live there{there_are(raw)}; name one: "
            report.add(raw.where, f"{what}columns={{'population': ...}}", raw.header(), "population")
        return None
    if "place_id" not in frame:
        frame["place_id"] = [f"p{number}" for number in range(1, len(frame) + 1)]
    if "name" not in frame:
        frame["name"] = frame["place_id"]
    frame["name"] = frame["name"].where(frame["name"] != "", frame["place_id"])
    people = pd.to_numeric(frame["population"], errors="coerce")
    fine = people.abs() < 1e15
    whole = people.where(fine, 0).round().astype(np.int64)
    frame["population"] = whole.astype(object).where(fine, frame["population"])
    return frame.drop(columns="facilitytype", errors="ignore")


def join(
    places: Layer,
    facilities: Layer | None,
    candidates: Layer | None,
    travel: Travel,
    *,
    name: str,
    settings: str | Path | Mapping[str, Any] | None,
    report: Report,
) -> Instance:
    """Join layers into an instance.

    Args:
        places: demand points.
        facilities: existing facilities; None if there are none.
        candidates: sites, or sites and types; None for every place.
        travel: how to travel.
        name: of the instance.
        settings: see :func:`siting.readers.question.question`.
        report: complaints and warnings so far.

    Raises:
        InstanceError: everything in ``report``, or what is found here.
    """
    table = places_of(places, report)
    layers = {"places": places}
    if facilities is not None:
        layers["facilities"] = _existing(facilities, report)
    if candidates is not None:
        layers["candidates"] = _eligible(candidates, report)
    _near_each_other(layers, travel.roads, report)
    if table is None or report.complaints:
        raise InstanceError(report.complaints)
    asked = _ask(table, layers, travel, name, settings, report)
    ground = _ground(table, travel, report)
    frames, rows = _frames(table, layers, ground, asked, report)
    given: dict[str, Any] = {**frames, **_network(travel, ground)}
    if report.complaints:
        raise InstanceError(report.complaints)
    try:
        instance = Instance.from_frames(**given, settings=asked)
    except InstanceError as error:
        raise InstanceError(_located(error, layers, rows)) from None
    mine = (*travel.warnings, *report.warnings, *_at_nodes(table, travel))
    return replace(instance, warnings=(*mine, *instance.warnings))


@contextmanager
def features_in_words() -> Iterator[None]:
    """Complaints about rows of files that have no lines name the feature: ``towns.gpkg feature 7``."""
    try:
        yield
    except InstanceError as error:
        raise InstanceError([_in_words(one) for one in error.complaints]) from None


_ROW = re.compile(r"(?!(?:places|facilities|candidates|roads|od|junctions)\.iloc)(\S.*?)\.iloc\[(\d+)\]")


def _in_words(complaint: str | Complaint) -> str | Complaint:
    found = _ROW.fullmatch(complaint.where) if isinstance(complaint, Complaint) else None
    if found is None or not isinstance(complaint, Complaint):
        return complaint
    return replace(complaint, where=f"{found[1]} feature {int(found[2]) + 1}")


def _existing(layer: Layer, report: Report) -> Layer:
    """Facilities that exist: of ESRI's, those that are required or were chosen."""
    if "facilitytype" not in layer.frame:
        return layer
    words = _facility_types(layer, report)
    keep = np.isin(words, (_REQUIRED, _CHOSEN))
    out = int((~keep).sum())
    return layer.take(keep, f" {out:,} with FacilityType 0 or 2 are left out." if out else "")


def _eligible(layer: Layer, report: Report) -> Layer:
    """Candidates: of ESRI's all but competitors; required ones must be opened."""
    if "facilitytype" not in layer.frame:
        return layer
    words = _facility_types(layer, report)
    keep = words != _COMPETITOR
    out = int((~keep).sum())
    kept = layer.take(keep, f" {out:,} competitors (FacilityType 2) are left out." if out else "")
    if "status" not in kept.frame:
        kept.frame["status"] = np.where(words[keep] == _REQUIRED, "required", "candidate")
    return kept


def _facility_types(layer: Layer, report: Report) -> NDArray[np.object_]:
    words = layer.frame["facilitytype"].to_numpy(dtype=object)
    wrong = ~np.isin(words, (_CANDIDATE, _REQUIRED, _COMPETITOR, _CHOSEN))
    expected = "0 (candidate), 1 (required), 2 (competitor) or 3 (chosen)"
    report.rows(layer.raw, wrong, "FacilityType", lambda row: f"{words[row]!r} must be {expected}")
    return words


def _ask(
    table: pd.DataFrame,
    layers: Mapping[str, Layer],
    travel: Travel,
    name: str,
    settings: str | Path | Mapping[str, Any] | None,
    report: Report,
) -> dict[str, Any]:
    """The content of instance.toml; gives every place its kind.

    Raises:
        InstanceError: the settings are wrong, or do not say of which kind the places are.
    """
    asked = question(
        name,
        f"{name}: {len(table):,} places",
        sources=_sources(layers, travel),
        notes=_notes(layers, travel),
        settings=settings,
    )
    parsed, wrong = parse_settings(asked)
    report.complaints += wrong
    if "kind" not in table:
        asked["notes"] += _fill_kinds(table, parsed, layers["places"], report)
    if report.complaints:
        raise InstanceError(report.complaints)
    return asked


def _ground(table: pd.DataFrame, travel: Travel, report: Report) -> Ground:
    """Where sites may be."""
    others: Iterable[str] = ()
    if travel.od is not None:
        raw = from_frame("od", travel.od, report)
        others = () if raw is None else set(raw.text("from"))
    elif travel.roads is not None and not travel.nameless:
        others = travel.roads.ids
    return Ground(table, others, by_id=travel.od is not None)


def _frames(
    table: pd.DataFrame, layers: Mapping[str, Layer], ground: Ground, asked: Mapping[str, Any], report: Report
) -> tuple[dict[str, pd.DataFrame], dict[str, NDArray[np.int64]]]:
    """Places, facilities and candidates as tables, and per table the row of the layer each row is."""
    unknown = ["lat", "lon"] if table[["lat", "lon"]].isna().to_numpy().all() else []
    frames, rows = {"places": table.drop(columns=unknown)}, {"places": layers["places"].rows}
    if "facilities" in layers:
        frames["facilities"] = _facilities(layers["facilities"], ground, asked["types"], report)
        rows["facilities"] = layers["facilities"].rows
    eligible, rows["candidates"] = _candidates(layers.get("candidates"), table, ground, asked, report)
    return frames | {"candidates": eligible}, rows


def _fill_kinds(table: pd.DataFrame, settings: Settings, places: Layer, report: Report) -> str:
    """Give every place its kind, the only one or one by its people; a sentence about it."""
    kinds = list(dict.fromkeys(kind for service in settings.services for kind in service.standard_ms))
    if len(kinds) == 1:
        table["kind"] = kinds[0]
        return ""
    if not set(KINDS) <= set(kinds):
        what = f"no column says of which kind each place is ({', '.join(kinds)}){there_are(places.raw)}"
        report.add(places.raw.where, what, places.raw.header(), "kind")
        return ""
    people = pd.to_numeric(table["population"], errors="coerce").fillna(0)
    table["kind"] = kinds_of(people.to_numpy(np.float64))
    return f" Places of {CITY:,} people and more are of the kind city, others village."


def _near_each_other(layers: Mapping[str, Layer], roads: Roads | None, report: Report) -> None:
    """Complain about layers that lie in another part of the world than the places."""
    others = [
        (layer.raw.where, layer.frame["lat"], layer.frame["lon"])
        for name, layer in layers.items()
        if name != "places"
    ]
    if roads is not None:
        others.append(("roads", pd.Series(roads.lat), pd.Series(roads.lon)))
    here = _points(layers["places"].frame["lat"], layers["places"].frame["lon"])
    if not len(here):
        return
    tree = cKDTree(here)
    for where, lat, lon in others:
        there = _points(lat, lon)
        chord = np.min(tree.query(there)[0]) if len(there) else 0.0
        nearest = 2 * EARTH_M * np.arcsin(min(1.0, chord / 2))
        if nearest > APART_M:
            what = (
                f"lies {nearest / 1000:,.0f} km from the nearest place; one of the two is of another region, "
                "or has the wrong coordinate reference system, or latitude and longitude swapped"
            )
            report.add(where, what)


def _points(lat: pd.Series[float], lon: pd.Series[float]) -> NDArray[np.float64]:
    """Points that are known on the unit sphere, (N, 3)."""
    known = (lat.notna() & lon.notna()).to_numpy()
    here = np.asarray(lat, dtype=np.float64)[known], np.asarray(lon, dtype=np.float64)[known]
    return unit(*here)


def _facilities(layer: Layer, ground: Ground, types: Mapping[str, Any], report: Report) -> pd.DataFrame:
    """facilities.csv."""
    frame, raw = layer.frame.assign(site=ground.stand(layer, "facilities", report)), layer.raw
    if "facility_id" not in frame:
        frame["facility_id"] = [f"facility {row + 1}" for row in layer.rows]
    if "name" not in frame:
        frame["name"] = frame["facility_id"]
    frame["name"] = frame["name"].where(frame["name"] != "", frame["facility_id"])
    if "type" not in frame and len(types) == 1:
        frame["type"] = next(iter(types))
    elif "type" not in frame:
        what = (
            f"no column says of which type each is ({', '.join(types)}){there_are(raw)}; name one, "
            f"columns={{'facilities.type': HEADER}}, or one type for all, '={next(iter(types), '')}'"
        )
        report.add(raw.where, what, raw.header(), "type")
    return frame.drop(columns=["lat", "lon", "facilitytype"], errors="ignore")


def _candidates(
    layer: Layer | None, places: pd.DataFrame, ground: Ground, asked: Mapping[str, Any], report: Report
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """candidates.csv, and the row of the layer that each of its rows is."""
    if layer is None:
        return candidate_rows(asked, list(places["place_id"])), np.zeros(0, dtype=np.int64)
    frame = layer.frame.assign(site=ground.stand(layer, "candidates", report))
    frame = frame.drop(columns=["name", "lat", "lon", "facilitytype"], errors="ignore")
    if "type" in frame:
        return frame, layer.rows
    every = candidate_rows(asked, list(frame["site"]))
    again = np.tile(np.arange(len(frame)), len(every) // max(1, len(frame)))
    return frame.iloc[again].reset_index(drop=True).assign(type=every["type"]), layer.rows[again]


def _network(travel: Travel, ground: Ground) -> dict[str, Any]:
    """The way to travel, as arguments of :meth:`Instance.from_frames`."""
    new = ground.junctions()
    if travel.roads is not None:
        roads = ground.name_nodes(travel.roads) if travel.nameless else travel.roads
        found: dict[str, Any] = {"graph": roads}
    else:
        found = {"od": travel.od} if travel.od is not None else {"roads": travel.table}
    return found | ({"junctions": new} if len(new) else {})


def _located(
    error: InstanceError, layers: Mapping[str, Layer], rows: Mapping[str, NDArray[np.int64]]
) -> list[str | Complaint]:
    """Complaints about rows of tables as complaints about rows of files."""
    row_of = re.compile(r"\b(places|facilities|candidates)\.iloc\[(\d+)\]")

    def source(found: re.Match[str]) -> str:
        where, line = layers[found[1]].raw.row(int(rows[found[1]][int(found[2])]))
        return where if line is None else f"{where}:{line}"

    mended: list[str | Complaint] = []
    for one in error.complaints:
        if not isinstance(one, Complaint) or one.where.partition(".iloc[")[0] not in layers:
            mended.append(one)
            continue
        layer = layers[one.where.partition(".iloc[")[0]]
        found = row_of.fullmatch(one.where)
        row = (layer.raw.where, layer.raw.header())
        if found:
            row = layer.raw.row(int(rows[found[1]][int(found[2])]))
        column = layer.headers.get(one.column or "", one.column)
        mended.append(Complaint(row[0], row_of.sub(source, one.what), row[1], column))
    return mended


def _at_nodes(places: pd.DataFrame, travel: Travel) -> tuple[str, ...]:
    """A warning about places that have the id of a node, so that they stand there and not where they are."""
    roads = travel.roads
    if roads is None or travel.nameless:
        return ()
    node = pd.Index(roads.ids).get_indexer(pd.Index(places["place_id"]))
    lat, lon = places["lat"].to_numpy(np.float64), places["lon"].to_numpy(np.float64)
    away = np.where(node >= 0, metres(lat, lon, roads.lat[node], roads.lon[node]), 0)
    moved = np.flatnonzero(away > 1)
    if not len(moved):
        return ()
    worst = int(np.argmax(away))
    return (
        f"places: {len(moved):,} have the id of a node of the graph and stand there, the farthest "
        f"{places['name'].iloc[worst]!r}, {away[worst]:,.0f} m from its own coordinates",
    )


def _sources(layers: Mapping[str, Layer], travel: Travel) -> list[dict[str, str]]:
    """Where the data came from, one entry per layer."""
    origins = {name: layer.raw.where for name, layer in layers.items()}
    if travel.file:
        origins["od" if travel.od is not None else "roads"] = travel.file
    return [
        {
            "what": name,
            "origin": "a frame" if origin == name else Path(origin).name,
            "licence": "as its owner says",
        }
        for name, origin in origins.items()
    ]


def _notes(layers: Mapping[str, Layer], travel: Travel) -> str:
    """What was read and how it was understood."""
    said = [layer.said for layer in layers.values()]
    places = layers["places"].frame
    people = (
        pd.to_numeric(places["population"], errors="coerce") if "population" in places else pd.Series([0.0])
    )
    if broken := int((people.round() != people)[people.notna()].sum()):
        said.append(f"{broken:,} populations were rounded to whole people.")
    if "place_id" not in places:
        said.append("Places without an id are numbered p1, p2, ... in their order.")
    if "candidates" not in layers:
        said.append("Every place is a candidate site.")
    return " ".join([*said, travel.said])
