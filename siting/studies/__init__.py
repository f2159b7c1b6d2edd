"""Studies of an answer by further solves: what nesting costs, and how stable sites are."""

from siting.studies.nesting import price_of_nesting
from siting.studies.stability import stability

__all__ = ["price_of_nesting", "stability"]
