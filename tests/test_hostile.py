"""Inputs that want to harm: paths that lead elsewhere, code in data, and files that fill the memory."""

from __future__ import annotations

import ast
import gzip
import os
import pickle
import shutil
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import siting
from siting import loading
from siting.check.files import recorded_summary
from siting.check.solver_files import read_listing
from siting.errors import InstanceError, ModelError, SitingError
from siting.instance.raw import Report
from siting.instance.settings import parse_settings
from siting.instance.toml_lines import key_lines
from siting.model.files import load_model, model_of
from siting.model.reader import parse_model
from siting.readers import csv_file
from siting.readers.folder import read
from siting.readers.od import od_frame
from siting.readers.orlib import read_orlib
from siting.readers.tsplib import read_tsplib

ROOT = Path(__file__).resolve().parent.parent
MODEL = (ROOT / "models" / "min_travel_time.toml").read_text(encoding="utf-8")
HUGE = 10 * 2**30


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    """A copy of the smallest bundled instance."""
    return Path(shutil.copytree(ROOT / "instances" / "three_towns", tmp_path / "towns"))


def name_model(folder: Path, name: str) -> None:
    toml = folder / "instance.toml"
    toml.write_text(f"model = {name!r}\n" + toml.read_text(encoding="utf-8"), encoding="utf-8")


