"""A layer of a plan as a GeoDataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siting.errors import ModelError, PlanError, did_you_mean
from siting.writers.geopackage import geo_frame
from siting.writers.layers import layers

if TYPE_CHECKING:
    from siting.result import Result

LAYERS = ("sites", "facilities", "places", "lines")
"""Layers there are, see :func:`siting.writers.layers.layers`."""


def to_geodataframe(result: Result, layer: str = "sites") -> Any:
    """A layer of a plan for geopandas: points, or lines from facilities to the places they serve.

    Args:
        result: must hold a plan.
        layer: one of :data:`LAYERS`, with the columns that exported files have.

    Returns:
        A ``geopandas.GeoDataFrame`` in WGS 84. What has no coordinates, and a line that leads nowhere,
        has no geometry.

    Raises:
        ModelError: an unknown layer.
        PlanError: there is no plan.
        InstanceError: geopandas is not installed; says how to install it.
    """
    if layer not in LAYERS:
        near = did_you_mean(layer, LAYERS)
        raise ModelError(f"layer {layer!r} is not known{near}; give one of {', '.join(LAYERS)}")
    if result.plan is None:
        raise PlanError(f"there is no plan to draw: {result.status.value}")
    return geo_frame(layers(result, result.plan)[layer])
