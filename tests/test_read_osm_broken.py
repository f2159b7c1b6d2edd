"""OpenStreetMap files that are broken, are none, or hold too little."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siting.errors import InstanceError
from siting.readers.osm import opl as opl_module
from siting.readers.osm import read_osm
from siting.readers.osm import source as source_module
from tests.osm_files import HEAD, convert, line, road, village, write

osmium = pytest.importorskip("osmium")

FORMATS = ("small.osm.pbf", "small.osm.bz2", "small.osm.gz")


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InstanceError) as caught:
        read_osm(path)
    for word in words:
        assert word in str(caught.value)


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    nodes = [(k, 47 + y, 9 + x, {"name": str(k)}) for k, (y, x) in enumerate(rng.random((20_000, 2)), 1)]
    ways = [road(k, rng.integers(1, 20_000, 10).tolist()) for k in range(1, 2_000)]
    return write(tmp_path, [*nodes, village(30_000, 47, 9)], ways)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.999])
def test_cut_off(fine: Path, name: str, share: float) -> None:
    path = convert(fine, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    refused(path, str(path))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_flipped_bytes(fine: Path, share: float) -> None:
    path = convert(fine, "small.osm.pbf")
    data = bytearray(path.read_bytes())
    at = int(share * len(data))
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)
    refused(path, "damaged")


@pytest.mark.parametrize(
    ("where", "bad"),
    [("road", b"ABCDEFG\xff"), ("road", b"ABCDEFG\xe2"), ("node", b"ABCDEFG\xff"), ("place", b"\xf0BCDEFGH")],
)
def test_text_that_is_not_utf8(tmp_path: Path, where: str, bad: bytes) -> None:
    """In a process of its own, since pyosmium can end it."""
    names = {one: "ABCDEFGH" if one == where else "x" for one in ("road", "node", "place")}
    nodes = [*line(), village(9, 47, 9, name=names["place"]), (6, 47.0, 9.05, {"name": names["node"]})]
    plain = write(tmp_path, nodes, [road(1, [1, 2, 3, 6], name=names["road"])])
    path = tmp_path / "bad.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        for one in osmium.FileProcessor(str(plain)):
            writer.add(one)
    path.write_bytes(path.read_bytes().replace(b"ABCDEFGH", bad))
    call = f"import siting\ntry: siting.read_osm({str(path)!r})\nexcept siting.InstanceError as e: print(e)"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert "damaged" in done.stdout


def test_cut_xml(fine: Path) -> None:
    fine.write_bytes(fine.read_bytes()[:-50_000])
    refused(fine, "damaged")


@pytest.mark.parametrize("name", ["x.osm.pbf", "x.osm", "x.osm.bz2", "x.osm.gz"])
@pytest.mark.parametrize(
    "content", [b"<html>404</html>", b"\x00" * 5000, b"id,name\n1,2\n", b"PK\x03\x04" * 99]
)
def test_other_files(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(path, str(path))


BOMB = """<?xml version="1.0"?>
<!DOCTYPE osm [
<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="place" v="&c;"/></node></osm>
"""


def test_entities(tmp_path: Path) -> None:
    plain = tmp_path / "bomb.osm"
    plain.write_text(BOMB, encoding="utf-8")
    refused(plain, "document type")
    packed = tmp_path / "bomb.osm.gz"
    packed.write_bytes(gzip.compress(BOMB.encode()))
    refused(packed, "document type")
    late = tmp_path / "late.osm"  # beyond what is looked at before; pyosmium refuses them too
    late.write_text(BOMB.replace("<!DOCTYPE", "<!-- " + "x" * 99_999 + " -->\n<!DOCTYPE"), encoding="utf-8")
    refused(late, "cannot be read")
    wide = tmp_path / "wide.osm"
    wide.write_bytes(BOMB.replace('"1.0"', '"1.0" encoding="UTF-16"', 1).encode("utf-16"))
    refused(wide, "wide.osm")


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path / "missing.osm.pbf", "No such file")
    refused(tmp_path, "is a folder")
    (tmp_path / "empty.osm.pbf").touch()
    refused(tmp_path / "empty.osm.pbf", "0 bytes")
    (tmp_path / "roads.shp").write_text("x")
    refused(tmp_path / "roads.shp", "must end in one of .osm.pbf")
    path = write(tmp_path, line())
    monkeypatch.setattr(source_module, "MAX_BYTES", 100)
    refused(path, "GB", "cut your region out")


def test_history_and_editor_files(tmp_path: Path) -> None:
    path = tmp_path / "change.osm"
    path.write_text(HEAD.replace("<osm ", "<osmChange ") + "</osmChange>\n", encoding="utf-8")
    refused(path, "history or change")
    nodes = [(-k, 47.0, 9 + k / 100, {}) for k in range(1, 4)]
    refused(write(tmp_path, [*nodes, village(9, 47, 9)], [road(1, [-1, -2, -3])]), "ids are negative")
    high = write(tmp_path, [*line(), village(9, 47, 9)], [road(1, [1, 2, 9 * 10**18])])
    refused(high, "9000000000000000000", "must hold none above")
    members = [("w", 9 * 10**18, "outer"), ("w", -7, "outer")]
    tags = {"type": "multipolygon", "place": "village", "name": "Lost"}
    lost = write(tmp_path, [*line(), village(9, 47, 9)], [road(1, [1, 2])], [(1, members, tags)])
    assert any("Lost" in text for text in read_osm(lost).warnings)


def test_maps_with_too_little(tmp_path: Path) -> None:
    refused(write(tmp_path), "no settlement")
    refused(write(tmp_path, [village(9, 47, 9)]), "no road that a car may drive")
    refused(write(tmp_path, line(), [road(1, [1, 2])]), "no settlement (place=city")
    one_way = write(tmp_path, [*line(), village(9, 47, 9)], [road(1, [1, 2], oneway="yes")])
    refused(one_way, "leads to another place and back")


def test_no_room_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, [*line(), village(9, 47, 9)], [road(1, [1, 2])])
    full = type("Usage", (), {"free": 10})()
    monkeypatch.setattr(opl_module.shutil, "disk_usage", lambda folder: full)
    refused(path, "temporary space", "TMPDIR")
