"""Needs, options, and the response times between them: all that measures and methods see."""

from siting.response.layout import SERVINGS, STANDARDS, Layout
from siting.response.needs import Needs, Options, build_needs, build_options
from siting.response.table import BYTES_PER_PAIR, Responses, build_responses

__all__ = [
    "BYTES_PER_PAIR",
    "SERVINGS",
    "STANDARDS",
    "Layout",
    "Needs",
    "Options",
    "Responses",
    "build_needs",
    "build_options",
    "build_responses",
]
