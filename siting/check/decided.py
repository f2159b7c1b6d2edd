"""The decisions that a plan's summary.json records, made again."""

from __future__ import annotations

from siting.check.files import PlanFiles
from siting.errors import Complaint, ModelError, PlanError, did_you_mean
from siting.instance import Instance
from siting.instance.decisions import WORDS, decide

_KEYS = ("site_id", "type", "status")
_BY_STATUS = {status.name.lower(): word for word, status in WORDS.items()}


def as_decided(instance: Instance, files: PlanFiles) -> Instance:
    """The instance with what a planner has decided about its candidates when the plan was made.

    Raises:
        PlanError: ``decisions`` is malformed, or names what the instance does not have.
    """
    if files.summary is None:
        return instance
    entries = files.summary.get("decisions", [])
    if not isinstance(entries, list):
        raise PlanError(Complaint(files.where, "must be a list of objects", column="decisions"))
    complaints = []
    named: dict[str, list[tuple[str, str]]] = {word: [] for word in WORDS}
    for number, entry in enumerate(entries):
        what = _wrong(entry)
        if what:
            complaints.append(Complaint(files.where, what, column=f"decisions[{number}]"))
        else:
            named[_BY_STATUS[entry["status"]]].append((entry["site_id"], entry["type"]))
    try:
        decided = decide(instance, **named)
    except ModelError as error:
        complaints += [Complaint(files.where, str(one), column="decisions") for one in error.complaints]
    if complaints:
        raise PlanError(complaints)
    return decided


def _wrong(entry: object) -> str:
    """What is wrong with an entry, empty if nothing is."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in _KEYS):
        return f"{entry!r} must be an object with {', '.join(_KEYS)}, all text"
    if entry["status"] not in _BY_STATUS:
        known = list(_BY_STATUS)
        guess = did_you_mean(entry["status"], known)
        return f"{entry['status']!r} is no status{guess}; known: {', '.join(known)}"
    return ""
