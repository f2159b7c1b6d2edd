"""The cache of compiled kernels: whatever becomes of its files, answers are right."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core import event

from siting import compiled


def loaded(file: Path, number: int) -> Any:
    """A module as a fresh process would load it, from ``file``."""
    compiled._digest.cache_clear()
    spec = importlib.util.spec_from_file_location(f"kernels_{number}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def of_numba(file: Path) -> None:
    file.write_bytes(pickle.dumps("0.60.0") + b"garbage")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [None, cut, flip, empty, of_numba, a_folder])
def test_damaged_caches_are_compiled_anew(tmp_path: Path, damage: Callable[[Path], None] | None) -> None:
    file = tmp_path / "kernels.py"
    text = "from siting.compiled import kernel\nFACTOR = 2\n@kernel\ndef times(x):\n    return FACTOR * x\n"
    file.write_text(text)
    assert loaded(file, 0).times(21) == 42
    kept = list((tmp_path / "__pycache__").glob("*.nbc"))
    assert len(kept) == 1
    if damage is not None:
        damage(kept[0])
    heard: list[Any] = []
    with event.install_recorder("numba:compile") as recorder:
        assert loaded(file, 1).times(21) == 42
        heard += recorder.buffer
    assert bool(heard) is (damage is not None)
    assert [one for one in (tmp_path / "__pycache__").iterdir() if ".tmp." in one.name] == []


def test_a_change_in_another_module_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kernel calls is compiled into it."""
    monkeypatch.syspath_prepend(tmp_path)
    called, file = tmp_path / "called_kernel.py", tmp_path / "kernels.py"
    file.write_text(
        "from siting.compiled import kernel\nfrom called_kernel import step\n"
        "@kernel\ndef walk(x):\n    return step(x)\n"
    )
    for number, step in enumerate((1, 100)):
        called.write_text(f"from siting.compiled import part\n@part\ndef step(x):\n    return x + {step}\n")
        sys.modules.pop("called_kernel", None)
        importlib.invalidate_caches()
        assert loaded(file, number).walk(1) == 1 + step
