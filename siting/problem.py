"""A problem: a model bound to an instance with every number decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import ModelError, did_you_mean
from siting.instance import LEVELS, Instance, Settings
from siting.instance.arrays import Flags
from siting.instance.settings import numbers as settings_numbers
from siting.instance.settings import unbalanced, with_number
from siting.measures import Term
from siting.measures.arguments import Grouped, Value
from siting.model import Limit, Model, Number, Use
from siting.plan import Plan
from siting.response import Layout, Responses, build_responses
from siting.roads.graph import MAX_MS

Build = Callable[[Instance, Settings, Mapping[int, int] | None, Layout], Responses]
"""Makes the responses of an instance under settings, up to a horizon, as a layout says."""

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
        member: group and id where it is one of a limit for each member of a group.
        low_name, high_name: dotted names of the numbers that the sides are, e.g. ``new.fire_department``;
            None where the model file says the number itself.
    """

    term: Term
    low: float
    high: float
    label: str
    member: tuple[str, str] | None = None
    low_name: str | None = None
    high_name: str | None = None


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


def before(problem: Problem) -> Plan:
    """The plan that changes nothing: existing facilities, each need served by the first to answer.

    Where capacities bind there is no telling who would serve whom: nobody is served.
    """
    responses = problem.responses
    nothing = np.zeros(0, dtype=np.int32)
    if responses.layout.serve == "nearest":
        return Plan(nothing, *responses.serve(nothing))
    nobody = np.full(len(responses.needs.place), -1, dtype=np.int32)
    return Plan(nothing, nobody, np.zeros(len(nobody), dtype=np.int32))


