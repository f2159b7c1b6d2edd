"""A warm server, and a folder with an older plan in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.client import Server, older_plan


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture(scope="module")
def before(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return older_plan(server, tmp_path_factory.mktemp("before")).parent


@pytest.fixture
def folder(before: Path, tmp_path: Path) -> Path:
    """A folder with an older plan in it."""
    shutil.copytree(before, tmp_path, dirs_exist_ok=True)
    return tmp_path
