"""The command line: commands and exit codes; everything heavy is imported when it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting import cli_import, cli_plan
from siting.terminal import complete, output
from siting.terminal.arguments import InstanceName, ModelName, Numbers, Quiet, given_numbers
from siting.terminal.streams import (
    BAD_INPUT,
    DELIVERED,
    FAILED,
    INFEASIBLE,
    NO_PLAN,
    complaints,
    console,
    print_json,
    steps,
)

if TYPE_CHECKING:
    from siting.instance import Instance
    from siting.result import Result

app = typer.Typer(
    name="siting",
    help="Where to put facilities on a road network, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_import.app, name="import")


@app.command()
def solve(
    instance: InstanceName,
    model: ModelName = None,
    numbers: Numbers = None,
    out: Annotated[
        Path | None, typer.Option(help="Plan folder to write.", show_default="plans/INSTANCE-MODEL")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Wall seconds allowed; then the best plan so far is written.")
    ] = None,
    gap: Annotated[float | None, typer.Option(min=0, help="Relative gap at which to stop.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random choices.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads, at most.", show_default="all cores")
    ] = None,
    solver: Annotated[
        str,
        typer.Option(
            metavar="|".join(complete.SOLVERS),
            help="Solver of the exact method.",
            autocompletion=complete.solvers,
        ),
    ] = "highs",
    method: Annotated[
        str,
        typer.Option(
            metavar="|".join(complete.METHODS), help="How to solve.", autocompletion=complete.methods
        ),
    ] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from where a solve into the same folder was stopped.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print summary.json, and everything else on stderr.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Also write report.html; needs the extra `report`.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Choose sites and prove how good the choice is.

    Writes sites.csv, assignments.csv, summary.json and model.toml, and closed.csv where facilities may
    be closed. Ctrl-C stops and keeps the best plan found so far; a second Ctrl-C aborts. What a
    solve that is stopped or killed has reached is kept beside the plan folder: --resume continues from it.
    Exit codes:
    0 plan written, 1 a solver failed, 2 bad input, 3 proved infeasible, 4 stopped without a plan.

    \b
    Examples:
      siting solve three_towns
      siting solve three_towns --model min_travel_time
      siting solve poltava --model min_travel_time --set budget=150 --seconds 30 --out plan
    """
    with complaints():
        given = given_numbers(numbers)
        options = {} if gap is None else {"gap": gap}
        result, folder = _solve(
            instance, model, out, seconds, quiet, numbers=given, seed=seed, threads=threads,
            solver=solver, method=method, resume=resume, **options,
        )  # fmt: skip
        if report and result.plan is not None:
            from siting.report import write_report
            from siting.terminal.interrupt import keeping
            from siting.writers import REPORT

            with keeping(f"{folder}/ is whole; siting report {folder} writes its report"):
                write_report(result, folder / REPORT)
        raise typer.Exit(_report(result, folder, as_json, quiet))


@app.command()
def check(
    instance: InstanceName,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="A folder of a plan or of a frontier, a sites.csv, or a solver's solution of an export.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="Whose limits a sites.csv alone must keep: a bundled model's name, or a .toml file.",
            show_default="the instance's, or max_coverage",
            autocompletion=complete.models,
        ),
    ] = None,
    numbers: Numbers = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Search the roads by networkx, and prove the bounds again from proof.csv."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the findings and the recomputed figures.")
    ] = False,
) -> None:
    """Recompute a plan from the instance and compare.

    Response times are found on another route than the solver's.
    A plan folder brings its own model and numbers; its report.html and explain.csv are recomputed as well.
    Of a folder of siting frontier every point and every row is. A sites.csv alone needs the columns site_id
    and type; a solution (.sol, or a CSV of name and value) is one of a file that siting export wrote.
    With --deep the bounds of a plan folder are evaluated again from its multipliers, without any solver.
    Exit codes: 0 every figure and limit holds, 1 something is off, 2 bad input.

    \b
    Example:
      siting check three_towns plans/three_towns-max_coverage --deep
    """
    with complaints():
        from siting.check import check_folder
        from siting.readers import read
        from siting.terminal.progress import shown

        with shown(console(err=True), "checking"):
            report = check_folder(read(instance), plan, model, given_numbers(numbers) or None, deep=deep)
        if as_json:
            print_json(report.as_dict())
        else:
            typer.echo(report.text())
        raise typer.Exit(FAILED if report.findings else DELIVERED)


@app.command()
def doctor(
    instance: InstanceName,
    numbers: Numbers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every finding with all its rows.")] = False,
) -> None:
    """Say what is wrong or odd about an instance, what it does to the answer, and how to mend it.

    Exit codes: 0 clean, 1 warnings, 2 errors.

    \b
    Example:
      siting doctor poltava --set budget=1
    """
    with complaints():
        from siting.doctor import examine
        from siting.terminal.doctor import print_diagnosis

        diagnosis = examine(instance, numbers=given_numbers(numbers))
        if as_json:
            print_json(diagnosis.as_dict())
        else:
            print_diagnosis(console(), diagnosis)
        raise typer.Exit(diagnosis.exit_code)


