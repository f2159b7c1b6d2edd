"""explain.csv against recomputed figures: what each new facility is for, and what other plans lose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from siting.check.changed import Choice, Losses
from siting.check.folder import Checked
from siting.check.named import Named
from siting.check.removed import Removals, each
from siting.check.rounded import Rounded, number_of
from siting.check.sheet import FigureSheet
from siting.check.singled import alone
from siting.check.tables import facility_use

EXPLANATION = "explain.csv"
"""Its name in a plan folder."""

ELSEWHERE = "other sites"

_UNANSWERED = "needs left unanswered, which "

_PEOPLE = (
    "people_uniquely_covered", "person_minutes_saved", "person_minutes_saved_alone", "people_reached_alone",
)  # fmt: skip


def columns_of(objectives: int) -> tuple[str, ...]:
    """Columns of the file under a model with so many objectives."""
    return (
        "site_id", "name", "type", "required", "people_newly_covered", *_PEOPLE,
        *each("drop_loss", objectives), "swap_proof", "runner_up", "runner_up_name", "runner_up_type",
        *each("swap_cost", objectives), "removal_at_least", *each("removal_at_most", objectives),
        "removal_proof", "removal_drops", "removal_opens", "removal_closes", "removal_keeps", "forced_by",
        "binding", "equally_good",
    )  # fmt: skip


def check_explanation(checked: Checked, path: Path) -> list[str]:
    """Differences between explain.csv and what it should say.

    Proved bounds on what a removal loses come from solving again: of them only the side is checked. That a
    runner-up is the best of all is taken from the file; what swapping for it costs is not.

    Raises:
        PlanError: it cannot be read.
    """
    return _Explanation(checked, path).findings()


class _Explanation:
    """The file, row by row."""

    def __init__(self, checked: Checked, path: Path) -> None:
        self._checked, self._audit = checked, checked.audit
        self._count = len(self._audit.problem.objectives)
        self._sheet = FigureSheet(path, columns_of(self._count))
        self._losses, self._named = Losses(checked.audit), Named(checked)
        self._removals = Removals(checked, self._losses, self._named, self._sheet)
        self._newly = facility_use(self._audit, checked.assigned).newly

    def findings(self) -> list[str]:
        """Everything that is wrong."""
        sheet, every = self._sheet, range(self._sheet.size)
        instead = [(sheet.text(row, "runner_up"), sheet.text(row, "runner_up_type")) for row in every]
        self._losses.look(self._named.options([*instead, *self._removals.candidates()]))
        place = {key: k for k, key in enumerate(self._named.opened)}
        last = -1
        for row in every:
            key = (sheet.text(row, "site_id"), sheet.text(row, "type"))
            if key not in place:
                sheet.add(row, "site_id, type", f"{' '.join(key)!r} is no row of sites.csv")
                continue
            k = place[key]
            if k <= last:
                sheet.add(row, "site_id, type", "is there already, or out of order")
            last = k
            self._row(row, k)
        return sheet.findings

    def _row(self, row: int, k: int) -> None:
        """Compare the row of the k-th facility of sites.csv."""
        sheet, ground = self._sheet, self._audit.ground
        option = int(self._audit.opened[k])
        nearest = ground.layout.serve == "nearest"
        sheet.expect(row, "name", str(ground.instance.sites.names[ground.options.site[option]]))
        sheet.expect(row, "required", int(ground.options.required[option]))
        sheet.expect(row, "people_newly_covered", int(self._newly[k]))
        dropped = self._losses.plan.without(k)
        found = alone(self._checked, k, self._losses.second(dropped)) if nearest else None
        for column, figure in zip(
            _PEOPLE,
            (None,) * 4 if found is None else (
                found.uniquely, Rounded(found.saved, 3), Rounded(found.saved_alone, 3), found.reached,
            ),
            strict=True,
        ):  # fmt: skip
            sheet.expect(row, column, figure)
        broken = self._losses.broken(dropped) if nearest else {}
        losses = self._losses.of(dropped) if nearest else [None] * self._count
        undefined = any(loss is None for loss in losses)
        if undefined:
            losses = [None] * self._count
        for column, loss in zip(each("drop_loss", self._count), losses, strict=True):
            sheet.expect(row, column, loss)
        swapped = self._swap(row, k, nearest=nearest)
        bounds = [*swapped[:1], *([] if broken else losses[:1])]
        left = self._removals.check(row, k, bounds)
        self._forced(row, dropped, broken, undefined=undefined and nearest)
        self._binding(row)
        good = ""
        if swapped and all(number_of(loss) <= 0 for loss in swapped):
            good = sheet.text(row, "runner_up")
        elif left and all(loss <= 0 for loss in left):
            good = ELSEWHERE
        sheet.expect(row, "equally_good", good)

    def _swap(self, row: int, k: int, *, nearest: bool) -> list[Rounded | None]:
        """Compare runner-up and swap costs, which are returned; empty where there are none."""
        sheet, options, instance = self._sheet, self._audit.ground.options, self._audit.ground.instance
        proof, costs = sheet.text(row, "swap_proof"), each("swap_cost", self._count)
        if proof not in (("best", "none", "not looked for") if nearest else ("not looked for",)):
            sheet.add(row, "swap_proof", f"{proof!r} cannot be")
            return []
        if proof != "best":
            for column in ("runner_up", "runner_up_name", "runner_up_type", *costs):
                sheet.expect(row, column, "")
            return []
        site, kind = sheet.text(row, "runner_up"), sheet.text(row, "runner_up_type")
        mine = int(self._audit.opened[k])
        option = self._named.option(site, kind, int(options.period[mine]))
        if option is None:
            sheet.add(row, "runner_up, runner_up_type", f"{site!r} {kind!r} is no candidate of the instance")
            return []
        sheet.expect(row, "runner_up_name", str(instance.sites.names[options.site[option]]))
        units = min(int(self._audit.units[k]), int(options.units[option]))
        choice = self._losses.plan.without(k).with_(option, units)
        wrong = self._losses.impossible(choice)
        if options.candidate[option] in options.candidate[self._audit.opened]:
            wrong.append("is opened by the plan")
        wrong += [f"breaks {label}" for label in self._losses.broken(choice)]
        if wrong:
            sheet.add(row, "runner_up", f"{site!r} {', '.join(wrong)}")
        losses = self._losses.of(choice)
        for column, loss in zip(costs, losses, strict=True):
            sheet.expect(row, column, loss)
        return losses

    def _forced(self, row: int, dropped: Choice, broken: Mapping[str, float], *, undefined: bool) -> None:
        """Compare the limits that dropping breaks, and how many needs it leaves unanswered."""
        told, amounts = self._sheet.text(row, "forced_by"), dict(broken)
        found, lost = set(), self._losses.unanswered(dropped)
        wrong = undefined and _UNANSWERED not in told
        for one in _items(told):
            label, _, by = one.rpartition(" by ")
            if label.startswith(_UNANSWERED):
                wrong |= by not in {f"{count:,.6g}" for count in lost if count}
                continue
            found.add(label)
            # Sums may end in other last digits.
            right = {f"{amounts.get(label, 0.0) * (1 + off):,.6g}" for off in (-1e-9, 0.0, 1e-9)}
            wrong |= label not in amounts or by not in right
        if wrong or found != set(amounts):
            wanted = "; ".join(f"{label} by {by:,.6g}" for label, by in amounts.items())
            self._sheet.add(row, "forced_by", f"{told!r}, recomputed {wanted!r}")

    def _binding(self, row: int) -> None:
        """Limits that bind are limits of the question."""
        known = {limit.label for limit in self._audit.problem.limits}
        told = self._sheet.text(row, "binding")
        for label in _items(told):
            if label not in known:
                self._sheet.add(row, "binding", f"{label!r} is no limit of the question")


def _items(told: str) -> list[str]:
    """What stands between semicolons, of which labels themselves have some, in brackets."""
    found: list[str] = []
    for piece in told.split("; ") if told else []:
        if found and found[-1].count("[") > found[-1].count("]"):
            found[-1] += f"; {piece}"
        else:
            found.append(piece)
    return found
