"""Layers and tables as one GeoPackage (OGC 12-128), and as Parquet and GeoParquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.readers.extras import extra
from siting.writers.layers import Layer

_CRS = "EPSG:4326"


def write_geopackage(layers: Mapping[str, Layer], tables: Mapping[str, pd.DataFrame], file: Path) -> None:
    """One GeoPackage with a layer of points or lines each, and tables without geometry.

    Args:
        layers, tables: by name; what has no coordinates has no geometry.
        file: where to.
    """
    pyogrio = extra("pyogrio", "geo")
    for name, layer in layers.items():
        kind = "Point" if layer.lat.shape[1] == 1 else "LineString"
        pyogrio.write_dataframe(geo_frame(layer), file, layer=name, driver="GPKG", geometry_type=kind)
    for name, table in tables.items():
        pyogrio.write_dataframe(table, file, layer=name, driver="GPKG")


def write_parquet(layer: Layer | pd.DataFrame, file: Path) -> None:
    """A table as Parquet, a layer of which something has coordinates as GeoParquet."""
    extra("pyarrow", "geo")
    if isinstance(layer, pd.DataFrame):
        layer.to_parquet(file, index=False)
    elif layer.located.any():
        geo_frame(layer).to_parquet(file, index=False)
    else:
        layer.table.to_parquet(file, index=False)


def geo_frame(layer: Layer) -> Any:
    """The layer as a GeoDataFrame."""
    geopandas, shapely = extra("geopandas", "geo"), extra("shapely", "geo")
    geometry = np.full(len(layer.table), None, dtype=object)
    drawn = layer.located
    ends = np.stack([layer.lon[drawn], layer.lat[drawn]], axis=-1)  # (R, 1 or 2, 2)
    if layer.lat.shape[1] == 1:
        geometry[drawn] = shapely.points(ends[:, 0])
    else:
        geometry[drawn] = shapely.linestrings(ends)
    return geopandas.GeoDataFrame(layer.table, geometry=geometry, crs=_CRS)
