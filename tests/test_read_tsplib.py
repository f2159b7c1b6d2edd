"""TSPLIB point sets: made by the tests, solved against brute force; and the real ones, where they are."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import siting
from siting.plan import Status
from siting.readers.orlib import benchmark
from siting.readers.tsplib import ROUNDINGS, read_tsplib
from siting.writers import write_instance
from tests.benchmarks import formats

DATA = formats.DATA / "tsplib"

HEAD = "NAME : tiny\nTYPE : TSP\nDIMENSION : 4\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n"
TINY = HEAD + "1 0 0\n2 3.0 1e0\n3 10 0\n4 11 2.5\nEOF\n"


def write(folder: Path, content: str, name: str = "tiny.tsp") -> Path:
    path = folder / name
    path.write_text(content, encoding="ascii")
    return path


def minutes(instance: siting.Instance) -> np.ndarray:
    """(n, n) minutes."""
    od = instance.od
    assert od is not None
    count = len(instance.places.ids)
    assert len(od.ms) == count * count
    result = np.full((count, count), np.nan)
    result[od.site, od.place] = od.ms / 60_000
    return result


def rounded(far: float, rounding: str) -> float:
    """A distance under a convention, by the standard library."""
    if rounding == "exact":
        return round(far * 60_000) / 60_000
    return {"floor": math.floor, "ceil": math.ceil, "nearest": lambda x: math.floor(x + 0.5)}[rounding](far)


@pytest.mark.parametrize("rounding", list(ROUNDINGS))
def test_distances_under_every_convention(tmp_path: Path, rounding: str) -> None:
    points = [(0, 0), (3, 1), (10, 0), (11, 2.5)]
    instance = read_tsplib(write(tmp_path, TINY), p=2, rounding=rounding)
    expected = [[rounded(math.dist(a, b), rounding) for b in points] for a in points]
    assert np.allclose(minutes(instance), expected, rtol=0, atol=1e-9)
    assert instance.settings.name == "tiny_p2"
    assert ROUNDINGS[rounding][1] in instance.settings.notes
    best = min(
        sum(min(row[j] for j in some) for row in expected) for some in itertools.combinations(range(4), 2)
    )
    result = siting.solve(instance)
    assert result.objective == pytest.approx(best, rel=1e-9)
    assert instance.warnings == ()


def test_points_at_the_same_place_are_two(tmp_path: Path) -> None:
    path = write(tmp_path, TINY.replace("2 3.0 1e0", "2 0 0"))
    instance = read_tsplib(path, p=1)
    assert instance.warnings == ()
    assert minutes(instance)[0, 1] == 0
    assert siting.solve(instance).objective == 10 + 11


def test_far_points_are_scaled_and_said_so(tmp_path: Path) -> None:
    path = write(tmp_path, TINY.replace("3 10 0", "3 1000000 0"))
    write(tmp_path, "instance,p,opt_or_bkn\ntiny,1,5\n", "pmedian_optima.csv")
    instance = read_tsplib(path, p=3)
    assert "One minute stands for 100 units" in instance.settings.notes
    assert minutes(instance)[0, 2] == 10_000
    assert instance.settings.published == {}
    with pytest.raises(siting.InstanceError, match="too long"):
        read_tsplib(write(tmp_path, TINY.replace("3 10 0", "3 1e12 0")), p=1)


def test_published_values(tmp_path: Path) -> None:
    path = write(tmp_path, TINY)
    write(tmp_path, "instance,N,p,opt_or_bkn\ntiny,4,1,99\ntiny,4,2,5\nother,4,2,7\n", "pmedian_optima.csv")
    instance = read_tsplib(path, p=2)
    assert instance.settings.published == {"min_travel_time": 5.0}
    assert siting.solve(instance).summary["published"] == {"value": 5.0, "worse_by": 0.0}
    assert read_tsplib(path, p=3).settings.published == {}
    assert read_tsplib(path, p=2, rounding="nearest").settings.published == {}
    assert read_tsplib(path, p=2, published=4).settings.published == {"min_travel_time": 4.0}
    assert read_tsplib(path, p=2, name="mine").settings.name == "mine"


def test_written_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    instance = read_tsplib(write(tmp_path, TINY), p=2, rounding="exact", published=3)
    write_instance(instance, tmp_path / "out")
    again = siting.read(tmp_path / "out")
    assert np.array_equal(minutes(again), minutes(instance))
    assert again.settings.published == {"min_travel_time": 3.0}
    assert siting.solve(again).objective == siting.solve(instance).objective


BAD: list[tuple[str, dict[str, Any], str, int | None]] = [
    ("", {}, "Is this a TSPLIB file?", 1),
    ("4 5 2\n1 2 3\n", {}, "Is this a TSPLIB file?", 1),
    (TINY.replace("EUC_2D", "GEO"), {}, "GEO (points on a sphere) is not read", 4),
    (TINY.replace("EUC_2D", "ATT"), {}, "ATT (the pseudo-Euclidean", 4),
    (TINY.replace("EUC_2D", "XRAY1"), {}, "XRAY1 is not read", 4),
    (TINY.replace(": TSP", ": CVRP"), {}, "'CVRP' is not read; expected: TSP", 2),
    (TINY.replace("NODE_COORD_SECTION\n", ""), {}, "NODE_COORD_SECTION is missing", 1),
    (TINY.replace("DIMENSION : 4", "DIMENSION : four"), {}, "'four' must be a whole number > 0", 3),
    (TINY.replace("DIMENSION : 4\n", ""), {}, "'' must be a whole number > 0", None),
    (TINY.replace("DIMENSION : 4", "DIMENSION : 9"), {}, "ends after 4 points; DIMENSION says 9", 9),
    (TINY.replace("DIMENSION : 4", "DIMENSION : 3"), {}, "4 points, but DIMENSION says 3", 9),
    (TINY.replace("3 10 0", "3 ten 0"), {}, "'3 ten 0' must be a point", 8),
    (TINY.replace("3 10 0", "3 nan 0"), {}, "must be a point", 8),
    (TINY.replace("3 10 0", "3 10"), {}, "must be a point", 8),
    (TINY.replace("3 10 0", "2 10 0"), {}, "two points have the name '2'", None),
    (TINY, {"p": 0}, "between 1 and 4", None),
    (TINY, {"p": 5}, "between 1 and 4", None),
    (TINY, {"p": None}, "None must be a whole number between 1 and 4: how many facilities", None),
    (TINY, {"p": 1.5}, "1.5 must be a whole number", None),
    (TINY, {"rounding": "flor"}, "did you mean 'floor'", None),
]


@pytest.mark.parametrize(("content", "options", "says", "line"), BAD)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str, options: dict[str, Any], says: str, line: int | None
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(siting.InstanceError) as caught:
        read_tsplib(path, **{"p": 2, **options})
    found = [one for one in caught.value.complaints if says in str(one)]
    assert found, str(caught.value)
    assert str(path) in str(found[0])
    if line is not None:
        assert found[0].line == line


def test_p_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="'p'"):
        read_tsplib(write(tmp_path, TINY))  # type: ignore[call-arg]


def test_files_that_are_none_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(siting.InstanceError, match="no such file"):
        read_tsplib(tmp_path / "nothing.tsp", p=1)
    with pytest.raises(siting.InstanceError, match="is a folder"):
        read_tsplib(tmp_path, p=1)
    monkeypatch.setattr(benchmark, "MOST_PAIRS", 15)
    with pytest.raises(siting.InstanceError, match="4 x 4 pairs; tables are made of up to 15"):
        read_tsplib(write(tmp_path, TINY), p=1)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(TINY)),
    at=st.integers(0, 40),
    word=st.sampled_from(["", "-1", "1e300", "nan", "x", "EOF", ":", "99999999999999999999", "0"]),
)
def test_nothing_but_a_complaint_comes_of_bad_files(tmp_path: Path, cut: int, at: int, word: str) -> None:
    words = TINY[:cut].split(" ")
    words[at % len(words)] = word
    path = write(tmp_path, " ".join(words))
    try:
        instance = read_tsplib(path, p=1)
    except siting.InstanceError as error:
        said = [str(one) for one in error.complaints]
    else:
        said = [str(path)] * len(instance.candidates.site)
    assert said
    assert all(str(path) in one for one in said)


real = pytest.mark.skipif(not DATA.is_dir(), reason="public files are not beside the checkout")
QUICK = {("rl1304", 50), ("rl1304", 300), ("vm1748", 400)}


def lines() -> list[Any]:
    """Every published p-median of the two smaller point sets."""
    path = DATA / "pmedian_optima.csv"
    found = formats.published_medians(path) if path.is_file() else []
    return [
        pytest.param(one, marks=[] if (one.instance, one.medians) in QUICK else [pytest.mark.slow])
        for one in found
        if one.instance in ("rl1304", "vm1748")
    ]


@real
@pytest.mark.parametrize("line", lines())
def test_published_medians_are_reached(line: formats.Published) -> None:
    path = DATA / f"{line.instance}.tsp"
    instance = read_tsplib(path, p=line.medians)
    assert np.array_equal(minutes(instance), formats.floor_distances(formats.read_tsplib(path)))
    result = siting.solve(instance, seconds=100)
    assert result.status is Status.OPTIMAL
    assert result.summary["published"] == {"value": line.best, "worse_by": 0.0}
