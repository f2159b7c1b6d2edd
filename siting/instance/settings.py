"""instance.toml: nested dictionaries into :class:`Settings`, and numbers of it by dotted name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import LEVELS, Chance, FacilityType, Period, Service, Settings, Source
from siting.instance.hierarchy import with_levels
from siting.instance.schema import MAX_UNITS
from siting.instance.toml_access import Toml
from siting.roads.graph import MAX_METRES, MAX_MS

MAX_MINUTES = MAX_MS // 60_000
"""Longest time in whole minutes that int32 milliseconds hold: 35,791."""

_TOP = (
    "format", "name", "title", "currency", "notes", "model", "published",
    "parameters", "exclude", "travel", "sources", "services", "types", "scenarios", "periods",
    "translations",
)  # fmt: skip

_TYPE = (
    "title", "provides", "cost", "new", "units", "capacity", "saving", "payers", "under", "within",
)  # fmt: skip


def parse_settings(raw: object, where: str = "settings") -> tuple[Settings, list[Complaint]]:
    """Validate the content of instance.toml.

    Args:
        raw: the nested dictionaries, see instances/README.md.
        where: file named in the complaints; their ``column`` is the dotted key.

    Returns:
        The settings and everything that is wrong. While something is wrong the settings hold
        stand-ins, but the right ids of services and types, so that tables can still be checked.
    """
    toml = Toml(where, [])
    top = toml.table(raw, "", _TOP)
    if toml.number(top, "", "format", 1.0) != 1:
        toml.complain("format", f"{top['format']!r} is not known; this version reads format 1")
    name = toml.text(top, "", "name")
    services = _services(toml, top)
    settings = Settings(
        name=name,
        title=toml.text(top, "", "title", name),
        currency=toml.text(top, "", "currency"),
        services=services,
        types=_types(toml, top, services),
        sources=_sources(toml, top),
        notes=toml.text(top, "", "notes", ""),
        exclude=_exclude(toml, top),
        parameters=_parameters(toml, top),
        snap_kmh=_snap_kmh(toml, top),
        scenarios=_scenarios(toml, top),
        periods=_periods(toml, top),
        model=toml.text(top, "", "model", ""),
        published=_published(toml, top),
        translations=_translations(toml, top),
    )
    wrong = [one.column or "" for one in toml.complaints]
    toml.complaints += [
        one
        for one in unbalanced(settings, where)
        if not any(key.startswith(f"{one.column}.") for key in wrong)  # a stand-in is in the sum
    ]
    return settings, toml.complaints


def unbalanced(settings: Settings, where: str = "settings") -> list[Complaint]:
    """Complaints about shares that do not sum to 1: the probabilities of the scenarios, payers' shares.

    Numbers that :func:`with_number` changes one by one sum to 1 only when all are changed, so it
    does not ask; whoever changes numbers asks here when all are set.
    """
    toml = Toml(where, [])
    sums = {f"types.{type_.id}.payers": ("shares", list(type_.payers.values())) for type_ in settings.types}
    sums["scenarios"] = "probabilities", [one.probability for one in settings.scenarios]
    for dotted, (what, shares) in sums.items():
        total = math.fsum(shares)
        if shares and abs(total - 1) > 1e-9:
            toml.complain(dotted, f"the {what} sum to {total:.12g} and must sum to 1")
    return toml.complaints


def numbers(settings: Settings) -> dict[str, float]:
    """Every number that :func:`with_number` can change, by dotted name.

    ``types.X.cost``, ``units``, ``capacity`` and ``saving`` and ``travel.snap_kmh`` are not among
    them: they are used up when the instance is built.
    """
    found = {f"parameters.{name}": value for name, value in settings.parameters.items()}
    for service in settings.services:
        found[f"services.{service.id}.weight"] = service.weight
        found[f"services.{service.id}.vehicle_factor"] = service.vehicle_factor
        for kind, ms in service.standard_ms.items():
            found[f"services.{service.id}.standard.{kind}"] = ms / 60_000
        for kind, metres in (service.distance_m or {}).items():
            found[f"services.{service.id}.distance.{kind}"] = metres / 1000
    for type_ in settings.types:
        if type_.new is not None:
            found[f"types.{type_.id}.new"] = float(type_.new)
        if type_.under is not None:
            found[f"types.{type_.id}.within"] = type_.reach_ms / 60_000
        for service_id, ms in type_.turnout_ms.items():
            found[f"types.{type_.id}.provides.{service_id}"] = ms / 60_000
        for payer, share in type_.payers.items():
            found[f"types.{type_.id}.payers.{payer}"] = share
    for scenario in settings.scenarios:
        found[f"scenarios.{scenario.id}.probability"] = scenario.probability
    for period in settings.periods:
        found[f"periods.{period.id}.weight"] = period.weight
    return found


def with_number(settings: Settings, dotted: str, value: float) -> Settings:
    """The settings with one number changed, validated like a file but for :func:`unbalanced`.

    Args:
        settings: of an instance.
        dotted: a name from :func:`numbers`, or ``types.X.new`` where the instance gives none.
        value: in the unit of instance.toml (minutes for standards and turnout, km for distances).

    Raises:
        InstanceError: unknown name (the nearest is suggested) or a value out of range.
    """
    known = set(numbers(settings)) | {f"types.{type_.id}.new" for type_ in settings.types}
    if dotted not in known:
        raise InstanceError(
            Complaint("settings", f"no such number{did_you_mean(dotted, sorted(known))}", column=dotted)
        )
    raw = as_dict(settings)
    *path, last = dotted.split(".")
    table = raw
    for key in path:
        table = table[key]
    table[last] = value
    changed, complaints = parse_settings(raw)
    sums = unbalanced(changed)
    complaints = [one for one in complaints if one not in sums]
    if complaints:
        raise InstanceError(complaints)
    return changed


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as the nested dictionaries of instance.toml; inverse of parsing."""
    return {
        "format": 1,
        "name": settings.name,
        "title": settings.title,
        "currency": settings.currency,
        "notes": settings.notes,
        "model": settings.model,
        "published": dict(settings.published),
        "parameters": _nested(settings.parameters),
        "exclude": {level: list(ids) for level, ids in settings.exclude.items()},
        "travel": {"snap_kmh": settings.snap_kmh},
        "sources": [vars(source).copy() for source in settings.sources],
        "services": {service.id: _service_dict(service) for service in settings.services},
        "types": {type_.id: _type_dict(type_) for type_ in settings.types},
        "scenarios": {
            one.id: {"title": one.title, "probability": one.probability} for one in settings.scenarios
        },
        "periods": {one.id: {"title": one.title, "weight": one.weight} for one in settings.periods},
        "translations": {code: dict(words) for code, words in settings.translations.items()},
    }


