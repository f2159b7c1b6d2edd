"""The one table all benchmarks share: our figures, a rival's, their ratio, and what was to be reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.process import FINISHED, TIME

HEAD = ("work", "s", "outcome", "value", "MB", "reach", "reached", "rival", "s", "outcome", "value", "ratio")


@dataclass(frozen=True)
class Side:
    """What one contestant did.

    Attributes:
        name: who; a published record names its machine.
        seconds: wall seconds, None if there is nothing to compare.
        outcome: what was reached, for people.
        done: whether ``seconds`` led to the end the line is about.
        value: objective of the plan, None without one.
        build: seconds of building the model, which ``seconds`` leaves out; None if there is no such step.
        mb: most memory of the process.
    """

    name: str
    seconds: float | None
    outcome: str
    done: bool
    value: float | None = None
    build: float | None = None
    mb: float | None = None

    @property
    def whole(self) -> float:
        """Seconds with those of building the model."""
        return (self.seconds or 0.0) + (self.build or 0.0)


@dataclass(frozen=True)
class Line:
    """One piece of work, ours against a rival.

    Attributes:
        work: what is solved.
        ours: our side; its seconds are those of ``solve``, which finds travel times and builds models.
        reach: what was to be reached, empty if nothing was set.
        reached: whether it was, None if nothing was set.
        rival: the other side, None where there is none.
    """

    work: str
    ours: Side
    reach: str = ""
    reached: bool | None = None
    rival: Side | None = None

    def ratio(self) -> str:
        """Rival's seconds per second of ours, building included; > and < where one did not get to its end."""
        rival = self.rival
        if rival is None or not rival.seconds or not self.ours.seconds:
            return "-"
        times = rival.whole / self.ours.whole
        text = f"{times:.0f}" if times >= 10 else f"{times:.1f}" if times >= 0.1 else f"{times:.2g}"
        if self.ours.done:
            return text if rival.done else f"> {text}"
        return f"< {text}" if rival.done else "-"

    def cells(self) -> tuple[str, ...]:
        """One text per heading."""
        reached = {True: "yes", False: "NO", None: "-"}[self.reached]
        ours, rival = self.ours, self.rival
        first = (self.work, _seconds(ours), ours.outcome, _value(ours), _megabytes(ours), self.reach, reached)
        if rival is None:
            return (*first, "-", "", "", "", "-")
        return (*first, rival.name, _seconds(rival), rival.outcome, _value(rival), self.ratio())


def _seconds(side: Side) -> str:
    if side.seconds is None:
        return "-"
    text = f"{side.seconds:.2f}" if side.seconds < 10 else f"{side.seconds:.0f}"
    return text if side.build is None else f"{text} + {side.build:.1f}"


def _value(side: Side) -> str:
    if side.value is None:
        return "-"
    value = round(side.value, 6)
    return f"{value:,.1f}" if value % 1 and abs(value) < 1e5 else f"{value:,.0f}"


def _megabytes(side: Side) -> str:
    return "-" if side.mb is None else f"{side.mb:,.0f}"


def markdown(lines: Iterable[Line], head: bool = True) -> str:
    """The lines as a Markdown table."""
    texts = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)] if head else []
    texts += ["| " + " | ".join(line.cells()) + " |" for line in lines]
    return "\n".join(texts)


def side(name: str, reply: dict[str, Any], cap: float) -> Side:
    """A side from the reply of a job that told seconds, build, proved, gap, bound and value."""
    value, build = reply.get("value"), reply.get("build")
    if reply["ended"] != FINISHED:
        words = f"not finished in {cap:.0f} s" if reply["ended"] == TIME else reply["ended"]
        if build is None:
            words += ", model not built"
        spent = max(0.0, reply["wall"] - (build or 0.0))
        return Side(name, spent, words, False, value, build, reply["mb"])
    done = bool(reply["proved"])
    words = "proved" if done else _how_far(reply)
    if reply.get("marks"):
        words += "; " + ", ".join(f"{gap} at {at:.1f} s" for gap, at in reply["marks"].items())
    return Side(name, reply["seconds"], words, done, value, build, reply["mb"])


def _how_far(reply: dict[str, Any]) -> str:
    if reply.get("value") is None:
        return "no plan" if reply.get("bound") is None else "no plan, a bound"
    gap = reply.get("gap")
    return "a plan, no bound" if gap is None else f"gap {gap:.1e}"
