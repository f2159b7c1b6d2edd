"""Whether two instances say the same; the order of road nodes and of sites beside places may differ."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from siting.instance import Instance
from siting.instance.settings import as_dict


def assert_same(one: Instance, other: Instance) -> None:
    """Every array, by ids."""
    assert as_dict(one.settings) == as_dict(other.settings)
    assert dict(one.brings) == dict(other.brings)
    for level in one.areas:
        _assert_fields(one.areas[level], other.areas[level])
    _assert_fields(one.places, other.places)
    for part in ("facilities", "candidates"):
        a, b = getattr(one, part), getattr(other, part)
        _assert_fields(a, b, but=("site",))
        assert one.sites.ids[a.site].tolist() == other.sites.ids[b.site].tolist()
    pd.testing.assert_frame_equal(_sites(one), _sites(other))
    pd.testing.assert_frame_equal(_roads(one), _roads(other))
    pd.testing.assert_frame_equal(_od(one), _od(other))
    assert [(s.id, s.title, s.probability) for s in one.scenarios] == [
        (s.id, s.title, s.probability) for s in other.scenarios
    ]
    for a, b in zip(one.scenarios, other.scenarios, strict=True):
        assert set(one.sites.ids[a.lost]) == set(other.sites.ids[b.lost])


def _assert_fields(one: Any, other: Any, but: tuple[str, ...] = ()) -> None:
    for field in fields(one):
        if field.name not in but:
            a, b = getattr(one, field.name), getattr(other, field.name)
            if isinstance(a, dict):
                assert a.keys() == b.keys()
                for key in a:
                    np.testing.assert_array_equal(a[key], b[key], field.name)
            else:
                np.testing.assert_array_equal(a, b, field.name)


def _sites(instance: Instance) -> pd.DataFrame:
    sites = instance.sites
    nodes = np.array(["", *([] if instance.roads is None else instance.roads.ids)], dtype=object)
    table = {
        "name": sites.names, "lat": sites.lat, "lon": sites.lon, "snap_m": sites.snap_m,
        "node": nodes[sites.node + 1],
    }  # fmt: skip
    return pd.DataFrame(table, index=sites.ids.astype(str)).sort_index()


def _roads(instance: Instance) -> pd.DataFrame:
    roads = instance.roads
    if roads is None:
        return pd.DataFrame()
    table = pd.DataFrame(
        {
            "from": roads.ids[roads.tail],
            "to": roads.ids[roads.head],
            "ms": roads.ms,
            "metres": roads.metres,
            "class": np.append(np.array(roads.classes, dtype=object), "")[roads.klass],
        }
    )
    for number, scenario in enumerate(instance.scenarios):
        table[f"factor{number}"] = 1.0 if scenario.factor is None else scenario.factor
    for end, node in (("from", roads.tail), ("to", roads.head)):
        table[f"{end}_lat"], table[f"{end}_lon"] = roads.lat[node], roads.lon[node]
    return table.sort_values(["from", "to"], ignore_index=True)


def _od(instance: Instance) -> pd.DataFrame:
    if instance.od is None:
        return pd.DataFrame()
    od = instance.od
    table = {"from": instance.sites.ids[od.site], "to": instance.places.ids[od.place], "ms": od.ms}
    return pd.DataFrame(table).sort_values(["from", "to"], ignore_index=True)
