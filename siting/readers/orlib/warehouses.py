"""Warehouse location files: ``m n``, m times ``capacity fixed``, then per customer its demand and m costs.

A cost is that of serving all of the customer's demand from a warehouse. The same files are posed with
and without capacities.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Floats
from siting.readers.orlib.benchmark import Benchmark, Pairs, check_pairs, places_table
from siting.readers.orlib.known import Known, in_list, in_own_file
from siting.readers.orlib.text import CAPACITY, Numbers
from siting.roads.graph import MAX_MS

CAPACITATED = "capacitated_total_cost"

_MODEL = """\
title    = "Cheapest warehouses with room for all demand"
question = "Which warehouses open so that their cost and that of serving everybody from them is least?"
source   = "Kuehn & Hamburger (1963), Management Science 9: 643-666; OR-Library (Beasley 1990), capacitated"
serve    = "split"

# Every customer counts as one: minutes stand for the cost of serving all of its demand.
minimize = { measure = "total_cost", rate = "$rate", per = "places" }
limits   = [{ measure = "sites_open", each = "type", at_most = "$new" }]

[parameters]
rate = { unit = "currency per minute", about = "money that one minute stands for" }
new  = { unit = "sites", each = "type", about = "warehouses opened at most" }
"""


def misfit(numbers: Numbers) -> str | None:
    """Why the numbers are no warehouse location file, or None."""
    if len(numbers) < 2 or not all(float(one).is_integer() and one >= 1 for one in numbers.values[:2]):
        return "it begins with two whole numbers: warehouses, customers"
    sites, customers = (int(one) for one in numbers.values[:2])
    expected = 2 + 2 * sites + customers * (1 + sites)
    if len(numbers) != expected:
        need = f"{expected:,} numbers, and there are {len(numbers):,}"
        return f"{sites:,} warehouses and {customers:,} customers take {need}"
    return None


def uncapacitated(numbers: Numbers, path: Path) -> Benchmark:
    """The problem without capacities, for the model ``total_cost``."""
    return _benchmark(numbers, path, None, in_own_file(path) or in_list(path, "uncapopt.txt"))


def capacitated(numbers: Numbers, path: Path, capacity: float | None) -> Benchmark:
    """The problem with capacities, with a model file of its own.

    Args:
        numbers: of the file, which :func:`misfit` has passed.
        path: the file.
        capacity: of every warehouse, instead of those in the file.
    """
    sites = int(numbers.values[0])
    room = numbers.values[2 : 2 + 2 * sites : 2]
    if capacity is not None:
        if not 0 < capacity < np.inf:
            what = f"{capacity!r} must be a number > 0: what one warehouse can serve"
            raise InstanceError(Complaint(numbers.where, what, column="capacity"))
        room = np.full(sites, float(capacity))
    complaints = []
    if np.isnan(room).any():
        first = 2 + 2 * int(np.argmax(np.isnan(room)))
        what = f"the word {CAPACITY!r} stands for a number; give capacity = ... for all warehouses"
        complaints.append(numbers.complaint(first, what))
    complaints += numbers.refuse(room < 0, 2, 2, "must be >= 0: the capacity of a warehouse")
    demand = numbers.values[2 + 2 * sites :: 1 + sites]
    complaints += numbers.refuse(
        ~((demand >= 0) & (demand == np.floor(demand))),
        2 + 2 * sites, 1 + sites, "must be a whole number >= 0: the demand of a customer",
    )  # fmt: skip
    if complaints:
        raise InstanceError(complaints)
    return _benchmark(numbers, path, room, in_list(path, "capopt.txt") if capacity is None else None)


def _benchmark(numbers: Numbers, path: Path, room: Floats | None, known: Known | None) -> Benchmark:
    """The problem as a table of times.

    Raises:
        InstanceError: costs below 0, or too many pairs.
    """
    sites, customers = (int(one) for one in numbers.values[:2])
    check_pairs(sites, customers, numbers.where, 1)
    fixed = numbers.values[3 : 2 + 2 * sites : 2]
    table = numbers.values[2 + 2 * sites :].reshape(customers, 1 + sites)
    costs = np.ascontiguousarray(table[:, 1:])
    complaints = numbers.refuse(~(fixed >= 0), 3, 2, "must be >= 0: the fixed cost of a warehouse")
    bad = ~(table >= 0)
    bad[:, 0] = False
    complaints += numbers.refuse(bad.ravel(), 2 + 2 * sites, 1, "must be >= 0: a cost of serving")
    if complaints:
        raise InstanceError(complaints)
    digits = _digits(float(costs.max()))
    names = np.array([f"w{number}" for number in range(1, sites + 1)], dtype=object)
    people = table[:, 0].astype(np.int64) if room is not None else 1
    own = "total_cost" if room is None else CAPACITATED
    counted = "of one person" if room is None else "of as many people as its demand"
    posed = "without capacities" if room is None else "with capacities"
    candidates = pd.DataFrame({"site": names, "cost": fixed})
    return Benchmark(
        path,
        f"warehouse location {posed}, {sites:,} warehouses and {customers:,} customers",
        f"Every customer is a place {counted}, every warehouse a candidate of its fixed cost. One "
        f"millisecond stands for a cost of {10.0**-digits:g} of serving all of a customer's demand, so that "
        f"the parameter rate is {_rate(digits):g} per minute, and a plan's cost is off by "
        f"{_off(costs, digits):.2g} at most.",
        places_table(customers, people, "c"),
        candidates if room is None else candidates.assign(capacity=room),
        "warehouse",
        {"new": sites},
        own if room is None else f"{own}.toml",
        {} if known is None else {own: known},
        sites=names,
        pairs=_pairs(costs, digits),
        parameters={"rate": _rate(digits)},
        brings=_brings(room),
    )


def _brings(room: Floats | None) -> Mapping[str, str]:
    return {} if room is None else {f"{CAPACITATED}.toml": _MODEL}


def _digits(most: float) -> int:
    """Decimals of a cost that a millisecond stands for: as many as the largest cost allows."""
    digits = 9
    while np.rint(most * 10.0**digits) > MAX_MS:
        digits -= 1
    return digits


def _rate(digits: int) -> float:
    """Money that a minute stands for."""
    return float(f"6e{4 - digits}")


def _off(costs: Floats, digits: int) -> float:
    """How far rounding may be off in all, whoever serves whom."""
    exact = costs * 10.0**digits
    off = np.abs(np.rint(exact) - exact)
    off[off < 1e-6 * np.maximum(1.0, exact * 1e-9)] = 0.0
    return float(off.max(axis=1).sum() * 10.0**-digits)


def _pairs(costs: Floats, digits: int) -> Pairs:
    """Costs (customers, warehouses) as times."""
    customers, sites = costs.shape
    ms = np.rint(costs * 10.0**digits).astype(np.int32)
    return Pairs(np.tile(np.arange(sites), customers), np.repeat(np.arange(customers), sites), ms.ravel())
