"""The independent checker: recomputes a plan from its instance, and says what is off."""

from siting.check.everything import check_folder
from siting.check.report import Report
from siting.check.verifier import verify

__all__ = ["Report", "check_folder", "verify"]
