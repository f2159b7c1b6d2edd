"""A conflict as a planner reads it, made from the content of summary.json."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from siting.conflict.conditions import NAMES

WEIGHTED = " (weighted by service)"
"""What a planner has read in the conflict and need not read in every change."""

Shown = Mapping[str, Any]
Paragraph = tuple[str, tuple[str, ...]]
"""A sentence, and the items it introduces."""


def paragraphs(conflict: Shown) -> tuple[Paragraph, ...]:
    """What clashes, what would do, and which places no plan can serve.

    Args:
        conflict: the structure of that name in summary.json.
    """
    found = [_clash(conflict), *_hopeless(conflict), *_changes(conflict), *_places(conflict["unreachable"])]
    return tuple((title, _short(items)) for title, items in found)


def sentences(conflict: Shown) -> tuple[str, ...]:
    """The same, one sentence per item."""
    return tuple(
        line
        for title, items in paragraphs(conflict)
        for line in ([title] if not items else _joined(title, items))
    )


def _joined(title: str, items: Sequence[str]) -> list[str]:
    return [f"{title} {items[0]}"] if len(items) == 1 else [title, *items]


def named(names: Sequence[str]) -> str:
    """Names one after the other, so many that they can be read."""
    shown = ", ".join(names[:NAMES])
    return shown if len(names) <= NAMES else f"{shown} and {len(names) - NAMES:,} more"


def _short(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(items) if len(items) <= NAMES else (*items[:NAMES], f"and {len(items) - NAMES:,} more")


def _clash(conflict: Shown) -> tuple[str, list[str]]:
    limits = conflict["limits"]
    if len(limits) == 1:
        return "No plan keeps this limit, whatever else gives way:", _grouped(limits)
    return f"No plan keeps these {len(limits):,} together{_proof(conflict)}:", _grouped(limits)


def _proof(conflict: Shown) -> str:
    """What is proved about the set."""
    if conflict["minimum"]:
        return "; no smaller set is in conflict"
    if conflict["irreducible"]:
        return "; without any one of them, some plan keeps the others"
    return " (fewer of them may be enough for a conflict: the time was too short to tell)"


def _grouped(limits: Iterable[Shown]) -> list[str]:
    """One line per limit; those that differ in their member alone share one."""
    groups: dict[tuple[str, str, str], list[Shown]] = {}
    for one in limits:
        groups.setdefault((one["what"], one["kind"], one["amount"]), []).append(one)
    return [
        members[0]["label"]
        if len(members) == 1
        else f"{what}: {kind.replace('_', ' ')} {amount} in each of {len(members):,}: "
        + named([one["member"] for one in members])
        for (what, kind, amount), members in groups.items()
    ]


def _hopeless(conflict: Shown) -> list[tuple[str, list[str]]]:
    """Limits that nothing else can save, with the best that all candidates together reach."""
    hopeless = conflict["hopeless"]
    if not hopeless:
        return []
    title = "Even with every candidate opened:"
    if len(hopeless) > 1:
        title = f"{len(hopeless):,} limits are each out of reach, even with every candidate opened:"
    return [(title, [f"{one['label']}; {_best(one)}" for one in hopeless])]


def _best(one: Shown) -> str:
    best = one["best"]
    if best is None or best != best:
        return "somebody is left without service"
    at = "at best" if one["kind"] == "at_least" else "no less than"
    shown = f"{100 * best:.4g} %" if one["amount"].endswith("%") else f"{best:,.6g}"
    unit = one["amount"].partition(" ")[2]
    return f"{at} {shown}" if unit == "%" else f"{at} {shown} {unit}"


def _changes(conflict: Shown) -> list[tuple[str, list[str]]]:
    changes = conflict["relaxations"]
    enough = [one for one in changes if _is_enough(one)]
    unknown = [one for one in changes if one["possible"] is not False and one not in enough]
    alone = [one for one in changes if one["possible"] is False and one["kind"] != "places"]
    found = []
    if enough:
        which = "This" if len(enough) == 1 else "Any one of these"
        found.append((f"{which} would do, all other limits kept:", [_change(one) for one in enough]))
    if unknown:
        found.append(("Not settled in the time allowed:", [_change(one) for one in unknown]))
    if enough and alone:
        handles = named(list(dict.fromkeys(str(one["name"] or one["labels"][0]) for one in alone)))
        found.append((f"Not enough by itself, however far it is changed: {handles}", []))
    if not enough and not unknown:
        several = [_change(one, proved=False) for one in conflict["together"]]
        together = " Together these would do:" if several else ""
        found.append((f"No single change is enough.{together}", several))
    return found


def _is_enough(one: Shown) -> bool:
    """Whether it is known what would do."""
    settled = one["enough"] is not None or one["kind"] == "places" or bool(one["names"])
    return bool(one["possible"]) and settled


def _change(one: Shown, proved: bool = True) -> str:
    """One change in a planner's words, with the number to set and what is proved."""
    if one["kind"] in ("required", "forbidden"):
        return _decided(one)
    if one["kind"] == "served":
        return _left_out(one)
    if one["kind"] == "places":
        places = "this place" if len(one["names"]) == 1 else f"these {len(one['names']):,} places"
        return f"leave {places} out of {one['labels'][0]}: {named(one['names'])}"
    return _numbered(one, proved)


