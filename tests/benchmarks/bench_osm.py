"""Reading OpenStreetMap extracts of three sizes: nodes a second, peak memory, size of the result.

The extracts are written here: streets in a grid, each block a way of eleven nodes that bows, of five
classes, some one-way or with a limit; settlements and fire stations beside them. Every node but
these is part of a road, which is the hardest case: in the extract of a country about one in five is.
Ids are spread as widely as OpenStreetMap's are today.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.process import FINISHED, Tell, run
from tests.benchmarks.rivals import MissingError
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Line, Side

SIDES = {"0.2 M": 103, "2 M": 325, "20 M": 1030}
"""Crossings along a side of the grid, by nodes in all."""
INNER = 9
"""Nodes between two crossings."""
SPREAD = 577
"""Ids are this far apart."""
STEP = 0.004
"""Degrees between crossings."""
LIMIT = 560.0
MOST_MB = 24 * 1024
"""Memory that the extract of a country must be read in."""

_CLASSES = ("residential", "unclassified", "tertiary", "secondary", "primary")


def main(settings: Settings) -> Iterator[Line]:
    """One line per size."""
    try:
        import osmium  # noqa: F401
    except ImportError:
        raise MissingError("pyosmium is not installed") from None
    for name in settings.some(list(SIDES), 1):
        path = settings.work / "grid.osm.pbf"
        made = run("bench_osm:make", LIMIT, path=str(path), side=SIDES[name])
        if made["ended"] != FINISHED:
            yield Line(f"osm, {name} nodes", Side("siting", None, f"not written: {made['ended']}", False))
            continue
        reply = run("bench_osm:read", LIMIT, path=str(path))
        side = _side(made, reply)
        work = f"osm, {made['nodes']:,} nodes, {made['ways']:,} ways"
        yield Line(work, side, f"{MOST_MB // 1024} GB", side.done and (side.mb or 0) < MOST_MB)
        path.unlink()


def _side(made: dict[str, Any], reply: dict[str, Any]) -> Side:
    if reply["ended"] != FINISHED:
        return Side("siting", None, reply["ended"], False, mb=reply["mb"])
    seconds = reply["seconds"]
    phases = ", ".join(f"{name} {spent:.1f}" for name, spent in reply["phases"])
    words = (
        f"{made['nodes'] / seconds:,.0f} nodes/s ({made['size']:,.0f} MB file); to {reply['nodes']:,} nodes, "
        f"{reply['edges']:,} edges; s: {phases}; CPU {reply['cpu']:.0f}"
    )
    return Side("siting", seconds, words, True, mb=reply["mb"])


def read(tell: Tell, path: str) -> None:
    """Job: read an extract, with the seconds of each step."""
    from siting.readers.osm import read_osm

    phases: list[tuple[str, float]] = []
    begun = last = time.monotonic()

    def step(words: str) -> None:
        nonlocal last
        now = time.monotonic()
        phases.append((words.partition(":")[0], now - last))
        last = now

    instance = read_osm(path, report=step)
    step("instance")
    roads = instance.roads
    assert roads is not None
    tell(
        seconds=time.monotonic() - begun, cpu=time.process_time(), phases=phases, nodes=len(roads.ids),
        edges=len(roads.tail),
    )  # fmt: skip


def make(tell: Tell, path: str, side: int) -> None:
    """Job: write the extract of a grid."""
    import osmium

    text = Path(path).with_suffix(".opl")
    with text.open("w", encoding="ascii") as file:
        nodes, ways = _write(file, side)
    with osmium.io.Reader(str(text)) as reader, osmium.SimpleWriter(path, overwrite=True) as writer:
        osmium.apply(reader, writer)
    text.unlink()
    tell(nodes=nodes, ways=ways, size=Path(path).stat().st_size / 2**20)


def _write(file: Any, side: int) -> tuple[int, int]:
    """The grid as OPL; returns the numbers of nodes and ways."""
    rng = np.random.default_rng(0)
    number = np.arange(side * side).reshape(side, side)
    a = np.concatenate((number[:, :-1].ravel(), number[:-1].ravel()))
    b = np.concatenate((number[:, 1:].ravel(), number[1:].ravel()))
    y = 45 + STEP * (number // side + rng.uniform(-0.2, 0.2, number.shape)).ravel()
    x = 20 + STEP * (number % side + rng.uniform(-0.2, 0.2, number.shape)).ravel()
    _write_nodes(file, 1, y, x)
    first = 1 + side * side
    share = np.arange(1, INNER + 1) / (INNER + 1)
    for begin in range(0, len(a), 1 << 14):
        one, two = a[begin : begin + (1 << 14), None], b[begin : begin + (1 << 14), None]
        bow = rng.uniform(-0.15, 0.15, (len(one), 1)) * np.sin(np.pi * share)
        dy, dx = y[two] - y[one], x[two] - x[one]
        inner = y[one] + dy * share + bow * dx, x[one] + dx * share - bow * dy
        _write_nodes(file, first + INNER * begin, inner[0].ravel(), inner[1].ravel())
    count = first + INNER * len(a)
    size = STEP * side
    for k in range(side * side // 600):
        kind = (
            "place=village,name=V",
            "place=hamlet,name=V",
            "place=town,name=V",
            "amenity=fire_station,x=",
        )[k % 4]
        people = f",population={rng.integers(10, 9_000)}" if k % 3 and k % 4 < 3 else ""
        at = f"x{20 + size * rng.random():.7f} y{45 + size * rng.random():.7f}"
        file.write(f"n{SPREAD * count} T{kind}{k}{people} {at}\n")
        count += 1
    _write_ways(file, a, b, first, rng)
    return count - 1, len(a)


def _write_nodes(file: Any, first: int, y: np.ndarray, x: np.ndarray) -> None:
    ids = range(SPREAD * first, SPREAD * (first + len(y)), SPREAD)
    rows = zip(ids, x.tolist(), y.tolist(), strict=True)
    file.write("".join(f"n{id_} x{lon:.7f} y{lat:.7f}\n" for id_, lon, lat in rows))


def _write_ways(file: Any, a: np.ndarray, b: np.ndarray, first: int, rng: np.random.Generator) -> None:
    classes, luck = (
        rng.choice(5, len(a), p=(0.5, 0.25, 0.13, 0.08, 0.04)).tolist(),
        rng.random(len(a)).tolist(),
    )
    for way, (one, two, klass, dice) in enumerate(zip(a.tolist(), b.tolist(), classes, luck, strict=True)):
        tags = f"highway={_CLASSES[klass]},name=Street%20%{way},surface=asphalt"
        tags += ",oneway=yes" if dice < 0.1 else ",maxspeed=50" if dice < 0.3 else ""
        inner = first + INNER * way
        refs = ",".join(f"n{SPREAD * k}" for k in (one + 1, *range(inner, inner + INNER), two + 1))
        file.write(f"w{way + 1} T{tags} N{refs}\n")
