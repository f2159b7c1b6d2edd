"""How kernels are compiled."""

from __future__ import annotations

from typing import Any

import numba

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_CLOSED: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

kernel: Any = numba.njit(**_OPTIONS)
"""For kernels that Python calls."""
inner: Any = numba.njit(**_CLOSED)
"""For kernels that only kernels call: a third of their compile time goes into what lets Python in."""
