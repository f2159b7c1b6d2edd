"""siting: where to put facilities on a road network, with proof.

>>> import siting
>>> result = siting.solve(siting.read("three_towns"), "max_coverage")
>>> result.status.value
'proved optimal'

Names are loaded when they are first used, so that importing the package is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siting import check
    from siting.engine import solve
    from siting.errors import InstanceError, ModelError, PlanError, SitingError, SolverError
    from siting.instance import Instance
    from siting.model import Model, load_model
    from siting.plan import Plan, Status, Termination
    from siting.readers import read
    from siting.result import Progress, Result
    from siting.writers import write

__version__ = "0.1.0"

__all__ = [
    "Instance",
    "InstanceError",
    "Model",
    "ModelError",
    "Plan",
    "PlanError",
    "Progress",
    "Result",
    "SitingError",
    "SolverError",
    "Status",
    "Termination",
    "__version__",
    "check",
    "load_model",
    "read",
    "solve",
    "write",
]

_HOMES = {
    "Instance": "siting.instance",
    "InstanceError": "siting.errors",
    "Model": "siting.model",
    "ModelError": "siting.errors",
    "Plan": "siting.plan",
    "PlanError": "siting.errors",
    "Progress": "siting.result",
    "Result": "siting.result",
    "SitingError": "siting.errors",
    "SolverError": "siting.errors",
    "Status": "siting.plan",
    "Termination": "siting.plan",
    "check": "siting.check",
    "load_model": "siting.model",
    "read": "siting.readers",
    "solve": "siting.engine",
    "write": "siting.writers",
}
"""Module of every public name; ``check`` is a module itself."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'siting' has no attribute {name!r}")
    home = _HOMES[name]
    module = importlib.import_module(home)
    value = module if home == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
