"""What the assumptions decide: fire coverage under other speeds, brigades and layers, by greedy."""

from __future__ import annotations

import heapq
import tomllib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.roads.graph import Roads
from siting.roads.times import nearest, network, within
from siting.synthesis.areas import excluded
from siting.synthesis.paths import road_graph
from siting.synthesis.tables import Synthesis

SERVICE = "fire_rescue"
NEW = "fire_department"


@dataclass(frozen=True)
class Setting:
    """One row of the sensitivity table.

    Attributes:
        title: words for the table.
        factor: fire-engine minutes per minute of a car.
        volunteers: turnout minutes of volunteer brigades, None: they do not count.
        named_only: whether sites are at named places and sectors only.
    """

    title: str
    factor: float = 1.3
    volunteers: float | None = 6.0
    named_only: bool = False


SETTINGS = (
    Setting("car speed", factor=1.0),
    Setting("x1.3 (the instance)"),
    Setting("x1.3, sites only at named places", named_only=True),
    Setting("x1.3, volunteers take 4 min", volunteers=4.0),
    Setting("x1.3, volunteers take 10 min", volunteers=10.0),
    Setting("x1.3, volunteers not counted", volunteers=None),
    Setting("x1.6 (winter)", factor=1.6),
)


class Coverage:
    """Fire coverage of a generated instance.

    Attributes:
        tables, graph, settings: the instance.
        people: (P,) people of each place in the programme, 0 elsewhere.
        city: (P,) whether the stricter standard holds.
        limit_ms: (P,) coverage standard.
    """

    def __init__(self, tables: Synthesis) -> None:
        self.tables = tables
        self.settings = tomllib.loads(tables.settings)
        places = tables.places
        self.graph: Roads = road_graph(places, tables.roads)
        outside = excluded(places, self.settings.get("exclude", {}))
        self.people = np.where(outside, 0, places["population"]).astype(np.int64)
        self.city = (places["kind"] == "city").to_numpy()
        standard = self.settings["services"][SERVICE]["standard"]
        self.limit_ms = (places["kind"].map(standard).to_numpy() * 60_000).astype(np.int32)
        self._node = pd.Series(np.arange(len(places)), index=places["place_id"])

    def before(self, setting: Setting) -> NDArray[np.bool_]:
        """Whether existing facilities cover each place, (P,)."""
        types = self.settings["types"]
        turnout = {key: value["provides"].get(SERVICE) for key, value in types.items()}
        turnout["volunteer_brigade"] = setting.volunteers
        minutes = self.tables.facilities["type"].map(turnout).astype(float)
        sites = self._node[self.tables.facilities.loc[minutes.notna(), "site"]].to_numpy(dtype=np.int32)
        offset = (minutes.dropna().to_numpy() * 60_000).astype(np.int32)
        return nearest(network(self.graph, setting.factor), sites, offset)[0] <= self.limit_ms

    def reach(self, setting: Setting, open_needs: NDArray[np.bool_]) -> csr_array:
        """Which open needs each candidate would cover, (C, P)."""
        candidates = self.tables.candidates[self.tables.candidates["type"] == NEW]
        sites = self._node[candidates["site"]].to_numpy(dtype=np.int32)
        if setting.named_only:
            sites = sites[~self.tables.places["place_id"].iloc[sites].str.startswith("v").to_numpy()]
        turnout = self.settings["types"][NEW]["provides"][SERVICE] * 60_000
        cutoff = np.full(len(self.people), self.limit_ms.max(), dtype=np.int32)
        offset = np.full(len(sites), turnout, dtype=np.int32)
        start, nodes, ms = within(network(self.graph, setting.factor), sites, offset, cutoff, open_needs)
        row = np.repeat(np.arange(len(sites)), np.diff(start))
        kept = ms <= self.limit_ms[nodes]
        shape = (len(sites), len(self.people))
        return csr_array((np.ones(kept.sum(), dtype=np.int8), (row[kept], nodes[kept])), shape=shape)


def greedy_gains(reach: csr_array, people: NDArray[np.int64]) -> NDArray[np.int64]:
    """People newly covered by each site of a greedy sequence, until no site covers anyone new.

    Lazy evaluation (Minoux 1978): gains only fall, so a site whose recomputed gain still leads
    is the best one.
    """
    open_people = people.copy()
    start, column = reach.indptr, reach.indices
    heap = [(-int(gain), site) for site, gain in enumerate(reach @ people) if gain > 0]
    heapq.heapify(heap)
    gains = []
    while heap:
        site = heap[0][1]
        covers = column[start[site] : start[site + 1]]
        gain = int(open_people[covers].sum())
        if gain == 0:
            heapq.heappop(heap)
        elif gain == -heap[0][0]:
            heapq.heappop(heap)
            gains.append(gain)
            open_people[covers] = 0
        else:
            heapq.heapreplace(heap, (-gain, site))
    return np.array(gains, dtype=np.int64)


def sensitivity_row(coverage: Coverage, setting: Setting) -> dict[str, object]:
    """Coverage before and after, and how many sites cover everybody who can be covered."""
    people, rural = coverage.people, np.where(coverage.city, 0, coverage.people)
    covered = coverage.before(setting)
    gains = greedy_gains(coverage.reach(setting, ~covered & (people > 0)), people)
    before = people[covered].sum()
    new = coverage.settings["types"][NEW]["new"]
    percent = 100 / people.sum()
    return {
        "setting": setting.title,
        "covered before": f"{before * percent:.1f} %",
        "rural": f"{100 * rural[covered].sum() / rural.sum():.1f} %",
        f"after {new:,}": f"{(before + gains[:new].sum()) * percent:.2f} %",
        "coverable": f"{(before + gains.sum()) * percent:.2f} %",
        "sites for all coverable": f"{len(gains):,}",
    }


def sensitivity_table(tables: Synthesis, second: Synthesis) -> pd.DataFrame:
    """One row per setting, and one for the same question on tables of another seed."""
    coverage = Coverage(tables)
    rows = [sensitivity_row(coverage, setting) for setting in SETTINGS]
    rows.append(sensitivity_row(Coverage(second), Setting("x1.3, second seed")))
    return pd.DataFrame(rows)
