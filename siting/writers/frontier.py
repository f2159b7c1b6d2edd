"""The folder of a frontier: frontier.csv, frontier.png, and a plan folder per point."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siting.errors import InstanceError
from siting.plan import Status
from siting.readers.extras import extra
from siting.writers import write
from siting.writers.folder import check_replaceable, write_folder
from siting.writers.tables import write_table

if TYPE_CHECKING:
    from siting.studies.frontier import Frontier, Point

TABLE, PLOT, MARGINALS, POINTS = "frontier.csv", "frontier.png", "marginals.csv", "points"
"""What the folder holds: the plot where matplotlib is installed, marginals where they were asked for."""

_COLOUR, _KNEE = "#0072b2", "#d55e00"  # told apart by colour-blind eyes (Okabe & Ito)


def write_frontier(frontier: Frontier, folder: str | Path) -> Path:
    """Write frontier.csv, the plot frontier.png, and the plan of every point under points/.

    The plot is left out where matplotlib is not installed (``pip install 'siting[report]'``);
    marginals.csv is there where the frontier has been asked for ``marginals``. The folder is whole or
    not there, and replaces an older frontier; anything else is left alone.

    Args:
        frontier: what to write.
        folder: where to; parents are made.

    Returns:
        The folder.

    Raises:
        PlanError: ``folder`` is something else than a frontier, or the disk refuses.
    """
    target = Path(folder)

    def fill(temporary: Path) -> None:
        write_table(frontier.table, temporary / TABLE)
        if "marginals" in vars(frontier):
            write_table(frontier.marginals, temporary / MARGINALS)
        with suppress(InstanceError):  # without matplotlib the table says all that the plot does
            plot_frontier(frontier, temporary / PLOT)
        for point in frontier.points:
            write(point.result, temporary / POINTS / point_folder(frontier, point))

    write_folder(target, fill, check_frontier_target)
    return target


def check_frontier_target(target: Path) -> None:
    """Make sure, before a long sweep, that a frontier may be written there.

    Raises:
        PlanError: something is there that would be lost.
    """
    names = (TABLE, PLOT, MARGINALS, POINTS)
    check_replaceable(target, "frontier", names, lambda folder: (folder / TABLE).exists())


def point_folder(frontier: Frontier, point: Point) -> str:
    """Name of the plan folder of a point, e.g. ``budget-2500``."""
    return re.sub(r"[^\w.-]+", "_", f"{frontier.name}-{point.value:.10g}")


def plot_frontier(frontier: Frontier, file: Path) -> None:
    """The frontier as a picture: points, certified bounds, and the knee.

    Args:
        frontier: what to draw.
        file: where to; its ending decides the format.

    Raises:
        InstanceError: matplotlib is not installed; says how to install it.
    """
    figures = extra("matplotlib.figure", "report")
    ticker = extra("matplotlib.ticker", "report")
    figure = figures.Figure(figsize=(9, 5.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, frontier)
    axes.set_xlabel(_plain(frontier.name + (f" ({frontier.unit})" if frontier.unit else "")))
    axes.set_ylabel(_plain(f"{frontier.measure} ({frontier.objective_unit})"))
    axes.set_title(_plain(frontier.title), loc="left")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False)
    figure.savefig(file)


def _draw(axes: Any, frontier: Frontier) -> None:
    """Points, bounds, knee, and values for which there is no plan."""
    points = frontier.points
    values = [point.value for point in points]
    found = [point.objective for point in points]
    if points:
        axes.plot(values, found, "o-", color=_COLOUR, label="best plan found")
    bounded = [point for point in points if point.bound is not None]
    if any(point.status is not Status.OPTIMAL for point in bounded):
        bounds = [point.bound for point in bounded]
        label = "certified bound: no plan is better"
        axes.plot([point.value for point in bounded], bounds, "_", color="0.4", markersize=12, label=label)
    if frontier.knee is not None:
        knee = frontier.knee
        label = f"knee: {frontier.name} {knee.value:,.10g}"
        axes.plot([knee.value], [knee.objective], "D", color=_KNEE, markersize=11, label=_plain(label))
    for number, point in enumerate(frontier.without):
        label = "_" if number else "no plan (infeasible, or none was found)"
        axes.axvline(point.value, color="0.6", linestyle=":", label=label)


def _plain(text: str) -> str:
    """Text that is not taken for mathematics."""
    return text.replace("$", r"\$")
