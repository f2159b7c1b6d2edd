"""The doctor: what is wrong or odd about an instance, before a solver wastes anybody's time."""

from siting.doctor.checks import CHECKS, Check, diagnose, examine
from siting.doctor.findings import SNAP_EDGES_M, Diagnosis, Finding, Row, Severity, Snaps

__all__ = [
    "CHECKS",
    "SNAP_EDGES_M",
    "Check",
    "Diagnosis",
    "Finding",
    "Row",
    "Severity",
    "Snaps",
    "diagnose",
    "examine",
]