def _nested(parameters: Mapping[str, float]) -> dict[str, Any]:
    """Parameters with members as tables."""
    found: dict[str, Any] = {}
    for dotted, value in parameters.items():
        name, _, member = dotted.partition(".")
        if member:
            found.setdefault(name, {})[member] = value
        else:
            found[name] = value
    return found


def _service_dict(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": service.title,
        "weight": service.weight,
        "vehicle_factor": service.vehicle_factor,
        "standard": {kind: ms / 60_000 for kind, ms in service.standard_ms.items()},
    }
    if service.distance_m is not None:
        found["distance"] = {kind: metres / 1000 for kind, metres in service.distance_m.items()}
    return found


def _type_dict(type_: FacilityType) -> dict[str, Any]:
    given = {name: getattr(type_, name) for name in ("cost", "new", "capacity", "saving")}
    return {
        "title": type_.title,
        "provides": {service: ms / 60_000 for service, ms in type_.turnout_ms.items()},
        "units": type_.units,
        **{name: value for name, value in given.items() if value is not None},
        **({"payers": dict(type_.payers)} if type_.payers else {}),
        **({"under": type_.under, "within": type_.reach_ms / 60_000} if type_.under is not None else {}),
    }


def _services(toml: Toml, top: Mapping[str, Any]) -> tuple[Service, ...]:
    tables = toml.few(toml.required(top, "", "services", "at least one [services.NAME] is"), "services")
    found = []
    for id_, raw in tables.items():
        dotted = f"services.{id_}"
        table = toml.table(raw, dotted, ("title", "weight", "vehicle_factor", "standard", "distance"))
        standard = toml.required(table, dotted, "standard", "minutes per kind of place are")
        standard = toml.few(standard, f"{dotted}.standard")
        found.append(
            Service(
                id=str(id_),
                title=toml.text(table, dotted, "title", _title(id_)),
                weight=toml.number(table, dotted, "weight", 1.0),
                vehicle_factor=toml.number(table, dotted, "vehicle_factor", 1.0, least=0.01, most=100),
                standard_ms={str(kind): _ms(toml, standard, f"{dotted}.standard", kind) for kind in standard},
                distance_m=_distance(toml, table, dotted, standard),
            )
        )
    kinds = dict.fromkeys(kind for service in found for kind in service.standard_ms)
    for service in found:
        for kind in kinds:
            if service.standard_ms and kind not in service.standard_ms:
                other = next(one.id for one in found if kind in one.standard_ms)
                toml.complain(
                    f"services.{service.id}.standard",
                    f"minutes for kind {kind!r} are missing; service {other!r} names it",
                )
    return tuple(found)