# -- paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../secret", "../secret.toml", "{tmp}/secret", "{tmp}/secret.toml", "{tmp}/secret.toml/", "secret.toml/",
     "./../secret.toml", "C:\\secret.toml", "C:secret", "..\\secret", "//host/secret.toml",
     "/proc/self/environ"],
)  # fmt: skip
def test_the_model_of_an_instance_is_its_own_or_bundled(towns: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.toml").write_text(MODEL, encoding="utf-8")
    name_model(towns, name.format(tmp=tmp_path))
    with pytest.raises(SitingError, match=r"no model|is no model file"):
        model_of(read(towns))


def test_what_an_instance_may_name(towns: Path) -> None:
    (towns / "own.toml").write_text(MODEL, encoding="utf-8")
    name_model(towns, "own.toml")
    assert model_of(read(towns)).name == "own"
    assert load_model(towns / "own.toml").name == "own"  # the planner may name any file


@pytest.mark.parametrize("name", ["places.csv", "instance.toml", "own.toml", "edits.csv"])
def test_links_that_lead_out_of_the_folder(towns: Path, tmp_path: Path, name: str) -> None:
    (towns / name).unlink(missing_ok=True)
    (tmp_path / "secret").write_text("place_id,name\nroot,toor\n", encoding="utf-8")
    (towns / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InstanceError) as caught:
        read(towns)
    assert "leads out of the instance folder" in str(caught.value)
    assert "toor" not in str(caught.value)


def test_links_that_stay_and_links_to_the_folder(towns: Path, tmp_path: Path) -> None:
    (towns / "places.csv").rename(towns / "all.txt")
    (towns / "places.csv").symlink_to("all.txt")
    (tmp_path / "link").symlink_to(towns)
    assert read(tmp_path / "link").places.ids.tolist() == read("three_towns").places.ids.tolist()


def test_pipes_and_devices_are_not_opened(towns: Path) -> None:
    """A pipe that nobody writes into would never end."""
    (towns / "places.csv").unlink()
    os.mkfifo(towns / "places.csv")
    with pytest.raises(InstanceError, match="no plain file"):
        read(towns)
    os.mkfifo(towns / "pipe.toml")
    with pytest.raises(ModelError, match="no plain file"):
        load_model(towns / "pipe.toml")
    with pytest.raises(loading.RefusedFileError):
        loading.load(Path("/dev/zero"))


# -- code ---------------------------------------------------------------------------------------


class _Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def test_nothing_in_a_file_is_executed(towns: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    command = f"__import__('os').system('touch {marker}')"
    tag = f"!!python/object/apply:os.system ['touch {marker}']"
    heard: list[str] = []
    listening = True

    def hear(event: str, _: object) -> None:
        if listening and event in ("os.system", "subprocess.Popen", "pickle.find_class", "os.exec"):
            heard.append(event)

    sys.addaudithook(hear)
    payloads = [
        pickle.dumps(_Payload(marker)),
        command.encode(),
        tag.encode(),
        f"=cmd|'touch {marker}'!A1".encode(),
    ]
    names = (
        "places.csv",
        "instance.toml",
        "own.toml",
        "plan.sol",
        "od.csv",
        "x.graphml",
        "x.geojson",
        "x.parquet",
    )
    for data in payloads:
        for name in names:
            (towns / name).write_bytes(data)
    graph = '<graphml><key id="k" for="node" attr.name="population" attr.type="object"/><graph><node id="a">'
    (towns / "y.graphml").write_text(f'{graph}<data key="k">{tag}</data></node></graph></graphml>')
    (towns / "y.toml").write_text(
        MODEL.replace("minimize", f"# {command}\nminimize") + f'\n[parameters.x]\ndefault = "{command}"\n'
    )
    readers: list[Callable[[Path], object]] = [
        read,
        load_model,
        od_frame,
        read_orlib,
        siting.read_graphml,
        siting.read_geo,
    ]
    for path in [towns, *towns.iterdir()]:
        for reader in readers:
            try:
                reader(path)
            except SitingError:
                continue
    listening = False
    assert not heard
    assert not marker.exists()


def test_no_module_runs_what_it_reads() -> None:
    """Neither pickle nor anything else that makes code of data is imported or called anywhere."""
    unsafe = {"pickle", "marshal", "shelve", "yaml", "dill", "cloudpickle", "joblib", "xml.etree.ElementTree"}
    for path in sorted((ROOT / "siting").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else [one.name for one in node.names]
                )
                mine = (
                    path.name == "compiled.py"
                )  # reads the cache of compiled code, which is code by its nature
                assert mine or not unsafe & set(names), path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "os.system", "np.load", "pd.read_pickle"), (
                    path
                )


# -- size ---------------------------------------------------------------------------------------


def refused_at_once(reader: Callable[[], object]) -> str:
    """The refusal of a huge file, which takes neither time nor memory."""
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(SitingError) as caught:
            reader()
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 5
    return str(caught.value)


def sparse(path: Path) -> Path:
    """A file of ten gigabytes that takes no room."""
    with path.open("wb") as file:
        file.truncate(HUGE)
    return path


@pytest.mark.parametrize("name", ["places.csv", "roads.csv", "edits.csv", "instance.toml", "own.toml"])
def test_huge_files_in_an_instance_folder(towns: Path, name: str) -> None:
    sparse(towns / name)
    most = 4_000_000 if name.endswith(".toml") else 1_000_000_000
    said = refused_at_once(lambda: read(towns))
    assert f"{name}: cannot be read: {HUGE:,} bytes are more than the {most:,} that are read" in said


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("m.toml", load_model),
        ("od.csv", od_frame),
        ("pmed.txt", read_orlib),
        ("a.tsp", lambda path: read_tsplib(path, p=1)),
        ("roads.graphml", lambda path: siting.read_graphml(path)),
        ("towns.geojson", lambda path: siting.read_geo(path)),
        ("towns.csv", lambda path: siting.read_geo(path)),
        ("land.osm.pbf", lambda path: siting.read_osm(path)),
        ("land.osm", lambda path: siting.read_osm(path)),
    ],
)
def test_huge_files_of_every_kind(tmp_path: Path, name: str, reader: Callable[[Path], object]) -> None:
    if name.endswith((".osm", ".pbf")):
        pytest.importorskip("osmium")
    if "towns" in name:
        pytest.importorskip("pyogrio")
    path = sparse(tmp_path / name)
    said = refused_at_once(lambda: reader(path))
    assert any(words in said for words in ("more than", "at most", "up to"))


def test_huge_files_of_plans(tmp_path: Path) -> None:
    sparse(tmp_path / "summary.json")
    assert "100,000,000" in refused_at_once(lambda: recorded_summary(tmp_path))
    report = Report()
    assert read_listing(sparse(tmp_path / "plan.sol"), report) is None
    assert "1,000,000,000 that are read" in str(report.complaints[0])


