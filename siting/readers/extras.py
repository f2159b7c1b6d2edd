"""Heavy libraries, imported when a reader needs them."""

from __future__ import annotations

import importlib
from typing import Any

from siting.errors import InstanceError


def extra(library: str, group: str) -> Any:
    """A library that is not installed by default.

    Args:
        library: what is imported, e.g. ``shapely``.
        group: the extra that installs it, e.g. ``geo``.

    Raises:
        InstanceError: it is not installed; says how to install it.
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name is None or library.partition(".")[0] != error.name.partition(".")[0]:
            raise
        raise InstanceError(
            f"this needs the library {library.partition('.')[0]}, which is not installed: "
            f"pip install 'siting[{group}]'"
        ) from None
