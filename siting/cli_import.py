"""``siting import``: one command per kind of source; each reads, assigns areas, and writes a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siting.errors import ModelError
from siting.terminal.arguments import Quiet
from siting.terminal.streams import complaints, console, steps

if TYPE_CHECKING:
    from siting.instance import Instance

app = typer.Typer(
    help="Make an instance folder from the files a planner has.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
Out = Annotated[Path, typer.Option(help="Instance folder to write.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace the instance that is there, and nothing else.")
]
Name = Annotated[str | None, typer.Option(help="Name of the instance.", show_default="that of the file")]
Settings = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Your services, types and costs, as in instance.toml.",
        show_default="fire and police, assumed standards",
    ),
]
Published = Annotated[
    float | None,
    typer.Option(
        metavar="VALUE", help="Best objective value known.", show_default="what lies beside the file"
    ),
]
Facilities = Annotated[
    str | None, typer.Option(metavar="FILE", help="Existing facilities.", show_default="none")
]
Candidates = Annotated[
    str | None, typer.Option(metavar="FILE", help="Candidate sites.", show_default="every place")
]
Boundaries = Annotated[
    str | None,
    typer.Option(
        "--areas",
        metavar="FILE",
        help="Outlines that say which region, district, community a place is in; with --area-key a table.",
    ),
]
Levels = Annotated[
    list[str] | None,
    typer.Option(
        "--level",
        metavar="LEVEL=ID[:NAME]",
        help="Columns of --areas with id and name of a level, e.g. community=katottg:name; repeatable.",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--area-key",
        metavar="COLUMN[=WHAT]",
        help="Column of the table that holds place ids, or WHAT of a place: name, name_local, a level.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=HEADER",
        help="Your header of a column, e.g. population=POP2020; repeatable.",
    ),
]


@app.command()
def osm(
    file: File,
    out: Out,
    candidates: Annotated[
        str,
        typer.Option(
            metavar="RULE[,RULE]", help="settlements, or existing buildings such as townhall,school."
        ),
    ] = "settlements",
    areas: Boundaries = None,
    levels: Levels = None,
    area_key: Key = None,
    settings: Settings = None,
    name: Name = None,
    replace: Replace = False,
    quiet: Quiet = False,
) -> None:
    """An OpenStreetMap extract: .osm.pbf, .osm, .osm.gz or .osm.bz2.

    \b
    Example:
      siting import osm liechtenstein.osm.pbf --out liechtenstein

    Needs the extra `osm`.
    """

    def read() -> Instance:
        from siting.readers.osm import read_osm

        report = steps(quiet)
        return read_osm(file, candidates=candidates.split(","), name=name, settings=settings, report=report)

    _import(read, out, replace, Areas(areas, levels, area_key))


@app.command()
def graphml(
    file: File,
    out: Out,
    places: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Places with people.", show_default="nodes with a population"),
    ] = None,
    facilities: Facilities = None,
    candidates: Candidates = None,
    columns: Columns = None,
    areas: Boundaries = None,
    levels: Levels = None,
    area_key: Key = None,
    settings: Settings = None,
    name: Name = None,
    replace: Replace = False,
) -> None:
    """A road graph as osmnx saves it, with places from a vector file or table.

    \b
    Example:
      siting import graphml drive.graphml --places villages.gpkg --out area
    """

    def read() -> Instance:
        from siting.readers.graphml import read_graphml

        return read_graphml(
            file,
            places=places,
            facilities=facilities,
            candidates=candidates,
            columns=_pairs("--column", columns),
            name=name,
            settings=settings,
        )

    _import(read, out, replace, Areas(areas, levels, area_key))


@app.command()
def geo(
    places: Annotated[
        str, typer.Argument(metavar="FILE", help="Places with people: GeoPackage[:layer], GeoJSON, CSV, ...")
    ],
    out: Out,
    facilities: Facilities = None,
    candidates: Candidates = None,
    roads: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Road lines, or a .graphml.", show_default="proxy roads"),
    ] = None,
    od: Annotated[
        str | None, typer.Option(metavar="FILE", help="A table of travel times instead of roads.")
    ] = None,
    columns: Columns = None,
    areas: Boundaries = None,
    levels: Levels = None,
    area_key: Key = None,
    settings: Settings = None,
    name: Name = None,
    replace: Replace = False,
) -> None:
    """Vector layers: GeoPackage, GeoJSON, Shapefile, GeoParquet, or CSV with lat and lon.

    \b
    Example:
      siting import geo villages.gpkg --facilities stations.geojson --out area

    Needs the extra `geo`.
    """

    def read() -> Instance:
        from siting.readers.geo import read_geo

        return read_geo(
            places,
            facilities=facilities,
            candidates=candidates,
            roads=roads,
            od=od,
            columns=_pairs("--column", columns),
            name=name,
            settings=settings,
        )

    _import(read, out, replace, Areas(areas, levels, area_key))


@app.command()
def od(
    file: File,
    out: Out,
    places: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Places with people.", show_default="one person per destination"),
    ] = None,
    facilities: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Existing facilities.", show_default="none")
    ] = None,
    candidates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Candidate sites.", show_default="every origin")
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            metavar="minutes|seconds|hours|metres|km|miles", help="Unit, where the header leaves it open."
        ),
    ] = None,
    kmh: Annotated[
        float | None, typer.Option(min=0.001, help="Speed that turns distances into times.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(metavar="long|wide", help="Layout, where the headers do not tell.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The table leads from places to sites.")] = False,
    columns: Columns = None,
    areas: Boundaries = None,
    levels: Levels = None,
    area_key: Key = None,
    settings: Settings = None,
    name: Name = None,
    replace: Replace = False,
) -> None:
    """A table of travel times: long or wide, CSV or Parquet, headers of r5, ESRI, spopt.

    \b
    Example:
      siting import od travel_times.csv --places zones.csv --out area
    """

    def read() -> Instance:
        from siting.readers.od import read_od

        return read_od(
            file,
            places=places,
            facilities=facilities,
            candidates=candidates,
            unit=unit,
            kmh=kmh,
            columns=_pairs("--column", columns),
            shape=shape,  # type: ignore[arg-type]  # the reader says what is allowed
            reverse=reverse,
            name=name,
            settings=settings,
        )

    _import(read, out, replace, Areas(areas, levels, area_key))


@app.command()
def geonames(
    code: Annotated[str, typer.Argument(metavar="CODE", help="ISO code or English name of a country.")],
    out: Out,
    least: Annotated[int, typer.Option(min=0, help="Leave out places of fewer people.")] = 0,
    areas: Boundaries = None,
    levels: Levels = None,
    area_key: Key = None,
    settings: Settings = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the instance.", show_default="that of the country")
    ] = None,
    replace: Replace = False,
) -> None:
    """A first instance of any country: places of GeoNames, proxy roads between them.

    \b
    Example:
      siting import geonames MD --out moldova

    Needs the extra `geonames`.
    """

    def read() -> Instance:
        from siting.readers.geonames import read_geonames

        return read_geonames(code, least=least, name=name, settings=settings)

    _import(read, out, replace, Areas(areas, levels, area_key))


@app.command()
def orlib(
    file: File,
    out: Out,
    problem: Annotated[
        str | None,
        typer.Option(
            metavar="pmed|pmedcap|uncap|cap|scp", help="What the file is.", show_default="what it looks like"
        ),
    ] = None,
    p: Annotated[
        int | None, typer.Option("-p", "--p", min=1, help="How many to open.", show_default="the file's")
    ] = None,
    capacity: Annotated[
        float | None, typer.Option(min=0, help="Capacity of each, where the file leaves it open.")
    ] = None,
    published: Published = None,
    name: Name = None,
    replace: Replace = False,
) -> None:
    """A file of the OR-Library: p-median, warehouse location, set covering.

    \b
    Example:
      siting import orlib pmed1.txt --out pmed1
    """

    def read() -> Instance:
        from siting.readers.orlib import read_orlib

        return read_orlib(file, problem=problem, p=p, capacity=capacity, published=published, name=name)

    _import(read, out, replace)


@app.command()
def tsplib(
    file: File,
    out: Out,
    p: Annotated[int, typer.Option("-p", "--p", min=1, help="How many to open.")],
    rounding: Annotated[
        str, typer.Option(metavar="floor|nearest|ceil|exact", help="Of Euclidean distances.")
    ] = "floor",
    published: Published = None,
    name: Name = None,
    replace: Replace = False,
) -> None:
    """A point set of TSPLIB as a p-median problem.

    \b
    Example:
      siting import tsplib rl1304.tsp -p 10 --out rl1304-10
    """

    def read() -> Instance:
        from siting.readers.tsplib import read_tsplib

        return read_tsplib(file, p=p, rounding=rounding, published=published, name=name)

    _import(read, out, replace)


@dataclass(frozen=True)
class Areas:
    """What the options say about areas, see :func:`siting.readers.areas.assign_areas`."""

    source: str | None = None
    levels: list[str] | None = None
    key: str | None = None

    def assign(self, instance: Instance) -> Instance:
        """The instance with its places in areas; what did not fit is listed on stderr.

        Raises:
            InstanceError, ModelError: with the complete list of what is wrong.
        """
        if self.source is None:
            if self.levels or self.key:
                raise ModelError("--level and --area-key say how to read --areas, which is missing")
            return instance
        from siting.readers.areas import assign_areas

        columns = {}
        for level, text in (_pairs("--level", self.levels) or {}).items():
            id_, colon, name = text.partition(":")
            columns[level] = (id_, name) if colon else id_
        key, equals, by = (self.key or "").partition("=")
        assigned = assign_areas(
            instance, self.source, columns, key=key or None, by=by if equals else "place_id"
        )
        for row in assigned.unmatched_places.itertuples():
            typer.echo(f"no {row.level}: {row.name} ({row.place_id}): {row.why}", err=True)
        for row in assigned.unmatched_areas.itertuples():
            typer.echo(f"no place in {row.level} {row.name} ({row.area_id})", err=True)
        return assigned.instance


def _import(read: Callable[[], Instance], out: Path, replace: bool, areas: Areas | None = None) -> None:
    """Read, assign areas, write, and say what came out and what to look at."""
    from siting.terminal.listings import print_instance
    from siting.writers import check_free, write_instance

    with complaints():
        check_free(out, replace)
        instance = read()
        if areas is not None:
            instance = areas.assign(instance)
        write_instance(instance, out, replace=replace)
        print_instance(console(), instance)
        typer.echo(f"Written: {out}/ (see NOTES.md). Next: siting doctor {out}, then siting solve {out}")


def _pairs(option: str, given: list[str] | None) -> dict[str, str] | None:
    """The NAME=VALUE pairs of an option that may be given many times; None for none.

    Raises:
        ModelError: for everything that is not such a pair.
    """
    if given is None:
        return None
    found, wrong = {}, []
    for text in given:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            wrong.append(f"{option} {text}: must be NAME=VALUE")
        found[name.strip()] = value.strip()
    if wrong:
        raise ModelError(wrong)
    return found
