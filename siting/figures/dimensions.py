"""What a summary says about the layout, and per scenario, per period and about capacities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from siting.figures.money import spent
from siting.figures.outcome import Outcome, after, figures
from siting.figures.view import view
from siting.response import Responses

if TYPE_CHECKING:
    from siting.result import Result


def layout_keys(responses: Responses) -> dict[str, Any]:
    """What of the instance the model looks at, in the words of model files."""
    layout, settings = responses.layout, responses.settings
    return {
        "services": [settings.services[number].id for number in layout.weights(settings)],
        "across": ["scenario"] * layout.scenarios + ["period"] * layout.periods,
        "standard": layout.standard,
        "existing": "closable" if layout.closing else "stay",
        "serve": layout.serve,
    }


def scenarios(responses: Responses, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Response figures of every scenario in the last period; nothing where there are no scenarios."""
    if not responses.layout.scenarios:
        return {}
    return {
        "scenarios": [
            {
                "id": one.id,
                "title": one.title,
                "probability": one.probability,
                "in_all": _in_all(responses, outcomes, number, None),
            }
            for number, one in enumerate(responses.settings.scenarios)
        ]
    }


def periods(result: Result, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Per period: response figures in the first scenario, and what is opened in it and for how much."""
    responses, plan = result.problem.responses, result.plan
    if not responses.layout.periods:
        return {}
    options, settings = responses.options, responses.settings
    found = []
    for number, one in enumerate(settings.periods):
        entry: dict[str, Any] = {
            "id": one.id,
            "title": one.title,
            "weight": one.weight,
            "in_all": _in_all(responses, outcomes, 0, number),
            "new": {kind.id: None for kind in settings.types},
            "spent": None,
        }
        if plan is not None:
            now = options.period[plan.opened] == number
            kinds = np.bincount(options.type[plan.opened][now], minlength=len(settings.types))
            entry["new"] = {kind.id: kinds[t] for t, kind in enumerate(settings.types)}
            entry["spent"] = math.fsum(spent(result)[now])
        found.append(entry)
    return {"periods": found}


def _in_all(
    responses: Responses, outcomes: Mapping[str, Outcome], scenario: int, period: int | None
) -> dict[str, Any]:
    seen = view(responses, scenario, period)
    mine = {when: outcome.of(seen, len(responses.needs.place)) for when, outcome in outcomes.items()}
    return figures(seen.weight, mine, np.zeros(len(seen.need), dtype=np.int32), 1)[0]


def load(result: Result) -> dict[str, Any]:
    """Per service: people, and those whom capacities suffice to serve; nothing where none bind."""
    responses = result.problem.responses
    if responses.layout.serve == "nearest":
        return {}
    seen, settings, needs = view(responses), responses.settings, responses.needs
    served = np.zeros(len(settings.services))
    if result.plan is not None:
        rows = after(responses, result.plan).of(seen, len(needs.place))
        mine = rows.served
        served += np.bincount(
            seen.service[rows.need[mine]], rows.parts(seen.people)[mine], minlength=len(served)
        )
    found = {
        settings.services[number].id: {
            "people": int(seen.people[seen.service == number].sum()),
            "served": None if result.plan is None else round(float(served[number]), 2),
        }
        for number in responses.layout.weights(settings)
    }
    return {"load": found}
