"""The language of a report: its words, those of the instance, and the titles of what is called by an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siting.instance.arrays import LEVELS
from siting.report.language import Language, language_of
from siting.report.scene import area_names

if TYPE_CHECKING:
    from siting.result import Result


def language_for(result: Result, code: str) -> Language:
    """The language of a code, with the words that the instance of a result gives.

    Raises:
        PlanError: there are no words in it.
    """
    instance, settings = result.problem.instance, result.problem.responses.settings
    plain = language_of(code, settings.translations)
    areas = {
        area: shown
        for level in reversed(LEVELS)  # where levels share an id, the larger area is meant
        for area, shown in zip(instance.areas[level].ids, area_names(instance, level, plain), strict=True)
    }
    several = (settings.services, settings.types, settings.scenarios, settings.periods)
    titles = {one.id: one.title for group in several for one in group}
    return language_of(code, settings.translations, {**areas, **titles})
