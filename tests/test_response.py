"""The needs x options table against networkx and plain loops, on random tiny instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest

import siting
from siting import response
from siting.errors import InstanceError
from siting.instance import CandidateStatus, Instance
from siting.instance.arrays import OdTable
from siting.response import Layout, Responses, build_responses
from siting.response import table as table_module

Tiny = Callable[[np.random.Generator], Instance]
Answer = tuple[int, int]
"""Response ms and option; the least of several is who serves."""

SEEDS = range(30)


def even_roads(instance: Instance, rng: np.random.Generator) -> Instance:
    """Whole minutes on every road, so that options often answer equally fast."""
    assert instance.roads is not None
    ms = 60_000 * rng.integers(1, 4, len(instance.roads.ms))
    return replace(instance, roads=replace(instance.roads, ms=ms.astype(np.int32)))


def shared_nodes(instance: Instance, rng: np.random.Generator) -> Instance:
    """Several places, and sites, at one node of the roads."""
    node = rng.choice(instance.sites.node, len(instance.sites.node))
    return even_roads(replace(instance, sites=replace(instance.sites, node=node)), rng)


def od_table(instance: Instance, rng: np.random.Generator) -> Instance:
    """An asymmetric table without some of its rows instead of roads; whole minutes."""
    sites, places = len(instance.sites.ids), len(instance.places.ids)
    kept = rng.permutation(np.flatnonzero(rng.random(sites * places) < 0.7))
    ms = (60_000 * rng.integers(0, 9, len(kept))).astype(np.int32)
    table = OdTable((kept // places).astype(np.int32), (kept % places).astype(np.int32), ms)
    return replace(instance, roads=None, od=table)


def excluding(instance: Instance, rng: np.random.Generator) -> Instance:
    """Places here and there are excluded, whatever stands at them."""
    excluded = rng.random(len(instance.places.ids)) < 0.5
    excluded[rng.integers(len(excluded))] = False
    return even_roads(replace(instance, places=replace(instance.places, excluded=excluded)), rng)


CHANGES: dict[str, Callable[[Instance, np.random.Generator], Instance]] = {
    "as it is": lambda instance, rng: instance,
    "ties": even_roads,
    "shared nodes": shared_nodes,
    "od": od_table,
    "excluded": excluding,
}


class Brute:
    """Who answers whom, by networkx and dictionaries."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.settings = instance.settings
        facilities, candidates = instance.facilities, instance.candidates
        self.existing = len(facilities.site)
        self.options = [
            *zip(facilities.site.tolist(), facilities.type.tolist(), strict=True),
            *zip(candidates.site.tolist(), candidates.type.tolist(), strict=True),
        ]
        self.usable = [
            not self._excluded(site)
            and (
                number < self.existing
                or candidates.status[number - self.existing] != CandidateStatus.FORBIDDEN
            )
            for number, (site, _) in enumerate(self.options)
        ]
        self.needs = [
            (place, service)
            for service in range(len(self.settings.services))
            for place in range(len(instance.places.ids))
            if not instance.places.excluded[place]
        ]
        self._travel = [self._times(service.vehicle_factor) for service in self.settings.services]

    def _excluded(self, site: int) -> bool:
        return site < len(self.instance.places.ids) and bool(self.instance.places.excluded[site])

    def _times(self, factor: float) -> Callable[[int, int], int | None]:
        """Vehicle ms from a site to a place."""
        if self.instance.od is not None:
            table = self.instance.od
            known = {
                (site, place): round(ms * factor)
                for site, place, ms in zip(
                    table.site.tolist(), table.place.tolist(), table.ms.tolist(), strict=True
                )
            }
            return lambda site, place: known.get((site, place))
        roads, node = self.instance.roads, self.instance.sites.node.tolist()
        assert roads is not None
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(roads.ids)))
        for tail, head, ms in zip(roads.tail.tolist(), roads.head.tolist(), roads.ms.tolist(), strict=True):
            graph.add_edge(tail, head, weight=max(1, round(ms * factor)))
        found = dict(nx.all_pairs_dijkstra_path_length(graph))
        return lambda site, place: found[node[site]].get(node[place])

    def response(self, option: int, need: tuple[int, int]) -> int | None:
        site, kind = self.options[option]
        place, service = need
        turnout = self.settings.types[kind].turnout_ms.get(self.settings.services[service].id)
        travel = self._travel[service](site, place)
        if turnout is None or travel is None or not self.usable[option]:
            return None
        return turnout + travel

    def answers(self, need: tuple[int, int], options: Any) -> list[Answer]:
        """(ms, option) of those that reach the need, first one first."""
        found = [(ms, option) for option in options if (ms := self.response(option, need)) is not None]
        return sorted(found)

    def base(self, need: tuple[int, int]) -> Answer | None:
        return next(iter(self.answers(need, range(self.existing))), None)

    def pairs(self, need: tuple[int, int], latest: float) -> list[Answer]:
        """Candidates that answer before the nearest existing facility, and not too late."""
        base = self.base(need)
        found = self.answers(need, range(self.existing, len(self.options)))
        return [(ms, j) for ms, j in found if ms <= latest and (base is None or ms < base[0])]


def base_of(responses: Responses) -> list[Answer | None]:
    pairs = zip(responses.base_ms.tolist(), responses.base_option.tolist(), strict=True)
    return [(ms, option) if option >= 0 else None for ms, option in pairs]


