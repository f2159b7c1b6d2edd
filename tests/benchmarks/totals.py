"""Many files, one line: seconds added up, and how many were proved."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.process import Reply
from tests.benchmarks.table import Side


def replies_of(reply: Reply, count: int) -> list[Reply]:
    """What a job told about each of its files; empty for those it did not come to."""
    found: list[Reply] = [one | {"mb": reply["mb"]} for one in reply.get("replies", [])]
    return found + [{"mb": reply["mb"]}] * (count - len(found))


def total(name: str, replies: Sequence[Reply], known: Sequence[float | None], cap: float) -> Side:
    """One side of many replies.

    A proof that contradicts a published optimum is no proof, and is said.
    """
    proved = sum(bool(reply.get("proved")) for reply in replies)
    at_best = sum(
        reply.get("value") is not None and best is not None and abs(reply["value"] - best) < 0.5
        for reply, best in zip(replies, known, strict=True)
    )
    wrong = sum(
        bool(reply.get("proved")) and best is not None and abs(reply["value"] - best) > 0.5
        for reply, best in zip(replies, known, strict=True)
    )
    words = f"{proved} of {len(replies)} proved, {at_best} at the published optimum"
    if proved < len(replies):
        words += f", {cap:.0f} s each at most"
        worst = [reply["gap"] for reply in replies if reply.get("gap") is not None]
        words += f", worst gap {max(worst):.1e}" if worst else ""
    if wrong:
        words += f", {wrong} CONTRADICT the published optimum"
    seconds = sum(reply.get("seconds", cap) for reply in replies)
    builds = [reply["build"] for reply in replies if reply.get("build") is not None]
    return Side(
        name, seconds, words, proved == len(replies) and not wrong,
        build=sum(builds) if builds else None,
        mb=max((reply.get("mb", 0.0) for reply in replies), default=0.0) or None,
    )  # fmt: skip


def reached_by(ours: Side, seconds: float, complete: bool) -> bool | None:
    """Whether all was proved in so many seconds; None where some of the files meant are not there."""
    if not ours.done or (ours.seconds or 0.0) > seconds:
        return False
    return True if complete else None
