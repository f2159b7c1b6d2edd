"""What a check found, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LIMITS = 12
"""Limits listed; those of a group may be thousands."""


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        path: what was checked.
        findings: what is off, in words; empty when everything agrees.
        figures: recomputed figures with the keys of summary.json; tells nothing about the files. Of a
            frontier ``points``, each with its swept ``value``.
        notes: what is worth knowing, but nothing to object to.
        proofs: of a deep check, per objective what its multipliers prove, see
            :func:`siting.check.deep.check_proof`.
    """

    path: str
    findings: tuple[str, ...]
    figures: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    proofs: tuple[Mapping[str, Any], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every figure and every limit agrees."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON: ``path``, ``ok``, ``findings``, ``notes``, ``proofs`` and ``figures``."""
        return {
            "path": self.path,
            "ok": self.ok,
            "findings": list(self.findings),
            "notes": list(self.notes),
            "proofs": [dict(proof) for proof in self.proofs],
            "figures": dict(self.figures),
        }

    def text(self) -> str:
        """Findings and main figures, for people."""
        return "\n".join([*self._verdict(), *self._lines()])

    def _verdict(self) -> Iterator[str]:
        if self.ok:
            yield f"{self.path}: every figure and limit agrees with the instance"
        else:
            yield f"{self.path}: {len(self.findings)} findings"
            yield from (f"  {finding}" for finding in self.findings)
        yield from (f"note: {note}" for note in self.notes)

    def _lines(self) -> Iterator[str]:
        figures = self.figures
        if "points" in figures:
            for point in figures["points"]:
                yield f"recomputed: {point['value']:,.10g}: {_number(point['objective'])}"
            return
        counts = [f"{one['new']:,} x {one['title']}" for one in figures["facilities"].values() if one["new"]]
        new = ", ".join(counts) or "none"
        money = figures["money"]
        yield f"recomputed: new facilities: {new}; cost {money['spent']:,.2f} {money['currency']}"
        if "saved" in money:
            shut = sum(one["closed"] for one in figures["facilities"].values())
            yield f"  closed facilities: {shut:,}; saved {money['saved']:,.2f} {money['currency']}"
        for service in figures["services"].values():
            old, now = service["before"], service["after"]
            yield (
                f"  {service['title']}: {old['people_within']:,} -> {now['people_within']:,} of "
                f"{now['people']:,} people within the standard; mean response "
                f"{_minutes(old)} -> {_minutes(now)} min"
            )
        for goal in figures["objectives"]:
            yield f"  {goal['measure']}: {_number(goal['value'])} {goal['unit']}"
        limits = figures["limits"]
        for limit in limits[:LIMITS]:
            yield f"  limit {limit['label']}: {_number(limit['value'])}"
        if len(limits) > LIMITS:
            yield f"  ... and {len(limits) - LIMITS:,} more limits"


def _minutes(figures: Mapping[str, Any]) -> str:
    mean = figures["mean_minutes"]
    return "none" if mean is None else f"{mean:.2f}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:,.10g}"