@pytest.mark.parametrize(
    ("limit", "data", "words"),
    [
        ("MOST_ROWS", b"a,b\n" + b"1,2\n" * 99, "100 lines are more than the 10 that are read"),
        ("MOST_ROWS", b"a,b\r" + b"\r" * 99, "100 lines are more than the 10 that are read"),
        ("MOST_CELLS", b"a,b\n" + b"1,2\n" * 99, "200 cells are more than the 10 that are read"),
        ("MOST_COLUMNS", b"\xef\xbb\xbf\n" + b",".join(b"%d" % n for n in range(11)), "11 columns are more"),
    ],
)
def test_limits_of_tables(monkeypatch: pytest.MonkeyPatch, limit: str, data: bytes, words: str) -> None:
    """A billion rows in a file that is small enough would still fill the memory."""
    monkeypatch.setattr(csv_file, limit, 10)
    report = Report()
    assert csv_file.read_csv(data, "t.csv", report) is None
    assert words in str(report.complaints[0])


def test_packed_files_that_unpack_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("osmium")
    from siting.readers.osm import source

    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.osm.gz"
    path.write_bytes(gzip.compress(b'<osm version="0.6">' + b" " * (1 << 21) + b"</osm>"))
    assert path.stat().st_size < 10_000
    with pytest.raises(InstanceError, match="unpacks to more than"):
        siting.read_osm(path)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.graphml", '<graphml><graph><node id="&c;"/></graph></graphml>'),
        ("x.osm", '<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="name" v="&c;"/></node></osm>'),
        ("x.sol", '<CPLEXSolution><variable name="&c;" value="1"/></CPLEXSolution>'),
    ],
)
def test_entities_that_multiply(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(f'<?xml version="1.0"?>{LAUGHS}{text}', encoding="utf-8")
    report = Report()
    if name == "x.sol":
        assert read_listing(path, report) is None
        assert "document type" in str(report.complaints[0])
        return
    if name == "x.osm":
        pytest.importorskip("osmium")
    with pytest.raises(InstanceError, match="document type"):
        (siting.read_osm if name == "x.osm" else siting.read_graphml)(path)


# -- time ---------------------------------------------------------------------------------------

SETTINGS: dict[str, Any] = {
    "name": "x", "currency": "EUR",
    "services": {"help": {"standard": {"v": 5}}}, "types": {"post": {"provides": {"help": 1}}},
}  # fmt: skip


def test_what_grows_with_a_square_is_limited() -> None:
    """Each of these took minutes: a few hundred kilobytes of blanks, keys, tables or names."""
    start = time.process_time()
    key_lines(" " * 200_000 + "\n[" + " " * 200_000 + "\n" + "a" * 200_000 + "\n")
    assert len(key_lines("[[sources]]\n" * 30_000)) == 30_001
    many = {f"k{n}": {"standard": {f"v{n}": 5}} for n in range(3_000)}
    said = parse_settings({**SETTINGS, "services": many})[1]
    assert any("3,000 names are more than the 200" in one.what for one in said)
    said = parse_settings({**SETTINGS, **{f"k{n}": 1 for n in range(30_000)}})[1]
    assert [one.what for one in said][-1] == "... and 29,980 more unknown keys"
    with pytest.raises(ModelError) as caught:
        parse_model(MODEL + "".join(f"\n[parameters.p{n}]\ndefalt = 1" for n in range(3_000)), "m", "m.toml")
    assert len(caught.value.complaints) == 201
    header = ",".join(f"h{n}" for n in range(100_000)).encode()
    assert csv_file.read_csv(header + b"\n", "t.csv", Report()) is None
    assert time.process_time() - start < 15


def test_a_cell_of_millions_of_letters_is_shown_in_part(towns: Path) -> None:
    places = towns / "places.csv"
    text = places.read_text(encoding="utf-8").splitlines()
    text[1] = "x" * 100_000 + "\x1b[2J" + text[1][text[1].index(",") :].replace("village", "y" * 50_000)
    places.write_text("\n".join(text), encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        read(towns)
    said = str(caught.value)
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) < 2_200
