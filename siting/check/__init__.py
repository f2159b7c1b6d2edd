"""The independent checker: recomputes a plan from its instance, and says what is off."""

from siting.check.audit import verify
from siting.check.folder import check_folder
from siting.check.report import Report

__all__ = ["Report", "check_folder", "verify"]
