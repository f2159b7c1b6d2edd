"""Measures: one file each; adding one is a file here and a line in the table below."""

from siting.measures.base import Measure, NeedMeasure, OptionMeasure, Term
from siting.measures.cost import Cost
from siting.measures.people_within import PeopleWithin
from siting.measures.sites_open import SitesOpen
from siting.measures.travel_time import TravelTime

MEASURES: dict[str, Measure] = {
    measure.name: measure for measure in (PeopleWithin(), TravelTime(), SitesOpen(), Cost())
}

__all__ = ["MEASURES", "Measure", "NeedMeasure", "OptionMeasure", "Term"]
