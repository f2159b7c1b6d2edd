"""The table of who serves each need, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from siting.figures.outcome import after, before
from siting.figures.tables import DECIMALS
from siting.instance.arrays import Texts
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result


def assignments_table(result: Result) -> pd.DataFrame:
    """Who serves each need, how soon, and whether within the standard, before and after.

    Before is as of today: existing facilities only, and the first to answer serves, whatever
    capacities there are. Under a standard in kilometres minutes are equivalent minutes.

    Returns:
        One row per need, service by service; text is empty and minutes are NaN where nobody
        serves. ``facility`` is the id of an existing facility or ``site_id:type`` of a new one.
        ``scenario`` and ``period`` are there where the model looks across them, ``share`` where
        several may share a need: then there is one row per share. No rows without a plan.
    """
    responses = result.problem.responses
    if result.plan is None:
        return pd.DataFrame(columns=_columns(responses, split=responses.layout.serve == "split"))
    needs, places, settings = responses.needs, responses.instance.places, responses.settings
    new, now = after(responses, result.plan), before(responses)
    need = new.need
    ids = {
        key: np.array([one.id for one in members] or [""], dtype=object)
        for key, members in (
            ("service", settings.services), ("scenario", settings.scenarios), ("period", settings.periods),
        )
    }  # fmt: skip
    types = np.array([t.id for t in settings.types] + [""], dtype=object)
    type_of = np.append(responses.options.type, len(types) - 1)
    names = option_ids(responses)
    table = pd.DataFrame(
        {
            "place_id": places.ids[needs.place[need]],
            "place": places.names[needs.place[need]],
            **{key: found[getattr(needs, key)[need]] for key, found in ids.items()},
            "people": needs.people[need],
            "facility": names[new.serves],
            "facility_type": types[type_of[new.serves]],
            "share": 1.0 if new.share is None else new.share,
            "minutes": new.minutes,
            "covered": new.covered.astype(np.int64),
            "facility_before": names[now.serves[need]],
            "minutes_before": now.minutes[need],
            "covered_before": now.covered[need].astype(np.int64),
        }
    )
    return table[_columns(responses, split=new.share is not None)].round(DECIMALS)


def _columns(responses: Responses, *, split: bool) -> list[str]:
    layout = responses.layout
    return [
        "place_id", "place", "service", *["scenario"] * layout.scenarios, *["period"] * layout.periods,
        "people", "facility", "facility_type", *["share"] * split, "minutes", "covered",
        "facility_before", "minutes_before", "covered_before",
    ]  # fmt: skip


def option_ids(responses: Responses) -> Texts:
    """(M+1,) id of every option, ``site_id:type`` for candidates; the last one, empty, is nobody's."""
    instance, options = responses.instance, responses.options
    types = [t.id for t in responses.settings.types]
    fresh = slice(options.existing, None)
    sites = instance.sites.ids[options.site[fresh]]
    new = [f"{site}:{types[kind]}" for site, kind in zip(sites, options.type[fresh], strict=True)]
    return np.array([*instance.facilities.ids, *new, ""], dtype=object)
