"""The instance: data of a region as frozen, validated arrays."""

from siting.instance.arrays import (
    LEVELS,
    Areas,
    Candidates,
    CandidateStatus,
    Chance,
    Facilities,
    FacilityType,
    OdTable,
    Period,
    Places,
    Scenario,
    Service,
    Settings,
    Sites,
    Source,
)
from siting.instance.core import Instance

__all__ = [
    "LEVELS",
    "Areas",
    "CandidateStatus",
    "Candidates",
    "Chance",
    "Facilities",
    "FacilityType",
    "Instance",
    "OdTable",
    "Period",
    "Places",
    "Scenario",
    "Service",
    "Settings",
    "Sites",
    "Source",
]
