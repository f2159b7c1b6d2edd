"""Why there is no plan, as a planner reads it, made from the content of summary.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from siting.terminal import sheet, words

NAMES = 14
"""Places, sites or areas that are named."""

_MEMBERS = 4
"""Members of a group that are named in one line."""


def print_conflict(console: Console, conflict: Mapping[str, Any], clashes: Sequence[str] = ()) -> None:
    """Print the limits in conflict, what would do, and the places that no plan can serve.

    Args:
        console: where to.
        conflict: the structure of that name in summary.json.
        clashes: sentences for the case that nothing that would do is known.
    """
    lines = _grouped(conflict["limits"])
    if len(conflict["limits"]) == 1:
        sheet.line(console, "No plan keeps this limit, whatever else gives way:")
    else:
        sheet.line(console, f"No plan keeps these together{_proof(conflict)}:")
    for one in lines:
        sheet.line(console, f"  - {one}")
    _print_hopeless(console, conflict)
    _print_changes(console, conflict, clashes)
    _print_places(console, conflict["unreachable"])


def _proof(conflict: Mapping[str, Any]) -> str:
    """What is proved about the set."""
    if conflict["minimum"]:
        return "; no smaller set is in conflict"
    if conflict["irreducible"]:
        return "; without any one of them, some plan keeps the others"
    return "; fewer of them may be in conflict already, the time was too short to tell"


def _grouped(limits: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line per limit; those that differ in their member alone share one."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for one in limits:
        groups.setdefault((one["what"], one["kind"], one["amount"]), []).append(one)
    found = []
    for (what, kind, amount), members in groups.items():
        if len(members) == 1:
            found.append(members[0]["label"])
        else:
            found.append(f"{what}: {kind.replace('_', ' ')} {amount} in each of {_some(members)}")
    return found


def _some(members: Sequence[Mapping[str, Any]]) -> str:
    return _names([one["member"] for one in members], _MEMBERS)


def _names(names: Sequence[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, ... ({len(names):,} in all)"


def _print_hopeless(console: Console, conflict: Mapping[str, Any]) -> None:
    """Limits that nothing else can save, with the best that all candidates together reach."""
    hopeless = conflict["hopeless"]
    if not hopeless:
        return
    title = "If every candidate is opened:"
    if len(hopeless) > 1:
        title = f"{len(hopeless):,} limits are each out of reach, even if every candidate is opened:"
    lines = []
    for one in hopeless:
        best = one["best"]
        amount = (
            "nobody can serve everyone" if best is None or best != best else f"at best {_share(best, one)}"
        )
        lines.append(f"{one['label']}; {amount}")
    _listed(console, title, lines)


def _share(value: float, one: Mapping[str, Any]) -> str:
    return f"{100 * value:.4g} %" if one["amount"].endswith("%") else f"{value:,.6g}"


def _print_changes(console: Console, conflict: Mapping[str, Any], clashes: Sequence[str]) -> None:
    changes = conflict["relaxations"]
    enough = [one for one in changes if _is_enough(one)]
    unknown = [one for one in changes if one["possible"] is not False and one not in enough]
    alone = [one for one in changes if one["possible"] is False and one["kind"] != "places"]
    if enough:
        which = "This" if len(enough) == 1 else "Any one of these"
        _listed(console, f"{which} would do, all other limits kept:", [_change(one) for one in enough])
    if unknown:
        _listed(console, "Not settled in the time allowed:", [_change(one) for one in unknown])
    if enough and alone:
        none = _names(list(dict.fromkeys(_handle(one) for one in alone)), NAMES)
        sheet.line(console, f"Not enough by itself, however far it is changed: {none}")
    if not enough and not unknown:
        if conflict["together"]:
            several = [_change(one, proved=False) for one in conflict["together"]]
            _listed(console, "No single change is enough. Together these would do:", several)
        else:
            _listed(console, "No single change is enough.", list(clashes))


def _is_enough(one: Mapping[str, Any]) -> bool:
    """Whether it is known what would do."""
    settled = one["enough"] is not None or one["kind"] == "places" or bool(one["names"])
    return bool(one["possible"]) and settled


def _listed(console: Console, title: str, lines: Sequence[str]) -> None:
    sheet.line(console, title)
    for one in lines[:NAMES]:
        sheet.line(console, f"  - {one}")
    if len(lines) > NAMES:
        sheet.line(console, f"  - and {len(lines) - NAMES:,} more")


def _handle(one: Mapping[str, Any]) -> str:
    return str(one["name"] or one["labels"][0])


def _change(one: Mapping[str, Any], proved: bool = True) -> str:
    """One change in a planner's words, with the number to set and what is proved."""
    if one["kind"] == "required":
        return _fewer_required(one)
    if one["kind"] == "served":
        return _left_out(one)
    if one["kind"] == "places":
        return f"leave {_names(one['names'], NAMES)} out of: {one['labels'][0]}"
    raised = one["kind"] == "at_most"
    what = one["labels"][0] if len(one["labels"]) == 1 else f"all {len(one['labels'])} limits {one['name']}"
    verb = "raise" if raised else "lower"
    if one["enough"] is None:
        needed = "" if one["needed"] is None else f" to {_amount(one['needed'], one)} {_edge(raised)}"
        return f"{verb}{needed} ({what}); what is enough is not known"
    setting = f" (--set {one['name']}={one['enough']:.10g})" if one["name"] else " (in the model file)"
    return f"{verb} to {_amount(one['enough'], one)}{setting}: {what}{_proved(one, raised) if proved else ''}"


def _edge(raised: bool) -> str:
    return "at least" if raised else "at most"


def _proved(one: Mapping[str, Any], raised: bool) -> str:
    if one["exact"]:
        return ""
    if one["needed"] is None:
        return "; whether less of a change is enough is not known"
    return f"; it must be {_edge(raised)} {_amount(one['needed'], one)}, what lies between is not known"


def _amount(value: float, one: Mapping[str, Any]) -> str:
    return f"{100 * value:.7g} %" if one["unit"] == "of 1" else f"{value:,.10g} {one['unit']}"


def _fewer_required(one: Mapping[str, Any]) -> str:
    if not one["names"]:
        return f"require fewer candidates ({one['labels'][0]}); which ones was not found in time"
    least = "" if one["exact"] else ", or perhaps fewer"
    perhaps = "" if one["possible"] else " (whether that is enough was not found in time)"
    return f"no longer require {_names(one['names'], NAMES)}{least}{perhaps}"


def _left_out(one: Mapping[str, Any]) -> str:
    if one["enough"] is None:
        return f"leave somebody without service ({one['labels'][0]}); how many was not found in time"
    places = words.count(len(one["names"]))
    proved = "the fewest people possible" if one["exact"] else "fewer may be enough"
    return (
        f"leave out {places} places with {words.count(one['enough'])} {one['unit']} ({proved}): "
        f"{_names(one['names'], NAMES)}"
    )


def _print_places(console: Console, places: Sequence[Mapping[str, Any]]) -> None:
    """Places whose every option is too late for a limit."""
    if not places:
        return
    found = list(
        dict.fromkeys(f"{row['name']} ({row['region']})" if row["region"] else row["name"] for row in places)
    )
    sheet.line(
        console, f"Out of reach of every facility and candidate in the time asked: {_names(found, NAMES)}"
    )
