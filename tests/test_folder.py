"""Reading instance folders: what is accepted, and one broken folder per message."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import siting.instance
from siting.errors import InstanceError
from siting.instance.raw import Report
from siting.instance.toml_access import Toml
from siting.readers import bundled, read

REPOSITORY = Path(__file__).parent.parent
BROKEN = Path(__file__).parent / "broken"
CASES = sorted(folder.name for folder in BROKEN.iterdir() if folder.is_dir())
THREE_TOWNS = REPOSITORY / "instances" / "three_towns"


@pytest.mark.parametrize("case", CASES)
def test_broken_folder(case: str) -> None:
    """The complete list of complaints, line by line."""
    if case.startswith("edits_area"):
        pytest.importorskip("shapely")
    with pytest.raises(InstanceError) as caught:
        read(BROKEN / case)
    expected = (BROKEN / case / "expected.txt").read_text(encoding="utf-8")
    assert str(caught.value) + "\n" == expected.replace("{dir}", str(BROKEN / case))


def test_every_message_has_a_broken_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of the readers that complains about files is reached by some broken folder."""
    pytest.importorskip("shapely")
    fired: set[tuple[str, int]] = set()

    def record(method: Callable[..., None]) -> Callable[..., None]:
        def recorded(*args: object, **more: object) -> None:
            frame = sys._getframe(1)
            while Path(frame.f_code.co_filename).name == "raw.py" and frame.f_back:
                frame = frame.f_back
            fired.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
            method(*args, **more)

        return recorded

    monkeypatch.setattr(Report, "add", record(Report.add))
    monkeypatch.setattr(Toml, "complain", record(Toml.complain))
    for case in CASES:
        with pytest.raises(InstanceError):
            read(BROKEN / case)
    silent = [
        f"{path.name}:{call.lineno} {ast.unparse(call)}"
        for path in _sources()
        for call in _complaining_calls(path)
        if not any((path.name, line) in fired for line in range(call.lineno, call.end_lineno + 1))
    ]
    # no folder can cause these: a graph beside junctions, far away or with a place's id, a disk error
    expected = [
        "the graph brings its own nodes", "places.raw.header(), 'lat, lon'", "the id of a node of the graph",
        "leads out of the instance folder", "cannot be read",
    ]  # fmt: skip
    assert len(silent) == len(expected), silent
    assert all(words in call for words, call in zip(expected, silent, strict=True)), silent


def _sources() -> list[Path]:
    package = Path(siting.instance.__file__).parent
    readers = [package.parent / "readers" / f"{name}.py" for name in ("folder", "csv_file", "plain_csv")]
    return sorted(path for path in [*package.glob("*.py"), *readers] if path.name != "raw.py")


def _complaining_calls(path: Path) -> list[ast.Call]:
    """Calls of ``report.add``, ``report.rows`` and ``complain``."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [(call, ast.unparse(call.func)) for call in calls]
    names = ("report.add", "report.rows", "toml.complain", "self.complain")
    return [call for call, name in named if name in names]


def test_accepted_spellings(tmp_path: Path) -> None:
    """Byte order marks, Windows line ends, blank and comma-only lines, spaces around cells."""
    plain = read(THREE_TOWNS)
    for name, change in {
        "bom": lambda data: b"\xef\xbb\xbf" + data,
        "crlf": lambda data: data.replace(b"\n", b"\r\n"),
        "both": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
        "no_last_line_end": lambda data: data.rstrip(b"\n"),
    }.items():
        folder = tmp_path / name
        shutil.copytree(THREE_TOWNS, folder)
        for path in folder.iterdir():
            path.write_bytes(change(path.read_bytes()))
        _same(read(folder), plain)
    folder = tmp_path / "loose"
    shutil.copytree(THREE_TOWNS, folder)
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8").replace(",", " , ")
        empty = "," * text.splitlines()[0].count(",") + "\n"
        path.write_text(text.replace("\n", "\n\n") + empty, encoding="utf-8")
    _same(read(folder), plain)


def _same(one: siting.instance.Instance, other: siting.instance.Instance) -> None:
    for part in ("places", "sites", "facilities", "candidates", "roads"):
        for name, value in vars(getattr(other, part)).items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(getattr(getattr(one, part), name), value, f"{part}.{name}")
    assert one.settings == other.settings


def test_files_are_hashed() -> None:
    instance = read(THREE_TOWNS)
    assert set(instance.files) == {path.name for path in THREE_TOWNS.iterdir()}
    for name, digest in instance.files.items():
        assert digest == hashlib.sha256((THREE_TOWNS / name).read_bytes()).hexdigest()


def test_bundled_by_name() -> None:
    assert "three_towns" in bundled()
    assert read("three_towns").origin == "three_towns"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("three_town", "three_town: no such folder or bundled instance; did you mean 'three_towns'?"),
        ("nowhere/zzz", "nowhere/zzz: no such folder or bundled instance; bundled instances: "),
        (__file__, f"{__file__}: is a file, not an instance folder"),
    ],
)
def test_no_such_instance(source: str, message: str) -> None:
    with pytest.raises(InstanceError) as caught:
        read(source)
    assert str(caught.value).startswith(message)


def test_unreadable_file(tmp_path: Path) -> None:
    shutil.copytree(THREE_TOWNS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "areas.csv").unlink()
    (tmp_path / "areas.csv").mkdir()
    with pytest.raises(InstanceError, match=r"areas\.csv: cannot be read: "):
        read(tmp_path)


def test_unused_columns_and_files_are_warnings(tmp_path: Path) -> None:
    shutil.copytree(THREE_TOWNS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "elevation.csv").write_text("x\n")
    roads = (tmp_path / "roads.csv").read_text().splitlines()
    lines = [f"{line},{word}" for line, word in zip(roads, ["surface", *["asphalt"] * 5], strict=True)]
    (tmp_path / "roads.csv").write_text("\n".join(lines))
    assert read(tmp_path).warnings == (
        f"{tmp_path}/elevation.csv: not read; no table has this name",
        f"{tmp_path}/roads.csv: columns not used: 'surface'",
    )


def test_damaged_bytes_raise_only_instance_errors(tmp_path: Path) -> None:
    """Bytes overwritten, cut out, inserted, files truncated: read, or a list of complaints."""
    shutil.copytree(THREE_TOWNS, tmp_path, dirs_exist_ok=True)
    rng = random.Random(1)
    paths = sorted(tmp_path.iterdir())
    for _ in range(200):
        path = rng.choice(paths)
        whole = path.read_bytes()
        at = rng.randrange(len(whole))
        middle = rng.choice([b"", b"\0", b"\xd0", b'"', b"\r", b";", b"nan", b"-1e999", b"[[a]]", b"'''"])
        tail = b"" if rng.random() < 0.2 else whole[at + rng.randrange(9) :]
        path.write_bytes(whole[:at] + middle + tail)
        with contextlib.suppress(InstanceError):
            read(tmp_path)
        path.write_bytes(whole)
