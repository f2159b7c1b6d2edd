"""Lines of OPL into numbers; see :mod:`siting.readers.osm.opl`. Every line ends in a line feed."""

from __future__ import annotations

from siting.compiled import inner, kernel, part

_SEED, _PRIME = -3750763034362895579, 1099511628211
"""Of the hash FNV-1a of 64 bits (Fowler, Noll, Vo), signed."""


def key_code(key: str) -> int:
    """Hash of a key as the kernel finds it in the text."""
    code = _SEED
    for byte in key.encode():
        code = ((code ^ byte) * _PRIME) & (2**64 - 1)
    return code - 2**64 if code >= 2**63 else code


@inner
def _whole(text, at):  # type: ignore[no-untyped-def]
    """A whole number and where it ends."""
    negative = text[at] == 45
    at += negative
    number = 0
    while 48 <= text[at] <= 57:
        number = 10 * number + text[at] - 48
        at += 1
    return -number if negative else number, at


@inner
def _field_end(text, at):  # type: ignore[no-untyped-def]
    """Where the blank or line feed after a field stands."""
    while text[at] != 32 and text[at] != 10:
        at += 1
    return at


@part
def _same_tags(text, at, end, codes):  # type: ignore[no-untyped-def]
    """Hash of the tags whose key is one of those asked for."""
    same = _SEED
    while at < end:
        code = _SEED
        while text[at] != 61 and at < end:  # up to "="
            code = (code ^ text[at]) * _PRIME
            at += 1
        asked = False
        for known in codes:
            asked = asked or code == known
        while text[at] != 44 and at < end:  # up to ","
            code = (code ^ text[at]) * _PRIME
            at += 1
        if asked:
            same = (same ^ code) * _PRIME
        at += 1
    return same


@kernel
def parse_ways(text, codes, ids, tags, same, start, refs):  # type: ignore[no-untyped-def]
    """Ids, tags and nodes of all ways; returns the number of nodes."""
    at = 0
    size = 0
    for way in range(len(ids)):
        ids[way], at = _whole(text, at + 1)
        while text[at] != 10:
            field = text[at + 1]
            at += 2
            if field == 84:  # T: tags
                tags[way, 0] = at
                tags[way, 1] = _field_end(text, at)
                same[way] = _same_tags(text, at, tags[way, 1], codes)
            elif field == 78:  # N: n1,n2,n3
                while text[at] == 110:
                    refs[size], at = _whole(text, at + 1)
                    size += 1
                    at += text[at] == 44
            at = _field_end(text, at)
        at += 1
        start[way + 1] = size
    return size


@inner
def _degrees(text, at):  # type: ignore[no-untyped-def]
    """A coordinate in steps of 1e-7 degrees."""
    negative = text[at] == 45
    at += negative
    number, at = _whole(text, at)
    number *= 10_000_000
    if text[at] == 46:
        step = 1_000_000
        at += 1
        while 48 <= text[at] <= 57:
            number += step * (text[at] - 48)
            step //= 10
            at += 1
    return -number if negative else number


@kernel
def parse_nodes(text, ids, y, x):  # type: ignore[no-untyped-def]
    """Ids and coordinates of all nodes; of one without coordinates 91 degrees, which is nowhere."""
    at = 0
    for node in range(len(ids)):
        ids[node], at = _whole(text, at + 1)
        y[node] = 910_000_000
        while text[at] != 10:
            field = text[at + 1]
            at += 2
            if field == 120 and text[at] != 32:  # x
                x[node] = _degrees(text, at)
            elif field == 121 and text[at] != 10:  # y
                y[node] = _degrees(text, at)
            at = _field_end(text, at)
        at += 1
