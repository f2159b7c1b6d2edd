"""Solves named in a few words, in this process or in a fresh one.

``python -m tests.fresh '[["rich:1", "p_center"]]'`` prints the hashes of what a plan folder holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import siting
from siting.errors import InstanceError, ModelError
from siting.instance import Instance
from siting.model import bundled_models
from siting.result import Result
from tests.same_plans import NUMBERS, fitting, instance_of, prints, rich, tied

Case = tuple[str, str]
"""What is solved: ``rich:SEED``, ``tied:SIZE`` or the name of a bundled instance; and the model."""

TOP = Path(__file__).parents[1]


@cache
def ground(name: str, shuffle: int | None = None) -> tuple[Instance, dict[str, Any]]:
    """An instance and numbers for the models' parameters."""
    kind, _, number = name.partition(":")
    if kind == "rich":
        found, numbers = rich(int(number))
        return instance_of(found, shuffle), numbers
    if kind == "tied":
        return instance_of(tied(int(number)), shuffle), NUMBERS
    return siting.read(name), {}


def solved(case: Case, *, threads: int = 1, shuffle: int | None = None, **how: Any) -> Result | None:
    """The answer; None where the model does not bind to the instance, or the method does not fit."""
    instance, numbers = ground(case[0], shuffle)
    try:
        return siting.solve(instance, case[1], numbers=fitting(case[1], numbers), threads=threads, **how)
    except (InstanceError, ModelError):
        return None


def prints_of(case: Case, **how: Any) -> dict[str, str] | None:
    """What :func:`prints` says of the answer."""
    result = solved(case, **how)
    return None if result is None else prints(result)


def cases(*grounds: str) -> list[Case]:
    """Every bundled model on each of the instances."""
    return [(name, model) for name in grounds for model in bundled_models()]


def in_fresh_process(
    wanted: Sequence[Case], hash_seed: str = "0", threads: int = 1, cache_folder: Path | None = None
) -> list[dict[str, str] | None]:
    """The prints of all cases from one new process.

    Args:
        wanted: the cases.
        hash_seed: ``PYTHONHASHSEED``: the order of sets of texts.
        threads: of each solve.
        cache_folder: where compiled kernels are kept; None for where they are kept as a rule.
    """
    more = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join([str(TOP), *sys.path])}
    if cache_folder is not None:
        more["NUMBA_CACHE_DIR"] = str(cache_folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.fresh", json.dumps(wanted), str(threads)],
        cwd=TOP, env={**os.environ, **more}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str] | None] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    asked, count = json.loads(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    json.dump([prints_of((name, model), threads=count) for name, model in asked], sys.stdout)
