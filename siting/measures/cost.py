"""Cost of the new facilities, less what closing existing ones saves."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from siting.instance.arrays import Floats
from siting.measures.arguments import Argument
from siting.measures.base import OptionMeasure, Term


class Cost(OptionMeasure):
    """Money spent: sum of c_j y_j over candidates, of which a payer bears the share of its type.

    Closing an existing facility saves what the data say, and costs ``moving``, where that is given.
    """

    name = "cost"
    title = "cost of the new facilities"
    unit = "currency"
    arguments: ClassVar = {"moving": Argument("what closing one existing facility costs (currency)")}
    filters = OptionMeasure.filters | {"payer"}
    algebra = "sum_j c_j y_j - sum_closed s_f"

    def coefficient(self, term: Term) -> Floats:
        """The cost of one unit of every option, as far as the payer bears it."""
        return term.responses.options.cost * _borne(term)

    def closing(self, term: Term) -> Floats:
        """What closing costs less what it saves."""
        return (term.number("moving", 0.0) - term.responses.options.saving) * _borne(term)


def _borne(term: Term) -> Floats:
    """(M,) share of the money that the payers in question bear."""
    options = term.responses.options
    payers = term.arguments.get("payer")
    if payers is None:
        return np.ones(len(options.site))
    assert isinstance(payers, tuple)
    share = [sum(kind.payers.get(str(one), 0.0) for one in payers) for kind in term.responses.settings.types]
    return np.array(share)[options.type]
