"""Which candidates answer a need within a radius of its own, by searches backwards from its place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siting.check.times import Ground, Part
from siting.check.walks import Walks
from siting.instance.arrays import Flags, Longs


@dataclass(frozen=True, eq=False)
class Pairs:
    """Needs, options and response ms, (K,) each."""

    need: Longs
    option: Longs
    ms: Longs


def pairs_within(ground: Ground, radius: Longs, able: Flags) -> Pairs:
    """Every pair of a need and an able option that answers it within the need's radius.

    Args:
        ground: needs, options and roads; its standard counts minutes.
        radius: (N,) ms, below 0 for no answer at all.
        able: (M,) options to look at.
    """
    walks = Walks()
    found: list[tuple[Longs, Longs, Longs]] = []
    for part in ground.parts:
        find = _listed if ground.instance.od is not None else _searched
        position, option, ms = find(ground, part, radius[part.needs].max(axis=0), able, walks)
        for period, needs in enumerate(part.needs):
            there = (ms <= radius[needs][position]) & (ground.options.period[option] <= period)
            found.append((needs[position[there]], option[there], ms[there]))
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _searched(
    ground: Ground, part: Part, radius: Longs, able: Flags, walks: Walks
) -> tuple[Longs, Longs, Longs]:
    """Positions of places in the part, options, and response ms, over the roads."""
    who = ground.who(part, able)
    node = ground.instance.sites.node
    at_node: dict[int, list[int]] = defaultdict(list)
    for number, stands in enumerate(node[ground.options.site[who.option]].tolist()):
        at_node[stands].append(number)
    service = ground.settings.services[part.service]
    graph = ground.graphs.vehicle(service.vehicle_factor, part.scenario)
    least = int(who.turnout.min(initial=0))
    places, numbers, travel = list[int](), list[int](), list[int]()
    for position in np.flatnonzero(radius >= least).tolist():
        reached = walks.back(graph, int(node[part.place[position]]), int(radius[position]) - least)
        for stands in reached.keys() & at_node.keys():
            for one in at_node[stands]:
                places.append(position)
                numbers.append(one)
                travel.append(reached[stands])
    found, chosen = np.array(places, dtype=np.int64), np.array(numbers, dtype=np.int64)
    return found, who.option[chosen], np.array(travel, dtype=np.int64) + who.turnout[chosen]


def _listed(
    ground: Ground, part: Part, radius: Longs, able: Flags, walks: Walks
) -> tuple[Longs, Longs, Longs]:
    """The same by the table of travel times."""
    od, who = ground.instance.od, ground.who(part, able)
    assert od is not None
    factor = ground.settings.services[part.service].vehicle_factor
    rows = pd.DataFrame({"site": od.site, "place": od.place, "travel": np.rint(od.ms * factor)})
    at = pd.DataFrame({"site": ground.options.site[who.option], "number": np.arange(len(who.option))})
    where = pd.DataFrame({"place": part.place, "position": np.arange(len(part.place))})
    joined = rows.merge(at, on="site").merge(where, on="place")
    number = joined["number"].to_numpy(np.int64)
    ms = joined["travel"].to_numpy(np.int64) + who.turnout[number]
    position = joined["position"].to_numpy(np.int64)
    near = ms <= radius[position]
    return position[near], who.option[number[near]], ms[near]
