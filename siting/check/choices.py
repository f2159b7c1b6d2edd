"""What a plan opens and closes: only what it may, and all that it must."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from siting.check.times import Ground
from siting.check.words import listed, name_need, name_option
from siting.plan import Plan, Shares


def shapes(ground: Ground, plan: Plan) -> list[str]:
    """Whether the plan's arrays can be read as what they are."""
    count, options = len(ground.needs.place), len(ground.options.site)
    findings = []
    for name in ("opened", "units", "closed", "serves", "response_ms"):
        findings += _row(f"plan.{name}", getattr(plan, name), np.integer)
    if not findings and len(plan.units) != len(plan.opened):
        findings.append(f"plan.units must have {len(plan.opened):,} entries, found {len(plan.units):,}")
    if not findings and not len(plan.serves) == len(plan.response_ms) == count:
        findings.append(
            f"plan.serves and plan.response_ms must have {count:,} needs, found "
            f"{len(plan.serves):,} and {len(plan.response_ms):,}"
        )
    if findings:
        return findings
    unknown = plan.opened[(plan.opened < 0) | (plan.opened >= options)]
    findings = listed(unknown, lambda one: f"opened: there is no option {one}", "opened options unknown")
    unknown = plan.closed[(plan.closed < 0) | (plan.closed >= options)]
    findings += listed(unknown, lambda one: f"closed: there is no option {one}", "closed options unknown")
    findings += listed(
        np.flatnonzero((plan.serves < -1) | (plan.serves >= options)),
        lambda one: f"{name_need(ground, one)}: served by option {plan.serves[one]}, which does not exist",
        "needs served by options that do not exist",
    )
    return findings + _shares(ground, plan.shares)


def _row(name: str, array: np.ndarray, kind: type) -> list[str]:
    if array.ndim == 1 and np.issubdtype(array.dtype, kind):
        return []
    what = "integers" if kind is np.integer else "numbers"
    return [f"{name} must be one row of {what}, found {array.dtype} {array.shape}"]


def _shares(ground: Ground, shares: Shares | None) -> list[str]:
    """Whether there are shares where there must be, and they can be read."""
    split = ground.layout.serve == "split"
    if shares is None:
        return ["plan.shares must say who serves which share"] if split else []
    if not split:
        return ["plan.shares must be None where nobody shares a need"]
    findings = [
        finding
        for name in ("need", "option", "ms", "share")
        for finding in _row(
            f"plan.shares.{name}", getattr(shares, name), np.floating if name == "share" else np.integer
        )
    ]
    if findings:
        return findings
    if not len(shares.need) == len(shares.option) == len(shares.ms) == len(shares.share):
        return ["plan.shares must have as many needs as options, shares and ms"]
    known = (shares.need >= 0) & (shares.need < len(ground.needs.place))
    known &= (shares.option >= 0) & (shares.option < len(ground.options.site))
    return listed(
        np.flatnonzero(~known),
        lambda one: f"shares: there is no need {shares.need[one]} or no option {shares.option[one]}",
        "shares of what does not exist",
    )


def choices(ground: Ground, plan: Plan) -> list[str]:
    """What is wrong with what is opened and closed."""
    return [*_opened(ground, plan), *_closed(ground, plan), *_replaced(ground, plan)]


def _opened(ground: Ground, plan: Plan) -> list[str]:
    """Opened options are usable candidates, each once, in order, and all required ones."""
    options, opened, say = ground.options, plan.opened, _saying(ground)
    counts = np.bincount(opened, minlength=len(options.site))
    numbers = np.arange(len(options.site))
    findings = listed(np.flatnonzero(counts > 1), say("opened more than once"), "opened more than once")
    old = np.flatnonzero((counts > 0) & (numbers < options.existing))
    findings += listed(old, say("opened although it exists already"), "existing facilities opened")
    bad = np.flatnonzero((counts > 0) & ~options.usable)
    findings += listed(bad, say(_unusable(ground)), "forbidden options opened")
    missing = np.flatnonzero((counts == 0) & options.required)
    findings += listed(missing, say("required, but not opened"), "required options not opened")
    if np.any(np.diff(opened) < 0):
        findings.append("opened: options must be listed in ascending order")
    few = np.flatnonzero((plan.units < 1) | (plan.units > options.units[opened]))
    findings += listed(
        few,
        lambda one: (
            f"{name_option(ground, opened[one])}: {plan.units[one]} units, "
            f"must be 1 to {options.units[opened[one]]}"
        ),
        "numbers of units that cannot be",
    )
    new = np.unique(opened[opened >= options.existing])
    _, first, times = np.unique(options.candidate[new], return_index=True, return_counts=True)
    twice = new[first[times > 1]]
    return findings + listed(twice, say("opened in more than one period"), "opened in several periods")


def _closed(ground: Ground, plan: Plan) -> list[str]:
    """Closed options are existing facilities that may be closed, each once, in order."""
    closed, options, say = plan.closed, ground.options, _saying(ground)
    counts = np.bincount(closed, minlength=len(options.site))
    findings = listed(np.flatnonzero(counts > 1), say("closed more than once"), "closed more than once")
    kept = np.flatnonzero((counts > 0) & ~options.closable)
    findings += listed(kept, say("closed although it may not be"), "closed although they may not be")
    if np.any(np.diff(closed) < 0):
        findings.append("closed: facilities must be listed in ascending order")
    return findings


def _replaced(ground: Ground, plan: Plan) -> list[str]:
    """A facility is replaced once at most, and only while it is not closed."""
    replaced = ground.options.replaces[plan.opened]
    old, times = np.unique(replaced[replaced >= 0], return_counts=True)
    say = _saying(ground)
    findings = listed(old[times > 1], say("replaced more than once"), "replaced more than once")
    return findings + listed(
        np.intersect1d(old, plan.closed), say("replaced although it is closed"), "closed and replaced"
    )


def _unusable(ground: Ground) -> str:
    return "opened although it is forbidden or excluded" + (
        ", or of a type that the model leaves out" if ground.layout.types else ""
    )


def _saying(ground: Ground) -> Callable[[str], Callable[[int], str]]:
    return lambda what: lambda one: f"{name_option(ground, one)}: {what}"
