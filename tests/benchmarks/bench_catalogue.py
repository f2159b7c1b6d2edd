"""Every bundled model on the bundled country and on one oblast, with the numbers the instances bring.

What `siting models` says about the size at which a model was proved is taken from here.
"""

from __future__ import annotations

from collections.abc import Iterator

from siting.model import bundled_models
from tests.benchmarks.process import run
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, side

INSTANCES = ("ukraine", "poltava")


def main(settings: Settings) -> Iterator[Line]:
    """One line per model and instance: within 0.1 % in a minute, or not."""
    cap = settings.ours(60.0)
    for model in bundled_models():
        for instance in INSTANCES:
            reply = run("ours:solve", 2 * cap + 60, instance=instance, model=model, seconds=cap)
            ours = side("siting", reply, cap)
            reached = reply.get("gap") is not None and reply["gap"] <= 1e-3
            yield Line(f"{model}, {instance}", ours, reach=f"0.1 % in {cap:.0f} s", reached=reached)
