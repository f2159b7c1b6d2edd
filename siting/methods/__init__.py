"""Methods: one module each with WHY, refusal(), suits() and solve(). The first that fits
and suits is chosen, else the first that fits.

Adding one is a file here and a line in the table below.
"""

from types import ModuleType

from siting.methods import center, decomposition, exact, set_cover

METHODS: dict[str, ModuleType] = {
    "center": center,
    "set_cover": set_cover,
    "exact": exact,
    "decomposition": decomposition,
}

__all__ = ["METHODS"]
