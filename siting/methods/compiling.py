"""Says when kernels are compiled: once per machine, after which numba keeps them in its cache."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from numba.core import event

from siting.methods.run import Run

PHASE = "compiling (first use only)"


@contextmanager
def announced(run: Run) -> Iterator[None]:
    """Report a phase of its own whenever a kernel that the block calls has to be compiled."""
    with event.install_listener("numba:compile", _Teller(run)):
        yield


class _Teller(event.Listener):
    """Hears of every compilation of this process; those of other threads are not this solve's."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._thread = threading.get_ident()
        self._depth = 0
        self._phase = ExitStack()

    def on_start(self, event: event.Event) -> None:
        """A kernel is being compiled, perhaps because one that is compiled already calls it."""
        if threading.get_ident() == self._thread:
            if self._depth == 0:
                self._phase.enter_context(self._run.phase(PHASE))
                if gc.isenabled():  # looking through the compiler's objects takes a seventh of its time
                    gc.disable()
                    self._phase.callback(gc.enable)
            self._depth += 1

    def on_end(self, event: event.Event) -> None:
        """It is compiled."""
        if threading.get_ident() == self._thread:
            self._depth -= 1
            if self._depth == 0:
                self._phase.close()
                self._run.repeat()
