"""What an imported instance asks where the planner brings no services and types of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Texts
from siting.instance.settings import parse_settings
from siting.loading import RefusedFileError, load
from siting.nested import MOST_TOML, BadTextError, parse_toml

KINDS = ("city", "village")
"""Kinds of place that the default standards know."""

CITY = 10_000
"""A place of so many people is a city, where nothing else says what it is."""

DEFAULT: Mapping[str, Any] = {
    "currency": "units of cost",
    "services": {
        "fire_rescue": {
            "title": "Fire and rescue",
            "weight": 1.0,
            "vehicle_factor": 1.3,
            "standard": {"city": 10, "village": 20},
        },
        "police": {"title": "Police", "weight": 0.2, "standard": {"city": 15, "village": 40}},
    },
    "types": {
        "fire_department": {
            "title": "Fire department",
            "provides": {"fire_rescue": 2},
            "cost": 1.0,
            "new": 5,
        },
        "security_center": {
            "title": "Security Center",
            "provides": {"fire_rescue": 2, "police": 3},
            "cost": 3.0,
            "new": 1,
        },
        "police_station": {"title": "Police station", "provides": {"police": 3}},
    },
}
"""Standards, turnout and vehicle factor as in the instance ``ukraine``; costs are placeholders."""

HOSPITALS: Mapping[str, Any] = {
    "services": {
        "medical": {"title": "Hospitals", "weight": 0.0, "standard": {"city": 15, "village": 30}},
    },
    "types": {"hospital": {"title": "Hospital", "provides": {"medical": 2}}},
}
"""What a source that knows hospitals adds; of weight 0, so that only models that name it count it."""

ASSUMED = (
    "Standards, turnout, weights, costs and the numbers of new facilities are assumptions in instance.toml; "
    "put your own there."
)
"""What the notes of an instance with the default question say."""


def question(
    name: str,
    title: str,
    *,
    sources: Sequence[Mapping[str, str]],
    notes: str,
    settings: str | Path | Mapping[str, Any] | None = None,
    model: str = "",
    published: Mapping[str, float] | None = None,
    parameters: Mapping[str, float] | None = None,
    hospitals: bool = False,
) -> dict[str, Any]:
    """The content of instance.toml for imported tables.

    Args:
        name, title: of the instance.
        sources: what, origin and licence of the data.
        notes: what was read and assumed; a sentence is added where the default question is taken.
        settings: services and types of the planner's own, and whatever else instance.toml may hold:
            a TOML file or nested dictionaries. Its ``name``, ``title`` and ``notes`` win, its
            sources come first.
        model, published, parameters: see :class:`siting.instance.arrays.Settings`.
        hospitals: the source knows hospitals, so the default question has them too.

    Raises:
        InstanceError: the file cannot be read, or its content is no instance.toml's.
    """
    own = _default(hospitals) if settings is None else _own(settings)
    words = f"{notes} {ASSUMED}".strip() if settings is None else notes
    given = {"model": model, "published": dict(published or {})}
    complete = {
        "name": name,
        "title": title,
        **{key: value for key, value in given.items() if value},
        **own,
        "notes": " ".join(part for part in (str(own.get("notes", "")), words) if part),
    }
    complaints = parse_settings(complete, "settings" if isinstance(settings, Mapping) else str(settings))[1]
    if complaints:
        raise InstanceError(complaints)
    complete["sources"] = [*own.get("sources", []), *(dict(source) for source in sources)]
    complete["parameters"] = {**(parameters or {}), **own.get("parameters", {})}
    return complete


def _default(hospitals: bool) -> dict[str, Any]:
    """The default question."""
    if not hospitals:
        return dict(DEFAULT)
    return {**DEFAULT, **{part: {**DEFAULT[part], **HOSPITALS[part]} for part in ("services", "types")}}


def _own(settings: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """The planner's settings as nested dictionaries."""
    if isinstance(settings, Mapping):
        where, found = "settings", dict(settings)
    else:
        where = str(settings)
        try:
            text = load(Path(settings), MOST_TOML).decode("utf-8-sig").replace("\r\n", "\n")
            found = parse_toml(text)
        except FileNotFoundError:
            raise InstanceError(Complaint(where, "there is no such file")) from None
        except RefusedFileError as error:
            raise InstanceError(Complaint(where, f"cannot be read: {error.strerror}")) from None
        except (OSError, UnicodeDecodeError, BadTextError) as error:
            raise InstanceError(Complaint(where, f"cannot be read as TOML: {error}")) from None
    missing = [key for key in ("currency", "services", "types") if key not in found]
    if missing:
        what = "is missing; settings for an import name currency, services and types as instance.toml does"
        raise InstanceError([Complaint(where, what, column=key) for key in missing])
    return found


def kinds_of(population: NDArray[Any]) -> Texts:
    """Kind of each place by its people, (P,): ``city`` from 10,000 on, else ``village``."""
    return np.where(np.asarray(population) >= CITY, *KINDS).astype(object)


def candidate_rows(settings: Mapping[str, Any], sites: Sequence[str]) -> pd.DataFrame:
    """candidates.csv: every type of which new ones are planned (``new``), at every site.

    Raises:
        InstanceError: no type plans new ones.
    """
    types = settings["types"]
    planned = [name for name, type_ in types.items() if isinstance(type_, Mapping) and "new" in type_]
    if not planned:
        what = "no type has new = N, so that nothing can be a candidate; say how many new ones are planned"
        raise InstanceError(Complaint("settings", what, column="types"))
    site, kind = np.tile(np.array(sites, dtype=object), len(planned)), np.repeat(planned, len(sites))
    return pd.DataFrame({"site": site, "type": kind.astype(object)})
