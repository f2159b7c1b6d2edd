"""Point sets of the TSPLIB, of which p points are opened.

Reinelt, G. (1991). TSPLIB: a traveling salesman problem library. ORSA Journal on Computing 3: 376-384.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance import Instance
from siting.instance.arrays import Floats
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
from siting.readers.orlib.known import in_table
from siting.readers.orlib.text import load

ROUNDINGS: Mapping[str, tuple[Callable[[Floats], Floats], str]] = {
    "floor": (np.floor, "rounded down, as published p-median records take them"),
    "nearest": (lambda far: np.floor(far + 0.5), "rounded to the nearest whole number, as EUC_2D means them"),
    "ceil": (np.ceil, "rounded up, as CEIL_2D means them"),
    "exact": (lambda far: far, "not rounded, but to a whole millisecond"),
}
"""Conventions for distances, and words for them."""

_PLANE = ("EUC_2D", "CEIL_2D")
_OTHERS = {
    "GEO": "points on a sphere",
    "ATT": "the pseudo-Euclidean distance of two problems",
    "EXPLICIT": "a matrix of distances",
    "MAN_2D": "distances along the axes",
    "MAX_2D": "the larger distance along an axis",
    "EUC_3D": "points in space",
}
_LISTED = 20


def read_tsplib(
    path: str | Path,
    *,
    p: int,
    rounding: str = "floor",
    published: float | None = None,
    name: str | None = None,
) -> Instance:
    """Read a point set as the p-median problem of opening ``p`` of its points.

    Args:
        path: a file of TYPE TSP with EDGE_WEIGHT_TYPE EUC_2D or CEIL_2D; a ``pmedian_optima.csv``
            beside it (columns instance, p, opt_or_bkn) names best known values of ``floor``.
        p: how many points to open.
        rounding: of Euclidean distances: ``floor``, ``nearest``, ``ceil`` or ``exact``.
        published: best objective value known, over what lies beside the file.
        name: of the instance; None for that of the file and p.

    Returns:
        An instance without coordinates, every point a place of one person and a candidate.

    Raises:
        InstanceError: the complete list of what is wrong with the file or the options.
    """
    file = Path(path)
    if rounding not in ROUNDINGS:
        guess = did_you_mean(str(rounding), list(ROUNDINGS))
        what = f"{rounding!r} is no rounding{guess}; expected: {', '.join(ROUNDINGS)}"
        raise InstanceError(Complaint(str(file), what, column="rounding"))
    text = load(file)
    ids, points = _points(text, str(file))
    medians = check_medians(p, len(points), str(file))
    check_pairs(len(points), len(points), str(file))
    rounded, convention = ROUNDINGS[rounding]
    distances = rounded(plane(*points.T))
    scale = scale_of(float(distances.max()), str(file))
    known = in_table(file, "pmedian_optima.csv", medians) if rounding == "floor" and scale == 1 else None
    places = places_table(len(points)).assign(place_id=ids, name=ids)
    return Benchmark(
        file,
        f"p-median problem of {len(points):,} points and p = {medians:,}",
        f"Every point is a place of one person and a candidate. Distances are Euclidean, {convention}. "
        f"{of_scale(scale)}",
        places,
        pd.DataFrame({"site": ids}),
        "median",
        {"new": medians},
        "min_travel_time",
        {} if known is None else {"min_travel_time": known},
        sites=np.array(ids, dtype=object),
        pairs=everywhere(distances, scale),
    ).instance(name or f"{file.stem}_p{medians}", published)


def _points(text: str, where: str) -> tuple[list[str], Floats]:
    """Ids and coordinates (n, 2) of the points.

    Raises:
        InstanceError: with everything that is wrong.
    """
    lines = text.splitlines()
    begin = next((at for at, line in enumerate(lines) if line.strip() == "NODE_COORD_SECTION"), None)
    fields = _fields(lines[:begin])
    complaints = _refused(fields, begin is not None, where)
    if complaints:
        raise InstanceError(complaints)
    assert begin is not None
    ids, points, last = [], [], begin + 1
    for at in range(begin + 1, len(lines)):
        words = lines[at].split()
        if words in (["EOF"], ["-1"]):
            break
        if not words:
            continue
        last = at + 1
        numbers = [_number(word) for word in words[1:]]
        if len(numbers) != 2 or not np.all(np.isfinite(numbers)):
            what = f"{lines[at].strip()[:60]!r} must be a point: its name, x and y"
            complaints.append(Complaint(where, what, at + 1))
            numbers = [0.0, 0.0]
        ids.append(words[0])
        points.append(numbers)
    stated = _number(fields["DIMENSION"][0])
    if not complaints and len(points) != stated:
        what = f"the file ends after {len(points):,} points; DIMENSION says {stated:g}: it has been cut"
        if len(points) > stated:
            what = f"{len(points):,} points, but DIMENSION says {stated:g}"
        complaints.append(Complaint(where, what, last))
    if not complaints and len(set(ids)) < len(ids):
        twice = next(one for at, one in enumerate(ids) if one in set(ids[:at]))
        complaints.append(Complaint(where, f"two points have the name {twice!r}"))
    if len(complaints) > _LISTED:
        more = Complaint(where, f"... and {len(complaints) - _LISTED:,} more lines like these")
        complaints = [*complaints[:_LISTED], more]
    if complaints:
        raise InstanceError(complaints)
    return ids, np.array(points, dtype=np.float64)


def _fields(lines: list[str]) -> dict[str, tuple[str, int]]:
    """Value and line of every ``KEY : VALUE``."""
    found = {}
    for number, line in enumerate(lines, 1):
        key, colon, value = line.partition(":")
        if colon:
            found[key.strip().upper()] = (value.strip(), number)
    return found


def _refused(fields: Mapping[str, tuple[str, int]], has_points: bool, where: str) -> list[Complaint]:
    """What the head of a file says that makes it no point set in the plane."""
    complaints = []
    kind, line = fields.get("TYPE", ("TSP", 1))
    if kind.split()[:1] != ["TSP"]:
        what = f"{kind!r} is not read; expected: TSP, a plain set of points"
        complaints.append(Complaint(where, what, line, "TYPE"))
    if "EDGE_WEIGHT_TYPE" not in fields:
        what = "the line is missing; expected: EDGE_WEIGHT_TYPE : EUC_2D. Is this a TSPLIB file?"
        complaints.append(Complaint(where, what, 1, "EDGE_WEIGHT_TYPE"))
    elif fields["EDGE_WEIGHT_TYPE"][0] not in _PLANE:
        weight, line = fields["EDGE_WEIGHT_TYPE"]
        meant = f" ({_OTHERS[weight]})" if weight in _OTHERS else ""
        what = f"{weight}{meant} is not read; expected: points in the plane, {' or '.join(_PLANE)}"
        complaints.append(Complaint(where, what, line, "EDGE_WEIGHT_TYPE"))
    if not has_points and not complaints:
        complaints.append(Complaint(where, "the line NODE_COORD_SECTION is missing", 1))
    dimension, line = fields.get("DIMENSION", ("", 1))
    if not complaints and not (dimension.isascii() and dimension.isdigit() and int(dimension) > 0):
        what = f"{dimension!r} must be a whole number > 0: how many points there are"
        complaints.append(Complaint(where, what, line, "DIMENSION"))
    return complaints


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
