"""What a diagnosis is made of: findings, the rows they are about, and how far sites are from roads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

FORMAT = 1
"""Version of the JSON of a diagnosis; it changes when a key changes its meaning or goes."""


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """Nothing can be solved, or no answer may be trusted, whatever the question: it must be mended."""
    WARNING = "warning"
    """The answer holds for the data as they are, but they look wrong, leave something out, or leave some
    questions without a plan."""


@dataclass(frozen=True)
class Row:
    """One thing a finding is about.

    Attributes:
        id, name: of a place, site, facility or area; ``from -> to`` of a road; a dotted key of
            instance.toml. Empty where a file as a whole is meant.
        value: the number that was found odd; None where there is none.
        unit: its unit; empty without one.
        note: what else is to be said about it.
        file, line: where it stands, as far as that is known; the header of a file is line 1.
        column: the column or key to blame, if it is one.
    """

    id: str
    name: str = ""
    value: float | None = None
    unit: str = ""
    note: str = ""
    file: str | None = None
    line: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or odd.

    Attributes:
        check: key of :data:`siting.doctor.CHECKS`, or a kind of :mod:`siting.doctor.complaints`.
        severity: how much it matters.
        what: what was found, in one line, with numbers and units.
        effect: what it does to the answer.
        remedy: how to mend it.
        rows: everything it is about, complete.
        unlisted: more of the same that the reader counted without listing them.
    """

    check: str
    severity: Severity
    what: str
    effect: str
    remedy: str
    rows: tuple[Row, ...] = ()
    unlisted: int = 0

    def as_dict(self) -> dict[str, object]:
        """The finding with ``count``, the number of rows listed or not, for JSON."""
        return {**asdict(self), "severity": self.severity.value, "count": len(self.rows) + self.unlisted}


SNAP_EDGES_M = (0, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 50_000)
"""Bins of the histogram begin at these metres; the last one is open."""


@dataclass(frozen=True)
class Snaps:
    """How far the sites that take part are from the road network.

    Attributes:
        on_network: sites that stand on a road node.
        counts: sites linked to the network over a distance in each bin of :data:`SNAP_EDGES_M`;
            a site exactly at an edge counts in the bin below it.
    """

    on_network: int
    counts: tuple[int, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON: the edges and counts of the histogram."""
        return {"on_network": self.on_network, "from_m": list(SNAP_EDGES_M), "counts": list(self.counts)}


@dataclass(frozen=True)
class Diagnosis:
    """Everything a doctor says about an instance.

    Attributes:
        instance: its name, or what was to be read.
        origin: what to write after ``siting doctor`` to see all of it.
        findings: errors first.
        checks: names of the checks that were made; empty where the instance could not be read.
        snaps: None where sites do not stand on roads.
        notes: what the reader of the instance noted; they are not findings.
    """

    instance: str
    origin: str
    findings: tuple[Finding, ...]
    checks: tuple[str, ...] = ()
    snaps: Snaps | None = None
    notes: tuple[str, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 warnings, 2 errors."""
        if self.count(Severity.ERROR):
            return 2
        return 1 if self.findings else 0

    def as_dict(self) -> dict[str, object]:
        """For JSON, complete.

        Keys: ``format``, ``instance``, ``origin``, ``exit_code``, ``errors``, ``warnings``,
        ``checks``, ``findings`` (each ``check``, ``severity``, ``what``, ``effect``, ``remedy``,
        ``count``, ``unlisted`` and ``rows`` with the attributes of :class:`Row`), ``snaps``
        (``on_network``, ``from_m``, ``counts``; null without roads) and ``notes``.
        """
        return {
            "format": FORMAT,
            "instance": self.instance,
            "origin": self.origin,
            "exit_code": self.exit_code,
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "checks": list(self.checks),
            "findings": [finding.as_dict() for finding in self.findings],
            "snaps": None if self.snaps is None else self.snaps.as_dict(),
            "notes": list(self.notes),
        }


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, else in the order given."""
    rank: Mapping[Severity, int] = {severity: number for number, severity in enumerate(Severity)}
    return tuple(sorted(findings, key=lambda finding: rank[finding.severity]))
