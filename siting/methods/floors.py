"""Limits on need measures as floors of savings: nobody left behind, region by region.

A limit such as "at least 97 % of every region's people" is a floor that the savings of the region's
needs must come to. A need lies in one region, so floors over disjoint needs form one family: one
part of the savings form with a floor number per row, however many regions there are. Floors that
the existing facilities meet are left out; one that is missed with every candidate open proves that
no plan exists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats, Ints, Longs
from siting.measures import NeedMeasure, Term
from siting.measures.base import BOTH, DOWN, UP
from siting.plan import Plan
from siting.problem import Bound, Problem

_ROOM = 1e-9
"""Relative room for sums of doubles in another order."""


@dataclass(frozen=True, eq=False)
class Floors:
    """G floors that bind, in F families of disjoint needs.

    Attributes:
        terms: (F,) one term per family: what its floors count, signed so that more is better.
        group: (F, N) floor of every need in each family, -1 where it is in none.
        value: (G,) what the savings against the existing facilities must come to.
        possible: whether each floor by itself is met with every candidate open.
        limit: (G,) number of the problem's limit that each floor is.
    """

    terms: tuple[Term, ...]
    group: Ints
    value: Floats
    possible: bool
    limit: tuple[int, ...]

    @property
    def apart(self) -> Ints | None:
        """(N,) a number per need; needs that are in the same floors have the same one."""
        if not len(self.group):
            return None
        _, number = np.unique(self.group, axis=1, return_inverse=True)
        return number.ravel().astype(np.int32)


class _Family(NeedMeasure):
    """Signed contributions of several disjoint terms, each scaled to their own limit."""

    name = "floors"
    title = "what the floors of a family count"
    unit = ""
    tight = BOTH
    algebra = ""

    def __init__(self, members: list[tuple[float, Term, Ints]], needs: int) -> None:
        self._members = [(sign, term) for sign, term, _ in members]
        self._of = np.full(needs, -1, dtype=np.int32)
        for number, (_, _, need) in enumerate(members):
            self._of[need] = number

    def at(self, term: Term, need: Ints, ms: Ints) -> Floats:
        """What each need adds to the floor it belongs to, 0 where it belongs to none."""
        result = np.zeros(len(need))
        for (sign, member), chosen in self._by_member(need):
            assert isinstance(member.measure, NeedMeasure)
            result[chosen] = sign * member.measure.at(member, need[chosen], ms[chosen])
        return result

    def unserved(self, term: Term, need: Ints) -> Floats:
        """What needs that nobody answers add."""
        result = np.zeros(len(need))
        for (sign, member), chosen in self._by_member(need):
            assert isinstance(member.measure, NeedMeasure)
            result[chosen] = sign * member.measure.unserved(member, need[chosen])
        return result

    def _by_member(self, need: Ints) -> list[tuple[tuple[float, Term], Longs]]:
        """Members in play, each with the places of its needs."""
        of = self._of[need]
        order = np.argsort(of, kind="stable")
        number, first = np.unique(of[order], return_index=True)
        ends = np.append(first[1:], len(of))
        return [
            (self._members[k], order[begin:end])
            for k, begin, end in zip(number.tolist(), first, ends, strict=False)
            if k >= 0
        ]


def refusal(limit: Bound) -> str | None:
    """Why a limit on a need measure is no floor of savings, or None."""
    measure = limit.term.measure
    assert isinstance(measure, NeedMeasure)
    if not measure.additive:
        return f"the limit {limit.label} is not a sum over needs"
    side = UP if math.isfinite(limit.low) else DOWN
    if (math.isfinite(limit.low) and math.isfinite(limit.high)) or measure.tight != side:
        return f"the limit {limit.label} bounds response times from the side that more openings leave"
    need = np.flatnonzero(limit.term.scope).astype(np.int32)
    if np.isnan(measure.unserved(limit.term, need)).any():
        return f"the limit {limit.label} demands that every need is served; give it minutes for the unserved"
    return None


def gather(problem: Problem) -> Floors:
    """The floors of a problem's limits on need measures."""
    responses = problem.responses
    needs = len(responses.needs.place)
    options = np.flatnonzero(responses.options.usable).astype(np.int32)
    served, ms = responses.serve(options[options >= responses.options.existing])
    group = np.empty((0, needs), dtype=np.int32)
    members: list[list[tuple[float, Term, Ints]]] = []
    values: list[float] = []
    numbers: list[int] = []
    possible = True
    reachable = np.ones(needs, dtype=bool)
    reachable[responses.unreachable] = False
    for number, limit in enumerate(problem.limits):
        term = limit.term
        measure = term.measure
        if not isinstance(measure, NeedMeasure):
            continue
        sign, wanted = (1.0, limit.low) if math.isfinite(limit.low) else (-1.0, -limit.high)
        need = np.flatnonzero(term.scope & reachable).astype(np.int32)
        before, most = sign * measure.base(term, need), sign * _with_all(measure, term, need, served, ms)
        short, room = wanted - math.fsum(before), _ROOM * max(1.0, abs(wanted))
        need = need[most > before]
        if short <= 1e-3 * room or (not len(need) and _met_without(problem, limit, sign, wanted - room)):
            continue
        possible &= math.fsum(most) >= wanted - room
        into = next((f for f in range(len(group)) if not np.any(group[f, need] >= 0)), len(group))
        if into == len(group):
            group = np.vstack([group, np.full(needs, -1, dtype=np.int32)])
            members.append([])
        group[into, need] = len(values)
        members[into].append((sign, term, need))
        values.append(short)
        numbers.append(number)
    terms = tuple(Term(_Family(some, needs), responses, group[f] >= 0) for f, some in enumerate(members))
    return Floors(terms, group, np.array(values, dtype=np.float64), possible, tuple(numbers))


def _with_all(measure: NeedMeasure, term: Term, need: Ints, served: Ints, ms: Ints) -> Floats:
    """Contribution of needs with every candidate open."""
    has = served[need] >= 0
    result = measure.unserved(term, need)
    result[has] = measure.at(term, need[has], ms[need[has]])
    return result


def _met_without(problem: Problem, limit: Bound, sign: float, wanted: float) -> bool:
    """Whether a plan that opens nothing keeps a limit that no plan changes, such as one on nobody."""
    nothing = np.zeros(0, dtype=np.int32)
    plan = Plan(nothing, problem.responses.base_option, problem.responses.base_ms)
    return sign * limit.term.value(plan) >= wanted
