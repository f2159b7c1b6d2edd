"""Timed runs; nothing here asserts, and pytest does not look in here.

From the top folder::

    python -m tests.benchmarks              # everything, some minutes
    python -m tests.benchmarks times        # travel times only
    python -m tests.benchmarks bundled      # both models on every bundled instance of size
    python -m tests.benchmarks bundled poltava
"""

from __future__ import annotations

import sys

from tests.benchmarks import bench_bundled, bench_times

BENCHMARKS = {"times": bench_times.main, "bundled": bench_bundled.main}


def main(words: list[str]) -> None:
    if words and words[0] not in BENCHMARKS:
        raise SystemExit(f"unknown benchmark {words[0]!r}; give one of {', '.join(BENCHMARKS)}, or nothing")
    for name in words[:1] or BENCHMARKS:
        BENCHMARKS[name](words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
