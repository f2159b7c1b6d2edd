"""Random instances that hold everything a model may ask for, and are small enough to try every plan.

Types and services are named as in the bundled Ukraine instance, so that every bundled model binds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from siting.instance import Instance

CENTRE = (49.0, 32.0)
KINDS = ("city", "village")
AREAS = {"region": ("n", "s"), "district": ("d1", "d2"), "community": ("c1", "c2", "c3")}
SCENARIOS = ("calm", "winter")
PERIODS = ("first", "second")
PAYERS = ("state", "community", "partners")
ROAD_CLASSES = {"main": 60.0, "track": 30.0}

SERVICES: dict[str, dict[str, Any]] = {
    "fire_rescue": {
        "weight": 1.0,
        "vehicle_factor": 1.3,
        "standard": {"city": 8, "village": 14},
        "distance": {"city": 3, "village": 5.5},
    },
    "policing": {
        "weight": 0.5,
        "standard": {"city": 7, "village": 12},
        "distance": {"city": 4, "village": 6},
    },
    "community_officer": {
        "weight": 0.0,
        "vehicle_factor": 0.9,
        "standard": {"city": 6, "village": 10},
        "distance": {"city": 3, "village": 4},
    },
}
TYPES: dict[str, dict[str, Any]] = {
    "fire_department": {
        "provides": {"fire_rescue": 2},
        "capacity": 900,
        "saving": 0.5,
        "payers": {"state": 0.5, "community": 0.3, "partners": 0.2},
    },
    "basic_center": {"provides": {"fire_rescue": 3}, "capacity": 700, "payers": {"state": 1.0}},
    "center_upgrade": {
        "provides": {"fire_rescue": 2, "policing": 4},
        "capacity": 1200,
        "payers": {"state": 0.7, "partners": 0.3},
    },
    "division": {"provides": {"policing": 2}, "saving": 1.5, "payers": {"state": 1.0}},
    "sector": {
        "provides": {"policing": 1, "community_officer": 3},
        "capacity": 800,
        "under": "division",
        "within": 6,
        "payers": {"state": 0.4, "community": 0.6},
    },
    "officer_station": {
        "provides": {"community_officer": 1},
        "units": 2,
        "capacity": 500,
        "payers": {"state": 0.2, "community": 0.8},
    },
}
MOST = {"fire_department": 3, "division": 2, "sector": 2, "officer_station": 2}
"""Candidates of each type at most; upgrades come with the centers that they replace."""


@dataclass(frozen=True)
class Tables:
    """The tables of an instance, by name, and its settings: what an oracle works from."""

    frames: Mapping[str, pd.DataFrame]
    settings: Mapping[str, Any]

    def instance(self) -> Instance:
        """The instance that they make."""
        return Instance.from_frames(**dict(self.frames), settings=self.settings)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table, empty cells left out."""
        return self._rows[name]

    @cached_property
    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [
                {key: value for key, value in row.items() if not _empty(value)}
                for row in frame.to_dict("records")
            ]
            for name, frame in self.frames.items()
        }

    def having(self, **settings: Any) -> Tables:
        """The same tables with some settings changed."""
        return replace(self, settings={**self.settings, **settings})


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and np.isnan(value))


def build(rng: np.random.Generator, **limits: int) -> Instance:
    """A random instance, see :func:`tables`."""
    return tables(rng, **limits).instance()


def tables(rng: np.random.Generator, places: int = 5, most: int = 3) -> Tables:
    """Random tables.

    Args:
        rng: all that is random.
        places: most places, at least 3.
        most: most candidates of each type.
    """
    people = _places(rng, int(rng.integers(3, places + 1)))
    nodes = [*people["place_id"], *(["j0"] if rng.random() < 0.5 else [])]
    junctions = pd.DataFrame(
        [(node, *_near(rng)) for node in nodes if node.startswith("j")], columns=["junction_id", "lat", "lon"]
    )
    roads = _roads(rng, nodes)
    old = _facilities(rng, nodes)
    new = _candidates(rng, nodes, old, most)
    frames = {
        "places": people, "areas": _areas(rng), "facilities": old, "candidates": new, "roads": roads,
        "scenarios": _scenarios(rng, roads, [*old["site"], *new["site"]]),
    }  # fmt: skip
    if len(junctions):
        frames["junctions"] = junctions
    return Tables(frames, _settings(rng))


