"""``python -m tests.fuzz [TARGET ...] [--cases N] [--first N] [--guided]``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.fuzz.guided import explore

if TYPE_CHECKING:
    from tests.fuzz.engine import Tally


def main() -> int:
    """Run targets, print a row for each, and return how many faults there were."""
    if "--guided" in sys.argv:
        return _guided()
    from tests.fuzz.engine import case_of, run, warm
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default: all")
    parser.add_argument("--cases", type=int, default=1000, help="of each target")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end each target after so many")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--guided", action="store_true", help="one target, its bytes chosen by coverage")
    parser.add_argument("--show", action="store_true", help="print the files of the first case and stop")
    asked = parser.parse_args()
    unknown = [name for name in asked.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    names = asked.targets or list(TARGETS)
    faults = 0
    print(
        f"{'target':12} {'cases':>10} {'read':>9} {'refused':>9} {'faults':>6} {'a second':>9} {'slowest':>8}"
    )
    for name in names:
        target = TARGETS[name]
        if asked.show:
            for file, data in case_of(target, asked.first).items():
                print(f"--- {file}\n{data!r}")
            continue
        warm(target)
        tally = run(target, range(asked.first, asked.first + asked.cases), asked.seconds)
        print(_row(name, tally), flush=True)
        for number, said in tally.faults.items():
            print(f"--- {name} {number}\n{said[-3000:]}", file=sys.stderr, flush=True)
        faults += len(tally.faults)
    return min(faults, 100)


def _guided() -> int:
    """Coverage-guided fuzzing, before anything of siting is imported."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--guided", action="store_true")
    asked = parser.parse_args()
    explore(asked.target, asked.cases)
    return 0


def _row(name: str, tally: Tally) -> str:
    cases = tally.read + tally.refused + len(tally.faults)
    rate = cases / tally.seconds if tally.seconds else 0
    return (
        f"{name:12} {cases:10,} {tally.read:9,} {tally.refused:9,} {len(tally.faults):6} {rate:9,.0f} "
        f"{tally.slowest:7.2f}s"
    )


if __name__ == "__main__":
    sys.exit(main())
