"""Measures: one file each; adding one is a file here and a line in the table below."""

from siting.measures.base import Measure, NeedMeasure, OptionMeasure, Term
from siting.measures.cost import Cost
from siting.measures.counting import CountMeasure
from siting.measures.curve import Losses, Utility
from siting.measures.expected_cover import ExpectedCover
from siting.measures.people_covered import PeopleCovered, ShareCovered
from siting.measures.people_within import PeopleWithin
from siting.measures.reliable_cover import ReliableCover
from siting.measures.share_of_coverable import ShareOfCoverable
from siting.measures.share_within import ShareWithin
from siting.measures.sites_closed import SitesAdded, SitesClosed
from siting.measures.sites_open import SitesOpen
from siting.measures.stranded import Stranded
from siting.measures.tail_time import TailTime
from siting.measures.too_close import TooClose
from siting.measures.total_cost import TotalCost
from siting.measures.travel_time import TravelTime
from siting.measures.units_open import UnitsOpen
from siting.measures.worst_share import WorstShare
from siting.measures.worst_time import WorstTime

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        PeopleWithin(),
        ShareWithin(),
        ShareOfCoverable(),
        WorstShare(),
        PeopleCovered(),
        ShareCovered(),
        ExpectedCover(),
        ReliableCover(),
        TravelTime(),
        WorstTime(),
        TailTime(),
        Utility(),
        Losses(),
        SitesOpen(),
        SitesClosed(),
        SitesAdded(),
        UnitsOpen(),
        Cost(),
        TotalCost(),
        TooClose(),
        Stranded(),
    )
}

__all__ = ["MEASURES", "CountMeasure", "Measure", "NeedMeasure", "OptionMeasure", "Term"]