def _near(rng: np.random.Generator) -> tuple[float, float]:
    """Degrees so near to each other that no road is shorter than the straight line."""
    return CENTRE[0] + float(rng.uniform(0, 0.001)), CENTRE[1] + float(rng.uniform(0, 0.001))


def _places(rng: np.random.Generator, count: int) -> pd.DataFrame:
    spot = [_near(rng) for _ in range(count)]
    return pd.DataFrame(
        {
            "place_id": [f"p{n}" for n in range(count)],
            "name": [f"Place {n}" for n in range(count)],
            "lat": [one[0] for one in spot],
            "lon": [one[1] for one in spot],
            "population": rng.integers(1, 1000, count) * (rng.random(count) < 0.9),
            "kind": rng.choice(KINDS, count, p=[0.4, 0.6]),
            "region": rng.choice(AREAS["region"], count),
            "district": rng.choice([*AREAS["district"], ""], count),
            "community": rng.choice([*AREAS["community"], ""], count, p=[0.3, 0.3, 0.3, 0.1]),
            "fires": np.round(rng.uniform(0, 9, count), 2),
        }
    )


def _areas(rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (level, one, f"Area {one}", round(float(rng.uniform(0.5, 6)), 2) if rng.random() < 0.6 else None)
        for level, ids in AREAS.items()
        for one in ids
    ]
    return pd.DataFrame(rows, columns=["level", "area_id", "name", "means"])


