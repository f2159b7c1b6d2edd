"""Files of the OR-Library (Beasley 1990): p-median, warehouse location, set covering.

Beasley, J. E. (1990). OR-Library: distributing test problems by electronic mail. Journal of the
Operational Research Society 41: 1069-1072.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance import Instance
from siting.readers.orlib import pmed, pmedcap, scp, warehouses
from siting.readers.orlib.benchmark import Benchmark
from siting.readers.orlib.text import Numbers, load, numbers

PROBLEMS: Mapping[str, Callable[[Numbers], str | None]] = {
    "scp": scp.misfit,
    "pmed": pmed.misfit,
    "pmedcap": pmedcap.misfit,
    "uncap": warehouses.misfit,
    "cap": warehouses.misfit,
}
"""Every kind of problem, and why numbers are none, the strictest first: the first that fits is taken
where none is named."""


def read_orlib(
    path: str | Path,
    *,
    problem: str | None = None,
    p: int | None = None,
    capacity: float | None = None,
    published: float | None = None,
    name: str | None = None,
) -> Instance:
    """Read a file of the OR-Library as an instance that asks its question.

    Args:
        path: the file; best known values are looked for beside it.
        problem: ``pmed`` (p-median and p-center), ``pmedcap`` (capacitated p-median), ``uncap`` and
            ``cap`` (warehouse location without and with capacities), or ``scp`` (set covering). None:
            what the numbers fit, of scp, pmed, pmedcap and uncap the first.
        p: how many facilities to open, instead of the number in a p-median file.
        capacity: of every facility, instead of what the file says; some files leave it open.
        published: best objective value known, over what lies beside the file.
        name: of the instance; None for that of the file.

    Returns:
        An instance without coordinates whose ``settings.model`` is the question; a model file comes
        with it (``brings``) where no bundled model asks it.

    Raises:
        InstanceError: the complete list of what is wrong with the file.
    """
    file = Path(path)
    if problem is not None and problem not in PROBLEMS:
        known = ", ".join(PROBLEMS)
        what = f"{problem!r} is no problem{did_you_mean(problem, list(PROBLEMS))}; expected: {known}"
        raise InstanceError(Complaint(str(file), what, column="problem"))
    found = numbers(load(file), str(file))
    return _benchmark(found, file, _kind(found, problem), p, capacity).instance(name, published)


def _kind(found: Numbers, problem: str | None) -> str:
    """The problem that is asked for or fits.

    Raises:
        InstanceError: it does not fit.
    """
    reasons = {one: PROBLEMS[one](found) for one in PROBLEMS if problem in (None, one)}
    for one, reason in reasons.items():
        if reason is None:
            return one
    if problem is not None:
        what = f"is no {problem} file, or has been cut: {reasons[problem]}"
        raise InstanceError(found.complaint(len(found), what))
    told = "; ".join(f"{one}: {reason}" for one, reason in reasons.items() if one != "cap")
    what = f"fits no problem of the OR-Library, or has been cut. {told}"
    raise InstanceError(found.complaint(len(found), what))


def _benchmark(found: Numbers, file: Path, kind: str, p: int | None, capacity: float | None) -> Benchmark:
    """The problem of a kind.

    Raises:
        InstanceError: an option that the kind does not know, or anything wrong with the numbers.
    """
    given = {"p": p, "capacity": capacity}
    for option, kinds in (("p", ("pmed", "pmedcap")), ("capacity", ("pmedcap", "cap"))):
        if given[option] is not None and kind not in kinds:
            what = f"{given[option]!r} has no meaning for {kind}; it is of {' and '.join(kinds)}"
            raise InstanceError(Complaint(str(file), what, column=option))
    if kind == "pmed":
        return pmed.benchmark(found, file, p)
    if kind == "pmedcap":
        return pmedcap.benchmark(found, file, p, capacity)
    if kind == "uncap":
        return warehouses.uncapacitated(found, file)
    if kind == "cap":
        return warehouses.capacitated(found, file, capacity)
    return scp.benchmark(found, file)