def _distance(
    toml: Toml, table: Mapping[str, Any], dotted: str, standard: Mapping[str, Any]
) -> dict[str, int] | None:
    """Metres by road per kind of place, for the kinds of the standard; None where there are none."""
    if "distance" not in table:
        return None
    here = f"{dotted}.distance"
    found = toml.table(table["distance"], here)
    for kind in found:
        if kind not in standard:
            guess = did_you_mean(str(kind), list(standard)) or f"; known are {', '.join(standard)}"
            toml.complain(f"{here}.{kind}", f"the standard has no such kind{guess}")
    for kind in standard:
        if kind not in found:
            toml.complain(here, f"km for kind {kind!r} are missing; the standard names it")
    most = MAX_METRES // 1000
    return {
        str(kind): round(1000 * toml.number(found, here, kind, unit="km", least=0.001, most=most))
        for kind in found
    }


def _types(toml: Toml, top: Mapping[str, Any], services: tuple[Service, ...]) -> tuple[FacilityType, ...]:
    tables = toml.few(toml.required(top, "", "types", "at least one [types.NAME] is"), "types")
    known = [service.id for service in services]
    currency = str(top.get("currency", ""))
    found = tuple(_type(toml, str(id_), raw, known, currency) for id_, raw in tables.items())
    for service in known:
        if found and not any(service in type_.turnout_ms for type_ in found):
            toml.complain(f"services.{service}", "no facility type provides this service")
    return with_levels(toml, tables, found)


def _type(toml: Toml, id_: str, raw: object, known: list[str], currency: str) -> FacilityType:
    """One facility type; ``known`` are the ids of the services."""
    dotted = f"types.{id_}"
    table = toml.table(raw, dotted, _TYPE)
    provides = toml.required(table, dotted, "provides", "turnout minutes per service are")
    for service in provides:
        if service not in known:
            guess = did_you_mean(str(service), known) or f"; services are {', '.join(known)}"
            toml.complain(f"{dotted}.provides.{service}", f"unknown service{guess}")

    def optional(key: str, unit: str) -> float | None:
        value = toml.number(table, dotted, key, -1.0, unit=unit)
        return value if value >= 0 else None

    new = toml.number(table, dotted, "new", -1.0, whole=True, most=2**31 - 1)
    payers = toml.table(table.get("payers", {}), f"{dotted}.payers")
    return FacilityType(
        id=id_,
        title=toml.text(table, dotted, "title", _title(id_)),
        turnout_ms={str(service): _ms(toml, provides, f"{dotted}.provides", service) for service in provides},
        cost=optional("cost", currency),
        new=int(new) if new >= 0 else None,
        units=int(toml.number(table, dotted, "units", 1.0, least=1, most=MAX_UNITS, whole=True)),
        capacity=optional("capacity", "people"),
        saving=optional("saving", currency),
        payers={str(payer): toml.number(payers, f"{dotted}.payers", payer, most=1) for payer in payers},
    )


