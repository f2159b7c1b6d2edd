"""Fewer demand points than the country has: the smallest places hand their people on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from siting.synthesis.plane import Flags, Floats, Longs, to_plane


def thinned(places: pd.DataFrame, programme: Flags, held: set[str], count: int) -> tuple[pd.DataFrame, str]:
    """Remove villages until ``count`` demand points of the programme are left.

    Synthetic villages go first, then named ones, of each the least populous first; their people
    go to the nearest village of their region that stays, so that people per region and kind of
    place stay the same. A place that took people over is marked as synthetic: its population is
    nobody's figure any more.

    Args:
        places: all places.
        programme: (P,) which of them count; the others stay as they are.
        held: ids of places that stay.
        count: fewer than the programme has, but more than it has in cities and among the held.

    Returns:
        the places left, in the same order, and a sentence about what was done.
    """
    village = programme & (places["kind"] == "village").to_numpy()
    free = np.flatnonzero(village & ~places["place_id"].isin(held).to_numpy())
    named = ~places["place_id"].str.startswith("v").to_numpy()
    people = places["population"].to_numpy()
    order = free[np.lexsort((free, people[free], named[free]))]
    removed = np.sort(order[: int(programme.sum()) - count])
    stays = np.ones(len(places), dtype=bool)
    stays[removed] = False
    heir, away = _heirs(places, removed, np.flatnonzero(village & stays))
    gained = np.zeros(len(places), dtype=np.int64)
    np.add.at(gained, heir, people[removed])
    origin = places["origin"].where(gained == 0, "synthetic")
    kept = places.assign(population=people + gained, origin=origin)[stays].reset_index(drop=True)
    said = (
        f"Thinned: {len(removed):,} villages ({int(named[removed].sum()):,} of them named places) of "
        f"{int(programme.sum()):,} points were removed, synthetic ones first, of each the least populous "
        f"first. Their {int(people[removed].sum()):,} people were handed to the nearest village of the "
        f"oblast that stays, {away.mean():.1f} km off on average, within {np.quantile(away, 0.99):.1f} km "
        f"for 99 of 100 villages."
    )
    return kept, said


def _heirs(places: pd.DataFrame, removed: Longs, left: Longs) -> tuple[Longs, Floats]:
    """The village among those left that is nearest to each removed one in its region, and km to it."""
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    region = places["region"].to_numpy()
    heir, away = np.empty(len(removed), dtype=np.int64), np.empty(len(removed))
    for name in np.unique(region[removed]):
        here, options = np.flatnonzero(region[removed] == name), left[region[left] == name]
        km, nearest = cKDTree(points[options]).query(points[removed[here]])
        heir[here], away[here] = options[np.asarray(nearest)], km
    return heir, away
