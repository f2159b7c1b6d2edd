"""From the tables of a benchmark problem to an instance that asks its question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance import Instance
from siting.instance.arrays import Ints, Longs, OdTable, Texts
from siting.instance.references import Ids
from siting.instance.settings import MAX_MINUTES
from siting.readers.orlib.known import Known
from siting.readers.orlib.text import MOST_PAIRS
from siting.readers.question import question

SERVICE, KIND = "service", "place"
"""The only service and kind of place of a benchmark problem."""

_SCALES = (1, 10, 100, 1_000, 10_000)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Response times of K pairs: number of the site, number of the place, and ms."""

    site: Longs
    place: Longs
    ms: Ints


@dataclass(frozen=True, eq=False)
class Benchmark:
    """One problem in words of an instance.

    Attributes:
        path: its file.
        title, notes: for people.
        places, candidates: tables; candidates name their sites by id.
        type: id of the facility type, and ``kind`` what instance.toml says of it beside its services.
        kind: see ``type``.
        model: the question: a bundled model, or the file of one in ``brings``.
        known: best known value by model.
        roads: table of edges, None where there are ``pairs``.
        sites, pairs: ids of the sites, and response times from them.
        standard: minutes that count as covered; the longest there are where the problem has none.
        parameters: numbers of the model.
        brings: text of model files by name.
        warnings: what should be looked at.
    """

    path: Path
    title: str
    notes: str
    places: pd.DataFrame
    candidates: pd.DataFrame
    type: str
    kind: Mapping[str, object]
    model: str
    known: Mapping[str, Known] = field(default_factory=dict)
    roads: pd.DataFrame | None = None
    sites: Texts | None = None
    pairs: Pairs | None = None
    standard: float = MAX_MINUTES
    parameters: Mapping[str, float] = field(default_factory=dict)
    brings: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def instance(self, name: str | None, published: float | None) -> Instance:
        """The instance.

        Args:
            name: of the instance; None for that of the file.
            published: best value known of its question, over what lies beside the file.
        """
        asked = Path(self.model).stem if self.model in self.brings else self.model
        known = {model: one.value for model, one in self.known.items()}
        said = "the best value known for"
        origins = [f"{said} {model} is from {one.origin}" for model, one in self.known.items()]
        if published is not None:
            known[asked] = published
            origins = [one for one in origins if f" for {asked} is " not in one]
            origins.append(f"{said} {asked} was given at import")
        told = "".join(f" {one[0].upper()}{one[1:]}." for one in origins)
        settings = question(
            name or self.path.stem,
            f"{name or self.path.stem}: {self.title}",
            sources=[{"what": self.title, "origin": self.path.name, "licence": "that of the file's origin"}],
            notes=self.notes + told,
            settings={
                "currency": "units of cost",
                "services": {SERVICE: {"standard": {KIND: self.standard}}},
                "types": {self.type: {"provides": {SERVICE: 0}, "cost": 0.0, **self.kind}},
            },
            model=self.model,
            published=known,
            parameters=self.parameters,
        )
        built = Instance.from_frames(
            places=self.places,
            candidates=self.candidates.assign(type=self.type),
            roads=self.roads,
            od=self._first_rows(),
            settings=settings,
            brings=dict(self.brings),
        )
        return replace(self._with_pairs(built), warnings=(*self.warnings, *built.warnings))

    def _first_rows(self) -> pd.DataFrame | None:
        """A row of the table per site, by which the instance is validated; millions stay arrays."""
        if self.pairs is None or self.sites is None:
            return None
        # Where sites are the places, the row of a site to its own place.
        order = np.lexsort((self.pairs.place != self.pairs.site, self.pairs.site))
        first = order[np.r_[True, np.diff(self.pairs.site[order]) > 0]]
        return pd.DataFrame(
            {
                "from": self.sites[self.pairs.site[first]],
                "to": self.places["place_id"].to_numpy()[self.pairs.place[first]],
                "minutes": self.pairs.ms[first] / 60_000,
            }
        )

    def _with_pairs(self, instance: Instance) -> Instance:
        """The instance with all rows of the table."""
        if self.pairs is None or self.sites is None:
            return instance
        # The instance has sites and places in the order of their ids, whatever that of the file is.
        site = Ids(instance.sites.ids).find(self.sites)[self.pairs.site]
        place = Ids(instance.places.ids).find(self.places["place_id"].to_numpy())[self.pairs.place]
        order = np.lexsort((place, site))
        return replace(instance, od=OdTable(site[order], place[order], self.pairs.ms[order]))


def places_table(count: int, population: np.ndarray | int = 1, prefix: str = "") -> pd.DataFrame:
    """``count`` places numbered from 1, without coordinates."""
    ids = np.array([f"{prefix}{number}" for number in range(1, count + 1)], dtype=object)
    return pd.DataFrame({"place_id": ids, "name": ids, "population": population, "kind": KIND})


def scale_of(longest: float, where: str) -> int:
    """Units of length that one minute stands for: 1, or the least power of ten that fits into int32 ms.

    Raises:
        InstanceError: even with the largest the longest way does not fit.
    """
    fitting = [scale for scale in _SCALES if longest <= MAX_MINUTES * scale]
    if not fitting:
        most = MAX_MINUTES * _SCALES[-1]
        raise InstanceError(Complaint(where, f"a way of {longest:,.0f} is too long; expected: <= {most:,}"))
    return fitting[0]


def of_scale(scale: int) -> str:
    """The sentence about the scale."""
    if scale == 1:
        return "One unit of distance is one minute, in whole milliseconds."
    return (
        f"One minute stands for {scale:,} units of distance: objective values are those of the collection "
        f"divided by {scale:,}."
    )


def check_medians(medians: int | None, sites: int, where: str, line: int | None = None) -> int:
    """How many facilities to open.

    Raises:
        InstanceError: not between 1 and the number of sites.
    """
    whole = isinstance(medians, int | np.integer) and not isinstance(medians, bool)
    if medians is None or not whole or not 1 <= medians <= sites:
        what = f"{medians!r} must be a whole number between 1 and {sites:,}: how many facilities to open"
        raise InstanceError(Complaint(where, what, line, "p"))
    return int(medians)


def check_pairs(sites: int, places: int, where: str, line: int | None = None) -> None:
    """Refuse a table that is too large.

    Raises:
        InstanceError: it would have more than ``MOST_PAIRS`` rows.
    """
    if sites * places > MOST_PAIRS:
        what = f"{sites:,} x {places:,} pairs; tables are made of up to {MOST_PAIRS:,} pairs"
        raise InstanceError(Complaint(where, what, line))


def plane(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, n) Euclidean distances of points (n,) in the plane, infinite beyond what doubles hold."""
    with np.errstate(over="ignore"):
        across, along = x[:, None] - x, y[:, None] - y
        distances: np.ndarray = np.sqrt(across * across + along * along)
    return distances


def everywhere(distances: np.ndarray, scale: int) -> Pairs:
    """All pairs of n points as response times, a minute for ``scale`` units of distance (n, n)."""
    count = len(distances)
    index = np.arange(count)
    ms = np.rint(distances * (60_000 / scale)).astype(np.int32)
    return Pairs(np.repeat(index, count), np.tile(index, count), ms.ravel())
