"""How kernels are compiled: the one place that says so.

Every kernel is compiled when it is first called, and kept in a cache; what keeps that short is
that few of them are compiled, each once, for one set of types.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps as _dumps

# Nothing but Python and other kernels calls a kernel, so none needs an entry for C. Dividing by
# zero gives what the hardware gives: no kernel raises an error.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

_CLOSED: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}
_WRITTEN_IN: dict[str, Any] = {**_OPTIONS, "inline": "always"}


class _Cache(FunctionCache):
    """Numba's cache with one file per kernel and types, used only if it is as it was written.

    Numba's own ends the program at a damaged file, and runs machine code whatever has become of it.
    Nothing that goes wrong here matters: the kernel is compiled.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel, or None."""
        target_context.refresh()
        with suppress(Exception):
            key = self._key(sig, target_context.codegen())
            whole = self._file(sig).read_bytes()
            digest, content = whole[:32], whole[32:]
            if hashlib.sha256(content).digest() == digest:
                found, compiled = pickle.loads(content)
                if found == key:
                    return self._impl.rebuild(target_context, compiled)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel, if it can be kept."""
        with suppress(Exception):
            if not self._impl.check_cachable(data):
                return
            content: bytes = _pickled((self._key(sig, data.codegen), self._impl.reduce(data)))
            file = self._file(sig)
            fresh = file.with_name(f"{file.name}.tmp.{uuid4().hex[:16]}")
            try:
                fresh.write_bytes(hashlib.sha256(content).digest() + content)
                os.replace(fresh, file)
            finally:
                fresh.unlink(missing_ok=True)

    def _key(self, sig: Any, codegen: Any) -> str:
        """All that the machine code depends on, as text: types have names of their own."""
        parts = (numba.__version__, [str(one) for one in sig], *self._index_key((), codegen))  # type: ignore[no-untyped-call]
        return repr((*parts, sorted(_sources(self._py_func, {}).items())))

    def _file(self, sig: Any) -> Path:
        types = hashlib.sha256(",".join(str(one) for one in sig).encode()).hexdigest()[:16]
        return Path(self.cache_path, f"{self._impl.filename_base}.{types}.nbc")


def _sources(function: Any, found: dict[str, str]) -> dict[str, str]:
    """The text of the modules of a kernel and of all that it calls, and the numbers they name.

    Numba's own cache looks at the module of the kernel alone: after an update it would go on with what
    another module held before.
    """
    module = inspect.getfile(function)
    if module not in found:
        found[module] = _digest(module)
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        where = f"{module} {function.__name__} {name}"
        if where not in found and isinstance(value, Dispatcher):
            found[where] = value.py_func.__name__
            _sources(value.py_func, found)
        elif isinstance(value, int | float | np.generic):
            found[where] = repr(value)
    return found


@functools.cache
def _digest(module: str) -> str:
    return hashlib.sha256(Path(module).read_bytes()).hexdigest()


# Without types in numba, what is taken from it or derived from it is untyped.
_pickled: Any = _dumps
_cache: Any = _Cache


def _compiler(options: dict[str, Any]) -> Callable[[Any], Any]:
    def compiled(function: Any) -> Any:
        found = numba.njit(**options)(function)
        with suppress(RuntimeError, OSError):  # nowhere to keep it: neither beside the module nor at home
            found._cache = _cache(function)
        return found

    return compiled


kernel = _compiler(_OPTIONS)
"""For kernels that Python calls."""
inner = _compiler(_CLOSED)
"""For kernels that only kernels call, at several places; Python that calls one crashes.

A constant passed to one is a type of its own: ``np.int64(-1)`` is not.
"""
part = _compiler(_WRITTEN_IN)
"""For parts of one kernel, called at one place: compiled as if they were written there."""
