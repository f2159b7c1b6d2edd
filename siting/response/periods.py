"""From one period to several: what is opened in a period serves the needs of all later ones too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Ints, Longs
from siting.response.needs import Needs, Options


@dataclass(frozen=True, eq=False)
class Rows:
    """Pairs by need, and who serves without any; see :class:`siting.response.Responses`."""

    indptr: Longs
    option: Ints
    ms: Ints
    base_option: Ints
    base_ms: Ints


def unrolled(rows: Rows, single: Needs, needs: Needs, options: Options) -> Rows:
    """The rows of every period.

    Args:
        rows: of the needs ``single``, whose options are those of the first period.
        single, needs: needs of one period, and of all.
        options: of all periods.
    """
    periods = int(needs.period.max(initial=0)) + 1
    candidates = (len(options.site) - options.existing) // periods
    per_scenario = len(single.place) // (int(single.scenario.max(initial=0)) + 1)
    number = np.arange(len(single.place))
    scenario, within = np.divmod(number, per_scenario)
    row = np.repeat(number, np.diff(rows.indptr))
    old = rows.option < options.existing
    parts = []
    for period in range(periods):
        to = (scenario * periods + period) * per_scenario + within
        for opened in range(period + 1):
            kept = ~old if opened else np.ones(len(old), dtype=bool)
            # Existing facilities are there from the start; they have one number for all periods.
            name = np.where(old[kept], rows.option[kept], rows.option[kept] + opened * candidates)
            parts.append((to[row[kept]], name, rows.ms[kept]))
    need, option, ms = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((option, ms, need))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(need, minlength=len(needs.place)))])
    source = _source(needs, per_scenario, periods)
    return Rows(
        indptr.astype(np.int64),
        option[order].astype(np.int32),
        ms[order],
        rows.base_option[source],
        rows.base_ms[source],
    )


def _source(needs: Needs, per_scenario: int, periods: int) -> Longs:
    """(N,) the need of one period that each need is a copy of."""
    number = np.arange(len(needs.place))
    scenario, rest = np.divmod(number, per_scenario * periods)
    return np.asarray(scenario * per_scenario + rest % per_scenario)
