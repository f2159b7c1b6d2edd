"""instance.toml: nested dictionaries into :class:`Settings`, and numbers of it by dotted name."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.arrays import LEVELS, FacilityType, Service, Settings, Source

MAX_MINUTES = (2**31 - 1) // 60_000
"""Longest time in whole minutes that int32 milliseconds hold: 35,791."""

_TOP = (
    "format", "name", "title", "currency", "notes",
    "parameters", "exclude", "travel", "sources", "services", "types",
)  # fmt: skip
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


def parse_settings(raw: object, where: str = "settings") -> tuple[Settings, list[Complaint]]:
    """Validate the content of instance.toml.

    Args:
        raw: the nested dictionaries, see instances/README.md.
        where: file named in the complaints; their ``column`` is the dotted key.

    Returns:
        The settings and everything that is wrong. While something is wrong the settings hold
        stand-ins, but the right ids of services and types, so that tables can still be checked.
    """
    toml = _Toml(where, [])
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
    )
    return settings, toml.complaints


def numbers(settings: Settings) -> dict[str, float]:
    """Every number that :func:`with_number` can change, by dotted name.

    ``types.X.cost`` and ``travel.snap_kmh`` are not among them: they are used up when the
    instance is built.
    """
    found = {f"parameters.{name}": value for name, value in settings.parameters.items()}
    for service in settings.services:
        found[f"services.{service.id}.weight"] = service.weight
        found[f"services.{service.id}.vehicle_factor"] = service.vehicle_factor
        for kind, ms in service.standard_ms.items():
            found[f"services.{service.id}.standard.{kind}"] = ms / 60_000
    for type_ in settings.types:
        if type_.new is not None:
            found[f"types.{type_.id}.new"] = float(type_.new)
        for service_id, ms in type_.turnout_ms.items():
            found[f"types.{type_.id}.provides.{service_id}"] = ms / 60_000
    return found


def with_number(settings: Settings, dotted: str, value: float) -> Settings:
    """The settings with one number changed, validated like a file.

    Args:
        settings: of an instance.
        dotted: a name from :func:`numbers`, or ``types.X.new`` where the instance gives none.
        value: in the unit of instance.toml (minutes for standards and turnout).

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
    if complaints:
        raise InstanceError(complaints)
    return changed


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as the nested dictionaries of instance.toml; inverse of parsing."""
    services = {
        service.id: {
            "title": service.title,
            "weight": service.weight,
            "vehicle_factor": service.vehicle_factor,
            "standard": {kind: ms / 60_000 for kind, ms in service.standard_ms.items()},
        }
        for service in settings.services
    }
    types = {
        type_.id: {
            "title": type_.title,
            "provides": {service: ms / 60_000 for service, ms in type_.turnout_ms.items()},
            **({} if type_.cost is None else {"cost": type_.cost}),
            **({} if type_.new is None else {"new": type_.new}),
        }
        for type_ in settings.types
    }
    return {
        "format": 1,
        "name": settings.name,
        "title": settings.title,
        "currency": settings.currency,
        "notes": settings.notes,
        "parameters": dict(settings.parameters),
        "exclude": {level: list(ids) for level, ids in settings.exclude.items()},
        "travel": {"snap_kmh": settings.snap_kmh},
        "sources": [vars(source).copy() for source in settings.sources],
        "services": services,
        "types": types,
    }


@dataclass
class _Toml:
    """Typed access to nested dictionaries that complains instead of failing."""

    where: str
    complaints: list[Complaint]

    def complain(self, dotted: str, what: str) -> None:
        self.complaints.append(Complaint(self.where, what, column=dotted or None))

    def table(self, raw: object, dotted: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
        """A table with text keys; complains about keys other than ``keys`` if these are given."""
        if not isinstance(raw, Mapping):
            self.complain(dotted, f"{raw!r} must be a table of keys and values")
            return {}
        for key in raw:
            here = f"{dotted}.{key}" if dotted else str(key)
            if keys is not None and key not in keys:
                guess = did_you_mean(str(key), keys) or f"; known are {', '.join(keys)}"
                self.complain(here, f"unknown key{guess}")
            elif keys is None and not (isinstance(key, str) and _ID.match(key)):
                self.complain(here, f"{key!r} must be letters, digits, _ or -, beginning with a letter")
        return raw

    def required(self, table: Mapping[str, Any], dotted: str, key: str, what: str) -> Mapping[str, Any]:
        """A table under a key that must be there and not be empty."""
        here = f"{dotted}.{key}" if dotted else key
        found = self.table(table.get(key, {}), here)
        if not found and table.get(key, {}) == {}:
            self.complain(here, f"is missing; {what} expected")
        return found

    def text(self, table: Mapping[str, Any], dotted: str, key: str, default: str | None = None) -> str:
        """Text under a key; required and not empty unless there is a default."""
        here = f"{dotted}.{key}" if dotted else key
        if key not in table:
            if default is None:
                self.complain(here, "is missing; text is expected")
            return default or ""
        value = table[key]
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.complain(here, f"{value!r} must be text" + (", not empty" if default is None else ""))
            return default or ""
        return value.strip()

    def number(
        self,
        table: Mapping[str, Any],
        dotted: str,
        key: str,
        default: float = 1.0,
        *,
        unit: str = "",
        least: float = 0,
        most: float | None = None,
        whole: bool = False,
    ) -> float:
        """A finite number from ``least`` to ``most`` under a key; ``default`` if there is none."""
        here = f"{dotted}.{key}" if dotted else key
        unit = f" ({unit})" if unit else ""
        if key not in table:
            return default
        value = table[key]
        try:
            number = math.nan if isinstance(value, bool | str) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.complain(here, f"{value!r} must be a finite number{unit}")
        elif number < least:
            self.complain(here, f"{value!r} must be >= {least:g}{unit}")
        elif most is not None and number > most:
            self.complain(here, f"{value!r} must be <= {most:,.15g}{unit}")
        elif whole and not number.is_integer():
            self.complain(here, f"{value!r} must be a whole number{unit}")
        else:
            return number
        return default


def _services(toml: _Toml, top: Mapping[str, Any]) -> tuple[Service, ...]:
    tables = toml.required(top, "", "services", "at least one [services.NAME] is")
    found = []
    for id_, raw in tables.items():
        dotted = f"services.{id_}"
        table = toml.table(raw, dotted, ("title", "weight", "vehicle_factor", "standard"))
        standard = toml.required(table, dotted, "standard", "minutes per kind of place are")
        found.append(
            Service(
                id=str(id_),
                title=toml.text(table, dotted, "title", _title(id_)),
                weight=toml.number(table, dotted, "weight", 1.0),
                vehicle_factor=toml.number(table, dotted, "vehicle_factor", 1.0, least=0.01, most=100),
                standard_ms={
                    str(kind): _ms(toml, standard, f"{dotted}.standard", kind) for kind in standard
                },
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


def _types(toml: _Toml, top: Mapping[str, Any], services: tuple[Service, ...]) -> tuple[FacilityType, ...]:
    tables = toml.required(top, "", "types", "at least one [types.NAME] is")
    known = [service.id for service in services]
    found = []
    for id_, raw in tables.items():
        dotted = f"types.{id_}"
        table = toml.table(raw, dotted, ("title", "provides", "cost", "new"))
        provides = toml.required(table, dotted, "provides", "turnout minutes per service are")
        for service in provides:
            if service not in known:
                guess = did_you_mean(str(service), known) or f"; services are {', '.join(known)}"
                toml.complain(f"{dotted}.provides.{service}", f"unknown service{guess}")
        cost = toml.number(table, dotted, "cost", -1.0, unit=str(top.get("currency", "")))
        new = toml.number(table, dotted, "new", -1.0, whole=True, most=2**31 - 1)
        found.append(
            FacilityType(
                id=str(id_),
                title=toml.text(table, dotted, "title", _title(id_)),
                turnout_ms={
                    str(service): _ms(toml, provides, f"{dotted}.provides", service) for service in provides
                },
                cost=cost if cost >= 0 else None,
                new=int(new) if new >= 0 else None,
            )
        )
    for service in known:
        if found and not any(service in type_.turnout_ms for type_ in found):
            toml.complain(f"services.{service}", "no facility type provides this service")
    return tuple(found)


def _ms(toml: _Toml, table: Mapping[str, Any], dotted: str, key: str) -> int:
    return round(60_000 * toml.number(table, dotted, key, unit="minutes", most=MAX_MINUTES))


def _title(id_: object) -> str:
    words = str(id_).replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _sources(toml: _Toml, top: Mapping[str, Any]) -> tuple[Source, ...]:
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


def _exclude(toml: _Toml, top: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    table = toml.table(top.get("exclude", {}), "exclude", LEVELS)
    found = {}
    for level in LEVELS:
        ids = table.get(level, [])
        if isinstance(ids, list | tuple) and all(isinstance(one, str) for one in ids):
            found[level] = tuple(one.strip() for one in ids)
        else:
            toml.complain(f"exclude.{level}", f"{ids!r} must be a list of ids as text")
    return {level: ids for level, ids in found.items() if ids}


def _parameters(toml: _Toml, top: Mapping[str, Any]) -> dict[str, float]:
    table = toml.table(top.get("parameters", {}), "parameters")
    return {str(name): toml.number(table, "parameters", name) for name in table}


def _snap_kmh(toml: _Toml, top: Mapping[str, Any]) -> float:
    table = toml.table(top.get("travel", {}), "travel", ("snap_kmh",))
    return toml.number(table, "travel", "snap_kmh", 30.0, unit="km/h", least=1, most=200)
