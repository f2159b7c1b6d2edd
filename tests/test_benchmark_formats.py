"""The benchmarks' readers of public files against the values published for them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import bench_pmedian_orlib, formats, rivals

given = pytest.mark.skipif(not formats.DATA.is_dir(), reason="public files are not beside the checkout")


def test_the_last_of_duplicate_edges_wins(tmp_path: Path) -> None:
    path = tmp_path / "pmed1.txt"
    path.write_text(" 3 4 1\n 1 2 9\n 2 3 5\n 2 1 4\n 3 2 7\n", encoding="ascii")
    found = formats.read_pmed(path)
    assert (found.name, found.medians) == ("pmed1", 1)
    assert found.distances.tolist() == [[0, 4, 11], [4, 0, 7], [11, 7, 0]]
    assert formats.cost_of(found.distances, [1]) == 11


def test_rows_of_a_cover_file_may_be_broken_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "scp.txt"
    path.write_text("2 3\n4\n5 6\n1\n2\n3 3 1\n2\n", encoding="ascii")
    found = formats.read_scp(path)
    assert found.cost.tolist() == [4, 5, 6]
    assert found.indptr.tolist() == [0, 1, 4]
    assert found.col.tolist() == [1, 0, 1, 2]


def test_tsplib_refuses_other_distances(tmp_path: Path) -> None:
    path = tmp_path / "x.tsp"
    text = "DIMENSION : 1\nEDGE_WEIGHT_TYPE : {}\nNODE_COORD_SECTION\n1 0 0\n{}EOF\n"
    path.write_text(text.format("GEO", ""), encoding="ascii")
    with pytest.raises(ValueError, match="EUC_2D"):
        formats.read_tsplib(path)
    path.write_text(text.format("EUC_2D", "2 3 4\n"), encoding="ascii")
    with pytest.raises(ValueError, match="DIMENSION is 1"):
        formats.read_tsplib(path)


def test_distances_are_rounded_down() -> None:
    found = formats.floor_distances(np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]))
    assert found.tolist() == [[0, 5, 1], [5, 0, 3], [1, 3, 0]]


@given
def test_pmed1_has_its_published_median_and_center() -> None:
    folder = formats.DATA / "orlib" / "pmed"
    file = formats.read_pmed(folder / "pmed1.txt", formats.optima(folder / "pmedopt.txt")["pmed1"])
    assert (len(file.distances), file.medians, file.best) == (100, 5, 5819)
    assert formats.optima(folder / "kcenteropt.txt")["pmed1"] == 127
    # Interchange from many starts reaches the published optimum, and never goes below it.
    rng = np.random.default_rng(0)
    assert min(interchange(file, rng.permutation(100)[:5].tolist()) for _ in range(10)) == file.best


def interchange(file: formats.MedianFile, medians: list[int]) -> int:
    """Cost after the best swaps (Teitz & Bart 1968) from a start."""
    cost = formats.cost_of(file.distances, medians)
    while True:
        trials = [
            [*medians[:out], node, *medians[out + 1 :]]
            for out, node in itertools.product(range(len(medians)), range(len(file.distances)))
        ]
        best = min(trials, key=lambda trial: formats.cost_of(file.distances, trial))
        if formats.cost_of(file.distances, best) >= cost:
            return cost
        medians, cost = best, formats.cost_of(file.distances, best)


@given
def test_every_pmed_file_is_known() -> None:
    folder = formats.DATA / "orlib" / "pmed"
    paths = formats.numbered(folder, "pmed*[0-9].txt")
    assert [path.stem for path in paths[:3]] == ["pmed1", "pmed2", "pmed3"]
    for name in ("pmedopt.txt", "kcenteropt.txt"):
        assert {path.stem for path in paths} <= formats.optima(folder / name).keys()


@given
def test_cover_files_hold_what_they_say() -> None:
    shapes = {"scp41": (200, 1000), "scp51": (200, 2000), "scp61": (200, 1000), "scpa1": (300, 3000)}
    for name, (rows, columns) in shapes.items():
        found = formats.read_scp(formats.DATA / "orlib" / "scp" / f"{name}.txt")
        assert (len(found.indptr) - 1, len(found.cost)) == (rows, columns)
        assert found.col.min() >= 0
        assert found.col.max() < columns


@given
def test_published_medians_match_the_point_sets() -> None:
    lines = formats.published_medians(formats.DATA / "tsplib" / "pmedian_optima.csv")
    assert len(lines) == 28
    assert round(sum(line.seconds for line in lines)) == 838
    for name, count in (("rl1304", 1304), ("vm1748", 1748), ("pcb3038", 3038)):
        assert len(formats.read_tsplib(formats.DATA / "tsplib" / f"{name}.tsp")) == count


@given
def test_highs_finds_the_published_optima() -> None:
    folder = formats.DATA / "orlib"
    scp = formats.read_scp(folder / "scp" / "scp41.txt")
    answer = rivals.by_highs(rivals.cover_model(scp.indptr, scp.col, scp.cost), 60.0)
    assert (answer["proved"], answer["value"]) == (True, pytest.approx(429))
    file = formats.read_pmed(folder / "pmed" / "pmed1.txt")
    answer = bench_pmedian_orlib.by_nearest(file, 60, 60.0)
    assert (answer["proved"], answer["value"]) == (True, 5819)
    row, col = (part.ravel() for part in np.indices(file.distances.shape))
    base = np.full(100, np.iinfo(np.int64).max)
    answer = rivals.center_by_covers(row, col, file.distances.ravel(), base, file.medians, 60.0)
    assert (answer["proved"], answer["value"]) == (True, 127)


@given
def test_highs_finds_a_published_median_of_points() -> None:
    points = formats.read_tsplib(formats.DATA / "tsplib" / "rl1304.tsp")
    file = formats.MedianFile("rl1304", formats.floor_distances(points), 500, 97_024)
    answer = bench_pmedian_orlib.by_nearest(file, 15, 60.0)
    assert (answer["proved"], answer["value"]) == (True, file.best)
