"""Models of one objective that are not bundled, as files in the temporary folder of a run."""

from __future__ import annotations

from pathlib import Path

_HEAD = """\
title    = "{title}"
question = "{title}?"
source   = "benchmarks"
{goal}"""
_LIMITS = """\
limits   = [
    { measure = "sites_open", each = "type", at_most = "$new" },
    { measure = "cost", at_most = "$budget" },
]
[parameters]
new    = { unit = "sites", each = "type", about = "new facilities of each type at most" }
budget = { unit = "currency", default = inf, about = "money for all new facilities together" }
"""

_GOALS = {
    "max_cover": 'maximize = { measure = "people_within" }\n' + _LIMITS,
    "p_center_fire": 'minimize = { measure = "worst_time", service = "fire_rescue" }\n' + _LIMITS,
    "fewest_fire": """\
minimize = { measure = "sites_open" }
limits   = [{ measure = "share_of_coverable", service = "fire_rescue", at_least = 1 }]
""",
}


def model(work: Path, name: str) -> str:
    """Path of one of these models, written if it is not there yet; bundled ones keep their name."""
    if name not in _GOALS:
        return name
    path = work / f"{name}.toml"
    path.write_text(_HEAD.format(title=name, goal=_GOALS[name]), encoding="utf-8")
    return str(path)
