"""Candidates by the ids that files name them by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from siting.check.folder import Checked
from siting.instance.arrays import Ints, Longs


class Named:
    """Options of an instance by site id and type id.

    Attributes:
        opened: (site id, type id) of what the plan opens, by row of sites.csv.
    """

    def __init__(self, checked: Checked) -> None:
        ground = checked.audit.ground
        candidates = ground.instance.candidates
        self._existing, self._size = ground.options.existing, len(candidates.site)
        self._periods = len(ground.settings.periods) if ground.layout.periods else 1
        types = np.array([one.id for one in ground.settings.types], dtype=object)
        ids = ground.instance.sites.ids

        def keys(site: Ints, kind: Ints) -> list[tuple[str, str]]:
            return list(zip(ids[site].astype(str).tolist(), types[kind].tolist(), strict=True))

        self._rows = {key: row for row, key in enumerate(keys(candidates.site, candidates.type))}
        opened = checked.audit.opened
        self.opened = keys(ground.options.site[opened], ground.options.type[opened])

    def option(self, site: str, kind: str, period: int) -> int | None:
        """The option of a candidate in a period; None where there is none."""
        row = self._rows.get((site, kind))
        return None if row is None else self._existing + period * self._size + row

    def options(self, keys: Iterable[tuple[str, str]]) -> Longs:
        """(K,) options of some candidates, in every period; without those that there are not."""
        rows = [self._rows[key] for key in set(keys) if key in self._rows]
        first = self._existing + np.array(sorted(rows), dtype=np.int64)
        return np.concatenate([first + period * self._size for period in range(self._periods)])
