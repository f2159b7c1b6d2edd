"""What a function of response time is summed over: people, places, or fires a year."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.measures.arguments import Argument
from siting.measures.base import Term

PER = Argument(
    "what is counted: people, places, or fires a year",
    kind="word",
    words=("people", "places", "fires"),
    shown=True,
)
"""The argument by which a measure counts something else than people."""


def size(term: Term, need: Ints) -> Floats:
    """(K,) weighted people, places or fires a year of some needs, in their scenarios and periods."""
    responses = term.responses
    per = term.arguments.get("per", "people")
    if per == "people":
        return responses.needs.weight[need]
    if per == "places":
        return responses.needs.factor[need]
    fires = responses.instance.places.fires[responses.needs.place[need]]
    return np.asarray(fires * responses.needs.factor[need])
