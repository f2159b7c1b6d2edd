"""Number of new units: crews, officers."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats
from siting.measures.base import OptionMeasure, Term


class UnitsOpen(OptionMeasure):
    """Units opened at candidates, such as crews or officers: sum of x_j, x_j whole numbers."""

    name = "units_open"
    title = "new units (crews, officers)"
    unit = "units"
    every = True
    algebra = "sum_j x_j"

    def coefficient(self, term: Term) -> Floats:
        """1 for every candidate."""
        options = term.responses.options
        return (np.arange(len(options.site)) >= options.existing).astype(np.float64)
