"""The instance: data of a region as frozen, validated arrays."""

from siting.instance.arrays import (
    LEVELS,
    Areas,
    Candidates,
    CandidateStatus,
    Facilities,
    FacilityType,
    OdTable,
    Places,
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
    "Facilities",
    "FacilityType",
    "Instance",
    "OdTable",
    "Places",
    "Service",
    "Settings",
    "Sites",
    "Source",
]
