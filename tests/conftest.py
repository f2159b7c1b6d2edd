"""Shared instances: one solvable by hand, and random ones small enough for brute force."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.instance import Instance
from siting.model import load_model
from siting.plan import Achieved, Plan, Status, Termination
from siting.problem import bind
from siting.result import Result

SERVICES: dict[str, dict[str, Any]] = {
    "fire_rescue": {"weight": 1.0, "vehicle_factor": 1.3, "standard": {"city": 8, "village": 14}},
    "police": {"weight": 0.5, "standard": {"city": 10, "village": 12}},
    "administrative": {"weight": 0.2, "vehicle_factor": 0.9, "standard": {"city": 15, "village": 25}},
}
TYPES = ("security_center", "fire_department")


@pytest.fixture(scope="session")
def three_towns() -> Instance:
    """The bundled instance that the README solves by hand."""
    return siting.read("three_towns")


@pytest.fixture(scope="session")
def tiny() -> Callable[[np.random.Generator], Instance]:
    """Builder of random instances; see :func:`build_tiny`."""
    return build_tiny


@pytest.fixture(scope="session")
def opened() -> Callable[..., Result]:
    """Builder of results without a solver; see :func:`open_sites`."""
    return open_sites


def open_sites(instance: Instance, *names: str, model: str = "max_coverage", **given: Any) -> Result:
    """The result of opening candidates named ``site:type``; its bounds are 1 % off."""
    problem = bind(instance, load_model(model), given)
    responses = problem.responses
    types = [kind.id for kind in responses.settings.types]
    ids = [
        f"{instance.sites.ids[site]}:{types[kind]}"
        for site, kind in zip(responses.options.site, responses.options.type, strict=True)
    ]
    fresh = ids[responses.options.existing :]
    numbers = np.sort([responses.options.existing + fresh.index(name) for name in names]).astype(np.int32)
    plan = Plan(numbers, *responses.serve(numbers))
    nothing = Plan(numbers[:0], *responses.serve(numbers[:0]))
    achieved = tuple(
        Achieved(
            goal.term.label,
            goal.maximize,
            goal.term.unit,
            value := goal.term.value(plan),
            value * (1.01 if goal.maximize else 0.99),
            goal.term.value(nothing),
        )
        for goal in problem.objectives
    )
    return Result(
        problem, Status.BOUNDED, Termination.GAP, plan, achieved, "by hand", "a test asked for it",
        {"total": 0.5}, 7, {"siting": siting.__version__},
    )  # fmt: skip


def build_tiny(rng: np.random.Generator) -> Instance:
    """A random instance with two facility types, two or three services, counts and a budget.

    3 to 8 places (some without people, some generated), 0 to 3 junctions, 3 to 7 candidates of
    each type (some required or forbidden), 0 to 2 existing facilities, asymmetric roads that may
    leave a place unreachable, and sometimes a region excluded from siting.
    """
    places = _places(rng)
    junctions = pd.DataFrame(
        [(f"j{n}", f"Junction {n}", 48.5 + 0.01 * n, 33.0) for n in range(rng.integers(0, 4))],
        columns=["junction_id", "name", "lat", "lon"],
    )
    nodes = [*places["place_id"], *junctions["junction_id"]]
    candidates = _candidates(rng, nodes)
    return Instance.from_frames(
        places=places,
        junctions=junctions,
        candidates=candidates,
        facilities=pd.DataFrame(
            [
                (f"f{n}", f"Station {n}", rng.choice(TYPES), rng.choice(nodes))
                for n in range(rng.integers(0, 3))
            ],
            columns=["facility_id", "name", "type", "site"],
        ),
        areas=pd.DataFrame(
            [("region", "n", "North"), ("region", "s", "South")], columns=["level", "area_id", "name"]
        ),
        roads=_roads(rng, nodes),
        settings=_settings(rng, candidates, excludable=_excludable(places, candidates)),
    )


def _places(rng: np.random.Generator) -> pd.DataFrame:
    count = int(rng.integers(3, 9))
    return pd.DataFrame(
        {
            "place_id": [f"p{n}" for n in range(count)],
            "name": [f"Place {n}" for n in range(count)],
            "lat": rng.uniform(48, 49, count),
            "lon": rng.uniform(33, 34, count),
            "population": rng.integers(1, 5000, count) * (rng.random(count) < 0.9),
            "kind": rng.choice(["city", "village"], count, p=[0.3, 0.7]),
            "region": rng.choice(["n", "s"], count),
            "district": rng.choice(["d1", "d2", ""], count),
            "origin": rng.choice(["real", "synthetic"], count),
        }
    )


def _candidates(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    rows = [
        (site, kind, round(float(rng.uniform(1, 5)), 1))
        for kind in TYPES
        for site in rng.choice(nodes, min(len(nodes), int(rng.integers(3, 8))), replace=False)
    ]
    frame = pd.DataFrame(rows, columns=["site", "type", "cost"])
    frame["status"] = rng.choice(["candidate", "required", "forbidden"], len(rows), p=[0.84, 0.06, 0.1])
    return frame


def _roads(rng: np.random.Generator, nodes: list[str]) -> pd.DataFrame:
    """A chain, mostly passable both ways but slower one way, mostly closed to a ring, and chords."""
    chain = list(rng.permutation(nodes))
    links = list(pairwise(chain))
    if rng.random() < 0.7:
        links.append((chain[-1], chain[0]))
    rows = [(one, other, rng.uniform(2, 12), 1) for one, other in links]
    rows += [(other, one, rng.uniform(2, 12), 1) for one, other in links if rng.random() < 0.9]
    for _ in range(rng.integers(0, 5)):
        one, other = rng.choice(nodes, 2, replace=False)
        rows.append((one, other, rng.uniform(2, 20), int(rng.integers(0, 2))))
    return pd.DataFrame(rows, columns=["from", "to", "minutes", "oneway"])


def _excludable(places: pd.DataFrame, candidates: pd.DataFrame) -> bool:
    """Whether the south may be excluded: somebody lives elsewhere, and nothing is required there."""
    south = places.loc[places["region"] == "s", "place_id"]
    required = candidates.loc[candidates["status"] == "required", "site"]
    return len(south) < len(places) and not required.isin(south).any()


def _settings(rng: np.random.Generator, candidates: pd.DataFrame, *, excludable: bool) -> dict[str, Any]:
    services = dict(list(SERVICES.items())[: rng.integers(2, 4)])
    turnout = {service: float(rng.integers(1, 5)) for service in services}
    free = candidates[candidates["status"] != "forbidden"]
    types = {
        "security_center": {"provides": turnout, "new": int(rng.integers(1, 4))},
        "fire_department": {"provides": {"fire_rescue": 2.0}, "new": int(rng.integers(1, 5))},
    }
    return {
        "name": "tiny",
        "currency": "million UAH",
        "services": services,
        "types": types,
        "parameters": {"budget": round(float(free["cost"].sum() * rng.uniform(0.2, 0.7)), 1)},
        "exclude": {"region": ["s"]} if excludable and rng.random() < 0.15 else {},
    }
