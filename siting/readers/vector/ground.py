"""Where sites may be: places, known nodes, and the locations that facilities and candidates add."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.instance.arrays import Floats, Texts
from siting.instance.raw import Report
from siting.readers.vector.points import Layer
from siting.roads.graph import Roads

SAME_DEGREES = 1e-6
"""Points in one cell of this size, 0.11 m, are one site."""

_WORDS = {"facilities": "facility", "candidates": "candidate"}


class Ground:
    """Sites by id and by coordinates.

    Attributes:
        new: per location that facilities and candidates add, by its id: name, latitude, longitude.
    """

    def __init__(self, places: pd.DataFrame, others: Iterable[str], *, by_id: bool) -> None:
        """Begin with the places.

        Args:
            places: with place_id, lat and lon.
            others: ids of nodes of the graph, or of origins of the origin-destination table.
            by_id: sites are told by their ids alone, as an origin-destination table does.
        """
        self.new: dict[str, tuple[str, float, float]] = {}
        self._by_id = by_id
        self._places = set(places["place_id"])
        self._known = {*self._places, *others}
        self._at: dict[int, str] = {}
        for id_, cell in zip(places["place_id"], _cells(places["lat"], places["lon"]).tolist(), strict=True):
            self._at.setdefault(cell, id_)

    def stand(self, layer: Layer, table: str, report: Report) -> Texts:
        """Id of the site of every row of a layer.

        A row whose column ``site`` names a place or node stands there, and with an origin-destination
        table every row stands at the origin or place of its id. Others stand at the place, facility
        or candidate with their coordinates, or at a new location, which keeps their id if it is new.

        Args:
            layer: N facilities or candidates.
            table: ``facilities`` or ``candidates``.
            report: receives complaints about rows that stand nowhere.

        Returns:
            (N,) ids.
        """
        frame = layer.frame
        own = "site" if "site" in frame else "facility_id"
        wanted = list(frame[own]) if own in frame else [""] * len(frame)
        names = list(frame["name"]) if "name" in frame else wanted
        refers = self._by_id or layer.headers.get("site") == "site"
        sites = np.array(wanted, dtype=object)
        lost = np.zeros(layer.raw.size, dtype=bool)
        lat, lon = frame["lat"].to_numpy(), frame["lon"].to_numpy()
        for row, cell in enumerate(_cells(lat, lon).tolist()):
            if refers and wanted[row] in self._known:
                if self._by_id and wanted[row] not in self._places and not np.isnan(lat[row]):
                    self.new.setdefault(wanted[row], (names[row] or wanted[row], lat[row], lon[row]))
                continue
            if self._by_id or np.isnan(lat[row]):
                lost[layer.rows[row]] = True
                continue
            if cell not in self._at:
                self._at[cell] = self._fresh(wanted[row], _WORDS[table], row)
                self.new[self._at[cell]] = (names[row] or self._at[cell], lat[row], lon[row])
            sites[row] = self._at[cell]
        column = layer.headers.get(own)
        what = "origin of the od table" if self._by_id else "place or node, and the row has no coordinates"
        report.rows(
            layer.raw,
            lost,
            column,
            lambda row: (
                f"{layer.raw.cell(column, row) if column in layer.raw.columns else ''!r} is no {what}"
            ),
        )
        return sites

    def name_nodes(self, roads: Roads) -> Roads:
        """The graph with the nodes at which sites are named after them, so that they stand there.

        Its other nodes get ids that nothing else has.
        """
        word = "node"
        while any(id_.startswith(f"{word} ") for id_ in self._known):
            word = f"road {word}"
        cells = np.array(list(self._at), dtype=np.int64)
        _, node, site = np.intersect1d(_cells(roads.lat, roads.lon), cells, return_indices=True)
        ids = np.array([f"{word} {number + 1}" for number in range(len(roads.ids))], dtype=object)
        ids[node] = np.array(list(self._at.values()), dtype=object)[site]
        return replace(roads, ids=ids)

    def junctions(self) -> pd.DataFrame:
        """The new locations as rows of junctions.csv."""
        rows = [(id_, *where) for id_, where in self.new.items()]
        return pd.DataFrame(rows, columns=["junction_id", "name", "lat", "lon"])

    def _fresh(self, wanted: str, word: str, row: int) -> str:
        """An id that nothing else has."""
        id_, tries = wanted or f"{word} {row + 1}", 1
        while id_ in self._known:
            id_ = f"{word} {wanted or row + 1}" + (f" ({tries})" if tries > 1 else "")
            tries += 1
        self._known.add(id_)
        return id_


def _cell(layer: Layer, column: str | None, row: int) -> str:
    return layer.raw.cell(column, row) if column in layer.raw.columns else ""


def _cells(lat: Any, lon: Any) -> NDArray[np.int64]:
    """Number of the cell of every point, (N,); longitude -180 is 180, and a pole one point."""
    turn = round(360 / SAME_DEGREES)
    north = _whole(lat)
    east = np.where(np.abs(north) >= turn // 4, 0, _whole(lon) % turn)
    return (north + turn // 4) * turn + east


def _whole(degrees: Floats) -> NDArray[np.int64]:
    return np.nan_to_num(np.rint(np.asarray(degrees, dtype=np.float64) / SAME_DEGREES)).astype(np.int64)
