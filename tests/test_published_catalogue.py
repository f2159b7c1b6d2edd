"""Published optima for models of the catalogue; skipped where the public files are not at hand.

Capacitated p-medians of the OR-Library (Osman & Christofides 1994, with floor(Euclid) distances): 50 or
100 customers, who are candidates too, all capacities alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import siting
from siting.methods import exact
from siting.methods.run import Run
from siting.model import Model, load_model, parse_model
from siting.problem import bind
from tests.benchmarks import formats

FOLDER = formats.DATA / "orlib" / "pmedcap"
OPTIMA = {"01": 713, "02": 740, "03": 751, "11": 1006, "12": 966}
QUICK = ("01", "02", "03")

given = pytest.mark.skipif(not FOLDER.is_dir(), reason="public files are not beside the checkout")


def everybody_counts_once() -> Model:
    """The bundled model, but for customers instead of people, all of whom must be served."""
    text = load_model("capacitated_median").text
    changed = text.replace('services = ["fire_rescue"]\n', "").replace(
        '"travel_time", unserved = "$unserved"', '"travel_time", per = "places"'
    )
    kept = [line for line in changed.splitlines() if not line.startswith("unserved")]
    assert changed != text
    return parse_model("\n".join(kept), "capacitated_p_median", "capacitated_p_median.toml")


def customers(file: str) -> tuple[siting.Instance, float]:
    """An instance of a file, and the optimum that the file states."""
    words = (FOLDER / f"pmedcap1_{file}.txt").read_text().split()
    stated, (count, medians, capacity) = float(words[1]), map(int, words[2:5])
    _, x, y, demand = np.array(words[5:], dtype=float).reshape(count, 4).T
    minutes = np.floor(np.hypot(x[:, None] - x, y[:, None] - y))
    ids = [f"c{number}" for number in range(count)]
    places = pd.DataFrame(
        {
            "place_id": ids, "name": ids, "lat": 48 + y / 1000, "lon": 30 + x / 1000,
            "population": demand.astype(int), "kind": "customer",
        }
    )  # fmt: skip
    od = pd.DataFrame({"from": np.repeat(ids, count), "to": np.tile(ids, count), "minutes": minutes.ravel()})
    settings = {
        "name": f"pmedcap1_{file}",
        "currency": "units",
        "services": {"supply": {"standard": {"customer": 10}}},
        "types": {"median": {"provides": {"supply": 0}, "cost": 0, "capacity": capacity, "new": medians}},
    }
    candidates = pd.DataFrame({"site": ids, "type": "median"})
    return siting.Instance.from_frames(places=places, candidates=candidates, od=od, settings=settings), stated


@given
@pytest.mark.parametrize(
    "file", [pytest.param(file, marks=() if file in QUICK else pytest.mark.slow) for file in OPTIMA]
)
def test_capacitated_p_medians_of_or_library(file: str) -> None:
    instance, stated = customers(file)
    assert stated == OPTIMA[file]
    problem = bind(instance, everybody_counts_once())
    outcome = exact.solve(problem, Run(seconds=120), "highs")
    assert outcome.plan is not None
    assert problem.objectives[0].term.value(outcome.plan) == stated
    assert outcome.bounds[0] == pytest.approx(stated, rel=1e-9)
    served = np.bincount(outcome.plan.serves, problem.responses.needs.people)
    assert served.max() <= instance.candidates.capacity[0]
