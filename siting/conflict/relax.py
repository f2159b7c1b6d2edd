"""The smallest change of each limit in conflict that would do while all others stay.

How far a limit must give way is an optimum of its own: of what it bounds, under all the others. Where
one number stands for several limits, or where no single one is enough, the limits are made elastic.

Brown, G. and Graves, G. (1975). Elastic programming: a new approach to large-scale mixed integer
optimization. ORSA/TIMS meeting, Las Vegas. Chinneck, J. W. and Dravnieks, E. W. (1991). Locating minimal
infeasible constraint sets in linear programs. ORSA Journal on Computing 3: 157-168.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from siting.conflict.between import between
from siting.conflict.conditions import ANY_MINUTES, ROOM, Condition, Conditions, Kept, name_of, up
from siting.conflict.elastic import elastic
from siting.conflict.oracle import Oracle, Reached
from siting.conflict.places import lost_needs
from siting.instance.arrays import Flags
from siting.measures import MEASURES, NeedMeasure, Term
from siting.plan import Plan
from siting.problem import Objective

_ONE_BY_ONE = 6
"""Members of a group in conflict up to which the number of each is looked at by itself."""

AGREE = 1e-7
"""Difference of a plan's value and a bound, relative from 1 on, that the rows of a solver leave."""

WHOLE = ("sites", "units", "pairs")
"""Units of measures that are whole numbers."""


@dataclass(frozen=True)
class Relaxation:
    """What one change would do.

    Attributes:
        labels: the conditions that give way.
        kind: ``at_most`` or ``at_least`` for a number to change, ``required`` for candidates no longer
            required, ``forbidden`` for candidates to allow, ``served`` for people left without service.
        name: dotted name of the number to set, None where there is none.
        unit: unit of the numbers.
        now: the number in force.
        enough: a number with which a plan is known; None where none is.
        needed: no number short of it is enough (certified); None where nothing is certified.
        possible: whether this change alone can be enough; None where that is not known.
        names: sites no longer required or forbidden, or places left out.
        exact: it is proved that nothing short of this is enough; ``enough`` is then the least that is,
            rounded to six digits on the safe side.
    """

    labels: tuple[str, ...]
    kind: str
    name: str | None
    unit: str
    now: float | None = None
    enough: float | None = None
    needed: float | None = None
    possible: bool | None = None
    names: tuple[str, ...] = ()
    exact: bool = False


def relaxations(oracle: Oracle, members: Kept) -> tuple[Relaxation, ...]:
    """The smallest change of each condition in conflict, and of each number that stands for several.

    Where none of them is enough, that of each number for all of a group.
    """
    conditions = oracle.conditions
    targets = _targets(conditions, members)
    found = _each(oracle, targets)
    if not any(one.possible for one in found):
        wider = [group for group in _groups(conditions).values() if len(group) > 1 and group not in targets]
        found += _each(oracle, wider)
    return tuple(found)


def _each(oracle: Oracle, targets: Sequence[tuple[Condition, ...]]) -> list[Relaxation]:
    """The smallest change of each target; each but the last takes half of the time left at most."""
    whole, found = oracle.run, []
    for number, target in enumerate(targets):
        oracle.run = whole.within(whole.left / min(2, len(targets) - number))
        found.append(_relaxed(oracle, target))
    oracle.run = whole
    return found


def together(oracle: Oracle) -> tuple[Relaxation, ...]:
    """Numbers that are enough if they all change: the least sum of relative changes."""
    conditions = oracle.conditions
    large = {one for group in _groups(conditions).values() if len(group) > _ONE_BY_ONE for one in group}
    groups: dict[object, list[Condition]] = {}
    for one in conditions.every:
        if one.limit >= 0:
            groups.setdefault((one.kind, one.root) if one in large else _handle(one), []).append(one)
    found = elastic(oracle, conditions.all, list(groups.values()))
    if found is None:
        return ()
    missed = conditions.all - conditions.kept_by(found.plan, conditions.values(found.plan))
    return tuple(
        _number(conditions, group, found.plan, None)
        for group in groups.values()
        if any(one in missed for one in group)
    )


def _groups(conditions: Conditions) -> dict[tuple[str, str], tuple[Condition, ...]]:
    """Limits that one number would set for all members of a group, as it does now."""
    found: dict[tuple[str, str], tuple[Condition, ...]] = {}
    for one in conditions.every:
        if one.root is not None:
            key = (one.kind, one.root)
            found[key] = (*found.get(key, ()), one)
    return {key: group for key, group in found.items() if len({conditions.value(one) for one in group}) == 1}


