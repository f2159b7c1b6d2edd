"""Neighbourhoods of a large program: which columns to free together."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from siting.instance.arrays import Flags
from siting.methods.relaxation.program import Minimum

LONG_ROW = 1_000
"""Terms from which a row (a budget, a floor) ties everything together and makes no neighbours."""

FOLLOWS = 2
"""Rows up to which an integer column is taken for one that follows from others, like a continuous one."""

STEPS = 8
"""Rows that are passed at most from one column to the next."""


class Around:
    """The map of a program: columns are neighbours when they share a row that is not long.

    Attributes:
        leads: (n,) integer columns that decide; the others follow from them.
    """

    def __init__(self, program: Minimum) -> None:
        ones = program.matrix.copy()
        ones.data = np.ones(ones.nnz, dtype=np.float32)
        self._rows: sparse.csr_matrix = ones[np.diff(ones.indptr) < LONG_ROW]
        self._columns: sparse.csr_matrix = self._rows.T.tocsr()
        follows = ~program.integer | (np.diff(self._columns.indptr) <= FOLLOWS)
        # Where every integer column seems to follow, all of them decide.
        self.leads: Flags = (
            program.integer & ~follows if np.any(program.integer & ~follows) else program.integer
        )

    def with_followers(self, free: Flags, most: int) -> Flags:
        """Free columns, and the following columns that hang on them, until there are ``most`` of those."""
        freed = free & ~self.leads
        reached = free
        for step in range(STEPS):
            found = self._step(reached) & ~self.leads & ~freed
            if not found.any() or (step > 1 and np.count_nonzero(freed | found) > most):
                break
            freed, reached = freed | found, found
        return free | freed

    def near(self, seed: int, count: int, among: Flags, rng: np.random.Generator) -> Flags:
        """About ``count`` deciding columns around one, out of those ``among`` where others are left out."""
        reached = np.zeros(len(self.leads), dtype=bool)
        reached[seed] = True
        chosen = reached & among
        while True:
            wider = self._step(reached) | reached
            ring = np.flatnonzero(wider & ~reached & among & self.leads)
            missing = count - int(np.count_nonzero(chosen))
            if len(ring) >= missing:
                chosen[rng.choice(ring, max(0, missing), replace=False)] = True
                return chosen
            if np.array_equal(wider, reached):
                return chosen
            chosen[ring] = True
            reached = wider

    def _step(self, columns: Flags) -> Flags:
        rows = self._rows @ columns.astype(np.float32) > 0.0
        return np.asarray(self._columns @ rows.astype(np.float32) > 0.0)
