"""Coverage-guided fuzzing with atheris: ``python -m tests.fuzz TARGET --guided [--cases N]``.

The parsers are instrumented as they are imported, so this has to run before anything of siting is: which
is why nothing of it stands at the top. Bytes that reach new branches are kept and mutated further; the
good files of the target are what it begins with.
"""

from __future__ import annotations

import random
import sys
import tempfile
import traceback
from pathlib import Path

_PARSERS = (
    "siting.readers", "siting.instance", "siting.model", "siting.nested", "siting.check.solver_files",
    "siting.check.files", "siting.studies.frontier.sweep", "siting.terminal.arguments", "tomllib", "csv",
)  # fmt: skip


def explore(name: str, cases: int) -> None:
    """Let coverage choose the bytes of one target; ends the process, with 1 where there were faults."""
    import atheris

    with atheris.instrument_imports(include=list(_PARSERS), enable_loader_override=False):
        from tests.fuzz.engine import TooLateError, attempt, case_of, warm
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    if not target.guided:
        print(f"{name} has no file whose bytes coverage may choose")
        sys.exit(2)
    warm(target)
    counts = {"cases": 0, "read": 0, "faults": 0}

    def one(data: bytes) -> None:
        counts["cases"] += 1
        case = {**case_of(target, 0), target.guided: data}
        try:
            counts["read"] += attempt(target, {target.guided: data} if len(case) == 1 else case)
        except (Exception, TooLateError):
            counts["faults"] += 1
            if counts["faults"] <= 20:
                print(f"--- {name} {data[:2000]!r}\n{traceback.format_exc(limit=-6)}", file=sys.stderr)
        if counts["cases"] == cases:
            print(f"{name:12} guided {counts}", flush=True)
            sys.stdout.flush()

    corpus = Path(tempfile.mkdtemp(prefix="siting-corpus-"))
    for number in range(200):
        found = case_of(target, number).get(target.guided, b"")
        (corpus / str(number)).write_bytes(found[:4000])
    random.seed(0)
    arguments = [f"-runs={cases}", "-seed=1", "-max_len=4000", "-handle_alrm=0", "-print_final_stats=0"]
    atheris.Setup(["tests.fuzz", *arguments, "-verbosity=0", str(corpus)], one)
    atheris.Fuzz()
