"""Share of the coverable people whose response time is within the coverage standard."""

from __future__ import annotations

import numpy as np

from siting.instance.arrays import Flags
from siting.measures.base import Term
from siting.measures.people_within import in_time
from siting.measures.share_within import ShareWithin


class ShareOfCoverable(ShareWithin):
    """As ``share_within``, over the people whom some facility or candidate can reach in time."""

    name = "share_of_coverable"
    title = "share of the coverable people within the coverage standard (weighted by service)"
    algebra = "sum_i w_i [t_i <= S_i] / sum_i w_i [some site reaches i within S_i]"

    def counted(self, term: Term) -> Flags:
        """(N,) needs in scope that are, or can be, covered."""
        responses = term.responses
        everyone = np.arange(len(term.scope), dtype=np.int32)
        coverable = (responses.base_option >= 0) & in_time(term, everyone, responses.base_ms)
        coverable[responses.row[in_time(term, responses.row, responses.ms)]] = True
        return np.asarray(term.scope & coverable)
