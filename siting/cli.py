"""The command line: commands and exit codes; everything heavy is imported when it is needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting import cli_import
from siting.errors import ModelError
from siting.terminal.streams import (
    BAD_INPUT,
    DELIVERED,
    FAILED,
    INFEASIBLE,
    NO_PLAN,
    complaints,
    console,
    steps,
)

if TYPE_CHECKING:
    from siting.instance import Instance
    from siting.result import Result

app = typer.Typer(
    name="siting",
    help="Where to put facilities on a road network, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_import.app, name="import")


InstanceName = Annotated[
    str, typer.Argument(metavar="INSTANCE", help="A folder, or a bundled instance's name.")
]


@app.command()
def solve(
    instance: InstanceName,
    model: Annotated[
        str | None,
        typer.Option(
            help="A bundled model's name, or a .toml file.", show_default="the instance's, or max_coverage"
        ),
    ] = None,
    numbers: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Set a number, e.g. budget=5000; may be given many times."
        ),
    ] = None,
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
    solver: Annotated[str, typer.Option(metavar="highs|cbc", help="Solver of the exact method.")] = "highs",
    method: Annotated[
        str,
        typer.Option(metavar="auto|center|set_cover|exact|decomposition|relaxation", help="How to solve."),
    ] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print summary.json, and everything else on stderr.")
    ] = False,
) -> None:
    """Choose sites and prove how good the choice is.

    Writes sites.csv, assignments.csv, summary.json and model.toml, and closed.csv where facilities may
    be closed. Ctrl-C stops and keeps the best plan found so far; a second Ctrl-C aborts. Exit codes:
    0 plan written, 1 a solver failed, 2 bad input, 3 proved infeasible, 4 stopped without a plan.
    """
    with complaints():
        given = _numbers(numbers or [])
        options = {} if gap is None else {"gap": gap}
        result, folder = _solve(
            instance, model, out, seconds, numbers=given, seed=seed, threads=threads,
            solver=solver, method=method, **options,
        )  # fmt: skip
        raise typer.Exit(_report(result, folder, as_json))


@app.command()
def check(
    instance: InstanceName,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan folder, or a sites.csv.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="Whose limits a sites.csv alone must keep: a bundled model's name, or a .toml file.",
            show_default="the instance's, or max_coverage",
        ),
    ] = None,
) -> None:
    """Recompute a plan from the instance and compare.

    Response times are found on another route than the solver's.
    A plan folder brings its own model. A sites.csv alone needs the columns site_id and type.
    Exit codes: 0 every figure and limit holds, 1 something is off, 2 bad input.
    """
    with complaints():
        from siting.check import check_folder
        from siting.readers import read

        report = check_folder(read(instance), plan, model)
        typer.echo(report.text())
        raise typer.Exit(FAILED if report.findings else DELIVERED)


@app.command()
def doctor(
    instance: InstanceName,
    numbers: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a number, e.g. budget=5000, as for solve."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every finding with all its rows.")] = False,
) -> None:
    """Say what is wrong or odd about an instance, what it does to the answer, and how to mend it.

    Exit codes: 0 clean, 1 warnings, 2 errors.
    """
    with complaints():
        from siting.doctor import examine
        from siting.terminal.doctor import print_diagnosis

        diagnosis = examine(instance, numbers=_numbers(numbers or []))
        if as_json:
            typer.echo(json.dumps(diagnosis.as_dict(), ensure_ascii=False, indent=2))
        else:
            print_diagnosis(console(), diagnosis)
        raise typer.Exit(diagnosis.exit_code)


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="A model's name, or a .toml file.")] = None,
    math: Annotated[bool, typer.Option("--math", help="Show the algebra.")] = False,
) -> None:
    """List the planning questions, or show one with its parameters."""
    with complaints():
        from siting.model import bundled_models, load_model
        from siting.terminal.listings import print_model, print_models

        if name is None:
            print_models(console(), [load_model(one) for one in bundled_models()])
        else:
            print_model(console(), load_model(name), math_too=math)


@app.command()
def instances(name: Annotated[str | None, typer.Argument(help="A folder or a name.")] = None) -> None:
    """List the bundled instances, or show what one holds."""
    with complaints():
        from siting.readers import read, titles
        from siting.terminal.listings import print_instance, print_instances

        if name is None:
            print_instances(console(), titles())
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
) -> None:
    """Generate the Ukrainian instances anew, or one of another size.

    With --places villages are merged or split until N demand points are left in the programme.
    Needs the extra `geonames`.
    """
    with complaints():
        from siting.synthesis import sized, ukraine

        chosen = ukraine.SEED if seed is None else seed
        if places is None:
            ukraine.write(out, chosen, steps())
        else:
            sized.write_sized(out, places, chosen, steps())
        typer.echo(f"written: {out}")


def _numbers(given: list[str]) -> dict[str, float]:
    """The numbers of ``--set``.

    Raises:
        ModelError: for everything that is not NAME=NUMBER.
    """
    numbers, complaints = {}, []
    for text in given:
        name, _, value = text.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError:
            complaints.append(f"--set {text}: must be NAME=NUMBER, e.g. budget=5000")
    if complaints:
        raise ModelError(complaints)
    return numbers


def _solve(
    instance: str, model: str | None, out: Path | None, seconds: float | None, **options: object
) -> tuple[Result, Path]:
    """Read, solve with progress on stderr, and write; the plan folder comes second."""
    from siting.engine import solve as engine_solve
    from siting.model import model_of
    from siting.readers import read
    from siting.terminal.interrupt import stoppable
    from siting.terminal.progress import shown
    from siting.writers import check_writable, write

    data = read(instance)
    question = model_of(data, model)
    _look_over(data, options["numbers"])
    folder = out or Path("plans") / f"{data.settings.name}-{question.name}"
    check_writable(folder)
    with shown(console(err=True)) as progress:
        limits: dict[str, Any] = {**options, "seconds": seconds, "progress": progress}
        result = stoppable(lambda stop: engine_solve(data, question, stop=stop, **limits))
    if result.plan is not None:
        _study(result, seconds)
        write(result, folder)
    return result, folder


def _look_over(data: Instance, numbers: Any) -> None:
    """The doctor in brief, before a solve: what it finds on stderr; an error stops here."""
    from siting.doctor import Severity, diagnose
    from siting.terminal.doctor import brief_lines

    diagnosis = diagnose(data, numbers=numbers, brief=True)
    for line in brief_lines(diagnosis):
        typer.echo(line, err=True)
    if any(finding.severity is Severity.ERROR for finding in diagnosis.findings):
        raise typer.Exit(BAD_INPUT)


def _study(result: Result, seconds: float | None) -> None:
    """Further solves that a plan across periods or scenarios asks for, where there is time for them."""
    layout = result.problem.responses.layout
    wanted = {
        "nesting": (layout.periods, "what each period could have if it stood alone"),
        "stability": (layout.scenarios, "how stable the sites are"),
    }
    for name, (there, about) in wanted.items():
        if not there:
            continue
        if seconds is not None:
            typer.echo(f"not looked at under --seconds: {about} (result.{name} does)", err=True)
            continue
        typer.echo(f"looking at {about}", err=True)
        getattr(result, name)


def _report(result: Result, folder: Path, as_json: bool) -> int:
    """Print the outcome; returns the exit code."""
    from siting.figures import closed_table
    from siting.plan import Status
    from siting.terminal.report import print_no_plan, print_plan
    from siting.terminal.studies import print_studies
    from siting.writers import summary_text

    if as_json:
        sys.stdout.write(summary_text(result))
    if result.plan is not None:
        print_plan(console(err=as_json), result.summary, result.sites, closed_table(result), str(folder))
        print_studies(console(err=as_json), result)
        return DELIVERED
    print_no_plan(console(err=True), result.summary)
    return INFEASIBLE if result.status is Status.INFEASIBLE else NO_PLAN


def main() -> None:
    """Entry point of the ``siting`` command."""
    app()