def _roads(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    """A tree with some chords; every way has its own length, and some are closed one way."""
    ends = [(node, nodes[rng.integers(0, number)]) for number, node in enumerate(nodes) if number]
    for one in nodes:
        for other in nodes:
            if one < other and rng.random() < 0.25 and not {(one, other), (other, one)} & set(ends):
                ends.append((one, other))
    rows = []
    for one, other in ends:
        shut = rng.choice(["there", "back", ""], p=[0.04, 0.04, 0.92])
        for name, way in (("there", (one, other)), ("back", (other, one))):
            if name != shut:
                klass = str(rng.choice(list(ROAD_CLASSES)))
                rows.append((*way, round(float(rng.uniform(0.5, 5)), 2), ROAD_CLASSES[klass], 1, klass))
    return pd.DataFrame(rows, columns=["from", "to", "km", "kmh", "oneway", "class"])


def _facilities(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    kinds = ["basic_center", *rng.choice(["fire_department", "division", "officer_station"], 2)]
    rows = [
        (
            f"f{number}", f"Facility {number}", kind, rng.choice(nodes), int(rng.integers(1, 3)),
            int(rng.integers(100, 900)) if rng.random() < 0.7 else None, int(rng.random() < 0.6),
            round(float(rng.uniform(0, 2)), 1) if rng.random() < 0.6 else None,
        )
        for number, kind in enumerate(kinds[: rng.integers(1, 4)])
    ]  # fmt: skip
    columns = ["facility_id", "name", "type", "site", "units", "capacity", "closable", "saving"]
    return pd.DataFrame(rows, columns=columns)


def _candidates(rng: np.random.Generator, nodes: list[str], old: pd.DataFrame, most: int) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for kind, limit in MOST.items():
        count = min(len(nodes), int(rng.integers(1, min(limit, most) + 1)))
        rows += [(site, kind, "") for site in rng.choice(nodes, count, replace=False)]
    center = old.iloc[0]
    rows.append((center["site"], "center_upgrade", center["facility_id"]))
    for number, (site, kind, _) in enumerate(rows):
        # A second way to replace the center: a fire department in its place.
        if site == center["site"] and kind == "fire_department" and rng.random() < 0.5:
            rows[number] = (site, kind, center["facility_id"])
    frame = pd.DataFrame(rows, columns=["site", "type", "replaces"])
    frame["cost"] = np.round(rng.uniform(1, 5, len(rows)), 1)
    frame["status"] = rng.choice(["candidate", "required", "forbidden"], len(rows), p=[0.85, 0.07, 0.08])
    twice = frame.index[frame["replaces"] != ""][1:]
    frame.loc[twice, "status"] = "candidate"
    frame["units"] = [int(rng.integers(1, 3)) if rng.random() < 0.25 else None for _ in rows]
    frame["capacity"] = [int(rng.integers(100, 900)) if rng.random() < 0.4 else None for _ in rows]
    # As instances hold them, so that oracles number them alike: by type, and then by site.
    rank = frame["type"].map({kind: number for number, kind in enumerate(TYPES)})
    return frame.assign(rank=rank).sort_values(["rank", "site"], ignore_index=True).drop(columns="rank")


def _scenarios(rng: np.random.Generator, roads: pd.DataFrame, standing: list[str]) -> pd.DataFrame:
    """Winter: a slower class, an edge closed or slowed down, and often a site lost."""
    edge = roads.iloc[int(rng.integers(len(roads)))]
    rows = [
        ("winter", "", "", rng.choice(sorted(set(roads["class"]))), round(float(rng.uniform(1.1, 2)), 2), ""),
        ("winter", edge["from"], edge["to"], "", None if rng.random() < 0.6 else 1.7, ""),
    ]
    if rng.random() < 0.6:
        rows.append(("winter", "", "", "", None, rng.choice(standing)))
    return pd.DataFrame(rows, columns=["scenario", "from", "to", "class", "factor", "site"])


def _settings(rng: np.random.Generator) -> dict[str, Any]:
    services = {name: dict(one) for name, one in SERVICES.items()}
    if rng.random() < 0.4:
        services["policing"]["weight"] = 0.0
    types = {name: {**one, "new": int(rng.integers(1, 3))} for name, one in TYPES.items()}
    chance = round(float(rng.uniform(0.2, 0.8)), 2)
    return {
        "name": "catalogue",
        "currency": "million UAH",
        "services": services,
        "types": types,
        "scenarios": {"calm": {"probability": chance}, "winter": {"probability": 1 - chance}},
        "periods": {name: {"weight": round(float(rng.uniform(0.2, 2)), 2)} for name in PERIODS},
    }


def numbers(rng: np.random.Generator, tables: Tables) -> dict[str, Any]:
    """Values for the parameters of the models, by name; ``new`` and ``means`` are the instance's own."""
    total = float(tables.frames["candidates"]["cost"].sum())

    def money(low: float, high: float) -> float:
        return round(total * float(rng.uniform(low, high)), 1)

    def share(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 2)

    return {
        "budget": money(0.2, 0.8) if rng.random() < 0.8 else float("inf"),
        "funds": {payer: money(0.05, 0.4) for payer in PAYERS},
        "yearly": {period: int(rng.integers(1, 3)) for period in PERIODS},
        "yearly_budget": {period: money(0.1, 0.4) for period in PERIODS},
        "crews": 2,
        "once": share(0, 0.5),
        "inner": share(0, 0.5),
        "latest": int(rng.integers(10, 25)),
        "outer": share(0.3, 1),
        "floor": {region: share(0, 0.6) for region in AREAS["region"]},
        "share": share(0.5, 1),
        "busy": {service: share(0.1, 0.6) for service in SERVICES},
        "reliability": share(0.5, 0.9),
        "moves": int(rng.integers(1, 3)),
        "more": int(rng.integers(0, 3)),
        "moving": share(0, 2),
        "apart": int(rng.integers(1, 9)),
        "officers": int(rng.integers(1, 5)),
        "least": int(rng.random() < 0.1),
        "upgrades": 1,
        "tail": share(0.1, 0.7),
        "unserved": int(rng.integers(12, 40)),
        "rate": round(total / 20_000, 6),
    }
