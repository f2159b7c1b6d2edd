"""Layers as GeoJSON (RFC 7946): one file per layer, longitude before latitude, WGS 84."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from siting.writers.layers import Layer

_DECIMALS = 7
"""A centimetre."""

_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What would end a script in a page that a file is pasted into; JSON may spell it like this."""


def write_geojson(layer: Layer, file: Path) -> None:
    """A layer as one FeatureCollection; what has no coordinates has a null geometry."""
    with file.open("w", encoding="utf-8", errors="replace", newline="\n") as out:
        out.write('{"type": "FeatureCollection", "features": [')
        comma = "\n"
        for feature in _features(layer):
            out.write(comma + feature)
            comma = ",\n"
        out.write("\n]}\n")


def _features(layer: Layer) -> Iterator[str]:
    names = [str(name) for name in layer.table.columns]
    columns = [_plain(column.tolist()) for _, column in layer.table.items()]
    rows = zip(*columns, strict=True)
    for row, geometry in zip(rows, _geometries(layer), strict=True):
        properties = dict(zip(names, row, strict=True))
        text = json.dumps(properties, ensure_ascii=False, allow_nan=False).translate(_UNSAFE)
        yield f'{{"type": "Feature", "geometry": {geometry}, "properties": {text}}}'


def _plain(values: list[object]) -> list[object]:
    """Values as JSON has them: null for what is unknown."""
    return [None if isinstance(value, float) and not np.isfinite(value) else value for value in values]


def _geometries(layer: Layer) -> Iterator[str]:
    located = layer.located.tolist()
    lon, lat = layer.lon.round(_DECIMALS).tolist(), layer.lat.round(_DECIMALS).tolist()
    for known, x, y in zip(located, lon, lat, strict=True):
        if not known:
            yield "null"
        elif len(x) == 1:
            yield f'{{"type": "Point", "coordinates": [{x[0]!r}, {y[0]!r}]}}'
        else:
            ends = f"[{x[0]!r}, {y[0]!r}], [{x[1]!r}, {y[1]!r}]"
            yield f'{{"type": "LineString", "coordinates": [{ends}]}}'
