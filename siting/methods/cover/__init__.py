"""Set covering on arrays, for every method that asks who covers whom at least cost."""

from siting.methods.cover.model import Cover, Covering
from siting.methods.cover.solve import solve_cover

__all__ = ["Cover", "Covering", "solve_cover"]
