"""When a measure does not mean what it says under what a model looks at."""

from __future__ import annotations

from siting.measures import NeedMeasure
from siting.model.question import Use
from siting.response import Layout


def unsound(use: Use, layout: Layout) -> list[str]:
    """Why a measure does not mean what it says under a layout; empty where it does."""
    measure, reasons = use.measure, []
    if layout.standard != "minutes" and not measure.ruled:
        reasons.append(
            f'counts minutes, but under standard = "{layout.standard}" an answer is only near enough or not; '
            "use a measure of people within the standard"
        )
    over_needs = "type" not in measure.filters
    if layout.standard != "minutes" and "minutes" in use.arguments and over_needs:
        reasons.append(f'cannot be given minutes beside standard = "{layout.standard}"')
    if layout.serve != "nearest" and over_needs:
        if measure.every:
            reasons.append(
                f'counts whoever is in reach, but under serve = "{layout.serve}" the plan decides who serves'
            )
        elif isinstance(measure, NeedMeasure) and not measure.additive:
            reasons.append(
                'takes the slowest answer, no linear function of who serves whom; use serve = "nearest"'
            )
    if measure.name in ("sites_closed", "sites_added") and not layout.closing:
        reasons.append('closes nothing unless the model says existing = "closable"')
    for key, there in (("scenario", layout.scenarios), ("period", layout.periods)):
        if not there and (key in use.filters or use.arguments.get("by") == key):
            reasons.append(f'cannot tell {key}s apart unless the model says across = ["{key}"]')
    return reasons
