"""Commands about plans: report, explain, why-not, compare, export, and the frontier of plans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siting.terminal import complete
from siting.terminal.arguments import InstanceName, ModelName, Numbers, Quiet, given_numbers
from siting.terminal.streams import INFEASIBLE, NO_PLAN, complaints, console, print_json

if TYPE_CHECKING:
    from siting.result import Result

PlanFolder = Annotated[Path, typer.Argument(metavar="PLAN_DIR", help="A plan folder.")]
At = Annotated[
    str | None,
    typer.Option(
        "--instance",
        metavar="INSTANCE",
        help="What the plan was made for.",
        show_default="where it was read from",
        autocompletion=complete.instances,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON, and everything else on stderr.")]
Seconds = Annotated[
    float | None,
    typer.Option(min=0, help="Wall seconds that solving again may take.", show_default="60"),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the others."""
    for name, command in (
        ("report", report),
        ("explain", explain),
        ("why-not", why_not),
        ("compare", compare),
        ("export", export),
        ("frontier", frontier),
    ):
        app.command(name)(command)


def report(
    plan: PlanFolder,
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="PLAN_DIR/report.html")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Also write a picture of the map for slides.")] = None,
    language: Annotated[str, typer.Option(metavar="en|uk", help="Language of the labels.")] = "en",
    instance: At = None,
) -> None:
    """Write the report of a plan: one page with map, tables and proof that works offline.

    Needs the extra `report`.

    \b
    Example:
      siting report plans/three_towns-max_coverage --language uk
    """
    with complaints():
        from siting.report import write_png, write_report
        from siting.writers import REPORT

        result = _opened(plan, instance)
        typer.echo(f"Report: {write_report(result, out or plan / REPORT, language=language)}")
        if png is not None:
            typer.echo(f"Picture: {write_png(result, png, language=language)}")


def explain(
    plan: PlanFolder,
    sites: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SITE]...", help="Sites to look at closely, by id or name.", show_default="all"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write the whole table.", show_default="none"),
    ] = None,
    seconds: Seconds = None,
    as_json: AsJson = False,
    instance: At = None,
    quiet: Quiet = False,
) -> None:
    """Say why each recommended site is where it is: whom it serves, what would replace it, what it is worth.

    A table written to PLAN_DIR/explain.csv belongs to the plan: siting check computes it anew.

    \b
    Examples:
      siting explain plans/three_towns-max_coverage --out plans/three_towns-max_coverage/explain.csv
      siting explain plans/three_towns-max_coverage dub
    """
    with complaints():
        from siting.reasons import explain as reasons
        from siting.terminal.explain import print_explanations
        from siting.terminal.progress import shown
        from siting.writers.explained import check_explanation_target, write_explanation

        if out is not None:
            check_explanation_target(out)
        result = _opened(plan, instance)
        with shown(console(err=True, quiet=quiet), "explaining") as progress:
            found = reasons(result, sites or None, seconds=seconds, progress=progress)
        if as_json:
            print_json(found.as_dict())
        else:
            print_explanations(console(), found)
        if out is not None:
            typer.echo(f"Table: {write_explanation(found, out)}", err=as_json)


def why_not(
    plan: PlanFolder,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="A place, by id or name.")],
    service: Annotated[str | None, typer.Option(help="Only this service.", show_default="all")] = None,
    seconds: Seconds = None,
    as_json: AsJson = False,
    instance: At = None,
    quiet: Quiet = False,
) -> None:
    """Say why a place is not covered, which site would do it, and what that costs people elsewhere.

    \b
    Example:
      siting why-not plans/three_towns-max_coverage sosna
    """
    with complaints():
        from siting.reasons import why_not as answer
        from siting.terminal.explain import print_why_not
        from siting.terminal.progress import shown

        result = _opened(plan, instance)
        with shown(console(err=True, quiet=quiet), "asking why not") as progress:
            found = answer(result, place, service=service, seconds=seconds, progress=progress)
        if as_json:
            print_json(found.as_dict())
        else:
            print_why_not(console(), found)


