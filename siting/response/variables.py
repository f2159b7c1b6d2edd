"""Names of a program's variables that say what they decide, for files that other solvers read.

``open.SITE.TYPE`` (with periods ``.PERIOD``) counts the units opened at a candidate, ``keep.FACILITY``
is 1 where a closable facility stays, and ``serve.NEED.OPTION`` is the share of a need that an option
serves. What is no ASCII letter, digit or ``_`` becomes ``_``, which every reader of LP and MPS takes;
names that would be the same end in ``.n`` and the number of the option. They follow from the
instance alone, so a solution can be read without a table of names.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from siting.instance import Instance, Settings
from siting.instance.arrays import Texts
from siting.response.layout import Layout
from siting.response.needs import Options

CONSTANT = "constant"
"""The variable that is fixed to 1: what the objective has without any decision."""

AUXILIARY = "aux."
"""Beginning of the names of variables that decide nothing by themselves."""

_LONGEST = 60
"""Letters of an id that stand in a name; solvers take 255 in all."""

_OTHER = re.compile("[^A-Za-z0-9_]")
_SERVE = re.compile(r"serve\.(\d{1,9})\.(\d{1,9})")


def option_variables(instance: Instance, settings: Settings, layout: Layout, options: Options) -> Texts:
    """(M,) name of the variable of every option, all different."""
    types, periods = [kind.id for kind in settings.types], [one.id for one in settings.periods]
    plain = [f"keep.{_plain(name)}" for name in instance.facilities.ids[: options.existing].tolist()]
    fresh = slice(options.existing, None)
    sites = instance.sites.ids[options.site[fresh]].tolist()
    kinds, when = options.type[fresh].tolist(), options.period[fresh].tolist()
    for site, kind, period in zip(sites, kinds, when, strict=True):
        name = f"open.{_plain(site)}.{_plain(types[kind])}"
        plain.append(f"{name}.{_plain(periods[period])}" if layout.periods else name)
    often = Counter(plain)
    return np.array(
        [name if often[name] == 1 else f"{name}.n{number}" for number, name in enumerate(plain)],
        dtype=object,
    )


def serve_variable(need: int, option: int) -> str:
    """Name of the share of a need (its number) that an option (its number) serves."""
    return f"serve.{need}.{option}"


def served_by(name: str) -> tuple[int, int] | None:
    """Need and option of a name made by :func:`serve_variable`; None for any other name."""
    found = _SERVE.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def _plain(name: str) -> str:
    return _OTHER.sub("_", name[:_LONGEST])
