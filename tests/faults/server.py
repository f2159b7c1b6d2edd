"""Runs ``siting`` again and again with a fault in it, each time in a fork of one warm process.

Reads one case per line as JSON and answers with exit code (negative: the signal), stdout and stderr. A
fork has everything imported and compiled, so that a case takes a fraction of a second.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def operations(case: dict[str, Any], act: Callable[[], None]) -> None:
    """Act at the n-th operation on the disk below a folder; the n-th and all later with ``always``."""
    below, left, always = case["below"], case["n"], case.get("always", False)
    import siting.whole as whole

    # A full disk lets things be removed.
    watched = WATCHED - {"os.remove", "os.rmdir"} if "errno" in case else WATCHED

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in watched or isinstance(arguments[0], int):
            return
        if not os.path.abspath(os.fsdecode(arguments[0])).startswith(below):
            return
        if event == "open" and not (int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)):
            return
        left -= 1
        if left == 0 or (always and left < 0):
            act()

    sys.addaudithook(count)
    for owner, name in ((os, "fsync"), (whole, "_exchange")):  # these are not audited
        setattr(owner, name, counted(getattr(owner, name), lambda: count("os.rename", (below,))))


def counted(function: Callable[..., Any], before: Callable[[], None]) -> Callable[..., Any]:
    def called(*arguments: Any) -> Any:
        before()
        return function(*arguments)

    return called


def entering(case: dict[str, Any], act: Callable[[], None]) -> None:
    """Act when one of siting's functions, ``module:name``, is entered."""
    module, name = case["at"].split(":")
    owner = importlib.import_module(module)
    before = getattr(owner, name)

    def called(*arguments: Any, **more: Any) -> Any:
        act()
        return before(*arguments, **more)

    setattr(owner, name, called)


def action(case: dict[str, Any]) -> Callable[[], None]:
    """What the fault does at its moment."""

    def send() -> None:
        for number in case["signals"]:
            os.kill(os.getpid(), number)
            time.sleep(case.get("pause", 0.15))

    def refuse() -> None:
        raise OSError(case["errno"], os.strerror(case["errno"]))

    def change() -> None:
        exec(case["change"], {"shutil": shutil, "os": os, "Path": Path})

    def leave() -> None:
        print("OPERATION")

    if "signals" in case:
        return send
    if "errno" in case:
        return refuse
    return change if "change" in case else leave


def inject(case: dict[str, Any]) -> None:
    """Put the fault into this process."""
    for name, value in case.get("environment", {}).items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    if "before" in case:
        exec(case["before"], {"os": os, "sys": sys, "signal": signal, "Path": Path, "time": time})
    if "at" in case:
        entering(case, action(case))
    elif "below" in case:
        operations(case, action(case))
    if "memory" in case:  # bytes beyond those in use
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + case["memory"],) * 2)
    if "file_size" in case:
        resource.setrlimit(resource.RLIMIT_FSIZE, (case["file_size"],) * 2)


def child(case: dict[str, Any], out: int, err: int) -> None:
    """The command, as Python would run it."""
    code: Any = 1
    try:
        os.dup2(os.open(case["stdout"], os.O_WRONLY) if "stdout" in case else out, 1)
        os.dup2(err, 2)
        os.chdir(case["folder"])
        sys.stdout, sys.stderr = (os.fdopen(os.dup(one), "w", 1) for one in (1, 2))
        sys.argv = ["siting", *case["arguments"]]
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until siting listens, without Python's traceback
        inject(case)
        from siting.__main__ import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code if isinstance(code, int) else 1)


def run(case: dict[str, Any]) -> dict[str, Any]:
    """One case, in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if process == 0:
            child(case, out.fileno(), err.fileno())
        begun = time.monotonic()
        later = [(begun + after, number) for after, number in case.get("later", [])]
        while True:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                break
            while later and time.monotonic() >= later[0][0]:
                os.kill(process, later.pop(0)[1])
            if time.monotonic() - begun > case.get("timeout", 60):
                os.kill(process, signal.SIGKILL)
                return {"code": "hangs", "out": "", "err": text(err)}
            time.sleep(0.002)
        seconds = time.monotonic() - begun
        return {
            "code": os.waitstatus_to_exitcode(status), "out": text(out), "err": text(err), "seconds": seconds
        }  # fmt: skip


def text(file: Any) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def main() -> None:
    import siting
    import siting.report
    import siting.terminal.estimate
    import siting.terminal.progress
    from siting import cli  # noqa: F401
    from siting.doctor import diagnose

    instance = siting.read("three_towns")
    diagnose(instance, brief=True)
    with tempfile.TemporaryDirectory() as folder:
        siting.write(siting.solve(instance), Path(folder, "plan"))
        siting.check.check_folder(instance, Path(folder, "plan"))
    assert threading.active_count() == 1
    print(json.dumps(len(os.listdir("/proc/self/task"))), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
