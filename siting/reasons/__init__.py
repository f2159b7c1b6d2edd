"""Reasons for planners: why each recommended site is where it is, and why a place is not covered."""

from siting.reasons.places import why_not
from siting.reasons.records import Answer, Explanation, Goal, WhyNot
from siting.reasons.sites import explain

__all__ = ["Answer", "Explanation", "Goal", "WhyNot", "explain", "why_not"]
