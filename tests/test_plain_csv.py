"""The reader of plain files: the same table as line by line, and nothing that is not plain."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from siting.instance.raw import RawTable, Report
from siting.readers import csv_file
from siting.readers.plain_csv import read_plain

INSTANCES = Path(__file__).parent.parent / "instances"


def by_line(data: bytes) -> tuple[RawTable | None, list]:
    report = Report()
    return csv_file._read_lines(data, "x.csv", report), report.complaints


def same(one: RawTable, other: RawTable) -> bool:
    assert one.lines is not None
    assert other.lines is not None
    assert one.lines.dtype == other.lines.dtype
    return (
        one.size == other.size
        and one.lines.tolist() == other.lines.tolist()
        and list(one.columns) == list(other.columns)
        and all(one.columns[name].tolist() == other.columns[name].tolist() for name in one.columns)
        and all(cells.dtype == object for cells in one.columns.values())
    )


@pytest.mark.parametrize(
    "file", sorted(INSTANCES.glob("[!u]*/*.csv")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_bundled_files_are_plain(file: Path) -> None:
    data = file.read_bytes()
    plain, careful = read_plain(data, "x.csv"), by_line(data)[0]
    assert plain is not None
    assert careful is not None
    assert same(plain, careful)


PLAIN = {
    "usual": b"a,b\n1,2\n3,\n",
    "windows": b"a,b\r\n1,2\r\n,3\r\n",
    "byte order mark": b"\xef\xbb\xbfa,b\n1,2\n",
    "no end": b"a,b\n1,2",
    "empty lines at the end": b"a,b\n1,2\n\n\n",
    "quotes": b'a,b\n"1, one","say ""two"""\n"","3"\n"""",""\n' + 'a,"é’ж"\n'.encode(),
    "words that mean something to pandas": b"a,b\nNaN,NULL\n1e5,True\nN/A,0x10\n#1,'x'\n",
    "no rows": b"a,b\n",
    "spaces inside": b'a,b\nx y,"p, q"\n',
}
OTHER = {
    "empty": b"",
    "one column": b"a\n1\n",
    "too few": b"a,b\n1\n2,3\n",
    "too many": b"a,b\n1,2,3\n",
    "too few and too many": b"a,b\n1\n1,2,3\n",
    "an empty line": b"a,b\n1,2\n\n3,4\n",
    "a line of commas": b"a,b\n1,2\n,\n3,4\n",
    "a blank before": b"a,b\n1, 2\n",
    "a blank after": b"a,b\n1 ,2\n",
    "a blank in quotes": b'a,b\n1," 2"\n',
    "a blank after in quotes": b'a,b\n1,"2 "\n',
    "a rare blank": "a,b\n1,\u00a02\n".encode(),
    "a tab": b"a,b\n1,\t2\n",
    "a line end in quotes": b'a,b\n1,"2\n3"\n4,5\n',
    "a lone carriage return": b"a,b\n1,2\r3,4\n",
    "a quote inside": b'a,b\n1,x"y"\n',
    "text after a quote": b'a,b\n"1"x,2\n',
    "a quote not closed": b'a,b\n1,"2\n',
    "a header twice": b"a,a\n1,2\n",
    "a header missing": b"a,\n1,2\n",
    "a NUL": b"a,b\n1,\x002\n",
    "windows-1251": "a,b\n1,жито\n".encode("cp1251"),
    "utf-16": "a,b\n1,2\n".encode("utf-16"),
}


@pytest.mark.parametrize("case", PLAIN)
def test_plain(case: str) -> None:
    plain, (careful, complaints) = read_plain(PLAIN[case], "x.csv"), by_line(PLAIN[case])
    assert not complaints
    assert plain is not None
    assert careful is not None
    assert same(plain, careful)


@pytest.mark.parametrize("case", OTHER)
def test_not_plain(case: str) -> None:
    assert read_plain(OTHER[case], "x.csv") is None


def test_random_bytes_are_read_the_same_or_left() -> None:
    """Whatever the plain reader accepts, the other one reads without complaint into the same table."""
    rng = random.Random(5)
    letters = [
        b"a",
        b"1",
        b",",
        b",",
        b"\n",
        b"\n",
        b'"',
        b'""',
        b" ",
        b"\r\n",
        b"\r",
        b"\t",
        "é".encode(),
        b'","',
    ]
    accepted = 0
    for _ in range(20_000):
        data = b"x,y\n" + b"".join(rng.choices(letters, k=rng.randint(0, 14)))
        plain = read_plain(data, "x.csv")
        if plain is None:
            continue
        careful, complaints = by_line(data)
        assert not complaints, data
        assert careful is not None, data
        assert same(plain, careful), data
        accepted += 1
    assert accepted > 100
