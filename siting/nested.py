"""TOML and JSON texts into nested dictionaries, within limits that keep whoever reads them from harm."""

from __future__ import annotations

import json
import sys
import tomllib
from typing import Any, NoReturn

MOST_TOML = 4_000_000
"""Most bytes of a TOML file that is read."""

MOST_JSON = 100_000_000
"""Most bytes of a JSON file that is read."""

_DEEPEST = 20
_WIDEST = 2**63


class BadTextError(ValueError):
    """A text is not valid, or nothing that is read; says why, where known with the line.

    Attributes:
        line: 1-based, None where it is not known or in the words.
    """

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


def parse_toml(text: str) -> dict[str, Any]:
    """Nested dictionaries of a TOML text.

    The standard demands whole numbers of 64 bits, and an error where one needs more. What is nested
    deeper than any file of siting is refused: already to print it would take more than Python's stack.

    Raises:
        BadTextError: says what is wrong.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTextError(str(error)) from None
    except (RecursionError, ValueError) as error:
        raise BadTextError(_beyond(error)) from None
    _check(raw)
    return raw


def parse_json(text: str) -> Any:
    """What a JSON text holds, in strict JSON: no NaN, no name twice in an object; otherwise as TOML.

    Raises:
        BadTextError: says what is wrong.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadTextError(str(error), error.lineno) from None
    except BadTextError:
        raise
    except (RecursionError, ValueError) as error:
        raise BadTextError(_beyond(error)) from None
    _check(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise BadTextError(f"an object holds the name {twice!r} twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise BadTextError(f"{word} is no number in JSON")


def _beyond(error: Exception) -> str:
    """Words for what Python itself refuses: the stack, and int() of many digits."""
    if isinstance(error, RecursionError):
        return f"tables or lists are nested more than {_DEEPEST} levels deep"
    return f"a whole number has more than {sys.get_int_max_str_digits():,} digits; up to 64 bits are read"


def _check(raw: Any) -> None:
    """Refuse numbers that are too large, and what is nested too deep."""
    level: list[tuple[str, Any]] = [("", raw)]
    for _ in range(_DEEPEST + 1):
        below = []
        for dotted, value in level:
            if isinstance(value, int) and not -_WIDEST <= value < _WIDEST:
                raise BadTextError(f"{dotted} is a whole number of more than 64 bits")
            if isinstance(value, dict):
                below += [(f"{dotted}.{key}" if dotted else key, item) for key, item in value.items()]
            elif isinstance(value, list):
                below += [(f"{dotted}[{number}]", item) for number, item in enumerate(value, 1)]
        if not below:
            return
        level = below
    raise BadTextError(f"{level[0][0][:60]}... is nested more than {_DEEPEST} levels deep")
