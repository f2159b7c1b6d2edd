"""The programs of the bundled models on three_towns, as PuLP writes them.

``python -m tests.golden.regenerate``, from the top folder, writes them anew after a wanted change;
the difference then shows what the change does to every program.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import siting
from siting.methods import exact
from siting.model import load_model
from siting.problem import bind

FOLDER = Path(__file__).parent
MOST_COVERED = 44_700.0
"""The optimum of max_coverage, which its second program keeps."""


def programs() -> dict[str, str]:
    """Text of every golden file by its name."""
    coverage = bind(siting.read("three_towns"), load_model("max_coverage"))
    travel = bind(siting.read("three_towns"), load_model("min_travel_time"))
    covered = coverage.objectives[0].term
    stages = {
        "max_coverage.lp": exact._Stage(coverage, 0, []),
        "max_coverage_then.lp": exact._Stage(coverage, 1, [(covered, True, MOST_COVERED)]),
        "min_travel_time.lp": exact._Stage(travel, 0, []),
    }
    return {name: _text(stage) for name, stage in stages.items()}


def _text(stage: exact._Stage) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "program.lp"
        stage.compose().problem.writeLP(str(path))
        return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for name, text in programs().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
