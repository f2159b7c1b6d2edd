"""Which question a saved solve is about, and what tells another question from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from siting.instance.decisions import decisions
from siting.instance.settings import numbers as settings_numbers
from siting.problem import Problem

NAMED = 5
"""Differences of a kind that are named; the others are counted."""


def question_of(problem: Problem) -> dict[str, Any]:
    """All that an answer depends on, as JSON values."""
    instance, model = problem.instance, problem.model
    content = {} if instance.files else {"data": _digest(problem)}
    return {
        "instance": instance.settings.name,
        "files": {**instance.files, **content},
        "model": {"name": model.name, "sha256": model.sha256},
        "numbers": {
            name: repr(float(value))  # as text, for a number may be infinite
            for name, value in {**settings_numbers(problem.responses.settings), **problem.numbers}.items()
        },
        "decisions": decisions(instance),
    }


def _digest(problem: Problem) -> str:
    """SHA-256 of what a method sees, for an instance that was read from no files."""
    responses, digest = problem.responses, hashlib.sha256()
    needs, options, places = responses.needs, responses.options, problem.instance.places
    arrays = [
        needs.place, needs.service, needs.people, needs.weight, needs.standard_ms, options.site, options.type,
        options.cost, options.usable, options.required, options.units, options.capacity, options.saving,
        responses.indptr, responses.option, responses.ms, responses.base_option, responses.base_ms,
        *(places.area[level] for level in sorted(places.area)),
    ]  # fmt: skip
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    for ids in (places.ids, problem.instance.sites.ids):
        digest.update("\0".join(map(str, ids)).encode())
    return digest.hexdigest()


def differences(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """What differs between the question of a saved solve and the one asked now, for people."""
    found = []
    if saved["instance"] != asked["instance"]:
        found.append(f"it is of the instance {saved['instance']!r}, not of {asked['instance']!r}")
    if saved["model"] != asked["model"]:
        one, other = saved["model"]["name"], asked["model"]["name"]
        same = f"the text of the model {one!r} has changed"
        found.append(same if one == other else f"it asks {one!r}, not {other!r}")
    files = sorted(_changed(saved["files"], asked["files"]))
    if files:
        found.append(f"the instance has changed: {_named(files)}")
    known = {*saved["numbers"], *asked["numbers"]}
    if saved["model"]["name"] != asked["model"]["name"]:  # then they have other numbers by nature
        known = set(saved["numbers"]) & set(asked["numbers"])
    numbers = [
        f"{name} was {saved['numbers'].get(name, 'not there')}, is {asked['numbers'].get(name, 'not there')}"
        for name in sorted(_changed(saved["numbers"], asked["numbers"]) & known)
    ]
    if numbers:
        found.append(_named(numbers))
    decided = [
        f"{site} {kind} was {before}, is {after}" for site, kind, before, after in _decided(saved, asked)
    ]
    if decided:
        found.append(_named(decided))
    return found


def _decided(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Candidates about which something else was decided: site, type, and what before and now."""
    before, after = (
        {(one["site_id"], one["type"]): one["status"] for one in some["decisions"]} for some in (saved, asked)
    )
    for site, kind in sorted(_changed(before, after)):
        was, now = (some.get((site, kind), "as in the data") for some in (before, after))
        yield site, kind, was, now


def _changed(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> set[Any]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def _named(some: list[str]) -> str:
    more = len(some) - NAMED
    return ", ".join(some[:NAMED]) + (f" and {more} more" if more > 0 else "")
