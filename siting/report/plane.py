"""A flat map: kilometres east and north of the middle of what is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siting.instance.arrays import Floats

KM_PER_DEGREE = 6371.0088 * np.pi / 180
"""Of latitude, on a sphere of the earth's mean radius (IUGG)."""


@dataclass(frozen=True)
class Plane:
    """An equirectangular projection, true to scale along the middle parallel.

    Attributes:
        lat, lon: degrees of the middle.
    """

    lat: float
    lon: float

    @classmethod
    def around(cls, lat: Floats, lon: Floats) -> Plane:
        """The plane whose middle is that of some points (N,), of which one at least has coordinates."""
        return cls(*(float(np.nanmin(one) + np.nanmax(one)) / 2 for one in (lat, lon)))

    def project(self, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        """Kilometres east and north (N,) of points (N,) in degrees."""
        east = (lon - self.lon) * KM_PER_DEGREE * np.cos(np.radians(self.lat))
        return east, (lat - self.lat) * KM_PER_DEGREE
