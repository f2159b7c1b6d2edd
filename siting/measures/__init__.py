"""Measures: one file each; adding one is a file here and a line in the table below."""

from siting.measures.base import Measure, NeedMeasure, OptionMeasure, Term
from siting.measures.cost import Cost
from siting.measures.people_within import PeopleWithin
from siting.measures.share_of_coverable import ShareOfCoverable
from siting.measures.share_within import ShareWithin
from siting.measures.sites_open import SitesOpen
from siting.measures.travel_time import TravelTime
from siting.measures.worst_time import WorstTime

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        PeopleWithin(),
        ShareWithin(),
        ShareOfCoverable(),
        TravelTime(),
        WorstTime(),
        SitesOpen(),
        Cost(),
    )
}

__all__ = ["MEASURES", "Measure", "NeedMeasure", "OptionMeasure", "Term"]
