"""How kernels are compiled: the one place that says so.

Every kernel is compiled when it is first called, and kept in numba's cache; what keeps that short is
that few of them are compiled, each once, for one set of types.
"""

from __future__ import annotations

from typing import Any

import numba

# Nothing but Python and other kernels calls a kernel, so none needs an entry for C. Dividing by
# zero gives what the hardware gives: no kernel raises an error.
_OPTIONS: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True
}  # fmt: skip

_CLOSED: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}
_WRITTEN_IN: dict[str, Any] = {**_OPTIONS, "inline": "always"}

kernel: Any = numba.njit(**_OPTIONS)
"""For kernels that Python calls."""
inner: Any = numba.njit(**_CLOSED)
"""For kernels that only kernels call, at several places; Python that calls one crashes.

A constant passed to one is a type of its own: ``np.int64(-1)`` is not.
"""
part: Any = numba.njit(**_WRITTEN_IN)
"""For parts of one kernel, called at one place: compiled as if they were written there."""
