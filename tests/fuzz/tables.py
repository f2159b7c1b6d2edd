"""Targets: CSV tables, instance folders, and instance.toml."""

from __future__ import annotations

import csv
import io
import math
import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import siting
from siting.errors import InstanceError
from siting.instance import Instance
from siting.instance.raw import RawTable, Report
from siting.instance.settings import as_dict, parse_settings
from siting.instance.toml_lines import key_lines
from siting.readers.csv_file import read_csv
from siting.readers.folder import read
from siting.readers.plain_csv import read_plain
from tests.fuzz.engine import Case, Target
from tests.fuzz.mutate import damaged
from tests.fuzz.places import empty, laid_out
from tests.rich_instance import build_rich
from tests.same_instance import assert_same

ROOT = Path(__file__).resolve().parent.parent.parent
BROKEN = ROOT / "tests" / "broken"
TOWNS = ROOT / "instances" / "three_towns"


@cache
def folders() -> tuple[dict[str, bytes], ...]:
    """Instances to damage: good ones with every table there is, and broken ones."""
    found = [_files(TOWNS)]
    found.append(
        {name: data for name, data in found[0].items() if name != "roads.csv"}
        | {
            "od.csv": b"from,to,minutes\ndub,dub,0\ndub,lypa,7.5\nlypa,verba,12\nlypa,lypa,0\n",
            "own.toml": (ROOT / "models" / "min_travel_time.toml").read_bytes(),
        }
    )
    for seed in range(4):
        folder = empty("rich")
        siting.write_instance(build_rich(np.random.default_rng(seed)), folder)
        found.append(_files(folder))
    edits = b"action,from,to,class,area,factor,km,kmh,minutes,oneway\n" + (
        b'close,dub,lypa,,,,,,,\nfactor,,,,"POLYGON ((24 49, 26 49, 26 51, 24 51, 24 49))",1.5,,,,\n'
        b"link,dub,sosna,,,,3,60,,1\n"
    )
    found.append(found[0] | {"edits.csv": edits})
    found += [_files(folder) for folder in sorted(BROKEN.iterdir()) if folder.is_dir()]
    return tuple(found)


def _files(folder: Path) -> dict[str, bytes]:
    """Files of a folder that a reader looks at."""
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.suffix in (".csv", ".toml")}


def make_folder(chance: random.Random) -> Case:
    """An instance folder with one or two damaged files."""
    good = folders()[:7]
    files = dict(chance.choice(good if chance.random() < 0.8 else folders()))
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(sorted(files))
        files[name] = damaged(chance, files[name], list(files.values()), 3)
    if chance.random() < 0.02:
        files.pop(chance.choice(sorted(files)))
    return files


def check_folder(case: Case) -> None:
    """What is read is sound, is what the files say, and comes back after being written."""
    instance = read(laid_out(case))
    assert_sound(instance)
    _assert_cells(instance, case)
    out = empty("written")
    siting.write_instance(instance, out)
    assert_same(read(out), instance)


def assert_sound(instance: Instance) -> None:
    """Arrays agree with each other, and hold what they may."""
    places, sites = instance.places, instance.sites
    size = len(places.ids)
    assert size
    assert len(set(places.ids)) == size
    assert all(places.ids)
    assert len(set(sites.ids)) == len(sites.ids)
    assert list(sites.ids[:size]) == list(places.ids)
    assert (places.population >= 0).all()
    assert (places.kind >= 0).all()
    assert not places.excluded.all()
    assert np.isfinite(places.fires).all()
    assert (places.fires >= 0).all()
    for lat, lon in ((places.lat, places.lon), (sites.lat, sites.lon)):
        assert not (np.abs(lat) > 90).any()
        assert not (np.abs(lon) > 180).any()
    for part in (instance.facilities, instance.candidates):
        assert ((part.site >= 0) & (part.site < len(sites.ids))).all()
        assert ((part.type >= 0) & (part.type < len(instance.settings.types))).all()
        assert (part.units >= 1).all()
        assert not (part.capacity < 0).any()
    assert len(set(instance.facilities.ids)) == len(instance.facilities.ids)
    cost = instance.candidates.cost
    assert np.isfinite(cost).all()
    assert (cost >= 0).all()
    assert (instance.roads is None) != (instance.od is None)
    if instance.roads is not None:
        roads = instance.roads
        assert (roads.ms >= 1).all()
        assert len(roads.tail) == len(roads.head) == len(roads.ms)
        assert len(set(roads.ids)) == len(roads.ids)
    if instance.od is not None:
        assert (instance.od.ms >= 0).all()
        assert (instance.od.place < size).all()
    assert parse_settings(as_dict(instance.settings))[0] == instance.settings