def _handle(one: Condition) -> object:
    return (one.kind, one.name) if one.name else (one.kind, one.limit)


def _targets(conditions: Conditions, members: Kept) -> list[tuple[Condition, ...]]:
    """What can be changed: number by number, and where several of a group are in conflict, all of it."""
    found: dict[object, list[Condition]] = {}
    ours = sorted(members, key=conditions.place.__getitem__)
    many = Counter((one.kind, one.root) for one in ours if one.name)
    for one in ours:
        if many[one.kind, one.root] > _ONE_BY_ONE:
            continue
        if one.limit < 0 or one.name is None:
            found[one] = [one]
        else:
            found[_handle(one)] = [other for other in conditions.every if _handle(other) == _handle(one)]
    for key, group in _groups(conditions).items():
        if len({one.name for one in group if one in members}) > 1:
            found[*key, "all"] = list(group)
    # What limits from above comes first, then what one number changes for all: they cost most time.
    return sorted(
        (tuple(one) for one in found.values()),
        key=lambda target: (target[0].kind != "at_most", len(target) == 1),
    )


def _relaxed(oracle: Oracle, target: tuple[Condition, ...]) -> Relaxation:
    conditions, first = oracle.conditions, target[0]
    others = conditions.all - set(target)
    if first.limit >= 0 and (conditions.hopeless - set(target) or oracle.known(others) is False):
        return _number(conditions, target, None, None, False)
    if first.kind == "required":
        return _no_longer_required(oracle, first, others)
    if first.kind == "forbidden":
        return _allowed_again(oracle, first, others)
    if first.kind == "served":
        return _left_out(oracle, first, others)
    if len(target) > 1:
        found = elastic(oracle, others, [list(target)])
        if found is None:
            halved = between(oracle, target, others)
            possible = None if halved.plan is not None else oracle.feasible(others)
            return _number(conditions, target, halved.plan, halved.refuted, possible)
        now = conditions.value(first)
        by = None if found.bound is None else max(0.0, found.bound) * max(1.0, abs(now))
        sign = 1.0 if first.kind == "at_most" else -1.0
        return _number(conditions, target, found.plan, None if by is None else now + sign * by)
    reached = oracle.furthest(others, oracle.toward(first))
    if reached.impossible:
        return _number(conditions, target, None, None, False)
    return _number(conditions, target, reached.plan, reached.bound)


def _number(
    conditions: Conditions,
    target: Sequence[Condition],
    plan: Plan | None,
    bound: float | None,
    possible: bool | None = None,
) -> Relaxation:
    """A number that a plan needs, and a bound on what any plan needs."""
    first, term = target[0], conditions.term(target[0])
    upward = first.kind == "at_most"
    enough = needed = worst = None
    if plan is not None:
        values = [conditions.term(one).value(plan) for one in target]
        worst = max(values) if upward else min(values)
        enough, possible = float(up(worst, 1 if upward else -1)), True
    if bound is not None and math.isfinite(bound):
        whole = term.measure.unit in WHOLE
        needed = _whole(bound, upward) if whole else float(bound)
        if conditions.allows(first, needed):
            needed = None  # it says nothing beyond what is known: the number in force is not enough
    if needed is None and (lost := conditions.hopeless & set(target)):  # what opening everything reaches
        most = [conditions.term(one).value(conditions.simple_plans[1]) for one in lost]
        needed = max(most) if upward else min(most)
        needed = None if math.isnan(needed) else needed
    exact = worst is not None and needed is not None and _agree(worst, needed)
    names = {one.name for one in target}
    name = first.name if len(names) == 1 else first.root
    labels = tuple(one.label for one in target)
    now = conditions.value(first)
    return Relaxation(labels, first.kind, name, term.unit, now, enough, needed, possible, (), exact)


def _agree(value: float, bound: float) -> bool:
    """Whether a plan's value is as good as any, up to the arithmetic of a solver."""
    return abs(value - bound) <= AGREE * max(1.0, abs(value))


def _whole(bound: float, upward: bool) -> float:
    room = ROOM * max(1.0, abs(bound)) * 1e3
    return float(math.ceil(bound - room) if upward else math.floor(bound + room))


