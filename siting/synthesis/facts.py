"""The fact tables the generator starts from: instances/ukraine/facts/."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from siting.errors import InstanceError


@dataclass(frozen=True)
class Oblast:
    """A region: an oblast, Crimea, or a city of that rank.

    Attributes:
        region: id in areas.csv.
        admin1: code in GeoNames.
        name, name_uk: Latin and Ukrainian name.
        population, urban: people on 1 January 2022; 0 where the programme needs no figure.
        settlements, communities: official numbers.
        center_uk: Ukrainian name of the oblast center.
    """

    region: str
    admin1: str
    name: str
    name_uk: str
    population: int
    urban: int
    settlements: int
    communities: int
    center_uk: str


@dataclass(frozen=True)
class District:
    """One of the 136 districts of Resolution 807-IX: id, region, names, and its center's name."""

    id: str
    region: str
    name: str
    name_uk: str
    center_uk: str


@dataclass(frozen=True)
class Facts:
    """What is known and not generated.

    Attributes:
        oblasts, districts: sorted by id.
        district_towns: (district, GeoNames id) of further towns that belong to a district by law.
        dropped: ids of GeoNames rows that are not settlements of their own.
        corrections: (GeoNames id, column, value) that replace what GeoNames says.
        centers: (region, GeoNames id or empty where the place is assumed) of the 31 Security Centers.
        corridors: (class letter M, H or P; Ukrainian names of the towns along it) of national roads.
        geography: barriers and mountains, see geography.json.
    """

    oblasts: tuple[Oblast, ...]
    districts: tuple[District, ...]
    district_towns: tuple[tuple[str, str], ...]
    dropped: frozenset[int]
    corrections: tuple[tuple[str, str, str], ...]
    centers: tuple[tuple[str, str], ...]
    corridors: tuple[tuple[str, tuple[str, ...]], ...]
    geography: dict[str, Any]


def read_facts() -> Facts:
    """Read all fact tables, from the installed package or from a checkout.

    Raises:
        InstanceError: the folder of facts is missing.
    """
    package = Path(str(resources.files("siting")))
    homes = [home / "instances" / "ukraine" / "facts" for home in (package, package.parent)]
    folder = next((home for home in homes if home.is_dir()), None)
    if folder is None:
        raise InstanceError(f"{homes[1]} is missing: reinstall siting or complete the checkout")
    lines = (folder / "corridors.txt").read_text(encoding="utf-8").splitlines()
    return Facts(
        oblasts=tuple(sorted((_oblast(row) for row in _rows(folder, "oblasts")), key=lambda o: o.region)),
        districts=tuple(sorted((_district(row) for row in _rows(folder, "districts")), key=lambda d: d.id)),
        district_towns=tuple((row["district"], row["geonameid"]) for row in _rows(folder, "district_towns")),
        dropped=frozenset(int(row["geonameid"]) for row in _rows(folder, "dropped_geonames")),
        corrections=tuple(
            (row["geonameid"], row["column"], row["value"]) for row in _rows(folder, "corrections")
        ),
        centers=tuple((row["region"], row["geonameid"]) for row in _rows(folder, "security_centers")),
        corridors=tuple((line[0], tuple(line.split(" ", 1)[1].split(";"))) for line in lines),
        geography=json.loads((folder / "geography.json").read_text(encoding="utf-8")),
    )


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _oblast(row: dict[str, str]) -> Oblast:
    return Oblast(
        region=row["region"],
        admin1=row["geonames_admin1"],
        name=row["name"],
        name_uk=row["name_uk"],
        population=int(row["population_2022"] or 0),
        urban=int(row["urban_population_2022"] or 0),
        settlements=int(row["settlements"]),
        communities=int(row["communities"]),
        center_uk=row["center_uk"],
    )


def _district(row: dict[str, str]) -> District:
    key = row["name"].lower().replace(" ", "-")
    return District(key, row["region"], row["name"], row["name_uk"], row["center_uk"])
