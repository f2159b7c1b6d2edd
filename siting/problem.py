"""A problem: a model bound to an instance with every number decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from siting.errors import ModelError, did_you_mean
from siting.instance import LEVELS, Instance, Settings
from siting.instance.arrays import Flags
from siting.instance.settings import numbers as settings_numbers
from siting.instance.settings import with_number
from siting.measures import NeedMeasure, OptionMeasure, Term
from siting.model import Limit, Model, Number, Use
from siting.response import Responses, build_responses

Numbers = Mapping[str, float | Mapping[str, float]]
"""What a caller may set: ``{"budget": 5100, "new": {"fire_department": 10}}`` or dotted names."""


@dataclass(frozen=True, eq=False)
class Objective:
    """One objective; later ones may worsen it by the relative ``tolerance`` at most."""

    term: Term
    maximize: bool
    tolerance: float


@dataclass(frozen=True, eq=False)
class Bound:
    """One limit: low <= term <= high; an absent side is infinite.

    Attributes:
        term, low, high: see above.
        label: words for people, e.g. ``sites_open [fire_department] <= 1600``.
    """

    term: Term
    low: float
    high: float
    label: str


@dataclass(frozen=True, eq=False)
class Problem:
    """What a method solves.

    Attributes:
        model: the question.
        responses: needs x options table.
        objectives: in lexicographic order, at least one.
        limits: limits with at least one finite side.
        numbers: every parameter in force by its dotted name.
        given: those that the caller has set, and numbers of the instance, as they were named.
    """

    model: Model
    responses: Responses
    objectives: tuple[Objective, ...]
    limits: tuple[Bound, ...]
    numbers: Mapping[str, float]
    given: Mapping[str, float]

    @property
    def instance(self) -> Instance:
        """The instance the problem is bound to."""
        return self.responses.instance


def bind(
    instance: Instance,
    model: Model,
    numbers: Numbers | None = None,
    build: Callable[[Instance, Settings, Mapping[int, int] | None], Responses] = build_responses,
) -> Problem:
    """Bind a model and its numbers to an instance.

    A number comes from the caller, else from the instance, else from the model's default.

    Args:
        instance: the data.
        model: the question.
        numbers: what the caller sets.
        build: makes the responses; the checker passes one that needs no table of times.

    Raises:
        ModelError: unknown or missing numbers, unknown ids in filters.
        InstanceError: the table of response times would not fit into memory.
    """
    flat = _flatten(numbers or {})
    settings, values = _resolve(instance, model, flat)
    _check_filters(instance, model)
    responses = build(instance, settings, _horizon(settings, model, values))
    objectives = tuple(
        Objective(
            _term(responses, goal.use, values),
            goal.maximize,
            _value(goal.tolerance, values, None),
        )
        for goal in model.goals
    )
    limits = [bound for limit in model.limits for bound in _bounds(responses, limit, values)]
    return Problem(model, responses, objectives, tuple(limits), values, flat)


def overridden(given: Mapping[str, float], numbers: Numbers) -> dict[str, float]:
    """Numbers that a caller has given, with later ones put over them.

    A number for all members of a group, such as ``new``, overrides those of its members.
    """
    later = _flatten(numbers)
    return {name: value for name, value in given.items() if name.rpartition(".")[0] not in later} | later


def _flatten(numbers: Numbers) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{key}": float(item) for key, item in value.items()})
        else:
            flat[name] = float(value)
    return flat


def _resolve(instance: Instance, model: Model, given: dict[str, float]) -> tuple[Settings, dict[str, float]]:
    """Settings and parameters in force; complains about every unknown and missing name at once."""
    settings, complaints = instance.settings, []
    members = {name: _members(instance, parameter.each) for name, parameter in model.parameters.items()}
    own = [
        dotted
        for name, ids in members.items()
        for dotted in ([name, *(f"{name}.{member}" for member in ids)] if ids else [name])
    ]
    known = settings_numbers(settings)
    for name, number in given.items():
        if math.isnan(number):
            complaints.append(f"{name}: must be a number, found nan")
        elif name in own:
            continue
        elif name in known and not name.startswith("parameters."):
            settings = with_number(settings, name, number)
        else:
            names = [*own, *(key for key in known if not key.startswith("parameters."))]
            complaints.append(
                f"unknown parameter {name!r}{did_you_mean(name, names)}; "
                f"model {model.name} knows {', '.join(own)}; the instance's own numbers may be set too, "
                f"e.g. {next(iter(names[len(own) :]), 'none')}"
            )
    values = {}
    for name, parameter in model.parameters.items():
        for dotted in [f"{name}.{member}" for member in members[name]] if parameter.each else [name]:
            value = _first(
                given.get(dotted), given.get(name), _from_instance(settings, dotted), parameter.default
            )
            if value is None:
                complaints.append(
                    f"{dotted} has no value ({parameter.about}); give it with --set {dotted}=NUMBER, "
                    "or in instance.toml"
                )
            elif value < 0:
                unit = settings.currency if parameter.unit == "currency" else parameter.unit
                complaints.append(f"{dotted}: {value:g} must be >= 0 ({unit})")
            else:
                values[dotted] = value
    if complaints:
        raise ModelError(complaints)
    return settings, values


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _from_instance(settings: Settings, dotted: str) -> float | None:
    """An instance's value of a model parameter; ``new.TYPE`` is stated with the type."""
    if dotted in settings.parameters:
        return settings.parameters[dotted]
    name, _, member = dotted.partition(".")
    if name == "new":
        return next((t.new for t in settings.types if t.id == member and t.new is not None), None)
    return settings.parameters.get(name) if member else None


