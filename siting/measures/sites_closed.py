"""Existing facilities that are closed, and what is added on balance (relocation)."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats
from siting.measures.base import OptionMeasure, Term


class SitesClosed(OptionMeasure):
    """Existing facilities closed: number of f with y_f = 0."""

    name = "sites_closed"
    title = "existing facilities closed"
    unit = "sites"
    algebra = "sum_f (1 - y_f)"

    def coefficient(self, term: Term) -> Floats:
        """0: opening closes nothing."""
        return np.zeros(len(term.scope))

    def closing(self, term: Term) -> Floats:
        """1 for every existing facility."""
        return np.ones(len(term.scope))


class SitesAdded(OptionMeasure):
    """Facilities opened less facilities closed."""

    name = "sites_added"
    title = "new facilities less those closed"
    unit = "sites"
    per_site = True
    algebra = "sum_j y_j - sum_f (1 - y_f)"

    def coefficient(self, term: Term) -> Floats:
        """1 for every candidate."""
        options = term.responses.options
        return (np.arange(len(options.site)) >= options.existing).astype(np.float64)

    def closing(self, term: Term) -> Floats:
        """-1 for every existing facility."""
        return -np.ones(len(term.scope))
