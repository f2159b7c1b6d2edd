"""What there is to choose from: models and instances."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from siting.instance import CandidateStatus, Instance
from siting.model import Model
from siting.terminal import sheet, words
from siting.terminal.algebra import algebra
from siting.terminal.proved import PROVED
from siting.terminal.specimen import methods


def print_models(console: Console, models: Iterable[Model]) -> None:
    """Name, title and question of every model, its methods, and the largest size it was proved at."""
    for model in models:
        console.print(f"[bold]{escape(model.name)}[/]  {escape(model.title)}", soft_wrap=True)
        sheet.line(console, f"    {model.question}")
        sheet.line(console, f"    methods: {', '.join(methods(model))}")
        if model.name in PROVED:
            sheet.line(console, f"    on two cores: {PROVED[model.name]}")


def print_model(console: Console, model: Model, *, math_too: bool) -> None:
    """A model, its parameters, and its algebra if asked for."""
    print_models(console, [model])
    sheet.line(console, f"    {model.source}")
    console.print()
    table = _table("parameter", "unit", "default", "meaning")
    for name, parameter in model.parameters.items():
        default = parameter.default
        if default is None:
            shown = "from the instance"
        else:
            shown = "no limit" if math.isinf(default) else f"{default:g}"
        dotted = f"{name}.{parameter.each.upper()}" if parameter.each else name
        sheet.row(table, dotted, parameter.unit, shown, parameter.about)
    sheet.show(console, table)
    if math_too:
        console.print()
        sheet.line(console, algebra(model))


def print_instances(console: Console, titles: dict[str, str]) -> None:
    """Name and title of every bundled instance."""
    for name, title in titles.items():
        console.print(f"[bold]{escape(name)}[/]  {escape(title)}", soft_wrap=True)


def print_instance(console: Console, instance: Instance) -> None:
    """What an instance holds, where it came from, and what to know about it."""
    settings = instance.settings
    sheet.line(console, f"{settings.name}: {settings.title}", "bold")
    console.print()
    for title, text in _contents(instance):
        console.print(Text.assemble((f"{title:<13}", "bold"), sheet.clean(text)), soft_wrap=True)
    console.print()
    sheet.show(console, _types(instance))
    console.print()
    sheet.show(console, _services(instance))
    console.print()
    for source in settings.sources:
        sheet.line(console, f"Source: {source.what}: {source.origin} ({source.licence})")
    sheet.line(console, settings.notes.strip())
    for warning in instance.warnings:
        sheet.line(console, f"Note: {warning}", "yellow")


def _contents(instance: Instance) -> list[tuple[str, str]]:
    places, settings = instance.places, instance.settings
    people = places.population
    lines = [("places", f"{len(people):,} with {people.sum():,} people")]
    kinds = [f"{kind} {int((places.kind == k).sum()):,}" for k, kind in enumerate(places.kinds)]
    lines.append(("kinds", ", ".join(kinds)))
    if places.synthetic.any():
        made = places.synthetic
        text = f"{int(made.sum()):,} places with {people[made].sum():,} people are generated"
        lines.append(("generated", text))
    if places.excluded.any():
        out = places.excluded
        named = "; ".join(f"{level}: {', '.join(ids)}" for level, ids in settings.exclude.items())
        text = f"{int(out.sum()):,} places with {people[out].sum():,} people take no part ({named})"
        lines.append(("excluded", text))
    levels = [_areas(level, len(areas.ids)) for level, areas in instance.areas.items() if len(areas.ids)]
    if levels:
        lines.append(("areas", ", ".join(levels)))
    if instance.roads is not None:
        lines.append(("roads", f"{len(instance.roads.ids):,} nodes, {len(instance.roads.tail):,} edges"))
    elif instance.od is not None:
        lines.append(("travel times", f"{len(instance.od.ms):,} origin-destination pairs"))
    lines += _dimensions(instance)
    given = [f"{name} = {value:g}" for name, value in settings.parameters.items()]
    if given:
        lines.append(("parameters", ", ".join(given)))
    return lines


def _dimensions(instance: Instance) -> list[tuple[str, str]]:
    """What models may look at beside places, facilities and candidates, as far as it is there."""
    settings, fires = instance.settings, float(instance.places.fires.sum())
    scenarios = (f"{one.title} {words.share(one.probability)}" for one in settings.scenarios)
    periods = (f"{one.title} (weight {one.weight:g})" for one in settings.periods)
    payers = dict.fromkeys(payer for kind in settings.types for payer in kind.payers)
    closable = int(instance.facilities.closable.sum())
    upgrades = int((instance.candidates.replaces >= 0).sum())
    found = {
        "scenarios": ", ".join(scenarios),
        "periods": ", ".join(periods),
        "payers": ", ".join(payers),
        "fires": f"{words.amount(fires)} expected a year" if fires else "",
        "closable": f"{closable:,} (existing facilities that a model may close)" if closable else "",
        "upgrades": f"{upgrades:,} (candidates that replace an existing facility)" if upgrades else "",
    }
    return [(title, text) for title, text in found.items() if text]


def _areas(level: str, count: int) -> str:
    """A number of areas such as ``4 districts``."""
    many = level.removesuffix("y") + ("ies" if level.endswith("y") else "s")
    return f"{count:,} {level if count == 1 else many}"


def _types(instance: Instance) -> Table:
    candidates, currency = instance.candidates, instance.settings.currency
    ruled = [one for one in CandidateStatus if one and (candidates.status == one).any()]
    table = _table(
        "facility type", "existing", "planned", "candidates", *(one.name.lower() for one in ruled),
        f"cost ({currency})", "turnout (min)", right=range(1, 5 + len(ruled)),
    )  # fmt: skip
    for number, kind in enumerate(instance.settings.types):
        mine = candidates.type == number
        cost = candidates.cost[mine]
        sheet.row(
            table,
            kind.title,
            words.count(int((instance.facilities.type == number).sum())),
            words.count(kind.new),
            words.count(int(mine.sum())),
            *(words.count(int((mine & (candidates.status == one)).sum())) for one in ruled),
            f"{np.min(cost):,.2f} to {np.max(cost):,.2f}" if len(cost) else "-",
            ", ".join(f"{service} {ms / 60_000:g}" for service, ms in kind.turnout_ms.items()),
        )
    return table


def _services(instance: Instance) -> Table:
    services = instance.settings.services
    ruled = any(service.distance_m is not None for service in services)
    columns = ["service", "weight", "vehicle factor", "standard (min)", *["standard (km)"] * ruled]
    table = _table(*columns, right=range(1, 3))
    for service in services:
        standard = ", ".join(f"{kind} {ms / 60_000:g}" for kind, ms in service.standard_ms.items())
        metres = (service.distance_m or {}).items()
        distance = ", ".join(f"{kind} {metre / 1000:g}" for kind, metre in metres) or "-"
        known = (f"{service.weight:g}", f"{service.vehicle_factor:g}", standard)
        sheet.row(table, service.title, *known, *[distance] * ruled)
    return table


def _table(*columns: str, right: Iterable[int] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = set(right)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in numeric else "left")
    return table
