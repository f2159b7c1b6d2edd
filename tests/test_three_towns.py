"""The hand solution in instances/README.md, recomputed by brute force over every subset."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import networkx as nx
import pytest

from siting.instance import Instance
from siting.roads.graph import to_networkx

README = (Path(__file__).parent.parent / "instances" / "README.md").read_text(encoding="utf-8")
Opened = frozenset[tuple[str, str]]
COLUMNS = (None, "lypa", "verba", "dub", "malva", "sosna")


class Brute:
    """Covered needs and person-minutes of any set of opened (site, type) pairs."""

    def __init__(self, instance: Instance) -> None:
        assert instance.roads is not None
        self.instance = instance
        self.ms = dict(nx.all_pairs_dijkstra_path_length(to_networkx(instance.roads), weight="ms"))
        parts = instance.candidates
        ids, types = instance.sites.ids, instance.settings.types
        keys = [(ids[s], types[t].id) for s, t in zip(parts.site, parts.type, strict=True)]
        self.cost = dict(zip(keys, parts.cost.tolist(), strict=True))
        parts = instance.facilities
        self.old = [(ids[s], types[t].id) for s, t in zip(parts.site, parts.type, strict=True)]

    def covered_and_minutes(self, opened: Opened) -> tuple[int, float | None]:
        """Minutes are None if some need is never answered."""
        places, types = self.instance.places, {one.id: one for one in self.instance.settings.types}
        covered, minutes, answered = 0, 0.0, True
        for service in self.instance.settings.services:
            for place, people, kind in zip(places.ids, places.population, places.kind, strict=True):
                times = [
                    types[type_].turnout_ms[service.id] + self.ms[site][place]
                    for site, type_ in (*self.old, *opened)
                    if service.id in types[type_].turnout_ms
                ]
                answered &= bool(times)
                if times:
                    covered += int(people) * (min(times) <= service.standard_ms[places.kinds[kind]])
                    minutes += int(people) * min(times) / 60_000
        return covered, minutes if answered else None

    def plans(self, budget: float) -> list[Opened]:
        """Every subset within the counts and the budget."""
        limit = {one.id: one.new for one in self.instance.settings.types}
        subsets = (
            frozenset(some)
            for size in range(len(self.cost) + 1)
            for some in itertools.combinations(self.cost, size)
        )
        return [
            plan
            for plan in subsets
            if sum(self.cost[one] for one in plan) <= budget
            and all(sum(type_ == one for _, type_ in plan) <= most for one, most in limit.items())
        ]


@pytest.fixture(scope="module")
def brute(three_towns: Instance) -> Brute:
    return Brute(three_towns)


def pair(center: str | None, department: str | None) -> Opened:
    named = (center, "security_center"), (department, "fire_department")
    return frozenset((site, type_) for site, type_ in named if site)


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the README's table of plans below a heading, by the center's site."""
    table = README.split(heading)[1].split("| center |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    return {first.lower(): rest for first, *rest in cells}


def figure(cell: str) -> float:
    return float(re.sub(r"[\[\]*,]", "", cell).split(" ")[0])


def test_table_of_covered_needs(brute: Brute) -> None:
    before, _ = brute.covered_and_minutes(frozenset())
    assert before == 9_000
    for center, cells in rows("**Step 2").items():
        for department, cell in zip(COLUMNS, cells, strict=True):
            plan = pair(None if center == "none" else center, department)
            cost = sum(brute.cost[one] for one in plan)
            assert figure(cell) == brute.covered_and_minutes(plan)[0] - before
            assert f"({cost:g})" in cell
            assert cell.startswith("[") == (cost > 10)


def test_table_of_minutes(brute: Brute) -> None:
    for center, cells in rows("**Step 3").items():
        for department, cell in zip(COLUMNS, cells, strict=True):
            _, minutes = brute.covered_and_minutes(pair(center, department))
            assert minutes is not None
            assert figure(cell) == pytest.approx(minutes / 1000, abs=1e-9)


def test_the_two_answers_are_the_only_best_ones(brute: Brute) -> None:
    plans = {plan: brute.covered_and_minutes(plan) for plan in brute.plans(budget=10)}
    assert len(plans) == 32
    most = max(covered for covered, _ in plans.values())
    assert [plan for plan, (covered, _) in plans.items() if covered == most] == [pair("lypa", "dub")]
    assert most == 44_700
    timed = {plan: minutes for plan, (_, minutes) in plans.items() if minutes is not None}
    least = min(timed.values())
    assert [plan for plan, minutes in timed.items() if minutes == least] == [pair("lypa", "sosna")]
    assert least == 826_000
    departments = [plan for plan in plans if not any(type_ == "security_center" for _, type_ in plan)]
    assert max(plans[plan][0] for plan in departments) == 9_000 + 11_900
    others = [plan for plan in plans if not plan & pair("lypa", None)]
    assert max(plans[plan][0] for plan in others) == 9_000 + 31_700


def test_one_million_more(brute: Brute) -> None:
    best = max(brute.plans(budget=11), key=lambda plan: brute.covered_and_minutes(plan)[0])
    assert best == pair("lypa", "verba")
    assert brute.covered_and_minutes(best)[0] == 46_700