def bind(
    instance: Instance,
    model: Model,
    numbers: Numbers | None = None,
    build: Build = build_responses,
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
    _check_filters(instance, instance.settings, model)
    settings, values = _resolve(instance, model, flat)
    if complaints := unbalanced(settings):
        raise ModelError(complaints)
    _check_arguments(model, values)
    responses = build(instance, settings, _horizon(settings, model, values), model.layout)
    objectives = tuple(
        Objective(
            _term(responses, model, goal.use, values),
            goal.maximize,
            _value(goal.tolerance, values, None),
        )
        for goal in model.goals
    )
    limits = [bound for limit in model.limits for bound in _bounds(responses, model, limit, values)]
    return Problem(model, responses, objectives, tuple(limits), values, flat)


def published(problem: Problem) -> float | None:
    """Best value known elsewhere of the first objective.

    None where the instance names none for the model, or where a number or a decision has changed: the
    question is another one then.
    """
    instance = problem.instance
    known = instance.settings.published.get(problem.model.name)
    if known is None or instance.decided:
        return None
    if settings_numbers(problem.responses.settings) != settings_numbers(instance.settings):
        return None
    try:
        _, values = _resolve(instance, problem.model, {})
    except ModelError:
        return None  # it has numbers that the caller had to give
    return known if values == dict(problem.numbers) else None


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
    members = {
        name: _members(instance, settings, model.layout, parameter.each, all_types=name in model.in_arguments)
        for name, parameter in model.parameters.items()
    }
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
                given.get(dotted),
                given.get(name),
                _from_instance(instance, settings, dotted, parameter.each),
                parameter.default,
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


def _from_instance(instance: Instance, settings: Settings, dotted: str, each: str | None) -> float | None:
    """An instance's value of a model parameter; ``new.TYPE`` and ``means.AREA`` stand with their member."""
    if dotted in settings.parameters:
        return settings.parameters[dotted]
    name, _, member = dotted.partition(".")
    if name == "new" and each == "type":
        return next((t.new for t in settings.types if t.id == member and t.new is not None), None)
    if name == "means" and each in LEVELS:
        areas = instance.areas[each]
        means = float(areas.means[np.flatnonzero(areas.ids == member)[0]])
        return None if math.isnan(means) else means
    return settings.parameters.get(name) if member else None


def _members(
    instance: Instance, settings: Settings, layout: Layout, group: str | None, all_types: bool = False
) -> list[str]:
    """Ids of the members of a group; of the types, those that may be opened and have candidates, or all."""
    if group == "type":
        open_ = (replace(layout, types=()) if all_types else layout).type_counts(settings)
        with_candidates = set(instance.candidates.type.tolist())
        return [
            t.id
            for number, t in enumerate(settings.types)
            if open_[number] and (all_types or number in with_candidates)
        ]
    if group == "service":
        return [settings.services[number].id for number in layout.weights(settings)]
    if group == "payer":
        return list(dict.fromkeys(payer for kind in settings.types for payer in kind.payers))
    if group == "kind":
        return list(instance.places.kinds)
    if group in ("scenario", "period"):
        return [one.id for one in (settings.scenarios if group == "scenario" else settings.periods)]
    return list(instance.areas[group].ids) if group else []


def _check_filters(instance: Instance, settings: Settings, model: Model) -> None:
    """Complain about every id that the model names and the instance lacks."""
    known = {
        key: _members(instance, settings, Layout(), key)
        for key in ("payer", "kind", "scenario", "period", *LEVELS)
    }
    known["type"] = [t.id for t in settings.types]
    known["service"] = [service.id for service in settings.services]
    named = [("service", model.layout.services, "the model"), ("type", model.layout.types, "the model")]
    for use in model.uses:
        named += [(key, ids, use.measure.name) for key, ids in use.filters.items()]
    complaints = [
        f"model {model.name}: {who} asks for {key} {name!r}, which the instance does not have"
        f"{did_you_mean(name, known[key])}"
        for key, wanted, who in named
        for name in wanted
        if name not in known[key]
    ]
    if not complaints:
        groups = {limit.each for limit in model.limits} | {p.each for p in model.parameters.values()}
        for group in sorted(group for group in groups if group in ("payer", "scenario", "period")):
            if not known[group]:
                complaints.append(f"model {model.name}: asks for each {group}, but the instance has none")
    if complaints:
        raise ModelError(complaints)


def _value(number: Number, values: Mapping[str, float], member: str | None) -> float:
    if not isinstance(number, str):
        return number
    return values[_dotted(number, values, member)]


def _dotted(number: str, values: Mapping[str, float], member: str | None) -> str:
    """Name of the number that ``$name`` stands for."""
    name = number[1:]
    return f"{name}.{member}" if f"{name}.{member}" in values else name


def _arguments(use: Use, model: Model, values: Mapping[str, float]) -> dict[str, Value]:
    """The arguments of a use with every parameter's number."""
    found: dict[str, Value] = {}
    for key, value in use.arguments.items():
        if isinstance(value, str) and value.startswith("$"):
            name = value[1:]
            each = model.parameters[name].each
            if each is None:
                found[key] = values[name]
            else:
                prefix = f"{name}."
                members = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
                found[key] = Grouped(each, members)
        else:
            found[key] = value
    return found


def _check_arguments(model: Model, values: Mapping[str, float]) -> None:
    """Complain about every argument whose number is out of its range."""
    complaints = []
    for use in model.uses:
        for key, value in _arguments(use, model, values).items():
            argument = use.measure.arguments[key]
            numbers = value.values.values() if isinstance(value, Grouped) else [value]
            complaints += [
                f"model {model.name}: {use.measure.name}: {key} = {one:g} must be between "
                f"{argument.low:g} and {argument.high:g} ({argument.about})"
                for one in numbers
                if isinstance(one, int | float) and not argument.low <= one <= argument.high
            ]
    if complaints:
        raise ModelError(complaints)


def _horizon(settings: Settings, model: Model, values: Mapping[str, float]) -> dict[int, int] | None:
    """Latest response per service that any measure of the model looks at."""
    horizons: dict[int, int] = {}
    for use in model.uses:
        arguments = _arguments(use, model, values)
        for number, service in enumerate(settings.services):
            longest = max(service.standard_ms.values())
            horizon = use.measure.horizon_ms(longest, arguments)
            if horizon is None:
                return None
            # Nothing takes longer than int32 ms hold, however far a curve or a radius reaches.
            horizons[number] = max(min(horizon, MAX_MS), horizons.get(number, 0))
    return {
        number: horizons.get(number, 0) or max(service.standard_ms.values())
        for number, service in enumerate(settings.services)
    }


def _term(
    responses: Responses,
    model: Model,
    use: Use,
    values: Mapping[str, float],
    group: tuple[str, str] | None = None,
) -> Term:
    filters = dict(use.filters)
    if group is not None:
        filters[group[0]] = (group[1],)
    arguments = _arguments(use, model, values)
    shown = [
        f"{key} {value:g}" if isinstance(value, int | float) else f"{key} {value}"
        for key, value in arguments.items()
        if use.measure.arguments[key].shown
    ]
    narrowed = "; ".join([*(", ".join(ids) for ids in filters.values()), *shown])
    label = f"{use.measure.name} [{narrowed}]" if narrowed else use.measure.name
    if "payer" in filters:
        arguments["payer"] = filters["payer"]
    return Term(use.measure, responses, _scope(responses, use, filters), arguments, label)


def _scope(responses: Responses, use: Use, filters: Mapping[str, tuple[str, ...]]) -> Flags:
    """Needs or options the filters leave."""
    instance, settings = responses.instance, responses.settings
    needs, options = responses.needs, responses.options
    over_options = "type" in use.measure.filters
    scope = np.ones(len(options.site) if over_options else len(needs.place), dtype=bool)
    area = np.full(len(instance.sites.ids), -1)
    for key, ids in filters.items():
        if key == "payer":
            continue
        names: Iterable[str]
        if key == "type":
            names, index = [t.id for t in settings.types], options.type
        elif key == "service":
            names, index = [s.id for s in settings.services], needs.service
        elif key == "kind":
            names, index = instance.places.kinds, instance.places.kind[needs.place]
        elif key == "scenario":
            names, index = [one.id for one in settings.scenarios], needs.scenario
        elif key == "period":
            names = [one.id for one in settings.periods]
            index = options.period if over_options else needs.period
        else:
            names = instance.areas[key].ids
            area[: len(instance.places.ids)] = instance.places.area[key]
            index = area[options.site if over_options else needs.place]
        wanted = [number for number, name in enumerate(names) if name in ids]
        scope &= np.isin(index, wanted)
    return scope


def _bounds(responses: Responses, model: Model, limit: Limit, values: Mapping[str, float]) -> list[Bound]:
    """The limit, or one per member of its group; sides that are infinite fall away."""
    members = _members(responses.instance, responses.settings, model.layout, limit.each)
    groups: list[tuple[str, str] | None] = (
        [(limit.each, member) for member in members] if limit.each else [None]
    )
    result = []
    for group in groups:
        member = group[1] if group else None
        high = math.inf if limit.at_most is None else _value(limit.at_most, values, member)
        low = -math.inf if limit.at_least is None else _value(limit.at_least, values, member)
        if math.isinf(high) and math.isinf(low):
            continue
        term = _term(responses, model, limit.use, values, group)
        sides = [f"<= {high:g}"] * (not math.isinf(high)) + [f">= {low:g}"] * (not math.isinf(low))
        names = [
            _dotted(number, values, member) if isinstance(number, str) else None
            for number in (limit.at_least, limit.at_most)
        ]
        label = f"{term.label} {' and '.join(sides)} {term.unit}"
        result.append(Bound(term, low, high, label, group, *names))
    return result
