"""What a solve returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from siting.plan import Achieved, Plan, Status, Termination, relative_gap
from siting.problem import Numbers, Problem

if TYPE_CHECKING:
    import threading

    import pandas as pd
    import pulp

    from siting.certificate import Certificate
    from siting.conflict import Conflict
    from siting.instance.decisions import Named
    from siting.methods.warm import Warm
    from siting.reasons import Explanation, WhyNot
    from siting.studies.frontier import Frontier


@dataclass(frozen=True)
class Progress:
    """One report from a running solve.

    Attributes:
        phase: what is being done, for people.
        seconds: since the solve began.
        objective: number (0-based) of the objective being worked on, and its measure's name.
        incumbent: value of the best plan so far, None before the first.
        bound: certified bound so far, None before the first.
    """

    phase: str
    seconds: float
    objective: int
    measure: str
    incumbent: float | None
    bound: float | None

    @property
    def gap(self) -> float | None:
        """Relative gap between bound and incumbent; None before both are known."""
        if self.incumbent is None or self.bound is None:
            return None
        return relative_gap(self.incumbent, self.bound)


@dataclass(frozen=True)
class Asked:
    """How a solve was asked to work, beside its limits and its seed; see :func:`siting.solve`."""

    method: str = "auto"
    solver: str | pulp.LpSolver = "highs"
    threads: int | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """A checked plan and what is proved about it.

    Attributes:
        problem: the question with every number decided.
        status: what is proved.
        termination: why the solve stopped.
        plan: the plan; None when proved infeasible or stopped before one was found.
        achieved: per objective its value, bound and gap; empty without a plan.
        method: method that was used, and ``why`` it was chosen.
        why: one sentence.
        seconds: wall seconds per phase; ``total`` is all of them.
        seed: the seed in force.
        versions: versions of siting and of the libraries that took part.
        full_coverage: new facilities with which everyone who can be covered is covered:
            ``{"sites": N, "reached": bool}``; N is an upper estimate when ``reached`` is False.
            None when the model does not maximize coverage.
        asked: how the solve was asked to work.
        warm: what it leaves to :meth:`resolve`; None for a result that no solve has made.
        repeatable: whether the same inputs, version and seed give the same plan on every machine. False
            where a clock has decided: a time limit, the time that a step of a method may take, a stop.
    """

    problem: Problem
    status: Status
    termination: Termination
    plan: Plan | None
    achieved: tuple[Achieved, ...]
    method: str
    why: str
    seconds: Mapping[str, float]
    seed: int
    versions: Mapping[str, str]
    full_coverage: Mapping[str, Any] | None = None
    asked: Asked = field(default_factory=Asked)
    warm: Warm | None = field(default=None, repr=False)
    repeatable: bool = True

    @property
    def objective(self) -> float | None:
        """Value of the first objective, recomputed from the plan."""
        return self.achieved[0].value if self.achieved else None

    @property
    def bound(self) -> float | None:
        """Certified bound on the first objective."""
        return self.achieved[0].bound if self.achieved else None

    @property
    def gap(self) -> float | None:
        """Relative gap of the first objective; None without a bound."""
        return self.achieved[0].gap if self.achieved else None

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Recommended new facilities, one row each, as in sites.csv."""
        from siting.figures import sites_table

        return sites_table(self)

    @cached_property
    def assignments(self) -> pd.DataFrame:
        """Who serves each need before and after, as in assignments.csv."""
        from siting.figures import assignments_table

        return assignments_table(self)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """All figures, as in summary.json."""
        from siting.figures import summary

        return summary(self)

    @cached_property
    def conflict(self) -> Conflict | None:
        """Why there is no plan, see :func:`siting.conflict.conflict`; None unless infeasible."""
        from siting.conflict import conflict

        infeasible = self.status is Status.INFEASIBLE
        return conflict(self.problem, seed=self.seed) if infeasible else None

    @property
    def clashes(self) -> tuple[str, ...]:
        """The same in sentences; none unless infeasible."""
        return () if self.conflict is None else self.conflict.sentences

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """Multipliers that prove the bounds, one :data:`siting.certificate.Certificate` per objective.

        Empty without a plan, or where the question is of a kind that has none, see
        :func:`siting.methods.certify.refusal`.
        """
        from siting.methods.certify import certify, refusal
        from siting.methods.run import Run

        if self.plan is None or refusal(self.problem) is not None:
            return ()
        known = () if self.warm is None else self.warm.duals
        return certify(self.problem, self.plan, self.achieved, known, Run(seed=self.seed))

    def coverage(self, by: str = "region") -> pd.DataFrame:
        """People within the standard, see :func:`siting.figures.coverage.coverage`.

        Args:
            by: region, district, community, kind, service or place.
        """
        from siting.figures.coverage import coverage

        return coverage(self, by)

    def explain(self, sites: Iterable[Named] | str | None = None, **how: Any) -> Explanation:
        """Why each recommended site is where it is, see :func:`siting.reasons.explain`."""
        from siting.reasons import explain

        return explain(self, sites, **how)

    def why_not(self, place: str, *, service: str | None = None, seconds: float | None = None) -> WhyNot:
        """Why a place is not covered, or by whom it is, see :func:`siting.reasons.why_not`."""
        from siting.reasons import why_not

        return why_not(self, place, service=service, seconds=seconds)

    def frontier(self, sweep: Mapping[str, Sequence[float]], **how: Any) -> Frontier:
        """The same question for every value of one number, see :func:`siting.studies.frontier.frontier`."""
        from siting.studies.frontier import frontier

        swept = next(iter(sweep), "")
        given = {
            name: value
            for name, value in self.problem.given.items()
            if name != swept and not name.startswith(f"{swept}.")
        }
        problem = self.problem
        return frontier(problem.instance, problem.model, sweep=sweep, numbers=given, **how)

    def to_geodataframe(self, layer: str = "sites") -> Any:
        """A layer of the plan for geopandas, see :func:`siting.writers.geodataframe.to_geodataframe`."""
        from siting.writers.geodataframe import to_geodataframe

        return to_geodataframe(self, layer)

    def _repr_html_(self) -> str:
        """Tables and a small map, for a notebook."""
        from siting.figures.html import result_html

        return result_html(self)

    @cached_property
    def nesting(self) -> pd.DataFrame:
        """What it costs to build period by period, see :func:`siting.studies.price_of_nesting`."""
        from siting.studies import price_of_nesting

        return price_of_nesting(self)

    @cached_property
    def stability(self) -> pd.DataFrame:
        """How stable the sites of a plan across scenarios are, see :func:`siting.studies.stability`."""
        from siting.studies import stability

        return stability(self)

    def resolve(
        self,
        *,
        numbers: Numbers | None = None,
        require: Iterable[Named] = (),
        forbid: Iterable[Named] = (),
        allow: Iterable[Named] = (),
        seconds: float | None = None,
        gap: float = 0.0,
        stop: threading.Event | None = None,
        progress: Callable[[Progress], None] | None = None,
        **parameters: float | Mapping[str, float],
    ) -> Result:
        """Answer the same question again after a change, from what this solve has found.

        Response times are kept unless the change touches them, the plan is repaired and improved,
        and the bound starts from the prices that this solve has ended with. What is not changed
        stays as it was: instance, model, numbers, decisions, seed, threads, solver and method.

        Args:
            numbers, parameters: numbers to change, as in :func:`siting.solve`.
            require: candidates that must be opened: the id of the site, or (site id, type id)
                where a site has several.
            forbid: candidates that must stay closed.
            allow: candidates that may be opened or not, whoever has required or forbidden them,
                the instance's data included.
            seconds, gap, stop, progress: limits and reports of this solve.

        Returns:
            A result like that of :func:`siting.solve`; ``problem.instance`` holds the decisions.

        Raises:
            ModelError: with everything that is wrong with names and numbers, or a limit is.
            InstanceError, SolverError: as for :func:`siting.solve`.
        """
        from siting.resolve import resolve

        changes = {**(numbers or {}), **parameters}
        return resolve(self, changes, (require, forbid, allow), (seconds, gap), stop, progress)
