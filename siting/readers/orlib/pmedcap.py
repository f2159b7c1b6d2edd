"""Capacitated p-median files: ``number best``, ``n p Q``, then n customers ``id x y demand``.

Osman, I. H. and Christofides, N. (1994). Capacitated clustering problems by hybrid simulated annealing
and tabu search. International Transactions in Operational Research 1: 317-336. Distances are Euclidean,
rounded down; an objective counts customers, not their demand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.readers.orlib.benchmark import (
    Benchmark,
    check_medians,
    check_pairs,
    everywhere,
    of_scale,
    places_table,
    plane,
    scale_of,
)
from siting.readers.orlib.known import Known
from siting.readers.orlib.text import Numbers

NAME = "capacitated_p_median"

_MODEL = """\
title    = "Least distance with room for every customer"
question = "Which customers become medians so that each is served by one with room for it, as near as can be?"
source   = "Mulvey & Beck (1984), European Journal of Operational Research 18: 339-348"
serve    = "single"

minimize = { measure = "travel_time", per = "places" }
limits   = [{ measure = "sites_open", each = "type", at_most = "$new" }]

[parameters]
new = { unit = "sites", each = "type", about = "medians at most" }
"""

_HEAD, _ROW = 5, 4


def misfit(numbers: Numbers) -> str | None:
    """Why the numbers are no capacitated p-median file, or None."""
    if len(numbers) < _HEAD or not all(float(one).is_integer() for one in numbers.values[[0, 2, 3]]):
        return "it begins with five numbers: problem, best value known, customers, p, capacity"
    count = int(numbers.values[2])
    if count < 1 or len(numbers) != _HEAD + _ROW * count:
        need = f"{_HEAD + _ROW * max(0, count):,} numbers, and there are {len(numbers):,}"
        return f"{count:,} customers take {need} (a file of several problems must be cut into its problems)"
    if len(np.unique(numbers.values[_HEAD::_ROW])) < count:
        return "the numbers of its customers differ"
    return None


def benchmark(numbers: Numbers, path: Path, medians: int | None, capacity: float | None) -> Benchmark:
    """The problem as a table of times.

    Args:
        numbers: of the file, which :func:`misfit` has passed.
        path: the file.
        medians, capacity: instead of the numbers in the file.

    Raises:
        InstanceError: a wrong p, demands that are no whole numbers, or too many pairs.
    """
    where = numbers.where
    stated = medians is None and capacity is None
    best, count = float(numbers.values[1]), int(numbers.values[2])
    if medians is None:
        medians, line = numbers.whole(3, 1, "p"), numbers.line(3)
        medians = check_medians(medians, count, where, line)
    else:
        medians = check_medians(medians, count, where)
    check_pairs(count, count, where, numbers.line(2))
    room = float(numbers.values[4]) if capacity is None else float(capacity)
    ids, x, y, demand = numbers.values[_HEAD:].reshape(count, _ROW).T
    complaints = numbers.refuse(
        ~((demand >= 0) & (demand == np.floor(demand))),
        _HEAD + 3, _ROW, "must be a whole number >= 0: the demand of a customer",
    )  # fmt: skip
    if not room > 0:
        complaints.append(numbers.complaint(4, f"{room:g} must be > 0: the capacity of a median"))
    if complaints:
        raise InstanceError(complaints)
    distances = np.floor(plane(x, y))
    scale = scale_of(float(distances.max()), where)
    places = places_table(count, demand.astype(np.int64))
    names = np.array([f"{one:g}" for one in ids], dtype=object)
    places = places.assign(place_id=names, name=names)
    known = {NAME: Known(best, path.name)} if stated and scale == 1 and best > 0 else {}
    return Benchmark(
        path,
        f"capacitated p-median problem of {count:,} customers and p = {medians:,}",
        f"Every customer is a place of as many people as its demand, and a candidate; one median serves "
        f"{room:g} of them. Distances are Euclidean, rounded down. {of_scale(scale)}",
        places,
        pd.DataFrame({"site": names}),
        "median",
        {"new": medians, "capacity": room},
        f"{NAME}.toml",
        known,
        sites=names,
        pairs=everywhere(distances, scale),
        brings={f"{NAME}.toml": _MODEL},
    )
