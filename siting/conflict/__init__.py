"""Why there is no plan: the smallest set of limits in conflict, and the least change that would do."""

from siting.conflict.explained import Conflict, conflict
from siting.conflict.relax import Relaxation

__all__ = ["Conflict", "Relaxation", "conflict"]