def _numbered(one: Shown, proved: bool) -> str:
    """A number to raise or to lower."""
    raised = one["kind"] == "at_most"
    what, several = one["labels"][0].rpartition(": at ")[0], len(one["labels"])
    if several > 1:
        what = f"{what.partition(' [')[0]}, all {several:,} of them,"
    do = "raise the limit on" if raised else "lower the floor on"
    from_ = f"{do} {what.replace(WEIGHTED, '')} from {_amount(one['now'], one)}"
    if one["enough"] is None:
        needed = ""
        if one["needed"] is not None:
            needed = f" to {_edge(raised)} {_amount(_tidy(one['needed'], raised), one)}"
        return f"{from_}{needed}; what is enough is not known"
    setting = f" (--set {one['name']}={one['enough']:.10g})" if one["name"] else " (in the model file)"
    short = from_.removesuffix(_unit(one))
    return f"{short} to {_amount(one['enough'], one)}{setting}{_proved(one, raised) if proved else ''}"


def _tidy(value: float, raised: bool) -> float:
    """A bound in five digits, rounded to the side on which it still holds."""
    if value == 0.0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 4)
    return (math.floor(value / step) if raised else math.ceil(value / step)) * step


def _unit(one: Shown) -> str:
    return " %" if one["unit"] == "of 1" else f" {one['unit']}"


def _edge(raised: bool) -> str:
    return "at least" if raised else "at most"


def _proved(one: Shown, raised: bool) -> str:
    if one["exact"]:
        return ""
    if one["needed"] is None:
        return "; whether less of a change is enough is not known"
    more = "more" if raised else "less"
    return f"; it must be {_amount(_tidy(one['needed'], raised), one)} or {more}, that much is proved"


def _amount(value: float, one: Shown) -> str:
    shown = f"{100 * value:.6g}" if one["unit"] == "of 1" else f"{value:,.10g}"
    return shown + _unit(one)


def _decided(one: Shown) -> str:
    """Candidates to require no longer, or to allow."""
    required = one["kind"] == "required"
    if not one["names"]:
        do = "require fewer candidates" if required else "allow some of the candidates"
        return f"{do} ({one['labels'][0]}); which ones was not found in time"
    least = "" if one["exact"] else ", or perhaps fewer"
    perhaps = "" if one["possible"] else " (whether that is enough was not found in time)"
    return f"{'no longer require' if required else 'allow'} {named(one['names'])}{least}{perhaps}"


def _left_out(one: Shown) -> str:
    if one["enough"] is None:
        return f"leave somebody without service ({one['labels'][0]}); how many was not found in time"
    proved = "the fewest possible" if one["exact"] else "fewer may be enough"
    return (
        f"leave {len(one['names']):,} places out, {one['enough']:,.0f} {one['unit']} ({proved}): "
        f"{named(one['names'])}"
    )


def _places(places: Sequence[Shown]) -> list[tuple[str, list[str]]]:
    """Places whose every option is too late for a limit."""
    found = list(
        dict.fromkeys(f"{row['name']} ({row['region']})" if row["region"] else row["name"] for row in places)
    )
    if not found:
        return []
    return [(f"Out of reach of every facility and candidate in the time asked: {named(found)}", [])]
