"""OR-Library files: made by the tests, solved against brute force; and the real ones, where they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

import siting
from siting.instance.settings import as_dict
from siting.plan import Status
from siting.readers.orlib import benchmark, read_orlib, text
from siting.roads.graph import to_networkx
from siting.writers import write_instance
from tests.benchmarks import formats

DATA = formats.DATA / "orlib"

PMED = "4 5 2\n1 2 3\n2 3 4\n1 2 9\n4 3 2\n 2 1 7\n"
"""Of the edges 1-2 the last, 7, counts, given the other way round."""

WAREHOUSES = "2 3\n 5 10.5\n 9 4\n 3\n 1.25 8\n 2\n 6 2.5\n 4\n 3 9\n"
LOOSE = WAREHOUSES.replace(" 5 10.5", " capacity 10.5").replace(" 9 4\n", " capacity 4\n", 1)
PMEDCAP = "7 9\n4 2 6\n1 0 0 3\n2 3 4 2\n3 10 0 3\n4 10 5 1\n"
SCP = "3 4\n2 3 2\n6\n2\n1 2\n1\n3\n3 2 3\n4\n"
FILES = {"pmed": PMED, "uncap": WAREHOUSES, "pmedcap": PMEDCAP, "scp": SCP}


def write(folder: Path, content: str, name: str = "problem.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="ascii")
    return path


def ways(instance: siting.Instance) -> np.ndarray:
    """(n, n) minutes between places by networkx."""
    assert instance.roads is not None
    graph = to_networkx(instance.roads)
    ids = list(instance.places.ids)
    found = dict(nx.all_pairs_dijkstra_path_length(graph, weight="ms"))
    return np.array([[found[one].get(other, np.inf) for other in ids] for one in ids]) / 60_000


def minutes(instance: siting.Instance) -> np.ndarray:
    """(sites of the table, places) minutes, NaN where there is no way."""
    od = instance.od
    assert od is not None
    result = np.full((len(instance.sites.ids), len(instance.places.ids)), np.nan)
    result[od.site, od.place] = od.ms / 60_000
    return result[instance.candidates.site]


# -- what is read -------------------------------------------------------------------------------


def test_the_last_of_duplicate_edges_counts(tmp_path: Path) -> None:
    instance = read_orlib(write(tmp_path, PMED))
    expected = np.array([[0, 7, 11, 13], [7, 0, 4, 6], [11, 4, 0, 2], [13, 6, 2, 0]])
    assert np.array_equal(ways(instance), expected)
    assert instance.settings.model == "min_travel_time"
    assert siting.solve(instance).objective == 6  # 1, and 3 for 2 and 4
    assert siting.solve(instance, "p_center").objective == 4
    assert siting.solve(read_orlib(tmp_path / "problem.txt", p=1)).objective == 17
    assert list(instance.places.population) == [1] * 4
    assert np.isnan(instance.places.lat).all()


node = st.integers(1, 7)
edges = st.lists(st.tuples(node, node, st.integers(1, 200)), max_size=25)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=edges)
def test_ways_are_those_of_the_other_reader(tmp_path: Path, edges: list[tuple[int, int, int]]) -> None:
    edges += [(one, one + 3, 7 * one) for one in range(1, 5)]  # nobody alone, but in pieces
    rows = "".join(f"{i} {j} {length}\n" for i, j, length in edges)
    path = write(tmp_path, f"7 {len(edges)} 2\n{rows}")
    distances = np.full((7, 7), np.inf)
    np.fill_diagonal(distances, 0)
    for i, j, length in edges:
        distances[i - 1, j - 1] = distances[j - 1, i - 1] = length if i != j else 0
    for k in range(7):  # Floyd and Warshall
        distances = np.minimum(distances, distances[:, k, None] + distances[None, k])
    assert np.array_equal(ways(read_orlib(path, problem="pmed")), distances)


def test_long_ways_are_scaled_and_said_so(tmp_path: Path) -> None:
    long = write(tmp_path, "3 2 1\n1 2 30000\n2 3 40000\n", "long.txt")
    instance = read_orlib(long, published=70_000)
    assert "One minute stands for 10 units" in instance.settings.notes
    assert siting.solve(instance).objective == 7_000


def test_warehouses_cost_what_the_file_says(tmp_path: Path) -> None:
    instance = read_orlib(write(tmp_path, WAREHOUSES))
    assert instance.settings.model == "total_cost"
    result = siting.solve(instance)
    # Both: 14.5 + 1.25 + 2.5 + 3; the first alone: 10.5 + 10.25; the second alone: 4 + 19.5.
    assert result.objective == pytest.approx(20.75, rel=1e-12)
    assert list(result.sites["site_id"]) == ["w1"]
    rate = instance.settings.parameters["rate"]
    assert np.allclose(rate * minutes(instance), [[1.25, 6, 3], [8, 2.5, 9]], rtol=1e-12)


def test_warehouses_with_room_for_some(tmp_path: Path) -> None:
    path = write(tmp_path, WAREHOUSES)
    instance = read_orlib(path, problem="cap")
    assert instance.settings.model == "capacitated_total_cost.toml"
    assert list(instance.places.population) == [3, 2, 4]
    costs = np.array([[1.25, 8], [6, 2.5], [3, 9]])
    best = capacitated(np.array([5, 9]), np.array([10.5, 4]), np.array([3, 2, 4]), costs)
    result = siting.solve(instance)
    assert result.objective == pytest.approx(best, rel=1e-9)
    assert result.status is Status.OPTIMAL
    loose = write(tmp_path, LOOSE, "loose.txt")
    assert siting.solve(read_orlib(loose)).objective == pytest.approx(20.75)
    assert siting.solve(read_orlib(loose, problem="cap", capacity=100)).objective == pytest.approx(20.75)
    tight = siting.solve(read_orlib(loose, problem="cap", capacity=4))
    assert tight.status is Status.INFEASIBLE


def capacitated(room: np.ndarray, fixed: np.ndarray, demand: np.ndarray, cost: np.ndarray) -> float:
    """The capacitated problem with demand that may be split, as a program of its own."""
    customers, sites = cost.shape
    total, rows, low, high = sites + customers * sites, [], [], []
    pair = sites + np.arange(customers * sites).reshape(customers, sites)
    for i in range(customers):
        row = np.zeros(total)
        row[pair[i]] = 1
        rows, low, high = [*rows, row], [*low, 1], [*high, 1]
    for j in range(sites):
        row = np.zeros(total)
        row[pair[:, j]], row[j] = demand, -room[j]
        rows, low, high = [*rows, row], [*low, -np.inf], [*high, 0]
        for i in range(customers):
            row = np.zeros(total)
            row[pair[i, j]], row[j] = 1, -1
            rows, low, high = [*rows, row], [*low, -np.inf], [*high, 0]
    integer = np.r_[np.ones(sites), np.zeros(customers * sites)]
    found = milp(
        np.r_[fixed, cost.ravel()], integrality=integer, bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), low, high), options={"mip_rel_gap": 0},
    )  # fmt: skip
    return float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_random_warehouses(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites, customers = int(rng.integers(2, 6)), int(rng.integers(3, 9))
    fixed, cost = rng.integers(0, 400, sites) / 4, rng.integers(0, 9999, (customers, sites)) / 100
    demand = rng.integers(1, 30, customers)
    room = rng.integers(demand.sum() // sites + 1, demand.sum(), sites)
    rows = [f"{a} {b}" for a, b in zip(room, fixed, strict=True)]
    rows += [f"{d}\n{' '.join(map(str, one))}" for d, one in zip(demand, cost, strict=True)]
    path = write(tmp_path, f"{sites} {customers}\n" + "\n".join(rows))
    best = min(
        fixed[list(some)].sum() + cost[:, list(some)].min(axis=1).sum()
        for size in range(1, sites + 1)
        for some in itertools.combinations(range(sites), size)
    )
    assert siting.solve(read_orlib(path)).objective == pytest.approx(best, rel=1e-9)
    result = siting.solve(read_orlib(path, problem="cap"), seconds=30)
    assert result.objective == pytest.approx(capacitated(room, fixed, demand, cost), rel=1e-7)


def test_capacitated_medians(tmp_path: Path) -> None:
    instance = read_orlib(write(tmp_path, PMEDCAP))
    # floor: 1-2 5, 1-3 10, 1-4 11, 2-3 8, 2-4 7, 3-4 5
    assert np.array_equal(minutes(instance)[0], [0, 5, 10, 11])
    result = siting.solve(instance)
    assert result.objective == 10  # 1 with 2, 3 with 4
    assert result.summary["published"] == {"value": 9.0, "worse_by": pytest.approx(1 / 9)}
    assert read_orlib(tmp_path / "problem.txt", p=3).settings.published == {}
    assert siting.solve(read_orlib(tmp_path / "problem.txt", capacity=4)).status is Status.INFEASIBLE


def test_set_covering(tmp_path: Path) -> None:
    instance = read_orlib(write(tmp_path, SCP))
    result = siting.solve(instance)
    assert result.objective == 4  # of 2 + 2, 3 + 2 and more
    assert sorted(result.sites["site_id"]) == ["column 1", "column 3"]
    assert instance.settings.model == "set_cover"


@pytest.mark.parametrize(("kind", "content"), FILES.items())
def test_the_kind_is_told_from_the_numbers(tmp_path: Path, kind: str, content: str) -> None:
    path = write(tmp_path, content)
    told, named = read_orlib(path), read_orlib(path, problem=kind)
    assert as_dict(told.settings) == as_dict(named.settings)
    assert told.settings.model == {
        "pmed": "min_travel_time", "uncap": "total_cost", "pmedcap": "capacitated_p_median.toml",
        "scp": "set_cover",
    }[kind]  # fmt: skip
    windows = read_orlib(write(tmp_path, content.replace("\n", "\r\n"), "windows.txt"), name="problem")
    assert as_dict(windows.settings)["types"] == as_dict(told.settings)["types"]


@pytest.mark.parametrize("kind", [*FILES, "cap"])
def test_written_and_read_again_it_is_the_same(tmp_path: Path, kind: str) -> None:
    instance = read_orlib(write(tmp_path, FILES.get(kind, WAREHOUSES)), problem=kind)
    write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert as_dict(again.settings) == as_dict(instance.settings)
    assert dict(again.brings) == dict(instance.brings)
    if instance.od is None:
        assert np.array_equal(ways(again), ways(instance))
    else:
        assert np.array_equal(minutes(again), minutes(instance), equal_nan=True)
    assert siting.solve(again).objective == pytest.approx(siting.solve(instance).objective, rel=1e-9)


# -- best values known ---------------------------------------------------------------------------


def test_best_values_lie_beside_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, PMED, "pmed7.txt")
    assert read_orlib(path).settings.published == {}
    write(tmp_path, "Data file   Optimal solution value\npmed70  1\npmed7   6\n", "pmedopt.txt")
    write(tmp_path, "pmed7 4\n", "kcenteropt.txt")
    both = read_orlib(path)
    assert both.settings.published == {"min_travel_time": 6.0, "p_center": 4.0}
    assert "pmedopt.txt" in both.settings.notes
    assert read_orlib(path, p=1).settings.published == {}
    given_ = read_orlib(path, published=5.5)
    assert given_.settings.published == {"min_travel_time": 5.5, "p_center": 4.0}
    assert "was given at import" in given_.settings.notes
    assert "pmedopt.txt" not in given_.settings.notes


@pytest.mark.parametrize("name", ["cap9.txt.opt", "cap9.opt"])
def test_who_serves_whom_stands_before_the_best_value(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, WAREHOUSES, "cap9.txt")
    write(tmp_path, "0 0 0 20.75000\n", name)
    assert read_orlib(path).settings.published == {"total_cost": 20.75}
    # The value without capacities is none of the problem with them.
    assert read_orlib(path, problem="cap").settings.published == {}
    assert siting.solve(read_orlib(path)).summary["published"]["worse_by"] == pytest.approx(0.0, abs=1e-12)


# -- what is refused -----------------------------------------------------------------------------

BAD: list[tuple[str, dict[str, Any], str, int | None]] = [
    ("", {}, "is empty", None),
    ("   \n\n", {}, "is empty", None),
    (PMED[:-8], {}, "cut", 5),
    (PMED[:-8], {"problem": "pmed"}, "cut", 5),
    (PMED.replace("2 3 4", "2 three 4"), {}, "'three' must be a number", 3),
    (PMED.replace("2 3 4", "2 nan 4"), {}, "'nan' must be a number", 3),
    (PMED.replace("2 3 4", "2 1e999 4"), {}, "must be a number", 3),
    (PMED.replace("2 3 4", "2 8 4"), {}, "8 is no node; expected: 1 to 4", 3),
    (PMED.replace("2 3 4", "2 0 4"), {}, "0 is no node", 3),
    (PMED.replace("2 3 4", "2 1.5 4"), {}, "1.5 is no node", 3),
    (PMED.replace("2 3 4", "2 3 -4"), {}, "-4 must be > 0", 3),
    (PMED.replace("2 3 4", "2 3 0"), {}, "0 must be > 0", 3),
    (PMED.replace("4 5 2", "4 5 0"), {}, "0 must be a whole number >= 1", 1),
    (PMED.replace("4 5 2", "4 5 5"), {}, "between 1 and 4", 1),
    (PMED.replace("4 5 2", "2000000 5 2"), {}, "read are up to 1,000,000", 1),
    (PMED.replace("4 5 2", "-4 5 2"), {}, "fits no problem", 6),
    (PMED.replace("2 3 4", "2 3 1e12"), {}, "too long", None),
    (PMED.replace("4 3 2", "1 2 2"), {}, "no edge leads to 1 of 4 nodes (4)", 1),
    (PMED, {"p": 5}, "between 1 and 4", None),
    (PMED, {"p": 0}, "between 1 and 4", None),
    (PMED, {"capacity": 5}, "has no meaning for pmed", None),
    (PMED, {"problem": "pmd"}, "did you mean 'pmed'", None),
    (PMED, {"problem": "scp"}, "is no scp file", 6),
    (WAREHOUSES, {"problem": "pmed"}, "is no pmed file", 9),
    (WAREHOUSES, {"p": 2}, "has no meaning for uncap", None),
    (WAREHOUSES.replace("1.25 8", "1.25 -8"), {}, "-8 must be >= 0: a cost of serving", 5),
    (WAREHOUSES.replace("10.5", "-10.5"), {}, "fixed cost", 2),
    (WAREHOUSES.replace(" 5 10.5", " -5 10.5"), {"problem": "cap"}, "capacity", 2),
    (WAREHOUSES.replace(" 2\n 6", " 2.5\n 6"), {"problem": "cap"}, "demand", 6),
    (WAREHOUSES, {"problem": "cap", "capacity": -1}, "must be a number > 0", None),
    (WAREHOUSES[:-4], {}, "fits no problem", 9),
    (LOOSE, {"problem": "cap"}, "give capacity", 2),
    (LOOSE.replace("1.25 8", "capacity 8"), {}, "must be >= 0", 5),
    (LOOSE.replace(" 4\n 3 9", " 4\n capacity 9"), {"problem": "cap", "capacity": 5}, "must be >= 0", 9),
    (PMEDCAP.replace("2 3 4 2", "2 3 4 2.5"), {}, "demand", 4),
    (PMEDCAP.replace("4 2 6", "4 2 0"), {}, "capacity of a median", 2),
    (PMEDCAP.replace("4 2 6", "4 9 6"), {}, "between 1 and 4", 2),
    (PMEDCAP.replace("2 3 4 2", "1 3 4 2"), {"problem": "pmedcap"}, "differ", 6),
    (SCP.replace("3 2 3\n4", "3 2 3\n5"), {}, "5 is no column", 9),
    (SCP.replace("3 2 3\n4", "3 2 3\n0"), {}, "0 is no column", 9),
    (SCP.replace("2 3 2\n6", "2 -3 2\n6"), {}, "cost of a column", 2),
    (SCP.replace("1\n3\n3 2 3\n4", "0\n4 2 3\n4 1"), {}, "no column covers row 2", 6),
    (SCP + "7\n", {}, "fits no problem", 10),
]


@pytest.mark.parametrize(("content", "options", "says", "line"), BAD)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str, options: dict[str, Any], says: str, line: int | None
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(siting.InstanceError) as caught:
        read_orlib(path, **options)
    found = [one for one in caught.value.complaints if says in str(one)]
    assert found, str(caught.value)
    assert str(path) in str(found[0])
    if line is not None:
        assert found[0].line == line


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    content = PMED.replace("2 3 4", "2 8 -4").replace("4 3 2", "4 3 0")
    with pytest.raises(siting.InstanceError) as caught:
        read_orlib(write(tmp_path, content))
    assert [one.line for one in caught.value.complaints] == [3, 3, 5]
    with pytest.raises(siting.InstanceError) as caught:
        read_orlib(write(tmp_path, "one two\n" * 40))
    assert len(caught.value.complaints) == 21
    assert "60 more" in str(caught.value.complaints[-1])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe4\x00 \x005\x00", "is not text"),
        (b"\x1f\x8b\x08\x00\x00\x00", "is not text"),
        (b"4 5\x002", "zero byte"),
        (b"\xef\xbb\xbf4 5 x", "'x' must be a number"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "bad.txt").write_bytes(data)
    with pytest.raises(siting.InstanceError, match=says):
        read_orlib(tmp_path / "bad.txt")


def test_files_that_are_none_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(siting.InstanceError, match="no such file"):
        read_orlib(tmp_path / "nothing.txt")
    with pytest.raises(siting.InstanceError, match="is a folder"):
        read_orlib(tmp_path)
    path = write(tmp_path, PMEDCAP)
    monkeypatch.setattr(benchmark, "MOST_PAIRS", 15)
    with pytest.raises(siting.InstanceError, match="4 x 4 pairs; tables are made of up to 15"):
        read_orlib(path)
    monkeypatch.setattr(text, "MOST_BYTES", 20)
    with pytest.raises(siting.InstanceError, match="read up to 20 bytes"):
        read_orlib(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.sampled_from([*FILES.values(), LOOSE]),
    cut=st.integers(0, 60),
    at=st.integers(0, 30),
    word=st.sampled_from(["", "-1", "0", "1e300", "nan", "x", "2.5", "9" * 20, "capacity", "3"]),
    problem=st.sampled_from([None, "pmed", "uncap", "cap", "pmedcap", "scp"]),
)
def test_nothing_but_a_complaint_comes_of_bad_files(
    tmp_path: Path, content: str, cut: int, at: int, word: str, problem: str | None
) -> None:
    words = content[: len(content) - cut].split(" ")
    words[at % len(words)] = word
    path = write(tmp_path, " ".join(words))
    try:
        instance = read_orlib(path, problem=problem)
    except siting.InstanceError as error:
        said = [str(one) for one in error.complaints]
    else:
        said = [str(path)] * len(instance.candidates.site)
    assert said
    assert all(str(path) in one for one in said)


# -- the real files ------------------------------------------------------------------------------

real = pytest.mark.skipif(not DATA.is_dir(), reason="public files are not beside the checkout")
COVERS = {"scp41": 429, "scp42": 512, "scp51": 253, "scp61": 138, "scpa1": 253, "scpd1": 60}
"""Optima as published; the files do not state them."""

SLOW = ("01", "03", "11", "12")
"""Capacitated medians that take more than a second."""


def reached(instance: siting.Instance, model: str | None = None) -> None:
    """The published value is reached and proved."""
    result = siting.solve(instance, model, seconds=100)
    assert result.status is Status.OPTIMAL
    assert result.summary["published"]["worse_by"] == pytest.approx(0.0, abs=1e-7)


@real
@pytest.mark.parametrize("number", range(1, 21))
def test_medians_and_centers_are_reached(number: int) -> None:
    path = DATA / "pmed" / f"pmed{number}.txt"
    instance = read_orlib(path)
    assert set(instance.settings.published) == {"min_travel_time", "p_center"}
    if number < 4:
        assert np.array_equal(ways(instance), formats.read_pmed(path).distances)
    reached(instance)
    reached(instance, "p_center")


@real
@pytest.mark.parametrize("name", ["cap71", "cap72", "cap73", "cap74", "cap101", "cap131", "capa"])
def test_warehouses_are_reached(name: str) -> None:
    instance = read_orlib(DATA / "uncap" / f"{name}.txt")
    assert list(instance.settings.published) == ["total_cost"]
    reached(instance)


@real
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in ("scp41", "scp51") else pytest.mark.slow) for one in COVERS]
)
def test_covers_are_reached(name: str) -> None:
    path = DATA / "scp" / f"{name}.txt"
    instance = read_orlib(path, published=COVERS[name])
    file = formats.read_scp(path)
    covered = ~np.isnan(minutes(instance))
    assert np.array_equal(instance.candidates.cost, file.cost)
    for row in range(len(file.indptr) - 1):
        columns = np.unique(file.col[file.indptr[row] : file.indptr[row + 1]])
        assert np.array_equal(np.flatnonzero(covered[:, row]), columns)
    reached(instance)


@real
@pytest.mark.parametrize("name", ["02", *(pytest.param(one, marks=pytest.mark.slow) for one in SLOW)])
def test_capacitated_medians_are_reached(name: str) -> None:
    instance = read_orlib(DATA / "pmedcap" / f"pmedcap1_{name}.txt")
    reached(instance)


def test_of_every_kind_there_is_a_check_of_the_numbers() -> None:
    from siting.readers.orlib import PROBLEMS

    misfits: set[Callable[..., Any]] = set(PROBLEMS.values())
    assert set(PROBLEMS) == {*FILES, "cap"}
    assert len(misfits) == 4
