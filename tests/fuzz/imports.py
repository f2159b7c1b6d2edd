"""Targets: what other programs wrote - OpenStreetMap, GraphML, GeoJSON, times, benchmark collections."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import tomllib
from functools import cache
from typing import Any

import networkx as nx
import numpy as np

from siting.errors import InstanceError
from siting.instance.raw import Report
from siting.readers.geo import read_geo
from siting.readers.geonames import Country, country_instance, find_country
from siting.readers.graphml import read_graphml
from siting.readers.od import od_frame, read_od
from siting.readers.orlib import PROBLEMS, read_orlib
from siting.readers.osm import read_osm
from siting.readers.question import question
from siting.readers.tsplib import ROUNDINGS, read_tsplib
from siting.readers.vector.graphml_file import parse_graphml
from tests import osm_files
from tests.fuzz.engine import Case, Target
from tests.fuzz.mutate import damaged
from tests.fuzz.places import laid_out
from tests.fuzz.tables import assert_sound

KINDS = {
    "pmed": b"4 5 2\n1 2 3\n2 3 4\n1 2 9\n4 3 2\n 2 1 7\n",
    "uncap": b"2 3\n 5 10.5\n 9 4\n 3\n 1.25 8\n 2\n 6 2.5\n 4\n 3 9\n",
    "cap": b"2 3\n capacity 10.5\n capacity 4\n 3\n 1.25 8\n 2\n 6 2.5\n 4\n 3 9\n",
    "pmedcap": b"7 9\n4 2 6\n1 0 0 3\n2 3 4 2\n3 10 0 3\n4 10 5 1\n",
    "scp": b"3 4\n2 3 2\n6\n2\n1 2\n1\n3\n3 2 3\n4\n",
}
TSP = b"NAME : tiny\nTYPE : TSP\nDIMENSION : 11\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n"
TSP += b"1 0 0\n2 3 4\n3 6 8.5\n4 1e1 0\n5 1 1\n6 2 7\n7 3 3\n8 9 9\n9 4 1\n10 5 5\n11 7 2\nEOF\n"
OD = (
    b"from,to,minutes\na,x,1.5\na,y,20\nb,x,\nb,y,0\n",
    b"from_id;to_id;travel_time_p50\n1;2;3,5\n1;3;4\n2;2;NaN\n",
    b'Name,Total_Time\n"Station 4 - Tract 12",3.5\nStation 4 - Tract 13,9\n',
    b"site,x,y,z\na,1,2,3\nb,4.5,,6\n",
    b"origin,destination,duration_s\na,b,60\na,c,90\n",
)


def make_orlib(chance: random.Random) -> Case:
    """A damaged file of some kind, and which kind it is said to be."""
    kind = chance.choice(sorted(KINDS))
    said = chance.choice((kind, kind, "", chance.choice(sorted(PROBLEMS))))
    return {"problem.txt": damaged(chance, KINDS[kind], tuple(KINDS.values()), 3), "kind": said.encode()}


def check_orlib(case: Case) -> None:
    """The instance is sound, and what is assumed about a kind without a name is that kind's."""
    kind = case["kind"].decode() or None
    path = laid_out(case) / "problem.txt"
    instance = read_orlib(path, problem=kind, capacity=9 if kind in ("cap", "pmedcap") else None)
    assert_sound(instance)
    words = [float(word) for word in case["problem.txt"].decode("utf-8-sig").split() if _is_number(word)]
    assert len(instance.places.ids) in {int(word) for word in words if math.isfinite(word)}


def _is_number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False


def make_tsplib(chance: random.Random) -> Case:
    """A damaged set of points."""
    return {"tiny.tsp": damaged(chance, TSP, (), 3), "rounding": chance.choice(sorted(ROUNDINGS)).encode()}


def check_tsplib(case: Case) -> None:
    """Distances are those of the points by the standard library."""
    rounding = case["rounding"].decode()
    instance = read_tsplib(laid_out(case) / "tiny.tsp", p=1, rounding=rounding)
    assert_sound(instance)
    lines = case["tiny.tsp"].decode("utf-8-sig").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.strip() == "NODE_COORD_SECTION")
    rows = [line.split() for line in lines[begin + 1 :] if line.strip()]
    end = next((at for at, row in enumerate(rows) if row in (["EOF"], ["-1"])), len(rows))
    points = {row[0]: (float(row[1]), float(row[2])) for row in rows[:end]}
    assert sorted(instance.places.ids) == sorted(points)
    longest = max(math.dist(one, other) for one in points.values() for other in points.values())
    if longest > 30_000 or instance.od is None:
        return
    exact = ROUNDINGS[rounding][0]
    for site, place, ms in zip(instance.od.site, instance.od.place, instance.od.ms, strict=True):
        far = math.dist(points[instance.sites.ids[site]], points[instance.places.ids[place]])
        assert (
            abs(ms / 60_000 - float(exact(np.array([far]))[0])) <= 1 / 60_000 or abs(far - round(far)) < 1e-9
        )