def _no_longer_required(oracle: Oracle, one: Condition, others: Kept) -> Relaxation:
    """Fewest required candidates to give up."""
    problem = oracle.conditions.problem
    if len(one.options) == 1:
        names = (name_of(problem, one.options[0]),)
        possible = oracle.feasible(others)
        return Relaxation(
            (one.label,), one.kind, None, "", possible=possible, names=names, exact=possible is True
        )
    scope = np.zeros(len(problem.responses.options.site), dtype=bool)
    scope[list(one.options)] = True
    term = Term(MEASURES["sites_open"], problem.responses, scope, {}, "required sites opened")
    reached = oracle.furthest(others, Objective(term, True, 0.0))
    if reached.plan is None:
        possible = False if reached.impossible else oracle.feasible(others)
        return Relaxation((one.label,), one.kind, None, "sites", possible=possible)
    given_up = np.setdiff1d(one.options, reached.plan.opened).tolist()
    needed = None if reached.bound is None else len(one.options) - math.floor(reached.bound + ROOM)
    return Relaxation(
        (one.label,), one.kind, None, "sites", 0.0, float(len(given_up)), needed, True,
        tuple(name_of(problem, option) for option in given_up), needed == len(given_up),
    )  # fmt: skip


def _allowed_again(oracle: Oracle, one: Condition, others: Kept) -> Relaxation:
    """Fewest forbidden candidates to allow."""
    problem = oracle.conditions.problem
    scope = np.zeros(len(problem.responses.options.site), dtype=bool)
    scope[list(one.options)] = True
    term = Term(MEASURES["sites_open"], problem.responses, scope, {}, "forbidden sites opened")
    reached = oracle.furthest(others, Objective(term, False, 0.0))
    if reached.plan is None:
        possible = False if reached.impossible else oracle.feasible(others)
        return Relaxation((one.label,), one.kind, None, "sites", possible=possible)
    opened = np.intersect1d(one.options, reached.plan.opened).tolist()
    needed = None if reached.bound is None else math.ceil(reached.bound - ROOM)
    return Relaxation(
        (one.label,), one.kind, None, "sites", 0.0, float(len(opened)), needed, True,
        tuple(name_of(problem, option) for option in opened), needed == len(opened),
    )  # fmt: skip


def _left_out(oracle: Oracle, one: Condition, others: Kept) -> Relaxation:
    """Fewest people to leave without service, weighted by service."""
    problem = oracle.conditions.problem
    responses, goal = problem.responses, problem.objectives[0].term
    scope = goal.scope
    if not isinstance(goal.measure, NeedMeasure):
        scope = np.ones(len(responses.needs.place), dtype=bool)
    term = Term(MEASURES["people_within"], responses, scope, {"minutes": ANY_MINUTES}, "people served")
    reached = oracle.furthest(others, Objective(term, True, 0.0))
    if reached.plan is None:
        possible = False if reached.impossible else oracle.feasible(others)
        return Relaxation((one.label,), one.kind, None, term.unit, possible=possible)
    return _people_left(oracle, one, term, reached)


def _people_left(oracle: Oracle, one: Condition, term: Term, reached: Reached) -> Relaxation:
    assert reached.plan is not None
    responses = oracle.conditions.problem.responses
    asked = term.scope.copy()
    asked[responses.unreachable] = False
    total = math.fsum(responses.needs.weight[asked])
    left = np.flatnonzero(asked & ~reached.plan.served)
    needed = None if reached.bound is None else max(0.0, total - reached.bound)
    people = math.fsum(responses.needs.weight[left])
    return Relaxation(
        (one.label,), one.kind, None, term.unit, 0.0, people, needed, True,
        names_of(oracle.conditions, np.isin(np.arange(len(asked)), left)),
        needed is not None and _agree(people, needed),
    )  # fmt: skip


def names_of(conditions: Conditions, needs: Flags) -> tuple[str, ...]:
    """Names of the places of some needs (N,), the largest first."""
    places = conditions.problem.instance.places
    place = np.unique(conditions.problem.responses.needs.place[needs])
    order = np.lexsort((place, -places.population[place]))
    return tuple(str(name) for name in places.names[place[order]])


def without_places(oracle: Oracle, members: Iterable[Condition]) -> tuple[Relaxation, ...]:
    """Limits that would be kept if the places out of reach did not count for them."""
    found = []
    for one in sorted(members, key=oracle.conditions.place.__getitem__):
        if one.limit < 0 or not (lost := lost_needs(oracle.conditions, one)).any():
            continue
        found.append(
            Relaxation(
                (one.label,),
                "places",
                None,
                "places",
                possible=oracle.feasible_without(one, lost),
                names=names_of(oracle.conditions, lost),
            )
        )
    return tuple(found)
