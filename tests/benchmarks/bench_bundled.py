"""Both national models on the bundled country, each solve in a process of its own.

Cold: with an empty cache of compiled kernels, as after installing; the rival is the same solve the
next time. Seconds are those of the whole process: import, reading, solving, checking.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.process import Tell, run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side

MODELS = ("max_coverage", "min_travel_time")
INSTANCES = ("ukraine",)


def solve(tell: Tell, instance: str, model: str, seconds: float) -> None:
    """Job: everything from the import on."""
    begun = time.monotonic()
    import siting
    from tests.benchmarks.ours import figures

    result = siting.solve(siting.read(instance), model, seconds=seconds)
    tell(**figures(result), seconds=time.monotonic() - begun)


def main(settings: Settings) -> Iterator[Line]:
    """One line per instance and model."""
    cap = settings.ours(30.0)
    for instance in settings.some(INSTANCES, 1):
        for model in MODELS:
            sides: list[Any] = []
            with tempfile.TemporaryDirectory() as cache:
                for name in ("siting", "siting, compiled"):
                    reply = run(
                        "bench_bundled:solve",
                        2 * cap + 60,
                        None,
                        {"NUMBA_CACHE_DIR": cache},
                        instance=instance,
                        model=model,
                        seconds=cap,
                    )
                    sides.append(side(name, reply, cap))
            yield Line(f"first use after installing: {instance}, {model}", sides[0], rival=sides[1])
