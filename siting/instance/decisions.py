"""What a planner decides about candidates after the data was read: required, forbidden, or neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from siting.errors import ModelError, did_you_mean
from siting.instance.arrays import CandidateStatus, Texts
from siting.instance.core import Instance

Named = str | tuple[str, str]
"""A candidate by the id of its site, or by (site id, type id) where the site has several."""

WORDS = {
    "require": CandidateStatus.REQUIRED,
    "forbid": CandidateStatus.FORBIDDEN,
    "allow": CandidateStatus.CANDIDATE,
}
"""What a planner says, and the status it gives."""


def decide(
    instance: Instance,
    require: Iterable[Named] = (),
    forbid: Iterable[Named] = (),
    allow: Iterable[Named] = (),
) -> Instance:
    """The instance with the status of some candidates changed.

    Args:
        instance: the data, or the data as decided before.
        require, forbid, allow: candidates that must be opened, must stay closed, or may be opened
            again, whoever has required or forbidden them.

    Returns:
        The same instance in all but ``candidates.status`` and ``decided``.

    Raises:
        ModelError: with everything that is wrong: unknown and ambiguous names, candidates at
            excluded places, candidates that are named twice.
    """
    names = _Names(instance)
    status = instance.candidates.status.copy()
    by: dict[int, str] = {}
    for word, wanted in zip(WORDS, (require, forbid, allow), strict=True):
        for name in [wanted] if isinstance(wanted, str) else wanted:
            number = names.find(word, name)
            if number is None:
                continue
            if by.setdefault(number, word) != word:
                names.complaints.append(f"{word} {name!r}: the same call says {by[number]} too")
            status[number] = WORDS[word]
    if names.complaints:
        raise ModelError(names.complaints)
    before = {number: instance.decided.get(number, int(instance.candidates.status[number])) for number in by}
    decided = {
        number: old for number, old in sorted({**instance.decided, **before}.items()) if status[number] != old
    }
    return replace(instance, candidates=replace(instance.candidates, status=status), decided=decided)


class _Names:
    """Candidates by what a planner calls them.

    Attributes:
        complaints: about the names looked for so far.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._types = [one.id for one in instance.settings.types]
        self._ids: Texts = instance.sites.ids
        self._site = pd.Index(self._ids, dtype=object)
        self.complaints: list[str] = []

    def find(self, word: str, name: object) -> int | None:
        """Number of a candidate; None after a complaint."""
        if isinstance(name, str):
            parts: tuple[str, ...] = (name,)
        elif isinstance(name, tuple | list) and len(name) == 2 and all(isinstance(one, str) for one in name):
            parts = tuple(name)
        else:
            return self._complain(word, name, "must be a site's id, or a pair (site id, type id)")
        number = self._at(word, name, *parts)
        if number is None:
            return None
        place = int(self._instance.candidates.site[number])
        if place < len(self._instance.places.ids) and self._instance.places.excluded[place]:
            return self._complain(word, name, "the place is excluded from siting")
        return number

    def _at(self, word: str, name: object, site: str, kind: str | None = None) -> int | None:
        """The candidate of a type, or of the only type, at a site."""
        candidates = self._instance.candidates
        found = self._site.get_indexer(pd.Index([site], dtype=object))[0]
        here = np.flatnonzero(candidates.site == found) if found >= 0 else np.zeros(0, dtype=int)
        if not len(here):
            with_candidates = [str(one) for one in self._ids[np.unique(candidates.site)]]
            what = "the instance has no such site" if found < 0 else "the instance has no candidate there"
            return self._complain(word, name, what + did_you_mean(site, with_candidates))
        types = [self._types[one] for one in candidates.type[here]]
        if kind is None and len(here) > 1:
            pairs = ", ".join(repr((site, one)) for one in types)
            return self._complain(word, name, f"the site has several candidates; give one of {pairs}")
        if kind is not None and kind not in types:
            guess = did_you_mean(kind, types) or f"; its candidates are {', '.join(types)}"
            return self._complain(word, name, f"the site has no candidate of type {kind!r}{guess}")
        return int(here[0 if kind is None else types.index(kind)])

    def _complain(self, word: str, name: object, what: str) -> int | None:
        """Note what is wrong with a name; the candidate it stands for is none."""
        self.complaints.append(f"{word} {name!r}: {what}")
        return None


def decisions(instance: Instance) -> list[dict[str, str]]:
    """What was decided since the data was read, as it stands in a plan's summary.json.

    Returns:
        Per candidate its ``site_id``, ``type`` and ``status``, in the order of the candidates.
    """
    candidates = instance.candidates
    return [
        {
            "site_id": str(instance.sites.ids[candidates.site[number]]),
            "type": instance.settings.types[candidates.type[number]].id,
            "status": CandidateStatus(candidates.status[number]).name.lower(),
        }
        for number in instance.decided
    ]
