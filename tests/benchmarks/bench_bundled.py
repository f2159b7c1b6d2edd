"""Both national models on bundled instances, each solve in a process of its own.

Cold: with an empty cache of compiled kernels, as after installing; warm: the next time. Seconds are
wall seconds of the whole process (import, reading, solving, checking), beside those of ``solve``
alone; memory is the most the process ever held.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MODELS = ("max_coverage", "min_travel_time")
INSTANCES = ("poltava", "ukraine")

CHILD = """
import json, resource, sys, time
begun = time.monotonic()
import siting
result = siting.solve(siting.read(sys.argv[1]), sys.argv[2])
print(json.dumps({
    "total": time.monotonic() - begun,
    "solve": result.seconds["total"],
    "status": result.status.value,
    "gaps": [goal.gap for goal in result.achieved],
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def run(instance: str, model: str, cache: str) -> dict[str, Any]:
    """Solve in a child process whose compiled kernels live in ``cache``."""
    top = Path(__file__).resolve().parent.parent.parent
    path = os.pathsep.join(part for part in (str(top), os.environ.get("PYTHONPATH")) if part)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, instance, model],
        env=os.environ | {"NUMBA_CACHE_DIR": cache, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(words: list[str]) -> None:
    head = ("instance", "model", "kernels", "process s", "solve s", "MB", "status", "gaps")
    print(f"\n{head[0]:<10} {head[1]:<16} {head[2]:<8}", end="")
    print(f"{head[3]:>10} {head[4]:>8} {head[5]:>6}  {head[6]:<16} {head[7]}")
    for instance in words or INSTANCES:
        for model in MODELS:
            with tempfile.TemporaryDirectory() as cache:
                for kernels in ("cold", "warm"):
                    found = run(instance, model, cache)
                    gaps = ", ".join("-" if gap is None else f"{gap:.1e}" for gap in found["gaps"])
                    print(f"{instance:<10} {model:<16} {kernels:<8}", end="")
                    print(f"{found['total']:>10.1f} {found['solve']:>8.1f}", end="")
                    print(f" {found['mb']:>6.0f}  {found['status']:<16} {gaps}", flush=True)
