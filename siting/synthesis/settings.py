"""The text of a generated instance.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from siting.synthesis.template import TEMPLATE

PERIODS = ("year1", "year2", "year3")
FUNDS = {"state": 0.3, "community": 0.5, "partners": 0.2}
"""Share of the budget each payer has: that of fire departments."""


@dataclass(frozen=True)
class Question:
    """What differs between generated instances in their settings.

    Attributes:
        name, title, notes: text of instance.toml.
        title_uk: the title in Ukrainian.
        new: number of new facilities of every type that has candidates.
        budget: million UAH at 2021 prices.
        upgrades: service centers added to Security Centers where a model asks for them.
        moves: brigades closed where a model asks for it.
        exclude: per level (region, district) the ids of areas excluded from siting.
    """

    name: str
    title: str
    title_uk: str
    notes: str
    new: Mapping[str, int]
    budget: int
    upgrades: int
    moves: int
    exclude: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def settings_text(question: Question, seed: int) -> str:
    """The text of instance.toml."""
    lines = [f"{level} = [{', '.join(map(_quoted, ids))}]" for level, ids in question.exclude.items()]
    return TEMPLATE.format(
        name=question.name,
        title=question.title,
        title_uk=question.title_uk,
        notes=question.notes,
        budget=question.budget,
        new=question.new,
        funds=_table({payer: f"{question.budget * share:g}" for payer, share in FUNDS.items()}),
        upgrades=question.upgrades,
        moves=question.moves,
        yearly=_by_period(question.new["fire_department"] + question.new["security_center"]),
        yearly_budget=_by_period(question.budget),
        exclude="\n".join(["", "[exclude]", *lines, ""]) if lines else "",
        seed=seed,
    )


def _by_period(total: int) -> str:
    """A table that spreads a whole number evenly over the periods."""
    ends = [total * n // len(PERIODS) for n in range(len(PERIODS) + 1)]
    return _table({name: ends[n + 1] - ends[n] for n, name in enumerate(PERIODS)})


def _table(entries: Mapping[str, object]) -> str:
    """An inline table."""
    return f"{{ {', '.join(f'{key} = {value}' for key, value in entries.items())} }}"


def _quoted(text: str) -> str:
    return f'"{text}"'
