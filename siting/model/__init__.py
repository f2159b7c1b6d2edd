"""Planning questions as TOML files.

A model is a TOML file without any operator: one measure to maximize or minimize, further ones in
lexicographic order under ``then``, and limits on measures. Anything more becomes a measure.
"""

from siting.model.files import bundled_models, load_model, model_of
from siting.model.question import Goal, Limit, Model, Number, Parameter, Use
from siting.model.reader import parse_model

__all__ = [
    "Goal",
    "Limit",
    "Model",
    "Number",
    "Parameter",
    "Use",
    "bundled_models",
    "load_model",
    "model_of",
    "parse_model",
]
