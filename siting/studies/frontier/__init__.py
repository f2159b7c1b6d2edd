"""What would change: the best value of the first objective for every value of one number."""

from siting.studies.frontier.curve import Frontier, Point
from siting.studies.frontier.run import frontier
from siting.studies.frontier.sweep import parse_sweep

__all__ = ["Frontier", "Point", "frontier", "parse_sweep"]