def make_od(chance: random.Random) -> Case:
    """A damaged table of times."""
    return {"od.csv": damaged(chance, chance.choice(OD), OD, 4)}


def check_od(case: Case) -> None:
    """Every time is finite, not negative, and, where the table is plain, the one in the file."""
    path = laid_out(case) / "od.csv"
    frame = od_frame(path)
    minutes = frame["minutes"].to_numpy()
    assert np.isfinite(minutes).all()
    assert (minutes >= 0).all()
    assert (minutes < 36_000).all()
    assert not frame.duplicated(["from", "to"]).any()
    plain = [row for row in csv.reader(io.StringIO(case["od.csv"].decode("utf-8-sig", "replace"))) if row]
    if [cell.strip() for cell in plain[0]] == ["from", "to", "minutes"]:
        told = {
            (row[0].strip(), row[1].strip()): float(row[2])
            for row in plain[1:]
            if len(row) == 3 and _is_number(row[2])
        }
        found = dict(zip(zip(frame["from"], frame["to"], strict=True), minutes, strict=True))
        assert found.keys() == told.keys()
        assert all(math.isclose(found[pair], told[pair], rel_tol=1e-12, abs_tol=1e-300) for pair in told)


def check_od_instance(case: Case) -> None:
    """The instance of a table is sound."""
    own = {"currency": "EUR", "services": {"help": {"standard": {"village": 5}}},
           "types": {"post": {"provides": {"help": 0}, "cost": 1.0, "new": 1}}}  # fmt: skip
    assert_sound(read_od(laid_out(case) / "od.csv", settings=own))


