"""The command line: commands and exit codes; everything heavy is imported when it is needed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siting.errors import InstanceError, ModelError, PlanError, SitingError

if TYPE_CHECKING:
    from rich.console import Console

    from siting.result import Result

DELIVERED, FAILED, BAD_INPUT, INFEASIBLE, NO_PLAN = 0, 1, 2, 3, 4
"""Exit codes. FAILED: a check found something, or a solver failed."""

app = typer.Typer(
    name="siting",
    help="Where to put facilities on a road network, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


InstanceName = Annotated[
    str, typer.Argument(metavar="INSTANCE", help="A folder, or a bundled instance's name.")
]


@app.command()
def solve(
    instance: InstanceName,
    model: Annotated[str, typer.Option(help="A bundled model's name, or a .toml file.")] = "max_coverage",
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
    with _complaints():
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
            show_default="max_coverage",
        ),
    ] = None,
) -> None:
    """Recompute a plan from the instance and compare.

    Response times are found on another route than the solver's.
    A plan folder brings its own model. A sites.csv alone needs the columns site_id and type.
    Exit codes: 0 every figure and limit holds, 1 something is off, 2 bad input.
    """
    with _complaints():
        from siting.check import check_folder
        from siting.readers import read

        report = check_folder(read(instance), plan, model)
        typer.echo(report.text())
        raise typer.Exit(FAILED if report.findings else DELIVERED)


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="A model's name, or a .toml file.")] = None,
    math: Annotated[bool, typer.Option("--math", help="Show the algebra.")] = False,
) -> None:
    """List the planning questions, or show one with its parameters."""
    with _complaints():
        from siting.model import bundled_models, load_model
        from siting.terminal.listings import print_model, print_models

        if name is None:
            print_models(_console(), [load_model(one) for one in bundled_models()])
        else:
            print_model(_console(), load_model(name), math_too=math)


@app.command()
def instances(name: Annotated[str | None, typer.Argument(help="A folder or a name.")] = None) -> None:
    """List the bundled instances, or show what one holds."""
    with _complaints():
        from siting.readers import read, titles
        from siting.terminal.listings import print_instance, print_instances

        if name is None:
            print_instances(_console(), titles())
        else:
            print_instance(_console(), read(name))


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
    with _complaints():
        from siting.synthesis import sized, ukraine

        chosen = ukraine.SEED if seed is None else seed
        if places is None:
            ukraine.write(out, chosen, _steps())
        else:
            sized.write_sized(out, places, chosen, _steps())
        typer.echo(f"written: {out}")


def _steps() -> Callable[[str], None]:
    """What prints each step that begins, with the seconds gone by, on stderr."""
    start = time.monotonic()
    return lambda step: typer.echo(f"{time.monotonic() - start:7.1f} s  {step}", err=True)


@contextmanager
def _complaints() -> Iterator[None]:
    """Print every complaint of an error siting raises on purpose, one per line, and exit."""
    try:
        yield
    except SitingError as error:
        for complaint in error.complaints:
            typer.echo(f"error: {complaint}", err=True)
        bad_input = isinstance(error, InstanceError | ModelError | PlanError)
        raise typer.Exit(BAD_INPUT if bad_input else FAILED) from None


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
    instance: str, model: str, out: Path | None, seconds: float | None, **options: object
) -> tuple[Result, Path]:
    """Read, solve with progress on stderr, and write; the plan folder comes second."""
    from siting.engine import solve as engine_solve
    from siting.model import load_model
    from siting.readers import read
    from siting.terminal.interrupt import stoppable
    from siting.terminal.progress import shown
    from siting.writers import check_writable, write

    question, data = load_model(model), read(instance)
    folder = out or Path("plans") / f"{data.settings.name}-{question.name}"
    check_writable(folder)
    with shown(_console(err=True)) as progress:
        limits: dict[str, Any] = {**options, "seconds": seconds, "progress": progress}
        result = stoppable(lambda stop: engine_solve(data, question, stop=stop, **limits))
    if result.plan is not None:
        _study(result, seconds)
        write(result, folder)
    return result, folder


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
        print_plan(_console(err=as_json), result.summary, result.sites, closed_table(result), str(folder))
        print_studies(_console(err=as_json), result)
        return DELIVERED
    print_no_plan(_console(err=True), result.summary)
    return INFEASIBLE if result.status is Status.INFEASIBLE else NO_PLAN


def _console(*, err: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for every table in a pipe."""
    from rich.console import Console

    console = Console(stderr=err, highlight=False)
    if not console.is_terminal:
        console.width = 140
    return console


def main() -> None:
    """Entry point of the ``siting`` command."""
    app()
