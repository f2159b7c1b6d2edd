"""Random instances with everything a model may look at, small enough for brute force."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from siting.instance import Instance

KINDS = ("city", "village")
TYPES = ("station", "center")


def build_rich(rng: np.random.Generator) -> Instance:
    """A random instance with scenarios, periods, units, capacities, upgrades and distances.

    3 to 6 places, 1 junction, 1 to 3 candidates of each of two types with different services, 1 to 3
    existing facilities (some may be closed, some may be replaced), 2 scenarios (roads edited, a site
    lost), 2 periods, payers, means, fires, and a service without weight. Every road has km and a class,
    some of them lead one way.
    """
    count = int(rng.integers(3, 7))
    nodes = [*(f"p{n}" for n in range(count)), "j0"]
    facilities = _facilities(rng, nodes)
    roads = _roads(rng, nodes)
    return Instance.from_frames(
        places=_places(rng, count),
        junctions=pd.DataFrame(
            [("j0", "Junction", 48.5, 33.0)], columns=["junction_id", "name", "lat", "lon"]
        ),
        facilities=facilities,
        candidates=_candidates(rng, nodes, facilities),
        areas=_areas(rng),
        roads=roads,
        scenarios=_scenarios(rng, nodes, roads),
        settings=_settings(rng),
    )


def _places(rng: np.random.Generator, count: int) -> pd.DataFrame:
    ids = [f"p{n}" for n in range(count)]
    return pd.DataFrame(
        {
            "place_id": ids,
            "name": [f"Place {n}" for n in range(count)],
            "lat": rng.uniform(48, 49, count),
            "lon": rng.uniform(33, 34, count),
            "population": rng.integers(1, 3000, count) * (rng.random(count) < 0.9),
            "kind": rng.choice(KINDS, count),
            "region": rng.choice(["n", "s"], count),
            "fires": np.round(rng.uniform(0, 4, count), 2),
        }
    )


def _facilities(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    sites = rng.choice(nodes, int(rng.integers(1, 4)), replace=False)
    return pd.DataFrame(
        {
            "facility_id": [f"f{n}" for n in range(len(sites))],
            "name": [f"Facility {n}" for n in range(len(sites))],
            "type": rng.choice(TYPES, len(sites)),
            "site": sites,
            "units": rng.integers(1, 4, len(sites)),
            "capacity": [_some(rng, rng.integers(500, 3000)) for _ in sites],
            "closable": rng.integers(0, 2, len(sites)),
            "saving": np.round(rng.uniform(0, 2, len(sites)), 1),
        }
    )


def _candidates(rng: np.random.Generator, nodes: list[str], facilities: pd.DataFrame) -> pd.DataFrame:
    rows = [(site, kind, "") for kind in TYPES for site in rng.choice(nodes, int(rng.integers(1, 4)), False)]
    rows += [
        (row.site, "upgrade", row.facility_id)
        for row in facilities.itertuples()
        if row.type == "station" and rng.random() < 0.7
    ]
    frame = pd.DataFrame(rows, columns=["site", "type", "replaces"])
    frame["cost"] = np.round(rng.uniform(1, 5, len(rows)), 1)
    frame["units"] = rng.integers(1, 4, len(rows))
    frame["capacity"] = [_some(rng, rng.integers(300, 2000)) for _ in rows]
    frame["status"] = rng.choice(["candidate", "required", "forbidden"], len(rows), p=[0.84, 0.06, 0.1])
    return frame


def _some(rng: np.random.Generator, value: object) -> object:
    """The value, or nothing, which means that of the type."""
    return value if rng.random() < 0.7 else None


def _areas(rng: np.random.Generator) -> pd.DataFrame:
    rows = [("region", "n", "North", 6.5), ("region", "s", "South", None if rng.random() < 0.5 else 4.0)]
    return pd.DataFrame(rows, columns=["level", "area_id", "name", "means"])


def _roads(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    """A chain, passable both ways but for a few roads, and chords; speeds differ."""
    chain = list(rng.permutation(nodes))
    links = [(one, other, int(rng.random() < 0.15)) for one, other in pairwise(chain)]
    links += [
        (*rng.choice(nodes, 2, replace=False), int(rng.integers(0, 2))) for _ in range(rng.integers(0, 5))
    ]
    frame = pd.DataFrame(links, columns=["from", "to", "oneway"])
    ends = np.sort(frame[["from", "to"]].to_numpy(dtype=str), axis=1)
    frame = frame[~pd.DataFrame(ends).duplicated().to_numpy()].reset_index(drop=True)
    frame["km"] = np.round(rng.uniform(1, 9, len(frame)), 2)
    frame["kmh"] = rng.choice([30, 50, 80], len(frame))
    frame["class"] = rng.choice(["main", "dirt"], len(frame))
    return frame


def _scenarios(rng: np.random.Generator, nodes: list[str], roads: pd.DataFrame) -> pd.DataFrame:
    """In winter dirt roads are slow or closed, some road is edited again, and a site is lost."""
    edge = roads.iloc[int(rng.integers(len(roads)))]
    klass = rng.choice(roads["class"].unique())
    rows = [
        ("winter", None, None, klass, round(float(rng.uniform(0.6, 3)), 2), None),
        ("winter", edge["from"], edge["to"], None, None if rng.random() < 0.4 else 1.7, None),
        ("winter", None, None, None, None, rng.choice(nodes)),
    ]
    columns = ["scenario", "from", "to", "class", "factor", "site"]
    return pd.DataFrame(rows[: int(rng.integers(1, 4))], columns=columns)


def _settings(rng: np.random.Generator) -> dict[str, Any]:
    weightless = 0.0 if rng.random() < 0.7 else 0.3
    state = round(float(rng.uniform(0.1, 0.9)), 2)
    return {
        "name": "rich",
        "currency": "EUR",
        "services": {
            "fire": {
                "weight": 1.0, "vehicle_factor": 1.3,
                "standard": {"city": 8, "village": 14}, "distance": {"city": 3.5, "village": 9},
            },
            "police": {
                "weight": 0.5,
                "standard": {"city": 10, "village": 12}, "distance": {"city": 6, "village": 7.5},
            },
            "post": {
                "weight": weightless, "vehicle_factor": 0.9,
                "standard": {"city": 15, "village": 20}, "distance": {"city": 5, "village": 12},
            },
        },
        "types": {
            "station": {
                "provides": {"fire": 2.0}, "new": 2, "units": 2, "capacity": 900, "payers": {"state": 1.0},
            },
            "center": {
                "provides": {"fire": 1.5, "police": 1.0, "post": 0.5}, "new": 2, "saving": 0.7,
                "payers": {"state": state, "community": 1 - state}, "under": "station", "within": 11,
            },
            "upgrade": {"provides": {"fire": 2.0, "police": 0.5}, "new": 1, "capacity": 1200},
        },
        "parameters": {"budget": round(float(rng.uniform(4, 12)), 1)},
        "scenarios": {
            "usual": {"title": "Usual", "probability": 0.7},
            "winter": {"title": "Winter", "probability": 0.3},
        },
        "periods": {"now": {"title": "Now", "weight": 2.0}, "later": {"title": "Later"}},
    }  # fmt: skip