def compare(
    plans: Annotated[list[Path], typer.Argument(metavar="PLAN_DIR PLAN_DIR...", help="Plan folders.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for tables and maps of the differences, and compare.html.", show_default="none"
        ),
    ] = None,
    language: Annotated[str, typer.Option(metavar="en|uk", help="Language of compare.html.")] = "en",
    instance: At = None,
) -> None:
    """Compare plans with the first: sites kept, dropped and added, people gained and lost, by region.

    \b
    Example:
      siting compare plans/three_towns-max_coverage plans/three_towns-min_travel_time
    """
    with complaints():
        from siting.studies.compare import compare as compared
        from siting.terminal.compare import print_comparison
        from siting.writers.comparison import PAGE, check_comparison_target, write_comparison

        if out is not None:
            check_comparison_target(out)
        found = compared(*(_opened(plan, instance) for plan in plans), names=_names(plans))
        print_comparison(console(), found)
        if out is not None:
            typer.echo(f"Written: {write_comparison(found, out, language=language)}/")
            if not (out / PAGE).exists():
                typer.echo(f"No {PAGE}: pip install 'siting[report]' for it", err=True)


def export(
    plan: PlanFolder,
    out: Annotated[
        Path, typer.Option(help="File to write; its ending says the format.", metavar="FILE.FORMAT")
    ],
    instance: At = None,
) -> None:
    """Write a plan for other tools: .geojson, .gpkg, .parquet, .xlsx, or the program as .lp or .mps.

    \b
    Example:
      siting export plans/three_towns-max_coverage --out three_towns.geojson
    """
    with complaints():
        from siting.writers.export import export as exported

        result = _opened(plan, instance)
        typer.echo(f"Written: {exported(result, out.suffix.lower().removeprefix('.'), out)}")


def frontier(
    instance: InstanceName,
    sweep: Annotated[
        str,
        typer.Option(metavar="NAME=FROM:TO:STEP", help="The number to sweep, also as NAME=VALUE,VALUE,..."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the table, the plot and the plans.", show_default="none")
    ] = None,
    model: ModelName = None,
    numbers: Numbers = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Wall seconds for all points together.", show_default="none")
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0, help="Relative gap at which a point is good enough; 0 proves each.")
    ] = 1e-4,
    quiet: Quiet = False,
) -> None:
    """Find the best plan for every value of one number, and what the next million or site is worth.

    Exit codes: 0 a frontier, 2 bad input, 3 no value has a plan, which is proved, 4 stopped without a plan.

    \b
    Example:
      siting frontier three_towns --sweep budget=4:12:2 --out frontier
    """
    with complaints():
        from siting.plan import Status
        from siting.readers import read
        from siting.studies.frontier import frontier as swept
        from siting.studies.frontier import parse_sweep
        from siting.terminal.frontier import print_frontier
        from siting.terminal.progress import shown
        from siting.writers.frontier import check_frontier_target, write_frontier

        wanted, given = parse_sweep(sweep), given_numbers(numbers)
        data = read(instance)
        if out is not None:
            check_frontier_target(out)
        with shown(console(err=True, quiet=quiet), "sweeping", seconds) as progress:
            found = swept(
                data, model, sweep=wanted, seconds=seconds, gap=gap, numbers=given, progress=progress
            )
            if found.points:
                _ = found.marginals  # solved here, under the progress, and printed and written below
        print_frontier(console(), found)
        if not found.points:
            proved = all(point.status is Status.INFEASIBLE for point in found.without)
            raise typer.Exit(INFEASIBLE if proved and not found.unasked else NO_PLAN)
        if out is not None:
            typer.echo(f"Written: {write_frontier(found, out)}/")


def _names(plans: list[Path]) -> list[str]:
    """What plans are called: their folders' names, or their paths where these are the same."""
    names = [plan.resolve().name for plan in plans]
    return names if len(set(names)) == len(names) else [str(plan) for plan in plans]


def _opened(plan: Path, instance: str | None) -> Result:
    """The result of a plan folder."""
    from siting.reopen import read_plan

    return read_plan(plan, instance)
