"""Cost of the new facilities."""

from __future__ import annotations

from siting.instance.arrays import Floats
from siting.measures.base import OptionMeasure
from siting.response import Responses


class Cost(OptionMeasure):
    """Money spent: sum of c_j y_j over candidates."""

    name = "cost"
    title = "cost of the new facilities"
    unit = "currency"
    algebra = "sum_j c_j y_j"

    def coefficient(self, responses: Responses) -> Floats:
        """The cost of every option."""
        return responses.options.cost