def pairs_of(responses: Responses) -> list[list[Answer]]:
    found = list(zip(responses.ms.tolist(), responses.option.tolist(), strict=True))
    ends = responses.indptr.tolist()
    return [found[first:last] for first, last in pairwise(ends)]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_table_is_what_brute_force_finds(seed: int, change: str, tiny: Tiny) -> None:
    rng = np.random.default_rng(seed)
    instance = CHANGES[change](tiny(rng), rng)
    brute = Brute(instance)
    horizon = {n: int(rng.integers(0, 20 * 60_000)) for n in range(len(instance.settings.services))}
    for chosen in (None, horizon):
        table = build_responses(instance, instance.settings, chosen)
        needs = list(zip(table.needs.place.tolist(), table.needs.service.tolist(), strict=True))
        assert needs == brute.needs
        assert table.options.usable.tolist() == brute.usable
        assert table.indptr.dtype == np.int64
        assert table.option.dtype == table.ms.dtype == np.int32
        assert table.base_option.dtype == table.base_ms.dtype == np.int32
        assert base_of(table) == [brute.base(need) for need in needs]
        latest = [np.inf if chosen is None else chosen[service] for _, service in needs]
        expected = [brute.pairs(need, most) for need, most in zip(needs, latest, strict=True)]
        assert pairs_of(table) == expected
        assert table.row.tolist() == [i for i, pairs in enumerate(expected) for _ in pairs]
        nobody = [i for i, pairs in enumerate(expected) if not pairs and brute.base(needs[i]) is None]
        assert table.unreachable.tolist() == nobody


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_of_equally_fast_options_serves(seed: int, change: str, tiny: Tiny) -> None:
    rng = np.random.default_rng(seed)
    instance = CHANGES[change](tiny(rng), rng)
    brute = Brute(instance)
    table = build_responses(instance, instance.settings)
    fresh = np.flatnonzero(table.options.usable[brute.existing :]) + brute.existing
    for size in (0, 1, len(fresh) // 2, len(fresh)):
        opened = np.sort(rng.choice(fresh, size, replace=False)).astype(np.int32) if size else fresh[:0]
        serves, ms = table.serve(opened.astype(np.int32))
        for number, need in enumerate(brute.needs):
            found = brute.answers(need, [*range(brute.existing), *opened.tolist()])
            assert serves[number] == (found[0][1] if found else -1)
            assert not found or ms[number] == found[0][0]


def test_the_random_instances_hold_what_is_to_be_tested(tiny: Tiny) -> None:
    """Ties, excluded and forbidden sites, and needs nobody reaches all occur."""
    ties = idle = forbidden = unreachable = 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        instance = excluding(tiny(rng), rng)
        brute = Brute(instance)
        ties += sum(
            len({ms for ms, _ in found}) < len(found)
            for need in brute.needs
            if (found := brute.answers(need, range(len(brute.options))))
        )
        idle += brute.usable[: brute.existing].count(False)
        forbidden += int((instance.candidates.status == CandidateStatus.FORBIDDEN).sum())
        unreachable += len(build_responses(instance, instance.settings).unreachable)
    assert min(ties, idle, forbidden, unreachable) > 5


def test_needs_weigh_people_by_service(three_towns: Instance) -> None:
    settings = siting.problem.with_number(three_towns.settings, "services.police.weight", 0.25)
    needs = response.build_needs(three_towns, settings, Layout())
    people = three_towns.places.population
    assert needs.people.tolist() == [*people, *people, *people]
    assert needs.weight.tolist() == [*people, *(0.25 * people), *people]
    minutes = {"kalyna": 10, "malva": 20, "lypa": 10, "dub": 20, "verba": 10, "sosna": 20}
    told = [minutes[name] * 60_000 for name in three_towns.places.ids]
    assert needs.standard_ms.tolist()[:6] == told


def test_times_beyond_int32_are_unreachable(tiny: Tiny) -> None:
    """A table that holds 35,000 minutes, for a vehicle that is slower: more than int32 ms hold."""
    instance = tiny(np.random.default_rng(0))
    places = len(instance.places.ids)
    site, place = np.divmod(np.arange(len(instance.sites.ids) * places, dtype=np.int32), places)
    far = OdTable(site, place, np.full(len(site), 35_000 * 60_000, dtype=np.int32))
    table = build_responses(replace(instance, roads=None, od=far), instance.settings)
    slow = [n for n, service in enumerate(instance.settings.services) if service.vehicle_factor > 1.03]
    assert slow
    assert np.all(table.ms > 0)
    assert np.all(table.base_option[np.isin(table.needs.service, slow)] == -1)
    assert not np.isin(table.needs.service[table.row], slow).any()


def test_a_table_that_does_not_fit_is_refused(three_towns: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """With up to 64 candidates the estimate is exact: the pairs of all services together decide."""
    settings = three_towns.settings
    table = build_responses(three_towns, settings)
    enough = len(table.ms) * response.BYTES_PER_PAIR
    monkeypatch.setattr(table_module, "_memory_free", lambda: float(enough))
    assert len(build_responses(three_towns, settings).ms) == len(table.ms)
    monkeypatch.setattr(table_module, "_memory_free", lambda: enough - 1.0)
    with pytest.raises(InstanceError) as refused:
        build_responses(three_towns, settings)
    for words in ("million pairs", " GB, but ", "are free", "some candidates to forbidden", "facilities.csv"):
        assert words in str(refused.value)


def test_the_estimate_states_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of Poltava's candidates 64 are searched; a pair is made large to read the estimate off."""
    instance = siting.read("poltava")
    table = build_responses(instance, instance.settings)
    monkeypatch.setattr(table_module, "BYTES_PER_PAIR", 10_000_000)
    monkeypatch.setattr(table_module, "_memory_free", lambda: 1e9)
    with pytest.raises(InstanceError, match=r"but 1\.0 GB are free") as refused:
        siting.solve(instance, "min_travel_time")
    stated = float(str(refused.value).split("need ")[1].split(" GB")[0].replace(",", ""))
    assert stated == pytest.approx(len(table.ms) / 100, rel=0.25)