def _scenarios(toml: Toml, top: Mapping[str, Any]) -> tuple[Chance, ...]:
    found = []
    for id_, raw in toml.table(top.get("scenarios", {}), "scenarios").items():
        dotted = f"scenarios.{id_}"
        table = toml.table(raw, dotted, ("title", "probability"))
        if "probability" not in table:
            toml.complain(f"{dotted}.probability", "is missing; a number is expected")
        probability = toml.number(table, dotted, "probability", most=1, positive=True)
        found.append(Chance(str(id_), toml.text(table, dotted, "title", _title(id_)), probability))
    return tuple(found)


def _periods(toml: Toml, top: Mapping[str, Any]) -> tuple[Period, ...]:
    found = []
    for id_, raw in toml.table(top.get("periods", {}), "periods").items():
        dotted = f"periods.{id_}"
        table = toml.table(raw, dotted, ("title", "weight"))
        weight = toml.number(table, dotted, "weight", positive=True)
        found.append(Period(str(id_), toml.text(table, dotted, "title", _title(id_)), weight))
    return tuple(found)


def _ms(toml: Toml, table: Mapping[str, Any], dotted: str, key: str) -> int:
    return round(60_000 * toml.number(table, dotted, key, unit="minutes", most=MAX_MINUTES))


def _title(id_: object) -> str:
    words = str(id_).replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _sources(toml: Toml, top: Mapping[str, Any]) -> tuple[Source, ...]:
    raw = top.get("sources", [])
    if not isinstance(raw, list | tuple):
        toml.complain("sources", f"{raw!r} must be a list of tables: write [[sources]]")
        return ()
    found = []
    for position, one in enumerate(raw, start=1):
        dotted = f"sources.{position}"
        table = toml.table(one, dotted, ("what", "origin", "licence"))
        what, origin, licence = (toml.text(table, dotted, key) for key in ("what", "origin", "licence"))
        found.append(Source(what, origin, licence))
    return tuple(found)


def _exclude(toml: Toml, top: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    table = toml.table(top.get("exclude", {}), "exclude", LEVELS)
    found = {}
    for level in LEVELS:
        ids = table.get(level, [])
        if isinstance(ids, list | tuple) and all(isinstance(one, str) for one in ids):
            found[level] = tuple(one.strip() for one in ids)
        else:
            toml.complain(f"exclude.{level}", f"{ids!r} must be a list of ids as text")
    return {level: ids for level, ids in found.items() if ids}


def _parameters(toml: Toml, top: Mapping[str, Any]) -> dict[str, float]:
    """Numbers by name, and of tables, which hold one number per member, by dotted name."""
    table = toml.table(top.get("parameters", {}), "parameters")
    found = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            members = toml.table(value, f"parameters.{name}")
            for member in members:
                found[f"{name}.{member}"] = toml.number(members, f"parameters.{name}", member)
        else:
            found[str(name)] = toml.number(table, "parameters", name)
    return found


def _published(toml: Toml, top: Mapping[str, Any]) -> dict[str, float]:
    """Best known objective values by model."""
    table = toml.table(top.get("published", {}), "published")
    return {str(name): toml.number(table, "published", name, least=-math.inf) for name in table}


def _translations(toml: Toml, top: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Words by language and by the text that they stand for, which may be any text."""
    found = {}
    for code, words in toml.table(top.get("translations", {}), "translations").items():
        dotted = f"translations.{code}"
        if not isinstance(words, Mapping):
            toml.complain(dotted, f"{words!r} must be a table of texts: write [{dotted}]")
            continue
        found[str(code)] = {str(text): toml.text(words, dotted, str(text)) for text in words}
    return found


def _snap_kmh(toml: Toml, top: Mapping[str, Any]) -> float:
    table = toml.table(top.get("travel", {}), "travel", ("snap_kmh",))
    return toml.number(table, "travel", "snap_kmh", 30.0, unit="km/h", least=1, most=200)