@cache
def graphs() -> tuple[bytes, ...]:
    """GraphML of a small road graph, as networkx and osmnx write it."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(crs="epsg:4326", note="by hand")
    for number, (lat, lon) in enumerate(((50.0, 30.0), (50.1, 30.0), (50.1, 30.1), (50.0, 30.1))):
        graph.add_node(f"n{number}", y=lat, x=lon, population=100 * number, name=f"Place {number}")
    for one, other in ((0, 1), (1, 2), (2, 3), (3, 0), (1, 0), (2, 1)):
        graph.add_edge(f"n{one}", f"n{other}", travel_time=60.5 + one, length=900.0, highway="primary")
    graph.add_edge("n0", "n2", length=1200.0, maxspeed="['50', '30']", highway="['residential', 'primary']")
    found = ["\n".join(nx.generate_graphml(graph)).encode()]
    simple = nx.Graph(graph)
    found.append("\n".join(nx.generate_graphml(simple)).encode())
    return tuple(b'<?xml version="1.0" encoding="utf-8"?>\n' + one for one in found)


def make_graphml(chance: random.Random) -> Case:
    """A damaged GraphML file."""
    return {"roads.graphml": damaged(chance, chance.choice(graphs()), graphs(), 3)}


def check_graphml(case: Case) -> None:
    """The instance is sound."""
    assert_sound(read_graphml(laid_out(case) / "roads.graphml"))


def check_graphml_file(case: Case) -> None:
    """The graph is the one that networkx reads of the file."""
    report = Report()
    keep = frozenset({"x", "y", "population", "name", "travel_time", "length", "maxspeed", "highway"})
    found = parse_graphml(laid_out(case) / "roads.graphml", keep, report)
    if found is None or report.complaints:
        raise InstanceError(report.complaints)
    if re.search(rb"<\w+:(node|edge)", case["roads.graphml"]):
        return  # networkx knows no prefixes
    try:
        other = nx.parse_graphml(case["roads.graphml"].decode("utf-8-sig"), force_multigraph=True)
    except Exception:  # it knows fewer types, encodings and prefixes
        return
    assert found.number_of_nodes() == other.number_of_nodes()
    assert found.number_of_edges() == other.number_of_edges()


def _geojson(kind: str) -> bytes:
    people = [("a", 30.0, 50.0, 12_000), ("b", 30.1, 50.05, 900), ("c", 30.0, 50.1, 400)]
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"place_id": id_, "name": id_.upper(), "population": many},
         "geometry": {"type": "Point", "coordinates": [lon, lat]}}
        for id_, lon, lat, many in people
    ]  # fmt: skip
    if kind == "areas":
        for one in features:
            lon, lat = one["geometry"]["coordinates"]
            ring = [[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat]]
            one["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    if kind == "roads":
        lines = [[[30.0, 50.0], [30.05, 50.03], [30.1, 50.05]], [[30.1, 50.05], [30.0, 50.1]]]
        features = [
            {"type": "Feature", "properties": {"kmh": 60},
             "geometry": {"type": "LineString", "coordinates": line}}
            for line in lines
        ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def make_geo(chance: random.Random) -> Case:
    """Layers of places and roads, one of them damaged."""
    files = {
        "places.geojson": _geojson(chance.choice(("points", "areas"))),
        "roads.geojson": _geojson("roads"),
    }
    if chance.random() < 0.3:
        files["places.csv"] = b"place_id,name,population,lat,lon\na,A,12000,50,30\nb,B,900,50.05,30.1\n"
        del files["places.geojson"]
    name = chance.choice(sorted(files))
    return files | {name: damaged(chance, files[name], tuple(files.values()), 3)}


def check_geo(case: Case) -> None:
    """The instance is sound."""
    folder = laid_out(case)
    (places,) = (name for name in case if name.startswith("places"))
    instance = read_geo(folder / places, roads=folder / "roads.geojson")
    assert_sound(instance)


ROWS = (
    {"geonameid": "1", "name": "One", "latitude": "50", "longitude": "30", "population": "100",
     "admin1code": "01", "countrycode": "UA"},
    {"geonameid": "2", "name": "Two", "latitude": "50.1", "longitude": "30.2", "population": "0",
     "admin1code": "", "countrycode": "UA"},
)  # fmt: skip
COUNTRIES = {
    code: {"name": name, "iso3": long, "population": 1}
    for code, long, name in (
        ("UA", "UKR", "Ukraine"),
        ("GB", "GBR", "United Kingdom"),
        ("GR", "GRC", "Greece"),
    )
}


def make_geonames(chance: random.Random) -> Case:
    """A damaged code or name of a country."""
    return {"code": damaged(chance, chance.choice((b"UA", b"ukr", b"Ukraine", b"UK", b"el")), (), 2)}


def check_geonames(case: Case) -> None:
    """What is found is called so."""
    code = case["code"].decode("utf-8", "replace")
    country = find_country(code, COUNTRIES)
    entry = COUNTRIES[country.iso]
    assert code.strip().casefold() in {country.iso.casefold(), str(entry["iso3"]).casefold(),
                                       str(entry["name"]).casefold(), "uk", "el"}  # fmt: skip
    country_instance(Country("UA", "Ukraine", 1), ROWS)


NODES = [(n, 47 + n / 1000, 9.0, {}) for n in range(1, 6)]
TOWNS = [(9, 47.001, 9.0, {"place": "town", "name": "A", "population": "5000"}),
         (10, 47.004, 9.001, {"place": "village", "name": "B"}),
         (11, 47.003, 9.0, {"amenity": "fire_station", "name": "F"})]  # fmt: skip
WAYS = [(1, [1, 2, 3, 4, 5], {"highway": "primary", "maxspeed": "50"}),
        (2, [1, 5], {"highway": "residential", "oneway": "yes"}),
        (3, [1, 2, 3, 1], {"place": "hamlet", "name": "C"})]  # fmt: skip
RELATIONS = [(1, [("w", 3, "outer")], {"type": "multipolygon", "amenity": "police"})]


@cache
def extracts() -> dict[str, bytes]:
    """A small OpenStreetMap extract in every format."""
    folder = laid_out({}, "osm")
    path = osm_files.write(folder, [*NODES, *TOWNS], WAYS, RELATIONS)
    names = ("small.osm.pbf", "small.osm.gz", "small.osm.bz2")
    found = {"small.osm": path.read_bytes()}
    return found | {name: osm_files.convert(path, name).read_bytes() for name in names}


def make_osm(chance: random.Random) -> Case:
    """A damaged extract; mostly XML, in which damage goes deeper than checksums."""
    name = chance.choice(("small.osm", "small.osm", "small.osm", *sorted(extracts())))
    return {name: damaged(chance, extracts()[name], (), 3)}


def check_osm(case: Case) -> None:
    """The instance is sound."""
    ((name, _),) = case.items()
    assert_sound(read_osm(laid_out(case) / name))


def make_question(chance: random.Random) -> Case:
    """Damaged settings for an import."""
    good = (
        b'currency = "EUR"\n[services.help]\nstandard = { city = 5, village = 10 }\n'
        b"[types.post]\nprovides = { help = 1 }\ncost = 2\nnew = 1\n"
    )
    return {"own.toml": damaged(chance, good, (), 3)}


def check_question(case: Case) -> None:
    """What is asked is what the file says."""
    asked = question("x", "X", sources=[], notes="", settings=laid_out(case) / "own.toml")
    given = tomllib.loads(case["own.toml"].decode("utf-8-sig").replace("\r\n", "\n"))
    assert asked["services"] == given["services"]
    assert asked["types"] == given["types"]


TARGETS = (
    Target("orlib", make_orlib, check_orlib, 50),
    Target("tsplib", make_tsplib, check_tsplib, 50),
    Target("od", make_od, check_od, 80, "od.csv"),
    Target("od_instance", make_od, check_od_instance, 30),
    Target("graphml", make_graphml, check_graphml, 20),
    Target("graphml_file", make_graphml, check_graphml_file, 150, "roads.graphml"),
    Target("geo", make_geo, check_geo, 12),
    Target("geonames", make_geonames, check_geonames, 25),
    Target("osm", make_osm, check_osm, 10),
    Target("question", make_question, check_question, 100, "own.toml"),
)
