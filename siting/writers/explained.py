"""explain.csv: why every recommended site is where it is, as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import PlanError
from siting.reasons.replacement import PARTS
from siting.whole import refusal, whole_file
from siting.writers.tables import write_table

if TYPE_CHECKING:
    from siting.reasons import Explanation

_BEGINS = b"site_id,name,type,required,people_newly_covered,people_uniquely_covered,"
"""How every such file begins, and nothing else that siting writes."""


def write_explanation(explanation: Explanation, file: str | Path) -> Path:
    """Write the table of an explanation as CSV: one row per site, in the order of sites.csv.

    The columns are those of :func:`siting.reasons.explain`. Losses and costs are in the unit of their
    objective, > 0 is worse, in the columns without a number for the first objective and with ``_2``,
    ``_3`` ... for later ones; ``person_minutes_*`` in person-minutes, ``people_*`` in people. What is
    not known is empty; ``inf`` says that no plan is left; ``required`` is 1 or 0. ``removal_drops`` and
    ``removal_opens`` are JSON lists of [site id, type id] and of [site id, type id, units, period id],
    ``removal_closes`` and ``removal_keeps`` of ids of facilities. ``siting check`` computes the file of a
    plan folder anew.

    The file is whole or not there; an older explanation is replaced, anything else is left alone.

    Args:
        explanation: of :func:`siting.reasons.explain`.
        file: where to; parents are made.

    Returns:
        The file.

    Raises:
        PlanError: ``file`` is something else than an explanation, or the disk refuses.
    """
    target = Path(file)
    check_explanation_target(target)
    table = explanation.table.assign(
        required=explanation.table["required"].astype(int),
        **{name: explanation.table[name].map(_json) for name in PARTS},
    )
    try:
        with whole_file(target) as fresh:
            write_table(table, fresh)
    except OSError as error:
        raise PlanError(f"{target}: {refusal(error)}") from error
    return target


def check_explanation_target(target: Path) -> None:
    """Make sure, before long work, that an explanation may be written there.

    Raises:
        PlanError: something else is there, or the name does not end in .csv.
    """
    if target.suffix.lower() != ".csv":
        raise PlanError(f"{target}: the table is written as CSV; choose a name that ends in .csv")
    if not target.exists():
        return
    if target.is_file():
        with target.open("rb") as there:
            if there.read(len(_BEGINS)) == _BEGINS:
                return
    raise PlanError(f"{target}: is something else than an explanation and is not overwritten")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
