"""Which facilities lie near which others: minutes of a car between sites."""

from __future__ import annotations

import numpy as np

from siting.instance import Instance
from siting.instance.arrays import Ints, Longs
from siting.response.needs import Options
from siting.response.parts import Networks
from siting.roads.times import within


def near(
    instance: Instance, options: Options, source: Ints, target: Ints, limit_ms: Ints
) -> tuple[Ints, Ints]:
    """Pairs of options of which the second is within reach of the first, by car on the roads as they are.

    With an origin-destination table only targets at places are within reach, and the site itself.

    Args:
        source: (K,) options.
        target: (L,) options.
        limit_ms: (K,) longest way from each source.

    Returns:
        (X,) source and (X,) target options, sorted; an option is not paired with itself.
    """
    if not len(source) or not len(target):
        empty = np.zeros(0, dtype=np.int32)
        return empty, empty
    site, end, ms = _ways(instance, options.site[source], options.site[target], int(limit_ms.max()))
    # From sites back to options: several may stand at one site.
    way, one = _joined(site, options.site[source])
    again, two = _joined(end[way], options.site[target])
    way, one = way[again], one[again]
    kept = (ms[way] <= limit_ms[one]) & (source[one] != target[two])
    first, second = source[one][kept], target[two][kept]
    order = np.lexsort((second, first))
    return first[order].astype(np.int32), second[order].astype(np.int32)


def _joined(wanted: Ints, sites: Ints) -> tuple[Longs, Longs]:
    """All (position in ``wanted``, position in ``sites``) with the same site."""
    order = np.argsort(sites, kind="stable")
    left = np.searchsorted(sites[order], wanted, "left")
    count = np.searchsorted(sites[order], wanted, "right") - left
    position = np.repeat(np.arange(len(wanted)), count)
    offset = np.arange(len(position)) - np.repeat(np.cumsum(count) - count, count)
    return position, order[offset + left[position]]


def _ways(instance: Instance, source: Ints, target: Ints, longest: int) -> tuple[Ints, Ints, Ints]:
    """Sites (X,), sites within ``longest`` ms of them (X,), and ms (X,)."""
    starts, ends = np.unique(source), np.unique(target)
    if instance.roads is None:
        return _by_table(instance, starts, ends, longest)
    routes = Networks(instance).of(1.0, -1)
    net, node = routes.net, routes.node
    terminal = np.zeros(net.nodes, dtype=bool)
    terminal[node[ends]] = True
    limit = np.full(net.nodes, longest, dtype=np.int32)
    indptr, nodes, ms = within(net, node[starts], np.zeros(len(starts), dtype=np.int32), limit, terminal)
    start = np.repeat(starts, np.diff(indptr))
    position, which = _joined(nodes, node[ends])  # several sites may stand on one node
    return start[position], ends[which], ms[position]


def _by_table(instance: Instance, starts: Ints, ends: Ints, longest: int) -> tuple[Ints, Ints, Ints]:
    table = instance.od
    assert table is not None
    kept = np.isin(table.site, starts) & np.isin(table.place, ends) & (table.ms <= longest)
    own = np.intersect1d(starts, ends)  # a site is zero minutes from itself
    other = kept & (table.site != table.place)
    return (
        np.r_[table.site[other], own],
        np.r_[table.place[other], own],
        np.r_[table.ms[other], np.zeros(len(own), dtype=np.int32)],
    )
