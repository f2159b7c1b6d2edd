"""The programs of the bundled models, row by row; see tests/golden/regenerate.py."""

from __future__ import annotations

import pytest

from siting.model import bundled_models
from tests.golden.regenerate import FOLDER, programs


@pytest.fixture(scope="module")
def composed() -> dict[str, str]:
    return programs()


@pytest.mark.parametrize("name", [*bundled_models(), "max_coverage_then"])
def test_programs_are_the_golden_ones(name: str, composed: dict[str, str]) -> None:
    path = FOLDER / f"{name}.lp"
    assert composed[path.name] == path.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_program(composed: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.glob("*.lp")} == set(composed)
