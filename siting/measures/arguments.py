"""What a model file may give a measure beside filters: numbers, words, and points of a curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from siting.instance.arrays import Floats, Ints
from siting.response import Responses


@dataclass(frozen=True)
class Argument:
    """One argument of a measure.

    Attributes:
        about: meaning and unit, for people.
        kind: a number (or parameter), one of ``words``, or points ``[[minutes, value], ...]``.
        required: a model file must give it.
        words: allowed words.
        rises: for points: values rise with time (True) or fall (False).
        low, high: closed range of a number.
        by: groups for whose members the number may differ.
        shown: it is named when people read what was measured.
    """

    about: str
    kind: Literal["number", "word", "points"] = "number"
    required: bool = False
    words: tuple[str, ...] = ()
    rises: bool = False
    low: float = 0.0
    high: float = np.inf
    by: tuple[str, ...] = ()
    shown: bool = False


@dataclass(frozen=True)
class Grouped:
    """A number per member of a group: ``by`` is type, service, kind or a level of areas."""

    by: str
    values: Mapping[str, float]

    def of_needs(self, responses: Responses) -> Floats:
        """(N,) the number of each need; NaN where its group has none, as for unknown areas."""
        instance, needs = responses.instance, responses.needs
        index: Ints
        if self.by == "service":
            ids, index = [one.id for one in responses.settings.services], needs.service
        elif self.by == "kind":
            ids, index = list(instance.places.kinds), instance.places.kind[needs.place]
        else:
            ids, index = list(instance.areas[self.by].ids), instance.places.area[self.by][needs.place]
        return self._at(ids, index)

    def of_options(self, responses: Responses) -> Floats:
        """(M,) the number of each option; NaN where its group has none."""
        instance, options = responses.instance, responses.options
        if self.by == "type":
            return self._at([one.id for one in responses.settings.types], options.type)
        area = np.full(len(instance.sites.ids), -1)
        area[: len(instance.places.ids)] = instance.places.area[self.by]
        return self._at(list(instance.areas[self.by].ids), area[options.site])

    def _at(self, ids: list[str], index: Ints) -> Floats:
        found = np.array([*(self.values.get(str(one), np.nan) for one in ids), np.nan])
        return np.asarray(found[index])


Points = tuple[tuple[float, float], ...]
"""Minutes and value, in order of minutes."""

Value = float | str | Points | Grouped | tuple[str, ...]
"""What an argument may be once every parameter has its number."""
