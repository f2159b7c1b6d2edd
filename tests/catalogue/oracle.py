"""Which plan of a model file is best, found by trying all of them."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.instance.arrays import Flags, Floats, Ints
from tests.catalogue.measures import NEED_SUMS, Measures, Member, Use, Worth
from tests.catalogue.world import Plans

ROOM = 1e-9
"""Relative difference that sums of doubles in another order explain."""

Row = tuple[Floats, float, float]
"""Coefficients of pairs of need and option, and bounds of their sum."""


class Oracle(Measures):
    """Values and optima of one model file on some tables."""

    def limits(self) -> list[tuple[Use, Member, float, float]]:
        """Every limit with its member and its sides."""
        found = []
        for use in self.raw.get("limits", []):
            for member in self.members(use.get("each")):
                low = self.number(use.get("at_least", -math.inf), member)
                high = self.number(use.get("at_most", math.inf), member)
                found.append((use, None if member is None else (use["each"], member), low, high))
        return found

    # -- optima -----------------------------------------------------------------------------

    def keeps(self, plans: Plans) -> Flags:
        """(S,) plans that keep every limit."""
        kept = np.ones(len(plans), dtype=bool)
        for use, member, low, high in self.limits():
            values = self.value(use, plans, member)
            room = ROOM * np.maximum(1.0, np.abs(values))
            kept &= (values >= low - room) & (values <= high + room)
        return kept

    def optimum(self) -> list[float] | None:
        """Best value of every objective under what the earlier ones achieve; None without any plan."""
        plans = self.plans()
        assert len(plans) <= 10_000
        if self.serve != "nearest":
            return self._optimum_assigned(plans)
        plans = plans.only(self.keeps(plans))
        values = [self.value(use, plans) for use, _ in self.goals()]
        left = np.flatnonzero(~np.isnan(values).any(axis=0))
        best = []
        for (use, maximize), found in zip(self.goals(), values, strict=True):
            if not len(left):
                return None
            best.append(float(found[left].max() if maximize else found[left].min()))
            room = (self.number(use.get("tolerance", 0.0)) * abs(best[-1])) + ROOM * max(1.0, abs(best[-1]))
            left = left[np.abs(found[left] - best[-1]) <= room]
        return best

    def _optimum_assigned(self, plans: Plans) -> list[float] | None:
        """The same where capacities bind: the best assignment of every plan, promising ones first."""
        ((use, maximize),) = self.goals()
        sign = 1.0 if maximize else -1.0
        over_options = [limit for limit in self.limits() if limit[0]["measure"] not in NEED_SUMS]
        for limit, member, low, high in over_options:
            values = self.value(limit, plans, member)
            plans = plans.only((values >= low - ROOM) & (values <= high + ROOM))
        if use["measure"] not in NEED_SUMS:
            hopes = sign * self.value(use, plans)
        else:
            worth = self.worth(use, None)
            best_served = self._sum_of_best(Worth(worth.served, np.nan_to_num(worth.idle), maximize), plans)
            hopes = sign * (best_served + self.paid(use, plans))
        best = -math.inf
        for s in np.argsort(-hopes, kind="stable"):
            if hopes[s] <= best + ROOM:
                break
            found = self.assign(plans.only(slice(s, s + 1)))
            if found is not None:
                best = max(best, sign * found[0])
        return [sign * best] if math.isfinite(best) else None

    def assign(self, plan: Plans) -> tuple[float, Floats] | None:
        """Value and shares (N, M) of the best assignment under one plan, None where none is allowed."""
        ((use, maximize),) = self.goals()
        units = self.open_by_need(plan)[0]
        i, j = np.nonzero((units > 0) & np.isfinite(self.ms) & (self.ms <= self.latest()[:, None]))
        shares = np.zeros(self.ms.shape)
        rows = [*self._served_once(use, i), *self._loads(units, i, j), *self._floors(i, j)]
        gain, constant = np.zeros(len(i)), float("nan")
        if use["measure"] in NEED_SUMS:
            gain, constant = self._gains(use, None, i, j)
            constant += float(self.paid(use, plan)[0])
        if len(i):
            coefficients, low, high = (np.array(part) for part in zip(*rows, strict=True))
            found = milp(
                (-1.0 if maximize else 1.0) * gain,
                integrality=np.full(len(i), int(self.serve == "single")),
                bounds=Bounds(0.0, 1.0),
                constraints=LinearConstraint(coefficients, low, high),
                options={"mip_rel_gap": 0.0},
            )
            if found.x is None:
                return None
            shares[i, j] = np.rint(found.x) if self.serve == "single" else found.x
        elif any(low > ROOM or high < -ROOM for _, low, high in rows):
            return None
        value = float(gain @ shares[i, j]) + constant
        return (float(self.value(use, plan)[0]) if math.isnan(value) else value), shares

    def _served_once(self, use: Use, i: Ints) -> list[Row]:
        """A need is served once at most; exactly, where it must be."""
        must = np.zeros(len(self.needs), dtype=bool)
        if use["measure"] in NEED_SUMS:
            must = np.isnan(self.worth(use, None).idle)
        return [((i == n).astype(float), float(must[n]), 1.0) for n in range(len(must))]

    def _loads(self, units: Ints, i: Ints, j: Ints) -> list[Row]:
        """Nobody serves more people of a service than there is room for."""
        rows = []
        for key in sorted({(one.service, one.scenario, one.period) for one in self.needs}, key=str):
            mine = np.array([(one.service, one.scenario, one.period) == key for one in self.needs])
            people = np.where(mine, [one.place["population"] for one in self.needs], 0)
            for k, option in enumerate(self.options):
                if math.isfinite(option.capacity):
                    load = np.where(j == k, people[i], 0.0)
                    rows.append((load, -math.inf, float(option.capacity * units[mine][0][k])))
        return rows

    def _floors(self, i: Ints, j: Ints) -> list[Row]:
        """Limits on sums over needs."""
        rows = []
        for limit, member, least, most in self.limits():
            if limit["measure"] in NEED_SUMS:
                gain, constant = self._gains(limit, member, i, j)
                constant += self._constant(limit, member)
                rows.append((gain, least - constant, most - constant))
        return rows

    def assigned_value(self, use: Use, shares: Floats, member: Member = None) -> float:
        """Value of a measure of needs where shares (N, M) of them are served."""
        worth = self.worth(use, member)
        left = 1.0 - shares.sum(axis=1)
        idle = np.where(left > ROOM, left * worth.idle, 0.0)
        return float((shares * worth.served).sum() + idle.sum()) + self._constant(use, member)

    def _gains(self, use: Use, member: Member, i: Ints, j: Ints) -> tuple[Floats, float]:
        """What pairs add to nobody serving, and what that contributes."""
        worth = self.worth(use, member)
        idle = np.nan_to_num(worth.idle)
        return worth.served[i, j] - idle[i], float(idle.sum())
