"""An instance folder: tables, instance.toml, the model files it brings, and notes for people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from siting.errors import Complaint, InstanceError
from siting.instance import Instance
from siting.instance.schema import TABLES
from siting.instance.settings import as_dict
from siting.whole import refusal
from siting.writers.folder import put_folder
from siting.writers.instance_tables import instance_tables

TOML, NOTES = "instance.toml", "NOTES.md"


def write_instance(instance: Instance, folder: str | Path, *, replace: bool = False) -> Path:
    """Write the folder of an instance, so that :func:`siting.read` gives the same instance again.

    It is whole or not there: everything is written into a temporary folder beside it, which is then
    renamed. Decisions made since it was read are written as the status of the candidates.

    Args:
        instance: to write.
        folder: where to; parents are made.
        replace: an older instance folder, with nothing else in it, may be replaced.

    Returns:
        The folder.

    Raises:
        InstanceError: ``folder`` holds something that would be lost, the disk refuses, or the
            instance says what no table can say.
    """
    target = Path(folder)
    check_free(target, replace)
    tables = instance_tables(instance)

    def fill(temporary: Path) -> None:
        for name, table in tables.items():
            file = temporary / TABLES[name].file
            table.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
        (temporary / TOML).write_text(_toml(instance), encoding="utf-8", newline="\n")
        (temporary / NOTES).write_text(_notes(instance), encoding="utf-8", newline="\n")
        for name, text in instance.brings.items():
            (temporary / name).write_text(text, encoding="utf-8", newline="\n")

    try:
        put_folder(target, fill, lambda there: check_free(there, replace))
    except OSError as error:
        raise InstanceError(Complaint(str(target), refusal(error))) from error
    return target


def check_free(folder: Path, replace: bool) -> None:
    """Make sure, before long work, that an instance may be written there.

    Raises:
        InstanceError: something is there that would be lost.
    """
    if not folder.exists():
        return
    advice = "give another folder with --out, or move it away"
    if not folder.is_dir():
        raise InstanceError(Complaint(str(folder), f"is a file and is not overwritten; {advice}"))
    there = sorted(path.name for path in folder.iterdir())
    if not there:
        return
    if TOML not in there:
        raise InstanceError(Complaint(str(folder), f"holds something else than an instance; {advice}"))
    brought = {name for name in there if name.endswith(".toml")}
    others = [name for name in there if name not in {NOTES, *brought, *(t.file for t in TABLES.values())}]
    if others:
        listed = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        what = f"beside an instance it holds {listed}, which would be lost; {advice}"
        raise InstanceError(Complaint(str(folder), what))
    if not replace:
        raise InstanceError(Complaint(str(folder), f"holds an instance; {advice}, or give --replace"))


def _toml(instance: Instance) -> str:
    """The text of instance.toml, without keys that say nothing."""
    text = tomli_w.dumps(_filled(as_dict(instance.settings)))
    assert tomllib.loads(text)
    return text


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without empty texts, lists and tables; whole numbers as such."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            value = _filled(value)
        elif isinstance(value, list):
            value = [_filled(one) if isinstance(one, Mapping) else one for one in value]
        elif isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if value not in ("", [], {}):
            found[key] = value
    return found


def _notes(instance: Instance) -> str:
    """NOTES.md: where the data come from, and what to look at."""
    settings, places = instance.settings, instance.places
    counts = [
        ("places", len(places.ids)),
        ("people", int(places.population.sum())),
        ("existing facilities", len(instance.facilities.ids)),
        ("candidates", len(instance.candidates.site)),
        ("road edges", 0 if instance.roads is None else len(instance.roads.tail)),
        ("pairs of the origin-destination table", 0 if instance.od is None else len(instance.od.ms)),
    ]
    lines = [f"# {settings.title}", "", settings.notes, "", "| what | how many |", "|---|---|"]
    lines += [f"| {what} | {count:,} |" for what, count in counts if count]
    if settings.sources:
        lines += ["", "## Sources", ""]
        lines += [f"- {one.what}: {one.origin} ({one.licence})" for one in settings.sources]
    if instance.warnings:
        lines += ["", "## To look at", "", *(f"- {warning}" for warning in instance.warnings)]
    return "\n".join(lines) + "\n"