def _members(instance: Instance, group: str | None) -> list[str]:
    """Ids of the members of a group; of the types, those that have candidates."""
    if group == "type":
        with_candidates = set(instance.candidates.type.tolist())
        return [t.id for number, t in enumerate(instance.settings.types) if number in with_candidates]
    if group == "service":
        return [service.id for service in instance.settings.services]
    return list(instance.areas[group].ids) if group else []


def _check_filters(instance: Instance, model: Model) -> None:
    complaints = []
    for use in [*(goal.use for goal in model.goals), *(limit.use for limit in model.limits)]:
        for key, wanted in use.filters.items():
            ids = [t.id for t in instance.settings.types] if key == "type" else _members(instance, key)
            complaints += [
                f"model {model.name}: {use.measure.name} asks for {key} {name!r}, which the instance does "
                f"not have{did_you_mean(name, ids)}"
                for name in wanted
                if name not in ids
            ]
    if complaints:
        raise ModelError(complaints)


def _value(number: Number, values: Mapping[str, float], member: str | None) -> float:
    if not isinstance(number, str):
        return number
    name = number[1:]
    return values[f"{name}.{member}"] if f"{name}.{member}" in values else values[name]


def _horizon(settings: Settings, model: Model, values: Mapping[str, float]) -> dict[int, int] | None:
    """Latest response per service that any measure of the model looks at."""
    horizons: dict[int, int] = {}
    for use in [*(goal.use for goal in model.goals), *(limit.use for limit in model.limits)]:
        if not isinstance(use.measure, NeedMeasure):
            continue
        arguments = {key: _value(number, values, None) for key, number in use.arguments.items()}
        for number, service in enumerate(settings.services):
            longest = max(service.standard_ms.values())
            horizon = use.measure.horizon_ms(longest, arguments)
            if horizon is None:
                return None
            horizons[number] = max(horizon, horizons.get(number, 0))
    return horizons or {n: max(s.standard_ms.values()) for n, s in enumerate(settings.services)}


def _term(
    responses: Responses,
    use: Use,
    values: Mapping[str, float],
    group: tuple[str, str] | None = None,
) -> Term:
    filters = dict(use.filters)
    if group is not None:
        filters[group[0]] = (group[1],)
    arguments = {key: _value(number, values, None) for key, number in use.arguments.items()}
    narrowed = "; ".join(", ".join(ids) for ids in filters.values())
    label = f"{use.measure.name} [{narrowed}]" if narrowed else use.measure.name
    return Term(use.measure, responses, _scope(responses, use, filters), arguments, label)


def _scope(responses: Responses, use: Use, filters: Mapping[str, tuple[str, ...]]) -> Flags:
    """Needs or options the filters leave."""
    instance, settings = responses.instance, responses.settings
    over_options = isinstance(use.measure, OptionMeasure)
    count = len(responses.options.site) if over_options else len(responses.needs.place)
    scope = np.ones(count, dtype=bool)
    for key, ids in filters.items():
        if key == "type":
            wanted = [n for n, t in enumerate(settings.types) if t.id in ids]
            scope &= np.isin(responses.options.type, wanted)
        elif key == "service":
            wanted = [n for n, s in enumerate(settings.services) if s.id in ids]
            scope &= np.isin(responses.needs.service, wanted)
        elif key in LEVELS:
            wanted = [n for n, name in enumerate(instance.areas[key].ids) if name in ids]
            area = np.full(len(instance.sites.ids), -1)
            area[: len(instance.places.ids)] = instance.places.area[key]
            scope &= np.isin(area[responses.options.site if over_options else responses.needs.place], wanted)
    return scope


def _bounds(responses: Responses, limit: Limit, values: Mapping[str, float]) -> list[Bound]:
    """The limit, or one per member of its group; sides that are infinite fall away."""
    members = _members(responses.instance, limit.each)
    groups: list[tuple[str, str] | None] = (
        [(limit.each, member) for member in members] if limit.each else [None]
    )
    result = []
    for group in groups:
        term = _term(responses, limit.use, values, group)
        member = group[1] if group else None
        high = math.inf if limit.at_most is None else _value(limit.at_most, values, member)
        low = -math.inf if limit.at_least is None else _value(limit.at_least, values, member)
        if math.isinf(high) and math.isinf(low):
            continue
        sides = [f"<= {high:g}"] * (not math.isinf(high)) + [f">= {low:g}"] * (not math.isinf(low))
        result.append(Bound(term, low, high, f"{term.label} {' and '.join(sides)} {term.unit}"))
    return result
