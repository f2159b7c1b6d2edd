"""The programs of the bundled models' first objectives on tiny instances, as PuLP writes them.

``python -m tests.golden.regenerate``, from the top folder, writes them anew after a wanted change;
the difference then shows what the change does to every program.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import siting
from siting.measures.composer import Composer
from siting.measures.program import as_pulp
from siting.methods.compose import compose
from siting.model import bundled_models, load_model
from siting.problem import Problem, bind
from tests.catalogue.fixed import NUMBERS, fixed

FOLDER = Path(__file__).parent
THREE_TOWNS = ("max_coverage", "min_travel_time", "p_center", "set_cover")
"""Models that three_towns is enough for."""

MOST_COVERED = 44_700.0
"""The optimum of max_coverage, which its second program keeps."""


def problem_of(name: str) -> Problem:
    """A bundled model on the instance of its golden file."""
    model = load_model(name)
    if name in THREE_TOWNS:
        return bind(siting.read("three_towns"), model)
    numbers = {key: value for key, value in NUMBERS.items() if key in model.parameters}
    return bind(fixed().instance(), model, numbers)


def programs() -> dict[str, str]:
    """Text of every golden file by its name."""
    composed = {f"{name}.lp": compose(problem_of(name), 0, []) for name in bundled_models()}
    coverage = problem_of("max_coverage")
    kept = [(coverage.objectives[0].term, True, MOST_COVERED)]
    composed["max_coverage_then.lp"] = compose(coverage, 1, kept)
    return {name: _text(composer) for name, composer in composed.items()}


def _text(composer: Composer) -> str:
    problem, _ = as_pulp(composer.program)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "program.lp"
        problem.writeLP(str(path))
        return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for name, text in programs().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
