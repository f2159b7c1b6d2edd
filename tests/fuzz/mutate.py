"""Damage to files: what people, programs and attackers do to them, in small random steps."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

WORDS: Sequence[str] = (
    "", " ", "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e308", "1e-320", "-1", "-0", "0",
    "0.5", "1", "2", "1e15", "1e16", "9007199254740993", "2147483647", "2147483648", "-2147483649", "1e18",
    "9" * 400, "9" * 5000, "0x" + "f" * 5000, "1_000", "0x10", "0b1", "1,5", "1.5.5", "1e", "+1", "--1", ".5",
    "１２", "٣", "²", "½", "Ⅷ", "=1+1", "=cmd|'/c calc'!A1", "@SUM(A1)", "-2+3", "true", "false", "null",
    "None", "[]", "{}", "[[", "]]", "$", "$budget", "$nothing", "../../etc/passwd", "/etc/passwd",
    "C:\\Windows\\x.toml", "a.toml/", "..", "\ufeff", "\0", "\x1b[31m", "\u202e", "\x85", "\u2028", "\x1c",
    "\x0b", "\x0c", "\r", "\n", "\r\n", "\t", '"', '""', '"""', "'", "'''", ",", ";", "|", "\\", "\\u0000",
    "<!DOCTYPE x>", "&lt;", "&amp;", "<", ">", "%00", "%s", "{0}", "a" * 10_000,
    "é", "Київ", "e\u0301", "\U0001f600",
    "1979-05-27", "07:32:00", "1979-13-27", "POINT (1 2)", "POLYGON ((0 0, 1 1, 1 0, 0 0))",
    "POLYGON ((0 0, nan 1, 1 0, 0 0))", "GEOMETRYCOLLECTION EMPTY", "EPSG:4326", "EPSG:999999",
)  # fmt: skip
"""Words that have broken readers of something, somewhere."""

VALUES: Sequence[str] = (
    "[]", "{}", "[1]", "[[1, 2]]", "[[0, 1], [5, 2]]", "[[0, 1], [5, 0.5]]", '["a"]', '""', '"x"', '"$x"',
    "{ a = 1 }",
    '{"a": 1}', "true", "false", "null", "nan", "inf", "-inf", "NaN", "Infinity", "0", "-1", "1e400", "1e308",
    "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "9223372036854775807", "9223372036854775808",
    "1" * 5000,
    "0x" + "f" * 4500, "[" * 50 + "]" * 50, "[" * 3000 + "]" * 3000,
    '"\\u0000"', '"\\u001b[31m"', '"' + "a" * 9000 + '"',
    '["a", 1]', "[true]", '[""]', '{ measure = [] }', '{ measure = "sites_open", each = [] }',
    '"../x"', '"/etc/x"',
)  # fmt: skip
"""Values of every kind."""

_TOKEN = re.compile(r"[^\s,;=\[\]{}\"'<>:|]+")


def damaged(chance: random.Random, data: bytes, others: Sequence[bytes] = (), most: int = 4) -> bytes:
    """A file after up to ``most`` steps; now and then none at all."""
    for _ in range(chance.randrange(most + 1)):
        data = chance.choice(_STEPS)(chance, data)
        if others and chance.random() < 0.03:
            data = _spliced(chance, data, chance.choice(others))
    return data[: 1 << 18]


def _word(chance: random.Random) -> str:
    return chance.choice(WORDS)


def _token_replaced(chance: random.Random, data: bytes) -> bytes:
    """Some word becomes another, or a word of the same file."""
    text = data.decode("utf-8", "replace")
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return data + _word(chance).encode()
    one = chance.choice(tokens)
    word = chance.choice(tokens)[0] if chance.random() < 0.4 else _word(chance)
    return (text[: one.start()] + word + text[one.end() :]).encode("utf-8", "replace")


def _value_replaced(chance: random.Random, data: bytes) -> bytes:
    """What a key of TOML or JSON holds becomes a value of another kind."""
    found = list(re.finditer(rb"[=:]\s*(\[[^\]]*\]|\{[^}]*\}|[^,\n}\]]*)", data))
    if not found:
        return data
    one = chance.choice(found)
    value = (
        chance.choice(VALUES) if chance.random() < 0.7 else chance.choice(found)[1].decode("utf-8", "replace")
    )
    return data[: one.start(1)] + value.encode("utf-8", "replace") + data[one.end(1) :]


def _number_changed(chance: random.Random, data: bytes) -> bytes:
    """Some number becomes another one, plain or odd."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data))
    if not found:
        return data
    one = chance.choice(found)
    number = chance.choice(
        (str(chance.randrange(-3, 12)), f"{chance.uniform(-200, 200):.6g}", str(chance.randrange(1 << 40)),
         _word(chance))
    )  # fmt: skip
    return data[: one.start()] + number.encode("utf-8", "replace") + data[one.end() :]


def _inserted(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + _word(chance).encode("utf-8", "replace") + data[at:]


def _removed(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.choice((1, 1, 2, 8, 64)) :]


def _byte_changed(chance: random.Random, data: bytes) -> bytes:
    if not data:
        return bytes([chance.randrange(256)])
    at = chance.randrange(len(data))
    return (
        data[:at]
        + bytes([chance.choice((data[at] ^ (1 << chance.randrange(8)), chance.randrange(256)))])
        + data[at + 1 :]
    )


def _cut_off(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data


def _lines_moved(chance: random.Random, data: bytes) -> bytes:
    """A line is left out, comes twice, or changes places with another."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(3)
    if way == 0:
        del lines[one]
    elif way == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _column_moved(chance: random.Random, data: bytes) -> bytes:
    """A column of a plain table is left out, comes twice, or changes places with another."""
    rows = [line.split(b",") for line in data.split(b"\n")]
    width = len(rows[0])
    if width < 2:
        return data
    one, other, way = chance.randrange(width), chance.randrange(width), chance.randrange(3)
    for row in rows:
        if len(row) == width:
            if way == 0:
                del row[one]
            elif way == 1:
                row.insert(other, row[one])
            else:
                row[one], row[other] = row[other], row[one]
    return b"\n".join(b",".join(row) for row in rows)


def _repeated(chance: random.Random, data: bytes) -> bytes:
    """A piece comes many times over, which nests or lengthens whatever it is."""
    if not data:
        return data
    at = chance.randrange(len(data))
    piece = data[at : at + chance.choice((1, 1, 2, 5, 20))]
    return data[:at] + piece * chance.choice((2, 2, 10, 10, 100, 3000)) + data[at:]


def _ends_changed(chance: random.Random, data: bytes) -> bytes:
    """Line ends of another system."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n")))


def _encoded(chance: random.Random, data: bytes) -> bytes:
    """Another encoding, as a whole or in a part only."""
    text = data.decode("utf-8", "replace")
    way = chance.choice(("utf-16", "utf-16-be", "utf-8-sig", "cp1251", "utf-32", "latin-1"))
    at = chance.choice((0, chance.randrange(len(text) + 1)))
    return text[:at].encode() + text[at:].encode(way, "replace")


_STEPS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _token_replaced, _token_replaced, _token_replaced, _value_replaced, _value_replaced, _number_changed,
    _number_changed, _number_changed, _inserted, _removed, _byte_changed, _cut_off, _lines_moved,
    _column_moved, _repeated, _ends_changed, _encoded,
)  # fmt: skip


def _spliced(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
