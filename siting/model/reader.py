"""Reads the content of a model file and collects everything that is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from siting.errors import Complaint, ModelError, did_you_mean
from siting.instance import LEVELS
from siting.instance.settings import MAX_MINUTES
from siting.instance.toml_lines import key_lines
from siting.measures import MEASURES
from siting.measures.arguments import Argument, Points
from siting.model.question import Goal, Limit, Model, Number, Parameter, Use
from siting.model.soundness import unsound
from siting.nested import BadTextError, parse_toml
from siting.response import SERVINGS, STANDARDS, Layout

MOST = 200
"""Complaints that are listed; the rest is counted."""

GROUPS = ("type", "service", "kind", "payer", "scenario", "period", *LEVELS)
"""What ``each`` may name: one limit per member."""

ACROSS = ("scenario", "period")
"""Dimensions that a model may look across."""

EXISTING = ("stay", "closable")
"""What may become of existing facilities: all stay, or those marked as closable may be closed."""


def parse_model(text: str, name: str, where: str) -> Model:
    """Read the content of a model file.

    Args:
        text: the content.
        name: the model's name.
        where: name of the file in complaints.

    Raises:
        ModelError: with everything that is wrong with it.
    """
    try:
        raw = parse_toml(text)
    except BadTextError as error:
        raise ModelError(Complaint(where, f"is not valid TOML: {error}")) from None
    return _Reader(where, text).read(name, raw)


class _Reader:
    """Reads one model file and collects every complaint."""

    _KEYS = (
        "title", "question", "source", "services", "types", "across", "standard", "existing", "serve",
        "maximize", "minimize", "then", "limits", "parameters",
    )  # fmt: skip

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._lines = text.splitlines()
        self._keys = key_lines(text)
        self._complaints: list[Complaint] = []
        self._more = 0  # complaints that are only counted
        self._parameters: dict[str, Parameter] = {}

    def read(self, name: str, raw: dict[str, Any]) -> Model:
        self._known(raw, self._KEYS, "")
        for key in ("title", "question", "source"):
            if not isinstance(raw.get(key), str):
                self._complain(key, f"must be there, as text; found {raw.get(key)!r}")
        self._read_parameters(raw.get("parameters", {}))
        goals = self._goals(raw)
        limits = [
            limit
            for number, entry in enumerate(self._list(raw.get("limits", []), "limits"), 1)
            if (limit := self._limit(entry, f"limits[{number}]"))
        ]
        layout = self._layout(raw, [*(goal.use for goal in goals), *(limit.use for limit in limits)])
        there = {"scenario": layout.scenarios, "period": layout.periods}
        for limit in limits:
            if limit.each in ACROSS and not there[limit.each]:
                what = f'cannot be for each {limit.each} unless the model says across = ["{limit.each}"]'
                self._complain("limits.each", what, limit.each)
        if self._more:
            self._complaints.append(Complaint(self._file, f"... and {self._more:,} more complaints"))
        if self._complaints:
            raise ModelError(self._complaints)
        return Model(
            self._text,
            name,
            raw["title"],
            raw["question"],
            raw["source"],
            tuple(goals),
            tuple(limits),
            self._parameters,
            layout,
        )

    def _layout(self, raw: dict[str, Any], uses: list[Use]) -> Layout:
        """What the model looks at; complains about measures that mean nothing there."""
        ids = {key: self._ids(raw[key], key) or () if key in raw else () for key in ("services", "types")}
        across = self._ids(raw["across"], "across") or () if "across" in raw else ()
        for one in across:
            if one not in ACROSS:
                self._complain("across", f"must be of {', '.join(ACROSS)}, found {one!r}", one)
        serve = self._word(raw, "serve", SERVINGS)
        layout = Layout(
            ids["services"],
            ids["types"],
            "scenario" in across,
            "period" in across,
            self._word(raw, "standard", STANDARDS),
            self._word(raw, "existing", EXISTING) == "closable",
            serve != "nearest" or any(use.measure.every for use in uses),
            serve,
        )
        for use in uses:
            for reason in unsound(use, layout):
                self._complain("measure", f"{use.measure.name} {reason}", use.measure.name)
        if layout.periods and layout.closing:
            self._complain(
                "existing", "facilities cannot be closed period by period; leave across = period out"
            )
        return layout

    def _word(self, raw: dict[str, Any], key: str, words: tuple[str, ...]) -> str:
        """One of some words; the first where the file gives none."""
        value = raw.get(key, words[0])
        if value in words:
            return str(value)
        self._complain(key, f"must be one of {', '.join(words)}, found {value!r}", str(value))
        return words[0]

    def _complain(self, column: str, what: str, value: object = None) -> None:
        if len(self._complaints) == MOST:
            self._more += 1
            return
        # tomllib keeps no positions: from the line of the enclosing key on, look for the offending text.
        name = re.sub(r"\[\d+\]", "", column)
        while name and name not in self._keys:
            name = name.rpartition(".")[0]
        start = self._keys.get(name, 1)
        word = value if isinstance(value, str) else column.split(".")[-1].split("[")[0]
        needles = (f'"{word}"', f"'{word}'", word) if word else ()
        below = list(enumerate(self._lines[start - 1 :], start))
        lines = (number for needle in needles for number, text in below if needle in text)
        line = next(lines, self._keys.get(name))
        self._complaints.append(Complaint(self._file, what, line, column))

    def _known(self, table: Mapping[str, object], keys: Iterable[str], where: str) -> None:
        keys = list(keys)
        for key in table:
            if key not in keys:
                column = f"{where}.{key}" if where else key
                guess = did_you_mean(key, keys) if len(self._complaints) < MOST else ""
                self._complain(column, f"unknown key {key!r}{guess}; known: {', '.join(keys)}", key)

    def _list(self, value: object, where: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self._complain(where, f"must be a list of tables, found {value!r}")
        return []

    def _read_parameters(self, raw: object) -> None:
        if not isinstance(raw, dict):
            self._complain("parameters", f"must be a table, found {raw!r}")
            return
        for name, entry in raw.items():
            where = f"parameters.{name}"
            if not isinstance(entry, dict):
                self._complain(where, f"must be a table with unit and about, found {entry!r}", name)
                continue
            self._known(entry, ("unit", "default", "about", "each"), where)
            default, each = entry.get("default"), entry.get("each")
            if default is not None and not _is_number(default):
                self._complain(f"{where}.default", f"must be a number, found {default!r}", name)
                default = None
            if each is not None and each not in GROUPS:
                self._complain(f"{where}.each", f"must be one of {', '.join(GROUPS)}, found {each!r}", name)
            for key in ("unit", "about"):
                if not isinstance(entry.get(key), str):
                    self._complain(
                        f"{where}.{key}", f"must be there, as text; found {entry.get(key)!r}", name
                    )
            self._parameters[name] = Parameter(
                str(entry.get("unit")),
                str(entry.get("about")),
                None if default is None else float(default),
                each,
            )

    def _goals(self, raw: dict[str, Any]) -> list[Goal]:
        first: dict[str, Any] = {key: raw[key] for key in ("maximize", "minimize") if key in raw}
        goals = [self._goal(first, "")]
        for number, entry in enumerate(self._list(raw.get("then", []), "then"), 1):
            if isinstance(entry, dict):
                self._known(entry, ("maximize", "minimize"), f"then[{number}]")
                goals.append(self._goal(entry, f"then[{number}]."))
            else:
                self._complain(f"then[{number}]", f"must be a table, found {entry!r}")
        return [goal for goal in goals if goal]

    def _goal(self, entry: Mapping[str, Any], where: str) -> Goal | None:
        keys = [key for key in ("maximize", "minimize") if key in entry]
        if len(keys) != 1:
            self._complain(
                f"{where}maximize", f"exactly one of maximize and minimize must be given, found {len(keys)}"
            )
            return None
        column = where + keys[0]
        use = self._use(entry[keys[0]], column, ("tolerance",))
        if use is None:
            return None
        self._check_side(use, "up" if keys[0] == "maximize" else "down", column, keys[0])
        tolerance = self._number(entry[keys[0]].get("tolerance", 0.0), f"{column}.tolerance")
        return Goal(use, keys[0] == "maximize", 0.0 if tolerance is None else tolerance)

    def _limit(self, entry: object, where: str) -> Limit | None:
        use = self._use(entry, where, ("at_most", "at_least", "each"))
        if use is None or not isinstance(entry, dict):
            return None
        bounds: dict[str, Number | None] = {}
        for key, side in (("at_most", "down"), ("at_least", "up")):
            bounds[key] = self._number(entry[key], f"{where}.{key}") if key in entry else None
            if key in entry:
                self._check_side(use, side, f"{where}.{key}", key)
        if not any(key in entry for key in bounds):
            self._complain(where, "must have at_most or at_least", use.measure.name)
        each = entry.get("each")
        for key, bound in bounds.items():
            self._check_member(bound, each, f"{where}.{key}")
        groups = [group for group in GROUPS if group in use.measure.filters]
        if each is not None and each not in groups:
            self._complain(
                f"{where}.each", f"{use.measure.name} knows {', '.join(groups)}, found {each!r}", str(each)
            )
        return Limit(use, bounds["at_most"], bounds["at_least"], each)

    def _use(self, entry: object, where: str, extra: tuple[str, ...]) -> Use | None:
        if not isinstance(entry, dict):
            self._complain(where, f"must be a table such as {{ measure = ... }}, found {entry!r}")
            return None
        name = entry.get("measure")
        if not isinstance(name, str) or name not in MEASURES:
            self._complain(
                f"{where}.measure",
                f"unknown measure {name!r}{did_you_mean(str(name), MEASURES)}; known: {', '.join(MEASURES)}",
                str(name),
            )
            return None
        measure = MEASURES[name]
        known = ("measure", *sorted(measure.filters), *measure.arguments, *extra)
        self._known(entry, known, where)
        filters = {
            key: ids
            for key in sorted(measure.filters)
            if key in entry and (ids := self._ids(entry[key], f"{where}.{key}")) is not None
        }
        arguments = {
            key: value
            for key, argument in measure.arguments.items()
            if key in entry and (value := self._argument(argument, entry[key], f"{where}.{key}")) is not None
        }
        for key, argument in measure.arguments.items():
            if argument.required and key not in entry:
                self._complain(f"{where}.{key}", f"must be there: {argument.about}", measure.name)
        return Use(measure, filters, arguments)

    def _argument(self, argument: Argument, value: object, where: str) -> Number | Points | None:
        """One argument as its kind says."""
        if argument.kind == "word":
            if value in argument.words:
                return str(value)
            self._complain(where, f"must be one of {', '.join(argument.words)}, found {value!r}", str(value))
            return None
        if argument.kind == "points":
            return self._points(argument, value, where)
        number = self._number(value, where)
        if isinstance(number, float) and not argument.low <= number <= argument.high:
            self._complain(where, f"{number:g} must be {_range(argument)} ({argument.about})", str(value))
        elif isinstance(number, str):
            each = self._parameters[number[1:]].each
            if each is not None and each not in argument.by:
                allowed = (
                    f"may differ by {', '.join(argument.by)}" if argument.by else "is one number for all"
                )
                self._complain(
                    where, f"{number} has a value for each {each}, but the argument {allowed}", number
                )
        return number

    def _points(self, argument: Argument, value: object, where: str) -> Points | None:
        """Points of a curve: minutes that increase, values that move one way."""
        pairs = value if isinstance(value, list) else []
        if len(pairs) < 2 or not all(
            isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) for pair in pairs
        ):
            self._complain(where, f"must be a list of at least two [minutes, value] pairs, found {value!r}")
            return None
        points = tuple((float(minutes), float(worth)) for minutes, worth in pairs)
        for (early, one), (late, other) in pairwise(points):
            if not 0 <= early < late:
                self._complain(where, f"minutes must increase from 0, found {early:g} before {late:g}")
            elif late > MAX_MINUTES:
                self._complain(where, f"minutes must be <= {MAX_MINUTES:,}, found {late:g}")
            elif math.isinf(one):
                self._complain(where, "values must be finite, found inf")
            elif other < 0 or one < 0:
                self._complain(where, f"values must be >= 0, found {min(one, other):g}")
            elif (other < one) if argument.rises else (other > one):
                way, found = ("rise", "falls") if argument.rises else ("fall", "increases with time")
                self._complain(
                    where,
                    f"values must {way} with time, or stay; this one {found}: {one:g} at {early:g} minutes, "
                    f"{other:g} at {late:g}. A late answer is never worth more than an early one",
                )
            else:
                continue
            return None
        return points

    def _check_member(self, number: Number | None, each: object, where: str) -> None:
        """A parameter with a value per member must stand at a limit per member of the same group."""
        if not isinstance(number, str):
            return
        group = self._parameters[number[1:]].each
        if group in GROUPS and group != each:
            self._complain(
                where, f'{number} has a value for each {group}: the limit needs each = "{group}"', number
            )

    def _ids(self, value: object, where: str) -> tuple[str, ...] | None:
        """One id or a list of ids."""
        ids = [value] if isinstance(value, str) else value
        if isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids):
            return tuple(ids)
        self._complain(where, f"must be an id or a list of ids, in quotes; found {value!r}")
        return None

    def _number(self, value: object, where: str) -> Number | None:
        """A number or ``$parameter``; anything else, an operator above all, is a complaint."""
        if _is_number(value):
            return float(value)  # type: ignore[arg-type]
        if isinstance(value, str) and value.startswith("$") and value[1:].isidentifier():
            if value[1:] in self._parameters:
                return value
            self._complain(
                where,
                f"unknown parameter {value!r}{did_you_mean(value[1:], self._parameters)}; "
                "parameters are declared under [parameters]",
                value,
            )
            return None
        self._complain(
            where,
            f"must be a number or '$parameter', found {value!r}; model files know no operators: "
            "what a limit needs beyond a parameter becomes a measure",
            str(value),
        )
        return None

    def _check_side(self, use: Use, side: str, where: str, key: str) -> None:
        if side not in use.measure.tight:
            other = {
                "maximize": "minimize",
                "minimize": "maximize",
                "at_most": "at_least",
                "at_least": "at_most",
            }
            self._complain(
                where,
                f"{use.measure.name} cannot be used with {key}: its relaxation is exact only when the "
                f"model pushes it the other way; use {other[key]}",
                use.measure.name,
            )


def _range(argument: Argument) -> str:
    high = "" if math.isinf(argument.high) else f" and <= {argument.high:g}"
    return f">= {argument.low:g}{high}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