def _rows(data: bytes) -> list[dict[str, str]]:
    """A table as the csv module has it."""
    table = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) if any(row)]
    headers = [header.strip() for header in table[0]]
    return [dict(zip(headers, (cell.strip() for cell in row), strict=True)) for row in table[1:]]


def _assert_cells(instance: Instance, case: Case) -> None:
    """Places, facilities and candidates are those of the files, cell by cell."""
    told = {row["place_id"]: row for row in _rows(case["places.csv"])}
    places = instance.places
    assert sorted(told) == sorted(places.ids)
    rows = [told[id_] for id_ in places.ids]
    assert [row["name"] for row in rows] == list(places.names)
    assert [int(float(row["population"])) for row in rows] == places.population.tolist()
    assert [places.kinds[kind] for kind in places.kind] == [row["kind"] for row in rows]
    for name in ("lat", "lon"):
        cells = [float(row.get(name) or "nan") for row in rows]
        np.testing.assert_array_equal(getattr(places, name), cells)
    types = [one.id for one in instance.settings.types]
    for name in ("facilities", "candidates"):
        part = getattr(instance, name)
        rows = _rows(case[f"{name}.csv"]) if f"{name}.csv" in case else []
        found = zip(instance.sites.ids[part.site], (types[kind] for kind in part.type), strict=True)
        pairs = list(found)
        assert sorted((row["site"], row["type"]) for row in rows) == sorted(pairs)
    given = tomllib.loads(case["instance.toml"].decode("utf-8-sig"))
    costs = dict(zip(pairs, instance.candidates.cost, strict=True))
    for row in rows:
        cell = row.get("cost", "")
        cost = float(cell) if cell else given["types"][row["type"]]["cost"]
        assert math.isclose(costs[row["site"], row["type"]], cost)


def make_table(chance: random.Random) -> Case:
    """One table, damaged."""
    files = chance.choice(folders())
    names = [name for name in sorted(files) if name.endswith(".csv")] or ["instance.toml"]
    return {"table.csv": damaged(chance, files[chance.choice(names)], (), 5)}


def check_table(case: Case) -> None:
    """The table is that of the csv module, and read the same by both ways that it may be read."""
    data = case["table.csv"]
    report = Report()
    found = read_csv(data, "table.csv", report)
    if found is None or report.complaints:
        raise InstanceError(report.complaints)
    _assert_table(found, data)
    quick = read_plain(data, "table.csv")
    if quick is not None:
        _assert_table(quick, data)


def _assert_table(found: RawTable, data: bytes) -> None:
    rows, start = [], 1
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    for row in reader:
        if any(row):
            rows.append((start, [cell.strip() for cell in row]))
        start = reader.line_num + 1
    assert list(found.columns) == rows[0][1]
    assert found.size == len(rows) - 1
    assert found.lines is not None
    assert found.lines.tolist() == [line for line, _ in rows[1:]]
    columns = [found.text(header).tolist() for header in found.columns]
    assert [list(row) for row in zip(*columns, strict=True)] == [row for _, row in rows[1:]]


def make_settings(chance: random.Random) -> Case:
    """A damaged instance.toml."""
    texts = [files["instance.toml"] for files in folders() if "instance.toml" in files]
    data = chance.choice(texts[:7] if chance.random() < 0.3 else texts)
    return {"instance.toml": damaged(chance, data, texts[:7], 4)}


def check_settings(case: Case) -> None:
    """Numbers are those of the file, and the settings come back from their own dictionaries."""
    from siting.readers.csv_file import decode
    from siting.readers.folder import _parse

    report = Report()
    text = decode(case["instance.toml"], "instance.toml", report)
    raw = None if text is None else _parse(text, "instance.toml", report)
    if raw is None or text is None:
        raise InstanceError(report.complaints)
    key_lines(text)
    settings, complaints = parse_settings(raw, "instance.toml")
    if complaints:
        raise InstanceError(complaints)
    assert parse_settings(as_dict(settings)) == (settings, [])
    assert [one.id for one in settings.types] == list(raw["types"])
    for service in settings.services:
        _assert_ms(service.standard_ms, raw["services"][service.id]["standard"])
    for type_ in settings.types:
        _assert_ms(type_.turnout_ms, raw["types"][type_.id]["provides"])


def _assert_ms(ms: Any, minutes: Any) -> None:
    assert dict(ms) == {key: round(value * 60_000) for key, value in minutes.items()}
    assert all(0 <= value <= 2**31 - 1 for value in ms.values())


TARGETS = (
    Target("table", make_table, check_table, 400, "table.csv"),
    Target("folder", make_folder, check_folder, 25),
    Target("settings", make_settings, check_settings, 250, "instance.toml"),
)
