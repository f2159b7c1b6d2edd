"""What a shell completes: names of instances, models, methods, and numbers that may be set.

Every press of the tab key starts a process: only names and TOML are read here, without numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import typer

from siting.loading import load
from siting.nested import MOST_TOML, BadTextError, parse_toml

METHODS = ("auto", "center", "set_cover", "exact", "decomposition", "relaxation")
SOLVERS = ("highs", "cbc")

_DEFAULT = "max_coverage"


def instances(incomplete: str) -> list[tuple[str, str]]:
    """Bundled instances with their titles, and the instance folders here."""
    bundled = {path.parent.name: path for path in _shipped("instances").glob("*/instance.toml")}
    here = {path.parent.name: path for path in Path().glob("*/instance.toml")}
    found = {**here, **bundled}
    return _titled({name: found[name] for name in _matching(sorted(found), incomplete)})


def models(incomplete: str) -> list[tuple[str, str]]:
    """Bundled models with their titles, and the model files here."""
    found = {path.stem: path for path in _shipped("models").glob("*.toml")}
    found |= {
        path.name: path for path in Path().glob("*.toml") if {"maximize", "minimize"} & _toml(path).keys()
    }
    return _titled({name: found[name] for name in _matching(sorted(found), incomplete)})


def methods(incomplete: str) -> list[str]:
    """Methods of solving."""
    return _matching(METHODS, incomplete)


def solvers(incomplete: str) -> list[str]:
    """Solvers of the exact method."""
    return _matching(SOLVERS, incomplete)


def numbers(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """What ``--set`` may set for the instance and the model that stand on the line so far."""
    # Before its value is there, an option that needs one keeps arguments from being told apart.
    words = [*filter(None, [ctx.params.get("instance")]), *ctx.args, ""]
    folder = Path(str(words[0]))
    if not folder.is_dir() or not folder.name:
        folder = _shipped("instances") / folder.name
    instance = _toml(folder / "instance.toml")
    chosen = str(ctx.params.get("model") or instance.get("model") or _DEFAULT)
    file = _shipped("models") / f"{chosen}.toml"
    model = _toml(next((one for one in (Path(chosen), folder / chosen, file) if one.is_file()), file))
    found = dict([*_parameters(model, instance), *_own(instance)])
    return [(f"{name}=", found[name]) for name in _matching(found, incomplete)]


def _parameters(model: Mapping[str, Any], instance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parameters of the model, member by member where they stand for each of a group."""
    for name, parameter in _tables(model, "parameters").items():
        about, each = str(parameter.get("about", "")), parameter.get("each")
        yield name, about
        for member in _members(model, instance, name, each):
            yield f"{name}.{member}", about


def _members(model: Mapping[str, Any], instance: Mapping[str, Any], name: str, each: str | None) -> list[str]:
    """Ids of a group, as far as ``instance.toml`` names them; of services and types those that count."""
    given = _tables(instance, "parameters").get(name)
    if given is not None:
        return list(given)
    asked, services = model.get("services"), _tables(instance, "services")
    counting = [
        one for one, service in services.items() if (one in asked if asked else service.get("weight", 1))
    ]
    if each == "type":
        types = _tables(instance, "types")
        providing = [
            one for one, kind in types.items() if {*counting} & {*_tables(kind, "provides", of=object)}
        ]
        planned = [one for one in providing if "new" in types[one]] or providing
        return [one for one in planned if one in model.get("types", planned)]
    return counting if each == "service" else []


def _own(instance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Numbers of the instance's services and the turnout of its types."""
    for service, content in _tables(instance, "services").items():
        title = str(content.get("title", service))
        for key in ("weight", "vehicle_factor"):
            yield f"services.{service}.{key}", title
        for rule, unit in (("standard", "min"), ("distance", "km")):
            for kind in _tables(content, rule, of=object):
                yield f"services.{service}.{rule}.{kind}", f"{title} ({unit})"
    for name, content in _tables(instance, "types").items():
        for service in _tables(content, "provides", of=object):
            yield f"types.{name}.provides.{service}", f"turnout of {content.get('title', name)} (min)"


def _tables(content: Mapping[str, Any], key: str, of: type = dict) -> dict[str, Any]:
    """What a table holds of one kind, tables unless said otherwise; nothing where it is no table."""
    found = content.get(key)
    return (
        {name: one for name, one in found.items() if isinstance(one, of)} if isinstance(found, dict) else {}
    )


def _titled(files: Mapping[str, Path]) -> list[tuple[str, str]]:
    return [(name, str(_toml(path).get("title", ""))) for name, path in files.items()]


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; nothing where it cannot be read, for a shell wants no complaints."""
    try:
        return parse_toml(load(path, MOST_TOML).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, BadTextError):
        return {}


def _shipped(what: str) -> Path:
    """Where bundled instances or models are: inside the package, or beside it in a checkout."""
    package = Path(str(resources.files("siting")))
    inside = package / what
    return inside if inside.is_dir() else package.parent / what
