"""What is proved, with which numbers, and what a reader must know, in sentences of one language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siting.plan import PROVED_GAP
from siting.report.language import Language

MEMBERS = 8
"""Numbers of the members of a group that are listed one by one."""

NAMED = 3
"""Unreachable places that are named."""


def proof(summary: Mapping[str, Any], language: Language) -> str:
    """What is proved about the plan, and why the solve stopped."""
    word, status = language.word, summary["status"]
    stopped = word(f"stopped.{summary['termination']}")
    if status in ("optimal", "heuristic"):
        return word(f"proof.{status}", stopped=stopped)
    first = summary["objectives"][0]
    if first["gap"] is None:
        return word("proof.no gap", bound=language.amount(first["bound"]), stopped=stopped)
    if first["gap"] <= PROVED_GAP:
        later = next(one for one in summary["objectives"] if one["gap"] is None or one["gap"] > PROVED_GAP)
        names = {
            "first": language.measure(first["measure"]),
            "later": language.measure(later["measure"]),
            "stopped": stopped,
        }
        if later["gap"] is None:
            return word("proof.first only", **names)
        return word("proof.first", most=language.gap(later["gap"]), **names)
    gap = language.gap(first["gap"])
    if first["gap_of_gain"] is None:
        return word("proof.within", gap=gap, stopped=stopped)
    return word("proof.within of gain", gap=gap, gain=language.gap(first["gap_of_gain"]), stopped=stopped)


def status(summary: Mapping[str, Any], language: Language) -> str:
    """Status, bound and gap of the first objective."""
    return language.word(
        "status",
        status=language.word(f"status.{summary['status']}"),
        bound=language.amount(summary["bound"]),
        gap=language.gap(summary["gap"]),
    )


def numbers(summary: Mapping[str, Any], language: Language) -> str:
    """The numbers in force; many members of a group as one."""
    groups: dict[str, dict[str, float | None]] = {}
    for name, value in summary["numbers"].items():
        groups.setdefault(name.rpartition(".")[0] or name, {})[name] = value

    def amount(value: float | None) -> str:
        return language.word("without limit") if value is None else language.number(value)

    shown = []
    for key, members in groups.items():
        group = language.parameter(key)
        if key in members:
            shown.append(f"{group} {amount(members[key])}")
            continue
        if len(members) <= MEMBERS:
            listed = (
                f"{language.named(name.rpartition('.')[2])} {amount(value)}"
                for name, value in members.items()
            )
            shown.append(f"{group}: {', '.join(listed)}")
            continue
        low, high = (amount(end(members.values(), key=_size)) for end in (min, max))
        span = low if low == high else language.word("to", low=low, high=high)
        shown.append(language.word("members", group=group, range=span, count=language.count(len(members))))
    return language.word("with", numbers="; ".join(shown)) if shown else ""


def _size(value: float | None) -> float:
    return math.inf if value is None else value


def when(summary: Mapping[str, Any], language: Language) -> str:
    """Titles of the scenario and period the figures about people are of; empty where there is one only."""
    return ", ".join(
        language.say(summary[key][at]["title"])
        for key, at in (("scenarios", 0), ("periods", -1))
        if key in summary
    )


def unit(summary: Mapping[str, Any], language: Language) -> str:
    """What minutes are called."""
    return language.word("minutes" if summary["layout"]["standard"] == "minutes" else "equivalent minutes")


def warnings(summary: Mapping[str, Any], language: Language, areas: Mapping[str, str]) -> list[str]:
    """What a reader must know before using the figures.

    Args:
        summary: of the plan.
        language: of the sentences; warnings about the data are as the instance has them.
        areas: name of each excluded area, by its id.
    """
    word, count = language.word, language.count
    synthetic, excluded, layout = summary["synthetic"], summary["excluded"], summary["layout"]
    found = []
    if synthetic["places"]:
        places, of = count(synthetic["places"]), count(synthetic["of_places"])
        found.append(word("warn.synthetic", places=places, of=of, share=language.share(synthetic["share"])))
    if excluded["places"]:
        names = ", ".join(areas[key] for level in excluded["areas"].values() for key in level)
        people, places = count(excluded["people"]), count(excluded["places"])
        found.append(word("warn.excluded", areas=names, people=people, places=places))
    for service, lost in summary["unreachable"].items():
        if lost["places"]:
            names = ", ".join(lost["largest"][:NAMED]) + (", ..." if lost["places"] > NAMED else "")
            people, places = count(lost["people"]), count(lost["places"])
            found.append(
                word(
                    "warn.unreachable",
                    service=language.named(service),
                    people=people,
                    places=places,
                    names=names,
                )
            )
    if layout["standard"] != "minutes":
        found.append(word(f"warn.{layout['standard']}"))
    if layout["serve"] != "nearest":
        found.append(word("warn.serve"))
    return found + [language.say(one) for one in summary["warnings"]]
