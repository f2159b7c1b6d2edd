"""Seeded chance: one independent stream per step, from uniform numbers only.

Only ``Generator.random`` is drawn from: numpy keeps that stream of PCG64 stable, while its
distributions may change between releases. What is not uniform is derived by the inverse
transform, so that one seed gives the same bytes everywhere.
"""

from __future__ import annotations

import zlib

import numpy as np

from siting.synthesis.plane import Floats, Longs


def stream(seed: int, step: str) -> np.random.Generator:
    """The generator of one named step; steps do not disturb each other."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(step.encode())]))


def draw(chance: np.random.Generator, weight: Floats, count: int) -> Longs:
    """Draw ``count`` of N indices without replacement, probability proportional to weight.

    Args:
        weight: (N,) > 0.

    Returns:
        (min(count, N),) indices in ascending order.

    Source: Efraimidis, Spirakis (2006), Information Processing Letters 97: 181-185.
    """
    # 1 - random() lies in (0, 1], so that the logarithm is finite.
    keys = -np.log(1.0 - chance.random(len(weight))) / weight
    drawn: Longs = np.sort(np.argsort(keys, kind="stable")[:count])
    return drawn


def share_out(total: int, weight: Floats) -> Longs:
    """Split an integer total in proportion to (N,) weights by largest remainders; exact in sum."""
    exact = total * weight / weight.sum()
    parts: Longs = np.floor(exact).astype(np.int64)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts
