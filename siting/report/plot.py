"""The map as a Bokeh document: layers and tools, without data; the page's script fills them."""

from __future__ import annotations

import json
import re
from typing import Any

from siting.readers.extras import extra
from siting.report import colours

TARGET = "plot"
"""Id of the element the map is drawn into."""

HOVER = ("name", "region", "people", "before", "after")
"""Columns of text that pointing at a place or a facility shows; their headings are the words of the page."""


def document(headings: dict[str, str], kilometres: str) -> Any:
    """The document for ``Bokeh.embed.embed_item``, as plain JSON values.

    Layers in the order they are drawn, each with a source of its own name: roads_minor, roads_major,
    lines, places, facilities, found.

    Args:
        headings: heading of each column of :data:`HOVER`.
        kilometres: what the scale is in.

    Raises:
        InstanceError: bokeh is not installed.
    """
    models = extra("bokeh.models", "report")
    tools = [models.PanTool(), models.WheelZoomTool(), models.BoxZoomTool(match_aspect=True)]
    plot = extra("bokeh.plotting", "report").figure(
        x_range=models.Range1d(-1, 1, name="x"),
        y_range=models.Range1d(-1, 1, name="y"),
        sizing_mode="stretch_both",
        tools=tools,
        active_scroll=tools[1],
        active_drag=tools[0],
        toolbar_location=None,
        background_fill_color=colours.LAND,
        outline_line_color=None,
        min_border=0,
        name="map",
        lod_threshold=4000,
        lod_factor=6,
        lod_interval=200,
        lod_timeout=250,
    )
    plot.xaxis.visible = plot.yaxis.visible = False
    plot.grid.visible = False
    _roads(plot, models)
    shown = [_points(plot, models, layer) for layer in ("places", "facilities")]
    ring = {"size": 26, "fill_color": None, "line_color": colours.NEW, "line_width": 3}
    plot.scatter("x", "y", source=_source(models, "found", ("x", "y")), **ring)
    tooltips = [(headings[column], f"@{column}") for column in HOVER]
    plot.add_tools(models.HoverTool(renderers=shown, tooltips=tooltips, attachment="horizontal"))
    plot.add_layout(
        models.ScaleBar(
            range=plot.x_range,
            unit="km",
            label=f"@{{value}} {kilometres}",
            dimensional=models.MetricLength(include=["km"]),
            location="bottom_left",
            background_fill_alpha=0.7,
            border_line_color=None,
        )
    )
    return _numbered(extra("bokeh.embed", "report").json_item(plot, TARGET))


def _numbered(item: dict[str, Any]) -> Any:
    """The document with its models numbered from 1: their ids count on from page to page otherwise."""
    packed = json.dumps(item)
    ids = dict.fromkeys(re.findall(r'"(p\d+)"', packed))
    numbers = {old: f"m{number}" for number, old in enumerate(ids, 1)}
    return json.loads(re.sub(r'"(p\d+)"', lambda found: f'"{numbers[found[1]]}"', packed))


def _roads(plot: Any, models: Any) -> None:
    """Roads, thin and wide, and the lines to whoever serves."""
    ends = ("x0", "y0", "x1", "y1")
    styles = {
        "roads_minor": {"line_color": colours.ROAD, "line_width": 0.5},
        "roads_major": {"line_color": colours.ROAD, "line_width": 1.1},
        "lines": {"line_color": "#8a5a83", "line_width": 0.8, "line_alpha": 0.55},
    }
    for layer, style in styles.items():
        plot.segment(*ends, source=_source(models, layer, ends), **style)


def _points(plot: Any, models: Any, layer: str) -> Any:
    """A layer of points, everything about each of which is a column."""
    columns = ("size", "marker", "fill_color", "line_color", "line_width")
    source = _source(models, layer, ("x", "y", *columns, *HOVER))
    return plot.scatter("x", "y", source=source, **{column: column for column in columns})


def _source(models: Any, name: str, columns: tuple[str, ...]) -> Any:
    return models.ColumnDataSource({column: [] for column in columns}, name=name)


def library() -> str:
    """The text of BokehJS, without its optional parts.

    Raises:
        InstanceError: bokeh is not installed.
    """
    resources = extra("bokeh.resources", "report").Resources(mode="inline", components=["bokeh"])
    return "\n".join(resources.js_raw)
