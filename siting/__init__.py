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
    from siting.doctor import diagnose
    from siting.engine import solve
    from siting.errors import InstanceError, ModelError, PlanError, SitingError, SolverError
    from siting.instance import Instance
    from siting.model import Model, load_model
    from siting.plan import Plan, Status, Termination
    from siting.readers import read
    from siting.readers.areas import assign_areas, katottg
    from siting.readers.cost_matrix import from_cost_matrix
    from siting.readers.geo import read_geo
    from siting.readers.geonames import read_geonames
    from siting.readers.graphml import read_graphml
    from siting.readers.od import read_od
    from siting.readers.orlib import read_orlib
    from siting.readers.osm import read_osm
    from siting.readers.tsplib import read_tsplib
    from siting.reasons import explain, why_not
    from siting.reopen import read_plan
    from siting.report import write_report
    from siting.result import Progress, Result
    from siting.studies.compare import compare
    from siting.studies.frontier import frontier
    from siting.writers import write, write_instance
    from siting.writers.export import export

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
    "assign_areas",
    "check",
    "compare",
    "diagnose",
    "explain",
    "export",
    "from_cost_matrix",
    "frontier",
    "katottg",
    "load_model",
    "read",
    "read_geo",
    "read_geonames",
    "read_graphml",
    "read_od",
    "read_orlib",
    "read_osm",
    "read_plan",
    "read_tsplib",
    "solve",
    "why_not",
    "write",
    "write_instance",
    "write_report",
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
    "assign_areas": "siting.readers.areas",
    "check": "siting.check",
    "compare": "siting.studies.compare",
    "diagnose": "siting.doctor",
    "explain": "siting.reasons",
    "export": "siting.writers.export",
    "from_cost_matrix": "siting.readers.cost_matrix",
    "frontier": "siting.studies.frontier",
    "katottg": "siting.readers.areas",
    "load_model": "siting.model",
    "read": "siting.readers",
    "read_geo": "siting.readers.geo",
    "read_geonames": "siting.readers.geonames",
    "read_graphml": "siting.readers.graphml",
    "read_od": "siting.readers.od",
    "read_orlib": "siting.readers.orlib",
    "read_osm": "siting.readers.osm",
    "read_plan": "siting.reopen",
    "read_tsplib": "siting.readers.tsplib",
    "solve": "siting.engine",
    "why_not": "siting.reasons",
    "write": "siting.writers",
    "write_instance": "siting.writers",
    "write_report": "siting.report",
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
