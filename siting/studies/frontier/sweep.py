"""What is swept: one number of the model or the instance, and the values that it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from siting.errors import ModelError

MOST = 1000
"""Points of a sweep at most."""

_EXAMPLE = "give NAME=FIRST:LAST:STEP, e.g. budget=2000:6000:500, or NAME=VALUE,VALUE,..."


def parse_sweep(text: str) -> dict[str, tuple[float, ...]]:
    """A sweep as it is written on a command line.

    Args:
        text: ``budget=2000:6000:500`` (both ends are included where a step meets them), or
            ``budget=2000,2500,4000``.

    Returns:
        The name of the number and its values, ascending and without repetition.

    Raises:
        ModelError: with everything that is wrong with it.
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not name or not equals or not values:
        raise ModelError(f"sweep {text!r}: {_EXAMPLE}")
    parts = values.split(":" if ":" in values else ",")
    if len(parts) > MOST:
        raise ModelError(f"sweep of {name}: has {len(parts):,} values, {MOST:,} are allowed")
    numbers, complaints = [], []
    for part in parts:
        try:
            numbers.append(float(part))
        except ValueError:
            complaints.append(f"sweep of {name}: {part.strip()!r} is no number; {_EXAMPLE}")
    if complaints:
        raise ModelError(complaints)
    if ":" in values:
        numbers = _steps(text, numbers)
    return {name: checked({name: numbers})[1]}


def checked(sweep: Mapping[str, Sequence[float]]) -> tuple[str, tuple[float, ...]]:
    """The number that is swept and its values, ascending and without repetition.

    Raises:
        ModelError: several numbers, none, values that are not finite, or too many.
    """
    if len(sweep) != 1:
        names = ", ".join(sweep) or "none"
        raise ModelError(f"a frontier sweeps one number at a time, found {names}; give one")
    ((name, given),) = sweep.items()
    values = sorted({float(value) for value in given})
    wrong = [f"sweep of {name}: {value:g} is not finite" for value in values if not math.isfinite(value)]
    if not values:
        wrong.append(f"sweep of {name}: has no values; {_EXAMPLE}")
    if len(values) > MOST:
        wrong.append(f"sweep of {name}: has {len(values):,} values, {MOST:,} are allowed; take a longer step")
    if wrong:
        raise ModelError(wrong)
    return name, tuple(values)


def _steps(text: str, numbers: Sequence[float]) -> list[float]:
    """The values from FIRST to LAST by STEP.

    Raises:
        ModelError: these are not three finite numbers, or they lead nowhere.
    """
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        raise ModelError(f"sweep {text!r}: needs three finite numbers; {_EXAMPLE}")
    first, last, step = numbers
    if step <= 0:
        raise ModelError(f"sweep {text!r}: the step must be > 0, found {step:g}")
    if last < first:
        raise ModelError(f"sweep {text!r}: LAST must not be below FIRST; write {last:g}:{first:g}:{step:g}")
    count = (last - first) / step
    if count >= MOST:
        raise ModelError(f"sweep {text!r}: makes over {MOST:,} points; take a longer step")
    # Decimal steps do not add up exactly in binary: 0.1 + 0.2 is meant to be 0.3.
    return [float(f"{first + number * step:.12g}") for number in range(math.floor(count + 1e-9) + 1)]