@app.command()
def models(
    name: Annotated[
        str | None, typer.Argument(help="A model's name, or a .toml file.", autocompletion=complete.models)
    ] = None,
    math: Annotated[bool, typer.Option("--math", help="Show the algebra.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """List the planning questions, or show one with its parameters.

    \b
    Examples:
      siting models
      siting models max_coverage --math
    """
    with complaints():
        from siting.model import bundled_models, load_model
        from siting.terminal.content import model_content
        from siting.terminal.listings import print_model, print_models

        found = [load_model(one) for one in ([name] if name else bundled_models())]
        if as_json:
            content = [model_content(one, math_too=math) for one in found]
            print_json(content[0] if name else content)
        elif name is None:
            print_models(console(), found)
        else:
            print_model(console(), found[0], math_too=math)


@app.command()
def instances(
    name: Annotated[
        str | None, typer.Argument(help="A folder or a name.", autocompletion=complete.instances)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """List the bundled instances, or show what one holds.

    \b
    Examples:
      siting instances
      siting instances three_towns
    """
    with complaints():
        from siting.readers import read, titles
        from siting.terminal.content import instance_content
        from siting.terminal.listings import print_instance, print_instances

        if name is None:
            found = titles()
            if as_json:
                print_json([{"name": one, "title": title} for one, title in found.items()])
            else:
                print_instances(console(), found)
        elif as_json:
            print_json(instance_content(read(name)))
        else:
            print_instance(console(), read(name))


@app.command()
def generate(
    out: Annotated[
        Path,
        typer.Option(help="Folder in which the instance folders are written; with --places, the folder."),
    ],
    seed: Annotated[int | None, typer.Option(min=0, help="Another synthetic village layer.")] = None,
    places: Annotated[
        int | None,
        typer.Option(metavar="N", help="A national instance of N demand points, 3,000 to 300,000."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Generate the Ukrainian instances anew, or one of another size.

    With --places villages are merged or split until N demand points are left in the programme.
    Needs the extra `geonames`.

    \b
    Examples:
      siting generate --out mine
      siting generate --places 3000 --out small
    """
    with complaints():
        from siting.synthesis import sized, ukraine

        chosen = ukraine.SEED if seed is None else seed
        if places is None:
            ukraine.write(out, chosen, steps(quiet))
        else:
            sized.write_sized(out, places, chosen, steps(quiet))
        typer.echo(f"written: {out}")


def _solve(
    instance: str,
    model: str | None,
    out: Path | None,
    seconds: float | None,
    quiet: bool,
    **options: Any,
) -> tuple[Result, Path]:
    """Read, solve with progress on stderr, and write; the plan folder comes second."""
    from siting.engine import solve as engine_solve
    from siting.model import model_of
    from siting.readers import read
    from siting.terminal.estimate import estimate
    from siting.terminal.interrupt import finishing, stoppable
    from siting.terminal.progress import shown
    from siting.terminal.saved import saved_beside, saving
    from siting.terminal.studies import study
    from siting.writers import check_writable

    err = console(err=True, quiet=quiet)
    with shown(err, f"reading {instance}"):
        data = read(instance)
    question = model_of(data, model)
    _look_over(data, options["numbers"])
    folder = out or Path("plans") / f"{data.settings.name}-{question.name}"
    check_writable(folder)
    if expected := estimate(data, question, seconds):
        err.print(expected, soft_wrap=True)
    saved = saved_beside(folder)
    with saving(saved, options["resume"]) as ended:
        with shown(err, seconds=seconds, goals=len(question.goals)) as progress:
            limits: dict[str, Any] = {**options, "seconds": seconds, "progress": progress, "save": saved}
            result = stoppable(lambda stop: engine_solve(data, question, stop=stop, **limits))
        if result.plan is not None:
            study(result, err, seconds)
            doing = "writing the plan and what proves it"
            with finishing(doing), shown(err, doing):
                _save(result, folder)
        ended(result)
    return result, folder


def _save(result: Result, folder: Path) -> None:
    """Write a plan; where the disk refuses, its sites go to stderr, because a plan may have taken hours."""
    from siting.errors import PlanError
    from siting.writers import write
    from siting.writers.tables import table_text

    try:
        write(result, folder)
    except PlanError:
        typer.echo("The plan, which siting check takes as a file sites.csv:", err=True)
        typer.echo("".join(table_text(result.sites)), err=True)
        raise


def _look_over(data: Instance, numbers: Any) -> None:
    """The doctor in brief, before a solve: what it finds on stderr; an error stops here."""
    from siting.doctor import Severity, diagnose
    from siting.terminal.doctor import brief_lines

    diagnosis = diagnose(data, numbers=numbers, brief=True)
    for line in brief_lines(diagnosis):
        typer.echo(line, err=True)
    if any(finding.severity is Severity.ERROR for finding in diagnosis.findings):
        raise typer.Exit(BAD_INPUT)


def _report(result: Result, folder: Path, as_json: bool, quiet: bool) -> int:
    """Print the outcome; returns the exit code."""
    from siting.figures import closed_table
    from siting.plan import Status
    from siting.terminal.report import print_no_plan, print_plan
    from siting.terminal.studies import print_studies

    if as_json:
        print_json(result.summary)
    if result.plan is not None:
        told = console(err=as_json, quiet=as_json and quiet)
        print_plan(told, result.summary, result.sites, closed_table(result), str(folder))
        print_studies(told, result)
        return DELIVERED
    print_no_plan(console(err=True), result.summary)
    return INFEASIBLE if result.status is Status.INFEASIBLE else NO_PLAN


cli_plan.add_to(app)


def main() -> None:
    """Entry point of the ``siting`` command."""
    output.tolerant()
    try:
        app(prog_name="siting")
    except SystemExit as end:
        if (why := output.refused()) and end.code == DELIVERED:
            typer.echo(f"error: not everything could be printed on stdout: {why}", err=True)
            sys.exit(FAILED)
        raise
