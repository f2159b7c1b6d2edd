"""Figures people read: the tables and the summary of a result."""

from siting.figures.assignments import assignments_table
from siting.figures.summary import FORMAT, summary
from siting.figures.tables import DECIMALS, closed_table, sites_table

__all__ = ["DECIMALS", "FORMAT", "assignments_table", "closed_table", "sites_table", "summary"]
