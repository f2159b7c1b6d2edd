"""Number of new facilities."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats
from siting.measures.base import OptionMeasure
from siting.response import Responses


class SitesOpen(OptionMeasure):
    """New facilities opened: sum of y_j over candidates."""

    name = "sites_open"
    title = "new facilities"
    unit = "sites"
    algebra = "sum_j y_j"

    def coefficient(self, responses: Responses) -> Floats:
        """1 for every candidate."""
        options = responses.options
        return (np.arange(len(options.site)) >= options.existing).astype(np.float64)
