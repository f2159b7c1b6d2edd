"""What of an instance a model looks at: services, dimensions, and what counts as an answer."""

from __future__ import annotations

from dataclasses import dataclass

from siting.instance import Settings

STANDARDS = ("minutes", "km", "both", "either")
"""Rules by which a need counts as covered: in time, near enough by road, both, or either of them."""

SERVINGS = ("nearest", "single", "split")
"""Who serves a need: the first to answer, one that the plan names, or several that share it."""


@dataclass(frozen=True)
class Layout:
    """What of an instance a model looks at.

    Attributes:
        services: ids of the services that count; empty for all whose weight is not 0.
        types: ids of the facility types that may be opened; empty for all.
        scenarios: every need occurs once per scenario, with its travel times and probability.
        periods: every need occurs once per period, every candidate may be opened in one of them.
        standard: one of :data:`STANDARDS`.
        closing: existing facilities marked as closable may be closed.
        every: every open facility in reach counts, not only the first to answer.
        serve: one of :data:`SERVINGS`; other than ``nearest``, capacities bind.
    """

    services: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    scenarios: bool = False
    periods: bool = False
    standard: str = "minutes"
    closing: bool = False
    every: bool = False
    serve: str = "nearest"

    @property
    def units(self) -> bool:
        """Whether a second unit at a site can do more than the first."""
        return self.every

    def weights(self, settings: Settings) -> dict[int, float]:
        """Weight of each service that counts, by its number in the settings.

        A service of weight 0 takes part only where it is named, with weight 1.
        """
        named = [s.id in self.services for s in settings.services]
        if not self.services:
            named = [s.weight > 0 for s in settings.services]
            if not any(named):
                named = [True] * len(named)
                return dict.fromkeys(range(len(named)), 0.0)
        return {
            number: service.weight or 1.0
            for number, (service, wanted) in enumerate(zip(settings.services, named, strict=True))
            if wanted
        }

    def type_counts(self, settings: Settings) -> list[bool]:
        """Per facility type whether new ones may be opened: it is named, and provides what counts."""
        services = {settings.services[number].id for number in self.weights(settings)}
        return [
            (not self.types or kind.id in self.types) and bool(services & kind.turnout_ms.keys())
            for kind in settings.types
        ]
