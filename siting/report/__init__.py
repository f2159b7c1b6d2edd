"""Reports for people: a page with map and tables that works offline, and a picture for slides."""

from siting.report.page import write_report
from siting.report.picture import write_png

__all__ = ["write_png", "write_report"]
