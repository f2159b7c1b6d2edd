"""Number of new facilities."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats
from siting.measures.base import OptionMeasure, Term


class SitesOpen(OptionMeasure):
    """New facilities opened: sum of y_j over candidates, whatever the number of units."""

    name = "sites_open"
    title = "new facilities"
    unit = "sites"
    per_site = True
    algebra = "sum_j y_j"

    def coefficient(self, term: Term) -> Floats:
        """1 for every candidate."""
        options = term.responses.options
        return (np.arange(len(options.site)) >= options.existing).astype(np.float64)
