"""Crews that are busy a share of their time: what measures over free crews have in common."""

from __future__ import annotations

import numpy as np

from siting.instance import LEVELS
from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Argument, Grouped
from siting.measures.base import Term
from siting.measures.counting import CountMeasure

BUSY = Argument(
    "share of time a crew is busy (of 1); per type, or per service, kind or area of the need",
    low=0,
    high=0.999,
    by=("type", "service", "kind", *LEVELS),
    required=True,
)


def classes_of(term: Term) -> tuple[Ints, Floats]:
    """(M,) class of every option by how busy its type is, and the busy share of every class."""
    types = term.by_option("busy", 0.0)
    shares, classes = np.unique(np.nan_to_num(types, nan=0.0), return_inverse=True)
    return classes.reshape(-1).astype(np.int32), shares


def is_by_type(term: Term) -> bool:
    """Whether the busy share differs between facility types instead of needs."""
    busy = term.arguments.get("busy")
    return isinstance(busy, Grouped) and busy.by == "type"


class BusyMeasure(CountMeasure):
    """A measure with the argument ``busy``, a share per facility type or per group of needs."""

    def classes(self, term: Term) -> tuple[Ints, int]:
        """One class per busy share of types; one where busy shares belong to needs."""
        if not is_by_type(term):
            return super().classes(term)
        classes, shares = classes_of(term)
        return classes, len(shares)
