"""From a matrix of costs between clients and facilities, as spopt takes it, to an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance import Instance
from siting.instance.arrays import Flags, Floats, Longs, OdTable, Texts
from siting.instance.references import Ids
from siting.instance.settings import MAX_MINUTES

SERVICE, TYPE, KIND = "service", "facility", "client"
"""The only service, facility type and kind of place of such an instance."""

PER_MINUTE = {"seconds": 60.0, "minutes": 1.0, "hours": 1 / 60}
"""Units of cost that are a minute, by the unit's name."""

MOST_PAIRS = 50_000_000
"""Most pairs of a matrix."""

_LISTED = 10
"""Wrong cells of one kind that are listed; the rest is counted."""


def from_cost_matrix(
    cost: pd.DataFrame | ArrayLike,
    *,
    weights: ArrayLike | None = None,
    new: int | None = None,
    standard: float | None = None,
    predefined: ArrayLike | None = None,
    existing: ArrayLike | None = None,
    opening: ArrayLike | None = None,
    unit: str | float = "minutes",
    clients: Sequence[object] | None = None,
    facilities: Sequence[object] | None = None,
    name: str = "cost_matrix",
) -> Instance:
    """An instance of a cost matrix; for those who come from spopt.

    ============================================== ===================================== ===================
    spopt 0.7, ``from_cost_matrix`` of             here                                  ``solve`` with
    ============================================== ===================================== ===================
    ``PMedian(cost, weights, p_facilities)``       ``cost, weights=, new=``              ``min_travel_time``
    ``MCLP(cost, weights, service_radius, p_...)`` ``cost, weights=, standard=, new=``   ``max_coverage``
    ``LSCP(cost, service_radius)``                 ``cost, standard=``                   ``set_cover``
    ``PCenter(cost, p_facilities)``                ``cost, new=``                        ``p_center``
    ``predefined_facilities_arr``                  ``predefined=``
    ============================================== ===================================== ===================

    Objective values are those of spopt: in minutes (p-median, p-center), people (MCLP), and facilities
    (LSCP: opening each costs 1). What differs: at most so many facilities are opened, not exactly; a
    client whom no facility covers makes spopt's LSCP infeasible, and is left out and reported here; a
    client of weight 0 needs nothing, in a p-center too.

    Args:
        cost: (clients, facilities) time from each facility to each client, NaN or infinite where it
            cannot be reached. Index and columns of a DataFrame are ids.
        weights: (clients,) people of each, whole numbers; by default 1.
        new: how many facilities may be opened; by default all.
        standard: spopt's ``service_radius``, in the unit of the matrix: up to it a client is covered.
            By default everybody who can be reached is.
        predefined: (facilities,) 1 for those that must be among the opened ones, else 0.
        existing: (facilities,) 1 for those that stand already, beside the new ones, else 0.
        opening: (facilities,) cost of opening each; by default 1.
        unit: seconds, minutes or hours; or how many units of cost are a minute, e.g. 1000 where
            metres shall count as a minute per km. Times are kept in whole milliseconds.
        clients, facilities: ids; by default those of a DataFrame that has more than numbered rows and
            columns, else ``client 0``, ``facility 0``, and so on. A client and a facility of the same id
            are one place.
        name: of the instance.

    Raises:
        InstanceError: the complete list of what is wrong.
    """
    matrix = _Matrix(cost, unit, clients, facilities)
    rows, columns = matrix.minutes.shape
    people = matrix.row("weights", weights, rows, 1, whole=True)
    price = matrix.row("opening", opening, columns, 1)
    must = matrix.row("predefined", predefined, columns, 0, most=1, whole=True) > 0
    stand = matrix.row("existing", existing, columns, 0, most=1, whole=True) > 0
    limit = matrix.limit(new, must, stand)
    minutes = matrix.standard(standard)
    matrix.check()
    ids = matrix.facilities
    built = Instance.from_frames(
        places=pd.DataFrame(
            {"place_id": matrix.clients, "name": matrix.clients, "population": people, "kind": KIND}
        ),
        candidates=pd.DataFrame(
            {"site": ids, "type": TYPE, "cost": price, "status": np.where(must, "required", "candidate")}
        )[~stand],
        facilities=pd.DataFrame({"facility_id": ids, "name": ids, "type": TYPE, "site": ids})[stand],
        # A row per facility makes the sites known; all pairs follow as arrays.
        od=pd.DataFrame({"from": ids, "to": matrix.own_places(), "minutes": 0.0}),
        settings=_settings(name, matrix, minutes, limit),
    )
    return replace(built, od=matrix.pairs(built))


