"""Points on the globe, for countries that no one map plane fits: all of them, poles included."""

from __future__ import annotations

import numpy as np

from siting.synthesis.plane import EARTH_KM, Floats, Points

_SPOTS = 32


def to_globe(lat: Floats, lon: Floats) -> Points:
    """Degrees as points on the sphere, (N, 3) km from the middle of the Earth."""
    phi, theta = np.radians(lat), np.radians(lon)
    flat = np.cos(phi)
    return EARTH_KM * np.column_stack([flat * np.cos(theta), flat * np.sin(theta), np.sin(phi)])


def arcs(chords: Floats) -> Floats:
    """Great-circle km of chords in km."""
    return np.asarray(2 * EARTH_KM * np.arcsin(np.minimum(1.0, chords / (2 * EARTH_KM))))


def unfolded(points: Points) -> Points:
    """Points of the globe on a plane, (N, 2), on which every circle is a circle still.

    The stereographic projection (Snyder 1987, section 21), so that Delaunay triangles on the plane
    are those on the globe but around its eye, the spot where the globe is torn open. The eye is
    opposite the middle of the points, or, where they go around the globe, where it is emptiest.
    """
    unit = points / EARTH_KM
    eyes = _spots()
    middle = unit.mean(axis=0)
    if np.linalg.norm(middle) > 1e-6:
        eyes = np.vstack([-middle / np.linalg.norm(middle), eyes])
    nearest = (unit @ eyes.T).max(axis=0)
    # Opposite the middle is best for the scale of the map, if it is empty for 60 degrees around.
    eye = eyes[0] if nearest[0] < 0.5 else eyes[nearest.argmin()]
    east = np.cross(eye, np.eye(3)[np.abs(eye).argmin()])
    east /= np.linalg.norm(east)
    north = np.cross(east, eye)
    return np.asarray(np.column_stack([unit @ east, unit @ north]) / (1 - unit @ eye)[:, None])


def _spots() -> Points:
    """Directions spread evenly over the globe (a Fibonacci spiral), (32, 3)."""
    number = np.arange(_SPOTS) + 0.5
    up = 1 - 2 * number / _SPOTS
    turn = np.pi * (3 - np.sqrt(5)) * number
    flat = np.sqrt(1 - up**2)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), up])