def _settings(name: str, matrix: _Matrix, standard: float, new: int) -> Mapping[str, object]:
    rows, columns = matrix.minutes.shape
    return {
        "name": name,
        "title": f"{name}: {rows:,} clients, {columns:,} facilities",
        "currency": "units of cost",
        "notes": f"A cost matrix; {matrix.said}. A pair without a finite cost is unreachable.",
        "services": {SERVICE: {"title": "Service", "standard": {KIND: standard}}},
        "types": {TYPE: {"title": "Facility", "provides": {SERVICE: 0}, "new": new}},
    }


@dataclass
class _Matrix:
    """A cost matrix in minutes, and what is wrong with what was given beside it.

    Attributes:
        minutes: (clients, facilities), NaN where unreachable.
        clients, facilities: ids.
        scale: units of cost that are a minute; and the words for it in ``said``.
    """

    minutes: Floats
    clients: Texts
    facilities: Texts
    scale: float
    said: str
    _wrong: list[Complaint] = field(default_factory=list)

    def __init__(
        self,
        cost: Any,
        unit: str | float,
        clients: Sequence[object] | None,
        facilities: Sequence[object] | None,
    ) -> None:
        self._wrong = []
        frame = cost if isinstance(cost, pd.DataFrame) else None
        values = _numbers(cost)
        self.scale, self.said = self._scale(unit)
        self.minutes = np.where(np.isfinite(values), values / self.scale, np.nan)
        self._check_cells(values)
        rows, columns = (None, None) if frame is None else (frame.index, frame.columns)
        self.clients = self._ids("clients", "client", clients, rows, values.shape[0])
        self.facilities = self._ids("facilities", "facility", facilities, columns, values.shape[1])

    def check(self) -> None:
        """Refuse what is wrong.

        Raises:
            InstanceError: lists all of it.
        """
        if self._wrong:
            raise InstanceError(self._wrong)

    def row(
        self,
        what: str,
        given: ArrayLike | None,
        size: int,
        default: float,
        most: float = np.inf,
        *,
        whole: bool = False,
    ) -> Floats:
        """One number >= 0 per client or facility; stand-ins where that is not what is given."""
        usual = np.full(size, float(default))
        if given is None:
            return usual
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.shape != (size,):
            found = np.shape(np.asarray(given, dtype=object))
            self._complain(what, f"has the shape {found}; expected: {size:,} numbers")
            return usual
        bad = ~(np.isfinite(values) & (values >= 0) & (values <= most))
        if whole:
            bad |= values != np.floor(values)
        kind = "0 or 1" if most == 1 else "a whole number >= 0" if whole else "a number >= 0"
        self._list(what, np.flatnonzero(bad), lambda at: f"{values[at]:g} must be {kind}")
        return np.where(bad, usual, values)

    def limit(self, new: int | None, must: Flags, stand: Flags) -> int:
        """How many facilities may be opened."""
        for at in np.flatnonzero(must & stand)[:_LISTED].tolist():
            self._complain(f"predefined[{at}]", "stands already, by existing; expected: 0 in one of the two")
        free = int((~stand).sum())
        if new is None:
            return free
        if isinstance(new, bool) or not isinstance(new, int | np.integer) or not 0 <= new <= free:
            what = f"{new!r} must be a whole number between 0 and {free:,}: the facilities that may be opened"
            self._complain("new", what)
        elif must.sum() > new:
            self._complain(
                "new", f"{new} is less than the {int(must.sum()):,} predefined facilities; raise it"
            )
        return int(new) if isinstance(new, int | np.integer) else free

    def standard(self, given: float | None) -> float:
        """The coverage standard in minutes."""
        if given is None:
            return float(MAX_MINUTES)
        minutes = float(given) / self.scale
        if not 0 < minutes <= MAX_MINUTES:
            most = MAX_MINUTES * self.scale
            self._complain(
                "standard", f"{given!r} must be > 0 and <= {most:,.10g}, in the unit of the matrix"
            )
            return 1.0
        return minutes

    def own_places(self) -> Texts:
        """A client for each facility: the one at its own place, where it reaches that, else the first."""
        row = pd.Index(self.clients).get_indexer(pd.Index(self.facilities))
        serves = (row >= 0) & ~np.isnan(self.minutes[row, np.arange(len(row))])
        return self.clients[np.where(serves, row, 0)]

    def pairs(self, instance: Instance) -> OdTable:
        """All pairs that can be reached, facility by facility."""
        # The instance has sites and places in the order of their ids, whatever that of the matrix is.
        column, row = np.nonzero(~np.isnan(self.minutes.T))
        site = Ids(instance.sites.ids).find(np.array(self.facilities, dtype=object))[column]
        place = Ids(instance.places.ids).find(np.array(self.clients, dtype=object))[row]
        ms = np.rint(self.minutes[row, column] * 60_000).astype(np.int32)
        order = np.lexsort((place, site))
        return OdTable(site[order], place[order], ms[order])

    def _scale(self, unit: str | float) -> tuple[float, str]:
        if isinstance(unit, str):
            if unit in PER_MINUTE:
                return PER_MINUTE[unit], f"its costs are {unit}"
            known = f"give {', '.join(PER_MINUTE)}, or how many units of cost are a minute"
            self._complain("unit", f"{unit!r} is not known{did_you_mean(unit, PER_MINUTE)}; {known}")
            return 1.0, ""
        if not 0 < unit < np.inf:
            self._complain("unit", f"{unit!r} must be > 0: how many units of cost are a minute")
            return 1.0, ""
        return float(unit), f"{unit:,.10g} units of its costs are a minute"

    def _check_cells(self, values: Floats) -> None:
        """Complain of costs below 0, of such as are too long, and of a matrix without any."""
        bad = np.argwhere((self.minutes < 0) | (self.minutes > MAX_MINUTES) | np.isneginf(values))
        for i, j in bad[:_LISTED].tolist():
            most = f"{MAX_MINUTES * self.scale:,.10g}"
            self._complain(f"[{i}, {j}]", f"{values[i, j]:g} must be >= 0 and <= {most}; see unit")
        if len(bad) > _LISTED:
            self._complain("cost", f"... and {len(bad) - _LISTED:,} more like these")
        if np.isnan(self.minutes).all():
            self._complain("cost", "no cost is finite, so that nobody can be reached")

    def _ids(
        self, what: str, one: str, given: Sequence[object] | None, labels: pd.Index[Any] | None, size: int
    ) -> Texts:
        """Ids as given, else the labels of a frame, unless these only number it, else numbers."""
        if given is None and labels is not None and not labels.equals(pd.RangeIndex(size)):
            given = list(labels)
        if given is None:
            return np.array([f"{one} {number}" for number in range(size)], dtype=object)
        missing = np.asarray(pd.isna(np.array([*given, None], dtype=object)[:-1]), dtype=bool)
        found = np.array(["" if gone else str(id_).strip() for id_, gone in zip(given, missing, strict=True)])
        if len(found) != size:
            self._complain(what, f"{len(found):,} ids; expected: {size:,}")
        empty, again = found == "", pd.Index(found).duplicated()
        self._list(what, np.flatnonzero(empty), lambda at: "is empty; expected: an id")
        self._list(
            what, np.flatnonzero(again & ~empty), lambda at: f"{str(found[at])!r} occurs more than once"
        )
        return found.astype(object)

    def _list(self, what: str, rows: Longs, says: Callable[[int], str]) -> None:
        for at in rows[:_LISTED].tolist():
            self._complain(f"{what}[{at}]", says(at))
        if len(rows) > _LISTED:
            self._complain(what, f"... and {len(rows) - _LISTED:,} more like these")

    def _complain(self, column: str, what: str) -> None:
        self._wrong.append(Complaint("cost matrix", what, column=column))


def _numbers(cost: Any) -> Floats:
    """The matrix as floats.

    Raises:
        InstanceError: it is none, is empty, or is too large.
    """
    try:
        values = (
            cost.to_numpy(np.float64, na_value=np.nan) if isinstance(cost, pd.DataFrame) else np.asarray(cost)
        )
        values = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InstanceError(Complaint("cost matrix", f"holds what is no number: {error}")) from None
    if values.ndim != 2 or not values.size:
        what = f"has the shape {values.shape}; expected: (clients, facilities), at least one of each"
        raise InstanceError(Complaint("cost matrix", what))
    if values.size > MOST_PAIRS:
        raise InstanceError(Complaint("cost matrix", f"{values.size:,} pairs; read are up to {MOST_PAIRS:,}"))
    return np.asarray(values, dtype=np.float64)
